"""The containers of a practice engine: made, started, signalled, paused, ended and removed; and /containers.

Refuses: a container command that is not one of the image's built-in programs.
Leaves out: restart policies and limits, which are recorded only.
"""
import re

from .connection import PracticeHangUp
from .container import (CONFIG_KINDS, HOST_CONFIG, HOST_KINDS, HOST_OPTIONAL, UPDATE_KINDS, PracticeContainer,
                        free_container_name)
from .events import PracticeObjects, nanoseconds_now
from .images import reference_matches
from .mounts import make_mounts
from .programs.process import find_user
from .refusals import (LOG_DRIVERS, START_RULES, apply_rules, check_config, check_host_config,
                       check_restart_policy, check_update, read_healthcheck)
from .request import (PracticeRefusal, label_matches, practice_filters, prune_filters, read_object,
                      signal_number, terminal_size, unlocked)

CONTAINER_NAME_PATTERN = re.compile("[a-zA-Z0-9][a-zA-Z0-9_.-]+")
CONTAINER_FILTERS = ("id name status label exited ancestor network volume health before since expose publish"
                     " is-task isolation").split()
# The values that a filter may have, as an expression, and the message for another.
FILTER_VALUES = {
    "health": ("healthy|none|starting|unhealthy", "unrecognized filter value for health: %s"),
    "status": ("created|dead|exited|paused|removing|restarting|running", "invalid filter 'status=%s'"),
    "exited": ("[+-]?[0-9]+", "invalid filter 'exited=%s': strconv.Atoi: parsing \"%s\": invalid syntax"),
    "is-task": ("1|0|true|false", "invalid filter 'is-task=[%s]'")}


def name_matches(name, pattern):
    """Return whether a name passes the `name` filter, an expression; any other text may be a part of it."""
    try:
        return re.search(pattern, "/" + name) is not None or re.search(pattern, name) is not None
    except re.error:
        return pattern in name


def port_matches(port, wanted):
    """Return whether "80/tcp" passes a filter: a port or a range of ports, and perhaps a protocol."""
    number, _, protocol = port.partition("/")
    ports, _, other = wanted.partition("/")
    if not re.fullmatch("[0-9]{1,5}(-[0-9]{1,5})?", ports):
        raise PracticeRefusal(400, "invalid containerPort: " + wanted)
    first, _, last = ports.partition("-")
    return int(first) <= int(number) <= int(last or first) and protocol == (other or "tcp")


class PracticeContainers(PracticeObjects):
    """The containers of an engine."""

    kind = "container"
    missing = "No such container: %s"

    def emit(self, container, action, **more):
        attributes = dict(container.config["Labels"] or {}, image=container.image_name, name=container.name)
        attributes.update(more)
        self.engine.events.emit("container", action, container.id, attributes, container.image_name)

    def emit_mounts(self, container, action):
        for mount in container.mounts:
            if mount.volume is not None:
                more = {"destination": mount.destination, "propagation": "",
                        "read/write": str(mount.writable).lower()}
                self.engine.volumes.emit(mount.volume, action, container=container.id,
                                        **(more if action == "mount" else {}))

    def named(self, name):
        return PracticeObjects.named(self, name.lstrip("/"))

    def tests(self, container):
        return {
            "id": lambda value: container.id.startswith(value),
            "name": lambda value: name_matches(container.name, value),
            "status": lambda value: container.status == value,
            "label": lambda value: label_matches(container.config["Labels"], value),
            "until": lambda moment: container.created <= moment,   # of a prune
            "exited": lambda value: container.status == "exited" and str(container.exit_code) == value,
            "ancestor": lambda value: (container.image.id[7:].startswith(value)
                                       or any(reference_matches(value, tag) for tag in container.image.tags)),
            "before": lambda value: self.precedes(container, self.find(value)),
            "since": lambda value: self.precedes(self.find(value), container),
            "expose": lambda value: any(port_matches(port, value)
                                        for port in container.config.get("ExposedPorts") or ()),
            "publish": lambda value: any(port_matches(port, value) for port in container.ports),
            "is-task": lambda value: value in ("0", "false"),
            "network": lambda value: any(value in (name, endpoint.network and endpoint.network.id)
                                         for name, endpoint in container.endpoints.items()),
            "health": lambda value: value == (container.health["Status"] if container.health else "none"),
            "volume": lambda value: any(value in (mount.destination, mount.volume and mount.volume.name)
                                        for mount in container.mounts),
        }

    def precedes(self, first, second):
        """Return whether one container was made before another."""
        order = list(self.by_id.values())
        return order.index(first) < order.index(second)

    def check_name(self, name):
        if not CONTAINER_NAME_PATTERN.fullmatch(name):
            raise PracticeRefusal(400, "Invalid container name (%s), only [a-zA-Z0-9][a-zA-Z0-9_.-] are"
                                       " allowed" % name)
        other = self.named(name)
        if other is not None:
            raise PracticeRefusal(409, "Conflict. The container name \"/%s\" is already in use by container"
                                       " \"%s\". You have to remove (or rename) that container to be able to"
                                       " reuse that name." % (name, other.id))

    def create(self, name, platform, given):
        """Make a container of the body of a create request → (PracticeContainer, list of warnings).

        `platform` is the one that the image must be for, or "". Raises PracticeRefusal.
        """
        given, host_given = read_config(given)
        if name is not None:
            self.check_name(name)
        image = self.engine.images.find(given["Image"])
        check_platform(platform, given["Image"])
        config, host_config = merged_config(image, given, host_given)
        name = name or free_container_name({one.name for one in self.by_id.values()})
        links = [(self.find(link.partition(":")[0]).name, name, link.rpartition(":")[2])
                 for link in host_config["Links"] or ()]
        host_config["Links"] = ["/%s:/%s/%s" % link for link in links] or None
        mounts = make_mounts(self.engine, host_config, config["Volumes"])
        networking = read_object(given.get("NetworkingConfig") or {}, {"EndpointsConfig": dict})
        endpoints = networking.get("EndpointsConfig") or {}
        endpoints = read_object(endpoints, dict.fromkeys(endpoints, dict), "EndpointsConfig.")
        self.engine.networks.check_endpoints(endpoints)
        container = PracticeContainer(self.engine, name, image, config, host_config, mounts, endpoints)
        self.by_id[container.id] = container
        self.emit(container, "create")
        warnings = []
        if any(mount.kind == "bind" and mount.volume is None for mount in mounts):
            warnings.append("practice engine: bind mounts are folders in its memory; no file of the host is"
                            " read or written")
        return container, warnings

    # -- the actions: container and request → False if there was nothing to do. All raise PracticeRefusal.

    def start(self, container, request):
        if len(request.body) > 7:
            raise PracticeRefusal(400, "start takes no body: a container's host config is given at create")
        return self.start_program(container)

    def start_program(self, container):
        """Start a container → False if it runs. Raises PracticeRefusal."""
        if self.engine.closing:
            raise PracticeRefusal(503, "the practice engine is closing")
        if container.removed:
            raise PracticeRefusal(404, "No such container: %s" % container.id)
        if container.status == "paused":
            raise PracticeRefusal(409, "cannot start a paused container, try unpause instead")
        if container.status == "running":
            return False
        container.host_config.setdefault("Runtime", "runc")
        try:
            apply_rules(START_RULES, container.host_config)
            user = find_user(container.files, container.config["User"])
            for name, endpoint in list(container.endpoints.items()):
                self.engine.networks.plug(container, name, endpoint)
            self.publish(container)
            container.start_process(
                container, user, container.program_env(user, container.tty),
                container.config["WorkingDir"] or "/", not container.host_config.get("Init"),
                lambda status: self.ended(container, status))
        except PracticeRefusal as refusal:
            self.start_failed(container, refusal)
            raise
        container.status, container.started, container.error = "running", nanoseconds_now(), ""
        container.exit_code = 0
        self.emit_mounts(container, "mount")
        self.emit(container, "start")
        self.engine.execs.watch_health(container)
        self.changed.notify_all()
        return True

    def start_failed(self, container, refusal):
        container.exit_code = 127 if refusal.status == 400 else 128
        container.error = refusal.message
        self.end_run(container, False)

    def end_run(self, container, was_started):
        """Undo what a start has done. `wait` is answered, and AutoRemove removes the container."""
        container.ports = {}
        self.engine.close_ports(container)
        self.engine.networks.unplug_all(container)
        if was_started:
            self.emit_mounts(container, "unmount")
        container.close_attachers()
        container.runs += 1
        self.changed.notify_all()
        if container.host_config["AutoRemove"] and not container.restarting:
            self.forget(container, was_started)

    def publish(self, container):
        """Open the host side of every published TCP port, on loopback only."""
        exposed = container.config.get("ExposedPorts") or {}
        wanted = dict.fromkeys(exposed) if container.host_config["PublishAllPorts"] else {}
        wanted.update((port if "/" in port else port + "/tcp", bindings)
                      for port, bindings in container.host_config["PortBindings"].items())
        for port in sorted(set(wanted) & set(exposed)):
            number, _, protocol = port.partition("/")
            if protocol != "tcp":
                continue
            binding = read_object((wanted[port] or [{}])[0], {"HostIp": str, "HostPort": str},
                                  "PortBindings.")
            address, host_port = binding.get("HostIp") or "", binding.get("HostPort") or "0"
            address = address if re.fullmatch(r"127(\.[0-9]{1,3}){3}", address) else "127.0.0.1"
            if not re.fullmatch("[0-9]{1,5}", host_port) or int(host_port) > 65535:
                raise PracticeRefusal(400, "invalid host port: %s" % host_port)
            try:
                opened = self.engine.open_port(container, container.port_server(int(number)), address,
                                               int(host_port))
                container.ports[port] = (address, opened)
            except OSError as error:
                raise PracticeRefusal(500, "cannot publish port %s of %s: %s:%s: %s"
                                      % (port, container.name, address, host_port,
                                         (error.strerror or str(error)).lower()))

    def ended(self, container, status):
        """Record that the program of a container has ended."""
        for one in container.execs.values():
            if one.process is not None:
                one.process.is_init = False
                one.process.deliver(9)
        container.log.flush()
        self.emit(container, "die", exitCode=str(status))
        container.services.clear()
        container.status, container.exit_code, container.finished = "exited", status, nanoseconds_now()
        if container.health:
            container.health["Status"] = "unhealthy"
        container.open_stdin(container.config["OpenStdin"])
        self.end_run(container, True)

    def kill(self, container, request):
        self.signal(container, signal_number(request.text("signal"), 9))

    def signal(self, container, number):
        if not container.is_up:
            raise PracticeRefusal(409, "Cannot kill container: %s: Container %s is not running"
                                  % (container.name, container.id))
        ends = (9, signal_number(container.config.get("StopSignal")))
        if container.status == "paused" and number in ends:
            self.thaw(container)   # a paused program cannot end
        container.process.deliver(number)
        self.emit(container, "kill", signal=str(number))

    def stop(self, container, request):
        """Send the stop signal, wait (by default for StopTimeout, or 10 seconds), then kill."""
        if not container.is_up:
            return False
        run, seconds = container.runs, request.number("t")
        if seconds is None:
            seconds = container.config.get("StopTimeout")
        seconds = 10 if seconds is None else seconds
        wanted = request.text("signal") or container.config.get("StopSignal")
        self.signal(container, signal_number(wanted))
        self.engine.wait_until(lambda: container.runs != run, None if seconds < 0 else seconds)
        if container.runs == run:
            self.end(container)
        self.emit(container, "stop")
        return True

    def end(self, container):
        """Kill a container's program, and wait for its end."""
        run = container.runs
        self.signal(container, 9)
        self.engine.wait_until(lambda: container.runs != run, None)

    def restart(self, container, request):
        container.restarting = True
        try:
            self.stop(container, request)
            self.start(container, request)
        finally:
            container.restarting = False
        self.emit(container, "restart")

    def pause(self, container, request):
        container.check_running()
        if container.status == "paused":
            raise PracticeRefusal(409, "Container %s is already paused" % container.id)
        container.status = "paused"
        self.emit(container, "pause")

    def unpause(self, container, request):
        if container.status != "paused":
            raise PracticeRefusal(500, "Container %s is not paused" % container.id)
        self.thaw(container)

    def thaw(self, container):
        container.status = "running"
        self.emit(container, "unpause")
        self.changed.notify_all()

    def rename(self, container, request):
        name = request.text("name")
        if not name or name.lstrip("/") == container.name:
            raise PracticeRefusal(400, "a container's new name may be neither empty nor its own")
        self.check_name(name)
        old, container.name = container.name, name
        self.emit(container, "rename", oldName="/" + old)

    def remove(self, container, request):
        if container.is_up and not request.flag("force"):
            how = "Unpause and then stop" if container.status == "paused" else "Stop"
            raise PracticeRefusal(409, "You cannot remove a %s container %s. %s the container before"
                                       " attempting removal or force remove"
                                  % (container.status, container.id, how))
        if container.is_up:
            self.end(container)
        if not container.removed:
            self.forget(container, request.flag("v"))

    def forget(self, container, with_volumes):
        """Remove a container whose program does not run → its id."""
        container.removed = True
        self.by_id.pop(container.id, None)
        self.engine.execs.forget(container)
        container.stdin.break_off()
        container.close_attachers()
        volumes = [mount.volume for mount in container.mounts if mount.volume is not None]
        for volume in volumes if with_volumes else ():
            if volume.anonymous and not self.engine.volumes.users(volume):
                self.engine.volumes.remove(volume)
        self.emit(container, "destroy")
        self.changed.notify_all()
        return container.id


def read_config(given):
    """Check the body of a create request → (it, its HostConfig or None). Raises PracticeRefusal."""
    given = read_object(given, dict(CONFIG_KINDS, HostConfig=dict, NetworkingConfig=dict))
    host_given = given.get("HostConfig")
    if host_given is not None:
        host_given = read_object(host_given, HOST_KINDS, "HostConfig.")
        check_restart_policy(host_given)
        driver = read_object(host_given.get("LogConfig") or {}, {"Type": str}).get("Type") or ""
        if driver not in LOG_DRIVERS:
            raise PracticeRefusal(400, "error looking up logging plugin %s: plugin \"%s\" not found"
                                  % (driver, driver))
    if not given.get("Image"):
        raise PracticeRefusal(400, "invalid config: no image was named")
    given["Healthcheck"] = read_healthcheck(given.get("Healthcheck"))
    signal_number(given.get("StopSignal"))
    return given, host_given


def check_platform(text, name):
    """Raise PracticeRefusal if `text` ("", "linux/arm64") is not the platform of all images, linux/amd64."""
    wanted = text.lower().replace("x86_64", "amd64").replace("aarch64", "arm64")
    if wanted not in ("", "linux", "amd64", "linux/amd64"):
        raise PracticeRefusal(404, "image with reference %s was found but does not match the specified"
                                   " platform: wanted %s, actual: linux/amd64" % (name, wanted))


def merged_config(image, given, host_given):
    """Return (Config, HostConfig) of a new container: those of the request, and of the image below them."""
    config = image.config()
    if given.get("Entrypoint"):
        config["Cmd"] = None
    env, labels = list(config["Env"] or ()), config["Labels"] or {}
    config.update((key, value) for key, value in given.items()
                  if key in CONFIG_KINDS and key not in ("Env", "Labels") and value not in (None, "", [], {}))
    own = given.get("Env") or []
    names = {one.partition("=")[0] for one in own}
    config["Env"] = own + [one for one in env if one.partition("=")[0] not in names]
    config["Labels"] = dict(labels, **(given.get("Labels") or {}))
    host_config = dict(HOST_CONFIG)
    host_config.update((key, value) for key, value in (host_given or {}).items()
                       if key in HOST_CONFIG and value is not None)
    if host_config["NetworkMode"] in ("", "default"):
        host_config["NetworkMode"] = "bridge"
    host_config["LogConfig"] = {"Type": host_config["LogConfig"].get("Type") or "json-file",
                                "Config": host_config["LogConfig"].get("Config") or {}}
    if host_config["MemorySwappiness"] == -1:
        host_config["MemorySwappiness"] = None
    if not (config["Entrypoint"] or config["Cmd"]):
        raise PracticeRefusal(400, "no command specified")
    check_config(config, host_config)
    check_host_config(host_config)
    if host_config["Memory"] and not host_config["MemorySwap"]:
        host_config["MemorySwap"] = 2 * host_config["Memory"]
    if host_given is None:
        host_config["Runtime"] = ""   # it has a value from the start on
    for key in HOST_OPTIONAL:
        if not host_config[key]:
            del host_config[key]
    return config, host_config


def for_version(found, api):
    """Return a container's JSON as an engine gives it to this API version: before 1.44 without DNSNames."""
    for endpoint in found["NetworkSettings"]["Networks"].values() if api < (1, 44) else ():
        names = endpoint.pop("DNSNames") or []
        if "Aliases" in endpoint and names:
            endpoint["Aliases"] = (endpoint["Aliases"] or []) + names[-1:]   # the container's short id
    return found


def answer_containers(engine, connection, request):
    filters = practice_filters(request.text("filters"), CONTAINER_FILTERS)
    for key, (pattern, message) in FILTER_VALUES.items():
        for value in filters.get(key, ()):
            if not re.fullmatch(pattern, value):
                raise PracticeRefusal(400, message.replace("%s", value))
    for name in filters.get("before", []) + filters.get("since", []):
        engine.containers.find(name)
    limit = request.number("limit") or 0
    newest_first = engine.containers.select(filters)[::-1]
    everything = request.flag("all") or limit > 0 or "status" in filters or "exited" in filters
    found = [for_version(one.summary(request.flag("size")), request.api) for one in newest_first
             if everything or one.is_up]
    return found[:limit] if limit > 0 else found


def answer_create(engine, connection, request):
    container, warnings = engine.containers.create(
        request.text("name") or None, request.text("platform"), request.json())
    return 201, {"Id": container.id, "Warnings": warnings}


def answer_container(engine, connection, request, container):
    return for_version(container.inspect(request.flag("size")), request.api)


def container_action(act):
    """Return a handler that calls `act(containers, container, request)` and answers 204, or 304 for False."""
    return lambda engine, connection, request, container: (
        304 if act(engine.containers, container, request) is False else 204)


def answer_resize(engine, connection, request, container):
    size = terminal_size(request)
    container.check_running()
    container.resize(size)
    return 200


def answer_update(engine, connection, request, container):
    given = read_object(request.json(), UPDATE_KINDS)
    check_restart_policy(given)
    try:
        check_update(given, container.host_config)
    except PracticeRefusal as refusal:
        if refusal.status == 409:
            refusal.message = "Cannot update container %s: %s" % (container.id, refusal.message)
        raise
    container.host_config.update((key, given[key]) for key in UPDATE_KINDS if given.get(key))
    engine.containers.emit(container, "update")
    return {"Warnings": None}


def answer_prune(engine, connection, request):
    removed, freed = engine.containers.prune(prune_filters(request), lambda one: not one.is_up,
                                             lambda one: engine.containers.forget(one, False))
    return {"ContainersDeleted": removed or None, "SpaceReclaimed": freed}


def answer_wait(engine, connection, request, container):
    condition = request.text("condition") or "not-running"
    if condition not in ("not-running", "next-exit", "removed"):
        raise PracticeRefusal(400, "invalid condition: \"%s\" (not-running, next-exit or removed)"
                              % condition)
    with engine.changed:
        run = container.runs
    # From the moment of this head on the exit cannot be missed: clients start the container after it.
    connection.start_stream([("Content-Type", "application/json")])
    reached = {"not-running": lambda: not container.is_up or container.runs != run,
               "next-exit": lambda: container.runs != run or container.removed,
               "removed": lambda: container.removed}[condition]
    if engine.wait_until(reached, None, lambda: not connection.client_has_gone()):
        error = b'"Error":null,' if request.api < (1, 42) else b""   # later engines leave out a null
        connection.send_piece(b'{%s"StatusCode":%d}\n' % (error, container.exit_code))
        connection.end_stream()
    else:
        raise PracticeHangUp()


CONTAINER_ROUTES = (
    ("GET", "/containers/json", answer_containers),
    ("POST", "/containers/create", answer_create),
    ("POST", "/containers/prune", answer_prune),
    ("GET", "/containers/(?P<container>[^/]+)/json", answer_container),
    ("POST", "/containers/(?P<container>[^/]+)/start", container_action(PracticeContainers.start)),
    ("POST", "/containers/(?P<container>[^/]+)/stop", container_action(PracticeContainers.stop)),
    ("POST", "/containers/(?P<container>[^/]+)/restart", container_action(PracticeContainers.restart)),
    ("POST", "/containers/(?P<container>[^/]+)/kill", container_action(PracticeContainers.kill)),
    ("POST", "/containers/(?P<container>[^/]+)/pause", container_action(PracticeContainers.pause)),
    ("POST", "/containers/(?P<container>[^/]+)/unpause", container_action(PracticeContainers.unpause)),
    ("POST", "/containers/(?P<container>[^/]+)/rename", container_action(PracticeContainers.rename)),
    ("DELETE", "/containers/(?P<container>[^/]+)", container_action(PracticeContainers.remove)),
    ("POST", "/containers/(?P<container>[^/]+)/wait", unlocked(answer_wait)),
    ("POST", "/containers/(?P<container>[^/]+)/resize", answer_resize),
    ("POST", "/containers/(?P<container>[^/]+)/update", answer_update),
)
