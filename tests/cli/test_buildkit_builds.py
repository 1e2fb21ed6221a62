"""build by BuildKit: when it is chosen, what is sent, and how it ends."""
import io
import json
import tarfile
import zlib

import pytest

import tests.cli.canned_engine as canned_engine
from rawdock.cli.buildkit import buildkit_pieces
from rawdock.cli.console import Console
from rawdock.errors import ProtocolError, RawdockError
from rawdock.main import find_words, run_command
from tests.cli.canned_engine import TextOutput, run_on_fake_engine
from tests.cli.scripted_socket import clean_environment, run_to_end
from tests.engine.build_traces import SECOND, recorded_messages, trace_message, vertex
from tests.net.fake_engine import FakeEngine, chunked, response, serve

IMAGE = "sha256:" + "7" * 64
BUILT = [trace_message(vertexes=[vertex(started=SECOND, completed=SECOND, cached=1)]),
         {"id": "moby.image.id", "aux": {"ID": IMAGE}}, {"stream": "Successfully tagged x:1\n"}]
CLASSIC = [{"stream": "Step 1/1 : FROM x\n"}, {"aux": {"ID": IMAGE}}]
LINES = "#1 step a\n#1 CACHED\n"


@pytest.fixture
def build(tmp_path, monkeypatch):
    """build(words…, messages=, ping=, api=, **environment) → Ran, in a directory with a Dockerfile."""
    monkeypatch.chdir(str(tmp_path))
    (tmp_path / "Dockerfile").write_text("FROM busybox\nRUN echo one\nRUN echo before failing; exit 7\n"
                                         "COPY a.txt /\n")
    (tmp_path / ".dockerignore").write_text("a*\n")
    for name in ("a1", "b1"):
        (tmp_path / name).write_text(name)

    def build_with(*words, messages=BUILT, ping="", api="1.41", **environment):
        for name in ("DOCKER_BUILDKIT", "BUILDKIT_PROGRESS", "DOCKER_API_VERSION"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        fields = "".join([line + "\r\n" for line in ping.split("; ") if line])
        monkeypatch.setattr(canned_engine, "PING", PING.replace(b"\r\n", b"\r\n" + fields.encode(), 1))
        body = b"".join([json.dumps(message).encode() + b"\r\n" for message in messages])
        return run_on_fake_engine({"POST /build": body}, ["build"] + list(words or ["."]), api)

    return build_with


PING = canned_engine.PING


@pytest.mark.parametrize("environment, ping, version", [
    ({}, "", "1"), ({}, "Builder-Version: 2", "2"), ({}, "Builder-Version: 1", "1"),
    ({"DOCKER_BUILDKIT": "1"}, "", "2"), ({"DOCKER_BUILDKIT": "true"}, "Builder-Version: 2", "2"),
    ({"DOCKER_BUILDKIT": "0"}, "Builder-Version: 2", "1"),
    ({"DOCKER_BUILDKIT": ""}, "Builder-Version: 2", "2"),
    ({"DOCKER_API_VERSION": "1.41"}, "Builder-Version: 2", "2")])
def test_which_builder_builds(build, environment, ping, version):
    ran = build(messages=BUILT if version == "2" else CLASSIC, ping=ping, **environment)
    assert (ran.status, ran.requests[0][2]["version"]) == (0, version)
    assert (LINES in ran.err) == (version == "2") and "no BuildKit" not in ran.err


@pytest.mark.parametrize("ping, api", [
    ("Builder-Version: 1", "1.41"), ("Libpod-Api-Version: 4.3", "1.41"), ("", "1.38")])
def test_an_engine_without_buildkit_builds_as_it_can_and_that_is_said(build, ping, api):
    ran = build(messages=CLASSIC, ping=ping, api=api, DOCKER_BUILDKIT="1")
    assert (ran.status, ran.requests[0][2]["version"]) == (0, "1")
    assert ran.err == "This engine has no BuildKit: its classic builder builds the image.\n"
    assert "Step 1/1" in ran.out


def test_a_variable_that_is_no_switch(build):
    ran = build(DOCKER_BUILDKIT="maybe")
    assert (ran.status, ran.out, ran.requests) == (1, "", [])
    assert ran.err == ("DOCKER_BUILDKIT environment variable expects boolean value: strconv.ParseBool: "
                       'parsing "maybe": invalid syntax\n')


def test_what_is_sent_and_shown(build, tmp_path):
    ran = build("-t", "x:1", "--target", "t", "--iidfile", "id", ".", DOCKER_BUILDKIT="1")
    assert (ran.status, ran.out, ran.err) == (0, "", LINES)
    assert ran.requests == [("POST", "/build", {"version": "2", "t": "x:1", "target": "t",
                                                "dockerfile": "Dockerfile"})]
    with tarfile.open(fileobj=io.BytesIO(ran.bodies[0])) as sent:
        assert sent.getnames() == [".dockerignore", "Dockerfile", "b1"]
    (tmp_path / ".dockerignore").write_text("*\n")
    with tarfile.open(fileobj=io.BytesIO(build(DOCKER_BUILDKIT="1").bodies[0])) as sent:
        assert sent.getnames() == ["Dockerfile"]
    assert (tmp_path / "id").read_text() == IMAGE


def test_quiet_is_the_id_alone(build):
    ran = build("-q", ".", DOCKER_BUILDKIT="1")
    assert (ran.status, ran.out, ran.err) == (0, IMAGE + "\n", "") and "q" not in ran.requests[0][2]


def test_an_ignore_file_of_the_dockerfile_has_precedence(build, tmp_path):
    (tmp_path / "Dockerfile.dockerignore").write_text("b*\n")
    for version, names in (("1", ["Dockerfile", "Dockerfile.dockerignore", "b1"]),
                           ("2", ["Dockerfile", "Dockerfile.dockerignore", "a1"])):
        ran = build(DOCKER_BUILDKIT=str(int(version) - 1), messages=BUILT if version == "2" else CLASSIC)
        with tarfile.open(fileobj=io.BytesIO(ran.bodies[0])) as sent:
            assert sorted(set(sent.getnames()) - {".dockerignore"}) == sorted(names), version


def test_the_ignore_file_of_a_dockerfile_that_is_a_link_has_the_links_name(build, tmp_path):
    (tmp_path / "link").symlink_to("Dockerfile")
    (tmp_path / "Dockerfile.dockerignore").write_text("b*\n")
    (tmp_path / "link.dockerignore").write_text("a*\n*.dockerignore\nlink\n")
    ran = build("-f", "link", ".", DOCKER_BUILDKIT="1")
    with tarfile.open(fileobj=io.BytesIO(ran.bodies[0])) as sent:
        assert sorted(sent.getnames()) == ["Dockerfile", "b1"]


@pytest.mark.parametrize("buildkit", "01")
def test_a_dockerfile_that_is_a_link_out_of_the_context_is_one_clear_line(build, tmp_path, buildkit):
    (tmp_path / "ctx").mkdir()
    (tmp_path / "ctx" / "Dockerfile").symlink_to("../Dockerfile")
    ran = build("ctx", DOCKER_BUILDKIT=buildkit)
    assert (ran.status, ran.requests, ran.err) == (1, [], (
        "unable to open Dockerfile: it is a link to a file outside the context, which --file can name\n"))


def test_a_build_that_fails(build):
    ran = build(messages=recorded_messages("26.1-failed"), DOCKER_BUILDKIT="1")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.endswith(
        " > [3/4] RUN echo before failing; exit 7:\n0.048 before failing\n------\n"
        "Dockerfile:3\n--------------------\n   1 |     FROM busybox\n   2 |     RUN echo one\n"
        "   3 | >>> RUN echo before failing; exit 7\n   4 |     COPY a.txt /\n   5 |     \n"
        '--------------------\nERROR: failed to solve: process "/bin/sh -c echo before failing; exit 7" did '
        "not complete successfully: exit code: 7\n")
    again = build("-q", ".", messages=recorded_messages("26.1-failed"), DOCKER_BUILDKIT="1")
    assert (again.status, again.out, again.err) == (1, "", ran.err[ran.err.index("Dockerfile:3"):])


def test_a_dockerfile_with_a_byte_order_mark_has_its_lines_shown(build, tmp_path):
    before = (tmp_path / "Dockerfile").read_bytes()
    (tmp_path / "Dockerfile").write_bytes(b"\xef\xbb\xbf" + before)
    ran = build(messages=recorded_messages("26.1-failed"), DOCKER_BUILDKIT="1")
    assert "Dockerfile:3\n--------------------\n   1 |     FROM busybox\n" in ran.err


def test_the_lines_of_a_dockerfile_from_stdin_are_shown(rawdock_command, tmp_path):
    error = b'{"error":"dockerfile parse error on line 2: unknown instruction: FOO"}'
    answers = {"/_ping": PING}
    with FakeEngine(serve(lambda seen: answers.get(seen.path.split()[1], response(error)))) as engine:
        for words in (["-"], ["-f", "-", str(tmp_path)]):
            ran = run_to_end(rawdock_command + ["-H", engine.address, "build"] + words, b"FROM x\nFOO\n",
                             env=clean_environment(DOCKER_BUILDKIT="1"))
            assert (ran.status, ran.out) == (1, b"")
            assert b"Dockerfile:2\n--------------------\n   1 |     FROM x\n   2 | >>> FOO\n" in ran.err


def test_an_answer_without_an_image_is_a_failure(build):
    with pytest.raises(ProtocolError) as caught:
        build(messages=BUILT[:1], DOCKER_BUILDKIT="1")
    assert "the id of the image" in caught.value.expected


def test_an_answer_that_is_cut_is_a_failure_wherever_it_is_cut(build, tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_BUILDKIT", "1")
    pieces = [json.dumps(message).encode() + b"\r\n" for message in recorded_messages("20.10-built")]
    wire = chunked(*pieces)
    (tmp_path / "id").write_text("of an earlier build")
    for place in list(range(0, len(wire) - 1, 97)) + [len(wire) - 1]:
        answers = {"GET /_ping": PING, "POST /build": wire[:place]}

        def cut(peer):
            seen = peer.request()
            while seen is not None:
                peer.send(answers[seen.path.replace("HEAD", "GET")])
                seen = None if seen.path == "POST /build" else peer.request()

        with FakeEngine(cut) as engine, pytest.raises(RawdockError):
            console = Console(engine.address, None)
            console.out, console.err = TextOutput(), TextOutput()
            try:
                run_command(console, *find_words(["build", "--iidfile", "id", "."]))
            finally:
                console.close()
        assert console.out.text == "" and not (tmp_path / "id").exists(), place


@pytest.mark.parametrize("words", [["--secret", "id=x", "."], ["--ssh", "default", "."]])
def test_flags_that_need_a_session(build, words):
    ran = build(*words)
    assert (ran.status, ran.out, ran.requests) == (1, "", [])
    assert ran.err == ("%s: the builder asks its client for it over a session, which rawdock does not open; "
                       "use `docker buildx build`\n" % words[0])


@pytest.mark.parametrize("words, environment, text", [
    (["--progress", "bogus", "."], {}, "ERROR: invalid progress mode bogus\n"),
    (["."], {"BUILDKIT_PROGRESS": "tty"}, "ERROR: failed to get console: provided file is not a console\n")])
def test_a_progress_that_cannot_be(build, words, environment, text):
    ran = build(*words, **environment)
    assert (ran.status, ran.err, ran.requests) == (1, text, [])


def test_rawjson(build):
    ran = build("--progress=rawjson", ".", DOCKER_BUILDKIT="1")
    assert [json.loads(line) for line in ran.err.splitlines()] == [{"vertexes": [
        {"digest": "a", "name": "step a", "started": "1970-01-01T00:00:01Z",
         "completed": "1970-01-01T00:00:01Z", "cached": True}]}]


# ---- a tar that BuildKit recognizes

def header(kind, magic=b"ustar"):
    return b"name".ljust(156, b"\0") + kind + bytes(100) + magic + bytes(250)


@pytest.mark.parametrize("kind", [b"0", b"5", b"g", b"\0"])
def test_a_tar_that_begins_with_a_member_is_sent_as_it_is(kind):
    assert list(buildkit_pieces([header(kind), b"rest"])) == [header(kind), b"rest"]


@pytest.mark.parametrize("kind", [b"x", b"L", b"K"])
def test_a_tar_that_begins_with_an_extension_is_compressed(kind):
    sent = b"".join(buildkit_pieces([header(kind), b"rest"]))
    assert zlib.decompress(sent, wbits=31) == header(kind) + b"rest"


def test_what_is_no_tar_is_sent_as_it_is():
    assert list(buildkit_pieces(iter([header(b"x", b"-----")]))) == [header(b"x", b"-----")]
    assert b"".join(buildkit_pieces([])) == b""
