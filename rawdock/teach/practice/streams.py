"""A container's output: kept line by line in its log, and queued for each attached client.

Promises: a client that does not read cannot block a container. After PATIENCE seconds without progress it
loses its stream, and the log has every line; a real engine waits forever. The log is bounded: beyond
MAX_LOG_BYTES its oldest lines are dropped, as with max-size on a real engine, and the stream of a follower
that missed some ends with an error.
"""
import collections
import re
import time

from ...engine.terminal import DEFAULT_DETACH_KEYS, DetachScanner, parse_detach_keys
from ...errors import UsageError
from ...wire.frames import encode_frame
from .connection import MULTIPLEXED_STREAM, RAW_STREAM, stream_type
from .events import nanoseconds_now, wire_time
from .request import PracticeRefusal, unix_time, unlocked

PATIENCE = 2.0                    # seconds
MAX_BACKLOG_BYTES = 1 << 20       # of output, per attached client; dockerd holds about as much
MAX_LOG_BYTES = 16 << 20          # per container, a record counting LOG_RECORD_COST more than its line
LOG_RECORD_COST = 128
MAX_LOG_RECORD_BYTES = 16384      # a longer line becomes several records, as with dockerd


class PracticeLog:
    """A container's output as records, a line each: (nanoseconds since 1970, stream, bytes)."""

    def __init__(self):
        self.records = collections.deque()
        self.first = 0          # the number of records[0]; the first record of all was 0
        self.size = 0
        self._partial = {}

    def add(self, stream, data):
        *lines, rest = (self._partial.pop(stream, b"") + data).split(b"\n")
        for line in lines:
            self._append_line(stream, line + b"\n")
        whole = len(rest) - len(rest) % MAX_LOG_RECORD_BYTES
        self._append_line(stream, rest[:whole])
        if rest[whole:]:
            self._partial[stream] = rest[whole:]

    def flush(self):
        """Add the lines that have no end, at the end of the output."""
        for stream, data in sorted(self._partial.items()):
            self._append_line(stream, data)
        self._partial = {}

    def _append_line(self, stream, line):
        for at in range(0, len(line), MAX_LOG_RECORD_BYTES):
            part = line[at:at + MAX_LOG_RECORD_BYTES]
            self.records.append((nanoseconds_now(), stream, part))
            self.size += len(part) + LOG_RECORD_COST
        while self.size > MAX_LOG_BYTES:
            self.size -= len(self.records.popleft()[2]) + LOG_RECORD_COST
            self.first += 1

    def since(self, number, limit=512):
        """Return up to `limit` records, the first of them the one with that number."""
        start = number - self.first
        return [self.records[index] for index in range(start, min(start + limit, len(self.records)))]


class PracticeAttacher:
    """The output of a container or exec on its way to one client: a bounded queue of (stream, bytes).

    `cut()` is called when the client has not read for too long; it must not block.
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
        """Queue output, waiting for room while the client makes progress. Call it under `changed`."""
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
        """Take all that is queued; [] if that is nothing yet, None at the end. Call it under `changed`."""
        if not self._queue:
            return None if self.closed else []
        batch = list(self._queue)
        self._queue.clear()
        self._taken += self._size
        self._size = 0
        self.changed.notify_all()
        return batch

    def close(self):
        """End the output: what is queued is still delivered."""
        self.closed = True
        self.changed.notify_all()


def wanted_streams(request):
    return [number for number, key in ((1, "stdout"), (2, "stderr")) if request.flag(key)]


def answer_logs(engine, connection, request, container):
    changed = engine.changed
    streams = wanted_streams(request)
    if not streams:
        raise PracticeRefusal(400, "Bad parameters: you must choose at least one stream")
    since = unix_time(request.text("since"), "since")
    until = unix_time(request.text("until"), "until") or None   # for a log 0 is no limit
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
    connection.start_stream([("Content-Type", content_type)] if content_type else [])
    send_log(connection, container, run, number, last, until, selected, request.flag("timestamps"))
    connection.end_stream()


def send_log(connection, container, run, number, last, until, selected, stamps):
    """Send the log records from `number` on that are `selected(record)`, with their times if `stamps`.

    `last` is the number to stop before; None: where the container's run `run` ends, or at the time `until`.
    """
    engine, log, tty = connection.engine, container.log, container.tty
    changed = engine.changed
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
            # Frame type 3 is how an engine reports an error inside a stream: a gap must not go unseen.
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


def detach_scanner(keys, status, message):
    """Return the DetachScanner for detach keys (str, "" for the default). Raises PracticeRefusal."""
    try:
        return DetachScanner(parse_detach_keys(keys or DEFAULT_DETACH_KEYS))
    except UsageError:
        raise PracticeRefusal(status, message % keys)


def answer_attach(engine, connection, request, name):
    containers = engine.containers
    try:
        with engine.changed:
            container = containers.find(name)
            if container.status == "paused":
                raise PracticeRefusal(409, "container %s is paused, unpause the container before attach"
                                      % name)
            streams, tty, pipe = wanted_streams(request), container.tty, None
            scanner = detach_scanner(request.text("detachKeys"), 400, "Invalid detach keys (%s) provided")
            attacher = PracticeAttacher(engine.changed, streams, connection.hang_up)
            replay = list(container.log.records) if request.flag("logs") else []
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
        connection.pump(attacher, pipe, tty, container.config["StdinOnce"] and not tty,
                        scanner if tty and pipe is not None else None)
    finally:
        with engine.changed:
            attacher.close()
            if attacher in container.attachers:
                container.attachers.remove(attacher)


STREAM_ROUTES = (
    ("GET", "/containers/(?P<container>[^/]+)/logs", unlocked(answer_logs)),
    ("POST", "/containers/([^/]+)/attach", unlocked(answer_attach)),
)
