"""Contexts of builds, and what docker 28.2.2 sends for them: `tools/record-docker --builds` records it.

No engine is needed: a fake one keeps the request. docker-28.2.2/builds/ignore.json has, for each text of an
ignore file in IGNORE_CASES, the names that docker sends of the TREE, or its error. docker-28.2.2/builds/
sent.json has, for each command line of SENT_CASES, its exit status, what it wrote, the query, and the members
of the tar: [name, type, mode, size, link, content or ""].
"""
import io
import json
import os
import re
import shlex
import tarfile
import tempfile
import urllib.parse

from tests.forked import run
from tests.live.docker_cli import TABLES
from tests.net.fake_engine import FakeEngine, response, serve

RECORDS = os.path.join(TABLES, "builds")

TREE = r"""
Dockerfile
a
b
ab
a.go
b.go
.hidden
#hash
!bang
x y
star*name
br[ack
back\slash
digit5
ünï
dir/a
dir/b.go
dir/sub/a
dir/sub/b.go
dir/sub/deep/a
dir/sub/deep/c.txt
dir2/a
other/dir/a
other/a.go
other/dir/sub/b
vendor/x/y.go
vendor/keep/y.go
vendor/keep/sub/z
node_modules/m/index.js
deep/node_modules/m/index.js
"""
IGNORE_CASES = [
    "", "# comment\n", "a", "/a", "./a", "a/", "//a", "  a  ", "a\r\nb\r\n", "\ufeffa\nb", "b\n\ufeffa",
    "#hash", "\\#hash", " #hash", "x y", "!a", "!", "! ", "a\n!", "\\!bang", "!bang", "x/../a", "../a", "..",
    ".", "/", "dir/..", "*", "**", "*.go", "*/*.go", "*/*/*.go", "**/*.go", "**/a", "a/**", "dir/**",
    "dir/**/a", "dir/**/*.txt", "dir/*", "dir", "dir/", "di?", "di??", "?", "??", "dir/s?b", "[ab]", "[^a]",
    "[a-b].go", "[!a]", "[a", "[]a]", "a]", "[z-a]", "[-a]", "[a-]", "a\\", "\\a", "star\\*name", "star*name",
    "br[[]ack", "br\\[ack", "back\\\\slash", "digit\\d", "digit[0-9]", "digit[\\d]", "\\q*", "ün?", "ü*",
    "**/sub", "**/sub/**", "other/**/sub", "**/dir/a", "**dir", "**/", "dir**", "d**r", "**/*", "*\n!a",
    "*\n!*.go", "*\n!dir", "*\n!dir/sub", "*\n!dir/sub/a", "*\n!**/a", "dir\n!dir/a", "dir/*\n!dir/sub",
    "dir\n!dir/sub/deep", "dir/**\n!dir/sub/a", "!dir/a\ndir", "dir\n!dir/a\ndir/a", "*\n!dir\ndir/sub",
    "vendor\n!vendor/keep\nvendor/keep/sub", "vendor/*\n!vendor/keep/", "**/node_modules", "node_modules",
    "**/node_modules/**", "/node_modules", "**\n!vendor/keep/**", "**\n!**/*.go", "**\n!other/**/*.go",
    "Dockerfile", "Dockerfile\n.dockerignore", "*.*", ".*", ".hidden", "*/.hidden", "a\n a", "**/**/a",
    "**/a*", "a^", "a^*", "dir/a\n!dir/a", "[*]go", "a.g[o]", "a+", "(a)", "a|b", "a{1}", "$a", "other/*/a",
    "other/?ir", "*/", "*/a", "*/*/a", "**/*/a", "!dir\n!a\n*", "*\n!.dockerignore", "d*/**/*.go",
    "dir/sub/deep/c.txt/", "dir/sub/../b.go", "[a-c]*/", "[[:alpha:]]", "\\Sb", "[^]a]", "[\\]a]", "[a\\-c]",
]
DOCKERFILE = "FROM scratch\nCOPY . /\n"
# Files of a case, beside ctx/Dockerfile; a value that begins with "->" is a symbolic link.
SENT_FILES = {
    "ctx/Dockerfile": DOCKERFILE, "ctx/f": "1", "ctx/d/g": "22", "ctx/d/link": "->../f", "ctx/run.sh": "#!",
    "ctx/" + "n" * 120: "3", "ctx/\u00fcn\u00ef": "4", "ctx/other": "FROM scratch\nCOPY f /\n",
    "out/Dockerfile": "FROM scratch\nCOPY d /\n", "ign/Dockerfile": DOCKERFILE, "ign/.dockerignore": "f\nd\n",
    "ign/f": "1", "ign/d": "2", "ign/e": "3", "ign/Dockerfile.dockerignore": "e\n",
    "low/dockerfile": DOCKERFILE, "none/f": "1", "ctxlink": "->ctx", "bad/Dockerfile": DOCKERFILE,
    "bad/.dockerignore": "[a\n", "lf/Dockerfile": "->real", "lf/real": DOCKERFILE, "dang/Dockerfile": "->no",
    "dirf/Dockerfile/f": "1", "dirx/Dockerfile": DOCKERFILE,
}
# A command line after `docker build`, and what is on stdin: the name of a file, or TAR, TAR.gz, TAR.bz2.
SENT_CASES = [
    (".", ""), ("ctx", ""), ("ctx/", ""), ("ctx/.", ""), ("./ctx/../ctx", ""), ("ctxlink", ""), ("ign", ""),
    ("low", ""), ("none", ""), ("bad", ""), ("lf", ""), ("dang", ""), ("dirf", ""), ("nosuch", ""),
    ("ctx/f", ""), ("-f ctx/other ctx", ""), ("-f other ctx", ""), ("-f nosuch ctx", ""),
    ("-f out/Dockerfile ctx", ""), ("-f out/Dockerfile ign", ""), ("-f - ctx", "out/Dockerfile"),
    ("-f - ign", "out/Dockerfile"), ("-f - -", ""), ("-", "out/Dockerfile"), ("-", ""), ("-", "TAR"),
    ("-", "TAR.gz"), ("-", "TAR.bz2"), ("-f sub/Dockerfile -", "TAR"), ("-f Dockerfile -", "out/Dockerfile"),
    ("-q ctx", ""), ("--compress ctx", ""), ("--compress -", "TAR"),
    ("-t a -t b:c -t r.example/x/y:1 ctx", ""),
    ("--build-arg A=1 --build-arg RD_NONE --build-arg B= ctx", ""),
    ("--build-arg RD_SET ctx", ""), ("--build-arg A=1 --build-arg A=2 ctx", ""),
    ("--label a=b --label c --label a=d ctx", ""), ("--cache-from a,b --cache-from c ctx", ""),
    ("--no-cache --pull --force-rm --rm=false ctx", ""), ("--rm=true --no-cache=false ctx", ""),
    ("-m 64m --memory-swap -1 --shm-size 1g ctx", ""), ("--memory-swap 1g ctx", ""),
    ("--cpu-period 5 --cpu-quota 6 -c 7 --cpuset-cpus 0-1 --cpuset-mems 0 ctx", ""),
    ("--network host --target t --cgroup-parent /a ctx", ""), ("--network default ctx", ""),
    ("--network none --isolation process --platform linux/arm64 ctx", ""), ("--isolation default ctx", ""),
    ("--security-opt a=b,c --security-opt d ctx", ""), ("--add-host a:1.2.3.4 --add-host b=::1 ctx", ""),
    ("--ulimit nofile=5:6 --ulimit core=1 --ulimit nofile=7 ctx", ""), ("--squash ctx", ""),
    ("--iidfile id ctx", ""), ("-q --iidfile id ctx", ""), ("--iidfile nosuch/id ctx", ""),
    ("--platform '' ctx", ""), ("--target '' --network '' ctx", ""), ("git@nosuch.invalid:x --rm=maybe", ""),
    ("--cpu-shares 0 --memory 0 ctx", ""), ("ctx --compress=false", ""),
]
BUILT = (b'{"stream":"Step 1/1 : FROM scratch"}\r\n{"stream":"\\n"}\r\n{"stream":" ---\\u003e 1234\\n"}\r\n'
         b'{"aux":{"ID":"sha256:1234"}}\r\n{"stream":"Successfully built 1234\\n"}\r\n')
QUIETLY_BUILT = b'{"stream":"sha256:1234\\n"}\r\n'
DEPRECATED = re.compile(r"\ADEPRECATED: The legacy builder .*\n(?: +.*\n)+\n")
RANDOM_NAME = re.compile(r"\.dockerfile\.[0-9a-f]{20}")


def tree_names():
    return [name for name in TREE.split("\n") if name]


def write_files(folder, files):
    """Make `files` (name → text, "->target" for a link) below `folder`, with known modes and times."""
    for name, text in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if text.startswith("->"):
            os.symlink(text[2:], path)
            continue
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        os.chmod(path, 0o755 if name.endswith(".sh") else 0o644)
        os.utime(path, (1500000000, 1500000000))


def make_tree(folder):
    write_files(folder, {name: DOCKERFILE if name == "Dockerfile" else name for name in tree_names()})


def make_sent_files(folder):
    write_files(folder, SENT_FILES)
    os.link(os.path.join(folder, "ctx/f"), os.path.join(folder, "ctx/hard"))
    os.mkfifo(os.path.join(folder, "ctx/fifo"), 0o600)
    os.mkdir(os.path.join(folder, "ctx/empty"), 0o700)
    for place, folders, _ in os.walk(folder):
        os.chmod(place, 0o755)
        os.utime(place, (1500000000, 1500000000))


def stdin_of(folder, name):
    """The bytes that a case has on stdin."""
    if not name.startswith("TAR"):
        if not name:
            return b""
        with open(os.path.join(folder, name), "rb") as file:
            return file.read()
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:" + name[4:], format=tarfile.USTAR_FORMAT) as tar:
        member = tarfile.TarInfo("sub/Dockerfile")
        member.size = len(DOCKERFILE)
        tar.addfile(member, io.BytesIO(DOCKERFILE.encode("ascii")))
    return data.getvalue()


def members(body):
    """What is in the tar of a request: [name, type, mode, size, link, content] of each member."""
    found = []
    if body[257:262] == b"ustar":   # docker's lacks its end where a Dockerfile was added
        body += bytes(-len(body) % 512 + 1024)
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        for one in tar:
            assert (one.uid, one.gid) == (0, 0)
            text = tar.extractfile(one).read().decode("utf-8") if one.isreg() else ""
            found.append([RANDOM_NAME.sub(".dockerfile.RANDOM", one.name), one.type.decode("ascii"),
                          "%o" % one.mode, one.size, one.linkname,
                          RANDOM_NAME.sub(".dockerfile.RANDOM", text)])
    # docker adds these two in no order.
    return sorted(found, key=lambda one: one[0].startswith(".docker"))


class KeepingEngine:
    """A fake engine that keeps the request of a build: `address`, and `sent()`, None for none."""

    def __init__(self):
        self.engine = FakeEngine(serve(self.answer))

    def __enter__(self):
        self.address = self.engine.__enter__().address
        return self

    def __exit__(self, *ended):
        self.engine.__exit__(*ended)

    @staticmethod
    def answer(seen):
        if seen.path == "HEAD /_ping":
            return b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\n"
        if seen.path == "GET /_ping":
            return b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK"
        return response(QUIETLY_BUILT if "q=1" in seen.target.replace("&", "?").split("?") else BUILT)

    def sent(self):
        requests, self.engine.requests[:] = list(self.engine.requests), []
        built = [one for one in requests if one.path == "POST /build"]
        return built[0] if built else None


def run_build(argv, engine, folder, words, stdin=b""):
    """How a build ended: {"status", "out", "err"}, and of the request "query" and "body" (bytes), if any."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DOCKER_")}
    environment.update(DOCKER_HOST=engine.address, DOCKER_BUILDKIT="0", DOCKER_CONFIG="/nonexistent",
                       HOME="/nonexistent", RD_SET="yes")
    process = run(argv + ["build"] + words, stdin, cwd=folder, env=environment)
    err = DEPRECATED.sub("", process.stderr.decode())
    found = {"status": process.returncode, "out": process.stdout.decode(),
             "err": err.replace(folder, "{cwd}")}
    sent = engine.sent()
    if sent is not None:
        query = urllib.parse.parse_qs(sent.target.partition("?")[2], keep_blank_values=True)
        found["query"] = {name: [RANDOM_NAME.sub(".dockerfile.RANDOM", value) for value in values]
                          for name, values in query.items()}
        found["fields"] = {name: sent.headers.get(name) for name in ("content-type", "x-registry-config",
                                                                     "transfer-encoding")}
        found["body"] = sent.body
    return found


def sent_answer(argv, engine, folder, case):
    """A row of sent.json."""
    words, stdin = case
    found = run_build(argv, engine, folder, shlex.split(words), stdin_of(folder, stdin))
    body = found.pop("body", None)
    if body is not None:
        found["gzip"] = body[:2] == b"\x1f\x8b"
        found["members"] = members(body)
    if os.path.exists(os.path.join(folder, "id")):
        with open(os.path.join(folder, "id")) as file:
            found["id"] = file.read()
        os.unlink(os.path.join(folder, "id"))
    return found


def case_name(case):
    return "%s < %s" % case if case[1] else case[0]


def read_builds(name):
    with open(os.path.join(RECORDS, name + ".json"), encoding="utf-8") as file:
        return json.load(file)


def write_builds(name, rows):
    os.makedirs(RECORDS, exist_ok=True)
    with open(os.path.join(RECORDS, name + ".json"), "w", encoding="utf-8") as file:
        file.write("{\n%s\n}\n" % ",\n".join(" %s: %s" % (json.dumps(key), json.dumps(rows[key]))
                                             for key in rows))


def record_builds(cli):
    """Ask the docker command line `cli` for every case, and write it down."""
    argv, ignored, sent = [cli.path], {}, {}
    with tempfile.TemporaryDirectory() as folder, KeepingEngine() as engine:
        make_tree(folder)
        for text in IGNORE_CASES:
            write_files(folder, {".dockerignore": text})
            found = run_build(argv, engine, folder, ["."])
            ignored[text] = ([one[0] for one in members(found["body"])] if "body" in found else found["err"])
        os.unlink(os.path.join(folder, ".dockerignore"))
    with tempfile.TemporaryDirectory() as folder, KeepingEngine() as engine:
        make_sent_files(folder)
        for case in SENT_CASES:
            sent[case_name(case)] = sent_answer(argv, engine, folder, case)
    write_builds("ignore", ignored)
    write_builds("sent", sent)
