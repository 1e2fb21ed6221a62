"""rawdock's own build, cp, save, load, export and import with the practice engine, which needs no Docker."""
import os

import pytest

from rawdock.teach.practice.engine import PracticeEngine
from tests.cli.scripted_socket import run_to_end
from tests.teach.practice.practice_wire import pull


@pytest.fixture(scope="module")
def run(rawdock_command):
    """A function of words: runs rawdock with one practice engine → (status, output, errors)."""
    with PracticeEngine() as engine:
        pull(engine)

        def run(*words):
            ran = run_to_end(rawdock_command + ["-H", engine.address] + list(words))
            return ran.status, ran.out.decode(), ran.err.decode()
        yield run


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "data").write_text("hello\n")
    (tmp_path / "Dockerfile").write_text(
        "FROM busybox\nCOPY app /app\nRUN cat /app/data\nCMD cat /app/data\n")
    (tmp_path / "Bad").write_text("FROM busybox\nRUN exit 3\n")
    return str(tmp_path)


def test_build_save_load_cp_export_and_import(run, folder):
    status, said, _ = run("build", "-t", "app:1", folder)
    assert status == 0 and "\nhello\n" in said and said.endswith("Successfully tagged app:1\n")
    identity = run("build", "-q", folder)[1].strip()
    assert run("run", "--rm", "app:1") == (0, "hello\n", "")
    saved, flat, back = (os.path.join(folder, name) for name in ("saved.tar", "flat.tar", "back"))
    assert run("save", "-o", saved, "app:1") == (0, "", "")
    assert run("rmi", "app:1")[0] == 0
    assert run("load", "-i", saved) == (0, "Loaded image: app:1\n", "")
    assert run("images", "-q", "--no-trunc", "app") == (0, identity + "\n", "")
    assert run("create", "--name", "box", "app:1")[0] == 0
    assert run("cp", os.path.join(folder, "app"), "box:/copied")[0] == 0
    assert run("cp", "box:/copied/data", back)[0] == 0
    with open(back) as file:
        assert file.read() == "hello\n"
    assert run("export", "-o", flat, "box")[0] == 0
    assert run("import", "-c", "CMD cat /copied/data", flat, "flat:1")[0] == 0
    assert run("run", "--rm", "flat:1") == (0, "hello\n", "")


def test_a_step_that_fails_gives_its_status(run, folder):
    status, _, err = run("build", "-f", os.path.join(folder, "Bad"), folder)
    assert (status, err) == (3, "The command '/bin/sh -c exit 3' returned a non-zero code: 3\n")
