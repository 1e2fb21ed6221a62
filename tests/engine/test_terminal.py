"""A container's terminal: the keys that detach, what is typed, the window's size, run() with tty=True."""
import fcntl
import io
import json
import os
import socket
import struct
import sys
import termios
import threading

import pytest
from hypothesis import example, given, strategies as st

from engine.test_run import ID, RESIZE, Script, paths, play
from net.fake_engine import UPGRADED, FakeEngine, response
from rawdock.engine.terminal import DetachScanner, Keyboard, WindowSize, parse_detach_keys
from rawdock.errors import APIError, UsageError
from tests.window import Window


# -- the keys

@pytest.mark.parametrize("text, codes", [
    ("ctrl-p,ctrl-q", b"\x10\x11"), ("a", b"a"), ("ctrl-@", b"\0"), ("ctrl-a,b,ctrl-z", b"\1b\x1a"),
    ("DEL", b"\x7f"),
    ("ctrl-[,ctrl-\\,ctrl-],ctrl-^,ctrl-_", b"\x1b\x1c\x1d\x1e\x1f"), ("a,a", b"aa"), (" ", b" "),
])
def test_detach_keys(text, codes):
    assert parse_detach_keys(text) == codes


@pytest.mark.parametrize("text, wrong", [
    ("", ""), ("ctrl-P", "ctrl-P"), ("a,", ""), ("ctrl-1", "ctrl-1"), ("ctrl-", "ctrl-"), ("del", "del"),
    ("ab", "ab"), ("a,foo,b", "foo"), ("é", "é"), ("ctrl-ab", "ctrl-ab"), ("a b", "a b"),
])
def test_keys_that_are_none(text, wrong):
    with pytest.raises(UsageError) as caught:
        parse_detach_keys(text)
    assert str(caught.value) == "unknown character: '%s'" % wrong


def mobys_proxy(keys, data):
    """What moby/term's escape proxy passes on, byte by byte → (bytes, whether the sequence came)."""
    out, matched = b"", 0
    for at in range(len(data)):
        byte = data[at:at + 1]
        if byte == keys[matched:matched + 1]:
            matched += 1
            if matched == len(keys):
                return out, True
        else:
            out, matched = out + keys[:matched] + byte, 0
    return out, False


@given(st.text("abx", min_size=1, max_size=3), st.lists(st.text("abxy", max_size=6), max_size=6))
@example("ab", ["aab"])      # a byte that breaks a sequence off begins no other
@example("ab", ["a", "b"])
def test_a_detach_sequence_is_found_under_any_split(keys, pieces):
    keys, pieces = keys.encode(), [piece.encode() for piece in pieces]
    scanner = DetachScanner(keys)
    out = b"".join(scanner.feed(piece) for piece in pieces)
    expected, found = mobys_proxy(keys, b"".join(pieces))
    assert scanner.done is found
    assert out == expected
    held = scanner.feed_eof()
    assert found or (b"".join(pieces) == out + held and keys.startswith(held))


# -- what is typed

class Stream:
    """A Duplex for a test: a socket, and what was done to it."""

    def __init__(self):
        self.sock, self.peer = socket.socketpair()
        self.sent = b""
        self.half_closed = False

    def fileno(self):
        return self.sock.fileno()

    def send(self, data):
        self.sent += data

    def close_write(self):
        self.half_closed = True

    def hang_up(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def ended(self):
        return self.peer.recv(1) == b""


@pytest.fixture
def stream():
    one = Stream()
    yield one
    one.sock.close()
    one.peer.close()


@pytest.mark.parametrize("data, sent", [
    (b"", b"\x04"), (b"exit\n", b"exit\n\x04"), (b"exit\r", b"exit\r\x04"),
    (b"no newline", b"no newline\x04\x04"),
    (b"x\x10", b"x\x10\x04\x04"), (b"y" * 200000 + b"\n", b"y" * 200000 + b"\n\x04")])
@pytest.mark.parametrize("descriptor", [True, False])
def test_the_end_of_a_file_is_ctrl_d(stream, tmp_path, descriptor, data, sent):
    """A half-close would detach, and the rest of the output would be lost."""
    (tmp_path / "keys").write_bytes(data)
    with (open(str(tmp_path / "keys"), "rb") if descriptor else io.BytesIO(data)) as source:
        keyboard = Keyboard(source, stream)
        keyboard.start()
        keyboard._thread.join(60)
        keyboard.close()
    assert (stream.sent, stream.half_closed, keyboard.detached) == (sent, False, False)


def test_detach_keys_end_the_stream_and_are_not_sent(stream):
    keyboard = Keyboard(io.BytesIO(b"ab\x01cd\x01x more"), stream, "ctrl-a,x")
    keyboard.start()
    assert stream.ended()
    keyboard._thread.join(60)
    assert (stream.sent, keyboard.detached) == (b"ab\x01cd", True)
    keyboard.close()


def test_after_the_end_of_the_stream_nothing_is_read(stream):
    """What is typed then is for the program that reads the terminal next."""
    reader, writer = os.pipe()
    with open(reader, "rb", buffering=0) as source:
        keyboard = Keyboard(source, stream)
        keyboard.start()
        keyboard.close()
        assert not keyboard._thread.is_alive()
        os.write(writer, b"ls\n")
        assert source.read(10) == b"ls\n"
    os.close(writer)


def test_the_engine_that_ends_the_stream_ends_the_reading_too(stream):
    reader, writer = os.pipe()
    with open(reader, "rb", buffering=0) as source:
        keyboard = Keyboard(source, stream)
        keyboard.start()
        stream.peer.close()
        keyboard._thread.join(60)
        assert not keyboard._thread.is_alive()
        keyboard.close()
    os.close(writer)


# -- the size of the window

@pytest.fixture
def terminal():
    """A file that writes to a window of 30 rows and 100 columns."""
    master, slave = os.openpty()
    with open(slave, "wb", buffering=0) as file:
        yield file, lambda rows, columns: set_size(master, rows, columns)
    os.close(master)


def set_size(master, rows, columns):
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


class Sizes:
    """resize() of a WindowSize: the first `refusals` are refused."""

    def __init__(self, refusals=0):
        self.seen = []
        self.refusals = refusals
        self.taken = threading.Semaphore(0)

    def __call__(self, rows, columns):
        self.seen.append((rows, columns))
        if len(self.seen) <= self.refusals:
            raise APIError(409, "not running", "POST", "/resize")
        self.taken.release()

    def wait(self):
        assert self.taken.acquire(timeout=60)


def test_the_size_is_sent_at_the_start_and_after_each_change(terminal):
    file, resize = terminal
    resize(30, 100)
    sizes = Sizes()
    with WindowSize(file, sizes) as window:
        window.changed()   # before the program runs
        window.start()
        sizes.wait()
        sizes.wait()
        resize(40, 120)
        window.changed()
        sizes.wait()
    window._thread.join(60)
    assert not window._thread.is_alive()
    assert sizes.seen == [(30, 100), (30, 100), (40, 120)]


def test_a_refused_size_is_sent_again_ten_times_as_docker_does(terminal):
    file, resize = terminal
    resize(30, 100)
    sizes, notices = Sizes(refusals=10), []
    with WindowSize(file, sizes, notices.append) as window:
        window.start()
        sizes.wait()
    assert sizes.seen == [(30, 100)] * 11 and notices == []
    sizes, noticed = Sizes(refusals=11), threading.Event()
    with WindowSize(file, sizes, lambda line: (notices.append(line), noticed.set())) as window:
        window.start()
        assert noticed.wait(60)
        window._thread.join(0)
    assert sizes.seen == [(30, 100)] * 11 and notices == ["failed to resize tty, using default size"]


def test_a_screen_is_drawn_again_by_another_size_before_the_true_one(terminal):
    file, resize = terminal
    resize(30, 100)
    sizes = Sizes()
    with WindowSize(file, sizes, redraw=True) as window:
        window.start()
        sizes.wait()
        sizes.wait()
    assert sizes.seen == [(31, 101), (30, 100)]


def test_many_changes_wait_without_holding_the_handler_up(terminal):
    file, resize = terminal
    with WindowSize(file, Sizes()) as window:
        for _ in range(70000):   # more than a pipe holds
            window.changed()


def test_what_is_no_window_has_no_size(tmp_path):
    sizes = Sizes()
    for file in (io.BytesIO(), open(str(tmp_path / "f"), "wb"), None):
        with WindowSize(file, sizes, pytest.fail) as window:
            window.start()
        window._thread.join(60)
        if file is not None:
            file.close()
    assert sizes.seen == []


# -- run()

class TerminalScript(Script):
    """A container with a terminal: echoes what is typed until Ctrl-D; `sizes` are the queries of resize."""

    def __init__(self):
        Script.__init__(self)
        self.sizes = []

    def on_attach(self, peer, seen):
        peer.send(UPGRADED)
        self.started.wait(60)
        self.stdin = b""
        while not self.stdin.endswith(b"\x04"):
            data = peer.sock.recv(65536)
            if not data:
                break
            self.stdin += data
            peer.send(data)
        return "close"

    def on_resize(self, peer, seen):
        self.sizes.append(seen.target.partition("?")[2])
        peer.send(response(b""))


def test_a_file_as_stdin_of_a_terminal():
    status, out, err, requests, notices = play(TerminalScript(), command=["sh"], tty=True, interactive=True,
                                               stdin=io.BytesIO(b"\0\1\2exit\n"))
    assert (status, out, err, notices) == (7, b"\0\1\2exit\n\x04", b"", [])
    assert json.loads(requests[0].body.decode())["Tty"] is True
    assert RESIZE not in paths(requests)


def test_detach_keys_end_run_with_the_id_and_leave_the_container():
    status, _, _, requests, _ = play(TerminalScript(), command=["sh"], tty=True, interactive=True, rm=True,
                                     stdin=io.BytesIO(b"ab\x18\x01more"), detach_keys="ctrl-x,ctrl-a")
    assert status == ID and paths(requests)[-1] == "POST /containers/%s/start" % ID
    assert "detachKeys=ctrl-x%2Cctrl-a" in requests[1].target


def test_detach_keys_that_are_none_leave_no_container():
    status, _, _, requests, _ = play(TerminalScript(), command=["sh"], tty=True, interactive=True, rm=True,
                                     stdin=io.BytesIO(b""), detach_keys="foo")
    assert type(status) is UsageError and paths(requests)[-1] == "DELETE /containers/%s" % ID


LIBRARY = """
import sys, rawdock
status = rawdock.run(rawdock.Docker(sys.argv[1], "1.41"), "x", ["sh"], tty=True, interactive=True)
print(status, input())
"""


def test_the_terminal_of_a_python_program_is_raw_while_the_container_runs():
    """And what is typed after that is the program's own."""
    script = TerminalScript()
    with FakeEngine(script) as engine, Window([sys.executable, "-c", LIBRARY, engine.address]) as window:
        window.wait_raw()
        window.type("\x03abc\r")
        window.wait_for("\x03abc\r")
        engine.wait_for(lambda: script.sizes)
        window.type("\x04")
        window.wait_raw(False)
        window.type("next line\n")
        ended = window.end()
    assert (ended.status, ended.modes_kept, script.sizes) == (0, True, ["h=24&w=80"])
    assert ended.out.endswith(b"7 next line\r\n")
