"""The client: versions, operations by name, result kinds, refusals."""
import gc
import io
import os
import threading
from urllib.parse import unquote

import pytest

from net.fake_engine import (NO_CONTENT, PING, UPGRADED, FakeEngine, ScriptedSocket, chunked, frame, response,
                             serve, with_patience)
from rawdock.engine.docker import Docker
from rawdock.engine.endpoints import endpoints
from rawdock.net.address import TLSSettings
from rawdock.errors import (APIError, Conflict, NotFound, ProtocolError, StreamError, Timeout, TruncatedError,
                            UnconfirmedError, UsageError)

EMPTY = response(b"{}")


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith("DOCKER_")]:
        monkeypatch.delenv(name)


def ask(answer, call, version="1.41", **options):
    """call(docker) against an engine that gives `answer` to everything → (what it gave, the requests
    seen)."""
    with FakeEngine(serve(answer)) as engine, Docker(engine.address, version, **options) as docker:
        return call(docker), engine.requests


# -- the API version

def negotiate(ping, call=lambda docker: docker.container_list()):
    with FakeEngine(serve(lambda seen: ping if seen.path == "GET /_ping" else response(b"[]"))) as engine, \
            Docker(engine.address) as docker:
        call(docker)
        return docker.version, [seen.line for seen in engine.requests]


@pytest.mark.parametrize("field, version", [
    ("Api-Version: 1.41", "1.41"), ("API-VERSION: 1.24", "1.24"), ("Api-Version: 1.55", "1.55"),
    ("Api-Version: 1.99", "1.55"),
    ("Api-Version: 2.0", "1.55"), ("Api-Version: 1.041", "1.41"), ("X-Other: 1", "1.24"),
])
def test_the_version_agreed_on(field, version):
    ping = response(b"OK", headers=[tuple(field.split(": "))], kind="text/plain")
    assert negotiate(ping) == (version, ["GET /_ping", "GET /v%s/containers/json" % version])


def test_the_version_is_requested_once_and_only_when_needed():
    with FakeEngine(serve(PING)) as engine, Docker(engine.address) as docker:
        assert repr(docker) == "Docker(%r)" % engine.address and not engine.accepted
        docker.request("GET", "/containers/json").read()
        docker.request("GET", "/v1.30/x").read()
        assert [seen.line for seen in engine.requests] == ["GET /containers/json", "GET /v1.30/x"]
        docker.call("system_ping").read()
        assert len(engine.requests) == 3   # a ping carries no version
        assert docker.supports("1.41") and docker.supports("1.5") and not docker.supports("1.42")
        assert [seen.line for seen in engine.requests[3:]] == ["GET /_ping"]
        assert engine.accepted == 1


@pytest.mark.parametrize("ping, error", [
    (response(b"OK", headers=[("Api-Version", "1.23")]), UsageError),
    (response(b"OK", headers=[("Api-Version", "0.99")]), UsageError),
    (response(b"OK", headers=[("Api-Version", "x")]), ProtocolError),
    (response(b"OK", headers=[("Api-Version", "")]), ProtocolError),
    (response(b"OK", headers=[("Api-Version", "1.41.2")]), ProtocolError),
    (response(b"go away\n", "403 Forbidden", kind="text/plain"), APIError),
    (response(b"x" * (2 << 20), "500 Oops", kind="text/plain"), APIError),
])
def test_pings_that_settle_nothing(ping, error):
    with pytest.raises(error):
        negotiate(ping)


def test_a_failing_ping_may_still_name_the_version():
    assert negotiate(response(b"no", "500 Oops", headers=[("Api-Version", "1.40")]))[0] == "1.40"


def test_a_version_given_is_not_requested(monkeypatch):
    for version, prefix in (("1.30", "/v1.30"), ("v1.99", "/v1.99")):
        assert ask(EMPTY, lambda docker: docker.system_info(), version)[1][0].target == prefix + "/info"
    monkeypatch.setenv("DOCKER_API_VERSION", "1.27")
    assert ask(EMPTY, lambda docker: docker.system_info(), None)[1][0].target == "/v1.27/info"
    assert ask(EMPTY, lambda docker: docker.system_info(), "1.30")[1][0].target == "/v1.30/info"
    for version in ("1", "1.x", "1.41 ", "١.٤١", "1.41\n", 1.41, ("1.41", "1.42")):
        with pytest.raises(UsageError, match="1.41"):
            Docker("unix:///x", version)
    monkeypatch.setenv("DOCKER_API_VERSION", "latest")
    with pytest.raises(UsageError, match="latest"):
        Docker("unix:///x")


def test_the_ping_of_a_hung_engine_times_out():
    stop = threading.Event()
    for recipe in (lambda peer: (peer.request(), stop.wait(60)),
                   lambda peer: (peer.request(), peer.send(PING[:-1]), stop.wait(60))):
        stop.clear()
        with FakeEngine(recipe) as engine, Docker(engine.address, timeout=0.1) as docker:
            with pytest.raises(Timeout) as caught:
                docker.container_list()
            stop.set()
        assert caught.value.phase in ("head", "idle")


# -- operations by name

def answer_for(endpoint):
    """Something fitting the result kind of a row → (wire, how to check what call() gives)."""
    status = "%d OK" % next(status for status in endpoint.statuses if status != 204
                            or endpoint.result == "none")
    if endpoint.result == "json":
        return response(b'{"a": [1]}', status), lambda value: value == {"a": [1]}
    if endpoint.result == "none":
        return NO_CONTENT if status[:3] == "204" else response(b"", status), lambda value: value is None
    if endpoint.result == "messages":
        return (chunked(b'{"status":"a"}\r\n{"st', b'atus":"b"}\r\n'),
                lambda value: list(value) == [{"status": "a"}, {"status": "b"}])
    if endpoint.result == "frames":
        return (chunked(frame(1, b"o") + frame(2, b"e"), kind="application/vnd.docker.multiplexed-stream"),
                lambda value: list(value) == [(1, b"o"), (2, b"e")])
    if endpoint.result in ("tar", "raw"):
        return (chunked(b"tar", kind="application/x-tar"),
                lambda value: value.status == 200 and value.read() == b"tar")
    if endpoint.result == "upgrade":
        return UPGRADED + frame(1, b"x"), lambda value: b"".join(value.raw()) == frame(1, b"x")
    raise AssertionError(endpoint.result)


def test_all_operations_are_called_by_name():
    """Method and path on the wire are the row's; what comes back is what its result kind says."""
    rows = endpoints()
    assert len(rows) == 108
    answers = {}
    for row in rows:
        for part in row.path_parameters:
            assert part not in [parameter.name for parameter in row.query]
        for parameter in row.query + row.extra:   # call() takes these for itself
            assert parameter.name not in ("body", "headers", "auth", "tty")
            assert parameter.name != "timeout" or row.name == "plugin_enable"
    current = []

    def recipe(peer):
        while True:
            seen = peer.request()
            if seen is None:
                return
            name = current[0]   # once it has its answer, the client goes on to the next
            peer.send(answers[name])
            if name in upgrades:
                return
    upgrades = [row.name for row in rows if row.result == "upgrade"]
    with FakeEngine(recipe) as engine, Docker(engine.address, "1.55") as docker:
        assert set(row.name for row in rows) <= set(dir(docker))
        for row in rows:
            wire, right = answer_for(row)
            if row.method == "HEAD":
                wire, right = response(), lambda value: value.status == 200 and value.read() == b""
            answers[row.name] = wire
            current[:] = [row.name]
            values = ["v%d" % number for number in range(len(row.path_parameters))]
            options = {} if row.body == "-" else {"body": {} if row.body == "json" else b"tar"}
            if row.result == "upgrade":
                options["tty"] = False
            path = row.path
            for name, value in zip(row.path_parameters, values):
                path = path.replace("{%s}" % name, value)
            prefix = "" if row.path == "/_ping" else "/v1.55"
            assert right(getattr(docker, row.name)(*values, **options)), row.name
            assert engine.requests[-1].line == "%s %s%s" % (row.method, prefix, path)
            assert right(docker.call(row.name, **dict(zip(row.path_parameters, values), **options))), row.name
            assert engine.requests[-1].line == "%s %s%s" % (row.method, prefix, path)
            assert (engine.requests[-1].headers["host"] == "docker"
                    and "expect" not in engine.requests[-1].headers)
            fields = engine.requests[-1].headers
            assert ("upgrade" in fields) == (row.result == "upgrade")
            if options.get("body") is not None:
                assert fields["content-type"] == ("application/json" if row.body == "json"
                                                  else "application/x-tar")
        assert engine.accepted <= 3 + 2 * len(upgrades)   # the others share a connection


def test_a_body_by_position_is_refused_with_its_place():
    with pytest.raises(UsageError) as caught:
        Docker("unix:///nowhere", "1.41").container_create({"Image": "x"})
    assert "body=" in caught.value.hint


@pytest.mark.parametrize("seconds", [float("inf"), float("nan"), -1, 0, 1e300, "5", True])
def test_a_client_with_a_time_limit_that_is_none(seconds):
    with pytest.raises(UsageError, match="timeout: "):
        Docker("unix:///nowhere", timeout=seconds)


def test_the_longest_time_limit_is_one():
    with FakeEngine(serve(EMPTY)) as engine, Docker(engine.address, "1.41", timeout=2147483) as docker:
        assert docker.system_info() == {}
        assert docker.request("POST", "/", body=iter([b"x" * 70000] * 5), head_timeout=2147483,
                              total_timeout=2147482.5).json() == {}


def test_names_that_python_and_the_client_use_too():
    (_, seen) = ask(lambda seen: response(b"{}", "201 Created") if seen.path.endswith("/create") else EMPTY,
                    lambda docker: (
        docker.container_create(name="redis", body={"Image": "x"}), docker.image_inspect(name="redis:2.8"),
        docker.image_inspect("a/b:1"),
        docker.call("container_create", name="call", body={}), docker.container_top("c", ps_args="-o pid"),
        docker.container_stats("c", stream=False, one_shot=True)))
    assert [request.target for request in seen] == [
        "/v1.41/containers/create?name=redis", "/v1.41/images/redis:2.8/json", "/v1.41/images/a/b:1/json",
        "/v1.41/containers/create?name=call", "/v1.41/containers/c/top?ps_args=-o%20pid",
        "/v1.41/containers/c/stats?stream=0&one-shot=1"]
    assert seen[0].body == b'{"Image": "x"}'


@pytest.mark.parametrize("call, says", [
    (lambda docker: docker.container_list(al=True), "all, limit, size, filters"),
    (lambda docker: docker.container_logs("c", folow=True), "did you mean follow?"),
    (lambda docker: docker.container_inspect(name="c"), "it takes id, size"),
    (lambda docker: docker.container_inspect("c", timeout="5"), "timeout: '5' is not a number of seconds"),
    (lambda docker: docker.container_inspect("c", timeout={"idle": -1}), "timeout: -1"),
    (lambda docker: docker.container_inspect("c", timeout={"read": 1}), "a dict of head, idle and total"),
    (lambda docker: docker.container_inspect(), "needs id"),
    (lambda docker: docker.container_inspect("a", "b"),
     "takes by position only what is in its path (id), got 2 values; name the others"),
    (lambda docker: docker.container_inspect("a", id="b"), "got id twice, by position and by name"),
    (lambda docker: docker.container_inspect({"Id": "a" * 64}), "aaa; give a name or an id"),
    (lambda docker: docker.container_create(Image="a"), "it takes name, platform, body={…}; see"),
    (lambda docker: docker.container_list(Image="a"), "filters; see"),
    (lambda docker: docker.container_list(body={}), "takes no body"),
    (lambda docker: docker.container_inspect("../x"), "'.' or '..'"),
    (lambda docker: docker.container_inspect("a\r\nb"), "control"),
    (lambda docker: docker.container_inspect(""), "empty"),
    (lambda docker: docker.call("container_lst"), "container_list"),
    (lambda docker: docker.call(5), "no operation"), (lambda docker: docker.call(), "name"),
    (lambda docker: docker.send(), "name"),
    (lambda docker: docker.container_create(body={"a": {1, 2}}), "JSON"),
    (lambda docker: docker.container_create(body={"a": float("nan")}), "JSON"),
    (lambda docker: docker.container_list(headers={"A": "b\r\nC: d"}), "field line"),
    (lambda docker: docker.request("GET", "x"), "begin with /"),
    (lambda docker: docker.request("GET", "/a b"), "%20"),
    (lambda docker: docker.request("GET", "/a\r\nB: c"), "request target"),
    (lambda docker: docker.request("GE T", "/"), "token"),
    (lambda docker: docker.request("POST", "/", body=5), "int"),
    (lambda docker: docker.request("POST", "/", body=[object()]), "JSON"),
    (lambda docker: docker.image_create(platform=5.5), "platform"),
    (lambda docker: docker.request("POST", "/", body="\ud800"), "surrogate"),
    (lambda docker: docker.image_load(body="a\udc80"), "position 1"),
    (lambda docker: docker.container_create(body="\ud800"), "surrogate"),
    (lambda docker: docker.request("GET", None), "begin with /"),
    (lambda docker: docker.request("GET", b"/x"), "begin with /"),
    (lambda docker: docker.request("GET", ("/",)), "begin with /"),
    (lambda docker: docker.request(5, "/"), "method is a str, not int 5"),
    (lambda docker: docker.request(b"GET", "/"), "not bytes"),
    (lambda docker: docker.request("GET", "/", http_version=("1.0", "1.1")),
     "HTTP version is a str, not tuple"),
    (lambda docker: docker.request(None, "/"), "method is a str"),
    (lambda docker: docker.request("GET", "/", headers=5), "headers are"),
    (lambda docker: docker.request("GET", "/", headers=["a"]), "pairs of name and value"),
    (lambda docker: docker.system_info(headers=[5]), "headers are"),
    (lambda docker: docker.request("GET", "/", query={"a": b"x"}), "query"),
    (lambda docker: docker.request("GET", "/", query=5), "query"),
    (lambda docker: docker.request("GET", "/", query=["a"]), "query"),
    (lambda docker: docker.request("GET", "/", query={"a": {"b": object()}}), "query"),
    (lambda docker: docker.request("GET", "/", query={"a": {"b": float("nan")}}), "query"),
    (lambda docker: docker.container_create({"Image": "x"}),
     "(nothing), got 1 values; the body goes by name"),
    (lambda docker: docker.container_update({"Memory": 1}), "1}; give a name or an id; a body goes by name"),
] + [(lambda docker, name=name, seconds=seconds: docker.request("GET", "/", **{name: seconds}), name)
     for name in ("head_timeout", "idle_timeout", "total_timeout")
     for seconds in (float("inf"), float("nan"), -1, 0, 1e300, 1 << 40, "5", True, b"")])
def test_refused_before_anything_is_sent(call, says):
    with FakeEngine(serve(EMPTY)) as engine, Docker(engine.address, "1.41") as docker:
        with pytest.raises(UsageError) as caught:
            call(docker)
        assert says in str(caught.value) + (caught.value.hint or "")
        assert not engine.requests


def test_an_unknown_attribute():
    docker = Docker("unix:///x", "1.41")
    with pytest.raises(AttributeError, match="container_list"):
        docker.container_lst
    assert not hasattr(docker, "_private") and not hasattr(docker, "__length_hint__")
    assert (docker.container_list.__name__ == "container_list"
            and "GET /containers/json" in docker.container_list.__doc__)


def test_raw_requests():
    def call(docker):
        for arguments in (dict(query={"all": True, "size": False, "t": ["a", "b&c"], "filters": {"a": ["b"]},
                                      "n": 5, "none": None}), dict(headers={"X-A": "b"}),
                          dict(body="é"), dict(body={"a": 1}),
                          dict(body=[1], headers=[("content-type", "x/y")]), dict(body=io.BytesIO(b"tar")),
                          dict(http_version="1.0")):
            docker.request("POST", "/any/path?x=y" if "query" in arguments else "/p", **arguments).read()
    seen = ask(lambda seen: response(b"ok", "418 I am a teapot"), call)[1]
    assert (unquote(seen[0].target) == '/any/path?x=y&all=1&size=0&t=a&t=b&c&filters={"a":["b"]}&n=5'
            and "t=b%26c" in seen[0].target)
    assert seen[1].headers["x-a"] == "b" and seen[2].body == "é".encode()
    assert seen[3].body == b'{"a": 1}' and seen[3].headers["content-type"] == "application/json"
    assert seen[4].body == b"[1]" and seen[4].headers["content-type"] == "x/y"
    assert (seen[5].body == b"tar" and seen[5].headers["transfer-encoding"] == "chunked"
            and seen[6].version == "HTTP/1.0")


def test_a_base_path_comes_before_everything():
    with FakeEngine(serve(EMPTY), tcp=True) as engine, Docker(engine.address + "/base/", "1.41") as docker:
        docker.system_info()
        docker.request("GET", "/_ping").read()
        assert [seen.target for seen in engine.requests] == ["/base/v1.41/info", "/base/_ping"]


# -- refusals

CLOSE_DELIMITED = b"HTTP/1.1 %s\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n%s"


@pytest.mark.parametrize("wire, kind, message", [
    (response(b'{"message":"No such container: x"}\n', "404 Not Found"), NotFound, "No such container: x"),
    (response(b'{"message":" in use\\n"}\n', "409 Conflict"), Conflict, "in use"),
    (response(b'{"cause":"c","message":"podman","response":500}', "500 Internal Server Error"), APIError,
     "podman"),
    (response(b"client version 1.11 is too old\n", "400 Bad Request", kind="text/plain; charset=utf-8"),
     APIError, "client version 1.11 is too old"),
    (response(b"Not Found\n", "404 Not Found", kind="text/plain"), NotFound, "Not Found"),
    (response(b"<html><body>Bad gateway</body></html>", "502 Bad Gateway", kind="text/html"), APIError,
     "<html><body>Bad gateway</body></html>"),
    (response(b"", "503 Service Unavailable"), APIError, "503 Service Unavailable"),
    (response(b"{}", "500 Oops"), APIError, "{}"),
    (response(b'{"message":5}', "500 Oops"), APIError, '{"message":5}'),
    (response(b'{"message":', "500 Oops"), APIError, '{"message":'),
    (response(b"[" * 90000, "500 Oops"), APIError, "[" * 90000),
    (response(b"\xff\xfe", "500 Oops"), APIError, "\ufffd\ufffd"),
    (b"HTTP/1.1 301 Moved Permanently\r\nLocation: /v1.41/containers/start\r\nContent-Length: 0\r\n\r\n",
     APIError, "301 Moved Permanently"),
    (b"HTTP/1.1 400 Bad Request: missing required Host header\r\nConnection: close\r\nContent-Length: "
     b"0\r\n\r\n", APIError, "400 Bad Request: missing required Host header"),
    (response(b"x" * (3 << 20), "500 Oops"), APIError, "x" * (1 << 20)),
    (b"HTTP/1.1 404 Not Found\r\nContent-Length: 99\r\n\r\n{\"message\"", NotFound, '{"message"'),
])
def test_refusals_carry_the_engines_message(wire, kind, message):
    def recipe(peer):
        peer.request()
        peer.send(wire)
    with FakeEngine(recipe) as engine:
        for call in (lambda docker: docker.container_inspect("x"),
                     lambda docker: docker.container_attach("x", stream=True),
                     lambda docker: docker.container_logs("x", stdout=True),
                     lambda docker: docker.container_start("x"),
                     lambda docker: docker.image_create(fromImage="x")):
            with pytest.raises(APIError) as caught, Docker(engine.address, "1.41") as docker:
                call(docker)
            error = caught.value
            assert (type(error) is kind and error.message.startswith(message)
                    and error.status == int(wire[9:12]))
            assert (len(error.message) < len(message) + 120
                    and error.method + " " + error.path == engine.requests[-1].line)


@pytest.mark.parametrize("status, kind, text",
                         [("404 Not Found", NotFound, "No such container: x"),
                          ("409 Conflict", Conflict, "container x is paused"),
                          ("400 Bad Request", APIError, "Invalid detach keys")])
def test_attach_refuses_in_text_until_it_closes(status, kind, text):
    def recipe(peer):
        peer.request()
        peer.send(CLOSE_DELIMITED % (status.encode(), text.encode() + b"\r\n"))
    with FakeEngine(recipe) as engine, Docker(engine.address, "1.41") as docker:
        with pytest.raises(kind) as caught:
            docker.container_attach("x", stream=True)
        assert str(caught.value) == text


def test_head_refusals_have_no_body():
    wire = b"HTTP/1.1 404 Not Found\r\nContent-Length: 67\r\n\r\n"
    with pytest.raises(NotFound, match="404 Not Found"):
        ask(wire, lambda docker: docker.container_archive_info("x", path="/nope"))


def test_not_modified_is_fine_and_other_redirections_are_not():
    assert ask(b"HTTP/1.1 304 Not Modified\r\n\r\n", lambda docker: docker.container_start("x"))[0] is None
    # request() never raises for a status
    assert ask(response(b"no", "404 Not Found"), lambda docker: docker.request("GET", "/x").status)[0] == 404


def answer_of(status, body):
    """bytes of an answer with `status` (int), and `body` where such an answer has one."""
    head = b"HTTP/1.1 %d Whatever\r\n" % status
    return (head + b"\r\n" if status in (204, 304)
            else head + b"Content-Length: %d\r\n\r\n%s" % (len(body), body))


def test_the_row_says_which_statuses_are_success():
    """Every operation answered with every other status of 200 to 399: an error that names the status."""
    statuses = (200, 201, 202, 203, 204, 205, 206, 300, 301, 304, 307)
    current = []
    with FakeEngine(serve(lambda seen: answer_of(current[0], b'{"a":1}'))) as engine, \
            Docker(engine.address, "1.55") as docker:
        for row in endpoints():
            values = ["v"] * len(row.path_parameters)
            for status in [status for status in statuses if status not in row.statuses]:
                current[:] = [status]
                with pytest.raises((APIError, ProtocolError)) as caught:
                    docker.call(row.name, *values)
                if status < 300:
                    assert (type(caught.value) is ProtocolError
                            and caught.value.seen == b"%d Whatever" % status)
                    assert caught.value.rule == "Engine API, " + row.operation_id
                else:
                    assert caught.value.status == status


@pytest.mark.parametrize("status, call, value", [
    (204, lambda docker: docker.container_start("x"), None),
    (304, lambda docker: docker.container_start("x"), None),
    (304, lambda docker: docker.container_stop("x"), None),
    (201, lambda docker: docker.image_tag("x", repo="y"), None),
    (204, lambda docker: docker.system_auth(body={}), None),
    (200, lambda docker: docker.system_auth(body={}), {"a": 1}),
    (201, lambda docker: docker.container_create(body={}), {"a": 1}),
    (204, lambda docker: list(docker.plugin_pull(remote="x")), []),
    (200, lambda docker: list(docker.plugin_pull(remote="x")), [{"a": 1}]),
    (200, lambda docker: docker.secret_create(body={}), {"a": 1}),
    (201, lambda docker: docker.exec_resize("x", h=1, w=1), None),
    (200, lambda docker: docker.exec_resize("x", h=1, w=1), None),
])
def test_what_the_statuses_of_success_mean(status, call, value):
    assert ask(answer_of(status, b'{"a":1}'), call)[0] == value


@pytest.mark.parametrize("call", [
    lambda docker: list(docker.image_create(fromImage="x")), lambda docker: list(docker.image_push("x")),
    lambda docker: list(docker.image_load(body=b"")), lambda docker: list(docker.image_build(body=b"")),
])
def test_a_stream_that_must_tell_something_and_is_empty(call):
    for wire in (response(b""), response(b"\r\n"), chunked()):
        with pytest.raises(ProtocolError, match="at least one message"):
            ask(wire, call)
    assert ask(chunked(), lambda docker: list(docker.system_events()))[0] == []   # nothing has happened


def test_a_refusal_that_never_ends_is_given_up():
    stop = threading.Event()

    def recipe(peer):
        peer.request()
        peer.send(b"HTTP/1.1 500 Oops\r\nContent-Length: 9\r\n\r\nabc")
        stop.wait(60)

    def attempt(limit):
        stop.clear()
        with FakeEngine(recipe) as engine, Docker(engine.address, "1.41", timeout=limit) as docker:
            with pytest.raises(APIError, match="abc"):
                docker.container_logs("x", stdout=True)
            stop.set()
    with_patience(attempt, 0.1, 1, 10)


# -- streams

def test_whether_a_stream_is_in_frames():
    """Only multiplexed-stream is sure; otherwise the container, the service, the task or the start body
    tells."""
    inspected = {"containers/x/json": b'{"Config":{"Tty":true}}',
                 "containers/y/json": b'{"Config":{"Tty":false}}',
                 "services/x": b'{"Spec":{"TaskTemplate":{"ContainerSpec":{"TTY":true}}}}',
                 "tasks/x": b'{"Spec":{"ContainerSpec":{}}}',
                 "containers/z/json": b"{}", "containers/n/json": b"null"}

    def recipe(kind):
        def play(peer):
            while True:
                seen = peer.request()
                if seen is None:
                    return
                known = seen.target.partition("?")[0][len("/v1.41/"):]
                if known in inspected:
                    peer.send(response(inspected[known]))
                elif "upgrade" in seen.headers:
                    peer.send(UPGRADED.replace(b"application/vnd.docker.raw-stream", kind) + frame(1, b"a"))
                    return
                else:
                    peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: " + kind
                              + b"\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n" + frame(1, b"a")
                              + b"\r\n0\r\n\r\n")
        return play
    framed, raw = [(1, b"a")], [(1, frame(1, b"a"))]

    def frames(kind, call):
        with FakeEngine(recipe(kind)) as engine, Docker(engine.address, "1.41") as docker:
            got = call(docker)
            return list(got.frames() if hasattr(got, "frames") else got), len(engine.requests)
    sure, unsure = b"application/vnd.docker.multiplexed-stream", b"application/vnd.docker.raw-stream"
    assert frames(sure, lambda docker: docker.container_logs("x", stdout=True)) == (framed, 1)
    assert frames(unsure, lambda docker: docker.container_logs("x", stdout=True)) == (raw, 2)
    assert frames(unsure, lambda docker: docker.container_logs(id="y", stdout=True)) == (framed, 2)
    assert frames(unsure, lambda docker: docker.container_logs("y", stdout=True, tty=True)) == (raw, 1)
    assert frames(unsure, lambda docker: docker.container_attach("x", stream=True)) == (raw, 2)
    assert frames(unsure, lambda docker: docker.container_attach("y", stream=True)) == (framed, 2)
    assert frames(unsure, lambda docker: docker.container_attach("x", stream=True, tty=False)) == (framed, 1)
    assert frames(unsure, lambda docker: docker.exec_start("e", body={"Tty": True})) == (raw, 1)
    assert frames(unsure, lambda docker: docker.exec_start("e", body=b'{"Tty": true}')) == (raw, 1)
    assert frames(unsure, lambda docker: docker.exec_start("e", body={"Detach": False})) == (framed, 1)
    assert frames(unsure, lambda docker: docker.service_logs("x", stdout=True)) == (raw, 2)
    assert frames(unsure, lambda docker: docker.task_logs("x", stdout=True)) == (framed, 2)
    for name in ("z", "n"):
        with pytest.raises(ProtocolError):
            frames(unsure, lambda docker: docker.container_logs(name, stdout=True))


@pytest.mark.parametrize("body", [{"Detach": True, "Tty": False}, b'{"Detach": true}', '{"Detach":true}'])
def test_a_detached_exec_has_no_stream_and_keeps_the_connection(body):
    """The engine answers 200 with a length and goes on: waiting for the end of a stream would be for ever."""
    got, seen = ask(lambda seen: response(), lambda docker: (docker.exec_start("e", body=body),
                                                             docker.exec_start("e", body=body)), timeout=30)
    assert got == (None, None) and "upgrade" not in seen[0].headers


def test_an_error_in_a_stream_of_messages():
    wire = chunked(b'{"status":"Pulling"}\r\n',
                   b'{"errorDetail":{"message":"unknown blob"},"error":"unknown blob"}\r\n')
    got = []

    def call(docker):
        for message in docker.image_create(fromImage="x"):
            got.append(message)
    with pytest.raises(StreamError, match="unknown blob") as caught:
        ask(wire, call)
    assert got == [{"status": "Pulling"}] and caught.value.statuses == ["Pulling"]


def test_left_streams_close_their_connections():
    left = []

    def recipe(peer):
        if "/attach" in peer.request().target:
            peer.send(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
                      + frame(1, b"{"))
        else:
            peer.send(
                b"HTTP/1.1 200 OK\r\nContent-Type: "
                b"application/vnd.docker.multiplexed-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                b"9\r\n" + frame(1, b"{") + b"\r\n")
        left.append(peer.drain())
    with FakeEngine(recipe) as engine, Docker(engine.address, "1.41") as docker:
        for chunk in docker.container_logs("x", stdout=True, follow=True):
            break
        docker.container_logs("x", stdout=True, follow=True)
        docker.system_events()
        docker.container_export("x")
        with docker.container_attach("x", tty=False):
            pass
        docker.request("GET", "/events")
        gc.collect()
        engine.wait_for(lambda: len(left) == 6)


def test_json_that_is_cut_or_none():
    with pytest.raises(ProtocolError, match="JSON"):
        ask(response(b"<html>"), lambda docker: docker.system_info())
    for cut in range(1, len(EMPTY)):   # (a cut at 0 is an engine that closed: ConnectError)
        with FakeEngine(lambda peer: (peer.request(), peer.send(EMPTY[:cut]))) as engine, \
                Docker(engine.address, "1.41") as docker:
            with pytest.raises(TruncatedError):
                docker.system_info()


@pytest.mark.parametrize("body, call", [
    (b'{"status":"a"}\r\n', lambda docker: list(docker.image_create(fromImage="x"))),
    (b'{"status":"a"}\r\n', lambda docker: list(docker.system_events())),
    (frame(1, b"a"), lambda docker: list(docker.container_logs("x", stdout=True, tty=False))),
    (b"a", lambda docker: list(docker.container_logs("x", stdout=True, tty=True))),
    (b"tar", lambda docker: docker.container_export("x").copy_to(io.BytesIO())),
    (bytes(512), lambda docker: docker.image_get("x").read()),
    (b'{"a":1', lambda docker: docker.system_info()), (b"", lambda docker: docker.system_info()),
    (b'{"a":1', lambda docker: docker.send("container_inspect", "x").read()),
    (b"OK", lambda docker: docker.system_ping().read()),
])
def test_an_answer_that_ends_with_its_connection_must_show_its_end(body, call):
    with FakeEngine(lambda peer: (peer.request(), peer.send(CLOSE_DELIMITED % (b"200 OK", body)))) as engine:
        with pytest.raises(UnconfirmedError, match="does not show that it is whole"), \
                Docker(engine.address, "1.41") as docker:
            call(docker)


@pytest.mark.parametrize("body, call, value", [
    (b'{"a":1}', lambda docker: docker.system_info(), {"a": 1}),
    (b"[]\n", lambda docker: docker.container_list(), []),
    (bytes(1024), lambda docker: docker.container_export("x").read(), bytes(1024)),
    # whoever asks for a path can ask for the verdict
    (b"x", lambda docker: docker.request("GET", "/x").read(), b"x"),
])
def test_an_answer_that_ends_with_its_connection_and_shows_its_end(body, call, value):
    with FakeEngine(lambda peer: (peer.request(),
                                  peer.send(CLOSE_DELIMITED % (b"200 OK", body)))) as engine, Docker(
            engine.address, "1.41") as docker:
        assert call(docker) == value


# -- one value, limits of time, what a stream speaks

def test_statistics_without_a_stream_are_one_value():
    wire = chunked(b'{"read":"now"}')
    given, seen = ask(wire, lambda docker: (docker.container_stats("c", stream=False),
                                            list(docker.container_stats("c")),
                                            list(docker.container_stats("c", stream=True))))
    assert given == ({"read": "now"}, [{"read": "now"}], [{"read": "now"}])
    assert [request.target.partition("?")[2] for request in seen] == ["stream=0", "", "stream=1"]
    with pytest.raises(ProtocolError):
        ask(chunked(b""), lambda docker: docker.container_stats("c", stream=False))


@pytest.mark.parametrize("timeout, phase, answer", [
    (lambda limit: limit, "total", b""),
    (lambda limit: limit, "total", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{"),
    (lambda limit: {"head": limit}, "head", b""), (lambda limit: {"total": limit, "idle": 90}, "total", b""),
    (lambda limit: {"idle": limit}, "idle", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{"),
])
def test_an_operation_has_a_time_limit_of_its_own(timeout, phase, answer):
    def attempt(limit):
        over = threading.Event()
        with FakeEngine(lambda peer: (peer.request(), peer.send(answer), over.wait(60))) as engine, \
                Docker(engine.address, "1.41") as docker:
            with pytest.raises(Timeout) as caught:
                docker.container_wait("c", timeout=timeout(limit))
            over.set()
        assert (caught.value.phase, caught.value.seconds) == (phase, limit)
        assert caught.value.received == answer.count(b"{")
    with_patience(attempt, 0.05, 1, 10)


def test_the_limits_of_an_operation_replace_those_of_the_client():
    def recipe(peer):
        peer.request()
        engine.wait_for(lambda: patient)   # the client's own limit is over by then
        peer.send(EMPTY)
        peer.drain()
    patient = []

    def later():
        patient.append(True)
    with FakeEngine(recipe) as engine, Docker(engine.address, "1.41", timeout=0.02) as docker:
        timer = threading.Timer(0.1, later)
        timer.start()
        assert docker.system_info(timeout=60) == {}
        timer.join()
    with FakeEngine(serve(response(b""))) as engine, Docker(engine.address, "1.41") as docker:
        docker.plugin_enable("p", timeout=7)
        assert engine.requests[0].line.endswith("/plugins/p/enable?timeout=7")


def test_a_limit_counts_for_connecting_too():
    limits = []
    docker = Docker("unix:///nowhere", "1.41", timeout=60)
    docker.open_socket = lambda address, timeout: limits.append(timeout) or ScriptedSocket(EMPTY * 3)
    docker.system_info(timeout=5)
    docker.close()
    docker.system_info(timeout=500)
    docker.close()
    docker.timeout = None
    docker.container_wait("c", timeout={"head": 1})
    docker.close()
    docker.request("GET", "/info", total_timeout=2)
    assert limits == [5, 60, None, 2]


@pytest.mark.parametrize("tty, given", [
    (False, [(1, b"out"), (2, b"err")]), (True, [frame(1, b"out") + frame(2, b"err")]),
    (None, [frame(1, b"out") + frame(2, b"err")])])
def test_a_duplex_is_what_its_container_speaks(tty, given):
    wire = UPGRADED + frame(1, b"out") + frame(2, b"err")
    with FakeEngine(lambda peer: (peer.request(), peer.send(wire))) as engine:
        with Docker(engine.address, "1.41").send("container_attach", "c").duplex(tty) as pipe:
            found = list(pipe)
    assert (found if tty is False else [b"".join(found)]) == given


def test_tls_is_given_as_settings():
    docker = Docker("tcp://127.0.0.1:2376", tls=TLSSettings(ca="ca.pem", cert="cert.pem", key="key.pem"))
    assert docker.address.tls == ("ca.pem", "cert.pem", "key.pem", True, "the caller")
    for wrong in (True, {"ca": "ca.pem"}, "ca.pem"):
        with pytest.raises(UsageError, match="tls=rawdock.TLSSettings"):
            Docker("tcp://127.0.0.1:2376", tls=wrong)
