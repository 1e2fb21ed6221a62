"""Contexts and Dockerfiles that docker and rawdock both build, and what is compared of the images.

BUILDS: name → (files, words after `build -t NAME`). A file is a text, bytes, or a value made by link(),
hard(), fifo(), sock(), folder(), sparse() or with_mode(). Without other words the context is ctx.
run_words() builds one of them, image_facts() says what an image consists of: its configuration, and of each
layer above its base the members with owner, mode, content, and time where it is the context's.
"""
import gzip
import hashlib
import io
import json
import os
import re
import socket
import subprocess
import tarfile

from tests.live.build_cases import DEPRECATED

CONTEXT_TIME = 1500000000
BASE = "FROM busybox\n"
ALL = "FROM scratch\nCOPY . /\n"


def link(target):
    return ("link", target)


def hard(target):
    return ("hard", target)


def fifo():
    return ("fifo", None)


def sock():
    return ("sock", None)


def folder(mode=0o755):
    return ("folder", mode)


def sparse(size):
    return ("sparse", size)


def with_mode(text, mode):
    return ("mode", (text, mode))


def small_tar():
    """A tar that ADD extracts; of equal bytes each time, because BuildKit compares files by size and time."""
    data = io.BytesIO()
    with gzip.GzipFile(fileobj=data, mode="wb", mtime=0) as packed, \
            tarfile.open(fileobj=packed, mode="w") as tar:
        member = tarfile.TarInfo("in/side")
        member.size, member.mtime, member.uid = 2, CONTEXT_TIME, 7
        tar.addfile(member, io.BytesIO(b"in"))
    return data.getvalue()


# ==== table begin: contexts and Dockerfiles
SOURCES = {"a": "1", "b.txt": "22", "d/x": "x", "d/y.txt": "yy", "d/e/z": "zzz", "run.sh": with_mode("#!", 0o755)}
BUILDS = {
    "copy all": (dict(SOURCES, Dockerfile=ALL), ()),
    "copy a file": (dict(SOURCES, Dockerfile="FROM scratch\nCOPY a /b\nCOPY [\"a\", \"d/x\", \"/many/\"]\n"), ()),
    "copy a folder": (dict(SOURCES, Dockerfile="FROM scratch\nCOPY d/ /with/\nCOPY ./d/e /e\n"), ()),
    "copy a pattern": (dict(SOURCES, Dockerfile="FROM scratch\nCOPY *.txt d/*.txt /t/\nCOPY [a-b] /p/\n"), ()),
    "chown": (dict(SOURCES, Dockerfile="FROM scratch\nCOPY --chown=5:6 d /d\nADD --chown=7 a /a\n"), ()),
    "add a tar": ({"t.tar.gz": small_tar(), "Dockerfile": "FROM scratch\nADD t.tar.gz /t\nCOPY t.tar.gz /\n"}, ()),
    "nothing to copy": ({"Dockerfile": "FROM scratch\nCOPY nosuch /\n"}, ()),
    "out of the context": ({"Dockerfile": "FROM scratch\nCOPY ../a /\n"}, ()),
    "ignored": (dict(SOURCES, Dockerfile=ALL, **{".dockerignore": "*.txt\nd/*\n!d/e\n"}), ()),
    "ignored and copied": (dict(SOURCES, Dockerfile="FROM scratch\nCOPY a /\n", **{".dockerignore": "a\n"}), ()),
    "ignores its Dockerfile": (dict(SOURCES, Dockerfile=ALL, **{".dockerignore": "Docker*\n.docker*\n"}), ()),
    "ignores all but": (dict(SOURCES, Dockerfile=ALL, **{".dockerignore": "*\n!d\nd/**/z\n"}), ()),
    "another Dockerfile": (dict(SOURCES, Dockerfile="x", **{"d/Other": ALL}), ("-f", "ctx/d/Other", "ctx")),
    "a Dockerfile outside": (dict(SOURCES, **{"../Out": ALL}), ("-f", "Out", "ctx")),
    "a Dockerfile outside, ignored": (dict(SOURCES, **{"../Out": ALL, ".dockerignore": "d\n.dockerignore\n"}),
                                      ("-f", "Out", "ctx")),
    "stages": (dict(SOURCES, Dockerfile=BASE + "COPY a /made\nFROM scratch AS two\nCOPY --from=0 /made /got\n"
                    "FROM scratch\nCOPY --from=two /got /last\nCOPY --from=busybox /etc/passwd /p\n"), ()),
    "a target": (dict(SOURCES, Dockerfile="FROM scratch AS one\nCOPY a /\nFROM scratch AS two\nCOPY d /\n"),
                 ("--target", "one", "ctx")),
    "no such target": ({"Dockerfile": "FROM scratch\nCOPY . /\n"}, ("--target", "nosuch", "ctx")),
    "arguments": ({"Dockerfile": "ARG I=busybox\nFROM $I\nARG A=1\nARG B\nENV C=$A-${B:-no}-${D:+x}\n"
                   "LABEL l=$A\nWORKDIR /w/$A\n"}, ("--build-arg", "A=5", "--build-arg", "B=6", "ctx")),
    "an argument too many": ({"Dockerfile": "FROM scratch\nCOPY . /\n"}, ("--build-arg", "NOSUCH=1", "ctx")),
    "configuration": ({"Dockerfile": BASE + 'ENV A=1 B="x y"\nEXPOSE 80 53/udp\nVOLUME /v\nUSER 5:6\n'
                       'STOPSIGNAL SIGINT\nENTRYPOINT ["a", "b"]\nCMD c $A\nHEALTHCHECK --interval=5s CMD x\n'
                       'SHELL ["/bin/x", "-c"]\nMAINTAINER me\nLABEL x="1 2" y=3\n'}, ("--label", "z=4", "ctx")),
    "escapes": ({"Dockerfile": "# escape=`\nFROM scratch\n# a comment\nLABEL a=`\n  b\nCOPY . `\n  /\n"}, ()),
    "run": ({"Dockerfile": BASE + "RUN echo err >&2; mkdir -m 700 /m; echo x > /m/f; ln -s f /m/l\n"}, ()),
    "a failing run": ({"Dockerfile": BASE + "RUN echo before; exit 3\n"}, ()),
    "triggers": ({"Dockerfile": BASE + "ONBUILD COPY . /got\nONBUILD ENV A=1\n"}, ()),
    "triggered": (dict(SOURCES, Dockerfile="FROM rd-built:triggers\nLABEL a=b\n"), ()),
    "no such instruction": ({"Dockerfile": "FROM scratch\nNOSUCH x\n"}, ()),
    "an empty Dockerfile": ({"Dockerfile": "# nothing\n"}, ()),
    "no Dockerfile": ({"a": "1"}, ()),
    "no such image": ({"Dockerfile": "FROM rd-nosuch-image\n"}, ()),
    "names": ({"Dockerfile": ALL, "\u00fcn\u00ef c\u00f6de \u4e2d": "1", " lead": "2", "new\nline": "3", "q'\"$": "4",
               "back\\slash": "5"}, ()),
    "long paths": ({"Dockerfile": ALL, "/".join(["directory" * 3] * 12) + "/f": "1", "n" * 200: "2",
                    "s" * 99 + "/" + "t" * 99: "3"}, ()),
    "links": ({"Dockerfile": ALL, "f": "1", "h": hard("f"), "l": link("f"), "up": link("../../x"), "no": link("no"),
               "abs": link("/etc/passwd"), "d/l": link("../f"), "dl": link("d"), "long": link("x" * 150)}, ()),
    "kinds": ({"Dockerfile": "FROM scratch\nCOPY a e /\n", "a": "1", "fifo": fifo(), "sock": sock(),
               "e/f/g": folder(0o700)}, ()),
    "a fifo": ({"Dockerfile": "FROM scratch\nCOPY . /\n", "fifo": fifo()}, ()),
    "modes": ({"Dockerfile": ALL, "s": with_mode("1", 0o4755), "g": with_mode("2", 0o2711), "n": with_mode("3", 0),
               "t": folder(0o1777), "empty": ""}, ()),
    "sparse": ({"Dockerfile": ALL, "s": sparse(3 << 20)}, ()),
    "a heredoc": ({"Dockerfile": BASE + "RUN <<E\necho hi\nE\n"}, ()),
    "heredocs of copy": (dict(SOURCES, Dockerfile=BASE + "ARG WHO=me\nCOPY <<one <<'two' a /t/\nhello $WHO\none\n"
                              "hello $WHO\ntwo\nCOPY --link d /linked\nCOPY --chmod=711 a /mode\n"), ()),
    "a failing heredoc": ({"Dockerfile": BASE + "RUN <<E\necho before\nexit 3\nE\n"}, ()),
    "a long first name": ({"Dockerfile": ALL, "0" * 120: "1"}, ()),
    "quiet": (dict(SOURCES, Dockerfile=ALL), ("-q", "ctx")),
    "a wrong ignore file": ({"Dockerfile": ALL, ".dockerignore": "[a\n"}, ()),
}
# ==== table end


def make_context(place, name):
    """Make the files of a build below `place`/ctx."""
    for path, value in BUILDS[name][0].items():
        full = os.path.normpath(os.path.join(place, "ctx", path))
        kind, what = value if isinstance(value, tuple) else ("mode", (value, 0o644))
        os.makedirs(os.path.dirname(full) if kind != "folder" else full, exist_ok=True)
        if kind == "mode":
            with open(full, "wb") as file:
                file.write(what[0] if isinstance(what[0], bytes) else what[0].encode("utf-8"))
            os.chmod(full, what[1])
        elif kind == "sparse":
            with open(full, "wb") as file:
                file.truncate(what)
        elif kind == "sock":
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(full)
        elif kind == "folder":
            os.chmod(full, what)
        elif kind == "fifo":
            os.mkfifo(full)
        elif kind == "hard":
            os.link(os.path.join(os.path.dirname(full), what), full)
        else:
            os.symlink(what, full)
    for folder_path, _, names in os.walk(place, topdown=False):
        for one in names + ["."]:
            os.utime(os.path.join(folder_path, one), (CONTEXT_TIME, CONTEXT_TIME), follow_symlinks=False)


def tag_of(name, repository="rd-built"):
    return "%s:%s" % (repository, re.sub("[^a-z]", "-", name.lower()))


def run_words(argv, place, name, tag, *flags, **environment):
    """Build `name` → (exit status, stdout, stderr) (str), less ids and what docker says of buildx."""
    words = list(BUILDS[name][1] or ["ctx"])
    ran = subprocess.run(argv + ["build", "-t", tag] + list(flags) + words, cwd=place,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         timeout=120, env=dict(os.environ, **environment))
    out, err = [data.decode("utf-8", "replace") for data in (ran.stdout, ran.stderr)]
    return ran.returncode, without_ids(out), without_ids(DEPRECATED.sub("", err)).split("; ")[0].strip()


def without_ids(text):
    text = re.sub(r"sha256:[0-9a-f]{64}|\b[0-9a-f]{12}\b", "ID", text.replace("\r", ""))
    text = re.sub("tagged rd-[a-z0-9]+:", "tagged ", text)
    text = re.sub(r"(?m)^time=.*\n|^.*is a socket.*\n", "", text)
    return re.sub(r"daemon +[0-9.]+[kM]?B", "daemon SIZE", text)


def image_facts(engine, tag):
    """(configuration, layers above the base) of an image, None without one."""
    status, body = engine.request("GET", "/images/%s/get" % tag)
    if status != 200:
        return None
    with tarfile.open(fileobj=io.BytesIO(body)) as saved:
        manifest = json.loads(saved.extractfile("manifest.json").read().decode())[0]
        config = json.loads(saved.extractfile(manifest["Config"]).read().decode())
        layers = [layer_facts(saved.extractfile(name).read()) for name in manifest["Layers"]]
    kept = {key: value for key, value in config.get("config", {}).items() if key not in ("Image", "Hostname")}
    history = [re.sub("[0-9a-f]{64}", "DIGEST", one.get("created_by", "")) for one in config["history"]]
    return {"config": kept, "history": history, "author": config.get("author"),
            "platform": (config["os"], config["architecture"])}, [one for one in layers if len(one) < 300]


def layer_facts(data):
    """[(name, type, mode, uid, gid, size, link, digest, time)] of a layer; time: None or the context's."""
    found = []
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for one in tar:
            content = hashlib.sha256(tar.extractfile(one).read()).hexdigest() if one.isreg() else ""
            time = one.mtime if one.mtime == CONTEXT_TIME else None
            found.append((one.name, one.type, one.mode, one.uid, one.gid, one.size, one.linkname, content,
                          time))
    return found
