"""Rows of tools/bench: archives into and out of an engine, whole programs: wall time and peak memory."""
import os
import shutil
import tempfile
from contextlib import contextmanager

from bench_parts.figures import Goal
from bench_parts.machine import BARE_PYTHON, VENV, expect, take_turns

PEAK_MIB = 32   # for 1 GiB, either way

DOCKER_PY = "import sys, docker; client = docker.from_env(version='1.41'); "
DOCKER_PY_SAVE = DOCKER_PY + ("[sys.stdout.buffer.write(data) for data in "
                              "client.api.get_image(sys.argv[1])]")
DOCKER_PY_EXPORT = DOCKER_PY + "[sys.stdout.buffer.write(data) for data in client.api.export(sys.argv[1])]"
DOCKER_PY_LOAD = DOCKER_PY + "print(list(client.api.load_image(open(sys.argv[1], 'rb'), quiet=True)))"


def rawdock(*words):
    return [BARE_PYTHON, "-m", "rawdock"] + list(words)


def docker_py_program(text, *words):
    return [os.path.join(VENV, "bin", "python"), "-c", text] + list(words)


def curl(path, *words):
    return ["curl", "-sS", "--fail", "--unix-socket", path] + list(words)


def compare(bench, row, command, programs, larger, address=None, size=None, larger_size=None):
    """Let programs (name → argv) take turns, then `larger` (argv) run once for its memory."""
    ours, more = "rawdock " + command, "rawdock %s, %d MiB" % (command, bench.size(1024, 256))
    row.goals += [Goal(ours, "docker " + command, "faster", 1, 1.3), Goal(ours, "curl", "faster", 1, 1.3)]
    take_turns(row, [(name, bench.process(argv, address, size)) for name, argv in programs], bench.rounds)
    if larger is not None:
        row.goals.append(Goal(more, None, "limit", PEAK_MIB, measure="peak"))
        take_turns(row, [(more, bench.process(larger, address, larger_size))], 1)


@contextmanager
def large_file(bench, mib):
    """The path of a file of random bytes, which a disk cannot leave out."""
    path = os.path.join(bench.folder, "large-%d" % mib)
    with open(path, "wb") as file:
        for _ in range(mib):
            file.write(os.urandom(1 << 20))
    try:
        yield path
    finally:
        os.unlink(path)


def row_save(bench, row):
    """An image to a file."""
    path, mib, more = bench.serve(), bench.size(256, 64), bench.size(1024, 256)
    row.title += " (%d MiB)" % mib
    name = "mib-%d" % mib
    compare(bench, row, "save", [
        ("rawdock save", rawdock("save", name)), ("docker save", ["docker", "save", name]),
        ("curl", curl(path, "http://docker/images/get?names=" + name)),
        ("docker-py", docker_py_program(DOCKER_PY_SAVE, name))],
        rawdock("save", "mib-%d" % more), size=mib << 20, larger_size=more << 20)


@contextmanager
def build_context(bench, mib, files):
    """The path of a context with a Dockerfile, one large file and so many small ones, a tenth ignored."""
    folder = tempfile.mkdtemp(dir=bench.folder)
    with large_file(bench, mib) as path:
        os.link(path, os.path.join(folder, "large"))
        for at in range(files):
            with open(os.path.join(folder, "%d.%s" % (at, "txt" if at % 10 else "log")), "w") as file:
                file.write("%d\n" % at)
        for name, text in (("Dockerfile", "FROM scratch\nCOPY . /\n"), (".dockerignore", "*.log\n")):
            with open(os.path.join(folder, name), "w") as file:
                file.write(text)
        try:
            yield folder
        finally:
            shutil.rmtree(folder)


def row_build(bench, row):
    """A directory to an engine that reads the context, and builds nothing."""
    path, mib, more, files = bench.serve(), bench.size(512, 64), bench.size(1024, 256), bench.size(500, 100)
    row.title += " (%d MiB and %d small files)" % (mib, files)
    with build_context(bench, mib, files) as small, build_context(bench, more, 1) as large:
        # docker says on stderr that its builder is deprecated; ours is not to choose BuildKit either.
        quiet = ["sh", "-c", 'DOCKER_BUILDKIT=0 exec "$@" 2>/dev/null', "sh"]
        sent = 'tar -cf- -C "$0" --exclude="*.log" . | exec "$@"'
        compare(bench, row, "build", [
            ("rawdock build", quiet + rawdock("build", small)),
            ("docker build", quiet + ["docker", "build", small]),
            ("curl", ["sh", "-c", sent, small] + curl(path, "-X", "POST", "-T", "-", "http://docker/build"))],
            quiet + rawdock("build", large))


def row_load(bench, row):
    """A file to an engine that reads it, and keeps nothing."""
    path, mib, more = bench.serve(), bench.size(256, 64), bench.size(1024, 256)
    row.title += " (%d MiB)" % mib
    with large_file(bench, mib) as small, large_file(bench, more) as large:
        compare(bench, row, "load", [
            ("rawdock load", rawdock("load", "-i", small)), ("docker load", ["docker", "load", "-i", small]),
            ("curl", curl(path, "-X", "POST", "-T", small, "http://docker/images/load?quiet=1")),
            ("docker-py", docker_py_program(DOCKER_PY_LOAD, small))], rawdock("load", "-i", large))


@contextmanager
def large_image(bench, mib):
    """The name of an image in the real engine, with one large file."""
    from rawdock import Docker
    name = "rawdock-bench-%d" % os.getpid()
    with Docker(bench.engine) as docker:
        for message in docker.image_create(fromImage="busybox", tag="latest"):
            pass
        program = ["dd", "if=/dev/urandom", "of=/large", "bs=1048576", "count=%d" % mib]
        docker.container_create(name=name, body={"Image": "busybox", "Cmd": program})
        try:
            docker.container_start(name)
            expect(docker.container_wait(name)["StatusCode"], 0, "dd in the container")
            docker.image_commit(container=name, repo=name, tag="latest")
        finally:
            docker.container_delete(name, force=True)
        try:
            yield name
        finally:
            docker.image_delete(name, force=True)


def row_save_and_load_engine(bench, row):
    """An image out of a real engine into a file, and the file into the engine, which has the image."""
    if bench.engine is None:
        row.notes.append("no real engine: tools/engine up, or --engine ADDRESS")
        return
    mib, path = bench.size(256, 64), bench.engine[len("unix://"):]
    row.title += " (%d MiB)" % mib
    with large_image(bench, mib) as name:
        compare(bench, row, "save", [
            ("rawdock save", rawdock("save", name)), ("docker save", ["docker", "save", name]),
            ("curl", curl(path, "http://docker/images/get?names=" + name))], None, bench.engine)
        file = os.path.join(bench.folder, "image.tar")
        bench.process(rawdock("save", "-o", file, name), bench.engine, False)()
        try:
            take_turns(row, [
                (first, bench.process(argv, bench.engine)) for first, argv in [
                    ("rawdock load", rawdock("load", "-i", file)),
                    ("docker load", ["docker", "load", "-i", file]),
                    ("curl, a load", curl(path, "-X", "POST", "-T", file,
                                          "http://docker/images/load?quiet=1"))]], bench.rounds)
            row.goals.append(Goal("rawdock load", "docker load", "faster", 1, 1.3))
        finally:
            os.unlink(file)


def row_copy_engine(bench, row):
    """A file out of a container of a real engine, and one into it."""
    if bench.engine is None:
        row.notes.append("no real engine: tools/engine up, or --engine ADDRESS")
        return
    from rawdock import Docker
    mib, more = bench.size(256, 64), bench.size(1024, 256)
    row.title += " (%d MiB)" % mib
    name, target = "rawdock-bench-cp-%d" % os.getpid(), os.path.join(bench.folder, "copied")
    with Docker(bench.engine) as docker, large_file(bench, mib) as small, large_file(bench, more) as large:
        for message in docker.image_create(fromImage="busybox", tag="latest"):
            pass
        docker.container_create(name=name, body={"Image": "busybox", "Cmd": ["true"]})
        try:
            for way, words, larger in (("in", [small, name + ":/small"], [large, name + ":/large"]),
                                       ("out", [name + ":/small", target], [name + ":/large", target])):
                ours, theirs = "rawdock cp, %s" % way, "docker cp, %s" % way
                most = "rawdock cp, %s, %d MiB" % (way, more)
                take_turns(row, [(ours, bench.process(rawdock("cp", *words), bench.engine, False)),
                                 (theirs, bench.process(["docker", "cp"] + words, bench.engine, False))],
                           bench.rounds)
                take_turns(row, [(most, bench.process(rawdock("cp", *larger), bench.engine, False))], 1)
                row.goals += [Goal(ours, theirs, "faster", 1, 1.3),
                              Goal(most, None, "limit", PEAK_MIB, measure="peak")]
        finally:
            docker.container_delete(name, force=True)
            if os.path.exists(target):
                os.unlink(target)
