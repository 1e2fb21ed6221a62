import json

import pytest
from feeding import cut_everywhere, feed, outcome, quickly
from hypothesis import example, given
from hypothesis import strategies as st

from rawdock.errors import ProtocolError, TruncatedError
from rawdock.wire.jsonstream import MAX_INTEGER_DIGITS, MAX_MESSAGE_BYTES, MessageReader

RULE, LIMIT = "RFC 8259", "rawdock limit"

# name, bytes, messages, (rule, offset) or None
VECTORS = [
    ("nothing", b"", [], None),
    ("separators alone", b"\r\n \t\n\x1e", [], None),
    ("one, without a line end", b"{}", [{}], None),
    ("CRLF", b'{"a":1}\r\n{"b":2}\r\n', [{"a": 1}, {"b": 2}], None),
    ("LF", b'{"a":1}\n{"b":2}\n', [{"a": 1}, {"b": 2}], None),
    ("RS (RFC 7464)", b'\x1e{"a":1}\n\x1e{"b":2}\n', [{"a": 1}, {"b": 2}], None),
    ("nothing between", b'{"a":1}{"b":2}{"c":3}\n{"d":4}', [{"a": 1}, {"b": 2}, {"c": 3}, {"d": 4}], None),
    ("on several lines", b'{\n "a": [\n1,\n{}]\n}\n{"b": 2}\n', [{"a": [1, {}]}, {"b": 2}], None),
    ("blanks at the end of a line", b'{"a":1} \t\n{"b":2}', [{"a": 1}, {"b": 2}], None),
    ("brackets and quotes in strings", b'{"a":"}{][\\"","\\\\":"\\\\"}{"b":"\\u007b"}',
     [{"a": '}{]["', "\\": "\\"}, {"b": "{"}], None),
    ("UTF-8", '{"\u00e9":"\u20ac\U0001f433"}\n'.encode("utf-8"), [{"\u00e9": "\u20ac\U0001f433"}], None),
    ("numbers", b'{"a":-1,"b":1.5e3,"c":' + b"9" * MAX_INTEGER_DIGITS + b"}\n",
     [{"a": -1, "b": 1500.0, "c": int("9" * MAX_INTEGER_DIGITS)}], None),
    ("a word", b'{"a":1}\nnull\n', [{"a": 1}], (RULE, 8)),
    ("an array", b"[]\n", [], (RULE, 0)),
    ("a byte order mark", b"\xef\xbb\xbf{}\n", [], (RULE, 0)),
    ("a vertical tab between", b"{}\x0b\n{}", [{}], (RULE, 2)),
    ("HTML", b"<html>", [], (RULE, 0)),
    ("NaN", b'{"a":NaN}\n', [], (RULE, 0)),
    ("-Infinity", b'{}{"a":-Infinity}', [{}], (RULE, 2)),
    ("no value", b'{"a":}\n', [], (RULE, 5)),
    ("no value, after characters of several bytes", '{"\u20ac":}'.encode("utf-8"), [], (RULE, 7)),
    ("a single quote", b"{'a':1}", [], (RULE, 1)),
    ("a number for a name", b'{"a":1,2}', [], (RULE, 7)),
    ("a line end in a string", b'{"a":"b\n"}\n', [], (RULE, 7)),
    ("a closed bracket that was not opened", b'{"a":]\n', [], (RULE, 5)),
    ("crossed brackets", b'{}\n{"a":[}', [{}], (RULE, 9)),
    ("a brace too many", b"{}}\n", [{}], (RULE, 2)),
    ("bytes that are not UTF-8", b'{"a":"\xff"}\n', [], (RULE, 6)),
    ("a surrogate in UTF-8", b'{"a":"\xed\xa0\x80"}', [], (RULE, 6)),
    ("an integer too long", b'{"a":' + b"9" * (MAX_INTEGER_DIGITS + 1) + b"}\n", [], (RULE, 0)),
    ("a mistake after messages on one line", b'{"a":1}{"b":2}x\n', [{"a": 1}, {"b": 2}], (RULE, 14)),
    ("nested too deeply", b'{}{"a":' + b"[" * 300000 + b"]" * 300000 + b"}\n", [{}], (RULE, 2)),
]

scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False),
                    st.text(max_size=6))
objects = st.dictionaries(st.text(max_size=4), st.recursive(scalars, lambda inner: st.one_of(
    st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)), max_leaves=6),
                          max_size=4)
separators = st.sampled_from([b"", b"\n", b"\r\n", b"\n\x1e", b" "])
places = st.lists(st.integers(0, 80), max_size=4)


def clip(places, data):
    return [min(place, len(data)) for place in places]


@pytest.mark.parametrize("name, data, messages, error", VECTORS, ids=[vector[0] for vector in VECTORS])
def test_vectors(name, data, messages, error):
    if len(data) > 100000:   # one byte at a time would show no more here, only take long
        results = [feed(MessageReader(), pieces)
                   for pieces in ([data], [data[at:at + 10007] for at in range(0, len(data), 10007)])]
        assert results == [(messages, ("ProtocolError",) + error)] * 2
    else:
        assert outcome(MessageReader, data) == (messages, error and ("ProtocolError",) + error)


@given(st.lists(st.tuples(objects, st.booleans(), separators), max_size=5), places)
def test_round_trip_however_it_is_cut(messages, places):
    data = b"".join(json.dumps(message, ensure_ascii=ascii_only,
                               indent=1 if ascii_only else None).encode("utf-8", "surrogatepass") + end
                    for message, ascii_only, end in messages)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:   # a lone surrogate can be spelled \\ud800, but not in UTF-8
        return
    values, error, labels = outcome(MessageReader, data, eof=True, places=clip(places, data),
                                    want_labels=True)
    assert (values, error) == ([message for message, _, _ in messages], None)
    assert not labels or labels[-1][1] == len(data)


@given(st.lists(st.sampled_from([b"{", b"}", b"[", b"]", b'"', b"\\", b":", b",", b"\n", b" ", b'"a"',
                                 b'{"a":1}', b"1", b"\xc3", b"\xa9", b"null", b"\x1e"]),
                max_size=14), places)
@example([b"{", b'"', b"\\", b'"', b'"', b":", b"1", b"}"], [3])
def test_near_messages_are_judged_alike_however_they_are_cut(parts, places):
    data = b"".join(parts)
    outcome(MessageReader, data, eof=True, places=clip(places, data))


@given(st.binary(max_size=40), places)
def test_any_bytes_give_messages_or_an_error_of_ours(data, places):
    outcome(MessageReader, data, eof=True, places=clip(places, data))
    outcome(MessageReader, b'{"a":' + data, eof=True, places=clip(places, data))


def test_a_cut_inside_a_message_is_reported():
    data = '{"a":"\u20ac\\n"}\r\n{"b":[1,{}]}'.encode("utf-8")
    first = data.index(b"\r")
    cut_everywhere(MessageReader, data, {0, first, first + 1, first + 2})
    reader = MessageReader(offset=10)
    reader.feed(data[:-1])
    with pytest.raises(TruncatedError) as caught:
        reader.feed_eof()
    assert (caught.value.offset, caught.value.expected,
            caught.value.got) == (10 + len(data) - 1, None, len(data) - 1 - first - 2)


def test_a_message_is_given_the_moment_its_last_byte_comes():
    reader = MessageReader()
    assert (reader.feed(b'{"a":{}') == [] and reader.feed(b"}") == [{"a": {}}]
            and reader.feed(b'\n{"b"') == [] and reader.feed(b":1}") == [{"b": 1}])
    assert reader.feed_eof() is None


def test_buffers_of_every_kind():
    for kind in (bytes, bytearray, memoryview):
        assert MessageReader().feed(kind(b'{"a":1}\n{"b":2}')) == [{"a": 1}, {"b": 2}]


def padded(size):
    return b'{"a":"' + b"x" * (size - 8) + b'"}'


@pytest.mark.parametrize("data, result", [
    (padded(MAX_MESSAGE_BYTES), (1, None)),
    (padded(MAX_MESSAGE_BYTES) + b"\n", (1, None)),
    (padded(MAX_MESSAGE_BYTES - 1) + b"\n", (1, None)),
    (padded(MAX_MESSAGE_BYTES + 1), (0, ("ProtocolError", LIMIT, MAX_MESSAGE_BYTES))),
    (padded(MAX_MESSAGE_BYTES + 1) + b"\n", (0, ("ProtocolError", LIMIT, MAX_MESSAGE_BYTES))),
    (b"{}" + padded(MAX_MESSAGE_BYTES + 99999) + b"\n", (1, ("ProtocolError", LIMIT, MAX_MESSAGE_BYTES + 2))),
    (padded(MAX_MESSAGE_BYTES + 9)[:-2] + b"\\", (0, ("ProtocolError", LIMIT, MAX_MESSAGE_BYTES))),
    (padded(MAX_MESSAGE_BYTES)[:-2] + b"\\" + b'""}}', (0, ("ProtocolError", LIMIT, MAX_MESSAGE_BYTES))),
    (b'{"a":[' + b" " * MAX_MESSAGE_BYTES + b"}\n", (0, ("ProtocolError", LIMIT, MAX_MESSAGE_BYTES))),
], ids=lambda value: "%d bytes" % len(value) if isinstance(value, bytes) else str(value[0]))
def test_the_bound_of_a_message_however_it_is_cut(data, result):
    for step in (1 << 20, 1 << 30):
        values, error = feed(MessageReader(), [data[at:at + step] for at in range(0, len(data), step)])
        assert (len(values), error) == result


def test_a_stream_without_an_end_is_refused_at_the_bound():
    reader = MessageReader()
    reader.feed(b'{"a":"')
    with pytest.raises(ProtocolError):
        for _ in range(MAX_MESSAGE_BYTES // 65536 + 1):
            reader.feed(b"x" * 65536)
    assert len(reader._held) <= MAX_MESSAGE_BYTES + 65536


@pytest.mark.parametrize("end", [b"", b"\n"], ids=["no line end", "line end"])
def test_messages_on_one_long_line_do_not_search_all_of_it_each(end):
    data = b'{"a":1}' * 40000 + padded(MAX_MESSAGE_BYTES) + end
    assert len(quickly(lambda: MessageReader().feed(data))) == 40001


def test_a_long_message_in_small_pieces_is_not_scanned_anew_for_each():
    data = padded(MAX_MESSAGE_BYTES) + b"\n"
    reader = MessageReader()
    assert (len(quickly(lambda: [message for at in range(0, len(data), 256)
                                 for message in reader.feed(data[at:at + 256])])) == 1)


def test_labels_of_messages():
    assert outcome(MessageReader, b' {"a":1}\r\n{} x', want_labels=True)[2] == [
        (0, 1, "separator"), (1, 8, "JSON message"), (8, 10, "separator"), (10, 12, "JSON message"),
        (12, 13, "separator")]


@pytest.mark.parametrize("data, messages", [
    (b'{"a":1} {"b":2}{"c":\n3}\n{"d', [{"a": 1}, {"b": 2}, {"c": 3}]),
    (b'{"a":1}\n\x1e{"b":"\xc3\xa9"}\n{"c":1}\n', [{"a": 1}, {"b": "\xe9"}, {"c": 1}]),
    (b'{"a":1}\n{"b":"' + b"x" * MAX_INTEGER_DIGITS + b'"}\n{"c":1}\n',
     [{"a": 1}, {"b": "x" * MAX_INTEGER_DIGITS}, {"c": 1}]),
])
def test_objects_that_are_whole_nearby_are_those_that_are_scanned(data, messages):
    labels = []
    assert MessageReader().feed(data) == MessageReader(labels).feed(data) == messages
    reader = MessageReader()
    reader.feed(data)
    assert reader.offset == labels[-1][1]
