"""build by the classic builder of dockerd 20.10, beside docker 28.2.2: outcomes, words, and images."""
import os
import re

import pytest

from tests.live.build_contexts import BUILDS, image_facts, make_context, run_words, tag_of
from tests.live.client import client
from tests.live.docker_cli import recorded_cli

CLASSIC = {"DOCKER_BUILDKIT": "0"}


@pytest.fixture(scope="module")
def docker28(engine):
    cli = recorded_cli()
    if cli is None:
        missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        missing("no docker 28.2.2 here to compare with")
    engine.pull("busybox")
    before = {one["Id"] for one in engine.json("GET", "/images/json?all=1")}
    yield [cli.path, "-H", engine.address]
    for one in engine.json("GET", "/containers/json?all=1"):
        if one["Command"].startswith(("/bin/sh -c ", "/bin/sh -c #(nop)")):
            engine.remove_container(one["Id"])
    while True:
        left = [one["Id"] for one in engine.json("GET", "/images/json?all=1") if one["Id"] not in before]
        gone = [engine.request("DELETE", "/images/%s?force=1" % one)[0] == 200 for one in left]
        if not any(gone):
            break


@pytest.fixture(scope="module")
def built():
    return {}


@pytest.mark.parametrize("name", BUILDS)
def test_a_build_is_dockers(engine, docker28, tmp_path, built, name):
    make_context(str(tmp_path), name)
    found = []
    for argv in (docker28, client(engine)):
        ended = run_words(argv, str(tmp_path), name, tag_of(name), "--no-cache", "--force-rm", **CLASSIC)
        found.append((ended, image_facts(engine, tag_of(name)) if ended[0] == 0 else None))
        if ended[0] == 0 and name != "triggers":
            engine.request("DELETE", "/images/%s?noprune=1" % tag_of(name))
    assert found[0] == found[1]
    built[name] = found[1][0][0]


def test_many_builds_succeed_and_some_fail(built):
    if len(built) < len(BUILDS):
        pytest.skip("not all builds were run")
    assert len(built) >= 38 and sum(1 for status in built.values() if status) >= 8 and 3 in built.values()


@pytest.mark.parametrize("name", ["copy all", "links", "modes", "names", "long paths", "stages"])
def test_equal_contexts_hit_the_cache(engine, docker28, tmp_path, name):
    """What one of the clients has built the other finds in the cache: the engine sees equal files."""
    make_context(str(tmp_path), name)
    tag = tag_of("cached")
    assert run_words(docker28, str(tmp_path), name, tag, **CLASSIC)[0] == 0
    status, out, _ = run_words(client(engine), str(tmp_path), name, tag, **CLASSIC)
    steps = len(re.findall("(?m)^Step [0-9/]+ : (?!FROM )", out))
    assert status == 0 and steps == out.count(" ---> Using cache\n") > 0
