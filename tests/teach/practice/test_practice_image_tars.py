"""Images as tars in the practice engine: save, load and import, by plain sockets and tarfile."""
import gzip
import hashlib
import io
import json
import tarfile

import pytest

from rawdock.teach.practice.engine import PracticeEngine
from tests.teach.practice.practice_wire import Wire, ask, create, frames_of, logs, output_of, pull, start


@pytest.fixture
def engine():
    with PracticeEngine() as one:
        pull(one)
        yield one


def send_tar(engine, target, data):
    """POST a tar → (status, the list of messages, or the JSON of a refusal in a list)."""
    with Wire(engine) as wire:
        wire.send(("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-tar\r\n"
                   "Content-Length: %d\r\n\r\n" % (target, len(data))).encode() + data)
        line, fields = wire.head()
        body = wire.body(fields)
        return int(line.split(" ")[1]), [json.loads(one) for one in body.decode().splitlines()]


def save(engine, target):
    with Wire(engine) as wire:
        status, fields, body = wire.ask("GET", target)
    assert (status, fields["content-type"]) == (200, "application/x-tar")
    return body


def members(data):
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {one.name: archive.extractfile(one).read() if one.isfile() else None for one in archive}


def tar_of(files):
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            archive.addfile(entry, io.BytesIO(content))
    return written.getvalue()


def run_to_end(engine, argv, image):
    """Run a container of an image to its end → its standard output."""
    identity = create(engine, argv, Image=image)
    start(engine, identity)
    assert ask(engine, "POST", "/containers/%s/wait" % identity)[0] == 200
    found = output_of(frames_of(logs(engine, identity)), 1)
    assert ask(engine, "DELETE", "/containers/" + identity)[0] == 204
    return found


def commit_with_file(engine):
    """An image kept:1 with a file /kept that busybox has not, and without its /etc/group → its id."""
    identity = create(engine, ["sh", "-c", "echo here > /kept; rm /etc/group"])
    start(engine, identity)
    assert ask(engine, "POST", "/containers/%s/wait" % identity)[0] == 200
    made = ask(engine, "POST", "/commit?container=%s&repo=kept&tag=1" % identity)[1]["Id"]
    assert ask(engine, "DELETE", "/containers/" + identity)[0] == 204
    return made


def test_a_saved_image_names_its_parts_by_their_digests(engine):
    identity = commit_with_file(engine)
    found = members(save(engine, "/v1.41/images/kept:1/get"))
    manifest, = json.loads(found["manifest.json"].decode())
    config = found[manifest["Config"]]
    assert manifest["RepoTags"] == ["kept:1"] and manifest["Config"] == identity[7:] + ".json"
    assert "sha256:" + hashlib.sha256(config).hexdigest() == identity
    layers = [found[name] for name in manifest["Layers"]]
    assert ["sha256:" + hashlib.sha256(one).hexdigest() for one in layers] == \
        json.loads(config.decode())["rootfs"]["diff_ids"] == \
        ask(engine, "GET", "/images/kept:1/json")[1]["RootFS"]["Layers"]
    assert members(layers[-1]) == {"kept": b"here\n", "etc/.wh.group": b""}
    folder = manifest["Layers"][-1].partition("/")[0]
    assert json.loads(found["repositories"].decode()) == {"kept": {"1": folder}}
    assert found[folder + "/VERSION"] == b"1.0" and json.loads(found[folder + "/json"].decode())["parent"] \
        == manifest["Layers"][-2].partition("/")[0]


def test_what_was_saved_is_loaded_with_its_names_and_ids(engine):
    commit_with_file(engine)
    before = {one["Id"]: one for one in ask(engine, "GET", "/images/json")[1]}
    history = ask(engine, "GET", "/images/kept:1/history")[1]
    data = save(engine, "/images/get?names=kept:1&names=busybox")
    for compressed in (data, gzip.compress(data)):
        with PracticeEngine() as other:
            status, said = send_tar(other, "/images/load?quiet=0", compressed)
            assert status == 200 and said[-2:] == [{"stream": "Loaded image: kept:1\n"},
                                                   {"stream": "Loaded image: busybox:latest\n"}]
            assert [one["id"] for one in said if "id" in one] == \
                [name[7:19] for name in ask(other, "GET", "/images/kept:1/json")[1]["RootFS"]["Layers"]
                 for _ in range(2)]
            assert run_to_end(other, ["sh", "-c", "cat /kept; ls /etc"],
                              "kept:1") == b"here\nhostname\nhosts\nos-release\npasswd\n"
            for one in ask(other, "GET", "/images/json")[1]:
                assert {key: before[one["Id"]][key] for key in ("Created", "RepoTags", "Size")} == \
                    {key: one[key] for key in ("Created", "RepoTags", "Size")}
            for then, now in zip(history, ask(other, "GET", "/images/kept:1/history")[1]):
                assert then["CreatedBy"] == now["CreatedBy"] and then["Size"] == now["Size"]
            # A second time nothing is new, and by default no progress is sent.
            assert send_tar(other, "/images/load?quiet=0", data)[1] == said[-2:]
            assert send_tar(other, "/images/load", data)[1] == said[-2:]
            pull(other)
            assert len(ask(other, "GET", "/images/json")[1]) == 2


def test_a_name_goes_from_the_old_image_to_the_loaded_one(engine):
    commit_with_file(engine)
    data = save(engine, "/images/kept:1/get")
    assert ask(engine, "POST", "/images/kept:1/tag?repo=x")[0] == 201
    assert ask(engine, "POST", "/images/busybox/tag?repo=kept&tag=1")[0] == 201
    busybox = ask(engine, "GET", "/images/busybox/json")[1]["Id"]
    assert send_tar(engine, "/images/load", data)[1] == [
        {"stream": "The image kept:1 already exists, renaming the old one with ID %s to empty string\n"
                   % busybox},
        {"stream": "Loaded image: kept:1\n"}]
    assert ask(engine, "GET", "/images/kept:1/json")[1]["RepoTags"] == ["x:latest", "kept:1"]


def test_by_id_an_image_is_saved_without_a_name_and_by_repository_with_all(engine):
    identity = commit_with_file(engine)
    assert ask(engine, "POST", "/images/kept:1/tag?repo=kept&tag=2")[0] == 201

    def tags(target):
        return json.loads(members(save(engine, target))["manifest.json"].decode())
    assert [one["RepoTags"] for one in tags("/images/%s/get" % identity[7:19])] == [None]
    assert [one["RepoTags"] for one in tags("/images/kept/get")] == [["kept:1", "kept:2"]]
    assert [one["RepoTags"] for one in tags("/images/get?names=kept:2&names=" + identity)] == [["kept:2"]]
    assert tags("/images/get") is None
    assert send_tar(engine, "/images/load", save(engine, "/images/%s/get" % identity))[1] == [
        {"stream": "Loaded image ID: %s\n" % identity}]
    for target in ("/images/nosuch/get", "/images/get?names=busybox&names=nosuch"):
        assert ask(engine, "GET", target) == (404, {"message": "No such image: nosuch"})


CONFIG = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {
    "type": "layers", "diff_ids": ["sha256:" + "0" * 64]}}).encode()


def with_manifest(config="x.json", layers=("l.tar",), tags=("a:b",), files=()):
    item = {"Config": config, "RepoTags": list(tags), "Layers": list(layers)}
    return tar_of(dict({"x.json": CONFIG, "l.tar": tar_of({"a": b"1"}),
                        "manifest.json": json.dumps([item]).encode()}, **dict(files)))


# As dockerd 20.10 answers: 200, and the error as a message.
@pytest.mark.parametrize("data, problem", [
    (b"junk" * 300, "Error processing tar file(exit status 1): archive/tar: invalid tar header"),
    (with_manifest()[:1800], "Error processing tar file(exit status 1): unexpected EOF"),
    (b"", "docker-import/repositories: no such file or directory"),
    (tar_of({"x": b"1"}), "docker-import/repositories: no such file or directory"),
    (tar_of({"manifest.json": b"1"}), "json: cannot unmarshal"),
    (tar_of({"manifest.json": b"[1]"}), "json: cannot unmarshal"),
    (tar_of({"manifest.json": b"{"}), "invalid JSON in manifest.json"),
    (with_manifest(config="y.json"), "docker-import/y.json: no such file or directory"),
    (with_manifest(layers=("m.tar",)), "docker-import/m.tar: no such file or directory"),
    (with_manifest(layers=()), "invalid manifest, layers length mismatch: expected 1, got 0"),
    (with_manifest(layers=(1,)), "json: cannot unmarshal Layers"),
    (with_manifest(files={"x.json": b"[]"}), "json: cannot unmarshal"),
    (with_manifest(), 'invalid diffID for layer 0: expected "sha256:%s", got "sha256:' % ("0" * 64)),
])
def test_what_is_no_saved_image_is_refused_in_the_stream(engine, data, problem):
    status, said = send_tar(engine, "/images/load", data)
    assert status == 200 and problem in said[-1]["error"]
    assert said[-1]["errorDetail"] == {"message": said[-1]["error"]}
    assert len(ask(engine, "GET", "/images/json?all=1")[1]) == 1


def test_an_exported_container_becomes_an_image_that_runs(engine):
    identity = create(engine, ["sh", "-c", "echo mine > /root/f"])
    start(engine, identity)
    assert ask(engine, "POST", "/containers/%s/wait" % identity)[0] == 200
    with Wire(engine) as wire:
        data = wire.ask("GET", "/containers/%s/export" % identity)[2]
    target = "/images/create?fromSrc=-&repo=flat&tag=1&message=hi&changes=CMD+cat+/root/f"
    status, (said,) = send_tar(engine, target, data)
    image = ask(engine, "GET", "/images/flat:1/json")[1]
    assert (status, said) == (200, {"status": image["Id"]})
    assert (image["Comment"], image["Parent"], len(image["RootFS"]["Layers"])) == ("hi", "", 1)
    assert image["Config"]["Cmd"] == ["/bin/sh", "-c", "cat /root/f"]
    assert run_to_end(engine, None, "flat:1") == b"mine\n"
    step, = ask(engine, "GET", "/images/flat:1/history")[1]
    assert (step["Id"], step["Comment"], step["CreatedBy"]) == (image["Id"], "hi", "")


@pytest.mark.parametrize("query, name", [
    ("repo=a", "a:latest"), ("repo=a&tag=1", "a:1"), ("repo=a:1", "a:1"), ("repo=a:1&tag=", "a:1")])
def test_the_name_of_an_import_may_have_its_tag_in_the_repository(engine, query, name):
    assert send_tar(engine, "/images/create?fromSrc=-&" + query, tar_of({"a": b""}))[0] == 200
    assert ask(engine, "GET", "/images/%s/json" % name)[1]["RepoTags"] == [name]


@pytest.mark.parametrize("query, data, status, words", [
    ("-&repo=IMP", tar_of({"a": b""}), 400, "must be lowercase"),
    ("-&changes=RUN+x", tar_of({"a": b""}), 400, "run is not a valid change command"),
    ("-&repo=x", b"junk" * 300, 500, "archive/tar: invalid tar header"),
    ("http://127.0.0.1:1/x", b"", 501, "the practice engine downloads nothing"),
])
def test_imports_that_are_refused(engine, query, data, status, words):
    found, (answer,) = send_tar(engine, "/images/create?fromSrc=" + query, data)
    assert found == status and words in answer["message"]
    assert len(ask(engine, "GET", "/images/json?all=1")[1]) == 1


@pytest.mark.parametrize("query, name", [
    ("repo=flat:7", "flat:7"), ("repo=flat:7&tag=", "flat:7"), ("repo=flat:7&tag=8", "flat:8"),
    ("repo=flat", "flat:latest"), ("repo=docker.io/library/flat", "flat:latest"),
    ("repo=r.example:5000/flat&tag=8", "r.example:5000/flat:8")])
def test_the_tag_replaces_that_of_the_name(engine, query, name):
    """As dockerd 20.10 does it."""
    status, (answer,) = send_tar(engine, "/images/create?fromSrc=-&" + query, tar_of({"x": b"1"}))
    assert status == 200
    assert ask(engine, "GET", "/images/%s/json" % name)[1]["RepoTags"] == [name]
    assert ask(engine, "POST", "/images/%s/tag?%s" % (name, query.replace("flat", "other")))[0] == 201
    assert name.replace("flat", "other") in ask(engine, "GET", "/images/%s/json" % name)[1]["RepoTags"]


def test_an_image_goes_with_the_one_that_was_made_of_it(engine):
    first = commit_with_file(engine)
    identity = create(engine, ["true"], Image="kept:1")
    second = ask(engine, "POST", "/commit?container=" + identity)[1]["Id"]
    assert ask(engine, "DELETE", "/containers/" + identity)[0] == 204
    assert ask(engine, "DELETE", "/images/kept:1")[1] == [{"Untagged": "kept:1"}]
    dangling = "/images/json?filters=%7B%22dangling%22:%5B%22true%22%5D%7D"
    assert [one["Id"] for one in ask(engine, "GET", dangling)[1]] == [second]
    assert {one["Id"] for one in ask(engine, "GET", "/images/json?all=1")[1]} >= {first, second}
    gone = [one["Deleted"] for one in ask(engine, "DELETE", "/images/" + second)[1]]
    assert gone[:2] == [second, first] and len(ask(engine, "GET", "/images/json?all=1")[1]) == 1
