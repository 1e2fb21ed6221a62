"""tools/engine itself, on second engines of its own: what it promises about leaving nothing behind.

The looks at processes, mounts, cgroups and links are made here again, not with the tool's own functions.
"""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import pytest

from tests.live.client import free_port, wait_until

TOOL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "engine")
WAITING = "tools/engine: waiting for another tools/engine to finish\n"


@pytest.fixture(autouse=True)
def no_container_left():
    """These tests use engines of their own, and other live tests may run beside them."""


# kind: its program, the variable that `env` exports, words of its version
KINDS = {"20": ("dockerd", "RAWDOCK_LIVE_ENGINE", "dockerd 20.10."),
         "26": ("dockerd", "RAWDOCK_LIVE_ENGINE_26", "dockerd 26.1."),
         "podman": ("podman", "RAWDOCK_LIVE_PODMAN", "podman 4.3.")}


class SecondEngine:
    def __init__(self, directory, docker_cli, kind="20"):
        self.dir = directory
        self.kind = kind
        self.program, self.variable, self.version = KINDS[kind]
        self.address = "unix://%s/%s.sock" % (directory, "podman" if kind == "podman" else "docker")
        self.docker_cli = docker_cli

    def tool(self, *arguments):
        """→ (exit status, stdout, stderr)"""
        environment = {key: value for key, value in os.environ.items() if key != "RAWDOCK_ENGINE_STATE"}
        argv = [sys.executable, TOOL, "--state", self.dir, "--engine", self.kind] + list(arguments)
        process = subprocess.Popen(argv, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        out, err = process.communicate(timeout=300)
        # Others may use the tool on this machine, and one waits for another.
        lines = [line for line in err.decode().splitlines(True) if line != WAITING]
        return process.returncode, out.decode(), "".join(lines)

    def expect(self, *arguments):
        status, out, err = self.tool(*arguments)
        assert status == 0, err
        return out

    def docker(self, *arguments):
        return subprocess.check_output([self.docker_cli, "-H", self.address] + list(arguments),
                                       stderr=subprocess.STDOUT, timeout=60).decode().strip()

    def pid(self):
        with open(os.path.join(self.dir, self.program + ".pid")) as file:
            return int(file.read())

    def status(self):
        return dict(line.split(None, 1) for line in self.expect("status").splitlines())

    def bridge(self):
        return self.status()["bridge"].split(",")[0]


def processes_naming(directory):
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open("/proc/%s/cmdline" % name, "rb") as file:
                words = file.read().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if directory in words:
            found.append(words)
    return found


def leftovers(directory):
    """Everything of an engine that can still be seen on this machine, as text."""
    with open("/proc/self/mountinfo") as file:
        found = ["mount: " + line.strip() for line in file if directory in line]
    found += ["process: " + words for words in processes_naming(directory)]
    for base, _, files in os.walk(directory):
        for name in files:
            path = os.path.join(base, name)
            if os.path.exists(path) and not os.path.isfile(path):
                found.append("socket or pipe: " + path)
    return found


def cgroups_named(name):
    """Cgroups of this name, or with it behind a hyphen, as podman writes it."""
    return [path for path, _, _ in os.walk("/sys/fs/cgroup")
            if ("-" + os.path.basename(path)).endswith("-" + name)]


def is_running(pid):
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def link_exists(name):
    return os.path.exists("/sys/class/net/" + name)


def wait_for_death(pid):
    end = time.monotonic() + 60
    while is_running(pid) and time.monotonic() < end:
        time.sleep(0.02)
    assert not is_running(pid)


@pytest.fixture(params=["20"])
def second(engine, request):
    directory = tempfile.mkdtemp(prefix="rdk-", dir="/tmp")
    one = SecondEngine(directory, engine.docker_cli, request.param)
    yield one
    status, _, err = one.tool("down", "--purge")
    assert status == 0, err
    assert not os.path.exists(directory)
    assert leftovers(directory) == []


each_kind = pytest.mark.parametrize("second", sorted(KINDS), indirect=True)


@each_kind
def test_env_and_status_name_the_engine(second):
    second.expect("up", "--no-images")
    exported = dict(line[len("export "):].split("=", 1) for line in second.expect("env").splitlines())
    assert exported.pop("RAWDOCK_TEST_REGISTRY").startswith("127.0.0.1:")
    private = [name for name in sorted(exported) if name.startswith("RAWDOCK_TEST_PRIVATE")]
    assert len(private) == (3 if second.kind == "20" else 0)
    assert {name: exported[name] for name in exported if name not in private} == {
        "DOCKER_HOST": second.address, second.variable: second.address}
    assert second.status()["engine"].startswith(second.version)


@each_kind
def test_a_container_that_is_frozen_and_one_that_runs_end_with_a_killed_engine(second):
    second.expect("up")
    for name in ("frozen", "running"):
        second.docker("pull", "-q", "busybox")
        second.docker("run", "-d", "--name", name, "busybox", "sleep", "1000")
    pids = [int(second.docker("inspect", "-f", "{{.State.Pid}}", name)) for name in ("frozen", "running")]
    ids = [second.docker("inspect", "-f", "{{.Id}}", name) for name in ("frozen", "running")]
    second.docker("pause", "frozen")
    os.kill(second.pid(), signal.SIGKILL)
    wait_for_death(second.pid())
    assert all(is_running(pid) for pid in pids) and all(cgroups_named(one) for one in ids)
    assert second.expect("down") == "down: %s\n" % second.dir
    assert not any(is_running(pid) for pid in pids) and not any(cgroups_named(one) for one in ids)
    assert leftovers(second.dir) == []


@pytest.mark.parametrize("second", ["podman"], indirect=True)
def test_podmans_network_is_not_the_machines(second):
    second.expect("up")
    second.docker("pull", "-q", "busybox")
    identity = second.docker("run", "-d", "-p", "127.0.0.1::80", "busybox", "sleep", "1000")
    assert second.docker("port", identity)
    rules = b"".join(subprocess.check_output(["iptables", "-t", table, "-S"], stderr=subprocess.DEVNULL)
                     for table in ("filter", "nat"))
    assert identity.encode() not in rules
    assert "cni-podman0" not in os.listdir("/sys/class/net")


def test_a_directory_of_another_kind_is_refused(second):
    second.expect("up", "--no-images")
    other = SecondEngine(second.dir, second.docker_cli, "podman")
    for words in (["up"], ["down", "--purge"], ["status"]):
        status, _, err = other.tool(*words)
        assert status == 1 and err.startswith("tools/engine: %s is of --engine 20: " % second.dir), err
    assert second.status()["engine"].startswith(second.version)


@pytest.mark.parametrize("second", ["26"], indirect=True)
def test_the_lowest_api_version_can_be_raised(second):
    second.expect("up", "--no-images", "--min-api", "1.44")
    assert "API 1.45 (minimum 1.44)" in second.status()["engine"]
    status, _, err = second.tool("up", "--no-images", "--min-api", "1.43")
    assert status == 1 and "another lowest API version" in err


def read_from(port):
    """What the program says that listens at `port` of 127.0.0.1; b"" where none listens behind it yet."""
    with socket.create_connection(("127.0.0.1", port), 60) as client:
        try:
            return b"".join(iter(lambda: client.recv(100), b""))
        except ConnectionResetError:
            return b""


def test_down_after_a_killed_dockerd_leaves_nothing(engine, second):
    second.expect("up", "--no-images")
    busybox = engine.registry + "/library/busybox"
    port = free_port()
    second.docker("pull", "-q", busybox)
    name = second.docker("run", "-d", "--name", "survivor", "-p", "127.0.0.1:%d:80" % port, "--cgroup-parent",
                         "/rawdock-test", busybox, "sh", "-c", "while :; do echo hello | nc -l -p 80; done")
    network = second.docker("network", "create", "extra")
    bridges = [second.bridge(), "br-" + network[:12]]
    container = int(second.docker("inspect", "-f", "{{.State.Pid}}", "survivor"))
    assert all(link_exists(link) for link in bridges)
    wait_until(lambda: read_from(port) == b"hello\n", what="the greeting of the program in the container")

    dockerd = second.pid()
    os.kill(dockerd, signal.SIGKILL)
    wait_for_death(dockerd)
    # Without this the rest would prove nothing: the container and its bridge outlive the engine.
    assert is_running(container)
    assert any("containerd-shim" in words for words in processes_naming(second.dir))
    assert cgroups_named(name)

    status, out, err = second.tool("env")
    assert (status, out) == (1, "")
    assert err == "tools/engine: not up (dockerd has died, its registry still runs): run tools/engine up\n"

    assert second.expect("down") == "down: %s\n" % second.dir
    assert leftovers(second.dir) == []
    assert not is_running(container)
    assert cgroups_named(name) == []
    given = cgroups_named("rawdock-test")             # an engine never deletes a parent that it was given
    assert given
    for parent in given:
        os.rmdir(parent)
    assert [link for link in bridges if link_exists(link)] == []
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), 1).close()


def test_up_again_after_a_killed_dockerd_is_a_fresh_engine(engine, second):
    busybox = engine.registry + "/library/busybox"
    second.expect("up", "--no-images")
    second.docker("pull", "-q", busybox)
    second.docker("run", "-d", "--name", "old", busybox, "sleep", "1000")
    container = int(second.docker("inspect", "-f", "{{.State.Pid}}", "old"))
    dockerd = second.pid()
    os.kill(dockerd, signal.SIGKILL)
    wait_for_death(dockerd)

    second.expect("up", "--no-images")
    assert not is_running(container)
    assert second.docker("ps", "-aq") == ""
    assert second.docker("images", "-q") == ""
    assert second.expect("up", "--no-images") == "already up: %s\n" % second.address


def test_env_names_this_engine_and_no_other(engine, second):
    second.expect("up", "--no-images")
    exported = dict(line[len("export "):].split("=", 1) for line in second.expect("env").splitlines())
    assert exported["DOCKER_HOST"] == second.address
    assert exported["RAWDOCK_TEST_REGISTRY"] != engine.registry
    # Stopping this one must leave the other alone.
    second.expect("down")
    assert engine.json("GET", "/version")["Version"]
    assert second.expect("down") == "already down: %s\n" % second.dir


def test_env_and_status_say_so_when_down(second):
    status, out, err = second.tool("env")
    assert (status, out) == (1, "")
    assert err == "tools/engine: not up (no engine runs in %s): run tools/engine up\n" % second.dir
    assert second.tool("status")[:2] == (3, "down: no engine runs in %s\n" % second.dir)


def test_a_failed_up_is_undone(second):
    second.expect("up", "--no-images")
    bridge = second.bridge()
    second.expect("down")
    storage = os.path.join(second.dir, "registry")
    shutil.rmtree(storage, ignore_errors=True)
    with open(storage, "w") as file:
        file.write("not a directory")
    status, out, err = second.tool("up")
    assert (status, out) == (1, "")
    assert err.startswith("tools/engine: the registry answered 500 to POST ")
    assert "Traceback" not in err
    assert leftovers(second.dir) == []
    assert not link_exists(bridge)


def test_a_directory_of_somebody_else_is_refused(tmp_path, engine):
    kept = tmp_path / "kept"
    kept.write_text("precious")
    other = SecondEngine(str(tmp_path), engine.docker_cli)
    for command in (["up"], ["down", "--purge"]):
        status, _, err = other.tool(*command)
        assert status == 1
        # Whichever comes first: the directory is foreign, or its path too long for a socket.
        assert err.startswith("tools/engine: ") and err.count("\n") == 1
    assert kept.read_text() == "precious"
    assert os.listdir(str(tmp_path)) == ["kept"]


def test_a_socket_path_too_long_is_refused(engine):
    directory = "/tmp/" + "x" * 100
    status, _, err = SecondEngine(directory, engine.docker_cli).tool("up")
    assert status == 1
    assert "is 117 bytes, the system's limit is 107: choose a shorter --state" in err
    assert not os.path.exists(directory)
