"""What config.json and the environment say, on a real engine: docker and rawdock read one file, and do alike.

And proxies: header fields of the user's and those of a forwarding proxy are seen by one that writes down what
passes; a proxy that changes a stream of a real engine is recognised.
"""
import json
import os
import re
import subprocess
import sys

import pytest

from tests.cli.test_proxy_in_the_path import chunked, head_only, proxy, without_upgrade
from tests.live.client import clean_environment, run_to_end
from tests.live.docker_cli import recorded_cli

RAWDOCK = [sys.executable, "-m", "rawdock"]
NAME = "rdk-settings"


@pytest.fixture(scope="module", autouse=True)
def container(engine):
    """A container that runs."""
    engine.pull("busybox")
    engine.remove_container(NAME)
    engine.json("POST", "/containers/create?name=" + NAME,
                {"Image": "busybox", "Cmd": ["sleep", "300"], "HostConfig": {"Init": False}})
    engine.json("POST", "/containers/%s/start" % NAME)
    yield NAME
    engine.remove_container(NAME)


def run_with(folder, program, words, address, environ=()):
    """(status, out, err) of `program` with config.json of `folder`."""
    environment = dict(clean_environment(), DOCKER_CONFIG=str(folder), **dict(environ))
    ran = subprocess.Popen(program + ["-H", address] + words, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
    out, err = ran.communicate(timeout=60)
    return ran.returncode, out, err


@pytest.mark.parametrize("config, words, environ", [
    ({"psFormat": "{{.Names}}|{{.Image}}"}, ["ps", "-a"], {}),
    ({"psFormat": "table {{.Names}}\t{{.State}}"}, ["ps"], {}),
    ({"psFormat": "{{.Nope}}"}, ["ps"], {}),
    ({"imagesFormat": "{{.Repository}}:{{.Tag}} {{.ID}}"}, ["images"], {}),
    ({"networksFormat": "{{.Name}} {{.Driver}}"}, ["network", "ls"], {}),
    ({"volumesFormat": "{{.Name}}!"}, ["volume", "ls"], {}),
    ({"statsFormat": "{{.Name}}"}, ["stats", "--no-stream", NAME], {}),
    ({"pruneFilters": ["label=rdk-none"]}, ["container", "prune", "-f"], {}),
    ({"psFormat": 5}, ["ps", "-q"], {}),
    ({"proxies": {"default": {"httpProxy": "http://p.example:1", "noProxy": "a,b"}}},
     ["run", "--rm", "busybox", "sh", "-c", "env | grep -i proxy | sort"], {}),
    ({"proxies": {"default": {"httpProxy": "http://p.example:1"}}},
     ["run", "--rm", "-e", "HTTP_PROXY=mine", "busybox", "sh", "-c", "env | grep -i proxy | sort"], {}),
    ({}, ["run", "--rm", "busybox", "true"], {"DOCKER_DEFAULT_PLATFORM": "linux/nosuch"}),
    ({"HttpHeaders": {"a b": "1"}}, ["ps"], {}),
    ({}, ["ps"], {"DOCKER_CUSTOM_HEADERS": "x"}),
], ids=lambda value: str(value)[:40])
def test_docker_and_rawdock_do_alike(engine, tmp_path, config, words, environ):
    cli = recorded_cli()
    if cli is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("no docker 28.2.2 here")
    (tmp_path / "config.json").write_text(json.dumps(config))
    theirs = run_with(tmp_path, [cli.path], words, engine.address, environ)
    ours = run_with(tmp_path, RAWDOCK, words, engine.address, environ)
    lines = [sorted(out.splitlines()) for _, out, _ in (ours, theirs)]   # images of one age come in any order
    assert ours[0] == theirs[0] and lines[0] == lines[1]
    assert bool(ours[2]) is bool(theirs[2])


def test_the_users_fields_are_in_each_request(engine, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"HttpHeaders": {"X-Way": "slow"}}))
    written = tmp_path / "transcript"
    tap = RAWDOCK + ["-H", engine.address, "tap", "--to", str(written), "--"]
    environment = dict(clean_environment(), DOCKER_CONFIG=str(tmp_path))
    ran = subprocess.Popen(tap + RAWDOCK + ["run", "--rm", "busybox", "echo", "hello"], env=environment,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = ran.communicate(timeout=60)
    assert (ran.returncode, out, err) == (0, b"hello\n", b"")
    text = written.read_text(encoding="utf-8")
    requests = re.findall(r"(?m)^[0-9]+> [A-Z]+ /[^ ]* HTTP/1[.]1", text)
    assert text.count("> X-Way: slow") == len(requests) >= 4


def test_a_proxy_that_passes_no_upgrade_on(engine):
    with proxy(engine, without_upgrade, lambda data: data) as between:
        ran = run_to_end(RAWDOCK + ["-H", between.address, "exec", NAME, "echo", "hello"])
    assert (ran.status, ran.out) == (0, b"hello\n")
    assert b"was answered 200, not 101: a proxy" in ran.err and ran.err.count(b"\n") == 1


def test_a_proxy_that_sends_the_stream_in_chunks(engine):
    with proxy(engine, without_upgrade, chunked) as between:
        ran = run_to_end(RAWDOCK + ["-H", between.address, "exec", NAME, "echo", "hello"])
    assert ran.status == 1 and ran.out == b""
    assert b"expected 101 Switching Protocols" in ran.err and b"proxy" in ran.err


def test_a_proxy_that_swallows_the_stream(engine):
    with proxy(engine, lambda data: data, head_only, cut=True) as between:
        ran = run_to_end(RAWDOCK + ["-H", between.address, "attach", "--no-stdin", NAME])
    assert (ran.status, ran.out) == (1, b"")
    assert b"yet it still runs" in ran.err and b"a proxy between here and the engine" in ran.err
