"""A container's terminal shown on the user's: raw mode, the size of the window, the keys that detach.

A container with a terminal (Tty in JSON) has a device between its program and rawdock: it echoes, edits the
line, and makes a signal of Ctrl-C. So the user's terminal must do none of that: in raw mode each key is a
byte, sent as it is. The size of the window is not part of the stream, but a request of its own (resize).

A terminal that stays raw is useless to the shell that started rawdock. Its modes are restored when the stream
ends, when an exception passes, and in the handlers of signals that end or stop this process. SIGKILL alone
leaves it raw.
"""
import os
import time
from _signal import (SIG_DFL, SIG_IGN, SIGCONT, SIGTSTP, SIGWINCH, getsignal, pthread_kill, set_wakeup_fd,
                     signal)
from _thread import get_ident

from ..errors import RawdockError, UsageError
from ..net.closing import Closing
from .pump import STDIN_BYTES, CaughtSignals, start_thread, window_size, write_output

DEFAULT_DETACH_KEYS = "ctrl-p,ctrl-q"
CONTROL_KEYS = "@abcdefghijklmnopqrstuvwxyz[\\]^_"   # ctrl-@ is byte 0, ctrl-_ is byte 31
END_OF_TRANSMISSION = b"\x04"   # Ctrl-D: a terminal's end of input


def parse_detach_keys(text):
    """The bytes of a detach sequence: keys parted by commas, each a character, ctrl- and a character, or DEL.

    UsageError, in the docker CLI's words, for anything else.

    >>> parse_detach_keys("ctrl-p,ctrl-q,x")
    b'\\x10\\x11x'
    """
    codes = bytearray()
    for key in text.split(","):
        if len(key) == 6 and key.startswith("ctrl-") and key[5] in CONTROL_KEYS:
            codes.append(CONTROL_KEYS.index(key[5]))
        elif key == "DEL":
            codes.append(127)
        elif len(key) == 1 and ord(key) < 128:
            codes.append(ord(key))
        else:
            raise UsageError("unknown character: '%s'" % key)
    return bytes(codes)


class DetachScanner:
    """Finds a detach sequence in what is typed; `done` once it was typed whole.

    The first keys of a sequence wait until the next byte shows whether the rest follows. As in the docker CLI
    and the engine, a byte that breaks a sequence off does not begin another one.
    """

    def __init__(self, keys):
        self.keys = keys
        self.done = False
        self._matched = 0

    def feed(self, data):
        """The part of `data` (bytes) that is for the container; nothing of what follows the sequence."""
        out, at = bytearray(), 0
        while at < len(data) and not self.done:
            if not self._matched:
                start = data.find(self.keys[:1], at)
                start = len(data) if start < 0 else start
                out += data[at:start]
                at = start
                if at == len(data):
                    break
            if data[at] == self.keys[self._matched]:
                self._matched += 1
                self.done = self._matched == len(self.keys)
            else:
                out += self.keys[:self._matched] + data[at:at + 1]
                self._matched = 0
            at += 1
        return bytes(out)

    def feed_eof(self):
        """The keys that still waited for the rest of the sequence (bytes)."""
        return b"" if self.done else self.keys[:self._matched]


def file_descriptor(file):
    """The descriptor (int) of a file, None if it has none."""
    try:
        return file.fileno()
    except (AttributeError, OSError, ValueError):
        return None


class RawMode(CaughtSignals):
    """While entered, the terminal that `source` (a file or None) reads from, if it is one, is in raw mode.

    Its modes are restored before a signal ends or stops this process; SIGCONT sets raw mode again.
    `window_changed()` is called at SIGWINCH, and at SIGCONT, for a stopped process misses the former. The
    environment variable NORAW leaves the modes alone, as with the docker CLI.

    `signalled` is a descriptor that can be read once a signal has come. Python calls handlers between two
    steps of the program: a signal that comes just before a system call would wait until that call returns.
    """

    def __init__(self, source, window_changed):
        CaughtSignals.__init__(self)
        self._descriptor = None if os.environ.get("NORAW") else file_descriptor(source)
        self._window_changed = window_changed
        self._actions = {}    # signal number → the action that it had before
        self._modes = None    # those to be restored
        self._ended = False   # no signal may set raw mode any more
        self.signalled, self._signal_pipe = os.pipe()
        os.set_blocking(self._signal_pipe, False)
        self._previous_wakeup = None

    def wanted(self, number):
        self._actions[number] = getsignal(number)
        terminals_own = number in (SIGWINCH, SIGCONT, SIGTSTP)
        return (terminals_own or CaughtSignals.wanted(self, number)) and self._actions[number] != SIG_IGN

    def __enter__(self):
        from threading import current_thread, main_thread
        try:
            if current_thread() is main_thread():
                self._previous_wakeup = set_wakeup_fd(self._signal_pipe)
            CaughtSignals.__enter__(self)
            if self._descriptor is not None and os.isatty(self._descriptor):
                from termios import tcgetattr
                self._modes = tcgetattr(self._descriptor)
                self._set_raw()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc):
        self._ended = True
        self.restore()
        CaughtSignals.__exit__(self)
        if self._previous_wakeup is not None:
            set_wakeup_fd(self._previous_wakeup)
        os.close(self.signalled)
        os.close(self._signal_pipe)

    def _set_raw(self):
        if self._modes is not None and not self._ended:
            from termios import TCSANOW, error
            from tty import setraw
            try:
                setraw(self._descriptor, TCSANOW)   # the default would drop what was typed ahead
            except error:
                pass   # its window was closed

    def restore(self):
        """Give the terminal the modes that it had."""
        if self._modes is not None:
            from termios import TCSANOW, error, tcsetattr
            try:
                tcsetattr(self._descriptor, TCSANOW, self._modes)
            except error:
                pass   # its window was closed

    def caught(self, number, frame):
        if number == SIGWINCH:
            self._window_changed()
        elif number == SIGCONT:
            self._set_raw()
            self._window_changed()
        else:
            self._act(number, frame)

    def _act(self, number, frame):
        """Act on the signal `number` as before, with the modes restored if that ends or stops rawdock."""
        previous = self._actions[number]
        if callable(previous):
            try:
                previous(number, frame)
            except BaseException:
                self.restore()
                raise
            return
        self.restore()
        signal(number, SIG_DFL)
        pthread_kill(get_ident(), number)   # to this thread: it takes effect before the next line
        signal(number, self.caught)
        self._set_raw()


class WindowSize(Closing):
    """Sends the size of the window that `output` writes to: at start(), and after each changed().

    `resize(rows, columns)` is the request. It is sent from a thread, because an engine may keep it waiting
    until the program has begun, and the output must be read meanwhile. changed() may be called by a signal
    handler at any moment, so it does no more than write a byte into a pipe.
    """

    RETRY_SECONDS = tuple(number / 100 for number in range(11))   # those of the docker CLI

    def __init__(self, output, resize, notice=None, redraw=False):
        self._output = output
        self._resize = resize
        self._notice = notice
        self._redraw = redraw
        self._thread = None
        self._closed = False
        self._wake, self._changes = os.pipe()
        os.set_blocking(self._changes, False)

    def changed(self):
        try:
            os.write(self._changes, b"!")
        except BlockingIOError:
            pass   # enough changes wait there

    def start(self):
        """Send the size, now that the program runs, and follow its changes."""
        self._thread = start_thread("rawdock-window-size", self._follow)

    def close(self):
        self._closed = True
        os.close(self._changes)
        if self._thread is None:
            os.close(self._wake)

    def _follow(self):
        with open(self._wake, "rb", buffering=0) as wake:
            self._send_first()
            while wake.read(4096):
                self._send()

    def _send_first(self):
        if self._redraw:   # a program draws its screen again if the size is another one than before
            self._send(1)
        for seconds in self.RETRY_SECONDS:
            time.sleep(seconds)
            if self._closed or self._send():
                return
        if self._notice is not None:
            self._notice("failed to resize tty, using default size")

    def _send(self, more=0):
        """Send the size, `more` rows and columns added → False if the engine refused it."""
        size = window_size(self._output)
        try:
            if size is not None:
                self._resize(size[0] + more, size[1] + more)
        except RawdockError:
            return False
        return True


class Keyboard(Closing):
    """Copies `source` (a file, None: nothing) to a container's terminal, the Duplex `pipe`.

    `keys` (str) detach; `detached` tells whether they were typed. At the end of a file the program is sent
    Ctrl-D, the end of input on a terminal: a half-close would detach, and leave the output unread.
    """

    def __init__(self, source, pipe, keys=None):
        self.detached = False
        self._source = source
        self._descriptor = file_descriptor(source)
        # Looked at now: a terminal whose window was closed is none any more.
        self._is_terminal = self._descriptor is not None and os.isatty(self._descriptor)
        self._pipe = pipe
        self._scanner = DetachScanner(parse_detach_keys(keys or DEFAULT_DETACH_KEYS))
        self._thread = None

    def start(self):
        if self._source is not None:
            self._thread = start_thread("rawdock-keyboard", self._copy)

    def close(self):
        """End the stream; what is typed from here on is left to whoever reads the terminal next."""
        self._pipe.hang_up()
        if self._thread is not None and self._descriptor is not None:
            self._thread.join()

    def _copy(self):
        last = b"\n"
        try:
            for data in self._pieces():
                self._pipe.send(self._scanner.feed(data))
                if self._scanner.done:
                    self.detached = True
                    self._pipe.hang_up()
                    return
                last = data[-1:]
            if not self._is_terminal:
                # The first Ctrl-D only ends a line that was begun.
                ends = 1 if last in b"\r\n" else 2
                self._pipe.send(self._scanner.feed_eof() + ends * END_OF_TRANSMISSION)
                return
        except (RawdockError, OSError):
            pass   # the window was closed, or the stream has ended: its output and status say how
        self._pipe.close_write()

    def _pieces(self):
        """What is read (bytes) as it comes, until the end of the source or of the stream."""
        if self._descriptor is None:
            yield from iter(lambda: self._source.read(STDIN_BYTES), b"")
            return
        from select import POLLIN, poll
        poller, stream = poll(), self._pipe.fileno()
        poller.register(self._descriptor, POLLIN)
        poller.register(stream, 0)   # its end is reported
        while stream not in dict(poller.poll()):
            try:
                data = os.read(self._descriptor, STDIN_BYTES)
            except BlockingIOError:   # another reader of the terminal was faster
                continue
            if not data:
                return
            yield data


def copy_output(pipe, stdout, signalled):
    """Write what comes on the Duplex `pipe` to the file `stdout` until its end.

    `signalled` is that of RawMode: handlers are called as soon as it can be read.
    """
    from select import POLLIN, poll
    poller, stream, pieces = None, None, pipe.raw()
    while True:
        if not pipe.is_readable(False):
            if poller is None:
                poller, stream = poll(), pipe.fileno()
                poller.register(stream, POLLIN)
                poller.register(signalled, POLLIN)
            ready = dict(poller.poll())
            if signalled in ready:
                os.read(signalled, 4096)
            if not pipe.is_readable(stream in ready):
                continue
        piece = next(pieces, None)
        if piece is None:
            return
        write_output(stdout, piece)


def show_terminal(pipe, files, resize, keys=None, begin=None, notice=None, redraw=False):
    """Copy between files and a container's terminal until its stream ends → whether the user detached.

    `pipe` is its Duplex, `files` are (stdin or None, stdout, stderr), `keys` is the detach sequence (str;
    None: the default), `begin()` starts the program if it does not run yet. `resize`, `notice` and `redraw`
    are those of WindowSize.
    """
    from contextlib import ExitStack
    stdin, stdout, _ = files
    with ExitStack() as stack:
        keyboard = stack.enter_context(Keyboard(stdin, pipe, keys))
        window = stack.enter_context(WindowSize(stdout, resize, notice, redraw))
        modes = stack.enter_context(RawMode(stdin, window.changed))
        keyboard.start()
        if begin is not None:
            begin()
        window.start()
        copy_output(pipe, stdout, modes.signalled)
    return keyboard.detached
