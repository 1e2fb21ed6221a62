"""stats: figures as docker computes them, and what is written once and again."""
import json
import threading

import pytest

from rawdock.cli.stats import (StatsPage, StatsReader, TextBuffer, memory_in_use, processor_percent,
                               redraw_stats, stats_row)
from tests.cli.canned_engine import run_on_fake_engine

MIB = 1 << 20
STATS = {
    "id": "ab" * 32, "name": "/web", "pids_stats": {"current": 7},
    "cpu_stats": {"cpu_usage": {"total_usage": 300}, "system_cpu_usage": 3000, "online_cpus": 4},
    "precpu_stats": {"cpu_usage": {"total_usage": 100}, "system_cpu_usage": 1000},
    "memory_stats": {"usage": 30 * MIB, "limit": 100 * MIB, "stats": {"inactive_file": 10 * MIB}},
    "networks": {"eth0": {"rx_bytes": 1000, "tx_bytes": 2000}, "eth1": {"rx_bytes": 500, "tx_bytes": 0}},
    "blkio_stats": {"io_service_bytes_recursive": [
        {"op": "Read", "value": 4096}, {"op": "write", "value": 8192}, {"op": "", "value": 1},
        {"op": "Total", "value": 12288}]}}
ROW = {
    "BlockIO": "4.1kB / 8.19kB", "CPUPerc": "40.00%", "Container": "web", "ID": "ab" * 6, "MemPerc": "20.00%",
    "MemUsage": "20MiB / 100MiB", "Name": "web", "NetIO": "1.5kB / 2kB", "PIDs": "7"}
OPTIONS = {"format": None, "json": False, "no_trunc": False}


def with_parts(**parts):
    return dict(STATS, **parts)


def test_the_figures_of_a_container():
    assert stats_row("web", STATS, True, False) == ROW
    assert stats_row("web", STATS, True, True)["ID"] == "ab" * 32


@pytest.mark.parametrize("changed, percent", [
    ({}, 40.0),
    ({"precpu_stats": {}}, 40.0),                           # an engine's first answer: since the start
    ({"precpu_stats": STATS["cpu_stats"]}, 0.0),            # no time has passed
    ({"cpu_stats": {}}, 0.0),                               # it does not run
    ({"cpu_stats": {"cpu_usage": {"total_usage": 300, "percpu_usage": [1, 2]}, "system_cpu_usage": 3000}},
     20.0)])                                                # engines before API 1.27 count no processors
def test_processor_percent(changed, percent):
    assert processor_percent(with_parts(**changed)) == percent


@pytest.mark.parametrize("counters, used", [
    ({"total_inactive_file": 10, "inactive_file": 1}, 90),  # cgroup 1
    ({"inactive_file": 30}, 70),                            # cgroup 2
    ({"total_inactive_file": 200, "inactive_file": 30}, 70),
    ({"inactive_file": 200}, 100), ({}, 100), (None, 100)])
def test_memory_is_counted_without_its_cache(counters, used):
    assert memory_in_use({"memory_stats": {"usage": 100, "stats": counters}}) == used


def test_a_container_that_does_not_run_has_zeros_and_an_unknown_one_dashes():
    ended = stats_row("web", {"id": "ab" * 32, "name": "/web"}, True, False)
    assert (ended["CPUPerc"], ended["MemUsage"], ended["MemPerc"]) == ("0.00%", "0B / 0B", "0.00%")
    unknown = stats_row("web", {}, False, False)
    assert unknown == dict(dict.fromkeys(ROW, "--"), Container="web", ID="", MemUsage="-- / --")


def test_stats_of_all_containers_once():
    answers = {"GET /containers/json": [{"Id": "ab" * 32}],
               "GET /containers/%s/stats" % ("ab" * 6): json.dumps(STATS).encode()}
    ran = run_on_fake_engine(answers, ["stats", "--no-stream"])
    assert ran.status == 0 and ran.err == ""
    assert [line.split() for line in ran.out.splitlines()] == [
        "CONTAINER ID NAME CPU % MEM USAGE / LIMIT MEM % NET I/O BLOCK I/O PIDS".split(),
        [ROW["ID"], "web"] + " ".join(ROW[name] for name in (
            "CPUPerc", "MemUsage", "MemPerc", "NetIO", "BlockIO", "PIDs")).split()]
    assert ran.requests == [("GET", "/containers/json", {}),
                            ("GET", "/containers/%s/stats" % ("ab" * 6), {"stream": "0"})]


def test_formats():
    answers = {"GET /containers/web/stats": json.dumps(STATS).encode()}

    def out(*words):
        return run_on_fake_engine(answers, ["stats", "--no-stream"] + list(words) + ["web"]).out

    assert json.loads(out("--format", "json")) == ROW
    assert out("--format", "{{.Name}}: {{.CPUPerc}}") == "web: 40.00%\n"
    assert out("--format", "table {{.Name}}\t{{.PIDs}}").split() == ["NAME", "PIDS", "web", "7"]
    assert json.loads(out("--json")) == [STATS]


def test_all_that_is_missing_is_reported():
    answers = {"GET /containers/web/stats": json.dumps(STATS).encode()}
    ran = run_on_fake_engine(answers, ["stats", "--no-stream", "web", "a", ""])
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == ("Error response from daemon: no such object here\n"
                       "invalid container name or ID: value is empty\n")


class ScriptedDocker:
    """A Docker whose stats are one object, after which the stream stays open until `end` is set."""

    def __init__(self):
        self.end = threading.Event()

    def call(self, operation, *values, **parameters):
        assert (operation, parameters) == ("container_stats", {"stream": True})
        yield dict(STATS, name="/we\x1bb")
        self.end.wait(60)


class Screen:
    def __init__(self):
        self.out = TextBuffer()


def test_a_list_is_written_over_the_one_before():
    docker = ScriptedDocker()
    reader, screen = StatsReader(docker, True), Screen()
    reader.add("web")
    reader.add("web")
    reader.wait_for_first()
    redraw_stats(screen, OPTIONS, reader)
    docker.end.set()
    text = bytes(screen.out.data).decode()
    lines = text.split(" \x1b[K\n")
    assert text.startswith("\x1b[HCONTAINER ID") and text.endswith("\x1b[J") and len(lines) == 4
    assert "we\\x1bb" in lines[1] or "we\\u001bb" in lines[1]


def test_the_list_follows_the_events():
    docker = ScriptedDocker()
    docker.end.set()
    reader = StatsReader(docker, True)
    events = [{"Action": action, "Actor": {"ID": letter * 64}} for action, letter in (
        ("create", "a"), ("start", "b"), ("start", "c"), ("die", "b"), ("exec_start", "d"))]
    reader.follow(events, False)
    assert list(reader.watched) == ["c" * 12] and reader.ended and reader.error is None
    every = StatsReader(docker, True)
    every.follow(events, True)
    assert list(every.watched) == ["a" * 12, "b" * 12, "c" * 12]


def test_a_page_is_kept():
    page = StatsPage(TextBuffer())
    assert page.out.write(b"one") == 3
    page.out.line("two")
    assert bytes(page.out.data) == b"onetwo\n"
