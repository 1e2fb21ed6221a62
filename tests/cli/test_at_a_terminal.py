"""run, exec, attach and start at a terminal, with a scripted engine: modes, signals, sizes, keys."""
import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from net.fake_engine import NO_CONTENT, UPGRADED, FakeEngine, chunks, response
from tests.cli.scripted_socket import clean_environment, run_to_end
from tests.window import Window

ID, EXEC = "c" * 64, "e" * 64
WAIT_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
REFUSED = response(b'{"message":"cannot resize a stopped container"}', "409 Conflict")


class TerminalEngine:
    """A recipe: one container, and execs in it, whose program says `ready`, then echoes what it is sent.

    Ctrl-D ends it with `status`; at `!` the engine dies. A signal sent to the container is answered by
    `<NAME>` in its output. `sizes` are the queries of resize; the first `refusals` are refused.
    """

    def __init__(self, tty=True, refusals=0, version="1.41", status=7):
        self.tty, self.refusals, self.version, self.status = tty, refusals, version, status
        self.sizes, self.signals, self.bodies, self.targets = [], [], {}, []
        self.started, self.ended = threading.Event(), threading.Event()
        self.streams = []

    def __call__(self, peer):
        while True:
            seen = peer.request()
            if seen is None:
                return
            self.targets.append(seen.target.partition("/v%s" % self.version)[2])
            name = seen.path.partition("?")[0].rpartition("/")[2]
            if seen.body:
                self.bodies[name] = json.loads(seen.body.decode())
            if seen.path == "POST /exec/%s/start" % EXEC:
                name = "exec_start"
            if getattr(self, "on_" + name)(peer, seen) == "close":
                return

    def on__ping(self, peer, seen):
        peer.send(response(b"OK", headers=[("Api-Version", self.version)]))

    def on_create(self, peer, seen):
        peer.send(response(json.dumps({"Id": ID, "Warnings": None}).encode(), "201 Created"))

    def on_json(self, peer, seen):
        if "/exec/" in seen.target:
            return peer.send(response(json.dumps({"Running": False, "ExitCode": self.status}).encode()))
        state = {"Id": ID, "State": {"Running": not self.ended.is_set()}, "HostConfig": {},
                 "Config": {"Tty": self.tty, "OpenStdin": True}}
        return peer.send(response(json.dumps(state).encode()))

    def on_exec(self, peer, seen):
        peer.send(response(json.dumps({"Id": EXEC}).encode(), "201 Created"))

    def on_start(self, peer, seen):
        peer.send(NO_CONTENT)
        self.started.set()

    def on_resize(self, peer, seen):
        self.sizes.append(seen.target.partition("?")[2])
        peer.send(REFUSED if len(self.sizes) <= self.refusals else response(b""))

    def on_kill(self, peer, seen):
        self.signals.append(seen.target.rpartition("=")[2])
        peer.send(NO_CONTENT)
        for stream in self.streams:
            try:
                stream.send(b"<%s>" % self.signals[-1].encode())
            except OSError:   # it has ended
                pass

    def on_wait(self, peer, seen):
        peer.send(WAIT_HEAD)
        self.ended.wait(60)
        if self.status is None:
            return "close"
        peer.send(chunks(json.dumps({"Error": None, "StatusCode": self.status}).encode()))
        return None

    def on_exec_start(self, peer, seen):
        return self.stream(peer)

    def on_attach(self, peer, seen):
        return self.stream(peer, 'stdin=1' in seen.target)

    def stream(self, peer, reads=True):
        peer.send(UPGRADED)
        self.streams.append(peer)
        peer.send(b"ready\r\n")
        data = b""
        while b"\x04" not in data and b"!" not in data and reads:
            data = peer.sock.recv(65536)
            if not data:   # detached, or our client is dead
                return "close"
            peer.send(data)
        if b"!" in data:
            self.status = None
        self.ended.set()
        return "close"


@contextmanager
def serving(recipe):
    """A FakeEngine that plays the recipe; a wait that is still under way is answered at the end."""
    with FakeEngine(recipe) as engine:
        try:
            yield engine
        finally:
            recipe.ended.set()


def at_terminal(rawdock_command, engine, *words, **environment):
    return Window(rawdock_command + ["-H", engine.address] + list(words), clean_environment(**environment))


COMMANDS = [["run", "-it", "x", "sh"], ["exec", "-it", "c", "sh"], ["attach", "c"], ["start", "-ai", "c"]]
FIRST_WORD = {"ids": lambda words: words[0]}


@pytest.mark.parametrize("words", COMMANDS, **FIRST_WORD)
def test_what_is_typed_what_is_shown_and_the_exit_status(rawdock_command, words):
    recipe = TerminalEngine()
    with serving(recipe) as engine, at_terminal(rawdock_command, engine, *words) as window:
        window.wait_for("ready\r\n")
        window.wait_raw()
        keys = bytes(byte for byte in range(256) if byte not in b"!\x04\x10\x11")
        window.type(keys)
        window.wait_for(keys)
        engine.wait_for(lambda: "h=24&w=80" in recipe.sizes)
        window.type("\x04")
        ended = window.end()
    assert (ended.status, ended.modes_kept) == (7, True)
    assert ended.out == b"ready\r\n" + keys + b"\x04"
    assert recipe.sizes[-1] == "h=24&w=80"
    assert recipe.sizes[:-1] == (["h=25&w=81"] if words[0] == "attach" else [])


def test_what_is_typed_ahead_cannot_end_a_container_before_it_is_seen_to_run(rawdock_command):
    recipe = TerminalEngine()

    def on_json(peer, seen):
        if recipe.streams:   # attach looks twice, the second time with the stream at hand
            recipe.ended.wait(0.2)
        return TerminalEngine.on_json(recipe, peer, seen)
    recipe.on_json = on_json
    with serving(recipe) as engine, at_terminal(rawdock_command, engine, *COMMANDS[2]) as window:
        window.type("!\n")
        ended = window.end()
    assert b"ready\r\n" in ended.out and b"stopped" not in ended.out


@pytest.mark.parametrize("words", COMMANDS, **FIRST_WORD)
def test_the_windows_size_follows(rawdock_command, words):
    recipe = TerminalEngine()
    with serving(recipe) as engine, at_terminal(rawdock_command, engine, *words) as window:
        window.wait_for("ready\r\n")
        engine.wait_for(lambda: "h=24&w=80" in recipe.sizes)
        window.resize(30, 100)
        engine.wait_for(lambda: recipe.sizes[-1] == "h=30&w=100")
        window.type("\x04")
        assert window.end().status == 7
    assert recipe.signals == []


def test_a_size_that_is_refused_to_the_end_is_reported_as_docker_does(rawdock_command):
    recipe = TerminalEngine(refusals=11)
    with serving(recipe) as engine, at_terminal(rawdock_command, engine, *COMMANDS[1]) as window:
        window.wait_for("failed to resize tty, using default size\n")
        window.type("\x04")
        assert window.end().status == 7
    assert recipe.sizes == ["h=24&w=80"] * 11


@pytest.mark.parametrize("words, status, said", [
    (COMMANDS[0], 0, b""), (COMMANDS[1], 1, b"read escape sequence\r\n"),
    (COMMANDS[2], 1, b"read escape sequence\r\n"), (COMMANDS[3], 0, b"")],
    ids=["run", "exec", "attach", "start"])
@pytest.mark.parametrize("where", ["default", "flag", "config"])
def test_detach_keys(rawdock_command, tmp_path, words, status, said, where):
    recipe = TerminalEngine()
    environment, keys = {}, "\x10\x11"
    if where == "flag":
        words, keys = [words[0], "--detach-keys", "ctrl-x,y"] + words[1:], "\x18y"
    if where != "default":   # the flag wins
        configured = "ctrl-o" if where == "flag" else "ctrl-x,y"
        (tmp_path / "config.json").write_text(json.dumps({"detachKeys": configured}))
        environment, keys = {"DOCKER_CONFIG": str(tmp_path)}, "\x18y"
    with serving(recipe) as engine, at_terminal(rawdock_command, engine, *words, **environment) as window:
        window.wait_for("ready\r\n")
        window.wait_raw()
        window.type("a\x18z" + keys + "never sent")
        ended = window.end()
    assert (ended.status, ended.modes_kept) == (status, True)
    echo = ended.out[len(b"ready\r\n"):len(ended.out) - len(said)]   # its end, or all of it, may come late
    assert ended.out == b"ready\r\n" + echo + said and b"a\x18z".startswith(echo)
    sent = "detachKeys=ctrl-x%2Cy"
    assert any(sent in target for target in recipe.targets) is (where != "default" and words[0] != "exec")
    if words[0] == "exec":
        assert recipe.bodies["exec"].get("DetachKeys") == (None if where == "default" else "ctrl-x,y")


def test_a_config_json_that_cannot_be_read_is_a_warning(rawdock_command, tmp_path):
    (tmp_path / "config.json").write_text("{")
    with serving(TerminalEngine()) as engine:
        with at_terminal(rawdock_command, engine, *COMMANDS[1], DOCKER_CONFIG=str(tmp_path)) as window:
            window.wait_for("WARNING: Error parsing config file (")
            window.wait_for("ready\r\n")
            window.type("\x04")
            assert window.end().status == 7


# -- the modes come back

def signals_that_end():
    return [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130),
            (signal.SIGQUIT, -signal.SIGQUIT), (signal.SIGUSR1, -signal.SIGUSR1),
            (signal.SIGALRM, -signal.SIGALRM)]


@pytest.mark.parametrize("words", COMMANDS[1:], **FIRST_WORD)
@pytest.mark.parametrize("number, status", signals_that_end())
def test_a_signal_that_ends_us_restores_the_modes(rawdock_command, words, number, status):
    recipe = TerminalEngine()
    with serving(recipe) as engine, at_terminal(rawdock_command, engine, *words) as window:
        window.wait_for("ready\r\n")
        window.wait_raw()
        window.kill(number)
        ended = window.end()
    assert (ended.status, ended.modes_kept, recipe.signals) == (status, True, [])


def test_only_sigkill_leaves_the_terminal_raw(rawdock_command):
    """And the other tests here could see it."""
    with serving(TerminalEngine()) as engine, at_terminal(rawdock_command, engine, *COMMANDS[1]) as window:
        window.wait_for("ready\r\n")
        window.wait_raw()
        window.kill(signal.SIGKILL)
        ended = window.end()
    assert (ended.status, ended.modes_kept) == (-signal.SIGKILL, False)


def test_signals_are_the_containers_until_the_third_ends_us(rawdock_command):
    recipe = TerminalEngine()
    with serving(recipe) as engine, at_terminal(rawdock_command, engine, *COMMANDS[0]) as window:
        window.wait_for("ready\r\n")
        engine.wait_for(lambda: recipe.sizes)   # the container runs
        for number, name in ((signal.SIGTERM, "TERM"), (signal.SIGHUP, "HUP"), (signal.SIGINT, "INT")):
            window.kill(number)
            window.wait_for("<%s>" % name)
            assert window.is_raw()
        window.kill(signal.SIGTERM)
        ended = window.end()
    assert (ended.status, ended.modes_kept, recipe.signals) == (143, True, ["TERM", "HUP", "INT"])


@pytest.mark.parametrize("words", COMMANDS, **FIRST_WORD)
def test_stopped_the_terminal_is_the_shells_and_continued_it_is_raw_again(rawdock_command, words):
    recipe = TerminalEngine()
    with serving(recipe) as engine, at_terminal(rawdock_command, engine, *words) as window:
        window.wait_for("ready\r\n")
        for _ in range(2):
            window.wait_raw()
            engine.wait_for(lambda: recipe.sizes)
            window.kill(signal.SIGTSTP)
            assert window.wait_stopped() == signal.SIGTSTP
            assert window.modes() == window.modes_before
            window.resize(50, 132)   # while we are stopped
            window.foreground()
            engine.wait_for(lambda: recipe.sizes[-1] == "h=50&w=132")
            window.resize(*window.size)
            engine.wait_for(lambda: recipe.sizes[-1] == "h=24&w=80")
        window.type("after\x04")
        ended = window.end()
    assert (ended.status, ended.modes_kept, recipe.signals) == (7, True, [])
    assert ended.out == b"ready\r\nafter\x04"


def test_after_sigstop_too_raw_mode_is_set_again(rawdock_command):
    with serving(TerminalEngine()) as engine, at_terminal(rawdock_command, engine, *COMMANDS[1]) as window:
        window.wait_for("ready\r\n")
        window.wait_raw()
        window.kill(signal.SIGSTOP)
        assert window.wait_stopped() == signal.SIGSTOP
        window.restore_modes()   # as a shell does
        window.foreground()
        window.wait_raw()
        window.type("\x04")
        ended = window.end()
    assert (ended.status, ended.modes_kept) == (7, True)


@pytest.mark.parametrize("words", COMMANDS, **FIRST_WORD)
def test_the_window_is_closed(rawdock_command, words):
    recipe = TerminalEngine()
    with serving(recipe) as engine, at_terminal(rawdock_command, engine, *words) as window:
        window.wait_for("ready\r\n")
        engine.wait_for(lambda: recipe.sizes)
        window.close_window()
        if words[0] == "run":   # the signal goes to the container, which ends by it
            engine.wait_for(lambda: recipe.signals)
            recipe.status = 129
            recipe.ended.set()
        # What comes first decides: the signal, the end of what is typed, or output that cannot be written.
        assert window.end().status in (129, 7, 1)
    assert recipe.signals == (["HUP"] if words[0] == "run" else [])


@pytest.mark.parametrize("words, status", [(COMMANDS[0], 125), (COMMANDS[2], 1), (COMMANDS[3], 1)],
                         ids=["run", "attach", "start"])
def test_an_engine_that_dies(rawdock_command, words, status):
    with serving(TerminalEngine()) as engine, at_terminal(rawdock_command, engine, *words) as window:
        window.wait_for("ready\r\n")
        window.wait_raw()
        window.type("!")
        window.wait_for("rawdock: ")
        ended = window.end()
    assert (ended.status, ended.modes_kept) == (status, True)
    assert ended.out.endswith(b"\r\n") and b"Traceback" not in ended.out   # the modes were back


def test_a_status_that_cannot_be_understood(rawdock_command):
    recipe = TerminalEngine(status="seven")
    with serving(recipe) as engine, at_terminal(rawdock_command, engine, *COMMANDS[0]) as window:
        window.wait_for("ready\r\n")
        window.wait_raw()
        window.type("\x04")
        ended = window.end()
    assert (ended.status, ended.modes_kept) == (125, True)
    assert ended.out.count(b"\r\n") == 4   # with the pointer to the help of run


EXPLODES = """
import sys
from rawdock.engine.terminal import RawMode
try:
    with RawMode(sys.stdin, lambda: None):
        print("in", flush=True)
        sys.stdin.readline()
        raise ZeroDivisionError
except ZeroDivisionError:
    print("out", flush=True)
    sys.stdin.readline()
"""


def test_an_exception_anywhere_restores_the_modes():
    with Window([sys.executable, "-c", EXPLODES]) as window:
        window.wait_for("in")
        window.wait_raw()
        window.type("\n")
        window.wait_for("out\r\n")
        assert window.modes() == window.modes_before
        window.type("\n")
        assert window.end().status == 0


def test_noraw_leaves_the_modes_alone(rawdock_command):
    with serving(TerminalEngine()) as engine:
        with at_terminal(rawdock_command, engine, *COMMANDS[1], NORAW="1") as window:
            window.wait_for("ready\r\r\n")
            window.type("abc\n")
            window.wait_for("abc\r\nabc\r\n")   # our terminal's echo, then the container's
            assert window.modes() == window.modes_before
            window.type("\x04")   # not a key here, but the end of input
            assert window.end().status == 7


# -- -t alone, and what is no terminal

@pytest.mark.parametrize("words", [["run", "-t", "x"], ["exec", "-t", "c", "sh"]], **FIRST_WORD)
def test_without_stdin_the_modes_stay_and_the_size_is_sent(rawdock_command, words):
    recipe = TerminalEngine()
    recipe.on_exec_start = lambda peer, seen: recipe.stream(peer, reads=False)
    with serving(recipe) as engine, at_terminal(rawdock_command, engine, *words) as window:
        ended = window.end()
    assert (ended.status, ended.out, ended.modes_kept) == (7, b"ready\r\r\n", True)   # with docker, too


@pytest.mark.parametrize("words, seen", [
    (["run", "-it", "x"], []), (["run", "-i", "--tty", "--rm", "x"], []),
    (["exec", "-it", "c", "sh"], ["/containers/c/json"]), (["attach", "c"], ["/containers/c/json"])], ids=str)
@pytest.mark.parametrize("pipe", [True, False])
def test_an_input_that_is_no_terminal(rawdock_command, words, seen, pipe):
    recipe = TerminalEngine()
    with serving(recipe) as engine, open(os.devnull) as nothing:
        argv = rawdock_command + ["-H", engine.address] + words
        process = subprocess.Popen(argv, stdin=subprocess.PIPE if pipe else nothing, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=clean_environment())
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (1, b"", b"the input device is not a TTY\n")
    assert [target for target in recipe.targets if target] == seen


def test_start_takes_a_file_for_a_terminal(rawdock_command):
    """docker half-closes at its end, which detaches: the output is lost. Here the program is sent Ctrl-D."""
    recipe = TerminalEngine()
    with serving(recipe) as engine:
        ran = run_to_end(rawdock_command + ["-H", engine.address, "start", "-ai", "c"], b"exit\n")
    assert (ran.status, ran.out, ran.err) == (7, b"ready\r\nexit\n\x04", b"")
    assert recipe.sizes == []


# -- what the engine is sent

def test_the_size_is_in_the_requests_that_have_a_place_for_it(rawdock_command):
    for words, version, places in ((COMMANDS[1], "1.42", ["exec", "start"]), (COMMANDS[1], "1.41", [])):
        recipe = TerminalEngine(version=version)
        with serving(recipe) as engine, at_terminal(rawdock_command, engine, *words) as window:
            window.wait_for("ready\r\n")
            window.type("\x04")
            assert window.end().status == 7
        sizes = {name: body.get("ConsoleSize") for name, body in recipe.bodies.items()}
        assert [name for name in sizes if sizes[name] == [24, 80]] == places
    recipe = TerminalEngine()
    with serving(recipe) as engine, at_terminal(rawdock_command, engine, "create", "-it", "x") as window:
        ended = window.end()
    body = recipe.bodies["create"]
    assert (ended.status, ended.out) == (0, ID.encode() + b"\r\n")
    assert (body["Tty"], body["OpenStdin"], body["HostConfig"]["ConsoleSize"]) == (True, True, [24, 80])


def test_a_detached_terminal_needs_no_terminal(rawdock_command):
    recipe = TerminalEngine()
    with serving(recipe) as engine:
        ran = run_to_end(rawdock_command + ["-H", engine.address, "run", "-dit", "x"])
    assert (ran.status, ran.out) == (0, ID.encode() + b"\n")
    body = recipe.bodies["create"]
    assert (body["Tty"], body["OpenStdin"], body["StdinOnce"]) == (True, True, False)
    assert "ConsoleSize" not in body["HostConfig"]


def test_nothing_about_terminals_is_loaded_without_one(rawdock_command):
    with serving(TerminalEngine(tty=False)) as engine:
        verbose = ["-u", "-v"]   # before 3.9 stderr is a buffer otherwise, whose rest is lost at the end
        argv = rawdock_command[:1] + verbose + rawdock_command[1:] + ["-H", engine.address, "run", "-d", "x"]
        ran = run_to_end(argv)
    assert ran.out == ID.encode() + b"\n" and b"import 'json'" in ran.err
    assert not [name for name in ("termios", "tty", "fcntl") if b"import '%s'" % name.encode() in ran.err]
