"""What commands share that list something: --filter, --since and --until in the query, the list in the
answer."""
import time

from ..engine.answers import answer_field, malformed_answer
from .console import CommandFailed
from .durations import parse_when


def parse_filters(words):
    """The values of --filter ("status=exited") as the dict that the engine takes: name to list of values.

    CommandFailed, with the docker CLI's status 125, for one without `=`.
    """
    filters = {}
    for word in words or ():
        if not word:
            continue
        name, equals, value = word.partition("=")
        if not equals:
            raise CommandFailed('invalid argument "%s" for "-f, --filter" flag: bad format of filter '
                                "(expected name=value)" % word, 125)
        values = filters.setdefault(name.strip().lower(), [])
        if value.strip() not in values:
            values.append(value.strip())
    return filters


def read_when(options, name):
    """--since or --until as the engine takes it (str), or None."""
    text = options[name]
    return parse_when(text, time.time()) if text else None


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
