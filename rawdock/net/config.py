"""Which engine to use: the only place that compares flags, the environment, config.json and contexts.

The first of these that is set decides, as in the docker CLI: -c CONTEXT, -H ADDRESS, DOCKER_HOST,
DOCKER_CONTEXT, currentContext in config.json, then /var/run/docker.sock. The TLS flags and variables apply
to an address that is named, and to the default one; a context has TLS settings of its own.
"""
import os

from ..errors import AddressError, ConfigError
from .address import DEFAULT_SOCKET_PATH, Address, TLSSettings, parse_address
from .config_file import config_directory, read_config_file


def tls_settings(environ, flags):
    """The TLSSettings that the TLS variables in `environ` and the TLS `flags` require; None if they do not.

    `flags` is a dict of the options tls, tlsverify (bool or None), tlscacert, tlscert and tlskey (str or
    None). AddressError if a file that is needed cannot be read.
    """
    # Set to anything, even 0, the variables count as true in the docker CLI.
    sources = [("--tlsverify", flags.get("tlsverify") is not None),
               ("DOCKER_TLS_VERIFY", environ.get("DOCKER_TLS_VERIFY")), ("--tls", flags.get("tls")),
               ("DOCKER_TLS", flags.get("tls") is None and environ.get("DOCKER_TLS"))]
    origin = next((name for name, given in sources if given), None)
    if origin is None:
        return None
    directory = environ.get("DOCKER_CERT_PATH") or config_directory(environ)
    paths = []
    for name in ("ca", "cert", "key"):
        path = flags.get("tlscacert" if name == "ca" else "tls" + name)
        if path and path[0] in "'\"" and path[0] == path[-1]:
            path = path[1:-1]   # the docker CLI takes quotes off
        if path is None:
            path = os.path.join(directory, name + ".pem")
            if name != "ca" and not os.path.exists(path):
                path = ""
        try:
            open(path or os.devnull, "rb").close()
        except OSError as error:
            raise AddressError("open %s: %s" % (path, error.strerror.lower()), "%s asks for TLS" % origin)
        paths.append(path or None)
    verify = flags.get("tlsverify")
    verify = bool(environ.get("DOCKER_TLS_VERIFY")) if verify is None else verify
    return TLSSettings(*paths, verify=verify, origin=origin)


def context_in_use(context, environ, config=None):
    """(name, rule): the context to use without -H ("default" if none is named), and what named it (str).

    `config()` returns the content of config.json (dict); without it the file is read here.
    """
    if context:
        return context, "-c"
    if environ.get("DOCKER_HOST"):
        return "default", "DOCKER_HOST"
    if environ.get("DOCKER_CONTEXT"):
        return environ["DOCKER_CONTEXT"], "DOCKER_CONTEXT"
    directory = config_directory(environ)
    name = (config() if config else read_config_file(directory)).get("currentContext") or "default"
    if not isinstance(name, str):
        raise ConfigError("currentContext in %s/config.json is not a text" % directory,
                          "mend the file, or name the engine with -H")
    return name, "the default" if name == "default" else "currentContext in %s/config.json" % directory


def choose_endpoint(address=None, context=None, environ=None, tls=None, insecure_tcp=False, config=None):
    """(Address, rule): the engine that the arguments and the environment name, and what named it (str).

    `address` is what -H names (an Address is used as it is), `context` what -c names; None without one.
    `tls` is a TLSSettings, or a dict of the TLS flags for tls_settings(). `insecure_tcp` allows TCP without
    TLS to another machine, as RAWDOCK_INSECURE_TCP=1 does. `config()` returns the content of config.json.
    AddressError or ConfigError names what is wrong.
    """
    if isinstance(address, Address):
        return address, "-H"
    environ = os.environ if environ is None else environ
    if context is not None and not isinstance(context, str):
        raise AddressError("context name %r is no str" % (context,))
    if address is not None and context:
        raise AddressError("conflicting options: cannot specify both --host and --context")
    name, rule = ("default", "-H") if address is not None else context_in_use(context, environ, config)
    if name != "default":
        from .contexts import context_endpoint
        found = context_endpoint(name, environ)
    else:
        host = environ.get("DOCKER_HOST") if address is None else address
        tls = tls if isinstance(tls, TLSSettings) else tls_settings(environ, tls or {})
        usual = "tcp://localhost:2376" if tls else "unix://" + DEFAULT_SOCKET_PATH
        found = parse_address(usual if host in (None, "") else host)
        found.tls = tls if found.scheme == "tcp" else None
    found.insecure_tcp = bool(insecure_tcp) or environ.get("RAWDOCK_INSECURE_TCP") == "1"
    return found, rule


def find_address(address=None, context=None, environ=None, tls=None, insecure_tcp=False):
    """The Address of the engine that choose_endpoint() chooses."""
    return choose_endpoint(address, context, environ, tls, insecure_tcp)[0]
