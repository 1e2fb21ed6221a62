"""The chunked transfer coding (RFC 9112 §7.1), both ways.

Strategy: one short expression matches the end of a chunk together with the line of the next, and content
is appended as slices of the data, so that a memoryview is not copied. Whatever the expression does not
match (a line cut by the end of the data, an extension, the last chunk, a mistake) goes to walk_chunk_line(),
which distinguishes "need more" from "wrong", and labels the bytes.

Refused: signs, `0x`, underscores or spaces in a size, more than 16 digits, chunk data without CRLF after it,
malformed extensions, forbidden trailer fields. No memory is reserved for a size before its bytes arrive.
"""
from ..errors import ProtocolError, TruncatedError, UsageError
from .grammar import CHUNK_EXTENSION, CHUNK_SIZE, EXTENSION_END, NEXT_CHUNK_LINE, TRAILER_SECTION
from .head import SectionReader, match_section
from .message import Headers, field_lines
from .reader import WireReader, label_span

MAX_CHUNK_LINE_BYTES = 4096   # with its CRLF; hyper takes 16 KiB of extensions, Go 4 KiB a line
MAX_TRAILER_BYTES = 16384     # llhttp and nginx let head and trailers together have 16 to 32 KiB

# RFC 9110 §6.5.1: fields for framing, routing, authentication or the format of content must come before it.
FORBIDDEN_TRAILERS = frozenset(("transfer-encoding content-length host connection keep-alive te trailer"
    " upgrade expect range cache-control max-forwards authorization proxy-authorization proxy-authenticate"
    " cookie www-authenticate set-cookie content-encoding content-type content-range").split())


class TrailerReader(SectionReader):
    """Takes the trailer section and the CRLF after it (RFC 9112 §7.1.2): appends one Headers."""

    name, rule = "the trailer section", "RFC 9112 §7.1.2"
    limit = MAX_TRAILER_BYTES
    expected = True

    def _parse(self, raw):
        fields, = match_section(TRAILER_SECTION, raw, (), self.offset)
        at = self.offset
        for line in raw.splitlines(True):
            name = line.partition(b":")[0]
            if name.decode("latin-1").lower() in FORBIDDEN_TRAILERS:
                raise ProtocolError("RFC 9110 §6.5.1", at, name,
                                    "a field that is allowed in a trailer section")
            at += len(line)
        return Headers((), "\r\n" + fields)


class ChunkedReader(WireReader):
    """Takes a chunked body: appends pieces of its content.

        state       what is read                                     then
        line        chunk size, extensions, CRLF                     data, or after size 0 trailers
        data        `_remaining` bytes of content                    line, with the CRLF of the data before it
        trailers    field lines and the empty line                   done

    Pieces are slices of the data. Those of a memoryview are views, to be used before its buffer is filled
    again. At the end `trailers` is a Headers, and `leftover` has what was fed beyond the body.

    >>> reader = ChunkedReader()
    >>> reader.feed(b"5\\r\\nhel"), reader.feed(b"lo\\r\\n0\\r\\n\\r\\n"), reader.done
    ([b'hel'], [b'lo'], True)
    """

    trailers = None

    def __init__(self, labels=None, offset=0):
        WireReader.__init__(self, labels, offset)
        self._held = bytearray()      # the start of a chunk line that the data cut
        self._remaining = 0           # bytes to come of the present chunk
        self._size = 0                # of the present chunk
        self._content_size = 0        # of all chunks so far
        self._data_end = 0            # bytes of the CRLF that ends the chunk before this line: 0 or 2
        self._trailer_reader = None   # after the last chunk

    def take(self, data, at, out):
        size = len(data)
        while at < size and not self.done:
            if self._remaining:
                end = min(size, at + self._remaining)
                out.append(data[at:end])
                label_span(self._labels, self.offset, self.offset + end - at, "chunk data")
                self._remaining -= end - at
                self._content_size += end - at
                self.offset += end - at
                at = end
            elif self._trailer_reader is None:
                at = self._take_line(data, self._take_whole_chunks(data, at, out))
            else:
                found = []
                at = self._trailer_reader.take(data, at, found)
                if found:
                    self.trailers, = found
                    self.offset = self._trailer_reader.offset
                    self.done = True
        return at

    def _take_whole_chunks(self, data, at, out):
        """Append the chunks whose line and data are complete in `data` → the index after their data.

        take() and _take_line() find them too, but in 3 µs a chunk in place of 0.4, and each log line is one.
        """
        if self._held or not self._data_end or self._labels is not None:
            return at
        begin, size, content, match_line = at, len(data), 0, NEXT_CHUNK_LINE.match
        match = match_line(data, at)
        while match is not None:
            start = match.end()
            end = start + int(match.group(1), 16)
            if not start < end <= size:
                break
            out.append(data[start:end])
            content += end - start
            at = end
            match = match_line(data, at)
        self._content_size += content
        self.offset += at - begin
        return at

    def _take_line(self, data, at):
        """Parse the chunk line at `at`, whose first bytes may be in `_held` → the index after it."""
        known = len(self._held)
        self._held += data[at:at + MAX_CHUNK_LINE_BYTES + 1 - known]
        used, chunk = walk_chunk_line(self._held, known, self._data_end, self.offset, self._labels)
        if not used:
            return len(data)
        self._held = bytearray()
        self._remaining = self._size = chunk
        self._data_end = 2
        self.offset += used
        if not chunk:
            self._trailer_reader = TrailerReader(self._labels, self.offset)
        return at + used - known

    def _end_of_stream(self):
        if self._remaining:
            got = self._size - self._remaining
            return TruncatedError("chunk data", self.offset, self._size, got, "RFC 9112 §7.1")
        if self._trailer_reader is not None:
            return self._trailer_reader._end_of_stream()
        end, got = self.offset + len(self._held), self._content_size
        return TruncatedError("a chunked body (no last chunk)", end, None, got, "RFC 9112 §7.1")


def walk_chunk_line(rest, scanned, data_end, offset, labels=None):
    """(bytes used, chunk size) of the chunk line at the start of `rest`; (0, 0): need more. Or ProtocolError.

    `scanned` is the number of bytes of `rest` that earlier calls have read. `data_end` is 2 if the CRLF that
    ends the data of the chunk before comes first, else 0. `offset` is where `rest` begins in the stream.
    """
    if data_end and not b"\r\n".startswith(bytes(rest[:2])):
        wrong = 1 if rest[0] == 0x0d else 0
        raise ProtocolError("RFC 9112 §7.1", offset + wrong, rest[wrong:wrong + 16],
                            "CRLF after the chunk data")
    size_end = CHUNK_SIZE.match(rest, data_end).end()
    if size_end - data_end > 16 or size_end == data_end < len(rest):
        label_span(labels, offset, offset + data_end, "chunk data CRLF")
        raise ProtocolError("RFC 9112 §7.1", offset + data_end, rest[data_end:data_end + 20],
                            "a chunk size of 1 to 16 hexadecimal digits")
    if size_end >= len(rest):
        return 0, 0
    end = extension_end(rest, size_end, scanned, offset)
    line_end = bytes(rest[end:end + 2]) if end else b""
    if line_end in (b"", b"\r"):
        return 0, 0
    for start, stop, role in ((0, data_end, "chunk data CRLF"), (data_end, size_end, "chunk size"),
                              (size_end, end, "chunk extension")):
        label_span(labels, offset + start, offset + stop, role)
    if line_end != b"\r\n":
        rule, expected = "RFC 9112 §7.1", "CRLF after the chunk size"
        if rest[size_end] in b" \t;":
            rule, expected = "RFC 9112 §7.1.1", "a chunk extension (;name or ;name=value) or CRLF"
        raise ProtocolError(rule, offset + end, rest[end:end + 16], expected)
    label_span(labels, offset + end, offset + end + 2, "CRLF")
    return end + 2, int(bytes(rest[data_end:size_end]), 16)


def extension_end(rest, start, scanned, offset):
    """Where chunk extensions, if any, at index `start` of `rest` end; 0: need more."""
    if rest[start] not in b" \t;":
        return start
    if EXTENSION_END.search(rest, max(start, scanned - 1), MAX_CHUNK_LINE_BYTES - 1):
        return CHUNK_EXTENSION.match(rest, start).end()
    if len(rest) > MAX_CHUNK_LINE_BYTES:
        raise ProtocolError("rawdock limit", offset + MAX_CHUNK_LINE_BYTES, rest[MAX_CHUNK_LINE_BYTES:],
                            "a chunk line of at most %d bytes" % MAX_CHUNK_LINE_BYTES)
    return 0


def encode_chunk(data):
    """bytes → one chunk. Empty data gives b"", because a chunk of size 0 would end the body."""
    return b"%x\r\n%s\r\n" % (len(data), bytes(data)) if data else b""


def encode_last_chunk(trailers=()):
    """(name, value) pairs → the last chunk and the trailer section. UsageError for a forbidden field."""
    trailers = list(trailers)
    for name, _ in trailers:
        if str(name).lower() in FORBIDDEN_TRAILERS:
            raise UsageError("%s is not allowed in a trailer section (RFC 9110 §6.5.1)" % name)
    return b"0\r\n" + field_lines(trailers) + b"\r\n"
