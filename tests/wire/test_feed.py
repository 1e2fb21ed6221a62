import pytest

from rawdock.errors import ProtocolError
from rawdock.wire.feed import ValuesThenError, label_span, values_or_error

BROKEN = ProtocolError("a rule", 7, b"seen", "something else")


def test_values_without_an_error_are_given_as_they_are():
    values = [1, 2]
    assert values_or_error(values, None) is values
    assert values_or_error([], None) == []


def test_an_error_with_nothing_before_it_raises_at_once():
    with pytest.raises(ProtocolError) as caught:
        values_or_error([], BROKEN)
    assert caught.value is BROKEN


def test_the_values_come_first_and_the_error_after_them():
    values = values_or_error([1, 2], BROKEN)
    seen = []
    with pytest.raises(ProtocolError) as caught:
        for value in values:
            seen.append(value)
    assert seen == [1, 2] and caught.value is BROKEN
    assert len(values) == 2 and values[1] == 2 and values.error is BROKEN


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
