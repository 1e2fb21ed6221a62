"""run, create, exec, attach and their kin against a scripted socket and the practice engine: requests,
statuses, messages."""
import json
import os
import re
import signal
import subprocess
import threading
import time
from contextlib import contextmanager

import pytest

from rawdock.cli.flags import parse_command_line, parse_flag_table
from rawdock.cli.lifecycle import LIFECYCLE_COMMANDS
from rawdock.engine.options import container_request

from tests.cli.scripted_socket import (PING, answer, assert_one_line, chunk, chunked_head, clean_environment,
                                       frame, read_request, request_lines, run_to_end, scripted_socket)

ID = "ab" * 32
ATTACH = "POST /containers/%s/attach?stream=1&stdin=0&stdout=1&stderr=1" % ID
SWITCHED = (
    b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: "
    b"Upgrade\r\nUpgrade: tcp\r\n\r\n")
NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"


def missing(name):
    return answer(404, b'{"message":"No such container: %s"}' % name.encode(), b"Not Found")


ALWAYS_SENT = container_request("x")[1]["HostConfig"]   # tests/engine/test_options.py says what that is


def body_of_run(line):
    """(query, body) of the create request of `rawdock run LINE`, less what is in every body."""
    command = LIFECYCLE_COMMANDS["run"]
    options, arguments = parse_command_line(line.split(" "), parse_flag_table(command.flags), command.program)
    query, body, _ = container_request(arguments[0], arguments[1:], options)
    host = body.pop("HostConfig")
    given = {name: value for name, value in host.items() if ALWAYS_SENT.get(name) != value}
    return query, dict(body, HostConfig=given) if given else body


@pytest.mark.parametrize("line, query, body", [
    ("busybox", {}, {}),
    ("busybox echo -n --name x", {}, {"Cmd": ["echo", "-n", "--name", "x"]}),
    ("--name=n --platform linux/arm64 busybox", {"name": "n", "platform": "linux/arm64"}, {}),
    ("-eA=1 -e B=2 --env=C busybox", {}, {"Env": ["A=1", "B=2", "C"]}),
    ("-w /tmp -u 1:2 --entrypoint sh busybox -c x", {},
     {"WorkingDir": "/tmp", "User": "1:2", "Entrypoint": ["sh"], "Cmd": ["-c", "x"]}),
    ("-l a=b --label c busybox", {}, {"Labels": {"a": "b", "c": ""}}),
    ("-p 8080:80 busybox", {},
     {"ExposedPorts": {"80/tcp": {}},
      "HostConfig": {"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}}}),
    ("-v /a:/b:ro -v v:/c -v /d busybox", {},
     {"Volumes": {"/d": {}}, "HostConfig": {"Binds": ["/a:/b:ro", "v:/c"]}}),
    ("--rm --network none busybox", {}, {"HostConfig": {"AutoRemove": True, "NetworkMode": "none"}}),
    ("--restart on-failure:2 busybox", {},
     {"HostConfig": {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 2}}}),
    ("--rm=false -di --sig-proxy=false --pull always busybox", {}, {}),
])
def test_flags_become_the_body_of_create(line, query, body, monkeypatch):
    monkeypatch.delenv("C", raising=False)
    assert body_of_run(line) == (query, dict(body, Image="busybox"))


@pytest.fixture
def ask(rawdock_command):
    """ask(serve, words…) → (Ran, FakeEngine)"""
    def ask_engine(serve, *words, **options):
        with scripted_socket(dict(PING, **serve) if isinstance(serve, dict) else serve) as engine:
            return run_to_end(rawdock_command + ["-H", engine.address] + list(words), **options), engine
    return ask_engine


def waited(status):
    return chunked_head() + chunk(b'{"Error":null,"StatusCode":%d}\n' % status) + b"0\r\n\r\n"


def created(**more):
    run = {
        "POST /containers/create": answer(201, b'{"Id":"%s","Warnings":[]}' % ID.encode(), b"Created"),
        ATTACH: SWITCHED + frame(1, b"out\n") + frame(2, b"err\n"),
        "POST /containers/%s/wait?condition=next-exit" % ID: waited(7),
        "POST /containers/%s/start" % ID: NO_CONTENT,
    }
    run.update(more)
    return run


def test_run_in_its_steps(ask):
    ran, engine = ask(created(), "run", "busybox", "true")
    assert (ran.status, ran.out, ran.err) == (7, b"out\n", b"err\n")
    assert request_lines(engine) == ["GET /_ping", "POST /containers/create", ATTACH,
                              "POST /containers/%s/wait?condition=next-exit" % ID,
                              "POST /containers/%s/start" % ID]
    assert json.loads(engine.requests[1][2].decode()) == {
        "Image": "busybox", "Cmd": ["true"], "Tty": False, "OpenStdin": False, "StdinOnce": False,
        "AttachStdin": False, "AttachStdout": True, "AttachStderr": True, "HostConfig": ALWAYS_SENT}


def test_warnings_of_create_are_shown(ask):
    ran, _ = ask(
        created(**{"POST /containers/create": answer(201, b'{"Id":"%s","Warnings":["no swap"]}'
                                                     % ID.encode())}), "run", "busybox")
    assert (ran.status, ran.err) == (7, b"WARNING: no swap\nerr\n")


NO_IMAGE = answer(404, b'{"message":"No such image: busybox:latest"}', b"Not Found")
PULL = "POST /images/create?fromImage=busybox&tag=latest"


def test_a_missing_image_is_pulled_once(ask):
    serve = created()
    serve["POST /containers/create"] = [NO_IMAGE, serve["POST /containers/create"]]
    serve[PULL] = (chunked_head()
                   + chunk(b'{"status":"Pulling fs layer","id":"abc"}\r\n{"status":"Status: done"}\r\n')
                   + b"0\r\n\r\n")
    ran, engine = ask(serve, "run", "busybox")
    assert (ran.status == 7 and ran.err
            == b"Unable to find image 'busybox:latest' locally\nabc: Pulling fs layer\nStatus: done\nerr\n")
    assert request_lines(engine)[1:4] == ["POST /containers/create", PULL, "POST /containers/create"]


@pytest.mark.parametrize("pull, says", [
    (chunked_head() + chunk(b'{"errorDetail":{"message":"manifest unknown"},"error":"manifest unknown"}\r\n')
     + b"0\r\n\r\n", "manifest unknown"),
    (answer(500, b'{"message":"registry is down"}', b"Internal"), "registry is down"),
    (chunked_head() + chunk(b'{"status":"x"}\r\n'), "cut"),
], ids=["in-band", "refused", "cut"])
def test_a_pull_that_fails_ends_run_with_125(ask, pull, says):
    ran, engine = ask(created(**{"POST /containers/create": NO_IMAGE, PULL: pull}), "run", "busybox")
    lines = ran.err.decode().split("\n\nRun ")[0].splitlines()
    assert (ran.status == 125 and ran.out == b"" and lines[0].startswith("Unable to find")
            and says in lines[-1] and len(lines) <= 3)
    assert request_lines(engine).count("POST /containers/create") == 1


def test_another_404_of_create_is_no_reason_to_pull(ask):
    ran, engine = ask(
        created(**{"POST /containers/create": answer(404, b'{"message":"network x not found"}')}), "run",
        "--network", "x", "busybox")
    assert (ran.status == 125 and "network x not found" in assert_one_line(ran.err)
            and PULL not in request_lines(engine))


@pytest.mark.parametrize("message, status", [
    (b'exec: \\"x\\": executable file not found in $PATH', 127), (b"stat x: no such file or directory", 127),
    (b"permission denied", 126), (b"is a directory", 126), (b"out of memory", 125),
    (b"Executable File Not Found", 125)])
def test_what_cannot_start(ask, message, status):
    refused = answer(400, b'{"message":"%s"}' % message, b"Bad Request")
    ran, _ = ask(created(**{"POST /containers/%s/start" % ID: refused, ATTACH: SWITCHED}), "run", "busybox",
                 "x")
    assert ran.status == status
    assert "Error response from daemon" in assert_one_line(ran.err)


@pytest.mark.parametrize("message, status", [(b"stat x: no such file or directory", 127),
                                             (b"permission denied", 126), (b"no such volume", 125)])
def test_what_cannot_be_created(ask, message, status):
    ran, _ = ask(created(**{"POST /containers/create": answer(400, b'{"message":"%s"}' % message)}), "run",
                 "busybox")
    assert ran.status == status and message.decode() in assert_one_line(ran.err)


STATUSES = [("256", 255), ("512", 255), ("-256", 255), ("2147483648", 255), ("3221225786", 58), ("-1", 255),
            ("true", None), ('"7"', None), ("null", None)]


@pytest.mark.parametrize("given, status", STATUSES)
def test_no_status_but_0_is_0(ask, given, status):
    """Those of Windows containers have 32 bits; what is no whole number is no status, and no success."""
    body = chunked_head() + chunk(b'{"StatusCode":%s}' % given.encode()) + b"0\r\n\r\n"
    found = answer(200,
                   json.dumps({"Id": ID, "State": {"Running": True},
                               "Config": {"Tty": False, "OpenStdin": False}, "HostConfig": {}}).encode())
    wait = "POST /containers/%s/wait" % ID
    serve = created(**{"GET /containers/c/json": found, "GET /containers/%s/json" % ID: found, wait: body,
                       wait + "?condition=next-exit": body,
                       "POST /containers/c/wait": body,
                       "POST /containers/c/exec": answer(201, b'{"Id":"e1"}'),
                       "POST /exec/e1/start": SWITCHED,
                       "GET /exec/e1/json": answer(200, b'{"Running":false,"ExitCode":%s}' % given.encode())})
    for words in (["run", "busybox"], ["attach", "c"], ["start", "-a", "c"], ["exec", "c", "x"]):
        if given == "null" and words[0] == "exec":
            continue   # for inspect null is: not ended yet
        ran, _ = ask(serve, *words)
        assert ran.status == (status or (125 if words[0] == "run" else 1)), words
        if status is None:
            assert_one_line(ran.err.replace(b"err\n", b""))
    ran, _ = ask(serve, "wait", "c")
    assert (ran.status, ran.out.decode()) == ((1, "") if status is None else (0, given + "\n"))


@pytest.mark.parametrize("step",
                         ["POST /containers/create", ATTACH, "POST /containers/%s/wait?condition=next-exit"
                          % ID, "POST /containers/%s/start" % ID])
def test_an_engine_that_closes_at_any_step(ask, step):
    ran, _ = ask(created(**{step: b""}), "run", "busybox")
    assert ran.status not in (0, 7)
    assert_one_line(ran.err.replace(b"err\n", b""))


@pytest.mark.parametrize("changed", [
    # inside a frame
    {ATTACH: SWITCHED + frame(1, b"out\n") + b"\x02\0\0\0\0\0\0\x09err"},
    # inside a header
    {ATTACH: SWITCHED + frame(1, b"out\n") + b"\x02\0\0"},
    # no such stream
    {ATTACH: SWITCHED + frame(1, b"out\n") + b"\x07\0\0\0\0\0\0\x01x"},
    # the engine's own error
    {ATTACH: SWITCHED + frame(1, b"out\n") + frame(3, b"log driver failed")},
    {"POST /containers/%s/wait?condition=next-exit" % ID: chunked_head() + chunk(b'{"StatusCode":0}')[:-4]},
    {"POST /containers/%s/wait?condition=next-exit" % ID: chunked_head()},
    {"POST /containers/%s/wait?condition=next-exit" % ID: chunked_head() + chunk(b"gone") + b"0\r\n\r\n"},
    {"POST /containers/%s/wait?condition=next-exit" % ID: chunked_head()
     + chunk(b'{"Error":{"Message":"lost it"},"StatusCode":0}') + b"0\r\n\r\n"},
])
def test_a_run_that_is_cut_is_no_success_and_shows_what_came(ask, changed):
    ran, _ = ask(created(**changed), "run", "busybox")
    assert ran.status == 125 and ran.out == b"out\n"
    assert_one_line(ran.err.replace(b"err\n", b"").replace(b"err", b""))


def test_detached_prints_the_id_and_attaches_nothing(ask):
    ran, engine = ask(created(), "run", "-d", "busybox")
    assert ((ran.status, ran.out.decode(), ran.err) == (0, ID + "\n", b"")
            and ATTACH not in request_lines(engine))


def test_detached_prints_the_id_of_what_could_not_start(ask):
    """As docker: it is there, and somebody has to remove it."""
    ran, engine = ask(
        created(**{"POST /containers/%s/start"
                   % ID: answer(400, b'{"message":"executable file not found"}')}), "run", "-d", "busybox")
    assert (ran.status, ran.out.decode()) == (127, ID + "\n") and "not found" in assert_one_line(ran.err)
    ran, engine = ask(created(**{"POST /containers/create": answer(400, b'{"message":"no"}')}), "run", "-d",
                      "busybox")
    assert (ran.status, ran.out) == (125, b"")


@pytest.mark.parametrize("words, version, says", [
    (["run", "--annotation", "a=b", "busybox"], "1.41", ["annotation 1.43"]),
    (["create", "--annotation", "a=b", "busybox"], "1.42", ["annotation 1.43"]),
    (["run", "--init", "--cpus", "1", "busybox"], "1.24", ["cpus 1.25", "init 1.25"]),
    (["create", "--rm", "busybox"], "1.24", ["rm 1.25"]),
    (["exec", "-e", "A=1", "-w", "/x", "c", "ls"], "1.24", ["env 1.25", "workdir 1.35"]),
    (["exec", "-w", "/x", "c", "ls"], "1.34", ["workdir 1.35"]),
])
def test_options_that_the_engine_would_drop_are_refused_in_dockers_words(ask, words, version, says):
    ping = {"GET /_ping": PING["GET /_ping"].replace(b"1.41", version.encode())}
    ran, engine = ask(ping, *words)
    assert ran.status == 1 and request_lines(engine) == ["GET /_ping"]
    assert ran.err.decode().splitlines() == [
        '"--%s" requires API version %s, but the Docker daemon API version is %s'
        % (*line.split(" "), version) for line in says]


@pytest.mark.parametrize("name", ["stop", "restart"])
def test_the_flags_of_stop_and_restart(ask, name):
    """As the docker CLI 28.2.2: --time is deprecated and says so on stdout; a signal is sent from API 1.42
    on."""
    old = "POST /containers/c/%s?t=0" % name
    ran, engine = ask({old: NO_CONTENT}, name, "--time", "0", "c")
    assert (ran.status, ran.out,
            ran.err) == (0, b"Flag --time has been deprecated, use --timeout instead\nc\n", b"")
    for flag in ("-t", "--timeout"):
        ran, engine = ask({old: NO_CONTENT}, name, flag, "0", "-s", "KILL", "c")
        assert (ran.status, ran.out, ran.err) == (0, b"c\n", b"") and request_lines(engine)[1:] == [old]
    ran, engine = ask({}, name, "--time", "0", "-t", "1", "c")
    assert (ran.status == 1 and "cannot specify both --timeout and --time" in assert_one_line(ran.err)
            and engine.requests == [])
    new = "POST /containers/c/%s?signal=KILL" % name
    ran, engine = ask({"GET /_ping": PING["GET /_ping"].replace(b"1.41", b"1.42"), new: NO_CONTENT}, name,
                      "-s", "KILL", "c")
    assert ran.status == 0 and request_lines(engine)[1:] == [new]


def test_the_first_ctrl_c_is_the_containers_and_the_third_is_ours(rawdock_command):
    killed, over = [], threading.Event()

    def serve(engine, connection):
        while True:
            request = read_request(connection)
            if request is None:
                return
            line = re.sub(" /v[0-9.]+/", " /", request[0].decode())
            if "/kill" in line:
                killed.append(line.split(" ")[1].partition("?")[2])
                connection.sendall(NO_CONTENT)
            elif "/attach" in line:
                connection.sendall(SWITCHED + frame(1, b"up\n"))
                connection.recv(1)
                over.wait(60)
            elif "/wait" in line:
                connection.sendall(chunked_head())
            else:
                connection.sendall(dict(PING, **created())[line.rsplit(" ", 1)[0]])

    with scripted_socket(serve) as engine:
        process = subprocess.Popen(rawdock_command + ["-H", engine.address, "run", "busybox"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   stdin=subprocess.DEVNULL, env=clean_environment())
        try:
            assert process.stdout.readline() == b"up\n"
            for count, number in enumerate((signal.SIGINT, signal.SIGTERM), 1):
                process.send_signal(number)
                engine.wait_for(lambda: len(killed) == count)
            assert killed == ["signal=INT", "signal=TERM"] and process.poll() is None
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
            assert process.returncode == 130 and b"Traceback" not in err
        finally:
            over.set()
            if process.poll() is None:
                process.kill()
                process.communicate()


def test_ctrl_c_while_the_container_starts_is_the_containers(rawdock_command):
    """Ours it would leave a container running that nobody wants any more."""
    starting, killed = threading.Event(), threading.Event()

    def serve(engine, connection):
        while True:
            request = read_request(connection)
            if request is None:
                return
            line = re.sub(" /v[0-9.]+/", " /", request[0].decode()).rsplit(" ", 1)[0]
            if "/kill" in line:
                connection.sendall(NO_CONTENT)
                killed.set()
            elif "/start" in line:
                starting.set()
                killed.wait(60)   # a real engine, too, lets kill wait until start is done
                connection.sendall(NO_CONTENT)
            elif "/attach" in line:
                connection.sendall(SWITCHED)
                killed.wait(60)
                return
            elif "/wait" in line:
                connection.sendall(chunked_head())
                killed.wait(60)
                connection.sendall(chunk(b'{"StatusCode":33}') + b"0\r\n\r\n")
            else:
                connection.sendall(dict(PING, **created())[line])

    with scripted_socket(serve) as engine:
        process = subprocess.Popen(rawdock_command + ["-H", engine.address, "run", "busybox"],
                                   stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=clean_environment())
        assert starting.wait(60)
        process.send_signal(signal.SIGINT)
        err = process.communicate(timeout=60)[1]
        assert (process.returncode, err, killed.is_set()) == (33, b"", True)


class Held:
    """A `serve` for scripted_socket in which the first request of the path `step` is answered only when `go`
    is set."""

    def __init__(self, step):
        self.step = step
        self.reached, self.go = threading.Event(), threading.Event()
        self.lines = []

    def __call__(self, engine, connection):
        while True:
            request = read_request(connection)
            if request is None:
                return
            line = re.sub(" /v[0-9.]+/", " /", request[0].decode()).rsplit(" ", 1)[0].replace(ID, "ID")
            self.lines.append(line)
            if line.partition("?")[0] == self.step and not self.reached.is_set():
                self.reached.set()
                self.go.wait(60)
            if line.startswith("DELETE") or "/start" in line or "/kill" in line:
                connection.sendall(NO_CONTENT)
            elif "/attach" in line:
                connection.sendall(SWITCHED)
                self.go.wait(60)
                return
            elif "/wait" in line:
                connection.sendall(chunked_head())
                self.go.wait(60)
                connection.sendall(chunk(b'{"StatusCode":33}') + b"0\r\n\r\n")
            else:
                connection.sendall(dict(PING, **created())[line])

    @property
    def sent(self):
        return [line.partition("?")[0] for line in self.lines]


@contextmanager
def held_at(step, argv):
    """(Held, Popen) of a rawdock command, once its request `step` has come to the engine."""
    held = Held(step)
    with scripted_socket(held) as engine, subprocess.Popen([engine.address if word == "{}" else word
                                                            for word in argv],
                                                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                                           stderr=subprocess.PIPE,
                                                           env=clean_environment()) as process:
        try:
            assert held.reached.wait(60)
            yield held, process
        finally:
            held.go.set()
            process.kill()


def send_and_settle(process, number):
    """Send a signal; return when the process has ended, or sleeps again with none pending: its handler has
    run then."""
    process.send_signal(number)
    while process.poll() is None:
        with open("/proc/%d/status" % process.pid) as file:
            status = file.read()
        if "\nState:\tS" in status and "\nSigPnd:\t%016x\nShdPnd:\t%016x\n" % (0, 0) in status:
            return
        time.sleep(0.002)


def wait_until_idle(process):
    """Return when all threads of the process sleep, and have used no time since the look before."""
    seen, same, end = None, 0, time.monotonic() + 60
    while same < 5:
        assert time.monotonic() < end and process.poll() is None
        now = []
        for thread in os.listdir("/proc/%d/task" % process.pid):
            with open("/proc/%d/task/%s/stat" % (process.pid, thread)) as file:
                fields = file.read().rpartition(")")[2].split()
            now.append((thread, fields[0], fields[11], fields[12]))   # its state, user and system time
        same = same + 1 if now == seen and all(state == "S" for _, state, _, _ in now) else 0
        seen = now
        time.sleep(0.01)


RM_REQUESTS = ["GET /_ping", "POST /containers/create", "POST /containers/ID/attach",
               "POST /containers/ID/wait", "POST /containers/ID/start"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT],
                         ids=lambda number: number.name)
@pytest.mark.parametrize("step", RM_REQUESTS[1:4])
def test_a_signal_before_start_leaves_no_container_of_rm(rawdock_command, step, number):
    """Once create is on its way its answer is waited for: without the id nobody could remove the
    container."""
    with held_at(step, rawdock_command + ["-H", "{}", "run", "--rm", "busybox"]) as (held, process):
        send_and_settle(process, number)
        if "create" in step:
            assert process.poll() is None
            held.go.set()
        assert (process.communicate(timeout=60), process.returncode) == ((b"", b""), 128 + number)
        assert held.sent == RM_REQUESTS[:RM_REQUESTS.index(step) + 1] + ["DELETE /containers/ID"]


def test_a_second_signal_does_not_wait_for_create(rawdock_command):
    with held_at("POST /containers/create", rawdock_command
                 + ["-H", "{}", "run", "--rm", "busybox"]) as (held, process):
        send_and_settle(process, signal.SIGTERM)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert (process.communicate(timeout=60)[1], process.returncode) == (b"", 143)


def test_without_rm_a_signal_before_start_leaves_the_container_as_docker_does(rawdock_command):
    for flags, step, out in (([], RM_REQUESTS[2], b""), (["-d"], RM_REQUESTS[4], ID.encode() + b"\n")):
        with held_at(step, rawdock_command + ["-H", "{}", "run"] + flags + ["busybox"]) as (held, process):
            process.send_signal(signal.SIGTERM)
            assert (process.communicate(timeout=60), process.returncode) == ((out, b""), 143)
            assert held.sent[-1] == step


@pytest.mark.parametrize("words", [["run"], ["run", "--rm"]], ids=" ".join)
def test_without_sig_proxy_int_and_term_go_nowhere(rawdock_command, words):
    """As docker, which stays until the container ends; the third one ends it, and HUP at once."""
    for numbers, status in (([signal.SIGINT, signal.SIGTERM], 33),
                            ([signal.SIGTERM, signal.SIGINT, signal.SIGINT], 130), ([signal.SIGHUP], 129)):
        with held_at(RM_REQUESTS[4], rawdock_command + ["-H", "{}"] + words
                     + ["--sig-proxy=false", "busybox"]) as (held, process):
            for number in numbers:
                send_and_settle(process, number)
            held.go.set()
            assert (process.communicate(timeout=60), process.returncode) == ((b"", b""), status)
            assert not [line for line in held.lines if "/kill" in line]


def test_a_detached_exec_waits_for_no_stream(ask):
    serve = {"GET /containers/c/json": answer(200, b'{"Id":"%s"}' % ID.encode()),
             "POST /containers/c/exec": answer(201, b'{"Id":"e1"}'), "POST /exec/e1/start": answer(200)}
    ran, engine = ask(serve, "exec", "-d", "c", "true", timeout=30)
    assert (ran.status, ran.out, ran.err) == (0, b"", b"")
    assert (b"\r\nUpgrade:" not in engine.requests[-1][1]
            and json.loads(engine.requests[-1][2].decode()) == {"Detach": True, "Tty": False})


def test_exec_reports_what_inspect_says(ask):
    states = [answer(200, b'{"Running":true,"ExitCode":null}'),
              answer(200, b'{"Running":false,"ExitCode":42}')]
    serve = {"GET /containers/c/json": answer(200, b'{"Id":"%s"}' % ID.encode()),
             "POST /containers/c/exec": answer(201, b'{"Id":"e1"}'),
             "POST /exec/e1/start": SWITCHED + frame(2, b"err\n"), "GET /exec/e1/json": states}
    ran, engine = ask(serve, "exec", "-e", "A=1", "-w", "/w", "-u", "me", "--privileged", "c", "prog", "-e",
                      "x")
    assert (ran.status, ran.out, ran.err) == (42, b"", b"err\n")
    sent = json.loads([body for line, _, body in engine.requests
                       if b"/containers/c/exec" in line][0].decode())
    assert sent == {"AttachStdin": False, "AttachStdout": True, "AttachStderr": True, "Tty": False,
                    "Cmd": ["prog", "-e", "x"], "Env": ["A=1"],
                    "User": "me", "Privileged": True, "WorkingDir": "/w"}


@pytest.mark.parametrize("words, target", [
    ("start --checkpoint c1 c", "start?checkpoint=c1"),
    ("start --checkpoint=c1 --checkpoint-dir /cp c", "start?checkpoint=c1&checkpoint-dir=%2Fcp"),
    ("start --sig-proxy=false c", "start"),
    ("stop -s USR1 c", "stop"), ("stop --signal USR1 -t 3 c", "stop?t=3"),
    ("stop --timeout -1 c", "stop?t=-1"),
    ("stop --time 0x10 c", "stop?t=16"), ("restart -t 3 -s INT c", "restart?t=3"),
    ("restart --timeout=3 c", "restart?t=3"), ("restart --time=3 c", "restart?t=3"),
    ("kill -s USR1 c", "kill?signal=USR1"), ("kill --signal=9 c", "kill?signal=9"),
    ("container stop -t 3 c", "stop?t=3"), ("container start c", "start")])
def test_the_request_of_each_flag(ask, words, target):
    """API 1.41 has no signal of stop and restart; docker, too, does not send it there."""
    ran, engine = ask({"POST /containers/c/" + target: NO_CONTENT}, *words.split())
    assert (ran.status, ran.err) == (0, b"")
    assert request_lines(engine)[1:] == ["POST /containers/c/" + target]


def test_a_checkpoint_of_one_container(ask):
    ran, engine = ask({}, "start", "--checkpoint", "c1", "a", "b")
    assert (ran.status, ran.out) == (1, b"") and request_lines(engine) == []
    assert ran.err == b"you cannot restore multiple containers at once\n"


@pytest.mark.parametrize("words, sent, started", [
    (["-d"], {"AttachStdout": False, "AttachStderr": False}, {"Detach": True}),
    (["--detach"], {"AttachStdout": False, "AttachStderr": False}, {"Detach": True}),
    (["-i"], {"AttachStdin": True}, {}), (["--interactive"], {"AttachStdin": True}, {}),
    (["-id"], {"AttachStdout": False, "AttachStderr": False}, {"Detach": True}),
    (["-t"], {"Tty": True}, {"Tty": True}), (["--tty=true"], {"Tty": True}, {"Tty": True}),
    (["--detach-keys", "ctrl-x"], {"DetachKeys": "ctrl-x"}, {}),
    (["--env-file", "{file}", "-eB=2", "--env=C=3"], {"Env": ["A=1", "B=2", "C=3"]}, {}),
    (["--privileged=false", "--user=me:us", "--workdir=/w"], {"User": "me:us", "WorkingDir": "/w"}, {})])
def test_the_request_of_each_flag_of_exec(ask, tmp_path, words, sent, started):
    (tmp_path / "env").write_text("# a comment\nA=1\n")
    serve = {"GET /containers/c/json": answer(200, b'{"Id":"%s"}' % ID.encode()),
             "POST /containers/c/exec": answer(201, b'{"Id":"e1"}'),
             "POST /exec/e1/start": SWITCHED if not started.get("Detach") else answer(200),
             "GET /exec/e1/json": answer(200, b'{"Running":false,"ExitCode":0}')}
    ran, engine = ask(serve, "exec", *[word.format(file=tmp_path / "env") for word in words] + ["c", "ls"])
    assert (ran.status, ran.err) == (0, b"")
    bodies = {line.split(b"/")[-3]: json.loads(body.decode()) for line, _, body in engine.requests if body}
    always = {"AttachStdin": False, "AttachStdout": True, "AttachStderr": True, "Tty": False, "Cmd": ["ls"]}
    assert bodies[b"c"] == dict(always, **sent)
    assert bodies[b"e1"] == dict({"Detach": False, "Tty": False}, **started)


def test_several_arguments_go_on_after_a_failure(ask):
    serve = {"POST /containers/a/stop?t=3": NO_CONTENT, "POST /containers/b/stop?t=3": missing("b"),
             "POST /containers/c/stop?t=3": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 0\r\n\r\n"}
    ran, engine = ask(serve, "stop", "-t", "3", "a", "b", ".", "c")
    assert ran.status == 1 and ran.out == b"a\nc\n"
    lines = ran.err.decode().splitlines()
    assert (lines[0] == "Error response from daemon: No such container: b" and "'.'" in lines[1]
            and len(lines) == 2)


def test_an_engine_that_is_gone_is_reported_once(rawdock_command):
    ran = run_to_end(rawdock_command + ["-H", "unix:///nonexistent/s", "stop", "a", "b", "c"])
    assert ran.status == 1
    assert_one_line(ran.err)


def test_rm_f_of_nothing_is_reported_but_no_failure(ask):
    serve = {"DELETE /containers/x?force=1": missing("x"), "DELETE /containers/x": missing("x")}
    assert ask(serve, "rm", "-f", "x")[0].status == 0
    ran, _ = ask(serve, "rm", "/x")
    assert ran.status == 1 and "No such container: x" in assert_one_line(ran.err)


@pytest.mark.parametrize("state, says", [
    ({"Running": False}, "stopped"), ({"Running": True, "Paused": True}, "paused"),
    ({"Running": True, "Restarting": True}, "restarting")])
def test_attach_wants_a_running_container(ask, state, says):
    found = json.dumps({"Id": ID, "State": state, "Config": {"Tty": False, "OpenStdin": False},
                        "HostConfig": {}}).encode()
    ran, engine = ask({"GET /containers/c/json": answer(200, found)}, "attach", "c")
    assert ran.status == 1 and says in assert_one_line(ran.err) and len(engine.requests) == 2


# ---- the practice engine: the same commands with nothing installed

PRACTICE_LINE = b"rawdock: this is the practice engine"


def practice(rawdock_command, *words, **options):
    ran = run_to_end(rawdock_command + ["-H", "practice:"] + list(words), **options)
    first, _, rest = ran.err.partition(b"\n")
    assert first.startswith(PRACTICE_LINE), ran
    ran.err = rest
    return ran


def test_hello_world_without_docker(rawdock_command):
    ran = practice(rawdock_command, "run", "hello-world")
    assert (ran.status == 0 and b"Hello" in ran.out
            and ran.err.startswith(b"Unable to find image 'hello-world:latest' locally\n"))


def test_output_and_status_from_practice(rawdock_command):
    ran = practice(rawdock_command, "run", "-q", "--rm", "busybox", "sh", "-c", "echo x; echo e >&2; exit 7")
    assert (ran.status, ran.out, ran.err.splitlines()[-1]) == (7, b"x\n", b"e")


def test_stdin_through_practice(rawdock_command):
    data = os.urandom(100000)
    ran = practice(rawdock_command, "run", "--rm", "-i", "busybox", "cat", stdin=data)
    assert ran.status == 0 and ran.out == data


def test_stdin_that_does_not_block_is_waited_for(rawdock_command):
    """Whoever shares our stdin may have made it non-blocking: that there is nothing yet is not its end."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    process = subprocess.Popen(rawdock_command + ["-H", "practice:", "run", "-q", "--rm", "-i", "busybox",
                                                  "cat"], stdin=reading,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=clean_environment())
    os.close(reading)
    try:
        for word in (b"one\n", b"two\n"):
            wait_until_idle(process)   # it has found nothing to read by then
            os.write(writing, word)
            assert process.stdout.readline() == word
        os.close(writing)
        assert process.wait(60) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdout.close()


def test_closed_and_full_descriptors(rawdock_command):
    words = rawdock_command + ["-H", "practice:", "run", "-q", "--rm"]
    for line, more, status, out in (('"$@" <&-', ["busybox", "echo", "x"], 0, b"x\n"),
                                    ('"$@" <&-', ["-i", "busybox", "cat"], 0, b""),
                                    ('"$@" >/dev/full', ["busybox", "echo", "x"], 1, b"")):
        ran = run_to_end(["sh", "-c", line, "sh"] + words + more)
        assert ran.status == status and ran.out == out and b"Traceback" not in ran.err, ran


def test_statuses_from_practice(rawdock_command):
    assert practice(rawdock_command, "run", "--rm", "busybox", "no-such-program").status == 127
    assert practice(rawdock_command, "run", "--rm", "--pull", "never", "busybox").status == 125
    assert practice(rawdock_command, "stop", "no-such").status == 1
    assert practice(rawdock_command, "GET", "/containers/json").out == b"[]\n"
