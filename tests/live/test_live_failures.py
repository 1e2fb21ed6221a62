"""What a real engine can do to a client: be killed while it answers; and what a user can do: Ctrl-C, a closed
pipe, a wrong address."""
import fcntl
import os
import signal
import subprocess
import sys
import tempfile

import pytest

from tests.live.client import (Running, assert_one_line, clean_environment, client, rawdock, run_to_end,
                               wait_until)

TOOL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "engine")


class PrivateEngine:
    """A second engine, to be killed: `address`, `kill()`."""

    def __init__(self, directory):
        self.directory = directory
        self.address = "unix://%s/docker.sock" % directory

    def tool(self, *words):
        environment = {key: value for key, value in os.environ.items() if key != "RAWDOCK_ENGINE_STATE"}
        subprocess.check_output([sys.executable, TOOL, "--state", self.directory] + list(words),
                                env=environment, stderr=subprocess.STDOUT, timeout=120)

    def kill(self):
        with open(os.path.join(self.directory, "dockerd.pid")) as file:
            os.kill(int(file.read()), signal.SIGKILL)


@pytest.fixture
def private_engine(engine):
    """An engine of its own with busybox in it."""
    engine.pull("busybox")
    private = PrivateEngine(tempfile.mkdtemp(prefix="rdk-kill-"))
    try:
        private.tool("up", "--no-images")
        image = subprocess.check_output([engine.docker_cli, "-H", engine.address, "save", "busybox"])
        run_to_end([engine.docker_cli, "-H", private.address, "load"], stdin=image)
        yield private
    finally:
        private.tool("down", "--purge")


def begin_archives(engine, running, folder):
    """Start an export of "target" into the `folder`, noted in `running`, and a save → its process."""
    assert rawdock(engine, "exec", "target", "truncate", "-s", "100G", "/sparse").status == 0
    running["export"] = Running(client(engine, "export", "-o", str(folder / "x.tar"), "target"))
    wait_until(lambda: any(path.stat().st_size for path in folder.iterdir()), what="bytes of an export")
    save = subprocess.Popen(client(engine, "save", "busybox"), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env=clean_environment())
    assert len(save.stdout.read(512)) == 512   # the rest, 2 MB, does not fit into pipe and socket
    return save


def test_an_engine_killed_in_the_middle_of_everything(private_engine, tmp_path):
    """Each of these shows a stream whose end looks like any other end: none may take it for one.

    And each archive is an error, and no file.
    """
    loop = ["busybox", "sh", "-c", "while :; do echo tick; sleep 0.1; done"]
    commands = {
        "run": ["run", "--name", "target"] + loop,
        "logs": ["logs", "-f", "target"],
        "events": ["events"],
        "wait": ["wait", "target"],
        "exec": ["exec", "target"] + loop[1:],
        "attach": ["attach", "--no-stdin", "target"],
        "GET": ["GET", "/containers/target/logs?follow=1&stdout=1"],
        "raw-events": ["GET", "/events"],
        "load": ["load"],
        "import": ["import", "-"],
    }
    running = {}
    try:
        for name, words in commands.items():
            stdin = subprocess.PIPE if name in ("load", "import") else subprocess.DEVNULL   # it stays open
            running[name] = Running(client(private_engine, *words), stdin)
            if name == "run":
                running[name].wait_for(b"tick\n")
        for name in ("logs", "exec", "attach", "GET"):
            running[name].wait_for(b"tick\n")
        assert rawdock(private_engine, "exec", "target", "true").status == 0
        for name in ("events", "raw-events"):
            running[name].wait_for(b"exec_")
        save = begin_archives(private_engine, running, tmp_path)
        assert all(one.process.poll() is None for one in running.values())
        private_engine.kill()
        assert assert_one_line(save.communicate(timeout=60)[1]) and save.returncode == 1
        for name, one in running.items():
            ended = one.end()
            assert ended.status == (125 if name == "run" else 1), (name, ended)
            assert_one_line(ended.err)
        assert os.listdir(str(tmp_path)) == []
        after = rawdock(private_engine, "ps")
        assert after.status == 1 and "nobody listens" in assert_one_line(after.err)
    finally:
        for one in running.values():
            one.close()


@pytest.fixture
def ticking(engine):
    """The id of a container that writes a line every 50 ms."""
    engine.pull("busybox")
    id = engine.json("POST", "/containers/create",
                     {"Image": "busybox",
                      "Cmd": ["sh", "-c", "while :; do echo tick; sleep 0.05; done"]})["Id"]
    engine.json("POST", "/containers/%s/start" % id)
    yield id
    engine.remove_container(id)


def has_socket(pid):
    """Whether the process has a socket open. Any other descriptor may be a file of the interpreter's start,
    too early for Ctrl-C."""
    directory = "/proc/%d/fd/" % pid
    try:
        return any(os.readlink(directory + number).startswith("socket:") for number in os.listdir(directory))
    except FileNotFoundError:   # one was closed meanwhile
        return False


def test_ctrl_c_ends_what_only_watches_quietly(engine, ticking):
    for words in (["events", "--since", "1h"], ["logs", "-f", ticking], ["wait", ticking],
                  ["exec", ticking, "sh", "-c", "echo tick; sleep 60"],
                  ["GET", "/containers/%s/logs?follow=1&stdout=1" % ticking]):
        with Running(client(engine, *words)) as watching:
            if words[0] == "wait":
                wait_until(lambda: has_socket(watching.process.pid), what="the connection")
            else:
                watching.wait_for(b"create" if words[0] == "events" else b"tick\n")
            watching.interrupt()
            ended = watching.end()
            assert (ended.status, ended.err) == (130, b""), words
    assert engine.json("GET", "/containers/%s/json" % ticking)["State"]["Running"]


@pytest.mark.parametrize("words", [["logs", "-f"], ["GET", "/containers/%s/logs?follow=1&stdout=1"],
                                   ["attach", "--no-stdin"], ["endpoints"],
                                   ["exec", "%s", "sh", "-c", "while :; do echo tick; done"]],
                         ids=lambda words: words[0])
def test_a_reader_that_leaves_is_quiet(engine, ticking, words):
    """As in `rawdock logs -f X | head -1`."""
    words = [word.replace("%s", ticking) for word in words]
    if words[0] in ("logs", "attach"):
        words.append(ticking)
    process = subprocess.Popen(client(engine, *words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=clean_environment())
    try:
        if words == ["endpoints"]:   # its output ends: let less of it fit into the pipe
            fcntl.fcntl(process.stdout, 1031, 4096)   # F_SETPIPE_SZ (Linux)
        assert process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
        assert process.wait(60) == 141 and err == b""
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stderr.close()


def test_a_reader_that_leaves_run_does_not_stop_the_container_silently(engine):
    """The client goes as any program in a pipeline does; the container is the engine's, and goes on."""
    engine.pull("busybox")
    process = subprocess.Popen(client(engine, "run", "--name", "live-head", "busybox", "sh", "-c",
                                      "while :; do echo tick; sleep 0.05; done"),
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=clean_environment())
    try:
        assert process.stdout.readline() == b"tick\n"
        process.stdout.close()
        assert process.stderr.read() == b"" and process.wait(60) == 141
        assert engine.json("GET", "/containers/live-head/json")["State"]["Running"]
    finally:
        engine.remove_container("live-head")
        process.stderr.close()


def test_the_registry_is_no_engine(engine):
    """A real HTTP server that is something else: its 404 is shown, and nothing worse happens."""
    for words in (["ps"], ["run", "busybox"], ["pull", "busybox"], ["stop", "x"]):
        ran = run_to_end([sys.executable, "-m", "rawdock", "-H", "tcp://" + engine.registry] + words)
        assert ran.status in (1, 125), ran
        assert_one_line(ran.err.replace(b"Using default tag: latest\n", b""))


def test_a_pull_that_fails(engine):
    for words in (["pull", "no-such/image:1"], ["run", "--rm", "no-such/image:1"]):
        ran = rawdock(engine, *words)
        assert ran.status == (125 if words[0] == "run" else 1) and ran.out == b""
        assert_one_line(ran.err.replace(b"Unable to find image 'no-such/image:1' locally\n", b""))


FORKING = """
import os
import rawdock
docker = rawdock.Docker()
docker.system_version()
child = os.fork()
names = ["%s-%d" % ("child" if child == 0 else "parent", number) for number in range(400)]
wrong = sum(name not in docker.request("GET", "/containers/%s/json" % name).json()["message"]
            for name in names)
if child == 0:
    os._exit(min(wrong, 255))
print(wrong, os.waitpid(child, 0)[1])
"""


def test_after_a_fork_each_process_gets_its_own_answers(engine):
    folder = os.path.dirname(os.path.dirname(os.path.abspath(TOOL)))
    ran = subprocess.run([sys.executable, "-c", FORKING], stdout=subprocess.PIPE, timeout=120, cwd=folder,
                         env=dict(os.environ, DOCKER_HOST=engine.address))
    assert (ran.returncode, ran.stdout.split()) == (0, [b"0", b"0"])
