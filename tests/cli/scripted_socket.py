"""A fake engine that answers as a test says, and a rawdock process to ask it. None of rawdock's own code."""
import os
import re
import subprocess
from contextlib import contextmanager

from tests.forked import run
from tests.net.fake_engine import FakeEngine


def answer(status, body=b"", reason=b"OK"):
    return (b"HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            % (status, reason, len(body)) + body)


def chunked_head(*fields):
    return (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
            + b"".join(field + b"\r\n" for field in fields) + b"\r\n")


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def frame(stream, data):
    return bytes([stream, 0, 0, 0]) + len(data).to_bytes(4, "big") + data


def read_request(connection):
    """(request line, head, body) of the next request, all bytes; None at the end of the connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return None
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *([0-9]+)", head)
    while length and len(body) < int(length.group(1)):
        part = connection.recv(65536)
        if not part:
            return None
        body += part
    if re.search(rb"(?i)\r\ntransfer-encoding: *chunked", head):
        while not body.endswith(b"0\r\n\r\n"):
            part = connection.recv(65536)
            if not part:
                return None
            body += part
    return head.split(b"\r\n")[0], head, body


@contextmanager
def scripted_socket(serve):
    """A FakeEngine that calls `serve(engine, connection)`, a function or a dict for serving(), in a thread a
    connection. Its `requests` are what came, as (line, head, body), where `serve` puts them there."""
    play = serving(serve) if isinstance(serve, dict) else serve
    with FakeEngine(lambda peer: play(engine, peer.sock)) as engine:
        yield engine


def request_lines(engine):
    """The request lines that came, without the version: "POST /containers/create"."""
    return [re.sub(r" /v[0-9.]+/", " /", line.decode()).rsplit(" ", 1)[0] for line, _, _ in engine.requests]


def serving(answers):
    """A `serve` that answers each request with answers["METHOD target"], the target without its /vX.Y.

    A value may be a list: one for each time the request comes. What is not listed gets a 404. An answer
    whose end cannot be seen in it closes the connection, b"" at once.
    """
    turns = {}

    def serve(engine, connection):
        while True:
            request = read_request(connection)
            if request is None:
                return
            engine.requests.append(request)
            key = re.sub(r" /v[0-9.]+/", " /", request[0].decode().rsplit(" ", 1)[0])
            said = answers.get(key, answer(404, b'{"message":"page not found"}', b"Not Found"))
            if isinstance(said, list):
                turns[key] = turns.get(key, -1) + 1
                said = said[turns[key]]
            connection.sendall(said)
            if b"Content-Length" not in said and not said.endswith(b"0\r\n\r\n") and b" 204 " not in said:
                return
    return serve


PING = {"GET /_ping": b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK"}


class Ran:
    """How a process ended: `status`, `out`, `err` (bytes)."""

    def __init__(self, status, out, err):
        self.status = status
        self.out = out
        self.err = err

    def __eq__(self, other):
        return (self.status, self.out, self.err) == other

    def __repr__(self):
        return "status %d\nout %r\nerr %r" % (self.status, self.out[-2000:], self.err[-2000:])


def clean_environment(**more):
    """This process's environment without what could name another engine."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DOCKER_")}
    environment["HOME"] = "/nonexistent"
    environment.update(more)
    return environment


def run_to_end(argv, stdin=b"", timeout=60, **options):
    """Start `argv`, give it `stdin` (None: /dev/null), wait for its end → Ran."""
    options.setdefault("env", clean_environment())
    if set(options) <= {"env", "cwd"}:
        process = run(argv, stdin, timeout, **options)
        return Ran(process.returncode, process.stdout, process.stderr)
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    try:
        out, err = process.communicate(stdin, timeout)
    except BaseException:
        process.kill()
        process.communicate()
        raise
    return Ran(process.returncode, out, err)


def assert_one_line(err):
    """One line for a person, and no more but what docker too puts below a mistake → the line as str."""
    below = r"\n(?:\nUsage:  rawdock.*\n)?\n(?:Run|See) 'rawdock.* --help' for more information\n$"
    text = re.sub(below, "\n", err.decode("utf-8"))
    assert text.endswith("\n") and text.count("\n") == 1 and len(text) > 10, text
    assert "Traceback" not in text and "chmod" not in text, text
    return text
