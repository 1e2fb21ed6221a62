"""A chunked body of frames, as engines send logs: nearly always one frame a chunk.

Strategy: what stands before a payload, the chunk line and the frame header, is a few bytes that come
again and again: every line of a log as long as an earlier one has the same. The first time they are
read by the expressions and rules of `chunked` and `frames`; from then on they are looked up whole, and
a frame costs two slices and a search for its line end. Whatever is not one whole frame in one chunk (a frame across
chunks, an extension, a trailer, a mistake) goes through ChunkedReader and FrameReader, a chunk at a time.
A property test holds this reader against those two.

Values come as runs: consecutive frames of one stream, which can be written with one call.
"""
from ..errors import ProtocolError, StreamError
from .chunked import PLAIN_CHUNK_LINE, ChunkedReader
from .feed import values_or_error
from .frames import FRAME_HEADER, FRAME_STREAMS, FrameReader
from .grammar import LazyPattern

MAX_UNIT_BYTES = 65536      # a chunk that may wait for its end beside the reader; engines write 32 KiB
MAX_KNOWN_STARTS = 4096     # they have about 60 bytes each
LONGEST_LINE_BYTES = 20     # CRLF, 16 digits, CRLF

# What the end of a buffer may leave of a chunk line and a frame header. The last chunk is not waited for.
CUT_UNIT = LazyPattern(rb"(?s)(?:\r(?:\n(?:[1-9A-Fa-f][0-9A-Fa-f]{0,15}(?:\r(?:\n.{0,7})?)?)?)?)?")


def append_run(runs, stream, payloads):
    """Add `payloads` (list of bytes) of `stream` to `runs`, to its last run if that is of the same stream."""
    if runs and runs[-1][0] == stream:
        runs[-1][1].extend(payloads)
    else:
        runs.append((stream, payloads))


def frame_runs(frames):
    """[(stream, payload), …] → [(stream, [payload, …]), …]: each run of one stream together."""
    columns = list(zip(*frames))
    if not columns:
        return []
    streams, payloads = columns
    if streams.count(streams[0]) == len(streams):   # the usual case
        return [(streams[0], list(payloads))]
    runs = []
    for stream, payload in zip(streams, payloads):
        if not runs or runs[-1][0] != stream:
            runs.append((stream, []))
        runs[-1][1].append(payload)
    return runs


class FrameRunReader(ChunkedReader):
    """feed(bytes) → [(stream, [payload bytes, …]), …]; otherwise a ChunkedReader, and its errors are also those of FrameReader.

    `frames` is the FrameReader: when the body is done, its feed_eof() tells whether a frame was cut.
    """

    def __init__(self, offset=0):
        ChunkedReader.__init__(self, None, offset)
        self.frames = FrameReader()
        self._unit = b""        # the start of a chunk with one frame, whose end has not come
        self._known = {}        # chunk line and frame header → (stream, bytes of the frame)

    def feed(self, data):
        if self.error is not None:
            raise self.error
        runs = []
        try:
            self._take_runs(self._unit + data if self._unit else data, runs)
        except (ProtocolError, StreamError) as error:
            self.error = error
        return values_or_error(runs, self.error)

    def _take_runs(self, data, runs):
        self._unit = b""
        if self._first and data:   # the CRLF that stands before every other chunk line
            data, self._first = b"\r\n" + data, False
            self._offset -= 2
        at, size = 0, len(data)
        while at < size and not self.done:
            end = size
            if self._remaining:
                end = min(size, at + self._remaining)
            elif not (self._held or self._in_trailers) and self.frames.between:
                at = self._take_units(data, at, runs)
                if self._is_cut_unit(data, at):
                    self._unit = data[at:]
                    return
            at = self._take_generally(data, at, end, runs)
        if at < size:
            self.leftover += data[at:]

    def _take_units(self, data, at, runs):
        """Append the runs of all whole chunks of one frame from index `at` on → the index after them."""
        find, known, size = data.find, self._known.get, len(data)
        begun, content = at, 0
        current, payloads = runs[-1] if runs else (None, None)
        append = payloads and payloads.append
        while True:
            start = find(b"\r\n", at + 2, at + LONGEST_LINE_BYTES) + 2   # the frame's, if this is the line's end
            unit = known(data[at:start + 8]) or self._learn(data, at, start)
            if unit is None:
                break
            stream, length = unit
            end = start + length
            if end > size:
                break
            if stream != current:
                current, payloads = stream, []
                append = payloads.append
                runs.append((stream, payloads))
            append(data[start + 8:end])
            content += length
            at = end
        self._offset += at - begun
        self.frames.skip(content)
        return at

    def _learn(self, data, at, start):
        """(stream, bytes of the frame) for the chunk line at `at` and the frame header at `start`, kept for the next; None: not of the plain kind."""
        match = PLAIN_CHUNK_LINE.match(data, at)
        if match is None or match.end() != start or start + 8 > len(data):
            return None
        size = int(match.group(1), 16)
        kind, length = FRAME_HEADER.unpack_from(data, start)
        stream = FRAME_STREAMS.get(kind, 3)
        if stream == 3 or size != length + 8 or size > MAX_UNIT_BYTES:
            return None
        if len(self._known) == MAX_KNOWN_STARTS:
            self._known.clear()
        self._known[data[at:start + 8]] = unit = stream, size
        return unit

    def _is_cut_unit(self, data, at):
        """Whether data[at:] is the start of a chunk of one frame, or nothing."""
        if len(data) - at < LONGEST_LINE_BYTES + 8:
            return CUT_UNIT.fullmatch(data, at) is not None
        match = PLAIN_CHUNK_LINE.match(data, at)
        return match is not None and len(data) - at < MAX_UNIT_BYTES and data[at:match.end() + 8] in self._known

    def _take_generally(self, data, at, end, runs):
        """Take data[at:end] as chunks of anything → the index after what was used."""
        pieces = []
        piece = data if not at and end == len(data) else data[at:end]
        try:
            used = self.take(piece, 0, pieces)
        finally:
            # What arrived whole before a mistake comes before it, and so does a mistake in it.
            for content in pieces:
                frames = self.frames.feed(content)
                for stream, payloads in frame_runs(list.__iter__(frames)):
                    append_run(runs, stream, payloads)
                if type(frames) is not list:
                    raise frames.error
        return at + used

    def feed_eof(self):
        """The stream has ended. TruncatedError unless the body had ended before."""
        unit, self._unit = self._unit, b""
        if unit and self.error is None:   # where in it is the cut? And was what came of it sound?
            try:
                self._take_generally(unit, 0, len(unit), [])
            except (ProtocolError, StreamError) as error:
                self.error = error
        ChunkedReader.feed_eof(self)
