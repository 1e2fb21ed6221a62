"""What commands share that list something: --filter, --since and --until in the query, the list in the
answer."""
import time

from ..engine.answers import answer_field, malformed_answer
from ..errors import UsageError
from .console import CommandFailed
from .durations import parse_when


def parse_filters(words):
    """The values of a filter flag ("status=exited") as the engine takes them: name to list of values."""
    filters = {}
    for word in filter(None, words or ()):
        name, _, value = word.partition("=")
        values = filters.setdefault(name.strip().lower(), [])
        if value.strip() not in values:
            values.append(value.strip())
    return filters


def read_when(options, name):
    """--since or --until as the engine takes it (str), or None. CommandFailed as the docker CLI words it."""
    text = options[name]
    try:
        return parse_when(text, time.time()) if text else None
    except UsageError as error:
        raise CommandFailed(error.message, 1) from error


def answer_objects(answer, operation, *needed):
    """`answer` if it is a list of objects with a text under each name of `needed`, [] for null.

    ProtocolError for anything else.
    """
    if not isinstance(answer, (list, type(None))):
        raise malformed_answer(operation, answer, "a list")
    for one in answer or ():
        answer_field(one, operation, dict)
        for name in needed:
            answer_field(one, operation, str, name)
    return answer or []


def string_map(words):
    """Words "NAME=VALUE", or NAME alone for an empty value, as a dict."""
    return {name: value for name, _, value in [word.partition("=") for word in words or ()]}


def comma_separated(words):
    """All values of a flag whose each value may be several: CSV, as pflag reads it."""
    import csv
    return [value for row in csv.reader(words or ()) for value in row]


def require_api(console, options, since, command=None):
    """CommandFailed if the engine's API is older than a flag in `options` that is given.

    `since` has the flags that came later: "cluster 1.42 tree 1.47", or with `command` (str) the version that
    the command itself came with.
    """
    words, docker = since.split(), console.docker
    named = [("docker " + command, since)] if command else [
        ('"--%s"' % flag, version) for flag, version in zip(words[::2], words[1::2])
        if options[flag.replace("-", "_")] not in (None, False)]
    newer = ["%s requires API version %s, but the Docker daemon API version is %s"
             % (name, version, docker.version) for name, version in named if not docker.supports(version)]
    if newer:
        raise CommandFailed("\n".join(newer), 1)
