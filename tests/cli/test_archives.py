"""save, load, import and export against a fake engine: what is sent, what is written, and what fails."""
import json
import os
import re
import signal
import subprocess

import pytest

from rawdock.cli.archives import ArchiveCopy, error_at_the_end
from rawdock.errors import ConnectError, NotFound, StreamError, TruncatedError

from tests.cli.canned_engine import run_on_fake_engine
from tests.cli.scripted_socket import (assert_one_line, clean_environment, read_request, run_to_end,
                                       scripted_socket)
from tests.cli.test_cuts import serve_cut, wire_of
from tests.net.fake_engine import PING, FakeEngine
from tests.window import Window

END = bytes(1024)
TAR = bytes([1]) * 5120 + END
LOADED = b'{"stream":"Loaded image: web:1\\n"}\r\n'
EXPORT = ["export", "web"]
SAVE = ["save", "web:1"]
TARGETS = {"export": "GET /containers/web/export", "save": "GET /images/get"}


@pytest.mark.parametrize("words", [EXPORT, SAVE], ids=" ".join)
def test_a_tar_goes_to_stdout_or_a_file(tmp_path, words):
    found = {TARGETS[words[0]]: TAR}
    ran = run_on_fake_engine(found, words)
    assert (ran.status, ran.out.encode("utf-8"), ran.err) == (0, TAR, "")
    path = tmp_path / "web.tar"
    path.write_bytes(b"what was there")
    ran = run_on_fake_engine(found, words + ["-o", str(path)])
    assert (ran.status, ran.out, ran.err, path.read_bytes()) == (0, "", "", TAR)
    assert os.listdir(str(tmp_path)) == ["web.tar"]


@pytest.mark.parametrize("words", [EXPORT, SAVE], ids=" ".join)
@pytest.mark.parametrize("body, error, text", [
    (None, NotFound, "no such object here"), (TAR[:-1], TruncatedError, "a tar, which ends with 1024 zeros"),
    (b"", TruncatedError, "a tar"), (TAR[:-1024], TruncatedError, "6144|5120"),
    (TAR[:-1024] + b'{"errorDetail":{"message":"no layer"},"error":"no layer"}\r\n', StreamError,
     "the engine failed inside the archive: no layer"),
    (TAR[:-1024] + b'{"message":"Error exporting: no layer"}\n', StreamError, "Error exporting: no layer")])
def test_what_is_no_whole_tar_fails_and_the_old_file_stays(tmp_path, words, body, error, text):
    path = tmp_path / "web.tar"
    path.write_bytes(b"what was there")
    found = {} if body is None else {TARGETS[words[0]]: body}
    for more in ([], ["-o", str(path)]):
        with pytest.raises(error, match=text):
            run_on_fake_engine(found, words + more)
    assert path.read_bytes() == b"what was there" and os.listdir(str(tmp_path)) == ["web.tar"]


def test_the_end_of_an_archive_may_come_in_any_pieces():
    class Nowhere:
        def write_run(self, pieces):
            pass

    for size in (1, 7, 512, 1023, 1024, 5000):
        for data, whole in ((TAR, True), (TAR + bytes(3072), True), (TAR[:-1] + b"\1", False), (END, True)):
            copy = ArchiveCopy(Nowhere())
            for at in range(0, len(data), 3 * size):
                copy.write_run([data[at + step:at + step + size] for step in (0, size, 2 * size)])
            assert copy.size == len(data)
            if whole:
                copy.require_end()
            else:
                with pytest.raises(TruncatedError):
                    copy.require_end()


@pytest.mark.parametrize("data, message", [
    (b'x{"message":"a"}', "a"), (b'x{"message":"a"} and more', None), (b"", None), (b'{"message":1}', None),
    (b'{"message":"in a file"}\0\0{"errorDetail":{},"error":"b"}', "b"), (b'{"errorDetail":\xff}', None)])
def test_the_error_that_an_archive_ends_with(data, message):
    assert error_at_the_end(data) == message


# -- what is sent

def test_save_names_all_images():
    ran = run_on_fake_engine({"GET /images/get": TAR}, ["save", "a", "b:1"])
    assert ran.requests == [("GET", "/images/get", {"names": "b:1"})]   # a repeated one is the last here
    arm = {"platform": '{"architecture":"arm64","os":"linux"}'}
    for words in ("save --platform linux/arm64 a", "image save --platform=linux/aarch64 a"):
        ran = run_on_fake_engine({"GET /images/get": TAR}, words.split(), api="1.48")
        assert ran.requests == [("GET", "/images/get", dict(arm, names="a"))]


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "file.tar"
    path.write_bytes(TAR * 50)
    return str(path)


@pytest.mark.parametrize("words, api, query", [
    ([], "1.41", {}), (["-q"], "1.41", {}), (["--quiet=false"], "1.41", {}),
    (["--platform", "linux/arm/v7"], "1.48",
     {"platform": '{"architecture":"arm","os":"linux","variant":"v7"}'})])
def test_load_sends_a_file(archive, words, api, query):
    ran = run_on_fake_engine({"POST /images/load": LOADED}, ["load", "-i", archive] + words, api)
    assert (ran.status, ran.out, ran.err) == (0, "Loaded image: web:1\n", "")
    # No terminal: docker, too, asks for no progress.
    assert ran.requests == [("POST", "/images/load", dict(query, quiet="1"))] and ran.bodies == [TAR * 50]
    assert ran.headers[0]["content-type"] == "application/x-tar"


@pytest.mark.parametrize("words, query", [
    (["FILE"], {"fromSrc": "-"}), (["FILE", "web:1"], {"fromSrc": "-", "repo": "web:1"}),
    (["--platform", "Linux/ARM64", "-m", "why", "-c", "ENV A=b", "FILE", "web"],
     {"fromSrc": "-", "repo": "web", "message": "why", "changes": "ENV A=b", "platform": "linux/arm64"})])
def test_import_sends_a_file(archive, words, query):
    ran = run_on_fake_engine({"POST /images/create": b'{"status":"sha256:ab"}\r\n'},
                             ["import"] + [archive if word == "FILE" else word for word in words])
    assert (ran.status, ran.out, ran.err) == (0, "sha256:ab\n", "")
    assert ran.requests == [("POST", "/images/create", query)] and ran.bodies == [TAR * 50]


@pytest.mark.parametrize("url", ["http://r.example/x.tar", "https://r.example/x.tar"])
def test_import_leaves_a_url_to_the_engine(url):
    ran = run_on_fake_engine({"POST /images/create": b'{"status":"sha256:ab"}\r\n'}, ["import", url])
    assert ran.requests == [("POST", "/images/create", {"fromSrc": url})] and ran.bodies == [b""]


@pytest.mark.parametrize("words, target", [(["load", "-i"], "POST /images/load"),
                                           (["import"], "POST /images/create")])
@pytest.mark.parametrize("error", [{"errorDetail": {"message": "bad\nlayer"}, "error": "x"},
                                   {"error": "bad\nlayer"}], ids=str)
def test_an_error_inside_the_answer_fails(archive, words, target, error):
    lines = [{"status": "Loading layer", "progressDetail": {"current": 1}, "id": "a"}, {"stream": "half"},
             error]
    body = b"".join(json.dumps(line).encode() + b"\r\n" for line in lines)
    ran = run_on_fake_engine({target: body}, words + [archive])
    assert (ran.status, ran.out, ran.err) == (1, "half", "bad\nlayer\n")


@pytest.mark.parametrize("words, message", [
    (["save", "-o", ".", "web"], "failed to save image: cannot write to a directory"),
    (["export", "-o", ".", "web"], "failed to export container: cannot write to a directory"),
    (["load", "-i", "/nonexistent/x"], "open /nonexistent/x: no such file or directory"),
    (["load", "-i", "/none\r\nx"], "open /none\\r\\nx: no such file or directory"),
    (["context", "import", "new", "/none\r\nx"], "open /none\\r\\nx: no such file or directory"),
    (["build", "-f", "/none\r\nx", "/"],
     "unable to prepare context: unable to evaluate symlinks in Dockerfile path: lstat /none\\r\\nx: no such"
     " file or directory"),
    (["build", "http://127.0.0.1:9/\r\nx"],
     "unable to prepare context: 'http://127.0.0.1:9/\\r\\nx' is no URL of http:// or https://"),
    (["load", "-i", "/"], "read /: is a directory"), (["import", "/"], "read /: is a directory"),
    (["import", "/nonexistent/x", "Upper"], "open /nonexistent/x: no such file or directory")])
def test_mistakes_are_found_before_a_request(words, message):
    ran = run_on_fake_engine({}, words)
    assert (ran.status, ran.err, ran.requests) == (1, message + "\n", [])


def test_a_name_that_is_none_sends_nothing(archive):
    ran = run_on_fake_engine({"POST /images/create": b""}, ["import", archive, "Upper"])
    assert (ran.status, ran.requests) == (1, []) and "must be lowercase" in ran.err


@pytest.mark.parametrize("words", [EXPORT, SAVE], ids=" ".join)
def test_a_full_disk_is_named(words):
    ran = run_on_fake_engine({TARGETS[words[0]]: TAR}, words + ["-o", "/dev/full"])
    assert ran.status == 1 and re.fullmatch(
        "failed to (save image|export container): write /dev/full: no space left on device\n", ran.err)


@pytest.mark.parametrize("words", [EXPORT, SAVE], ids=" ".join)
def test_a_connection_that_breaks_is_no_fault_of_the_file(tmp_path, monkeypatch, words):
    def broken(response, file):
        raise ConnectError("unix:///x", "the connection broke", connected=True)

    monkeypatch.setattr("rawdock.net.response.Response.copy_to", broken)
    with pytest.raises(ConnectError):
        run_on_fake_engine({TARGETS[words[0]]: TAR}, words + ["-o", str(tmp_path / "x")])
    assert os.listdir(str(tmp_path)) == []


# -- at a terminal

def at_a_terminal(rawdock_command, words, body):
    """Run a command in a window → how it ended, and the targets that the engine saw."""
    def recipe(peer):
        while True:
            seen = peer.request()
            if seen is None:
                return
            found = b"" if "_ping" in seen.target else body
            head = b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: %d\r\n\r\n"
            peer.send(head % len(found) + found)

    with FakeEngine(recipe) as engine:
        command = rawdock_command + ["-H", engine.address] + words
        with Window(command, clean_environment(TERM="xterm")) as window:
            ended = window.end()
        return ended, [seen.target for seen in engine.requests]


@pytest.mark.parametrize("words, text", [
    (EXPORT, "cowardly refusing to save to a terminal. Use the -o flag or redirect"),
    (SAVE, "cowardly refusing to save to a terminal. Use the -o flag or redirect"),
    (["load"], "requested load from stdin, but stdin is empty")], ids=str)
def test_no_tar_comes_from_or_goes_to_a_terminal(rawdock_command, words, text):
    ended, targets = at_a_terminal(rawdock_command, words, TAR)
    assert (ended.status, ended.out.decode()) == (1, text + "\r\n") and targets == []


@pytest.mark.parametrize("words", [EXPORT, SAVE], ids=str)
def test_a_file_shows_progress_at_a_terminal_and_leaves_none(rawdock_command, tmp_path, words):
    path = tmp_path / "a.tar"
    ended, _ = at_a_terminal(rawdock_command, words + ["-o", str(path)], TAR)
    assert ended.status == 0 and path.read_bytes() == TAR
    shown = ended.out.decode()
    assert shown.startswith("\r\x1b[2KWriting %s - 0B" % path) and shown.endswith("\r\x1b[2K")


def test_load_shows_progress_at_a_terminal(rawdock_command, archive):
    lines = [{"status": "Loading layer", "progressDetail": {"current": 512, "total": 1024}, "id": "ab"},
             {"status": "Loading layer", "progressDetail": {"current": 1024, "total": 1024}, "id": "ab"},
             {"stream": "Loaded image: web:1\n"}]
    body = b"".join(json.dumps(line).encode() + b"\r\n" for line in lines)
    ended, targets = at_a_terminal(rawdock_command, ["load", "-i", archive], body)
    assert ended.status == 0 and targets[-1].endswith("/images/load?quiet=0")
    # As docker 28.2.2 shows it in a window of 80 columns.
    assert ended.out.decode().replace("\r\n", "\n") == (
        "\n\x1b[1A\x1b[2K\rab: Loading layer     512B/1.024kB\r\x1b[1B"
        "\x1b[1A\x1b[2K\rab: Loading layer  1.024kB/1.024kB\r\x1b[1BLoaded image: web:1\n")
    ended, targets = at_a_terminal(rawdock_command, ["load", "-q", "-i", archive], LOADED)
    assert ended.out == b"Loaded image: web:1\r\n" and targets[-1].endswith("/images/load?quiet=1")


# -- an engine that ends in the middle

@pytest.mark.parametrize("words, part", [(["export", "c"], "/export"), (["save", "c"], "/images/get")])
def test_a_tar_that_is_cut_gets_no_name(rawdock_command, tmp_path, words, part):
    wire = wire_of("export")
    path = tmp_path / "out.tar"
    head = wire.index(b"\r\n\r\n") + 4
    for place in (head, head + 9, len(wire) // 2, len(wire) - 5, len(wire) - 1):
        with scripted_socket(serve_cut(part, wire[:place])) as engine:
            ran = run_to_end(rawdock_command + ["-H", engine.address] + words + ["-o", str(path)])
        assert ran.status == 1 and assert_one_line(ran.err) and os.listdir(str(tmp_path)) == []
    with scripted_socket(serve_cut(part, wire)) as engine:
        ran = run_to_end(rawdock_command + ["-H", engine.address] + words + ["-o", str(path)])
    assert (ran.status, ran.err) == (0, b"") and os.listdir(str(tmp_path)) == ["out.tar"]


@pytest.mark.parametrize("words, capture", [(["load", "-i"], "load"), (["import"], "import")])
def test_an_answer_that_is_cut_fails(rawdock_command, archive, words, capture):
    wire = wire_of(capture)
    for place in (0, 30, wire.index(b"\r\n\r\n") + 4, len(wire) - 5, len(wire) - 1):
        with scripted_socket(serve_cut("/images/", wire[:place])) as engine:
            ran = run_to_end(rawdock_command + ["-H", engine.address] + words + [archive])
        assert ran.status == 1 and assert_one_line(ran.err), place


@pytest.mark.parametrize("words", [["load", "-i"], ["import"]])
def test_an_engine_that_dies_while_a_tar_is_sent(rawdock_command, tmp_path, words):
    def serve(engine, connection):
        request = read_request(connection)
        if request and b"/_ping" in request[0]:
            connection.sendall(PING)
            request = read_request(connection)   # of the rest nothing is read

    (tmp_path / "large.tar").write_bytes(bytes(4 << 20))
    with scripted_socket(serve) as engine:
        ran = run_to_end(rawdock_command + ["-H", engine.address] + words + [str(tmp_path / "large.tar")])
    assert (ran.status, ran.out) == (1, b"") and b"closed the connection" in assert_one_line(ran.err).encode()


@pytest.mark.parametrize("number, status", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_in_the_middle_leaves_nothing(rawdock_command, tmp_path, number, status):
    def serve(engine, connection):
        while True:
            request = read_request(connection)
            if request is None:
                return
            if b"/_ping" in request[0]:
                connection.sendall(PING)
                continue
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + bytes(4096))
            while not any(path.stat().st_size for path in tmp_path.iterdir()):
                pass
            process.send_signal(number)

    with scripted_socket(serve) as engine:
        process = subprocess.Popen(rawdock_command + ["-H", engine.address, "export", "-o",
                                                      str(tmp_path / "x.tar"), "c"], stderr=subprocess.PIPE)
        assert process.communicate(timeout=60)[1] == b"" and process.returncode == status
    assert os.listdir(str(tmp_path)) == []
