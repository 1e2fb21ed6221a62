"""Archives as files for tarfile, in both directions, and the library's docker cp against a fake engine."""
import io
import os
import tarfile

import pytest

from rawdock import ArchiveStream, ArchiveWriter, Docker, IncompleteCopy, copy_in, copy_out
from rawdock.errors import APIError, RawdockError, TruncatedError, UsageError
from tests.cli.scripted_socket import PING, answer, chunk, chunked_head, scripted_socket
from tests.cli.test_copy import (GET_A, GO_DIRECTORY, HEAD_D, PUT_D, archive_answer, body_members,
                                 head_answer, stat_field, tar_of)
from tests.net.fake_engine import Peer



@pytest.fixture
def engine():
    """engine(answers) → a Docker whose engine gives them, with `bodies`, those that it was sent."""
    opened = []

    def make(answers):
        context = scripted_socket(dict(PING, **answers))
        fake = context.__enter__()
        docker = Docker(fake.address)
        opened.append((docker, context))
        docker.bodies = lambda: [body for line, _, body in fake.requests if line.startswith(b"PUT")]
        return docker

    yield make
    for docker, context in opened:
        docker.close()
        context.__exit__(None, None, None)


def test_tarfile_reads_a_stream(engine):
    docker = engine({GET_A: archive_answer(tar_of(("a", b"x" * 70000, {}), ("b", b"2", {})))})
    with ArchiveStream(docker, "c", "/a") as stream:
        assert stream.stat["mode"] == 0o644
        with tarfile.open(fileobj=stream, mode="r|") as tar:
            found = [(info.name, len(tar.extractfile(info).read())) for info in tar]
    assert found == [("a", 70000), ("b", 1)]


def test_a_stream_is_a_file(engine):
    data = tar_of(("a", b"x" * 3000, {}))
    docker = engine({GET_A: [archive_answer(data)] * 3})
    with ArchiveStream(docker, "c", "/a") as stream:
        assert stream.read(0) == b"" and stream.read(5) == data[:5] and stream.read() == data[5:]
    with ArchiveStream(docker, "c", "/a") as stream:
        assert stream.read(len(data) + 10) == data and stream.read(1) == b""
    with ArchiveStream(docker, "c", "/a") as stream:
        buffer = bytearray(600)
        assert data.startswith(bytes(buffer[:stream.readinto(buffer)]))


def test_a_stream_that_is_cut_is_an_error(engine):
    whole = chunked_head(stat_field()) + chunk(tar_of(("a", b"x" * 3000, {})))
    docker = engine({GET_A: whole[:2000]})
    with ArchiveStream(docker, "c", "/a") as stream, pytest.raises(TruncatedError):
        with tarfile.open(fileobj=stream, mode="r|") as tar:
            for info in tar:
                tar.extractfile(info).read()


def add(tar, name, data):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def test_tarfile_writes_an_archive(engine):
    docker = engine({PUT_D: answer(200)})
    with ArchiveWriter(docker, "c", "/d") as writer:
        with tarfile.open(fileobj=writer, mode="w|") as tar:
            for number in range(30):
                add(tar, str(number), b"x" * 40000)
    assert body_members(docker.bodies()[0]) == [str(number) for number in range(30)]


def test_what_the_engine_refuses_is_raised(engine):
    docker = engine({PUT_D: answer(500, b'{"message":"no space"}', b"Internal Server Error")})
    with pytest.raises(APIError, match="no space"):
        with ArchiveWriter(docker, "c", "/d") as writer, tarfile.open(fileobj=writer, mode="w|") as tar:
            add(tar, "a", b"x")


def test_an_engine_that_stops_reading_ends_the_writing(engine):
    def serve(fake, connection):
        peer = Peer(connection, fake)
        while peer.head().method != "PUT":
            peer.send(PING["GET /_ping"])

    with scripted_socket(serve) as fake, Docker(fake.address) as docker:
        with pytest.raises(RawdockError):
            with ArchiveWriter(docker, "c", "/d") as writer:
                for _ in range(2000):
                    writer.write(b"x" * 65536)


def test_an_exception_breaks_the_request_off():
    """The engine must not take half an archive for a whole one: the last chunk does not come."""
    received = []

    def serve(fake, connection):
        peer = Peer(connection, fake)
        while peer.head().method != "PUT":
            peer.send(PING["GET /_ping"])
        received.append(peer.drain())

    with scripted_socket(serve) as fake, Docker(fake.address) as docker:
        with pytest.raises(KeyError):
            with ArchiveWriter(docker, "c", "/d") as writer:
                writer.write(b"x" * 1000)
                raise KeyError
    assert len(received) == 1 and not received[0].endswith(b"0\r\n\r\n")


def test_copies_with_progress(engine, tmp_path):
    (tmp_path / "f").write_bytes(b"x" * 300000)
    docker = engine({HEAD_D: head_answer(GO_DIRECTORY), PUT_D: answer(200),
                     GET_A: archive_answer(tar_of(("a", b"x" * 5000, {})))})
    sizes = []
    copied = copy_in(docker, "c", str(tmp_path / "f"), "/d", progress=sizes.append)
    assert (copied.size, copied.target, sizes[-1]) == (301568, "c:/d", 301568) and sizes == sorted(sizes)
    del sizes[:]
    copied = copy_out(docker, "c", "/a", str(tmp_path), progress=sizes.append)
    assert (copied.size, copied.target, sizes[-1]) == (10240, os.path.realpath(str(tmp_path)), 10240)
    assert (tmp_path / "a").read_bytes() == b"x" * 5000


@pytest.mark.parametrize("form", [bytes, io.BytesIO, lambda data: iter([data[:700], data[700:]])])
def test_archives_go_in_in_each_form(engine, form):
    docker = engine({HEAD_D: head_answer(GO_DIRECTORY), PUT_D: answer(200)})
    data = tar_of(("a", b"1", {}), ("b", b"2", {}))
    assert copy_in(docker, "c", form(data), "/d").size == len(data)
    assert body_members(docker.bodies()[0]) == ["a", "b"]


def test_an_archive_comes_out_into_a_file(engine):
    data, file = tar_of(("a", b"1", {})), io.BytesIO()
    assert copy_out(engine({GET_A: archive_answer(data)}), "c", "/a", file).size == len(data)
    assert file.getvalue() == data


def test_what_is_not_copied_is_an_error_that_has_the_rest(engine, tmp_path):
    data = tar_of(("a", b"1", {}), ("../a", b"2", {}), ("a", b"3", {"mode": 0o4755}))
    with pytest.raises(IncompleteCopy) as caught:
        copy_out(engine({GET_A: archive_answer(data)}), "c", "/a", str(tmp_path))
    assert (caught.value.count, caught.value.lines) == (1, ["../a: it is not part of a"])
    assert caught.value.copied.stripped == ["a: removed set-user-ID"]
    assert (tmp_path / "a").read_bytes() == b"3"


def test_a_target_that_is_no_directory_takes_no_archive(engine):
    with pytest.raises(UsageError, match='destination "c:/d" must be a directory'):
        copy_in(engine({HEAD_D: head_answer(0)}), "c", b"", "/d")
