"""tap and replay as commands, against a canned engine: statuses, signals, files, mistakes in one line."""
import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest

from tests.cli.scripted_socket import (PING, answer, assert_one_line, chunk, chunked_head, clean_environment,
                                       frame, run_to_end, scripted_socket)
from tests.teach.tap.tap_wire import read_exactly

LOGS = (chunked_head(b"Content-Type: application/vnd.docker.multiplexed-stream")
        + chunk(frame(1, b"out\n")) + chunk(frame(2, b"err\n")) + b"0\r\n\r\n")
ANSWERS = dict(PING, **{
    "GET /info": answer(200, b'{"Name":"canned","password":"hunter2"}'),
    "GET /containers/x/logs?stderr=1&stdout=1": LOGS,
})
# A client without any of rawdock's code: it prints the body of one GET.
PLAIN = """
import http.client, os, socket, sys
connection = http.client.HTTPConnection("d")
connection.sock = socket.socket(socket.AF_UNIX)
connection.sock.connect(os.environ["DOCKER_HOST"][7:])
connection.request("GET", sys.argv[1])
sys.stdout.write(connection.getresponse().read().decode("latin-1"))
"""
# And one that takes whatever comes before the end for all there was.
CARELESS = """
import os, socket, sys
sock = socket.socket(socket.AF_UNIX)
sock.connect(os.environ["DOCKER_HOST"][7:])
sock.sendall(("GET %s HTTP/1.0\\r\\n\\r\\n" % sys.argv[1]).encode())
sock.shutdown(socket.SHUT_WR)
while True:
    data = sock.recv(65536)
    sys.stdout.write(data.decode("latin-1"))
    if not data:
        break
"""


@pytest.fixture
def tap(rawdock_command):
    """tap(words…) → Ran: `rawdock tap words…` before a canned engine."""
    def tapped(*words, **options):
        with scripted_socket(ANSWERS) as engine:
            return run_to_end(rawdock_command + ["-H", engine.address, "tap"] + list(words), **options)
    return tapped


def client(program, *words):
    return ["--", sys.executable, "-I", "-S", "-c", program] + list(words)


# ---- a command of its own

def test_the_command_keeps_its_streams_and_its_status(tap):
    ran = tap(*client("import sys; print(sys.stdin.read()[::-1]); sys.stderr.write('mine'); sys.exit(7)"),
              stdin=b"olleh")
    assert (ran.status, ran.out, ran.err) == (7, b"hello\n", b"mine")


def test_what_crossed_is_on_stderr(tap):
    ran = tap(*client(PLAIN, "/info"))
    assert (ran.status, ran.out) == (0, b'{"Name":"canned","password":"hunter2"}')
    err = ran.err.decode()
    assert re.search(r"(?m)^1> GET /info HTTP/1.1", err) and re.search(r"(?m)^1< HTTP/1.1 200 OK",
                                                                       err) and "canned" in err
    assert "hunter2" not in err


def test_or_in_files_of_every_form(tap, folder):
    names = {name: os.path.join(folder, name) for name in ("to", "record", "har", "html", "pcap")}
    ran = tap(*[word for name, path in sorted(names.items()) for word in ("--" + name, path)]
              + client(PLAIN, "/info"))
    assert (ran.status, ran.err) == (0, b"")
    found = {}
    for name, path in names.items():
        with open(path, "rb") as file:
            found[name] = file.read()
    assert b"1> GET /info HTTP/1.1" in found["to"]
    assert json.loads(found["record"].split(b"\n")[0].decode())["rawdock"] == "record"
    assert json.loads(found["har"].decode())["log"]["entries"][0]["request"]["url"].endswith("/info")
    assert found["html"].lstrip()[:9].lower() == b"<!doctype" and found["pcap"][:4] == b"\x0a\x0d\x0d\x0a"
    assert not any(b"hunter2" in data for data in found.values())


def test_secrets_are_written_on_request(tap):
    assert b"hunter2" in tap("--secrets", *client(PLAIN, "/info")).err


def test_a_private_socket_is_gone_and_other_engines_are_not_named(tap):
    environment = clean_environment(DOCKER_CONTEXT="other", DOCKER_TLS_VERIFY="")
    ran = tap(*client("import os; print(os.environ['DOCKER_HOST'], sorted(n for n in os.environ if "
                      "n.startswith('DOCKER')))"), env=environment)
    address, names = ran.out.decode().split(" ", 1)
    assert address.startswith("unix:///") and names.strip() == "['DOCKER_HOST']"
    assert not os.path.exists(os.path.dirname(address[len("unix://"):]))


def test_a_signal_that_ends_the_command_is_in_the_status(tap):
    assert tap(*client("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")).status == 128 + 9


def test_no_such_command(tap):
    ran = tap("--", "/nonexistent/program")
    assert ran.status == 127 and "cannot run /nonexistent/program: no such file" in assert_one_line(ran.err)


ALL_FILES = ("to", "record", "har", "html", "pcap")


def test_files_are_private_with_secrets_too(tap, folder):
    for words in ([], ["--secrets"]):
        paths = [os.path.join(folder, name) for name in ALL_FILES]
        with open(paths[0], "w"):
            os.chmod(paths[0], 0o644)
        ran = tap(*words + [word for name, path in zip(ALL_FILES, paths) for word in ("--" + name, path)]
                  + client(PLAIN, "/info"))
        assert ran.status == 0 and [os.stat(path).st_mode & 0o777 for path in paths] == [0o600] * 5


def test_nothing_is_emptied_for_a_command_that_does_not_exist(tap, folder):
    paths = [os.path.join(folder, name) for name in ALL_FILES]
    for path in paths[:2]:
        with open(path, "wb") as file:
            file.write(b"old")
    ran = tap(*[word for name, path in zip(ALL_FILES, paths) for word in ("--" + name, path)]
              + ["--", "/nonexistent/program"])
    assert ran.status == 127 and "cannot run /nonexistent/program" in assert_one_line(ran.err)
    assert sorted(os.listdir(folder)) == sorted(ALL_FILES[:2])
    for path in paths[:2]:
        with open(path, "rb") as file:
            assert file.read() == b"old"


@pytest.mark.parametrize("second, text",
                         [("a", "that file is written by --"),
                          ("link", "is a symbolic link, which is not followed"),
                                          ("no/where", "no such file")])
def test_files_are_refused_before_any_is_emptied(tap, folder, second, text):
    path = os.path.join(folder, "a")
    with open(path, "wb") as file:
        file.write(b"old")
    os.symlink("a", os.path.join(folder, "link"))
    ran = tap("--record", path, "--html", os.path.join(folder, second), *client(PLAIN, "/info"))
    assert ran.status == 1 and ran.out == b"" and text in assert_one_line(ran.err)
    with open(path, "rb") as file:
        assert file.read() == b"old" and sorted(os.listdir(folder)) == ["a", "link"]


def test_a_record_is_one_even_if_nobody_connects(tap, folder):
    record = os.path.join(folder, "r")
    assert tap("--record", record, "--", "true").status == 0
    with open(record) as file:
        assert [json.loads(line)["rawdock"] for line in file] == ["record"]


@contextmanager
def running(rawdock_command, *words, **options):
    process = subprocess.Popen(rawdock_command + list(words), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=clean_environment(), **options)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_go_on_to_the_command(rawdock_command, folder, number):
    program = ("import signal, sys, time\n"
               "for n in (1, 2, 15): signal.signal(n, lambda n, f: sys.exit(40 + n))\n"
               "print('ready'); sys.stdout.flush()\n"
               "time.sleep(60)")
    with running(rawdock_command, "-H", "unix:///nonexistent/e", "tap", *client(program),
                 start_new_session=True) as process:
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)   # of this the tap takes no notice: a terminal sends it to both
        process.send_signal(number)
        assert process.wait(60) == 40 + number


# ---- a place to listen

def start_listening(process):
    """The path on which the rawdock process says that it listens."""
    line = process.stderr.readline().decode()
    assert "DOCKER_HOST=unix://" in line, line + process.stderr.read().decode()
    return re.search("DOCKER_HOST=unix://([^ ;]+)", line).group(1)


def exchange(path, request):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(60)
        sock.connect(path)
        sock.sendall(request)
        data = b""
        while True:
            piece = sock.recv(65536)
            if not piece:
                return data
            data += piece


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_listening_until_a_signal(rawdock_command, folder, number):
    record = os.path.join(folder, "r")
    with scripted_socket(ANSWERS) as engine:
        with running(rawdock_command, "-H", engine.address, "tap", "--listen", os.path.join(folder, "s"),
                     "--record", record) as process:
            path = start_listening(process)
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(60)
                sock.connect(path)
                sock.sendall(b"GET /info HTTP/1.1\r\nHost: d\r\n\r\n")
                assert read_exactly(sock, 15) == b"HTTP/1.1 200 OK"
            process.send_signal(number)
            assert process.wait(60) == 0
    assert not os.path.exists(path)
    with open(record) as file:
        assert [json.loads(line).get("kind") for line in file][1] == "open"


def test_a_command_at_a_place_of_ones_choice(tap, folder):
    path = os.path.join(folder, "s")
    ran = tap("--listen", path, *client("import os; print(os.environ['DOCKER_HOST'])"))
    assert (ran.status, ran.out) == (0, b"unix://%s\n" % path.encode()) and not os.path.exists(path)


@pytest.mark.parametrize("words, text", [
    ([], "tap needs a command to run or a place to listen"),
    (["--sweep"], "tap needs a command"),
    (["--sweep", "--cut-at", "3", "--", "true"], "--cut-at does not go with --sweep"),
    (["--sweep", "--record", "x", "--", "true"], "--record does not go with --sweep"),
    (["--sweep", "--points", "0", "--", "true"], "--points 0"),
    (["--cut-at", "-1", "--", "true"], "--cut-at -1"),
    (["--listen", "/tmp", "--", "true"], "not a socket"),
    (["--record", "/nonexistent/r", "--", "true"], "--record /nonexistent/r: no such file"),
])
def test_a_mistake_is_one_line(tap, words, text):
    ran = tap(*words)
    assert ran.status == 1 and text in assert_one_line(ran.err)


def test_an_address_with_a_path_cannot_be_tapped(rawdock_command):
    ran = run_to_end(rawdock_command + ["-H", "tcp://127.0.0.1:9/base", "tap", "--", "true"])
    assert ran.status == 1 and "has a path" in assert_one_line(ran.err)


def test_an_engine_that_is_not_there(rawdock_command):
    program = ("import os, socket; s = socket.socket(socket.AF_UNIX); "
               "s.connect(os.environ['DOCKER_HOST'][7:]); print(s.recv(1))")
    ran = run_to_end(rawdock_command + ["-H", "unix:///nonexistent/e", "tap", "--to", os.devnull]
                     + client(program))
    assert (ran.status, ran.out) == (0, b"b''\n") and "no such socket" in assert_one_line(ran.err)


def test_a_record_that_cannot_be_written_does_not_stop_the_command(tap):
    if not os.path.exists("/dev/full"):
        pytest.fail("no /dev/full on this system")
    ran = tap("--to", os.devnull, "--har", "/dev/full", *client(PLAIN, "/info"))
    assert ran.status == 1 and b"canned" in ran.out and "No space left" in assert_one_line(ran.err)


def test_nobody_reads_the_transcript(rawdock_command):
    with scripted_socket(ANSWERS) as engine:
        reader, writer = os.pipe()
        os.close(reader)
        process = subprocess.Popen(rawdock_command + ["-H", engine.address, "tap"] + client(PLAIN, "/info"),
                                   stdout=subprocess.PIPE, stderr=writer,
                                   env=clean_environment())
        os.close(writer)
        assert process.communicate(timeout=60)[0].startswith(b'{"Name":"canned"') and process.returncode == 0


# ---- faults

@pytest.mark.parametrize("words, careful, careless", [
    (["--cut-at", "40"], 1, 0), (["--drop-last-chunk"], 1, 0), (["--one-byte"], 0, 0),
    (["--drip", "1"], 0, 0), (["--reset"], 1, 1)])
def test_what_a_careful_and_a_careless_client_make_of_faulty_answers(tap, rawdock_command, words, careful,
                                                                      careless):
    for program, status in ((["--"] + rawdock_command + ["GET"], careful), (client(CARELESS), careless)):
        ran = tap("--to", os.devnull, *words + program + ["/containers/x/logs?stderr=1&stdout=1"])
        assert ran.status == status, ran


def test_a_bad_frame_is_noted_and_refused(tap, rawdock_command):
    ran = tap("--bad-frame", "--", *rawdock_command + ["GET", "/containers/x/logs?stderr=1&stdout=1"])
    assert ran.status == 1 and b"changed from 1 to 9" in ran.err
    assert b"a stream type of 0, 1, 2 or 3" in ran.err


# ---- swept

def test_a_sweep_finds_the_careless(tap):
    ran = tap("--sweep", "--points", "12", *client(CARELESS, "/info"))
    assert ran.status == 1
    lines = ran.out.decode().splitlines()
    assert len(lines) == 13
    assert re.fullmatch(r"12 cuts, 12 taken for success, 12 of these with other output", lines[-1])
    assert re.search(r"GET /info +byte +0 of +\d+ +version +status 0, OUTPUT LOST", lines[0])


def test_a_sweep_finds_nothing_at_the_careful(tap, rawdock_command):
    ran = tap("--sweep", "--points", "10", "-v",
              "--", *rawdock_command + ["GET", "/containers/x/logs?stderr=1&stdout=1"])
    lines = ran.out.decode().splitlines()
    assert ran.status == 0 and len(lines) == 11
    assert lines[-1] == "10 cuts, 0 taken for success, 0 of these with other output"
    assert all(re.search("status 1$", line) for line in lines[:-1])


@pytest.mark.parametrize("words, text", [
    (client("raise SystemExit(3)"), "without any cut %s ended with status 3" % sys.executable),
    (client("pass"), "sent no request to the engine"),
    (["--", "/nonexistent/program"], "cannot run /nonexistent/program"),
])
def test_what_cannot_be_swept(tap, words, text):
    ran = tap("--sweep", *words)
    first, last = ran.err.decode().splitlines()
    assert ran.status == 1 and text in last and ran.out == b""


# ---- replayed

def test_a_recorded_conversation_is_replayed(rawdock_command, tap, folder):
    record = os.path.join(folder, "r")
    request = client(PLAIN, "/containers/x/logs?stderr=1&stdout=1")
    ran = tap("--to", os.devnull, "--record", record, *request)
    assert ran.status == 0 and "out" in ran.out.decode("latin-1")
    with running(rawdock_command, "replay", record, "--listen", os.path.join(folder, "s")) as process:
        path = start_listening(process)
        again = run_to_end(request[1:], env=clean_environment(DOCKER_HOST="unix://" + path))
        assert (again.status, again.out, again.err) == (0, ran.out, b"")
        found = exchange(path, b"GET /nothing HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n")
        assert b"this replay has no answer to GET /nothing; the record has GET /containers/x/logs" in found
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert process.stderr.read() == b"rawdock: GET /nothing: not in the record\n"
    assert not os.path.exists(path)


@pytest.mark.parametrize("content, text", [
    (None, "no such file"), (b"", "is no record"), (b"HTTP/1.1 200 OK\r\n\r\n", "is no record"),
    (b'{"rawdock":"record","version":9,"started":1,"address":""}\n', "version 9"),
    (b'{"rawdock":"record","version":1,"started":1,"address":""}\n{"c":1', "line 2 of the record"),
])
def test_what_is_no_record(rawdock_command, folder, content, text):
    path = os.path.join(folder, "r")
    if content is not None:
        with open(path, "wb") as file:
            file.write(content)
    ran = run_to_end(rawdock_command + ["replay", path, "--listen", os.path.join(folder, "s")])
    assert ran.status == 1 and text in assert_one_line(ran.err)


def test_replay_needs_a_place(rawdock_command):
    ran = run_to_end(rawdock_command + ["replay", "x"])
    assert ran.status == 1 and "--listen" in assert_one_line(ran.err)
