"""cp in both directions beside the docker CLI, on one container, given the words that it is given.

A case is a source, a target and flags. Each client has a copy of the target's surroundings for each case, so
all of them run against one container and are compared at the end: status, stderr, and each file's kind, mode,
owner, time, content and link. rawdock runs all its cases in forks of one process, which saves its start.
"""
import io
import json
import os
import re
import subprocess
import sys
import tarfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.live.client import clean_environment, run_to_end
from tests.live.docker_cli import RECORDED_VERSION, docker_clis

OLD = 1000000000   # the time of all that is there before
# Each source (a file, a directory, its content, links to them, a link to nothing), and to where: a directory,
# a file, links, what is not there, what cannot be a target.
# ==== table begin: flags, sources, targets
TABLE = """
-    f d d/ d/. lf ld ld/ ld/. lb                   dir
-    f d d/. ld/ lf lb                              new
-    f       dir/ dir/. file new/ to-dir to-file to-new no/parent dir/x with-dir
-    d       file new/ to-new dir/x
-    d/.     file new/ to-dir/
-L   lf ld lb                                       dir
-L   ld/                                            new
-a   d                                              dir
-    nosuch f/ set-user d/l                         dir
-    d/h                                            file
-    d2                                             with-file
-    d2/.                                           with-link
"""
# ==== table end
CASES = []
for line in TABLE.split("\n")[1:-1]:
    flag, *columns = [column.split() for column in re.split("   +", line)]
    CASES += [([] if flag == ["-"] else flag, source, place) for source in columns[0] for place in columns[1]]
IN, OUT = "in", "out"
ALL = [(way, number) for way in (IN, OUT) for number in range(len(CASES))]
# Where rawdock does something else, and why.
DIFFERENT = {
    (OUT, "set-user", "dir"): "rawdock removes set-user-ID from what comes out of a container",
    (OUT, "d/.", "to-dir/"): "the docker CLI cannot copy into a link to a directory with a slash after it",
}

FORKING = """
import json, os, sys, tempfile
sys.path.insert(0, %r)
from rawdock import main
for words in json.load(sys.stdin):
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if not child:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            status = 70
            try:
                status = main.main(words)
            finally:
                os._exit(status)
        status = os.waitpid(child, 0)[1]
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode())
        print(json.dumps([os.WEXITSTATUS(status)] + texts))
""" % os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def add(tar, name, type=tarfile.REGTYPE, data=b"", link="", mode=0o644, owner=0):
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname, info.mode = type, len(data), link, mode
    info.mtime, info.uid, info.gid = OLD, owner, owner
    tar.addfile(info, io.BytesIO(data))


def add_sources(tar):
    """What is copied, in both directions."""
    add(tar, "f", data=b"a file", mode=0o640, owner=1234)
    for name in ("d", "d/e", "d2", "d2/sub", "d/sub"):
        add(tar, name, tarfile.DIRTYPE, mode=0o1777 if name == "d/e" else 0o750 if name == "d/sub" else 0o755)
    add(tar, "d/a", data=b"x" * 70000, mode=0o755)
    add(tar, "d/sub/deep", data=b"deep", mode=0o400, owner=99)
    add(tar, "d/\u00e9" + "n" * 110, data=b"long")
    add(tar, "d/empty")
    add(tar, "d2/sub/x", data=b"1")
    add(tar, "set-user", data=b"1", mode=0o4755)
    add(tar, "d/h", tarfile.LNKTYPE, link="d/a", mode=0o755)
    add(tar, "d/l", tarfile.SYMTYPE, link="sub/deep", mode=0o777)
    add(tar, "d/labs", tarfile.SYMTYPE, link="/etc/passwd", mode=0o777)
    for name, link in (("lf", "f"), ("ld", "d"), ("lb", "nowhere")):
        add(tar, name, tarfile.SYMTYPE, link=link, mode=0o777)
    add(tar, "d/fifo", tarfile.FIFOTYPE, mode=0o600)


def add_places(tar, folder):
    """The surroundings of one case's target."""
    for name in ("dir", "with-file", "with-dir", "with-dir/f", "with-link", "elsewhere"):
        add(tar, folder + name, tarfile.DIRTYPE, mode=0o755)
    for name in ("dir/kept", "file", "with-file/d2", "with-file/sub"):
        add(tar, folder + name, data=b"kept", mode=0o604)
    for name, link in (("to-dir", "dir"), ("to-file", "file"), ("to-new", "dir/made"),
                       ("with-link/sub", "../elsewhere")):
        add(tar, folder + name, tarfile.SYMTYPE, link=link, mode=0o777)


def archive(*adders):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for adder in adders:
            adder(tar)
        end = tar.offset + 1024
    return file.getvalue()[:end]   # engines close before they have read tarfile's further zeros


def add_all(tar):
    for client in ("docker", "rawdock"):
        add(tar, client, tarfile.DIRTYPE, mode=0o755)
        for number in range(len(CASES)):
            add(tar, "%s/%d" % (client, number), tarfile.DIRTYPE, mode=0o755)
            add_places(tar, "%s/%d/" % (client, number))


def row_of(info, content):
    """What is compared of a member; the time of what was made by the copy is "now"."""
    kind = "file" if info.isreg() else tarfile.TarInfo.type.__get__(info).decode()
    return (kind, "%o" % info.mode, info.uid, info.gid, info.size, info.linkname, content,
            info.mtime if info.mtime <= OLD else "now")


def listing(data):
    """{client and number: {path below it: row}} of the tar `data`."""
    found, contents = {}, {}
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for info in tar:
            parts = re.sub("^[.]/", "", info.name).split("/", 2)
            if len(parts) < 3:
                continue
            content = tar.extractfile(info).read() if info.isreg() else contents.get(info.linkname, b"")
            contents[info.name] = content
            if info.islnk():   # which of two names comes first does not matter
                info.type, info.linkname, info.size = tarfile.REGTYPE, "", len(content)
            found.setdefault(tuple(parts[:2]), {})[parts[2]] = row_of(info, content)
    return found


def archive_of_folder(path):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
        tar.add(path, ".")
    return file.getvalue()


def extract(data, folder):
    subprocess.run(["tar", "-x", "-p", "--numeric-owner", "-C", str(folder)], input=data, check=True)


def words_of(way, client, number, flags, source, place):
    target = "%s/%d/%s" % (client, number, place)
    inside = "rec-cp:/work-in/" if way == IN else "rec-cp:/source/"
    return ["cp"] + flags + (["../source/" + source, inside + target] if way == IN
                             else [inside + source, target])


class Outcome:
    """What each client answered and left: answers[client][case], trees[way][(client, number)]."""

    def __init__(self):
        self.answers = {"docker": {}, "rawdock": {}}
        self.trees = {}


@pytest.fixture(scope="module")
def cli():
    found = [cli for cli in docker_clis() if cli.version == RECORDED_VERSION] or docker_clis()
    return found[0]


@pytest.fixture(scope="module")
def outcome(engine, cli, tmp_path_factory):
    base = tmp_path_factory.mktemp("cp")
    here, result = base / "out", Outcome()
    for folder in (here, base / "source"):
        folder.mkdir()
    extract(archive(add_sources), base / "source")
    extract(archive(add_all), here)
    engine.pull("busybox")
    engine.remove_container("rec-cp")
    engine.json("POST", "/containers/create?name=rec-cp", {"Image": "busybox", "Cmd": ["true"]})
    try:
        for path, adder in (("work-in", add_all), ("source", add_sources)):
            data = archive(lambda tar: add(tar, path, tarfile.DIRTYPE, mode=0o755))
            for target, data in (("/", data), ("/" + path, archive(adder))):
                status, said = engine.request("PUT", "/containers/rec-cp/archive?path=" + target, data)
                assert status == 200, said
        lines = {client: [words_of(way, client, number, *CASES[number]) for way, number in ALL]
                 for client in result.answers}
        with ThreadPoolExecutor(1) as pool:
            ours = pool.submit(run_ours, engine, lines["rawdock"], here)
            result.answers["docker"] = dict(zip(ALL, run_theirs(engine, cli, lines["docker"], here)))
            result.answers["rawdock"] = dict(zip(ALL, ours.result()))
        answer = engine.raw(b"GET /containers/rec-cp/archive?path=/work-in/. HTTP/1.0\r\n\r\n")
        result.trees[IN] = listing(answer.partition(b"\r\n\r\n")[2])
        result.trees[OUT] = listing(archive_of_folder(str(here)))
    finally:
        engine.remove_container("rec-cp")
    return result


def run_ours(engine, lines, folder):
    lines = json.dumps([["-H", engine.address] + words for words in lines])
    ran = run_to_end([sys.executable, "-c", FORKING], lines.encode(), 120, str(folder))
    assert ran.err == b"" and ran.status == 0, ran
    return [tuple(json.loads(line)) for line in ran.out.decode().splitlines()]


def run_theirs(engine, cli, lines, folder):
    answers = []
    for words in lines:
        ran = subprocess.run([cli.path, "-H", engine.address] + words, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, env=clean_environment(), cwd=str(folder), timeout=60)
        answers.append((ran.returncode, ran.stdout.decode(), ran.stderr.decode()))
    return answers


@pytest.fixture(autouse=True)
def no_container_left():
    """The module's one container is there during its tests."""
    yield


@pytest.mark.parametrize("way, number", ALL, ids=[" ".join([way] + CASES[number][0] + list(CASES[number][1:]))
                                                  for way, number in ALL])
def test_it_ends_as_dockers(outcome, cli, way, number):
    flags, source, place = CASES[number]
    theirs, ours = (outcome.answers[client][way, number] for client in ("docker", "rawdock"))
    key = str(number)
    tree, our_tree = (outcome.trees[way][client, key] for client in ("docker", "rawdock"))
    if (way, source, place) in DIFFERENT:
        assert our_tree != tree
        return
    assert our_tree == tree
    assert ours[:2] == theirs[:2]
    if cli.version == RECORDED_VERSION:
        # docker's goroutine that reads the files may complain, too, that nobody takes them.
        err = re.sub("(?m)^time=.*\n", "", theirs[2]).replace("docker/%d" % number, "rawdock/%d" % number)
        assert ours[2] == err


def test_what_differs_is_said(outcome):
    assert len(CASES) >= 40 and set(DIFFERENT) <= {(way,) + CASES[number][1:] for way, number in ALL}
    theirs, ours = (outcome.answers[client][OUT, CASES.index(([], "set-user", "dir"))]
                    for client in ("docker", "rawdock"))
    assert theirs == (0, "", "") and ours == (0, "", "rawdock: set-user: removed set-user-ID\n")
