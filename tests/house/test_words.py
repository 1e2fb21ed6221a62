"""Shape and words: how wide a line, how long a file and a function may be, and which words have been retired.

One test a file, of the package, the tests and the tools. Its failure lists every finding as `path:line:
what`. A wide table is excepted by two marks around it, and its lines are not counted as code either:

    # ==== table begin: what it is
    # ==== table end

Left out on purpose: other strings than docstrings are held only to the words that are never a term of the
field, and only in the package, whose strings people read. Files of data are held to nothing.
"""
import ast
import io
import os
import re
import sys
import tokenize
from functools import lru_cache

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

WIDEST_LINE = 110        # characters
LONGEST_FILE = 600       # lines that hold code
LONGEST_FUNCTION = 40    # lines that hold code

# Functions that may be longer: "path: name" and the reason.
LONGER_FUNCTIONS = {
    "tests/engine/test_docker.py: test_all_operations_are_called_by_name": "one walk through all operations",
    "tests/engine/test_docker.py: test_whether_a_stream_is_in_frames": "one engine, an answer of each kind",
    "tools/bench_parts/figures.py: svg": "a drawing, written from its top to its bottom",
    "tools/bench_parts/rows_requests.py: row_parse": "the contenders of a row, a few lines each",
    "tools/bench_parts/rows_requests.py: keepalive": "the contenders of a row, a few lines each",
    "tools/bench_parts/rows_requests.py: chunked": "the contenders of a row, a few lines each",
    "tools/sweep: replay": "the rules of what counts, in the order in which they are tried",
    "tools/sweep: record_all": "one session with an engine, exchange after exchange",
}

# Parts of an identifier (`is_plain` has the parts `is` and `plain`), and whole identifiers.
RETIRED_PARTS = {"plain", "receipt", "receipts", "picture", "pictures", "spoil", "spoils", "spoiled",
                 "spoiler", "owed", "told", "asked", "bears", "stands", "sound", "nonsense"}
RETIRED_NAMES = {"reach", "hand_back", "_near_the_end", "_late", "_broken", "_judge", "raw_door"}

# Words of docstrings and comments. The second row is for other strings of the package, too.
RETIRED_PROSE = re.compile(r"\b(told|asked|stands|sound)\b", re.IGNORECASE)
NEVER_A_TERM = re.compile(r"\b(receipts?|pictures?|raw[ -]doors?|spoil\w*|bears\s+on|nonsense)\b",
                          re.IGNORECASE)

# A docstring must be complete where it is.
REFERENCES = re.compile(r"\b(the\s+same|as\s+above|as\s+that\s+of)\b", re.IGNORECASE)

TABLE_BEGIN = re.compile(r"\s*(?:#|//|/\*) ==== table begin: \S.*")
TABLE_END = re.compile(r"\s*(?:#|//|/\*) ==== table end(?: \*/)?")
NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
           tokenize.ENDMARKER}


def files_to_read():
    """Paths below ROOT of every source file of the package, the tests and the tools."""
    found = [".ci/run"]
    for top in ("rawdock", "tests", "tools"):
        for folder, folders, names in os.walk(os.path.join(ROOT, top)):
            folders[:] = [one for one in folders if one != "__pycache__"]
            paths = [os.path.relpath(os.path.join(folder, name), ROOT) for name in names]
            found += [path for path in paths if path.endswith((".py", ".pyi", ".c")) or is_script(path)]
    return sorted(path.replace(os.sep, "/") for path in found)


def is_script(path):
    with open(os.path.join(ROOT, path), "rb") as file:
        return file.read(2) == b"#!"


def is_python(path, text):
    return path.endswith((".py", ".pyi")) or re.match("#!.*python", text) is not None


def lines_in_tables(lines):
    """→ (numbers of the lines between two marks, findings): line numbers count from 1."""
    inside, findings, begin = set(), [], None
    for number, line in enumerate(lines, 1):
        if TABLE_BEGIN.fullmatch(line):
            if begin:
                findings.append((number, "a table begins inside of another"))
            begin = number
        elif TABLE_END.fullmatch(line):
            if not begin:
                findings.append((number, "a table ends that did not begin"))
            begin = None
        elif begin:
            inside.add(number)
    if begin:
        findings.append((begin, "this table has no end"))
    return inside, findings


def strings_of(literal):
    """Before Python 3.8 a literal of text is a Str."""
    return getattr(literal, "value", getattr(literal, "s", None))


def docstrings_in(tree):
    """→ [(first line, last line, text)] of every docstring."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node,
                      (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            text = strings_of(node.body[0].value)
            # Python before 3.8 gives the line where a literal of several lines ends.
            first = node.body[0].lineno - (text.count("\n") if sys.version_info < (3, 8) else 0)
            found.append((first, first + text.count("\n"), text))
    return found


class Source:
    """One Python file: its tokens, its docstrings, and which of its lines hold code."""

    def __init__(self, text):
        self.tree = ast.parse(text)
        self.tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
        self.docstrings = docstrings_in(self.tree)
        self.lines = text.split("\n")
        self.tables, self.table_findings = lines_in_tables(self.lines)
        self.code = set()
        for token in self.tokens:
            if token.type not in NO_CODE:
                self.code.update(range(token.start[0], token.end[0] + 1))
        for first, last, _ in self.docstrings:
            self.code -= set(range(first, last + 1))
        self.code -= self.tables

    def functions(self):
        """(name with what it is in, number of its first line, lines of code) of every function, nested ones
        too."""
        def walk(node, names):
            for child in ast.iter_child_nodes(node):
                inner = names
                if isinstance(child, (ast.FunctionDef, ast.ClassDef)):
                    inner = names + [child.name]
                if isinstance(child, ast.FunctionDef):
                    last = getattr(child, "end_lineno", 0) or max(   # Python before 3.8 does not say it
                        getattr(one, "lineno", 0) for one in ast.walk(child))
                    first = child.lineno   # before Python 3.8 that of the first decorator
                    while not self.lines[first - 1].lstrip().startswith("def "):
                        first += 1
                    yield ".".join(inner), first, len(self.code & set(range(first, last + 1)))
                yield from walk(child, inner)
        return walk(self.tree, [])


read_once = lru_cache(maxsize=1)(Source)   # its shape and its words are looked at in turn


def shape_findings(path, text):
    lines = text.split("\n")
    tables, findings = lines_in_tables(lines)
    findings += [(number, "%d characters wide" % len(line)) for number, line in enumerate(lines, 1)
                 if len(line) > WIDEST_LINE and number not in tables]
    if not is_python(path, text):
        return findings
    source = read_once(text)
    if len(source.code) > LONGEST_FILE:
        findings.append((1, "%d lines of code" % len(source.code)))
    findings += [(line, "%s has %d lines of code" % (name, count)) for name, line, count in source.functions()
                 if count > LONGEST_FUNCTION and "%s: %s" % (path, name) not in LONGER_FUNCTIONS]
    return findings


def word_findings(text, read_strings=True):
    """Retired words in the names, docstrings, comments and, with `read_strings`, other strings of Python
    source."""
    source = read_once(text)
    findings = []
    for token in source.tokens:
        line = token.start[0]
        if token.type == tokenize.NAME:
            parts = {part.lower() for part in re.findall("[A-Z]?[a-z]+", token.string)}
            if parts & RETIRED_PARTS or token.string in RETIRED_NAMES:
                findings.append((line, "name: " + token.string))
        elif token.type == tokenize.COMMENT:
            findings += words_at(line, token.string, RETIRED_PROSE, "comment: ")
            findings += words_at(line, token.string, NEVER_A_TERM, "comment: ")
        elif token.type == tokenize.STRING and read_strings:
            findings += words_at(line, token.string, NEVER_A_TERM, "string: ")
    for line, _, docstring in source.docstrings:
        findings += words_at(line, docstring, RETIRED_PROSE, "docstring: ")
        if not read_strings:
            findings += words_at(line, docstring, NEVER_A_TERM, "docstring: ")
        findings += words_at(line, docstring, REFERENCES, "docstring: ")
    return findings


def words_at(line, text, expression, kind):
    # A word in backticks quotes something: a path, a name of the API, what another program prints.
    quoted = re.sub("`[^`\n]*`", lambda match: " " * len(match.group()), text)
    return [(line + text.count("\n", 0, found.start()), kind + " ".join(found.group().split()))
            for found in expression.finditer(quoted)]


def report(path, findings):
    return ["%s:%d: %s" % (path, line, what) for line, what in sorted(set(findings))]


@pytest.mark.parametrize("path", files_to_read())
def test_shape_and_words(path):
    with open(os.path.join(ROOT, *path.split("/")), encoding="utf-8") as file:
        text = file.read()
    findings = shape_findings(path, text)
    # This file must name the words.
    if is_python(path, text) and not path.endswith("house/test_words.py"):
        findings += word_findings(text, read_strings=path.startswith("rawdock/"))
        findings += [(1, "path: " + part) for part in re.findall("[a-z]+", path) if part in RETIRED_PARTS]
    if findings:
        pytest.fail("\n".join(report(path, findings)), pytrace=False)


def test_each_function_that_may_be_longer_is_there_and_longer():
    unneeded = []
    for key, reason in LONGER_FUNCTIONS.items():
        path, _, name = key.partition(": ")
        with open(os.path.join(ROOT, *path.split("/")), encoding="utf-8") as file:
            counts = [count for one, _, count in Source(file.read()).functions() if one == name]
        if not reason or not counts or max(counts) <= LONGEST_FUNCTION:
            unneeded.append(key)
    assert unneeded == []


# -- that the search finds what it looks for

@pytest.mark.parametrize("source, found", [
    ("is_plain = 1\n", "x.py:1: name: is_plain"),
    ("class SpoiledReader:\n    pass\n", "x.py:1: name: SpoiledReader"),
    ("self._late = 1\n", "x.py:1: name: _late"),
    ("def f():\n    '''One.\n\n    As it was told.'''\n", "x.py:4: docstring: told"),
    ("def f():\n    '''The same\n    for two.'''\n", "x.py:2: docstring: The same"),
    ("def f():\n    '''A.\n    As\n    above.'''\n", "x.py:3: docstring: As above"),
    ("one = 2   # bears on it\n", "x.py:1: comment: bears on"),
    ("one = 2   # asked\n", "x.py:1: comment: asked"),
    ("one = 'a receipt'\n", "x.py:1: string: receipt"),
])
def test_a_retired_word_is_found(source, found):
    assert report("x.py", word_findings(source)) == [found]


@pytest.mark.parametrize("source", [
    "explain = latest = 1\n", "one = 'told'\n", "def f():\n    '''`/asked` is its path. It explains.'''\n",
    "'''soundness'''\n", "one = '''\nthe same\n'''\n"])
def test_another_word_is_not(source):
    assert word_findings(source) == []


LONG = "x = %s\n" % " + ".join(["1"] * 40)
BEGIN, END = "# ==== table begin: ones\n", "# ==== table end\n"


@pytest.mark.parametrize("source, found", [
    (LONG, ["x.py:1: 161 characters wide"]),
    (BEGIN + LONG + END, []),
    (BEGIN + LONG, ["x.py:1: this table has no end"]),
    (END, ["x.py:1: a table ends that did not begin"]),
    (BEGIN + BEGIN + END, ["x.py:2: a table begins inside of another"]),
    ("x = 1\n" * 601, ["x.py:1: 601 lines of code"]),
    ("x = 1\n" * 600 + "\n# a\n" + "'a'\n", ["x.py:1: 601 lines of code"]),
    ("'''a\nb'''\n" + "x = 1\n" * 600 + "\n# a\n" + BEGIN + "y = 1\n" + END, []),
    ("def f():\n" + "    x = 1\n" * 40, ["x.py:1: f has 41 lines of code"]),
    ("def f():\n    '''a\n    b'''\n    # c\n\n" + "    x = 1\n" * 39, []),
    ("class A:\n  def f():\n   def g():\n" + "    x = 1\n" * 39, ["x.py:2: A.f has 41 lines of code"]),
    ("class A:\n  def f():\n   def g():\n" + "    x = 1\n" * 40,
     ["x.py:2: A.f has 42 lines of code", "x.py:3: A.f.g has 41 lines of code"]),
])
def test_what_is_too_large_is_found(source, found):
    assert report("x.py", shape_findings("x.py", source)) == found
