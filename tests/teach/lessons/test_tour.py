"""The tour on the practice engine: its steps in their order, and nothing left whatever has happened."""
import re

import pytest

from rawdock.engine.docker import Docker
from rawdock.errors import RawdockError, UsageError
from rawdock.teach.practice.engine import PracticeEngine
from rawdock.teach.record.record import Recording, WireRecorder, recorded_dial
from rawdock.teach.lessons.tour import TOUR_IMAGE, TOUR_NAME, TOUR_STEPS, TOUR_TAG, TOUR_VOLUME, RedisTour


@pytest.fixture
def docker():
    with PracticeEngine() as engine, Docker(engine.address) as one:
        yield one


def nothing_is_left(docker):
    return (docker.container_list(all=True) == [] and (docker.volume_list()["Volumes"] or []) == []
            and docker.image_list() == [])


def test_the_tour_sends_what_docker_run_sends_and_leaves_nothing(docker):
    recording, said = Recording(), []
    docker.open_socket = recorded_dial(WireRecorder([recording]))
    tour = RedisTour(docker, said.append)
    tour.check_free()
    for _, _, step in TOUR_STEPS:
        step(tour)
    assert tour.clean_up() == []
    sent = b"".join(connection.stream(">") for connection in recording.connections)
    lines = [line.decode() for line in re.findall(rb"(?:GET|POST|DELETE) [^ ]+(?= HTTP/1[.]1\r\n)", sent)]
    for line, count in (("POST /containers/create?name=rawdock-tour", 2),
                        ("POST /images/create?fromImage=redis&tag=2.8", 1),
                        ("POST /containers/rawdock-tour/attach?stream=1&stdout=1&stderr=1", 1),
                        ("POST /containers/rawdock-tour/exec", 2),
                        ("POST /containers/rawdock-tour/wait?condition=next-exit", 1),
                        ("POST /containers/rawdock-tour/start", 1),
                        ("POST /containers/rawdock-tour/stop", 1), ("DELETE /containers/rawdock-tour", 1)):
        assert lines.count(line) == count, line
    received = b"".join(connection.stream("<") for connection in recording.connections)
    for expected in (b"404 Not Found", b"201 Created", b"101 UPGRADED", b"204 No Content",
                     b"ready to accept connections", b"\1\0\0\0\0\0\0\6hello\n",
                     b'{"StatusCode":0}'):
        assert expected in received, expected
    assert said == ["redis-cli printed: hello", "redis has ended with status 0."]
    assert nothing_is_left(docker)


def test_an_image_that_is_here_is_not_pulled_and_not_removed(docker):
    for _ in docker.image_create(fromImage=TOUR_IMAGE, tag=TOUR_TAG):
        pass
    said = []
    tour = RedisTour(docker, said.append)
    for _, _, step in TOUR_STEPS[:4]:
        step(tour)
    assert tour.clean_up() == []
    assert "201 at once" in said[0]
    assert [image["RepoTags"] for image in docker.image_list()] == [["redis:2.8"]]
    assert docker.container_list(all=True) == []


@pytest.mark.parametrize("count", range(len(TOUR_STEPS) + 1))
def test_a_tour_that_ends_after_any_step_leaves_nothing(docker, count):
    tour = RedisTour(docker, lambda text: None)
    for _, _, step in TOUR_STEPS[:count]:
        step(tour)
    assert tour.clean_up() == []
    assert nothing_is_left(docker)


def test_names_that_are_taken_are_left_alone(docker):
    for _ in docker.image_create(fromImage="busybox", tag="latest"):
        pass
    docker.container_create(name=TOUR_NAME, body={"Image": "busybox"})
    with pytest.raises(UsageError) as caught:
        RedisTour(docker, print).check_free()
    assert "a container called rawdock-tour already" in str(caught.value)
    docker.container_delete(TOUR_NAME)
    docker.volume_create(body={"Name": TOUR_VOLUME})
    with pytest.raises(UsageError) as caught:
        RedisTour(docker, print).check_free()
    assert "a volume called rawdock-tour-data already" in str(caught.value)


def test_what_cannot_be_removed_is_said(docker):
    tour = RedisTour(docker, print)
    for _, _, step in TOUR_STEPS[:4]:
        step(tour)

    def refuse(operation, name, **parameters):
        raise RawdockError("the engine has gone")

    docker.call = refuse
    assert tour.clean_up()[0] == "the container rawdock-tour is left behind: the engine has gone"


def test_each_step_says_why():
    assert all(title and len(why.strip()) > 40 for title, why, _ in TOUR_STEPS)
