"""The types of the stubs are those of what an engine answers: operation by operation, field by field."""
from rawdock import Docker
from tests.engine.answer_shapes import differences, unknown_fields


def answers_of(docker):
    """Yield (operation, answer) of the operations that people use most."""
    def call(name, *values, **parameters):
        return name, docker.call(name, *values, **parameters)

    body = {"Image": "busybox", "Cmd": ["sleep", "60"], "ExposedPorts": {"80/tcp": {}},
            "Healthcheck": {"Test": ["CMD", "true"], "Interval": 10 ** 9},
            "HostConfig": {"Binds": ["/tmp:/data"], "NetworkMode": "host"}}
    yield "image_create", list(docker.image_create(fromImage="busybox", tag="latest"))
    yield call("image_list")
    yield call("image_list", all=True, digests=True)
    yield call("image_inspect", "busybox")
    yield call("image_history", "busybox")
    created = docker.container_create(name="shapes", body=body)
    yield "container_create", created
    try:
        yield call("container_inspect", "shapes")
        docker.container_start("shapes")
        yield call("container_list", all=True, size=True)
        yield call("container_inspect", "shapes", size=True)
        yield call("container_top", "shapes")
        yield call("container_changes", "shapes")
        yield call("container_stats", "shapes", stream=False)
        yield call("container_update", "shapes", body={"Memory": 1 << 26, "MemorySwap": 1 << 27})
        prepared = docker.container_exec("shapes", body={"Cmd": ["true"]})
        yield "container_exec", prepared
        yield call("exec_inspect", prepared["Id"])
        yield call("image_commit", container="shapes", repo="shapes", tag="1")
        docker.container_kill("shapes")
        yield call("container_wait", "shapes")
        yield call("image_delete", "shapes:1")
        yield "system_events", list(docker.system_events(since=0, until=docker_time(docker)))
    finally:
        docker.container_delete("shapes", force=True, v=True)
    yield from answers_of_an_empty_image(docker, call)
    yield from answers_of_the_engine(docker, call)


def answers_of_an_empty_image(docker, call):
    """An image that has nothing but a layer without files, and a container that was made of it."""
    imported = list(docker.image_create(fromSrc="-", body=bytes(1024)))
    image = imported[-1]["status"]
    yield "image_create", imported
    yield call("image_list")
    yield call("image_inspect", image)
    yield call("image_history", image)
    docker.container_create(name="shapes", body={"Image": image, "Cmd": ["none"]})
    yield call("container_inspect", "shapes")
    yield call("container_list", all=True)
    docker.container_delete("shapes")
    yield call("image_delete", image)


def docker_time(docker):
    """The engine's clock in whole seconds since 1970, from the field Date of its answer (RFC 9110 §6.6.1)."""
    from email.utils import parsedate_to_datetime
    return int(parsedate_to_datetime(docker.system_ping().headers["Date"]).timestamp()) + 1


def answers_of_the_engine(docker, call):
    yield call("volume_create", body={"Name": "shapes"})
    yield call("volume_inspect", "shapes")
    yield call("volume_list")
    docker.volume_delete("shapes")
    for network in docker.network_list():
        yield call("network_inspect", network["Id"])
    yield call("network_list")
    yield call("system_info")
    yield call("system_version")
    yield call("system_data_usage")
    yield call("plugin_list")


def check(docker):
    found, seen = [], set()
    for name, answer in answers_of(docker):
        seen.add(name)
        if name in ("system_events", "image_create"):
            assert answer
            values = answer
        else:
            values = [answer]
        for value in values:
            found += differences(name, value) + unknown_fields(name, value)
    assert {"container_list", "container_stats", "system_events", "system_info"} <= seen
    no_names = {"Event.from is unknown", "BuildCache. Parents is unknown"}   # a blank is in that of 26.1
    assert sorted(set(found) - no_names) == []


def test_answers_of_dockerd_20_10(engine):
    with Docker(engine.address) as docker:
        check(docker)


def test_answers_of_dockerd_26_1(engine26):
    with Docker(engine26.address) as docker:
        check(docker)
