"""The files of practice containers: the shell's, tars by plain sockets and tarfile, volumes, bounds."""
import base64
import io
import json
import tarfile
import threading

import pytest

from rawdock.teach.practice.files import (MAX_TREE_BYTES, FileProblem, PracticeFiles, PracticeTree, file_node,
                                          folder_node, join_path)
from tests.teach.practice.practice_wire import (Wire, ask, create, frames_of, logs, output_of, shell,
                                                start)


@pytest.mark.parametrize("script, out, err, status", [
    ("echo a > /tmp/f; echo b >> /tmp/f; cat /tmp/f; wc -l < /tmp/f", b"a\nb\n2\n", b"", 0),
    ("cd /tmp && mkdir -p d/e && echo x > d/e/g && cat d/e/g; pwd", b"x\n/tmp\n", b"", 0),
    ("(cd /tmp; echo in > f); pwd; cat /tmp/f", b"/\nin\n", b"", 0),
    ("nosuch 2> /tmp/err; cat /tmp/err", b"sh: nosuch: not found\n", b"", 0),
    ("seq 20 > /tmp/n; head -2 /tmp/n; tail -n 1 /tmp/n; wc -l </tmp/n", b"1\n2\n20\n20\n", b"", 0),
    ("touch /tmp/t; [ -f /tmp/t ] && [ -d /tmp ] && [ ! -e /tmp/u ] && echo yes", b"yes\n", b"", 0),
    ("mkdir /tmp; echo $?", b"1\n", b"mkdir: can't create directory '/tmp': File exists\n", 0),
    ("rm /tmp; rm -rf /tmp/none; rm -rf /tmp; ls /tmp", b"", b"rm: can't remove '/tmp': Is a directory\nls:"
                                                             b" /tmp: No such file or directory\n", 1),
    ("echo x > /no/such; echo $?", b"1\n", b"sh: can't open /no/such: No such file or directory\n", 0),
    ("echo x > /tmp; cat < /none", b"", b"sh: can't open /tmp: Is a directory\nsh: can't open /none: No"
                                        b" such file or directory\n", 1),
    ("cd /none; cd /etc/passwd; pwd", b"/\n", b"sh: cd: can't cd to /none\n"
                                            b"sh: cd: can't cd to /etc/passwd\n", 0),
])
def test_the_shell_has_files(engine, script, out, err, status):
    assert shell(engine, script) == (out, err, status)


def test_a_full_disk_ends_the_program_and_not_the_container(engine):
    identity = create(engine, ["sh", "-c", "seq 99999 > /tmp/n; while cat /tmp/n >> /tmp/f; do :;"
                                           " done; echo full"])
    start(engine, identity)
    assert ask(engine, "POST", "/containers/%s/wait" % identity)[1]["StatusCode"] == 0
    frames = frames_of(logs(engine, identity))
    assert output_of(frames, 1) == b"full\n"
    assert output_of(frames, 2) == b"cat: write error: No space left on device\n"
    assert ask(engine, "DELETE", "/containers/" + identity)[0] == 204


def tar_of(*entries):
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, kind, content in entries:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mtime, entry.mode = kind, 1600000000, 0o640
            if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                entry.linkname = content
            else:
                entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content) if kind == tarfile.REGTYPE else None)
    return written.getvalue()


def put(engine, identity, path, data, query=""):
    with Wire(engine) as wire:
        wire.send(("PUT /containers/%s/archive?path=%s%s HTTP/1.1\r\nHost: x\r\nContent-Type:"
                   " application/x-tar\r\nContent-Length: %d\r\n\r\n"
                   % (identity, path, query, len(data))).encode() + data)
        line, fields = wire.head()
        return int(line.split(" ")[1]), wire.body(fields)


def test_tars_in_and_out(engine):
    identity = create(engine, ["sh", "-c", "cat /tmp/a/file /tmp/link /tmp/hard"])
    data = tar_of(("a", tarfile.DIRTYPE, b""), ("a/file", tarfile.REGTYPE, b"content\n"),
                  ("link", tarfile.SYMTYPE, "a/file"),
                  ("hard", tarfile.LNKTYPE, "a/file"), ("/abs", tarfile.REGTYPE, b"below /tmp"),
                  ("fifo", tarfile.FIFOTYPE, b""))
    assert put(engine, identity, "/tmp", data) == (200, b"")
    with Wire(engine) as wire:
        status, fields, body = wire.ask("GET", "/containers/%s/archive?path=/tmp/a/" % identity)
    stat = json.loads(base64.b64decode(fields["x-docker-container-path-stat"]).decode())
    assert (status, fields["content-type"], stat["name"],
            stat["mode"] >> 31) == (200, "application/x-tar", "a", 1)
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        entry = archive.getmember("a/file")
        assert archive.getnames() == ["a", "a/file"]
        assert (entry.mtime, entry.mode,
                archive.extractfile(entry).read()) == (1600000000, 0o640, b"content\n")
    with Wire(engine) as wire:
        status, fields, body = wire.ask("HEAD", "/containers/%s/archive?path=/tmp/link" % identity)
        stat = json.loads(base64.b64decode(fields["x-docker-container-path-stat"]).decode())
        assert (status, body, stat["linkTarget"], stat["mode"] >> 27) == (200, b"", "a/file", 1)
        assert wire.ask("GET", "/_ping")[0] == 200
    start(engine, identity)
    assert ask(engine, "POST", "/containers/%s/wait" % identity)[1]["StatusCode"] == 0
    assert output_of(frames_of(logs(engine, identity)), 1) == b"content\n" * 3
    assert {"Path": "/tmp/abs", "Kind": 1} in ask(engine, "GET", "/containers/%s/changes" % identity)[1]
    with Wire(engine) as wire:
        _, fields, body = wire.ask("GET", "/containers/%s/export" % identity)
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        assert {"bin/sh", "tmp/a/file", "tmp/link", "tmp/abs"} <= set(archive.getnames())


def changed_header(data, at):
    """A tar with one bit of its byte `at` changed."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


TWO_FILES = tar_of(("a", tarfile.REGTYPE, b"x"), ("b", tarfile.REGTYPE, b"y"))


# As dockerd 20.10 answers.
@pytest.mark.parametrize("data, problem", [
    (tar_of(("../../etc/evil", tarfile.REGTYPE, b"x")), '"../../etc/evil" is outside of "/tmp"'),
    (tar_of(("m", tarfile.SYMTYPE, "../../..")), 'invalid symlink "/tmp/m" -> "../../.."'),
    (tar_of(("h", tarfile.LNKTYPE, "../etc/passwd")), 'invalid hardlink "/etc/passwd" -> "../etc/passwd"'),
    (tar_of(("h", tarfile.LNKTYPE, "/etc/passwd")),
     "link /tmp/etc/passwd /tmp/h: no such file or directory"),
    (changed_header(TWO_FILES, 150), "archive/tar: invalid tar header"),
    (changed_header(TWO_FILES, 1024 + 2), "archive/tar: invalid tar header"),
    (b"junk" * 300, "archive/tar: invalid tar header"), (b"FROM busybox", "unexpected EOF"),
    (TWO_FILES[:1024 + 100], "unexpected EOF"),
    (tar_of(("b", tarfile.REGTYPE, b"x" * 2000))[:1000], "unexpected EOF")])
def test_a_tar_that_lies_is_refused_as_by_an_engine(engine, data, problem):
    status, body = put(engine, create(engine, ["true"]), "/tmp", data)
    assert status == 500
    assert json.loads(body.decode())["message"] == "Error processing tar file(exit status 1): " + problem


def test_a_link_of_a_tar_is_followed_inside_the_container_only(engine):
    identity = create(engine, ["cat", "/etc/through"])
    data = tar_of(("l", tarfile.SYMTYPE, "/etc"), ("l/through", tarfile.REGTYPE, b"x"))
    assert put(engine, identity, "/tmp", data)[0] == 200
    changed = [one["Path"] for one in ask(engine, "GET", "/containers/%s/changes" % identity)[1]]
    assert changed == ["/etc", "/etc/through", "/tmp", "/tmp/l"]


@pytest.mark.parametrize("data", [b"x" * 600, b"\x1f\x8b\x08" + b"x" * 600,
                                  tar_of(("a", tarfile.REGTYPE, b"x" * 2000))[:1000], b"BZh9" + b"y" * 90])
def test_what_is_no_tar_is_refused(engine, data):
    identity = create(engine, ["true"])
    status, body = put(engine, identity, "/tmp", data)
    assert status == 500 and b"Error processing tar file" in body
    assert put(engine, identity, "/tmp", b"") == (200, b"")
    assert put(engine, identity, "/tmp", b"\0" * 1024) == (200, b"")


def test_a_folder_and_a_file_of_one_name(engine):
    identity = create(engine, ["true"])
    assert put(engine, identity, "/tmp", tar_of(("a", tarfile.REGTYPE, b"x")))[0] == 200
    folder = tar_of(("a", tarfile.DIRTYPE, b""), ("a/b", tarfile.REGTYPE, b"y"))
    assert put(engine, identity, "/tmp", folder)[0] == 500
    assert ask(engine, "GET", "/containers/%s/archive?path=/tmp/a/" % identity)[0] == 400
    assert ask(engine, "GET", "/containers/%s/archive?path=/tmp/a" % identity)[0] == 200


def test_a_bomb_is_not_unpacked(engine):
    import gzip
    data = gzip.compress(tar_of(("zeros", tarfile.REGTYPE, b"\0" * (MAX_TREE_BYTES + 1))))
    status, body = put(engine, create(engine, ["true"]), "/tmp", data)
    assert status == 500 and b"No space left on device" in body


def test_volumes_are_shared_and_binds_stay_in_memory(engine, tmp_path):
    host = {"HostConfig": {"Binds": ["shared:/data", "%s:/host" % tmp_path]}}
    assert shell(engine, "echo kept > /data/f; echo lost > /host/f; ls /host", **host) == (b"f\n", b"", 0)
    assert shell(engine, "cat /data/f; ls /host", **host) == (b"kept\n", b"", 0)
    assert list(tmp_path.iterdir()) == []
    assert ask(engine, "DELETE", "/volumes/shared")[0] == 204


def test_links_that_go_round_and_folders_that_are_busy():
    volume = PracticeTree()
    files = PracticeFiles(threading.RLock(), {"/": folder_node(0), "/bin": folder_node(0),
                                              "/bin/sh": file_node(b"", 0o755, 0)}, {"/data": volume})
    files.put("/one", file_node(b"")._replace(kind="link", content=b"two"))
    files.put("/two", file_node(b"")._replace(kind="link", content=b"/one"))
    with pytest.raises(FileProblem):
        files.find("/one/x")
    with pytest.raises(FileProblem):
        files.remove("/data")
    files.write("/data/x", b"1")
    files.write("/data/x", b"2", True)
    assert volume.nodes["/x"].content == b"12" and files.names("/") == ["bin", "data", "one", "two"]
    assert files.read("/data/x") == b"12"
    files.remove("/bin")
    assert files.names("/") == ["data", "one", "two"] and {"Path": "/bin/sh", "Kind": 2} in files.changes()
    assert join_path("/a/b", "../c/./d//") == "/a/c/d" and join_path("/a", "/../..") == "/"
