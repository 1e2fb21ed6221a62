"""The progress of a build by BuildKit: its steps as lines, as a display at a terminal, or as JSON.

    BuildProgress    takes the messages of `POST /build?version=2`, in order, and writes to stderr
    LineDisplay      --progress=plain: "#5 [2/3] RUN make", what the step prints, "#5 DONE 0.1s"
    TerminalDisplay  --progress=tty: a line for each step, rewritten in place while the time runs
    JsonDisplay      --progress=rawjson: BuildKit's own account, an object a line

Promises: BuildKit's lines. A failed step is shown again at the end, with its log and the lines of the
Dockerfile. What an engine calls its steps cannot control the terminal; what a step's program writes is its
own, and stays as it is where lines are not rewritten.

Left out: BuildKit's choice, by how much each writes, among steps that run at once. Another step is shown
when the present one ends, or after five seconds if that has lines to show.
"""
import os
import time

from ..engine.answers import answer_field
from ..engine.buildkit import BuildTrace, read_build_status
from ..engine.dockerfile import dockerfile_excerpt, find_failed_lines
from .console import CommandFailed, reject_malformed_answer
from .printable import printable_text

PROGRESS_MODES = ("auto", "plain", "tty", "rawjson", "quiet")
SWITCH_SECONDS = 5        # a step that is still running makes room for another
STATUS_SECONDS = 5        # between two lines of one count, unless it has grown by 5 % of its total
FAILED_LOG_LINES = 10     # of the failed step, where all of its log was written before
BUILD_REDRAW_SECONDS = 0.1
LIVE_LOG_LINES = 6        # below each step that runs, at a terminal
NARROWEST_TERMINAL = 24
COLOR_DONE, COLOR_FAILED, COLOR_CANCELLED, COLOR_LOG = "34", "31", "33", "2"   # ECMA-48 §8.3.117
# State of a step → (what its line begins with at a terminal, the color).
STEP_STATES = {"running": ("", None), "done": ("", COLOR_DONE), "cached": ("CACHED ", COLOR_DONE),
               "failed": ("ERROR ", COLOR_FAILED), "cancelled": ("CANCELED ", COLOR_CANCELLED)}

SESSION_NEEDED = "no active session"
USE_BUILDX = "use `docker buildx build`"
# A part of a step's name, why such a step needs a session, and what to do instead.
SESSION_WAYS = (
    ("--mount=type=secret", "a secret comes from the client", USE_BUILDX),
    ("--mount=type=ssh", "an ssh agent is the client's", USE_BUILDX),
    ("load metadata for ", "credentials for the registry of a base image come from the client",
     "pull it before the build, with `rawdock pull %s`"),
    ("", "secrets, ssh agents and credentials for registries come from the client",
     "pull base images before the build, or " + USE_BUILDX),
)


def choose_progress(console, given):
    """The mode of --progress: `given` (str or None), else BUILDKIT_PROGRESS, else "auto" → one of
    PROGRESS_MODES but "auto".
    """
    mode = given or os.environ.get("BUILDKIT_PROGRESS") or "auto"
    if mode not in PROGRESS_MODES:
        raise CommandFailed("ERROR: invalid progress mode %s" % mode, 1)
    if mode == "tty" and not console.err.isatty():
        raise CommandFailed("ERROR: failed to get console: provided file is not a console", 1)
    return mode if mode != "auto" else "tty" if console.err.isatty() else "plain"


def buildkit_size(size):
    """Bytes as BuildKit counts them: "188B", "1.92kB".

    >>> buildkit_size(188), buildkit_size(1920), buildkit_size(24 * 10 ** 6)
    ('188B', '1.92kB', '24.00MB')
    """
    if size < 1000:
        return "%dB" % size
    amount, units = size / 1000.0, list("kMGTPE")
    while amount >= 1000 and len(units) > 1:
        amount, units = amount / 1000.0, units[1:]
    return "%.2f%sB" % (amount, units[0])


def step_state(step):
    """A BuildStep's state (str): a key of STEP_STATES."""
    if step.running:
        return "running"
    if step.error:
        return "cancelled" if step.cancelled else "failed"
    return "cached" if step.cached else "done"


def status_counts(status):
    """How far a status (dict) is: "1.92kB / 24.00MB", "188B", or ""."""
    if status["total"]:
        return "%s / %s" % (buildkit_size(status["current"]), buildkit_size(status["total"]))
    return buildkit_size(status["current"]) if status["current"] else ""


def status_seconds(status):
    """How long a status (dict) has taken, in seconds: until it was completed, or was sent."""
    until = status["completed"] or status["timestamp"] or 0
    return max(0.0, (until - status["started"]) / 1e9) if status["started"] else 0.0


class BuildDisplay:
    """Shows nothing: --progress=quiet. The base of what shows something.

    `output` is an Output, and `trace` the BuildTrace that it shows.
    """

    def __init__(self, output, trace):
        self.output = output
        self.trace = trace

    def take(self, status):
        """Update the trace from a status (dict) of read_build_status(), and show what is new."""
        self.update(status, self.trace.update(status))

    def update(self, status, steps):
        """Show a status, which the trace has; `steps` (list of BuildStep) are those that it changed."""

    def end(self):
        """No more will come: write what is still to be written."""

    def write_failed_step(self, most):
        """Write the name of the step that failed, and up to `most` last lines of its log."""
        step = self.trace.failed
        if step is not None:
            self.output.line("------\n > %s:" % step.name)
            self.output.write(b"".join([line + b"\n" for line in list(step.tail)[-most:]]))
            self.output.line("------")


class JsonDisplay(BuildDisplay):

    def update(self, status, steps):
        import json
        text = json.dumps(reject_malformed_answer(json_status, status), separators=(",", ":"))
        self.output.write(text.encode("ascii") + b"\n")


JSON_TIMES = ("started", "completed", "timestamp")
JSON_ALWAYS = ("current", "digest", "id", "vertex", "level", "stream")   # written when they are 0 or "" too


def json_status(value, name=None):
    """A decoded status, or a part of it with that `name`, as BuildKit writes it in JSON."""
    if isinstance(value, dict):
        return {key: json_status(part, key) for key, part in value.items()
                if part or key in JSON_ALWAYS or key in JSON_TIMES and part is not None}
    if isinstance(value, list):
        return [json_status(part) for part in value]
    if isinstance(value, bytes):
        from base64 import b64encode
        return b64encode(value).decode("ascii")
    if name in JSON_TIMES:
        seconds, nanos = divmod(value, 10 ** 9)
        fraction = (".%09d" % nanos).rstrip("0").rstrip(".")
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + fraction + "Z"
    return value


class LineDisplay(BuildDisplay):
    """Lines, one step at a time; those of the other steps are kept until it is their turn."""

    def __init__(self, output, trace):
        BuildDisplay.__init__(self, output, trace)
        self._current = None     # the step whose lines are being written
        self._since = 0.0        # the time at which it became that
        self._numbered = 0
        self._waiting = []       # steps with lines that were not written
        self._ended = set()      # steps whose end was written
        self._counted = {}       # (step's number, id of a status) → the status dict that was written last
        self._warned = {}        # step → how many of its warnings were written

    def update(self, status, steps):
        self._waiting += [step for step in steps if step not in self._waiting]
        completed = [step for step in self._waiting if not step.running]
        for step in sorted(completed, key=lambda step: (step is not self._current, step.completed or 0)):
            self._show(step)
        if self._current in self._waiting:
            self._show(self._current)
        if self._current is None or self._waiting and time.monotonic() - self._since > SWITCH_SECONDS:
            running = [step for step in self.trace.steps if step.running and step not in self._ended]
            for step in (self._waiting or running)[:1]:
                self._show(step)

    def end(self):
        for step in list(self._waiting):
            self._show(step)
        self.write_failed_step(FAILED_LOG_LINES)

    def _show(self, step):
        """Write what is new of the step, which leaves those that wait."""
        if step in self._waiting:
            self._waiting.remove(step)
        unwritten = step.lines or step.changed or step.warnings[self._warned.get(step, 0):]
        if step in self._ended and not (unwritten or step.error):
            return   # another step needed its result again
        if step is not self._current:
            self._change_to(step)
        lines = [self._status_line(step, status) for status in step.changed.values()]
        lines += ["WARN: " + text for text in step.warnings[self._warned.get(step, 0):]]
        self._warned[step] = len(step.warnings)
        self._write([line for line in lines if line], step)
        self.output.write(b"".join([b"#%d %s\n" % (step.number, line) for line in step.lines]))
        step.lines, step.changed = [], {}
        if not step.running:
            self._ended.add(step)
            self._current = None
            self._write([self._result(step)], step)

    def _change_to(self, step):
        if self._current is not None:
            self._write(["..."], self._current)
        if self._numbered:
            self.output.line()
        if not step.number:
            self._numbered += 1
            step.number = self._numbered
        self._current, self._since = step, time.monotonic()
        self._write([step.name], step)

    def _write(self, lines, step):
        if lines:
            self.output.line("\n".join(["#%d %s" % (step.number, printable_text(line)) for line in lines]))

    def _status_line(self, step, status):
        """The line (str) of a status, or None for one that has changed too little."""
        key = step.number, status["id"]
        before = self._counted.get(key)
        if before is not None and not status["completed"]:
            grown = status["current"] - before["current"]
            passed = (status["timestamp"] or 0) - (before["timestamp"] or 0)
            if grown * 20 < (status["total"] or grown * 20 + 1) and passed < STATUS_SECONDS * 10 ** 9:
                return None
        self._counted[key] = status
        seconds = status_seconds(status)
        return " ".join([status["id"]] + [part for part in (
            status_counts(status), "%.1fs" % seconds if seconds > 0.01 else "",
            "done" if status["completed"] else "") if part])

    @staticmethod
    def _result(step):
        return {"done": "DONE %.1fs" % step.seconds, "cached": "CACHED", "cancelled": "CANCELED",
                "failed": "ERROR: " + step.error}[step_state(step)]


def display_size(output):
    """(columns, lines) of the terminal that an Output writes to: 80 and 25 where it does not say."""
    try:
        width, height = os.get_terminal_size(output.fileno())
    except (OSError, ValueError):
        width = height = 0
    return max(width or 80, NARROWEST_TERMINAL), max(height or 25, 3)


class TerminalDisplay(BuildDisplay):
    """All steps at once, rewritten in place ten times a second by a thread, whether a message comes or not.
    """

    def __init__(self, output, trace):
        from threading import Event, Lock, Thread
        BuildDisplay.__init__(self, output, trace)
        self._height = 0              # lines that were drawn and will be rewritten
        self._began = time.monotonic()
        self._ahead = None            # nanoseconds by which the engine's clock is ahead of this one
        self._lock = Lock()           # of the trace and of what is drawn
        self._over = Event()
        self._thread = Thread(target=self._redraw_while_running, daemon=True)
        self._thread.start()

    def _redraw_while_running(self):
        try:
            while not self._over.wait(BUILD_REDRAW_SECONDS):
                with self._lock:
                    self._draw()
        except OSError:
            pass   # end() writes again, and raises it where somebody handles it

    def take(self, status):
        with self._lock:
            BuildDisplay.take(self, status)

    def update(self, status, steps):
        for step in steps:
            step.lines, step.changed = [], {}   # it is drawn from its tail and its statuses
            if self._ahead is None and step.started:
                self._ahead = step.started - time.time() * 1e9

    def end(self):
        self._over.set()
        self._thread.join()
        self._draw(last=True)
        self.write_failed_step(len(self.trace.failed.tail) if self.trace.failed else 0)

    def write_failed_step(self, most):
        step = self.trace.failed
        if step is not None:
            lines = [printable_text(line, "\t") for line in list(step.tail)[-most:]]
            self.output.line("\n".join(["------", " > %s:" % step.name] + lines + ["------"]))

    def _draw(self, last=False):
        """Write the display over the one before; `last`: all of it, however high the terminal is."""
        width, height = display_size(self.output)
        completed = len([step for step in self.trace.steps if not step.running])
        title = "[+] Building %.1fs (%d/%d)" % (time.monotonic() - self._began, completed, self.trace.total)
        if last and completed and completed == self.trace.total:
            title += " FINISHED"
        rows = self._rows(width, None if last else height - 2)
        lines = [title[:width - 1]] + rows
        blank = ["\x1b[K"] * (self._height - len(lines))
        up = "\x1b[%dA" % self._height if self._height else ""
        back = "\x1b[%dA" % len(blank) if blank else ""
        text = "".join([line + "\x1b[K\r\n" for line in lines] + [line + "\r\n" for line in blank])
        self.output.write(("\x1b[?25l\r" + up + text + back + "\x1b[?25h").encode("utf-8"))
        self._height = len(lines)

    def _rows(self, width, most):
        """The lines below the title, at most `most` of them (None: all); steps that run are kept longest."""
        now = time.time() * 1e9 + (self._ahead or 0)
        blocks = [(step.running, self._step_rows(step, width, now, most is not None))
                  for step in self.trace.steps]
        total = sum(len(rows) for _, rows in blocks)
        kept = []
        for running, rows in blocks:
            if most is not None and not running and total > most:
                total -= len(rows)
            else:
                kept += rows
        return kept if most is None else kept[-most:]

    def _step_rows(self, step, width, now, live):
        ending = step.completed or now
        state, color = STEP_STATES[step_state(step)]
        seconds = (ending - (step.started or ending)) / 1e9   # a step may fail before it starts
        rows = [self._row(state + step.name, "", seconds, width, color)]
        for status in step.statuses.values():
            seconds = status_seconds(status if status["completed"] else dict(status, timestamp=now))
            rows.append(self._row("=> " + status["id"], status_counts(status), seconds, width,
                                  COLOR_DONE if status["completed"] else None))
        for text in step.warnings:
            rows.append(self._row("WARN: " + text, "", 0, width, COLOR_CANCELLED))
        if step.running and live:
            for line in list(step.tail)[-LIVE_LOG_LINES:]:
                text = "=> => # " + printable_text(line.partition(b" ")[2]).rstrip()
                rows.append(self._colored(" " + text[:width - 2], COLOR_LOG))
        return rows

    def _row(self, name, counts, seconds, width, color):
        timer = "%.1fs" % (seconds if seconds >= 0.05 else 0)
        left = width - len(timer) - 6
        if counts and left - len(counts) > 12:
            text = "%s %s" % (printable_text(name)[:left - len(counts) - 1], counts)
        else:
            text = printable_text(name)[:left]
        return self._colored(" => %-*s %s" % (left, text, timer), color)

    @staticmethod
    def _colored(text, color):
        return text if color is None or os.environ.get("NO_COLOR") else "\x1b[%sm%s\x1b[0m" % (color, text)


BUILD_DISPLAYS = {"plain": LineDisplay, "tty": TerminalDisplay, "rawjson": JsonDisplay,
                  "quiet": BuildDisplay}


class BuildProgress:
    """Shows a build by BuildKit: message() for each message, end() after the last, failure() for an error.

    `mode` (str) is that of choose_progress(). `dockerfile` is (name, content in bytes) of the Dockerfile, or
    None if it is not known. `image` is the id (str) of the image, once the engine has sent it.
    """

    def __init__(self, console, mode, dockerfile=None):
        self.output = console.err
        self.dockerfile = dockerfile
        self.image = None
        self._trace = BuildTrace()
        self._display = BUILD_DISPLAYS[mode](console.err, self._trace)

    def message(self, message):
        """Show a `message` (dict) of the build. ProtocolError if it is malformed."""
        status = read_build_status(message)
        if status is None:
            # `stream` is "Successfully tagged …", which the steps show already, or with q=1 the id.
            stream = answer_field(message, "ImageBuild", (str, type(None)), "stream") or ""
            aux = answer_field(message, "ImageBuild", (dict, type(None)), "aux")
            named = answer_field(aux or {}, "ImageBuild", (str, type(None)), "ID")
            self.image = named or self.image or (stream.strip() if stream.startswith("sha256:") else None)
            if not self._trace.total and type(self._display) is not BuildDisplay:
                self.output.write(stream.encode("utf-8", "replace"))   # of an engine that has no BuildKit
            return
        self._display.take(status)

    def end(self):
        self._display.end()

    def failure(self, error):
        """A StreamError → CommandFailed in BuildKit's words. Writes the Dockerfile's lines before that."""
        step = self._trace.failed
        if self.dockerfile is not None:
            name, text = self.dockerfile[0], self.dockerfile[1].decode("utf-8-sig", "replace")
            lines = find_failed_lines(text, step.name if step else "", error.message)
            for line in dockerfile_excerpt(name, text, *lines) if lines else ():
                self.output.line(line)
        prefix = "" if error.message.startswith("failed to solve") else "failed to solve: "
        text = "ERROR: %s%s" % (prefix, error.message)
        if SESSION_NEEDED in error.message:
            text += "; " + session_advice(step.name if step else "")
        return CommandFailed(text, 1)


def session_advice(step_name):
    """Why the step called `step_name` (str) needs a session, and what to do instead, in one line (str)."""
    word, reason, way = [row for row in SESSION_WAYS if row[0] in step_name][0]
    if "%s" in way:
        way %= step_name.partition(word)[2]
    return ("this step asks the client for something over a session, which rawdock does not open: %s; %s"
            % (reason, way))
