"""BuildKit's account of a build, as 20.10 and 26.1 sent it, and as nobody would."""
import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawdock.engine.buildkit import (BUILD_STATUS_SCHEMA, KEPT_STEP_LINES, MAX_PARTIAL_LINE, BuildTrace,
                                     log_time, read_build_status)
from rawdock.errors import ProtocolError, RawdockError, TruncatedError
from tests.engine.build_traces import SECOND, log, recorded_messages, trace_message, vertex
from tests.wire.protobuf_bytes import encode_protobuf

def followed(*statuses):
    """(the BuildTrace, for each status the names of the steps with news)."""
    trace, news = BuildTrace(), []
    for status in statuses:
        news.append([step.name for step in trace.update(read_build_status(trace_message(**status)))])
    return trace, news


def recorded(name):
    messages, trace = recorded_messages(name), BuildTrace()
    for message in messages:
        if message.get("id") == "moby.buildkit.trace":
            trace.update(read_build_status(message))
    return trace, messages


def test_a_build_as_20_10_reports_it():
    trace, messages = recorded("20.10-built")
    assert [step.name for step in trace.steps] == [
        "[internal] load remote build context", "copy /context /",
        "[internal] load metadata for docker.io/library/busybox:latest",
        "[base 1/2] FROM docker.io/library/busybox", "[base 2/2] RUN echo hello me; echo err >&2",
        "[stage-1 1/2] COPY a.txt /a.txt",
        "[stage-1 2/2] RUN printf part; sleep 0.3; printf 'ial\\n'; cat /a.txt", "exporting to image"]
    assert not any(step.running or step.error for step in trace.steps) and trace.failed is None
    assert [line.split(b" ", 1)[1] for line in trace.steps[6].tail] == [b"partial", b"aaa"]
    assert list(trace.steps[7].statuses)[0] == "exporting layers"
    assert 0.3 < trace.steps[6].seconds < 1 and trace.total == 8
    assert [message for message in messages if read_build_status(message) is None] == [
        {"id": "moby.image.id",
         "aux": {"ID": "sha256:28fa35873cfc7b29a617ee3121a1fbc6732c94623ceffd512e8acf3a5a775f73"}},
        {"stream": "Successfully tagged y1:latest\n"}]


def test_a_build_that_fails_as_26_1_reports_it():
    trace, _ = recorded("26.1-failed")
    assert trace.failed is trace.steps[-1] and trace.failed.name == "[3/4] RUN echo before failing; exit 7"
    assert trace.failed.error == ('process "/bin/sh -c echo before failing; exit 7" did not complete '
                                  'successfully: exit code: 7')
    assert trace.steps[-2].cached and not trace.failed.cached
    assert trace.total == 7 and len(trace.steps) == 6   # the step after it never started


def test_every_field_of_a_status():
    status = read_build_status(trace_message(
        vertexes=[vertex(inputs=["b", "c"], cached=1, started=3 * SECOND + 5, completed=4 * SECOND, error="e",
                         progressGroup={"id": "g", "name": "n", "weak": 1})],
        statuses=[{"id": "s", "vertex": "a", "name": "n", "current": 1, "total": 2, "timestamp": 7}],
        logs=[log(b"\xff", timestamp=SECOND)],
        warnings=[{"vertex": "a", "level": 1, "short": b"w", "detail": [b"d"], "url": "u",
                   "sourceInfo": {"filename": "Dockerfile"}, "range": [{"start": {"line": 3}}]}]))
    assert status == {
        "vertexes": [{"digest": "a", "inputs": ["b", "c"], "name": "step a", "started": 3 * SECOND + 5,
                      "completed": 4 * SECOND, "cached": True, "error": "e",
                      "progressGroup": {"id": "g", "name": "n", "weak": True}}],
        "statuses": [{"id": "s", "vertex": "a", "name": "n", "current": 1, "total": 2, "timestamp": 7,
                      "started": None, "completed": None}],
        "logs": [{"vertex": "a", "stream": 1, "data": b"\xff", "timestamp": SECOND}],
        "warnings": [{"vertex": "a", "level": 1, "short": b"w", "detail": [b"d"], "url": "u",
                      "sourceInfo": {"filename": "Dockerfile", "data": b"", "definition": b"",
                                     "language": ""},
                      "range": [{"start": {"line": 3, "character": 0}, "end": None}]}]}
    assert BuildTrace().update(status)[0].name == "n"


@pytest.mark.parametrize("aux, error", [
    (None, ProtocolError), (1, ProtocolError), ({"ID": "x"}, ProtocolError), ("a", ProtocolError),
    ("é", ProtocolError), ("CgI=", TruncatedError), ("AA==", ProtocolError), ("CAE=", ProtocolError)])
def test_a_trace_that_is_none(aux, error):
    with pytest.raises(error) as caught:
        read_build_status({"id": "moby.buildkit.trace", "aux": aux})
    assert type(caught.value) is error


@pytest.mark.parametrize("time", [(253402300800, 0), (0, 10 ** 9)])
def test_a_time_that_no_timestamp_has(time):
    timestamp = dict(zip(("seconds", "nanos"), time))
    data = encode_protobuf({"logs": [{"timestamp": timestamp}]}, BUILD_STATUS_SCHEMA)
    with pytest.raises(ProtocolError):
        read_build_status({"id": "moby.buildkit.trace", "aux": base64.b64encode(data).decode()})


PARTS = [b"\x0a\x04\x0a\x02ab", b"\x0a\x0b\x0a\x02ab\x2a\x05\x08\x01\x10\xff\x01",
         b"\x1a\x09\x0a\x02ab\x22\x03x\ny", b"\x2a\x02\x08\x01", b"\x12\x00", b"\x0a"]


@given(st.one_of(st.binary(max_size=60), st.lists(st.sampled_from(PARTS), max_size=8).map(b"".join)))
def test_any_bytes_make_a_trace_or_an_error_of_ours(data):
    try:
        status = read_build_status({"id": "moby.buildkit.trace", "aux": base64.b64encode(data).decode()})
    except RawdockError:
        return
    BuildTrace().update(status)


# ---- steps

def test_a_step_runs_from_its_start_to_its_end():
    trace, news = followed(
        {"vertexes": [vertex(), vertex("b")]}, {"vertexes": [vertex(started=SECOND)]},
        {"vertexes": [vertex()]},   # announced again: it is still running
        {"vertexes": [vertex(started=SECOND)]},
        {"vertexes": [vertex(started=SECOND, completed=3 * SECOND)]})
    step, = trace.steps
    assert news == [[], ["step a"], [], [], ["step a"]]
    assert (step.running, step.seconds, step.cached, step.error, trace.total) == (False, 2.0, False, "", 2)


def test_a_log_is_split_into_lines_with_their_time():
    trace, news = followed(
        {"vertexes": [vertex(started=SECOND)]},
        {"logs": [log(b"one\ntwo\n\npar", timestamp=SECOND + 97 * 10 ** 6)]},
        {"logs": [log(b"tial\nrest", timestamp=13 * SECOND), log(b"x", "unknown")]})
    assert news[1:] == [["step a"], ["step a"]]
    step, = trace.steps
    assert step.lines == [b"0.097 one", b"0.097 two", b"0.097 ", b"0.097 partial"] == list(step.tail)
    trace.update(read_build_status(trace_message(vertexes=[vertex(started=SECOND, completed=14 * SECOND)])))
    assert step.lines[4:] == [b"12.00 rest"]


def test_the_last_line_needs_no_end_whenever_it_comes():
    for order in (1, -1):
        statuses = [{"logs": [log(b"x")]}, {"vertexes": [vertex(started=SECOND, completed=2 * SECOND)]}]
        trace, news = followed({"vertexes": [vertex(started=SECOND)]}, *statuses[::order])
        assert news[-1] == ["step a"] and [line[-1:] for line in trace.steps[0].lines] == [b"x"]


def test_memory_has_a_bound_whatever_a_step_writes():
    trace, _ = followed({"vertexes": [vertex(started=SECOND)]},
                        {"logs": [log(b"x" * MAX_PARTIAL_LINE), log(b"y\n" * (KEPT_STEP_LINES + 5))]})
    step, = trace.steps
    assert step.lines[0] == b"0.000 " + b"x" * MAX_PARTIAL_LINE
    assert len(step.tail) == KEPT_STEP_LINES


def test_the_time_of_a_line_has_four_digits():
    assert [log_time(0, seconds * SECOND) for seconds in (1, 60, 100)] == [b"1.000 ", b"60.00 ", b"100.0 "]
    assert log_time(None, SECOND) == log_time(SECOND, None) == b"0.000 "


def test_steps_of_a_group_are_one():
    def member(digest, **more):
        return vertex(digest, progressGroup={"id": "g", "name": "COPY --link"}, **more)

    trace, news = followed({"vertexes": [member("a", started=2 * SECOND), member("b")]},
                           {"vertexes": [member("b", started=SECOND, completed=3 * SECOND, cached=1)]},
                           {"vertexes": [member("a", started=2 * SECOND, completed=5 * SECOND)],
                            "logs": [log(b"x\n", "b")]})
    step, = trace.steps
    assert (step.name, step.seconds, step.cached, trace.total) == ("COPY --link", 4.0, False, 1)
    assert news == [["COPY --link"]] * 3 and [line[-1:] for line in step.lines] == [b"x"]


def test_a_weak_step_of_a_group_is_not_shown_unless_it_fails():
    weak = {"id": "g", "name": "local", "weak": 1}
    trace, news = followed({"vertexes": [vertex(started=SECOND, progressGroup=weak)]},
                           {"vertexes": [vertex(started=SECOND, progressGroup=weak, error="bad")]})
    assert news == [[], ["local"]] and [step.error for step in trace.steps] == ["bad"]


def test_the_step_that_failed_is_not_one_that_was_cancelled():
    trace, _ = followed({"vertexes": [vertex(started=1, completed=2, error="x: context canceled"),
                                      vertex("b", started=1, completed=2, error="exit code: 1")]})
    assert [step.cancelled for step in trace.steps] == [True, False] and trace.failed.name == "step b"
