"""What a learner has typed, read by the client's own parser, and the hint at what is wrong in it.

    read_answer(bytes)    → LessonAnswer: the requests, the raw stream after an upgrade, the error
    wire_hint(answer)     → str or None: which rule of HTTP the bytes break, where, and what to write instead
    read_notation(text)   → bytes that no keyboard has, written as hexadecimal numbers and quoted text

Strategy: RequestReader decides what is right, and nothing in this file accepts or refuses a byte. Once the
parser has refused one, this file looks at the bytes around the offset that the parser names, and explains the
mistake to somebody who has just typed them. Where it knows no better explanation, it gives the parser's.

Left out: guessing. A hint names one mistake, the first; the next one is named when that is mended.
"""
import re

from ...errors import ProtocolError, TruncatedError
from ...wire.exchange import Data, End, RequestReader, Switched

MAX_ANSWER_BYTES = 65536

METHODS_IN_CAPITALS = ("GET", "HEAD", "POST", "PUT", "DELETE")
LOOKS_LIKE_REQUEST = re.compile(rb"[A-Za-z]+ +[/*h]")
LOOKS_LIKE_BODY = re.compile(rb"[ \t]*[{\[]")
SPELLED_LINE_END = re.compile(rb"(?:\\r)?\\n")   # a backslash and a letter, not the byte
TYPED_HEAD_END = re.compile(rb"\n\r?\n")
LOOKS_LIKE_PARAMETER = re.compile(rb"[?&]?[A-Za-z-]+ *=[^:]*")
LINE_END_ADDED = "(editors, echo and here-documents add a line end; printf does not)"
EARLY_BODY = ("this looks like the body, but the head has not ended: the empty line (\\r\\n) between "
              "head and body is missing (RFC 9112 §2.1)")
ONE_BLANK = "between method, target and version there is exactly one blank each (RFC 9112 §3)"
THREE_PARTS = "the line has three parts, as in GET /_ping HTTP/1.0 (RFC 9112 §3)"


class LessonRequest:
    """A request: its `head`, `framing`, decoded `body`, and the offsets `start`, `body_start` and `end`."""

    def __init__(self, head, framing, start, body_start):
        self.head = head
        self.framing = framing
        self.start = start
        self.body_start = body_start
        self.end = None   # until it is complete
        self.body = b""


class LessonAnswer:
    """An answer, as the parser reads it.

    `data` is its bytes, `requests` the list of LessonRequest, `stream` the bytes after a request for an
    upgrade (None without one), `error` the ProtocolError that ended the reading, or None.
    """

    def __init__(self, data):
        self.data = data
        self.requests = []
        self.stream = None
        self.error = None
        self.labels = []

    @property
    def whole(self):
        """The requests that are complete."""
        return [one for one in self.requests if one.end is not None]

    @property
    def begun(self):
        """The request whose head has come and whose body has not, or None."""
        return next((one for one in self.requests if one.end is None), None)

    @property
    def after(self):
        """The offset of the first byte after the last complete request."""
        return self.whole[-1].end if self.whole else 0


def read_answer(data):
    """Read `data` (bytes) as a LessonAnswer. It is fed byte by byte, so that each event's offset is known."""
    answer = LessonAnswer(data)
    reader = RequestReader(answer.labels)
    start = 0
    try:
        for at in range(len(data)):
            for event in reader.feed(data[at:at + 1]):
                if isinstance(event, Data):
                    answer.requests[-1].body += event.data
                elif isinstance(event, End):
                    answer.requests[-1].end = start = at + 1
                elif isinstance(event, Switched):
                    answer.stream = data[at + 1:]
                else:
                    answer.requests.append(LessonRequest(event, reader.framing, start, at + 1))
            if answer.stream is not None:
                return answer
        reader.feed_eof()
    except ProtocolError as error:
        answer.error = error
    return answer


def visible_bytes(data):
    """`data` (bytes) as a str in which every byte can be seen: \\r, \\n, \\xNN."""
    shown = {0x0d: "\\r", 0x0a: "\\n", 0x09: "\\t", 0x5c: "\\\\"}
    return "".join(shown.get(byte) or (chr(byte) if 0x20 <= byte < 0x7f else "\\x%02x" % byte)
                   for byte in data)


def visible_lines(data, limit=4000):
    """The lines of `data` (bytes) as a list of str, with their line ends visible; `limit` bytes at most."""
    shown = data[:limit]
    lines = [visible_bytes(line) for line in (shown.splitlines(True) if b"\n" in data else [shown])]
    return lines + ["(%d bytes more)" % (len(data) - limit)] if len(data) > limit else lines


def pointed_line(data, offset):
    """The line of `data` around `offset`, and a line with a mark below that byte (str)."""
    start = max(data.rfind(b"\n", 0, offset) + 1, offset - 40)
    end = data.find(b"\n", offset) + 1 or len(data)
    before = visible_bytes(data[start:offset])
    return "    %s\n    %s^" % (before + visible_bytes(data[offset:min(end, offset + 30)]), " " * len(before))


def hint_at(data, offset, text):
    """`text` after the numbers of line (from 1) and byte in it (from 0), and before pointed_line()."""
    start = data.rfind(b"\n", 0, offset) + 1
    place = "line %d, byte %d" % (data.count(b"\n", 0, offset) + 1, offset - start)
    return "%s: %s\n%s" % (place, text, pointed_line(data, offset))


def wire_hint(answer):
    """The hint at what breaks HTTP in a LessonAnswer: line, byte, what to write; None if nothing does."""
    if not answer.data:
        return "nothing came: the answer has no byte at all"
    found = wire_mistake(answer)
    return found if found is None else hint_at(answer.data, *found)


def wire_mistake(answer):
    """The first mistake in a LessonAnswer as (offset, hint), or None."""
    data, error = answer.data, answer.error
    if error is None:
        # Servers ignore an empty line between requests; after the last one it is a line too many.
        too_many = answer.whole and answer.stream is None and answer.after < len(data)
        return surplus_mistake(answer, answer.whole[-1]) if too_many else None
    if answer.begun is not None:
        return body_mistake(answer, answer.begun, error)
    if answer.whole and not LOOKS_LIKE_REQUEST.match(data, answer.after):
        return surplus_mistake(answer, answer.whole[-1])
    if LOOKS_LIKE_BODY.match(data, answer.after):
        return answer.after, ("this looks like a body: before it come the request line, its fields and an "
                              "empty line (RFC 9112 §2.1)")
    spelled = spelled_line_end(data, answer.after)
    if spelled is not None:
        return spelled
    if isinstance(error, TruncatedError):
        return head_end_mistake(data)
    return head_mistake(data, answer.after, error) or parser_words(data, error)


def parser_words(data, error):
    """(offset, hint) in the parser's own words."""
    return min(error.offset, len(data) - 1), "expected %s (%s)" % (error.expected, error.rule)


def spelled_line_end(data, start):
    """(offset, hint) for line ends of a head that are spelled with backslashes; None if there are none."""
    blank = TYPED_HEAD_END.search(data, start)
    match = SPELLED_LINE_END.search(data, start, blank.start() if blank else len(data))   # a body may
    if match is None:
        return None
    return match.start(), ("%s is %d characters here, and no line end. printf makes line ends of "
                           "it, echo may not; typed at a prompt, Enter is the line end"
                           % (match.group().decode("ascii"), len(match.group())))


def surplus_mistake(answer, last):
    """(offset, hint) for bytes after `last`, a complete request, that begin no other one."""
    data, at, surplus = answer.data, answer.after, answer.data[answer.after:]
    if last.framing.kind == "length":
        got = len(data) - last.body_start
        text = "Content-Length says %d, but %d bytes follow the empty line" % (last.framing.length, got)
        if not surplus.strip():
            text += ": %s at the end is one of them %s" % (visible_bytes(surplus), LINE_END_ADDED)
        return at, text
    if not surplus.strip():
        return at, "%d too many: the request was over before %s" % (len(surplus), LINE_END_ADDED)
    if LOOKS_LIKE_BODY.match(surplus):
        return at, ("here is a body, but the head has no Content-Length: without it a request has no body, "
                    "and the engine would take these %d bytes for the next request (RFC 9112 §6.3)"
                    % len(surplus))
    return at, "these %d bytes come after the request was over, and begin no other one" % len(surplus)


def head_end_mistake(data):
    """(offset, hint) for bytes that end inside a head."""
    last = data.rfind(b"\n") + 1
    if LOOKS_LIKE_BODY.match(data, last):
        return last, EARLY_BODY
    missing = "the empty line" if data.endswith(b"\r\n") else "the line end, and after it the empty line,"
    return len(data), ("%s is missing, \\r\\n with nothing before it: it ends the head, and without it the "
                       "engine waits for more fields (RFC 9112 §2.1)" % missing)


# What the parser expected, or the rule that it names → the hint at the byte at fault.
HEAD_MISTAKES = {
    "no byte after a message that closes the connection":
        "a second request, but the first one closes the connection: HTTP/1.0 does without being asked, "
        "HTTP/1.1 with Connection: close (RFC 9112 §9.6)",
    "no Transfer-Encoding beside Content-Length":
        "Content-Length and Transfer-Encoding in one head: two answers to where the body ends. Take one "
        "(RFC 9112 §6.3)",
    "RFC 9112 §5.2":
        "the line begins with a blank: each field begins at the start of its line, or the line before it has "
        "not ended (RFC 9112 §5.2)",
    "RFC 9110 §8.6":
        "Content-Length is a number of bytes, in decimal digits and nothing else (RFC 9110 §8.6)",
}


def head_mistake(data, start, error):
    """(offset, hint) for a head that the parser refuses with `error`; None if its own words are best."""
    at, rule, expected = error.offset, error.rule, error.expected
    byte = data[at:at + 1]
    line_start = data.rfind(b"\n", 0, at) + 1
    line_end = data.find(b"\n", at) + 1 or len(data)
    line = data[line_start:line_end].rstrip(b"\r\n")
    first = line_start <= start
    if expected in HEAD_MISTAKES:
        return at, HEAD_MISTAKES[expected]
    if byte == b"\n" and (expected.startswith("CRLF") or at == line_start):
        return at, ("the line ends with \\n alone. A line of HTTP ends with two bytes, \\r\\n (0d 0a; RFC "
                    "9112 §2.2): in printf write \\r\\n, in nc use -C; lines of a file get it with sed "
                    "'s/$/\\r/'")
    if byte == b"\r" and data[at + 1:at + 2] != b"\n":
        return at, "\\r without \\n: a line of HTTP ends with both, \\r\\n (RFC 9112 §2.2)"
    if first and rule in ("RFC 9112 §2.3", "RFC 9112 §3", "RFC 9112 §3.1", "RFC 9112 §3.2"):
        text = line.decode("latin-1")
        return at, next(words for pattern, words in WRONG_REQUEST_LINES if re.match(pattern, text))
    if LOOKS_LIKE_REQUEST.match(line) and (
            b" HTTP/" in line or line.split()[0].decode("ascii").upper() in METHODS_IN_CAPITALS):
        return line_start, ("a new request begins, but the head before it has not ended: the empty line "
                            "(\\r\\n) is missing before it")
    if LOOKS_LIKE_BODY.match(line):
        return line_start, EARLY_BODY
    if rule == "RFC 9112 §5.1":
        return field_mistake(line, line_start, at)
    return (at, HEAD_MISTAKES[rule]) if rule in HEAD_MISTAKES else None


def field_mistake(line, line_start, at):
    """(offset, hint) for a line that is no field: no field name continues with the byte at offset `at`."""
    place = at - line_start
    if line[place:place + 1] in (b" ", b"\t") and line[place:].strip(b" \t")[:1] == b":":
        return at, ("a blank before the colon: the colon comes right after the field name, Name: value "
                    "(RFC 9112 §5.1)")
    if LOOKS_LIKE_PARAMETER.fullmatch(line):
        return line_start, ("this is no field, which is written Name: value (RFC 9112 §5); parameters belong "
                            "in the request line, at the end of the target, /path?name=value")
    return at, "this line has no colon after its name: a field is written Name: value (RFC 9112 §5)"


# (pattern of the start of a request line that the parser refuses, hint): the first row that fits.
WRONG_REQUEST_LINES = (
    (r"[ \t]", "the line begins with a blank: a request begins with its method (RFC 9112 §3)"),
    (r"(?i)(GET|HEAD|POST|PUT|DELETE):", "a colon after the method: " + ONE_BLANK),
    (r"[A-Za-z-]+:",
     "this looks like a field: the request line, METHOD TARGET VERSION, comes before it (RFC 9112 §2.1)"),
    (r"[A-Za-z]+ *$", "target and version are missing: " + THREE_PARTS),
    (r"\S+ \S+ *$", "the version, HTTP/1.0 or HTTP/1.1, is missing: " + THREE_PARTS),
    (r".*\t", "a tab: " + ONE_BLANK),
    (r"\S+  ", "two blanks: " + ONE_BLANK),
    (r".*[\x80-\xff]", "a byte outside ASCII: in a target it is percent-encoded, two hexadecimal digits for "
     "each byte, é is %C3%A9 (RFC 3986 §2.1)"),
    (r"\S+ \S+ HTTP/1[.][01] *$", "a blank after the version: the line ends with the version and \\r\\n"),
    (r"\S+ \S+ HTTP/1[.][01] ",
     "the line ends after the version: a field, Name: value, begins a line of its own (RFC 9112 §2.1)"),
    (r".* HTTP/1[.][01]$", "a blank inside the target: there it is written %20, for " + ONE_BLANK),
    (r"\S+ \S+ ",
     "the line ends with the version, HTTP/1.0 or HTTP/1.1, in capitals and with the slash (RFC 9112 §2.3)"),
    (r"", "the first line is METHOD TARGET VERSION; this is something else: " + THREE_PARTS),
)


def body_mistake(answer, request, error):
    """(offset, hint) for a request whose head is right and whose body is not."""
    data = answer.data
    if request.framing.kind != "length":
        return chunk_mistake(answer, request, error)
    got, said = len(data) - request.body_start, request.framing.length
    text = "Content-Length says %d, but %d bytes follow the empty line" % (said, got)
    if not got:
        text += ": the body is missing"
    return len(data), text + " (RFC 9112 §6.2). The engine would wait for the rest"


def chunk_mistake(answer, request, error):
    """(offset, hint) for a chunked body that is cut or that the parser refuses with `error`."""
    data, at, expected = answer.data, error.offset, error.expected
    byte = data[at:at + 1]
    sizes = [(start, end) for start, end, role in answer.labels
             if role == "chunk size" and start >= request.body_start]
    where = error.where if isinstance(error, TruncatedError) else ""
    if byte == b"\n" and data[at - 1:at] != b"\r":
        return at, "the line ends with \\n alone: chunk lines and chunk data end with \\r\\n (RFC 9112 §7.1)"
    if (where == "chunk data" or expected == "CRLF after the chunk data") and sizes:
        return chunk_size_mistake(data, sizes[-1])
    if where == "the trailer section":
        return len(data) - 1, ("the last chunk 0\\r\\n has come, but not the empty line \\r\\n after it, "
                               "which ends the body (RFC 9112 §7.1)")
    if where:
        return len(data), ("the last chunk is missing: a chunk is its size in hexadecimal, \\r\\n, that many "
                           "bytes, \\r\\n, and the last one is 0\\r\\n\\r\\n (RFC 9112 §7.1)")
    if error.rule == "RFC 9112 §7.1.1" or expected in (
            "CRLF after the chunk size", "a chunk size of 1 to 16 hexadecimal digits"):
        return at, ("here must be the size of a chunk, on a line of its own: hexadecimal digits alone, "
                    "without 0x, and after them \\r\\n (RFC 9112 §7.1)")
    return parser_words(data, error)


def chunk_size_mistake(data, span):
    """(offset, hint) for a chunk with another size than its line says; `span` is that of the number."""
    text = data[span[0]:span[1]].decode("ascii")
    start = data.find(b"\n", span[1]) + 1
    end = data.find(b"\r\n", start)
    size, got = int(text, 16), (len(data) if end < 0 else end) - start
    said = "is hexadecimal and means %d bytes, but the chunk has %d" % (size, got)
    if text.isdigit() and int(text) == got:
        said = "is read as hexadecimal: %d bytes. %d bytes are written %x" % (size, got, got)
    return span[0], "the chunk size %s %s (RFC 9112 §7.1)" % (text, said)


# Blanks; text in double quotes; bytes of two hexadecimal digits each.
NOTATION_PIECE = re.compile(r"""\s+|"((?:[^"\\]|\\.)*)"|((?:[0-9A-Fa-f]{2})+)(?![0-9A-Za-z])""")
NOTATION_ESCAPES = {"n": b"\n", "r": b"\r", "t": b"\t", "0": b"\0", "\\": b"\\", '"': b'"', "e": b"\x1b"}


def unescape_typed(text):
    """Typed str with \\n, \\r, \\t, \\\\ and \\xNN → bytes; other backslashes are kept."""
    def value_of(match):
        code = match.group(1)
        return (bytes((int(code[1:], 16),)).decode("latin-1") if code[0] == "x"
                else NOTATION_ESCAPES[code].decode("latin-1"))
    raw = text.encode("utf-8", "surrogateescape").decode("latin-1")
    return re.sub(r'\\(x[0-9A-Fa-f]{2}|[nrt0e\\"])', value_of, raw).encode("latin-1")


def read_notation(text):
    """str such as `01 00 00 00 "out\\n"` → bytes. ValueError with a hint if it cannot be read."""
    data, at = b"", 0
    while at < len(text):
        match = NOTATION_PIECE.match(text, at)
        if match is None:
            raise ValueError("%s is neither a byte in hexadecimal (00 to ff) nor text in double quotes, "
                             "\"...\"" % text[at:].split()[0][:20])
        quoted, digits = match.groups()
        if quoted is not None:
            data += unescape_typed(quoted)
        elif digits is not None:
            data += bytes.fromhex(digits)
        at = match.end()
    return data
