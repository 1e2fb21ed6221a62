"""What a request to a practice engine holds, read as strictly as engines do: path, query, filters, JSON.

Whatever is wrong raises PracticeRefusal, which has the status and the message of the response.
"""
import json
import os
import re
import time

from ...cli.durations import parse_when
from ...errors import UsageError
from ..percent import percent_decode

PRACTICE_API_MAX = (1, 45)
PRACTICE_API_MIN = (1, 24)
NO_SWARM = ('This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this'
            ' node to swarm and try again.')
# The signals of Linux, from 1 on, whatever those of this system are.
SIGNAL_NUMBERS = {name: number for number, name in enumerate(
    "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN"
    " TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS".split(), 1)}


class PracticeRefusal(Exception):
    """Raised for what the engine refuses: `status` (int) and `message` (str) of the error response.

    `code` is the exit status of a program that failed, which an error inside a stream tells, or 0.
    """

    def __init__(self, status, message, code=0):
        Exception.__init__(self, message)
        self.status = status
        self.message = message
        self.code = code


def percent_decoded(text, plus_is_space=False):
    """Decode the percent-encoding of a str. Raises PracticeRefusal for a "%" without two hex digits."""
    if re.search("%(?![0-9A-Fa-f]{2})", text):
        raise PracticeRefusal(400, "invalid URL escape in %s" % text[:100])
    return percent_decode(text, plus_is_space)


def parse_query(text):
    """Parse a query string → {name: [value, …]}. Raises PracticeRefusal."""
    found = {}
    for part in text.split("&") if text else ():
        name, _, value = part.partition("=")
        found.setdefault(percent_decoded(name, True), []).append(percent_decoded(value, True))
    return found


def join_path(folder, name):
    """Return `name` as an absolute path without empty, `.` and `..` segments; `folder` is where it starts."""
    return "/" + os.path.normpath(os.path.join("/", folder, name)).lstrip("/")


def unix_time(text, name):
    """Convert seconds with up to nine decimals (str) to nanoseconds (int); "" gives None."""
    if not text:
        return None
    match = re.fullmatch(r"(-?[0-9]{1,12})(?:\.([0-9]{1,9}))?", text)
    if match is None:
        raise PracticeRefusal(400, "invalid value for %s: %s (seconds since 1970)" % (name, text))
    return int(match.group(1)) * 1000000000 + int((match.group(2) or "0").ljust(9, "0"))


def unlocked(handler):
    """Return the handler of a route that calls `handler` later, without the engine's lock."""
    return lambda *arguments: lambda: handler(*arguments)


class PracticeRequest:
    """A whole request: `method`, `path` without its version, `query` {name: [value, …]}, `body` (bytes).

    `api` is the API version of the path (a pair of int), or the engine's own if the path has none.
    """

    def __init__(self, head, body):
        self.head = head
        self.method = head.method
        self.body = body
        self.api = PRACTICE_API_MAX
        self.query = {}
        self.path = "/"
        target = re.sub("^[A-Za-z][A-Za-z0-9+.-]*://[^/?]*", "", head.target)
        self.raw_path, _, self.raw_query = target.partition("?")

    @property
    def wants_upgrade(self):
        return "upgrade" in self.head.headers

    def text(self, name, default=""):
        return self.query.get(name, [default])[0]

    def number(self, name):
        """Return a parameter as an int, None if it is empty or not given. Raises PracticeRefusal."""
        text = self.text(name)
        if text and not re.fullmatch("-?[0-9]{1,9}", text):
            raise PracticeRefusal(400, "invalid value for %s: %s (a whole number)" % (name, text))
        return int(text) if text else None

    def flag(self, name, default=False):
        """Return a boolean parameter, which engines read as true unless it is "", 0, no, false or none."""
        if name not in self.query:
            return default
        return self.text(name).strip().lower() not in ("", "0", "no", "false", "none")

    def json(self):
        """Return the body, which must be a JSON object, as a dict. Raises PracticeRefusal."""
        kind = self.head.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise PracticeRefusal(400, "Content-Type specified (%s) must be 'application/json'" % kind)
        if not self.body.strip():
            raise PracticeRefusal(400, "invalid JSON: the body is empty")
        try:
            found = json.loads(self.body.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise PracticeRefusal(400, "invalid JSON: %s" % error)
        if not isinstance(found, dict):
            raise PracticeRefusal(400, "invalid JSON: an object is wanted")
        return found


# The kind of a JSON value that is a list of strings; one string may be given for a list of one.
STRINGS = (list, str)


def read_object(given, kinds, where=""):
    """Check a JSON object → a dict with the keys spelled as in `kinds`: Go matches them in any case.

    `kinds` maps each known key to a type or STRINGS; null is of every kind. Raises PracticeRefusal, with
    `where` before the name of the key.
    """
    spelling = {key.lower(): key for key in kinds}
    found = {spelling.get(key.lower(), key): value for key, value in given.items()}
    for key, kind in kinds.items():
        value = found.get(key)
        if value is None:
            continue
        if not isinstance(value, kind) or isinstance(value, bool) and kind is not bool:
            name = "list of strings" if kind is STRINGS else kind.__name__
            raise PracticeRefusal(400, "invalid JSON: %s%s must be a %s" % (where, key, name))
        if kind is STRINGS:
            found[key] = [value] if isinstance(value, str) else value
            if not all(isinstance(word, str) for word in found[key]):
                raise PracticeRefusal(400, "invalid JSON: %s%s must be a list of strings" % (where, key))
    return found


def signal_number(text, default=15):
    """Return the number of a signal: "SIGTERM", "term" or "15"; `default` for "". Raises PracticeRefusal."""
    if not text:
        return default
    name = text.upper()
    if re.fullmatch("[0-9]{1,2}", name) and 0 < int(name) < 65:
        return int(name)
    number = SIGNAL_NUMBERS.get(name[3:] if name.startswith("SIG") else name)
    if number is None:
        raise PracticeRefusal(400, "invalid signal: %s" % text)
    return number


def matches_filters(filters, tests):
    """Return whether an object passes every filter: with one value of its key, but with all of `label`.

    `label!` is passed by an object that has not all of its labels. `tests` maps keys to functions of a
    value; every object passes a filter without a test.
    """
    for key, values in filters.items():
        test = tests.get(key.rstrip("!"))
        if test is not None and values:
            if (all if key.startswith("label") else any)(map(test, values)) == key.endswith("!"):
                return False
    return True


def practice_filters(text, known=None):
    """Parse a `filters` parameter, {"key": {"value": true}} or {"key": ["value"]} → {key: [value, …]}.

    Raises PracticeRefusal, also for a key that is not in the list `known`, unless that is None.
    """
    if not text:
        return {}
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    if not isinstance(given, dict) or not all(isinstance(values, (dict, list)) for values in given.values()):
        raise PracticeRefusal(400, "invalid filter: %s is not JSON like {\"name\":[\"redis\"]}" % text[:100])
    for key in given:
        if known is not None and key not in known:
            raise PracticeRefusal(400, "invalid filter '%s' (there are: %s)" % (key, " ".join(known)))
    return {key: [str(value) for value in values if not isinstance(values, dict) or values[value]]
            for key, values in given.items()}


def prune_filters(request, known=("label", "label!", "until")):
    """Return the filters of a prune; the one value of `until` becomes an int, nanoseconds since 1970."""
    filters = practice_filters(request.text("filters"), known)
    if len(filters.get("until", ())) > 1:
        raise PracticeRefusal(500, "more than one until filter specified")
    try:
        filters["until"] = [unix_time(parse_when(text, time.time()), "until") or 0
                            for text in filters.get("until", ())]
    except UsageError as error:
        raise PracticeRefusal(500, error.message)
    return filters


def is_yes(value):
    """Return whether a filter's value is one that engines read as true."""
    return value.lower() in ("1", "true")


def label_matches(labels, wanted):
    """Return whether the labels (a dict or None) have `wanted`, which is KEY or KEY=VALUE."""
    labels = labels or {}
    key, equals, value = wanted.partition("=")
    return key in labels and (not equals or labels[key] == value)


def terminal_size(request):
    """Return the size that a resize request gives: (rows, columns). Raises PracticeRefusal."""
    size = request.number("h"), request.number("w")
    if None in size or min(size) < 0:
        raise PracticeRefusal(400, "invalid size: h and w are the number of rows and of columns")
    return size
