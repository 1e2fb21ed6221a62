"""The addresses of engines, as people write them.

    unix:///var/run/docker.sock      a Unix socket; unix:// alone is the default path; unix://rel is relative
    tcp://127.0.0.1:2375/base        TCP; default host localhost, port 2375; the base path goes before /vX.Y
    127.0.0.1:2375                   tcp:// is assumed, as in the docker CLI
    ssh://ada@host:22/run/d.sock     over the program ssh; user, port and the far end's socket may be missing
    practice:                        the practice engine inside this process

The grammar is the docker CLI's. Refused: http://, https:// and http+unix:// (the CLI refuses them too),
npipe:// and fd:// (not of this system), query and fragment parts, and a password, which others could read in
the list of processes.
"""
import re
from collections import namedtuple

from ..errors import AddressError

DEFAULT_SOCKET_PATH = "/var/run/docker.sock"
DEFAULT_TCP_PORT = 2375
MAX_SOCKET_PATH_BYTES = 107   # sockaddr_un.sun_path is 108 bytes with its NUL on Linux

ADDRESS_HINT = "write unix:///path/to/docker.sock or tcp://HOST:PORT"
TCP_PLACE = (r"(?P<host>\[[0-9A-Fa-f:.]+(?:%[0-9A-Za-z._-]+)?\]|[^\[\]:/?#@\s]*)"
             r"(?::(?P<port>[0-9]{0,5}))?(?P<base>/[!-~]*)?")
SSH_PLACE = (r"(?:(?P<user>[^:/?#]*)(?P<password>:[^/?#]*)?@)?"
             r"(?P<host>\[[0-9A-Fa-f:.]+(?:%[0-9A-Za-z._-]+)?\]|[^\[\]:/?#@]*)"
             r"(?::(?P<port>[0-9]{0,5}))?(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?")


class TLSSettings(namedtuple("TLSSettings", "ca cert key verify origin")):
    """How a TCP connection is encrypted.

    `ca`, `cert` and `key` are paths of PEM files (str) or None: the authorities that are trusted (None: those
    of the system), the client's certificate and its private key. `verify` (bool) says whether the engine's
    certificate and host name are checked, `origin` (str) which flag, variable or context requires TLS.
    """

    __slots__ = ()

    def __new__(cls, ca=None, cert=None, key=None, verify=True, origin="the caller"):
        return super().__new__(cls, ca, cert, key, verify, origin)


class Address:
    """Where an engine is. `scheme` (str) is "unix", "tcp", "ssh" or "practice"; the others depend on it.

    unix: `path`. tcp: `host`, `port` (int) and `base`, the path before each request target; `tls`, its
    TLSSettings or None; `insecure_tcp` allows TCP without TLS to another machine; `connect` replaces
    socket.create_connection(). ssh: `user`, `host`, `port`, and the `path` of the engine's socket on that
    host; ssh itself chooses what is None. str() gives the address as text.
    """

    __slots__ = ("scheme", "path", "host", "port", "base", "text", "user", "tls", "insecure_tcp", "connect")

    def __init__(self, scheme, text, path=None, host=None, port=None, base="", user=None):
        self.scheme, self.text = scheme, text
        self.path = path
        self.host, self.port, self.base = host, port, base
        self.user = user
        self.tls, self.insecure_tcp, self.connect = None, False, None

    def __str__(self):
        return self.text

    def __repr__(self):
        return "Address(%r)" % self.text

    def __eq__(self, other):
        return isinstance(other, Address) and (self.text, self.tls) == (other.text, other.tls)


def parse_address(text):
    """str → Address; an Address is returned unchanged. AddressError says what is wrong and what to write.

    >>> parse_address("unix://").path, parse_address("tcp://localhost").port
    ('/var/run/docker.sock', 2375)
    """
    if isinstance(text, Address):
        return text
    # ==== library begin
    if not isinstance(text, (str, type(None))):
        raise AddressError("the engine's address is no str: %r" % (text,), ADDRESS_HINT)
    # ==== library end
    if not text or not text.strip():
        raise AddressError("the engine's address is empty", ADDRESS_HINT)
    # A password is refused below, in an error that does not show it.
    text = re.sub(r"^(?!unix://)([^:/@]*://)?([^:/]*):[^/]*@", r"\1\2:***@", text.strip())
    # A blank may stand in a path, nowhere else.
    if re.search(r"[\x00-\x1f\x7f]" if text.startswith("unix://") else r"[\x00-\x20\x7f]", text):
        raise AddressError("address %r has a blank or a control character in it" % text, ADDRESS_HINT)
    if text in ("practice:", "practice"):
        return Address("practice", "practice:")
    scheme, separator, place = text.partition("://")
    if not separator:
        if text.startswith(("/", "./", "../")):
            raise AddressError("address %r has no scheme" % text, "write unix://%s" % text)
        scheme, place = "tcp", text
    reader = {"unix": unix_address, "tcp": tcp_address, "ssh": ssh_address}.get(scheme)
    if reader is None:
        raise AddressError("address %r: unknown scheme %r" % (text, scheme), ADDRESS_HINT)
    return reader(text, place)


def unix_address(text, place):
    """The Address for unix://`place`. AddressError if the path is longer than a socket's may be."""
    path = place or DEFAULT_SOCKET_PATH
    try:
        size = len(path.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        raise AddressError("socket path %r cannot be written in UTF-8" % path, ADDRESS_HINT)
    if size > MAX_SOCKET_PATH_BYTES:
        raise AddressError("socket path %s is %d bytes long; the system takes at most %d"
                           % (path, size, MAX_SOCKET_PATH_BYTES),
                           "use a shorter path, or a symbolic link to the socket's directory")
    return Address("unix", "unix://" + path, path=path)


def tcp_address(text, place):
    """The Address for tcp://`place`; `text` is what the user wrote. AddressError if it is malformed."""
    match = re.fullmatch(TCP_PLACE, place)
    if match is None:
        raise AddressError("address %r: %r is not HOST:PORT" % (text, place), ADDRESS_HINT)
    host, port = match.group("host").strip("[]"), match.group("port")
    base = (match.group("base") or "").rstrip("/")
    if port and not 0 < int(port) < 65536:
        raise AddressError("address %r: port %s is not between 1 and 65535" % (text, port), ADDRESS_HINT)
    if "?" in base or "#" in base:
        raise AddressError("address %r: a query or a fragment has no place in it" % text, ADDRESS_HINT)
    host, port = host or "localhost", int(port or DEFAULT_TCP_PORT)
    shown = "[%s]" % host if ":" in host else host
    return Address("tcp", "tcp://%s:%d%s" % (shown, port, base), host=host, port=port, base=base)


def ssh_address(text, place):
    """The Address for ssh://`place`, with %XX in it decoded. AddressError, in the docker CLI's words."""
    match = re.fullmatch(SSH_PLACE, place)
    if match is None:
        raise AddressError("address %r is not ssh://[USER@]HOST[:PORT][/SOCKET]" % text, ADDRESS_HINT)
    host, port = match.group("host").strip("[]").replace("%25", "%"), match.group("port")
    problem = ("plain-text password is not supported" if match.group("password") is not None
               else "hostname is empty" if not host
               else 'query parameters are not allowed: "%s"' % match.group("query") if match.group("query")
               else 'fragments are not allowed: "%s"' % match.group("fragment") if match.group("fragment")
               else None)
    if problem:
        raise AddressError("ssh host connection is not valid: invalid SSH URL: " + problem,
                           "write ssh://[USER@]HOST[:PORT][/SOCKET]; ssh itself asks for a password")
    if port and not 0 < int(port) < 65536:
        raise AddressError("address %r: port %s is not between 1 and 65535" % (text, port), ADDRESS_HINT)
    user, path = [decode_percent("address %r" % text, match.group(name)) for name in ("user", "path")]
    return Address("ssh", text, path=path, host=host, port=int(port) if port else None, user=user)


def decode_percent(what, part):
    """Decode %XX in `part` (str or None) → str, None if it is empty. AddressError, which names `what`."""
    try:
        data = (part or "").encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise AddressError("%s cannot be written in UTF-8" % what)
    data = re.sub(rb"%([0-9A-Fa-f]{2})", lambda match: bytes([int(match.group(1), 16)]), data)
    if re.search(rb"[\x00-\x1f\x7f]", data):
        raise AddressError("%s has a control character in it" % what)
    return data.decode("utf-8", "surrogateescape") or None
