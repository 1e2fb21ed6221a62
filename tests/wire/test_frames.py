import struct

import pytest
from feeding import cut_everywhere, feed, outcome
from hypothesis import example, given
from hypothesis import strategies as st

from rawdock.errors import ProtocolError, StreamError, TruncatedError
from rawdock.wire.frames import FRAME_RULE, MAX_FRAME_PIECE_BYTES, NO_ERROR_TEXT, FrameReader, encode_frame

LOGS = encode_frame(1, b"out\n") + encode_frame(2, b"") + encode_frame(2, b"err\n") + encode_frame(0, b"in")
LOG_FRAMES = [(1, b"out\n"), (2, b""), (2, b"err\n"), (0, b"in")]
UNKNOWN, PADDED = "a stream type of 0, 1, 2 or 3", "three zero bytes after the stream type"

# name, bytes, frames, error
VECTORS = [
    ("nothing", b"", [], None),
    ("all streams", LOGS, LOG_FRAMES, None),
    ("a header cut", LOGS + b"\x01\x00\x00", LOG_FRAMES, None),
    ("a payload cut", LOGS + b"\x01\x00\x00\x00\x00\x00\x00\x03ab", LOG_FRAMES, None),
    ("a payload cut at its start", b"\x01\x00\x00\x00\x00\x00\x00\x03", [], None),
    ("type 4", LOGS + b"\x04", LOG_FRAMES, ("ProtocolError", FRAME_RULE, len(LOGS))),
    ("type 255", b"\xff\x00\x00\x00\x00\x00\x00\x01a", [], ("ProtocolError", FRAME_RULE, 0)),
    ("text of a terminal", b"/ # ", [], ("ProtocolError", FRAME_RULE, 0)),
    ("padding 1", b"\x01\x01", [], ("ProtocolError", FRAME_RULE, 1)),
    ("padding 2", b"\x01\x00\x01\x00\x00\x00\x00\x00", [], ("ProtocolError", FRAME_RULE, 2)),
    ("padding 3", LOGS + b"\x02\x00\x00\xff" + LOGS, LOG_FRAMES,
     ("ProtocolError", FRAME_RULE, len(LOGS) + 3)),
    ("an error of the engine's", LOGS + encode_frame(3, b" went wrong\n") + LOGS, LOG_FRAMES,
     ("StreamError", "went wrong", None)),
    ("an error not in UTF-8", encode_frame(3, b"\xff"), [], ("StreamError", "\ufffd", None)),
    ("an error without a text", encode_frame(3, b""), [], ("StreamError", NO_ERROR_TEXT, None)),
    ("an error of blanks", encode_frame(3, b" \n"), [], ("StreamError", NO_ERROR_TEXT, None)),
]

frame_lists = st.lists(st.tuples(st.integers(0, 2), st.binary(max_size=30)), max_size=6)
places = st.lists(st.integers(0, 60), max_size=4)


@pytest.mark.parametrize("name, data, frames, error", VECTORS, ids=[vector[0] for vector in VECTORS])
def test_vectors(name, data, frames, error):
    assert outcome(FrameReader, data) == (frames, error)


@given(frame_lists, places)
def test_round_trip_however_it_is_cut(frames, places):
    data = b"".join(encode_frame(stream, payload) for stream, payload in frames)
    values, error, labels = outcome(FrameReader, data, eof=True,
                                    places=[min(place, len(data)) for place in places], want_labels=True)
    assert (values, error) == (frames, None)
    assert not labels or labels[-1][1] == len(data)


@given(st.binary(max_size=40), places, st.booleans())
@example(b"\x01\x00\x00\x00\x00\x00\x00\x00\x05", [8], True)
def test_any_bytes_give_frames_or_an_error_of_ours(data, places, eof):
    outcome(FrameReader, data, eof=eof, places=[min(place, len(data)) for place in places])


@given(st.lists(st.sampled_from([b"\x00", b"\x01", b"\x02", b"\x03", b"\x00\x00\x00", b"\x00\x00\x00\x02",
                                 b"\x04", b"ab"]), max_size=14))
def test_near_frames_are_judged_alike_however_they_are_cut(parts):
    outcome(FrameReader, b"".join(parts), eof=True)


def test_a_cut_inside_a_frame_is_reported_and_one_between_frames_cannot_be():
    edges, at = {0}, 0
    for _, payload in LOG_FRAMES:
        at += 8 + len(payload)
        edges.add(at)
    cut_everywhere(FrameReader, LOGS, edges)


@pytest.mark.parametrize("data, where, expected, got", [
    (b"\x01", "a frame header", 8, 1),
    (LOGS + b"\x01\x00\x00\x00\x00\x00\x00", "a frame header", 8, 7),
    (b"\x02\x00\x00\x00\x00\x00\x00\x05", "the payload of a stderr frame", 5, 0),
    (b"\x01\x00\x00\x00\x00\x00\x00\x05abcd", "the payload of a stdout frame", 5, 4),
    (b"\x00\x00\x00\x00\x00\x00\x00\x05abcd", "the payload of a stdin frame", 5, 4),
    (b"\x03\x00\x00\x00\x00\x00\x00\x05abcd", "the payload of a system error frame", 5, 4),
    (struct.pack(">BxxxI", 1, MAX_FRAME_PIECE_BYTES + 5) + b"x" * (MAX_FRAME_PIECE_BYTES + 2),
     "the payload of a stdout frame", MAX_FRAME_PIECE_BYTES + 5, MAX_FRAME_PIECE_BYTES + 2),
], ids=lambda value: repr(value)[:20])
def test_the_verdict_on_a_cut(data, where, expected, got):
    reader = FrameReader(offset=100)
    reader.feed(data)
    with pytest.raises(TruncatedError) as caught:
        reader.feed_eof()
    assert (caught.value.where, caught.value.expected, caught.value.got) == (where, expected, got)
    assert caught.value.offset == 100 + len(data)


@pytest.mark.parametrize("length, sizes", [
    (MAX_FRAME_PIECE_BYTES, [MAX_FRAME_PIECE_BYTES]),
    (MAX_FRAME_PIECE_BYTES + 1, [MAX_FRAME_PIECE_BYTES, 1]),
    (2 * MAX_FRAME_PIECE_BYTES + 7, [MAX_FRAME_PIECE_BYTES, MAX_FRAME_PIECE_BYTES, 7]),
])
@pytest.mark.parametrize("step", [65536, 1 << 30])
def test_long_frames_come_in_pieces(length, sizes, step):
    payload = bytes(bytearray(index * 7 % 251 for index in range(1000))) * (length // 1000 + 1)
    data = encode_frame(2, payload[:length]) + encode_frame(1, b"next")
    values, error = feed(FrameReader(), [data[at:at + step] for at in range(0, len(data), step)], eof=True)
    assert error is None and values.pop() == (1, b"next")
    assert [len(piece) for _, piece in values] == sizes and {stream for stream, _ in values} == {2}
    assert b"".join(piece for _, piece in values) == payload[:length]


def test_a_frame_that_claims_4_gib_costs_what_has_come():
    reader = FrameReader()
    assert list(reader.feed(b"\x01\x00\x00\x00\xff\xff\xff\xff" + b"x" * 1000)) == []
    most = 0
    for _ in range(80):
        reader.feed(b"x" * 65536)
        most = max(most, len(reader._held))
    assert most < MAX_FRAME_PIECE_BYTES


def test_buffers_of_every_kind():
    for kind in (bytes, bytearray, memoryview):
        frames = FrameReader().feed(kind(LOGS))
        assert frames == LOG_FRAMES and all(type(payload) is bytes for _, payload in frames)
    reader = FrameReader()
    for at in range(len(LOGS)):
        last = reader.feed(memoryview(LOGS)[at:at + 1])
    assert last == LOG_FRAMES[-1:]


def test_a_buffer_may_be_filled_again_at_once():
    buffer = bytearray(LOGS[:20])
    reader = FrameReader()
    frames = list(reader.feed(memoryview(buffer)))
    buffer[:] = b"\xff" * 20
    assert frames + list(reader.feed(LOGS[20:])) == LOG_FRAMES


@pytest.mark.parametrize("data, expected, seen", [(b"\x04\x00\x00\x00", UNKNOWN, b"\x04\x00\x00\x00"),
                                                  (b"\x01\x00\x07\x00\x00\x00\x00\x00", PADDED,
                                                   b"\x07\x00\x00\x00\x00\x00")])
def test_a_refusal_says_what_was_seen_and_expected(data, expected, seen):
    with pytest.raises(ProtocolError) as caught:
        FrameReader().feed(data)
    assert (caught.value.expected, caught.value.seen) == (expected, seen)


def test_labels_of_frames():
    labels = outcome(FrameReader, encode_frame(1, b"abc") + encode_frame(3, b"no"), want_labels=True)[2]
    assert labels == [(0, 1, "frame stream type"), (1, 4, "frame padding"), (4, 8, "frame length"),
                      (8, 11, "frame payload"),
                      (11, 12, "frame stream type"), (12, 15, "frame padding"), (15, 19, "frame length"),
                      (19, 21, "frame payload")]
    assert outcome(FrameReader, b"\x01\x00\x01",
                   want_labels=True)[2] == [(0, 1, "frame stream type"), (1, 2, "frame padding")]


def test_an_error_after_frames_does_not_hide_them():
    frames = FrameReader().feed(LOGS + encode_frame(3, b"gone"))
    seen = []
    with pytest.raises(StreamError):
        for frame in frames:
            seen.append(frame)
    assert seen == LOG_FRAMES
