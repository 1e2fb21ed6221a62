"""Engines that are not there, that break the protocol, that go away: one clear line each, a status that is
not zero, no traceback."""
import os
import socket
import stat
import subprocess
import sys

import pytest

from tests.cli.scripted_socket import (PING, answer, assert_one_line, chunk, chunked_head, clean_environment,
                                       read_request, run_to_end, scripted_socket)

# Each test costs processes: the commands that reach the engine by a way of their own, then two that stand for
# them.
INSPECT = b'{"Id":"%s","Config":{"Tty":false,"OpenStdin":false},"State":{"Running":true}}' % (b"a" * 64)
COMMANDS = [["ps"], ["run", "busybox"], ["GET", "/info"], ["nc"], ["events"], ["pull", "busybox:1"]]


def refused(rawdock_command, address, words, **options):
    ran = run_to_end(rawdock_command + ["-H", address] + words, **options)
    assert ran.status == (125 if words[0] == "run" else 1) and ran.out == b"", ran
    return assert_one_line(ran.err)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_socket_at_the_path(rawdock_command, words):
    text = refused(rawdock_command, "unix:///nonexistent/docker.sock", words)
    assert "/nonexistent/docker.sock" in text and "no such socket" in text and "practice:" in text


@pytest.mark.parametrize("words", COMMANDS[:2], ids=" ".join)
def test_other_things_at_the_path(rawdock_command, words, tmp_path):
    (tmp_path / "file").write_text("x")
    assert "a directory" in refused(rawdock_command, "unix://%s" % tmp_path, words)
    assert "not a socket" in refused(rawdock_command, "unix://%s/file" % tmp_path, words)
    assert "107" in refused(rawdock_command, "unix:///" + "x" * 107, words)
    refused(rawdock_command, "unix://%s/file/below" % tmp_path, words)


@pytest.mark.parametrize("words", COMMANDS[:2], ids=" ".join)
def test_a_socket_that_nobody_listens_on(rawdock_command, words, tmp_path, monkeypatch):
    monkeypatch.chdir(str(tmp_path))   # a relative path is as good
    with socket.socket(socket.AF_UNIX) as left:
        left.bind("s")
    assert "nobody listens" in refused(rawdock_command, "unix://s", words, cwd=str(tmp_path))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert "refused" in refused(rawdock_command, "tcp://127.0.0.1:%d" % free.getsockname()[1], words)


@pytest.mark.parametrize("words", COMMANDS[:2], ids=" ".join)
def test_a_socket_we_may_not_open(rawdock_command, words):
    """As root this needs another user's eyes: the child drops to nobody in a process made for it."""
    with scripted_socket({}) as engine:
        path = engine.address[len("unix://"):]
        os.chmod(os.path.dirname(path), 0o755)
        os.chmod(path, 0)
        # Everything is imported before the user changes: nobody may not be able to read this checkout. A
        # single
        # file is found by its path, under the name that a `python3 -m rawdock` of it has.
        child = ("import os, sys\n"
                 "from importlib.machinery import SourceFileLoader\n"
                 "from importlib.util import module_from_spec, spec_from_loader\n"
                 "single = sys.argv.pop(1)\n"
                 "if single:\n"
                 "    loader = SourceFileLoader('rawdock', single)\n"
                 "    sys.modules['rawdock'] = rawdock = module_from_spec(spec_from_loader('rawdock', "
                 "loader))\n"
                 "    loader.exec_module(rawdock)\n"
                 "    main = rawdock.main\n"
                 "else:\n"
                 "    from rawdock.main import main\n"
                 "def gone(*words):\n"
                 "    try: main(list(words))\n"
                 "    except SystemExit: pass\n"
                 "saved = os.dup(1), os.dup(2)\n"
                 "null = os.open(os.devnull, os.O_RDWR)\n"
                 "os.dup2(null, 1); os.dup2(null, 2)\n"
                 "for words in (['ps'], ['run', 'busybox'], ['GET', '/x'], ['nc'], ['stop', 'c']):\n"
                 "    gone('-H', 'unix:///nonexistent/s', *words)\n"
                 "os.dup2(saved[0], 1); os.dup2(saved[1], 2)\n"
                 "if os.getuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
                 "sys.exit(main(sys.argv[1:]))\n")
        single = "" if rawdock_command[1] == "-m" else rawdock_command[-1]
        ran = run_to_end([sys.executable, "-c", child, single, "-H", engine.address] + words)
        assert ran.status == (126 if words[0] == "run" else 1) and ran.out == b"", ran
        text = assert_one_line(ran.err)
        assert "permission denied" in text and "group" in text and engine.requests == []
        assert stat.S_IMODE(os.stat(path).st_mode) == 0


GARBAGE = {
    "ssh": b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
    "nul": b"\0" * 100,
    "binary": bytes(range(256)) * 4,
    "http/2": b"HTTP/2.0 200 OK\r\n\r\n",
    "text": b"hello\n",
    "no-reason": b"HTTP/1.1 twohundred\r\n\r\n",
    "two-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    "length-and-chunked": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: "
                          b"chunked\r\n\r\n0\r\n\r\n",
    "bad-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
    "endless-head": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 400000,
    "endless-line": b"HTTP/1.1 200 " + b"a" * 2000000,
    "tls": b"\x15\x03\x01\x00\x02\x02\x28",
    "html": b"<html><body>502</body></html>\r\n\r\n",
}


@pytest.mark.parametrize("turn, name", list(enumerate(sorted(GARBAGE))))
def test_an_engine_that_answers_garbage(rawdock_command, turn, name):
    def serve(engine, connection):
        read_request(connection)
        connection.sendall(GARBAGE[name])

    with scripted_socket(serve) as engine:
        refused(rawdock_command, engine.address, COMMANDS[turn % 3])


NOT_WHAT_WAS_ASKED = {"no JSON": b"<html>", "a number": b"17", "a list": b"[1]", "deep": b"[" * 100000,
                      "not UTF-8": b'{"Id":"\xff"}', "an object": b"{}"}


@pytest.mark.parametrize("words, body",
                         [(words.split(), body) for body in sorted(NOT_WHAT_WAS_ASKED) for words in (
    ["ps", "run busybox"] if body[:2] not in ("a ", "an") else ["run busybox", "exec c ls", "start -a c"]
    if body == "a number" else
    ["ps", "run busybox", "exec c ls", "inspect c", "attach c", "start -a c", "wait c", "logs c", "images",
     "version", "info", "rmi x",
     "events", "pull x"])], ids=lambda value: value if isinstance(value, str) else " ".join(value))
def test_an_engine_that_answers_something_else(rawdock_command, words, body):
    """Whatever the JSON is: an answer or one line, never a traceback."""
    data = NOT_WHAT_WAS_ASKED[body]

    def serve(engine, connection):
        while True:
            request = read_request(connection)
            if request is None:
                return
            if request[0].startswith(b"GET /_ping"):
                connection.sendall(b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK")
            else:
                connection.sendall(answer(200, data))

    with scripted_socket(serve) as engine:
        ran = run_to_end(rawdock_command + ["-H", engine.address] + words)
    assert b"Traceback" not in ran.err and ran.status in (0, 1, 125), ran
    if ran.status:
        assert_one_line(ran.err)


@pytest.mark.parametrize("words", COMMANDS[:3] + COMMANDS[5:], ids=" ".join)
def test_an_engine_that_closes_at_once(rawdock_command, words):
    with scripted_socket(lambda engine, connection: None) as engine:
        assert "closed" in refused(rawdock_command, engine.address, words)
    with scripted_socket(lambda engine, connection: read_request(connection)) as engine:
        assert "closed the connection without an answer" in refused(rawdock_command, engine.address, words)


PING_ANSWER = b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK"


@pytest.mark.parametrize("words, said", [
    (["ps"], b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[]"),
    (["ps"], b"HTTP/1.1 200 OK\r\nContent-"),
    (["GET", "/info"], b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}"),
    (["logs", "-f", "c"], chunked_head() + chunk(b"\x01\0\0\0\0\0\0\x02x\n")),
    (["events"],
     chunked_head()
     + chunk(
         b'{"Type":"container","Action":"start","Actor":{"ID":"a","Attributes":{}},'
         b'"time":1,"timeNano":1000000000}\n')),
    (["pull", "busybox"], chunked_head() + chunk(b'{"status":"Pulling"}\r\n')),
    (["wait", "c"], chunked_head()),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_an_engine_that_dies_in_the_middle(rawdock_command, words, said):
    def serve(engine, connection):
        while True:
            line = read_request(connection)[0]
            if line.startswith(b"GET /_ping"):
                connection.sendall(PING_ANSWER)
            elif line.endswith(b"/containers/c/json HTTP/1.1"):
                connection.sendall(answer(200, b'{"Id":"c","Config":{"Tty":false}}'))
            else:
                connection.sendall(said)
                return

    with scripted_socket(serve) as engine:
        ran = run_to_end(rawdock_command + ["-H", engine.address] + words)
    assert ran.status == 1 and "cut" in assert_one_line(ran.err), ran


def test_ctrl_c_while_an_engine_thinks_is_quiet(rawdock_command):
    import threading
    requested = threading.Event()

    def serve(engine, connection):
        read_request(connection)
        requested.set()
        connection.recv(1)

    for words in (["ps"], ["run", "busybox"], ["events"], ["nc"], ["wait", "c"]):
        requested.clear()
        with scripted_socket(serve) as engine:
            process = subprocess.Popen(rawdock_command + ["-H", engine.address] + words,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, env=clean_environment())
            if words == ["nc"]:
                process.stdin.write(b"GET / HTTP/1.0\r\n\r\n")
                process.stdin.flush()
            assert requested.wait(60)
            process.send_signal(2)
            out, err = process.communicate(timeout=60)
            assert (process.returncode, out, err) == (130, b"", b""), words


ODD_PROGRESS = [b'{"status":["x"],"id":"a"}', b'{"status":"s","id":["a"],"progressDetail":{"current":1}}',
                b'{"status":"s","id":"a","progressDetail":{"current":"1","total":2}}',
                b'{"status":"s","id":"a","progressDetail":{"current":1,"total":[2]}}',
                b'{"status":"s","id":"a","progressDetail":{"current":1,"total":1' + b"0" * 400 + b'}}',
                b'{"status":"s","id":"a","progressDetail":{"current":1,"total":1' + b"0" * 6000 + b'}}',
                b'{"status":"s","id":"a","progressDetail":{"current":1e308,"total":2}}', b"[]", b"5", b'"x"',
                b"null"]


@pytest.mark.parametrize("words, status", [("pull x", 1), ("run x", 125), ("create x", 1)])
@pytest.mark.parametrize("message", ODD_PROGRESS, ids=lambda message: message[:60].decode())
def test_progress_that_makes_no_sense_is_no_pull(rawdock_command, words, status, message):
    pulled = chunked_head() + chunk(message + b"\r\n") + b"0\r\n\r\n"
    target = "fromImage=docker.io%2Flibrary%2Fx" if words == "pull x" else "fromImage=x"
    answers = dict(PING, **{"POST /images/create?%s&tag=latest" % target: pulled,
                            "POST /containers/create": answer(404, b'{"message":"No such image: x:latest"}',
                                                              b"Not Found")})
    with scripted_socket(answers) as engine:
        ran = run_to_end(rawdock_command + ["-H", engine.address] + words.split())
    assert (ran.status, b"Traceback" in ran.err) == (status, False), ran
    last = ran.err.decode().split("\n\nRun ")[0].rstrip().split("\n")[-1]
    assert "Engine API" in last or "RFC 8259" in ran.err.decode(), ran


NOT_SUCCESS = [
    (["pull", "busybox"], b"204 No Content"), (["pull", "-q", "busybox"], b"304 Not Modified"),
    (["pull", "busybox"], b"200 OK"),
    (["pull", "busybox"], b"206 Partial Content"), (["logs", "c"], b"304 Not Modified"),
    (["logs", "c"], b"204 No Content"),
    (["ps"], b"204 No Content"), (["images"], b"202 Accepted"), (["start", "c"], b"200 OK"),
    (["events"], b"304 Not Modified"),
    (["rmi", "i"], b"204 No Content"), (["rmi", "i"], b"200 OK {}"), (["rmi", "i"], b'200 OK "a"'),
    (["rmi", "i"], b"200 OK [5]"),
    (["create", "i"], b"200 OK"), (["wait", "c"], b"204 No Content"), (["rename", "c", "d"], b"200 OK"),
    (["kill", "c"], b"304 Not Modified"),
]


@pytest.mark.parametrize("words, said", NOT_SUCCESS,
                         ids=lambda value: " ".join(value) if isinstance(value, list) else value.decode())
def test_a_status_that_is_no_success_of_this_request(rawdock_command, words, said):
    """The table says which statuses are: an answer without the requested content is none."""
    status, reason, body = ((said.split(b" ", 2) + [b""])[:3] if said.endswith((b"}", b'"', b"]"))
                            else (said[:3], said[4:], b""))

    def serve(engine, connection):
        request = read_request(connection)
        while request is not None:
            if b"/_ping" in request[0]:
                connection.sendall(PING["GET /_ping"])
            elif request[0].startswith(b"GET") and b"/containers/c/json" in request[0]:
                connection.sendall(answer(200, INSPECT))
            else:
                length = b"" if status in (b"204", b"304") else b"Content-Length: %d\r\n" % len(body)
                connection.sendall(b"HTTP/1.1 %s %s\r\n%s\r\n%s" % (status, reason, length, body))
            request = read_request(connection)

    with scripted_socket(serve) as engine:
        ran = run_to_end(rawdock_command + ["-H", engine.address] + words)
    assert ran.status == (125 if words[0] == "run" else 1), ran
    assert_one_line(ran.err)
    assert words[0] == "pull" or ran.out == b"", ran
