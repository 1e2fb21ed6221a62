"""Moving a container's streams: its output to files here, our stdin to it, our signals to it.

Output is always read, whatever else happens: an attached client that stops reading blocks
the container. So stdin is copied by a thread of its own. Consecutive frames of one stream
are written with one call; the order between stdout and stderr is that of the frames.
"""
import os
from _signal import SIG_BLOCK, SIG_IGN, SIG_SETMASK, SIGINT, SIGTERM, getsignal, pthread_sigmask, signal

from ..errors import APIError, RawdockError
from ..wire.frames import FrameReader
from ..wire.reader import read_lists

STDIN_BYTES = 65536


def copy_stream(pieces, tty, stdout, stderr):
    """Write a container's output to two binary files (None: drop it), one call for each run of one stream.

    `pieces` is a Response, a Duplex or another iterable of bytes. `tty` True: they are raw, and all for
    `stdout`; False: they are frames. Each piece is demultiplexed as it comes, then written and flushed.
    TruncatedError if they end inside a frame, StreamError for a frame in which the engine reports an error.
    """
    if tty:
        for piece in pieces:
            write_output(stdout, piece)
        return
    whole = hasattr(pieces, "frame_lists")
    for frames in pieces.frame_lists() if whole else read_lists(FrameReader(), pieces):
        file, waiting = None, []
        for stream, payload in frames:
            target = stderr if stream == 2 else stdout
            if target is not file:
                write_output(file, b"".join(waiting))
                file, waiting = target, []
            waiting.append(payload)
        write_output(file, b"".join(waiting))


def write_output(file, data):
    """Write all of `data`: an unbuffered file may take a part of it when a signal comes."""
    if file is not None and data:
        written = file.write(data)
        while written is not None and written < len(data):
            data = data[written:]
            written = file.write(data)
        file.flush()


def window_size(file):
    """(rows, columns) of the window that a file writes to, None if it is none or its size is unknown."""
    try:
        columns, rows = os.get_terminal_size(file.fileno())
    except (AttributeError, OSError, ValueError):
        return None
    return (rows, columns) if rows or columns else None


def copy_stdin(source, duplex):
    """Copy `source` (a file with fileno() or read()) to the container until its end, then half-close."""
    try:
        descriptor = source.fileno()
    except (AttributeError, OSError, ValueError):
        descriptor = None
    try:
        while True:
            # os.read gives what there is; a buffered file would wait for more.
            try:
                data = source.read(STDIN_BYTES) if descriptor is None else os.read(descriptor, STDIN_BYTES)
            except BlockingIOError:   # a terminal that another program has left so
                from select import POLLIN, poll
                poller = poll()
                poller.register(descriptor, POLLIN)
                poller.poll()
                continue
            if not data:
                break
            duplex.send(data)
    except (RawdockError, OSError):
        pass   # the container has gone, or closed its stdin: its output and status tell the rest
    duplex.close_write()   # also when it could not be read: the container would wait for it for ever


def start_thread(name, target, *arguments):
    """Run target(*arguments) in a daemon thread (Thread), to which no signal is delivered.

    Python runs handlers in the main thread, and a signal that another thread takes does not wake it up.
    """
    from signal import Signals
    from threading import Thread
    thread = Thread(target=target, args=arguments, name=name)
    thread.daemon = True
    mask = pthread_sigmask(SIG_BLOCK, set(Signals))   # a new thread inherits it
    try:
        thread.start()
    finally:
        pthread_sigmask(SIG_SETMASK, mask)
    return thread


def start_stdin_copy(source, duplex):
    """copy_stdin in a daemon thread: it may wait for a line that never comes."""
    return start_thread("rawdock-stdin", copy_stdin, source, duplex)


def raise_signal(number):
    """End the program for the signal `number` (int): KeyboardInterrupt, or SystemExit with 128 + number."""
    raise KeyboardInterrupt if number == SIGINT else SystemExit(128 + number)


class CaughtSignals:
    """While entered, signals go to `caught(number)`: those that `docker run` passes on.

    These are all that can be caught but CHLD, PIPE, URG, WINCH and those of job control. Outside the main
    thread nothing is caught.
    """

    LEFT_ALONE = frozenset("SIG" + name for name in """CHLD CLD PIPE URG WINCH TSTP TTIN TTOU CONT KILL STOP
        SEGV BUS FPE ILL TRAP ABRT IOT SYS PROF VTALRM XCPU XFSZ""".split())

    def __init__(self):
        self._previous = []

    def wanted(self, number):
        """Whether the signal `number` (signal.Signals) is to be caught."""
        return number.name not in self.LEFT_ALONE and "RTM" not in number.name

    def __enter__(self):
        from signal import Signals
        for number in Signals:   # each once, however many names it has
            if self.wanted(number):
                try:
                    self._previous.append((number, signal(number, self._caught)))
                except (OSError, ValueError):   # not to be caught, or not in the main thread
                    pass
        return self

    def __exit__(self, *exc):
        while self._previous:
            number, handler = self._previous.pop()
            if handler is not None:   # None: not set from Python, and not to be set from it
                signal(number, handler)

    def _caught(self, number, frame):
        self.caught(number)


class InterruptGuard(CaughtSignals):
    """While entered, a signal that would end this process raises an exception (raise_signal) instead.

    Between hold() and release() the first signal waits for release(), 10 seconds at most; the second does
    not wait.
    """

    HOLD_SECONDS = 10

    def __init__(self):
        CaughtSignals.__init__(self)
        self._holding = False
        self._held = None

    def wanted(self, number):
        if number != SIGINT and getsignal(number) == SIG_IGN:   # as nohup leaves HUP
            return False
        return CaughtSignals.wanted(self, number)

    def hold(self):
        self._holding = True

    def release(self):
        self._holding = False
        if self._held is not None:
            from signal import alarm
            alarm(0)
            raise_signal(self._held)

    def caught(self, number):
        if not self._holding or self._held is not None:
            raise_signal(number if self._held is None else self._held)
        from signal import alarm
        self._held = number
        alarm(self.HOLD_SECONDS)   # SIGALRM is the second signal then


class SignalForwarder(CaughtSignals):
    """While entered, signals go to the container `id`; the third SIGINT or SIGTERM interrupts rawdock itself.

    `forward` False: SIGINT and SIGTERM are counted and go nowhere, as with `docker run --sig-proxy=false`.
    None: no signal is caught.
    """

    def __init__(self, docker, id, forward=True):
        CaughtSignals.__init__(self)
        self.docker = docker
        self.id = id
        self._forward = forward
        self._interrupts = 0
        self._refused = []   # before the container ran; None once it runs

    def wanted(self, number):
        if self._forward:
            return CaughtSignals.wanted(self, number)
        return self._forward is not None and number.name in ("SIGINT", "SIGTERM")

    def caught(self, number):
        if number in (SIGINT, SIGTERM):
            self._interrupts += 1
            if self._interrupts == 3:
                raise_signal(number)
        if self._forward:
            self._send(number)

    def container_started(self):
        """The container runs: send it the signals that came too early for it."""
        refused, self._refused = self._refused, None
        for number in refused:
            self._send(number)

    def _send(self, number):
        from signal import Signals
        try:
            self.docker.container_kill(self.id, signal=Signals(number).name[3:])
        except APIError:
            if self._refused is not None:
                self._refused.append(number)
        except RawdockError:
            pass   # the engine is out of reach: attach and wait tell
