"""Connection: the bytes of requests, the head of the answer, timeouts, early refusals, what is kept and what
is closed."""
import errno
import io
import os
import socket
import sys
import threading
import time
import types

import pytest

from net.fake_engine import (NO_CONTENT, UPGRADED, FakeEngine, ScriptedSocket, chunked, frame, response,
                             serve, with_patience)
from rawdock.errors import ConnectError, ProtocolError, RawdockError, Timeout, TruncatedError, UsageError
from rawdock.net.address import parse_address
from rawdock.net.connection import Connection
from rawdock.net.dial import dial
from rawdock.net.limits import TimeLimits, limit_waiting

OK = response(b'{"a": 1}')


def scripted(*pieces):
    sock = ScriptedSocket(*pieces)
    return Connection(sock, "test"), sock


def connect(engine):
    return Connection(dial(parse_address(engine.address), 5), engine.address)


# -- the bytes of a request

@pytest.mark.parametrize("arguments, sent", [
    (("GET", "/_ping"), b"GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n"),
    (("HEAD", "/_ping"), b"HEAD /_ping HTTP/1.1\r\nHost: docker\r\n\r\n"),
    (("DELETE", "/x"), b"DELETE /x HTTP/1.1\r\nHost: docker\r\n\r\n"),
    (("POST", "/x"), b"POST /x HTTP/1.1\r\nHost: docker\r\nContent-Length: 0\r\n\r\n"),
    (("PUT", "/x", [("X-A", "b")], b"xyz"),
     b"PUT /x HTTP/1.1\r\nHost: docker\r\nContent-Length: 3\r\nX-A: b\r\n\r\nxyz"),
    (("GET", "/x", [("host", "other")]), b"GET /x HTTP/1.1\r\nhost: other\r\n\r\n"),
    (("GET", "/x", (), None, "1.0"), b"GET /x HTTP/1.0\r\nHost: docker\r\n\r\n"),
    (("POST", "/x", [("Content-Length", "3")], b"xyz"),
     b"POST /x HTTP/1.1\r\nHost: docker\r\nContent-Length: 3\r\n\r\nxyz"),
    (("POST", "/x", iter([("A", "b")]), bytearray(b"xyz")),
     b"POST /x HTTP/1.1\r\nHost: docker\r\nContent-Length: 3\r\nA: b\r\n\r\nxyz"),
])
def test_request_bytes(arguments, sent):
    connection, sock = scripted(OK if arguments[0] != "HEAD" else OK.partition(b"{")[0])
    connection.request(*arguments).read()
    assert sock.sent == sent


def test_streamed_request_bodies():
    """From iterables and files: chunked, or as they are under a Content-Length that is held to."""
    def sent(body, *headers):
        with FakeEngine(lambda peer: (peer.request(), peer.send(OK), peer.drain())) as engine, \
                connect(engine) as connection:
            connection.request("POST", "/x", headers, body).read()
            return engine.requests[0]
    for body in ([b"ab", b"", b"c"], iter([bytearray(b"ab"), memoryview(b"c")]), io.BytesIO(b"abc"),
                 (piece for piece in (b"abc",))):
        seen = sent(body)
        assert seen.body == b"abc" and seen.headers == {"host": "docker", "transfer-encoding": "chunked"}
    assert sent([]).body == b""
    seen = sent(io.BytesIO(b"abc"), ("Content-Length", "3"))
    assert seen.body == b"abc" and seen.headers == {"host": "docker", "content-length": "3"}
    big = os.urandom(1 << 20)
    assert sent(big).body == big and sent(big).headers["content-length"] == str(1 << 20)
    assert sent(iter([big, big])).body == big + big


@pytest.mark.parametrize("headers, body, version", [
    ([("Transfer-Encoding", "chunked")], b"x", "1.1"),
    ([("Content-Length", "4")], b"xyz", "1.1"), ([("Content-Length", "2")], b"xyz", "1.1"),
    ([("Content-Length", "1")], None, "1.1"),
    ([("Content-Length", "+3")], b"xyz", "1.1"), ([("Content-Length", "٣")], b"xyz", "1.1"),
    ([("Content-Length", "²")], b"xyz", "1.1"),
    ([("Content-Length", "3_0")], b"xyz", "1.1"),
    ([("Content-Length", "3"), ("content-length", "3")], b"xyz", "1.1"),
    ((), [b"x"], "1.0"), ((), None, "1.2"), ([("A", "b\r\nC: d")], None, "1.1"),
    ([("A b", "c")], None, "1.1"), ((), "text", "1.1"), ((), 5, "1.1"),
])
def test_requests_refused_before_a_byte_is_sent(headers, body, version):
    connection, sock = scripted(OK)
    with pytest.raises(UsageError):
        connection.request("POST", "/x", headers, body, version)
    assert sock.sent == b""
    assert connection.request("GET", "/x").json() == {"a": 1}   # and the connection is as good as before


@pytest.mark.parametrize("body, length", [([b"ab"], 3), ([b"abcd"], 3), ([b"ab", b"cd"], 3),
                                          ([b"ab", "c"], None), ([5], None)])
def test_a_body_unlike_its_announcement_closes_the_connection(body, length):
    with FakeEngine(lambda peer: (peer.head(), peer.drain())) as engine:
        connection = connect(engine)
        with pytest.raises(UsageError):
            connection.request("POST", "/x", [("Content-Length", length)] if length else [], iter(body))
        with pytest.raises(ConnectError):
            connection.request("GET", "/x")


def test_a_body_whose_source_fails_is_not_mistaken_for_a_refusal():
    """The source may itself be a socket: its ConnectionResetError is not the engine's."""
    def source():
        yield b"half"
        raise ConnectionResetError(errno.ECONNRESET, "the source broke")
    received = []
    with FakeEngine(lambda peer: received.append((peer.head(), peer.drain())[1])) as engine:
        with pytest.raises(ConnectionResetError, match="source broke"):
            connect(engine).request("POST", "/x", (), source(), head_timeout=60)
        engine.wait_for(lambda: received)
    assert received == [b"4\r\nhalf\r\n"]


# -- heads

@pytest.mark.parametrize("size", [1, 2, 7, 40, 10000])
def test_interim_responses_and_an_empty_line_are_passed_over(size):
    wire = (b"\r\nHTTP/1.1 100 Continue\r\n\r\n" + b"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n" * 3 + b"\r\n"
            + OK)
    connection, _ = scripted(*[wire[at:at + size] for at in range(0, len(wire), size)])
    answer = connection.request("GET", "/x")
    assert answer.status == 200 and answer.json() == {"a": 1} and answer.complete and connection.reusable


def test_the_same_head_in_sixteen_writes():
    wire = UPGRADED + frame(1, b"out\n")
    step = len(UPGRADED) // 16
    connection, _ = scripted(*[wire[at:at + step] for at in range(0, len(wire), step)])
    pipe = connection.request("POST", "/x", hijack=True).duplex()
    assert list(pipe.frames()) == [(1, b"out\n")]


@pytest.mark.parametrize("head",
                         [UPGRADED,
                          b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n"])
def test_bytes_after_a_switch_are_handed_on(head):
    stream = frame(1, b"a") + frame(2, b"b") + frame(1, b"")
    for cut in range(len(head), len(head + stream) + 1):
        connection, _ = scripted((head + stream)[:cut], (head + stream)[cut:])
        answer = connection.request("POST", "/x", hijack=True)
        assert answer.framing.kind == "upgrade" and not connection.reusable
        with answer.duplex(False) as pipe:
            assert list(pipe.frames()) == [(1, b"a"), (2, b"b"), (1, b"")]


@pytest.mark.parametrize("wire, error", [
    (b"", ConnectError), (b"SSH-2.0-OpenSSH_9.2\r\n", ProtocolError),
    (b"\x15\x03\x01\x00\x02\x02\x16", ProtocolError),
    (b"HTTP/2.0 200 OK\r\n\r\n", ProtocolError), (b"HTTP/1.1 200 OK\nA: b\n\n", ProtocolError),
    (b"HTTP/1.1 2000 OK\r\n\r\n", ProtocolError),
    (b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", ProtocolError),
    (b"HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc", ProtocolError),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", ProtocolError),
    (b"\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", ProtocolError),
    (b"\x00" * 100, ProtocolError), (b"HTTP/1.1 200 OK\r\nA: " + b"b" * (1 << 20), ProtocolError),
    (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 5000 + b"\r\n", ProtocolError),
    (b"HTTP/1.1 200 OK\r\nA: b", TruncatedError), (b"HT", TruncatedError), (b"\r", TruncatedError),
])
@pytest.mark.parametrize("size", [1, 65536])
def test_garbage_instead_of_an_answer(wire, error, size):
    if size == 1:
        wire = wire[:4000] if error is not ProtocolError or b"bbbb" not in wire else wire[:70000]
        if wire.startswith(b"HTTP/1.1 200 OK\r\nA: b\r\n"):
            error = TruncatedError
    connection, sock = scripted(*[wire[at:at + size] for at in range(0, len(wire), size)])
    with pytest.raises(error) as caught:
        connection.request("GET", "/x")
    assert type(caught.value) is error and "\n" not in str(caught.value)
    assert sock.closed and not connection.reusable


@pytest.mark.parametrize("coding", ["gzip", "identity", "x-new", "GZIP", "gzip;q=1", "br, gzip",
                                    "gzip, chunked", "identity, chunked",
                                    "chunked, gzip", "gzip\r\nTransfer-Encoding: chunked"])
def test_content_still_in_a_transfer_coding_is_refused(coding):
    """Handed out as it came it would be taken for what the engine said (RFC 9112 §6.1, §7)."""
    wire = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: %s\r\n\r\n2\r\n{}\r\n0\r\n\r\n" % coding.encode()
    connection, sock = scripted(wire)
    with pytest.raises(ProtocolError, match="RFC 9112 §7") as caught:
        connection.request("GET", "/x")
    assert sock.closed and wire[caught.value.offset:].startswith(caught.value.seen)
    assert caught.value.seen == coding.partition("\r")[0].encode()
    # the head that a GET would have got, and no body
    connection, sock = scripted(wire[:wire.index(b"2\r\n")])
    assert connection.request("HEAD", "/x").status == 200


# -- whether a connection is kept

@pytest.mark.parametrize("wire, kept", [
    (OK, True), (NO_CONTENT, True), (b"HTTP/1.1 304 Not Modified\r\n\r\n", True), (chunked(b"x"), True),
    (response(b"x", headers=[("Connection", "close")]), False),
    (response(b"x", headers=[("Connection", "Keep-Alive, CLOSE")]), False),
    (OK.replace(b"1.1", b"1.0", 1), False),
    (response(b"x", headers=[("Connection", "keep-alive")]).replace(b"1.1", b"1.0", 1), True),
    (b"HTTP/1.1 200 OK\r\n\r\nuntil close", False), (OK + b"x", False), (NO_CONTENT + b"x", False),
])
def test_reuse(wire, kept):
    connection, sock = scripted(wire, b"")
    answer = connection.request("GET", "/x")
    answer.read()
    assert answer.complete and connection.reusable is kept and sock.closed is not kept
    if not kept:
        with pytest.raises(ConnectError, match="used up"):
            connection.request("GET", "/x")


def test_a_response_under_way_blocks_the_next_request_and_closing_it_closes_the_connection():
    connection, sock = scripted(response(b"x" * 100)[:-50])
    answer = connection.request("GET", "/x")
    with pytest.raises(ConnectError, match="used up"):
        connection.request("GET", "/x")
    with answer:
        pass
    assert sock.closed
    with pytest.raises(ConnectError):
        answer.read()


def test_bytes_after_a_message_that_closes_are_refused_after_the_body_is_given():
    for wire in (response(b"whole", headers=[("Connection", "close")]) + b"x",
                 chunked(b"whole").replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1) + b"x"):
        connection, sock = scripted(wire)
        got = []
        with pytest.raises(ProtocolError, match="9.6"):
            for piece in connection.request("GET", "/x"):
                got.append(piece)
        assert b"".join(got) == b"whole" and sock.closed


# -- refusals in the middle of an upload

REFUSAL = response(b'{"message": "no such container"}\n', "404 Not Found")


@pytest.mark.parametrize("ending", ["close", "stall", "close with Connection: close"])
@pytest.mark.parametrize("body", ["iterable", "bytes", "length"])
def test_an_early_refusal_is_the_answer(ending, body):
    """The engine reads ten bytes, refuses, and closes or just stops reading: the refusal is reported, not
    EPIPE, and nothing hangs."""
    done = threading.Event()

    def refuse(peer):
        peer.head()
        peer.receive_exactly(10)
        refusal = (REFUSAL.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1) if "Connection" in ending
                   else REFUSAL)
        peer.send(refusal)
        if ending == "stall":
            done.wait(60)
    size = 4 << 20
    bodies = {"iterable": (b"x" * 65536 for _ in range(size // 65536)), "bytes": b"x" * size,
              "length": io.BytesIO(b"x" * size)}
    with FakeEngine(refuse) as engine, connect(engine) as connection:
        answer = connection.request("PUT", "/x", [("Content-Length", size)] if body == "length" else [],
                                    bodies[body], head_timeout=60)
        assert answer.status == 404 and answer.json() == {"message": "no such container"}
        # half a body is on the wire: a next request would be taken for the rest of it
        assert not connection.reusable
        done.set()


def test_an_upload_goes_on_after_interim_and_successful_answers():
    def accept(peer):
        peer.head()
        peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        peer.receive_exactly(100000)
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        rest = peer.receive_until(b"0\r\n\r\n")
        peer.send(b"5\r\n%5d\r\n0\r\n\r\n" % (len(rest) > 100000))
        peer.drain()
    with FakeEngine(accept) as engine, connect(engine) as connection:
        answer = connection.request("POST", "/build", (), (b"x" * 10000 for _ in range(100)))
        assert answer.read() == b"    1" and connection.reusable


def test_an_answer_longer_than_the_sockets_queue_while_uploading():
    """`load` tells its progress while it reads: whoever does not read that blocks the engine, and so
    himself."""
    progress = chunked(*[b'{"status":"Loading"}\r\n' * 1000] * 100)

    def load(peer):
        peer.head()
        for at in range(0, len(progress), 65536):
            peer.send(progress[at:at + 65536])
        peer.receive_until(b"0\r\n\r\n")
        peer.drain()
    with FakeEngine(load) as engine, connect(engine) as connection:
        answer = connection.request("POST", "/images/load", (), (b"x" * 65536 for _ in range(100)),
                                    head_timeout=60)
        assert len(list(answer.messages())) == 100000 and connection.reusable


def test_an_answer_without_end_to_a_request_that_nobody_reads():
    """What comes early is kept, so it has a bound; who stopped reading there would wait for an engine that
    waits for him."""
    def answer(peer):
        peer.head()
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            peer.send(b"10000\r\n" + b"x" * 65536 + b"\r\n")
    with FakeEngine(answer) as engine, connect(engine) as connection:
        with pytest.raises(ProtocolError, match="rawdock limit"):
            connection.request("POST", "/images/load", (), (b"x" * 65536 for _ in range(100)))


def test_an_interim_answer_does_not_hide_a_later_refusal():
    def refuse(peer):
        peer.head()
        peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        peer.receive_exactly(100000)
        peer.send(REFUSAL)
        peer.engine.done.wait(60)
    with FakeEngine(refuse) as engine, connect(engine) as connection:
        engine.done = threading.Event()
        assert connection.request("POST", "/x", (), (b"x" * 65536 for _ in range(100)),
                                  head_timeout=60).status == 404
        engine.done.set()


def test_a_broken_write_with_no_answer_is_a_connect_error():
    with FakeEngine(lambda peer: peer.head()) as engine, connect(engine) as connection:
        with pytest.raises(ConnectError):
            connection.request("POST", "/x", (), (b"x" * 65536 for _ in range(100)), head_timeout=60)


def test_uploads_above_descriptor_1024():
    """select() takes no descriptor above 1023."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2000:
        pytest.fail("this machine allows %d descriptors only" % hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2000), hard))
    held = []
    try:
        with FakeEngine(lambda peer: (peer.request(), peer.send(OK), peer.drain())) as engine:
            held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
            with connect(engine) as connection:
                assert connection.sock.fileno() > 1023
                assert connection.request("POST", "/x", (), [b"abc"]).json() == {"a": 1}
                assert not connection.is_stale()
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# -- timeouts, each with its phase

def test_send_timeout():
    stop = threading.Event()
    for body in ((b"x" * 65536 for _ in range(1000)), b"x" * (1 << 25)):
        stop.clear()
        with FakeEngine(lambda peer: stop.wait(10)) as engine, connect(engine) as connection:
            with pytest.raises(Timeout) as caught:
                connection.request("POST", "/x", (), body, head_timeout=0.1)
            stop.set()
        assert (caught.value.phase, caught.value.seconds, caught.value.received) == ("send", 0.1, 0)


def test_what_arrives_does_not_prolong_the_time_to_send():
    stop = threading.Event()

    def drip(peer):
        peer.head()
        while not stop.wait(0.04):
            peer.send(b"HTTP/1.1 102 Processing\r\n\r\n")
    with FakeEngine(drip) as engine, connect(engine) as connection:
        with pytest.raises(Timeout) as caught:
            connection.request("POST", "/x", (), (b"x" * 65536 for _ in range(1000)), head_timeout=0.2)
        stop.set()
    assert (caught.value.phase, caught.value.seconds) == ("send", 0.2)


@pytest.mark.parametrize("kind, least", [("nothing", 0), ("a part", 10), ("drip", 2)])
def test_head_timeout_is_for_the_whole_head(kind, least):
    stop = threading.Event()

    def attempt(limit):
        def recipe(peer):
            peer.head()
            if kind == "a part":
                peer.send(b"HTTP/1.1 2")
            for byte in OK if kind == "drip" else b"":
                peer.send(bytes([byte]))
                if stop.wait(limit / 7):
                    return
            stop.wait(60)
        stop.clear()
        with FakeEngine(recipe) as engine, connect(engine) as connection:
            started = time.monotonic()
            with pytest.raises(Timeout) as caught:
                connection.request("GET", "/x", head_timeout=limit)
            assert time.monotonic() - started < 30
            stop.set()
        assert ((caught.value.phase, caught.value.seconds) == ("head", limit)
                and least <= caught.value.received < 20)
    with_patience(attempt, 0.15, 2, 10)


@pytest.mark.parametrize("body", [None, [b"x" * 100000] * 100], ids=["no body", "body"])
def test_interim_answers_without_end(body):
    """With no time limit at all, whatever of a request is still to be sent."""
    def flood(peer):
        peer.head()
        while True:
            peer.send(b"HTTP/1.1 102 Processing\r\nA: b\r\n\r\n" * 7)
    with FakeEngine(flood) as engine, connect(engine) as connection:
        with pytest.raises(ProtocolError, match="at most 100 interim ones"):
            connection.request("POST", "/x", (), body)


def test_a_hundred_interim_answers_are_passed_over():
    with pytest.raises(ProtocolError, match="at most 100 interim ones"):
        scripted(b"HTTP/1.1 100 C\r\n\r\n" * 101 + OK)[0].request("GET", "/x")
    connection, _ = scripted(b"HTTP/1.1 100 C\r\n\r\n" * 100 + OK, b"HTTP/1.1 100 C\r\n\r\n" * 100 + OK)
    for _ in range(2):   # each request has its own hundred
        assert connection.request("GET", "/x").json() == {"a": 1}


def test_the_time_for_a_head_is_over_although_bytes_keep_coming(monkeypatch):
    """A peer that never pauses gives the system's timer no chance: the clock is read before each wait."""
    connection, sock = scripted(*[OK[at:at + 1] for at in range(len(OK))])
    now = [1000.0]
    receive = sock.recv

    def slow_receive(size):
        now[0] += 0.5
        return receive(size)
    sock.recv = slow_receive
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with pytest.raises(Timeout) as caught:
        connection.request("GET", "/x", head_timeout=2)
    assert (caught.value.phase, caught.value.seconds, caught.value.received) == ("head", 2, 4)


@pytest.mark.parametrize("read", ["read", "readinto", "head", "send"])
def test_total_timeout_is_for_the_exchange_though_bytes_keep_coming(read):
    stop = threading.Event()

    def drip(peer):
        if read == "send":
            stop.wait(60)
            return
        peer.request()
        wire = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100000
        begun = 5 if read == "head" else 100
        peer.send(wire[:begun])
        for byte in wire[begun:]:
            peer.send(bytes([byte]))
            if stop.wait(0.02):
                return

    def attempt(limit):
        stop.clear()
        with FakeEngine(drip) as engine, connect(engine) as connection:
            started = time.monotonic()
            with pytest.raises(Timeout) as caught:
                body = (b"x" * 65536 for _ in range(1000)) if read == "send" else None
                answer = connection.request("POST", "/x", (), body, head_timeout=60, idle_timeout=60,
                                            total_timeout=limit)
                while answer.readinto(bytearray(5)) if read == "readinto" else answer.read():
                    pass
            assert 0.75 * limit < time.monotonic() - started < 30
            stop.set()
        assert (caught.value.phase, caught.value.seconds) == ("total", limit)
        assert read == "send" or caught.value.received > 0
    with_patience(attempt, 0.2, 1, 10)


def test_a_wait_that_ends_early_is_the_exchange_s_where_the_phase_has_no_limit():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        limits = TimeLimits(ours, "x")
        limits.begin_exchange(5)
        assert limits.timeout(0).phase == "total"


def test_a_total_timeout_ends_with_its_exchange(monkeypatch):
    with FakeEngine(serve(OK)) as engine, connect(engine) as connection:
        connection.request("GET", "/x", idle_timeout=30, total_timeout=60).read()
        later = types.SimpleNamespace(**vars(time))
        later.monotonic = lambda: time.monotonic() + 61
        monkeypatch.setattr(sys.modules["rawdock.net.limits"], "time", later)
        assert connection.request("GET", "/x", idle_timeout=30).read() is not None and connection.reusable


@pytest.mark.parametrize("read", ["read", "copy_to", "readinto", "iterate", "json", "messages", "frames"])
def test_idle_timeout_tells_how_much_had_come(read):
    stop = threading.Event()
    body = {"messages": b'{"a":1}', "frames": frame(1, b"abc")}.get(read, b"x" * 12)
    wire = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + body
    with FakeEngine(lambda peer: (peer.request(), peer.send(wire), stop.wait(10))) as engine, \
            connect(engine) as connection:
        answer = connection.request("GET", "/x", head_timeout=60, idle_timeout=0.05)
        with pytest.raises(Timeout) as caught:
            if read == "copy_to":
                answer.copy_to(io.BytesIO())
            elif read == "readinto":
                while answer.readinto(bytearray(5)):
                    pass
            elif read == "iterate":
                list(answer)
            else:
                list(getattr(answer, read)())
        stop.set()
    assert (caught.value.phase, caught.value.seconds, caught.value.received) == ("idle", 0.05, len(body))
    assert not answer.complete


def test_a_stream_has_no_idle_limit_after_a_head_limit():
    def attempt(limit):
        def slow(peer):
            peer.request()
            peer.send(UPGRADED)
            time.sleep(limit * 1.2)   # longer than a head may take
            peer.send(frame(1, b"late"))
        with FakeEngine(slow) as engine, connect(engine) as connection:
            answer = connection.request("POST", "/x", hijack=True, head_timeout=limit)
            assert answer.read() == frame(1, b"late")
    with_patience(attempt, 0.3, 10)


# -- ending it from here

@pytest.mark.parametrize("wire", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
                                  b"HTTP/1.1 200 OK\r\n\r\npart", UPGRADED])
def test_close_from_another_thread_ends_a_read(wire):
    stop, answered = threading.Event(), threading.Event()
    with FakeEngine(lambda peer: (peer.request(), peer.send(wire), answered.set(), stop.wait(60))) as engine:
        connection = connect(engine)
        outcome = []

        def read():
            try:
                answer = connection.request("POST", "/x", hijack=wire is UPGRADED)
                outcome.append(b"".join(answer.duplex() if wire is UPGRADED else answer))
            except RawdockError as error:
                outcome.append(error)
        thread = threading.Thread(target=read)
        thread.start()
        assert answered.wait(30)
        connection.close()
        thread.join(30)   # some milliseconds, but for a busy machine; the engine would wait a minute
        assert not thread.is_alive()
        stop.set()
    assert isinstance(outcome[0], ConnectError) and "closed on this side" in str(outcome[0])


def test_duplex_both_ways():
    def echo(peer):
        peer.request()
        peer.send(UPGRADED)
        peer.send(frame(1, peer.drain()))
    with FakeEngine(echo) as engine:
        with connect(engine).request("POST", "/x", hijack=True).duplex() as pipe:
            assert pipe.fileno() > 0
            pipe.send(b"in")
            pipe.send(memoryview(b"put"))
            pipe.close_write()
            pipe.close_write()
            assert list(pipe.frames()) == [(1, b"input")]
        with pytest.raises(ConnectError):
            pipe.send(b"x")
        pipe.close_write()
        assert list(pipe) == []   # as it has ended


def test_a_duplex_that_was_closed_before_its_end_cannot_be_read():
    with FakeEngine(lambda peer: (peer.request(), peer.send(UPGRADED), peer.drain())) as engine:
        with connect(engine).request("POST", "/x", hijack=True).duplex(False) as pipe:
            pass
        for read in (pipe, pipe.frames()):
            with pytest.raises(ConnectError):
                list(read)
        assert pipe.verdict.kind == "cancelled"


def test_a_reader_of_frames_that_stops_leaves_a_duplex_open():
    with FakeEngine(lambda peer: (peer.request(), peer.send(UPGRADED + frame(1, b"$ ")),
                                  peer.send(frame(1, peer.drain())))) as engine:
        with connect(engine).request("POST", "/x", hijack=True).duplex(False) as pipe:
            assert next(pipe.frames()) == (1, b"$ ")
            pipe.send(b"ls")
            pipe.close_write()
            assert list(pipe.frames()) == [(1, b"ls")] and pipe.verdict.kind == "unconfirmed"


def test_duplex_cut_inside_a_frame():
    stream = frame(1, b"abc") + frame(2, b"de")
    for cut in range(len(stream) + 1):
        connection, _ = scripted(UPGRADED, stream[:cut])
        got, whole = [], (cut >= 11) + (cut == len(stream))
        frames = connection.request("POST", "/x", hijack=True).duplex().frames()
        if cut in (0, 11, len(stream)):
            got.extend(frames)   # between frames the bytes cannot tell
        else:
            with pytest.raises(TruncatedError):
                for item in frames:
                    got.append(item)
        assert got == [(1, b"abc"), (2, b"de")][:whole]


def test_a_reset_after_stdin_nobody_read_ends_a_hijacked_stream():
    connection, _ = scripted(UPGRADED + frame(1, b"x"), ConnectionResetError(errno.ECONNRESET, "reset"))
    assert list(connection.request("POST", "/x", hijack=True).duplex().frames()) == [(1, b"x")]


def test_a_reset_is_no_end_of_a_body_that_closing_delimits():
    head = b"HTTP/1.0 200 OK\r\n\r\npart"
    connection, _ = scripted(head, ConnectionResetError(errno.ECONNRESET, "reset"))
    with pytest.raises(TruncatedError):
        connection.request("GET", "/x").read()
    connection, _ = scripted(head, ConnectionResetError(errno.ECONNRESET, "reset"))
    with pytest.raises(TruncatedError):
        connection.request("GET", "/x").copy_to(io.BytesIO())
    # A refusal is worth reading though its sender had not read all of ours.
    connection, _ = scripted(head.replace(b"200 OK", b"404 Not Found"),
                             ConnectionResetError(errno.ECONNRESET, "reset"))
    assert connection.request("GET", "/x").read() == b"part"


def test_a_reset_after_a_complete_body_is_no_error():
    connection, _ = scripted(OK, ConnectionResetError(errno.ECONNRESET, "reset"))
    assert connection.request("GET", "/x").json() == {"a": 1}


def test_a_dropped_connection_is_closed_without_a_warning(recwarn):
    a, b = socket.socketpair()
    with b:
        b.sendall(OK[:-1])
        Connection(a).request("GET", "/x")
        a = None
        b.settimeout(60)
        while b.recv(1000):
            pass
    assert not [warning for warning in recwarn if issubclass(warning.category, ResourceWarning)]


def test_a_limit_needs_no_poll_and_still_ends_a_wait():
    """The system's own timers: the Python socket stays blocking, and what waits too long is a Timeout of its
    phase."""
    a, b = socket.socketpair()
    with a, b, Connection(a) as connection:
        limit_waiting(a, 0.05)
        assert a.gettimeout() is None
        started = time.monotonic()
        with pytest.raises(BlockingIOError):
            a.recv(1)
        assert time.monotonic() - started > 0.04
        limit_waiting(a, None)
        b.sendall(b"x")
        assert a.recv(1) == b"x"
        with pytest.raises(Timeout) as caught:
            connection.request("GET", "/", head_timeout=0.05)
        assert caught.value.phase == "head"


def test_a_limit_on_a_send_that_nobody_reads():
    a, b = socket.socketpair()
    with a, b, Connection(a) as connection:
        a.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        with pytest.raises(Timeout) as caught:
            connection.request("POST", "/", body=bytes(65536), head_timeout=0.05)
        assert caught.value.phase == "send"
