"""Text for a terminal: how wide it is, whether it has colours, where lines break.

    output_width(descriptor)      columns: COLUMNS, else the terminal's, else None
    output_widths(descriptor)     columns for explanations, 80 if not known, and for text of the wire
    wants_colour(descriptor)      whether escape sequences for colours may be written
    wrapped_words(text, room)     prose → lines that break between words
    broken_line(text, room)       text of the wire → pieces of it, broken after blanks and commas

Promises: no line is longer than `room`, whatever the text, and no word that fits into it is broken.
Left out: characters that take two columns or none; they count as one.
"""
import os
import re

MIN_WIDTH = 40
DEFAULT_WIDTH = 80
BREAK_AFTER = re.compile(r"[ ,;&?]")
WEAK_BREAK_AFTER = re.compile(r"[ ,;&?/{}\[\]|]|[:=](?![0-9])|\\x[0-9a-f]{2}|\\n")
LONG_WORD = re.compile(r"\W?\w+")
SPELLED_BYTE = re.compile(r"\\r\\n|\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\\U[0-9a-f]{8}|\\[a-z\\]|\.{2,}")


def wants_colour(descriptor):
    """Whether what is written to the file descriptor may be coloured: a terminal, and NO_COLOR is not set."""
    return os.isatty(descriptor) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def output_width(descriptor):
    """The columns of the screen that the file descriptor writes to, MIN_WIDTH at least; None if not known."""
    columns = os.environ.get("COLUMNS", "")
    if re.fullmatch("[0-9]{1,6}", columns) and int(columns):
        return max(MIN_WIDTH, int(columns))
    try:
        columns = os.get_terminal_size(descriptor).columns
    except (OSError, ValueError):
        return None
    return max(MIN_WIDTH, columns) if columns else None


def output_widths(descriptor):
    """(columns for explanations, columns for text of the wire) on what the file descriptor writes to.

    If they are not known, explanations are fitted into DEFAULT_WIDTH, and lines of the wire are not broken
    (None), so that grep finds them.
    """
    width = output_width(descriptor)
    return width or DEFAULT_WIDTH, width


def painted(text, code):
    """`text` between the escape sequences that set the colour `code` (such as "1;32") and reset it."""
    return "\x1b[%sm%s\x1b[0m" % (code, text) if text else text


def counted_bytes(count):
    return "1 byte" if count == 1 else "%d bytes" % count


def broken_line(text, room):
    """A line (str) → list of str, none longer than `room`, that are the line when joined."""
    pieces = []
    while len(text) > room:
        at = break_place(text, room)
        pieces.append(text[:at])
        text = text[at:]
    return pieces + [text]


def break_place(text, room):
    """Where to break `text`: after a blank or a comma, else after a bracket, else inside a word."""
    first = len(text) - len(text.lstrip()) + 1   # a piece has more than blanks
    for pattern, least in ((BREAK_AFTER, room // 3), (WEAK_BREAK_AFTER, first)):
        places = [match.end() for match in pattern.finditer(text, 0, room) if match.end() >= least]
        if (places and not (len(text) - places[-1] > room
                            and LONG_WORD.fullmatch(text, places[-1], places[-1] + room))):
            return places[-1]   # else the word after this place would be broken in any case
    for match in SPELLED_BYTE.finditer(text, max(0, room - 10), room + 10):
        if 0 < match.start() < room < match.end():
            return match.start()
    return room


def wrapped_words(text, room):
    """Prose → list of lines; a word that is longer than `room` is broken as broken_line() breaks it."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > room:
            lines.append("")
        pieces = broken_line(word, room)
        lines[-1] += (" " if lines[-1] else "") + pieces[0]
        lines += pieces[1:]
    return lines
