"""Each option of `run` gives the JSON that the docker CLI sends (vectors taken from CLI 28 against a
recording engine)."""
import json
import os

import pytest
from hypothesis import given, strategies as st

from rawdock.engine.options import (
    UPDATE_OPTIONS, container_request, option_flag_table, run_options, update_request, versions_needed)
from rawdock.engine.run import put_client_fields
from rawdock.errors import UsageError


# What every create request has: without it inspect would show null where it shows these after a create of
# docker's.
ALWAYS = dict({name: []
               for name in "BlkioDeviceReadBps BlkioDeviceReadIOps BlkioDeviceWriteBps BlkioDeviceWriteIOps "
                                    "BlkioWeightDevice Devices Dns DnsOptions DnsSearch Ulimits".split()},
              PortBindings={}, RestartPolicy={"Name": "no", "MaximumRetryCount": 0})


def given_alone(body):
    """`body` without what every create request has."""
    host = {name: value for name, value in body["HostConfig"].items() if ALWAYS.get(name) != value}
    body = dict(body, HostConfig=host)
    return body if host else {name: value for name, value in body.items() if name != "HostConfig"}


def sent(**options):
    """The body less its image and what every body has."""
    body = container_request("img", (), options)[1]
    assert body.pop("Image") == "img" and set(body["HostConfig"]) >= set(ALWAYS)
    return given_alone(body)


def host(**fields):
    return {"HostConfig": fields}


def published(**ports):
    """ports: _80_tcp=[("", "8080")] → the body of -p."""
    keys = {key[1:].replace("_", "/"): [{"HostIp": ip, "HostPort": port} for ip, port in value] for key,
            value in ports.items()}
    return {"ExposedPorts": {key: {} for key in keys}, "HostConfig": {"PortBindings": keys}}


def networks(**endpoints):
    return {"NetworkingConfig": {"EndpointsConfig": endpoints}}


def gpu(**fields):
    return dict({"Capabilities": [["gpu"]], "Options": {}}, **fields)


VECTORS = [
    ("add_host", ["a:1.2.3.4", "b=::1", "c=[::2]", "d:host-gateway"],
     host(ExtraHosts=["a:1.2.3.4", "b:::1", "c:::2", "d:host-gateway"])),
    ("annotation", ["k=v", "e"], host(Annotations={"k": "v", "e": ""})),
    ("attach", ["stdin"], {}),
    ("blkio_weight", 500, host(BlkioWeight=500)), ("blkio_weight", "0x1f", host(BlkioWeight=31)),
    ("blkio_weight_device", ["/dev/a:10", "/dev/b:0"],
     host(BlkioWeightDevice=[{"Path": "/dev/a", "Weight": 10}, {"Path": "/dev/b", "Weight": 0}])),
    ("cgroupns", "private", host(CgroupnsMode="private")), ("cidfile", "/x", host(ContainerIDFile="/x")),
    ("cpu_count", 2, host(CpuCount=2)), ("cpu_percent", 5, host(CpuPercent=5)),
    ("cpu_period", 1000, host(CpuPeriod=1000)), ("cpu_quota", -1, host(CpuQuota=-1)),
    ("cpu_rt_period", 7, host(CpuRealtimePeriod=7)), ("cpu_rt_runtime", 8, host(CpuRealtimeRuntime=8)),
    ("cpuset_mems", "0", host(CpusetMems="0")), ("cpus", "1/2", host(NanoCpus=500000000)),
    ("cpus", "1e1", host(NanoCpus=10 ** 10)), ("cpus", "-1", host(NanoCpus=-10 ** 9)),
    ("device", ["/dev/a", "/dev/a:/b", "/dev/a:/b:r", "/dev/a:rw"], host(Devices=[
        {"PathOnHost": "/dev/a", "PathInContainer": inside, "CgroupPermissions": mode}
        for inside, mode in (("/dev/a", "rwm"), ("/b", "rwm"), ("/b", "r"), ("/dev/a", "rw"))])),
    ("device", ["v.com/class=1", "v.com/class=2:x"],
     host(DeviceRequests=[{"Driver": "cdi", "DeviceIDs": ["v.com/class=1", "v.com/class=2:x"]}])),
    ("device_cgroup_rule", "c *:3 mr", host(DeviceCgroupRules=["c *:3 mr"])),
    ("device_read_bps", "/dev/a:1.5m", host(BlkioDeviceReadBps=[{"Path": "/dev/a", "Rate": 3 << 19}])),
    ("device_write_bps", "/dev/a:0", host(BlkioDeviceWriteBps=[{"Path": "/dev/a", "Rate": 0}])),
    ("device_read_iops", "/dev/a:5", host(BlkioDeviceReadIOps=[{"Path": "/dev/a", "Rate": 5}])),
    ("device_write_iops", "/dev/a:5", host(BlkioDeviceWriteIOps=[{"Path": "/dev/a", "Rate": 5}])),
    ("dns", " 0:0:0:0:0:0:0:1 ", host(Dns=["::1"])), ("dns", "::ffff:1.2.3.4", host(Dns=["1.2.3.4"])),
    ("dns_search", [".", "a-b.c."], host(DnsSearch=[".", "a-b.c"])),
    ("gpus", ["all", 2, "device=0"], host(DeviceRequests=[
        gpu(Count=-1), gpu(Count=2), gpu(DeviceIDs=["0"])])),
    ("gpus", '"capabilities=compute,utility",driver=x,"options=a=b,c"', host(DeviceRequests=[gpu(
        Count=1, Driver="x", Capabilities=[["compute", "utility", "gpu"]], Options={"a": "b", "c": ""})])),
    ("gpus", {"count": 2, "driver": "x"}, host(DeviceRequests=[gpu(Count=2, Driver="x")])),
    ("health_cmd", "true x", {"Healthcheck": {"Test": ["CMD-SHELL", "true x"]}}), ("health_cmd", "", {}),
    ("health_interval", "1h30m5s100ms", {"Healthcheck": {"Interval": 5405100000000}}),
    ("health_interval", "0", {}), ("health_retries", 3, {"Healthcheck": {"Retries": 3}}),
    ("health_retries", 0, {}), ("health_start_interval", "1ns", {"Healthcheck": {"StartInterval": 1}}),
    ("health_start_period", ".5s", {"Healthcheck": {"StartPeriod": 500000000}}),
    ("health_timeout", "+5s", {"Healthcheck": {"Timeout": 5000000000}}),
    ("init", False, host(Init=False)), ("io_maxbandwidth", "1k", host(IOMaximumBandwidth=1024)),
    ("io_maxiops", 1 << 63, host(IOMaximumIOps=1 << 63)),
    ("ip", "1.2.3.4", networks(default={"IPAMConfig": {"IPv4Address": "1.2.3.4"}})), ("ip", "", {}),
    ("ip6", "::1", networks(default={"IPAMConfig": {"IPv6Address": "::1"}})),
    ("isolation", "process", host(Isolation="process")), ("kernel_memory", "5m", host(KernelMemory=5 << 20)),
    ("link", ["a", "b:c"], host(Links=["a", "b:c"])),
    ("link_local_ip", "169.254.1.1", networks(default={"IPAMConfig": {"LinkLocalIPs": ["169.254.1.1"]}})),
    ("mac_address", "02:42:AC:11:00:02", networks(default={"MacAddress": "02:42:AC:11:00:02"})),
    ("mac_address", "0242.ac11.0002", networks(default={"MacAddress": "0242.ac11.0002"})),
    ("memory", "1e3", host(Memory=1000)), ("memory", "+1", host(Memory=1)),
    ("memory_swappiness", 0, host(MemorySwappiness=0)), ("memory_swappiness", -1, {}),
    ("network_alias", [], {}), ("no_healthcheck", True, {"Healthcheck": {"Test": ["NONE"]}}),
    ("restart", "foo:3", host(RestartPolicy={"Name": "foo", "MaximumRetryCount": 3})),
    ("storage_opt", ["size=1G", "a=b=c"], host(StorageOpt={"size": "1G", "a": "b=c"})),
    ("storage_opt", {"size": "1G"}, host(StorageOpt={"size": "1G"})),
    ("ulimit", ["nproc=1", "core=0", "nproc=3:-1", "nofile=-1"], host(Ulimits=[
        {"Name": name, "Soft": soft, "Hard": hard}
        for name, soft, hard in (("core", 0, 0), ("nofile", -1, -1), ("nproc", 3, -1))])),
    ("volume", ["v:/c"], host(Binds=["v:/c"])),
    ("disable_content_trust", True, {}), ("use_api_socket", True, {}),
    ("cap_add", ["net_admin", "CAP_CHOWN", "all", "NET_ADMIN"],
     host(CapAdd=["ALL", "CAP_CHOWN", "CAP_NET_ADMIN"])),
    ("cap_drop", "mknod", host(CapDrop=["CAP_MKNOD"])),
    ("cgroup_parent", "/x", host(CgroupParent="/x")), ("cpu_shares", 512, host(CpuShares=512)),
    ("cpuset_cpus", "0-3", host(CpusetCpus="0-3")),
    ("cpus", "1.5", host(NanoCpus=1500000000)), ("cpus", ".5", host(NanoCpus=500000000)),
    ("cpus", "5.", host(NanoCpus=5000000000)),
    ("cpus", "1.123456789", host(NanoCpus=1123456789)), ("cpus", 2, host(NanoCpus=2000000000)),
    ("cpus", 0.5, host(NanoCpus=500000000)),
    ("dns", ["8.8.8.8", "::1"], host(Dns=["8.8.8.8", "::1"])),
    ("dns_option", "ndots:1", host(DnsOptions=["ndots:1"])),
    ("dns_search", "x.org", host(DnsSearch=["x.org"])),
    ("domainname", "d", {"Domainname": "d"}), ("hostname", "h", {"Hostname": "h"}),
    ("entrypoint", "sh", {"Entrypoint": ["sh"]}), ("entrypoint", "", {"Entrypoint": [""]}),
    ("entrypoint", ["sh", "-c"], {"Entrypoint": ["sh", "-c"]}),
    ("env", ["C=1", "D=a=b", "E=", "RD_SET", "RD_UNSET", " F=x"],
     {"Env": ["C=1", "D=a=b", "E=", "RD_SET=here", "RD_UNSET", " F=x"]}),
    ("env", {"A": "1"}, {"Env": ["A=1"]}),
    ("expose", ["80", "90-91/udp", "7/"],
     {"ExposedPorts": {"80/tcp": {}, "90/udp": {}, "91/udp": {}, "7/tcp": {}}}),
    ("group_add", "g", host(GroupAdd=["g"])), ("init", True, host(Init=True)),
    ("ipc", "host", host(IpcMode="host")),
    ("label", ["k=v", "e", "a=b=c"], {"Labels": {"k": "v", "e": "", "a": "b=c"}}),
    ("log_driver", "syslog", host(LogConfig={"Type": "syslog", "Config": {}})),
    ("log_opt", "k=v", host(LogConfig={"Config": {"k": "v"}})),
    ("memory", "512m", host(Memory=1 << 29)), ("memory", "1.5G", host(Memory=3 << 29)),
    ("memory", "1MB", host(Memory=1 << 20)), ("memory", "1 kib", host(Memory=1024)),
    ("memory", "10b", host(Memory=10)), ("memory", "10", host(Memory=10)),
    ("memory", ".5m", host(Memory=1 << 19)), ("memory", "1.", host(Memory=1)),
    ("memory", 4096, host(Memory=4096)),
    ("memory_reservation", "64m", host(MemoryReservation=1 << 26)),
    ("memory_swap", "-1", host(MemorySwap=-1)), ("memory_swap", "1g", host(MemorySwap=1 << 30)),
    ("shm_size", "1t", host(ShmSize=1 << 40)),
    ("network", "container:x", host(NetworkMode="container:x")),
    ("network", "mynet", host(NetworkMode="mynet")),
    ("oom_kill_disable", True, host(OomKillDisable=True)), ("oom_score_adj", -500, host(OomScoreAdj=-500)),
    ("oom_score_adj", "-500", host(OomScoreAdj=-500)),
    ("pid", "host", host(PidMode="host")), ("pid", "container:x", host(PidMode="container:x")),
    ("pids_limit", -1, host(PidsLimit=-1)), ("privileged", True, host(Privileged=True)),
    ("publish", "80", published(_80_tcp=[("", "")])), ("publish", 80, published(_80_tcp=[("", "")])),
    ("publish", "8080:80", published(_80_tcp=[("", "8080")])),
    ("publish", "8080:80/UDP", published(_80_udp=[("", "8080")])),
    ("publish", "127.0.0.1:8080:80", published(_80_tcp=[("127.0.0.1", "8080")])),
    ("publish", "127.0.0.1::80", published(_80_tcp=[("127.0.0.1", "")])),
    ("publish", "[::1]:8080:80", published(_80_tcp=[("::1", "8080")])),
    ("publish", "::1:8080:80", published(_80_tcp=[("::1", "8080")])),
    ("publish", ":80", published(_80_tcp=[("", "")])),
    ("publish", "80-81", published(_80_tcp=[("", "")], _81_tcp=[("", "")])),
    ("publish", "8080-8081:80-81", published(_80_tcp=[("", "8080")], _81_tcp=[("", "8081")])),
    ("publish", "8000-8010:80", published(_80_tcp=[("", "8000-8010")])),
    ("publish", ["80:80", "81:80"], published(_80_tcp=[("", "80"), ("", "81")])),
    ("publish", "target=80,published=8080,protocol=udp", published(_80_udp=[("", "8080")])),
    ("publish", "target=80", published(_80_tcp=[("", "")])),
    ("publish", "80:80/", published(_80_tcp=[("", "80")])),
    ("publish_all", True, host(PublishAllPorts=True)), ("read_only", True, host(ReadonlyRootfs=True)),
    ("restart", "always", host(RestartPolicy={"Name": "always", "MaximumRetryCount": 0})),
    ("restart", "on-failure:3", host(RestartPolicy={"Name": "on-failure", "MaximumRetryCount": 3})),
    ("restart", "on-failure:", host(RestartPolicy={"Name": "on-failure", "MaximumRetryCount": 0})),
    ("restart", "", host(RestartPolicy={"Name": "", "MaximumRetryCount": 0})),
    ("rm", True, host(AutoRemove=True)), ("runtime", "runc", host(Runtime="runc")),
    ("security_opt", ["no-new-privileges", "seccomp=unconfined", "label:disable"],
     host(SecurityOpt=["no-new-privileges", "seccomp=unconfined", "label:disable"])),
    ("security_opt", "systempaths=unconfined", host(SecurityOpt=[], MaskedPaths=[], ReadonlyPaths=[])),
    ("stop_signal", "INT", {"StopSignal": "INT"}), ("stop_timeout", 0, {"StopTimeout": 0}),
    ("stop_timeout", 5, {"StopTimeout": 5}),
    ("sysctl", ["net.ipv4.ip_forward=1", "kernel.msgmax=1"],
     host(Sysctls={"net.ipv4.ip_forward": "1", "kernel.msgmax": "1"})),
    ("sysctl", {"fs.mqueue.x": 1}, host(Sysctls={"fs.mqueue.x": "1"})),
    ("tmpfs", ["/p", "/q:size=1m,a:b"], host(Tmpfs={"/p": "", "/q": "size=1m,a:b"})),
    ("user", "1000:1", {"User": "1000:1"}), ("user", 1000, {"User": "1000"}),
    ("userns", "host", host(UsernsMode="host")), ("uts", "host", host(UTSMode="host")),
    ("volume", ["/a:/b", "/a:/b:ro", "vol:/c:nocopy", "~/a:/b", "rel/x:/b"],
     host(Binds=["/a:/b", "/a:/b:ro", "vol:/c:nocopy", "~/a:/b", "rel/x:/b"])),
    ("volume", "/x", {"Volumes": {"/x": {}}}), ("volumes", {"/a": "/b"}, host(Binds=["/a:/b"])),
    ("volume", ["./a:/b", "..:/b", ".hid:/b:ro"],
     host(Binds=[os.path.abspath("a") + ":/b", os.path.dirname(os.getcwd()) + ":/b",
                 os.path.abspath(".hid") + ":/b:ro"])),
    ("volume_driver", "x", host(VolumeDriver="x")), ("volumes_from", "c:ro", host(VolumesFrom=["c:ro"])),
    ("workdir", "/x", {"WorkingDir": "/x"}),
]


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setenv("RD_SET", "here")
    monkeypatch.delenv("RD_UNSET", raising=False)


@pytest.mark.parametrize("keyword, value, body", VECTORS)
def test_vectors(keyword, value, body):
    assert sent(**{keyword: value}) == body


def test_every_row_has_a_vector():
    elsewhere = {"name", "platform", "env_file", "label_file", "mount", "detach", "detach_keys",
                 "interactive", "pull", "quiet", "sig_proxy", "tty"}
    assert {option.keyword for option in run_options()} == {keyword for keyword, _,
                                                            _ in VECTORS if keyword != "volumes"} | elsewhere
    assert len(option_flag_table(()).split("\n")) == len(run_options())


def test_image_command_query_and_what_stays_here():
    query, body, client = container_request("redis:2.8", ["redis-server", 1],
                                            dict(name="n", platform="linux/arm64", detach=True, pull="always",
                                                 quiet=True, sig_proxy=False, tty=None))
    assert (given_alone(body) == {"Image": "redis:2.8", "Cmd": ["redis-server", "1"]}
            and query == {"name": "n", "platform": "linux/arm64"})
    assert client == {"detach": True, "pull": "always", "quiet": True, "sig_proxy": False}
    assert container_request("x") == ({}, {"Image": "x", "HostConfig": ALWAYS}, {})


def test_options_together():
    assert sent(volume=["/a:/b", "/x"], volumes="v2:/y") == {"HostConfig": {"Binds": ["/a:/b", "v2:/y"]},
                                                             "Volumes": {"/x": {}}}
    assert (sent(publish="80:80", expose="90")
            == {"HostConfig": {"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "80"}]}},
                "ExposedPorts": {"80/tcp": {}, "90/tcp": {}}})
    assert sent(log_driver="syslog",
                log_opt={"a": "b"}) == host(LogConfig={"Type": "syslog", "Config": {"a": "b"}})
    assert sent(rm=True, restart="no")["HostConfig"]["AutoRemove"] is True


def test_of_two_values_with_one_name_the_last_counts():
    """A program's getenv would find the first of two. (The docker CLI's order is that of a Go map: any
    rotation of ours.)"""
    assert (sent(env=["A=1", "B=2", "RD_UNSET", "A=3", "RD_UNSET=4", "B"])
            == {"Env": ["A=3", "B", "RD_UNSET=4"]})
    assert sent(env=["RD_SET=1", "RD_SET"]) == {"Env": ["RD_SET=here"]}
    assert sent(volume=["/a:/b", "/c:/d", "/a:/b"]) == host(Binds=["/a:/b", "/c:/d"])


def test_no_request_shares_its_lists_with_another():
    container_request("x", (),
                      dict(dns="8.8.8.8", publish="80:80"))[1]["HostConfig"]["Devices"].append("mine")
    assert container_request("x")[1]["HostConfig"] == ALWAYS


def test_the_api_version_that_an_option_needs():
    """As the docker CLI's flags have them; --rm is the client's own work before 1.25."""
    since = {option.keyword: option.since for option in run_options() if option.since}
    assert since == {
        "annotation": "1.43", "cgroupns": "1.41", "cpu_count": "windows", "cpu_percent": "windows",
        "cpu_rt_period": "1.25", "cpu_rt_runtime": "1.25", "cpus": "1.25", "device_cgroup_rule": "1.28",
        "gpus": "1.40", "health_start_interval": "1.44", "health_start_period": "1.29", "init": "1.25",
        "io_maxbandwidth": "windows", "io_maxiops": "windows", "mount": "1.25", "platform": "1.32",
        "rm": "1.25", "stop_timeout": "1.25"}
    options = dict(annotations=["a=b"], stop_timeout=0, rm=True, init=False, cpus=None, name="x")
    assert versions_needed(options) == [("--annotation", "1.43"), ("--init", "1.25"), ("--rm", "1.25"),
                                        ("--stop-timeout", "1.25")]
    assert ("--rm", "1.25") not in versions_needed(options, without=("rm",))


class OldEngine:
    """In the place of a Docker, of an API version."""

    def __init__(self, version):
        self.version = version

    def supports(self, version):
        return [int(part) for part in version.split(".")] <= [int(part) for part in self.version.split(".")]


@pytest.mark.parametrize("option, value, since, name", [
    ("mount", "type=bind,dst=/a,bind-recursive=disabled", "1.40", "bind-recursive=disabled"),
    ("mount", "type=bind,dst=/a,ro,bind-recursive=readonly,bind-propagation=rprivate", "1.44",
     "bind-recursive=readonly"),
    ("mount", "type=bind,dst=/a,ro,bind-recursive=writable", "1.24", None),
    ("mount", "dst=/a,volume-subpath=x", "1.45", "volume-subpath"),
    ("mount", "type=image,dst=/a,image-subpath=x", "1.48", "image-subpath"),
    ("network", "name=n,mac-address=02:42:ac:11:00:02", "1.44", "mac-address"),
    ("network", "name=n,driver-opt=a=b", "1.32", "driver-opt"),
    ("network", "name=n,gw-priority=3", "1.48", "gw-priority"),
    ("mac_address", "02:42:ac:11:00:02", "1.44", "mac-address"),
    ("network", "name=n,alias=a", "1.24", None)])
def test_a_part_of_a_value_that_an_engine_would_ignore_is_refused(option, value, since, name):
    def put(version):
        body = container_request("x", (), {option: value})[1]
        put_client_fields(OldEngine(version), body, {}, None)

    put(since)
    if name is not None:
        with pytest.raises(UsageError, match="%s.* requires API v.*%s" % (name, since)):
            put("1.%d" % (int(since[2:]) - 1))


def test_update_sends_limits_alone():
    limits = dict(blkio_weight=10, cpu_period=1, cpu_quota=2, cpu_rt_period=3, cpu_rt_runtime=4, cpu_shares=5,
                  cpus="1.5", cpuset_cpus="0", cpuset_mems="1", kernel_memory="5m", memory="1g",
                  memory_reservation="10m", memory_swap="-1", pids_limit=6, restart="on-failure:3")
    assert list(limits) == UPDATE_OPTIONS
    body, needed = update_request(limits)
    assert body == {
        "BlkioWeight": 10, "CpuPeriod": 1, "CpuQuota": 2, "CpuRealtimePeriod": 3, "CpuRealtimeRuntime": 4,
        "CpuShares": 5, "NanoCpus": 1500000000, "CpusetCpus": "0", "CpusetMems": "1",
        "KernelMemory": 5 << 20, "Memory": 1 << 30, "MemoryReservation": 10 << 20, "MemorySwap": -1,
        "PidsLimit": 6, "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}}
    assert needed == [("--cpu-rt-period", "1.25"), ("--cpu-rt-runtime", "1.25"), ("--cpus", "1.29"),
                      ("--pids-limit", "1.40")]
    assert update_request({"memory": None}) == ({}, [])


@pytest.mark.parametrize("command", ["echo hello", b"echo", {"echo": 1}, None, 5, ["echo", None],
                                     ["echo", b"x"], ["echo", True], [["echo"]]])
def test_a_command_that_is_no_list_of_str(command):
    with pytest.raises(UsageError, match="list of str"):
        container_request("x", command)


def test_what_a_command_may_hold(tmp_path):
    assert container_request("x",
                             ("sleep", 1, 0.5, tmp_path))[1]["Cmd"] == ["sleep", "1", "0.5", str(tmp_path)]
    for image in (b"x", None, 5, ["x"]):
        with pytest.raises(UsageError, match="the image's name"):
            container_request(image)


def test_env_files(tmp_path):
    path = tmp_path / "env"
    path.write_bytes(
        "\ufeffX=1\n# comment\n  Y=2 \n\"Q\"='3'\nRD_SET\nRD_UNSET\nZ=a b\r\n\n\nP=1\rR=2\n".encode())
    lines = ["X=1", "Y=2 ", "\"Q\"='3'", "RD_SET=here", "Z=a b", "P=1\rR=2"]
    # what -e says comes last, and so wins
    for options in (dict(env_file=str(path), env="X=9"), dict(env="X=9", env_file=str(path))):
        assert sent(**options) == {"Env": lines + ["X=9"]}
    for text, says in ((b"A B=1\n", "variable 'A B' contains whitespaces"),
                       (b"\n=1\n", "no variable name on line '=1'"), (b"A=\xff\n", "utf-8")):
        path.write_bytes(text)
        with pytest.raises(UsageError, match=says):
            sent(env_file=str(path))
    for name in (str(tmp_path), str(tmp_path / "none"), "a\0b"):
        with pytest.raises(UsageError, match="(open|read) .*: [a-z]"):
            sent(env_file=name)


def test_seccomp_profiles(tmp_path):
    path = tmp_path / "profile.json"
    path.write_text('{\n  "defaultAction": "SCMP_ACT_ALLOW"\n}\n')
    assert (sent(security_opt="seccomp=%s" % path)
            == host(SecurityOpt=['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}']))
    for text in ("{", "\0"):
        path.write_text(text)
        with pytest.raises(UsageError, match="compacting json for seccomp profile"):
            sent(security_opt="seccomp=%s" % path)
    with pytest.raises(UsageError, match="opening seccomp profile"):
        sent(security_opt="seccomp=/nonexistent")


@pytest.mark.parametrize("options", [
    dict(add_host="h"), dict(add_host="h:"), dict(add_host=":1.2.3.4"), dict(add_host="h:bad"),
    dict(add_host="h:1.2.3"),
    dict(memory="1bb"), dict(memory="1ib"), dict(memory="-1"), dict(memory=""), dict(memory="1kk"),
    dict(memory="0x10"), dict(memory="1_0"), dict(memory="1..5m"), dict(memory="١m"),
    dict(memory="12345678901234567890"), dict(memory="9999999p"), dict(memory_swap="-5"), dict(cpus="abc"),
    dict(cpus=""), dict(cpus="."), dict(cpus="1.1234567891"),
    dict(restart="on-failure:x"), dict(restart=":3"), dict(rm=True, restart="always"),
    dict(expose="x"), dict(expose="82-80"), dict(expose="65536"), dict(expose=""),
    dict(expose="1-"),
    dict(publish="x:80"), dict(publish="80:x"), dict(publish="65536:1"), dict(publish="1:2:3:4"),
    dict(publish="127.0.0.1:80"), dict(publish="8000-8001:80-82"), dict(publish="80/tcp:80/udp"),
    dict(publish=""), dict(publish="published=80"), dict(publish="localhost:80:80"), dict(publish="٨٠"),
    dict(volume=":/b"), dict(volume="/a:"), dict(volume="/a:/b:c:d"), dict(volume=""), dict(volume="/a::/b"),
    dict(env="=x"), dict(env=""), dict(label="=v"), dict(label=""),
    dict(sysctl="kernel.bogus=1"), dict(sysctl="net.x"), dict(sysctl="k"), dict(dns="bad"), dict(dns="[::1]"),
    dict(dns=""), dict(pid="bogus"), dict(pid="container:"), dict(uts="container:x"), dict(userns="x"),
    dict(network=""), dict(network="alias=y"), dict(log_driver="none", log_opt="a=b"),
    dict(pull="sometimes"), dict(bogus=1), dict(volumess="x"),
    dict(rm="yes"), dict(rm=1), dict(privileged="false"), dict(oom_score_adj="x"), dict(oom_score_adj=1.5),
    dict(oom_score_adj=True), dict(hostname=["a"]), dict(hostname=True), dict(volume=[None]),
    dict(volume=[["a"]]), dict(volume=5.5), dict(publish={"80": "80"}), dict(entrypoint=5.5),
    dict(env={"A": None}), dict(env={"A": True}), dict(label={"a": ["b"]}),
    dict(volumes={"/a": {"bind": "/b"}}),
    dict(entrypoint=[1]), dict(memory=True), dict(memory=[1]), dict(name=["x"]), dict(pull=True),
])
def test_refused_in_one_line(options):
    with pytest.raises(UsageError) as caught:
        sent(**options)
    assert "\n" not in str(caught.value)


texts = st.one_of(st.text(max_size=20), st.text("0123456789.:-/=,[]abkmgtp \0\ud800é", max_size=14))


@given(st.sampled_from(run_options()),
       st.one_of(texts, st.lists(texts, max_size=3), st.integers(), st.booleans(), st.none(), st.floats(),
                 st.dictionaries(texts, texts, max_size=2)))
def test_any_value_is_taken_or_refused(option, value):
    try:
        query, body, _ = container_request("img", (), {option.keyword: value})
    except UsageError:
        return
    json.dumps(body, allow_nan=False)
    assert all(isinstance(text, str) for text in query.values())
