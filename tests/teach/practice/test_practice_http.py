"""The practice engine's HTTP by plain sockets: framing, keep-alive, refusals, versions, the socket itself."""
import json
import os
import socket
import threading

import pytest

from rawdock.errors import AddressError, UsageError
from rawdock.teach.practice.engine import PracticeEngine
from tests.teach.practice.practice_wire import (Wire, ask, create, eventually, logs, output_of, frames_of,
                                                request_bytes, run)


def say(engine, data, half_close=False):
    """Send these bytes; everything until the engine closes."""
    with Wire(engine) as wire:
        wire.send(data)
        if half_close:
            wire.sock.shutdown(socket.SHUT_WR)
        return wire.rest()


def test_ping_get_and_head(engine):
    with Wire(engine) as wire:
        status, fields, body = wire.ask("GET", "/_ping")
        assert (status, body) == (200, b"OK")
        assert fields["server"] == "rawdock-practice"
        assert (fields["api-version"], fields["ostype"],
                fields["docker-experimental"]) == ("1.45", "linux", "false")
        status, fields, body = wire.ask("HEAD", "/v1.40/_ping")
        assert (status, fields["content-length"], fields["api-version"]) == (200, "0", "1.45")
        assert wire.ask("GET", "/_ping")[2] == b"OK"


def test_pipelined_requests_are_answered_in_order(engine):
    with Wire(engine) as wire:
        wire.send(request_bytes("GET", "/_ping")
                  + request_bytes("POST", "/containers/create", {"Image": "nope"})
                  + request_bytes("GET", "/containers/json")
                      + request_bytes("GET", "/nope", None, "Connection: close\r\n"))
        seen = []
        for _ in range(4):
            line, fields = wire.head()
            seen.append((int(line.split()[1]), wire.body(fields)))
        assert wire.rest() == b""
    assert fields["connection"] == "close"
    assert [status for status, _ in seen] == [200, 404, 200, 404]
    assert json.loads(seen[1][1].decode()) == {"message": "No such image: nope:latest"}
    assert seen[2][1] == b"[]\n" and json.loads(seen[3][1].decode()) == {"message": "page not found"}


@pytest.mark.parametrize("cut", range(1, 90, 4))
def test_a_request_may_come_in_any_two_pieces(engine, cut):
    data = request_bytes("POST", "/containers/create", {"Image": "nope"}) + request_bytes("GET", "/_ping")
    with Wire(engine) as wire:
        wire.send(data[:cut])
        wire.wait_until_read()
        wire.send(data[cut:])
        line, fields = wire.head()
        assert line == "HTTP/1.1 404 Not Found" and b"No such image" in wire.body(fields)
        line, fields = wire.head()
        assert line == "HTTP/1.1 200 OK" and wire.body(fields) == b"OK"


def test_a_chunked_request_body_byte_by_byte(engine):
    body = json.dumps({"Image": "nope"}).encode()
    data = (b"POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Type:"
            b" application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"5\r\n" + body[:5] + b"\r\n%x;ext=1\r\n" % (len(body) - 5) + body[5:]
                + b"\r\n0\r\nTrailer-Field: 1\r\n\r\n") + request_bytes("GET", "/_ping")
    with Wire(engine) as wire:
        for at in range(len(data)):
            wire.send(data[at:at + 1])
        assert wire.head()[0] == "HTTP/1.1 404 Not Found"
        wire.until(b"OK")


def test_json_is_framed_by_its_size(engine):
    identity = create(engine, ["true"])
    with Wire(engine) as wire:
        _, fields, _ = wire.ask("GET", "/version")
        assert "content-length" in fields and "transfer-encoding" not in fields
        _, fields, body = wire.ask("GET", "/containers/%s/json" % identity)
        assert fields["transfer-encoding"] == "chunked" and "content-length" not in fields
        assert json.loads(body.decode())["Id"] == identity
    head, _, body = say(engine, b"GET /containers/%s/json HTTP/1.0\r\n\r\n"
                        % identity.encode()).partition(b"\r\n\r\n")
    assert b"chunked" not in head and b"Content-Length" not in head
    assert json.loads(body.decode())["Id"] == identity
    assert ask(engine, "DELETE", "/containers/" + identity)[0] == 204


def test_http_1_0(engine):
    answer = say(engine, b"GET /_ping HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.0 200 OK\r\n") and answer.endswith(b"\r\n\r\nOK")
    with Wire(engine) as wire:
        for _ in range(2):
            wire.send(b"GET /_ping HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            line, fields = wire.head()
            assert (line, fields["connection"], wire.body(fields)) == ("HTTP/1.0 200 OK", "keep-alive", b"OK")


def test_a_quick_request_survives_a_half_close(engine):
    assert b"200 OK" in say(engine, request_bytes("GET", "/_ping"), half_close=True)


@pytest.mark.parametrize("data, status", [
    (b"GET /images/json HTTP/1.0\r\n\n", 200),   # echo -e "GET /images/json HTTP/1.0\r\n" | nc -U
    (b"GET /images/json HTTP/1.0\r\n\r\n\n", 200),
    (b"GET /_ping HTTP/1.0\n\n", 200),
    (b"\nGET /_ping HTTP/1.1\nHost: x\nConnection: close\n\n", 200),
    (b"POST /containers/create HTTP/1.0\nContent-Type: application/json\nContent-Length:"
     b" 16\n\n{\"Image\":\"nope\"}\n", 404),
], ids=repr)
@pytest.mark.parametrize("step", [1, 1000])
def test_what_nc_sends_for_a_typed_line_is_a_request(engine, data, status, step):
    with Wire(engine) as wire:
        for at in range(0, len(data), step):
            try:
                wire.send(data[at:at + step])
            except OSError:   # it has answered already
                assert at >= len(data) - 1
        line, fields = wire.head()
        assert int(line.split()[1]) == status
        body = wire.body(fields)
    assert body == b"OK" if b"_ping" in data else json.loads(body.decode())


def test_typed_requests_may_follow_one_another_and_go_on_as_a_stream(engine):
    identity = create(engine, ["cat"], OpenStdin=True, AttachStdin=True, AttachStdout=True)
    with Wire(engine) as wire:
        wire.send(b"GET /_ping HTTP/1.1\nHost: x\n\nPOST /containers/%s/start HTTP/1.1\nHost:"
                  b" x\nContent-Length: 0\n\n" % identity.encode())
        assert wire.body(wire.head()[1]) == b"OK" and wire.head()[0] == "HTTP/1.1 204 No Content"
        wire.send(b"POST /containers/%s/attach?stream=1&stdin=1&stdout=1 HTTP/1.0\n\na\n\nb\n"
                  % identity.encode())
        assert wire.head()[0] == "HTTP/1.1 200 OK"
        got = b""
        while len(got) < 5:
            got += wire.frame()[1]
        assert got == b"a\n\nb\n"
    assert ask(engine, "DELETE", "/containers/%s?force=1" % identity)[0] == 204


def test_a_line_end_that_breaks_http_is_answered_with_how_to_type_it(engine):
    typed = b"POST /x HTTP/1.1\nHost: x\nTransfer-Encoding: chunked\n\n0\n"
    answer = say(engine, typed)
    assert answer.startswith(b"HTTP/1.1 400 ") and b"nc -C" in answer
    assert b"HTTP/1.0" in say(engine, b"GET /_ping HTTP/1.1\n\n")   # who types needs no Host there


@pytest.mark.parametrize("data, rule, offset", [
    (b"GET /_ping HTTP/1.1\rHost: x\r\r", b"RFC 9112 \xc2\xa72.2", 19),
    (b"GET /_ping HTTP/1.1\r\nHost : x\r\n\r\n", b"RFC 9112 \xc2\xa75.1", 25),
    (b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", b"RFC 9112 \xc2\xa72.3", 7),
    (b"GET /_ping HTTP/2.0\r\nHost: x\r\n\r\n", b"RFC 9112 \xc2\xa72.3", 11),
    (b"GET /_ping HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", b"RFC 9112 \xc2\xa75.2", 30),
    (b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
     b"RFC 9112 \xc2\xa76.3", None),
    (b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\n", b"RFC 9110 \xc2\xa78.6", None),
    (b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\n", b"RFC 9112 \xc2\xa77.1",
     58),
    (b"\x16\x03\x01\x02\x00\r\n\r\n", b"RFC 9112 \xc2\xa73.1", 0),
], ids=lambda value: None)
def test_what_breaks_http_is_answered_with_rule_and_offset(engine, data, rule, offset):
    head, _, body = say(engine, data).partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"HTTP/1.1 400 Bad Request"
    assert b"Connection: close" in lines and b"Content-Type: text/plain; charset=utf-8" in lines
    assert b"Server: rawdock-practice" in lines
    assert b"rule: %s, offset: " % rule in body
    # Which byte of a whole head is to blame for its framing is for the wire floor to say.
    if offset is not None:
        assert b"offset: %d\n" % offset in body


def test_the_offset_counts_from_the_start_of_the_connection(engine):
    first = request_bytes("GET", "/_ping")
    assert b"offset: %d\n" % (len(first) + 3) in say(engine, first + b"GET\r\n\r\n")


def test_a_request_that_is_cut_is_refused(engine):
    assert b"inside a request head" in say(engine, b"GET /_ping HTTP/1.1\r\nHo", half_close=True)


def test_a_host_field_is_required(engine):
    answer = say(engine, b"GET /_ping HTTP/1.1\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"Connection: close" in answer and b"missing required Host header" in answer
    assert say(engine, b"GET /_ping HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    assert say(engine, b"GET /_ping HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n").startswith(
        b"HTTP/1.1 200 ")


def test_a_body_beyond_the_bound_is_refused(engine):
    with Wire(engine) as wire:
        wire.send(b"POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n")
        try:
            for _ in range(100):
                wire.send(b"x" * 65536)
        except OSError:
            pass
        assert wire.head()[0] == "HTTP/1.1 413 Request Entity Too Large"


def test_expect_100_continue(engine):
    with Wire(engine) as wire:
        wire.send(b"POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Type:"
                  b" application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert wire.head()[0] == "HTTP/1.1 100 Continue"
        wire.send(b"{}")
        assert wire.head()[0] == "HTTP/1.1 400 Bad Request"


def test_versions(engine):
    with Wire(engine) as wire:
        assert wire.ask("GET", "/v1.24/containers/json")[0] == 200
        assert wire.ask("GET", "/v1.045/containers/json")[0] == 200
        status, fields, body = wire.ask("GET", "/v1.99/containers/json")
        assert (status, fields["api-version"]) == (400, "1.45")
        message = "client version 1.99 is too new. Maximum supported API version is 1.45"
        assert json.loads(body.decode())["message"] == message
        status, fields, body = wire.ask("GET", "/v1.11/containers/json")
        assert status == 400 and b"version 1.11 is too old. Minimum supported API version is 1.24" in body
        assert wire.ask("GET", "/v1.45.2/containers/json")[0] == 400
        assert wire.ask("GET", "/v1/containers/json")[0] == 400


@pytest.mark.parametrize("method, target, status", [
    ("GET", "/nope", 404), ("get", "/_ping", 404), ("POST", "/_ping", 404), ("HEAD", "/containers/json", 404),
    ("GET", "/containers/json/", 404),
    ("GET", "http://docker/v1.41/version", 200), ("GET", "/containers/%zz/json", 400),
    ("POST", "/build", 500), ("POST", "/containers//start", 404), ("GET", "/a/../version", 404),
    ("GET", "/containers/json?filters=x", 400),
    ("GET", "/containers/json?filters=%7B%22bogus%22:%5B%221%22%5D%7D", 400),
    ("GET", "/containers/nope/json", 404), ("GET", "/networks/bridge", 200),
    ("GET", "/networks", 200), ("GET", "/volumes", 200), ("GET", "/volumes/x", 404),
    ("GET", "/exec/x/json", 404),
])
def test_routing(engine, method, target, status):
    with Wire(engine) as wire:
        assert wire.ask(method, target)[0] == status
        assert wire.ask("GET", "/_ping")[2] == b"OK"


@pytest.mark.parametrize("body, fields", [
    (b"", "Content-Type: application/json\r\n"), (b"{", "Content-Type: application/json\r\n"),
    (b"[]", "Content-Type: application/json\r\n"),
    (b"{}", "Content-Type: text/plain\r\n"), (b"{}", ""),
    (b'{"Image":"busybox","Cmd":5}', "Content-Type: application/json\r\n"),
    (b'{"Image":"busybox","HostConfig":[]}', "Content-Type: application/json\r\n"),
    (b"[" * 100000, "Content-Type: application/json\r\n"),
    (b'{"Image":"busybox","Tty":"yes"}', "Content-Type: application/json\r\n"),
    (b'{"Image":"busybox","Env":[1]}', "Content-Type: application/json\r\n"),
    (b'{"Image":"busybox","HostConfig":{"PortBindings":{"x":[]}}}', "Content-Type: application/json\r\n"),
    (b'{"Image":7}', "Content-Type: application/json\r\n"),
    (b"\xff\xfe", "Content-Type: application/json\r\n"),
])
def test_a_bad_create_is_a_400_with_a_message(engine, body, fields):
    with Wire(engine) as wire:
        wire.send(("POST /containers/create HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n"
                   % (fields, len(body))).encode() + body)
        line, found = wire.head()
        assert line == "HTTP/1.1 400 Bad Request" and json.loads(wire.body(found).decode())["message"]
        assert wire.ask("GET", "/_ping")[0] == 200


def test_fifty_clients_at_once(engine):
    problems = []

    def client(number):
        try:
            identity, status = run(engine, ["sh", "-c", "echo %d; exit %d" % (number, number)])
            assert status == number
            assert output_of(frames_of(logs(engine, identity)), 1) == b"%d\n" % number
            assert ask(engine, "DELETE", "/containers/" + identity)[0] == 204
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert problems == []


def test_an_engine_that_never_started_closes():
    PracticeEngine().close()
    with pytest.raises(UsageError):
        PracticeEngine().address


def test_the_path_of_the_socket(tmp_path):
    path = str(tmp_path / "d.sock")
    stale = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    stale.bind(path)
    stale.close()
    with PracticeEngine(path) as engine:
        assert ask(engine, "GET", "/_ping") == (200, b"OK")
        with pytest.raises(AddressError) as caught:
            PracticeEngine(path).start()
        assert "another server" in str(caught.value)
        assert ask(engine, "GET", "/_ping") == (200, b"OK")
    assert not os.path.exists(path)
    with open(path, "w") as other:
        other.write("mine")
    with pytest.raises(UsageError) as caught:
        PracticeEngine(path).start()
    assert "not a socket" in str(caught.value)
    with open(path) as other:
        assert other.read() == "mine"
    with pytest.raises(AddressError):
        PracticeEngine("/tmp/" + "x" * 110).start()
    with pytest.raises(AddressError):
        PracticeEngine(str(tmp_path / "nowhere" / "d.sock")).start()


def test_serve_forever_ends_with_close(tmp_path):
    engine = PracticeEngine(str(tmp_path / "d.sock"))
    thread = threading.Thread(target=engine.serve_forever, daemon=True)
    thread.start()

    def answers():
        try:
            return ask(engine, "GET", "/_ping") == (200, b"OK")
        except OSError:   # the path is there a moment before anybody listens
            return False
    eventually(answers)
    engine.close()
    thread.join(60)
    assert not thread.is_alive()
