"""close() of a practice engine leaves nothing behind. A file of its own: no other engine runs meanwhile."""
import os
import stat
import threading
import time

from rawdock.teach.practice.engine import PracticeEngine
from tests.teach.practice.practice_wire import UPGRADE, Wire, create, eventually, pull, request_bytes, start


def descriptors():
    """How many file descriptors this process has open; where /proc does not tell, every number is tried."""
    if os.path.isdir("/proc/self/fd"):
        return len(os.listdir("/proc/self/fd"))
    count = 0
    for number in range(1024):
        try:
            os.fstat(number)
            count += 1
        except OSError:
            pass
    return count


def test_nothing_is_left_after_close():
    threads_before, descriptors_before = set(threading.enumerate()), descriptors()
    engine = PracticeEngine()
    engine.start()
    path = engine.socket_path
    assert stat.S_ISSOCK(os.stat(path).st_mode) and len(os.fsencode(path)) < 108
    assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700
    assert engine.address == "unix://" + path
    pull(engine, "redis", "2.8")
    wires = [Wire(engine) for _ in range(5)]
    server = create(engine, ["redis-server"], "redis:2.8",
                    HostConfig={"PortBindings": {"6379/tcp": [{"HostPort": ""}]}})
    start(engine, server)
    sleeper = create(engine, ["sleep", "1000"], "redis:2.8")
    start(engine, sleeper)
    wires[0].send(request_bytes("GET", "/containers/%s/logs?stdout=1&follow=1" % server))
    wires[1].send(request_bytes("POST", "/containers/%s/attach?stream=1&stdout=1&stdin=1" % sleeper, None,
                                UPGRADE))
    wires[2].send(request_bytes("POST", "/containers/%s/wait" % sleeper))
    wires[3].send(request_bytes("GET", "/events"))
    for wire in wires[:4]:
        wire.head()
    began = time.monotonic()
    engine.close()
    engine.close()
    assert time.monotonic() - began < 9
    for wire in wires:
        wire.rest()
        wire.sock.close()
    assert not os.path.exists(path) and not os.path.exists(os.path.dirname(path))
    eventually(lambda: set(threading.enumerate()) == threads_before)
    assert descriptors() == descriptors_before
