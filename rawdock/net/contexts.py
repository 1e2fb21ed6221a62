"""The docker CLI's context store: which contexts there are, and the engine that each one names.

    CONFIG/contexts/meta/ID/meta.json                 {"Name", "Metadata", "Endpoints": {"docker": {"Host"}}}
    CONFIG/contexts/tls/ID/docker/{ca,cert,key}.pem   TLS material, each file optional

CONFIG is --config, DOCKER_CONFIG or ~/.docker, and ID the SHA-256 of the context's name in hexadecimal. The
context "default" is not in the store: it is what -H, DOCKER_HOST and the TLS flags and variables say.
"""
import os

from ..errors import AddressError
from .address import TLSSettings, parse_address
from .config_file import config_directory

CONTEXT_NAME = r"[a-zA-Z0-9][a-zA-Z0-9_.+-]+"


def context_folder(name, kind, environ):
    """The path of the context's folder for its `kind` of data, "meta" or "tls"."""
    from hashlib import sha256
    folder = sha256(name.encode("utf-8", "backslashreplace")).hexdigest()
    return os.path.join(config_directory(environ), "contexts", kind, folder)


def read_context_file(path):
    """The JSON object (dict) in the meta.json at `path`. Else AddressError, in the docker CLI's words."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            import json
            value = json.load(file)
        if isinstance(value, (dict, type(None))):
            return value or {}
        problem = "parsing %s: it does not hold a JSON object" % path
    except FileNotFoundError:
        problem = "context not found: open %s: no such file or directory" % path
    except OSError as error:
        problem = "open %s: %s" % (path, error.strerror.lower())
    except (ValueError, RecursionError) as error:
        problem = "parsing %s: %s" % (path, error)
    raise AddressError(problem)


def read_context(name, environ):
    """The metadata (dict) of the context `name`. AddressError if it does not exist or cannot be read."""
    try:
        return read_context_file(os.path.join(context_folder(name, "meta", environ), "meta.json"))
    except AddressError as error:
        raise AddressError('context "%s": %s' % (name, error.message)) from None


def context_endpoint(name, environ):
    """The Address, with its TLSSettings, of the docker endpoint of the context `name`. Or AddressError."""
    endpoints = read_context(name, environ).get("Endpoints")
    if not isinstance(endpoints, dict) or "docker" not in endpoints:
        raise AddressError('context "%s": cannot find docker endpoint in context' % name)
    endpoint = endpoints["docker"]
    host = endpoint.get("Host") or "unix://" if isinstance(endpoint, dict) else None
    if not isinstance(host, str):
        raise AddressError('context "%s": the Host of its docker endpoint is not a text' % name)
    if "://" not in host:
        raise AddressError("context \"%s\": unable to parse docker host `%s`" % (name, host))
    address = parse_address(host)
    skip = endpoint.get("SkipTLSVerify") is True
    folder = os.path.join(context_folder(name, "tls", environ), "docker")
    paths = [os.path.join(folder, file) for file in ("ca.pem", "cert.pem", "key.pem")]
    paths = [path if os.path.exists(path) else None for path in paths]
    if address.scheme == "tcp" and (skip or any(paths)):
        address.tls = TLSSettings(*paths, verify=not skip, origin='context "%s"' % name)
    return address


def read_store(environ):
    """The metadata (list of dict) of each context in the store. AddressError for one that cannot be read."""
    store = os.path.join(config_directory(environ), "contexts", "meta")
    folders = sorted(os.listdir(store)) if os.path.isdir(store) else ()
    paths = [os.path.join(store, folder, "meta.json") for folder in folders]
    found = [read_context_file(path) for path in paths if os.path.isfile(path)]   # .DS_Store is there too
    return [one for one in found if one.get("Name")]
