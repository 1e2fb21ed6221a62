"""What the tasks of the lessons demand, and what is shown after them: the functions that course.py names.

    request_lines, …     the bytes of solutions, and the WantedRequests of tasks
    …_hint(…)            None if an answer, or a part of it, is right, else the hint (str)
    f(room, exchanges)   text to show after a lesson: `room` is its Classroom, `exchanges` what was sent
"""
import json
import os
import re
import time

from ...errors import ProtocolError, TruncatedError
from ...wire.exchange import ResponseReader
from ...wire.frames import encode_frame
from ...wire.tar import END_OF_TAR, TAR_BLOCK_BYTES, ZERO_BLOCK, TarMember, TarReader, tar_padding
from ..explain.explain import explain_messages
from .lessons import WantedRequest
from .typed import read_notation, visible_bytes, visible_lines


def request_lines(*lines, **more):
    """The bytes of a request: each of `lines` (str) with \\r\\n, the empty line, and the keyword `body`."""
    return "".join(line + "\r\n" for line in lines + ("",)).encode() + more.get("body", b"")


def json_request(line, body):
    return request_lines(line, "Host: docker", "Content-Type: application/json",
                         "Content-Length: %d" % len(body), body=body)


def attach_request(name, query, body=b""):
    return request_lines("POST /containers/%s/attach?%s HTTP/1.1" % (name, query), "Host: docker",
                         "Connection: Upgrade", "Upgrade: tcp", body=body)


def wanted_attach(name, *streams, **optional):
    """The WantedRequest of an attach with an upgrade. `optional`: parameter name → the values it may have."""
    query = {stream: ("1", "true") for stream in ("stream",) + streams}
    return WantedRequest("POST", "/containers/%s/attach" % name, query, "1.1",
                         {"Connection": "Upgrade", "Upgrade": "tcp"}, optional=optional)


ANY_SWITCH = ("1", "0", "true", "false")


def key_hint(value, *path):
    """The hint for the first of the nested names `path` that an object does not have; None if it has all."""
    for depth, name in enumerate(path):
        if not isinstance(value, dict):
            return "%s is an object: it is written in { and }" % path[depth - 1]
        if name not in value:
            near = [key for key in value if key.lower() == name.lower()]
            if near:
                return "%s is written %s: the names of the Engine API begin with a capital" % (near[0], name)
            return "the object has no %s%s" % (name, " in %s" % path[depth - 1] if depth else "")
        value = value[name]
    return None


def image_hint(value, image):
    hint = key_hint(value, "Image")
    if hint is None and value["Image"] not in (image, image + ":latest"):
        return ("Image is %s, but this task wants \"%s\""
                % (visible_bytes(str(value["Image"]).encode("utf-8"))[:60], image))
    return hint


def json_shown(value):
    return json.dumps(value, separators=(",", ":"))[:60]


def command_hint(value, words):
    hint = key_hint(value, "Cmd")
    if hint is None and isinstance(value["Cmd"], str):
        return 'Cmd is a list with a text for each word, ["echo","hello"]: no shell takes a line apart here'
    if hint is None and value["Cmd"] != words:
        return ("Cmd is %s, but this task wants %s, a text for each word"
                % (json_shown(value["Cmd"]), json_shown(words)))
    return hint


CACHE_BODY = b'{"Image":"redis:2.8","Cmd":["redis-server"]}'


def stream_as_bytes(room, exchanges):
    """Text for after a lesson: the raw stream of the last exchange, each byte visible."""
    return ("The stream from the engine, byte for byte:\n%s"
            % "\n".join("    " + line for line in visible_lines(exchanges[-1].body)))


SPEAKER = {"Image": "busybox", "Cmd": ["sh", "-c", "echo hello; echo oops >&2"]}
EXPECTED_FRAMES = encode_frame(1, b"hello\n") + encode_frame(2, b"oops\n")


# (offset in a frame before which this part ends, what it is)
FRAME_PARTS = (
    (1,
     "a frame begins with its stream type as a number, 01 for stdout and 02 for stderr; here comes %(name)s"),
    (4, "three zero bytes come after the stream type"),
    (8, "the length of the payload, in four bytes, largest part first (big-endian); %(text)s is counted with "
     "its line end"),
    (99, "the payload is %(text)s, with no \\r: that is HTTP's"),
)


def frames_hint(data):
    """None if `data` (bytes, or numbers that write them) is the two frames of the task, else the hint."""
    if not data.strip():
        return "nothing came: write the bytes as hexadecimal numbers, and text in double quotes"
    if all(32 <= byte < 127 or byte in b"\r\n\t" for byte in data):
        try:
            data = read_notation(data.decode("ascii"))
        except ValueError as error:
            return str(error)
    if data == EXPECTED_FRAMES:
        return None
    at = len(os.path.commonprefix([data, EXPECTED_FRAMES]))
    if at == len(EXPECTED_FRAMES):
        return "byte %d: %d too many after the second frame" % (at, len(data) - at)
    second = 8 + len(b"hello\n")   # where the second frame begins
    place, name, text = (at, "stdout", "hello\\n") if at < second else (at - second, "stderr", "oops\\n")
    part = next(words for end, words in FRAME_PARTS if place < end) % {"name": name, "text": text}
    seen = "%02x" % data[at] if at < len(data) else "missing"
    return "byte %d is %s, and must be %02x: %s" % (at, seen, EXPECTED_FRAMES[at], part)


def frames_as_sent(room, exchanges):
    """Text for after the lesson: the log of a container that printed both lines, as the engine frames it."""
    identity = room.make("speaker", SPEAKER, start=True)
    room.docker.call("container_wait", identity)
    data = room.docker.request("GET", "/containers/%s/logs?stdout=1&stderr=1" % identity).read()
    shown = " ".join("%02x" % byte for byte in data)
    order = "the bytes that you wrote" if data == EXPECTED_FRAMES else "your frames, as they were logged"
    return ("A container of the engine has printed the two lines. Its log is, byte for byte,\n    %s\n%s."
            % (shown, order))


ONE_INPUT = {"Image": "busybox", "OpenStdin": True, "StdinOnce": True}


# (pattern of what was sent to the program in place of the task, hint): the first row that fits.
WRONG_STDIN = (
    (rb"\Z", "half-closed too early: nothing was sent after the request, so the program reads the end of its "
     "input at once and counts 0 lines. After the empty line come the two lines"),
    (rb"[\0\1]\0\0\0", "what is sent to a container has no frames: send the bytes alone"),
    (rb".*\r\n", "the lines end with \\r\\n: that is HTTP's line end, and HTTP is over. The program gets "
     "every byte: end the lines with \\n"),
    (rb"one\ntwo\Z", "the last line has no \\n: wc counts line ends, and would say 1"),
    (rb"one\n+two\n+\Z",
     "an empty line too many, which wc would count: typed at a prompt, Enter is the \\n already"),
    (b"", "this is not what the task has, one\\ntwo\\n"),
)
WRONG_KEYS = (
    (rb"\Z", "nothing is typed: after the empty line comes echo hello, a line end, and the byte 04"),
    (rb"[\0\1]\0\0\0", "what is sent to a container has no frames: send the bytes alone"),
    (rb".*(\n(?:0x)?04\n?\Z|\\004|\\x04|\^D|Ctrl-D|C-d)",
     "Ctrl-D is the one byte 04, and no text (typed here it is \\x04, in printf \\004)"),
    (rb".*\r\n", "Enter is one byte, \\r or \\n: with \\r\\n the terminal sees Enter twice"),
    (rb"[^\x04]*\Z", "the byte 04 is missing: the end of your answer does not end the shell. On a terminal a "
     "half-close only detaches, and the shell would run on; Ctrl-D, the byte 04, is what ends its input"),
    (rb".*\x04.", "the byte 04 comes before the end: the line must be ended first, and 04 comes last"),
    (rb"echo hello\x04",
     "no line end before the byte 04: on a terminal 04 ends the input only on an empty line"),
    (b"", "this is not what the task has, echo hello\\n\\x04"),
)


def stream_hint(right, mistakes):
    """A function bytes → hint or None. `right`: the pattern of what passes; `mistakes`: (pattern, hint)."""
    def hint(stream):
        if re.fullmatch(right, stream):
            return None
        words = next(words for pattern, words in mistakes if re.match(pattern, stream, re.DOTALL))
        return "%s: %s" % (visible_bytes(stream[:60]) or "(nothing)", words)
    return hint


EPOCH_SECONDS = re.compile("[0-9]{1,12}([.][0-9]{1,9})?")


def until_hint(text):
    if not EPOCH_SECONDS.fullmatch(text):
        return ("until is %s: it is a number of seconds since 1970, such as %d (date +%%s)"
                % (visible_bytes(text.encode("utf-8"))[:40], time.time() + 5))
    if not 0 < float(text) - time.time() <= 60:
        return ("until is no span of time but a moment in seconds since 1970, to come and at most a minute "
                "from now: now is %d" % time.time())
    return None


def since_hint(text):
    if not EPOCH_SECONDS.fullmatch(text):
        return "since is a number of seconds since 1970, such as %d (date +%%s)" % time.time()
    return None


def events_cut(room, exchanges):
    """Text for after the lesson: what the parser says of the answer if its last chunk had not come."""
    reader = ResponseReader()
    reader.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    body = exchanges[-1].body
    reader.feed(b"%x\r\n%s\r\n" % (len(body), body))
    try:
        reader.feed_eof()
    except TruncatedError as error:
        return ("Without until, the client has to close the connection. What the parser says of these events "
                "if the last chunk does not come:\n    %s\nTo cancel is the client's right. But a stream "
                "that was cut by someone else looks the same, and must not be taken for a whole one."
                % error.message)


def header_sum(block):
    """What the bytes of a tar's header add up to: its sum is taken with eight blanks in its own place."""
    return sum(block[:148]) + 8 * 32 + sum(block[156:512])


def tar_facts(room, exchanges):
    """Text for after the lesson: the first header of the archive that came, field by field."""
    block = exchanges[-1].body[:512]
    if len(block) < 512 or block[257:262] != b"ustar":
        return "What came is not a tar archive: %s" % visible_bytes(block[:60])
    fields = (block[start:end].rstrip(b"\0 ").decode("latin-1")
              for start, end in ((0, 100), (100, 108), (124, 136), (148, 156)))
    name, mode, size, written = fields
    added = header_sum(block)
    start = visible_bytes(exchanges[-1].body[512:512 + min(int(size, 8), 60)])
    return "\n".join((
        "The first 512 bytes of the body, the header of the first file:",
        "    bytes   0-99   its name       %s" % name,
        "    bytes 100-107  its rights     %s (octal)" % mode,
        "    bytes 124-135  its size       %s (octal: %d bytes)" % (size, int(size, 8)),
        "    bytes 148-155  a check sum    %s (octal: %d; the bytes of this header add up to %d)"
        % (written, int(written, 8), added),
        "Then the file itself, filled up with zero bytes to a multiple of 512. It begins with",
        "    %s" % start,
        "At the end are two blocks of zero bytes; a client that does not see them has half an archive."))


def whole_disk_hint(value):
    hint = image_hint(value, "busybox")
    if hint is not None:
        return hint
    hint = key_hint(value, "HostConfig", "Binds")
    if hint is not None:
        return hint + ": the task has {\"HostConfig\":{\"Binds\":[...]}}"
    if value["HostConfig"]["Binds"] not in (["/:/host"], ["/:/host:rw"]):
        return ("Binds is %s, but this task wants [\"/:/host\"]: a list with one text, the folder of the "
                "machine, a colon, and where the container sees it"
                % json_shown(value["HostConfig"]["Binds"]))
    return None


LESSON_CAPTURE_BODY = b"e\r\n%s\r\nd\r\n%s\r\n" % (encode_frame(1, b"hello\n"), encode_frame(2, b"oops\n"))
LESSON_CAPTURE = (b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\n"
                  b"Transfer-Encoding: chunked\r\n\r\n" + LESSON_CAPTURE_BODY)
CAPTURE_FACTS = {"status": "200", "framing": "chunked", "body": "27", "stderr": "oops", "complete": "no"}


def facts_hint(facts, mistakes):
    """A function bytes → hint or None, for an answer of lines `name = value`.

    `facts`: {name: the right value}; `mistakes`: (name, pattern of a wrong value, hint), the first that fits.
    """
    def hint(data):
        given, text = {}, data.decode("utf-8", "replace")
        for number, line in enumerate(text.splitlines(), 1):
            match = re.fullmatch(r"\s*([A-Za-z]+)\s*[=:]\s*(.*?)\s*", line)
            if line.strip() and (match is None or match.group(1).lower() not in facts):
                return ("line %d: %s is none of the facts %s: write a line for each, name = value"
                        % (number, visible_bytes(line.encode("utf-8"))[:40], ", ".join(facts)))
            if match is not None:
                given[match.group(1).lower()] = match.group(2)
        for name, wanted in facts.items():
            if name not in given:
                return "%s is missing: five facts are asked for, %s" % (name, ", ".join(facts))
            value = re.sub(r"(?i)(\\n|\\r|\s*bytes?)+$", "", given[name].strip("\"'"))
            if value.lower() != wanted:
                words = next(words for fact, pattern, words in mistakes
                             if fact == name and re.match(pattern, value.lower()))
                return "%s = %s: %s" % (name, given[name][:40] or "(nothing)", words)
        return None
    return hint


# (fact, pattern of a wrong value, hint): the first row that fits.
WRONG_CAPTURE_FACTS = (
    ("status", "", "the status is the number of three digits in the first line"),
    ("framing", "(content-)?length$",
     "there is no Content-Length here: look which field tells where the body ends"),
    ("framing", "close$",
     "the body would end with the connection only if no field said otherwise: look at Transfer-Encoding"),
    ("framing", "", "it is one word of these: length, chunked, close"),
    ("body", "%d$" % len(LESSON_CAPTURE_BODY),
     "%d bytes come after the empty line, but the lines with the chunk sizes and the \\r\\n after each "
     "chunk are not of the body" % len(LESSON_CAPTURE_BODY)),
    ("body", "(11|9)$",
     "that is the text alone: the frame headers are part of the body, HTTP knows nothing of them"),
    ("body", "(e|d|1b)$", "a number in decimal: e is 14, d is 13"),
    ("body", "1[34]$", "that is one chunk: there are two"),
    ("body", "", "it is the sum of the chunk sizes, e and d, in decimal"),
    ("stderr", ".*hello", "hello has the stream type 01: that is stdout"),
    ("stderr", "", "it is the payload of the frame whose first byte is 02, without its line end"),
    ("complete", "yes$", "a chunked body ends with a chunk of size 0: look at the last line"),
    ("complete", "", "answer yes or no: is the last chunk there?"),
)


def capture_explained(room, exchanges):
    """Text for after the lesson: what explain says of the capture."""
    try:
        for one in explain_messages([LESSON_CAPTURE], "response"):
            framing = one["framing"]
    except TruncatedError as error:
        return "rawdock explain says of it:\n    framing %s, complete: no\n    %s" % (framing, error.message)


def capture_lines(data):
    """The lines of `data` (bytes) with their offsets, each byte visible (str)."""
    lines, at = [], 0
    for line in data.splitlines(True):
        lines.append("    %4d  %s" % (at, visible_bytes(line)))
        at += len(line)
    return "\n".join(lines)


# The archive of the last lesson: (member, its content). What the last header says of its size was changed
# after its check sum was made.
LESSON_MEMBERS = (
    (TarMember("notes.txt", size=12, mtime=1577836800 * 10 ** 9), b"three words\n"),
    (TarMember("../out.txt", size=3, mtime=1577836800 * 10 ** 9), b"hi\n"),
    (TarMember("way", "symbolic link", 0o777, link="/etc", mtime=1577836800 * 10 ** 9), b""),
    (TarMember("way/in.txt", size=3, mtime=1577836800 * 10 ** 9), b"hi\n"),
    (TarMember("sum.txt", size=5, mtime=1577836800 * 10 ** 9), b"1+1=2"),
)
LESSON_TAR = b"".join([member.encode() + content + tar_padding(len(content))
                       for member, content in LESSON_MEMBERS] + [END_OF_TAR])
LESSON_TAR = LESSON_TAR.replace(b"00000000005\0", b"00000000007\0")
TAR_FACTS = {"size": "12", "second": "1024", "outside": "../out.txt", "through": "way/in.txt",
             "damaged": "sum.txt"}
WRONG_TAR_FACTS = (
    ("size", "(0+)?14$", "the digits are octal: 14 means 1 times 8 and 4"),
    ("size", "512$", "that is the size of the header; the file's is in bytes 124 to 135 of it"),
    ("size", "", "it is the number in bytes 124 to 135 of the first header, in decimal"),
    ("second", "512$", "there the content of notes.txt begins, which takes a block of its own"),
    ("second", "524$", "the 12 bytes of content are filled up with zero bytes to a whole block of 512"),
    ("second", "", "the header takes 512 bytes, and the content as many blocks of 512 as it needs"),
    ("outside", "way$", "to make a link writes nothing outside, wherever it leads"),
    ("outside", "way/", "by itself this name stays below the folder: the link before it leads out"),
    ("outside", "", "it is the whole name of the member whose name leads out of the folder by itself"),
    ("through", "way/?$", "to make the link writes nothing outside. What is written through it?"),
    ("through", "", "it is the whole name of the member whose folder is a link"),
    ("damaged", "", "the check sum in its header is not what the bytes add up to: compare the numbers"),
)


def header_lines(data):
    """The headers of a tar (bytes) as lines, with their offsets and check sums (str)."""
    lines, at = [], 0
    while data[at:at + TAR_BLOCK_BYTES] != ZERO_BLOCK:
        block = data[at:at + TAR_BLOCK_BYTES]
        name, size, written, link = (block[start:end].rstrip(b"\0 ").decode("latin-1")
                                     for start, end in ((0, 100), (124, 136), (148, 156), (157, 257)))
        kind = chr(block[156]) + (" to " + link if link else "")
        lines.append("    %4d  %-10s  %s  %s = %d, bytes add up to %d  type %s"
                     % (at, name, size, written, int(written, 8), header_sum(block), kind))
        content = int(size, 8)
        at += TAR_BLOCK_BYTES + content + len(tar_padding(content))
    return "\n".join(lines + ["    %4d  two blocks of zero bytes: the end" % at])


def liar_explained(room, exchanges):
    """Text for after the lesson: what the engine, and rawdock's own reader, say of the archive."""
    answer = room.docker.request("PUT", "/containers/box/archive?path=/tmp", body=LESSON_TAR,
                                 headers=[("Content-Type", "application/x-tar")])
    said, members = answer.json()["message"], []
    try:
        TarReader().take(LESSON_TAR, 0, members)
    except ProtocolError as error:
        names = [one.name for one in members if isinstance(one, TarMember)]
        return ("The archive was sent into the container box. The engine unpacked notes.txt into /tmp, then "
                "refused:\n    %d %s\nrawdock's reader of tars, which does not judge names, read %s, and "
                "then said:\n    %s" % (answer.status, said, ", ".join(names), error))
