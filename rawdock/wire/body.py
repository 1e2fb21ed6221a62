"""The readers that take a body out of a stream, one for each framing.

Each appends pieces of content, which are slices of the data, so that a memoryview is not copied. `done` says
that the body has ended, and `trailers` is then a Headers. The reader of a chunked body is in chunked.py.
"""
from ..errors import TruncatedError
from .chunked import ChunkedReader
from .message import Headers
from .reader import WireReader, label_span

NO_TRAILERS = Headers()


class LengthReader(WireReader):
    """Reads a body of exactly `length` bytes (RFC 9112 §6.2), which may be 0.

        state         what is read        then
        remaining     content             done, when `remaining` is 0
    """

    trailers = NO_TRAILERS

    def __init__(self, length, labels=None, offset=0):
        self.length = self.remaining = length
        self.done = not length
        WireReader.__init__(self, labels, offset)

    def take(self, data, at, out):
        size = min(len(data) - at, self.remaining)
        if size:
            out.append(data[at:at + size])
            label_span(self._labels, self.offset, self.offset + size, "content")
            self.offset += size
            self.remaining -= size
            self.done = not self.remaining
        return at + size

    def _end_of_stream(self):
        got = self.length - self.remaining
        return TruncatedError("a body of known length", self.offset, self.length, got, "RFC 9112 §6.2")


class UntilCloseReader(WireReader):
    """Reads a body that ends where the connection does: a cut looks like the end (RFC 9112 §6.3 step 8).

        state     what is read                       then
        open      content                            done, when the stream ends

    `role` is the label of its bytes.
    """

    trailers = NO_TRAILERS

    def __init__(self, labels=None, offset=0, role="content"):
        WireReader.__init__(self, labels, offset)
        self._role = role

    def take(self, data, at, out):
        size = len(data) - at
        if size:
            out.append(data[at:])
            label_span(self._labels, self.offset, self.offset + size, self._role)
            self.offset += size
        return len(data)

    def _end_of_stream(self):
        self.done = True


def body_reader(framing, labels=None, offset=0):
    """The reader of a body with this Framing, which begins at `offset` in its stream."""
    if framing.kind == "chunked":
        return ChunkedReader(labels, offset)
    if framing.kind in ("close", "upgrade"):
        return UntilCloseReader(labels, offset, "content" if framing.kind == "close" else "raw stream")
    return LengthReader(framing.length, labels, offset)
