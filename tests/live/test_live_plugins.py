"""The docker CLI's plugins as docker runs them: docker-compose and docker-buildx of Debian 13, and scripts.

Both command lines run each plugin with equal words, and what comes of it is compared.
"""
import json
import os
import re
import subprocess
import sys

import pytest

from tests.live.client import Running, run_to_end, wait_until
from tests.live.docker_cli import docker_clis, recorded_cli

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
COMPOSE_FILE = """
services:
  one: &service
    image: busybox
    command: ["sh", "-c", "echo one is up; exec sleep 1000"]
    stop_grace_period: 0s
    network_mode: none
  two:
    <<: *service
    command: ["sh", "-c", "echo two is up; exec sleep 1000"]
    depends_on: [one]
"""
RAWDOCK = [sys.executable, "-m", "rawdock"]


@pytest.fixture(scope="module")
def docker():
    """The docker command line that rawdock is compared with: 28.2.2, or the newest that is here."""
    cli = recorded_cli() or max(docker_clis(), key=lambda one: one.major)
    return [cli.path]


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    """A configuration directory with the two plugins of Debian 13."""
    sys.path.insert(0, os.path.join(ROOT, "tools"))
    try:
        from debian_packages import ToolError, cli_plugins
    finally:
        del sys.path[0]
    config = tmp_path_factory.mktemp("plugins")
    try:
        found = cli_plugins(str(config / "apt.log"))
    except ToolError as error:
        missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        missing(str(error))
    (config / "cli-plugins").mkdir()
    for name in ("docker-compose", "docker-buildx"):
        (config / "cli-plugins" / name).symlink_to(os.path.join(found, name))
    return config


def words_of(command, engine, config, words):
    return ["env", "DOCKER_CONFIG=%s" % config] + command + ["-H", engine.address] + words


def test_the_versions(engine, config, docker):
    for words in (["compose", "version"], ["buildx", "version"], ["compose", "version", "--short"],
                  ["compose", "nosuch"], ["buildx", "--help"]):
        expected = run_to_end(words_of(docker, engine, config, words))
        assert run_to_end(words_of(RAWDOCK, engine, config, words)) == (
            expected.status, expected.out, expected.err)
        assert expected.out or expected.status


def steps_of_compose(command, engine, config, folder):
    """What two services show from up to down, the parts without what differs each time."""
    def compose(*words):
        ran = run_to_end(words_of(command, engine, config, ["compose"] + list(words)), cwd=str(folder))
        assert ran.status == 0, ran
        return sorted((ran.out + ran.err).replace(b"\x1b[2K", b"").splitlines())

    compose("down")
    try:
        shown = [compose("up", "-d")]
        wait_until(lambda: len(compose("logs", "--no-color")) == 2, what="a line of each service")
        rows = [json.loads(line.decode()) for line in compose("ps", "--format", "json")]
        shown.append(sorted((row["Name"], row["Service"], row["State"]) for row in rows))
        shown.append(compose("logs", "--no-color"))
        with Running(words_of(command, engine, config, ["compose", "logs", "--no-color", "-f"]),
                     cwd=str(folder)) as logs:
            logs.wait_for(b"one is up")
            logs.wait_for(b"two is up")
            logs.process.terminate()
            shown.append(logs.end().status)
    finally:
        shown.append(compose("down"))
    return shown


def test_two_services(engine, config, docker, tmp_path):
    engine.pull("busybox")
    (tmp_path / "compose.yaml").write_text("name: rawdock\n" + COMPOSE_FILE, encoding="utf-8")
    expected = steps_of_compose(docker, engine, config, tmp_path)
    assert steps_of_compose(RAWDOCK, engine, config, tmp_path) == expected
    assert expected[1] == [("rawdock-one-1", "one", "running"), ("rawdock-two-1", "two", "running")]
    assert expected[2] == [b"one-1  | one is up", b"two-1  | two is up"]


# -- scripts

SHOW = """#!/bin/sh
if [ "$1" = docker-cli-plugin-metadata ]; then printf '%%s' '%s'; exit; fi
for word in "$@"; do echo "[$word]"; done
env | grep -E '^(DOCKER|OTEL)' | sort
exit 7
"""
METADATA = {
    "good": '{"SchemaVersion":"0.1.0","Vendor":"Me","Version":"v1","ShortDescription":"does it"}',
    "alongername": '{"schemaversion":"0.1.0","VENDOR":"Me","ShortDescription":null,"URL":"http://u/"}',
    "version2": '{"SchemaVersion":"0.2.0","Vendor":"Me"}', "novendor": '{"SchemaVersion":"0.1.0"}',
    "nojson": "no", "empty": "", "cut": '{"a":', "list": "[]", "null": "null", "number": '{"Vendor":1}',
    "extra": "{} {}", "comma": '{"a":1,}', "escape": '{"a":"\\q"}', "Bad_name": "{}", "ps": "{}",
    "image": "{}"}


@pytest.fixture
def scripts(tmp_path):
    """A configuration directory with a script for each of METADATA, and more of them that are no plugins."""
    (tmp_path / "cli-plugins").mkdir()
    for name, metadata in METADATA.items():
        (tmp_path / "cli-plugins" / ("docker-" + name)).write_text(SHOW % metadata, encoding="utf-8")
        (tmp_path / "cli-plugins" / ("docker-" + name)).chmod(0o755)
    (tmp_path / "cli-plugins" / "docker-good").chmod(0o755)
    (tmp_path / "cli-plugins" / "docker-empty").chmod(0o644)
    (tmp_path / "cli-plugins" / "docker-dangling").symlink_to("/nonexistent/plugin")
    return tmp_path


def need_recorded():
    cli = recorded_cli()
    if cli is None:
        pytest.skip("there is no docker 28.2.2 here")
    return [cli.path]


def lines_of_plugins(command, engine, scripts):
    """The lines about plugins in the help and in `info`."""
    page = run_to_end(words_of(command, engine, scripts, ["--help"])).out.decode()
    usable = re.findall(r"(?m)^  \w+\*.*$", page)
    invalid = page.partition("\nInvalid Plugins:\n")[2].partition("\n\n")[0].splitlines()
    info = run_to_end(words_of(command, engine, scripts, ["info"]))
    listed = info.out.decode().partition("\n Plugins:\n")[2].partition("\n\nServer:")[0].splitlines()
    warnings = [line for line in info.err.decode().splitlines() if line.startswith("WARNING: Plugin")]
    facts = json.loads(run_to_end(words_of(
        command, engine, scripts, ["info", "-f", "{{json .ClientInfo.Plugins}}"])).out.decode())
    return usable, invalid, listed, warnings, facts


def test_scripts_are_listed_as_by_docker(engine, scripts):
    expected = lines_of_plugins(need_recorded(), engine, scripts)
    assert lines_of_plugins(RAWDOCK, engine, scripts) == expected
    assert len(expected[0]) == 2 and len(expected[1]) == len(METADATA) - 2 + 1


def given_words(command, engine, scripts, words):
    """What a script was given and its status, without the name of the socket and that of the program."""
    argv = ["env", "DOCKER_CONFIG=%s" % scripts, "DOCKER_HOST=" + engine.address] + command + words
    ran = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    text = re.sub(r"(?m)^(DOCKER_CLI_PLUGIN_SOCKET=@docker_cli_)[0-9a-f]{32}$", r"\1", ran.stdout.decode())
    text = re.sub(r"(?m)^(DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND=).+$", r"\1", text)
    return ran.returncode, text, ran.stderr.decode().replace("docker", "rawdock")


@pytest.mark.parametrize("words", [
    ["good"], ["good", "a b", "", "-x"], ["-D", "-l", "info", "good"], ["-H", "tcp://127.0.0.1:1", "good"],
    ["good", "--help"], ["--help", "good"], ["-v", "good"], ["--", "good"], ["--context=nosuch", "good"],
    ["--config", "{config}", "good"], ["--tlsverify=false", "good"], ["nojson"], ["dangling", "x"],
    ["Bad_name"],
])
def test_scripts_are_run_as_by_docker(engine, scripts, words):
    words = [word.replace("{config}", str(scripts)) for word in words]
    expected = given_words(need_recorded(), engine, scripts, words)
    assert given_words(RAWDOCK, engine, scripts, words) == expected


@pytest.mark.parametrize("words", [["help", "good"], ["help", "good", "sub"]])
def test_the_help_of_a_script(engine, scripts, words):
    expected = given_words(need_recorded(), engine, scripts, words)
    status, out, err = given_words(RAWDOCK, engine, scripts, words)
    socket_line = "DOCKER_CLI_PLUGIN_SOCKET=@docker_cli_\n"   # which docker leaves out here
    assert (out.replace(socket_line, ""), err) == (expected[1], "")
    assert status == 7
