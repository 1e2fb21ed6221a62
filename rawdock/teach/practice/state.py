"""All that a practice engine knows: its images, containers, execs, volumes, networks and events.

Strategy: one Condition, `changed`, guards everything and announces every change. An engine
for practice has tens of clients, not thousands, and one lock is the only kind that cannot
deadlock with another. No socket is written under it. Everything lives in memory and ends
with close().
"""
import time

from .containers import PracticeContainers
from .events import PracticeEvents, random_hex
from .execs import PracticeExecs
from .images import PracticeImages
from .networks import PracticeNetworks
from .volumes import PracticeVolumes


class PracticeState:
    """`spawn(function, *arguments)` starts a thread that the engine will join.

    `open_port(container, container port, host address, host port)` → the host port opened, or OSError;
    `close_ports(container)` undoes it.
    """

    def __init__(self, spawn, open_port, close_ports):
        import threading
        self.changed = threading.Condition()
        self.spawn = spawn
        self.open_port = open_port
        self.close_ports = close_ports
        self.closing = False
        self.id = random_hex(32)
        self.events = PracticeEvents(self.changed)
        self.images = PracticeImages(self)
        self.volumes = PracticeVolumes(self)
        self.networks = PracticeNetworks(self)
        self.containers = PracticeContainers(self)
        self.execs = PracticeExecs(self)

    def wait_until(self, is_true, seconds, is_wanted=None):
        """Wait under `changed`; whether it came true. `is_wanted()` false ends the wait."""
        end = None if seconds is None else time.monotonic() + seconds
        with self.changed:
            while not is_true():
                left = 3600 if end is None else end - time.monotonic()
                if left <= 0 or is_wanted is not None and (self.closing or not is_wanted()):
                    return False
                self.changed.wait(min(left, 3600 if is_wanted is None else 0.1))
        return True

    def close(self):
        """Kill everything that runs. The threads end by themselves, soon."""
        with self.changed:
            self.closing = True
            for container in list(self.containers.by_id.values()):
                for attacher in container.attachers:
                    attacher.close()
                if container.is_up:
                    container.process.deliver(9)
                container.stdin.break_off()
            self.changed.notify_all()
