"""A scripted engine for tests: plain socket code that knows nothing of rawdock.

    FakeEngine(*recipes)   listens on a Unix socket; connection number i is played by recipe i, the last
                           recipe plays all further ones. A recipe is a function of one Peer.
    Peer                   an accepted connection: `request()` reads one request, `send()` answers
    ScriptedSocket         no process, no thread: a socket whose reads give what the test has written down

Whatever a recipe raises fails the test when the engine is left.
"""
import os
import shutil
import socket
import struct
import tempfile
import threading
import time

import pytest


class Seen:
    """A request as it came: `method`, `target`, `version`, `headers` (dict, lower-case names), `body`, `head`
    (bytes)."""

    def __init__(self, head):
        self.head = head
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.target, self.version = lines[0].split(" ")
        self.headers = dict((line.split(": ", 1)[0].lower(), line.split(": ", 1)[1])
                            for line in lines[1:] if line)
        self.body = b""

    @property
    def line(self):
        return "%s %s" % (self.method, self.target)

    @property
    def path(self):
        """Method and path without version prefix and query."""
        target = self.target.partition("?")[0]
        if target.startswith("/v1."):
            target = target[target.index("/", 1):]
        return "%s %s" % (self.method, target)


class Peer:
    """One accepted connection, in the hands of a recipe."""

    def __init__(self, sock, engine):
        self.sock = sock
        self.engine = engine
        self.held = b""

    def receive_until(self, mark):
        while mark not in self.held:
            data = self.sock.recv(65536)
            if not data:
                return None
            self.held += data
        before, _, self.held = self.held.partition(mark)
        return before + mark

    def receive_exactly(self, size):
        while len(self.held) < size:
            data = self.sock.recv(65536)
            if not data:
                raise AssertionError("the client closed inside a request body")
            self.held += data
        data, self.held = self.held[:size], self.held[size:]
        return data

    def head(self):
        """The Seen of the next request with its body unread, None when the client has closed."""
        head = self.receive_until(b"\r\n\r\n")
        if head is None:
            return None
        seen = Seen(head)
        self.engine.requests.append(seen)
        return seen

    def request(self):
        """The Seen of the next whole request, None when the client has closed."""
        seen = self.head()
        if seen is None:
            return None
        if seen.headers.get("transfer-encoding") == "chunked":
            while True:
                size = int(self.receive_until(b"\r\n"), 16)
                seen.body += self.receive_exactly(size)
                if self.receive_exactly(2) != b"\r\n":
                    raise AssertionError("no CRLF after a chunk")
                if not size:
                    break
        else:
            seen.body = self.receive_exactly(int(seen.headers.get("content-length", "0")))
        return seen

    def send(self, data, sizes=None):
        """Send `data` at once, or in pieces of `sizes` bytes that arrive apart."""
        if sizes is None:
            self.sock.sendall(data)
            return
        for at in range(0, len(data), sizes):
            self.sock.sendall(data[at:at + sizes])
            time.sleep(0.001)

    def drain(self):
        """Read until the client closes or half-closes → what came."""
        try:
            while True:
                data = self.sock.recv(65536)
                if not data:
                    break
                self.held += data
        except OSError:
            pass
        data, self.held = self.held, b""
        return data

    def close(self):
        self.sock.close()

    def reset(self):
        """Close so that the client sees ECONNRESET (TCP)."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class FakeEngine:
    """A listener. `address` is what a client dials; `requests` the Seen in order; `accepted` counts
    connections."""

    def __init__(self, *recipes, **options):
        self.recipes = recipes
        self.requests = []
        self.accepted = 0
        self.failures = []
        self._peers = []
        self._directory = tempfile.mkdtemp(prefix="rd")
        if options.get("tcp"):
            self.listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self.listener.bind(("127.0.0.1", 0))
            self.address = "tcp://127.0.0.1:%d" % self.listener.getsockname()[1]
        else:
            self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.path = os.path.join(self._directory, "s")
            self.listener.bind(self.path)
            self.address = "unix://" + self.path
        self.listener.listen(64)
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self):
        self._threads[0].start()
        return self

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            recipe = self.recipes[min(self.accepted, len(self.recipes) - 1)]
            self.accepted += 1
            self._peers.append(sock)
            thread = threading.Thread(target=self._play, args=(recipe, Peer(sock, self)))
            self._threads.append(thread)
            thread.start()

    def _play(self, recipe, peer):
        try:
            recipe(peer)
        except (BrokenPipeError, ConnectionResetError):
            pass   # the client may leave when it likes
        except BaseException as error:
            if not self.closing:
                self.failures.append(error)
        finally:
            peer.sock.close()

    closing = False

    def __exit__(self, kind, error, trace):
        self.closing = True
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self._threads[0].join(10)
        for sock in self._peers:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in self._threads:
            thread.join(10)
        shutil.rmtree(self._directory, ignore_errors=True)
        if kind is None and self.failures:
            raise self.failures[0]

    @staticmethod
    def wait_for(condition):
        """Until `condition()` is true; fails after a minute."""
        end = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < end, "waited a minute in vain"
            time.sleep(0.005)

    @property
    def paths(self):
        return [seen.path for seen in self.requests]


class ScriptedSocket:
    """A connected socket whose peer sends `pieces` (bytes, or an exception to raise) and then ends the
    stream."""

    def __init__(self, *pieces):
        self.pieces = list(pieces)
        self.sent = b""
        self.timeouts = []
        self.closed = False

    def sendall(self, data):
        self.sent += bytes(data)

    def recv(self, size):
        if self.closed:
            raise OSError(9, "Bad file descriptor")
        if not self.pieces:
            return b""
        piece = self.pieces.pop(0)
        if isinstance(piece, BaseException):
            raise piece
        if len(piece) > size:
            self.pieces.insert(0, piece[size:])
        return piece[:size]

    def recv_into(self, view):
        data = self.recv(len(view))
        view[:len(data)] = data
        return len(data)

    def settimeout(self, seconds):
        self.timeouts.append(seconds)

    def shutdown(self, how):
        pass

    def close(self):
        self.closed = True


def with_patience(attempt, *seconds):
    """Call attempt(limit) with one limit of `seconds` after another until it raises nothing → its result.

    For a test of a time limit that runs out: a short one is over at once, but on a busy machine it is over
    before the peer has begun. What the last attempt raises is raised.
    """
    for limit in seconds[:-1]:
        try:
            return attempt(limit)
        except (Exception, pytest.fail.Exception):
            pass
    return attempt(seconds[-1])


def serve(answer):
    """A recipe: every request is answered by `answer`, bytes or a function of the Seen that gives bytes."""
    def recipe(peer):
        while True:
            seen = peer.request()
            if seen is None:
                return
            peer.send(answer(seen) if callable(answer) else answer)
    return recipe


def response(body=b"", status="200 OK", headers=(), kind="application/json"):
    """bytes of a response with a Content-Length."""
    fields = "".join("%s: %s\r\n" % field for field in headers)
    return (("HTTP/1.1 %s\r\n%sContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
             % (status, fields, kind, len(body))).encode("latin-1") + body)


def chunks(*pieces):
    """bytes of a chunked body, a chunk each."""
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def chunked(*pieces, **options):
    """bytes of a chunked 200."""
    head = "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n" % options.get(
        "kind", "application/json")
    return head.encode("latin-1") + chunks(*pieces)


def frame(stream, data):
    return struct.pack(">BxxxI", stream, len(data)) + data


PING = response(b"OK", headers=[("Api-Version", "1.41"), ("Ostype", "linux")], kind="text/plain")
NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
UPGRADED = (
    b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: "
    b"Upgrade\r\nUpgrade: tcp\r\n\r\n")
