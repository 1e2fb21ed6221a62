"""write_page: one HTML file that holds every span, is bounded, keeps secrets, and that no byte of the wire
can break out of.
"""
import base64
import hashlib
import io
import itertools
import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, strategies as st

from rawdock.teach.explain.annotate import AnnotatedRecording, annotate
from rawdock.teach.explain.explanations import ROLE_EXPLANATIONS, explain_span
from rawdock.teach.explain.page import (PAGE_BYTES, PAGE_KINDS, PAGE_MESSAGE_BYTES, fair_share, page_data,
                                        page_kind, write_page)
from rawdock.teach.explain.page_assets import PAGE_COLOURS
from rawdock.teach.record.record import Recording, WireEvent

REQUEST = (b"POST /v1.41/containers/abc/attach?stream=1 HTTP/1.1\r\nHost: docker\r\n"
           b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
SWITCHED = (b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
            b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
FRAMES = b"\x01\0\0\0\0\0\0\x03hi\n\x02\0\0\0\0\0\0\x05oops\n"
GET = b"GET /v1.41/containers/json HTTP/1.1\r\nHost: docker\r\n\r\n"
CHUNKED = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
           b"5\r\n[{\"a\"\r\n4;x=y\r\n:1}]\r\n0\r\nX-T: v\r\n\r\n")
# What could end a script block, begin a comment in one, or become markup; and what HTML makes of bytes.
HOSTILE = [b"</script><script>alert(1)</script>", b"<!--<script>", b"-->", b"]]>", b"</ScRiPt\t>",
           b"<img src=x onerror=alert(1)>",
           b"&lt;&#60;", b"'\"`\\", "\u2028\u2029\u202e".encode("utf-8"), b"\x00\xff\xfe",
           b"</style></title></body></html>"]


def recorded(*connections, **facts):
    """A Recording: for each connection a list of (direction, data), a millisecond apart."""
    recording = Recording(started=facts.get("started", 1790000000.0),
                          address=facts.get("address", "unix:///s"))
    clock = itertools.count()
    for number, events in enumerate(connections, 1):
        recording.take(number, WireEvent(next(clock) / 1000.0, ">", "open", b"unix:///s"))
        for direction, data in events:
            recording.take(number, WireEvent(next(clock) / 1000.0, direction, "data", data))
        recording.take(number, WireEvent(next(clock) / 1000.0, "<", "close", b""))
    return recording


RUN = [(">", REQUEST), ("<", SWITCHED), ("<", FRAMES[:4]), ("<", FRAMES[4:])]


class PageReader(HTMLParser):
    """The tags of a page in order, and the text in each script and style."""

    def __init__(self):
        HTMLParser.__init__(self)
        self.tags, self.texts, self.inside = [], [], None

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, attributes))
        self.inside = tag if tag in ("script", "style") else None
        if self.inside:
            self.texts.append("")

    def handle_endtag(self, tag):
        self.tags.append(("/" + tag, []))
        self.inside = None

    def handle_data(self, data):
        if self.inside:
            self.texts[-1] += data


def page_of(recording, **how):
    """(the page, str; its PageReader; the data in it)."""
    file = io.BytesIO()
    write_page(AnnotatedRecording(recording, **how), file)
    text = file.getvalue().decode("utf-8")
    reader = PageReader()
    reader.feed(text)
    reader.close()
    return text, reader, json.loads(reader.texts[1])


def stream_bytes(stream):
    """A packed stream → (bytes, dots for those that are not kept; the offsets kept)."""
    data, kept = bytearray(b"." * stream["length"]), set()
    for start, piece in stream["pieces"]:
        raw = base64.b64decode(piece)
        assert not kept & set(range(start, start + len(raw)))
        data[start:start + len(raw)] = raw
        kept |= set(range(start, start + len(raw)))
    return bytes(data), kept


def span_rows(data, stream):
    """(start, end, role, within, (sentence, source)) of each span of a packed stream."""
    rows, at = [], 0
    for place in range(0, len(stream["spans"]), 4):
        length, role, within, text = stream["spans"][place:place + 4]
        rows.append((at, at + length, data["roles"][role][0], data["roles"][within][0],
                     tuple(data["texts"][text])))
        at += length
    return rows


def both_streams(recording):
    return [stream for connection in annotate(recording)
            for stream in (connection.requests, connection.responses)]


def packed_streams(data):
    return [stream for connection in data["connections"] for stream in connection["streams"]]


# ---- the file

def test_one_file_that_needs_nothing():
    text, reader, data = page_of(recorded(RUN))
    assert text.startswith("<!DOCTYPE html>") and text.count("<script") == 2 and text.count("<style") == 1
    assert not re.search(r"(?i)https?:|url\(|@import|\bsrc=|\bhref=\"[^#]|fetch\(|XMLHttpRequest|WebSocket"
                         r"|innerHTML|\beval\(", text)
    policy = [dict(attributes)["content"] for tag, attributes in reader.tags if tag == "meta"
              and "http-equiv" in dict(attributes)]
    style, _, script = reader.texts
    hashes = [base64.b64encode(hashlib.sha256(part.encode("utf-8")).digest()).decode()
              for part in (style, script)]
    assert (policy == ["default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; base-uri 'none'; "
                       "form-action 'none'" % tuple(hashes)])
    assert not [one for one in reader.tags
                if any(name == "style" or name.startswith("on") for name, _ in one[1])]


def test_the_same_record_gives_the_same_page():
    assert page_of(recorded(RUN))[0] == page_of(recorded(RUN))[0]


@given(st.lists(st.tuples(st.sampled_from("<>"),
                          st.one_of(st.binary(max_size=40),
                                    st.sampled_from(HOSTILE + [REQUEST, SWITCHED, GET, CHUNKED]))),
                max_size=6),
       st.text(max_size=10), st.sampled_from(HOSTILE))
def test_no_byte_breaks_out_of_the_data(events, address, hostile):
    recording = recorded(events, address=address + hostile.decode("latin-1"))
    recording.take(1, WireEvent(1.0, "", "note", hostile))
    text, reader, data = page_of(recording, redact=False)   # these bytes may look like a credential
    _, empty, _ = page_of(recorded())
    assert [one for one in reader.tags if one not in empty.tags] == [] and len(reader.tags) == len(empty.tags)
    block = text[text.index('id="record">') + len('id="record">'):]
    assert not re.search("[<>&]", block[:block.index("</script>")])
    for connection, packed in zip(recording.connections, data["connections"]):
        assert ([stream_bytes(stream)[0] for stream in packed["streams"]]
                == [connection.stream(">"), connection.stream("<")])


# ---- the spans

EVENTS = st.lists(st.tuples(st.sampled_from("<>"), st.one_of(
    st.binary(max_size=30), st.sampled_from([REQUEST, SWITCHED, FRAMES, GET, CHUNKED, GET[:20], CHUNKED[:90],
                                             b"HTTP/1.1 100 Continue\r\n\r\n"]))), max_size=8)


@given(EVENTS)
def test_every_span_is_in_the_page(events):
    recording = recorded(events)
    data = page_data(AnnotatedRecording(recording, redact=False))
    for stream, packed in zip(both_streams(recording), packed_streams(data)):
        assert (span_rows(data, packed) == [(span.start, span.end, span.role, span.within,
                                             tuple(explain_span(span, stream))) for span in stream.spans])
        assert stream_bytes(packed) == (stream.data, set(range(len(stream.data))))


@given(EVENTS)
def test_every_byte_is_in_an_exchange(events):
    """The parts are what a reader can open: none may be missing, and none may be there twice."""
    data = page_data(AnnotatedRecording(recorded(events)))
    for connection in data["connections"]:
        offsets = {0: [], 1: []}
        for exchange in connection["exchanges"]:
            for part in exchange["parts"]:
                offsets[part["way"]] += range(part["start"], part["end"])
                if part["end"] > part["start"]:
                    assert (exchange["times"][0] <= part["times"][0] <= part["times"][1]
                            <= exchange["times"][1] <= data["milliseconds"])
        assert ([sorted(offsets[way]) for way in (0, 1)]
                == [list(range(stream["length"])) for stream in connection["streams"]])


def test_a_run_is_two_messages_and_a_raw_stream_in_frames():
    data = page_data(AnnotatedRecording(recorded(RUN)))
    exchange, = data["connections"][0]["exchanges"]
    assert ([exchange["method"], exchange["path"], exchange["status"], exchange["wrong"]]
            == ["POST", "/v1.41/containers/abc/attach?stream=1", 101, ""])
    assert [(part["title"], part["way"], part["start"], part["end"]) for part in exchange["parts"]] == [
        ("Request", 0, 0, len(REQUEST)), ("Response", 1, 0, len(SWITCHED)),
        ("Raw stream", 1, len(SWITCHED), len(SWITCHED) + len(FRAMES))]
    at = len(SWITCHED)
    assert exchange["parts"][2]["frames"] == [[1, at + 8, at + 11], [2, at + 19, at + 24]]
    assert ([mark[1:] for mark in data["connections"][0]["marks"]]
            == [["open", "connected to unix:///s"], ["close", "the engine closed the connection"]])
    # since the first request
    assert data["connections"][0]["streams"][1]["arrivals"] == [0, 1.0, at, 2.0, at + 4, 3.0]


def test_a_chunked_answer_has_its_body_by_ranges():
    data = page_data(AnnotatedRecording(recorded([(">", GET), ("<", CHUNKED)])))
    response = data["connections"][0]["exchanges"][0]["parts"][1]
    ranges = response["body"]
    assert b"".join(CHUNKED[ranges[at]:ranges[at + 1]] for at in range(0, len(ranges), 2)) == b'[{"a":1}]'
    assert response["json"] is True and response["about"] == "%d bytes, framing: chunked" % len(CHUNKED)
    roles = [row[2] for row in span_rows(data, data["connections"][0]["streams"][1])]
    assert ({"chunk size", "chunk extension", "chunk data CRLF", "trailer field name", "trailer field value"}
            <= set(roles))


@pytest.mark.parametrize("answer, word, offset", [
    (b"HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n", "malformed", 20), (CHUNKED[:-5], "cut", len(CHUNKED) - 5),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", "cut", 40)])
def test_what_breaks_a_rule_is_marked(answer, word, offset):
    data = page_data(AnnotatedRecording(recorded([(">", GET), ("<", answer)])))
    exchanges = data["connections"][0]["exchanges"]
    assert [(exchange["method"], exchange["wrong"]) for exchange in exchanges] == [("GET", word)]
    error, = [part["error"] for exchange in exchanges for part in exchange["parts"] if part.get("error")]
    assert error["word"] == word and error["offset"] == offset and "RFC 911" in error["text"]


def test_captured_bytes_have_no_time():
    recording = Recording(started=0.0)
    recording.take(1, WireEvent(0.0, "<", "data", CHUNKED))
    text, _, data = page_of(recording)
    exchange, = data["connections"][0]["exchanges"]
    assert data["summary"].startswith("1 connection, 1 exchange, %d bytes. Secrets" % len(CHUNKED))
    assert ((exchange["title"], exchange["about"])
            == ("A response alone", "What it answers is not in this record. Status 200 OK."))


def test_an_empty_record_is_a_page_too():
    assert page_of(recorded())[2]["connections"] == []
    assert page_of(recorded([]))[2]["connections"][0]["exchanges"] == []


# ---- bounds

def long_answer(size):
    return (b"HTTP/1.1 200 OK\r\nContent-Type: application/x-tar\r\nContent-Length: %d\r\n\r\n" % size
            + bytes(bytearray(range(256))) * (size // 256))


def test_a_long_body_keeps_its_start_and_its_end_and_is_counted():
    answer = long_answer(3 << 20)
    text, _, data = page_of(recorded([(">", GET), ("<", answer), (">", GET), ("<", CHUNKED)]))
    stream = data["connections"][0]["streams"][1]
    assert len(text) < 400000 and stream["length"] == len(answer) + len(CHUNKED)
    rows = span_rows(data, stream)
    assert rows[-1][1] == stream["length"]
    starts = [(start, len(base64.b64decode(piece))) for start, piece in stream["pieces"]]
    assert (starts[0] == (0, PAGE_MESSAGE_BYTES * 3 // 4) and starts[1][0]
            == len(answer) - PAGE_MESSAGE_BYTES // 4)
    assert starts[1][0] + starts[1][1] == stream["length"]   # the short answer behind it is whole
    assert stream["kept"] == PAGE_MESSAGE_BYTES + len(CHUNKED)
    assert "{:,} bytes of long messages left out".format(len(answer) - PAGE_MESSAGE_BYTES) in data["summary"]


def test_spans_that_are_left_out_are_one_that_counts_them():
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + b'{"id":"abcdef"}\r\n' * 40000
    recording = recorded([(">", GET), ("<", answer)])
    data = page_data(AnnotatedRecording(recording))
    stream = data["connections"][0]["streams"][1]
    rows = span_rows(data, stream)
    spans = both_streams(recording)[1].spans
    (start, end, role, _, (said, _)), = [row for row in rows if row[2] == "not in this page"]
    assert rows[-1][1] == len(answer) and len(rows) < 10000
    assert "{:,} bytes in {:,} spans".format(end - start, len(spans) - len(rows) + 1) in said
    assert not stream_bytes(stream)[1] & set(range(start, end))


def test_many_connections_share_the_page():
    connections = [[(">", GET), ("<", long_answer(90000))] for _ in range(80)]
    text, _, data = page_of(recorded(*connections))
    kept = sum(stream["kept"] for stream in packed_streams(data))
    assert PAGE_BYTES * 9 // 10 < kept <= PAGE_BYTES
    assert len(text) < PAGE_BYTES * 3 // 2
    # Each has its head, and its share of the body.
    assert all(stream["kept"] >= 300 or stream["length"] < 300 for stream in packed_streams(data))


@given(st.lists(st.integers(0, 2000), max_size=30), st.integers(0, 5000), st.integers(0, 1000))
def test_a_fair_share(sizes, total, most):
    cap = fair_share(sizes, total, most)
    assert 0 <= cap <= most and sum(min(size, cap) for size in sizes) <= total
    if cap < most and sizes:
        assert sum(min(size, cap + 1) for size in sizes) > total


# ---- secrets

def test_secrets_are_stars_without_the_flag():
    body = b'{"username":"bob","password":"hunter2-horse"}'
    request = (b"POST /v1.41/auth HTTP/1.1\r\nHost: d\r\nX-Registry-Auth: c2VjcmV0LWZpZWxk\r\nContent-Type: "
               b"application/json\r\n"
               b"Content-Length: %d\r\n\r\n" % len(body) + body)
    recording = recorded([(">", request[start:start + 7]) for start in range(0, len(request), 7)])
    for redact in (True, False):
        file = io.BytesIO()
        write_page(AnnotatedRecording(recording, redact), file)
        _, _, data = page_of(recording, redact=redact)
        raw = stream_bytes(data["connections"][0]["streams"][0])[0]
        whole = file.getvalue() + raw
        for secret in (b"hunter2-horse", b"c2VjcmV0LWZpZWxk"):
            assert (secret in whole) is not redact
        assert len(raw) == len(request) and b"bob" in raw
        assert ("stars" in data["summary"]) is redact


# ---- colours

def luminance(colour):
    parts = [int(colour[at:at + 2], 16) / 255.0 for at in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
                        for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


PAIRS = ([(kind[0], kind[0] + "-tint") for kind in PAGE_KINDS] + [("surface", kind[0]) for kind in PAGE_KINDS]
         + [(ink, ground) for ink in ("ink", "dim")
            for ground in ("ground", "surface", "raised", "start-tint", "mark-tint")]
         + [("wrong", "start-tint"), ("wrong", "raised"), ("on-accent", "accent")])


@pytest.mark.parametrize("shade", [1, 2], ids=["light", "dark"])
def test_every_text_has_contrast_with_its_ground(shade):
    """WCAG 2.1 AA: 4.5 to 1 for text, 3 to 1 for what shows the focus."""
    colours = {row.split()[0]: row.split()[shade] for row in PAGE_COLOURS.split("\n") if row}
    assert ({pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in PAIRS
             if contrast(colours[pair[0]], colours[pair[1]]) < 4.5} == {})
    assert (min(contrast(colours["accent"], colours[ground])
                for ground in ("ground", "surface", "start-tint")) >= 3)


def test_every_kind_has_its_colours_and_every_role_a_kind():
    names = {row.split()[0] for row in PAGE_COLOURS.split("\n") if row}
    assert {kind[0] for kind in PAGE_KINDS} | {kind[0] + "-tint" for kind in PAGE_KINDS} <= names
    roles = [role for kind in PAGE_KINDS for role in kind[1:]]
    assert len(roles) == len(set(roles))
    assert ({role for role in ROLE_EXPLANATIONS if role not in roles and not role.startswith("trailer ")}
            == set())
    assert [page_kind(role) for role in ("method", "trailer field name", "chunk size", "cut",
                                         "what is to come")] == [
        "start", "name", "chunk", "wrong", "content"]


def test_the_clock_starts_at_the_first_request():
    """A tap may have waited for long before a client came: no bar begins in the middle for that."""
    recording = Recording(started=1.0, address="")
    for seconds, number, direction, kind, data in (
            (5.0, 1, ">", "open", b"unix:///s"),
            (5.25, 1, ">", "data", b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n"),
            (5.5, 1, "<", "data", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"),
            (6.25, 1, "<", "close", b"")):
        recording.take(number, WireEvent(seconds, direction, kind, data))
    data = page_data(AnnotatedRecording(recording))
    connection = data["connections"][0]
    assert data["milliseconds"] == 1000.0 and " in 1.000 s" in data["summary"]
    assert [mark[0] for mark in connection["marks"]] == [-250.0, 1000.0]
    assert connection["exchanges"][0]["times"] == [0.0, 250.0]
    assert [part["times"] for part in connection["exchanges"][0]["parts"]] == [[0.0, 0.0], [250.0, 250.0]]


def test_exchanges_are_numbered_in_the_order_of_time_and_pings_apart():
    recording = Recording(started=1.0, address="")
    for seconds, number, target in ((1.0, 1, b"GET /_ping"), (3.0, 1, b"GET /b"), (2.0, 2, b"GET /a"),
                                    (4.0, 2, b"HEAD /v1.41/_ping"), (5.0, 2, b"GET /c")):
        recording.take(number, WireEvent(seconds, ">", "data", target + b" HTTP/1.1\r\nHost: d\r\n\r\n"))
        recording.take(number, WireEvent(seconds, "<", "data", b"HTTP/1.1 204 No Content\r\n\r\n"))
    data = page_data(AnnotatedRecording(recording))
    assert [[(one["label"], one["path"]) for one in connection["exchanges"]]
            for connection in data["connections"]] == [
        [("ping", "/_ping"), ("2", "/b")], [("1", "/a"), ("ping", "/v1.41/_ping"), ("3", "/c")]]
    assert data["summary"].startswith("2 connections, 3 exchanges and 2 pings, ")
