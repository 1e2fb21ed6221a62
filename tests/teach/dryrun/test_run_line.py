"""`rawdock explain-container` on the practice engine: the line, and a container made from it again."""
import json
import re
import shlex
import sys

import pytest

from rawdock.teach.practice.engine import PracticeEngine

from tests.cli.scripted_socket import run_to_end
from tests.teach.practice.practice_wire import ask, create, inspect, pull

OURS = [sys.executable, "-m", "rawdock"]


@pytest.fixture(scope="module")
def engine():
    with PracticeEngine() as one:
        pull(one)
        pull(one, "redis", "2.8")
        pool = {"Config": [{"Subnet": "10.98.0.0/24"}]}
        ask(one, "POST", "/networks/create", {"Name": "lan", "IPAM": pool})
        ask(one, "POST", "/networks/create", {"Name": "other"})
        create(one, ["true"], name="lender", HostConfig={"Binds": ["lent:/lent"]})
        yield one


def rawdock(engine, *words):
    return run_to_end(OURS + ["-H", engine.address] + list(words))


def shown(engine, name):
    text = json.dumps(inspect(engine, name))
    text = re.sub("\\b(?:[0-9a-f]{64}|[0-9a-f]{12})\\b", "ID", text)
    return json.loads(re.sub("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z", "TIME", text))


@pytest.mark.parametrize("line", [
    "busybox", "redis:2.8", "redis:2.8 redis-server --port 1", "--entrypoint sh redis:2.8 -c true",
    "-e A=1 -e 'B=x y' -l a=b -l 'c=\"' -h host -u nobody -w /tmp busybox true",
    "-i busybox cat", "-it busybox sh", "-a stdin -i busybox cat", "-a stderr busybox true",
    "-v data:/data:ro -v /host:/h -v /anonymous busybox true",
    "--mount type=volume,src=data,dst=/d,volume-nocopy --mount type=tmpfs,dst=/t,tmpfs-size=1m busybox true",
    "--mount 'type=volume,\"dst=/a,b\"' --tmpfs /run --tmpfs /x:size=1m --volumes-from lender busybox true",
    "-p 80 -p 127.0.0.1:8081:81 -p 82:82/udp --expose 99 -P redis:2.8",
    "--network lan --ip 10.98.0.7 --network-alias x --network-alias y busybox true",
    "--network name=lan,alias=x,ip=10.98.0.9 --network name=other,alias=z busybox true",
    "--network host busybox true", "--network none busybox true", "--network container:lender busybox true",
    "--link lender:l busybox true",
    "-m 64m --memory-reservation 32m --cpus 1.5 -c 512 --cpuset-cpus 0-1 --pids-limit 9 busybox true",
    "-m 64m --memory-swap -1 --memory-swappiness 0 --oom-kill-disable --oom-score-adj 5 busybox true",
    "--blkio-weight 500 --blkio-weight-device /dev/x:100 --device-read-bps /dev/x:1mb busybox true",
    "--device-write-iops /dev/x:7 --device /dev/x:/dev/y:r --device-cgroup-rule 'c 1:3 rwm' busybox true",
    "--gpus all busybox true", "--gpus 'driver=nvidia,\"device=0,1\",\"capabilities=a,b\"' busybox true",
    "--restart on-failure:3 busybox true", "--restart always busybox true", "--rm busybox true",
    "--ulimit nofile=10:20 --shm-size 1g --sysctl net.a=1 --annotation a=b busybox true",
    "--cap-add NET_ADMIN --cap-drop ALL --privileged --read-only --group-add 5 busybox true",
    "--security-opt systempaths=unconfined --security-opt no-new-privileges busybox true",
    "--add-host a:1.2.3.4 --dns 1.1.1.1 --dns-search x.org --dns-option a busybox true",
    "--health-cmd 'test -e /x' --health-interval 1m30s --health-timeout 1.5s --health-retries 2 busybox true",
    "--health-cmd true --health-start-period 1h --health-start-interval 300ms busybox true",
    "--no-healthcheck busybox true", "--init busybox true", "--init=false busybox true",
    "--stop-signal INT --stop-timeout 0 busybox true", "--log-opt max-size=1m busybox true",
    "--log-driver none busybox true", "--ipc host --pid host --uts host --userns host busybox true",
    "--cgroupns host --cgroup-parent /x --domainname d --runtime runc busybox true",
    "--mac-address 02:42:ac:11:00:09 busybox true",
])
def test_a_container_is_made_again(engine, line):
    words, seen = ["create", "--name", "one"] + shlex.split(line), []
    ask(engine, "DELETE", "/containers/one")   # of a test that failed
    for _ in range(2):
        ran = rawdock(engine, *words)
        assert ran.status == 0, ran
        seen.append(shown(engine, "one"))
        ran = rawdock(engine, "explain-container", "one")
        assert (ran.status, ran.err) == (0, b"")
        words = shlex.split(ran.out.decode())
        assert words[:4] == ["docker", "run", "--name", "one"]
        words[:2] = ["create"]
        assert ask(engine, "DELETE", "/containers/one?v=1")[0] == 204
    assert seen[0] == seen[1], words


def test_the_line_of_a_container_that_runs(engine):
    rawdock(engine, *"run -d --name up -p 127.0.0.1::80 --expose 81 busybox sleep 9".split())
    ran = rawdock(engine, "explain-container", "up")
    assert ran.out == b"docker run --name up -d --expose 81/tcp -p 127.0.0.1::80 busybox sleep 9\n"
    assert ask(engine, "DELETE", "/containers/up?force=1")[0] == 204


def test_what_no_flag_can_say_is_named(engine):
    create(engine, ["c"], name="odd", Entrypoint=["a", "b"], Healthcheck={"Test": ["CMD", "x"]})
    ran = rawdock(engine, "explain-container", "odd")
    assert (ran.status, ran.out) == (0, b"docker run --name odd -d --entrypoint a busybox c\n")
    assert ran.err == (b"rawdock: no flag says a health check without a shell: ['x']\n"
                       b"rawdock: no flag says an entrypoint of several words: ['a', 'b']\n")
    assert ask(engine, "DELETE", "/containers/odd")[0] == 204


def test_a_container_that_is_not_there(engine):
    ran = rawdock(engine, "explain-container", "nosuch")
    assert ran.status == 1 and ran.err == b"Error response from daemon: No such container: nosuch\n"
