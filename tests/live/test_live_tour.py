"""The tour and the lessons on a real engine: they end well, and leave no container, volume or image of theirs
behind."""
import os

import pytest

from rawdock.teach.lessons.course import LESSONS
from tests.live.client import client, run_to_end
from tests.live.test_live_single_file import alone, written_file   # noqa: F401 (a fixture)


@pytest.fixture
def no_redis(engine):
    engine.remove_container("rawdock-tour")
    engine.remove_image("redis:2.8")
    yield
    engine.remove_image("redis:2.8")


def volumes(engine):
    return sorted(row["Name"] for row in engine.json("GET", "/volumes")["Volumes"] or ())


def has_image(engine, name):
    return engine.request("GET", "/images/%s/json" % name)[0] == 200


def test_the_tour_of_a_real_engine(engine, no_redis):
    before = volumes(engine)
    ran = run_to_end(client(engine, "tour", "--yes"))
    assert (ran.status, ran.err) == (0, b""), ran
    for expected in (b"An engine answers at %s." % engine.address.encode(), b"404 Not Found",
                     b"Status: Downloaded newer image for redis:2.8",
                     b"101 UPGRADED", b"eady to accept connections", b"redis-cli printed: hello",
                     b"redis has ended with status 0."):
        assert expected in b" ".join(ran.out.split()), expected   # lines are filled to the width
    assert volumes(engine) == before
    assert not has_image(engine, "redis:2.8")


def test_an_image_that_was_there_stays(engine, no_redis):
    engine.pull("redis:2.8")
    ran = run_to_end(client(engine, "tour", "--yes"))
    assert (ran.status, ran.err) == (0, b"") and b"201 at once" in ran.out
    assert has_image(engine, "redis:2.8")


def test_without_a_yes_a_real_engine_is_left_alone(engine, no_redis):
    ran = run_to_end(client(engine, "tour"))
    assert ran.status == 1 and b"add --yes" in ran.err
    assert not has_image(engine, "redis:2.8")


def test_a_name_that_is_taken_is_left_alone(engine):
    engine.pull("busybox")
    engine.json("POST", "/containers/create?name=rawdock-tour", {"Image": "busybox"})
    try:
        ran = run_to_end(client(engine, "tour", "--yes"))
        assert ran.status == 1 and b"there is a container called rawdock-tour already" in ran.err
        assert engine.request("GET", "/containers/rawdock-tour/json")[0] == 200
    finally:
        engine.remove_container("rawdock-tour")


@pytest.mark.parametrize("number", range(1, len(LESSONS) + 1))
def test_a_lesson_on_a_real_engine(engine, number, no_redis, tmp_path):
    ran = run_to_end(["env", "XDG_STATE_HOME=%s" % tmp_path] + client(engine, "learn", str(number)),
                     stdin=LESSONS[number - 1].solution())
    assert (ran.status, ran.err) == (0, b""), ran
    assert b"Solved. 1 of 15" in ran.out


@pytest.fixture(scope="module")
def single_file():
    return written_file("--whole")


def test_the_school_alone(alone, tmp_path):   # noqa: F811
    command = (["env", "XDG_STATE_HOME=%s" % (tmp_path / "state"),
                "DOCKER_HOST=unix:///nonexistent/docker.sock"] + alone)
    ran = run_to_end(command + ["learn", "1"], stdin=b"GET /_ping HTTP/1.0\r\n\r\n")
    assert (ran.status, ran.err) == (0, b"") and b"Solved. 1 of 15" in ran.out
    ran = run_to_end(command + ["tour"])
    assert (ran.status, ran.err) == (0, b"") and b"redis-cli printed: hello" in ran.out
    assert set(os.listdir(str(tmp_path))) - {"__pycache__"} == {"rawdock.py", "state"}
