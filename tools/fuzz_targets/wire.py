"""Targets of the wire floor: heads, bodies, frames and messages, however their bytes are cut."""
import ast
import os
import re
import sys
import traceback
import zlib

from fuzz_targets.drawing import BYTE_TOKENS, TEXT_TOKENS, Finding, cut, mutated, require
from fuzz_targets.models import (model_chunked, model_exchange, model_frames, model_head, model_json)
from rawdock.errors import ProtocolError, RawdockError, StreamError, TruncatedError
from rawdock.wire.chunked import ChunkedReader
from rawdock.wire.exchange import RequestReader, ResponseReader
from rawdock.wire.frames import FrameReader, encode_frame
from rawdock.wire.head import parse_request_head, parse_response_head, walk_head
from rawdock.wire.jsonstream import MessageReader
from rawdock.wire.message import encode_request_head, encode_response_head

CORPUS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
                      "tests", "wire", "corpus")
MODEL_BYTES = 4000        # the second parsers know no limits: longer inputs are not shown to them
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "x!~"]


class Target:
    """One parser and what it promises.

    Its docstring says which, and its name is the class's. It has `generate(c)` → case, an input made by
    structure; `mutate(c, case, other)` → case; and `check(case, rng, thorough)` → a hashable outcome, or
    raises Finding. A case is a Python literal, so that a line of the corpus can be read and typed.
    """

    tokens = BYTE_TOKENS

    def __init__(self):
        self.name = re.sub("(?<=.)(?=[A-Z])", "-", type(self).__name__).lower()

    def generate(self, c):
        """Tokens one after another."""
        return self.tokens[0][:0].join([c.pick(self.tokens) for _ in range(c.below(10))])

    def mutate(self, c, case, other):
        return mutated(c, case, self.tokens, other)

    def size(self, case):
        return len(case) if isinstance(case, (bytes, str)) else len(repr(case))

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


class LiteralTarget(Target):
    """Its cases are made of lists and dicts: a changed one is another one."""

    def mutate(self, c, case, other):
        return self.generate(c)


def words_of(error):
    """The words of an error's message that its input has no part in, so far as that can be seen."""
    return re.sub("[^A-Za-z ]+", "", re.sub("'.*'|\".*\"|[(].*[)]|/\\S*|header \\S*", "", str(error)))[:40]


def run_check(target, case, thorough=False):
    """`target.check`, always alike for one case; what is not ours and gets out is a Finding."""
    # The package's own generator of numbers, seeded by the case.
    from random import Random
    rng = Random(zlib.crc32(repr(case).encode("ascii", "backslashreplace")))
    try:
        return target.check(case, rng, thorough)
    except (Finding, KeyboardInterrupt):
        raise
    except RawdockError as error:
        raise Finding("%s out of place" % type(error).__name__, str(error))
    except Exception as error:
        frame = traceback.extract_tb(sys.exc_info()[2])[-1]
        where = "%s:%s" % (os.path.basename(frame[0]), frame[2])
        raise Finding("%s in %s" % (type(error).__name__, where), str(error)[:200])


class ReaderTarget(Target):
    """A reader of the wire floor: `make(case, labels)` gives a new one, `data(case)` is what it is fed."""

    leaves_rest = False

    def make(self, case, labels):
        return self.reader(labels)

    def data(self, case):
        return case

    def merge(self, values, reader):
        """What the values come to, whatever the cuts were."""
        return values

    def model(self, case, data):
        """(merged values, complete) as the second parser has them."""
        raise NotImplementedError

    def agree(self, merged, verdict, model):
        values, complete = model
        require(complete == (verdict is None), "complete for one parser only", merged, verdict, model)
        require(merged == values, "values differ from the second parser's", merged, values)

    def fed(self, case, pieces, labels=None):
        """(merged values, verdict or None) after the end of the stream."""
        reader = self.make(case, labels)
        values = []
        try:
            for piece in pieces:
                for value in reader.feed(piece):
                    values.append(value)
            for value in reader.feed_eof() or ():
                values.append(value)
        except RawdockError as error:
            self.check_kept(reader, error)
            if isinstance(error, StreamError):
                return self.merge(values, reader), ("StreamError", None, None, error.message)
            require(type(error) in (ProtocolError, TruncatedError), "an error of another kind", error)
            what = ((error.where, error.expected, error.got) if isinstance(error, TruncatedError)
                    else error.expected)
            return self.merge(values, reader), (type(error).__name__, error.rule, error.offset, what)
        return self.merge(values, reader), None

    @staticmethod
    def check_kept(reader, error):
        """A reader that has failed fails with this error ever after."""
        for again in (reader.feed_eof, lambda: reader.feed(b"x")):
            try:
                again()
            except RawdockError as kept:
                require(kept is error, "an error is not kept", error, kept)
            else:
                raise Finding("an error is forgotten", str(error))

    def check(self, case, rng, thorough):
        data = self.data(case)
        whole = self.fed(case, (data,))
        merged, verdict = whole
        labels = self.check_cuts(case, data, whole, rng, thorough)
        self.check_verdict(case, data, verdict, labels)
        if len(data) <= MODEL_BYTES:
            some = [len(data)] + [rng.randrange(len(data) + 1) for _ in range(2)]
            for place in range(len(data) + 1) if thorough and len(data) <= 300 else some:
                result = whole if place == len(data) else self.fed(case, (data[:place],))
                self.agree(result[0], result[1], self.model(case, data[:place]))
        self.check_more(case, merged, verdict, rng)
        return self.outcome(merged, verdict, labels)

    def check_cuts(self, case, data, whole, rng, thorough):
        """Cuts and labels change nothing → the labels."""
        size = len(data)
        places = [rng.randrange(size + 1) for _ in range(rng.randrange(1, 5))]
        cuts = [cut(data, places)]
        if size <= 3000 and (thorough or size < 48 or rng.random() < 0.3):
            cuts.append([data[at:at + 1] for at in range(size)])
        if size > 3000:   # where a bound is met it is met near the end
            cuts.append(cut(data, range(size - 20, size)))
        maps = []
        for pieces in cuts:
            require(self.fed(case, pieces) == whole, "cuts change the result", places, whole,
                    self.fed(case, pieces))
            maps.append([])
            require(self.fed(case, pieces, maps[-1]) == whole, "labels change the result", places, whole)
        maps = [self.tiled(labels) for labels in maps]
        require(all(labels == maps[0] for labels in maps), "labels depend on the cuts", maps)
        if thorough:
            for place in range(size + 1 if size <= 200 else 0):
                require(self.fed(case, (data[:place], data[place:])) == whole, "cuts change the result",
                        place, whole)
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

    def check_more(self, case, merged, verdict, rng):
        pass

    def outcome(self, merged, verdict, labels):
        shown = verdict and (verdict[0], verdict[1], verdict[0] != "StreamError" and words_of(verdict[3]))
        return shown, frozenset(role for _, _, role in labels), min(len(merged), 4)

    @staticmethod
    def tiled(labels):
        joined = []
        for start, end, role in labels:
            require(start == (joined[-1][1] if joined else 0) and start < end, "labels that do not touch",
                    labels)
            if joined and joined[-1][2] == role:
                joined[-1] = (joined[-1][0], end, role)
            else:
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


def make_long_head(c, start):
    """A head of about as many bytes or field lines as are allowed, well formed or not, and a little more."""
    if c.below(2):
        head = start + b"x:y\r\n" * c.number(254, 258)
    else:
        head = start + b"x:" + b"y" * (c.number(65526, 65540) - len(start) - 6) + b"\r\n"
    return head + c.pick([b"\r\n", b"", b"\r", b"\r\n\r\n", b"\n", b"z"])


JSON_LITERALS = [b"1", b"-0", b"1.5e-3", b"true", b"null", b'""', b'"a"', b'"\\u00e9\\n\\""',
                 b'"\xe2\x82\xac}{"', b"[]", b"{}", b'[1,{"b":[2]}]']


def make_json(c, depth=0):
    if depth < 3 and c.seldom(3):
        if c.below(2):
            return b"[" + b",".join(make_json(c, depth + 1) for _ in range(c.below(4))) + b"]"
        return make_object(c, depth + 1)
    return c.pick(JSON_LITERALS)


def make_object(c, depth=0):
    blank = c.pick([b"", b"", b" ", b"\r\n\t"])
    names = [b"a", b"status", b"id", b"\\ud83d\\ude00", b"\xc3\xa9"]
    members = [b'"%s"%s:%s%s' % (c.pick(names), blank, blank, make_json(c, depth))
               for _ in range(c.below(4))]
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
        if c.seldom(80):   # a chunk line or a trailer section about as long as is allowed
            line = b"0;" + b"a" * (c.number(4080, 4100) if c.below(2) else 1) + b"\r\n"
            many = c.number(255, 258) if c.below(2) else 1
            return line + b"x:y\r\n" * many + b"z:" + b"b" * (c.number(16370, 16390) - 5 * many) + b"\r\n\r\n"
        return make_chunked(c) + (c.blob(6) if c.seldom(3) else b"")

    def model(self, case, data):
        content, trailers, end = model_chunked(data)
        return (content, trailers, None if end is None else data[end:]), end is not None

    def check_more(self, case, merged, verdict, rng):
        view = memoryview(bytearray(case))
        require(self.fed(case, cut(view, [rng.randrange(len(case) + 1)])) == (merged, verdict),
                "a memoryview changes the result")


class Frames(ReaderTarget):
    """wire/frames: FrameReader"""

    reader = FrameReader

    def generate(self, c):
        return b"".join([encode_frame(c.below(3), c.blob(40)) for _ in range(c.below(6))])

    def model(self, case, data):
        return model_frames(data)

    def agree(self, merged, verdict, model):
        frames, end = model
        require(merged == frames, "values differ from the second parser's", merged, frames)
        seen = None if verdict is None else "cut" if verdict[0] == "TruncatedError" else verdict[2]
        if verdict is not None and verdict[0] == "StreamError":
            seen = ("error", verdict[3] if verdict[3] != "the engine reported an error without a text"
                    else "")
        require(seen == end, "the verdict differs from the second parser's", verdict, end)


class Messages(ReaderTarget):
    """wire/jsonstream: MessageReader"""

    reader = MessageReader

    def generate(self, c):
        ends = [b"\r\n", b"\n", b"", b"\n\x1e", b" \t\r\n\n"]
        return b"".join([make_object(c) + c.pick(ends) for _ in range(c.below(5))])

    def model(self, case, data):
        return model_json(data)

    def agree(self, merged, verdict, model):
        # repr tells 1 from 1.0 and from True.
        ReaderTarget.agree(self, [repr(one) for one in merged], verdict,
                           ([repr(one) for one in model[0]], model[1]))


def events_as_tuples(events):
    """Events as tuples, neighbouring Data joined, the bytes of a raw stream put into its Switched."""
    joined = []
    for event in events:
        kind = type(event).__name__
        if kind == "Data":
            if joined and joined[-1][0] in ("data", "switched"):
                joined[-1] = (joined[-1][0], joined[-1][1] + event.data)
            else:
                joined.append(("data", event.data))
        elif kind == "Switched":
            joined.append(("switched", event.leftover))
        elif kind == "End":
            joined.append(("end", list(event.trailers)))
        else:
            joined.append(("head",) + event.parts()[:3] + (list(event.headers),))
    return joined


class Responses(ReaderTarget):
    """wire/exchange: ResponseReader, for the methods and for hijacks"""

    def make(self, case, labels):
        return ResponseReader(case[0], case[1], labels)

    def data(self, case):
        return case[2]

    def size(self, case):
        return len(case[2])

    def merge(self, values, reader):
        return events_as_tuples(values)

    def generate(self, c):
        method, hijack = c.pick(["GET", "HEAD", "POST", "CONNECT"]), c.seldom(4)
        if c.seldom(150):
            return method, hijack, make_long_head(c, b"HTTP/1.1 200 OK\r\n")
        return method, hijack, b"".join([make_message(c, "response", method) for _ in range(c.number(1, 4))])

    def mutate(self, c, case, other):
        if c.seldom(10):
            case = (c.pick(["GET", "HEAD", "POST", "CONNECT"]), c.seldom(3), case[2])
        return case[:2] + (mutated(c, case[2], self.tokens, other[2]),)

    def model(self, case, data):
        return model_exchange("response", data, case[0], case[1])

    def outcome(self, merged, verdict, labels):
        return (ReaderTarget.outcome(self, merged, verdict, labels)
                + (tuple([event[0] for event in merged][:5]),))


class Requests(ReaderTarget):
    """wire/exchange: RequestReader"""

    reader = RequestReader
    outcome = Responses.outcome

    def merge(self, values, reader):
        return events_as_tuples(values)

    def generate(self, c):
        if c.seldom(150):
            return make_long_head(c, b"GET / HTTP/1.1\r\n")
        return b"".join([make_message(c, "request") for _ in range(c.below(5))])

    def model(self, case, data):
        return model_exchange("request", data)


class HeadTarget(Target):
    """One whole head, given to the parser as it is, and to walk_head, which labels it."""

    def generate(self, c):
        head = make_message(c, self.kind)
        start = 2 if head[:2] == b"\r\n" else 0
        return head[start:head.index(b"\r\n\r\n", start) + 4]

    def check(self, case, rng, thorough):
        text, labels = case.decode("latin-1"), []
        try:
            end, walked = walk_head(text, self.kind, 0, labels), None
        except ProtocolError as error:
            end, walked = None, error
        roles = frozenset(role for _, _, role in ReaderTarget.tiled(labels))
        model = model_head(case, 0, self.kind)
        try:
            head = self.parse(case)
        except ProtocolError as error:
            require(model is None or model[1] != len(case), "refused, and a second parser accepts", error)
            require(walked is not None or end < len(case) or len(text.split("\r\n")) > 250,
                    "the walk accepts what the expression refuses", error)
            self.check_refusal(case, error, walked)
            return error.rule, error.expected, roles
        parts = head.parts()[:3] + (list(head.headers),)
        require(end == len(case) and labels and labels[-1][1] == end,
                "the walk refuses what the expression accepts", walked)
        require(model == (parts, len(case)), "a second parser reads otherwise", parts)
        # A reason with outer blanks is read as it is, and not written.
        if self.kind == "request" or parts[2] == parts[2].strip(" \t"):
            again = self.encode(parts[1], parts[2], parts[3], parts[0])
            require(self.parse(again) == head, "written and read again it is another", again)
        return "head", min(len(parts[3]), 5), roles

    def check_refusal(self, case, error, walked):
        require(not isinstance(error, TruncatedError), "a head given whole is called cut", error)
        require(0 <= error.offset <= len(case), "an offset outside the head", error.offset)
        require(walked is None or (walked.rule, walked.offset) == (error.rule, error.offset),
                "two refusals of one head", error, walked)
        try:
            self.parse(case, 1000)
        except ProtocolError as moved:
            require((moved.rule, moved.offset) == (error.rule, 1000 + error.offset),
                    "an offset does not move with its head", error, moved)


class ResponseHead(HeadTarget):
    """wire/head: parse_response_head, against walk_head"""
    kind = "response"
    parse = staticmethod(parse_response_head)
    encode = staticmethod(encode_response_head)


class RequestHead(HeadTarget):
    """wire/head: parse_request_head, against walk_head"""
    kind = "request"
    parse = staticmethod(parse_request_head)
    encode = staticmethod(encode_request_head)


WIRE_TARGETS = [Responses, Requests, ResponseHead, RequestHead, Chunked, Frames, Messages]
