"""The four walk-throughs of the README, run as they stand, each on an engine that has no redis:2.8.

Only two words are put in their place: the default socket's path becomes the test engine's,
and `docker` and `rawdock` are found through a PATH made here.
"""
import os
import re
import stat
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as readme_file:
    README = readme_file.read()

SECTION = README.partition("## The same job, four ways")[2].partition("\n## ")[0]
WALKS = re.findall(r"\*\*(.+?)\*\*.*?```sh\n(.*?)```", SECTION, re.DOTALL)


def command_path(directory, engine):
    """A directory with `rawdock` and `docker`, for the front of PATH."""
    for name, line in (("rawdock", 'exec "%s" -m rawdock "$@"' % sys.executable),
                       ("docker", 'exec "%s" "$@"' % engine.docker_cli)):
        path = os.path.join(str(directory), name)
        with open(path, "w") as script:
            script.write("#!/bin/sh\n%s\n" % line)
        os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
    return str(directory)


def test_the_library_lines_run_as_they_stand(engine):
    engine.remove_image("busybox")
    engine.remove_container("hello")
    script = re.search("```python\n(.*?)```", README, re.DOTALL).group(1)
    done = subprocess.run([sys.executable, "-c", script],
                          env=dict(os.environ, DOCKER_HOST=engine.address, PYTHONPATH=ROOT),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    assert done.returncode == 0, done.stdout
    assert (b"hello\n" in done.stdout and b"['/hello'] exited" in done.stdout
            and b"1 b'hello\\n'" in done.stdout)


def test_the_readme_has_four_walks():
    assert len(WALKS) == 4


@pytest.mark.parametrize("title, script", WALKS, ids=[title.strip(".") for title, _ in WALKS])
def test_walk(title, script, engine, tmp_path):
    engine.remove_container("redis")
    engine.remove_image("redis:2.8")
    commands, work = tmp_path / "bin", tmp_path / "work"
    commands.mkdir()
    (work / "data").mkdir(parents=True)
    environ = dict(os.environ, DOCKER_HOST=engine.address, PYTHONPATH=ROOT,
                   PATH=command_path(commands, engine) + os.pathsep + os.environ["PATH"])
    script = script.replace("/var/run/docker.sock", engine.socket_path)
    done = subprocess.run(["bash", "-c", script], cwd=str(work), env=environ, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, output
    assert "Ready to accept connections" in output, output
    assert output.count("OK") >= 2, output               # of SET and of SAVE
    # what the comments promise
    for said in re.findall(r"# (HTTP/1\.0 \d+ [A-Za-z ]+)$", script, re.MULTILINE):
        assert said in output
    with open(str(work / "data" / "dump.rdb"), "rb") as dump:
        content = dump.read()
    assert b"greeting" in content and b"hello" in content
    assert "/redis" not in engine.containers().values()
