"""The README's walk through the code: files that are there, in the order of the floors, and commands that do
what they are for."""
import os
import re
import subprocess
import sys

import pytest

from rawdock.teach.lessons.course import LESSONS
from tests.house.sources import FILES, ROOT, text_of

with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as readme_file:
    WALK = readme_file.read().partition("\n## One evening with the code\n")[2].partition("\n## ")[0]

ROWS = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in WALK.splitlines() if line.startswith("| `")]
READ = [name for row in ROWS for name in re.findall("`rawdock/([^`]+[.]py)`", row[0])]
COMMANDS = [command.replace("\\|", "|") for row in ROWS
            for command in re.findall("`((?:printf [^`]* )?rawdock [^`]+)`", row[2])]
PLAIN_COMMANDS = [command for command in COMMANDS if "learn" not in command]
EXPECTED = {   # what a command ends with, and a word of what it shows
    "explain": (0, b"GET /_ping"), "--wire -H practice: version": (0, b"> GET /"),
    "endpoints attach": (0, b"container_attach"),
    "--dry-run": (0, b"/containers/create"), "run --rm busybox": (0, b"hello\n"),
    "ps --help": (0, b"Usage:  rawdock ps"), "rawdock --help": (0, b"Containers:"),
    "Content-Length: 5": (3, b"200 OK"),
}


def test_the_walk_reads_files_that_are_there_in_the_order_of_the_floors():
    assert len(READ) > 15 and all(len(row) == 3 and all(row) for row in ROWS)
    places = [FILES.index(name) for name in READ]
    assert places == sorted(set(places))
    assert {name.split("/")[0] for name in READ} == {"errors.py", "wire", "net", "engine", "cli", "teach",
                                                     "main.py"}


def test_an_example_is_promised_only_where_there_is_one():
    for row in ROWS:
        names = re.findall("`rawdock/([^`]+[.]py)`", row[0])
        if row[2].startswith("its `>>>`"):
            assert len(names) == 1 and ">>> " in text_of(names[0]), row
        elif "`>>>`" in row[2]:
            assert any(">>> " in text_of(name) for name in names), row


def test_every_lesson_is_on_the_way():
    numbers = sorted(int(number) for number in re.findall("rawdock learn ([0-9]+)", WALK))
    assert numbers == list(range(1, len(LESSONS) + 1))


@pytest.mark.parametrize("command", PLAIN_COMMANDS)
def test_a_command_of_the_walk(command):
    status, shown = next(expected for words, expected in reversed(list(EXPECTED.items())) if words in command)
    environ = {key: value for key, value in os.environ.items() if not key.startswith("DOCKER_")}
    script = "set -o pipefail; rawdock() { \"%s\" -m rawdock \"$@\"; }; " % sys.executable + command
    ran = subprocess.run(["bash", "-c", script], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, env=environ, timeout=60)
    assert (ran.returncode, shown in ran.stdout) == (status, True), ran.stdout.decode("utf-8", "replace")


def test_the_top_of_the_readme_leads_there():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as readme:
        assert "(#one-evening-with-the-code)" in readme.read().partition("\n## ")[0]
