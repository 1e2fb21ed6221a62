"""Every error rawdock raises, in one tree.

    RawdockError
    ├── UsageError        the caller's mistake: a bad parameter or reference, an InvalidArgument of a flag
    ├── AddressError      an address that cannot be understood
    ├── ConfigError       config.json cannot be read or written
    ├── ConnectError      nobody answers at the address
    ├── Timeout           a phase took longer than it was given
    ├── ProtocolError     the bytes break a rule of HTTP or of the engine's protocol
    │   └── TruncatedError   the bytes end before the message does
    │       └── UnconfirmedError   they end, and nothing distinguishes that end from a cut
    ├── APIError          the engine answered, and the answer is a refusal
    │   ├── NotFound      404
    │   └── Conflict      409
    └── StreamError       the engine reported an error inside a stream that it had begun

Each `message` says what happened and where, `hint` what to try next, and str() gives both. A Verdict says
how a body or a stream ended, also when no error was raised.
"""


def closest_word(word, words):
    """The one of `words` (list of str) that `word` was probably meant to be, or None."""
    try:
        from difflib import get_close_matches
    except ImportError:   # Debian's python3-minimal has none
        return None
    return next(iter(get_close_matches(word, words, 1)), None)


class RawdockError(Exception):
    """The root of the tree. `message` (str) is what happened, `hint` (str or None) what to try next."""

    hint = None

    def __init__(self, message, hint=None):
        Exception.__init__(self, message)
        self.message = str(message)
        self.hint = hint or self.hint

    def __str__(self):
        return "%s; %s" % (self.message, self.hint) if self.hint else self.message

    # ==== library begin: what no command uses, and `amalgamate --only` leaves out
    def __reduce__(self):
        """Pickle the message and the attributes, because __init__() takes other arguments than these."""
        from copyreg import __newobj__
        errno = {"errno": self.errno} if isinstance(self, OSError) else {}
        return __newobj__, (type(self),), dict(vars(self), args=self.args, **errno)
    # ==== library end


class UsageError(RawdockError, ValueError):
    """The caller's arguments cannot be sent, and nothing was sent."""


class InvalidArgument(UsageError):
    """A value that a flag of the command line does not take. The message is the docker CLI's."""


class AddressError(RawdockError, ValueError):
    """An address (of DOCKER_HOST, -H or a context) that cannot be understood."""


class ConfigError(RawdockError, ValueError):
    """The docker CLI's config.json cannot be read or written, or a setting in it cannot be used."""


class ConnectError(RawdockError, OSError):
    """Dialling failed, the connection ended before a byte of an answer, or the system reports an error on it.

    `address` is what was dialled, `reason` (str) what happened, `errno` the system's number or None, and
    `connected` (bool) whether the connection had been made. `between` (bool): what failed is between here and
    the engine. The message of a failure to connect is that of the docker CLI, because scripts look for its
    words.
    """

    def __init__(self, address, reason, errno=None, hint=None, connected=False, between=False):
        from errno import EACCES
        if connected:
            what = "lost the engine at %s: %s"
        elif between:
            what = "error during connect: %.0s%s"
        elif errno == EACCES:
            what = "permission denied while trying to connect to the Docker daemon socket at %s: %s"
        else:
            what = "Cannot connect to the Docker daemon at %s. Is the docker daemon running? (%s)"
        RawdockError.__init__(self, what % (address, reason), hint)
        self.connected = connected
        self.address = address
        self.reason = reason
        self.errno = errno


class Timeout(RawdockError, OSError):
    """A phase took longer than its limit.

    `phase` is "connect", "send", "head", "idle" or "total", `seconds` its limit, and `received` (int) the
    number of bytes that had come.
    """

    def __init__(self, phase, seconds, received=0, address=None):
        where = " from %s" % address if address else ""
        text = "timed out: %s took over %g s, %d bytes received%s"
        RawdockError.__init__(self, text % (phase, seconds, received, where))
        self.phase = phase
        self.seconds = seconds
        self.received = received
        self.address = address


def excerpt(data, limit=32):
    """The first `limit` bytes of `data` as a printable, escaped str."""
    return repr(bytes(data[:limit]))[1:] + ("…" if len(data) > limit else "")


class ProtocolError(RawdockError, ValueError):
    """Bytes that break a rule.

    `rule` (str) is the section that has the rule, `offset` (int) the position of the wrong byte in the stream
    that the reader was fed, `seen` (bytes) what is at that position, `expected` (str) what should be there.
    """

    def __init__(self, rule, offset, seen, expected):
        self.rule = rule
        self.offset = offset
        self.seen = bytes(seen[:64])
        self.expected = expected
        text = "byte %d: expected %s, saw %s (%s)"
        RawdockError.__init__(self, text % (offset, expected, excerpt(seen), rule))


class TruncatedError(ProtocolError):
    """The stream ended inside a message.

    `where` (str) names the part that was cut. `expected` and `got` count the bytes of that part, `expected`
    is None if its length was not announced. `offset` is where the bytes ended.
    """

    hint = "did the engine stop? What came is not all"

    def __init__(self, where, offset, expected=None, got=0, rule="RFC 9112 §8"):
        self.where = where
        self.rule = rule
        self.offset = offset
        self.seen = b""
        self.expected = expected
        self.got = got
        count = "%d of %d bytes" % (got, expected) if expected is not None else "%d bytes" % got
        text = "the stream was cut at byte %d, inside %s: got %s (%s)"
        RawdockError.__init__(self, text % (offset, where, count, rule))


class UnconfirmedError(TruncatedError):
    """A body ended where its connection did, and its content does not show that it is complete.

    `got` counts its bytes. (RFC 9112 §6.3 step 8, §8)
    """

    hint = "did the connection break? Engines send a length or chunks, but no chunks over HTTP/1.0"

    def __init__(self, offset, got):
        TruncatedError.__init__(self, "a body that ends with the connection", offset, None, got)
        text = ("the answer ended with its connection after %d bytes; it has no length and no chunks, and "
                "its content does not show that it is whole (%s)")
        RawdockError.__init__(self, text % (got, self.rule))


class APIError(RawdockError):
    """The engine refused a request.

    `status` (int) and `message` (str) are the engine's, `method` and `path` (str) those of the request.
    """

    def __init__(self, status, message, method=None, path=None):
        RawdockError.__init__(self, message)
        self.status = status
        self.method = method
        self.path = path


class NotFound(APIError):
    """404: there is no such container, image, network, volume, exec, … or no such path."""


class Conflict(APIError):
    """409: a name is in use, or a container is in the wrong state."""


class StreamError(RawdockError):
    """The engine reported an error inside a stream whose head had the status 200.

    `message` (str) is the engine's, `code` (int or None) the exit code of a build step, and `statuses` (list
    of str) the last status lines before the error.
    """

    def __init__(self, message, code=None, statuses=()):
        RawdockError.__init__(self, message)
        self.code = code
        self.statuses = list(statuses)


class Verdict:
    """How a body or a stream ended. True only if it is known to be complete.

    `kind` (str) is one of

        complete         its end was seen, or the engine has confirmed it
        unconfirmed      it ended where the connection did, which may be a cut: its content does not say
        truncated        it was cut; `where` (str) names the part
        engine error     the engine reported an error in it
        protocol error   its bytes break a rule
        timeout          nothing came for longer than allowed; reading on may still bring the rest
        cancelled        it was closed on this side

    `expected` (None: not announced) and `got` count bytes. `error` is the RawdockError raised, or None.
    """

    __slots__ = ("kind", "where", "expected", "got", "error")

    def __init__(self, kind, where, expected=None, got=None, error=None):
        self.kind = kind
        self.where = where
        self.expected = expected
        self.got = got
        self.error = error

    def __bool__(self):
        return self.kind == "complete"

    def __repr__(self):
        return "Verdict(%r, %r, %r, %r, %r)" % (self.kind, self.where, self.expected, self.got, self.error)

    def __str__(self):
        if self.error is not None:
            return "%s: %s" % (self.kind, self.error)
        count = "" if self.got is None else ": %d bytes" % self.got
        return "%s, %s%s" % (self.kind, self.where, count)


def verdict_of_error(error, where, got=None):
    """The Verdict on a body or stream that ended with `error` (RawdockError).

    `where` and `got` are used where the error has none.
    """
    if isinstance(error, TruncatedError):
        kind = "unconfirmed" if isinstance(error, UnconfirmedError) else "truncated"
        return Verdict(kind, error.where, error.expected, error.got, error)
    if isinstance(error, Timeout):
        return Verdict("timeout", where, None, error.received, error)
    kind = ("protocol error" if isinstance(error, ProtocolError)
            else "engine error" if isinstance(error, StreamError) else "truncated")   # the connection broke
    return Verdict(kind, where, None, got, error)
