"""Volumes, networks, pause, stats, top, update, prune, log-in and what goes with them, by plain sockets."""
import json
import re
import socket
import struct
import threading
import time
from urllib.parse import quote

import pytest

from rawdock.engine.endpoints import endpoints
from rawdock.teach.practice.engine import PracticeEngine
from tests.teach.practice.practice_wire import (UPGRADE, Wire, ask, create, eventually, frames_of, inspect,
                                                logs, pull, request_bytes, run, start)


def message(answer):
    return answer[1]["message"]


def actions(engine, kind, since):
    data = ask(engine, "GET", "/events?since=%.6f&until=%.6f&filters=%%7B%%22type%%22:%%5B%%22%s%%22%%5D%%7D"
               % (since, time.time() + 0.01, kind))[1]
    return [json.loads(line)["Action"] for line in data.decode().splitlines()]


def test_volumes(engine):
    since = time.time()
    status, volume = ask(engine, "POST", "/volumes/create", {"Name": "data", "Labels": {"a": "b"}})
    assert status == 201 and volume["Driver"] == "local"
    assert ask(engine, "GET", "/volumes/data") == (200, volume)
    anonymous = ask(engine, "POST", "/volumes/create", {})[1]["Name"]
    assert len(anonymous) == 64
    found = ask(engine, "GET", "/volumes?filters=%7B%22label%22:%5B%22a=b%22%5D%7D")[1]["Volumes"]
    assert [one["Name"] for one in found] == ["data"]
    identity = run(engine, ["true"], HostConfig={"Binds": ["data:/d:ro"],
                                                 "Mounts": [{"Type": "volume", "Target": "/m"}]})[0]
    mounts = inspect(engine, identity)["Mounts"]
    assert [(one["Destination"], one["RW"]) for one in mounts] == [("/d", False), ("/m", True)]
    assert mounts[0]["Source"] == volume["Mountpoint"]
    assert ask(engine, "DELETE", "/volumes/data")[0] == 409
    assert ask(engine, "DELETE", "/containers/%s?v=1" % identity)[0] == 204
    assert sorted(one["Name"] for one in ask(engine, "GET",
                                             "/volumes")[1]["Volumes"]) == sorted(["data", anonymous])
    assert ask(engine, "POST", "/v1.42/volumes/prune")[1]["VolumesDeleted"] == [anonymous]
    assert ask(engine, "POST", "/v1.41/volumes/prune")[1]["VolumesDeleted"] == ["data"]
    assert actions(engine, "volume", since) == ["create", "create", "create", "mount", "mount", "unmount",
                                                "unmount", "destroy", "destroy", "prune", "destroy", "prune"]


@pytest.mark.parametrize("mount", [
    {"Type": "nope", "Target": "/x"}, {"Type": "bind", "Source": "/a", "Target": "relative"},
    {"Type": "tmpfs", "Target": "/"}, {"Target": "/x"}, 5])
def test_mounts_that_are_none(engine, mount):
    status, answer = ask(engine, "POST", "/containers/create",
                         {"Image": "busybox", "HostConfig": {"Mounts": [mount]}})
    assert status == 400 and "mount" in answer["message"]


def test_the_events_of_a_run_are_in_order(engine):
    since = time.time()
    identity = run(engine, ["true"], HostConfig={"Binds": ["ordered:/d"]})[0]
    data = ask(engine, "GET", "/events?since=%.6f&until=%.6f" % (since, time.time() + 0.01))[1]
    assert [json.loads(line)["Action"] for line in data.decode().splitlines()] == [
        "create", "create", "connect", "mount", "start", "die", "disconnect", "unmount"]
    assert ask(engine, "DELETE", "/containers/" + identity)[0] == 204
    assert ask(engine, "DELETE", "/volumes/ordered")[0] == 204


def test_networks(engine):
    since = time.time()
    status, made = ask(engine, "POST", "/networks/create", {"Name": "lan", "Labels": {"a": "b"}})
    assert status == 201 and ask(engine, "POST", "/networks/create", {"Name": "lan"})[0] == 409
    first = create(engine, ["sleep", "100"], name="first", HostConfig={"NetworkMode": "lan"},
                   NetworkingConfig={"EndpointsConfig": {"lan": {"Aliases": ["one"]}}})
    second = create(engine, ["sleep", "100"], name="second")
    for identity in (first, second):
        start(engine, identity)
    assert ask(engine, "POST", "/networks/lan/connect", {"Container": "second"})[0] == 200
    lan = ask(engine, "GET", "/networks/" + made["Id"][:10])[1]
    assert sorted(one["Name"] for one in lan["Containers"].values()) == ["first", "second"]
    plugs = inspect(engine, "second")["NetworkSettings"]["Networks"]
    assert sorted(plugs) == ["bridge", "lan"] and plugs["lan"]["IPAddress"].endswith(".0.3")
    assert plugs["bridge"]["IPAddress"] == "172.17.0.2"
    place = inspect(engine, "first")["NetworkSettings"]["Networks"]["lan"]
    assert (place["Aliases"], place["DNSNames"]) == (["one"], ["first", "one", first[:12]])
    assert ask(engine, "DELETE", "/networks/lan")[0] == 403
    assert ask(engine, "POST", "/networks/host/connect", {"Container": "first"})[0] == 400
    for identity in (first, second):
        assert ask(engine, "DELETE", "/containers/%s?force=1" % identity)[0] == 204
    assert ask(engine, "GET", "/networks/lan")[1]["Containers"] == {}
    assert ask(engine, "POST", "/networks/prune")[1] == {"NetworksDeleted": ["lan"]}
    assert actions(engine, "network", since) == ["create", "connect", "connect", "connect", "disconnect",
                                                 "disconnect", "disconnect", "destroy", "prune"]


# As dockerd 20.10 answers.
def test_a_network_has_the_addresses_given(engine):
    config = [{"Subnet": "192.168.77.0/24", "Gateway": "192.168.77.254"}]
    ipam = {"Config": [dict(config[0], AuxiliaryAddresses=None)]}   # as docker-py sends it
    given = {"Name": "own", "EnableIPv6": True, "IPAM": ipam}
    assert ask(engine, "POST", "/networks/create", given)[0] == 201
    made = ask(engine, "GET", "/networks/own")[1]
    assert made["IPAM"] == {"Driver": "default", "Options": None, "Config": config}
    assert made["EnableIPv6"] is True
    places = {"next": None, "fixed": {"IPAMConfig": {"IPv4Address": "192.168.77.9"},
                                      "MacAddress": "02:42:ac:11:65:43"}}
    for name, endpoint in places.items():
        start(engine, create(engine, ["sleep", "100"], name=name, HostConfig={"NetworkMode": "own"},
                             NetworkingConfig={"EndpointsConfig": {"own": endpoint or {}}}))
    plugs = [inspect(engine, name)["NetworkSettings"]["Networks"]["own"] for name in places]
    assert [(one["IPAddress"], one["IPPrefixLen"], one["Gateway"], one["MacAddress"]) for one in plugs] == [
        ("192.168.77.1", 24, "192.168.77.254", "02:42:c0:a8:4d:01"),
        ("192.168.77.9", 24, "192.168.77.254", "02:42:ac:11:65:43")]
    assert ask(engine, "GET", "/networks/own")[1]["Containers"][inspect(engine, "fixed")["Id"]][
        "IPv4Address"] == "192.168.77.9/24"
    taken = create(engine, ["true"], HostConfig={"NetworkMode": "own"},
                   NetworkingConfig={"EndpointsConfig": {"own": places["fixed"]}})
    assert ask(engine, "POST", "/containers/%s/start" % taken) == (403, {"message": "Address already in use"})
    for name in list(places) + [taken]:
        assert ask(engine, "DELETE", "/containers/%s?force=1" % name)[0] == 204
    assert ask(engine, "DELETE", "/networks/own")[0] == 204


@pytest.mark.parametrize("given, status, text", [
    ({"Name": "a b"}, 201, ""), ({"Name": "a/b:c"}, 201, ""), ({"Name": " "}, 400, "invalid name:  "),
    ({"Name": "x", "IPAM": {"Config": [{"Subnet": "nonsense"}]}}, 400,
     "invalid network config:\ninvalid subnet nonsense: invalid CIDR block notation"),
    ({"Name": "x", "IPAM": {"Config": [5]}}, 400, "invalid subnet"),
    ({"Name": "x", "IPAM": {"Config": {}}}, 400, "IPAM.Config"),
    ({"Name": "host"}, 403, "operation is not permitted on predefined host network "),
    ({"Name": "x", "Driver": "nosuch"}, 404, "plugin \"nosuch\" not found"),
    ({"Name": "x", "IPAM": {"Driver": "nosuch"}}, 404, "plugin \"nosuch\" not found"),
])
def test_names_and_addresses_of_networks(engine, given, status, text):
    found, answer = ask(engine, "POST", "/networks/create", given)
    assert found == status and text in answer.get("message", "")
    if status == 201:
        assert ask(engine, "DELETE", "/networks/" + answer["Id"])[0] == 204


# As dockerd 26.1 answers a create request, and without the first part of the message a connect request.
@pytest.mark.parametrize("network, endpoint, message", [
    ("own", {"IPAMConfig": {"IPv4Address": "10.97.0.9"}},
     "invalid endpoint settings:\nno configured subnet or ip-range contain the IP address 10.97.0.9"),
    ("own", {"IPAMConfig": {"IPv4Address": "bogus"}},
     "invalid endpoint settings:\n* invalid IPv4 address: bogus\n* no configured subnet or ip-range contain"
     " the IP address bogus"),
    ("own", {"MacAddress": "bogus"}, "invalid MAC address bogus"),
    ("pooled", {"IPAMConfig": {"IPv4Address": "172.18.0.9"}},
     "invalid endpoint settings:\nuser specified IP address is supported only when connecting to networks"
     " with user configured subnets"),
    ("bridge", {"IPAMConfig": {"IPv4Address": "172.17.0.9"}},
     "invalid endpoint settings:\nuser specified IP address is supported on user defined networks only"),
    ("bridge", {"Aliases": ["x"]}, "invalid endpoint settings:\nnetwork-scoped alias is supported only for"
                                   " containers in user defined networks"),
])
def test_an_endpoint_that_an_engine_refuses(engine, network, endpoint, message):
    ask(engine, "POST", "/networks/create", {"Name": "own", "IPAM": {"Config": [{"Subnet": "10.98.0.0/24"}]}})
    ask(engine, "POST", "/networks/create", {"Name": "pooled"})
    body = {"Image": "busybox", "Cmd": ["true"], "HostConfig": {"NetworkMode": network},
            "NetworkingConfig": {"EndpointsConfig": {network: endpoint}}}
    assert ask(engine, "POST", "/containers/create", body) == (
        400, {"message": "invalid config for network %s: %s" % (network, message)})
    identity = create(engine, ["true"], HostConfig={"NetworkMode": "none"})
    assert ask(engine, "POST", "/networks/%s/connect" % network,
               {"Container": identity, "EndpointConfig": endpoint}) == (400, {"message": message})
    for name in ("containers/" + identity, "networks/own", "networks/pooled"):
        assert ask(engine, "DELETE", "/" + name)[0] == 204


def test_a_network_that_is_gone_lets_no_container_start(engine):
    ask(engine, "POST", "/networks/create", {"Name": "brief"})
    identity = create(engine, ["true"], HostConfig={"NetworkMode": "brief"})
    assert ask(engine, "DELETE", "/networks/brief")[0] == 204
    status, answer = ask(engine, "POST", "/containers/%s/start" % identity)
    assert (status, answer["message"]) == (404, "network brief not found")
    assert inspect(engine, identity)["State"]["ExitCode"] == 128
    assert ask(engine, "POST", "/networks/bridge/connect", {"Container": identity})[0] == 200
    assert ask(engine, "POST", "/networks/brief/disconnect", {"Container": identity})[0] == 404


def test_a_frozen_container_writes_nothing_and_can_still_be_killed(engine):
    identity = create(engine, ["sh", "-c", "while true; do echo tick; sleep 0.001; done"])
    start(engine, identity)
    eventually(lambda: logs(engine, identity) != b"")
    assert ask(engine, "POST", "/containers/%s/pause" % identity)[0] == 204
    assert inspect(engine, identity)["State"]["Paused"]
    assert ask(engine, "POST", "/containers/%s/start" % identity)[0] == 409
    size = [logs(engine, identity)]
    # The line under way at the pause.
    eventually(lambda: size.append(logs(engine, identity)) or size[-1] == size[-2])
    assert logs(engine, identity) == size[-1]
    with Wire(engine) as wire:
        wire.send(request_bytes("POST", "/containers/%s/attach?stream=1&stdout=1" % identity))
        assert wire.head()[0].startswith("HTTP/1.1 409 ")
    assert ask(engine, "POST", "/containers/%s/unpause" % identity)[0] == 204
    eventually(lambda: logs(engine, identity) != size[-1])
    for how, status in (("kill", 137), ("stop?t=1", 137)):
        if not inspect(engine, identity)["State"]["Running"]:
            start(engine, identity)
        assert ask(engine, "POST", "/containers/%s/pause" % identity)[0] == 204
        assert ask(engine, "POST", "/containers/%s/%s" % (identity, how))[0] == 204
        assert ask(engine, "POST", "/containers/%s/wait" % identity)[1]["StatusCode"] == status
    start(engine, identity)
    assert ask(engine, "POST", "/containers/%s/pause" % identity)[0] == 204
    assert ask(engine, "DELETE", "/containers/%s?force=1" % identity)[0] == 204


def test_stats_once_and_as_a_stream(engine):
    identity = create(engine, ["sleep", "100"], name="measured", HostConfig={"Memory": 1 << 25})
    assert ask(engine, "GET", "/containers/measured/stats?stream=0")[1]["memory_stats"] == {}
    start(engine, identity)
    one = ask(engine, "GET", "/containers/measured/stats?stream=0")[1]
    assert one["memory_stats"]["limit"] == 1 << 25 and one["pids_stats"] == {"current": 1}
    assert list(one["networks"]) == ["eth0"]
    assert ask(engine, "GET", "/containers/measured/stats?stream=0&one-shot=1")[1]["preread"].startswith(
        "0001-")
    with Wire(engine) as wire:
        wire.send(request_bytes("GET", "/containers/measured/stats"))
        wire.head()
        first, second = [json.loads(wire.chunk().decode()) for _ in range(2)]
        assert first["cpu_stats"]["system_cpu_usage"] < second["cpu_stats"]["system_cpu_usage"]
        assert second["precpu_stats"]["cpu_usage"]["total_usage"] > 0
        assert ask(engine, "DELETE", "/containers/measured?force=1")[0] == 204
        while wire.chunk():
            pass


@pytest.mark.parametrize("query, titles, last", [
    ("", "UID PID PPID C STIME TTY TIME CMD", "sleep 100"),
    ("?ps_args=-ef", "UID PID PPID C STIME TTY TIME CMD", "sleep 100"),
    ("?ps_args=aux", "USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND", "sleep 100"),
    ("?ps_args=-o+pid,comm", "PID COMM", "sleep"), ("?ps_args=-eo+user,pid", "USER PID", "1"),
])
def test_top(engine, query, titles, last):
    identity = create(engine, ["sleep", "100"])
    start(engine, identity)
    found = ask(engine, "GET", "/containers/%s/top%s" % (identity, query))[1]
    for arguments, problem in (("--invalid", "ps: error: unsupported SysV option"),
                               ("-o+cmd", "Couldn't find PID field in ps output")):
        assert ask(engine, "GET", "/containers/%s/top?ps_args=%s"
                   % (identity, arguments)) == (500, {"message": problem})
    assert " ".join(found["Titles"]) == titles
    assert [len(one) for one in found["Processes"]] == [len(found["Titles"])]
    assert found["Processes"][0][-1] == last
    assert ask(engine, "DELETE", "/containers/%s?force=1" % identity)[0] == 204


def test_sizes_of_terminals(engine):
    identity = create(engine, ["sleep", "100"], Tty=True)
    start(engine, identity)
    one = ask(engine, "POST", "/containers/%s/exec" % identity,
              {"Cmd": ["sh"], "Tty": True, "AttachStdin": True, "AttachStdout": True})[1]["Id"]
    assert ask(engine, "POST", "/exec/%s/resize?h=9&w=9" % one)[0] == 500   # not started
    with Wire(engine) as wire:
        wire.send(request_bytes("POST", "/exec/%s/start" % one, {"Tty": True}, UPGRADE))
        wire.head()
        wire.until(b"/ # ")
        assert ask(engine, "POST", "/exec/%s/resize?h=33&w=111" % one)[0] == 200
        wire.send(b"stty size\r")
        assert wire.until(b"\r\n/ # ") == b"stty size\r\n33 111"
        wire.send(b"abc\x15sleep 50\r")
        wire.until(b"sleep 50\r\n")
        wire.send(b"\x03")
        wire.until(b"^C\r\n/ # ")
        wire.send(b"exit\r")
        wire.rest()
    assert ask(engine, "GET", "/exec/%s/json" % one)[1]["ExitCode"] == 130
    assert ask(engine, "DELETE", "/containers/%s?force=1" % identity)[0] == 204


def test_ctrl_c_after_a_shell_within_a_shell_ends_what_runs(engine):
    identity = create(engine, ["sleep", "100"])
    start(engine, identity)
    one = ask(engine, "POST", "/containers/%s/exec" % identity,
              {"Cmd": ["sh", "-c", "sh; sleep 100"], "Tty": True, "AttachStdin": True,
               "AttachStdout": True})[1]["Id"]
    with Wire(engine) as wire:
        wire.send(request_bytes("POST", "/exec/%s/start" % one, {"Tty": True}, UPGRADE))
        wire.head()
        wire.until(b"/ # ")
        wire.send(b"exit\r")
        eventually(lambda: not engine.execs.find(one).process.survives_interrupt)
        wire.send(b"\x03")
        wire.rest()
    assert ask(engine, "GET", "/exec/%s/json" % one)[1]["ExitCode"] == 130
    assert ask(engine, "DELETE", "/containers/%s?force=1" % identity)[0] == 204


def test_update(engine):
    identity = create(engine, ["true"])
    assert ask(engine, "POST", "/containers/%s/update" % identity,
               {"Memory": 1 << 24, "restartpolicy": {"Name": "always"}}) == (200, {"Warnings": None})
    host = inspect(engine, identity)["HostConfig"]
    assert host["Memory"] == 1 << 24 and host["RestartPolicy"] == {"Name": "always", "MaximumRetryCount": 0}
    assert ask(engine, "POST", "/containers/%s/update" % identity, {"Memory": "much"})[0] == 400


def test_prune_takes_what_is_stopped(engine):
    running, stopped = create(engine, ["sleep", "100"],
                              Labels={"keep": "1"}), create(engine, ["true"], Labels={"keep": "1"})
    start(engine, running)
    deleted = ask(engine, "POST",
                  "/containers/prune?filters=%7B%22label%22:%5B%22keep%22%5D%7D")[1]["ContainersDeleted"]
    assert deleted == [stopped] and inspect(engine, running)["State"]["Running"]
    assert ask(engine, "DELETE", "/containers/%s?force=1" % running)[0] == 204
    assert ask(engine, "POST", "/images/prune")[1] == {"ImagesDeleted": None, "SpaceReclaimed": 0}


def filtered(path, **filters):
    """`path` with a filters parameter; `not_label` is the filter label!."""
    spelled = {key.replace("not_", "") + "!" * key.startswith("not_"): value
               for key, value in filters.items()}
    return path + "?filters=" + quote(json.dumps(spelled))


def make_labelled(engine, kind):
    """One object with label a=1, one with a=1 and b=2 → their names, as lists and prune answers have them."""
    made = []
    for number, labels in ((1, {"a": "1"}), (2, {"a": "1", "b": "2"})):
        name = "labelled-%s-%d" % (kind, number)
        if kind == "containers":
            made.append(create(engine, ["true"], name=name, Labels=labels))
        else:
            assert ask(engine, "POST", "/%s/create" % kind, {"Name": name, "Labels": labels})[0] == 201
            made.append(name)
    return made


def listed(engine, kind, **filters):
    found = ask(engine, "GET", filtered("/containers/json" if kind == "containers" else "/" + kind,
                                        **filters))[1]
    return [one["Id"] if kind == "containers" else one["Name"]
            for one in (found["Volumes"] if kind == "volumes" else found)]


def pruned(engine, kind, **filters):
    status, answer = ask(engine, "POST", filtered("/v1.41/%s/prune" % kind, **filters))
    assert status == 200, answer
    return answer[kind.capitalize() + "Deleted"] or []


@pytest.mark.parametrize("kind", ["containers", "networks", "volumes"])
def test_labels_must_all_match(kind):
    with PracticeEngine() as engine:
        pull(engine)
        one, two = make_labelled(engine, kind)
        status = {"status": ["created"]} if kind == "containers" else {}
        assert sorted(listed(engine, kind, label=["a"], **status)) == sorted([one, two])
        assert listed(engine, kind, label=["a", "b"],
                      **status) == listed(engine, kind, label=["a=1", "b=2"], **status) == [two]
        assert listed(engine, kind, label=["a=1", "b=1"], **status) == []
        assert pruned(engine, kind,
                      label=["a", "b", "c"]) == pruned(engine, kind, label=["a"], not_label=["a=1"]) == []
        assert pruned(engine, kind, not_label=["a", "b"]) == [one]   # it has not both
        assert pruned(engine, kind, label=["a", "b"]) == [two]


@pytest.mark.parametrize("until, gone", [("500000", False), ("2010-01-01", False), ("24h", False),
                                         ("1.5", False), ("-1h", True), ("0s", True)])
@pytest.mark.parametrize("kind", ["containers", "networks"])
def test_prune_leaves_what_is_younger(kind, until, gone):
    with PracticeEngine() as engine:
        pull(engine)
        made = make_labelled(engine, kind)
        if until == "0s":   # in whole seconds, as an engine has it
            eventually(lambda: pruned(engine, kind, until=[until]) == made)
        else:
            assert pruned(engine, kind, until=[until]) == (made if gone else [])


def test_prune_of_images_minds_until_and_labels():
    with PracticeEngine() as engine:
        pull(engine)
        for filters in ({"until": ["2010-01-01"]}, {"label": ["a"]}):   # it was made in 2020
            assert pruned(engine, "images", dangling=["false"], **filters) == []
        assert pruned(engine, "images", dangling=["false"], until=["-1h"],
                      not_label=["a"])[0] == {"Untagged": "busybox:latest"}


@pytest.mark.parametrize("kind, filters, status, words", [
    ("containers", {"until": ["1", "2"]}, 500, "more than one until filter specified"),
    ("networks", {"until": ["soon"]}, 500, 'failed to parse value as time or duration: "soon"'),
    ("images", {"until": [""]}, 500, "failed to parse value as time or duration"),
    ("images", {"dangling": ["perhaps"]}, 400, "invalid filter 'dangling=[perhaps]'"),
    ("networks", {"name": ["x"]}, 400, "nvalid filter 'name'"),
    ("volumes", {"until": ["24h"]}, 400, "nvalid filter 'until'"),
    ("volumes", {"dangling": ["true"]}, 400, "nvalid filter 'dangling'"),
])
def test_prune_filters_that_are_none(engine, kind, filters, status, words):
    found, answer = ask(engine, "POST", filtered("/%s/prune" % kind, **filters))
    assert found == status and words in answer["message"]


@pytest.mark.parametrize("body, status", [({"username": "practice", "password": "practice"}, 200),
                                          ({"username": "practice", "password": "x"}, 401),
                                          ({"username": "x", "password": "practice"}, 401), ({}, 401),
                                          ({"username": 5}, 400), ({"username": None}, 401)])
def test_log_in(engine, body, status):
    assert ask(engine, "POST", "/auth", body)[0] == status


def test_data_usage_counts_what_there_is(engine):
    with PracticeEngine() as alone:
        pull(alone)
        create(alone, ["true"], HostConfig={"Binds": ["data:/d"]})
        found = ask(alone, "GET", "/system/df")[1]
        assert [one["Containers"] for one in found["Images"]] == [1] and len(found["Containers"]) == 1
        assert found["Volumes"][0]["UsageData"] == {"RefCount": 1, "Size": 0}
        assert found["LayersSize"] == found["Images"][0]["Size"]


NO_MANAGER = ('This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect'
              ' this node to swarm'
              ' and try again.')


# As dockerd 20.10 answers.
@pytest.mark.parametrize("method, target, status, text", [
    ("GET", "/swarm", 503, NO_MANAGER), ("POST", "/swarm/leave", 503, "This node is not part of a swarm"),
    ("POST", "/swarm/update?version=1", 503, NO_MANAGER), ("GET", "/nodes", 503, NO_MANAGER),
    ("DELETE", "/nodes/x", 503, NO_MANAGER),
    ("POST", "/services/create", 503, NO_MANAGER), ("GET", "/services/x/logs?stdout=1", 503, NO_MANAGER),
    ("GET", "/tasks/x", 503, NO_MANAGER),
    ("GET", "/v1.41/secrets", 503, NO_MANAGER), ("POST", "/configs/x/update?version=1", 503, NO_MANAGER),
])
def test_what_is_of_a_swarm_is_answered_as_without_one(engine, method, target, status, text):
    assert ask(engine, method, target) == (status, {"message": text})


@pytest.mark.parametrize("method, target, status", [
    ("POST", "/swarm/init", 501),
    ("POST", "/plugins/pull?remote=x", 501), ("DELETE", "/plugins/x", 501),
    ("GET", "/containers/x/attach/ws", 501),
    ("POST", "/build/prune", 200)])
def test_what_it_does_not_do_is_said(engine, method, target, status):
    answer = ask(engine, method, target)
    assert answer[0] == status and (status < 400 or "practice engine" in message(answer))


def test_lists_of_what_there_is_none_of(engine):
    assert ask(engine, "GET", "/plugins") == ask(engine, "GET", "/plugins/privileges?remote=x") == (200, [])
    assert ask(engine, "POST", "/networks/create",
               {"Name": "ov", "Driver": "overlay"})[1] == {"message": NO_MANAGER}


def test_every_operation_of_the_definition_has_an_answer_of_its_own(engine):
    for row in endpoints():
        if tuple(map(int, row.since.split("."))) <= (1, 45):
            status, answer = ask(engine, row.method, re.sub(r"\{[^}]*\}", "nosuch", row.path)
                                 + "?until=1&fromImage=x:y&version=1")
            assert not (isinstance(answer, dict) and answer.get("message") == "page not found"), row.name


def test_many_clients_at_once_and_clients_that_vanish(engine):
    failures = []

    def one_client():
        try:
            for _ in range(3):
                identity, status = run(engine, ["sh", "-c", "echo x; exit 7"])
                assert (status, frames_of(logs(engine, identity))) == (7, [(1, b"x\n")])
                assert ask(engine, "DELETE", "/containers/" + identity)[0] == 204
        except Exception as error:
            failures.append(error)
    threads = [threading.Thread(target=one_client) for _ in range(25)]
    for thread in threads:
        thread.start()
    for target in ("/events", "/containers/json", "/images/json"):
        wire = Wire(engine)
        wire.send(request_bytes("GET", target))
        # A reset, not an end.
        wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wire.sock.close()
    for thread in threads:
        thread.join(30)
    assert failures == [] and ask(engine, "GET", "/_ping") == (200, b"OK")


def test_a_request_cut_anywhere_makes_nothing(engine):
    whole = request_bytes("POST", "/containers/create?name=cut", {"Image": "busybox", "Cmd": ["true"]})
    for at in range(0, len(whole), 9):
        with Wire(engine) as wire:
            wire.send(whole[:at])
            wire.sock.shutdown(socket.SHUT_WR)
            wire.rest()
    assert ask(engine, "GET", "/containers/cut/json")[0] == 404
