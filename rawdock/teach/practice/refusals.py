"""What an engine refuses of a container's settings at its creation and its update, in dockerd's words.

The limits are recorded only: nothing limits a program here. They are checked as on a machine with
PRACTICE_CPUS processors. Leaves out what an engine finds only when it starts a real container, but for
devices: no practice container can have one.
"""
import re

from .request import STRINGS, PracticeRefusal, read_object

PRACTICE_CPUS = 4
LEAST_MEMORY = 6 << 20               # bytes
LEAST_HEALTH_TIME = 1000000          # nanoseconds
LOG_DRIVERS = ("", "json-file", "local", "none", "journald", "syslog", "gelf", "fluentd")
JSON_FILE_OPTIONS = ("max-size max-file compress labels labels-regex env env-regex tag mode"
                     " max-buffer-size").split()
RESTART_POLICIES = ("", "no", "always", "unless-stopped", "on-failure")
SECURITY_SWITCHES = ("", "1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "FALSE", "False")
HEALTH_KINDS = {"Test": STRINGS, "Interval": int, "Timeout": int, "StartPeriod": int, "StartInterval": int,
                "Retries": int}
CAPABILITIES = """AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN
DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN
MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID
SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME
SYS_TTY_CONFIG WAKE_ALARM ALL""".split()

# Status, message with {Key} for a value, and the test of a HostConfig that is refused so. The first rows hold
# for an update too.
RESOURCE_RULES = (
    (400, "Minimum memory limit allowed is 6MB", lambda host: 0 < host["Memory"] < LEAST_MEMORY),
    (400, "Minimum memoryswap limit should be larger than memory limit, see usage",
     lambda host: 0 < host["MemorySwap"] < host["Memory"]),
    (400, "Invalid value: {MemorySwappiness}, valid memory swappiness range is 0-100",
     lambda host: not -1 <= (host["MemorySwappiness"] or 0) <= 100),
    (400, "Minimum memory reservation allowed is 6MB",
     lambda host: 0 < host["MemoryReservation"] < LEAST_MEMORY),
    (400, "Minimum memory limit can not be less than memory reservation limit, see usage",
     lambda host: 0 < host["Memory"] < host["MemoryReservation"]),
    (400, "Conflicting options: Nano CPUs and CPU Period cannot both be set",
     lambda host: host["NanoCpus"] and host["CpuPeriod"]),
    (400, "Conflicting options: Nano CPUs and CPU Quota cannot both be set",
     lambda host: host["NanoCpus"] and host["CpuQuota"]),
    (400, "Range of CPUs is from 0.01 to %d.00, as there are only %d CPUs available" % ((PRACTICE_CPUS,) * 2),
     lambda host: host["NanoCpus"] and not 10 ** 7 <= host["NanoCpus"] <= PRACTICE_CPUS * 10 ** 9),
    (400, "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)",
     lambda host: host["CpuPeriod"] and not 1000 <= host["CpuPeriod"] <= 1000000),
    (400, "CPU cfs quota can not be less than 1ms (i.e. 1000)", lambda host: 0 < host["CpuQuota"] < 1000),
    (400, "Invalid value {CpusetCpus} for cpuset cpus", lambda host: processors(host["CpusetCpus"]) is None),
    (400, "Requested CPUs are not available - requested {CpusetCpus}, available: 0-%d" % (PRACTICE_CPUS - 1),
     lambda host: processors(host["CpusetCpus"]) >= PRACTICE_CPUS),
    (400, "Range of blkio weight is from 10 to 1000",
     lambda host: host["BlkioWeight"] and not 10 <= host["BlkioWeight"] <= 1000),
)
HOST_RULES = RESOURCE_RULES + (
    (400, "You should always set the Memory limit when using Memoryswap limit, see usage",
     lambda host: not host["Memory"] and host["MemorySwap"] > 0),
    (400, "Invalid value {OomScoreAdj}, range for oom score adj is [-1000, 1000]",
     lambda host: not -1000 <= host["OomScoreAdj"] <= 1000),
    (400, "SHM size can not be less than 0", lambda host: host["ShmSize"] < 0),
    (400, "can't create 'AutoRemove' container with restart policy",
     lambda host: host["AutoRemove"] and host["RestartPolicy"]["Name"] not in ("", "no")),
    (400, "unknown or invalid runtime name: {Runtime}",
     lambda host: host["Runtime"] not in ("", "runc", "io.containerd.runc.v2")),
    (500, "Invalid isolation: \"{Isolation}\" - linux only supports 'default'",
     lambda host: host["Isolation"] not in ("", "default")),
    (400, "invalid cgroup namespace mode: {CgroupnsMode}",
     lambda host: host["CgroupnsMode"] not in ("", "host", "private")),
    (400, "invalid IPC mode: {IpcMode}",
     lambda host: not re.fullmatch("(?:none|host|private|shareable|container:.+)?", host["IpcMode"])),
    (400, "invalid PID mode: {PidMode}",
     lambda host: not re.fullmatch("(?:host|container:.+)?", host["PidMode"])),
    (400, "invalid UTS mode: {UTSMode}", lambda host: host["UTSMode"] not in ("", "host")),
    (500, "--storage-opt is supported only for overlay over xfs with 'pquota' mount option",
     lambda host: host.get("StorageOpt")),
)
# What the start of a container is refused for.
START_RULES = (
    (500, "could not select device driver \"\" with capabilities: [[gpu]]",
     lambda host: host["DeviceRequests"]),
    (500, "error gathering device information while adding custom device \"{Devices[0][PathOnHost]}\":"
          " no such file or directory", lambda host: host["Devices"]),
)


def processors(text):
    """Return the highest processor of a list like "0-3,5"; -1 for "", None for what is no list."""
    if not re.fullmatch("(?:[0-9]{1,5}(?:-[0-9]{1,5})?(?:,(?=[0-9]))?)*", text):
        return None
    return max([-1] + [int(number) for number in re.findall("[0-9]+", text)])


def apply_rules(rules, host_config):
    """Raise the PracticeRefusal of the first of `rules` that a HostConfig breaks."""
    for status, message, is_broken in rules:
        if is_broken(host_config):
            raise PracticeRefusal(status, message.format(**host_config))


def check_host_config(host_config):
    """Raise PracticeRefusal for a complete HostConfig that an engine would refuse at create."""
    apply_rules(HOST_RULES, host_config)
    for key in ("CapAdd", "CapDrop"):
        for name in host_config[key] or ():
            bare = re.sub("^CAP_", "", str(name).upper())
            if bare not in CAPABILITIES:
                raise PracticeRefusal(400, "invalid %s: unknown capability: \"CAP_%s\"" % (key, bare))
    for entry in host_config["ExtraHosts"] or ():
        if not re.fullmatch("[^:=]+[:=].+", str(entry)):
            raise PracticeRefusal(400, "bad format for add-host: \"%s\"" % entry)
    for option in host_config["SecurityOpt"] or ():
        name, sign, value = option.partition("=" if "=" in option else ":")
        if not (sign or option == "no-new-privileges"):
            raise PracticeRefusal(500, "invalid --security-opt 1: \"%s\"" % option)
        if name not in ("label", "apparmor", "seccomp", "no-new-privileges") or (
                name == "no-new-privileges" and value not in SECURITY_SWITCHES):
            raise PracticeRefusal(500, "invalid --security-opt 2: \"%s\"" % option)
    for name in host_config["LogConfig"]["Config"]:
        if host_config["LogConfig"]["Type"] == "json-file" and name not in JSON_FILE_OPTIONS:
            raise PracticeRefusal(400, "unknown log opt '%s' for json-file log driver" % name)
    for port, bindings in host_config["PortBindings"].items():
        if not (re.fullmatch("[0-9]{1,5}(?:/(?:tcp|udp|sctp))?", port)
                and all(isinstance(one, dict) for one in bindings or ())):
            raise PracticeRefusal(400, "invalid port specification: %s" % port)
        for binding in bindings or ():
            number = str(binding.get("HostPort") or "0")
            if not re.fullmatch("[0-9]{1,5}(?:-[0-9]{1,5})?", number) or processors(number) > 65535:
                raise PracticeRefusal(400, "invalid port specification: \"%s\"" % number)


def check_update(given, current):
    """Raise PracticeRefusal for the settings `given` to a container whose HostConfig is `current`."""
    settings = dict(dict.fromkeys(current, 0), CpusetCpus="")
    settings.update((key, value) for key, value in given.items() if value is not None)
    apply_rules(RESOURCE_RULES, settings)
    for key, other, name in (("CpuPeriod", "NanoCpus", "CPU Period"), ("CpuQuota", "NanoCpus", "CPU Quota")):
        if given.get(key) and current[other]:
            raise PracticeRefusal(409, "Conflicting options: %s cannot be updated as NanoCPUs has already"
                                       " been set" % name)
    if given.get("Memory") and not given.get("MemorySwap") and 0 < current["MemorySwap"] < given["Memory"]:
        raise PracticeRefusal(409, "Memory limit should be smaller than already set memoryswap limit, update"
                                   " the memoryswap at the same time")


def check_config(config, host_config):
    """Raise PracticeRefusal for a container's Config that an engine would refuse."""
    if config["WorkingDir"][:1] not in ("", "/"):
        raise PracticeRefusal(400, "the working directory '%s' is invalid, it needs to be an absolute path"
                              % config["WorkingDir"])
    for entry in config["Env"] or ():
        if entry[:1] in ("", "="):
            raise PracticeRefusal(400, "invalid environment variable: " + entry)
    if host_config["NetworkMode"].startswith("container:"):
        if config["Hostname"]:
            raise PracticeRefusal(400, "conflicting options: hostname and the network mode")
        if host_config["PortBindings"] or host_config["PublishAllPorts"]:
            raise PracticeRefusal(400, "conflicting options: port publishing and the container type network"
                                       " mode")


def read_healthcheck(given):
    """Check a Healthcheck (a dict or None) → it, its keys as in HEALTH_KINDS. Raises PracticeRefusal."""
    found = read_object(given or {}, HEALTH_KINDS, "Healthcheck.")
    for key in ("Interval", "Timeout", "StartPeriod", "StartInterval"):
        if found.get(key) and found[key] < LEAST_HEALTH_TIME:
            raise PracticeRefusal(400, "%s in Healthcheck cannot be less than 1ms" % key)
    if (found.get("Retries") or 0) < 0:
        raise PracticeRefusal(400, "Retries in Healthcheck cannot be negative")
    return found


def check_restart_policy(settings):
    """Complete and check the RestartPolicy of a HostConfig or an update. Raises PracticeRefusal."""
    policy = read_object(settings.get("RestartPolicy") or {}, {"Name": str, "MaximumRetryCount": int})
    name, count = policy.get("Name") or "", policy.get("MaximumRetryCount") or 0
    problem = ""
    if name not in RESTART_POLICIES:
        problem = ("unknown policy '%s'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'" % name)
    elif count and name != "on-failure":
        problem = "maximum retry count can only be used with 'on-failure'"
    elif count < 0:
        problem = "maximum retry count cannot be negative"
    if problem:
        raise PracticeRefusal(400, "invalid restart policy: " + problem)
    if policy:
        settings["RestartPolicy"] = {"Name": name, "MaximumRetryCount": count}
