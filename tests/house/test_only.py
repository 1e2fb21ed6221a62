"""--only: a single file with the commands that were named, and what they need."""
import ast
import functools
import re
import sys
from symtable import symtable

import pytest

from rawdock import Docker, PracticeEngine
from rawdock.main import CLIENT_COMMANDS

from tests.house.single_files import made, run, section_texts, sections_in
from tests.house.sources import AMALGAMATE, ROOT

pytestmark = pytest.mark.skipif(sys.version_info < (3, 8), reason="tools/amalgamate --only needs Python 3.8")

SECTIONS = [("rawdock/a.py", '''"""A."""
import json
import re


def used_by_ps():
    return re.escape(LATE)


# only images comes here
def used_by_images(run):
    return json.dumps(run)


LATE = "late"
'''), ("rawdock/b.py", '''"""B."""


class Command:
    def __init__(self, name, run):
        self.run = run


class CommandFile:
    def __init__(self, *columns):
        self.columns = columns


def command_table(*rows):
    return {row.run: row for row in rows}
'''), ("rawdock/c.py", '''"""C."""
SEEN = []
SEEN.append(1)


def run_ps():
    return [used_by_ps() for _ in ()]


def run_images(name=None, body=None):
    return used_by_images(name)


COMMAND_FILES = (
    CommandFile("", "ps, images", run_ps),
)
LISTING_COMMANDS = command_table(
    Command("ps", run_ps),
    Command("images", run_images),
)
'''), ("rawdock/d.py", '''"""D: nobody comes here."""


def run():
    return SEEN
'''), ("rawdock/e.py", '''"""E: it does something, but nobody comes here."""
TABLE = []
TABLE.append(1)
''')]


def test_only_cuts_rows_and_what_nothing_else_needs():
    known = set()
    cut = [(name, AMALGAMATE.cut_command_rows(text, {"ps"}, known)) for name, text in SECTIONS]
    assert known == {"ps", "images"}
    left = dict(AMALGAMATE.keep_reachable(cut, {"LISTING_COMMANDS", "COMMAND_FILES"}))
    assert left["rawdock/a.py"] == ('"""A."""\nimport re\n\n\n'
                                    'def used_by_ps():\n    return re.escape(LATE)\n\n\nLATE = "late"\n')
    assert left["rawdock/b.py"] == SECTIONS[1][1]
    assert "run_images" not in left["rawdock/c.py"] and "images" not in left["rawdock/c.py"]
    assert "SEEN.append(1)" in left["rawdock/c.py"]
    assert "rawdock/d.py" not in left and "rawdock/e.py" not in left


def test_only_keeps_everything_when_everything_is_wanted():
    cut = [(name, AMALGAMATE.cut_command_rows(text, {"ps", "images"}, set())) for name, text in SECTIONS[:3]]
    left = dict(AMALGAMATE.keep_reachable(cut, {"LISTING_COMMANDS", "COMMAND_FILES"}))
    expected = {name: text.split() for name, text in SECTIONS[:3]}
    assert {name: text.split() for name, text in left.items()} == expected


def test_only_leaves_out_what_commands_never_use():
    text = ("class A:\n    # ==== library begin: for programs\n    def used(self):\n        return 1\n"
            "    # ==== library end\n\n    def other(self, limit):\n        # ==== library begin\n"
            "        limit += 1\n        # ==== library end\n        return limit\n")
    left = AMALGAMATE.without_library(text)
    assert left == "class A:\n    def other(self, limit):\n        return limit\n"
    assert AMALGAMATE.without_library(SECTIONS[0][1]) == SECTIONS[0][1]
    for size in ("core", "client", "whole"):
        assert "# ==== library begin" in AMALGAMATE.amalgamate(size=size)
    assert "# ==== library" not in alone("ps")


def only_left(text, *roots):
    """What is left of a section that `roots` alone need, None for nothing."""
    return dict(AMALGAMATE.keep_reachable([("rawdock/a.py", text)], set(roots))).get("rawdock/a.py")


CLASSES = '''class Base:
    """Docs."""

    LIMIT = 1

    def __len__(self):
        return self.counted()

    def counted(self):
        return COUNT

    # only nobody needs this
    @property
    def unused(self):
        return UNUSED

    def fileno(self):
        return 1


class Derived(Base, ValueError):
    def counted(self):
        return 2

    def asked_by_text(self):
        return 3

    def __repr__(self):
        return ""


class Handler(HTMLParser):
    def handle_data(self, data):
        return COUNT


class Below(Handler):
    def handle_tag(self):
        pass


COUNT = 1
UNUSED = 2
'''


def test_methods_whose_name_nobody_uses_are_cut():
    start = "def start(thing, kind):\n    return %s\n"
    left = only_left(CLASSES + start % "Base, getattr(thing, 'un' + kind)", "start")
    assert re.findall(r"def (\w+)\(self", left) == ["__len__", "counted", "unused", "fileno"]
    left = only_left(CLASSES + start % "Derived, Below, getattr(thing, 'asked_by_text')", "start")
    methods = re.findall(r"def (\w+)\(self", left)
    assert methods == ["__len__", "counted", "fileno", "counted", "asked_by_text", "__repr__",
                       "handle_data", "handle_tag"]
    assert "UNUSED" not in left and "only nobody" not in left and "@property" not in left
    assert "COUNT = 1" in left
    assert "LIMIT = 1" in left and '"""Docs."""' in left
    assert ast.parse(left)


def test_a_name_in_a_table_of_names_keeps_a_method():
    text = ("class A:\n    X = 1\n\n    def take(self):\n        pass\n\n"
            "    def other(self):\n        pass\n\n\nNAMES = {1: 'take'}\n\n\ndef call(number):\n    "
            "getattr(A(), NAMES[number])()\n")
    left = only_left(text, "call")
    assert "def take" in left and "def other" not in left


def test_a_class_body_that_uses_a_method_keeps_it():
    text = ("class A:\n    X = 1\n\n    def take(self):\n        pass\n\n"
            "    def other(self):\n        pass\n\n    feed = take\n")
    left = only_left(text, "A")
    assert "def take" in left and "def other" not in left


TABLE = '''ENDPOINT_TABLE = """
[Container]
container_list             GET    /containers/json                -    json              200      1.24
    the containers; frames are no word of this row
    all:bool filters:filters
container_logs             GET    /containers/{id}/logs           -    frames            200      1.24
    what it wrote
    since:time
container_start            POST   /containers/{id}/start          -    none              204,304  1.24
    start it
"""

RESULT_READERS = {
    "json": read_json,
    "frames": read_frames,
    "none": read_nothing,
}


def read_json():
    pass


def read_frames():
    pass


def read_nothing():
    pass


def endpoints():
    return ENDPOINT_TABLE


def call(name):
    return RESULT_READERS, ENDPOINT_TABLE
'''


@pytest.mark.parametrize("program, operations, kinds", [
    ("return call(\"container_list\")", ["container_list"], ["json"]),
    ("return call(docker.container_start)", ["container_start"], ["json", "none"]),
    ("return call(\"container_logs\"), call(\"nosuch\")", ["container_logs"], ["json", "frames"]),
    ("return call(endpoints()[0])", ["container_list", "container_logs", "container_start"],
     ["json", "frames", "none"])])
def test_tables_keep_the_rows_that_can_be_used(program, operations, kinds):
    left = only_left(TABLE + "\n\ndef start(docker):\n    %s\n" % program, "start")
    assert re.findall("(?m)^(container_[a-z]+) ", left) == operations
    assert ("since:time" in left) is ("container_logs" in operations)
    assert re.findall('(?m)^    "([a-z]+)": ', left) == kinds
    assert ("def read_frames" in left) is ("frames" in kinds)


# -- each command alone

@functools.lru_cache(maxsize=None)
def alone(*commands):
    return AMALGAMATE.amalgamate(only=commands)


@functools.lru_cache(maxsize=None)
def names_of(text):
    """(bound at the top of a section or imported there, looked up among the globals)"""
    table = symtable(text, "one", "exec")
    bound = {symbol.get_name() for symbol in table.get_symbols()
             if symbol.is_assigned() or symbol.is_imported()}
    return bound, AMALGAMATE.global_names(table)


def names_of_all(single):
    found = [names_of(section) for section in section_texts(single).values()]
    return set().union(*[bound for bound, _ in found]), set().union(*[used for _, used in found])


CLIENT_NAMES = sorted(name for file in CLIENT_COMMANDS for name in file.names)


@pytest.mark.parametrize("command", ["practice", "tap", "learn"] + CLIENT_NAMES)
def test_each_command_alone_has_all_it_names(command):
    """No name and no section that the whole file has is missing in the smaller one, if it is used there."""
    small = alone(command)
    bound, used = names_of_all(small)
    assert used & (names_of_all(made("--whole").decode())[0] - bound) == set()
    if "\nSECTIONS = " not in small:
        return
    sections = sections_in(small)
    for name, (_, needs, section) in sections.items():
        called = re.findall(r'(?m)^ +load_section\("rawdock/(.+)"\)$', section)
        assert {one[len("rawdock/"):] for one in needs} | set(called) <= set(sections), name


@pytest.mark.parametrize("command", ["nc", "ps", "run", "practice"])
def test_each_command_alone_runs_and_proves_itself(command, tmp_path):
    path = tmp_path / "rawdock.py"
    path.write_text(alone(command), encoding="utf-8")
    assert path.stat().st_size < len(made("--whole"))
    status, out, errors = run([sys.executable, "-I", "-S", path, "--self-test"], tmp_path)
    assert (status, errors) == (0, b"") and re.match(b"self-test: [1-9][0-9]* checks passed\n", out)
    status, out, errors = run([sys.executable, "-I", "-S", path, command, "--help"], tmp_path)
    assert (status, errors) == (0, b"") and command.encode() in out
    assert run([sys.executable, "-I", "-S", path, "explain", "--help"], tmp_path)[0] == 1


def test_the_self_test_checks_what_is_there():
    """Frames are no business of ps, nor is any of the wire of nc."""
    checks = {command: set(re.findall(r"\n@self_check\ndef (\w+)", alone(command)))
              for command in ("nc", "ps", "logs")}
    assert checks["nc"] == {"check_bytes", "check_public_names"}
    assert "check_frames" in checks["logs"] - checks["ps"] and "check_responses" in checks["ps"]


# The words that a command is tried with. The engine has busybox and two containers, of which c1 runs. The
# folder has busybox.tar.
# ==== table begin: a command line for each command
TRIED = {
    "doctor": ["doctor"],
    "GET": ["GET", "/containers/c1/logs?stdout=1"], "HEAD": ["HEAD", "/_ping"],
    "PUT": ["PUT", "/nosuch", "-d", "{}"],
    "POST": ["POST", "/images/create", "-q", "fromImage=busybox", "-q", "tag=latest"],
    "DELETE": ["DELETE", "/containers/c1", "-q", "force=1"], "nc": ["nc", "-N"],
    "endpoints": ["endpoints", "attach"],
    "run": ["run", "--rm", "busybox", "sh", "-c", "echo out; echo err >&2; exit 3"],
    "create": ["create", "--name", "d1", "busybox", "true"], "exec": ["exec", "c1", "echo", "here"],
    "attach": ["attach", "stopped"], "start": ["start", "-a", "stopped"], "stop": ["stop", "-t", "0", "c1"],
    "kill": ["kill", "c1"], "restart": ["restart", "-t", "0", "c1"], "rm": ["rm", "-f", "c1"],
    "wait": ["wait", "stopped"],
    "rename": ["rename", "c1", "d1"], "ps": ["ps", "-a", "--format", "{{.Names}} {{.Image}}"],
    "inspect": ["inspect", "-f", "{{.Name}}", "c1"], "logs": ["logs", "stopped"],
    "events": ["events", "--since", "1", "--until", "2"], "version": ["version", "-f", "{{.Client.Version}}"],
    "info": ["info", "-f", "{{.Name}}"], "pull": ["pull", "busybox"],
    "images": ["images", "--format", "table {{.Repository}}\t{{.Tag}}\t{{.Size}}"],
    "rmi": ["rmi", "nosuch"], "history": ["history", "--format", "table {{.CreatedBy}}\t{{.Size}}", "busybox"], "tag": ["tag", "busybox", "b:1"],
    "push": ["push", "nosuch"], "search": ["search", "nosuch"],
    "image inspect": ["image", "inspect", "-f", "{{.RepoTags}}", "busybox"],
    "volume create": ["volume", "create", "v1"], "volume inspect": ["volume", "inspect", "nosuch"],
    "volume ls": ["volume", "ls", "--format", "json"], "volume rm": ["volume", "rm", "-f", "v1"],
    "volume update": ["volume", "update", "nosuch"],
    "network connect": ["network", "connect", "none", "nosuch"],
    "network create": ["network", "create", "n1", "--subnet", "10.9.0.0/16", "--gateway", "10.9.0.9"],
    "network disconnect": ["network", "disconnect", "none", "nosuch"],
    "network inspect": ["network", "inspect", "-f", "{{.Name}}", "bridge"], "network ls": ["network", "ls"],
    "network rm": ["network", "rm", "-f", "nosuch"], "system df": ["system", "df"],
    "system dial-stdio": ["system", "dial-stdio"],
    "system prune": ["system", "prune", "-af", "--volumes"], "container prune": ["container", "prune", "-f"],
    "image prune": ["image", "prune", "-f"], "network prune": ["network", "prune", "-f"],
    "volume prune": ["volume", "prune", "-f"], "update": ["update", "--restart", "always", "c1"],
    "container inspect": ["container", "inspect", "-f", "{{.Name}}", "c1"],
    "context create": ["context", "create", "default"], "context export": ["context", "export", "nosuch"],
    "context import": ["context", "import", "default", "-"],
    "context inspect": ["context", "inspect", "-f", "{{.Name}}"], "context ls": ["context", "ls", "-q"],
    "context rm": ["context", "rm", "nosuch"], "context show": ["context", "show"],
    "context update": ["context", "update", "nosuch"], "context use": ["context", "use", "default"],
    "completion": ["completion", "bash"], "__complete": ["__complete", "__complete", ""],
    "build": ["build", "-"], "builder prune": ["builder", "prune", "-f"],
    "commit": ["commit", "c1"], "cp": ["cp", "c1:/etc/passwd", "-"], "diff": ["diff", "c1"],
    "export": ["export", "-o", "c1.tar", "c1"],
    "save": ["save", "-o", "b.tar", "busybox"], "load": ["load", "-i", "busybox.tar"],
    "import": ["import", "busybox.tar", "b:1"],
    "pause": ["pause", "c1"], "unpause": ["unpause", "nosuch"], "port": ["port", "c1"], "top": ["top", "c1"],
    "login": ["login", "-u", "u", "-p", "p", "nosuch.invalid"], "logout": ["logout", "nosuch.invalid"],
    "stats": ["stats", "--no-stream", "--format", "{{.Name}}", "c1"],
}
# ==== table end
# What the practice engine does not have, or was not given.
MAY_FAIL = ("PUT", "rmi", "attach", "push", "search", "login", "volume inspect", "volume update",
            "network connect", "network disconnect", "context create", "context export", "context import",
            "context rm", "context update", "unpause", "build")


def outcome(argv, words, tmp_path):
    """How a command ended on a new practice engine: its status and outputs, without ids, place and clock."""
    with PracticeEngine() as engine, Docker(engine.address) as docker:
        for message in docker.image_create(fromImage="busybox", tag="latest"):
            pass
        with open(str(tmp_path / "busybox.tar"), "wb") as file:
            docker.image_get("busybox").copy_to(file)
        for name, program in (("c1", ["sleep", "1000"]), ("stopped", ["echo", "done"])):
            docker.container_create(name=name, body={"Image": "busybox", "Cmd": program})
            docker.container_start(name)
        docker.container_wait("stopped")
        status, out, errors = run(argv + ["-H", engine.address] + words, tmp_path)
    return status, re.sub(b"[0-9a-f]{12,64}|Date: [^\r]+|/rawdock-[^/]+/", b"", out), errors


def test_every_command_of_the_client_is_tried():
    assert sorted(TRIED) == CLIENT_NAMES


@pytest.mark.parametrize("command", sorted(TRIED))
def test_each_command_alone_does_what_the_package_does(command, tmp_path):
    (tmp_path / "alone").mkdir()
    path = tmp_path / "alone" / "rawdock.py"
    path.write_text(alone(command), encoding="utf-8")
    start = "import sys; sys.path.insert(0, %r); from rawdock.main import run_process; run_process()" % ROOT
    expected = outcome([sys.executable, "-I", "-S", "-B", "-c", start], TRIED[command], tmp_path)
    assert outcome([sys.executable, "-I", "-S", path], TRIED[command], tmp_path) == expected
    assert expected[0] in (0, 3) or command in MAY_FAIL
    assert b"Traceback" not in expected[2]


@pytest.mark.parametrize("commands, lines", [("nc", 1900), ("ps", 6200), ("ps,logs,exec,run", 10155)])
def test_a_copy_with_few_commands_is_short(commands, lines):
    assert alone(*commands.split(",")).count("\n") <= lines


def test_a_noun_is_all_its_verbs_and_ps_alone_is_container_ls_too(tmp_path):
    path = tmp_path / "rawdock.py"
    path.write_text(alone("ps"), encoding="utf-8")
    with PracticeEngine() as engine:
        for words in (["ps", "-q"], ["container", "list", "-q"]):
            assert run([sys.executable, path, "-H", engine.address] + words, tmp_path) == (0, b"", b"")
    assert "\nNOUNS, NOUN_LINES, noun_verbs, find_verb, command_aliases = {}, [], None" in alone("nc")
    assert "def find_verb" in alone("ps")
    assert '    "container": (' in alone("ps") and '    "volume": (' not in alone("ps")
    small = alone("image")
    assert "IMAGE_COMMANDS" in small and "def do_run(" not in small
