"""Builds by BuildKit, without a session: rawdock's images and failures, and those of `docker buildx build`.

Both build equal contexts on one engine, without the cache. What they come to is compared: exit status, the
image's configuration, and its files with types, modes, owners, times of what was copied, and contents.
"""
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.live.buildkit_cases import BUILD_CASES, HEREDOC_CASES, TREE, make_context
from tests.live.client import clean_environment, rawdock
from tests.live.docker_cli import docker_clis, recorded_cli
from tests.live.test_live_plugins import config   # noqa: F401 (a fixture)
from tests.live.test_live_registry import registry   # noqa: F401 (a fixture)

AT_ONCE = 3
CASES_OF_BOTH = (
    "an exception", "all ignored but one", "forms of COPY", "stages", "arguments", "links", "modes",
    "a long first name", "a RUN that fails", "an unknown instruction")
# Cases in which rawdock's image or failure differs, and why.
DIFFERS = {
    "all ignored but one": "without a session the Dockerfile is in the context, though it is ignored",
    "a Dockerfile that is not there": "rawdock looks for it first, as docker's classic build does",
}


@pytest.fixture(scope="module")
def docker():
    cli = recorded_cli() or max(docker_clis(), key=lambda one: one.major)
    return cli.path


def run_build(words, variables, cwd=None):
    ran = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         env=dict(clean_environment(), **variables), cwd=cwd, timeout=120)
    return ran.returncode, ran.stdout.decode(), ran.stderr.decode("utf-8", "replace")


def files_of(engine, image):
    """{path: what it is} of the image's files, those of busybox's own left out."""
    container = engine.json("POST", "/containers/create", {"Image": image, "Cmd": ["x"]})["Id"]
    try:
        status, data = engine.request("GET", "/containers/%s/export" % container)
    finally:
        engine.remove_container(container)
    assert status == 200
    found = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            if re.match("(bin|dev|proc|sys|etc)(/|$)|[.]dockerenv", member.name):
                continue
            content = hashlib.sha256(archive.extractfile(member).read()).hexdigest() if member.isreg() else ""
            # What the build makes has the time of the build.
            mtime = member.mtime if member.mtime <= 1000000000 else "now"
            found[member.name] = (member.type, oct(member.mode), member.uid, member.gid, member.linkname,
                                  mtime if member.isreg() else "", content)
    return found


def image_of(engine, name):
    """The image's configuration, and the commands of its history."""
    seen = engine.json("GET", "/images/%s/json" % name)
    history = [row["CreatedBy"] for row in engine.json("GET", "/images/%s/history" % name)]
    return {key: value for key, value in seen["Config"].items() if key not in ("Image", "Hostname")}, history


def both_build(engine, docker, config, folder, case):
    """What the two clients make of a case: [(status, configuration, history, files) for each]."""
    name, files, dockerfile, words = case
    directory = os.path.join(folder, re.sub("[^a-z]", "-", name.lower()))
    make_context(directory, files, dockerfile)
    outcomes = []
    clients = [([docker, "-H", engine.address, "buildx", "build", "--load", "--progress=plain"], {
                    "DOCKER_CONFIG": str(config)}),
               ([sys.executable, "-m", "rawdock", "-H", engine.address, "build", "--progress=plain"], {
                    "DOCKER_BUILDKIT": "1", "PYTHONPATH": os.getcwd()})]
    for index, (client, variables) in enumerate(clients):
        tag = "rec-buildkit-%s-%d" % (re.sub("[^a-z]", "-", name.lower()), index)
        status, out, err = run_build(client + ["--no-cache", "--network", "none", "-t", tag] + words + ["."],
                                     variables, directory)
        image = image_of(engine, tag) + (files_of(engine, tag),) if status == 0 else error_of(err)
        outcomes.append((status, image, out + err))
        engine.remove_image(tag)
    return outcomes


def error_of(text):
    """The line of an error, without what differs each time."""
    line = text.strip().splitlines()[-1]
    line = re.sub("ERROR: (failed to solve: )?(rpc error: code = Unknown desc = )?"
                  "(failed to solve with frontend [^:]*: )?(failed to create LLB definition: )?", "", line)
    return re.sub(r"ref \S+", "ref", line)


def differences(expected, ours):
    """What differs between two outcomes, expected before ours."""
    if expected[0] or ours[0]:
        return expected[:2], ours[:2], ours[2][-800:]
    before, after = [dict(outcome[1][2], configuration=outcome[1][0], history=outcome[1][1])
                     for outcome in (expected, ours)]
    return [(name, before.get(name), after.get(name)) for name in sorted(set(before) | set(after))
            if before.get(name) != after.get(name)]


def compare(engine, docker, config, folder, cases):
    engine.pull("busybox")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(lambda case: both_build(engine, docker, config, str(folder), case), cases))
    different = {}
    for case, (expected, ours) in zip(cases, outcomes):
        if case[0] in DIFFERS:
            assert ours[:2] != expected[:2], "%s no longer differs" % case[0]
        elif ours[:2] != expected[:2]:
            different[case[0]] = differences(expected, ours)
    return different


def test_images_and_failures_are_those_of_buildx(engine26, docker, config, tmp_path):   # noqa: F811
    assert compare(engine26, docker, config, tmp_path, BUILD_CASES + HEREDOC_CASES) == {}


def test_on_the_older_engine_too(engine, docker, config, tmp_path):   # noqa: F811
    """Some of the cases there; with RAWDOCK_LIVE_BUILDS=all in the environment all of them."""
    whole = os.environ.get("RAWDOCK_LIVE_BUILDS") == "all"
    cases = [case for case in BUILD_CASES if whole or case[0] in CASES_OF_BOTH]
    assert len(cases) >= len(CASES_OF_BOTH) and compare(engine, docker, config, tmp_path, cases) == {}


def rawdock_build(engine, directory, *words):
    return run_build([sys.executable, "-m", "rawdock", "-H", engine.address, "build", "--progress=plain",
                      "--network", "none"] + list(words) + ["."],
                     {"DOCKER_BUILDKIT": "1", "PYTHONPATH": os.getcwd()}, str(directory))


def test_equal_contexts_hit_the_cache(engine, tmp_path):
    engine.pull("busybox")
    ids = []
    for name in ("one", "two"):
        make_context(str(tmp_path / name), TREE, "FROM busybox\nCOPY . /tree\nRUN cat /proc/uptime > /now\n")
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
    make_context(str(tmp_path / "secret"), {}, "FROM busybox\nRUN --mount=type=secret,id=x true\n")
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
    make_context(str(tmp_path / "context"), {}, "FROM %s\nRUN true\n" % image)
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
    make_context(str(tmp_path / "quiet"), {}, "FROM busybox\nRUN true\n")
    ran = rawdock(engine26, "build", "-q", "--network", "none", str(tmp_path / "quiet"))
    assert ran.status == 0 and ran.err == b"" and re.match(b"sha256:[0-9a-f]{64}\n$", ran.out)
    engine26.remove_image(ran.out.decode().strip())
