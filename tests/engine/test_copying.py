"""What docker cp does with paths, and the archive of local files."""
import os
import socket
import tarfile

import pytest

from rawdock.engine.archives import (CopySide, LocalArchive, absolute_path, clean_path, copy_place, last_part,
                                     local_source, local_target, renaming, says_content, split_path)
from rawdock.engine.extract import MemberRefused
from rawdock.errors import UsageError


@pytest.mark.parametrize("path, cleaned, last, split", [
    ("/a/b", "/a/b", "b", ("/a", "b")), ("/a/b/", "/a/b", "b", ("/a", "b")),
    ("/a/.", "/a", ".", ("/a", ".")), ("/a/./", "/a", ".", ("/a", ".")), ("a", "a", "a", (".", "a")),
    ("a/b", "a/b", "b", ("a", "b")), (".", ".", ".", (".", ".")), ("/", "/", "/", ("/", "/")),
    ("//a//b", "/a/b", "b", ("/a", "b")), ("/a/../b", "/b", "b", ("/", "b")), ("/.", "/", ".", ("/", ".")),
    ("..", "..", "..", (".", "..")), ("/..", "/", "..", ("/", "/"))])
def test_paths(path, cleaned, last, split):
    assert (clean_path(path), last_part(path), split_path(path)) == (cleaned, last, split)
    assert says_content(path) is (last == ".")


def test_absolute_paths_keep_their_end(tmp_path, monkeypatch):
    monkeypatch.chdir(str(tmp_path))
    base = os.getcwd()
    paths = ("a", "a/", "a/.", ".", "./", "../x/", "/", "/.", "/b/../c/.")
    assert [absolute_path(path) for path in paths] == [
        base + "/a", base + "/a/", base + "/a/.", base + "/.", base + "/.",
        os.path.dirname(base) + "/x/", "/", "/.", "/c/."]


def test_an_absolute_path_needs_no_current_directory(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(str(tmp_path / "gone"))
    (tmp_path / "gone").rmdir()
    assert absolute_path("/a/./b/") == "/a/b/"
    with pytest.raises(FileNotFoundError):
        absolute_path("a")


FILE, FOLDER, LACKING = (CopySide("/here/" + name, exists, folder, "") for name, exists, folder in (
    ("f", True, False), ("d", True, True), ("new", False, False)))


@pytest.mark.parametrize("source, target, place", [
    (FILE, FOLDER, ("/here/d", None)), (FOLDER, FOLDER, ("/here/d", None)),
    (FILE, FILE, ("/here", "f")), (FOLDER, FILE, "cannot copy directory"),
    (FILE, LACKING, ("/here", "new")), (FOLDER, LACKING, ("/here", "new")),
    (FILE, LACKING._replace(path="/here/new/"), "no such directory"),
    (FOLDER, LACKING._replace(path="/here/new/"), ("/here", "new")),
    (FILE, LACKING._replace(path="/here/new/."), "no such directory")])
def test_where_a_copy_arrives(source, target, place):
    if isinstance(place, str):
        with pytest.raises(UsageError) as caught:
            copy_place(source, target)
        assert str(caught.value) == place
    else:
        assert copy_place(source, target) == place


@pytest.mark.parametrize("old, new, name, renamed", [
    ("a", None, "a/b", "a/b"), ("a", "x", "a/b", "x/b"), ("a", "x", "a", "x"), (".", None, "./b", "./b"),
    (".", None, "b", "b"), (".", "x", "b/c", "x/b/c"), (".", "x", ".", "x"), (".", None, ".b", ".b"),
    (".", "x", "./b", "x/b"), (".", "x", "./", "x/"), ("/", None, "/bin/sh", "bin/sh"), ("/", None, "/", ""),
    ("/", "x", "/bin/", "x/bin/"), ("/", "x", "/", "x/"), ("a", "x", "ab/c", None), ("a", None, "b", None),
    ("a", None, "../a", None), ("a", None, "/a", None), (".", None, "/b", None),
    (".", "x", "/b", None)])
def test_renaming(old, new, name, renamed):
    if renamed is None:
        with pytest.raises(MemberRefused):
            renaming(old, new)(name)
    else:
        assert renaming(old, new)(name) == renamed


def test_names_of_a_machine_without_utf8_are_those_of_archives():
    """As Python gives them in the C locale: a surrogate for each byte that is not ASCII."""
    assert renaming("\udcc3\udca9")("\u00e9/x") == "\u00e9/x"
    assert renaming("a", "\udcc3\udca9")("a/x") == "\u00e9/x"


def members(source, name, tmp_path):
    """The TarInfo of each member that a source of this machine gives, and the LocalArchive."""
    side = local_source(str(tmp_path) + "/" + source, False)
    packed = LocalArchive(side, renaming(split_path(side.path)[1], name))
    path = tmp_path / "archive.tar"
    path.write_bytes(b"".join(packed))
    with tarfile.open(str(path), encoding="utf-8") as tar:
        return tar.getmembers(), packed


def test_the_archive_of_a_tree(tmp_path):
    tree = tmp_path / "tree"
    (tree / "sub" / "deep").mkdir(parents=True)
    (tree / "a").write_bytes(b"x" * 300000)
    (tree / "z").write_bytes(b"")
    os.symlink("nowhere/at/all", str(tree / "link"))
    os.link(str(tree / "a"), str(tree / "sub" / "again"))
    os.mkfifo(str(tree / "pipe"))
    os.chmod(str(tree / "z"), 0o4751)
    os.utime(str(tree / "z"), (5, 1234567890.75))
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tree / "sub" / "socket"))
    found, packed = members("tree", None, tmp_path)
    assert [(one.name, one.type, one.size, one.linkname) for one in found] == [
        ("tree", tarfile.DIRTYPE, 0, ""), ("tree/a", tarfile.REGTYPE, 300000, ""),
        ("tree/link", tarfile.SYMTYPE, 0, "nowhere/at/all"), ("tree/pipe", tarfile.FIFOTYPE, 0, ""),
        ("tree/sub", tarfile.DIRTYPE, 0, ""), ("tree/sub/again", tarfile.LNKTYPE, 0, "tree/a"),
        ("tree/sub/deep", tarfile.DIRTYPE, 0, ""), ("tree/z", tarfile.REGTYPE, 0, "")]
    assert (found[-1].mode, found[-1].mtime, found[-1].uid) == (0o4751, 1234567890, os.getuid())
    assert packed.skipped.lines == ["%s/sub/socket is a socket, which an archive cannot have" % tree]
    assert [one.name for one in members("tree/.", None, tmp_path)[0]] == [
        ".", "./a", "./link", "./pipe", "./sub", "./sub/again", "./sub/deep", "./z"]
    renamed = members("tree/sub/", "new", tmp_path)[0]
    assert [one.name for one in renamed] == ["new", "new/again", "new/deep"]


def test_what_cannot_be_read_is_noted(tmp_path, monkeypatch):
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in ("a", "b"):
        (tree / name).write_bytes(b"x")
    os_open = os.open

    def refuse(path, *arguments, **named):
        if str(path).endswith("/a"):
            raise PermissionError(13, "Permission denied")
        return os_open(path, *arguments, **named)

    side = local_source(str(tree), False)
    packed = LocalArchive(side, renaming("tree"))
    monkeypatch.setattr(os, "open", refuse)
    data = b"".join(packed)
    assert packed.unreadable.lines == ["cannot read %s/a: Permission denied" % tree]
    assert b"tree/b" in data and b"tree/a" not in data


def test_a_file_that_becomes_shorter_breaks_the_archive(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"x" * 1000000)
    pieces = iter(LocalArchive(local_source(str(path), False), renaming("a")))
    next(pieces)
    path.write_bytes(b"")
    with pytest.raises(UsageError, match="has become shorter"):
        list(pieces)


def test_local_sources(tmp_path):
    base = os.path.realpath(str(tmp_path))
    (tmp_path / "d").mkdir()
    (tmp_path / "f").write_bytes(b"")
    for link, target in (("ld", "d"), ("lf", "f"), ("broken", "nowhere"), ("loop", "loop")):
        os.symlink(target, base + "/" + link)

    def source(path, follow=False):
        found = local_source(base + path, follow)
        return found.path[len(base):], found.directory, found.rename

    assert source("/f") == ("/f", False, "") and source("/ld") == ("/ld", False, "")
    assert source("/ld/") == ("/d/", True, "ld") and source("/ld/.") == ("/d/.", True, "")
    assert source("/ld", True) == ("/d", True, "ld") and source("/lf", True) == ("/f", False, "lf")
    assert source("/ld/.", True) == ("/d/.", True, "") and source("/ld/", True) == ("/d/", True, "ld")
    assert source("/broken") == ("/broken", False, "")
    for path, follow, error in (
            ("/no", False, "lstat %s/no: no such file or directory"), ("/f/", False, "not a directory"),
            ("/f/x", False, "not a directory"), ("/no/x", False, "lstat %s/no: no such file or directory"),
            ("/broken", True, "lstat %s/nowhere: no such file or directory"),
            ("/loop/x", False, "EvalSymlinks: too many links")):
        with pytest.raises(UsageError) as caught:
            source(path, follow)
        assert str(caught.value) == (error % base if "%s" in error else error)


def test_local_targets(tmp_path):
    base = os.path.realpath(str(tmp_path))
    (tmp_path / "d").mkdir()
    (tmp_path / "f").write_bytes(b"")
    for link, target in (("ld", "d"), ("lf", "f"), ("new", "d/made"), ("broken", "no/where"),
                         ("loop", "loop")):
        os.symlink(target, base + "/" + link)

    def target(path):
        found = local_target(base + path)
        return found.path[len(base):], found.exists, found.directory

    assert target("/d") == ("/d", True, True) and target("/f") == ("/f", True, False)
    assert target("/ld") == ("/d", True, True) and target("/lf") == ("/f", True, False)
    assert target("/new") == ("/d/made", False, False) and target("/d/x/") == ("/d/x/", False, False)
    for path, error in (
            ("/no/x", 'invalid output path: directory "%s/no" does not exist'),
            ("/broken", "stat %s/no: no such file or directory"), ("/f/x", "stat %s/f/x: not a directory"),
            ("/loop", "stat %s/loop: too many levels of symbolic links")):
        with pytest.raises(UsageError) as caught:
            target(path)
        assert str(caught.value) == error % base
    with pytest.raises(UsageError, match="got a device"):
        local_target("/dev/null")
