"""The chunked transfer coding (RFC 9112 §7.1), both ways.

Strategy: a chunk line is one short regular expression, tried where the last chunk ended
(its CRLF is part of the expression), so a buffer of many chunks is decoded in one loop,
and the pieces are slices of what was fed: feed a memoryview and nothing is copied.
Whatever the expression does not match (a line cut by the buffer's end, an extension, the
last chunk, a mistake) goes to `walk_chunk_line`, which knows "need more" from "wrong" at
the very byte, and which is also what labels the bytes.

Refused: signs, `0x`, underscores or blanks in a size, more than 16 digits, data that no
CRLF follows, malformed extensions, forbidden trailer fields. No size is believed before
its bytes arrive: a chunk that claims 4 GiB costs nothing.
"""

from ..errors import ProtocolError, TruncatedError, UsageError
from .feed import label_span, values_or_error
from .grammar import CHUNK_EXTENSION, CHUNK_SIZE, FIELD_PAIR, PLAIN_LAST_CHUNK, TRAILER_SECTION, LazyPattern
from .message import Headers, field_lines, find_head_end, parse_fields, too_many_fields, walk_head

MAX_CHUNK_LINE_BYTES = 4096   # with its CRLF; hyper takes 16 KiB of extensions, Go 4 KiB a line; dockerd sends none
MAX_TRAILER_BYTES = 16384     # llhttp and nginx count trailers against a head of 16 to 32 KiB

PLAIN_CHUNK_LINE = LazyPattern(rb"\r\n([0-9A-Fa-f]{1,16})\r\n")
EXTENSION_END = LazyPattern(rb"[\x00-\x08\x0a-\x1f\x7f]")

# RFC 9110 §6.5.1: fields that frame, route, authenticate or describe the content come before it or not at all.
FORBIDDEN_TRAILERS = frozenset((
    "transfer-encoding content-length host connection keep-alive te trailer upgrade expect range cache-control"
    " max-forwards authorization proxy-authorization proxy-authenticate www-authenticate set-cookie cookie"
    " content-encoding content-type content-range").split())


class ChunkedReader:
    """bytes of a chunked body in, pieces of its content out.

    `feed(data)` returns a list of slices of `data` (bytes, or memoryview for a memoryview:
    then use them before the buffer is filled again). `done` tells that the last chunk and
    the trailer section have come; `trailers` is then a Headers and `leftover` the bytes after
    the body. `feed_eof()` raises TruncatedError unless done. `labels`, a list, gets
    (start, end, role) for every byte; `offset` is where the body starts in its stream.

    >>> reader = ChunkedReader()
    >>> reader.feed(b"5\\r\\nhel"), reader.feed(b"lo\\r\\n0\\r\\n\\r\\n"), reader.done
    ([b'hel'], [b'lo'], True)
    """

    def __init__(self, labels=None, offset=0):
        self.done = False
        self.trailers = None
        self.leftover = b""
        self.error = None
        self._labels = labels
        self._offset = offset       # in the stream: of the next byte; inside `take`, of the first byte of its data
        self._held = bytearray()    # the start of a line or trailer section that the buffer cut
        self._remaining = 0         # bytes still to come of the present chunk
        self._size = 0              # of the present chunk, for the verdict
        self._first = True          # no CRLF stands before the first chunk line
        self._in_trailers = False

    def feed(self, data):
        if self.error is not None:
            raise self.error
        pieces = []
        try:
            end = 0 if self.done else self.take(data, 0, pieces)
            if end < len(data):
                self.leftover += bytes(data[end:])
        except ProtocolError as error:
            self.error = error
        return values_or_error(pieces, self.error)

    def take(self, data, at, pieces):
        """Append the pieces that `data` holds from index `at` on → the index after the last byte used.

        That is len(data) until the body is done. Only for a reader that is not done.
        """
        self._offset -= at
        size = len(data)
        remaining, chunk = self._remaining, self._size
        match_line = PLAIN_CHUNK_LINE.match
        labelled = self._labels is not None
        # The fast lane: whole plain lines, one after another, with nothing held and nothing labelled.
        plain = not (labelled or self._first or self._held or self._in_trailers)
        while at < size:
            if not remaining:
                match = match_line(data, at) if plain else None
                remaining = chunk = int(match.group(1), 16) if match else 0
                if remaining:
                    at = match.end()
                else:
                    at, remaining = self._take_line(data, at)
                    if not remaining:
                        break
                    chunk = remaining
                    plain = not labelled
            end = at + remaining
            if end <= size:
                remaining = 0
            else:
                remaining = end - size
                end = size
                if at == size:
                    break
            pieces.append(data[at:end])
            if labelled:
                self._labels.append((self._offset + at, self._offset + end, "chunk data"))
            at = end
        self._remaining, self._size = remaining, chunk
        self._offset += at
        return at

    def skip(self, data):
        """Pass over what `data` begins with: insides of chunks and plain lines between them → (bytes used, bytes of content).

        Nothing of it is given out or labelled. The last chunk, and any line that is not plain, is left to `take`.
        """
        at, size, content = 0, len(data), 0
        if self.done or self.error is not None or self._held or self._in_trailers or self._first:
            return 0, 0
        while at < size:
            if not self._remaining:
                match = PLAIN_CHUNK_LINE.match(data, at)
                self._remaining = self._size = int(match.group(1), 16) if match else 0
                if not self._remaining:
                    break
                at = match.end()
            step = min(self._remaining, size - at)
            at += step
            content += step
            self._remaining -= step
        self._offset += at
        return at, content

    def _take_line(self, data, at):
        """(index after the chunk line at `at`, chunk size), the start of the line may be held.

        After the last chunk the trailer section is taken too. (index, 0): the body is done, or data is used up.
        """
        held = self._held
        known = len(held)
        if not self._in_trailers:
            held += data[at:at + MAX_CHUNK_LINE_BYTES + 1 - known]
            used, chunk = walk_chunk_line(held, known, self._first, self._offset + at - known, self._labels)
            if not used:
                return len(data), 0
            self._first = False
            self._held = held = bytearray()
            at += used - known
            if chunk:
                return at, chunk
            self._in_trailers = True
            known = 0
        held += data[at:at + MAX_TRAILER_BYTES + 1 - known]
        start = self._offset + at - known
        end = find_head_end(held, known, "trailer", start, self._labels, MAX_TRAILER_BYTES)
        if end < 0:
            return len(data), 0
        self.trailers = self._parse_trailers(held[:end].decode("latin-1"), start)
        self._held = bytearray()
        self.done = True
        return at + end - known, 0

    def _parse_trailers(self, text, start):
        """The Headers of a trailer section (str), which begins at `start` in the stream."""
        match = TRAILER_SECTION.fullmatch(text)
        if match is None or self._labels is not None:
            walk_head(text, "trailer", start, self._labels)
        if match is None:   # sound, but too long
            raise too_many_fields(text, text.count("\n") - 1, start, 0)
        for field in FIELD_PAIR.finditer(text):
            if field.group(1).lower() in FORBIDDEN_TRAILERS:
                raise ProtocolError("RFC 9110 §6.5.1", start + field.start(), field.group(1).encode("latin-1"),
                                    "a field that may stand in a trailer section")
        return Headers(parse_fields(match.group(1)))

    def feed_eof(self):
        """The stream has ended. TruncatedError unless the body had ended before."""
        if self.error is not None:
            raise self.error
        if self.done:
            return
        at = self._offset
        if self._remaining:
            self.error = TruncatedError("chunk data", at, self._size, self._size - self._remaining, "RFC 9112 §7.1")
        elif self._in_trailers:
            self.error = TruncatedError("the trailer section", at, None, len(self._held), "RFC 9112 §7.1.2")
        else:
            self.error = TruncatedError("a chunked body (no last chunk)", at, None, 0, "RFC 9112 §7.1")
        raise self.error


def walk_chunk_line(rest, scanned, first, offset, labels=None):
    """(bytes used, chunk size) of the chunk line at the start of `rest`; (0, 0): need more; ProtocolError: wrong.

    `scanned` is how much of `rest` earlier calls have seen. `first`: no chunk stands before
    this line; else the CRLF that ends its data comes first.
    """
    size_at = 0 if first else 2
    if not first and not b"\r\n".startswith(bytes(rest[:2])):
        wrong = 1 if rest[0] == 0x0d else 0
        raise ProtocolError("RFC 9112 §7.1", offset + wrong, rest[wrong:wrong + 16], "CRLF after the chunk data")
    size_end = CHUNK_SIZE.match(rest, size_at).end()
    if size_end - size_at > 16 or size_end == size_at < len(rest):
        label_span(labels, offset, offset + size_at, "chunk data CRLF")
        raise ProtocolError("RFC 9112 §7.1", offset + size_at, rest[size_at:size_at + 20],
                            "a chunk size of 1 to 16 hexadecimal digits")
    if size_end >= len(rest):
        return 0, 0
    end = size_end
    extended = rest[size_end] in b" \t;"
    if extended:
        if not EXTENSION_END.search(rest, max(size_end, scanned - 1), MAX_CHUNK_LINE_BYTES - 1):
            if len(rest) > MAX_CHUNK_LINE_BYTES:
                raise ProtocolError("rawdock limit", offset + MAX_CHUNK_LINE_BYTES, rest[MAX_CHUNK_LINE_BYTES:],
                                    "a chunk line of at most %d bytes" % MAX_CHUNK_LINE_BYTES)
            return 0, 0
        end = CHUNK_EXTENSION.match(rest, size_end).end()
    line_end = bytes(rest[end:end + 2])
    if line_end == b"\r":
        return 0, 0
    label_span(labels, offset, offset + size_at, "chunk data CRLF")
    label_span(labels, offset + size_at, offset + size_end, "chunk size")
    label_span(labels, offset + size_end, offset + end, "chunk extension")
    if line_end != b"\r\n":
        raise ProtocolError("RFC 9112 §7.1.1" if extended else "RFC 9112 §7.1", offset + end, rest[end:end + 16],
                            "a chunk extension (;name or ;name=value) or CRLF" if extended else "CRLF after the chunk size")
    label_span(labels, offset + end, offset + end + 2, "CRLF")
    return end + 2, int(bytes(rest[size_at:size_end]), 16)


def encode_chunk(data):
    """bytes → one chunk. Empty data gives b"": a chunk of size 0 would end the body."""
    return b"%x\r\n%s\r\n" % (len(data), bytes(data)) if data else b""


def encode_last_chunk(trailers=()):
    """(name, value) pairs → the last chunk and the trailer section. UsageError for a field forbidden there."""
    trailers = list(trailers)
    if not trailers:
        return PLAIN_LAST_CHUNK
    for name, _ in trailers:
        if str(name).lower() in FORBIDDEN_TRAILERS:
            raise UsageError("%s may not stand in a trailer section (RFC 9110 §6.5.1)" % name)
    return b"0\r\n" + field_lines(trailers) + b"\r\n"
