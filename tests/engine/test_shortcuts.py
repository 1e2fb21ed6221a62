"""docker.run(), exec(), logs(), pull() and copies: on the practice engine, and on one that cuts and refuses.
"""
import inspect
import io
import json
import tarfile
import threading
from types import SimpleNamespace
from urllib.parse import unquote

import pytest

from net.fake_engine import UPGRADED, FakeEngine, chunked, frame, response, serve
from rawdock import Docker, PracticeEngine
from rawdock.engine.operations import SHORTCUT_NAMES
from rawdock.engine.shortcuts import Finished, Shortcuts
from rawdock.errors import (Conflict, NotFound, ProtocolError, RawdockError, StreamError, Timeout,
                            TruncatedError, UsageError)
from tests.engine.build_traces import recorded_messages


@pytest.fixture(scope="module")
def docker():
    with PracticeEngine() as engine, Docker(engine.address) as client:
        yield client


@pytest.fixture
def container(docker):
    id = docker.run("busybox", ["sleep", "1000"], detach=True)
    yield id
    docker.container_delete(id, force=True)


def test_run_gives_output_and_status(docker):
    command = ["sh", "-c", "echo out; echo err >&2; exit 3"]
    finished = docker.run("busybox", command, rm=True)
    assert finished == Finished(b"out\nerr\n", 3) and (finished.output, finished.status) == finished
    errors = io.BytesIO()
    assert docker.run("busybox", command, rm=True, stderr=errors) == (b"out\n", 3)
    assert errors.getvalue() == b"err\n"
    assert docker.run("busybox", ["cat"], stdin=b"typed", rm=True) == (b"typed", 0)
    assert docker.run("busybox", ["cat"], rm=True) == (b"", 0)
    assert docker.container_list(all=True) == []


def test_run_with_detach_gives_the_id(docker, container):
    assert docker.container_inspect(container)["Id"] == container


def test_exec_gives_output_and_status(docker, container):
    command = ["sh", "-c", "echo out; echo err >&2; exit 3"]
    assert docker.exec(container, command) == (b"out\nerr\n", 3)
    assert docker.exec(container, command, stderr=False) == (b"out\n", 3)
    assert docker.exec(container, command, stdout=False) == (b"err\n", 3)
    assert docker.exec(container, ["cat"], stdin=b"typed" * 50000) == (b"typed" * 50000, 0)
    assert docker.exec(container, ["env"], Env=["A=1"]).output.split(b"\n").count(b"A=1") == 1
    with pytest.raises(NotFound):
        docker.exec("nobody", ["true"])


def test_exec_in_a_container_that_does_not_run(docker):
    id = docker.container_create(body={"Image": "busybox", "Cmd": ["true"]})["Id"]
    with pytest.raises(Conflict):
        docker.exec(id, ["true"])
    docker.container_delete(id)


def test_logs_are_bytes_or_frames(docker):
    id = docker.run("busybox", ["sh", "-c", "echo one; echo two >&2"], detach=True)
    docker.container_wait(id)
    assert docker.logs(id) == b"one\ntwo\n" and docker.logs(id, stderr=False) == b"one\n"
    assert docker.logs(id, tail=1) == b"two\n"
    assert list(docker.logs(id, follow=True)) == [(1, b"one\n"), (2, b"two\n")]
    docker.container_delete(id)


def test_pull_gives_the_image(docker):
    seen = []
    image = docker.pull("busybox:latest", progress=seen.append)
    assert "busybox:latest" in image["RepoTags"] and any("status" in message for message in seen)
    with pytest.raises(RawdockError):
        docker.pull("nosuch")


BUILT = (b'{"stream":"Step 1/1 : FROM busybox\\n"}\r\n{"aux":{"ID":"sha256:1"}}\r\n'
         b'{"stream":"Successfully built 1\\n"}\r\n')


def test_build_sends_a_directory_and_gives_the_image(tmp_path):
    (tmp_path / "My.dockerfile").write_text("FROM busybox\n")
    (tmp_path / ".dockerignore").write_text("secret\n")
    (tmp_path / "secret").write_text("")
    seen = []
    recipe = serve(lambda one: response(b"{}") if one.method == "GET" else chunked(BUILT))
    with FakeEngine(recipe) as engine, Docker(engine.address, "1.41") as docker:
        assert docker.build(str(tmp_path), "web:1", "My.dockerfile", seen.append, nocache=True) == {}
    build, inspect = engine.requests
    assert set(unquote(build.target).partition("?")[2].split("&")) == {
        "dockerfile=My.dockerfile", "t=web:1", "nocache=1"}
    with tarfile.open(fileobj=io.BytesIO(build.body)) as context:
        assert sorted(context.getnames()) == [".dockerignore", "My.dockerfile"]
    assert inspect.line == "GET /v1.41/images/sha256:1/json" and len(seen) == 3


def test_a_build_by_buildkit(tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM busybox\n")
    body = b"".join([json.dumps(message).encode() + b"\r\n" for message in recorded_messages("20.10-built")])
    with FakeEngine(serve(lambda one: response(b"{}") if one.method == "GET" else chunked(body))) as engine, \
            Docker(engine.address, "1.41") as docker:
        assert docker.build(tmp_path, version="2") == {}
    assert "sha256:28fa35873cfc" in unquote(engine.requests[1].line)


@pytest.mark.parametrize("messages, error", [
    (b'{"stream":"Step 1/1 : FROM nosuch"}\r\n{"errorDetail":{"message":"no such"},"error":"no such"}\r\n',
     StreamError), (b'{"stream":"x"}\r\n', ProtocolError)])
def test_a_build_without_an_image_is_an_error(messages, error, tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM nosuch\n")
    with FakeEngine(serve(chunked(messages))) as engine, Docker(engine.address, "1.41") as docker:
        with pytest.raises(error):
            docker.build(str(tmp_path))
        with pytest.raises(UsageError):
            docker.build(str(tmp_path), dockerfile="nosuch")
    assert engine.paths == ["POST /build"]


def test_copies_go_in_and_out(docker, container, tmp_path):
    (tmp_path / "page.html").write_bytes(b"hello")
    docker.copy_in(container, str(tmp_path / "page.html"), "/tmp/")
    docker.copy_out(container, "/tmp/page.html", str(tmp_path / "copy"))
    assert (tmp_path / "copy").read_bytes() == b"hello"
    docker.copy_in(container, tmp_path / "page.html", "/tmp/other")
    docker.copy_out(container, "/tmp/other", tmp_path / "copy of a Path")
    assert (tmp_path / "copy of a Path").read_bytes() == b"hello"


@pytest.mark.parametrize("call, says", [
    (lambda docker: docker.run("busybox", "echo hello"), 'write ["echo", "hello"]'),
    (lambda docker: docker.exec("c", "echo hello"), 'write ["echo", "hello"]'),
    (lambda docker: docker.run("busybox", [], nmae="x"), "did you mean name?"),
    (lambda docker: docker.run("busybox", [], environment=["A=1"]), "did you mean env?"),
    (lambda docker: docker.run("busybox", [], ports=["80"]), "did you mean publish?"),
    (lambda docker: docker.logs("c", folow=True), "did you mean follow?"),
    (lambda docker: docker.pull("Busybox"), "lowercase"),
    (lambda docker: docker.exec("c", ["true"], timeout=-1), "timeout: -1"),
    (lambda docker: docker.exec("c", ["true"], user="root"), "exec() has no 'user', did you mean User?"),
    (lambda docker: docker.exec("c", ["true"], Tty=True), "container_exec has all"),
    (lambda docker: docker.exec("c", ["cat"], stdin="text"), "as bytes, not 'text'"),
    (lambda docker: docker.run("busybox", ["cat"], stdin="text"), "as bytes, not 'text'"),
    (lambda docker: docker.build(io.BytesIO(b"FROM x")), "image_build(body=…) takes a tar"),
    (lambda docker: docker.copy_in("c", 5, "/tmp"), "a path or an archive, not 5"),
    (lambda docker: docker.copy_out("c", "/tmp", None), "a path or a binary file, not None"),
])
def test_a_wrong_argument_is_refused_with_the_right_one(call, says):
    with FakeEngine(serve(response(b'{"Id":"e"}', "201 Created"))) as engine, \
            Docker(engine.address, "1.41") as docker:
        with pytest.raises(UsageError) as caught:
            call(docker)
        assert says in str(caught.value)
        assert not engine.requests or engine.paths == ["POST /containers/c/exec"]


def exec_engine(stream, state, over=None):
    """A recipe: an exec whose stream is `stream` (bytes), and what inspect says of it afterwards."""
    def recipe(peer):
        for seen in iter(peer.request, None):
            if seen.path.endswith("/start"):
                peer.send(UPGRADED + stream)
                if over is not None:
                    over(peer)
                return
            peer.send(response(b'{"Id":"e"}', "201 Created") if seen.method == "POST" else response(state))
    return recipe


def test_an_exec_that_is_cut_is_no_success(monkeypatch):
    monkeypatch.setattr("rawdock.engine.run.time", SimpleNamespace(sleep=lambda seconds: None))
    whole = frame(1, b"out\n")
    with FakeEngine(exec_engine(whole[:-1], b"{}")) as engine, Docker(engine.address, "1.41") as docker:
        with pytest.raises(TruncatedError):
            docker.exec("c", ["true"])
    running = b'{"Running":true,"ExitCode":null}'
    with FakeEngine(exec_engine(whole, running)) as engine, Docker(engine.address, "1.41") as docker:
        with pytest.raises(RawdockError, match="still runs"):
            docker.exec("c", ["true"])
    ended = b'{"Running":false,"ExitCode":0}'
    with FakeEngine(exec_engine(whole, ended)) as engine, Docker(engine.address, "1.41") as docker:
        assert docker.exec("c", ["true"]) == (b"out\n", 0)


def test_an_exec_has_a_time_limit():
    over = threading.Event()
    recipe = exec_engine(frame(1, b"x"), b"{}", lambda peer: over.wait(60))
    with FakeEngine(recipe) as engine, Docker(engine.address, "1.41") as docker:
        with pytest.raises(Timeout) as caught:
            docker.exec("c", ["sleep", "9"], timeout=0.05)
        over.set()
    assert caught.value.phase == "total"


def test_the_methods_are_found_as_those_of_the_class():
    assert set(SHORTCUT_NAMES) == {name for name in vars(Shortcuts) if not name.startswith("_")}
    for name in SHORTCUT_NAMES:
        assert name in dir(Docker) and name in dir(Docker("unix:///x"))
        method = getattr(Docker, name)
        assert inspect.getdoc(method) and len(inspect.signature(method).parameters) > 2

    class Mine(Docker):
        def logs(self, container, **parameters):
            return super().logs(container, **parameters).decode()
    log = response(frame(1, b"x"), kind="application/vnd.docker.multiplexed-stream")
    with FakeEngine(serve(log)) as engine:
        with Mine(engine.address, "1.41") as docker:
            assert docker.logs("c") == "x"


@pytest.mark.parametrize("name, says", [
    ("containers", "there are container_list, container_create"), ("images", "image_list"),
    ("info", "system_info"), ("ping", "there are system_ping"),
    ("container_lst", "did you mean container_list?")])
def test_an_unknown_method_is_answered_with_those_that_there_are(name, says):
    with pytest.raises(AttributeError) as caught:
        getattr(Docker, name)
    assert says in str(caught.value)
