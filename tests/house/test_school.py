"""The client works without the school: no import of it, and every command works in a copy that has no
teach/."""
import os
import shutil
import subprocess
import sys

import pytest

from tests.house.sources import AMALGAMATE, FILES, ROOT, home_of, own_imports

from rawdock import PUBLIC_NAMES
from rawdock.main import CLIENT_COMMANDS, NOUNS, SCHOOL_COMMANDS, SCHOOL_WORDS

CLIENT_FILES = [name for name in FILES if not name.startswith(("teach/", "main.py"))]
SCHOOL_NAMES = [name for home, names in PUBLIC_NAMES.items() if home.startswith("teach.")
                for name in names.split()]
# A room may use the rooms named here, and its own.
ROOMS = {"record": (), "explain": ("record",), "tap": ("record", "explain"), "dryrun": ("record",),
         "practice": (), "lessons": ("record", "explain", "practice"), "conform": ()}


@pytest.mark.parametrize("name", CLIENT_FILES)
def test_the_client_imports_nothing_of_the_school_nor_the_table_of_commands(name):
    for node in own_imports(name):
        assert not home_of(name, node).startswith(("teach/", "main.py")), "%s:%d" % (name, node.lineno)


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("teach/")])
def test_a_room_uses_the_rooms_that_it_may(name):
    room = name.split("/")[1]
    for node in own_imports(name):
        home = home_of(name, node)
        if home.startswith("teach/") and home not in ("teach/listen.py", "teach/percent.py"):
            assert home.split("/")[1] in ROOMS[room] + (room,), "%s:%d" % (name, node.lineno)
        if room == "practice" and not name.endswith("/commands.py"):
            assert not home.startswith("net/"), "%s:%d" % (name, node.lineno)


@pytest.fixture(scope="module")
def client_alone(tmp_path_factory):
    """A folder with the package, less teach/."""
    folder = tmp_path_factory.mktemp("client")
    shutil.copytree(os.path.join(ROOT, "rawdock"), str(folder / "rawdock"),
                    ignore=shutil.ignore_patterns("__pycache__", "teach"))
    return folder


def run_alone(folder, *words):
    environ = {key: value for key, value in os.environ.items() if not key.startswith("DOCKER_")}
    ran = subprocess.run([sys.executable] + list(words), cwd=str(folder), env=environ,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    return ran.returncode, ran.stdout.decode(), ran.stderr.decode()


@pytest.mark.parametrize("name", [name for file in CLIENT_COMMANDS for name in file.names
                                  if name != "__complete"])
def test_a_command_of_the_client_has_its_page_without_the_school(client_alone, name):
    status, out, err = run_alone(client_alone, "-m", "rawdock", *name.split() + ["--help"])
    assert (status, err) == (0, "") and out.startswith("Usage:  rawdock %s" % name)


def test_the_client_talks_to_an_engine_without_the_school(client_alone):
    from rawdock import PracticeEngine
    with PracticeEngine() as engine:
        ran = run_alone(client_alone, "-m", "rawdock", "-H", engine.address, "run", "--rm", "busybox", "echo",
                        "alone")
    assert ran[:2] == (0, "alone\n"), ran


def test_the_help_page_leaves_the_schools_commands_out(client_alone):
    status, out, err = run_alone(client_alone, "-m", "rawdock", "--help")
    assert (status, err) == (0, "")
    listed = [line.split()[0] for line in out.splitlines() if line.startswith("  ") and line[2] not in " -"]
    names = [name for file in CLIENT_COMMANDS for name in file.names
             if " " not in name and name != "__complete"]
    assert listed == names + sorted(NOUNS)


@pytest.mark.parametrize("word", SCHOOL_WORDS)
def test_a_word_of_the_school_says_where_it_is_to_be_had(client_alone, word):
    words = [word, "ps"] if word.startswith("--") else ["-H", word, "ps"] if word.endswith(":") else [word]
    status, out, err = run_alone(client_alone, "-m", "rawdock", *words)
    assert status == 1 and out == "" and err.count("\n") == 1, err
    assert word in err and "school" in err and "--whole" in err


@pytest.mark.parametrize("name", SCHOOL_NAMES)
def test_a_public_name_of_the_school_says_where_it_is_to_be_had(client_alone, name):
    status, out, err = run_alone(client_alone, "-c", "import rawdock; rawdock." + name)
    assert status == 1 and "school" in err.splitlines()[-1] and "--whole" in err.splitlines()[-1]


def test_every_room_has_commands_or_serves_one_that_has():
    rooms = {name.split("/")[1] for name in FILES if name.startswith("teach/") and name.count("/") > 1}
    assert rooms == set(ROOMS)
    assert len(SCHOOL_COMMANDS) == 7   # five rooms; explain-container and compare are files of their own


@pytest.fixture(scope="module")
def ps_alone(tmp_path_factory):
    """A folder with the single file that has `ps` alone."""
    folder = tmp_path_factory.mktemp("ps")
    (folder / "rawdock.py").write_text(AMALGAMATE.amalgamate(only=["ps"]), encoding="utf-8")
    return folder


@pytest.mark.skipif(sys.version_info < (3, 8), reason="tools/amalgamate --only needs Python 3.8")
@pytest.mark.parametrize("word", SCHOOL_WORDS)
def test_a_file_without_the_school_says_so_too(ps_alone, word):
    words = [word, "ps"] if word.startswith("--") else ["-H", word, "ps"] if word.endswith(":") else [word]
    status, out, err = run_alone(ps_alone, "-I", "rawdock.py", *words)
    assert status == 1 and out == "" and err.count("\n") == 1 and word in err and "--whole" in err, err
