import pytest
from feeding import TCHARS
from hypothesis import given
from hypothesis import strategies as st

from rawdock.errors import UsageError
from rawdock.wire.head import parse_request_head
from rawdock.wire.message import (Head, Headers, RequestHead, encode_request_head, encode_response_head,
                                  field_lines)

# What goes out.

@pytest.mark.parametrize("fields", [
    [("", "x")], [("a b", "x")], [("a:", "x")], [("a\r\n", "x")], [("\xe9", "x")], [("a", "x\r\nb: c")],
    [("a", "x\n")], [("a", "x\r")],
    [("a", "\x00")], [("a", "x\x7f")], [("a", " x")], [("a", "x\t")], [("a", "\u20ac")], [("a", b"x")],
    [(b"a", "x")], [("a", None)],
    [("a", 1.5)],
], ids=repr)
def test_no_field_can_carry_another(fields):
    with pytest.raises(UsageError) as caught:
        field_lines(fields)
    assert caught.value.hint


def test_field_lines_keep_spelling_and_order():
    assert (field_lines([("b", "1"), ("A", ""), ("Content-Length", 3)])
            == b"b: 1\r\nA: \r\nContent-Length: 3\r\n")
    assert field_lines(Headers({"a": "\xe9"})) == b"a: \xe9\r\n"


@pytest.mark.parametrize("method, target, version", [
    ("", "/", "1.1"), ("G ET", "/", "1.1"), ("GET\r\n", "/", "1.1"), ("GET", "", "1.1"),
    ("GET", "/a b", "1.1"), ("GET", "/\r\nx", "1.1"),
    ("GET", "/\x00", "1.1"), ("GET", "/\xe9", "1.1"), ("GET", "/\u20ac", "1.1"), ("GET", "/", "1.2"),
    ("GET", "/", "2"),
])
def test_no_request_line_can_carry_another(method, target, version):
    with pytest.raises(UsageError):
        encode_request_head(method, target, (), version)


@pytest.mark.parametrize("status, reason, version", [
    (99, "", "1.1"), (600, "", "1.1"), (200, "a\r\nb", "1.1"), (200, "a\nb", "1.1"), (200, "\u20ac", "1.1"),
    (200, "OK", "1.2"),
])
def test_no_status_line_can_carry_another(status, reason, version):
    with pytest.raises(UsageError):
        encode_response_head(status, reason, (), version)


@given(st.text(max_size=6), st.text(max_size=8), st.text(max_size=6), st.text(max_size=6))
def test_what_is_sent_is_one_head_that_says_what_was_given(method, target, name, value):
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
    fields = parse_request_head(
        b"GET / HTTP/1.1\r\nConnection: Keep-Alive , ,x \r\nconnection:\tUPGRADE\r\nte: \r\n\r\n").headers
    assert fields.tokens("CONNECTION") == ["keep-alive", "x", "upgrade"]
    assert fields.tokens("te") == [] and fields.tokens("absent") == []


def test_heads_compare_by_what_they_say():
    response, request = Head("1.1", 200, "OK", [("a", "b")]), RequestHead("1.1", "GET", "/", {})
    assert (response == Head("1.1", 200, "OK", Headers([("a", "b")]))
            and response != Head("1.0", 200, "OK", [("a", "b")]))
    assert (request == RequestHead("1.1", "GET", "/", []) and request != response
            and response != "HTTP/1.1 200 OK")
    assert repr(response) == "Head('1.1', 200, 'OK', Headers([('a', 'b')]))"
    assert repr(request) == "RequestHead('1.1', 'GET', '/', Headers([]))"
    assert (response.kind, request.kind) == ("response", "request")


@given(st.text(TCHARS, min_size=1))
def test_every_token_is_a_field_name(name):
    assert field_lines([(name, "")]) == name.encode("ascii") + b": \r\n"
