"""The context of a build as a stream: memory, what changes while it is sent, what is no archive."""
import io
import os
import shutil
import tarfile
import tempfile
import tracemalloc

import pytest

from rawdock.engine.build_context import (ContextDirectory, compress_pieces, context_root, find_dockerfile,
                                    ignore_file_patterns, is_archive, outside_dockerfile, stream_context)
from rawdock.errors import UsageError

NOBODY = 65534


def names_of(pieces):
    with tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as tar:
        return tar.getnames()


def test_a_large_file_takes_little_memory(tmp_path):
    with open(str(tmp_path / "zeros"), "wb") as file:
        file.truncate(64 << 20)
    context = ContextDirectory(str(tmp_path))
    tracemalloc.start()
    size = sum(map(len, context))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size == 512 + (64 << 20) + 1024 and peak < 2 << 20


def test_a_file_that_becomes_shorter_is_an_error(tmp_path):
    path = str(tmp_path / "f")
    with open(path, "wb") as file:
        file.write(bytes(1 << 20))
    pieces = iter(ContextDirectory(str(tmp_path)))
    next(pieces)
    os.truncate(path, 300000)
    with pytest.raises(UsageError, match="shorter"):
        list(pieces)


def test_a_file_that_goes_away_is_an_error(tmp_path):
    for name in "ab":
        with open(str(tmp_path / name), "wb") as file:
            file.write(bytes(1 << 20))
    pieces = iter(ContextDirectory(str(tmp_path)))
    next(pieces)
    os.unlink(str(tmp_path / "b"))
    with pytest.raises(UsageError, match="lstat .*/b: no such file"):
        list(pieces)


@pytest.fixture
def unprivileged_folder():
    """A new directory of the user who this process is meanwhile: root, who may read everything, is nobody."""
    folder = tempfile.mkdtemp()
    root = os.geteuid() == 0
    if root:
        os.chown(folder, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield folder
    finally:
        if root:
            os.setresuid(0, 0, 0)
        shutil.rmtree(folder)


def test_what_may_not_be_read_is_an_error_before_anything_is_sent(unprivileged_folder):
    file, folder = os.path.join(unprivileged_folder, "f"), os.path.join(unprivileged_folder, "d")
    open(file, "wb").close()
    os.chmod(file, 0)
    with pytest.raises(UsageError, match="error checking context: no permission to read from"):
        ContextDirectory(unprivileged_folder).check()
    os.chmod(file, 0o600)
    os.mkdir(folder, 0)
    with pytest.raises(UsageError, match="error checking context: can't stat"):
        ContextDirectory(unprivileged_folder).check()
    os.chmod(folder, 0o700)


def test_a_context_can_be_read_twice(tmp_path):
    (tmp_path / "f").write_bytes(b"1")
    os.link(str(tmp_path / "f"), str(tmp_path / "g"))
    context = ContextDirectory(str(tmp_path), added={"h": b"2"})
    assert names_of(context) == ["f", "g", "h"]


def test_a_deep_tree_needs_no_recursion(tmp_path):
    place = str(tmp_path)
    for _ in range(900):
        place += "/d"
        os.mkdir(place)
    assert sum(1 for _ in ContextDirectory(str(tmp_path)).walk()) == 900


@pytest.mark.parametrize("data, archive", [
    (b"", False), (b"FROM scratch\n", False), (bytes(1024), False), (b"\x1f\x8b\x08", True), (b"BZh9", True),
    (b"\xfd7zXZ\x00", True), (b"\x28\xb5\x2f\xfd", True), (b"\x1f\x8b", False)])
def test_what_is_an_archive(data, archive):
    assert is_archive(data) is archive


def test_a_tar_passes_as_it_is_however_it_arrives(tmp_path):
    (tmp_path / "Dockerfile").write_bytes(b"FROM scratch\n")
    data = b"".join(ContextDirectory(str(tmp_path)))

    class Slow(io.BytesIO):
        def read(self, size=-1):
            return io.BytesIO.read(self, min(size, 7))

    for file in (io.BytesIO(data), Slow(data)):
        pieces, dockerfile, _ = stream_context(file, "x")
        assert (b"".join(pieces), dockerfile) == (data, "x")
    pieces, dockerfile, _ = stream_context(io.BytesIO(b"FROM scratch\n"))
    assert (names_of(pieces), dockerfile) == (["Dockerfile"], "Dockerfile")
    with pytest.raises(UsageError, match="not an archive"):
        stream_context(io.BytesIO(b"FROM x"), "-")
    assert names_of(compress_pieces([data])) == ["Dockerfile"]


def test_a_dockerfile_without_an_end_is_an_error():
    class Endless:
        def read(self, size):
            return b"#" * size

    with pytest.raises(UsageError, match="larger than 16777216 bytes"):
        stream_context(Endless())


def test_a_dockerfile_has_one_name_for_its_content(tmp_path):
    """So that equal contexts are equal tars, and a builder that does not hide the name finds its cache."""
    name, files = outside_dockerfile(str(tmp_path), b"FROM a\n", hide=True)
    assert (name, files) == outside_dockerfile(str(tmp_path), b"FROM a\n", hide=True)
    assert name != outside_dockerfile(str(tmp_path), b"FROM b\n", hide=True)[0]
    assert files[".dockerignore"] == b".dockerignore\n%s\n" % name.encode()
    assert outside_dockerfile(str(tmp_path), b"FROM a\n", hide=False)[1] == {name: b"FROM a\n"}


def test_an_ignore_file_beside_the_dockerfile_is_buildkits(tmp_path):
    (tmp_path / "x.Dockerfile.dockerignore").write_bytes(b"own\n")
    (tmp_path / ".dockerignore").write_bytes(b"common\n")
    root = context_root(str(tmp_path))
    assert ignore_file_patterns(root) == ignore_file_patterns(root, "other") == ["common"]
    assert ignore_file_patterns(root, "x.Dockerfile") == ["own"]
    assert find_dockerfile(root, str(tmp_path / ".dockerignore")) == ".dockerignore"


def test_an_ignore_file_that_is_a_link_to_nothing_is_none(tmp_path):
    (tmp_path / ".dockerignore").symlink_to("nowhere")
    assert ignore_file_patterns(str(tmp_path)) == []
    name, files = outside_dockerfile(str(tmp_path), b"FROM a\n", hide=True)
    assert files[".dockerignore"] == b".dockerignore\n%s\n" % name.encode()
    (tmp_path / ".dockerignore").unlink()
    (tmp_path / ".dockerignore").symlink_to(".dockerignore")
    with pytest.raises(UsageError, match="too many levels"):
        ignore_file_patterns(str(tmp_path))


def test_parts_of_files_are_compressed_too(tmp_path):
    (tmp_path / "large").write_bytes(os.urandom(300000))
    context = ContextDirectory(str(tmp_path))
    assert any(not isinstance(part, bytes) for part in context.parts())
    whole = b"".join(compress_pieces(context.parts()))
    with tarfile.open(fileobj=io.BytesIO(whole)) as tar:
        assert tar.extractfile("large").read() == (tmp_path / "large").read_bytes()
