"""The tap on sockets of its test: every byte both ways, ends and back-pressure as without it."""
import os
import random
import socket
import stat
import sys
import threading

import pytest

from rawdock.errors import AddressError, ConnectError, UsageError
from rawdock.net.address import parse_address
from rawdock.teach.listen import UnixListener
from rawdock.teach.record.record import Recording, WireRecorder
from rawdock.teach.tap.tap import Tap

from tests.net.fake_ssh import FakeSsh
from tests.teach.tap.tap_wire import (
    ManualEngine, connect, fill, read_exactly, read_to_end, serving_thread, short_folder, tapped, until,
)


@pytest.fixture
def recording():
    return Recording()


@pytest.fixture
def tap(recording):
    with tapped(WireRecorder([recording])) as running:
        yield running


def kinds(recording, number=1):
    return [(event.direction, event.kind) for event in recording.connections[number - 1].events
            if event.kind != "data"]


# ---- bytes

def test_bytes_that_are_no_http_go_both_ways(tap, recording):
    with tap.client() as client, tap.engine.take() as engine:
        client.sendall(b"\x00\xff not HTTP \r\n")
        assert read_exactly(engine, 14) == b"\x00\xff not HTTP \r\n"
        engine.sendall(bytes(range(256)))
        assert read_exactly(client, 256) == bytes(range(256))
    until(lambda: not tap.tap.connections, "the end of the connection")
    assert recording.connections[0].stream(">") == b"\x00\xff not HTTP \r\n"
    assert recording.connections[0].stream("<") == bytes(range(256))


def test_megabytes_both_ways_at_once_arrive_as_they_were(tap, recording):
    up = random.Random(1).getrandbits(8 * 3000001).to_bytes(3000001, "big")
    down = random.Random(2).getrandbits(8 * 5000003).to_bytes(5000003, "big")
    client, engine = tap.pair()
    with client, engine:
        def send(sock, data):
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
        senders = [threading.Thread(target=send, args=pair, daemon=True)
                   for pair in ((client, up), (engine, down))]
        got = []
        reader = threading.Thread(target=lambda: got.append(read_to_end(engine)[0]), daemon=True)
        for thread in senders + [reader]:
            thread.start()
        assert read_to_end(client) == (down, False)
        reader.join(60)
        assert got == [up]
        for thread in senders:
            thread.join(60)
    until(lambda: not tap.tap.connections, "the end of the connection")
    assert recording.connections[0].stream(">") == up and recording.connections[0].stream("<") == down


def test_connections_keep_their_own_bytes(tap, recording):
    pairs = [tap.pair() for _ in range(5)]
    for number, (client, engine) in reversed(list(enumerate(pairs))):
        client.sendall(b"client %d" % number)
        assert read_exactly(engine, 8) == b"client %d" % number
        engine.sendall(b"engine %d" % number)
        assert read_exactly(client, 8) == b"engine %d" % number
    for pair in pairs:
        for sock in pair:
            sock.close()
    until(lambda: not tap.tap.connections, "the end of the connections")
    assert [(one.number, one.stream(">"), one.stream("<")) for one in recording.connections] == [
        (number + 1, b"client %d" % number, b"engine %d" % number) for number in range(5)]


def test_a_request_is_recorded_before_what_answers_it(tap, recording):
    """On other connections too: the engine answers each byte, at once, on both of its connections."""
    (first, first_engine), (second, second_engine) = tap.pair(), tap.pair()
    for count in range(1, 301):
        first.sendall(b"?")
        read_exactly(first_engine, 1)
        for engine, client in ((first_engine, first), (second_engine, second)):
            engine.sendall(b"!")
            read_exactly(client, 1)
    for sock in (first, first_engine, second, second_engine):
        sock.close()
    until(lambda: not tap.tap.connections, "the end of the connections")
    one, two = recording.connections
    assert "".join(event.direction for event in one.events if event.kind == "data") == "><" * 300
    requested = [event.seconds for event in one.events if event.direction == ">" and event.kind == "data"]
    answered = [event.seconds for event in two.events if event.kind == "data"]
    assert len(answered) == 300 and all(a <= b for a, b in zip(requested, answered))


# ---- ends

def test_a_half_close_is_handed_on_and_the_answer_still_comes(tap, recording):
    client, engine = tap.pair()
    with client, engine:
        client.sendall(b"stdin")
        client.shutdown(socket.SHUT_WR)
        assert read_to_end(engine) == (b"stdin", False)
        engine.sendall(b"late output")
        assert read_exactly(client, 11) == b"late output"
        engine.close()
        assert read_to_end(client) == (b"", False)
    until(lambda: not tap.tap.connections, "the end of the connection")
    assert kinds(recording) == [(">", "open"), (">", "half-close"), ("<", "close")]


def test_an_engine_that_half_closes_can_still_be_written_to(tap):
    client, engine = tap.pair()
    with client, engine:
        engine.sendall(b"bye")
        engine.shutdown(socket.SHUT_WR)
        assert read_to_end(client) == (b"bye", False)
        client.sendall(b"more")
        assert read_exactly(engine, 4) == b"more"


def test_a_client_that_leaves_leaves_the_engine_too(tap, recording):
    client, engine = tap.pair()
    with engine:
        client.sendall(b"last words")
        client.close()
        assert read_to_end(engine) == (b"last words", False)
        until(lambda: not tap.tap.connections, "the end of the connection")
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            engine.sendall(b"to nobody")
    assert kinds(recording) == [(">", "open"), (">", "close")]


def test_a_client_that_half_closed_and_then_left_is_noticed(tap, recording):
    client, engine = tap.pair()
    with engine:
        client.shutdown(socket.SHUT_WR)
        assert read_to_end(engine) == (b"", False)
        assert tap.tap.connections
        client.close()
        until(lambda: not tap.tap.connections, "the end of the connection")
    assert kinds(recording) == [(">", "open"), (">", "half-close"), (">", "close")]


def test_an_early_refusal_reaches_a_client_that_is_still_sending(tap):
    client, engine = tap.pair()
    with client:
        client.settimeout(60)
        refusal = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        engine.sendall(refusal)
        engine.close()
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            while True:
                client.sendall(b"x" * 65536)
        assert read_to_end(client)[0] == refusal


def test_bytes_written_before_the_client_left_all_arrive(tap):
    client, engine = tap.pair()
    data = b"z" * 1500000
    with engine:
        sender = threading.Thread(target=lambda: (client.sendall(data), client.close()), daemon=True)
        sender.start()
        assert read_to_end(engine)[0] == data
        sender.join(60)


def test_an_engine_on_tcp(recording):
    with socket.socket() as listening, short_folder() as folder, UnixListener(os.path.join(folder,
                                                                                           "t")) as listener:
        listening.bind(("127.0.0.1", 0))
        listening.listen(1)
        listening.settimeout(60)
        address = parse_address("tcp://127.0.0.1:%d" % listening.getsockname()[1])
        with Tap(listener, address, WireRecorder([recording])) as tap, serving_thread(tap):
            with connect(listener.path) as client, listening.accept()[0] as engine:
                engine.settimeout(60)
                client.sendall(b"x" * 1000000)
                client.shutdown(socket.SHUT_WR)
                assert read_to_end(engine) == (b"x" * 1000000, False)
                engine.sendall(b"answer")
                assert read_exactly(client, 6) == b"answer"
                engine.close()
                assert read_to_end(client) == (b"", False)
            until(lambda: not tap.connections, "the end of the connection")
    assert kinds(recording) == [(">", "open"), (">", "half-close"), ("<", "close")]


# ---- back-pressure

@pytest.mark.parametrize("sender", ["client", "engine"])
def test_a_reader_that_does_not_read_is_felt_by_the_writer(tap, sender):
    ends = dict(zip(("client", "engine"), tap.pair()))
    count = fill(ends[sender])
    assert count < 4 << 20
    ends[sender].shutdown(socket.SHUT_WR)
    reader = ends["engine" if sender == "client" else "client"]
    assert read_to_end(reader) == (b"x" * count, False)
    for sock in ends.values():
        sock.close()


def test_a_stuck_connection_does_not_stop_another(tap):
    stuck, stuck_engine = tap.pair()
    fill(stuck)
    with tap.client() as client, tap.engine.take() as engine:
        client.sendall(b"hello")
        assert read_exactly(engine, 5) == b"hello"
    stuck.close()
    stuck_engine.close()


def test_a_client_that_leaves_while_the_engine_is_slow(tap):
    client, engine = tap.pair()
    count = fill(client)
    client.close()
    with engine:
        assert read_to_end(engine)[0] == b"x" * count
    until(lambda: not tap.tap.connections, "the end of the connection")


# ---- what goes wrong

def test_an_engine_that_cannot_be_reached_is_reported(recording):
    reported = []
    with short_folder() as folder, UnixListener(os.path.join(folder, "t")) as listener:
        with Tap(listener, parse_address("unix://%s/nobody" % folder), WireRecorder([recording]),
                 reported.append) as tap, serving_thread(tap):
            with connect(listener.path) as client:
                assert read_to_end(client) == (b"", False)
    assert isinstance(reported[0], ConnectError) and "no such socket" in str(reported[0])
    assert recording.connections[0].notes == [reported[0].message]


@pytest.mark.skipif(sys.platform != "linux", reason="the program in ssh's place looks at /proc")
def test_what_ssh_says_is_reported(recording, tmp_path, monkeypatch):
    reported, ssh = [], FakeSsh(tmp_path, monkeypatch)
    ssh.will('fail(255, "Host key verification failed.")')
    with short_folder() as folder, UnixListener(os.path.join(folder, "t")) as listener:
        with Tap(listener, parse_address("ssh://far"), WireRecorder([recording]), reported.append) as tap:
            with serving_thread(tap), connect(listener.path) as client:
                assert read_to_end(client) == (b"", False)
    assert [error.message.endswith("stderr=Host key verification failed.") for error in reported] == [True]
    assert recording.connections[0].notes == [reported[0].message]
    ssh.all_gone()


def test_thousands_of_connections_leave_no_descriptor(tap):
    def answer():
        for _ in range(2000):
            engine = tap.engine.take()
            engine.recv(10)
            engine.sendall(b"pong")
            engine.close()
    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    before = None
    for number in range(2000):
        with connect(tap.path) as client:
            client.sendall(b"ping")
            assert read_to_end(client)[0] == b"pong"
        if number == 10:
            until(lambda: not tap.tap.connections, "the end of the first connections")
            before, threads = len(os.listdir("/proc/self/fd")), threading.active_count()
    thread.join(60)
    until(lambda: not tap.tap.connections, "the end of the connections")
    assert len(os.listdir("/proc/self/fd")) <= before + 1
    until(lambda: threading.active_count() <= threads, "the end of the threads")


def test_close_leaves_nothing_open():
    before = len(os.listdir("/proc/self/fd"))
    with tapped() as running:
        client, engine = running.pair()
        client.sendall(b"x")
        assert read_exactly(engine, 1) == b"x"
        path = running.path
    assert read_to_end(engine) == (b"", False) and read_to_end(client) == (b"", False)
    client.close()
    engine.close()
    assert not os.path.exists(path)
    assert len(os.listdir("/proc/self/fd")) == before


def test_drain_carries_on_what_a_client_left_behind():
    """A command writes its last request and ends: tap learns of the end before it has read the request."""
    with short_folder() as folder, UnixListener(os.path.join(folder, "t")) as listener:
        engine = ManualEngine(folder)
        with Tap(listener, engine.address) as tap:
            with connect(listener.path) as client:
                client.sendall(b"DELETE /containers/x HTTP/1.1\r\n\r\n")
            got = []
            def serve():
                with engine.take() as connection:
                    got.append(read_to_end(connection)[0])
            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            tap.drain(20)
            thread.join(60)
            assert got == [b"DELETE /containers/x HTTP/1.1\r\n\r\n"] and not tap.connections
        engine.close()


def test_drain_does_not_wait_for_ever():
    with short_folder() as folder, UnixListener(os.path.join(folder, "t")) as listener:
        engine = ManualEngine(folder)
        with Tap(listener, engine.address) as tap, connect(listener.path) as client:
            tap.drain(0.05)
            assert tap.connections
            client.close()
        engine.close()


# ---- where it listens

def test_a_listener_is_its_owners_alone_and_gone_at_the_end(tmp_path):
    with short_folder() as folder:
        path = os.path.join(folder, "s")
        with UnixListener("unix://" + path) as listener:
            assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
            assert listener.address == "unix://" + path
        assert os.listdir(folder) == []


def test_a_private_listener_takes_its_folder_with_it():
    with UnixListener() as listener:
        folder = os.path.dirname(listener.path)
        assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    assert not os.path.exists(folder)


def test_a_dead_servers_socket_is_replaced_a_live_one_is_not():
    with short_folder() as folder:
        path = os.path.join(folder, "s")
        dead = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        dead.bind(path)
        dead.close()
        with UnixListener(path) as listener:
            with pytest.raises(AddressError) as caught:
                UnixListener(path)
            assert "another server listens there" in str(caught.value)
            connect(listener.path).close()
        assert not os.path.exists(path)


def test_what_is_no_socket_is_left_alone():
    with short_folder() as folder:
        path = os.path.join(folder, "file")
        with open(path, "w") as file:
            file.write("precious")
        with pytest.raises(UsageError) as caught:
            UnixListener(path)
        assert "not a socket" in str(caught.value)
        with open(path) as file:
            assert file.read() == "precious"


@pytest.mark.parametrize("path, words",
                         [("/nonexistent/folder/s", "no such file"), ("/tmp/" + "x" * 120, "at most 107"),
                          ("unix://", "empty path")])
def test_where_nobody_can_listen(path, words):
    with pytest.raises((AddressError, UsageError)) as caught:
        UnixListener(path)
    assert words in str(caught.value)


def test_a_path_that_another_server_took_meanwhile_is_left_to_it():
    with short_folder() as folder:
        path = os.path.join(folder, "s")
        first = UnixListener(path)
        os.unlink(path)
        with UnixListener(path) as second:
            first.close()
            connect(second.path).close()
