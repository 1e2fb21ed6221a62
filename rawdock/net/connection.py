"""One connection to an engine: a request, its response, and then the socket is kept or becomes a stream.

    Connection   one socket; `request()` writes a request and reads the head of its answer
    Response     the answer: status, headers, and the body in every shape the engine uses

Strategy: a head and a small body leave in one write; `Host: docker`, never `Expect`. A
body is decoded where it was received, with no copy for `readinto` and `copy_to`. Bytes
that came with a head belong to what follows and are handed on. A response whose body was
read to its end leaves the connection usable; anything else closes it.

Promises: a body that was cut raises TruncatedError, whichever way it is read, and each body and stream ends
in a Verdict, which is true only if nothing is missing for certain. While a long request body is sent the
connection watches for an early refusal, and after a broken write it still looks for the answer that explains
it; a connection with half a request on it is never used again. Timeouts are kept apart: `connect` (in dial),
`send` for the request to go out, `head` for the head of the answer to come whole, `idle` for one wait for
bytes, `total` for a request and all of its answer. None means no limit, which is what streams want. `close()`
from another thread ends a read.

Left out: pipelining (an engine answers in order anyway, and an early refusal would leave the
rest unanswered), and Expect: 100-continue (an engine refuses early without being asked to).
"""
import _socket
import os
import re
import sys
import time
from collections import deque

from ..errors import (ConnectError, ProtocolError, RawdockError, StreamError, Timeout, TruncatedError,
                      UnconfirmedError, UsageError, Verdict, verdict_of_error)
from ..wire.exchange import ResponseReader
from ..wire.framing import BODY_NAMES, framing_error
from ..wire.message import encode_request_head
from ..wire.reader import read_lists
from .closing import Closing

RECEIVE_BYTES = 65536         # received at once while looking for heads and small bodies
BODY_BUFFER_BYTES = 262144    # the reused buffer of copy_to: larger than a socket's queue gains nothing
SEND_BYTES = 65536            # one write of a request body; what is longer is sent watching for an answer
EARLY_BYTES = 16 << 20        # kept of an answer that begins before the request is over (a load's progress)
MAX_JSON_BYTES = 256 << 20    # decoded at once: 100,000 containers have 200 MB; docker-py takes any number
MAX_SECONDS = 2147483         # of a time limit: poll() counts milliseconds in 31 bits
KEPT_MESSAGES = 50            # the last ones, among which a StreamError finds its status lines
KEPT_STATUS_LINES = 5


def require_seconds(name, seconds):
    """UsageError unless `seconds` can be the time limit called `name`: None, or a number above 0."""
    if seconds is not None and not (type(seconds) in (int, float) and 0 < seconds <= MAX_SECONDS):
        text = "%s: %r is no number of seconds, above 0 and at most %d"
        raise UsageError(text % (name, seconds, MAX_SECONDS), "None is no limit")


class Connection(Closing):
    """`sock` is connected; `address` (str or Address) is for messages only.

    It belongs to the process that made it. After a fork both processes hold one socket, and each would
    get bytes that are meant for the other: so a child can only close it, which leaves the parent's alone.
    """

    def __init__(self, sock, address=""):
        self.sock = sock
        self.address = address
        self._pid = os.getpid()
        self.reusable = True     # no message is under way and the peer has not said it will close
        self.was_reset = False   # the stream ended with ECONNRESET
        self._reader = ResponseReader()
        self._received = []      # pieces of bytes that came after the head, and that nobody has taken yet
        self._head = None        # of the final response, once it has come
        self._head_bytes = 0     # received before it was handed out
        self._sent_whole = True  # the last request has gone out to its end
        self._timeout = None     # of one wait, in seconds
        self._total = None       # (seconds for the exchange, when they are over)
        self._poller = None
        self.closed = False

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
        """Whether an idle connection is of no use.

        Another process made it, or it is readable: the peer closed it, or sent what nobody asked for.
        """
        if self.closed or self._pid != os.getpid():
            return True
        if self._poller is None:
            from select import POLLIN, poll   # select() knows no descriptor above 1023
            self._poller = poll()
            self._poller.register(self.sock, POLLIN)
        return bool(self._received or self._poller.poll(0))

    def request(self, method, target, headers=(), body=None, version="1.1", hijack=False,
                head_timeout=None, idle_timeout=None, total_timeout=None):
        """Send a request and read the head of its answer → Response.

        `target` str as sent; `headers` (name, value) pairs added to Host and the framing; `body` None, bytes,
        or an iterable of bytes or a file (sent chunked, or as they are when a Content-Length is given, whose
        number is then checked). `hijack`: a 2xx switches the connection to a raw stream. Timeouts in seconds,
        above 0. Whatever it raises once it has begun to send, the connection is closed.
        """
        self._require_own_process()
        require_seconds("head_timeout", head_timeout)
        require_seconds("idle_timeout", idle_timeout)
        require_seconds("total_timeout", total_timeout)
        if not self.reusable:
            reason = "the connection is used up"
            raise ConnectError(self.address, reason, hint="dial a new one", connected=True)
        head, body, length = self._encode(method, target, list(headers), body, version)
        self.reusable = False
        self._head, self._head_bytes = None, 0
        self._reader.expect(method, hijack)
        try:
            self._set_timeout(head_timeout)
            if total_timeout is not None:
                self._total = total_timeout, time.monotonic() + total_timeout
                self._limit_wait_to_total(0)
            if body is None:
                self._sent_whole = self._send(head)
            elif isinstance(body, bytes):
                self._sent_whole = self._send(head + body)
            else:
                self._sent_whole = self._send(head) and self._send_stream(body, length)
            # Not sent whole: the engine has refused early, or closed, and its answer is still to be read.
            self._read_head(head_timeout)
            return Response(self, self._reader, target, idle_timeout)
        except BaseException:
            self.close()
            raise

    def _encode(self, method, target, headers, body, version):
        """(bytes of the head; the body: None, bytes or an iterable of pieces; its length, None: chunked)."""
        for what, text in (("method", method), ("request target", target), ("HTTP version", version)):
            if not isinstance(text, str):
                raise UsageError("the %s is a str, not %s %r" % (what, type(text).__name__, text))
        named = [str(name).lower() for name, _ in headers]
        fields = [] if "host" in named else [("Host", "docker")]
        if body is None:
            length = 0
        elif isinstance(body, (bytes, bytearray, memoryview)):
            length = memoryview(body).nbytes
            body = bytes(body) if length <= SEND_BYTES else byte_slices(body)
        elif hasattr(body, "read"):
            length, body = None, iter(lambda file=body: file.read(SEND_BYTES), b"")
        elif hasattr(body, "__iter__") and not isinstance(body, (str, dict)):
            length = None
        else:
            raise UsageError("a request body is bytes, a binary file or an iterable of bytes, not %s"
                             % type(body).__name__)
        if "transfer-encoding" in named:
            raise UsageError("Transfer-Encoding is set by the body", "leave the header out")
        if "content-length" in named:
            texts = [str(value) for name, value in headers if str(name).lower() == "content-length"]
            if len(texts) > 1 or not re.fullmatch("[0-9]{1,19}", texts[0]):
                raise UsageError("Content-Length %s is not one number" % ", ".join(map(repr, texts)))
            if length is not None and length != int(texts[0]):
                raise UsageError("Content-Length says %s bytes, the body has %d" % (texts[0], length),
                                 "leave the header out")
            length = int(texts[0])
        elif length is None:
            if version == "1.0":
                raise UsageError("HTTP/1.0 cannot send a body of unknown length",
                                 "give a Content-Length, or use HTTP/1.1")
            fields.append(("Transfer-Encoding", "chunked"))
        elif body is not None or method not in ("GET", "HEAD", "DELETE"):
            fields.append(("Content-Length", length))
        return encode_request_head(method, target, fields + headers, version), body, length

    def _send(self, data):
        """Send `data`. False if the peer takes no more: it may have said why."""
        try:
            self.sock.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False
        except (OSError, ValueError) as error:
            raise self._connection_error(error, "send")

    def _send_stream(self, pieces, length):
        """Send the body in `pieces`, chunked when `length` is None. False if the engine takes no more."""
        from select import POLLIN, POLLOUT, poll
        from ..wire.chunked import encode_chunk, encode_last_chunk
        poller = poll()
        poller.register(self.sock, POLLIN | POLLOUT)
        sent = 0
        for piece in pieces:
            if not isinstance(piece, (bytes, bytearray, memoryview)):
                raise UsageError("a request body gives bytes, not %s" % type(piece).__name__)
            size = memoryview(piece).nbytes
            sent += size
            if length is not None and sent > length:
                raise UsageError("the body is longer than its Content-Length of %d bytes" % length)
            if size and not self._send_watching(piece if length is not None else encode_chunk(piece), poller):
                return False
        if length is None:
            return self._send_watching(encode_last_chunk(), poller)
        if sent < length:
            raise UsageError("the body has %d bytes, its Content-Length says %d" % (sent, length))
        return True

    def _send_watching(self, data, poller):
        """Send `data`. False once the engine has refused the request, or takes no more of it."""
        from select import POLLOUT
        view = memoryview(data).cast("B")
        sent_at = time.monotonic()
        while len(view):
            events = poller.poll(self._send_milliseconds(sent_at))
            if not events:
                raise self._timeout_error("send", self._head_bytes)
            if events[0][1] & ~POLLOUT:
                if not self._receive():
                    return False
                if self._head is not None and self._head.status >= 400:
                    return False
                if self._head_bytes > EARLY_BYTES:   # both sides would wait for the other to read
                    expected = "a request that is read before %d bytes of its answer have come" % EARLY_BYTES
                    raise ProtocolError("rawdock limit", EARLY_BYTES, self._received[-1], expected)
            elif events[0][1] & POLLOUT:
                try:
                    view = view[self.sock.send(view, _socket.MSG_DONTWAIT):]
                    sent_at = time.monotonic()
                except BlockingIOError:
                    pass
                except (BrokenPipeError, ConnectionResetError):
                    return False
                except (OSError, ValueError) as error:
                    raise self._connection_error(error)
        return True

    def _send_milliseconds(self, sent_at):
        """How long poll() may wait (int, None: for ever) if the last bytes were sent at `sent_at`.

        Timeout if that is over. What arrives meanwhile does not prolong it.
        """
        wait = self._timeout if self._total is None else self._limit_wait_to_total(self._head_bytes)
        if self._timeout is not None:
            wait = min(wait, sent_at + self._timeout - time.monotonic())
            if wait <= 0:
                raise self._timeout_error("send", self._head_bytes)
        return None if wait is None else max(1, int(wait * 1000))

    def _set_timeout(self, seconds):
        if seconds != self._timeout:
            try:
                limit_waiting(self.sock, seconds)
            except OSError as error:
                raise self._connection_error(error)
            self._timeout = seconds

    def _limit_wait_to_total(self, received):
        """Limit the next wait to what is left of the exchange's time → that limit in seconds. Or Timeout."""
        left = self._total[1] - time.monotonic()
        if left <= 0:
            raise self._timeout_error(None, received)
        wait = left if self._timeout is None else min(left, self._timeout)
        limit_waiting(self.sock, wait)
        return wait

    def _timeout_error(self, phase, received, seconds=None):
        """The Timeout of `phase`, or "total" when the time of the whole exchange is over."""
        # The system's timers count in steps, of which one may be missing.
        if self._total is not None and time.monotonic() >= self._total[1] - 0.001:
            return Timeout("total", self._total[0], received, self.address)
        return Timeout(phase, seconds or self._timeout, received, self.address)

    def _connection_error(self, error, phase=None, received=0, seconds=None):
        """The Timeout or ConnectError for a socket call that failed with `error`."""
        # A timeout without a limit is the system's own ETIMEDOUT: newer Pythons have one class for both.
        limited = (self._timeout, self._total) != (None, None)
        if limited and isinstance(error, (_socket.timeout, BlockingIOError)):
            return self._timeout_error(phase, received, seconds)
        self.reusable = False
        if self.closed:
            return ConnectError(self.address, "the connection was closed on this side", connected=True)
        reason = "the connection broke (%s)" % (getattr(error, "strerror", None) or error)
        return ConnectError(self.address, reason, getattr(error, "errno", None),
                            "did the engine stop? Try again", connected=True)

    def receive(self, received=0, phase="idle", seconds=None, view=None):
        """Bytes from the socket, none at its end: bytes, or with `view` (memoryview) a slice of it, filled.

        `received`, `phase` and `seconds` are for the Timeout.
        """
        self._require_own_process()
        if self._total is not None:
            self._limit_wait_to_total(received)
        try:
            data = self.sock.recv(RECEIVE_BYTES) if view is None else view[:self.sock.recv_into(view)]
        except ConnectionResetError:
            data = b""   # all that was queued has been read: for a reader this is the end, a cut if too early
            self.was_reset = True
        except (OSError, ValueError) as error:
            raise self._connection_error(error, phase, received, seconds)
        if self.closed and not data:
            raise self._connection_error(None)
        return data

    def _receive(self, seconds=None):
        """Receive once, and take the head of the final response if it has come. False: no more comes."""
        data = self.receive(self._head_bytes, "head", seconds)
        self._head_bytes += len(data)
        at = 0
        while self._head is None and at < len(data):
            heads = []
            at = self._reader.take_head(data, at, heads)
            if heads and not heads[0].interim:
                self._head = heads[0]
        if at < len(data):
            self._received.append(data[at:])
        return bool(data)

    def _read_head(self, timeout):
        """Receive until the head of the final response has come whole, for at most `timeout` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        alive = self._head is not None or self._receive(timeout)
        while self._head is None and alive:
            if deadline is not None:   # each wait has only what is left of the time
                left = deadline - time.monotonic()
                if left <= 0:
                    raise self._timeout_error("head", self._head_bytes, timeout)
                self._set_timeout(left)
            alive = self._receive(timeout)
        if self._head is None:
            try:
                self._reader.feed_eof()
            except TruncatedError as error:
                if error.got:
                    raise
            raise ConnectError(self.address, "the engine closed the connection without an answer",
                               hint="did the engine stop? See its log, then try again", connected=True)

    def take_received(self):
        """The bytes that came after the head, which belong to the body or the stream."""
        self._require_own_process()
        data, self._received = b"".join(self._received), []
        return data

    def release(self, leftover):
        """A response was read to its end, `leftover` came behind it: keep the connection if it can be."""
        if leftover or not self._sent_whole or self._reader.state != "head":
            self.close()
        else:
            if self._total is not None:
                self._total = None
                limit_waiting(self.sock, self._timeout)
            self.reusable = True


def limit_waiting(sock, seconds):
    """From here on a call of `sock` waits no longer than `seconds` (None: for ever).

    The system's own timers, which cost nothing: with settimeout() Python asks poll() before each call.
    """
    if type(sock).__module__ in ("_socket", "socket") and sock.gettimeout() is None:
        micros = max(1, int(seconds * 1000000)) if seconds is not None else 0
        size = 8 if sys.maxsize > 1 << 32 else 4   # of each half of a struct timeval
        timer = b"".join([number.to_bytes(size, sys.byteorder) for number in divmod(micros, 1000000)])
        try:
            sock.setsockopt(_socket.SOL_SOCKET, _socket.SO_RCVTIMEO, timer)
            sock.setsockopt(_socket.SOL_SOCKET, _socket.SO_SNDTIMEO, timer)
            return
        except (OSError, OverflowError, AttributeError):   # a system that has no such timers, or others
            pass
    sock.settimeout(seconds)


def byte_slices(body):
    """A bytes-like body in pieces of one write each."""
    view = memoryview(body).cast("B")
    for at in range(0, len(view), SEND_BYTES):
        yield view[at:at + SEND_BYTES]


class Response(Closing):
    """What the engine answered: `status` int, `reason` str, `version` "1.0"/"1.1", `headers`, `framing`.

    The body is read once, in one of these ways: read(), json(), readinto(), copy_to(), iteration, messages(),
    frames(). `complete` turns True when its end has been seen. All of them raise TruncatedError,
    ProtocolError, Timeout or ConnectError when it does not end as it should; their offsets are those in the
    answer, of messages() and frames() those in its content. `verdict` is None while the body is under way,
    then a Verdict. After watch_end() a body that ends with its connection can raise UnconfirmedError too.
    """

    complete = False
    trailers = None
    on_complete = None         # called once when the connection can serve another request
    _received = 0              # bytes of the body
    _failed = None             # the Verdict on what has gone wrong
    _decoding = False          # messages() or frames() are not at their end
    _views_under_way = None    # readinto's
    _rest = b""                # what readinto has received and not yet given
    _ending = None             # follows the content of a body that ends with its connection
    _end_required = False      # and must have seen its end

    def __init__(self, connection, reader, target, idle_timeout=None):
        head = reader.head
        self.status = head.status
        self.reason = head.reason
        self.version = head.version
        self.headers = head.headers
        self.framing = reader.framing
        self.method = reader.method
        self.target = target
        self._connection = connection
        self._reader = reader   # of the connection; it is this answer's until that is complete
        if self.framing.coding is not None:
            raise framing_error("RFC 9112 §7", reader.heads.start, reader.heads.raw, head.headers,
                                "transfer-encoding", "chunked: no other transfer coding is decoded here")
        if reader.complete:
            self._finish(connection.take_received())
        else:
            self.limit_idle(idle_timeout)

    def __repr__(self):
        text = "<Response %d %s to %s %s, %s>"
        return text % (self.status, self.reason, self.method, self.target, self.framing.kind)

    def close(self):
        """Stop here. A body not read to its end closes the connection: that is how a stream is cancelled."""
        if self._failed is None and (self._decoding or not self.complete):
            self._failed = Verdict("cancelled", BODY_NAMES[self.framing.kind], None, self._received)
        if not self.complete:
            self._connection.close()

    @property
    def verdict(self):
        """How the body ended (a Verdict), None while it has not.

        A body that ends with its connection (HTTP/1.0 without a length) is "unconfirmed", unless its content
        was watched, or read with json(), and has shown its end.
        """
        if self._failed is not None or self._decoding or not self.complete:
            return self._failed
        kind = self.framing.kind
        ended = kind not in ("close", "upgrade") or self._ending is not None and self._ending.whole()
        return Verdict("complete" if ended else "unconfirmed", BODY_NAMES[kind],
                       self.framing.length if kind in ("length", "none") else None, self._received)

    def watch_end(self, content, required=False):
        """Ask the content for its end where the body ends with the connection. To be called before reading.

        `content` (str or None) is a result kind of the endpoint table: "json" and "tar" show their end,
        others do not. `required`: whoever reads to the end gets UnconfirmedError where it is not shown.
        """
        if self.framing.kind == "close" and not self.complete:
            from .ending import content_end
            self._ending = content_end(content)
            self._end_required = required

    def _require_end(self):
        if self._end_required and not self._ending.whole():
            error = UnconfirmedError(self._reader.offset, self._received)
            self._set_verdict(error)
            raise error

    def _set_verdict(self, error):
        """The verdict is on `error`, unless one was given before that another read cannot change."""
        if self._failed is None or self._failed.kind in ("timeout", "unconfirmed"):
            name = BODY_NAMES[self.framing.kind]
            if isinstance(error, ConnectError) and self._connection.closed:
                self._failed = Verdict("cancelled", name, None, self._received, error)
            else:
                self._failed = verdict_of_error(error, name, self._received)
        if isinstance(error, ProtocolError) and not self.complete:
            self._connection.close()

    def limit_idle(self, seconds):
        """From here on Timeout if no byte comes for `seconds` (None: wait for ever), or UsageError."""
        require_seconds("limit_idle", seconds)
        if not self.complete:
            self._connection._set_timeout(seconds)

    def _finish(self, leftover):
        """The body is complete, and `leftover` are the bytes received after it."""
        connection = self._connection
        if leftover and self._reader.state == "closed":
            connection.close()
            self._reader.take_head(leftover, 0, [])   # refuses them
        self.complete = True
        self._failed = None   # a timeout that was read past
        self.trailers = self._reader.trailers
        connection.release(leftover)
        if connection.reusable and self.on_complete is not None:
            self.on_complete(connection)

    def _take(self, data, pieces):
        """Append pieces of content out of bytes received, then raise what is wrong; no bytes: the end."""
        reader, leftover = self._reader, b""
        try:
            if len(data):
                self._received += len(data)
                leftover = bytes(data[reader.take_content(data, 0, pieces):])
                self._received -= len(leftover)
                if self._ending is not None:
                    self._ending.feed(data)
            else:
                # After a reset only a refusal counts as complete: servers reset when they refuse early.
                if self._connection.was_reset and self.framing.kind == "close" and self.status < 400:
                    raise TruncatedError("a body that ends with the connection, which was reset",
                                         reader.offset, None, self._received)
                reader.feed_eof()
            if reader.complete:
                self._finish(leftover)
        except ProtocolError:
            self._connection.close()
            raise

    def _piece_lists(self, view=None):
        """Lists of pieces of content, one for each time that bytes were received; then raise what is wrong.

        With `view` (memoryview, writable) the pieces are slices of it, valid until the next list.
        """
        connection = self._connection
        while not self.complete:
            pieces = []
            try:
                data = connection.take_received() or connection.receive(self._received, view=view)
                self._take(data, pieces)
            except RawdockError as error:
                if pieces:
                    yield pieces
                self._set_verdict(error)
                raise
            if pieces:
                yield pieces

    def __iter__(self):
        """Pieces of the body (bytes) as they come: what is received at once is one, whatever the chunks."""
        yield from self._pieces()
        self._require_end()

    def _pieces(self):
        for pieces in self._piece_lists():
            yield pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def read(self, limit=None):
        """The whole body (bytes). With `limit`, ProtocolError once it has more bytes than that."""
        parts, size = [], 0
        for pieces in self._piece_lists():
            parts += pieces
            size += sum(map(len, pieces))
            if limit is not None and size > limit:
                expected = "a body of at most %d bytes" % limit
                error = ProtocolError("rawdock limit", limit, pieces[-1], expected)
                self._set_verdict(error)
                raise error
        self._require_end()
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def json(self, limit=MAX_JSON_BYTES):
        """The body decoded as JSON. ProtocolError if it is none, or has more bytes than `limit`."""
        from ..wire.jsonstream import decode_strict_json
        self.watch_end("json", self._end_required)
        data = self.read(limit)
        try:
            return decode_strict_json(data.decode("utf-8"))
        except (ValueError, RecursionError) as wrong:
            at = getattr(wrong, "pos", getattr(wrong, "start", 0))
            error = ProtocolError("RFC 8259", at, data, "JSON (%s)" % wrong)
        self._set_verdict(error)
        raise error

    def _views(self):
        """Pieces of the body in a buffer that is used again: each is valid until the next."""
        for views in self._piece_lists(memoryview(bytearray(BODY_BUFFER_BYTES))):
            yield from views
        self._require_end()

    def readinto(self, buffer):
        """Fill `buffer` (writable) with body bytes → how many; 0 at the end of the body."""
        view = memoryview(buffer).cast("B")
        while len(view) and not len(self._rest):
            if self._views_under_way is None:
                self._views_under_way = self._views()
            try:
                self._rest = next(self._views_under_way)
            except StopIteration:
                return 0
            except BaseException:
                self._views_under_way = None   # the next call goes on or fails: 0 would look like the end
                raise
        size = min(len(view), len(self._rest))
        view[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size

    def copy_to(self, file):
        """Write the whole body to `file` (binary, with write()) → how many bytes.

        A file with write_run() is given the pieces that were received at once, in one list.
        """
        total = 0
        write_run = getattr(file, "write_run", None)
        for run in self._piece_lists(memoryview(bytearray(BODY_BUFFER_BYTES))):
            total += sum(map(len, run))
            if write_run is not None:
                write_run(run)
                continue
            for view in run:
                while len(view):
                    written = file.write(view)
                    view = view[len(view) if written is None else written:]
        self._require_end()
        return total

    def messages(self):
        """JSON messages (dicts) of the body as they come. StreamError for one that reports an error."""
        from ..wire.jsonstream import MessageReader
        return self._decoded(checked_messages(read_lists(MessageReader(), self._pieces())))

    def frames(self, tty=False):
        """(stream, bytes) of the body as they come; with `tty` the bytes are raw and all of stream 1."""
        if tty:
            for piece in self:
                yield 1, piece
            return
        for frames in self.frame_lists():
            yield from frames

    def frame_lists(self):
        """The frames of the body as lists of (stream, bytes), one for each time that bytes were received."""
        from ..wire.frames import FrameReader
        return self._decoded(read_lists(FrameReader(), self._pieces()))

    def _decoded(self, values):
        """The `values` that are decoded from the body; then the verdict is on how they ended."""
        self._decoding = True
        try:
            yield from values
            self._require_end()
            self._decoding = False
        except RawdockError as error:
            self._set_verdict(error)
            raise
        finally:
            self.close()
            self._decoding = False

    def duplex(self, tty=None):
        """The raw stream that follows a 101 (or a 2xx to a hijack request)."""
        from .duplex import Duplex
        return Duplex(self._connection, self, tty)


def checked_messages(lists):
    """Each message (dict) of the `lists`. StreamError for one that carries the engine's error."""
    recent = deque(maxlen=KEPT_MESSAGES)
    for messages in lists:
        for message in messages:
            if "errorDetail" in message or "error" in message:
                check_stream_message(message, recent)
            recent.append(message)
            yield message


def check_stream_message(message, recent):
    """StreamError, with the status lines of the `recent` messages (dicts), if `message` reports an error."""
    detail, error = message.get("errorDetail"), message.get("error")
    if detail or error:
        fields = detail if isinstance(detail, dict) else {}
        code = fields.get("code")
        lines = [earlier.get("status") or earlier.get("stream") for earlier in recent]
        statuses = [line.strip() for line in lines if isinstance(line, str) and line.strip()]
        raise StreamError(str(fields.get("message") or error or detail),
                          code if isinstance(code, int) else None, statuses[-KEPT_STATUS_LINES:])
