"""Archives of a real engine: byte for byte what docker gets, and in constant memory."""
import hashlib
import re
import subprocess
import sys

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


@pytest.mark.parametrize("words", [["export", "live-large"], ["save", "busybox"],
                                   ["save", "busybox", "redis:2.8"]], ids=" ".join)
def test_the_tar_is_dockers(engine, large, words):
    engine.pull("redis:2.8")
    ours, theirs = [hashlib.sha256(subprocess.check_output(argv, env=clean_environment())).hexdigest()
                    for argv in (client(engine, *words), [engine.docker_cli, "-H", engine.address] + words)]
    assert ours == theirs


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
