"""HTTP by hand for the practice engine's tests: it shares no parser with what it tests."""
import fcntl
import json
import re
import select
import socket
import struct
import termios
import time


UPGRADE = "Connection: Upgrade\r\nUpgrade: tcp\r\n"


class Wire:
    """One connection, byte by byte. `sock` is the socket, `held` what came and was not yet looked at."""

    def __init__(self, engine):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(60)
        try:
            self.sock.connect(engine.socket_path)
        except OSError:
            self.sock.close()
            raise
        self.held = b""

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def more(self):
        data = self.sock.recv(65536)
        self.held += data
        return bool(data)

    def has_more(self):
        """Whether something has come that was not yet looked at."""
        return bool(self.held or select.select([self.sock], [], [], 0)[0])

    def wait_until_read(self):
        """Wait until the engine has received all that was sent."""
        eventually(lambda: not any(fcntl.ioctl(self.sock, termios.TIOCOUTQ, bytes(4))))

    def until(self, mark):
        while mark not in self.held:
            assert self.more(), "the engine closed before %r came: %r" % (mark, self.held)
        found, _, self.held = self.held.partition(mark)
        return found

    def exactly(self, size):
        while len(self.held) < size:
            assert self.more(), "the engine closed: %r" % self.held
        data, self.held = self.held[:size], self.held[size:]
        return data

    def rest(self):
        """Everything until the engine closes."""
        while self.more():
            pass
        data, self.held = self.held, b""
        return data

    def head(self):
        """→ (status line, {lower-case name: value})."""
        line, *fields = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        return line, {name.lower(): value for name, value in (field.split(": ", 1) for field in fields)}

    def chunk(self):
        size = int(self.until(b"\r\n"), 16)
        data = self.exactly(size)
        assert self.exactly(2) == b"\r\n"
        return data

    def body(self, fields):
        if fields.get("transfer-encoding") == "chunked":
            return b"".join(iter(self.chunk, b""))
        return self.exactly(int(fields["content-length"])) if "content-length" in fields else self.rest()

    def ask(self, method, target, body=None, fields=""):
        """Send one request of HTTP/1.1 and read its whole answer → (status, fields, body)."""
        self.send(request_bytes(method, target, body, fields))
        line, found = self.head()
        status = int(line.split(" ")[1])
        empty = status in (204, 304) or method == "HEAD"
        return status, found, b"" if empty else self.body(found)

    def frames(self):
        return frames_of(self.rest())

    def frame(self):
        stream, size = struct.unpack(">BxxxI", self.exactly(8))
        return stream, self.exactly(size)


def request_bytes(method, target, body=None, fields=""):
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    if body is not None:
        fields += "Content-Type: application/json\r\nContent-Length: %d\r\n" % len(data)
    return ("%s %s HTTP/1.1\r\nHost: x\r\n%s\r\n" % (method, target, fields)).encode() + data


def frames_of(data):
    found = []
    while data:
        stream, size = struct.unpack(">BxxxI", data[:8])
        assert len(data) >= 8 + size
        found.append((stream, data[8:8 + size]))
        data = data[8 + size:]
    return found


def output_of(frames, stream):
    return b"".join(data for number, data in frames if number == stream)


def ask(engine, method, target, body=None):
    """One request on a connection of its own → (status, JSON value or bytes)."""
    with Wire(engine) as wire:
        status, fields, data = wire.ask(method, target, body)
    is_stream = "create?from" in target or "events" in target
    if fields.get("content-type") == "application/json" and data and not is_stream:
        data = json.loads(data.decode())
    return status, data


def pull(engine, name="busybox", tag="latest"):
    status, data = ask(engine, "POST", "/images/create?fromImage=%s&tag=%s" % (name, tag))
    assert status == 200, data
    return [json.loads(line) for line in data.decode().split("\r\n") if line]


def create(engine, cmd, image="busybox", name="", **more):
    status, answer = ask(engine, "POST", "/containers/create" + ("?name=" + name if name else ""),
                         dict({"Image": image, "Cmd": cmd}, **more))
    assert status == 201, answer
    return answer["Id"]


def start(engine, identity):
    status, answer = ask(engine, "POST", "/containers/%s/start" % identity)
    assert status == 204, answer


def run(engine, cmd, **more):
    """Create, start and wait → (id, exit status)."""
    identity = create(engine, cmd, **more)
    start(engine, identity)
    status, answer = ask(engine, "POST", "/containers/%s/wait" % identity)
    assert status == 200
    return identity, answer["StatusCode"]


def logs(engine, identity, query="stdout=1&stderr=1"):
    status, data = ask(engine, "GET", "/containers/%s/logs?%s" % (identity, query))
    assert status == 200
    return data


def shell(engine, script, **more):
    """→ (stdout, stderr, exit status) of `sh -c script`."""
    identity, status = run(engine, ["sh", "-c", script], **more)
    frames = frames_of(logs(engine, identity))
    ask(engine, "DELETE", "/containers/" + identity)
    return output_of(frames, 1), output_of(frames, 2), status


def run_exec(engine, identity, cmd, stdin=None, start_body=None, **more):
    status, answer = ask(engine, "POST", "/containers/%s/exec" % identity,
                         dict({"Cmd": cmd, "AttachStdout": True, "AttachStderr": True,
                               "AttachStdin": stdin is not None}, **more))
    assert status == 201, answer
    with Wire(engine) as wire:
        wire.send(request_bytes("POST", "/exec/%s/start" % answer["Id"],
                                start_body or {"Detach": False, "Tty": False}, UPGRADE))
        assert wire.head()[0] == "HTTP/1.1 101 UPGRADED"
        if stdin is not None:
            wire.send(stdin)
            wire.sock.shutdown(socket.SHUT_WR)
        data = wire.rest()
    return data, ask(engine, "GET", "/exec/%s/json" % answer["Id"])[1]


def attach(wire, identity, query="stream=1&stdout=1&stderr=1&stdin=1", prefix=""):
    wire.send(request_bytes("POST", "%s/containers/%s/attach?%s" % (prefix, identity, query), None,
                            UPGRADE + "Content-Length: 0\r\n"))
    return wire.head()


def inspect(engine, identity):
    status, answer = ask(engine, "GET", "/containers/%s/json" % identity)
    assert status == 200, answer
    return answer


def eventually(is_true, seconds=60):
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)


def is_rfc3339(text):
    return re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", text) is not None
