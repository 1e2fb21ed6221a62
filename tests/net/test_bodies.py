"""Every way to read a body gives equal bytes under every split, and no cut, at any byte, looks like an
end."""
import errno
import io
import json
import tarfile

import pytest
from hypothesis import given, strategies as st

from net.fake_engine import ScriptedSocket, chunked, frame, response
from rawdock.errors import (ConnectError, ProtocolError, RawdockError, StreamError, Timeout, TruncatedError,
                            UnconfirmedError)
from rawdock.net.connection import Connection

LINES = [b"out\n", b"", b"e" * 300 + b"\n", "grün\n".encode(), b"last"]
FRAMES = b"".join(frame(1 + index % 2, line) for index, line in enumerate(LINES))
MESSAGES = [{"status": "Pulling from x", "id": "1"}, {"a": ["}", "é"]}, {}]
PULL = b"".join(json.dumps(message, ensure_ascii=False).encode() + b"\r\n" for message in MESSAGES)
DETAIL = b'{"errorDetail":{"code":7,"message":"no such blob"},"error":"no such blob"}\r\n'
JSON = json.dumps(list(range(60))).encode()

# Recorded shapes of answers: (name, wire, how it is read, what it gives).
EXCHANGES = [
    ("json", response(JSON), "json", list(range(60))),
    ("json chunked", chunked(JSON[:50], JSON[50:]), "json", list(range(60))),
    ("error", response(b'{"message":"no"}\n', "404 Not Found"), "read", b'{"message":"no"}\n'),
    ("ping", response(b"OK", headers=[("Api-Version", "1.41")], kind="text/plain; charset=utf-8"), "read",
     b"OK"),
    ("pull", chunked(PULL[:10], PULL[10:41], PULL[41:]), "messages", MESSAGES),
    ("logs", chunked(FRAMES[:3], FRAMES[3:11], FRAMES[11:]), "frames",
     [(1 + index % 2, line) for index, line in enumerate(LINES)]),
    ("logs in a length", response(FRAMES, kind="x"), "frames",
     [(1 + index % 2, line) for index, line in enumerate(LINES)]),
    ("wait", chunked(b'{"Error":null,"StatusCode":5}\n'), "json", {"Error": None, "StatusCode": 5}),
    ("archive", chunked(*[b"tar" * 50] * 4), "read", b"tar" * 200),
    ("trailers",
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n", "read",
     b"abc"),
]


def answer(wire, sizes, end=None, method="GET"):
    pieces, at = [], 0
    for size in sizes:
        pieces.append(wire[at:at + size])
        at += size
        if at >= len(wire):
            break
    if at < len(wire):
        pieces.append(wire[at:])
    connection = Connection(ScriptedSocket(*([piece for piece in pieces if piece] + ([end] if end else []))),
                            "test")
    return connection.request(method, "/x")


def read_by_readinto(response, size):
    buffer, got = bytearray(size), []
    while True:
        count = response.readinto(buffer)
        if not count:
            assert response.complete and response.readinto(buffer) == 0
            return b"".join(got)
        got.append(bytes(buffer[:count]))


class Slow:
    """A file whose write takes a few bytes at a time, as a raw one may."""

    def __init__(self):
        self.data = b""

    def write(self, data):
        self.data += bytes(data[:7])
        return min(7, len(data))


def every_reading(make, body):
    """Each way of reading the answers that make() gives → must be `body`."""
    assert make().read() == body
    assert b"".join(make()) == body
    for size in (1, 7, 4096):
        assert read_by_readinto(make(), size) == body
    file, slow = io.BytesIO(), Slow()
    assert make().copy_to(file) == len(body) and file.getvalue() == body
    assert make().copy_to(slow) == len(body) and slow.data == body
    with make() as response:
        assert response.read(len(body)) == body and response.complete


@given(st.binary(max_size=300), st.lists(st.integers(1, 60), max_size=30),
       st.lists(st.integers(1, 50), max_size=8), st.sampled_from(["length", "chunked", "close"]))
def test_every_reading_under_every_split(body, sizes, cuts, framing):
    if framing == "chunked":
        pieces, at = [], 0
        for size in cuts:
            pieces.append(body[at:at + size])
            at += size
        wire = chunked(*[piece for piece in pieces + [body[at:]] if piece])
    else:
        wire = response(body) if framing == "length" else b"HTTP/1.0 200 OK\r\nContent-Type: x\r\n\r\n" + body
    every_reading(lambda: answer(wire, sizes), body)


@pytest.mark.parametrize("name, wire, read, whole", EXCHANGES, ids=[row[0] for row in EXCHANGES])
def test_exchanges_in_sizes(name, wire, read, whole):
    for size in (1, 2, 7, 8, 9, len(wire)):
        got = getattr(answer(wire, [size] * len(wire)), read)()
        assert (got if read in ("json", "read") else list(got)) == whole


@pytest.mark.parametrize("end", [None, ConnectionResetError(errno.ECONNRESET, "reset")],
                         ids=["closed", "reset"])
@pytest.mark.parametrize("name, wire, read, whole", EXCHANGES, ids=[row[0] for row in EXCHANGES])
def test_cut_at_every_byte(name, wire, read, whole, end):
    """What came whole is given, then an error of ours is raised: no silent success, nothing lost."""
    body_at = wire.index(b"\r\n\r\n") + 4
    for cut in range(len(wire)):
        for size in (1, 7, cut or 1):
            got = []
            with pytest.raises((TruncatedError, ConnectError)) as caught:
                response = answer(wire[:cut], [size] * (cut // size), end)
                values = getattr(response, read)()
                if read in ("json", "read"):
                    pytest.fail("%s cut at %d gave %r" % (name, cut, values))
                for value in values:
                    got.append(value)
            assert isinstance(caught.value, TruncatedError) or cut == 0
            if read in ("messages", "frames") and cut > body_at and size == cut:
                assert (got == whole[:len(got)] and len(got)
                        == values_in(wire[body_at:cut], read, "chunked" in wire.decode("latin-1")))


def values_in(body, read, is_chunked):
    """How many whole values stand in a cut body, by the simplest means."""
    content = b""
    if is_chunked:
        while body:
            line, mark, rest = body.partition(b"\r\n")
            if not mark:
                break
            size = int(line, 16)
            content += rest[:size]
            body = rest[size + 2:]
    else:
        content = body
    count = 0
    if read == "messages":
        return sum(1 for end in range(1, len(content) + 1) if content[end - 1:end] == b"}"
                   and is_json(content[:end].split(b"\r\n")[-1]))
    while len(content) >= 8 and len(content) >= 8 + int.from_bytes(content[4:8], "big"):
        content = content[8 + int.from_bytes(content[4:8], "big"):]
        count += 1
    return count


def is_json(text):
    try:
        json.loads(text.decode())
        return True
    except ValueError:
        return False


@pytest.mark.parametrize("read", ["read", "copy_to", "readinto", "iterate"])
def test_every_reading_of_a_cut_body_delivers_what_came_and_raises(read):
    for wire in (response(b"x" * 20)[:-5], chunked(b"x" * 15, b"y")[:-len(b"1\r\ny\r\n0\r\n\r\n")],
                 chunked(b"x" * 15)[:-3]):
        got = io.BytesIO()
        response_ = answer(wire, [])
        with pytest.raises(TruncatedError):
            if read == "copy_to":
                response_.copy_to(got)
            elif read == "readinto":
                buffer = bytearray(4)
                while True:
                    got.write(buffer[:response_.readinto(buffer)])
            else:
                for piece in response_:
                    got.write(piece)
                if read == "read":
                    response_.read()
        assert got.getvalue() == b"x" * 15 and not response_.complete
        for _ in range(2):   # tried again, it still does not look finished
            with pytest.raises(RawdockError):
                response_.readinto(bytearray(9))
            with pytest.raises(RawdockError):
                response_.read()


def test_close_delimited_bodies_are_the_documented_exception():
    wire = b"HTTP/1.0 200 OK\r\n\r\n"
    for size in range(20):
        assert answer(wire + b"x" * size, []).read() == b"x" * size
    with pytest.raises(TruncatedError):
        list(answer(wire + frame(1, b"abc")[:-1], []).frames())
    with pytest.raises(TruncatedError):
        list(answer(wire + b'{"a":', []).messages())


UNFRAMED = b"HTTP/1.1 200 OK\r\n\r\n"


def watched(body, content, sizes=()):
    response = answer(UNFRAMED + body, sizes)
    response.watch_end(content, required=True)
    return response


def read_in_every_way(make):
    """What each way of reading a Response raises at the body's end, the set of its types (None: it is
    whole)."""
    raised = set()
    for read in (lambda response: response.read(), list, lambda response: response.copy_to(io.BytesIO()),
                 lambda response: read_by_readinto(response, 5),
                 lambda response: list(response.frames(tty=True))):
        response = make()
        for _ in range(2):   # tried again, it looks no better
            try:
                read(response)
                raised.add(None)
            except ProtocolError as error:
                raised.add(type(error))
        assert response.verdict.kind == ("complete" if raised == {None} else "unconfirmed")
    return raised


def test_content_that_shows_its_end_is_whole_although_it_ends_with_the_connection():
    tar = b"".join([tarfile.TarInfo("a").tobuf(), bytes(1024)])
    for content, body in (("json", JSON), ("tar", tar)):
        assert read_in_every_way(lambda: watched(body, content, [7] * 300)) == {None}
        for cut in (0, 1, len(body) // 2, len(body) - 1):
            assert read_in_every_way(lambda: watched(body[:cut], content)) == {UnconfirmedError}
    for content in ("messages", "frames", "raw", None):
        assert read_in_every_way(lambda: watched(b'{"a":1}', content)) == {UnconfirmedError}


def test_json_that_ends_with_the_connection_is_whole_by_its_last_bracket():
    whole = answer(UNFRAMED + JSON, [])
    assert whole.json() == list(range(60)) and whole.verdict.kind == "complete"
    assert watched(JSON, "json").json() == list(range(60))
    number = answer(UNFRAMED + b"12", [])
    assert number.json() == 12 and number.verdict.kind == "unconfirmed"
    with pytest.raises(UnconfirmedError):
        watched(b"12", "json").json()


@pytest.mark.parametrize("read, body", [("messages", PULL), ("frames", FRAMES)])
def test_messages_and_frames_give_what_came_and_then_tell_that_nothing_shows_their_end(read, body):
    whole = list(getattr(answer(UNFRAMED + body, []), read)())
    for cut in range(len(body) + 1):
        got, response = [], watched(body[:cut], read)
        with pytest.raises(TruncatedError) as caught:
            for value in getattr(response, read)():
                got.append(value)
        assert got == whole[:len(got)]
        inside = "inside" in str(caught.value)   # of a message or frame: that is worth more than the rest
        assert inside or isinstance(caught.value, UnconfirmedError)
        assert response.verdict.kind == ("truncated" if inside else "unconfirmed")
    assert got == whole and not inside


def test_a_body_with_a_length_or_chunks_needs_no_end_of_its_own():
    for wire in (response(b"abc"), chunked(b"abc")):
        response_ = answer(wire, [])
        response_.watch_end("messages", required=True)
        assert response_.read() == b"abc" and response_.verdict.kind == "complete"


def test_bodies_that_are_none():
    for wire, method in ((b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "DELETE"),
                         (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "POST"),
                         (b"HTTP/1.1 200 OK\r\nContent-Length: 67\r\n\r\n", "HEAD"),
                         (b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n", "HEAD"),
                         (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "GET"), (chunked(), "GET")):
        every_reading(lambda: answer(wire, [], method=method), b"")


def test_chunk_framing_that_is_broken_gives_what_came_before_it():
    head = chunked()[:-5]
    for tail in (b"3\r\nabc\r\nxyz\r\n", b"3\r\nabcXX", b"3\r\nabc\r\n+1\r\nx", b"3\r\nabc\r\n0x1\r\nx",
                 b"3\r\nabc\r\n1_0\r\nx", b"3\r\nabc\r\n" + b"f" * 17 + b"\r\n"):
        for sizes in ([], [1] * 200, [len(head) + 8]):
            got = []
            with pytest.raises(ProtocolError) as caught:
                for piece in answer(head + tail, sizes):
                    got.append(piece)
            assert b"".join(got) == b"abc" and not isinstance(caught.value, TruncatedError)


def test_json_that_is_none():
    for body in (b"", b"{", b"OK", b"\xff", b"[" * 100000, b"NaN", b"[Infinity]", b'{"a":-Infinity}'):
        with pytest.raises(ProtocolError, match="JSON"):
            answer(response(body), []).json()


def test_read_has_a_bound():
    for wire in (response(b"x" * 101), chunked(b"x" * 50, b"x" * 51)):
        with pytest.raises(ProtocolError, match="at most 100"):
            answer(wire, []).read(100)
    # costs nothing until it comes
    huge = b"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\nabc"
    with pytest.raises(TruncatedError, match="3 of 9223372036854775807"):
        answer(huge, []).read()
    with pytest.raises(TruncatedError):
        answer(chunked()[:-5] + b"ffffffff\r\nabc", []).copy_to(io.BytesIO())


# -- errors inside a stream

@pytest.mark.parametrize("body, message, code", [
    (DETAIL, "no such blob", 7), (b'{"error":"plain"}', "plain", None),
    (b'{"errorDetail":{"message":"deep"}}', "deep", None),
    (b'{"errorDetail":{"code":3}}', "{'code': 3}", 3), (b'{"errorDetail":"odd"}', "odd", None),
    (b'{"error":["odd"]}', "['odd']", None),
])
def test_an_error_in_a_message_raises_with_the_last_status_lines(body, message, code):
    lines = ([b'{"status":"step %d"}' % number for number in range(9)]
             + [b'{"stream":"Step 1/2\\n"}', b'{"progressDetail":{}}'])
    got = []
    with pytest.raises(StreamError) as caught:
        for item in answer(chunked(*lines + [body]), [30] * 40).messages():
            got.append(item)
    assert len(got) == 11 and str(caught.value) == message and caught.value.code == code
    assert caught.value.statuses == ["step 5", "step 6", "step 7", "step 8", "Step 1/2"]


def test_messages_that_only_look_like_errors():
    body = b'{"error":""}{"errorDetail":{}}{"errorDetail":null}{"status":"error"}'
    assert len(list(answer(chunked(body), []).messages())) == 4


def test_an_error_frame_raises_after_the_frames_before_it():
    got = []
    with pytest.raises(StreamError, match="Error grabbing logs"):
        for item in answer(chunked(frame(1, b"a") + frame(3, b"Error grabbing logs: x\n")
                                   + frame(1, b"never")), []).frames():
            got.append(item)
    assert got == [(1, b"a")]


@pytest.mark.parametrize("bad", [b"\x04\0\0\0\0\0\0\1x", b"\1\0\0\1\0\0\0\1x", b"HTTP/1.1"])
def test_bytes_that_are_no_frame(bad):
    got = []
    with pytest.raises(ProtocolError):
        for item in answer(chunked(frame(2, b"a") + bad), []).frames():
            got.append(item)
    assert got == [(2, b"a")]


def test_terminal_output_is_given_as_it_comes():
    got = list(answer(chunked(b"a\r\n", b"\1\0\0\0"), []).frames(tty=True))
    assert [stream for stream, _ in got] == [1] * len(got)
    assert b"".join(data for _, data in got) == b"a\r\n\1\0\0\0"


def test_an_iterator_left_early_closes_its_connection():
    for read in ("messages", "frames"):
        sock = ScriptedSocket(chunked(b'{"a":1}{"a":2}' if read == "messages" else frame(1, b"x") * 2)[:-5])
        values = getattr(Connection(sock).request("GET", "/x"), read)()
        next(values)
        assert not sock.closed
        values.close()
        assert sock.closed
        sock = ScriptedSocket(chunked()[:-5])
        getattr(Connection(sock).request("GET", "/x"), read)()   # never begun, and dropped
        assert sock.closed


def test_the_systems_own_timeout_is_a_broken_connection():
    """ETIMEDOUT is TimeoutError, which is what newer Pythons call a socket's timeout."""
    with pytest.raises(ConnectError, match="timed out"):
        answer(response(b"abc")[:-1], [], TimeoutError(errno.ETIMEDOUT, "Connection timed out")).read()


def test_reading_goes_on_after_an_idle_timeout():
    import socket
    wire = response(b"abcdef")
    for read in ("read", "readinto"):
        response_ = answer(wire[:-3], [], socket.timeout())
        response_._connection.sock.pieces.append(b"def")
        response_.limit_idle(1)
        buffer = bytearray(9)
        with pytest.raises(Timeout) as caught:
            got = b""
            for piece in response_ if read == "read" else iter(
                    lambda: bytes(buffer[:response_.readinto(buffer)]), b""):
                got += piece
        assert caught.value.received == 3 and got == b"abc"
        assert (response_.read() if read == "read" else read_by_readinto(response_, 9)) == b"def"


def test_json_takes_no_more_than_its_limit():
    wire = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n[1,2]"
    assert answer(wire, []).json(limit=5) == [1, 2]
    response_ = answer(wire, [])
    with pytest.raises(ProtocolError) as caught:
        response_.json(limit=4)
    assert caught.value.rule == "rawdock limit" and response_.verdict.kind != "complete"
