"""One connection to an engine: a request goes out, its response comes back, the socket is kept or becomes a stream.

    Connection   one socket; `request()` writes a request and reads the head of its answer
    Response     the answer: status, headers, and the body in every shape the engine uses

Strategy: a head and a small body leave in one write; `Host: docker`, never `Expect`. A
body is decoded where it was received, with no copy for `readinto` and `copy_to`. Bytes
that came with a head belong to what follows and are handed on. A response whose body was
read to its end leaves the connection usable; anything else closes it.

Promises: a body that was cut raises TruncatedError, whichever way it is read, and each body
and stream ends in a Verdict, which is true only if nothing is missing for certain. While a long
request body is sent the connection watches for an early refusal, and after a broken write
it still looks for the answer that explains it; a connection with half a request on it is
never used again. Timeouts are kept apart: `connect` (in dial), `send` for the request to go
out, `head` for the head of the answer to come whole, `idle` between two receipts, `total` for a request
and all of its answer. None means no limit, which is what streams want. `close()` from another
thread ends a read.

Left out: pipelining (an engine answers in order anyway, and an early refusal would leave the
rest unanswered), and Expect: 100-continue (an engine refuses early without being asked to).
"""
import _socket
import json
import os
import re
import sys
import time
from collections import deque

from ..errors import (ConnectError, ProtocolError, RawdockError, StreamError, Timeout, TruncatedError, UnconfirmedError,
                      UsageError, Verdict, verdict_of_error)
from ..wire.body import BODY_NAMES, body_reader, framing_error, response_framing, stays_open
from ..wire.feed import values_or_error
from ..wire.message import MAX_HEAD_BYTES, encode_request_head, find_head_end, parse_response_head

RECEIVE_BYTES = 65536         # one receipt while looking for heads and small bodies
BODY_BUFFER_BYTES = 262144    # the reused buffer of copy_to: larger than a socket's queue gains nothing
SEND_BYTES = 65536            # one write of a request body; what is longer is sent watching for an answer
MAX_INTERIM_ANSWERS = 100     # engines send one at most (RFC 9110 §15.2)
EARLY_BYTES = 16 << 20        # kept of an answer that begins before the request is over (the progress of a load)
MAX_JSON_BYTES = 256 << 20    # decoded at once: a list of 100,000 containers has about 200 MB; docker-py and the Go client take any
MAX_SECONDS = 2147483         # of a time limit: poll() counts milliseconds in 31 bits
KEPT_MESSAGES = 50            # the last ones, among which a StreamError finds its status lines
KEPT_STATUS_LINES = 5


def require_seconds(name, seconds):
    """UsageError unless `seconds` can be the time limit called `name`: None, or a number above 0."""
    if seconds is not None and not (type(seconds) in (int, float) and 0 < seconds <= MAX_SECONDS):
        raise UsageError("%s: %r is no number of seconds, above 0 and at most %d" % (name, seconds, MAX_SECONDS), "None is no limit")


class Connection:
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
        self._received = bytearray()
        self._scanned = 0        # bytes of it in which no end of a head was found
        self._may_skip_crlf = True
        self._interim = 0        # 1xx answers to the request under way
        self._head = None        # found at the start of it, its bytes
        self._raw_head = b""
        self._offset = 0         # of the first byte received, in the answer under way
        self._sent_whole = True  # the last request has gone out to its end
        self._timeout = None     # of one wait, in seconds
        self._total = None       # (seconds for the exchange, when they are over)
        self._last_plain = None  # (method, target, version) of the last request without headers and body
        self._last_plain_head = b""
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
            reason = "the connection was made by process %d, and this is process %d" % (self._pid, os.getpid())
            raise ConnectError(self.address, reason, hint="make requests of your own after a fork", connected=True)

    def __del__(self):
        # A stream that nobody holds any more is cancelled. No shutdown: a fork may share the socket.
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

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

    def request(self, method, target, headers=(), body=None, version="1.1", hijack=False, head_timeout=None, idle_timeout=None,
                total_timeout=None):
        """Send a request and read the head of its answer → Response.

        `target` str as sent; `headers` (name, value) pairs added to Host and the framing; `body`
        None, bytes, or an iterable of bytes or a file (sent chunked, or as they are when a
        Content-Length is given, whose number is then checked). `hijack`: a 2xx switches the
        connection to a raw stream. Timeouts in seconds, above 0. Whatever it raises once it has begun to
        send, the connection is closed.
        """
        self._require_own_process()
        require_seconds("head_timeout", head_timeout)
        require_seconds("idle_timeout", idle_timeout)
        require_seconds("total_timeout", total_timeout)
        if not self.reusable:
            raise ConnectError(self.address, "the connection is used up", hint="dial a new one", connected=True)
        if body is None and not headers and (method, target, version) == self._last_plain:
            head, announced = self._last_plain_head, None   # asked again, as one who polls does
        else:
            plain = body is None and not headers
            head, body, announced = self._encode(method, target, list(headers), body, version)
            if plain:
                self._last_plain, self._last_plain_head = (method, target, version), head
        self.reusable = False
        self._offset = self._interim = 0
        try:
            self._set_timeout(head_timeout)
            if total_timeout is not None:
                self._total = total_timeout, time.monotonic() + total_timeout
                self._near_the_end(0)
            if body is None:
                self._sent_whole = self._send(head)
            elif isinstance(body, bytes):
                self._sent_whole = self._send(head + body)
            else:
                self._sent_whole = self._send(head) and self._send_stream(body, announced)
            # Not sent whole: the engine has refused early, or closed, and its answer is still to be read.
            response_head = self._read_head(head_timeout)
            framing = response_framing(response_head, method, hijack, self._offset, self._raw_head)
            if framing.coding is not None:
                raise framing_error("RFC 9112 §7", self._offset, self._raw_head, response_head.headers, "transfer-encoding",
                                    "chunked: no other transfer coding is decoded here")
            self._offset += len(self._raw_head)
            return Response(self, response_head, framing, method, target, idle_timeout, self._offset)
        except BaseException:
            self.close()
            raise

    def _encode(self, method, target, headers, body, version):
        """(bytes of the head; the body: None, bytes, or an iterable of pieces; its length or None: chunked)."""
        for what, text in (("method", method), ("request target", target)):
            if not isinstance(text, str):
                raise UsageError("the %s is a str, not %s %r" % (what, type(text).__name__, text))
        named = [str(name).lower() for name, _ in headers]
        fields = [] if "host" in named else [("Host", "docker")]
        if isinstance(body, (bytes, bytearray, memoryview)):
            length = memoryview(body).nbytes
            body = bytes(body) if length <= SEND_BYTES else byte_slices(body)
        elif body is None:
            length = 0
        elif hasattr(body, "read"):
            length, body = None, iter(lambda file=body: file.read(SEND_BYTES), b"")
        elif hasattr(body, "__iter__") and not isinstance(body, (str, dict)):
            length = None
        else:
            raise UsageError("a request body is bytes, a binary file or an iterable of bytes, not %s" % type(body).__name__)
        if "transfer-encoding" in named:
            raise UsageError("Transfer-Encoding is set by the body", "leave the header out")
        if "content-length" in named:
            texts = [str(value) for name, value in headers if str(name).lower() == "content-length"]
            if len(texts) > 1 or not re.fullmatch("[0-9]{1,19}", texts[0]):
                raise UsageError("Content-Length %s is not one number" % ", ".join(map(repr, texts)))
            if length is not None and length != int(texts[0]):
                raise UsageError("Content-Length says %s bytes, the body has %d" % (texts[0], length), "leave the header out")
            length = int(texts[0])
        elif length is None:
            if version == "1.0":
                raise UsageError("HTTP/1.0 cannot send a body of unknown length", "give a Content-Length, or use HTTP/1.1")
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
            raise self._broken(error, "send")

    def _send_stream(self, pieces, length):
        """Send the body in `pieces`, chunked when `length` is None. False if the engine did not take it to its end."""
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
        while len(view):
            wait = self._timeout if self._total is None else self._near_the_end(len(self._received))
            events = poller.poll(None if wait is None else max(1, int(wait * 1000)))
            if not events:
                raise self._late("send", len(self._received))
            if events[0][1] & ~POLLOUT:
                if not self._receive():
                    return False
                head = self._parse_head()
                if head is not None and head.status >= 400:
                    return False
                if len(self._received) > EARLY_BYTES:   # both sides would wait for the other to read
                    raise ProtocolError("rawdock limit", self._offset + EARLY_BYTES, self._received[EARLY_BYTES:],
                                        "a request that is read before %d bytes of its answer have come" % EARLY_BYTES)
            elif events[0][1] & POLLOUT:
                try:
                    view = view[self.sock.send(view, _socket.MSG_DONTWAIT):]
                except BlockingIOError:
                    pass
                except (BrokenPipeError, ConnectionResetError):
                    return False
                except (OSError, ValueError) as error:
                    raise self._broken(error)
        return True

    def _set_timeout(self, seconds):
        if seconds != self._timeout:
            try:
                limit_waiting(self.sock, seconds)
            except OSError as error:
                raise self._broken(error)
            self._timeout = seconds

    def _near_the_end(self, received):
        """Limit the next wait to what is left of the exchange's time too → that limit in seconds. Timeout if nothing is."""
        left = self._total[1] - time.monotonic()
        if left <= 0:
            raise self._late(None, received)
        wait = left if self._timeout is None else min(left, self._timeout)
        limit_waiting(self.sock, wait)
        return wait

    def _late(self, phase, received, seconds=None):
        """The Timeout of `phase`, or "total" when the time of the whole exchange is over."""
        if self._total is not None and time.monotonic() >= self._total[1] - 0.001:   # the system's timers count in steps
            return Timeout("total", self._total[0], received, self.address)
        return Timeout(phase, seconds or self._timeout, received, self.address)

    def _broken(self, error, phase=None, received=0, seconds=None):
        """The Timeout or ConnectError for a socket call that failed with `error`."""
        # A timeout without a limit is the system's own ETIMEDOUT: newer Pythons have one class for both.
        if isinstance(error, (_socket.timeout, BlockingIOError)) and (self._timeout, self._total) != (None, None):
            return self._late(phase, received, seconds)
        self.reusable = False
        if self.closed:
            return ConnectError(self.address, "the connection was closed on this side", connected=True)
        return ConnectError(self.address, "the connection broke (%s)" % (getattr(error, "strerror", None) or error),
                            getattr(error, "errno", None), "did the engine stop? Try again", connected=True)

    def receive(self, received=0, phase="idle", seconds=None):
        """bytes from the socket, b"" at its end. `received`, `phase` and `seconds` are for the Timeout."""
        self._require_own_process()
        if self._total is not None:
            self._near_the_end(received)
        try:
            data = self.sock.recv(RECEIVE_BYTES)
        except ConnectionResetError:
            data = b""   # all that was queued has been read: for a reader this is the end, a cut if too early
            self.was_reset = True
        except (OSError, ValueError) as error:
            raise self._broken(error, phase, received, seconds)
        if not data and self.closed:
            raise self._broken(None)
        return data

    def receive_into(self, view, received=0):
        """Fill the start of `view` from the socket; the number of bytes, 0 at its end."""
        if self._total is not None:
            self._near_the_end(received)
        try:
            size = self.sock.recv_into(view)
        except ConnectionResetError:
            size = 0
            self.was_reset = True
        except (OSError, ValueError) as error:
            raise self._broken(error, "idle", received)
        if not size and self.closed:
            raise self._broken(None)
        return size

    def _receive(self, seconds=None):
        data = self.receive(len(self._received), "head", seconds)
        self._received += data
        return bool(data)

    def _parse_head(self):
        """The Head of the final response, which stays in what was received, or None: need more. Interim ones are dropped."""
        received = self._received
        while received and self._head is None:
            if received[0] == 0x0d and self._may_skip_crlf:   # one empty line before a status line is passed over
                if len(received) == 1:
                    return None
                if received[1] == 0x0a:
                    del received[:2]
                    self._offset += 2
                self._may_skip_crlf = False
                continue
            end = find_head_end(received, self._scanned, "response", self._offset)
            if end < 0:
                self._scanned = len(received)
                return None
            raw = bytes(received[:end])
            head = parse_response_head(raw, self._offset)
            self._scanned, self._may_skip_crlf = 0, True
            if head.status >= 200 or head.status == 101:
                self._head, self._raw_head = head, raw
            else:
                self._interim += 1
                if self._interim > MAX_INTERIM_ANSWERS:
                    raise ProtocolError("rawdock limit", self._offset, raw,
                                        "a final response after at most %d interim ones" % MAX_INTERIM_ANSWERS)
                del received[:end]
                self._offset += end
        return self._head

    def _read_head(self, timeout):
        """The Head of the final response, which must come whole within `timeout` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        if not self._received:
            data = self.receive(0, "head")
            end = data.find(b"\r\n\r\n") + 4
            if 4 <= end <= MAX_HEAD_BYTES and data[0] == 0x48 and data[9:10] != b"1":
                # The usual case: one receipt, in it the whole head of a final response.
                self._raw_head = data[:end]
                self._received = bytearray(data[end:])
                return parse_response_head(self._raw_head)
            if not data:
                raise self._unanswered()
            self._received += data
        head = self._parse_head()
        while head is None:
            if deadline is not None:   # each wait has only what is left of the head's time
                left = deadline - time.monotonic()
                if left <= 0:
                    raise self._late("head", len(self._received), timeout)
                self._set_timeout(left)
            if not self._receive(timeout):
                if self._received:
                    raise TruncatedError("a response head", self._offset + len(self._received), None, len(self._received))
                raise self._unanswered()
            head = self._parse_head()
        del self._received[:len(self._raw_head)]
        self._head = None
        return head

    def _unanswered(self):
        return ConnectError(self.address, "the engine closed the connection without an answer",
                            hint="did the engine stop? See its log, then try again", connected=True)

    def take_received(self):
        """The bytes that came after the head, which belong to the body or the stream."""
        self._require_own_process()
        if not self._received:
            return b""
        data = bytes(self._received)
        self._received = bytearray()
        return data

    def hand_back(self, leftover, head, framing):
        """A response was read to its end: keep the connection if both sides can."""
        if leftover or not self._sent_whole or not stays_open(head, framing):
            self.close()
        else:
            if self._total is not None:
                self._total = None
                limit_waiting(self.sock, self._timeout)
            self.reusable = True


def limit_waiting(sock, seconds):
    """From here on a send or receipt on `sock` waits no longer than `seconds` (None: for ever).

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


class Response:
    """What the engine answered. `status` int, `reason` str, `version` "1.0"/"1.1", `headers` Headers, `framing`.

    The body is read once, in one of these ways: read(), json(), readinto(), copy_to(), iteration,
    messages(), frames(). `complete` turns True when its end has been seen. All of them raise
    TruncatedError, ProtocolError, Timeout or ConnectError when it does not end as it should;
    their offsets are those in the answer, of messages() and frames() those in its content.
    `verdict` is None while the body is under way, then a Verdict. After watch_end() a body that ends with
    its connection can raise UnconfirmedError too.
    """

    def __init__(self, connection, head, framing, method, target, idle_timeout=None, offset=0):
        self.status = head.status
        self.reason = head.reason
        self.version = head.version
        self.headers = head.headers
        self.framing = framing
        self.method = method
        self.target = target
        self.complete = False
        self.trailers = None
        self.on_complete = None    # called once when the connection can serve another request
        self._head = head
        self._connection = connection
        self._body = body_reader(framing, None, offset)
        self._offset = offset          # where the body begins in the answer
        self._received = 0             # bytes of it
        self._failed = None            # the Verdict on what has gone wrong
        self._decoding = False         # messages() or frames() are not at their end
        self._views_under_way = None   # readinto's
        self._rest = b""               # what readinto has received and not yet given
        self._ending = None            # follows the content of a body that ends with its connection
        self._end_required = False     # and must have seen its end
        if self._body.done:
            self._finish()
        else:
            self.limit_idle(idle_timeout)

    def __repr__(self):
        return "<Response %d %s to %s %s, %s>" % (self.status, self.reason, self.method, self.target, self.framing.kind)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

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
        """Ask the content for its end where the body ends with the connection. To be called before the body is read.

        `content` (str or None) is a result kind of the endpoint table: "json" and "tar" show their end, others do
        not. `required`: whoever reads to the end gets UnconfirmedError where it is not shown.
        """
        if self.framing.kind == "close" and not self.complete:
            from ..wire.ending import content_end
            self._ending = content_end(content)
            self._end_required = required

    def _require_end(self):
        if self._end_required and not self._ending.whole():
            raise UnconfirmedError(self._offset + self._received, self._received)

    def _judge(self, error):
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
        """From here on Timeout if no byte comes for `seconds` (None: wait for ever). UsageError if that is no time."""
        require_seconds("limit_idle", seconds)
        if not self.complete:
            self._connection._set_timeout(seconds)

    def _finish(self):
        connection = self._connection
        leftover = self._body.leftover
        self._received -= len(leftover)
        leftover = leftover or connection.take_received()
        if leftover and not stays_open(self._head, self.framing):
            connection.close()
            raise ProtocolError("RFC 9112 §9.6", self._offset + self._received, leftover, "no byte after a message that closes the connection")
        self.complete = True
        self._failed = None   # a timeout that was read past
        self.trailers = self._body.trailers
        connection.hand_back(leftover, self._head, self.framing)
        if connection.reusable and self.on_complete is not None:
            self.on_complete(connection)

    def _feed(self, data):
        """Pieces of the body out of bytes received; no bytes means the end of the connection."""
        body, pieces = self._body, []
        try:
            if len(data):
                self._received += len(data)
                pieces = body.feed(data)
                if self._ending is not None:
                    self._ending.feed(data)
            else:
                # Only a refusal is believed whole though its sender had not read all that we sent.
                if self._connection.was_reset and self.framing.kind == "close" and self.status < 400:
                    raise TruncatedError("a body that ends with the connection, which was reset", self._offset + self._received, None, self._received)
                body.feed_eof()
            if body.done:
                self._finish()
        except ProtocolError as error:
            self._connection.close()
            return values_or_error(pieces, error)
        return pieces

    def _next_pieces(self):
        """Pieces of the body out of what came with the head, else out of one receipt."""
        connection = self._connection
        return self._feed(connection.take_received() or connection.receive(self._received))

    def __iter__(self):
        """Pieces of the body (bytes) as they come: what one receipt holds of it, whatever the chunks."""
        try:
            yield from self._pieces()
            self._require_end()
        except RawdockError as error:
            self._judge(error)
            raise

    def _pieces(self):
        while not self.complete:
            pieces = self._next_pieces()
            if len(pieces) == 1:
                yield pieces[0]
            elif pieces:
                yield b"".join(list.__iter__(pieces))
            if type(pieces) is not list:   # an error stands behind them
                raise pieces.error

    def read(self, limit=None):
        """The whole body (bytes). With `limit`, ProtocolError once it has more bytes than that."""
        pieces, size = [], 0
        try:
            while not self.complete:
                for piece in self._next_pieces():
                    pieces.append(piece)
                    size += len(piece)
                    if limit is not None and size > limit:
                        raise ProtocolError("rawdock limit", limit, piece, "a body of at most %d bytes" % limit)
            self._require_end()
        except RawdockError as error:
            self._judge(error)
            raise
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def json(self, limit=MAX_JSON_BYTES):
        """The body decoded as JSON. ProtocolError if it is none, or has more bytes than `limit`."""
        self.watch_end("json", self._end_required)
        data = self.read(limit)
        try:
            return json.loads(data.decode("utf-8"))
        except (ValueError, RecursionError) as wrong:
            error = ProtocolError("RFC 8259", getattr(wrong, "pos", getattr(wrong, "start", 0)), data, "JSON (%s)" % wrong)
        self._judge(error)
        raise error

    def _view_runs(self, buffer):
        """The body as lists of memoryviews, one a receipt, into `buffer`: valid until the next is asked for."""
        connection = self._connection
        view = memoryview(buffer)
        try:
            while not self.complete:
                data = connection.take_received()
                pieces = self._feed(memoryview(data) if data else view[:connection.receive_into(view, self._received)])
                if pieces:
                    yield list(list.__iter__(pieces))
                if type(pieces) is not list:   # an error stands behind them
                    raise pieces.error
            self._require_end()
        except RawdockError as error:
            self._judge(error)
            raise

    def _views(self, buffer):
        for run in self._view_runs(buffer):
            yield from run

    def readinto(self, buffer):
        """Fill `buffer` (writable) with body bytes → how many; 0 at the end of the body."""
        view = memoryview(buffer).cast("B")
        if not len(view):
            return 0
        while not len(self._rest):
            if self._views_under_way is None:
                self._views_under_way = self._views(bytearray(BODY_BUFFER_BYTES))
            try:
                self._rest = next(self._views_under_way)
            except StopIteration:
                return 0
            except BaseException:
                self._views_under_way = None   # the next call goes on, or fails too: 0 would look like the end
                raise
        size = min(len(view), len(self._rest))
        view[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size

    def copy_to(self, file):
        """Write the whole body to `file` (binary, with write(); or with write_run(), which takes a list) → how many bytes."""
        total = 0
        write_run = getattr(file, "write_run", None)
        for run in self._view_runs(bytearray(BODY_BUFFER_BYTES)):
            total += sum(map(len, run))
            if write_run is not None:
                write_run(run)
                continue
            for view in run:
                while len(view):
                    written = file.write(view)
                    view = view[len(view) if written is None else written:]
        return total

    def messages(self):
        """JSON messages (dicts) of the body as they come. An error the engine reports in one raises StreamError."""
        from ..wire.jsonstream import MessageReader
        reader = MessageReader()
        recent = deque(maxlen=KEPT_MESSAGES)
        self._decoding = True
        try:
            for piece in self._pieces():
                for message in reader.feed(piece):
                    if "errorDetail" in message or "error" in message:
                        check_stream_message(message, recent)
                    recent.append(message)
                    yield message
            reader.feed_eof()
            self._require_end()
            self._decoding = False
        except RawdockError as error:
            self._judge(error)
            raise
        finally:
            self.close()
            self._decoding = False

    def frames(self, tty=False):
        """(stream, bytes) of the body as they come; with `tty` the bytes are raw and all of stream 1."""
        if tty:
            for piece in self:
                yield 1, piece
            return
        for runs in self.frame_runs():
            for stream, payloads in runs:
                for payload in payloads:
                    yield stream, payload

    def frame_runs(self):
        """The frames of the body as lists, one a receipt, of (stream, [bytes, …]): consecutive frames of one stream together.

        An error that stands behind good frames is raised by iterating the list, after them.
        """
        from ..wire.frameruns import FrameRunReader
        from .duplex import read_frame_runs
        self._decoding = True
        try:
            if self.framing.kind == "chunked" and not self._received:
                self._body = reader = FrameRunReader(self._offset)
                while not self.complete:
                    runs = self._next_pieces()
                    if runs:
                        yield runs
                reader.frames.feed_eof()
            else:
                yield from read_frame_runs(self._pieces())
                self._require_end()
            self._decoding = False
        except RawdockError as error:
            self._judge(error)
            raise
        finally:
            self.close()
            self._decoding = False

    def duplex(self, tty=None):
        """The raw stream that follows a 101 (or a 2xx to a hijack request)."""
        from .duplex import Duplex
        return Duplex(self._connection, self, tty)


def check_stream_message(message, recent):
    """Raise StreamError if `message` carries the engine's error, with the status lines of the `recent` messages (dicts)."""
    detail, error = message.get("errorDetail"), message.get("error")
    if detail or error:
        fields = detail if isinstance(detail, dict) else {}
        code = fields.get("code")
        lines = [earlier.get("status") or earlier.get("stream") for earlier in recent]
        statuses = [line.strip() for line in lines if isinstance(line, str) and line.strip()]
        raise StreamError(str(fields.get("message") or error or detail), code if isinstance(code, int) else None,
                          statuses[-KEPT_STATUS_LINES:])
