"""explain_messages: each captured message as plain values, whatever the cuts of the capture."""
import base64

import pytest
from hypothesis import given, strategies as st

from rawdock.errors import ProtocolError, TruncatedError
from rawdock.teach.explain.explain import explain_messages, guess_role

RESPONSES = (b"HTTP/1.1 100 Continue\r\n\r\n"
             b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX: a\r\nX: b\r\n\r\nabc"
             b"HTTP/1.1 204 No Content\r\n\r\n"
             b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n"
             b"T: v\r\n\r\n")
REQUESTS = (b"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
            b"POST /b HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
            b"POST /exec/1/start HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
            b"Content-Length: 2\r\n\r\n{}")


def explained(pieces, **how):
    """(messages, None or the error)."""
    found = []
    try:
        for facts in explain_messages(pieces, **how):
            found.append(facts)
    except ProtocolError as error:
        return found, error
    return found, None


def bodies(messages):
    return [base64.b64decode(message["body"]) for message in messages]


def cut_at(data, cuts):
    ends = sorted(set(cut % (len(data) + 1) for cut in cuts)) + [len(data)]
    return [data[start:end] for start, end in zip([0] + ends, ends) if end > start]


def test_responses():
    messages, error = explained([RESPONSES])
    assert error is None
    assert [(m["status"], m["framing"], m["complete"]) for m in messages] == [
        (100, "none", True), (200, "length", True), (204, "none", True), (200, "chunked", True)]
    assert bodies(messages) == [b"", b"abc", b"", b"abcde"]
    assert messages[1] == {"kind": "response", "version": "1.1", "status": 200, "reason": "OK",
                           "headers": [["Content-Length", "3"], ["X", "a"], ["X", "b"]],
                           "framing": "length", "body": "YWJj", "complete": True}


def test_requests_and_the_raw_stream_behind_an_upgrade():
    for pieces in ([REQUESTS + b"stdin"], [REQUESTS, b"std", b"in"],
                   cut_at(REQUESTS + b"stdin", range(1000))):
        messages, error = explained(pieces)
        assert error is None
        assert [(m["method"], m["target"], m["version"], m["framing"]) for m in messages] == [
            ("GET", "/a", "1.0", "none"), ("POST", "/b", "1.1", "chunked"),
            ("POST", "/exec/1/start", "1.1", "length")]
        assert bodies(messages) == [b"", b"x", b"{}"]
        assert [m.get("raw_stream") for m in messages] == [None, None, base64.b64encode(b"stdin").decode()]
    assert "raw_stream" not in explained([REQUESTS])[0][2]   # requested, but no byte of it was captured


@pytest.mark.parametrize("data, role, method, framing, body", [
    (b"HTTP/1.0 200 OK\r\n\r\nrest", "auto", "GET", "close", b"rest"),
    (b"HTTP/1.1 101 UPGRADED\r\n\r\nraw", "auto", "POST", "upgrade", b"raw"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "response", "HEAD", "none", b""),
    (b"\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "auto", "GET", "length", b""),
])
def test_framings(data, role, method, framing, body):
    messages, error = explained([data], role=role, method=method)
    assert error is None
    assert [(m["framing"], m["complete"]) for m in messages] == [(framing, True)]
    assert bodies(messages) == [body]


@pytest.mark.parametrize("capture", [RESPONSES, REQUESTS], ids=["responses", "requests"])
@given(cuts=st.lists(st.integers(min_value=0, max_value=400), max_size=8))
def test_any_split_gives_the_same(capture, cuts):
    assert explained(cut_at(capture, cuts)) == explained([capture])


@pytest.mark.parametrize("capture", [RESPONSES, REQUESTS], ids=["responses", "requests"])
def test_a_cut_anywhere_never_passes_for_complete(capture):
    whole = explained([capture])[0]
    ends = set()
    for end in range(len(capture)):
        messages, error = explained([capture[:end]])
        complete = [message for message in messages if message["complete"]]
        assert complete == whole[:len(complete)]
        if error is None:
            ends.add(end)               # only where a message ends may nothing be said
            assert len(complete) == len(messages)
        else:
            assert isinstance(error, TruncatedError)
    # after 100 a response is still owed; 0 counts
    assert len(ends) == len(whole) - (1 if capture is RESPONSES else 0)


def test_a_mistake_comes_after_the_messages_before_it():
    messages, error = explained([b"GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\nHost: x\r\n\r\n"])
    assert [message["target"] for message in messages] == ["/a"]
    assert (error.rule, error.offset) == ("RFC 9112 §2.2", 34)


def test_an_empty_capture_holds_no_message():
    assert explained([]) == ([], None)


@pytest.mark.parametrize("start, role", [
    (b"HTTP/1.1 200", "response"), (b"HT", "response"), (b"GET /", "request"), (b"HEAD /", "request"),
    (b"\r\nHTTP/1.1", "response")])
def test_the_first_bytes_tell_the_role(start, role):
    assert guess_role(start) == role
