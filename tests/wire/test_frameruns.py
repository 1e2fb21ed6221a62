"""Chunked frames read together, held against the chunked reader and the frame reader one after the other."""
import pytest
from feeding import feedings, verdict
from hypothesis import example, given
from hypothesis import strategies as st

from rawdock.errors import ProtocolError, RawdockError, StreamError, TruncatedError
from rawdock.wire.chunked import ChunkedReader, encode_chunk, encode_last_chunk
from rawdock.wire.feed import ValuesThenError
from rawdock.wire.frameruns import MAX_KNOWN_STARTS, MAX_UNIT_BYTES, FrameRunReader, frame_runs
from rawdock.wire.frames import FrameReader, encode_frame

frames = st.lists(st.tuples(st.sampled_from([0, 1, 1, 1, 2]), st.binary(max_size=6)), max_size=12)


def in_two_steps(data, eof):
    """(frames, verdict, bytes left over) by the two readers."""
    chunked, demultiplexer, values = ChunkedReader(), FrameReader(), []
    try:
        for content in chunked.feed(data):
            for frame in demultiplexer.feed(content):
                values.append(frame)
        if chunked.done:
            demultiplexer.feed_eof()
        elif eof:
            chunked.feed_eof()
    except RawdockError as error:
        return values, verdict(error), b""
    return values, None, chunked.leftover


def in_one_step(pieces, eof):
    reader, values = FrameRunReader(), []
    try:
        for piece in pieces:
            runs = reader.feed(piece)
            assert all(payloads for _, payloads in list.__iter__(runs))
            for stream, payloads in runs:
                values += [(stream, payload) for payload in payloads]
        if reader.done:
            reader.frames.feed_eof()
        elif eof:
            reader.feed_eof()
    except RawdockError as error:
        return values, verdict(error), b""
    return values, None, reader.leftover


def agree(data, places=(), eof=True):
    """What both ways say of `data`, in every feeding."""
    wanted = in_two_steps(data, eof)
    for pieces in feedings(data, places):
        assert in_one_step(pieces, eof) == wanted, pieces
    return wanted


def chunk_each(items):
    return b"".join(encode_chunk(encode_frame(*item)) for item in items)


@given(frames, st.lists(st.integers(0, 300), max_size=4))
def test_a_frame_a_chunk_under_any_split(items, places):
    data = chunk_each(items) + encode_last_chunk() + b"HTTP/1.1"
    values, error, leftover = agree(data, [place for place in places if place <= len(data)])
    assert (values, error, leftover) == (items, None, b"HTTP/1.1")


@given(frames, st.lists(st.integers(1, 30), min_size=1, max_size=20), st.lists(st.integers(0, 300), max_size=4))
def test_frames_and_chunks_that_have_nothing_to_do_with_each_other(items, sizes, places):
    content = b"".join(encode_frame(*item) for item in items)
    data, at = b"", 0
    for size in sizes * (len(content) + 1):
        data += encode_chunk(content[at:at + size])
        at += size
        if at >= len(content):
            break
    data += encode_last_chunk([("X-End", "1")])
    assert agree(data, [place for place in places if place <= len(data)]) == (items, None, b"")


@given(frames, st.data())
def test_one_byte_wrong_is_the_same_error_at_the_same_place(items, drawn):
    data = bytearray(chunk_each(items) + encode_last_chunk())
    at = drawn.draw(st.integers(0, len(data) - 1))
    data[at] = drawn.draw(st.integers(0, 255))
    agree(bytes(data))


@given(st.binary(max_size=60))
@example(b"8\r\n\1\0\0\0\0\0\0\0\r\n8\r\n\1\0\0\0\0\0\0\0\r\n8\r\n\4\0\0\0\0\0\0\0\r\n0\r\n\r\n")
@example(b"9\r\n\1\0\0\0\0\0\0\1a\r\n9;x=1\r\n\1\0\0\0\0\0\0\1b\r\n9\r\n\1\0\0\0\0\0\0\1c\r\n0\r\n\r\n")
@example(b"9\r\n\1\0\0\0\0\0\0\1a\r\n9\r\n\3\0\0\0\0\0\0\1e\r\n9\r\n\1\0\0\0\0\0\0\1c\r\n0\r\n\r\n")
@example(b"9\r\n\4")
@example(b"9\r\n\1\0\0\0\0\0\0\1a\r\nA\r\n\1\0\0\0\0\0\0\1c\1\r\n0\r\n\r\n")
def test_any_bytes_are_what_the_two_readers_say(data):
    agree(data)


@pytest.mark.parametrize("size", range(1, 60))
def test_cut_anywhere_is_not_complete(size):
    data = chunk_each([(1, b"a\n"), (1, b"b\n"), (2, b"c\n")]) + encode_last_chunk()
    if size < len(data):
        values, error, _ = agree(data[:size])
        assert error[0] == "TruncatedError" and values == [(1, b"a\n"), (1, b"b\n"), (2, b"c\n")][:len(values)]


def test_what_came_whole_comes_before_the_error():
    reader = FrameRunReader()
    runs = reader.feed(chunk_each([(1, b"a"), (1, b"b")]) + b"zz")
    assert type(runs) is ValuesThenError and list(list.__iter__(runs)) == [(1, [b"a", b"b"])]
    for again in (lambda: reader.feed(b""), reader.feed_eof):
        with pytest.raises(ProtocolError) as caught:
            again()
        assert caught.value is runs.error
    reader = FrameRunReader()
    runs = reader.feed(chunk_each([(1, b"a"), (3, b"broken"), (1, b"never")]))
    assert list(list.__iter__(runs)) == [(1, [b"a"])] and type(runs.error) is StreamError


def test_runs_join_what_one_stream_says():
    assert frame_runs([]) == []
    assert frame_runs([(1, b"a"), (1, b""), (2, b"c"), (1, b"d")]) == [(1, [b"a", b""]), (2, [b"c"]), (1, [b"d"])]
    reader = FrameRunReader()
    items = [(1, b"a")] * 3 + [(2, b"b")] + [(0, b"c")]
    assert reader.feed(chunk_each(items)) == [(1, [b"a"] * 3), (2, [b"b"]), (0, [b"c"])]
    assert reader.feed(chunk_each(items)) == [(1, [b"a"] * 3), (2, [b"b"]), (0, [b"c"])]


def test_memory_is_bounded():
    reader = FrameRunReader()
    lengths = list(range(MAX_KNOWN_STARTS + 20))
    reader.feed(encode_chunk(encode_frame(2, b"")))
    runs = reader.feed(b"".join(encode_chunk(encode_frame(1, bytes(length))) for length in lengths))
    assert [len(payload) for payload in runs[0][1]] == lengths and len(runs) == 1
    assert 0 < len(reader._known) < MAX_KNOWN_STARTS
    huge = encode_chunk(encode_frame(1, bytes(MAX_UNIT_BYTES)))
    assert reader.feed(huge[:-10]) == [] and not reader._unit
    assert reader.feed(huge[-10:]) == [(1, [bytes(MAX_UNIT_BYTES)])]
    with pytest.raises(TruncatedError):
        reader.feed_eof()
