"""The README's table for those who come from docker-py: each call of rawdock in it does what the row says.

`tools/peers docker-py` runs docker-py's side too, and compares the two.
"""
import os

import pytest

from tests.live.docker_py_rows import run_side, table_rows

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# What must come of a row; of the others it is enough that they run, in the order of the table.
EXPECTED = {
    'docker.system_ping().read() == b"OK"': None,
    'docker.run("busybox", ["echo", "hi"], rm=True).output': "hi\n",
    'docker.container_inspect("web")["State"]["Status"]': "running",
    'docker.container_wait("job", timeout=60)["StatusCode"]': 3,
    'docker.logs("job")': "out\nerr\n",
    'docker.logs("job", stderr=False, tail=2)': "out\n",
    '[data for stream, data in docker.logs("job", follow=True)]': ["out\n", "err\n"],
    'docker.exec("web", ["id", "-u"], User="1")': [0, "1\n"],
    'docker.container_attach("web", stream=True)': "a stream",
    'docker.container_list(filters={"name": "web"})': ["one with an id"],
    'docker.image_inspect("busybox")': "one with an id",
    'rawdock.NotFound': "NotFound",
}

with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as readme_file:
    ROWS = table_rows(readme_file.read())


def test_the_table_is_long_enough():
    assert len(ROWS) >= 30 and len(set(ROWS)) == len(ROWS)
    assert all(theirs != ours for theirs, ours in ROWS)
    assert {ours for _, ours in ROWS} >= set(EXPECTED)


@pytest.fixture
def clean(engine):
    """Nothing of what the rows make is there before, and nothing after."""
    def clear():
        for name in ("web", "web2", "job"):
            engine.remove_container(name)
        for name in ("mine:1", "mine:2", "mine:3"):
            engine.remove_image(name)
        for path in ("/networks/backend", "/volumes/data"):
            engine.request("DELETE", path)
    clear()
    engine.pull("busybox")
    yield
    clear()


def test_each_row_does_what_it_says(engine, clean, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKER_HOST", engine.address)
    found = dict(run_side(ROWS, "rawdock", engine.socket_path))
    assert len(found) == len(ROWS)
    assert {cell: found[cell] for cell in EXPECTED} == EXPECTED
