"""From an address to a connected socket. Each error says what was found at the address, and what to try.

Strategy: a Unix socket is made by `_socket`, the part of `socket` in C. The part in Python costs 2.6 ms at
each start, for names of constants and for makefile(), which nothing here uses.
"""
import _socket
import os
import re
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
    """Connect to a unix Address → a socket, also while the engine's queue of connections is full."""
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
    """Connect to a tcp Address → a socket, or a TLSSocket. Without TLS only this machine is allowed."""
    import socket
    started = time.monotonic()
    try:
        if not (address.tls or address.insecure_tcp):
            require_loopback(address, socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM))
        sock = (address.connect or socket.create_connection)((address.host, address.port), timeout)
        sock.settimeout(None)
        # A request is one write, and waiting to fill a segment would only delay it.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not address.tls:
            return sock
        from .tls import TLSSocket
        return TLSSocket(sock, address, timeout and max(0.01, started + timeout - time.monotonic()))
    except socket.timeout:
        raise Timeout("connect", timeout or time.monotonic() - started, address=address)
    except (socket.gaierror, UnicodeError) as error:   # UnicodeError: a label that is empty or too long
        reason = "host %r is not known (%s)" % (address.host, getattr(error, "strerror", None) or error)
        raise ConnectError(address, reason, getattr(error, "errno", None), "check the name, " + ELSEWHERE)
    except RawdockError:
        raise
    except OSError as error:
        hint = "does an engine listen on that port? Check the address, " + ELSEWHERE
        raise ConnectError(address, (error.strerror or str(error)).lower(), error.errno, hint)


def require_loopback(address, places):
    """ConnectError if one of `places` (list of what getaddrinfo() gives) is on another machine."""
    hint = "use TLS (--tlsverify) or ssh://, or allow it: --insecure-tcp or RAWDOCK_INSECURE_TCP=1"
    for host in sorted({place[4][0] for place in places}):
        if not re.fullmatch(r"(::ffff:)?127\..*|::1?|0\.0\.0\.0", host):
            raise ConnectError(address, "without TLS whoever reaches port %d of %s owns that machine"
                               % (address.port, host), None, hint, between=True)


def is_readable(sock, reported):
    """Whether recv() returns at once. `reported` (bool) is what poll() says, which is not enough with TLS."""
    return sock.ready() if hasattr(sock, "ready") else reported
