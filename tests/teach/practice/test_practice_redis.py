"""The practice redis: RESP and inline commands on a published port, redis-cli in an exec, the dump."""
import os
import socket

import pytest

from rawdock.teach.practice.engine import PracticeEngine
from tests.teach.practice.practice_wire import (UPGRADE, Wire, ask, create, eventually, frames_of, inspect,
                                                logs, pull, request_bytes, start)


@pytest.fixture
def engine():
    with PracticeEngine() as one:
        pull(one, "redis", "2.8")
        yield one


def serve(engine, **more):
    identity = create(engine, ["redis-server"], "redis:2.8", "redis",
                      **dict({"HostConfig": {"PortBindings": {"6379/tcp": [{"HostPort": ""}]}}}, **more))
    start(engine, identity)
    eventually(lambda: b"ready to accept connections on port 6379" in logs(engine, identity))
    return identity


def dial(engine):
    binding, = inspect(engine, "redis")["NetworkSettings"]["Ports"]["6379/tcp"]
    assert binding["HostIp"] == "127.0.0.1"
    client = socket.create_connection((binding["HostIp"], int(binding["HostPort"])), 60)
    return client


def say(client, data, answer):
    client.sendall(data)
    got = b""
    while len(got) < len(answer):
        part = client.recv(65536)
        assert part, got
        got += part
    assert got == answer


def cli(engine, *words):
    one = ask(engine, "POST", "/containers/redis/exec", {"Cmd": ["redis-cli"] + list(words),
                                                         "AttachStdout": True, "AttachStderr": True})[1]["Id"]
    with Wire(engine) as wire:
        wire.send(request_bytes("POST", "/exec/%s/start" % one, {"Detach": False, "Tty": False}, UPGRADE))
        wire.head()
        return b"".join(data for _, data in wire.frames())


def test_resp_inline_pipelines_and_cuts(engine):
    serve(engine)
    with dial(engine) as client:
        say(client, b"PING\r\n", b"+PONG\r\n")
        say(client, b"set greeting hello\n", b"+OK\r\n")
        say(client, b"*2\r\n$3\r\nGET\r\n$8\r\ngreeting\r\n" * 3, b"$5\r\nhello\r\n" * 3)
        say(client, b"*2\r\n$3\r\nGET\r\n$4\r\nnone\r\n", b"$-1\r\n")
        for byte in b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\n\x00\r\n\xff\r\n":
            client.sendall(bytes((byte,)))
        say(client, b"", b"+OK\r\n")
        say(client, b"GET k\r\n", b"$4\r\n\x00\r\n\xff\r\n")
        say(client, b"INCR n\r\nINCR n\r\nDEL n k\r\nDBSIZE\r\n", b":1\r\n:2\r\n:2\r\n:1\r\n")
        say(client, b"INCR greeting\r\n", b"-ERR value is not an integer or out of range\r\n")
        say(client, b"GET\r\n", b"-ERR wrong number of arguments for 'get' command\r\n")
        say(client, b"EXISTS greeting\r\nCOMMAND\r\n", b":1\r\n*0\r\n")
        say(client, b"QUIT\r\n", b"+OK\r\n")
        assert client.recv(1) == b""
    with dial(engine) as client:
        client.sendall(b"*1\r\n+5\r\nHELLO\r\n")
        answer = b"".join(iter(lambda: client.recv(100), b""))
        assert answer.startswith(b"-ERR Protocol error")


def test_save_keeps_the_dump_in_memory_and_says_so(engine, tmp_path):
    identity = serve(engine, HostConfig={"Binds": ["%s:/data" % tmp_path]})
    assert (cli(engine, "ping"), cli(engine, "set", "k", "a b"),
            cli(engine, "get", "k")) == (b"PONG\n", b"OK\n", b"a b\n")
    assert (cli(engine, "save"), cli(engine, "get", "none"),
            cli(engine, "incr", "n")) == (b"OK\n", b"\n", b"1\n")
    assert b"writes nothing to %s" % str(tmp_path).encode() in logs(engine, identity)
    assert os.listdir(str(tmp_path)) == []
    assert ask(engine, "POST", "/containers/redis/kill")[0] == 204
    assert ask(engine, "POST", "/containers/redis/wait")[1] == {"StatusCode": 137}
    start(engine, "redis")
    eventually(lambda: cli(engine, "dbsize") == b"1\n")
    assert cli(engine, "get", "k") == b"a b\n"


def test_stop_and_shutdown_end_the_server_with_0(engine):
    identity = serve(engine)
    with dial(engine) as client:
        # once this is answered the connection is accepted, not merely queued
        say(client, b"PING\r\n", b"+PONG\r\n")
        assert ask(engine, "POST", "/containers/redis/stop")[0] == 204
        assert client.recv(1) == b""
    state = inspect(engine, identity)
    assert (state["State"]["Status"], state["State"]["ExitCode"],
            state["NetworkSettings"]["Ports"]) == ("exited", 0, {})
    assert [line for _, line in frames_of(logs(engine, identity))][-1].endswith(b"bye bye...\n")
    start(engine, "redis")
    eventually(lambda: cli(engine, "ping") == b"PONG\n")
    with dial(engine) as client:
        client.sendall(b"SHUTDOWN\r\n")
        assert client.recv(1) == b""
    assert ask(engine, "POST", "/containers/redis/wait")[1] == {"StatusCode": 0}


def test_a_port_that_is_taken(engine):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as other:
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        binding = {"HostIp": "0.0.0.0", "HostPort": str(other.getsockname()[1])}
        identity = create(engine, ["redis-server"], "redis:2.8",
                          HostConfig={"PortBindings": {"6379/tcp": [binding]}})
        status, answer = ask(engine, "POST", "/containers/%s/start" % identity)
    assert status == 500 and "address already in use" in answer["message"]
    start(engine, identity)


def test_a_port_that_nothing_answers_on_is_closed_at_once(engine):
    create(engine, ["sleep", "100"], "redis:2.8", "redis",
           HostConfig={"PortBindings": {"6379/tcp": [{"HostPort": ""}]}})
    start(engine, "redis")
    with dial(engine) as client:
        assert client.recv(1) == b""
    assert cli(engine, "ping") == b"Could not connect to Redis at 127.0.0.1:6379: Connection refused\n"
