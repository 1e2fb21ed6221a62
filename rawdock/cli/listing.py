"""What there is, and what happens: ps, images, inspect, logs, events, version, info.

Promises: on the same engine the same bytes as the docker CLI, its exit statuses and the
engine's own words for errors. A command makes the fewest requests it can, and writes a
list with one call. `inspect` re-indents the engine's JSON and changes nothing else in it.

Strategy: each command is a row at the end of the file. The plain `ps` builds its table
from the list itself; the named fields of a row are made only when a --format asks.

Leaves out: psFormat, imagesFormat and the other defaults of config.json, `images --tree`,
and the platform variants that newer engines list below an image.
"""
import json
import os
import re
import sys
import time

from ..engine.durations import human_duration
from ..errors import APIError, NotFound, ProtocolError, RawdockError, UsageError
from .flags import Command, command_table
from .format import (align_columns, binary_size, build_time_text, human_size, indent_json,
                     local_time_text, local_timestamp, parse_filters, parse_when, ports_column, quote_text, short_id,
                     shorten, without_json_blanks)

NO_NAME = "<none>"
COMMAND_WIDTH = 20       # columns of a command, a mount in `ps`
MOUNT_WIDTH = 15

PS_FLAGS = """
-a, --all      bool  stopped containers too
-f, --filter   list  NAME=VALUE  only what matches; several values of one name are alternatives
--format       text  TEMPLATE  table (the default), json, 'table TEMPLATE' or a Go template
-n, --last     int   N  the N last created, in any state
-l, --latest   bool  the last created, in any state
--no-trunc     bool  whole ids and commands
-q, --quiet    bool  only ids
-s, --size     bool  how much each has written
"""
IMAGES_FLAGS = """
-a, --all      bool  intermediate images too
--digests      bool  the digests they were pulled by
-f, --filter   list  NAME=VALUE  only what matches
--format       text  TEMPLATE  table (the default), json, 'table TEMPLATE' or a Go template
--no-trunc     bool  whole ids
-q, --quiet    bool  only ids
"""
INSPECT_FLAGS = """
-f, --format   text  TEMPLATE  json, or a Go template for each object
-s, --size     bool  the sizes of containers
--type         text  TYPE  container, image, network, volume, service, task, node, plugin, secret or config
"""
LOGS_FLAGS = """
--details         bool  what the log driver keeps beside each line
-f, --follow      bool  go on with what comes
--since           text  TIME  from then on: 10m, 2026-01-02T15:04:05Z, or seconds since 1970
-n, --tail        text  N  only the last N lines; all is the default
-t, --timestamps  bool  when each line was written
--until           text  TIME  up to then
"""
EVENTS_FLAGS = """
-f, --filter   list  NAME=VALUE  only what matches
--format       text  TEMPLATE  json, or a Go template for each event
--since        text  TIME  those from then on too: 10m, 2026-01-02T15:04:05Z, or seconds since 1970
--until        text  TIME  and end there
"""
FORMAT_FLAGS = """
-f, --format   text  TEMPLATE  json, or a Go template
"""


# -- shared by the commands

def read_filters(console, options):
    """The --filter of a command line as a dict (empty: none), or None after saying what is wrong with it: status 125."""
    try:
        return parse_filters(options["filter"])
    except UsageError as error:
        console.err.line(str(error))
        return None


def answered_object(value, operation, *needed):
    """`value`, an answer's, if it is an object that has texts under the names `needed`; else ProtocolError."""
    if isinstance(value, dict) and all(isinstance(value.get(name), str) for name in needed):
        return value
    expected = "an object" + (" with the text %s" % " and ".join(needed) if needed else "")
    raise ProtocolError("Engine API, " + operation, 0, repr(value).encode("utf-8", "replace"), expected)


def answered_objects(value, operation, *needed):
    """`value` if it is a list of such objects ([] for null); else ProtocolError."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise ProtocolError("Engine API, " + operation, 0, repr(value).encode("utf-8", "replace"), "a list")
    return [answered_object(one, operation, *needed) for one in value]


def read_when(options, name):
    """--since or --until for the engine, or None."""
    text = options[name]
    return parse_when(text, time.time()) if text else None


def write_lines(output, lines):
    """All of a list in one write."""
    if lines:
        output.write(("\n".join(lines) + "\n").encode("utf-8", "replace"))


def parse_template_option(console, text, nulls=None):
    """A Template, or None after saying why it is none: status 64, as with the docker CLI."""
    from .template import Template, TemplateSyntaxError, unescape_template
    try:
        return Template(unescape_template(text), nulls)
    except TemplateSyntaxError as error:
        console.err.line(str(error))
        return None


def template_lines(console, template, rows, partial=True):
    """Write `template` of each row → exit status. What came before a failure is written, with `partial` of its row too."""
    from .template import TemplateValueError
    lines = []
    try:
        for row in rows:
            pieces = []
            template.execute(row, out=pieces)
            lines.append("".join(pieces))
    except TemplateValueError as error:
        write_lines(console.out, lines + (["".join(pieces)] if partial else []))
        console.err.line(str(error))
        return 1
    write_lines(console.out, lines)
    return 0


def template_table(console, text, rows, headers):
    """A --format of `table TEMPLATE`: columns under titles → exit status."""
    template = parse_template_option(console, text)
    if template is None:
        return 1
    from .template import TemplateValueError
    try:
        title = template.execute(headers, header=True)
    except TemplateValueError:
        title = ""
    try:
        lines = [template.execute(row) for row in rows]
    except TemplateValueError as error:
        console.err.line(str(error))
        return 1
    cells = [line.split("\t") for line in "\n".join([title] + lines).split("\n")]
    write_lines(console.out, align_columns(cells))
    return 0


def write_formatted(console, text, rows, headers, raw):
    """A list in the --format `text` → exit status. `rows` are dicts, `headers` the titles by field, `raw` the old raw form."""
    if text == "json":
        text = "{{json .}}"
    elif text == "raw":
        text = raw
    from .template import ListRow
    rows = [ListRow(row) for row in rows]
    if text.startswith("table"):
        return template_table(console, text[len("table"):].strip(), rows, headers)
    template = parse_template_option(console, text)
    if template is None or not rows and names_no_field(console, template, headers):
        return 1
    return template_lines(console, template, rows, partial=False)


def names_no_field(console, template, headers):
    """Whether a template for an empty list names a field that no row has: said then too, not only once there is a row."""
    from .template import TemplateFieldError, TemplateValueError
    try:
        template.execute({name: (lambda *any_name: "") if callable(title) else "" for name, title in headers.items()})
    except TemplateFieldError as error:
        console.err.line(str(error))
        return True
    except TemplateValueError:
        pass   # an empty value is not what the template is for
    return False


def uses_field(text, field):
    """Whether a --format shows `field`, alone or with the whole row."""
    return bool(text) and re.search(r"[.]%s\b|json\s+[.]\s*[)}|]" % field, text) is not None


def labels_text(labels):
    return ",".join(sorted("%s=%s" % pair for pair in (labels or {}).items()))


def label_title(name):
    return name.rpartition(".")[2].replace("-", " ").replace("_", " ")


# -- ps

PS_TITLES = ("CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES")
PS_HEADERS = {
    "ID": "CONTAINER ID", "Names": "NAMES", "Image": "IMAGE", "Command": "COMMAND", "CreatedAt": "CREATED AT",
    "RunningFor": "CREATED", "Ports": "PORTS", "State": "STATE", "Status": "STATUS", "Size": "SIZE", "Labels": "LABELS",
    "Mounts": "MOUNTS", "LocalVolumes": "LOCAL VOLUMES", "Networks": "NETWORKS", "Platform": "PLATFORM", "Label": label_title}
PS_RAW = ("container_id: {{.ID}}\nimage: {{.Image}}\ncommand: {{.Command}}\ncreated_at: {{.CreatedAt}}\nstate: {{.State}}\n"
          "status: {{.Status}}\nnames: {{.Names}}\nlabels: {{.Labels}}\nports:{{if .Ports}} {{.Ports}}{{end}}\n")


def container_image(container, whole):
    image = container.get("Image") or ""
    if not image:
        return "<no image>"
    if whole:
        return image
    identifier = container.get("ImageID") or ""
    if identifier and short_id(identifier) == short_id(image):
        return short_id(image)
    if "@" in image or image.startswith(("docker.io/", "index.docker.io/")):
        from ..engine.reference import parse_reference
        try:
            reference = parse_reference(image)
        except UsageError:
            return image
        return reference.familiar_name() + (":" + reference.tag if reference.tag else "")
    return image


def container_name(container, whole):
    names = [name[1:] if name.startswith("/") else name for name in container.get("Names") or ()]
    if not whole:
        # Older engines list the names that links give it too; those have a / inside.
        names = [name for name in names if "/" not in name][:1] or names
    return ",".join(names)


def container_size(container):
    size = human_size(container.get("SizeRw") or 0)
    whole = container.get("SizeRootFs") or 0
    return "%s (virtual %s)" % (size, human_size(whole)) if whole > 0 else size


def container_cells(container, whole, now):
    """The columns of `ps`, without SIZE."""
    identifier = container["Id"]
    command = container.get("Command") or ""
    return [identifier if whole else short_id(identifier), container_image(container, whole),
            quote_text(command if whole else shorten(command, COMMAND_WIDTH)),
            human_duration(now - (container.get("Created") or 0)) + " ago", container.get("Status") or "",
            ports_column(container.get("Ports")), container_name(container, whole)]


def container_row(container, whole, now):
    """The fields of a container that a --format can name, in the order of their names, as JSON has them."""
    cells = dict(zip(PS_TITLES, container_cells(container, whole, now)))
    mounts = [mount.get("Name") or mount.get("Source") or "" for mount in container.get("Mounts") or ()]
    labels = container.get("Labels") or {}
    networks = (container.get("NetworkSettings") or {}).get("Networks") or {}
    return {
        "Command": cells["COMMAND"], "CreatedAt": local_time_text(container.get("Created") or 0), "ID": cells["CONTAINER ID"],
        "Image": cells["IMAGE"], "Labels": labels_text(labels),
        "LocalVolumes": "%d" % sum(mount.get("Driver") == "local" for mount in container.get("Mounts") or ()),
        "Mounts": ",".join(mount if whole else shorten(mount, MOUNT_WIDTH) for mount in mounts), "Names": cells["NAMES"],
        "Networks": ",".join(sorted(networks)), "Platform": (container.get("ImageManifestDescriptor") or {}).get("platform"),
        "Ports": cells["PORTS"], "RunningFor": cells["CREATED"], "Size": container_size(container),
        "State": container.get("State") or "", "Status": cells["STATUS"], "Label": lambda name: labels.get(name, "")}


def ps_command(console, options, arguments):
    filters = read_filters(console, options)
    if filters is None:
        return 125
    text = options["format"]
    if text and options["quiet"]:
        console.err.line("WARNING: Ignoring custom format, because both --format and --quiet are set.")
        text = None
    last = options["last"]
    if last is None or last < 0:
        last = 1 if options["latest"] else None
    size = options["size"] or uses_field(text, "Size")
    listed = console.docker.call("container_list", all=True if options["all"] else None, limit=last or None,
                                 size=True if size else None, filters=filters or None)
    containers = answered_objects(listed, "ContainerList", "Id")
    whole = options["no_trunc"]
    if options["quiet"]:
        write_lines(console.out, [row["Id"] if whole else short_id(row["Id"]) for row in containers])
        return 0
    now = time.time()
    if text and text != "table":
        rows = [container_row(container, whole, now) for container in containers]
        return write_formatted(console, text, rows, PS_HEADERS, PS_RAW)
    titles = list(PS_TITLES) + (["SIZE"] if size else [])
    rows = [container_cells(container, whole, now) + ([container_size(container)] if size else []) for container in containers]
    write_lines(console.out, align_columns([titles] + rows))
    return 0


# -- images

IMAGE_HEADERS = {
    "ID": "IMAGE ID", "Repository": "REPOSITORY", "Tag": "TAG", "Digest": "DIGEST", "CreatedSince": "CREATED",
    "CreatedAt": "CREATED AT", "Size": "SIZE", "Containers": "CONTAINERS", "VirtualSize": "SIZE", "SharedSize": "SHARED SIZE",
    "UniqueSize": "UNIQUE SIZE"}
IMAGES_RAW = ("repository: {{.Repository}}\ntag: {{.Tag}}\n%simage_id: {{.ID}}\ncreated_at: {{.CreatedAt}}\n"
              "virtual_size: {{.Size}}\n")


def image_names(image, digests):
    """(repository, tag, digest) for each line that an image has in the list; with `digests` one for each of those too."""
    tags, by_digest = {}, {}
    for name in image.get("RepoTags") or ():
        repository, colon, tag = name.rpartition(":")
        if colon and NO_NAME not in name:
            tags.setdefault(repository, []).append(tag)
    for name in image.get("RepoDigests") or ():
        repository, at_sign, digest = name.partition("@")
        if at_sign and NO_NAME not in name:
            by_digest.setdefault(repository, []).append(digest)
    names = []
    for repository in tags:
        known = by_digest.pop(repository, [])
        for tag in tags[repository]:
            names += [(repository, tag, digest) for digest in (known if digests and known else [NO_NAME])]
    for repository in by_digest:
        names += [(repository, NO_NAME, digest) for digest in (by_digest[repository] if digests else [NO_NAME])]
    return names or [(NO_NAME, NO_NAME, NO_NAME)]


def optional_size(size):
    return human_size(size, 4) if isinstance(size, int) and size >= 0 else "N/A"


def image_row(image, repository, tag, digest, whole, now):
    """The fields of an image that a --format can name."""
    size, shared, users = image.get("Size") or 0, image.get("SharedSize", -1), image.get("Containers", -1)
    created = image.get("Created") or 0
    known = isinstance(shared, int) and shared >= 0
    return {
        "Containers": "%d" % users if isinstance(users, int) and users >= 0 else "N/A",
        "CreatedAt": local_time_text(created), "CreatedSince": human_duration(now - created) + " ago", "Digest": digest,
        "ID": image["Id"] if whole else short_id(image["Id"]), "Repository": repository, "SharedSize": optional_size(shared),
        "Size": human_size(size), "Tag": tag, "UniqueSize": optional_size(size - shared) if known else "N/A",
        "VirtualSize": human_size(size, 4)}


def images_command(console, options, arguments):
    filters = read_filters(console, options)
    if filters is None:
        return 125
    if arguments:
        filters.setdefault("reference", []).append(arguments[0])
    text = options["format"]
    if text and options["quiet"]:
        console.err.line("WARNING: Ignoring custom format, because both --format and --quiet are set.")
        text = None
    digests = options["digests"]
    with_digests = digests or bool(text and re.search(r"[.]Digest\b", text))
    images = answered_objects(console.docker.call("image_list", all=True if options["all"] else None, filters=filters or None),
                              "ImageList", "Id")
    whole = options["no_trunc"]
    now = time.time()
    listed = [(image,) + names for image in images for names in image_names(image, with_digests)]
    if options["quiet"]:
        write_lines(console.out, [row[0]["Id"] if whole else short_id(row[0]["Id"]) for row in listed])
        return 0
    if text and text != "table":
        rows = [image_row(*(row + (whole, now))) for row in listed]
        return write_formatted(console, text, rows, IMAGE_HEADERS, IMAGES_RAW % ("digest: {{.Digest}}\n" if digests else ""))
    titles = ["REPOSITORY", "TAG"] + (["DIGEST"] if digests else []) + ["IMAGE ID", "CREATED", "SIZE"]
    rows = []
    for image, repository, tag, digest in listed:
        rows.append([repository, tag] + ([digest] if digests else []) + [
            image["Id"] if whole else short_id(image["Id"]), human_duration(now - (image.get("Created") or 0)) + " ago",
            human_size(image.get("Size") or 0)])
    write_lines(console.out, align_columns([titles] + rows))
    return 0


# -- inspect

# The order in which a name is looked up; a * marks what only a swarm has.
INSPECT_OPERATIONS = {
    "container": "container_inspect", "image": "image_inspect", "network": "network_inspect", "volume": "volume_inspect",
    "service": "service_inspect", "task": "task_inspect", "node": "node_inspect", "plugin": "plugin_inspect",
    "secret": "secret_inspect", "config": "config_inspect"}
INSPECT_ORDER = "container image network volume service* task* node* plugin secret* config*".split()

# What JSON calls null has a kind in the docker CLI, and prints by it; anything else that is null is a list.
NULL_POINTER_FIELDS = frozenset("""Health Healthcheck StopTimeout SizeRw SizeRootFs OomKillDisable PidsLimit MemorySwappiness Init
    IPAMConfig ContainerSpec UsageData ClusterVolume Descriptor Manifests ImageManifestDescriptor""".split())
NULL_MAP_FIELDS = frozenset("""Labels Volumes Options DriverOpts Annotations Sysctls Tmpfs StorageOpt ExposedPorts PortBindings
    Ports Networks Containers Status""".split())
MISSING_TEXT_FIELDS = frozenset("StopSignal MacAddress Domainname ArgsEscaped Comment Author Variant Parent".split())


def inspect_nulls(name):
    """For a template: what the field `name` stands for where the engine leaves it out or null; None: not known."""
    from .template import NIL_POINTER, NilType
    if name in NULL_POINTER_FIELDS:
        return NIL_POINTER
    if name in NULL_MAP_FIELDS:
        return NilType("map[]")
    return "" if name in MISSING_TEXT_FIELDS else None


class ObjectFinder:
    """find(name) → the engine's JSON text for the object called so."""

    def __init__(self, docker, kind=None, size=False):
        self.docker = docker
        self.kind = kind
        self.size = size
        self._swarm = None

    def _inspect(self, kind, name):
        size = {"size": True} if self.size and kind == "container" else {}
        with self.docker.send(INSPECT_OPERATIONS[kind], name, **size) as response:
            data = response.read()
        try:
            json.loads(data.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise ProtocolError("RFC 8259", getattr(error, "pos", getattr(error, "start", 0)), data, "JSON (%s)" % error)
        return data.decode("utf-8").strip()

    def _in_swarm(self):
        if self._swarm is None:
            facts = answered_object(self.docker.call("system_info"), "SystemInfo")
            self._swarm = bool((facts.get("Swarm") or {}).get("ControlAvailable"))
        return self._swarm

    def find(self, name):
        """Raises APIError with the engine's words when the kind is given, else NotFound."""
        if self.kind:
            return self._inspect(self.kind, name)
        for kind in INSPECT_ORDER:
            if kind.endswith("*") and not self._in_swarm():
                continue
            try:
                return self._inspect(kind.rstrip("*"), name)
            except NotFound:
                pass
            except UsageError:
                break      # a name that no path can carry is no object's name
            except APIError as error:
                # An engine without plugins, and one that sees no valid name of this kind: not here.
                if not (kind == "plugin" or error.status in (400, 500) and "invalid" in error.message):
                    raise
        raise NotFound(404, "No such object: %s" % name)


def inspect_command(console, options, arguments):
    kind, text = options["type"], options["format"]
    if kind is not None and kind not in INSPECT_OPERATIONS:
        names = ", ".join('"%s"' % name for name in sorted(INSPECT_OPERATIONS))
        console.err.line("unknown type: %s: must be one of %s" % (quote_text(kind), names))
        return 1
    template = None
    if text and text != "json":
        template = parse_template_option(console, text, inspect_nulls)
        if template is None:
            return 64
    finder = ObjectFinder(console.docker, kind, options["size"])
    found, errors = [], []
    for name in arguments:
        if not name:
            errors.append("invalid container name or ID: value is empty")
            continue
        try:
            found.append(finder.find(name))
        except APIError as error:
            errors.append(("Error response from daemon: %s" if kind else "Error: %s") % " ".join(str(error).split()))
        except UsageError as error:
            errors.append("%s: %s" % (console.program, error))
    status = 0
    if template is not None:
        status = template_lines(console, template, [json.loads(one) for one in found], partial=False)
        if status:
            console.out.line()   # of a failed row docker keeps the line's end alone
    elif text == "json":
        console.out.line("[%s]" % ",".join(without_json_blanks(one) for one in found))
    else:
        console.out.line(indent_json("[%s]" % ",".join(found)))
    for error in errors:
        console.err.line(error)
    return 1 if errors else status


# -- logs, events

def logs_command(console, options, arguments):
    query = {}
    for name in ("since", "until"):
        try:
            query[name] = read_when(options, name)
        except UsageError as error:
            raise UsageError('invalid value for "%s": %s' % (name, error), error.hint)
    if not arguments[0]:
        raise UsageError("invalid container name or ID: value is empty")
    # Whether it has a terminal decides how its log comes; the id holds while the name may move on.
    container = answered_object(console.docker.call("container_inspect", arguments[0]), "ContainerInspect", "Id")
    tty = bool(answered_object(container.get("Config"), "ContainerInspect").get("Tty"))
    for name in ("follow", "timestamps", "details"):
        if options[name]:
            query[name] = True
    from ..engine.pump import copy_stream
    response = console.docker.send("container_logs", container["Id"], stdout=True, stderr=True,
                                   tail="all" if options["tail"] is None else options["tail"], **query)
    with response:
        copy_stream(response, tty, console.out, console.err)
    return 0


def event_line(event):
    actor = event.get("Actor") or {}
    attributes = actor.get("Attributes") or {}
    stamp = event.get("timeNano") or (event.get("time") or 0) * 10 ** 9
    line = "%s %s %s" % (event.get("Type") or "", event.get("Action") or "", actor.get("ID") or "")
    if stamp:
        line = local_timestamp(stamp) + " " + line
    if attributes:
        line += " (%s)" % ", ".join("%s=%s" % (name, attributes[name]) for name in sorted(attributes))
    return line


def event_row(event):
    """An event as a template sees it: every field there, in the order the docker CLI writes them."""
    from .template import SparseRow
    actor = event.get("Actor") or {}
    row = SparseRow([(name, event.get(name) or "") for name in ("status", "id", "from", "Type", "Action")])
    row["Actor"] = {"ID": actor.get("ID") or "", "Attributes": actor.get("Attributes") or {}}
    row["scope"] = event.get("scope") or ""
    row["time"] = event.get("time") or 0
    row["timeNano"] = event.get("timeNano") or 0
    return row


def events_command(console, options, arguments):
    filters = read_filters(console, options)
    if filters is None:
        return 125
    since, until = read_when(options, "since"), read_when(options, "until")
    text = options["format"]
    template = None
    if text:
        template = parse_template_option(console, "{{json .}}" if text == "json" else text)
        if template is None:
            return 64
    for event in console.docker.call("system_events", since=since, until=until, filters=filters or None):
        if template is None:
            console.out.line(event_line(event))
        elif template_lines(console, template, [event_row(event)], partial=False):
            return 64
    return 0


# -- version, info

def client_facts(console):
    """What `version` and `info` say of this side."""
    from .. import __version__
    machine = os.uname().machine
    arch = {"x86_64": "amd64", "aarch64": "arm64", "i686": "386", "armv7l": "arm"}.get(machine, machine)
    return {"Platform": {"Name": "rawdock"}, "Version": __version__, "PythonVersion": "%d.%d.%d" % sys.version_info[:3],
            "Os": sys.platform, "Arch": arch,
            "Context": context_in_use(console)}


def context_in_use(console):
    """The name of the docker context the address came from; "default" where a flag or DOCKER_HOST gave it."""
    if console._context:
        return console._context
    if console._address or os.environ.get("DOCKER_HOST"):
        return "default"
    from ..net.config import config_directory, read_config_json
    name = os.environ.get("DOCKER_CONTEXT")
    return name or read_config_json(os.path.join(config_directory(os.environ), "config.json")).get("currentContext") or "default"


def server_components(server):
    """The Components of an engine's version; engines before 18.03 have none, and are one themselves."""
    if server.get("Components"):
        return server["Components"]
    names = ("ApiVersion", "Arch", "BuildTime", "GitCommit", "GoVersion", "KernelVersion", "MinAPIVersion", "Os")
    details = {name: server[name] for name in names if server.get(name)}
    details["Experimental"] = "true" if server.get("Experimental") else "false"
    return [{"Name": "Engine", "Version": server.get("Version", ""), "Details": details}]


def version_lines(client, server):
    """The text of `version`. `client` and `server` are dicts, `server` None where no engine answered."""
    from ..engine.docker import NEWEST_API
    api = client.get("ApiVersion") or NEWEST_API
    rows = [[" Version:", client["Version"]],
            [" API version:", api if api == NEWEST_API else "%s (downgraded from %s)" % (api, NEWEST_API)],
            [" Python version:", client["PythonVersion"]],
            [" OS/Arch:", "%s/%s" % (client["Os"], client["Arch"])],
            [" Context:", client["Context"]]]
    lines = ["Client: rawdock"] + align_columns(rows, 20, 1)
    if server is None:
        return lines
    platform = (server.get("Platform") or {}).get("Name")
    lines += ["", "Server: " + platform if platform else "Server:"]
    rows = []
    for component in server_components(server):
        details = component.get("Details") or {}
        rows.append([" %s:" % component.get("Name", "")])
        rows.append(["  Version:", component.get("Version", "")])
        if component.get("Name") == "Engine":
            least = details.get("MinAPIVersion")
            rows.append(["  API version:", details.get("ApiVersion", "") + (" (minimum version %s)" % least if least else "")])
            rows.append(["  Go version:", details.get("GoVersion", "")])
            rows.append(["  Git commit:", details.get("GitCommit", "")])
            rows.append(["  Built:", build_time_text(details.get("BuildTime", ""))])
            rows.append(["  OS/Arch:", "%s/%s" % (details.get("Os", ""), details.get("Arch", ""))])
            rows.append(["  Experimental:", details.get("Experimental", "")])
        else:
            rows += [["  %s:" % name, details[name]] for name in sorted(details)]
    return lines + align_columns(rows, 20, 1)


def version_command(console, options, arguments):
    template = None
    if options["format"]:
        template = parse_template_option(console, "{{json .}}" if options["format"] == "json" else options["format"])
        if template is None:
            return 64
    client = client_facts(console)
    server, failure = None, None
    try:
        # The address is looked up here too: a bad one is no reason to keep silent about the client.
        server = answered_object(console.docker.call("system_version"), "SystemVersion")
        client["ApiVersion"] = console.docker.version
    except RawdockError as error:
        failure = error
    if template is not None:
        if server:
            server = dict(server, Components=[
                dict(one, Details=dict(one["Details"], BuildTime=build_time_text(one["Details"]["BuildTime"])))
                if (one.get("Details") or {}).get("BuildTime") else one for one in server_components(server)])
        status = template_lines(console, template, [{"Client": client, "Server": server}])
    else:
        write_lines(console.out, version_lines(client, server))
        status = 0
    if failure is not None:
        raise failure
    return status


def named_lines(facts, pairs):
    """` Title: value` for each (title, key) whose value is there and not empty."""
    return [" %s: %s" % (title, facts[key]) for title, key in pairs if facts.get(key) not in (None, "")]


def commit_line(title, commit):
    identifier, expected = (commit or {}).get("ID") or "", (commit or {}).get("Expected") or ""
    return " %s version: %s%s" % (title, identifier, " (expected: %s)" % expected if expected and expected != identifier else "")


def security_lines(options):
    if not options:
        return []
    lines = [" Security Options:"]
    for option in options:
        fields = [field.partition("=") for field in option.split(",")]
        # Before API 1.25 an option is its name alone.
        names = [value for name, _, value in fields if name == "name"] or [option]
        lines.append("  " + names[0])
        lines += ["   %s: %s" % (name[:1].upper() + name[1:], value) for name, equals, value in fields if equals and name != "name"]
    return lines


def swarm_lines(swarm):
    lines = [" Swarm: %s" % (swarm.get("LocalNodeState") or "inactive")]
    if swarm.get("LocalNodeState") in (None, "", "inactive", "locked"):
        return lines
    lines.append("  NodeID: %s" % swarm.get("NodeID", ""))
    if swarm.get("Error"):
        lines.append("  Error: %s" % swarm["Error"])
    lines.append("  Is Manager: %s" % ("true" if swarm.get("ControlAvailable") else "false"))
    if swarm.get("ControlAvailable"):
        lines.append("  ClusterID: %s" % (swarm.get("Cluster") or {}).get("ID", ""))
        lines.append("  Managers: %d" % (swarm.get("Managers") or 0))
        lines.append("  Nodes: %d" % (swarm.get("Nodes") or 0))
    return lines + ["  Node Address: %s" % swarm.get("NodeAddr", "")]


def info_lines(facts):
    """The server's half of `info`: `facts` is the engine's SystemInfo."""
    def truth(name):
        return "true" if facts.get(name) else "false"

    lines = [" Containers: %d" % (facts.get("Containers") or 0), "  Running: %d" % (facts.get("ContainersRunning") or 0),
             "  Paused: %d" % (facts.get("ContainersPaused") or 0), "  Stopped: %d" % (facts.get("ContainersStopped") or 0),
             " Images: %d" % (facts.get("Images") or 0)]
    lines += named_lines(facts, [("Server Version", "ServerVersion"), ("Storage Driver", "Driver")])
    lines += ["  %s: %s" % tuple(pair[:2]) for pair in facts.get("DriverStatus") or ()]
    lines += named_lines(facts, [("Logging Driver", "LoggingDriver"), ("Cgroup Driver", "CgroupDriver"),
                                 ("Cgroup Version", "CgroupVersion")])
    plugins = facts.get("Plugins") or {}
    lines.append(" Plugins:")
    for kind in ("Volume", "Network", "Authorization", "Log"):
        if plugins.get(kind) or kind in ("Volume", "Network", "Log"):
            lines.append("  %s: %s" % (kind, " ".join(plugins.get(kind) or ())))
    if facts.get("CDISpecDirs"):
        lines += [" CDI spec directories:"] + ["  " + one for one in facts["CDISpecDirs"]]
    lines += swarm_lines(facts.get("Swarm") or {})
    if facts.get("Runtimes"):
        lines += [" Runtimes: " + " ".join(sorted(facts["Runtimes"])), " Default Runtime: %s" % facts.get("DefaultRuntime", "")]
    if facts.get("OSType") == "linux":
        lines += [" Init Binary: %s" % facts.get("InitBinary", ""), commit_line("containerd", facts.get("ContainerdCommit")),
                  commit_line("runc", facts.get("RuncCommit")), commit_line("init", facts.get("InitCommit"))]
    lines += security_lines(facts.get("SecurityOptions"))
    lines += named_lines(facts, [("Kernel Version", "KernelVersion"), ("Operating System", "OperatingSystem"),
                                 ("OSType", "OSType"), ("Architecture", "Architecture")])
    lines += [" CPUs: %d" % (facts.get("NCPU") or 0), " Total Memory: %s" % binary_size(facts.get("MemTotal") or 0)]
    lines += named_lines(facts, [("Name", "Name"), ("ID", "ID")])
    lines += [" Docker Root Dir: %s" % facts.get("DockerRootDir", ""), " Debug Mode: %s" % truth("Debug")]
    if facts.get("Debug"):
        lines += ["  File Descriptors: %d" % (facts.get("NFd") or 0), "  Goroutines: %d" % (facts.get("NGoroutines") or 0),
                  "  System Time: %s" % facts.get("SystemTime", ""), "  EventsListeners: %d" % (facts.get("NEventsListener") or 0)]
    lines += named_lines(facts, [("HTTP Proxy", "HttpProxy"), ("HTTPS Proxy", "HttpsProxy"), ("No Proxy", "NoProxy")])
    if facts.get("Labels"):
        lines += [" Labels:"] + ["  " + label for label in facts["Labels"]]
    lines.append(" Experimental: %s" % truth("ExperimentalBuild"))
    registries = facts.get("RegistryConfig") or {}
    names = sorted(name for name, index in (registries.get("IndexConfigs") or {}).items() if not index.get("Secure"))
    names += registries.get("InsecureRegistryCIDRs") or []
    if names:
        lines += [" Insecure Registries:"] + ["  " + name for name in names]
    if registries.get("Mirrors"):
        lines += [" Registry Mirrors:"] + ["  " + mirror for mirror in registries["Mirrors"]]
    lines.append(" Live Restore Enabled: %s" % truth("LiveRestoreEnabled"))
    lines += named_lines(facts, [("Product License", "ProductLicense")])
    if facts.get("DefaultAddressPools"):
        lines.append(" Default Address Pools:")
        lines += ["   Base: %s, Size: %s" % (pool.get("Base", ""), pool.get("Size", "")) for pool in facts["DefaultAddressPools"]]
    backend = (facts.get("FirewallBackend") or {}).get("Driver")
    return lines + ([" Firewall Backend: %s" % backend] if backend else []) + [""]


def info_command(console, options, arguments):
    template = None
    if options["format"]:
        template = parse_template_option(console, "{{json .}}" if options["format"] == "json" else options["format"])
        if template is None:
            return 64
    client = client_facts(console)
    if template is not None:
        facts = answered_object(console.docker.call("system_info"), "SystemInfo")
        facts["ClientInfo"] = client
        return template_lines(console, template, [facts])
    lines = ["Client: rawdock", " Version:    %s" % client["Version"], " Context:    %s" % client["Context"],
             " Debug Mode: false", "", "Server:"]
    try:
        facts = answered_object(console.docker.call("system_info"), "SystemInfo")
    except RawdockError:
        write_lines(console.out, lines)
        raise
    write_lines(console.out, lines + info_lines(facts))
    for warning in facts.get("Warnings") or ():
        console.err.line(warning)
    return 0


def told_of_nonsense(command):
    """`command`, in which a value of a type that the Engine API does not give ends in a ProtocolError.

    Fields are read where they are printed; to check each type before would be as long as the printing.
    """
    def checked(console, options, arguments):
        try:
            return command(console, options, arguments)
        except RawdockError:
            raise
        except (TypeError, ValueError, AttributeError, LookupError, ArithmeticError) as error:
            raise ProtocolError("Engine API", 0, str(error).encode("utf-8", "replace"), "an answer with values of the Engine API's types") from error
    return checked


LISTING_COMMANDS = command_table(
    Command("ps", told_of_nonsense(ps_command), "", "list containers", PS_FLAGS, 0, 0),
    Command("images", told_of_nonsense(images_command), "[REPOSITORY[:TAG]]", "list images", IMAGES_FLAGS, 0, 1),
    Command("inspect", told_of_nonsense(inspect_command), "NAME|ID ...", "everything the engine knows about containers, images, networks, …",
            INSPECT_FLAGS, 1, None),
    Command("logs", logs_command, "CONTAINER", "what a container wrote", LOGS_FLAGS, 1, 1),
    Command("events", told_of_nonsense(events_command), "", "what happens in the engine, as it happens", EVENTS_FLAGS, 0, 0),
    Command("version", told_of_nonsense(version_command), "", "the versions of rawdock and the engine", FORMAT_FLAGS, 0, 0),
    Command("info", told_of_nonsense(info_command), "", "how the engine is set up, and what it holds", FORMAT_FLAGS, 0, 0),
)
