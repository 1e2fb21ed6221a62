"""The redis story with rawdock.py copied alone into an empty directory, on several Pythons, isolated from
everything else."""
import glob
import os
import re
import subprocess
import sys

import pytest

from tests.live.client import run_to_end
from tests.live.test_live_run import redis_story

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def version_of(python):
    """(3, 6) for a path that starts CPython 3.6, or None."""
    try:
        said = subprocess.run([python, "-I", "-S", "-c", "import sys; print('%d %d' % sys.version_info[:2])"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=20).stdout.decode()
    except (OSError, subprocess.TimeoutExpired):
        return None
    return tuple(map(int, said.split())) if re.fullmatch("[0-9]+ [0-9]+\n", said) else None


def pythons():
    """The running interpreter, the oldest that rawdock promises (3.6) and the newest found, as name →
    path."""
    found = {sys.version_info[:2]: sys.executable}
    folders = (os.environ.get("PATH", "").split(os.pathsep)
               + glob.glob(os.path.expanduser(os.path.join("~", ".py" + "env", "versions", "*", "bin"))))
    for folder in folders:
        for path in glob.glob(os.path.join(folder, "python3.[0-9]*")):
            match = re.fullmatch("python3[.]([0-9]+)", os.path.basename(path))
            if match and 6 <= int(match.group(1)) <= 14 and (3,
                                                             int(match.group(1))) not in found and version_of(
                    path) == (3, int(match.group(1))):
                found[(3, int(match.group(1)))] = path
    chosen = {sys.version_info[:2], min(found), max(found)}
    return [(".".join(map(str, version)), found[version]) for version in sorted(chosen)]


def written_file(*options):
    """The bytes of the single file that tools/amalgamate writes."""
    return subprocess.check_output([sys.executable, os.path.join(ROOT, "tools", "amalgamate")] + list(options))


@pytest.fixture(scope="module")
def single_file():
    return written_file()


@pytest.fixture(params=pythons(), ids=lambda pair: pair[0])
def alone(request, single_file, tmp_path):
    """The argv of the file alone in an empty directory."""
    (tmp_path / "rawdock.py").write_bytes(single_file)
    assert os.listdir(str(tmp_path)) == ["rawdock.py"]
    return [request.param[1], "-I", "-S", str(tmp_path / "rawdock.py")]


def test_the_redis_story_alone(engine, alone, tmp_path):
    redis_story(engine, alone, str(tmp_path))
    assert sorted(os.listdir(str(tmp_path))) == ["__pycache__", "data", "rawdock.py"]
    assert len(os.listdir(str(tmp_path / "__pycache__"))) == 1


def test_the_seed_of_it_all_alone(engine, alone):
    engine.pull("busybox")
    command = alone + ["-H", engine.address]
    assert (run_to_end(command + ["run", "--rm", "busybox", "sh", "-c", "echo x; echo e >&2; exit 7"])
            == (7, b"x\n", b"e\n"))
    data = os.urandom(100000)
    assert run_to_end(command + ["run", "--rm", "-i", "busybox", "cat"], stdin=data) == (0, data, b"")
    assert run_to_end(command + ["GET", "/_ping"]) == (0, b"OK", b"")
