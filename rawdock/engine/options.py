"""What `docker run`, `create` and `update` take, as one table: flag, kind, place in the JSON, help.

Strategy: a row says everything. Its form names the function that turns the option's value into JSON, and
container_request() merges all of these into the body of the request. A row is a flag of the command line
(see cli/flags), and a keyword of the library: `--volume` is `volume=` or `volumes=`. The grammars of single
values are in values, ports, mounts, networks and devices.

Only the options that were given are sent, and what is in ALWAYS_SENT; for all others the engine's own
default holds. Values are checked as far as the docker CLI checks them, and in its words: a value that the
flag itself does not take is an InvalidArgument, and what is found wrong later is a UsageError. The engine
checks the rest, and its message is shown. versions_needed() gives the API versions that the given options
need.
"""
import os
import re
import socket

from ..errors import UsageError, closest_word
from .devices import (parse_device, parse_gpus, parse_operation_rate, parse_rate, parse_ulimit,
                      parse_weight)
from .mounts import parse_mount, parse_volume
from .networks import network_settings, parse_network
from .ports import exposed_ports, is_ip_address, port_bindings
from .reference import DOMAIN_LABEL
from .values import duration_value, quoted, read_argument, read_integer, read_size

# Places: C. is the body's top level, H. its HostConfig, Q. a query parameter of create; "client": not sent,
# "several": see put_shared_options().
# @1.43 after the place: the first API version that has it. An older engine would drop it without a word.
# @windows: an engine for Windows has it.
#
# Kinds are those of flags: bool, on, either, text, int, list. After a colon: the form of the value in JSON.
# Then the type of the value, as the docker CLI's help calls it.
# Options are merged in the order of their rows: of two --env entries for a name the last one counts.
#
# ==== table begin: the options of run and create
#
# flag                     kind           value        place                       help
RUN_OPTIONS_TABLE = """
--add-host                 list:host      list         H.ExtraHosts                a line of /etc/hosts (HOST:IP)
--annotation               list:map       map          H.Annotations@1.43          metadata for the runtime (KEY=VALUE)
-a, --attach               list:stream    list         client                      attach to stdin, stdout or stderr
--blkio-weight             text:uint16    uint16       H.BlkioWeight               relative weight of its block I/O, 10 to 1000 (0: off)
--blkio-weight-device      list:weight    list         H.BlkioWeightDevice         that weight for a device (PATH:WEIGHT)
--cap-add                  list:caps      list         H.CapAdd                    add a Linux capability
--cap-drop                 list:caps      list         H.CapDrop                   drop a Linux capability
--cgroup-parent            text           string       H.CgroupParent              the parent of its cgroup
--cgroupns                 text:cgroupns  string       H.CgroupnsMode@1.41         cgroup namespace: host or private
--cidfile                  text           string       H.ContainerIDFile           a new file to write the container's id into
--cpu-count                int            int          H.CpuCount@windows          how many CPUs (Windows)
--cpu-percent              int            int          H.CpuPercent@windows        how many percent of them (Windows)
--cpu-period               int            int          H.CpuPeriod                 the CFS scheduler's period, in microseconds
--cpu-quota                int            int          H.CpuQuota                  CPU time in each period, in microseconds
--cpu-rt-period            int            int          H.CpuRealtimePeriod@1.25    the real-time scheduler's period, in microseconds
--cpu-rt-runtime           int            int          H.CpuRealtimeRuntime@1.25   real-time CPU time in each period, in microseconds
-c, --cpu-shares           int            int          H.CpuShares                 relative weight of its CPU time
--cpus                     text:cpus      decimal      H.NanoCpus@1.25             how many CPUs it may use (1.5)
--cpuset-cpus              text           string       H.CpusetCpus                which CPUs (0-3, 0,1)
--cpuset-mems              text           string       H.CpusetMems                which memory nodes (0-3, 0,1)
-d, --detach               bool           -            client                      run in the background and print the container's id
--detach-keys              text           string       client                      the keys that detach: ctrl-p,ctrl-q if not given
--device                   list:device    list         several                     a device of the host (PATH[:PATH][:rwm]), or one by its CDI name
--device-cgroup-rule       list:rule      list         H.DeviceCgroupRules@1.28    a rule for devices (c 1:3 rwm)
--device-read-bps          list:rate      list         H.BlkioDeviceReadBps        limit bytes a second from a device (PATH:1mb)
--device-read-iops         list:ops       list         H.BlkioDeviceReadIOps       limit reads a second from a device (PATH:100)
--device-write-bps         list:rate      list         H.BlkioDeviceWriteBps       limit bytes a second to a device (PATH:1mb)
--device-write-iops        list:ops       list         H.BlkioDeviceWriteIOps      limit writes a second to a device (PATH:100)
--disable-content-trust    either:trust   -            client                      images are not verified, in no case (default true)
--dns                      list:address   list         H.Dns                       a DNS server
--dns-option, --dns-opt    list           list         H.DnsOptions                a DNS option
--dns-search               list:domain    list         H.DnsSearch                 a DNS search domain
--domainname               text           string       C.Domainname                its NIS domain name
--entrypoint               text:entry     string       C.Entrypoint                a program in place of the image's entrypoint
--env-file                 list:envfile   list         C.Env                       environment variables from a file
-e, --env                  list:env       list         C.Env                       set an environment variable (NAME alone: the client's value)
--expose                   list:expose    list         C.ExposedPorts              declare a port on which it listens
--gpus                     list:gpus      gpu-request  H.DeviceRequests@1.40       GPUs: all, a number, or driver=…,device=…,capabilities=…
--group-add                list           list         H.GroupAdd                  an additional group of its user
--health-cmd               text:health    string       C.Healthcheck.Test          the command that checks its health
--health-interval          text:duration  duration     C.Healthcheck.Interval      time between two checks (30s)
--health-retries           int:positive   int          C.Healthcheck.Retries       how many failures make it unhealthy
--health-start-interval    text:duration  duration     C.Healthcheck.StartInterval@1.44  time between two checks while it starts
--health-start-period      text:duration  duration     C.Healthcheck.StartPeriod@1.29    how long failures do not count, while it starts
--health-timeout           text:duration  duration     C.Healthcheck.Timeout       how long one check may take
-h, --hostname             text           string       C.Hostname                  its host name
--init                     either         -            H.Init@1.25                 an init process that forwards signals and reaps processes
-i, --interactive          bool           -            client                      keep stdin open, and send our stdin to it
--io-maxbandwidth          text:size      bytes        H.IOMaximumBandwidth@windows  limit of the system drive's bytes a second (Windows)
--io-maxiops               text:uint64    uint         H.IOMaximumIOps@windows     limit of the system drive's operations a second (Windows)
--ip                       text           string       several                     its IPv4 address in the first network
--ip6                      text           string       several                     its IPv6 address in the first network
--ipc                      text           string       H.IpcMode                   IPC namespace
--isolation                text           string       H.Isolation                 isolation technology (Windows)
--kernel-memory            text:size      bytes        H.KernelMemory              limit of kernel memory (newer engines ignore it)
--label-file               list:labels    list         C.Labels                    metadata from a file
-l, --label                list:label     list         C.Labels                    metadata on the container (KEY=VALUE)
--link                     list:link      list         several                     a link to another container (NAME[:ALIAS])
--link-local-ip            list           list         several                     a link-local address in the first network
--log-driver               text           string       H.LogConfig.Type            the logging driver
--log-opt                  list:map       list         H.LogConfig.Config          an option of the logging driver
--mac-address              text           string       several                     its MAC address in the first network
-m, --memory               text:size      bytes        H.Memory                    memory limit (512m)
--memory-reservation       text:size      bytes        H.MemoryReservation         soft memory limit
--memory-swap              text:swap      bytes        H.MemorySwap                limit of memory and swap together (-1: no limit)
--memory-swappiness        int:percent    int          H.MemorySwappiness          how willingly its memory is swapped, 0 to 100 (default -1)
--mount                    list:mount     mount        H.Mounts@1.25               a mount: type=bind|volume|tmpfs|image,src=…,dst=…,readonly
--name                     text           string       Q.name                      the container's name
--network, --net           list:network   network      several                     bridge, host, none, container:NAME, a network, or name=…,alias=…,ip=…
--network-alias, --net-alias  list        list         several                     another name for it in the first network
--no-healthcheck           bool           -            several                     no health check, whatever the image says
--oom-kill-disable         bool           -            H.OomKillDisable            never kill it when memory runs out
--oom-score-adj            int            int          H.OomScoreAdj               -1000 to 1000
--pid                      text:pid       string       H.PidMode                   PID namespace
--pids-limit               int            int          H.PidsLimit                 how many processes (-1: no limit)
--platform                 text           string       Q.platform@1.32             the image's platform (OS[/ARCH])
--privileged               bool           -            H.Privileged                all capabilities, all devices
-p, --publish              list:publish   list         H.PortBindings              forward a port of the host ([[IP:]HOST:]PORT)
-P, --publish-all          bool           -            H.PublishAllPorts           publish every exposed port on a free port of the host
--pull                     text:pull      string       client                      pull the image: always, missing or never (default "missing")
-q, --quiet                bool           -            client                      no progress while pulling
--read-only                bool           -            H.ReadonlyRootfs            mount its root filesystem read-only
--restart                  text:restart   string       H.RestartPolicy             no, always, unless-stopped, on-failure[:N] (default "no")
--rm                       bool           -            H.AutoRemove@1.25           remove the container when it ends
--runtime                  text           string       H.Runtime                   the OCI runtime
--security-opt             list:secopt    list         H.SecurityOpt               a security option
--shm-size                 text:size      bytes        H.ShmSize                   size of /dev/shm
--sig-proxy                on             -            client                      pass signals to it (default true)
--stop-signal              text           string       C.StopSignal                the signal that stops it
--stop-timeout             int            int          C.StopTimeout@1.25          how many seconds stop waits before it kills the container
--storage-opt              list:storage   list         H.StorageOpt                an option of the storage driver (size=10G)
--sysctl                   list:sysctl    map          H.Sysctls                   a kernel parameter (KEY=VALUE)
--tmpfs                    list:tmpfs     list         H.Tmpfs                     a tmpfs mount (PATH[:OPTIONS])
-t, --tty                  bool           -            client                      a terminal
--ulimit                   list:ulimit    ulimit       H.Ulimits                   a limit of its processes (NAME=SOFT[:HARD])
--use-api-socket           bool           -            client                      mount the engine's socket at /var/run/docker.sock
-u, --user                 text           string       C.User                      who it runs as (USER[:GROUP])
--userns                   text:userns    string       H.UsernsMode                user namespace
--uts                      text:uts       string       H.UTSMode                   UTS namespace
-v, --volume               list:volume    list         several                     a directory of the host or a volume, mounted ([SOURCE:]PATH[:MODE])
--volume-driver            text           string       H.VolumeDriver              the volume driver
--volumes-from             list           list         H.VolumesFrom               the mounts of another container
-w, --workdir              text           string       C.WorkingDir                its working directory
"""
# ==== table end

# The forms that may be given as a dict, and what separates key and value on the wire.
PAIRED_FORMS = {"map": "=", "label": "=", "env": "=", "sysctl": "=", "storage": "=", "host": ":",
                "tmpfs": ":", "volume": ":"}
RECORD_FORMS = ("mount", "network", "gpus")   # of these a dict is one value
# The HostConfig that every create request has, as the docker CLI's has. Only what inspect would show
# otherwise (null in place of [] or {}, "" in place of "no") is here; the rest that the docker CLI sends are
# the engine's defaults. Not so on podman: docker's PidsLimit 0 would lift the limit that podman sets.
ALWAYS_SENT = """{"RestartPolicy": {"Name": "no", "MaximumRetryCount": 0}, "PortBindings": {}, "Dns": [],
    "DnsOptions": [], "DnsSearch": [], "Devices": [], "Ulimits": [], "BlkioWeightDevice": [],
    "BlkioDeviceReadBps": [], "BlkioDeviceWriteBps": [], "BlkioDeviceReadIOps": [],
    "BlkioDeviceWriteIOps": []}"""
# What the text of a value must match, and what is said of another; {0} is it, {1} what is before its "=".
VALUE_PATTERNS = {
    "domain": [(r"\s*(?:\.|(?=.*[a-zA-Z])(?:%s\.)*%s\.?)\s*" % (DOMAIN_LABEL, DOMAIN_LABEL),
                "{0} is not a valid domain")],
    "env": [("[^=].*", "invalid environment variable: {0}")],
    "label": [("[^=].*", "invalid label '{0}': empty name"),
              (r"[^=\s]+(?:=.*)?", "label '{1}' contains whitespaces")],
    "link": [(".+", "empty string specified for links"), ("[^:]*:?[^:]*", "bad format for links: {0}")],
    "rule": [(r"[acb] (?:[0-9]+|\*):(?:[0-9]+|\*) [rwm]{1,3}", "invalid device cgroup format '{0}'")],
    "stream": [("(?i)std(?:in|out|err)", "valid streams are STDIN, STDOUT and STDERR")],
    "sysctl": [(r"(?:net\.[^=]*|fs\.mqueue\.[^=]*"
                r"|kernel\.(?:msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced))=.*",
                "sysctl '{0}' is not allowed")]}
# Likewise for what the docker CLI checks when it has read all flags.
OPTION_PATTERNS = {
    "pid": [("(?:host|container:.+)?", "--pid: invalid PID mode")],
    "uts": [("(?:host)?", "--uts: invalid UTS mode")],
    "userns": [("(?:host)?", "--userns: invalid USER mode")],
    "cgroupns": [("(?:host|private)?", "--cgroupns: invalid CGROUP mode")],
    "pull": [("(?:always|missing|never)?",
              'invalid pull option: \'{0}\': must be one of "always", "missing" or "never"')],
    "restart": [("(?!:).*", "invalid restart policy format: no policy provided before colon"),
                ("[^:]*(?::(?:[+-]?[0-9]{1,18})?)?",
                 "invalid restart policy format: maximum retry count must be an integer")],
    "storage": [("[^=]*=.*", "invalid storage option")]}
# What the values of a kind are in Python.
KIND_TYPES = {"list": "a str or a list of str", "bool": "True or False", "on": "True or False",
              "either": "True or False", "int": "a whole number", "text": "a str"}
# Options of run that create does not take: it never attaches.
RUN_ONLY_OPTIONS = ("detach", "detach_keys", "sig_proxy")
# Options of update, and the API versions that it needs for them where they are others than create's.
UPDATE_OPTIONS = ("blkio_weight cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus "
                  "cpuset_cpus cpuset_mems kernel_memory memory memory_reservation memory_swap pids_limit "
                  "restart").split()
UPDATE_VERSIONS = {"cpus": "1.29", "pids_limit": "1.40"}


class RunOption:
    """A row of the table.

    `keyword` ("volume"), `flag` ("--volume"), `flags` ("-v, --volume"), `kind`, `form`, `place`, `since`.
    """

    __slots__ = ("keyword", "flag", "flags", "kind", "form", "place", "since")

    def __init__(self, row):
        spellings, kind, _, place, _ = re.split(r"\s{2,}", row.strip())
        self.kind, _, form = kind.partition(":")
        self.form = form or self.kind
        self.place, _, self.since = place.partition("@")
        self.flag = re.search("--[a-z0-9-]+", spellings).group()
        self.flags = spellings[:spellings.index(self.flag)] + self.flag
        self.keyword = self.flag[2:].replace("-", "_")


def run_options():
    """All rows, in order."""
    return [RunOption(row) for row in RUN_OPTIONS_TABLE.strip().split("\n")]


def option_flag_table(without=(), only=None):
    """RUN_OPTIONS_TABLE, which is a flag table too (see cli/flags), less the keywords in `without`.

    Or `only` the keywords in that list.
    """
    rows = [(RunOption(row).keyword, row) for row in RUN_OPTIONS_TABLE.strip().split("\n")]
    return "\n".join(row for keyword, row in rows if keyword not in without and (not only or keyword in only))


# What docker-py calls an option, and what it is here.
DOCKER_PY_OPTIONS = {
    "auto_remove": "rm", "environment": "env", "extra_hosts": "add_host", "mem_limit": "memory",
    "nano_cpus": "cpus", "network_mode": "network", "ports": "publish", "remove": "rm",
    "restart_policy": "restart", "stdin_open": "interactive", "working_dir": "workdir",
}


def given_rows(options):
    """[(RunOption, value), …] of a dict of keyword to value, in the order of the table.

    A keyword may have a plural "s". None counts as not given, and so does False, unless the row's kind is
    "on" or "either".
    """
    left, given = dict(options or {}), []
    for option in run_options():
        for keyword in (option.keyword, option.keyword + "s"):
            value = left.pop(keyword, None)
            if value is not None and (value is not False or option.kind in ("on", "either")):
                given.append((option, value))
    for keyword in left:
        known = sorted(option.keyword for option in run_options())
        near = DOCKER_PY_OPTIONS.get(keyword) or closest_word(keyword, known)
        raise UsageError("there is no option %r%s" % (keyword, ", did you mean %s?" % near if near else ""),
                         "the options are %s" % ", ".join(known))
    return given


def versions_needed(options, without=()):
    """[("--annotation", "1.43"), …]: flags of `options` that need an API version, or an engine for "windows".

    `without` are keywords that are left out.
    """
    return [(option.flag, option.since) for option, _ in given_rows(options)
            if option.since and option.keyword not in without]


def is_word(value):
    """Whether `value` is a str, a number or a path, whose str() is what the caller means. A bool is not."""
    return isinstance(value, (str, int, float, os.PathLike)) and not isinstance(value, bool)


def checked_option_value(option, value):
    """The caller's `value` in the Python type that the row's kind has. UsageError if it has no such type."""
    number = isinstance(value, int) and not isinstance(value, bool)
    if option.kind == "list":
        if isinstance(value, dict) and option.form in PAIRED_FORMS:
            value = ["%s%s%s" % (name, PAIRED_FORMS[option.form], text) if is_word(text) else None
                     for name, text in value.items()]
        values = list(value) if isinstance(value, (list, tuple)) else [value]
        if option.form in RECORD_FORMS:
            values = [record_text(item) if isinstance(item, dict) else item for item in values]
        if all(isinstance(item, (str, int)) and not isinstance(item, bool) for item in values):
            return [str(item) for item in values]
    elif option.kind in ("bool", "on", "either"):
        if isinstance(value, bool):
            return value
    elif option.kind == "int":
        if number or isinstance(value, str) and re.fullmatch("[+-]?[0-9]{1,19}", value):
            return int(value)
    elif option.form == "entry" and isinstance(value, (list, tuple)):
        if all(isinstance(item, str) for item in value):
            return list(value)
    elif isinstance(value, str) or number or option.form == "cpus" and isinstance(value, float):
        return str(value)
    raise UsageError("%s takes %s, not %r" % (option.flag, KIND_TYPES[option.kind], value))


def record_text(pairs):
    """A dict as comma-separated fields: {"src": "a", "ro": True} → "src=a","ro=True"."""
    if not all(isinstance(part, (str, int)) for pair in pairs.items() for part in pair):
        raise UsageError("%r has values that are neither a str nor a number" % (pairs,))
    return ",".join('"%s=%s"' % (key, str(value).replace('"', '""')) for key, value in pairs.items())


# -- readers of one value (str): it is returned as it is to be sent. UsageError if the flag does not take it.

def read_cpus(text):
    """ "1.5" or "3/2" → billionths of a CPU (int)."""
    from fractions import Fraction
    decimal = r"[+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:[eE][+-]?[0-9]{1,2})?"
    try:
        if not re.fullmatch(decimal + "|[+-]?[0-9]{1,20}/[0-9]{1,20}", text, re.ASCII):
            raise ValueError(text)
        nano = Fraction(text) * 10 ** 9
    except (ValueError, ZeroDivisionError):
        raise UsageError("failed to parse %s as a rational number" % text) from None
    if nano.denominator != 1 or abs(nano) >= 1 << 63:
        raise UsageError("value is too precise" if nano.denominator != 1 else "value is out of range")
    return int(nano)


def read_address(text):
    """An IP address in its canonical form."""
    address = text.strip()
    if not is_ip_address(address):
        raise UsageError("IP address is not correctly formatted: " + text)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    canonical = socket.inet_ntop(family, socket.inet_pton(family, address))
    return canonical[7:] if re.match("::ffff:[0-9]+[.]", canonical) else canonical


def read_host(text):
    """ "NAME:IP" or "NAME=IP" → "NAME:IP"."""
    host, separator, address = text.partition("=" if "=" in text else ":")
    if not separator or not host or ":" in host:
        raise UsageError("bad format for add-host: " + quoted(text), "write HOST:IP, or HOST:host-gateway")
    if len(address) > 2 and address[0] == "[" and address[-1] == "]":
        address = address[1:-1]
    if address != "host-gateway" and not is_ip_address(address.strip()):
        raise UsageError("invalid IP address in add-host: " + quoted(address))
    return "%s:%s" % (host, address)


# The function of each form. A value of a form without one is taken as it is.
VALUE_READERS = {
    "uint16": lambda text: read_integer(text, 0, 16, signed=False),
    "uint64": lambda text: read_integer(text, 0, 64, signed=False),
    "size": read_size, "swap": lambda text: -1 if text == "-1" else read_size(text), "cpus": read_cpus,
    "duration": duration_value, "address": read_address, "stream": str.lower,
    "domain": lambda text: text.strip().rstrip(".") or ".", "host": read_host, "mount": parse_mount,
    "network": parse_network, "gpus": parse_gpus, "rate": parse_rate, "ops": parse_operation_rate,
    "weight": parse_weight, "ulimit": parse_ulimit}


def require_patterns(patterns, text):
    """UsageError unless `text` (str) matches all `patterns`, [(pattern, message), …]."""
    for pattern, message in patterns:
        if not re.fullmatch(pattern, text, re.ASCII | re.DOTALL):
            raise UsageError(message.format(text, text.partition("=")[0]))


def read_option_value(option, text):
    """The value of an option's flag, a str, in JSON. InvalidArgument if the flag does not take it."""
    def read(text):
        require_patterns(VALUE_PATTERNS.get(option.form, ()), text)
        return VALUE_READERS.get(option.form, str)(text)

    return read_argument(read, text, option.flags) if isinstance(text, str) else text


# -- what is checked later: (option, value) → the JSON at the option's place, None for nothing. The value of a
# list option is a list.

def restart_policy(option, text):
    name, _, count = text.partition(":")
    return {"Name": name, "MaximumRetryCount": int(count or 0)}


def positive_number(option, number):
    """A number, or None for 0."""
    if number < 0:
        raise UsageError("%s cannot be negative" % option.flag)
    return number or None


def swappiness(option, number):
    if not -1 <= number <= 100:
        raise UsageError("invalid value: %d. Valid memory swappiness range is 0-100" % number)
    return None if number == -1 else number


def content_trust(option, disabled):
    if not disabled:
        raise UsageError("--disable-content-trust=false: the signatures of images are not verified here")


def environment_entries(items):
    """The entries (list of str) for --env values; of those with one name the last, in the first's place.

    NAME=VALUE stays as it is; NAME alone takes this process's value, or asks the engine to unset it.
    """
    entries = {}
    for item in items:
        name, equals, _ = item.partition("=")
        value = None if equals else client_variable(name)
        entries[name] = item if value is None else "%s=%s" % (name, value)
    return list(entries.values())


def flag_environment_entries(flags, items):
    """environment_entries() of a flag's values. InvalidArgument about `flags` ("-e, --env") for no NAME."""
    for item in items:
        read_argument(lambda text: require_patterns(VALUE_PATTERNS["env"], text), item, flags)
    return environment_entries(items)


def client_variable(name):
    """The value of the environment variable `name` in this process, None without one."""
    try:
        return os.environ.get(name)
    except UnicodeEncodeError:   # no system can have such a name
        return None


def read_option_file(path, opening, reading):
    """The text (str) of the UTF-8 file at `path`. UsageError if it cannot be opened, or read.

    `opening` and `reading` are what the message begins with then.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="\n") as file:
            return file.read()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        opened = isinstance(error, (IsADirectoryError, UnicodeError))
        raise UsageError("%s %s: %s" % (reading + "read" if opened else opening + "open", path,
                                        reason[:1].lower() + reason[1:])) from None


def read_env_file(path, variable=client_variable):
    """The entries of an --env-file: UTF-8, a NAME=VALUE a line, no quoting, # begins a comment line.

    A NAME alone has the value variable(NAME), and is left out if that is None.
    """
    entries = []
    for line in read_option_file(path, "", "invalid env file (%s): " % path).split("\n"):
        line = line.lstrip().rstrip("\r")
        if not line or line.startswith("#"):
            continue
        name, equals, _ = line.partition("=")
        if not name or re.search(r"\s", name):
            wrong = "variable '%s' contains whitespaces" if name else "no variable name on line '%s'"
            raise UsageError("invalid env file (%s): %s" % (path, wrong % (name or line)))
        if equals:
            entries.append(line)
        elif variable(name) is not None:
            entries.append("%s=%s" % (name, variable(name)))
    return entries


def file_labels(option, paths):
    entries = [entry for path in paths for entry in read_env_file(path, lambda name: None)]
    return dict(entry.partition("=")[::2] for entry in entries)


def capability_entries(option, values):
    names = [name.upper() for name in values]
    return sorted({name if name == "ALL" or name.startswith("CAP_") else "CAP_" + name for name in names})


def security_entries(option, values):
    """A seccomp profile is sent as the text of its file."""
    entries = []
    for item in values:
        name, _, value = item.partition("=" if "=" in item else ":")
        if not value and name != "no-new-privileges":
            raise UsageError("Invalid --security-opt: " + quoted(item))
        if name == "seccomp" and value not in ("unconfined", "builtin"):
            item = "seccomp=" + compact_profile(value)
        entries.append(item)
    return entries


def compact_profile(path):
    """The JSON in the file at `path`, without blanks."""
    import json
    failed = "opening seccomp profile (%s) failed: " % path
    text = read_option_file(path, failed, failed)
    try:
        return json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)
    except (ValueError, RecursionError) as error:
        raise UsageError("compacting json for seccomp profile (%s) failed: %s" % (path, error)) from None


def key_value_object(option, values):
    return dict(item.partition(PAIRED_FORMS[option.form])[::2] for item in values)


def sorted_limits(option, limits):
    """The Ulimits by name; of two with one name the last."""
    return [limit for _, limit in sorted({limit["Name"]: limit for limit in limits}.items())]


# The function of each form; a value of any other form is sent as it is.
OPTION_FORMS = {
    "restart": restart_policy, "duration": positive_number, "positive": positive_number,
    "percent": swappiness,
    "trust": content_trust, "caps": capability_entries, "secopt": security_entries, "labels": file_labels,
    "map": key_value_object, "label": key_value_object, "sysctl": key_value_object, "tmpfs": key_value_object,
    "storage": key_value_object, "ulimit": sorted_limits, "expose": exposed_ports, "publish": port_bindings,
    "health": lambda option, text: ["CMD-SHELL", text] if text else None,
    "entry": lambda option, value: [value] if isinstance(value, str) else value,
    "env": lambda option, values: environment_entries(values),
    "envfile": lambda option, values: [entry for path in values for entry in read_env_file(path)]}


# -- the request

def merge_option(target, place, value):
    """Put `value` at `place` ("LogConfig.Type") in the dict `target`; a list or an object adds to it."""
    outer, _, key = place.rpartition(".")
    if value is None:
        return
    if outer:
        target = target.setdefault(outer, {})
    if isinstance(value, list):
        target.setdefault(key, []).extend(value)
    elif isinstance(value, dict):
        target.setdefault(key, {}).update(value)
    else:
        target[key] = value


def merge_options(options, roots):
    """Put the JSON of all `options` at their places in `roots`, {"H": …} (dicts)."""
    for option, value in given_rows(options):
        value = checked_option_value(option, value)
        texts = value if isinstance(value, list) else [value]
        for text in texts if option.form in OPTION_PATTERNS else ():
            require_patterns(OPTION_PATTERNS[option.form], text)
        values = [read_option_value(option, text) for text in texts]
        value = values if isinstance(value, list) else values[0]
        if option.form in OPTION_FORMS:
            value = OPTION_FORMS[option.form](option, value)
        root, _, place = option.place.partition(".")
        merge_option(roots[root], place or option.keyword, value)


def put_shared_options(body, several):
    """Put the options that have several places in the request's `body`, {keyword: value}, there."""
    host = body["HostConfig"]
    if host["PortBindings"]:
        body.setdefault("ExposedPorts", {}).update({port: {} for port in host["PortBindings"]})
    for text in dict.fromkeys(several.get("volume", ())):
        bind = parse_volume(text)
        if bind is None:
            body.setdefault("Volumes", {})[text] = {}
        else:
            host.setdefault("Binds", []).append(bind)
    devices = [parse_device(text) for text in several.get("device", ())]
    host["Devices"] = [device for device in devices if "DeviceIDs" not in device]
    names = [name for device in devices for name in device.get("DeviceIDs", ())]
    if names:
        host.setdefault("DeviceRequests", []).append({"Driver": "cdi", "DeviceIDs": names})
    if several.get("link"):
        host["Links"] = several["link"]
    mode, endpoints = network_settings(several.get("network"), several)
    if mode is not None:
        host["NetworkMode"] = mode
    if endpoints:
        body["NetworkingConfig"] = {"EndpointsConfig": endpoints}
    if several.get("no_healthcheck"):
        if "Healthcheck" in body:
            raise UsageError("--no-healthcheck conflicts with --health-* options")
        body["Healthcheck"] = {"Test": ["NONE"]}
    if "LogConfig" in host:
        host["LogConfig"].setdefault("Config", {})   # inspect would show null
    if "systempaths=unconfined" in host.get("SecurityOpt", ()):
        host["SecurityOpt"].remove("systempaths=unconfined")
        host["MaskedPaths"], host["ReadonlyPaths"] = [], []


def check_conflicts(body, client):
    """UsageError, in the docker CLI's words, if options contradict each other."""
    host = body["HostConfig"]
    if "AutoRemove" in host and host["RestartPolicy"]["Name"] not in ("no", ""):
        raise UsageError("conflicting options: cannot specify both --restart and --rm",
                         "a container that is removed cannot be restarted")
    log = host.get("LogConfig", {})
    if log.get("Type") == "none" and log.get("Config"):
        raise UsageError("invalid logging opts for driver none", "the driver none takes no options")
    if client.get("attach") and client.get("detach"):
        raise UsageError("conflicting options: cannot specify both --attach and --detach")


def checked_command(command):
    """`command` (a list or tuple of str, numbers or paths) as a list of str. UsageError for anything else."""
    words = list(command) if isinstance(command, (list, tuple)) else [None]
    if not all(map(is_word, words)):
        raise UsageError("the command is a list of str, not %r" % (command,), "write [\"echo\", \"hello\"]")
    return [str(word) for word in words]


def container_request(image, command=(), options=None):
    """(query, body, client) for container_create.

    `image` str, `command` list of str, `options` a dict of keyword to value: str, int, bool, or for a
    repeated option a str or a list of str. Values of None and False count as not given.
    `client` has the options that are not sent. UsageError names the option that is wrong.

    >>> options = {"volumes": ["/some/dir:/data"]}
    >>> query, body, client = container_request("redis:2.8", ["redis-server"], options)
    >>> body["Cmd"], body["HostConfig"]["Binds"]
    (['redis-server'], ['/some/dir:/data'])
    """
    if not isinstance(image, str):
        raise UsageError("the image's name is a str, not %r" % (image,))
    import json
    query, client, host = {}, {}, json.loads(ALWAYS_SENT)
    body = {"Image": image, "Cmd": checked_command(command), "HostConfig": host}
    if not body["Cmd"]:
        del body["Cmd"]
    several = {}
    merge_options(options, {"C": body, "H": host, "Q": query, "client": client, "several": several})
    put_shared_options(body, several)
    check_conflicts(body, client)
    return query, body, client


def update_request(options):
    """(body, versions needed) for container_update: the limits of `options`, and its RestartPolicy."""
    body = {}
    merge_options(options, {"H": body})
    if body.get("PidsLimit") == 0:   # as the docker CLI sends it; 0 itself would take the limit away
        body["PidsLimit"] = None
    versions = [(option.flag, UPDATE_VERSIONS.get(option.keyword, option.since))
                for option, _ in given_rows(options)]
    return body, [(flag, since) for flag, since in versions if since]
