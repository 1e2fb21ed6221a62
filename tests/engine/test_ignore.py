""".dockerignore: which files of one tree are sent, beside what docker 28.2.2 sends."""
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawdock.engine.build_context import ContextDirectory, ignore_file_patterns
from rawdock.engine.ignore import IgnoreRules, context_rules, read_ignore_file
from rawdock.errors import UsageError

from tests.live.build_cases import IGNORE_CASES, make_tree, read_builds

RECORDED = read_builds("ignore")
# Where ours does something else, and why.
OTHERWISE = {"[[:alpha:]]": "a class of Go's regexp inside brackets is taken letter by letter"}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    folder = tmp_path_factory.mktemp("context")
    make_tree(str(folder))
    return folder


def sent_names(folder, text):
    """The names that are sent of `folder` with the ignore file `text`, or the error."""
    (folder / ".dockerignore").write_bytes(text.encode("utf-8"))
    try:
        context = ContextDirectory(str(folder), "Dockerfile", ignore_file_patterns(str(folder)))
        return sorted(path for path, _ in context.walk())
    except UsageError as error:
        return str(error).split("; ")[0]


@pytest.mark.parametrize("text", IGNORE_CASES)
def test_what_is_sent_is_what_docker_sends(tree, text):
    expected = RECORDED[text]
    if isinstance(expected, list):
        expected = sorted(name.rstrip("/") for name in expected)
    else:
        expected = expected.strip()
    found = sent_names(tree, text)
    assert (found == expected) is (text not in OTHERWISE), found


def test_the_record_is_of_these_cases():
    assert list(RECORDED) == IGNORE_CASES and len(set(IGNORE_CASES)) > 100
    assert len({str(answer) for answer in RECORDED.values()}) > 50


def test_names_that_are_no_utf8_are_matched(tmp_path):
    name = os.fsdecode(b"bad\xff")
    (tmp_path / name).write_bytes(b"")
    (tmp_path / "bad").write_bytes(b"")
    assert sent_names(tmp_path, "bad?") == [".dockerignore", "bad"]
    assert read_ignore_file(b"bad\xff\n") == [name]


def test_a_line_without_an_end_is_an_error():
    with pytest.raises(UsageError, match="token too long"):
        read_ignore_file(b"a" * 70000)
    assert read_ignore_file(b"a" * 65535 + b"\nb") == ["a" * 65535, "b"]


def test_many_stars_take_no_time():
    """Each `**` may stand for any number of directories: a search of all ways would never end."""
    rules = IgnoreRules(["**/" * 30 + "z"])
    assert not rules.excludes("a/" * 60 + "b") and rules.excludes("a/" * 60 + "z")


def test_what_the_engine_needs_is_sent_though_it_is_excluded():
    rules = context_rules(["*"], "sub/Dockerfile")
    assert not rules.excludes("sub/Dockerfile") and not rules.excludes(".dockerignore")
    assert rules.excludes("Dockerfile") and rules.may_include_below("sub")
    assert context_rules(["*", "!*file"], None).excludes(".dockerignore") is False


@given(st.lists(st.text("ab/*?[]^-!\\.# ", max_size=12), max_size=4), st.text("ab/", min_size=1, max_size=8))
def test_any_pattern_is_a_rule_or_a_usage_error(patterns, path):
    try:
        rules = IgnoreRules(read_ignore_file("\n".join(patterns).encode("utf-8")))
        excluded, matched = rules.match(path)
    except UsageError:
        return
    assert excluded in (True, False) and len(matched) == len(rules.patterns)
    # What is below a path that a pattern excludes is excluded by the list of what matched above it.
    if rules.patterns and not any(pattern.includes for pattern in rules.patterns):
        assert not excluded or rules.match(path + "/zz", matched)[0]
