"""HAR 1.2 of records made by hand: valid, with the bodies that crossed and what HAR has no field for."""
import io
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawdock.teach.explain.annotate import AnnotatedRecording
from rawdock.teach.explain.har import MAX_HAR_FRAMES, MAX_HAR_TEXT_BYTES, write_har
from rawdock.teach.record.record import Recording, WireEvent
from tests.teach.explain.har_rules import check_har, content_bytes

STARTED = 1790000000.5
SOCKET = "unix:///var/run/docker.sock"


def recording_of(*connections, address=SOCKET):
    """Each connection a list of (direction, kind or bytes); events a hundredth of a second apart."""
    recording = Recording(started=STARTED, address=address)
    at = 0
    for number, steps in enumerate(connections, 1):
        for direction, step in steps:
            kind, data = ("data", step) if isinstance(step, bytes) else (step, b"")
            if kind.startswith("note "):
                kind, data = "note", step[5:].encode()
            recording.take(number, WireEvent(at / 100, "" if kind == "note" else direction, kind, data))
            at += 1
    return recording


def log_of(recording, **options):
    file = io.BytesIO()
    write_har(AnnotatedRecording(recording, **options), file)
    return check_har(file.getvalue())


def request_bytes(line, body=None, fields=b""):
    if body is not None:
        fields += b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
    return line + b" HTTP/1.1\r\nHost: docker\r\n" + fields + b"\r\n" + (body or b"")


def answer_bytes(body, fields=b"Content-Type: application/json\r\n", status=b"200 OK"):
    return b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s" % (status, fields, len(body), body)


def frame(stream, data):
    return struct.pack(">BxxxI", stream, len(data)) + data


def fields_of(pairs):
    return [(pair["name"], pair["value"]) for pair in pairs]


PING = [(">", "open"), (">", request_bytes(b"GET /_ping")),
        ("<", answer_bytes(b"OK", b"Content-Type: text/plain\r\nApi-Version: 1.41\r\n"))]


def test_an_exchange_with_all_that_har_has_a_place_for():
    body = b'{"Image":"busybox"}'
    created = b'{"Id":"abc"}\n'
    sent, answered = request_bytes(b"POST /v1.41/containers/create?name=a%2Fb+c&x",
                                   body), answer_bytes(created, status=b"201 Created")
    log = log_of(recording_of([(">", "open"), (">", sent[:30]), (">", sent[30:]), ("<", answered[:20]),
                               ("<", answered[20:])]))
    entry, = log["entries"]
    assert entry["startedDateTime"] == "2026-09-21T14:13:20.510000Z"
    assert (entry["time"], entry["connection"], entry["_socket"]) == (30, "1", "/var/run/docker.sock")
    assert entry["timings"] == {"blocked": -1, "dns": -1, "connect": -1, "ssl": -1, "send": 10, "wait": 10,
                                "receive": 10}
    request, response = entry["request"], entry["response"]
    assert (request["method"], request["httpVersion"]) == ("POST", "HTTP/1.1")
    assert request["url"] == "http://docker/v1.41/containers/create?name=a%2Fb+c&x"
    assert fields_of(request["queryString"]) == [("name", "a/b c"), ("x", "")]
    assert fields_of(request["headers"]) == [("Host", "docker"), ("Content-Type", "application/json"),
                                             ("Content-Length", "19")]
    assert (request["headersSize"], request["bodySize"]) == (len(sent) - len(body), len(body))
    assert request["postData"] == {"mimeType": "application/json", "params": [], "text": body.decode(),
                                   "_size": len(body)}
    assert (response["status"], response["statusText"], response["httpVersion"]) == (201, "Created",
                                                                                     "HTTP/1.1")
    assert (response["headersSize"], response["bodySize"]) == (len(answered) - len(created), len(created))
    assert response["content"] == {"size": len(created), "mimeType": "application/json",
                                   "text": created.decode()}
    assert (response["_verdict"], response["_framing"]) == ("complete", "length")
    page, = log["pages"]
    assert (page["title"], page["startedDateTime"]) == (SOCKET, "2026-09-21T14:13:20.500000Z")


def test_a_chunked_answer_is_its_content():
    coded = b'8\r\n{"a":1}\n\r\n8;x=y\r\n{"b":2}\n\r\n0\r\n\r\n'
    log = log_of(recording_of([(">", request_bytes(b"GET /events")),
                               ("<", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + coded)]))
    response = log["entries"][0]["response"]
    assert content_bytes(response["content"]) == b'{"a":1}\n{"b":2}\n'
    assert (response["bodySize"], response["content"]["size"]) == (len(coded), 16)
    assert (response["_framing"], response["_verdict"]) == ("chunked", "complete")
    assert response["content"]["mimeType"] == "x-unknown"


def test_a_hijacked_stream_has_its_own_keys():
    framed = frame(1, b"hi\n") + frame(2, b"\xff")
    sent = request_bytes(b"POST /v1.41/containers/abc/attach?stream=1&stdin=1&stdout=1", None,
                         b"Connection: Upgrade\r\nUpgrade: tcp\r\n")
    head = (b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\n"
            b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
    log = log_of(recording_of([(">", sent), ("<", head + framed[:5]), (">", b"input"), (">", "half-close"),
                               ("<", framed[5:]), ("<", "close")]))
    entry, = log["entries"]
    assert entry["response"]["status"] == 101
    assert entry["response"]["content"] == {"size": 0,
                                            "mimeType": "application/vnd.docker.multiplexed-stream",
                                            "text": ""}
    assert entry["response"]["bodySize"] == 0
    # what stdin sent later is no part of the request
    assert [entry["timings"][name] for name in ("send", "wait", "receive")] == [0, 10, 30]
    assert (entry["request"]["headersSize"], entry["request"]["bodySize"]) == (len(sent), 0)
    assert entry["_raw_sent"] == {"size": 5, "text": "input"}
    assert content_bytes(entry["_raw_received"]) == framed and entry["_raw_received"]["size"] == len(framed)
    frames = entry["response"]["_frames"]
    assert [(one["stream"], content_bytes(one)) for one in frames] == [("stdout", b"hi\n"),
                                                                       ("stderr", b"\xff")]


def test_the_body_of_a_request_that_switches_ends_where_its_stream_begins():
    body = b'{"Detach":false,"Tty":true}'
    sent = request_bytes(b"POST /v1.41/exec/abc/start", body, b"Connection: Upgrade\r\nUpgrade: tcp\r\n")
    log = log_of(recording_of([(">", sent),
                               ("<", b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"),
                               (">", b"ls\n")]))
    entry, = log["entries"]
    assert (entry["request"]["postData"]["text"], entry["request"]["bodySize"]) == (body.decode(), len(body))
    assert entry["_raw_sent"]["text"] == "ls\n"


def test_an_answer_that_comes_before_its_request_has_ended_takes_no_negative_time():
    sent = request_bytes(b"POST /images/load", b"0123456789")
    log = log_of(recording_of([(">", sent[:-5]),
                               ("<", answer_bytes(b"no", status=b"500 Internal Server Error")),
                               (">", sent[-5:])]))
    assert [log["entries"][0]["timings"][name] for name in ("send", "wait", "receive")] == [20, 0, 0]


def test_a_redirect_names_its_target():
    log = log_of(recording_of([(">", request_bytes(b"GET //_ping")),
                               ("<", answer_bytes(b"", b"Location: /_ping\r\n", b"301 Moved Permanently"))]))
    assert log["entries"][0]["response"]["redirectURL"] == "/_ping"


def test_lists_are_cut_and_the_rest_counted():
    count = MAX_HAR_FRAMES + 5
    fields = b"Content-Type: application/vnd.docker.multiplexed-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    coded = b"".join(b"9\r\n" + frame(1, b"x") + b"\r\n" for _ in range(count)) + b"0\r\n\r\n"
    log = log_of(recording_of([(">", request_bytes(b"GET /containers/a/logs")),
                               ("<", b"HTTP/1.1 200 OK\r\n" + fields + coded)]))
    response = log["entries"][0]["response"]
    assert (len(response["_frames"]), response["_frames_left_out"]) == (MAX_HAR_FRAMES, 5)


def test_of_a_long_frame_the_start_is_kept():
    body = frame(1, b"a" * 5000) + frame(2, b"b" * 5)
    log = log_of(recording_of([(">", request_bytes(b"GET /containers/a/logs")),
                               ("<", answer_bytes(body,
                                                  b"Content-Type: application/"
                                                  b"vnd.docker.multiplexed-stream\r\n"))]))
    response = log["entries"][0]["response"]
    frames = response["_frames"]
    assert [(one["stream"], one["size"], one["text"], one.get("_left_out")) for one in frames] == [
        ("stdout", 5000, "a" * 1024, 5000 - 1024), ("stderr", 5, "bbbbb", None)]
    assert content_bytes(response["content"]) == body and response["_frames_left_out"] == 0


def test_an_interim_response_is_not_the_answer():
    log = log_of(recording_of([(">", request_bytes(b"GET /_ping")),
                               ("<", b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n"), ("<", answer_bytes(b"OK"))]))
    entry, = log["entries"]
    assert entry["response"]["status"] == 200


def test_exchanges_of_all_connections_are_in_the_order_of_their_first_bytes():
    recording = Recording(started=STARTED, address=SOCKET)
    for seconds, number, direction, data in ((0.0, 2, ">", request_bytes(b"GET /a")),
                                             (0.1, 1, ">", request_bytes(b"GET /b")),
                                             (0.2, 1, "<", answer_bytes(b"")),
                                             (0.3, 2, "<", answer_bytes(b"")),
                                             (0.4, 2, ">", request_bytes(b"GET /c"))):
        recording.take(number, WireEvent(seconds, direction, "data", data))
    log = log_of(recording)
    seen = [(entry["connection"], entry["request"]["url"][-2:]) for entry in log["entries"]]
    assert seen == [("2", "/a"), ("1", "/b"), ("2", "/c")]


def test_a_request_without_an_answer_has_status_0():
    log = log_of(recording_of([(">", request_bytes(b"GET /_ping")), ("<", b"HTTP/1.1 20"), ("<", "close")]))
    entry, = log["entries"]
    assert (entry["response"]["status"], entry["response"]["headersSize"],
            entry["response"]["_verdict"]) == (0, -1, "truncated")
    connection, = log["_connections"]
    assert content_bytes(connection["bytes_received"]) == b"HTTP/1.1 20"
    assert content_bytes(connection["bytes_sent"]) == request_bytes(b"GET /_ping")


def test_a_refused_answer_has_the_rule_that_it_breaks():
    twice = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
    response = log_of(recording_of([(">", request_bytes(b"GET /_ping")),
                                    ("<", twice)]))["entries"][0]["response"]
    assert (response["status"], response["_verdict"], response["_rule"]) == (200, "protocol error",
                                                                             "RFC 9112 §6.3")


def test_a_cut_body_says_so():
    log = log_of(recording_of([(">", request_bytes(b"GET /_ping")), ("<", answer_bytes(b'{"a":1}')[:-3]),
                               ("<", "close")]))
    response = log["entries"][0]["response"]
    assert content_bytes(response["content"]) == b'{"a"'
    assert response["_verdict"] == "truncated" and "cut" in response["_error"]
    assert response["_offset"] == len(answer_bytes(b'{"a":1}')) - 3


def test_an_error_that_the_engine_reports_in_a_200_is_the_verdict():
    body = b'{"status":"Pulling"}\r\n{"errorDetail":{"message":"no such layer"},"error":"no such layer"}\r\n'
    response = log_of(recording_of([(">", request_bytes(b"POST /images/create?fromImage=x")),
                                    ("<", answer_bytes(body))]))["entries"][0]["response"]
    assert (response["status"], response["_verdict"], response["_error"]) == (200, "engine error",
                                                                              "no such layer")


@pytest.mark.parametrize("framing", [b"", b"Connection: close\r\n"])
def test_a_body_that_ends_with_the_connection_is_not_called_complete(framing):
    steps = [(">", request_bytes(b"GET /_ping")), ("<", b"HTTP/1.1 200 OK\r\n" + framing + b"\r\nOK")]
    for ends, verdict in (([], "unfinished"), ([("<", "close")], "unconfirmed")):
        response = log_of(recording_of([(">", "open")] + steps + ends))["entries"][0]["response"]
        assert (response["_verdict"], response["content"]["text"]) == (verdict, "OK")


def test_bytes_that_are_no_http_are_kept_with_their_connection():
    log = log_of(recording_of([(">", b"EHLO docker\n\r\n"), ("<", b"\xff\xfe\0"), ("", "note what was this?"),
                               ("<", "reset")]))
    assert log["entries"] == []
    connection, = log["_connections"]
    assert content_bytes(connection["bytes_sent"]) == b"EHLO docker\n\r\n"
    assert content_bytes(connection["bytes_received"]) == b"\xff\xfe\0"
    assert connection["notes"] == ["what was this?"]
    assert [(error["direction"], error["_rule"]) for error in connection["errors"]][0] == ("sent",
                                                                                           "RFC 9112 §3")


def test_a_complete_exchange_is_written_once():
    connection, = log_of(recording_of(PING))["_connections"]
    assert "bytes_sent" not in connection and connection["errors"] == []


@pytest.mark.parametrize("address, url, path", [
    ("tcp://10.0.0.1:2375", "http://10.0.0.1:2375/_ping", None),
    ("tcp://[::1]:2375", "http://[::1]:2375/_ping", None),
    ("unix:///tmp/s", "http://docker/_ping", "/tmp/s"), ("nonsense \udcff\n", "http://docker/_ping", None)])
def test_the_url_is_made_of_the_address(address, url, path):
    entry, = log_of(recording_of(PING, address=address))["entries"]
    assert (entry["request"]["url"], entry.get("_socket")) == (url, path)


@pytest.mark.parametrize("target, url", [(b"http://other/x", "http://other/x"), (b"*", "http://docker/*")])
def test_targets_of_other_forms(target, url):
    assert log_of(recording_of([(">",
                                 request_bytes(b"GET " + target))]))["entries"][0]["request"]["url"] == url


def test_what_is_not_utf_8_is_base64_in_both_directions():
    log = log_of(recording_of([(">", request_bytes(b"POST /auth", b"\xff\x00")),
                               ("<", answer_bytes(b"caf\xe9"))]))
    entry, = log["entries"]
    assert entry["request"]["postData"] == {"mimeType": "application/json", "params": [], "text": "/wA=",
                                            "_encoding": "base64", "_size": 2}
    assert entry["response"]["content"]["encoding"] == "base64"
    assert content_bytes(entry["response"]["content"]) == b"caf\xe9"


@pytest.mark.parametrize("fill, kept",
                         [(b"x", MAX_HAR_TEXT_BYTES), ("é".encode(), MAX_HAR_TEXT_BYTES - 1),
                          (b"\xff", MAX_HAR_TEXT_BYTES)])
def test_a_long_body_is_cut_and_the_rest_counted(fill, kept):
    body = (b"a" + fill * MAX_HAR_TEXT_BYTES)[:MAX_HAR_TEXT_BYTES + 501]
    content = log_of(recording_of([(">", request_bytes(b"GET /x")),
                                   ("<", answer_bytes(body))]))["entries"][0]["response"]["content"]
    assert content_bytes(content) == body[:kept]
    assert (content["size"], content["_left_out"]) == (len(body), len(body) - kept)


def test_an_empty_record_is_an_empty_log():
    assert log_of(Recording(started=STARTED, address=""))["entries"] == []


@pytest.mark.parametrize("started", [-1e12, 1e12])
def test_a_clock_that_was_wrong_is_no_failure(started):
    recording = Recording(started=started, address=SOCKET)
    recording.take(1, WireEvent(0.0, ">", "data", request_bytes(b"GET /_ping")))
    assert log_of(recording)["entries"][0]["startedDateTime"][:4] in ("1970", "9999")


BODIES = st.one_of(st.binary(max_size=60),
                   st.lists(st.integers(1, 0xd7ff),
                            max_size=30).map(lambda codes: "".join(map(chr, codes)).encode("utf-8")))


def chunked(body, size):
    return b"".join(b"%x\r\n%s\r\n" % (len(body[at:at + size]), body[at:at + size])
                    for at in range(0, len(body), size)) + b"0\r\n\r\n"


@given(BODIES, BODIES, st.integers(1, 20))
def test_bodies_are_read_back(sent, answered, size):
    """Whatever the bytes of a body, and however framed: text or base64 gives them back."""
    recording = recording_of([(">", request_bytes(b"POST /x", sent)),
                              ("<", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                               + chunked(answered, size))])
    entry, = log_of(recording, redact=False)["entries"]
    posted = entry["request"]["postData"]
    assert content_bytes(dict(posted,
                              **({"encoding": posted["_encoding"]} if "_encoding" in posted else {}))) == sent
    assert content_bytes(entry["response"]["content"]) == answered


PIECES = st.one_of(st.binary(max_size=20), st.sampled_from([
    request_bytes(b"GET /_ping"), request_bytes(b"POST /containers/a/attach", b""),
    request_bytes(b"HEAD /_ping"), b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\n\r\n", answer_bytes(b"{}"),
    b"HTTP/1.1 100 Continue\r\n\r\n", frame(1, b"hi"), b"\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", b"HTTP/1.0 200 OK\r\n\r\n",
    b"0\r\n\r\n", b"GET",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\n"]))


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from("><"),
                          st.one_of(PIECES, st.sampled_from(["open", "half-close", "close", "reset",
                                                             "note x"]))),
                max_size=14))
def test_any_record_makes_a_valid_har(events):
    """Whatever the bytes: the file is valid, and no byte of a connection goes uncounted."""
    connections = {}
    for number, direction, step in events:
        connections.setdefault(number, []).append((direction, step))
    recording = recording_of(*connections.values())
    log = log_of(recording)
    assert [(one["sent"], one["received"]) for one in log["_connections"]] == [
        (len(connection.stream(">")), len(connection.stream("<"))) for connection in recording.connections]
