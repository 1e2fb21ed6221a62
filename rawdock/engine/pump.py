"""The streams of a container: its output is written to files, and stdin and signals are passed to it.

Output is always read, because an attached client that stops reading blocks the container. So stdin is copied
by a thread of its own. Consecutive frames of one stream are written with one call, and stdout and stderr keep
the order of the frames.
"""
import os
from _signal import SIG_BLOCK, SIG_IGN, SIG_SETMASK, SIGINT, SIGTERM, getsignal, pthread_sigmask, signal

from ..errors import APIError, RawdockError
from ..wire.frames import FrameReader
from ..wire.reader import read_lists

STDIN_BYTES = 65536


def copy_stream(pieces, tty, stdout, stderr):
    """Write a container's output to two binary files (None: drop it), with one call for frames in succession.

    `pieces` is a Response or another iterable of bytes. With `tty` they are raw, and all for
    `stdout`, else they are frames. Each piece is demultiplexed when it comes, then written and flushed.
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
    """Write all of `data`: an unbuffered file may write a part of it when a signal comes."""
    if file is None:
        return
    while data:
        written = file.write(data)
        data = b"" if written is None else data[written:]
    file.flush()


def window_size(file):
    """(rows, columns) of the terminal that a file writes to; None if it has no terminal, or no size."""
    try:
        columns, rows = os.get_terminal_size(file.fileno())
    except (AttributeError, OSError, TypeError, ValueError):   # TypeError: a file whose fileno() is None
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
            # os.read returns what there is; a buffered file would wait for more.
            try:
                data = source.read(STDIN_BYTES) if descriptor is None else os.read(descriptor, STDIN_BYTES)
            except BlockingIOError:   # a terminal that another program has left non-blocking
                from select import POLLIN, poll
                poller = poll()
                poller.register(descriptor, POLLIN)
                poller.poll()
                continue
            if not data:
                break
            duplex.send(data)
    except (RawdockError, OSError):
        pass   # the container has ended, or has closed its stdin: its output and status say the rest
    duplex.close_write()   # also if stdin could not be read, for the container would wait for its end


def start_thread(name, target, *arguments):
    """Run target(*arguments) in a daemon thread (Thread), to which no signal is delivered.

    Python calls handlers in the main thread, which a signal that another thread takes does not wake.
    """
    from signal import Signals
    from threading import Thread
    thread = Thread(target=target, args=arguments, name=name)
    thread.daemon = True
    mask = pthread_sigmask(SIG_BLOCK, set(Signals))   # the new thread inherits it
    try:
        thread.start()
    finally:
        pthread_sigmask(SIG_SETMASK, mask)
    return thread


def start_stdin_copy(source, duplex):
    """copy_stdin() in a daemon thread, because it may wait for a line that never comes."""
    return start_thread("rawdock-stdin", copy_stdin, source, duplex)


def raise_signal(number):
    """End the program for the signal `number` (int): KeyboardInterrupt, or SystemExit with 128 + number."""
    raise KeyboardInterrupt if number == SIGINT else SystemExit(128 + number)


class CaughtSignals:
    """Inside its with block, the signals that `docker run` passes on call caught(number, frame).

    These are all except CHLD, PIPE, URG and WINCH, those of job control, faults, timers and resource limits,
    and real-time signals. Outside the main thread no signal is caught.
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
        for number in Signals:   # which has each once, however many names it has
            if self.wanted(number):
                try:
                    self._previous.append((number, signal(number, self.caught)))
                except (OSError, ValueError):   # it cannot be caught, or this is not the main thread
                    pass
        return self

    def __exit__(self, *exc):
        while self._previous:
            number, handler = self._previous.pop()
            if handler is not None:   # None: it was not set from Python, which cannot set it again
                signal(number, handler)


class InterruptGuard(CaughtSignals):
    """Inside its with block, a signal that would end this process raises an exception (raise_signal) instead.

    Between hold() and release() the first signal waits for release(). The second one does not wait.
    """

    def __init__(self):
        CaughtSignals.__init__(self)
        self._holding = False
        self._held = None

    def wanted(self, number):
        if number != SIGINT and getsignal(number) == SIG_IGN:   # as nohup does for HUP
            return False
        return CaughtSignals.wanted(self, number)

    def hold(self):
        self._holding = True

    def release(self):
        self._holding = False
        if self._held is not None:
            raise_signal(self._held)

    def caught(self, number, frame=None):
        if not self._holding or self._held is not None:
            raise_signal(number if self._held is None else self._held)
        self._held = number


class SignalForwarder(CaughtSignals):
    """Inside its with block, signals go to the container `id`; the third SIGINT or SIGTERM ends rawdock.

    `forward` False: SIGINT and SIGTERM are only counted, as with `docker run --sig-proxy=false`. None: no
    signal is caught.
    """

    def __init__(self, docker, id, forward=True):
        CaughtSignals.__init__(self)
        self.docker = docker
        self.id = id
        self._forward = forward
        self._interrupts = 0
        self._refused = []   # signals that came before the container ran; None once it runs

    def wanted(self, number):
        if self._forward:
            return CaughtSignals.wanted(self, number)
        return self._forward is not None and number.name in ("SIGINT", "SIGTERM")

    def caught(self, number, frame=None):
        if number in (SIGINT, SIGTERM):
            self._interrupts += 1
            if self._interrupts == 3:
                raise_signal(number)
        if self._forward:
            self._send(number)

    def container_started(self):
        """The container runs: send it the signals that it refused before."""
        refused, self._refused = self._refused, None
        for number in refused:
            self._send(number)

    def _send(self, number):
        from signal import Signals
        try:
            self.docker.call("container_kill", self.id, signal=Signals(number).name[3:])
        except APIError:
            if self._refused is not None:
                self._refused.append(number)
        except RawdockError:
            pass   # the engine does not answer, which attach and wait report
