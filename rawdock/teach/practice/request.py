"""What a request to a practice engine holds, read as strictly as engines do: path, query, filters, JSON.

Whatever is wrong ends in PracticeRefusal: the status and the message of the answer.
"""
import json
import re
import time

from ...engine.durations import parse_when
from ...engine.endpoints import percent_decode
from ...errors import UsageError

PRACTICE_API_MAX = (1, 45)
PRACTICE_API_MIN = (1, 24)
NO_SWARM = ('This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this'
            ' node to swarm'
            ' and try again.')
NO_THREAD = "the practice engine has no thread for it: it is closing, or the system is out of threads"
SIGNAL_NUMBERS = {
    "HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "TRAP": 5, "ABRT": 6, "BUS": 7, "FPE": 8, "KILL": 9, "USR1": 10,
    "SEGV": 11, "USR2": 12, "PIPE": 13, "ALRM": 14, "TERM": 15, "STKFLT": 16, "CHLD": 17, "CONT": 18,
    "STOP": 19, "TSTP": 20, "TTIN": 21, "TTOU": 22, "URG": 23, "XCPU": 24, "XFSZ": 25, "VTALRM": 26,
    "PROF": 27, "WINCH": 28, "IO": 29, "PWR": 30, "SYS": 31,
}


class PracticeRefusal(Exception):
    """An answer that is a refusal: `status` (int) and `message` (str)."""

    def __init__(self, status, message):
        Exception.__init__(self, message)
        self.status = status
        self.message = message


def percent_decoded(text, plus_is_space=False):
    """Percent-decoding of a str; PracticeRefusal for an escape that is none."""
    if re.search("%(?![0-9A-Fa-f]{2})", text):
        raise PracticeRefusal(400, "invalid URL escape in %s" % text[:100])
    return percent_decode(text, plus_is_space)


def parse_query(text):
    """A query string → {name: [value, …]}."""
    found = {}
    for part in text.split("&") if text else ():
        if ";" in part:
            raise PracticeRefusal(400, "invalid semicolon separator in query")
        name, _, value = part.partition("=")
        found.setdefault(percent_decoded(name, True), []).append(percent_decoded(value, True))
    return found


def clean_path(path):
    """`path` without empty, `.` and `..` segments; one slash at the end stays."""
    kept = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return "/" + "/".join(kept) + ("/" if kept and path.endswith("/") else "")


def unix_time(text, name):
    """Seconds with up to nine decimals → nanoseconds; None for nothing given."""
    if not text or text == "0":
        return None
    match = re.fullmatch(r"(-?[0-9]{1,12})(?:\.([0-9]{1,9}))?", text)
    if match is None:
        raise PracticeRefusal(400, "invalid value for %s: %s (seconds since 1970, as 1795424287 or"
                                   " 1795424287.000000001)" % (name, text))
    return int(match.group(1)) * 1000000000 + int((match.group(2) or "0").ljust(9, "0"))


class PracticeRequest:
    """One whole request: `method`, `path` without version, `query`, `body`, `api` version (pair of int)."""

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

    def flag(self, name, default=False):
        """A boolean as the engine reads it: "", 0, no, false and none are false, all else is true."""
        if name not in self.query:
            return default
        return self.text(name).strip().lower() not in ("", "0", "no", "false", "none")

    def json(self):
        """The body as a JSON object (dict)."""
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


def fold_keys(given, known):
    """A JSON object whose keys may be in any case (Go reads them so) → one with the spelling of `known`."""
    spelling = {key.lower(): key for key in known}
    return {spelling.get(key.lower(), key): value for key, value in given.items()}


def checked_kind(given, key, kinds, where):
    value = given.get(key)
    if value is not None and (not isinstance(value, kinds) or isinstance(value, bool) and bool not in kinds):
        wanted = "/".join(one.__name__ for one in kinds)
        raise PracticeRefusal(400, "invalid JSON: %s%s is not what it should be (%s)" % (where, key, wanted))
    return value


def checked_words(given, key, where=""):
    """A list of str, given as that or as one str, or None."""
    value = checked_kind(given, key, (list, str), where)
    if isinstance(value, str):
        return [value]
    if value and not all(isinstance(word, str) for word in value):
        raise PracticeRefusal(400, "invalid JSON: %s%s is not a list of strings" % (where, key))
    return value


def signal_number(text, default=15):
    """A signal as the API gives it ("SIGTERM", "term", "15") → int. PracticeRefusal if there is no such."""
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
    """Whether every filter holds: values of one key are alternatives, but an object must have every `label`.

    `label!` is for objects that do not have all of the labels given. `tests` is {key: function(value) →
    bool}; a key without a test is one that nothing here could fulfil or fail.
    """
    for key, values in filters.items():
        test = tests.get(key.rstrip("!"))
        if test is not None and values:
            if (all if key.startswith("label") else any)(map(test, values)) == key.endswith("!"):
                return False
    return True


def practice_filters(text, known=None):
    """The `filters` parameter: JSON {"key": {"value": true}} or {"key": ["value"]} → {key: [value, …]}.

    PracticeRefusal for a key that is not in `known` (a list; None: any key will do).
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
    """The `filters` of a prune, `until` as nanoseconds since 1970: what was made later stays."""
    filters = practice_filters(request.text("filters"), known)
    if len(filters.get("until", ())) > 1:
        raise PracticeRefusal(500, "more than one until filter specified")
    try:
        filters["until"] = [unix_time(parse_when(text, time.time()), "until") or 0
                            for text in filters.get("until", ())]
    except UsageError as error:
        raise PracticeRefusal(500, str(error))
    return filters


def is_yes(value):
    """Whether a filter's value is the engine's true."""
    return value.lower() in ("1", "true")


def label_matches(labels, wanted):
    key, equals, value = wanted.partition("=")
    return key in labels and (not equals or labels[key] == value)


def check_size(request):
    """The terminal size that a resize asks for → (rows, columns)."""
    for name in ("h", "w"):
        if not re.fullmatch("[0-9]{1,5}", request.text(name)):
            raise PracticeRefusal(400, "invalid value for %s: '%s' (a number of rows or columns)"
                                  % (name, request.text(name)))
    return int(request.text("h")), int(request.text("w"))
