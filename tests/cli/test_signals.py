"""SIGINT, SIGTERM and SIGHUP: which status, at which moment, and never a traceback."""
import os
import shutil
import signal
import subprocess
import sys
import threading

import pytest

from tests.cli.scripted_socket import clean_environment, read_request, run_to_end, scripted_socket


INTERRUPTED_IMPORT = """
import os, runpy, signal, sys
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == "rawdock.main":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupt())
sys.argv[:] = ["rawdock", "-H", "unix:///nowhere", "ps"]
runpy.run_module("rawdock", run_name="__main__", alter_sys=True)
"""
# The single file compiles its sections in place of importing modules; before them runpy compiles the file.
INTERRUPTED_SECTION = """
import builtins, os, runpy, signal, sys
calls, compile_it = [], compile
def interrupting(*arguments):
    calls.append(arguments)
    if len(calls) == 2:
        os.kill(os.getpid(), signal.SIGINT)
    return compile_it(*arguments)
builtins.compile = interrupting
path = sys.argv[1]
sys.argv[:] = [path, "-H", "unix:///nowhere", "ps"]
runpy.run_path(path, run_name="__main__")
"""


def test_ctrl_c_while_modules_are_imported_has_the_systems_action(rawdock_command, tmp_path):
    if rawdock_command[1] == "-m":
        program, path = INTERRUPTED_IMPORT, "rawdock"
    else:
        # A copy, which has no compiled sections beside it.
        program, path = INTERRUPTED_SECTION, shutil.copy(rawdock_command[-1], str(tmp_path))
    ran = run_to_end([sys.executable, "-c", program, path])
    assert (ran.status, ran.err) == (-signal.SIGINT, b"")


DROPPED_BY_A_FINALIZER = """
import importlib.util, os, signal, sys, time
number, path = int(sys.argv[1]), sys.argv[2]
if path == "rawdock":
    from rawdock import main as of_the_command_line
else:
    spec = importlib.util.spec_from_file_location("rawdock", path)
    of_the_command_line = sys.modules["rawdock"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(of_the_command_line)
of_the_command_line.run_process
class Finalized:
    def __del__(self):
        os.kill(os.getpid(), number)
        for _ in range(1000):
            pass   # the signal's exception comes up here
def never_ends():
    Finalized()
    while True:
        time.sleep(0.01)
of_the_command_line.main = never_ends
of_the_command_line.run_process()
"""


@pytest.mark.skipif(sys.version_info < (3, 8), reason="Python has sys.unraisablehook from 3.8 on")
@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_that_comes_inside_a_finalizer_is_not_lost(rawdock_command, number, status):
    ran = run_to_end([sys.executable, "-c", DROPPED_BY_A_FINALIZER, "%d" % number, rawdock_command[-1]])
    assert (ran.status, ran.err) == (status, b"")


def end_by_signal(rawdock_command, words, number, ignored=()):
    """Start `words` with the signals `ignored`, send signal `number` once the engine has a request → how it
    ended.
    """
    requested = threading.Event()

    def serve(engine, connection):
        read_request(connection)
        requested.set()
        connection.recv(1)

    def ignore():
        for one in ignored:
            signal.signal(one, signal.SIG_IGN)

    with scripted_socket(serve) as engine:
        process = subprocess.Popen(rawdock_command + ["-H", engine.address] + words, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=clean_environment(), preexec_fn=ignore)
        try:
            assert requested.wait(60)
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    return process.returncode, out, err


@pytest.mark.parametrize("words", [["ps"], ["events"], ["GET", "/info"], ["run", "busybox"]], ids=" ".join)
@pytest.mark.parametrize("number, status",
                         [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_a_command_quietly(rawdock_command, words, number, status):
    assert end_by_signal(rawdock_command, words, number) == (status, b"", b"")


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_script_can_end_what_it_started_in_the_background(rawdock_command, number, status):
    """A shell without job control starts `events &` with SIGINT ignored; docker obeys a later kill -INT."""
    ended = end_by_signal(rawdock_command, ["events"], number, [signal.SIGINT, signal.SIGTERM])
    assert ended == (status, b"", b"")


def test_under_nohup_a_hangup_stays_ignored(rawdock_command):
    """The signal that was ignored is followed by one that is not: the status says which of the two counted.
    """
    requested = threading.Event()

    def serve(engine, connection):
        read_request(connection)
        requested.set()
        connection.recv(1)

    with scripted_socket(serve) as engine:
        process = subprocess.Popen(rawdock_command + ["-H", engine.address, "events"],
                                   stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   env=clean_environment(),
                                   preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        assert requested.wait(60)
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        err = process.communicate(timeout=60)[1]
    assert (process.returncode, err) == (143, b"")


@pytest.mark.school
def test_the_practice_engine_inside_leaves_nothing_behind(rawdock_command, tmp_path):
    process = subprocess.Popen(rawdock_command + ["-H", "practice:", "events"], stdin=subprocess.DEVNULL,
                               stderr=subprocess.PIPE,
                               env=clean_environment(TMPDIR=str(tmp_path)))
    assert b"practice engine" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    err = process.communicate(timeout=60)[1]
    assert (process.returncode, err, os.listdir(str(tmp_path))) == (143, b"", [])
