"""The dispatcher: tables and names agree, help pages, mistakes in one line, closed descriptors. No engine is
needed."""
import os
import subprocess
import sys

import pytest

from rawdock.cli.flags import parse_flag_table
from rawdock.main import CLIENT_COMMANDS, SCHOOL_COMMANDS, SCHOOL_WORDS, find_command, global_flags

from tests.cli.scripted_socket import (answer, assert_one_line, clean_environment, request_lines, run_to_end,
                                       scripted_socket)

COMMAND_FILES = CLIENT_COMMANDS + SCHOOL_COMMANDS
NAMES = " ".join(file.names for file in COMMAND_FILES).split()
NOBODY = "unix:///nonexistent/docker.sock"


@pytest.mark.parametrize("file", COMMAND_FILES, ids=[file.load.__name__ for file in COMMAND_FILES])
def test_each_table_has_the_commands_that_the_dispatcher_looks_for_in_it(file):
    table = file.load()
    assert sorted(file.names.split()) == sorted(table)
    assert [command.name for command in table.values()] == list(table)


def test_no_two_files_have_the_same_command():
    assert len(NAMES) == len(set(NAMES)) == sum(len(file.load()) for file in COMMAND_FILES)


@pytest.mark.school
def test_the_words_of_the_school_are_its_commands_and_flags():
    names = " ".join(file.names for file in SCHOOL_COMMANDS).split()
    flags = ["--" + flag.long for flag in parse_flag_table(global_flags())
             if "--%s" % flag.long in SCHOOL_WORDS]
    assert sorted(names + flags + ["practice:"]) == sorted(SCHOOL_WORDS)


@pytest.mark.school
def test_the_commands_of_the_first_cut_are_there():
    assert set("GET HEAD POST PUT DELETE nc endpoints run create exec attach ps images pull logs events "
               "inspect start stop kill"
               " restart rm rmi wait rename version info practice".split()) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_row_makes_sense(name):
    command = find_command(name)
    flags = parse_flag_table(command.flags)
    spellings = [long for flag in flags for long in flag.longs] + [flag.short for flag in flags if flag.short]
    assert len(spellings) == len(set(spellings)) and "help" not in spellings
    assert all(flag.kind in ("bool", "on", "text", "int", "list") and flag.help
               and len(flag.short or "x") == 1 for flag in flags)
    assert command.help and command.most is None or command.least <= command.most
    assert bool(command.usage) == (command.most != 0)


def test_no_such_command():
    assert find_command("nonsense") is None


@pytest.mark.parametrize("words", [["--help"], ["help"], ["-H", NOBODY, "--help"]])
def test_the_help_page_lists_every_command(rawdock_command, words):
    ran = run_to_end(rawdock_command + words)
    assert (ran.status, ran.err) == (0, b"")
    listed = [line.split()[0] for line in ran.out.decode().splitlines() if line.startswith("  ")
              and line[2] not in " -"]
    assert listed == NAMES
    for flag in parse_flag_table(global_flags()):
        assert "--%s" % flag.long in ran.out.decode()


def test_without_a_command_the_help_page_is_shown_and_the_status_says_that_nothing_was_done(rawdock_command):
    ran = run_to_end(rawdock_command)
    assert ran.status == 1 and ran.out.startswith(b"Usage: rawdock ")


@pytest.mark.parametrize("name", ["run", "exec", "ps", "pull", "GET", "nc"])
def test_a_commands_own_page(rawdock_command, name):
    ran = run_to_end(rawdock_command + [name, "--help"])
    assert (ran.status, ran.err) == (0, b"")
    page = ran.out.decode()
    assert page.startswith("Usage: rawdock %s" % name)
    columns = set()
    for flag in parse_flag_table(find_command(name).flags):
        assert (flag.spelled() in page and flag.help in page)
        columns.update(line.index(flag.help) for line in page.splitlines()
                       if line.startswith("  %s  " % flag.spelled()))
    assert len(columns) == 1 or name == "nc"
    assert run_to_end(rawdock_command + ["help", name]).out == ran.out


def test_help_after_another_flag(rawdock_command):
    page = run_to_end(rawdock_command + ["run", "--help"]).out
    assert run_to_end(rawdock_command + ["run", "--rm", "--help"]).out == page
    assert run_to_end(rawdock_command + ["run", "--help", "--nonsense"]).status == 125


def test_the_short_flag_of_help(rawdock_command):
    """-h is a header's or a host name's where a command has one; docker CLI 28.2.2 calls the other
    deprecated.
    """
    assert run_to_end(rawdock_command + ["-h"]).out == run_to_end(rawdock_command + ["--help"]).out
    ran = run_to_end(rawdock_command + ["ps", "-h"])
    assert (ran.status, ran.err) == (0, b"Flag shorthand -h has been deprecated, use --help\n")
    assert ran.out == run_to_end(rawdock_command + ["ps", "--help"]).out
    assert "'h' in -h" in assert_one_line(run_to_end(rawdock_command + ["GET", "/", "-h"]).err)
    assert "'h' in -h" in assert_one_line(run_to_end(rawdock_command + ["run", "-h"]).err)


def test_help_that_is_not_for_us(rawdock_command):
    # The program's own flag, an argument after --, and a flag's value: all of these go on to look for the
    # engine.
    for words in (["exec", "c", "ls", "--help"], ["rm", "--", "--help"], ["logs", "--tail", "--help", "c"]):
        ran = run_to_end(rawdock_command + ["-H", NOBODY] + words)
        assert ran.status == 1 and ran.out == b"", words
        assert "no such socket" in assert_one_line(ran.err)


def test_the_version(rawdock_command):
    ran = run_to_end(rawdock_command + ["--version"])
    assert (ran.status, ran.err) == (0, b"") and ran.out.startswith(b"rawdock 0.")


def test_a_python_whose_collector_has_no_threshold(rawdock_command):
    """PyPy is such a one."""
    start = "run_path(%r" % rawdock_command[-1] if rawdock_command[1] != "-m" else "run_module('rawdock'"
    program = (
        "import gc, runpy, sys; del gc.set_threshold; sys.argv[1:] = ['--version']; runpy.%s, "
        "run_name='__main__')" % start)
    ran = run_to_end([sys.executable, "-c", program])
    assert (ran.status, ran.err) == (0, b"")


@pytest.mark.parametrize("words, status, says", [
    (["rnu"], 1, "did you mean run?"),
    (["imagse"], 1, "did you mean images?"),
    (["get"], 1, "unknown command: rawdock get; rawdock --help lists them all"),
    (["zzzzzz"], 1, "rawdock --help"),
    (["help", "zzzzzz"], 1, "unknown command: rawdock zzzzzz"),
    ([""], 1, "unknown command: rawdock; rawdock --help"),
    (["container", "ls", "-a"], 1, "unknown command: rawdock container ls; write rawdock ps"),
    (["container", "rename", "a", "b"], 1, "write rawdock rename"),
    (["image", "rm", "x"], 1, "write rawdock rmi"),
    (["image", "ls"], 1, "write rawdock images"),
    (["system", "info"], 1, "write rawdock info"),
    (["container", "nosuch"], 1, "unknown command: rawdock container;"),
    (["container"], 1, "unknown command: rawdock container;"),
    (["-H", NOBODY, "-H", NOBODY, "ps"], 1,
     "Failed to initialize: unable to resolve docker endpoint: Specify only one -H"),
    (["-H", "", "-H", NOBODY, "ps"], 1, "Specify only one -H"),
    (["--nonsense", "ps"], 125, "unknown flag: --nonsense"),
    (["-H"], 125, "flag needs an argument: 'H' in -H"),
    pytest.param(
        ["ps", "--wire"], 125,
        "unknown flag: --wire: it stands before the command, as in rawdock --wire ps; see rawdock ps --help",
        marks=pytest.mark.school),
    pytest.param(
        ["run", "--dry-run=nc", "busybox"], 125,
        "unknown flag: --dry-run: it stands before the command, as in rawdock --dry-run run; see rawdock run "
        "--help", marks=pytest.mark.school),
    (["ps", "--nonsense"], 125, "unknown flag: --nonsense; see rawdock ps --help"),
    (["run", "--nonsense", "busybox"], 125, "unknown flag: --nonsense; see rawdock run --help"),
    (["run", "-z", "busybox"], 125, "unknown shorthand flag: 'z' in -z"),
    (["run"], 1, "'rawdock run' requires at least 1 argument; usage: rawdock run IMAGE"),
    (["exec", "c"], 1, "'rawdock exec' requires at least 2 arguments; usage"),
    (["rename", "a"], 1, "'rawdock rename' requires 2 arguments; usage"),
    (["nc", "a"], 1, "'rawdock nc' accepts no arguments; usage: rawdock nc\n"),
    (["attach", "a", "b"], 1, "'rawdock attach' requires 1 argument; usage"),
    (["endpoints", "a", "b"], 1, "'rawdock endpoints' requires at most 1 argument; usage"),
    (["-H", "http://x", "ps"], 1, "write unix:///path/to/docker.sock or tcp://HOST:PORT"),
    (["-H", "/var/run/docker.sock", "ps"], 1, "write unix:///var/run/docker.sock"),
    (["-c", "", "-H", "gopher://x", "ps"], 1, "unknown scheme 'gopher'"),
    (["-c", "nosuch", "ps"], 1, "context 'nosuch' not found"),
    (["-c", "x/y", "ps"], 1, "context name 'x/y'"),
    (["-H", NOBODY, "-c", "default", "ps"], 1, "use -H or -c, not both"),
    (["-H", "unix:///" + "x" * 107, "ps"], 1, "108 bytes"),
])
def test_mistakes_end_in_one_line(rawdock_command, words, status, says):
    ran = run_to_end(rawdock_command + words)
    assert ran.status == status and ran.out == b""
    assert says in assert_one_line(ran.err)


def test_a_version_that_is_none(rawdock_command):
    ran = run_to_end(rawdock_command + ["-H", NOBODY, "stop", "x"],
                     env=clean_environment(DOCKER_API_VERSION="newest"))
    assert ran.status == 1
    assert "'newest'" in assert_one_line(ran.err)


def test_a_refusal_is_the_engines(rawdock_command):
    with scripted_socket({"GET /_ping": answer(500, b'{"message":"out of\\norder"}', b"Internal")}) as engine:
        ran = run_to_end(rawdock_command + ["-H", engine.address, "rename", "a", "b"])
    assert ran.status == 1
    assert ran.err.decode().strip() in ("Error response from daemon: page not found",
                                        "Error response from daemon: out of\norder")


def shell(command, rawdock_command, *words):
    """`command` in sh, where "$@" is rawdock with `words`."""
    return run_to_end(["sh", "-c", command, "sh"] + rawdock_command + list(words))


def test_a_closed_standard_output_is_not_lost_silently(rawdock_command):
    ran = shell('"$@" >&-', rawdock_command, "endpoints")
    assert ran.status == 1 and ran.out == b""
    assert "Bad file descriptor" in assert_one_line(ran.err)


def test_a_full_standard_output_is_not_lost_silently(rawdock_command):
    ran = shell('"$@" >/dev/full', rawdock_command, "endpoints")
    assert ran.status == 1
    assert "No space left" in assert_one_line(ran.err)


def test_the_engine_never_gets_our_output(rawdock_command):
    """With 0 and 1 closed the socket would be number 0 or 1, and what we print a request to the engine."""
    with scripted_socket({"GET /info": answer(200, b"{}"), "GET /nosuch": b""}) as engine:
        ran = shell('"$@" <&- >&-', rawdock_command, "-H", engine.address, "GET", "-i", "/info")
        assert ran.status == 1
        assert request_lines(engine) == ["GET /info"]


def test_a_closed_standard_error_costs_the_line_and_not_the_status(rawdock_command):
    ran = shell('"$@" 2>&-', rawdock_command, "-H", NOBODY, "ps")
    assert (ran.status, ran.out, ran.err) == (1, b"", b"")
    assert shell('"$@" 2>/dev/full', rawdock_command, "ps", "--nonsense").status == 125


def test_output_that_nobody_reads_any_more_is_quiet(rawdock_command):
    process = subprocess.Popen(rawdock_command + ["endpoints"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=clean_environment())
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(30) == 141 and err == b""


def test_a_name_that_is_not_utf8_is_no_crash(rawdock_command):
    ran = run_to_end(rawdock_command + ["-H", os.fsdecode(b"unix:///tmp/\xff.sock"), "ps"])
    assert ran.status == 1
    assert "no such socket" in assert_one_line(ran.err)
