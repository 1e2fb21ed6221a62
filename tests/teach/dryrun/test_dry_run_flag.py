"""`rawdock --dry-run`: what it prints and refuses, and that it opens no socket."""
import json
import os
import re
import subprocess
import sys
from base64 import b64encode

import pytest

from rawdock.cli.flags import parse_command_line, parse_flag_table
from rawdock.main import CLIENT_COMMANDS, global_flags
from rawdock.teach.dryrun.commands import UNPLANNED_COMMANDS

from tests.cli.scripted_socket import assert_one_line, clean_environment, run_to_end, scripted_socket
from tests.house.sources import ROOT
from tests.leaks import HELPERS_SECRET

NOBODY = "unix:///nonexistent/docker.sock"
FORMS = ["http", "nc", "curl", "python"]   # and json, of what sends a body
FILE_BODIES = ("build", "load")        # the forms nc and python have no body that is a file
EXAMPLES = {
    "run": ["--rm", "busybox", "echo", "hi"], "create": ["busybox"], "exec": ["web", "ls"], "attach": ["web"],
    "start": ["-a", "web"],
    "stop": ["web"], "kill": ["web"], "restart": ["web"], "rm": ["web"], "wait": ["web"],
    "rename": ["web", "old"], "ps": [], "images": [],
    "inspect": ["web"], "container inspect": ["web"],
    "logs": ["-f", "web"], "events": [], "version": [], "info": [], "pull": ["busybox"],
    "cp": ["web:/etc/hosts", "."],
    "rmi": ["busybox"], "update": ["-m", "64m", "web"], "commit": ["web", "image"], "diff": ["web"],
    "export": ["-o", "/dev/null", "web"], "save": ["busybox"], "import": ["http://r.example/x.tar", "mine:1"],
    "load": ["-i", "/dev/null"],
    "pause": ["web"], "unpause": ["web"], "port": ["web"], "top": ["web"],
    "stats": ["--no-stream", "web"], "history": ["busybox"], "tag": ["busybox", "mine:1"], "push": ["mine:1"],
    "search": ["redis"],
    "build": ["-"], "builder prune": ["-f"],
    "container inspect": ["web"], "image inspect": ["busybox"],
    "volume create": ["data"], "volume inspect": ["data"],
    "volume ls": [], "volume rm": ["data"], "network connect": ["lan", "web"], "network create": ["lan"],
    "network disconnect": ["lan", "web"], "network inspect": ["lan"], "network ls": [],
    "network rm": ["lan"], "system df": [], "container prune": ["-f"], "image prune": ["-f"],
    "network prune": ["-f"], "volume prune": ["-f"], "system prune": ["-f"],
    "GET": ["/info"], "HEAD": ["/_ping"], "POST": ["/containers/web/start"],
    "PUT": ["-d", "{}", "/containers/web/archive?path=/"],
    "DELETE": ["/containers/web"]}


# -- the flag

@pytest.mark.parametrize("words, value, rest", [
    (["--dry-run", "ps"], "", ["ps"]), (["--dry-run=nc", "ps", "-a"], "nc", ["ps", "-a"]),
    (["--dry-run", "nc"], "", ["nc"]), (["ps"], None, ["ps"])])
def test_the_form_follows_an_equals_sign_or_nothing_does(words, value, rest):
    options, arguments = parse_command_line(words, parse_flag_table(global_flags()), program=True)
    assert (options["dry_run"], arguments) == (value, rest)


def test_the_help_page_shows_that_the_form_is_optional(rawdock_command):
    assert b"    --dry-run[=FORM]" in run_to_end(rawdock_command + ["--help"]).out


def test_alone_it_is_the_http_form(rawdock_command):
    ran = run_to_end(rawdock_command + ["-H", NOBODY, "--dry-run", "ps", "-a"])
    assert (ran.status, ran.err) == (0, b"")
    assert re.sub(rb"(?m)^#.*\n", b"",
                  ran.out) == b"GET /containers/json?all=1 HTTP/1.1\r\nHost: docker\r\n\r\n"
    assert ran.out == run_to_end(rawdock_command + ["-H", NOBODY, "--dry-run=http", "ps", "-a"]).out


def test_every_command_that_talks_to_an_engine_has_an_example():
    talking = [name for file in CLIENT_COMMANDS for name in file.names]
    talking = [name for name in talking if not name.startswith("context ")]
    assert set(talking) - set(UNPLANNED_COMMANDS) - {"volume update", "login"} == set(EXAMPLES)


def test_a_server_is_not_started_by_a_dry_run(rawdock_command):
    for words in (["practice", "--listen", "/nonexistent/x"], ["tap", "--listen", "/nonexistent/x"], ["nc"],
                  ["system", "dial-stdio"], ["context", "create", "made-by-a-dry-run"]):
        ran = run_to_end(rawdock_command + ["-H", NOBODY, "--dry-run"] + words)
        assert ran.status == 1 and b"sends no requests of its own" in ran.err


# -- json

def test_json_is_the_body_of_the_container(rawdock_command):
    words = ["run", "-d", "--name", "web", "-v", "/a:/b", "-e", "A=\u00e9", "busybox", "top"]
    ran = run_to_end(rawdock_command + ["-H", NOBODY, "--dry-run=json"] + words)
    body = json.loads(ran.out.decode())
    assert (ran.status, ran.err) == (0, b"")
    assert (body["Image"], body["Cmd"], body["Env"]) == ("busybox", ["top"], ["A=\u00e9"])
    assert body["HostConfig"]["Binds"] == ["/a:/b"]
    assert ran.out == (json.dumps(body, indent=2, sort_keys=True) + "\n").encode()
    http = run_to_end(rawdock_command + ["-H", NOBODY, "--dry-run"] + words).out
    assert [body, body] == [json.loads(line.decode()) for line in http.splitlines() if line.startswith(b"{")]


def test_json_of_what_sends_none_is_refused(rawdock_command):
    ran = run_to_end(rawdock_command + ["-H", NOBODY, "--dry-run=json", "ps"])
    assert (ran.status, ran.out) == (1, b"") and b"ps sends no JSON" in ran.err
    assert_one_line(ran.err)


def test_a_wait_for_health_is_planned(rawdock_command):
    ran = run_to_end(rawdock_command + ["-H", NOBODY, "--dry-run", "wait", "--healthy", "web"])
    assert ran.status == 0 and ran.out.count(b"GET /containers/") == 2 and b"GET /events?" in ran.out


def test_stats_without_an_end_is_refused(rawdock_command):
    ran = run_to_end(rawdock_command + ["-H", NOBODY, "--dry-run", "stats", "web"])
    assert (ran.status, ran.out) == (1, b"") and b"add --no-stream" in ran.err
    ran = run_to_end(rawdock_command + ["-H", NOBODY, "--dry-run", "stats", "--no-stream", "web"])
    assert b"GET /containers/web/stats?stream=0 HTTP/1.1\r\n" in ran.out


# -- no socket

AUDITED = """
import _socket, socket, sys
def refuse(*ignored, **more):
    raise SystemExit("a socket was made")
if hasattr(sys, "addaudithook"):
    events = "socket.", "os.exec", "os.posix_spawn", "subprocess.Popen"
    sys.addaudithook(lambda event, arguments: refuse() if event.startswith(events) else None)
else:
    _socket.socket = socket.socket = socket.create_connection = refuse
if len(sys.argv) > 1 and sys.argv[1].endswith(".py"):
    import importlib.util
    spec = importlib.util.spec_from_file_location("rawdock", sys.argv.pop(1))
    module = sys.modules["rawdock"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    main = module.main
else:
    from rawdock.main import main
statuses = []
for words in eval(sys.argv[1]):
    statuses.append(main(words))
print("statuses", statuses)
"""


def test_no_socket_is_made_whatever_is_planned(rawdock_command):
    """Each audit event of a socket or a program ends the process; and a listening engine sees nobody."""
    single = [word for word in rawdock_command if word.endswith(".py")]
    seen = []
    with scripted_socket(lambda engine, connection: seen.append(connection)) as engine:
        lines = [["-H", engine.address, "--dry-run=" + form] + name.split() + words for form in FORMS
                 for name, words in sorted(EXAMPLES.items())
                 if name not in FILE_BODIES or form not in ("nc", "python")]
        ran = run_to_end([sys.executable, "-c", AUDITED] + single + [repr(lines)])
        assert ran.out.splitlines()[-1:] == [b"statuses " + repr([0] * len(lines)).encode()], ran
        for words in lines[::25]:
            assert run_to_end(rawdock_command + words).status == 0
        assert seen == [] and engine.requests == []


def test_the_audit_would_have_seen_a_socket(rawdock_command):
    single = [word for word in rawdock_command if word.endswith(".py")]
    with scripted_socket(lambda engine, connection: None) as engine:
        ran = run_to_end([sys.executable, "-c", AUDITED] + single + [repr([["-H", engine.address, "ps"]])])
    assert ran.status == 1 and b"a socket was made" in ran.err, ran


def test_stdin_is_not_read(rawdock_command):
    """It is left to whoever comes next, even where the command would send it."""
    for words in (["run", "-i", "busybox", "cat"], ["POST", "-d", "-", "/build"],
                  ["exec", "-i", "web", "cat"]):
        command = " ".join("'%s'" % word for word in rawdock_command + ["-H", NOBODY, "--dry-run"] + words)
        ran = subprocess.run(["sh", "-c", command + " >/dev/null && cat"], input=b"still here",
                             stdout=subprocess.PIPE, timeout=60)
        assert ran.stdout == b"still here"


# -- archives

@pytest.mark.parametrize("words, request_line, more", [
    (["save", "-o", "x.tar", "a", "b"], b"GET /images/get?names=a&names=b HTTP/1.1",
     b"# The command itself writes the answer to x.tar."),
    (["export", "-o", "x.tar", "web"], b"GET /containers/web/export HTTP/1.1",
     b"# The command itself writes the answer to x.tar."),
    (["load"], b"POST /images/load?quiet=1 HTTP/1.1", b"# (the body: stdin, in chunks)"),
    (["load", "-i", "/dev/null"], b"POST /images/load?quiet=1 HTTP/1.1",
     b"# (the body: /dev/null, in chunks)"),
    (["import", "-", "mine:1"], b"POST /images/create?fromSrc=-&repo=mine%3A1 HTTP/1.1",
     b"# (the body: stdin, in chunks)")])
def test_archives_are_planned_and_no_file_is_made(rawdock_command, tmp_path, monkeypatch, words, request_line,
                                                  more):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", ROOT)
    ran = run_to_end(rawdock_command + ["-H", NOBODY, "--dry-run"] + words)
    assert (ran.status, ran.err) == (0, b"") and request_line in ran.out.splitlines(), ran
    assert more in ran.out.splitlines() and os.listdir(str(tmp_path)) == []
    ran = run_to_end(rawdock_command + ["-H", NOBODY, "--dry-run=curl"] + words)
    assert (ran.status, ran.err) == (0, b"") and b"Printed is the JSON" not in ran.out, ran
    assert os.listdir(str(tmp_path)) == []


def test_a_target_that_cannot_be_written_is_refused(rawdock_command):
    ran = run_to_end(rawdock_command + ["-H", NOBODY, "--dry-run", "save", "-o", "/", "a"])
    assert (ran.status, ran.out, ran.err) == (1, b"", b"failed to save image: cannot write to a directory\n")


# -- cp

def test_a_copy_is_planned_in_both_directions(rawdock_command, tmp_path):
    (tmp_path / "page").write_bytes(b"x")
    plan = rawdock_command + ["-H", NOBODY, "--dry-run", "cp"]
    ran = run_to_end(plan + ["page", "web:/srv/"], cwd=str(tmp_path))
    body = b"# (the body: a tar of %s/page, in chunks)\n" % os.fsencode(os.path.realpath(str(tmp_path)))
    assert ran.status == 0 and ran.out.endswith(body) and b"that it is a directory and no link" in ran.out
    assert re.findall(rb"(?m)^[A-Z]+ /.*(?= HTTP)", ran.out) == [
        b"HEAD /containers/web/archive?path=%2Fsrv%2F",
        b"PUT /containers/web/archive?path=%2Fsrv%2F&noOverwriteDirNonDir=1"]
    ran = run_to_end(plan + ["-a", "-", "web:/srv"], b"not read", cwd=str(tmp_path))
    assert ran.status == 0 and b"&copyUIDGID=1 HTTP" in ran.out
    assert b"# (the body: stdin, in chunks)" in ran.out
    ran = run_to_end(plan + ["-L", "web:/etc/hosts", "new"], cwd=str(tmp_path))
    assert ran.status == 0 and b"# The command itself extracts the answer in new.\n" in ran.out
    assert re.findall(rb"(?m)^[A-Z]+ /.*(?= HTTP)", ran.out) == [
        b"HEAD /containers/web/archive?path=%2Fetc%2Fhosts",
        b"GET /containers/web/archive?path=%2Fetc%2Fhosts"]
    assert os.listdir(str(tmp_path)) == ["page"]
    curl = run_to_end(rawdock_command + ["-H", NOBODY, "--dry-run=curl", "cp", "page", "web:/srv"],
                      cwd=str(tmp_path)).out
    assert b"\ntar -cf- -C %s page | curl " % os.fsencode(os.path.realpath(str(tmp_path))) in curl


# -- refusals, each a line

@pytest.mark.parametrize("words, status, said", [
    (["--dry-run=nonsense", "ps"], 1,
     b"--dry-run=nonsense: there is no such form; write one of http, json, nc, curl, python"),
    (["--dry-run", "endpoints"], 1, b"endpoints sends no requests of its own"),
    (["--dry-run", "practice", "--listen", "/nonexistent/s"], 1, b"practice sends no requests of its own"),
    (["--dry-run", "explain"], 1, b"explain sends no requests of its own"),
    (["--dry-run", "nc"], 1,
     b"nc sends no requests of its own: there is nothing to plan; leave --dry-run out"),
    (["--dry-run", "nonsense"], 1, b"unknown command: rawdock nonsense"),
    (["--dry-run", "ps", "--nonsense"], 125, b"unknown flag: --nonsense"),
    (["--dry-run", "pull", "Busybox"], 1, b"must be lowercase"),
    (["--dry-run", "run", "--env-file", "/nonexistent/file", "busybox"], 125, b"/nonexistent/file"),
    (["--dry-run", "exec", "-it", "web", "sh"], 1, b"the input device is not a TTY"),
    (["--dry-run", "rm", "a/../b"], 1, b"'.' or '..' segment"),
    (["--dry-run", "GET", "images"], 1, b"does not begin with /"),
    (["--dry-run=curl", "run", "-i", "busybox"], 1,
     b"no script sends stdin into a container's stream"),
    (["--dry-run=python", "exec", "-i", "web", "cat"], 1, b"leave -i out, or write --dry-run=http"),
    (["--dry-run=nc", "POST", "-d", "-", "/build"], 1,
     b"a body from stdin or a file has no place in this form"),
    (["-H", "practice:", "--dry-run=nc", "ps"], 1,
     b"the practice engine inside rawdock has no socket to name; start one with rawdock practice"),
    (["-H", "ssh://host", "--dry-run=python", "ps"], 1, b"ssh:// is not reached so")])
def test_what_cannot_be_planned_is_refused_in_a_line(rawdock_command, words, status, said):
    ran = run_to_end(rawdock_command + (words if "-H" in words else ["-H", NOBODY] + words))
    assert (ran.status, ran.out) == (status, b""), ran
    assert said in ran.err
    assert_one_line(ran.err)


def test_the_practice_engine_is_planned_for_without_being_started(rawdock_command):
    ran = run_to_end(rawdock_command + ["-H", "practice:", "--dry-run", "run", "busybox"])
    assert (ran.status, ran.err) == (0, b"") and b"POST /containers/create HTTP/1.1\r\n" in ran.out


def test_a_commands_help_page_is_still_to_be_had(rawdock_command):
    ran = run_to_end(rawdock_command + ["--dry-run", "ps", "--help"])
    assert (ran.status, ran.out, ran.err) == (0, run_to_end(rawdock_command + ["ps", "--help"]).out, b"")


def test_output_that_nobody_reads_is_quiet(rawdock_command):
    command = " ".join("'%s'" % word
                       for word in rawdock_command + ["-H", NOBODY, "--dry-run=python", "run", "busybox"])
    ran = subprocess.run(["sh", "-c", "%s | true" % command], stderr=subprocess.PIPE, timeout=60)
    assert ran.stderr == b""


# -- credentials

@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("words", [["pull", "r.example/x"], ["push", "r.example/x"],
                                   ["search", "r.example/x"], ["run", "r.example/x"]])
def test_no_form_shows_credentials_or_runs_a_helper(rawdock_command, tmp_path, form, words):
    secret = b64encode(b"user:pass-of-config").decode()
    helper = tmp_path / "docker-credential-scripted"
    helper.write_text("#!/bin/sh\necho ran >>%s/log\n" % tmp_path)
    helper.chmod(0o755)
    environment = dict(os.environ, DOCKER_CONFIG=str(tmp_path), PATH="%s:%s" % (tmp_path, os.environ["PATH"]))
    printed = []
    for config in ({"auths": {"r.example": {"auth": secret}}}, {"credsStore": "scripted"},
                   {"auths": {"other.example": {"auth": secret}}}):
        (tmp_path / "config.json").write_text(json.dumps(config))
        ran = run_to_end(rawdock_command + ["-H", NOBODY, "--dry-run=" + form] + words, env=environment)
        assert (ran.status, ran.err) == (0, b"")
        printed.append(ran.out)
    assert b"registry_auth" in printed[0] and printed[1] == printed[0] and b"e30=" in printed[2]
    for text in (b"pass-of-config", secret.encode(), b64encode(b"pass-of-config")[:12]):
        assert text not in b"".join(printed)
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize("form", FORMS)
def test_the_users_header_fields_are_planned_and_a_token_is_not_shown(rawdock_command, tmp_path, form):
    fields = {"X-Way": "slow", "X-Proxy-Token": HELPERS_SECRET}
    (tmp_path / "config.json").write_text(json.dumps({"HttpHeaders": fields}))
    ran = run_to_end(rawdock_command + ["-H", NOBODY, "--dry-run=" + form, "rm", "x"],
                     env=dict(os.environ, DOCKER_CONFIG=str(tmp_path)))
    assert (ran.status, ran.err) == (0, b"") and b"X-Way: slow" in ran.out and b"X-Proxy-Token: " in ran.out
    assert b"proxy_token: the secret" in ran.out and HELPERS_SECRET.encode() not in ran.out


# -- TLS

def test_curl_gets_the_tls_settings_and_other_scripts_refuse(rawdock_command, tmp_path):
    paths = {}
    for name in ("ca", "cert", "key"):
        paths[name] = str(tmp_path / (name + ".pem"))
        (tmp_path / (name + ".pem")).write_text("")
    flags = ["-H", "tcp://127.0.0.1:2376", "--tlscacert", paths["ca"], "--tlscert", paths["cert"],
             "--tlskey", paths["key"]]
    curl = "curl -sS --fail-with-body --cacert %(ca)s --cert %(cert)s --key %(key)s" % paths
    for flag, more in (("--tlsverify", ""), ("--tls", " -k")):
        ran = run_to_end(rawdock_command + flags + [flag, "--dry-run=curl", "ps"])
        line = curl + more + " https://127.0.0.1:2376/containers/json || exit 1"
        assert (ran.status, ran.out.decode().splitlines()[-1]) == (0, line)
    for form in ("nc", "python"):
        ran = run_to_end(rawdock_command + flags + ["--tls", "--dry-run=" + form, "ps"])
        assert ran.status == 1 and b"cannot encrypt, and --tls asks for TLS" in ran.err


def test_a_context_is_planned_and_not_read(rawdock_command, tmp_path):
    (tmp_path / "ctx").mkdir()
    (tmp_path / "ctx" / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "id").write_text("old")
    words = ["build", "-q", "--iidfile", str(tmp_path / "id"), str(tmp_path / "ctx")]
    ran = run_to_end(rawdock_command + ["-H", NOBODY, "--dry-run"] + words)
    assert (ran.status, ran.err) == (0, b"") and (tmp_path / "id").read_text() == "old"
    assert ran.out.rstrip().endswith(b"# (the body: a tar of %s/ctx/., in chunks)" % str(tmp_path).encode())
    curl = run_to_end(rawdock_command + ["-H", NOBODY, "--dry-run=curl"] + words).out
    assert b"tar -cf- -C %s/ctx . | curl " % str(tmp_path).encode() in curl


@pytest.mark.parametrize("variable, version", [("1", b"version=2"), ("0", b"version=1"), ("", b"version=1")])
def test_a_build_by_buildkit_is_planned_where_it_is_wanted(rawdock_command, tmp_path, variable, version):
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    ran = run_to_end(rawdock_command + ["-H", NOBODY, "--dry-run", "build", str(tmp_path)],
                     env=clean_environment(DOCKER_BUILDKIT=variable))
    assert (ran.status, ran.err) == (0, b"") and b"POST /build?" in ran.out and version in ran.out
    assert b"_ping HTTP" not in ran.out
