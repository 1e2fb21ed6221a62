"""A command that tests/forked.py runs gets and gives what it would as a process of its own."""
import os
import socket
import subprocess
import sys

import pytest

from tests.forked import Forker, run

COMMAND = [sys.executable, "-m", "rawdock"]
NOBODY = "unix:///nonexistent/docker.sock"


pytestmark = pytest.mark.skipif("RAWDOCK_SINGLE_FILE" in os.environ, reason="it is not started with -m")


@pytest.fixture
def forker(monkeypatch):
    """One of this test's own, which counts the commands that it has run."""
    if not hasattr(socket, "SOCK_SEQPACKET"):
        pytest.skip("this system has no such sockets")
    own, counted = Forker(), []
    monkeypatch.setattr(own, "run", lambda *given: counted.append(given[0]) or Forker.run(own, *given))
    own.counted = counted
    monkeypatch.setattr(sys.modules["tests.forked"], "forkers", [own])
    yield own
    own.end()
    assert own.process.returncode == 0


@pytest.mark.parametrize("words, stdin", [
    (["--version"], None), (["ps", "--nosuch"], b""), (["-H", NOBODY, "ps"], None), ([], None),
    (["-H", "practice:", "run", "-i", "--rm", "busybox", "cat"], b"in\0put\xff" * 999),
    (["-H", "practice:", "run", "--rm", "busybox", "sh", "-c", "echo out; echo err >&2; exit 7"], None),
    (["context", "import", "a", "nosuch.tar"], None), (["-H", "unix:///tmp/\udcff", "ps"], None)])
def test_a_command_ends_as_a_process_of_its_own(forker, tmp_path, words, stdin):
    environment = dict(os.environ, HOME=str(tmp_path), DOCKER_CONFIG="x\udcffy")
    given = dict(stdin=subprocess.DEVNULL) if stdin is None else dict(input=stdin)
    process = subprocess.run(COMMAND + words, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             cwd=str(tmp_path), env=environment, **given)
    forked = run(COMMAND + words, stdin, env=environment, cwd=tmp_path)
    assert ((forked.returncode, forked.stdout, forked.stderr)
            == (process.returncode, process.stdout, process.stderr))
    assert len(forker.counted) == 1 and process.stdout + process.stderr


@pytest.mark.parametrize("argv, more, stdin", [
    ([sys.executable, "-c", "print('out')"], {}, None), (COMMAND + ["--version"], {"TZ": "UTC+1"}, None),
    (COMMAND + ["--version"], {"PYTHONIOENCODING": "latin-1"}, None),
    (COMMAND + ["--version"], {"X": "x" * 70000}, None), (COMMAND + ["--version"], {}, b"x" * 70000)])
def test_what_is_no_forks_is_started(forker, argv, more, stdin):
    assert run(argv, stdin, env=dict(os.environ, **more)).stdout and forker.counted == []


def test_a_command_without_an_end_is_ended(forker):
    with pytest.raises(subprocess.TimeoutExpired):
        run(COMMAND + ["-H", "practice:", "events"], timeout=0.1)
    assert run(COMMAND + ["--version"]).returncode == 0


def test_each_begins_without_what_others_have_done(forker):
    """Neither variables nor descriptors are left of the one before."""
    for more, shown in (({"DOCKER_CONTEXT": "one"}, b"one\n"), ({"HOME": "/nonexistent"}, b"default\n")):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")}
        ran = run(COMMAND + ["context", "show"], env=dict(environment, **more))
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, shown, b"")
    assert len(os.listdir("/proc/%d/fd" % forker.process.pid)) == 4
    assert len(forker.counted) == 2
