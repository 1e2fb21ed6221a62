"""What lessons and the tour print, fitted to the width of the terminal, and the lines that they read."""
import os
import re
import sys
from collections import deque

from ...cli.printable import printable_text
from ..explain.screen import (
    DEFAULT_WIDTH, output_width, output_widths, painted, wants_colour, wrapped_words,
)
from ..explain.transcript import TranscriptSink
from ..record.record import WireRecorder

MAX_PROSE_WIDTH = 100
TITLE_COLOUR, GOOD_COLOUR, WRONG_COLOUR, LITERAL_COLOUR, MARK_COLOUR = "1", "1;32", "1;31", "36", "1;33"
INDENT = "    "
MARK_LINE = re.compile(r" +\^")
WORDS_THAT_LEAVE = ("q", "quit", "exit", "n", "no")   # at a prompt where Enter continues
FIRST_LINES, LAST_LINES = 40, 8   # of a folded transcript: a pull of many layers has thousands
NAMED_COMMAND = re.compile(r"\brawdock (?=(?:learn|tour|tap|explain|practice) ?)")


class Prose:
    """Prints paragraphs to `out`, an Output on stdout, fitted to its width and coloured."""

    def __init__(self, out):
        self._out = out
        self._colour = wants_colour(1)
        # Longer lines than MAX_PROSE_WIDTH are hard to read.
        self._width = min(MAX_PROSE_WIDTH, output_width(1) or DEFAULT_WIDTH)

    def say(self, text="", lead="", colour=""):
        """Print `text`; `lead` is its beginning, shown in `colour` (one of the colours above)."""
        lines = wrapped_text(as_started(printable_text(lead + text, "\n")), self._width).split("\n")
        if self._colour:
            lines = [painted(line, MARK_COLOUR if MARK_LINE.fullmatch(line) else LITERAL_COLOUR)
                     if line.startswith(INDENT) else line for line in lines]
            if lead:
                start = lines[0][:len(lead.rstrip())]
                lines[0] = painted(start, colour) + lines[0][len(start):]
        self._write(lines)

    def _write(self, lines, colour=""):
        """Print lines (list of str), in `colour` on a terminal. They hold no escape sequences of others."""
        if colour and self._colour:
            lines = [painted(line, colour) for line in lines]
        self._out.write("".join([line + "\n" for line in lines]).encode("utf-8"))

    def title(self, text):
        self._write(wrapped_words(text, self._width), TITLE_COLOUR)

    def row(self, label, text):
        """Print a row of a list; a `text` that is too long continues below itself."""
        for line in wrapped_words(text, self._width - len(label)):
            self._out.line(label + line)
            label = " " * len(label)

    def show_bytes(self, lines):
        """Print lines (list of str) of what was typed or is to be typed, indented."""
        self._write([INDENT + printable_text(line) for line in lines], LITERAL_COLOUR)


def wrapped_text(text, width):
    """`text` (str), with the lines of each paragraph filled up to `width` columns.

    Lines that begin with a blank or { are indented and otherwise left as they are, so that a shell still
    reads a command as one line.
    """
    lines = []
    for paragraph in text.strip("\n").split("\n\n"):
        held = []
        for line in paragraph.split("\n") + [""]:
            literal = line[:1] in (" ", "{")
            if held and (literal or not line):
                lines += wrapped_words(" ".join(held), width)
                held = []
            if literal:
                lines.append(line if line.startswith(INDENT) else INDENT + line)
            elif line:
                held.append(line)
        lines.append("")
    return "\n".join(lines[:-1])


class FoldedLines:
    """An output for transcripts that prints FIRST_LINES of a part, and LAST_LINES when the part has ended.

    The lines between them are counted. A line that begins with a blank continues the one above it, and is
    counted with that.
    """

    def __init__(self, out):
        self._out = out
        self._count = 0
        self._held = deque(maxlen=LAST_LINES)

    def write(self, data):
        for line in data.splitlines(True):
            goes_on = line.startswith(b" ")
            self._count += not goes_on
            if self._count <= FIRST_LINES:
                self._out.write(line)
            elif goes_on and self._held:
                self._held[-1] += line
            else:
                self._held.append(line)

    def end_part(self):
        left_out = self._count - FIRST_LINES - len(self._held)
        if left_out > 0:
            self._out.line("… %d lines are left out …" % left_out)
        self._out.write(b"".join(self._held))
        self._count = 0
        self._held.clear()


def folded_transcript(out, numbered=True):
    """(a WireRecorder that prints a transcript on `out`, the FoldedLines in between)."""
    paper = FoldedLines(out)
    sink = TranscriptSink(paper, wants_colour(1), numbered=numbered, widths=output_widths(1))
    return WireRecorder([sink]), paper


def command_spelled(argv0):
    """The command that started `argv0` (str): without an installation there is no command `rawdock`."""
    from shlex import quote
    name = os.path.basename(argv0)
    if name == "__main__.py":
        return "python3 -m rawdock"
    return "python3 " + quote(argv0) if name.endswith(".py") else "rawdock"


def as_started(text):
    """`text`, in which commands of rawdock are spelled as they can be typed where it was started."""
    return NAMED_COMMAND.sub(lambda match: command_spelled(sys.argv[0]) + " ", text)


def typed_line(prompt):
    """A line (str) from the terminal, None at its end. It can be edited if Python has readline."""
    try:
        import readline
        readline.set_auto_history(True)
        # With bracketed paste, lines that are pasted together would come as one.
        readline.parse_and_bind("set enable-bracketed-paste off")
    except ImportError:
        pass
    try:
        return input(prompt)
    except EOFError:
        os.write(1, b"\n")
        return None
