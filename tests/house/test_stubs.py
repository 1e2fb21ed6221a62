"""The type stubs: they are what the table gives, they agree with the package, and they are installed."""
import ast
import inspect
import os
import subprocess
import sys

import pytest

import rawdock
from rawdock.engine.endpoints import Endpoint, endpoint_names, endpoints
from rawdock.engine.operations import SHORTCUT_NAMES
from rawdock.engine.options import given_rows, run_options
from rawdock.engine.shortcuts import EXEC_FIELDS

from tests.engine.answer_shapes import FACTS, differences, unknown_fields
from tests.house.single_files import TOOL
from tests.house.sources import ROOT, load_tool

STUB = os.path.join(ROOT, "rawdock", "__init__.pyi")
# What has no type, because it is for the package's own files only.
INTERNAL = {
    "Connection": {"receive_early", "release", "send_watching", "socket_error", "write_watching"},
    "Response": {"fail", "watch_end", "on_complete", "failed"},
    "Docker": {"find_way"}, "RequestReader": {"take_head", "take_content", "take_part"},
    "ResponseReader": {"answered", "switch", "stay", "take_head", "take_content", "take_part"},
    "Endpoint": {"encode_path_value", "encode_query_values", "refuse_older_engine"},
    "PracticeEngine": {"close_ports", "dispatch", "listen_on_tcp", "open_port", "spawn", "wait_until"},
}
NEW_TOOL = pytest.mark.skipif(sys.version_info < (3, 8), reason="tools/stubs needs Python 3.8")


def read_stub():
    with open(STUB, encoding="utf-8") as file:
        return file.read()


@pytest.fixture(scope="module")
def stub():
    """{name: its node} of the stub's top level."""
    tree = ast.parse(read_stub())
    return {getattr(node, "name", None) or node.targets[0].id: node for node in tree.body
            if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.Assign))}


def members_of(stub, name):
    """{name: [its nodes, several for an overload]} of a class of the stub and of its bases there."""
    found = {}
    for base in stub[name].bases:
        if getattr(base, "id", None) in stub:
            found.update(members_of(stub, base.id))
    own = {}
    for node in stub[name].body:
        if isinstance(node, ast.FunctionDef):
            own.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.AnnAssign):
            own[node.target.id] = [node]
    found.update(own)
    return found


def stub_parameters(node):
    """[(name, whether by name only, whether optional)] of a function of the stub."""
    arguments, required = node.args, len(node.args.args) - len(node.args.defaults)
    return ([(one.arg, False, number >= required) for number, one in enumerate(arguments.args)]
            + [(one.arg, True, may is not None)
               for one, may in zip(arguments.kwonlyargs, arguments.kw_defaults)])


def runtime_parameters(function):
    parameters = inspect.signature(function).parameters.values()
    return [(one.name, one.kind == one.KEYWORD_ONLY, one.default is not one.empty) for one in parameters
            if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)]


def public_members(thing):
    python_own = set().union(*[dir(base) for base in thing.__mro__ if base.__module__ == "builtins"])
    return {name for name in dir(thing) if not name.startswith("_")} - python_own


@NEW_TOOL
def test_the_stub_is_what_the_table_gives():
    assert read_stub() == load_tool("stubs").stub_text(), "run tools/stubs"


@NEW_TOOL
def test_a_changed_row_changes_the_stub():
    tool, row = load_tool("stubs"), """volume_delete DELETE /volumes/{name} - none 204 1.24
    remove a volume no container uses
    force:bool@1.25"""
    assert tool.operation_method(Endpoint("Volume", row), {}) in read_stub()
    for before, after in (("force:bool", "force:str"), ("force:", "verbose:"), ("remove", "delete"),
                          ("none", "json")):
        changed = Endpoint("Volume", row.replace(before, after))
        assert tool.operation_method(changed, {"volume_delete": "Volume"}) not in read_stub(), before


@pytest.mark.parametrize("name", rawdock.__all__)
def test_the_stub_has_each_public_name_with_its_members(stub, name):
    thing = getattr(rawdock, name)
    assert name in stub, "write its types in tools/stub_parts/library.pyi and run tools/stubs"
    if not inspect.isclass(thing):
        found = stub[name].args
        assert stub_parameters(stub[name]) == runtime_parameters(thing)
        assert bool(found.kwarg) is any(one.kind == one.VAR_KEYWORD
                                        for one in inspect.signature(thing).parameters.values())
        return
    members = members_of(stub, name)
    assert public_members(thing) - set(members) == INTERNAL.get(name, set()), "tools/stub_parts"
    for member in sorted(set(members) & public_members(thing)):
        found = getattr(thing, member)   # an operation is there when it has been used
        value = inspect.getattr_static(thing, member)
        for node in members[member]:
            if isinstance(node, ast.FunctionDef) and callable(found):
                given, there = stub_parameters(node), [] if node.args.vararg else runtime_parameters(found)
                assert node.args.vararg or [one[:2] for one in given] == [one[:2] for one in there], member
            elif isinstance(node, ast.FunctionDef):
                assert isinstance(value, property), member


def test_all_operations_are_methods_of_the_stub(stub):
    members = members_of(stub, "Docker")
    assert set(endpoint_names()) <= set(members)
    for name in endpoint_names():
        for node in members[name]:
            annotations = [one.annotation for one in node.args.args[1:] + node.args.kwonlyargs]
            assert all(annotations) and node.returns is not None, name
            assert node.args.kwarg is None and node.args.vararg is None, name
        assert ast.get_docstring(members[name][0]) == getattr(rawdock.Docker, name).__doc__


def test_the_shapes_that_people_use_most_are_there(stub):
    for name in ("Container ContainerInspect ImageSummary Event Info Version Stats Network Volume".split()):
        assert "TypedDict" == stub[name].bases[0].id and len(stub[name].body) > 3, name


def test_stubs_and_marker_are_installed(tmp_path):
    """The files that setuptools puts into a wheel."""
    pytest.importorskip("setuptools")
    program = ("import setuptools, sys; sys.argv[1:] = ['-q', 'egg_info', '--egg-base', sys.argv[1],"
               " 'build_py', '--build-lib', sys.argv[1]]; setuptools.setup()")
    ran = subprocess.run([sys.executable, "-W", "ignore", "-c", program, str(tmp_path)], cwd=ROOT,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert ran.returncode == 0, ran.stderr.decode()
    assert (tmp_path / "rawdock" / "py.typed").read_bytes() == b""
    assert (tmp_path / "rawdock" / "__init__.pyi").read_text(encoding="utf-8") == read_stub()
    assert (tmp_path / "rawdock" / "engine" / "docker.py").exists()


def test_the_library_alone_comes_with_its_stub(tmp_path):
    subprocess.run([sys.executable, TOOL, "--core", "-o", str(tmp_path / "mine.py")], check=True)
    text = (tmp_path / "mine.pyi").read_text(encoding="utf-8")
    names = {node.name for node in ast.parse(text).body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
    core = {name for home, listed in rawdock.PUBLIC_NAMES.items() if not home.startswith("teach.")
            for name in listed.split()}
    assert core <= names and not names & (set(rawdock.__all__) - core)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.py", "mine.pyi"]
    subprocess.run([sys.executable, TOOL, "-o", str(tmp_path / "whole.py")], check=True)
    assert not (tmp_path / "whole.pyi").exists()


def calls_of(path):
    """[(operation, number of values of the path, names)] of each call of an operation in a file."""
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    return [(node.func.attr, len(node.args), {one.arg for one in node.keywords}) for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name) and node.func.value.id == "docker"
            and node.func.attr != "request"]


def test_the_sample_for_type_checkers_calls_sixty_operations_rightly():
    calls = calls_of(os.path.join(ROOT, "tests", "types", "sixty_operations.py"))
    used = {name for name, _, _ in calls}
    assert len(used) >= 60 and used <= set(endpoint_names()) | set(SHORTCUT_NAMES)
    for name, count, names in calls:
        if name in SHORTCUT_NAMES:   # which take any option
            continue
        parameters = inspect.signature(getattr(rawdock.Docker("unix:///x"), name)).parameters
        assert names <= set(parameters), name
        by_position = [one for one in parameters.values() if one.kind == one.POSITIONAL_OR_KEYWORD]
        assert count == len(by_position), name


@pytest.mark.parametrize("operation, answer, found", [
    ("container_wait", {"StatusCode": 0, "Error": None, "New": 1}, []),
    ("container_wait", {"StatusCode": "0"}, ["ContainerWaitResponse.StatusCode: int, not '0'"]),
    ("container_wait", {"StatusCode": True}, ["ContainerWaitResponse.StatusCode: int, not True"]),
    ("container_wait", {"Error": {"Message": 1}}, ["ContainerWaitExitError.Message: str, not 1"]),
    ("container_list", {}, ["container_list: list, not {}"]),
    ("container_list", [{"Names": "x"}, {"Labels": {"a": 1}}], ["Container.Labels: str, not 1",
                                                               "Container.Names: list, not 'x'"]),
])
def test_an_answer_of_another_shape_is_found(operation, answer, found):
    """As the live test of the shapes finds it."""
    assert differences(operation, answer) == found
    assert unknown_fields("container_wait", {"StatusCode": "0", "New": 1}) == [
        "ContainerWaitResponse.New is unknown"]


def test_what_older_engines_answer_is_in_the_shapes(stub):
    """As fields that may be absent: API 1.55 has these no more, engines before Docker 29 answer them."""
    for shape, field in (("NetworkSettings", "IPAddress"), ("SystemDataUsageAnswer", "LayersSize"),
                         ("ImageInspect", "Parent"), ("Event", "status")):
        annotation, = [one.annotation for one in stub[shape].body if one.target.id == field]
        assert annotation.value.id == "NotRequired", field


def test_the_bodies_that_an_operation_takes_have_shapes(stub):
    members, tables = members_of(stub, "Docker"), {row.name: row for row in endpoints()}
    assert set(FACTS["takes"]) == {name for name, row in tables.items() if row.body == "json"} - {"session"}
    for name, kind in FACTS["takes"].items():
        shape = kind[len("list["):-1] if kind.startswith("list[") else kind
        assert kind in ast.dump(members[name][0]) or kind.startswith("list["), name
        assert shape == "str" or {one.arg for one in stub[shape].keywords} == {"total"}, shape


def test_what_run_takes_by_name_is_its_table(stub):
    names = {one.target.id for one in stub["_RunOptions"].body}
    assert {one.keyword for one in run_options()} - {"detach"} <= names and "volumes" in names
    assert given_rows(dict.fromkeys(names, "x"))   # UsageError for a name that there is not
    assert {one.target.id for one in stub["_ExecFields"].body} == set(EXEC_FIELDS)
