"""One direction of one connection, as events.

    ResponseReader   what an engine sends      Head · Data · End · Switched
    RequestReader    what a client sends       RequestHead · Data · End · Switched

`feed(data)` takes bytes cut anywhere and gives the events they complete; messages may
follow one another (pipelining). A message is a Head, its Data, and End with the trailers;
a 1xx response is a Head alone; 101, a 2xx to CONNECT or to a hijack request, and a request that
asks for an upgrade are followed by Switched with the bytes already received, and from
there on every byte is Data: the connection no longer speaks HTTP.

Only the number and the cutting of Data events depend on how the bytes were cut.
Bytes after a message that closes its connection are refused (RFC 9112 §9.6).
"""
from ..errors import ProtocolError, TruncatedError
from .body import UPGRADE, body_reader, request_framing, response_framing, stays_open
from .feed import values_or_error
from .message import Headers, find_head_end, parse_request_head, parse_response_head, walk_head


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

    def __init__(self, labels=None, offset=0):
        self.error = None
        self.framing = None
        self.offset = offset
        self.switched = False
        self._labels = labels
        self._buffer = bytearray()   # a head that is not whole yet
        self._scanned = 0
        self._body = None            # the reader of the body under way
        self._asks_to_switch = False # a request that asks for an upgrade: raw once its body is over
        self._closed_after = False   # the message under way closes the connection
        self._closed = False         # the last message did
        self._messages = 0           # messages that ended
        self._may_skip_crlf = True   # RFC 9112 §2.2: one empty line before a start line is passed over

    def feed(self, data):
        """bytes → list of events; need more is the empty list. ProtocolError comes after the events before it."""
        if self.error is not None:
            raise self.error
        events = []
        try:
            self._consume(bytes(data), events)
        except ProtocolError as error:
            self.error = error
        return values_or_error(events, self.error)

    def feed_eof(self):
        """The stream has ended → the events that this completes. TruncatedError if a message was cut."""
        if self.error is not None:
            raise self.error
        events = []
        try:
            if self._body is not None:
                self._body.feed_eof()
                if not self.switched:
                    self._end(b"", events)
            elif self._buffer or self._owes_a_message():
                raise TruncatedError("a %s head" % self.kind, self.offset + len(self._buffer), None, len(self._buffer), "RFC 9112 §8")
        except ProtocolError as error:
            self.error = error
            raise
        return events

    def _consume(self, data, events):
        while data:
            if self._closed:
                raise ProtocolError("RFC 9112 §9.6", self.offset, data[:32], "no byte after a message that closes the connection")
            body = self._body
            if body is None:
                data = self._feed_head(data, events)
                continue
            for piece in body.feed(data):
                events.append(Data(piece))
            self.offset += len(data) - len(body.leftover)
            data = body.leftover
            if body.done:
                data = self._end(data, events)

    def _feed_head(self, data, events):
        """Take a head out of what is held and `data`; the bytes after it, b"" while it is not whole."""
        buffer = self._buffer
        buffer += data
        if self._may_skip_crlf and buffer[:1] == b"\r":
            if len(buffer) == 1:
                return b""
            if buffer[1] == 0x0a:
                del buffer[:2]
                self._label(0, 2, "CRLF")
                self.offset += 2
            self._may_skip_crlf = False
        end = find_head_end(buffer, self._scanned, self.kind, self.offset)
        if end < 0:
            self._scanned = len(buffer)
            return b""
        raw, rest = bytes(buffer[:end]), bytes(buffer[end:])
        self._buffer = bytearray()
        self._scanned = 0
        self._may_skip_crlf = True
        head = self._parse_head(raw)
        if self._labels is not None:
            walk_head(raw.decode("latin-1"), self.kind, self.offset, self._labels)
        self.framing = self._frame(head)
        self.offset += end
        events.append(head)
        if self._is_interim(head):
            return rest
        self._closed_after = not stays_open(head, self.framing)
        self._body = body_reader(self.framing, self._labels, self.offset)
        if self.framing.kind == "upgrade":
            return self._switch(rest, events)
        return self._end(rest, events) if self._body.done else rest

    def _end(self, rest, events):
        """The body is complete: End, and what may follow on this connection."""
        events.append(End(self._body.trailers or ()))
        self._messages += 1
        self._body = None
        if self._asks_to_switch:
            self._body = body_reader(UPGRADE, self._labels, self.offset)
            return self._switch(rest, events)
        self._closed = self._closed_after
        return rest

    def _switch(self, rest, events):
        """From here on a raw stream, of which `rest` has come already."""
        self.switched = True
        self._body.feed(rest)
        self.offset += len(rest)
        events.append(Switched(rest))
        return b""

    def _label(self, start, end, role):
        if self._labels is not None:
            self._labels.append((self.offset + start, self.offset + end, role))

    def _is_interim(self, head):
        return False

    def _owes_a_message(self):
        return False


class ResponseReader(ExchangeReader):
    """Reads responses. `method` is that of the request answered (a HEAD's answer has no body).

    `hijack`: the request was an attach or exec start, after whose 2xx the stream is raw. Both
    may be set anew between messages.
    """

    kind = "response"

    def __init__(self, method="GET", hijack=False, labels=None, offset=0):
        ExchangeReader.__init__(self, labels, offset)
        self.method = method
        self.hijack = hijack

    def _parse_head(self, raw):
        return parse_response_head(raw, self.offset)

    def _frame(self, head):
        return response_framing(head, self.method, self.hijack, self.offset)

    def _is_interim(self, head):
        return head.status < 200 and head.status != 101

    def _owes_a_message(self):
        return not self._messages


class RequestReader(ExchangeReader):
    """Reads requests. One that asks for an upgrade is followed by Switched once its body is over."""

    kind = "request"

    def _parse_head(self, raw):
        return parse_request_head(raw, self.offset)

    def _frame(self, head):
        self._asks_to_switch = "upgrade" in head.headers.tokens("connection") and "upgrade" in head.headers
        return request_framing(head, self.offset)
