"""The listing commands beside every docker command line on this machine, byte for byte, on one real engine.

Debian's docker is always one of them. What docker prints changed between 20.10 and 28 in
places (`--format json`, some errors): those forms are compared with a CLI from 23 on only,
and stand as plain texts in tests/cli.
"""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from functools import lru_cache

import pytest

from tests.live.client import free_port, wait_until


class Result:
    def __init__(self, status, out, err):
        self.status = status
        self.out = out
        self.err = err


def run(argv):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DOCKER_")}
    environment.update(HOME="/nonexistent", DOCKER_CONFIG="/nonexistent", TZ="Asia/Kolkata")
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=environment)
    try:
        out, err = process.communicate(timeout=60)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    return Result(process.returncode, out, err)


def rawdock(engine, words):
    return run([sys.executable, "-m", "rawdock", "-H", engine.address] + words)


@lru_cache(maxsize=None)
def docker_clis():
    """Paths of the docker command lines here, without repetition."""
    places = ["/usr/bin/docker", "/usr/local/bin/docker", shutil.which("docker")]
    return sorted({os.path.realpath(path) for path in places if path and os.access(path, os.X_OK)})


@lru_cache(maxsize=None)
def cli_version(path):
    return int(re.search(r"version ([0-9]+)[.]",
                         subprocess.check_output([path, "--version"]).decode()).group(1))


@pytest.fixture(scope="module")
def world(engine):
    """Containers and images to look at → the second it all began."""
    began = int(time.time())
    docker = [engine.docker_cli, "-H", engine.address]
    for ref in ("busybox", "redis:2.8"):
        engine.pull(ref)

    def make(*words):
        return subprocess.check_output(docker + list(words), stderr=subprocess.STDOUT)

    containers = ["wide-listing", "listing-up", "listing-done", "listing-new"]
    for name in containers:
        engine.remove_container(name)
    make("volume", "create", "listing-data")
    make("tag", "busybox", "listing/second:1")
    make("run", "-d", "--name", "wide-listing", "-p", "80", "-p", "81", "busybox", "sh", "-c",
         "sleep 600 # " + "\u6f22\u5b57" * 9)
    make("run", "-d", "--name", "listing-up", "-l", "listing.x=<y>", "-p", "127.0.0.1::80",
         "-p", "127.0.0.1:%d:8080/udp" % free_port(socket.SOCK_DGRAM), "--expose", "70-72",
         "-v", "listing-data:/data", "-v", "/tmp:/a/long/path/inside", "busybox", "sleep", "600")
    make("run", "--name", "listing-done", "busybox", "sh", "-c",
         "for i in 1 2 3 4 5; do echo out $i; echo err $i >&2; done")
    make("create", "-t", "--name", "listing-new", "listing/second:1", "echo", "\u00e9" * 30)
    yield began
    for name in containers:
        engine.remove_container(name)
    engine.remove_image("listing/second:1")
    engine.request("DELETE", "/volumes/listing-data")


MINE = ["-f", "name=^/listing-"]
BOTH = [
    ["ps"] + MINE, ["ps", "-a"] + MINE, ["ps", "-as"] + MINE, ["ps", "-aq"] + MINE,
    ["ps", "-a", "--no-trunc"] + MINE, ["ps", "-l"],
    ["ps", "-n", "2"], ["ps", "-a", "-f", "status=created", "-f", "status=exited"] + MINE,
    ["ps", "-a", "--format",
     "{{.ID}} {{.Names}}: {{upper .Status}} {{.Label \"listing.x\"}} {{.Size}} {{.Mounts}} {{.LocalVolumes}}"]
    + MINE,
    ["ps", "-a", "--format",
     "table {{.Names}}\\t{{.Ports}}\\t{{.Label \"listing.x\"}}\\t{{.CreatedAt}}\\t{{.Networks}}"] + MINE,
    ["ps", "-a", "--format", "{{.Names}}\\t{{if .Ports}}{{.Ports}}{{else}}none{{end}}"] + MINE,
    ["ps", "-a", "--format", "table"] + MINE,
    ["ps", "--format", "{{.Foo}}"], ["ps", "-f", "foo"], ["ps", "-f", "foo=bar"], ["images", "redis"],
    ["images", "--digests", "redis"],
    ["images", "-q", "redis"], ["images", "--no-trunc", "redis:2.8"], ["images", "nope"],
    ["images", "listing/second"],
    ["images", "--format", "{{.Repository}}|{{.Tag}}|{{.Digest}}|{{.ID}}|{{.CreatedAt}}|{{.Size}}", "redis"],
    ["images", "--format", "table {{.ID}}\\t{{.Size}}", "redis"],
    ["inspect", "listing-up"], ["inspect", "listing-done", "listing-new", "bridge", "listing-data",
                                "redis:2.8"], ["inspect", "listing-nope"],
    ["inspect", "listing-nope", "listing-up", "listing-none"], ["inspect", "-s", "listing-done"],
    ["inspect", "--type", "image", "listing-up"],
    ["inspect", "--type", "container", "listing-nope"], ["inspect", "--type", "network", "bridge"],
    ["inspect", "--type", "volume", "listing-data"],
    ["inspect", "-f",
     "{{.Id}} {{.Name}} {{.State.Status}} {{.State.ExitCode}} {{.Config.Cmd}} {{.Config.Labels}}",
     "listing-done"],
    ["inspect", "-f", "{{json .State}}{{json .Config.Cmd}}{{json .Mounts}}", "listing-up"],
    ["inspect", "-f", "{{.Id}}", "listing-up", "nope-1"],
    ["inspect", "-f",
     "{{range $p, $b := .NetworkSettings.Ports}}{{$p}}={{range $b}}{{.HostIp}}:{{.HostPort}},{{end}};{{end}}",
     "listing-up"],
    ["inspect", "-f", '{{(index (index .NetworkSettings.Ports "8080/udp") 0).HostPort}}', "listing-up"],
    ["inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{.Gateway}}{{end}}", "listing-up"],
    ["inspect", "-f",
     "{{if .State.Health}}a{{else}}b{{end}} {{.State.Health}} {{.HostConfig.CapAdd}} "
     "{{.HostConfig.PidsLimit}} {{.Config.Volumes}}", "listing-up"],
    ["inspect", "-f",
     '{{join .Config.Cmd ","}} {{len .Config.Cmd}} {{printf "%q %5d" .Name .State.Pid}} {{index '
     '.Config.Labels "nope"}}|', "listing-done"],
    ["inspect", "-f", "{{.RepoTags}} {{.Size}} {{.Os}}/{{.Architecture}} {{.Config.Entrypoint}}",
     "redis:2.8"], ["inspect", "-f", "{{.Id", "listing-up"],
    ["inspect", "-f", "{{foo .Id}}", "listing-up"],
    ["logs", "listing-done"], ["logs", "-t", "listing-done"], ["logs", "--details", "listing-done"],
    ["logs", "-n", "3", "listing-done"],
    ["logs", "-f", "listing-done"], ["logs", "--tail", "0", "listing-done"],
    ["logs", "--since", "1h", "listing-done"], ["logs", "--until", "1h", "listing-done"],
    ["logs", "--since", "2020-01-01T00:00", "listing-done"], ["logs", "listing-nope"],
    ["logs", "--since", "soon", "listing-done"],
    ["version", "-f", "{{.Server.Version}} {{json .Server}}"],
    ["info", "-f", "{{.ServerVersion}} {{.Driver}} {{.NCPU}} {{json .Plugins.Volume}}"],
    ["pull", "-q", "redis:2.8"], ["pull", "redis:2.8"], ["pull", "library/nope-nope:1"],
    ["pull", "broken/not-a-tar"], ["pull", "Foo"], ["rmi", "nope-1", "nope-2"],
    ["rmi", "listing/second:1@sha256:" + "0" * 64]]
# Of a CLI from 23 on.
RECENT = [
    ["ps", "-f", "name=wide-listing"], ["ps", "-f", "name=wide-listing", "--no-trunc"], ["ps"],
    ["ps", "-a", "--format", "json"] + MINE, ["ps", "-a", "--format", "{{json .}}"] + MINE,
    ["ps", "-aq", "--format", "json"] + MINE,
    ["images", "--format", "json", "redis"], ["inspect", "-f", "json", "listing-up", "redis:2.8"],
    ["rmi", "-f", "nope-1"], ["inspect", ""],
    ["inspect", "-f", "{{.Id}} {{.Nope}}", "listing-up"]]
# Where stderr is docker's to the byte; elsewhere docker adds a usage text, or Go's own words for what is
# wrong with a template.
SAME_ERRORS = ("ps -f foo=bar", "inspect listing-nope", "inspect --type", "logs ", "pull broken",
               "inspect -f {{.Id}} listing-up nope-1")


def same_output(engine, cli, words):
    """(docker's, ours), tried again while they differ: an engine lists a container's mounts in any order.

    The clock goes on between the two ("5 seconds ago"): where they stay different, they are compared without
    it.
    """
    for turn in range(20):
        theirs, ours = run([cli, "-H", engine.address] + words), rawdock(engine, words)
        if turn > 4:
            theirs.out, ours.out = without_clock(theirs.out), without_clock(ours.out)
        if (theirs.status, theirs.out) == (ours.status, ours.out):
            break
    return theirs, ours


def without_clock(out):
    """The output without what the time makes of it: how long ago, and how wide a column is for that."""
    times = rb"(?i)(less than a second|about an? (minute|hour)|[0-9]+ (seconds?|minutes?))( ago)?"
    return re.sub(rb"  +", b"  ", re.sub(times, b"A WHILE", out))


@pytest.mark.parametrize("words", BOTH + RECENT, ids=" ".join)
def test_the_output_is_dockers(engine, world, words):
    compared = 0
    for cli in docker_clis():
        version = cli_version(cli)
        if words in RECENT and version < 23:
            continue
        theirs, ours = same_output(engine, cli, words)
        assert (ours.status, ours.out.decode()) == (theirs.status, theirs.out.decode()), cli
        if " ".join(words).startswith(SAME_ERRORS) and version >= 28 and "soon" not in words:
            assert ours.err.decode() == theirs.err.decode(), cli
        assert bool(ours.err) == bool(theirs.err)
        compared += 1
    assert compared or words in RECENT


def table(text):
    return sorted(text.decode().splitlines())


def test_images_of_one_moment_come_in_any_order(engine, world):
    """The engine lists images of one second as its map gives them."""
    for cli in docker_clis():
        for words in (["images"], ["images", "-a"], ["images", "--digests", "--no-trunc"]):
            theirs, ours = run([cli, "-H", engine.address] + words), rawdock(engine, words)
            assert table(without_clock(ours.out)) == table(without_clock(theirs.out))


def test_events_are_dockers(engine, world):
    words = ["events", "--since", str(world), "--until", "%d" % (time.time() + 0.5), "-f",
             "container=listing-done"]
    for cli in docker_clis():
        theirs, ours = run([cli, "-H", engine.address] + words), rawdock(engine, words)
        assert (ours.status, ours.out) == (theirs.status, theirs.out) == (0, theirs.out)
        assert b"+05:30 container create " in ours.out and ours.out.count(b"\n") >= 4
        form = ["--format",
                "{{.ID}} {{.Status}} {{.Actor.ID}} {{.Actor.Attributes.name}} {{.TimeNano}} {{json .}}"]
        theirs, ours = run([cli, "-H", engine.address] + words + form), rawdock(engine, words + form)
        assert (ours.status, ours.out) == (0, theirs.out)


def test_the_servers_half_of_version_and_info(engine, world):
    for cli in docker_clis():
        theirs, ours = run([cli, "-H", engine.address, "version"]), rawdock(engine, ["version"])
        assert ours.out.startswith(b"Client: rawdock\n Version:           ")
        assert ours.out.partition(b"\n\n")[2] == theirs.out.partition(b"\n\n")[2]
        if cli_version(cli) >= 23:
            theirs, ours = same_output(engine, cli, ["info"])
            # The runtimes come in any order from docker, by name from us.
            halves = [re.sub(b"Runtimes: (.*)", lambda match: b" ".join(sorted(match.group().split())),
                             text.partition(b"Server:\n")[2])
                      for text in (ours.out, theirs.out)]
            assert halves[0] == halves[1] and b"Server Version: " in halves[0]


def start(engine, words):
    return subprocess.Popen([sys.executable, "-m", "rawdock", "-H", engine.address] + words,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.parametrize("words, first", [(["logs", "-f", "listing-tick"], b"tick\n"),
                                          (["events", "-f", "container=listing-tick"], None)])
def test_following_shows_what_comes_and_ends_quietly(engine, world, words, first):
    name = "listing-tick"
    engine.remove_container(name)
    body = {"Image": "busybox", "Cmd": ["sh", "-c", "while true; do echo tick; sleep 0.2; done"]}
    engine.json("POST", "/containers/create?name=" + name, body)
    try:
        if first is not None:
            engine.json("POST", "/containers/%s/start" % name)
        listening = engine.json("GET", "/info")["NEventsListener"]
        process = start(engine, words)
        try:
            if first is None:
                wait_until(lambda: engine.json("GET", "/info")["NEventsListener"] > listening,
                           what="the listener")
                engine.json("POST", "/containers/%s/start" % name)
                assert b" container start " in process.stdout.readline()
            else:
                assert process.stdout.readline() == process.stdout.readline() == first
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
            assert (process.returncode, err) == (130, b"")
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate()
    finally:
        engine.remove_container(name)


def test_a_followed_log_ends_with_its_container(engine, world):
    name = "listing-short"
    engine.remove_container(name)
    engine.json("POST", "/containers/create?name=" + name,
                {"Image": "busybox", "Cmd": ["sh", "-c", "echo a; sleep 0.5; echo b >&2; echo c"]})
    try:
        engine.json("POST", "/containers/%s/start" % name)
        ran = rawdock(engine, ["logs", "-f", name])
        assert (ran.status, ran.out, ran.err) == (0, b"a\nc\n", b"b\n")
    finally:
        engine.remove_container(name)


def stages(text):
    """The lines of a pull in any order, less the stages that a layer may pass too fast to be reported."""
    return [line for line in table(text) if not re.search(": (Waiting|Verifying Checksum|Download complete)$",
                                                          line)]


def test_pull_fetches_and_rmi_removes(engine, world):
    for cli in docker_clis():
        engine.remove_image("layers")
        theirs = run([cli, "-H", engine.address, "pull", "layers"])
        removed = run([cli, "-H", engine.address, "rmi", "layers"])
        ours = rawdock(engine, ["pull", "layers"])
        assert ours.status == 0 and ours.err == b""
        assert stages(ours.out) == stages(theirs.out)
        lines = ours.out.decode().splitlines()
        assert lines[:2] == ["Using default tag: latest", "latest: Pulling from library/layers"]
        assert lines[-2:] == ["Status: Downloaded newer image for layers:latest",
                              "docker.io/library/layers:latest"]
        again = rawdock(engine, ["rmi", "layers"])
        assert (again.status, again.out, again.err) == (0, removed.out, b"")
        assert b"Untagged: layers:latest\n" in again.out and again.out.count(b"Deleted: ") > 3


def test_progress_on_a_terminal_is_dockers(engine, world):
    """The lines that a terminal of 150 columns keeps, whatever order the layers came in."""
    import pty

    def pull_in_terminal(argv):
        engine.remove_image("layers")
        leader, follower = pty.openpty()
        subprocess.check_call(["stty", "cols", "150"], stdin=follower)
        process = subprocess.Popen(argv + ["pull", "layers"], stdin=subprocess.DEVNULL, stdout=follower,
                                   stderr=subprocess.STDOUT)
        os.close(follower)
        parts = []
        try:
            while True:
                try:
                    part = os.read(leader, 65536)
                except OSError:   # a terminal whose other side is closed
                    break
                if not part:
                    break
                parts.append(part)
        finally:
            os.close(leader)
        assert process.wait(60) == 0
        return b"".join(parts).replace(b"\r\n", b"\n").decode()

    def shape(text):
        """Each rewritten line without its place and its counts."""
        seen = {re.sub(r"\x1b\[[0-9]+[AB]|\[[=> ]+\] +[0-9.]+k?M?B/[0-9.]+k?M?B", "", line).strip()
                for line in re.split(r"\x1b\[2K\r|\n", text)}
        return {line
                for line in seen
                if not re.search(": (Waiting|Verifying Checksum|Download complete|Downloading|Extracting)$",
                                 line)}

    theirs = pull_in_terminal([engine.docker_cli, "-H", engine.address])
    ours = pull_in_terminal([sys.executable, "-m", "rawdock", "-H", engine.address])
    engine.remove_image("layers")
    assert shape(ours) == shape(theirs)
    assert len([line for line in shape(ours) if line.endswith(": Pull complete")]) >= 5
    for text in (ours, theirs):
        assert re.search(
            r"\x1b\[[0-9]A\x1b\[2K\r[0-9a-f]{12}: Extracting \[=+> *\] "
            r"+[0-9.]+k?M?B/[0-9.]+k?M?B\r\x1b\[[0-9]B", text)
