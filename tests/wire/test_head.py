import pytest
from feeding import feed, field_texts, headers, outcome, tokens
from hypothesis import example, given
from hypothesis import strategies as st

from rawdock.errors import ProtocolError
from rawdock.wire.grammar import (
    LINE_END, LINE_END_OR_LF, MAX_FIELDS, REQUEST_HEAD, RESPONSE_HEAD, TRAILER_SECTION)
from rawdock.wire.head import (
    MAX_HEAD_BYTES, REQUEST_LINE_ELEMENTS, STATUS_LINE_ELEMENTS, HeadReader, RequestHeadReader,
    parse_request_head, parse_response_head, walk_head)
from rawdock.wire.message import Head, RequestHead, encode_request_head, encode_response_head

PARSERS = {"response": parse_response_head, "request": parse_request_head}
READERS = {"response": HeadReader, "request": RequestHeadReader}
START_LINES = {"response": STATUS_LINE_ELEMENTS, "request": REQUEST_LINE_ELEMENTS, "trailer": ()}
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
    (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * MAX_FIELDS + b"\r\n",
     Head("1.1", 200, "OK", [("a", "b")] * MAX_FIELDS)),
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
    ("response", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * (MAX_FIELDS + 1) + b"\r\n", "rawdock limit",
     17 + 6 * MAX_FIELDS),
    ("request", b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * (MAX_FIELDS + 1) + b"\r\n", "rawdock limit",
     16 + 6 * MAX_FIELDS),
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
    assert (parse_response_head(data) == parse_response_head(bytearray(data))
            == parse_response_head(memoryview(data)) == head)


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
    assert (data[offset:].startswith(caught.value.seen)
            or caught.value.seen == b"%d field lines" % (MAX_FIELDS + 1))


def walk(text, kind, bare_lf=False):
    """(the index after the walk, labels), or (the error, labels)."""
    labels = []
    try:
        return walk_head(text, START_LINES[kind], 0, labels, LINE_END_OR_LF if bare_lf else LINE_END), labels
    except ProtocolError as error:
        return error, labels


near_misses = st.lists(st.tuples(st.integers(0, 80), st.integers(0, 1), st.sampled_from(
    ["", "\r", "\n", "\r\n", " ", "\t", ":", "\x00", "\x7f", "\x80", "\xff", "a", "1", "/", "(", "\x0b",
     "\r\n ", "HTTP/1.1"])), max_size=3)
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
    heads = []
    assert (HeadReader().take(data + b"more", 0, heads) == len(data)
            and heads == [parse_response_head(data)])


@given(tokens, st.text([chr(code) for code in range(33, 127)], min_size=1), headers,
       st.sampled_from(["1.0", "1.1"]))
def test_request_heads_round_trip(method, target, fields, version):
    data = encode_request_head(method, target, fields, version)
    assert parse_request_head(data) == RequestHead(version, method, target, fields)


def test_labels_of_a_head():
    text = "HTTP/1.1 404 Not Found\r\nA: b \r\nc:\r\n\r\n"
    end, labels = walk(text, "response")
    assert end == len(text)
    assert [(role, text[start:stop]) for start, stop, role in labels] == [
        ("version", "HTTP/1.1"), ("SP", " "), ("status code", "404"), ("SP", " "),
        ("reason phrase", "Not Found"), ("CRLF", "\r\n"),
        ("field name", "A"), ("colon", ":"), ("OWS", " "), ("field value", "b"), ("OWS", " "),
        ("CRLF", "\r\n"),
        ("field name", "c"), ("colon", ":"), ("CRLF", "\r\n"), ("CRLF", "\r\n")]


# Where a head ends.

def head_of(size):
    start = b"HTTP/1.1 200 OK\r\na: "
    return start + b"x" * (size - len(start) - 4) + b"\r\n\r\n"


def end_or_error(buffer, step, kind="response"):
    """Where a HeadReader ends that takes `step` bytes at a time, -1 for "need more", or the rule and offset
    of its error."""
    reader, heads = READERS[kind](), []
    for at in range(0, len(buffer), step):
        try:
            end = reader.take(buffer[:at + step], at, heads)
        except ProtocolError as error:
            assert not heads
            return error.rule, error.offset
        assert heads or end == len(buffer[:at + step])
        if heads:
            assert (reader.raw, reader.start, reader.offset) == (buffer[:end], 0, end)
            return end
    return -1


@pytest.mark.parametrize("kind, data, result", [
    ("response", head_of(MAX_HEAD_BYTES), MAX_HEAD_BYTES),
    ("response", head_of(MAX_HEAD_BYTES) + b"body", MAX_HEAD_BYTES),
    ("response", head_of(MAX_HEAD_BYTES + 1), ("rawdock limit", MAX_HEAD_BYTES)),
    ("response", head_of(MAX_HEAD_BYTES + 3) + b"body", ("rawdock limit", MAX_HEAD_BYTES)),
    ("response", head_of(MAX_HEAD_BYTES)[:-1], -1),
    ("response", b"HTTP/1.1 200 OK\r\na: \n" + head_of(MAX_HEAD_BYTES + 9), ("RFC 9112 §2.2", 20)),
    ("response", b"HTTP/1.1 200 OK\r\na: " + b"x" * (MAX_HEAD_BYTES - 21) + b"\rx\r\n\r\n",
     ("rawdock limit", MAX_HEAD_BYTES)),
    ("response", b"HTTP/1.1 200 OK\r\na: " + b"x" * (MAX_HEAD_BYTES - 22) + b"\rx\r\n\r\n",
     ("RFC 9112 §2.2", MAX_HEAD_BYTES - 2)),
    ("response", b"SSH-2.0-OpenSSH", ("RFC 9112 §2.3", 0)),
    ("response", b"HTTP/1", -1),
    ("response", b"HTTP/1.1 200 OK\r\na: b\r", -1),
    ("request", b"GET / HTTP/1.1\nHost: x", ("RFC 9112 §2.2", 14)),
    ("request", b"\x16\x03\x01\x02\x00\x01\x00", ("RFC 9112 §3.1", 0)),
    ("request", b"G" * (MAX_HEAD_BYTES + 1), ("rawdock limit", MAX_HEAD_BYTES)),
], ids=lambda value: repr(value)[:30])
def test_where_a_head_ends_however_it_is_cut(kind, data, result):
    assert [end_or_error(data, step, kind) for step in (1, 1000, len(data))] == [result] * 3


def test_a_head_that_is_too_long_is_refused_in_one_wording_however_it_is_cut():
    wordings = set()
    for step in (1, 7, MAX_HEAD_BYTES + 1, MAX_HEAD_BYTES * 2):
        reader, data = HeadReader(), head_of(MAX_HEAD_BYTES + 9)
        with pytest.raises(ProtocolError) as caught:
            for at in range(0, len(data), step):
                reader.feed(data[at:at + step])
        wordings.add(str(caught.value))
    assert len(wordings) == 1


# Heads one after another, and what may come before them.

class HeadsReader(RequestHeadReader):
    """Takes all heads: its feed() would leave over what follows the first."""

    def take(self, data, at, out):
        while at < len(data):
            at = RequestHeadReader.take(self, data, at, out)
        return at


def heads_of(data, bare_lf=False, **how):
    return outcome(lambda labels: HeadsReader(labels, bare_lf=bare_lf), data, **how)


def test_heads_follow_one_another():
    ping, info = RequestHead("1.1", "GET", "/_ping", []), RequestHead("1.0", "GET", "/info", [("A", "b")])
    data = b"GET /_ping HTTP/1.1\r\n\r\n\r\nGET /info HTTP/1.0\r\nA: b\r\n\r\n\r\n"
    assert heads_of(data, eof=True, want_labels=True)[:2] == ([ping, info], None)
    assert (heads_of(data + b"\r\nGET / HTTP/1.0\r\n\r\n")[:2]
            == ([ping, info], ("ProtocolError", "RFC 9112 §3.1", len(data))))
    assert heads_of(data[:-8], eof=True) == ([ping],
                                                        ("TruncatedError", "RFC 9112 §8", len(data) - 8))


# A bare LF: taken in requests only, and only with bare_lf.

BARE = [
    (b"GET / HTTP/1.0\n\n", []), (b"GET / HTTP/1.0\r\n\n", []), (b"GET / HTTP/1.0\n\r\n", []),
    (b"GET / HTTP/1.0\r\n\r\n", []),
    (b"\nGET / HTTP/1.0\n\n", []),
    (b"\r\nGET / HTTP/1.0\nA: b \nC:\r\nd: \te\n\n", [("A", "b"), ("C", ""), ("d", "e")]),
]


@pytest.mark.parametrize("data, fields", BARE, ids=repr)
def test_bare_line_feeds(data, fields):
    values, error, labels = heads_of(data, True, eof=True, want_labels=True)
    assert (values, error, labels[-1][1]) == ([RequestHead("1.0", "GET", "/", fields)], None, len(data))
    values, error = heads_of(data, eof=True)
    assert (error is None) == (b"\n" not in data.replace(b"\r\n", b""))


@pytest.mark.parametrize("data, rule, offset", [
    (b"GET / HTTP/1.0\nA : b\n\n", "RFC 9112 §5.1", 16),
    (b"GET / HTTP/1.0\nA: b\rc\n\n", "RFC 9112 §2.2", 19),
    (b"GET / HTTP/1.0\nA: b\n c\n\n", "RFC 9112 §5.2", 20),
    (b"GET / HTTP/1.0\nA: \x00\n\n", "RFC 9110 §5.5", 18),
    (b"\n\nGET / HTTP/1.0\n\n", "RFC 9112 §3.1", 1), (b"GET / HTTP/1.0\r\r\n\n", "RFC 9112 §2.2", 14),
    (b"GET / HTTP/1.0\n" + b"a: b\n" * (MAX_FIELDS + 1) + b"\n", "rawdock limit", 15 + 5 * MAX_FIELDS),
    (b"GET / HTTP/1.0\nA: " + b"x" * MAX_HEAD_BYTES, "rawdock limit", MAX_HEAD_BYTES),
], ids=lambda value: repr(value)[:40])
def test_with_bare_line_feeds_everything_else_is_refused_as_before(data, rule, offset):
    for step in (1, 1000, 1 << 20):
        reader = RequestHeadReader(bare_lf=True)
        assert (feed(reader, [data[at:at + step] for at in range(0, len(data), step)])
                == ([], ("ProtocolError", rule, offset)))


@given(st.text([chr(code) for code in range(33, 127)], min_size=1), headers,
       st.lists(st.booleans(), min_size=1, max_size=9), st.lists(st.integers(0, 60), max_size=3))
def test_a_head_with_bare_line_feeds_says_what_it_says_without(target, fields, bare, places):
    strict = encode_request_head("GET", target, fields)
    lines = strict.split(b"\r\n")[:-1]
    data = b"".join(line + (b"\n" if bare[index % len(bare)] else b"\r\n") for index,
                    line in enumerate(lines))
    merged, error = heads_of(data, True, places=[min(place, len(data)) for place in places])
    assert (merged, error) == ([parse_request_head(strict)], None)
