"""The single file: one result every time, runs alone, imports alone, and knows when it was changed."""
import ast
import json
import os
import re
import subprocess
import sys

import pytest

from tests.house.single_files import SIZES, TOOL, made, run, sections_in
from tests.house.sources import AMALGAMATE, FILES, ROOT, home_of, text_of, top_level_own_imports

VERSION, PUBLIC = AMALGAMATE.read_map(ROOT)


@pytest.fixture(params=sorted(SIZES))
def size(request):
    return request.param


@pytest.fixture
def copy(size, tmp_path):
    """Each single file, alone in a folder."""
    (tmp_path / "rawdock.py").write_bytes(made(*SIZES[size][0]))
    return tmp_path / "rawdock.py"


@pytest.fixture(params=["client", "whole"])
def sectioned(request, tmp_path):
    """Each single file that is made of sections, alone in a folder."""
    (tmp_path / "rawdock.py").write_bytes(made(*SIZES[request.param][0]))
    return tmp_path / "rawdock.py"


def files_in(size):
    return [name for name in FILES if not name.startswith(SIZES[size][2])]


def test_the_same_tree_gives_the_same_bytes(size, tmp_path):
    """Here, and in a process whose sets are in another order."""
    status, out, errors = run([sys.executable, TOOL, "-o", "rawdock.py"] + SIZES[size][0], tmp_path)
    assert (status, errors) == (0, b"")
    assert (tmp_path / "rawdock.py").read_bytes() == made(*SIZES[size][0])


def test_without_a_name_it_goes_to_standard_output(tmp_path):
    assert run([sys.executable, TOOL, "--core"], tmp_path) == (0, made("--core"), b"")


def test_the_contents_give_the_right_lines(size):
    lines = made(*SIZES[size][0]).decode().split("\n")
    contents = [re.match(r"# +([0-9]+)  (.+)$", line).groups()
                for line in lines[lines.index("# line   section")
                                  + 1:lines.index("#", lines.index("# line   section"))]]
    banners = [(str(number), line[len("# ==== begin "):]) for number,
               line in enumerate(lines, 1) if line.startswith("# ==== begin ")]
    assert contents == banners
    files = [name for _, name in contents if name.startswith("rawdock/")]
    assert files == ["rawdock/" + name for name in files_in(size)]
    assert [line[len("# ==== end "):] for line in lines
            if line.startswith("# ==== end ")][1:] == [name for _, name in contents]


def source_of(name, section):
    """The text of a file as a section is made of it: main.py without the school, where the section is."""
    text = text_of(name)
    return text if name != "main.py" or "school begin" in section else AMALGAMATE.without_school(text)


def test_each_section_is_its_file_less_its_own_imports(sectioned):
    for name, (_, _, section) in sections_in(sectioned.read_text(encoding="utf-8")).items():
        source = iter(source_of(name, section).split("\n"))
        left = [line for line in section.split("\n") if line and not re.match(r" +load_section\(", line)]
        assert all(line in source for line in left), "%s is not copied verbatim" % name
        assert not re.search(r"(?m)^\s*from \.", section)


def test_each_own_import_leads_to_its_section(sectioned):
    """At the top of a file it is what the section needs first, elsewhere a call in its place, and nothing
    else is loaded."""
    for name, (_, needs, section) in sections_in(sectioned.read_text(encoding="utf-8")).items():
        above = [home_of(name, node) for node in top_level_own_imports(name)]
        assert needs == ["rawdock/" + home for home in FILES if home in above]
        inside = [home_of(name, node) for node in ast.walk(ast.parse(source_of(name, section)))
                  if isinstance(node, ast.ImportFrom) and node.level and node.col_offset]
        called = re.findall(r'(?m)^ +load_section\("rawdock/(.+)"\)$', section)
        assert sorted(called) == sorted(home for home in inside if home != "__init__.py"), name


def test_each_section_notes_its_line(sectioned):
    text = sectioned.read_text(encoding="utf-8")
    lines = text.split("\n")
    for name, (line, _, _) in sections_in(text).items():
        assert lines[line - 1].startswith('SECTIONS["rawdock/%s"] = (%d, ' % (name, line))


def test_it_names_its_version_commit_and_licence(size):
    text = made(*SIZES[size][0]).decode()
    title = "#!/usr/bin/env python3\n# rawdock %s, commit " % re.escape(VERSION + SIZES[size][1])
    assert re.match(title + "([0-9a-f]{40}(-dirty)?|unknown)\n", text)
    with open(os.path.join(ROOT, "LICENSE"), encoding="utf-8") as licence:
        for line in licence.read().strip().split("\n"):
            assert ("# " + line).rstrip() in text


def test_the_core_is_short():
    assert made("--core").count(b"\n") <= 11345


def test_the_core_has_its_public_names_at_its_top_level():
    """As an editor and a type checker look for them. No code is inside a string."""
    tree = ast.parse(made("--core"))
    bound = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    assert set(AMALGAMATE.all_names(PUBLIC, files_in("core"))) <= bound
    assert not re.search(rb"(?m)^\s*from \.|load_section|(?<!def )(?<![.\w])exec\((?!\))", made("--core"))


def test_it_imports_alone(copy, size):
    program = ("import sys; sys.path.insert(0, '.'); import rawdock; "
               "print(rawdock.__version__); print(' '.join(name for name in sys.argv[1:] if not "
               "hasattr(rawdock, name))); "
               "print(sorted(name for name in sys.modules if name.startswith('rawdock')))")
    names = AMALGAMATE.all_names(PUBLIC, files_in(size))
    assert names
    status, out, errors = run([sys.executable, "-I", "-S", "-B", "-c", program] + names, copy.parent)
    assert (status, errors) == (0, b"")
    assert out.decode().split("\n") == [VERSION, "", "['rawdock']", ""]


def python(copy, program, *arguments):
    """What a program prints that starts with `import rawdock`, the copy, as one str."""
    ran = run([sys.executable, "-I", "-S", "-B", "-c",
               "import sys; sys.path.insert(0, '.'); import rawdock\n" + program] + list(arguments),
              copy.parent)
    assert (ran[0], ran[2]) == (0, b""), ran
    return ran[1].decode()


def test_importing_it_runs_no_section(sectioned):
    assert python(sectioned,
                  "print(sorted(rawdock.loaded_sections), sorted(rawdock.__all__) == rawdock.__all__, "
                        "set(rawdock.__all__) <= set(dir(rawdock)), hasattr(rawdock, 'no_such_name'), "
                        "rawdock.loaded_sections)"
                  ) == "[] True True False set()\n"


def test_a_name_runs_the_sections_that_it_needs(sectioned):
    """Private names too: the tests import those from the single file."""
    program = "for name in sys.argv[1:]: getattr(rawdock, name)\nprint(sorted(rawdock.loaded_sections))"
    assert (python(sectioned, program, "FrameReader")
            == str(["rawdock/errors.py", "rawdock/wire/frames.py", "rawdock/wire/reader.py"]) + "\n")
    assert python(sectioned, program, "label_span") == "['rawdock/errors.py', 'rawdock/wire/reader.py']\n"


def test_every_name_of_every_section_is_found_by_itself(sectioned):
    """One name after the other, each in a namespace that has run nothing."""
    program = """
import json
names_of = json.loads(sys.argv[1])
for section, names in names_of.items():
    for name in {name for names in names_of.values() for name in names} & set(vars(rawdock)):
        delattr(rawdock, name)
    rawdock.loaded_sections.clear()
    missing = [name for name in names if not hasattr(rawdock, name)]
    print(section, missing, "rawdock/" + section in rawdock.loaded_sections)
"""
    sections = sections_in(sectioned.read_text(encoding="utf-8"))
    names = {name: AMALGAMATE.bound_names(text) for name, (_, _, text) in sections.items()}
    assert all(names.values())
    assert (python(sectioned, program, json.dumps(names))
            == "".join("%s [] True\n" % name for name in names))


def test_every_function_knows_its_line(sectioned):
    program = ("for name in rawdock.SECTIONS: rawdock.load_section(name)\n"
               "for thing in list(vars(rawdock).values()):\n"
               "    for one in [thing] + (list(vars(thing).values()) if isinstance(thing, type) else []):\n"
               "        code = getattr(one, '__code__', None)\n"
               "        if code and getattr(one, '__module__', None) == 'rawdock':\n"
               "            print(code.co_firstlineno, code.co_name, code.co_filename)\n")
    lines = sectioned.read_text(encoding="utf-8").split("\n")
    seen = [one.split(" ", 2) for one in python(sectioned, program).splitlines()]
    assert len(seen) > 200
    for number, name, path in seen:
        assert os.path.samefile(os.path.join(str(sectioned.parent), path), str(sectioned))
        line = lines[int(number) - 1]
        assert "def %s(" % name in line or line.strip().startswith(
            "@") or name == "<lambda>" and "lambda" in line, (number, name, line)


def test_a_traceback_shows_the_line_in_this_file(copy):
    ran = run([sys.executable, "-I", "-S", "-B", "-c",
               "import sys; sys.path.insert(0, '.'); import rawdock; rawdock.parse_address('gopher://x')"],
              copy.parent)
    assert ran[0] == 1
    number, shown = re.findall(r'rawdock.py", line ([0-9]+), in [a-z_]+\n    (.+)\n', ran[2].decode())[-1]
    text = copy.read_text(encoding="utf-8")
    lines = text.split("\n")
    assert shown.startswith("raise AddressError(") and lines[int(number) - 1].strip() == shown
    assert (lines.index("# ==== begin rawdock/net/address.py") < int(number)
            < lines.index("# ==== end rawdock/net/address.py"))


def test_the_docstring_of_a_section_is_not_that_of_the_file(copy):
    assert (python(copy, "rawdock.Docker; print(rawdock.__doc__.split('.')[0])")
            == text_of("__init__.py").split("\n")[0][3:].rstrip(".") + "\n")


def test_threads_that_need_one_section_run_it_once(sectioned):
    program = ("import threading, time\n"
               "rawdock.time, rawdock.runs = time, []\n"
               "rawdock.SECTIONS['slow'] = (1, '', "
               "'\\nruns.append(1)\\ntime.sleep(0.1)\\nruns.append(2)\\n')\n"
               "seen = []\n"
               "threads = [threading.Thread(target=lambda: (rawdock.load_section('slow'), "
               "seen.append(list(rawdock.runs)))) for _ in range(8)]\n"
               "for one in threads: one.start()\n"
               "for one in threads: one.join()\n"
               "print(seen == [[1, 2]] * 8)\n")
    assert python(sectioned, program) == "True\n"


MAIN_THEN_SECTIONS = ("import os, sys; sys.path.insert(0, sys.argv[1]); %s\n"
                      "status = main(sys.argv[2:]); sys.stdout.flush(); print('\\n' + ' '.join(sorted(%s)))")


@pytest.mark.parametrize("words, status", [
    (["--version"], 0), (["endpoints", "ps"], 0), (["-H", "unix:///nonexistent/socket", "ps"], 1),
    (["-H", "practice:", "ps"], 0), (["explain", "nothing-there"], 1), (["no-such-command"], 1)])
def test_a_command_runs_the_sections_of_the_files_that_the_package_imports(tmp_path, words, status):
    """The package is the measure: laziness must not be lost on the way, nor reach a name too late."""
    package = MAIN_THEN_SECTIONS % ("from rawdock.main import main",
                                    "one.replace('.', '/') + '.py' for one in sys.modules if "
                                    "one.startswith('rawdock.')")
    single = MAIN_THEN_SECTIONS % ("import rawdock; from rawdock import main", "rawdock.loaded_sections")
    (tmp_path / "rawdock.py").write_bytes(made("--whole"))
    outcomes = []
    for program, home in ((package, ROOT), (single, tmp_path)):
        ran = run([sys.executable, "-I", "-S", "-B", "-c", program + "; sys.exit(status)", home] + words,
                  tmp_path)
        assert ran[0] == status, ran
        out, _, loaded = ran[1].decode().rstrip("\n").rpartition("\n")
        outcomes.append((out, ran[2], [name for name in loaded.split() if name[len("rawdock/"):] in FILES]))
    assert outcomes[0] == outcomes[1]
    assert ("rawdock/teach/practice/engine.py" in outcomes[1][2]) is ("practice:" in words)
    assert len(outcomes[1][2]) < len(FILES) - 5


def test_it_offers_the_public_names(copy, size):
    program = (
        "import sys; sys.path.insert(0, '.'); from rawdock import *; print(sorted(set(sys.argv[1:]) - "
        "set(globals())))")
    names = AMALGAMATE.all_names(PUBLIC, files_in(size))
    assert names
    assert run([sys.executable, "-I", "-S", "-B", "-c", program] + names, copy.parent) == (0, b"[]\n", b"")


def test_it_runs_alone(copy, size):
    status, out, errors = run([sys.executable, "-I", "-S", copy.name, "--help"], copy.parent)
    assert b"Traceback" not in errors
    if size != "core":
        assert status == 0 and b"rawdock" in out and (b"explain" in out) is (size == "whole")
    else:
        assert status == 1 and b"--self-test" in errors
    assert set(os.listdir(str(copy.parent))) <= {"rawdock.py", "__pycache__"}


def test_its_self_test_passes(copy):
    status, out, errors = run([sys.executable, "-I", "-S", copy.name, "--self-test"], copy.parent)
    assert (status, errors) == (0, b"")
    assert re.match(rb"self-test: [1-9][0-9]* checks passed\r?\n\Z", out)


def test_its_self_test_has_a_check_for_every_file_that_one_is_written_for(copy):
    out = run([sys.executable, "-I", "-S", copy.name, "--self-test"], copy.parent)[1]
    assert int(out.split()[1]) >= copy.read_text(encoding="utf-8").count("\n@self_check\n") >= 8


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
    (b"return FRAME_HEADER.pack(stream << 24, len(payload)) + payload",
     b"return FRAME_HEADER.pack(stream << 24, len(payload)) + b''"),
    (b'def encode_chunk(data):',
     b'def encode_chunk(data):\n    raise ProtocolError("none", 0, b"", "nothing")'),
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
    assert (b"the bytes below the header" not in out and b"passed" not in out
            and out.startswith(b"self-test: "))


def test_cutting_own_imports_leaves_everything_else():
    text = ('"""Doc: from .x import Y"""\nimport re\n\nfrom .feed import A\nfrom ..errors import (B,  # '
            'why\n    C)\n\n\n'
            'def f():\n    from .. import __version__\n    from .z import D\n\n    return """\nfrom .q '
            'import E\n"""\n')
    assert AMALGAMATE.section_of(text, "wire/a.py") == (
        '"""Doc: from .x import Y"""\nimport re\n\n\n'
        'def f():\n    load_section("rawdock/wire/z.py")\n\n    return """\nfrom .q import E\n"""\n',
        ["rawdock/errors.py", "rawdock/wire/feed.py"])


@pytest.mark.parametrize("text, complaint", [
    ("from .x import A; a = 1\n", "shares its line"),
    ("if True: from .x import A\n", "shares its line"),
    ("if True:\n    from .x import A\n", "only statement of its block"),
    ("from .x import A as B\n", "without `as`"),
    ("from .x import *\n", "without `as`"),
    ("from rawdock.x import A\n", "not rawdock.x"),
    ("import os, rawdock.x\n", "not rawdock.x"),
    ("def f(:\n", "rawdock/a.py:1"),
    ("a = 1\nb = '''c'''\n", "rawdock/a.py:2: three single quotes"),
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
    (["--core", "-o", "."], b"is a directory"),
    (["--core", "-o", "no/such/folder/rawdock.py"], b"cannot write"),
    (["--only", ","], b"--only names no command"),
    (["--only", "no-such-command"], b"--only"),
])
def test_bad_options_are_one_line(options, complaint, tmp_path):
    status, out, errors = run([sys.executable, TOOL] + options, tmp_path)
    assert status == 1 and out == b""
    assert complaint in errors and errors.count(b"\n") == 1


def test_what_is_no_file_is_written_to_and_not_replaced(tmp_path):
    """As root, a -o /dev/null that replaces what is there takes it away from the whole machine."""
    path = str(tmp_path / "pipe")
    os.mkfifo(path)
    reader = subprocess.Popen(["cat", path], stdout=subprocess.PIPE)
    AMALGAMATE.write_whole(path, b"text")
    assert reader.communicate(timeout=60)[0] == b"text"
    assert os.listdir(str(tmp_path)) == ["pipe"] and not os.path.isfile(path)
