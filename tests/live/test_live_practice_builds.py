"""Builds and archives given to dockerd 20.10 and to the practice engine: equal statuses, messages and images.

In messages an id of 12 digits is ID and a digest is DIGEST. The images of one engine are loaded by the other.
"""
import io
import json
import re
import tarfile
import urllib.parse

import pytest

from rawdock.teach.practice.engine import PracticeEngine

from tests.live.test_practice_shapes import PracticeSide

CONTEXT = {"x.txt": b"X\n", "y.txt": b"Y\n", "d": None, "d/one": b"1\n", "d/e": None, "d/e/two": b"2\n",
           "l": "x.txt"}
ARGS = "buildargs=" + urllib.parse.quote('{"X":"ex","U":"unused"}')
LABELS = "labels=" + urllib.parse.quote('{"L":"label"}')
# (what follows the line FROM busybox, parameters)
BUILDS = [
    ("LABEL a=b c=\"d e\"\nENV A=1 B='x y'\nENV C three four\nRUN echo $A-$B-$C\nRUN echo oops >&2\n", ""),
    ("WORKDIR /app\nWORKDIR sub/dir\nCOPY x.txt d/ ./\nCOPY ?.txt l /n/\nCOPY [\"x.txt\", \"/a b\"]\n"
     "COPY . /ctx\nADD t.tar /t\nRUN pwd; ls; cat x.txt e/two '/a b' /n/l /t/in; ls /n; ls /ctx/d\n", ""),
    ("EXPOSE 80 81/udp\nVOLUME /v /w\nVOLUME [\"/z\"]\nUSER a b\nSTOPSIGNAL SIGINT\nMAINTAINER me\n", ""),
    ("ENTRYPOINT echo $A\n", ""), ("SHELL [\"/bin/ash\", \"-c\"]\nRUN echo hi\nCMD a\nONBUILD RUN b\n", ""),
    ("ARG X\nARG Y=def\nARG N\nRUN echo $X $Y ${Z:-z} ${N:+n}\nENV Y=env\nLABEL l=$Y\n", ARGS),
    ("RUN echo 1 > /one\nFROM busybox AS two\nCOPY --from=0 /one /two\nFROM two\nCMD [\"a\", \"b\"]\n", ""),
    ("FROM busybox AS Two\nFROM busybox\n", "target=two&" + LABELS),
    ("RUN true \\\n # c\n  && true\n", "rm=0"), ("RUN true\n", "q=1"),
    ("RUN echo a; exit 3\n", "forcerm=1"), ("RUN [\"/bin/false\"]\n", "forcerm=1&q=1"),
    ("COPY nosuch /\n", ""), ("ADD nosuch /\n", ""), ("COPY nosuch* /\n", ""), ("COPY ../x /\n", ""),
    ("COPY x.txt y.txt /zz\n", ""), ("COPY --chmod=1 x.txt /\n", ""),
    ("RUN --mount=type=secret,id=x true\n", ""),
    ("FROM scratch\n", ""), ("FROM scratch\nCOPY x.txt /\n", ""), ("NOSUCH x\n", ""), ("\nCOPY x\n", ""),
    ("WORKDIR\n", ""), ("RUN --x=1 true\n", ""), ("ENV A\n", ""), ("LABEL A\n", ""), ("EXPOSE\n", ""),
    ("", "target=nosuch"), ("", "dockerfile=nosuch"),
]
CONFIG_KEYS = ("User ExposedPorts Env Cmd Volumes WorkingDir Entrypoint OnBuild StopSignal Shell").split()


def tar_of(files):
    """A tar of {name: bytes, None for a folder, str for a link} that ends with two blocks of zeros."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.mode = 0o755
            if content is None:
                entry.type = tarfile.DIRTYPE
            elif isinstance(content, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, content
            else:
                entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content) if isinstance(content, bytes) else None)
        end = archive.offset
    return written.getvalue()[:end] + b"\0" * 1024   # an engine does not read what is after the end


def messages_of(side, target, data):
    """→ (status, text): what is said, ids and digests taken out."""
    status, answer = side.request("POST", "/v1.41" + target, data)
    said = [json.loads(line) for line in answer.decode("utf-8").splitlines()]
    for one in said:
        one.pop("progress", None)   # clients draw their own
    text = "".join(json.dumps(one["errorDetail"], sort_keys=True) if "errorDetail" in one else one["stream"]
                   if "stream" in one else json.dumps(one, sort_keys=True) + "\n" for one in said)
    text = re.sub("[0-9a-f]{64}", "DIGEST", text)
    return status, re.sub(r"\b[0-9a-f]{12}\b", "ID", text)


def image_facts(side, name):
    """What the build made: its configuration and steps."""
    status, answer = side.request("GET", "/v1.41/images/%s/json" % name)
    if status != 200:
        return status
    image = json.loads(answer.decode())
    history = side.json("GET", "/v1.41/images/%s/history" % name)
    facts = {key: image["Config"].get(key) or None for key in CONFIG_KEYS}
    facts["Labels"] = {key: value for key, value in (image["Config"]["Labels"] or {}).items()
                       if not key.startswith("rawdock.")}
    facts["Author"] = image["Author"].replace("rawdock practice engine", "")
    facts["steps"] = [re.sub("[0-9a-f]{64}", "DIGEST", one["CreatedBy"]) for one in history
                      if "practice layer" not in one["CreatedBy"] and one["CreatedBy"] != "tools/engine"]
    return facts


@pytest.fixture(scope="module")
def practice(engine):
    with PracticeEngine() as one:
        side = PracticeSide("unix://" + one.socket_path)
        for each in (side, engine):
            each.request("POST", "/images/create?fromImage=busybox&tag=latest")
        yield side
    for name in ("rec-built:1", "rec-saved:1", "rec-flat:1"):
        engine.request("DELETE", "/images/%s?force=1" % name)
    engine.request("POST", "/images/prune")


@pytest.mark.parametrize("dockerfile, query", BUILDS)
def test_a_build_says_and_makes_the_same(engine, practice, dockerfile, query):
    files = dict(CONTEXT, **{"t.tar": tar_of({"in": b"in a tar\n"})})
    files["Dockerfile"] = b"FROM busybox\n" + dockerfile.encode()
    target = "/build?nocache=1&t=rec-built:1&" + query
    found = []
    for side in (engine, practice):
        side.request("DELETE", "/images/rec-built:1?force=1")
        before = set(side.containers())
        found.append((messages_of(side, target, tar_of(files)), image_facts(side, "rec-built:1")))
        for name in set(side.containers()) - before:   # of a step with rm=0
            side.request("DELETE", "/containers/%s?force=1" % name)
    (real_said, real_made), (said, made) = found
    assert real_said[0] == said[0] and real_said[1].split("\n") == said[1].split("\n")
    assert real_made == made


def test_equal_contexts_come_from_the_cache(engine, practice):
    files = dict(CONTEXT, Dockerfile=b"FROM busybox\nCOPY d /n\nCMD a\n")
    for side in (engine, practice):
        messages_of(side, "/build", tar_of(files))
        again = messages_of(side, "/build", tar_of(files))[1]
        changed = messages_of(side, "/build", tar_of(dict(files, **{"d/one": b"new\n"})))[1]
        assert (again.count("Using cache"), changed.count("Using cache")) == (2, 0)


def test_images_go_from_each_engine_to_the_other_and_keep_their_ids(engine, practice):
    files = dict(CONTEXT, Dockerfile=b"FROM busybox\nCOPY d /n\nRUN rm -r /n/e\nCMD [\"ls\", \"/n\"]\n")
    for source, goal in ((engine, practice), (practice, engine)):
        assert messages_of(source, "/build?t=rec-saved:1", tar_of(files))[0] == 200
        status, data = source.request("GET", "/v1.41/images/rec-saved:1/get")
        identity = source.json("GET", "/images/rec-saved:1/json")["Id"]
        goal.request("DELETE", "/images/rec-saved:1?force=1")
        said = messages_of(goal, "/images/load", data)
        assert (status, said) == (200, (200, "Loaded image: rec-saved:1\n"))
        image = goal.json("GET", "/images/rec-saved:1/json")
        assert image["Id"] == identity and image["Config"]["Cmd"] == ["ls", "/n"]
        source.request("DELETE", "/images/rec-saved:1?force=1")
        goal.request("DELETE", "/images/rec-saved:1?force=1")


SAVED_CONFIG = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {
    "type": "layers", "diff_ids": ["sha256:" + "0" * 64]}}).encode()
MANIFEST = b'[{"Config":"x.json","RepoTags":["a:b"],"Layers":["l.tar"]}]'


@pytest.mark.parametrize("target, data", [
    ("/images/load", b"junk" * 300), ("/images/load", b""), ("/images/load", tar_of({"x": b"1"})),
    ("/images/load", tar_of({"manifest.json": MANIFEST})),
    ("/images/load", tar_of({"x.json": SAVED_CONFIG, "manifest.json": MANIFEST})),
    ("/images/load?quiet=0", tar_of({"x.json": SAVED_CONFIG, "l.tar": tar_of({"a": b"1"}),
                                      "manifest.json": MANIFEST})),
    ("/images/load", tar_of({"x": b"1" * 3000})[:2000]),
    ("/images/create?fromSrc=-&repo=rec-flat&tag=1", tar_of({"a": b"1"})),
    ("/images/create?fromSrc=-&repo=rec-flat:1&changes=CMD+true&message=hi", tar_of({"a": b"1"})),
    ("/images/create?fromSrc=-&repo=rec-flat", b"junk" * 300),
    ("/images/create?fromSrc=-&changes=RUN+x", tar_of({"a": b"1"})),
    ("/build", b"FROM busybox\n"),
    ("/build", b""), ("/build/prune?filters=%7B%22nosuch%22:%7B%22a%22:true%7D%7D", b""),
    ("/build/cancel", b""), ("/build?version=3", b""), ("/build?remote=client-session", b""),
])
def test_tars_are_taken_and_refused_alike(engine, practice, target, data):
    real, ours = (messages_of(side, target, data) for side in (engine, practice))
    # Each engine names the folder in which it unpacks.
    folder = r"/\S*/docker-import(?:-[0-9]+)?"
    assert (real[0], re.sub(folder, "FOLDER", real[1])) == (ours[0], re.sub(folder, "FOLDER", ours[1]))


def lying_tar(name, kind=tarfile.REGTYPE, link="", then=()):
    """A tar of one member with this name, and of files in the list `then`."""
    data = b""
    for one, its_kind in [(name, kind)] + [(one, tarfile.REGTYPE) for one in then]:
        entry = tarfile.TarInfo(one)
        entry.type, entry.linkname, entry.mode = its_kind, link, 0o644
        entry.size = 1 if its_kind == tarfile.REGTYPE else 0
        data += entry.tobuf(tarfile.GNU_FORMAT) + (b"x" + bytes(511)) * entry.size
    return data + bytes(1024)


SYMBOLIC, HARD = tarfile.SYMTYPE, tarfile.LNKTYPE


@pytest.mark.parametrize("data", [
    lying_tar("../../etc/evil"), lying_tar("a/../../out"), lying_tar("/abs"), lying_tar("a/../b"),
    lying_tar("l", SYMBOLIC, "/etc", ["l/through"]), lying_tar("l", SYMBOLIC, "../../.."),
    lying_tar("l", SYMBOLIC, "a/../b"), lying_tar("d/l", SYMBOLIC, "../a"),
    lying_tar("d/l", SYMBOLIC, "../../a"),
    lying_tar("h", HARD, "/etc/passwd"), lying_tar("h", HARD, "../etc/passwd"),
    lying_tar("h", HARD, "nosuch"),
    lying_tar("a" * 99), b"junk" * 300, lying_tar("a")[:700], lying_tar("a")[:1024], lying_tar("a")[:512],
    b"",
    lying_tar("a")[:100] + b"1" + lying_tar("a")[101:], bytes(1024), bytes(512),
], ids=range(21))
def test_archives_that_lie_are_refused_alike(engine, practice, data):
    found = []
    for side in (engine, practice):
        identity = side.json("POST", "/containers/create", {"Image": "busybox", "Cmd": ["true"]})["Id"]
        status, answer = side.request("PUT", "/containers/%s/archive?path=/tmp" % identity, data)
        changed = side.json("GET", "/containers/%s/changes" % identity)
        found.append((status, answer, sorted(one["Path"] for one in changed or ())))
        side.request("DELETE", "/containers/" + identity)
    assert found[0] == found[1]
