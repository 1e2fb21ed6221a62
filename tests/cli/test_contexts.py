"""`context` with malformed files in its store, and with malformed archives: an error of one line."""
import hashlib
import io
import json
import os
import tarfile
import zipfile

import pytest

from tests.cli.scripted_socket import clean_environment, run_to_end

GOOD = {"Name": "one", "Metadata": {}, "Endpoints": {"docker": {"Host": "unix:///one.sock"}}}


@pytest.fixture
def context(tmp_path, rawdock_command):
    """A function that runs `context` with some words → (exit status, stdout, stderr), each bytes."""
    def run(*words):
        ran = run_to_end(rawdock_command + ["context"] + list(words),
                         env=clean_environment(DOCKER_CONFIG=str(tmp_path)))
        assert b"Traceback" not in ran.err
        return ran.status, ran.out, ran.err
    return run


def folder_of(tmp_path, name="one", kind="meta"):
    return tmp_path / "contexts" / kind / hashlib.sha256(name.encode()).hexdigest()


def write_context(tmp_path, metadata):
    """Write a context called one whose meta.json is `metadata`: a JSON value, or bytes."""
    folder_of(tmp_path).mkdir(parents=True)
    data = metadata if isinstance(metadata, bytes) else json.dumps(metadata).encode()
    (folder_of(tmp_path) / "meta.json").write_bytes(data)


@pytest.mark.parametrize("metadata", [
    [], dict(GOOD, Name=5), dict(GOOD, Metadata="x"), dict(GOOD, Metadata={"Description": 5}),
    dict(GOOD, Endpoints="docker"), dict(GOOD, Endpoints={"docker": "x"}),
    dict(GOOD, Endpoints={"docker": {"Host": 5}}), dict(GOOD, Endpoints={"docker": {"SkipTLSVerify": "yes"}}),
], ids=json.dumps)
def test_metadata_of_other_types_is_an_error_of_one_line(tmp_path, context, metadata):
    write_context(tmp_path, metadata)
    for words in (["ls"], ["update", "one", "--description", "new"]):
        status, out, err = context(*words)
        assert (status, out, err.count(b"\n")) == (1, b"", 1)
    assert json.loads((folder_of(tmp_path) / "meta.json").read_bytes().decode()) == metadata


def test_members_that_are_null_count_as_missing(tmp_path, context):
    write_context(tmp_path, {"Name": "one", "Metadata": None, "Endpoints": {"docker": None}})
    status, out, err = context("ls", "--format", "{{.Name}} {{.Error}}")
    assert (status, out, err) == (0, b"default \none cannot find docker endpoint in context\n", b"")
    assert context("create", "two", "--docker", "from=one")[0] == 1


def test_bytes_outside_utf8_and_half_surrogate_pairs_do_not_hide_a_context(tmp_path, context):
    write_context(tmp_path, json.dumps(dict(GOOD, Metadata={"Description": "X\ud800"})).encode()
                  .replace(b"X", b"\xff"))
    (tmp_path / "config.json").write_text('{"currentContext": "\\udfff"}')
    assert context("ls", "-q") == (0, b"default\none\n\\udfff\n", b"")
    status, out, err = context("export", "one", "-")
    assert (status, err) == (0, b"")
    (tmp_path / "one.tar").write_bytes(out)
    assert context("import", "two", str(tmp_path / "one.tar"))[0] == 0
    assert context("use", "two")[0] == 0


def test_what_else_lies_in_the_store_is_passed_over(tmp_path, context):
    write_context(tmp_path, GOOD)
    (folder_of(tmp_path).parent / ".DS_Store").write_text("x")
    folder_of(tmp_path, "empty").mkdir()
    place = folder_of(tmp_path, kind="tls")
    (place / "docker" / "folder").mkdir(parents=True)
    (place / ".DS_Store").write_text("x")
    (place / "docker" / ("long" * 40)).write_text("x")   # longer than a name in a header of ustar
    assert context("ls", "-q") == (0, b"default\none\n", b"")
    status, out, err = context("export", "one", "-")
    with tarfile.open(fileobj=io.BytesIO(out)) as archive:
        assert archive.getnames() == ["meta.json", "tls", "tls/docker", "tls/docker/" + "long" * 40]
    assert (status, err) == (0, b"")


def tar_of(*names):
    """An archive (bytes) of a context in which these files (str) are, in the format that takes any name."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in [("meta.json", json.dumps(GOOD).encode())] + [(name, b"x") for name in names]:
            member = tarfile.TarInfo("replaced by the pax header")
            member.pax_headers, member.size = {"path": name}, len(data)
            tar.addfile(member, io.BytesIO(data))
    return archive.getvalue()


def zip_of(method):
    """An archive (bytes) of a context, compressed by a method of zipfile, with a byte of it changed."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", method) as file:
        file.writestr("meta.json", json.dumps(GOOD))
    data = bytearray(archive.getvalue())
    data[60:64] = b"\xff\xff\xff\xff"   # in the compressed bytes
    return bytes(data)


def zip_with_a_name_that_is_no_utf8():
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("tls/docker/\xe9", "x")
    return archive.getvalue().replace("\xe9".encode(), b"\xff\xff")


@pytest.mark.parametrize("data", [
    tar_of("tls/docker/a\0b"), tar_of("tls/docker/ca.pem", "tls/docker/" + "x" * 300), tar_of("tls/../../x"),
    tar_of("/tls/docker/x"), zip_of(zipfile.ZIP_STORED), zip_of(zipfile.ZIP_DEFLATED),
    zip_of(zipfile.ZIP_BZIP2), zip_of(zipfile.ZIP_LZMA), zip_with_a_name_that_is_no_utf8(),
], ids=["NUL", "long", "dots", "absolute", "stored", "deflated", "bzip2", "lzma", "latin-1"])
def test_an_archive_that_is_not_all_right_leaves_nothing(tmp_path, context, data):
    (tmp_path / "archive").write_bytes(data)
    status, out, err = context("import", "two", str(tmp_path / "archive"))
    assert (status, out, err.count(b"\n")) == (1, b"", 1)
    files = [name for _, _, names in os.walk(str(tmp_path)) for name in names]
    assert files == ["archive"]
