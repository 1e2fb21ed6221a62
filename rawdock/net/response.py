"""A response: status, headers, and the body in each form that the engine uses.

Strategy: a body is decoded where it was received, so that readinto() and copy_to() copy nothing. A response
whose body was read to its end leaves the connection usable; anything else closes it.

Promises: a body that was cut raises TruncatedError, whichever way it is read, and every body ends in a
Verdict, which is true only if it is certain that nothing is missing.
"""
from collections import deque

from ..errors import (ConnectError, ProtocolError, RawdockError, StreamError, TruncatedError,
                      UnconfirmedError, Verdict, verdict_of_error)
from ..wire.framing import BODY_NAMES, framing_error
from ..wire.reader import read_lists
from .closing import Closing
from .limits import require_seconds

BODY_BUFFER_BYTES = 262144    # the reused buffer of copy_to: larger than a socket's queue gains nothing
MAX_JSON_BYTES = 256 << 20    # decoded at once: 100,000 containers have 200 MB; docker-py takes any number
KEPT_MESSAGES = 50            # the last ones, among which a StreamError finds its status lines
KEPT_STATUS_LINES = 5


class Response(Closing):
    """A response: `status` int, `reason` str, `version` "1.0" or "1.1", `headers`, `framing`, `trailers`.

    The body is read once, in one of these ways: read(), json(), readinto(), copy_to(), iteration, messages(),
    frames(). `complete` turns True when its end has been seen. All of them raise TruncatedError,
    ProtocolError, Timeout or ConnectError if it does not end as it should. Offsets in errors count from the
    start of the response, those of json(), messages(), frames() and of a limit from the start of its content.
    After watch_end() a body that ends with its connection can raise UnconfirmedError too. `received` counts
    bytes of the body.
    """

    complete = False
    trailers = None
    on_complete = None         # called once when the connection can serve another request
    received = 0
    failed = None              # the Verdict on the error that was raised
    _pending_error = None      # to be raised after pieces that arrived before it
    _decoding = False          # messages() or frames() have not reached their end
    _buffer = None             # readinto's
    _rest = ()                 # pieces in it that readinto has not returned yet, the next one last
    _ending = None             # examines the content of a body that ends with its connection
    _end_required = False      # the content must have shown its end

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
        self._reader = reader   # the connection's; it reads this response until that is complete
        if self.framing.coding is not None:
            raise framing_error("RFC 9112 §7", reader.heads.start, reader.heads.raw, head.headers,
                                "transfer-encoding", "chunked: no other transfer coding is decoded here")
        if reader.complete:
            self._finish(connection.take_unread())
        else:
            connection.limits.begin("idle", idle_timeout)

    def __repr__(self):
        text = "<Response %d %s to %s %s, %s>"
        return text % (self.status, self.reason, self.method, self.target, self.framing.kind)

    def close(self):
        """Stop reading. A body not read to its end closes the connection: so a stream is cancelled."""
        if self.failed is None and (self._decoding or not self.complete):
            self.failed = Verdict("cancelled", BODY_NAMES[self.framing.kind], None, self.received)
        if not self.complete:
            self._connection.close()

    @property
    def verdict(self):
        """How the body ended (a Verdict); None while it has not.

        A body that ends with its connection (HTTP/1.0 without a length) is "unconfirmed", unless its content
        was watched, or read with json(), and has shown its end.
        """
        if self.failed is not None or self._decoding or not self.complete:
            return self.failed
        kind = self.framing.kind
        ended = kind not in ("close", "upgrade") or self._ending is not None and self._ending.whole()
        return Verdict("complete" if ended else "unconfirmed", BODY_NAMES[kind],
                       self.framing.length if kind in ("length", "none") else None, self.received)

    def fail(self, error):
        """Set the verdict to what `error` (RawdockError) says, unless it is final already."""
        if self.failed is None or self.failed.kind in ("timeout", "unconfirmed"):
            name = BODY_NAMES[self.framing.kind]
            if isinstance(error, ConnectError) and self._connection.closed:
                self.failed = Verdict("cancelled", name, None, self.received, error)
            else:
                self.failed = verdict_of_error(error, name, self.received)
        if isinstance(error, ProtocolError) and not self.complete:
            self._connection.close()

    def watch_end(self, content, required=False):
        """Examine the content for its end if the body ends with the connection. To be called before reading.

        `content` (str or None) is a result kind of the endpoint table: "json" and "tar" show their end,
        others do not. `required`: reading to the end raises UnconfirmedError if the content has not shown it.
        """
        if self.framing.kind == "close" and not self.complete:
            from .ending import CONTENT_ENDS, UnknownEnd
            self._ending = CONTENT_ENDS.get(content, UnknownEnd)()
            self._end_required = required

    def _require_end(self):
        if self._end_required and not self._ending.whole():
            error = UnconfirmedError(self._reader.offset, self.received)
            self.fail(error)
            raise error

    def limit_idle(self, seconds):
        """Raise Timeout from here on if no byte comes for `seconds`; None: no limit."""
        require_seconds("limit_idle", seconds)
        if not self.complete:
            self._connection.limits.begin("idle", seconds)

    def _finish(self, leftover):
        """The body is complete, and `leftover` are the bytes received after it."""
        connection = self._connection
        if leftover and self._reader.state == "closed":
            connection.close()
            self._reader.take_head(leftover, 0, [])   # raises the ProtocolError
        self.complete = True
        self.failed = None   # a timeout after which reading went on
        self.trailers = self._reader.trailers
        connection.release(leftover)
        if connection.reusable and self.on_complete is not None:
            self.on_complete(connection)

    def _take(self, data, pieces):
        """Append the pieces of content in received bytes, then raise what is wrong; no bytes: the end."""
        reader, leftover = self._reader, b""
        if len(data):
            self.received += len(data)
            leftover = bytes(data[reader.take_content(data, 0, pieces):])
            self.received -= len(leftover)
            if self._ending is not None:
                self._ending.examine(data)
        else:
            # After a reset only a refusal counts as complete: servers reset when they refuse early.
            if self._connection.was_reset and self.framing.kind == "close" and self.status < 400:
                raise TruncatedError("a body that ends with the connection, which was reset",
                                     reader.offset, None, self.received)
            reader.feed_eof()
        if reader.complete:
            self._finish(leftover)

    def _next_pieces(self, view=None):
        """The pieces of content in what is received next; [] at the end of the body. Raises what is wrong.

        Pieces that arrived before a mistake are returned, and the next call raises the error. With `view`
        (memoryview, writable) the pieces are slices of it, valid until the next call.
        """
        pieces = []
        try:
            if self._pending_error is not None:
                error, self._pending_error = self._pending_error, None
                raise error
            while not self.complete and not pieces:
                connection = self._connection
                self._take(connection.take_unread() or connection.receive(self.received, view), pieces)
        except RawdockError as error:
            if isinstance(error, ProtocolError):
                self._connection.close()
            if not pieces:
                self.fail(error)
                raise
            self._pending_error = error
        if not pieces and not self._decoding:
            self._require_end()
        return pieces

    def __iter__(self):
        """Pieces of the body (bytes) as they come: what is received at once is one, whatever the chunks."""
        for pieces in iter(self._next_pieces, []):
            yield pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def read(self, limit=None):
        """The whole body (bytes). With `limit`, ProtocolError once it has more bytes than that."""
        parts, size = [], 0
        for pieces in iter(self._next_pieces, []):
            parts += pieces
            size += sum(map(len, pieces))
            if limit is not None and size > limit:
                expected = "a body of at most %d bytes" % limit
                error = ProtocolError("rawdock limit", limit, pieces[-1], expected)
                self.fail(error)
                raise error
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def json(self, limit=MAX_JSON_BYTES):
        """The body decoded as JSON. ProtocolError if it is malformed, or has more bytes than `limit`."""
        from ..wire.jsonstream import decode_json
        self.watch_end("json", self._end_required)
        data = self.read(limit)
        try:
            return decode_json(data, 0, None)
        except ProtocolError as error:
            self.fail(error)
            raise

    def readinto(self, buffer):
        """Fill `buffer` (writable) with bytes of the body → how many; 0 at the end of the body."""
        view = memoryview(buffer).cast("B")
        if not self._rest and len(view):
            self._buffer = self._buffer or memoryview(bytearray(BODY_BUFFER_BYTES))
            self._rest = self._next_pieces(self._buffer)[::-1]
        if not self._rest or not len(view):
            return 0
        piece = self._rest.pop()
        size = min(len(view), len(piece))
        view[:size] = piece[:size]
        if size < len(piece):
            self._rest.append(piece[size:])
        return size

    def copy_to(self, file):
        """Write the whole body to `file` (binary, with write()) → how many bytes.

        A file with write_run() is given the pieces that were received at once, in one list.
        """
        total, buffer = 0, memoryview(bytearray(BODY_BUFFER_BYTES))
        write_run = getattr(file, "write_run", None)
        for pieces in iter(lambda: self._next_pieces(buffer), []):
            total += sum(map(len, pieces))
            if write_run is not None:
                write_run(pieces)
                continue
            for piece in pieces:
                while len(piece):
                    written = file.write(piece)
                    piece = piece[len(piece) if written is None else written:]
        return total

    def messages(self):
        """JSON messages (dicts) of the body as they come. StreamError for one that reports an error."""
        from ..wire.jsonstream import MessageReader
        return self._decoded(checked_messages(read_lists(MessageReader(), self)))

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
        return self._decoded(read_lists(FrameReader(), self))

    def _decoded(self, values):
        """The `values` that are decoded from the body; the verdict is then on how they ended."""
        self._decoding = True
        try:
            yield from values
            self._require_end()
            self._decoding = False
        except RawdockError as error:
            self.fail(error)
            raise
        finally:
            if self.framing.kind != "upgrade":   # that connection has another direction
                self.close()
            self._decoding = False

    def duplex(self, tty=None):
        """The raw stream that follows a 101, or a 2xx to a hijack request (a Duplex)."""
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
