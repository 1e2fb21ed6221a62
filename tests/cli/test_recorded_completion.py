"""What may come next on a command line, beside docker 28.2.2; tests/live/command_lines.py records it.

No engine is needed. Where docker gives nothing ours may give more: true and false after a switch, for
instance, and commands after help.
"""
import os
import shlex

import pytest

from rawdock.cli.flags import parse_flag_table
from rawdock.main import find_words

from tests.cli.test_recorded_mistakes import LATER_COMMANDS, LATER_VERBS
from tests.live.command_lines import candidates, read_offline

RECORDED = read_offline("completions")
# Where ours gives something else, and why.
OTHERWISE = {
    "run --security-opt label=": "docker leaves out the blank after label=disable, which is whole",
}
NO_SPACE = 2


def is_ours(line):
    """Whether rawdock has the command of a line, if it names one, and the flag before the last word."""
    words = shlex.split(line)
    before = words[:-1]
    if not before or before[0].startswith("-") or before == ["help"]:
        return True
    command, rest = find_words(before)
    known = [] if command is None else [name for flag in parse_flag_table(command.flags)
                                        for name in flag.names()]
    return command is not None and all(word in known for word in rest if word.startswith("--"))


LINES = [line for line in RECORDED if is_ours(line)]


@pytest.mark.parametrize("line", LINES)
def test_the_candidates_are_dockers(rawdock_command, line):
    theirs, ours = RECORDED[line], candidates(rawdock_command, line)
    words = shlex.split(line)
    # "bake" is a command of docker's plugin buildx that it offers without the plugin, too.
    later = LATER_COMMANDS + ["bake"] if len(words) == 1 else LATER_VERBS.get(words[0], ())
    missing = set(theirs["texts"]) - set(ours["texts"]) - set(later)
    more = set() if len(words) == 1 else set(ours["texts"]) - set(theirs["texts"])
    blank = theirs["directive"] & NO_SPACE == ours["directive"] & NO_SPACE
    assert (not missing and not more and blank) is (line not in OTHERWISE), (missing, more, ours["directive"])


def test_many_lines_are_compared():
    assert len(LINES) > 60 and set(OTHERWISE) <= set(LINES)
    assert {"run --cap-add ''", "run --platform ''", "kill --signal ''", "run --pull=", "''"} <= set(LINES)


def test_the_record_of_candidates_is_right():
    from tests.live.docker_cli import recorded_cli
    cli = recorded_cli()
    if cli is None:
        missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        missing("no docker 28.2.2 here: its answers are in the record")
    for line in list(RECORDED)[::10]:
        assert candidates([cli.path], line) == RECORDED[line]
