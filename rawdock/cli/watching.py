"""inspect, logs, events: all about an object, what a container wrote, and what happens in the engine.

Promises: the bytes that the docker CLI prints for this engine, its exit statuses, and the engine's own words
for errors. `inspect` indents the engine's JSON anew and changes nothing else in it.
"""
import re

from ..engine.answers import answer_field
from ..errors import APIError, NotFound, UsageError
from ..wire.jsonstream import decode_json
from .console import CommandFailed, describe_error
from .flags import Command, command_table
from .format import indent_json, local_timestamp, quote_text, without_json_blanks
from .formatted import TEMPLATE_SAYS, option_template, template_lines, write_template_lines
from .printable import UNPRINTABLE
from .queries import parse_filters, read_when

INSPECT_FLAGS = """
-f, --format   text  string  json, or a Go template for each object
-s, --size     bool  the sizes of containers too
--type         text  string  container, image, network, volume, service, task, node, plugin, secret or config
"""
# The flags of `network inspect` and of the other nouns, whose kind they know.
NOUN_INSPECT_FLAGS = """
-f, --format  text  string  Format output using a custom template
"""
CONTAINER_INSPECT_FLAGS = NOUN_INSPECT_FLAGS + "-s, --size  bool  Display total file sizes\n"
LOGS_FLAGS = """
--details         bool  the attributes that the log driver keeps for each line
-f, --follow      bool  go on with what is written from now on
--since           text  string  only lines since then: 10m, 2026-01-02T15:04:05Z, or seconds since 1970
-n, --tail        text  string  only the last N lines (default "all")
-t, --timestamps  bool  when each line was written
--until           text  string  only lines before then
"""
EVENTS_FLAGS = """
-f, --filter   filter  filter  only events that match
--format       text  string  json, or a Go template for each event
--since        text  string  also past events since then: 10m, 2026-01-02T15:04:05Z, or seconds since 1970
--until        text  string  end at that time
"""

# The operation of each kind that --type names, in the order in which a name is looked up.
INSPECT_OPERATIONS = {name.partition("_")[0]: name for name in (
    "container_inspect", "image_inspect", "network_inspect", "volume_inspect", "service_inspect",
    "task_inspect", "node_inspect", "plugin_inspect", "secret_inspect", "config_inspect")}
# The kinds that only a swarm has.
SWARM_KINDS = ("service", "task", "node", "secret", "config")

class ObjectFinder:
    """Finds objects by name: find(name) → (its kind, the engine's JSON), two str.

    `query` has the parameters for the objects of `kind`, or for containers where the kind is not given.
    """

    def __init__(self, docker, kind=None, query=None):
        self.docker = docker
        self.kind = kind
        self.query = query or {}
        self._swarm = None

    def _inspect(self, kind, name):
        query = self.query if kind == (self.kind or "container") else {}
        with self.docker.send(INSPECT_OPERATIONS[kind], name, **query) as response:
            data = response.read()
        decode_json(data)
        return kind, data.decode("utf-8").strip()

    def _in_swarm(self):
        if self._swarm is None:
            facts = answer_field(self.docker.call("system_info"), "SystemInfo", dict)
            self._swarm = bool((facts.get("Swarm") or {}).get("ControlAvailable"))
        return self._swarm

    def find(self, name):
        """The kind and the JSON of the object `name`.

        APIError of the engine if the kind is given, else NotFound.
        """
        if self.kind:
            return self._inspect(self.kind, name)
        for kind in INSPECT_OPERATIONS:
            if kind in SWARM_KINDS and not self._in_swarm():
                continue
            try:
                return self._inspect(kind, name)
            except NotFound:
                pass
            except UsageError:
                break      # a name that cannot be part of a path names no object
            except APIError as error:
                # The engine has no plugins, or the name is not valid for this kind.
                if not (kind == "plugin" or error.status in (400, 500) and "invalid" in error.message):
                    raise
        raise NotFound(404, "No such object: %s" % name)


def write_json(output, text):
    """Write JSON and a newline. On a terminal, control characters become JSON's own escapes."""
    if output.isatty():
        import json
        kept = {"\n": "\n", "\x7f": "\\u007f"}   # json.dumps leaves DEL as it is
        text = re.sub(UNPRINTABLE, lambda found: kept.get(found.group(), json.dumps(found.group())[1:-1]),
                      text)
    output.write((text + "\n").encode("utf-8", "surrogatepass"))


def inspect_command(console, options, arguments):
    kind = options["type"]
    if kind is not None and kind not in INSPECT_OPERATIONS:
        said = "unknown type: %s" % quote_text(kind) if kind else "type is empty"
        names = ", ".join('"%s"' % name for name in sorted(INSPECT_OPERATIONS))
        raise CommandFailed("%s: must be one of %s" % (said, names), 1)
    if options["size"] and kind not in (None, "container"):
        console.err.line("WARNING: --size ignored for %s" % kind)
    return inspect_objects(console, options, arguments, kind, size_query(options, kind))


def size_query(options, kind):
    """The parameters (dict) of container_inspect for --size: none where `kind` is another than containers."""
    return {"size": True} if options["size"] and kind in (None, "container") else {}


def inspect_noun(kind):
    """The command that inspects objects of a `kind` (str)."""
    return lambda console, options, arguments: inspect_objects(console, options, arguments, kind, {})


def inspect_container_command(console, options, arguments):
    return inspect_objects(console, options, arguments, "container", size_query(options, "container"))


def templated_object(template, kind, data, as_json):
    """What a Template makes of the JSON (str) of an object of a `kind`. CommandFailed if it does not fit.

    With `as_json`, a template that does not fit the object's type is tried on its JSON, as in the docker CLI.
    """
    from .go_types import go_struct
    from .template_functions import TemplateValueError
    found = decode_json(data.encode("utf-8"))
    failure = None
    for value in [go_struct(found, kind.title())] + [found] * as_json:
        try:
            return template.execute(value)
        except TemplateValueError as error:
            failure = error
    raise CommandFailed(TEMPLATE_SAYS[1] + str(failure), 1)


def inspect_objects(console, options, arguments, kind, query):
    """Write the objects that `arguments` name, of a `kind` or (None) of any → exit status.

    `query` has parameters (dict) of the operation that inspects them. As in the docker CLI the others are
    written where one fails, and the errors come last.
    """
    text = options["format"] or None
    template = option_template(text) if text != "json" else None
    finder = ObjectFinder(console.docker, kind, query)
    found, errors = [], []
    for name in arguments:
        try:
            if not name.strip():
                raise UsageError("invalid %s name or ID: value is empty" % (kind or "container"))
            found_kind, data = finder.find(name)
            found.append(data if template is None else
                         templated_object(template, found_kind, data, as_json=kind != "volume"))
        except APIError as error:
            errors.append(describe_error(error) if kind else "Error: %s" % error)
        except (CommandFailed, UsageError) as error:
            errors.append(error.message)
    if template is not None:
        write_template_lines(console.out, found or [""])
    elif text == "json":
        write_json(console.out, "[%s]" % ",".join(without_json_blanks(one) for one in found))
    else:
        write_json(console.out, indent_json("[%s]" % ",".join(found)))
    for error in errors:
        console.err.line(error)
    return 1 if errors else 0


def logs_command(console, options, arguments):
    query = {}
    for name in ("since", "until"):
        try:
            query[name] = read_when(options, name)
        except CommandFailed as error:
            raise CommandFailed('invalid value for "%s": %s' % (name, error), 1) from error
    # The log is in frames unless the container has a terminal. Its id stays, while its name may change.
    container = console.docker.call("container_inspect", arguments[0])
    id = answer_field(container, "ContainerInspect", str, "Id")
    tty = answer_field(container, "ContainerInspect", (bool, type(None)), "Config", "Tty") or False
    for name in ("follow", "timestamps", "details"):
        query[name] = options[name] or None
    from ..engine.pump import copy_stream
    response = console.docker.send("container_logs", id, stdout=True, stderr=True,
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
    """An event for a template: all fields, in the order in which the docker CLI writes them."""
    from .go_types import go_struct
    from .template_functions import SparseRow
    actor = event.get("Actor") or {}
    row = SparseRow([(name, event.get(name) or "") for name in ("status", "id", "from", "Type", "Action")])
    row.update(Actor=go_struct({"ID": actor.get("ID") or "", "Attributes": actor.get("Attributes") or {}},
                               "Actor"),
               scope=event.get("scope") or "", time=event.get("time") or 0,
               timeNano=event.get("timeNano") or 0)
    return row


def events_command(console, options, arguments):
    filters = parse_filters(options["filter"])
    since, until = read_when(options, "since"), read_when(options, "until")
    says = ("Error parsing format: ",) * 2
    template = option_template(options["format"] or None, says=says)
    for event in console.docker.call("system_events", since=since, until=until, filters=filters or None):
        if template is None:
            console.out.line(event_line(event))
        else:
            template_lines(console, template, [event_row(event)], partial=False, status=64, says=says)
    return 0


WATCHING_COMMANDS = command_table(
    Command("inspect", inspect_command, "NAME|ID [NAME|ID...]",
            "Return low-level information on Docker objects",
            INSPECT_FLAGS, 1, None),
    Command("container inspect", inspect_container_command, "CONTAINER [CONTAINER...]",
            "Display detailed information on one or more containers", CONTAINER_INSPECT_FLAGS, 1, None),
    Command("logs", logs_command, "CONTAINER", "Fetch the logs of a container", LOGS_FLAGS, 1, 1),
    Command("events", events_command, "", "Get real time events from the server", EVENTS_FLAGS, 0, 0),
)
