"""The dispatcher: tables and names agree, help pages, mistakes in one line, closed descriptors. No engine is
needed."""
import os
import subprocess
import sys

import pytest

from rawdock.cli.flags import parse_flag_table
from rawdock.main import (CLIENT_COMMANDS, NOUNS, SCHOOL_COMMANDS, SCHOOL_WORDS, find_command, find_words,
                          global_flags, noun_verbs)

from tests.cli.scripted_socket import (PING, answer, assert_one_line, clean_environment, request_lines,
                                       run_to_end, scripted_socket)

COMMAND_FILES = CLIENT_COMMANDS + SCHOOL_COMMANDS
NAMES = [name for file in COMMAND_FILES for name in file.names]
NOBODY = "unix:///nonexistent/docker.sock"


@pytest.mark.parametrize("file", COMMAND_FILES, ids=[file.load.__name__ for file in COMMAND_FILES])
def test_each_table_has_the_commands_that_the_dispatcher_looks_for_in_it(file):
    table = file.load()
    assert sorted(file.names) == sorted(table)
    assert [command.name for command in table.values()] == list(table)


def test_no_two_files_have_the_same_command():
    assert len(NAMES) == len(set(NAMES)) == sum(len(file.load()) for file in COMMAND_FILES)


@pytest.mark.school
def test_the_words_of_the_school_are_its_commands_and_flags():
    names = [name for file in SCHOOL_COMMANDS for name in file.names]
    flags = ["--" + flag.long for flag in parse_flag_table(global_flags())
             if "--%s" % flag.long in SCHOOL_WORDS]
    assert sorted(names + flags + ["practice:"]) == sorted(SCHOOL_WORDS)


@pytest.mark.school
def test_the_commands_of_the_first_cut_are_there():
    assert set("GET HEAD POST PUT DELETE nc endpoints run create exec attach ps images pull logs events "
               "inspect start stop kill"
               " restart rm rmi wait rename version info practice".split()) <= set(NAMES)


def row_mistakes(command):
    """What is wrong with the row of a Command, as a list of str."""
    flags = parse_flag_table(command.flags)
    spellings = [long for flag in flags for long in flag.longs] + [flag.short for flag in flags if flag.short]
    kinds = ("bool", "on", "either", "text", "int", "list", "filter", "label")
    return [mistake for mistake, wrong in (
        ("a flag is there twice", len(spellings) != len(set(spellings))),
        ("--help is everybody's", "help" in spellings),
        ("a kind of flag that there is not", any(flag.kind not in kinds for flag in flags)),
        ("a flag without help", any(not flag.help for flag in flags)),
        ("a short flag of several letters", any(len(flag.short or "x") != 1 for flag in flags)),
        ("no help", not command.help),
        ("at most fewer than at least", command.most is not None and command.least > command.most),
        ("a usage for no arguments, or none for some", bool(command.usage) != (command.most != 0))) if wrong]


def test_every_row_makes_sense():
    assert len(NAMES) > 20
    assert {name: row_mistakes(find_command(name)) for name in NAMES} == {name: [] for name in NAMES}


@pytest.mark.parametrize("line, name, path", [
    ("ps", "ps", "ps"), ("container ls", "ps", "container ls"), ("container list", "ps", "container ls"),
    ("container ps", "ps", "container ls"), ("container rm", "rm", "container rm"),
    ("container remove", "rm", "container rm"), ("container rename", "rename", "container rename"),
    ("image ls", "images", "image ls"), ("image list", "images", "image ls"),
    ("image rmi", "rmi", "image rm"), ("image remove", "rmi", "image rm"),
    ("image pull", "pull", "image pull"),
    ("system info", "info", "system info"), ("system events", "events", "system events")])
def test_a_noun_and_a_verb_name_a_row(line, name, path):
    command, words = find_words(line.split() + ["-x", "y"])
    assert (command.name, command.path, words) == (name, path, ["-x", "y"])
    assert command.run is find_command(name).run


@pytest.mark.parametrize("noun", sorted(NOUNS))
def test_a_noun_alone_shows_its_verbs(rawdock_command, noun):
    ran = run_to_end(rawdock_command + [noun])
    assert (ran.status, ran.out) == (0, b"")
    page = ran.err.decode()
    assert page.startswith("Usage:  rawdock %s COMMAND\n\nManage " % noun)
    assert page.endswith("\nRun 'rawdock %s COMMAND --help' for more information on a command.\n" % noun)
    listed = [line.split()[0] for line in page.splitlines() if line.startswith("  ")]
    assert listed == [verbs[0] for verbs, _ in noun_verbs(noun) if verbs[0] != "dial-stdio"]
    for words in ([noun, "--help"], ["help", noun], [noun, "--help", "nosuch"]):
        ran = run_to_end(rawdock_command + words)
        assert (ran.status, ran.out.decode(), ran.err) == (0, page, b"")


def test_a_row_of_two_words_is_in_the_noun_of_its_first():
    for name in NAMES:
        if " " in name:
            noun, verb = name.split(" ")
            assert name in [row for verbs, row in noun_verbs(noun) if verbs[0] == verb], name


def test_a_noun_runs_its_row(rawdock_command):
    with scripted_socket(dict(PING, **{"GET /containers/json": answer(200, b"[]")})) as engine:
        ran = run_to_end(rawdock_command + ["-H", engine.address, "container", "list", "-q"])
    assert (ran.status, ran.out, ran.err) == (0, b"", b"")


def test_no_such_command():
    assert find_command("nonsense") is None


@pytest.mark.parametrize("words", [["--help"], ["help"], ["-H", NOBODY, "--help"]])
def test_the_help_page_lists_every_command(rawdock_command, words):
    ran = run_to_end(rawdock_command + words)
    assert (ran.status, ran.err) == (0, b"")
    listed = [line.split()[0] for line in ran.out.decode().splitlines() if line.startswith("  ")
              and line[2] not in " -"]
    assert listed == [name for name in NAMES if " " not in name and name != "__complete"] + sorted(NOUNS)
    for flag in parse_flag_table(global_flags()):
        assert "--%s" % flag.long in ran.out.decode()


def test_without_a_command_the_help_page_is_shown_and_the_status_says_that_nothing_was_done(rawdock_command):
    ran = run_to_end(rawdock_command)
    assert (ran.status, ran.out) == (0, b"") and ran.err.startswith(b"Usage:  rawdock ")


@pytest.mark.parametrize("name", ["run", "exec", "ps", "pull", "GET", "nc"])
def test_a_commands_own_page(rawdock_command, name):
    ran = run_to_end(rawdock_command + [name, "--help"])
    assert (ran.status, ran.err) == (0, b"")
    page = ran.out.decode()
    assert page.startswith("Usage:  rawdock %s" % name)
    columns = set()
    for flag in parse_flag_table(find_command(name).flags):
        if flag.help == "-":
            assert not any(spelling + " " in page for spelling in flag.names())
            continue
        assert flag.spelled() in page and flag.help in " ".join(page.split())
        columns.update(line.index(flag.help.split()[0], len(flag.spelled()) + 2) for line in page.splitlines()
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
    notice = b"Flag shorthand -h has been deprecated, use --help\n"
    ran = run_to_end(rawdock_command + ["-h"])
    assert (ran.err, ran.out) == (notice, run_to_end(rawdock_command + ["--help"]).out)
    ran = run_to_end(rawdock_command + ["ps", "-h"])   # where the docker CLI writes it to stdout
    assert (ran.status, ran.err) == (0, b"")
    assert ran.out == notice + run_to_end(rawdock_command + ["ps", "--help"]).out
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
    (["get"], 1, "unknown command: rawdock get"),
    (["zzzzzz"], 1, "unknown command: rawdock zzzzzz"),
    (["help", "zzzzzz"], 1, "unknown help topic: zzzzzz"),
    ([""], 1, "unknown command: rawdock \n"),
    (["container", "nosuch"], 1, "unknown command: rawdock container nosuch\n"),
    (["container", "lss", "-a"], 125, "unknown shorthand flag: 'a' in -a\n"),
    (["container", "-x"], 125, "unknown shorthand flag: 'x' in -x\n"),
    (["container", "--nosuch", "ls"], 125, "unknown flag: --nosuch\n"),
    (["container", "ls", "x"], 1, "'rawdock container ls' accepts no arguments\n"),
    (["container", "ps", "--nosuch"], 125, "unknown flag: --nosuch\n"),
    (["image", "rmi"], 1, "'rawdock image rm' requires at least 1 argument"),
    (["container", "rename", "a"], 1, "'rawdock container rename' requires 2 arguments\n"),
    (["help", "container", "nosuch"], 1, "unknown help topic: nosuch"),
    (["-H", NOBODY, "-H", NOBODY, "ps"], 1,
     "Failed to initialize: unable to resolve docker endpoint: Specify only one -H"),
    (["-H", "", "-H", NOBODY, "ps"], 1, "Specify only one -H"),
    (["--nonsense", "ps"], 125, "unknown flag: --nonsense"),
    (["-H"], 125, "flag needs an argument: 'H' in -H"),
    pytest.param(
        ["ps", "--wire"], 125,
        "unknown flag: --wire: it stands before the command, as in rawdock --wire ps\n",
        marks=pytest.mark.school),
    pytest.param(
        ["run", "--dry-run=nc", "busybox"], 125,
        "unknown flag: --dry-run: it stands before the command, as in rawdock --dry-run run\n",
        marks=pytest.mark.school),
    (["ps", "--nonsense"], 125, "unknown flag: --nonsense\n"),
    (["run", "--nonsense", "busybox"], 125, "unknown flag: --nonsense\n"),
    (["run", "-z", "busybox"], 125, "unknown shorthand flag: 'z' in -z"),
    (["run"], 1, "'rawdock run' requires at least 1 argument\n"),
    (["exec", "c"], 1, "'rawdock exec' requires at least 2 arguments\n"),
    (["rename", "a"], 1, "'rawdock rename' requires 2 arguments\n"),
    (["nc", "a"], 1, "'rawdock nc' accepts no arguments\n"),
    (["attach", "a", "b"], 1, "'rawdock attach' requires 1 argument\n"),
    (["endpoints", "a", "b"], 1, "'rawdock endpoints' requires at most 1 argument\n"),
    (["-H", "http://x", "ps"], 1, "write unix:///path/to/docker.sock or tcp://HOST:PORT"),
    (["-H", "/var/run/docker.sock", "ps"], 1, "write unix:///var/run/docker.sock"),
    (["-c", "", "-H", "gopher://x", "ps"], 1, "unknown scheme 'gopher'"),
    (["-c", "nosuch", "ps"], 1, 'context "nosuch": context not found'),
    (["-c", "x/y", "ps"], 1, 'context "x/y": context not found'),
    (["-H", NOBODY, "-c", "default", "ps"], 1, "cannot specify both --host and --context"),
    (["-H", "unix:///" + "x" * 107, "ps"], 1, "108 bytes"),
])
def test_mistakes_end_in_one_line(rawdock_command, words, status, says):
    ran = run_to_end(rawdock_command + words)
    assert ran.status == status and ran.out == b""
    assert says in assert_one_line(ran.err)


def test_the_command_that_was_probably_meant_is_named(rawdock_command):
    for name, meant in (("rnu", "run"), ("imagess", "images")):
        ran = run_to_end(rawdock_command + [name])
        assert (ran.status, ran.out) == (1, b"")
        assert ran.err.decode() == (
            "rawdock: unknown command: rawdock %s\n\nDid you mean this?\n\trawdock %s\n\n"
            "Run 'rawdock --help' for more information\n" % (name, meant))


def test_a_version_that_is_none(rawdock_command):
    ran = run_to_end(rawdock_command + ["-H", NOBODY, "stop", "x"],
                     env=clean_environment(DOCKER_API_VERSION="newest"))
    assert ran.status == 1
    assert "'newest'" in assert_one_line(ran.err)


def test_a_refusal_is_the_engines(rawdock_command):
    with scripted_socket({"GET /_ping": answer(500, b'{"message":"out of\\norder"}', b"Internal")}) as engine:
        ran = run_to_end(rawdock_command + ["-H", engine.address, "rename", "a", "b"])
    assert ran.status == 1
    summary = "\nError: failed to rename container named a\n"
    assert ran.err.decode() in ("Error response from daemon: page not found" + summary,
                                "Error response from daemon: out of\norder" + summary)


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
    assert process.wait(60) == 141 and err == b""


def test_a_name_that_is_not_utf8_is_no_crash(rawdock_command):
    ran = run_to_end(rawdock_command + ["-H", os.fsdecode(b"unix:///tmp/\xff.sock"), "ps"])
    assert ran.status == 1
    assert "no such socket" in assert_one_line(ran.err)
