"""Connections that are kept: shared, replaced, never retried with a request that may have been done."""
import copy
import gc
import os
import pickle
import subprocess
import sys
import threading
import time
import warnings
import weakref

import pytest

import rawdock
from net.fake_engine import FakeEngine, chunked, response, serve
from rawdock.engine.docker import Docker
from rawdock.errors import ConnectError, ProtocolError, RawdockError, Timeout

EMPTY = response(b"{}")


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith("DOCKER_")]:
        monkeypatch.delenv(name)


def test_connections_are_kept_and_shared():
    def call(docker):
        for _ in range(20):
            docker.container_list()
        with docker.request("GET", "/x") as first, docker.request("GET", "/y") as second:
            first.read(), second.read()
        for _ in range(20):
            docker.container_list()
    with FakeEngine(serve(EMPTY)) as engine, Docker(engine.address, "1.41") as docker:
        call(docker)
        assert engine.accepted == 2


def once_then(second):
    """A first connection that answers one request and then does as `second` says with the next; then a good
    engine."""
    def recipe(peer):
        peer.request()
        peer.send(EMPTY)
        second(peer)
    return recipe, serve(EMPTY)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
def test_a_kept_connection_the_engine_has_closed_is_replaced(method):
    closed = threading.Event()
    answer = serve(EMPTY if method != "HEAD" else response())
    with FakeEngine(lambda peer: (peer.request(), peer.send(EMPTY), peer.close(), closed.set()),
                    answer) as engine, Docker(engine.address, "1.41") as docker:
        docker.system_info()
        closed.wait(60)
        docker.request(method, "/x").read()
        assert engine.accepted == 2 and len(engine.requests) == 2


@pytest.mark.parametrize("method, retried",
                         [("GET", True), ("HEAD", True), ("POST", False), ("PUT", False), ("DELETE", False)])
def test_a_kept_connection_that_dies_under_a_request(method, retried):
    with FakeEngine(*once_then(lambda peer: peer.request())) as engine, \
            Docker(engine.address, "1.41") as docker:
        docker.system_info()
        if method == "HEAD":
            engine.recipes = engine.recipes[0], serve(response())
        if retried:
            assert docker.request(method, "/x").status == 200
        else:
            with pytest.raises(ConnectError):
                docker.request(method, "/x")
        assert [seen.method for seen in engine.requests] == ["GET"] + [method] * (1 + retried)


@pytest.mark.parametrize("second", [
    lambda peer: (peer.request(), peer.send(b"HTTP/1.1")),                       # a byte has come
    lambda peer: (peer.request(), peer.send(b"garbage\r\n\r\n")),
    lambda peer: (peer.request(), peer.send(EMPTY[:-1])),
])
def test_no_retry_once_a_byte_has_come(second):
    with FakeEngine(*once_then(second)) as engine, Docker(engine.address, "1.41") as docker:
        docker.system_info()
        with pytest.raises(ProtocolError):
            docker.system_info()
        assert len(engine.requests) == 2


def test_no_retry_on_a_new_connection_nor_a_second_time():
    with FakeEngine(lambda peer: peer.request()) as engine, Docker(engine.address, "1.41") as docker:
        with pytest.raises(ConnectError, match="without an answer"):
            docker.system_info()
        assert len(engine.requests) == 1
    with FakeEngine(once_then(lambda peer: peer.request())[0], lambda peer: peer.request()) as engine, \
            Docker(engine.address, "1.41") as docker:
        docker.system_info()
        with pytest.raises(ConnectError):
            docker.system_info()
        assert len(engine.requests) == 3


def test_a_connection_that_died_keeps_nothing_alive():
    """An error that its reader kept held the frame of the request, and so the connection in place of it."""
    gc.collect()
    gc.disable()
    try:
        with FakeEngine(*once_then(lambda peer: peer.request())) as engine, \
                Docker(engine.address, "1.41") as docker:
            docker.system_info()
            connection = weakref.ref(docker.request("GET", "/x")._connection)
            assert connection() is None
    finally:
        gc.enable()


def test_no_retry_of_a_body_that_was_given_away():
    """The iterable has been read: a second try would send the rest of it as if it were all."""
    with FakeEngine(*once_then(lambda peer: peer.head())) as engine, Docker(engine.address, "1.41") as docker:
        docker.system_info()
        with pytest.raises(ConnectError):
            docker.request("GET", "/x", body=iter([b"a", b"b"]))
        assert len(engine.requests) == 2


def test_bytes_without_a_request_are_not_taken_for_an_answer():
    taken, sent = threading.Event(), threading.Event()

    def recipe(peer):
        peer.request()
        peer.send(EMPTY)
        taken.wait(60)
        peer.send(response(b'"stale"', "408 Request Timeout"))
        sent.set()
        peer.drain()
    with FakeEngine(recipe, serve(response(b'"fresh"'))) as engine, Docker(engine.address, "1.41") as docker:
        docker.system_info()
        taken.set()
        assert sent.wait(60)
        assert docker.system_info() == "fresh"


def test_a_response_left_unread_is_not_reused():
    with FakeEngine(serve(chunked(b"x" * 100))) as engine, Docker(engine.address, "1.41") as docker:
        for _ in range(3):
            with docker.request("GET", "/x"):
                pass
        assert engine.accepted == 3


def descriptors():
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


def test_descriptors_after_a_thousand_requests_and_two_hundred_failures():
    with warnings.catch_warnings():
        warnings.simplefilter("error")

        def misbehave(peer):
            kind = peer.engine.accepted % 5
            if peer.request() is not None:
                peer.send([b"", b"garbage\r\n", EMPTY[:-1], b"HTTP/1.1 200 OK\r\n",
                           response(b"{", "200 OK")][kind])
        with FakeEngine(serve(EMPTY)) as engine, FakeEngine(misbehave) as bad:
            docker, failing = Docker(engine.address, "1.41"), Docker(bad.address, "1.41")
            docker.system_info()
            before = None
            for number in range(1000):
                if number % 5 == 0:
                    with pytest.raises(RawdockError):
                        failing.system_info()
                docker.system_info()
                if number == 10:
                    before = descriptors()
            bad.wait_for(lambda: descriptors() <= before + 2)
            missing = Docker("unix:///nowhere/s", "1.41")
            for _ in range(200):
                with pytest.raises(ConnectError):
                    missing.system_info()
            bad.wait_for(lambda: descriptors() <= before + 2)
            docker.close()
            failing.close()
        assert engine.accepted == 1


def test_threads_share_a_client():
    with FakeEngine(serve(EMPTY)) as engine, Docker(engine.address, "1.41") as docker:
        failures = []

        def work():
            try:
                for _ in range(100):
                    assert docker.system_info() == {}
            except BaseException as error:
                failures.append(error)
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures and len(engine.requests) == 800


FORKING = """
import os, sys
sys.path.insert(0, sys.argv[2])
from rawdock import ConnectError, Docker

docker = Docker(sys.argv[1], "1.41")
stream = docker.request("GET", "/stream")
docker.request("GET", "/kept").read()
child = os.fork()
name, wrong = "child" if child == 0 else "parent", 0
if child == 0:
    try:
        stream.read()
        wrong += 1
    except ConnectError as error:
        assert "process" in str(error), error
    stream.close()
for number in range(400):
    path = "/%s/%d" % (name, number)
    wrong += docker.request("GET", path).json() != path
docker.close()
if child == 0:
    os._exit(wrong)
assert stream.read() == b"/stream" * 2
print(wrong, os.waitpid(child, 0)[1])
"""


def test_a_child_process_does_not_share_connections():
    """After a fork both would read from one socket, and each would get the other's answers."""
    def recipe(peer):
        while True:
            seen = peer.request()
            if seen is None:
                return
            if seen.target == "/stream":
                peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n/stream")
                over.wait(60)
                peer.send(b"/stream")
            else:
                peer.send(response(b'"%s"' % seen.target.encode()))
                if seen.target == "/child/399":
                    over.set()
    place = os.path.dirname(rawdock.__file__)   # of the single file; a package has it one folder higher
    place = os.path.dirname(place) if hasattr(rawdock, "__path__") else place
    for _ in range(10):
        over = threading.Event()
        with FakeEngine(recipe) as engine:
            ran = subprocess.run([sys.executable, "-c", FORKING, engine.address, place],
                                 stdout=subprocess.PIPE, timeout=90)
        assert (ran.returncode, ran.stdout.split()) == (0, [b"0", b"0"])


def test_timeouts_of_calls():
    """A GET of JSON must answer in time; what may rightly take long is waited for."""
    def recipe(peer):
        while True:
            seen = peer.request()
            if seen is None:
                return
            if not seen.target.endswith("/info"):   # which is given up, whenever that is
                time.sleep(0.3)                     # longer than a call that must answer in time may take
                peer.send(EMPTY)
    with FakeEngine(recipe) as engine, Docker(engine.address, "1.41", timeout=0.1) as docker:
        with pytest.raises(Timeout):
            docker.system_info()
        assert docker.container_wait("x") == {}
        assert list(docker.system_events()) == [{}]


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_copy_of_a_client_has_connections_of_its_own(again):
    """For one that is given to another process, as multiprocessing does it."""
    with FakeEngine(serve(response(b"[]"))) as engine, Docker(engine.address, "1.41", timeout=7) as docker:
        assert docker.call("container_list") == [] and len(docker._idle) == 1
        with again(docker) as other:
            assert (other.timeout, str(other.address), other._idle) == (7, engine.address, [])
            assert other.call("container_list") == []
        assert docker.call("container_list") == [] and engine.accepted == 2
