"""Moving a container's streams: its output to files here, our stdin to it, our signals to it.

Output is always read, whatever else happens: an attached client that stops reading blocks
the container. So stdin is copied by a thread of its own. Consecutive frames of one stream
are written with one call; the order between stdout and stderr is that of the frames.
"""
import os

from ..errors import RawdockError

STDIN_BYTES = 65536


def copy_stream(pieces, tty, stdout, stderr):
    """Write the output in `pieces` (an iterable of bytes) to two binary files, a call for each run of one stream.

    `tty`: the bytes are raw. Each piece is demultiplexed as it comes, then written and flushed.
    TruncatedError if they end inside a frame, StreamError for an error frame of the engine's.
    """
    from ..wire.frames import FrameReader
    reader = FrameReader()
    for piece in pieces:
        if tty:
            write_output(stdout, piece)
            continue
        frames = reader.feed(piece)
        error = None if type(frames) is list else frames.error
        for stream, data in joined_runs(list.__iter__(frames)):   # what arrived whole is shown before an error is
            write_output(stderr if stream == 2 else stdout, data)
        if error is not None:
            raise error
    reader.feed_eof()


def joined_runs(frames):
    """(stream, bytes) items → the same with each run of one output joined: 0 and 1 are stdout, 2 is stderr."""
    columns = list(zip(*frames))
    if not columns:
        return []
    streams, payloads = columns
    errors = streams.count(2)
    if not errors or errors == len(streams):   # the usual case
        return [(streams[0], b"".join(payloads))]
    from itertools import groupby
    from operator import itemgetter
    return [(2 if is_error else 1, b"".join(map(itemgetter(1), run)))
            for is_error, run in groupby(zip(streams, payloads), lambda frame: frame[0] == 2)]


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
