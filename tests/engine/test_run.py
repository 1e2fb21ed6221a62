"""`run`: the order of requests on the wire, and every way in which it can go wrong."""
import io
import json
import threading
import time

import pytest

from net.fake_engine import NO_CONTENT, PING, UPGRADED, FakeEngine, chunked, chunks, frame, response
from rawdock.cli.lifecycle import failure_status, process_status
from rawdock.engine.docker import Docker
from rawdock.engine.run import RunFailed, UnsupportedOption, pull_image, run
from rawdock.errors import (APIError, Conflict, ConnectError, NotFound, ProtocolError, RawdockError,
                            StreamError, TruncatedError, UsageError)

ID = "c" * 64
CREATED = response(json.dumps({"Id": ID, "Warnings": None}).encode(), "201 Created")
MISSING = response(b'{"message":"No such image: redis:2.8"}\n', "404 Not Found")
PULLED = chunked(b'{"status":"Pulling from library/redis","id":"2.8"}\r\n',
                 b'{"status":"Download complete"}\r\n')
WAIT_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
OUTPUT = frame(1, b"out\n") + frame(2, b"err\n") + frame(1, b"more\n")

CREATE, ATTACH, WAIT, START, PULL = ("POST /containers/create", "POST /containers/%s/attach" % ID,
                                     "POST /containers/%s/wait" % ID,
                                     "POST /containers/%s/start" % ID, "POST /images/create")
RESIZE = "POST /containers/%s/resize" % ID
DELETE, INSPECT = "DELETE /containers/%s" % ID, "GET /containers/%s/json" % ID
GONE = response(b'{"message":"No such container: %s"}\n' % ID.encode(), "404 Not Found")
REMOVED = response(b'{"Error":null,"StatusCode":0}\n')


class Script:
    """An engine that plays one container. Each attribute is what one request gets; started is set by
    start."""

    def __init__(self, **answers):
        self.creates = [CREATED]
        self.pull = PULLED
        self.start = NO_CONTENT
        self.output = OUTPUT
        self.status = b'{"Error":null,"StatusCode":7}\n'
        self.wait = None             # in place of head and status
        self.removed = REMOVED       # the answer of wait?condition=removed
        self.delete = NO_CONTENT
        self.inspects = []
        self.ping = PING
        self.started = threading.Event()
        self.stdin = None
        self.__dict__.update(answers)

    def __call__(self, peer):
        while True:
            seen = peer.request()
            if seen is None:
                return
            answer = {CREATE: self.on_create, ATTACH: self.on_attach, WAIT: self.on_wait,
                      START: self.on_start, RESIZE: self.on_resize,
                      PULL: lambda peer, seen: peer.send(self.pull), "GET /_ping": lambda peer,
                      seen: peer.send(self.ping), DELETE: lambda peer, seen: peer.send(self.delete),
                      INSPECT: lambda peer, seen: peer.send(self.inspects.pop(0))}[seen.path](peer, seen)
            if answer == "close":
                return

    def on_create(self, peer, seen):
        peer.send(self.creates.pop(0))

    def on_resize(self, peer, seen):
        peer.send(response(b""))

    def on_start(self, peer, seen):
        if not self.start:
            self.started.set()
            return "close"
        peer.send(self.start)
        self.started.set()

    def on_attach(self, peer, seen):
        peer.send(UPGRADED)
        self.started.wait(60)
        if callable(self.output):
            self.output(peer)
        else:
            if "stdin=1" in seen.target:
                self.stdin = peer.drain()
            peer.send(self.output)
        return "close"

    def on_wait(self, peer, seen):
        if "condition=removed" in seen.target:
            peer.send(self.removed)
            return None
        if self.wait is not None:
            peer.send(self.wait)
            return "close"
        early = "condition=" in seen.target
        if early:
            peer.send(WAIT_HEAD)
            self.started.wait(60)
        assert self.started.is_set()
        body = chunks(self.status)
        peer.send(body if early else WAIT_HEAD + body)
        return None


def play(script, image="redis:2.8", command=("redis-server",), version="1.41", **options):
    """→ (status or the error, stdout, stderr, the requests, notices)."""
    out, err, notices = io.BytesIO(), io.BytesIO(), []
    with FakeEngine(script) as engine, Docker(engine.address, version) as docker:
        try:
            status = run(docker, image, list(command), stdout=out, stderr=err, notice=notices.append,
                         **options)
        except RawdockError as error:
            status = error
        script.started.set()   # whatever still waits for it
        return status, out.getvalue(), err.getvalue(), list(engine.requests), notices


def paths(requests):
    return [seen.path for seen in requests]


def test_the_requests_of_a_run():
    status, out, err, requests, notices = play(Script(), name="redis", volumes=["/some/dir:/data"])
    assert (status, out, err, notices) == (7, b"out\nmore\n", b"err\n", [])
    assert [seen.line for seen in requests] == [
        "POST /v1.41/containers/create?name=redis",
        "POST /v1.41/containers/%s/attach?stream=1&stdin=0&stdout=1&stderr=1" % ID,
        "POST /v1.41/containers/%s/wait?condition=next-exit" % ID, "POST /v1.41/containers/%s/start" % ID]
    body = json.loads(requests[0].body.decode())
    assert body.pop("HostConfig")["Binds"] == ["/some/dir:/data"]
    assert body == {"Image": "redis:2.8", "Cmd": ["redis-server"], "Tty": False, "OpenStdin": False,
                    "StdinOnce": False, "AttachStdin": False, "AttachStdout": True, "AttachStderr": True}
    assert (requests[0].headers["content-type"] == "application/json"
            and requests[1].headers["upgrade"] == "tcp")
    assert requests[3].headers["content-length"] == "0"


def test_a_missing_image_is_pulled_and_create_tried_once_more():
    progress = []
    status, out, _, requests, notices = play(Script(creates=[MISSING, CREATED]), platform="linux/amd64",
                                             progress=progress.append)
    assert status == 7 and out == b"out\nmore\n" and notices == ["Unable to find image 'redis:2.8' locally"]
    assert paths(requests) == [CREATE, PULL, CREATE, ATTACH, WAIT, START]
    assert (requests[1].target == "/v1.41/images/create?fromImage=redis&tag=2.8&platform=linux%2Famd64"
            or requests[1].target == "/v1.41/images/create?fromImage=redis&tag=2.8&platform=linux/amd64")
    assert requests[1].headers["x-registry-auth"] == "e30=" and requests[0].body == requests[2].body
    assert [message["status"] for message in progress] == ["Pulling from library/redis", "Download complete"]
    status, _, _, requests, notices = play(Script(creates=[MISSING.replace(b"redis:2.8", b"x:latest_"),
                                                           CREATED]), image="x", quiet=True,
                                           progress=progress.append)
    assert status == 7 and notices == ["Unable to find image 'x:latest' locally"] and len(progress) == 2


def test_still_missing_after_the_pull():
    status, _, _, requests, _ = play(Script(creates=[MISSING, MISSING]))
    assert isinstance(status, NotFound) and paths(requests) == [CREATE, PULL, CREATE]


def test_an_id_is_never_pulled():
    """Docker says that there is no such image, too."""
    for image in ("0" * 64, "sha256:" + "0" * 64):
        status, _, _, requests, notices = play(Script(creates=[MISSING]), image=image)
        assert isinstance(status, NotFound) and paths(requests) == [CREATE] and notices == []


def test_what_is_no_image_is_refused_before_a_request(tmp_path):
    for image in ("", "Redis", "x:"):
        status, _, _, requests, _ = play(Script(), image=image, cidfile=str(tmp_path / "id"))
        assert isinstance(status, UsageError) and str(status).startswith("invalid reference format")
        assert requests == [] and not (tmp_path / "id").exists()


class Closing(Script):
    """Closes after the answer to a pull."""

    def __call__(self, peer):
        while True:
            seen = peer.request()
            if seen is None:
                return
            if seen.path == PULL:
                peer.send(self.pull)
                return
            self.on_create(peer, seen)


@pytest.mark.parametrize("pull, says", [
    (chunked(b'{"status":"Pulling"}\r\n',
             b'{"errorDetail":{"message":"unknown blob"},"error":"unknown blob"}\r\n'), "unknown blob"),
    (PULLED[:-5], "cut"), (PULLED[:-20], "cut"),
    (response(b'{"message":"manifest unknown"}', "404 Not Found"), "manifest unknown"),
])
def test_a_pull_that_fails_never_creates_the_container(pull, says):
    """Nor does it run the old image: an image of that name may be there."""
    for policy, creates, before in (("missing", [MISSING, CREATED], [CREATE]), ("always", [CREATED], [])):
        status, _, _, requests, _ = play(Closing(creates=creates[:], pull=pull), pull=policy)
        assert isinstance(status, RawdockError) and says in str(status)
        assert paths(requests) == before + [PULL] and failure_status(status) == 125


def test_pull_policies():
    status, _, _, requests, _ = play(Script(), pull="always")
    assert status == 7 and paths(requests) == [PULL, CREATE, ATTACH, WAIT, START]
    status, _, _, requests, _ = play(Script(creates=[MISSING]), pull="never")
    assert isinstance(status, NotFound) and paths(requests) == [CREATE]
    status, _, _, requests, _ = play(Script(), pull="sometimes")
    assert isinstance(status, UsageError) and not requests


@pytest.mark.parametrize("answer, kind", [
    (response(b'{"message":"network x not found"}', "404 Not Found"), NotFound),
    (response(b'{"message":"Conflict. The container name is in use"}', "409 Conflict"), Conflict),
    (response(b'{"message":"bad"}', "400 Bad Request"), APIError),
    (response(b"{}", "201 Created"), ProtocolError), (response(b"null", "201 Created"), ProtocolError),
    (response(b'{"Id":5}', "201 Created"), ProtocolError),
    (response(b'{"Id":"x","Warnings":5}', "201 Created"), ProtocolError),
])
def test_create_that_fails_otherwise(answer, kind):
    status, _, _, requests, _ = play(Script(creates=[answer]))
    assert type(status) is kind and paths(requests) == [CREATE] and failure_status(status) == 125


def test_warnings_of_create_are_shown():
    created = response(json.dumps({"Id": ID, "Warnings": ["no swap", "slow"]}).encode(), "201 Created")
    assert play(Script(creates=[created]))[4] == ["WARNING: no swap", "WARNING: slow"]


@pytest.mark.parametrize("removed", [REMOVED, GONE, chunked(b'{"StatusCode":0}')],
                         ids=["answered", "gone", "chunked"])
def test_rm_takes_the_status_from_next_exit_and_then_confirms_the_removal(removed):
    """podman 4.3 answers wait?condition=removed with status 0, whatever the container exited with."""
    status, out, _, requests, _ = play(Script(removed=removed), rm=True)
    assert (status, out) == (7, b"out\nmore\n") and paths(requests) == [CREATE, ATTACH, WAIT, START, WAIT]
    assert ([seen.target.rpartition("?")[2] for seen in (requests[2], requests[4])]
            == ["condition=next-exit", "condition=removed"])
    assert json.loads(requests[0].body.decode())["HostConfig"]["AutoRemove"] is True


@pytest.mark.parametrize("removed, kind", [
    (response(b'{"Error":{"Message":"device or resource busy"},"StatusCode":7}'), RunFailed),
    (response(b"[]"), ProtocolError),
    (response(b'{"message":"broken"}', "500 Internal Server Error"), APIError),
    (WAIT_HEAD + b"5\r\n{", TruncatedError)])
def test_a_removal_that_is_not_confirmed_is_no_success(removed, kind):
    class Ending(Script):
        def on_wait(self, peer, seen):
            Script.on_wait(self, peer, seen)
            return "close" if "condition=removed" in seen.target else None

    status = play(Ending(removed=removed, status=b'{"StatusCode":0}'), rm=True)[0]
    assert type(status) is kind and failure_status(status) == 125 and status.container == ID


def test_the_removal_where_wait_has_no_condition_and_where_the_engine_removes_nothing():
    status, _, _, requests, _ = play(Script(inspects=[response(b"{}"), response(b"{}"), GONE]),
                                     version="1.29", rm=True)
    assert status == 7 and paths(requests) == [CREATE, ATTACH, START, WAIT, INSPECT, INSPECT, INSPECT]
    # AutoRemove came with API 1.25
    status, _, _, requests, _ = play(Script(inspects=[GONE]), version="1.24", rm=True)
    assert status == 7 and paths(requests) == [CREATE, ATTACH, START, WAIT, DELETE, INSPECT]
    # nobody would remove it
    status, _, _, requests, _ = play(Script(), version="1.24", rm=True, detach=True)
    assert '"--rm" requires API version 1.25' in str(status) and not requests


def test_detached():
    status, out, _, requests, _ = play(Script(), detach=True, interactive=True)
    assert status == ID and out == b"" and paths(requests) == [CREATE, START]
    body = json.loads(requests[0].body.decode())
    assert ([body[key] for key in ("OpenStdin", "StdinOnce", "AttachStdin", "AttachStdout", "AttachStderr")]
            == [True, False, False, False, False])


REFUSALS = [
    ('OCI runtime create failed: exec: \\"nope\\": executable file not found in $PATH: unknown', 127),
    ("stat /x: no such file or directory: unknown", 127),
    ('exec: \\"/etc\\": permission denied: unknown', 126), ('exec: \\"/etc\\": is a directory: unknown', 126),
    # podman with crun
    ("preparing container c0 for attach: crun: executable file `nope` not found in $PATH: No such file or "
     "directory: "
     "OCI runtime attempted to invoke a command that was not found", 127),
    ("preparing container c0 for attach: crun: cannot find `nope` in $PATH: OCI runtime attempted to invoke "
     "a command that was not found", 127),
    ("crun: the path `/etc` is not a regular file: Operation not permitted: OCI permission denied", 126),
    ("crun: open executable: Permission denied: OCI permission denied", 126),
    ("driver failed programming external connectivity", 125), ("Permission Denied", 125),
    ("unable to find user nosuchuser", 125)]


def refusing(message):
    return response(b'{"message":"%s"}' % message.encode(), "400 Bad Request")


@pytest.mark.parametrize("message, code", REFUSALS)
@pytest.mark.parametrize("refused", [CREATE, ATTACH, START])
def test_what_create_attach_and_start_refuse(refused, message, code):
    """dockerd refuses a program when it starts, podman when it is attached to, and both a missing file when
    they create."""
    class Refusing(Script):
        def on_attach(self, peer, seen):
            if refused != ATTACH:
                return Script.on_attach(self, peer, seen)
            peer.send(refusing(message))
            return None
    script = Refusing(**{"creates": [refusing(message)]} if refused == CREATE
                      else {"start": refusing(message)})
    status, out, _, requests, _ = play(script)
    assert type(status) is APIError and failure_status(status) == code and out == b""
    assert paths(requests) == [CREATE, ATTACH, WAIT, START][:[CREATE, ATTACH, WAIT, START].index(refused) + 1]
    assert getattr(status, "container", None) == (None if refused == CREATE else ID)


def test_what_wait_says_of_files_is_no_word_about_the_program():
    wait = response(b'{"message":"no such file or directory"}', "500 Internal Server Error")
    assert failure_status(play(Script(wait=wait))[0]) == 125


def test_an_engine_that_may_not_be_dialled_is_126_as_with_docker():
    assert failure_status(ConnectError("unix:///s", "permission denied", 13)) == 126
    assert failure_status(ConnectError("unix:///s", "no such file or directory", 2)) == 125


@pytest.mark.parametrize("detach", [False, True])
@pytest.mark.parametrize("delete, inspects, last", [
    # as dockerd: it has removed it by now
    (NO_CONTENT, [], [DELETE]), (GONE, [], [DELETE]),
    (response(b'{"message":"removal is already in progress"}', "409 Conflict"),
     [response(b'{"State":{"Running":false}}')], [DELETE, INSPECT, WAIT]),
    (response(b'{"message":"it is running"}', "409 Conflict"), [response(b'{"State":{"Running":true}}')],
     [DELETE, INSPECT]),
    (response(b'{"message":"broken"}', "500 Internal Server Error"), [], [DELETE]),
])
def test_rm_removes_what_could_not_start(detach, delete, inspects, last):
    """And says why it did not start, however the removal goes; it removes nothing that runs."""
    status, _, _, requests, _ = play(Script(start=refusing("executable file not found"), delete=delete,
                                            inspects=inspects[:]), rm=True, detach=detach)
    assert type(status) is APIError and failure_status(status) == 127 and status.container == ID
    begin = [CREATE, START] if detach else [CREATE, ATTACH, WAIT, START]
    assert paths(requests) == begin + last
    assert requests[len(begin)].target == "/v1.41/containers/%s?v=1" % ID   # without force


@pytest.mark.parametrize("broken", [ATTACH, WAIT])
def test_rm_removes_what_it_could_not_attach_to_or_wait_for(broken):
    """Without --rm the container stays, as with docker."""
    class Refusing(Script):
        def on_attach(self, peer, seen):
            if broken == ATTACH:
                peer.send(refusing("unable to find user x"))
                return None
            return Script.on_attach(self, peer, seen)

        def on_wait(self, peer, seen):
            peer.send(refusing("broken"))
    for rm, last in ((True, [DELETE]), (False, [])):
        status, _, _, requests, _ = play(Refusing(), rm=rm)
        assert type(status) is APIError and paths(requests)[-1 - len(last):] == [broken] + last


def test_notices_that_cannot_be_written_leave_no_container():
    def fail(line):
        raise BrokenPipeError("nobody reads")
    created = response(json.dumps({"Id": ID, "Warnings": ["no swap"]}).encode(), "201 Created")
    with FakeEngine(Script(creates=[created])) as engine, Docker(engine.address, "1.41") as docker:
        with pytest.raises(BrokenPipeError):
            run(docker, "x", rm=True, notice=fail)
        assert paths(engine.requests) == [CREATE, DELETE]


def test_stdin_is_copied_and_half_closed():
    script = Script()
    status, out, _, requests, _ = play(script, interactive=True, stdin=io.BytesIO(b"x" * 300000))
    assert (status == 7 and out == b"out\nmore\n" and script.stdin == b"x" * 300000
            and "stdin=1" in requests[1].target)
    body = json.loads(requests[0].body.decode())
    assert body["OpenStdin"] and body["StdinOnce"] and body["AttachStdin"]


def test_without_stdin_the_stream_is_half_closed_at_once_but_not_a_terminals():
    seen = []

    def output(peer, seconds):
        peer.sock.settimeout(seconds)
        try:
            seen.append(peer.sock.recv(1))
        except OSError:
            seen.append("open")
        peer.send(OUTPUT)
    assert play(Script(output=lambda peer: output(peer, 60)))[0] == 7
    assert play(Script(output=lambda peer: output(peer, 0.2)), tty=True)[:2] == (7, OUTPUT)
    assert seen == [b"", "open"]   # on a terminal's stream a half-close detaches


@pytest.mark.parametrize("status, expected", [
    (b'{"Error":null,"StatusCode":0}\n', 0), (b'{"StatusCode":137}', 137),
    (b'{"Error":{"Message":"context canceled"},"StatusCode":-1}', RunFailed),
    (b'{"Error":{},"StatusCode":3}', 3),
    (b'{"Error":"odd","StatusCode":0}', RunFailed), (b"{}", ProtocolError), (b"[]", ProtocolError),
    (b'{"StatusCode":"0"}', ProtocolError), (b"upstream timed out", ProtocolError), (b"", ProtocolError),
    (b'{"StatusCode":256}', 256), (b'{"StatusCode":-256}', -256), (b'{"StatusCode":2147483648}', 1 << 31),
    (b'{"StatusCode":3221225786}', 3221225786),
    (b'{"StatusCode":true}', ProtocolError), (b'{"StatusCode":false}', ProtocolError),
    (b'{"StatusCode":null}', ProtocolError), (b'{"StatusCode":0.0}', ProtocolError),
])
@pytest.mark.parametrize("rm", [False, True])
def test_the_answer_of_wait(status, expected, rm):
    got, out, err, _, _ = play(Script(status=status), rm=rm)
    assert type(got) is int and got == expected if isinstance(expected, int) else type(got) is expected
    assert out == b"out\nmore\n" and err == b"err\n"
    if not isinstance(expected, int):
        assert failure_status(got) == 125


def test_no_status_that_is_not_0_is_0_for_a_process():
    """Those of Windows containers are 32 bits long; a process's has 8."""
    given = (0, 1, 137, 255, 256, 512, -256, -1, 1 << 31, 3221225786, 3221225472, 257)
    assert [process_status(status) for status in given] == [0, 1, 137, 255, 255, 255, 255, 255, 255, 58, 255,
                                                            1]


def test_output_cut_inside_a_frame():
    for cut in range(1, len(OUTPUT)):
        status, out, err, _, _ = play(Script(output=OUTPUT[:cut]))
        if cut in (12, 24):
            assert status == 7
        else:
            assert type(status) is TruncatedError
        assert out == (b"out\n" if cut >= 12 else b"") and err == (b"err\n" if cut >= 24 else b"")


@pytest.mark.parametrize("wait",
                         [WAIT_HEAD, WAIT_HEAD + b"1e\r\n",
                          WAIT_HEAD + b'1e\r\n{"Error":null,"StatusCode":0}\n\r\n',
                          WAIT_HEAD + b'1e\r\n{"Error":null,"StatusCode":0}\n\r\n0\r\n'])
def test_an_engine_that_dies_between_two_frames_is_no_success(wait):
    """The stream ends as if the container had; only the answer of wait can tell, and it is cut too."""
    status, out, err, _, _ = play(Script(output=OUTPUT[:24], wait=wait))
    assert type(status) is TruncatedError and (out, err) == (b"out\n", b"err\n")


def test_an_engine_that_dies_elsewhere():
    status, _, _, requests, _ = play(Script(start=b""))
    # start is not repeated
    assert type(status) is ConnectError and paths(requests) == [CREATE, ATTACH, WAIT, START]
    for wire in (b"", b"HTTP/1.1 20"):
        status, _, _, requests, _ = play(Script(wait=wire))
        assert isinstance(status, (ConnectError, TruncatedError)) and START not in paths(requests)


def test_an_error_frame_is_an_error():
    status, out, _, _, _ = play(Script(output=frame(1, b"x") + frame(3, b"daemon trouble\n")))
    assert type(status) is StreamError and str(status) == "daemon trouble" and out == b"x"


def test_an_engine_before_1_30_gives_the_status_afterwards():
    status, out, _, requests, _ = play(Script(), version="1.29")
    assert status == 7 and out == b"out\nmore\n" and paths(requests) == [CREATE, ATTACH, START, WAIT]
    assert requests[3].target == "/v1.29/containers/%s/wait" % ID


def test_the_version_is_agreed_on_first():
    status, _, _, requests, _ = play(Script(), version=None)
    assert status == 7 and paths(requests)[:2] == ["GET /_ping", CREATE]


def test_refused_before_anything_is_sent():
    for options in (dict(volumes=":"), dict(bogus=1), dict(rm=True, restart="always"), dict(image=b"x")):
        status, _, _, requests, _ = play(Script(), **options)
        assert isinstance(status, UsageError) and not requests


def test_a_command_in_one_str_and_a_str_for_the_docker():
    with FakeEngine(Script()) as engine, Docker(engine.address, "1.41") as docker:
        with pytest.raises(UsageError, match="list of str, not 'echo hello'"):
            run(docker, "busybox", "echo hello")
        with pytest.raises(UsageError, match="a Docker first, not 'unix:///s'"):
            run("unix:///s", "busybox", ["echo"])
        with pytest.raises(UsageError, match="a Docker first, not 'busybox'"):
            run("busybox", ["echo"])
        assert not engine.requests


def test_options_that_the_engine_is_too_old_for():
    status, _, _, requests, _ = play(Script(), version="1.24", annotation="a=b", stop_timeout=1, rm=True)
    # docker's status, too
    assert type(status) is UnsupportedOption and failure_status(status) == 1 and not requests
    assert str(status).split(
        "\n") == ['"--annotation" requires API version 1.43, but the Docker daemon API version is 1.24',
                  '"--stop-timeout" requires API version 1.25, but the Docker daemon API version is 1.24']
    status, _, _, requests, _ = play(Script(), version="1.43", annotation="a=b")
    assert status == 7 and json.loads(requests[0].body.decode())["HostConfig"]["Annotations"] == {"a": "b"}


def test_the_platform_before_create_could_take_it():
    """As the docker CLI: from API 1.32 on the pull has it, from 1.41 on create."""
    status, _, _, requests, _ = play(Script(creates=[MISSING, CREATED]), version="1.40",
                                     platform="linux/arm64")
    assert status == 7 and [("platform" in seen.target) for seen in requests[:3]] == [False, True, False]
    assert isinstance(play(Script(), version="1.31", platform="linux/arm64")[0], UnsupportedOption)


def test_output_that_cannot_be_written_ends_it():
    class Full:
        def write(self, data):
            raise OSError(28, "No space left on device")

        def flush(self):
            pass
    script = Script()
    with FakeEngine(script) as engine, Docker(engine.address, "1.41") as docker:
        with pytest.raises(OSError, match="No space"):
            run(docker, "x", stdout=Full(), stderr=Full())
        script.started.set()


def test_pull_by_itself():
    got = []
    with FakeEngine(Script()) as engine, Docker(engine.address, "1.41") as docker:
        pull_image(docker, "localhost:5000/x/y", progress=got.append)
        assert engine.requests[0].target in (
            "/v1.41/images/create?fromImage=localhost:5000/x/y&tag=latest",
            "/v1.41/images/create?fromImage=localhost%3A5000%2Fx%2Fy&tag=latest")
        for name in ("UPPER", "", "a b", "x:", "../x"):
            with pytest.raises(UsageError):
                pull_image(docker, name)
        assert len(engine.requests) == 1 and len(got) == 2
