"""The raw verbs and nc on a real engine, judged by plain socket code, nc -U and tarfile."""
import io
import json
import os
import re
import subprocess
import tarfile
import time

import pytest

from tests.live.client import (Running, assert_one_line, clean_environment, client, rawdock, run_to_end,
                               wait_until)


def by_id(data):
    return sorted(json.loads(data.decode()), key=lambda row: row["Id"])


def without_date(data):
    return re.sub(rb"\r\nDate: [^\r\n]*", b"", data)


@pytest.mark.parametrize("path", ["/_ping", "/version", "/images/json", "/v1.41/containers/json", "/nonsense",
                                  "/info", "/images/busybox/json"])
def test_get_shows_the_body_that_a_socket_gives(engine, path):
    engine.pull("busybox")
    status, body = engine.request("GET", path)
    ours, http_1_0 = rawdock(engine, "GET", path), rawdock(engine, "GET", "-0", path)
    assert ours.status == http_1_0.status == (0 if status < 400 else 1)
    if path == "/images/json":   # images of one age come in any order
        assert by_id(ours.out) == by_id(http_1_0.out) == by_id(body) and len(ours.out) == len(body)
    elif path == "/info":   # it has the time in it
        assert json.loads(ours.out.decode())["ID"] == json.loads(body.decode())["ID"]
    else:
        assert ours.out == http_1_0.out == body
    assert ours.err == http_1_0.err == b"" if status < 400 else "404 Not Found" in assert_one_line(ours.err)


def test_the_head_is_shown_as_it_came(engine):
    raw = engine.raw(b"GET /_ping HTTP/1.0\r\n\r\n")
    assert without_date(rawdock(engine, "GET", "-0", "-i", "/_ping").out) == without_date(raw)
    head = rawdock(engine, "HEAD", "/_ping")
    assert (head.status == 0 and head.out.startswith(b"HTTP/1.1 200 OK\r\n")
            and head.out.endswith(b"\r\n\r\n") and b"Api-Version: " in head.out)


def test_post_delete_and_query(engine):
    body = json.dumps({"Image": "busybox", "Cmd": ["true"], "Labels": {"test": "a b&c"}})
    engine.pull("busybox")
    ran = rawdock(engine, "POST", "/containers/create", "-q", "name=live-raw", "-d", body)
    try:
        id = json.loads(ran.out.decode())["Id"]
        assert (ran.status == 0 and ran.err == b""
                and engine.json("GET", "/containers/live-raw/json")["Id"] == id)
        ran = rawdock(engine, "GET", "/containers/json", "-q", "all=1", "-q",
                      'filters={"label":["test=a b&c"]}')
        assert [row["Id"] for row in json.loads(ran.out.decode())] == [id]
        again = rawdock(engine, "POST", "/containers/create", "-q", "name=live-raw", "-d", "-",
                        stdin=body.encode())
        assert (again.status == 1 and b"already in use" in again.out
                and "409 Conflict" in assert_one_line(again.err))
    finally:
        gone = rawdock(engine, "DELETE", "/containers/live-raw", "-q", "force=1")
    assert gone == (0, b"", b"")
    assert rawdock(engine, "DELETE", "/containers/live-raw").status == 1


def tar_with(name, data):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


def test_put_an_archive_from_a_file_and_from_stdin_and_get_it_back(engine, container, tmp_path):
    id = container("true", start=False)
    for name, size, source in (("one", 3 << 20, "@"), ("two", 70000, "-")):
        data = os.urandom(size)
        archive = tar_with(name, data)
        (tmp_path / "x.tar").write_bytes(archive)
        target = ["PUT", "/containers/%s/archive" % id, "-q", "path=/tmp"]
        if source == "-":
            assert rawdock(engine, *(target + ["-d", "-"]), stdin=archive) == (0, b"", b"")
        else:
            assert rawdock(engine, *(target + ["-d", "@" + str(tmp_path / "x.tar")])) == (0, b"", b"")
        ran = rawdock(engine, "GET", "/containers/%s/archive?path=/tmp/%s" % (id, name))
        assert ran.status == 0
        with tarfile.open(fileobj=io.BytesIO(ran.out)) as back:
            assert back.extractfile(name).read() == data
    head = rawdock(engine, "HEAD", "/containers/%s/archive" % id, "-q", "path=/tmp/one")
    assert head.status == 0 and b"X-Docker-Container-Path-Stat: " in head.out
    refused = rawdock(engine, "PUT", "/containers/%s/archive?path=/nowhere" % id, "-d",
                      "@" + str(tmp_path / "x.tar"))
    assert refused.status == 1 and b"Could not find" in refused.out


def test_frames_of_logs_exec_and_attach(engine, container):
    id = container("sh", "-c", "echo x; echo e >&2; sleep 60")
    logs = ["GET", "/containers/%s/logs" % id, "-q", "stdout=1", "-q", "stderr=1"]
    wait_until(lambda: rawdock(engine, *logs) == (0, b"x\n", b"e\n"), what="the log")
    ran = rawdock(engine, *(logs + ["-0"]))
    assert ((ran.status, ran.out, ran.err[:2]) == (0, b"x\n", b"e\n")
            and "nothing tells the end" in assert_one_line(ran.err[2:]))
    exec_id = engine.json("POST", "/containers/%s/exec" % id,
                          {"AttachStdout": True, "AttachStderr": True,
                           "Cmd": ["sh", "-c", "echo a; echo b >&2"]})["Id"]
    assert rawdock(engine, "POST", "/exec/%s/start" % exec_id, "-d",
                   '{"Detach":false,"Tty":false}') == (0, b"a\n", b"b\n")
    with Running(client(engine, "POST", "/containers/%s/attach?stream=1&logs=1&stdout=1&stderr=1"
                        % id)) as attached:
        attached.wait_for(b"x\n")
        attached.wait_for(b"e\n", "err")
        engine.json("POST", "/containers/%s/kill" % id)
        assert attached.end() == (0, b"x\n", b"e\n")


def test_a_terminals_bytes_are_shown_as_they_are(engine, container):
    id = container("sh", "-c", "echo x; echo e >&2; sleep 60", Tty=True)
    wait_until(lambda: rawdock(engine, "GET", "/containers/%s/logs?stdout=1&stderr=1" % id)
               == (0, b"x\r\ne\r\n", b""), what="the log")
    exec_id = engine.json("POST", "/containers/%s/exec" % id,
                          {"AttachStdout": True, "Tty": True, "Cmd": ["echo", "-n", "$"]})["Id"]
    assert rawdock(engine, "POST", "/exec/%s/start" % exec_id, "-d",
                   '{"Detach":false,"Tty":true}') == (0, b"$", b"")


def test_an_upgrade_by_hand(engine, container):
    id = container("true", start=False)
    ran = rawdock(engine, "POST", "-i", "-h", "Connection: Upgrade", "-h", "Upgrade: tcp",
                  "/containers/%s/attach?logs=1&stdout=1" % id)
    assert ran.status == 0 and ran.out.startswith(b"HTTP/1.1 101 UPGRADED\r\n")


def test_a_pull_by_hand_and_an_error_inside_it(engine):
    engine.pull("busybox")
    ran = rawdock(engine, "POST", "/images/create", "-q", "fromImage=busybox", "-q", "tag=latest")
    messages = [json.loads(line) for line in ran.out.decode().splitlines()]
    assert ran.status == 0 and ran.err == b"" and "up to date" in messages[-1]["status"]
    # load answers 200 and tells its first error inside the stream
    ran = rawdock(engine, "POST", "/images/load", "-d", "-", stdin=b"this is no archive")
    assert ran.status == 1 and b"errorDetail" in ran.out
    assert json.loads(ran.out.decode().splitlines()[-1])["errorDetail"]["message"] in assert_one_line(ran.err)


def test_every_row_that_needs_no_argument_answers(engine):
    rows = json.loads(rawdock(engine, "endpoints", "--json").out.decode())
    assert len(rows) == 108
    requested = 0
    for row in rows:
        if row["method"] == "GET" and "{" not in row["path"] and row["path"] in (
                "/_ping", "/containers/json", "/images/json", "/info", "/networks", "/plugins", "/system/df",
                "/version", "/volumes"):
            assert rawdock(engine, "GET", row["path"]).status == 0
            requested += 1
    assert requested == 9


# ---- nc

PIPED = [b"GET /images/json?filters=%7B%22reference%22%3A%5B%22busybox%22%5D%7D HTTP/1.0\r\n\r\n",
         b"GET /_ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"nonsense\r\n\r\n",
         b"GET /images/busybox/json HTTP/1.1\r\nHost: x\r\n\r\nGET /nonsense HTTP/1.1\r\nHost: "
         b"x\r\nConnection: close\r\n\r\n"]


@pytest.mark.parametrize("request_bytes", PIPED, ids=["list", "ping", "nonsense", "pipelined"])
def test_nc_is_nc(engine, request_bytes):
    engine.pull("busybox")
    ours = rawdock(engine, "nc", stdin=request_bytes)
    theirs = run_to_end(["nc", "-U", engine.socket_path], stdin=request_bytes)
    assert ours.status == 0 and ours.err == b"" and len(theirs.out) > 50
    assert without_date(ours.out) == without_date(theirs.out)


def test_nc_lists_the_images_as_nc_does(engine):
    """Byte for byte, once the engine happens to give both one order."""
    engine.pull("busybox")
    for _ in range(100):
        ours = rawdock(engine, "nc", stdin=b"GET /images/json HTTP/1.0\r\n\r\n")
        theirs = run_to_end(["nc", "-U", engine.socket_path], stdin=b"GET /images/json HTTP/1.0\r\n\r\n")
        assert ours.status == 0 and len(ours.out) == len(theirs.out) > 200
        if without_date(ours.out) == without_date(theirs.out):
            return
        assert by_id(ours.out.partition(b"\r\n\r\n")[2]) == by_id(theirs.out.partition(b"\r\n\r\n")[2])
    pytest.fail("never the same order in 100 turns")


def test_nc_does_not_half_close_so_a_slow_answer_is_whole(engine, container):
    id = container("sleep", "60")
    request = ("GET /containers/%s/stats?stream=0 HTTP/1.0\r\n\r\n" % id).encode()
    ran = rawdock(engine, "nc", stdin=request)
    head, _, body = ran.out.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 200 OK") and json.loads(body.decode())["id"] == id
    # With -N the engine takes us for gone: this is what it must not do by itself.
    assert rawdock(engine, "nc", "-N", stdin=request).out.partition(b"\r\n\r\n")[2] == b""


def read_until(process, holds):
    """Read the output (bytes) of a process until `holds` of it is true → it."""
    seen = b""
    while not holds(seen):
        piece = os.read(process.stdout.fileno(), 1000)
        assert piece, "it ended after %r" % seen
        seen += piece
    return seen


def content_of(frames):
    content = b""
    while frames:
        end = 8 + int.from_bytes(frames[4:8], "big")
        content, frames = content + frames[8:end], frames[end:]
    return content


def test_nc_hijacks_by_hand(engine, container):
    id = container("cat", OpenStdin=True, StdinOnce=True)
    request = (
        "POST /containers/%s/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: x\r\nConnection: "
        "Upgrade\r\nUpgrade: tcp\r\n\r\n" % id)
    process = subprocess.Popen(client(engine, "nc"), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               env=clean_environment())
    try:
        process.stdin.write(request.encode())
        process.stdin.flush()
        # no byte of stdin before the 101: it would be lost
        head = read_until(process, lambda seen: b"\r\n\r\n" in seen)
        process.stdin.write(b"hello\n")
        process.stdin.flush()
        frames = head.partition(b"\r\n\r\n")[2]
        frames += read_until(process, lambda seen: len(content_of(frames + seen)) >= 6)
        assert frames.startswith(b"\x01\0\0\0\0\0\0") and content_of(frames) == b"hello\n"
        engine.json("POST", "/containers/%s/kill" % id)   # the engine closes; our stdin is still open
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.communicate()


def test_events_through_nc_and_a_raw_get_come_as_they_happen(engine, container):
    since = "since=%d" % time.time()
    with Running(client(engine, "GET", "/events?" + since)) as ours, \
            Running(client(engine, "nc"), stdin=subprocess.PIPE) as piped:
        piped.process.stdin.write(("GET /events?%s HTTP/1.0\r\n\r\n" % since).encode())
        piped.process.stdin.close()
        id = container("true", start=False)
        for one in (ours, piped):
            one.wait_for(b'"id":"%s"' % id.encode())
        ours.interrupt()
        ended = ours.end()
        assert ended.status == 130 and ended.err == b"" and json.loads(ended.out.decode().splitlines()[0])
