"""What a pull, push or load is doing: the engine's progress messages as lines.

On a terminal a layer has one line, rewritten where it stands; elsewhere every change of
status is a line and the counts in between are left out, so that a log stays readable.

Promises: each message leaves in one write, so nothing else cuts into its escapes. What
ended before a message without progress is history and its lines are not touched again.

Leaves out: the time a transfer still needs (engines send no start time), and errors:
Response.messages() has raised those already.
"""
import os

from .format import human_size

PROGRESS_BAR_WIDTH = 50
PROGRESS_BAR_TERMINAL = 110    # the bar shows on terminals wider than this
ASSUMED_TERMINAL_WIDTH = 200   # where the terminal does not say


def progress_text(detail, width=ASSUMED_TERMINAL_WIDTH):
    """{"current", "total", "units", "hidecounts"} as bar and counts, "" when nothing is counted. `width` in columns."""
    current = detail.get("current") or 0
    total = detail.get("total") or 0
    units = detail.get("units")

    def amount(number):
        return "%d %s" % (number, units) if units else human_size(number, 4)

    if current <= 0 and total <= 0:
        return ""
    if total <= 0:
        return "%8s" % amount(current)
    bar = ""
    if width > PROGRESS_BAR_TERMINAL:
        filled = max(0, min(PROGRESS_BAR_WIDTH, int(current * 100.0 / total) // 2))
        bar = "[%s>%s] " % ("=" * filled, " " * (PROGRESS_BAR_WIDTH - filled))
    if detail.get("hidecounts"):
        return bar
    if current > total:
        return bar + ("%s" if units else "%8s") % amount(current)
    if units:
        return bar + "%d/%d %s" % (current, total, units)
    return bar + "%8s/%s" % (amount(current), amount(total))


class PullProgress:
    """show(message) for each message (dict) of a stream, in order. `output` an Output, `tty` whether it is a terminal."""

    def __init__(self, output, tty=None):
        self.output = output
        self.tty = output.isatty() if tty is None else tty
        self._lines = {}      # id → which line of the block it has, from its top

    def _width(self):
        try:
            return os.get_terminal_size(self.output.fileno()).columns or ASSUMED_TERMINAL_WIDTH
        except (OSError, ValueError, AttributeError):
            return ASSUMED_TERMINAL_WIDTH

    def show(self, message):
        if message.get("aux") is not None:
            return
        text = self.render(message)
        if text:
            self.output.write(text.encode("utf-8", "replace"))

    def render(self, message):
        """What `message` adds to the output, str; "" for nothing."""
        identity = message.get("id") or ""
        detail = message.get("progressDetail")
        detail = detail if isinstance(detail, dict) else None
        if not identity or detail is None:
            self._lines = {}
            return self._line(message, identity, detail)
        if not self.tty:
            return self._line(message, identity, detail)
        before = ""
        if identity not in self._lines:
            self._lines[identity] = len(self._lines)
            before = "\n"
        up = len(self._lines) - self._lines[identity]
        # Up to the line, clear it, write, and down again to below the block.
        return "%s\x1b[%dA%s\x1b[%dB" % (before, up, self._line(message, identity, detail), up)

    def _line(self, message, identity, detail):
        rewritten = self.tty and detail is not None and not message.get("stream")
        bar = progress_text(detail, self._width() if self.tty else ASSUMED_TERMINAL_WIDTH) if detail else ""
        if bar and not self.tty:
            return ""
        text = "%s: " % identity if identity else ""
        if message.get("stream"):
            return text + message["stream"]
        if not identity and not message.get("status"):
            return ""   # an empty message, such as builds send, says nothing
        text += message.get("status") or ""
        return "\x1b[2K\r%s %s\r" % (text, bar) if rewritten else text + "\n"
