"""The sweep over what this engine answers today; and streams cut between a client and a real engine.

The captures beside tests/net/test_sweep.py were made once; an engine of another version frames, words and
orders its answers its own way, and has to pass as well.
"""
import os
import re
import socket
import subprocess
import sys
import threading

import pytest

from tests.live.client import Running, assert_one_line, client, rawdock, run_to_end
from rawdock.engine.docker import Docker

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SWEEP = os.path.join(ROOT, "tools", "sweep")


def test_todays_answers_pass_the_sweep(engine, tmp_path):
    environment = dict(os.environ, RAWDOCK_TEST_REGISTRY=engine.registry)
    recorded = subprocess.run([sys.executable, SWEEP, "record", "--engine", engine.address, "--to",
                               str(tmp_path)], env=environment,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert recorded.returncode == 0 and len(os.listdir(str(tmp_path))) >= 50, recorded.stderr
    swept = subprocess.run([sys.executable, SWEEP, "--quick", "--every", "7", "--captures", str(tmp_path)],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = swept.stdout.decode("utf-8")
    assert swept.returncode == 0, text
    total = re.search(r"(?m)^all \d+ +\d+ +(\d+) +(\d+) +0 +0 +0 +0$", text)
    assert total and int(total.group(1)) > 15000 and int(total.group(2)) > 150, text


class CuttingRelay:
    """Passes everything between clients and the engine, and ends a connection when the engine sends `mark`.

    The bytes up to the end of `mark` are passed on, so that the cut falls just behind it.
    """

    def __init__(self, folder, engine, mark):
        self.engine = engine
        self.mark = mark
        self.cuts = 0
        self.serving = []
        self.path = os.path.join(folder, "r")
        self.address = "unix://" + self.path
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.path)
        self.listener.listen(16)
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for serving in self.serving:
            serving.join(10)

    def _accept(self):
        while True:
            try:
                near = self.listener.accept()[0]
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            far.connect(self.engine.socket_path)
            self.serving.append(threading.Thread(target=self._serve, args=(near, far), daemon=True))
            self.serving[-1].start()

    def _serve(self, near, far):
        with near, far:
            back = threading.Thread(target=self._pass_on, args=(far, near, self.mark), daemon=True)
            back.start()
            self._pass_on(near, far, None)
            back.join()

    def _pass_on(self, source, sink, mark):
        seen = b""
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    sink.shutdown(socket.SHUT_WR)
                    return
                before, seen = len(seen), seen + data
                if mark is not None and mark in seen:
                    sink.sendall(seen[before:seen.index(mark) + len(mark)])
                    self.cuts += 1
                    sink.shutdown(socket.SHUT_RDWR)
                    source.shutdown(socket.SHUT_RDWR)
                    return
                sink.sendall(data)
        except OSError:
            pass


@pytest.fixture
def busy(engine):
    """The name of a container that prints "tick 1", "tick 2", … ten times a second, and stops with 0."""
    engine.pull("busybox")
    engine.remove_container("cut-busy")
    engine.json("POST", "/containers/create?name=cut-busy", {
        "Image": "busybox", "Cmd": ["sh", "-c",
                                    "trap 'exit 0' TERM; n=0; while [ $n -lt 600 ]; do n=$((n+1)); echo tick "
                                    "$n; sleep 0.1; done"]})
    engine.json("POST", "/containers/cut-busy/start")
    yield "cut-busy"
    engine.remove_container("cut-busy")


EVERY_TENTH_TICK = b"0\n"   # whoever attaches does not know how many there have been


def test_an_exec_cut_between_frames_is_not_a_success(engine, busy, folder):
    with CuttingRelay(folder, engine, b"first\n") as relay:
        ran = run_to_end([sys.executable, "-m", "rawdock", "-H", relay.address, "exec", busy, "sh", "-c",
                          "echo first; sleep 30; echo last"])
    assert relay.cuts == 1 and ran.status == 1 and ran.out == b"first\n", ran
    assert b"still runs" in ran.err and ran.err.count(b"\n") == 1


def test_a_run_whose_stream_is_cut_between_frames_is_not_a_success(engine, busy, folder):
    with CuttingRelay(folder, engine, b"first\n") as relay:
        ran = run_to_end([sys.executable, "-m", "rawdock", "-H", relay.address, "run", "--rm", "--name",
                          "outlives", "busybox", "sh", "-c",
                          "echo first; sleep 30; echo last"])
    engine.remove_container("outlives")
    assert relay.cuts == 1 and ran.status == 1 and ran.out == b"first\n", ran
    assert "still runs" in assert_one_line(ran.err)


def test_an_attach_whose_stream_is_cut_is_not_a_success(engine, busy, folder):
    with CuttingRelay(folder, engine, EVERY_TENTH_TICK) as relay:
        ran = run_to_end([sys.executable, "-m", "rawdock", "-H", relay.address, "attach", "--no-stdin", busy])
    assert relay.cuts == 1 and ran.status == 1, ran
    assert b"still runs" in ran.err and ran.err.count(b"\n") == 1


def test_followed_logs_cut_behind_a_frame_are_not_a_success(engine, busy, folder):
    with CuttingRelay(folder, engine, b"tick 3\n") as relay:
        ran = run_to_end([sys.executable, "-m", "rawdock", "-H", relay.address, "logs", "-f", busy])
    assert relay.cuts == 1 and ran.status == 1 and ran.out == b"tick 1\ntick 2\ntick 3\n", ran
    assert b"cut" in ran.err and ran.err.count(b"\n") == 1


def test_a_copy_out_of_a_container_that_is_cut(engine, busy, folder):
    with CuttingRelay(folder, engine, b"busybox") as relay:
        ran = run_to_end([sys.executable, "-m", "rawdock", "-H", relay.address, "GET",
                          "/containers/%s/export" % busy])
    assert relay.cuts == 1 and ran.status == 1 and ran.out.endswith(b"busybox"), (ran.status, ran.err)
    assert b"cut" in ran.err and ran.err.count(b"\n") == 1


def test_the_verdict_on_a_real_stream(engine, busy, folder):
    """The bytes of a cut and of a whole stream are alike: unconfirmed. wait can confirm the whole one."""
    with CuttingRelay(folder, engine, EVERY_TENTH_TICK) as relay:
        with Docker(relay.address) as docker:
            with docker.container_attach(busy, stream=True, stdout=True) as pipe:
                for _ in pipe.frames():
                    assert pipe.verdict is None
            assert pipe.verdict.kind == "unconfirmed" and not pipe.verdict
            assert docker.container_inspect(busy)["State"]["Running"] is True
    with Docker(engine.address) as docker:
        with docker.container_attach(busy, stream=True, stdout=True) as pipe:
            frames = pipe.frames()
            assert next(frames)[0] == 1
            engine.json("POST", "/containers/%s/stop" % busy)
            assert all(stream == 1 for stream, data in frames)
        assert pipe.verdict.kind == "unconfirmed"
        assert docker.container_wait(busy)["StatusCode"] == 0
        pipe.confirm()
        assert pipe.verdict


def test_the_verdict_on_a_real_event_stream_that_we_leave(engine, busy):
    with Docker(engine.address) as docker:
        response = docker.send("system_events", since=0)
        messages = response.messages()
        assert next(messages)["Type"] and response.verdict is None
        messages.close()
        assert response.verdict.kind == "cancelled"


def test_a_killed_client_leaves_no_success(engine, busy):
    with Running(client(engine, "logs", "-f", busy)) as process:
        process.wait_for(b"tick 3\n")
        process.interrupt()
        assert process.end().status == 130
    assert rawdock(engine, "logs", busy).status == 0 and rawdock(engine, "ps").status == 0
