"""--filter, --since and --until as parameters of a request's query."""
import time

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
