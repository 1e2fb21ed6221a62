"""The real docker command line against the practice engine; every docker found, as API versions differ.

They are among the live tests because tools/engine brings the docker CLI: a bare machine has none before.
A machine without one fails them.
"""
import os
import re
import shutil
import subprocess
import time

import pytest

from rawdock.teach.practice.engine import PracticeEngine

DOCKERS = sorted({os.path.realpath(path) for path in (shutil.which("docker"), "/usr/bin/docker",
                                                      "/usr/local/bin/docker")
                  if path and os.access(path, os.X_OK)})


class Cli:
    """`docker -H` this engine, with an empty configuration."""

    def __init__(self, path, engine, home):
        self.argv = [path, "-H", engine.address]
        self.env = {"PATH": os.environ.get("PATH", ""), "HOME": home, "DOCKER_CONFIG": home}

    def start(self, *words, **streams):
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        pipes.update(streams)
        return subprocess.Popen(self.argv + list(words), env=self.env, **pipes)

    def __call__(self, *words, **more):
        """→ (exit status, stdout, stderr)."""
        typed = more.pop("typed", None)
        process = self.start(*words, stdin=subprocess.DEVNULL if typed is None else subprocess.PIPE)
        try:
            out, err = process.communicate(typed, timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
        return process.returncode, out.decode(), err.decode()

    def good(self, *words, **more):
        status, out, err = self(*words, **more)
        assert status == 0, (words, out, err)
        return out


@pytest.fixture(scope="module", params=DOCKERS or [None],
                ids=lambda path: str(path).strip("/").replace("/", "-"))
def docker(request, tmp_path_factory):
    if request.param is None:
        pytest.fail("no docker command line on this machine: install docker.io")
    with PracticeEngine() as engine:
        yield Cli(request.param, engine, str(tmp_path_factory.mktemp("home")))


def test_run_pulls_streams_and_gives_the_exit_status(docker):
    status, out, err = docker("run", "--rm", "busybox", "sh", "-c", "echo x; echo e >&2; exit 7")
    assert (status, out) == (7, "x\n")
    assert "Unable to find image 'busybox:latest' locally" in err
    assert "Status: Downloaded newer image for busybox:latest" in err and err.endswith("e\n")
    assert docker("run", "--rm", "busybox", "echo", "-n", "hi") == (0, "hi", "")
    assert docker("run", "-i", "--rm", "busybox", "cat", typed=b"a\nb" * 50000) == (0, "a\nb" * 50000, "")
    assert "Hello from a practice container!" in docker.good("run", "--rm", "hello-world")


def test_exit_statuses_of_what_cannot_run(docker):
    docker.good("pull", "busybox")
    for words, expected, text in ((["busybox", "nope"], 127, "executable file not found"),
                                  (["busybox", "/no/such"], 127, "no such file or directory"),
                                  (["nosuch/image"], 125, "pull access denied"),
                                  (["redis:9"], 125, "manifest unknown")):
        status, out, err = docker("run", "--rm", *words)
        assert (status, out) == (expected, "") and text in err
    assert docker.good("ps", "-aq") == ""


def test_the_redis_story(docker):
    identity = docker.good("run", "-d", "--name", "redis", "-v", "/some/dir:/data", "-p", "127.0.0.1::6379",
                           "redis:2.8", "redis-server").strip()
    assert re.fullmatch("[0-9a-f]{64}", identity)
    assert docker.good("exec", "redis", "redis-cli", "set", "k", "v") == "OK\n"
    assert docker.good("exec", "-i", "redis", "redis-cli", typed=b"get k\n") == "v\n"
    assert docker("exec", "redis", "sh", "-c", "exit 3")[0] == 3
    assert docker("exec", "redis", "nope")[0] in (126, 127)
    port = re.fullmatch(r"127\.0\.0\.1:([0-9]+)\n", docker.good("port", "redis", "6379")).group(1)
    assert "127.0.0.1:%s->6379/tcp" % port in docker.good("ps")
    if shutil.which("redis-cli"):
        assert subprocess.check_output(["redis-cli", "-p", port, "get", "k"]) == b"v\n"
    assert docker.good("exec", "redis", "redis-cli", "save") == "OK\n"
    assert "ready to accept connections" in docker.good("logs", "redis")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z .*/some/dir\n",
                        docker.good("logs", "--tail", "1", "-t", "redis"))
    docker.good("restart", "redis")
    assert docker.good("exec", "redis", "redis-cli", "get", "k") == "v\n"
    docker.good("rename", "redis", "other")
    assert "redis-server" in docker.good("top", "other")
    assert docker.good("stop", "other") == "other\n"
    assert docker.good("wait", "other") == "0\n"
    assert re.search(r"Exited \(0\) .*other", docker.good("ps", "-a"))
    docker.good("start", "other")
    assert docker.good("inspect", "-f", "{{.State.Status}} {{.Config.Image}}",
                       "other") == "running redis:2.8\n"
    assert docker("rm", "other")[0] == 1
    docker.good("kill", "other")
    assert docker.good("wait", "other") == "137\n"
    docker.good("rm", "other")
    assert docker("inspect", "other")[0] == 1


def test_follow_attach_and_events(docker):
    docker.good("pull", "-q", "busybox")
    since = "%d" % time.time()
    docker.good("run", "-d", "--name", "ticker", "busybox", "sh", "-c",
                "while true; do echo tick; sleep 0.05; done")
    for words in (("logs", "-f", "ticker"), ("attach", "--no-stdin", "--sig-proxy=false", "ticker")):
        follower = docker.start(*words)
        assert follower.stdout.readline() == b"tick\n"
        docker.good("inspect", "ticker")
        follower.kill()
        follower.communicate()
    live = docker.start("events", "--since", since, "--filter", "event=die")   # it may begin late
    follower = docker.start("logs", "-f", "ticker")
    assert follower.stdout.readline() == b"tick\n"
    docker.good("rm", "-f", "ticker")
    follower.communicate(timeout=60)
    assert follower.returncode == 0
    assert "container die " in live.stdout.readline().decode()
    live.kill()
    live.communicate()
    out = docker.good("events", "--since", since, "--until", "%.3f" % time.time(), "--format",
                      "{{.Action}} {{.Actor.Attributes.name}}")
    assert [line.split()[0] for line in out.splitlines()
            if "ticker" in line] == ["create", "start", "attach", "kill", "die", "destroy"]


def test_start_attached_with_stdin(docker):
    docker.good("pull", "-q", "busybox")
    docker.good("create", "-i", "--name", "kitty", "busybox", "cat")
    assert docker.good("start", "-ai", "kitty", typed=b"meow\n") == "meow\n"
    docker.good("rm", "kitty")


def test_stop_of_a_program_that_ignores_term(docker):
    docker.good("pull", "-q", "busybox")
    docker.good("run", "-d", "--name", "sleeper", "busybox", "sleep", "1000")
    began = time.monotonic()
    docker.good("stop", "-t", "1", "sleeper")
    assert 0.9 < time.monotonic() - began < 9   # not the 10 s that it has otherwise
    assert docker.good("wait", "sleeper") == "137\n"
    docker.good("rm", "sleeper")


def test_images_version_info_networks_volumes(docker):
    docker.good("pull", "redis:2.8")
    assert "is up to date for redis:2.8" in docker.good("pull", "redis:2.8")
    assert re.search(r"(?m)^redis +2\.8 ", docker.good("images"))
    docker.good("tag", "redis:2.8", "mine:1")
    assert "Untagged: mine:1" in docker.good("rmi", "mine:1")
    assert "Deleted: sha256:" in docker.good("rmi", "redis:2.8")
    assert docker.good("version", "-f", "{{.Server.APIVersion}}") == "1.45\n"
    assert "practice" in docker.good("info") and "bridge" in docker.good("network", "ls")
    assert docker.good("volume", "ls", "-q") == ""
