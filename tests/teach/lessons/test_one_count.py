"""`docker run redis` is counted in one way wherever it is shown: six requests, and the ping named apart."""
import os
import re
import subprocess

import pytest

from rawdock.engine.docker import Docker
from rawdock.engine.run import run
from rawdock.teach.explain.annotate import AnnotatedRecording
from rawdock.teach.explain.page import page_data
from rawdock.teach.practice.engine import PracticeEngine
from rawdock.teach.record.record import Recording, WireRecorder, recorded_dial
from rawdock.teach.lessons.tour import TOUR_STEPS

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
REQUESTS = ["create", "pull", "create", "attach", "wait", "start"]
PATHS = ["/containers/create", "/images/create", "/containers/create", "/attach", "/wait", "/start"]


def check_paths(found):
    assert len(found) == 6 and all(expected in path for expected, path in zip(PATHS, found)), found


def test_the_tour():
    titles = [title for title, _, _ in TOUR_STEPS]
    numbered = [re.match("Request ([1-6]) of 6: ", title) for title in titles]
    assert [match.group(1) for match in numbered if match] == list("123456")
    assert titles[0].startswith("The ping") and all(numbered[1:7])
    for title, request in zip(titles[1:], REQUESTS):
        assert request in title


def test_a_dry_run(rawdock_command):
    out = subprocess.run(rawdock_command
                         + ["--dry-run", "run", "--name", "redis", "redis:2.8", "redis-server"],
                         stdout=subprocess.PIPE,
                         env=dict(os.environ, DOCKER_HOST="unix:///nonexistent"), check=True).stdout.decode()
    assert re.findall("(?m)^# ([0-9]+)[.] ", out) == list("123456")
    check_paths(re.findall("(?m)^POST (.*) HTTP", out))
    assert "GET /_ping" in out.partition("# 1. ")[0] and "_ping" not in out.partition("# 1. ")[2]


def test_the_page():
    recording = Recording(started=1.0, address="")
    with PracticeEngine() as engine, Docker(engine.address) as docker:
        docker.open_socket = recorded_dial(WireRecorder([recording]))
        run(docker, "busybox", ["true"], name="redis")
    data = page_data(AnnotatedRecording(recording))
    exchanges = sorted((one for connection in data["connections"] for one in connection["exchanges"]),
                       key=lambda one: one["times"][0])
    assert [one["label"] for one in exchanges][:7] == ["ping"] + list("123456")
    check_paths([one["path"] for one in exchanges if one["label"] != "ping"][:6])
    assert ", 6 exchanges and 1 ping, " in data["summary"]


@pytest.mark.skipif(not os.path.exists(os.path.join(ROOT, "README.md")), reason="one file alone")
def test_the_readme_and_the_algorithm():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        readme = file.read()
    said = readme.partition("## The same job, four ways")[2].partition("**The docker CLI.**")[0]
    assert (re.findall("[1-6] (create|pull|attach|wait|start)", said) == REQUESTS
            and "is six requests" in said and "ping" in said)
    assert ("in six requests" in readme and not re.search("(?i)(five|seven|thirteen) "
                                                          "(exchanges|steps|requests)", readme))
    for script in re.findall(r"(?s)\*\*(?:rawdock, request by request|Bytes)\.\*\*.*?```sh\n(.*?)```",
                             readme):
        check_paths(re.findall("POST '?(/[^ ']*)", script)[:6])

    with open(os.path.join(ROOT, "rawdock", "engine", "run.py"), encoding="utf-8") as file:
        assert re.findall("(?m)^    ([1-6])  POST", file.read()) == list("123456")
