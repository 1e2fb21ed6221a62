"""Moving a container's streams: its output to files here, our stdin to it, our signals to it.

Output is always read, whatever else happens: an attached client that stops reading blocks
the container. So stdin is copied by a thread of its own. Consecutive frames of one stream
are written with one call; the order between stdout and stderr is that of the frames.
"""
import os

from ..errors import RawdockError
from ..net.duplex import read_frame_runs

STDIN_BYTES = 65536


def copy_stream(pieces, tty, stdout, stderr):
    """Write the output in `pieces` (a Response, or an iterable of bytes) to two binary files, a call for each run of one stream.

    `tty`: the bytes are raw. Each piece is demultiplexed as it comes, then written and flushed.
    TruncatedError if they end inside a frame, StreamError for an error frame of the engine's.
    """
    if tty:
        for piece in pieces:
            write_output(stdout, piece)
        return
    for runs in pieces.frame_runs() if hasattr(pieces, "frame_runs") else read_frame_runs(pieces):
        file, waiting = None, []
        for stream, payloads in list.__iter__(runs):   # what arrived whole is shown before an error is
            target = stderr if stream == 2 else stdout
            if target is not file:
                write_output(file, b"".join(waiting))
                file, waiting = target, []
            waiting += payloads
        write_output(file, b"".join(waiting))
        if type(runs) is not list:
            raise runs.error


def write_output(file, data):
    """Write all of `data`: an unbuffered file may take a part of it when a signal comes."""
    if file is not None and data:
        written = file.write(data)
        while written is not None and written < len(data):
            data = data[written:]
            written = file.write(data)
        file.flush()


def copy_stdin(source, duplex):
    """Copy `source` (a file with fileno(), or with read()) to the container until its end, then half-close."""
    try:
        descriptor = source.fileno()
    except (AttributeError, OSError, ValueError):
        descriptor = None
    try:
        while True:
            # os.read gives what there is; a buffered file would wait for more.
            try:
                data = os.read(descriptor, STDIN_BYTES) if descriptor is not None else source.read(STDIN_BYTES)
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


def start_stdin_copy(source, duplex):
    """copy_stdin in a daemon thread: it may wait for a line that never comes."""
    from threading import Thread
    thread = Thread(target=copy_stdin, args=(source, duplex), name="rawdock-stdin")
    thread.daemon = True
    thread.start()
    return thread


class SignalForwarder:
    """While entered, signals that this process gets go to the container `id` instead; the third INT or TERM is ours.

    Every catchable signal but CHLD, PIPE, URG, WINCH and those of job control, as `docker run`.
    """

    LEFT_ALONE = ("SIGCHLD", "SIGCLD", "SIGPIPE", "SIGURG", "SIGWINCH", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGCONT",
                  "SIGKILL", "SIGSTOP", "SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGABRT", "SIGIOT",
                  "SIGSYS", "SIGPROF", "SIGVTALRM", "SIGXCPU", "SIGXFSZ")

    def __init__(self, docker, id):
        self.docker = docker
        self.id = id
        self._asked_to_end = 0
        self._previous = []

    def __enter__(self):
        import signal
        for number in signal.Signals:   # each once, however many names it has
            if number.name not in self.LEFT_ALONE and "RTM" not in number.name:
                try:
                    self._previous.append((number, signal.signal(number, self._forward)))
                except (OSError, ValueError):   # not to be caught, or not in the main thread
                    pass
        return self

    def __exit__(self, *exc):
        import signal
        for number, handler in self._previous:
            if handler is not None:   # None: not set from Python, and not to be set from it
                signal.signal(number, handler)

    def _forward(self, number, frame):
        import signal
        if number in (signal.SIGINT, signal.SIGTERM):
            self._asked_to_end += 1
            if self._asked_to_end == 3:
                raise KeyboardInterrupt
        try:
            self.docker.container_kill(self.id, signal=signal.Signals(number).name[3:])
        except RawdockError:
            pass   # it has ended already, and its status is on the way
