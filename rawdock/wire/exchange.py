"""One direction of one connection: the parts of this floor run in turn.

    head ──▶ framing ──▶ body ──▶ what may follow: another head, nothing more, or a raw stream

    ResponseReader   what an engine sends      Head · Data · End · Switched
    RequestReader    what a client sends       RequestHead · Data · End · Switched

feed(data) takes bytes that are cut anywhere and returns the events that they complete. Messages may follow
one another (pipelining). A message is a Head, its Data, and End with the trailers; an interim response is a
Head alone. After 101, a 2xx to CONNECT or to a hijack request, and a request for an upgrade comes Switched
with the bytes already received; from there on every byte is Data.

A caller with a buffer of its own takes one part after another. take_part() stops after a head and at the end
of a message. take_head() and take_content() of ResponseParts do so without events, and copy no content.

Only the number and size of Data events, and how much of a raw stream Switched has, depend on how the bytes
were cut. Bytes after a message that closes its connection are refused.
"""
from ..errors import ProtocolError
from .body import NO_TRAILERS, body_reader
from .framing import UPGRADE, request_framing, response_framing, stays_open
from .head import HeadReader, RequestHeadReader
from .message import Headers
from .reader import WireReader, WireValue

MAX_INTERIM_RESPONSES = 100   # before a final response (RFC 9110 §15.2); engines send one at most


class ExchangeReader(WireReader):
    """The base of all that reads one direction: its parts one by one, with take_head() and take_content().

        state      what is read                     then
        head       an empty line, a head            head again (interim), body, switch, or the message's end
        body       content                          the message's end: head, switch or closed
        switch     nothing; Switched is given       raw
        raw        a raw stream                     raw, until the stream ends
        closed     nothing: any byte is refused     closed (RFC 9112 §9.6)

    `state` is one of these words. `head` and `framing` are those of the message that is being read, or was
    read last, and `heads` is the HeadReader, which knows where its head began. `complete` is True from the
    end of a message until the next part is taken. `trailers` are those of the last message.
    """

    kind = ""                   # of its heads, "response" or "request"
    head = framing = None
    trailers = NO_TRAILERS
    state = "head"
    complete = False
    _body = None                # the reader of a body or raw stream, once bytes of that have come
    _asks_to_switch = False     # the message requests that a raw stream follows it
    _closes = False             # the message is the last on its connection

    def __init__(self, heads, labels=None, offset=0):
        WireReader.__init__(self, labels, offset)
        self.heads = heads

    def _take_whole_body(self, data, at):
        """The index after a body of known length if that is complete in `data`; else `at`.

        A LengthReader would find it too, in 6.1 µs a small response in place of 5.0.
        """
        end = at + self.framing.length
        if not at < end <= len(data) or self._labels is not None:
            return at
        self.offset += end - at
        self._end_message(NO_TRAILERS)
        return end

    def take_head(self, data, at, out):
        """Append one head, final or interim → the index after it; need more: the end of the data (bytes)."""
        if self.state == "closed":
            raise ProtocolError("RFC 9112 §9.6", self.offset, data[at:at + 32],
                                "no byte after a message that closes the connection")
        self.complete = False
        found, heads = [], self.heads
        heads.offset = self.offset
        at = heads.take(data, at, found)
        self.offset = heads.offset
        if found:
            self.head = head = found[0]
            self.framing = framing = self._frame(head)
            out.append(head)
            self._closes = not stays_open(head, framing)
            if framing.length or framing.kind in ("chunked", "close"):
                self.state = "body"
            elif framing.kind == "upgrade":
                self.switch()
            elif not heads.expected:   # as another head is after an interim response
                self._end_message(NO_TRAILERS)
        return at

    def take_content(self, data, at, out):
        """Append pieces of content, slices of `data` → the index of the end of the message, or of `data`."""
        end = at if self._body else self._take_whole_body(data, at)
        if end > at:
            out.append(data[at:end])
            return end
        body = self._body = self._body or body_reader(self.framing, self._labels, self.offset)
        at = body.take(data, at, out)
        self.offset = body.offset
        if body.done:
            self._end_message(body.trailers)
        return at

    def switch(self):
        """A raw stream follows the message that has ended: an upgrade was accepted."""
        self.state = "switch"
        self._body = body_reader(UPGRADE, self._labels, self.offset)

    def stay(self):
        """HTTP goes on after the message that has ended, though that may have requested an upgrade."""
        self.state = "closed" if self._closes else "head"
        self._body = None

    def _end_message(self, trailers):
        self.trailers = trailers
        self.complete = True
        if self._asks_to_switch:
            self.switch()
        else:
            self.stay()

    def _end_of_stream(self):
        if self.state == "body":
            body = self._body or body_reader(self.framing, self._labels, self.offset)
            error = body._end_of_stream()
            if error is None:   # a body that ends with its connection
                self._end_message(body.trailers)
            return error
        if self.state in ("switch", "raw"):
            self.complete = True
            return None
        self.heads.offset = self.offset
        return self.heads._end_of_stream()


class ResponseParts(ExchangeReader):
    """Reads responses part by part. `method` is that of the request: the response to HEAD has no body.

    `hijack`: the request was an attach or exec start, after whose 2xx the stream is raw. Both can be set
    anew, with expect(), between messages.
    """

    kind = "response"
    _interim = 0   # interim responses since the last final one

    def __init__(self, method="GET", hijack=False, labels=None, offset=0):
        ExchangeReader.__init__(self, HeadReader(labels, offset), labels, offset)
        self.expect(method, hijack, offset)

    def expect(self, method, hijack=False, offset=0):
        """A response to a request of `method` must come next; its first byte is at `offset`."""
        self.method = method
        self.hijack = hijack
        self.offset = offset
        self.heads.expected = True

    def answered(self, head):
        """(method, hijack) of the request to which `head` (Head) is the response.

        To be overridden by readers that see both directions of a connection.
        """
        return self.method, self.hijack

    def _frame(self, head):
        heads = self.heads
        heads.expected = interim = head.interim
        self._interim = self._interim + 1 if interim else 0
        if self._interim > MAX_INTERIM_RESPONSES:
            raise ProtocolError("rawdock limit", heads.start, heads.raw,
                                "a final response after at most %d interim ones" % MAX_INTERIM_RESPONSES)
        return response_framing(head, *self.answered(head), heads.start, heads.raw)


class Data(WireValue):
    """Bytes of a body, or of the raw stream after Switched."""

    __slots__ = ("data",)

    def __init__(self, data):
        self.data = data


class End(WireValue):
    """A message is complete. `trailers` is a Headers, empty for nearly every message."""

    __slots__ = ("trailers",)

    def __init__(self, trailers=NO_TRAILERS):
        self.trailers = trailers if isinstance(trailers, Headers) else Headers(trailers)

    def parts(self):
        return self.trailers.pairs,


END_WITHOUT_TRAILERS = End()   # of nearly every message


class Switched(WireValue):
    """The connection is a raw stream from here on; `leftover` (bytes) is what of it had come already."""

    __slots__ = ("leftover",)

    def __init__(self, leftover=b""):
        self.leftover = leftover


class EventReader(ExchangeReader):
    """Makes events of the parts: what ResponseReader and RequestReader add to them."""

    def take(self, data, at, out):
        """Append the events that data[at:] completes → the end of the data, all of which is used."""
        if type(data) is not bytes:
            data = bytes(data)
        while at < len(data) or self.state == "switch":
            at = self.take_part(data, at, out)
        return at

    def take_part(self, data, at, out):
        """Append the events of a head, or of content to the end of a message → the index after what was used.

        A message without a body ends with its head. In state "switch" the part is Switched, with all of
        data[at:], also if that is empty. `data` is bytes.
        """
        state = self.state
        if state == "head" or state == "closed":
            at = self.take_head(data, at, out)
            if self.state == "body":
                start, at = at, self._take_whole_body(data, at)
                if at > start:
                    out.append(Data(data[start:at]))
        elif state == "switch":
            self.state, self.complete, pieces = "raw", False, []
            at = self.take_content(data, at, pieces)
            out.append(Switched(b"".join(pieces)))
        else:
            pieces = []
            try:
                at = self.take_content(data, at, pieces)
            finally:
                out.extend(map(Data, pieces))
        if self.complete:
            out.append(END_WITHOUT_TRAILERS if self.trailers is NO_TRAILERS else End(self.trailers))
        return at

    def feed_eof(self):
        """The stream has ended → the events which that completes. TruncatedError if a message was cut."""
        ends_body = self.state == "body"
        WireReader.feed_eof(self)
        return [End(self.trailers)] if ends_body else []


class ResponseReader(EventReader, ResponseParts):
    """Reads responses; the arguments are those of ResponseParts.

    >>> ResponseReader().feed(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nOK")[1:]
    [Data(b'OK'), End([])]
    """


class RequestReader(EventReader):
    """Reads requests. After one that requests an upgrade Switched follows, once its body has ended.

    `bare_lf`: lines of a head may end with LF alone, which every engine accepts (RFC 9112 §2.2); for readers
    in an engine's place.

    >>> RequestReader(bare_lf=True).feed(b"GET /_ping HTTP/1.0\\n\\n")
    [RequestHead('1.0', 'GET', '/_ping', Headers([])), End([])]
    """

    kind = "request"

    def __init__(self, labels=None, offset=0, bare_lf=False):
        EventReader.__init__(self, RequestHeadReader(labels, offset, bare_lf), labels, offset)

    def _frame(self, head):
        self._asks_to_switch = head.asks_to_upgrade
        return request_framing(head, self.heads.start, self.heads.raw)
