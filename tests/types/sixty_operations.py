"""Sixty operations and more as a program uses them: `tools/peers types` finds no error and no Any in it.

tests/house/test_stubs.py holds each call to the table, so that it stays true also where no type checker is.
"""
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Iterator, List, Optional, Tuple

import rawdock

if TYPE_CHECKING:
    from rawdock import (Container, ContainerCreateBody, ContainerInspect, Event, ImageSummary, Info, Network,
                         Stats, Version, Volume)


def containers(docker: rawdock.Docker) -> "List[Container]":
    body: "ContainerCreateBody" = {"Image": "busybox", "HostConfig": {"Binds": ["/srv:/srv"]}}
    docker.container_create(name="typed", body=body)
    created = docker.container_create(name="web", body={"Image": "busybox", "Cmd": ["httpd", "-f"]})
    name: str = created["Id"]
    docker.container_start(name)
    docker.container_rename(name, name="site")
    docker.container_update("site", body={"RestartPolicy": {"Name": "always"}})
    docker.container_pause("site")
    docker.container_unpause("site")
    docker.container_resize("site", h=24, w=80)
    docker.container_restart("site", t=1)
    docker.container_kill("site", signal="HUP")
    docker.container_stop("site", t=1, timeout={"head": 30, "total": 60})
    status: int = docker.container_wait("site", condition="not-running", timeout=5)["StatusCode"]
    sys.stdout.write("%d of %s\n" % (status, docker.container_top("site", ps_args="-o pid")["Titles"][0]))
    for change in docker.container_changes("site"):
        sys.stdout.write("%d %s\n" % (change["Kind"], change["Path"]))
    docker.container_delete("site", v=True, force=True)
    docker.container_prune(filters={"label": ["old"], "until": "24h"})
    return docker.container_list(all=True, filters={"status": ["exited", "dead"]})


def one_container(docker: rawdock.Docker, name: str) -> "Tuple[ContainerInspect, Stats, Optional[int]]":
    found = docker.container_inspect(name, size=True)
    counters = docker.container_stats(name, stream=False, one_shot=True)
    memory = counters["memory_stats"]["usage"]
    for running in docker.container_stats(name):
        sys.stdout.write("%d\n" % running["cpu_stats"]["cpu_usage"]["total_usage"])
    return found, counters, memory


def output(docker: rawdock.Docker, name: str) -> Iterator[bytes]:
    for stream, data in docker.container_logs(name, stdout=True, stderr=True, follow=True, tail="10"):
        if stream == 2:
            yield data
    with docker.container_attach(name, stream=True, stdin=True, stdout=True) as pipe:
        pipe.send(memoryview(b"quit\n"))
        pipe.close_write()
        for _, data in pipe.frames():
            yield data


def commands(docker: rawdock.Docker, name: str) -> int:
    prepared = docker.container_exec(name, body={"Cmd": ["id"], "AttachStdout": True})
    with docker.exec_start(prepared["Id"], body={"Detach": False}) as pipe:
        sys.stdout.write("".join([data.decode() for _, data in pipe.frames()]))
    docker.exec_resize(prepared["Id"], h=24, w=80)
    return docker.exec_inspect(prepared["Id"])["ExitCode"] or 0


def archives(docker: rawdock.Docker, name: str) -> int:
    stat = docker.container_archive_info(name, path="/etc").headers["X-Docker-Container-Path-Stat"]
    with docker.container_archive(name, path="/etc") as answer, open("etc.tar", "wb") as file:
        size = answer.copy_to(file)
    with open("etc.tar", "rb") as archive:
        docker.put_container_archive(name, path="/tmp", body=archive, copyUIDGID=True)
    exported = docker.container_export(name).read()
    return size + len(stat) + len(exported)


def images(docker: rawdock.Docker) -> "List[ImageSummary]":
    for progress in docker.image_create(fromImage="busybox", tag="latest", auth={"username": "me"}):
        sys.stdout.write(progress.get("status", "") + "\n")
    with open("context.tar", "rb") as context:
        for step in docker.image_build(t=["site:1", "site:latest"], labels={"a": "b"}, body=context):
            sys.stdout.write(step.get("stream", ""))
    for upload in docker.image_push("localhost:5000/site", tag="1", auth={}):
        sys.stdout.write(upload.get("status", ""))
    docker.image_tag("site:1", repo="localhost:5000/site", tag="1")
    sys.stdout.write("%d\n" % docker.image_inspect("site:1")["Size"])
    for layer in docker.image_history("site:1"):
        sys.stdout.write(layer["CreatedBy"])
    saved = docker.image_get("site:1").read() + docker.image_get_all(names=["site:1", "busybox"]).read()
    for message in docker.image_load(quiet=True, body=saved):
        sys.stdout.write(message.get("status", ""))
    sys.stdout.write(docker.image_commit(container="web", repo="site", tag="2", changes=["CMD true"])["Id"])
    for gone in docker.image_delete("site:1", force=True):
        sys.stdout.write(gone["Untagged"])
    for hit in docker.image_search(term="redis", limit=3):
        sys.stdout.write(hit["name"])
    docker.image_prune(filters={"dangling": True})
    docker.build_prune(all=True)
    docker.distribution_inspect("busybox")
    return docker.image_list(all=True)


def the_engine(docker: rawdock.Docker) -> "Tuple[Info, Version, List[Event]]":
    sys.stdout.write(docker.system_ping().read().decode() + docker.system_ping_head().reason)
    token = docker.system_auth(body={"username": "me", "password": "x", "serveraddress": "localhost:5000"})
    sys.stdout.write(token["Status"] if token is not None else "no token")
    sys.stdout.write("%d\n" % docker.system_data_usage(type=["container", "image"]).get("LayersSize", 0))
    events = list(docker.system_events(since=0, until=1.5, filters={"type": "container"}))
    return docker.system_info(), docker.system_version(), events


def volumes(docker: rawdock.Docker) -> "Optional[List[Volume]]":
    made = docker.volume_create(body={"Name": "data"})
    sys.stdout.write(made["Mountpoint"] + docker.volume_inspect("data")["Driver"])
    docker.volume_delete("data", force=True)
    docker.volume_prune(filters={"all": True})
    return docker.volume_list(filters={"dangling": True})["Volumes"]


def networks(docker: rawdock.Docker) -> "Network":
    made = docker.network_create(body={"Name": "front"})
    docker.network_connect(made["Id"], body={"Container": "web"})
    docker.network_disconnect(made["Id"], body={"Container": "web", "Force": True})
    found = docker.network_inspect(made["Id"], verbose=True)
    for one in docker.network_list(filters={"driver": "bridge"}):
        sys.stdout.write(one["Name"])
    docker.network_delete(found["Id"])
    docker.network_prune()
    return found


def swarm(docker: rawdock.Docker) -> List[str]:
    node: str = docker.swarm_init(body={"ListenAddr": "127.0.0.1"})
    docker.swarm_update(version=docker.swarm_inspect()["Version"]["Index"], body={}, rotateWorkerToken=True)
    docker.node_inspect(node)
    service = docker.service_create(body={"Name": "web"}, auth={})
    found = docker.service_inspect(service["ID"])
    docker.service_update(found["ID"], version=found["Version"]["Index"], body={}, rollback="previous")
    lines = [data.decode() for _, data in docker.service_logs(service["ID"], stdout=True)]
    lines += [task["ID"] for task in docker.task_list(filters={"service": "web"})]
    lines += [one["ID"] for one in docker.service_list(status=True)]
    lines += [one["ID"] for one in docker.node_list()]
    secret = docker.secret_create(body={"Name": "key", "Data": "eA=="})
    lines += [one["ID"] for one in docker.secret_list()] + [one["ID"] for one in docker.config_list()]
    docker.secret_delete(secret["Id"])
    docker.service_delete(service["ID"])
    docker.swarm_leave(force=True)
    return lines + [plugin["Name"] for plugin in docker.plugin_list()]


def short_ways(docker: rawdock.Docker, id: str) -> Tuple[bytes, int]:
    finished = docker.run("busybox", ["echo"], rm=True, env={"A": 1}, volumes=["/srv:/srv"], cpus=0.5)
    address = docker.container_inspect(id)["NetworkSettings"].get("IPAddress", "")
    started = docker.run("busybox", detach=True, name="web")
    docker.copy_in(started, Path("page.html"), "/srv/", archive=True)
    size = docker.copy_out(started, "/srv", ".").size
    output, status = docker.exec(id, ["cat"], stdin=b"typed", timeout={"idle": 5}, User="root")
    for stream, data in docker.logs(id, follow=True, tail=10):
        size += stream * len(data)
    image = docker.pull("redis:7", auth={})["Id"]
    output += finished.output + docker.logs(id) + (image + address).encode()
    return output, finished.status + status + size


def by_hand(docker: rawdock.Docker) -> Tuple[int, Optional[str]]:
    try:
        with docker.request("GET", "/containers/json", query={"all": True}) as answer:
            return answer.status, answer.headers.get("Server")
    except rawdock.NotFound as error:
        return error.status, error.hint


def without_a_socket(data: bytes) -> List[bytes]:
    reader = rawdock.ResponseReader(method="GET")
    found = [event.data for event in reader.feed(data) if isinstance(event, rawdock.Data)]
    reader.feed_eof()
    return found + [payload for _, payload in rawdock.FrameReader().feed(b"".join(found))]
