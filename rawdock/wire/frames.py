"""The engine's frames: stdout and stderr of a container without a TTY, on one stream.

A frame is eight bytes of header (stream type, three zero bytes, payload length as a
big-endian 32-bit number) and the payload. (Engine API, ContainerAttach, "Stream format")
Types: 0 stdin (an engine echoes it as output), 1 stdout, 2 stderr, 3 an error text of the
engine's own, after which nothing follows.

Strategy: one loop takes every whole frame out of a buffer with one `unpack_from` each;
what the buffer's end cut waits in one growing buffer. A frame of up to 1 MiB is one value;
a longer one comes in pieces of 1 MiB, so no length is believed and memory stays bounded.
Refused: an unknown type, padding that is not zero. Where the bytes end inside a frame the
verdict is TruncatedError; between frames the bytes cannot tell: ask the engine.
"""
import struct

from ..errors import ProtocolError, StreamError, TruncatedError
from .feed import label_span, values_or_error

MAX_FRAME_PIECE_BYTES = 1 << 20   # engines write frames of at most 32 KiB; the contract's piece size

FRAME_RULE = "Engine API, stream format"
FRAME_HEADER = struct.Struct(">II")   # type and padding as one number: one compare checks both
FRAME_STREAMS = {0: 0, 1 << 24: 1, 2 << 24: 2, 3 << 24: 3}
FRAME_PREFIXES = frozenset(FRAME_HEADER.pack(kind, 0)[:size] for kind in FRAME_STREAMS for size in range(5))
FRAME_HEADER_ROLES = ((0, 1, "frame stream type"), (1, 4, "frame padding"), (4, 8, "frame length"))
NO_ERROR_TEXT = "the engine reported an error without a text"
STREAM_NAMES = ("stdin", "stdout", "stderr", "system error")


class FrameReader:
    """feed(bytes) → [(stream, payload bytes), …] with stream 0, 1 or 2; feed_eof() → None or TruncatedError.

    A frame of type 3 raises StreamError with its text. `labels` and `offset` as in ChunkedReader.

    >>> frames = FrameReader()
    >>> frames.feed(b"\\x01\\0\\0\\0\\0\\0\\0\\x06hel"), frames.feed(b"lo\\n")
    ([], [(1, b'hello\\n')])
    """

    def __init__(self, labels=None, offset=0):
        self.error = None
        self._labels = labels
        self._offset = offset          # of the first byte not yet given out
        self._held = bytearray()       # a header or a payload piece that is not whole yet
        self._needed = 8               # bytes that make it whole
        self._stream = 0
        self._remaining = 0            # payload bytes still to give out of a frame already begun
        self._length = 0               # of that frame, for the verdict

    def feed(self, data):
        if self.error is not None:
            raise self.error
        frames = []
        try:
            self._decode(data, frames)
        except (ProtocolError, StreamError) as error:
            self.error = error
        return values_or_error(frames, self.error)

    @property
    def between(self):
        """Whether no frame has begun that is not given out."""
        return not (self._held or self._remaining or self.error)

    def skip(self, size):
        """Whole frames of `size` bytes were read elsewhere, while this reader was between two."""
        self._offset += size

    def _decode(self, data, frames):
        held = self._held
        if held:
            held += data
            if len(held) < self._needed and (self._remaining or bytes(held[:4]) in FRAME_PREFIXES):
                return
            data = bytes(held)
            self._held = bytearray()
        elif type(data) is not bytes:
            data = bytes(data)
        size = len(data)
        at = 0
        unpack, streams, append, labels = FRAME_HEADER.unpack_from, FRAME_STREAMS, frames.append, self._labels
        plain = labels is None
        while True:
            if self._remaining:
                piece = min(self._remaining, MAX_FRAME_PIECE_BYTES)
                if size - at < piece:
                    self._needed = piece
                    break
                payload = data[at:at + piece]
                label_span(labels, self._offset + at, self._offset + at + piece, "frame payload")
                self._remaining -= piece
                at += piece
                if self._stream == 3:
                    raise StreamError(payload.decode("utf-8", "replace").strip() or NO_ERROR_TEXT)
                append((self._stream, payload))
                continue
            if size - at < 8:
                if data[at:at + 4] not in FRAME_PREFIXES:
                    raise self._refusal(data, at)
                self._needed = 8
                break
            kind, length = unpack(data, at)
            stream = streams.get(kind, 4)
            if plain and stream < 3 and size - at - 8 >= length <= MAX_FRAME_PIECE_BYTES:
                start = at + 8
                at = start + length
                append((stream, data[start:at]))
                continue
            if stream > 3:
                raise self._refusal(data, at)
            self._label_header(at, 8)
            self._stream, self._length, self._remaining = stream, length, length
            at += 8
            if not length:
                if stream == 3:
                    raise StreamError(NO_ERROR_TEXT)
                append((stream, b""))
        self._offset += at
        self._held += data[at:]

    def _refusal(self, data, at):
        wrong = 0 if data[at] > 3 else next(index for index in (1, 2, 3) if data[at + index])
        self._label_header(at, wrong)
        return ProtocolError(FRAME_RULE, self._offset + at + wrong, data[at + wrong:at + 8],
                             "three zero bytes after the stream type" if wrong else "a stream type of 0, 1, 2 or 3")

    def _label_header(self, at, size):
        """Label the first `size` bytes of the header at `at`."""
        for start, end, role in FRAME_HEADER_ROLES:
            label_span(self._labels, self._offset + at + start, self._offset + at + min(end, size), role)

    def feed_eof(self):
        """The stream has ended. TruncatedError if it ended inside a frame."""
        if self.error is not None:
            raise self.error
        got = len(self._held)
        if self._remaining:
            self.error = TruncatedError("the payload of a %s frame" % STREAM_NAMES[self._stream], self._offset + got,
                                        self._length, self._length - self._remaining + got, FRAME_RULE)
        elif got:
            self.error = TruncatedError("a frame header", self._offset + got, 8, got, FRAME_RULE)
        if self.error is not None:
            raise self.error


def encode_frame(stream, payload):
    """int stream (0 to 3) and bytes → one frame."""
    return FRAME_HEADER.pack(stream << 24, len(payload)) + payload
