"""`rawdock explain-container`: a container made from its line is equal to the one that the line is about.

For each flag set of tests/live/flag_sets.py a container is made, its line printed, it is removed, and another
is made from the line; what inspect shows of both is compared.
"""
import shlex
import urllib.parse

import pytest

from rawdock.cli.console import Console
from rawdock.main import find_command, run_command

from tests.cli.canned_engine import TextOutput
from tests.live.flag_sets import FLAG_SETS, forget_cid_file, lines, our_answer, words_of
from tests.live.live_engine import EngineRefused
from tests.live.test_live_flags import filled, folder, shown, target   # noqa: F401 (fixtures)

# What no flag can say: these lines have the start of the complaint.
COMPLAINTS = {"--security-opt seccomp=profile.json": "rawdock: no flag says the content of a seccomp profile"}
MORE_SETS = r"""
-p 80 -p 127.0.0.1:8081:81/udp -p [::1]:8082:82 -p 83-84:83-84
--health-cmd "test -e '/a b'" --health-interval 1m30s --health-timeout 1.5s --health-retries 3
-l "quote='\"" -e "WORDS=a b" -v /tmp:/with\ space:ro
--entrypoint ""
--stop-timeout 0
--init=false
"""


def line_of(engine, name):
    """What explain-container prints → (list of words, what it complains of)."""
    console = Console("unix://" + engine.socket_path)
    console.out, console.err = TextOutput(), TextOutput()
    try:
        assert run_command(console, find_command("explain-container"), [name]) == 0
    finally:
        console.close()
    return shlex.split(console.out.text), console.err.text


def same(found):
    """What inspect shows, of two entries of a variable the last one, and without VolumeOptions {}."""
    entries = found["Config"]["Env"] or ()
    found["Config"]["Env"] = sorted({entry.partition("=")[0]: entry for entry in entries}.values())
    for mount in found["HostConfig"].get("Mounts") or ():
        for key in list(mount):
            if key.endswith("Options") and mount[key] in ({}, {"DriverConfig": {}}):
                del mount[key]
    return found


def made(engine, version, noting, words):
    """Create a container by rawdock's `create` → its id; None if the engine or rawdock refuses."""
    answer = our_answer(noting, words)
    forget_cid_file()
    sent = noting.sent()
    if sent is None:
        return None, answer
    sent = filled(sent, engine)
    query = urllib.parse.urlencode(dict({"name": "rec-flags"}, **sent["query"]))
    try:
        return engine.json("POST", "/v%s/containers/create?%s" % (version, query), sent["body"])["Id"], None
    except EngineRefused as error:
        return None, error.message


compared = {}


@pytest.mark.parametrize("line", lines(FLAG_SETS) + lines(MORE_SETS))
def test_the_line_makes_an_equal_container(target, line, monkeypatch):   # noqa: F811
    monkeypatch.setenv("DOCKER_CONFIG", "/nonexistent")
    engine, version, noting = target
    found = []
    words = words_of("create", line)
    for _ in range(2):
        id, refused = made(engine, version, noting, words)
        if id is None:
            assert not found, (words, refused)   # only the first may be refused
            return
        try:
            found.append(same(shown(engine, version, id)))
            words, complaint = line_of(engine, id)
            assert words[:3] == ["docker", "run", "--name"]
            assert complaint.startswith(COMPLAINTS.get(line, "")) and bool(complaint) == (line in COMPLAINTS)
            if complaint:
                return
            words[:2] = ["create"]
        finally:
            engine.request("DELETE", "/v%s/containers/%s?v=1&force=1" % (version, id))
    assert found[0] == found[1], words
    compared.setdefault(version, []).append(line)


def test_at_least_150_lines_were_compared(target):   # noqa: F811
    if len(compared.get(target[1], ())) < len(lines(FLAG_SETS)) // 2:
        pytest.skip("a part of the flag sets was chosen")
    assert len(compared[target[1]]) >= 150
