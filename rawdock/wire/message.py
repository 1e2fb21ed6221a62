"""Heads: the start line and the field lines of a message, to and from bytes.

Strategy: one regular expression accepts or refuses a whole head, one `findall` takes the
fields out. Only when the expression refuses (or when every byte is to be labelled) does
`walk_head` go over it element by element, to name the rule, the byte and what should have
stood there. A property test holds the two against each other.

Promises: nothing is repaired, nothing is guessed. Refused: bare CR or LF, obs-fold, white
space before a colon, an empty or non-token field name, control bytes, any version but
1.0 and 1.1, status codes outside 100..599. Field names keep their spelling and order.
One exception, on request: with `bare_lf`, a line of a request's head may end with LF alone, as
every engine takes it (RFC 9112 §2.2); the expression then sees CRLF in its place.

Left out: obs-fold unfolding and HTTP/2; a proxy would need the first, nobody here the second.
"""

from ..errors import ProtocolError, UsageError
from .feed import label_span
from .grammar import (BARE_LF_HEAD_END, FIELD_CHAR, FIELD_PAIR, FIELD_VALUE, FRAMING_FIELDS, MAX_FIELDS, REQUEST_HEAD,
                      LazyPattern, RESPONSE_HEAD, STRAY_CONTROL, STRAY_CONTROL_BUT_LF, TARGET, TOKEN, VERSION)

MAX_HEAD_BYTES = 65536  # http.client takes 64 KiB a line, nginx 32 KiB a head, Go's server 1 MiB


class Headers:
    """Field lines in order: pairs of str (latin-1, as on the wire). Look-up ignores case.

    `headers[name]` is the first value (KeyError if absent), `get` the same with a default,
    `get_all` every value in order. Iterating gives the (name, value) pairs.
    """

    __slots__ = ("_pairs", "_index", "_block", "_lowered")

    def __init__(self, pairs=()):
        """`pairs` a dict or an iterable of pairs; or a str of sound field lines that begins with CRLF.

        Such a block is only taken apart when all of it is asked for: most heads are asked about
        three fields, and to find one is a search.
        """
        self._index = None
        if type(pairs) is str:
            self._pairs = None
            self._block = pairs
            self._lowered = pairs.lower()
        else:
            self._block = None
            if isinstance(pairs, dict):
                pairs = pairs.items()
            self._pairs = pairs if type(pairs) is list else list(pairs)

    @property
    def pairs(self):
        """The (name, value) pairs, a list."""
        if self._pairs is None:
            self._pairs = parse_fields(self._block[2:])
        return self._pairs

    def _values(self, name):
        """The values of the fields `name`, in order; None without such a field."""
        return None if ":" in name else self.find_field("\r\n" + name.lower() + ":")

    def plain_length(self):
        """What Content-Length says (int) where it stands alone and sound, and nothing else bears on framing or the connection; else None.

        So it is in nearly every message, and one search tells.
        """
        if self._block is None:
            return None
        found = FRAMING_FIELDS.findall(self._lowered)
        return int(found[0]) if len(found) == 1 and found[0] else None

    def find_field(self, key):
        """The same for `key`, a field name as "\\r\\nname:" in lower case: how a head is searched for it."""
        if self._block is not None:
            at = self._lowered.find(key)
            if at < 0:
                return None
            if self._lowered.find(key, at + 2) < 0:
                at += len(key)
                return (self._block[at:self._block.index("\r\n", at)].strip(" \t"),)
        index = self._index
        if index is None:
            index = self._index = {}
            for name, value in self.pairs:
                index.setdefault(name.lower(), []).append(value)
        return index.get(key[2:-1])

    def get(self, name, default=None):
        values = self._values(name)
        return values[0] if values else default

    def get_all(self, name):
        return list(self._values(name) or ())

    def tokens(self, name):
        """The comma-separated elements of every field `name`, lower case (RFC 9110 §5.6.1)."""
        values = self._values(name)
        if not values:
            return []
        elements = (element.strip(" \t").lower() for element in ",".join(values).split(","))
        return [element for element in elements if element]

    def __getitem__(self, name):
        values = self._values(name)
        if not values:
            raise KeyError(name)
        return values[0]

    def __contains__(self, name):
        return self._values(name) is not None

    def __iter__(self):
        return iter(self.pairs)

    def __len__(self):
        return len(self.pairs)

    def __eq__(self, other):
        return self.pairs == (other.pairs if isinstance(other, Headers) else other)

    def __repr__(self):
        return "Headers(%r)" % (self.pairs,)


class Head:
    """A response's head: `version` "1.0" or "1.1", `status` int, `reason` str, `headers`."""

    __slots__ = ("version", "status", "reason", "headers")
    kind = "response"

    def __init__(self, version, status, reason, headers):
        self.version = version
        self.status = status
        self.reason = reason
        self.headers = headers if type(headers) is Headers else Headers(headers)

    def parts(self):
        return self.version, self.status, self.reason, self.headers

    def __eq__(self, other):
        return type(self) is type(other) and self.parts() == other.parts()

    def __repr__(self):
        return "%s%r" % (type(self).__name__, self.parts())


class RequestHead(Head):
    """A request's head: `version`, `method` str, `target` str (as sent), `headers`."""

    __slots__ = ("method", "target")
    kind = "request"

    def __init__(self, version, method, target, headers):
        Head.__init__(self, version, None, None, headers)
        self.method = method
        self.target = target

    def parts(self):
        return self.version, self.method, self.target, self.headers


def parse_fields(block):
    """The (name, value) pairs of a str of field lines that a head expression has accepted."""
    pairs = FIELD_PAIR.findall(block)
    if " \r\n" in block or "\t\r\n" in block:
        pairs = [(name, value.rstrip(" \t")) for name, value in pairs]
    return pairs


def parse_response_head(data, offset=0):
    """bytes of a status line, field lines and the empty line → Head. ProtocolError with rule and offset.

    `offset` is where `data` stands in its stream. (RFC 9112 §4, §5)
    """
    text = str(data, "latin-1")
    match = RESPONSE_HEAD.fullmatch(text)
    if match is None:
        raise head_refusal(text, "response", offset)
    version, status, reason, block = match.groups()
    return Head(version, int(status), reason, Headers(block))


def parse_request_head(data, offset=0, bare_lf=False):
    """bytes of a request line, field lines and the empty line → RequestHead. (RFC 9112 §3, §5)

    `bare_lf`: LF alone ends a line too (§2.2). ProtocolError with rule and offset, `offset` being where `data` begins.
    """
    text = str(data, "latin-1")
    match = REQUEST_HEAD.fullmatch(text.replace("\r\n", "\n").replace("\n", "\r\n") if bare_lf else text)
    if match is None:
        raise head_refusal(text, "request", offset, bare_lf)
    method, target, version, block = match.groups()
    return RequestHead(version, method, target, Headers(block))


def head_refusal(text, kind, offset, bare_lf=False):
    """The ProtocolError of a head (latin-1 str) that its expression has refused."""
    try:
        end = walk_head(text, kind, offset, None, bare_lf)
    except ProtocolError as error:
        return error
    count = text.count("\n", 0, end) - 2
    if count > MAX_FIELDS:
        return too_many_fields(text, count, offset)
    return ProtocolError("RFC 9112 §2.1", offset + end, text[end:].encode("latin-1"), "no byte after the empty line")


def field_offset(text, index, at=None):
    """Where field line `index` (0 is the first) begins in a valid head (str) whose field lines begin at `at`."""
    if at is None:
        at = text.index("\n") + 1
    for _ in range(index):
        at = text.index("\n", at) + 1
    return at


def too_many_fields(text, count, offset, at=None):
    return ProtocolError("rawdock limit", offset + field_offset(text, MAX_FIELDS, at), b"%d field lines" % count,
                         "at most %d field lines" % MAX_FIELDS)


SPACE = LazyPattern(" ")
OWS = LazyPattern("[ \t]*")   # RFC 9110 §5.6.3
NOT_CONTROL = LazyPattern("[" + FIELD_CHAR + "]*")

# The elements of a line: (role, pattern, what is expected, rule).
STATUS_LINE_ELEMENTS = (
    ("version", LazyPattern(VERSION), "HTTP/1.0 or HTTP/1.1", "RFC 9112 §2.3"),
    ("SP", SPACE, "one space", "RFC 9112 §4"),
    ("status code", LazyPattern("[1-5][0-9][0-9](?![0-9])"), "a status code of three digits, 100 to 599", "RFC 9110 §15"),
    ("SP", SPACE, "one space (it stands even before an absent reason)", "RFC 9112 §4"),
    ("reason phrase", NOT_CONTROL, "a reason phrase", "RFC 9112 §4"),
)
REQUEST_LINE_ELEMENTS = (
    ("method", TOKEN, "a method", "RFC 9112 §3.1"),
    ("SP", SPACE, "one space", "RFC 9112 §3"),
    ("request target", TARGET, "a request target", "RFC 9112 §3.2"),
    ("SP", SPACE, "one space", "RFC 9112 §3"),
    ("version", LazyPattern(VERSION + "(?![ -~\x80-\xff])"), "HTTP/1.0 or HTTP/1.1", "RFC 9112 §2.3"),
)
FIELD_LINE_ELEMENTS = (
    ("field name", TOKEN, "a field name", "RFC 9112 §5"),
    ("colon", LazyPattern(":"), "a colon right after the field name", "RFC 9112 §5.1"),
    ("OWS", OWS, "", ""),
    ("field value", FIELD_VALUE, "a field value", "RFC 9110 §5.5"),
    ("OWS", OWS, "", ""),
)


def walk_head(text, kind, offset, labels=None, bare_lf=False):
    """Go over a head (latin-1 str) element by element; the index of the end of what was walked.

    Appends (start, end, role) to `labels` for each element. Raises ProtocolError at the
    first byte that breaks a rule. `kind` is "response", "request" or "trailer" (no start line).
    `bare_lf`: LF alone ends a line too; its role is "CRLF", for that is what it means.
    """
    at = 0
    if kind != "trailer":
        elements = STATUS_LINE_ELEMENTS if kind == "response" else REQUEST_LINE_ELEMENTS
        at = walk_elements(text, 0, elements, offset, labels, bare_lf)
    while True:
        end = after_line_end(text, at, bare_lf)
        if end > at:
            label_span(labels, offset + at, offset + end, "CRLF")
            return end
        if at == len(text):
            raise ProtocolError("RFC 9112 §2.1", offset + at, b"", "the empty line that ends the fields")
        if text[at] in " \t":
            raise ProtocolError("RFC 9112 §5.2", offset + at, text[at:at + 16].encode("latin-1"),
                                "a field line, not one folded onto a second line")
        at = walk_elements(text, at, FIELD_LINE_ELEMENTS, offset, labels, bare_lf)


def after_line_end(text, at, bare_lf):
    """The index after the line end at index `at` of `text`; `at` itself if there is none."""
    if text.startswith("\r\n", at):
        return at + 2
    return at + 1 if bare_lf and text.startswith("\n", at) else at


def walk_elements(text, at, elements, offset, labels, bare_lf):
    """One line of a head from index `at` through its line end; the index after it."""
    for role, pattern, expected, rule in elements:
        match = pattern.match(text, at)
        if match is None:
            raise ProtocolError(rule, offset + at, text[at:at + 16].encode("latin-1"), expected)
        label_span(labels, offset + at, offset + match.end(), role)
        at = match.end()
    end = after_line_end(text, at, bare_lf)
    if end == at:
        bare = text[at:at + 1] in ("\r", "\n", "")
        raise ProtocolError("RFC 9112 §2.2" if bare else "RFC 9110 §5.5", offset + at, text[at:at + 16].encode("latin-1"),
                            "CRLF at the end of the line" if bare else "no control byte")
    label_span(labels, offset + at, offset + end, "CRLF")
    return end


def find_empty_line(data, start, limit, bare_lf=False):
    """The index after the empty line that ends a head, searched for in `data` from `start` to `limit`; -1 without one."""
    if bare_lf:
        match = BARE_LF_HEAD_END.search(data, start, limit)
        return match.end() if match else -1
    found = data.find(b"\r\n\r\n", start, limit)
    return found + 4 if found >= 0 else -1


def find_head_end(buffer, scanned, kind, offset, labels=None, limit=MAX_HEAD_BYTES, bare_lf=False):
    """Where the head (or trailer section) at the start of `buffer` (bytearray) ends, or -1: need more.

    `scanned` is how much of the buffer earlier calls have seen. Wrong bytes are refused
    before the head is whole, so that a peer that speaks no HTTP is not waited for. What
    stands beyond `limit` bytes is not looked at: cut anywhere, a head gets the same verdict.
    """
    if kind == "trailer" and buffer.startswith(b"\r\n"):
        return 2
    end = find_empty_line(buffer, max(0, scanned - 3), limit, bare_lf)
    if end >= 0:
        return end
    wrong_start = kind == "response" and not b"HTTP/1.".startswith(bytes(buffer[:7]))
    stray = STRAY_CONTROL_BUT_LF if bare_lf else STRAY_CONTROL
    if wrong_start or stray.search(buffer, max(0, scanned - 1), limit):
        walk_head(buffer[:limit].decode("latin-1"), kind, offset, labels, bare_lf)
    if len(buffer) > limit:
        raise ProtocolError("rawdock limit", offset + limit, buffer[limit:], "a %s of at most %d bytes"
                            % ("trailer section" if kind == "trailer" else "head", limit))
    return -1


def field_lines(headers):
    """(name, value) pairs of str, checked against the grammar → bytes of field lines. UsageError if refused.

    Nothing that could end a line or a name gets through: CR, LF, NUL, other control bytes,
    white space in a name or around a value, characters beyond latin-1.
    """
    lines = []
    for name, value in headers:
        if not isinstance(name, str) or not isinstance(value, (str, int)):
            raise UsageError("header %r: %r is not a str with a str or an int" % (name, value), "decode bytes first")
        value = str(value)
        if not TOKEN.fullmatch(name):
            raise UsageError("header name %r is not a token (RFC 9110 §5.6.2)" % name,
                             "use letters, digits and !#$%&'*+-.^_`|~ only")
        if not FIELD_VALUE.fullmatch(value):
            raise UsageError("the value of header %s, %r, cannot stand in a field line (RFC 9110 §5.5)" % (name, value),
                             "no line breaks, control characters, outer blanks or characters beyond latin-1")
        lines.append("%s: %s\r\n" % (name, value))
    return "".join(lines).encode("latin-1")


USUAL_METHODS = ("GET", "POST", "HEAD", "DELETE", "PUT")
PLAIN_HEADERS, PLAIN_FIELDS = [("Host", "docker")], b"Host: docker\r\n"   # of most requests; no expression is compiled for it


def encode_request_head(method, target, headers=(), version="1.1"):
    """str method, str target, (name, value) pairs → bytes of a request head. UsageError if it cannot be sent.

    >>> encode_request_head("GET", "/_ping", [("Host", "docker")])
    b'GET /_ping HTTP/1.1\\r\\nHost: docker\\r\\n\\r\\n'
    """
    if method not in USUAL_METHODS and not TOKEN.fullmatch(method):
        raise UsageError("method %r is not a token (RFC 9110 §9.1)" % method, "use GET, HEAD, POST, PUT or DELETE")
    if not TARGET.fullmatch(target):
        raise UsageError("request target %r has a blank, a control or a non-ASCII character (RFC 9112 §3.2)" % target,
                         "percent-encode it: a blank is %20")
    if version not in ("1.0", "1.1"):
        raise UsageError("HTTP version %r is not spoken here" % version, "use 1.0 or 1.1")
    fields = PLAIN_FIELDS if headers == PLAIN_HEADERS else field_lines(headers)
    return ("%s %s HTTP/%s\r\n" % (method, target, version)).encode("ascii") + fields + b"\r\n"


def encode_response_head(status, reason="", headers=(), version="1.1"):
    """int status, str reason, (name, value) pairs → bytes of a response head. UsageError if it cannot be sent."""
    if not 100 <= status <= 599:
        raise UsageError("status %r is not between 100 and 599 (RFC 9110 §15)" % status)
    if not FIELD_VALUE.fullmatch(reason):
        raise UsageError("reason phrase %r cannot stand in a status line (RFC 9112 §4)" % reason)
    if version not in ("1.0", "1.1"):
        raise UsageError("HTTP version %r is not spoken here" % version, "use 1.0 or 1.1")
    return ("HTTP/%s %d %s\r\n" % (version, status, reason)).encode("latin-1") + field_lines(headers) + b"\r\n"
