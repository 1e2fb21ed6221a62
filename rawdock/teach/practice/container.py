"""One container of a practice engine: what it is made of, and how ps and inspect show it.

Everything in it is read and changed under the engine's `changed`. Its pids are 0, because any other number
could be that of a process of the host. A bind mount is recorded, and is a folder in memory to the container:
it cannot reach a file of the host.
"""
from ...cli.durations import human_duration
from .events import ZERO_TIME, nanoseconds_now, random_hex, stable_hex, wire_time
from .files import PracticeFiles, PracticeTree, file_node
from .networks import PracticeEndpoint
from .request import STRINGS, PracticeRefusal
from .running import ProgramOwner
from .streams import PracticeLog

HOST_CONFIG = {
    "LogConfig": {"Type": "json-file", "Config": {}}, "NetworkMode": "bridge", "PortBindings": {},
    "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0}, "ConsoleSize": [0, 0],
    "CgroupnsMode": "private", "IpcMode": "private", "ShmSize": 67108864, "Runtime": "runc",
    "MaskedPaths": ["/proc/acpi", "/proc/kcore", "/proc/keys", "/sys/firmware"],
    "ReadonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
}
# The keys whose default is null, and the kind of what a client may give.
HOST_LISTS = ("BlkioDeviceReadBps BlkioDeviceReadIOps BlkioDeviceWriteBps BlkioDeviceWriteIOps"
              " BlkioWeightDevice Devices DeviceRequests Dns DnsOptions DnsSearch Mounts Ulimits").split()
HOST_STRINGS = ("Binds CapAdd CapDrop DeviceCgroupRules ExtraHosts GroupAdd Links SecurityOpt"
                " VolumesFrom").split()
# An engine leaves these out of its answer when they were not given.
HOST_OPTIONAL = {"Annotations": dict, "Init": bool, "Mounts": list, "Runtime": str, "StorageOpt": dict,
                 "Sysctls": dict, "Tmpfs": dict}
for host_default, host_keys in (
        ("", "Cgroup CgroupParent ContainerIDFile CpusetCpus CpusetMems Isolation PidMode UTSMode UsernsMode"
             " VolumeDriver"),
        (0, "BlkioWeight CpuCount CpuPercent CpuPeriod CpuQuota CpuRealtimePeriod CpuRealtimeRuntime"
            " CpuShares IOMaximumBandwidth IOMaximumIOps Memory MemoryReservation MemorySwap NanoCpus"
            " OomScoreAdj"),
        (False, "AutoRemove OomKillDisable Privileged PublishAllPorts ReadonlyRootfs")):
    HOST_CONFIG.update(dict.fromkeys(host_keys.split(), host_default))
HOST_KINDS = {key: type(value) for key, value in HOST_CONFIG.items()}
HOST_KINDS.update(dict.fromkeys(HOST_LISTS, list), MemorySwappiness=int, PidsLimit=int, **HOST_OPTIONAL)
HOST_KINDS.update(dict.fromkeys(HOST_STRINGS, STRINGS))
HOST_CONFIG.update((key, None) for key in HOST_KINDS if key not in HOST_CONFIG)
UPDATE_KINDS = {key: HOST_KINDS[key] for key in (
    "BlkioWeight CpuShares CpuPeriod CpuQuota CpuRealtimePeriod CpuRealtimeRuntime CpusetCpus CpusetMems"
    " NanoCpus Memory MemoryReservation MemorySwap PidsLimit RestartPolicy").split()}
CONFIG_KINDS = {
    "Hostname": str, "Domainname": str, "User": str, "AttachStdin": bool, "AttachStdout": bool,
    "AttachStderr": bool, "ExposedPorts": dict, "Tty": bool, "OpenStdin": bool, "StdinOnce": bool,
    "Env": STRINGS, "Cmd": STRINGS, "Image": str, "Volumes": dict, "WorkingDir": str, "Entrypoint": STRINGS,
    "OnBuild": STRINGS, "Labels": dict, "StopSignal": str, "StopTimeout": int, "Healthcheck": dict,
    "MacAddress": str,
}


class PracticeContainer(ProgramOwner):
    """One container; `config` and `host_config` are dicts as inspect shows them, `mounts` PracticeMounts.

    `endpoints_given` maps the name of each network that the create request gives to its settings there.
    """

    def __init__(self, engine, name, image, config, host_config, mounts, endpoints_given):
        argv = list(config["Entrypoint"] or []) + list(config["Cmd"] or [])
        ProgramOwner.__init__(self, engine, argv, config["Tty"], PracticeLog())
        self.id = random_hex()
        self.name = name
        self.image = image
        self.image_name = config["Image"]
        self.config = config
        self.host_config = host_config
        self.hostname = config["Hostname"] or self.id[:12]
        config["Hostname"] = self.hostname
        self.created = nanoseconds_now()
        self.status = "created"
        self.exit_code = 0
        self.error = ""
        self.started = self.finished = 0
        self.runs = 0                 # runs that have ended
        self.removed = False
        self.restarting = False
        self.execs = {}
        self.services = {}            # port → what answers there
        self.ports = {}               # "6379/tcp" → (host address, host port), while it runs
        self.redis_dump = None
        self.health = None            # State.Health, of a container with a health check that was started
        self.mounts = mounts
        trees = {mount.destination: mount.tree for mount in mounts}
        for path, text in (("/etc/hostname", self.hostname + "\n"), ("/etc/hosts", "127.0.0.1\tlocalhost\n"),
                           ("/dev/null", "")):
            trees[path] = PracticeTree()
            trees[path].nodes["/"] = file_node(text.encode())
        trees.update((path.rstrip("/"), PracticeTree()) for path in host_config.get("Tmpfs") or ())
        self.files = PracticeFiles(engine.changed, image.files, trees)
        self.endpoints = self.wanted_endpoints(endpoints_given)   # network name → PracticeEndpoint
        self.open_stdin(config["OpenStdin"])

    def wanted_endpoints(self, settings):
        """Return {network name: PracticeEndpoint} for NetworkMode and the settings of a create request."""
        settings = {"bridge" if name == "default" else name: given for name, given in settings.items()}
        found, mode = {}, self.host_config["NetworkMode"]
        if not mode.startswith("container:"):
            found[mode] = PracticeEndpoint(settings.get(mode))
        for network, given in settings.items():
            found.setdefault(network, PracticeEndpoint(given))
        return found

    @property
    def is_up(self):
        """Whether the program has been started and has not ended; it may be paused."""
        return self.status in ("running", "paused")

    @property
    def size(self):
        """The bytes of the files that differ from the image's."""
        return self.files.tree.size

    def host_folder(self, destination):
        """Return the path on the host that is to be mounted at `destination`, or None."""
        return next((mount.source for mount in self.mounts
                     if mount.destination == destination and mount.kind == "bind"), None)

    def find_service(self, host, port):
        """Return the server at a port of this container, or of another one by its name; None without one."""
        with self.engine.changed:
            if host in ("127.0.0.1", "localhost", self.hostname, self.name):
                return self.services.get(port)
            other = self.engine.containers.named(host)
            return other.services.get(port) if other is not None else None

    def port_server(self, port):
        """Return a function that gives a connection (socket) to the program that serves at `port`, if any."""
        return lambda sock: port in self.services and self.services[port].talk(sock)

    def check_running(self):
        if not self.is_up:
            raise PracticeRefusal(409, "Container %s is not running" % self.id)

    def processes(self):
        """Return (user's name, argv) of all that runs in the container, its own program first."""
        running = [(one.process.user.name, one.argv) for one in self.execs.values() if one.running]
        return [(self.process.user.name, self.argv)] + running

    def program_env(self, user, tty, more=()):
        """Return the environment (dict) of a ProgramUser's program; `more` are further NAME=VALUE words."""
        words = ["PATH=", "HOSTNAME=" + self.hostname] + ["TERM=xterm"] * tty
        words += self.config["Env"] + list(more)
        env = dict(word.partition("=")[::2] for word in words)
        env.setdefault("HOME", user.home)
        return env

    # -- what clients see

    def status_text(self):
        now = nanoseconds_now()
        if self.is_up:
            health = self.health["Status"].replace("starting", "health: starting") if self.health else ""
            state = "Paused" if self.status == "paused" else health
            return "Up %s%s" % (human_duration((now - self.started) / 1e9), state and " (%s)" % state)
        if self.status == "created":
            return "Created"
        return "Exited (%d) %s ago" % (self.exit_code, human_duration((now - self.finished) / 1e9))

    def port_map(self):
        """Return NetworkSettings.Ports."""
        found = {port: None for port in self.config.get("ExposedPorts") or ()}
        found.update((port, [{"HostIp": address, "HostPort": str(number)}])
                     for port, (address, number) in self.ports.items())
        return found if self.is_up else {}

    def port_list(self):
        found = []
        for port, bindings in sorted(self.port_map().items()):
            number, _, protocol = port.partition("/")
            if bindings:
                found += [{"IP": binding["HostIp"], "PrivatePort": int(number),
                           "PublicPort": int(binding["HostPort"]), "Type": protocol}
                          for binding in bindings]
            else:
                found.append({"PrivatePort": int(number), "Type": protocol})
        return found

    def networks(self, names=True):
        """What is known of its networks; lists have no `names` (aliases) in it."""
        return {name: endpoint.inspect(names) for name, endpoint in self.endpoints.items()}

    def sizes(self):
        return {"SizeRw": self.size, "SizeRootFs": self.image.size + self.size}

    def summary(self, with_size):
        found = {
            "Id": self.id, "Names": ["/" + self.name], "Image": self.image_name, "ImageID": self.image.id,
            "Command": " ".join(self.argv), "Created": self.created // 1000000000,
            "Ports": self.port_list(), "Labels": self.config["Labels"] or {}, "State": self.status,
            "Status": self.status_text(), "HostConfig": {"NetworkMode": self.host_config["NetworkMode"]},
            "NetworkSettings": {"Networks": self.networks(False)},
            "Mounts": [mount.inspect() for mount in self.mounts],
        }
        if with_size:
            found.update((key, size) for key, size in self.sizes().items() if size)   # 0 is left out
        return found

    def inspect(self, with_size):
        bridge = self.endpoints.get("bridge", PracticeEndpoint()).inspect()
        found = {
            "Id": self.id, "Created": wire_time(self.created), "Path": self.argv[0], "Args": self.argv[1:],
            "State": {
                "Status": self.status, "Running": self.is_up, "Paused": self.status == "paused",
                "Restarting": False, "OOMKilled": False, "Dead": False, "Pid": 0, "ExitCode": self.exit_code,
                "Error": self.error, "StartedAt": wire_time(self.started) if self.started else ZERO_TIME,
                "FinishedAt": wire_time(self.finished) if self.finished else ZERO_TIME,
            },
            "Image": self.image.id, "ResolvConfPath": "", "HostnamePath": "", "HostsPath": "", "LogPath": "",
            "Name": "/" + self.name, "RestartCount": 0, "Driver": "practice", "Platform": "linux",
            "MountLabel": "", "ProcessLabel": "", "AppArmorProfile": "",
            "ExecIDs": [one for one in sorted(self.execs) if self.execs[one].running] or None,
            "HostConfig": self.host_config, "GraphDriver": {"Data": None, "Name": "practice"},
            "Mounts": [mount.inspect() for mount in self.mounts], "Config": self.config,
            "NetworkSettings": {
                "Bridge": "", "SandboxID": stable_hex("sandbox", self.id) if self.is_up else "",
                "SandboxKey": "", "Ports": self.port_map(), "HairpinMode": False,
                "LinkLocalIPv6Address": "", "LinkLocalIPv6PrefixLen": 0, "SecondaryIPAddresses": None,
                "SecondaryIPv6Addresses": None, "Networks": self.networks(),
            },
        }
        if self.health is not None:
            found["State"]["Health"] = dict(self.health, Log=list(self.health["Log"]))
        found["NetworkSettings"].update((key, bridge[key]) for key in (
            "EndpointID", "Gateway", "GlobalIPv6Address", "GlobalIPv6PrefixLen", "IPAddress", "IPPrefixLen",
            "IPv6Gateway", "MacAddress"))
        return dict(found, **self.sizes()) if with_size else found


NAME_FIRST = "amber brisk calm eager fleet gentle jolly keen lucid mellow nimble quiet rapid sunny".split()
NAME_SECOND = "anvil beacon dynamo engine gear hinge kettle lathe magnet orbit piston rotor turbine".split()


def free_container_name(taken):
    """Return a name like calm_kettle that is not in `taken`."""
    from random import choice
    name = "%s_%s" % (choice(NAME_FIRST), choice(NAME_SECOND))
    return name + random_hex(8) if name in taken else name
