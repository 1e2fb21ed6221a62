"""An engine behind a real ssh server, with docker and with rawdock at the far end."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile

import pytest

from tests.live.client import (
    Running, assert_one_line, clean_environment, client, quiet, rawdock, run_to_end, wait_until)
from tests.live.live_engine import LiveEngine
from tests.live.sshd import PASSPHRASE, Sshd
from tests.live.terminal_cases import CASES, play, read_answers
from tests.window import Window

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RAWDOCK = [sys.executable, "-m", "rawdock"]


@pytest.fixture(scope="module")
def sshd(engine):
    engine.pull("busybox")
    directory = tempfile.mkdtemp(prefix="rdk-ssh-")
    server = Sshd(directory)
    yield server
    server.stop()
    shutil.rmtree(directory)


class FarEngine(LiveEngine):
    """The live engine at another address. Its own is for what tests check."""

    def __init__(self, engine, address):
        self.__dict__.update(engine.__dict__)
        self.address = address


@pytest.fixture
def far(sshd, engine, monkeypatch):
    """The engine by ssh, docker at the far end. No ssh may be left of what a test does."""
    sshd.near(monkeypatch)
    sshd.far("docker", engine.docker_cli)
    yield FarEngine(engine, sshd.address(engine.socket_path))
    assert sshd.clients() == []


@pytest.fixture
def far_rawdock(sshd, far):
    """And rawdock under docker's name."""
    sshd.far("docker", "/usr/bin/env", "PYTHONPATH=" + ROOT, *RAWDOCK)
    return far


@pytest.fixture(params=["docker", "rawdock"])
def either(request, far):
    return request.getfixturevalue("far_rawdock") if request.param == "rawdock" else far


@pytest.fixture
def container(engine):
    """start(script) → the name of a container that runs it, with its stdin open."""
    name = "rdk-ssh"

    def start(script):
        engine.remove_container(name)
        body = {"Image": "busybox", "Cmd": ["sh", "-c", script], "OpenStdin": True, "StdinOnce": True}
        engine.json("POST", "/containers/create?name=" + name, body)
        engine.json("POST", "/containers/%s/start" % name)
        return name

    yield start
    engine.remove_container(name)


def test_a_list_and_the_bytes_of_nc(engine, either):
    words = ["images", "--format", "{{.ID}} {{.Repository}}"]
    far, near = (sorted(quiet(one, *words).splitlines()) for one in (either, engine))
    assert far == near != []   # images of one age come in any order
    ran = rawdock(either, "nc", stdin=b"GET /_ping HTTP/1.0\r\n\r\n")
    assert (ran.status, ran.err) == (0, b"") and ran.out.startswith(b"HTTP/1.0 200 OK\r\n")
    assert ran.out.endswith(b"\r\n\r\nOK")


def test_run_i_with_a_half_close_and_five_megabytes_each_way(far):
    data = os.urandom(5 << 20)
    ran = rawdock(far, "run", "-i", "--rm", "busybox", "sh", "-c", "cat; echo over >&2; exit 3", stdin=data)
    assert (ran.status, ran.err) == (3, b"over\n") and ran.out == data


def test_connections_that_share_one(sshd, far, monkeypatch):
    """The first ssh carries the others: it must not be one whose end is waited for."""
    sshd.near(monkeypatch, "shared")
    ran = rawdock(far, "run", "-i", "--rm", "busybox", "cat", stdin=b"content")
    assert (ran.status, ran.out, ran.err) == (0, b"content", b"")


def test_attach(far_rawdock, container):
    name = container("read line; echo got $line; exit 4")
    ran = rawdock(far_rawdock, "attach", name, stdin=b"what was typed\n")
    assert (ran.status, ran.out, ran.err) == (4, b"got what was typed\n", b"")


def test_docker_takes_rawdock_for_the_far_end(sshd, engine, far_rawdock):
    """Its address has no path, which docker 20.10 does not take: the far end knows where its engine is."""
    sshd.far("docker", "/usr/bin/env", "PYTHONPATH=" + ROOT, "DOCKER_HOST=" + engine.address, *RAWDOCK)
    command = [engine.docker_cli, "-H", sshd.address("")]
    data = os.urandom(1 << 20)
    ran = run_to_end(command + ["run", "-i", "--rm", "busybox", "cat"], stdin=data)
    assert (ran.status, ran.err) == (0, b"") and ran.out == data
    wait_until(lambda: not sshd.clients())   # docker does not wait for its own


@pytest.mark.parametrize("user, port, config, docker, exit_status, says", [
    (None, None, "unknown", True, 255, "Host key verification failed."),
    ("rdk-nobody", None, "known", True, 255, "rdk-nobody@127.0.0.1: Permission denied (publickey"),
    (None, 1, "known", True, 255, "ssh: connect to host 127.0.0.1 port 1: Connection refused"),
    (None, None, "known", False, 127, "docker: "),
], ids=["host key", "user", "refused", "no docker"])
def test_a_failure_is_one_line(sshd, engine, far, monkeypatch, user, port, config, docker, exit_status, says):
    sshd.near(monkeypatch, config)
    if not docker:
        sshd.far("docker")
    address = sshd.address(engine.socket_path, user)
    if port is not None:
        address = address.replace(":%d/" % sshd.port, ":%d/" % port)
    ran = rawdock(FarEngine(engine, address), "ps")
    assert (ran.status, ran.out) == (1, b"")
    line = assert_one_line(ran.err)
    assert line.startswith("error during connect: command [ssh -o ConnectTimeout=30 -T -l ")
    assert "exited with exit status %d, " % exit_status in line and says in line.partition("stderr=")[2]


def test_the_far_end_has_no_engine(engine, far_rawdock):
    ran = rawdock(FarEngine(engine, far_rawdock.address + ".none"), "ps")
    assert ran.status == 1 and b"no such socket" in ran.err and assert_one_line(ran.err)


def test_ctrl_c_ends_what_follows(engine, far, container):
    with Window(client(far, "logs", "-f", container("echo begun; cat")), clean_environment()) as window:
        window.wait_for("begun")
        window.type("\x03")
        assert window.end().status == 130
    with Window(client(far, "events"), clean_environment()) as window:
        wait_until(lambda: engine.json("GET", "/info")["NEventsListener"] > 0)
        window.type("\x03")
        assert window.end().status == 130


def test_ctrl_c_reaches_the_container_over_ssh(far):
    """The terminal sends it to ssh too, which must go on."""
    script = "trap 'echo heard; exit 5' INT; echo ready; while :; do sleep 0.05; done"
    command = client(far, "run", "--rm", "busybox", "sh", "-c", script)
    with Window(command, clean_environment()) as window:
        window.wait_for("ready")
        window.type("\x03")
        window.wait_for("heard")
        assert window.end().status == 5


@pytest.mark.parametrize("name", ["the_window_changes_its_size", "the_window_is_closed"])
def test_at_a_terminal(far, name):
    """The kernel sends the hang-up of a window to ssh too."""
    expected = read_answers()[name]
    found = play(CASES[name], RAWDOCK, far, stops=True)
    assert (found["status"], found["out"]) == (expected["status"], expected["out"])


def test_ssh_asks_at_the_terminal(sshd, far, monkeypatch):
    sshd.near(monkeypatch, "locked")
    with Window(client(far, "ps"), clean_environment()) as window:
        window.wait_for("Enter passphrase for key")
        window.type(PASSPHRASE + "\n")
        window.wait_for("CONTAINER ID")
        ended = window.end()
    assert ended.status == 0 and ended.modes_kept and PASSPHRASE.encode() not in ended.out
    with Window(client(far, "ps"), clean_environment()) as window:
        window.wait_for("Enter passphrase for key")
        window.type("\x03")
        ended = window.end()
    assert ended.status == 130 and ended.modes_kept


@pytest.mark.parametrize("number, status", [(signal.SIGKILL, -9), (signal.SIGTERM, 143)])
def test_nothing_is_left_of_one_that_is_ended(sshd, far, container, number, status):
    running = Running(client(far, "logs", "-f", container("echo begun; cat")))
    running.wait_for(b"begun")
    assert len(sshd.clients()) == 1
    running.process.send_signal(number)
    assert running.end().status == status
    wait_until(lambda: not sshd.clients())


def test_the_tap_and_compare(engine, far):
    ran = rawdock(far, "tap", "--", engine.docker_cli, "ps", "-q")
    assert ran.status == 0 and b"/containers/json" in ran.err and ran.out == b""
    ran = rawdock(far, "compare", "--docker", engine.docker_cli, "ps", "-q")
    assert ran.status == 0 and b"= GET " in ran.out, ran
