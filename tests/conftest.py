"""What every test stands on: which rawdock is tested, and how hard hypothesis tries.

Two rawdocks can be tested. By default it is the package beside this folder. With
RAWDOCK_SINGLE_FILE=path it is one file written by tools/amalgamate: it is loaded as the
module `rawdock` before a test is collected, and each name a test may import from
(`rawdock.wire.chunked`, …) becomes another name of that one module. So tests write
`from rawdock.wire.chunked import ChunkedReader`, names and never modules, and start
commands with the `rawdock_command` fixture. The house rules speak about the package and
the live tests need an engine, so neither is collected in that mode.

Hypothesis: profile `ci` unless `--hypothesis-profile=quick` is given. No deadlines: a
shared machine's pauses say nothing about a parser.
"""
import importlib.util
import os
import re
import signal
import sys

import pytest
from hypothesis import HealthCheck, settings

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SINGLE_FILE = os.environ.get("RAWDOCK_SINGLE_FILE")

collect_ignore = ["house", "live"] if SINGLE_FILE else []

settings.register_profile("ci", deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", deadline=None, max_examples=15,
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


def load_single_file(path):
    """The file as the module `rawdock`, under every name that the package's files have."""
    for name in list(sys.modules):
        if name.split(".")[0] == "rawdock":
            raise pytest.UsageError("%s was imported before the single file could take its place" % name)
    spec = importlib.util.spec_from_file_location("rawdock", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["rawdock"] = module
    spec.loader.exec_module(module)
    with open(path, encoding="utf-8") as text:
        homes = re.findall(r"(?m)^# ==== begin (rawdock/\S+)\.py$", text.read())
    for home in homes:
        parts = home.split("/")
        for count in range(2, len(parts) + 1):
            sys.modules[".".join(parts[:count])] = module


# Tests import `rawdock` from this checkout whatever is installed; so do the processes that they
# start in other folders, where `python -m rawdock` is the rawdock under test.
sys.path.insert(0, ROOT)
os.environ["PYTHONPATH"] = os.path.dirname(os.path.abspath(SINGLE_FILE)) if SINGLE_FILE else ROOT
if SINGLE_FILE:
    load_single_file(SINGLE_FILE)


def pytest_report_header(config):
    import rawdock
    return "rawdock under test: %s" % rawdock.__spec__.origin


@pytest.fixture(scope="session")
def rawdock_command():
    """The argv (list of str) that starts the command line under test; add the arguments."""
    if SINGLE_FILE:
        return [sys.executable, "-I", "-S", SINGLE_FILE]
    return [sys.executable, "-m", "rawdock"]
