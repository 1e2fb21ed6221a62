"""The events of a practice engine, its clock and its identities, and GET /events.

The last MAX_EVENTS are kept for `since`. The stream of a client that is too slow to be sent every event is
cut, so that it cannot believe that it has seen them all.
"""
import collections
import json
import os
import time

from .request import PracticeRefusal, label_matches, matches_filters, practice_filters, unix_time, unlocked

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


class PracticeObjects:
    """The objects of one kind in an engine: `by_id` maps their ids to them, the oldest first.

    There is a class for each kind: `kind` is its name in events, `missing` the message for an object that is
    not there, `has_short_ids` whether the start of an id is enough, and tests(object) gives a dict with the
    test of each filter, a function of its value.
    """

    kind = missing = ""
    has_short_ids = True

    def __init__(self, engine):
        self.engine = engine
        self.changed = engine.changed
        self.by_id = {}

    def named(self, name):
        """Return the object with this name, or None."""
        return next((one for one in self.by_id.values() if one.name == name), None)

    def find(self, text):
        """Return the object with this id or name, or whose id begins so. Raises PracticeRefusal."""
        with self.changed:
            found = self.by_id.get(text) or self.named(text)
            if found is not None:
                return found
            found = [one for identity, one in self.by_id.items() if text and identity.startswith(text)]
        if self.has_short_ids and len(found) == 1:
            return found[0]
        if self.has_short_ids and found:
            raise PracticeRefusal(400, "Multiple IDs found with provided prefix: %s" % text)
        raise PracticeRefusal(404, self.missing % text)

    def select(self, filters):
        """Return the objects that pass the filters of a request. Call it under `changed`."""
        return [one for one in self.by_id.values() if matches_filters(filters, self.tests(one))]

    def prune(self, filters, is_unused, remove):
        """Remove the unused objects that pass the filters → (list of what `remove` returned, bytes freed)."""
        going = [one for one in self.select(filters) if is_unused(one)]
        freed = sum(one.size for one in going)
        removed = [remove(one) for one in going]
        self.engine.events.emit(self.kind, "prune", "", {"reclaimed": str(freed)})
        return removed, freed


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


EVENT_ROUTES = (("GET", "/events", unlocked(answer_events)),)
