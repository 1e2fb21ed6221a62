"""Where a message's body ends, and the readers that take it out.

`response_framing` and `request_framing` are the one place that decides; their steps carry
the numbers of RFC 9112 §6.3. `body_reader` then gives the reader for the answer. All
readers have the shape of ChunkedReader: feed → pieces, done, leftover, trailers, feed_eof;
and `take`, the same without a copy of what follows the body, for whoever reads on in the buffer.

Stricter than the RFC asks of a client: Transfer-Encoding beside Content-Length is refused
rather than resolved, because two parsers that resolve it differently can be played against
each other, and no engine sends it.
"""
from ..errors import ProtocolError, TruncatedError
from .feed import label_span
from .grammar import CONTENT_LENGTH, TOKEN
from .message import Headers, field_offset


class Framing:
    """How a body is delimited: `kind` is "none", "length", "chunked", "close" or "upgrade".

    `length` (int) goes with "length". `coding` (str or None) names a transfer coding other
    than chunked that the content of a "close" body still wears.
    """

    __slots__ = ("kind", "length", "coding")

    def __init__(self, kind, length=0, coding=None):
        self.kind = kind
        self.length = length
        self.coding = coding

    def __eq__(self, other):
        return isinstance(other, Framing) and (self.kind, self.length, self.coding) == (other.kind, other.length, other.coding)

    def __repr__(self):
        return "Framing(%r, %r, %r)" % (self.kind, self.length, self.coding)


NO_BODY = Framing("none")
UNTIL_CLOSE = Framing("close")
CHUNKED = Framing("chunked")
UPGRADE = Framing("upgrade")

# What a verdict calls them, by the kind of their framing.
BODY_NAMES = {"none": "no body", "length": "a body of known length", "chunked": "a chunked body",
              "close": "a body that ends with the connection", "upgrade": "a hijacked stream"}


def response_framing(head, method="GET", hijack=False, offset=0, raw=b""):
    """The Framing of the response `head` to a request of `method`.

    `hijack`: the request was attach or exec start, whose 200 means what 101 means: from here
    on the connection is a raw stream. ProtocolError if the head is at odds with itself; its offset
    is `offset`, that of the head, or given `raw`, the bytes of the head, that of the value at fault.

    >>> from rawdock.wire.message import parse_response_head
    >>> response_framing(parse_response_head(b"HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n")).kind
    'chunked'
    >>> response_framing(parse_response_head(b"HTTP/1.1 204 No Content\\r\\n\\r\\n")).kind
    'none'
    """
    status, headers = head.status, head.headers
    length = content_length(headers, offset, raw)
    # 1. HEAD, 1xx, 204 and 304 have no body, whatever their fields say. 101 switches (RFC 9110 §15.2.2).
    if status == 101:
        return UPGRADE
    if method == "HEAD" or status < 200 or status == 204 or status == 304:
        return NO_BODY
    # 2. A 2xx to CONNECT is a tunnel after its head; so, in the Engine API, is a 2xx to a hijack request.
    if status < 300 and (hijack or method == "CONNECT"):
        return UPGRADE
    if headers.find_field("\r\ntransfer-encoding:"):
        # 3. Both fields: refused.
        if length is not None:
            raise framing_error("RFC 9112 §6.3", offset, raw, headers, "transfer-encoding", "no Transfer-Encoding beside Content-Length")
        # 4. Chunked last: chunked. Otherwise the body of a response ends with the connection.
        return coded_framing(head, offset, raw) or Framing("close", coding=", ".join(headers.tokens("transfer-encoding")))
    # 5., 6. A valid Content-Length (an invalid one was refused above).
    if length is not None:
        return Framing("length", length)
    # 8. Nothing said: until the connection closes.
    return UNTIL_CLOSE


def request_framing(head, offset=0, raw=b""):
    """The Framing of a request's body. ProtocolError if the head is at odds with itself; `offset`, `raw` as above."""
    headers = head.headers
    length = content_length(headers, offset, raw)
    if "transfer-encoding" in headers:
        if length is not None:
            raise framing_error("RFC 9112 §6.3", offset, raw, headers, "transfer-encoding", "no Transfer-Encoding beside Content-Length")
        framing = coded_framing(head, offset, raw)
        if framing is None:  # 4. ... in a request nobody could tell where the body ends
            raise framing_error("RFC 9112 §6.3", offset, raw, headers, "transfer-encoding", "chunked as the last transfer coding")
        return framing
    # 5., 6. Content-Length. 7. A request that says nothing has no body.
    return NO_BODY if length is None else Framing("length", length)


def coded_framing(head, offset, raw):
    """CHUNKED if chunked is the only transfer coding, None if the last is another; the rest is refused by name."""
    headers = head.headers
    codings = headers.tokens("transfer-encoding")
    if head.version == "1.0":
        raise framing_error("RFC 9112 §6.1", offset, raw, headers, "transfer-encoding", "no Transfer-Encoding in an HTTP/1.0 message")
    if codings == ["chunked"]:
        return CHUNKED
    names = [coding.partition(";")[0].rstrip(" \t") for coding in codings]
    if not all(TOKEN.fullmatch(name) for name in names):
        raise framing_error("RFC 9112 §7", offset, raw, headers, "transfer-encoding", "the names of transfer codings")
    if not names or "chunked" in names:
        unknown = [name for name in names if name != "chunked"]
        expected = ("chunked without %s: that coding is not spoken here" % ", ".join(unknown) if unknown
                    else "chunked, once and without parameters")
        raise framing_error("RFC 9112 §7", offset, raw, headers, "transfer-encoding", expected)
    return None


def content_length(headers, offset=0, raw=b""):
    """The int that Content-Length gives, None without the field. Repeats of one same number count as one.

    (RFC 9110 §8.6; RFC 9112 §6.3 step 5)
    """
    values = headers.find_field("\r\ncontent-length:")
    if values is None:
        return None
    value = values[0]
    if len(values) == 1 and value.isdecimal() and len(value) < 20:   # in latin-1 the decimal digits are 0 to 9
        return int(value)
    first = None
    for place, value in enumerate(values):
        for number in value.split(","):
            number = number.strip(" \t")
            if not CONTENT_LENGTH.fullmatch(number):
                raise framing_error("RFC 9110 §8.6", offset, raw, headers, "content-length", "a Content-Length of 1 to 19 digits", place)
            if first is None:
                first = number
            elif number != first:
                raise framing_error("RFC 9112 §6.3", offset, raw, headers, "content-length", "one Content-Length", place)
    return int(first)


def framing_error(rule, offset, raw, headers, name, expected, place=0):
    """The ProtocolError at value number `place` of the fields `name`."""
    index = [index for index, (key, _) in enumerate(headers) if key.lower() == name][place]
    if raw:
        text = raw.decode("latin-1")
        at = text.index(":", field_offset(text, index)) + 1
        offset += len(text) - len(text[at:].lstrip(" \t"))
    return ProtocolError(rule, offset, headers.pairs[index][1].encode("latin-1"), expected)


def stays_open(head, framing):
    """Whether the connection can carry another message after this one (RFC 9112 §9.3)."""
    if framing.kind in ("close", "upgrade"):
        return False
    if not head.headers.find_field("\r\nconnection:"):
        return head.version == "1.1"
    tokens = head.headers.tokens("connection")
    if "close" in tokens:
        return False
    return head.version == "1.1" or "keep-alive" in tokens


class LengthReader:
    """A body of exactly `length` bytes. A body of none is one of length 0."""

    def __init__(self, length, labels=None, offset=0):
        self.length = length
        self.remaining = length
        self.done = not length
        self.trailers = None if length else Headers()
        self.leftover = b""
        self.error = None
        self._labels = labels
        self._offset = offset

    def feed(self, data):
        if self.error is not None:
            raise self.error
        pieces = []
        end = self.take(data, 0, pieces)
        if end < len(data):
            self.leftover += bytes(data[end:])
        return pieces

    def take(self, data, at, pieces):
        size = min(len(data) - at, self.remaining)
        end = at + size
        if size:
            pieces.append(data[at:end])
            self.remaining -= size
            if not self.remaining:
                self.done = True
                self.trailers = Headers()
            label_span(self._labels, self._offset, self._offset + size, "content")
            self._offset += size
        return end

    def skip(self, data):
        """As that of ChunkedReader; the last byte is left to `take`."""
        size = max(0, min(len(data), self.remaining - 1))
        self.remaining -= size
        self._offset += size
        return size, size

    def feed_eof(self):
        if self.remaining and self.error is None:
            self.error = TruncatedError("a body of known length", self._offset, self.length,
                                        self.length - self.remaining, "RFC 9112 §6.2")
        if self.error is not None:
            raise self.error


class UntilCloseReader:
    """A body that ends where the connection does: a cut cannot be told from the end (RFC 9112 §6.3 step 8)."""

    leftover = b""
    error = None

    def __init__(self, labels=None, offset=0, role="content"):
        self.done = False
        self.trailers = None
        self._labels = labels
        self._offset = offset
        self._role = role

    def feed(self, data):
        pieces = []
        self.take(data, 0, pieces)
        return pieces

    def take(self, data, at, pieces):
        size = len(data) - at
        if size:
            pieces.append(data[at:])
            label_span(self._labels, self._offset, self._offset + size, self._role)
            self._offset += size
        return len(data)

    def skip(self, data):
        self._offset += len(data)
        return len(data), len(data)

    def feed_eof(self):
        self.done = True
        self.trailers = Headers()


def body_reader(framing, labels=None, offset=0):
    """The reader of a body framed so. `offset` is where the body starts in its stream."""
    if framing.kind == "chunked":
        from .chunked import ChunkedReader
        return ChunkedReader(labels, offset)
    if framing.kind == "close":
        return UntilCloseReader(labels, offset)
    if framing.kind == "upgrade":
        return UntilCloseReader(labels, offset, "raw stream")
    return LengthReader(framing.length, labels, offset)
