"""What people do with docker every day, by the real docker CLI against the practice engine; and curl.

Each command line that is found is tried, as in test_practice_docker_cli. Terminals are real pseudo-terminals.
"""
import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

import pytest

from rawdock.teach.practice.engine import PracticeEngine
from tests.live.client import need_program
from tests.live.test_practice_docker_cli import DOCKERS, Cli

SHELL = "/ # "


@pytest.fixture(scope="module", params=DOCKERS or [None],
                ids=lambda path: str(path).strip("/").replace("/", "-"))
def docker(request, tmp_path_factory):
    if request.param is None:
        pytest.fail("no docker command line on this machine: install docker.io")
    with PracticeEngine() as engine:
        one = Cli(request.param, engine, str(tmp_path_factory.mktemp("home")))
        one.good("pull", "-q", "busybox")
        yield one


@pytest.fixture
def ticker(docker):
    docker.good("run", "-d", "--name", "ticker", "busybox", "sh", "-c",
                "while true; do echo tick; sleep 0.05; done")
    yield "ticker"
    docker.good("rm", "-f", "ticker")


class Terminal:
    """A docker command at a pseudo-terminal: type(text), see(text), end() → exit status."""

    def __init__(self, docker, *words):
        self.pid, self.descriptor = pty.fork()
        if not self.pid:
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
                os.execve(docker.argv[0], docker.argv + list(words), docker.env)
            finally:
                os._exit(126)
        self.seen = ""

    def type(self, text):
        os.write(self.descriptor, text.encode())

    def read(self, limit):
        """Whether something came before `limit` (time.monotonic())."""
        ready, _, _ = select.select([self.descriptor], [], [], max(0, limit - time.monotonic()))
        try:
            data = os.read(self.descriptor, 4096) if ready else b""
        except OSError:   # its other side is closed
            data = b""
        self.seen += data.decode()
        return bool(data)

    def see(self, text):
        """Wait for `text`, and pass over it."""
        limit = time.monotonic() + 60
        while text not in self.seen:
            assert self.read(limit), "%r did not come: %r" % (text, self.seen)
        before, _, self.seen = self.seen.partition(text)
        return before

    def end(self):
        limit = time.monotonic() + 60
        while self.read(limit):
            pass
        os.close(self.descriptor)
        status = os.waitpid(self.pid, 0)[1]
        return status >> 8


def test_a_shell_at_a_terminal(docker):
    terminal = Terminal(docker, "run", "--rm", "-it", "--name", "prompt", "busybox", "sh")
    terminal.see(SHELL)
    terminal.type("echo one; hostname\r")
    assert terminal.see(SHELL).startswith("echo one; hostname\r\none\r\n")
    terminal.type("cd /tmp\r")
    terminal.see("/tmp # ")
    terminal.type("echo wrong\x7f\x7f\x7f\x7f\x7fright > file; cat file\r")
    assert terminal.see("/tmp # ").endswith("\r\nright\r\n")
    terminal.type("sleep 100\r")
    terminal.see("sleep 100\r\n")
    terminal.type("\x03")
    terminal.see("^C\r\n/tmp # ")
    terminal.type("echo $?\r")
    terminal.see("130\r\n/tmp # ")
    assert docker.good("exec", "prompt", "cat", "/tmp/file") == "right\n"
    terminal.type("exit 5\r")
    assert terminal.end() == 5
    assert docker.good("ps", "-aq") == ""


def test_exec_and_attach_at_a_terminal(docker, ticker):
    terminal = Terminal(docker, "exec", "-it", ticker, "sh")
    terminal.see(SHELL)
    terminal.type("ps\r")
    assert "sh -c while true" in terminal.see(SHELL)
    terminal.type("\x03")   # a prompt survives it
    terminal.see(SHELL)
    terminal.type("\x04")
    assert terminal.end() == 130   # what Ctrl-C has left in $?, as with ash
    docker.good("run", "-dit", "--name", "window", "busybox", "sh")
    terminal = Terminal(docker, "attach", "window")
    limit = time.monotonic() + 60
    while True:   # the docker command tells the size of its terminal some time after it has attached
        terminal.type("stty size\r")
        if "30 100\r\n" in terminal.see(SHELL):
            break
        assert time.monotonic() < limit, "the terminal never had its size"
    terminal.type("exit 3\r")
    assert terminal.end() == 3
    docker.good("rm", "window")


def test_logs_top_stats_and_pause(docker, ticker):
    log = docker.start("logs", "-f", "--since", "1h", "-t", ticker)
    for _ in range(2):
        assert re.fullmatch(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z tick\n", log.stdout.readline())
    log.kill()
    log.communicate()
    assert docker.good("logs", "--tail", "2", ticker) == "tick\ntick\n"
    assert docker.good("logs", "--since", "2099-01-01T00:00:00Z",
                       ticker) == docker.good("logs", "--until", "2000-01-01T00:00:00Z", ticker) == ""
    command = "sh -c while true; do echo tick; sleep 0.05; done"
    assert docker.good("top", ticker).splitlines()[1].split()[7:] == command.split()
    assert re.search(r"ticker +\d\.\d+% +[\d.]+\w+ / 1GiB", docker.good("stats", "--no-stream"))
    docker.good("pause", ticker)
    assert "(Paused)" in docker.good("ps") and "is paused" in docker("exec", ticker, "true")[2]
    frozen = docker.good("logs", ticker)
    assert docker.good("logs", ticker) == frozen
    docker.good("unpause", ticker)
    follower = docker.start("logs", "-f", "--tail", "0", ticker)
    assert follower.stdout.readline() == b"tick\n"
    follower.kill()
    follower.communicate()
    docker.good("update", "--cpu-shares", "512", ticker)
    assert docker.good("inspect", "-f", "{{.HostConfig.CpuShares}}", ticker) == "512\n"
    docker.good("restart", "-t", "0", ticker)
    docker.good("kill", "-s", "KILL", ticker)
    assert docker.good("wait", ticker) == "137\n"


def test_files_in_and_out(docker, ticker, tmp_path):
    folder = tmp_path / "in" / "deep"
    folder.mkdir(parents=True)
    data = bytes(range(256)) * 400
    (folder / "data").write_bytes(data)
    (tmp_path / "in" / "link").symlink_to("deep/data")
    docker.good("cp", str(tmp_path / "in"), ticker + ":/tmp")
    assert docker.good("exec", ticker, "ls", "/tmp/in") == "deep\nlink\n"
    assert docker.good("exec", ticker, "sh", "-c", "cat /tmp/in/link | wc -c") == "102400\n"
    docker.good("cp", ticker + ":/tmp/in", str(tmp_path / "out"))
    assert (tmp_path / "out" / "deep" / "data").read_bytes() == data
    assert os.readlink(str(tmp_path / "out" / "link")) == "deep/data"
    assert "A /tmp/in/deep/data" in docker.good("diff", ticker).splitlines()
    assert docker("cp", ticker + ":/no/such", str(tmp_path))[0] == 1
    docker.good("export", "-o", str(tmp_path / "all.tar"), ticker)
    listed = subprocess.check_output(["tar", "tf", str(tmp_path / "all.tar")]).decode().splitlines()
    assert "tmp/in/deep/data" in listed and "bin/sh" in listed


def test_volumes_outlive_their_containers(docker):
    assert docker.good("volume", "create", "store") == "store\n"
    docker.good("run", "--rm", "-v", "store:/data", "busybox", "sh", "-c", "echo kept > /data/file")
    assert docker.good("run", "--rm", "-v", "store:/data", "busybox", "cat", "/data/file") == "kept\n"
    docker.good("create", "--name", "holder", "-v", "store:/data", "-v", "/anonymous", "busybox")
    assert "volume is in use" in docker("volume", "rm", "store")[2]
    assert len(docker.good("volume", "ls", "-q").split()) == 2
    docker.good("rm", "-v", "holder")
    assert docker.good("volume", "ls", "-q") == "store\n"
    assert docker.good("volume", "rm", "store") == "store\n"


def test_networks(docker):
    docker.good("network", "create", "--label", "a=b", "lan")
    docker.good("run", "-d", "--name", "host1", "--network", "lan", "busybox", "sleep", "100")
    docker.good("network", "connect", "bridge", "host1")
    shown = docker.good("inspect", "-f", "{{range $name, $one :="
                                         " .NetworkSettings.Networks}}{{$name}}={{$one.IPAddress}} {{end}}",
                        "host1")
    assert re.fullmatch(r"bridge=172\.17\.0\.2 lan=172\.\d+\.0\.2 \n", shown)
    assert "host1" in docker.good("network", "inspect", "lan") and docker("network", "rm", "lan")[0] == 1
    assert docker.good("network", "ls", "-q", "-f", "label=a=b") != ""
    docker.good("network", "disconnect", "lan", "host1")
    assert docker.good("network", "rm", "lan") == "lan\n"
    docker.good("rm", "-f", "host1")
    assert "network lan not found" in docker("run", "--rm", "--network", "lan", "busybox", "true")[2]
    assert docker.good("ps", "-aq") == ""


def test_login_prune_and_the_rest(docker):
    # With an entry in its file docker keeps passwords there, even where the helper for `pass` is installed.
    with open(os.path.join(docker.env["DOCKER_CONFIG"], "config.json"), "w") as file:
        file.write('{"auths": {"registry.example": {}}}')
    assert "Login Succeeded" in docker.good("login", "-u", "practice", "--password-stdin",
                                            typed=b"practice\n")
    docker.good("logout")
    status, _, err = docker("login", "-u", "practice", "--password-stdin", typed=b"wrong\n")
    assert status == 1 and "incorrect username or password" in err
    docker.good("create", "--name", "idle", "busybox")
    assert re.search(r"Containers +1 +0 ", docker.good("system", "df"))
    docker.good("container", "prune", "-f")
    assert docker.good("ps", "-aq") == ""
    docker.good("volume", "prune", "-f")
    docker.good("network", "prune", "-f")
    docker.good("image", "prune", "-f")
    assert "practice layer busybox" in docker.good("history", "busybox")
    assert "An in-memory store of keys and values." in docker.good("search", "redis")
    assert "requested access to the resource is denied" in docker("push", "busybox")[2]


def test_images_are_built_saved_and_loaded(docker, tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "data").write_text("hello\n")
    (tmp_path / "Dockerfile").write_text(
        "FROM busybox\nCOPY app /app\nRUN cat /app/data\nCMD cat /app/data\n")
    said = docker.good("build", "-t", "app:1", str(tmp_path))
    assert "\nhello\n" in said and said.endswith("Successfully tagged app:1\n")
    assert docker.good("build", "-t", "app:1", str(tmp_path)).count("Using cache") == 3
    identity = docker.good("build", "-q", str(tmp_path)).strip()
    assert docker.good("run", "--rm", "app:1") == "hello\n"
    (tmp_path / "Bad").write_text("FROM busybox\nRUN exit 3\n")
    status, _, err = docker("build", "-f", str(tmp_path / "Bad"), str(tmp_path))
    assert status == 3 and "The command '/bin/sh -c exit 3' returned a non-zero code: 3" in err
    docker.good("container", "prune", "-f")
    saved, flat = str(tmp_path / "saved.tar"), str(tmp_path / "flat.tar")
    docker.good("save", "-o", saved, "app:1")
    docker.good("rmi", "app:1")
    assert docker.good("load", "-i", saved) == "Loaded image: app:1\n"
    assert docker.good("images", "-q", "--no-trunc", "app") == identity + "\n"
    docker.good("create", "--name", "box", "app:1")
    docker.good("cp", str(tmp_path / "app"), "box:/copied")
    docker.good("cp", "box:/copied/data", str(tmp_path / "back"))
    assert (tmp_path / "back").read_text() == "hello\n" and "A /copied" in docker.good("diff", "box")
    docker.good("export", "-o", flat, "box")
    docker.good("import", "-c", "CMD cat /copied/data", flat, "flat:1")
    assert docker.good("run", "--rm", "flat:1") == "hello\n"
    docker.good("rm", "box")
    docker.good("rmi", "flat:1", "app:1")


def test_curl(tmp_path):
    curl = need_program("curl")
    with PracticeEngine() as engine:
        def ask(path, *words):
            return subprocess.check_output([curl, "-sS", "--max-time", "20", "--unix-socket",
                                            engine.socket_path, "http://docker" + path] + list(words))
        assert ask("/_ping") == b"OK" and ask("/_ping", "-I").startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"Downloaded newer image" in ask("/images/create?fromImage=busybox&tag=latest", "-X", "POST")
        made = json.loads(ask("/containers/create?name=curled", "-H", "Content-Type: application/json", "-d",
                              json.dumps({"Image": "busybox", "Cmd": ["echo", "hi"], "Tty": True})).decode())
        assert ask("/containers/curled/start", "-X", "POST", "-w", "%{http_code}") == b"204"
        assert json.loads(ask("/containers/curled/wait", "-X", "POST").decode())["StatusCode"] == 0
        assert ask("/containers/%s/logs?stdout=1&follow=1" % made["Id"]) == b"hi\r\n"
        (tmp_path / "f").write_text("upload\n")
        subprocess.check_call(["tar", "cf", str(tmp_path / "f.tar"), "-C", str(tmp_path), "f"])
        assert ask("/containers/curled/archive?path=/tmp", "-T", str(tmp_path / "f.tar"), "-w",
                   "%{http_code}") == b"200"
        back = ask("/containers/curled/archive?path=/tmp/f")
        assert subprocess.run(["tar", "xO"], input=back, stdout=subprocess.PIPE).stdout == b"upload\n"
        assert json.loads(ask("/nope").decode()) == {"message": "page not found"}
