"""What crossed the connections as a hexdump: offset, hexadecimal, ASCII, role and explanation of every byte.

    00000000  48 54 54 50 2f 31 2e 31  |HTTP/1.1|  version  The version of HTTP that … [RFC 9112 §2.3]

Promises: every span of the annotation is there; of a span longer than HEXDUMP_SPAN_BYTES the start, and how
many bytes follow. On a screen of known width no line is longer: an explanation without room beside its bytes
goes below them, and a narrow screen has fewer bytes in a row.
"""
from ...cli.printable import printable_text
from .explanations import explain_span
from .screen import counted_bytes, painted, wrapped_words
from .transcript import SIGN_COLOURS

HEXDUMP_BYTES = 16            # in a row
HEXDUMP_SPAN_BYTES = 64       # shown of one span
HEXDUMP_COLUMN = 79           # of an explanation beside a row of 16 bytes
HEXDUMP_ROOM = 40             # columns that it needs there; else it goes below the rows
EXPLAINED_INDENT = 10         # of an explanation below the rows


class HexdumpLayout:
    """How many bytes a row has and where explanations go, on `width` columns (None: without a limit)."""

    def __init__(self, width):
        self.width = width
        self.row = next((row for row in (16, 8, 4) if width is None or width >= 15 + 4 * row), 4)
        self.beside = width is None or width - HEXDUMP_COLUMN >= HEXDUMP_ROOM

    def rows(self, data, span):
        """Yield (offset, bytes) for each row of a span, and (offset, None) for the rest if it is left out."""
        limit = span.end
        if span.end - span.start > HEXDUMP_SPAN_BYTES + HEXDUMP_BYTES:
            limit = span.start + HEXDUMP_SPAN_BYTES
        for start in range(span.start, limit, self.row):
            yield start, data[start:min(start + self.row, limit)]
        if limit < span.end:
            yield limit, None

    def row_text(self, span, offset, piece):
        if piece is None:
            return "%08x  … %s more" % (offset, counted_bytes(span.end - offset))
        ascii_text = "".join([chr(byte) if 0x20 <= byte < 0x7f else "." for byte in piece])
        pairs = " ".join(["%02x" % byte for byte in piece])
        return "%08x  %-*s  |%s|" % (offset, 3 * self.row - 1, pairs, ascii_text)

    def explained(self, role, text, source):
        """The explanation as lines (str)."""
        if self.width is None:
            return ["%-31s %s [%s]" % (role, text, source)]
        column = HEXDUMP_COLUMN if self.beside else EXPLAINED_INDENT
        return wrapped_words("%s: %s [%s]" % (role, text, source), self.width - column)


def hexdump_message(stream, message, layout, colour=False):
    """Yield the lines (str) of a message: its bytes, their roles, and explanations with their sources."""
    for span in message.spans:
        text, source = explain_span(span, stream)
        role = span.role + (" in %s" % span.within if span.within else "")
        parts = layout.explained(role, text, source)
        if colour:
            parts = [painted(part, "1;31" if span.role == "malformed" else "2") for part in parts]
        for offset, piece in layout.rows(stream.data, span):
            line = layout.row_text(span, offset, piece)
            if layout.beside and parts and piece is not None:
                line = "%-*s%s" % (HEXDUMP_COLUMN, line, parts.pop(0))
            yield line
        for part in parts:
            yield " " * (HEXDUMP_COLUMN if layout.beside else EXPLAINED_INDENT) + part


def hexdump_lines(annotated, colour=False, width=None):
    """Yield the lines (str) of an AnnotatedRecording, by connection and the time of the messages.

    `width` (columns) is what the lines are fitted into; None puts each explanation beside its first row.
    """
    layout = HexdumpLayout(width)
    room = width or 1 << 30
    for connection in annotated.connections:
        rows = [(message.seconds[0], number, stream, message)
                for number, stream in enumerate((connection.requests, connection.responses))
                for message in stream.messages]
        for _, _, stream, message in sorted(rows, key=lambda row: row[:2]):
            heading = "%s connection %d, %s: bytes %d to %d, a %s" % (
                stream.direction, connection.number,
                "client to engine" if stream.direction == ">" else "engine to client",
                message.start, message.end, message.kind)
            for line in wrapped_words(heading, room):
                yield painted(line, "1;" + SIGN_COLOURS[stream.direction]) if colour else line
            for line in hexdump_message(stream, message, layout, colour):
                yield line
            if message.error is not None:
                for line in wrapped_words("! %s" % printable_text(message.error.message), room):
                    yield line
        for note in connection.recorded.notes:
            for line in wrapped_words("* %s" % printable_text(note), room):
                yield line
