"""What a hijacked connection becomes: the container's output in frames or raw, its stdin the other way.

Strategy: nothing of HTTP is left on it, so nothing in the bytes tells how it ends: where the
engine closed it between two frames the verdict is "unconfirmed", until wait or inspect has
said what became of the program.
"""
import _socket

from ..errors import RawdockError, UsageError, Verdict
from ..wire.frames import FrameReader
from ..wire.framing import BODY_NAMES
from ..wire.reader import read_lists
from .closing import Closing


class Duplex(Closing):
    """A hijacked connection: the container's output comes out, its stdin goes in.

    `tty` says whether the output is raw (True) or in frames (False). Reading and writing may
    happen in two threads. Closing it detaches; it does not stop the container.

    `verdict` is None while the stream is under way. One that ended between frames, or raw, is
    "unconfirmed": its bytes cannot tell the end of the program from that of the engine. Once wait
    or inspect has said that the program ended, `confirm()` makes the verdict "complete".
    """

    def __init__(self, connection, response, tty=None):
        self.response = response
        self.tty = tty
        self._connection = connection
        self._leftover = connection.take_unread()

    def fileno(self):
        return self._connection.sock.fileno()

    def receive(self):
        """Bytes as they come, b"" once the engine has closed the stream."""
        data, self._leftover = self._leftover, b""
        response = self.response
        if not data:
            try:
                data = self._connection.receive(response.received)
            except RawdockError as error:
                response.fail(error)
                raise
            if not data and response.failed is None:
                response.failed = Verdict("unconfirmed", BODY_NAMES["upgrade"], None, response.received)
        response.received += len(data)
        return data

    def has_received(self):
        """Whether receive() has bytes at hand, which poll() on the descriptor does not see."""
        pending = getattr(self._connection.sock, "pending", None)   # TLS has bytes of its own
        return bool(self._leftover) or pending is not None and pending() > 0

    def __iter__(self):
        """Pieces of the raw stream (bytes) until the engine closes it."""
        return iter(self.receive, b"")

    def frames(self):
        """(stream, bytes) as they come. TruncatedError if the stream ends inside a frame.

        An end between two frames looks like the true end: ask the engine (wait, inspect) before believing it.
        """
        try:
            if self.tty:
                for piece in self:
                    yield 1, piece
                return
            for frames in read_lists(FrameReader(), self):
                yield from frames
        except RawdockError as error:
            self.response.fail(error)
            raise

    def send(self, data):
        """Write bytes to the container's stdin. ConnectError when nobody reads them any more."""
        try:
            self._connection.sock.sendall(data)
        except OSError as error:
            raise self._connection._connection_error(error)

    def close_write(self):
        """Half-close: the end of stdin."""
        try:
            self._connection.sock.shutdown(_socket.SHUT_WR)
        except OSError:
            pass   # the engine has closed already: there is no stdin left to end

    def hang_up(self):
        """End the stream in both directions: a thread that waits in receive() or send() goes on at once."""
        try:
            self._connection.sock.shutdown(_socket.SHUT_RDWR)
        except OSError:
            pass   # the engine has closed already

    @property
    def verdict(self):
        """How the stream ended (a Verdict), None while it has not."""
        return self.response.verdict

    def confirm(self):
        """Make the verdict "complete", because the engine has said that the program ended.

        UsageError if the stream itself has not ended yet, or not as it should.
        """
        verdict = self.verdict
        if verdict is None or verdict.kind not in ("unconfirmed", "complete"):
            which = "that is under way" if verdict is None else "whose verdict is %r" % verdict.kind
            raise UsageError("a stream %s cannot be confirmed" % which,
                             "read it to its end, then ask wait or inspect")
        self.response.failed = Verdict("complete", verdict.where, None, verdict.got)

    def close(self):
        self.response.close()
