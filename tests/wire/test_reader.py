import pytest

from rawdock.errors import ProtocolError, StreamError, TruncatedError
from rawdock.wire.reader import ValuesThenError, WireReader, label_span, read_lists

BROKEN = ProtocolError("a rule", 7, b"seen", "something else")


class Letters(WireReader):
    """Takes letters until a full stop, gives each; "!" is wrong, "?" is an error of the stream's own."""

    def take(self, data, at, out):
        while at < len(data) and not self.done:
            letter = data[at:at + 1]
            if letter == b"!":
                raise BROKEN
            if letter == b"?":
                raise StreamError("why")
            at += 1
            self.done = letter == b"."
            if not self.done:
                out.append(letter)
        return at

    def _end_of_stream(self):
        return TruncatedError("a word", 0)


def test_values_are_a_list_and_what_follows_the_end_is_left_over():
    reader = Letters()
    assert type(reader.feed(b"ab")) is list and reader.feed(b"") == [] and reader.feed(b"c.d") == [b"c"]
    assert reader.done and reader.feed(memoryview(b"e")) == [] and reader.leftover == b"de"
    reader.feed_eof()


@pytest.mark.parametrize("wrong, error", [(b"!", ProtocolError), (b"?", StreamError)])
def test_an_error_with_nothing_before_it_raises_at_once_and_for_good(wrong, error):
    reader = Letters()
    assert reader.feed(b"a") == [b"a"]
    for again in (lambda: reader.feed(wrong), lambda: reader.feed(b"b"), reader.feed_eof):
        with pytest.raises(error) as caught:
            again()
        assert caught.value is reader.error


def test_a_cut_is_an_error_that_is_kept():
    reader = Letters()
    reader.feed(b"a")
    for again in (reader.feed_eof, reader.feed_eof, lambda: reader.feed(b"b")):
        with pytest.raises(TruncatedError):
            again()


def test_the_values_come_first_and_the_error_after_them():
    values = Letters().feed(b"ab!c")
    seen = []
    with pytest.raises(ProtocolError) as caught:
        for value in values:
            seen.append(value)
    assert seen == [b"a", b"b"] and caught.value is BROKEN
    assert len(values) == 2 and values[1] == b"b" and values.error is BROKEN


@pytest.mark.parametrize("use", [list, tuple, sorted, set, b"".join, [].extend, lambda values: [*values]],
                         ids=["list", "tuple", "sorted", "set", "join", "extend", "unpacking"])
def test_no_way_of_going_through_the_values_misses_the_error(use):
    with pytest.raises(ProtocolError):
        use(ValuesThenError([b"a", b"b"], BROKEN))


def test_labels_leave_out_empty_spans_and_cost_nothing_when_off():
    labels = []
    label_span(labels, 3, 5, "role")
    label_span(labels, 5, 5, "empty")
    label_span(None, 0, 1, "off")
    assert labels == [(3, 5, "role")]


def test_lists_of_values_come_before_the_error_that_ends_them():
    assert list(read_lists(Letters(), [b"ab", b"", b"c."])) == [[b"a", b"b"], [b"c"]]
    for pieces, error, before in (([b"a", b"b!c"], ProtocolError, [[b"a"], [b"b"]]),
                                  ([b"a", b"?"], StreamError, [[b"a"]]),
                                  ([b"ab"], TruncatedError, [[b"a", b"b"]])):
        seen = []
        with pytest.raises(error):
            for values in read_lists(Letters(), pieces):
                seen.append(list(values))   # which raises nothing
        assert seen == before
