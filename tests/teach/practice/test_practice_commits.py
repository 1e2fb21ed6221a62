"""Images made of containers, pushed and searched for in a practice engine, by HTTP written by hand."""
import json
import time
import urllib.parse

import pytest

from rawdock.teach.practice.engine import PracticeEngine
from tests.teach.practice.practice_wire import Wire, ask, create, inspect, logs, pull, run, start


@pytest.fixture
def engine():
    with PracticeEngine() as one:
        pull(one)
        yield one


def commit(engine, container, query="", body=None):
    return ask(engine, "POST", "/commit?container=%s%s" % (container, query), body)


def image(engine, name):
    status, found = ask(engine, "GET", "/images/%s/json" % name)
    assert status == 200, found
    return found


def filtered(path, **filters):
    return path + "?filters=" + urllib.parse.quote(json.dumps(filters))


def test_a_committed_image_has_the_files_and_settings_of_its_container(engine):
    since = "%.6f" % time.time()
    identity = run(engine, ["sh", "-c", "echo kept > /kept"], Env=["A=1"], Labels={"l": "m"})[0]
    status, answer = commit(engine, identity, "&repo=mine&tag=1&comment=hello&author=me")
    assert status == 201
    made, parent = image(engine, "mine:1"), image(engine, "busybox")
    assert (made["Id"], made["Parent"], made["RepoTags"], made["RepoDigests"]) == (
        answer["Id"], parent["Id"], ["mine:1"], [])
    assert (made["Comment"], made["Author"]) == ("hello", "me")
    assert "A=1" in made["Config"]["Env"] and made["Config"]["Labels"] == {"l": "m"}
    assert made["RootFS"]["Layers"][:-1] == parent["RootFS"]["Layers"] and made["Size"] == parent["Size"] + 5
    history = ask(engine, "GET", "/images/mine:1/history")[1]
    assert (history[0]["CreatedBy"], history[0]["Comment"], history[0]["Size"], history[0]["Tags"]) == (
        "sh -c echo kept > /kept", "hello", 5, ["mine:1"])
    assert history[1:] == ask(engine, "GET", "/images/busybox/history")[1]
    again = run(engine, ["cat", "/kept"], image="mine:1")[0]
    assert logs(engine, again).endswith(b"kept\n")
    for filters in ({"label": ["l=m"]}, {"since": ["busybox"]}, {"reference": ["mi*"]}):
        found = ask(engine, "GET", filtered("/images/json", **filters))[1]
        assert [one["RepoTags"] for one in found] == [["mine:1"]]
    events = ask(engine, "GET", "/events?since=%s&until=%.6f" % (since, time.time()))[1].decode().splitlines()
    attributes = {one["Action"]: one["Actor"]["Attributes"] for one in map(json.loads, events)}
    assert attributes["commit"]["imageRef"] == attributes["tag"]["name"] == "mine:1"
    assert attributes["commit"]["imageID"] == answer["Id"]


def test_the_changes_of_a_commit(engine):
    identity = create(engine, ["sleep", "1"], Env=["A=1", "B=2"])
    changes = ["ENV A=x C=\"d e\"\nCMD echo hi", "ENTRYPOINT [\"sh\", \"-c\"]", "EXPOSE 80 90/udp",
               "LABEL a=b", "user nobody", "VOLUME /v", "WORKDIR /w", "ONBUILD RUN x", "STOPSIGNAL INT",
               "HEALTHCHECK --interval=2s --retries=4 CMD true x"]
    query = "".join("&changes=" + urllib.parse.quote(one) for one in changes)
    status, answer = commit(engine, identity, query, {"StopTimeout": 5})
    assert status == 201
    config = image(engine, answer["Id"])["Config"]
    assert config["Env"][:1] == ["B=2"] and config["Env"][-2:] == ["A=x", "C=d e"]
    expected = {
        "Cmd": ["/bin/sh", "-c", "echo hi"], "Entrypoint": ["sh", "-c"], "Labels": {"a": "b"},
        "User": "nobody", "ExposedPorts": {"80/tcp": {}, "90/udp": {}}, "Volumes": {"/v": {}},
        "WorkingDir": "/w",
        "OnBuild": ["RUN x"], "StopSignal": "INT", "StopTimeout": 5,
        "Healthcheck": {"Test": ["CMD-SHELL", "true x"], "Interval": 2 * 10 ** 9, "Retries": 4}}
    assert {key: config[key] for key in expected} == expected
    assert ask(engine, "POST", filtered("/images/prune", dangling=["true"]))[1]["ImagesDeleted"] == [
        {"Deleted": answer["Id"]}]


@pytest.mark.parametrize("query, status, text", [
    ("&changes=RUN+x", 400, "run is not a valid change command"),
    ("&changes=bogus+x", 400, "bogus is not a valid change command"),
    ("&changes=LABEL+'", 400, "dockerfile parse error: LABEL ': No closing quotation"),
    ("&repo=BAD", 400, "invalid reference format: repository name (library/BAD) must be lowercase"),
    ("&repo=x&tag=b%20d", 400, "invalid tag format"), ("&repo=x//y", 400, "invalid reference format"),
    (None, 404, "No such container: nosuch")])
def test_commits_that_are_refused(engine, query, status, text):
    identity = create(engine, ["true"])
    found = commit(engine, "nosuch" if query is None else identity, query or "")
    assert found == (status, {"message": text})
    assert len(ask(engine, "GET", "/images/json")[1]) == 1


def test_an_image_with_children_and_containers_is_kept(engine):
    identity = create(engine, ["true"])
    commit(engine, identity, "&repo=mine")
    parent = image(engine, "busybox")["Id"]
    assert ask(engine, "DELETE", "/images/" + parent) == (409, {"message": (
        "conflict: unable to delete %s (cannot be forced) - image has dependent child images"
        % parent[7:19])})
    answer = ask(engine, "DELETE", "/images/busybox")[1]
    assert answer == [{"Untagged": "busybox:latest"}] and image(engine, parent)["RepoTags"] == []
    other = create(engine, ["true"], image="mine")
    assert ask(engine, "DELETE", "/images/mine") == (409, {"message": (
        "conflict: unable to remove repository reference \"mine\" (must force) - container %s is using its"
        " referenced image %s" % (other[:12], image(engine, "mine")["Id"][7:19]))})
    start(engine, create(engine, ["sleep", "100"], name="up", image="mine"))
    status, answer = ask(engine, "DELETE", "/images/mine?force=1")
    assert status == 409 and "image is being used by running container" in answer["message"]


@pytest.mark.parametrize("name, problem", [
    ("busybox", "denied: requested access to the resource is denied"),
    ("nosuch", "An image does not exist locally with the tag: nosuch")])
def test_a_push_is_refused_in_its_stream(engine, name, problem):
    with Wire(engine) as wire:
        status, fields, data = wire.ask("POST", "/images/%s/push?tag=latest" % name, b"",
                                        "X-Registry-Auth: e30=\r\n")
    messages = [json.loads(line) for line in data.decode().splitlines()]
    assert (status, fields["content-type"]) == (200, "application/json")
    assert messages[0] == {"status": "The push refers to repository [docker.io/library/%s]" % name}
    assert messages[-1] == {"errorDetail": {"message": problem}, "error": problem}
    shown = ["Preparing"] * 2 + ["Waiting"] * 2 if name == "busybox" else []
    assert [one["status"] for one in messages[1:-1]] == shown


def test_a_push_without_credentials(engine):
    assert ask(engine, "POST", "/images/busybox/push") == (400, {"message": (
        "bad parameters and missing X-Registry-Auth: invalid X-Registry-Auth header: EOF")})


def test_a_search_finds_what_the_practice_registry_has(engine):
    status, found = ask(engine, "GET", "/images/search?term=bus")
    assert (status, [one["name"] for one in found], found[0]["is_official"]) == (200, ["busybox"], True)
    assert sorted(found[0]) == ["description", "is_automated", "is_official", "name", "star_count"]
    assert len(ask(engine, "GET", "/images/search?term=e&limit=1")[1]) == 1
    assert ask(engine, "GET", filtered("/images/search", **{"is-official": ["false"]}))[1] == []
    assert ask(engine, "GET", "/images/search?term=x&limit=200") == (
        400, {"message": "limit 200 is outside the range of [1, 100]"})


def test_disk_usage_by_type(engine):
    run(engine, ["sh", "-c", "echo kept > /kept"], name="done")
    commit(engine, "done", "&repo=mine")
    found = ask(engine, "GET", "/system/df")[1]
    assert found["LayersSize"] == image(engine, "mine")["Size"] and found["BuildCache"] == []
    assert inspect(engine, "done")["Name"] == "/done"
    found = ask(engine, "GET", "/system/df?type=volume")[1]
    assert (found["Volumes"], found["Images"], found["Containers"]) == ([], None, None)
    assert ask(engine, "GET", "/system/df?type=bogus") == (400, {"message": "unknown object type: bogus"})
    assert ask(engine, "GET", "/v1.41/system/df")[1]["BuilderSize"] == 0
