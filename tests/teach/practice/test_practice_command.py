"""`rawdock practice --listen SOCK`: what it prints, what it serves, and that signals end it."""
import os
import signal
import socket
import subprocess

import pytest

from tests.cli.scripted_socket import clean_environment, run_to_end


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("prefix", ["", "unix://"])
def test_it_serves_until_a_signal_comes(rawdock_command, tmp_path, number, prefix):
    path = str(tmp_path / "practice.sock")
    process = subprocess.Popen(rawdock_command + ["practice", "--listen", prefix + path],
                               stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, env=clean_environment())
    line = process.stderr.readline()
    assert b"it runs no real program; DOCKER_HOST=unix://%s; " % path.encode() in line
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(60)
        client.connect(path)
        client.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
        with client.makefile("rb") as answer:
            assert answer.read().endswith(b"\r\n\r\nOK")
    process.send_signal(number)
    assert (process.communicate(timeout=60)[1], process.returncode, os.listdir(str(tmp_path))) == (b"", 0, [])


@pytest.mark.parametrize("words, expected", [
    ([], b"practice needs a place to listen"), (["--listen", "{}/file"], b"not a socket"),
    (["--listen", "{}/no/folder/s"], b"/no/folder/s")])
def test_where_it_cannot_listen_is_one_line(rawdock_command, tmp_path, words, expected):
    (tmp_path / "file").write_text("mine")
    ran = run_to_end(rawdock_command + ["practice"] + [word.replace("{}", str(tmp_path)) for word in words])
    assert ran.status != 0 and ran.out == b"" and expected in ran.err and b"Traceback" not in ran.err
    assert (tmp_path / "file").read_text() == "mine"
