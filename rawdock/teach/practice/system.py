"""The practice engine's answers about itself: ping, version, info, disk usage, log-in, and its refusals."""
import sys
import time

from ... import __version__
from ...engine.endpoints import find_endpoint_row
from .events import wire_time
from .image import PRACTICE_IMAGES
from .refusals import PRACTICE_CPUS
from .request import NO_SWARM, PRACTICE_API_MAX, PRACTICE_API_MIN, PracticeRefusal, read_object, unlocked

PRACTICE_USERS = {"practice": "practice"}
SWARM_TAGS = ("Swarm", "Node", "Service", "Task", "Secret", "Config")


def answer_ping(engine, connection, request):
    headers = [("Cache-Control", "no-cache, no-store, must-revalidate"),
               ("Content-Type", "text/plain; charset=utf-8"),
               ("Pragma", "no-cache"), ("Builder-Version", "1"), ("Swarm", "inactive")]
    connection.send_body(b"" if request.method == "HEAD" else b"OK", 200, headers)


def answer_version(engine, connection, request):
    facts = {"ApiVersion": "%d.%d" % PRACTICE_API_MAX, "MinAPIVersion": "%d.%d" % PRACTICE_API_MIN,
             "GitCommit": "none", "GoVersion": "none: Python %d.%d" % sys.version_info[:2], "Os": "linux",
             "Arch": "amd64", "KernelVersion": "none", "BuildTime": "", "Experimental": "false"}
    version = __version__ + "-practice"
    components = [{"Name": "Engine", "Version": version, "Details": facts}]
    found = dict(facts, Platform={"Name": "rawdock practice engine"}, Components=components, Version=version)
    del found["Experimental"]
    return found


# The part of GET /info that every practice engine has.
INFO_FACTS = dict(dict.fromkeys(
    "MemoryLimit SwapLimit KernelMemory KernelMemoryTCP CpuCfsPeriod CpuCfsQuota CPUShares CPUSet PidsLimit"
    " Debug OomKillDisable ExperimentalBuild LiveRestoreEnabled".split(), False), **{
        "Driver": "practice", "DriverStatus": [["Kept in", "memory"]],
        "Plugins": {"Volume": ["local"], "Network": ["bridge", "host", "null"], "Authorization": None,
                    "Log": ["json-file", "local", "none"]},
        "IPv4Forwarding": True, "BridgeNfIptables": True, "BridgeNfIp6tables": True, "NFd": 0,
        "NGoroutines": 0, "LoggingDriver": "json-file", "CgroupDriver": "none", "CgroupVersion": "2",
        "NEventsListener": 0, "KernelVersion": "none", "OperatingSystem": "rawdock practice engine",
        "OSVersion": "", "OSType": "linux", "Architecture": "x86_64",
        "IndexServerAddress": "https://index.docker.io/v1/",
        "RegistryConfig": {"AllowNondistributableArtifactsCIDRs": [],
                           "AllowNondistributableArtifactsHostnames": [],
                           "InsecureRegistryCIDRs": [], "Mirrors": None, "IndexConfigs": {"docker.io": {
                               "Name": "docker.io", "Mirrors": [], "Secure": True, "Official": True}}},
        "NCPU": PRACTICE_CPUS, "MemTotal": 0, "GenericResources": None, "DockerRootDir": "none",
        "HttpProxy": "", "HttpsProxy": "", "NoProxy": "", "Name": "practice", "Labels": ["practice=true"],
        "ServerVersion": __version__ + "-practice",
        "Runtimes": {"runc": {"path": "none"}}, "DefaultRuntime": "runc",
        "Swarm": {"NodeID": "", "NodeAddr": "", "LocalNodeState": "inactive", "ControlAvailable": False,
                  "Error": "", "RemoteManagers": None},
        "Isolation": "", "InitBinary": "none", "ContainerdCommit": {"ID": "", "Expected": ""},
        "RuncCommit": {"ID": "", "Expected": ""}, "InitCommit": {"ID": "", "Expected": ""},
        "SecurityOptions": [],
        "Warnings": ["This is rawdock's practice engine: its containers are a few built-in programs",
                     "Its registry has %s, and a user called practice, whose password is practice"
                         % ", ".join(sorted(PRACTICE_IMAGES)),
                     "Everything it knows is in memory, and ends with it"]})


def answer_info(engine, connection, request):
    containers, images = list(engine.containers.by_id.values()), len(engine.images.by_id)
    running, paused = [sum(one.status == status for one in containers) for status in ("running", "paused")]
    return dict(INFO_FACTS, **{
        "ID": engine.id, "Containers": len(containers), "ContainersRunning": running,
        "ContainersPaused": paused, "ContainersStopped": len(containers) - running - paused,
        "Images": images, "SystemTime": wire_time(int(time.time()) * 1000000000)})


def answer_data_usage(engine, connection, request):
    images = [one.summary(len(engine.images.users(one)), request.api)
              for one in engine.images.by_id.values()]
    containers = [one.summary(True) for one in engine.containers.by_id.values()]
    volumes = [dict(one.inspect(), UsageData={"RefCount": len(engine.volumes.users(one)),
                                              "Size": one.size})
               for one in engine.volumes.by_id.values()]
    old = request.api < (1, 42)
    parts = {"container": ("Containers", containers), "image": ("Images", images),
             "volume": ("Volumes", volumes), "build-cache": ("BuildCache", None if old else [])}
    wanted = request.query.get("type") or list(parts)
    for name in wanted:
        if name not in parts:
            raise PracticeRefusal(400, "unknown object type: " + name)
    found = {key: value if name in wanted else None for name, (key, value) in parts.items()}
    layers = {layer.digest: layer.size for one in engine.images.by_id.values() for layer in one.layers}
    found["LayersSize"] = sum(layers.values()) if "image" in wanted else 0
    return dict(found, BuilderSize=0) if old else found


def answer_auth(engine, connection, request):
    given = read_object(request.json(), {"username": str, "password": str})
    user, password = given.get("username"), given.get("password")
    if not user or PRACTICE_USERS.get(user) != password:
        raise PracticeRefusal(401, "unauthorized: incorrect username or password (the practice registry knows"
                                   " practice, password practice)")
    return {"IdentityToken": "", "Status": "Login Succeeded"}


def refuse_without_route(request):
    """Raise the PracticeRefusal for a request that no route matches, by the table of the Engine API."""
    row = find_endpoint_row(request.method, request.path)
    if row is None or tuple(map(int, row.since.split("."))) > PRACTICE_API_MAX:
        raise PracticeRefusal(404, "page not found")
    if row.name == "swarm_leave":
        raise PracticeRefusal(503, "This node is not part of a swarm")
    if row.name == "volume_update":
        raise PracticeRefusal(503, "volume update only valid for cluster volumes, but swarm is unavailable")
    if row.tag in SWARM_TAGS and row.name not in ("swarm_init", "swarm_join"):
        raise PracticeRefusal(503, NO_SWARM)
    raise PracticeRefusal(501, "the practice engine does not do %s %s: a real engine does"
                          % (request.method, request.path))


SYSTEM_ROUTES = (
    ("GET", "/_ping", unlocked(answer_ping)),
    ("HEAD", "/_ping", unlocked(answer_ping)),
    ("GET", "/version", answer_version),
    ("GET", "/info", answer_info),
    ("GET", "/system/df", answer_data_usage),
    ("POST", "/auth", answer_auth),
    ("GET", "/plugins|/plugins/privileges", lambda engine, connection, request: []),
)
