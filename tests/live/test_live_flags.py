"""`docker create` and `rawdock create` make equal containers: for each flag set of tests/live/flag_sets.py
the engine is given docker's recorded request and ours, and what inspect shows of both is compared.

The requests themselves are compared in tests/cli/test_recorded_flags.py.
"""
import json
import os
import re
import urllib.parse

import pytest

from tests.live.flag_sets import (
    FLAG_SETS, UPDATE_SETS, NotingEngine, flag_folder, forget_cid_file, lines, our_answer, put_changes,
    read_record, words_of)
from tests.live.live_engine import EngineRefused

CREATE, UPDATE = read_record("create"), read_record("update")
# The engine, by its fixture, and the API version whose requests it is given.
ENGINES = (("engine", "1.41"), ("engine26", "1.45"))
FORMS = [
    (r"\b[0-9a-f]{64}\b", "ID"), (r"\b[0-9a-f]{12}\b", "SHORT-ID"), (r"\b\d{4}-\d\d-\d\dT[0-9:.]+Z", "TIME"),
    (r"/overlay2/l/[A-Z0-9]+", "LAYER")]
# Where inspect shows something else, and why.
OTHER_CONTAINERS = {
    ("--mount src=rec-vol,dst=/b,volume-subpath=sub", "1.41"): "ours refuses what the engine would ignore",
}
NETWORK = {"Driver": "bridge", "EnableIPv6": True,
           "IPAM": {"Config": [{"Subnet": "10.77.0.0/24"}, {"Subnet": "fd77::/64"}]}}


@pytest.fixture(scope="module", autouse=True)
def folder():
    with flag_folder():
        yield


@pytest.fixture(scope="module", params=ENGINES, ids=lambda pair: pair[0])
def target(request):
    """(LiveEngine, API version, NotingEngine of that version), with the networks and the container that the
    flag sets name."""
    engine, version = request.getfixturevalue(request.param[0]), request.param[1]
    engine.pull("busybox")
    other = {"Image": "busybox", "Cmd": ["sleep", "600"], "Volumes": {"/other": {}}}
    networks = [dict(NETWORK, Name="rec-net"), {"Name": "rec-net2", "Driver": "bridge"}]
    try:
        for network in networks:
            engine.json("POST", "/v%s/networks/create" % version, network)
        engine.json("POST", "/v%s/containers/create?name=rec-other" % version, other)
        with NotingEngine(version) as noting:
            yield engine, version, noting
    finally:
        engine.remove_container("rec-other")
        for network in networks:
            engine.request("DELETE", "/v%s/networks/%s" % (version, network["Name"]))
        for volume in engine.json("GET", "/v%s/volumes" % version)["Volumes"] or ():
            if volume["Name"].startswith("rec-"):
                engine.json("DELETE", "/v%s/volumes/%s" % (version, volume["Name"]))


def filled(value, engine):
    """The recorded `value` with the paths of this run."""
    text = json.dumps(value).replace("{socket}", engine.socket_path).replace("{cwd}", os.getcwd())
    return json.loads(text)


def shown(engine, version, id):
    """What inspect shows, without what differs for each container."""
    text = json.dumps(engine.json("GET", "/v%s/containers/%s/json" % (version, id)))
    for pattern, replacement in FORMS:
        text = re.sub(pattern, replacement, text)
    found = json.loads(text)
    found["Mounts"] = sorted(found["Mounts"], key=lambda mount: mount["Destination"])
    return found


def refusal(error):
    """Of an EngineRefused what is compared: several names of networks come in any order."""
    words, mark, names = re.sub("[0-9a-f]{64}", "ID", error.message).partition("endpoints: ")
    return {"refused": "%d %s" % (error.status, words + mark + ", ".join(sorted(names.split(", "))))}


def container_of(engine, version, sent, update=None):
    """Create a container with the request `sent`, and `update` it → what inspect shows, or the refusal."""
    query = dict({"name": "rec-flags"}, **sent["query"])
    path = "/v%s/containers/create?%s" % (version, urllib.parse.urlencode(query))
    try:
        id = engine.json("POST", path, sent["body"])["Id"]
    except EngineRefused as error:
        return refusal(error)
    try:
        if update is not None:
            engine.json("POST", "/v%s/containers/%s/update" % (version, id), update)
        return shown(engine, version, id)
    except EngineRefused as error:
        return refusal(error)
    finally:
        engine.request("DELETE", "/v%s/containers/%s?v=1&force=1" % (version, id))


created = {}


@pytest.mark.parametrize("line", lines(FLAG_SETS))
def test_equal_containers(target, line, monkeypatch):
    monkeypatch.setenv("DOCKER_CONFIG", "/nonexistent")
    engine, version, noting = target
    row = CREATE["sets"][line][version]
    our_answer(noting, words_of("create", line))
    forget_cid_file()
    sent = noting.sent()
    if "status" in row or (line, version) in OTHER_CONTAINERS:
        assert sent is None   # refused by both, or by ours for the reason that is given
        return
    body = put_changes(CREATE["base"][version], row["changes"])
    dockers = container_of(engine, version, filled({"query": row.get("query", {}), "body": body}, engine))
    assert container_of(engine, version, filled(sent, engine)) == dockers
    created.setdefault(version, []).append("refused" not in dockers)


@pytest.mark.parametrize("line", lines(UPDATE_SETS))
def test_equal_containers_after_update(target, line):
    engine, version, noting = target
    our_answer(noting, words_of("update", line))
    dockers = put_changes(UPDATE["base"][version], UPDATE["sets"][line][version]["changes"])
    request = {"query": {}, "body": {"Image": "busybox", "Cmd": ["true"]}}
    found = [container_of(engine, version, request, body) for body in (noting.sent()["body"], dockers)]
    assert found[0] == found[1]


def test_at_least_150_containers_were_compared(target):
    """Not counted are those that the engine refuses, or that docker refuses for its API version."""
    version = target[1]
    if len(created.get(version, ())) < len(lines(FLAG_SETS)) // 2:
        pytest.skip("a part of the flag sets was chosen")
    assert created[version].count(True) >= 150
