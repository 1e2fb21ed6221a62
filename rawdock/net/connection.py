"""One connection to an engine: a request, its response, and then the socket is kept or becomes a stream.

Strategy: the head and a small body leave in one write; `Host: docker`, never `Expect`. Bytes that were
received with the head of the response belong to its body, or to the stream, and are handed on.

Promises: while a long request body is sent the connection watches for an early refusal, and after a broken
write it still reads the response that explains it. A connection on which a request was sent in part is never
used again. `close()` from another thread ends a read.

Left out: pipelining (an engine answers in order anyway, and an early refusal would leave the
rest unanswered), and Expect: 100-continue (an engine refuses early without it).
"""
import _socket
import os
import re

from ..errors import ConnectError, ProtocolError, TruncatedError, UsageError
from ..wire.exchange import ResponseParts
from ..wire.message import encode_request_head
from .closing import Closing
from .dial import is_readable
from .limits import TimeLimits, require_seconds
from .response import Response

RECEIVE_BYTES = 65536         # received at once while looking for heads and small bodies
SEND_BYTES = 65536            # one write of a request body; while a longer one is sent, a response may come
EARLY_BYTES = 16 << 20        # kept of a response that begins before the request is over (progress of a load)


class SendingStopped(Exception):
    """The engine takes no more of the request: it has refused it, or closed. A response may say why."""


def body_pieces(body):
    """→ (None, bytes for one write, or an iterable of pieces; the body's length, None if it is not known)."""
    if body is None:
        return None, 0
    if isinstance(body, (bytes, bytearray, memoryview)):
        view = memoryview(body).cast("B")
        if len(view) <= SEND_BYTES:
            return bytes(view), len(view)
        return (view[at:at + SEND_BYTES] for at in range(0, len(view), SEND_BYTES)), len(view)
    if hasattr(body, "read") and not hasattr(body, "send_chunks"):
        return iter(lambda: body.read(SEND_BYTES), b""), None
    if hasattr(body, "__iter__") and not isinstance(body, (str, dict)):
        return body, None
    raise UsageError("a request body is bytes, a binary file or an iterable of bytes, not %s"
                     % type(body).__name__)


def announced_length(headers, length):
    """The int in the caller's Content-Length; UsageError if it contradicts `length` (int or None)."""
    texts = [str(value) for name, value in headers if str(name).lower() == "content-length"]
    fits = len(texts) == 1 and re.fullmatch("[0-9]{1,19}", texts[0])
    if not fits or length not in (None, int(texts[0])):
        raise UsageError("Content-Length %s is not the length of the body" % ", ".join(map(repr, texts)),
                         "leave the header out")
    return int(texts[0])


def encode_request(method, target, headers, body, version):
    """→ (bytes of a request's head; what body_pieces() returns, with the length None for a chunked body)."""
    for what, text in (("method", method), ("request target", target), ("HTTP version", version)):
        if not isinstance(text, str):
            raise UsageError("the %s is a str, not %s %r" % (what, type(text).__name__, text))
    named = [str(name).lower() for name, _ in headers]
    fields = [] if "host" in named else [("Host", "docker")]
    body, length = body_pieces(body)
    if "transfer-encoding" in named:
        raise UsageError("Transfer-Encoding is set by the body", "leave the header out")
    if "content-length" in named:
        length = announced_length(headers, length)
    elif length is None:
        if version == "1.0":
            raise UsageError("HTTP/1.0 cannot send a body of unknown length",
                             "give a Content-Length, or use HTTP/1.1")
        fields.append(("Transfer-Encoding", "chunked"))
    elif body is not None or method not in ("GET", "HEAD", "DELETE"):
        fields.append(("Content-Length", length))
    return encode_request_head(method, target, fields + headers, version), body, length


class Connection(Closing):
    """A connection over the connected `sock`; `address` (str or Address) is for messages only.

    It belongs to the process that made it. After a fork both processes hold one socket, and each would
    get bytes that are meant for the other: so a child can only close it, which leaves the parent's open.
    """

    def __init__(self, sock, address=""):
        self.sock = sock
        self.address = address
        self.limits = TimeLimits(sock, address)
        self.reusable = True     # no message is under way and the peer has not said it will close
        self.was_reset = False   # the stream ended with ECONNRESET
        self.closed = False
        self._pid = os.getpid()
        self._reader = ResponseParts()
        self._head = None        # of the final response, once it has come
        self._head_bytes = 0     # received until it had come
        self._unread = []        # pieces of bytes that came after the head
        self._sent_whole = True  # the last request has gone out to its end
        self._poller = None

    def close(self):
        """Close the socket; a read that waits in another thread ends with ConnectError."""
        if self.closed:
            return
        self.closed = True
        self.reusable = False
        try:
            if self._pid == os.getpid():   # a shutdown would end the parent's connection too
                self.sock.shutdown(_socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()

    def _require_own_process(self):
        if self._pid != os.getpid():
            reason = "the connection was made by process %d, and this is %d" % (self._pid, os.getpid())
            hint = "make requests of your own after a fork"
            raise ConnectError(self.address, reason, hint=hint, connected=True)

    def __del__(self):
        # A stream that nobody holds any more is cancelled. No shutdown: a fork may share the socket.
        self.sock.close()

    def is_stale(self):
        """Whether an idle connection can serve no further request.

        Another process made it, or it is readable: the peer closed it, or sent bytes without a request.
        """
        if self.closed or self._pid != os.getpid():
            return True
        if self._poller is None:
            from select import POLLIN, poll   # select() knows no descriptor above 1023
            self._poller = poll()
            self._poller.register(self.sock, POLLIN)
        return bool(self._unread or is_readable(self.sock, self._poller.poll(0)))

    def request(self, method, target, headers=(), body=None, version="1.1", hijack=False,
                head_timeout=None, idle_timeout=None, total_timeout=None):
        """Send a request and read the head of the response → Response.

        `target` (str) is sent as it is, `headers` ((name, value) pairs) after Host and the framing fields.
        `body` is None, bytes, or a binary file or iterable of bytes, which is sent chunked unless `headers`
        have a Content-Length; its length must then be that. With `hijack` a 2xx response switches the
        connection to a raw stream. Time limits are in seconds, above 0: `head_timeout` for each write of the
        request, and then for the whole head of the response, `idle_timeout` for each wait for bytes of its
        body, `total_timeout` for the exchange. An exception after the first write closes the connection.
        """
        self._require_own_process()
        require_seconds("head_timeout", head_timeout)
        require_seconds("idle_timeout", idle_timeout)
        require_seconds("total_timeout", total_timeout)
        if not self.reusable:
            reason = "the connection is used up"
            raise ConnectError(self.address, reason, hint="dial a new one", connected=True)
        head, body, length = encode_request(method, target, list(headers), body, version)
        self.reusable = False
        self._head, self._head_bytes = None, 0
        self._reader.expect(method, hijack)
        try:
            self.limits.begin_exchange(total_timeout)
            self.limits.begin("send", head_timeout)
            try:
                if body is None or isinstance(body, bytes):
                    self._send(head + body if body else head)
                else:
                    self._send(head)
                    self._send_stream(body, length)
                self._sent_whole = True
            except SendingStopped:
                self._sent_whole = False
            self.limits.begin("head", head_timeout, whole=True)
            self._read_head()
            return Response(self, self._reader, target, idle_timeout)
        except BaseException:
            self.close()
            raise

    def _send(self, data):
        """Send all of `data` (bytes) with one call."""
        self.limits.limit_wait(0)
        try:
            self.sock.sendall(data)
        except (OSError, ValueError) as error:
            raise self._sending_error(error)

    def _sending_error(self, error):
        """The exception for a send that failed with `error`: SendingStopped if the peer reads no more."""
        if isinstance(error, (BrokenPipeError, ConnectionResetError)):
            return SendingStopped()
        return self.socket_error(error, self._head_bytes)

    def _send_stream(self, pieces, length):
        """Send the body in `pieces`, chunked when `length` is None."""
        from select import POLLIN, POLLOUT, poll
        from ..wire.chunked import encode_chunk, encode_last_chunk
        poller = poll()
        poller.register(self.sock, POLLIN | POLLOUT)
        sent = 0
        if length is None and hasattr(pieces, "send_chunks"):   # a FileBody; pieces of it may be left
            pieces.send_chunks(self, poller)
        for piece in pieces:
            if not isinstance(piece, (bytes, bytearray, memoryview)):
                raise UsageError("a request body gives bytes, not %s" % type(piece).__name__)
            sent += memoryview(piece).nbytes
            if length is not None and sent > length:
                raise UsageError("the body is longer than its Content-Length of %d bytes" % length)
            self.send_watching(piece if length is not None else encode_chunk(piece), poller)
        if length is None:
            self.send_watching(encode_last_chunk(), poller)
        elif sent < length:
            raise UsageError("the body has %d bytes, its Content-Length says %d" % (sent, length))

    def send_watching(self, data, poller):
        """Send `data`, and read what comes meanwhile. SendingStopped once the engine has refused."""
        view = memoryview(data).cast("B")
        while len(view):
            view = view[self.write_watching(lambda: self.sock.send(view, _socket.MSG_DONTWAIT), poller):]

    def write_watching(self, write, poller):
        """Wait until the socket takes bytes, call write(), which sends without waiting → what it returns.

        What comes meanwhile is read. SendingStopped once the engine has refused.
        """
        from select import POLLOUT
        self.limits.begin("send", self.limits.seconds, whole=True)   # each write may take as long
        while True:
            wait = self.limits.limit_wait(self._head_bytes)
            events = poller.poll(None if wait is None else max(1, int(wait * 1000)))
            if not events:
                raise self.limits.timeout(self._head_bytes)
            if is_readable(self.sock, events[0][1] & ~POLLOUT):
                self.receive_early()
                continue
            try:
                return write()
            except BlockingIOError:
                continue
            except (OSError, ValueError) as error:
                raise self._sending_error(error)

    def receive_early(self):
        """Receive what comes before the request has been sent. SendingStopped once the engine has refused."""
        if not self._receive_head() or self._head is not None and self._head.status >= 400:
            raise SendingStopped
        if self._head_bytes > EARLY_BYTES:   # both sides would wait for the other to read
            raise ProtocolError("rawdock limit", EARLY_BYTES, self._unread[-1],
                                "at most %d bytes of a response to half a request" % EARLY_BYTES)

    def socket_error(self, error, received=0):
        """The Timeout or ConnectError for a call of the socket that failed with `error`."""
        if isinstance(error, ConnectError):   # of TLS or ssh, which says what is wrong
            return error
        if self.limits.ended_by(error):
            return self.limits.timeout(received)
        self.reusable = False
        if self.closed:
            return ConnectError(self.address, "the connection was closed on this side", connected=True)
        reason = "the connection broke (%s)" % (getattr(error, "strerror", None) or error)
        return ConnectError(self.address, reason, getattr(error, "errno", None),
                            "did the engine stop? Try again", connected=True)

    def receive(self, received=0, view=None):
        """Receive once → bytes, or the filled slice of `view` (memoryview), if given; empty at the end.

        `received` (int) is the number of bytes that a Timeout reports.
        """
        self._require_own_process()
        self.limits.limit_wait(received)
        try:
            data = self.sock.recv(RECEIVE_BYTES) if view is None else view[:self.sock.recv_into(view)]
        except ConnectionResetError:
            data = b""   # all that was queued has been read: for a reader this is the end, a cut if too early
            self.was_reset = True
        except (OSError, ValueError) as error:
            raise self.socket_error(error, received)
        if self.closed and not data:
            raise self.socket_error(None)
        return data

    def _receive_head(self):
        """Receive once, and read the head of the final response once it is whole → False at the end."""
        data = self.receive(self._head_bytes)
        self._head_bytes += len(data)
        at = 0
        while self._head is None and at < len(data):
            heads = []
            at = self._reader.take_head(data, at, heads)
            if heads and not heads[0].interim:
                self._head = heads[0]
        if at < len(data):
            self._unread.append(data[at:])
        return bool(data)

    def _read_head(self):
        """Receive until the head of the final response has come whole."""
        while self._head is None:
            if not self._receive_head():
                try:
                    self._reader.feed_eof()
                except TruncatedError as error:
                    if error.got:
                        raise
                    error.__traceback__ = None   # the reader keeps the error, and thereby this frame
                raise ConnectError(self.address, "the engine closed the connection without an answer",
                                   hint="did the engine stop? See its log, then try again", connected=True)

    def take_unread(self):
        """The bytes that came after the head, which belong to the body or the stream."""
        self._require_own_process()
        data, self._unread = b"".join(self._unread), []
        return data

    def release(self, leftover):
        """Keep the connection after a response that was read to its end, unless `leftover` (bytes) follow."""
        if leftover or not self._sent_whole or self._reader.state != "head":
            self.close()
        else:
            self.reusable = True
