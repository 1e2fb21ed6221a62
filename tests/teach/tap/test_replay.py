"""Replay: a record answers as the engine did, in its order, raw streams in step with stdin, and names what it
does not have.
"""
import json
import random
import socket

import pytest

from rawdock.teach.record.record import Recording, WireRecorder
from rawdock.teach.tap.replay import ReplayBook, ReplayConnection, replay_exchanges, split_target

from tests.teach.tap.tap_wire import (
    ask, chunk_bytes, connect, frame_bytes, read_exactly, read_to_end, replaying, until,
)

UPGRADE_FIELDS = (b"Connection: Upgrade", b"Upgrade: tcp")
SWITCH = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"


def ok_answer(body, *fields):
    lines = [b"HTTP/1.1 200 OK"] + list(fields) + [b"Content-Length: %d" % len(body), b"", body]
    return b"\r\n".join(lines)


def recorded(*connections):
    """Each connection is a list of (">" or "<", bytes), or (direction, "half-close" or "close")."""
    recording = Recording()
    ticks = iter(range(1000000))
    recorder = WireRecorder([recording], lambda: next(ticks) / 1000.0)
    for events in connections:
        number = recorder.open("unix:///x")
        for direction, what in events:
            if isinstance(what, str):
                recorder.record(number, direction, what)
            elif direction == ">":
                recorder.record(number, ">", "data", what)
            else:
                recorder.record(number, "<", "data", what)
    return recording


def answered(path, request, answer):
    """Send `request` on a connection of its own, read exactly `answer`."""
    with connect(path) as client:
        client.sendall(request)
        assert read_exactly(client, len(answer)) == answer


@pytest.mark.parametrize("target, expected", [
    ("/v1.41/containers/json?b=2&a=1", ("1.41", "/containers/json", "a=1&b=2")),
    ("/containers/json", ("", "/containers/json", "")),
    ("http://docker/v1.24/_ping", ("1.24", "/_ping", "")),
    ("http://docker/x?", ("", "/x", "")),
    ("/v1.41", ("", "/v1.41", "")),
    ("*", ("", "*", "")),
])
def test_targets(target, expected):
    assert split_target(target) == expected


def test_answers_come_as_they_were_in_their_order_and_the_last_one_again():
    first = ok_answer(b'{"n":1}', b"X-Odd:  spelling ")
    second = (b"HTTP/1.1 500 no\r\nTransfer-Encoding: chunked\r\n\r\n"
              b"3;x=y\r\nabc\r\n0\r\nT: v\r\n\r\n")
    recording = recorded([(">", ask("GET", "/v1.41/info")), ("<", first[:20]), ("<", first[20:]),
                          (">", ask("GET", "/v1.41/info")), ("<", second)])
    with replaying(recording) as (path, server):
        with connect(path) as client:
            for target, expected in (("/info", first), ("/v1.30/info", second), ("/v1.41/info", second)):
                client.sendall(ask("GET", target))
                assert read_exactly(client, len(expected)) == expected
        server_side = [one.title for one in server.book.exchanges]
        assert server_side == ["GET /info", "GET /info"]


def test_the_same_query_is_preferred_any_other_is_better_than_none():
    a, b = ok_answer(b"a"), ok_answer(b"b")
    recording = recorded([(">", ask("GET", "/x?a=1&z=9")), ("<", a), (">", ask("GET", "/x?b=1")), ("<", b)])
    with replaying(recording) as (path, _):
        answered(path, ask("GET", "/x?b=1"), b)
        answered(path, ask("GET", "/x?z=9&a=1"), a)
        answered(path, ask("GET", "/x?since=now"), a)
        answered(path, ask("GET", "/x?since=later"), b)


def test_pipelined_requests_and_bodies():
    a, b = ok_answer(b"a"), ok_answer(b"b")
    recording = recorded([(">", ask("POST", "/a")), ("<", a)], [(">", ask("GET", "/b")), ("<", b)])
    post = (b"POST /a HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n"
            + chunk_bytes(b"x" * 100000) + b"0\r\n\r\n")
    with replaying(recording) as (path, _):
        answered(path, post + ask("GET", "/b") + post, a + b + a)


def test_what_is_not_in_the_record_is_a_404_that_says_so():
    identity = "0123456789ab" + "c" * 52
    recording = recorded([(">", ask("GET", "/containers/%s/json" % identity)), ("<", ok_answer(b"{}"))])
    unknown = []

    def report(request, exchange):
        unknown.append((request, exchange and exchange.index))

    with replaying(recording, report=report) as (path, _):
        with connect(path) as client:
            client.sendall(ask("GET", "/v1.41/containers/json")
                           + ask("GET", "/containers/%s/json" % identity))
            head = b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n"
            assert read_exactly(client, len(head)) == head
            client.shutdown(socket.SHUT_WR)
            rest = read_to_end(client)[0]
    body = rest[rest.index(b"{"):rest.index(b"\n", rest.index(b"{"))]
    assert json.loads(body.decode()) == {"message": "this replay has no answer to GET /containers/json; the "
                                                    "record has GET /containers/0123456789ab/json"}
    assert rest.endswith(b"\r\n\r\n{}")
    assert unknown == [("GET /v1.41/containers/json", None), ("GET /containers/%s/json" % identity, 0)]


def test_a_head_that_is_not_in_the_record_gets_no_body():
    with replaying(recorded([(">", ask("GET", "/x")), ("<", ok_answer(b"x"))])) as (path, _):
        with connect(path) as client:
            client.sendall(ask("HEAD", "/y") + ask("GET", "/x"))
            client.shutdown(socket.SHUT_WR)
            answer = read_to_end(client)[0]
    assert answer.startswith(b"HTTP/1.1 404 ") and answer.endswith(b"\r\n\r\n" + ok_answer(b"x"))


@pytest.mark.parametrize("method, body", [("GET", b"OK"), ("HEAD", b"")])
def test_a_ping_is_always_answered_with_the_version_of_the_record(method, body):
    recording = recorded([(">", ask("GET", "/v1.39/x")), ("<", ok_answer(b"x")),
                          (">", ask("GET", "/v1.30/x")),
                          ("<", ok_answer(b"x"))])
    with replaying(recording) as (path, _):
        with connect(path) as client:
            client.sendall(ask(method, "/_ping"))
            client.shutdown(socket.SHUT_WR)
            answer = read_to_end(client)[0]
    assert (answer.startswith(b"HTTP/1.1 200 OK\r\nApi-Version: 1.39\r\n")
            and answer.endswith(b"\r\n\r\n" + body))


def test_a_typed_request_is_answered_and_recorded_ones_are_too():
    answer = ok_answer(b"[]")
    recording = recorded([(">", b"GET /images/json HTTP/1.0\r\n\n"), ("<", answer), ("<", "close")])
    with replaying(recording) as (path, _):
        with connect(path) as client:
            client.sendall(b"GET /images/json HTTP/1.0\r\n\n")
            assert read_to_end(client) == (answer, False)


def test_a_request_that_breaks_a_rule_is_refused_and_the_connection_ends():
    with replaying(recorded([(">", ask("GET", "/x")), ("<", ok_answer(b"x"))])) as (path, _):
        with connect(path) as client:
            client.sendall(b"GET /x HTTP/1.1\r\nbad field\r\n\r\n")
            assert read_to_end(client)[0].startswith(b"HTTP/1.1 400 ")


# ---- how connections end

def test_an_answer_that_closed_its_connection_closes_it_again():
    for answer in (ok_answer(b"x", b"Connection: close"), b"HTTP/1.0 200 OK\r\n\r\nuntil the end"):
        with replaying(recorded([(">", ask("GET", "/x")), ("<", answer), ("<", "close")])) as (path, _):
            with connect(path) as client:
                client.sendall(ask("GET", "/x"))
                assert read_to_end(client) == (answer, False)


def test_an_answer_that_was_cut_is_cut_again():
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"
    with replaying(recorded([(">", ask("GET", "/x")), ("<", answer), ("<", "close")])) as (path, _):
        with connect(path) as client:
            client.sendall(ask("GET", "/x"))
            assert read_to_end(client) == (answer, False)


def test_a_stream_that_its_client_left_stays_open_until_the_client_leaves():
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk_bytes(b'{"Action":"start"}')
    with replaying(recorded([(">", ask("GET", "/events")), ("<", answer), (">", "close")])) as (path, server):
        with connect(path) as client:
            client.sendall(ask("GET", "/events"))
            assert read_exactly(client, len(answer)) == answer
            client.sendall(b"x" * 4000000)   # more than a socket holds: the server is still there, and reads
            client.setblocking(False)
            with pytest.raises(BlockingIOError):
                client.recv(1)
        until(lambda: not server.connections, "the end of the connection")


def test_a_client_that_leaves_in_the_midst_costs_nothing():
    big = b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n" + b"x" * 5000000
    with replaying(recorded([(">", ask("GET", "/x")), ("<", big)])) as (path, server):
        for _ in range(20):
            with connect(path) as client:
                client.sendall(ask("GET", "/x"))
                assert client.recv(10)
        until(lambda: not server.connections, "the end of the connections")
        answered(path, ask("GET", "/x"), big)


# ---- raw streams

@pytest.mark.parametrize("with_upgrade", [True, False])
def test_output_waits_for_the_stdin_that_came_before_it(with_upgrade):
    request = ask("POST", "/containers/x/attach?stream=1", *(UPGRADE_FIELDS if with_upgrade else ()))
    switch = SWITCH if with_upgrade else (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n")
    out = [frame_bytes(1, b"prompt"), frame_bytes(1, b"echo 1"), frame_bytes(1, b"bye")]
    recording = recorded([(">", request), ("<", switch + out[0]), (">", b"line 1\n"), ("<", out[1]),
                          (">", "half-close"), ("<", out[2]), ("<", "close")])
    with replaying(recording) as (path, _):
        with connect(path) as client:
            client.sendall(request)
            assert read_exactly(client, len(switch + out[0])) == switch + out[0]
            client.sendall(b"line")
            client.sendall(b" 1\n")
            assert read_exactly(client, len(out[1])) == out[1]
            client.shutdown(socket.SHUT_WR)
            assert read_to_end(client) == (out[2], False)


class ScriptedClient:
    """A client's socket that gives `pieces`, and keeps what happens to it in `events`."""

    def __init__(self, pieces):
        self.pieces = list(pieces)
        self.events = []

    def recv(self, size):
        self.events.append(("recv", self.pieces[0]))
        return self.pieces.pop(0)

    def sendall(self, data):
        self.events.append(("sendall", data))


def test_no_output_comes_before_its_stdin():
    request = ask("POST", "/containers/x/attach", *UPGRADE_FIELDS)
    exchange, = replay_exchanges(recorded(
        [(">", request), ("<", SWITCH + b"prompt"), (">", b"line 1\n"), ("<", b"echo"), (">", "half-close"),
         ("<", b"bye"), ("<", "close")]))
    client = ScriptedClient([b"line", b" 1\n", b""])
    assert ReplayConnection(None, client).give(exchange) is True
    assert [event for event in client.events if event != ("sendall", b"")] == [
        ("sendall", SWITCH + b"prompt"), ("recv", b"line"), ("recv", b" 1\n"), ("sendall", b"echo"),
        ("recv", b""), ("sendall", b"bye")]


def test_a_half_close_without_stdin_is_not_waited_for():
    """The docker CLI half-closes at once, another client may not."""
    request = ask("POST", "/exec/x/start", *UPGRADE_FIELDS)
    recording = recorded([(">", request), ("<", SWITCH), (">", "half-close"), ("<", b"out"), ("<", "close")])
    with replaying(recording) as (path, _):
        with connect(path) as client:
            client.sendall(request)
            assert read_to_end(client) == (SWITCH + b"out", False)


def test_less_stdin_than_recorded_and_its_end_let_the_output_come():
    request = ask("POST", "/containers/x/attach", *UPGRADE_FIELDS)
    recording = recorded([(">", request), ("<", SWITCH), (">", b"much stdin"), ("<", b"out"), ("<", "close")])
    with replaying(recording) as (path, _):
        with connect(path) as client:
            client.sendall(request)
            read_exactly(client, len(SWITCH))
            client.sendall(b"little")
            client.shutdown(socket.SHUT_WR)
            assert read_to_end(client) == (b"out", False)


def test_a_refused_upgrade_goes_on_as_http():
    refused = b"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno\n"
    request = ask("POST", "/exec/x/start", *UPGRADE_FIELDS)
    recording = recorded([(">", request), ("<", refused), (">", ask("GET", "/y")), ("<", ok_answer(b"y"))])
    with replaying(recording) as (path, _):
        with connect(path) as client:
            client.sendall(request)
            assert read_exactly(client, len(refused)) == refused
            client.sendall(ask("GET", "/y"))
            assert read_exactly(client, len(ok_answer(b"y"))) == ok_answer(b"y")


# ---- cuts

def test_the_one_exchange_is_cut_at_the_byte_each_time():
    a, b = ok_answer(b"a" * 50), ok_answer(b"b" * 50)
    recording = recorded([(">", ask("GET", "/a")), ("<", a), (">", ask("GET", "/b")), ("<", b)])
    with replaying(recording) as (path, server):
        for offset in (0, 1, len(b) - 1):
            server.cut = (1, offset)
            for _ in range(2):
                with connect(path) as client:
                    client.sendall(ask("GET", "/a") + ask("GET", "/b"))
                    assert read_to_end(client) == (a + b[:offset], False)


def test_a_raw_stream_is_cut_too():
    request = ask("POST", "/containers/x/attach", *UPGRADE_FIELDS)
    recording = recorded([(">", request), ("<", SWITCH + frame_bytes(1, b"out")), ("<", "close")])
    with replaying(recording) as (path, server):
        server.cut = (0, len(SWITCH) + 9)
        with connect(path) as client:
            client.sendall(request)
            assert read_to_end(client) == (SWITCH + frame_bytes(1, b"out")[:9], False)


# ---- the book

def test_exchanges_are_in_the_order_of_their_requests():
    recording = Recording()
    ticks = iter(range(1000))
    recorder = WireRecorder([recording], lambda: next(ticks))
    first, second = recorder.open(""), recorder.open("")
    recorder.record(second, ">", "data", ask("GET", "/a"))
    recorder.record(first, ">", "data", ask("GET", "/b"))
    recorder.record(first, "<", "data", ok_answer(b"b"))
    recorder.record(second, "<", "data", ok_answer(b"a"))
    recorder.record(first, ">", "data", ask("GET", "/never-answered"))
    found = replay_exchanges(recording)
    assert ([(one.index, one.connection, one.title, one.answer) for one in found]
            == [(0, 2, "GET /a", ok_answer(b"a")), (1, 1, "GET /b", ok_answer(b"b"))])


def test_an_interim_answer_belongs_to_the_exchange():
    answer = b"HTTP/1.1 100 Continue\r\n\r\n" + ok_answer(b"x")
    request = b"POST /x HTTP/1.1\r\nHost: d\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n"
    recording = recorded([(">", request), ("<", answer[:25]), (">", b"b"), ("<", answer[25:])])
    exchange, = replay_exchanges(recording)
    assert exchange.answer == answer
    pieces = [answer[span.start - exchange.start:span.end - exchange.start] for span in exchange.spans]
    assert b"".join(pieces) == answer


def test_an_empty_record_says_so():
    book = ReplayBook([])
    assert book.find("GET", "/x") is None
    assert book.missing("GET", "/x") == (
        "this replay has no answer to GET /x; the record has no exchange at all")
    assert book.api_version() == "1.41"


def test_bytes_that_are_no_http_make_no_exchange():
    noise = random.Random(5)
    for size in (0, 1, 100, 3000):
        data = bytes(noise.randrange(256) for _ in range(size))
        assert replay_exchanges(recorded([(">", data), ("<", data), ("<", "close")])) == []
