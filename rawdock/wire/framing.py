"""Where a message's body ends, and whether another message follows it: decided from its head alone.

`response_framing` and `request_framing` are the one place that decides; their steps carry the numbers
of RFC 9112 §6.3. `stays_open` tells what may follow.

Stricter than the RFC asks of a client: Transfer-Encoding beside Content-Length is refused rather than
resolved, because two parsers that resolve it differently can be played against each other, and no
engine sends it.
"""
from ..errors import ProtocolError
from .grammar import CONTENT_LENGTH, TOKEN
from .head import line_offset


class Framing:
    """How a body is delimited: `kind` is "none", "length", "chunked", "close" or "upgrade".

    `length` (int) goes with "length". `coding` (str or None) names a transfer coding other than chunked
    that the content of a "close" body still has.
    """

    __slots__ = ("kind", "length", "coding")

    def __init__(self, kind, length=0, coding=None):
        self.kind = kind
        self.length = length
        self.coding = coding

    def __eq__(self, other):
        return (isinstance(other, Framing)
                and (self.kind, self.length, self.coding) == (other.kind, other.length, other.coding))

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
    """The Framing of the response `head` to a request of `method`. ProtocolError for fields at odds.

    `hijack`: the request was attach or exec start, whose 200 means what 101 means: from here on the
    connection is a raw stream. `offset` is where the head begins in its stream; with `raw`, the bytes of
    the head, the error has the offset of the value at fault.

    >>> from rawdock.wire.head import parse_response_head
    >>> response_framing(parse_response_head(b"HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\n"))
    Framing('length', 5, None)
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
    if "\r\ntransfer-encoding:" in headers.lowered:
        # 3. Both fields: refused. 4. Chunked last: chunked; otherwise a response ends with the connection.
        return (coded_framing(head, length, offset, raw)
                or Framing("close", coding=", ".join(headers.tokens("transfer-encoding"))))
    # 5., 6. A valid Content-Length (content_length has refused an invalid one).
    if length is not None:
        return Framing("length", length)
    # 8. Neither field: until the connection closes.
    return UNTIL_CLOSE


def request_framing(head, offset=0, raw=b""):
    """The Framing of a request's body. ProtocolError if the fields of `head` contradict each other.

    `offset` is where the head begins in its stream; with `raw`, the bytes of the head, the error has the
    offset of the value at fault.
    """
    headers = head.headers
    length = content_length(headers, offset, raw)
    if "\r\ntransfer-encoding:" in headers.lowered:
        framing = coded_framing(head, length, offset, raw)
        if framing is None:  # 4. ... in a request nobody could tell where the body ends
            raise framing_error("RFC 9112 §6.3", offset, raw, headers, "transfer-encoding",
                                "chunked as the last transfer coding")
        return framing
    # 5., 6. Content-Length. 7. A request with neither field has no body.
    return NO_BODY if length is None else Framing("length", length)


def coded_framing(head, length, offset, raw):
    """CHUNKED if chunked is the only transfer coding, None if the last is another. The rest is refused."""
    headers = head.headers

    def refusal(rule, expected):
        return framing_error(rule, offset, raw, headers, "transfer-encoding", expected)

    if length is not None:
        raise refusal("RFC 9112 §6.3", "no Transfer-Encoding beside Content-Length")
    if head.version == "1.0":
        raise refusal("RFC 9112 §6.1", "no Transfer-Encoding in an HTTP/1.0 message")
    codings = headers.tokens("transfer-encoding")
    if codings == ["chunked"]:
        return CHUNKED
    names = [coding.partition(";")[0].rstrip(" \t") for coding in codings]
    if not all(TOKEN.fullmatch(name) for name in names):
        raise refusal("RFC 9112 §7", "the names of transfer codings")
    if not names or "chunked" in names:
        unknown = [name for name in names if name != "chunked"]
        raise refusal("RFC 9112 §7", "chunked without %s: that coding is not spoken here" % ", ".join(unknown)
                      if unknown else "chunked, once and without parameters")
    return None


def content_length(headers, offset=0, raw=b""):
    """The int in Content-Length, None without the field. One number, given more than once, counts as one.

    (RFC 9110 §8.6; RFC 9112 §6.3 step 5)
    """
    fields = headers.lowered.split("\r\ncontent-length:")
    if len(fields) == 2:
        value = fields[1].partition("\r\n")[0].strip(" \t")
        if value.isdecimal() and len(value) < 20:   # of latin-1 only 0 to 9 are decimal
            return int(value)
    first = None
    for place, value in enumerate(headers.get_all("content-length")):
        for number in value.split(","):
            number = number.strip(" \t")
            if not CONTENT_LENGTH.fullmatch(number):
                raise framing_error("RFC 9110 §8.6", offset, raw, headers, "content-length",
                                    "a Content-Length of 1 to 19 digits", place)
            if first is None:
                first = number
            elif number != first:
                raise framing_error("RFC 9112 §6.3", offset, raw, headers, "content-length",
                                    "one Content-Length", place)
    return None if first is None else int(first)


def framing_error(rule, offset, raw, headers, name, expected, place=0):
    """The ProtocolError at value number `place` of the fields `name`."""
    index = [index for index, (key, _) in enumerate(headers) if key.lower() == name][place]
    if raw:
        text = raw.decode("latin-1")
        at = text.index(":", line_offset(text, index + 1)) + 1
        offset += len(text) - len(text[at:].lstrip(" \t"))
    return ProtocolError(rule, offset, headers.pairs[index][1].encode("latin-1"), expected)


def stays_open(head, framing):
    """Whether the connection can carry another message after this one (RFC 9112 §9.3)."""
    if framing.kind in ("close", "upgrade"):
        return False
    if "\r\nconnection:" not in head.headers.lowered:
        return head.version == "1.1"
    tokens = head.headers.tokens("connection")
    return "close" not in tokens and (head.version == "1.1" or "keep-alive" in tokens)
