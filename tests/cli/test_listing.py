"""The listing commands against canned answers: what they ask, what they print, how they end."""
import json
import time

import pytest

from rawdock.cli.about import info_lines, security_lines, version_lines
from rawdock.cli.images import image_names, image_row
from rawdock.cli.watching import event_line
from rawdock.errors import APIError, ProtocolError, UsageError
from rawdock.wire.frames import encode_frame
from tests.cli.canned_engine import run_on_fake_engine
from tests.cli.scripted_socket import assert_one_line

WEB = {
    "Id": "8542b74964477d0b4f6f4b61921e2c2fa1c0cd05a7d6f7cd63f35cf704b59e34", "Names": ["/other/web", "/web"],
    "Image": "busybox",
    "ImageID": "sha256:f1fd5bd91d514eb467c1041672a0d47c07b29d8fbd96664aeb0613c4be757742",
    "Command": "sh -c 'echo out; echo err'",
    "Created": 0, "Ports": [{"PrivatePort": 80, "PublicPort": 8080, "IP": "0.0.0.0", "Type": "tcp"}],
    "Labels": {"x": "y", "a": "b"},
    "State": "running", "Status": "Up 2 hours", "SizeRw": 12, "SizeRootFs": 1985585,
    "NetworkSettings": {"Networks": {"front": {}, "back": {}}},
    "Mounts": [{"Type": "volume", "Name": "data", "Driver": "local"},
               {"Type": "bind", "Source": "/averyverylongpath"}]}
JOB = {"Id": "69eb4b6fa9c4730e9bfbf402106f9e8dcee783142424c9dd4aa7c3834d57ea1b", "Names": None, "Image": "",
       "Command": None, "Created": 0,
       "Ports": None, "Labels": None, "State": "created", "Status": "Created", "NetworkSettings": None,
       "Mounts": None}
LIST = "GET /containers/json"


@pytest.fixture(autouse=True)
def one_moment(monkeypatch):
    """3 hours after the epoch, in UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setattr(time, "time", lambda: 3 * 3600.0)
    for name in ("DOCKER_CONTEXT", "DOCKER_HOST", "DOCKER_API_VERSION"):
        monkeypatch.delenv(name, raising=False)
    yield
    monkeypatch.undo()
    time.tzset()


def test_ps():
    ran = run_on_fake_engine({LIST: [WEB, JOB]}, ["ps"])
    assert ran.out == (
        "CONTAINER ID   IMAGE        COMMAND                  CREATED       STATUS       PORTS              "
        "    NAMES\n"
        "8542b7496447   busybox      \"sh -c 'echo out; ec\u2026\"   3 hours ago   Up 2 hours   "
        "0.0.0.0:8080->80/tcp   web\n"
        "69eb4b6fa9c4   <no image>   \"\"                       3 hours ago   Created                       "
        "      \n")
    assert (ran.status, ran.err, ran.writes) == (0, "", 1)
    assert ran.requests == [("GET", "/containers/json", {})]


@pytest.mark.parametrize("words, query", [
    (["-a"], {"all": "1"}), (["-n", "2"], {"limit": "2"}), (["-l"], {"limit": "1"}), (["-s"], {"size": "1"}),
    (["-n", "-1"], {}),
    (["-n", "0"], {}), (["-ln", "4"], {"limit": "4"}), (["--format", "{{.Size}}"], {"size": "1"}),
    (["--format", "{{json .}}"], {"size": "1"}), (["--format", "json"], {}), (["--format", "{{.ID}}"], {}),
    (["-f", "status=exited", "--filter", "status=created", "-f", "name=x"],
     {"filters": {"status": ["exited", "created"], "name": ["x"]}})])
def test_what_ps_asks_for(words, query):
    ran = run_on_fake_engine({LIST: []}, ["ps"] + words)
    (_, _, sent), = ran.requests
    if "filters" in sent:
        sent["filters"] = json.loads(sent["filters"])
    assert (ran.status, sent) == (0, query)


@pytest.mark.parametrize("words, text", [
    (["-q"], "8542b7496447\n"), (["-q", "--no-trunc"], WEB["Id"] + "\n"),
    (["--format", "{{.Names}} {{.Label \"x\"}}"], "web y\n"),
    (["--no-trunc", "--format", "{{.Names}}"], "other/web,web\n"),
    (["--format", "{{.Labels}} {{.Networks}}"], "a=b,x=y back,front\n"),
    (["--format", "{{.Mounts}} {{.LocalVolumes}}"], "data,/averyverylong\u2026 1\n"),
    (["--format", "{{.Size}}"], "12B (virtual 1.99MB)\n"),
    (["--format", "{{.CreatedAt}} {{.State}}"], "1970-01-01 00:00:00 +0000 UTC running\n"),
    (["--format", "table {{.ID}}\\t{{.Label \"my.own-label\"}}"],
     "CONTAINER ID   own label\n8542b7496447   \n"),
    (["--format", "table {{json .}}"], None), (["--format", "{{json .Ports}}"], '"0.0.0.0:8080->80/tcp"\n')])
def test_forms_of_ps(words, text):
    ran = run_on_fake_engine({LIST: [WEB]}, ["ps"] + words)
    assert (ran.status, ran.err) == (0, "")
    if text is None:
        assert ran.out.startswith("\n{\"Command\":")
    else:
        assert ran.out == text


def test_ps_as_json():
    out = run_on_fake_engine({LIST: [WEB]}, ["ps", "--format", "json"]).out
    row = json.loads(out)
    assert list(row) == sorted(row) and len(row) == 15
    assert '"Ports":"0.0.0.0:8080-\\u003e80/tcp"' in out and row["Platform"] is None


@pytest.mark.parametrize("image, text", [
    ("sha256:f1fd5bd91d514eb467c1041672a0d47c07b29d8fbd96664aeb0613c4be757742", "f1fd5bd91d51"),
    ("f1fd5bd91d51", "f1fd5bd91d51"),
    ("redis@sha256:" + "a" * 64, "redis"), ("redis:2.8@sha256:" + "a" * 64, "redis:2.8"),
    ("docker.io/library/redis:2.8", "redis:2.8"),
    ("localhost:5000/x/y:2", "localhost:5000/x/y:2"), ("Odd@Name", "Odd@Name")])
def test_the_image_of_a_container(image, text):
    answers = {LIST: [dict(WEB, Image=image)]}
    assert run_on_fake_engine(answers, ["ps", "--format", "{{.Image}}"]).out == text + "\n"
    assert run_on_fake_engine(answers, ["ps", "--no-trunc", "--format", "{{.Image}}"]).out == image + "\n"


@pytest.mark.parametrize("words, status, part", [
    (["-f", "foo"], 125,
     'invalid argument "foo" for "-f, --filter" flag: bad format of filter (expected name=value)'),
    (["--format", "{{.Foo}}"], 1, "can't evaluate field Foo (there are: Command,"),
    (["--format", "{{.Foo"], 1, "unclosed action"),
    (["--format", "table {{.Foo"], 1, "unclosed action"),
    (["--format", "table {{.Foo}}"], 1, "can't evaluate field Foo")])
def test_mistakes_of_ps(words, status, part):
    ran = run_on_fake_engine({LIST: [WEB]}, ["ps"] + words)
    assert (ran.status, ran.out) == (status, "")
    assert part in assert_one_line(ran.err.encode())


def test_a_mistake_is_reported_of_an_empty_list_too():
    ran = run_on_fake_engine({LIST: []}, ["ps", "--format", "{{.Foo}}"])
    assert ran.status == 1 and "can't evaluate field Foo" in ran.err
    ran = run_on_fake_engine({LIST: []},
                             ["ps", "--format", '{{index (split .Ports ",") 1}}{{.Label "x"}}{{json .}}'])
    assert (ran.status, ran.out, ran.err) == (0, "", "")


def test_quiet_wins_over_format():
    ran = run_on_fake_engine({LIST: [WEB]}, ["ps", "-q", "--format", "json"])
    assert ran.out == "8542b7496447\n" and ran.err.startswith("WARNING: Ignoring custom format")


def test_an_engine_that_refuses():
    with pytest.raises(APIError) as caught:
        run_on_fake_engine({LIST: (400, {"message": "Invalid filter 'foo'"})}, ["ps", "-f", "foo=bar"])
    assert str(caught.value) == "Invalid filter 'foo'"


# -- images

REDIS = {"Id": "sha256:f5e7b7fb94a739ec871c236880244f4abdc6dcd3d93b3919570deb21dd41bae8",
         "RepoTags": ["redis:2.8", "localhost:5000/redis:x"],
         "RepoDigests": ["redis@sha256:96f5", "gone@sha256:77"], "Created": 0, "Size": 19914129,
         "SharedSize": -1, "Containers": -1}


def test_images():
    ran = run_on_fake_engine({"GET /images/json": [REDIS]}, ["images", "redis"])
    assert ran.out == ("REPOSITORY             TAG       IMAGE ID       CREATED       SIZE\n"
                       "redis                  2.8       f5e7b7fb94a7   3 hours ago   19.9MB\n"
                       "localhost:5000/redis   x         f5e7b7fb94a7   3 hours ago   19.9MB\n"
                       "gone                   <none>    f5e7b7fb94a7   3 hours ago   19.9MB\n")
    (_, _, query), = ran.requests
    assert json.loads(query["filters"]) == {"reference": ["redis"]}
    assert run_on_fake_engine({"GET /images/json": [REDIS]},
                              ["images", ""]).requests == [("GET", "/images/json", {})]


@pytest.mark.parametrize("words, text", [
    (["-q"], "f5e7b7fb94a7\n" * 3), (["-q", "--no-trunc"], (REDIS["Id"] + "\n") * 3),
    (["--format", "{{.Repository}}:{{.Tag}}"], "redis:2.8\nlocalhost:5000/redis:x\ngone:<none>\n"),
    (["--format", "{{.Digest}} {{.VirtualSize}}"],
     "sha256:96f5 19.91MB\n<none> 19.91MB\nsha256:77 19.91MB\n"),
    (["--format", "raw"], None)])
def test_forms_of_images(words, text):
    ran = run_on_fake_engine({"GET /images/json": [REDIS]}, ["images"] + words)
    assert ran.status == 0
    if text is None:
        assert ran.out.startswith("repository: redis\ntag: 2.8\nimage_id: f5e7b7fb94a7\n")
    else:
        assert ran.out == text


def test_images_as_json():
    out = run_on_fake_engine({"GET /images/json": [REDIS]}, ["images", "--format", "json"]).out
    assert out.split("\n")[0] == (
        '{"Containers":"N/A","CreatedAt":"1970-01-01 00:00:00 +0000 UTC","CreatedSince":"3 hours ago",'
        '"Digest":"\\u003cnone\\u003e","ID":"f5e7b7fb94a7","Repository":"redis","SharedSize":"N/A",'
        '"Size":"19.9MB","Tag":"2.8","UniqueSize":"N/A","VirtualSize":"19.91MB"}')


@pytest.mark.parametrize("image, fields", [
    ({}, ["0", "0B", "1kB", "1kB"]), ({"Containers": None, "SharedSize": None}, ["0", "0B", "1kB", "1kB"]),
    ({"Containers": -1, "SharedSize": -1}, ["N/A", "N/A", "N/A", "1kB"]),
    ({"Containers": 3, "SharedSize": 400}, ["3", "400B", "600B", "1kB"])])
def test_what_an_engine_has_not_counted(image, fields):
    """Seen with docker CLI 28.2.2: engines up to API 1.50 send -1, later ones leave the fields out, which Go
    reads as 0."""
    row = image_row(dict(image, Id="i", Size=1000), "a", "b", "c", False, 0)
    assert [row[name] for name in ("Containers", "SharedSize", "UniqueSize", "VirtualSize")] == fields


@pytest.mark.parametrize("image, digests, names", [
    ({"RepoTags": ["docker.io/library/redis:1", "docker.io/a/b:2", "index.docker.io/library/z:3",
                   "quay.io/x/y:4", "localhost/m:5"],
      "RepoDigests": ["docker.io/library/redis@d"]}, True,
     [("redis", "1", "d"), ("a/b", "2", "<none>"), ("z", "3", "<none>"), ("quay.io/x/y", "4", "<none>"),
      ("localhost/m", "5", "<none>")]),
    ({"RepoTags": None, "RepoDigests": None}, False, [("<none>", "<none>", "<none>")]),
    ({"RepoTags": ["<none>:<none>"], "RepoDigests": ["<none>@<none>"]}, True,
     [("<none>", "<none>", "<none>")]),
    ({"RepoTags": ["a:1", "a:2"], "RepoDigests": ["a@d", "a@e"]}, True,
     [("a", "1", "d"), ("a", "1", "e"), ("a", "2", "d"), ("a", "2", "e")]),
    ({"RepoTags": ["a:1"], "RepoDigests": ["a@d"]}, False, [("a", "1", "<none>")]),
    ({"RepoTags": ["h:5000/a:1"], "RepoDigests": []}, True, [("h:5000/a", "1", "<none>")])])
def test_the_names_of_an_image(image, digests, names):
    assert image_names(image, digests) == names


# -- inspect

def test_inspect_keeps_what_the_engine_wrote():
    answers = {"GET /containers/web/json": b'{"Id":"1","Cmd":["a\\u003eb"],"E":{},"N":1.50}\n'}
    ran = run_on_fake_engine(answers, ["inspect", "web"])
    assert ran.out == ('[\n    {\n        "Id": "1",\n        "Cmd": [\n            "a\\u003eb"\n        '
                       '],\n        "E": {},\n'
                       '        "N": 1.50\n    }\n]\n')
    assert run_on_fake_engine(answers, ["inspect", "-f", "json", "web", "web"]).out == \
        '[{"Id":"1","Cmd":["a\\u003eb"],"E":{},"N":1.50},{"Id":"1","Cmd":["a\\u003eb"],"E":{},"N":1.50}]\n'


def test_a_name_is_looked_up_kind_by_kind():
    ran = run_on_fake_engine({"GET /info": {"Swarm": {"ControlAvailable": False}}}, ["inspect", "x"])
    assert (ran.status, ran.out, ran.err) == (1, "[]\n", "Error: No such object: x\n")
    assert [path for _, path, _ in ran.requests] == ["/containers/x/json", "/images/x/json", "/networks/x",
                                                     "/volumes/x", "/info", "/plugins/x/json"]


def test_in_a_swarm_there_is_more_to_ask():
    ran = run_on_fake_engine({"GET /info": {"Swarm": {"ControlAvailable": True}},
                              "GET /tasks/x": {"ID": "t"}}, ["inspect", "-f", "{{.ID}}", "x"])
    assert ran.out == "t\n"
    assert [path for _, path, _ in ran.requests][-3:] == ["/info", "/services/x", "/tasks/x"]


def test_several_objects_and_one_missing():
    answers = {"GET /info": {}, "GET /volumes/v": {"Name": "v"},
               "GET /containers/c/json": {"Name": "c", "State": {}}}
    ran = run_on_fake_engine(answers, ["inspect", "c", "nope", "v", "-f", "{{.Name}}"])
    assert (ran.status, ran.out, ran.err) == (1, "c\nv\n", "Error: No such object: nope\n")


def test_inspect_of_one_kind():
    ran = run_on_fake_engine({"GET /volumes/b2": (404, {"message": "get b2: no such volume"})},
                             ["inspect", "--type", "volume", "b2"])
    assert (ran.status, ran.out, ran.err) == (1, "[]\n",
                                              "Error response from daemon: get b2: no such volume\n")
    ran = run_on_fake_engine({"GET /containers/c/json": {"SizeRw": 5}},
                             ["inspect", "-s", "--type=container", "-f", "{{.SizeRw}}", "c"])
    assert (ran.out, ran.requests[0][2]) == ("5\n", {"size": "1"})


@pytest.mark.parametrize("words, status, out, err", [
    (["--type", "foo", "x"], 1, "",
     'unknown type: "foo": must be one of "config", "container", "image", "network", "node", "plugin",'),
    (["-f", "{{.Nope", "x"], 64, "", "unclosed action"),
    (["-f", "{{foo .Id}}", "x"], 64, "", 'function "foo" not defined'),
    (["-f", "{{.Id}} {{.Nope}}", "c"], 1, "\n", 'map has no entry for key "Nope"'),
    (["../x"], 1, "[]\n", "Error: No such object: ../x"),
    ([""], 1, "[]\n", "value is empty")])
def test_mistakes_of_inspect(words, status, out, err):
    ran = run_on_fake_engine({"GET /containers/c/json": {"Id": "1"}, "GET /info": {}}, ["inspect"] + words)
    assert (ran.status, ran.out, ran.err.count("\n")) == (status, out, 1)
    assert err in ran.err


def test_nulls_print_by_their_kind():
    answers = {"GET /containers/c/json": {"State": {}, "HostConfig": {"Binds": None, "PidsLimit": None},
                                          "Config": {"Labels": None}}}
    template = (
        "{{if .State.Health}}x{{else}}none{{end}} {{.HostConfig.Binds}} {{.HostConfig.PidsLimit}} "
        "{{.Config.Labels}}")
    assert run_on_fake_engine(answers, ["inspect", "-f", template, "c"]).out == "none [] <nil> map[]\n"


# -- logs, events

def test_logs():
    log = (encode_frame(1, b"out\n") + encode_frame(1, b"more\n") + encode_frame(2, b"err\n")
           + encode_frame(1, b"end\n"))
    answers = {"GET /containers/web/json": {"Id": "1a", "Config": {"Tty": False}},
               "GET /containers/1a/logs": log}
    ran = run_on_fake_engine(answers, ["logs", "web"])
    assert (ran.status, ran.out, ran.err, ran.writes) == (0, "out\nmore\nend\n", "err\n", 2)
    assert ran.requests[1][2] == {"stdout": "1", "stderr": "1", "tail": "all"}
    ran = run_on_fake_engine(answers, ["logs", "-ft", "--details", "-n", "5", "--since", "1h", "--until",
                                       "2020-01-01", "web"])
    assert ran.requests[1][2] == {"stdout": "1", "stderr": "1", "tail": "5", "follow": "1", "timestamps": "1",
                                  "details": "1", "since": "7200", "until": "1577836800.000000000"}


@pytest.mark.parametrize("tty", [5, "yes", [1], {"a": 1}, 1.5])
def test_logs_of_an_unheard_of_kind(tty):
    with pytest.raises(ProtocolError):
        run_on_fake_engine({"GET /containers/c/json": {"Id": "c", "Config": {"Tty": tty}},
                            "GET /containers/c/logs": b""}, ["logs", "c"])


def test_logs_of_a_terminal_are_raw():
    answers = {"GET /containers/web/json": {"Id": "1a", "Config": {"Tty": True}},
               "GET /containers/1a/logs": b"\x01\x00raw\r\n"}
    assert run_on_fake_engine(answers, ["logs", "web"]).out == "\x01\x00raw\r\n"


@pytest.mark.parametrize("words, part", [
    (["--since", "foo", "web"],
     'invalid value for "since": failed to parse value as time or duration: "foo"'),
    ([""], "value is empty")])
def test_mistakes_of_logs(words, part):
    ran = run_on_fake_engine({}, ["logs"] + words)
    assert (ran.status, ran.out) == (1, "") and part in ran.err


EVENT = {"status": "start", "id": "69eb", "from": "busybox", "Type": "container", "Action": "start",
         "Actor": {"ID": "69eb", "Attributes": {"name": "a1", "image": "busybox"}}, "scope": "local",
         "time": 1, "timeNano": 1583494824}
NETWORK_EVENT = {"Type": "network", "Action": "connect", "Actor": {"ID": "e431", "Attributes": {}},
                 "scope": "local", "time": 1, "timeNano": 1000000001}


def test_events():
    stream = "\n".join(json.dumps(event) for event in (EVENT, NETWORK_EVENT)).encode() + b"\n"
    ran = run_on_fake_engine({"GET /events": stream},
                             ["events", "--since", "1h", "--until", "0s", "-f", "type=container"])
    assert ran.out == ("1970-01-01T00:00:01.583494824Z container start 69eb (image=busybox, name=a1)\n"
                       "1970-01-01T00:00:01.000000001Z network connect e431\n")
    assert ran.requests[0][2] == {"since": "7200", "until": "10800", "filters": '{"type":["container"]}'}
    ran = run_on_fake_engine({"GET /events": stream},
                             ["events", "--format", "{{.ID}}|{{.Status}}|{{.Actor.ID}}|{{.Time}}"])
    assert ran.out == "69eb|start|69eb|1\n||e431|1\n"
    ran = run_on_fake_engine({"GET /events": stream}, ["events", "--format", "json"])
    assert [json.loads(line) for line in ran.out.splitlines()] == [EVENT, NETWORK_EVENT]
    assert ran.out.splitlines()[1].startswith('{"Type":"network"')


def test_an_event_without_nanoseconds():
    assert (event_line({"Type": "daemon", "Action": "reload", "Actor": {"ID": "x"}, "time": 60})
            == "1970-01-01T00:01:00.000000000Z daemon reload x")
    assert event_line({"Type": "daemon", "Action": "reload"}) == "daemon reload "


def test_mistakes_of_events():
    assert run_on_fake_engine({}, ["events", "-f", "foo"]).status == 125
    assert run_on_fake_engine({}, ["events", "--format", "{{.Nope"]).status == 64
    ran = run_on_fake_engine({"GET /events": json.dumps(EVENT).encode()}, ["events", "--format", "{{.Nope}}"])
    assert (ran.status, ran.out) == (64, "") and "can't evaluate field Nope" in ran.err


# -- version, info

VERSION = {
    "Platform": {"Name": ""}, "Version": "20.10.24", "ApiVersion": "1.41", "MinAPIVersion": "1.12",
    "GitCommit": "5d6db84",
    "GoVersion": "go1.19.8", "Os": "linux", "Arch": "amd64",
    "BuildTime": "2026-05-07T21:09:36.000000000+00:00"}
CLIENT = {"Version": "0.1.0", "ApiVersion": "1.41", "PythonVersion": "3.11.7", "Os": "linux", "Arch": "amd64",
          "Context": "default"}
ENGINE_LINES = [
    " Engine:", "  Version:          20.10.24", "  API version:      1.41 (minimum version 1.12)",
    "  Go version:       go1.19.8",
    "  Git commit:       5d6db84", "  Built:            Thu May  7 21:09:36 2026",
    "  OS/Arch:          linux/amd64", "  Experimental:     false"]


def test_version_lines():
    lines = version_lines(CLIENT, VERSION)
    assert lines[:6] == ["Client: rawdock", " Version:           0.1.0", lines[2],
                         " Python version:    3.11.7",
                         " OS/Arch:           linux/amd64", " Context:           default"]
    assert lines[2].startswith(" API version:       1.41 (downgraded from 1.")
    assert lines[6:] == ["", "Server:"] + ENGINE_LINES
    named = version_lines(CLIENT, {"Platform": {"Name": "Docker Engine - Community"}, "Components": [
        {"Name": "runc", "Version": "1.1", "Details": {"GitCommit": "x", "A": ""}}]})
    assert named[7:] == ["Server: Docker Engine - Community", " runc:", "  Version:          1.1",
                         "  A:                ", "  GitCommit:        x"]


def test_version():
    ran = run_on_fake_engine({"GET /version": VERSION}, ["version"])
    assert ran.status == 0 and ran.out.endswith("\nServer:\n" + "\n".join(ENGINE_LINES) + "\n")
    ran = run_on_fake_engine({"GET /version": VERSION},
                             ["version", "-f", "{{.Server.Version}} {{.Client.APIVersion}}"])
    assert ran.out == "20.10.24 1.41\n"
    details = json.loads(run_on_fake_engine({"GET /version": VERSION}, ["version", "--format", "json"]).out)
    assert details["Server"]["Components"][0]["Details"]["BuildTime"] == "Thu May  7 21:09:36 2026"
    assert details["Server"]["BuildTime"] == VERSION["BuildTime"]
    assert run_on_fake_engine({}, ["version", "-f", "{{"]).status == 64


INFO = {
    "Containers": 2, "ContainersRunning": 1, "Images": 3, "ServerVersion": "20.10.24", "Driver": "overlay2",
    "DriverStatus": [["Backing Filesystem", "extfs"]], "LoggingDriver": "json-file",
    "CgroupDriver": "cgroupfs", "CgroupVersion": "1",
    "Plugins": {"Volume": ["local"], "Network": ["bridge", "host"], "Authorization": None,
                "Log": ["json-file"]},
    "Swarm": {"LocalNodeState": "inactive"}, "Runtimes": {"runc": {}, "a": {}}, "DefaultRuntime": "runc",
    "InitBinary": "docker-init",
    "ContainerdCommit": {"ID": "c1", "Expected": "c2"}, "RuncCommit": {"ID": "r", "Expected": "r"},
    "InitCommit": {"ID": ""}, "OSType": "linux",
    "SecurityOptions": ["name=seccomp,profile=default", "name=rootless"], "KernelVersion": "6.1",
    "OperatingSystem": "Debian", "Architecture": "x86_64",
    "NCPU": 2, "MemTotal": 25276502016, "Name": "vm", "ID": "ABC", "DockerRootDir": "/var/lib/docker",
    "Labels": ["a=b"], "HttpProxy": "",
    "RegistryConfig": {"InsecureRegistryCIDRs": ["127.0.0.0/8"], "Mirrors": ["http://m/"],
                       "IndexConfigs": {"x:5000": {"Secure": False}, "docker.io": {"Secure": True}}},
    "LiveRestoreEnabled": True, "DefaultAddressPools": [{"Base": "10.0.0.0/8", "Size": 24}],
    "Warnings": ["WARNING: No swap limit support"]}


INFO_LINES = """ Containers: 2
  Running: 1
  Paused: 0
  Stopped: 0
 Images: 3
 Server Version: 20.10.24
 Storage Driver: overlay2
  Backing Filesystem: extfs
 Logging Driver: json-file
 Cgroup Driver: cgroupfs
 Cgroup Version: 1
 Plugins:
  Volume: local
  Network: bridge host
  Log: json-file
 Swarm: inactive
 Runtimes: a runc
 Default Runtime: runc
 Init Binary: docker-init
 containerd version: c1 (expected: c2)
 runc version: r
 init version:\x20
 Security Options:
  seccomp
   Profile: default
  rootless
 Kernel Version: 6.1
 Operating System: Debian
 OSType: linux
 Architecture: x86_64
 CPUs: 2
 Total Memory: 23.54GiB
 Name: vm
 ID: ABC
 Docker Root Dir: /var/lib/docker
 Debug Mode: false
 Labels:
  a=b
 Experimental: false
 Insecure Registries:
  x:5000
  127.0.0.0/8
 Registry Mirrors:
  http://m/
 Live Restore Enabled: true
 Default Address Pools:
   Base: 10.0.0.0/8, Size: 24
"""


def test_info_lines():
    assert info_lines(INFO) == INFO_LINES.split("\n")


def test_info():
    ran = run_on_fake_engine({"GET /info": INFO}, ["info"])
    assert ran.out.startswith("Client: rawdock\n Version:    ") and "\n\nServer:\n Containers: 2\n" in ran.out
    assert ran.err == "WARNING: No swap limit support\n"
    ran = run_on_fake_engine({"GET /info": INFO},
                             ["info", "-f", "{{.ServerVersion}} {{.ClientInfo.Platform.Name}}"])
    assert ran.out == "20.10.24 rawdock\n"
    assert run_on_fake_engine({"GET /info": INFO}, ["info", "-f", "{{.Nope}}"]).status == 1
    assert run_on_fake_engine({}, ["info", "-f", "{{"]).status == 64


def test_old_security_options():
    assert security_lines(["seccomp"]) == [" Security Options:", "  seccomp"]
    assert security_lines(None) == []


@pytest.mark.parametrize("answers, words", [
    ({LIST: {"x": 1}}, ["ps"]), ({LIST: [5]}, ["ps"]), ({LIST: [{"Names": []}]}, ["ps", "-q"]),
    ({LIST: b"<html>"}, ["ps"]),
    ({"GET /images/json": [{"Id": 5}]}, ["images"]), ({"GET /containers/x/json": b"{"}, ["inspect", "x"]),
    ({"GET /info": []}, ["info"]),
    ({"GET /containers/x/json": b"\xff"}, ["inspect", "x"]),
    ({"GET /containers/x/json": {"Id": "1"}}, ["logs", "x"]),
    ({"GET /version": None}, ["version"]), ({"GET /events": b"{}\n[]\n"}, ["events"]),
    ({"GET /info": "x"}, ["inspect", "nope"])])
def test_an_engine_whose_answers_make_no_sense(answers, words):
    with pytest.raises(ProtocolError):
        run_on_fake_engine(answers, words)
