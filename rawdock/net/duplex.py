"""A hijacked connection: a container's output comes, in frames or raw, and its stdin goes the other way.

Strategy: HTTP has ended on it, so its bytes do not say whether it was cut. If the engine closed it between
two frames the verdict is "unconfirmed", until an answer to wait or inspect says that the program ended.
"""
import _socket

from ..errors import UsageError, Verdict
from .closing import Closing
from .dial import is_readable


class Duplex(Closing):
    """A hijacked connection: the container's output comes out, its stdin goes in.

    `response` is the Response that began it, and `tty` says whether the output is raw (True) or in frames
    (False; None: not known). Iteration gives what the container speaks: frames() for one without a terminal,
    else raw(). Reading and writing may happen in two threads. close() detaches; it does not stop the
    container.
    """

    def __init__(self, connection, response, tty=None):
        self.response = response
        self.tty = tty
        self._connection = connection

    def fileno(self):
        return self._connection.sock.fileno()

    def is_readable(self, reported):
        """Whether iteration would not wait. `reported` (bool) is what poll() says of the descriptor."""
        return bool(self._connection._unread) or is_readable(self._connection.sock, reported)

    def __iter__(self):
        """frames() if `tty` is False, else raw()."""
        return self.frames() if self.tty is False else self.raw()

    def raw(self):
        """Pieces of the stream (bytes) as they were received, until the engine closes it."""
        return iter(self.response)

    def frames(self):
        """(stream, bytes) as they come; of a terminal all is stream 1. TruncatedError inside a frame.

        An end between two frames may be a cut: ask the engine (wait, inspect) whether the program ended.
        """
        return self.response.frames(self.tty)

    def send(self, data):
        """Write bytes to the container's stdin. ConnectError when nobody reads them any more."""
        try:
            self._connection.sock.sendall(data)
        except OSError as error:
            raise self._connection.socket_error(error)

    def close_write(self):
        """Half-close: the end of stdin."""
        try:
            self._connection.sock.shutdown(_socket.SHUT_WR)
        except OSError:
            pass   # the engine has closed already, and reads no more stdin

    def hang_up(self):
        """End the stream in both directions, which wakes a thread that waits for it."""
        try:
            self._connection.sock.shutdown(_socket.SHUT_RDWR)
        except OSError:
            pass   # the engine has closed already

    @property
    def verdict(self):
        """How the stream ended (a Verdict); None while it has not.

        It is "unconfirmed" for one that ended between frames, or raw, until confirm() makes it "complete".
        """
        return self.response.verdict

    def confirm(self):
        """Make the verdict "complete": to be called once the engine has reported the program's end.

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
