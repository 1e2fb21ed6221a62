"""Where the answers to a client are cut: at places that exist, by rank, and not more often than allowed."""
import pytest

from rawdock.errors import UsageError
from rawdock.net.address import parse_address
from rawdock.teach.listen import UnixListener
from rawdock.teach.record.record import Recording, WireRecorder
from rawdock.teach.tap.replay import replay_exchanges
from rawdock.teach.tap.client_cuts import ClientCuts, child_environment, cut_points, run_child, spread
from rawdock.teach.tap.serving import ClientServer

from tests.teach.tap.tap_wire import ask, chunk_bytes, frame_bytes

HEAD = (b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n")


@pytest.fixture
def exchanges():
    recording = Recording()
    recorder = WireRecorder([recording])
    number = recorder.open("x")
    body = b"".join(chunk_bytes(frame_bytes(1 + line % 2, b"line %d\n" % line)) for line in range(30))
    for answer in (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK", HEAD + body + b"0\r\n\r\n",
                   b"HTTP/1.1 204 No Content\r\n\r\n"):
        recorder.record(number, ">", "data", ask("GET", "/containers/x/logs"))
        recorder.record(number, "<", "data", answer)
    return replay_exchanges(recording)


@pytest.mark.parametrize("limit", [1, 2, 10, 60, 250, 100000])
def test_cuts_are_bounded_different_in_order_and_in_the_answers(exchanges, limit):
    points = cut_points(exchanges, limit)
    places = [(point.exchange.index, point.offset) for point in points]
    assert 0 < len(places) <= limit and places == sorted(set(places))
    assert all(0 <= offset < len(exchanges[index].answer) for index, offset in places)
    assert all(point.role != "nothing" for point in points)


def test_the_telling_places_come_first(exchanges):
    points = cut_points(exchanges, 60)
    places = {(point.exchange.index, point.offset): point.role for point in points}
    for exchange in exchanges:
        assert (exchange.index, 0) in places and (exchange.index, len(exchange.answer) - 1) in places
    last_chunk = len(exchanges[1].answer) - 5
    assert places[1, last_chunk] == "chunk size"
    assert places[1, len(HEAD) + len("f\r\n")] == "frame stream type in chunk data"
    assert {"frame length in chunk data", "frame payload in chunk data",
            "frame padding in chunk data"} <= set(places.values())


def test_spread():
    assert spread([1, 2, 3], 3) == spread([1, 2, 3], 9) == [1, 2, 3]
    assert spread(list(range(100)), 4) == [0, 25, 50, 75]
    assert spread([1], 0) == spread([1], -5) == []


def test_a_child_knows_of_one_engine_alone(monkeypatch):
    for name in ("DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_TLS", "DOCKER_HOST"):
        monkeypatch.setenv(name, "other")
    monkeypatch.setenv("DOCKER_CONFIG", "kept")
    environment = child_environment("unix:///x")
    assert {name: value for name, value in environment.items()
            if name.startswith("DOCKER")} == {"DOCKER_HOST": "unix:///x", "DOCKER_CONFIG": "kept"}


@pytest.fixture
def server():
    with UnixListener() as listener, ClientServer(listener) as running:
        yield running


def test_a_run_that_does_not_end_is_killed_with_all_that_it_started(server):
    # The one it has started holds its output open: were it left alive, this would take a hundred seconds.
    status, out = run_child(["/bin/sh", "-c", "sleep 100 & echo begun; wait"], server, timeout=1)
    assert status is None and out in (b"begun\n", b"")


def test_a_run_that_ends_at_once(server):
    for _ in range(20):
        assert run_child(["/bin/echo", "x"], server, timeout=60) == (0, b"x\n")


def test_a_command_that_sends_no_request_shows_nothing():
    with UnixListener() as listener:
        with pytest.raises(UsageError) as caught:
            list(ClientCuts(["/bin/echo"], parse_address("unix:///nonexistent/e"), listener).runs())
    assert "sent no request" in str(caught.value)
