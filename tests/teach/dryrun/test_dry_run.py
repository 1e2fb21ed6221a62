"""The plan of a command, and its forms: the planned bytes are the sent bytes, and what is printed too."""
import ast
import json
import os
import re
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rawdock.cli.console import Console
from rawdock.errors import UsageError
from rawdock.main import find_command, run_command
from rawdock.teach.dryrun.commands import DRY_RUN_FORMS, plan_command
from rawdock.net.dial import dial
from rawdock.teach.dryrun.form_http import shell_word
from rawdock.teach.dryrun.form_python import python_bytes
from rawdock.teach.dryrun.form_shell import SHELL_FUNCTIONS, printf_command, shell_pieces
from rawdock.teach.practice.engine import PracticeEngine

from tests.cli.scripted_socket import scripted_socket

NOBODY = "unix:///nonexistent/docker.sock"
VARIABLES = {"container": b"0123456789abcdef" * 4, "exec_id": b"fedcba9876543210" * 4}

# Whatever an argument may hold: no NUL, which no argument of a process can hold. (Text is drawn as numbers:
# hypothesis keeps what it drew in one dict, where bytes and str of one hash would be compared.)
ANY_BYTES = st.one_of(st.lists(st.one_of(st.integers(1, 0xd7ff), st.integers(0xe000, 0x10ffff)),
                               max_size=30).map(lambda codes: "".join(map(chr, codes)).encode("utf-8")),
                      st.binary(max_size=30).map(lambda data: data.replace(b"\0", b"")),
                      st.lists(st.sampled_from([b"'", b'"', b"\\", b"%", b"%s", b"\\n", b"\n", b"\r\n", b"$",
                                                b"$(id)", b"`id`", b"!", b"*", b"~", b"#", b"-", b" ",
                                                "ü".encode("utf-8"), b"\\'", b"''", b"\t", b"\x01", b"\x7f",
                                                b"\xff", b"${container}"]), max_size=8).map(b"".join))
PIECES = st.lists(st.one_of(ANY_BYTES, st.sampled_from(sorted(VARIABLES))), max_size=5)


def plan_of(*words, address=NOBODY):
    """The Plan of a command that can be planned."""
    plan, status = plan_command(Console(address), find_command(words[0]), list(words[1:]), run_command)
    assert status == 0, plan.complaints
    return plan


def printed(form, *words, address=NOBODY):
    return DRY_RUN_FORMS[form](plan_of(*words, address=address)).decode("utf-8", "surrogateescape")


def meant(pieces):
    return b"".join(VARIABLES[piece] if isinstance(piece, str) else piece for piece in pieces)


def encoded(text):
    return text.encode("utf-8", "surrogateescape")


def sh(script):
    """What a script prints. It is given on stdin, so that it may be of any length."""
    assignments = b"".join(b"%s=%s\n" % (name.encode("ascii"), value)
                           for name, value in sorted(VARIABLES.items()))
    ran = subprocess.run(["sh"], input=assignments + script, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         timeout=60)
    assert (ran.returncode, ran.stderr) == (0, b""), ran.stderr
    return ran.stdout


# -- quoting

@settings(max_examples=25)
@given(st.lists(PIECES, min_size=1, max_size=40))
def test_sh_running_the_printf_gives_exactly_the_bytes(batch):
    """Also as an argument of a command, as in the curl form."""
    mark = b"printf '\\001\\002\\003'\n"
    script = b"".join(encoded(printf_command([b"x"] + pieces)) + b"\n" + mark + b"printf '%s' "
                      + encoded(shell_pieces([b"x"] + pieces)) + b"\n" + mark for pieces in batch)
    expected = b"".join((b"x" + meant(pieces) + b"\x01\x02\x03") * 2 for pieces in batch)
    assert sh(script) == expected


@given(PIECES)
def test_the_python_expression_is_exactly_the_bytes(pieces):
    assert eval("(" + python_bytes(pieces) + ")", dict(VARIABLES)) == meant(pieces)


@given(st.lists(ANY_BYTES, min_size=1, max_size=30))
@settings(max_examples=15)
def test_a_word_stays_one_word(words):
    script = b"printf '%s\\001' " + encoded(" ".join(map(shell_word, words))) + b"\n"
    assert sh(script) == b"".join(word + b"\1" for word in words)


NASTY = ["it's 100%\\n", "$HOME `id` \"", "line\nline\r\n", "ünï\u2028", "%s%d%%", "-n", "", "\\", "#", "!"]


def test_a_comment_is_one_line_and_written_forwards():
    line = printed("http", "create", "busybox", "a\u202eb\u2066c\x9b\nx").split("\n")[0]
    assert line == "# rawdock create busybox 'a\\u202eb\\u2066c\\u009b\\nx'"


def test_nasty_arguments_arrive_as_they_are():
    """From the command line to the bytes that nc is given, and to the literal in Python."""
    plan = plan_of("create", "--pull=never", "--env", "A=\u00e9'\n", "busybox", *NASTY)
    [step] = plan.steps
    printf = next(line for line in printed("nc", "create", "--pull=never", "--env", "A=\u00e9'\n", "busybox",
                                           *NASTY).split("\n") if "printf 'POST" in line)
    printf = re.fullmatch(r"answer=\$\((printf .*) \| nc -U /nonexistent/docker.sock \| through cat\) \|\| "
                          r"\{.* exit 1; \}", printf).group(1)
    assert sh(printf.encode("utf-8")) == step.request.replace(b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", 1)
    tree = ast.parse(printed("python", "create", "--pull=never", "--env", "A=\u00e9'\n", "busybox", *NASTY))
    # of 3.8 and later, and before
    nodes = [node for node in ast.walk(tree) if type(node).__name__ in ("Constant", "Bytes")]
    literals = [node.value if hasattr(node, "value") else node.s for node in nodes]
    assert step.request.replace(b" HTTP/1.1\r\n", b" HTTP/1.0\r\n",
                                1) in [value for value in literals if isinstance(value, bytes)]


# -- the plan

def without_ids(requests):
    return [re.sub(b"[0-9a-f]{64}", b"ID", request) for request in requests]


class SentBytes:
    """A socket that keeps what is sent through it, a write each."""

    def __init__(self, sock, sent):
        self._sock = sock
        self._sent = sent

    def sendall(self, data):
        self._sent.append(bytes(data))
        self._sock.sendall(data)

    def __getattr__(self, name):
        return getattr(self._sock, name)


def really_sent(engine, words):
    """The requests that a command sends to a practice engine."""
    sent = []
    console = Console(engine.address)
    console.open_socket = lambda address, timeout: SentBytes(dial(address, timeout), sent)
    try:
        run_command(console, find_command(words[0]), words[1:])
    finally:
        console.close()
    return sent


COMMANDS = [["run", "--rm", "busybox", "echo", "hi"], ["run", "-d", "--name", "web", "redis:2.8"],
            ["exec", "web", "redis-cli", "PING"],
            ["logs", "--tail", "3", "web"], ["ps", "-a", "--filter", "name=web"], ["images", "busy*"],
            ["inspect", "web"],
            ["kill", "-s", "TERM", "web"], ["wait", "web"], ["start", "web"], ["stop", "-t", "1", "web"],
            ["rename", "web", "old"],
            ["rm", "-f", "old"], ["create", "--name", "made", "busybox", "true"], ["start", "-a", "made"],
            ["rm", "-v", "made"],
            ["pull", "busybox:latest"], ["rmi", "-f", "busybox", "redis:2.8"], ["GET", "/images/json?all=1"],
            ["HEAD", "/_ping"], ["version"], ["info"],
            ["POST", "-q", "name=a b", "-d", '{"Image":"x"}', "/containers/create"]]


def test_the_planned_bytes_are_the_sent_bytes(monkeypatch, capfd):
    """Each command is planned, then run on the practice engine: the requests are equal, and in one order."""
    monkeypatch.setenv("DOCKER_API_VERSION", "1.41")
    with PracticeEngine() as engine:
        for words in COMMANDS:
            steps = plan_of(*words, address=engine.address).steps
            sent = really_sent(engine, words)
            planned = [step.request for step in steps if not step.only_if_missing or len(sent) == len(steps)]
            assert without_ids(planned) == without_ids(sent), words
    capfd.readouterr()


def test_without_a_version_there_is_no_prefix_and_no_question():
    assert [step.request.split(b"\r\n")[0]
            for step in plan_of("ps").steps] == [b"GET /containers/json HTTP/1.1"]
    assert "GET /_ping" in printed("http", "ps")


def test_with_a_version_it_is_in_the_paths(monkeypatch):
    monkeypatch.setenv("DOCKER_API_VERSION", "1.41")
    assert [step.request.split(b"\r\n")[0]
            for step in plan_of("ps").steps] == [b"GET /v1.41/containers/json HTTP/1.1"]
    assert "/_ping" not in printed("http", "ps")


def test_the_steps_of_run_and_which_are_in_the_background():
    steps = plan_of("run", "--rm", "busybox", "echo", "hi").steps
    assert [(step.name, step.outcome, step.background, step.only_if_missing) for step in steps] == [
        ("container_create", "id", False, False), ("image_create", "messages", False, True),
        ("container_create", "id", False, True),
        ("container_attach", "frames", True, False), ("container_wait", "status", True, False),
        ("container_start", "nothing", False, False),
        ("container_wait", "removal", False, False)]   # not one of the six: only --rm has it
    assert [step.name for step in plan_of("run", "busybox").steps] == [step.name for step in steps[:6]]
    assert steps[0].missing and steps[0].variable == "container" and steps[0].request == steps[2].request
    assert steps[3].half_closed and not steps[3].reads_stdin


@pytest.mark.parametrize("words, names", [
    (["run", "--pull", "never", "-d", "busybox"], "container_create container_start"),
    (["run", "--pull", "always", "-d", "busybox"], "image_create container_create container_start"),
    (["exec", "web", "true"], "container_inspect container_exec exec_start exec_inspect"),
    (["exec", "-d", "web", "true"], "container_inspect container_exec exec_start"),
    (["attach", "web"], "container_inspect container_wait container_attach container_inspect"),
    (["start", "-a", "web"], "container_inspect container_attach container_wait container_start"),
    (["rm", "a", "b"], "container_delete container_delete"), (["events"], "system_events")])
def test_the_steps_of_others(words, names):
    assert " ".join(step.name for step in plan_of(*words).steps) == names


def test_stdin_goes_into_the_stream_only_with_a_flag_for_it():
    for words in (["run", "-i", "busybox", "cat"], ["exec", "-i", "web", "cat"], ["start", "-ai", "web"]):
        [step] = [step for step in plan_of(*words).steps if step.hijack]
        assert step.reads_stdin and step.background and b"stdin=0" not in step.request
    for words in (["run", "busybox", "cat"], ["exec", "web", "cat"], ["attach", "web"]):
        [step] = [step for step in plan_of(*words).steps if step.hijack]
        assert step.half_closed and not step.reads_stdin


def test_a_body_of_a_file_or_of_stdin_is_not_read(tmp_path):
    (tmp_path / "body").write_bytes(b"x" * 12345)
    words = ["POST", "-d", "@%s" % (tmp_path / "body"), "/images/load"]
    [step] = plan_of(*words).steps
    assert step.body_source == str(tmp_path / "body") and step.request.endswith(b"\r\n\r\n")
    assert b"Content-Length: 12345\r\n" in step.request
    assert "%s, as it is" % (tmp_path / "body") in printed("http", *words)
    assert "-T %s " % (tmp_path / "body") in printed("curl", *words)
    [step] = plan_of("POST", "-d", "-", "/images/load").steps
    assert step.body_source == "-" and b"\r\nTransfer-Encoding: chunked\r\n" in step.request
    assert "-T - " in printed("curl", "POST", "-d", "-", "/images/load")


@pytest.mark.parametrize("form", ["nc", "python"])
def test_a_body_of_a_file_is_for_curl(form):
    with pytest.raises(UsageError) as caught:
        printed(form, "POST", "-d", "-", "/images/load")
    assert "--dry-run=curl" in caught.value.hint


SECRET = "c2VjcmV0IHdvcmQ="


@pytest.mark.parametrize("form", sorted(set(DRY_RUN_FORMS) - {"json"}))
@pytest.mark.parametrize("field",
                         ["X-Registry-Auth", "x-registry-config", "Authorization", "Proxy-Authorization",
                          "Cookie", "X-Api-Key"])
def test_a_secret_in_a_header_field_becomes_a_variable(form, field):
    text = printed(form, "POST", "-h", "%s: %s" % (field, SECRET), "/images/create?fromImage=busybox")
    assert SECRET not in text
    variable = field.lower().replace("x-", "").replace("-", "_")
    assert "# %s: the secret of the command line" % variable in text


@pytest.mark.parametrize("form", sorted(set(DRY_RUN_FORMS) - {"json"}))
def test_a_secret_in_the_query_becomes_a_variable(form):
    text = printed(form, "GET", "-q", "my.token=" + SECRET, "/x?a=b&password=%s2" % SECRET)
    assert SECRET not in text and SECRET.replace("=", "%3D") not in text
    assert "# mytoken: the secret of the command line" in text
    assert "# password: the secret of the command line" in text


def test_the_command_line_is_repeated_without_secrets():
    text = printed("http", "create", "-e", "DB_PASSWORD=hunter2", "busybox", "--token", "hunter2")
    assert "hunter2" not in text.split("\n")[0] and "'DB_PASSWORD=*******'" in text
    assert '"DB_PASSWORD=hunter2"' in text


def test_one_letter_that_is_a_secret_does_no_harm():
    [line] = [line for line in printed("nc", "GET", "-h", "Authorization: a", "/images/json").split("\n")
              if line.startswith("printf")]
    assert line.startswith("printf 'GET /images/json HTTP/1.0\\r\\nHost: docker\\r\\nAuthorization: %s\\r\\n"
                           "\\r\\n' \"$authorization\" | nc ")


def test_no_credentials_are_no_secret():
    assert "X-Registry-Auth: e30=\r\n" in printed("http", "pull", "busybox")


# -- the forms

EVERY = COMMANDS + [["run", "busybox"], ["exec", "-d", "a", "b"], ["attach", "web"],
                    ["events", "--since", "1"], ["rm", "a", "b'c"], ["wait", "a", "b"],
                    ["GET", "-i", "/info"], ["GET", "-0", "/info"],
                    ["GET", "/containers/a/logs?stdout=1"]]


@pytest.mark.parametrize("form", ["nc", "curl"])
def test_every_script_is_sh(form):
    for words in EVERY:
        script = printed(form, *words)
        ran = subprocess.run(["sh", "-n"], input=script.encode("utf-8"), stderr=subprocess.PIPE)
        assert (ran.returncode, ran.stderr) == (0, b""), script


def test_every_program_is_python():
    for words in EVERY:
        compile(printed("python", *words), "printed", "exec")


def test_the_http_form_without_its_comments_is_the_bytes():
    plan = plan_of("exec", "web", "true")
    text = DRY_RUN_FORMS["http"](plan)
    bare = re.sub(rb"(?m)^#.*\n", b"", text)
    assert bare == b"".join(step.request.replace(id_of(plan), b"$exec_id")
                            + (b"" if step.request.endswith(b"\r\n") else b"\n") for step in plan.steps)


def id_of(plan):
    """The id that the planned answers gave."""
    [id] = set(re.findall(b"/exec/([0-9a-f]{64})/", b"".join(step.request for step in plan.steps)))
    return id


def test_a_path_that_begins_like_a_flag_is_none():
    assert " nc -U ./-s " in printed("nc", "ps", address="unix://-s")
    assert "--unix-socket ./-s " in printed("curl", "ps", address="unix://-s")


def test_a_tcp_engine():
    address = "tcp://[::1]:2375/base"
    script = printed("nc", "ps", address=address)
    assert " | nc ::1 2375 | " in script and "'GET /base/containers/json " in script
    script = printed("curl", "ps", address=address)
    assert "curl -sS --fail-with-body 'http://[::1]:2375/base/containers/json'" in script
    assert "socket.create_connection(('::1', 2375))" in printed("python", "ps", address=address)


@pytest.mark.parametrize("target",
                         ["/images/json?filters={\"a\":[\"b\"]}", "/a/../b", "/x#y", "/x?a=[1-3]",
                          "/a'b\"$c`d"])
def test_curl_gets_an_odd_target_unchanged(target):
    script = printed("curl", "GET", target)
    line = next(line for line in script.split("\n") if line.startswith("curl "))
    words = sh(b"curl() { for word; do printf '%s\\001' \"$word\"; done; }\n"
               + line.replace(" || exit 1", "").encode()).split(b"\1")
    assert words[words.index(b"--request-target") + 1] == target.encode()


@pytest.mark.parametrize("form", ["nc", "curl", "python"])
def test_no_script_sends_stdin_into_a_stream(form):
    with pytest.raises(UsageError) as caught:
        printed(form, "exec", "-i", "web", "cat")
    assert "--dry-run=http" in caught.value.hint


def test_no_script_sends_our_stdin_to_a_terminal(monkeypatch):
    monkeypatch.setattr(os, "isatty", lambda descriptor: True)
    assert "the terminal's output as it is" in printed("http", "exec", "-it", "web", "sh")
    for form in ("nc", "curl", "python"):
        with pytest.raises(UsageError) as caught:
            printed(form, "exec", "-it", "web", "sh")
        assert "-i" in caught.value.hint


@pytest.fixture(scope="module")
def engine():
    with PracticeEngine() as one:
        yield one


def run_printed(engine, directory, words, form="python"):
    """A form of a command (python, nc or curl), run → (status, stdout, stderr)."""
    path = os.path.join(str(directory), "printed")
    with open(path, "wb") as file:
        file.write(printed(form, *words, address=engine.address).encode("utf-8"))
    program = [sys.executable, "-I", "-S"] if form == "python" else ["sh"]
    ran = subprocess.run(program + [path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, timeout=60)
    return ran.returncode, ran.stdout, ran.stderr


MESSAGES = (b'{"status":"Pulling"}\r\n{"status":"a \\\\n b"}\r\n'
            b'{"errorDetail":{"message":"no"},"error":"no"}\r\n')


def test_an_error_in_a_stream_of_messages_is_one_in_sh():
    script = b"".join(text.encode("utf-8") + b"\n" for name, text in SHELL_FUNCTIONS
                      if "through" in name or name == "messages")
    for messages, status in ((MESSAGES, b"1\n"), (MESSAGES[:40], b"0\n"), (MESSAGES[:-2], b"1\n"),
                             (b"", b"0\n")):
        answer = b"HTTP/1.0 200 OK\r\nServer: x\r\n\r\n" + messages
        shown = sh(script + encoded(printf_command([answer])) + b" | through messages; echo $?\n")
        assert shown == messages + (b"" if messages.endswith(b"\n") or not messages else b"\n") + status


def test_frames_are_taken_apart_in_sh():
    """As many bytes as the length says, of whatever value; a stream that ends inside a header is an error."""
    payload = bytes(bytearray(range(256))) * 2
    frames = b"\1\0\0\0\0\0\2\0" + payload + b"\2\0\0\0\0\0\0\4err\n"
    frames += b"\1\0\0\0\0\0\0\0" + b"\0\0\0\0\0\0\0\2hi"
    script = "".join(text + "\n" for name, text in SHELL_FUNCTIONS if name == "frames") + "frames\n"
    for cut, status, err in ((len(frames), 0, b"err\n"),
                             (len(frames) - 6, 1, b"err\nthe stream was cut inside a frame\n")):
        ran = subprocess.run(["sh", "-c", script], input=frames[:cut], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, timeout=60)
        assert (ran.returncode, ran.stdout, ran.stderr) == (status, payload + (b"hi" if not status else b""),
                                                            err)


@pytest.mark.parametrize("found", ["a HTTP/1.1\r\nHost: d\r\n\r\nDELETE /containers/web", "", "..", ["a"]])
def test_an_id_that_would_change_the_next_request_is_not_sent(tmp_path, found):
    answers = {"POST /containers/create": b"HTTP/1.0 201 Created\r\n\r\n"
               + json.dumps({"Id": found}).encode(),
               "GET /containers/web/json": b"HTTP/1.0 200 OK\r\n\r\n"
               + json.dumps({"Id": found, "Config": {}}).encode()}
    for words, status in ((["run", "-d", "busybox"], 125), (["logs", "web"], 1)):
        with scripted_socket(answers) as engine:
            ran = run_printed(engine, tmp_path, words)
            assert ran == (status, b"", ("not an id: %r\n" % str(found)).encode())
            assert len(engine.requests) == 1


@pytest.mark.parametrize("cut", [0, 1, 5])
def test_frames_that_are_cut_are_an_error_in_python(tmp_path, cut):
    frames = b"\1\0\0\0\0\0\0\3out\2\0\0\0\0\0\0\4err\n"
    answers = {"GET /containers/web/json": b'HTTP/1.0 200 OK\r\n\r\n{"Id":"abc","Config":{"Tty":false}}',
               "GET /containers/abc/logs?stdout=1&stderr=1&tail=all": b"HTTP/1.0 200 OK\r\n\r\n"
               + frames[:len(frames) - cut]}
    with scripted_socket(answers) as engine:
        status, out, err = run_printed(engine, tmp_path, ["logs", "web"])
    assert (status, out,
            b"the stream was cut inside a frame" in err) == ((1, b"out", True) if cut else (0, b"out", False))


def test_an_error_in_a_stream_of_messages_is_one_in_python(tmp_path):
    target = "/images/create?fromImage=docker.io%2Flibrary%2Fbusybox&tag=1"
    with scripted_socket({"POST " + target: b"HTTP/1.0 200 OK\r\n\r\n" + MESSAGES}) as engine:
        assert run_printed(engine, tmp_path, ["pull", "busybox:1"]) == (1, MESSAGES, b"")


STATUSES = [(0, 0), (7, 7), (255, 255), (256, 255), (257, 1), (-256, 255), (-1, 255), (2 ** 31, 255)]


def answers_to_exec(status):
    head = b"HTTP/1.0 %s\r\nContent-Type: application/json\r\n\r\n"
    return {"GET /containers/c/json": head % b"200 OK" + b'{"Id":"c","Config":{"Tty":false}}',
            "POST /containers/c/exec": head % b"201 Created" + b'{"Id":"abc"}',
            "POST /exec/abc/start": b"HTTP/1.0 200 OK\r\n\r\n",
            "GET /exec/abc/json": head % b"200 OK" + b'{"ExitCode":%d,"Running":false}' % status}


@pytest.mark.parametrize("status, exited", STATUSES)
def test_a_status_that_is_not_0_does_not_become_0(tmp_path, status, exited):
    for form in ("python", "nc", "curl"):
        with scripted_socket(answers_to_exec(status)) as engine:
            ran = run_printed(engine, tmp_path, ["exec", "c", "true"], form=form)
            assert (form, ran) == (form, (exited, b"", b""))


@pytest.mark.parametrize("status, exited", STATUSES)
@pytest.mark.parametrize("words", [["run", "busybox"], ["run", "--rm", "busybox"]], ids=len)
def test_nor_does_that_of_run(tmp_path, words, status, exited):
    answers = {"POST /containers/create": b'HTTP/1.0 201 Created\r\n\r\n{"Id":"abc"}',
               "POST /containers/abc/attach": b"HTTP/1.0 200 OK\r\n\r\n",
               "POST /containers/abc/wait": b'HTTP/1.0 200 OK\r\n\r\n{"StatusCode":%d}\n' % status,
               "POST /containers/abc/start": b"HTTP/1.0 200 OK\r\n\r\n"}
    answers = {path + query: text for path, text in answers.items() for query in (
        "", "?stream=1&stdin=0&stdout=1&stderr=1", "?condition=next-exit", "?condition=removed")}
    for form in ("python", "nc", "curl"):
        with scripted_socket(answers) as engine:
            ran = run_printed(engine, tmp_path, words, form=form)
            assert (form, ran) == (form, (exited, b"", b""))


def test_the_python_form_runs_containers(engine, tmp_path):
    """Pulled at first, demultiplexed, with the container's status."""
    words = ["run", "--rm", "busybox", "sh", "-c", "echo out; echo err >&2; exit 3"]
    status, out, err = run_printed(engine, tmp_path, words)
    assert (status, out) == (3, b"out\n") and err.startswith(b'{"status":') and err.endswith(b"err\n")
    assert run_printed(engine, tmp_path, words) == (3, b"out\n", b"err\n")


@pytest.mark.parametrize("form", ["python", "nc", "curl"])
def test_a_terminals_output_has_no_frames(engine, tmp_path, form):
    words = ["run", "--rm", "-t", "busybox", "sh", "-c", "echo out; echo err >&2; exit 3"]
    status, out, _ = run_printed(engine, tmp_path, words, form=form)
    assert (status, out) == (3, b"out\r\nerr\r\n")


def test_the_python_form_of_the_life_of_a_container(engine, tmp_path):
    status, out, err = run_printed(engine, tmp_path, ["run", "-d", "--name", "web", "redis:2.8"])
    assert status == 0 and re.fullmatch(b"[0-9a-f]{64}\n", out)
    assert run_printed(engine, tmp_path, ["exec", "web", "redis-cli", "PING"]) == (0, b"PONG\n", b"")
    status, out, err = run_printed(engine, tmp_path, ["ps"])
    assert (status, err) == (0, b"") and b'"Names":["/web"]' in out.replace(b'": ', b'":')
    status, out, err = run_printed(engine, tmp_path, ["logs", "web"])
    assert (status, err) == (0, b"") and b"ready to accept connections" in out
    for form in ("python", "nc", "curl"):   # the first refusal ends it
        status, out, err = run_printed(engine, tmp_path, ["rm", "-f", "nobody", "web"], form=form)
        assert (status, out) == (1, b"") and b"nobody" in err
    assert run_printed(engine, tmp_path, ["rm", "-f", "web"]) == (0, b"web\n", b"")
    assert run_printed(engine, tmp_path, ["logs", "web"])[0] == 1
