"""`rawdock run` on a real engine: the redis story, exit statuses, streams, the options of the first cut."""
import os
import re
import socket
import time

import pytest

from tests.live.client import (
    Running, assert_one_line, client, free_port, met_the_interpreter, quiet, rawdock, run_to_end, wait_until)

RUNS = int(os.environ.get("RAWDOCK_RUNS", "10"))


@pytest.fixture(autouse=True)
def busybox(engine):
    engine.pull("busybox")


def talk(port, request, ends_with, timeout=60):
    """Send `request` to a redis and read until the answer ends so."""
    end = time.monotonic() + timeout
    while True:
        try:
            connection = socket.create_connection(("127.0.0.1", port), 60)
            break
        except ConnectionRefusedError:
            assert time.monotonic() < end
            time.sleep(0.05)
    with connection:
        connection.settimeout(60)
        connection.sendall(request)
        data = b""
        while not data.endswith(ends_with):
            part = connection.recv(4096)
            assert part, data
            data += part
        return data


def redis_story(engine, rawdock_argv, directory):
    """The main job, with any rawdock: pulled, started, log streamed, SET, GET, SAVE, stopped with redis's
    status."""
    engine.remove_container("redis")
    engine.remove_image("redis:2.8")
    os.mkdir(os.path.join(directory, "data"))
    port = free_port()
    command = rawdock_argv + ["-H", engine.address]
    words = ["run", "--name", "redis", "-v", os.path.join(directory, "data") + ":/data", "-p",
             "127.0.0.1:%d:6379" % port, "redis:2.8", "redis-server"]
    try:
        with Running(command + words, cwd=directory) as run:
            run.wait_for(b"Ready to accept connections")
            err = run.err.decode()
            assert err.startswith("Unable to find image 'redis:2.8' locally\n"), err
            layers = re.findall("(?m)^([0-9a-f]{12}): (?:Pull complete|Already exists)$", err)
            assert len(layers) == 2 and layers[1] + ": Pulling fs layer" in err, err
            assert "Digest: sha256:" in err and "Status: Downloaded newer image for redis:2.8" in err
            assert talk(port, b"SET story told\r\n", b"\r\n") == b"+OK\r\n"
            assert talk(port, b"GET story\r\n", b"told\r\n") == b"$4\r\ntold\r\n"
            for said, answer in ((["SET", "key", "a value"], b"OK\n"), (["GET", "key"], b"a value\n"),
                                 (["SAVE"], b"OK\n")):
                assert run_to_end(command + ["exec", "redis", "redis-cli"] + said) == (0, answer, b"")
            dump = os.path.join(directory, "data", "dump.rdb")
            with open(dump, "rb") as file:
                saved = file.read()
            assert saved.startswith(b"REDIS") and b"a value" in saved
            assert run.process.poll() is None
            assert run_to_end(command + ["stop", "redis"]) == (0, b"redis\n", b"")
            ended = run.end()
        assert ended.status == 0 and b"bye bye" in ended.out and ended.err.decode() == err
        assert engine.json("GET", "/containers/redis/json")["State"]["ExitCode"] == 0
        assert run_to_end(command + ["rm", "redis"]) == (0, b"redis\n", b"")
    finally:
        engine.remove_container("redis")


def test_the_redis_story(engine, rawdock_command, tmp_path):
    redis_story(engine, rawdock_command, str(tmp_path))


def test_output_and_status_are_whole_every_time(engine):
    """RAWDOCK_RUNS says how often (10)."""
    for turn in range(RUNS):
        assert rawdock(engine, "run", "--rm", "busybox", "sh", "-c",
                       "echo x; echo e >&2; exit 7") == (7, b"x\n", b"e\n"), turn


def test_a_lot_of_output_at_once(engine):
    ran = rawdock(engine, "run", "--rm", "busybox", "sh", "-c",
                  "yes 0123456789abcde | head -c 3000000; yes e | head -c 300001 >&2")
    assert ran.status == 0
    assert ran.out == (b"0123456789abcde\n" * 187500)[:3000000] and ran.err == (b"e\n" * 150001)[:300001]


@pytest.mark.parametrize("words, status, says", [
    (["--nonsense", "busybox"], 125, "unknown flag: --nonsense"),
    (["-it", "busybox", "sh"], 1, "the input device is not a TTY"),
    (["--pull", "never", "no-such-image"], 125, "No such image: no-such-image:latest"),
    (["--pull", "sometimes", "busybox"], 125, "sometimes"),
    (["no-such-image-in-the-registry"], 125, ""),
    (["UPPER"], 125, "lowercase"),
    (["busybox", "no-such-program"], 127, "executable file not found"),
    (["busybox", "/no/such/program"], 127, "no such file or directory"),
    (["busybox", "/etc"], 126, "permission denied"),
    (["--entrypoint", "/etc/passwd", "busybox"], 126, ""),
    (["-p", "99999999:1", "busybox"], 125, "99999999"),
    (["--name", "a b", "busybox"], 125, "a b"),
    (["--restart", "always", "busybox"], 125, "--restart"),
    (["--network", "no-such-network", "busybox"], 125, "no-such-network"),
    (["--platform", "nonsense/x/y/z", "busybox"], 125, ""),
])
def test_what_cannot_run_says_why_and_leaves_nothing(engine, words, status, says):
    ran = rawdock(engine, "run", "--rm", *words)
    assert ran.status == status and ran.out == b"", ran
    error = ran.err
    if error.startswith(b"Unable to find image"):
        assert (words == ["no-such-image-in-the-registry"]
                or words == ["--platform", "nonsense/x/y/z", "busybox"])
        error = error.partition(b"\n")[2]
    assert says in assert_one_line(error)


@pytest.mark.parametrize("words", [["busybox", "no-such-program"], ["busybox", "/etc"],
                                   ["--pull", "never", "no-such-image"],
                                   ["busybox", "sh", "-c", "sh -c 'kill -9 $$'; exit $?"],
                                   ["busybox", "sh", "-c", "exit 300"], ["--nonsense", "busybox"],
                                   ["--rm", "--restart", "always", "busybox"], ["-e", "=x", "busybox"], []],
                         ids=" ".join)
def test_exit_statuses_are_the_docker_clis(engine, words):
    words = ["run", "--rm"] + words
    assert rawdock(engine, *words).status == run_to_end([engine.docker_cli, "-H", engine.address]
                                                        + words).status != 0


def test_stdin_goes_through_whole_and_comes_back_whole(engine):
    data = os.urandom(1 << 20)
    assert rawdock(engine, "run", "--rm", "-i", "busybox", "cat", stdin=data) == (0, data, b"")


def test_stdin_can_be_ended_empty_or_left_unread(engine):
    assert rawdock(engine, "run", "--rm", "-i", "busybox", "cat", stdin=b"") == (0, b"", b"")
    assert rawdock(engine, "run", "--rm", "-i", "busybox", "sh", "-c", "head -c 3; exit 4",
                   stdin=os.urandom(1 << 20)).status == 4
    # a pipe that stays open
    with Running(client(engine, "run", "--rm", "-i", "busybox", "echo", "done"), stdin=-1) as run:
        assert run.end() == (0, b"done\n", b"")


def test_without_i_the_container_has_no_stdin(engine):
    assert rawdock(engine, "run", "--rm", "busybox", "wc", "-c", stdin=b"hello") == (0, b"0\n", b"")


def test_detached_logs_wait_stop_rm(engine):
    ran = rawdock(engine, "run", "-d", "--name", "live-d", "busybox", "sh", "-c",
                  "trap 'echo over; exit 3' TERM; echo up; while :; do sleep 0.05; done")
    id = ran.out.decode().strip()
    try:
        assert ran.status == 0 and ran.err == b"" and len(id) == 64 and ran.out.endswith(b"\n")
        wait_until(lambda: rawdock(engine, "logs", "live-d").out == b"up\n", what="the log")
        with Running(client(engine, "--wire", "wait", "live-d", id[:12])) as waiting:
            waiting.wait_for(b"/containers/live-d/wait", "err")
            assert waiting.process.poll() is None
            assert quiet(engine, "stop", "live-d") == "live-d"
            ended = waiting.end()
            assert (ended.status, ended.out) == (0, b"3\n3\n")
        assert rawdock(engine, "logs", "live-d") == (0, b"up\nover\n", b"")
        assert quiet(engine, "rm", id) == id
        assert rawdock(engine, "wait", "live-d").status == 1
    finally:
        engine.remove_container("live-d")


def test_options_reach_the_container(engine, tmp_path):
    (tmp_path / "env").write_text("FILE=from file\n# no\n\nWORD=file\n")
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "in").write_text("from outside")
    script = (
        'echo "$A|$B|$FILE|$WORD|$(pwd)|$(id -u):$(id -g)|$(hostname)"; cat /s/in; echo back > /s/out; ls '
        '/sys/class/net')
    ran = run_to_end(client(engine, "run", "--rm", "-e", "A=1 2", "-eB==", "--env-file",
                            str(tmp_path / "env"), "--env=WORD=flag", "-w", "/tmp",
                            "-h", "box", "--network", "none", "-v", "./shared:/s", "--label", "a=b", "-l",
                            "c", "busybox", "sh", "-c", script),
                     cwd=str(tmp_path))
    assert ran == (0, b"1 2|=|from file|flag|/tmp|0:0|box\nfrom outsidelo\n", b"")
    assert (tmp_path / "shared" / "out").read_text() == "back\n"
    assert rawdock(engine, "run", "--rm", "-u", "12:34", "busybox",
                   "id") == (0, b"uid=12 gid=34 groups=34\n", b"")
    assert rawdock(engine, "run", "--rm", "--entrypoint", "echo", "busybox", "-n", "x") == (0, b"x", b"")
    assert rawdock(engine, "run", "--rm", "--platform", "linux/amd64", "busybox", "echo",
                   "x") == (0, b"x\n", b"")


def test_create_takes_what_run_takes_and_starts_nothing(engine):
    id = quiet(engine, "create", "--name", "live-created", "--label", "a=b", "-l", "c", "--restart",
               "on-failure:3", "-e", "X=1", "-w", "/tmp",
               "-u", "5", "--entrypoint", "sh", "-i", "-p", "127.0.0.1:0:80", "busybox", "-c", "exit 5")
    try:
        found = engine.json("GET", "/containers/live-created/json")
        assert found["Id"] == id and found["State"]["Status"] == "created"
        config, host = found["Config"], found["HostConfig"]
        assert config["Labels"]["a"] == "b" and config["Labels"]["c"] == "" and "X=1" in config["Env"]
        assert (config["WorkingDir"], config["User"], config["Entrypoint"],
                config["Cmd"]) == ("/tmp", "5", ["sh"], ["-c", "exit 5"])
        assert config["OpenStdin"] and config["StdinOnce"] and not config["Tty"]
        assert host["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 3}
        assert host["PortBindings"] == {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "0"}]}
        ran = rawdock(engine, "create", "--name", "live-created", "busybox")
        assert ran.status == 1 and "already in use" in assert_one_line(ran.err)
        assert rawdock(engine, "create", "-p", "x", "busybox").status == 125
        assert rawdock(engine, "create", "--pull", "never", "no-such-image").status == 1
    finally:
        engine.remove_container("live-created")


def test_pull_always_asks_the_registry(engine):
    ran = rawdock(engine, "run", "--rm", "--pull", "always", "busybox", "echo", "x")
    assert ran.status == 0 and ran.out == b"x\n"
    assert b"Status: Image is up to date for busybox:latest" in ran.err
    quietly = rawdock(engine, "run", "--rm", "--pull", "always", "-q", "busybox", "echo", "x")
    assert quietly == (0, b"x\n", b"")


def test_a_missing_image_is_pulled_and_a_digest_too(engine):
    digest = engine.json("GET", "/images/busybox/json")["RepoDigests"][0].partition("@")[2]
    assert rawdock(engine, "run", "--rm", "busybox@" + digest, "echo", "x") == (0, b"x\n", b"")
    engine.remove_image("busybox")
    try:
        ran = rawdock(engine, "run", "--rm", "busybox", "echo", "x")
        assert ran.status == 0 and ran.out == b"x\n"
        assert ran.err.startswith(b"Unable to find image 'busybox:latest' locally\n"), ran
    finally:
        engine.pull("busybox")


def test_signals_go_to_the_container(engine):
    script = "trap 'echo INT; exit 9' INT; trap 'echo USR1' USR1; echo ready; while :; do sleep 0.05; done"
    with Running(client(engine, "run", "--rm", "busybox", "sh", "-c", script)) as run:
        run.wait_for(b"ready")
        run.process.send_signal(10)   # USR1
        run.wait_for(b"USR1")
        run.interrupt()
        assert run.end() == (9, b"ready\nUSR1\nINT\n", b"")


def test_without_sig_proxy_the_client_stays_until_the_container_ends(engine):
    """As the docker CLI; the third interrupt ends the client alone."""
    words = ["run", "--name", "live-signal", "--sig-proxy=false", "busybox", "sh", "-c",
             "trap 'exit 5' TERM; while :; do echo tick; sleep 0.05; done"]
    try:
        with Running(client(engine, *words)) as run:
            for _ in range(2):
                run.wait_for(b"tick")
                run.interrupt()
            assert engine.json("GET", "/containers/live-signal/json")["State"]["Running"]
            quiet(engine, "kill", "-s", "TERM", "live-signal")
            ended = run.end()
            assert (ended.status, ended.err) == (5, b"")
    finally:
        engine.remove_container("live-signal")


# ---- the same container as the docker CLI's

ANY_OPTIONS = [
    [], ["--dns", "8.8.8.8", "--dns", "::1", "--dns-option", "ndots:1", "--dns-search", "x.org", "--add-host",
         "a:1.2.3.4"],
    ["--cap-add", "CAP_CHOWN", "--cap-drop", "CAP_MKNOD", "--group-add", "5", "--init", "--ipc", "host",
     "--pid", "host", "--uts", "host"],
    ["-m", "64m", "--memory-reservation", "32m", "--memory-swap", "128m", "-c", "512", "--cpus", "1.5",
     "--cpuset-cpus", "0", "--pids-limit", "100",
     "--oom-kill-disable", "--oom-score-adj", "500", "--shm-size", "64m", "--cgroup-parent", "/x"],
    ["-p", "127.0.0.1:8080:80", "-p", "81-82", "--expose", "90-91/udp", "-P", "-h", "h", "--domainname", "d",
     "--restart", "on-failure:3"],
    ["-e", "A=1", "-e", "RD_UNSET", "-l", "k=v", "-l", "e", "-w", "/x", "-u", "1000:1", "--entrypoint", "sh",
     "--stop-signal", "INT", "--stop-timeout", "0", "-i"],
    ["-v", "/tmp:/b:ro", "--tmpfs", "/p", "--read-only", "--privileged", "--rm", "--security-opt",
     "systempaths=unconfined", "--volume-driver", "local"],
    ["--log-driver", "json-file", "--log-opt", "max-size=1m", "--network", "host", "--runtime", "runc",
     "--sysctl", "kernel.msgmax=1", "--userns", "host",
     "--restart", "always", "--security-opt", "no-new-privileges"],
]
# null from 20.10's
EMPTY_SINCE_28 = ("BlkioDeviceReadBps", "BlkioDeviceReadIOps", "BlkioDeviceWriteBps", "BlkioDeviceWriteIOps",
                  "Ulimits")
ITS_OWN = ("Id", "Created", "Name", "State", "ResolvConfPath", "HostnamePath", "HostsPath", "LogPath",
           "GraphDriver")


@pytest.mark.parametrize("options", ANY_OPTIONS, ids=lambda options: (options or ["none"])[0])
def test_create_makes_what_the_docker_cli_makes(engine, options):
    """inspect shows equal values, nulls and empty lists too; but for the order of Env, which the docker CLI
    takes from a map."""
    made = []
    for argv in (client(engine), [engine.docker_cli, "-H", engine.address]):
        ran = run_to_end(argv + ["create", "--name", "live-same"] + options + ["busybox", "true"])
        assert ran.status == 0, ran
        try:
            found = engine.json("GET", "/containers/live-same/json")
            assert found["Id"] == ran.out.decode().strip()
        finally:
            engine.remove_container("live-same")
        for name in ITS_OWN:
            del found[name]
        found["Config"]["Env"].sort()
        if "-h" not in options:
            del found["Config"]["Hostname"]
        made.append(found)
    for name in EMPTY_SINCE_28:
        assert made[0]["HostConfig"][name] == []
        made[1]["HostConfig"][name] = made[1]["HostConfig"][name] or []
    assert made[0] == made[1]


# ---- nothing is left behind

@pytest.mark.parametrize("words, status", [(["busybox", "no-such-program"], 127), (["busybox", "/etc"], 126),
                                           (["-u", "nosuchuser", "busybox", "true"], 125),
                                           (["-v", "/tmp/x:y", "busybox", "true"], 125),
                                           (["-d", "busybox", "no-such-program"], 127)])
@pytest.mark.parametrize("rm", [True, False])
def test_rm_removes_what_did_not_run_and_without_it_it_stays(engine, words, status, rm):
    before = engine.containers()
    ran = rawdock(engine, "run", *(["--rm"] if rm else []) + words)
    theirs = run_to_end([engine.docker_cli, "-H", engine.address, "run"] + (["--rm"] if rm else []) + words)
    left = {id for id in engine.containers() if id not in before}
    for id in left:
        engine.remove_container(id)
    assert ran.status == theirs.status == status and "Error response" in assert_one_line(ran.err)
    if "-d" in words:   # the id is printed all the same
        assert (len(ran.out) == len(theirs.out) == 65
                and (rm or {ran.out.decode().strip(), theirs.out.decode().strip()} == left))
    if rm:
        assert not left, left
    else:
        assert len(left) == (0 if "-v" in words else 2)


@pytest.mark.parametrize("number", [2, 15, 1])
def test_a_signal_at_any_moment_leaves_no_container_of_rm(engine, number):
    """Before the container runs a signal ends the command; then it is the container's, whose shell has a
    trap, but not at once (0)."""
    before = engine.containers()
    script = "trap 'exit 9' INT TERM HUP; for n in 1 2 3 4 5 6 7 8; do sleep 0.05; done"
    # spread from the interpreter's first instruction over create, attach and start to the container's life
    for turn in range(8):
        with Running(client(engine, "run", "--rm", "busybox", "sh", "-c", script)) as run:
            time.sleep(0.04 * turn)
            run.process.send_signal(number)
            ended = run.end()
        if not met_the_interpreter(ended):
            assert ended.out == ended.err == b"", (turn, ended)
            assert ended.status in (128 + number, 9, 0, -number), (turn, ended)
        wait_until(lambda: set(engine.containers()) <= set(before), what="the removal")
