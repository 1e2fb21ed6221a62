"""Sockets around a tap or a replay: an engine that obeys its test, clients, the server in a thread."""
import os
import shutil
import socket
import struct
import tempfile
import threading
import time
from contextlib import contextmanager

from rawdock.net.address import parse_address
from rawdock.teach.listen import UnixListener
from rawdock.teach.tap.replay import ReplayServer
from rawdock.teach.tap.tap import Tap


class ManualEngine:
    """A listening Unix socket: `take()` gives the next connection made to it. `path`, `address`."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "e")
        self.address = parse_address("unix://" + self.path)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(self.path)
        self._listener.listen(64)
        self._listener.settimeout(60)

    def take(self):
        connection = self._listener.accept()[0]
        connection.settimeout(60)
        return connection

    def close(self):
        self._listener.close()


@contextmanager
def serving_thread(server):
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(60)
        assert not thread.is_alive(), "the server did not stop"


@contextmanager
def short_folder():
    folder = tempfile.mkdtemp(prefix="rdk-")   # a socket's path has 107 bytes at most
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


class Tapped:
    """A tap between `engine` (ManualEngine) and whoever calls client()."""

    def __init__(self, engine, listener, tap):
        self.engine = engine
        self.path = listener.path
        self.tap = tap

    def client(self):
        return connect(self.path)

    def pair(self):
        """(a client's connection, the engine's end of it)."""
        client = self.client()
        return client, self.engine.take()


@contextmanager
def tapped(recorder=None, **more):
    with short_folder() as folder, UnixListener(os.path.join(folder, "t")) as listener:
        engine = ManualEngine(folder)
        try:
            with Tap(listener, engine.address, recorder, **more) as tap, serving_thread(tap):
                yield Tapped(engine, listener, tap)
        finally:
            engine.close()


@contextmanager
def replaying(recording, **more):
    """The path where `recording` answers, and the server."""
    with short_folder() as folder, UnixListener(os.path.join(folder, "r")) as listener:
        with ReplayServer(listener, recording, **more) as server, serving_thread(server):
            yield listener.path, server


def connect(path):
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(60)
    client.connect(path)
    return client


def read_exactly(sock, size):
    data = b""
    while len(data) < size:
        piece = sock.recv(size - len(data))
        assert piece, "the end came after %d of %d bytes: %r" % (len(data), size, data[-100:])
        data += piece
    return data


def read_to_end(sock):
    """(all bytes, whether the end was a reset)."""
    data = b""
    while True:
        try:
            piece = sock.recv(65536)
        except ConnectionResetError:
            return data, True
        if not piece:
            return data, False
        data += piece


def fill(sock):
    """How many bytes `sock` takes until nobody makes room for more."""
    sock.settimeout(0.2)
    count = 0
    try:
        while count < 64 << 20:
            count += sock.send(b"x" * 65536)
    except socket.timeout:
        pass
    sock.settimeout(60)
    return count


def until(condition, what):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "%s did not come about" % what
        time.sleep(0.005)


def frame_bytes(stream, data):
    return struct.pack(">BxxxI", stream, len(data)) + data


def chunk_bytes(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def ask(method, target, *fields):
    lines = [("%s %s HTTP/1.1\r\nHost: d" % (method, target)).encode()] + list(fields)
    return b"\r\n".join(lines) + b"\r\n\r\n"
