"""Targets of the wire floor: heads, bodies, frames and messages, however their bytes are cut."""
import ast
import os
import re
import traceback
import zlib
from random import Random

from fuzz_targets.drawing import BYTE_TOKENS, TEXT_TOKENS, Finding, attempt, cut, mutated, require
from fuzz_targets.models import (model_chunked, model_exchange, model_frames, model_head, model_json,
                                 model_protobuf, model_tar)
from rawdock.errors import ProtocolError, RawdockError, StreamError, TruncatedError
from rawdock.wire.chunked import ChunkedReader
from rawdock.wire.exchange import RequestReader, ResponseReader
from rawdock.wire.frames import FrameReader, encode_frame
from rawdock.wire.head import (
    REQUEST_LINE_ELEMENTS, STATUS_LINE_ELEMENTS, parse_request_head, parse_response_head, walk_head)
from rawdock.wire.jsonstream import MessageReader
from rawdock.wire.message import encode_request_head, encode_response_head
from rawdock.wire.protobuf import ProtobufReader
from rawdock.wire.tar import END_OF_TAR, TarMember, TarReader, tar_padding
from tests.wire.protobuf_bytes import encode_protobuf_field

CORPUS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
                      "tests", "wire", "corpus")
MODEL_BYTES = 4000        # the second parsers know no limits: longer inputs are not shown to them
ERROR_PARTS = "rule offset expected where got".split()
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "x!~"]


class Target:
    """One parser and what it promises.

    Its docstring says which, and its name is the class's. It has `generate(c)` → case, an input made by
    structure; `mutate(c, case, other)` → case; and `check(case, rng, thorough)` → a hashable outcome, or
    raises Finding. A case is a Python literal, so that a line of the corpus can be read and typed.
    """

    tokens = BYTE_TOKENS
    changed = ()   # of a case that is a tuple: the indices of the bytes or the str that mutate() changes

    def __init__(self):
        self.name = re.sub("(?<=.)(?=[A-Z])", "-", type(self).__name__).lower()

    def generate(self, c):
        """Tokens one after another."""
        return self.tokens[0][:0].join([c.pick(self.tokens) for _ in range(c.below(10))])

    def mutate(self, c, case, other):
        """`case` with a change; another one, if it is made of lists and dicts."""
        if isinstance(case, (bytes, str)):
            return mutated(c, case, self.tokens, other)
        if not self.changed:
            return self.generate(c)
        at = c.pick(self.changed)
        rest = self.generate(c) if c.seldom(10) else case
        return rest[:at] + (mutated(c, case[at], self.tokens, other[at]),) + rest[at + 1:]

    def seeds(self):
        """[(name, case)] of the target's corpus."""
        path = os.path.join(CORPUS, self.name + ".txt")
        if not os.path.exists(path):
            return []
        with open(path, encoding="ascii") as lines:
            return [(line.partition(": ")[0], ast.literal_eval(line.partition(": ")[2].strip()))
                    for line in lines if line.strip()]


class TextTarget(Target):
    tokens = TEXT_TOKENS


def words_of(error):
    """The words of an error's message that its input has no part in, so far as that can be seen."""
    return re.sub("[^A-Za-z ]+", "", re.sub("'.*'|\".*\"|[(].*[)]|/\\S*|header \\S*", "", str(error)))[:40]


def run_check(target, case, thorough=False):
    """`target.check`, always alike for one case; what is not ours and gets out is a Finding."""
    rng = Random(zlib.crc32(repr(case).encode("ascii", "backslashreplace")))
    try:
        return target.check(case, rng, thorough)
    except Finding:
        raise
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = "%s:%s" % (os.path.basename(frame.filename), frame.name)
        raise Finding("%s in %s" % (type(error).__name__, where), str(error)[:200])


class ReaderTarget(Target):
    """A reader of the wire floor. A case is what it is fed, or a tuple: what it is made with, and that.

    `model(data, *made with)` → (merged values, complete) as the second parser has them.
    """

    leaves_rest = False

    def made_with(self, case):
        return case[:-1] if isinstance(case, tuple) else ()

    def make(self, case, labels):
        return self.reader(*self.made_with(case) + (labels,))

    def merge(self, values, reader):
        """What the values come to, whatever the cuts were."""
        return values

    def agree(self, merged, verdict, model):
        values, complete = model
        require(complete == (verdict is None), "complete for one parser only", merged, verdict, model)
        require(merged == values, "values differ from the second parser's", merged, values)

    def fed(self, case, pieces, labels=None):
        """(merged values, verdict: None or the error as a tuple) after the end of the stream."""
        reader, values, verdict = self.make(case, labels), [], None
        try:
            for piece in pieces:
                values.extend(reader.feed(piece))
            values.extend(reader.feed_eof() or ())
        except (ProtocolError, StreamError) as error:
            for again in (attempt(RawdockError, reader.feed, b"x"), attempt(RawdockError, reader.feed_eof)):
                require(again == (None, error), "an error is not kept", error, again)
            verdict = (type(error).__name__,) + tuple([getattr(error, part, None) for part in ERROR_PARTS])
            if isinstance(error, StreamError):   # the message of the others shows bytes, as many as there are
                verdict += (error.message,)
        return self.merge(values, reader), verdict

    def check(self, case, rng, thorough):
        data = case[-1] if isinstance(case, tuple) else case
        whole = self.fed(case, (data,))
        merged, verdict = whole
        labels = self.check_cuts(case, data, whole, rng, thorough)
        self.check_verdict(case, data, verdict, labels)
        if len(data) <= MODEL_BYTES:
            some = [len(data)] + [rng.randrange(len(data) + 1) for _ in range(2)]
            for place in range(len(data) + 1) if thorough and len(data) <= 300 else some:
                result = whole if place == len(data) else self.fed(case, (data[:place],))
                self.agree(result[0], result[1], self.model(data[:place], *self.made_with(case)))
        return self.outcome(merged, verdict, labels)

    def check_cuts(self, case, data, whole, rng, thorough):
        """Cuts and labels change nothing → the labels."""
        size = len(data)
        places = [rng.randrange(size + 1) for _ in range(rng.randrange(1, 5))]
        cuts = [cut(data, places), cut(memoryview(data), places)]
        if size <= 3000 and (thorough or size < 48 or rng.random() < 0.3):
            cuts.append(cut(data, range(1, size)))
        if size > 3000:   # where a bound is met it is met near the end
            cuts.append(cut(data, range(size - 20, size)))
        if thorough and size <= 200:
            cuts += [cut(data, [place]) for place in range(size + 1)]
        maps = []
        for pieces in cuts:
            labels = []
            require(self.fed(case, pieces) == whole, "cuts change the result", pieces, whole)
            require(self.fed(case, pieces, labels) == whole, "labels change the result", pieces, whole)
            maps.append(self.tiled(labels))
        require(all(labels == maps[0] for labels in maps), "labels depend on the cuts", maps)
        return maps[0]

    def check_verdict(self, case, data, verdict, labels):
        size, labelled = len(data), labels[-1][1] if labels else 0
        require(labelled <= size, "labels beyond the end", labelled)
        if verdict is None:
            require(labelled == size or self.leaves_rest, "complete with unlabelled bytes", labels)
        elif verdict[0] == "ProtocolError":
            require(0 <= verdict[2] <= size, "an offset outside the stream", verdict)
            before = self.fed(case, (data[:verdict[2]],))[1]
            require(before is None or before[0] == "TruncatedError",
                    "the bytes before the offset are refused too", verdict, before)
        elif verdict[0] == "TruncatedError":
            require(verdict[2] == size, "cut elsewhere than at the end", verdict, size)

    def outcome(self, merged, verdict, labels):
        shown = verdict and verdict[:2] + (words_of(verdict[3]),)
        return shown, frozenset(role for _, _, role in labels), min(len(merged), 4)

    @staticmethod
    def tiled(labels):
        joined, edge = [], 0
        for start, end, role in labels:
            require(start == edge < end, "labels that do not touch", labels)
            edge = end
            if joined and joined[-1][2] == role:
                start = joined.pop()[0]
            joined.append((start, end, role))
        return joined


# -- generators: bytes that are well formed, in many of the ways in which something may be written

FIELDS = [b"X:y\r\n", b"X-Y: \r\n", b"!#$%&'*+-.^_`|~0:\t a, b;c=\"\x80\xff \r\n", b"x: a\r\nX:b\r\n"]
EXTENSIONS = [b"", b"", b"", b";a", b" ;\ta=b", b';a = "q;\\"\t\x80"', b';a=""', b";!~=0;b"]
NO_BODY = {204, 304, 100, 103, 101}


def make_fields(c):
    return b"".join([c.pick(FIELDS) for _ in range(c.below(3))])


def make_chunked(c):
    coded = b""
    for _ in range(c.below(5)):
        piece = c.blob(24)
        if piece:
            size = b"%x" % len(piece)
            coded += c.pick([size, size.upper(), size.rjust(16, b"0")]) + c.pick(EXTENSIONS) + b"\r\n"
            coded += piece + b"\r\n"
    return (coded + c.pick([b"0", b"00", b"0" * 16]) + c.pick(EXTENSIONS) + b"\r\n"
            + (make_fields(c) if c.seldom(3) else b"") + b"\r\n")


def make_message(c, kind, method="GET"):
    """One message, well formed for itself but for chunks in HTTP/1.0."""
    content, chunked = c.blob(30), make_chunked(c)
    framings = [
        (b"", b""), (b"Content-Length: %d\r\n" % len(content), content),
        (b"CONTENT-LENGTH:5 , 5\r\n", b"hello"),
        (b"Transfer-Encoding:chunked\r\n", chunked), (b"transfer-encoding: CHUNKED \r\n", chunked),
        (b"Transfer-Encoding: gzip\r\n", content), (b"Transfer-Encoding: a, b;q=1\r\n", content)]
    framing, body = c.pick(framings if kind == "response" else framings[:-2])
    version = b"1.0" if c.seldom(6) else b"1.1"
    if kind == "response":
        status = c.pick([200, 404, 201, 500, 204, 304, 100, 103, 101, 399])
        line = b"HTTP/%s %d %s" % (version, status, c.pick([b"OK", b"", b"Not Found: \xe9 \t", b" "]))
        if method == "HEAD" or status in NO_BODY:
            body = c.blob(20) if status == 101 else b""
    else:
        target = c.pick(["/", "/v1.41/containers/json?all=1", "*", "http://d/x", "/%20~"])
        line = ("%s %s HTTP/%s" % (c.pick(METHODS), target, version.decode())).encode()
    connection = c.pick([b"", b"", b"Connection: close\r\n", b"connection:x, Keep-Alive\r\n",
                         b"Connection: Upgrade\r\nUpgrade: tcp\r\n"])
    return ((b"\r\n" if c.seldom(6) else b"") + line + b"\r\n" + make_fields(c) + framing + connection
            + make_fields(c) + b"\r\n" + body)


def make_long_fields(c, start, most):
    """`start` and field lines: about as many as are allowed, or one that makes about `most` bytes in all."""
    if c.below(2):
        fields = b"x:y\r\n" * c.number(254, 258)
    else:
        fields = b"x:" + b"y" * (most - len(start) + c.number(-16, -2)) + b"\r\n"
    return start + fields + c.pick([b"\r\n", b"", b"\r", b"\r\n\r\n", b"\n", b"z"])


JSON_LITERALS = [b"1", b"-0", b"1.5e-3", b"true", b"null", b'""', b'"a"', b'"\\u00e9\\n\\""',
                 b'"\xe2\x82\xac}{"', b"[]", b"{}", b'[1,{"b":[2]}]']
JSON_NAMES = [b"a", b"message", b"error", b"errorDetail", b"status", b"\\ud83d\\ude00", b"\xc3\xa9"]


def make_object(c, depth=0):
    """A JSON object, with objects in it three deep."""
    blank, members = c.pick([b"", b"", b" ", b"\r\n\t"]), []
    for _ in range(c.below(4)):
        value = make_object(c, depth + 1) if depth < 3 and c.seldom(3) else c.pick(JSON_LITERALS)
        members.append(b'"%s"%s:%s%s' % (c.pick(JSON_NAMES), blank, blank, value))
    return b"{" + blank + (b"," + blank).join(members) + blank + b"}"


# -- the targets

class Chunked(ReaderTarget):
    """wire/chunked: ChunkedReader"""

    reader = ChunkedReader
    leaves_rest = True

    def merge(self, values, reader):
        trailers = None if reader.trailers is None else list(reader.trailers)
        return b"".join(map(bytes, values)), trailers, bytes(reader.leftover) if reader.done else None

    def generate(self, c):
        if c.seldom(80):
            line = b"0;" + b"a" * c.pick([1, c.number(4080, 4100)]) + b"\r\n"
            return line + make_long_fields(c, b"", 16384)
        return make_chunked(c) + (c.blob(6) if c.seldom(3) else b"")

    def model(self, data):
        content, trailers, end = model_chunked(data)
        return (content, trailers, None if end is None else data[end:]), end is not None


class Frames(ReaderTarget):
    """wire/frames: FrameReader"""

    reader = FrameReader
    model = staticmethod(model_frames)

    def generate(self, c):
        return b"".join([encode_frame(c.below(3), c.blob(40)) for _ in range(c.below(6))])

    def agree(self, merged, verdict, model):
        frames, end = model
        require(merged == frames, "values differ from the second parser's", merged, frames)
        seen = None if verdict is None else "cut" if verdict[0] == "TruncatedError" else verdict[2]
        if verdict is not None and verdict[0] == "StreamError":
            seen = ("error", verdict[-1].replace("the engine reported an error without a text", ""))
        require(seen == end, "the verdict differs from the second parser's", verdict, end)


class Messages(ReaderTarget):
    """wire/jsonstream: MessageReader"""

    reader = MessageReader
    model = staticmethod(model_json)

    def generate(self, c):
        ends = [b"\r\n", b"\n", b"", b"\n\x1e", b" \t\r\n\n"]
        return b"".join([make_object(c) + c.pick(ends) for _ in range(c.below(5))])

    def agree(self, merged, verdict, model):
        # repr tells 1 from 1.0 and from True.
        ReaderTarget.agree(self, [repr(one) for one in merged], verdict,
                           ([repr(one) for one in model[0]], model[1]))


class Tar(ReaderTarget):
    """wire/tar: TarReader"""

    reader = TarReader
    tokens = [b"\0" * 512, b"9 path=b\n", b"12 size=700\n", b"x", b"L", b"g", b"5", b"ustar\0"]
    model = staticmethod(model_tar)
    leaves_rest = True

    def generate(self, c):
        pieces = []
        for _ in range(c.below(4)):
            content = c.blob(c.pick([3, 600]))
            name = c.pick(["a", "d/e", "../x", "n" * 120, "\u00e9"])
            pieces += [TarMember(name, c.pick(["file", "directory"]), size=len(content), uid=c.below(1 << 22),
                                 mtime=c.below(4) * 10 ** 9).encode(), content, tar_padding(len(content))]
        return b"".join(pieces) + END_OF_TAR * c.below(2)

    def merge(self, values, reader):
        """(name, link, size, content) of each member."""
        members = []
        for value in values:
            if isinstance(value, TarMember):
                names = [text.encode("utf-8", "surrogateescape") for text in (value.name, value.link)]
                members.append((names[0], names[1], value.size, b""))
            else:
                members[-1] = members[-1][:3] + (members[-1][3] + bytes(value),)
        return members


class Protobuf(ReaderTarget):
    """wire/protobuf: ProtobufReader"""

    reader = ProtobufReader
    tokens = [b"\x08", b"\x12\x02hi", b"\x12", b"\x0d", b"\x09", b"\x0b", b"\x7f", b"\x80", b"\xff"]
    model = staticmethod(model_protobuf)

    def generate(self, c):
        return b"".join([encode_protobuf_field(c.number(1, 2000), c.pick([c.blob(20), c.below(1 << 22)]))
                         for _ in range(c.below(6))])


def parts_of(head):
    return head.parts()[:3] + (list(head.headers),)


class EventTarget(ReaderTarget):
    """A reader that makes events of whole messages."""

    def merge(self, values, reader):
        """Events as tuples, neighbouring Data joined, the bytes of a raw stream put into its Switched."""
        joined = []
        for event in values:
            kind = type(event).__name__.lower()
            if kind == "data" and joined and joined[-1][0] in ("data", "switched"):
                joined[-1] = (joined[-1][0], joined[-1][1] + event.data)
            elif kind.endswith("head"):
                joined.append(("head",) + parts_of(event))
            else:
                joined.append((kind, event.data if kind == "data" else event.leftover if kind == "switched"
                               else list(event.trailers)))
        return joined

    def outcome(self, merged, verdict, labels):
        kinds = tuple([event[0] for event in merged][:5])
        return ReaderTarget.outcome(self, merged, verdict, labels) + kinds


class Responses(EventTarget):
    """wire/exchange: ResponseReader, for the methods and for hijacks"""

    changed = (2,)
    reader = ResponseReader
    model = staticmethod(model_exchange)

    def generate(self, c):
        method, hijack = c.pick(["GET", "HEAD", "POST", "CONNECT"]), c.seldom(4)
        if c.seldom(150):
            return method, hijack, make_long_fields(c, b"HTTP/1.1 200 OK\r\n", 65536)
        return method, hijack, b"".join([make_message(c, "response", method) for _ in range(c.number(1, 4))])


class Requests(EventTarget):
    """wire/exchange: RequestReader"""

    reader = RequestReader
    model = staticmethod(lambda data: model_exchange(data, kind="request"))

    def generate(self, c):
        if c.seldom(150):
            return make_long_fields(c, b"GET / HTTP/1.1\r\n", 65536)
        return b"".join([make_message(c, "request") for _ in range(c.below(5))])


class ResponseHead(Target):
    """wire/head: parse_response_head, against walk_head

    One whole head is given to the parser as it is, and to walk_head, which labels it.
    """

    kind, start_line = "response", STATUS_LINE_ELEMENTS
    parse = staticmethod(parse_response_head)
    encode = staticmethod(encode_response_head)

    def generate(self, c):
        head = make_message(c, self.kind)
        start = 2 if head[:2] == b"\r\n" else 0
        return head[start:head.index(b"\r\n\r\n", start) + 4]

    def check(self, case, rng, thorough):
        text, labels = case.decode("latin-1"), []
        end, walked = attempt(ProtocolError, walk_head, text, self.start_line, 0, labels)
        roles = frozenset(role for _, _, role in ReaderTarget.tiled(labels))
        model = model_head(case, 0, self.kind)
        head, error = attempt(ProtocolError, self.parse, case)
        if error:
            require(model is None or model[1] != len(case), "refused, and a second parser accepts", error)
            require(walked is not None or end < len(case) or len(text.split("\r\n")) > 250,
                    "the walk accepts what the expression refuses", error)
            require(not isinstance(error, TruncatedError), "a head given whole is called cut", error)
            require(0 <= error.offset <= len(case), "an offset outside the head", error.offset)
            require(walked is None or (walked.rule, walked.offset) == (error.rule, error.offset),
                    "two refusals of one head", error, walked)
            moved = attempt(ProtocolError, self.parse, case, 1000)[1]
            require(moved and (moved.rule, moved.offset) == (error.rule, 1000 + error.offset),
                    "an offset does not move with its head", error, moved)
            return error.rule, error.expected, roles
        parts = parts_of(head)
        require(end == len(case) and labels and labels[-1][1] == end,
                "the walk refuses what the expression accepts", walked)
        require(model == (parts, len(case)), "a second parser reads otherwise", parts)
        # A reason with outer blanks is read as it is, and not written.
        if self.kind == "request" or parts[2] == parts[2].strip(" \t"):
            again = self.encode(parts[1], parts[2], parts[3], parts[0])
            require(self.parse(again) == head, "written and read again it is another", again)
        return "head", min(len(parts[3]), 5), roles


class RequestHead(ResponseHead):
    """wire/head: parse_request_head, against walk_head"""

    kind, start_line = "request", REQUEST_LINE_ELEMENTS
    parse = staticmethod(parse_request_head)
    encode = staticmethod(encode_request_head)


WIRE_TARGETS = [Responses, Requests, ResponseHead, RequestHead, Chunked, Frames, Messages, Tar, Protobuf]
