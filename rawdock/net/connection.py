"""One connection to an engine: a request goes out, its response comes back, the socket is kept or becomes a stream.

    Connection   one socket; `request()` writes a request and reads the head of its answer
    Response     the answer: status, headers, and the body in every shape the engine uses
    Duplex       what a hijacked connection becomes: frames or raw bytes out, stdin in

Strategy: a head and a small body leave in one write; `Host: docker`, never `Expect`. A
body is decoded where it was received, with no copy for `readinto` and `copy_to`. Bytes
that came with a head belong to what follows and are handed on. A response whose body was
read to its end leaves the connection usable; anything else closes it.

Promises: a body that was cut raises TruncatedError, whichever way it is read. While a long
request body is sent the connection watches for an early refusal, and after a broken write
it still looks for the answer that explains it. Timeouts are kept apart: `connect` (in
dial), `send` and `head` for an answer to begin, `idle` between two receipts. None means
no limit, which is what streams want. `close()` from another thread ends a read.
"""
import json
import socket

from ..errors import ConnectError, ProtocolError, StreamError, Timeout, TruncatedError, UsageError
from ..wire.body import body_reader, response_framing, stays_open
from ..wire.chunked import encode_chunk, encode_last_chunk
from ..wire.frames import FrameReader
from ..wire.jsonstream import MessageReader
from ..wire.message import encode_request_head, find_head_end, parse_response_head

RECEIVE_BYTES = 65536         # one receipt while looking for heads and small bodies
BODY_BUFFER_BYTES = 262144    # the reused buffer of copy_to: larger than a socket's queue gains nothing
SEND_BYTES = 65536            # one write of a streamed request body
KEPT_STATUS_LINES = 5         # status lines remembered for a StreamError


class Connection:
    """`sock` is connected; `address` (str or Address) is for messages and `label` only."""

    def __init__(self, sock, address=""):
        self.sock = sock
        self.address = address
        self.reusable = True     # no message is under way and the peer has not said it will close
        self.requests = 0        # requests sent so far
        self._received = bytearray()
        self._timeout = None
        self._closed = False

    def close(self):
        """Close the socket; a read that waits in another thread ends with ConnectError."""
        if self._closed:
            return
        self._closed = True
        self.reusable = False
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def is_stale(self):
        """True if an idle connection is readable: the peer closed it, or sent what nobody asked for."""
        from select import select
        try:
            return bool(self._received or select([self.sock], [], [], 0)[0])
        except (OSError, ValueError):
            return True

    def request(self, method, target, headers=(), body=None, version="1.1", hijack=False, head_timeout=None, idle_timeout=None):
        """Send a request and read the head of its answer → Response.

        `target` str as sent; `headers` (name, value) pairs added to Host and the framing; `body`
        None, bytes, or an iterable of bytes or a file (sent chunked, or as they are when a
        Content-Length is given, whose number is then checked). `hijack`: a 2xx switches the
        connection to a raw stream. Timeouts in seconds.
        """
        if not self.reusable:
            raise ConnectError(self.address, "the connection is used up", hint="dial a new one")
        head, streamed, announced = self._encode(method, target, headers, body, version)
        self.reusable = False
        self.requests += 1
        self._set_timeout(head_timeout, "send")
        try:
            self._send(head if streamed else head + (body or b""))
            if streamed:
                self._send_stream(body, announced)
        except (BrokenPipeError, ConnectionResetError):
            pass   # the engine may have refused early and closed: its answer is still to be read
        response_head = self._read_head(head_timeout)
        framing = response_framing(response_head, method, hijack)
        return Response(self, response_head, framing, method, target, idle_timeout)

    def _encode(self, method, target, headers, body, version):
        """(bytes of the head, whether the body is streamed, its announced length or None)."""
        named = {str(name).lower(): value for name, value in headers}
        fields = [] if "host" in named else [("Host", "docker")]
        streamed = body is not None and not isinstance(body, (bytes, bytearray))
        announced = None
        if "transfer-encoding" in named:
            raise UsageError("Transfer-Encoding is set by the body", "leave the header out")
        if "content-length" in named:
            text = str(named["content-length"])
            if not (text.isdigit() and text.isascii() if hasattr(text, "isascii") else text.isdigit()):
                raise UsageError("Content-Length %r is not a number" % text)
            announced = int(text)
            if not streamed and announced != len(body or b""):
                raise UsageError("Content-Length says %d bytes, the body has %d" % (announced, len(body or b"")), "leave the header out")
        elif streamed:
            if version == "1.0":
                raise UsageError("HTTP/1.0 cannot send a body of unknown length", "give a Content-Length, or use HTTP/1.1")
            fields.append(("Transfer-Encoding", "chunked"))
        elif body is not None or method not in ("GET", "HEAD", "DELETE"):
            fields.append(("Content-Length", len(body or b"")))
        return encode_request_head(method, target, fields + list(headers), version), streamed, announced

    def _send(self, data):
        try:
            self.sock.sendall(data)
        except socket.timeout:
            raise Timeout("send", self._timeout, 0, self.address)
        except (BrokenPipeError, ConnectionResetError):
            raise
        except (OSError, ValueError) as error:
            raise self._broken(error)

    def _send_stream(self, body, announced):
        """Send an iterable of bytes or a file; stop if the engine refuses before it has all."""
        pieces = iter(lambda: body.read(SEND_BYTES), b"") if hasattr(body, "read") else body
        sent = 0
        watch = True
        try:
            for piece in pieces:
                if not isinstance(piece, (bytes, bytearray, memoryview)):
                    raise UsageError("a request body gives bytes, not %s" % type(piece).__name__)
                sent += len(piece)
                if announced is not None and sent > announced:
                    raise UsageError("the body is longer than its Content-Length of %d bytes" % announced)
                if watch and self._answer_has_begun():
                    watch = False
                    if self._refused_early():
                        return
                self._send(piece if announced is not None else encode_chunk(piece))
        except (BrokenPipeError, ConnectionResetError):
            raise
        except BaseException:
            self.close()   # half a body is on the wire: nothing after it can be understood
            raise
        if announced is None:
            self._send(encode_last_chunk())
        elif sent < announced:
            self.close()
            raise UsageError("the body has %d bytes, its Content-Length says %d" % (sent, announced))

    def _answer_has_begun(self):
        from select import select
        return bool(select([self.sock], [], [], 0)[0])

    def _refused_early(self):
        """Whether the answer that has begun is an error: the rest of the body would not be read."""
        end = self._head_end()
        while end < 0:
            if not self._receive():
                return True
            end = self._head_end()
        return parse_response_head(bytes(self._received[:end])).status >= 400

    def _set_timeout(self, seconds, phase):
        if seconds != self._timeout:
            try:
                self.sock.settimeout(seconds)
            except OSError as error:
                raise self._broken(error)
            self._timeout = seconds

    def _broken(self, error):
        self.reusable = False
        if self._closed:
            return ConnectError(self.address, "the connection was closed on this side")
        return ConnectError(self.address, "the connection broke (%s)" % (getattr(error, "strerror", None) or error),
                            getattr(error, "errno", None), "did the engine stop? Try again")

    def receive(self, phase="idle", received=0):
        """bytes from the socket, b"" at its end."""
        try:
            data = self.sock.recv(RECEIVE_BYTES)
        except socket.timeout:
            raise Timeout(phase, self._timeout, received, self.address)
        except ConnectionResetError:
            data = b""   # all that was queued has been read: for a reader this is the end, a cut if too early
        except (OSError, ValueError) as error:
            raise self._broken(error)
        if not data and self._closed:
            raise self._broken(None)
        return data

    def receive_into(self, view):
        """Fill the start of `view` from the socket; the number of bytes, 0 at its end."""
        try:
            size = self.sock.recv_into(view)
        except socket.timeout:
            raise Timeout("idle", self._timeout, 0, self.address)
        except ConnectionResetError:
            size = 0
        except (OSError, ValueError) as error:
            raise self._broken(error)
        if not size and self._closed:
            raise self._broken(None)
        return size

    def _receive(self):
        data = self.receive("head", len(self._received))
        self._received += data
        return bool(data)

    def _head_end(self):
        return find_head_end(self._received, 0, "response", 0) if self._received else -1

    def _read_head(self, timeout):
        """The Head of the final response; interim ones are passed over."""
        self._set_timeout(timeout, "head")
        while True:
            scanned = 0
            while True:
                if self._received:
                    end = find_head_end(self._received, scanned, "response", 0)
                    if end >= 0:
                        break
                    scanned = len(self._received)
                if not self._receive():
                    self.reusable = False
                    if self._received:
                        raise TruncatedError("a response head", len(self._received), None, len(self._received))
                    raise ConnectError(self.address, "the engine closed the connection without an answer",
                                       hint="did the engine stop? See its log, then try again")
            head = parse_response_head(bytes(self._received[:end]))
            del self._received[:end]
            if head.status >= 200 or head.status == 101:
                return head

    def take_received(self):
        """The bytes that came after the head, which belong to the body or the stream."""
        data = bytes(self._received)
        self._received = bytearray()
        return data

    def hand_back(self, leftover, head, framing):
        """A response was read to its end: keep the connection if both sides can."""
        if leftover or not stays_open(head, framing):
            self.close()
        else:
            self.reusable = True


class Response:
    """What the engine answered. `status` int, `reason` str, `version` "1.0"/"1.1", `headers` Headers, `framing`.

    The body is read once, in one of these ways: read(), json(), readinto(), copy_to(), iteration,
    messages(), frames(). `complete` turns True when its end has been seen. All of them raise
    TruncatedError, ProtocolError, Timeout or ConnectError when it does not end as it should.
    """

    def __init__(self, connection, head, framing, method, target, idle_timeout=None):
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
        self._idle_timeout = idle_timeout
        self._body = body_reader(framing)
        self._received = 0
        if framing.kind != "upgrade":
            if self._body.done:
                self._finish()
            else:
                connection._set_timeout(idle_timeout, "idle")

    def __repr__(self):
        return "<Response %d %s to %s %s, %s>" % (self.status, self.reason, self.method, self.target, self.framing.kind)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        """Stop here. A body not read to its end closes the connection: that is how a stream is cancelled."""
        if not self.complete:
            self._connection.close()

    def _finish(self):
        self.complete = True
        self.trailers = self._body.trailers
        connection = self._connection
        leftover = self._body.leftover or connection.take_received()
        if leftover and not stays_open(self._head, self.framing):
            connection.close()
            raise ProtocolError("RFC 9112 §9.6", self._received, leftover, "no byte after a message that closes the connection")
        connection.hand_back(leftover, self._head, self.framing)
        if connection.reusable and self.on_complete is not None:
            self.on_complete(connection)

    def _feed(self, data):
        """Pieces of the body out of bytes received; no bytes means the end of the connection."""
        body = self._body
        try:
            if len(data):
                self._received += len(data)
                pieces = body.feed(data)
            else:
                body.feed_eof()
                pieces = []
        except ProtocolError:
            self._connection.close()
            raise
        if body.done:
            self._finish()
        return pieces

    def __iter__(self):
        """Pieces of the body (bytes) as they come."""
        connection = self._connection
        data = b"" if self.complete else connection.take_received()
        if data:
            for piece in self._guarded(self._feed(data)):
                yield piece
        while not self.complete:
            for piece in self._guarded(self._feed(connection.receive("idle", self._received))):
                yield piece

    def _guarded(self, pieces):
        """`pieces`; the connection is closed when an error stands behind them."""
        try:
            for piece in pieces:
                yield piece
        except ProtocolError:
            self._connection.close()
            raise

    def read(self, limit=None):
        """The whole body (bytes). With `limit`, ProtocolError once it has more bytes than that."""
        if limit is None:
            return b"".join(self)
        pieces, size = [], 0
        for piece in self:
            size += len(piece)
            if size > limit:
                self.close()
                raise ProtocolError("rawdock limit", limit, piece, "a body of at most %d bytes" % limit)
            pieces.append(piece)
        return b"".join(pieces)

    def json(self):
        """The body decoded as JSON. ProtocolError if it is none."""
        data = self.read()
        try:
            return json.loads(data.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise ProtocolError("RFC 8259", getattr(error, "pos", getattr(error, "start", 0)), data, "JSON (%s)" % error)

    def _views(self, buffer):
        """The body as memoryviews into `buffer`, valid until the next is asked for."""
        connection = self._connection
        data = b"" if self.complete else connection.take_received()
        if data:
            for piece in self._guarded(self._feed(memoryview(data))):
                yield piece
        view = memoryview(buffer)
        while not self.complete:
            size = connection.receive_into(view)
            for piece in self._guarded(self._feed(view[:size])):
                yield piece

    def readinto(self, buffer):
        """Fill `buffer` (writable) with body bytes → how many; 0 at the end of the body."""
        view = memoryview(buffer).cast("B")
        if not len(view):
            return 0
        source = getattr(self, "_source", None)
        if source is None:
            source = self._source = self._views(bytearray(RECEIVE_BYTES))
            self._rest = memoryview(b"")
        while not len(self._rest):
            piece = next(source, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        size = min(len(view), len(self._rest))
        view[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size

    def copy_to(self, file):
        """Write the whole body to `file` (binary, with write()) → how many bytes."""
        total = 0
        write = file.write
        for view in self._views(bytearray(BODY_BUFFER_BYTES)):
            while len(view):
                written = write(view)
                if written is None or written == len(view):
                    total += len(view)
                    break
                total += written
                view = view[written:]
        return total

    def messages(self):
        """JSON messages (dicts) of the body as they come. An error the engine reports in one raises StreamError."""
        reader = MessageReader()
        statuses = []
        try:
            for piece in self:
                for message in reader.feed(piece):
                    check_stream_message(message, statuses)
                    yield message
            reader.feed_eof()
        finally:
            self.close()

    def frames(self, tty=False):
        """(stream, bytes) of the body as they come; with `tty` the bytes are raw and all of stream 1."""
        try:
            for frame in decode_frames(self, tty):
                yield frame
        finally:
            self.close()

    def duplex(self, tty=None):
        """The raw stream that follows a 101 (or a 2xx to a hijack request)."""
        return Duplex(self._connection, self, tty)


def check_stream_message(message, statuses):
    """Raise StreamError if `message` carries the engine's error; else remember its status line in `statuses`."""
    detail = message.get("errorDetail")
    if isinstance(detail, dict) and detail.get("message") or message.get("error"):
        detail = detail if isinstance(detail, dict) else {}
        code = detail.get("code")
        raise StreamError(str(detail.get("message") or message["error"]), code if isinstance(code, int) else None, statuses)
    status = message.get("status") or message.get("stream")
    if isinstance(status, str) and status.strip():
        statuses.append(status.strip())
        del statuses[:-KEPT_STATUS_LINES]


def decode_frames(pieces, tty):
    """Pieces of bytes → (stream, bytes): demultiplexed, or all stream 1 with `tty`."""
    if tty:
        for piece in pieces:
            yield 1, piece
        return
    reader = FrameReader()
    for piece in pieces:
        for frame in reader.feed(piece):
            yield frame
    reader.feed_eof()


class Duplex:
    """A hijacked connection: the container's output comes out, its stdin goes in.

    `tty` says whether the output is raw (True) or in frames (False). Reading and writing may
    happen in two threads. Closing it detaches; it does not stop the container.
    """

    def __init__(self, connection, response, tty=None):
        self.response = response
        self.tty = tty
        self._connection = connection
        self._leftover = connection.take_received()
        connection._set_timeout(None, "idle")

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def fileno(self):
        return self._connection.sock.fileno()

    def receive(self):
        """Bytes as they come, b"" once the engine has closed the stream."""
        data, self._leftover = self._leftover, b""
        return data or self._connection.receive()

    def __iter__(self):
        """Pieces of the raw stream (bytes) until the engine closes it."""
        while True:
            data = self.receive()
            if not data:
                return
            yield data

    def frames(self):
        """(stream, bytes) as they come. TruncatedError if the stream ends inside a frame.

        An end between two frames looks like the true end: ask the engine (wait, inspect) before believing it.
        """
        return decode_frames(self, self.tty)

    def send(self, data):
        """Write bytes to the container's stdin. ConnectError when nobody reads them any more."""
        try:
            self._connection.sock.sendall(data)
        except OSError as error:
            raise self._connection._broken(error)

    def close_write(self):
        """Half-close: the end of stdin."""
        try:
            self._connection.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass   # the engine has closed already: there is no stdin left to end

    def close(self):
        self._connection.close()
