"""A proxy between rawdock and the practice engine that does not pass a hijacked stream on as it is."""
import re
import socket
import threading

import pytest

from rawdock import Docker, PracticeEngine
from tests.cli.scripted_socket import run_to_end
from tests.net.fake_engine import FakeEngine

STREAM = re.compile(rb"(?s)POST [^ ]*/(?:attach|start)[? ].*\r\nUpgrade: ")


@pytest.fixture
def engine():
    with PracticeEngine() as engine:
        with Docker(engine.address) as docker:
            for _ in docker.image_create(fromImage="busybox", tag="latest"):
                pass
        yield engine


def with_whole_head(sock, data):
    """`data` and what `sock` brings, up to the piece that the head of the answer ends in; less if it ends."""
    piece = data
    while piece and b"\r\n\r\n" not in data:
        piece = sock.recv(65536)
        data += piece
    return data


def proxy(engine, change_request, change_answer, cut=False):
    """A FakeEngine that passes bytes between a client and `engine`, on connections of their own.

    `change_request(head)` and `change_answer(data)` return what is passed on, in place of the request's head
    and of the answer's bytes, where a request asks for a stream. The first that change_answer is given is a
    whole head with what arrived behind it: dockerd writes its head in pieces. With `cut` the connection ends
    after that.
    """
    def serve(peer):
        with socket.socket(socket.AF_UNIX) as behind:
            behind.connect(str(engine.address).split("://", 1)[-1])
            hijacked = threading.Event()   # set before the engine can answer
            thread = threading.Thread(target=pass_answers,
                                      args=(behind, peer.sock, hijacked, change_answer, cut))
            thread.start()
            try:
                while not hijacked.is_set():
                    seen = peer.request()
                    if seen is None:
                        break
                    if STREAM.match(seen.head):
                        hijacked.set()
                    head = change_request(seen.head) if hijacked.is_set() else seen.head
                    behind.sendall(head + seen.body)
                data, peer.held = peer.held, b""
                while hijacked.is_set():
                    behind.sendall(data)
                    data = peer.sock.recv(65536)
                    if not data:
                        break
            except OSError:
                pass   # the client is gone
            behind.shutdown(socket.SHUT_WR if hijacked.is_set() else socket.SHUT_RDWR)
            thread.join()
    return FakeEngine(serve)


def pass_answers(behind, front, hijacked, change_answer, cut):
    """Pass on to the client at socket `front` what the engine at `behind` answers, until one of them ends."""
    try:
        while True:
            data = behind.recv(65536)
            if hijacked.is_set():
                break
            if not data:
                return front.shutdown(socket.SHUT_RDWR)
            front.sendall(data)
        data = with_whole_head(behind, data)
        while data:
            front.sendall(change_answer(data))
            data = b"" if cut else behind.recv(65536)
        front.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass   # one of them is gone


def without_upgrade(head):
    return re.sub(rb"(?m)^(?:Connection|Upgrade): [^\r]*\r\n", b"", head)


def chunked(data):
    """The bytes of an answer as a proxy sends them that takes it for a message of HTTP."""
    if data.startswith(b"HTTP/"):
        head, _, data = data.partition(b"\r\n\r\n")
        return head + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + (b"%x\r\n%s\r\n" % (len(data), data)
                                                                if data else b"")
    return b"%x\r\n%s\r\n" % (len(data), data)


def head_only(data):
    return data.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


COMMANDS = [["run", "--rm", "busybox", "echo", "hello"], ["exec", "c1", "echo", "hello"]]


def start_one(engine):
    with Docker(engine.address) as docker:
        docker.container_create(name="c1", body={"Image": "busybox", "Cmd": ["sleep", "1000"]})
        docker.container_start("c1")


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_a_200_in_place_of_101_is_a_warning(rawdock_command, engine, words):
    start_one(engine)
    with proxy(engine, without_upgrade, lambda data: data) as between:
        ran = run_to_end(rawdock_command + ["-H", between.address] + words)
    assert (ran.status, ran.out) == (0, b"hello\n")
    assert ran.err.startswith(b"WARNING: /v") and b"was answered 200, not 101: a proxy" in ran.err
    assert ran.err.count(b"\n") == 1


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_a_stream_in_chunks_is_an_error_that_names_the_proxy(rawdock_command, engine, words):
    start_one(engine)
    with proxy(engine, without_upgrade, chunked) as between:
        ran = run_to_end(rawdock_command + ["-H", between.address] + words)
    assert ran.status == (125 if words[0] == "run" else 1) and ran.out == b""
    assert b"expected 101 Switching Protocols" in ran.err and b"proxy" in ran.err


@pytest.mark.parametrize("words", [["run", "--rm", "busybox", "sleep", "1000"], ["attach", "c1"]],
                         ids=lambda words: words[0])
def test_a_stream_that_is_swallowed_is_an_error_that_names_the_proxy(rawdock_command, engine, words):
    start_one(engine)
    with proxy(engine, lambda data: data, head_only, cut=True) as between:
        ran = run_to_end(rawdock_command + ["-H", between.address] + words)
    assert (ran.status, ran.out) == (1, b""), ran.err
    assert b"yet it still runs" in ran.err and b"a proxy between here and the engine" in ran.err
