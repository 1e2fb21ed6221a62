"""`rawdock compare CMD…`: what docker's command line and rawdock send for a line of words, beside each other.

Strategy: each runs once, its stdin at its end, with a tap between it and the engine. Its requests are taken
from the record, masked, and those with one method and path are put beside each other in their order.

Compared are method, API version, query and body, as an engine reads them: what is not sent is the zero value
of Go (0, "", false, null), a filter may be a list or an object, and a ping may be HEAD or GET. An id is only
an id, for each makes its own objects. Left out: header fields, in which clients differ by their nature, and
what goes through a raw stream.
"""
import json
import os
import re
import sys

from ...cli.flags import Command, command_table
from ...errors import UsageError
from ..explain.annotate import AnnotatedRecording
from ..listen import UnixListener
from ..percent import percent_decode
from ..record.record import Recording, WireRecorder
from .client_cuts import DRAIN_SECONDS, run_child
from .replay import split_target
from .tap import Tap

COMPARE_FLAGS = """
--docker  text  PATH  the docker command line (docker, of PATH)
--json    bool  as one JSON object
"""
MAX_COLUMN, MAX_VALUE = 70, 60    # characters of docker's column, and of a value that differs
NOT_SENT = "(not sent)"
WHOLE_ID = re.compile(r"\b[0-9a-f]{64}\b")


def own_command():
    """The words (list of str) that start this rawdock again."""
    script = sys.argv[0]
    return [sys.executable] + (["-m", "rawdock"] if os.path.basename(script) == "__main__.py" else [script])


def sent_requests(recording):
    """The requests of a Recording, in order: a list of {"method", "target", "body"}."""
    found = []
    for connection in AnnotatedRecording(recording).connections:
        for exchange in connection.exchanges:
            message = exchange.request
            if message is None or message.head is None:
                continue
            end = exchange.raw_sent[0][0] if exchange.raw_sent else message.end
            ranges = [part for part in message.body if part[1] <= end]
            data = b"".join(connection.requests.data[start:stop] for start, stop in ranges)
            body = WHOLE_ID.sub("ID", data.decode("utf-8", "replace"))
            try:
                body = json.loads(body)
            except ValueError:
                pass
            found.append((message.seconds[0], {"method": message.head.method, "body": body,
                                               "target": WHOLE_ID.sub("ID", message.head.target)}))
    return [request for _, request in sorted(found, key=lambda one: one[0])]


def run_recorded(argv, address):
    """Run `argv` with a tap before the engine at `address` → (exit status, list of its requests)."""
    recording = Recording()
    with UnixListener() as listener, Tap(listener, address, WireRecorder([recording])) as tap:
        status = run_child(argv, tap)[0]
        tap.drain(DRAIN_SECONDS)
    return status, sent_requests(recording)


def aligned(left, right):
    """Pairs of requests (a dict or None) of the lists `left` and `right`, in their order."""
    from difflib import SequenceMatcher
    keys = [[re.sub(".*/_ping", "ping", one["method"] + " " + split_target(one["target"])[1]) for one in side]
            for side in (left, right)]
    pairs = []
    for kind, at, end, other, other_end in SequenceMatcher(None, keys[0], keys[1], False).get_opcodes():
        if kind == "equal":
            pairs += zip(left[at:end], right[other:other_end])
        else:
            pairs += [(one, None) for one in left[at:end]] + [(None, one) for one in right[other:other_end]]
    return pairs


def query_values(query):
    """{name: value} of a query, its filters as {name: sorted list}, "0" and "false" as nothing."""
    found = {}
    for name, _, value in (part.partition("=") for part in query.split("&")):
        value = percent_decode(value, True)
        try:
            if name == "filters":
                value = {key: sorted(values) for key, values in json.loads(value).items()}
        except (ValueError, AttributeError, TypeError):
            pass
        found[name] = found.get(name, []) + [None if value in ("0", "false") else value]
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def is_zero(value):
    """Whether a value of JSON is what Go has for one that is not sent."""
    if isinstance(value, (dict, list)):
        return all(map(is_zero, value.values() if isinstance(value, dict) else value))
    return not value or value is NOT_SENT


def value_differences(name, left, right):
    """Where two values of JSON differ: a list of (place, left, right), NOT_SENT for what is not there."""
    if is_zero(left) and is_zero(right):
        return []
    sides = [{} if side is NOT_SENT or side is None else side for side in (left, right)]
    if all(isinstance(side, dict) for side in sides):
        return [found for key in sorted(set(sides[0]) | set(sides[1])) for found in value_differences(
            name + "." + key, sides[0].get(key, NOT_SENT), sides[1].get(key, NOT_SENT))]
    return [] if left == right else [(name, left, right)]


def request_differences(left, right):
    """Where two requests differ: a list of (place, left, right)."""
    (version, _, query), (other, _, other_query) = split_target(left["target"]), split_target(right["target"])
    found = [("version", version, other)] if version != other else []
    found += value_differences("query", query_values(query), query_values(other_query))
    return found + value_differences("body", left["body"], right["body"])


def comparison_lines(names, rows):
    """The lines (str) that show `rows`, (left, right, differences), in two columns below `names`."""
    texts = [["%(method)s %(target)s" % one if one else "" for one in row[:2]] for row in rows]
    width = min(MAX_COLUMN, max(len(left) for left, _ in texts + [names]))
    yield "%s   %s" % (names[0].ljust(width), names[1])
    for (left, right), (_, _, differences) in zip(texts, rows):
        mark = "<" if not right else ">" if not left else "!" if differences else "="
        yield ("%s %s %s" % (left.ljust(width), mark, right)).rstrip()
        for place, *values in differences:
            shown = [value if value is NOT_SENT else json.dumps(value, sort_keys=True) for value in values]
            shown = [text if len(text) <= MAX_VALUE else text[:MAX_VALUE] + "..." for text in shown]
            yield "    %s: %s | %s" % (place, shown[0], shown[1])


def do_compare(console, options, arguments):
    address = console.engine_address()
    if address.base:
        raise UsageError("%s has a path, which a tap cannot put before the targets of a client" % address,
                         "leave the path out")
    docker = options["docker"] or "docker"
    ran = [run_recorded(command + arguments, address) for command in ([docker], own_command())]
    rows = [(left, right, request_differences(left, right) if left and right else [])
            for left, right in aligned(ran[0][1], ran[1][1])]
    if not rows:
        raise UsageError("neither docker nor rawdock sent a request",
                         "choose words with which they ask the engine")
    equal = all(left and right and not differences for left, right, differences in rows)
    if options["json"]:
        requests = [dict(zip(("docker", "rawdock", "differences"), row)) for row in rows]
        statuses = [status for status, _ in ran]
        console.out.line(json.dumps({"equal": equal, "statuses": statuses, "requests": requests}))
    else:
        names = ["%s (status %s)" % pair for pair in zip(("docker", "rawdock"), (ran[0][0], ran[1][0]))]
        for line in comparison_lines(names, rows):
            console.out.line(line)
    return 0 if equal else 1


COMPARE_COMMANDS = command_table(
    Command("compare", do_compare, "CMD [ARG...]",
            "run docker's command line and rawdock with the same words, and compare what they send",
            COMPARE_FLAGS, least=1, program=True),
)
