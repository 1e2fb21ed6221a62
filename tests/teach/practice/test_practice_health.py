"""The health checks of a practice engine, by HTTP written by hand."""
import json
import time
import urllib.parse

import pytest

from rawdock.teach.practice.engine import PracticeEngine
from tests.teach.practice.practice_wire import (ask, create, eventually, inspect, is_rfc3339, pull, run_exec,
                                                start)

MILLISECOND = 1000000


@pytest.fixture
def engine():
    with PracticeEngine() as one:
        pull(one)
        yield one


def checked(engine, test, name="", **more):
    """→ the id of a container that sleeps, with a health check every 20 ms."""
    healthcheck = dict({"Test": test, "Interval": 20 * MILLISECOND, "Retries": 2}, **more)
    return create(engine, ["sleep", "1000"], name=name, Healthcheck=healthcheck)


def health(engine, identity):
    return inspect(engine, identity)["State"].get("Health")


def becomes(engine, identity, status):
    eventually(lambda: health(engine, identity)["Status"] == status)


def listed(engine, **filters):
    text = urllib.parse.quote(json.dumps(filters))
    return ask(engine, "GET", "/containers/json?all=1&filters=" + text)


def test_healthy_unhealthy_and_healthy_again(engine):
    since = "%.6f" % time.time()
    identity = checked(engine, ["CMD-SHELL", "echo out; echo err >&2; test ! -e /bad"], name="web")
    assert health(engine, identity) is None
    start(engine, identity)
    becomes(engine, identity, "healthy")
    result = health(engine, identity)["Log"][0]
    assert (result["ExitCode"], result["Output"]) == (0, "out\nerr\n")
    assert is_rfc3339(result["Start"]) and is_rfc3339(result["End"])
    assert listed(engine, health=["healthy"])[1][0]["Status"].endswith(" (healthy)")
    assert listed(engine, health=["none", "unhealthy", "starting"]) == (200, [])
    run_exec(engine, identity, ["touch", "/bad"])
    becomes(engine, identity, "unhealthy")
    assert health(engine, identity)["FailingStreak"] >= 2
    eventually(lambda: [one["ExitCode"] for one in health(engine, identity)["Log"]] == [1] * 5)
    assert listed(engine)[1][0]["Status"].endswith(" (unhealthy)")
    run_exec(engine, identity, ["rm", "/bad"])
    becomes(engine, identity, "healthy")
    assert health(engine, identity)["FailingStreak"] == 0
    eventually(lambda: inspect(engine, identity)["ExecIDs"] is None)   # no check is under way
    filters = urllib.parse.quote(json.dumps({"event": ["health_status"]}))
    data = ask(engine, "GET", "/events?since=%s&until=%.6f&filters=%s" % (since, time.time(), filters))[1]
    events = [json.loads(line) for line in data.decode().splitlines()]
    assert [one["Action"] for one in events] == [
        "health_status: healthy", "health_status: unhealthy", "health_status: healthy"]
    assert events[0]["Actor"]["Attributes"] == {"name": "web", "image": "busybox"}


def test_a_stopped_container_is_unhealthy_and_starts_again_as_starting(engine):
    identity = checked(engine, ["CMD", "true"])
    start(engine, identity)
    becomes(engine, identity, "healthy")
    assert ask(engine, "POST", "/containers/%s/kill" % identity)[0] == 204
    eventually(lambda: not inspect(engine, identity)["State"]["Running"])
    assert health(engine, identity)["Status"] == "unhealthy"
    assert "healthy" not in listed(engine)[1][0]["Status"]
    kept = health(engine, identity)["Log"]
    start(engine, identity)
    assert health(engine, identity)["Log"][:1] == kept[:1] or len(health(engine, identity)["Log"]) == 5
    becomes(engine, identity, "healthy")


def test_a_check_that_takes_too_long_or_cannot_run_fails(engine):
    slow = checked(engine, ["CMD-SHELL", "echo begun; sleep 100"], Timeout=30 * MILLISECOND)
    missing = checked(engine, ["CMD", "nosuch"])
    for identity, text in ((slow, "Health check exceeded timeout (30ms): begun\n"),
                           (missing, "executable file not found in $PATH")):
        start(engine, identity)
        becomes(engine, identity, "unhealthy")
        result = health(engine, identity)["Log"][0]
        assert result["ExitCode"] == -1 and text in result["Output"]


def test_failures_in_the_start_period_do_not_count(engine):
    identity = checked(engine, ["CMD", "false"], StartPeriod=3600 * 1000 * MILLISECOND)
    start(engine, identity)
    eventually(lambda: len(health(engine, identity)["Log"]) >= 3)
    assert health(engine, identity)["FailingStreak"] == 0
    assert listed(engine, health=["starting"])[1][0]["Status"].endswith(" (health: starting)")


@pytest.mark.parametrize("test", [["NONE"], ["BOGUS", "true"], [], ["CMD"]])
def test_without_a_check_there_is_no_health(engine, test):
    identity = checked(engine, test)
    start(engine, identity)
    assert health(engine, identity) is None and listed(engine, health=["none"])[1][0]["Id"] == identity
    status, answer = listed(engine, health=["bogus"])
    assert (status, answer["message"]) == (400, "unrecognized filter value for health: bogus")


def test_a_paused_container_is_not_checked(engine):
    identity = checked(engine, ["CMD", "true"])
    start(engine, identity)
    becomes(engine, identity, "healthy")
    ask(engine, "POST", "/containers/%s/pause" % identity)
    assert listed(engine)[1][0]["Status"].endswith(" (Paused)")
    ask(engine, "POST", "/containers/%s/unpause" % identity)
    assert listed(engine)[1][0]["Status"].endswith(" (healthy)")
