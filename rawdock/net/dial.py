"""From an address to a connected socket; every failure says what is there and what to try.

Strategy: a Unix socket is made by `_socket`, the part of `socket` in C. The part in Python costs 2.6 ms at
each start, for names of constants and for makefile(), which nothing here uses.
"""
import _socket
import os
import time

from ..errors import ConnectError, RawdockError, Timeout

ELSEWHERE = "or name another engine with -H or DOCKER_HOST; -H practice: needs none"


def dial(address, timeout=None):
    """Address → a connected stream socket (blocking). `timeout` is in seconds; None: the system's own.

    Raises ConnectError with the system's errno and a hint, or Timeout with phase "connect".
    """
    if address.scheme == "unix":
        return dial_unix(address, timeout)
    if address.scheme == "tcp":
        return dial_tcp(address, timeout)
    if address.scheme == "practice":
        raise ConnectError(address, "the practice engine lives in a process of its own",
                           hint="start `rawdock practice --listen SOCK` and use unix://SOCK, or give "
                           "-H practice: to the rawdock command")
    from .ssh import dial_ssh
    return dial_ssh(address)   # within 30 s by itself


def dial_unix(address, timeout):
    deadline = None if timeout is None else time.monotonic() + timeout
    try:
        sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    except OSError as error:
        hint = "close files that are not needed, or raise the limit of open files (ulimit -n)"
        raise ConnectError(address, error.strerror.lower(), error.errno, hint)
    try:
        sock.settimeout(timeout)
        while True:
            try:
                sock.connect(address.path)
                break
            except BlockingIOError:   # EAGAIN, because the socket has a timeout: the engine's queue is full
                if time.monotonic() >= deadline:
                    raise _socket.timeout
                time.sleep(0.01)
        sock.settimeout(None)
        return sock
    except _socket.timeout:
        sock.close()
        raise Timeout("connect", timeout, address=address)
    except OSError as error:
        sock.close()
        reason, hint = unix_failure(address.path, error)
        raise ConnectError(address, reason, error.errno, hint)
    except BaseException:
        sock.close()
        raise


def unix_failure(path, error):
    """(reason, hint) for a connect(2) to `path` that failed with `error`."""
    import stat
    try:
        mode = os.stat(path).st_mode
    except OSError:
        mode = None
    if isinstance(error, PermissionError):
        hint = "run as a user of the group that owns the socket (`ls -l %s`), or as root; " % path
        return "permission denied", hint + ELSEWHERE
    if mode is not None and not stat.S_ISSOCK(mode):
        kind = "a directory" if stat.S_ISDIR(mode) else "not a socket"
        return "%s is %s" % (path, kind), "give the path of the engine's socket, " + ELSEWHERE
    if isinstance(error, FileNotFoundError):
        return "no such socket", "is the engine running there? Start it, " + ELSEWHERE
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens on the socket", "the engine that made it is gone: start it, " + ELSEWHERE
    return (error.strerror or str(error)).lower(), "check the path, " + ELSEWHERE


def dial_tcp(address, timeout):
    import socket
    started = time.monotonic()
    sock = None
    try:
        places = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        require_safe(address, [place[4][0] for place in places])
        sock = socket.create_connection((address.host, address.port), timeout)
        sock.settimeout(None)
        # A request is one write, and waiting to fill a segment would only delay it.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if address.tls:
            from .tls import TLSSocket
            left = None if timeout is None else max(0.01, started + timeout - time.monotonic())
            return TLSSocket(sock, address, left)
        return sock
    except BaseException as error:
        if sock is not None:
            sock.close()
        if not isinstance(error, (OSError, UnicodeError)) or isinstance(error, RawdockError):
            raise
        failure = error
    if isinstance(failure, socket.timeout):
        raise Timeout("connect", timeout or time.monotonic() - started, address=address)
    if isinstance(failure, (socket.gaierror, UnicodeError)):   # UnicodeError: a label empty or too long
        reason = "host %r is not known (%s)" % (address.host, getattr(failure, "strerror", None) or failure)
        raise ConnectError(address, reason, getattr(failure, "errno", None), "check the name, " + ELSEWHERE)
    hint = "does an engine listen on that port? Check the address, " + ELSEWHERE
    raise ConnectError(address, (failure.strerror or str(failure)).lower(), failure.errno, hint)


def require_safe(address, places):
    """ConnectError if `address` is TCP without TLS, and one of its IP addresses (str) is another machine's."""
    if address.tls or address.insecure_tcp:
        return
    for place in places:
        if not place.startswith("127.") and place not in ("::1", "0.0.0.0", "::", "::ffff:127.0.0.1"):
            reason = ("%s is another machine, and without TLS whoever reaches that port, or the network between, "
                      "owns it" % place)
            hint = "use TLS (--tlsverify) or ssh://, or allow it with --insecure-tcp or RAWDOCK_INSECURE_TCP=1"
            raise ConnectError(address, reason, hint=hint)


def is_readable(sock, reported):
    """Whether recv() of a socket of dial() returns at once. `reported` (bool) is what poll() or select() says.

    TLS holds content that the system does not see, and what the system sees may be no content.
    """
    ready = getattr(sock, "ready", None)
    return reported if ready is None else ready()
