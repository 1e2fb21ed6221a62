"""The containers of a practice engine: made, started, signalled, frozen, ended and removed; and /containers.

Refuses: a container command that is not one of the image's built-in programs.
Leaves out: restart policies and limits (recorded only) and health checks.
"""
import json
import re

from .connection import PracticeHangUp
from .container import (CONFIG_KEYS, HOST_CONFIG, RESOURCE_KEYS, PracticeContainer, free_container_name,
                        make_mounts)
from .events import nanoseconds_now
from .images import split_image_name
from .programs.process import (ProgramKilled, ProgramProcess, ProgramView, call_program, find_program,
                               find_user)
from .request import (NO_THREAD, PracticeRefusal, check_size, checked_kind, checked_words, fold_keys,
                      label_matches, matches_filters, practice_filters, prune_filters, signal_number)

MAX_CONTAINERS = 1000
CONTAINER_NAME_PATTERN = re.compile("[a-zA-Z0-9][a-zA-Z0-9_.-]+")
CONTAINER_FILTERS = ("id name status label exited ancestor network volume publish expose before since health"
                     " isolation is-task").split()
LOG_DRIVERS = ("", "awslogs", "fluentd", "gcplogs", "gelf", "journald", "json-file", "local", "logentries",
               "none", "splunk", "syslog")
RESTART_POLICIES = ("", "no", "always", "unless-stopped", "on-failure")


class PracticeContainers:
    """The containers of `state`: `by_id` (oldest first) and `by_name`."""

    def __init__(self, state):
        self.state = state
        self.changed = state.changed
        self.by_id = {}
        self.by_name = {}

    def emit(self, container, action, **more):
        attributes = dict(container.config["Labels"] or {}, image=container.image_name, name=container.name)
        attributes.update(more)
        self.state.events.emit("container", action, container.id, attributes, container.image_name)

    def emit_mounts(self, container, action):
        for mount in container.mounts:
            if mount.volume is not None:
                more = {"destination": mount.destination, "propagation": "",
                        "read/write": str(mount.writable).lower()}
                self.state.volumes.emit(mount.volume, action, container=container.id,
                                        **(more if action == "mount" else {}))

    def find(self, text):
        """An id, a name or the start of an id → PracticeContainer. PracticeRefusal 404."""
        with self.changed:
            container = self.by_id.get(text) or self.by_name.get(text[1:] if text.startswith("/") else text)
            if container is not None:
                return container
            found = [one for identity, one in self.by_id.items() if text and identity.startswith(text)]
            if len(found) == 1:
                return found[0]
            if found:
                raise PracticeRefusal(400, "%d containers have an id that begins with %s: give more of it"
                                      % (len(found), text))
        raise PracticeRefusal(404, "No such container: %s" % text)

    def check_name(self, name):
        if not CONTAINER_NAME_PATTERN.fullmatch(name):
            raise PracticeRefusal(400, "Invalid container name (%s): two or more of a-z A-Z 0-9 _ . -, a"
                                       " letter or digit first" % name)
        other = self.by_name.get(name)
        if other is not None:
            raise PracticeRefusal(409, "Conflict. The container name \"/%s\" is taken by container %s: remove"
                                       " or rename that one first"
                                  % (name, other.id))

    # -- create

    def create(self, name, platform, given):
        """A create request's body → (PracticeContainer, list of warnings). `platform`: the image's, or ""."""
        given, host_given = checked_config(given)
        with self.changed:
            if name is not None:
                self.check_name(name)
            image = self.state.images.find(given["Image"])
            check_platform(platform, given["Image"])
            if len(self.by_id) >= MAX_CONTAINERS:
                raise PracticeRefusal(500, "a practice engine holds at most %d containers: remove some"
                                      % MAX_CONTAINERS)
            config, host_config = merged_config(image, given, host_given)
            links = [link.partition(":")[::2] for link in host_config["Links"] or ()]
            links = [(self.linked(target), alias or target) for target, alias in links]
            name = name or free_container_name(self.by_name)
            host_config["Links"] = ["/%s:/%s/%s" % (target.name, name, alias)
                                    for target, alias in links] or None
            mounts = make_mounts(self.state.volumes, host_config, config["Volumes"])
            networking = fold_keys(given.get("NetworkingConfig") or {}, ("EndpointsConfig",))
            endpoints = checked_kind(networking, "EndpointsConfig", (dict,), "NetworkingConfig.") or {}
            for key in endpoints:
                checked_kind(endpoints, key, (dict,), "EndpointsConfig.")
            container = PracticeContainer(self.state, name, image, config, host_config, mounts, endpoints)
            self.by_id[container.id] = self.by_name[container.name] = container
        self.emit(container, "create")
        warnings = []
        if any(mount.kind == "bind" and mount.volume is None for mount in mounts):
            warnings.append("practice engine: bind mounts are folders in its memory; no file of the host is"
                            " read or written")
        return container, warnings

    def linked(self, target):
        try:
            return self.find(target)
        except PracticeRefusal as refusal:
            raise PracticeRefusal(400, "could not get container for %s: %s" % (target, refusal.message))

    # -- start

    def start(self, container):
        """True if it was started, False if it was running already. PracticeRefusal if it cannot be."""
        with self.changed:
            if self.state.closing:
                raise PracticeRefusal(503, "the practice engine is closing")
            if container.removed:
                raise PracticeRefusal(404, "No such container: %s" % container.id)
            if container.status == "paused":
                raise PracticeRefusal(409, "cannot start a paused container, try unpause instead")
            if container.status == "running":
                return False
            program = find_program(container.image.programs, container.argv[0])
            container.host_config.setdefault("Runtime", "runc")
            try:
                user = find_user(container.files, container.config["User"])
                if program is None:
                    raise PracticeRefusal(400, missing_program(container.argv[0], container.image))
                for name, endpoint in list(container.endpoints.items()):
                    self.state.networks.plug(container, name, endpoint)
                self.publish(container)
            except PracticeRefusal as refusal:
                self.start_failed(container, refusal)
                raise
            process = ProgramProcess(self.changed, container, user, container.stdin, container.write_output,
                                     container.program_env(user, container.tty),
                                     container.config["WorkingDir"] or "/",
                                     container.tty, not container.host_config.get("Init"))
            view = ProgramView(process, list(container.argv), container.image.programs)
            # The new thread waits for `changed`, which is held here, before it touches the container's state.
            if self.state.spawn(self.run_container, container, process, program, view) is None:
                refusal = PracticeRefusal(503, NO_THREAD)
                self.start_failed(container, refusal)
                raise refusal
            container.process = process
            container.status, container.started, container.error = "running", nanoseconds_now(), ""
            container.exit_code = 0
            self.emit_mounts(container, "mount")
            self.emit(container, "start")
            self.changed.notify_all()
        return True

    def start_failed(self, container, refusal):
        """A container that could not start has ended a run: who waits is answered, and --rm removes it."""
        self.state.close_ports(container)
        self.state.networks.unplug_all(container)
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
            exposed = container.config.get("ExposedPorts") or ()
            if protocol != "tcp" or not isinstance(bindings, list) or port not in exposed:
                continue
            binding = fold_keys(bindings[0] if isinstance(bindings[0], dict) else {}, ("HostIp", "HostPort"))
            address = str(binding.get("HostIp") or "")
            address = address if re.fullmatch(r"127(\.[0-9]{1,3}){3}", address) else "127.0.0.1"
            host_port = str(binding.get("HostPort") or "0")
            if not re.fullmatch("[0-9]{1,5}", host_port) or int(host_port) > 65535:
                raise PracticeRefusal(400, "invalid host port: %s" % host_port)
            try:
                opened = self.state.open_port(container, int(number), address, int(host_port))
                container.ports[port] = (address, opened)
            except OSError as error:
                raise PracticeRefusal(500, "cannot publish port %s of %s: %s:%s: %s"
                                      % (port, container.name, address, host_port,
                                         (error.strerror or str(error)).lower()))

    def run_container(self, container, process, program, view):
        """The thread of a container's process, from its first byte to its last."""
        with self.changed:
            pass
        status = run_practice_program(process, program, view)
        with self.changed:
            process.finished, process.status = True, status
            process.stdin.break_off()
            for one in container.execs.values():
                if one.process is not None:
                    one.process.is_init = False
                    one.process.deliver(9)
            container.log.flush()
            self.emit(container, "die", exitCode=str(status))
            self.state.close_ports(container)
            self.state.networks.unplug_all(container)
            self.emit_mounts(container, "unmount")
            container.services.clear()
            container.status, container.exit_code, container.finished = "exited", status, nanoseconds_now()
            container.stdin = container.new_stdin()
            for attacher in container.attachers:
                attacher.close()
            container.attachers = []
            container.runs += 1
            self.changed.notify_all()
            if container.host_config["AutoRemove"] and not container.restart_asked:
                self.forget(container, True)

    # -- signals

    def signal(self, container, number):
        with self.changed:
            if not container.is_up:
                raise PracticeRefusal(409, "Cannot kill container: %s: Container %s is not running"
                                      % (container.name, container.id))
            ends = (9, signal_number(container.config.get("StopSignal")))
            if container.status == "paused" and number in ends:
                self.unpause(container)   # frozen, it could not even end
            container.process.deliver(number)
            self.emit(container, "kill", signal=str(number))

    def stop(self, container, seconds, signal=None):
        """Ask, wait `seconds` (None: the container's own, or 10), then kill. False if it was not running."""
        with self.changed:
            if not container.is_up:
                return False
            run = container.runs
            if seconds is None:
                seconds = container.config.get("StopTimeout")
            seconds = 10 if seconds is None else seconds
            self.signal(container, signal_number(signal or container.config.get("StopSignal")))
            self.state.wait_until(lambda: container.runs != run, None if seconds < 0 else seconds)
            if container.runs == run:
                self.signal(container, 9)
                self.state.wait_until(lambda: container.runs != run, None)
            self.emit(container, "stop")
        return True

    def restart(self, container, seconds, signal=None):
        with self.changed:
            container.restart_asked = True
            try:
                self.stop(container, seconds, signal)
                self.start(container)
            finally:
                container.restart_asked = False
            self.emit(container, "restart")

    def pause(self, container):
        with self.changed:
            container.check_running()
            if container.status == "paused":
                raise PracticeRefusal(409, "Container %s is already paused" % container.id)
            container.status = "paused"
            self.emit(container, "pause")

    def unpause(self, container):
        with self.changed:
            if container.status != "paused":
                raise PracticeRefusal(500, "Container %s is not paused" % container.id)
            container.status = "running"
            self.emit(container, "unpause")
            self.changed.notify_all()

    # -- names, and the end

    def rename(self, container, name):
        with self.changed:
            if not name:
                raise PracticeRefusal(400, "a container's new name may not be empty")
            if name.lstrip("/") == container.name:
                raise PracticeRefusal(400, "Renaming a container with the same name as its current name")
            self.check_name(name)
            old = container.name
            del self.by_name[old]
            container.name = name
            self.by_name[name] = container
            self.emit(container, "rename", oldName="/" + old)

    def remove(self, container, force, with_volumes):
        with self.changed:
            if container.is_up:
                if not force:
                    how = "Stop the container"
                    if container.status == "paused":
                        how = "Unpause and then stop the container"
                    how += " before attempting removal or force remove"
                    raise PracticeRefusal(409, "You cannot remove a %s container %s. %s"
                                          % (container.status, container.id, how))
                run = container.runs
                self.signal(container, 9)
                self.state.wait_until(lambda: container.runs != run, None)
            if not container.removed:
                self.forget(container, with_volumes)

    def forget(self, container, with_volumes=False):
        with self.changed:
            container.removed = True
            self.by_id.pop(container.id, None)
            self.by_name.pop(container.name, None)
            self.state.execs.forget(container)
            container.stdin.break_off()
            for attacher in container.attachers:
                attacher.close()
            for mount in container.mounts if with_volumes else ():
                if mount.volume is not None and mount.volume.anonymous and not self.state.volumes.users(
                    mount.volume):
                    self.state.volumes.remove(mount.volume)
            self.emit(container, "destroy")
            self.changed.notify_all()


def checked_config(given):
    """The body of a create request → (it, its HostConfig), keys spelled as known and kinds checked."""
    given = fold_keys(given, CONFIG_KEYS + ["HostConfig", "NetworkingConfig"])
    host_given = checked_kind(given, "HostConfig", (dict,), "")
    host_given = None if host_given is None else fold_keys(host_given, HOST_CONFIG)
    check_host_config(host_given or {})
    for key in ("Cmd", "Entrypoint", "Env"):
        given[key] = checked_words(given, key)
    for key in ("Tty", "OpenStdin", "StdinOnce", "AttachStdin", "AttachStdout", "AttachStderr"):
        checked_kind(given, key, (bool,), "")
    for key in ("Labels", "ExposedPorts", "Volumes", "NetworkingConfig"):
        checked_kind(given, key, (dict,), "")
    for key in ("Image", "User", "Hostname", "WorkingDir", "StopSignal", "MacAddress"):
        checked_kind(given, key, (str,), "")
    checked_kind(given, "StopTimeout", (int,), "")
    if not given.get("Image"):
        raise PracticeRefusal(400, "invalid config: no image was named")
    signal_number(given.get("StopSignal"))
    return given, host_given


def check_host_config(host_given):
    for key, kinds in (("PortBindings", (dict,)), ("AutoRemove", (bool,)), ("Binds", (list,)),
                       ("Mounts", (list,)), ("Tmpfs", (dict,)), ("Init", (bool,)),
                       ("PublishAllPorts", (bool,)), ("NetworkMode", (str,)), ("RestartPolicy", (dict,))):
        checked_kind(host_given, key, kinds, "HostConfig.")
    checked_words(host_given, "Binds", "HostConfig.")
    checked_words(host_given, "Links", "HostConfig.")
    check_restart_policy(host_given.get("RestartPolicy") or {})
    driver = (checked_kind(host_given, "LogConfig", (dict,), "HostConfig.") or {}).get("Type") or ""
    if driver not in LOG_DRIVERS:
        raise PracticeRefusal(400, "error looking up logging plugin %s: plugin \"%s\" not found"
                              % (driver, driver))


def check_platform(text, name):
    """PracticeRefusal if image `name` is not for platform `text` ("", "linux/arm64"): all are linux/amd64."""
    parts = [{"x86_64": "amd64", "aarch64": "arm64"}.get(part, part) for part in text.lower().split("/")]
    if text and parts not in (["linux"], ["amd64"]) and parts[:2] != ["linux", "amd64"]:
        raise PracticeRefusal(404, "image with reference %s was found but does not match the specified"
                                   " platform: wanted %s, actual: linux/amd64"
                              % (name, "/".join(parts)))


def check_restart_policy(policy):
    name = fold_keys(policy, ("Name", "MaximumRetryCount")).get("Name") or ""
    if name not in RESTART_POLICIES:
        raise PracticeRefusal(400, "invalid restart policy '%s'" % name)


def merged_config(image, given, host_given):
    """(Config, HostConfig) of a new container: what was asked for over what the image says."""
    config = image.config()
    if given["Entrypoint"]:
        config["Cmd"] = None
    else:
        given.pop("Entrypoint")
    env, labels = list(config["Env"]), config["Labels"] or {}
    config.update((key, value) for key, value in given.items()
                  if key in CONFIG_KEYS and key not in ("Env", "Labels") and value not in (None, "", [], {}))
    names = {one.partition("=")[0] for one in given["Env"] or ()}
    config["Env"] = list(given["Env"] or ()) + [one for one in env if one.partition("=")[0] not in names]
    config["Labels"] = dict(labels, **(given.get("Labels") or {}))
    host_config = dict(HOST_CONFIG)
    host_config.update((key, value) for key, value in (host_given or {}).items()
                       if key in HOST_CONFIG and value is not None)
    host_config["RestartPolicy"] = dict({"Name": "", "MaximumRetryCount": 0}, **host_config["RestartPolicy"])
    host_config["LogConfig"] = {"Type": host_config["LogConfig"].get("Type") or "json-file",
                                "Config": host_config["LogConfig"].get("Config") or {}}
    if host_config["MemorySwappiness"] == -1:
        host_config["MemorySwappiness"] = None
    if not (config["Entrypoint"] or config["Cmd"]):
        raise PracticeRefusal(400, "no command specified")
    bindings = [port for port in host_config["PortBindings"]
                if not re.fullmatch("[0-9]{1,5}(?:/(?:tcp|udp|sctp))?", port)]
    if bindings:
        raise PracticeRefusal(400, "invalid port specification: %s" % bindings[0])
    if host_given is not None:
        host_config["Runtime"] = host_config["Runtime"] or "runc"
    # Left out of the answer when they were not given, as an engine has it.
    for key in ("Init", "Mounts", "Runtime", "Tmpfs"):
        if not host_config[key]:
            del host_config[key]
    return config, host_config


def run_practice_program(process, program, view):
    """The program's exit status, whatever becomes of it."""
    try:
        return call_program(program, view) & 255
    except ProgramKilled as killed:
        return 128 + killed.args[0]
    except Exception as error:   # a mistake in a built-in program ends its container, never the engine
        message = "practice engine: %s failed: %s: %s\n" % (view.argv[0], type(error).__name__, error)
        try:
            process.write(2, message.encode("utf-8", "replace"))
        except ProgramKilled as killed:
            return 128 + killed.args[0]
        return 134


def missing_program(name, image):
    """Why a command cannot run that the image has no program for; by these words a client exits with 127."""
    known = " ".join(sorted(one for one in image.programs if "/" not in one))
    problem = "executable file not found in $PATH"
    if "/" in name:
        problem = "stat %s: no such file or directory" % name
    return "practice runtime: exec: \"%s\": %s (the programs of %s: %s)" % (
        name, problem, image.repository, known)


def name_matches(name, pattern):
    """The `name` filter of ps: an expression; a text that is none is looked for anywhere in the name."""
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
        "until": lambda moment: container.created <= moment,   # of a prune
        "exited": lambda value: container.status == "exited" and str(container.exit_code) == value,
        "ancestor": lambda value: (split_image_name(value)[0] == container.image.repository
                                   or container.image.id[7:].startswith(value)),
        "network": lambda value: any(value in (name, endpoint.network and endpoint.network.id)
                                     for name, endpoint in container.endpoints.items()),
        "volume": lambda value: any(value in (mount.destination, mount.volume and mount.volume.name)
                                    for mount in container.mounts),
        "publish": lambda value: any(str(port.get("PublicPort")) == value.partition("/")[0]
                                     for port in container.port_list()),
        "expose": lambda value: any(str(port["PrivatePort"]) == value.partition("/")[0]
                                    for port in container.port_list()),
    }
    return matches_filters(filters, known)


def answer_containers(engine, connection, request):
    filters = practice_filters(request.text("filters"), CONTAINER_FILTERS)
    limit = request.text("limit") or "0"
    if not re.fullmatch("-?[0-9]{1,9}", limit):
        raise PracticeRefusal(400, "invalid value for limit: %s" % limit)
    limit = int(limit)
    with engine.state.changed:
        newest_first = list(engine.state.containers.by_id.values())[::-1]
        everything = request.flag("all") or limit > 0 or "status" in filters or "exited" in filters
        found = [one.summary(request.flag("size")) for one in newest_first
                 if container_matches(one, filters) and (everything or one.is_up)]
    connection.send_json(found[:limit] if limit > 0 else found)


def answer_create(engine, connection, request):
    container, warnings = engine.state.containers.create(
        request.text("name") or None, request.text("platform"), request.json())
    connection.send_json({"Id": container.id, "Warnings": warnings}, 201)


def answer_container(engine, connection, request, name):
    with engine.state.changed:
        found = engine.state.containers.find(name).inspect(request.flag("size"))
    connection.send_json(found)


def stop_terms(request):
    """(seconds, signal) of a stop or restart: None and "" where they are not given."""
    text = request.text("t")
    if text and not re.fullmatch("-?[0-9]{1,6}", text):
        raise PracticeRefusal(400, "invalid value for t: %s (whole seconds)" % text)
    return int(text) if text else None, request.text("signal")


def container_action(act):
    """A handler that calls `act(containers, container, request)` and answers 204, or 304 for False."""
    def answer_action(engine, connection, request, name):
        containers = engine.state.containers
        done = act(containers, containers.find(name), request)
        connection.send_empty(304 if done is False else 204)
    return answer_action


def start_asked(containers, container, request):
    if len(request.body) > 7:
        raise PracticeRefusal(400, "start takes no body: a container's host config is given at create")
    return containers.start(container)


def answer_kill(engine, connection, request, name):
    containers = engine.state.containers
    try:
        container = containers.find(name)
    except PracticeRefusal as refusal:
        raise PracticeRefusal(refusal.status, "Cannot kill container: %s: %s" % (name, refusal.message))
    containers.signal(container, signal_number(request.text("signal"), 9))
    connection.send_empty(204)


def answer_resize(engine, connection, request, name):
    container = engine.state.containers.find(name)
    size = check_size(request)
    with engine.state.changed:
        container.check_running()
        container.terminal_size = size
        container.process.deliver(28)
    connection.send_empty(200)


def answer_update(engine, connection, request, name):
    container = engine.state.containers.find(name)
    given = fold_keys(request.json(), RESOURCE_KEYS)
    for key in RESOURCE_KEYS:
        kinds = (str,) if key.startswith("Cpuset") else (dict,) if key == "RestartPolicy" else (int,)
        checked_kind(given, key, kinds, "")
    check_restart_policy(given.get("RestartPolicy") or {})
    with engine.state.changed:
        if given.get("RestartPolicy"):
            given["RestartPolicy"] = dict({"MaximumRetryCount": 0}, **given["RestartPolicy"])
        container.host_config.update((key, value) for key, value in given.items()
                                     if key in RESOURCE_KEYS and value)
        engine.state.containers.emit(container, "update")
    connection.send_json({"Warnings": None})


def answer_prune(engine, connection, request):
    filters = prune_filters(request)
    containers, going, freed = engine.state.containers, [], 0
    with engine.state.changed:
        for container in list(containers.by_id.values()):
            if not container.is_up and container_matches(container, filters):
                freed += container.files.tree.size
                containers.remove(container, False, False)
                going.append(container.id)
    engine.state.events.emit("container", "prune", "", {"reclaimed": str(freed)})
    connection.send_json({"ContainersDeleted": going or None, "SpaceReclaimed": freed})


def answer_wait(engine, connection, request, name):
    condition = request.text("condition") or "not-running"
    if condition not in ("not-running", "next-exit", "removed"):
        raise PracticeRefusal(400, "invalid condition: \"%s\" (not-running, next-exit or removed)"
                              % condition)
    with engine.state.changed:
        container = engine.state.containers.find(name)
        run = container.runs
    # The head is the promise: from here on the exit cannot be missed.
    connection.start_stream("application/json")
    reached = {"not-running": lambda: not container.is_up or container.runs != run,
               "next-exit": lambda: container.runs != run or container.removed,
               "removed": lambda: container.removed}[condition]
    if engine.state.wait_until(reached, None, lambda: not connection.client_has_gone()):
        answer = {"StatusCode": container.exit_code}
        if request.api < (1, 42):   # later engines leave out an error that is none
            answer = {"Error": None, "StatusCode": container.exit_code}
    elif connection.client_has_gone(False) or engine.closing:
        raise PracticeHangUp()
    else:
        answer = {"StatusCode": -1, "Error": {"Message": "context canceled"}}
    connection.send_piece(json.dumps(answer, separators=(",", ":")).encode() + b"\n")
    connection.end_stream()


CONTAINER_ROUTES = (
    ("GET", "/containers/json", answer_containers),
    ("POST", "/containers/create", answer_create),
    ("POST", "/containers/prune", answer_prune),
    ("GET", "/containers/([^/]+)/json", answer_container),
    ("POST", "/containers/([^/]+)/start", container_action(start_asked)),
    ("POST", "/containers/([^/]+)/stop", container_action(
        lambda containers, one, request: containers.stop(one, *stop_terms(request)))),
    ("POST", "/containers/([^/]+)/restart", container_action(
        lambda containers, one, request: containers.restart(one, *stop_terms(request)))),
    ("POST", "/containers/([^/]+)/kill", answer_kill),
    ("POST", "/containers/([^/]+)/pause", container_action(
        lambda containers, one, request: containers.pause(one))),
    ("POST", "/containers/([^/]+)/unpause", container_action(
        lambda containers, one, request: containers.unpause(one))),
    ("POST", "/containers/([^/]+)/rename", container_action(
        lambda containers, one, request: containers.rename(one, request.text("name")))),
    ("DELETE", "/containers/([^/]+)", container_action(
        lambda containers, one, request: containers.remove(one, request.flag("force"), request.flag("v")))),
    ("POST", "/containers/([^/]+)/wait", answer_wait),
    ("POST", "/containers/([^/]+)/resize", answer_resize),
    ("POST", "/containers/([^/]+)/update", answer_update),
)
