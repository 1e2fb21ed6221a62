"""rawdock beside docker 28.2.2, invocation for invocation: equal output, errors and exit status as
recorded.

Where a docker 28.2.2 is on this machine, the record is compared with it too. On CI it must be there.
"""
import os

import pytest

from tests.live.docker_cli import (
    RECORDED_VERSION, TO_BE_JUDGED, all_rows, answer, expected_of_ours, ours, recorded_cli)

ROWS = all_rows()


def row_name(value):
    return "-".join(value["words"]) if isinstance(value, dict) else value


@pytest.fixture(scope="module", autouse=True)
def images(engine):
    version = engine.json("GET", "/version")["Version"]
    assert version.startswith("20.10."), "the record was made with dockerd 20.10"
    for image in ("busybox", "redis:2.8"):
        engine.pull(image)


@pytest.mark.parametrize("table, row", ROWS, ids=row_name)
def test_ours_answers_as_recorded(engine, table, row):
    expected = expected_of_ours(row)
    found = ours(engine, row)
    assert {key: None if expected[key] is None else found[key] for key in expected} == expected


@pytest.mark.parametrize("table, row", ROWS, ids=row_name)
def test_the_record_is_right(engine, table, row):
    cli = recorded_cli()
    if cli is None:
        missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        missing("no docker %s here: its answers are in the record" % RECORDED_VERSION)
    assert answer([cli.path], engine, row) == {key: row[key] for key in ("status", "out", "err")}


def test_every_difference_has_a_reason_and_is_one():
    for table, row in ROWS:
        assert ("differs" in row) == ("ours" in row) and row.get("differs") != TO_BE_JUDGED, row
        assert all(row["ours"][key] != row[key] for key in row.get("ours", ())), row
