"""The tree: nothing at the top but what belongs there, nothing of a maintainer's machine in it."""
import os
import re
import subprocess

import pytest

from tests.house.sources import ROOT

TOP = {"rawdock", "tests", "tools", "setup.cfg", "README.md", "pyproject.toml", "LICENSE"}
# Spelled in pieces, so that this file does not find itself.
MACHINE_PATHS = re.compile("(^|[^A-Za-z0-9_.%s-])/(%s)/|[.]%s/versions/[0-9]"
                           % ("$", "|".join(["wo" + "rk", "fa" + "rm"]), "py" + "env"))


def committed_files():
    """The files git has; without git or outside a checkout, all that are there but what .gitignore is
    about."""
    try:
        listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL).stdout
    except FileNotFoundError:
        listed = b""
    if listed:
        return sorted(name for name in listed.decode("utf-8").split("\0") if name)
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [one for one in folders if one == ".ci" or not one.startswith((".", "__pycache__"))
                      and not one.endswith(".egg-info")]
        found += [os.path.relpath(os.path.join(folder, name), ROOT) for name in names]
    return sorted(found)


def test_the_top_level_has_only_what_belongs_there():
    top = {name.split("/")[0] for name in committed_files()}
    assert {name for name in top if not name.startswith(".")} - TOP == set()


def test_the_top_level_has_what_must_be_there():
    top = {name.split("/")[0] for name in committed_files()}
    assert {"rawdock", "setup.cfg", "pyproject.toml", "LICENSE"} <= top


@pytest.mark.parametrize("part, most", [
    ("rawdock/", 38540), ("rawdock/wire/", 2173), ("the client", 20440), ("tools/fuzz", 1560),
])
def test_lines_of_the_package(part, most):
    """A budget for all lines, with docstrings and empty lines: who adds a feature finds a simpler one.

    Type stubs, which tools/stubs writes, do not count.

    Before the terminal, all flags of run and the nouns came, the package had 23,998 lines, the client 8,658.
    """
    client = part == "the client"
    names = [name for name in committed_files()
             if name.startswith("rawdock/" if client else part) and not name.endswith((".pyi", "py.typed"))
             and not (client and name.startswith("rawdock/teach/"))]
    count = 0
    for name in names:
        with open(os.path.join(ROOT, name), "rb") as file:
            count += file.read().count(b"\n")
    assert 1000 < count <= most


def test_nothing_names_a_maintainers_machine():
    found = []
    for name in committed_files():
        path = os.path.join(ROOT, name)
        if os.path.isfile(path):
            with open(path, "rb") as data:
                text = data.read().decode("utf-8", "replace")
            found += ["%s:%d" % (name, number) for number,
                      line in enumerate(text.split("\n"), 1) if MACHINE_PATHS.search(line)]
    assert found == []


@pytest.mark.parametrize("line, found", [
    ("cd /wo" + "rk/main", True), ("'/wo" + "rk/x'", True), ("~/.py" + "env/versions/3.6", True),
    ("a/wo" + "rk/b", False), ("/wo" + "rkdir", False), ("docker/network/", False)])
def test_the_search_finds_what_it_looks_for(line, found):
    assert bool(MACHINE_PATHS.search(line)) is found


def test_test_files_have_names_of_their_own():
    """pytest imports test files by their bare names: two of one name would be one module."""
    homes = {}
    for folder, _, names in os.walk(os.path.join(ROOT, "tests")):
        for name in names:
            if name.endswith(".py") and name not in ("__init__.py", "conftest.py"):
                homes.setdefault(name, []).append(os.path.relpath(folder, ROOT))
    assert {name: where for name, where in homes.items() if len(where) > 1} == {}
