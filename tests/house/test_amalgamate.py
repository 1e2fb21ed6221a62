"""The single file: the same bytes every time, runs alone, imports alone, and knows when it was changed."""
import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.house.sources import AMALGAMATE, FILES, ROOT, text_of

TOOL = os.path.join(ROOT, "tools", "amalgamate")
VERSION, PUBLIC = AMALGAMATE.read_map(ROOT)


def run(argv, cwd):
    """→ (exit status, standard output, standard error), in an environment that leads to no rawdock."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    ran = subprocess.run([str(word) for word in argv], cwd=str(cwd), env=environment,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return ran.returncode, ran.stdout, ran.stderr


@pytest.fixture(scope="module", params=[[], ["--core"]], ids=["whole", "core"])
def artefact(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("alone") / "rawdock.py"
    assert run([sys.executable, TOOL, "-o", path] + request.param, ROOT) == (0, b"", b"")
    return path


@pytest.fixture
def copy(artefact, tmp_path):
    shutil.copy(str(artefact), str(tmp_path / "rawdock.py"))
    return tmp_path / "rawdock.py"


def test_the_same_tree_gives_the_same_bytes(artefact, tmp_path):
    options = ["--core"] if b"the library alone" in artefact.read_bytes().split(b"\n")[1] else []
    status, out, errors = run([sys.executable, TOOL] + options, tmp_path)
    assert (status, errors) == (0, b"")
    assert out == artefact.read_bytes()


def test_the_contents_give_the_right_lines(artefact):
    lines = artefact.read_text(encoding="utf-8").split("\n")
    contents = [re.match(r"# +([0-9]+)  (.+)$", line).groups() for line in lines[lines.index("# line   section") + 1:lines.index("#", lines.index("# line   section"))]]
    banners = [(str(number), line[len("# ==== begin "):]) for number, line in enumerate(lines, 1) if line.startswith("# ==== begin ")]
    assert contents == banners
    files = [name for _, name in contents if name.startswith("rawdock/")]
    core = "the library alone" in lines[1]
    assert files == ["rawdock/" + name for name in FILES if not core or not name.startswith(("teach/", "cli/"))]
    assert [line[len("# ==== end "):] for line in lines if line.startswith("# ==== end ")][1:] == [name for _, name in contents]


def test_each_section_is_its_file_less_its_own_imports(artefact):
    text = artefact.read_text(encoding="utf-8")
    for name in re.findall(r"(?m)^# ==== begin rawdock/(.+)$", text):
        section = text.split("# ==== begin rawdock/%s\n" % name)[1].split("# ==== end rawdock/%s\n" % name)[0]
        left, source = section.split("\n"), iter(text_of(name).split("\n"))
        assert all(line in source for line in left if line), "%s is not copied verbatim" % name
        assert not re.search(r"(?m)^\s*from \.", section)


def test_it_names_its_version_commit_and_licence(artefact):
    text = artefact.read_text(encoding="utf-8")
    assert re.match(r"#!/usr/bin/env python3\n# rawdock %s(, the library alone)?, commit ([0-9a-f]{40}(-dirty)?|unknown)\n" % re.escape(VERSION), text)
    with open(os.path.join(ROOT, "LICENSE"), encoding="utf-8") as licence:
        for line in licence.read().strip().split("\n"):
            assert ("# " + line).rstrip() in text


def test_it_imports_alone(copy):
    program = ("import sys; sys.path.insert(0, '.'); import rawdock; "
               "print(rawdock.__version__); print(' '.join(name for name in sys.argv[1:] if not hasattr(rawdock, name))); "
               "print(sorted(name for name in sys.modules if name.startswith('rawdock')))")
    names = [name for home, names in PUBLIC.items() for name in names.split() if home.replace(".", "/") + ".py" in FILES]
    status, out, errors = run([sys.executable, "-I", "-S", "-B", "-c", program] + names, copy.parent)
    assert (status, errors) == (0, b"")
    assert out.decode().split("\n") == [VERSION, "", "['rawdock']", ""]


def test_it_offers_the_public_names(copy):
    program = "import sys; sys.path.insert(0, '.'); from rawdock import *; print(sorted(set(sys.argv[1:]) - set(globals())))"
    names = AMALGAMATE.all_names(PUBLIC, FILES)
    assert names
    assert run([sys.executable, "-I", "-S", "-B", "-c", program] + names, copy.parent) == (0, b"[]\n", b"")


def test_it_runs_alone(copy):
    status, out, errors = run([sys.executable, "-I", "-S", copy.name, "--help"], copy.parent)
    assert b"Traceback" not in errors
    if "cli/main.py" in FILES and b"the library alone" not in copy.read_bytes().split(b"\n")[1]:
        assert status == 0 and b"rawdock" in out
    else:
        assert status == 1 and b"--self-test" in errors
    assert os.listdir(str(copy.parent)) == ["rawdock.py"]


def test_its_self_test_passes(copy):
    status, out, errors = run([sys.executable, "-I", "-S", copy.name, "--self-test"], copy.parent)
    assert (status, errors) == (0, b"")
    assert re.match(rb"self-test: [1-9][0-9]* checks passed\r?\n\Z", out)


def test_its_self_test_has_a_check_for_every_file_that_one_is_written_for(copy):
    out = run([sys.executable, "-I", "-S", copy.name, "--self-test"], copy.parent)[1]
    assert int(out.split()[1]) >= 2 + sum(1 for needed, _ in AMALGAMATE.SELF_CHECKS if needed in FILES)


@pytest.mark.parametrize("old, new", [
    (b"self.seen = bytes(seen[:64])", b"self.seen = bytes(seen[:65])"),
    (b"Every error rawdock raises", b"Every error rawdock raised"),
    (b"# sha256 of all below the header: ", b"# sha256 of all below the header: 0"),
    (b"# ==== end of header\n", b"# ==== end of heading\n"),
])
def test_its_self_test_fails_on_a_changed_byte(copy, old, new):
    text = copy.read_bytes()
    assert old in text
    copy.write_bytes(text.replace(old, new, 1))
    status, out, errors = run([sys.executable, "-I", "-S", copy.name, "--self-test"], copy.parent)
    assert (status, errors) == (1, b"")
    assert b"self-test: the bytes below the header: expected" in out and b"passed" not in out


@pytest.mark.parametrize("old, new", [
    (b"return FRAME_HEADER.pack(stream << 24, len(payload)) + payload", b"return FRAME_HEADER.pack(stream << 24, len(payload)) + b''"),
    (b'def encode_chunk(data):', b'def encode_chunk(data):\n    raise ProtocolError("none", 0, b"", "nothing")'),
    (b"\nclass NotFound(APIError):", b"\nclass NotThere(APIError):"),
])
def test_its_self_test_fails_on_wrong_code_that_was_hashed_anew(copy, old, new):
    """The hash tells of changes; the vectors must tell of mistakes by themselves."""
    import hashlib
    text = copy.read_bytes()
    assert text.count(old) == 1
    header, mark, below = text.replace(old, new).partition(b"\n# ==== end of header\n")
    digest = hashlib.sha256(below).hexdigest().encode()
    copy.write_bytes(re.sub(b"(?<=below the header: )[0-9a-f]{64}", digest, header) + mark + below)
    status, out, errors = run([sys.executable, "-I", "-S", copy.name, "--self-test"], copy.parent)
    assert (status, errors) == (1, b"")
    assert b"the bytes below the header" not in out and b"passed" not in out and out.startswith(b"self-test: ")


def test_cutting_own_imports_leaves_everything_else():
    text = ('"""Doc: from .x import Y"""\nimport re\n\nfrom .x import A\nfrom ..y import (B,  # why\n    C)\n\n\n'
            'def f():\n    from .z import D\n    return """\nfrom .q import E\n"""\n')
    assert AMALGAMATE.section_of(text, "a.py") == ('"""Doc: from .x import Y"""\nimport re\n\n\n'
                                                   'def f():\n    return """\nfrom .q import E\n"""\n')


@pytest.mark.parametrize("text, complaint", [
    ("from .x import A; a = 1\n", "shares its line"),
    ("if True: from .x import A\n", "shares its line"),
    ("if True:\n    from .x import A\n", "only statement of its block"),
    ("from .x import A as B\n", "without `as`"),
    ("from .x import *\n", "without `as`"),
    ("from rawdock.x import A\n", "not rawdock.x"),
    ("import os, rawdock.x\n", "not rawdock.x"),
    ("def f(:\n", "rawdock/a.py:1"),
])
def test_what_cannot_be_cut_is_refused(text, complaint):
    with pytest.raises(AMALGAMATE.CannotAmalgamate) as caught:
        AMALGAMATE.section_of(text, "a.py")
    assert complaint in str(caught.value)


def test_a_name_defined_twice_is_refused():
    with pytest.raises(AMALGAMATE.CannotAmalgamate):
        AMALGAMATE.refuse_repeated_names([("a.py", "def f(): pass\n"), ("b.py", "class f: pass\n")])


def test_a_listed_file_that_is_missing_is_one_line(tmp_path):
    (tmp_path / "rawdock").mkdir()
    with pytest.raises(AMALGAMATE.CannotAmalgamate) as caught:
        AMALGAMATE.read_source(str(tmp_path), "wire/none.py")
    assert "wire/none.py" in str(caught.value)


@pytest.mark.parametrize("options, complaint", [
    (["-o", "."], b"is a directory"),
    (["-o", "no/such/folder/rawdock.py"], b"cannot write"),
    (["--only", ","], b"--only names no command"),
    (["--only", "no-such-command"], b"--only"),
])
def test_bad_options_are_one_line(options, complaint, tmp_path):
    status, out, errors = run([sys.executable, TOOL] + options, tmp_path)
    assert status == 1 and out == b""
    assert complaint in errors and errors.count(b"\n") == 1


needs_3_8 = pytest.mark.skipif(sys.version_info < (3, 8), reason="--only needs the end positions that ast has from 3.8 on")

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


def command_table(*rows):
    return {row.run: row for row in rows}
'''), ("rawdock/c.py", '''"""C."""
SEEN = []
SEEN.append(1)


def run_ps():
    return [used_by_ps() for _ in ()]


def run_images(name=None, body=None):
    return used_by_images(name)


LISTING_COMMANDS_NAMES = "ps images"
LISTING_COMMANDS = command_table(
    Command("ps", run_ps),
    Command("images", run_images),
)
'''), ("rawdock/d.py", '''"""D: nobody comes here."""


def run():
    return SEEN
''')]


@needs_3_8
def test_only_cuts_rows_and_what_nothing_else_reaches():
    known = set()
    cut = [(name, AMALGAMATE.cut_command_rows(text, {"ps"}, known)) for name, text in SECTIONS]
    assert known == {"ps", "images"}
    left = dict(AMALGAMATE.keep_reachable(cut, {"LISTING_COMMANDS", "LISTING_COMMANDS_NAMES"}))
    assert left["rawdock/a.py"] == '"""A."""\nimport re\n\n\ndef used_by_ps():\n    return re.escape(LATE)\n\n\nLATE = "late"\n'
    assert left["rawdock/b.py"] == SECTIONS[1][1]
    assert "run_images" not in left["rawdock/c.py"] and "images" not in left["rawdock/c.py"]
    assert "SEEN.append(1)" in left["rawdock/c.py"]
    assert "rawdock/d.py" not in left


@needs_3_8
def test_only_keeps_everything_when_everything_is_wanted():
    cut = [(name, AMALGAMATE.cut_command_rows(text, {"ps", "images"}, set())) for name, text in SECTIONS[:3]]
    left = dict(AMALGAMATE.keep_reachable(cut, {"LISTING_COMMANDS", "LISTING_COMMANDS_NAMES"}))
    assert {name: text.split() for name, text in left.items()} == {name: text.split() for name, text in SECTIONS[:3]}


def command_names():
    known = set()
    for name in FILES:
        AMALGAMATE.cut_command_rows(text_of(name), set(), known)
    return sorted(known)


@needs_3_8
@pytest.mark.parametrize("command", command_names() if sys.version_info >= (3, 8) else [])
def test_each_command_alone_reaches_all_it_names(command, tmp_path):
    """No global that the whole file defines is missing in the smaller one, it runs, and it proves itself."""
    import symtable
    whole, small = AMALGAMATE.amalgamate(), AMALGAMATE.amalgamate(only=[command])
    defined = [{symbol.get_name() for symbol in symtable.symtable(text, "one", "exec").get_symbols()
                if symbol.is_assigned() or symbol.is_imported()} for text in (whole, small)]
    used = AMALGAMATE.global_names(symtable.symtable(small, "one", "exec"))
    assert used & (defined[0] - defined[1]) == set()
    path = tmp_path / "rawdock.py"
    path.write_bytes(small.encode("utf-8"))
    assert run([sys.executable, "-I", "-S", path, "--self-test"], tmp_path)[0] == 0
    status, out, errors = run([sys.executable, "-I", "-S", path, command, "--help"], tmp_path)
    assert (status, errors) == (0, b"") and command.encode() in out
