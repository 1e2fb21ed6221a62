"""ExportFiles: private files, no links, one flag a file; nothing is emptied before all are needed."""
import os
import stat

import pytest

from rawdock.errors import UsageError
from rawdock.teach.explain.exports import ExportFiles, open_export


def mode_of(path):
    return stat.S_IMODE(os.stat(str(path)).st_mode)


def test_a_new_file_is_private_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        with ExportFiles([("har", str(tmp_path / "a"))]) as files:
            files.empty()
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "a") == 0o600


def test_an_existing_file_becomes_private_and_keeps_its_content_until_it_is_emptied(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old content")
    path.chmod(0o644)
    with ExportFiles([("record", str(path))]) as files:
        assert mode_of(path) == 0o600 and path.read_bytes() == b"old content"
        files.empty()
        files.files["record"].write(b"new")
    assert path.read_bytes() == b"new"


def test_files_that_are_not_used_are_as_they_were(tmp_path):
    (tmp_path / "old").write_bytes(b"old")
    with ExportFiles([("har", str(tmp_path / "old")), ("html", str(tmp_path / "new"))]):
        pass
    assert os.listdir(str(tmp_path)) == ["old"] and (tmp_path / "old").read_bytes() == b"old"


@pytest.mark.parametrize("target", ["old", "nowhere"])
def test_a_symbolic_link_is_not_followed(tmp_path, target):
    (tmp_path / "old").write_bytes(b"old")
    (tmp_path / "old").chmod(0o644)
    os.symlink(target, str(tmp_path / "link"))
    with pytest.raises(UsageError) as raised:
        ExportFiles([("html", str(tmp_path / "new")), ("record", str(tmp_path / "link"))])
    assert raised.value.message.endswith("/link: it is a symbolic link, which is not followed")
    assert sorted(os.listdir(str(tmp_path))) == ["link", "old"] and (tmp_path / "old").read_bytes() == b"old"
    assert mode_of(tmp_path / "old") == 0o644


def test_a_link_among_the_folders_is_no_matter(tmp_path):
    (tmp_path / "folder").mkdir()
    os.symlink("folder", str(tmp_path / "link"))
    with ExportFiles([("html", str(tmp_path / "link" / "a"))]) as files:
        files.empty()
    assert os.listdir(str(tmp_path / "folder")) == ["a"]


@pytest.mark.parametrize("second", ["a", "./a", "link/a", "../%s/a", "hard"])
@pytest.mark.parametrize("exists", [True, False])
def test_one_file_is_not_written_by_two_flags(tmp_path, monkeypatch, second, exists):
    monkeypatch.chdir(str(tmp_path))
    os.symlink(".", "link")
    if exists or second == "hard":
        (tmp_path / "a").write_bytes(b"old")
        os.link("a", "hard")
    with pytest.raises(UsageError) as raised:
        ExportFiles([("record", "a"), ("html", second.replace("%s", tmp_path.name))])
    assert "that file is written by --record already" in str(raised.value)
    assert not os.path.exists("a") or (tmp_path / "a").read_bytes() == b"old"
    assert os.path.exists("a") is (exists or second == "hard")


def test_what_is_read_is_not_written(tmp_path):
    path = tmp_path / "capture"
    path.write_bytes(b"bytes")
    with open(str(path), "rb") as source:
        for place in (str(path), source.fileno()):
            with pytest.raises(UsageError) as raised:
                ExportFiles([("html", str(path))], place)
            assert "that file is the one that is read" in str(raised.value) and path.read_bytes() == b"bytes"


def test_one_path_that_cannot_be_opened_leaves_the_others_alone(tmp_path):
    (tmp_path / "old").write_bytes(b"old")
    for bad, reason in ((tmp_path / "no" / "where", "no such file or directory"),
                        (tmp_path, "is a directory")):
        with pytest.raises(UsageError) as raised:
            ExportFiles([("record", str(tmp_path / "old")), ("har", str(tmp_path / "new")),
                         ("html", str(bad))])
        assert raised.value.message == "--html %s: %s" % (bad, reason)
        assert os.listdir(str(tmp_path)) == ["old"] and (tmp_path / "old").read_bytes() == b"old"


def test_a_file_of_another_user_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "theirs"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "geteuid", lambda: os.stat(str(path)).st_uid + 1)
    with pytest.raises(UsageError) as raised:
        ExportFiles([("record", str(path))])
    assert "belongs to another user" in str(raised.value) and path.read_bytes() == b"old"


def test_devices_and_fifos_are_written_as_they_are(tmp_path):
    fifo = str(tmp_path / "fifo")
    os.mkfifo(fifo, 0o644)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with ExportFiles([("to", fifo), ("html", "/dev/null"), ("har", "/dev/null")]) as files:
            files.empty()
            files.files["to"].write(b"at once")
            assert os.read(reader, 100) == b"at once"
        assert mode_of(fifo) == 0o644
    finally:
        os.close(reader)


@pytest.mark.parametrize("spelling", ["/dev/fd/%d", "/proc/self/fd/%d"])
def test_a_descriptor_of_this_process_is_written_at_its_position(tmp_path, spelling):
    """As in `--to >(less)` and `--html /dev/stdout >page`: what the shell opened is not opened again."""
    path = tmp_path / "out"
    with open(str(path), "wb", buffering=0) as out:
        out.write(b"before ")
        with ExportFiles([("html", spelling % out.fileno())]) as files:
            files.empty()
            files.files["html"].write(b"page")
        out.write(b" after")
    assert path.read_bytes() == b"before page after"


def test_standard_output_has_a_name_too(tmp_path):
    for name, number in (("/dev/stdout", 1), ("/dev/stderr", 2)):
        descriptor, made = open_export(name)
        os.close(descriptor)
        assert not made
    with pytest.raises(OSError):
        open_export("/dev/fd/987654321")
