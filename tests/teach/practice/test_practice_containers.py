"""The practice engine's containers and images by sockets alone: streams, signals, logs, execs, events."""
import json
import socket
import sys
import time

import pytest

from rawdock.teach.practice.connection import PracticeHangUp
from rawdock.teach.practice.engine import PracticeEngine
from tests.teach.practice.practice_wire import (UPGRADE, Wire, ask, attach, create, eventually, frames_of,
                                                inspect, is_rfc3339, logs, output_of, pull, request_bytes,
                                                run, run_exec, shell, start)


@pytest.fixture(scope="module")
def engine():
    with PracticeEngine() as one:
        pull(one)
        pull(one, "redis", "2.8")
        yield one


# -- images

def test_a_pull_is_messages_in_chunks_that_end_anywhere():
    with PracticeEngine() as engine, Wire(engine) as wire:
        assert ask(engine, "GET", "/images/json") == (200, [])
        assert ask(engine, "POST", "/containers/create",
                   {"Image": "redis:2.8"}) == (404, {"message": "No such image: redis:2.8"})
        wire.send(request_bytes("POST", "/images/create?fromImage=docker.io%2Flibrary%2Fredis&tag=2.8"))
        line, fields = wire.head()
        assert (line, fields["content-type"],
                fields["transfer-encoding"]) == ("HTTP/1.1 200 OK", "application/json", "chunked")
        chunks = list(iter(wire.chunk, b""))
        assert any(not one.endswith(b"\r\n") for one in chunks), "no chunk was cut inside a message"
        assert any(one.count(b"\r\n") > 1 for one in chunks), "no chunk held two messages"
        messages = [json.loads(text) for text in b"".join(chunks).decode().split("\r\n") if text]
        assert messages[0] == {"status": "Pulling from library/redis", "id": "2.8"}
        assert messages[-1] == {"status": "Status: Downloaded newer image for redis:2.8"}
        seen = {message["status"] for message in messages}
        assert {"Pulling fs layer", "Waiting", "Downloading", "Verifying Checksum", "Download complete",
                "Extracting", "Pull complete"} <= seen
        assert all(0 < m["progressDetail"]["current"] <= m["progressDetail"]["total"] for m in messages
                   if m["status"] == "Downloading")
        assert pull(engine, "redis", "2.8")[-1] == {"status": "Status: Image is up to date for redis:2.8"}
        assert any(message["status"] == "Already exists" for message in pull(engine))
        assert sorted(one["RepoTags"][0] for one in ask(engine, "GET",
                                                        "/images/json")[1]) == ["busybox:latest", "redis:2.8"]
        image = ask(engine, "GET", "/images/redis:2.8/json")[1]
        assert image["Config"]["Cmd"] == ["redis-server"]
        assert image["Config"]["ExposedPorts"] == {"6379/tcp": {}}
        assert ask(engine, "GET", "/images/%s/json" % image["Id"][7:19])[1]["Id"] == image["Id"]
        assert ask(engine, "POST", "/images/busybox/tag?repo=mine&tag=1")[0] == 201
        assert ask(engine, "DELETE", "/images/mine:1") == (200, [{"Untagged": "mine:1"}])
        user = create(engine, ["true"])
        assert ask(engine, "DELETE", "/images/busybox")[0] == 409
        assert ask(engine, "DELETE", "/containers/" + user)[0] == 204
        identity = ask(engine, "GET", "/images/busybox/json")[1]["Id"]
        assert {"Deleted": identity} in ask(engine, "DELETE", "/images/busybox")[1]
        assert ask(engine, "GET", "/images/busybox/json")[0] == 404


@pytest.mark.parametrize("query, words", [("fromImage=nosuch&tag=1", "pull access denied for nosuch"),
                                          ("fromImage=redis&tag=9", "manifest for redis:9 not found"),
                                          ("fromImage=example.com/redis&tag=2.8", "pull access denied for"
                                                                                  " example.com/redis")])
def test_what_the_practice_registry_does_not_have(engine, query, words):
    status, answer = ask(engine, "POST", "/images/create?" + query)
    assert status == 404 and words in json.loads(answer.decode())["message"]


# -- attach, start, wait: the order of `docker run`

@pytest.mark.parametrize("prefix, content_type", [("/v1.41", "application/vnd.docker.raw-stream"),
                                                  ("/v1.42", "application/vnd.docker.multiplexed-stream")])
def test_run(engine, prefix, content_type):
    identity = create(engine, ["sh", "-c", "echo x; echo e >&2; exit 7"], HostConfig={"AutoRemove": True})
    with Wire(engine) as stream, Wire(engine) as control:
        line, fields = attach(stream, identity, "stream=1&stdout=1&stderr=1", prefix)
        assert (line, fields["content-type"], fields["connection"],
                fields["upgrade"]) == ("HTTP/1.1 101 UPGRADED", content_type, "Upgrade", "tcp")
        control.send(request_bytes("POST", "/containers/%s/wait?condition=removed" % identity))
        assert control.head()[1]["transfer-encoding"] == "chunked"
        start(engine, identity)
        frames = stream.frames()
        assert (output_of(frames, 1), output_of(frames, 2)) == (b"x\n", b"e\n")
        assert json.loads(control.chunk().decode()) == {"StatusCode": 7} and control.chunk() == b""
        assert control.ask("GET", "/containers/%s/json" % identity)[0] == 404


def test_attach_without_upgrade_is_a_bare_200_and_1_0_too(engine):
    for request in (request_bytes("POST", "/containers/%s/attach?stream=1&stdout=1", None),
                    b"POST /containers/%s/attach?stream=1&stdout=1 HTTP/1.0\r\n\r\n"):
        identity = create(engine, ["echo", "hi"])
        with Wire(engine) as wire:
            wire.send(request.replace(b"%s", identity.encode()))
            line, fields = wire.head()
            assert (line, fields["content-type"]) == ("HTTP/1.1 200 OK", "application/vnd.docker.raw-stream")
            assert "upgrade" not in fields
            start(engine, identity)
            assert wire.frames() == [(1, b"hi\n")]


def test_attach_refuses_with_a_line_of_text(engine):
    with Wire(engine) as wire:
        line, fields = attach(wire, "nope")
        assert (line, fields["content-type"]) == ("HTTP/1.1 404 Not Found",
                                                  "application/vnd.docker.raw-stream")
        assert wire.rest() == b"No such container: nope\r\n"


def test_attach_with_logs_replays(engine):
    identity, _ = run(engine, ["sh", "-c", "echo one; echo two >&2"])
    with Wire(engine) as wire:
        attach(wire, identity, "logs=1&stdout=1&stderr=1")
        assert wire.frames() == [(1, b"one\n"), (2, b"two\n")]
    with Wire(engine) as wire:
        attach(wire, identity, "stdout=1")
        assert wire.rest() == b""


def test_stdin_and_its_half_close(engine):
    identity = create(engine, ["cat"], OpenStdin=True, StdinOnce=True)
    data = bytes(range(256)) * 3000
    with Wire(engine) as wire:
        attach(wire, identity)
        start(engine, identity)
        wire.send(b"first\n")
        assert wire.frame() == (1, b"first\n")
        wire.send(data)
        wire.sock.shutdown(socket.SHUT_WR)
        assert output_of(wire.frames(), 1) == data
    assert ask(engine, "POST", "/containers/%s/wait" % identity)[1] == {"StatusCode": 0}


def test_bytes_sent_ahead_of_the_101_are_kept(engine):
    for upgrade in ("Connection: Upgrade\r\nUpgrade: tcp\r\n", ""):
        identity = create(engine, ["cat"], OpenStdin=True, StdinOnce=True)
        with Wire(engine) as wire:
            wire.send(request_bytes("POST", "/containers/%s/attach?stream=1&stdin=1&stdout=1" % identity,
                                    None, upgrade) + b"GET early\r\n\r\nbytes")
            wire.head()
            start(engine, identity)
            wire.sock.shutdown(socket.SHUT_WR)
            assert output_of(wire.frames(), 1) == b"GET early\r\n\r\nbytes"


def test_half_close_without_stdin_once_ends_the_attach_and_not_the_container(engine):
    identity = create(engine, ["cat"], OpenStdin=True)
    start(engine, identity)
    for word in (b"one\n", b"two\n"):
        with Wire(engine) as wire:
            attach(wire, identity)
            wire.send(word)
            assert wire.frame() == (1, word)
            wire.sock.shutdown(socket.SHUT_WR)
            assert wire.rest() == b""
    assert inspect(engine, identity)["State"]["Running"]
    assert ask(engine, "DELETE", "/containers/%s?force=1" % identity)[0] == 204


def test_a_half_close_with_no_stdin_attached_changes_nothing(engine):
    identity = create(engine, ["sh", "-c", "sleep 0.2; echo late"])
    with Wire(engine) as wire:
        attach(wire, identity, "stream=1&stdout=1")
        wire.sock.shutdown(socket.SHUT_WR)
        start(engine, identity)
        assert wire.frames() == [(1, b"late\n")]


def test_a_client_that_does_not_read_does_not_wedge_the_container(engine):
    identity = create(engine, ["seq", "400000"])
    with Wire(engine) as stalled:
        attach(stalled, identity, "stream=1&stdout=1")
        start(engine, identity)
        assert ask(engine, "POST", "/containers/%s/wait" % identity)[1] == {"StatusCode": 0}
        got = stalled.rest()
    assert len(got) < 2700000
    assert output_of(frames_of(logs(engine, identity, "stdout=1&tail=1")), 1) == b"400000\n"


def test_a_terminal_has_no_frames(engine):
    identity = create(engine, ["sh", "-c", "echo out; echo err >&2; read_nothing || cat"], Tty=True,
                      OpenStdin=True, StdinOnce=True)
    with Wire(engine) as wire:
        _, fields = attach(wire, identity, prefix="/v1.45")
        assert fields["content-type"] == "application/vnd.docker.raw-stream"
        start(engine, identity)
        assert wire.until(b"not found\r\n") == b"out\r\nerr\r\nsh: read_nothing: "
        wire.send(b"hex\x7fy\r")
        assert wire.until(b"hey\r\n").startswith(b"hex\x08 \x08y\r\n")
        wire.send(b"\x04")
        assert wire.rest() == b""
    assert logs(engine, identity, "stdout=1").startswith(b"out\r\nerr\r\n")
    assert logs(engine, identity, "stderr=1") == b""


@pytest.mark.parametrize("condition, before, status", [("not-running", "created", 0),
                                                       ("not-running", "exited", 5),
                                                       ("next-exit", "exited", 5)])
def test_wait_conditions(engine, condition, before, status):
    identity = create(engine, ["sh", "-c", "exit 5"])
    if before == "exited":
        start(engine, identity)
        eventually(lambda: not inspect(engine, identity)["State"]["Running"])
    with Wire(engine) as wire:
        wire.send(request_bytes("POST", "/containers/%s/wait?condition=%s" % (identity, condition)))
        wire.head()
        if condition == "next-exit":
            assert ask(engine, "GET", "/_ping")[0] == 200 and not wire.has_more()
            start(engine, identity)
        assert json.loads(wire.chunk().decode()) == {"StatusCode": status}
    assert ask(engine, "POST", "/containers/%s/wait?condition=never" % identity)[0] == 400


def test_a_start_that_fails_is_reported_to_all_who_wait(engine):
    identity = create(engine, ["nope"], HostConfig={"AutoRemove": True})
    with Wire(engine) as stream, Wire(engine) as control:
        attach(stream, identity, "stream=1&stdout=1")
        control.send(request_bytes("POST", "/containers/%s/wait?condition=removed" % identity))
        control.head()
        status, answer = ask(engine, "POST", "/containers/%s/start" % identity)
        assert status == 400 and "executable file not found in $PATH" in answer["message"]
        assert stream.rest() == b"" and json.loads(control.chunk().decode()) == {"StatusCode": 127}


# -- signals

@pytest.mark.parametrize("cmd, action, status", [
    (["sleep", "100"], "kill", 137), (["sleep", "100"], "stop?t=0", 137),
    (["sleep", "100"], "kill?signal=KILL", 137),
    (["redis-server"], "stop?t=5", 0), (["redis-server"], "kill?signal=SIGINT", 0),
    (["cat"], "restart?t=0", None),
])
def test_signals(engine, cmd, action, status):
    identity = create(engine, cmd, "redis:2.8", OpenStdin=True)
    start(engine, identity)
    if cmd == ["redis-server"]:
        eventually(lambda: b"ready to accept" in logs(engine, identity))
    assert ask(engine, "POST", "/containers/%s/%s" % (identity, action))[0] == 204
    if status is None:
        assert inspect(engine, identity)["State"]["Running"]
    else:
        assert ask(engine, "POST", "/containers/%s/wait" % identity)[1] == {"StatusCode": status}
        assert ask(engine, "POST", "/containers/%s/stop" % identity)[0] == 304
        assert ask(engine, "POST", "/containers/%s/kill" % identity)[0] == 409
    assert ask(engine, "DELETE", "/containers/%s?force=1" % identity)[0] == 204


def test_pid_1_ignores_what_it_does_not_catch_unless_it_has_an_init(engine):
    for init, status in ((False, None), (True, 143)):
        identity = create(engine, ["sleep", "100"], HostConfig={"Init": init})
        start(engine, identity)
        assert ask(engine, "POST", "/containers/%s/kill?signal=TERM" % identity)[0] == 204
        if init:
            assert ask(engine, "POST", "/containers/%s/wait" % identity)[1] == {"StatusCode": status}
        else:
            assert inspect(engine, identity)["State"]["Running"]
        assert ask(engine, "POST", "/containers/%s/kill?signal=NOPE" % identity)[0] == 400
        assert ask(engine, "DELETE", "/containers/%s?force=1" % identity)[0] == 204


# -- state

def test_states_names_and_lists(engine):
    identity = create(engine, ["sleep", "100"], name="worker", Labels={"a": "b"})
    assert inspect(engine, "worker")["State"]["Status"] == "created"
    assert ask(engine, "POST", "/containers/create?name=worker", {"Image": "busybox"})[0] == 409
    assert ask(engine, "POST", "/containers/create?name=-", {"Image": "busybox"})[0] == 400
    start(engine, "worker")
    assert ask(engine, "POST", "/containers/worker/start")[0] == 304
    listed = [one for one in ask(engine, "GET", "/containers/json")[1] if one["Id"] == identity][0]
    assert (listed["Names"], listed["Command"], listed["State"]) == (["/worker"], "sleep 100", "running")
    assert listed["Status"].startswith("Up ")
    found = ask(engine, "GET", "/containers/json?filters=%7B%22label%22:%7B%22a=b%22:true%7D%7D")[1]
    assert [one["Id"] for one in found] == [identity]
    assert ask(engine, "GET", "/containers/json?filters=%7B%22name%22:%5B%22nobody%22%5D%7D") == (200, [])
    assert ask(engine, "POST", "/containers/worker/rename?name=helper")[0] == 204
    assert inspect(engine, identity[:12])["Name"] == "/helper"
    assert ask(engine, "GET", "/containers/helper/top")[1]["Processes"][0][-1] == "sleep 100"
    assert ask(engine, "POST", "/containers/helper/resize?h=24&w=80")[0] == 200
    assert ask(engine, "DELETE", "/containers/helper")[0] == 409
    assert ask(engine, "DELETE", "/containers/helper?force=1")[0] == 204
    assert ask(engine, "GET", "/containers/helper/json")[0] == 404


def test_inspect_has_the_keys_of_the_definition(engine):
    identity, _ = run(engine, ["true"], HostConfig={"Binds": ["/some/dir:/data:ro"]}, Env=["A=1"])
    found = inspect(engine, identity)
    assert found["Path"] == "true" and found["Args"] == [] and is_rfc3339(found["State"]["FinishedAt"])
    assert is_rfc3339(found["Created"])
    assert found["Mounts"][0]["Source"] == "/some/dir" and found["Mounts"][0]["RW"] is False
    assert found["Config"]["Env"][0] == "A=1" and found["Config"]["Hostname"] == identity[:12]
    for key in ("Id Created Path Args State Image Name RestartCount Driver Platform ExecIDs HostConfig"
                " GraphDriver Mounts Config NetworkSettings").split():
        assert key in found


# As dockerd 20.10 answers.
def test_host_config_is_filled_in_as_an_engine_does_it(engine):
    host = inspect(engine, create(engine, ["true"], HostConfig={}))["HostConfig"]
    assert host["Runtime"] == "runc"
    target = create(engine, ["true"], name="target")
    identity = create(engine, ["true"], name="linked", MacAddress="02:42:ac:11:65:43", HostConfig={
        "LogConfig": {"Type": ""}, "MemorySwappiness": -1, "Links": ["target:al", target[:12]],
        "PortBindings": {"80/tcp": [{"HostPort": "0"}]}})
    found = inspect(engine, identity)
    host = found["HostConfig"]
    assert host["LogConfig"] == {"Type": "json-file", "Config": {}} and host["MemorySwappiness"] is None
    assert host["Links"] == ["/target:/linked/al", "/target:/linked/" + target[:12]]
    assert found["Config"]["MacAddress"] == "02:42:ac:11:65:43"
    assert found["Config"].get("ExposedPorts") is None
    assert ask(engine, "POST", "/containers/create",
               {"Image": "busybox", "HostConfig": {"Links": ["nosuch:al"]}})[1] == {
        "message": "No such container: nosuch"}
    assert ask(engine, "POST", "/containers/create",
               {"Image": "busybox", "HostConfig": {"LogConfig": {"Type": "nosuch"}}}) == (
        400, {"message": 'error looking up logging plugin nosuch: plugin "nosuch" not found'})
    for name in (target, identity):
        assert ask(engine, "DELETE", "/containers/" + name)[0] == 204


def test_what_is_not_exposed_is_not_published(engine):
    identity = create(engine, ["sleep", "100"], HostConfig={"PortBindings": {"80/tcp": [{"HostPort": "0"}]}})
    start(engine, identity)
    assert inspect(engine, identity)["NetworkSettings"]["Ports"] == {}
    status, answer = ask(engine, "DELETE", "/containers/" + identity)
    assert answer["message"] == ("You cannot remove a running container %s. Stop the container before"
                                 " attempting removal or force remove"
                                 % identity)
    assert ask(engine, "DELETE", "/containers/%s?force=1" % identity)[0] == 204


@pytest.mark.parametrize("platform, status", [("linux/amd64", 201), ("linux", 201), ("amd64", 201),
                                              ("linux/x86_64", 201), ("linux/aarch64", 404),
                                              ("linux/arm/v7", 404), ("windows/amd64", 404)])
def test_an_image_is_of_one_platform(engine, platform, status):
    found, answer = ask(engine, "POST", "/containers/create?platform=" + platform, {"Image": "busybox"})
    assert found == status
    if status == 404:
        assert answer["message"] == ("image with reference busybox was found but does not match the specified"
                                     " platform: wanted %s, actual:"
                                     " linux/amd64" % platform.replace("aarch64", "arm64"))


def test_create_reads_keys_in_any_case(engine):
    identity = ask(engine, "POST", "/containers/create", {"image": "busybox", "cmd": ["sleep", "1"],
                                                          "hostconfig": {"autoremove": True},
                                                          "unknown": 1})[1]["Id"]
    assert inspect(engine, identity)["HostConfig"]["AutoRemove"] is True


def test_entrypoint_replaces_the_images_command(engine):
    identity, status = run(engine, ["-n", "hi"], Entrypoint=["echo"])
    assert status == 0 and frames_of(logs(engine, identity)) == [(1, b"hi")]


# -- logs

def test_logs_tail_timestamps_since_and_streams(engine):
    identity, _ = run(engine, ["sh", "-c", "echo one; echo two >&2; echo three; echo -n four"])
    assert frames_of(logs(engine, identity)) == [(1, b"one\n"), (2, b"two\n"), (1, b"three\n"), (1, b"four")]
    assert frames_of(logs(engine, identity, "stderr=1")) == [(2, b"two\n")]
    assert frames_of(logs(engine, identity, "stdout=1&stderr=1&tail=2")) == [(1, b"three\n"), (1, b"four")]
    assert logs(engine, identity, "stdout=1&tail=0") == b""
    assert len(frames_of(logs(engine, identity, "stdout=1&tail=-1"))) == 3
    stamped = frames_of(logs(engine, identity, "stdout=1&stderr=1&timestamps=1"))
    assert all(len(line.split(b" ")[0]) == 30 and is_rfc3339(line.split(b" ")[0].decode())
               for _, line in stamped)
    assert logs(engine, identity, "stdout=1&since=%d" % (time.time() + 10)) == b""
    assert logs(engine, identity, "stdout=1&until=0") == logs(engine, identity, "stdout=1")
    assert logs(engine, identity, "stdout=1&until=5.000000001") == b""
    assert ask(engine, "GET", "/containers/%s/logs" % identity)[0] == 400
    assert ask(engine, "GET", "/containers/%s/logs?stdout=1&since=yesterday" % identity)[0] == 400
    with Wire(engine) as wire:
        assert "content-type" not in wire.ask("GET", "/v1.41/containers/%s/logs?stdout=1" % identity)[1]
        assert wire.ask("GET", "/v1.42/containers/%s/logs?stdout=1"
                        % identity)[1]["content-type"] == "application/vnd.docker.multiplexed-stream"


def test_logs_follow_to_the_end_and_a_half_close_cancels_them(engine):
    identity = create(engine, ["sh", "-c", "echo one; while ! [ -e /go ]; do sleep 0.001; done; echo two"])
    start(engine, identity)
    with Wire(engine) as wire:
        wire.send(request_bytes("GET", "/containers/%s/logs?stdout=1&follow=1" % identity))
        wire.head()
        assert frames_of(wire.chunk()) == [(1, b"one\n")]
        run_exec(engine, identity, ["touch", "/go"])
        assert frames_of(wire.chunk()) == [(1, b"two\n")] and wire.chunk() == b""
    identity = create(engine, ["sleep", "100"])
    start(engine, identity)
    with Wire(engine) as wire:
        wire.send(request_bytes("GET", "/containers/%s/logs?stdout=1&follow=1" % identity))
        wire.head()
        wire.sock.shutdown(socket.SHUT_WR)
        assert wire.rest() == b""
    assert ask(engine, "DELETE", "/containers/%s?force=1" % identity)[0] == 204


def test_a_long_line_is_several_records(engine):
    identity = create(engine, ["cat"], OpenStdin=True, StdinOnce=True)
    with Wire(engine) as wire:
        attach(wire, identity)
        start(engine, identity)
        wire.send(b"x" * 40000)
        wire.sock.shutdown(socket.SHUT_WR)
        wire.rest()
    assert [len(data) for _, data in frames_of(logs(engine, identity, "stdout=1"))] == [16384, 16384, 7232]


# -- execs

def test_execs(engine):
    identity = create(engine, ["sleep", "100"], Env=["A=1"])
    assert ask(engine, "POST", "/containers/%s/exec" % identity, {"Cmd": ["true"]})[0] == 409
    start(engine, identity)
    data, state = run_exec(engine, identity, ["sh", "-c", "echo $A$B; echo err >&2; exit 3"], Env=["B=2"])
    assert sorted(frames_of(data)) == [(1, b"12\n"), (2, b"err\n")]
    assert (state["ExitCode"], state["Running"]) == (3, False)
    data, state = run_exec(engine, identity, ["cat"], b"typed\n")
    assert frames_of(data) == [(1, b"typed\n")] and state["ExitCode"] == 0
    data, state = run_exec(engine, identity, ["nope"])
    (stream, text), = frames_of(data)
    assert stream == 1 and b"executable file not found" in text and text.endswith(b"\r\n")
    assert state["ExitCode"] == 127
    data, _ = run_exec(engine, identity, ["echo", "x"], None, {"Detach": False, "Tty": True}, Tty=True)
    assert data == b"x\r\n"
    one = ask(engine, "POST", "/containers/%s/exec" % identity, {"Cmd": ["sleep", "100"]})[1]["Id"]
    assert ask(engine, "GET", "/exec/%s/json" % one)[1]["ExitCode"] is None
    assert ask(engine, "POST", "/exec/%s/start" % one, {"Detach": True})[0] == 200
    assert ask(engine, "POST", "/exec/%s/start" % one, {"Detach": True})[0] == 409
    assert ask(engine, "POST", "/containers/%s/exec" % identity, {})[0] == 400
    assert ask(engine, "POST", "/containers/%s/kill" % identity)[0] == 204
    eventually(lambda: ask(engine, "GET", "/exec/%s/json" % one)[1]["ExitCode"] == 137)


def exec_on_its_way(engine, identity, cmd):
    """An exec that a request has started, on a Wire where the head has come, unread: (its id, the Wire)."""
    given = {"Cmd": cmd, "AttachStdin": True, "AttachStdout": True}
    one = ask(engine, "POST", "/containers/%s/exec" % identity, given)[1]["Id"]
    wire = Wire(engine)
    wire.send(request_bytes("POST", "/exec/%s/start" % one, {"Tty": False}, UPGRADE))
    assert wire.sock.recv(1, socket.MSG_PEEK) == b"H"
    return one, wire


def test_the_head_of_an_exec_is_read_before_its_output_follows(engine, monkeypatch):
    """docker-py reads the head through a buffer, and loses what comes with it."""
    identity = create(engine, ["sleep", "100"])
    start(engine, identity)
    module = sys.modules[PracticeHangUp.__module__]   # the room's file, or the single file
    monkeypatch.setattr(module, "HEAD_START_SECONDS", 3600)

    def state(one):
        return ask(engine, "GET", "/exec/%s/json" % one)[1]
    for goes_on in ("it reads", "it sends", "it half-closes", "it leaves"):
        one, wire = exec_on_its_way(engine, identity, ["echo", "x"])
        with wire:
            assert (state(one)["Running"], state(one)["ExitCode"]) == (False, None)
            eventually(lambda: wire.sock.recv(65536, socket.MSG_PEEK).endswith(b"\r\n\r\n"))
            if goes_on == "it sends":
                wire.send(b"typed")
            elif goes_on == "it half-closes":
                wire.sock.shutdown(socket.SHUT_WR)
            if goes_on == "it leaves":
                wire.sock.close()
                eventually(lambda: state(one)["ExitCode"] is not None)
            else:
                assert wire.head()[0] == "HTTP/1.1 101 UPGRADED"
                assert wire.frames() == [(1, b"x\n")]
    monkeypatch.setattr(module, "HEAD_START_SECONDS", 0.01)
    one, wire = exec_on_its_way(engine, identity, ["echo", "x"])
    with wire:
        eventually(lambda: state(one)["ExitCode"] == 0)   # who never reads holds nobody up
    assert ask(engine, "DELETE", "/containers/%s?force=1" % identity)[0] == 204


@pytest.mark.parametrize("made_with, started_with, expected", [
    (False, False, b"\1\0\0\0\0\0\0\4out\n\2\0\0\0\0\0\0\4err\n"), (False, True, b"out\nerr\n"),
    (True, False, b"\1\0\0\0\0\0\0\x0aout\r\nerr\r\n"), (True, True, b"out\r\nerr\r\n")])
def test_create_decides_on_a_terminal_and_start_on_frames(engine, made_with, started_with, expected):
    identity = create(engine, ["sleep", "100"])
    start(engine, identity)
    data, state = run_exec(engine, identity, ["sh", "-c", "echo out; echo err >&2"], None,
                           {"Detach": False, "Tty": started_with}, Tty=made_with)
    if not started_with:   # how output is cut into frames is nobody's promise
        frames = frames_of(data)
        assert (output_of(frames, 1),
                output_of(frames, 2)) == ((b"out\r\nerr\r\n", b"") if made_with else (b"out\n", b"err\n"))
    else:
        assert data == expected
    assert state["ProcessConfig"]["tty"] is made_with
    assert ask(engine, "DELETE", "/containers/%s?force=1" % identity)[0] == 204


# As dockerd 20.10 and busybox answer.
@pytest.mark.parametrize("user, expected", [
    ("", "uid=0(root) gid=0(root) groups=0(root)\n0\n0\nroot\nroot\n/root\n"),
    ("nobody", "uid=65534(nobody) gid=65534(nobody) groups=65534(nobody)\n65534\n65534\nnobody\nnobody\n"
               "/home\n"),
    ("1000", "uid=1000 gid=0(root) groups=0(root)\n1000\n0\n1000\n1000\n/\n"),
    ("1:2", "uid=1 gid=2 groups=2\n1\n2\n1\n1\n/\n"),
    (":5", "uid=0(root) gid=5 groups=5\n0\n5\nroot\nroot\n/root\n"),
    ("0:nobody", "uid=0(root) gid=65534(nobody) groups=65534(nobody)\n0\n65534\nroot\nroot\n/root\n"),
])
def test_programs_run_as_the_user_of_the_container_or_the_exec(engine, user, expected):
    script = "id; id -u; id -g; id -un; whoami; echo $HOME"
    out, err, _ = shell(engine, script, User=user)
    assert (out.decode(), err) == (expected, b"")
    identity = create(engine, ["sleep", "100"])
    start(engine, identity)
    data, state = run_exec(engine, identity, ["sh", "-c", script], User=user)
    assert output_of(frames_of(data), 1).decode() == expected
    assert state["ProcessConfig"].get("user", "") == user
    assert ask(engine, "DELETE", "/containers/%s?force=1" % identity)[0] == 204


def test_an_exec_has_its_containers_user_and_environment_unless_it_has_its_own(engine):
    identity = create(engine, ["sleep", "100"], User="nobody", Env=["HOME=/elsewhere", "A=1"])
    start(engine, identity)
    assert frames_of(run_exec(engine, identity, ["sh", "-c", "whoami; echo $HOME $A"])[0]) == [
        (1, b"nobody\n"), (1, b"/elsewhere 1\n")]
    assert output_of(frames_of(run_exec(engine, identity, ["whoami"], User="root")[0]), 1) == b"root\n"
    listed = output_of(frames_of(run_exec(engine, identity, ["ps"], User="1000")[0]),
                       1).decode().splitlines()[1:]
    assert [line.split()[1] for line in listed] == ["nobody", "1000"]
    assert ask(engine, "GET", "/containers/%s/top" % identity)[1]["Processes"][0][0] == "nobody"
    assert ask(engine, "DELETE", "/containers/%s?force=1" % identity)[0] == 204


@pytest.mark.parametrize("user, message", [
    ("nosuch", "unable to find user nosuch: no matching entries in passwd file"),
    ("-1", "unable to find user -1: no matching entries in passwd file"),
    ("0:nosuch", "unable to find group nosuch: no matching entries in group file")])
def test_a_user_that_is_none(engine, user, message):
    identity = create(engine, ["true"], User=user)
    assert ask(engine, "POST", "/containers/%s/start" % identity) == (500, {"message": message})
    assert (inspect(engine, identity)["State"]["ExitCode"],
            inspect(engine, identity)["State"]["Status"]) == (128, "created")
    running = create(engine, ["sleep", "100"])
    start(engine, running)
    data, state = run_exec(engine, running, ["true"], User=user)
    assert frames_of(data) == [(1, message.encode() + b"\r\n")] and state["ExitCode"] == 126
    assert ask(engine, "DELETE", "/containers/%s?force=1" % running)[0] == 204


# -- events

def test_events_replay_filter_and_live(engine):
    began = "%.6f" % (time.time() - 0.001)
    with Wire(engine) as live:
        live.send(request_bytes("GET", "/events?filters=%7B%22type%22:%5B%22container%22%5D%7D"))
        live.head()
        identity, _ = run(engine, ["sh", "-c", "exit 3"], name="watched")
        assert json.loads(live.chunk().decode())["Action"] == "create"
    filters = "%7B%22container%22:%7B%22watched%22:true%7D%7D"
    query = "since=%s&until=%.6f&filters=%s" % (began, time.time() + 0.001, filters)
    status, data = ask(engine, "GET", "/events?" + query)
    found = [json.loads(line) for line in data.decode().splitlines()]
    assert [event["Action"] for event in found] == ["create", "start", "die"]
    assert found[2]["Actor"] == {"ID": identity,
                                 "Attributes": {"image": "busybox", "name": "watched", "exitCode": "3"}}
    assert found[2]["timeNano"] // 1000000000 == found[2]["time"]
    assert ask(engine, "GET", "/events?since=20&until=10")[0] == 400
    ended = "%.6f" % time.time()   # for events, unlike logs, 0 is a time, as with dockerd
    assert b'"watched"' in ask(engine, "GET", "/events?since=0&until=" + ended)[1]
    assert ask(engine, "GET", "/events?until=0") == (200, b"")
