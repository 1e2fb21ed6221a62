"""The examples do what they say, on the practice engine; the one that reads by itself, with a cut answer too.
"""
import os
import subprocess
import sys

import pytest

from net.fake_engine import FakeEngine, chunked, frame
from rawdock import Docker, PracticeEngine

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def run_example(name, *arguments, **environment):
    """→ (exit status, what it wrote) of an example, which may warn of nothing."""
    ran = subprocess.run([sys.executable, "-W", "error", os.path.join(HERE, name)] + list(arguments),
                         env=dict(os.environ, PYTHONPATH=ROOT, **environment), stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, timeout=60)
    return ran.returncode, ran.stdout.decode("utf-8", "replace")


@pytest.fixture(scope="module")
def engine():
    with PracticeEngine() as practice:
        yield practice


def test_asyncio_with_threads(engine):
    status, said = run_example("asyncio_with_threads.py", DOCKER_HOST=engine.address)
    assert (status, said) == (0, "one\ntwo\nthree\n1 out\n2 err\n")


def test_asyncio_by_hand(engine):
    with Docker(engine.address) as docker:
        id = docker.run("busybox", ["sh", "-c", "echo out; echo err >&2"], detach=True)
        status, said = run_example("asyncio_by_hand.py", engine.address[len("unix://"):], id)
        docker.container_delete(id, force=True)
        assert (status, said) == (0, "1 out\n2 err\n")
        status, said = run_example("asyncio_by_hand.py", engine.address[len("unix://"):], "nobody")
        assert status == 1 and said.endswith("APIError: the engine answered 404\n")


@pytest.mark.parametrize("lost", [1, 5, 12])   # of the last chunk, before it, inside the frame
def test_asyncio_by_hand_notices_a_cut(lost):
    wire = chunked(frame(1, b"out\n"), kind="application/vnd.docker.multiplexed-stream")
    with FakeEngine(lambda peer: (peer.request(), peer.send(wire[:-lost]))) as engine:
        status, said = run_example("asyncio_by_hand.py", engine.path, "c")
    assert status == 1 and "TruncatedError" in said


def test_threads_and_forks(engine):
    status, said = run_example("threads_and_forks.py", DOCKER_HOST=engine.address)
    assert (status, said) == (0, "20 threads, then parent and child: 0\n")
