"""cp against a fake engine: what it sends, prints and leaves, also when the engine dies in the middle."""
import base64
import io
import json
import os
import subprocess
import tarfile

import pytest

from tests.cli.scripted_socket import (PING, answer, assert_one_line, chunk, chunked_head, request_lines,
                                       run_to_end, scripted_socket)
from tests.net.fake_engine import Peer

GO_DIRECTORY, GO_LINK = 1 << 31, 1 << 27


def stat_field(mode=0o644, target=""):
    found = json.dumps({"name": "x", "size": 1, "mode": mode, "linkTarget": target}).encode()
    return b"X-Docker-Container-Path-Stat: " + base64.b64encode(found)


def head_answer(mode, target=""):
    return b"HTTP/1.1 200 OK\r\n%s\r\nContent-Length: 0\r\n\r\n" % stat_field(mode, target)


def tar_of(*members):
    """A tar of (name, content, fields of TarInfo)."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content, fields in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for field, value in fields.items():
                setattr(info, field, value)
            tar.addfile(info, io.BytesIO(content))
    return file.getvalue()


def archive_answer(data, mode=0o644):
    return chunked_head(stat_field(mode)) + chunk(data) + b"0\r\n\r\n"


def cp(rawdock_command, answers, words, folder, stdin=b"", program=()):
    with scripted_socket(dict(PING, **answers)) as engine:
        ran = run_to_end(list(program) + rawdock_command + ["-H", engine.address, "cp"] + words, stdin,
                         cwd=str(folder))
    ran.requests = [line for line in request_lines(engine) if line != "GET /_ping"]
    ran.bodies = [body for line, _, body in engine.requests if line.startswith(b"PUT")]
    return ran


GET_A = "GET /containers/c/archive?path=%2Fa"
HEAD_D = "HEAD /containers/c/archive?path=%2Fd"
PUT_D = "PUT /containers/c/archive?path=%2Fd&noOverwriteDirNonDir=1"


def body_members(body):
    """The names in a chunked body that is a tar."""
    data, at = b"", 0
    while True:
        line, _, _ = body[at:].partition(b"\r\n")
        size = int(line, 16)
        if not size:
            break
        data += body[at + len(line) + 2:at + len(line) + 2 + size]
        at += len(line) + 4 + size
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return tar.getnames()


def test_a_file_comes_out(rawdock_command, tmp_path):
    data = tar_of(("a", b"content", {"mode": 0o640, "mtime": 5}))
    ran = cp(rawdock_command, {GET_A: archive_answer(data)}, ["c:/a", "here"], tmp_path)
    assert (ran.status, ran.out, ran.err, ran.requests) == (0, b"", b"", [GET_A])
    status = (tmp_path / "here").stat()
    assert (tmp_path / "here").read_bytes() == b"content"
    assert (status.st_mode & 0o7777, status.st_mtime) == (0o640, 5)
    ran = cp(rawdock_command, {GET_A: archive_answer(data)}, ["-q=false", "c:/a", "."], tmp_path)
    assert ran.err.decode() == "Successfully copied 10.2kB to %s/.\n" % os.path.realpath(str(tmp_path))
    assert (tmp_path / "a").read_bytes() == b"content"


def test_a_directory_goes_in(rawdock_command, tmp_path):
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "f").write_bytes(b"x")
    answers = {HEAD_D: head_answer(GO_DIRECTORY), PUT_D: answer(200)}
    ran = cp(rawdock_command, answers, ["t", "c:/d"], tmp_path)
    assert (ran.status, ran.out, ran.err, ran.requests) == (0, b"", b"", [HEAD_D, PUT_D])
    assert body_members(ran.bodies[0]) == ["t", "t/f"]
    archive = {HEAD_D: head_answer(GO_DIRECTORY), PUT_D + "&copyUIDGID=1": answer(200)}
    ran = cp(rawdock_command, archive, ["-a", "t/.", "c:/d"], tmp_path)
    assert (ran.status, body_members(ran.bodies[0])) == (0, [".", "./f"])
    ran = cp(rawdock_command, answers, ["t/f", "c:/d"], tmp_path)
    assert (ran.status, body_members(ran.bodies[0])) == (0, ["f"])


def test_links_in_the_container_are_followed(rawdock_command, tmp_path):
    (tmp_path / "f").write_bytes(b"x")
    to = "HEAD /containers/c/archive?path=%2Fother%2Fplace"
    put = "PUT /containers/c/archive?path=%2Fother&noOverwriteDirNonDir=1"
    answers = {HEAD_D: head_answer(GO_LINK, "/other/place"), to: head_answer(0), put: answer(200)}
    ran = cp(rawdock_command, answers, ["f", "c:/d"], tmp_path)
    assert ran.requests == [HEAD_D, to, put] and body_members(ran.bodies[0]) == ["place"]
    get = "GET /containers/c/archive?path=%2Fb"
    answers = {GET_A.replace("GET", "HEAD"): head_answer(GO_LINK, "/b"),
               get: archive_answer(tar_of(("b", b"1", {})))}
    ran = cp(rawdock_command, answers, ["-L", "c:/a", "."], tmp_path)
    assert (ran.status, ran.requests) == (0, [GET_A.replace("GET", "HEAD"), get])
    assert (tmp_path / "a").read_bytes() == b"1"


def test_an_archive_on_stdin_and_stdout(rawdock_command, tmp_path):
    data = tar_of(("a", b"1", {}))
    ran = cp(rawdock_command, {GET_A: archive_answer(data)}, ["c:/a", "-"], tmp_path)
    assert (ran.status, ran.out, ran.err) == (0, data, b"")
    answers = {HEAD_D: head_answer(GO_DIRECTORY), PUT_D: answer(200)}
    ran = cp(rawdock_command, answers, ["-", "c:/d"], tmp_path, stdin=data)
    assert ran.status == 0 and body_members(ran.bodies[0]) == ["a"]
    lines = tar_of(("a", b"\n" * 100000, {}))   # is not read a line at a time
    ran = cp(rawdock_command, answers, ["-", "c:/d"], tmp_path, stdin=lines)
    assert ran.status == 0 and len(ran.bodies[0]) - len(lines) < 1000
    ran = cp(rawdock_command, {HEAD_D: head_answer(0o644)}, ["-", "c:/d"], tmp_path, stdin=data)
    assert (ran.status, ran.err) == (1, b'destination "c:/d" must be a directory\n')


def test_what_is_refused_is_listed(rawdock_command, tmp_path):
    data = tar_of(("a/", b"", {"type": tarfile.DIRTYPE, "mode": 0o755}), ("a/../../evil", b"1", {}),
                  ("a/\x1b[2J", b"", {"type": tarfile.CHRTYPE}), ("other", b"1", {}),
                  ("a/good", b"1", {"mode": 0o4755}))
    ran = cp(rawdock_command, {GET_A: archive_answer(data, GO_DIRECTORY)}, ["c:/a", "."], tmp_path)
    assert ran.status == 1 and ran.err.decode().splitlines() == [
        "rawdock: a/good: removed set-user-ID", "rawdock: not copied: a/../../evil: its name has .. in it",
        "rawdock: not copied: a/\\x1b[2J: it is a character device",
        "rawdock: not copied: other: it is not part of a",
        "rawdock: 3 members of the archive were refused"]
    assert os.listdir(str(tmp_path)) == ["a"] and os.listdir(str(tmp_path / "a")) == ["good"]


@pytest.mark.parametrize("place", [30, 400, 900, -1030, -600, -8, -1])
def test_an_engine_that_dies_leaves_no_half_file(rawdock_command, tmp_path, place):
    (tmp_path / "a").write_bytes(b"what was there")
    whole = chunked_head(stat_field()) + chunk(tar_of(("a", b"x" * 30000, {}))[:32256]) + b"0\r\n\r\n"
    ran = cp(rawdock_command, {GET_A: whole[:place]}, ["c:/a", "."], tmp_path)
    assert ran.status == 1 and assert_one_line(ran.err), ran
    assert os.listdir(str(tmp_path)) == ["a"]
    assert len((tmp_path / "a").read_bytes()) == (14 if place not in (-1030, -600, -8, -1) else 30000)


def test_an_archive_that_ends_early_though_its_body_is_whole(rawdock_command, tmp_path):
    data = tar_of(("a", b"x" * 3000, {}))
    for size in (700, 3584):
        answers = {GET_A: archive_answer(data[:size])}
        ran = cp(rawdock_command, answers, ["c:/a", "here"], tmp_path)
        assert ran.status == 1 and assert_one_line(ran.err)
        assert os.listdir(str(tmp_path)) == ["here"] * (size == 3584)   # then the file was whole, the tar not
        ran = cp(rawdock_command, answers, ["c:/a", "-"], tmp_path)
        assert (ran.status, ran.out) == (1, data[:size]) and assert_one_line(ran.err)


@pytest.mark.parametrize("source", ["f", "-"])
def test_an_engine_that_dies_while_it_is_sent_an_archive(rawdock_command, tmp_path, source):
    (tmp_path / "f").write_bytes(b"x" * 3000000)

    def serve(engine, connection):
        peer = Peer(connection, engine)
        for method in iter(lambda: peer.head().method, "PUT"):
            peer.send(head_answer(GO_DIRECTORY) if method == "HEAD" else PING["GET /_ping"])

    with scripted_socket(serve) as engine:
        # Nothing is written to stdin, and it stays open.
        process = subprocess.Popen(rawdock_command + ["-H", engine.address, "cp", source, "c:/d"],
                                   cwd=str(tmp_path), stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        with process, process.stdin:
            assert assert_one_line(process.stderr.read()) and process.wait(60) == 1


def test_a_refusal_is_the_engines(rawdock_command, tmp_path):
    (tmp_path / "f").write_bytes(b"x" * 3000000)
    refusal = answer(500, b'{"message":"no space left"}', b"Internal Server Error")
    ran = cp(rawdock_command, {HEAD_D: head_answer(GO_DIRECTORY), PUT_D: refusal}, ["f", "c:/d"], tmp_path)
    assert (ran.status, ran.err) == (1, b"Error response from daemon: no space left\n")


def test_an_archive_of_nothing_is_no_copy(rawdock_command, tmp_path):
    """dockerd 20.10 answers so for a name that is not in UTF-8; the docker CLI succeeds."""
    ran = cp(rawdock_command, {GET_A: archive_answer(bytes(1024))}, ["c:/a", "here"], tmp_path)
    assert ran.status == 1 and "an archive that has /a in it" in assert_one_line(ran.err)
    assert os.listdir(str(tmp_path)) == []


@pytest.mark.parametrize("words, error", [
    (["a:b", "c:d"], "copying between containers is not supported"),
    (["a", "b"], "must specify at least one container source"), (["", "c:/d"], "source can not be empty"),
    (["c:/d", ""], "destination can not be empty"), (["./a:b", "/c:d"], "must specify at least one"),
    (["c:/a", "no/such/place"], 'invalid output path: directory "'),
    (["no-file", "c:/d"], "no-file: no such file or directory"), (["c:/a", "/dev/null"], "got a device")])
def test_mistakes_are_found_before_a_request(rawdock_command, tmp_path, words, error):
    ran = cp(rawdock_command, {}, words, tmp_path)
    assert ran.status == 1 and error in assert_one_line(ran.err) and ran.requests == []


STAT = b"X-Docker-Container-Path-Stat: "


@pytest.mark.parametrize("field", [b"X-Nothing: 1", STAT + b"!", STAT + b"e30=", STAT + b"MQ=="])
def test_an_answer_without_a_stat_is_malformed(rawdock_command, tmp_path, field):
    answers = {GET_A: chunked_head(field) + chunk(tar_of(("a", b"1", {}))) + b"0\r\n\r\n"}
    ran = cp(rawdock_command, answers, ["c:/a", "."], tmp_path)
    assert ran.status == 1 and "Engine API" in assert_one_line(ran.err) and os.listdir(str(tmp_path)) == []


def test_progress_at_a_terminal(rawdock_command, tmp_path):
    """stdout and stderr are those of `script`, a terminal."""
    answers = {GET_A: archive_answer(tar_of(("a", b"x" * 5000, {})))}
    with scripted_socket(dict(PING, **answers)) as engine:
        def run(words):
            line = " ".join("'%s'" % word for word in rawdock_command + ["-H", engine.address, "cp"] + words)
            return run_to_end(["script", "-qec", line, "/dev/null"], cwd=str(tmp_path)).out

        shown = run(["c:/a", "."])
        assert shown.startswith(b"\r\x1b[2KCopying from container - 0B")
        assert shown.endswith(b"\r\x1b[2KSuccessfully copied 10.2kB to %s/.\r\n"
                              % os.fsencode(os.path.realpath(str(tmp_path))))
        assert run(["-q", "c:/a", "."]) == b""
        assert b"cowardly refusing" in run(["c:/a", "-"])
