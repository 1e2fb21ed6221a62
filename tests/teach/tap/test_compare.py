"""`rawdock compare`: two clients given one line of words, and what each sends, beside each other."""
import json
import os
import stat
import sys

import pytest

from rawdock.teach.tap.compare import aligned, query_values, request_differences, value_differences

from tests.cli.scripted_socket import PING, answer, assert_one_line, run_to_end, scripted_socket

# It sends the requests that a file names, and takes no notice of its words.
CLIENT = """#!%s
import http.client, json, os, socket, sys
for method, target, body in json.load(open(os.path.join(os.path.dirname(sys.argv[0]), "requests"))):
    connection = http.client.HTTPConnection("d")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(os.environ["DOCKER_HOST"][7:])
    connection.request(method, target, body, {"Content-Type": "application/json"} if body else {})
    connection.getresponse().read()
"""
ANSWERS = dict(PING, **{"GET /containers/json?all=1": answer(200, b"[]"),
                        "HEAD /_ping": answer(200, b""), "GET /containers/json": answer(200, b"[]"),
                        "POST /containers/x/update": answer(200, b"{}")})


@pytest.fixture
def compare(rawdock_command, tmp_path):
    """compare(requests of docker, words…) → Ran."""
    docker = tmp_path / "docker"
    docker.write_text(CLIENT % sys.executable)
    docker.chmod(docker.stat().st_mode | stat.S_IXUSR)

    def compared(requests, *words, **more):
        (tmp_path / "requests").write_text(json.dumps(requests))
        with scripted_socket(ANSWERS) as engine:
            path = more.get("docker", os.fspath(docker))
            words = ["-H", engine.address, "compare", "--docker", path] + list(words)
            return run_to_end(rawdock_command + words)
    return compared


def test_equal_requests(compare):
    ran = compare([["HEAD", "/_ping", None], ["GET", "/v1.41/containers/json?all=1", None]], "ps", "-a")
    assert (ran.status, ran.err) == (0, b"")
    assert [line.split() for line in ran.out.decode().splitlines()] == [
        ["docker", "(status", "0)", "rawdock", "(status", "0)"],
        ["HEAD", "/_ping", "=", "GET", "/_ping"],
        ["GET", "/v1.41/containers/json?all=1", "=", "GET", "/v1.41/containers/json?all=1"]]


def test_differences_are_marked(compare):
    requests = [["GET", "/_ping", None], ["GET", "/v1.30/containers/json", None], ["GET", "/info", None]]
    ran = compare(requests, "ps", "-a")
    lines = ran.out.decode().splitlines()
    assert ran.status == 1 and " ! " in lines[2] and lines[5].rstrip().endswith("<")
    assert [line.strip() for line in lines[3:5]] == [
        'version: "1.30" | "1.41"', 'query.all: (not sent) | "1"']


def test_bodies_are_compared_as_values(compare):
    requests = [["GET", "/_ping", None],
                ["POST", "/v1.41/containers/x/update", '{"Memory": 5, "CpuShares":0}']]
    assert compare(requests, "update", "-m", "5b", "x").status == 0
    requests[1][2] = '{"Memory": 6}'
    ran = compare(requests, "--json", "update", "-m", "5b", "x")
    found = json.loads(ran.out.decode())
    assert ran.status == 1 and found["equal"] is False and found["statuses"] == [0, 0]
    assert found["requests"][1]["differences"] == [["body.Memory", 6, 5]]


def test_what_cannot_be_compared(compare):
    ran = compare([], "help")
    assert (ran.status, ran.out) == (1, b"") and b"neither docker nor rawdock sent a request" in ran.err
    assert_one_line(ran.err)
    ran = compare([], "ps", docker="/nonexistent/docker")
    assert (ran.status, ran.out) == (1, b"") and b"cannot run /nonexistent/docker" in ran.err
    assert_one_line(ran.err)


@pytest.mark.parametrize("left, right, found", [
    ({"a": 0, "b": {"c": []}}, {}, []), ({"a": None}, {"a": False}, []), ({"a": [0, 0]}, {}, []),
    ({"a": 1}, {}, [(".a", 1, "(not sent)")]), ({"a": {"b": 1}}, {"a": {"b": 2}}, [(".a.b", 1, 2)]),
    ({"a": [1]}, {"a": [1, 2]}, [(".a", [1], [1, 2])]), ({"a": -1}, {}, [(".a", -1, "(not sent)")])])
def test_value_differences(left, right, found):
    assert value_differences("", left, right) == found


def test_filters_in_both_forms_are_equal():
    forms = ["filters=%7B%22a%22%3A%7B%22x%22%3Atrue%7D%7D&b=0", "filters=%7B%22a%22%3A%5B%22x%22%5D%7D"]
    requests = [{"method": "GET", "target": "/v1.41/volumes?" + form, "body": ""} for form in forms]
    assert request_differences(*requests) == []
    assert query_values("a=1&a=2&filters=x") == {"a": ["1", "2"], "filters": "x"}


def test_requests_are_aligned_by_their_path():
    one, two, three = [{"method": "GET", "target": "/v1.41/" + name, "body": ""} for name in "abc"]
    assert aligned([one, two], [two, three]) == [(one, None), (two, two), (None, three)]
