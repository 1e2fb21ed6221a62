"""--wire against a real engine and the practice engine: the whole conversation on stderr, the command's own
output as without it."""
import json
import os
import re
import subprocess
import sys

import pytest

from tests.leaks import WIRE_PASSWORD
from tests.live.client import Running, client, need_program, rawdock, run_to_end

SECRET = WIRE_PASSWORD


@pytest.fixture(scope="module")
def busybox(engine):
    engine.pull("busybox")


def signed_lines(err, sign):
    """The transcript lines of stderr with `sign` (> < * !), without sign and explanation."""
    found = re.findall("(?m)^([0-9]+)" + re.escape(sign) + " ?(.*)$", err.decode("utf-8"))
    return [(int(number), text.partition("  # ")[0].rstrip()) for number, text in found]


def requests_of(err):
    """(connection, method, path without version and query) of each request line."""
    rows = []
    for number, text in signed_lines(err, ">"):
        match = re.match(r"([A-Z]+) (?:/v[0-9.]+)?(/[^ ?]*)[^ ]* HTTP/1\.[01]$", text)
        if match:
            rows.append((number, match.group(1), re.sub("[0-9a-f]{64}", "ID", match.group(2))))
    return rows


def test_the_own_output_stays_the_same_byte_for_byte(engine, busybox):
    images = ["images", "--format", "{{.Repository}} {{.ID}} {{.Size}}", "busybox"]   # no age, which goes on
    for words in (["ps", "-a"], images, ["GET", "/_ping"], ["version"], ["inspect", "busybox"]):
        without, wired = rawdock(engine, *words), run_to_end(client(engine, "--wire", *words))
        assert without.status == wired.status == 0 and wired.out == without.out, words
        assert requests_of(wired.err) and not signed_lines(wired.err, "!"), wired
        assert b"\x1b" not in wired.err


def test_run_shows_its_three_connections(engine, busybox):
    ran = run_to_end(client(engine, "--wire", "run", "--rm", "busybox", "sh", "-c",
                            "echo hi; echo bad >&2; exit 3"))
    assert ran.status == 3 and ran.out == b"hi\n"
    requested = requests_of(ran.err)
    assert [row[1:] for row in requested if row[2] != "/_ping"] == [
        ("POST", "/containers/create"), ("POST", "/containers/ID/attach"), ("POST", "/containers/ID/wait"),
        ("POST", "/containers/ID/start"), ("POST", "/containers/ID/wait")]   # the last one for the removal
    assert len({number for number, _, _ in requested}) == 3
    attached = next(number for number, _, path in requested if path.endswith("/attach"))
    waits = next(number for number, _, path in requested if path.endswith("/wait"))
    assert attached != waits
    answers = signed_lines(ran.err, "<")
    assert (attached, "HTTP/1.1 101 UPGRADED") in answers
    assert (attached, "stdout: hi") in answers and (attached, "stderr: bad") in answers
    assert any(number == waits and '"StatusCode":3' in text for number, text in answers)
    assert "\nbad\n" in "\n" + ran.err.decode()   # the program's own
    assert not signed_lines(ran.err, "!")


def test_secrets_are_masked_on_stderr(engine, busybox):
    auth = "eyJ1c2VybmFtZSI6ImFubiJ9" + SECRET
    ran = run_to_end(client(engine, "--wire", "POST", "/images/nothing:here/push", "-h",
                            "X-Registry-Auth: " + auth))
    assert ran.status == 1 and requests_of(ran.err) == [(1, "POST", "/images/nothing:here/push")]
    assert (SECRET.encode() not in ran.err and (1, "X-Registry-Auth: " + "*" * len(auth))
            in signed_lines(ran.err, ">"))
    ran = run_to_end(client(engine, "--wire", "create", "-e", "DB_PASSWORD=" + SECRET, "busybox"))
    try:
        assert (ran.status == 0 and SECRET.encode() not in ran.err
                and b"DB_PASSWORD=" + b"*" * len(SECRET) in ran.err)
    finally:
        engine.remove_container(ran.out.decode().strip())


def test_nc_shows_what_was_typed_by_hand(engine):
    typed = b"GET /_ping HTTP/1.0\r\n\r\n"
    without, wired = (rawdock(engine, "nc", stdin=typed),
                      run_to_end(client(engine, "--wire", "nc"), stdin=typed))

    def undated(ran):
        return re.sub(rb"Date: [^\r]*", b"Date:", ran.out)

    assert undated(without) == undated(wired) and wired.out.startswith(b"HTTP/1.")
    assert signed_lines(wired.err, ">") == [(1, "GET /_ping HTTP/1.0"), (1, "")]
    assert (1, "OK") in signed_lines(wired.err, "<")


def test_events_are_shown_as_they_come(engine, busybox):
    with Running(client(engine, "--wire", "events", "--filter", "type=container")) as events:
        events.wait_for(b"1< HTTP/1.1 200 OK", "err")
        made = engine.json("POST", "/containers/create", {"Image": "busybox"})["Id"]
        try:
            events.wait_for(b'"Action":"create"', "err")
            assert events.process.poll() is None
        finally:
            engine.remove_container(made)
        events.interrupt()
        ran = events.end()
    assert ran.status == 130 and b"Traceback" not in ran.err
    assert not signed_lines(ran.err, "!")   # who leaves has cut nothing off


def test_a_terminal_has_colours_and_no_color_takes_them_away(engine):
    script = need_program("script")
    command = "%s -m rawdock -H %s --wire GET /_ping" % (sys.executable, engine.address)
    for no_color in (False, True):
        words = (["env"] + (["NO_COLOR=1"] if no_color else ["-u", "NO_COLOR"])
                 + ["TERM=xterm", script, "-qec", command, "/dev/null"])
        ran = run_to_end(words, stdin=None)
        assert ran.status == 0 and (b"\x1b[1;32m1>\x1b[0m GET /_ping" in ran.out) != no_color, ran
        assert (b"\x1b" in ran.out) != no_color


def test_the_practice_engine_shows_the_wire_too():
    ran = run_to_end([sys.executable, "-m", "rawdock", "-H", "practice:", "--wire", "run", "--rm", "busybox",
                      "echo", "hi"], stdin=None)
    assert ran.status == 0 and ran.out == b"hi\n"
    requested = [row[1:] for row in requests_of(ran.err)]
    assert ("POST", "/images/create") in requested
    assert [path.rpartition("/")[2] for _, path in requested[-2:]] == ["start", "wait"]
    assert "stdout: hi" in [text for _, text in signed_lines(ran.err, "<")] and not signed_lines(ran.err, "!")


def test_an_unread_stderr_disturbs_nothing(engine):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(client(engine, "--wire", "GET", "/info"), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=writing, timeout=60)
    finally:
        os.close(writing)
    assert done.returncode == 0 and json.loads(done.stdout.decode())["OSType"] == "linux"
