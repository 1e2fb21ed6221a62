"""Heads out of bytes: where a head ends, what it says, and which byte is wrong in one that is refused.

Strategy: one regular expression accepts or refuses a whole head. Only if it refuses, or if every byte
is to be labelled, walk_head() goes over the head element by element, to name the rule, the byte and
what was expected there. A property test compares the two.

Promises: nothing is repaired or guessed, and bytes that cannot begin a head are refused before the
head is complete, so that nobody waits for a peer that does not speak HTTP. Refused are bare CR and LF,
obs-fold, white space before a colon, a field name that is not a token, control bytes, versions other
than 1.0 and 1.1, and status codes outside 100 to 599.

Left out: unfolding of obs-fold, which a proxy would need, and HTTP/2, which no engine needs.
"""
from ..errors import ProtocolError, TruncatedError
from .grammar import (EMPTY_LINE, EMPTY_LINE_OR_LF, FIELD_TEXT, FIELD_VALUE, LINE_END, LINE_END_OR_LF,
                      MAX_FIELDS, OWS, REQUEST_HEAD, RESPONSE_HEAD, STRAY_CONTROL, STRAY_CONTROL_BUT_LF,
                      TARGET, TOKEN, VERSION, LazyPattern)
from .message import Head, Headers, RequestHead
from .reader import WireReader, label_span

MAX_HEAD_BYTES = 65536  # http.client takes 64 KiB a line, nginx 32 KiB a head, Go's server 1 MiB

SPACE = LazyPattern(" ")

# The elements of a line: (role, pattern, what is expected, rule).
STATUS_LINE_ELEMENTS = (
    ("version", LazyPattern(VERSION), "HTTP/1.0 or HTTP/1.1", "RFC 9112 §2.3"),
    ("SP", SPACE, "one space", "RFC 9112 §4"),
    ("status code", LazyPattern("[1-5][0-9][0-9](?![0-9])"), "a status code of three digits, 100 to 599",
     "RFC 9110 §15"),
    ("SP", SPACE, "one space (it is sent even before an absent reason)", "RFC 9112 §4"),
    ("reason phrase", FIELD_TEXT, "a reason phrase", "RFC 9112 §4"),
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


def walk_head(text, start_line, offset, labels=None, line_end=LINE_END):
    """Go over a head or trailer section (str, latin-1) element by element → the index of its end.

    Appends (start, end, role) to `labels` for each element, and raises ProtocolError at the first byte that
    breaks a rule. `start_line` has the elements of its first line, none for a trailer section; `line_end`
    (a pattern) is what ends its lines.
    """
    at, count = walk_line(text, 0, start_line, line_end, offset, labels) if start_line else 0, 0
    while True:
        empty = line_end.match(text, at)
        if empty is not None:
            label_span(labels, offset + at, offset + empty.end(), "CRLF")
            return empty.end()
        if at == len(text):
            raise ProtocolError("RFC 9112 §2.1", offset + at, b"", "the empty line that ends the fields")
        if text[at] in " \t":
            raise ProtocolError("RFC 9112 §5.2", offset + at, text[at:at + 16].encode("latin-1"),
                                "a field line, not one folded onto a second line")
        if count == MAX_FIELDS:
            raise ProtocolError("rawdock limit", offset + at, text[at:at + 16].encode("latin-1"),
                                "at most %d field lines" % MAX_FIELDS)
        at = walk_line(text, at, FIELD_LINE_ELEMENTS, line_end, offset, labels)
        count += 1


def walk_line(text, at, elements, line_end, offset, labels):
    """Go over the line at index `at` through its line end → the index after that."""
    for role, pattern, expected, rule in elements:
        match = pattern.match(text, at)
        if match is None:
            raise ProtocolError(rule, offset + at, text[at:at + 16].encode("latin-1"), expected)
        label_span(labels, offset + at, offset + match.end(), role)
        at = match.end()
    match = line_end.match(text, at)
    if match is None:
        rule, expected = "RFC 9110 §5.5", "no control byte"
        if text[at:at + 1] in ("\r", "\n", ""):
            rule, expected = "RFC 9112 §2.2", "CRLF at the end of the line"
        raise ProtocolError(rule, offset + at, text[at:at + 16].encode("latin-1"), expected)
    label_span(labels, offset + at, offset + match.end(), "CRLF")
    return match.end()


def match_section(pattern, data, start_line, offset, line_end=LINE_END):
    """bytes of a head or trailer section → the groups (str) of its expression. Or ProtocolError.

    `start_line` and `line_end` are those of walk_head().
    """
    text = str(data, "latin-1")
    match = pattern.fullmatch(text if line_end is LINE_END else line_end.sub("\r\n", text))
    if match is not None:
        return match.groups()
    end = walk_head(text, start_line, offset, None, line_end)
    raise ProtocolError("RFC 9112 §2.1", offset + end, data[end:], "no byte after the empty line")


def parse_response_head(data, offset=0):
    """bytes of a status line, field lines and the empty line → Head. ProtocolError with rule and offset.

    `offset` is where `data` begins in its stream. (RFC 9112 §4, §5)

    >>> parse_response_head(b"HTTP/1.1 404 Not Found\\r\\nServer: Docker\\r\\n\\r\\n")
    Head('1.1', 404, 'Not Found', Headers([('Server', 'Docker')]))
    """
    version, status, reason, fields = match_section(RESPONSE_HEAD, data, STATUS_LINE_ELEMENTS, offset)
    return Head(version, int(status), reason, Headers((), fields))


def parse_request_head(data, offset=0, bare_lf=False):
    """bytes of a request line, field lines and the empty line → RequestHead. ProtocolError if refused.

    `offset` is where `data` begins in its stream. `bare_lf`: a line may end with LF alone. (RFC 9112 §3)
    """
    method, target, version, fields = match_section(REQUEST_HEAD, data, REQUEST_LINE_ELEMENTS, offset,
                                                    LINE_END_OR_LF if bare_lf else LINE_END)
    return RequestHead(version, method, target, Headers((), fields))


class SectionReader(WireReader):
    """The base of HeadReader and TrailerReader: takes a section, which an empty line ends.

    Bytes beyond the `limit` are not read, so that a section that is too long raises one error however it is
    cut. `expected`: the stream must not end before another section has come.
    """

    name = limit = None
    rule = "RFC 9112 §8"
    expected = False
    start_line, begins = (), b""   # the elements of its first line, and the bytes that this begins with
    line_end, empty_line, stray = LINE_END, EMPTY_LINE, STRAY_CONTROL
    _held = b""        # the start of a section whose end has not come
    _scanned = 0       # bytes of it in which the end is known not to be

    def take(self, data, at, out):
        known = len(self._held)
        self._held = held = self._held or bytearray()
        held += data[at:at + self.limit + 1 - known]   # one byte more than is allowed
        end = self._find_end(held)
        if end < 0:
            self._scanned = len(held)
            return len(data)
        self._held, self._scanned = b"", 0
        out.append(self._parse_section(bytes(held[:end])))
        return at + end - known

    def _find_end(self, buffer):
        """Where the section at the start of `buffer` (bytearray) ends, or -1: need more.

        ProtocolError if the end has not come and no section can begin so.
        """
        limit = self.limit
        if not self.start_line and buffer.startswith(b"\r\n"):
            return 2
        end = self._find_empty_line(buffer, max(0, self._scanned - 3), limit)
        if end >= 0:
            return end
        wrong_start = self.begins and not self.begins.startswith(bytes(buffer[:len(self.begins)]))
        if wrong_start or self.stray.search(buffer, max(0, self._scanned - 1), limit):
            self._walk(buffer[:limit], self._labels)
        if len(buffer) > limit:
            raise ProtocolError("rawdock limit", self.offset + limit, buffer[limit:],
                                "%s of at most %d bytes" % (self.name, limit))
        return -1

    def _find_empty_line(self, data, start, stop):
        """The index after the empty line that ends a section, searched for in data[start:stop]; or -1."""
        match = self.empty_line.search(data, start, stop)
        return match.end() if match else -1

    def _walk(self, raw, labels):
        return walk_head(raw.decode("latin-1"), self.start_line, self.offset, labels, self.line_end)

    def _parse_section(self, raw):
        if self._labels is not None:
            self._walk(raw, self._labels)
        section = self._parse(raw)
        self.offset += len(raw)
        return section

    def _end_of_stream(self):
        got = len(self._held)
        if got or self.expected:
            return TruncatedError(self.name, self.offset + got, None, got, self.rule)
        return None


class HeadReader(SectionReader):
    """Takes heads of responses: each appends a Head.

        state        what is read                                            then
        before       at most one empty line, ignored (RFC 9112 §2.2)         lines
        lines        a start line, field lines and the empty line            before, of the next head

    `raw` (bytes) is the last head, and `start` where it, or the one that is being read, began in the stream.
    """

    name, limit = "a response head", MAX_HEAD_BYTES
    start_line, begins = STATUS_LINE_ELEMENTS, b"HTTP/1."
    raw = b""
    _before = True

    def __init__(self, labels=None, offset=0):
        WireReader.__init__(self, labels, offset)
        self.start = offset

    def take(self, data, at, out):
        """Append the head that data[at:] completes → the index after it; need more: the end of the data."""
        if self._before:
            if self._held or data[at] in b"\r\n":
                at = self._skip_empty_line(data, at)
            self.start = self.offset
            if at == len(data):
                return at
            if not self._held:   # of a head that is complete in `data` nothing but the head is copied
                end = self._find_empty_line(data, at, at + MAX_HEAD_BYTES)
                if end >= 0:
                    out.append(self._parse_section(data[at:end]))
                    return end
            self._before = False
        return SectionReader.take(self, data, at, out)

    def _skip_empty_line(self, data, at):
        """Skip one empty line → the index after it. A CR at the end of the data is held for its LF."""
        known = len(self._held)
        line = bytes(self._held) + data[at:at + 2 - known]
        if line == b"\r":
            self._held = bytearray(line)
            return len(data)
        self._before = False
        empty = self.line_end.match(line.decode("latin-1"))
        if empty is not None:
            size = empty.end()
            self._held = b""
            label_span(self._labels, self.offset, self.offset + size, "CRLF")
            self.offset += size
            at += size - known
        return at

    def _parse(self, raw):
        self.raw, self._before = raw, True
        return parse_response_head(raw, self.offset)


class RequestHeadReader(HeadReader):
    """Takes heads of requests: each appends a RequestHead. The states are those of HeadReader.

    `bare_lf`: a line may end with LF alone, as engines accept it (RFC 9112 §2.2).
    """

    name, start_line, begins = "a request head", REQUEST_LINE_ELEMENTS, b""

    def __init__(self, labels=None, offset=0, bare_lf=False):
        HeadReader.__init__(self, labels, offset)
        if bare_lf:
            self.accept_bare_lf()

    def accept_bare_lf(self):
        self.line_end, self.empty_line = LINE_END_OR_LF, EMPTY_LINE_OR_LF
        self.stray = STRAY_CONTROL_BUT_LF

    def _parse(self, raw):
        self.raw, self._before = raw, True
        return parse_request_head(raw, self.offset, self.line_end is LINE_END_OR_LF)
