"""What `docker run` and `docker create` take, as one table: flag, kind, place in the JSON, help.

Strategy: a row says everything. Its form names the function that turns the option's value into JSON, and
container_request() merges all of these into the body of the request. A row is a flag of the command line
(see cli/flags), and a keyword of the library: `--volume` is `volume=` or `volumes=`.

Only the options that were given are sent, and what is in ALWAYS_SENT; for all others the engine's own
default holds. Values are checked here as far as the docker CLI checks them; the engine checks the rest, and
its message is shown. versions_needed() gives the API versions that the given options need.
"""
import os
import re
import socket

from ..errors import UsageError

# Places: C. is the body's top level, H. its HostConfig, Q. a query parameter of create; "client": not sent.
# @1.43 after the place: the first API version that has it. An older engine would drop it without a word.
#
# Kinds are those of flags: bool, on, text, int, list. After a colon: the form that the value has in JSON.
# Options are merged in the order of their rows: of two --env entries for a name the last one counts.
#
# ==== table begin: the options of run and create
#
# flag                kind          value                  place                help
RUN_OPTIONS_TABLE = """
--add-host            list:hosts    HOST:IP                H.ExtraHosts         add a line to /etc/hosts
--annotation          list:map      KEY=VALUE              H.Annotations@1.43   metadata for the runtime
--cap-add             list:caps     CAPABILITY             H.CapAdd             add a Linux capability
--cap-drop            list:caps     CAPABILITY             H.CapDrop            drop a Linux capability
--cgroup-parent       text          CGROUP                 H.CgroupParent       the parent of its cgroup
-c, --cpu-shares      int           SHARES                 H.CpuShares          relative weight of its CPU time
--cpus                text:cpus     NUMBER                 H.NanoCpus@1.25      how many CPUs it may use
--cpuset-cpus         text          LIST                   H.CpusetCpus         which CPUs (0-3, 0,1)
-d, --detach          bool          -                      client               run in the background and print the container's id
--detach-keys         text          KEYS                   client               the keys that detach: ctrl-p,ctrl-q if not given
--dns                 list:addrs    ADDRESS                H.Dns                a DNS server
--dns-option          list          OPTION                 H.DnsOptions         a DNS option
--dns-search          list          DOMAIN                 H.DnsSearch          a DNS search domain
--domainname          text          NAME                   C.Domainname         its NIS domain name
--entrypoint          text:entry    COMMAND                C.Entrypoint         a program in place of the image's entrypoint
--env-file            list:envfile  FILE                   C.Env                environment variables from a file
-e, --env             list:env      NAME=VALUE             C.Env                set an environment variable (NAME alone: the client's value)
--expose              list:expose   PORT                   C.ExposedPorts       declare a port on which it listens
--group-add           list          GROUP                  H.GroupAdd           an additional group of its user
-h, --hostname        text          NAME                   C.Hostname           its host name
--init                bool          -                      H.Init@1.25          an init process that forwards signals and reaps processes
-i, --interactive     bool          -                      client               keep stdin open, and send our stdin to it
--ipc                 text          MODE                   H.IpcMode            IPC namespace
-l, --label           list:map      KEY=VALUE              C.Labels             metadata on the container
--log-driver          text          NAME                   H.LogConfig.Type     the logging driver
--log-opt             list:map      KEY=VALUE              H.LogConfig.Config   an option of the logging driver
-m, --memory          text:size     BYTES                  H.Memory             memory limit (512m)
--memory-reservation  text:size     BYTES                  H.MemoryReservation  soft memory limit
--memory-swap         text:swap     BYTES                  H.MemorySwap         limit of memory and swap together (-1: no limit)
--name                text          NAME                   Q.name               the container's name
--network, --net      text:network  NETWORK                H.NetworkMode        bridge, host, none, container:NAME or a network's name
--oom-kill-disable    bool          -                      H.OomKillDisable     never kill it when memory runs out
--oom-score-adj       int           SCORE                  H.OomScoreAdj        -1000 to 1000
--pid                 text:pid      MODE                   H.PidMode            PID namespace
--pids-limit          int           NUMBER                 H.PidsLimit          how many processes (-1: no limit)
--platform            text          OS[/ARCH]              Q.platform@1.32      the image's platform
--privileged          bool          -                      H.Privileged         all capabilities, all devices
-p, --publish         list:publish  [[IP:]HOST:]PORT       H.PortBindings       forward a port of the host to one of the container
-P, --publish-all     bool          -                      H.PublishAllPorts    publish every exposed port on a free port of the host
--pull                text:pull     WHEN                   client               pull the image: always, missing (the default) or never
-q, --quiet           bool          -                      client               no progress while pulling
--read-only           bool          -                      H.ReadonlyRootfs     mount its root filesystem read-only
--restart             text:restart  POLICY                 H.RestartPolicy      no, always, unless-stopped, on-failure[:N]
--rm                  bool          -                      H.AutoRemove@1.25    remove the container when it ends
--runtime             text          NAME                   H.Runtime            the OCI runtime
--security-opt        list:secopt   OPTION                 H.SecurityOpt        a security option
--shm-size            text:size     BYTES                  H.ShmSize            size of /dev/shm
--sig-proxy           on            -                      client               pass signals to it (the default; =false: do not)
--stop-signal         text          SIGNAL                 C.StopSignal         the signal that stops it
--stop-timeout        int           SECONDS                C.StopTimeout@1.25   how long stop waits before it kills the container
--sysctl              list:sysctl   KEY=VALUE              H.Sysctls            a kernel parameter
--tmpfs               list:tmpfs    PATH[:OPTIONS]         H.Tmpfs              a tmpfs mount
-t, --tty             bool          -                      client               a terminal
-u, --user            text          USER[:GROUP]           C.User               who it runs as
--userns              text:mode     MODE                   H.UsernsMode         user namespace
--uts                 text:mode     MODE                   H.UTSMode            UTS namespace
-v, --volume          list:volume   [SOURCE:]PATH[:MODE]   H.Binds              a directory of the host or a volume, mounted
--volume-driver       text          NAME                   H.VolumeDriver       the volume driver
--volumes-from        list          CONTAINER              H.VolumesFrom        the mounts of another container
-w, --workdir         text          DIRECTORY              C.WorkingDir         its working directory
"""
# ==== table end

# The forms that may be given as a dict, and what separates key and value on the wire.
PAIRED_FORMS = {"map": "=", "env": "=", "sysctl": "=", "hosts": ":", "tmpfs": ":", "volume": ":"}
SIZE_PATTERN = r"(?i)([0-9]{1,19}(?:\.[0-9]{0,9})?|\.[0-9]{1,9}) ?(?:b|[kmgtp](?:i?b)?)?"
# The pattern of each value of a form, and what an error says to write.
OPTION_PATTERNS = {
    "cpus": (r"(?=\.?[0-9])[0-9]{0,6}(?:\.[0-9]{0,9})?", "a number such as 1.5, with nine decimals at most"),
    "map": ("[^=].*", "KEY=VALUE"),
    "mode": ("(?:host)?", "host, or leave it out"),
    "network": ("[^=]+", "bridge, host, none, container:NAME or a network's name"),
    "pid": ("(?:host|container:.+)?", "host or container:NAME, or leave it out"),
    "pull": ("always|missing|never", "always, missing or never"),
    "restart": ("(?:no|always|unless-stopped|on-failure(?::[0-9]{0,9})?)?",
                "no, always, unless-stopped, on-failure or on-failure:N"),
    "size": (SIZE_PATTERN, "a number and b, k, m or g, as in 512m"),
    "swap": (SIZE_PATTERN + "|-1", "a number and b, k, m or g, as in 512m, or -1"),
    "sysctl": (r"(?:net\.[^=]*|fs\.mqueue\.[^=]*"
               r"|kernel\.(?:msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced))=.*",
               "KEY=VALUE, where KEY is net.*, fs.mqueue.* or one of the IPC part of kernel.*"),
    "volume": ("[^:]+(?::[^:]+){0,2}", "SOURCE:PATH, SOURCE:PATH:MODE or PATH")}
MAX_SIZE = (1 << 63) - 1       # the engine's int64
# The HostConfig that every create request has, as the docker CLI's has. Only what inspect would show
# otherwise (null in place of [] or {}, "" in place of "no") is here; the rest that the docker CLI sends are
# the engine's defaults. Not so on podman: docker's PidsLimit 0 would lift the limit that podman sets.
ALWAYS_SENT = """{"RestartPolicy": {"Name": "no", "MaximumRetryCount": 0}, "PortBindings": {}, "Dns": [],
    "DnsOptions": [], "DnsSearch": [], "Devices": [], "Ulimits": [], "BlkioWeightDevice": [],
    "BlkioDeviceReadBps": [], "BlkioDeviceWriteBps": [], "BlkioDeviceReadIOps": [],
    "BlkioDeviceWriteIOps": []}"""
# What the values of a kind are in Python.
KIND_TYPES = {"list": "a str or a list of str", "bool": "True or False", "on": "True or False",
              "int": "a whole number", "text": "a str"}
# Options of run that create does not take: it never attaches.
RUN_ONLY_OPTIONS = ("detach", "detach_keys", "sig_proxy")


class RunOption:
    """A row of the table.

    `keyword` ("volume"), `flag` ("--volume"), `flags` ("-v, --volume"), `kind`, `form`, `place`, `since`.
    """

    __slots__ = ("keyword", "flag", "flags", "kind", "form", "place", "since")

    def __init__(self, row):
        self.flags, kind, _, place, _ = re.split(r"\s{2,}", row.strip())
        self.kind, _, form = kind.partition(":")
        self.form = form or self.kind
        self.place, _, self.since = place.partition("@")
        self.flag = re.search("--[a-z-]+", self.flags).group()
        self.keyword = self.flag[2:].replace("-", "_")


def run_options():
    """All rows, in order."""
    return [RunOption(row) for row in RUN_OPTIONS_TABLE.strip().split("\n")]


def option_flag_table(without):
    """RUN_OPTIONS_TABLE, which is a flag table too (see cli/flags), less the keywords in `without`."""
    rows = RUN_OPTIONS_TABLE.strip().split("\n")
    return "\n".join(row for row in rows if RunOption(row).keyword not in without)


def given_rows(options):
    """[(RunOption, value), …] of a dict of keyword to value, in the order of the table.

    A keyword may have a plural "s". None and False count as not given, but for a row of kind "on".
    """
    left, given = dict(options or {}), []
    for option in run_options():
        for keyword in (option.keyword, option.keyword + "s"):
            value = left.pop(keyword, None)
            if value is not None and (value is not False or option.kind == "on"):
                given.append((option, value))
    for keyword in left:
        known = sorted(option.keyword for option in run_options())
        raise UsageError("there is no option %r" % keyword, "the options are %s" % ", ".join(known))
    return given


def versions_needed(options, without=()):
    """[("annotation", "1.43"), …]: flags in `options` that need an API version, less those in `without`."""
    return [(option.flag[2:], option.since) for option, _ in given_rows(options)
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
        if all(isinstance(item, (str, int)) and not isinstance(item, bool) for item in values):
            return [str(item) for item in values]
    elif option.kind in ("bool", "on"):
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


# -- forms: (option, value) → the JSON at the option's place. The value of a list option is a list of str.

def require_pattern(option, value):
    """UsageError unless `value`, or each of a list, matches the pattern of the option's form."""
    pattern, form = OPTION_PATTERNS[option.form]
    for text in value if isinstance(value, list) else [value]:
        if not re.fullmatch(pattern, text, re.ASCII | re.DOTALL):
            raise UsageError("%s %s: not a valid value" % (option.flag, text or "''"), "write " + form)


def size_in_bytes(option, value):
    """ "512m" → bytes (int): b, k, m, g, t, p are powers of 1024. -1 is no limit."""
    if value == "-1":
        return -1
    number, unit = re.fullmatch("([0-9.]+) ?(.?).*", value.lower()).groups()
    size = int(float(number) * 1024 ** "bkmgtp".index(unit or "b"))
    if size > MAX_SIZE:
        raise UsageError("%s %s: more than %d bytes" % (option.flag, value, MAX_SIZE))
    return size


def nano_cpus(option, value):
    """ "1.5" → billionths of a CPU (int)."""
    whole, _, fraction = value.partition(".")
    return int(whole or 0) * 10 ** 9 + int(fraction.ljust(9, "0"))


def restart_policy(option, text):
    name, _, count = text.partition(":")
    return {"Name": name, "MaximumRetryCount": int(count or 0)}


def environment_entries(items):
    """The entries (list of str) for --env values; of those with one name the last, in the first's place.

    NAME=VALUE stays as it is; NAME alone takes this process's value, or asks the engine to unset it.
    """
    entries = {}
    for item in items:
        name, equals, _ = item.partition("=")
        if not name:
            raise UsageError("--env %r has no name" % item, "write NAME=VALUE")
        value = None if equals else client_variable(name)
        entries[name] = item if value is None else "%s=%s" % (name, value)
    return list(entries.values())


def client_variable(name):
    """The value of the environment variable `name` in this process, None without one."""
    try:
        return os.environ.get(name)
    except UnicodeEncodeError:   # no system can have such a name
        return None


def read_option_file(what, path, read):
    """read(file) of the UTF-8 text file at `path`. UsageError, about `what` (str), if it cannot be read."""
    try:
        with open(path, encoding="utf-8-sig", newline="\n") as file:
            return read(file)
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError("%s cannot be read: %s" % (what, getattr(error, "strerror", None) or error))


def read_env_file(path):
    """The entries of an --env-file: UTF-8, a NAME=VALUE a line, no quoting, # begins a comment line."""
    text = read_option_file("--env-file %s" % path, path, lambda file: file.read())
    entries = []
    for number, line in enumerate(text.split("\n"), 1):
        line = line.lstrip().rstrip("\r")
        if not line or line.startswith("#"):
            continue
        name, equals, _ = line.partition("=")
        if not name or re.search(r"\s", name):
            raise UsageError("%s, line %d: %r is not a variable name" % (path, number, name),
                             "write NAME=VALUE")
        if equals:
            entries.append(line)
        elif client_variable(name) is not None:
            entries.append("%s=%s" % (name, client_variable(name)))
    return entries


def is_ip_address(text):
    try:
        return bool(socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text))
    except (OSError, ValueError):   # ValueError: NUL, or a character that UTF-8 has not
        return False


def address_entries(option, values):
    for item in values:
        if not is_ip_address(item):
            raise UsageError("%s %s: not an IP address" % (option.flag, item))
    return values


def host_entries(option, values):
    entries = []
    for item in values:
        host, _, address = item.partition("=" if "=" in item else ":")
        address = address[1:-1] if address[:1] == "[" and address[-1:] == "]" else address
        if not host or address != "host-gateway" and not is_ip_address(address):
            raise UsageError("bad format for --add-host: %r" % item, "write HOST:IP, or HOST:host-gateway")
        entries.append("%s:%s" % (host, address))
    return entries


def capability_entries(option, values):
    names = [name.upper() for name in values]
    return sorted({name if name == "ALL" or name.startswith("CAP_") else "CAP_" + name for name in names})


def security_entries(option, values):
    """A seccomp profile is sent as the text of its file."""
    entries = []
    for item in values:
        name, _, value = item.partition("=" if "=" in item else ":")
        if name == "seccomp" and value not in ("unconfined", "builtin"):
            import json
            profile = read_option_file("--security-opt %s: the profile" % item, value, json.load)
            item = "seccomp=" + json.dumps(profile, separators=(",", ":"))
        entries.append(item)
    return entries


def volume_entries(option, values):
    """SOURCE:PATH[:MODE] is a bind or a named volume, PATH alone an anonymous volume."""
    entries = []
    for value in values:
        fields = value.split(":")
        if len(fields) > 1 and fields[0].startswith("."):
            fields[0] = os.path.abspath(fields[0])   # the engine has another working directory
        entries.append(":".join(fields))
    return list(dict.fromkeys(entries))


def key_value_object(option, values):
    return dict(item.partition(PAIRED_FORMS[option.form])[::2] for item in values)


def split_protocol(text):
    ports, _, protocol = text.partition("/")
    protocol = protocol.lower() or "tcp"
    if protocol not in ("tcp", "udp", "sctp"):
        raise UsageError("port %r: protocol %r is not tcp, udp or sctp" % (text, protocol))
    return ports, protocol


def port_range(text, whole):
    """ "80" or "80-82" → a range of ports. `whole` is the option's value, for the error."""
    match = re.fullmatch("([0-9]{1,5})(?:-([0-9]{1,5}))?", text)
    first, last = (int(match.group(1)), int(match.group(2) or match.group(1))) if match else (1, 0)
    if not first <= last < 65536:
        raise UsageError("port %r: %r is not a port or a range of ports" % (whole, text),
                         "write [[IP:]HOST:]CONTAINER[/PROTOCOL]")
    return range(first, last + 1)


def exposed_ports(option, values):
    exposed = {}
    for item in values:
        ports, protocol = split_protocol(item)
        exposed.update({"%d/%s" % (port, protocol): {} for port in port_range(ports, item)})
    return exposed


def parse_publish(text):
    """One -p value → [(container port "80/tcp", {"HostIp": …, "HostPort": …}), …]."""
    if "=" in text:   # the long form
        pairs = dict(pair.partition("=")[::2] for pair in text.split(","))
        text = "%s:%s/%s" % (pairs.get("published", ""), pairs.get("target", ""),
                             pairs.get("protocol", "tcp"))
    ports, protocol = split_protocol(text)
    fields = ports.rsplit(":", 2)
    container = port_range(fields[-1], text)
    address = fields[0].strip("[]") if len(fields) == 3 else ""
    if address and not is_ip_address(address):
        raise UsageError("port %r: %r is not an IP address" % (text, address),
                         "write [[IP:]HOST:]CONTAINER[/PROTOCOL]")
    published = [""] * len(container)
    if len(fields) > 1 and fields[-2]:
        host = port_range(fields[-2], text)
        published = [str(port) for port in host]
        if len(container) == 1 and len(host) > 1:   # the engine picks one of them
            published = ["%d-%d" % (host[0], host[-1])]
        elif len(host) != len(container):
            raise UsageError("port %r: the ranges differ in length" % text)
    return [("%d/%s" % (port, protocol), {"HostIp": address, "HostPort": place})
            for port, place in zip(container, published)]


def port_bindings(option, values):
    bindings = {}
    for item in values:
        for port, binding in parse_publish(item):
            bindings.setdefault(port, []).append(binding)
    return bindings


# The function of each form; a value of any other form is sent as it is.
OPTION_FORMS = {
    "size": size_in_bytes, "swap": size_in_bytes, "cpus": nano_cpus, "restart": restart_policy,
    "addrs": address_entries, "hosts": host_entries, "caps": capability_entries, "secopt": security_entries,
    "volume": volume_entries, "map": key_value_object, "sysctl": key_value_object, "tmpfs": key_value_object,
    "expose": exposed_ports, "publish": port_bindings,
    "entry": lambda option, value: [value] if isinstance(value, str) else value,
    "env": lambda option, values: environment_entries(values),
    "envfile": lambda option, values: [entry for path in values for entry in read_env_file(path)]}


# -- the request

def merge_option(target, place, value):
    """Put `value` at `place` ("LogConfig.Type") in the dict `target`; a list or an object adds to it."""
    outer, _, key = place.rpartition(".")
    if outer:
        target = target.setdefault(outer, {})
    if isinstance(value, list):
        target.setdefault(key, []).extend(value)
    elif isinstance(value, dict):
        target.setdefault(key, {}).update(value)
    else:
        target[key] = value


def spread_options(body):
    """Move what an option's place has of other places: the ports of -p, anonymous volumes, systempaths."""
    host = body["HostConfig"]
    if host["PortBindings"]:
        body.setdefault("ExposedPorts", {}).update({port: {} for port in host["PortBindings"]})
    anonymous = [entry for entry in host.get("Binds", ()) if ":" not in entry]
    if anonymous:
        body["Volumes"] = {path: {} for path in anonymous}
        host["Binds"] = [entry for entry in host["Binds"] if ":" in entry]
        if not host["Binds"]:
            del host["Binds"]
    if "systempaths=unconfined" in host.get("SecurityOpt", ()):
        host["SecurityOpt"].remove("systempaths=unconfined")
        host["MaskedPaths"], host["ReadonlyPaths"] = [], []


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
    if not isinstance(image, str) or not image:
        wrong = "a str, not %r" % (image,) if image or image is None else "empty"
        raise UsageError("the image's name is " + wrong, "name one, as in busybox or redis:2.8")
    import json
    query, client, host = {}, {}, json.loads(ALWAYS_SENT)
    body = {"Image": image, "Cmd": checked_command(command), "HostConfig": host}
    if not body["Cmd"]:
        del body["Cmd"]
    roots = {"C": body, "H": host, "Q": query, "client": client}
    for option, value in given_rows(options):
        value = checked_option_value(option, value)
        if option.form in OPTION_PATTERNS:
            require_pattern(option, value)
        if option.form in OPTION_FORMS:
            value = OPTION_FORMS[option.form](option, value)
        root, _, place = option.place.partition(".")
        merge_option(roots[root], place or option.keyword, value)
    spread_options(body)
    if "AutoRemove" in host and host["RestartPolicy"]["Name"] not in ("no", ""):
        raise UsageError("conflicting options: --restart and --rm",
                         "a container that is removed cannot be restarted")
    log = host.get("LogConfig", {})
    if log.get("Type") == "none" and log.get("Config"):
        raise UsageError("conflicting options: --log-opt and --log-driver none",
                         "the driver none takes no options")
    return query, body, client
