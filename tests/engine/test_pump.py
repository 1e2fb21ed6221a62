"""The pump: order and coalescing of output, stdin by a thread, signals passed on."""
import io
import os
import signal
import socket
import subprocess
import sys
import threading

import pytest
from hypothesis import given, strategies as st

from net.fake_engine import NO_CONTENT, FakeEngine, frame, serve
from rawdock.engine.docker import Docker
from rawdock.engine.pump import InterruptGuard, SignalForwarder, copy_stdin, copy_stream, start_stdin_copy
from rawdock.errors import ConnectError, ProtocolError, StreamError, TruncatedError


class Recorder:
    """Two files that write into one list of (name, bytes), and count flushes."""

    def __init__(self, most=None):
        self.writes = []
        self.flushes = 0
        self.most = most

    def file(self, name):
        recorder = self

        class File:
            def write(self, data):
                data = bytes(data[:recorder.most])
                recorder.writes.append((name, data))
                return len(data)

            def flush(self):
                recorder.flushes += 1
        return File()

    def copy(self, pieces, tty=False):
        copy_stream(pieces, tty, self.file("out"), self.file("err"))
        return self.writes

    def text(self, name):
        return b"".join(data for file, data in self.writes if file == name)


def test_consecutive_frames_of_one_stream_are_one_write():
    pieces = [frame(1, b"a") + frame(1, b"b") + frame(1, b"") + frame(2, b"c") + frame(2, b"d")
              + frame(1, b"e") + frame(0, b"f"), frame(1, b"g")]
    recorder = Recorder()
    assert recorder.copy(pieces) == [("out", b"ab"), ("err", b"cd"), ("out", b"ef"), ("out", b"g")]
    assert recorder.flushes == 4


@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=9)), max_size=12),
       st.lists(st.integers(1, 20), max_size=20))
def test_order_and_bytes_under_any_split(items, sizes):
    wire = b"".join(frame(*item) for item in items)
    pieces, at = [], 0
    for size in sizes:
        pieces.append(wire[at:at + size])
        at += size
    pieces.append(wire[at:])
    writes = Recorder().copy([piece for piece in pieces if piece])
    merged = []
    for stream, data in items:
        name = "err" if stream == 2 else "out"
        if data and merged and merged[-1][0] == name:
            merged[-1] = (name, merged[-1][1] + data)
        elif data:
            merged.append((name, data))
    joined = []
    for name, data in writes:
        if joined and joined[-1][0] == name:
            joined[-1] = (name, joined[-1][1] + data)
        else:
            joined.append((name, data))
    assert joined == merged


def test_a_file_that_takes_a_few_bytes_at_a_time_gets_all():
    """An unbuffered file does, when a signal comes in the middle of a write (python -u, and signals are our
    trade)."""
    recorder = Recorder(most=3)
    recorder.copy([frame(1, b"0123456789") + frame(2, b"abcdefg")])
    assert (recorder.text("out"), recorder.text("err")) == (b"0123456789", b"abcdefg")


def test_terminal_output_is_not_taken_apart():
    assert Recorder().copy([b"\1\0\0\0", b"x\r\n"], tty=True) == [("out", b"\1\0\0\0"), ("out", b"x\r\n")]


@pytest.mark.parametrize("tail, error",
                         [(b"\1\0\0\0\0\0\0\5par", TruncatedError), (b"\1\0", TruncatedError),
                          (b"\7\0\0\0\0\0\0\1x", ProtocolError),
                          (frame(3, b"the daemon's trouble"), StreamError)])
def test_what_came_whole_is_shown_before_the_error(tail, error):
    for pieces in ([frame(1, b"whole") + tail], [frame(1, b"whole"), tail],
                   [bytes([byte]) for byte in frame(1, b"whole") + tail]):
        recorder = Recorder()
        with pytest.raises(error):
            recorder.copy(pieces)
        assert recorder.text("out") == b"whole"


def test_an_error_of_the_source_comes_through():
    def pieces():
        yield frame(1, b"x")
        raise ConnectError("a", "b")
    recorder = Recorder()
    with pytest.raises(ConnectError):
        recorder.copy(pieces())
    assert recorder.writes == [("out", b"x")]


def test_files_that_are_not_wanted():
    copy_stream([frame(1, b"x") + frame(2, b"y")], False, None, None)
    out = io.BytesIO()
    copy_stream([frame(1, b"x") + frame(2, b"y")], False, out, None)
    assert out.getvalue() == b"x"


# -- stdin

class Pipe:
    """In the place of a Duplex."""

    def __init__(self, broken=False):
        self.data = b""
        self.ended = threading.Event()
        self.broken = broken

    def send(self, data):
        if self.broken:
            raise ConnectError("a", "gone")
        self.data += bytes(data)

    def close_write(self):
        self.ended.set()


def test_stdin_from_a_file_object_and_from_a_descriptor(tmp_path):
    pipe = Pipe()
    copy_stdin(io.BytesIO(b"x" * 200000), pipe)
    assert pipe.data == b"x" * 200000 and pipe.ended.is_set()
    (tmp_path / "f").write_bytes(b"y" * 200000)
    with open(str(tmp_path / "f"), "rb") as file:
        pipe = Pipe()
        copy_stdin(file, pipe)
    assert pipe.data == b"y" * 200000 and pipe.ended.is_set()


def test_stdin_goes_out_as_it_comes():
    """What is there is sent, although the file is buffered and its end has not come."""
    reader, writer = os.pipe()
    with open(reader, "rb") as source:
        pipe = Pipe()
        thread = start_stdin_copy(source, pipe)
        assert thread.daemon
        os.write(writer, b"line\n")
        FakeEngine.wait_for(lambda: pipe.data == b"line\n")
        assert not pipe.ended.is_set()
        os.close(writer)
        thread.join(60)
        assert pipe.ended.is_set()


def test_a_container_that_has_gone_ends_the_copy_in_silence():
    copy_stdin(io.BytesIO(b"x"), Pipe(broken=True))


def test_stdin_that_cannot_be_read_still_ends(tmp_path):
    """Otherwise the container would wait for it for ever."""
    class Folder:
        def fileno(self):
            return descriptor
    descriptor = os.open(str(tmp_path), os.O_RDONLY)   # EISDIR when it is read
    pipe = Pipe()
    copy_stdin(Folder(), pipe)
    os.close(descriptor)
    assert pipe.ended.is_set()


def test_stdin_that_does_not_block_is_waited_for():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        pipe = Pipe()
        thread = start_stdin_copy(ours, pipe)
        theirs.sendall(b"late")
        FakeEngine.wait_for(lambda: pipe.data == b"late")
        theirs.close()
        thread.join(60)
        assert pipe.ended.is_set()


# -- signals

PROGRAM = """
import select, signal, sys
from rawdock import Docker
%s
docker = Docker(sys.argv[1], "1.41")
before = [signal.getsignal(number) for number in range(1, 32)]
with SignalForwarder(docker, "c1"):
    try:
        print("ready", flush=True)
        # A handler runs between two instructions: a signal just before a call that waits is seen after it.
        while not select.select([0], [], [], 0.01)[0]:
            pass
    except KeyboardInterrupt:
        print("third", flush=True)
print(before == [signal.getsignal(number) for number in range(1, 32)], flush=True)
"""


def forwarder(engine, tmp_path):
    home = ("from rawdock import SignalForwarder" if os.environ.get("RAWDOCK_SINGLE_FILE")
            else "from rawdock.engine.pump import SignalForwarder")
    child = subprocess.Popen([sys.executable, "-c", PROGRAM % home, engine.address], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, cwd=str(tmp_path))
    assert child.stdout.readline() == b"ready\n"
    return child


def test_signals_go_to_the_container(tmp_path):
    with FakeEngine(serve(NO_CONTENT)) as engine:
        child = forwarder(engine, tmp_path)
        names = ["HUP", "USR1", "USR2", "QUIT", "INT", "TERM", "ALRM", "IO"]
        for count, name in enumerate(names, 1):
            child.send_signal(getattr(signal, "SIG" + name))
            engine.wait_for(lambda: len(engine.requests) == count)
        for name in ("CHLD", "URG", "WINCH", "CONT"):   # these are not its business
            child.send_signal(getattr(signal, "SIG" + name))
        output = child.communicate(timeout=60)[0]
        assert output == b"True\n" and child.returncode == 0   # and afterwards all is as before
        targets = [seen.target for seen in engine.requests]
        assert targets[:7] == ["/v1.41/containers/c1/kill?signal=" + name for name in names[:7]]
        assert targets[7:] in (["/v1.41/containers/c1/kill?signal=IO"],
                               ["/v1.41/containers/c1/kill?signal=POLL"])


def test_the_third_interrupt_is_ours(tmp_path):
    with FakeEngine(serve(NO_CONTENT)) as engine:
        child = forwarder(engine, tmp_path)
        for count, number in ((1, signal.SIGINT), (2, signal.SIGTERM)):
            child.send_signal(number)
            engine.wait_for(lambda: len(engine.requests) == count)
        child.send_signal(signal.SIGINT)
        assert child.communicate(timeout=60)[0] == b"third\nTrue\n" and len(engine.requests) == 2


def test_a_signal_to_a_container_that_has_ended_is_no_error(tmp_path):
    with FakeEngine(lambda peer: peer.request()) as engine:
        child = forwarder(engine, tmp_path)
        child.send_signal(signal.SIGUSR1)
        engine.wait_for(lambda: engine.requests)
        assert child.communicate(timeout=60)[0] == b"True\n" and child.returncode == 0


def test_a_signal_that_comes_before_the_container_runs_reaches_it():
    """dockerd refuses to kill what does not run yet (409), podman too (500); what comes once it runs is
    refused for good."""
    refused = b"HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\n{}"
    answers = [refused, refused, NO_CONTENT, NO_CONTENT, refused]
    with FakeEngine(serve(lambda seen: answers.pop(0))) as engine, Docker(engine.address, "1.41") as docker:
        signals = SignalForwarder(docker, "c1")
        signals.caught(signal.SIGTERM)
        signals.caught(signal.SIGUSR1)
        signals.container_started()
        signals.caught(signal.SIGHUP)
        assert [seen.target.rpartition("=")[2]
                for seen in engine.requests] == ["TERM", "USR1", "TERM", "USR1", "HUP"]


def test_a_guard_holds_the_first_signal_and_not_the_second():
    guard = InterruptGuard()
    with pytest.raises(KeyboardInterrupt):
        guard.caught(signal.SIGINT)
    with pytest.raises(SystemExit) as ended:
        guard.caught(signal.SIGHUP)
    assert ended.value.code == 129
    guard.hold()
    guard.caught(signal.SIGTERM)
    for act in (lambda: guard.caught(signal.SIGHUP), lambda: guard.caught(signal.SIGINT), guard.release):
        with pytest.raises(SystemExit) as ended:
            act()
        assert ended.value.code == 143   # the first one's
    InterruptGuard().release()


def test_a_guard_leaves_alone_what_was_ignored_but_for_int():
    """nohup ignores HUP, and means it; a script's `run &` has INT ignored, and docker obeys a later one
    nevertheless."""
    before = [(number, signal.signal(number, signal.SIG_IGN)) for number in (signal.SIGHUP, signal.SIGINT)]
    try:
        with InterruptGuard():
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
            for number in (signal.SIGINT, signal.SIGQUIT):
                assert callable(signal.getsignal(number))
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def test_outside_the_main_thread_signals_are_left_alone():
    outcome = []

    def work():
        with SignalForwarder(None, "x"), InterruptGuard() as guard:
            guard.hold()
            guard.release()
            outcome.append("entered")
    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)
    assert outcome == ["entered"]
