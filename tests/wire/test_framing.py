import pytest

from rawdock.errors import ProtocolError
from rawdock.wire.framing import (CHUNKED, NO_BODY, UNTIL_CLOSE, UPGRADE, Framing, request_framing,
                                  response_framing, stays_open)
from rawdock.wire.message import Head, RequestHead, encode_request_head, encode_response_head

CL, TE = "Content-Length", "Transfer-Encoding"
FIVE, CHUNKS, BOTH = [(CL, "5")], [(TE, "chunked")], [(CL, "5"), (TE, "chunked")]
LENGTH_5 = Framing("length", 5)

# status, method, hijack, fields, framing; the numbers are those of RFC 9112 §6.3
RESPONSES = [
    (200, "HEAD", False, FIVE, NO_BODY),        # 1.
    (200, "HEAD", False, CHUNKS, NO_BODY),
    (404, "HEAD", True, FIVE, NO_BODY),
    (100, "GET", False, [], NO_BODY),
    (199, "GET", False, FIVE, NO_BODY),
    (204, "GET", False, FIVE, NO_BODY),
    (204, "POST", True, [], NO_BODY),
    (304, "GET", False, CHUNKS, NO_BODY),
    (101, "GET", False, [], UPGRADE),
    (101, "HEAD", False, CHUNKS, UPGRADE),
    (200, "CONNECT", False, FIVE, UPGRADE),     # 2.
    (299, "CONNECT", False, CHUNKS, UPGRADE),
    (200, "POST", True, [], UPGRADE),
    (404, "POST", True, FIVE, LENGTH_5),
    (300, "CONNECT", False, FIVE, LENGTH_5),
    (200, "GET", False, CHUNKS, CHUNKED),       # 4.
    (200, "GET", False, [("TRANSFER-ENCODING", ", Chunked ,")], CHUNKED),
    (200, "GET", False, [(TE, "gzip")], Framing("close", coding="gzip")),
    (200, "GET", False, [(TE, "GZIP;q=\"1\""), (TE, "br")], Framing("close", coding="gzip;q=\"1\", br")),
    (200, "GET", False, FIVE, LENGTH_5),        # 6.
    (200, "GET", False, [(CL, "0")], Framing("length", 0)),
    (200, "GET", False, [(CL, "9" * 19)], Framing("length", int("9" * 19))),
    (500, "GET", False, FIVE * 2, LENGTH_5),    # 5. one number, said twice
    (500, "GET", False, [(CL, "5, 5")], LENGTH_5),
    (200, "GET", False, [], UNTIL_CLOSE),       # 8.
    (500, "POST", True, [], UNTIL_CLOSE),
]
REQUESTS = [
    ([], NO_BODY), ([(CL, "0")], Framing("length", 0)), (FIVE, LENGTH_5), (CHUNKS, CHUNKED),
    ([(CL, "5,5")], LENGTH_5),
]
# fields, rule, index of the line at fault and how far in it the value begins
REFUSED = [
    (BOTH, "RFC 9112 §6.3", 1), (BOTH[::-1], "RFC 9112 §6.3", 0),
    ([(CL, "5"), (CL, "6")], "RFC 9112 §6.3", 1), ([("X", "y"), (CL, "5, 6")], "RFC 9112 §6.3", 1),
    ([(CL, "5"), (CL, "05")], "RFC 9112 §6.3", 1),
] + [([("a", "b"), (CL, value)], "RFC 9110 §8.6", 1) for value in
     ("", "+3", "-3", "1_0", "0x3", "3 4", "3,", ",3", "3;", "9" * 20, "\xb2", "1.0", "five", "3,x")] + [
    ([(CL, "x"), (CL, "5")], "RFC 9110 §8.6", 0),
    ([(TE, "gzip, chunked")], "RFC 9112 §7", 0), ([(TE, "gzip"), (TE, "chunked")], "RFC 9112 §7", 0),
    ([(TE, "chunked, chunked")], "RFC 9112 §7", 0), ([(TE, "chunked, gzip")], "RFC 9112 §7", 0),
    ([(TE, "")], "RFC 9112 §7", 0),
    ([(TE, ",")], "RFC 9112 §7", 0), ([(TE, "chunked;a=b")], "RFC 9112 §7", 0),
    ([(TE, "chunked ; a")], "RFC 9112 §7", 0),
    ([(TE, "chun ked")], "RFC 9112 §7", 0), ([(TE, '"chunked"')], "RFC 9112 §7", 0),
    ([(TE, ";a")], "RFC 9112 §7", 0),
    ([(TE, "chunked\xa0")], "RFC 9112 §7", 0),
]


@pytest.mark.parametrize("status, method, hijack, fields, framing", RESPONSES, ids=repr)
def test_response_framing(status, method, hijack, fields, framing):
    assert response_framing(Head("1.1", status, "", fields), method, hijack) == framing
    assert framing.coding is None or framing.kind == "close"


@pytest.mark.parametrize("fields, framing", REQUESTS, ids=repr)
def test_request_framing(fields, framing):
    assert request_framing(RequestHead("1.1", "POST", "/", fields)) == framing


def refusal(decide, head, raw):
    """(rule, offset, seen) of the error, with and without the bytes of the head."""
    with pytest.raises(ProtocolError) as caught:
        decide(head, offset=100, raw=raw)
    with pytest.raises(ProtocolError) as blind:
        decide(head, offset=100)
    assert (blind.value.rule, blind.value.offset) == (caught.value.rule, 100)
    return caught.value


@pytest.mark.parametrize("fields, rule, index", REFUSED, ids=repr)
def test_heads_at_odds_with_themselves(fields, rule, index):
    for decide, head, raw in (
            (response_framing, Head("1.1", 200, "OK", fields), encode_response_head(200, "OK", fields)),
            (request_framing, RequestHead("1.1", "POST", "/", fields),
             encode_request_head("POST", "/", fields))):
        error = refusal(decide, head, raw)
        value = fields[index][1].encode("latin-1")
        assert (error.rule, error.seen) == (rule, value)
        at = error.offset - 100
        assert raw[at:at + len(value) + 2] == value + b"\r\n"
        assert raw[:at].count(b"\r\n") == index + 1


def test_the_offset_of_a_value_is_behind_the_blanks_before_it():
    raw = b"HTTP/1.1 200 OK\r\nA: b\r\ncontent-length: \t +3 \r\n\r\n"
    with pytest.raises(ProtocolError) as caught:
        response_framing(Head("1.1", 200, "OK", [("A", "b"), ("content-length", "+3")]), raw=raw)
    assert raw[caught.value.offset:].startswith(b"+3")


def test_transfer_codings_in_a_request_end_with_chunked_or_nobody_could_tell_the_end():
    with pytest.raises(ProtocolError) as caught:
        request_framing(RequestHead("1.1", "POST", "/", [(TE, "gzip")]))
    assert (caught.value.rule == "RFC 9112 §6.3"
            and caught.value.expected == "chunked as the last transfer coding")


def test_http_1_0_has_no_transfer_coding():
    for decide, head in ((response_framing, Head("1.0", 200, "OK", CHUNKS)),
                         (request_framing, RequestHead("1.0", "POST", "/", CHUNKS))):
        with pytest.raises(ProtocolError) as caught:
            decide(head)
        assert caught.value.rule == "RFC 9112 §6.1"
    assert response_framing(Head("1.0", 200, "OK", FIVE)) == LENGTH_5


def test_a_refused_coding_is_named():
    with pytest.raises(ProtocolError) as caught:
        response_framing(Head("1.1", 200, "OK", [(TE, "gzip, br, chunked")]))
    assert "gzip, br" in caught.value.expected


@pytest.mark.parametrize("version, connection, framing, stays", [
    ("1.1", None, LENGTH_5, True), ("1.1", None, NO_BODY, True), ("1.1", None, CHUNKED, True),
    ("1.1", "keep-alive", NO_BODY, True),
    ("1.1", "close", LENGTH_5, False), ("1.1", "x, CLOSE", CHUNKED, False), ("1.1", None, UNTIL_CLOSE, False),
    ("1.1", None, UPGRADE, False),
    ("1.0", None, LENGTH_5, False), ("1.0", "Keep-Alive", LENGTH_5, True),
    ("1.0", "keep-alive, close", LENGTH_5, False),
])
def test_whether_a_connection_stays_open(version, connection, framing, stays):
    assert stays_open(Head(version, 200, "OK", [("Connection", connection)] if connection else []),
                      framing) is stays


def test_framings_compare_and_print():
    assert (Framing("length", 5) != Framing("length", 6)
            and Framing("close") != Framing("close", coding="gzip") and NO_BODY != "none")
    assert repr(Framing("close", coding="gzip")) == "Framing('close', 0, 'gzip')"
