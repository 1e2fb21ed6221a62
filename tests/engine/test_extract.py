"""What an archive must not do, and does not: engine/hostile_archives.py has the archives."""
import os
import subprocess

import pytest

from rawdock.engine import extract
from rawdock.engine.extract import MAX_NOTES, Extraction, IncompleteCopy, Notes, member_parts
from rawdock.errors import TruncatedError
from tests.engine import hostile_archives
from tests.engine.hostile_archives import CASES, END, FOLDER, LINK, OUTSIDE, look, member, run_case
from tests.pythons import pythons


@pytest.mark.parametrize("name", CASES)
def test_nothing_outside_is_touched(name, tmp_path):
    assert run_case(name, os.path.realpath(str(tmp_path))) == []


def test_there_are_many_archives():
    assert len(CASES) > 80


@pytest.mark.parametrize("python", [path for _, path in pythons()], ids=[name for name, _ in pythons()])
def test_on_every_python(python):
    ran = subprocess.run([python, "-W", "error", "-bb", hostile_archives.__file__], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, timeout=100)
    assert (ran.returncode, ran.stdout.decode()) == (0, "%d cases, 0 failed\n" % len(CASES))


def test_the_check_finds_an_extraction_that_follows_links(tmp_path, monkeypatch):
    monkeypatch.setattr(extract, "OPEN_FOLDER_FLAGS", extract.OPEN_FOLDER_FLAGS & ~os.O_NOFOLLOW)
    assert "something outside has changed" in run_case("a file through a relative link",
                                                       os.path.realpath(str(tmp_path)))


def test_the_check_finds_an_extraction_that_takes_any_name(tmp_path, monkeypatch):
    monkeypatch.setattr(extract, "member_parts", lambda name: tuple(name.encode().split(b"/")))
    assert run_case("a name with ..", os.path.realpath(str(tmp_path))) != []


@pytest.mark.parametrize("form", ["directory", "link"])
def test_a_directory_that_is_swapped_meanwhile(tmp_path, form):
    """CVE-2018-15664: what has been looked at is exchanged before it is used."""
    root = hostile_archives.make_folders(str(tmp_path))
    before = hostile_archives.snapshot(str(tmp_path), [root])
    with Extraction(root) as extraction:
        extraction.write(member("d/", FOLDER) + member("d/a"))
        os.rename(root + "/d", root + "/moved")
        if form == "link":
            os.symlink(OUTSIDE, root + "/d")
        else:
            os.mkdir(root + "/d")
        extraction.write(member("d/b") + member("other/c") + member("d/secret") + END)
        if form == "link":
            with pytest.raises(extract.MemberRefused):
                extraction.finish()   # the modes of d
        else:
            extraction.finish()
        assert extraction.refused.lines == (
            ["d/secret: d is a symbolic link, not a directory"] if form == "link" else [])
    assert hostile_archives.snapshot(str(tmp_path), [root]) == before
    assert look(root + "/moved/b") == "evil"   # it was open


def test_a_file_has_its_name_only_when_it_is_whole(tmp_path):
    data = member("a", data=b"x" * 2000) + END
    with Extraction(str(tmp_path)) as extraction:
        extraction.write(data[:1500])
        assert not (tmp_path / "a").exists() and len(os.listdir(str(tmp_path))) == 1
        extraction.write(data[1500:3000])
        assert os.listdir(str(tmp_path)) == ["a"]
        with pytest.raises(TruncatedError):
            extraction.finish()


def test_an_exception_removes_what_is_not_whole(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        with Extraction(str(tmp_path)) as extraction:
            extraction.write(member("a", data=b"x" * 2000)[:1500])
            raise KeyboardInterrupt
    assert os.listdir(str(tmp_path)) == []


def test_no_descriptor_stays_open(tmp_path):
    before = os.listdir("/proc/self/fd")
    with Extraction(str(tmp_path)) as extraction:
        extraction.write(member("a/b/c/d") + member("a/x/", FOLDER) + member("l", LINK, "a") + member("l/f"))
        extraction.write(member("h", hostile_archives.HARD, "a/b/c/d") + member("cut", size=9)[:514])
    assert os.listdir("/proc/self/fd") == before


def test_set_user_id_is_noted(tmp_path):
    with Extraction(str(tmp_path)) as extraction:
        extraction.write(member("a", mode=0o4755) + member("b", mode=0o6755) + member("c", mode=0o755) + END)
        extraction.finish()
    assert extraction.stripped.lines == ["a: removed set-user-ID",
                                         "b: removed set-user-ID and set-group-ID"]


def test_notes_are_counted_and_the_first_are_kept():
    notes = Notes()
    for number in range(MAX_NOTES + 5):
        notes.add(str(number))
    assert (len(notes.lines), notes.count) == (MAX_NOTES, MAX_NOTES + 5)
    assert str(IncompleteCopy("members of the archive were refused", notes)) == (
        "1005 members of the archive were refused")


@pytest.mark.parametrize("name, parts", [
    ("a/b", (b"a", b"b")), ("./a//b/", (b"a", b"b")), (".", ()), ("\u00e9", (b"\xc3\xa9",)),
    ("\udcff", (b"\xff",)), ("...", (b"...",)), ("a..b", (b"a..b",))])
def test_the_parts_of_a_name(name, parts):
    assert member_parts(name) == parts


def test_a_full_disk_is_an_error_with_the_name(tmp_path, monkeypatch):
    def full(descriptor, data):
        raise OSError(28, "No space left on device")

    with Extraction(str(tmp_path)) as extraction:
        monkeypatch.setattr(extract.os, "write", full)
        with pytest.raises(OSError, match='cannot write ".*/d/a": No space left on device'):
            extraction.write(member("d/a"))
    monkeypatch.undo()
    assert os.listdir(str(tmp_path / "d")) == []


def test_a_read_only_target_is_an_error_with_the_new_name(tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise OSError(30, "Read-only file system")

    with pytest.raises(OSError, match='cannot write ".*/new": Read-only file system'):
        with Extraction(str(tmp_path), lambda name: "new") as extraction:
            for name in ("open", "mkdir", "unlink"):
                monkeypatch.setattr(extract.os, name, refuse)
            extraction.write(member("a"))
