"""One namespace: what the single file joins must not collide, and the map must lead somewhere."""
import ast
import builtins

import pytest

import rawdock
from tests.house.sources import AMALGAMATE, FILES, ROOT, defined_names, imported_names, own_imports, tree_of

VERSION, PUBLIC = AMALGAMATE.read_map(ROOT)


def test_top_level_names_are_unique():
    homes = {}
    for name in FILES:
        for defined in defined_names(name):
            if not (defined.startswith("__") and defined.endswith("__")):
                homes.setdefault(defined, []).append(name)
    assert {defined: where for defined, where in homes.items() if len(where) > 1} == {}


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_defined_twice(name):
    """Python keeps the last of two, as after a merge that left a function in both places."""
    for node in ast.walk(tree_of(name)):
        if isinstance(node, (ast.Module, ast.ClassDef)):
            defined = [one.name for one in node.body if isinstance(one, (ast.FunctionDef, ast.ClassDef))
                       and not one.decorator_list]
            assert len(defined) == len(set(defined)), "%s: %s" % (name, sorted(defined))


@pytest.mark.parametrize("name", FILES)
def test_no_file_sets_a_name_that_the_single_file_owns(name):
    owned = {"__version__", "__all__"}
    for part in ("loader.py", "selftest.py"):
        path = "../tools/single_file/" + part
        owned.update(defined_names(path), imported_names(path))
    assert {"SECTIONS", "load_section", "self_test", "RLock"} <= owned
    assert owned & set(defined_names(name)) == set()


def test_no_name_hides_a_builtin_or_an_imported_module():
    """In one namespace a top-level `open` or `time` would reach every other file."""
    imported = {}
    for name in FILES:
        own = {alias.name for node in own_imports(name) for alias in node.names}
        for one in set(imported_names(name)) - own:
            imported.setdefault(one, name)
    for name in FILES:
        for defined in defined_names(name):
            assert not hasattr(builtins, defined), "%s: %s hides a builtin" % (name, defined)
            assert defined not in imported, "%s: %s is what %s imports" % (name, defined, imported[defined])


@pytest.mark.parametrize("name", FILES)
def test_no_local_name_hides_an_own_import_of_the_same_function(name):
    """`from .x import Name` inside a function and `Name = …` there: cutting the import would change its
    meaning."""
    for node in ast.walk(tree_of(name)):
        if isinstance(node, (ast.FunctionDef, ast.Lambda)):
            imported = {alias.name for one in ast.walk(node) if isinstance(one, ast.ImportFrom) and one.level
                        for alias in one.names}
            stored = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)
                      and isinstance(one.ctx, ast.Store)}
            stored |= {one.arg for one in ast.walk(node) if isinstance(one, ast.arg)}
            assert imported & stored == set(), "%s:%d" % (name, node.lineno)


@pytest.mark.parametrize("home", list(PUBLIC))
def test_public_names_resolve(home):
    from importlib import import_module
    assert home.replace(".", "/") + ".py" in FILES
    for name in PUBLIC[home].split():
        value = getattr(rawdock, name)
        assert value is getattr(import_module("rawdock." + home), name)
        assert name in defined_names(home.replace(".", "/")
                                     + ".py"), "%s is public from %s but defined elsewhere" % (name, home)


def test_the_map_itself():
    names = [name for names in PUBLIC.values() for name in names.split()]
    assert len(names) == len(set(names))
    assert rawdock.__all__ == sorted(names)
    assert rawdock.__version__ == VERSION
    assert set(names) <= set(dir(rawdock))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError) as caught:
        rawdock.no_such_name
    assert "no_such_name" in str(caught.value)
