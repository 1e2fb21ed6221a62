"""Before every test: which rawdock is tested, and how hard hypothesis tries.

Two kinds of rawdock can be tested. By default it is the package beside this folder. With
RAWDOCK_SINGLE_FILE=path it is one file written by tools/amalgamate: it is loaded as the
module `rawdock` before a test is collected, and each name a test may import from
(`rawdock.wire.chunked`, …) becomes another name of that one module. So tests write
`from rawdock.wire.chunked import ChunkedReader`, names and never modules, and start
commands with the `rawdock_command` fixture. In that mode these are not collected: the house rules, which
speak about the package; the live tests; and the tests of what a smaller file has left out.

A test in a folder of the client that needs the school is marked `@pytest.mark.school`.

Hypothesis: profile `ci` unless `--hypothesis-profile=quick` or `thorough` (tools/test --all) is given. No
deadlines: a shared machine's pauses say nothing about a parser. tools/fuzz looks at far more inputs.
"""
import importlib.util
import os
import re
import shutil
import signal
import sys
import tempfile

import pytest
from hypothesis import HealthCheck, settings

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SINGLE_FILE = os.environ.get("RAWDOCK_SINGLE_FILE")

# What hypothesis finds it finds on each Python, and it takes twice as long on those before 3.8.
for profile, examples in (("ci", 50 if sys.version_info >= (3, 8) else 25), ("quick", 15), ("thorough", 300)):
    settings.register_profile(profile, deadline=None, max_examples=examples,
                              suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci")


def heed_ignored_signals():
    """Signals that whoever started the tests ignores (nohup, a background job of a script) have their actions
    here.

    The commands that tests start would inherit that they are ignored, and signal tests would fail for it.
    """
    for number, action in ((signal.SIGHUP, signal.SIG_DFL), (signal.SIGQUIT, signal.SIG_DFL),
                           (signal.SIGTERM, signal.SIG_DFL), (signal.SIGINT, signal.default_int_handler)):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, action)


heed_ignored_signals()


def homes_in(path):
    """The files of the package that a single file holds, as "rawdock/wire/chunked"."""
    with open(path, encoding="utf-8") as text:
        return re.findall(r"(?m)^# ==== begin (rawdock/\S+)\.py$", text.read())


def load_single_file(path, homes):
    """The file as the module `rawdock`, under every name that the package's files have."""
    for name in list(sys.modules):
        if name.split(".")[0] == "rawdock":
            raise pytest.UsageError("%s was imported before the single file could take its place" % name)
    spec = importlib.util.spec_from_file_location("rawdock", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["rawdock"] = module
    spec.loader.exec_module(module)
    for home in homes:
        parts = home.split("/")
        for count in range(2, len(parts) + 1):
            sys.modules[".".join(parts[:count])] = module


def left_out_of(homes):
    """Folders and files of tests about what a single file with these `homes` has not."""
    left_out = ["house", "live"]
    left_out += [floor for floor in ("cli", "teach")
                 if not any("rawdock/%s/" % floor in home for home in homes)]
    return left_out + ([] if "rawdock/main" in homes else ["test_main.py"])


# Tests import `rawdock` from this checkout whatever is installed; so do the processes that they
# start in other folders, where `python -m rawdock` is the rawdock under test.
sys.path.insert(0, ROOT)
os.environ["PYTHONPATH"] = os.path.dirname(os.path.abspath(SINGLE_FILE)) if SINGLE_FILE else ROOT
from tests.leaks import fail_if_leaked, watch_processes  # noqa: E402

HOMES = homes_in(SINGLE_FILE) if SINGLE_FILE else ["rawdock/main", "rawdock/teach/"]
collect_ignore = left_out_of(HOMES) if SINGLE_FILE else []
if SINGLE_FILE:
    load_single_file(SINGLE_FILE, HOMES)


def pytest_configure(config):
    config.addinivalue_line("markers", "school: needs rawdock/teach, which a smaller single file has not")
    config.addinivalue_line("markers", "shows_secrets: one of tests/leaks.py is shown on purpose")
    watch_processes()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """No secret is in what a test's processes printed and in the files that it left: tests/leaks.py."""
    report = (yield).get_result()
    if call.when == "teardown":
        fail_if_leaked(item, report)


def pytest_collection_modifyitems(config, items):
    if not any("rawdock/teach/" in home for home in HOMES):
        without = [item for item in items if item.get_closest_marker("school") is None]
        config.hook.pytest_deselected(items=[item for item in items if item not in without])
        items[:] = without


def pytest_report_header(config):
    import rawdock
    return "rawdock under test: %s" % rawdock.__spec__.origin


@pytest.fixture
def folder():
    """The path (str) of a new directory, short enough for a socket in it: its path may have 107 bytes."""
    path = tempfile.mkdtemp(prefix="rdk-")
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def rawdock_command():
    """The argv (list of str) that starts the command line under test; add the arguments."""
    if SINGLE_FILE:
        return [sys.executable, "-I", "-S", SINGLE_FILE]
    return [sys.executable, "-m", "rawdock"]
