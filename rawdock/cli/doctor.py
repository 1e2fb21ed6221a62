"""doctor: which engine is chosen and why, what is wrong on the way to it, and what to try for each fault.

Strategy: CHECKS is the table. Each check looks at one thing and yields findings; a check whose subject does
not exist (a socket file, for an address of TCP) yields none. If no engine is chosen, only "endpoint" is
checked. Nothing is changed, and no advice ever loosens permissions.

A finding is "ok", "wrong" (something does not work, or is not safe) or "note" (worth knowing). The exit
status is 1 if one of them is "wrong".
"""
import os
import time
from collections import namedtuple

from ..engine.docker import NEWEST_API, OLDEST_API
from ..engine.endpoints import api_version_pair
from ..errors import RawdockError
from ..net.address import DEFAULT_TCP_PORT, parse_address
from ..net.connection import Connection
from ..net.dial import dial
from ..wire.jsonstream import decode_json
from .flags import Command, command_table

DIAL_SECONDS = 3              # for each connection that is tried
SSH_SECONDS = 40              # for one over ssh, whose own limit is 30, and which may ask for a passphrase
MAX_PROBE_BYTES = 1 << 20
MAX_CLOCK_SECONDS = 5         # by which the engine's clock may differ: its Date field has whole seconds
EXPIRY_DAYS = 30              # a certificate that ends sooner is worth a note

Finding = namedtuple("Finding", "check result text fix")
Finding.__doc__ = """What a check found: the `check`'s name, `result` ("ok", "wrong" or "note"), a `text` of
one line, and `fix` (str), the one thing to try, "" where there is none."""

# Where engines listen; %(runtime)s is XDG_RUNTIME_DIR, and ~ the home directory.
SOCKET_PLACES = (
    ("Docker", "/var/run/docker.sock"), ("rootless Docker", "%(runtime)s/docker.sock"),
    ("rootless Docker", "~/.docker/run/docker.sock"), ("Docker Desktop", "~/.docker/desktop/docker.sock"),
    ("podman", "/run/podman/podman.sock"), ("rootless podman", "%(runtime)s/podman/podman.sock"),
    ("podman machine", "~/.local/share/containers/podman/machine/podman.sock"),
    ("colima", "~/.colima/default/docker.sock"), ("colima", "~/.colima/docker.sock"),
    ("OrbStack", "~/.orbstack/run/docker.sock"), ("Rancher Desktop", "~/.rd/docker.sock"),
    ("Lima", "~/.lima/default/sock/docker.sock"))


class Examination:
    """What the checks examine: `console`, the chosen Address `address`, and the `rule` (str) that chose it.

    `answer` is the engine's Response to GET /_ping, None before it has come. `unreachable` is True once it is
    clear that none can come.
    """

    def __init__(self, console):
        self.console = console
        self.address = self.rule = self.answer = None
        self.unreachable = False


def check_endpoint(examined):
    """Which address, and which flag, variable or file it comes from."""
    try:
        examined.address, examined.rule = examined.console.chosen_endpoint()
    except RawdockError as error:
        fix = error.hint or "name the engine with -H unix:///PATH"
        yield Finding("endpoint", "wrong", error.message, fix)
        return
    yield Finding("endpoint", "ok", "%s, from %s" % (examined.address, examined.rule), "")
    ignored = [name for name in ("DOCKER_HOST", "DOCKER_CONTEXT") if os.environ.get(name)
               and name != examined.rule]
    if ignored:
        text = "%s counts, and not %s" % (examined.rule, " or ".join(ignored))
        yield Finding("endpoint", "note", text, "")


def check_socket(examined):
    """The file of a Unix socket: its path, a dangling link, owner, group and mode, and this user's groups."""
    if examined.address.scheme != "unix":
        return
    import stat
    path = examined.address.path
    examined.unreachable = True
    try:
        found = os.stat(path)
    except OSError as error:
        if os.path.islink(path):
            text = "%s is a link to %s, which is not there" % (path, os.readlink(path))
            yield Finding("socket", "wrong", text, "start the engine that makes it, or name another with -H")
        else:
            text = "%s: %s" % (path, error.strerror.lower())
            fix = "start the engine (systemctl start docker), or name another one with -H"
            yield Finding("socket", "wrong", text, fix)
        return
    if not stat.S_ISSOCK(found.st_mode):
        yield Finding("socket", "wrong", "%s is not a socket" % path, "give the path of the engine's socket")
        return
    owner, group = owner_name("user", found.st_uid), owner_name("group", found.st_gid)
    mine = sorted(owner_name("group", number) for number in {os.getegid()} | set(os.getgroups()))
    who = "you are %s in %s" % (owner_name("user", os.geteuid()), ", ".join(mine))
    text = "%s belongs to %s:%s, mode %o; %s" % (path, owner, group, stat.S_IMODE(found.st_mode), who)
    examined.unreachable = not os.access(path, os.W_OK)
    if not examined.unreachable:
        yield Finding("socket", "ok", text, "")
    elif found.st_gid == 0 or not found.st_mode & stat.S_IWGRP:
        fix = "run as %s (sudo rawdock …), or use a rootless engine" % owner
        yield Finding("socket", "wrong", text, fix)
    else:
        fix = ("have root add you to the group (usermod -aG %s USER), and log in again; its members are as "
               "good as root" % group)
        yield Finding("socket", "wrong", text, fix)


def owner_name(kind, number):
    """The name (str) of the "user" or the "group" with that number; without one, the number."""
    try:
        if kind == "user":
            from pwd import getpwuid
            return getpwuid(number).pw_name
        from grp import getgrgid
        return getgrgid(number).gr_name
    except (ImportError, KeyError):
        return "%d" % number


def check_tls(examined):
    """Whether TCP is encrypted, and when the certificates in use expire."""
    address = examined.address
    if address.scheme != "tcp":
        return
    if not address.tls:
        is_open = examined.answer or address.host not in ("localhost", "127.0.0.1", "::1")
        text = "%s is not encrypted: whoever reaches that port controls the engine's machine" % address
        fix = "give the engine --tlsverify and rawdock its certificates, or use ssh://"
        yield Finding("tls", "wrong" if is_open else "note", text, fix)
        return
    text = "%s asks for it; the engine's certificate is %schecked"
    if address.tls.verify:
        yield Finding("tls", "ok", text % (address.tls.origin, ""), "")
    else:
        fix = "--tlsverify, with the authority's certificate as --tlscacert"
        yield Finding("tls", "wrong", text % (address.tls.origin, "not "), fix)
    for what, path in (("authority", address.tls.ca), ("client", address.tls.cert)):
        end = certificate_end(path) if path else None
        if end is not None:
            yield expiry_finding("the %s's certificate %s" % (what, path), end)


def certificate_end(path):
    """When the certificate in the PEM file at `path` expires: seconds since 1970, None if not known."""
    import ssl
    try:
        decoded = ssl._ssl._test_decode_cert(path)   # Python's only function for a certificate in a file
        return ssl.cert_time_to_seconds(decoded["notAfter"])
    except (AttributeError, OSError, ValueError, KeyError):
        return None


def expiry_finding(what, end):
    days = (end - time.time()) / 86400
    if days < 0:
        return Finding("tls", "wrong", "%s ended %d days ago" % (what, -days), "have a new one made")
    return Finding("tls", "note" if days < EXPIRY_DAYS else "ok", "%s ends in %d days" % (what, days),
                   "have a new one made in time" if days < EXPIRY_DAYS else "")


def check_engine(examined):
    """Whether the engine answers, what it is, and which versions of the API it and rawdock speak."""
    if examined.unreachable:
        return
    try:
        docker = examined.console.docker
    except RawdockError as error:
        fix = error.hint or "mend DOCKER_CUSTOM_HEADERS or HttpHeaders in config.json"
        yield Finding("engine", "wrong", error.message, fix)
        return
    seconds = SSH_SECONDS if examined.address.scheme == "ssh" else DIAL_SECONDS
    docker.timeout = seconds
    limits = {"head_timeout": seconds, "total_timeout": 2 * seconds}
    try:
        answer = docker.request("GET", "/_ping", **limits)
        answer.read(MAX_PROBE_BYTES)
        response = docker.request("GET", "/version", **limits)
        body = response.read(MAX_PROBE_BYTES)
    except RawdockError as error:
        yield Finding("engine", "wrong", error.message, error.hint or "see the engine's log")
        return
    try:
        version = decode_json(body) if response.status == 200 else None
        offered, oldest = version["ApiVersion"], version.get("MinAPIVersion") or OLDEST_API
        fits = (api_version_pair(offered) >= api_version_pair(OLDEST_API)
                and api_version_pair(oldest) <= api_version_pair(NEWEST_API))
        text = "%s %s answers; API %s to %s, and rawdock speaks %s to %s" % (
            engine_name(version), version["Version"], oldest, offered, OLDEST_API, NEWEST_API)
    except (TypeError, LookupError, ValueError, AttributeError):   # ProtocolError is a ValueError
        text = "what answers at %s is no engine: to GET /version it says %d, and no versions" % (
            examined.address, response.status)
        yield Finding("engine", "wrong", text, "give the address of an engine")
        return
    examined.answer = answer
    yield Finding("engine", "ok" if fits else "wrong", text,
                  "" if fits else "use an engine and a rawdock of about the same age")
    if os.environ.get("DOCKER_API_VERSION"):
        yield Finding("engine", "note", "DOCKER_API_VERSION=%s is used in place of the newest common version"
                      % os.environ["DOCKER_API_VERSION"], "")


def engine_name(version):
    """The product's name (str) in a decoded answer to GET /version."""
    components = version.get("Components") or [{}]
    name = (version.get("Platform") or {}).get("Name") or components[0].get("Name") or "an engine"
    return name.replace("Engine", "Docker Engine") if name == "Engine" else name


def check_clock(examined):
    """The engine's Date field against this machine's clock. (RFC 9110 §6.6.1)"""
    from email.utils import parsedate_to_datetime
    date = examined.answer.headers.get("Date") if examined.answer else None
    if not date:
        return
    try:
        skew = parsedate_to_datetime(date).timestamp() - time.time()
    except (TypeError, ValueError, OverflowError):
        yield Finding("clock", "wrong", "the engine's Date field is %r, no date" % date, "is that an engine?")
        return
    if abs(skew) <= MAX_CLOCK_SECONDS:
        yield Finding("clock", "ok", "the engine's clock and this machine's agree", "")
    else:
        text = "the engine's clock is %d s %s" % (abs(skew), "ahead" if skew > 0 else "behind")
        yield Finding("clock", "wrong", text, "set both by NTP: --since, --until, times and TLS depend on it")


def check_others(examined):
    """Other sockets on which an engine answers."""
    places = {"runtime": os.environ.get("XDG_RUNTIME_DIR") or "/run/user/%d" % os.getuid()}
    seen = {os.path.realpath(examined.address.path)} if examined.address.scheme == "unix" else set()
    for name, place in SOCKET_PLACES:
        path = os.path.expanduser(place % places)
        if os.path.realpath(path) in seen or not os.path.exists(path):
            continue
        seen.add(os.path.realpath(path))
        answer = ping("unix://" + path)
        if answer:
            yield Finding("others", "note", "%s answers at unix://%s" % (name, path),
                          "rawdock -H unix://%s ps" % path)


def check_open_port(examined):
    """Whether an engine answers without TLS on TCP port 2375 of this machine, or of the chosen one."""
    for host in sorted({"127.0.0.1", examined.address.host or "127.0.0.1"}):
        place = "[%s]" % host if ":" in host else host
        address = "tcp://%s:%d" % (place, DEFAULT_TCP_PORT)
        if ping(address):
            text = "an engine answers at %s without TLS: whoever reaches that port owns its machine" % address
            fix = "take -H tcp:// out of the engine's options, or add --tlsverify; ssh:// needs no port"
            yield Finding("open port", "wrong", text, fix)


def ping(text):
    """Whether an engine answers to GET /_ping at the address `text`."""
    try:
        address = parse_address(text)
        address.insecure_tcp = True   # the request has no secret, and the answer only shows that one came
        sock = dial(address, DIAL_SECONDS)
        try:
            response = Connection(sock, address).request("GET", "/_ping", head_timeout=DIAL_SECONDS)
            return response.headers.get("API-Version") is not None
        finally:
            sock.close()
    except RawdockError:
        return False


CHECKS = (check_endpoint, check_socket, check_engine, check_tls, check_clock, check_others, check_open_port)


def examine(console):
    """All checks, in their order → iterator of Finding."""
    examined = Examination(console)
    for check in CHECKS:
        if check is check_endpoint or examined.address is not None:
            yield from check(examined)


def do_doctor(console, options, arguments):
    findings = []
    for finding in examine(console):
        findings.append(finding)
        if not options["json"]:
            text = " ".join(finding.text.split())
            console.out.line("%-6s %-10s %s" % (finding.result, finding.check, text))
            if finding.fix:
                console.out.line("%17s try: %s" % ("", finding.fix))
    if options["json"]:
        import json
        console.out.line(json.dumps([finding._asdict() for finding in findings], indent=2))
    return int(any(finding.result == "wrong" for finding in findings))


DOCTOR_COMMANDS = command_table(
    Command("doctor", do_doctor, "", "which engine is meant and why, and what is wrong on the way to it",
            "--json  bool  as a JSON array of {check, result, text, fix}", most=0),
)
