"""tools/bench: what it makes of figures. No time is asserted here: judgements, table, JSON, drawing,
turns."""
import json
import os
import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from tests.house.sources import ROOT, load_tool

TOOL = load_tool("bench")   # which adds tools/ to where modules are looked for

# noqa: E402
from bench_parts.figures import (Figure, Goal, Row, as_json, goal_words, judge, outcome, shown_ratio, span,
                                 svg, table)
from bench_parts.machine import CannotBench, Sample, take_turns, timed  # noqa: E402
from bench_parts.rows_requests import TYPICAL_RESPONSE, TYPICAL_VALUE  # noqa: E402
from bench_parts.rows_streams import LINE_BYTES  # noqa: E402

FACTS = {"machine": "a <machine> & more", "python": "CPython 3.11.7"}
SVG = "{http://www.w3.org/2000/svg}"


def row_of(ours, peer, kind, target, stretch=None, peak=None, measure="value"):
    row = Row("1", "work <&> play")
    row.figures.append(Figure("rawdock", ours, peak=peak, rounds=[ours]))
    if peer is not None:
        row.figures.append(Figure("peer", peer, peak=20.0))
    row.goals.append(Goal("rawdock", None if kind == "limit" else "peer", kind, target, stretch,
                               measure))
    return row


def verdict_of(row):
    return judge(row.goals[0], row)


@pytest.mark.parametrize("kind, ours, peer, target, stretch, ratio, word", [
    ("faster", 1.0, 8.0, 8, None, 8.0, "reached"),
    ("faster", 1.0, 7.9, 8, None, 7.9, "MISSED"),
    ("faster", 1.0, 4.0, 1.5, 3, 4.0, "stretch"),
    ("faster", 1.0, 2.0, 1.5, 3, 2.0, "reached"),
    ("within", 1.4, 1.0, 1.4, 1.25, 1.4, "reached"),
    ("within", 1.2, 1.0, 1.4, 1.25, 1.2, "stretch"),
    ("within", 1.5, 1.0, 1.4, 1.25, 1.5, "MISSED"),
    ("limit", 10.0, None, 15, None, 10.0, "reached"),
    ("limit", 16.0, None, 15, None, 16.0, "MISSED"),
])
def test_a_ratio_is_judged_in_the_sense_of_its_kind(kind, ours, peer, target, stretch, ratio, word):
    verdict = verdict_of(row_of(ours, peer, kind, target, stretch))
    assert verdict["ratio"] == pytest.approx(ratio)
    assert outcome(verdict) == word


@pytest.mark.parametrize("bare, ratio", [(10.0, 1.5), (0.0, 2.5), (None, None)])
def test_what_a_bare_interpreter_takes_is_subtracted(bare, ratio):
    row = row_of(25.0, 10.0, "within", 2)
    row.goals[0].beyond = "bare"
    if bare is not None:
        row.figures.append(Figure("bare", bare, rounds=[bare]))
    assert verdict_of(row)["ratio"] == ratio
    assert goal_words(verdict_of(row))[0] == "rawdock beyond bare, times peer"


def test_peak_memory_is_judged_by_the_peaks():
    assert outcome(verdict_of(row_of(9.0, 1.0, "within", 1, peak=19.0, measure="peak"))) == "reached"
    assert outcome(verdict_of(row_of(0.1, 1.0, "within", 1, peak=21.0, measure="peak"))) == "MISSED"
    assert (shown_ratio(verdict_of(row_of(0.1, None, "limit", 20, peak=11.5, measure="peak")))
            == "11.5 MiB")


@pytest.mark.parametrize("row",
                         [row_of(1.0, None, "faster", 8), row_of(1.0, 2.0, "within", 1, measure="peak")])
def test_what_was_not_measured_is_not_reached(row):
    verdict = verdict_of(row)
    assert (verdict["ratio"], verdict["reached"], outcome(verdict)) == (None, None, "not measured")


@pytest.mark.parametrize("value, unit, text", [
    (2.5, "s", "2.50 s"), (0.0152, "s", "15.2 ms"), (1.5e-5, "s", "15.0 µs"), (3e-7, "s", "0.30 µs"),
    (0.21, "s", "210 ms"),
    (10.0, "×", "10.0 ×")])
def test_spans_for_people(value, unit, text):
    assert span(value, unit) == text


def three_rows():
    missed = row_of(2e-6, 1e-6, "within", 1.5, 1.25)
    missed.notes.append("httpx is left out: no wheel")
    return [row_of(1e-6, 9e-6, "faster", 8), missed, row_of(1e-6, None, "faster", 8)]


def test_the_table_shows_every_figure_goal_and_note_and_ends_with_the_count():
    lines = table(three_rows(), FACTS)
    assert lines[0].split() == "machine a <machine> & more".split()
    text = "\n".join(lines)
    assert re.search(r"> rawdock faster than peer +9\.00× +≥ 8× +reached", text)
    assert re.search(r"> rawdock, times peer +2\.00× +≤ 1\.5× +≤ 1\.25× +MISSED", text)
    assert re.search(r"> rawdock faster than peer +- +≥ 8× +not measured", text)
    assert re.search(r"peer +9\.00 µs +20\.0 MiB +9\.00×", text)
    assert "! httpx is left out: no wheel" in text
    assert lines[-1] == "3 goals: 0 at the stretch, 1 reached, 1 missed, 1 not measured"


def test_the_table_names_the_rows_that_have_no_figure():
    assert "rows without a figure: 4e" in table(three_rows() + [Row("4e", "work")], FACTS)
    assert not [line for line in table(three_rows(), FACTS) if "without" in line]


def test_the_json_holds_what_the_table_shows():
    value = json.loads(json.dumps(as_json(three_rows(), FACTS)))
    assert value["facts"] == FACTS
    assert [row["goals"][0]["verdict"] for row in value["rows"]] == ["reached", "MISSED", "not measured"]
    assert value["rows"][0]["figures"][0] == {"name": "rawdock", "value": 1e-6, "unit": "s", "peak": None,
                                              "rounds": [1e-6], "note": ""}
    assert value["rows"][1]["notes"] == ["httpx is left out: no wheel"]


def test_the_drawing_is_xml_with_a_bar_for_each_measured_goal_on_the_right_side_of_its_target():
    root = ElementTree.fromstring(svg(three_rows(), FACTS).encode("utf-8"))
    background, reached, missed = root.findall(SVG + "rect")
    assert background.get("fill") == "#ffffff"
    target = float(next(line for line in root.findall(SVG + "line")
                        if line.get("stroke") == "#24292f").get("x1"))
    assert float(reached.get("x")) == pytest.approx(target) and float(reached.get("width")) > 1
    assert float(missed.get("x")) + float(missed.get("width")) == pytest.approx(target, abs=0.2)
    assert len({reached.get("fill"), missed.get("fill")}) == 2
    texts = [text.text for text in root.findall(SVG + "text")]
    assert "1 work <&> play" in texts and "not measured" in texts


def test_contenders_take_turns_and_the_first_round_does_not_count():
    calls, row = [], Row("1", "work")

    def contender(name, seconds):
        values = iter(seconds)

        def work():
            calls.append(name)
            return Sample(next(values), 1.0)
        return name, work

    take_turns(row, [contender("rawdock", [99, 1, 3, 2]), contender("peer", [99, 4, 6, 5])], 3)
    assert calls == ["rawdock", "peer"] * 4
    assert [(figure.name, figure.value, figure.rounds)
            for figure in row.figures] == [("rawdock", 2, [1, 3, 2]), ("peer", 5, [4, 6, 5])]
    assert not row.broken


@pytest.mark.parametrize("name, broken", [("peer", False), ("rawdock logs", True)])
def test_who_raises_is_left_out_and_named(name, broken):
    row = Row("1", "work")

    def fails():
        raise ValueError("it broke\nbadly")

    take_turns(row, [("other", lambda: Sample(1)), (name, fails)], 2)
    assert [figure.name for figure in row.figures] == ["other"]
    assert row.notes == ["%s is left out: it broke badly" % name]
    assert row.broken is broken


def test_work_not_done_is_no_time():
    assert timed(lambda: 5, 10, 5)().seconds >= 0
    with pytest.raises(CannotBench, match="got 4, expected 5"):
        timed(lambda: 4, 10, 5)()


def keys(words):
    return [row[0] for row in TOOL.choose_rows(words)]


def test_rows_are_chosen_by_number_or_word():
    assert keys([]) == [row[0] for row in TOOL.ROWS]
    assert keys(["7"]) == ["7", "7e"]
    assert keys(["7e"]) == ["7e"]
    assert keys(["linear", "1", "cold start", "1"]) == ["1", "7", "7e", "8"]


def test_the_typical_response_is_what_the_targets_are_about():
    head, _, body = TYPICAL_RESPONSE.partition(b"\r\n\r\n")
    assert (head.count(b"\r\n"), len(body)) == (8, 1024)
    assert TYPICAL_VALUE == (200, 8, 1024)


def test_the_server_and_the_bench_agree_on_the_length_of_a_line():
    with open(os.path.join(ROOT, "tools", "bench_server.c"), encoding="utf-8") as source:
        found = re.search(r"#define LINE_BYTES ([0-9]+)\n", source.read())
    assert int(found.group(1)) == LINE_BYTES


@pytest.mark.parametrize("words, said", [
    (["nosuch"], "no row 'nosuch'"), (["99"], "no row '99'"),
    (["--json", "/nosuch/folder/file"], "/nosuch/folder: no such folder"),
    (["--engine", "tcp://localhost:1", "8"], None)])
def test_a_mistake_is_one_line_and_not_zero(words, said):
    if said is None:
        with pytest.raises(CannotBench, match="unix:///PATH"):
            TOOL.find_engine(TOOL.parse_arguments(words))
        return
    ran = subprocess.run([sys.executable, os.path.join(ROOT, "tools", "bench")] + words,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    lines = ran.stderr.decode("utf-8").splitlines()
    assert (ran.returncode, len(lines), ran.stdout) == (1, 1, b"")
    assert said in lines[0]


def test_the_list_names_every_row():
    ran = subprocess.run([sys.executable, os.path.join(ROOT, "tools", "bench"), "--list"],
                         stdout=subprocess.PIPE)
    assert ran.returncode == 0
    assert ([line.split()[0] for line in ran.stdout.decode("utf-8").splitlines()]
            == [row[0] for row in TOOL.ROWS])
