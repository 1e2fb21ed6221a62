"""pull and rmi against canned answers."""
import json

import pytest

from rawdock.errors import APIError, ProtocolError, UsageError
from tests.cli.canned_engine import run_on_fake_engine

CREATE = "POST /images/create"


def stream(*messages):
    return "".join(json.dumps(message) + "\r\n" for message in messages).encode("utf-8")


PULLED = stream({"status": "Pulling from library/redis", "id": "2.8"},
                {"status": "Pull complete", "progressDetail": {}, "id": "61b5"},
                {"status": "Status: Downloaded newer image for redis:2.8"})
PULL_LINES = (
    "2.8: Pulling from library/redis\n61b5: Pull complete\nStatus: Downloaded newer image for redis:2.8\n")


@pytest.mark.parametrize("words, query, before, last", [
    (["redis:2.8"], {"fromImage": "docker.io/library/redis", "tag": "2.8"}, "",
     "docker.io/library/redis:2.8"),
    (["redis"], {"fromImage": "docker.io/library/redis", "tag": "latest"}, "Using default tag: latest\n",
     "docker.io/library/redis:latest"),
    (["-a", "localhost:5000/x"], {"fromImage": "localhost:5000/x"}, "", "localhost:5000/x"),
    (["--platform", "linux/arm64", "a/b:1"],
     {"fromImage": "docker.io/a/b", "tag": "1", "platform": "linux/arm64"}, "", "docker.io/a/b:1"),
    (["a/b@sha256:" + "a" * 64], {"fromImage": "docker.io/a/b", "tag": "sha256:" + "a" * 64}, "",
     "docker.io/a/b@sha256:" + "a" * 64)])
def test_pull(words, query, before, last):
    ran = run_on_fake_engine({CREATE: PULLED}, ["pull"] + words)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == before + PULL_LINES + last + "\n"
    assert ran.requests == [("POST", "/images/create", query)]
    assert ran.headers[0]["x-registry-auth"] == "e30="


def test_a_quiet_pull_says_only_what_it_pulled():
    assert run_on_fake_engine({CREATE: PULLED},
                              ["pull", "-q", "redis"]).out == "docker.io/library/redis:latest\n"


@pytest.mark.parametrize("words", [["redis"], ["-q", "redis"]])
def test_an_error_inside_the_stream_ends_the_pull(words):
    failed = stream({"status": "Pulling from library/redis", "id": "latest"},
                    {"errorDetail": {"message": "manifest\nunknown"}, "error": "manifest unknown"})
    ran = run_on_fake_engine({CREATE: failed}, ["pull"] + words)
    assert (ran.status, ran.err) == (1, "manifest\nunknown\n")
    assert "docker.io/" not in ran.out


def test_an_error_before_the_stream():
    with pytest.raises(APIError) as caught:
        run_on_fake_engine({CREATE: (404, {"message": "manifest unknown"})}, ["pull", "redis"])
    assert str(caught.value) == "manifest unknown"


@pytest.mark.parametrize("words, part", [
    (["Foo"], "must be lowercase"), ([""], "it is empty")])
def test_mistakes_of_pull(words, part):
    ran = run_on_fake_engine({}, ["pull"] + words)
    assert (ran.status, ran.out) == (1, "") and part in ran.err


REMOVED = [{"Untagged": "a:1"}, {"Untagged": "a@sha256:d"}, {"Deleted": "sha256:e"}]


def test_rmi():
    ran = run_on_fake_engine({"DELETE /images/a:1": REMOVED}, ["rmi", "-f", "--no-prune", "a:1"])
    assert (ran.status, ran.out) == (0, "Untagged: a:1\nUntagged: a@sha256:d\nDeleted: sha256:e\n")
    assert ran.requests == [("DELETE", "/images/a:1", {"force": "1", "noprune": "1"})]


def test_rmi_goes_on_after_an_error():
    answers = {"DELETE /images/a": REMOVED, "DELETE /images/x": (404, {"message": "No such image: x:latest"}),
               "DELETE /images/y": (409, {"message": "conflict: in use"})}
    ran = run_on_fake_engine(answers, ["rmi", "x", "a", "y", "../z"])
    assert (ran.status, ran.out.count("\n")) == (1, 3)
    lines = ran.err.splitlines()
    assert lines[:2] == ["Error response from daemon: No such image: x:latest",
                         "Error response from daemon: conflict: in use"]
    assert len(lines) == 3 and "../z" in lines[2]


@pytest.mark.parametrize("words, status", [(["x"], 1), (["-f", "x"], 0), (["-f", "x", "y"], 1)])
def test_with_force_an_image_that_is_not_there_is_no_failure(words, status):
    answers = {"DELETE /images/x": (404, {"message": "No such image: x:latest"}),
               "DELETE /images/y": (409, {"message": "conflict"})}
    ran = run_on_fake_engine(answers, ["rmi"] + words)
    assert (ran.status == status
            and ran.err.startswith("Error response from daemon: No such image: x:latest\n"))


@pytest.mark.parametrize("answered", [{}, {"Deleted": "x"}, "a", 5, True, [5], [{}], [{"Deleted": 5}],
                                      [{"Untagged": ["x"]}], [None]], ids=repr)
def test_what_is_no_list_of_removals_is_none(answered):
    with pytest.raises(ProtocolError):
        run_on_fake_engine({"DELETE /images/x": answered}, ["rmi", "x"])
