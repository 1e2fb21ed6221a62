"""wait --healthy, stats on a stream, export and --json on a real engine."""
import io
import json
import tarfile

import pytest

from tests.live.client import Running, client, quiet, rawdock, wait_until

CHECK = {"Test": ["CMD-SHELL", "test -e /good && exit 0; exit 1"], "Interval": 200000000,
         "Timeout": 5000000000, "Retries": 40}


def test_wait_until_a_health_check_says_healthy(engine, container):
    id = container("sleep", "600", Healthcheck=CHECK)
    with Running(client(engine, "wait", "--healthy", id[:12])) as waiting:
        quiet(engine, "exec", id, "touch", "/good")
        ran = waiting.end()
    assert (ran.status, ran.out, ran.err) == (0, id[:12].encode() + b"\n", b"")
    assert quiet(engine, "wait", "--healthy", id) == id          # it is so already


@pytest.mark.parametrize("check, command, said", [
    (dict(CHECK, Retries=1), ["sleep", "600"], "is unhealthy"),
    (CHECK, ["sleep", "0.5"], "is not running: exited"),
    (None, ["sleep", "600"], "has no health check")])
def test_wait_for_what_is_never_healthy(engine, container, check, command, said):
    id = container(*command, **({"Healthcheck": check} if check else {}))
    ran = rawdock(engine, "wait", "--healthy", id)
    assert (ran.status, ran.out, ran.err.decode()) == (1, b"", "container %s %s\n" % (id, said))


def test_stats_are_written_again_and_again(engine, container):
    id = container("sleep", "600")
    with Running(client(engine, "stats")) as shown:
        shown.wait_for(b"\x1b[J\x1b[HCONTAINER ID")
        later = container("sleep", "600")
        shown.wait_for(later[:12].encode())
        engine.json("POST", "/containers/%s/kill" % later)
        shown.wait_for(b"\x1b[J")
        shown.interrupt()
        ran = shown.end()
    assert ran.status == 130 and id[:12].encode() in ran.out and b"Traceback" not in ran.err


def test_an_export_is_the_filesystem(engine, container):
    id = container("sh", "-c", "echo hello > /tmp/new; mv /tmp/new /new; sleep 600")
    wait_until(lambda: rawdock(engine, "exec", id, "test", "-e", "/new").status == 0, what="the file")
    with tarfile.open(fileobj=io.BytesIO(rawdock(engine, "export", id).out)) as archive:
        assert archive.extractfile("new").read() == b"hello\n"


def test_a_list_as_the_engine_gives_it(engine, container):
    id = container("sleep", "600")
    listed = json.loads(quiet(engine, "ps", "--json"))
    assert [one["Id"] for one in listed] == [id] and listed[0]["Labels"] is not None
    assert sorted(listed[0]) == sorted(engine.json("GET", "/containers/json")[0])
    stats = json.loads(quiet(engine, "stats", "--json", id))
    assert [one["id"] for one in stats] == [id] and "cpu_stats" in stats[0]
