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


def self_test_read(reader, data, size=1):
    """The values that a reader takes out of `data` (bytes), given `size` of them at a time."""
    values = []
    for at in range(0, len(data), size):
        reader.take(data[at:at + size], 0, values)
    return values


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
    yield "a chunked body's bytes", encode_chunk(b"hello ") + encode_chunk(b"") + encode_last_chunk(), \
        b"6\r\nhello \r\n0\r\n\r\n"


@self_check
def check_encoded_frame():
    yield "the bytes of a frame", encode_frame(2, b"err\n"), b"\x02\0\0\0\0\0\0\x04err\n"


@self_check
def check_frames():
    stream = b"\x01\0\0\0\0\0\0\x04out\n\x02\0\0\0\0\0\0\x04err\n\x01\0\0\0\0\0\0\0"
    for size in (len(stream), 5, 1):
        reader = FrameReader()
        frames = self_test_read(reader, stream, size)
        reader.feed_eof()
        yield "frames, %d bytes at a time" % size, frames, [(1, b"out\n"), (2, b"err\n"), (1, b"")]
    reader = FrameReader()
    self_test_read(reader, stream[:-1])
    yield "a frame cut before its end", self_test_error(reader.feed_eof), "TruncatedError"


@self_check
def check_messages():
    lines = b'{"status":"caf\xc3\xa9"}\r\n{"id":"b"}\r\n'
    for size in (len(lines), 5, 1):
        reader = MessageReader()
        messages = self_test_read(reader, lines, size)
        reader.feed_eof()
        yield "JSON messages, %d bytes at a time" % size, messages, [{"status": "caf\xe9"}, {"id": "b"}]
    reader = MessageReader()
    self_test_read(reader, lines[:-4])
    yield "a JSON message cut before its end", self_test_error(reader.feed_eof), "TruncatedError"


@self_check
def check_responses():
    def read(method, data, size):
        reader, found = ResponseParts(method), []
        for start in range(0, len(data), size):
            part, at = data[start:start + size], 0
            while at < len(part):
                take = reader.take_head if reader.state == "head" else reader.take_content
                at = take(part, at, found)
        return reader, found

    head, length = b"HTTP/1.1 200 OK\r\n", b"Content-Length: 2\r\n"
    chunked, chunks = b"Transfer-Encoding: chunked\r\n", b"\r\n2\r\nOK\r\n0\r\n\r\n"
    for method, data, content, kind in (
            ("GET", length + b"\r\nOK", b"OK", "length"), ("HEAD", length + b"\r\n", b"", "none"),
            ("GET", chunked + chunks, b"OK", "chunked"), ("GET", b"\r\nOK", b"OK", "close")):
        for size in (len(head + data), 1):
            reader, found = read(method, head + data, size)
            reader.feed_eof()
            yield "the answer to %s with %a, %d bytes at a time" % (method, data, size), \
                (b"".join(found[1:]), reader.framing.kind, reader.complete), (content, kind, True)
    data = head + chunked + chunks
    missed = [cut for cut in range(1, len(data))
              if self_test_error(read("GET", data[:cut], cut)[0].feed_eof) != "TruncatedError"]
    yield "offsets at which a cut response looks complete", missed, []
    for wrong in (head + length + data[len(head):], data.replace(b"\n2", b"\n0x2")):
        yield "the malformed answer %a" % wrong, self_test_error(read, "GET", wrong, 1), "ProtocolError"


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
