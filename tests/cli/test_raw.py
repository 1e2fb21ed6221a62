"""The raw verbs and nc against a socket that answers as the test says: what goes out, what is shown, what
fails."""
import json
import os
import select
import socket
import subprocess
import threading

import pytest

from rawdock.cli.raw import CRLFLines, find_endpoint_row, search_endpoints, split_header
from rawdock.errors import UsageError

from tests.cli.scripted_socket import (answer, assert_one_line, chunk, chunked_head, clean_environment,
                                       scripted_socket, frame, read_request,
                                   run_to_end)
from tests.net.fake_engine import Peer


@pytest.fixture
def ask(rawdock_command):
    """ask(serve, words…) → (Ran, requests): one raw command against an engine that serves so."""
    def ask_engine(serve, *words, **options):
        with scripted_socket(serve) as engine:
            ran = run_to_end(rawdock_command + ["-H", engine.address] + list(words), **options)
        return ran, engine.requests
    return ask_engine


@pytest.mark.parametrize("method, path, name", [
    ("GET", "/containers/json", "container_list"),
    ("GET", "/v1.41/containers/json?all=1", "container_list"),
    ("GET", "/containers/x/logs", "container_logs"),
    ("GET", "/images/json", "image_list"),
    ("GET", "/images/127.0.0.1:5000/a/b:1/json", "image_inspect"),
    ("POST", "/v1.24/exec/0/start", "exec_start"),
    ("HEAD", "/_ping", "system_ping_head"),
    ("GET", "/containers//json", None),
    ("PUT", "/containers/json", None),
    ("GET", "/containers/json/", None),
    ("GET", "/nonsense", None),
])
def test_which_row_a_path_is(method, path, name):
    row = find_endpoint_row(method, path)
    assert (row and row.name) == name


def test_header_arguments():
    assert split_header("A: b: c ") == ("A", "b: c")
    assert split_header("A:") == ("A", "")
    with pytest.raises(UsageError):
        split_header("A b")


def test_a_get_goes_out_as_it_was_written(ask):
    ran, requests = ask({"GET /x/..%2F//y?a=1&b": answer(200, b"body")}, "GET", "/x/..%2F//y?a=1&b")
    assert (ran.status, ran.out, ran.err) == (0, b"body", b"")
    assert [head for _, head, _ in requests] == [b"GET /x/..%2F//y?a=1&b HTTP/1.1\r\nHost: docker"]


def test_queries_are_encoded_and_come_after_those_of_the_path(ask):
    ran, requests = ask({}, "GET", "/x?a=1", "-q", "b=2 &=\u00e9", "-q", "c=", "-q", "d=e=f")
    assert requests[0][0] == b"GET /x?a=1&b=2%20%26%3D%C3%A9&c=&d=e%3Df HTTP/1.1" and ran.status == 1


@pytest.mark.parametrize("words, says", [
    (["GET", "x"], "does not begin with /"),
    (["GET", "/a b"], "%20"),
    (["GET", "/a\nb"], "RFC 9112"),
    (["GET", "/x", "-q", "a"], "write -q NAME=VALUE"),
    (["GET", "/x", "-q", "=a"], "write -q NAME=VALUE"),
    (["GET", "/x", "-h", "a"], "has no colon"),
    (["GET", "/x", "-h", "a b: c"], "not a token"),
    (["GET", "/x", "-h", "a: b\r\nc: d"], "field line"),
    (["POST", "/x", "-d", "@/nonexistent/file"], "-d @/nonexistent/file: No such file"),
    (["POST", "/x", "-d", "@/"], "-d @/: Is a directory"),
    (["POST", "/x", "-0", "-d", "-"], "Content-Length"),
    (["POST", "/x", "-d", "abc", "-h", "Content-Length: 2"], "leave the header out"),
    (["POST", "/x", "-h", "Transfer-Encoding: chunked"], "leave the header out"),
])
def test_what_cannot_be_sent_is_not_sent(ask, words, says):
    ran, requests = ask({}, *words)
    assert (ran.status, ran.out, requests) == (1, b"", [])
    assert says in assert_one_line(ran.err)


def test_http_1_0_and_the_head(ask):
    ran, requests = ask({"GET /x": answer(200, b"no")}, "GET", "-i", "-0", "/x", "-h", "X-Y: z")
    assert requests[0][1].split(b"\r\n") == [b"GET /x HTTP/1.0", b"Host: docker", b"X-Y: z"]
    assert ran.status == 0 and ran.out == answer(200, b"no")   # the head is shown as it came


def test_head_shows_the_head_and_waits_for_no_body(ask):
    ran, _ = ask({"HEAD /x": b"HTTP/1.1 200 OK\r\nContent-Length: 67\r\n\r\n"}, "HEAD", "/x")
    assert (ran.status, ran.out) == (0, b"HTTP/1.1 200 OK\r\nContent-Length: 67\r\n\r\n")


def test_an_error_status_shows_the_body_and_fails(ask):
    for status in (400, 404, 500):
        ran, _ = ask({"DELETE /x": answer(status, b'{"message":"m"}', b"Why Not")}, "DELETE", "/x")
        assert ran.status == 1 and ran.out == b'{"message":"m"}'
        assert "%d Why Not" % status in assert_one_line(ran.err)


BODIES = [("text", []), ("", []), ("caf\u00e9", []), ('{"a":1}', ["-h", "Content-Type: text/x"])]


@pytest.mark.parametrize("text, more", BODIES)
def test_a_body_of_text(ask, text, more):
    ran, requests = ask({"POST /containers/create": answer(201)}, "POST", "/containers/create", "-d", text,
                        *more)
    data = text.encode("utf-8")
    assert ran.status == 0 and requests[0][2] == data
    fields = requests[0][1].split(b"\r\n")
    assert b"Content-Length: %d" % len(data) in fields
    assert (b"Content-Type: application/json" in fields) is not bool(more)


def test_a_body_from_a_file_has_its_length_and_one_from_a_pipe_is_chunked(ask, tmp_path):
    path = str(tmp_path / "body.tar")
    data = os.urandom(200000)
    with open(path, "wb") as file:
        file.write(data)
    served = {"PUT /containers/x/archive?path=/": answer(200)}
    words = ["PUT", "/containers/x/archive?path=/"]
    ran, requests = ask(served, *(words + ["-d", "@" + path]))
    assert ran.status == 0 and requests[0][2] == data
    assert (b"Content-Length: 200000" in requests[0][1]
            and b"Content-Type: application/x-tar" in requests[0][1])
    ran, requests = ask(served, *(words + ["-d", "-"]), stdin=data)
    assert ran.status == 0 and b"Transfer-Encoding: chunked" in requests[0][1]
    assert unchunk(requests[0][2]) == data
    ran, requests = ask(served, *(words + ["-d", "@/dev/stdin"]), stdin=data)
    assert (ran.status == 0 and b"Transfer-Encoding: chunked" in requests[0][1]
            and unchunk(requests[0][2]) == data)
    ran, requests = ask(served, *(words + ["-d", "-", "-h", "Content-Length: 200000", "-0"]), stdin=data)
    assert ran.status == 0 and requests[0][2] == data


def unchunk(data):
    parts = []
    while True:
        size, _, data = data.partition(b"\r\n")
        if not int(size, 16):
            assert data == b"\r\n"
            return b"".join(parts)
        parts.append(data[:int(size, 16)])
        data = data[int(size, 16) + 2:]


def test_stdin_shorter_than_its_length_is_no_success(ask):
    ran, _ = ask({"POST /x": answer(200)}, "POST", "/x", "-d", "-", "-h", "Content-Length: 9", stdin=b"abc")
    assert ran.status == 1
    assert "3 bytes" in assert_one_line(ran.err)


FRAMES = frame(1, b"out\n") + frame(2, b"err\n") + frame(1, b"\x00\xffmore")


@pytest.mark.parametrize("kind", [b"Content-Type: application/vnd.docker.raw-stream", b"X-None: 0",
                                  b"Content-Type: application/vnd.docker.multiplexed-stream"])
@pytest.mark.parametrize("method, path", [("GET", "/containers/x/logs"), ("POST", "/exec/x/start")])
def test_frames_are_parted(ask, method, path, kind):
    chunks = b"".join(chunk(FRAMES[at:at + 3]) for at in range(0, len(FRAMES), 3))
    ran, _ = ask({"%s %s" % (method, path): chunked_head(kind) + chunks + b"0\r\n\r\n"}, method, path)
    assert (ran.status, ran.out, ran.err) == (0, b"out\n\x00\xffmore", b"err\n")


def test_frames_to_the_end_of_the_connection(ask):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n"
    ran, _ = ask({"POST /exec/x/start": head + FRAMES}, "POST", "/exec/x/start", "-d",
                 '{"Detach":false,"Tty":false}')
    assert (ran.status, ran.out, ran.err) == (0, b"out\n\x00\xffmore", b"err\n")


@pytest.mark.parametrize("output", [b"$ ", b"\x1b[H", b"plain\r\n", b"\x01a", b"", b"\x00\x00x"])
def test_a_terminals_output_is_shown_as_it_is(ask, output):
    body = b"".join(chunk(output[at:at + 1]) for at in range(len(output)))
    ran, _ = ask({"GET /containers/x/logs": chunked_head() + body + b"0\r\n\r\n"}, "GET",
                 "/containers/x/logs")
    assert (ran.status, ran.out, ran.err) == (0, output, b"")


def test_a_terminals_prompt_is_not_held_back(rawdock_command):
    """Two bytes are fewer than a frame's header has; who waits for more shows no prompt."""
    shown, in_time = threading.Event(), []

    def serve(engine, connection):
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n$ ")
        in_time.append(shown.wait(60))

    with scripted_socket(serve) as engine:
        process = subprocess.Popen(rawdock_command + ["-H", engine.address, "POST", "/containers/x/attach"],
                                   stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, env=clean_environment())
        try:
            assert process.stdout.read(2) == b"$ "
        finally:
            shown.set()
            assert process.wait(60) == 0
            process.stdout.close()
    assert in_time == [True]


# Samples, each costs a process; tests of the wire floor have every offset.
@pytest.mark.parametrize("cut", [1, 4, 7, 8, 9, 11, 12, 13, 21, 24, len(FRAMES) - 1])
def test_frames_that_are_cut_are_no_success(cut, ask):
    head = chunked_head(b"Content-Type: application/vnd.docker.raw-stream")
    ran, _ = ask({"GET /containers/x/logs": head + chunk(FRAMES[:cut]) + b"0\r\n\r\n"}, "GET",
                 "/containers/x/logs")
    whole = cut in (12, 24)   # between two frames nothing can be seen
    assert (ran.status == 0) is whole
    assert ran.out + ran.err != b"" and b"out\n"[:max(0, cut - 8)].startswith(ran.out[:max(0, cut - 8)])
    if not whole:
        assert_one_line(ran.err.replace(b"err\n", b""))


MESSAGES = b'{"status":"one"}\r\n{"status":"two","x":"\xc3\xa9"}\r\n'


def test_messages_are_shown_as_they_came(ask):
    ran, _ = ask({"POST /images/create": chunked_head() + chunk(MESSAGES) + b"0\r\n\r\n"}, "POST",
                 "/images/create")
    assert (ran.status, ran.out, ran.err) == (0, MESSAGES, b"")


@pytest.mark.parametrize("error", [b'{"errorDetail":{"message":"no such thing"},"error":"no such thing"}',
                                   b'{"error":"no such thing"}',
                                   b'{"errorDetail":{"code":3,"message":"no such thing"}}'])
def test_an_error_among_the_messages_fails_and_all_is_shown(ask, error):
    body = MESSAGES + error + b"\r\n" + MESSAGES
    ran, _ = ask({"POST /images/create": chunked_head() + chunk(body) + b"0\r\n\r\n"}, "POST",
                 "/images/create")
    assert ran.status == 1 and ran.out == body
    assert "no such thing" in assert_one_line(ran.err)


@pytest.mark.parametrize("said", [
    chunked_head() + chunk(MESSAGES),                              # no last chunk
    chunked_head() + chunk(MESSAGES)[:-5],
    chunked_head() + chunk(MESSAGES[:-4]) + b"0\r\n\r\n",          # the last message has no end
    b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + MESSAGES,
    chunked_head() + chunk(MESSAGES) + b"zz\r\n",
])
def test_a_body_that_is_cut_fails(ask, said):
    ran, _ = ask(lambda engine, connection: (read_request(connection), connection.sendall(said)), "POST",
                 "/images/create")
    assert ran.status == 1 and ran.out.startswith(b'{"status":"one"}')
    assert_one_line(ran.err)


def test_an_early_refusal_is_reported_although_the_body_is_not_sent(ask):
    def serve(engine, connection):
        connection.recv(1000)
        connection.sendall(answer(413, b'{"message":"too much"}', b"Too Much"))
        hangup = select.poll()
        hangup.register(connection, 0)
        # until the client has closed: closing first, with bytes unread, would reset the connection
        hangup.poll(20000)

    ran, _ = ask(serve, "POST", "/x", "-d", "-", stdin=b"x" * (8 << 20))
    assert (ran.status, ran.out) == (1, b'{"message":"too much"}')
    assert "413 Too Much" in assert_one_line(ran.err)


def test_all_endpoints(rawdock_command):
    ran = run_to_end(rawdock_command + ["endpoints", "--json"])
    rows = json.loads(ran.out.decode())
    assert (ran.status == 0 and len(rows) == 108 == len({row["name"] for row in rows})
            == len({(row["method"], row["path"]) for row in rows}))
    assert all(sorted(row) == ["method", "name", "path", "query", "since"] for row in rows)
    one = [row for row in rows if row["name"] == "container_logs"]
    assert ([(row["method"], row["path"]) for row in one] == [("GET", "/containers/{id}/logs")]
            and "follow" in one[0]["query"])
    page = run_to_end(rawdock_command + ["endpoints"]).out.decode()
    for row in rows:
        assert "  %-26s %-6s %s" % (row["name"], row["method"], row["path"]) in page


def test_endpoints_of_a_word(rawdock_command):
    ran = run_to_end(rawdock_command + ["endpoints", "--json", "exec"])
    names = [row["name"] for row in json.loads(ran.out.decode())]
    assert {"container_exec", "exec_start", "exec_inspect", "exec_resize"} <= set(names) and len(names) < 20
    assert json.loads(run_to_end(rawdock_command + ["endpoints", "--json", "zzzz"]).out.decode()) == []
    ran = run_to_end(rawdock_command + ["endpoints", "zzzz"])
    assert ran.status == 1 and "zzzz" in assert_one_line(ran.err)


# ---- nc

def nc(rawdock_command, serve, stdin, *words):
    with scripted_socket(serve) as engine:
        return run_to_end(rawdock_command + ["-H", engine.address, "nc"] + list(words), stdin=stdin)


def receive_all(connection):
    parts = iter(lambda: connection.recv(65536), b"")
    return b"".join(parts)


def test_nc_passes_bytes_that_are_no_http(rawdock_command):
    def serve(engine, connection):
        data = Peer(connection, engine).receive_exactly(4)
        connection.sendall(data[::-1] + b"\x00\xff\r\n")

    ran = nc(rawdock_command, serve, b"\x00abc")
    assert (ran.status, ran.out, ran.err) == (0, b"cba\x00\x00\xff\r\n", b"")


@pytest.mark.parametrize("words, sent", [(["-C"], b"a\r\nb\r\n\r\n\rc\r\n"), ([], b"a\nb\r\n\n\rc\n")])
def test_nc_c_sends_crlf_for_a_typed_lf(rawdock_command, words, sent):
    ran = nc(rawdock_command, lambda engine, connection: connection.sendall(receive_all(connection)),
             b"a\nb\r\n\n\rc\n", "-N", *words)
    assert (ran.status, ran.out) == (0, sent)


def test_a_crlf_that_is_cut_in_two_is_one_line_end():
    lines = CRLFLines()
    assert [lines.translate(data) for data in (b"a\r", b"\n", b"\n", b"", b"b\n\r", b"c", b"\n")] == [
        b"a\r", b"\n", b"\r\n", b"", b"b\r\n\r", b"c", b"\r\n"]


def test_nc_does_not_half_close_when_stdin_ends(rawdock_command):
    """An engine takes a half-close for a client that has gone."""
    def end_of(*words, seconds):
        def serve(engine, connection):
            connection.recv(1)
            connection.settimeout(seconds)
            try:
                seen = b"closed" if connection.recv(100) == b"" else b"more"
            except socket.timeout:
                seen = b"open"
            connection.sendall(seen)
        return nc(rawdock_command, serve, b"x", *words).out

    assert end_of(seconds=0.5) == b"open"
    assert end_of("-N", seconds=60) == b"closed"


def test_nc_n_half_closes_after_the_last_byte(rawdock_command):
    data = os.urandom(3 << 20)
    ran = nc(rawdock_command, lambda engine, connection: connection.sendall(receive_all(connection)), data,
             "-N")
    assert ran.status == 0 and ran.out == data


def test_dial_stdio_half_closes_and_ends_with_the_socket(rawdock_command):
    """Also while its own stdin is open, as the ssh server keeps it."""
    def serve(engine, connection):
        connection.sendall(receive_all(connection) if not engine.requests else b"bye")

    data = os.urandom(3 << 20)
    with scripted_socket(serve) as engine:
        command = rawdock_command + ["-H", engine.address, "system", "dial-stdio"]
        ran = run_to_end(command, stdin=data)
        assert (ran.status, ran.out, ran.err) == (0, data, b"")
        engine.requests.append("another")
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   env=clean_environment())
        try:
            assert process.stdout.read() == b"bye" and process.wait(60) == 0
        finally:
            process.kill()
            process.stdin.close()
            process.stdout.close()
            process.wait()


def test_dial_stdio_is_for_programs(rawdock_command):
    """The docker CLI 28.2.2 shows this page too, and no word of it in its lists."""
    ran = run_to_end(rawdock_command + ["system", "dial-stdio", "--help"])
    assert (ran.status, ran.out, ran.err) == (
        0, b"Usage:  rawdock system dial-stdio\n\nProxy the stdio stream to the daemon connection. "
        b"Should not be invoked manually.\n", b"")
    for words in (["--help"], ["system", "--help"], ["__complete", "system", ""]):
        assert b"dial" not in run_to_end(rawdock_command + words).out
    ran = run_to_end(rawdock_command + ["system", "dial-stdio", "x"])
    assert ran.status == 1 and b"'rawdock system dial-stdio' accepts no arguments\n" in ran.err


def test_nc_moves_8_mib_both_ways_at_once(rawdock_command):
    size = 8 << 20
    data = os.urandom(size)

    def serve(engine, connection):
        left = size
        while left:
            part = connection.recv(65536)
            left -= len(part)
            connection.sendall(part)

    ran = nc(rawdock_command, serve, data)
    assert ran.status == 0 and ran.out == data


def test_nc_ends_with_the_server_although_stdin_stays_open(rawdock_command):
    with scripted_socket(lambda engine, connection: connection.sendall(b"bye")) as engine:
        process = subprocess.Popen(rawdock_command + ["-H", engine.address, "nc"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, env=clean_environment())
        try:
            assert process.wait(60) == 0
            assert process.stdout.read() == b"bye"
        finally:
            process.kill()
            process.stdin.close()
            process.stdout.close()
            process.wait()


def test_nc_without_an_engine(rawdock_command):
    ran = run_to_end(rawdock_command + ["-H", "unix:///nonexistent/s", "nc"])
    assert ran.status == 1 and "no such socket" in assert_one_line(ran.err)


def test_search_looks_at_names_paths_tags_help_and_parameters():
    assert [row.name for row in search_endpoints("ROTATEWORKER")] == ["swarm_update"]
    assert {row.name for row in search_endpoints("distribution")} == {"distribution_inspect"}
    assert {row.name for row in search_endpoints("attach")} == {"container_attach",
                                                                "container_attach_websocket"}
    assert ("image_create" in {row.name for row in search_endpoints("image")}
            and search_endpoints("ttach") == [])
    assert {row.name for row in search_endpoints("fromImage")} == {"image_create"}
    assert len(search_endpoints("")) == 108 and search_endpoints("no such word") == []
