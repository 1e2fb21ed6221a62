"""The floors: FILES is every file, lowest first, and a file imports only from files above it."""
import ast

import pytest

from tests.house.sources import (AMALGAMATE, FILES, defined_names, files_on_disk, home_of, own_imports,
                                 text_of, tree_of)

FLOORS = ["errors.py", "wire/", "net/", "engine/", "cli/", "teach/", "main.py"]
MAP_FILES = ["__init__.py", "__main__.py"]


def floor_number(name):
    return [number for number, floor in enumerate(FLOORS) if name.startswith(floor)]


def test_the_list_is_the_files_on_disk():
    on_disk = [name for name in files_on_disk() if name.split("/")[-1] not in MAP_FILES]
    assert len(set(FILES)) == len(FILES)
    assert sorted(FILES) == on_disk, "FILES in tools/amalgamate and the files below rawdock/ differ"


def test_the_list_is_in_floor_order():
    numbers = [floor_number(name) for name in FILES]
    assert all(len(number) == 1 for number in numbers)
    assert numbers == sorted(numbers)


@pytest.mark.parametrize("name",
                         [name for name in files_on_disk() if "/" in name and name.endswith("__init__.py")])
def test_a_floors_own_init_says_what_it_is_and_no_more(name):
    body = tree_of(name).body
    assert isinstance(body[0], ast.Expr)
    names = ["PracticeEngine"] if name == "teach/practice/__init__.py" else []   # this room was one file once
    assert [alias.name for node in body[1:] if isinstance(node, ast.ImportFrom)
            for alias in node.names] == names
    assert len(body) == (3 if names else 1)


@pytest.mark.parametrize("name", FILES)
def test_a_file_opens_with_its_strategy(name):
    assert ast.get_docstring(tree_of(name))


@pytest.mark.parametrize("name", FILES)
def test_imports_go_down_only(name):
    for node in own_imports(name):
        home = home_of(name, node)
        if home == "__init__.py":
            assert [alias.name for alias in node.names] == ["__version__"], \
                "%s:%d: the map gives only __version__ to the files below it" % (name, node.lineno)
            continue
        assert home in FILES, "%s:%d imports from %s: names are imported from files, not packages" % (
            name, node.lineno, home)
        assert FILES.index(home) < FILES.index(name), "%s:%d imports upwards, from %s" % (
            name, node.lineno, home)


@pytest.mark.parametrize("name", FILES)
def test_imports_are_of_names_that_their_home_defines(name):
    for node in own_imports(name):
        home = home_of(name, node)
        for alias in node.names:
            assert alias.asname is None and alias.name != "*", "%s:%d" % (name, node.lineno)
            assert alias.name in defined_names(home), "%s:%d: %s does not define %s" % (
                name, node.lineno, home, alias.name)


@pytest.mark.parametrize("name", FILES)
def test_the_package_is_named_only_by_relative_imports(name):
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.ImportFrom):
            assert node.level or node.module.split(".")[0] != "rawdock", "%s:%d" % (name, node.lineno)
        if isinstance(node, ast.Import):
            assert all(alias.name.split(".")[0] != "rawdock"
                       for alias in node.names), "%s:%d" % (name, node.lineno)


@pytest.mark.parametrize("name", FILES)
def test_an_own_import_can_be_cut_out(name):
    """Its block keeps another statement, and it has lines of its own."""
    for node in ast.walk(tree_of(name)):
        for block in ("body", "orelse", "finalbody"):
            statements = getattr(node, block, None)
            if isinstance(statements, list) and statements and not isinstance(node, ast.Module):
                own = [one for one in statements if isinstance(one, ast.ImportFrom) and one.level]
                assert len(own) < len(statements), "%s:%d: only own imports in this block" % (
                    name, statements[0].lineno)
    AMALGAMATE.section_of(text_of(name), name)
