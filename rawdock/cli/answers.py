"""What the commands that show have in common: filters, times, answers of the right shape, whole lists."""
import time

from ..engine.durations import parse_when
from ..errors import ProtocolError, UsageError
from .format import parse_filters


def read_filters(console, options):
    """--filter as a dict (empty: none), or None after saying what is wrong with it: status 125."""
    try:
        return parse_filters(options["filter"])
    except UsageError as error:
        console.err.line(str(error))
        return None


def answered_object(value, operation, *needed):
    """`value`, an answer's, if it is an object with texts under the names `needed`; else ProtocolError."""
    if isinstance(value, dict) and all(isinstance(value.get(name), str) for name in needed):
        return value
    expected = "an object" + (" with the text %s" % " and ".join(needed) if needed else "")
    raise ProtocolError("Engine API, " + operation, 0, repr(value).encode("utf-8", "replace"), expected)


def answered_objects(value, operation, *needed):
    """`value` if it is a list of such objects ([] for null); else ProtocolError."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise ProtocolError("Engine API, " + operation, 0, repr(value).encode("utf-8", "replace"), "a list")
    return [answered_object(one, operation, *needed) for one in value]


def familiar_name(repository):
    """A repository as people write it: "redis" for the "docker.io/library/redis" that podman lists."""
    if not repository.startswith(("docker.io/", "index.docker.io/")):
        return repository
    from ..engine.reference import parse_reference
    try:
        return parse_reference(repository).familiar_name()
    except UsageError:
        return repository


def read_when(options, name):
    """--since or --until for the engine, or None."""
    text = options[name]
    return parse_when(text, time.time()) if text else None


def write_lines(output, lines):
    """All of a list (of str) in one write."""
    if lines:
        output.line("\n".join(lines))
