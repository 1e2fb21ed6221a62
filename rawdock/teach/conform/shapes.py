"""Facts: what an answer is like, without its values, and how two answers differ.

A fact is the status, the content type, the framing, and the shape of the body: the keys and types of JSON,
how many bytes each stream had, the names in a tar. Whatever an engine answers has a fact: a body that cannot
be decoded has the shape "text" or "junk".
"""
import json
import re
from collections import OrderedDict, namedtuple

from ...errors import UsageError
from ...wire.frames import FrameReader

MAX_DIFFERENCES = 12     # how many of one body are shown
SHAPE_COLUMNS = 100      # the width of a shape in a difference

# Keys whose object has keys that a user chooses: only the values there are compared.
FREE_MAPS = frozenset(
    "Labels Ports Networks Options Attributes IndexConfigs Runtimes Details Data PortBindings ExposedPorts"
    " Containers networks stats LogConfig DriverOpts Volumes".split())
# Keys that depend on the machine, not on the engine: neither recorded nor compared.
MACHINE_KEYS = frozenset(
    "Warnings SecurityOptions DriverStatus Components percpu_usage blkio_stats memory_stats KernelMemory"
    " KernelMemoryTCP networks Healthcheck".split())


def shape_of(value, key=None):
    """The shape of a JSON value: "s", "n", "b", "null", [shape], {key: shape}, or {"*": shape} for free keys.

    `key` is the key that has the value.
    """
    if isinstance(value, dict):
        kept = {name: shape_of(one, name) for name, one in value.items() if name not in MACHINE_KEYS}
        return {"*": merged_shapes(list(kept.values()))} if key in FREE_MAPS else kept
    if isinstance(value, list):
        return [merged_shapes([shape_of(one) for one in value])]
    if value is None:
        return "null"
    return "b" if isinstance(value, bool) else "s" if isinstance(value, str) else "n"


def merged_shapes(shapes):
    """One shape that covers every one of `shapes` (list); "null" if there are none."""
    found = "null"
    for shape in shapes:
        if isinstance(found, dict) and isinstance(shape, dict):
            found = {key: merged_shapes([one[key] for one in (found, shape) if key in one])
                     for key in set(found) | set(shape)}
        elif isinstance(found, list) and isinstance(shape, list):
            found = [merged_shapes(found + shape)]
        elif found == "null":
            found = shape
        elif shape not in ("null", found):
            found = "mixed"
    return found


def shape_of_json(data):
    """(the shape of the JSON values in `data`, their first value or None); "text" if it is not JSON."""
    try:
        values = json_values(data)
        if len(values) > 1:
            return {"messages": merged_shapes([shape_of(one) for one in values])}, values[0]
        return (shape_of(values[0]), values[0]) if values else ("nothing", None)
    except (ValueError, RecursionError):
        return "text", None


def json_values(data):
    """The JSON values that follow one another in `data` (bytes). ValueError if there is anything else."""
    text, values, decoder = data.decode("utf-8").strip(), [], json.JSONDecoder()
    while text:
        value, end = decoder.raw_decode(text)
        values.append(value)
        text = text[end:].lstrip()
    return values


def shape_of_stat(field):
    """The shape of X-Docker-Container-Path-Stat, which is JSON in base64; "junk" if it is not."""
    from base64 import b64decode
    try:
        shape = shape_of_json(b64decode(field))[0]
        return shape if isinstance(shape, dict) else "junk"
    except ValueError:
        return "junk"


def shape_of_frames(data):
    """The shape of frames: how many bytes each stream has. ProtocolError if `data` is not frames."""
    reader = FrameReader()
    sizes = {}
    for stream, piece in reader.feed(data):
        sizes[stream] = sizes.get(stream, 0) + len(piece)
    reader.feed_eof()
    return {"stream %d" % stream: "%d bytes" % size for stream, size in sizes.items()} or "nothing"


def shape_of_tar(data):
    """The shape of a tar: the names in it; "junk" if it is no tar."""
    import io
    import tarfile
    if not data:
        return "nothing"
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            return ["tar of " + " and ".join(archive.getnames())]
    except (tarfile.TarError, EOFError, OverflowError, LookupError, TypeError, ValueError):
        return "junk"


def write_shape(shape):
    """A shape as it is written in CONFORM_FACTS (str): JSON without quotes and blanks."""
    return json.dumps(shape, sort_keys=True, separators=(",", ":")).replace('"', "")


def read_shape(text, named):
    """The shape that is written as `text`; `named` is a dict of name → the shape of @NAME."""
    if text.startswith("@"):
        base, _, change = text[1:].partition("+")
        return dict(named[base], **read_shape(change or "{}", named))

    def leaf(match):
        word = match.group()
        return json.dumps(named[word[1:]] if word[0] == "@" else word)

    return json.loads(re.sub(r"[^\[\]{}:,]+", leaf, text))


ConformFact = namedtuple("ConformFact", "status kind framing shape message")
ConformFact.__new__.__defaults__ = ("",)
ConformFact.__doc__ = """What an answer is like.

`status` (int), `kind` (content type or "-"), `framing` and `shape`; `message` (str) is that of a refusal,
with the names as the step has them.
"""


def read_facts(text):
    """The text of CONFORM_FACTS as a dict of scenario → dict of step → ConformFact."""
    found, named = {}, {}
    for line in re.sub(r"\n +", "", text.strip()).split("\n"):
        if line.startswith("["):
            facts = found[line.strip("[]")] = {}
        elif line.startswith("@"):
            name, _, shape = line[1:].partition(" ")
            named[name] = read_shape(shape, named)
        elif line:
            steps, status, kind, framing, shape = line.split(None, 4)
            fact = ConformFact(int(status), kind, framing, read_shape(shape, named))
            facts.update(dict.fromkeys(steps.split(","), fact))
            if isinstance(fact.shape, dict):
                named.setdefault(steps.split(",")[0], fact.shape)
    return found


def write_facts(scenario, results):
    """The facts of a scenario as text that read_facts() reads, a line for each step."""
    lines = ["[%s]" % scenario]
    for step, fact in results:
        if not isinstance(fact, ConformFact):
            raise UsageError("%s/%s: %s" % (scenario, step.name, fact),
                             "facts are recorded from an engine that answers")
        answer = fact.status, fact.kind, fact.framing, write_shape(fact.shape)
        lines.append("%s %d %s %s %s" % ((step.name,) + answer))
    return "\n".join(lines)


def compare_fact(expected, seen, says):
    """(how many things were compared, lines that say how they differ, how many of the things differ).

    `seen` is a ConformFact, or the error that came in its place; only then `expected` may be None. `says`
    (str) must be in the message of a refusal. If one answer is a success and the other a refusal, one line
    says that: content type, framing and body differ as a consequence.
    """
    if not isinstance(seen, ConformFact):
        return 1, ["no answer to compare: %s" % " ".join(str(seen).split())], 1
    lines = ["%s: expected %s, seen %s" % row
             for row in zip(("status", "content type", "framing"), expected, seen) if row[1] != row[2]]
    shapes = shape_differences(expected.shape, seen.shape)
    wrong = len(lines) + bool(shapes)
    if says.lower() not in seen.message.lower():
        lines.append("message: expected to contain %r, seen %r" % (says, seen.message))
        wrong += 1
    if (expected.status < 400) != (seen.status < 400):
        return 4 + bool(says), [lines[0] + (" (%s)" % seen.message if seen.message else "")], wrong
    more = len(shapes) - MAX_DIFFERENCES
    return 4 + bool(says), lines + shapes[:MAX_DIFFERENCES] + ["… and %d more" % more] * (more > 0), wrong


def shape_differences(expected, seen, where=""):
    """Lines (list of str) that say how the shape `seen` differs from `expected`; `where` is its place."""
    empty = ("null", ["null"], {"*": "null"})
    if expected == seen:
        return []
    if "null" in (expected, seen) and isinstance(seen if expected == "null" else expected, (list, dict)):
        return []
    if isinstance(expected, list) and isinstance(seen, list):
        either_empty = expected in empty or seen in empty
        return [] if either_empty else shape_differences(expected[0], seen[0], where + "[]")
    if isinstance(expected, dict) and isinstance(seen, dict):
        if ("*" in expected or "*" in seen) and (expected in empty or seen in empty):
            return []
        lines = ["key %s.%s is missing" % (where, key) for key in sorted(set(expected) - set(seen))]
        lines += ["key %s.%s is not expected" % (where, key) for key in sorted(set(seen) - set(expected))]
        for key in sorted(set(expected) & set(seen)):
            lines += shape_differences(expected[key], seen[key], "%s.%s" % (where, key))
        return lines
    return ["%s: expected %s, seen %s" % (where or "body", cut_shape(expected), cut_shape(seen))]


def cut_shape(shape):
    """A shape as text of at most SHAPE_COLUMNS."""
    text = write_shape(shape)
    return text if len(text) <= SHAPE_COLUMNS else text[:SHAPE_COLUMNS - 1] + "…"


def group_differences(found):
    """Group (place, line) pairs by line: a list of (line, list of places), in the order of appearance.

    Two lines that differ only in the names of objects are one difference.
    """
    groups = OrderedDict()
    for place, line in found:
        line = re.sub(r"\b[0-9a-f]{64}\b", "ID", re.sub(r"\$[a-z]+", "$name", line))
        groups.setdefault(line, []).append(place)
    return list(groups.items())
