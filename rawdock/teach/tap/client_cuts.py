"""What a client makes of cut answers: it is run again for each place where one of them can be cut.

Strategy: the client runs once and is recorded. Then it runs once for each cut, answered by that record with
one answer cut at another byte. Cuts are where one element of the protocol ends and the next begins, and in
the middle of longer elements: that is where clients differ. An exit status of 0 means that the client took
what it got for the whole answer. If its output is that of the uncut run, the cut did no harm; if not, data
was lost without an error.

Limits: the result holds for the answers that this command got. Nothing is cut in what the client sends, and
each run has one cut.
"""
import os
import time
from collections import namedtuple

from ...errors import UsageError
from ..record.record import Recording, WireRecorder
from .replay import ReplayServer, replay_exchanges
from .tap import Tap

MIN_RUN_SECONDS = 10       # the least time that a run with a cut is given
RUN_FACTOR = 5             # the time that it is given, in times of the uncut run
DRAIN_SECONDS = 2          # for requests that the command has left behind

CutPoint = namedtuple("CutPoint", "exchange offset role rank")
CutPoint.__doc__ = """A place to cut: the `offset` of the first missing byte in the answer of `exchange`.

`exchange` is a ReplayExchange; `role` is that byte's role in the grammar. `rank` says how early the place is
chosen: 0 for the places where clients differ most, 1 for the edge of an element, 2 for the middle of one.
"""

CutRun = namedtuple("CutRun", "point status same_output")
CutRun.__doc__ = """How the command ended with the cut at `point`, a CutPoint.

`status` is its exit status, None if it did not end in time. `same_output`: it printed what the uncut run
printed.
"""


def child_environment(address):
    """The environment of this process, changed so that it names `address` (str) as the only engine."""
    others = ("DOCKER_CONTEXT", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")
    environment = {name: value for name, value in os.environ.items() if name not in others}
    environment["DOCKER_HOST"] = address
    return environment


def start_child(argv, environment, **streams):
    """Start `argv` (list of str) and return its subprocess.Popen. UsageError if there is no such program."""
    from subprocess import Popen
    try:
        return Popen(argv, env=environment, **streams)
    except OSError as error:
        raise UsageError("cannot run %s: %s" % (argv[0], (error.strerror or str(error)).lower()),
                         "is it installed, and in PATH?")


def run_child(argv, server, timeout=None):
    """Run `argv` while `server` (a ClientServer) serves it. Returns (exit status, stdout).

    stdout is bytes; the status is None if the program was killed after `timeout` seconds.
    """
    from signal import SIGKILL
    from subprocess import DEVNULL, PIPE, TimeoutExpired
    # It has a process group of its own: what it has started is killed with it and does not keep stdout open.
    child = start_child(argv, child_environment(server.listener.address), stdin=DEVNULL, stdout=PIPE,
                        stderr=DEVNULL, start_new_session=True)

    def kill():
        try:
            os.killpg(child.pid, SIGKILL)
        except OSError:
            pass

    def wait():
        try:
            out = child.communicate(timeout=timeout)[0]
            return child.returncode, out
        except TimeoutExpired:
            kill()
            return None, child.communicate()[0]

    try:
        return server.run_until(wait)
    except BaseException:
        kill()
        raise


def cut_points(exchanges, limit):
    """The places to cut the answers of `exchanges` (list of ReplayExchange).

    Returns a list of CutPoint in the order of the answers, `limit` of them at most, chosen by rank.
    """
    found = {}   # (index of the exchange, offset) → CutPoint
    for one in exchanges:
        named = [(span.role + (" in %s" % span.within if span.within else ""), span) for span in one.spans]
        first, last = dict(reversed(named)), dict(named)
        for role, span in named:
            at, middle = span.start - one.start, (span.start + span.end) // 2 - one.start
            in_body = span.within or role in ("chunk size", "chunk data", "content", "raw stream", "CRLF")
            is_telling = at == 0 or in_body and span in (first[role], last[role])
            found[one.index, at] = CutPoint(one, at, role, 0 if is_telling else 1)
            found.setdefault((one.index, middle), CutPoint(one, middle, role, 2))
        if named:
            end = len(one.answer) - 1
            found[one.index, end] = CutPoint(one, end, named[-1][0], 0)
    chosen = []
    for rank in (0, 1, 2):
        points = [point for _, point in sorted(found.items()) if point.rank == rank]
        chosen += spread(points, limit - len(chosen))
    return sorted(chosen, key=lambda point: (point.exchange.index, point.offset))


def spread(items, count):
    """`count` of `items` (a list) at most, at equal distances."""
    if len(items) <= count:
        return items
    return [items[index * len(items) // count] for index in range(max(0, count))]


class ClientCuts:
    """Runs the command `argv` (list of str) again and again, with one of its answers cut each time.

    `address` (Address) is the engine for the uncut run, `listener` a UnixListener that nobody else uses.
    There are `limit` cuts at most.
    """

    def __init__(self, argv, address, listener, limit=60):
        self.argv = argv
        self.address = address
        self.listener = listener
        self.limit = limit

    def runs(self):
        """Run the command uncut, then with each cut; yields a CutRun after each of these.

        UsageError if the uncut command fails, or sends no request.
        """
        recording = Recording()
        began = time.monotonic()
        with Tap(self.listener, self.address, WireRecorder([recording])) as tap:
            self.run_uncut("without any cut", tap, None, "choose a command that succeeds")
            tap.drain(DRAIN_SECONDS)
        timeout = max(MIN_RUN_SECONDS, RUN_FACTOR * (time.monotonic() - began))
        exchanges = replay_exchanges(recording)
        if not exchanges:
            raise UsageError("%s sent no request to the engine that it was given" % self.argv[0],
                             "does it take its engine from DOCKER_HOST?")
        with ReplayServer(self.listener, recording) as server:
            # Relative times ("3 minutes ago") differ in a replay, so an uncut replay is what to compare with.
            output = self.run_uncut("answered by its own record", server, timeout,
                                    "choose one that sends the same requests each time")
            for point in cut_points(exchanges, self.limit):
                server.rewind()
                server.cut = point.exchange.index, point.offset
                status, out = run_child(self.argv, server, timeout)
                yield CutRun(point, status, out == output)

    def run_uncut(self, how, server, timeout, hint):
        """Run the command and return its stdout (bytes). UsageError with `hint` if it does not succeed."""
        status, output = run_child(self.argv, server, timeout)
        if status != 0:
            raise UsageError("%s %s ended with status %s: there is no success to compare with"
                             % (how, self.argv[0], status), hint)
        return output
