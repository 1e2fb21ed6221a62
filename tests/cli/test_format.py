"""How values look: vectors seen on a docker CLI, and properties for what has too many."""
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawdock.cli.format import (align_columns, binary_size, build_time_text, compact_json, human_size,
                                indent_json, local_time_text, local_timestamp,
                                ports_column, quote_text, short_id, shorten, without_json_blanks)
from rawdock.cli.console import CommandFailed
from rawdock.cli.queries import parse_filters
from rawdock.cli.durations import parse_when, read_date
from rawdock.engine.values import read_duration
from rawdock.errors import UsageError


@pytest.fixture
def zone(monkeypatch):
    def set_zone(name):
        monkeypatch.setenv("TZ", name)
        time.tzset()
    yield set_zone
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("size, digits, text", [
    (0, 3, "0B"), (999, 3, "999B"), (1000, 3, "1kB"), (1985585, 3, "1.99MB"), (19914129, 3, "19.9MB"),
    (19914129, 4, "19.91MB"),
    (5978624, 3, "5.98MB"), (3678, 4, "3.678kB"), (410000, 4, "410kB"), (100 * 10 ** 6, 3, "100MB"),
    (1500 * 10 ** 6, 3, "1.5GB"),
    (2 ** 62, 3, "4.61EB"), (10 ** 27, 3, "1e+03YB")])
def test_decimal_sizes(size, digits, text):
    assert human_size(size, digits) == text


@pytest.mark.parametrize("size, text", [(25276502016, "23.54GiB"), (0, "0B"), (1023, "1023B"), (1024, "1KiB"),
                                        (1 << 30, "1GiB")])
def test_binary_sizes(size, text):
    assert binary_size(size) == text


@pytest.mark.parametrize("text, nanoseconds", [
    ("10m", 600 * 10 ** 9), ("1h30m", 5400 * 10 ** 9), ("1.5s", 1500000000), (".5m", 30 * 10 ** 9),
    ("1.s", 10 ** 9),
    ("-3ms", -3000000), ("+2us", 2000), ("7\u00b5s", 7000), ("7\u03bcs", 7000),
    ("1h2m3s4ms5us6ns", 3723004005006), ("0s", 0),
    ("0", None), ("", None), ("m", None), (".m", None), ("1h 2m", None), ("1", None), ("1d", None),
    ("1e3s", None),
    ("\u0661s", None), ("10m\n", None), ("9999999999h", None)])
def test_go_durations(text, nanoseconds):
    assert read_duration(text) == nanoseconds


@given(st.integers(0, 10 ** 6), st.integers(0, 59), st.integers(0, 59))
def test_a_duration_is_the_sum_of_its_parts(hours, minutes, seconds):
    assert (read_duration("%dh%dm%ds" % (hours, minutes, seconds))
            == (hours * 3600 + minutes * 60 + seconds) * 10 ** 9)


@pytest.mark.parametrize("text, sent", [
    ("10m", "1795433687"), ("0s", "1795434287"), ("500ms", "1795434287"), ("-10s", "1795434297"),
    ("1795424287", "1795424287"),
    ("1795424287.000000001", "1795424287.000000001"), ("0", "0"), ("2026-11-23", "1795392000.000000000"),
    ("2026-11-23T08", "1795420800.000000000"), ("2026-11-23T08:37", "1795423020.000000000"),
    ("2026-11-23T08:37:49", "1795423069.000000000"), ("2026-11-23T08:37:49.5", "1795423069.500000000"),
    ("2026-11-23T08:37:49.492357282Z", "1795423069.492357282"),
    ("2026-11-23T08:37:49+02:00", "1795415869.000000000"),
    ("2026-11-23T08:37:49-00:30", "1795424869.000000000"), ("2026-11-23Z", "1795392000.000000000"),
    ("1969-12-31Z", "0"),
    ("999999h", "0")])
def test_since_and_until(zone, text, sent):
    zone("UTC")
    assert parse_when(text, 1795434287.75) == sent


def test_a_date_without_a_zone_is_local(zone):
    zone("EST5")
    assert parse_when("2026-11-23T08:00:00", 0) == "1795438800.000000000"


@pytest.mark.parametrize("text", ["foo", "2026-13-01", "2026-02-29", "2026-11-23T24", "2026-11-23T08:60",
                                  "2026-1-1", "-5", "1.2.3",
                                  "1.", "", "2026-11-23 08:00", "\u0661", "12\n", "2026-11-23T08:37:49.5x",
                                  "1" * 5000 + "h30m"])
def test_what_is_no_time(text):
    with pytest.raises(UsageError) as caught:
        parse_when(text, 0)
    assert "failed to parse value as time or duration" in str(caught.value)
    assert "10m" in caught.value.hint


@given(st.integers(0, 4102444800), st.integers(0, 999999999))
def test_engine_times_are_read_exactly(seconds, nanoseconds):
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    assert read_date("%s.%09dZ" % (text, nanoseconds)) == (seconds, nanoseconds)


@pytest.mark.parametrize("text, value", [
    ("", None), ("soon", None), ("2026-11-23T08:37:49Z", (1795423069, 0)),
    ("2026-11-23T08:37:49.2782Z", (1795423069, 278200000)), ("2024-02-29T00:00:00Z", (1709164800, 0)),
    ("2023-02-29T00:00:00Z", None)])
def test_engine_times(text, value):
    assert read_date(text) == value


def test_times_are_shown_in_the_local_zone(zone):
    zone("UTC")
    assert local_time_text(1795434555) == "2026-11-23 11:49:15 +0000 UTC"
    assert local_timestamp(1795434554583494824) == "2026-11-23T11:49:14.583494824Z"
    zone("IST-5:30")
    assert local_time_text(1795434555) == "2026-11-23 17:19:15 +0530 IST"
    assert local_timestamp(1795434554000000001) == "2026-11-23T17:19:14.000000001+05:30"


@pytest.mark.parametrize("text, shown", [
    ("2026-05-07T21:09:36.000000000+00:00", "Thu May  7 21:09:36 2026"),
    ("2025-05-30T12:07:14Z", "Fri May 30 12:07:14 2025"),
    ("2000-02-29T00:00:00.5-08:00", "Tue Feb 29 00:00:00 2000"), ("Thu May  7", "Thu May  7"), ("", ""),
    ("2026-05-07", "2026-05-07")])
def test_build_times(text, shown):
    assert build_time_text(text) == shown


def test_ids():
    assert short_id("8542b74964477d0b4f6f4b61921e2c2f") == "8542b7496447"
    assert short_id("sha256:f1fd5bd91d514eb467c1041672a0") == "f1fd5bd91d51"


@pytest.mark.parametrize("text, shown", [
    ("x" * 20, "x" * 20), ("x" * 21, "x" * 19 + "\u2026"), ("\u00e9" * 20, "\u00e9" * 20),
    ("\u00e9" * 21, "\u00e9" * 19 + "\u2026"),
    ("\u6f22" * 10, "\u6f22" * 10), ("\u6f22" * 11, "\u6f22" * 9 + "\u2026"),
    ("a" + "\u6f22" * 10, "a" + "\u6f22" * 9 + "\u2026"), ("", "")])
def test_shortening_counts_columns(text, shown):
    assert shorten(text, 20) == shown


@pytest.mark.parametrize("text, quoted", [
    ("sh -c 'x'", "\"sh -c 'x'\""), ('a"b\\', '"a\\"b\\\\"'), ("a\nb\tc", '"a\\nb\\tc"'),
    ("\x01\x7f", '"\\x01\\x7f"'),
    ("\u00e9\u2026", '"\u00e9\u2026"'), ("\u00a0", '"\\u00a0"'), ("\U000e0001", '"\\U000e0001"')])
def test_quoting(text, quoted):
    assert quote_text(text) == quoted


def port(private, public=None, address=None, kind="tcp"):
    row = {"PrivatePort": private, "Type": kind}
    if public:
        row.update(PublicPort=public, IP=address)
    return row


@pytest.mark.parametrize("ports, shown", [
    (None, ""), ([], ""), ([port(80)], "80/tcp"), ([port(82), port(80), port(81)], "80-82/tcp"),
    ([port(80), port(80, kind="udp"), port(82)], "80/tcp, 82/tcp, 80/udp"),
    ([port(80, 80, "0.0.0.0"), port(81, 81, "0.0.0.0")], "0.0.0.0:80-81->80-81/tcp"),
    ([port(80, 8080, "0.0.0.0"), port(80, 8080, "::")], "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp"),
    ([port(80, 8080, "0.0.0.0"), port(9000, 9000, "::"), port(70), port(9001, 9001, "::"), port(71)],
     "70-71/tcp, [::]:9000-9001->9000-9001/tcp, 0.0.0.0:8080->80/tcp")])
def test_ports(ports, shown):
    assert ports_column(ports) == shown


@given(st.lists(st.integers(1, 65535), unique=True, max_size=40))
def test_ranges_name_each_port_once(numbers):
    seen = []
    for part in ports_column([port(number) for number in numbers]).split(", "):
        first, _, last = part.partition("/")[0].partition("-")
        seen += range(int(first), int(last or first) + 1) if part else []
    assert sorted(seen) == sorted(numbers)


def test_columns_are_ten_wide_at_least_and_three_apart():
    assert align_columns([["A", "B"], ["x" * 8, "y"]]) == ["A          B", "xxxxxxxx   y"]
    assert align_columns([["A", "B"], ["", ""]]) == ["A         B", "          "]


def test_columns_are_measured_as_a_terminal_shows_them():
    assert (align_columns([["\u00e9" * 8, "x"], ["\u6f22" * 4 + "\u2026", "y"]])
            == ["\u00e9" * 8 + "    x", "\u6f22" * 4 + "\u2026   y"])


def test_a_row_with_fewer_cells_begins_columns_anew():
    rows = [["long title here", "x"], ["one"], ["a", "b"]]
    assert align_columns(rows) == ["long title here   x", "one", "a         b"]
    assert align_columns([]) == []


JSON_VALUES = st.recursive(st.none() | st.booleans() | st.integers() | st.text(),
                           lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


@given(JSON_VALUES, st.sampled_from([None, 1, 3]), st.booleans())
def test_indented_json_is_the_same_json(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert indent_json(text) == json.dumps(value, indent=4, ensure_ascii=ascii_only)
    assert without_json_blanks(text) == json.dumps(value, separators=(",", ":"), ensure_ascii=ascii_only)


def test_indenting_keeps_the_engines_spelling():
    assert indent_json('{"a":"x\\u003e\\"{,","b":1.50,"c":{},"d":[]}') == \
        '{\n    "a": "x\\u003e\\"{,",\n    "b": 1.50,\n    "c": {},\n    "d": []\n}'


def test_compact_json():
    assert compact_json({"a": ["<\u00e9&>", None, True]}) == '{"a":["<\u00e9&>",null,true]}'
    assert compact_json("<\u2028&>", html=True) == '"\\u003c\\u2028\\u0026\\u003e"'


def test_filters():
    assert parse_filters(["status=exited", "Status = created ", "label=a=b", "", "status=exited"]) == \
        {"status": ["exited", "created"], "label": ["a=b"]}
    assert parse_filters(None) == {}
