"""`rawdock explain-container`: the `docker run` line that would make a container again.

Strategy: what the container's inspect says, less what its image and the engine give to every container, is
what its creator has said. The table of run's options names the place of each flag in it, and RUN_LINE_FORMS
writes a value as its flag takes it.

Leaves out, with a line on stderr, what no flag can say: an entrypoint of several words, a health check
without a shell, the content of a seccomp profile. What only the client knows, as --pull, is not
in an inspect.
"""
import re

from ...cli.flags import Command, command_table
from ...cli.go_types import go_duration
from ...engine.mounts import MOUNT_KEYS
from ...engine.networks import NETWORK_KEYS, NETWORK_LISTS
from ...engine.options import run_options
from ...errors import NotFound
from .form_http import shell_word

# What an engine has in the HostConfig of a container of which nothing was said, where that is not 0 or empty.
ENGINE_DEFAULTS = {"ShmSize": (67108864,), "IpcMode": ("private",), "MemorySwappiness": (-1, None),
                   "RestartPolicy": ({"Name": "no", "MaximumRetryCount": 0},)}
# Of these false or 0 is not the default.
MEANT_ZEROS = ("Init", "MemorySwappiness", "StopTimeout")


def pair_texts(separator):
    """A form of RUN_LINE_FORMS for a dict: each key and value, with `separator` between them."""
    return lambda found: [key + separator * bool(value or separator == "=") + value
                          for key, value in found.items()]


def size_text(size):
    """Bytes (int) as --memory takes them: "512m"."""
    for unit, letter in ((1 << 30, "g"), (1 << 20, "m"), (1 << 10, "k")):
        if size > 0 and not size % unit:
            return "%d%s" % (size // unit, letter)
    return str(size)


def port_texts(bindings):
    """HostConfig.PortBindings as --publish takes them."""
    found = []
    for port, places in bindings.items():
        port = port[:-4] if port.endswith("/tcp") else port
        for place in places or [{}]:
            address, number = place.get("HostIp") or "", place.get("HostPort") or ""
            address = "[%s]:" % address if ":" in address else address and address + ":"
            found.append(address + (number + ":" if number or address else "") + port)
    return found


def csv_text(fields):
    """Fields (list of str) as one comma-separated value, those with a comma or a quote in quotes."""
    return ",".join('"%s"' % field.replace('"', '""') if re.search('[",\n]', field) else field
                    for field in fields)


def mount_text(mount):
    """A Mount as --mount takes it."""
    fields, names = [], {}
    for name, (place, kind) in MOUNT_KEYS.items():
        names.setdefault(place, (name, kind))
    for place, (name, kind) in names.items():
        value = mount
        for key in place.split("."):
            value = (value or {}).get(key)
        if kind == "pair":
            fields += ["%s=%s" % (name, one) for one in pair_texts("=")(value or {})]
        elif kind == "octal" and value:
            fields.append("%s=%o" % (name, value))
        elif value and kind != "recursive":
            fields.append(name if kind == "bool" else "%s=%s" % (name, value))
    for key, mode in (("ReadOnlyNonRecursive", "writable"), ("ReadOnlyForceRecursive", "readonly")):
        if (mount.get("BindOptions") or {}).get(key):
            fields.append("bind-recursive=" + mode)
    return csv_text(fields)


def gpus_text(request):
    """A DeviceRequest as --gpus takes it."""
    count, ids = request.get("Count"), request.get("DeviceIDs")
    fields = ["device=" + ",".join(ids)] if ids else ["count=%s" % ("all" if count == -1 else count)]
    if request.get("Driver"):
        fields.append("driver=" + request["Driver"])
    names = [name for name in (request.get("Capabilities") or [[]])[0] if name != "gpu"]
    fields += ["capabilities=" + ",".join(names)] * bool(names)
    options = pair_texts("=")(request.get("Options") or {})
    return csv_text(fields + ["options=" + ",".join(options)] * bool(options))


# Form of an option's value: a function of what inspect has, which gives the flag's values (list of str).
RUN_LINE_FORMS = {
    "size": lambda size: [size_text(size)], "swap": lambda size: [size_text(size)],
    "cpus": lambda billionths: [("%.9f" % (billionths / 1e9)).rstrip("0").rstrip(".")],
    "duration": lambda nanoseconds: [go_duration(nanoseconds)],
    "restart": lambda policy: [policy["Name"] + ":%d" % policy["MaximumRetryCount"]
                               * bool(policy["MaximumRetryCount"])],
    "health": lambda test: test[1:], "entry": lambda words: words[:1] or [""], "expose": list,
    "map": pair_texts("="), "label": pair_texts("="), "sysctl": pair_texts("="), "storage": pair_texts("="),
    "tmpfs": pair_texts(":"), "publish": port_texts,
    "mount": lambda mounts: list(map(mount_text, mounts)),
    "gpus": lambda requests: list(map(gpus_text, requests)),
    "rate": lambda limits: ["%(Path)s:%(Rate)d" % one for one in limits],
    "ops": lambda limits: ["%(Path)s:%(Rate)d" % one for one in limits],
    "weight": lambda limits: ["%(Path)s:%(Weight)d" % one for one in limits],
    "ulimit": lambda limits: ["%(Name)s=%(Soft)d:%(Hard)d" % one for one in limits]}


def given_host_config(container, defaults):
    """The HostConfig of a container (its inspect) less what is in `defaults`, {key: (value, …)}, or empty."""
    host = {key: value for key, value in container["HostConfig"].items()
            if (value or key in MEANT_ZEROS and value is not None) and value not in defaults.get(key, ())}
    if host.get("MemorySwap") == 2 * host.get("Memory", 0):
        del host["MemorySwap"]
    if container["HostConfig"].get("MaskedPaths") == [] and not host.get("Privileged"):
        host["SecurityOpt"] = host.get("SecurityOpt", []) + ["systempaths=unconfined"]
    log = host.get("LogConfig", {})
    if (log.get("Type"), log.get("Config")) == (defaults["LogConfig"][0], {}):
        del host["LogConfig"]
    return host


def given_config(container, image):
    """The Config of a container less that of its `image` (dict), and less what the engine has filled in."""
    config, host = container["Config"], container["HostConfig"]
    found = {key: value for key, value in config.items() if value != image.get(key)}
    if config.get("Hostname") == container["Id"][:12] or re.match("host$|container:", host["NetworkMode"]):
        found.pop("Hostname", None)
    found["Env"] = [entry for entry in config.get("Env") or () if entry not in (image.get("Env") or ())]
    labels = image.get("Labels") or {}
    found["Labels"] = {key: value for key, value in (config.get("Labels") or {}).items()
                       if labels.get(key) != value}
    for key, others in (("ExposedPorts", host.get("PortBindings")), ("Volumes", None)):
        known = set(image.get(key) or ()) | set(others or ())
        found[key] = [name for name in config.get(key) or () if name not in known]
    return found


def driver_fields(endpoint):
    """What only --network's long form can say of an endpoint: its fields (list of str)."""
    fields = ["driver-opt=" + text for text in pair_texts("=")(endpoint.get("DriverOpts") or {})]
    priority = endpoint.get("GwPriority")
    return fields + ["gw-priority=%d" % priority] if priority else fields


def endpoint_values(endpoint, container, is_main):
    """What was said of a container's place in a network: {key of NETWORK_KEYS: list of str}."""
    found = {}
    for key, (place, _, _) in NETWORK_KEYS.items():
        outer, _, inner = place.rpartition(".")
        value = ((endpoint.get(outer) or {}) if outer else endpoint).get(inner) or []
        found[key] = value if key in NETWORK_LISTS else [value] if value else []
    # The engine gives every endpoint a MAC address, and until API 1.45 the short id as an alias.
    address = container["Config"].get("MacAddress")
    found["mac-address"] = [address] if is_main and address else []
    found["alias"] = [alias for alias in found["alias"] if alias != container["Id"][:12]]
    return found


def network_words(container, default):
    """The flags (list of str) for a container's networks; `default` is the engine's NetworkMode."""
    mode = container["HostConfig"]["NetworkMode"]
    networks = container["NetworkSettings"]["Networks"]
    first, more = [mode] if mode != default or len(networks) > 1 else [], []
    for name, endpoint in networks.items():
        is_main = mode in (name, endpoint["NetworkID"]) or mode == "default" and name == "bridge"
        values, fields = endpoint_values(endpoint, container, is_main), driver_fields(endpoint)
        if is_main:
            first = [csv_text(["name=" + mode] + fields)] if fields else first
            for key, (_, keyword, _) in NETWORK_KEYS.items():
                for value in values[key]:
                    more += ["--" + keyword.replace("_", "-"), value]
        else:
            fields += ["%s=%s" % (key, value) for key in NETWORK_KEYS for value in values[key]]
            more += ["--network", csv_text(["name=" + name] + fields) if fields else name]
    found = ["--network"] * len(first) + first + more
    for link in container["HostConfig"].get("Links") or ():
        found += ["--link", "%s:%s" % (link.partition(":")[0][1:], link.rpartition("/")[2])]
    return found


def attach_words(config):
    """The flags (list of str) that say what run attaches to, and whether there is a terminal."""
    wanted = [name for name in ("stdin", "stdout", "stderr") if config.get("Attach" + name.capitalize())]
    usual = ["stdin"] * bool(config.get("OpenStdin")) + ["stdout", "stderr"]
    found = [] if wanted else ["-d"]
    if wanted != usual:
        found += [word for name in wanted for word in ("-a", name)]
    return found + ["-i"] * bool(config.get("OpenStdin")) + ["-t"] * bool(config.get("Tty"))


def device_words(host):
    """The flags (list of str) for the devices of a HostConfig, whose CDI devices are taken out of it."""
    texts = ["%(PathOnHost)s:%(PathInContainer)s:%(CgroupPermissions)s" % one
             for one in host.get("Devices", ())]
    requests = host.get("DeviceRequests", [])
    texts += [name for one in requests if one.get("Driver") == "cdi" for name in one["DeviceIDs"]]
    host["DeviceRequests"] = [one for one in requests if one.get("Driver") != "cdi"]
    return [word for text in texts for word in ("--device", text)]


def option_words(config, host):
    """The flags (list of str) of the rows of run's table that have one place in `config` or `host`."""
    found = []
    for option in run_options():
        root, _, place = option.place.partition(".")
        value = {"C": config, "H": host}.get(root)
        for key in place.split(".") if value is not None else ():
            value = (value or {}).get(key)
        flag = option.flags.split(", ")[0]
        if option.form in ("envfile", "labels") or not value and (value is None or key not in MEANT_ZEROS):
            continue
        if option.kind in ("bool", "either"):
            found.append(flag + "=false" * (not value))
        else:
            texts = RUN_LINE_FORMS[option.form](value) if option.form in RUN_LINE_FORMS else value
            for text in texts if isinstance(texts, list) else [str(texts)]:
                found += [flag, text]
    return found


def run_line(container, image, defaults):
    """The words (list of str) that make a container again, and what they cannot say (list of str).

    `container` and `image` are what inspect gives of them (dict; {} for an image that is gone), `defaults`
    the values of HostConfig that the engine gives by itself: {key: (value, …)}.
    """
    image = image.get("Config") or {}
    host, config = given_host_config(container, defaults), given_config(container, image)
    left, test = [], (config.get("Healthcheck") or {}).get("Test") or []
    words = ["--name", container["Name"].lstrip("/")] + attach_words(container["Config"])
    if test[:1] == ["NONE"]:
        words.append("--no-healthcheck")
        del config["Healthcheck"]
    elif test[:1] == ["CMD"]:
        left.append("a health check without a shell: %s" % test[1:])
        del config["Healthcheck"]
    entrypoint = container["Config"].get("Entrypoint") or []
    if entrypoint != (image.get("Entrypoint") or []):
        config["Entrypoint"] = entrypoint[:1] or [""]
        config["Cmd"] = container["Config"].get("Cmd")
        left += ["an entrypoint of several words: %s" % entrypoint] * (len(entrypoint) > 1)
    else:
        config.pop("Entrypoint", None)
    profiles = [text for text in host.get("SecurityOpt", ()) if text.startswith("seccomp={")]
    if profiles:
        left.append("the content of a seccomp profile, which is a file's")
        host["SecurityOpt"] = [text for text in host["SecurityOpt"] if text not in profiles]
    words += network_words(container, defaults["NetworkMode"][0]) + device_words(host)
    for bind in host.get("Binds", []) + config["Volumes"]:
        words += ["-v", bind]
    words += option_words(config, host) + [container["Config"]["Image"]] + (config.get("Cmd") or [])
    return ["docker", "run"] + words, left


def explain_container(console, options, arguments):
    docker = console.docker
    container = docker.call("container_inspect", arguments[0])
    try:
        image = docker.call("image_inspect", container["Image"])
    except NotFound:
        image = {}
    info = docker.call("system_info")
    defaults = dict(ENGINE_DEFAULTS, Runtime=("runc", info.get("DefaultRuntime")),
                    LogConfig=(info.get("LoggingDriver"),),
                    CgroupnsMode=("host" if info.get("CgroupVersion") == "1" else "private",),
                    NetworkMode=("bridge" if docker.supports("1.45") else "default",))
    words, left = run_line(container, image, defaults)
    console.out.line(" ".join(map(shell_word, words)))
    for text in left:
        console.err.line("rawdock: no flag says " + text)
    return 0


RUN_LINE_COMMANDS = command_table(
    Command("explain-container", explain_container, "CONTAINER",
            "print the docker run line that would make a container again", "", least=1, most=1),
)
