"""The other engines that the live tests have: each is what its fixture says, has the images, and runs what
`run` runs."""
import os
import time

import pytest

from tests.live.client import Running, assert_one_line, client, met_the_interpreter, rawdock, wait_until

RUNS = int(os.environ.get("RAWDOCK_RUNS", "20"))
HOST = ["--network", "host"]


def test_the_other_dockerd_refuses_old_clients(engine26):
    version = engine26.json("GET", "/version")
    assert version["Version"].startswith("26.1.")
    if version["MinAPIVersion"] == "1.44":
        status, answer = engine26.request("GET", "/v1.43/info")
        assert status == 400 and b"Minimum supported API version is 1.44" in answer
    engine26.pull("busybox")
    engine26.pull(engine26.registry + "/library/layers")


def test_podman_speaks_dockers_api(podman):
    version = podman.json("GET", "/version")
    assert version["Version"].startswith("4.3.") and version["Components"][0]["Name"] == "Podman Engine"
    podman.pull("busybox")
    podman.pull(podman.registry + "/library/layers")


def test_podman_s_exit_status_with_rm(podman):
    """Its wait?condition=removed answers 0 whatever the container exited with. RAWDOCK_RUNS says how often
    (20)."""
    podman.pull("busybox")
    for turn in range(RUNS):
        ran = rawdock(podman, "run", "--rm", *HOST + ["busybox", "sh", "-c", "echo x; echo e >&2; exit 7"])
        assert ran == (7, b"x\n", b"e\n"), turn
    assert podman.containers() == {}


@pytest.mark.parametrize("words, status, says", [
    (["busybox", "nosuch"], 127, "nosuch"), (["busybox", "/no/such"], 127, "/no/such"),
    (["busybox", "/etc"], 126, "denied"),
    (["-u", "nosuchuser", "busybox", "true"], 125, "nosuchuser")])
@pytest.mark.parametrize("flags", [["--rm"], [], ["-d"], ["-d", "--rm"]], ids=" ".join)
def test_what_cannot_run_on_podman(podman, words, status, says, flags):
    """It refuses at attach, where dockerd refuses at start."""
    podman.pull("busybox")
    ran = rawdock(podman, "run", *flags + HOST + words)
    left = podman.containers()
    for id in left:
        podman.remove_container(id)
    assert ran.status == status and says in assert_one_line(ran.err)
    assert len(left) == (0 if "--rm" in flags else 1)
    assert len(ran.out) == (65 if "-d" in flags else 0)


def test_podman_s_images_have_the_names_that_people_write(podman):
    """It lists docker.io/library/busybox; the docker CLI shows busybox."""
    podman.pull("busybox")
    listed = rawdock(podman, "images", "--format",
                     "{{.Repository}}:{{.Tag}} {{.Containers}}").out.decode().splitlines()
    assert "busybox:latest 0" in listed


def test_podman_s_other_ways_to_a_status(podman):
    podman.pull("busybox")
    made = ["create", "--rm", "--name", "live-pod"] + HOST + ["busybox", "sh", "-c", "sleep 0.3; exit 7"]
    assert rawdock(podman, *made).status == 0
    assert rawdock(podman, "start", "-a", "live-pod").status == 7
    wait_until(lambda: not podman.containers(), what="the removal")
    assert rawdock(podman, *["run", "-d", "--name", "live-pod"] + HOST
                   + ["busybox", "sh", "-c",
                      "while ! [ -e /go ]; do echo tick; sleep 0.05; done; exit 7"]).status == 0
    try:
        with Running(client(podman, "attach", "live-pod")) as attached:
            attached.wait_for(b"tick\n")
            assert rawdock(podman, "exec", "live-pod", "sh", "-c", "exit 9").status == 9
            rawdock(podman, "exec", "live-pod", "touch", "/go")   # the container may end before this one has
            assert attached.end().status == 7
        assert rawdock(podman, "wait", "live-pod") == (0, b"7\n", b"")
    finally:
        podman.remove_container("live-pod")


@pytest.mark.parametrize("number", [2, 15, 1])
def test_a_signal_at_any_moment_leaves_nothing_on_podman(podman, number):
    podman.pull("busybox")
    words = (["run", "--rm"] + HOST + ["busybox", "sh", "-c",
                                       "trap 'exit 9' INT TERM HUP; for n in 1 2 3 4 5 6 7 8; do sleep "
                                       "0.05; done"])
    for turn in range(6):
        with Running(client(podman, *words)) as run:
            time.sleep(0.06 * turn)
            run.process.send_signal(number)
            ended = run.end()
        if not met_the_interpreter(ended):
            assert ended.out == ended.err == b"", (turn, ended)
            assert ended.status in (128 + number, 9, 0, -number), (turn, ended)
        wait_until(lambda: not podman.containers(), what="the removal")
