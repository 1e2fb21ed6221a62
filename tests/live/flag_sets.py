"""Flags of `create` and `update`, and what docker 28.2.2 sends for them to an engine of each API version.

A flag set is a line of words between `create` and `busybox true`, or between `update` and a container. A
docker 28.2.2 was given each of them, and a fake engine of each version in VERSIONS noted its request, or else
its status and error were noted: docker-28.2.2/flags/*.json, by `tools/record-docker --flags`. They run in a
folder that has the FILES; {cwd} is that folder, {socket} the engine's.

    create.json    {"base": {version: the body without flags}, "sets": {line: {version: sent}}}
    update.json    likewise
    refused.json   {line: {"status": 125, "err": "…"}} of the lines in REFUSED, for the newest version
    help.json      {command: the flags that its help shows}
"""
import contextlib
import json
import os
import re
import shlex
import tempfile
import urllib.parse

from rawdock.cli.console import CommandFailed, Console
from rawdock.main import find_command, run_command

from tests.cli.canned_engine import TextOutput
from tests.live.docker_cli import TABLES, run
from tests.net.fake_engine import FakeEngine, response, serve

RECORDS = os.path.join(TABLES, "flags")
VERSIONS = ("1.41", "1.45")
FILES = {"env": "# a comment\nA=1\n  B=2 \nRD_NONE\n\"Q\"='x'\n", "labels": "l=1\nonly\n# x\n m=2 3\n",
         "profile.json": '{\n "defaultAction": "SCMP_ACT_ALLOW"\n}\n', "white": "a b=c\n", "bare": "=c\n",
         "there": ""}
ID = "a" * 64

# rec-net has 10.77.0.0/24 and fd77::/64, and rec-other is a
# container. A line may be another on an engine of each version, and be refused on one.
FLAG_SETS = r"""
--add-host a:1.2.3.4
--add-host a=1.2.3.4 --add-host b:::1 --add-host c=[::2] --add-host d:host-gateway
--add-host "e: 1.2.3.4"
--annotation a=b --annotation c
-a stdin
-a stdout
--attach=STDERR -a stdout
-a stdin -i
--blkio-weight 500
--blkio-weight 0x1f4
--blkio-weight-device /dev/null:500
--cap-add net_admin --cap-add CAP_CHOWN
--cap-add all --cap-drop ALL
--cap-drop mknod
--cgroup-parent /rec
--cgroupns host
--cgroupns private
--cgroupns ""
--cidfile cid
--cpu-period 100000
--cpu-period 100000 --cpu-quota 50000
--cpu-quota 60000
--cpu-rt-period 1000000
--cpu-rt-period 1000000 --cpu-rt-runtime 500000
--cpu-rt-runtime 500000
-c 512
-c512
--cpu-shares=0x200
--cpu-shares 1_000
--cpus 1
--cpus .5
--cpus 1/2
--cpus 5e-1
--cpuset-cpus 0
--cpuset-mems 0
--cpu-count 2
--cpu-percent 50
--device /dev/null
--device /dev/null:/dev/x
--device /dev/null:/dev/x:rw --device /dev/zero:r
--device vendor.com/class=name
--device vendor.com/class=name --device vendor.com/class=other --gpus all
--device-cgroup-rule "c 1:3 mr" --device-cgroup-rule "b *:* rwm"
--device-read-bps /dev/null:1mb
--device-read-bps /dev/null:1.5k --device-read-bps /dev/zero:20
--device-read-iops /dev/null:100
--device-write-bps /dev/null:1gib
--device-write-iops /dev/null:5
--disable-content-trust
--disable-content-trust=true
--dns 8.8.8.8 --dns 0:0:0:0:0:0:0:8
--dns " ::ffff:1.2.3.4"
--dns-opt ndots:1
--dns-option ndots:1 --dns-option timeout:3
--dns-search x.org --dns-search y.org.
--dns-search .
--domainname dom.org
--entrypoint sh
--entrypoint ""
-e A=1
-eA=1 -e=B=2 --env C=a=b --env D=
-e RD_NONE
-e RD_SET -e RD_SET2=x
-e A=1 -e B=2 -e A=3
--env-file env
--env-file env -e A=9
--expose 80
--expose 80-82/udp --expose 90/tcp
--expose 80/TCP
--gpus all
--gpus 2
--gpus device=0
--gpus '"device=0,1"'
--gpus count=2,driver=nvidia,capabilities=compute
--gpus '"capabilities=compute,utility",driver=x,"options=a=b,c"'
--gpus 1 --gpus all,driver=y
--group-add 5 --group-add audio
--health-cmd "true x"
--health-cmd true --health-interval 5s --health-timeout 1m --health-retries 3 --health-start-period 500ms
--health-cmd true --health-start-interval 2s
--health-interval 1h30m5s100ms
--health-retries 3
--health-start-period 1m
--health-start-interval 1.5s
--health-timeout .5s
--health-cmd true --health-interval 0 --health-retries 0
-h name
--hostname=name --domainname dom
--init
--init=false
-i
-it
-t
--interactive=true --tty=false
--io-maxbandwidth 1m
--io-maxiops 100
--ip 10.77.0.7 --network rec-net
--ip6 fd77::7 --network rec-net
--ip 10.77.0.7 --ip6 fd77::7 --network rec-net
--ip ""
--ipc host
--ipc private
--ipc none
--ipc shareable
--ipc container:rec-other
--isolation default
--kernel-memory 64m
-l a=b
-l a=b --label c --label d=e=f
--label-file labels
--label-file labels -l l=9
--link rec-other
--link rec-other:alias
--link rec-other:one --link rec-other:two --network rec-net
--link-local-ip 169.254.7.7 --network rec-net
--log-driver none
--log-driver json-file --log-opt max-size=1m --log-opt max-file=3
--log-driver syslog
--mac-address 02:42:0a:4d:00:09
--mac-address 02:42:0a:4d:00:09 --network rec-net
--mac-address 02-42-0a-4d-00-09
-m 512m
-m 1.5g --memory-swap 2g
-m 64m --memory-swap -1
--memory 6291456
--memory "8 MB"
--memory 64m --memory-reservation 32m
--memory-reservation 32m
--memory-swappiness 0
--memory-swappiness 60 -m 64m
--memory-swappiness -1
--mount type=bind,src=/tmp,dst=/b
--mount type=bind,source=/tmp,target=/b,readonly
--mount TYPE=Bind,SRC=/tmp,Destination=/b,RO=1
--mount type=bind,src=/tmp,dst=/b,readonly=false
--mount type=bind,src=.,dst=/b,bind-propagation=rslave
--mount type=bind,src=/tmp,dst=/b,consistency=cached
--mount type=bind,src=/tmp,dst=/b,bind-recursive=enabled
--mount type=bind,src=/tmp,dst=/b,bind-recursive=disabled
--mount type=bind,src=/tmp,dst=/b,ro,bind-recursive=writable
--mount type=bind,src=/tmp,dst=/b,ro,bind-recursive=readonly,bind-propagation=rprivate
--mount type=bind,src=/tmp,dst=/b,bind-nonrecursive
--mount type=bind,src=/no/such/rec,dst=/b
--mount type=volume,src=rec-vol,dst=/b
--mount src=rec-vol,dst=/b,volume-nocopy
--mount src=rec-vol,dst=/b,volume-nocopy=false,ro
--mount src=rec-vol2,dst=/b,volume-label=a=b,volume-label=c
--mount src=rec-vol3,dst=/b,volume-driver=local,volume-opt=type=tmpfs,volume-opt=device=tmpfs
--mount dst=/b
--mount '"dst=/b,c"'
--mount dst=/a --mount type=tmpfs,dst=/b
--mount type=tmpfs,dst=/b,tmpfs-size=1m,tmpfs-mode=1777
--mount type=tmpfs,dst=/b,tmpfs-size=0,ro
--mount type=image,src=busybox,dst=/b
--mount src=rec-vol,dst=/b,volume-subpath=sub
--name rec-named
--network bridge
--network host
--network none
--network default
--network rec-net
--net rec-net
--network container:rec-other
--network name=rec-net
--network name=rec-net,alias=a,alias=b,ip=10.77.0.8
--network name=rec-net,ip6=fd77::8,link-local-ip=169.254.7.8
--network name=rec-net,mac-address=02:42:0a:4d:00:08
--network name=rec-net,driver-opt=a=b,driver-opt=c=d
--network "name=rec-net, ALIAS=a"
--network rec-net --network rec-net2
--network rec-net --network name=rec-net2,alias=x --network-alias y
--network bridge --network rec-net
--network no-such-net
--network-alias a --network-alias b --network rec-net
--net-alias a --net rec-net
--no-healthcheck
--oom-kill-disable
--oom-kill-disable=false
--oom-kill-disable -m 64m
--oom-score-adj 500
--oom-score-adj=-500
--pid host
--pid container:rec-other
--pids-limit 50
--pids-limit -1
--pids-limit 0
--privileged
--privileged --read-only
-p 80
-p8080:80
-p 8080:80/udp -p 127.0.0.1:8081:81 -p [::1]:8082:82
-p 127.0.0.1::83 -p ::1:8084:84
-p 9000-9001:90-91
-p 9000-9010:90
-p target=80,published=8080,protocol=udp,mode=host
-p 80 -p 80:80 --expose 81
-P
-P --expose 80
--pull never
--pull missing -q
--platform linux/amd64
--read-only
--restart always
--restart on-failure
--restart on-failure:3
--restart unless-stopped
--restart no --rm
--restart ""
--restart foo
--restart always:3
--rm
--runtime runc
--runtime no-such
--security-opt no-new-privileges
--security-opt no-new-privileges:false --security-opt label=disable
--security-opt seccomp=unconfined
--security-opt seccomp=profile.json
--security-opt systempaths=unconfined
--security-opt apparmor=unconfined
--shm-size 128m
--stop-signal INT
--stop-signal 9 --stop-timeout 0
--stop-timeout 5
--stop-timeout -1
--storage-opt size=1G
--sysctl net.ipv4.ip_forward=1 --sysctl kernel.msgmax=65536
--tmpfs /p
--tmpfs /p:size=1m,mode=700 --tmpfs /q
--ulimit nofile=1024
--ulimit nofile=1024:2048 --ulimit core=0 --ulimit nproc=-1
--ulimit nproc=1 --ulimit nproc=5:-1
--use-api-socket
-u 1000:1
-u daemon
--userns host
--uts host
-v /tmp:/b
-v /tmp:/b:ro
-v ./sub:/b
-v rec-vol:/b
-v rec-vol:/b:nocopy -v /tmp:/c:z
-v /b
-v /b -v /c -v /tmp:/d -v /b
-v /tmp:/b:ro:x:y --name rec-named
-v /tmp:/b --mount dst=/c --tmpfs /d
--volume-driver local -v rec-vol4:/b
--volumes-from rec-other
--volumes-from rec-other:ro
-w /x
--workdir=rel
-itu daemon -w /tmp
"""
UPDATE_SETS = r"""
--blkio-weight 300
--cpu-period 100000
--cpu-quota 50000
--cpu-rt-period 1000000
--cpu-rt-runtime 500000
-c 512
--cpu-shares 512
--cpus 1.5
--cpuset-cpus 0
--cpuset-mems 0
--kernel-memory 64m
-m 64m --memory-swap 128m
--memory 64m --memory-swap -1
--memory-reservation 32m
--pids-limit 50
--pids-limit -1
--pids-limit 0
--memory 0 --cpu-shares 0 --blkio-weight 0
--restart always
--restart on-failure:3
--restart ""
--cpu-shares 100 --restart no --pids-limit 7
"""
REFUSED = r"""
--add-host x
--add-host x:y
--add-host :1.2.3.4
-a x
--attach ""
--blkio-weight x
--blkio-weight 70000
--blkio-weight -1
--blkio-weight-device /dev/a
--blkio-weight-device a:1
--blkio-weight-device /dev/a:5
--cgroupns x
--cidfile there
--cidfile /no/such/file
--cpus x
--cpus 0.0000000001
--cpus 1/0
--device ""
--device x/y
--device /dev/a:rq
--device /dev/a:/b:q
--device /dev/a:/b:r:w
--device-cgroup-rule "x 1:3 mr"
--device-read-bps /dev/a
--device-read-bps a:1
--device-read-bps /dev/a:x
--device-write-bps /dev/a:-1
--device-read-iops /dev/a:1k
--device-write-iops x
--dns x
--dns-search "a b"
--dns-search a..b
-e =x
--env ""
--env-file no-such
--env-file white
--env-file bare
--env-file .
--expose x
--expose 85-80
--expose ""
--expose 80:80
--gpus ""
--gpus x
--gpus count=1,count=2
--gpus foo=1
--health-interval 5
--health-interval x
--health-interval 5d
--health-interval ""
--health-interval -1s
--health-retries -1
--health-start-period -1s
--health-timeout 1s1
--no-healthcheck --health-cmd x
--io-maxiops -1
--io-maxbandwidth x
--kernel-memory x
-l =x
-l "a b=c"
--label ""
--label-file no-such
--label-file white
--link a:b:c
--link ""
--log-driver none --log-opt a=b
--mac-address zz
-m x
-m ""
-m -5
-m 1kk
-m 1..5m
--memory-swap -2
--memory-swappiness 101
--memory-swappiness -2
--mount x
--mount ""
--mount type=bind
--mount type=,dst=/b
--mount type=bind,dst=/b,ro=yes
--mount type=bind,dst=/b,bind-recursive=writable
--mount type=bind,dst=/b,bind-recursive=x
--mount type=bind,dst=/b,ro,bind-recursive=readonly
--mount type=volume,dst=/b,bind-propagation=x
--mount type=bind,dst=/b,volume-nocopy
--mount type=bind,dst=/b,tmpfs-size=1
--mount type=bind,dst=/b,image-subpath=x
--mount type=tmpfs,dst=/b,tmpfs-mode=9
--mount type=tmpfs,dst=/b,tmpfs-size=x
--mount 'dst=/b, src=v'
--mount dst=/b,foo=bar
--mount 'dst=/b,"src=v'
--mount 'dst=/b,s"rc=v'
--mount '"dst=/b"c'
--mount dst=/b,
--network ""
--network alias=a
--network name=n,foo
--network name=n,foo=a
--network name=n,gw-priority=x
--network name=n,driver-opt=a
--network name=n,mac-address=x
--network n --network n
--network host --network n
--network name=bridge,alias=a
--network name=n,alias=x --network-alias a
--network name=n,ip=1.2.3.4 --ip 1.2.3.5
--network-alias a
--pid foo
--pull x
-p x
-p 80:x
-p x:80
-p 1:2:3:4
-p a:80:80
-p 80/x
-p 8000-8001:80-82
-p ""
-p published=8080
-p target=80,foo
--restart on-failure:x
--restart :
--rm --restart always
--security-opt x
--security-opt seccomp=no-such
--storage-opt x
--sysctl a
--sysctl a=b
--ulimit x
--ulimit foo=1
--ulimit nofile=x
--ulimit nofile=2:1
--ulimit nofile=-1:5
--ulimit nofile=1:2:3
--userns x
--uts x
-v ""
-v :/a
-v /a:/b:ro:x
"""


def lines(text):
    return [line for line in text.split("\n") if line.strip()]


def words_of(command, line):
    """The words of a command line of the flag set `line`."""
    return [command] + shlex.split(line) + (["busybox", "true"] if command == "create" else ["rec-updated"])


def read_record(name):
    with open(os.path.join(RECORDS, name + ".json"), encoding="utf-8") as file:
        return json.load(file)


def write_record(name, value):
    """Write `value` with a line for each key of its innermost tables."""
    os.makedirs(RECORDS, exist_ok=True)
    text = json.dumps(value, ensure_ascii=False, sort_keys=False)
    if name == "refused":
        text = ",\n ".join("%s: %s" % (json.dumps(key), json.dumps(row)) for key, row in value.items())
        text = "{\n %s\n}" % text
    elif "sets" in value:
        rows = ",\n  ".join("%s: %s" % (json.dumps(key), json.dumps(row))
                            for key, row in value["sets"].items())
        text = '{"base": %s,\n "sets": {\n  %s\n}}' % (json.dumps(value["base"]), rows)
    with open(os.path.join(RECORDS, name + ".json"), "w", encoding="utf-8") as file:
        file.write(text + "\n")


class NotingEngine(FakeEngine):
    """A fake engine of an API version, which grants every request. sent() gives what was sent to it."""

    def __init__(self, version):
        def answer(seen):
            if "/_ping" in seen.target:
                fields = [("Api-Version", version), ("Ostype", "linux")]
                return response(b"" if seen.method == "HEAD" else b"OK", headers=fields, kind="text/plain")
            status = "201 Created" if "/containers/create" in seen.target else "200 OK"
            return response(b'{"Id": "%s", "Warnings": []}' % ID.encode(), status)

        FakeEngine.__init__(self, serve(answer))

    def sent(self):
        """{"query", "body"} of the request since the last call, None without one."""
        found = [seen for seen in self.requests if "/_ping" not in seen.target]
        del self.requests[:]
        if not found:
            return None
        query = dict(urllib.parse.parse_qsl(found[0].target.partition("?")[2]))
        text = found[0].body.decode("utf-8").replace(self.address[len("unix://"):], "{socket}")
        body = json.loads(text.replace(os.getcwd(), "{cwd}"))
        # The docker CLI's are in the order of a Go map.
        for fields, key in ((body, "Env"), (body.get("HostConfig", {}), "Binds")):
            fields.update({key: sorted(fields[key])} if fields.get(key) else {})
        return {"query": query, "body": body}


@contextlib.contextmanager
def flag_folder():
    """The current folder is a new one that has the FILES, and RD_SET is a variable."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        for name, text in FILES.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        os.chdir(folder)
        os.environ["RD_SET"] = "here"
        try:
            yield
        finally:
            os.chdir(before)
            del os.environ["RD_SET"]


def changes(base, body):
    """The fields of `body`, and of its HostConfig, that `base` has not or has otherwise."""
    changed = {key: value for key, value in body.items() if key not in base or base[key] != value}
    if "HostConfig" in changed:
        changed["HostConfig"] = changes(base["HostConfig"], body["HostConfig"])
    return changed


def put_changes(base, changed):
    """A new body: `base` with the changes."""
    host = dict(base.get("HostConfig", {}), **changed.get("HostConfig", {}))
    return dict(base, **dict(changed, HostConfig=host)) if host else dict(base, **changed)


def forget_cid_file():
    """Remove the file of --cidfile cid, if there is one."""
    if os.path.exists("cid"):
        os.remove("cid")


def docker_answer(cli, engine, words):
    status, _, err = run([cli.path, "-H", engine.address] + words)
    return {"status": status, "err": re.sub(r'(?m)^time="[^"]*" ', "", err)}


def our_answer(engine, words):
    """What rawdock answers in this process → {"status", "err"}, with docker's name in place of ours."""
    console = Console(engine.address)
    console.out, console.err = TextOutput(), TextOutput()
    try:
        status = run_command(console, find_command(words[0]), words[1:])
    except CommandFailed as error:
        console.err.line(str(error))
        status = error.status
    finally:
        console.close()
    return {"status": status, "err": re.sub("\\brawdock\\b", "docker", console.err.text)}


def record_flags(cli):
    """Ask the docker command line `cli` for every line, and write it down."""
    def noted(command, text):
        base, sets = {}, {}
        for version in VERSIONS:
            with NotingEngine(version) as engine:
                docker_answer(cli, engine, words_of(command, "--cpu-shares 0" if command == "update" else ""))
                base[version] = engine.sent()["body"]
                for line in lines(text):
                    answer = docker_answer(cli, engine, words_of(command, line))
                    sent = engine.sent()
                    if sent is not None:
                        sent = {"query": sent["query"], "changes": changes(base[version], sent["body"])}
                        answer = sent if sent["query"] else {"changes": sent["changes"]}
                    sets.setdefault(line, {})[version] = answer
                    forget_cid_file()
        write_record(command, {"base": base, "sets": sets})

    with flag_folder():
        noted("create", FLAG_SETS)
        noted("update", UPDATE_SETS)
        with NotingEngine(VERSIONS[-1]) as engine:
            write_record("refused", {line: docker_answer(cli, engine, words_of("create", line))
                                     for line in lines(REFUSED)})
    pages = {command: run([cli.path, command, "--help"])[1] for command in ("run", "create", "update")}
    shown = {command: re.findall(r"(?m)^  (?:-(\w), |    )--([a-z0-9-]+)", page)
             for command, page in pages.items()}
    write_record("help", {command: ["-%s, --%s" % pair if pair[0] else "--" + pair[1] for pair in found]
                          for command, found in shown.items()})
