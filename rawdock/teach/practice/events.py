"""The events of a practice engine, its clock and its identities, and GET /events.

The last MAX_EVENTS are kept for `since`. The stream of a client that is too slow to be sent every event is
cut, so that it cannot believe that it has seen them all.
"""
import collections
import json
import os
import time

from .request import PracticeRefusal, label_matches, matches_filters, practice_filters, unix_time

MAX_EVENTS = 256                  # that `since` can still find, as with dockerd
ZERO_TIME = "0001-01-01T00:00:00Z"


def nanoseconds_now():
    return int(time.time() * 1000000) * 1000


def wire_time(nanoseconds, fixed=False):
    """Return nanoseconds since 1970 as RFC 3339 in UTC; `fixed` keeps all nine digits, as for log lines."""
    seconds, fraction = divmod(nanoseconds, 1000000000)
    digits = "%09d" % fraction
    digits = digits if fixed else digits.rstrip("0")
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + ("." + digits if digits else "") + "Z"


def random_hex(digits=64):
    return os.urandom(digits // 2).hex()


def stable_hex(*parts):
    """Return 64 hex digits that depend on `parts` alone, such as the digest of a practice image."""
    import hashlib
    return hashlib.sha256("\0".join(("rawdock practice",) + parts).encode()).hexdigest()


class PracticeEvents:
    """The events of one engine, numbered from 0: `first` is the number of the oldest that is kept."""

    def __init__(self, changed):
        self.changed = changed
        self.first = 0
        self._kept = collections.deque()

    def emit(self, kind, action, actor, attributes, image_name=None):
        with self.changed:
            now = nanoseconds_now()
            event = {"Type": kind, "Action": action, "Actor": {"ID": actor, "Attributes": attributes},
                     "scope": "local", "time": now // 1000000000, "timeNano": now}
            if kind in ("container", "image"):
                event = dict({"status": action, "id": actor}, **event)
                if kind == "container":
                    event["from"] = image_name
            self._kept.append(event)
            while len(self._kept) > MAX_EVENTS:
                self._kept.popleft()
                self.first += 1
            self.changed.notify_all()

    @property
    def end(self):
        """The number that the next event will have."""
        return self.first + len(self._kept)

    def since(self, number):
        return list(self._kept)[number - self.first:]


def event_matches(event, filters):
    actor = event["Actor"]
    attributes = actor["Attributes"]

    def is_actor(kind):
        is_one = event["Type"] == kind
        return lambda value: is_one and (actor["ID"].startswith(value) or attributes.get("name") == value)
    known = {
        "type": lambda value: event["Type"] == value,
        "event": lambda value: event["Action"] == value or event["Action"].startswith(value + ":"),
        "container": is_actor("container"), "network": is_actor("network"), "volume": is_actor("volume"),
        "image": lambda value: value in (actor["ID"], attributes.get("image"), attributes.get("name")),
        "label": lambda value: label_matches(attributes, value), "scope": lambda value: value == "local",
    }
    return matches_filters(filters, known)


def answer_events(engine, connection, request):
    since, until = unix_time(request.text("since"), "since"), unix_time(request.text("until"), "until")
    if since is not None and until is not None and since > until:
        raise PracticeRefusal(400, "`since` time cannot be after `until` time")
    filters = practice_filters(request.text("filters"))
    changed, events = engine.changed, engine.events
    with changed:
        replay = since is not None or until is not None
        number = events.first if replay else events.end
    connection.start_stream([("Content-Type", "application/json")])
    while True:
        with changed:
            lost = number < events.first
            number = max(number, events.first)
            batch = events.since(number)
            number += len(batch)
            over = until is not None and time.time() * 1e9 > until
            if not batch and not over:
                changed.wait(0.1)
        if lost and not replay:
            connection.hang_up()   # the client must not believe that it has seen every event
            return
        replay = False
        for event in batch:
            when = event["timeNano"]
            in_time = (since is None or when >= since) and (until is None or when <= until)
            if in_time and event_matches(event, filters):
                connection.send_piece(json.dumps(event, separators=(",", ":")).encode() + b"\n")
        if not batch:
            if over or engine.closing:
                break
            connection.check_client()
    connection.end_stream()


EVENT_ROUTES = (("GET", "/events", answer_events),)
