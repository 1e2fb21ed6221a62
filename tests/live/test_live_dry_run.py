"""What `--dry-run=nc|curl|python` prints is run on a real engine, and gives what the command itself gives."""
import json
import os
import re
import sys

import pytest

from tests.live.client import client, need_program, quiet, rawdock, run_to_end, wait_until

FORMS = ["nc", "curl", "python"]
NASTY = ["it's 100%\\n", "$HOME `id` \"", "two\nlines\r", "ünï\u2028", "%s%%", "", "\\", "!", "-n"]


@pytest.fixture(autouse=True)
def busybox(engine):
    engine.pull("busybox")


class Printer:
    """Prints commands in one form, and runs what was printed, in a folder that must be empty afterwards."""

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


def same_json(ran, shown):
    """Whether a script printed the JSON that the engine tells, but for what counts the seconds."""
    assert (ran.status, ran.err) == (0, b""), ran
    rows = json.loads(ran.out.decode("utf-8"))
    for row in rows + shown:
        row.pop("Status", None)
    return rows == shown and len(rows) > 0


def test_the_life_of_a_container(engine, printer):
    """run -d, ps, exec, logs, rm: a container that the printed forms make, ask, and remove."""
    engine.remove_container("planned-web")
    try:
        ran = printer.run("run", "-d", "--name", "planned-web", "busybox", "sh", "-c",
                          "echo out; echo err >&2; sleep 1000")
        assert (ran.status, ran.err) == (0, b"")
        state = engine.json("GET", "/containers/%s/json" % ran.out.decode().strip())
        assert (state["Name"], state["State"]["Running"]) == ("/planned-web", True)

        ran = printer.run("ps", "-a", "--filter", "name=planned-web")
        filters = "filters=%7B%22name%22%3A%5B%22planned-web%22%5D%7D"
        assert same_json(ran, engine.json("GET", "/containers/json?all=1&" + filters))

        ran = printer.run("exec", "planned-web", "sh", "-c", "echo out; echo err >&2; exit 7")
        assert ran == (7, b"out\n", b"err\n")
        for words in (["printf", "%s|"] + NASTY, ["/no/such/program"]):
            words = ["exec", "-e", "A=b c", "planned-web"] + words
            assert printer.run(*words) == rawdock(engine, *words)

        log = b"GET /containers/planned-web/logs?stdout=1&stderr=1 HTTP/1.0\r\n\r\n"
        wait_until(lambda: engine.raw(log).count(b"\x04") == 2, what="the log")
        assert printer.run("logs", "planned-web") == (0, b"out\n", b"err\n")
        words = ["logs", "-t", "--tail", "1", "planned-web"]
        assert printer.run(*words) == rawdock(engine, *words)

        ran = printer.run("rm", "planned-web")
        assert (ran.status, ran.out) == (1, b"") and b"cannot remove" in ran.err
        ran = printer.run("rm", "-f", "planned-web", "planned-nobody")
        assert (ran.status, ran.out) == (1, b"planned-web\n")
        assert b"No such container: planned-nobody" in ran.err
        assert "/planned-web" not in engine.containers().values()
    finally:
        engine.remove_container("planned-web")


def test_run_gives_the_same_output_and_status(engine, printer):
    words = ["run", "--rm", "busybox", "sh", "-c",
             "printf 'a\\000b\\377'; head -c 20000 /dev/zero; echo err >&2; exit 3"]
    ran = printer.run(*words)
    assert ran == rawdock(engine, *words) and ran.status == 3 and ran.err == b"err\n"


def test_an_image_that_is_missing_is_pulled_and_listed(engine, printer):
    engine.remove_image("busybox:latest")
    ran = printer.run("run", "--rm", "busybox", "echo", "pulled")
    assert (ran.status, ran.out) == (0, b"pulled\n")
    assert ran.err.startswith(b'{"status":"Pulling from library/busybox"')
    assert b"Status: Downloaded newer image" in ran.err
    assert same_json(printer.run("images", "busybox"),
                     engine.json("GET", "/images/json?filters=%7B%22reference%22%3A%5B%22busybox%22%5D%7D"))
    assert printer.run("rmi", "-f", "busybox").status == 0

    ran = printer.run("pull", "busybox")
    lines = ran.out.decode("utf-8").replace("\r", "").split("\n")
    assert (ran.status, ran.err, lines[0], lines[-2:]) == (0, b"", "Using default tag: latest",
                                                           ["docker.io/library/busybox:latest", ""])
    assert [json.loads(line)
            for line in lines[1:-2]][-1]["status"].startswith("Status: Downloaded newer image")
    assert engine.json("GET", "/images/busybox:latest/json")["RepoTags"]


def test_a_refusal_is_reported_in_the_engines_words(engine, printer):
    for words, status, said in ((["run", "--rm", "--pull", "never", "nobody/has:this"], 125,
                                 b"No such image: nobody/has:this"),
                                (["run", "--rm", "busybox", "no-such-program"], 127,
                                 b"executable file not found"),
                                (["run", "--rm", "busybox", "/etc"], 126, b"/etc"),
                                (["exec", "planned-nobody", "true"], 1, b"No such container: planned-nobody"),
                                (["logs", "planned-nobody"], 1, b"No such container: planned-nobody"),
                                (["pull", engine.registry + "/nobody/this:tag"], 1, b"nobody/this")):
        ran = printer.run(*words)
        assert ran.status == status == rawdock(engine,
                                               *words).status and said in ran.err and ran.out == b"", ran


def test_a_container_is_started_again_and_waited_for(engine, printer):
    """And what a terminal has said has no frames."""
    engine.remove_container("planned-again")
    try:
        quiet(engine, "create", "--name", "planned-again", "busybox", "sh", "-c", "echo again; exit 4")
        assert printer.run("start", "-a", "planned-again") == (4, b"again\n", b"")
        assert printer.run("wait", "planned-again") == (0, b"4\n", b"")
        engine.remove_container("planned-again")
        engine.json("POST", "/containers/create?name=planned-again",
                    {"Image": "busybox", "Cmd": ["echo", "hi"], "Tty": True})
        engine.json("POST", "/containers/planned-again/start")
        engine.json("POST", "/containers/planned-again/wait")
        assert printer.run("logs", "planned-again") == (0, b"hi\r\n", b"")
    finally:
        engine.remove_container("planned-again")


def test_a_body_comes_from_stdin(engine, tmp_path):
    need_program("curl")
    printer = Printer(engine, "curl", str(tmp_path))
    ran = printer.run("POST", "-d", "-", "/containers/create?name=planned-body", "-h",
                      "Content-Type: application/json", stdin=b'{"Image":"busybox"}')
    engine.remove_container("planned-body")
    assert ran.status == 0 and len(json.loads(ran.out.decode())["Id"]) == 64


def test_the_http_form_is_understood_by_the_engine(engine):
    """A single request without its comments is bytes for a socket; `Connection: close` ends the answer."""
    printed = quiet(engine, "--dry-run", "GET", "-h", "Connection: close", "/version").encode()
    request = re.sub(rb"(?m)^#.*\n", b"", printed + b"\n")
    assert request.startswith(b"GET /version HTTP/1.1\r\nHost: docker\r\n"), request
    answer = engine.raw(request.rstrip() + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n") and b'"ApiVersion"' in answer
