"""Heads as values, and from values to bytes: the start line and the field lines of a message.

Strategy: Headers keeps the text of the field lines as it came, and looks a field up by searching that text,
because of most heads only three fields are read. The (name, value) pairs are made when all are needed.

Promises: field names keep their spelling and order. An encoded head has the lines and words that its
arguments name, and no others: a CR, LF, NUL or space that would begin another one raises UsageError.
Heads are parsed in head.py.
"""
from ..errors import UsageError
from .grammar import FIELD_PAIR, FIELD_VALUE, TARGET, TOKEN
from .reader import WireValue


class Headers:
    """The field lines of a section, in order: (name, value) pairs of str, latin-1 as on the wire.

    Names are looked up without regard to case. `headers[name]` is the first value (KeyError without one), and
    so is get(), which returns a default without one; get_all() returns every value in order. Iterating gives
    the pairs. `lowered` (str) has the field lines in lower case, each after a CRLF, so that it contains
    "\\r\\nhost:" if there is a field of that name.

    >>> headers = Headers([("Server", "Docker"), ("Connection", "close")])
    >>> headers["server"], headers.get("upgrade"), headers.tokens("connection")
    ('Docker', None, ['close'])
    """

    __slots__ = ("_text", "lowered", "_pairs")

    def __init__(self, pairs=(), text=None):
        """`pairs` is a dict or an iterable of (name, value). UsageError for what cannot be sent.

        In place of pairs `text` (str) may have field lines that the grammar has accepted, after a CRLF.
        """
        if text is None:
            text = "\r\n" + field_lines(pairs.items() if isinstance(pairs, dict) else pairs).decode("latin-1")
        self._text = text
        self.lowered = text.lower()   # a latin-1 letter stays one letter, so that indexes agree
        self._pairs = None

    @property
    def pairs(self):
        """The (name, value) pairs, a list."""
        if self._pairs is None:
            self._pairs = [(name, value.rstrip(" \t")) for name, value in FIELD_PAIR.findall(self._text)]
        return self._pairs

    def get_all(self, name):
        """The values of all fields `name`, a list in their order."""
        key, values = "\r\n" + name.lower() + ":", []
        at = self.lowered.find(key) if ":" not in name else -1
        while at >= 0:
            at += len(key)
            values.append(self._text[at:self._text.index("\r\n", at)].strip(" \t"))
            at = self.lowered.find(key, at)
        return values

    def get(self, name, default=None):
        return self[name] if name in self else default

    def tokens(self, name):
        """The comma-separated elements of every field `name`, lower case (RFC 9110 §5.6.1)."""
        elements = (element.strip(" \t").lower() for element in ",".join(self.get_all(name)).split(","))
        return [element for element in elements if element]

    def __getitem__(self, name):
        values = self.get_all(name)
        if not values:
            raise KeyError(name)
        return values[0]

    def __contains__(self, name):
        return bool(self.get_all(name))

    def __iter__(self):
        return iter(self.pairs)

    def __len__(self):
        return len(self.pairs)

    def __eq__(self, other):
        return self.pairs == (other.pairs if isinstance(other, Headers) else other)

    def __repr__(self):
        return "Headers(%r)" % (self.pairs,)


class Head(WireValue):
    """A response's head: `version` "1.0" or "1.1", `status` int, `reason` str, `headers` Headers or pairs."""

    __slots__ = ("version", "status", "reason", "headers")
    kind = "response"

    def __init__(self, version, status, reason, headers):
        self.version = version
        self.status = status
        self.reason = reason
        self.headers = headers if type(headers) is Headers else Headers(headers)

    @property
    def interim(self):
        """Whether another response to this request follows: so after 1xx other than 101 (RFC 9110 §15.2)."""
        return self.status < 200 and self.status != 101


class RequestHead(Head):
    """A request's head: `version`, `method` str, `target` str (as sent), `headers`."""

    __slots__ = ("method", "target")
    kind = "request"
    interim = False

    def __init__(self, version, method, target, headers):
        Head.__init__(self, version, None, None, headers)
        self.method, self.target = method, target

    @property
    def asks_to_upgrade(self):
        """Whether the client offers to switch this connection to another protocol (RFC 9110 §7.8)."""
        return "upgrade" in self.headers and "upgrade" in self.headers.tokens("connection")

    def parts(self):
        return self.version, self.method, self.target, self.headers


def field_lines(headers):
    """(name, value) pairs of str → bytes of field lines, checked against the grammar. Or UsageError.

    A value may be an int. Refused are CR, LF, NUL and other control characters, white space in a name or
    around a value, and characters beyond latin-1.
    """
    lines = []
    for name, value in headers:
        if not isinstance(name, str) or not isinstance(value, (str, int)):
            raise UsageError("header %r: %r is not a str with a str or an int" % (name, value),
                             "decode bytes first")
        value = str(value)
        if not TOKEN.fullmatch(name):
            raise UsageError("header name %r is not a token (RFC 9110 §5.6.2)" % name,
                             "use letters, digits and !#$%&'*+-.^_`|~ only")
        if not FIELD_VALUE.fullmatch(value):
            raise UsageError("%s: %r cannot be sent in a field line (RFC 9110 §5.5)" % (name, value),
                             "no line breaks, control characters, outer spaces or characters beyond latin-1")
        lines.append("%s: %s\r\n" % (name, value))
    return "".join(lines).encode("latin-1")


def check_version(version):
    """UsageError unless `version` is an HTTP version that is spoken here."""
    if version not in ("1.0", "1.1"):
        raise UsageError("HTTP version %r is not spoken here" % version, "use 1.0 or 1.1")


def encode_request_head(method, target, headers=(), version="1.1"):
    """str method, str target, (name, value) pairs → bytes of a request head (RFC 9112 §3), or UsageError.

    >>> encode_request_head("GET", "/_ping", [("Host", "docker")])
    b'GET /_ping HTTP/1.1\\r\\nHost: docker\\r\\n\\r\\n'
    """
    if not TOKEN.fullmatch(method):
        raise UsageError("method %r is not a token (RFC 9110 §9.1)" % method,
                         "use GET, HEAD, POST, PUT or DELETE")
    if not TARGET.fullmatch(target):
        raise UsageError("request target %r has a space, a control or a non-ASCII character (RFC 9112 §3.2)"
                         % target, "percent-encode it: a space is %20")
    check_version(version)
    return ("%s %s HTTP/%s\r\n" % (method, target, version)).encode("ascii") + field_lines(headers) + b"\r\n"


def encode_response_head(status, reason="", headers=(), version="1.1"):
    """int status, str reason, (name, value) pairs → bytes of a response head (RFC 9112 §4), or UsageError."""
    if not 100 <= status <= 599:
        raise UsageError("status %r is not between 100 and 599 (RFC 9110 §15)" % status)
    if not FIELD_VALUE.fullmatch(reason):
        raise UsageError("reason phrase %r cannot be sent in a status line (RFC 9112 §4)" % reason)
    check_version(version)
    line = "HTTP/%s %d %s\r\n" % (version, status, reason)
    return line.encode("latin-1") + field_lines(headers) + b"\r\n"
