"""The order of requests on the wire: rawdock's is the docker CLI's, and the exit is being waited for before
start is sent.

Between client and engine is a pass-through of plain socket code that notes each request head, and for
each connection when the first byte of an answer to it came back.
"""
import os
import re
import shutil
import socket
import tempfile
import threading

import pytest

from tests.live.client import run_to_end

REQUEST = re.compile(rb"((?:GET|HEAD|POST|PUT|DELETE) /[^ \r\n]*) HTTP/1\.[01]\r\n(?:[^\r\n]+\r\n)*\r\n")


class Recorder:
    """Listens at `address`, passes everything on to `target`, and keeps `notes`: ("sent" | "answered", "POST
    /containers/ID/start")."""

    def __init__(self, target):
        self.directory = tempfile.mkdtemp(prefix="rdk-")
        self.address = "unix://%s/s" % self.directory
        self.notes = []
        self._target = target
        self._lock = threading.Lock()
        self._serving = []
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(self.directory + "/s")
        self._listener.listen(16)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:
                return
            engine = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            engine.connect(self._target)
            serving = threading.Thread(target=self._serve, args=(client, engine), daemon=True)
            self._serving.append(serving)
            serving.start()

    def _serve(self, client, engine):
        open_requests = []
        with client, engine:
            back = threading.Thread(target=self._pump, args=(engine, client, self._answered, open_requests),
                                    daemon=True)
            back.start()
            self._pump(client, engine, self._sent, open_requests)
            back.join()

    def _pump(self, source, sink, note, open_requests):
        """Pass on what comes; `note` is given what was not yet noted, and returns the rest of it."""
        held = b""
        try:
            for data in iter(lambda: source.recv(65536), b""):
                held = note(held + data, open_requests)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def _sent(self, data, open_requests):
        end = 0
        for request in REQUEST.finditer(data):
            shape = re.sub("/v1[.][0-9]+/", "/", request.group(1).decode().partition("?")[0])
            shape = re.sub("/[0-9a-f]{64}", "/ID", shape)
            open_requests.append(shape)
            with self._lock:
                self.notes.append(("sent", shape))
            end = request.end()
        return data[end:]

    def _answered(self, data, open_requests):
        if open_requests:
            with self._lock:
                self.notes.append(("answered", open_requests.pop()))
        return b""

    def requests(self):
        return [shape for what, shape in self.notes if what == "sent" and not shape.endswith("/_ping")]

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for serving in self._serving:
            serving.join(10)
        shutil.rmtree(self.directory)


@pytest.fixture
def recorder(engine):
    engine.pull("busybox")
    made = []

    def make():
        made.append(Recorder(engine.socket_path))
        return made[-1]

    yield make
    for one in made:
        one.close()


RUN = ["POST /containers/create", "POST /containers/ID/attach", "POST /containers/ID/wait",
       "POST /containers/ID/start"]
# With --rm rawdock takes the status from next-exit, which every engine answers rightly, and confirms the
# removal afterwards; the docker CLI waits for the removal alone.
REMOVAL = ["POST /containers/ID/wait"]


def answers_stand_before(notes, first, then):
    return notes.index(("answered", first)) < notes.index(("sent", then))


def through(recorder, argv, **options):
    """(the Recorder, the Ran) of a command whose address is where argv has {}."""
    one = recorder()
    return one, run_to_end([one.address if word == "{}" else word for word in argv], **options)


@pytest.mark.parametrize("flags, stdin", [([], b""), (["-i"], b"hello")])
def test_run_is_create_attach_wait_start_as_the_docker_cli_does_it(
        engine, recorder, rawdock_command, flags, stdin):
    words = ["-H", "{}", "run", "--rm"] + flags + ["busybox", "sh", "-c", "cat; echo x; exit 3"]
    ours, ran = through(recorder, rawdock_command + words, stdin=stdin)
    theirs, expected = through(recorder, [engine.docker_cli] + words, stdin=stdin)
    assert ran == (expected.status, expected.out, expected.err) == (3, stdin + b"x\n", b"")
    assert theirs.requests() == RUN and ours.requests() == RUN + REMOVAL
    for notes in (ours.notes, theirs.notes):
        # 101 before wait, the head of wait before start: no byte of output and no exit can be missed.
        assert answers_stand_before(notes, RUN[1], RUN[2]) and answers_stand_before(notes, RUN[2], RUN[3])


def test_a_missing_image_is_created_pulled_and_created_again(engine, recorder, rawdock_command):
    words = ["-H", "{}", "run", "--name", "live-order", "busybox", "true"]
    seen = []
    for command in (rawdock_command, [engine.docker_cli]):
        engine.remove_image("busybox")
        one, ran = through(recorder, command + words)
        engine.remove_container("live-order")
        assert ran.status == 0 and ran.err.startswith(b"Unable to find image 'busybox:latest' locally\n")
        seen.append([shape for shape in one.requests() if shape != "GET /info"])
    assert seen[0] == seen[1] == RUN[:1] + ["POST /images/create"] + RUN   # the six of the README
    # The log of the engine cannot tell it; the recorder can: nothing was pulled before the 404 had come.
    assert ("answered", RUN[0]) in one.notes


def test_exec_asks_for_the_container_first_and_for_the_status_last(engine, recorder, rawdock_command):
    id = engine.json("POST", "/containers/create", {"Image": "busybox", "Cmd": ["sleep", "60"]})["Id"]
    try:
        engine.json("POST", "/containers/%s/start" % id)
        words = ["-H", "{}", "exec", id, "sh", "-c", "echo x; exit 4"]
        ours, ran = through(recorder, rawdock_command + words)
        theirs, expected = through(recorder, [engine.docker_cli] + words)
        assert ran == (expected.status, expected.out, expected.err) == (4, b"x\n", b"")
        shape = ["GET /containers/ID/json", "POST /containers/ID/exec", "POST /exec/ID/start",
                 "GET /exec/ID/json"]
        assert (ours.requests()[:4] == theirs.requests()[:4] == shape
                and set(ours.requests()[4:]) <= {shape[3]})
    finally:
        engine.remove_container(id)


def test_start_attached_attaches_and_waits_before_it_starts(engine, recorder, rawdock_command):
    ids = [engine.json("POST", "/containers/create", {"Image": "busybox", "Cmd": ["echo", "x"]})["Id"]
           for _ in range(2)]
    try:
        ours, ran = through(recorder, rawdock_command + ["-H", "{}", "start", "-a", ids[0]])
        theirs, expected = through(recorder, [engine.docker_cli, "-H", "{}", "start", "-a", ids[1]])
        assert ran == (expected.status, expected.out, expected.err) == (0, b"x\n", b"")
        assert ours.requests() == theirs.requests() == ["GET /containers/ID/json"] + RUN[1:]
    finally:
        for id in ids:
            engine.remove_container(id)


def test_output_comes_through_the_recorder_unchanged(engine, recorder, rawdock_command):
    """The recorder itself: it must not be what makes two clients look alike."""
    one = recorder()
    data = os.urandom(300000)
    ran = run_to_end(["nc", "-U", one.directory + "/s"], stdin=b"GET /images/json HTTP/1.0\r\n\r\n")
    assert ran.out.startswith(b"HTTP/1.0 200 OK\r\n") and one.requests() == ["GET /images/json"]
    assert run_to_end(rawdock_command + ["-H", one.address, "run", "--rm", "-i", "busybox", "cat"],
                      stdin=data) == (0, data, b"")
