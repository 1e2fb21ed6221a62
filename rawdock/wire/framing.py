"""Where the body of a message ends. Its head decides, and of a response also the request that it answers.

Only response_framing() and request_framing() decide where a body ends; their steps have the numbers of
RFC 9112 §6.3. stays_open() says whether another message may follow.

This is stricter than the RFC requires of a client: Transfer-Encoding beside Content-Length is refused,
because two parsers that resolve it differently can be played against each other, and no engine sends it.
"""
from ..errors import ProtocolError
from .grammar import CONTENT_LENGTH, TOKEN
from .reader import WireValue


class Framing(WireValue):
    """How a body is delimited: `kind` is "none", "length", "chunked", "close" or "upgrade".

    `length` (int) is that of kind "length". `coding` (str or None) names a transfer coding other than chunked
    in which the content of kind "close" still is.
    """

    __slots__ = ("kind", "length", "coding")

    def __init__(self, kind, length=0, coding=None):
        self.kind = kind
        self.length = length
        self.coding = coding


NO_BODY = Framing("none")
UNTIL_CLOSE = Framing("close")
CHUNKED = Framing("chunked")
UPGRADE = Framing("upgrade")

# What a verdict calls a body, by the kind of its framing.
BODY_NAMES = {"none": "no body", "length": "a body of known length", "chunked": "a chunked body",
              "close": "a body that ends with the connection", "upgrade": "a hijacked stream"}


def response_framing(head, method="GET", hijack=False, offset=0, raw=b""):
    """The Framing of a response to a request of `method`. ProtocolError if its fields contradict each other.

    `hijack`: the request was attach or exec start, whose 200 means what 101 means, that from here on the
    connection is a raw stream. `offset` is where the head begins in its stream. With `raw`, the bytes of
    the head, the error has the offset of the wrong value.

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
        return coded_framing(head, length, offset, raw)   # 3., 4.
    # 5., 6. A valid Content-Length (content_length has refused an invalid one).
    if length is not None:
        return Framing("length", length)
    # 8. Neither field: until the connection closes.
    return UNTIL_CLOSE


def request_framing(head, offset=0, raw=b""):
    """The Framing of a request's body. ProtocolError if the fields of `head` contradict each other.

    `offset` is where the head begins in its stream. With `raw`, the bytes of the head, the error has the
    offset of the wrong value.
    """
    headers = head.headers
    length = content_length(headers, offset, raw)
    if "\r\ntransfer-encoding:" in headers.lowered:
        return coded_framing(head, length, offset, raw)   # 3., 4.
    # 5., 6. Content-Length. 7. A request with neither field has no body.
    return NO_BODY if length is None else Framing("length", length)


def coded_framing(head, length, offset, raw):
    """The Framing of a message with Transfer-Encoding; `length` is its Content-Length or None."""
    codings = head.headers.tokens("transfer-encoding")
    names = [coding.partition(";")[0].rstrip(" \t") for coding in codings]
    unknown = [name for name in names if name != "chunked"]
    rule, expected = "RFC 9112 §7", "chunked, once and without parameters"
    if length is not None:   # 3. Both fields.
        rule, expected = "RFC 9112 §6.3", "no Transfer-Encoding beside Content-Length"
    elif head.version == "1.0":
        rule, expected = "RFC 9112 §6.1", "no Transfer-Encoding in an HTTP/1.0 message"
    elif codings == ["chunked"]:   # 4. Chunked is the last coding.
        return CHUNKED
    elif not all(TOKEN.fullmatch(name) for name in names):
        expected = "the names of transfer codings"
    elif names and unknown == names:   # 4. Another is: a response ends with its connection.
        if head.kind == "response":
            return Framing("close", coding=", ".join(codings))
        rule, expected = "RFC 9112 §6.3", "chunked as the last transfer coding"
    elif unknown:
        expected = "chunked without %s: that coding is not decoded here" % ", ".join(unknown)
    raise framing_error(rule, offset, raw, head.headers, "transfer-encoding", expected)


def content_length(headers, offset=0, raw=b""):
    """The Content-Length (int), None without the field. A number that is repeated counts once.

    (RFC 9110 §8.6; RFC 9112 §6.3 step 5)
    """
    fields = headers.lowered.split("\r\ncontent-length:")
    if len(fields) == 2:
        value = fields[1].partition("\r\n")[0].strip(" \t")
        if value.isdecimal() and len(value) < 20:   # of latin-1 only 0 to 9 are decimal
            return int(value)
    numbers = [(place, number.strip(" \t")) for place, value in enumerate(headers.get_all("content-length"))
               for number in value.split(",")]
    for place, number in numbers:
        rule, expected = "RFC 9110 §8.6", "a Content-Length of 1 to 19 digits"
        if CONTENT_LENGTH.fullmatch(number):
            rule, expected = "RFC 9112 §6.3", "one Content-Length"
            if number == numbers[0][1]:
                continue
        raise framing_error(rule, offset, raw, headers, "content-length", expected, place)
    return int(numbers[0][1]) if numbers else None


def framing_error(rule, offset, raw, headers, name, expected, place=0):
    """The ProtocolError for the value of field number `place` among those called `name`."""
    index = [index for index, (key, _) in enumerate(headers) if key.lower() == name][place]
    if raw:
        line = len(b"\n".join(raw.split(b"\n")[:index + 1]))
        value = raw[raw.index(b":", line) + 1:]
        offset += len(raw) - len(value.lstrip(b" \t"))
    return ProtocolError(rule, offset, headers.pairs[index][1].encode("latin-1"), expected)


def stays_open(head, framing):
    """Whether the connection can carry another message after this one (RFC 9112 §9.3)."""
    if framing.kind in ("close", "upgrade"):
        return False
    tokens = head.headers.tokens("connection") if "\r\nconnection:" in head.headers.lowered else ()
    return "close" not in tokens and (head.version == "1.1" or "keep-alive" in tokens)
