"""Volumes, networks, images and prune against canned answers: what is sent, and how the answers show."""
import json

import pytest

from rawdock.cli import networks, prune, system, volumes
from rawdock.cli.format import go_time_text, natural_order
from tests.cli.canned_engine import run_on_fake_engine

MADE = {"POST /volumes/create": (201, {"Name": "made"}), "POST /networks/create": (201, {"Id": "made"}),
        "POST /networks/a/connect": {}, "POST /networks/a/disconnect": {}}


# The bodies are those that docker 28.2.2 sends, less the fields that are an engine's to fill.
@pytest.mark.parametrize("words, path, body", [
    ("volume create", "/volumes/create", {"Driver": "local"}),
    ("volume create -d d --label a --label b=c -o x=y nm", "/volumes/create",
     {"Driver": "d", "DriverOpts": {"x": "y"}, "Labels": {"a": "", "b": "c"}, "Name": "nm"}),
    ("volume create --name nm", "/volumes/create", {"Driver": "local", "Name": "nm"}),
    ("network create n", "/networks/create",
     {"Name": "n", "Driver": "bridge", "Scope": "", "Internal": False, "Attachable": False, "Ingress": False,
      "ConfigOnly": False, "ConfigFrom": None, "Options": {}, "Labels": {}, "CheckDuplicate": True,
      "IPAM": {"Driver": "default", "Options": {}, "Config": []}}),
    ("network create --subnet 10.1.0.0/16,10.2.0.0/16 --gateway 10.2.0.1 --ip-range 10.1.3.9/24 --attachable "
     "--aux-address a=10.1.0.9 --ipam-opt x=y --ipam-driver i -o q --label l --ipv6 --ipv4=false --internal "
     "--ingress --config-only --config-from z --scope s -d d m", "/networks/create",
     {"Name": "m", "Driver": "d", "Scope": "s", "Internal": True, "Attachable": True, "Ingress": True,
      "ConfigOnly": True, "ConfigFrom": {"Network": "z"}, "Options": {"q": ""}, "Labels": {"l": ""},
      "EnableIPv4": False, "EnableIPv6": True, "CheckDuplicate": True,
      "IPAM": {"Driver": "i", "Options": {"x": "y"}, "Config": [
          {"Subnet": "10.1.0.0/16", "IPRange": "10.1.3.9/24", "AuxiliaryAddresses": {"a": "10.1.0.9"}},
          {"Subnet": "10.2.0.0/16", "Gateway": "10.2.0.1"}]}}),
    ("network connect a b", "/networks/a/connect",
     {"Container": "b", "EndpointConfig": {"IPAMConfig": {}, "Links": None, "Aliases": [], "DriverOpts": {},
                                           "GwPriority": 0}}),
    ("network connect --ip 1.2.3.4 --ip6 ::1 --alias x,y --link r:s --link-local-ip 169.254.0.1 "
     "--driver-opt o=p --gw-priority 3 a b", "/networks/a/connect",
     {"Container": "b", "EndpointConfig": {
         "IPAMConfig": {"IPv4Address": "1.2.3.4", "IPv6Address": "::1", "LinkLocalIPs": ["169.254.0.1"]},
         "Links": ["r:s"], "Aliases": ["x", "y"], "DriverOpts": {"o": "p"}, "GwPriority": 3}}),
    ("network disconnect -f a b", "/networks/a/disconnect", {"Container": "b", "Force": True}),
    ("network disconnect a b", "/networks/a/disconnect", {"Container": "b", "Force": False})])
def test_what_is_sent(words, path, body):
    ran = run_on_fake_engine(MADE, words.split())
    assert (ran.status, ran.err, ran.out) == (0, "", "made\n" if "create" in words else "")
    assert [(method, where) for method, where, _ in ran.requests] == [("POST", path)]
    assert json.loads(ran.bodies[0].decode("utf-8")) == body


def test_a_cluster_volume():
    """docker 28.2.2 sends this where the engine has API 1.42."""
    options = {name: None for name in "availability scope sharing topology_preferred".split()}
    options.update(group="g", limit_bytes="1g", required_bytes="1m", secret=["a=b"], type="mount",
                   topology_required=["r=1,z=2"])
    assert volumes.cluster_volume_spec(options) == {
        "Group": "g", "AccessMode": {"Scope": "single", "Sharing": "none", "MountVolume": {}},
        "AccessibilityRequirements": {"Requisite": [{"Segments": {"r": "1", "z": "2"}}], "Preferred": []},
        "CapacityRange": {"RequiredBytes": 1048576, "LimitBytes": 1073741824},
        "Secrets": [{"Key": "a", "Secret": "b"}], "Availability": "active"}


STATUSES = {"POST/images/a/tag": 201, "DELETE/volumes/v": 204}


@pytest.mark.parametrize("words, method, path, query", [
    ("tag a b", "POST", "/images/a/tag", {"repo": "docker.io/library/b", "tag": "latest"}),
    ("image tag a x/b:c", "POST", "/images/a/tag", {"repo": "docker.io/x/b", "tag": "c"}),
    ("volume rm -f v", "DELETE", "/volumes/v", {"force": "1"}),
    ("network inspect -v a", "GET", "/networks/a", {"verbose": "1"}),
    ("history a", "GET", "/images/a/history", {}),
    ("search --limit 3 -f stars=3 foo/bar", "GET", "/images/search",
     {"term": "foo/bar", "limit": "3", "filters": '{"stars":["3"]}'}),
    ("image prune -f", "POST", "/images/prune", {"filters": '{"dangling":["true"]}'}),
    ("image prune -af --filter until=3h", "POST", "/images/prune",
     {"filters": '{"until":["3h"],"dangling":["false"]}'}),
    ("volume prune -f --filter label=x", "POST", "/volumes/prune", {"filters": '{"label":["x"]}'}),
    ("network prune -f", "POST", "/networks/prune", {}),
    ("container prune -f", "POST", "/containers/prune", {}),
    ("system df", "GET", "/system/df", {})])
def test_what_is_requested(words, method, path, query):
    answers = {"GET /images/a/history": [], "GET /images/search": []}
    answers.setdefault("%s %s" % (method, path), (STATUSES.get(method + path, 200), {}))
    ran = run_on_fake_engine(answers, words.split())
    assert (ran.status, ran.err, ran.requests) == (0, "", [(method, path, query)])


def test_a_system_prune_goes_through_all_kinds():
    paths = ["/containers/prune", "/networks/prune", "/volumes/prune", "/images/prune", "/build/prune"]
    answers = {"POST " + path: {} for path in paths}
    answers["POST /containers/prune"] = {"ContainersDeleted": ["c1", "c2"], "SpaceReclaimed": 1000}
    answers["POST /images/prune"] = {"ImagesDeleted": [{"Untagged": "a:1"}, {"Deleted": "sha256:b"}],
                                     "SpaceReclaimed": 500}
    answers["POST /volumes/prune"] = {"VolumesDeleted": None, "SpaceReclaimed": 70}
    ran = run_on_fake_engine(answers, "system prune -af --volumes".split())
    assert [path for _, path, _ in ran.requests] == paths
    assert ran.requests[3][2] == {"filters": '{"dangling":["false"]}'} and ran.requests[4][2] == {"all": "1"}
    assert ran.out == ("Deleted Containers:\nc1\nc2\n\nDeleted Images:\nuntagged: a:1\ndeleted: sha256:b\n\n"
                       "Total reclaimed space: 1.5kB\n")


PUSHED = b"".join(json.dumps(message).encode("utf-8") + b"\r\n" for message in (
    {"status": "The push refers to repository [localhost:5000/x]"},
    {"status": "Preparing", "progressDetail": {}, "id": "ca42"},
    {"status": "Pushing", "progressDetail": {"current": 5, "total": 10}, "id": "ca42"},
    {"status": "Pushed", "progressDetail": {}, "id": "ca42"}, {"status": "1: digest: sha256:25 size: 528"},
    {"progressDetail": {}, "aux": {"Tag": "1"}}))


@pytest.mark.parametrize("words, query, out", [
    (["localhost:5000/x:1"], {"tag": "1"}, None),
    (["localhost:5000/x"], {"tag": "latest"}, "Using default tag: latest\n"),
    (["-a", "localhost:5000/x"], {}, None),
    (["-q", "localhost:5000/x:1"], {"tag": "1"}, "localhost:5000/x:1\n")])
def test_push(words, query, out):
    ran = run_on_fake_engine({"POST /images/localhost:5000/x/push": PUSHED}, ["push"] + words)
    lines = ("The push refers to repository [localhost:5000/x]\nca42: Preparing\nca42: Pushed\n"
             "1: digest: sha256:25 size: 528\n")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == (out if "-q" in words else (out or "") + lines)
    assert ran.requests[0][2] == query and ran.headers[0]["x-registry-auth"] == "e30="


def test_a_push_that_fails_in_its_stream():
    failed = PUSHED + b'{"errorDetail":{"message":"denied"},"error":"denied"}\r\n'
    ran = run_on_fake_engine({"POST /images/docker.io/library/x/push": failed}, ["push", "-q", "x"])
    assert (ran.status, ran.out, ran.err) == (1, "", "denied\n")


FOUND = [{"name": "redis", "description": "A\nstore " + "x" * 50, "star_count": 12, "is_official": True},
         {"name": "me/redis", "description": "", "star_count": 0, "is_official": False}]


@pytest.mark.parametrize("words, out", [
    # What docker 28.2.2 prints for this answer.
    ([], "NAME       DESCRIPTION                                     STARS     OFFICIAL\n"
         "redis      A store xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…   12        [OK]\n"
         "me/redis                                                   0         \n"),
    (["--format", "{{.Name}}:{{.StarCount}}:{{.IsOfficial}}"], "redis:12:[OK]\nme/redis:0:\n"),
    (["--format", "json", "--no-trunc"],
     '{"Description":"A store %s","IsOfficial":"true","Name":"redis","StarCount":"12"}\n'
     '{"Description":"","IsOfficial":"false","Name":"me/redis","StarCount":"0"}\n' % ("x" * 50))])
def test_search(words, out):
    assert run_on_fake_engine({"GET /images/search": FOUND}, ["search"] + words + ["redis"]).out == out


LISTS = [("volume ls", "GET /volumes", {"Volumes": [{"Name": "v"}]}, [{"Name": "v"}]),
         ("network ls", "GET /networks", [{"Id": "1", "Name": "n"}], None),
         ("images", "GET /images/json", [{"Id": "sha256:1"}], None),
         ("history x", "GET /images/x/history", [{"Id": "1", "Comment": "<&>\x7f\u2028"}], None),
         ("search x", "GET /images/search", FOUND, None),
         ("system df", "GET /system/df", {"LayersSize": 5}, [{"LayersSize": 5}])]


@pytest.mark.parametrize("words, path, answer, expected", LISTS)
def test_json_is_one_array_of_the_engines_objects(words, path, answer, expected):
    ran = run_on_fake_engine({path: answer}, words.split() + ["--json"])
    assert json.loads(ran.out) == (expected or answer) and ran.out.count("\n") == 1


@pytest.mark.parametrize("words, text", [("volume ls", "\x1b[31mv"), ("network ls", "\x1b[31mn")])
def test_control_sequences_are_escaped(words, text):
    one = {"Id": "1", "Name": text, "Driver": text}
    answers = {"GET /volumes": {"Volumes": [one]}, "GET /networks": [one]}
    assert "\x1b" not in run_on_fake_engine(answers, words.split()).out


def test_an_ingress_network_is_kept_without_an_answer(monkeypatch):
    monkeypatch.setattr(prune, "confirmed", lambda console, question: False)
    answers = {"GET /networks/in": {"Ingress": True}, "GET /networks/x": {}, "DELETE /networks/x": (204, b"")}
    ran = run_on_fake_engine(answers, ["network", "rm", "in", "x"])
    assert (ran.status, ran.out) == (0, "x\n")
    assert [row[0] for row in ran.requests] == ["GET", "GET", "DELETE"]


@pytest.mark.parametrize("words, requested, query", [
    ("pull --platform Linux/x86_64 r.example/x:1", "POST /images/create",
     {"fromImage": "r.example/x", "tag": "1", "platform": "linux/x86_64"}),
    ("create --platform linux/x86_64 x", "POST /containers/create", {"platform": "linux/amd64"}),
    ("create --platform= x", "POST /containers/create", {}),
    ("history --platform linux/arm/7 x", "GET /images/x/history",
     {"platform": '{"architecture":"arm","os":"linux","variant":"v7"}'})])
def test_platforms(words, requested, query):
    """pull leaves the spelling of an architecture to the engine, as docker's does."""
    answer = {"pull": PUSHED, "create": (201, {"Id": "c", "Warnings": []}), "history": []}[words.split()[0]]
    ran = run_on_fake_engine({requested: answer}, words.split(), api="1.50")
    assert ["%s %s" % one[:2] for one in ran.requests] == [requested] and ran.requests[0][2] == query


@pytest.mark.parametrize("words, status, err", [
    ("create --platform foo x", 1, "error parsing specified platform: "),
    ("run --platform foo x", 125, "rawdock: error parsing specified platform: "),
    ("history --platform foo x", 1, "invalid platform: "),
    ("push --platform foo x", 1, "Invalid platform foo"),
    ("rmi --platform foo x", 1, ""), ("image inspect --platform foo x", 1, "")])
def test_platforms_that_are_none(words, status, err):
    ran = run_on_fake_engine({}, words.split(), api="1.50")
    assert (ran.status, ran.requests) == (status, [])
    assert ran.err.startswith(err + '"foo": unknown operating system or architecture: invalid argument\n')


@pytest.mark.parametrize("words, message", [
    ("push --disable-content-trust=false x", "content trust is not supported"),
    ("pull --disable-content-trust=false x", "content trust is not supported"),
    ("volume update v", "rawdock volume update requires API version 1.42"),
    ("history --platform a/b/c/d x", "requires API version 1.48")])
def test_refusals(words, message):
    ran = run_on_fake_engine({}, words.split())
    assert ran.status == 1 and message.replace("rawdock", "docker") in ran.err and ran.requests == []


@pytest.mark.parametrize("text, expected", [
    ("2026-11-28T02:08:35.930632337Z", "2026-11-28 02:08:35.930632337 +0000 UTC"),
    ("2026-11-28T02:08:35.500000000+01:00", "2026-11-28 02:08:35.5 +0100 +0100"),
    ("2026-11-28T02:08:35Z", "2026-11-28 02:08:35 +0000 UTC"), ("", ""), ("soon", "soon")])
def test_times_as_go_prints_them(text, expected):
    assert go_time_text(text) == expected


def test_natural_order():
    assert sorted(["a10", "a9", "a", "b1"], key=natural_order) == ["a", "a9", "a10", "b1"]


def test_subnets():
    assert networks.subnet_has("10.1.0.0/16", "10.1.2.3")
    assert networks.subnet_has("10.1.0.5/16", "10.1.2.0/24")
    assert not networks.subnet_has("10.1.0.0/16", "10.2.0.1")
    assert not networks.subnet_has("10.1.0.0/16", "x")


def test_what_df_counts():
    image = {"Size": 30, "SharedSize": 10}
    usage = {"LayersSize": 100, "Images": [dict(image, Containers=1), dict(image, Containers=0)],
             "Containers": [{"State": "running", "SizeRw": 7}, {"State": "exited", "SizeRw": 3},
                            {"State": "created"}],
             "Volumes": [{"UsageData": {"Size": 40, "RefCount": 1}},
                         {"UsageData": {"Size": 60, "RefCount": 0}},
                         {"UsageData": {"Size": -1, "RefCount": 0}}, {}],
             "BuildCache": [{"Size": 8, "InUse": True}, {"Size": 5}, {"Size": 9, "Shared": True}]}
    rows = [(row["TotalCount"], row["Active"], row["Size"], row["Reclaimable"])
            for row in system.df_rows(usage)]
    assert rows == [("2", "1", "100B", "80B (80%)"), ("3", "1", "10B", "3B (30%)"),
                    ("4", "1", "100B", "60B (60%)"), ("3", "1", "13B", "5B")]
