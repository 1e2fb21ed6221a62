"""The scenarios of `rawdock conform` on the real engine: the recorded facts hold, and the practice engine is
compared with it directly.
"""
import re
import time

import pytest

from rawdock.engine.docker import Docker
from rawdock.teach.conform.conform import CONFORM_API, run_scenarios
from rawdock.teach.conform.facts import CONFORM_FACTS
from rawdock.teach.conform.shapes import ConformFact, compare_fact, read_facts
from rawdock.teach.practice.engine import PracticeEngine
from tests.live.client import Running, client, rawdock, wait_until

# In these the practice engine answers 400 where the API says so, or dockerd 26.1 does, and dockerd 20.10
# answers 500, or nothing at all.
STRICTER = {"bad-filter", "bad-tag", "no-config", "bad-json", "wrong-kind", "bad-wait", "bad-time"}


def all_facts(address):
    with Docker(address, version=CONFORM_API) as docker:
        return {(scenario, step.name): (step, fact) for scenario, found in run_scenarios(docker) for step,
                fact in found}


def is_20_10(engine):
    return engine.json("GET", "/version")["Version"].startswith("20.10.")


@pytest.fixture(scope="module")
def real_facts(engine):
    engine.pull("busybox")
    return all_facts(engine.address)


def test_the_recorded_facts_are_those_of_the_real_engine(engine, real_facts):
    assert is_20_10(engine), "the facts are recorded from 20.10: record those of this engine"
    expected = read_facts(CONFORM_FACTS)
    wrong = {key: lines for key, (step, fact) in real_facts.items()
             for lines in [compare_fact(expected[key[0]][key[1]], fact, step.says)[1]] if lines}
    assert wrong == {} and len(real_facts) > 180


def test_the_practice_engine_answers_as_the_real_one(real_facts):
    with PracticeEngine() as practice:
        seen = all_facts(practice.address)
    different = {}
    for key, (step, fact) in real_facts.items():
        assert isinstance(fact, ConformFact), (key, fact)
        _, lines, _ = compare_fact(fact, seen[key][1], step.says)
        if lines:
            different[key[1]] = lines
    assert set(different) == STRICTER, different
    assert different["bad-filter"] == ["status: expected 500, seen 400"]


def objects(engine):
    """Names and ids of what conform could leave behind; an engine lists them in any order."""
    return (sorted(str(one["RepoTags"]) for one in engine.json("GET", "/images/json")),
            sorted(one["Id"] for one in engine.json("GET", "/networks")),
            sorted(one["Name"] for one in engine.json("GET", "/volumes")["Volumes"] or ()))


def run_conform(engine):
    """`rawdock conform` on an engine, which must leave nothing behind → (Ran, lines, things equal, things
    compared)."""
    engine.pull("busybox")
    before = objects(engine)
    began = time.monotonic()
    ran = rawdock(engine, "conform")
    assert time.monotonic() - began < 120
    assert objects(engine) == before
    lines = ran.out.decode().splitlines()
    equal, compared = map(int, re.fullmatch(r" *(\d+) / (\d+) +equal / compared", lines[-1]).groups())
    differences = [line.split(" x ", 1)[1] for line in lines if re.match(r" +\d+ x ", line)]
    assert len(differences) == len(set(differences))
    return ran, differences, equal, compared


def test_the_command_on_the_real_engine(engine):
    ran, differences, equal, compared = run_conform(engine)
    assert (ran.status, ran.err, differences) == (0, b"", []) and equal == compared > 790


def test_the_command_on_an_engine_whose_lowest_api_is_newer(engine26):
    ran, differences, equal, compared = run_conform(engine26)
    assert ran.status == 1 and compared > 790 and equal > 740, ran
    assert not [line for line in differences if line.startswith("no answer to compare")]
    if engine26.json("GET", "/version")["MinAPIVersion"] == "1.44":
        assert b"speaks no API below 1.44" in ran.err and ran.err.count(b"\n") == 1
        assert [line for line in differences if "VirtualSize" in line]


def test_the_command_on_podman(podman):
    ran, differences, equal, compared = run_conform(podman)
    assert (ran.status, ran.err) == (1, b"") and compared > 780 and equal > 580, ran
    unanswered = [line for line in differences if line.startswith("no answer to compare")]
    # attach?logs=1 stays open; a detached exec is answered with a line feed
    assert len(unanswered) == 2, unanswered
    assert len([line for line in differences if ".cause is not expected" in line]) == 1


def test_an_interrupted_run_leaves_nothing(engine):
    engine.pull("busybox")
    before = objects(engine)
    with Running(client(engine, "conform")) as running:
        wait_until(lambda: any("rawdock-conform-" in names for names in engine.containers().values()),
                   what="a container of conform's")
        running.interrupt()
        assert running.end().status == 130
    assert objects(engine) == before   # and no container: the fixture looks
