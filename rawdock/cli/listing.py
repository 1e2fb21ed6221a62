"""ps: lists containers.

Promises: the bytes that the docker CLI prints for this engine, and its exit statuses; one request, one write.
The fields of a row are made only for a --format: the table needs no names for them.
"""
import time

from .console import write_lines
from .durations import human_duration
from .flags import Command, command_table
from .format import (align_columns, compact_json, familiar_image, human_size, local_time_text, ports_column,
                     quote_text, short_id, shorten)
from .queries import answer_objects, parse_filters

COMMAND_WIDTH = 20       # columns of a command, a mount
MOUNT_WIDTH = 15

PS_FLAGS = """
-a, --all      bool  stopped containers too
-f, --filter   filter  filter  only containers that match; several values of one name are alternatives
--format       text  string  table (the default), json, 'table TEMPLATE' or a Go template
--json         bool  one JSON array of the engine's own objects
-n, --last     int   int  the N last created, in any state (default -1)
-l, --latest   bool  the last created, in any state
--no-trunc     bool  whole ids and commands
-q, --quiet    bool  only ids
-s, --size     bool  the bytes that each has written
"""

PS_TITLES = ("CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES")
PS_HEADERS = {
    "ID": "CONTAINER ID", "Names": "NAMES", "Image": "IMAGE", "Command": "COMMAND", "CreatedAt": "CREATED AT",
    "RunningFor": "CREATED", "Ports": "PORTS", "State": "STATE", "Status": "STATUS", "Size": "SIZE",
    "Labels": "LABELS", "Mounts": "MOUNTS", "LocalVolumes": "LOCAL VOLUMES", "Networks": "NETWORKS",
    "Platform": "PLATFORM"}
PS_RAW = ("container_id: {{.ID}}\nimage: {{.Image}}\ncommand: {{.Command}}\ncreated_at: {{.CreatedAt}}\n"
          "state: {{.State}}\nstatus: {{.Status}}\nnames: {{.Names}}\nlabels: {{.Labels}}\n"
          "ports:{{if .Ports}} {{.Ports}}{{end}}\n")
PS_TEMPLATE_SAYS = ("failed to parse template: ", "failed to execute template: ")


def container_image(container, whole):
    image = container.get("Image") or ""
    if not image:
        return "<no image>"
    if whole:
        return image
    identifier = container.get("ImageID") or ""
    if identifier and short_id(identifier) == short_id(image):
        return short_id(image)
    return familiar_image(image)


def container_name(container, whole):
    names = [name[1:] if name.startswith("/") else name for name in container.get("Names") or ()]
    if not whole:
        # Older engines also list the names that links give it, which have a / inside.
        names = [name for name in names if "/" not in name][:1] or names
    return ",".join(names)


def container_size(container):
    size = human_size(container.get("SizeRw") or 0)
    whole = container.get("SizeRootFs") or 0
    return "%s (virtual %s)" % (size, human_size(whole)) if whole > 0 else size


def container_cells(container, whole, now):
    """The columns of `ps`, without SIZE."""
    command = container.get("Command") or ""
    return [shown_id(container, whole), container_image(container, whole),
            quote_text(command if whole else shorten(command, COMMAND_WIDTH)),
            human_duration(now - (container.get("Created") or 0)) + " ago", container.get("Status") or "",
            ports_column(container.get("Ports")), container_name(container, whole)]


def container_row(container, whole, now):
    """The fields of a container that a --format can name, ordered by name, as in the docker CLI's JSON."""
    from .formatted import labels_text
    from .template_functions import NIL_POINTER
    cells = dict(zip(PS_TITLES, container_cells(container, whole, now)))
    mounts = [mount.get("Name") or mount.get("Source") or "" for mount in container.get("Mounts") or ()]
    labels = container.get("Labels") or {}
    networks = (container.get("NetworkSettings") or {}).get("Networks") or {}
    return {
        "Command": cells["COMMAND"], "CreatedAt": local_time_text(container.get("Created") or 0),
        "ID": cells["CONTAINER ID"], "Image": cells["IMAGE"], "Labels": labels_text(labels),
        "LocalVolumes": "%d" % sum(mount.get("Driver") == "local" for mount in container.get("Mounts") or ()),
        "Mounts": ",".join(mount if whole else shorten(mount, MOUNT_WIDTH) for mount in mounts),
        "Names": cells["NAMES"], "Networks": ",".join(sorted(networks)),
        "Platform": (container.get("ImageManifestDescriptor") or {}).get("platform") or NIL_POINTER,
        "Ports": cells["PORTS"], "RunningFor": cells["CREATED"], "Size": container_size(container),
        "State": container.get("State") or "", "Status": cells["STATUS"],
        "Label": lambda name: labels.get(name, "")}


def shown_id(found, whole):
    """The id of an object of a list, short unless `whole` is true."""
    return found["Id"] if whole else short_id(found["Id"])


def wanted_format(console, options):
    """The --format (str) of ps, None for its usual table. It is ignored with --quiet."""
    text = console.list_format(options, "psFormat")
    if text and options["quiet"]:
        console.err.line("WARNING: Ignoring custom format, because both --format and --quiet are set.")
        return None
    return None if text in ("", "table") else text


def ps_command(console, options, arguments):
    filters = parse_filters(options["filter"])
    text, size, whole = wanted_format(console, options), options["size"], options["no_trunc"]
    last = options["last"]
    if last is None or last < 0:
        last = 1 if options["latest"] else None
    if text and not size:
        from .formatted import uses_field
        size = uses_field(text, "Size")
    listed = console.docker.call("container_list", all=options["all"] or None, limit=last or None,
                                 size=size or None, filters=filters or None)
    containers = answer_objects(listed, "ContainerList", "Id")
    now = time.time()
    if options["json"]:
        console.out.line(compact_json(containers))
    elif options["quiet"]:
        write_lines(console.out, [shown_id(container, whole) for container in containers])
    elif text:
        from .formatted import label_title, write_formatted
        rows = [container_row(container, whole, now) for container in containers]
        write_formatted(console, text, rows, dict(PS_HEADERS, Label=label_title), PS_RAW, PS_TEMPLATE_SAYS)
    else:
        rows = [container_cells(container, whole, now) + ([container_size(container)] if size else [])
                for container in containers]
        write_lines(console.out, align_columns([PS_TITLES + (("SIZE",) if size else ())] + rows))
    return 0


LISTING_COMMANDS = command_table(
    Command("ps", ps_command, "", "List containers", PS_FLAGS, 0, 0),
)
