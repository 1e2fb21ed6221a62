import pytest
from feeding import cut_everywhere, feed, headers, outcome
from hypothesis import example, given
from hypothesis import strategies as st

from rawdock.errors import ProtocolError, TruncatedError, UsageError
from rawdock.wire.chunked import (MAX_CHUNK_LINE_BYTES, MAX_TRAILER_BYTES, ChunkedReader, encode_chunk,
                                  encode_last_chunk)
from rawdock.wire.grammar import MAX_FIELDS

SIZE, EXTENSION, LIMIT = "RFC 9112 §7.1", "RFC 9112 §7.1.1", "rawdock limit"
DATA = b"5\r\nhello\r\n"

# name, bytes, content, rule and offset of the error or None; None in a vector without one: the body is not
# over
REFUSED = [
    ("no size", b"\r\n", b"", SIZE, 0),
    ("a blank before the size", b" 5\r\nhello\r\n", b"", SIZE, 0),
    ("a sign", b"+5\r\n", b"", SIZE, 0),
    ("a minus", DATA + b"-1\r\n", b"hello", SIZE, 10),
    ("0x", b"0x5\r\n", b"", SIZE, 1),
    ("an underscore", b"1_0\r\n", b"", SIZE, 1),
    ("17 digits", b"0" * 17, b"", SIZE, 0),
    ("17 digits, later", DATA + b"1" * 17, b"hello", SIZE, 10),
    ("a letter", b"g\r\n", b"", SIZE, 0),
    ("a letter after", b"5g\r\n", b"", SIZE, 1),
    ("a byte of another script", b"5\xb2\r\n", b"", SIZE, 1),
    ("a blank after", b"5 \r\nhello\r\n", b"", EXTENSION, 1),
    ("a tab after", b"5\t\r\nhello\r\n", b"", EXTENSION, 1),
    ("bare LF", b"5\nhello\n", b"", SIZE, 1),
    ("bare CR", b"5\rhello\r", b"", SIZE, 1),
    ("bare LF after an extension", b"5;a\nhello", b"", EXTENSION, 3),
    ("bare CR after an extension", b"5;a\rhello", b"", EXTENSION, 3),
    ("data not followed by CRLF", b"5\r\nhello5\r\n", b"hello", SIZE, 8),
    ("data followed by LF", b"5\r\nhello\n", b"hello", SIZE, 8),
    ("data followed by bare CR", b"5\r\nhello\r5", b"hello", SIZE, 9),
    ("data too long", b"5\r\nhello!\r\n", b"hello", SIZE, 8),
    ("data too short", b"5\r\nhell\r\n5\r\nhello\r\n", b"hell\r", SIZE, 8),
    ("an extension without a name", b"5;\r\nhello", b"", EXTENSION, 1),
    ("an extension of two semicolons", b"5;;a\r\nhello", b"", EXTENSION, 1),
    ("an extension without a value", b"5;a=\r\nhello", b"", EXTENSION, 3),
    ("an extension with an open quote", b'5;a="b\r\nhello', b"", EXTENSION, 3),
    ("an extension with an open escape", b'5;a="b\\"\r\nhello', b"", EXTENSION, 3),
    ("an extension with a bad name", b"5;(a)\r\nhello", b"", EXTENSION, 1),
    ("an extension with two values", b"5;a=b=c\r\nhello", b"", EXTENSION, 5),
    ("an extension of two words", b"5;a b\r\nhello", b"", EXTENSION, 3),
    ("an extension with a control byte", b"5;a\x00b\r\nhello", b"", EXTENSION, 3),
    ("an extension of the last chunk", b"0;\r\n\r\n", b"", EXTENSION, 1),
    ("a trailer without a name", b"0\r\n: b\r\n\r\n", b"", "RFC 9112 §5", 3),
    ("a trailer with a blank before the colon", b"0\r\na : b\r\n\r\n", b"", "RFC 9112 §5.1", 4),
    ("a folded trailer", b"0\r\na: b\r\n c\r\n\r\n", b"", "RFC 9112 §5.2", 9),
    ("a trailer that begins folded", b"0\r\n a: b\r\n\r\n", b"", "RFC 9112 §5.2", 3),
    ("a trailer ended by LF", b"0\r\na: b\n\r\n\r\n", b"", "RFC 9112 §2.2", 7),
    ("a trailer section ended by LF", b"0\r\n\n", b"", "RFC 9112 §5", 3),
    ("a trailer section ended by bare CR", b"0\r\n\rx", b"", "RFC 9112 §5", 3),
    ("a trailer with NUL", b"0\r\na: \x00\r\n\r\n", b"", "RFC 9110 §5.5", 6),
    ("a forbidden trailer", b"0\r\nX-Host: 1\r\nHost: a\r\n\r\n", b"", "RFC 9110 §6.5.1", 14),
    ("Content-Length in a trailer", b"0\r\nCONTENT-LENGTH: 3\r\n\r\n", b"", "RFC 9110 §6.5.1", 3),
    ("Transfer-Encoding in a trailer", b"0\r\ntransfer-encoding: chunked\r\n\r\n", b"", "RFC 9110 §6.5.1", 3),
    ("a chunk line over its bound", b"5;a=" + b"x" * MAX_CHUNK_LINE_BYTES + b"\r\nhello", b"", LIMIT,
     MAX_CHUNK_LINE_BYTES),
    ("a later chunk line over its bound", DATA + b"5;a=" + b"x" * MAX_CHUNK_LINE_BYTES + b"\r\nhello",
     b"hello", LIMIT, 8 + MAX_CHUNK_LINE_BYTES),
    ("a chunk line over its bound, and wrong", b"5;;" + b"x" * MAX_CHUNK_LINE_BYTES + b"\r\nhello", b"",
     LIMIT, MAX_CHUNK_LINE_BYTES),
    ("a chunk line one byte over", b"5;" + b"x" * (MAX_CHUNK_LINE_BYTES - 3) + b"\r\nhello", b"", LIMIT,
     MAX_CHUNK_LINE_BYTES),
    ("a trailer section over its bound", b"0\r\na: " + b"x" * MAX_TRAILER_BYTES + b"\r\n\r\n", b"", LIMIT,
     3 + MAX_TRAILER_BYTES),
    ("a trailer section one byte over", b"0\r\na: " + b"x" * (MAX_TRAILER_BYTES - 6) + b"\r\n\r\n", b"",
     LIMIT, 3 + MAX_TRAILER_BYTES),
    ("a trailer section over its bound, and wrong", b"0\r\na\n: " + b"x" * MAX_TRAILER_BYTES + b"\r\n\r\n",
     b"", "RFC 9112 §5.1", 4),
]
WHOLE = [
    ("nothing but the end", b"0\r\n\r\n", b"", []),
    ("one chunk", DATA + b"0\r\n\r\n", b"hello", []),
    ("sizes in any case and with zeros", b"A\r\n0123456789\r\n00000000000000b\r\n0123456789a\r\n000\r\n\r\n",
     b"01234567890123456789a", []),
    ("CRLF in the data", b"4\r\n\r\n\r\n\r\n0\r\n\r\n", b"\r\n\r\n", []),
    ("extensions", b'1;a\r\nx\r\n1;a=b ; c = "d;\\"\r"\r\n'.replace(b"\r\"", b"\"") + b"y\r\n0;z\r\n\r\n",
     b"xy", []),
    ("trailers", DATA + b"0\r\na: b\r\nC:\r\n\r\n", b"hello", [("a", "b"), ("C", "")]),
    ("a chunk line at its bound", b"1;" + b"x" * (MAX_CHUNK_LINE_BYTES - 4) + b"\r\ny\r\n0\r\n\r\n", b"y",
     []),
    ("a trailer section at its bound", b"0\r\na: " + b"x" * (MAX_TRAILER_BYTES - 7) + b"\r\n\r\n", b"",
     [("a", "x" * (MAX_TRAILER_BYTES - 7))]),
]

contents = st.lists(st.binary(min_size=1, max_size=20), max_size=6)
extensions = st.sampled_from([b"", b";a", b";a=b", b' ; a = "b\\"c"', b";a;b"])
places = st.lists(st.integers(0, 60), max_size=4)


def join(pieces):
    return b"".join(pieces)


def clip(places, data):
    return [min(place, len(data)) for place in places]


@pytest.mark.parametrize("name, data, content, rule, offset", REFUSED, ids=[vector[0] for vector in REFUSED])
@pytest.mark.parametrize("rest", [b"", b"\r\n0\r\n\r\n"], ids=["", "and more"])
def test_refused(name, data, content, rule, offset, rest):
    assert outcome(ChunkedReader, data + rest, join) == (content, ("ProtocolError", rule, offset))


@pytest.mark.parametrize("name, data, content, trailers", WHOLE, ids=[vector[0] for vector in WHOLE])
@pytest.mark.parametrize("rest", [b"", b"HTTP/1.1 200 OK\r\n", b"\r\n"], ids=["", "and a head", "and CRLF"])
def test_whole_bodies(name, data, content, trailers, rest):
    values, error, labels = outcome(ChunkedReader, data + rest, join, eof=True, want_labels=True)
    assert (values, error) == (content, None)
    assert labels[-1][1] == len(data)
    for step in (1, 3, 1 << 20):
        reader = ChunkedReader()
        feed(reader, [(data + rest)[at:at + step] for at in range(0, len(data + rest), step)])
        assert reader.done and reader.leftover == rest and reader.trailers == trailers
    if len(data) < 200:
        cut_everywhere(ChunkedReader, data)


@given(contents, st.lists(extensions, min_size=7, max_size=7), headers, st.binary(max_size=5), places)
def test_round_trip_however_it_is_cut(pieces, lines, trailers, rest, places):
    data = b"".join(encode_chunk(piece).replace(b"\r\n", extension + b"\r\n", 1) for piece,
                    extension in zip(pieces, lines))
    data += encode_last_chunk(trailers)
    assert outcome(ChunkedReader, data + rest, join, True, clip(places, data))[:2] == (b"".join(pieces), None)
    reader = ChunkedReader()
    assert join(reader.feed(data + rest)) == b"".join(pieces)
    assert reader.done and reader.trailers == trailers and reader.leftover == rest
    cut_everywhere(ChunkedReader, data)


@given(st.lists(st.sampled_from([b"5\r\nhello\r\n", b"1;a=\"b\"\r\nx\r\n", b"0\r\n", b"\r\n", b"\r", b"\n",
                                 b"5", b";a", b"a: b\r\n", b"hello", b" ",
                                 b"\x00", b"Host: x\r\n", b"=", b'"', b"ffffffffffffffff\r\n"]), max_size=9),
       places)
@example([b"5\r\nhello\r\n", b"0\r\n", b"\r"], [9])
def test_near_bodies_are_judged_alike_however_they_are_cut(parts, places):
    data = b"".join(parts)
    outcome(ChunkedReader, data, join, True, clip(places, data))


@given(st.binary(max_size=40), places)
def test_any_bytes_give_content_or_an_error_of_ours(data, places):
    outcome(ChunkedReader, data, join, True, clip(places, data))
    outcome(ChunkedReader, DATA + data, join, True, clip(places, data))


def test_pieces_are_slices_of_what_was_fed():
    buffer = memoryview(b"5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\nmore")
    reader = ChunkedReader()
    pieces = reader.feed(buffer)
    assert ([piece.obj for piece in pieces] == [buffer.obj] * 2
            and [bytes(piece) for piece in pieces] == [b"hello", b"you"])
    assert reader.leftover == b"more" and type(reader.leftover) is bytes
    assert ChunkedReader().feed(bytearray(DATA)) == [bytearray(b"hello")]


def test_no_piece_is_empty_and_a_whole_chunk_is_one_piece():
    data = DATA * 3 + b"0\r\n\r\n"
    assert ChunkedReader().feed(data) == [b"hello"] * 3
    reader = ChunkedReader()
    assert ([piece for at in range(len(data)) for piece in reader.feed(data[at:at + 1])]
            == [b"%c" % byte for byte in b"hello" * 3])


def test_bytes_fed_after_the_end_are_left_over():
    reader = ChunkedReader()
    assert reader.feed(b"0\r\n\r\na") == reader.feed(b"b") == reader.feed(memoryview(b"c")) == []
    assert reader.leftover == b"abc"
    assert reader.feed_eof() is None


def test_a_chunk_that_claims_4_gib_costs_nothing():
    for size, claim in ((1 << 32, b"100000000"), ((1 << 64) - 1, b"f" * 16)):
        reader = ChunkedReader()
        reader.feed(claim + b"\r\n")
        for _ in range(10):
            assert reader.feed(b"x" * 65536) == [b"x" * 65536]
            assert not reader._held
        with pytest.raises(TruncatedError) as caught:
            reader.feed_eof()
        assert (caught.value.expected, caught.value.got) == (size, 655360)


def test_a_long_line_or_section_is_not_held_beyond_its_bound():
    reader = ChunkedReader()
    with pytest.raises(ProtocolError):
        reader.feed(b"1;" + b"x" * 1000000)
    assert len(reader._held) <= MAX_CHUNK_LINE_BYTES + 1
    reader = ChunkedReader()
    with pytest.raises(ProtocolError):
        reader.feed(b"0\r\na:" + b"x" * 1000000)
    assert len(reader._held) <= MAX_TRAILER_BYTES + 1


@pytest.mark.parametrize("data, where, expected, got", [
    (b"", "a chunked body (no last chunk)", None, 0),
    (DATA, "a chunked body (no last chunk)", None, 5),
    (b"5", "a chunked body (no last chunk)", None, 0),
    (b"5\r\n", "chunk data", 5, 0),
    (DATA * 3, "a chunked body (no last chunk)", None, 15),
    (DATA + b"6\r\nhel", "chunk data", 6, 3),
    (b"6;a\r\nhel", "chunk data", 6, 3),
    (b"0\r\n", "the trailer section", None, 0),
    (b"0\r\n\r", "the trailer section", None, 1),
    (b"0\r\na: b\r\n", "the trailer section", None, 6),
])
def test_the_verdict_on_a_cut(data, where, expected, got):
    for step in (1, 100):
        reader = ChunkedReader(offset=50)
        for at in range(0, len(data), step):
            reader.feed(data[at:at + step])
        with pytest.raises(TruncatedError) as caught:
            reader.feed_eof()
        assert (caught.value.where, caught.value.expected, caught.value.got,
                caught.value.offset) == (where, expected, got, 50 + len(data))


def test_labels_of_a_chunked_body():
    data = b"2;a\r\nhi\r\n0\r\nb: c\r\n\r\n"
    labels = outcome(ChunkedReader, data, join, want_labels=True)[2]
    assert [(role, data[start:end]) for start, end, role in labels] == [
        ("chunk size", b"2"), ("chunk extension", b";a"), ("CRLF", b"\r\n"), ("chunk data", b"hi"),
        ("chunk data CRLF", b"\r\n"),
        ("chunk size", b"0"), ("CRLF", b"\r\n"), ("field name", b"b"), ("colon", b":"), ("OWS", b" "),
        ("field value", b"c"),
        ("CRLF", b"\r\n\r\n")]


@pytest.mark.parametrize("data, end, role", [
    (DATA + b"g", 10, "chunk data CRLF"), (DATA + b"5;a=\r\n", 13, "chunk extension"),
    (DATA + b"5g\r\n", 11, "chunk size"),
    (b"0\r\na: b\r\nc\n", 10, "field name"), (b"0\r\na: b\r\nHost: c\r\n\r\n", 20, "CRLF"),
])
def test_labels_reach_the_offending_byte(data, end, role):
    start, *last = outcome(ChunkedReader, data, join, want_labels=True)[2][-1]
    assert start < end and last == [end, role]


def test_chunks_to_bytes():
    assert encode_chunk(b"") == b"" and encode_chunk(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"
    assert encode_chunk(memoryview(b"ab")) == encode_chunk(bytearray(b"ab")) == b"2\r\nab\r\n"
    assert encode_last_chunk() == b"0\r\n\r\n" and encode_last_chunk([("a", "b")]) == b"0\r\na: b\r\n\r\n"
    assert encode_last_chunk(pair for pair in [("a", "b")]) == b"0\r\na: b\r\n\r\n"


@pytest.mark.parametrize("trailers", [[("Content-Length", "3")], [("a", "b"), ("TRAILER", "c")],
                                      [("a", "b\r\n")], [("a b", "c")]])
def test_trailers_that_cannot_be_sent(trailers):
    with pytest.raises(UsageError):
        encode_last_chunk(trailers)


def test_too_many_trailer_fields_are_refused_where_the_first_of_them_begins():
    fields = b"a: b\r\n" * MAX_FIELDS
    values, error = outcome(ChunkedReader, b"0\r\n" + fields + b"\r\n", eof=True)
    assert error is None
    values, error = outcome(ChunkedReader, b"0\r\n" + fields + b"c: d\r\n\r\n", eof=True)
    assert error == ("ProtocolError", "rawdock limit", 3 + len(fields))


def test_a_trailer_value_with_a_next_line_character_is_one_line():
    reader = ChunkedReader()
    assert reader.feed(b"0\r\na: \x85host: b\r\n\r\n") == [] and reader.trailers == [("a", "\x85host: b")]
