"""An engine behind ssh, with a program of ours in ssh's place: what it is given, how it ends, and that no
process is left, however rawdock ends.
"""
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from rawdock.engine.docker import Docker
from rawdock.errors import ConnectError
from rawdock.net.address import parse_address
from rawdock.net.dial import dial
from rawdock.net.ssh import ssh_command

from tests.net.fake_engine import FakeEngine
from tests.net.fake_ssh import FakeSsh, is_alive

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")

@pytest.fixture
def ssh(tmp_path, monkeypatch):
    return FakeSsh(tmp_path, monkeypatch)


def ping(peer):
    """A recipe: an engine that answers every request with its number."""
    while peer.request() is not None:
        peer.send(b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK")


@pytest.mark.parametrize("text, words", [   # recorded from docker CLI 28.2.2, but for the last one's quotes
    ("ssh://h", "-- h docker system dial-stdio"),
    ("ssh://@h:", "-- h docker system dial-stdio"),
    ("ssh://me@h", "-l me -- h docker system dial-stdio"),
    ("ssh://me@h:2222/run/d.sock",
     "-l me -p 2222 -- h docker --host unix:///run/d.sock system dial-stdio"),
    ("ssh://[::1]:22", "-p 22 -- ::1 docker system dial-stdio"),
    ("ssh://-oProxyCommand=x", "-- -oProxyCommand=x docker system dial-stdio"),
    ("ssh://-l@-h/", "-l -l -- -h docker --host unix:/// system dial-stdio"),
    ("ssh://h/a;reboot", "-- h docker --host 'unix:///a;reboot' system dial-stdio"),
])
def test_the_words_are_dockers(text, words):
    assert ssh_command(parse_address(text)) == ["ssh", "-o ConnectTimeout=30", "-T"] + words.split(" ")


def test_one_process_a_connection_and_each_is_reaped(ssh):
    with FakeEngine(ping) as engine:
        ssh.will("bridge()", engine)
        with Docker("ssh://me@far:22") as docker:
            assert docker.request("GET", "/_ping").read() == b"OK"
            assert docker.request("GET", "/_ping").read() == b"OK"
            with docker.connect() as other:
                assert other.request("GET", "/_ping").read() == b"OK"
        assert engine.accepted == 2
    assert [start["words"][2:6] for start in ssh.starts] == [["-l", "me", "-p", "22"]] * 2
    assert not any(is_alive(start["pid"]) for start in ssh.starts)


def test_what_the_terminal_and_timeout_send_passes_ssh_by(ssh):
    """In the group of ours, where it may read the terminal."""
    with FakeEngine(ping) as engine:
        ssh.will("bridge()", engine)
        with Docker("ssh://far") as docker:
            docker.request("GET", "/_ping").read()
    assert ssh.starts[0]["ignored"] == ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"]
    assert ssh.starts[0]["group"] == os.getpgrp()


def test_half_close_and_five_megabytes_each_way(ssh):
    content = os.urandom(5 << 20)

    def echo(peer):
        assert peer.request().headers["upgrade"] == "tcp"
        peer.send(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
        peer.send(b"all: " + peer.drain())

    with FakeEngine(echo) as engine:
        ssh.will("bridge()", engine)
        with Docker("ssh://far") as docker:
            upgrade = {"Connection": "Upgrade", "Upgrade": "tcp"}
            with docker.request("POST", "/attach", headers=upgrade, hijack=True).duplex(True) as pipe:
                pipe.send(content)
                pipe.close_write()
                assert b"".join(pipe) == b"all: " + content
    ssh.all_gone()


def test_a_stream_has_an_ssh_of_its_own(ssh):
    """The first one may be the master of the others: it ends after them, and so would its stream."""
    with FakeEngine(ping) as engine:
        ssh.will("bridge()", engine)
        with Docker("ssh://far") as docker:
            docker.request("GET", "/_ping").read()
            docker.request("POST", "/attach", hijack=True).close()
            docker.request("GET", "/_ping").read()
        assert engine.accepted == 2 and len(ssh.starts) == 2


def failure_of(ssh, script, address="ssh://me@far"):
    ssh.will(script)
    with Docker(address, version="1.41") as docker:
        with pytest.raises(ConnectError) as caught:
            docker.container_list()
    ssh.all_gone()
    return caught.value


def test_what_ssh_says_is_in_the_error(ssh):
    error = failure_of(ssh, 'fail(255, "me@far: Permission denied", "", "\\tagain\\x1b[2J")')
    assert error.message == (
        "error during connect: command [ssh -o ConnectTimeout=30 -T -l me -- far docker system dial-stdio] "
        "has exited with exit status 255, make sure the URL is valid, and Docker 18.09 or later is "
        "installed on the remote host: stderr=me@far: Permission denied again\x1b[2J")
    assert "`ssh -l me -- far docker version`" in error.hint and not error.connected and error.errno is None
    assert "`ssh -- far docker version`" in failure_of(ssh, 'fail(1, "no")', "ssh://far").hint
    assert "exited with signal 9," in str(failure_of(ssh, "os.kill(os.getpid(), 9)"))


def test_what_ssh_says_is_bounded_and_its_end_is_shown(ssh):
    error = failure_of(ssh, 'fail(255, *["@" * 60] * 5000 + ["Host key verification failed."])')
    assert error.message.endswith("@ Host key verification failed.") and len(error.message) < 700


def test_an_error_does_not_wait_for_a_shared_connection(ssh):
    """The master of ControlPersist goes on with ssh's stderr open."""
    error = failure_of(ssh, "pid = os.fork()\n"
                            "if pid: fail(255, 'gone %d' % pid)\n"
                            "os.close(0); os.close(1); signal.pause()")
    master = int(error.message.rpartition(" ")[2])
    os.kill(master, signal.SIGKILL)


def test_an_ssh_that_ends_in_the_middle(ssh):
    ssh.will("os.write(1, b'HTTP/1.1 200 OK\\r\\nContent-Length: 9\\r\\n\\r\\nhalf')\nfail(255, 'reset')")
    with Docker("ssh://far", version="1.41") as docker:
        response = docker.request("GET", "/x")
        with pytest.raises(ConnectError) as caught:
            response.read()
    assert str(caught.value).startswith("lost the engine at ssh://far: command [ssh ")
    assert caught.value.message.endswith("stderr=reset") and caught.value.connected
    ssh.all_gone()


def test_an_end_without_a_failure_is_the_end(ssh):
    assert "without an answer" in str(failure_of(ssh, "os._exit(0)"))


def test_there_is_no_ssh(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConnectError, match=r"\(ssh cannot be started: No such file or directory") as caught:
        dial(parse_address("ssh://far"))
    assert "openssh-client" in caught.value.hint


def test_one_that_does_not_end_is_killed(ssh, monkeypatch):
    monkeypatch.setattr(sys.modules[ssh_command.__module__], "ALARM_SECONDS", 0.05)
    ssh.will("stay(signal.SIGALRM)")
    sock = dial(parse_address("ssh://far"))
    assert sock.recv(1) == b"H"
    sock.close()
    sock.close()
    assert not is_alive(ssh.starts[0]["pid"])


def test_hanging_up_ends_a_read_at_once(ssh):
    ssh.will("stay()")
    sock = dial(parse_address("ssh://far"))
    assert sock.recv(1) == b"H"
    begun = time.monotonic()
    sock.shutdown(socket.SHUT_RDWR)
    while sock.recv(4096):
        pass
    assert time.monotonic() - begun < 9   # not the 10 s that ssh may take to exit
    sock.close()
    ssh.all_gone()


def test_a_child_that_closes_leaves_the_parents_ssh(ssh):
    ssh.will("stay()")
    sock = dial(parse_address("ssh://far"))
    assert sock.recv(1) == b"H"
    child = os.fork()
    if not child:
        sock.close()
        os._exit(0)
    os.waitpid(child, 0)
    assert is_alive(ssh.starts[0]["pid"])
    sock.close()
    assert not is_alive(ssh.starts[0]["pid"])


def test_one_started_in_a_thread_outlives_it(ssh):
    """Linux's death signal comes when the thread ends that started the process."""
    import threading
    ssh.will("stay()")
    socks = []
    thread = threading.Thread(target=lambda: socks.append(dial(parse_address("ssh://far"))))
    thread.start()
    thread.join()
    assert socks[0].recv(1) == b"H"
    assert is_alive(ssh.starts[0]["pid"])
    socks[0].close()


@pytest.mark.parametrize("number, status", [
    (signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_nothing_is_left_of_a_rawdock_that_a_signal_ends(ssh, rawdock_command, number, status):
    """The signal goes to the whole group, which is what a terminal does."""
    ssh.will("stay(signal.SIGALRM, signal.SIGPIPE)" if number == signal.SIGKILL else "stay()")
    process = subprocess.Popen(rawdock_command + ["-H", "ssh://far", "GET", "/events"], preexec_fn=os.setpgrp,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    pid = ssh.wait_for_start()
    assert is_alive(pid)
    if number == signal.SIGKILL:
        process.kill()
    else:
        os.killpg(process.pid, number)
    process.communicate(timeout=60)
    assert process.returncode == status
    ssh.all_gone()
