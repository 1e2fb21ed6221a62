"""`--publish` and `--expose`: ports of a container, and those of the host that are forwarded to them."""
import re
import socket

from ..errors import UsageError
from .values import read_integer


def is_ip_address(text):
    try:
        return bool(socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text))
    except (OSError, ValueError):   # ValueError: NUL, or a character that UTF-8 has not
        return False


def split_protocol(text):
    """ "80/udp" → ("80", "udp"). Without a protocol it is tcp; without a port both are empty."""
    fields = text.split("/")
    return (fields[0], (fields + [""])[1] or "tcp") if fields[0] else ("", "")


def port_range(text):
    """ "80" or "80-82" → a range of ports."""
    if not text:
        raise UsageError("empty string specified for ports")
    first, dash, last = text.partition("-")
    start = read_integer(first, bits=16, signed=False)
    end = read_integer(last.partition("-")[0], bits=16, signed=False) if dash else start
    if end < start:
        raise UsageError("invalid range specified for port: " + text)
    return range(start, end + 1)


def exposed_ports(option, values):
    """The values of --expose → {"80/tcp": {}, …}."""
    exposed = {}
    for item in values:
        if ":" in item:
            raise UsageError("invalid port format for --expose: " + item, "write PORT[-PORT][/PROTOCOL]")
        text, protocol = split_protocol(item)
        try:
            ports = port_range(text)
        except UsageError as error:
            raise UsageError("invalid range format for --expose: %s, error: %s"
                             % (item, error.message)) from None
        exposed.update({"%d/%s" % (port, protocol): {} for port in ports})
    return exposed


def short_form(text):
    """A -p value in its long form, target=80,published=8080, as [[IP:]HOST:]PORT/PROTOCOL."""
    if "=" not in text:
        return text
    pairs = {"protocol": "tcp", "published": "", "target": ""}
    for field in text.split(","):
        name, equals, value = field.partition("=")
        if not equals or not name:
            raise UsageError("invalid publish opts format (should be name=value but got '%s')" % field)
        pairs[name] = value
    return "%(published)s:%(target)s/%(protocol)s" % pairs


def checked_range(what, text):
    try:
        return port_range(text)
    except UsageError:
        raise UsageError("invalid %s: %s" % (what, text), "write [[IP:]HOST:]CONTAINER[/PROTOCOL]") from None


def parse_publish(value):
    """One -p value → [(container port "80/tcp", {"HostIp": …, "HostPort": …}), …]."""
    text = short_form(value)
    fields = text.rsplit(":", 2)
    ports, protocol = split_protocol(fields[-1])
    protocol = protocol.lower()
    if not ports:
        raise UsageError("no port specified: %s<empty>" % text, "write [[IP:]HOST:]CONTAINER[/PROTOCOL]")
    if protocol not in ("tcp", "udp", "sctp"):
        raise UsageError("invalid proto: " + protocol, "write tcp, udp or sctp")
    address = fields[0] if len(fields) == 3 else ""
    if re.fullmatch(r"\[.*\]", address, re.DOTALL):
        address = address[1:-1]
    if address and not is_ip_address(address):
        raise UsageError("invalid IP address: " + address)
    container, host = checked_range("containerPort", ports), fields[-2] if len(fields) > 1 else ""
    published = [str(port) for port in checked_range("hostPort", host)] if host else [""] * len(container)
    if len(container) == 1 and len(published) > 1:   # the engine picks one of them
        published = ["%s-%s" % (published[0], published[-1])]
    if len(published) != len(container):
        raise UsageError("invalid ranges specified for container and host Ports: %s and %s" % (ports, host))
    return [("%d/%s" % (port, protocol), {"HostIp": address, "HostPort": place})
            for port, place in zip(container, published)]


def port_bindings(option, values):
    """The values of --publish → {"80/tcp": [{"HostIp": …, "HostPort": …}, …], …}."""
    bindings = {}
    for item in values:
        for port, binding in parse_publish(item):
            bindings.setdefault(port, []).append(binding)
    return bindings
