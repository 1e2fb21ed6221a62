"""The redis story with rawdock.py copied alone into an empty directory, on several Pythons, isolated from
everything else."""
import os
import subprocess
import sys

import pytest

from tests.live.client import run_to_end
from tests.live.test_live_run import redis_story
from tests.pythons import pythons

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


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
