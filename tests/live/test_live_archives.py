"""Archives of a real engine: byte for byte what docker gets, and in constant memory."""
import io
import json
import re
import subprocess
import sys
import tarfile

import pytest

from tests.live.client import clean_environment, client, quiet, run_to_end

LARGE_MIB = 128
PEAK_KIB = 32 << 10
# rawdock as a process that says on stderr how much memory it had at most.
MEASURED = """
import re, sys
from rawdock.main import run_process
def report():
    with open("/proc/self/status") as file:
        sys.stderr.write(re.search("VmHWM:.*", file.read()).group())
        sys.stderr.flush()
run_process(report)
"""


@pytest.fixture(scope="module")
def large(engine):
    """A container with a file of LARGE_MIB that takes no place."""
    engine.pull("busybox")
    quiet(engine, "run", "--name", "live-large", "busybox", "truncate", "-s", "%dM" % LARGE_MIB, "/large")
    yield "live-large"
    engine.remove_container("live-large")


def parts_of(tar):
    """The files in the bytes of a tar: {name: content}.

    The engine takes several images in any order, and makes a link of the second layer that is like another.
    """
    with tarfile.open(fileobj=io.BytesIO(tar)) as opened:
        files = {one.name: opened.extractfile(one) for one in opened}   # of a link, what it points to
        found = {name: file.read() for name, file in files.items() if file is not None}
    found["manifest.json"] = sorted(json.loads(found["manifest.json"].decode()), key=str)
    return found


def test_the_tar_is_dockers(engine):
    for image in ("busybox", "redis:2.8"):
        engine.pull(image)
    quiet(engine, "create", "--name", "live-small", "busybox", "true")
    try:
        for words in (["export", "live-small"], ["save", "busybox"], ["save", "busybox", "redis:2.8"]):
            ours, theirs = [subprocess.check_output(argv, env=clean_environment()) for argv in (
                client(engine, *words), [engine.docker_cli, "-H", engine.address] + words)]
            assert ours == theirs or len(words) == 3 and parts_of(ours) == parts_of(theirs), words
    finally:
        engine.remove_container("live-small")


def test_a_large_archive_goes_both_ways_in_little_memory(engine, large, tmp_path):
    path, name = str(tmp_path / "large.tar"), "live-large-image"
    commands = [["export", "-o", path, large], ["import", path, name], ["save", "-o", path, name],
                ["load", "-i", path]]
    try:
        for words in commands:
            ran = run_to_end([sys.executable, "-c", MEASURED, "-H", engine.address] + words, timeout=120)
            assert ran.status == 0, ran
            peak = int(re.fullmatch(rb"VmHWM:\s+([0-9]+) kB", ran.err).group(1))
            assert peak < PEAK_KIB, words
        assert (tmp_path / "large.tar").stat().st_size > LARGE_MIB << 20
        assert ran.out.decode() == "Loaded image: %s:latest\n" % name
    finally:
        run_to_end(client(engine, "rmi", name))


def test_what_one_saves_the_other_loads(engine):
    engine.pull("busybox")
    argv = {"ours": client(engine), "theirs": [engine.docker_cli, "-H", engine.address]}
    for one, other in (("ours", "theirs"), ("theirs", "ours")):
        saved = run_to_end(argv[one] + ["save", "busybox"])
        assert (saved.status, saved.err) == (0, b"")
        loaded = run_to_end(argv[other] + ["load"], stdin=saved.out)
        assert loaded == (0, b"Loaded image: busybox:latest\n", b"")
