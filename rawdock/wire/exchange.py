"""One direction of one connection, as events.

    ResponseReader   what an engine sends      Head · Data · End · Switched
    RequestReader    what a client sends       RequestHead · Data · End · Switched

`feed(data)` takes bytes cut anywhere and gives the events they complete; messages may
follow one another (pipelining). A message is a Head, its Data, and End with the trailers;
a 1xx response is a Head alone; 101, a 2xx to CONNECT or to a hijack request, and a request that
asks for an upgrade are followed by Switched with the bytes already received, and from
there on every byte is Data: the connection no longer speaks HTTP.

Only the number and the cutting of Data events, and how much of a raw stream Switched has
already, depend on how the bytes were cut.
Bytes after a message that closes its connection are refused (RFC 9112 §9.6).
"""
from ..errors import ProtocolError, TruncatedError
from .body import Framing, UPGRADE, body_reader, request_framing, response_framing, stays_open
from .feed import label_span, values_or_error
from .message import (MAX_HEAD_BYTES, Headers, find_empty_line, find_head_end, parse_request_head, parse_response_head,
                      walk_head)


class Data:
    """Bytes of a body, or of the raw stream after Switched."""

    __slots__ = ("data",)

    def __init__(self, data):
        self.data = data

    def __eq__(self, other):
        return type(other) is Data and self.data == other.data

    def __repr__(self):
        return "Data(%r)" % (self.data,)


class End:
    """A message is complete. `trailers` is a Headers, empty for nearly every message."""

    __slots__ = ("trailers",)

    def __init__(self, trailers=()):
        self.trailers = trailers if isinstance(trailers, Headers) else Headers(trailers)

    def __eq__(self, other):
        return type(other) is End and self.trailers == other.trailers

    def __repr__(self):
        return "End(%r)" % (self.trailers.pairs,)


PLAIN_END = End()   # that of nearly every message


class Switched:
    """The connection is a raw stream from here on; `leftover` are the bytes of it that had come already."""

    __slots__ = ("leftover",)

    def __init__(self, leftover=b""):
        self.leftover = leftover

    def __eq__(self, other):
        return type(other) is Switched and self.leftover == other.leftover

    def __repr__(self):
        return "Switched(%r)" % (self.leftover,)


class ExchangeReader:
    """What both directions share. `labels`, a list, gets (start, end, role) for every byte consumed.

    `framing` is the Framing of the message being read, `offset` where the next byte to consume
    stands in the stream, `switched` whether the stream is raw.
    """

    kind = ""
    bare_lf = False          # LF alone ends a line of a head (RFC 9112 §2.2)

    error = None
    framing = None
    switched = False
    _held = b""              # a head that is not whole yet; a bytearray as soon as there is one
    _scanned = 0
    _body = None             # the reader of the body under way
    _asks_to_switch = False  # a request that asks for an upgrade: raw once its body is over
    _closed_after = False    # the message under way closes the connection
    _closed = False          # the last message did
    _owed = False            # a message must come: the first response, or the one after a 1xx
    _may_skip_crlf = True    # RFC 9112 §2.2: one empty line before a start line is passed over

    def __init__(self, labels=None, offset=0):
        self.offset = offset
        self._labels = labels

    def feed(self, data):
        """bytes → list of events; need more is the empty list. ProtocolError comes after the events before it."""
        if self.error is not None:
            raise self.error
        if type(data) is not bytes:
            data = bytes(data)
        events = []
        try:
            at, size = 0, len(data)
            while at < size:
                at = self._take_head(data, at, events) if self._body is None else self._take_body(data, at, events)
        except ProtocolError as error:
            self.error = error
        return values_or_error(events, self.error)

    def skip(self, data):
        """Pass over what `data` begins with of the body under way → (bytes used, bytes of content); (0, 0) where there is none.

        For whoever only counts a long body: no events, no labels, no copy. What is left of `data` goes to feed().
        """
        if self._body is None or self.error is not None:
            return 0, 0
        used, content = self._body.skip(data)
        self.offset += used
        return used, content

    def feed_eof(self):
        """The stream has ended → the events that this completes. TruncatedError if a message was cut."""
        if self.error is not None:
            raise self.error
        events = []
        try:
            if self._body is not None:
                self._body.feed_eof()
                if not self.switched:
                    self._end_message(b"", 0, events, self._body.trailers)
            elif self._held or self._owed:
                raise TruncatedError("a %s head" % self.kind, self.offset + len(self._held), None, len(self._held), "RFC 9112 §8")
        except ProtocolError as error:
            self.error = error
            raise
        return events

    def _take_body(self, data, at, events):
        """Take what `data` has of the body from index `at` on; the index after it."""
        pieces = []
        try:
            end = self._body.take(data, at, pieces)
        finally:
            events.extend(map(Data, pieces))
        self.offset += end - at
        return self._end_message(data, end, events, self._body.trailers) if self._body.done else end

    def _take_head(self, data, at, events):
        """Take a head, of which some may be held, out of `data` from index `at` on; the index after it."""
        if self._closed:
            raise ProtocolError("RFC 9112 §9.6", self.offset, data[at:at + 32], "no byte after a message that closes the connection")
        held = self._held
        if not held and data[at] not in b"\r\n":   # the usual case: a whole head, taken where it stands
            end = find_empty_line(data, at, at + MAX_HEAD_BYTES, self.bare_lf)
            if end >= 0:
                return self._begin_message(data[at:end], data, end, events)
        if not held:
            held = self._held = bytearray()
        known = len(held)
        held += data[at:at + MAX_HEAD_BYTES + 3 - known]
        if self._may_skip_crlf and held[0] in b"\r\n":
            if held == b"\r":
                return len(data)
            size = 2 if held.startswith(b"\r\n") else int(self.bare_lf and held[0] == 0x0a)
            del held[:size]
            known -= size
            label_span(self._labels, self.offset, self.offset + size, "CRLF")
            self.offset += size
            self._may_skip_crlf = False
        end = find_head_end(held, self._scanned, self.kind, self.offset, self._labels, bare_lf=self.bare_lf)
        if end < 0:
            self._scanned = len(held)
            return len(data)
        self._held = b""
        self._scanned = 0
        return self._begin_message(bytes(held[:end]), data, at + end - known, events)

    def _begin_message(self, raw, data, at, events):
        """`raw` is a whole head, and `data` goes on at index `at` after it; the index where to read on."""
        if self._labels is not None:
            walk_head(raw.decode("latin-1"), self.kind, self.offset, self._labels, self.bare_lf)
        head = self._parse_head(raw, self.offset)
        if self._labels is None and self._is_ordinary(head):
            length = head.headers.plain_length()
            if length is not None and length <= len(data) - at:   # the usual case: the whole body stands behind its head
                end = at + length
                self.offset += len(raw) + length
                self.framing = Framing("length", length)
                events += (head, Data(data[at:end]), PLAIN_END) if length else (head, PLAIN_END)
                self._may_skip_crlf = True
                self._owed = False
                self._closed = head.version == "1.0"
                return end
        self.framing = framing = self._frame(head, raw)
        self.offset += len(raw)
        self._may_skip_crlf = True
        events.append(head)
        if self._owes_another(head):
            return at
        self._closed_after = not stays_open(head, framing)
        self._body = body_reader(framing, self._labels, self.offset)
        if framing.kind == "upgrade":
            return self._switch(data, at, events)
        return self._end_message(data, at, events, self._body.trailers) if self._body.done else at

    def _end_message(self, data, at, events, trailers):
        """The body is complete: End, and what may follow on this connection."""
        events.append(End(trailers) if trailers else PLAIN_END)
        self._owed = False
        self._body = None
        if self._asks_to_switch:
            self._body = body_reader(UPGRADE, self._labels, self.offset)
            return self._switch(data, at, events)
        self._closed = self._closed_after
        return at

    def _switch(self, data, at, events):
        """From here on a raw stream, which has begun in `data` at index `at`."""
        self.switched = True
        leftover = []
        self.offset += self._body.take(data, at, leftover) - at
        events.append(Switched(b"".join(leftover)))
        return len(data)

    def _is_ordinary(self, head):
        """Whether nothing but the fields of `head` bears on its body."""
        return True

    def _owes_another(self, head):
        """Whether `head` is a message without End, after which another must come."""
        return False


class ResponseReader(ExchangeReader):
    """Reads responses. `method` is that of the request answered (a HEAD's answer has no body).

    `hijack`: the request was an attach or exec start, after whose 2xx the stream is raw. Both
    may be set anew between messages.

    >>> ResponseReader().feed(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nOK")[1:]
    [Data(b'OK'), End([])]
    """

    kind = "response"

    def __init__(self, method="GET", hijack=False, labels=None, offset=0):
        ExchangeReader.__init__(self, labels, offset)
        self.method = method
        self.hijack = hijack
        self._owed = True

    _parse_head = staticmethod(parse_response_head)

    def _is_ordinary(self, head):
        return 200 <= head.status != 204 and head.status != 304 and self.method not in ("HEAD", "CONNECT") and not self.hijack

    def _frame(self, head, raw):
        return response_framing(head, self.method, self.hijack, self.offset, raw)

    def _owes_another(self, head):
        self._owed = head.status < 200 and head.status != 101
        return self._owed


class RequestReader(ExchangeReader):
    """Reads requests. One that asks for an upgrade is followed by Switched once its body is over.

    `bare_lf`: LF alone ends a line of a head too, as every engine takes it from clients (RFC 9112 §2.2): for
    servers. What `nc` sends for a typed line ends so. Chunk lines and trailers keep CRLF.

    >>> RequestReader(bare_lf=True).feed(b"GET /_ping HTTP/1.0\\n\\n")
    [RequestHead('1.0', 'GET', '/_ping', Headers([])), End([])]
    """

    kind = "request"

    def __init__(self, labels=None, offset=0, bare_lf=False):
        ExchangeReader.__init__(self, labels, offset)
        self.bare_lf = bare_lf

    def _parse_head(self, raw, offset):
        return parse_request_head(raw, offset, self.bare_lf)

    def _frame(self, head, raw):
        self._asks_to_switch = "upgrade" in head.headers.tokens("connection") and "upgrade" in head.headers
        return request_framing(head, self.offset, raw)
