"""Answers that are HTTP and JSON but no sense: one line on stderr, a status that is not zero, no traceback, nothing claimed."""
import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import threading

import pytest

MISTYPED = b'[{"Id":"abc","Created":"x","Names":"str","Ports":"p","RepoTags":[5],"Size":"big"}]'
ENDLESS = b'[{"Id":"abc","Created":1e999,"Names":[null],"Ports":[{}],"State":[],"Labels":[]}]'


@contextlib.contextmanager
def engine_that_says(head, body):
    """The address of a server whose answer to every request is this head (no length) and body."""
    folder = tempfile.mkdtemp(prefix="rdk-")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(folder + "/s")
        listener.listen(8)

        def serve():
            while True:
                try:
                    client = listener.accept()[0]
                except OSError:
                    return
                with client:
                    while client.recv(65536):
                        client.sendall(head + b"Api-Version: 1.41\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        try:
            yield "unix://%s/s" % folder
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            serving.join(10)
            shutil.rmtree(folder)


def ended(command, address, words, **options):
    ran = subprocess.run(command + ["-H", address] + words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, **options)
    return ran.returncode, ran.stdout, ran.stderr


@pytest.mark.parametrize("words", [["ps", "-a"], ["images"], ["version"], ["info"], ["run", "busybox", "true"]], ids=" ".join)
@pytest.mark.parametrize("body", [MISTYPED, ENDLESS], ids=["mistyped", "endless"])
def test_values_of_other_types(rawdock_command, words, body):
    with engine_that_says(b"HTTP/1.1 200 OK\r\n", body) as address:
        status, out, err = ended(rawdock_command, address, words)
    assert status not in (0, None) and err.count(b"\n") == 1 and b"Traceback" not in err, err


def test_a_refusal_cannot_steer_the_terminal(rawdock_command):
    with engine_that_says(b"HTTP/1.1 404 Not Found\r\n", b'{"message":"a\\u001b[31mred\\u0007\\nline2"}') as address:
        status, out, err = ended(rawdock_command, address, ["ps"])
    assert (status, out, err) == (1, b"", b"Error response from daemon: a\\x1b[31mred\\x07 line2\n")


def test_a_switch_that_was_not_asked_for_is_no_removal(rawdock_command):
    with engine_that_says(b"HTTP/1.1 101 UPGRADED\r\n", b"") as address:
        status, out, err = ended(rawdock_command, address, ["rm", "x"])
    assert (status, out) == (1, b"") and err.count(b"\n") == 1


def test_an_image_without_a_name(rawdock_command):
    status, out, err = ended(rawdock_command, "unix:///nowhere", ["run", ""])
    assert status == 125 and b"image" in err and b"empty" in err


def test_output_that_cannot_be_written_is_said_to_be_ours(rawdock_command):
    with open("/dev/full", "wb") as full, engine_that_says(b"HTTP/1.1 200 OK\r\n", b"[]") as address:
        ran = subprocess.run(rawdock_command + ["-H", address, "ps"], stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert ran.returncode == 1 and ran.stderr == b"rawdock: cannot write to stdout: %s\n" % os.strerror(28).encode()
