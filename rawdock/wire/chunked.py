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
import re

from ..errors import ProtocolError, TruncatedError, UsageError
from .feed import values_or_error
from .grammar import CHUNK_EXTENSION, PLAIN_LAST_CHUNK, TRAILER_SECTION
from .message import Headers, field_lines, parse_fields, walk_head

MAX_CHUNK_LINE_BYTES = 4096   # hyper takes 16 KiB of extensions, Go 4 KiB a line; dockerd sends none
MAX_TRAILER_BYTES = 16384     # llhttp and nginx count trailers against a head of 16 to 32 KiB

PLAIN_CHUNK_LINE = re.compile(rb"\r\n([0-9A-Fa-f]{1,16})\r\n")
HEX_DIGITS = re.compile(rb"[0-9A-Fa-f]*")
EXTENSION = re.compile(CHUNK_EXTENSION)
EXTENSION_END = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")

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
    """

    def __init__(self, labels=None, offset=0):
        self.done = False
        self.trailers = None
        self.leftover = b""
        self.error = None
        self._labels = labels
        self._offset = offset   # of the first byte of the data being fed (or of what is held)
        self._held = b""        # the start of a line or trailer section that the buffer cut
        self._remaining = 0     # bytes still to come of the present chunk
        self._size = 0          # of the present chunk, for the verdict
        self._first = True      # no CRLF stands before the first chunk line
        self._in_trailers = False

    def feed(self, data):
        if self.error is not None:
            raise self.error
        pieces = []
        try:
            self._decode(data, pieces)
        except ProtocolError as error:
            self.error = error
        return values_or_error(pieces, self.error)

    def _decode(self, data, pieces):
        if self.done:
            self.leftover += bytes(data)
            return
        size = len(data)
        at = 0
        if self._remaining and size:
            at = min(size, self._remaining)
            pieces.append(data[:at])
            self._remaining -= at
            if self._labels is not None:
                self._labels.append((self._offset, self._offset + at, "chunk data"))
        # The fast lane: whole plain lines, one after another, with nothing held and nothing labelled.
        match_line = PLAIN_CHUNK_LINE.match
        slow = self._labels is not None or self._first or self._held or self._in_trailers
        while at < size:
            match = None if slow else match_line(data, at)
            if match is None:
                at, length = self._slow_line(data, at)
                if length is None:
                    break
                slow = self._labels is not None
            else:
                length = int(match.group(1), 16)
                if not length:
                    at, length = self._slow_line(data, at)
                    if length is None:
                        break
                at = match.end()
            end = at + length
            if end > size:
                self._remaining = end - size
                self._size = length
                if at < size:
                    pieces.append(data[at:])
                end = size
            else:
                pieces.append(data[at:end])
            if self._labels is not None and end > at:
                self._labels.append((self._offset + at, self._offset + end, "chunk data"))
            at = end
        self._offset += size

    def _slow_line(self, data, at):
        """(index after the line, chunk size); or (any, None) when all of `data` is used up."""
        held = self._held
        rest = held + bytes(data[at:at + MAX_TRAILER_BYTES + 2])
        start = self._offset + at - len(held)
        if not self._in_trailers:
            walked = walk_chunk_line(rest, self._first, start, self._labels)
            if walked is None:
                self._held = rest
                return at, None
            used, length = walked
            self._first = False
            self._held = b""
            at += used - len(held)
            if length:
                return at, length
            self._in_trailers = True
            start, held, rest = self._offset + at, b"", bytes(data[at:at + MAX_TRAILER_BYTES + 2])
        used = self._walk_trailers(rest, start)
        if used is None:
            self._held = rest
            return at, None
        self._held = b""
        self.done = True
        self.leftover = bytes(data[at + used - len(held):])
        return at, None

    def _walk_trailers(self, rest, start):
        """How many bytes of `rest` the trailer section takes, or None: need more."""
        end = 2 if rest.startswith(b"\r\n") else rest.find(b"\r\n\r\n") + 4
        if end < 4 and end != 2:
            if len(rest) > MAX_TRAILER_BYTES:
                raise ProtocolError("rawdock limit", start + MAX_TRAILER_BYTES, rest[MAX_TRAILER_BYTES:],
                                    "a trailer section of at most %d bytes" % MAX_TRAILER_BYTES)
            if rest and not b"\r\n".startswith(rest[:2]) and (rest[:1] in b" \t\r\n" or b"\n" in rest.replace(b"\r\n", b"")):
                walk_head(rest.decode("latin-1"), "trailer", start)
            return None
        text = rest[:end].decode("latin-1")
        match = TRAILER_SECTION.fullmatch(text)
        if match is None or self._labels is not None:
            walk_head(text, "trailer", start, self._labels)
        pairs = parse_fields(match.group(1))
        for name, _ in pairs:
            if name.lower() in FORBIDDEN_TRAILERS:
                raise ProtocolError("RFC 9110 §6.5.1", start + text.index(name), name.encode("latin-1"),
                                    "a field that may stand in a trailer section")
        self.trailers = Headers(pairs)
        return end

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


def walk_chunk_line(rest, first, offset, labels=None):
    """(bytes used, chunk size) of the chunk line at the start of `rest`; None: need more; ProtocolError: wrong.

    `first`: no chunk stands before this line; else the CRLF that ends its data comes first.
    """
    at = 0
    if not first:
        if not b"\r\n".startswith(rest[:2]):
            at = 1 if rest[:1] == b"\r" else 0
            raise ProtocolError("RFC 9112 §7.1", offset + at, rest[at:at + 16], "CRLF after the chunk data")
        at = 2
    digits_end = HEX_DIGITS.match(rest, min(at, len(rest))).end()
    if digits_end == at and at < len(rest) or digits_end - at > 16:
        raise ProtocolError("RFC 9112 §7.1", offset + at, rest[at:at + 20], "a chunk size of 1 to 16 hexadecimal digits")
    if digits_end >= len(rest):
        return None
    line_end = EXTENSION_END.search(rest, digits_end)
    if line_end is None or rest[line_end.start():] == b"\r":
        if len(rest) > MAX_CHUNK_LINE_BYTES:
            raise ProtocolError("rawdock limit", offset + MAX_CHUNK_LINE_BYTES, rest[MAX_CHUNK_LINE_BYTES:],
                                "a chunk line of at most %d bytes" % MAX_CHUNK_LINE_BYTES)
        if rest[digits_end:digits_end + 1] in b" \t;\r":
            return None
    extension_end = digits_end + EXTENSION.match(rest[digits_end:].decode("latin-1")).end()
    if not rest.startswith(b"\r\n", extension_end):
        in_size = extension_end == digits_end and rest[digits_end:digits_end + 1] not in (b";", b"\r", b"\n")
        raise ProtocolError("RFC 9112 §7.1" if in_size else "RFC 9112 §7.1.1", offset + extension_end,
                            rest[extension_end:extension_end + 16],
                            "CRLF after the chunk size" if in_size else "a chunk extension (;name or ;name=value) or CRLF")
    if labels is not None:
        spans = ((0, at, "chunk data CRLF"), (at, digits_end, "chunk size"),
                 (digits_end, extension_end, "chunk extension"), (extension_end, extension_end + 2, "CRLF"))
        labels.extend((offset + start, offset + end, role) for start, end, role in spans if end > start)
    return extension_end + 2, int(rest[at:digits_end], 16)


def encode_chunk(data):
    """bytes → one chunk. Empty data gives b"": a chunk of size 0 would end the body."""
    return b"%x\r\n%s\r\n" % (len(data), bytes(data)) if data else b""


def encode_last_chunk(trailers=()):
    """(name, value) pairs → the last chunk and the trailer section. UsageError for a field forbidden there."""
    if not trailers:
        return PLAIN_LAST_CHUNK
    for name, _ in trailers:
        if str(name).lower() in FORBIDDEN_TRAILERS:
            raise UsageError("%s may not stand in a trailer section (RFC 9110 §6.5.1)" % name)
    return b"0\r\n" + field_lines(trailers) + b"\r\n"
