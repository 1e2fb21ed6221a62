"""run, create and update beside docker 28.2.2: each flag that it has, the request that it sends for each of
many flag sets, and its words where it refuses one, as recorded (tests/live/flag_sets.py)."""
import shlex

import pytest

from rawdock.cli.flags import parse_flag_table
from rawdock.main import find_command

from tests.live.flag_sets import (
    FLAG_SETS, REFUSED, UPDATE_SETS, VERSIONS, NotingEngine, flag_folder, forget_cid_file, lines, our_answer,
    put_changes, read_record, words_of)

RECORDS = {name: read_record(name) for name in ("create", "update", "refused", "help")}
CASES = [(command, line, version) for command, text in (("create", FLAG_SETS), ("update", UPDATE_SETS))
         for line in lines(text) for version in VERSIONS]
# Where ours sends something else, and why.
OTHER_BODIES = {
    ("create", "--kernel-memory 64m", "1.45"): "docker leaves it out; the engine ignores it from API 1.42 on",
    ("create", "--mount src=rec-vol,dst=/b,volume-subpath=sub", "1.41"):
        "the engine would mount the whole volume: refused",
}

@pytest.fixture(scope="module", autouse=True)
def folder():
    with flag_folder():
        yield


@pytest.fixture(scope="module")
def engines():
    made = {version: NotingEngine(version) for version in VERSIONS}
    for engine in made.values():
        engine.__enter__()
    yield made
    for engine in made.values():
        engine.__exit__(None, None, None)


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch):
    monkeypatch.setenv("DOCKER_CONFIG", "/nonexistent")
    yield
    forget_cid_file()


def pruned(value):
    """`value` without the fields that say nothing: null, false, 0, "", [] and {}."""
    if isinstance(value, dict):
        value = {key: pruned(item) for key, item in value.items()}
        return {key: item for key, item in value.items() if item not in (None, False, 0, "", [], {})}
    return [pruned(item) for item in value] if isinstance(value, list) else value


def meaning(body):
    """`body` without what makes no difference to an engine."""
    host = dict(body.get("HostConfig", {}))
    for key in ("Mounts", "DeviceRequests", "Ulimits", "Devices"):
        if key in host:
            host[key] = [pruned(item) for item in host[key] or ()]
    return dict(body, HostConfig=host, NetworkingConfig=pruned(body.get("NetworkingConfig", {})))


@pytest.mark.parametrize("command, line, version", CASES)
def test_the_request_is_dockers(engines, command, line, version):
    record = RECORDS[command]
    row, base = record["sets"][line][version], record["base"][version]
    engine = engines[version]
    answer = our_answer(engine, words_of(command, line))
    sent = engine.sent()
    if (command, line, version) in OTHER_BODIES:
        assert sent is None or "status" in row or meaning(put_changes(base, sent["body"])) != meaning(
            put_changes(base, row["changes"]))
        return
    if "status" in row:
        assert sent is None and answer["status"] == row["status"]
        assert answer["err"] == row["err"]
        return
    assert answer["status"] == 0 and sent is not None, answer
    assert sent["query"] == row.get("query", {})
    assert meaning(put_changes(base, sent["body"])) == meaning(put_changes(base, row["changes"]))


@pytest.mark.parametrize("line", lines(REFUSED))
def test_what_is_refused_is_refused_in_dockers_words(engines, line):
    row, engine = RECORDS["refused"][line], engines[VERSIONS[-1]]
    answer = our_answer(engine, words_of("create", line))
    assert engine.sent() is None and answer["status"] == row["status"]
    assert answer["err"] == row["err"]


@pytest.mark.parametrize("command", sorted(RECORDS["help"]))
def test_every_flag_of_dockers_help_is_there(command):
    ours = {"-%s, --%s" % (flag.short, flag.long) if flag.short else "--" + flag.long
            for flag in parse_flag_table(find_command(command).flags)}
    assert set(RECORDS["help"][command]) - ours == {"--help"} & set(RECORDS["help"][command])


def test_every_flag_is_in_a_flag_set():
    elsewhere = {"--detach", "--detach-keys", "--sig-proxy"}   # of run alone: see test_live_run.py
    for command, text in (("run", FLAG_SETS), ("update", UPDATE_SETS)):
        words = {word.partition("=")[0] for line in lines(text) for word in shlex.split(line)}
        letters = {word[:2] for word in words if word[:1] == "-" != word[1:2]}
        unused = {"--" + flag.long for flag in parse_flag_table(find_command(command).flags)
                  if "-%s" % flag.short not in letters and not {"--" + name for name in flag.longs} & words}
        assert unused - elsewhere == set(), command


def test_the_records_are_those_of_the_lines():
    assert list(RECORDS["create"]["sets"]) == lines(FLAG_SETS)
    assert list(RECORDS["update"]["sets"]) == lines(UPDATE_SETS)
    assert list(RECORDS["refused"]) == lines(REFUSED)
    assert all(row["status"] for row in RECORDS["refused"].values())
    assert set(OTHER_BODIES) <= set(CASES)
