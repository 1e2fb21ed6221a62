import pytest
from feeding import cut_everywhere, feed, outcome
from hypothesis import given
from hypothesis import strategies as st

from rawdock.errors import TruncatedError
from rawdock.wire.body import LengthReader, UntilCloseReader, body_reader
from rawdock.wire.chunked import ChunkedReader
from rawdock.wire.framing import CHUNKED, NO_BODY, UNTIL_CLOSE, UPGRADE, Framing
from rawdock.wire.message import Headers

LENGTH_5 = Framing("length", 5)


@given(st.binary(max_size=40), st.integers(0, 50), st.lists(st.integers(0, 40), max_size=3))
def test_a_body_of_known_length(data, length, places):
    def make(labels):
        return LengthReader(length, labels)

    values, error, labels = outcome(make, data, b"".join, eof=True,
                                    places=[min(place, len(data)) for place in places], want_labels=True)
    whole = len(data) >= length
    assert (values == data[:length] and error
            == (None if whole else ("TruncatedError", "RFC 9112 §6.2", len(data))))
    assert labels == ([(0, min(length, len(data)), "content")] if values else [])
    reader = make(None)
    feed(reader, [data[:7], data[7:], b"on"])
    assert reader.done == (len(data) + 2 >= length) and reader.leftover == (data + b"on")[length:]
    assert not reader.trailers


def test_the_verdict_on_a_body_cut_short():
    reader = LengthReader(1 << 32, offset=7)
    assert reader.feed(b"abc") == [b"abc"]
    with pytest.raises(TruncatedError) as caught:
        reader.feed_eof()
    assert (caught.value.expected, caught.value.got, caught.value.offset) == (1 << 32, 3, 10)
    cut_everywhere(lambda labels: LengthReader(9, labels), b"123456789")


def test_no_body_is_over_at_once():
    reader = LengthReader(0)
    assert (reader.done and reader.trailers == [] and reader.feed(b"next") == []
            and reader.leftover == b"next" and reader.feed_eof() is None)


@given(st.binary(max_size=40), st.lists(st.integers(0, 40), max_size=3))
def test_a_body_until_close_is_all_that_comes(data, places):
    values, error, labels = outcome(UntilCloseReader, data, b"".join, eof=True,
                                    places=[min(place, len(data)) for place in places], want_labels=True)
    assert (values, error) == (data, None)
    assert labels == ([(0, len(data), "content")] if data else [])


def test_until_close_is_done_when_closed():
    reader = UntilCloseReader()
    assert reader.feed(b"") == [] and reader.feed(b"a") == [b"a"] and not reader.done
    reader.feed_eof()
    assert reader.done and reader.trailers == Headers() and reader.leftover == b"" and reader.error is None


def test_pieces_of_a_view_are_views():
    view = memoryview(b"hello")
    for reader in (LengthReader(3), UntilCloseReader()):
        piece, = reader.feed(view)
        assert piece.obj is view.obj


@pytest.mark.parametrize("framing, kind", [(CHUNKED, ChunkedReader), (UNTIL_CLOSE, UntilCloseReader),
                                           (UPGRADE, UntilCloseReader),
                                           (LENGTH_5, LengthReader), (NO_BODY, LengthReader)], ids=repr)
def test_the_reader_for_a_framing(framing, kind):
    labels = []
    reader = body_reader(framing, labels, 30)
    assert type(reader) is kind and reader.done == (framing is NO_BODY)
    if framing in (UNTIL_CLOSE, UPGRADE):
        reader.feed(b"x")
        assert labels == [(30, 31, "content" if framing is UNTIL_CLOSE else "raw stream")]
