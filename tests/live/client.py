"""rawdock as a process against the live engine; nothing of rawdock's own code.

    client(engine, words…)         its argv
    run_to_end(argv, stdin)        → Ran(status, out, err)
    Running(argv)                  a process whose output threads gather: wait_for(text), interrupt(), end()
"""
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

from tests.cli import scripted_socket
from tests.cli.scripted_socket import Ran
from tests.leaks import examine


def client(engine, *words):
    return [sys.executable, "-m", "rawdock", "-H", engine.address] + list(words)


def clean_environment():
    return scripted_socket.clean_environment(DOCKER_CONFIG="/nonexistent")


def run_to_end(argv, stdin=b"", timeout=120, cwd=None):
    """Start `argv`, give it `stdin` (None: /dev/null), wait for its end → Ran."""
    return scripted_socket.run_to_end(argv, stdin, timeout, env=clean_environment(), cwd=cwd)


def rawdock(engine, *words, **options):
    """One rawdock command against the engine, to its end → Ran."""
    return run_to_end(client(engine, *words), **options)


def quiet(engine, *words, **options):
    """A command that must succeed without a word on stderr → its output, str without the outer blanks."""
    ran = rawdock(engine, *words, **options)
    assert ran.status == 0 and ran.err == b"", ran
    return ran.out.decode().strip()


class Running:
    """A process under way. Its output is read as it comes, so that it never waits for the test."""

    def __init__(self, argv, stdin=subprocess.DEVNULL, cwd=None):
        self.process = subprocess.Popen(argv, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        env=clean_environment(), cwd=cwd)
        self._parts = {"out": [], "err": []}
        self._threads = [threading.Thread(target=self._gather, args=pair, daemon=True)
                         for pair in ((self.process.stdout, "out"), (self.process.stderr, "err"))]
        for thread in self._threads:
            thread.start()

    def _gather(self, pipe, name):
        for part in iter(lambda: os.read(pipe.fileno(), 65536), b""):
            self._parts[name].append(part)

    @property
    def out(self):
        return b"".join(self._parts["out"])

    @property
    def err(self):
        return b"".join(self._parts["err"])

    def wait_for(self, text, where="out", timeout=60):
        """Return once `text` (bytes) was written to `where`."""
        end = time.monotonic() + timeout
        while text not in getattr(self, where):
            so_far = "out %r, err %r" % (self.out[-500:], self.err[-500:])
            assert time.monotonic() < end, "%r did not come: %s" % (text, so_far)
            assert self.process.poll() is None or any(thread.is_alive() for thread in self._threads), (
                "it ended with %d before %r came: %s" % (self.process.poll(), text, so_far))
            time.sleep(0.01)

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

    def end(self, timeout=60):
        """Wait for its end → Ran."""
        try:
            self.process.wait(timeout)
        finally:
            self.close()
        examine("stdout of a process", self.out)
        examine("stderr of a process", self.err)
        return Ran(self.process.returncode, self.out, self.err)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for thread in self._threads:
            thread.join(10)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    pass

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


def free_port(kind=socket.SOCK_STREAM):
    """A port of 127.0.0.1 that nothing is bound to now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def met_the_interpreter(ran):
    """Whether a SIGINT ended Python itself, in one of several ways, before rawdock had the system's default
    action for it: that is the first line of __main__.py, and no other file of rawdock is in the traceback.
    """
    started = b"/rawdock/" in ran.err.replace(b"/rawdock/__main__.py", b"")
    return ran.status in (-signal.SIGINT, 1) and b"KeyboardInterrupt" in ran.err and not started


def wait_until(condition, timeout=60, what="it"):
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, "%s did not come about in %d s" % (what, timeout)
        time.sleep(0.02)


def assert_one_line(err):
    """One line for a person, and no more but what docker too puts below a mistake → the line as str."""
    below = (r"\nError: failed to (?:start|rename) .*\n$|"
             r"\n(?:\nUsage:  rawdock.*\n)?\n(?:Run|See) 'rawdock.* --help' for more information\n$")
    text = re.sub(below, "\n", err.decode("utf-8"))
    assert text.endswith("\n") and text.count("\n") == 1 and len(text) > 10, text
    assert "Traceback" not in text and "chmod" not in text, text
    return text


def need_program(name):
    """The path of a program a test brings its output to (tshark, chromium, …). Where it is missing the test
    is skipped, but never in CI.
    """
    import shutil
    import pytest
    path = shutil.which(name)
    if path is None:
        assert not os.environ.get("CI"), "%s is not installed: .ci/run brings it" % name
        pytest.skip("%s is not installed here" % name)
    return path
