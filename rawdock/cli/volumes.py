"""Volumes: volume create, inspect, ls, rm and update.

Promises: the docker CLI's lines and exit statuses.
"""
from ..engine.answers import answer_field
from ..engine.values import read_argument, read_size
from .console import CommandFailed
from .flags import Command, command_table
from .format import human_size, natural_order
from .formatted import Listing, label_title, labels_text, write_listing
from .lifecycle import for_each
from .queries import answer_objects, parse_filters, require_api, string_map
from .watching import NOUN_INSPECT_FLAGS, inspect_noun

VOLUME_CREATE_FLAGS = """
--availability        text  string  Cluster Volume availability ("pause", "drain") (default "active")
-d, --driver          text  string  Specify volume driver name (default "local")
--group               text  string  Cluster Volume group (cluster volumes)
--label               label  list  Set metadata for a volume
--limit-bytes         text  bytes  Minimum size of the Cluster Volume in bytes
-o, --opt             list  map  Set driver specific options
--required-bytes      text  bytes  Maximum size of the Cluster Volume in bytes
--scope               text  string  Cluster Volume access scope ("single", "multi") (default "single")
--secret              list  map  Cluster Volume secrets
--sharing             text  string  Cluster Volume sharing ("readonly", "onewriter", "all") (default "none")
--topology-preferred  list  list  A topology that the Cluster Volume would be preferred in
--topology-required   list  list  A topology that the Cluster Volume must be accessible from
--type                text  string  Cluster Volume access type ("mount", "block") (default "block")
--name                text  string  -
"""
VOLUME_LIST_FLAGS = """
--cluster     bool  Display only cluster volumes, and use cluster volume list formatting
-f, --filter  filter  filter  Provide filter values (e.g. "dangling=true")
--format      text  string  Format output using a custom template
--json        bool  one JSON array of the engine's own objects
-q, --quiet   bool  Only display volume names
"""
VOLUME_TITLES = {
    "Name": "VOLUME NAME", "Group": "GROUP", "Driver": "DRIVER", "Scope": "SCOPE", "Size": "SIZE",
    "Availability": "AVAILABILITY", "Mountpoint": "MOUNTPOINT", "Labels": "LABELS", "Links": "LINKS",
    "Status": "STATUS", "Label": label_title}
VOLUME_LIST = Listing(VOLUME_TITLES, "Driver Name", "Name", "name: {{.Name}}\ndriver: {{.Driver}}\n")
# With --cluster all formats are that of this table.
CLUSTER_VOLUME_LIST = VOLUME_LIST._replace(columns="Name Group Driver Availability Status")
CLUSTER_FLAGS = ("availability", "group", "limit-bytes", "required-bytes", "scope", "secret", "sharing",
                 "topology-preferred", "topology-required", "type")


def cluster_volume_status(cluster):
    if not (cluster.get("Info") or {}).get("VolumeID"):
        return "pending creation"
    nodes = len(cluster.get("PublishStatus") or ())
    return "in use (%d node%s)" % (nodes, "s" if nodes > 1 else "") if nodes else "created"


def volume_row(volume):
    """The fields of a volume that a --format can name."""
    labels, usage, cluster = [volume.get(name) for name in ("Labels", "UsageData", "ClusterVolume")]
    spec = (cluster or {}).get("Spec") or {}
    return {
        "Availability": spec.get("Availability", "") if cluster else "N/A",
        "Driver": volume.get("Driver") or "", "Group": spec.get("Group", "") if cluster else "N/A",
        "Labels": labels_text(labels),
        "Links": "%d" % usage["RefCount"] if usage else "N/A", "Mountpoint": volume.get("Mountpoint") or "",
        "Name": volume.get("Name") or "", "Scope": volume.get("Scope") or "",
        "Size": human_size(usage["Size"], 4) if usage else "N/A",
        "Status": cluster_volume_status(cluster) if cluster else "N/A",
        "Label": lambda name: (labels or {}).get(name, "")}


def volume_ls(console, options, arguments):
    filters, listing = parse_filters(options["filter"]), VOLUME_LIST
    require_api(console, options, "cluster 1.42")
    answer = answer_field(console.docker.call("volume_list", filters=filters or None), "VolumeList", dict)
    volumes = sorted(answer_objects(answer.get("Volumes"), "VolumeList", "Name"),
                     key=lambda volume: natural_order(volume["Name"]))
    options["format"] = console.list_format(options, "volumesFormat")
    if options["cluster"]:
        volumes = [volume for volume in volumes if volume.get("ClusterVolume")]
        options, listing = dict(options, format=None), CLUSTER_VOLUME_LIST
    write_listing(console, options, listing, [volume_row(volume) for volume in volumes], volumes)
    return 0


def cluster_volume_spec(options):
    """The ClusterVolumeSpec (dict) that the flags of `volume create` mean."""
    def topologies(words):
        return [{"Segments": string_map(word.split(","))} for word in words or ()]

    kind = {"mount": "MountVolume", "block": "BlockVolume"}.get(options["type"] or "block")
    mode = {"Scope": options["scope"] or "single", "Sharing": options["sharing"] or "none"}
    mode.update({kind: {}} if kind else {})
    secrets = string_map(options["secret"])
    required, limit = [read_argument(read_size, options[flag.replace("-", "_")] or "0", "--" + flag)
                       for flag in ("required-bytes", "limit-bytes")]
    return {"Group": options["group"] or "", "AccessMode": mode,
            "AccessibilityRequirements": {"Requisite": topologies(options["topology_required"]),
                                          "Preferred": topologies(options["topology_preferred"])},
            "CapacityRange": {"RequiredBytes": required, "LimitBytes": limit},
            "Secrets": [{"Key": key, "Secret": secrets[key]} for key in sorted(secrets)],
            "Availability": options["availability"] or "active"}


def volume_create(console, options, arguments):
    name = arguments[0] if arguments else options["name"]
    if arguments and options["name"]:
        raise CommandFailed("conflicting options: cannot specify a volume-name through both --name and as a "
                            "positional arg", 1)
    cluster = any(options[flag.replace("-", "_")] is not None for flag in CLUSTER_FLAGS)
    if cluster:
        require_api(console, options, " ".join("%s 1.42" % flag for flag in CLUSTER_FLAGS))
    body = {"ClusterVolumeSpec": cluster_volume_spec(options) if cluster else None,
            "Driver": "local" if options["driver"] is None else options["driver"], "Name": name,
            "DriverOpts": string_map(options["opt"]), "Labels": string_map(options["label"])}
    made = console.docker.call("volume_create", body={key: body[key] for key in body if body[key]})
    console.out.line(answer_field(made, "VolumeCreate", str, "Name"))
    return 0


def volume_rm(console, options, arguments):
    return for_each(console, arguments, lambda name: console.docker.call(
        "volume_delete", name, force=options["force"] or None) or name)


def volume_update(console, options, arguments):
    require_api(console, options, "1.42", "volume update")
    volume = console.docker.call("volume_inspect", arguments[0])
    cluster = answer_field(volume, "VolumeInspect", (dict, type(None)), "ClusterVolume")
    if cluster is None:
        raise CommandFailed("Can only update cluster volumes", 1)
    spec = dict(cluster.get("Spec") or {})
    if options["availability"] is not None:
        spec["Availability"] = options["availability"]
    console.docker.call("volume_update", answer_field(cluster, "VolumeInspect", str, "ID"),
                        version=answer_field(cluster, "VolumeInspect", int, "Version", "Index"),
                        body={"Spec": spec})
    return 0


VOLUME_COMMANDS = command_table(
    Command("volume create", volume_create, "[VOLUME]", "Create a volume", VOLUME_CREATE_FLAGS, 0, 1),
    Command("volume inspect", inspect_noun("volume"), "VOLUME [VOLUME...]",
            "Display detailed information on one or more volumes", NOUN_INSPECT_FLAGS, 1, None),
    Command("volume ls", volume_ls, "", "List volumes", VOLUME_LIST_FLAGS, 0, 0),
    Command("volume rm", volume_rm, "VOLUME [VOLUME...]",
            "Remove one or more volumes. You cannot remove a volume that is in use by a container.",
            "-f, --force  bool  Force the removal of one or more volumes", 1, None),
    Command("volume update", volume_update, "[VOLUME]", "Update a volume (cluster volumes only)",
            '--availability  text  string  availability ("pause", "drain") (default "active")', 1, 1),
)
