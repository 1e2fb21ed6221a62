import pytest
from feeding import TCHARS, field_texts, headers, tokens
from hypothesis import example, given
from hypothesis import strategies as st

from rawdock.errors import ProtocolError, UsageError
from rawdock.wire.grammar import REQUEST_HEAD, RESPONSE_HEAD, TRAILER_SECTION
from rawdock.wire.message import (MAX_FIELDS, MAX_HEAD_BYTES, Head, Headers, RequestHead, encode_request_head,
                                  encode_response_head, field_lines, field_offset, find_head_end, parse_request_head,
                                  parse_response_head, walk_head)

PARSERS = {"response": parse_response_head, "request": parse_request_head}
HEADS = {"response": RESPONSE_HEAD, "request": REQUEST_HEAD, "trailer": TRAILER_SECTION}

RESPONSES = [
    (b"HTTP/1.1 200 OK\r\n\r\n", Head("1.1", 200, "OK", [])),
    (b"HTTP/1.0 599 \r\n\r\n", Head("1.0", 599, "", [])),
    (b"HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\n", Head("1.1", 101, "UPGRADED", [("Upgrade", "tcp")])),
    (b"HTTP/1.1 400 Bad Request: missing required Host header\r\n\r\n",
     Head("1.1", 400, "Bad Request: missing required Host header", [])),
    (b"HTTP/1.1 200 \xe9t\xe9\tok \r\n\r\n", Head("1.1", 200, "\xe9t\xe9\tok ", [])),
    (b"HTTP/1.1 200 OK\r\na:b\r\nA: \t c d\t \r\ne:\r\nf:  \r\ng: \xff\r\nh: x:y\r\n\r\n",
     Head("1.1", 200, "OK", [("a", "b"), ("A", "c d"), ("e", ""), ("f", ""), ("g", "\xff"), ("h", "x:y")])),
    (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * MAX_FIELDS + b"\r\n", Head("1.1", 200, "OK", [("a", "b")] * MAX_FIELDS)),
]
REQUESTS = [
    (b"GET / HTTP/1.1\r\n\r\n", RequestHead("1.1", "GET", "/", [])),
    (b"M-SEARCH * HTTP/1.0\r\n\r\n", RequestHead("1.0", "M-SEARCH", "*", [])),
    (b"GET http://docker/v1.41/info?a=b&c=%20 HTTP/1.1\r\nHost: \r\n\r\n",
     RequestHead("1.1", "GET", "http://docker/v1.41/info?a=b&c=%20", [("Host", "")])),
]
# kind, bytes, rule, offset
REFUSED = [
    ("response", b"", "RFC 9112 §2.3", 0),
    ("response", b"HTTP/1.2 200 OK\r\n\r\n", "RFC 9112 §2.3", 0),
    ("response", b"HTTP/2.0 200 OK\r\n\r\n", "RFC 9112 §2.3", 0),
    ("response", b"http/1.1 200 OK\r\n\r\n", "RFC 9112 §2.3", 0),
    ("response", b" HTTP/1.1 200 OK\r\n\r\n", "RFC 9112 §2.3", 0),
    ("response", b"HTTP/1.1200 OK\r\n\r\n", "RFC 9112 §4", 8),
    ("response", b"HTTP/1.1\t200 OK\r\n\r\n", "RFC 9112 §4", 8),
    ("response", b"HTTP/1.1  200 OK\r\n\r\n", "RFC 9110 §15", 9),
    ("response", b"HTTP/1.1 20 OK\r\n\r\n", "RFC 9110 §15", 9),
    ("response", b"HTTP/1.1 2000 OK\r\n\r\n", "RFC 9110 §15", 9),
    ("response", b"HTTP/1.1 099 OK\r\n\r\n", "RFC 9110 §15", 9),
    ("response", b"HTTP/1.1 600 OK\r\n\r\n", "RFC 9110 §15", 9),
    ("response", b"HTTP/1.1 +20 OK\r\n\r\n", "RFC 9110 §15", 9),
    ("response", b"HTTP/1.1 200\r\n\r\n", "RFC 9112 §4", 12),
    ("response", b"HTTP/1.1 200-OK\r\n\r\n", "RFC 9112 §4", 12),
    ("response", b"HTTP/1.1 200 O\x00K\r\n\r\n", "RFC 9110 §5.5", 14),
    ("response", b"HTTP/1.1 200 O\rK\r\n\r\n", "RFC 9112 §2.2", 14),
    ("response", b"HTTP/1.1 200 OK\n\r\n\r\n", "RFC 9112 §2.2", 15),
    ("response", b"HTTP/1.1 200 OK\r\r\n\r\n", "RFC 9112 §2.2", 15),
    ("response", b"HTTP/1.1 200 OK", "RFC 9112 §2.2", 15),
    ("response", b"HTTP/1.1 200 OK\r\n", "RFC 9112 §2.1", 17),
    ("response", b"HTTP/1.1 200 OK\r\na: b\r\n", "RFC 9112 §2.1", 23),
    ("response", b"HTTP/1.1 200 OK\r\n\r\nmore", "RFC 9112 §2.1", 19),
    ("response", b"HTTP/1.1 200 OK\r\n folded: x\r\n\r\n", "RFC 9112 §5.2", 17),
    ("response", b"HTTP/1.1 200 OK\r\na: b\r\n\tfolded\r\n\r\n", "RFC 9112 §5.2", 23),
    ("response", b"HTTP/1.1 200 OK\r\n: b\r\n\r\n", "RFC 9112 §5", 17),
    ("response", b"HTTP/1.1 200 OK\r\na : b\r\n\r\n", "RFC 9112 §5.1", 18),
    ("response", b"HTTP/1.1 200 OK\r\na b: c\r\n\r\n", "RFC 9112 §5.1", 18),
    ("response", b"HTTP/1.1 200 OK\r\na\r\n\r\n", "RFC 9112 §5.1", 18),
    ("response", b"HTTP/1.1 200 OK\r\n(a): b\r\n\r\n", "RFC 9112 §5", 17),
    ("response", b"HTTP/1.1 200 OK\r\n\xe9: b\r\n\r\n", "RFC 9112 §5", 17),
    ("response", b"HTTP/1.1 200 OK\r\na: b\x00\r\n\r\n", "RFC 9110 §5.5", 21),
    ("response", b"HTTP/1.1 200 OK\r\na: \x7fb\r\n\r\n", "RFC 9110 §5.5", 20),
    ("response", b"HTTP/1.1 200 OK\r\na: b\rc: d\r\n\r\n", "RFC 9112 §2.2", 21),
    ("response", b"HTTP/1.1 200 OK\r\na: b\nc: d\r\n\r\n", "RFC 9112 §2.2", 21),
    ("response", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * (MAX_FIELDS + 1) + b"\r\n", "rawdock limit", 17 + 6 * MAX_FIELDS),
    ("request", b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * (MAX_FIELDS + 1) + b"\r\n", "rawdock limit", 16 + 6 * MAX_FIELDS),
    ("request", b"GET /\r\n\r\n", "RFC 9112 §3", 5),
    ("request", b"GET  / HTTP/1.1\r\n\r\n", "RFC 9112 §3.2", 4),
    ("request", b"GET / HTTP/1.1 \r\n\r\n", "RFC 9112 §2.3", 6),
    ("request", b"GET / HTTP/1.10\r\n\r\n", "RFC 9112 §2.3", 6),
    ("request", b"GET / HTTP/1.1\x00\r\n\r\n", "RFC 9110 §5.5", 14),
    ("request", b"GET / a HTTP/1.1\r\n\r\n", "RFC 9112 §2.3", 6),
    ("request", b"GET /\xe9 HTTP/1.1\r\n\r\n", "RFC 9112 §3", 5),
    ("request", b"GET / HTTP/2.0\r\n\r\n", "RFC 9112 §2.3", 6),
    ("request", b"G(T / HTTP/1.1\r\n\r\n", "RFC 9112 §3", 1),
    ("request", b"(ET / HTTP/1.1\r\n\r\n", "RFC 9112 §3.1", 0),
    ("request", b"\r\nGET / HTTP/1.1\r\n\r\n", "RFC 9112 §3.1", 0),
]


@pytest.mark.parametrize("data, head", RESPONSES, ids=lambda value: repr(value)[:40])
def test_response_heads(data, head):
    assert parse_response_head(data) == parse_response_head(bytearray(data)) == parse_response_head(memoryview(data)) == head


@pytest.mark.parametrize("data, head", REQUESTS, ids=lambda value: repr(value)[:40])
def test_request_heads(data, head):
    assert parse_request_head(data) == head


@pytest.mark.parametrize("data, rule, offset", [
    (b"GET / HTTP/1.1\n a: b\n\n", "RFC 9112 §5.2", 15),
    (b"GET / HTTP/1.1\r\na : b\n\n", "RFC 9112 §5.1", 17),
    (b"GET / HTTP/1.1\n\nmore", "RFC 9112 §2.1", 16),
    (b"GET / HTTP/1.1\n", "RFC 9112 §2.1", 15),
    (b"GET / HTTP/1.1\r\r\n\n", "RFC 9112 §2.2", 14),
    (b"GET / HTTP/1.1\na: b\rc\n\n", "RFC 9112 §2.2", 19),
    (b"GET /\n\n", "RFC 9112 §3", 5),
    (b"GET / HTTP/1.1\n" + b"a: b\n" * (MAX_FIELDS + 1) + b"\n", "rawdock limit", 15 + 5 * MAX_FIELDS),
], ids=lambda value: repr(value)[:60])
def test_with_bare_lf_all_else_is_refused_at_its_own_byte(data, rule, offset):
    with pytest.raises(ProtocolError) as caught:
        parse_request_head(data, 1000, True)
    assert (caught.value.rule, caught.value.offset - 1000) == (rule, offset)


@pytest.mark.parametrize("kind, data, rule, offset", REFUSED, ids=lambda value: repr(value)[:60])
def test_refused_heads_name_rule_and_byte(kind, data, rule, offset):
    with pytest.raises(ProtocolError) as caught:
        PARSERS[kind](data, 1000)
    assert (caught.value.rule, caught.value.offset - 1000) == (rule, offset)
    assert data[offset:].startswith(caught.value.seen) or caught.value.seen == b"%d field lines" % (MAX_FIELDS + 1)


def walk(text, kind, bare_lf=False):
    """(the index after the walk, labels), or (the error, labels)."""
    labels = []
    try:
        return walk_head(text, kind, 0, labels, bare_lf), labels
    except ProtocolError as error:
        return error, labels


near_misses = st.lists(st.tuples(st.integers(0, 80), st.integers(0, 1), st.sampled_from(
    ["", "\r", "\n", "\r\n", " ", "\t", ":", "\x00", "\x7f", "\x80", "\xff", "a", "1", "/", "(", "\x0b", "\r\n ", "HTTP/1.1"])), max_size=3)
valid_heads = st.one_of(
    st.tuples(st.just("response"), st.sampled_from([data for data, _ in RESPONSES[:6]])),
    st.tuples(st.just("request"), st.sampled_from([data for data, _ in REQUESTS])),
    st.tuples(st.just("trailer"), st.sampled_from([b"\r\n", b"a: b\r\nc:\r\n\r\n"])))


@given(valid_heads, near_misses, st.booleans())
@example(("response", RESPONSES[0][0]), [(8, 1, "")], False)
@example(("request", REQUESTS[0][0]), [(14, 1, "")], True)
def test_the_expression_and_the_walk_accept_the_same(valid, changes, bare_lf):
    kind, data = valid
    text = data.decode("latin-1")
    for place, dropped, inserted in changes:
        place = min(place, len(text))
        text = text[:place] + inserted + text[place + dropped:]
    bare_lf = bare_lf and kind == "request"
    end, labels = walk(text, kind, bare_lf)
    if bare_lf:
        try:
            accepted = bool(parse_request_head(text.encode("latin-1"), 0, True))
        except ProtocolError:
            accepted = False
    else:
        accepted = bool(HEADS[kind].fullmatch(text))
    assert accepted == (end == len(text))
    edge = 0
    for start, stop, _ in labels:
        assert start == edge < stop
        edge = stop
    assert edge == end if isinstance(end, int) else edge <= end.offset


@given(st.sampled_from(["response", "request"]), st.binary(max_size=80))
def test_any_bytes_give_a_head_or_a_protocol_error(kind, data):
    try:
        PARSERS[kind](data)
    except ProtocolError as error:
        assert 0 <= error.offset <= len(data)


@given(st.integers(100, 599), field_texts, headers, st.sampled_from(["1.0", "1.1"]))
def test_response_heads_round_trip(status, reason, fields, version):
    data = encode_response_head(status, reason, fields, version)
    assert parse_response_head(data) == Head(version, status, reason, fields)
    assert find_head_end(bytearray(data + b"more"), 0, "response", 0) == len(data)


@given(tokens, st.text([chr(code) for code in range(33, 127)], min_size=1), headers, st.sampled_from(["1.0", "1.1"]))
def test_request_heads_round_trip(method, target, fields, version):
    data = encode_request_head(method, target, fields, version)
    assert parse_request_head(data) == RequestHead(version, method, target, fields)


def test_labels_of_a_head():
    text = "HTTP/1.1 404 Not Found\r\nA: b \r\nc:\r\n\r\n"
    end, labels = walk(text, "response")
    assert end == len(text)
    assert [(role, text[start:stop]) for start, stop, role in labels] == [
        ("version", "HTTP/1.1"), ("SP", " "), ("status code", "404"), ("SP", " "), ("reason phrase", "Not Found"), ("CRLF", "\r\n"),
        ("field name", "A"), ("colon", ":"), ("OWS", " "), ("field value", "b"), ("OWS", " "), ("CRLF", "\r\n"),
        ("field name", "c"), ("colon", ":"), ("CRLF", "\r\n"), ("CRLF", "\r\n")]


def test_where_a_field_line_begins():
    text = "HTTP/1.1 200 OK\r\na: b\r\nc: d\r\n\r\n"
    assert [text[field_offset(text, index)] for index in range(2)] == ["a", "c"]


# Where a head ends.

def head_of(size):
    start = b"HTTP/1.1 200 OK\r\na: "
    return start + b"x" * (size - len(start) - 4) + b"\r\n\r\n"


def end_or_error(buffer, step, kind="response"):
    """find_head_end as a caller uses it, `step` bytes at a time."""
    held, scanned = bytearray(), 0
    for at in range(0, len(buffer), step):
        held += buffer[at:at + step]
        try:
            end = find_head_end(held, scanned, kind, 0)
        except ProtocolError as error:
            return error.rule, error.offset
        if end >= 0:
            return end
        scanned = len(held)
    return -1


@pytest.mark.parametrize("kind, data, result", [
    ("response", head_of(MAX_HEAD_BYTES), MAX_HEAD_BYTES),
    ("response", head_of(MAX_HEAD_BYTES) + b"body", MAX_HEAD_BYTES),
    ("response", head_of(MAX_HEAD_BYTES + 1), ("rawdock limit", MAX_HEAD_BYTES)),
    ("response", head_of(MAX_HEAD_BYTES + 3) + b"body", ("rawdock limit", MAX_HEAD_BYTES)),
    ("response", head_of(MAX_HEAD_BYTES)[:-1], -1),
    ("response", b"HTTP/1.1 200 OK\r\na: \n" + head_of(MAX_HEAD_BYTES + 9), ("RFC 9112 §2.2", 20)),
    ("response", b"HTTP/1.1 200 OK\r\na: " + b"x" * (MAX_HEAD_BYTES - 21) + b"\rx\r\n\r\n", ("rawdock limit", MAX_HEAD_BYTES)),
    ("response", b"HTTP/1.1 200 OK\r\na: " + b"x" * (MAX_HEAD_BYTES - 22) + b"\rx\r\n\r\n", ("RFC 9112 §2.2", MAX_HEAD_BYTES - 2)),
    ("response", b"SSH-2.0-OpenSSH", ("RFC 9112 §2.3", 0)),
    ("response", b"HTTP/1", -1),
    ("response", b"HTTP/1.1 200 OK\r\na: b\r", -1),
    ("request", b"GET / HTTP/1.1\nHost: x", ("RFC 9112 §2.2", 14)),
    ("request", b"\x16\x03\x01\x02\x00\x01\x00", ("RFC 9112 §3.1", 0)),
    ("request", b"G" * (MAX_HEAD_BYTES + 1), ("rawdock limit", MAX_HEAD_BYTES)),
], ids=lambda value: repr(value)[:30])
def test_where_a_head_ends_however_it_is_cut(kind, data, result):
    assert [end_or_error(data, step, kind) for step in (1, 1000, len(data))] == [result] * 3


# What goes out.

@pytest.mark.parametrize("fields", [
    [("", "x")], [("a b", "x")], [("a:", "x")], [("a\r\n", "x")], [("\xe9", "x")], [("a", "x\r\nb: c")], [("a", "x\n")], [("a", "x\r")],
    [("a", "\x00")], [("a", "x\x7f")], [("a", " x")], [("a", "x\t")], [("a", "\u20ac")], [("a", b"x")], [(b"a", "x")], [("a", None)],
    [("a", 1.5)],
], ids=repr)
def test_no_field_can_carry_another(fields):
    with pytest.raises(UsageError) as caught:
        field_lines(fields)
    assert caught.value.hint


def test_field_lines_keep_spelling_and_order():
    assert field_lines([("b", "1"), ("A", ""), ("Content-Length", 3)]) == b"b: 1\r\nA: \r\nContent-Length: 3\r\n"
    assert field_lines(Headers({"a": "\xe9"})) == b"a: \xe9\r\n"


@pytest.mark.parametrize("method, target, version", [
    ("", "/", "1.1"), ("G ET", "/", "1.1"), ("GET\r\n", "/", "1.1"), ("GET", "", "1.1"), ("GET", "/a b", "1.1"), ("GET", "/\r\nx", "1.1"),
    ("GET", "/\x00", "1.1"), ("GET", "/\xe9", "1.1"), ("GET", "/\u20ac", "1.1"), ("GET", "/", "1.2"), ("GET", "/", "2"),
])
def test_no_request_line_can_carry_another(method, target, version):
    with pytest.raises(UsageError):
        encode_request_head(method, target, (), version)


@pytest.mark.parametrize("status, reason, version", [
    (99, "", "1.1"), (600, "", "1.1"), (200, "a\r\nb", "1.1"), (200, "a\nb", "1.1"), (200, "\u20ac", "1.1"), (200, "OK", "1.2"),
])
def test_no_status_line_can_carry_another(status, reason, version):
    with pytest.raises(UsageError):
        encode_response_head(status, reason, (), version)


@given(st.text(max_size=6), st.text(max_size=8), st.text(max_size=6), st.text(max_size=6))
def test_what_is_sent_is_one_head_that_says_what_was_asked(method, target, name, value):
    try:
        data = encode_request_head(method, target, [(name, value)])
    except UsageError:
        return
    assert parse_request_head(data) == RequestHead("1.1", method, target, [(name, value)])


# Headers.

def test_headers_look_up_without_case_and_keep_what_came():
    fields = Headers([("Content-Type", "a"), ("x", "1"), ("X", "2")])
    assert list(fields) == [("Content-Type", "a"), ("x", "1"), ("X", "2")] and len(fields) == 3
    assert fields["content-TYPE"] == "a" and fields["X"] == "1"
    assert fields.get("x") == "1" and fields.get("y") is None and fields.get("y", "z") == "z"
    assert fields.get_all("X") == ["1", "2"] and fields.get_all("y") == []
    assert "CONTENT-type" in fields and "y" not in fields
    with pytest.raises(KeyError):
        fields["y"]


def test_headers_from_pairs_of_any_kind():
    assert Headers() == [] and Headers({"a": "b"}) == Headers((("a", "b"),)) == [("a", "b")]
    assert repr(Headers([("a", "b")])) == "Headers([('a', 'b')])"


def test_header_tokens():
    fields = Headers([("Connection", "Keep-Alive , ,x"), ("connection", "\tUPGRADE"), ("te", "")])
    assert fields.tokens("CONNECTION") == ["keep-alive", "x", "upgrade"]
    assert fields.tokens("te") == [] and fields.tokens("absent") == []


def test_heads_compare_by_what_they_say():
    response, request = Head("1.1", 200, "OK", [("a", "b")]), RequestHead("1.1", "GET", "/", {})
    assert response == Head("1.1", 200, "OK", Headers([("a", "b")])) and response != Head("1.0", 200, "OK", [("a", "b")])
    assert request == RequestHead("1.1", "GET", "/", []) and request != response and response != "HTTP/1.1 200 OK"
    assert repr(response) == "Head('1.1', 200, 'OK', Headers([('a', 'b')]))"
    assert repr(request) == "RequestHead('1.1', 'GET', '/', Headers([]))"
    assert (response.kind, request.kind) == ("response", "request")


@given(st.text(TCHARS, min_size=1))
def test_every_token_is_a_field_name(name):
    assert field_lines([(name, "")]) == name.encode("ascii") + b": \r\n"


def test_plain_length_is_only_told_where_nothing_else_bears_on_the_body():
    def told(fields):
        return parse_response_head(("HTTP/1.1 200 OK\r\n" + fields + "\r\n").encode("latin-1")).headers.plain_length()
    assert told("Server: x\r\nContent-LENGTH: \t12 \r\nX: y\r\n") == 12
    for fields in ("", "Content-Length: 1\r\nContent-Length: 1\r\n", "Content-Length: +1\r\n", "Content-Length:\r\n", "Content-Length: 1 2\r\n",
                   "Content-Length: 12345678901234567890\r\n", "Content-Length: 1\r\nConnection: close\r\n",
                   "Transfer-Encoding: chunked\r\n", "Content-Length: 1\r\nTransfer-Encoding: x\r\n", "X-Content-Length: 1\r\n"):
        assert told(fields) is None, fields
    assert Headers([("Content-Length", "5")]).plain_length() is None
