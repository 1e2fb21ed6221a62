"""Proxies between here and an engine on TCP, as the docker CLI uses them, by Go's rules (package httpproxy).

HTTP_PROXY is for an engine without TLS: request targets are in absolute form (RFC 9112 §3.2.2). HTTPS_PROXY
is for one with TLS: CONNECT makes a tunnel (RFC 9110 §9.3.6). NO_PROXY lists exceptions. Hijacked connections
are made directly, as docker makes them. Left out: proxies behind TLS or SOCKS, which are refused.
"""
import re

from ..errors import ConfigError, ConnectError, ProtocolError
from ..wire.exchange import ResponseParts
from ..wire.message import encode_request_head
from .address import decode_percent

PROXY_URL = (r"(?:http://)?(?:(?P<user>[^@/]*)@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^:/@\[\]]+)"
             r"(?::(?P<port>[0-9]{1,5}))?/?")
PROXY_HINT = "is HTTP_PROXY or HTTPS_PROXY right? NO_PROXY has exceptions"


def is_excepted(host, port, rules):
    """Whether `rules` (str), the value of NO_PROXY, except `host` (str) and `port` (int) from proxies."""
    from ipaddress import ip_network

    def network(text):
        try:
            return ip_network(text, False)
        except ValueError:
            return None
    host, own = host.lower(), network(host.partition("%")[0])
    if host == "localhost" or own is not None and own.is_loopback:
        return True
    for rule in filter(None, rules.lower().replace(" ", "").split(",")):
        name, _, its_port = rule.rpartition(":") if rule.count(":") == 1 or "]:" in rule else (rule, "", "")
        addresses = network(name.strip("[]"))
        found = host == name or host.endswith("." + name.lstrip("*."))
        if addresses is not None:
            found = own is not None and addresses.overlaps(own)
        if rule == "*" or found and its_port in ("", str(port)):
            return True
    return False


def find_proxy(address, environ):
    """(host, port, header fields for it) of the proxy to a tcp Address, or None. ConfigError if malformed."""
    name = "HTTPS_PROXY" if address.tls else "HTTP_PROXY"
    text = environ.get(name) or environ.get(name.lower())
    if not text or is_excepted(address.host, address.port,
                               environ.get("NO_PROXY") or environ.get("no_proxy") or ""):
        return None
    if name == "HTTP_PROXY" and environ.get("REQUEST_METHOD"):   # a CGI request's field Proxy sets it
        raise ConfigError("refusing to use HTTP_PROXY value in CGI environment; "
                          "see golang.org/s/cgihttpproxy")
    match = re.fullmatch(PROXY_URL, text)
    if match is None:
        raise ConfigError("%s is no proxy that rawdock can use" % name, "write http://HOST:PORT")
    fields = []
    if match.group("user"):
        from base64 import b64encode
        user = decode_percent(name, match.group("user")).encode("utf-8", "surrogateescape")
        fields = [("Proxy-Authorization", "Basic " + b64encode(user).decode("ascii"))]
    return match.group("host").strip("[]"), int(match.group("port") or 80), fields


def proxied_address(address, environ):
    """(the Address for dial(), which connects by the proxy; prefix of each request target; header fields).

    (`address`, "", []) if `environ` names no proxy for it. ConfigError if it names one that cannot be used.
    """
    host, port, fields = find_proxy(address, environ) or (None, None, [])
    if host is None:
        return address, "", []
    from copy import copy
    found = copy(address)
    authority = "%s:%d" % ("[%s]" % address.host if ":" in address.host else address.host, address.port)

    def connect(place, timeout):
        import socket
        try:
            sock = socket.create_connection((host, port), timeout)
        except OSError as error:
            reason = "proxyconnect tcp: %s:%d: %s" % (host, port, error.args[-1])
            raise ConnectError(address, reason, error.errno, PROXY_HINT, between=True)
        if address.tls:
            open_tunnel(sock, address, authority, fields)
        return sock

    found.connect = connect
    return (found, "", []) if address.tls else (found, "http://" + authority, [("Host", authority)] + fields)


def open_tunnel(sock, address, authority, fields):
    """Have the proxy behind `sock` connect to the `authority` (host:port). ConnectError if it does not."""
    reader, heads, answer = ResponseParts(), [], "no answer"
    reader.expect("CONNECT", True)
    try:
        sock.sendall(encode_request_head("CONNECT", authority, [("Host", authority)] + fields, "1.1"))
        for data in iter(lambda: sock.recv(1), b""):   # what follows the head is TLS already
            reader.take_head(data, 0, heads)
            if heads and not heads[-1].interim:
                answer = "%d %s" % (heads[-1].status, heads[-1].reason)
                break
    except (ConnectionError, ProtocolError) as error:
        answer = error.args[-1] if isinstance(error, OSError) else error.message
    finally:
        if not heads or not 200 <= heads[-1].status < 300:
            sock.close()
    if sock.fileno() < 0:   # it is closed
        raise ConnectError(address, "the proxy made no tunnel: " + answer, None, PROXY_HINT, between=True)
