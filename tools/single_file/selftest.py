"""What each single file can prove about itself: `python3 rawdock.py --self-test`.

A check is a generator of (what is checked, what was seen, what was expected). It uses the names of
the package as the single file has them, in one namespace; a check that uses a name which a
smaller file does not have is left out of that file.
"""
import hashlib
import re

SELF_CHECKS = []


def self_check(check):
    SELF_CHECKS.append(check)
    return check


def self_test_error(action, *arguments):
    """The name of the error that the action raises, None if it raises none."""
    try:
        action(*arguments)
    except RawdockError as error:
        return type(error).__name__


@self_check
def check_bytes():
    with open(self_test.__code__.co_filename, "rb") as this_file:
        header, _, below = this_file.read().partition(b"\n# ==== end of header\n")
    written = re.search(b"^# sha256 of all below the header: ([0-9a-f]{64})$", header, re.M)
    expected = written and written.group(1).decode()
    yield "the bytes below the header", hashlib.sha256(below).hexdigest(), expected


@self_check
def check_sections():
    for name in SECTIONS:
        load_section(name)
    yield "sections that did not run", sorted(set(SECTIONS) - loaded_sections), []


@self_check
def check_public_names():
    yield "public names that are missing", [name for name in __all__ if name not in globals()], []


@self_check
def check_heads():
    head = parse_response_head(b"HTTP/1.1 404 Not Found\r\nServer: Docker\r\n\r\n")
    yield "a response head", (head.version, head.status, head.reason, head.headers.pairs), \
        ("1.1", 404, "Not Found", [("Server", "Docker")])
    yield "a request head", encode_request_head("GET", "/_ping", [("Host", "docker")]), \
        b"GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n"
    yield "a bare CR in a head", self_test_error(
        parse_response_head, b"HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n"), "ProtocolError"
    yield "a request split by its header", self_test_error(
        encode_request_head, "GET", "/", [("A", "b\r\nC: d")]), "UsageError"


@self_check
def check_chunked_coding():
    body = encode_chunk(b"hello ") + encode_chunk(b"engine") + encode_last_chunk()
    yield "a chunked body's bytes", body, b"6\r\nhello \r\n6\r\nengine\r\n0\r\n\r\n"
    for size in (len(body), 5, 1):
        reader = ChunkedReader()
        parts = (body[at:at + size] for at in range(0, len(body), size))
        content = b"".join(piece for part in parts for piece in reader.feed(part))
        yield "a chunked body, %d bytes at a time" % size, (content, reader.done), (b"hello engine", True)
    reader = ChunkedReader()
    reader.feed(body[:-1])
    yield "a chunked body cut before its end", self_test_error(reader.feed_eof), "TruncatedError"
    yield "a chunk size with 0x", self_test_error(ChunkedReader().feed, b"0x6\r\nhello \r\n"), "ProtocolError"


@self_check
def check_framing():
    for method, fields, expected in (
            ("GET", [("Content-Length", "5")], "length"), ("HEAD", [("Content-Length", "5")], "none"),
            ("GET", [("Transfer-Encoding", "chunked")], "chunked"), ("GET", [], "close")):
        yield "the framing of an answer to %s with %s" % (method, fields), \
            response_framing(Head("1.1", 200, "OK", fields), method).kind, expected
    yield "the framing of a 101", response_framing(Head("1.1", 101, "UPGRADED", [])).kind, "upgrade"
    both = Head("1.1", 200, "OK", [("Content-Length", "5"), ("Transfer-Encoding", "chunked")])
    yield "two framings at once", self_test_error(response_framing, both), "ProtocolError"


@self_check
def check_encoded_frame():
    yield "the bytes of a frame", encode_frame(2, b"err\n"), b"\x02\0\0\0\0\0\0\x04err\n"


@self_check
def check_frames():
    stream = b"\x01\0\0\0\0\0\0\x04out\n\x02\0\0\0\0\0\0\x04err\n\x01\0\0\0\0\0\0\0"
    for size in (len(stream), 5, 1):
        reader = FrameReader()
        frames = [frame for at in range(0, len(stream), size) for frame in reader.feed(stream[at:at + size])]
        reader.feed_eof()
        yield "frames, %d bytes at a time" % size, frames, [(1, b"out\n"), (2, b"err\n"), (1, b"")]
    reader = FrameReader()
    reader.feed(stream[:-1])
    yield "a frame cut before its end", self_test_error(reader.feed_eof), "TruncatedError"


@self_check
def check_messages():
    lines = b'{"status":"caf\xc3\xa9"}\r\n{"id":"b"}\r\n'
    for size in (len(lines), 5, 1):
        reader = MessageReader()
        parts = (lines[at:at + size] for at in range(0, len(lines), size))
        messages = [message for part in parts for message in reader.feed(part)]
        reader.feed_eof()
        yield "JSON messages, %d bytes at a time" % size, messages, [{"status": "caf\xe9"}, {"id": "b"}]
    reader = MessageReader()
    reader.feed(lines[:-4])
    yield "a JSON message cut before its end", self_test_error(reader.feed_eof), "TruncatedError"


@self_check
def check_responses():
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n0\r\n\r\n"

    def read(data, size):
        reader, found = ResponseParts("GET"), []
        for start in range(0, len(data), size):
            part, at = data[start:start + size], 0
            while at < len(part):
                take = reader.take_head if reader.state == "head" else reader.take_content
                at = take(part, at, found)
        return reader, found

    for size in (len(answer), 1):
        reader, found = read(answer, size)
        yield "a response, %d bytes at a time" % size, (found[0], b"".join(found[1:]), reader.complete), \
            (Head("1.1", 200, "OK", [("Transfer-Encoding", "chunked")]), b"OK", True)
    missed = [cut for cut in range(1, len(answer))
              if self_test_error(read(answer[:cut], cut)[0].feed_eof) != "TruncatedError"]
    yield "offsets at which a cut response looks complete", missed, []


def self_test():
    """Is this file what was written, and does it read the wire? → exit status."""
    count, failed = 0, []
    try:
        for what, seen, expected in (found for check in SELF_CHECKS for found in check()):
            count += 1
            if seen != expected:
                failed.append("%s: expected %a, saw %a" % (what, expected, seen))
    except Exception as error:
        failed.append("stopped after %d checks by %s: %a" % (count, type(error).__name__, str(error)))
    for line in failed or ["%d checks passed" % count]:
        print("self-test: " + line)
    return 1 if failed else 0
