"""At a terminal rawdock shows what docker 28.2.2 shows and exits as it does, three times of three.

What is done, and how it is compared: tests/live/terminal_cases.py. Where a docker 28.2.2 is on this machine,
the record is compared with it too. On CI it must be there.
"""
import os
import sys

import pytest

from tests.live.docker_cli import RECORDED_VERSION, recorded_cli
from tests.live.terminal_cases import CASES, docker_answer, play, read_answers

TURNS = 3


@pytest.fixture(scope="module", autouse=True)
def image(engine):
    version = engine.json("GET", "/version")["Version"]
    assert version.startswith("20.10."), "the record was made with dockerd 20.10"
    engine.pull("busybox")


@pytest.mark.parametrize("name", CASES)
def test_ours_shows_what_docker_shows(engine, name):
    """And leaves the terminal as it was, also where docker leaves it raw."""
    expected = dict(read_answers()[name], **CASES[name].ours)
    compared = [key for key in ("status", "out") if expected[key] is not None]
    for _ in range(TURNS):
        found = play(CASES[name], [sys.executable, "-m", "rawdock"], engine, stops=True)
        assert {key: found[key] for key in compared} == {key: expected[key] for key in compared}
        assert found["modes_kept"] is not False
        assert "Traceback" not in found["out"]


@pytest.mark.parametrize("name", CASES)
def test_the_record_is_right(engine, name):
    cli = recorded_cli()
    if cli is None:
        missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        missing("no docker %s here: its answers are in the record" % RECORDED_VERSION)
    assert docker_answer(CASES[name], [cli.path], engine) == read_answers()[name]


def test_every_difference_has_a_reason_and_is_one():
    answers = read_answers()
    assert list(answers) == list(CASES)
    for name, one in CASES.items():
        assert bool(one.differs) == bool(one.ours), name
        assert all(value != answers[name][key] for key, value in one.ours.items()), name
    assert sum(not one.ours for one in CASES.values()) >= 40
    assert any(answers[name]["modes_kept"] is False for name in CASES)   # docker leaves some terminal raw
