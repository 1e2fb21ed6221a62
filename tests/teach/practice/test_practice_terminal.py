"""The practice engine's terminals: a shell in a window, the keys that detach, the size of the window."""
import pytest

from tests.cli.scripted_socket import clean_environment
from tests.teach.practice.practice_wire import (UPGRADE, Wire, ask, attach, create, inspect, pull,
                                                request_bytes, start)
from tests.window import Window

SHELL = dict(Tty=True, OpenStdin=True)


def shell_in(engine):
    identity = create(engine, ["sh"], **SHELL)
    start(engine, identity)
    return identity


def remove(engine, identity):
    assert ask(engine, "DELETE", "/containers/%s?force=1" % identity)[0] == 204


# -- by hand

@pytest.mark.parametrize("query, keys, typed", [
    ("", b"\x10\x11", b""), ("&detachKeys=ctrl-a,b", b"\x01b", b"\x10\x11"),
    ("", b"a\x10b\x10\x11", b"a\x10b")])
def test_the_keys_that_detach_end_the_stream_alone(engine, query, keys, typed):
    identity = shell_in(engine)
    with Wire(engine) as wire:
        attach(wire, identity, "stream=1&stdin=1&stdout=1" + query)
        wire.send(typed * (typed == b"\x10\x11") + keys + b"not read\r")
        try:
            shown = wire.rest()
        except ConnectionResetError:   # the engine has closed it before it had received the last words
            shown = wire.held
        assert shown.endswith(typed)
    assert inspect(engine, identity)["State"]["Running"]
    remove(engine, identity)


def test_without_a_terminal_no_key_detaches(engine):
    identity = create(engine, ["cat"], OpenStdin=True, StdinOnce=True)
    with Wire(engine) as wire:
        attach(wire, identity, "stream=1&stdin=1&stdout=1")
        start(engine, identity)
        wire.send(b"\x10\x11\n")
        assert wire.frame() == (1, b"\x10\x11\n")
    remove(engine, identity)


def test_keys_that_are_none_are_refused_in_an_engines_words(engine):
    identity = shell_in(engine)
    with Wire(engine) as wire:
        line, fields = attach(wire, identity, "stream=1&detachKeys=foo")
        assert (line, wire.rest()) == ("HTTP/1.1 400 Bad Request", b"Invalid detach keys (foo) provided\r\n")
    refused = ask(engine, "POST", "/containers/%s/exec" % identity, {"Cmd": ["ls"], "DetachKeys": "foo"})
    assert refused == (500, {"message": "Invalid escape keys (foo) provided"})
    remove(engine, identity)


def test_an_exec_is_left_by_the_keys_of_its_create_request(engine):
    identity = shell_in(engine)
    body = {"Cmd": ["sh"], "Tty": True, "AttachStdin": True, "AttachStdout": True, "DetachKeys": "x"}
    one = ask(engine, "POST", "/containers/%s/exec" % identity, body)[1]["Id"]
    with Wire(engine) as wire:
        wire.send(request_bytes("POST", "/exec/%s/start" % one, {"Tty": True}, UPGRADE))
        wire.head()
        wire.until(b"/ # ")
        wire.send(b"abx")
        assert wire.rest() == b"ab"
    found = ask(engine, "GET", "/exec/%s/json" % one)[1]
    assert (found["DetachKeys"], found["Running"]) == ("x", True)
    remove(engine, identity)


# -- in a window

def at_window(rawdock_command, address, *words):
    return Window(rawdock_command + ["-H", address] + list(words), clean_environment())


def use_a_shell(window):
    window.wait_for("/ # ")
    window.wait_raw()
    for size in ((24, 80), (30, 100)):
        window.resize(*size)
        window.type("while [ \"$(stty size)\" != '%d %d' ]; do sleep 0.01; done; stty size\r" % size)
        window.wait_for("\r\n%d %d\r\n/ # " % size)
    window.type("echo wrong\x7f\x7f\x7f\x7f\x7fright\r")
    window.wait_for("\r\nright\r\n/ # ")
    window.type("echo going; sleep 100\r")
    window.wait_for("\r\ngoing\r\n")
    window.type("\x03")
    window.wait_for("^C\r\n/ # ")
    window.type("cat\rline\r")
    window.wait_for("line\r\nline\r\n")
    window.type("\x04")
    window.wait_for("/ # ")
    window.type("exit 3\r")
    ended = window.end()
    assert (ended.status, ended.modes_kept) == (3, True)


@pytest.mark.parametrize("inside", [True, False])
def test_run_it(rawdock_command, engine, inside):
    address = "practice:" if inside else "unix://" + engine.socket_path
    with at_window(rawdock_command, address, "run", "--rm", "-it", "busybox", "sh") as window:
        use_a_shell(window)


def test_exec_it_attach_and_start(rawdock_command, engine):
    identity, address = shell_in(engine), "unix://" + engine.socket_path
    with at_window(rawdock_command, address, "exec", "-it", identity, "sh") as window:
        use_a_shell(window)
    with at_window(rawdock_command, address, "attach", identity) as window:
        window.wait_raw()
        window.type("\r")
        window.wait_for("/ # ")
        window.type("\x10\x11")
        ended = window.end()
        assert (ended.status, ended.modes_kept) == (1, True)
        assert ended.out.endswith(b"read escape sequence\r\n")
    with at_window(rawdock_command, address, "attach", identity) as window:
        window.wait_raw()
        window.type("exit 9\r")
        assert window.end().status == 9
    with at_window(rawdock_command, address, "start", "-ai", identity) as window:
        use_a_shell(window)
    remove(engine, identity)
