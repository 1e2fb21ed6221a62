"""Answers that are HTTP and JSON but make no sense: a line on stderr, a status that is not 0, no
traceback."""
import json
import os
import re
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawdock.errors import ProtocolError, StreamError
from tests.cli.canned_engine import run_on_fake_engine
from tests.cli.scripted_socket import (PING, answer, assert_one_line, chunk, chunked_head, clean_environment,
                                       read_request, run_to_end, scripted_socket, serving)

MISTYPED = b'[{"Id":"abc","Created":"x","Names":"str","Ports":"p","RepoTags":[5],"Size":"big"}]'
ENDLESS = b'[{"Id":"abc","Created":1e999,"Names":[null],"Ports":[{}],"State":[],"Labels":[]}]'


def engine_that_says(head, body):
    """A scripted_socket whose answer to every request is this head (no length) and body."""
    fields = b"Api-Version: 1.41\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"

    def serve(engine, connection):
        while read_request(connection):
            connection.sendall(head + fields % len(body) + body)
    return scripted_socket(serve)


def read_terminal(descriptor):
    """All that is written to the other side of a pseudo-terminal, until nobody has that open any more."""
    data = b""
    while True:
        try:
            data += os.read(descriptor, 65536)
        except OSError:   # EIO
            return data


def ended(command, address, words, **options):
    ran = subprocess.run(command + ["-H", address] + words, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         timeout=60, **options)
    return ran.returncode, ran.stdout, ran.stderr


@pytest.mark.parametrize("words", [["ps", "-a"], ["images"], ["version"], ["info"],
                                   ["run", "busybox", "true"]], ids=" ".join)
@pytest.mark.parametrize("body", [MISTYPED, ENDLESS], ids=["mistyped", "endless"])
def test_values_of_other_types(rawdock_command, words, body):
    with engine_that_says(b"HTTP/1.1 200 OK\r\n", body) as engine:
        status, out, err = ended(rawdock_command, engine.address, words)
    assert status not in (0, None)
    assert_one_line(err)


STEERING = "a\x1b[31mred\x07\x9b2J\u202e\r\nline2 caf\u00e9\n"
SPELLED = "a\\x1b[31mred\\x07\\u009b2J\\u202e%sline2 caf\u00e9\n"
REFUSAL = answer(404, json.dumps({"message": STEERING}).encode())
PULLED = chunked_head() + chunk(json.dumps({"error": STEERING,
                                            "errorDetail": {"message": STEERING}}).encode()) + b"0\r\n\r\n"
INSPECTED = answer(200, json.dumps({"Id": "i", "Name": "/x", "State": {"Running": False, "Status": "exited"},
                                    "HostConfig": {},
                                    "Config": {"Tty": False, "OpenStdin": False}}).encode())
WARNED = {"POST /containers/create": answer(201,
                                            json.dumps({"Id": "i", "Warnings": [STEERING.strip()]}).encode()),
          "GET /info": answer(200, json.dumps({"ID": "i", "Name": STEERING.strip(),
                                               "Warnings": [STEERING.strip()]}).encode()),
          "GET /version": answer(200, json.dumps({"Version": STEERING.strip(),
                                                  "ApiVersion": "1.41"}).encode())}


@pytest.mark.parametrize("words, answers", [
    ("rm x", {"DELETE /containers/x": REFUSAL}), ("rmi x", {"DELETE /images/x": REFUSAL}),
    ("stop x", {"POST /containers/x/stop": REFUSAL}),
    ("inspect --type image x", {"GET /images/x/json": REFUSAL}),
    ("inspect --type container x", {"GET /containers/x/json": REFUSAL}),
    ("ps", {"GET /containers/json": REFUSAL}), ("logs x", {"GET /containers/x/json": REFUSAL}),
    ("run x", {"POST /containers/create": answer(
        400, json.dumps({"message": STEERING}).encode())}),
        ("pull x", {"POST /images/create?fromImage=docker.io%2Flibrary%2Fx&tag=latest": PULLED}),
    ("rename x y", {"POST /containers/x/rename?name=y": REFUSAL}),
    ("wait x", {"POST /containers/x/wait": REFUSAL}),
    ("kill x", {"POST /containers/x/kill": REFUSAL}), ("start x", {"POST /containers/x/start": REFUSAL}),
    ("create x", WARNED), ("info", WARNED)])
def test_an_engines_words_cannot_steer_the_terminal(rawdock_command, words, answers):
    with scripted_socket(serving(dict(PING, **answers))) as engine:
        ran = run_to_end(rawdock_command + ["-H", engine.address] + words.split())
    err = ran.err.decode("utf-8")
    assert SPELLED % "\n" in err or SPELLED % "\\r\n" in err, ran
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", err + ran.out.decode("utf-8")), ran


@pytest.mark.parametrize("words", ["version", "info"])
def test_what_an_engine_is_called_cannot_steer_the_terminal(rawdock_command, words):
    with scripted_socket(serving(dict(PING, **WARNED))) as engine:
        ran = run_to_end(rawdock_command + ["-H", engine.address] + words.split())
    assert ran.status == 0 and (SPELLED % "\\r\n").encode() in ran.out, ran


@pytest.mark.parametrize("words, row", [
    ("ps -a", {"Id": "i", "Names": ["/a\x1b"], "Image": "b\x9b", "Command": "c", "Status": "d\x1b[1m",
               "Created": 0}),
    ("images", {"Id": "sha256:" + "0" * 64, "RepoTags": ["a\x1b:b\x9b"], "Created": 0, "Size": 0}),
    ("events", {"Type": "a\x1b", "Action": "b\x9b",
                "Actor": {"ID": "c\x1b", "Attributes": {"d\x9b": "e\x1b"}}, "time": 1})])
def test_what_a_list_shows_cannot_steer_the_terminal(rawdock_command, words, row):
    answers = {target: answer(200, json.dumps(row if words == "events" else [row]).encode())
               for target in ("GET /containers/json?all=1", "GET /images/json", "GET /events")}
    with scripted_socket(serving(dict(PING, **answers))) as engine:
        ran = run_to_end(rawdock_command + ["-H", engine.address] + words.split())
    assert ran.status == 0 and b"\\x1b" in ran.out and b"\\u009b" in ran.out, ran
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", ran.out.decode("utf-8")), ran


def test_a_reason_cannot_steer_the_terminal(rawdock_command):
    with scripted_socket(serving(dict(PING, **{"GET /x": answer(500, b"", b"a\x9b31mred")}))) as engine:
        ran = run_to_end(rawdock_command + ["-H", engine.address, "GET", "/x"])
    assert (ran.status, ran.err) == (1, b"rawdock: the engine answered 500 a\\u009b31mred\n")


def test_inspect_gives_a_terminal_the_escapes_of_json_and_a_file_the_engines_bytes(rawdock_command):
    text = '{"Id": "i", "a": "\x7f\x9b\u202e\U000e0041 caf\u00e9"}'
    answers = dict(PING, **{"GET /containers/x/json": answer(200, text.encode())})
    with scripted_socket(serving(answers)) as engine:
        words = rawdock_command + ["-H", engine.address, "inspect", "--type", "container", "x"]
        to_a_file = run_to_end(words).out
        ours, theirs = os.openpty()
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=theirs, env=clean_environment())
        os.close(theirs)
        on_a_terminal = read_terminal(ours)
        os.close(ours)
        assert process.wait(60) == 0
    assert '"a": "\x7f\x9b\u202e\U000e0041 caf\u00e9"'.encode() in to_a_file
    assert '"a": "\\u007f\\u009b\\u202e\\udb40\\udc41 caf\u00e9"'.encode() in on_a_terminal
    assert json.loads(to_a_file.decode()) == json.loads(on_a_terminal.decode())


def test_a_refusal_of_several_lines_keeps_them(rawdock_command):
    answers = dict(PING, **{"DELETE /containers/x": answer(500, b'{"message":"one\\ntwo\\n"}')})
    with scripted_socket(serving(answers)) as engine:
        ran = run_to_end(rawdock_command + ["-H", engine.address, "rm", "x"])
    assert (ran.status, ran.err) == (1, b"Error response from daemon: one\ntwo\n")


def test_an_engine_that_is_not_there_is_reported_in_dockers_words(rawdock_command):
    """Scripts look for them."""
    start = b"Cannot connect to the Docker daemon at unix:///nope. Is the docker daemon running?"
    for words in ("ps", "version", "pull x", "rm x", "inspect x", "logs x", "exec x y", "start x", "rmi x"):
        ran = run_to_end(rawdock_command + ["-H", "unix:///nope"] + words.split())
        assert ran.status == 1 and ran.err.startswith(start), ran
    ran = run_to_end(rawdock_command + ["-H", "unix:///nope", "run", "x"])
    assert ran.status == 125 and ran.err.startswith(b"rawdock: " + start), ran


def test_a_switch_that_was_not_requested_is_no_removal(rawdock_command):
    with engine_that_says(b"HTTP/1.1 101 UPGRADED\r\n", b"") as engine:
        status, out, err = ended(rawdock_command, engine.address, ["rm", "x"])
    assert (status, out) == (1, b"") and err.count(b"\n") == 1


def test_an_image_without_a_name(rawdock_command):
    status, out, err = ended(rawdock_command, "unix:///nowhere", ["run", ""])
    assert status == 125 and b"invalid reference format" in err and b"empty" in err


def test_output_that_cannot_be_written_is_said_to_be_ours(rawdock_command):
    with open("/dev/full", "wb") as full, engine_that_says(b"HTTP/1.1 200 OK\r\n", b"[]") as engine:
        ran = subprocess.run(rawdock_command + ["-H", engine.address, "ps"], stdout=full,
                             stderr=subprocess.PIPE, timeout=60)
    assert (ran.returncode == 1 and ran.stderr == b"rawdock: cannot write to stdout: %s\n"
            % os.strerror(28).encode())


CONTAINER = {"Id": "a" * 64, "Names": ["/a", "/b/a"], "Image": "redis@sha256:" + "1" * 64,
             "ImageID": "sha256:" + "2" * 64, "Command": "c",
             "Created": 1, "Labels": {"a": "b"}, "State": "running", "Status": "Up", "SizeRw": 5,
             "SizeRootFs": 10,
             "Ports": [{"IP": "::", "PrivatePort": 80, "PublicPort": 81, "Type": "tcp"},
                       {"PrivatePort": 90, "Type": "tcp"}],
             "Mounts": [{"Name": "v", "Source": "/s", "Driver": "local"}],
             "NetworkSettings": {"Networks": {"bridge": {}}}}
IMAGE = {"Id": "sha256:" + "3" * 64, "RepoTags": ["docker.io/library/a:1"],
         "RepoDigests": ["a@sha256:" + "4" * 64], "Created": 1,
         "Size": 10, "SharedSize": 3, "Containers": 2, "Labels": {"a": "b"}}
VERSION = {"Platform": {"Name": "E"}, "Version": "1", "ApiVersion": "1.41", "Components": [
    {"Name": "Engine", "Version": "1", "Details": {"ApiVersion": "1.41", "MinAPIVersion": "1.12",
                                                   "BuildTime": "2026-01-01T00:00:00Z"}}]}
INFO = {"ID": "i", "Containers": 1, "DriverStatus": [["a", "b"]], "Plugins": {"Volume": ["l"], "Log": None},
        "Runtimes": {"runc": {}},
        "Swarm": {"LocalNodeState": "active", "ControlAvailable": True, "Cluster": {"ID": "c"},
                  "Managers": 1}, "OSType": "linux",
        "RuncCommit": {"ID": "a", "Expected": "b"}, "SecurityOptions": ["name=seccomp,profile=default"],
        "MemTotal": 100, "Warnings": ["w"],
        "RegistryConfig": {"IndexConfigs": {"a": {"Secure": False}}, "Mirrors": ["m"]},
        "DefaultAddressPools": [{"Base": "b", "Size": 24}]}
EVENT = {"Type": "container", "Action": "start", "Actor": {"ID": "a", "Attributes": {"a": "b"}}, "time": 1,
         "timeNano": 10 ** 9}
SENSE = [(["ps", "-as"], "GET /containers/json", [CONTAINER]),
         (["ps", "--format", "json"], "GET /containers/json", [CONTAINER]),
         (["images", "--digests"], "GET /images/json", [IMAGE]),
         (["images", "--format", "json"], "GET /images/json", [IMAGE]),
         (["version"], "GET /version", VERSION), (["version", "-f", "json"], "GET /version", VERSION),
         (["info"], "GET /info", INFO),
         (["events"], "GET /events", EVENT), (["events", "--format", "json"], "GET /events", EVENT),
         (["rmi", "x"], "DELETE /images/x", [{"Untagged": "x:1"}, {"Deleted": "sha256:1"}]),
         (["inspect", "--type", "image", "-f", "{{.RepoTags}}", "x"], "GET /images/x/json", IMAGE)]
NONSENSE = st.sampled_from([None, True, False, 0, -1, 1.5, 1e308, 10 ** 25, 2 ** 63, "", "x", [], [None],
                            [[]], {}, {"Id": 5}, "\x1b[31m"])


def places(value):
    """Each place in a JSON value, as the list of keys and indexes that leads there."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [[]] + [[key] + rest for key, one in inner for rest in places(one)]


def replaced(value, place, new):
    """`value` with `new` at `place`."""
    if not place:
        return new
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[place[0]] = replaced(value[place[0]], place[1:], new)
    return changed


@given(st.data())
def test_any_json_at_any_place_is_an_answer_or_a_protocol_error(data):
    words, target, sense = data.draw(st.sampled_from(SENSE))
    said = replaced(sense, data.draw(st.sampled_from(places(sense))), data.draw(NONSENSE))
    try:
        ran = run_on_fake_engine({target: said}, words)
    except (ProtocolError, StreamError):
        return
    assert ran.status in (0, 1)
