"""The address of the engine, from flags, the environment, and the docker CLI's config.json and contexts.

The first of these that is there counts, as in the docker CLI: -c CONTEXT, -H ADDRESS, DOCKER_HOST,
DOCKER_CONTEXT, currentContext in config.json, then /var/run/docker.sock. A context is a file that the docker
CLI made; it is only read here.

TLS is not supported yet. Where the environment or a context asks for it, a TCP address is refused, because
the connection would not be encrypted.
"""
import os
import re

from ..errors import AddressError
from .address import DEFAULT_SOCKET_PATH, parse_address

CONTEXT_NAME = r"[a-zA-Z0-9][a-zA-Z0-9_.+-]+"


def config_directory(environ):
    return environ.get("DOCKER_CONFIG") or os.path.join(os.path.expanduser("~"), ".docker")


def read_config_json(path):
    """The JSON object in the file at `path`, {} without such a file. AddressError if it cannot be read."""
    try:
        with open(path, encoding="utf-8") as file:
            import json
            value = json.load(file)
        if isinstance(value, dict):
            return value
        problem = "does not hold a JSON object"
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        problem = "cannot be read: %s" % (getattr(error, "strerror", None) or error)
    raise AddressError("%s %s" % (path, problem), "mend or move the file, or name the engine with -H")


def context_address(name, environ):
    """The Address that the context `name` gives. AddressError if there is none."""
    from hashlib import sha256
    if not re.fullmatch(CONTEXT_NAME, name):
        raise AddressError("context name %r: letters, digits and _.+- only, two at least" % name)
    store, folder = os.path.join(config_directory(environ), "contexts"), sha256(name.encode()).hexdigest()
    meta = read_config_json(os.path.join(store, "meta", folder, "meta.json"))
    if not meta:
        raise AddressError("context %r not found in %s" % (name, config_directory(environ)),
                           "see `docker context ls`, or name the engine with -H")
    endpoints = meta.get("Endpoints")
    endpoint = endpoints.get("docker") if isinstance(endpoints, dict) else None
    host = endpoint.get("Host") if isinstance(endpoint, dict) else None
    if not isinstance(host, str):
        raise AddressError("context %r names no docker endpoint" % name, "name the engine with -H")
    return address_without_tls(host, os.path.isdir(os.path.join(store, "tls", folder, "docker")))


def address_without_tls(text, tls):
    """str → Address. AddressError if `tls` (bool) asks for TLS and the address is a TCP one."""
    address = parse_address(text)
    if tls and address.scheme == "tcp":
        raise AddressError("%s asks for TLS, which this version does not support" % address,
                           "forward the engine's socket (ssh -L) and use unix://, or unset DOCKER_TLS_VERIFY "
                           "and DOCKER_TLS for a port without TLS")
    return address


def context_in_use(context, environ):
    """The name of the context to use (str) if there is no -H; "default" for none."""
    if not context and environ.get("DOCKER_HOST"):
        return "default"
    name = context or environ.get("DOCKER_CONTEXT")
    if not name:
        path = os.path.join(config_directory(environ), "config.json")
        name = read_config_json(path).get("currentContext")
        if name is not None and not isinstance(name, str):
            raise AddressError("currentContext in %s is not a text" % path,
                               "mend the file, or name the engine with -H")
    return name or "default"


def find_address(address=None, context=None, environ=None):
    """The Address that -H `address`, -c `context` and the environment give. Else AddressError."""
    environ = os.environ if environ is None else environ
    if context is not None and not isinstance(context, str):
        raise AddressError("context name %r is no str" % (context,))
    if address and context:
        raise AddressError("both an address and a context were given", "use -H or -c, not both")
    # Set to anything, even 0, DOCKER_TLS_VERIFY turns TLS on in the docker CLI.
    tls = bool(environ.get("DOCKER_TLS_VERIFY") or environ.get("DOCKER_TLS"))
    if address:
        return address_without_tls(address, tls)
    name = context_in_use(context, environ)
    if name != "default":
        return context_address(name, environ)
    return address_without_tls(environ.get("DOCKER_HOST") or "unix://" + DEFAULT_SOCKET_PATH, tls)
