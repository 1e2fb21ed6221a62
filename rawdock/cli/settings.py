"""What config.json and the environment add to a command, as in the docker CLI.

Promises: only what the user did not give on the command line is taken from here. A setting that cannot be
used ends the command with a line that names it.

Refused: DOCKER_CONTENT_TRUST, because signatures are not verified here.
"""
import os

from ..errors import UsageError
from .flags import FALSE_WORDS

PROXY_SETTINGS = (("httpProxy", "HTTP_PROXY"), ("httpsProxy", "HTTPS_PROXY"), ("noProxy", "NO_PROXY"),
                  ("ftpProxy", "FTP_PROXY"), ("allProxy", "ALL_PROXY"))


def daemon_host(address):
    """What `proxies` in config.json calls the engine at an Address."""
    return "http://docker.example.com" if address.scheme == "ssh" else str(address)


def proxy_variables(console, address):
    """The environment variables (dict) that a container gets for the `proxies` of the Console's config.json.

    Those of the engine at `address` (Address) are used, else the default's.
    """
    proxies = console.config_values("proxies", "an object of objects of texts") or {}
    chosen = proxies.get(daemon_host(address) if daemon_host(address) in proxies else "default") or {}
    return {spelled: chosen[key] for key, name in PROXY_SETTINGS if chosen.get(key)
            for spelled in (name, name.lower())}


def add_config_filters(console, filters):
    """Add pruneFilters of the Console's config.json to the `filters` (dict) of a prune.

    A label of the command line has precedence over the opposite: `label=x` over `label!=x`.
    """
    opposite = {"label": "label!", "label!": "label"}
    given = {name: list(values) for name, values in filters.items()}
    for word in console.config_values("pruneFilters", "a list of texts") or ():
        name, equals, value = (word or "").partition("=")
        if equals and value not in given.get(opposite.get(name), ()):
            values = filters.setdefault(name, [])
            if value not in values:
                values.append(value)


def default_platform(options):
    """--platform of `options` (dict), or DOCKER_DEFAULT_PLATFORM if it is not given → str or None."""
    given = options["platform"]
    return os.environ.get("DOCKER_DEFAULT_PLATFORM") if given is None else given


def refuse_content_trust(disabled, digested=False):
    """UsageError if images are to be verified: by `disabled` (--disable-content-trust: a bool, or None if it
    is not given) or by DOCKER_CONTENT_TRUST. `digested`: the image is named by its digest, which needs no
    signature.
    """
    if digested:
        return
    trust = os.environ.get("DOCKER_CONTENT_TRUST")
    if disabled is False or disabled is None and trust and trust not in FALSE_WORDS:
        raise UsageError("content trust is not supported: signatures are not checked",
                         "unset DOCKER_CONTENT_TRUST, or give --disable-content-trust")
