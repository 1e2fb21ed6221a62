"""build by the classic builder of dockerd 20.10, beside docker 28.2.2: outcomes, words, and images."""
import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.live.build_contexts import BUILDS, image_facts, make_context, run_words, tag_of
from tests.live.client import client
from tests.live.docker_cli import recorded_cli

CLASSIC = {"DOCKER_BUILDKIT": "0"}


def remove_builds(engine, before):
    """Remove the containers of steps that failed, and the images that are not in `before`, children first."""
    for one in engine.json("GET", "/containers/json?all=1"):
        if one["Command"].startswith("/bin/sh -c "):
            engine.remove_container(one["Id"])
    while True:
        left = [one["Id"] for one in engine.json("GET", "/images/json?all=1") if one["Id"] not in before]
        if not any([engine.request("DELETE", "/images/%s?force=1" % one)[0] == 200 for one in left]):
            break


@pytest.fixture(scope="module")
def docker28(engine):
    cli = recorded_cli()
    if cli is None:
        missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        missing("no docker 28.2.2 here to compare with")
    engine.pull("busybox")
    before = {one["Id"] for one in engine.json("GET", "/images/json?all=1")}
    yield [cli.path, "-H", engine.address]
    remove_builds(engine, before)


def build_twice(engine, docker28, place, name):
    """Build `name` by docker and rawdock → (how it ended, facts of the image or None) of each."""
    make_context(place, name)

    def build(argv, tag):
        ended = run_words(argv, place, name, tag, "--no-cache", "--force-rm", **CLASSIC)
        return ended, image_facts(engine, tag) if ended[0] == 0 else None

    with ThreadPoolExecutor(1) as pool:
        docker = pool.submit(build, docker28, tag_of(name))
        ours = build(client(engine), tag_of(name, "rd-ours"))
        return docker.result(), ours


@pytest.fixture(scope="module")
def built():
    return {}


@pytest.mark.parametrize("name", BUILDS)
def test_a_build_is_dockers(engine, docker28, tmp_path, built, name):
    docker, ours = build_twice(engine, docker28, str(tmp_path), name)
    assert ours == docker
    built[name] = ours[0][0]


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


@pytest.mark.parametrize("name", ["copy all", "a failing run", "kinds", "no such image", "quiet"])
def test_a_build_is_dockers_on_26(engine26, docker28, tmp_path, name):
    engine26.pull("busybox")
    before = {one["Id"] for one in engine26.json("GET", "/images/json?all=1")}
    docker, ours = build_twice(engine26, [docker28[0], "-H", engine26.address], str(tmp_path), name)
    remove_builds(engine26, before)
    assert ours == docker
