"""rawdock and docker 28.2.2 are given sessions of command lines: tests/live/invocations.py says how.

Where a docker 28.2.2 is on this machine, the record is compared with it too. On CI it must be there.
"""
import os

import pytest

from tests.live.docker_cli import RECORDED_VERSION, TO_BE_JUDGED, expected_of_ours, recorded_cli
from tests.live.invocations import OURS, answers, differing, names, read_record, sessions

SESSIONS = [session for name in names() for session in sessions(name)]
RECORDS = {name: read_record(name) for name in names()}


def title(session):
    return "%s-%s" % (session.name, session.title)


@pytest.fixture(scope="module")
def recorded_engine(engine):
    version = engine.json("GET", "/version")["Version"]
    assert version.startswith("20.10."), "the record was made with dockerd 20.10"
    for image in ("busybox", "redis:2.8"):
        engine.pull(image)
    return engine


@pytest.mark.parametrize("session", SESSIONS, ids=title)
def test_ours_answers_as_recorded(recorded_engine, session):
    rows = RECORDS[session.name][session.title]
    wrong = differing(rows, answers(OURS, recorded_engine, session), expected_of_ours)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("session", SESSIONS, ids=title)
def test_the_record_is_right(recorded_engine, session):
    cli = recorded_cli()
    if cli is None:
        missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        missing("no docker %s here: its answers are in the record" % RECORDED_VERSION)
    rows = RECORDS[session.name][session.title]
    wrong = differing(rows, answers([cli.path], recorded_engine, session), dict)
    assert not wrong, "\n".join(wrong)


def test_every_invocation_is_recorded():
    for name in names():
        assert ({session.title: session.invocations for session in sessions(name)}
                == {title: [row["words"] for row in rows] for title, rows in RECORDS[name].items()})


def test_every_difference_has_a_reason_and_is_one():
    for row in [row for record in RECORDS.values() for rows in record.values() for row in rows]:
        assert ("differs" in row) == ("ours" in row) and row.get("differs") != TO_BE_JUDGED, row
        assert all(row["ours"][key] != row[key] for key in row.get("ours", ())), row
