"""What every live test relies on: real engines, spoken to without any of rawdock's own code.

    fixture     variable                  engine
    engine      RAWDOCK_LIVE_ENGINE       dockerd 20.10
    engine26    RAWDOCK_LIVE_ENGINE_26    dockerd 26.1, whose lowest API version may be raised (to 1.44)
    podman      RAWDOCK_LIVE_PODMAN       podman 4.3

Each variable is unix://PATH (tools/test sets them; `tools/engine up` starts one engine, `tools/engine env`
prints its variable). Without the first one the tests of this folder are skipped, with one reason; with
RAWDOCK_LIVE=insist they end the run with status 3 instead. A test that needs another engine which is not
there is skipped, and the last lines say so loudly; on CI (CI=true) it fails, and a machine without a docker
command line ends the run. An engine that is named but does not answer always ends the run: that is never a
reason to skip.

The fixtures are the oracle's side of each test. They speak HTTP/1.0, where an answer ends when the connection
does, so they need no framing code that could share a mistake with ours. A test that leaves a container behind
fails. The last lines of a run name the docker command lines that ours is compared with, and count the tests
of this folder alone: `live tests: N passed, M failed, K skipped`.
"""
import os
import time

import pytest

from tests.live.docker_cli import docker_clis
from tests.live.live_engine import LiveEngine

LIVE_FOLDER = os.path.dirname(os.path.abspath(__file__)) + os.sep
HOW_TO_RUN = ("no real engine to test against: run `tools/test --live` "
              "(as root; RAWDOCK_LIVE_ENGINE is not set)")
ON_CI = os.environ.get("CI") == "true"
# fixture, variable, what it is, how to start it
OTHER_ENGINES = [
    ("engine26", "RAWDOCK_LIVE_ENGINE_26", "dockerd 26.1", "tools/engine up --engine 26 --min-api 1.44"),
    ("podman", "RAWDOCK_LIVE_PODMAN", "podman 4.3", "tools/engine up --engine podman")]


@pytest.fixture(scope="session")
def engine():
    return LiveEngine(os.environ["RAWDOCK_LIVE_ENGINE"])


@pytest.fixture(scope="session")
def engine26():
    return other_engine("engine26")


@pytest.fixture(scope="session")
def podman():
    return other_engine("podman")


@pytest.fixture
def container(engine):
    """container(command…, start=True, **create) → the id of a new one of busybox, removed after the test."""
    engine.pull("busybox")
    ids = []

    def make(*command, **create):
        start, name = create.pop("start", True), create.pop("name", None)
        id = engine.json("POST", "/containers/create" + ("?name=" + name if name else ""),
                         dict(create, Image="busybox", Cmd=list(command)))["Id"]
        ids.append(id)
        if start:
            engine.json("POST", "/containers/%s/start" % id)
        return id

    yield make
    for id in ids:
        engine.remove_container(id)


def other_engine(fixture):
    for name, variable, what, how in OTHER_ENGINES:
        if name == fixture and os.environ.get(variable):
            return LiveEngine(os.environ[variable])
        if name == fixture:
            missing_engines.add("%s (%s is not set: %s)" % (what, variable, how))
            (pytest.fail if ON_CI else pytest.skip)("no %s to test against: %s" % (what, how))


missing_engines = set()


@pytest.fixture(autouse=True)
def no_container_left(engine, request):
    """A container that outlives its test could decide the next one's result."""
    engines = [engine] + [request.getfixturevalue(name) for name, _, _, _ in OTHER_ENGINES
                          if name in request.fixturenames]
    before = [one.containers() for one in engines]
    yield
    left = []
    for one, known in zip(engines, before):
        left += remove_new_containers(one, known)
    if left:
        pytest.fail("the test left containers behind (removed now): %s" % ", ".join(sorted(left)))


def remove_new_containers(engine, known):
    """Remove the containers that are not in `known` → their names."""
    def new():
        return {key: names for key, names in engine.containers().items() if key not in known}

    left = new()
    # One started with --rm may be on its way out when the client has already returned.
    end = time.monotonic() + 30
    while left and time.monotonic() < end:
        time.sleep(0.05)
        left = new()
    for key in left:
        engine.remove_container(key)
    return list(left.values())


# ---- collection

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
    if not address and (ON_CI or os.environ.get("RAWDOCK_LIVE") == "insist"):
        pytest.exit("the live tests are insisted on, but " + HOW_TO_RUN, returncode=3)
    if not address:
        for item in chosen:
            item.add_marker(pytest.mark.skip(reason=HOW_TO_RUN))
        return
    if ON_CI and not docker_clis():
        pytest.exit("no docker command line to compare with: install docker.io", returncode=3)
    for variable in ["RAWDOCK_LIVE_ENGINE"] + [row[1] for row in OTHER_ENGINES]:
        if os.environ.get(variable):
            try_engine(os.environ[variable])


def try_engine(address):
    try:
        LiveEngine(address).json("GET", "/version", timeout=60)
    except (OSError, ValueError, AssertionError) as error:
        pytest.exit("the engine at %s does not work: %s (tools/engine status; tools/engine up)"
                    % (address, error), returncode=3)


def pytest_runtest_logreport(report):
    live_tally.add(report)


def pytest_terminal_summary(terminalreporter):
    if live_tally.verdicts:
        clis = ["%s %s" % (cli.path, cli.version) for cli in docker_clis()]
        terminalreporter.write_line("docker command lines compared with: " + (", ".join(clis) or "NONE"))
    for what in sorted(missing_engines):
        terminalreporter.write_line("LIVE TESTS NOT RUN on " + what, red=True)
    terminalreporter.write_line(live_tally.line())
