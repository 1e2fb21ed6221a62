"""What every live test stands on: one real engine, reached without any of rawdock's own code.

RAWDOCK_LIVE_ENGINE=unix://PATH names the engine (tools/test sets it; `tools/engine up` starts one). Without it the
tests of this folder are skipped, with one reason; with RAWDOCK_LIVE=insist they end the run with status 3 instead.
An engine that is named but does not answer always ends the run: that is never a reason to skip.

The `engine` fixture is the oracle's side of each test. It speaks HTTP/1.0, where an answer ends when the connection
does, so it needs no framing code that could share a mistake with ours. A test that leaves a container behind fails.
The last lines of a run count the tests of this folder alone: `live tests: N passed, M failed, K skipped`.
"""
import json
import os
import shutil
import socket
import time
import urllib.parse

import pytest

LIVE_FOLDER = os.path.dirname(os.path.abspath(__file__)) + os.sep
HOW_TO_RUN = "no real engine to test against: run `tools/test --live` (as root; RAWDOCK_LIVE_ENGINE is not set)"


class EngineRefused(AssertionError):
    """The engine answered with an error status to a request that a test relies on."""

    def __init__(self, status, message):
        AssertionError.__init__(self, "the engine answered %d: %s" % (status, message))
        self.status = status
        self.message = message


class LiveEngine:
    """A real engine and the registry it pulls from.

    address "unix:///…", socket_path, registry "127.0.0.1:PORT", docker_cli (path of a docker command line).
    """

    def __init__(self, address):
        if not address.startswith("unix:///"):
            raise ValueError("RAWDOCK_LIVE_ENGINE must be unix:///PATH, not %r" % address)
        self.address = address
        self.socket_path = address[len("unix://"):]
        self.registry = os.environ.get("RAWDOCK_TEST_REGISTRY") or self._mirror()
        debian_cli = "/usr/bin/docker"
        self.docker_cli = debian_cli if os.access(debian_cli, os.X_OK) else shutil.which("docker")

    def _mirror(self):
        mirrors = self.json("GET", "/info")["RegistryConfig"]["Mirrors"]
        if not mirrors:
            raise ValueError("the engine has no registry mirror; set RAWDOCK_TEST_REGISTRY=127.0.0.1:PORT")
        return urllib.parse.urlsplit(mirrors[0]).netloc

    def raw(self, data, half_close=False, timeout=30):
        """Send these bytes on a fresh connection; everything that comes back until the engine closes it."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(timeout)
            connection.connect(self.socket_path)
            connection.sendall(data)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            parts = []
            while True:
                part = connection.recv(65536)
                if not part:
                    return b"".join(parts)
                parts.append(part)
        finally:
            connection.close()

    def request(self, method, target, body=None, timeout=30):
        """→ (status, body bytes). `body`: None, bytes, or a value sent as JSON."""
        head = "%s %s HTTP/1.0\r\nHost: docker\r\n" % (method, target)
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            head += "Content-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
        answer = self.raw(head.encode("ascii") + b"\r\n" + (body or b""), timeout=timeout)
        head, blank, rest = answer.partition(b"\r\n\r\n")
        assert blank, "the engine closed the connection inside the head: %r" % answer[:200]
        return int(head.split(b" ", 2)[1]), rest

    def json(self, method, target, body=None, timeout=30):
        """The decoded answer (None for an empty one); EngineRefused for a status of 400 and above."""
        status, answer = self.request(method, target, body, timeout)
        value = json.loads(answer.decode("utf-8")) if answer.strip() else None
        if status >= 400:
            raise EngineRefused(status, value.get("message") if isinstance(value, dict) else value)
        return value

    def containers(self):
        """Id → names of every container, running or not."""
        return {row["Id"]: ",".join(row["Names"] or ()) for row in self.json("GET", "/containers/json?all=1")}

    def remove_container(self, name):
        """Kill and remove it with its anonymous volumes, and wait until it is gone. No such container: nothing to do."""
        path = "/containers/" + urllib.parse.quote(name, safe="")
        end = time.monotonic() + 15
        while True:
            status, answer = self.request("DELETE", path + "?force=1&v=1")
            if status == 404:
                return
            # 409: another removal, that of --rm for instance, is at work.
            if status >= 400 and (status != 409 or time.monotonic() > end):
                raise EngineRefused(status, answer.decode("utf-8", "replace"))
            time.sleep(0.02)

    def remove_image(self, ref):
        """Remove it, containers or not. No such image: nothing to do."""
        status, answer = self.request("DELETE", "/images/%s?force=1" % urllib.parse.quote(ref, safe="/:@"))
        if status >= 400 and status != 404:
            raise EngineRefused(status, answer.decode("utf-8", "replace"))

    def pull(self, ref):
        """Have the image in the engine, from the registry; :latest unless the reference has a tag or digest."""
        if "@" in ref:
            name, tag = ref.split("@", 1)
        elif ":" in ref.rsplit("/", 1)[-1]:
            name, tag = ref.rsplit(":", 1)
        else:
            name, tag = ref, "latest"
        query = urllib.parse.urlencode([("fromImage", name), ("tag", tag)])
        status, answer = self.request("POST", "/images/create?" + query, timeout=120)
        if status >= 400:
            raise EngineRefused(status, answer.decode("utf-8", "replace"))
        for line in answer.splitlines():
            message = json.loads(line.decode("utf-8")) if line.strip() else {}
            if "error" in message:
                raise EngineRefused(status, message["error"])


@pytest.fixture(scope="session")
def engine():
    return LiveEngine(os.environ["RAWDOCK_LIVE_ENGINE"])


@pytest.fixture(autouse=True)
def no_container_left(engine):
    """A container that outlives its test could decide the next one's result."""
    before = engine.containers()
    yield
    left = {key: names for key, names in engine.containers().items() if key not in before}
    # One started with --rm may be on its way out when the client has already returned.
    end = time.monotonic() + 3
    while left and time.monotonic() < end:
        time.sleep(0.05)
        left = {key: names for key, names in engine.containers().items() if key not in before}
    for key in left:
        engine.remove_container(key)
    if left:
        pytest.fail("the test left containers behind (removed now): %s" % ", ".join(sorted(left.values())))


# ---- collection ---------------------------------------------------------------------------------------------------

class LiveTally:
    """The verdict of each test of this folder; a failure in any phase outweighs the rest."""

    def __init__(self):
        self.members = set()
        self.verdicts = {}

    def add(self, report):
        if report.nodeid not in self.members:
            return
        if report.failed:
            self.verdicts[report.nodeid] = "failed"
        elif report.skipped:
            self.verdicts.setdefault(report.nodeid, "skipped")
        elif report.when == "call":
            self.verdicts.setdefault(report.nodeid, "passed")

    def line(self):
        counts = [list(self.verdicts.values()).count(word) for word in ("passed", "failed", "skipped")]
        return "live tests: %d passed, %d failed, %d skipped" % tuple(counts)


live_tally = LiveTally()


def is_live(item):
    return str(getattr(item, "path", None) or item.fspath).startswith(LIVE_FOLDER)


def pytest_configure(config):
    config.addinivalue_line("markers", "live: needs a real engine (everything under tests/live)")


def pytest_itemcollected(item):
    # Marked here and not in collection_modifyitems, so that `-m live` and `-m "not live"` can see it.
    if is_live(item):
        item.add_marker(pytest.mark.live)
        live_tally.members.add(item.nodeid)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    chosen = [item for item in items if is_live(item)]
    if not chosen or config.option.collectonly:
        return
    address = os.environ.get("RAWDOCK_LIVE_ENGINE")
    if not address and os.environ.get("RAWDOCK_LIVE") == "insist":
        pytest.exit("RAWDOCK_LIVE=insist, but " + HOW_TO_RUN, returncode=3)
    if not address:
        for item in chosen:
            item.add_marker(pytest.mark.skip(reason=HOW_TO_RUN))
        return
    try:
        LiveEngine(address).json("GET", "/version", timeout=10)
    except (OSError, ValueError, AssertionError) as error:
        pytest.exit("the engine at %s does not work: %s (tools/engine status; tools/engine up)" % (address, error),
                    returncode=3)


def pytest_runtest_logreport(report):
    live_tally.add(report)


def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line(live_tally.line())
