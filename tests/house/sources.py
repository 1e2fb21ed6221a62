"""The package's source as the house tests see it: the files, their trees, their own imports.

Each is read once, so tests do not change what they are given.
"""
import ast
import os
from functools import lru_cache
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from symtable import symtable

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def load_tool(name):
    """A script of tools/ as a module (they have no .py, and leave no bytecode behind)."""
    loader = SourceFileLoader(name, os.path.join(ROOT, "tools", name))
    loader.set_data = lambda *ignored, **also: None
    module = module_from_spec(spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


AMALGAMATE = load_tool("amalgamate")
FILES = AMALGAMATE.FILES


def files_on_disk():
    """Every .py below rawdock/ as FILES spells it."""
    found = []
    for folder, _, names in os.walk(os.path.join(ROOT, "rawdock")):
        for name in names:
            if name.endswith(".py"):
                found.append(os.path.relpath(os.path.join(folder, name),
                                             os.path.join(ROOT, "rawdock")).replace(os.sep, "/"))
    return sorted(found)


@lru_cache(maxsize=None)
def text_of(name):
    with open(os.path.join(ROOT, "rawdock", *name.split("/")), encoding="utf-8") as source:
        return source.read()


@lru_cache(maxsize=None)
def tree_of(name):
    return ast.parse(text_of(name), name)


def home_of(name, node):
    """The file that an own import in file `name` imports from, as FILES would spell it."""
    folder = name.split("/")[:-1]
    up = node.level - 1
    assert up <= len(folder), "%s:%d reaches out of the package" % (name, node.lineno)
    parts = folder[:len(folder) - up] + (node.module.split(".") if node.module else ["__init__"])
    return "/".join(parts) + ".py"


@lru_cache(maxsize=None)
def own_imports(name):
    return [node for node in ast.walk(tree_of(name)) if isinstance(node, ast.ImportFrom) and node.level]


def top_level_own_imports(name):
    return [node for node in tree_of(name).body if isinstance(node, ast.ImportFrom) and node.level]


@lru_cache(maxsize=None)
def defined_names(name):
    """Every name that the file binds at its top level, less those it imports: loop variables too."""
    return sorted(symbol.get_name() for symbol in symtable(text_of(name), name, "exec").get_symbols()
                  if symbol.is_assigned() and not symbol.is_imported())


@lru_cache(maxsize=None)
def imported_names(name):
    """Every name that the file imports at its top level."""
    return sorted(symbol.get_name() for symbol in symtable(text_of(name), name, "exec").get_symbols()
                  if symbol.is_imported())
