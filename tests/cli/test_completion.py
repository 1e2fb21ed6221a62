"""`rawdock completion`: words typed at the real bash, zsh and fish, and the candidates of `__complete`."""
import hashlib
import json
import os
import shlex
import shutil
import socket
import time

import pytest

from tests.cli.scripted_socket import clean_environment, run_to_end
from tests.window import Window

SHELLS = {
    "bash": (["--norc", "--noprofile", "-i"], "PS1='$ '; HISTFILE=; bind 'set enable-bracketed-paste off'\n"),
    "zsh": (["-f", "-i"], "PS1='$ '; unset zle_bracketed_paste; autoload -Uz compinit; compinit -u -D\n"),
    "fish": (["--no-config", "-i"], "set fish_greeting; function fish_prompt; echo '$ '; end\n"),
}
# The command under test, which completes words and shows which words it is called with.
PROGRAM = """#!/bin/sh
if [ "$1" = __complete ] || [ "$3" = --name ]; then exec %s "$@"; fi
printf 'ran:'
printf '[%%s]' "$@"
echo
"""

# What is typed after the command's name, \t for the TAB key → the words that the command then gets.
TYPED = [
    ("unp\t", "unpause"), ("container ren\t", "container rename"), ("ps --no-t\t", "ps --no-trunc"),
    ("help netw\tin\t", "help network inspect"), ("completion fi\t", "completion fish"),
    ("run --pull mis\t", "run --pull missing"), ("run --pull=mis\t", "run --pull=missing"),
    ("run --rm=tr\t", "run --rm=true"), ("container run -a=stdi\t", "container run -a=stdin"),
    ("stop o\t", "stop one"), ("stop oth\t", "stop oth"), ("rm oth\t", "rm other"), ("rm on\t", "rm on"),
    ("rm -f on\t", "rm -f one"), ("logs oth\t", "logs other"), ("exec -it on\tls", "exec -it one ls"),
    ("inspect --type volume da\t", "inspect --type volume data"),
    ("rmi bus\t", "rmi busybox:latest"), ("rmi busybox:la\t", "rmi busybox:latest"),
    ("tag busybox:latest bus\t", "tag busybox:latest bus"),
    ("rmi 'busybox:la\t", "rmi busybox:latest"), ('rmi "busy\t', "rmi busybox:latest"),
    ("run -e 'A B' -e \"it's\" --network fro\t", "run -e 'A B' -e \"it's\" --network front"),
    ("network connect fro\ton\t", "network connect front one"), ("volume rm da\t", "volume rm data"),
    ("run -v dat\t", "run -v data:"), ("run --volume=dat\t", "run --volume=data:"),
    ("-c offi\t ps", "-c office ps"), ("kill -s HU\t", "kill -s HUP"),
    ("run --env-file fil\t", "run --env-file 'file one'"),
    ("run --env-file=fil\t", "run --env-file='file one'"),
    ("-H tcp://127.0.0.1:1 stop o\t", "-H tcp://127.0.0.1:1 stop o"),
    ("run busybox unp\t", "run busybox unp"), ("nosuch unp\t", "nosuch unpacked"),
]


def find_shell(name):
    path = shutil.which(name)
    if path is None:
        missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        missing("there is no %s: .ci/run brings it" % name)
    return path


@pytest.fixture(scope="module")
def engine():
    """The address of a practice engine: one runs, other is created, volume data, network front."""
    from rawdock import Docker, PracticeEngine
    with PracticeEngine() as engine, Docker(engine.address) as docker:
        for _ in docker.image_create(fromImage="busybox", tag="latest"):
            pass
        for name in ("one", "other"):
            docker.container_create(name=name, body={"Image": "busybox", "Cmd": ["sleep", "1000"]})
        docker.container_start("one")
        docker.volume_create(body={"Name": "data"})
        docker.network_create(body={"Name": "front"})
        yield engine.address


@pytest.fixture(scope="module")
def place(engine, rawdock_command, tmp_path_factory):
    """A folder with the program, files, and a context; and the environment of a shell in it."""
    place = tmp_path_factory.mktemp("completion")
    (place / "bin").mkdir()
    program = place / "bin" / "rawdock"
    program.write_text(PROGRAM % " ".join(map(shlex.quote, rawdock_command)), encoding="utf-8")
    program.chmod(0o755)
    meta = place / "config" / "contexts" / "meta" / hashlib.sha256(b"office").hexdigest()
    meta.mkdir(parents=True)
    (meta / "meta.json").write_text(json.dumps(
        {"Name": "office", "Endpoints": {"docker": {"Host": engine}}}), encoding="utf-8")
    (place / "home").mkdir()
    (place / "files").mkdir()
    for name in ("file one", "other-file", "unpacked"):
        (place / "files" / name).write_text("", encoding="utf-8")
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return place, clean_environment(
        DOCKER_HOST=engine, DOCKER_CONFIG=str(place / "config"), HOME=str(place / "home"), TERM="xterm",
        PATH="%s:%s" % (place / "bin", os.environ["PATH"]), PYTHONPATH=root)


class Shell:
    """An interactive shell of the kind `name` in a window."""

    def __init__(self, name, place, setup):
        arguments, prompt = SHELLS[name]
        folder, environment = place
        self.window = Window([find_shell(name)] + arguments, env=environment, size=(50, 200))
        lines = [prompt.strip(), "cd %s" % shlex.quote(str(folder / "files")), setup, "rawdock ready"]
        self.window.type("\n".join(lines) + "\n")
        self.window.wait_for("ran:[ready]")

    def run(self, line):
        """Type a line → the words (list of str) that the command gets."""
        self.window.type(line + "\r")
        self.window.wait_for("ran:[")
        return self.window.wait_for("]\r\n").decode()[:-3].split("][")


def source_script(name, command="rawdock"):
    if name == "fish":
        return "rawdock completion fish --name %s | source" % command
    return 'eval "$(rawdock completion %s --name %s)"' % (name, command)


@pytest.fixture(scope="module", params=sorted(SHELLS))
def shell(request, place):
    shell = Shell(request.param, place, source_script(request.param))
    with shell.window:
        yield shell


def assert_completed(shell, line, expected):
    """Type `line`, and again if words are missing: on a busy machine an engine may need longer for its names
    than the 0.2 s that it has.
    """
    for _ in range(20):
        words = shell.run(line)
        if words == expected:
            break
    assert words == expected


@pytest.mark.school
@pytest.mark.parametrize("typed, expected", TYPED)
def test_what_a_shell_completes(shell, typed, expected):
    assert_completed(shell, "rawdock " + typed, shlex.split(expected))


@pytest.mark.school
@pytest.mark.parametrize("name", ["fish", "zsh"])
@pytest.mark.parametrize("typed, text", [("re", "Restart one or more containers"),
                                         ("container re", "Rename a container")])
def test_a_shell_shows_what_commands_and_verbs_do(name, place, typed, text):
    shell = Shell(name, place, source_script(name))
    with shell.window:
        shell.window.type("rawdock %s\t\t" % typed)
        shell.window.wait_for(text)


@pytest.mark.school
@pytest.mark.parametrize("name", sorted(SHELLS))
def test_an_alias_is_completed(name, place):
    program = str(place[0] / "bin" / "rawdock")
    shell = Shell(name, place, "alias docker='sh %s'\n%s" % (program, source_script(name, "docker")))
    with shell.window:
        assert_completed(shell, "docker stop o\t", ["stop", "one"])
        assert_completed(shell, "docker rmi busybox:l\t", ["rmi", "busybox:latest"])


@pytest.mark.parametrize("words, texts, directive", [
    (["--loud"], [], 4), (["--ho"], ["--host"], 4), (["ps", "--no"], ["--no-trunc"], 4),
    (["ps", "-"], ["-a"], 4),
    (["completion", ""], ["bash", "fish", "zsh"], 4), (["run", "--pull", "nev"], ["never"], 4),
    (["build", "--progress", "r"], ["rawjson"], 4),
    (["run", "--security-opt", "la"], ["label="], 6), (["run", "--name", ""], [], 0),
    (["ps", "--nosuch", ""], [], 0), (["nosuch", ""], [], 0), (["stop", "--", "-"], [], 4), (["__co"], [], 4),
    (["network", "create", ""], [], 4), (["container", "rest"], ["restart"], 4), (["container", "-"], [], 4),
])
def test_the_candidates_without_an_engine(rawdock_command, words, texts, directive):
    ran = run_to_end(rawdock_command + ["__complete", "-H", "unix:///nonexistent/engine"] + words)
    lines = ran.out.decode().splitlines()
    found = [line.partition("\t")[0] for line in lines[:-1]]
    assert (ran.status, ran.err, lines[-1]) == (0, b"", ":%d" % directive)
    assert set(texts) <= set(found) and all(text.startswith(words[-1].rpartition("=")[2]) for text in found)
    assert texts or not found


@pytest.mark.parametrize("words, line", [
    (["unp"], "unpause\tUnpause all processes within one or more containers"),
    (["container", "ren"], "rename\tRename a container"), (["volu"], "volume\tManage volumes"),
    (["hel"], "help\tHelp about the command"), (["ps", "--no-t"], "--no-trunc\twhole ids and commands")])
def test_what_a_candidate_does_is_behind_a_tab(rawdock_command, words, line):
    ran = run_to_end(rawdock_command + ["__complete"] + words)
    assert ran.out.decode() == line + "\n:4\n"


def seconds_of(argv):
    """(how long it ran, what it wrote)"""
    start = time.monotonic()
    ran = run_to_end(argv)
    return time.monotonic() - start, ran.out + ran.err


@pytest.mark.parametrize("silent", [False, True])
def test_a_dead_engine_costs_little(rawdock_command, tmp_path, silent):
    with socket.socket(socket.AF_UNIX) as nobody:
        nobody.bind(str(tmp_path / "s"))
        if silent:   # it takes connections, and never answers
            nobody.listen(20)
        words = rawdock_command + ["__complete", "-H", "unix://%s/s" % tmp_path, "stop"]
        for _ in range(50):   # on a busy machine not each of them takes its shortest time
            without_engine, _ = seconds_of(words + ["--ti"])
            taken, wrote = seconds_of(words + [""])
            assert wrote == b":4\n"
            if taken < max(0.3, without_engine + 0.27):
                return
    pytest.fail("%.2f s, without an engine %.2f s" % (taken, without_engine))


def test_a_script_is_for_a_name_that_no_shell_takes_for_more(rawdock_command):
    for words in (["tcsh"], ["bash", "--name", "a;b"], ["zsh", "--name", "$(x)"], ["fish", "--name", ""]):
        ran = run_to_end(rawdock_command + ["completion"] + words)
        if words[-1]:
            assert ran.status == 1 and ran.out == b"" and ran.err.count(b"\n") == 1
    assert b"complete -o default -F _a_b_complete a-b" in run_to_end(
        rawdock_command + ["completion", "bash", "--name", "a-b"]).out
