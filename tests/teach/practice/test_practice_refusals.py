"""What a practice engine refuses of settings: the statuses and messages that dockerd 26.1 answered."""
import pytest

from rawdock.teach.practice.engine import PracticeEngine
from tests.teach.practice.practice_wire import ask, create, inspect, pull

MIB = 1 << 20


@pytest.fixture(scope="module")
def engine():
    with PracticeEngine() as one:
        pull(one)
        create(one, ["true"], name="lender", HostConfig={"Binds": ["lent:/lent:ro"], "Tmpfs": {"/t": ""}})
        yield one


MOUNT = "invalid mount config for type \"%s\": "
MOUNT_CASES = [
    ({"Type": "tmpfs", "Source": "x", "Target": "/d"},
     MOUNT % "tmpfs" + "field Source must not be specified"),
    ({"Type": "bind", "Source": "/nonexistent", "Target": "/d"},
     MOUNT % "bind" + "bind source path does not exist: /nonexistent"),
    ({"Type": "bind", "Source": "rel", "Target": "/d"},
     MOUNT % "bind" + "invalid mount path: 'rel' mount path must be absolute"),
    ({"Type": "bind", "Target": "/d"}, MOUNT % "bind" + "field Source must not be empty"),
    ({"Type": "bogus", "Target": "/d"}, MOUNT % "bogus" + "mount type unknown"),
    ({"Target": "/d"}, MOUNT % "" + "mount type unknown"),
    ({"Type": "volume"}, MOUNT % "volume" + "field Target must not be empty"),
    ({"Type": "volume", "Target": "rel"},
     MOUNT % "volume" + "invalid mount path: 'rel' mount path must be absolute"),
    ({"Type": "volume", "Target": "/"},
     MOUNT % "volume" + "invalid specification: destination can't be '/'"),
    ({"Type": "volume", "Target": "/d", "ReadOnly": True},
     MOUNT % "volume" + "must not set ReadOnly mode when using anonymous volumes"),
    ({"Type": "volume", "Target": "/d", "BindOptions": {"Propagation": "rprivate"}},
     "BindOptions must not be specified on mount type \"volume\""),
    ({"Type": "volume", "Target": "/d", "TmpfsOptions": {"Mode": 1}},
     "TmpfsOptions must not be specified on mount type \"volume\""),
]
HOST_CASES = [(400, {"Mounts": [mount]}, message) for mount, message in MOUNT_CASES] + [
    (404, {"Mounts": [{"Type": "volume", "Source": "v", "Target": "/d",
                       "VolumeOptions": {"DriverConfig": {"Name": "bogus"}}}]},
     "create v: error looking up volume plugin bogus: plugin \"bogus\" not found"),
    (400, {"Mounts": [{"Type": "tmpfs", "Target": "/d"}], "Binds": ["vol:/d"]}, "Duplicate mount point: /d"),
    (400, {"Binds": ["vol:/d", "other:/d"]}, "Duplicate mount point: /d"),
    (500, {"Binds": ["v"]}, "invalid volume specification: 'v': invalid mount config for type \"volume\":"
                            " invalid mount path: 'v' mount path must be absolute"),
    (500, {"Binds": ["v:/d:bogus"]}, "invalid mode: bogus"),
    (500, {"Binds": ["v:/"]}, "invalid volume specification: 'v:/': invalid mount config for type \"volume\":"
                              " invalid specification: destination can't be '/'"),
    (400, {"Tmpfs": {"d": ""}}, "invalid mount path: 'd' mount path must be absolute"),
    (400, {"VolumesFrom": ["nosuch"]}, "No such container: nosuch"),
    (400, {"VolumesFrom": ["lender:zz"]}, "invalid mode: zz"),
    (400, {"Memory": 1000}, "Minimum memory limit allowed is 6MB"),
    (400, {"MemorySwap": 100 * MIB},
     "You should always set the Memory limit when using Memoryswap limit, see usage"),
    (400, {"Memory": 100 * MIB, "MemorySwap": 50 * MIB},
     "Minimum memoryswap limit should be larger than memory limit, see usage"),
    (400, {"MemorySwappiness": 101}, "Invalid value: 101, valid memory swappiness range is 0-100"),
    (400, {"MemoryReservation": 200 * MIB, "Memory": 100 * MIB},
     "Minimum memory limit can not be less than memory reservation limit, see usage"),
    (400, {"NanoCpus": 10 ** 12}, "Range of CPUs is from 0.01 to 4.00, as there are only 4 CPUs available"),
    (400, {"NanoCpus": 10 ** 9, "CpuPeriod": 100000},
     "Conflicting options: Nano CPUs and CPU Period cannot both be set"),
    (400, {"CpusetCpus": "0,999"}, "Requested CPUs are not available - requested 0,999, available: 0-3"),
    (400, {"CpusetCpus": "0-"}, "Invalid value 0- for cpuset cpus"),
    (400, {"OomScoreAdj": -1001}, "Invalid value -1001, range for oom score adj is [-1000, 1000]"),
    (400, {"ShmSize": -1}, "SHM size can not be less than 0"),
    (400, {"RestartPolicy": {"Name": "bogus"}}, "invalid restart policy: unknown policy 'bogus'; use one of"
                                                " 'no', 'always', 'on-failure', or 'unless-stopped'"),
    (400, {"RestartPolicy": {"Name": "always", "MaximumRetryCount": 1}},
     "invalid restart policy: maximum retry count can only be used with 'on-failure'"),
    (400, {"RestartPolicy": {"Name": "always"}, "AutoRemove": True},
     "can't create 'AutoRemove' container with restart policy"),
    (400, {"Runtime": "bogus"}, "unknown or invalid runtime name: bogus"),
    (500, {"Isolation": "bogus"}, "Invalid isolation: \"bogus\" - linux only supports 'default'"),
    (400, {"CgroupnsMode": "bogus"}, "invalid cgroup namespace mode: bogus"),
    (400, {"IpcMode": "bogus"}, "invalid IPC mode: bogus"),
    (400, {"PidMode": "bogus"}, "invalid PID mode: bogus"),
    (400, {"UTSMode": "bogus"}, "invalid UTS mode: bogus"),
    (400, {"CapAdd": ["BOGUS"]}, "invalid CapAdd: unknown capability: \"CAP_BOGUS\""),
    (500, {"SecurityOpt": ["no-new-privileges", "label=disable", "foo"]},
     "invalid --security-opt 1: \"foo\""),
    (500, {"SecurityOpt": ["seccomp=unconfined", "no-new-privileges:false", "foo=bar"]},
     "invalid --security-opt 2: \"foo=bar\""),
    (500, {"SecurityOpt": ["no-new-privileges=maybe"]},
     "invalid --security-opt 2: \"no-new-privileges=maybe\""),
    (400, {"ExtraHosts": ["bogus"]}, "bad format for add-host: \"bogus\""),
    (500, {"StorageOpt": {"size": "1g"}},
     "--storage-opt is supported only for overlay over xfs with 'pquota' mount option"),
    (400, {"PortBindings": {"80/tcp": [{"HostPort": "99999"}]}}, "invalid port specification: \"99999\""),
    (400, {"LogConfig": {"Type": "json-file", "Config": {"bogus": "1"}}},
     "unknown log opt 'bogus' for json-file log driver"),
    (400, {"NetworkMode": "container:x", "PublishAllPorts": True},
     "conflicting options: port publishing and the container type network mode"),
]
CONFIG_CASES = [
    ({"WorkingDir": "rel"}, "the working directory 'rel' is invalid, it needs to be an absolute path"),
    ({"Env": ["=x"]}, "invalid environment variable: =x"),
    ({"Healthcheck": {"Test": ["CMD", "true"], "Interval": 1}},
     "Interval in Healthcheck cannot be less than 1ms"),
    ({"Healthcheck": {"Timeout": 1}}, "Timeout in Healthcheck cannot be less than 1ms"),
    ({"Healthcheck": {"StartPeriod": 1}}, "StartPeriod in Healthcheck cannot be less than 1ms"),
    ({"Healthcheck": {"StartInterval": 1}}, "StartInterval in Healthcheck cannot be less than 1ms"),
    ({"Healthcheck": {"Retries": -1}}, "Retries in Healthcheck cannot be negative"),
    ({"Hostname": "x", "HostConfig": {"NetworkMode": "container:x"}},
     "conflicting options: hostname and the network mode"),
]


@pytest.mark.parametrize("status, body, message", [
    (status, {"HostConfig": host}, message) for status, host, message in HOST_CASES] + [
    (400, body, message) for body, message in CONFIG_CASES], ids=lambda value: str(value)[:60])
def test_create_refuses(engine, status, body, message):
    body = dict({"Image": "busybox", "Cmd": ["true"]}, **body)
    assert ask(engine, "POST", "/containers/create", body) == (status, {"message": message})
    assert len(ask(engine, "GET", "/containers/json?all=1")[1]) == 1   # nothing was made


def test_devices_are_refused_at_start(engine):
    for host, message in (
            ({"DeviceRequests": [{"Count": -1, "Capabilities": [["gpu"]]}]},
             "could not select device driver \"\" with capabilities: [[gpu]]"),
            ({"Devices": [{"PathOnHost": "/dev/x", "PathInContainer": "/dev/x"}]},
             "error gathering device information while adding custom device \"/dev/x\": no such file or"
             " directory")):
        identity = create(engine, ["true"], HostConfig=host)
        assert ask(engine, "POST", "/containers/%s/start" % identity) == (500, {"message": message})
        assert ask(engine, "DELETE", "/containers/" + identity)[0] == 204


@pytest.mark.parametrize("status, given, message", [
    (400, {"Memory": 1000}, "Minimum memory limit allowed is 6MB"),
    (400, {"MemoryReservation": 1}, "Minimum memory reservation allowed is 6MB"),
    (400, {"CpusetCpus": "999"}, "Requested CPUs are not available - requested 999, available: 0-3"),
    (400, {"CpuPeriod": 1},
     "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)"),
    (400, {"CpuQuota": 1}, "CPU cfs quota can not be less than 1ms (i.e. 1000)"),
    (400, {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": -3}},
     "invalid restart policy: maximum retry count cannot be negative"),
    (409, {"CpuQuota": 5000}, "Cannot update container %s: Conflicting options: CPU Quota cannot be updated"
                              " as NanoCPUs has already been set"),
    (409, {"Memory": 300 * MIB}, "Cannot update container %s: Memory limit should be smaller than already set"
                                 " memoryswap limit, update the memoryswap at the same time"),
    (404, None, "No such container: nosuch"),
])
def test_update_refuses(engine, status, given, message):
    identity = create(engine, ["true"], HostConfig={"NanoCpus": 10 ** 9, "Memory": 100 * MIB})
    try:
        before = inspect(engine, identity)
        assert before["HostConfig"]["MemorySwap"] == 200 * MIB
        found = ask(engine, "POST", "/containers/%s/update" % (identity if given else "nosuch"), given or {})
        assert found == (status, {"message": message % identity if "%s" in message else message})
        assert inspect(engine, identity) == before
    finally:
        ask(engine, "DELETE", "/containers/" + identity)


def test_update_changes_what_it_is_given(engine):
    identity = create(engine, ["true"])
    given = {"Memory": 64 * MIB, "MemorySwap": -1, "CpuShares": 512, "CpusetCpus": "0-1", "PidsLimit": 9,
             "BlkioWeight": 500, "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}}
    assert ask(engine, "POST", "/containers/%s/update" % identity, given) == (200, {"Warnings": None})
    found = inspect(engine, identity)["HostConfig"]
    assert {key: found[key] for key in given} == given
    ask(engine, "DELETE", "/containers/" + identity)


def test_mounts_of_another_container_are_borrowed(engine):
    identity = create(engine, ["true"], HostConfig={"VolumesFrom": ["lender"]})
    mount, = inspect(engine, identity)["Mounts"]
    assert (mount["Name"], mount["Destination"], mount["RW"]) == ("lent", "/lent", False)
    ask(engine, "DELETE", "/containers/" + identity)
