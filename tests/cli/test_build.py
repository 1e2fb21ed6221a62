"""build beside docker 28.2.2's classic builder: what is sent and shown (tests/live/build_cases.py)."""
import json
import os
import re
import subprocess

import pytest

from tests.cli.canned_engine import run_on_fake_engine
from tests.cli.scripted_socket import clean_environment
from tests.live.build_cases import (BUILT, SENT_CASES, KeepingEngine, case_name, make_sent_files, read_builds,
                                    run_build, sent_answer, stdin_of)
from tests.net.fake_engine import PING, FakeEngine, response, serve
from tests.window import Window

RECORDED = read_builds("sent")
SIZE = re.compile(r"daemon +[0-9.]+k?B")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = str(tmp_path_factory.mktemp("build"))
    make_sent_files(made)
    return made


def comparable(answer):
    """A row less what may differ: a hint, the order of a JSON object, the size of a tar that docker cuts."""
    found = dict(answer, out=SIZE.sub("daemon SIZE", answer["out"]), err=answer["err"].split("; ")[0].strip())
    if "query" in found:
        found["query"] = {name: [json.loads(value) if value[:1] in "[{" else value for value in values]
                          for name, values in found["query"].items()}
    if found["status"] == 125:
        found["err"] = found["err"].partition("\n")[0]
    return found


@pytest.mark.parametrize("case", SENT_CASES, ids=case_name)
def test_what_is_sent_and_shown_is_dockers(rawdock_command, folder, case):
    with KeepingEngine() as engine:
        ours = sent_answer(rawdock_command, engine, folder, case)
    assert comparable(ours) == comparable(RECORDED[case_name(case)])


def test_the_size_of_a_context_is_dockers(rawdock_command, folder):
    with KeepingEngine() as engine:
        ran = run_build(rawdock_command, engine, folder, ["low"])
    assert ran["out"] == RECORDED["low"]["out"] and SIZE.search(ran["out"])


def test_the_record_is_of_these_cases():
    assert list(RECORDED) == [case_name(case) for case in SENT_CASES] and len(RECORDED) > 50


# -- how it ends

def answered(rawdock_command, folder, body, *words, status="200 OK"):
    """Build against an engine that answers `body` → (exit status, stdout, stderr)."""
    def answer(seen):
        return PING if "_ping" in seen.target else response(body, status)

    with FakeEngine(serve(answer)) as engine:
        ran = subprocess.run(rawdock_command + ["-H", engine.address, "build"] + list(words) + ["low"],
                             cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                             env=dict(clean_environment(), DOCKER_BUILDKIT="0"))
    return ran.returncode, ran.stdout.decode(), ran.stderr.decode()


def lines_of(*messages):
    return b"".join(json.dumps(one).encode("utf-8") + b"\r\n" for one in messages)


FAILED = lines_of({"stream": "Step 2/2 : RUN false\n"},
                  {"errorDetail": {"code": 7, "message": "it returned 7"}, "error": "it returned 7"})


def test_a_failed_step_ends_with_its_status(rawdock_command, folder):
    status, out, err = answered(rawdock_command, folder, FAILED)
    assert (status, err) == (7, "it returned 7\n") and out.endswith("Step 2/2 : RUN false\n")
    status, out, err = answered(rawdock_command, folder, FAILED, "-q")
    assert (status, out) == (7, "") and "Sending build context" in err
    assert err.endswith("false\nit returned 7\n")


def test_a_failure_without_a_status_is_1(rawdock_command, folder):
    status, _, err = answered(rawdock_command, folder, lines_of({"error": "no space"}))
    assert (status, err) == (1, "no space\n")


def test_an_engine_that_refuses_is_shown(rawdock_command, folder):
    refused = b'{"message":"dockerfile parse error"}'
    status, out, err = answered(rawdock_command, folder, refused, status="400 Bad Request")
    assert (status, err) == (1, "Error response from daemon: dockerfile parse error\n")
    status, out, err = answered(rawdock_command, folder, refused, "-q", status="400 Bad Request")
    assert (status, out) == (1, "") and err.startswith("Sending build context")


def test_an_answer_without_an_image_is_a_failure(rawdock_command, folder):
    for words in ([], ["-q"]):
        status, _, err = answered(rawdock_command, folder, lines_of({"status": "x"}) * (not words), *words)
        assert status == 1 and "the id of the image" in err or "at least one message" in err


def test_an_answer_that_is_cut_is_a_failure(rawdock_command, folder):
    def cut(peer):
        while True:
            seen = peer.request()
            if "_ping" in seen.target:
                peer.send(PING)
                continue
            peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            peer.send(b"%x\r\n%s\r\n" % (len(BUILT), BUILT))
            peer.close()
            return

    (open(os.path.join(folder, "old"), "w")).close()
    with FakeEngine(cut) as engine:
        ran = subprocess.run(rawdock_command + ["-H", engine.address, "build", "--iidfile", "old", "low"],
                             cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                             env=dict(clean_environment(), DOCKER_BUILDKIT="0"))
    assert ran.returncode == 1 and b"Successfully built" in ran.stdout
    assert b"the stream was cut" in ran.stderr and not os.path.exists(os.path.join(folder, "old"))


def test_a_pipe_for_the_id_is_written_and_not_removed(rawdock_command, folder, tmp_path):
    os.mkfifo(str(tmp_path / "pipe"))
    os.symlink("pipe", str(tmp_path / "link"))
    reader = os.open(str(tmp_path / "pipe"), os.O_RDONLY | os.O_NONBLOCK)
    try:
        status, _, err = answered(rawdock_command, folder, BUILT, "--iidfile", str(tmp_path / "link"))
        assert (status, err, os.read(reader, 100)) == (0, "", b"sha256:1234")
    finally:
        os.close(reader)
    assert sorted(os.listdir(str(tmp_path))) == ["link", "pipe"]


def test_the_id_comes_after_the_lines_on_standard_output(rawdock_command, folder):
    status, out, err = answered(rawdock_command, folder, BUILT, "--iidfile", "/proc/self/fd/1")
    assert (status, err) == (0, "") and out.endswith("Successfully built 1234\nsha256:1234")


@pytest.mark.parametrize("after", [0, 1 << 20])
def test_an_engine_that_dies_during_the_upload_is_a_failure(rawdock_command, folder, tmp_path, after):
    def die(peer):
        seen = peer.head()
        while "_ping" in seen.target:
            peer.send(PING)
            seen = peer.head()
        if after:
            peer.receive_exactly(after)
        peer.reset()

    with open(str(tmp_path / "zeros"), "wb") as file:
        file.truncate(30 << 20)
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "id").write_text("old")
    with FakeEngine(die) as engine:
        ran = subprocess.run(rawdock_command + ["-H", engine.address, "build", "--iidfile", "id", "."],
                             cwd=str(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                             env=dict(clean_environment(), DOCKER_BUILDKIT="0"))
    assert (ran.returncode, ran.stdout, os.path.exists(str(tmp_path / "id"))) == (1, b"", False)
    assert ran.stderr.count(b"\n") == 1 and b"Traceback" not in ran.stderr


def test_what_a_step_prints_stays_as_it_is(rawdock_command, folder):
    body = lines_of({"stream": "\x1b[91merr\n\x1b[0m"}, {"status": "Pulling \x1b[2J", "id": "a"}) + BUILT
    out = answered(rawdock_command, folder, body)[1]
    assert "\x1b[91merr\n\x1b[0m" in out and "\x1b[2J" not in out


def test_at_a_terminal_the_upload_is_shown_while_it_runs(rawdock_command, folder):
    with open(os.path.join(folder, "low", "zeros"), "wb") as file:
        file.truncate(3 << 20)
    with KeepingEngine() as engine:
        with Window(rawdock_command + ["-H", engine.address, "build", os.path.join(folder, "low")],
                    dict(clean_environment(TERM="xterm"), DOCKER_BUILDKIT="0")) as window:
            shown = window.wait_for("Successfully built")
    os.unlink(os.path.join(folder, "low", "zeros"))
    assert shown.count(b"Sending build context to Docker daemon") > 1


# -- what config.json adds

def test_proxies_and_credentials_of_config_json_are_sent(rawdock_command, folder, tmp_path):
    import base64
    (tmp_path / "config.json").write_text(json.dumps({
        "proxies": {"default": {"httpProxy": "http://p:1", "noProxy": "x"}},
        "auths": {"r.example": {"auth": base64.b64encode(b"u:secret").decode()}}}))
    with KeepingEngine() as engine:
        subprocess.run(rawdock_command + ["--config", str(tmp_path), "-H", engine.address, "build",
                                          "--build-arg", "HTTP_PROXY=own", "low"],
                       cwd=folder, stdout=subprocess.PIPE,
                       env=dict(clean_environment(), DOCKER_BUILDKIT="0"), timeout=60, check=True)
        sent = engine.sent()
    fields = json.loads(base64.urlsafe_b64decode(sent.headers["x-registry-config"]).decode())
    assert fields == {"r.example": {"username": "u", "password": "secret", "serveraddress": "r.example"}}
    import urllib.parse
    query = dict(urllib.parse.parse_qsl(sent.target.partition("?")[2]))
    assert json.loads(query["buildargs"]) == {"HTTP_PROXY": "own", "http_proxy": "http://p:1",
                                              "NO_PROXY": "x", "no_proxy": "x"}


# -- builder prune

PRUNED = {"CachesDeleted": ["abc"], "SpaceReclaimed": 12345}


def test_builder_prune_shows_what_is_gone():
    words = ["builder", "prune", "-af", "--filter", "until=24h", "--keep-storage", "1k"]
    ran = run_on_fake_engine({"POST /build/prune": PRUNED}, words)
    assert (ran.status, ran.out) == (
        0, "Deleted build cache objects:\nabc\n\nTotal reclaimed space: 12.35kB\n")
    query = ran.requests[0][2]
    assert (query["all"], query["keep-storage"], json.loads(query["filters"])) == (
        "1", "1024", {"until": ["24h"]})


def test_builder_prune_needs_a_newer_engine():
    ran = run_on_fake_engine({}, ["builder", "prune", "-f"], api="1.30")
    assert (ran.status, ran.requests) == (1, [])
    assert "docker builder prune requires API version 1.39" in ran.err


def test_a_question_that_is_not_answered_prunes_nothing(rawdock_command):
    with FakeEngine(serve(lambda seen: PING)) as engine:
        ran = subprocess.run(rawdock_command + ["-H", engine.address, "builder", "prune"],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=clean_environment())
    assert (ran.returncode, [one.path for one in engine.requests]) == (0, ["GET /_ping"])
    assert ran.stdout == (b"WARNING! This will remove all dangling build cache. Are you sure you want to "
                          b"continue? [y/N] ")
