"""Annotating: every byte has a role, whatever the bytes; exchanges are matched; each role has its sentence.
"""
import os
import json

import pytest
from hypothesis import example, given, settings, strategies as st

from rawdock.errors import ProtocolError, StreamError, TruncatedError
from rawdock.teach.explain.annotate import annotate, annotate_bytes
from rawdock.teach.explain.explanations import (ROLE_EXPLANATIONS, explain_field, explain_span,
                                                explain_status, explain_target, operation_name)
from rawdock.engine.endpoints import endpoints
from rawdock.teach.record.record import Recording, WireEvent
from rawdock.wire.frames import encode_frame
from tests.teach.explain.wire_parts import ATTACH, JSON, MUX, RAW, chunked, sized

FRAMES = encode_frame(1, b"hello\n") + encode_frame(2, b"err\n") + encode_frame(1, b"")

MESSAGES = b'{"status":"caf\xc3\xa9"}\r\n{"id":"b"}\n'
RESPONSES = {
    "frames in chunks": MUX + chunked(FRAMES, 5, b"X-T: v\r\n"),
    "frames in one piece": MUX + b"\r\n" + FRAMES,
    "raw frames": RAW + FRAMES,
    "messages in chunks": JSON + chunked(MESSAGES, 4),
    "a JSON array": JSON + sized(b' [{"Id": "x"}]\n'),
    "text": b"HTTP/1.0 200 OK\r\n\r\nrest",
    "several": (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n" + JSON + sized(b"{}")
                + JSON + sized(b"{")),
}
REQUESTS = {
    "get": b"\r\nGET /_ping HTTP/1.1\r\nHost: d\r\n\r\n",
    "attach": ATTACH + b"typed",
    "post": (b"POST /containers/create?name=x HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\n"
             + sized(b'{"Image":"x"}')),
    "upload": (b"PUT /containers/x/archive?path=/ HTTP/1.1\r\nHost: d\r\nContent-Type: application/x-tar\r\n"
               + chunked(b"tar" * 9, 10)),
}
CAPTURES = ([("response", data) for data in RESPONSES.values()]
            + [("request", data) for data in REQUESTS.values()])


def assert_tiles(stream):
    at = 0
    for span in stream.spans:
        assert span.start == at < span.end, stream.spans
        at = span.end
        if span.role != "malformed":
            assert span.text == stream.data[span.start:span.end][:200].decode("latin-1")
        text, source = explain_span(span, stream)
        sources = ("RFC ", "Engine API, ", "WHATWG ", "rawdock limit")
        assert text.endswith(".") and "%" not in text and source.startswith(sources), (span, text, source)
    assert at == len(stream.data)
    assert [span for message in stream.messages for span in message.spans] == stream.spans
    for message in stream.messages:
        assert message.error is None or not message.complete or message.framing == "upgrade" or message.body
        for _, pieces in message.frames or ():
            assert all(start < end <= message.end for start, end in pieces)


def recording_of(pieces, closed=True):
    """(direction, bytes) pairs in order → a Recording of one connection."""
    recording = Recording(started=0.0)
    recording.take(1, WireEvent(0.0, ">", "open", b"unix:///x"))
    at = 0
    for at, (direction, data) in enumerate(pieces):
        recording.take(1, WireEvent(float(at), direction, "data", data))
    if closed:
        recording.take(1, WireEvent(float(at + 1), "<", "close", b""))
    return recording


def annotated(*pieces, **how):
    return annotate(recording_of(pieces, **how))[0]


def roles(stream, wanted=None):
    return [(span.role, stream.data[span.start:span.end]) for span in stream.spans if wanted is None
            or span.role in wanted]


# ---- tiling

bits = [b"HTTP/1.1 200 OK\r\n", b"\r\n", b"GET / HTTP/1.1\r\n", b"Content-Length: 3\r\n",
        b"Transfer-Encoding: chunked\r\n", b"3\r\nabc\r\n", b"0\r\n\r\n",
        b"Content-Type: application/json\r\n", b"Content-Type: application/vnd.docker.multiplexed-stream\r\n",
        b"{}", b"{\"a\":[1", b"\x01\0\0\0\0\0\0\x03abc", b"\x03\0\0\0\0\0\0\x02no",
        b"\x05", ATTACH, RAW, b"HTTP/1.1 100 Continue\r\n\r\n", b"A: b\r\n", b"x", b"\n", b" ", b"\r"]
captures = st.one_of(st.binary(max_size=80), st.lists(st.sampled_from(bits), max_size=12).map(b"".join))


@given(captures, st.sampled_from(["request", "response", "auto"]))
@example(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", "response")
@example(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;" + b"x" * 5000, "response")
def test_any_bytes_are_tiled(data, role):
    stream = annotate_bytes(data, role)
    assert_tiles(stream)
    if (isinstance(stream.error, ProtocolError) and not isinstance(stream.error, TruncatedError)
        and stream.error.offset < len(data)):
        wrong = stream.spans[stream.span_index(stream.error.offset)]
        assert wrong.role == "malformed" and wrong.text.startswith(stream.error.rule)


@given(st.lists(st.tuples(st.sampled_from("><"), captures), max_size=6))
def test_any_two_directions_are_tiled(pieces):
    for connection in annotate(recording_of(pieces)):
        assert_tiles(connection.requests)
        assert_tiles(connection.responses)
        answered = [message for exchange in connection.exchanges for message in exchange.interim
                    + [exchange.response] if message is not None]
        assert [message for message in connection.responses.messages if message.head is not None] == [
            message for message in answered if message.head is not None]


@pytest.mark.parametrize("role, data", CAPTURES)
def test_cut_anywhere_it_is_tiled_and_never_complete_by_mistake(role, data):
    whole = annotate_bytes(data, role)
    for cut in range(len(data)):
        stream = annotate_bytes(data[:cut], role)
        assert_tiles(stream)
        assert [span for span in stream.spans if span.role in ("malformed", "not read")] == []
        for message, full in zip(stream.messages, whole.messages):
            assert (not message.complete or message.framing in ("close", "upgrade")
                    or (message.start, message.end) == (full.start, full.end) or message.switched
                    or full.switched)


@pytest.mark.parametrize("role, data", CAPTURES)
@settings(max_examples=20)
@given(cuts=st.lists(st.integers(min_value=0, max_value=400), max_size=5))
def test_any_split_gives_the_same_spans(role, data, cuts):
    direction = ">" if role == "request" else "<"
    ends = sorted(set(cut % (len(data) + 1) for cut in cuts)) + [len(data)]
    connection = annotate(recording_of([(direction, data[start:end]) for start, end in zip([0] + ends, ends)
                                        if end > start]))[0]
    stream = connection.requests if role == "request" else connection.responses
    assert stream.spans == annotate_bytes(data, role).spans


# ---- roles

def test_what_an_engine_was_sent_may_have_lf_alone_a_capture_may_not():
    typed = b"\nGET /x HTTP/1.0\r\nA: b\n\n"
    stream = annotated((">", typed[:9]), (">", typed[9:])).requests
    assert_tiles(stream)
    assert stream.error is None and stream.messages[0].complete
    lines = [span for span in stream.spans if span.role == "CRLF"]
    assert [span.text for span in lines] == ["\n", "\r\n", "\n", "\n"]
    assert ["line feed alone" in explain_span(span, stream)[0] for span in lines] == [True, False, True, True]
    cut = annotated((">", typed[:-1])).requests
    assert_tiles(cut)
    assert cut.spans == stream.spans[:-1]
    assert annotate_bytes(typed[1:], "request").error.offset == 21


def test_the_roles_of_a_head_and_of_chunks():
    stream = annotate_bytes(b"POST /x HTTP/1.1\r\nA:  b \r\nTransfer-Encoding: "
                            b"chunked\r\n\r\n3;e=1\r\nabc\r\n0\r\nT: v\r\n\r\n", "request")
    assert roles(stream) == [
        ("method", b"POST"), ("SP", b" "), ("request target", b"/x"), ("SP", b" "), ("version", b"HTTP/1.1"),
        ("CRLF", b"\r\n"),
        ("field name", b"A"), ("colon", b":"), ("OWS", b"  "), ("field value", b"b"), ("OWS", b" "),
        ("CRLF", b"\r\n"),
        ("field name", b"Transfer-Encoding"), ("colon", b":"), ("OWS", b" "), ("field value", b"chunked"),
        ("CRLF", b"\r\n"), ("CRLF", b"\r\n"),
        ("chunk size", b"3"), ("chunk extension", b";e=1"), ("CRLF", b"\r\n"), ("chunk data", b"abc"),
        ("chunk data CRLF", b"\r\n"),
        ("chunk size", b"0"), ("CRLF", b"\r\n"), ("trailer field name", b"T"), ("trailer colon", b":"),
        ("trailer OWS", b" "),
        ("trailer field value", b"v"), ("CRLF", b"\r\n"), ("CRLF", b"\r\n")]


def test_frames_across_chunks():
    stream = annotate_bytes(RESPONSES["frames in chunks"])
    message = stream.messages[0]
    assert [(which, b"".join(stream.data[start:end] for start, end in pieces))
            for which, pieces in message.frames] == [
        (1, b"hello\n"), (2, b"err\n"), (1, b"")]
    assert {span.within for span in stream.spans if span.role.startswith("frame ")} == {"chunk data"}
    assert b"".join(data for role, data in roles(stream, ["frame length"])) == b"\0\0\0\6\0\0\0\4\0\0\0\0"
    assert b"".join(stream.data[start:end] for start, end in message.body) == FRAMES
    assert message.complete and message.error is None


def test_messages_across_chunks():
    stream = annotate_bytes(RESPONSES["messages in chunks"])
    assert stream.messages[0].messages == [{"status": "caf\xe9"}, {"id": "b"}]
    assert (b"".join(data for role, data in roles(stream, ["JSON message"]))
            == MESSAGES.replace(b"\r\n", b"").replace(b"\n", b""))
    assert annotate_bytes(RESPONSES["a JSON array"]).messages[0].messages == [[{"Id": "x"}]]


def test_an_early_engines_raw_stream_is_read_as_frames_if_it_is():
    assert [which for which, _ in annotate_bytes(RESPONSES["raw frames"]).messages[0].frames] == [1, 2, 1]
    typed = annotate_bytes(RAW + b"\x1b[0m/ # ")
    assert typed.messages[0].frames is None and roles(typed)[-1] == ("raw stream", b"\x1b[0m/ # ")
    broken = annotate_bytes(RAW + FRAMES + b"\x09")   # guessed, and guessed wrong
    assert broken.messages[0].frames is None and broken.messages[0].error is None
    logs = annotated((">", b"GET /containers/x/logs HTTP/1.1\r\n\r\n"),
                     ("<", b"HTTP/1.1 200 OK\r\n" + chunked(FRAMES, 9)))
    assert len(logs.responses.messages[0].frames) == 3
    other = annotated((">", b"GET /containers/x/export HTTP/1.1\r\n\r\n"),
                      ("<", b"HTTP/1.1 200 OK\r\n" + chunked(FRAMES, 9)))
    assert other.responses.messages[0].frames is None


def test_an_engines_error_frame_is_the_messages_error():
    message = annotate_bytes(MUX + sized(encode_frame(3, b"no such thing"))).messages[0]
    assert isinstance(message.error, StreamError) and message.complete
    assert [which for which, _ in message.frames] == [3]


# ---- what is broken

@pytest.mark.parametrize("data, rule, at", [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", "RFC 9112 §6.3",
     b"chunked"),
    (b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "RFC 9112 §5.1", b" "),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc", "RFC 9112 §7.1", b"x"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\nX", "RFC 9112 §9.6", b"X"),
    (MUX + sized(FRAMES + b"\x01\0\x07\0"), "Engine API, stream format", b"\x07"),
    (JSON + chunked(b'{"a":1}\n{"b":]}', 3), "RFC 8259", b"]"),
])
def test_the_offending_byte_carries_its_rule(data, rule, at):
    stream = annotate_bytes(data, "response")
    assert_tiles(stream)
    wrong = [span for span in stream.spans if span.role == "malformed"]
    assert [stream.data[span.start:span.end] for span in wrong] == [at]
    assert wrong[0].text.startswith(rule + ": expected ")
    errors = [message.error for message in stream.messages if message.error is not None]
    assert [(error.rule, error.offset) for error in errors] == [(rule, wrong[0].start)]
    assert explain_span(wrong[0], stream)[1] == rule


def test_what_follows_a_malformed_body_is_read_where_the_framing_is_valid():
    stream = annotate_bytes(JSON + sized(b"{]") + JSON + sized(b"{}"))
    assert [message.messages for message in stream.messages] == [[], [{}]]
    assert stream.error is None and stream.messages[0].complete


def test_a_cut_head_is_explained_as_far_as_it_goes():
    stream = annotate_bytes(b"HTTP/1.1 200 OK\r\nServer: Do")
    assert (roles(stream)[-4:] == [("field name", b"Server"), ("colon", b":"), ("OWS", b" "),
                                   ("field value", b"Do")])
    assert roles(annotate_bytes(b"HTTP/1.1 2"))[-1] == ("cut", b"2")
    assert isinstance(stream.messages[0].error, TruncatedError) and stream.messages[0].head is None


# ---- exchanges

def statuses(connection):
    return [(exchange.request and exchange.request.head.target, [one.head.status for one in exchange.interim],
             exchange.response and exchange.response.head.status, exchange.switched)
            for exchange in connection.exchanges]


def test_a_heads_answer_has_no_body():
    connection = annotated((">", b"HEAD /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n"),
                           ("<", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" + JSON + sized(b"{}")))
    assert statuses(connection) == [("/a", [], 200, False), ("/b", [], 200, False)]
    assert [message.framing for message in connection.responses.messages] == ["none", "length"]
    assert connection.exchanges[1].response.request is connection.exchanges[1].request


def test_interim_and_early_answers():
    connection = annotated((">", b"POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nab"),
                           ("<", b"HTTP/1.1 100 Continue\r\n\r\n"
                                 b"HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n"),
                           (">", b"cdeGET /b HTTP/1.1\r\n\r\n"))
    assert statuses(connection) == [("/a", [100], 413, False), ("/b", [], None, False)]
    assert (connection.responses.messages[1].seconds == (1.0, 1.0)
            and connection.requests.messages[0].seconds == (0.0, 2.0))


@pytest.mark.parametrize("sent", [ATTACH, b"POST /containers/x/attach HTTP/1.1\r\n\r\n",
                                   b"POST /exec/x/start HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"])
@pytest.mark.parametrize("answer", [RAW, b"HTTP/1.1 200 OK\r\nContent-Type: "
                                    b"application/vnd.docker.raw-stream\r\n\r\n"])
@pytest.mark.parametrize("early", [False, True])
def test_a_hijacked_connection(sent, answer, early):
    pieces = ([(">", sent + b"ty"), ("<", answer + FRAMES[:9])] if early
              else [(">", sent), ("<", answer + FRAMES[:9]), (">", b"ty")])
    connection = annotated(*(pieces + [(">", b"ped"), ("<", FRAMES[9:])]))
    exchange, = connection.exchanges
    assert exchange.switched and connection.requests.error is None and connection.responses.error is None
    assert b"".join(connection.requests.data[start:end] for start, end in exchange.raw_sent) == b"typed"
    assert b"".join(connection.responses.data[start:end] for start, end in exchange.raw_received) == FRAMES
    assert exchange.request.framing == exchange.response.framing == "upgrade" and exchange.response.complete
    assert len(exchange.response.frames) == 3


def test_an_exec_starts_body_is_read_apart_from_what_is_typed_behind_it():
    request = (b"POST /exec/x/start HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: "
             b"application/json\r\n" + sized(b'{"Tty":true}'))
    connection = annotated((">", request), ("<", RAW), (">", b'{"typed"'))
    request = connection.exchanges[0].request
    assert request.messages == [{"Tty": True}] and request.error is None
    assert ([(span.role, span.within) for span in request.spans[-2:]]
            == [("JSON message", "content"), ("raw stream", "")])
    assert ([connection.requests.data[start:end] for start, end in request.body]
            == [b'{"Tty":true}', b'{"typed"'])


def test_a_refused_upgrade_goes_on_in_http():
    refusal = b"HTTP/1.1 404 Not Found\r\n" + sized(b"")
    for pieces in ([(">", ATTACH), ("<", refusal), (">", b"GET /b HTTP/1.1\r\n\r\n"),
                    ("<", JSON + sized(b"{}"))],
                   [(">", ATTACH + ATTACH + b"GET /b HTTP/1.1\r\n\r\n"),
                    ("<", refusal + refusal + JSON + sized(b"{}"))]):
        connection = annotated(*pieces)
        assert (statuses(connection)[0][1:] == ([], 404, False) and statuses(connection)[-1]
                == ("/b", [], 200, False))


def test_a_detached_exec_does_not_hijack():
    connection = annotated((">", b"POST /exec/x/start HTTP/1.1\r\n" + sized(b'{"Detach":true}')),
                           ("<", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
                           (">", b"GET /b HTTP/1.1\r\n\r\n"), ("<", JSON + sized(b"{}")))
    assert [row[2:] for row in statuses(connection)] == [(200, False), (200, False)]


def test_a_stream_under_way_is_not_complete():
    pieces = [(">", b"GET /events HTTP/1.0\r\n\r\n"),
              ("<", b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}\n")]
    assert annotated(*pieces, closed=True).exchanges[0].response.complete
    assert not annotated(*pieces, closed=False).exchanges[0].response.complete


def test_answers_to_nobody():
    connection = annotated(("<", JSON + sized(b"{}") + JSON + sized(b"{}")))
    assert [row[0] for row in statuses(connection)] == [None, None]


# ---- explanations

def test_each_field_target_and_status_that_engines_use_is_explained():
    assert explain_target("POST", "/v1.41/containers/x/attach?stream=1")[1] == "Engine API, ContainerAttach"
    assert explain_target("GET", "/nowhere") is None
    for field in [("Content-Type", "application/vnd.docker.raw-stream"),
                  ("Content-Type", "application/vnd.docker.multiplexed-stream"), ("Api-Version", "1.41"),
                  ("Docker-Experimental", "false"), ("Ostype", "linux"), ("Upgrade", "tcp"),
                  ("Connection", "Upgrade"), ("X-Registry-Auth", "e30="),
                  ("Transfer-Encoding", "chunked"), ("Content-Length", "12"), ("Host", "docker")]:
        assert explain_field(*field) is not None, field
    assert (explain_field("Content-Type", "application/json; charset=utf-8")
            == explain_field("content-type", "application/json"))
    assert "12 bytes" in explain_field("Content-Length", "012")[0]
    assert explain_field("X-Made-Up", "1") is None
    for status in range(100, 600):
        assert explain_status(status)[1]


def test_operations_are_named_as_the_definition_names_them():
    with open(os.path.join(os.path.dirname(__file__), "..", "..", "engine", "operations-v1.55.json")) as file:
        text = file.read()
    for row in endpoints():
        assert json.dumps(operation_name(row)) in text


def test_a_field_that_is_not_known_has_its_roles_sentence():
    stream = annotate_bytes(b"GET / HTTP/1.1\r\nX-Made-Up:\r\n\r\n")
    span = stream.spans[6]
    assert explain_span(span, stream) == ROLE_EXPLANATIONS["field name"]


@pytest.mark.parametrize("data, text, source", [
    (b"GET /_ping HTTP/1.1\r\n\r\n", "GET", "RFC 9110 §9.3.1"),
    (b"HEAD /_ping HTTP/1.1\r\n\r\n", "HEAD", "RFC 9110 §9.3.2"),
    (b"POST /x HTTP/1.1\r\n\r\n", "POST", "RFC 9110 §9.3.3"),
    (b"PUT /x HTTP/1.1\r\n\r\n", "PUT", "RFC 9110 §9.3.4"),
    (b"DELETE /x HTTP/1.1\r\n\r\n", "DELETE", "RFC 9110 §9.3.5"),
    (b"PATCH /x HTTP/1.1\r\n\r\n", "PATCH", "RFC 9110 §9.1"),
    (b"GET /_ping HTTP/1.1\r\n\r\n", " ", "RFC 9112 §3"), (b"HTTP/1.1 200 OK\r\n\r\n", " ", "RFC 9112 §4")])
def test_the_source_is_the_section_that_says_it(data, text, source):
    stream = annotate_bytes(data)
    assert ([explain_span(span, stream)[1] for span in stream.spans if span.text == text]
            == [source] * data.count(text.encode()))
