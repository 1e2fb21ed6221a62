"""What `--dry-run=nc|curl|python` prints is executed on the real engine and gives what the command itself gives."""
import json
import os
import re
import subprocess
import sys

import pytest

from tests.live.client import Running, client, need_program, quiet, rawdock, run_to_end

FORMS = ["nc", "curl", "python"]
WITH_STDIN = ["nc", "python"]   # curl cannot send stdin into a stream
NASTY = ["it's 100%\\n", "$HOME `id` \"", "two\nlines\r", "ünï\u2028", "%s%%", "", "\\", "!", "-n"]


@pytest.fixture(autouse=True)
def busybox(engine):
    engine.pull("busybox")


class Printer:
    """Prints commands in one form, and executes what was printed, in a folder that must be empty afterwards."""

    def __init__(self, engine, form, directory):
        self.engine = engine
        self.form = form
        self.path = os.path.join(directory, "printed")
        self.scratch = os.path.join(directory, "scratch")
        os.mkdir(self.scratch)

    def argv(self, *words):
        ran = run_to_end(client(self.engine, "--dry-run=" + self.form, *words))
        assert (ran.status, ran.err) == (0, b""), ran
        with open(self.path, "wb") as file:
            file.write(ran.out)
        if self.form == "python":
            return [sys.executable, "-I", "-S", self.path]
        return ["env", "TMPDIR=" + self.scratch, "sh", self.path]

    def run(self, *words, **options):
        ran = run_to_end(self.argv(*words), **options)
        assert os.listdir(self.scratch) == []
        return ran


@pytest.fixture(params=FORMS)
def printer(request, engine, tmp_path):
    if request.param != "python":
        need_program(request.param)
    return Printer(engine, request.param, str(tmp_path))


@pytest.fixture
def web(engine):
    """The name of a container that runs until it is removed."""
    engine.remove_container("planned-web")
    quiet(engine, "run", "-d", "--name", "planned-web", "busybox", "sh", "-c", "echo out; echo err >&2; sleep 1000")
    yield "planned-web"
    engine.remove_container("planned-web")


def without_curls_own(err):
    """stderr without the line in which curl says what --fail-with-body has made of a status."""
    return re.sub(rb"curl: \(22\) .*\n", b"", err)


def test_ps_and_images_print_the_engines_json(engine, printer, web):
    for words, target in ((["ps"], "/containers/json"), (["ps", "-a", "--filter", "name=" + web], "/containers/json?all=1&filters=%7B%22name%22%3A%5B%22" + web + "%22%5D%7D"),
                          (["images", "busybox"], "/images/json?filters=%7B%22reference%22%3A%5B%22busybox%22%5D%7D")):
        ran = printer.run(*words)
        assert (ran.status, ran.err) == (0, b"")
        rows, told = json.loads(ran.out.decode("utf-8")), engine.json("GET", target)
        for row in rows + told:
            row.pop("Status", None)   # counts the seconds
        assert rows == told and rows


def test_run_gives_the_same_output_and_status(engine, printer):
    before = engine.containers()
    for words in (["sh", "-c", "printf 'a\\000b\\377'; head -c 20000 /dev/zero; exit 3"], ["printf", "%s|"] + NASTY):
        words = ["run", "--rm", "-e", "A='x", "busybox"] + words
        assert printer.run(*words) == rawdock(engine, *words)
    assert engine.containers() == before


def test_run_takes_stdout_and_stderr_apart(engine, printer):
    ran = printer.run("run", "--rm", "busybox", "sh", "-c", "echo out; echo err >&2; exit 7")
    assert ran == (7, b"out\n", b"err\n")


def test_run_pulls_an_image_that_is_missing(engine, printer):
    engine.remove_image("busybox:latest")
    ran = printer.run("run", "--rm", "busybox", "echo", "pulled")
    assert (ran.status, ran.out) == (0, b"pulled\n")
    assert ran.err.startswith(b'{"status":"Pulling from library/busybox"') and b"Status: Downloaded newer image" in ran.err
    engine.remove_image("busybox:latest")
    ran = printer.run("create", "--name", "planned-made", "busybox")
    engine.remove_container("planned-made")
    assert ran.status == 0 and re.fullmatch(b"[0-9a-f]{64}\n", ran.out[-65:]), ran


def test_run_that_cannot_be_is_refused_with_the_engines_words(engine, printer):
    ran = printer.run("run", "--rm", "--pull", "never", "nobody/has:this")
    assert (ran.status, ran.out) == (125, b"") and b"No such image: nobody/has:this" in ran.err
    ran = printer.run("run", "--rm", "--network", "no-such-net", "busybox", "true")
    assert ran.status == 125 and b"no-such-net" in ran.err, ran


def test_run_detached_prints_the_id(engine, printer):
    engine.remove_container("planned-detached")
    try:
        ran = printer.run("run", "-d", "--name", "planned-detached", "busybox", "sleep", "1000")
        assert (ran.status, ran.err) == (0, b"")
        state = engine.json("GET", "/containers/%s/json" % ran.out.decode().strip())
        assert (state["Name"], state["State"]["Running"]) == ("/planned-detached", True)
    finally:
        engine.remove_container("planned-detached")


def test_exec_gives_the_same_output_and_status(engine, printer, web):
    for words in (["sh", "-c", "echo out; exit 9"], ["sh", "-c", "echo err >&2"], ["printf", "%s|"] + NASTY, ["/no/such/program"]):
        assert printer.run("exec", "-e", "A=b c", web, *words) == rawdock(engine, "exec", "-e", "A=b c", web, *words)
    ran = printer.run("exec", web, "sh", "-c", "echo out; echo err >&2; exit 7")
    assert ran == (7, b"out\n", b"err\n")
    ran = printer.run("exec", "planned-nobody", "true")
    assert (ran.status, ran.out) == (1, b"") and b"No such container: planned-nobody" in ran.err


def test_logs_are_the_same(engine, printer, web):
    for words in ([web], ["--tail", "1", web], ["-t", web]):
        assert printer.run("logs", *words) == rawdock(engine, "logs", *words)
    assert printer.run("logs", web) == (0, b"out\n", b"err\n")
    ran = printer.run("logs", "planned-nobody")
    assert (ran.status, ran.out) == (1, b"") and b"No such container: planned-nobody" in ran.err


def test_logs_of_a_terminal_have_no_frames(engine, printer):
    engine.remove_container("planned-tty")
    id = engine.json("POST", "/containers/create?name=planned-tty", {"Image": "busybox", "Cmd": ["echo", "hi"], "Tty": True})["Id"]
    try:
        engine.json("POST", "/containers/%s/start" % id)
        engine.json("POST", "/containers/%s/wait" % id)
        assert printer.run("logs", "planned-tty") == (0, b"hi\r\n", b"")
    finally:
        engine.remove_container("planned-tty")


def test_rm_goes_on_after_one_that_is_not_there(engine, printer):
    for name in ("planned-one", "planned-two"):
        engine.remove_container(name)
        quiet(engine, "create", "--name", name, "busybox")
    ran = printer.run("rm", "planned-one", "planned-nobody", "planned-two")
    assert (ran.status, ran.out) == (1, b"planned-one\nplanned-two\n") and b"No such container: planned-nobody" in ran.err
    assert not {"/planned-one", "/planned-two"} & set(engine.containers().values())


def test_rm_of_one(engine, printer, web):
    ran = printer.run("rm", web)
    assert (ran.status, ran.out) == (1, b"") and b"cannot remove" in ran.err
    ran = printer.run("rm", "-f", web)
    assert ran == (0, b"planned-web\n", b"")


def test_pull_ends_with_the_reference_and_an_error_in_its_stream_is_one(engine, printer):
    engine.remove_image("busybox:latest")
    ran = printer.run("pull", "busybox")
    lines = ran.out.decode("utf-8").replace("\r", "").split("\n")
    assert (ran.status, ran.err, lines[0], lines[-2:]) == (0, b"", "Using default tag: latest", ["docker.io/library/busybox:latest", ""])
    assert [json.loads(line) for line in lines[1:-2]][-1]["status"].startswith("Status: Downloaded newer image")
    assert engine.json("GET", "/images/busybox:latest/json")["RepoTags"]
    ran = printer.run("pull", "busybox:no-such-tag")
    assert ran.status == rawdock(engine, "pull", "busybox:no-such-tag").status == 1


def test_start_and_wait_and_attach(engine, printer):
    """A container that has ended is started once more, attached; another is waited for."""
    engine.remove_container("planned-again")
    quiet(engine, "create", "--name", "planned-again", "busybox", "sh", "-c", "echo again; exit 4")
    try:
        assert printer.run("start", "-a", "planned-again") == (4, b"again\n", b"")
        ran = printer.run("wait", "planned-again")
        assert ran == (0, b"4\n", b"")
    finally:
        engine.remove_container("planned-again")


@pytest.mark.parametrize("form", WITH_STDIN)
def test_stdin_arrives_whole_and_ends(engine, form, tmp_path, web):
    printer = Printer(engine, form, str(tmp_path))
    data = os.urandom(30000)
    ran = printer.run("run", "-i", "--rm", "busybox", "cat", stdin=data)
    assert (ran.status, ran.out == data, ran.err) == (0, True, b"")
    ran = printer.run("exec", "-i", web, "sh", "-c", "wc -c; exit 5", stdin=data)
    assert ran == (5, b"30000\n", b"")
    ran = printer.run("POST", "-d", "-", "/containers/create?name=planned-body", "-h", "Content-Type: application/json", stdin=b'{"Image":"busybox"}')
    engine.remove_container("planned-body")
    assert ran.status == 0 and len(json.loads(ran.out.decode())["Id"]) == 64


def test_curl_sends_a_body_from_stdin(engine, tmp_path):
    need_program("curl")
    ran = Printer(engine, "curl", str(tmp_path)).run("POST", "-d", "-", "/containers/create?name=planned-body", stdin=b'{"Image":"busybox"}')
    engine.remove_container("planned-body")
    assert ran.status == 0 and len(json.loads(ran.out.decode())["Id"]) == 64


@pytest.mark.parametrize("form", WITH_STDIN)
def test_it_ends_with_the_container_though_stdin_goes_on(engine, form, tmp_path):
    printer = Printer(engine, form, str(tmp_path))
    argv = printer.argv("run", "-i", "--rm", "busybox", "sh", "-c", "read line; echo got $line; exit 6")
    with Running(argv, stdin=subprocess.PIPE) as script:
        script.process.stdin.write(b"a line\n")
        script.process.stdin.flush()
        script.wait_for(b"got a line\n")
        assert script.end().status == 6
    assert os.listdir(printer.scratch) == []


def test_the_http_form_is_understood_by_the_engine(engine):
    """A single request, its comments taken off, is bytes for a socket; with `Connection: close` the engine says when it ends."""
    printed = quiet(engine, "--dry-run", "GET", "-h", "Connection: close", "/version").encode()
    request = re.sub(rb"(?m)^#.*\n", b"", printed + b"\n")
    assert request.startswith(b"GET /version HTTP/1.1\r\nHost: docker\r\n"), request
    answer = engine.raw(request.rstrip() + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n") and b'"ApiVersion"' in answer
