"""What every reader shares: how `feed()` answers, and how bytes are labelled.

Every reader of this floor answers in three ways only: here are the values, need more
(an empty list), or this is wrong. The two can meet in one buffer: good values, then a
byte that breaks a rule. Nothing that arrived whole may be lost, and nothing after the
bad byte may be believed: so the caller gets the values first and the error after them.

A reader keeps its error: each later `feed()` or `feed_eof()` raises it again.

Labels are (start, end, role) with offsets in the stream: they touch, never overlap, and
end before the offending byte, or with the section whose fields contradict each other.
"""


class ValuesThenError(list):
    """The values that arrived whole; iterating gives them and then raises `error`."""

    def __init__(self, values, error):
        list.__init__(self, values)
        self.error = error

    def __iter__(self):
        for value in list.__iter__(self):
            yield value
        raise self.error


def label_span(labels, start, end, role):
    """Append the label unless labelling is off (`labels` None) or the span is empty."""
    if labels is not None and end > start:
        labels.append((start, end, role))


def values_or_error(values, error):
    """`values` as they are, or with `error` behind them; with no value to give, raises at once."""
    if error is None:
        return values
    if not values:
        raise error
    return ValuesThenError(values, error)
