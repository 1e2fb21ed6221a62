"""The sweep: a client run once for each place where its answers can be cut, to see what it takes for success.

Strategy: the client runs once and is recorded. Then it runs once for each cut, answered by that record (or by
the engine itself) with one answer cut at another byte. Cuts are where one element of the protocol ends and
the next begins, and in the middle of longer elements: that is where clients differ. An exit status of 0 says
that the client took what it got for all there was. If its output is that of the whole run, the cut did no
harm; if not, data was lost.

The result holds for the answers that this command got. Left out: cuts in what the client sends, and more than
one cut a run.
"""
import os
import time
from collections import namedtuple

from ...errors import UsageError
from .chaos import Chaos
from ..record.record import Recording, WireRecorder
from .replay import ReplayServer, replay_exchanges
from .tap import Tap, TapConnection

MIN_RUN_SECONDS = 10       # a run of the sweep gets at least so long, and
RUN_FACTOR = 5             # so many times what the whole run took
DRAIN_SECONDS = 2

CutPoint = namedtuple("CutPoint", "exchange offset role rank")
CutPoint.__doc__ = """A place to cut: the `offset` of the first missing byte in the answer of `exchange`.

`exchange` is a ReplayExchange; `role` that byte's role in the grammar. `rank`: 0 is chosen first, 1 is the
edge of an element, 2 the middle of one.
"""

SweepRun = namedtuple("SweepRun", "point status same_output")
SweepRun.__doc__ = """How the command ended with the cut at `point`, a CutPoint.

`status`: its exit status, None if it did not end in time. `same_output`: it printed what it prints uncut.
"""


def child_environment(address):
    """This process's environment with `address` (str) as the only engine that it names."""
    others = ("DOCKER_CONTEXT", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")
    environment = {name: value for name, value in os.environ.items() if name not in others}
    environment["DOCKER_HOST"] = address
    return environment


def start_child(argv, environment, **streams):
    """A subprocess.Popen of `argv`. UsageError if there is no such program."""
    from subprocess import Popen
    try:
        return Popen(argv, env=environment, **streams)
    except OSError as error:
        raise UsageError("cannot run %s: %s" % (argv[0], (error.strerror or str(error)).lower()),
                         "is it installed, and in PATH?")


def run_child(argv, address, loop, timeout=None):
    """Run `argv` with the engine at `address` while `loop` (a SocketLoop) serves it → (exit status, stdout).

    stdout is bytes; the status is None if the child was killed after `timeout` seconds.
    """
    from signal import SIGKILL
    from subprocess import DEVNULL, PIPE, TimeoutExpired
    from threading import Thread
    # In a group of its own: what it has started is killed with it, and does not hold its output open.
    child = start_child(argv, child_environment(address), stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL,
                        start_new_session=True)
    ended = []

    def kill():
        try:
            os.killpg(child.pid, SIGKILL)
        except OSError:
            pass

    def wait():
        try:
            out = child.communicate(timeout=timeout)[0]
            ended.append((child.returncode, out))
        except TimeoutExpired:
            kill()
            ended.append((None, child.communicate()[0]))
        loop.stop()

    loop.stopped = False   # before the child can have ended
    waiter = Thread(target=wait, daemon=True)
    waiter.start()
    try:
        loop.run()
    except BaseException:
        kill()
        raise
    finally:
        waiter.join()
    return ended[0]


def cut_points(exchanges, limit=None):
    """The places to cut the answers of `exchanges` (list of ReplayExchange) → list of CutPoint, in order.

    At most `limit` of them, chosen by rank; None: every byte.
    """
    if limit is None:
        return [point_at(one, offset, 0) for one in exchanges for offset in range(len(one.answer))]
    ranked = {}
    for one in exchanges:
        seen = {}
        for span in one.spans:
            at, middle = span.start - one.start, (span.start + span.end) // 2 - one.start
            seen.setdefault((span.role, span.within), [at, at])[1] = at
            ranked.setdefault((one.index, at), 1)
            if middle > at:
                ranked.setdefault((one.index, middle), 2)
        # The first and the last element of each kind in a body, the ends of the answer.
        for (role, within), places in seen.items():
            if within or role in ("chunk size", "chunk data", "content", "raw stream", "CRLF"):
                for at in places:
                    ranked[one.index, at] = 0
        ranked[one.index, 0] = ranked[one.index, max(0, len(one.answer) - 1)] = 0
    by_index = {one.index: one for one in exchanges}
    points = [point_at(by_index[index], at, rank) for (index, at), rank in sorted(ranked.items())
              if at < len(by_index[index].answer)]
    chosen = []
    for rank in (0, 1, 2):
        chosen += spread([point for point in points if point.rank == rank], limit - len(chosen))
    return sorted(chosen, key=lambda point: (point.exchange.index, point.offset))


def spread(items, count):
    """At most `count` of `items` (a list), at equal distances."""
    if len(items) <= count:
        return items
    return [items[index * len(items) // count] for index in range(max(0, count))]


def point_at(exchange, offset, rank):
    for span in exchange.spans:
        if span.start <= exchange.start + offset < span.end:
            role = span.role + (" in %s" % span.within if span.within else "")
            return CutPoint(exchange, offset, role, rank)
    return CutPoint(exchange, offset, "nothing", rank)


class Sweep:
    """Sweeps the command `argv` (list of str) against the engine at `address` (an Address).

    `listener` is a UnixListener of its own. `points`: how many cuts at most, None for one at every byte.
    `live`: each run goes to the engine, not to the record of the first. report(SweepRun) is called after each
    run.
    """

    def __init__(self, argv, address, listener, points=60, live=False, report=None):
        self.argv = argv
        self.address = address
        self.listener = listener
        self.points = points
        self.live = live
        self.report = report or (lambda run: None)
        self.recording = Recording()
        self.output = b""
        self.timeout = None

    def run(self):
        """Run the command uncut, then with each cut → list of SweepRun. UsageError if it cannot be swept."""
        began = time.monotonic()
        status, self.output = self.run_tapped(WireRecorder([self.recording]), TapConnection)
        self.timeout = max(MIN_RUN_SECONDS, RUN_FACTOR * (time.monotonic() - began))
        if status != 0:
            raise UsageError("without any cut %s ended with status %s: there is no success to compare with"
                             % (self.argv[0], status),
                             "choose a command that succeeds")
        exchanges = replay_exchanges(self.recording)
        if not exchanges:
            raise UsageError("%s asked nothing of the engine it was given" % self.argv[0],
                             "does it take its engine from DOCKER_HOST?")
        points = cut_points(exchanges, self.points)
        return self.run_live(points) if self.live else self.run_replayed(points)

    def run_tapped(self, recorder, make_connection):
        """Run the command through a tap → (its status, stdout)."""
        with Tap(self.listener, self.address, recorder, make_connection=make_connection) as tap:
            ended = run_child(self.argv, self.listener.address, tap.loop, self.timeout)
            tap.drain(DRAIN_SECONDS)
        return ended

    def run_live(self, points):
        runs = []
        for point in points:
            # An offset of 0 behind another exchange is between two answers, where no cut can be seen.
            if point.offset or not point.exchange.start:
                chaos = Chaos(cut_at=point.exchange.start + point.offset, only=point.exchange.connection)
                status, out = self.run_tapped(None, chaos)
                runs.append(SweepRun(point, status, out == self.output))
                self.report(runs[-1])
        return runs

    def run_replayed(self, points):
        runs = []
        with ReplayServer(self.listener, self.recording) as server:
            # Relative times in the output are others in a replay: compare with the output of an uncut one.
            status, self.output = run_child(self.argv, self.listener.address, server.loop, self.timeout)
            if status != 0:
                raise UsageError("answered by its own record %s ended with status %s"
                                 % (self.argv[0], status),
                                 "it does not ask the same twice: sweep it with --live")
            for point in points:
                server.rewind()
                server.cut = point.exchange.index, point.offset
                status, out = run_child(self.argv, self.listener.address, server.loop, self.timeout)
                runs.append(SweepRun(point, status, out == self.output))
                self.report(runs[-1])
        return runs
