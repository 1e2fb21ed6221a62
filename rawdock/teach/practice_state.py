"""The state of a practice engine: images, containers, execs, events, and the threads that run programs.

Strategy: one Condition, `changed`, guards everything and announces every change. An engine
for practice has tens of clients, not thousands, and one lock is the only kind that cannot
deadlock with another. No socket is written under it.

Promises: everything lives in memory and ends with close(). A container whose reader stalls
is not wedged: the reader gets PATIENCE seconds without progress, then loses its stream (the
log keeps every line); a real engine waits forever. The log is bounded: beyond
MAX_LOG_BYTES the oldest lines go, as with a real engine's max-size, and a follower that
missed some is told so.

Refuses: a container command that is not one of the image's built-in programs.
Leaves out: restart policies (recorded only), health checks, limits, pause, mounts
(recorded only: a practice container cannot reach a file of the host). Pids are 0, because
any other number would be that of somebody's process.
"""
import collections
import json
import os
import re
import time

from ..engine.durations import human_duration
from .practice_programs import (PRACTICE_IMAGES, SIGNAL_NUMBERS, ProgramKilled, ProgramPipe, ProgramProcess, ProgramView,
                                find_program)

PATIENCE = 2.0                    # seconds
MAX_BACKLOG_BYTES = 1 << 20       # of output, per attached client; dockerd holds about as much
MAX_LOG_BYTES = 16 << 20          # per container, a record counting LOG_RECORD_COST more than its line
LOG_RECORD_COST = 128
MAX_LOG_RECORD_BYTES = 16384      # dockerd's: a longer line becomes several records
MAX_EVENTS = 256                  # dockerd's: the events that `since` can still see
MAX_CONTAINERS = 1000

IMAGE_NAME_PATTERN = re.compile("[a-z0-9]+(?:[._/-]+[a-z0-9]+|:[0-9]+/[a-z0-9]+)*")
IMAGE_TAG_PATTERN = re.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
NAME_PATTERN = re.compile("[a-zA-Z0-9][a-zA-Z0-9_.-]+")
NAME_FIRST = ("amber brisk calm dapper eager fleet gentle honest ivory jolly keen lucid mellow nimble open plain quiet"
              " rapid sunny tidy").split()
NAME_SECOND = ("anvil beacon cable dynamo engine fuse gear hinge isobar jack kettle lathe magnet nozzle orbit piston"
               " quartz rotor spindle turbine").split()
ZERO_TIME = "0001-01-01T00:00:00Z"


class PracticeRefusal(Exception):
    """An answer that is a refusal: `status` (int) and `message` (str)."""

    def __init__(self, status, message):
        Exception.__init__(self, message)
        self.status = status
        self.message = message


def nanoseconds_now():
    return int(time.time() * 1000000) * 1000


def wire_time(nanoseconds, fixed=False):
    """Nanoseconds since 1970 → RFC 3339 in UTC; `fixed` keeps all nine digits, as log lines have them."""
    seconds, fraction = divmod(nanoseconds, 1000000000)
    digits = "%09d" % fraction
    digits = digits if fixed else digits.rstrip("0")
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + ("." + digits if digits else "") + "Z"


def random_hex(digits=64):
    return os.urandom(digits // 2).hex()


def stable_hex(*parts):
    """64 hex digits that depend on `parts` alone: what a practice image's digests are made from."""
    import hashlib
    return hashlib.sha256("\0".join(("rawdock practice",) + parts).encode()).hexdigest()


def split_image_name(text):
    """An image's name as given → (familiar repository, tag or "", digest or ""): docker.io/library/x is x."""
    name, _, digest = text.partition("@")
    head, slash, last = name.rpartition("/")
    last, _, tag = last.partition(":")
    name = head + slash + last
    for prefix in ("docker.io/", "index.docker.io/"):
        if name.startswith(prefix):
            name = name[len(prefix):]
    if name.startswith("library/"):
        name = name[len("library/"):]
    return name, tag, digest


def signal_number(text, default=15):
    """A signal as the API gives it ("SIGTERM", "term", "15") → int. PracticeRefusal if there is no such."""
    if not text:
        return default
    name = text.upper()
    if re.fullmatch("[0-9]{1,2}", name) and 0 < int(name) < 65:
        return int(name)
    number = SIGNAL_NUMBERS.get(name[3:] if name.startswith("SIG") else name)
    if number is None:
        raise PracticeRefusal(400, "invalid signal: %s" % text)
    return number


class PracticeLog:
    """A container's output, line by line: (nanoseconds, stream, bytes), the oldest dropped beyond MAX_LOG_BYTES."""

    def __init__(self):
        self.records = collections.deque()
        self.first = 0          # the number of records[0]: records are numbered from the start
        self.size = 0
        self._partial = {}

    def add(self, stream, data):
        held = self._partial.pop(stream, b"") + data
        at = 0
        while at < len(held):
            end = held.find(b"\n", at, at + MAX_LOG_RECORD_BYTES) + 1
            if not end:
                if len(held) - at < MAX_LOG_RECORD_BYTES:
                    self._partial[stream] = held[at:]
                    return
                end = at + MAX_LOG_RECORD_BYTES
            self._append(stream, held[at:end])
            at = end

    def flush(self):
        for stream, data in sorted(self._partial.items()):
            self._append(stream, data)
        self._partial = {}

    def _append(self, stream, line):
        self.records.append((nanoseconds_now(), stream, line))
        self.size += len(line) + LOG_RECORD_COST
        while self.size > MAX_LOG_BYTES:
            self.size -= len(self.records.popleft()[2]) + LOG_RECORD_COST
            self.first += 1

    def since(self, number, limit=512):
        """Up to `limit` records from `number` on."""
        start = number - self.first
        return [self.records[index] for index in range(start, min(start + limit, len(self.records)))]


class PracticeAttacher:
    """One client's view of a running container or exec: a bounded queue of (stream, bytes).

    `cut` (no arguments) is called when the client has not read for too long; it must not block.
    """

    def __init__(self, changed, streams, cut):
        self.changed = changed
        self.streams = streams
        self.closed = False
        self.cut = cut
        self._queue = collections.deque()
        self._size = 0
        self._taken = 0

    def offer(self, stream, data):
        """Queue output, waiting for room as long as the client makes progress. Call under `changed`."""
        if stream not in self.streams or self.closed:
            return
        taken, patience_ends = self._taken, time.monotonic() + PATIENCE
        while self._size and self._size + len(data) > MAX_BACKLOG_BYTES and not self.closed:
            if self._taken != taken:
                taken, patience_ends = self._taken, time.monotonic() + PATIENCE
            elif time.monotonic() > patience_ends:
                self.closed = True
                self.cut()
                break
            self.changed.wait(0.1)
        if not self.closed:
            self._queue.append((stream, data))
            self._size += len(data)
            self.changed.notify_all()

    def take(self):
        """All that is queued, [] when there is nothing for now, None at the end. Call under `changed`."""
        if not self._queue:
            return None if self.closed else []
        batch = list(self._queue)
        self._queue.clear()
        self._taken += self._size
        self._size = 0
        self.changed.notify_all()
        return batch

    def close(self):
        """No more output: what is queued is still delivered."""
        self.closed = True
        self.changed.notify_all()


class PracticeImage:
    """One image of PRACTICE_IMAGES: `repository`, `tags` present here, its identity and its config."""

    def __init__(self, repository, pulled):
        entry = PRACTICE_IMAGES[repository]
        self.repository = repository
        self.entry = entry
        self.tags = []               # "redis:2.8"
        self.pulled = pulled
        self.id = "sha256:" + stable_hex("image", repository)
        self.digest = practice_digest(repository)
        self.size = sum(size for _, size in entry["layers"])
        self.programs = entry["programs"]

    def config(self):
        entry = self.entry
        config = {
            "Hostname": "", "Domainname": "", "User": "", "AttachStdin": False, "AttachStdout": False, "AttachStderr": False,
            "Tty": False, "OpenStdin": False, "StdinOnce": False,
            "Env": list(entry["env"]), "Cmd": list(entry["cmd"]), "Image": "", "Volumes": None, "WorkingDir": entry["workdir"],
            "Entrypoint": None, "OnBuild": None, "Labels": None,
        }
        if entry["ports"]:
            config["ExposedPorts"] = {port: {} for port in entry["ports"]}
        return config

    def summary(self, containers):
        return {
            "Containers": containers, "Created": self.pulled // 1000000000, "Id": self.id, "Labels": None, "ParentId": "",
            "RepoDigests": self.repo_digests(), "RepoTags": list(self.tags), "SharedSize": -1, "Size": self.size, "VirtualSize": self.size,
        }

    def repo_digests(self):
        return ["%s@%s" % (self.repository, self.digest)]

    def inspect(self):
        return {
            "Id": self.id, "RepoTags": list(self.tags), "RepoDigests": self.repo_digests(), "Parent": "", "Comment": "",
            "Created": wire_time(self.pulled), "DockerVersion": "", "Author": "rawdock practice engine", "Config": self.config(),
            "Architecture": "amd64", "Os": "linux", "Size": self.size, "VirtualSize": self.size,
            "GraphDriver": {"Data": None, "Name": "practice"},
            "RootFS": {"Type": "layers", "Layers": ["sha256:" + stable_hex("layer", name) for name, _ in self.entry["layers"]]},
            "Metadata": {"LastTagTime": wire_time(self.pulled)},
        }


def practice_digest(repository):
    return "sha256:" + stable_hex("manifest", repository)


HOST_CONFIG = {
    "Binds": None, "ContainerIDFile": "", "LogConfig": {"Type": "json-file", "Config": {}}, "NetworkMode": "default", "PortBindings": {},
    "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0}, "AutoRemove": False, "VolumeDriver": "", "VolumesFrom": None,
    "ConsoleSize": [0, 0], "CapAdd": None, "CapDrop": None, "CgroupnsMode": "private", "Dns": [], "DnsOptions": [], "DnsSearch": [],
    "ExtraHosts": None, "GroupAdd": None, "IpcMode": "private", "Cgroup": "", "Links": None, "OomScoreAdj": 0, "PidMode": "",
    "Privileged": False, "PublishAllPorts": False, "ReadonlyRootfs": False, "SecurityOpt": None, "UTSMode": "", "UsernsMode": "",
    "ShmSize": 67108864, "Runtime": "runc", "Isolation": "", "CpuShares": 0, "Memory": 0, "NanoCpus": 0, "CgroupParent": "",
    "BlkioWeight": 0, "BlkioWeightDevice": [], "BlkioDeviceReadBps": [], "BlkioDeviceWriteBps": [], "BlkioDeviceReadIOps": [],
    "BlkioDeviceWriteIOps": [], "CpuPeriod": 0, "CpuQuota": 0, "CpuRealtimePeriod": 0, "CpuRealtimeRuntime": 0, "CpusetCpus": "",
    "CpusetMems": "", "Devices": [], "DeviceCgroupRules": None, "DeviceRequests": None, "MemoryReservation": 0, "MemorySwap": 0,
    "MemorySwappiness": None, "OomKillDisable": False, "PidsLimit": None, "Ulimits": None, "CpuCount": 0, "CpuPercent": 0,
    "IOMaximumIOps": 0, "IOMaximumBandwidth": 0, "Mounts": None, "MaskedPaths": [], "ReadonlyPaths": [], "Init": None,
}
CONFIG_KEYS = ("Hostname Domainname User AttachStdin AttachStdout AttachStderr ExposedPorts Tty OpenStdin StdinOnce Env Cmd Image Volumes"
               " WorkingDir Entrypoint OnBuild Labels StopSignal StopTimeout Healthcheck").split()


def fold_keys(given, known):
    """A JSON object whose keys may be in any case (Go reads them so) → one with the spelling of `known`."""
    spelling = {key.lower(): key for key in known}
    return {spelling.get(key.lower(), key): value for key, value in given.items()}


def checked_kind(given, key, kinds, where):
    value = given.get(key)
    if value is not None and (not isinstance(value, kinds) or isinstance(value, bool) and bool not in kinds):
        wanted = "/".join(one.__name__ for one in kinds)
        raise PracticeRefusal(400, "invalid JSON: %s%s is not what it should be (%s)" % (where, key, wanted))
    return value


def checked_words(given, key, where=""):
    """A list of str, given as that or as one str, or None."""
    value = checked_kind(given, key, (list, str), where)
    if isinstance(value, str):
        return [value]
    if value and not all(isinstance(word, str) for word in value):
        raise PracticeRefusal(400, "invalid JSON: %s%s is not a list of strings" % (where, key))
    return value


class PracticeContainer:
    """One container. Everything in it is read and changed under `state.changed`."""

    def __init__(self, state, name, image, config, host_config, networking):
        self.state = state
        self.id = random_hex()
        self.name = name
        self.image = image
        self.image_name = config["Image"]
        self.config = config
        self.host_config = host_config
        self.networking = networking
        self.hostname = config["Hostname"] or self.id[:12]
        config["Hostname"] = self.hostname
        self.created = nanoseconds_now()
        self.status = "created"
        self.exit_code = 0
        self.error = ""
        self.started = self.finished = 0
        self.runs = 0                 # runs that have ended
        self.removed = False
        self.restart_asked = False
        self.process = None
        self.log = PracticeLog()
        self.attachers = []
        self.execs = {}
        self.services = {}            # port → what answers there
        self.ports = {}               # "6379/tcp" → (host address, host port), while it runs
        self.port_sockets = set()
        self.redis_dump = None
        self.stdin = self.new_stdin()
        entrypoint, command = config["Entrypoint"] or [], config["Cmd"] or []
        self.argv = list(entrypoint) + list(command)

    @property
    def tty(self):
        return self.config["Tty"]

    def new_stdin(self):
        echo = (lambda data: self.write_output(1, data)) if self.tty else None
        return ProgramPipe(self.state.changed, self.config["OpenStdin"], echo, lambda: self.process and self.process.deliver(2))

    def write_output(self, stream, data):
        """What the program (or the terminal's echo) writes: to the log and to everyone attached."""
        with self.state.changed:
            if self.tty:
                stream, data = 1, data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            self.log.add(stream, data)
            self.state.changed.notify_all()
            for attacher in list(self.attachers):
                attacher.offer(stream, data)

    def host_folder(self, destination):
        """The folder of the host that the client asked to see at `destination`, or None."""
        for mount in self.mounts():
            if mount["Destination"] == destination and mount["Type"] == "bind":
                return mount["Source"]
        return None

    def find_service(self, host, port):
        with self.state.changed:
            if host in ("127.0.0.1", "localhost", self.hostname, self.name):
                return self.services.get(port)
            other = self.state.containers_by_name.get(host)
            return other.services.get(port) if other is not None else None

    def mounts(self):
        found = []
        for bind in self.host_config.get("Binds") or ():
            source, _, rest = bind.partition(":")
            destination, _, mode = rest.partition(":")
            if source.startswith("/"):
                found.append({"Type": "bind", "Source": source, "Destination": destination, "Mode": mode, "RW": "ro" not in mode.split(","),
                              "Propagation": "rprivate"})
            else:
                found.append({"Type": "volume", "Name": source, "Source": "/practice/volumes/%s/_data" % source, "Destination": destination,
                              "Driver": "local", "Mode": mode or "z", "RW": "ro" not in mode.split(","), "Propagation": ""})
        for mount in self.host_config.get("Mounts") or ():
            if isinstance(mount, dict):
                found.append({"Type": mount.get("Type", "volume"), "Source": mount.get("Source", ""),
                              "Destination": mount.get("Target", ""), "Mode": "", "RW": not mount.get("ReadOnly"), "Propagation": ""})
        return found

    def status_text(self):
        now = nanoseconds_now()
        if self.status == "running":
            return "Up %s" % human_duration((now - self.started) / 1e9)
        if self.status == "created":
            return "Created"
        return "Exited (%d) %s ago" % (self.exit_code, human_duration((now - self.finished) / 1e9))

    def port_map(self):
        """NetworkSettings.Ports."""
        found = {port: None for port in self.config.get("ExposedPorts") or ()}
        found.update((port, [{"HostIp": address, "HostPort": str(number)}]) for port, (address, number) in self.ports.items())
        return found if self.status == "running" else {}

    def port_list(self):
        found = []
        for port, bindings in sorted(self.port_map().items()):
            number, _, protocol = port.partition("/")
            if bindings:
                found += [{"IP": binding["HostIp"], "PrivatePort": int(number), "PublicPort": int(binding["HostPort"]), "Type": protocol}
                          for binding in bindings]
            else:
                found.append({"PrivatePort": int(number), "Type": protocol})
        return found

    def network(self):
        """The name of its network, and the endpoint as inspect shows it."""
        name = self.host_config["NetworkMode"]
        name = "bridge" if name in ("default", "") else name
        running = self.status == "running" and name == "bridge"
        return name, {
            "IPAMConfig": None, "Links": None, "Aliases": None, "MacAddress": "", "DriverOpts": None,
            "NetworkID": stable_hex("network", name), "EndpointID": stable_hex("endpoint", self.id) if running else "",
            "Gateway": "172.17.0.1" if running else "", "IPAddress": "172.17.0.2" if running else "", "IPPrefixLen": 16 if running else 0,
            "IPv6Gateway": "", "GlobalIPv6Address": "", "GlobalIPv6PrefixLen": 0, "DNSNames": None,
        }

    def summary(self, with_size):
        name, endpoint = self.network()
        found = {
            "Id": self.id, "Names": ["/" + self.name], "Image": self.image_name, "ImageID": self.image.id, "Command": " ".join(self.argv),
            "Created": self.created // 1000000000, "Ports": self.port_list(), "Labels": self.config["Labels"] or {}, "State": self.status,
            "Status": self.status_text(), "HostConfig": {"NetworkMode": self.host_config["NetworkMode"]},
            "NetworkSettings": {"Networks": {name: endpoint}}, "Mounts": self.mounts(),
        }
        if with_size:
            found.update(SizeRw=0, SizeRootFs=self.image.size)
        return found

    def inspect(self, with_size):
        name, endpoint = self.network()
        running = self.status == "running"
        found = {
            "Id": self.id, "Created": wire_time(self.created), "Path": self.argv[0], "Args": self.argv[1:],
            "State": {
                "Status": self.status, "Running": running, "Paused": False, "Restarting": False, "OOMKilled": False, "Dead": False,
                "Pid": 0, "ExitCode": self.exit_code, "Error": self.error,
                "StartedAt": wire_time(self.started) if self.started else ZERO_TIME,
                "FinishedAt": wire_time(self.finished) if self.finished else ZERO_TIME,
            },
            "Image": self.image.id, "ResolvConfPath": "", "HostnamePath": "", "HostsPath": "", "LogPath": "", "Name": "/" + self.name,
            "RestartCount": 0, "Driver": "practice", "Platform": "linux", "MountLabel": "", "ProcessLabel": "", "AppArmorProfile": "",
            "ExecIDs": [one for one in sorted(self.execs) if self.execs[one].running] or None, "HostConfig": self.host_config,
            "GraphDriver": {"Data": None, "Name": "practice"}, "Mounts": self.mounts(), "Config": self.config,
            "NetworkSettings": {
                "Bridge": "", "SandboxID": "", "SandboxKey": "", "Ports": self.port_map(), "HairpinMode": False,
                "LinkLocalIPv6Address": "", "LinkLocalIPv6PrefixLen": 0, "SecondaryIPAddresses": None, "SecondaryIPv6Addresses": None,
                "EndpointID": endpoint["EndpointID"], "Gateway": endpoint["Gateway"], "GlobalIPv6Address": "", "GlobalIPv6PrefixLen": 0,
                "IPAddress": endpoint["IPAddress"], "IPPrefixLen": endpoint["IPPrefixLen"], "IPv6Gateway": "", "MacAddress": "",
                "Networks": {name: endpoint},
            },
        }
        if with_size:
            found.update(SizeRw=0, SizeRootFs=self.image.size)
        return found


class PracticeExec:
    """One exec of a container: created, then started once."""

    def __init__(self, container, given):
        self.id = random_hex()
        self.container = container
        self.given = given
        self.argv = given["Cmd"]
        self.started = False
        self.running = False
        self.exit_code = None
        self.process = None
        self.attacher = None
        self.stdin = None

    def inspect(self):
        return {
            "ID": self.id, "Running": self.running, "ExitCode": self.exit_code,
            "ProcessConfig": {"tty": self.given["Tty"], "entrypoint": self.argv[0], "arguments": self.argv[1:], "privileged": False},
            "OpenStdin": self.given["AttachStdin"], "OpenStderr": self.given["AttachStderr"], "OpenStdout": self.given["AttachStdout"],
            "CanRemove": False, "ContainerID": self.container.id, "DetachKeys": "", "Pid": 0,
        }


class PracticeState:
    """All that a practice engine knows. `spawn(function, *arguments)` starts a thread that the engine will join.

    `open_port(container, container port, host address, host port)` → the host port opened, or OSError;
    `close_ports(container)` undoes it.
    """

    def __init__(self, spawn, open_port, close_ports):
        import threading
        self.changed = threading.Condition()
        self.spawn = spawn
        self.open_port = open_port
        self.close_ports = close_ports
        self.images = {}               # repository → PracticeImage
        self.containers = {}           # id → PracticeContainer, oldest first
        self.containers_by_name = {}
        self.execs = {}
        self.events = collections.deque()
        self.first_event = 0
        self.closing = False
        self.id = random_hex(32)

    # -- events

    def emit(self, kind, action, actor, attributes, image_name=None):
        with self.changed:
            now = nanoseconds_now()
            event = {"Type": kind, "Action": action, "Actor": {"ID": actor, "Attributes": attributes}, "scope": "local",
                     "time": now // 1000000000, "timeNano": now}
            if kind in ("container", "image"):
                event = dict({"status": action, "id": actor}, **event)
                if kind == "container":
                    event["from"] = image_name
            self.events.append(event)
            while len(self.events) > MAX_EVENTS:
                self.events.popleft()
                self.first_event += 1
            self.changed.notify_all()

    def emit_of(self, container, action, **more):
        attributes = dict(container.config["Labels"] or {}, image=container.image_name, name=container.name)
        attributes.update(more)
        self.emit("container", action, container.id, attributes, container.image_name)

    # -- images

    def find_image(self, text):
        """A name, an id or the start of one → PracticeImage. PracticeRefusal 404."""
        with self.changed:
            name, tag, digest = split_image_name(text)
            image = self.images.get(name)
            if image is not None and (digest == image.digest or not digest and "%s:%s" % (name, tag or "latest") in image.tags):
                return image
            reference = "%s:%s" % (name, tag or "latest")
            for image in self.images.values():
                if reference in image.tags:
                    return image
            wanted = text[7:] if text.startswith("sha256:") else text
            if re.fullmatch("[0-9a-f]{3,64}", wanted):
                found = [image for image in self.images.values() if image.id[7:].startswith(wanted)]
                if len(found) == 1:
                    return found[0]
        raise PracticeRefusal(404, "No such image: %s" % (text if tag or digest else text + ":latest"))

    def add_image(self, repository, tag):
        """A pull has ended: the image is here. Whether that is news."""
        with self.changed:
            image = self.images.get(repository)
            if image is None:
                image = self.images[repository] = PracticeImage(repository, nanoseconds_now())
            reference = "%s:%s" % (repository, tag)
            is_new = reference not in image.tags
            if is_new:
                image.tags.append(reference)
        self.emit("image", "pull", reference, {"name": repository})
        return is_new

    def layers_here(self):
        with self.changed:
            return {name for image in self.images.values() for name, _ in image.entry["layers"]}

    def remove_image(self, text, force):
        with self.changed:
            image = self.find_image(text)
            name, tag, digest = split_image_name(text)
            reference = "%s:%s" % (name, tag or "latest")
            by_name = reference in image.tags
            going = [reference] if by_name else list(image.tags)
            if not by_name and len(going) > 1 and not force:
                raise PracticeRefusal(409, "conflict: image %s has several tags (%s): remove each, or force"
                                      % (image.id[7:19], ", ".join(going)))
            last = len(going) == len(image.tags)
            if last:
                users = [one for one in self.containers.values() if one.image is image]
                for one in users:
                    if one.status == "running" or not force:
                        raise PracticeRefusal(409, "conflict: unable to remove %s: %s container %s is using it" % (
                            text, "running" if one.status == "running" else "stopped", one.id[:12]))
            answer = [{"Untagged": one} for one in going]
            for one in going:
                image.tags.remove(one)
                self.emit("image", "untag", image.id, {"name": image.id})
            if last:
                del self.images[image.repository]
                answer += [{"Untagged": one} for one in image.repo_digests()] + [{"Deleted": image.id}]
                answer += [{"Deleted": "sha256:" + stable_hex("layer", layer)} for layer, _ in reversed(image.entry["layers"])]
                self.emit("image", "delete", image.id, {"name": image.id})
            return answer

    def tag_image(self, text, repository, tag):
        with self.changed:
            image = self.find_image(text)
            name, _, _ = split_image_name(repository)
            if not (IMAGE_NAME_PATTERN.fullmatch(name) and IMAGE_TAG_PATTERN.fullmatch(tag or "latest")):
                raise PracticeRefusal(400, "invalid reference format: %s:%s" % (repository, tag))
            reference = "%s:%s" % (name, tag or "latest")
            for other in self.images.values():
                if reference in other.tags and other is not image:
                    other.tags.remove(reference)
            if reference not in image.tags:
                image.tags.append(reference)
            self.emit("image", "tag", image.id, {"name": reference})

    # -- containers

    def find(self, text):
        """An id, a name or the start of an id → PracticeContainer. PracticeRefusal 404."""
        with self.changed:
            container = self.containers.get(text) or self.containers_by_name.get(text[1:] if text.startswith("/") else text)
            if container is not None:
                return container
            found = [one for identity, one in self.containers.items() if text and identity.startswith(text)]
            if len(found) == 1:
                return found[0]
            if found:
                raise PracticeRefusal(400, "%d containers have an id that begins with %s: give more of it" % (len(found), text))
        raise PracticeRefusal(404, "No such container: %s" % text)

    def create(self, name, given):
        """The body of a create request → (PracticeContainer, list of warnings)."""
        given = fold_keys(given, CONFIG_KEYS + ["HostConfig", "NetworkingConfig"])
        host_given = fold_keys(checked_kind(given, "HostConfig", (dict,), "") or {}, HOST_CONFIG)
        for key in ("Cmd", "Entrypoint", "Env"):
            given[key] = checked_words(given, key)
        for key in ("Tty", "OpenStdin", "StdinOnce", "AttachStdin", "AttachStdout", "AttachStderr"):
            checked_kind(given, key, (bool,), "")
        for key in ("Labels", "ExposedPorts", "Volumes"):
            checked_kind(given, key, (dict,), "")
        for key in ("Image", "User", "Hostname", "WorkingDir", "StopSignal"):
            checked_kind(given, key, (str,), "")
        for key, kinds in (("PortBindings", (dict,)), ("AutoRemove", (bool,)), ("Binds", (list,)), ("Mounts", (list,)), ("Init", (bool,)),
                           ("PublishAllPorts", (bool,)), ("NetworkMode", (str,)), ("RestartPolicy", (dict,))):
            checked_kind(host_given, key, kinds, "HostConfig.")
        checked_words(host_given, "Binds", "HostConfig.")
        if name is not None and not NAME_PATTERN.fullmatch(name):
            raise PracticeRefusal(400, "invalid container name (%s): two or more of a-z A-Z 0-9 _ . -, a letter or digit first" % name)
        if not given.get("Image"):
            raise PracticeRefusal(400, "invalid config: no image was named")
        signal_number(given.get("StopSignal"))
        for bind in host_given.get("Binds") or ():
            if not re.fullmatch(r"[^:]+:/[^:]*(?::[a-zA-Z,]+)?", bind):
                raise PracticeRefusal(400, "invalid volume specification: '%s'" % bind)
        with self.changed:
            image = self.find_image(given["Image"])
            if name is not None and name in self.containers_by_name:
                raise PracticeRefusal(409, "Conflict. The name \"/%s\" is taken by container %s: remove or rename that one first"
                                      % (name, self.containers_by_name[name].id))
            if len(self.containers) >= MAX_CONTAINERS:
                raise PracticeRefusal(500, "a practice engine holds at most %d containers: remove some" % MAX_CONTAINERS)
            config = image.config()
            if given["Entrypoint"]:
                config["Cmd"] = None
            else:
                given.pop("Entrypoint")
            env = list(config["Env"])
            config.update((key, value) for key, value in given.items()
                          if key in CONFIG_KEYS and key not in ("Env", "Labels") and value not in (None, "", [], {}))
            names = {one.partition("=")[0] for one in given["Env"] or ()}
            config["Env"] = list(given["Env"] or ()) + [one for one in env if one.partition("=")[0] not in names]
            config["Labels"] = dict(given.get("Labels") or {})
            host_config = dict(HOST_CONFIG)
            host_config.update((key, value) for key, value in host_given.items() if key in HOST_CONFIG and value is not None)
            if not (config["Entrypoint"] or config["Cmd"]):
                raise PracticeRefusal(400, "no command specified")
            bindings = [port for port in host_config["PortBindings"] if not re.fullmatch("[0-9]{1,5}(?:/(?:tcp|udp|sctp))?", port)]
            if bindings:
                raise PracticeRefusal(400, "invalid port specification: %s" % bindings[0])
            exposed = dict(config.get("ExposedPorts") or {})
            exposed.update((port if "/" in port else port + "/tcp", {}) for port in host_config["PortBindings"])
            if exposed:
                config["ExposedPorts"] = exposed
            for key in ("Init", "Mounts"):   # left out of the answer when they were not given, as an engine has it
                if host_config[key] is None:
                    del host_config[key]
            container = PracticeContainer(self, name or self.free_name(), image, config, host_config, given.get("NetworkingConfig"))
            self.containers[container.id] = container
            self.containers_by_name[container.name] = container
        self.emit_of(container, "create")
        warnings = []
        if container.mounts():
            warnings.append("practice engine: mounts are recorded, not made; no file of the host is read or written")
        return container, warnings

    def free_name(self):
        while True:
            first, second = os.urandom(2)
            name = "%s_%s" % (NAME_FIRST[first % len(NAME_FIRST)], NAME_SECOND[second % len(NAME_SECOND)])
            if name in self.containers_by_name:
                name += str(len(self.containers))
            if name not in self.containers_by_name:
                return name

    def start(self, container):
        """True if it was started, False if it was running already. PracticeRefusal if it cannot be."""
        with self.changed:
            if self.closing:
                raise PracticeRefusal(503, "the practice engine is closing")
            if container.removed:
                raise PracticeRefusal(404, "No such container: %s" % container.id)
            if container.status == "running":
                return False
            program = find_program(container.image.programs, container.argv[0])
            try:
                if program is None:
                    raise PracticeRefusal(400, missing_program(container.argv[0], container.image))
                self.publish(container)
            except PracticeRefusal as refusal:
                self.start_failed(container, refusal)
                raise
            env = container.config["Env"] + ["HOSTNAME=" + container.hostname, "HOME=/root"]
            env = dict(one.partition("=")[::2] for one in env)
            process = ProgramProcess(self.changed, container, container.stdin, container.write_output, env,
                                     container.config["WorkingDir"] or "/", container.tty, not container.host_config.get("Init"))
            view = ProgramView(process, list(container.argv), container.image.programs)
            # The new thread waits for `changed`, which is held here, before it touches the container's state.
            if self.spawn(self.run_container, container, process, program, view) is None:
                refusal = PracticeRefusal(503, "the practice engine has no thread for it: it is closing, or the system is out of threads")
                self.start_failed(container, refusal)
                raise refusal
            container.process = process
            container.status, container.started, container.error = "running", nanoseconds_now(), ""
            self.emit_of(container, "start")
            self.changed.notify_all()
        return True

    def start_failed(self, container, refusal):
        """A container that could not start has ended a run: what waits for it is told, and --rm removes it."""
        self.close_ports(container)
        container.exit_code = 127 if refusal.status == 400 else 128
        container.error = refusal.message
        container.runs += 1
        for attacher in container.attachers:
            attacher.close()
        container.attachers = []
        self.changed.notify_all()
        if container.host_config["AutoRemove"]:
            self.forget(container)

    def publish(self, container):
        """Open the host side of every published TCP port, on loopback only."""
        wanted = {}
        for port, bindings in container.host_config["PortBindings"].items():
            wanted[port if "/" in port else port + "/tcp"] = bindings or [{}]
        if container.host_config["PublishAllPorts"]:
            for port in container.config.get("ExposedPorts") or ():
                wanted.setdefault(port, [{}])
        for port, bindings in sorted(wanted.items()):
            number, _, protocol = port.partition("/")
            if protocol != "tcp" or not isinstance(bindings, list):
                continue
            binding = fold_keys(bindings[0] if isinstance(bindings[0], dict) else {}, ("HostIp", "HostPort"))
            address = str(binding.get("HostIp") or "")
            address = address if re.fullmatch(r"127(\.[0-9]{1,3}){3}", address) else "127.0.0.1"
            host_port = str(binding.get("HostPort") or "0")
            if not re.fullmatch("[0-9]{1,5}", host_port) or int(host_port) > 65535:
                raise PracticeRefusal(400, "invalid host port: %s" % host_port)
            try:
                container.ports[port] = (address, self.open_port(container, int(number), address, int(host_port)))
            except OSError as error:
                raise PracticeRefusal(500, "cannot publish port %s of %s: %s:%s: %s"
                                      % (port, container.name, address, host_port, (error.strerror or str(error)).lower()))

    def run_container(self, container, process, program, view):
        """The thread of a container's process, from its first byte to its last."""
        with self.changed:
            pass
        status = self.run_program(process, program, view)
        with self.changed:
            process.finished, process.status = True, status
            process.stdin.break_off()
            for one in container.execs.values():
                if one.process is not None:
                    one.process.is_init = False
                    one.process.deliver(9)
            container.log.flush()
            self.close_ports(container)
            container.services.clear()
            container.status, container.exit_code, container.finished = "exited", status, nanoseconds_now()
            container.stdin = container.new_stdin()
            for attacher in container.attachers:
                attacher.close()
            container.attachers = []
            container.runs += 1
            self.emit_of(container, "die", exitCode=str(status))
            self.changed.notify_all()
            if container.host_config["AutoRemove"] and not container.restart_asked:
                self.forget(container)

    def run_program(self, process, program, view):
        try:
            return int(program(view) or 0) & 255
        except ProgramKilled as killed:
            return 128 + killed.args[0]
        except Exception as error:   # a mistake in a built-in program ends its container, never the engine
            message = "practice engine: %s failed: %s: %s\n" % (view.argv[0], type(error).__name__, error)
            try:
                process.write(2, message.encode("utf-8", "replace"))
            except ProgramKilled as killed:
                return 128 + killed.args[0]
            return 134

    def signal(self, container, number):
        with self.changed:
            if container.status != "running":
                raise PracticeRefusal(409, "cannot kill container %s: container %s is not running" % (container.name, container.id))
            container.process.deliver(number)
            self.emit_of(container, "kill", signal=str(number))

    def stop(self, container, seconds, signal=None):
        """False if it was not running. Asks, waits `seconds` (None: the container's own, or 10), then kills."""
        with self.changed:
            if container.status != "running":
                return False
            run = container.runs
            if seconds is None:
                seconds = container.config.get("StopTimeout")
            seconds = 10 if seconds is None else seconds
            self.signal(container, signal_number(signal or container.config.get("StopSignal")))
            self.wait_until(lambda: container.runs != run, None if seconds < 0 else seconds)
            if container.runs == run:
                self.signal(container, 9)
                self.wait_until(lambda: container.runs != run, None)
            self.emit_of(container, "stop")
        return True

    def wait_until(self, is_true, seconds, is_wanted=None):
        """Wait under `changed`; whether it came true. `is_wanted()` false ends the wait."""
        end = None if seconds is None else time.monotonic() + seconds
        with self.changed:
            while not is_true():
                left = 3600 if end is None else end - time.monotonic()
                if left <= 0 or self.closing and is_wanted is not None or is_wanted is not None and not is_wanted():
                    return False
                self.changed.wait(min(left, 3600 if is_wanted is None else 0.1))
        return True

    def restart(self, container, seconds, signal=None):
        with self.changed:
            container.restart_asked = True
            try:
                self.stop(container, seconds, signal)
                self.start(container)
            finally:
                container.restart_asked = False
            self.emit_of(container, "restart")

    def rename(self, container, name):
        with self.changed:
            if not name or not NAME_PATTERN.fullmatch(name):
                raise PracticeRefusal(400, "invalid container name (%s)" % (name or ""))
            other = self.containers_by_name.get(name)
            if other is not None:
                raise PracticeRefusal(409, "Conflict. The name \"/%s\" is taken by container %s: remove or rename that one first"
                                      % (name, other.id))
            old = container.name
            del self.containers_by_name[old]
            container.name = name
            self.containers_by_name[name] = container
            self.emit_of(container, "rename", oldName="/" + old)

    def remove(self, container, force):
        with self.changed:
            if container.status == "running":
                if not force:
                    raise PracticeRefusal(409, "cannot remove container \"/%s\": it is running: stop it first, or force" % container.name)
                run = container.runs
                self.signal(container, 9)
                self.wait_until(lambda: container.runs != run, None)
            if not container.removed:
                self.forget(container)

    def forget(self, container):
        with self.changed:
            container.removed = True
            self.containers.pop(container.id, None)
            self.containers_by_name.pop(container.name, None)
            for one in container.execs:
                self.execs.pop(one, None)
            container.stdin.break_off()
            for attacher in container.attachers:
                attacher.close()
            self.emit_of(container, "destroy")
            self.changed.notify_all()

    # -- execs

    def create_exec(self, container, given):
        given = fold_keys(given, "AttachStdin AttachStdout AttachStderr Tty Cmd Env User Privileged WorkingDir DetachKeys".split())
        words = {"Cmd": checked_words(given, "Cmd"), "Env": checked_words(given, "Env") or [],
                 "WorkingDir": checked_kind(given, "WorkingDir", (str,), "")}
        words.update((key, bool(checked_kind(given, key, (bool,), ""))) for key in ("AttachStdin", "AttachStdout", "AttachStderr", "Tty"))
        with self.changed:
            if container.status != "running":
                raise PracticeRefusal(409, "container %s is not running" % container.id)
            if not words["Cmd"]:
                raise PracticeRefusal(400, "no exec command specified")
            one = PracticeExec(container, words)
            container.execs[one.id] = self.execs[one.id] = one
            self.emit_of(container, "exec_create: %s" % " ".join(one.argv), execID=one.id)
        return one

    def find_exec(self, identity):
        with self.changed:
            one = self.execs.get(identity)
            if one is None:
                raise PracticeRefusal(404, "No such exec instance: %s" % identity)
            return one

    def start_exec(self, one, tty, attacher=None):
        """Start it, its output going to `attacher` (or nowhere). PracticeRefusal if it cannot run."""
        with self.changed:
            container = one.container
            if one.started:
                raise PracticeRefusal(409, "exec command %s has already run" % one.id)
            if container.status != "running":
                raise PracticeRefusal(409, "container %s is not running" % container.id)
            one.started = True
            program = find_program(container.image.programs, one.argv[0])
            if program is None:
                one.exit_code = 127
                raise PracticeRefusal(400, missing_program(one.argv[0], container.image))

            def write(stream, data):
                with self.changed:
                    if tty:
                        stream, data = 1, data.replace(b"\n", b"\r\n")
                    if attacher is not None:
                        attacher.offer(stream, data)

            process = None
            one.stdin = ProgramPipe(self.changed, one.given["AttachStdin"] and attacher is not None,
                                    (lambda data: write(1, data.replace(b"\r\n", b"\n"))) if tty else None, lambda: process.deliver(2))
            env = dict(container.process.env)
            env.update(word.partition("=")[::2] for word in one.given["Env"])
            process = one.process = ProgramProcess(self.changed, container, one.stdin, write, env,
                                                   one.given["WorkingDir"] or container.process.workdir, tty, False)
            one.running, one.attacher = True, attacher
            self.emit_of(container, "exec_start: %s" % " ".join(one.argv), execID=one.id)
            if self.spawn(self.run_exec, one, program, ProgramView(process, list(one.argv), container.image.programs)) is None:
                one.running, one.exit_code = False, 126
                raise PracticeRefusal(503, "the practice engine has no thread for it: it is closing, or the system is out of threads")

    def run_exec(self, one, program, view):
        with self.changed:
            pass
        status = self.run_program(one.process, program, view)
        with self.changed:
            one.process.finished, one.process.status = True, status
            one.stdin.break_off()
            one.running, one.exit_code = False, status
            if one.attacher is not None:
                one.attacher.close()
            self.emit_of(one.container, "exec_die", execID=one.id, exitCode=str(status))
            self.changed.notify_all()

    # -- the end

    def close(self):
        """Kill everything that runs. The threads end by themselves, soon."""
        with self.changed:
            self.closing = True
            for container in list(self.containers.values()):
                for attacher in container.attachers:
                    attacher.close()
                if container.status == "running":
                    container.process.deliver(9)
                container.stdin.break_off()
            self.changed.notify_all()


def missing_program(name, image):
    """The refusal of a command that the image has no program for, with the words by which a client tells 127 from 125."""
    known = " ".join(sorted(one for one in image.programs if "/" not in one))
    problem = "stat %s: no such file or directory" % name if "/" in name else "executable file not found in $PATH"
    return "practice runtime: exec: \"%s\": %s (the programs of %s: %s)" % (name, problem, image.repository, known)


CONTAINER_FILTERS = "id name status label exited ancestor network volume publish expose before since health isolation is-task".split()
IMAGE_FILTERS = "reference label dangling before since until".split()


def matches_filters(filters, tests):
    """Whether every filter holds: values of one key are alternatives. `tests` is {key: function(value) → bool}.

    A key without a test is one that nothing here could fulfil or fail.
    """
    return all(key not in tests or not values or any(tests[key](value) for value in values) for key, values in filters.items())


def practice_filters(text, known=None):
    """The `filters` parameter: JSON {"key": {"value": true}} or {"key": ["value"]} → {key: [value, …]}.

    PracticeRefusal for a key that is not in `known` (a list; None: any key will do).
    """
    if not text:
        return {}
    try:
        given = json.loads(text)
    except ValueError:
        given = None
    if not isinstance(given, dict) or not all(isinstance(values, (dict, list)) for values in given.values()):
        raise PracticeRefusal(400, "invalid filter: %s is not JSON like {\"name\":[\"redis\"]}" % text[:100])
    for key in given:
        if known is not None and key not in known:
            raise PracticeRefusal(400, "invalid filter '%s' (there are: %s)" % (key, " ".join(known)))
    return {key: [str(value) for value in values if not isinstance(values, dict) or values[value]] for key, values in given.items()}


def label_matches(labels, wanted):
    key, equals, value = wanted.partition("=")
    return key in labels and (not equals or labels[key] == value)


def name_matches(name, pattern):
    """`name=` filters of ps: the engine takes an expression; a plain text is looked for anywhere in the name."""
    try:
        return re.search(pattern, "/" + name) is not None or re.search(pattern, name) is not None
    except re.error:
        return pattern in name


def container_matches(container, filters):
    known = {
        "id": lambda value: container.id.startswith(value),
        "name": lambda value: name_matches(container.name, value),
        "status": lambda value: container.status == value,
        "label": lambda value: label_matches(container.config["Labels"] or {}, value),
        "exited": lambda value: container.status == "exited" and str(container.exit_code) == value,
        "ancestor": lambda value: split_image_name(value)[0] == container.image.repository or container.image.id[7:].startswith(value),
        "network": lambda value: container.network()[0] == value,
        "volume": lambda value: any(value in (mount.get("Name"), mount["Destination"]) for mount in container.mounts()),
        "publish": lambda value: any(str(port.get("PublicPort")) == value.partition("/")[0] for port in container.port_list()),
        "expose": lambda value: any(str(port["PrivatePort"]) == value.partition("/")[0] for port in container.port_list()),
    }
    return matches_filters(filters, known)


def event_matches(event, filters):
    actor = event["Actor"]
    attributes = actor["Attributes"]
    known = {
        "type": lambda value: event["Type"] == value,
        "event": lambda value: event["Action"] == value or event["Action"].startswith(value + ":"),
        "container": lambda value: event["Type"] == "container" and (actor["ID"].startswith(value) or attributes.get("name") == value),
        "image": lambda value: value in (actor["ID"], attributes.get("image"), attributes.get("name")),
        "label": lambda value: label_matches(attributes, value),
        "scope": lambda value: value == "local",
    }
    return matches_filters(filters, known)
