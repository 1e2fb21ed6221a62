"""A program of ours in the place of ssh: it writes down how it was started, and does what a test says."""
import json
import os
import sys
import time

# Writes down how it was started, then does what SSH_SCRIPT says with `engine`, a socket, or None.
PROGRAM = '''#!%s -IS
import json, os, signal, socket, sys, time
def copy(source, target, write):
    for data in iter(lambda: source(65536), b""):
        while data:
            data = data[write(target, data):]
with open(os.environ["SSH_RECORD"], "a") as record:
    ignored = [name for name in ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGALRM")
               if signal.getsignal(getattr(signal, name)) == signal.SIG_IGN]
    facts = dict(pid=os.getpid(), words=sys.argv[1:], ignored=ignored, group=os.getpgrp())
    record.write(json.dumps(facts) + "\\n")
def bridge():
    engine = socket.socket(socket.AF_UNIX)
    engine.connect(os.environ["SSH_ENGINE"])
    if not os.fork():
        copy(lambda size: os.read(0, size), 0, lambda _, data: engine.send(data))
        engine.shutdown(socket.SHUT_WR)
        os._exit(0)
    copy(engine.recv, 1, os.write)
def fail(status, *lines):
    sys.stderr.write("\\n".join(lines))
    sys.stderr.flush()
    os._exit(status)
def stay(*ignored):
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)
    os.write(1, b"HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n")
    while True:
        signal.pause()
exec(os.environ["SSH_SCRIPT"])
''' % sys.executable


class FakeSsh:
    def __init__(self, directory, monkeypatch):
        self.record = str(directory / "record")
        self.bin = directory / "bin"
        self.bin.mkdir()
        program = self.bin / "ssh"
        program.write_text(PROGRAM)
        program.chmod(0o755)
        monkeypatch.setenv("SSH_RECORD", self.record)
        monkeypatch.setenv("PATH", "%s:%s" % (self.bin, os.environ["PATH"]))
        self._monkeypatch = monkeypatch

    def will(self, script, engine=None):
        self._monkeypatch.setenv("SSH_SCRIPT", script)
        self._monkeypatch.setenv("SSH_ENGINE", engine.path if engine else "")

    @property
    def starts(self):
        with open(self.record) as record:
            return [json.loads(line) for line in record]

    def wait_for_start(self):
        wait_until(lambda: os.path.exists(self.record) and self.starts)
        return self.starts[0]["pid"]

    def all_gone(self):
        wait_until(lambda: not any(is_alive(start["pid"]) for start in self.starts))


def is_alive(pid):
    """Whether there is such a process. Our own zombie is one: it was not reaped."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            state, parent = file.read().rpartition(") ")[2].split()[:2]
        return state != "Z" or int(parent) == os.getpid()
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(holds, seconds=60):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to that in %d s" % seconds
        time.sleep(0.01)
