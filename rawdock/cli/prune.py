"""What removes all that is unused: container, image, network, volume and system prune.

Promises: the docker CLI's questions, lines and exit statuses. Nothing is removed before the user has answered
"y", or given --force.
"""
from ..engine.answers import answer_field
from ..engine.values import read_argument, read_size
from .console import CommandFailed, write_lines
from .flags import Command, command_table
from .format import human_size, natural_order
from .queries import parse_filters, require_api
from .settings import add_config_filters

PRUNE_FLAGS = """
--filter     filter  filter  Provide filter values (e.g. "until=<timestamp>")
-f, --force  bool  Do not prompt for confirmation
"""
ALL_IMAGES_FLAG = "-a, --all  bool  Remove all unused images, not just dangling ones\n"
ALL_VOLUMES_FLAG = "-a, --all  bool  Remove all unused volumes, not just anonymous ones\n"
SYSTEM_PRUNE_FLAGS = """
-a, --all    bool  Remove all unused images not just dangling ones
--filter     filter  filter  Provide filter values (e.g. "label=<key>=<value>")
-f, --force  bool  Do not prompt for confirmation
--volumes    bool  Prune anonymous volumes
"""

BUILDER_PRUNE_FLAGS = """
-a, --all       bool  Remove all unused build cache, not just dangling ones
--filter        filter  filter  Provide filter values (e.g. "until=24h")
-f, --force     bool  Do not prompt for confirmation
--keep-storage  text  bytes  Amount of disk space to keep for cache
"""

# Kind: its operation, the field of the answer that lists what was removed, and the line above it.
PRUNE_OPERATIONS = {
    "container": ("container_prune", "ContainersDeleted", "Deleted Containers:"),
    "network": ("network_prune", "NetworksDeleted", "Deleted Networks:"),
    "volume": ("volume_prune", "VolumesDeleted", "Deleted Volumes:"),
    "image": ("image_prune", "ImagesDeleted", "Deleted Images:"),
    "build": ("build_prune", "CachesDeleted", "Deleted build cache objects:")}
# What a prune says that it will remove.
PRUNE_WARNINGS = {
    "container": "all stopped containers",
    "network": "all custom networks not used by at least one container",
    "volume": "anonymous local volumes not used by at least one container",
    "all volumes": "all local volumes not used by at least one container", "image": "all dangling images",
    "all images": "all images without at least one container associated to them"}


def confirmed(console, question, end="\n"):
    """Whether the user answers `question` (str), which `end` follows, with "y"; no answer is no."""
    console.out.write((question + end + "Are you sure you want to continue? [y/N] ").encode("utf-8"))
    return console.stdin.readline().strip().lower() == b"y"


def prune_objects(console, kind, filters, **query):
    """Remove what is unused of a `kind`, and write what was removed → how many bytes that has freed."""
    operation, field, title = PRUNE_OPERATIONS[kind]
    answer = console.docker.call(operation, filters=filters or None, **query)
    removed = answer_field(answer, operation, (list, type(None)), field)
    if not removed:
        return 0
    if kind == "image":
        removed = ["untagged: " + one["Untagged"] if one.get("Untagged") else "deleted: " + one["Deleted"]
                   for one in removed]
    write_lines(console.out, [title] + removed + [""])
    return answer.get("SpaceReclaimed") or 0


def prune_command(kind):
    """The command that prunes objects of a `kind` (str)."""
    def command(console, options, arguments):
        filters, warning = parse_filters(options["filter"]), PRUNE_WARNINGS[kind]
        add_config_filters(console, filters)
        if kind == "image":
            filters.setdefault("dangling", []).append("false" if options["all"] else "true")
            warning = PRUNE_WARNINGS["all images"] if options["all"] else warning
        if kind == "volume":
            require_api(console, options, "all 1.42")
            if options["all"] and "all" in filters:
                raise CommandFailed(
                    "conflicting options: cannot specify both --all and --filter all=1", 1)
            if options["all"]:
                filters["all"] = ["true"]
            if options["all"] or not console.docker.supports("1.42"):   # where all is all that there is
                warning = PRUNE_WARNINGS["all volumes"]
        if not options["force"] and not confirmed(console, "WARNING! This will remove %s." % warning):
            return 0
        freed = prune_objects(console, kind, filters)
        if kind != "network":
            console.out.line("Total reclaimed space: %s" % human_size(freed, 4))
        return 0

    return command


def builder_prune(console, options, arguments):
    kept = read_argument(read_size, options["keep_storage"] or "0", "--keep-storage")
    require_api(console, options, "1.39", "builder prune")
    filters = parse_filters(options["filter"])
    add_config_filters(console, filters)
    warning = "all build cache" if options["all"] else "all dangling build cache"
    if not options["force"] and not confirmed(console, "WARNING! This will remove %s." % warning, " "):
        return 0
    freed = prune_objects(console, "build", filters, all=options["all"] or None,
                          **{"keep-storage": kept or None})
    console.out.line("Total reclaimed space: %s" % human_size(freed, 4))
    return 0


def system_prune_question(options, filters, builds):
    """What `system prune` asks. `builds`: whether it prunes the build cache too."""
    warnings = ["all stopped containers", "all networks not used by at least one container"]
    if options["volumes"]:
        warnings.append("all anonymous volumes not used by at least one container")
    warnings.append(PRUNE_WARNINGS["all images" if options["all"] else "image"])
    if builds:
        warnings.append("all build cache" if options["all"] else "unused build cache")
    lines = ["WARNING! This will remove:"] + ["  - " + warning for warning in warnings] + [""]
    shown = ["%s=%s" % (name, value) for name in ("label", "label!", "until")
             for value in filters.get(name, ())]
    if shown:
        lines += ["  Items to be pruned will be filtered with:"]
        lines += ["  - " + one for one in sorted(shown, key=natural_order)] + [""]
    return "\n".join(lines)


def system_prune(console, options, arguments):
    filters, builds = parse_filters(options["filter"]), console.docker.supports("1.31")
    if options["volumes"] and "until" in filters:
        raise CommandFailed('ERROR: The "until" filter is not supported with "--volumes"', 1)
    add_config_filters(console, filters)
    if not options["force"] and not confirmed(console, system_prune_question(options, filters, builds)):
        return 0
    dangling = dict(filters, dangling=["false" if options["all"] else "true"])
    freed = prune_objects(console, "container", filters) + prune_objects(console, "network", filters)
    if options["volumes"]:
        freed += prune_objects(console, "volume", filters)
    freed += prune_objects(console, "image", dangling)
    if builds:
        freed += prune_objects(console, "build", filters, all=options["all"] or None)
    console.out.line("Total reclaimed space: %s" % human_size(freed, 4))
    return 0


PRUNE_COMMANDS = command_table(
    Command("builder prune", builder_prune, "", "Remove build cache", BUILDER_PRUNE_FLAGS, 0, 0),
    Command("container prune", prune_command("container"), "", "Remove all stopped containers", PRUNE_FLAGS,
            0, 0),
    Command("image prune", prune_command("image"), "", "Remove unused images", ALL_IMAGES_FLAG + PRUNE_FLAGS,
            0, 0),
    Command("network prune", prune_command("network"), "", "Remove all unused networks", PRUNE_FLAGS, 0, 0),
    Command("volume prune", prune_command("volume"), "", "Remove unused local volumes",
            ALL_VOLUMES_FLAG + PRUNE_FLAGS, 0, 0),
    Command("system prune", system_prune, "", "Remove unused data", SYSTEM_PRUNE_FLAGS, 0, 0),
)
