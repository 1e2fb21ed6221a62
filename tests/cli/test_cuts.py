"""Recorded answers of a real engine, cut on their way to the commands: what came whole is shown, then one
line, and no success.

The captures are those of tools/sweep, one folder over; here a process reads them from a real socket. The
sweep itself cuts at every byte, which processes are too slow for: these are the cuts that look most like an
end.
"""
import json
import os
import re
import subprocess

import pytest

from tests.cli.scripted_socket import (PING, answer, assert_one_line, frame, read_request, run_to_end,
                                       scripted_socket)

CAPTURES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "net", "captures")
INSPECT = json.dumps({"Id": "a" * 64, "Name": "/c",
                      "State": {"Running": True, "Paused": False, "Restarting": False},
                      "Config": {"Tty": False, "OpenStdin": False},
                      "HostConfig": {"AutoRemove": False}}).encode()
UPGRADED = (
    b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: "
    b"Upgrade\r\nUpgrade: tcp\r\n\r\n")


def wire_of(name):
    with open(os.path.join(CAPTURES, name + ".capture"), "rb") as file:
        return file.read().split(b"\n", 1)[1]


def serve_cut(target, wire, others=()):
    """Answer requests whose line has `target` in it with `wire` and close; ping and inspect as an engine
    does."""
    def serve(engine, connection):
        while True:
            request = read_request(connection)
            if request is None:
                return
            engine.requests.append(request)
            line = re.sub(r" /v[0-9.]+/", " /", request[0].decode())
            for part, said in dict(others, **{target: wire}).items():
                if part in line:
                    connection.sendall(said)
                    if part == target:
                        return
                    break
            else:
                if "/_ping" in line:
                    connection.sendall(PING["GET /_ping"])
                elif line.endswith("/json HTTP/1.1"):
                    connection.sendall(answer(200, INSPECT))
                elif "DELETE" in line or "/start" in line:
                    connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
                else:
                    connection.sendall(answer(404, b'{"message":"page not found"}', b"Not Found"))
    return serve


# command, the request that is answered with the capture, the capture
COMMANDS = {
    "logs": (["logs", "c"], "/logs?", "logs"),
    "logs -f": (["logs", "-f", "c"], "/logs?", "logs-follow"),
    "events": (["events", "--until", "1s"], "/events", "events"),
    "pull": (["pull", "busybox"], "/images/create", "pull"),
    "ps": (["ps", "-a"], "/containers/json", "list"),
    "wait": (["wait", "c"], "/wait", "wait"),
    "GET length": (["GET", "/containers/json"], "/containers/json", "list"),
    "GET chunked": (["GET", "/containers/sweep-long/json"], "/sweep-long/json", "inspect-chunked"),
    "GET export": (["GET", "/containers/c/export"], "/export", "export"),
    "GET archive": (["GET", "/containers/c/archive"], "/archive", "archive"),
    "GET logs": (["GET", "/containers/c/logs"], "/logs", "logs"),
    "GET events": (["GET", "/events"], "/events", "events"),
    "POST build": (["POST", "/build"], "/build", "build"),
}


def places(wire):
    """Where a cut could pass for an end: in the head, after it, between chunks, before the last CRLF and
    inside it."""
    head = wire.index(b"\r\n\r\n") + 4
    middle = (head + len(wire)) // 2
    found = {head - 30, head, wire.find(b"\r\n", middle) + 2 or middle, len(wire) - 2, len(wire) - 1}
    return sorted(place for place in found if 0 <= place < len(wire))


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_whole_it_succeeds(rawdock_command, name):
    words, target, capture = COMMANDS[name]
    with scripted_socket(serve_cut(target, wire_of(capture))) as engine:
        ran = run_to_end(rawdock_command + ["-H", engine.address] + words)
    # What the program wrote to stderr is shown there; nothing of ours is.
    assert ran.status == 0 and ran.out and b"rawdock" not in ran.err, ran
    assert ran.err == b"" or "logs" in name, ran


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_cut_it_fails_with_one_line(rawdock_command, name):
    words, target, capture = COMMANDS[name]
    wire = wire_of(capture)
    for place in places(wire):
        with scripted_socket(serve_cut(target, wire[:place])) as engine:
            ran = run_to_end(rawdock_command + ["-H", engine.address] + words)
        assert ran.status == 1, (place, len(wire), ran)
        ours = ran.err[ran.err.index(b"rawdock: "):]   # a container's stderr may stand before it
        assert_one_line(ours)
        assert ours == ran.err or "logs" in name, (place, ran)


def test_what_came_before_the_cut_is_written(rawdock_command, tmp_path):
    """A raw GET into a file: all bytes that came, a status that says they are not all."""
    wire = wire_of("archive")
    head = wire.index(b"\r\n\r\n") + 4
    for place in (head + 1, head + 600, len(wire) - 1):
        with scripted_socket(serve_cut("/archive", wire[:place])) as engine, \
                open(str(tmp_path / "out"), "wb") as out:
            process = subprocess.Popen(rawdock_command
                                       + ["-H", engine.address, "GET", "/containers/c/archive"], stdout=out,
                                       stderr=subprocess.PIPE)
            err = process.communicate(timeout=60)[1]
        assert (process.returncode == 1 and "%d of %d bytes"
                % (place - head, len(wire) - head) in assert_one_line(err))
        assert (tmp_path / "out").read_bytes() == wire[head:place]


# -- answers without a length or chunks: the end of the connection is all the end they have

def content_of(name):
    """The content of a capture, out of its length or its chunks."""
    head, _, body = wire_of(name).partition(b"\r\n\r\n")
    if b"\r\nTransfer-Encoding: chunked" not in head:
        return body
    content = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        content += body[:int(size, 16)]
        body = body[int(size, 16) + 2:]
    return content


def run_unframed(rawdock_command, words, target, content, version=b"1.1"):
    wire = b"HTTP/" + version + b" 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n" + content
    with scripted_socket(serve_cut(target, wire)) as engine:
        return run_to_end(rawdock_command + ["-H", engine.address] + words)


SHOWS_ITS_END = {"ps", "wait", "GET length", "GET chunked", "GET export", "GET archive"}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_an_unframed_answer_must_show_its_end(rawdock_command, name):
    words, target, capture = COMMANDS[name]
    content = content_of(capture)
    ran = run_unframed(rawdock_command, words, target, content)
    if name in SHOWS_ITS_END:
        assert (ran.status, ran.err) == (0, b"") and ran.out, ran
    else:
        assert ran.status == 1 and "does not show that it is whole" in ran.err.decode().splitlines()[-1], ran
    for place in (0, 1, len(content) // 2, len(content.rstrip(b"\0\n")) - 1):
        ran = run_unframed(rawdock_command, words, target, content[:place])
        assert ran.status == 1 and b"rawdock: " in ran.err, (place, ran)


@pytest.mark.parametrize("name", [name for name in sorted(COMMANDS) if name.startswith(("GET", "POST"))])
def test_a_raw_verb_over_http_1_0_says_what_nobody_can_know(rawdock_command, name):
    words, target, capture = COMMANDS[name]
    content = content_of(capture)
    ran = run_unframed(rawdock_command, words + ["-0"], target, content, b"1.0")
    assert ran.status == 0, ran
    if name in SHOWS_ITS_END:
        assert ran.out == content and ran.err == b""
        ran = run_unframed(rawdock_command, words + ["-0"], target,
                           content[:len(content.rstrip(b"\0\n")) - 1], b"1.0")
        assert ran.status == 1 and "does not show that it is whole" in assert_one_line(ran.err), ran
    else:
        assert "nothing tells the end" in ran.err.decode().splitlines()[-1], ran


@pytest.mark.parametrize("path", ["/containers/c/attach?stream=1", "/exec/e/start"])
def test_a_connection_that_an_engine_hands_over_ends_as_it_ends(rawdock_command, path):
    ran = run_unframed(rawdock_command, ["POST", path], path, frame(1, b"out\n"))
    assert (ran.status, ran.out, ran.err) == (0, b"out\n", b""), ran


@pytest.mark.parametrize("body, status", [(b'{"a":1}', 0), (b'{"a":1', 1)])
def test_json_of_a_path_that_the_table_does_not_have(rawdock_command, body, status):
    wire = b"HTTP/1.0 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n\r\n" + body
    with scripted_socket(serve_cut("/libpod", wire)) as engine:
        ran = run_to_end(rawdock_command + ["-H", engine.address, "GET", "-0", "/libpod/info"])
    assert (ran.status, ran.out) == (status, body) and (not ran.err) is (not status), ran


def test_a_pull_that_fails_in_the_stream(rawdock_command):
    for name, words in (("pull-missing-blob", "blob"), ("pull-not-a-tar", "tar"),
                        ("pull-no-platform", "no matching manifest")):
        with scripted_socket(serve_cut("/images/create", wire_of(name))) as engine:
            ran = run_to_end(rawdock_command + ["-H", engine.address, "pull", "busybox"])
        assert ran.status == 1 and words in assert_one_line(ran.err), ran


def test_an_exec_whose_stream_ends_while_it_runs(rawdock_command):
    others = {"/containers/c/exec": answer(201, b'{"Id":"%s"}' % (b"e" * 64), b"Created"),
              "/exec/%s/json" % ("e" * 64): answer(200, b'{"Running":true,"ExitCode":null}')}
    with scripted_socket(serve_cut("/start", UPGRADED + frame(1, b"half\n"), others)) as engine:
        ran = run_to_end(rawdock_command + ["-H", engine.address, "exec", "c", "ls"])
    assert ran.status == 1 and ran.out == b"half\n", ran
    assert "still runs" in assert_one_line(ran.err)


def test_an_exec_whose_stream_is_cut_in_a_frame(rawdock_command):
    others = {"/containers/c/exec": answer(201, b'{"Id":"%s"}' % (b"e" * 64), b"Created"),
              "/exec/%s/json" % ("e" * 64): answer(200, b'{"Running":false,"ExitCode":0}')}
    with scripted_socket(serve_cut("/start", UPGRADED + frame(1, b"one\n") + frame(1, b"two\n")[:-1],
                                   others)) as engine:
        ran = run_to_end(rawdock_command + ["-H", engine.address, "exec", "c", "ls"])
    assert ran.status == 1 and ran.out == b"one\n", ran
    assert "cut" in assert_one_line(ran.err)


@pytest.mark.parametrize("words", [["run", "busybox"], ["attach", "c"], ["start", "-a", "c"]], ids=" ".join)
@pytest.mark.parametrize("cut", ["in a frame", "before the exit status"])
def test_a_stream_that_ends_is_no_success_before_the_exit_status(rawdock_command, words, cut):
    """The stream ends between frames, then the answer of wait breaks off; or the stream ends inside a
    frame."""
    wait = wire_of("wait")
    head = wait.index(b"\r\n\r\n") + 4
    stream = frame(1, b"one\n") + (frame(1, b"two\n")[:-1] if cut == "in a frame" else b"")

    def serve(engine, connection):
        request = read_request(connection)
        while request is not None:
            line = re.sub(r" /v[0-9.]+/", " /", request[0].decode())
            engine.requests.append(request)
            if "/attach" in line:
                connection.sendall(UPGRADED + stream)
                return
            if "/wait" in line:
                connection.sendall(wait if cut == "in a frame" else wait[:head])
                return
            if "/_ping" in line:
                connection.sendall(PING["GET /_ping"])
            elif "/create" in line:
                connection.sendall(answer(201, b'{"Id":"%s","Warnings":[]}' % (b"a" * 64), b"Created"))
            elif "/start" in line:
                connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            else:
                connection.sendall(answer(200, INSPECT))
            request = read_request(connection)

    with scripted_socket(serve) as engine:
        ran = run_to_end(rawdock_command + ["-H", engine.address] + words)
    assert ran.status == (125 if words[0] == "run" else 1) and ran.out == b"one\n", ran
    assert "cut" in assert_one_line(ran.err)
