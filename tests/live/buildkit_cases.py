"""Contexts and Dockerfiles that the docker CLI's builders and rawdock must make equal images of.

A row of BUILD_CASES: name, files, Dockerfile, more words of the command line. Files are {path: what}: text,
bytes, or one of the functions below. The Dockerfile is a file of the context unless the words have -f.
"""
import os
import socket
import stat


def folder(mode=0o755):
    return lambda path: (os.makedirs(path, exist_ok=True), os.chmod(path, mode))


def link(target):
    return lambda path: os.symlink(target, path)


def second_name(name):
    """A hard link to the file `name` beside it."""
    return lambda path: os.link(os.path.join(os.path.dirname(path), name), path)


def fifo():
    return os.mkfifo


def with_mode(mode, text="x\n"):
    def make(path):
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, mode)
    return make


def sparse(size):
    def make(path):
        with open(path, "wb") as file:
            file.truncate(size)
            file.seek(size // 2)
            file.write(b"in the middle")
    return make


def unix_socket():
    def make(path):
        back = os.getcwd()
        os.chdir(os.path.dirname(path))   # a socket's path must be short
        try:
            with socket.socket(socket.AF_UNIX) as one:
                one.bind(os.path.basename(path))
        finally:
            os.chdir(back)
    return make


TREE = {"a.txt": "a\n", "b.md": "b\n", "sub/c.txt": "c\n", "sub/deep/d.txt": "d\n", "sub/deep/e.md": "e\n",
        "empty": folder(), "z.log": "z\n"}
LONG = "long-" + "n" * 90
DEEP = "/".join(["d" * 60, "e" * 60, "f" * 60])
UNICODE = "ünïcode-☃.txt"


def ignoring(*lines):
    return dict(TREE, **{".dockerignore": "\n".join(lines + (".dockerignore", ""))})


COPY_ALL = "FROM scratch\nCOPY . /\nCMD [\"/x\"]\n"
BUILD_CASES = [
    # ---- ignore rules
    ("everything", TREE, COPY_ALL, []),
    ("ignored by extension", ignoring("*.md", "*.log"), COPY_ALL, []),
    ("ignored at any depth", ignoring("**/*.md"), COPY_ALL, []),
    ("an exception", ignoring("sub", "!sub/deep/d.txt", "# *.txt", "", "  z.log  "), COPY_ALL, []),
    ("all ignored but one", ignoring("*", "!a.txt"), COPY_ALL, []),
    ("order of the rules", ignoring("!a.txt", "a.txt", "b.*", "!b.md", "/empty/"), COPY_ALL, []),
    ("classes and question marks", ignoring("[ab].???", "sub/*/d*"), COPY_ALL, []),
    # ---- COPY and ADD
    ("forms of COPY", TREE, """FROM busybox
WORKDIR /w
COPY a.txt b.md ./
COPY sub /sub
COPY sub/ /sub2/
COPY sub/deep/*.txt /texts/
COPY ["a.txt", "with blank"]
COPY --chown=7:8 a.txt /owned
COPY empty /e
COPY --chown=1000 sub /owned-sub
""", []),
    ("ADD of an archive and of a file", dict(TREE, **{"sub.tgz": lambda path: os.system(
        "tar -C %s -czf %s --mtime=@1000000000 a.txt sub" % (os.path.dirname(path), path))}),
     "FROM busybox\nADD a.txt /x/\nADD sub.tgz /unpacked/\nADD --chown=5 b.md /y\n", []),
    ("COPY of what is not there", TREE, "FROM busybox\nCOPY nosuch /\n", []),
    ("COPY of what is ignored", ignoring("a.txt"), "FROM busybox\nCOPY a.txt /\n", []),
    # ---- stages and arguments
    ("stages", TREE, """FROM busybox AS one
RUN echo one > /one
FROM busybox AS unused
RUN false
FROM scratch
COPY --from=one /one /a/
COPY --from=busybox /bin/busybox /b/
COPY --from=0 /one /c
""", []),
    ("a target", TREE, "FROM busybox AS one\nRUN echo 1 > /1\nFROM one AS two\nRUN false\n",
     ["--target", "one"]),
    ("a target that is not there", TREE, "FROM busybox\n", ["--target", "nosuch"]),
    ("arguments", TREE, """ARG BASE=busybox
FROM ${BASE}
ARG ONE=1
ARG TWO
ENV THREE=$ONE-${TWO:-none} FOUR="4 4"
RUN echo $ONE $TWO $THREE > /args
LABEL x=$TWO y="a b"
""", ["--build-arg", "TWO=zwei", "--label", "l=from the command line"]),
    ("an argument that selects the base", TREE, "ARG BASE\nFROM $BASE\n", ["--build-arg", "BASE=busybox"]),
    # ---- configuration
    ("all of the configuration", TREE, """FROM busybox
ENV A=1 B=$A
WORKDIR /srv
WORKDIR sub
USER 1000:1000
EXPOSE 80 53/udp
VOLUME ["/data", "/more"]
STOPSIGNAL SIGUSR1
HEALTHCHECK --interval=5s --retries=2 CMD true
SHELL ["/bin/sh", "-e", "-c"]
ENTRYPOINT ["/bin/sh"]
CMD ["-c", "echo hi"]
LABEL maintainer=me
ONBUILD RUN echo later
""", []),
    ("commands of the shell", TREE, "FROM busybox\nENTRYPOINT exec top\nCMD echo hi\n", []),
    ("a RUN in a form of JSON", TREE,
     'FROM busybox\nRUN ["touch", "/made"]\nRUN touch -d @0 /old && mkdir -m 1777 /t\n', []),
    ("continued lines and comments", TREE, """# a comment
FROM busybox

RUN echo a \\
    # within
    b > /out \\
 && echo c >> /out
""", []),
    # ---- failures
    ("a RUN that fails", TREE, "FROM busybox\nRUN echo before; exit 7\nCOPY a.txt /\n", []),
    ("a RUN of a program that is not there", TREE, 'FROM busybox\nRUN ["/nosuch"]\n', []),
    ("an unknown instruction", TREE, "FROM busybox\n\nFOO bar\n", []),
    ("an empty Dockerfile", TREE, "# nothing\n", []),
    ("a base that is not there", TREE, "FROM rawdock-nosuch:1\n", []),
    ("a Dockerfile that is not there", TREE, "FROM busybox\n", ["-f", "nosuch"]),
    # ---- kinds of files
    ("links", {"a": "a\n", "to-a": link("a"), "up": link("../x"), "dangling": link("nowhere"), "d": folder(),
               "to-d": link("d"), "d/in": "i\n", "second": second_name("a")}, COPY_ALL, []),
    ("modes", {"x": with_mode(0o755), "w": with_mode(0o666), "s": with_mode(0o4755), "r": with_mode(0o400),
               "d": folder(0o700), "d/f": with_mode(0o600), "t": folder(0o1777)}, COPY_ALL, []),
    ("names", {UNICODE: "u\n", LONG: "l\n", LONG + "d/": folder(),
               DEEP: "p\n", "with blank and 'quotes'": "q\n", "-dash": "d\n", "#hash": "h\n"}, COPY_ALL, []),
    ("a long first name", {"0" * 120: "first\n"}, COPY_ALL, []),
    ("a sparse file, and an empty one", {"big": sparse(3 << 20), "none": ""}, COPY_ALL, []),
    ("a socket and a fifo that are ignored", dict(TREE, s=unix_socket(), f=fifo(), **{
        ".dockerignore": "s\nf\n.dockerignore\n"}), COPY_ALL, []),
]
HEREDOC_CASES = [
    ("a heredoc of RUN", TREE, "FROM busybox\nRUN <<EOF\necho 1 > /one\necho 2 > /two\nEOF\n", []),
    ("heredocs of COPY", TREE, """FROM busybox
ARG WHO=me
COPY <<first.txt <<'second.txt' a.txt /d/
hello $WHO
first.txt
hello $WHO
second.txt
COPY --link sub /linked
COPY --chmod=711 a.txt /mode
""", []),
    ("a RUN in a heredoc that fails", TREE, "FROM busybox\nRUN <<EOF\necho before\nexit 3\nEOF\n", []),
]


def make_context(directory, files, dockerfile):
    """Write the files of a case, and its Dockerfile, into a new `directory`."""
    os.makedirs(directory)
    everything = dict(files, Dockerfile=dockerfile)
    for path in sorted(everything, key=lambda path: (callable(everything[path]), path.count("/"), path)):
        full = os.path.join(directory, path.rstrip("/"))
        os.makedirs(os.path.dirname(full), exist_ok=True)
        if callable(everything[path]):
            everything[path](full)
        else:
            with open(full, "w", encoding="utf-8") as file:
                file.write(everything[path])
    for folder_path, _, names in os.walk(directory):
        for name in names:
            if not stat.S_ISLNK(os.lstat(os.path.join(folder_path, name)).st_mode):
                os.utime(os.path.join(folder_path, name), (1000000000, 1000000000))
