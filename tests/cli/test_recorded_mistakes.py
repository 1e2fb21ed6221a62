"""Mistakes on the command line and help pages beside docker 28.2.2; tests/live/command_lines.py records them.

No engine is needed. One word differs, the program's name, and on the pages the sentences about flags.
"""
import os
import re
import shlex

import pytest

from rawdock.main import CLIENT_COMMANDS, NOUNS, find_words, print_page

from tests.cli.canned_engine import TextOutput
from tests.live.command_lines import ended, flag_facts, lines, page_facts, read_offline

RECORDED = read_offline("mistakes")
PAGES = {path: facts for path, facts in read_offline("pages").items() if path}
# Where ours says something else, and why.
OTHERWISE = {
    "foo --bar": "docker looks at the flags of a command that does not exist, ours at the command",
    "network rm": "docker's usage leaves [OPTIONS] out, though there is -f",
    "context rm": "docker's usage leaves [OPTIONS] out, though there is -f",
    "builder prune --filter x": "docker's usage leaves [OPTIONS] out, though there is -f",
    "builder prune --keep-storage z": "docker's usage leaves [OPTIONS] out, though there is -f",
    "builder prune -z": "docker's usage leaves [OPTIONS] out, though there is -f",
    "builder prune extra": "docker's usage leaves [OPTIONS] out, though there is -f",
    "wait": "ours has a flag, --healthy",
    "wait --nosuch a": "ours has a flag, --healthy",
}
NAMES = [name for file in CLIENT_COMMANDS for name in file.names]
NOT_YET = {"inspect", "container inspect"} if "container inspect" not in NAMES else set()
# Commands and flags of docker's that other issues bring.
LATER_COMMANDS = """checkpoint manifest plugin trust config node secret
    service stack swarm""".split()
LATER_VERBS = {}
# Flags of ours that docker does not have, or does not show.
# The last three are those of buildx, which docker's page of the classic builder leaves out.
OUR_FLAGS = {"--json", "--healthy", "--progress string", "--secret list", "--ssh list"}


def dockers(text):
    return re.sub(r"\brawdock\b", "docker", text)


def without_slips(err):
    """docker's words without two slips: "SRun", and nouns whose usage leaves COMMAND out."""
    # What docker says before each build that buildx does not do.
    err = re.sub(r"\ADEPRECATED: The legacy builder .*\n(?: +.*\n)+\n", "", err)
    return re.sub("(?m)^(Usage:  docker (?:builder|container|context|image|network|system))$", r"\1 COMMAND",
                  err.replace("SRun 'docker", "Run 'docker"))


@pytest.mark.parametrize("line", lines())
def test_a_mistake_ends_as_dockers(rawdock_command, line):
    row, ours = RECORDED[line], ended(rawdock_command + shlex.split(line))
    first, _, below = without_slips(row["err"]).partition("\n")
    our_first, _, our_below = dockers(ours["err"]).partition("\n")
    # Ours may say more behind docker's words: what to write, or why the engine cannot be connected to.
    same = (row["status"], row["out"], below, True) == (
        ours["status"], dockers(ours["out"]), our_below, our_first.startswith(first.rstrip()))
    assert same is (line not in OTHERWISE) or line in NOT_YET, ours
    assert ours["status"] == row["status"] or line == "foo --bar"


def test_there_are_many_mistakes_of_every_command():
    assert list(RECORDED) == lines() and len(RECORDED) > 200 and set(OTHERWISE) <= set(RECORDED)
    commands = {find_words(shlex.split(line))[0] for line in lines() if line.split()[0].isalpha()}
    tried = {command.name for command in commands if command is not None}
    raw = set(CLIENT_COMMANDS[0].names) | {"completion", "__complete", "doctor"}
    assert set(NAMES) - raw - tried == {"unpause"} - tried


# -- help pages

def our_page(path):
    """The facts of our page for docker's command `path`, None if we do not have it."""
    command, rest = find_words(path.split())
    if command is None or rest:
        return None
    output = TextOutput()
    print_page(output, command)
    return page_facts(dockers(output.text))


COMMANDS = [path for path in PAGES if path not in NOT_YET and our_page(path) is not None]


def spelled_flag(text):
    """A flag without a default that says nothing."""
    return re.sub(r" \(default (?:\[\]|map\[\]|0|0s|shows|hides)\)$", "", text)


@pytest.mark.parametrize("path", COMMANDS)
def test_a_help_page_has_dockers_form(path):
    theirs, ours = PAGES[path], our_page(path)
    verb = path.split()[-1]
    if path in ("network rm", "context rm", "builder prune") or verb == "wait":
        theirs = dict(theirs, usage=theirs["usage"].replace(verb, verb + " [OPTIONS]"))
    assert (ours["usage"], ours["help"]) == (theirs["usage"], theirs["help"])
    # docker does not show this one alias, though it takes it.
    aliases = [alias for alias in ours["aliases"] if alias != "docker image rmi"]
    if verb == "build":   # docker's page has them in an order of its own
        aliases.sort(key=theirs["aliases"].index)
    assert aliases == theirs["aliases"]
    later = LATER_VERBS.get(path, ())
    assert ours["verbs"] == [verb for verb in theirs["verbs"] if verb not in later]


@pytest.mark.parametrize("path", COMMANDS)
def test_every_flag_of_dockers_page_is_on_ours(path):
    theirs = {spelled_flag(flag) for flag in PAGES[path]["flags"]} - {"--help"}
    ours = {spelled_flag(flag) for flag in our_page(path)["flags"]}
    if path.endswith("update"):   # docker's page has no default and no --kernel-memory, ours those of run
        ours = {flag.replace(' (default "no")', "") for flag in ours} - {"--kernel-memory bytes"}
    assert theirs - ours == set()
    assert ours - theirs - OUR_FLAGS == set()


def test_the_commands_that_are_left():
    left = [path for path in PAGES if path not in COMMANDS]
    print("\nof docker's %d commands ours lacks: %s" % (len(PAGES), ", ".join(left)))
    later = ["%s %s" % (noun, verb) for noun, verbs in LATER_VERBS.items() for verb in verbs]
    assert [path for path in left if path.split()[0] not in LATER_COMMANDS
            and path not in later and path not in NOT_YET] == []
    assert set(LATER_COMMANDS) | set(NOUNS) | NOT_YET >= {path.split()[0] for path in left}


def test_the_flags_of_a_page_are_read():
    page = ("  -a, --all             Show all\n      --format string   Format output\n"
            "                        more --not-a-flag\n"
            "  -n, --last int        Show n (includes all\n                        states) (default -1)\n"
            "      --tls             Use TLS\n\nRun 'docker x' --nor-this\n")
    assert flag_facts(page) == ["-a, --all", "--format string", "-n, --last int (default -1)", "--tls"]
    head = "Usage:  docker a [OPTIONS] B\n\nText: one\n\nAliases:\n  docker a, docker b a\n\nOptions:\n"
    assert page_facts(head + page) == {"usage": "docker a [OPTIONS] B", "help": "Text: one", "verbs": [],
                                       "aliases": ["docker a", "docker b a"], "flags": flag_facts(page)}


def test_the_record_is_right():
    from tests.live.docker_cli import recorded_cli
    cli = recorded_cli()
    if cli is None:
        missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        missing("no docker 28.2.2 here: its answers are in the record")
    for line in lines()[::10]:
        assert ended([cli.path] + shlex.split(line)) == RECORDED[line]
    for path in list(PAGES)[::20]:
        assert page_facts(ended([cli.path] + path.split() + ["--help"])["out"]) == PAGES[path]
