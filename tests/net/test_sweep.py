"""The sweep of tools/sweep over the recorded answers of a real engine, and proof that it would see what it
looks for."""
import glob
import os
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader

import pytest

from rawdock.errors import (ConnectError, ProtocolError, StreamError, Timeout, TruncatedError, UsageError,
                            Verdict)
from rawdock.net.connection import Connection
from rawdock.net.response import Response

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def load_sweep():
    loader = SourceFileLoader("sweep", os.path.join(ROOT, "tools", "sweep"))
    loader.set_data = lambda *ignored, **also: None   # no bytecode beside the tool
    module = module_from_spec(spec_from_loader("sweep", loader))
    loader.exec_module(module)
    return module


SWEEP = load_sweep()
EVERY = 1 if sys.version_info >= (3, 8) else 5   # older Pythons take twice as long: one cut in five
CAPTURES = {capture.name: capture for capture in SWEEP.load_captures()}

# What must be among the captures: every kind of exchange there is.
KINDS = ("ping ping-head list inspect-chunked not-found start start-again wait create create-conflict pull "
         "pull-missing-blob pull-not-a-tar"
         " logs logs-follow logs-tty http10-logs http10-pull-not-a-tar attach-101 attach-200 attach-tty "
         "exec-101 exec-200 exec-tty"
         " exec-no-command events archive archive-head export build build-fails load import stats").split()


def test_every_kind_of_exchange_was_recorded():
    assert [name for name in KINDS if name not in CAPTURES] == []
    framings = {(capture.framing, capture.content) for capture in CAPTURES.values()}
    assert framings >= {("none", "bytes"), ("length", "json"), ("length", "bytes"), ("chunked", "json"),
                        ("chunked", "messages"), ("chunked", "frames"),
                        ("chunked", "bytes"), ("close", "frames"), ("close", "messages"),
                        ("stream", "frames"), ("stream", "bytes")}


@pytest.mark.parametrize("name", sorted(CAPTURES))
def test_no_cut_goes_by_unnoticed(name):
    capture = CAPTURES[name]
    tally = SWEEP.quick_sweep(capture, EVERY)
    assert (tally.silent, tally.lost, tally.foreign, tally.verdict) == (0, 0, 0, 0), tally.examples
    assert tally.replays > len(capture.wire) // EVERY
    # Only what ends with its connection may end unconfirmed.
    assert (tally.unconfirmed > 0) is (capture.framing in ("close", "stream"))


def judged(name, way, cut=None, size=0, reset=False):
    capture = CAPTURES[name]
    return SWEEP.replay(capture, way, len(capture.wire) if cut is None else cut, size, reset)[0]


def test_the_sweep_sees_a_silent_half(monkeypatch):
    assert judged("list", "iterate", 600) is None
    monkeypatch.setattr(Response, "_take", lambda self, data,
                        pieces: setattr(self, "complete", True) or pieces.append(bytes(data)))
    assert judged("list", "iterate", 600) == "silent"


def test_the_sweep_sees_a_lost_value(monkeypatch):
    way, gives = SWEEP.WAYS["messages"]
    monkeypatch.setitem(SWEEP.WAYS, "messages", (lambda answer, got: (way(answer, got), got.pop()), gives))
    assert judged("events", "messages") == "lost"


def test_the_sweep_sees_a_foreign_exception(monkeypatch):
    monkeypatch.setattr(Response, "_take", lambda self, data, pieces: [data][1])
    assert judged("list", "iterate") == "foreign"


def test_the_sweep_sees_a_wrong_verdict(monkeypatch):
    monkeypatch.setattr(Response, "fail", lambda self, error: None)
    assert judged("list", "iterate", 600) == "verdict"
    monkeypatch.setattr(Response, "verdict", Verdict("complete", "all is well"))
    assert judged("attach-101", "frames", 150) in ("silent", "verdict")
    assert judged("http10-logs", "iterate", 200) == "silent"
    assert judged("pull-not-a-tar", "messages") == "verdict"


def test_the_captures_are_small():
    sizes = {os.path.basename(path): os.path.getsize(path)
             for path in glob.glob(os.path.join(SWEEP.CAPTURES, "*.capture"))}
    assert {name: size for name, size in sizes.items() if size > 10000} == {} and sum(sizes.values()) < 100000


# ---- verdicts, one by one

def answer(wire, method="GET", hijack=False, tty=None, end=None):
    sock = SWEEP.CutSocket(wire, 0, False)
    if end is not None:
        given = sock.recv

        def recv(limit):
            data = given(limit)
            if not data:
                raise end
            return data
        sock.recv = recv
    response = Connection(sock, "test").request(method, "/x", hijack=hijack)
    return response.duplex(tty) if hijack else response


LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
UPGRADED = b"HTTP/1.1 101 UPGRADED\r\n\r\n"
HELLO = b"\x01\0\0\0\0\0\0\x05hello"


def test_a_whole_body_is_complete():
    response = answer(LENGTH + b"hello")
    assert response.verdict is None
    assert response.read() == b"hello"
    verdict = response.verdict
    assert (verdict and (verdict.kind, verdict.where, verdict.expected, verdict.got, verdict.error)
            == ("complete", "a body of known length", 5, 5, None))
    assert str(verdict) == "complete, a body of known length: 5 bytes"
    response.close()
    assert response.verdict.kind == "complete"


def test_no_body_is_complete_at_once():
    assert answer(LENGTH, "HEAD").verdict and answer(b"HTTP/1.1 204 No Content\r\n\r\n").verdict


def test_a_cut_body_says_where_and_how_much():
    response = answer(LENGTH + b"he")
    with pytest.raises(TruncatedError) as caught:
        response.read()
    verdict = response.verdict
    assert (not verdict and (verdict.kind, verdict.where, verdict.expected, verdict.got)
            == ("truncated", "a body of known length", 5, 2))
    assert verdict.error is caught.value and caught.value.offset == len(LENGTH) + 2
    response.close()
    assert response.verdict is verdict
    with pytest.raises((TruncatedError, ConnectError)):
        response.read()
    assert response.verdict is verdict


def test_a_message_cut_inside_a_whole_body():
    response = answer(CHUNKED + b'4\r\n{"a"\r\n0\r\n\r\n')
    with pytest.raises(TruncatedError):
        list(response.messages())
    assert (response.complete and response.verdict.kind == "truncated"
            and response.verdict.where == "a JSON message")


def test_the_engines_own_error():
    response = answer(CHUNKED + b'e\r\n{"error":"no"}\r\n0\r\n\r\n')
    with pytest.raises(StreamError):
        list(response.messages())
    assert (response.verdict.kind == "engine error" and str(response.verdict.error) == "no"
            and "no" in str(response.verdict))
    response = answer(CHUNKED + b"a\r\n\x03\0\0\0\0\0\0\x02no\r\n0\r\n\r\n")
    with pytest.raises(StreamError):
        list(response.frames())
    assert response.verdict.kind == "engine error"


def test_bytes_that_break_a_rule():
    for read, wire in ((Response.read, CHUNKED + b"zz\r\n"), (Response.json, LENGTH + b"hello"),
                       (lambda one: list(one.frames()), LENGTH + b"hello"),
                       (lambda one: one.read(3), LENGTH + b"hello")):
        response = answer(wire)
        with pytest.raises(ProtocolError):
            read(response)
        assert response.verdict.kind == "protocol error" and response.verdict.error is not None


def test_what_this_side_closes_is_cancelled():
    response = answer(LENGTH + b"he")
    response.close()
    assert response.verdict.kind == "cancelled" and not response.verdict
    response = answer(CHUNKED + b"4\r\n{}{}\r\n0\r\n\r\n")
    messages = response.messages()
    assert next(messages) == {} and response.verdict is None
    messages.close()
    assert response.verdict.kind == "cancelled"
    response = answer(LENGTH + b"he", end=OSError(9, "Bad file descriptor"))
    response._connection.close()   # as another thread may
    with pytest.raises(ConnectError) as caught:
        response.read()
    assert response.verdict.kind == "cancelled" and response.verdict.error is caught.value


def test_a_timeout_may_be_read_past():
    from socket import timeout
    response = answer(LENGTH + b"he", end=timeout())
    response.limit_idle(1)
    with pytest.raises(Timeout) as caught:
        response.readinto(bytearray(9)) and response.readinto(bytearray(9))
    assert (response.verdict.kind == "timeout" and response.verdict.error is caught.value
            and response.verdict.got == 2)
    response._connection.sock.recv = lambda limit: b"llo"
    assert response.readinto(bytearray(9)) == 3 and response.readinto(bytearray(9)) == 0
    assert response.verdict.kind == "complete" and response.verdict.got == 5


def test_a_broken_connection_is_a_cut():
    response = answer(LENGTH + b"he", end=OSError(110, "Connection timed out"))
    with pytest.raises(ConnectError) as caught:
        response.read()
    assert response.verdict.kind == "truncated" and response.verdict.error is caught.value


def test_a_body_that_ends_with_its_connection_is_never_sure():
    response = answer(b"HTTP/1.0 200 OK\r\n\r\nhello")
    assert response.read() == b"hello" and response.complete
    assert not response.verdict and response.verdict.kind == "unconfirmed" and response.verdict.got == 5


def test_a_stream_is_complete_when_the_engine_has_confirmed_it():
    pipe = answer(UPGRADED + HELLO, hijack=True, tty=False)
    frames = pipe.frames()
    assert next(frames) == (1, b"hello") and pipe.verdict is None
    with pytest.raises(UsageError) as caught:
        pipe.confirm()
    assert "under way" in str(caught.value)
    assert (list(frames) == [] and pipe.verdict.kind == "unconfirmed" and not pipe.verdict
            and pipe.verdict.got == len(HELLO))
    pipe.confirm()
    assert pipe.verdict and pipe.response.verdict.kind == "complete"
    pipe.close()
    pipe.confirm()
    assert pipe.verdict


def test_a_stream_cut_inside_a_frame_cannot_be_confirmed():
    pipe = answer(UPGRADED + HELLO[:-1], hijack=True, tty=False)
    with pytest.raises(TruncatedError):
        list(pipe.frames())
    assert pipe.verdict.kind == "truncated" and pipe.verdict.expected == 5 and pipe.verdict.got == 4
    with pytest.raises(UsageError) as caught:
        pipe.confirm()
    assert "truncated" in str(caught.value)


def test_a_stream_that_is_left():
    with answer(UPGRADED + HELLO, hijack=True, tty=True) as pipe:
        pass
    assert pipe.verdict.kind == "cancelled"


def test_offsets_are_those_of_the_answer():
    interim = b"\r\nHTTP/1.1 100 Continue\r\n\r\n"
    for wire, offset in (
            (interim + b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n", len(interim) + 33),
            (interim + b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
             len(interim) + 55),
            (interim + b"HTTP/1.1 2000 OK\r\n\r\n", len(interim) + 9),
            (interim + b"HTTP/1.1 20", len(interim) + 11),
            (interim + CHUNKED + b"5\r\nhello\r\nx", len(interim + CHUNKED) + 10),
            (interim + LENGTH + b"he", len(interim + LENGTH) + 2),
            (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhello", 59)):
        with pytest.raises(ProtocolError) as caught:
            answer(wire).read()
        assert caught.value.offset == offset, (wire, caught.value)
