"""start, stop, kill, restart, rm, wait, rename, attach, exec on a real engine, beside the docker CLI where it
can be compared."""
import os
import signal
import time

import pytest

from tests.live.client import Running, assert_one_line, client, quiet, rawdock, run_to_end, wait_until

LOOP = "trap 'echo over; exit 3' TERM; trap 'echo INT' INT; echo up; while :; do sleep 0.05; done"
TICKING = LOOP.replace("sleep 0.05", "sleep 0.05; echo tick")


def state(engine, name):
    return engine.json("GET", "/containers/%s/json" % name)["State"]


def ready(engine, name, text=b"up\n"):
    wait_until(lambda: text in rawdock(engine, "logs", name).out, what="the output of the container")


# ---- several arguments

def test_start_stop_restart_kill_rm_of_several(engine, container):
    one, two = (container("sleep", "60", start=False, name="live-one"),
                container("sleep", "60", start=False, name="live-two"))
    assert quiet(engine, "start", "live-one", two[:12]) == "live-one\n" + two[:12]
    assert quiet(engine, "start", "live-one") == "live-one"      # 304: it is so already
    started = state(engine, one)["StartedAt"]
    assert quiet(engine, "restart", "-t", "0", "live-one", "live-two") == "live-one\nlive-two"
    assert state(engine, one)["StartedAt"] > started
    assert quiet(engine, "kill", "live-one") == "live-one"
    assert quiet(engine, "stop", "--timeout=0", "live-one", "live-two") == "live-one\nlive-two"
    assert quiet(engine, "wait", "live-one", "live-two") == "137\n137"
    assert quiet(engine, "rm", "live-one", two) == "live-one\n" + two


@pytest.mark.parametrize("command", [["start"], ["stop"], ["restart"], ["kill"], ["rm"], ["rm", "-f"],
                                     ["wait"]], ids=" ".join)
def test_what_fails_is_reported_and_the_rest_is_done(engine, container, command):
    """One command line to both clients: equal status, output and messages, but for a summary line of the
    docker CLI's."""
    runs = []
    for argv in (client(engine), [engine.docker_cli, "-H", engine.address]):
        container("sleep", "60", name="live-mid", start=command[0] not in ("start", "rm", "wait"))
        words = command + (["-t", "0"] if command[0] in ("stop", "restart") else [])
        ran = run_to_end(argv + words + ["no-such-1", "live-mid", "no-such-2"])
        lines = [line.replace("Error: No such", "Error response from daemon: No such")
                 for line in ran.err.decode().splitlines()
                 if not line.startswith("Error: failed to")]
        runs.append((ran.status, ran.out, lines))
        engine.remove_container("live-mid")
    assert runs[0] == runs[1]
    assert runs[0][0] == (0 if command == ["rm", "-f"] else 1)
    assert b"0\n" == runs[0][1] if command == ["wait"] else b"live-mid\n" == runs[0][1]
    assert len(runs[0][2]) == 2 and "no-such-1" in runs[0][2][0] and "no-such-2" in runs[0][2][1]


@pytest.mark.parametrize("words", [["exec", "no-such", "ls"], ["attach", "no-such"],
                                   ["start", "-a", "no-such"], ["rename", "no-such", "x2"],
                                   ["rm", "no-such"], ["stop", "no-such"], ["start", "-a", "a1", "b1"],
                                   ["exec", "no-such"], ["wait"]], ids=" ".join)
def test_errors_have_the_docker_clis_status(engine, words):
    ours = rawdock(engine, *words)
    theirs = run_to_end([engine.docker_cli, "-H", engine.address] + words)
    assert ours.status == theirs.status == 1 and ours.out == b""
    text = assert_one_line(ours.err)
    if b"No such container" in theirs.err:
        assert text == "Error response from daemon: No such container: no-such\n"


# ---- one command each

def test_rm_refuses_a_running_one_and_takes_its_anonymous_volumes_with_v(engine, container):
    id = container("sleep", "60", Volumes={"/data": {}})
    volume = engine.json("GET", "/containers/%s/json" % id)["Mounts"][0]["Name"]
    ran = rawdock(engine, "rm", id)
    assert ran.status == 1 and "running container" in assert_one_line(ran.err)
    assert quiet(engine, "rm", "-fv", id) == id
    assert engine.request("GET", "/containers/%s/json" % id)[0] == 404
    assert engine.request("GET", "/volumes/" + volume)[0] == 404


def test_rm_without_v_leaves_the_volume(engine, container):
    id = container("true", Volumes={"/data": {}}, start=False)
    volume = engine.json("GET", "/containers/%s/json" % id)["Mounts"][0]["Name"]
    try:
        assert quiet(engine, "rm", id) == id
        assert engine.request("GET", "/volumes/" + volume)[0] == 200
    finally:
        engine.json("DELETE", "/volumes/" + volume)


def test_kill_sends_the_given_signal(engine, container):
    id = container("sh", "-c", LOOP)
    ready(engine, id)
    assert quiet(engine, "kill", "-s", "INT", id) == id
    ready(engine, id, b"INT\n")
    assert quiet(engine, "kill", "--signal=TERM", id) == id
    assert quiet(engine, "wait", id) == "3"
    ran = rawdock(engine, "kill", id)
    assert ran.status == 1 and "is not running" in assert_one_line(ran.err)
    ran = rawdock(engine, "kill", "-s", "NONSENSE", id)
    assert ran.status == 1 and "NONSENSE" in assert_one_line(ran.err)


def test_stop_waits_the_given_time(engine, container):
    id = container("sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.05; done")
    ready(engine, id)
    began = time.monotonic()
    assert quiet(engine, "stop", "-t", "1", id) == id
    assert 0.9 < time.monotonic() - began < 9   # not the 10 s that it has otherwise
    assert state(engine, id)["ExitCode"] == 137


def test_rename(engine, container):
    id = container("true", start=False, name="live-old")
    container("true", start=False, name="live-other")
    assert quiet(engine, "rename", "live-old", "live-new") == ""
    assert engine.json("GET", "/containers/live-new/json")["Id"] == id
    ran = rawdock(engine, "rename", "live-new", "live-other")
    assert ran.status == 1 and "already in use" in assert_one_line(ran.err)
    assert rawdock(engine, "rename", "live-new", "").status == 1


def test_wait_returns_when_the_last_has_ended(engine, container):
    ids = [container("sh", "-c", "sleep 0.%d; exit %d" % (turn, turn)) for turn in (5, 1, 3)]
    assert quiet(engine, "wait", *ids) == "5\n1\n3"


# ---- start and attach

def test_start_attached_shows_the_output_and_exits_with_the_status(engine, container):
    id = container("sh", "-c", "echo x; echo e >&2; exit 6", start=False)
    for _ in range(2):   # a second start of the same container
        assert rawdock(engine, "start", "-a", id) == (6, b"x\n", b"e\n")


def test_start_interactive_sends_stdin(engine, container):
    data = os.urandom(200000)
    id = container("cat", start=False, OpenStdin=True, StdinOnce=True, AttachStdin=True, AttachStdout=True,
                   AttachStderr=True)
    assert rawdock(engine, "start", "-ai", id, stdin=data) == (0, data, b"")


def test_start_attached_of_one_that_is_removed_at_its_end(engine, container):
    id = container("sh", "-c", "echo x; exit 5", start=False, HostConfig={"AutoRemove": True})
    assert rawdock(engine, "start", "-a", id) == (5, b"x\n", b"")
    assert engine.request("GET", "/containers/%s/json" % id)[0] == 404


def test_start_of_what_cannot_start(engine, container):
    id = container("no-such-program", start=False)
    for words in (["start", id], ["start", "-a", id]):
        ran = rawdock(engine, *words)
        assert ran.status == run_to_end([engine.docker_cli, "-H", engine.address] + words).status == 1
        assert "executable file not found" in assert_one_line(ran.err)


def test_attach_follows_a_running_one_to_its_end(engine, container):
    id = container("sh", "-c", "read line; echo got $line; echo e >&2; exit 8", OpenStdin=True,
                   StdinOnce=True, AttachStdin=True)
    assert rawdock(engine, "attach", id, stdin=b"hello\n") == (8, b"got hello\n", b"e\n")
    ran = rawdock(engine, "attach", id)
    assert ran.status == 1 and "stopped container" in assert_one_line(ran.err)


def test_attach_passes_signals_on_and_no_stdin_sends_none(engine, container):
    id = container("sh", "-c", TICKING, OpenStdin=True)
    with Running(client(engine, "attach", "--no-stdin", id), stdin=-1) as attached:
        attached.wait_for(b"tick\n")
        attached.process.send_signal(signal.SIGINT)
        attached.wait_for(b"INT\n")
        attached.process.send_signal(signal.SIGTERM)
        ended = attached.end()
        assert (ended.status, ended.out.replace(b"tick\n", b""), ended.err) == (3, b"INT\nover\n", b"")


def test_attach_without_sig_proxy_stays(engine, container):
    """As docker: INT and TERM go nowhere, and it ends with the container."""
    id = container("sh", "-c", TICKING)
    with Running(client(engine, "attach", "--sig-proxy=false", id)) as attached:
        for number in (signal.SIGINT, signal.SIGTERM):
            attached.wait_for(b"tick\n")
            attached.process.send_signal(number)
        quiet(engine, "kill", "-s", "TERM", id)
        ended = attached.end()
        assert (ended.status, ended.out.replace(b"tick\n", b"").replace(b"up\n", b""),
                ended.err) == (3, b"over\n", b"")


@pytest.mark.parametrize("words", [["stop", "--time", "0"], ["restart", "--time", "0"],
                                   ["stop", "--time=0", "--timeout=1"],
                                   ["restart", "-s", "KILL", "-t", "0"], ["stop", "-s", "KILL"]],
                         ids=" ".join)
def test_the_flags_of_stop_and_restart_as_the_docker_cli_has_them(engine, container, words):
    """What 28.2.2 prints; older ones know neither --timeout nor -s, and do not call --time deprecated."""
    id = container("sh", "-c", LOOP)
    ran = rawdock(engine, *(words + [id]))
    said = (b"Flag --time has been deprecated, use --timeout instead\n"
            if "--time" in " ".join(words).replace("--timeout", "") else b"")
    if len(words) == 3 and "=" in words[1]:
        assert ((ran.status, ran.out) == (1, said)
                and "conflicting options: cannot specify both --timeout and --time"
                in assert_one_line(ran.err))
    else:
        assert ran == (0, said + id.encode() + b"\n", b"")


def test_attach_to_one_that_ends_at_that_moment_never_hangs(engine, container):
    for turn in range(6):
        id = container("sleep", "0.%d" % (turn + 1), HostConfig={"AutoRemove": True})
        ran = rawdock(engine, "attach", id, timeout=60)
        assert ran.status in (0, 1) and b"Traceback" not in ran.err, ran


def test_attach_to_a_paused_one_is_refused(engine, container):
    id = container("sleep", "60")
    engine.json("POST", "/containers/%s/pause" % id)
    try:
        ran = rawdock(engine, "attach", id)
        assert ran.status == 1 and "paused" in assert_one_line(ran.err)
    finally:
        engine.json("POST", "/containers/%s/unpause" % id)


# ---- exec

def test_exec(engine, container):
    id = container("sleep", "60")
    assert rawdock(engine, "exec", id, "sh", "-c", "echo x; echo e >&2; exit 9") == (9, b"x\n", b"e\n")
    data = os.urandom(1 << 20)
    assert rawdock(engine, "exec", "-i", id, "cat", stdin=data) == (0, data, b"")
    assert rawdock(engine, "exec", id, "wc", "-c", stdin=b"not sent") == (0, b"0\n", b"")
    assert rawdock(engine, "exec", "-e", "A=1", "--env=B=2", "-w", "/tmp", "-u", "7:8", id, "sh", "-c",
                   "echo $A$B $(pwd) $(id -u):$(id -g)") == (
        0, b"12 /tmp 7:8\n", b"")
    assert rawdock(engine, "exec", id, "echo", "-e", "--help", "--") == (0, b"--help --\n", b"")


def test_exec_detached(engine, container):
    id = container("sleep", "60")
    assert rawdock(engine, "exec", "-d", id, "sh", "-c", "echo there > /tmp/file") == (0, b"", b"")
    wait_until(lambda: rawdock(engine, "exec", id, "cat", "/tmp/file").out == b"there\n",
               what="the detached command")
    ran = rawdock(engine, "exec", "-d", id, "no-such-program")
    assert (ran.status
            == run_to_end([engine.docker_cli, "-H", engine.address, "exec", "-d", id,
                           "no-such-program"]).status == 1)
    assert "executable file not found" in assert_one_line(ran.err)


@pytest.mark.parametrize("program", ["no-such-program", "/etc", "/etc/passwd"])
def test_exec_of_what_cannot_run(engine, container, program):
    id = container("sleep", "60")
    ours = rawdock(engine, "exec", id, program)
    theirs = run_to_end([engine.docker_cli, "-H", engine.address, "exec", id, program])
    assert ours == (theirs.status, theirs.out, theirs.err) and ours.status in (126, 127)


def test_exec_in_a_stopped_one(engine, container):
    ran = rawdock(engine, "exec", container("true", start=False), "ls")
    assert ran.status == 1 and "is not running" in assert_one_line(ran.err)
    ran = rawdock(engine, "exec", "-t", container("sleep", "60"), "ls")   # it needs no terminal of ours
    assert (ran.status, ran.err) == (0, b"") and ran.out.startswith(b"bin ")
