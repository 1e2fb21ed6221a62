"""The progress of a build by BuildKit: the lines that docker buildx writes for such messages."""
import json
import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rawdock.cli.build_progress as build_progress
from rawdock.cli.build_progress import BuildProgress, choose_progress, buildkit_size, status_counts
from rawdock.cli.console import CommandFailed
from rawdock.errors import ProtocolError, StreamError
from tests.cli.canned_engine import TextOutput
from tests.engine.build_traces import SECOND, log, recorded_messages, trace_message, vertex

FAILED_DOCKERFILE = b"FROM busybox\nRUN echo one\nRUN echo before failing; exit 7\nCOPY a.txt /\n"
MS = 10 ** 6


class TerminalOutput(TextOutput):
    """In the place of an Output at a terminal; `drawn` counts what a thread has written."""

    def __init__(self):
        TextOutput.__init__(self)
        self.drawn = threading.Semaphore(0)

    def isatty(self):
        return True

    def fileno(self):
        raise OSError("no terminal")   # which makes it one of 80 columns and 25 lines

    def write(self, data):
        size = TextOutput.write(self, data)
        self.drawn.release()
        return size


class OneOutput:
    """In the place of a Console."""

    def __init__(self, err=None):
        self.err = err or TextOutput()


def shown(messages, mode="plain", output=None):
    console = OneOutput(output)
    progress = BuildProgress(console, mode, ("Dockerfile", FAILED_DOCKERFILE))
    for message in messages:
        progress.message(message)
    progress.end()
    return console.err.text, progress


def written(*statuses):
    return shown([trace_message(**status) for status in statuses])[0]


def running(digest="a", **more):
    return vertex(digest, **dict({"started": SECOND}, **more))


def ended(digest="a", **more):
    return running(digest, **dict({"completed": SECOND + 100 * MS}, **more))


def count(current, total=0, **more):
    return dict({"id": "transferring context:", "vertex": "a", "started": SECOND, "timestamp": SECOND,
                 "current": current, "total": total}, **more)


def steps(*vertexes):
    return {"vertexes": list(vertexes)}


def logs(*entries):
    return {"logs": list(entries)}


def counts(*statuses):
    return {"statuses": list(statuses)}


# ---- plain

def test_a_build_that_succeeds():
    text, progress = shown(recorded_messages("20.10-built"))
    assert text.startswith("#1 [internal] load remote build context\n#1 DONE 0.0s\n\n#2 copy /context /\n")
    assert ("\n#4 [base 1/2] FROM docker.io/library/busybox\n#4 CACHED\n\n"
            "#5 [base 2/2] RUN echo hello me; echo err >&2\n#5 0.062 err\n#5 0.062 hello me\n#5 DONE 0.1s\n"
            "\n#6 [stage-1 1/2] COPY a.txt /a.txt\n#6 DONE 0.0s\n\n#7 [stage-1 2/2] RUN printf part; "
            "sleep 0.3; printf 'ial\\n'; cat /a.txt\n#7 0.052 partial\n#7 0.353 aaa\n#7 DONE 0.4s\n\n"
            "#8 exporting to image\n#8 exporting layers\n#8 exporting layers 0.0s done\n") in text
    assert text.endswith("#8 naming to docker.io/library/y1 done\n#8 DONE 0.0s\n")
    assert progress.image == "sha256:28fa35873cfc7b29a617ee3121a1fbc6732c94623ceffd512e8acf3a5a775f73"


def test_a_build_that_fails():
    messages = recorded_messages("26.1-failed")
    text, progress = shown(messages[:-1])
    assert text.endswith(
        '#6 [3/4] RUN echo before failing; exit 7\n#6 0.048 before failing\n#6 ERROR: process "/bin/sh -c '
        'echo before failing; exit 7" did not complete successfully: exit code: 7\n'
        "------\n > [3/4] RUN echo before failing; exit 7:\n0.048 before failing\n------\n")
    failure = progress.failure(StreamError(messages[-1]["error"]))
    assert progress.output.text[len(text):] == (
        "Dockerfile:3\n--------------------\n   1 |     FROM busybox\n   2 |     RUN echo one\n"
        "   3 | >>> RUN echo before failing; exit 7\n   4 |     COPY a.txt /\n   5 |     \n"
        "--------------------\n")
    assert (failure.status, str(failure)) == (
        1, 'ERROR: failed to solve: process "/bin/sh -c echo before failing; exit 7" did not complete '
           "successfully: exit code: 7")


def test_a_step_that_was_cancelled():
    assert written(steps(running()), steps(ended(error="x: context canceled"))) == (
        "#1 step a\n#1 CANCELED\n")


def test_a_step_that_ran_before_another_needed_it_is_not_written_again():
    assert written(steps(ended()), steps(ended("b")), steps(running(started=5 * SECOND)),
                 steps(ended(started=5 * SECOND, completed=6 * SECOND, cached=1))) == (
        "#1 step a\n#1 DONE 0.1s\n\n#2 step b\n#2 DONE 0.1s\n")


def test_a_step_that_is_needed_again_and_then_fails_is_written_again():
    assert written(steps(ended()), steps(running(started=5 * SECOND)),
                   steps(ended(started=5 * SECOND, completed=6 * SECOND, error="e"))).startswith(
        "#1 step a\n#1 DONE 0.1s\n\n#1 step a\n#1 ERROR: e\n------\n")


def test_steps_that_run_at_once_are_written_one_after_the_other():
    assert written(steps(running(), running("b")),
                 logs(log(b"1\n", "b"), log(b"2\n", timestamp=SECOND)),
                 steps(ended()), steps(ended("b"))) == (
        "#1 step a\n#1 0.000 2\n#1 DONE 0.1s\n\n#2 step b\n#2 0.000 1\n#2 DONE 0.1s\n")


def test_a_step_that_ends_while_another_is_written_interrupts_it():
    assert written(steps(running(), running("b")), steps(ended("b")), steps(ended())) == (
        "#1 step a\n#1 ...\n\n#2 step b\n#2 DONE 0.1s\n\n#1 step a\n#1 DONE 0.1s\n")


def test_a_step_that_has_waited_for_five_seconds_takes_its_turn(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(build_progress.time, "monotonic", lambda: now[0])
    console = OneOutput()
    progress = BuildProgress(console, "plain")
    progress.message(trace_message(vertexes=[running(), running("b")]))
    changed = "#1 step a\n#1 ...\n\n#2 step b\n#2 0.000 x\n#2 0.000 x\n"
    for now[0], text in ((104.9, "#1 step a\n"), (105.1, changed)):
        progress.message(trace_message(logs=[log(b"x\n", "b")]))
        assert console.err.text == text


def test_at_the_end_what_still_waits_is_written():
    assert written(steps(running(), running("b")), logs(log(b"x\n", "b"))) == (
        "#1 step a\n#1 ...\n\n#2 step b\n#2 0.000 x\n")


def test_a_step_that_goes_on_alone_is_named_again():
    assert written(steps(running(), running("b")), steps(ended())) == (
        "#1 step a\n#1 DONE 0.1s\n\n#2 step b\n")


def test_counts_are_lines_where_they_have_grown():
    late = SECOND + 6 * SECOND
    text = written(steps(running()), counts(count(0)), counts(count(188)),
                 counts(count(10, 1000)), counts(count(40, 1000)), counts(count(60, 1000)),
                 counts(count(61, 1000, timestamp=late)),
                 counts(count(1920, 24 * MS, completed=late)))
    assert text.split("\n")[1:] == [
        "#1 transferring context:", "#1 transferring context: 60B / 1.00kB",
        "#1 transferring context: 61B / 1.00kB 6.0s",
        "#1 transferring context: 1.92kB / 24.00MB 6.0s done", ""]


def test_what_an_engine_calls_a_step_cannot_control_the_terminal_and_what_a_step_writes_is_its_own():
    text = written(steps(running(name="a\x1b[2J\n")), logs(log(b"\x1b[31mred\n")),
                 counts(dict(count(0), id="b\x9b")), steps(ended(name="a", error="c\x1b\n")))
    assert text.startswith("#1 a\\x1b[2J\\n\n#1 0.000 \x1b[31mred\n#1 b\\u009b\n#1 ERROR: c\\x1b\\n\n")


def test_sizes_and_counts():
    assert [buildkit_size(size) for size in (0, 999, 1000, 10 ** 18, 10 ** 21)] == [
        "0B", "999B", "1.00kB", "1.00EB", "1000.00EB"]
    assert status_counts({"total": 0, "current": 0}) == ""


def test_warnings_are_lines():
    warning = {"vertex": "a", "short": b"old\x1b"}
    assert written(steps(running()), {"warnings": [warning]}, steps(ended()), {"warnings": [warning]}) == (
        "#1 step a\n#1 WARN: old\\x1b\n#1 DONE 0.1s\n\n#1 step a\n#1 WARN: old\\x1b\n#1 DONE 0.1s\n")


def test_an_engine_that_has_no_buildkit_is_shown_as_it_answers():
    messages = [{"stream": "STEP 1/2: FROM x\n"}, {"aux": {"ID": "sha256:1"}}, {"stream": "done\n"}]
    text, progress = shown(messages)
    assert (text, progress.image) == ("STEP 1/2: FROM x\ndone\n", "sha256:1")
    assert shown(messages, "quiet")[0] == ""


# ---- rawjson and quiet

def test_rawjson_is_what_buildkit_writes():
    text, _ = shown([trace_message(
        vertexes=[vertex(started=1795855390 * SECOND + 714756390), vertex("b", inputs=["a"], cached=1)],
        statuses=[count(0)], logs=[log(b"\xffx", timestamp=0)],
        warnings=[{"vertex": "a", "short": b"w", "detail": [b"d"], "range": [{"start": {"line": 3}}]}])],
        "rawjson")
    assert json.loads(text) == {
        "vertexes": [{"digest": "a", "name": "step a", "started": "2026-11-28T08:43:10.71475639Z"},
                     {"digest": "b", "inputs": ["a"], "name": "step b", "cached": True}],
        "statuses": [{"id": "transferring context:", "vertex": "a", "current": 0,
                      "timestamp": "1970-01-01T00:00:01Z", "started": "1970-01-01T00:00:01Z"}],
        "logs": [{"vertex": "a", "stream": 1, "data": "/3g=", "timestamp": "1970-01-01T00:00:00Z"}],
        "warnings": [{"vertex": "a", "level": 0, "short": "dw==", "detail": ["ZA=="],
                      "range": [{"start": {"line": 3}}]}]}
    assert text.count("\n") == 1


def test_quiet_shows_nothing_and_keeps_the_id():
    text, progress = shown(recorded_messages("20.10-built") + [{"stream": "sha256:123\n"}], "quiet")
    assert text == "" and progress.image.startswith("sha256:28fa")
    assert shown([{"stream": "sha256:123\n"}], "quiet")[1].image == "sha256:123"


@pytest.mark.parametrize("message", [
    {"id": "moby.buildkit.trace", "aux": "?"}, {"aux": "x"}, {"aux": {"ID": 1}}, {"stream": 1}])
def test_messages_of_other_types_than_the_api_has(message):
    with pytest.raises(ProtocolError):
        shown([message])


# ---- at a terminal

def drawing(text):
    """The lines that a terminal shows after `text`, which only moves up and clears to the end of lines."""
    lines, at = [""], 0
    for part in re.findall("\x1b\\[(\\d*)([A-Zhlm])|\x1b\\[\\?25[hl]|(\r\n|\n)|\r|([^\x1b\r\n]+)", text):
        number, command, newline, written = part
        if command == "A":
            at -= int(number)
        elif command == "K":
            lines[at] = lines[at] if written else lines[at]
        elif newline:
            at += 1
            lines += [""] * (at == len(lines))
        elif written:
            lines[at] = written
    return lines


def at_terminal(messages):
    output = TerminalOutput()
    text, progress = shown(messages, "tty", output)
    return drawing(text), text, progress


def test_a_build_at_a_terminal(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    lines, text, _ = at_terminal(recorded_messages("20.10-built"))
    assert re.match(r"\[\+\] Building \d+\.\ds \(8/8\) FINISHED$", lines[0])
    assert lines[4:7] == [
        " => CACHED [base 1/2] FROM docker.io/library/busybox                       0.0s",
        " => [base 2/2] RUN echo hello me; echo err >&2                             0.1s",
        " => [stage-1 1/2] COPY a.txt /a.txt                                        0.0s"]
    assert lines[9].startswith(" => => exporting layers  ") and lines[-1] == ""
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") > 0


def test_a_build_that_fails_at_a_terminal():
    lines, text, _ = at_terminal(recorded_messages("26.1-failed")[:-1])
    assert "\x1b[31m => ERROR [3/4] RUN echo before failing; exit 7" in text
    assert lines[-5:] == [
        "------", " > [3/4] RUN echo before failing; exit 7:", "0.048 before failing", "------", ""]


def test_a_step_that_fails_before_it_starts_is_drawn(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    lines, _, _ = at_terminal([trace_message(vertexes=[vertex(error="e", completed=SECOND)])])
    assert re.match(" => ERROR step a +0.0s$", lines[1])


def test_while_nothing_comes_the_display_is_drawn_again_with_the_log_of_what_runs():
    output = TerminalOutput()
    progress = BuildProgress(OneOutput(output), "tty")
    progress.message(trace_message(vertexes=[running()], statuses=[count(5, 10)],
                                   warnings=[{"vertex": "a", "short": b"old"}],
                                   logs=[log(b"%d\x1b[2J\n" % number) for number in range(9)]))
    for _ in range(3):
        assert output.drawn.acquire(timeout=60)
    progress.end()
    lines = drawing(output.text.rpartition("\x1b[?25l")[0])
    assert re.match(" => step a +[0-9.]+s", lines[1])
    assert re.match(" => => transferring context: 5B / 10B +[0-9.]+s", lines[2])
    assert lines[3].startswith(" => WARN: old ")
    assert lines[4:] == [" => => # %d\\x1b[2J" % number for number in range(3, 9)] + [""]
    assert not progress._display._thread.is_alive()


def test_a_terminal_with_few_lines_shows_what_runs(monkeypatch):
    monkeypatch.setattr(build_progress, "display_size", lambda output: (40, 5))
    progress = BuildProgress(OneOutput(TerminalOutput()), "tty")
    monkeypatch.setenv("NO_COLOR", "1")
    vertexes = [running()] + [ended(name) for name in "bcdef"] + [running("g")]
    progress.message(trace_message(vertexes=vertexes))
    with progress._display._lock:
        rows = progress._display._rows(40, 3)
    progress.end()
    assert [row.split()[2] for row in rows] == ["a", "f", "g"]


def test_a_terminal_that_goes_away_ends_the_display_without_a_traceback(capfd):
    output = TerminalOutput()
    progress = BuildProgress(OneOutput(output), "tty")

    def gone(data):
        raise OSError("gone")

    output.write = gone
    progress._display._thread.join(60)
    assert not progress._display._thread.is_alive()
    with pytest.raises(OSError):
        progress.end()
    assert capfd.readouterr().err == ""


# name → a status; made anew for each use, because trace_message() changes it
STATUSES = {
    "known": lambda: steps(vertex()),
    "running": lambda: steps(running()),
    "other": lambda: steps(running("b")),
    "ended": lambda: steps(ended()),
    "failed": lambda: steps(ended("b", error="e")),
    "failed before its start": lambda: steps(vertex("c", error="e", completed=SECOND)),
    "partial": lambda: logs(log(b"x\ny")),
    "line": lambda: logs(log(b"z\n", "b")),
    "count": lambda: counts(count(1)),
    "counted": lambda: counts(count(2, completed=SECOND)),
}


@given(st.lists(st.sampled_from(sorted(STATUSES)), max_size=12),
       st.sampled_from(["plain", "rawjson", "quiet", "tty"]))
def test_no_order_of_statuses_breaks_a_display_or_loses_a_line(names, mode):
    text, progress = shown([trace_message(**STATUSES[name]()) for name in names], mode,
                           TerminalOutput() if mode == "tty" else None)
    if mode == "plain":
        tails = [line for step in progress._trace.steps for line in step.tail]
        assert len(re.findall("(?m)^#[0-9]+ [0-9.]+ ", text)) == len(tails)


# ---- the choice, and failures

@pytest.mark.parametrize("given_mode, variable, tty, mode", [
    (None, None, False, "plain"), (None, None, True, "tty"), ("auto", "rawjson", False, "plain"),
    (None, "rawjson", True, "rawjson"), ("quiet", None, True, "quiet"), ("tty", None, True, "tty")])
def test_the_mode(given_mode, variable, tty, mode, monkeypatch):
    monkeypatch.delenv("BUILDKIT_PROGRESS", raising=False)
    if variable:
        monkeypatch.setenv("BUILDKIT_PROGRESS", variable)
    assert choose_progress(OneOutput(TerminalOutput() if tty else None), given_mode) == mode


@pytest.mark.parametrize("mode, text", [
    ("bogus", "ERROR: invalid progress mode bogus"),
    ("tty", "ERROR: failed to get console: provided file is not a console")])
def test_a_mode_that_cannot_be(mode, text):
    with pytest.raises(CommandFailed) as caught:
        choose_progress(OneOutput(), mode)
    assert (str(caught.value), caught.value.status) == (text, 1)


@pytest.mark.parametrize("name, advice", [
    ("[2/2] RUN --mount=type=secret,id=x true",
     "a secret comes from the client; use `docker buildx build`"),
    ("[2/2] RUN --mount=type=ssh true", "an ssh agent is the client's; use `docker buildx build`"),
    ("[internal] load metadata for h/x:1",
     "credentials for the registry of a base image come from the client; pull it before the "
     "build, with `rawdock pull h/x:1`"),
    (None, "secrets, ssh agents and credentials for registries come from the client; pull base images before "
     "the build, or use `docker buildx build`")])
def test_what_needs_a_session_is_said_with_what_to_do(name, advice):
    messages = [trace_message(vertexes=[ended(name=name, error="no active sessions")])] if name else []
    assert str(shown(messages)[1].failure(StreamError("no active sessions"))) == (
        "ERROR: failed to solve: no active sessions; this step asks the client for something over a session, "
        "which rawdock does not open: " + advice)


def test_an_error_that_says_itself_that_it_is_one_of_solving():
    failure = shown([])[1].failure(StreamError("failed to solve with frontend dockerfile.v0: dockerfile "
                                               "parse error line 2: unknown instruction: X"))
    assert str(failure).startswith("ERROR: failed to solve with frontend")


def test_without_the_dockerfile_its_lines_are_not_shown():
    console = OneOutput()
    BuildProgress(console, "plain").failure(StreamError("dockerfile parse error on line 1: x"))
    assert console.err.text == ""
