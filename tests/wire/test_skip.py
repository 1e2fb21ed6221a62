"""skip(): passing over a body without looking at it ends at the same place, with the same verdict, as reading it."""
from hypothesis import given, strategies as st

from rawdock.errors import ProtocolError, TruncatedError
from rawdock.wire.body import Framing, UNTIL_CLOSE, body_reader
from rawdock.wire.chunked import ChunkedReader, encode_chunk, encode_last_chunk
from rawdock.wire.exchange import Data, End, ResponseReader

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def read_skipping(reader, data, cuts, skips):
    """(content bytes in all, End events, the error); before each piece is fed, skip() is tried if `skips` says so."""
    content, ends, at = 0, 0, 0
    for number, cut in enumerate(sorted(cuts) + [len(data)]):
        piece = memoryview(data)[at:cut]
        at = max(at, cut)
        if skips[number % len(skips)]:
            used, passed = reader.skip(piece)
            content += passed
            piece = piece[used:]
        try:
            for event in reader.feed(piece):
                content += len(event.data) if isinstance(event, Data) else 0
                ends += isinstance(event, End)
        except ProtocolError as error:
            return content, ends, (error.rule, error.offset)
    try:
        reader.feed_eof()
    except TruncatedError as error:
        return content, ends, (error.where, error.offset)
    return content, ends, None


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=6), st.integers(0, 5), st.lists(st.integers(0, 300), max_size=8),
       st.lists(st.booleans(), min_size=1, max_size=5), st.sampled_from([b"", b"\r\nX", b"zz"]))
def test_a_chunked_body_ends_as_if_it_were_read(pieces, cut_short, cuts, skips, garbage):
    body = b"".join(map(encode_chunk, pieces)) + garbage + encode_last_chunk()
    data = HEAD + body[:len(body) - cut_short]
    cuts = [min(cut, len(data)) for cut in cuts]
    assert read_skipping(ResponseReader(), data, cuts, skips) == read_skipping(ResponseReader(), data, [], [False])


@given(st.integers(0, 60), st.integers(0, 5), st.lists(st.integers(0, 100), max_size=8), st.lists(st.booleans(), min_size=1, max_size=5))
def test_a_body_of_known_length_too(length, cut_short, cuts, skips):
    data = (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length + b"x" * length)
    data = data[:len(data) - min(cut_short, length)]
    cuts = [min(cut, len(data)) for cut in cuts]
    assert read_skipping(ResponseReader(), data, cuts, skips) == read_skipping(ResponseReader(), data, [], [False])


def test_the_end_is_never_skipped():
    reader = ChunkedReader()
    assert reader.feed(b"3\r\nab") == [b"ab"]
    assert reader.skip(b"c\r\n5\r\nhello\r\n0\r\n\r\n") == (11, 6)
    assert reader.skip(b"\r\n0\r\n\r\n") == (0, 0) and not reader.done
    assert reader.feed(b"\r\n0\r\n\r\nmore") == [] and reader.done and reader.leftover == b"more"
    assert reader.skip(b"x") == (0, 0)
    reader = body_reader(Framing("length", 5))
    assert reader.skip(b"hello, and more") == (4, 4) and not reader.done


def test_a_body_that_lasts_until_the_end_is_all_skipped():
    assert body_reader(UNTIL_CLOSE).skip(b"anything") == (8, 8)


def test_between_messages_there_is_nothing_to_skip():
    reader = ResponseReader()
    assert reader.skip(HEAD) == (0, 0)
    assert reader.offset == 0
