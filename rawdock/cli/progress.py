"""The progress of a pull: the engine's messages as lines.

On a terminal a layer has one line, which is rewritten in place. Elsewhere every change of status is a line,
and the counts in between are left out, so that a log stays readable.

Promises: each message is one write, so that nothing else is written between its escapes. The lines before a
message without progress are not rewritten after it.

Leaves out: the time that a transfer still needs, because engines send no start time, and errors, because
Response.messages() raises those.
"""
import os

from ..engine.answers import answer_field
from ..errors import StreamError
from .console import CommandFailed, reject_malformed_answer
from .format import human_size
from .printable import printable_text

PROGRESS_BAR_WIDTH = 50
PROGRESS_BAR_TERMINAL = 110    # the bar shows on terminals wider than this
ASSUMED_TERMINAL_WIDTH = 200   # where the terminal does not say


def progress_field(answer, name, kind):
    """The value under `name` in the dict `answer`, which is of the type `kind`; kind() without one."""
    return answer_field(answer, "ImageCreate", (kind, type(None)), name) or kind()


def progress_text(detail, width=ASSUMED_TERMINAL_WIDTH):
    """{"current", "total", "units", "hidecounts"} as bar and counts, "" if nothing is counted.

    `width` is that of the terminal, in columns.
    """
    current, total = progress_field(detail, "current", int), progress_field(detail, "total", int)
    units = printable_text(progress_field(detail, "units", str))

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
    """Writes the progress of a stream: show(message) for each of its messages, in order.

    `output` is an Output, and `tty` says whether it is a terminal.
    """

    def __init__(self, output, tty=None):
        self.output = output
        self.tty = output.isatty() if tty is None else tty
        self._lines = {}      # id → the number of its line, from the top of the block

    def _width(self):
        try:
            return os.get_terminal_size(self.output.fileno()).columns or ASSUMED_TERMINAL_WIDTH
        except (OSError, ValueError, AttributeError):
            return ASSUMED_TERMINAL_WIDTH

    def show(self, message):
        """Write what the dict `message` says. ProtocolError if a field has another type than the API's."""
        if message.get("aux") is not None:
            return
        text = reject_malformed_answer(self.render, message)
        if text:
            self.output.write(text.encode("utf-8"))

    def render(self, message):
        """What `message` adds to the output (str)."""
        identity = printable_text(progress_field(message, "id", str))
        detail = answer_field(message, "ImageCreate", (dict, type(None)), "progressDetail")
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
        # Up to the line, which is cleared and written, and down again to below the block.
        return "%s\x1b[%dA%s\x1b[%dB" % (before, up, self._line(message, identity, detail), up)

    def _line(self, message, identity, detail):
        status = printable_text(progress_field(message, "status", str), "\n\t")
        stream = printable_text(progress_field(message, "stream", str), "\n\t")
        rewritten = self.tty and detail is not None and not stream
        bar = progress_text(detail, self._width() if self.tty else ASSUMED_TERMINAL_WIDTH) if detail else ""
        if bar and not self.tty:
            return ""
        text = "%s: " % identity if identity else ""
        if stream:
            return text + stream
        if not identity and not status:
            return ""   # an empty message, as builds send them
        text += status
        return "\x1b[2K\r%s %s\r" % (text, bar) if rewritten else text + "\n"


def show_messages(output, messages, quiet=False):
    """Write the progress that `messages` (iterable of dict) report to an Output, nothing if `quiet`.

    Returns the objects `aux` of the messages. CommandFailed for an error that the engine reports in them: the
    docker CLI, too, writes the error of a transfer that had begun without a prefix.
    """
    progress, results = PullProgress(output), []
    try:
        for message in messages:
            if not quiet:
                progress.show(message)
            if isinstance(message.get("aux"), dict):
                results.append(message["aux"])
        return results
    except StreamError as error:
        raise CommandFailed(error.message, 1)
