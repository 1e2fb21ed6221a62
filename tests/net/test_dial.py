"""Dialling: each way it can fail is one clear line with a hint, and no hint ever loosens permissions."""
import errno
import os
import socket
import subprocess
import sys
from contextlib import closing

import pytest

from rawdock.errors import ConnectError, Timeout
from rawdock.net.address import parse_address
from rawdock.net.dial import dial


def refused(address, number, says):
    with pytest.raises(ConnectError) as caught:
        dial(parse_address(address), 5)
    error = caught.value
    assert error.errno == number and str(error.address) == str(parse_address(address))
    assert says in str(error) and str(error).startswith(
        "Cannot connect to the Docker daemon at %s. Is the docker daemon running? (" % address)
    assert "\n" not in str(error) + error.hint
    assert "-H" in error.hint and "chmod" not in str(error) + error.hint
    return error


def test_unix_failures(tmp_path):
    place = "unix://%s/" % tmp_path
    refused(place + "none", errno.ENOENT, "no such socket")
    refused(place + "no/such/folder", errno.ENOENT, "no such socket")
    refused(place, errno.ECONNREFUSED, "is a directory")
    (tmp_path / "file").write_text("")
    refused(place + "file", errno.ECONNREFUSED, "is not a socket")
    refused(place + "file/nested", errno.ENOTDIR, "not a directory")
    os.symlink(str(tmp_path / "loop"), str(tmp_path / "loop"))
    refused(place + "loop", errno.ELOOP, "symbolic links")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "stale"))
    error = refused(place + "stale", errno.ECONNREFUSED, "nobody listens")
    assert "start it" in error.hint


def test_no_descriptor_left():
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = os.open(os.devnull, os.O_RDONLY)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest, limits[1]))
        for text in ("unix:///nowhere", "tcp://127.0.0.1:1"):
            with pytest.raises(ConnectError, match="(?i)too many open files") as caught:
                dial(parse_address(text), 1)
            assert caught.value.errno == errno.EMFILE
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        os.close(highest)


def test_permission_denied(tmp_path):
    """As an ordinary user, in a process of its own: root is denied nothing."""
    folder = tmp_path / "shut"
    folder.mkdir()
    path = str(folder / "s")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(1)
        os.chmod(str(folder), 0)
        program = ("import os\n"
                   "from rawdock.net.address import parse_address\n"
                   "from rawdock.net.dial import dial\n"
                   "from rawdock.errors import ConnectError\n"
                   "if os.getuid() == 0: os.setgid(65534); os.setuid(65534)\n"
                   "try:\n    dial(parse_address('unix://%s'))\n"
                   "except ConnectError as error:\n    print(error.errno); print(error); print(error.hint)\n"
                   % path)
        if os.environ.get("RAWDOCK_SINGLE_FILE"):
            program = program.replace("rawdock.net.address",
                                      "rawdock").replace("rawdock.net.dial",
                                                         "rawdock").replace("rawdock.errors", "rawdock")
        ran = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, cwd=str(tmp_path))
        output = ran.communicate(timeout=30)[0].decode()
        os.chmod(str(folder), 0o700)
    assert ran.returncode == 0, output
    number, message, hint = output.splitlines()
    assert int(number) == errno.EACCES and "permission denied" in message
    assert "group" in hint and "chmod" not in output


def test_tcp_failures():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        refused("tcp://127.0.0.1:%d" % taken.getsockname()[1], errno.ECONNREFUSED, "refused")
    with pytest.raises(ConnectError, match="host 'no-such-host.invalid' is not known") as caught:
        dial(parse_address("tcp://no-such-host.invalid"), 5)
    assert "check the name" in caught.value.hint
    for host in ("a" * 64 + ".example", "a..b", "ü" * 70):   # names that cannot even be looked up
        with pytest.raises(ConnectError, match="is not known"):
            dial(parse_address("tcp://" + host), 5)


def test_what_is_not_dialled():
    with pytest.raises(ConnectError, match="practice"):
        dial(parse_address("practice:"))


def test_unix_and_tcp_connect(tmp_path):
    for address, family, place in (("unix://%s/s" % tmp_path, socket.AF_UNIX, str(tmp_path / "s")),
                                   ("tcp://127.0.0.1:%d", socket.AF_INET, ("127.0.0.1", 0))):
        with socket.socket(family) as listener:
            listener.bind(place)
            listener.listen(1)
            if family == socket.AF_INET:
                address %= listener.getsockname()[1]
            with closing(dial(parse_address(address), 5)) as sock:
                assert sock.gettimeout() is None
                listener.accept()[0].close()


def test_connect_timeout_and_a_queue_that_empties(tmp_path):
    """A Unix listener with a full queue answers EAGAIN to a socket with a timeout: that is waited out."""
    address = parse_address("unix://%s/s" % tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen(0)
        waiting = []
        with pytest.raises(Timeout) as caught:
            for _ in range(10):
                waiting.append(dial(address, 0.1))
        assert caught.value.phase == "connect" and caught.value.seconds == 0.1 and caught.value.received == 0
        from threading import Timer
        timer = Timer(0.1, lambda: listener.accept()[0].close())
        timer.start()
        waiting.append(dial(address, 5))
        timer.join()
        for sock in waiting:
            sock.close()
