"""The docker CLI on a real engine, through a tap and without; replays of what it did; sweeps of rawdock."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from contextlib import contextmanager

import pytest

from tests.live.client import Running, clean_environment, need_program, run_to_end

IMAGE = "busybox:latest"
TAP = [sys.executable, "-m", "rawdock"]


@pytest.fixture(scope="module", autouse=True)
def image(engine):
    engine.pull(IMAGE)


@pytest.fixture
def logged(engine):
    """The name of a container that has written ten lines and ended."""
    name = "rdk-tap-logged"
    engine.remove_container(name)
    script = "for i in 1 2 3 4 5; do echo out line $i; echo err line $i >&2; done"
    engine.json("POST", "/containers/create?name=" + name, {"Image": IMAGE, "Cmd": ["sh", "-c", script]})
    engine.json("POST", "/containers/%s/start" % name)
    engine.json("POST", "/containers/%s/wait" % name)
    yield name
    engine.remove_container(name)


@pytest.fixture
def alive(engine):
    """The name of a container that runs."""
    name = "rdk-tap-alive"
    engine.remove_container(name)
    engine.json("POST", "/containers/create?name=" + name,
                {"Image": IMAGE, "Cmd": ["sleep", "300"], "HostConfig": {"Init": False}})
    engine.json("POST", "/containers/%s/start" % name)
    yield name
    engine.remove_container(name)


def straight(engine, *words, **options):
    """docker, without a tap → Ran."""
    return run_to_end([engine.docker_cli, "-H", engine.address] + list(words), **options)


def tapped(engine, folder, *words, **options):
    """(Ran of docker through a tap, the transcript as text)."""
    path = os.path.join(folder, "transcript")
    ran = run_to_end(TAP + ["-H", engine.address, "tap", "--to", path, "--", engine.docker_cli] + list(words),
                     **options)
    with open(path, encoding="utf-8") as file:
        return ran, file.read()


def same(engine, folder, *words, **options):
    """Run it straight and tapped, and compare status, stdout and stderr → tapped Ran and transcript."""
    first = straight(engine, *words, **options)
    ran, transcript = tapped(engine, folder, *words, **options)
    assert ran == (first.status, first.out, first.err), (ran, first)
    return ran, transcript


@contextmanager
def replayed(record, folder):
    """The engine address at which `record` answers."""
    path = os.path.join(folder, "replay.sock")
    with Running(TAP + ["replay", record, "--listen", path]) as process:
        process.wait_for(b"end it with Ctrl-C", "err")
        yield "unix://" + path
        process.interrupt()
        assert process.end().status == 0


def recorded(engine, folder, *words, **options):
    """(Ran, path of the record) of docker through a tap."""
    record = os.path.join(folder, "record")
    ran = run_to_end(TAP
                     + ["-H", engine.address, "tap", "--to", os.devnull, "--record", record, "--",
                        engine.docker_cli] + list(words), **options)
    return ran, record


# ---- through the tap

def test_run_is_the_same_and_its_transcript_tells_the_story(engine, folder):
    ran, transcript = same(engine, folder, "run", "--rm", IMAGE, "sh", "-c", "echo hi; exit 7")
    assert (ran.status, ran.out) == (7, b"hi\n")
    story = ["/_ping", "/containers/create", "/attach?", "101 UPGRADED", "/wait?", "/start HTTP",
             "stdout: hi", '"StatusCode":7']
    missing = [words for words in story if words not in transcript]
    assert not missing, transcript


def test_stdin_a_megabyte_through_a_container_and_back(engine, folder):
    data = os.urandom(1 << 20)
    ran, _ = same(engine, folder, "run", "--rm", "-i", IMAGE, "cat", stdin=data)
    assert ran.out == data


def test_exec_with_stdin_and_both_outputs(engine, folder, alive):
    # Of two streams an engine promises no order: one each way.
    ran, _ = same(engine, folder, "exec", "-i", alive, "sh", "-c", "cat; exit 3", stdin=b"a\nb\n" * 1000)
    assert (ran.status, ran.out) == (3, b"a\nb\n" * 1000)
    ran, _ = same(engine, folder, "exec", alive, "sh", "-c", "echo err >&2")
    assert (ran.out, ran.err) == (b"", b"err\n")


def test_logs_and_export_byte_for_byte(engine, folder, logged):
    ran, _ = same(engine, folder, "logs", "-t", logged)
    assert ran.out.count(b"\n") == ran.err.count(b"\n") == 5
    ran, _ = same(engine, folder, "export", logged)
    assert len(ran.out) > 1 << 20


def test_cp_both_ways(engine, folder, logged):
    source, back = os.path.join(folder, "file"), os.path.join(folder, "back")
    with open(source, "wb") as file:
        file.write(os.urandom(300000))
    ran, transcript = tapped(engine, folder, "cp", source, logged + ":/tmp/file")
    assert ran.status == 0 and "PUT " in transcript and "/archive?" in transcript
    ran, _ = tapped(engine, folder, "cp", logged + ":/tmp/file", back)
    assert ran.status == 0
    with open(source, "rb") as one, open(back, "rb") as other:
        assert one.read() == other.read()
    same(engine, folder, "cp", logged + ":/etc/passwd", "-")


def test_events_pull_and_refusals(engine, folder, logged):
    now = str(int(time.time()))
    same(engine, folder, "events", "--since", "0", "--until", now, "--filter", "container=" + logged)
    ran, transcript = same(engine, folder, "pull", IMAGE)
    assert ran.status == 0 and "Image is up to date" in transcript
    ran, _ = same(engine, folder, "inspect", "rdk-no-such-thing")
    assert ran.status == 1
    ran, _ = tapped(engine, folder, "run", "--rm", IMAGE, "/no/such/program")
    assert ran.status == 127 and b"no such file or directory" in ran.err


def test_the_classic_builder(engine, folder):
    context = os.path.join(folder, "context")
    os.mkdir(context)
    with open(os.path.join(context, "Dockerfile"), "w") as file:
        file.write("FROM %s\nCOPY data /data\nRUN sha1sum /data\n" % IMAGE)
    with open(os.path.join(context, "data"), "wb") as file:
        file.write(b"0123456789" * 50000)
    tag = "rdk-tap-built"
    environment = dict(clean_environment(), DOCKER_BUILDKIT="0")
    argv = TAP + ["-H", engine.address, "tap", "--to", os.path.join(folder, "t"), "--", engine.docker_cli,
                  "build", "-t", tag, context]
    try:
        done = subprocess.run(argv, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60)
        assert done.returncode == 0, done
        assert b"Successfully tagged rdk-tap-built:latest" in done.stdout
        assert engine.json("GET", "/images/%s/json" % tag)["RepoTags"] == [tag + ":latest"]
    finally:
        engine.remove_image(tag)


def test_a_followed_log_comes_as_it_is_written_and_ctrl_c_ends_it(engine, folder):
    name = "rdk-tap-ticking"
    engine.remove_container(name)
    try:
        engine.json("POST", "/containers/create?name=" + name,
                    {"Image": IMAGE, "Cmd": ["sh", "-c", "while :; do echo tick; sleep 0.1; done"]})
        engine.json("POST", "/containers/%s/start" % name)
        argv = TAP + ["-H", engine.address, "tap", "--to", os.path.join(folder, "t"), "--", engine.docker_cli,
                      "logs", "-f", name]
        with Running(argv) as process:
            process.wait_for(b"tick\ntick\ntick\n")
            process.process.send_signal(signal.SIGTERM)
            ended = process.end()
        assert ended.status in (130, 143), ended   # as the command line of the day ends at SIGTERM
    finally:
        engine.remove_container(name)


def read_terminal(terminal, text, seen=b"", timeout=60):
    """Read the pseudo-terminal until `text` (bytes) has come → all that came."""
    end = time.monotonic() + timeout
    while text not in seen:
        left = end - time.monotonic()
        assert left > 0, "%r did not come: %r" % (text, seen)
        if select.select([terminal], [], [], left)[0]:
            try:
                seen += os.read(terminal, 65536)
            except OSError:   # EIO: nobody has the other side open any more
                assert text in seen, seen
    return seen


def test_run_with_a_terminal(engine, folder):
    argv = TAP + ["-H", engine.address, "tap", "--to", os.path.join(folder, "t"), "--", engine.docker_cli,
                  "run", "--rm", "-it", IMAGE, "sh"]
    child, terminal = pty.fork()
    if child == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 101, 0, 0))
        os.execve(argv[0], argv, clean_environment())
    try:
        seen = read_terminal(terminal, b"# ")
        os.write(terminal, b"tty; echo $((6*7))\n")
        seen = read_terminal(terminal, b"42\r\n", seen)
        assert b"/dev/pts/0" in seen
        # The size is set after the start: it may take until now.
        os.write(terminal, b"until [ \"$(stty size)\" = \"33 101\" ]; do sleep 0.05; done; echo si''zed\n")
        read_terminal(terminal, b"sized\r\n")
        os.write(terminal, b"sh -c 'trap \"echo caught; exit\" INT; echo rea\"\"dy; while :; do sleep 0.05; "
                           b"done'\n")
        read_terminal(terminal, b"ready\r\n")
        os.write(terminal, b"\x03")
        seen = read_terminal(terminal, b"caught\r\n")
        os.write(terminal, b"exit 5\n")
        end = time.monotonic() + 60
        while True:
            try:
                if select.select([terminal], [], [], 0.05)[0] and not os.read(terminal, 65536):
                    break
            except OSError:
                break
            assert time.monotonic() < end
        status = os.waitpid(child, 0)[1]
        child = None
        assert os.WEXITSTATUS(status) == 5
        with open(os.path.join(folder, "t"), encoding="utf-8") as file:
            assert "/resize?h=33&w=101 " in file.read()
    finally:
        os.close(terminal)
        if child is not None:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def test_the_exports_of_a_run(engine, folder):
    har, pcap = os.path.join(folder, "x.har"), os.path.join(folder, "x.pcap")
    ran = run_to_end(TAP
                     + ["-H", engine.address, "tap", "--to", os.devnull, "--har", har, "--pcap", pcap, "--",
                        engine.docker_cli, "run", "--rm",
                            IMAGE, "echo", "hi"])
    assert (ran.status, ran.out) == (0, b"hi\n")
    with open(har, encoding="utf-8") as file:
        urls = [entry["request"]["url"] for entry in json.load(file)["log"]["entries"]]
    assert any("/containers/create" in url for url in urls) and any("/attach" in url for url in urls)
    done = subprocess.run([need_program("tshark"), "-r", pcap, "-Y", "http.request", "-T", "fields", "-e",
                           "http.request.uri"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60)
    assert b"/containers/create" in done.stdout and b"/attach" in done.stdout, done


# ---- replayed

@pytest.mark.parametrize("words",
                         [("ps", "-a", "--no-trunc", "--format", "{{.ID}} {{.Image}}"), ("images", "-q"),
                          ("version", "--format", "{{.Server.Version}}"),
                                   ("run", "--rm", IMAGE, "sh", "-c", "echo out; exit 3")])
def test_the_docker_command_line_works_on_a_replay(engine, folder, logged, words):
    first, record = recorded(engine, folder, *words)
    with replayed(record, folder) as address:
        for _ in range(2):
            again = run_to_end([engine.docker_cli, "-H", address] + list(words))
            assert again == (first.status, first.out, first.err)


def test_logs_on_a_replay_with_docker_curl_and_rawdock(engine, folder, logged):
    first, record = recorded(engine, folder, "logs", logged)
    with replayed(record, folder) as address:
        assert run_to_end([engine.docker_cli, "-H", address, "logs", logged]) == (0, first.out, first.err)
        assert run_to_end(TAP + ["-H", address, "logs", logged]) == (0, first.out, first.err)
        recorded_id = engine.json("GET", "/containers/%s/json" % logged)["Id"]
        raw = run_to_end([need_program("curl"), "-sS", "--unix-socket", address[len("unix://"):],
                          "http://d/containers/%s/logs?stdout=1&stderr=1" % recorded_id])
        assert raw.status == 0 and b"".join(re.findall(rb"out line \d\n", raw.out)) == first.out
        missing = run_to_end([engine.docker_cli, "-H", address, "images"])
        assert missing.status == 1 and b"this replay has no answer to GET /images/json" in missing.err


def test_stdin_on_a_replay(engine, folder):
    first, record = recorded(engine, folder, "run", "--rm", "-i", IMAGE, "cat", stdin=b"typed\n")
    assert first.out == b"typed\n"
    with replayed(record, folder) as address:
        assert run_to_end([engine.docker_cli, "-H", address, "run", "--rm", "-i", IMAGE, "cat"],
                          stdin=b"typed\n") == (0, b"typed\n", b"")


# ---- swept

@pytest.mark.parametrize("words",
                         [("logs", "rdk-tap-logged"), ("events", "--since", "0", "--until", "1"),
                          ("ps", "-a")], ids=lambda words: words[0])
def test_no_cut_is_a_success_for_rawdock(engine, logged, words):
    ran = run_to_end(TAP + ["-H", engine.address, "tap", "--sweep", "--points", "25", "--"] + TAP
                     + list(words), timeout=120)
    assert ran.status == 0, ran
    assert re.search(rb"^\d+ cuts, 0 taken for success, 0 of these with other output\n$", ran.out)


def test_the_cuts_of_a_body_that_curl_notices(engine, logged):
    url = "http://d/containers/%s/logs?stdout=1&stderr=1" % logged
    script = 'exec %s -s --unix-socket "${DOCKER_HOST#unix://}" "%s"' % (need_program("curl"), url)
    ran = run_to_end(TAP
                     + ["-H", engine.address, "tap", "--sweep", "--points", "40", "-v", "--", "sh",
                        "-c", script], timeout=120)
    # Inside the chunked body it notices; a head that is cut behind its first line it takes for whole.
    lines = ran.out.decode().splitlines()[:-1]
    assert len(lines) == 40 and all("status 0" not in line for line in lines if "chunk" in line)
    assert ran.status == any("status 0" in line for line in lines)


def test_docker_and_rawdock_compared(engine, logged):
    """What ours sends is what docker sends; of run ours sends more: it waits for the removal too."""
    def compare(*words):
        docker = ["-H", engine.address, "compare", "--docker", engine.docker_cli]
        return run_to_end(TAP + docker + list(words))

    for words in (["ps", "-a"], ["images"], ["logs", logged], ["volume", "ls", "-f", "name=rdk"],
                  ["network", "ls"], ["history", IMAGE], ["diff", logged], ["top", "nosuch"]):
        ran = compare(*words)
        assert ran.status == 0, ran
    ran = compare("run", "--rm", IMAGE, "true")
    lines = ran.out.decode().splitlines()
    assert ran.status == 1 and lines[0].split() == ["docker", "(status", "0)", "rawdock", "(status", "0)"]
    assert any("> POST " in line and "condition=removed" in line for line in lines), lines
