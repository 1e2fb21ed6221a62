"""inspect, logs, events: everything about one thing, what it wrote, and what happens.

Promises: on the same engine the same bytes as the docker CLI, its exit statuses and the engine's own
words for errors. `inspect` re-indents the engine's JSON and changes nothing else in it.
"""
import json
import re

from ..errors import UNPRINTABLE, APIError, NotFound, ProtocolError, UsageError
from .answers import answered_object, read_filters, read_when
from .console import describe_error
from .flags import Command, command_table
from .format import indent_json, local_timestamp, quote_text, without_json_blanks
from .formatted import parse_template_option, template_lines

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

# The order in which a name is looked up; a * marks what only a swarm has.
INSPECT_OPERATIONS = {
    "container": "container_inspect", "image": "image_inspect", "network": "network_inspect",
    "volume": "volume_inspect",
    "service": "service_inspect", "task": "task_inspect", "node": "node_inspect", "plugin": "plugin_inspect",
    "secret": "secret_inspect", "config": "config_inspect"}
INSPECT_ORDER = "container image network volume service* task* node* plugin secret* config*".split()

# What JSON calls null has a kind in the docker CLI, and prints by it; anything else that is null is a list.
NULL_POINTER_FIELDS = frozenset("""
    Health Healthcheck StopTimeout SizeRw SizeRootFs OomKillDisable PidsLimit MemorySwappiness Init IPAMConfig
    ContainerSpec UsageData ClusterVolume Descriptor Manifests ImageManifestDescriptor""".split())
NULL_MAP_FIELDS = frozenset("""
    Labels Volumes Options DriverOpts Annotations Sysctls Tmpfs StorageOpt ExposedPorts PortBindings Ports
    Networks Containers Status""".split())
MISSING_TEXT_FIELDS = frozenset(
    "StopSignal MacAddress Domainname ArgsEscaped Comment Author Variant Parent".split())


def inspect_nulls(name):
    """For a template: what the field `name` means where an engine leaves it out or null; None: not known."""
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
            raise ProtocolError("RFC 8259", getattr(error, "pos", getattr(error, "start", 0)), data,
                                "JSON (%s)" % error)
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


def write_json(output, text):
    """Write JSON and a newline. A terminal gets what it would act on as JSON's own escapes."""
    if output.isatty():
        kept = {"\n": "\n", "\x7f": "\\u007f"}   # json.dumps leaves DEL as it is
        text = re.sub(UNPRINTABLE, lambda found: kept.get(found.group(), json.dumps(found.group())[1:-1]), text)
    output.write((text + "\n").encode("utf-8", "surrogatepass"))


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
            errors.append(describe_error(error) if kind else "Error: %s" % error)
        except UsageError as error:
            errors.append("%s: %s" % (console.program, error))
    status = 0
    if template is not None:
        status = template_lines(console, template, [json.loads(one) for one in found], partial=False)
        if status:
            console.out.line()   # of a failed row docker keeps the line's end alone
    elif text == "json":
        write_json(console.out, "[%s]" % ",".join(without_json_blanks(one) for one in found))
    else:
        write_json(console.out, indent_json("[%s]" % ",".join(found)))
    for error in errors:
        console.err.line(error)
    return 1 if errors else status


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
    inspected = console.docker.call("container_inspect", arguments[0])
    container = answered_object(inspected, "ContainerInspect", "Id")
    tty = answered_object(container.get("Config"), "ContainerInspect").get("Tty") or False
    if not isinstance(tty, bool):
        raise TypeError("Tty: %r" % (tty,))
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

WATCHING_COMMANDS = command_table(
    Command("inspect", inspect_command, "NAME|ID ...",
            "everything the engine knows about containers, images, networks, …",
            INSPECT_FLAGS, 1, None),
    Command("logs", logs_command, "CONTAINER", "what a container wrote", LOGS_FLAGS, 1, 1),
    Command("events", events_command, "", "what happens in the engine, as it happens", EVENTS_FLAGS, 0, 0),
)
