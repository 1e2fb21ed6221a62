"""An open file as a request body: a regular file, which the system sends, or a pipe, which may make us wait.

Strategy: the body is chunked, because a file may grow or be a pipe. A regular file is sent in chunks of
1 MiB, with sendfile(): its content goes from the system's cache to the socket, and no copy of it comes into
this process. (tools/bench, row 11: half the time of reading it in pieces, which decides whether `load` is as
fast as the docker CLI's.) Anything else is read as it comes.

Promises: the connection is watched all the time, also while nothing comes out of a pipe: an engine that
refuses or dies ends the request at once.

Left out: sendfile() on sockets with a send() of their own (TLS, a recorder's), and on other systems than
Linux, which send files to TCP only. There the file is read; so is what is added to it while it is sent.
"""
import _socket
import os
import sys

from ..errors import UsageError
from .closing import Closing
from .dial import is_readable

PIECE_BYTES = 65536
READ_PIECE_BYTES = 131072        # of one read: a larger one costs more a byte, smaller ones take more calls
FILE_CHUNK_BYTES = 1 << 20


def takes_files(sock):
    """Whether the system can send files on this socket."""
    return getattr(type(sock), "send", None) is _socket.socket.send and sys.platform.startswith("linux")


class UnblockedSocket:
    """A context in which a Connection's socket does not block, because sendfile() has no flag for that."""

    def __init__(self, connection):
        self._connection = connection

    def __enter__(self):
        os.set_blocking(self._connection.sock.fileno(), False)

    def __exit__(self, *exception):
        if not self._connection.closed:
            sock = self._connection.sock
            os.set_blocking(sock.fileno(), sock.gettimeout() is None)


class FilePart:
    """The `size` bytes at the offset `at` of an open regular `file`, called `name`: a piece of a body.

    len() is its size; iterating over it reads it. UsageError if the file is shorter.
    """

    def __init__(self, file, at, size, name):
        self._file, self._at, self._size, self._name = file, at, size, name

    def __len__(self):
        return self._size

    def __iter__(self):
        at, end = self._at, self._at + self._size
        while at < end:
            piece = os.pread(self._file.fileno(), min(end - at, READ_PIECE_BYTES), at)
            if not piece:
                raise UsageError("%s has become shorter while it was read" % self._name)
            at += len(piece)
            yield piece

    def send_chunk(self, connection, poller, count):
        """Send it as a chunk on a Connection in UnblockedSocket; count(bytes) is called after each write."""
        at, end = self._at, self._at + self._size

        def write():
            return os.sendfile(connection.sock.fileno(), self._file.fileno(), at, end - at)

        connection.send_watching(b"%x\r\n" % self._size, poller)
        while at < end:
            sent = connection.write_watching(write, poller)
            if not sent:
                raise UsageError("%s became shorter while it was sent" % self._name)
            at += sent
            count(sent)
        connection.send_watching(b"\r\n", poller)


def read_parts(parts):
    """The content of `parts` (an iterable of bytes and FileParts) as bytes; the files are read."""
    for part in parts:
        yield from part if isinstance(part, FilePart) else [part]


class FileBody(Closing):
    """An open binary `file` as a request body, from its current position to its end.

    progress(bytes so far) is called as they go out, and `size` counts them. `name` is the file's, 0 without
    one. A file without a descriptor, or a pipe with a buffer, is sent by iteration.
    """

    def __init__(self, file, progress=None):
        self._file = file
        self._progress = progress or (lambda size: None)
        self.name = getattr(file, "name", 0)
        self.size = 0

    def read(self, size):
        piece = self._file.read(size)
        self._count(len(piece))
        return piece

    def close(self):
        self._file.close()

    def __iter__(self):
        return iter(lambda: self.read(PIECE_BYTES), b"")

    def _count(self, size):
        self.size += size
        self._progress(self.size)

    def send_chunks(self, connection, poller):
        """Send the file on a Connection, so far as the system can; iteration then gives the rest.

        `poller` is for Connection.write_watching(). Raises what Connection.request() raises.
        """
        from io import RawIOBase
        from stat import S_ISREG
        try:
            status = os.fstat(self._file.fileno())
        except (AttributeError, OSError):   # a BytesIO, for instance
            return
        if not S_ISREG(status.st_mode):
            if isinstance(self._file, RawIOBase):
                self._send_as_it_comes(connection, poller)
        elif takes_files(connection.sock):
            with UnblockedSocket(connection):
                self._send_regular(connection, poller, status.st_size)

    def _send_as_it_comes(self, connection, poller):
        from select import POLLIN, poll
        from ..wire.chunked import encode_chunk
        sock, source, watching = connection.sock.fileno(), self._file.fileno(), poll()
        for descriptor in (sock, source):
            watching.register(descriptor, POLLIN)
        while True:
            ready = dict(watching.poll())
            if is_readable(connection.sock, sock in ready):
                connection.receive_early()
            elif source in ready:
                piece = self.read(PIECE_BYTES)
                if not piece:
                    return
                connection.send_watching(encode_chunk(piece), poller)

    def _send_regular(self, connection, poller, end):
        """Send a regular file up to the offset `end` (int)."""
        at = self._file.tell()
        while at < end:
            part = FilePart(self._file, at, min(end - at, FILE_CHUNK_BYTES), self.name)
            part.send_chunk(connection, poller, self._count)
            at += len(part)
        self._file.seek(at)
