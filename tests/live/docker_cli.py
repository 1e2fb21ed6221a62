"""The docker command lines on this machine, and what docker 28.2.2 answers, as recorded.

No package of Debian's brings docker 28.2.2, so tools/record-docker writes down what it answers, in tables
beside the tests (docker-28.2.2/*.json), and the tests compare rawdock with the record. A table is a JSON
array of rows:

    {"words": ["stop", "no-such"],     after `docker -H ADDRESS`; {host} and {registry} stand for addresses
     "global": ["-H", "{host}"],       in place of -H ADDRESS (not often needed)
     "before": [["create", "--name", "rec-one", "busybox"]],    docker command lines that come first
     "stdin": "text",                  nothing without it
     "differs": "the reason",          ours is otherwise, deliberately or until somebody mends it,
     "ours": {"err": "…\n"},           and this is what ours answers: status, out or err (null: not compared);
                                       the rest is docker's
     "status": 1, "out": "", "err": "…\n"}     written by tools/record-docker

To add a row, write its `words` into a table and run `tools/record-docker` with a docker 28.2.2 and the engine
that `tools/engine up` brings; `tools/record-docker --ours` fills in `ours` where it is otherwise, and the
reason is yours. Containers, volumes and networks of a row must be called rec-…: they are removed after it.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
from functools import lru_cache

HERE = os.path.dirname(os.path.abspath(__file__))
RECORDED_VERSION = "28.2.2"
TO_BE_JUDGED = "to be judged"
TABLES = os.path.join(HERE, "docker-" + RECORDED_VERSION)


class DockerCli:
    """A docker command line: its path and version ("28.2.2")."""

    def __init__(self, path):
        self.path = path
        said = subprocess.check_output([path, "--version"]).decode()
        self.version = re.search(r"version ([^ ,]+)", said).group(1)
        self.major = int(self.version.split(".")[0])


@lru_cache(maxsize=None)
def docker_clis():
    """The docker command lines here, without repetition; Debian's first."""
    places = ["/usr/bin/docker", "/usr/local/bin/docker", shutil.which("docker")]
    paths = [os.path.realpath(path) for path in places if path and os.access(path, os.X_OK)]
    return [DockerCli(path) for path in sorted(set(paths), key=paths.index)]


def recorded_cli():
    """The docker command line of the version that is recorded, or None."""
    return ([cli for cli in docker_clis() if cli.version == RECORDED_VERSION] or [None])[0]


# ---- rows

def read_table(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def write_table(path, rows):
    order = ["words", "global", "before", "stdin", "differs", "ours", "status", "out", "err"]
    texts = []
    for row in rows:
        assert set(row) <= set(order), "unknown keys: %s" % sorted(set(row) - set(order))
        pairs = ["%s: %s" % (json.dumps(key), json.dumps(row[key], ensure_ascii=False))
                 for key in order if key in row]
        texts.append(" {" + ",\n  ".join(pairs) + "}")
    with open(path, "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(texts) + "\n]\n")


def all_rows():
    """(name of the table, row) of every row recorded."""
    return [(os.path.basename(path)[:-len(".json")], row)
            for path in sorted(glob.glob(os.path.join(TABLES, "*.json"))) for row in read_table(path)]


def expected_of_ours(row):
    """What rawdock is to answer to this row: docker's answer but for a difference that the row gives. None:
    any.
    """
    expected = {key: row[key] for key in ("status", "out", "err")}
    expected.update(row.get("ours", {}))
    return expected


# ---- running them

def answer(argv, engine, row):
    """Run the row with this command line → {"status", "out", "err"}, normalised. The row's objects are
    removed.
    """
    def filled(words):
        return [word.replace("{host}", engine.address).replace("{registry}", engine.registry)
                for word in words]

    try:
        for words in row.get("before", ()):
            ran = run([engine.docker_cli, "-H", engine.address] + filled(words))
            assert ran[0] == 0, (words, ran)
        words = filled(row.get("global", ["-H", "{host}"]) + row["words"])
        status, out, err = run(argv + words, row.get("stdin", ""))
    finally:
        remove_objects(engine)
    return {"status": status, "out": normalised(out, engine), "err": normalised(err, engine)}


def ours(engine, row):
    return answer([sys.executable, "-m", "rawdock"], engine, row)


def run(argv, stdin="", cwd=None):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DOCKER_")}
    environment.update(HOME="/nonexistent", DOCKER_CONFIG="/nonexistent", TZ="UTC", COLUMNS="80")
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=environment, cwd=cwd)
    try:
        out, err = process.communicate(stdin.encode(), timeout=60)
    except BaseException:
        process.kill()
        process.communicate()
        raise
    return process.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace")


def remove_objects(engine):
    for names in engine.containers().values():
        if names.startswith("/rec-"):
            engine.remove_container(names[1:].split(",")[0])
    for volume in engine.json("GET", "/volumes")["Volumes"] or ():
        if volume["Name"].startswith("rec-"):
            engine.json("DELETE", "/volumes/" + volume["Name"])
    for network in engine.json("GET", "/networks"):
        if network["Name"].startswith("rec-"):
            engine.json("DELETE", "/networks/" + network["Name"])
    for image in engine.json("GET", "/images/json"):
        for tag in image["RepoTags"] or ():
            if tag.rpartition("/")[2].startswith("rec-"):
                engine.remove_image(tag)


# What differs from one run to the next, and our own name. Columns move with their contents, so runs of
# blanks are two: tests/live/test_listing_live.py compares whole tables byte for byte.
NORMAL_FORMS = [
    (r"\b[0-9a-f]{64}\b", "ID-OF-64"),
    (r"http://%2F[^/]*%2Fdocker[.]sock", "http://ENGINE"),
    (r"\b[0-9a-f]{12}\b", "ID-OF-12"),
    (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( \+0000 UTC|Z)?", "TIME"),
    (r"\b(Less than a second|About an? (minute|hour)|\d+ (second|minute|hour)s?)( ago)?", "A WHILE"),
    (r"   +", "  "),
    (r"(?m) +$", ""),
    (r"\brawdock\b", "docker"),
]


def normalised(text, engine):
    text = text.replace(engine.address, "{host}").replace(engine.registry, "{registry}")
    for pattern, replacement in NORMAL_FORMS:
        text = re.sub(pattern, replacement, text)
    return text
