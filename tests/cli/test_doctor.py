"""doctor against scripted engines and made-up files: each fault is a line with one thing to try."""
import json
import os
import re
import socket
import subprocess
import sys
import time
from email.utils import formatdate

import pytest

from tests.net.fake_engine import FakeEngine
from tests.net.tls_peer import make_certificates

VERSION = {"Platform": {"Name": ""}, "Components": [{"Name": "Engine"}], "Version": "20.10.24",
           "ApiVersion": "1.41", "MinAPIVersion": "1.12"}
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# That user may not be able to read the package, nor Python's: all is imported before.
AS_NOBODY = """
import email.utils, encodings.idna, grp, json, os, pwd, select, socket, stat, sys
import fcntl
import rawdock.cli.doctor, rawdock.engine.endpoints, rawdock.main, rawdock.net.config_file
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
sys.exit(rawdock.main.main(["-H", sys.argv[1], "doctor", "--json"]))
"""
IMPATIENT = """
import sys
import rawdock.cli.doctor, rawdock.main
rawdock.cli.doctor.DIAL_SECONDS = 0.3
sys.exit(rawdock.main.main(sys.argv[1:]))
"""
SYSTEM_PLACES = ("/var/run/docker.sock", "/run/podman/podman.sock")


def engine(version=VERSION, skew=0, status=200):
    """A recipe of an engine that knows /_ping and /version."""
    def play(peer):
        while True:
            seen = peer.request()
            if seen is None:
                return
            body = b"OK" if seen.path == "GET /_ping" else json.dumps(version).encode()
            head = "HTTP/1.1 %d OK\r\nApi-Version: 1.41\r\nDate: %s\r\nContent-Length: %d\r\n\r\n" % (
                status, formatdate(time.time() + skew, usegmt=True), len(body))
            peer.send(head.encode() + body)
    return play


@pytest.fixture
def doctor(rawdock_command, tmp_path):
    """doctor(global flags, environment) → (exit status, list of findings), from --json."""
    def run(*flags, **environment):
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("DOCKER_", "XDG_"))}
        clean.update(environment, HOME=str(home), XDG_RUNTIME_DIR=str(home))
        ran = subprocess.run(rawdock_command + list(flags) + ["doctor", "--json"], env=clean,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        assert re.sub(b"WARNING: TLS: the certificate of [^ ]+ is not verified\n", b"", ran.stderr) == b""
        findings = [finding for finding in json.loads(ran.stdout.decode()) if finding["check"] != "others"
                    or not any(place in finding["text"] for place in SYSTEM_PLACES)]
        for finding in findings:
            assert "chmod" not in str(finding) and "\n" not in finding["text"] + finding["fix"]
            assert finding["fix"] if finding["result"] == "wrong" else True
        return ran.returncode, findings
    return run


def by_check(findings, check):
    return [(finding["result"], finding["text"]) for finding in findings if finding["check"] == check]


def test_all_is_well(doctor):
    with FakeEngine(engine()) as fake:
        status, findings = doctor("-H", fake.address)
    assert status == 0 and {finding["result"] for finding in findings} == {"ok"}
    assert [finding["check"] for finding in findings] == ["endpoint", "socket", "engine", "clock"]
    assert by_check(findings, "endpoint") == [("ok", "%s, from -H" % fake.address)]
    assert "20.10.24 answers; API 1.12 to 1.41" in by_check(findings, "engine")[0][1]
    assert "mode 755; you are " in by_check(findings, "socket")[0][1]


def test_the_text_form_has_a_line_for_each_finding_and_one_for_what_to_try(rawdock_command, tmp_path):
    ran = subprocess.run(rawdock_command + ["-H", "unix://%s/none" % tmp_path, "doctor"],
                         stdout=subprocess.PIPE, timeout=60)
    lines = ran.stdout.decode().split("\n")
    assert ran.returncode == 1
    assert lines[:2] == ["ok     endpoint   unix://%s/none, from -H" % tmp_path,
                         "wrong  socket     %s/none: no such file or directory" % tmp_path]
    assert lines[2].startswith(" " * 18 + "try: start the engine")


@pytest.mark.parametrize("environment, rule", [
    (dict(DOCKER_HOST="unix:///nowhere/s"), "unix:///nowhere/s, from DOCKER_HOST"),
    ({}, "unix:///var/run/docker.sock, from the default")])
def test_which_rule_chose_the_endpoint(doctor, environment, rule):
    assert by_check(doctor(**environment)[1], "endpoint") == [("ok", rule)]


def test_a_variable_that_does_not_count_is_noted(doctor):
    findings = doctor("-H", "unix:///nowhere/s", DOCKER_HOST="tcp://x:1", DOCKER_CONTEXT="y")[1]
    assert by_check(findings, "endpoint")[1:] == [
        ("note", "-H counts, and not DOCKER_HOST or DOCKER_CONTEXT")]


def test_an_endpoint_that_cannot_be_named(doctor):
    status, findings = doctor("-c", "nosuch")
    assert status == 1 and [finding["check"] for finding in findings] == ["endpoint"]
    assert "nosuch" in findings[0]["text"]


def test_a_dangling_link_a_directory_and_a_file(doctor, tmp_path):
    os.symlink(str(tmp_path / "gone"), str(tmp_path / "link"))
    (tmp_path / "file").write_text("")
    gone = "is a link to %s/gone, which is not there" % tmp_path
    for name, says in (("link", gone), ("file", "is not a socket"), ("home", "is not a socket")):
        status, findings = doctor("-H", "unix://%s/%s" % (tmp_path, name))
        assert status == 1 and says in by_check(findings, "socket")[0][1]
        assert by_check(findings, "engine") == []


def test_a_path_that_is_too_long(doctor):
    status, findings = doctor("-H", "unix:///" + "x" * 120)
    assert status == 1 and "121 bytes long" in findings[0]["text"]


def test_a_socket_whose_engine_has_gone(doctor, tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "stale"))
    status, findings = doctor("-H", "unix://%s/stale" % tmp_path)
    assert status == 1 and by_check(findings, "engine")[0][0] == "wrong"


@pytest.mark.skipif(os.geteuid() != 0, reason="root changes its own groups")
def test_a_socket_that_this_user_may_not_write_to():
    """As the user 65534 in no group: the socket belongs to root, or to a group that the user is not in."""
    with FakeEngine(engine()) as fake:
        os.chmod(os.path.dirname(fake.path), 0o755)
        for group, fix in ((0, "sudo"), (12345, "group (usermod -aG 12345 USER)")):
            os.chown(fake.path, 0, group)
            os.chmod(fake.path, 0o660)
            ran = subprocess.run([sys.executable, "-c", AS_NOBODY, fake.address], cwd=ROOT,
                                 stdout=subprocess.PIPE, timeout=60)
            wrong = [finding for finding in json.loads(ran.stdout.decode()) if finding["result"] == "wrong"]
            assert ran.returncode == 1 and [finding["check"] for finding in wrong] == ["socket"]
            assert fix in wrong[0]["fix"]


@pytest.mark.parametrize("recipe, says", [
    (engine(status=500), "is no engine"), (engine(version=[]), "is no engine"),
    (engine(version="x"), "is no engine"), (engine(version={"ApiVersion": 7}), "is no engine"),
    (engine(version=dict(VERSION, ApiVersion="1.20")), "API 1.12 to 1.20"),
    (engine(version=dict(VERSION, ApiVersion="2.1", MinAPIVersion="2.0")), "API 2.0 to 2.1"),
    (lambda peer: peer.send(b"junk\r\n\r\n"), "byte 0")])
def test_what_is_no_engine_or_one_of_another_age(doctor, recipe, says):
    with FakeEngine(recipe) as fake:
        status, findings = doctor("-H", fake.address)
    assert status == 1 and says in by_check(findings, "engine")[0][1]
    assert by_check(findings, "engine")[0][0] == "wrong"


def drip(peer):
    """Answer with a body that comes byte by byte, and does not end."""
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
    while True:
        peer.send(b"x")
        time.sleep(0.01)


def flood(peer):
    """Answer with a body that does not end, as fast as it is read."""
    peer.request()
    peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        peer.send(b"x" * 65536)


@pytest.mark.parametrize("recipe, flags", [
    (lambda peer: peer.request() and peer.request(), []), (drip, []), (flood, []),
    (lambda peer: peer.request(), ["--tlsverify", "--tlscacert", "ca.pem"])],
    ids=["silent", "drip", "flood", "silent TLS"])
def test_an_engine_that_does_not_end_its_answer_does_not_hang_it(tmp_path, recipe, flags):
    make_certificates(tmp_path)
    with FakeEngine(recipe, tcp=bool(flags)) as fake:
        ran = subprocess.run([sys.executable, "-c", IMPATIENT, "-H", fake.address] + flags + ["doctor"],
                             env=dict(os.environ, PYTHONPATH=ROOT), cwd=str(tmp_path), timeout=60,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert (ran.returncode, ran.stderr) == (1, b"")
    said = ran.stdout.decode().partition("\nwrong  engine ")[2].partition("\n")[0]
    assert "timed out: " in said or "a body of at most 1048576 bytes" in said


@pytest.mark.parametrize("variable", ["DOCKER_API_VERSION", "DOCKER_CUSTOM_HEADERS"])
def test_a_variable_that_stops_every_request_is_a_finding(doctor, variable):
    with FakeEngine(engine()) as fake:
        status, findings = doctor("-H", fake.address, **{variable: "junk"})
    assert status == 1 and by_check(findings, "engine")[0][0] == "wrong"
    assert variable in str(findings)


@pytest.mark.parametrize("skew, result, says", [(0, "ok", "agree"), (3600, "wrong", "ahead"),
                                                (-90000, "wrong", "behind")])
def test_the_clock(doctor, skew, result, says):
    with FakeEngine(engine(skew=skew)) as fake:
        status, findings = doctor("-H", fake.address)
    assert by_check(findings, "clock")[0][0] == result and says in by_check(findings, "clock")[0][1]
    assert status == (result == "wrong")


def test_another_engine_is_found(doctor, tmp_path):
    (tmp_path / "home" / ".docker" / "run").mkdir(parents=True)
    with FakeEngine(engine()) as other:
        os.symlink(other.path, str(tmp_path / "home" / ".docker" / "run" / "docker.sock"))
        with FakeEngine(engine()) as fake:
            status, findings = doctor("-H", fake.address)
    found = [finding for finding in findings if finding["check"] == "others"]
    assert status == 0 and len(found) == 1
    assert found[0]["text"].startswith("rootless Docker answers at unix://")


def test_tcp_without_tls(doctor):
    with FakeEngine(engine(), tcp=True) as fake:
        status, findings = doctor("-H", fake.address)
    assert status == 1 and by_check(findings, "tls")[0][0] == "wrong"
    assert "is not encrypted" in by_check(findings, "tls")[0][1]


def test_when_certificates_end(doctor, tmp_path):
    make_certificates(tmp_path)
    names = ["--tlscacert", "ca.pem", "--tlscert", "expired.pem", "--tlskey", "expired-key.pem"]
    flags = [name if name.startswith("--") else str(tmp_path / name) for name in names]
    status, findings = doctor("--tlsverify", "-H", "tcp://127.0.0.1:1", *flags)
    texts = by_check(findings, "tls")
    assert status == 1 and texts[0] == ("ok", "--tlsverify asks for it; the engine's certificate is checked")
    assert texts[1][0] == "note" and "ends in 29 days" in texts[1][1]
    assert texts[2][0] == "wrong" and "ended 1 days ago" in texts[2][1]
    assert by_check(doctor("--tls", "-H", "tcp://127.0.0.1:1", *flags)[1], "tls")[0][0] == "wrong"
