"""The table of operations: it says what the definition says, and no value escapes its place in a target."""
import importlib.machinery
import importlib.util
import json
import os
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawdock.engine.endpoints import (
    QUERY_ENCODERS,
    encode_query,
    encode_query_parameter,
    endpoints,
    find_endpoint,
    percent_encode,
)
from rawdock.errors import UsageError

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOL = os.path.join(ROOT, "tools", "endpoints")
FACTS = os.path.join(ROOT, "tests", "engine", "operations-v1.55.json")
DEFINITIONS = os.path.join(os.path.dirname(ROOT), "shared", "engine-api")

BODY_KINDS = {"-", "json", "tar"}
RESULT_KINDS = {"json", "none", "messages", "frames", "tar", "raw", "upgrade"}


def load_tool():
    loader = importlib.machinery.SourceFileLoader("endpoints_tool", TOOL)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("endpoints_tool", loader))
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = written
    return module


tool = load_tool()
with open(FACTS, encoding="utf-8") as facts_file:
    facts = json.load(facts_file)


# --- the table against the definition ---------------------------------------------------------

def test_there_are_108_operations_with_the_definition_s_names_paths_methods_and_queries():
    assert len(endpoints()) == len(facts["operations"]) == 108
    table = [(row.name, row.method, row.path, [parameter.name for parameter in row.query])
             for row in endpoints()]
    listed = [(tool.snake_case(operation["id"]), operation["method"], operation["path"],
               [parameter["name"] for parameter in operation["query"]]) for operation in facts["operations"]]
    assert sorted(table) == sorted(listed)


def test_the_check_finds_no_difference_in_kinds_bodies_and_versions_either():
    assert list(tool.differences(facts, endpoints())) == []


@pytest.mark.parametrize("key, value, reported", [
    ("path", "/containers/{id}/logz", "path is"),
    ("method", "PUT", "method is"),
    ("tag", "Image", "tag is"),
    ("body", True, "body"),
    ("id", "ContainerLog", "not in the table"),
    ("query", [], "parameter follow is in the table"),
    ("query", [{"name": "colour", "type": "string", "first": "1.25"}],
     "parameter colour is in the definition"),
    ("query", [{"name": "details", "type": "boolean", "first": "1.25"}], "marked +"),
    ("query", [{"name": "tail", "type": "boolean", "first": "1.25"}], "parameter tail is str"),
    ("query", [{"name": "until", "type": "integer", "first": "1.25"}], "parameter until is new in 1.35"),
    ("query", [{"name": "stdout", "type": "boolean", "first": "1.41"}], "parameter stdout is as old as"),
    ("first", "1.44", "the operation is as old as"),
    ("success", [200, 204], "success is [200] in the table, [200, 204] in the definition"),
    ("success", [204], "success is"),
    ("once", [203], "an older definition has status 203"),
])
def test_the_check_can_fail(key, value, reported):
    changed = json.loads(json.dumps(facts))
    next(operation for operation in changed["operations"] if operation["id"] == "ContainerLogs")[key] = value
    assert any(reported in difference for difference in tool.differences(changed, endpoints()))


def test_the_check_command_exits_1_on_a_difference(tmp_path):
    definition = tmp_path / "small.yaml"
    definition.write_text(
        'info:\n  version: "1.55"\nparameters:\n  Shared:\n    name: "all"\n    in: "query"\n    type: '
        '"boolean"\n'
        'paths:\n  /containers/json:\n    get:\n      operationId: "ContainerList"\n      parameters:\n'
        '        - $ref: "#/parameters/Shared"\n        - name: "colour"\n          description: |\n'
        '            a text: with a colon\n          in: "query"\n          type: "string"\n      tags: '
        '["Container"]\n'
        '      responses:\n        206:\n          description: "a part"\n          examples:\n            '
        'application/json: |\n'
        '              { "200": [\n        "500":\n          description: "wrong"\n')
    ran = subprocess.run([sys.executable, TOOL, "check", str(definition)], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
    lines = ran.stdout.decode().splitlines()
    assert ran.returncode == 1, ran.stderr
    assert "container_list: parameter colour is in the definition, not in the table" in lines
    assert "container_list: parameter limit is in the table, not in the definition" in lines
    assert "container_list: success is [200] in the table, [206] in the definition" in lines
    assert not any("parameter all " in line for line in lines)
    agreed = subprocess.run([sys.executable, TOOL, "check"], stdout=subprocess.PIPE)
    assert agreed.returncode == 0


def test_the_tool_refuses_what_it_cannot_read(tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text("hello: there\n")
    for arguments in (["check", str(broken)], ["check", str(tmp_path / "absent")], ["extract"], ["prune"],
                      []):
        ran = subprocess.run([sys.executable, TOOL] + arguments, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
        assert ran.returncode == 2 and ran.stdout == b""
        assert len(ran.stderr.splitlines()) == 1 and b"Traceback" not in ran.stderr


def test_the_markdown_page_has_every_operation():
    page = tool.markdown_page(endpoints())
    assert all("| `%s` |" % row.name in page for row in endpoints())


# The definitions themselves are not part of the repository. Where they lie beside the checkout
# this test exists; in a fresh clone it does not, and the committed facts above stand for them.
if os.path.isdir(DEFINITIONS):
    def test_the_committed_facts_are_what_the_definitions_say():
        found = [os.path.join(DEFINITIONS, name)
                 for name in sorted(os.listdir(DEFINITIONS)) if name.endswith(".yaml")]
        with open(FACTS, encoding="utf-8") as committed:
            assert tool.write_facts(tool.extract(found)) == committed.read()

    def test_no_help_line_is_a_sentence_of_the_definition():
        with open(os.path.join(DEFINITIONS, "v1.55.yaml"), encoding="utf-8") as definition:
            sentences = definition.read().lower()
        assert [row.help for row in endpoints() if len(row.help.split()) > 4
                and row.help.lower() in sentences] == []


def test_every_row_is_well_formed():
    for row in endpoints():
        assert row.body in BODY_KINDS and row.result in RESULT_KINDS, row
        assert (row.upgrade in ("tcp", "websocket", "h2c")) is (row.result == "upgrade"), row
        assert re.fullmatch(r"1\.[0-9]{2}", row.since) and row.help and row.tag, row
        assert list(row.path_parameters) == re.findall(r"{(\w+)}", row.path), row
        assert row.statuses and len(set(row.statuses)) == len(row.statuses), row
        assert set(row.extra_statuses) < set(row.statuses) <= {101, 200, 201, 204, 304}, row
        assert row.result == "messages" or not row.never_empty, row
        names = [parameter.name for parameter in row.query + row.extra]
        assert len(set(names)) == len(names) and not set(names) & set(row.path_parameters), row
        assert all(parameter.kind in QUERY_ENCODERS for parameter in row.query + row.extra), row
        assert all(re.fullmatch(r"1\.[0-9]{2}", parameter.since) for parameter in row.query + row.extra), row
        assert "\n" not in repr(row)


@pytest.mark.parametrize("name, result", [
    ("container_list", "json"), ("container_logs", "frames"), ("task_logs", "frames"),
    ("image_build", "messages"),
    ("container_stats", "messages"), ("plugin_upgrade", "messages"), ("container_export", "tar"),
    ("container_archive_info", "raw"), ("system_ping", "raw"), ("swarm_init", "json"),
    ("build_prune", "json"),
    ("container_start", "none"), ("exec_start", "upgrade"), ("session", "upgrade"),
])
def test_result_kinds(name, result):
    assert find_endpoint(name).result == result


# --- finding ----------------------------------------------------------------------------------

def test_find_endpoint_gives_the_row_once_and_the_same_after():
    row = find_endpoint("image_build")
    assert (row.method, row.path, row.body, row.tag) == ("POST", "/build", "tar", "Image")
    assert find_endpoint("image_build") is row
    assert repr(find_endpoint("session")).startswith("<Endpoint session POST /session: ")
    assert find_endpoint("session").upgrade == "h2c"


@pytest.mark.parametrize("name", ["containers_list", "", "container_list ", "container_list             GET",
                                  "[Container]", "Container", "\n", "the", None, 7, ["container_list"]])
def test_an_unknown_operation_is_refused(name):
    with pytest.raises(UsageError) as refused:
        find_endpoint(name)
    assert "endpoints lists all" in refused.value.hint and "\n" not in str(refused.value)


def test_a_near_miss_is_suggested():
    with pytest.raises(UsageError, match="did you mean container_list?"):
        find_endpoint("containers_list")


def test_importing_the_table_parses_no_row():
    code = ("import json, re, rawdock.errors; compiled = []\n"
            "original = re.compile\n"
            "re.compile = lambda *a: (compiled.append(a), original(*a))[1]\n"
            "import rawdock.engine.endpoints as e\n"
            "assert not compiled and not e.ENDPOINT_CACHE\n"
            "e.find_endpoint('container_list'); assert list(e.ENDPOINT_CACHE) == ['container_list']")
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


# --- one parameter ----------------------------------------------------------------------------

@pytest.mark.parametrize("kind, value, texts", [
    ("bool", True, ["1"]), ("bool", False, ["0"]), ("bool", None, []),
    ("int", 0, ["0"]), ("int", -1, ["-1"]),
    ("str", "a b", ["a b"]), ("str", "", [""]), ("str", 5, ["5"]),
    ("list", "one", ["one"]), ("list", ["a", "b"], ["a", "b"]), ("list", (), []),
    ("list", iter(["a"]), ["a"]),
    ("filters", {"status": "exited", "label": ["a=b", "c"]}, ['{"status":["exited"],"label":["a=b","c"]}']),
    ("filters", {"dangling": True, "exited": 137}, ['{"dangling":["true"],"exited":["137"]}']),
    ("filters", {"id": {"b", "a"}}, ['{"id":["a","b"]}']),
    ("filters", '{"id": {"a": true}}', ['{"id": {"a": true}}']),
    ("json", {"A": None, "B": "é"}, ['{"A":null,"B":"\\u00e9"}']), ("json", ["x"], ['["x"]']),
    ("json", "[1]", ["[1]"]),
    ("jsonlist", {"os": "linux"}, ['{"os":"linux"}']),
    ("jsonlist", [{"a": 1}, {"b": 2}], ['{"a":1}', '{"b":2}']),
    ("time", 1795424287, ["1795424287"]), ("time", 1795424287.5, ["1795424287.5"]), ("time", 3.0, ["3"]),
    ("time", "1795424287.000000001", ["1795424287.000000001"]), ("time", 0.1, ["0.1"]),
])
def test_values_of_each_kind(kind, value, texts):
    assert encode_query_parameter(kind, "p", value) == [("p", text) for text in texts]


@pytest.mark.parametrize("kind, value", [
    ("bool", 1), ("bool", "true"), ("bool", 0), ("bool", []),
    ("int", True), ("int", "5"), ("int", 5.0), ("int", 1 << 63),
    ("str", True), ("str", b"x"), ("str", 1.5), ("str", ["x"]),
    ("list", b"x"), ("list", {"a": 1}), ("list", [1]), ("list", 5), ("list", ["a", None]),
    ("filters", ["x"]), ("filters", "x"), ("filters", "[]"), ("filters", {1: "a"}), ("filters", {"a": 1.5}),
    ("filters", {"a": {"b": True}}), ("filters", {"a": [None]}), ("filters", {"a": {1, None}}),
    ("json", "x"), ("json", "5"), ("json", '"x"'), ("json", 5), ("json", {"a": float("nan")}),
    ("json", {"a": b""}),
    ("json", {"a", "b"}), ("json", "[" * 100000), ("jsonlist", [5]), ("jsonlist", ["x"]),
    ("time", True), ("time", -1), ("time", -0.5), ("time", float("inf")), ("time", float("nan")),
    ("time", "10m"),
    ("time", "1."), ("time", ".5"), ("time", "1.0000000001"), ("time", "1\n"), ("time", "\u0661"),
    ("time", "1e3"),
])
def test_values_of_the_wrong_kind_are_refused_in_one_line_that_names_parameter_and_kind(kind, value):
    with pytest.raises(UsageError) as refused:
        encode_query_parameter(kind, "colour", value)
    assert "colour" in str(refused.value) and kind in str(refused.value)
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 250


# --- the target -------------------------------------------------------------------------------

@pytest.mark.parametrize("name, version, path, query, target", [
    ("container_list", None, {}, {"all": True}, "/containers/json?all=1"),
    ("container_inspect", "1.41", {"id": "redis"}, {"size": False}, "/v1.41/containers/redis/json?size=0"),
    ("container_inspect", "1.41", {"id": "redis"}, None, "/v1.41/containers/redis/json"),
    ("container_inspect", None, {"id": "a b%?#/é;"}, {}, "/containers/a%20b%25%3F%23%2F%C3%A9%3B/json"),
    ("image_inspect", None, {"name": "localhost:5055/x/y@sha256:ab"}, {},
     "/images/localhost:5055/x/y@sha256:ab/json"),
    ("distribution_inspect", None, {"name": "a/b:1"}, {}, "/distribution/a/b:1/json"),
    ("plugin_inspect", None, {"name": "a/b"}, {}, "/plugins/a/b/json"),
    ("volume_inspect", None, {"name": "a/b"}, {}, "/volumes/a%2Fb"),
    ("container_stats", None, {"id": "c"}, {"stream": False, "one_shot": True},
     "/containers/c/stats?stream=0&one-shot=1"),
    ("image_build", None, {}, {"t": ["a:1", "b"], "q": None}, "/build?t=a%3A1&t=b"),
    ("container_logs", "1.24", {"id": "c"}, {"details": True}, "/v1.24/containers/c/logs?details=1"),
    ("container_create", "1.30", {}, {"name": "n", "platform": None}, "/v1.30/containers/create?name=n"),
])
def test_targets(name, version, path, query, target):
    assert find_endpoint(name).build_target(version, path, query) == target


@pytest.mark.parametrize("name, version, path, query, reason", [
    ("container_list", None, {}, {"al": True},
     "no parameter 'al', did you mean all[?]; it takes all, limit, size, filters; see rawdock"),
    ("container_pause", None, {"id": "c"}, {"a": 1}, "no parameter 'a'; it takes id; see rawdock"),
    ("container_create", "1.30", {}, {"platform": "linux"},
     "platform of container_create needs API 1.41, this engine speaks 1.30"),
    ("image_attestations", "1.41", {"name": "x"}, {},
     "image_attestations needs API 1.55, this engine speaks 1.41"),
    ("container_list", None, {}, {"limit": "x" * 99}, "expected a whole number, got str 'x"),
    ("container_list", None, {}, {"limit": 10 ** 5000}, "expected a whole number, got int "),
    ("container_list", None, {}, {"filters": {"a": [10 ** 5000]}}, "got dict "),
    ("container_inspect", None, {}, {}, "needs id"),
    ("container_inspect", None, {"id": None}, {}, "needs id"),
    ("container_inspect", None, {"id": ""}, {}, "empty"),
    ("container_inspect", None, {"id": 5}, {}, "must be a str"),
    ("container_inspect", None, {"id": ".."}, {}, "segment"),
    ("container_inspect", None, {"id": "/redis"}, {}, "empty segment"),
    ("image_inspect", None, {"name": "a/../b"}, {}, "segment"),
    ("image_inspect", None, {"name": "a//b"}, {}, "empty segment"),
    ("image_inspect", None, {"name": "a\r\nb"}, {}, "control"),
    ("image_inspect", None, {"name": "a\0"}, {}, "control"),
    ("image_inspect", None, {"name": "a\ud800"}, {}, "lone surrogate"),
    ("container_list", "v1.41", {}, {}, "API version"),
    ("container_list", "1.41/../x", {}, {}, "API version"),
    ("container_list", "1.41\n", {}, {}, "API version"),
    ("container_list", 1.41, {}, {}, "API version"),
])
def test_refused_targets(name, version, path, query, reason):
    with pytest.raises(UsageError, match=reason) as refused:
        find_endpoint(name).build_target(version, path, query)
    assert "\n" not in str(refused.value)


def test_a_file_name_that_is_not_utf_8_comes_out_as_its_bytes():
    assert percent_encode(b"caf\xe9".decode("utf-8", "surrogateescape")) == "caf%E9"
    assert encode_query([("path", "/a b"), ("x", "")]) == "path=%2Fa%20b&x="


def decode_percent(text):
    """%XX undone, by hand: the other side of percent_encode."""
    data = bytearray()
    at = 0
    while at < len(text):
        if text[at] == "%":
            assert re.fullmatch("[0-9A-F]{2}", text[at + 1:at + 3])
            data.append(int(text[at + 1:at + 3], 16))
            at += 3
        else:
            data.append(ord(text[at]))
            at += 1
    return data.decode("utf-8")


def decode_query(text):
    return ([tuple(decode_percent(part) for part in pair.split("=")) for pair in text.split("&")] if text
            else [])


# Text that leans towards what could do harm in a target, beside any text at all.
nasty = st.one_of(st.text(), st.text(alphabet="a./?#%&=+; \r\n\0:@~\u00e9\u2028"))
integers = st.integers(min_value=-(1 << 63), max_value=(1 << 63) - 1)
json_objects = st.dictionaries(nasty, st.one_of(nasty, st.none(), st.booleans(), integers), max_size=3)
values_of_kind = {
    "bool": st.booleans(),
    "int": integers,
    "str": nasty,
    "list": st.lists(nasty, max_size=3),
    "filters": st.dictionaries(nasty, st.lists(nasty, max_size=3), max_size=3),
    "json": json_objects,
    "jsonlist": st.lists(json_objects, max_size=3),
    "time": st.integers(min_value=0, max_value=1 << 40),
}
read_back = {
    "bool": lambda texts: texts == ["1"],
    "int": lambda texts: int(texts[0]),
    "str": lambda texts: texts[0],
    "list": lambda texts: texts,
    "filters": lambda texts: json.loads(texts[0]),
    "json": lambda texts: json.loads(texts[0]),
    "jsonlist": lambda texts: [json.loads(text) for text in texts],
    "time": lambda texts: int(texts[0]),
}
assert set(values_of_kind) == set(read_back) == set(QUERY_ENCODERS)


def assert_safe(target, row, path_values, version):
    assert re.fullmatch("[!-~]+", target) and "#" not in target and target.count("?") <= 1
    path, _, query = target.partition("?")
    expected = ["v1.55"] if version else []
    for part in row.path[1:].split("/"):
        value = path_values.get(part[1:-1]) if part.startswith("{") else None
        if value is None:
            expected.append(part)
        elif row.path.startswith(("/images/", "/distribution/", "/plugins/")):
            expected.extend(value.split("/"))
        else:
            expected.append(value)
    assert path.startswith("/")
    assert [decode_percent(segment) for segment in path[1:].split("/")] == expected
    assert not {"", ".", ".."} & set(path[1:].split("/"))
    return query


@given(st.sampled_from([row.name for row in endpoints() if row.path_parameters]), nasty,
       st.sampled_from([None, "1.55"]))
def test_no_path_value_leaves_its_place(name, value, version):
    row = find_endpoint(name)
    path_values = {parameter: value for parameter in row.path_parameters}
    refused = (set(value.split("/")) & {"", ".", ".."}) or (set(value) & set("\0\r\n"))
    blank = not value.strip() and row.path.startswith(("/containers", "/networks", "/volumes"))
    if refused or blank:
        with pytest.raises(UsageError):
            row.build_target(version, path_values)
    else:
        assert assert_safe(row.build_target(version, path_values), row, path_values, version) == ""


@given(st.data())
def test_no_query_value_leaves_its_place_and_each_can_be_read_back(data):
    row = data.draw(st.sampled_from([row for row in endpoints() if row.query or row.extra]))
    chosen = data.draw(st.lists(st.sampled_from(row.query + row.extra), unique=True, max_size=4))
    values = {parameter.name: data.draw(values_of_kind[parameter.kind]) for parameter in chosen}
    path_values = {parameter: "it" for parameter in row.path_parameters}
    query = assert_safe(row.build_target("1.55", path_values, values), row, path_values, "1.55")
    pairs = decode_query(query)
    assert {name for name, _ in pairs} <= set(values)
    for parameter in chosen:
        texts = [text for name, text in pairs if name == parameter.name]
        assert read_back[parameter.kind](texts) == values[parameter.name]


@given(st.lists(st.tuples(nasty, nasty), max_size=4))
def test_raw_pairs_read_back(pairs):
    text = encode_query(pairs)
    assert re.fullmatch("[!-~]*", text) and not set(text) & set("?#/ ;")
    assert decode_query(text) == pairs
