"""Sockets and pipes that bring few bytes at a time, for the tests and for the processes that they start.

    tools/test tests/net -p tests.short_reads.sitecustomize
    READS=one SEED=7 tools/test tests/live -p tests.short_reads.sitecustomize

One read is never one message, whoever wrote it, and a send() may take a part. A test that passes only where
the system is kind fails with this. READS: `short` (as many bytes as a seeded random number says), `one` (one
byte), `late` (all of them, some time later, so that what was written apart comes together).

pytest loads this file as a plugin. Python loads it by its name in each process that has this folder in
PYTHONPATH; programs that are no Python, and Python with -I or -S, read as always.
"""
import os
import random
import socket
import time

MODE = os.environ.get("READS", "short")
RANDOM = random.Random(int(os.environ.get("SEED", "1")))
SIZES = [1, 2, 3, 7, 50, 103, 500, 5000]


def few(size):
    """How many of `size` bytes are read or sent at once."""
    if MODE == "late":
        time.sleep(RANDOM.choice([0, 0.002, 0.02]))
        return size
    return 1 if MODE == "one" else min(size, RANDOM.choice(SIZES + [size]))


def shorten(place, name, arrange):
    """In place of the function place.name, one that arrange(function, its arguments…) makes of it."""
    function = getattr(place, name)
    setattr(place, name, lambda *arguments: arrange(function, *arguments))


def is_exact(sock, flags):
    """Whether the size of a read is as it is given: it keeps messages apart, or flags say so (MSG_PEEK)."""
    return bool(flags) or sock.type != socket.SOCK_STREAM


def receive(function, sock, size, flags=0):
    return function(sock, size if is_exact(sock, flags) else few(size), flags)


def receive_into(function, sock, buffer, size=0, flags=0):
    size = size or memoryview(buffer).nbytes
    return function(sock, buffer, size if is_exact(sock, flags) else few(size), flags)


def send(function, sock, data, flags=0):
    view = memoryview(data).cast("B")
    return function(sock, view if is_exact(sock, 0) or not len(view) else view[:few(len(view))], flags)


def read(function, descriptor, size):
    return function(descriptor, few(size))


shorten(socket.socket, "recv", receive)
shorten(socket.socket, "recv_into", receive_into)
shorten(socket.socket, "send", send)
shorten(os, "read", read)


def pytest_configure(config):
    """Have the processes that tests start load this file; tests/conftest.py has set PYTHONPATH by now."""
    os.environ["PYTHONPATH"] = os.pathsep.join([os.path.dirname(os.path.abspath(__file__)),
                                                os.environ["PYTHONPATH"]])
