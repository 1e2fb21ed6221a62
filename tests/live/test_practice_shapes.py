"""Requests given to dockerd 20.10 and to the practice engine: equal statuses, and answers of equal shapes.

The shape of an answer is its keys and the types of their values: {"Id": "str", "Names": ["str"]}. A list is
described by what its items have, a null by "null". DIFFERENCES has what differs between the two, and why.
"""
import json
import re

import pytest

from rawdock.teach.practice.engine import PracticeEngine

from tests.live.live_engine import LiveEngine

# What is there: containers rec-one (running, with a volume, a port and a network) and rec-two (created).
SETUP = [
    ("POST", "/images/create?fromImage=busybox&tag=latest", None),
    ("POST", "/volumes/create", {"Name": "rec-vol", "Labels": {"a": "b"}}),
    ("POST", "/networks/create", {"Name": "rec-net", "Labels": {"a": "b"},
                                  "IPAM": {"Config": [{"Subnet": "10.97.0.0/16"}]}}),
    ("POST", "/containers/create?name=rec-one", {
        "Image": "busybox", "Cmd": ["sleep", "600"], "Labels": {"a": "b"}, "Env": ["A=b"],
        "ExposedPorts": {"80/tcp": {}}, "HostConfig": {
            "Binds": ["rec-vol:/v"], "NetworkMode": "rec-net",
            "PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "18097"}]}}}),
    ("POST", "/containers/rec-one/start", None),
    ("POST", "/containers/create?name=rec-two", {"Image": "busybox", "Cmd": ["true"], "Tty": True}),
]
REQUESTS = """
GET /version
GET /info
GET /_ping
GET /images/json
GET /images/json?all=1&digests=1
GET /images/busybox/json
GET /images/busybox/history
GET /images/rec-nosuch/json
GET /containers/json
GET /containers/json?all=1&size=1
GET /containers/json?filters={"status":["nonsense"]}
GET /containers/rec-one/json
GET /containers/rec-one/json?size=1
GET /containers/rec-two/json
GET /containers/rec-nosuch/json
GET /containers/rec-one/top
GET /containers/rec-one/top?ps_args=-eo+pid,args
GET /containers/rec-two/top
GET /containers/rec-one/stats?stream=0
GET /containers/rec-one/changes
GET /containers/rec-two/stats?stream=0
POST /containers/rec-one/pause
POST /containers/rec-one/pause
POST /containers/rec-one/unpause
POST /containers/rec-two/unpause
POST /containers/rec-one/update {"CpuShares": 300, "RestartPolicy": {"Name": "always"}}
POST /containers/rec-one/update {"Memory": 1000}
POST /containers/rec-one/exec {"Cmd": ["true"], "AttachStdout": true}
POST /containers/rec-two/exec {"Cmd": ["true"]}
POST /containers/create?name=rec-two {"Image": "busybox"}
POST /containers/create {"Image": "rec-nosuch"}
POST /containers/create {"Image": "busybox", "HostConfig": {"SecurityOpt": ["foo=bar"]}}
POST /containers/rec-one/rename?name=rec-two
POST /containers/rec-one/start
POST /containers/rec-two/kill
POST /containers/rec-one/kill?signal=nonsense
POST /commit?container=rec-two&repo=rec-image&tag=one
DELETE /images/rec-image:one
DELETE /images/rec-nosuch
DELETE /containers/rec-one
GET /networks
GET /networks/rec-net
GET /networks/rec-nosuch
POST /networks/rec-net/connect {"Container": "rec-two"}
POST /networks/rec-net/disconnect {"Container": "rec-two"}
POST /networks/create {"Name": "rec-net", "CheckDuplicate": true}
DELETE /networks/rec-net
GET /volumes
GET /volumes/rec-vol
GET /volumes/rec-nosuch
POST /volumes/create {"Name": "rec-vol"}
DELETE /volumes/rec-vol
GET /system/df
POST /containers/rec-one/stop?t=0
POST /containers/rec-one/wait
GET /events?since=1&until=2
POST /containers/prune?filters={"label":["rec-nosuch"]}
POST /images/prune?filters={"label":["rec-nosuch"]}
POST /volumes/prune?filters={"label":["rec-nosuch"]}
POST /networks/prune?filters={"label":["rec-nosuch"]}
POST /build/prune
POST /build/cancel
GET /images/rec-nosuch/get
GET /images/get?names=rec-nosuch
DELETE /containers/rec-two
DELETE /containers/rec-one?v=1
"""
# What differs, as patterns of "REQUEST: place" (a.b, [] for the items of a list), and why.
DIFFERENCES = [
    (r".*\bLabels(\.rawdock\..*)?", "the images of the real engine have labels, those of practice none"),
    (r".*: RegistryConfig\.Mirrors", "the real engine pulls from a mirror"),
    (r".*: Warnings", "the practice engine warns that it is one"),
    (r".*: Runtimes\..*", "the practice engine has one runtime"),
    (r".*: GraphDriver\.Data", "no layer of practice is on a disk"),
    (r".*: HostConfig\.KernelMemory(TCP)?", "20.10 has them, 26.1 not any more, nor practice"),
    (r".*/rec-two/json: HostConfig\.PortBindings", "what a client did not give is {} in practice"),
    (r".*SizeRw", "practice counts the folder that it makes for a volume"),
    (r".*DNSNames", "26.1 has them in /system/df whatever the API version, and so has practice"),
    (r".*/stats.*: memory_stats\.stats\..*", "practice has the figures that clients compute with"),
    (r"GET /networks: \[\]\.Options\..*", "practice lists no options of its bridge"),
]


class PracticeSide(LiveEngine):
    """The practice engine, spoken to as the real one is."""

    def _registry(self):
        return None


def shape(value):
    if isinstance(value, dict):
        return {re.sub("^[0-9a-f]{64}$", "ID", key): shape(one) for key, one in value.items()}
    if isinstance(value, list):
        found = {}
        for one in value:
            found = merged(found, shape(one)) if found else shape(one)
        return [found] if value else []
    return "null" if value is None else type(value).__name__


def merged(one, other):
    """The shape of two items of a list: all their keys."""
    if isinstance(one, dict) and isinstance(other, dict):
        return dict(other, **{key: merged(value, other.get(key, value)) for key, value in one.items()})
    if isinstance(one, list) and isinstance(other, list) and one and other:
        return [merged(one[0], other[0])]   # an engine lists its networks in any order
    return other if one in ("null", []) else one


def differences(expected, found, place=""):
    """[(place, what the real engine has, what the practice engine has)]; an empty list fits any list."""
    if isinstance(expected, dict) and isinstance(found, dict):
        keys = sorted(set(expected) | set(found))
        return [one for key in keys for one in differences(
            expected.get(key, "missing"), found.get(key, "missing"), (place + "." + key).lstrip("."))]
    if isinstance(expected, list) and isinstance(found, list):
        return differences(expected[0], found[0], place + "[]") if expected and found else []
    return [] if expected == found else [(place, expected, found)]


def answers(side):
    """Each request's status and shape, "text" for an answer that is no JSON."""
    for method, target, body in SETUP:
        side.json(method, target, body) if "images/create" not in target else side.request(method, target)
    found = {}
    for line in REQUESTS.strip().split("\n"):
        method, target, body = (line.split(" ", 2) + [""])[:3]
        status, answer = side.request(method, "/v1.41" + target.replace('"', "%22"),
                                      json.loads(body) if body else None)
        lines = [one for one in answer.decode("utf-8").splitlines() if one.strip()]
        try:
            found[line, len(found)] = status, shape(json.loads(lines[0])) if lines else None
        except ValueError:
            found[line, len(found)] = status, "text"
    return found


@pytest.fixture(scope="module")
def both(engine):
    engine.request("POST", "/build/prune?all=1")   # what other tests have built
    with PracticeEngine() as practice:
        try:
            return answers(engine), answers(PracticeSide("unix://" + practice.socket_path))
        finally:
            for target in ("/containers/rec-one?force=1&v=1", "/containers/rec-two?force=1",
                           "/networks/rec-net", "/volumes/rec-vol", "/images/rec-image:one"):
                engine.request("DELETE", target)


def test_answers_have_equal_shapes(both):
    real, practice = both
    wrong, used = [], set()
    for key, (status, expected) in real.items():
        other_status, found = practice[key]
        if status != other_status:
            wrong.append("%s: status %d, practice %d" % (key[0], status, other_status))
        for place, one, other in differences(expected, found):
            place = "%s: %s" % (key[0], place)
            reasons = [reason for pattern, reason in DIFFERENCES if re.fullmatch(pattern, place)]
            used.update(reasons)
            wrong += [] if reasons else ["%s is %s, practice %s" % (place, one, other)]
    assert not wrong, "\n".join(wrong)
    assert [reason for _, reason in DIFFERENCES if reason not in used] == []


def test_the_comparison_sees_differences():
    assert differences(shape({"a": [{"b": 1}], "c": None}), shape({"a": [{"b": "x"}], "d": 1})) == [
        ("a[].b", "int", "str"), ("c", "null", "missing"), ("d", "missing", "int")]
    assert differences(shape([{"a": None}, {"a": "x", "b": []}]), shape([{"a": "y", "b": [1]}])) == []
