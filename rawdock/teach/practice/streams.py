"""A container's output on its way out: kept line by line in its log, queued for each attached client.

Promises: a container whose reader stalls is not wedged: the reader gets PATIENCE seconds
without progress, then loses its stream (the log keeps every line); a real engine waits
forever. The log is bounded: beyond MAX_LOG_BYTES the oldest lines go, as with a real engine's
max-size, and a follower that missed some is told so.
"""
import collections
import re
import time

from ...wire.frames import encode_frame
from .connection import MULTIPLEXED_STREAM, RAW_STREAM, stream_type
from .events import nanoseconds_now, wire_time
from .request import PracticeRefusal, unix_time

PATIENCE = 2.0                    # seconds
MAX_BACKLOG_BYTES = 1 << 20       # of output, per attached client; dockerd holds about as much
MAX_LOG_BYTES = 16 << 20          # per container, a record counting LOG_RECORD_COST more than its line
LOG_RECORD_COST = 128
MAX_LOG_RECORD_BYTES = 16384      # dockerd's: a longer line becomes several records


class PracticeLog:
    """A container's output by lines: (nanoseconds, stream, bytes); the oldest go beyond MAX_LOG_BYTES."""

    def __init__(self):
        self.records = collections.deque()
        self.first = 0          # the number of records[0]: records are numbered from the start
        self.size = 0
        self._partial = {}

    def add(self, stream, data):
        held = self._partial.pop(stream, b"") + data
        at = 0
        while at < len(held):
            end = held.find(b"\n", at, at + MAX_LOG_RECORD_BYTES) + 1
            if not end:
                if len(held) - at < MAX_LOG_RECORD_BYTES:
                    self._partial[stream] = held[at:]
                    return
                end = at + MAX_LOG_RECORD_BYTES
            self._append(stream, held[at:end])
            at = end

    def flush(self):
        for stream, data in sorted(self._partial.items()):
            self._append(stream, data)
        self._partial = {}

    def _append(self, stream, line):
        self.records.append((nanoseconds_now(), stream, line))
        self.size += len(line) + LOG_RECORD_COST
        while self.size > MAX_LOG_BYTES:
            self.size -= len(self.records.popleft()[2]) + LOG_RECORD_COST
            self.first += 1

    def since(self, number, limit=512):
        """Up to `limit` records from `number` on."""
        start = number - self.first
        return [self.records[index] for index in range(start, min(start + limit, len(self.records)))]


class PracticeAttacher:
    """One client's view of a running container or exec: a bounded queue of (stream, bytes).

    `cut` (no arguments) is called when the client has not read for too long; it must not block.
    """

    def __init__(self, changed, streams, cut):
        self.changed = changed
        self.streams = streams
        self.closed = False
        self.cut = cut
        self._queue = collections.deque()
        self._size = 0
        self._taken = 0

    def offer(self, stream, data):
        """Queue output, waiting for room as long as the client makes progress. Call under `changed`."""
        if stream not in self.streams or self.closed:
            return
        taken, patience_ends = self._taken, time.monotonic() + PATIENCE
        while self._size and self._size + len(data) > MAX_BACKLOG_BYTES and not self.closed:
            if self._taken != taken:
                taken, patience_ends = self._taken, time.monotonic() + PATIENCE
            elif time.monotonic() > patience_ends:
                self.closed = True
                self.cut()
                break
            self.changed.wait(0.1)
        if not self.closed:
            self._queue.append((stream, data))
            self._size += len(data)
            self.changed.notify_all()

    def take(self):
        """All that is queued, [] when there is nothing for now, None at the end. Call under `changed`."""
        if not self._queue:
            return None if self.closed else []
        batch = list(self._queue)
        self._queue.clear()
        self._taken += self._size
        self._size = 0
        self.changed.notify_all()
        return batch

    def close(self):
        """No more output: what is queued is still delivered."""
        self.closed = True
        self.changed.notify_all()


def answer_logs(engine, connection, request, name):
    changed = engine.state.changed
    container = engine.state.containers.find(name)
    streams = [number for number, key in ((1, "stdout"), (2, "stderr")) if request.flag(key)]
    if not streams:
        raise PracticeRefusal(400, "Bad parameters: you must choose at least one stream: stdout=1 or"
                                   " stderr=1")
    since, until = unix_time(request.text("since"), "since"), unix_time(request.text("until"), "until")
    tail = request.text("tail")
    selected = (lambda record: record[1] in streams and (since is None or record[0] >= since)
                and (until is None or record[0] <= until))
    with changed:
        follow = request.flag("follow") and container.is_up
        run, log = container.runs, container.log
        number = log.first
        if re.fullmatch("[0-9]{1,9}", tail):
            chosen = [log.first + at for at, record in enumerate(log.records)
                      if selected(record)][-int(tail) or len(log.records):]
            number = chosen[0] if chosen else log.first + len(log.records)
        last = None if follow else log.first + len(log.records)
    content_type = None if request.api < (1, 42) else RAW_STREAM if container.tty else MULTIPLEXED_STREAM
    connection.start_stream(content_type)
    send_log(connection, container, run, number, last, until, selected, request.flag("timestamps"))
    connection.end_stream()


def send_log(connection, container, run, number, last, until, selected, stamps):
    """A container's `selected` log records from `number` on, up to `last`; None: until its run `run` ends."""
    engine, log, tty = connection.engine, container.log, container.tty
    changed = engine.state.changed
    while True:
        with changed:
            lost = max(0, log.first - number)
            number += lost
            records = log.since(number)
            if last is not None:
                records = records[:max(0, last - number)]
            ended = last is not None or container.runs != run or container.removed
            if not records and not lost and not ended:
                changed.wait(0.2)
        if lost:
            # Not a silent half: frame type 3 is the engine's own word for "this stream is broken".
            message = b"practice engine: %d log lines were dropped before this client read them\n" % lost
            connection.send_piece(message if tty else encode_frame(3, message))
            return
        number += len(records)
        parts = []
        for when, stream, line in records:
            if selected((when, stream)):
                line = (wire_time(when, True).encode() + b" " if stamps else b"") + line
                parts.append(line if tty else encode_frame(stream, line))
        connection.send_piece(b"".join(parts))
        if not records:
            if ended or engine.closing or until is not None and time.time() * 1e9 > until:
                return
            connection.check_client()


def answer_attach(engine, connection, request, name):
    containers = engine.state.containers
    try:
        with engine.state.changed:
            container = containers.find(name)
            if container.status == "paused":
                raise PracticeRefusal(409, "container %s is paused, unpause the container before attach"
                                      % name)
            streams = [number for number, key in ((1, "stdout"), (2, "stderr")) if request.flag(key)]
            attacher = PracticeAttacher(engine.state.changed, streams, connection.hang_up)
            replay = list(container.log.records) if request.flag("logs") else []
            pipe, tty = None, container.tty
            if request.flag("stream"):
                container.attachers.append(attacher)
                pipe = container.stdin if request.flag("stdin") and container.config["OpenStdin"] else None
            else:
                attacher.close()
            containers.emit(container, "attach")
    except PracticeRefusal as refusal:
        connection.refuse_hijack(refusal)
        return
    try:
        connection.hijack(request, stream_type(request, tty))
        if replay:
            connection.let_head_leave()
        for _, stream, line in replay:
            if stream in streams:
                connection.send(line if tty else encode_frame(stream, line))
        once = container.config["StdinOnce"] and not tty
        connection.pump(attacher, pipe, tty, once, not once)
    finally:
        with engine.state.changed:
            attacher.close()
            if attacher in container.attachers:
                container.attachers.remove(attacher)


STREAM_ROUTES = (
    ("GET", "/containers/([^/]+)/logs", answer_logs),
    ("POST", "/containers/([^/]+)/attach", answer_attach),
)
