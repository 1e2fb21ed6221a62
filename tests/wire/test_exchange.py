import re

import pytest
from feeding import cut_everywhere, feed, headers, outcome, quickly, tokens
from hypothesis import example, given
from hypothesis import strategies as st

from rawdock.errors import ProtocolError, RawdockError, TruncatedError
from rawdock.wire.chunked import encode_chunk, encode_last_chunk
from rawdock.wire.exchange import MAX_INTERIM_RESPONSES, Data, End, RequestReader, ResponseReader, Switched
from rawdock.wire.head import MAX_HEAD_BYTES
from rawdock.wire.message import Head, RequestHead, encode_request_head, encode_response_head

OK = b"HTTP/1.1 200 OK\r\n"
OK_5 = OK + b"Content-Length: 5\r\n\r\nhello"
HEAD_5 = Head("1.1", 200, "OK", [("Content-Length", "5")])
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
HEAD_EMPTY = Head("1.1", 204, "No Content", [])
CHUNKS = OK + b"Transfer-Encoding: chunked\r\n\r\n5;a\r\nhello\r\n0\r\nt: u\r\n\r\n"
HEAD_CHUNKS = Head("1.1", 200, "OK", [("Transfer-Encoding", "chunked")])
CONTINUE, HEAD_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n", Head("1.1", 100, "Continue", [])
HINTS, HEAD_HINTS = b"HTTP/1.1 103 \r\nLink: x\r\n\r\n", Head("1.1", 103, "", [("Link", "x")])
UPGRADED = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
HEAD_UPGRADED = Head("1.1", 101, "UPGRADED", [("Connection", "Upgrade"), ("Upgrade", "tcp")])
CLOSING = OK + b"Connection: close\r\nContent-Length: 2\r\n\r\nhi"
HEAD_CLOSING = Head("1.1", 200, "OK", [("Connection", "close"), ("Content-Length", "2")])
OLD, HEAD_OLD = b"HTTP/1.0 200 OK\r\n\r\n", Head("1.0", 200, "OK", [])
GET, HEAD_GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", RequestHead("1.1", "GET", "/", [("Host", "x")])
POST = b"POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
HEAD_POST = RequestHead("1.1", "POST", "/a", [("Content-Length", "3")])
ATTACH = b"POST /attach HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 2\r\n\r\n{}"
HEAD_ATTACH = RequestHead("1.1", "POST", "/attach",
                          [("Connection", "Upgrade"), ("Upgrade", "tcp"), ("Content-Length", "2")])


def response(**how):
    return lambda labels: ResponseReader(labels=labels, **how)


def request(labels):
    return RequestReader(labels)


def lenient(labels):
    return RequestReader(labels, bare_lf=True)


def join(events):
    """Events with neighbouring Data made one, and all of a raw stream put into its Switched."""
    joined = []
    for event in events:
        last = joined[-1] if joined else None
        if isinstance(event, Data) and isinstance(last, Data):
            joined[-1] = Data(last.data + event.data)
        elif isinstance(event, Data) and isinstance(last, Switched):
            joined[-1] = Switched(last.leftover + event.data)
        else:
            joined.append(event)
    return joined


# name, reader, bytes, events
WHOLE = [
    ("a length", response(), OK_5, [HEAD_5, Data(b"hello"), End()]),
    ("no content", response(), EMPTY, [HEAD_EMPTY, End()]),
    ("a length of 0", response(), OK + b"Content-Length: 0\r\n\r\n",
     [Head("1.1", 200, "OK", [("Content-Length", "0")]), End()]),
    ("chunks", response(), CHUNKS, [HEAD_CHUNKS, Data(b"hello"), End([("t", "u")])]),
    ("one after another", response(), OK_5 + EMPTY + CHUNKS + OK_5,
     [HEAD_5, Data(b"hello"), End(), HEAD_EMPTY, End(), HEAD_CHUNKS, Data(b"hello"), End([("t", "u")]),
      HEAD_5, Data(b"hello"), End()]),
    ("interim responses", response(), CONTINUE + HINTS + CONTINUE + OK_5,
     [HEAD_CONTINUE, HEAD_HINTS, HEAD_CONTINUE, HEAD_5, Data(b"hello"), End()]),
    ("answers to HEAD", response(method="HEAD"), OK + b"Content-Length: 5\r\n\r\n" + EMPTY,
     [HEAD_5, End(), HEAD_EMPTY, End()]),
    ("CRLF before status lines", response(), b"\r\n" + OK_5 + b"\r\n" + EMPTY + b"\r\n",
     [HEAD_5, Data(b"hello"), End(), HEAD_EMPTY, End()]),
    ("the last", response(), CLOSING, [HEAD_CLOSING, Data(b"hi"), End()]),
    ("until close", response(), OLD + b"abc", [HEAD_OLD, Data(b"abc"), End()]),
    ("until close, nothing", response(), OLD, [HEAD_OLD, End()]),
    ("101", response(), UPGRADED, [HEAD_UPGRADED, Switched()]),
    ("101 and bytes", response(), UPGRADED + OK_5, [HEAD_UPGRADED, Switched(OK_5)]),
    ("1xx, then 101", response(), CONTINUE + UPGRADED + b"\r\n",
     [HEAD_CONTINUE, HEAD_UPGRADED, Switched(b"\r\n")]),
    ("a hijack's 200", response(method="POST", hijack=True), OLD + b"raw", [HEAD_OLD, Switched(b"raw")]),
    ("a hijack refused", response(method="POST", hijack=True), OK_5.replace(b"200", b"404") + EMPTY,
     [Head("1.1", 404, "OK", [("Content-Length", "5")]), Data(b"hello"), End(), HEAD_EMPTY, End()]),
    ("CONNECT", response(method="CONNECT"), OK_5, [HEAD_5, Switched(b"hello")]),
    ("a request", request, GET, [HEAD_GET, End()]),
    ("no request", request, b"", []),
    ("an empty line and no request", request, b"\r\n", []),
    ("requests", request, b"\r\n" + GET + POST + GET,
     [HEAD_GET, End(), HEAD_POST, Data(b"abc"), End(), HEAD_GET, End()]),
    ("a request in chunks", request,
     b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n" + GET,
     [RequestHead("1.1", "PUT", "/", [("Transfer-Encoding", "chunked")]), Data(b"a"), End(), HEAD_GET,
      End()]),
    ("an upgrade", request, ATTACH + b"GET", [HEAD_ATTACH, Data(b"{}"), End(), Switched(b"GET")]),
    ("an upgrade without a body", request, ATTACH[:-2].replace(b"2\r\n", b"0\r\n") + b"raw",
     [RequestHead("1.1", "POST", "/attach", HEAD_ATTACH.headers.pairs[:2] + [("Content-Length", "0")]), End(),
      Switched(b"raw")]),
    ("an Upgrade that Connection does not name", request, GET.replace(b"Host", b"Upgrade") + GET,
     [RequestHead("1.1", "GET", "/", [("Upgrade", "x")]), End(), HEAD_GET, End()]),
    ("echo -e 'GET / HTTP/1.0\\r\\n'", lenient, b"GET / HTTP/1.0\r\n\n",
     [RequestHead("1.0", "GET", "/", []), End()]),
    ("typed requests", lenient, b"\n" + GET.replace(b"\r", b"") + POST[:-7].replace(b"\r", b"") + b"\r\n\nabc"
     + b"\n" + GET,
     [HEAD_GET, End(), HEAD_POST, Data(b"abc"), End(), HEAD_GET, End()]),
]
CLOSED = "RFC 9112 §9.6"
# name, reader, bytes, events before the error, rule, offset
REFUSED = [
    ("no HTTP", response(), b"SSH-2.0", [], "RFC 9112 §2.3", 0),
    ("CRLF twice", response(), b"\r\n\r\n" + OK_5, [], "RFC 9112 §2.3", 2),
    ("CR alone", response(), b"\rx" + OK_5, [], "RFC 9112 §2.3", 0),
    ("LF before", response(), b"\n" + OK_5, [], "RFC 9112 §2.3", 0),
    ("CRLF twice before a request", request, b"\r\n\r\n" + GET, [], "RFC 9112 §3.1", 2),
    ("TLS", request, b"\x16\x03\x01\x00", [], "RFC 9112 §3.1", 0),
    ("LF in a request", request, b"GET / HTTP/1.0\r\n\n", [], "RFC 9112 §5", 16),
    ("LF before a request", request, b"\n" + GET, [], "RFC 9112 §3.1", 0),
    ("LF twice before a request", lenient, b"\n\n" + GET, [], "RFC 9112 §3.1", 1),
    ("LF after a chunk line", lenient, b"PUT / HTTP/1.1\nTransfer-Encoding: chunked\n\n1\na\r\n0\r\n\r\n",
     [RequestHead("1.1", "PUT", "/", [("Transfer-Encoding", "chunked")])], "RFC 9112 §7.1", 44),
    ("LF in a trailer section", lenient, b"PUT / HTTP/1.1\nTransfer-Encoding: chunked\n\n0\r\na: b\n\r\n",
     [RequestHead("1.1", "PUT", "/", [("Transfer-Encoding", "chunked")])], "RFC 9112 §2.2", 50),
    ("a length of a typed request", lenient, b"POST / HTTP/1.1\nA: b\nContent-Length: x\n\n", [],
     "RFC 9110 §8.6", 37),
    ("a long typed head", lenient, b"GET / HTTP/1.1\na: " + b"x" * MAX_HEAD_BYTES + b"\n\n", [],
     "rawdock limit", MAX_HEAD_BYTES),
    ("LF in a head", response(), OK + b"a: b\nc: d\r\n\r\n", [], "RFC 9112 §2.2", 21),
    ("a fold", response(), OK_5 + OK + b"a: b\r\n c\r\n\r\n", [HEAD_5, Data(b"hello"), End()],
     "RFC 9112 §5.2", len(OK_5) + 23),
    ("a long head", response(), OK + b"a: " + b"x" * MAX_HEAD_BYTES + b"\r\n\r\n", [], "rawdock limit",
     MAX_HEAD_BYTES),
    ("a long head after an empty line", response(), b"\r\n" + OK + b"a: " + b"x" * MAX_HEAD_BYTES, [],
     "rawdock limit", MAX_HEAD_BYTES + 2),
    ("a long head after a body", response(), OK_5 + OK + b"a: " + b"x" * MAX_HEAD_BYTES + b"\r\n\r\n",
     [HEAD_5, Data(b"hello"), End()],
     "rawdock limit", len(OK_5) + MAX_HEAD_BYTES),
    ("two lengths", response(), EMPTY + OK + b"Content-Length: 5\r\ncontent-length:  6\r\n\r\nhello",
     [HEAD_EMPTY, End()],
     "RFC 9112 §6.3", len(EMPTY + OK) + 36),
    ("a length in hexadecimal", request, b"POST / HTTP/1.1\r\nContent-Length: 0x3\r\n\r\nabc", [],
     "RFC 9110 §8.6", 33),
    ("a length and chunks", response(), CHUNKS.replace(b"\r\n\r\n5;", b"\r\nContent-Length: 5\r\n\r\n5;"), [],
     "RFC 9112 §6.3", 36),
    ("chunks in HTTP/1.0", response(), CHUNKS.replace(b"1.1", b"1.0"), [], "RFC 9112 §6.1", 36),
    ("a chunk cut by another", response(), CHUNKS[:-13] + b"!", [HEAD_CHUNKS, Data(b"hello")],
     "RFC 9112 §7.1", len(CHUNKS) - 13),
    ("bytes after the last message", response(), CLOSING + OK_5, [HEAD_CLOSING, Data(b"hi"), End()], CLOSED,
     len(CLOSING)),
    ("CRLF after the last message", response(), CLOSING + b"\r\n", [HEAD_CLOSING, Data(b"hi"), End()], CLOSED,
     len(CLOSING)),
    ("bytes after a request of HTTP/1.0", request, b"GET / HTTP/1.0\r\n\r\n" + GET,
     [RequestHead("1.0", "GET", "/", []), End()], CLOSED, 18),
    ("garbage after a message", response(), OK_5 + b"?", [HEAD_5, Data(b"hello"), End()], "RFC 9112 §2.3",
     len(OK_5)),
]
places = st.lists(st.integers(0, 200), max_size=4)


def clip(places, data):
    return [min(place, len(data)) for place in places]


@pytest.mark.parametrize("name, make, data, events", WHOLE, ids=[vector[0] for vector in WHOLE])
def test_whole_exchanges(name, make, data, events):
    merged, error, labels = outcome(make, data, join, eof=True, want_labels=True)
    assert (merged, error) == (events, None)
    assert (labels[-1][1] if labels else 0) == len(data)
    reader = make(None)
    feed(reader, [data])
    assert reader.offset == len(data)


@pytest.mark.parametrize("name, make, data, events, rule, offset", REFUSED,
                         ids=[vector[0] for vector in REFUSED])
@pytest.mark.parametrize("rest", [b"", b"more\r\n\r\n"], ids=["", "and more"])
def test_refused_exchanges(name, make, data, events, rule, offset, rest):
    if len(data) < 10000:
        assert outcome(make, data + rest, join) == (events, ("ProtocolError", rule, offset))
    else:
        for step in (1 << 20, 1000, 7):
            values, error = feed(make(None),
                                 [(data + rest)[at:at + step] for at in range(0, len(data + rest), step)])
            assert (join(values), error) == (events, ("ProtocolError", rule, offset))


# A cut anywhere is TruncatedError, but for: the places between messages, the end of a close-delimited body, a
# raw stream.
@pytest.mark.parametrize("make, data, complete", [
    (response(), OK_5, []),
    (response(), CHUNKS, []),
    (response(), EMPTY + OK_5, [len(EMPTY)]),
    (response(), OK_5 + CHUNKS + CLOSING, [len(OK_5), len(OK_5 + CHUNKS)]),
    (response(), CONTINUE + OK_5, []),
    (response(), OK_5 + CONTINUE + OK_5, [len(OK_5)]),
    (response(), OLD + b"ab", [len(OLD), len(OLD) + 1]),
    (response(), UPGRADED + b"ab", [len(UPGRADED), len(UPGRADED) + 1]),
    (request, GET + POST, [0, len(GET)]),
    (request, ATTACH + b"a", [0, len(ATTACH)]),
    (lenient, GET.replace(b"\r", b"") + b"GET / HTTP/1.0\r\n\n", [0, len(GET) - 3]),
], ids=range(11))
def test_cut_everywhere(make, data, complete):
    cut_everywhere(make, data, set(complete))


def test_the_end_of_the_stream_ends_a_body_until_close_and_nothing_else():
    reader = ResponseReader()
    assert reader.feed(OLD + b"abc") == [HEAD_OLD, Data(b"abc")]
    assert reader.feed_eof() == [End()] and reader.feed_eof() == []
    with pytest.raises(ProtocolError) as caught:
        reader.feed(b"d")
    assert caught.value.rule == CLOSED
    reader = ResponseReader()
    assert reader.feed(OK_5)[-1] == End() and reader.feed_eof() == []
    reader = ResponseReader()
    assert reader.feed(UPGRADED + b"raw")[-1] == Switched(b"raw")
    assert reader.feed_eof() == [] and reader.state == "raw"


@pytest.mark.parametrize("reader, data, where, expected, got", [
    (ResponseReader(offset=10), b"", "a response head", None, 0),
    (ResponseReader(offset=10), CONTINUE, "a response head", None, 0),
    (ResponseReader(offset=10), OK, "a response head", None, len(OK)),
    (ResponseReader(offset=10), OK_5[:-2], "a body of known length", 5, 3),
    (RequestReader(offset=10), GET + GET[:-1], "a request head", None, len(GET) - 1),
])
def test_the_verdict_on_a_cut(reader, data, where, expected, got):
    reader.feed(data)
    with pytest.raises(TruncatedError) as caught:
        reader.feed_eof()
    assert (caught.value.where, caught.value.expected, caught.value.got,
            caught.value.offset) == (where, expected, got, 10 + len(data))


bodies = st.lists(st.binary(min_size=1, max_size=12), max_size=3)
messages = st.lists(st.tuples(st.sampled_from(["length", "chunked", "none"]), headers, bodies, headers),
                    min_size=1, max_size=4)


@given(messages, st.booleans(), places)
def test_messages_round_trip_however_they_are_cut(messages, answers, places):
    data, events = b"", []
    for framing, fields, body, trailers in messages:
        content = b"".join(body)
        if framing == "length":
            fields, sent, trailers = fields + [("Content-Length", str(len(content)))], content, []
        elif framing == "chunked":
            fields, sent = (fields + [("Transfer-Encoding", "chunked")],
                            b"".join(map(encode_chunk, body)) + encode_last_chunk(trailers))
        else:
            content, sent, trailers = b"", b"", []
        if answers:
            status = 204 if framing == "none" else 200
            head, start = Head("1.1", status, "Fine", fields), encode_response_head(status, "Fine", fields)
        else:
            head, start = RequestHead("1.1", "PUT", "/x", fields), encode_request_head("PUT", "/x", fields)
        data += start + sent
        events += [head] + ([Data(content)] if content else []) + [End(trailers)]
    merged, error, labels = outcome(response() if answers else request, data, join, True, clip(places, data),
                                    want_labels=True)
    assert (merged, error) == (events, None)
    assert labels[-1][1] == len(data)


pieces_of_exchanges = st.lists(st.sampled_from([
    OK, OK_5, CHUNKS, EMPTY, CONTINUE, UPGRADED, CLOSING, OLD, GET, POST, ATTACH, b"\r\n", b"\r", b"\n",
    b"HTTP/1.1 ", b"a: b\r\n", b" ", b"x\x00",
    b"Content-Length: 3\r\n", b"Content-Length: 4\r\n", b"Transfer-Encoding: chunked\r\n",
    b"Connection: close\r\n", b"5\r\nhello\r\n", b"0\r\n\r\n",
    b"GET / HTTP/1.1\r\n", b"HTTP/1.0 200 OK\r\n"]), max_size=7)
readers = st.sampled_from([response(), response(method="HEAD"), response(hijack=True), request, lenient])


@given(readers, pieces_of_exchanges, places)
@example(response(), [b"\r\n", b"\r"], [1])
@example(request, [b"\r\n", b"\r\n", b"\r\n"], [2])
def test_near_exchanges_are_judged_alike_however_they_are_cut(make, parts, places):
    data = b"".join(parts)
    outcome(make, data, join, True, clip(places, data))


heads_of_requests = st.tuples(tokens,
                              headers).map(lambda parts: encode_request_head(parts[0], "/x", parts[1]))


@given(st.lists(st.sampled_from([GET, POST]) | heads_of_requests, min_size=1, max_size=3), st.randoms(),
       places)
def test_a_line_of_a_request_may_end_with_lf_alone(messages, random, places):
    data = b"".join(messages)
    events, error, labels = outcome(lenient, data, join, True, clip(places, data), want_labels=True)
    assert (events, error, labels) == outcome(request, data, join, True, want_labels=True)
    typed = b"".join(random.choice([b"\n", b"\r\n"]) if piece == b"\r\n" else piece
                     for piece in re.split(b"(\r\n)", data))
    typed_events, error, typed_labels = outcome(lenient, typed, join, True, clip(places, typed),
                                                want_labels=True)
    assert (typed_events, error) == (events, None)
    assert [role for _, _, role in typed_labels] == [role for _, _, role in labels]
    assert typed_labels[-1][1] == len(typed)


@given(pieces_of_exchanges, places)
def test_what_a_strict_reader_takes_a_lenient_one_takes_too(parts, places):
    data = b"".join(parts)
    strict = outcome(request, data, join, True, clip(places, data), want_labels=True)
    if strict[1] is None:
        assert outcome(lenient, data, join, True, clip(places, data), want_labels=True) == strict


@given(readers, st.sampled_from([b"", OK_5, OK, CHUNKS[:60], UPGRADED, GET]), st.binary(max_size=40), places)
def test_any_bytes_give_events_or_an_error_of_ours(make, before, data, places):
    outcome(make, before + data, join, True, clip(places, before + data))


def test_events_that_came_whole_are_given_before_the_error():
    events, seen = ResponseReader().feed(OK_5 + EMPTY + b"garbage"), []
    with pytest.raises(ProtocolError):
        for event in events:
            seen.append(event)
    assert seen == [HEAD_5, Data(b"hello"), End(), HEAD_EMPTY, End()]


def test_buffers_of_every_kind():
    for kind in (bytes, bytearray, memoryview):
        head, data, end = ResponseReader().feed(kind(OK_5))
        assert (head, data, end) == (HEAD_5, Data(b"hello"), End()) and type(data.data) is bytes


def test_the_method_and_hijack_may_change_between_messages():
    reader = ResponseReader("HEAD")
    assert reader.feed(OK + b"Content-Length: 5\r\n\r\n") == [HEAD_5, End()] and reader.framing.kind == "none"
    reader.method = "GET"
    assert reader.feed(OK_5) == [HEAD_5, Data(b"hello"), End()] and reader.framing.kind == "length"
    reader.hijack = True
    assert reader.feed(OK + b"\r\n") == [Head("1.1", 200, "OK", []), Switched()] and reader.state == "raw"


def test_a_body_that_claims_much_costs_nothing():
    reader = ResponseReader()
    assert len(reader.feed(OK + b"Content-Length: 9999999999999999999\r\n\r\n")) == 1
    for _ in range(5):
        assert reader.feed(b"x" * 65536) == [Data(b"x" * 65536)]
    assert not reader.heads._held


def test_a_head_without_an_end_is_refused_at_the_bound():
    reader = ResponseReader()
    with pytest.raises(ProtocolError):
        for _ in range(MAX_HEAD_BYTES // 1000 + 1):
            reader.feed((OK + b"a: ").ljust(1000, b"x") if not reader.heads._held else b"x" * 1000)
    assert len(reader.heads._held) < MAX_HEAD_BYTES + 2000
    reader = ResponseReader()
    with pytest.raises(ProtocolError):
        reader.feed(OK + b"a: " + b"x" * 1000000)
    assert len(reader.heads._held) < MAX_HEAD_BYTES + 10


@pytest.mark.parametrize("make, data, events",
                         [(response(), EMPTY, 2), (response(), OK_5, 3), (response(), CHUNKS, 3),
                          (request, GET, 2)],
                         ids=["no body", "length", "chunked", "requests"])
def test_messages_in_one_buffer_do_not_copy_all_that_follows_each(make, data, events):
    size = 32 << 20
    last = (encode_request_head("PUT", "/", [("Content-Length", size)]) if make is request else
            encode_response_head(200, "OK", [("Content-Length", size)]))
    data = data * 4000 + last + bytes(size)
    assert len(quickly(lambda: make(None).feed(data))) == 4000 * events + 3


def test_a_long_head_byte_by_byte():
    data = OK + b"a: b\r\n" * 200 + b"c: " + b"x" * 60000 + b"\r\n" + OK_5[len(OK):]
    reader = ResponseReader()
    events = quickly(lambda: [event for at in range(len(data)) for event in reader.feed(data[at:at + 1])])
    assert len(events) == 1 + 5 + 1 and len(events[0].headers) == 202


def test_offsets_continue_where_the_stream_was():
    labels = []
    reader = ResponseReader(labels=labels, offset=1000)
    reader.feed(OK_5)
    assert (labels[0][0] == 1000 and labels[-1] == (1000 + len(OK_5) - 5, 1000 + len(OK_5), "content")
            and reader.offset == 1000 + len(OK_5))
    with pytest.raises(ProtocolError) as caught:
        reader.feed(OK + b"a b\r\n\r\n")
    assert caught.value.offset == 1000 + len(OK_5) + len(OK) + 1


def test_labels_of_an_exchange():
    data = b"\r\nHTTP/1.1 101 \r\n\r\nraw"
    labels = outcome(response(), data, join, want_labels=True)[2]
    assert [(role, data[start:end]) for start, end, role in labels] == [
        ("CRLF", b"\r\n"), ("version", b"HTTP/1.1"), ("SP", b" "), ("status code", b"101"), ("SP", b" "),
        ("CRLF", b"\r\n\r\n"),
        ("raw stream", b"raw")]


def test_labels_of_a_head_reach_the_offending_byte():
    data = OK + b"a: b\r\nc : d\r\n\r\n"
    labels = outcome(response(), data, want_labels=True)[2]
    assert labels[-1] == (23, 24, "field name")
    two = outcome(response(), OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n", want_labels=True)
    # it is well formed: labelled to its end
    assert two[1][1:] == ("RFC 9112 §6.3", 52) and two[2][-1][1] == len(OK) + 40


def test_events_compare_and_print():
    assert Data(b"a") == Data(b"a") != Data(b"b") and Data(b"") != Switched(b"") and End() != Data(b"")
    assert End([("a", "b")]) == End([("a", "b")]) != End() and Switched(b"a") != Switched(b"b")
    assert (repr([Data(b"a"), End([("a", "b")]), Switched(b"c")])
            == "[Data(b'a'), End([('a', 'b')]), Switched(b'c')]")


def test_every_error_is_of_the_family():
    assert issubclass(ProtocolError, RawdockError) and issubclass(TruncatedError, ProtocolError)


def test_interim_responses_have_a_bound_for_each_final_one():
    flood = CONTINUE * MAX_INTERIM_RESPONSES
    events, error = feed(ResponseReader(), [(flood + OK_5) * 2])
    assert error is None and len(events) == 2 * (MAX_INTERIM_RESPONSES + 3)
    for step in (7, 1 << 20):
        data = flood + CONTINUE + OK_5
        events, error = feed(ResponseReader(), [data[at:at + step] for at in range(0, len(data), step)])
        assert (events, error) == ([HEAD_CONTINUE] * MAX_INTERIM_RESPONSES,
                                   ("ProtocolError", "rawdock limit", len(flood)))
