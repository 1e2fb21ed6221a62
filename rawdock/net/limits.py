"""Time limits: how long one wait for the socket, one phase of an exchange and all of an exchange may take.

A connection goes through three phases for each request: it sends the request ("send"), receives the head of
the response ("head"), then its content ("idle"). None is no limit, which is what streams need.
"""
import _socket
import sys
import time

from ..errors import Timeout, UsageError

MAX_SECONDS = 2147483         # poll() counts milliseconds in 31 bits
TIMER_SLACK = 0.01            # seconds by which a wait may exceed its limit, to set the timer less often


def require_seconds(name, seconds):
    """UsageError unless `seconds` can be the time limit called `name`: None, or a number above 0."""
    if seconds is not None and not (type(seconds) in (int, float) and 0 < seconds <= MAX_SECONDS):
        raise UsageError("%s: %r is not a number of seconds above 0 and at most %d"
                         % (name, seconds, MAX_SECONDS), "None is no limit")


def limit_waiting(sock, seconds):
    """Limit the wait of each later call of `sock` to `seconds`; None: no limit.

    The system's own timers cost nothing; with settimeout() Python calls poll() before each receive and send.
    """
    if type(sock).__module__ in ("_socket", "socket") and sock.gettimeout() is None:
        micros = max(1, int(seconds * 1000000)) if seconds is not None else 0
        size = 8 if sys.maxsize > 1 << 32 else 4   # of each half of a struct timeval
        timer = b"".join([number.to_bytes(size, sys.byteorder) for number in divmod(micros, 1000000)])
        try:
            sock.setsockopt(_socket.SOL_SOCKET, _socket.SO_RCVTIMEO, timer)
            sock.setsockopt(_socket.SOL_SOCKET, _socket.SO_SNDTIMEO, timer)
            return
        except (OSError, OverflowError, AttributeError):   # a system without such timers, or with other ones
            pass
    sock.settimeout(seconds)


class TimeLimits:
    """The time limits of the connection over `sock`; `address` is for messages only.

    `phase` is "send", "head" or "idle", and `seconds` is its limit.
    """

    def __init__(self, sock, address):
        self.phase, self.seconds = "idle", None
        self._sock = sock
        self._address = address
        self._timer = None       # seconds that the timer of the socket is set to
        self._deadline = None    # of the phase; None: `seconds` limit each wait of it by itself
        self._total = None       # (seconds for the whole exchange, its deadline)

    def begin_exchange(self, seconds):
        """Begin an exchange, which may take `seconds` (None: no limit)."""
        self._total = None if seconds is None else (seconds, time.monotonic() + seconds)

    def begin(self, phase, seconds, whole=False):
        """Begin a phase. `seconds` (None: no limit) limit each of its waits or, if `whole`, their sum."""
        self.phase, self.seconds = phase, seconds
        self._deadline = time.monotonic() + seconds if whole and seconds is not None else None
        if seconds != self._timer:
            self._set_timer(seconds)

    def _set_timer(self, seconds):
        self._timer = seconds
        try:
            limit_waiting(self._sock, seconds)
        except OSError:
            pass   # the socket is closed, and the next call of it says so

    def limit_wait(self, received):
        """Limit the next wait to the time left → seconds, None without a limit. Timeout if none is left."""
        if self._deadline is None and self._total is None:
            return self.seconds
        now = time.monotonic()
        wait = self.seconds if self._deadline is None else self._deadline - now
        if self._total is not None:
            left = self._total[1] - now
            wait = left if wait is None else min(wait, left)
        if wait <= 0:
            raise self.timeout(received)
        if self._timer is None or not wait <= self._timer <= wait + TIMER_SLACK:
            self._set_timer(wait)
        return wait

    def timeout(self, received):
        """The Timeout of the present phase, or of the exchange if its time is over."""
        # The system's timers count in steps, so that a wait may end one step early.
        if self._total and (self.seconds is None or time.monotonic() >= self._total[1] - 0.001):
            return Timeout("total", self._total[0], received, self._address)
        return Timeout(self.phase, self.seconds, received, self._address)

    def ended_by(self, error):
        """Whether a limit has ended the call of the socket that raised `error`."""
        # Without a limit it is the system's own ETIMEDOUT: newer Pythons have one class for both.
        return ((self.seconds is not None or self._total is not None)
                and isinstance(error, (_socket.timeout, BlockingIOError)))
