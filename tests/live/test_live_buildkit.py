"""Builds by BuildKit, without a session: rawdock's images and failures, and those of `docker buildx build`.

Both build equal contexts on one engine, without the cache. What they come to is compared: exit status, error,
the image's configuration, and of each layer the members, as in tests/live/test_live_builds.py.
"""
import json
import os
import re
import subprocess
import sys
import tarfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.live.build_contexts import BUILDS, image_facts, make_context, tag_of
from tests.live.client import clean_environment, client, rawdock
from tests.live.test_live_builds import docker28, remove_builds   # noqa: F401 (a fixture)
from tests.live.test_live_plugins import config   # noqa: F401 (a fixture)
from tests.live.test_live_registry import registry   # noqa: F401 (a fixture)

AT_ONCE = 3
BUILDS_ON_BOTH = (
    "copy all", "copy a pattern", "ignored", "stages", "arguments", "links", "modes", "a long first name",
    "a failing run", "no such instruction")
# Builds in which rawdock's image or failure differs, and why.
IN_CONTEXT = "without a session the Dockerfile is sent in the context"
FOUND_FIRST = "rawdock looks at it first, as docker's classic build does"
DIFFERS = {
    "ignores its Dockerfile": IN_CONTEXT, "ignores all but": IN_CONTEXT, "a Dockerfile outside": IN_CONTEXT,
    "a Dockerfile outside, ignored": IN_CONTEXT, "no Dockerfile": FOUND_FIRST,
    "a wrong ignore file": FOUND_FIRST}


def run_build(words, variables, cwd=None):
    ran = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         env=dict(clean_environment(), **variables), cwd=cwd, timeout=120)
    return ran.returncode, ran.stdout.decode(), ran.stderr.decode("utf-8", "replace")


def error_of(text):
    """The line of an error, without what differs each time."""
    line = (text.strip().splitlines() or [""])[-1]
    line = re.sub("ERROR: (failed to solve: )?(rpc error: code = Unknown desc = )?"
                  "(failed to solve with frontend [^:]*: )?(failed to create LLB definition: )?", "", line)
    return re.sub(r"ref \S+", "ref", line)


def build_twice(engine, docker, config, folder, name):
    """Build `name` by buildx and by rawdock → (status, error, facts of the image or None) of each."""
    short = re.sub("[^a-z]", "-", name.lower())
    place = os.path.join(folder, short)
    os.mkdir(place)
    make_context(place, name)
    # BuildKit takes two contexts that buildx sends at once for one if their directories have one name.
    os.rename(os.path.join(place, "ctx"), os.path.join(place, short))
    words = [re.sub("^ctx\\b", short, word) for word in BUILDS[name][1] or ["ctx"]]
    outcomes = []
    ours = {"DOCKER_BUILDKIT": "1", "PYTHONPATH": os.getcwd()}
    for argv, tag, variables in ((docker + ["buildx"], tag_of(name), {"DOCKER_CONFIG": str(config)}),
                                 (client(engine), tag_of(name, "rd-ours"), ours)):
        argv = argv + ["build", "-t", tag, "--no-cache", "--network", "none"] + words
        status, _, err = run_build(argv, dict(variables, BUILDKIT_PROGRESS="plain"), place)
        outcomes.append((status, error_of(err) if status else "", known_facts(engine, tag)))
    return outcomes


def known_facts(engine, tag):
    """The facts of an image, None without one. Directories have no time: buildx's is that of a transfer."""
    facts = image_facts(engine, tag)
    return facts and (facts[0], [[member[:8] + (None if member[1] == tarfile.DIRTYPE else member[8],)
                                  for member in layer] for layer in facts[1]])


def compare(engine, docker, config, folder, names):
    """Build all of `names` → {name: (buildx's outcome, ours)} of those that differ without a reason."""
    engine.pull("busybox")
    before = {one["Id"] for one in engine.json("GET", "/images/json?all=1")}
    try:
        build_twice(engine, docker, config, folder, "triggers")   # the base of another
        rest = [name for name in names if name != "triggers"]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            outcomes = list(pool.map(lambda name: build_twice(engine, docker, config, folder, name), rest))
    finally:
        remove_builds(engine, before)
    different = {name: (expected, ours) for name, (expected, ours) in zip(rest, outcomes) if ours != expected}
    for name in set(DIFFERS) & set(rest):
        assert different.pop(name, None), "%s no longer differs" % name
    return different


def test_images_and_failures_are_those_of_buildx(engine26, docker28, config, tmp_path):   # noqa: F811
    docker = [docker28[0], "-H", engine26.address]
    assert compare(engine26, docker, config, str(tmp_path), list(BUILDS)) == {}


def test_on_the_older_engine_too(engine, docker28, config, tmp_path):   # noqa: F811
    """Some of the builds there; with RAWDOCK_LIVE_BUILDS=all in the environment all of them."""
    names = list(BUILDS) if os.environ.get("RAWDOCK_LIVE_BUILDS") == "all" else list(BUILDS_ON_BOTH)
    assert compare(engine, docker28, config, str(tmp_path), names) == {}


def make_folder(path, dockerfile):
    path.mkdir()
    (path / "Dockerfile").write_text(dockerfile)
    (path / "file").write_text("a file\n")


def rawdock_build(engine, directory, *words):
    return run_build([sys.executable, "-m", "rawdock", "-H", engine.address, "build", "--progress=plain",
                      "--network", "none"] + list(words) + ["."],
                     {"DOCKER_BUILDKIT": "1", "PYTHONPATH": os.getcwd()}, str(directory))


def test_equal_contexts_hit_the_cache(engine, tmp_path):
    engine.pull("busybox")
    ids = []
    for name in ("one", "two"):
        make_folder(tmp_path / name, "FROM busybox\nCOPY . /tree\nRUN cat /proc/uptime > /now\n")
        status, out, err = rawdock_build(engine, tmp_path / name, "--iidfile", str(tmp_path / "id"))
        ids.append((tmp_path / "id").read_text())
        assert status == 0 and out == "", err
    assert ids[0] == ids[1] and re.match("sha256:[0-9a-f]{64}$", ids[0])
    for step in ("COPY . /tree", "RUN cat /proc/uptime > /now"):
        number = re.search(r"(?m)^(#[0-9]+) \[[23]/3\] " + re.escape(step), err).group(1)
        assert number + " CACHED\n" in err
    engine.remove_image(ids[0])


def test_what_needs_a_session_ends_with_a_line_that_says_so(engine, tmp_path):
    engine.pull("busybox")
    make_folder(tmp_path / "secret", "FROM busybox\nRUN --mount=type=secret,id=x true\n")
    status, out, err = rawdock_build(engine, tmp_path / "secret")
    assert (status, out) == (1, "")
    assert err.endswith(
        "   2 | >>> RUN --mount=type=secret,id=x true\n   3 |     \n--------------------\n"
        "ERROR: failed to solve: no active sessions; this step asks the client for something over a session, "
        "which rawdock does not open: a secret comes from the client; use `docker buildx build`\n")


def test_a_private_base_image_is_pulled_before_the_build(engine, registry, tmp_path):   # noqa: F811
    image = registry.host + "/own/base:1"
    variables = {"DOCKER_CONFIG": str(tmp_path), "DOCKER_BUILDKIT": "1"}

    def rawdock_here(*words):
        return run_build([sys.executable, "-m", "rawdock", "-H", engine.address] + list(words), variables)

    engine.pull("busybox")
    (tmp_path / "config.json").write_text(json.dumps({"auths": {registry.host: {"auth": registry.auth}}}))
    make_folder(tmp_path / "context", "FROM %s\nRUN true\n" % image)
    for words in (["tag", "busybox", image], ["push", "-q", image], ["rmi", image]):
        assert rawdock_here(*words)[0] == 0
    build = ["build", "-q", "--network", "none", str(tmp_path / "context")]
    status, _, err = rawdock_here(*build)
    advice = "pull it before the build, with `rawdock pull %s`\n" % image
    assert status == 1 and err.endswith(advice)
    assert rawdock_here(*err.split("`")[1].split()[1:])[0] == 0
    status, out, err = rawdock_here(*build)
    assert (status, err) == (0, "")
    engine.remove_image(out.strip())
    engine.remove_image(image)


def test_the_newer_engine_prefers_buildkit_and_quiet_gives_the_id(engine26, tmp_path):
    engine26.pull("busybox")
    make_folder(tmp_path / "quiet", "FROM busybox\nRUN true\n")
    ran = rawdock(engine26, "build", "-q", "--network", "none", str(tmp_path / "quiet"))
    assert ran.status == 0 and ran.err == b"" and re.match(b"sha256:[0-9a-f]{64}\n$", ran.out)
    engine26.remove_image(ran.out.decode().strip())
