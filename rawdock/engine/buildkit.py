"""BuildKit's trace of a build: the messages of `POST /build?version=2` with the id moby.buildkit.trace.

The `aux` of each is a protocol buffer in base64, a StatusResponse of BuildKit's control.proto. It has what
has changed since the message before:

    vertexes    the steps, each with its name and when it started and completed, whether it came from the
                cache, and its error. A step is sent whole at each change.
    statuses    what happens within a step, with counts: "transferring context:", "exporting layers"
    logs        what the program of a step wrote
    warnings    what BuildKit's checks found in the Dockerfile

    read_build_status     a message → those four lists as values
    BuildTrace            all messages of a build → its steps as they are now

Promises: bytes that are not a StatusResponse raise ProtocolError or TruncatedError, and nothing else.
"""
from collections import deque

from ..wire.protobuf import decode_protobuf
from .answers import malformed_answer

TRACE_MESSAGE = "moby.buildkit.trace"
KEPT_STEP_LINES = 1000        # the last lines of a step's log
MAX_PARTIAL_LINE = 8192       # bytes of a line that has not ended, after which it is split
MAX_TIMESTAMP_SECONDS = 253402300799   # 9999-12-31T23:59:59Z, as protocol buffers define a Timestamp
CANCELLED_SUFFIX = "context canceled"

# Messages as decode_protobuf() wants them, in the order and with the names of BuildKit's own JSON.
TIMESTAMP_SCHEMA = {1: ("seconds", int), 2: ("nanos", int)}
POSITION_SCHEMA = {1: ("line", int), 2: ("character", int)}
BUILD_STATUS_SCHEMA = {
    1: ("vertexes", [{1: ("digest", str), 2: ("inputs", [str]), 3: ("name", str),
                      5: ("started", TIMESTAMP_SCHEMA), 6: ("completed", TIMESTAMP_SCHEMA),
                      4: ("cached", bool), 7: ("error", str),
                      8: ("progressGroup", {1: ("id", str), 2: ("name", str), 3: ("weak", bool)})}]),
    2: ("statuses", [{1: ("id", str), 2: ("vertex", str), 3: ("name", str), 5: ("total", int),
                      4: ("current", int), 6: ("timestamp", TIMESTAMP_SCHEMA),
                      7: ("started", TIMESTAMP_SCHEMA), 8: ("completed", TIMESTAMP_SCHEMA)}]),
    3: ("logs", [{1: ("vertex", str), 3: ("stream", int), 4: ("data", bytes),
                  2: ("timestamp", TIMESTAMP_SCHEMA)}]),
    4: ("warnings", [{1: ("vertex", str), 2: ("level", int), 3: ("short", bytes), 4: ("detail", [bytes]),
                      5: ("url", str),
                      6: ("sourceInfo", {1: ("filename", str), 2: ("data", bytes), 3: ("definition", bytes),
                                         4: ("language", str)}),
                      7: ("range", [{1: ("start", POSITION_SCHEMA), 2: ("end", POSITION_SCHEMA)}])}]),
}


def read_build_status(message):
    """A message (dict) of a build → {"vertexes", "statuses", "logs", "warnings"}, lists of dicts.

    Times are nanoseconds since 1970 (int), or None. Returns None for a message with another id.
    ProtocolError or TruncatedError if its `aux` is malformed.
    """
    if message.get("id") != TRACE_MESSAGE:
        return None
    from base64 import b64decode
    aux = message.get("aux")
    try:
        data = b64decode(aux.encode("ascii"), validate=True)
    except (AttributeError, ValueError):   # binascii.Error is one
        raise malformed_answer("ImageBuild", aux, "a trace of BuildKit in base64 (RFC 4648 §4)") from None
    status = decode_protobuf(data, BUILD_STATUS_SCHEMA)
    for entries in status.values():
        for entry in entries:
            for name in ("started", "completed", "timestamp"):
                if entry.get(name) is not None:
                    entry[name] = read_timestamp(entry[name])
    return status


def read_timestamp(timestamp):
    """A decoded Timestamp (dict) → nanoseconds since 1970. ProtocolError beyond the year 9999."""
    seconds, nanos = timestamp["seconds"], timestamp["nanos"]
    if seconds > MAX_TIMESTAMP_SECONDS or nanos >= 10 ** 9:
        raise malformed_answer("ImageBuild", timestamp, "a Timestamp (protocol buffers, well-known types)")
    return seconds * 10 ** 9 + nanos


class BuildStep:
    """A step of a build: a vertex, or several that BuildKit groups under one name.

    `name` (str), `started` and `completed` (nanoseconds since 1970, or None), `cached` (bool), `error` (str,
    "" without one), `statuses` (the latest status dict by id) and `warnings` (list of str) say how it is
    now. `tail` (deque of bytes) has the last lines of its log. `shown` is False while only weak members of
    its group have started. A display empties `lines` (list of bytes, see add_log) and `changed` (statuses by
    id), which then have what is new, and sets `number` (int, 0 before).
    """

    def __init__(self, name):
        self.name = name
        self.number = 0
        self.started = self.completed = None
        self.cached, self.error, self.shown = False, "", False
        self.statuses, self.changed, self.warnings = {}, {}, []
        self.lines, self.tail = [], deque(maxlen=KEPT_STEP_LINES)
        self._members = {}
        self._partial = b""

    @property
    def running(self):
        return self.started is not None and self.completed is None

    @property
    def cancelled(self):
        """Whether it ended because another step failed."""
        return self.error.endswith(CANCELLED_SUFFIX)

    @property
    def seconds(self):
        """How long it took (float), 0.0 while it runs."""
        return (self.completed - self.started) / 1e9 if self.completed and self.started else 0.0

    def _facts(self):
        return self.name, self.started, self.completed, self.cached, self.error, self.shown

    def add_vertex(self, vertex):
        """Update the step from one of its vertexes (dict) → whether anything has changed."""
        before, group = self._facts(), vertex["progressGroup"]
        # A vertex is announced again, without times, when another step needs it.
        if vertex["started"] is not None or vertex["digest"] not in self._members:
            self._members[vertex["digest"]] = vertex
        members = list(self._members.values())
        started = [member for member in members if member["started"] is not None]
        self.name = group["name"] if group else vertex["name"]
        self.started = min([member["started"] for member in started] or [None])
        self.completed = None
        if started and all(member["completed"] is not None for member in started):
            self.completed = max(member["completed"] for member in started)
        self.cached = all(member["cached"] for member in members)
        self.error = ([member["error"] for member in members if member["error"]] or [""])[0]
        weak = [bool(member["progressGroup"] and member["progressGroup"]["weak"]) for member in started]
        self.shown = bool(self.error) or not all(weak)
        self._end_last_line()
        return self._facts() != before

    def add_status(self, status):
        self.statuses[status["id"]] = self.changed[status["id"]] = status

    def add_warning(self, warning):
        self.warnings.append(warning["short"].decode("utf-8", "replace"))

    def add_log(self, log):
        """Split the data of a log (dict) into `lines`, each of which begins with log_time()."""
        start = 0
        while start < len(log["data"]):
            end = log["data"].find(b"\n", start)
            if not self._partial:
                self._partial = log_time(self.started, log["timestamp"])
            self._partial += log["data"][start:end if end >= 0 else None]
            if end >= 0 or len(self._partial) > MAX_PARTIAL_LINE:
                self._end_line()
            start = end + 1 if end >= 0 else len(log["data"])
        self._end_last_line()

    def _end_last_line(self):
        """End the line that is not complete if the step is over, because the rest will not come."""
        if self.completed is not None and self._partial:
            self._end_line()

    def _end_line(self):
        self.lines.append(self._partial)
        self.tail.append(self._partial)
        self._partial = b""


def log_time(started, timestamp):
    """The seconds from `started` to `timestamp` (nanoseconds or None) as BuildKit begins a line (bytes).

    >>> log_time(0, 97000000), log_time(0, 12345000000)
    (b'0.097 ', b'12.35 ')
    """
    seconds = (timestamp - started) / 1e9 if timestamp is not None and started is not None else 0.0
    return b"%.*f " % (3 if seconds < 10 else 2 if seconds < 100 else 1, seconds)


class BuildTrace:
    """A build as it is now: `steps` is a list of BuildStep, in the order in which they started.

    `failed` (BuildStep or None) is the first step that failed by itself.
    """

    def __init__(self):
        self.steps = []
        self.total = 0            # steps that are known, started or not
        self._by_vertex = {}
        self._by_group = {}

    @property
    def failed(self):
        return ([step for step in self.steps if step.error and not step.cancelled] or [None])[0]

    def update(self, status):
        """Update the steps from a status of read_build_status() → list of the BuildSteps that changed."""
        changed = []
        for vertex in status["vertexes"]:
            step = self._step(vertex)
            if step.add_vertex(vertex) and step.started is not None:
                changed.append(step)
            if step.shown and step not in self.steps:
                self.steps.append(step)
        for name, add in (("statuses", BuildStep.add_status), ("logs", BuildStep.add_log),
                          ("warnings", BuildStep.add_warning)):
            for entry in status[name]:
                step = self._by_vertex.get(entry["vertex"])
                if step is not None:
                    add(step, entry)
                    changed.append(step)
        return [step for place, step in enumerate(changed) if step.shown and step not in changed[:place]]

    def _step(self, vertex):
        group = vertex["progressGroup"]
        steps, key = (self._by_group, group["id"]) if group else (self._by_vertex, vertex["digest"])
        if key not in steps:
            steps[key] = BuildStep("")
            self.total += 1
        self._by_vertex[vertex["digest"]] = steps[key]
        return steps[key]
