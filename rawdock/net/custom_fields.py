"""Header fields that a user adds to every request, as in the docker CLI: HttpHeaders, DOCKER_CUSTOM_HEADERS.

They are for a proxy between the client and the engine, such as one that requires a token.
"""
from ..errors import ConfigError, UsageError
from ..wire.message import encode_request_head

# rawdock sets these fields itself; the docker CLI ignores most of them too.
OWN_FIELDS = ("content-length", "host", "te", "trailer", "transfer-encoding", "upgrade", "user-agent")


def variable_fields(text):
    """The header fields (dict) in DOCKER_CUSTOM_HEADERS: `text` is one line of CSV, each value NAME=VALUE.

    ConfigError, in the docker CLI's words, if it is malformed.

    >>> variable_fields('X-Token=secret,"Accept-Language=de, en"')
    {'X-Token': 'secret', 'Accept-Language': 'de, en'}
    """
    import csv
    failed, fields = "failed to %s custom headers from DOCKER_CUSTOM_HEADERS environment variable: ", {}
    try:
        words = next(csv.reader(filter(None, text.splitlines()), strict=True), [])
    except csv.Error:
        raise ConfigError(failed % "parse" + "value must be formatted as comma-separated key=value pairs")
    for word in words:
        name, equals, fields[name.strip()] = word.partition("=")
        if not name.strip() or not equals:
            problem = 'missing "=" in key=value pair' if name.strip() else (
                "value contains a key=value pair with an empty key")
            raise ConfigError("%s%s: '%s'" % (failed % "set", problem, word))
    return fields


def custom_fields(named, environ):
    """The (name, value) pairs to add to each request to an engine.

    They are those of DOCKER_CUSTOM_HEADERS, else those of `named` (dict), the HttpHeaders of config.json.
    ConfigError names the one of the two that is malformed.
    """
    text = environ.get("DOCKER_CUSTOM_HEADERS")
    found = {name.lower(): (name, (value or "").strip())   # a name counts once, in whatever case
             for name, value in (variable_fields(text) if text else named).items()}
    fields = [found[name] for name in found if name not in OWN_FIELDS]
    try:
        encode_request_head("GET", "/", fields)
    except UsageError as error:
        source = "DOCKER_CUSTOM_HEADERS" if text else "HttpHeaders in config.json"
        raise ConfigError("%s: %s" % (source, error.message)) from None
    return fields
