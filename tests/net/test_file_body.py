"""net/file_body: a file as a request body arrives as any other body does, whatever sends it."""
import io
import os
import socket
import threading

import pytest

from rawdock.engine.archives import CountedBody
from rawdock.errors import ConnectError, UsageError
from rawdock.net.connection import Connection
from rawdock.net.file_body import FILE_CHUNK_BYTES, FileBody, FilePart

from tests.net.fake_engine import FakeEngine, response

SIZES = (0, 1, 511, 65536, FILE_CHUNK_BYTES, FILE_CHUNK_BYTES + 1, 3 * FILE_CHUNK_BYTES + 77)


def connect(engine):
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(engine.path)
    return Connection(sock, engine.address)


def answer(peer):
    while peer.request() is not None:
        peer.send(response(b"{}"))


@pytest.fixture(params=["sendfile", "pieces"])
def way(request, monkeypatch):
    """The system sends the file where it can; on others it is read."""
    if request.param == "pieces":
        monkeypatch.setattr("sys.platform", "darwin")
    return request.param


@pytest.fixture
def sent_by_system(monkeypatch):
    """The sizes of what os.sendfile() has sent."""
    sizes, real = [], os.sendfile

    def sendfile(*arguments):
        sizes.append(0)
        sizes[-1] = real(*arguments)
        return sizes[-1]

    monkeypatch.setattr("os.sendfile", sendfile)
    return sizes


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("start", [0, 5])
def test_the_body_is_the_rest_of_the_file(tmp_path, way, sent_by_system, size, start):
    data = os.urandom(start + size)
    (tmp_path / "file").write_bytes(data)
    with FakeEngine(answer) as engine, connect(engine) as connection:
        for _ in range(2):   # the connection is good for another request
            with FileBody(open(str(tmp_path / "file"), "rb", buffering=0)) as body:
                body.read(start)
                assert connection.request("POST", "/images/load", body=body).read() == b"{}"
        assert [seen.body for seen in engine.requests] == [data[start:]] * 2
        assert [seen.headers.get("transfer-encoding") for seen in engine.requests] == ["chunked"] * 2
    assert sum(sent_by_system) == (2 * size if way == "sendfile" else 0)
    assert connection.sock.gettimeout() is None


def test_limits_of_time_go_on(tmp_path):
    (tmp_path / "file").write_bytes(bytes(4 * FILE_CHUNK_BYTES))
    with FakeEngine(answer) as engine, connect(engine) as connection:
        with FileBody(open(str(tmp_path / "file"), "rb", buffering=0)) as body:
            response = connection.request("POST", "/x", body=body, head_timeout=30, total_timeout=60)
            assert response.read() == b"{}" and os.get_blocking(connection.sock.fileno())


@pytest.mark.parametrize("close", [True, False])
def test_an_early_refusal_is_the_answer(tmp_path, way, close):
    release = threading.Event()

    def refuse(peer):
        peer.head()
        peer.send(response(b'{"message":"no"}', "500 Internal Server Error"))
        if not close:   # nothing more is read
            release.wait(30)

    (tmp_path / "file").write_bytes(bytes(8 * FILE_CHUNK_BYTES))
    with FakeEngine(refuse) as engine, connect(engine) as connection:
        with FileBody(open(str(tmp_path / "file"), "rb", buffering=0)) as body:
            found = connection.request("POST", "/images/load", body=body)
        assert (found.status, found.read()) == (500, b'{"message":"no"}')
        assert not connection.reusable
        release.set()


@pytest.mark.parametrize("open_file", [
    lambda path: io.BytesIO(bytes(range(256)) * 4096), lambda path: open(path, "rb"),
    lambda path: open(path, "rb", buffering=0)], ids=["bytes", "buffered", "raw"])
def test_any_file_is_sent_from_where_it_was_read_to_and_counted(tmp_path, open_file):
    (tmp_path / "file").write_bytes(bytes(range(256)) * 4096)
    sizes = []
    with FakeEngine(answer) as engine, connect(engine) as connection:
        with open_file(str(tmp_path / "file")) as file:
            file.read(7)   # of a buffered file more has been read
            body = FileBody(file, sizes.append)
            connection.request("POST", "/x", body=body).read()
            assert file.read() == b""
        assert engine.requests[0].body == (bytes(range(256)) * 4096)[7:]
    assert sizes == sorted(sizes) and sizes[-1] == body.size == 256 * 4096 - 7


@pytest.mark.parametrize("buffering", [0, -1])
def test_a_pipe_is_sent_as_it_comes(buffering):
    source, target = os.pipe()
    with FakeEngine(answer) as engine, connect(engine) as connection:
        with FileBody(open(source, "rb", buffering)) as body:
            os.write(target, b"some")
            os.close(target)
            connection.request("POST", "/x", body=body).read()
        assert engine.requests[0].body == b"some"


@pytest.mark.parametrize("status", ["500 Internal Server Error", None])
def test_an_engine_that_ends_while_nothing_comes_out_of_the_pipe(status):
    def refuse(peer):
        peer.head()
        peer.receive_until(b"some\r\n")
        if status is not None:
            peer.send(response(b"no", status))

    source, target = os.pipe()
    try:
        with FakeEngine(refuse) as engine, connect(engine) as connection:
            with FileBody(open(source, "rb", buffering=0)) as body:
                os.write(target, b"some")
                if status is None:
                    with pytest.raises(ConnectError, match="closed the connection without an answer"):
                        connection.request("POST", "/x", body=body)
                else:
                    assert connection.request("POST", "/x", body=body).status == 500
    finally:
        os.close(target)


def test_what_is_added_meanwhile_is_sent_and_a_shorter_file_is_an_error(tmp_path, monkeypatch):
    path, real = tmp_path / "file", os.sendfile
    change = []

    def sendfile(*arguments):
        while change:
            change.pop()()
        return real(*arguments)

    monkeypatch.setattr("os.sendfile", sendfile)

    def add():
        with open(str(path), "ab") as file:
            file.write(b"more")

    with FakeEngine(answer) as engine, connect(engine) as connection:
        path.write_bytes(b"begin")
        change.append(add)
        with FileBody(open(str(path), "rb", buffering=0)) as body:
            connection.request("POST", "/x", body=body).read()
        assert engine.requests[0].body == b"beginmore"
        change.append(lambda: os.truncate(str(path), 0))
        with FileBody(open(str(path), "rb", buffering=0)) as body:
            with pytest.raises(UsageError, match="became shorter"):
                connection.request("POST", "/x", body=body)
        assert connection.closed
        engine.failures = []   # the body that did not end


def test_a_socket_with_a_send_of_its_own_gets_pieces(tmp_path, sent_by_system):
    """TLS and a recorder have such sockets."""
    class OtherSocket(socket.socket):
        sent = 0

        def send(self, data, flags=0):
            count = socket.socket.send(self, data, flags)
            self.sent += count
            return count

    (tmp_path / "file").write_bytes(bytes(200000))
    with FakeEngine(answer) as engine:
        sock = OtherSocket(socket.AF_UNIX)
        sock.connect(engine.path)
        with Connection(sock, engine.address) as connection:
            with FileBody(open(str(tmp_path / "file"), "rb", buffering=0)) as body:
                connection.request("POST", "/x", body=body).read()
            assert engine.requests[0].body == bytes(200000)
            assert sock.sent > 200000 and sent_by_system == []


def test_parts_of_files_are_sent_between_bytes(tmp_path, way):
    path, content = tmp_path / "f", os.urandom(400000)
    path.write_bytes(content)
    counts = []
    with FakeEngine(answer) as engine, open(str(path), "rb", buffering=0) as file:
        parts = [b"head", FilePart(file, 0, 300000, "f"), b"", memoryview(b"mid"), FilePart(file, 5, 7, "f")]
        body = CountedBody(parts, counts.append, "f")
        with connect(engine) as connection:
            connection.request("POST", "/x", body=body).read()
    expected = b"head" + content[:300000] + b"mid" + content[5:12]
    assert engine.requests[0].body == expected
    assert (body.size, counts[-1], counts[0]) == (len(expected), len(expected), 4)


def test_a_part_that_is_longer_than_its_file_is_an_error(tmp_path, way):
    (tmp_path / "f").write_bytes(b"short")
    with FakeEngine(lambda peer: peer.drain()) as engine:
        with open(str(tmp_path / "f"), "rb", buffering=0) as file, connect(engine) as connection:
            with pytest.raises(UsageError, match="f (?:became|has become) shorter while it was"):
                connection.request("POST", "/x", body=CountedBody([FilePart(file, 0, 9, "f")], None, "f"))
