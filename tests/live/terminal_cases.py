"""What is done at a terminal, case by case, by docker and by rawdock, and what docker 28.2.2 showed.

A case is a function of a Window and an engine: what the user types and does, what the engine does meanwhile.
@case gives the command's words, and what is there before it:

    container   words of a container that runs already: a shell script with a terminal (it is called term-c)
    created     the container is created only
    config      text of config.json
    pipe        text that is piped into the command: then its stdin is no terminal
    relay       "unix" or "tcp": the command reaches the engine over a Relay, which `cut` ends
    differs     why ours is otherwise, with `ours`: what of "status" and "out" it is then (None: not compared)
    unsteady    docker's output differs from time to time, and is not written down

docker-28.2.2/terminal/answers.json has, for each case, docker's output (latin-1, or its SHA-256 if it is
long), its exit status (negative: the signal that ended it), and whether it left the terminal's modes as they
were. tools/record-docker --terminal writes it; it plays each case three times and fails if they differ.
Nothing of the output is normalised but our name (`rawdock: `) and the time of docker's log lines.
"""
import hashlib
import json
import os
import re
import signal
import socket
import tempfile
import threading
from collections import OrderedDict

from tests.live.client import clean_environment, wait_until
from tests.live.docker_cli import TABLES
from tests.window import Window

ANSWERS = os.path.join(TABLES, "terminal", "answers.json")
SETTLED = 'until [ "$(stty size 2>&1)" = "24 80" ]; do sleep 0.02; done; '   # the first resize has been done
READER = SETTLED + 'echo ready; while read -r line; do eval "$line"; done; echo over'
SHELL = SETTLED + "exec sh"
PROMPT = "/ # \x1b[6n"       # busybox asks for the cursor, and no answer comes
LONG = 4000                  # bytes of output from which its SHA-256 is written down
RUN = ["run", "--rm", "-it", "--hostname", "box", "--name", "term-c"]
PASTE = b"".join(b"%07d paste of text \xc3\xa9 \xff\n" % number for number in range(5 << 20 >> 5))

CASES = OrderedDict()


class Case:
    def __init__(self, name, words, play, options):
        self.name, self.words, self.play = name, words, play
        self.container = options.pop("container", None)
        self.created = options.pop("created", None)
        self.config = options.pop("config", "{}")
        self.pipe = options.pop("pipe", None)
        self.relay = options.pop("relay", None)
        self.unsteady = options.pop("unsteady", False)
        self.differs = options.pop("differs", None)
        self.ours = options.pop("ours", {})
        assert not options, options


def case(words, **options):
    def register(play):
        name = play.__name__
        assert name not in CASES
        CASES[name] = Case(name, words, play, options)
        return play
    return register


def run_script(script, *flags):
    return RUN + list(flags) + ["busybox", "sh", "-c", script]


# -- what is typed and what is shown

@case(run_script(SHELL))
def a_shell(window, engine):
    window.wait_for(PROMPT)
    window.type("echo hi; hostname\r")
    window.wait_for(PROMPT)
    window.type("exit 3\r")


@case(run_script(SHELL))
def a_line_is_edited(window, engine):
    window.wait_for(PROMPT)
    window.type("echo wrong\x7f\x7f\x7f\x7f\x7fright\x01\x05!\r")
    window.wait_for("right!\r\n")
    window.wait_for(PROMPT)
    window.type("\x04")


@case(run_script(READER))
def the_containers_terminal_edits_a_line(window, engine):
    window.wait_for("ready\r\n")
    window.type("echo wrong\x7f\x7f\x7f\x7f\x7fright\x15echo killed\r")
    window.wait_for("killed\r\n")
    window.type("\x04")


@case(RUN + ["busybox", "true"])
def exit_0(window, engine):
    pass


@case(RUN + ["busybox", "sh", "-c", "echo out; echo err >&2; exit 1"])
def exit_1_and_stderr_is_output_too(window, engine):
    pass


@case(run_script('trap "echo caught; exit 130" INT; echo ready; while :; do sleep 0.05; done'))
def ctrl_c_exit_130(window, engine):
    window.wait_for("ready\r\n")
    window.wait_raw()
    window.type("\x03")


@case(run_script('trap "echo caught; exit 131" QUIT; echo ready; while :; do sleep 0.05; done'))
def ctrl_backslash_exit_131(window, engine):
    window.wait_for("ready\r\n")
    window.wait_raw()
    window.type("\x1c")


@case(run_script(SHELL))
def ctrl_c_in_a_shell(window, engine):
    window.wait_for(PROMPT)
    window.type("(echo going; exec sleep 60)\r")
    window.wait_for("\r\ngoing\r\n")
    window.type("\x03")
    window.wait_for(PROMPT)
    window.type("echo $?; exit 0\r")


@case(run_script(SHELL))
def ctrl_z_in_a_shell(window, engine):
    window.wait_for(PROMPT)
    window.type("(echo going; exec sleep 60)\r")
    window.wait_for("\r\ngoing\r\n")
    window.type("\x1a")
    window.wait_for(PROMPT)
    window.type("exec sh -c 'exit 5'\r")   # exit would speak of the stopped job


@case(run_script(READER))
def a_container_that_is_killed_exit_137(window, engine):
    window.wait_for("ready\r\n")
    engine.json("POST", "/containers/term-c/kill")


@case(run_script(READER))
def one_that_is_stopped_exit_143(window, engine):
    window.wait_for("ready\r\n")
    window.type('trap "echo bye; exit 143" TERM; echo set\r')
    window.wait_for("set\r\n")
    engine.json("POST", "/containers/term-c/kill?signal=TERM")


@case(run_script("stty raw -echo; " + SETTLED + "echo ready; dd bs=1 count=256 2>&- | md5sum; exit",
                 "--detach-keys", "x,ctrl-a"))
def every_byte_is_typed(window, engine):
    window.wait_for("ready\n")
    window.type(bytes(range(256)))


@case(run_script("stty -opost; " + SETTLED + "head -c 3000 /bin/busybox"))
def every_byte_is_shown(window, engine):
    pass


@case(run_script("stty raw -echo; " + SETTLED + "echo ready; head -c %d | md5sum; echo whole" % len(PASTE)))
def a_paste_of_5_mb(window, engine):
    window.wait_for("ready\n")
    window.type(PASTE)


@case(run_script("stty raw -echo; " + SETTLED + "echo ready; head -c %d" % len(PASTE[:1 << 20])))
def a_paste_of_1_mb_and_its_echo(window, engine):
    window.wait_for("ready\n")
    window.type(PASTE[:1 << 20])


@case(run_script(SETTLED + "seq 200000"))
def the_end_of_much_output_is_not_lost(window, engine):
    pass


@case(RUN + ["busybox", "no-such-program"],
      differs="The second paragraph of a refused run, where to find help, is not in ours.",
      ours={"out": None})
def a_program_that_is_not_there(window, engine):
    pass


# -- the window's size

@case(run_script(READER))
def the_window_changes_its_size(window, engine):
    window.wait_for("ready\r\n")
    window.type("stty size\r")
    window.wait_for("24 80\r\n")
    window.resize(50, 132)
    window.type("until stty size | grep 50; do sleep 0.02; done\r")
    window.wait_for("50 132\r\n")
    window.type("exit 0\r")


# -- the keys that detach

def still_runs(engine, name="term-c"):
    assert engine.json("GET", "/containers/%s/json" % name)["State"]["Running"]


@case(run_script(READER))
def run_and_detach(window, engine):
    window.wait_for("ready\r\n")
    window.type("\x10\x11")
    window.await_end()
    still_runs(engine)


@case(run_script("stty raw -echo; " + SETTLED + "echo ready; head -c 2 | od -An -tx1; cat",
                 "--detach-keys", "ctrl-x,z"))
def run_and_detach_by_other_keys(window, engine):
    window.wait_for("ready\n")
    window.type("\x10\x11")   # of no meaning here
    window.wait_for(" 10 11\n")
    window.type("\x18z")
    window.await_end()
    still_runs(engine)


@case(run_script(READER), config='{"detachKeys": "ctrl-x,z"}')
def run_and_detach_by_the_keys_of_config_json(window, engine):
    window.wait_for("ready\r\n")
    window.type("\x18z")
    window.await_end()
    still_runs(engine)


@case(run_script("stty raw -echo; " + SETTLED + "echo ready; head -c 6 | od -An -tx1"))
def a_sequence_that_is_broken_off_is_typed(window, engine):
    window.wait_for("ready\n")
    window.type("a\x10")
    window.type("b\x10\x10\x11")   # the second ctrl-p begins no other sequence


@case(["exec", "-it", "term-c", "sh", "-c", READER], container=READER)
def exec_and_detach(window, engine):
    window.wait_for("ready\r\n")
    window.type("\x10\x11")


@case(["exec", "-it", "--detach-keys", "a,b", "term-c", "sh", "-c", READER], container=READER)
def exec_and_detach_by_other_keys(window, engine):
    window.wait_for("ready\r\n")
    window.type("ab")


@case(["attach", "term-c"], container=READER)
def attach_and_detach(window, engine):
    window.wait_for("ready\r\n")
    window.type("\x10\x11")
    window.await_end()
    still_runs(engine)


@case(["start", "-ai", "term-c"], created=READER)
def start_and_detach(window, engine):
    window.wait_for("ready\r\n")
    window.type("\x10\x11")
    window.await_end()
    still_runs(engine)


# -- exec, attach, start

@case(["exec", "-it", "term-c", "sh", "-c", SHELL], container=READER)
def exec_a_shell(window, engine):
    window.wait_for(PROMPT)
    window.type("hostname; tty; exit 4\r")


@case(["exec", "-it", "term-c", "sh", "-c", READER], container=READER)
def exec_and_the_window_changes_its_size(window, engine):
    window.wait_for("ready\r\n")
    window.resize(50, 132)
    window.type("until stty size | grep 50; do sleep 0.02; done\r")
    window.wait_for("50 132\r\n")
    window.type("exit 0\r")


@case(["exec", "-it", "term-c", "no-such-program"], container=READER)
def exec_a_program_that_is_not_there(window, engine):
    pass


@case(["attach", "term-c"], container=READER)
def attach_to_a_running_one(window, engine):
    window.wait_for("ready\r\n")
    window.type("echo here; exit 7\r")


@case(["attach", "--no-stdin", "term-c"], container=READER)
def attach_without_stdin(window, engine):
    window.wait_for("ready\r")
    engine.json("POST", "/containers/term-c/kill")


@case(["start", "-ai", "term-c"], created=READER)
def start_one(window, engine):
    window.wait_for("ready\r\n")
    window.type("echo here; exit 7\r")


@case(["start", "-a", "term-c"], created=SETTLED + "echo no input; exit 9")
def start_one_without_stdin(window, engine):
    pass


# -- -t alone, -i alone, and stdin that is no terminal

@case(["run", "--rm", "-t", "--name", "term-c", "busybox", "sh", "-c",
       'trap "echo caught; exit 130" INT; %s echo ready; while :; do sleep 0.05; done' % SETTLED])
def t_alone_and_ctrl_c_is_a_signal_for_us(window, engine):
    window.wait_for("ready\r")
    window.type("\x03")


@case(["exec", "-t", "term-c", "sh", "-c", "echo out; exit 6"], container=READER)
def exec_with_t_alone(window, engine):
    pass


@case(["run", "--rm", "-i", "--name", "term-c", "busybox", "sh", "-c", "echo ready; cat; echo over; exit 2"])
def i_alone_at_a_terminal(window, engine):
    window.wait_for("ready\r\n")
    window.type("line\n")
    window.wait_for("line\r\nline\r\n")
    window.type("\x04")


@case(["run", "--rm", "-i", "--name", "term-c", "busybox", "sh", "-c", "cat; exit 2"], pipe="one\ntwo")
def i_alone_with_a_pipe(window, engine):
    pass


@case(["run", "--rm", "-i", "--name", "term-c", "busybox", "sh", "-c", "cat; exit 2"], pipe="one\ntwo",
      relay="tcp")
def i_alone_with_a_pipe_over_tcp(window, engine):
    pass


@case(run_script(READER), relay="tcp")
def typed_over_tcp(window, engine):
    window.wait_for("ready\r\n")
    window.type("echo over tcp; exit 8\r")


@case(RUN + ["busybox", "true"], pipe="")
def run_with_a_pipe(window, engine):
    pass


@case(["exec", "-it", "term-c", "true"], container=READER, pipe="")
def exec_with_a_pipe(window, engine):
    pass


@case(["attach", "term-c"], container=READER, pipe="")
def attach_with_a_pipe(window, engine):
    pass


@case(["exec", "-it", "term-gone", "true"], pipe="")
def exec_with_a_pipe_in_a_container_that_is_not_there(window, engine):
    pass


@case(["exec", "-it", "--detach-keys", "ctrl-5", "term-c", "true"], container=READER)
def keys_that_are_none(window, engine):
    pass


# -- signals, and ends that nobody wished for

def stop_and_go_on(window, marker):
    window.wait_for("ready\r\n")
    window.wait_raw()
    window.kill(signal.SIGTSTP)
    if window.stops:
        assert window.wait_stopped() == signal.SIGTSTP
        window.foreground()
        window.wait_raw()
    else:
        window.kill(signal.SIGCONT)
    window.type("echo %s; exit 0\r" % marker)


@case(run_script(READER))
def run_is_stopped_and_goes_on(window, engine):
    """docker sends TSTP and CONT to the container, whose first process heeds neither; ours stops."""
    stop_and_go_on(window, "again")


@case(["exec", "-it", "term-c", "sh", "-c", READER], container=READER)
def exec_is_stopped_and_goes_on(window, engine):
    window.stops = True
    stop_and_go_on(window, "again")


@case(run_script('trap "echo caught; exit 143" TERM; %s echo ready; while :; do sleep 0.05; done' % SETTLED))
def kill_term_is_the_containers(window, engine):
    window.wait_for("ready\r\n")
    window.kill(signal.SIGTERM)


@case(run_script('trap "echo caught; exit 129" HUP; %s echo ready; while :; do sleep 0.05; done' % SETTLED))
def kill_hup_is_the_containers(window, engine):
    window.wait_for("ready\r\n")
    window.kill(signal.SIGHUP)


@case(run_script('trap "echo caught" TERM; %s echo ready; while :; do sleep 0.05; done' % SETTLED),
      differs="docker says so and exits with 1; ours exits as a process does that the signal ends.",
      ours={"status": 143, "out": "ready\r\ncaught\r\ncaught\r\n"})
def the_third_kill_term_ends_us(window, engine):
    window.wait_for("ready\r\n")
    for _ in range(2):
        window.kill(signal.SIGTERM)
        window.wait_for("caught\r\n")
    window.kill(signal.SIGTERM)
    window.await_end()


@case(["exec", "-it", "term-c", "sh", "-c", READER], container=READER,
      differs="docker exits with 0, as if the program had ended well.", ours={"status": 143})
def kill_term_ends_exec(window, engine):
    window.wait_for("ready\r\n")
    window.kill(signal.SIGTERM)


@case(["exec", "-it", "term-c", "sh", "-c", READER], container=READER,
      differs="docker dies of the signal and leaves the terminal raw.", ours={"status": 129})
def kill_hup_ends_exec(window, engine):
    window.wait_for("ready\r\n")
    window.kill(signal.SIGHUP)


@case(["attach", "term-c"], container=READER,
      differs="docker dies of the signal and leaves the terminal raw.", ours={"status": 129})
def kill_hup_ends_attach(window, engine):
    window.wait_for("ready\r\n")
    window.kill(signal.SIGHUP)


@case(["run"] + run_script('trap "exit 129" HUP; %s echo ready; while :; do sleep 0.05; done' % SETTLED)[2:],
      differs="Nobody sees how the client ends.", ours={"status": None})
def the_window_is_closed(window, engine):
    """The container hears of it: it ends with the status of its own handler of SIGHUP."""
    window.wait_for("ready\r\n")
    window.close_window()
    window.await_end()

    def status():
        state = engine.json("GET", "/containers/term-c/json")["State"]
        return None if state["Running"] else [state["ExitCode"]]
    assert wait_until(status, what="the end of the container") == [129]


@case(run_script(READER), relay="unix", unsteady=True)
def the_engine_is_killed(window, engine):
    """Each says so in its own words; docker sometimes before the terminal's modes are back."""
    window.wait_for("ready\r\n")
    window.wait_raw()
    window.relay.cut()


@case(["exec", "-it", "term-c", "sh", "-c", READER], container=READER, relay="unix",
      differs="docker exits with 255 and says nothing; ours says why.", ours={"status": 1, "out": None})
def the_engine_is_killed_under_exec(window, engine):
    window.wait_for("ready\r\n")
    window.wait_raw()
    window.relay.cut()


# -- playing them

class Relay:
    """Passes connections on to the engine; after cut() there is none, as if the engine were killed."""

    def __init__(self, kind, path):
        self._path = path
        self._sockets = []
        self._lock = threading.Lock()
        self._folder = tempfile.mkdtemp()
        if kind == "tcp":
            self._listener = socket.socket()
            self._listener.bind(("127.0.0.1", 0))
            self.address = "tcp://127.0.0.1:%d" % self._listener.getsockname()[1]
        else:
            self._listener = socket.socket(socket.AF_UNIX)
            self.address = "unix://" + os.path.join(self._folder, "s")
            self._listener.bind(os.path.join(self._folder, "s"))
        self._listener.listen(16)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:
                return
            engine = socket.socket(socket.AF_UNIX)
            engine.connect(self._path)
            with self._lock:
                self._sockets += [client, engine]
            for source, target in ((client, engine), (engine, client)):
                threading.Thread(target=self._pass, args=(source, target), daemon=True).start()

    @staticmethod
    def _pass(source, target):
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    target.shutdown(socket.SHUT_WR)
                    return
                target.sendall(data)
        except OSError:
            pass

    def cut(self):
        """End every connection at once, and take no more."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for one in self._sockets:
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def close(self):
        try:
            self.cut()
        except OSError:
            pass   # cut already
        for one in self._sockets:
            one.close()
        path = os.path.join(self._folder, "s")
        if os.path.exists(path):
            os.unlink(path)
        os.rmdir(self._folder)


def make_container(one, engine):
    script = one.container or one.created
    if script:
        body = {"Image": "busybox", "Hostname": "box", "Tty": True, "OpenStdin": True,
                "AttachStdin": bool(one.created), "StdinOnce": bool(one.created), "Cmd": ["sh", "-c", script]}
        engine.json("POST", "/containers/create?name=term-c", body)
    if one.container:
        engine.json("POST", "/containers/term-c/start")


def play(one, client, engine, stops):
    """Play a Case with a client (argv) → {"status", "out", "modes_kept"}. `stops`: run stops at SIGTSTP."""
    folder = tempfile.mkdtemp()
    with open(os.path.join(folder, "config.json"), "w") as file:
        file.write(one.config)
    relay = Relay(one.relay, engine.socket_path) if one.relay else None
    argv = client + ["-H", relay.address if relay else engine.address] + one.words
    if one.pipe is not None:
        argv = ["sh", "-c", 'printf %s "$0" | "$@"', one.pipe] + argv
    make_container(one, engine)
    try:
        with Window(argv, dict(clean_environment(), DOCKER_CONFIG=folder, TERM="xterm")) as window:
            window.relay, window.stops = relay, stops
            one.play(window, engine)
            ended = window.end()
    finally:
        if relay:
            relay.close()
        engine.remove_container("term-c")
        os.unlink(os.path.join(folder, "config.json"))
        os.rmdir(folder)
    out = re.sub(rb'time="[^"]*"', b"TIME", ended.out.replace(b"rawdock: ", b"docker: ")).decode("latin-1")
    if len(out) > LONG:
        out = "%d bytes, SHA-256 %s" % (len(out), hashlib.sha256(out.encode("latin-1")).hexdigest())
    return OrderedDict([("status", ended.status), ("out", out), ("modes_kept", ended.modes_kept)])


def docker_answer(one, client, engine):
    """play() for docker: what is written down of its answer."""
    found = play(one, client, engine, stops=False)
    if one.unsteady:
        found["out"] = None
    return found


def read_answers():
    with open(ANSWERS, encoding="utf-8") as file:
        return json.load(file, object_pairs_hook=OrderedDict)


def record_answers(client, engine, names=(), times=3):
    """Play the cases (all without `names`) with docker, write its answers down → the names that are new ones.

    AssertionError if docker itself answers otherwise the second or the third time.
    """
    answers = read_answers() if os.path.exists(ANSWERS) else OrderedDict()
    changed = []
    for name in names or CASES:
        found = [docker_answer(CASES[name], client, engine) for _ in range(times)]
        assert all(one == found[0] for one in found), "%s: %r" % (name, found)
        if answers.get(name) != found[0]:
            changed.append(name)
        answers[name] = found[0]
        write_answers(answers)
    return changed


def write_answers(answers):
    os.makedirs(os.path.dirname(ANSWERS), exist_ok=True)
    with open(ANSWERS, "w", encoding="utf-8") as file:
        rows = ["%s: %s" % (json.dumps(name), json.dumps(answers[name])) for name in CASES if name in answers]
        file.write("{\n" + ",\n".join(rows) + "\n}\n")
