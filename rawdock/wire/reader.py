"""What every reader of this floor shares: how bytes go in, how values come out, how bytes are labelled.

    at = reader.take(data, at, out)   append to `out` what data[at:] completes → the index after what was used
    values = reader.feed(data)        the values that `data` completes, for a caller without a buffer
    reader.feed_eof()                 the stream has ended: TruncatedError if that cuts something

There are three outcomes only. Here it is: values are appended. Need more: the index is the end of the data,
and the reader remembers what it has seen. This is wrong: values that were complete before the wrong byte are
appended, then ProtocolError is raised. A reader that has read all it is for is `done` and uses no more bytes;
the next reader begins at the index that take() returned.

A reader keeps the error that feed() has raised: each later feed() or feed_eof() raises it again.

Labels are (start, end, role) with offsets in the stream. They are adjacent, never overlap, and end before the
wrong byte. A head whose bytes are all right, while its fields contradict each other, is labelled to its end.
"""
from ..errors import ProtocolError, StreamError


class ValuesThenError(list):
    """Complete values, then an error: iterating over them gives each of them and then raises `error`."""

    def __init__(self, values, error):
        list.__init__(self, values)
        self.error = error

    def __iter__(self):
        yield from list.__iter__(self)
        raise self.error


class WireValue:
    """The base of values: equal if class and parts are equal, and printed as the call that makes it."""

    __slots__ = ()

    def parts(self):
        """The tuple of its parts, which are the arguments of that call."""
        return tuple([getattr(self, name) for name in self.__slots__])

    def __eq__(self, other):
        return type(self) is type(other) and self.parts() == other.parts()

    def __repr__(self):
        return "%s(%s)" % (type(self).__name__, ", ".join(map(repr, self.parts())))


def label_span(labels, start, end, role):
    """Append the label (start, end, role) to `labels`, unless that is None or the span is empty."""
    if labels is not None and end > start:
        labels.append((start, end, role))


class WireReader:
    """The base of all readers. `offset` is where the next byte to use is in its stream.

    `labels` (list or None) receives the labels of all bytes that are used. `leftover` (bytes) was fed after
    the end of what this reader reads. `error` is what feed() has raised, or None.
    """

    done = False
    error = None
    leftover = b""

    def __init__(self, labels=None, offset=0):
        self.offset = offset
        self._labels = labels

    def feed(self, data):
        """bytes-like → list of values. An error is raised after them by iterating, or at once without any."""
        if self.error is not None:
            raise self.error
        values = []
        try:
            at = 0 if self.done else self.take(data, 0, values)
            if at < len(data):
                self.leftover += bytes(data[at:])
        except (ProtocolError, StreamError) as error:
            self.error = error
            if values:
                return ValuesThenError(values, error)
            raise
        return values

    def feed_eof(self):
        """The stream has ended. Raises TruncatedError if something was under way."""
        if self.error is None and not self.done:
            self.error = self._end_of_stream()
        if self.error is not None:
            raise self.error


def read_lists(reader, pieces):
    """Pieces of bytes (an iterable) for `reader` → lists of values, one for each piece that completes any.

    Raises what is wrong after the values before it, and TruncatedError if the pieces end too early.
    """
    for piece in pieces:
        values = reader.feed(piece)
        if values:
            yield values[:]   # an ordinary list, which does not raise
        if reader.error is not None:
            raise reader.error
    reader.feed_eof()
