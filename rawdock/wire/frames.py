"""The engine's frames: stdout and stderr of a container without a TTY, on one stream.

A frame is eight bytes of header (stream type, three zero bytes, payload length as a
big-endian 32-bit number) and the payload. (Engine API, ContainerAttach, "Stream format")
Types: 0 stdin (an engine echoes it as output), 1 stdout, 2 stderr, 3 the text of an error of the
engine, after which nothing follows.

Strategy: one loop takes every complete frame out of a buffer, with one unpack_from() each. A frame that the
end of the buffer cuts is held. A frame of up to 1 MiB is one value; a longer one comes in pieces of 1 MiB, so
that no more memory is used than its bytes that have come need.

Refused: an unknown type, and padding that is not zero. An end of the stream inside a frame is a
TruncatedError. Between two frames the bytes do not say whether the stream was cut: ask the engine.
"""
import struct

from ..errors import ProtocolError, StreamError, TruncatedError
from .reader import WireReader, label_span

MAX_FRAME_PIECE_BYTES = 1 << 20   # a longer frame comes in pieces; engines write 32 KiB at most

FRAME_RULE = "Engine API, stream format"
FRAME_HEADER = struct.Struct(">II")   # type and padding are one number, which one comparison checks
FRAME_STREAMS = {0: 0, 1 << 24: 1, 2 << 24: 2, 3 << 24: 3}
FRAME_PREFIXES = frozenset(FRAME_HEADER.pack(kind, 0)[:size] for kind in FRAME_STREAMS for size in range(5))
FRAME_HEADER_ROLES = ((0, 1, "frame stream type"), (1, 4, "frame padding"), (4, 8, "frame length"))
NO_ERROR_TEXT = "the engine reported an error without a text"
STREAM_NAMES = ("stdin", "stdout", "stderr", "system error")


class FrameReader(WireReader):
    """Takes frames: appends (stream, payload bytes), stream 0, 1 or 2. A frame of type 3 raises StreamError.

        state       what is read                                    then
        header      eight bytes                                     payload, or header where that is empty
        payload     `_remaining` bytes, in pieces of 1 MiB          header

    In both states the bytes of a header or payload that is not complete are held.

    >>> frames = FrameReader()
    >>> frames.feed(b"\\x01\\0\\0\\0\\0\\0\\0\\x06hel"), frames.feed(b"lo\\n")
    ([], [(1, b'hello\\n')])
    """

    def __init__(self, labels=None, offset=0):
        WireReader.__init__(self, labels, offset)   # `offset` is that of the first byte held
        self._held = bytearray()
        self._needed = 8         # bytes that must be held before there is something to append
        self._stream = self._length = 0   # the type and the payload length of the frame that is being read
        self._remaining = None   # bytes of its payload that were not appended; None: a header is next

    def take(self, data, at, out):
        """Append the frames that data[at:] completes → the end of the data, all of which is used."""
        end = len(data)
        if self._held:
            self._held += data[at:]
            valid = self._remaining is not None or bytes(self._held[:4]) in FRAME_PREFIXES
            if valid and len(self._held) < self._needed:
                return end
            data, at = bytes(self._held), 0
            self._held = bytearray()
        elif type(data) is not bytes:
            data, at = bytes(data[at:]), 0
        while True:
            if self._remaining is None:
                at = self._take_whole_frames(data, at, out)
                used = self._take_header(data, at)
            else:
                used = self._take_payload(data, at, out)
            if used is None:
                break
            at += used
            self.offset += used
        self._held += data[at:]
        return end

    def _take_whole_frames(self, data, at, out):
        """Append the frames that are complete in `data` (bytes) → the index after them."""
        start, size, unpack, streams = at, len(data), FRAME_HEADER.unpack_from, FRAME_STREAMS
        while self._labels is None and size - at >= 8:
            kind, length = unpack(data, at)
            end = at + 8 + length
            stream = streams.get(kind, 3)
            if stream == 3 or end > size or length > MAX_FRAME_PIECE_BYTES:
                break
            out.append((stream, data[at + 8:end]))
            at = end
        self.offset += at - start
        return at

    def _take_header(self, data, at):
        """Read the header at `at` → its size, 8; need more: None."""
        header = data[at:at + 8]
        if header[:4] not in FRAME_PREFIXES:
            wrong = 0 if header[0] > 3 else next(index for index in (1, 2, 3) if header[index])
            self._label_header(wrong)
            expected = "three zero bytes after the stream type" if wrong else "a stream type of 0, 1, 2 or 3"
            raise ProtocolError(FRAME_RULE, self.offset + wrong, header[wrong:], expected)
        if len(header) < 8:
            self._needed = 8
            return None
        kind, self._length = FRAME_HEADER.unpack(header)
        self._stream, self._remaining = FRAME_STREAMS[kind], self._length
        self._label_header(8)
        return 8

    def _take_payload(self, data, at, out):
        """Append the next piece of the payload → its size; need more: None."""
        size = min(self._remaining, MAX_FRAME_PIECE_BYTES)
        if len(data) - at < size:
            self._needed = size
            return None
        label_span(self._labels, self.offset, self.offset + size, "frame payload")
        payload = data[at:at + size]
        if self._stream == 3:
            raise StreamError(payload.decode("utf-8", "replace").strip() or NO_ERROR_TEXT)
        out.append((self._stream, payload))
        self._remaining = self._remaining - size or None
        return size

    def _label_header(self, size):
        """Label the first `size` bytes of the header that begins at `offset`."""
        for start, end, role in FRAME_HEADER_ROLES:
            label_span(self._labels, self.offset + start, self.offset + min(end, size), role)

    def _end_of_stream(self):
        got = len(self._held)
        if self._remaining is not None:
            return TruncatedError("the payload of a %s frame" % STREAM_NAMES[self._stream], self.offset + got,
                                  self._length, self._length - self._remaining + got, FRAME_RULE)
        return TruncatedError("a frame header", self.offset + got, 8, got, FRAME_RULE) if got else None


def encode_frame(stream, payload):
    """int stream (0 to 3) and bytes → one frame."""
    return FRAME_HEADER.pack(stream << 24, len(payload)) + payload
