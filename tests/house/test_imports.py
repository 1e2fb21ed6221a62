"""What the package may import, what it may never import, and what is in memory after the start."""
import ast
import builtins
import os
import subprocess
import sys

import pytest

from tests.house.sources import FILES, ROOT, files_on_disk, text_of, tree_of

TOP_LEVEL = {"socket", "_socket", "_signal", "_thread", "json", "re", "struct", "os", "sys", "collections",
             "time"}
NEVER = {"http", "urllib", "asyncio", "dataclasses", "logging", "requests", "typing", "__future__"}
MODULE_NAMES = {"__file__", "__name__", "__doc__"}   # that each module has
NEVER_AT_START = {"ssl", "subprocess", "tarfile", "threading", "html", "argparse", "typing", "dataclasses",
                  "logging", "urllib", "http", "asyncio"}


def absolute_imports(nodes):
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node, node.module.split(".")[0]


def top_level_nodes(node):
    """Everything that runs at import: all but the insides of functions."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, (ast.FunctionDef, ast.Lambda)):
            yield from top_level_nodes(child)


@pytest.mark.parametrize("name", FILES)
def test_top_level_imports_are_the_eight_allowed(name):
    for node, module in absolute_imports(top_level_nodes(tree_of(name))):
        assert module in TOP_LEVEL, "%s:%d imports %s at start: put it inside the function that needs it" % (
            name, node.lineno, module)


@pytest.mark.parametrize("name", FILES)
def test_each_name_that_is_used_is_defined_and_each_import_is_used(name):
    tree = tree_of(name)
    defined, imported, used = set(vars(builtins)) | MODULE_NAMES, {}, {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                used.setdefault(node.id, node.lineno)
            else:
                defined.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            defined.add(node.name)
        elif isinstance(node, ast.arg):
            defined.add(node.arg)
        elif isinstance(node, ast.ExceptHandler):
            defined.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                imported.setdefault((alias.asname or alias.name).partition(".")[0], node.lineno)
    for word, line in used.items():
        assert word in defined or word in imported, "%s:%d: nothing defines %s" % (name, line, word)
    for word, line in imported.items():
        assert word in used, "%s:%d imports %s, and uses it nowhere" % (name, line, word)


@pytest.mark.parametrize("name", FILES)
def test_some_modules_are_never_imported(name):
    for node, module in absolute_imports(ast.walk(tree_of(name))):
        assert module not in NEVER, "%s:%d imports %s" % (name, node.lineno, module)


@pytest.mark.parametrize("name", FILES)
def test_only_the_standard_library(name):
    for node, module in absolute_imports(ast.walk(tree_of(name))):
        __import__(module)
        origin = getattr(sys.modules[module], "__file__", None) or ""
        assert "site-packages" not in origin and "dist-packages" not in origin, "%s:%d imports %s" % (
            name, node.lineno, module)


@pytest.mark.parametrize("name", FILES)
def test_no_file_asks_which_module_it_is(name):
    """Each of these has another value, or finds another module, in the single file."""
    asking = {"__file__", "__path__", "__name__", "__doc__", "__spec__", "__package__", "__loader__",
              "globals", "__import__", "import_module", "importlib", "pkgutil"}
    for node in ast.walk(tree_of(name)):
        names = {getattr(node, "id", None)} if isinstance(node, ast.Name) else set()
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = {part for alias in node.names
                     for part in alias.name.split(".")} | set((getattr(node, "module", "") or "").split("."))
        assert names & asking == set(), "%s:%d" % (name, node.lineno)


@pytest.mark.parametrize("name", files_on_disk())
def test_the_syntax_is_that_of_3_6(name):
    if sys.version_info >= (3, 8):
        tree = ast.parse(text_of(name), name, feature_version=(3, 6))
    else:
        tree = tree_of(name)
    # feature_version is a best effort: these later forms it lets pass.
    for node in ast.walk(tree):
        assert not getattr(getattr(node, "args", None), "posonlyargs", None), "%s:%d" % (name, node.lineno)
        assert type(node).__name__ not in ("NamedExpr", "Match", "TryStar"), "%s:%d" % (name, node.lineno)


def modules_after(code):
    """The names in sys.modules of a bare interpreter after `code`."""
    program = "import sys; sys.path.insert(0, sys.argv[1]); %s; print(' '.join(sorted(sys.modules)))" % code
    ran = subprocess.run([sys.executable, "-I", "-S", "-c", program, ROOT], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
    assert ran.returncode == 0, ran.stderr.decode()
    return set(ran.stdout.decode().split())


def test_the_map_alone_loads_nothing():
    assert modules_after("import rawdock") - modules_after("pass") == {"rawdock"}


def start_of_every_file():
    return "import " + ", ".join("rawdock." + name[:-3].replace("/", ".") for name in FILES)


@pytest.mark.parametrize("start",
                         ["import rawdock.__main__" if os.path.exists(os.path.join(ROOT, "rawdock/main.py"))
                          else start_of_every_file(), start_of_every_file()],
                         ids=["the command", "every file"])
def test_the_start_loads_the_allowed_modules_and_no_others(start):
    allowed = modules_after("import " + ", ".join(sorted(TOP_LEVEL)))
    loaded = modules_after(start)
    more = {name for name in loaded - allowed if name.split(".")[0] not in ("rawdock", "encodings")}
    assert more == set(), "loaded at start beyond the allowed set"
    assert {name.split(".")[0] for name in loaded - allowed} & NEVER_AT_START == set()
