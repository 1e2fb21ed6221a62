"""engine/file_target: files that get their name once they are whole, links, devices, pipes, descriptors."""
import os
import socket
import threading

import pytest

from rawdock.engine.file_target import FileTarget, own_descriptor
from rawdock.errors import UsageError


def write(path, data=b"new", error=None):
    with FileTarget(str(path)) as descriptor:
        os.write(descriptor, data)
        if error is not None:
            raise error


def test_a_new_file_has_its_name_only_at_the_end(tmp_path):
    path = tmp_path / "file"
    with FileTarget(str(path)) as descriptor:
        os.write(descriptor, b"new")
        assert not path.exists() and len(os.listdir(str(tmp_path))) == 1
    assert path.read_bytes() == b"new" and os.listdir(str(tmp_path)) == ["file"]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("error", [OSError(28, "full"), KeyboardInterrupt(), SystemExit(143)], ids=repr)
def test_after_an_error_the_old_file_is_there(tmp_path, error):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(type(error)):
        write(path, b"new", error)
    assert path.read_bytes() == b"old" and os.listdir(str(tmp_path)) == ["file"]
    with pytest.raises(type(error)):
        write(tmp_path / "other", b"new", error)
    assert os.listdir(str(tmp_path)) == ["file"]


def test_a_name_taken_meanwhile_leaves_nothing(tmp_path):
    with pytest.raises(OSError):
        with FileTarget(str(tmp_path / "file")):
            (tmp_path / "file").mkdir()
    assert os.listdir(str(tmp_path)) == ["file"] and os.listdir(str(tmp_path / "file")) == []


def test_a_link_stays_and_what_it_points_to_is_replaced(tmp_path):
    (tmp_path / "far").mkdir()
    os.symlink("far/two", str(tmp_path / "one"))
    os.symlink("three", str(tmp_path / "far" / "two"))
    for data in (b"first", b"second"):   # at first it points to nothing
        write(tmp_path / "one", data)
        assert os.readlink(str(tmp_path / "one")) == "far/two"
        assert (tmp_path / "far" / "three").read_bytes() == data
    assert sorted(os.listdir(str(tmp_path / "far"))) == ["three", "two"]


def test_links_in_a_circle_are_refused(tmp_path):
    os.symlink("loop", str(tmp_path / "loop"))
    with pytest.raises(UsageError, match="too many levels of symbolic links"):
        FileTarget(str(tmp_path / "loop"))


def test_a_pipe_is_written_directly(tmp_path):
    os.mkfifo(str(tmp_path / "pipe"))
    os.symlink("pipe", str(tmp_path / "link"))
    read = []

    def reader():
        with open(str(tmp_path / "pipe"), "rb") as file:
            read.append(file.read())

    for name in ("pipe", "link"):
        thread = threading.Thread(target=reader)
        thread.start()
        write(tmp_path / name)
        thread.join()
    assert read == [b"new", b"new"] and sorted(os.listdir(str(tmp_path))) == ["link", "pipe"]


def test_a_device_is_written_directly():
    write("/dev/null")
    with pytest.raises(OSError, match="No space left"):
        write("/dev/full")


@pytest.mark.parametrize("form", ["/dev/fd/%d", "/proc/self/fd/%d"])
def test_an_own_descriptor_goes_on_where_it_is(tmp_path, form):
    path = tmp_path / "log"
    with open(str(path), "wb", buffering=0) as file:
        file.write(b"before ")
        write(form % file.fileno())
        file.write(b" after")
    assert path.read_bytes() == b"before new after" and os.listdir(str(tmp_path)) == ["log"]


def test_an_own_descriptor_may_be_a_socket_and_have_a_link(tmp_path):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        os.symlink("/dev/fd/%d" % ours.fileno(), str(tmp_path / "link"))
        write(tmp_path / "link")
        assert theirs.recv(10) == b"new"


@pytest.mark.parametrize("path, number", [
    ("/dev/stdout", 1), ("/dev/stderr", 2), ("/dev/fd/12", 12), ("/proc/self/fd/3", 3),
    ("/dev/fd/x", None), ("/dev/fd/-1", None), ("/dev/stdout/x", None), ("/tmp/dev/stdout", None),
    ("/dev/fd/\u0661", None)])
def test_names_of_descriptors(path, number):
    assert own_descriptor(path) == number


def test_what_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    listening = socket.socket(socket.AF_UNIX)
    with listening:
        listening.bind(str(tmp_path / "socket"))
        os.symlink("no/new", str(tmp_path / "nowhere"))
        os.symlink(".", str(tmp_path / "here"))
        mistakes = {}
        for name in (".", "here", "no/new", "nowhere", "file/new", "socket", "new/"):
            with pytest.raises(UsageError) as raised:
                FileTarget("%s/%s" % (tmp_path, name))
            mistakes[name] = str(raised.value).replace(str(tmp_path), "T")
    assert mistakes == {
        ".": "cannot write to a directory", "here": "cannot write to a directory",
        "no/new": "invalid output path: stat T/no: no such file or directory",
        "nowhere": "invalid output path: stat T/no: no such file or directory",
        "file/new": "invalid output path: stat T/file: not a directory",
        "socket": "cannot write to a socket",
        "new/": "invalid output path: stat T/new: no such file or directory"}
