"""tools/test: the figures it ends with are the tests', and what it does not know goes to pytest."""
import subprocess
import sys

import pytest

from tests.house.sources import load_tool

TOOL = load_tool("test")

REPORT = """<testsuites><testsuite tests="7">
<testcase classname="a" name="passes"/>
<testcase classname="a" name="fails"><failure/></testcase>
<testcase classname="a" name="fails_and_breaks_its_teardown"><failure/></testcase>
<testcase classname="a" name="fails_and_breaks_its_teardown"><error/></testcase>
<testcase classname="a" name="passes_and_breaks_its_teardown"/>
<testcase classname="a" name="passes_and_breaks_its_teardown"><error/></testcase>
<testcase classname="a" name="is_skipped"><skipped/></testcase>
<testcase classname="b" name="passes"><system-out>text</system-out></testcase>
</testsuite></testsuites>"""


def test_a_test_counts_once_and_its_worst_outcome_counts(tmp_path):
    (tmp_path / "report.xml").write_text(REPORT)
    part = TOOL.Part("any")
    assert TOOL.count_report(str(tmp_path / "report.xml"),
                             part) == ["a::fails", "a::fails_and_breaks_its_teardown",
                                       "a::passes_and_breaks_its_teardown"]
    assert (part.passed, part.failed, part.skipped) == (2, 3, 1)


@pytest.mark.parametrize("not_run, last",
                         [(None, ["one         4        1        2      0.5      0.4", "4 passed, 1 failed"]),
                          ("no engine", ["live tests: NOT RUN (no engine)", "4 passed, 1 failed"])])
def test_the_last_line_is_the_total_and_what_did_not_run_comes_before_it(capsys, not_run, last):
    part = TOOL.Part("one")
    part.passed, part.failed, part.skipped, part.seconds, part.cpu = 4, 1, 2, 0.5, 0.4
    TOOL.print_summary([part], not_run)
    assert capsys.readouterr().out.split("\n")[-3:] == last + [""]


def test_an_engine_that_did_not_start_is_named(capsys):
    part = TOOL.Part("live")
    part.passed, part.missing = 3, ["podman 4.3"]
    TOOL.print_summary([part], None)
    shown = capsys.readouterr().out.splitlines()
    assert shown[-2:] == ["live tests: NOT RUN on podman 4.3 (it did not start)", "3 passed, 0 failed"]


@pytest.mark.parametrize("argv, words", [
    ([], []), (["--live"], []), (["--all", "--no-live"], []),
    (["tests/wire", "-k", "chunk"], ["tests/wire", "-k", "chunk"]),
    (["--live", "-x", "--", "--no-live"], ["-x", "--no-live"]),
    (["--liv"], ["--liv"]),
])
def test_what_is_not_ours_is_pytests(argv, words):
    assert TOOL.split_arguments(argv)[1] == words


def test_contradictions_are_refused(capsys):
    with pytest.raises(SystemExit) as caught:
        TOOL.split_arguments(["--live", "--no-live"])
    assert caught.value.code == 2
    assert "contradict" in capsys.readouterr().err


def test_a_part_in_which_nothing_passed_has_failed(tmp_path, capsys):
    """An interpreter that runs no test at all and is content with that."""
    part = TOOL.run_pytest("nothing", "/bin/true", "3.11", [], {}, str(tmp_path))
    assert (part.passed, part.failed) == (0, 1)
    assert "left no report" in capsys.readouterr().out


SHAKY = """
import os, pytest
@pytest.mark.parametrize("number", range(%d))
def test_passes_at_the_second_try(number):
    path = %r + str(number)
    seen = os.path.exists(path)
    open(path, "w").close()
    assert seen
def test_passes(): pass
@pytest.mark.skipif(%r, reason="")
def test_fails(): assert False
"""


@pytest.mark.parametrize("shaky, steady, passed, failed, unsteady",
                         [(2, True, 3, 0, 2), (1, False, 2, 1, 1), (0, False, 1, 1, 0), (4, True, 1, 4, 0)])
def test_a_few_failures_are_tried_once_more_and_named(tmp_path, capfd, shaky, steady, passed, failed,
                                                      unsteady):
    (tmp_path / "test_shaky.py").write_text(SHAKY % (shaky, str(tmp_path / "seen"), steady))
    part = TOOL.run_pytest("shaky", sys.executable, "%d.%d" % sys.version_info[:2],
                           [str(tmp_path / "test_shaky.py")], {}, str(tmp_path))
    assert (part.passed, part.failed, len(part.unsteady)) == (passed, failed, unsteady)
    TOOL.print_summary([part], None)
    shown = capfd.readouterr().out
    assert (shown.count("UNSTEADY, passed at the second try only: ") == unsteady
            and shown.endswith("%d passed, %d failed\n" % (passed, failed)))


@pytest.mark.parametrize("name, options, chosen", TOOL.ARTEFACTS, ids=[row[0] for row in TOOL.ARTEFACTS])
def test_the_chosen_tests_of_a_single_file_are_there(name, options, chosen):
    assert [path for path in chosen.split() if not TOOL.is_test_path(path)] == []


def test_what_another_python_need_not_answer_is_there():
    paths = [word.partition("=")[2] for word in TOOL.ON_ONE_PYTHON]
    assert paths and all(TOOL.is_test_path(path) for path in paths)


@pytest.mark.parametrize("everything, other, left_out", [(False, True, True), (True, True, False),
                                                         (False, False, False)])
def test_the_oldest_python_leaves_out_what_it_need_not_answer(monkeypatch, everything, other, left_out):
    monkeypatch.setattr(TOOL, "ready_venv_locked", lambda version, python: python)
    version = "3.0" if other else "%d.%d" % sys.version_info[:2]
    jobs = list(TOOL.jobs_of(version, sys.executable, everything, "."))
    house = next(job for job in jobs if "tests/house" in job.args[3])
    assert (set(TOOL.ON_ONE_PYTHON) <= set(house.args[3])) is left_out


@pytest.mark.parametrize("most, failed", [(3, 0), (2, 1)])
def test_a_single_file_has_few_chosen_tests(tmp_path, monkeypatch, capsys, most, failed):
    monkeypatch.setattr(TOOL, "MOST_CHOSEN", most)
    part = TOOL.artefact_part(("--core", ["--core"], "tests/test_which_rawdock.py"),
                              "%d.%d" % sys.version_info[:2], sys.executable, False, str(tmp_path))
    assert (part.passed, part.failed) == (3, failed)
    assert ("are to be chosen" in capsys.readouterr().out) is bool(failed)


def test_a_single_file_that_cannot_be_written_has_failed(tmp_path):
    part = TOOL.artefact_part(("broken", ["--no-such-option"], ""), "3.11", sys.executable, False,
                              str(tmp_path))
    assert (part.passed, part.failed) == (0, 1)


def test_what_is_ended_from_outside_starts_no_more(tmp_path):
    processes = TOOL.Processes()
    process = processes.start([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    processes.end()
    assert processes.wait(process)[0] == -15
    process.stdin.close()
    with pytest.raises(TOOL.CannotTest):
        processes.start(["true"])


FAKE_ENGINE = """#!/bin/sh
case "$*" in
  *%s*) exit 1 ;;
  env) echo "export RAWDOCK_LIVE_ENGINE=unix:///20"; echo "export RAWDOCK_LIVE_ENGINE_26=unix:///26" ;;
  down*) echo "$RAWDOCK_ENGINE_STATE" >> "$0.down" ;;
  up*) mkdir "$RAWDOCK_ENGINE_STATE" ;;
esac
"""


@pytest.mark.parametrize("fails, missing", [("podman", ["podman 4.3"]), ("no-such", []), ("20", None)])
def test_an_engine_that_does_not_start_is_done_without_unless_it_is_the_first(
        tmp_path, monkeypatch, fails, missing):
    fake = tmp_path / "engine"
    fake.write_text((FAKE_ENGINE % fails).replace(
        'unix:///26"', 'unix:///26"; echo "export RAWDOCK_LIVE_PODMAN=unix:///podman"'))
    fake.chmod(0o755)
    monkeypatch.setattr(TOOL, "ENGINE", str(fake))
    if missing is None:
        with pytest.raises(TOOL.CannotTest):
            TOOL.Engines(*TOOL.ENGINES).__enter__()
        return
    with TOOL.Engines(*TOOL.ENGINES) as engines:
        assert engines.missing == missing and len(engines.environment) == 3 - len(missing)
    assert len((tmp_path / "engine.down").read_text().splitlines()) == 3 - len(missing)
