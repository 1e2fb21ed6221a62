"""The engine as a whole: system df. (system events, info and prune are with their short forms.)

Promises: the docker CLI's lines, and its way to count what could be freed.
"""
import time

from ..engine.answers import answer_field
from .console import write_lines
from .durations import human_duration, read_date
from .flags import Command, command_table
from .format import align_columns, go_time_text, human_size
from .formatted import Listing, option_template, write_listing
from .images import IMAGE_HEADERS, IMAGES_RAW, image_names, image_row
from .listing import PS_HEADERS, PS_RAW, container_row
from .volumes import VOLUME_LIST, volume_row

DF_FLAGS = """
--format       text  string  Format output using a custom template
--json         bool  one JSON array of the engine's own objects
-v, --verbose  bool  Show detailed information on space usage
"""
DF_LIST = Listing(
    {"Type": "TYPE", "TotalCount": "TOTAL", "Active": "ACTIVE", "Size": "SIZE", "Reclaimable": "RECLAIMABLE"},
    "Type TotalCount Active Size Reclaimable", None,
    "type: {{.Type}}\ntotal: {{.TotalCount}}\nactive: {{.Active}}\nsize: {{.Size}}\n"
    "reclaimable: {{.Reclaimable}}\n")
BUILD_TITLES = {
    "ID": "CACHE ID", "Parent": "PARENT", "CacheType": "CACHE TYPE", "Description": "DESCRIPTION",
    "InUse": "IN USE", "Shared": "SHARED", "Size": "SIZE", "CreatedAt": "CREATED", "CreatedSince": "CREATED",
    "LastUsedAt": "LAST USED", "LastUsedSince": "LAST USED", "UsageCount": "USAGE"}
BUILD_RAW = ("build_cache_id: {{.ID}}\nparent_id: {{.Parent}}\nbuild_cache_type: {{.CacheType}}\n"
             "description: {{.Description}}\ncreated_at: {{.CreatedAt}}\ncreated_since: {{.CreatedSince}}\n"
             "last_used_at: {{.LastUsedAt}}\nlast_used_since: {{.LastUsedSince}}\n"
             "usage_count: {{.UsageCount}}\nin_use: {{.InUse}}\nshared: {{.Shared}}\n")
# Of `df --verbose`: the line above each table, with what is counted, its titles and its columns.
DF_TABLES = (
    ("Images", "Images space usage:", IMAGE_HEADERS,
     "Repository Tag ID CreatedSince Size SharedSize UniqueSize Containers"),
    ("Containers", "Containers space usage:", PS_HEADERS,
     "ID Image Command LocalVolumes Size RunningFor Status Names"),
    ("Volumes", "Local Volumes space usage:", VOLUME_LIST.titles, "Name Links Size"),
    ("BuildCache", "Build cache usage: %s", BUILD_TITLES,
     "ID CacheType Size CreatedSince LastUsedSince UsageCount Shared"))


def df_row(kind, objects, active, size, reclaimable, percent=True):
    """A line of `df`; `active` is how many of the `objects` are in use, the sizes are bytes."""
    share = " (%d%%)" % (reclaimable * 100 // size) if percent and size > 0 else ""
    return {"Active": "%d" % active, "Reclaimable": human_size(reclaimable, 4) + share,
            "Size": human_size(size, 4), "TotalCount": "%d" % len(objects), "Type": kind}


def df_rows(usage):
    """The lines of `df`, without --verbose."""
    images, containers, volumes, builds = [usage[name] for name, _, _, _ in DF_TABLES]
    layers = usage["LayersSize"]
    used = sum((image.get("Size") or 0) - (image.get("SharedSize") or 0) for image in images
               if image.get("Containers") and -1 not in (image.get("Size"), image.get("SharedSize")))
    running = [one for one in containers if one.get("State") in ("running", "paused", "restarting")]
    written = sum(one.get("SizeRw") or 0 for one in containers)
    counted = [volume for volume in volumes if (volume.get("UsageData") or {}).get("Size", -1) != -1]
    taken = sum(volume["UsageData"]["Size"] for volume in counted)
    linked = [volume for volume in volumes if (volume.get("UsageData") or {}).get("RefCount", 0) > 0]
    free = sum(volume["UsageData"]["Size"] for volume in counted if volume["UsageData"]["RefCount"] == 0)
    cached = build_cache_size(builds)
    return [df_row("Images", images, sum((image.get("Containers") or 0) > 0 for image in images), layers,
                   layers - used),
            df_row("Containers", containers, len(running), written,
                   written - sum(one.get("SizeRw") or 0 for one in running)),
            df_row("Local Volumes", volumes, len(linked), taken, free),
            df_row("Build Cache", builds, sum(bool(one.get("InUse")) for one in builds), cached,
                   cached - build_cache_size([one for one in builds if one.get("InUse")]), percent=False)]


def build_cache_size(builds):
    return sum(one.get("Size") or 0 for one in builds if not one.get("Shared"))


def build_row(build, whole, now):
    """The fields of a record of the build cache that a --format can name."""
    def since(text):
        moment = read_date(text or "")
        return human_duration(now - moment[0]) + " ago" if moment else ""

    identifier = build.get("ID") or ""
    return {"CacheType": build.get("Type") or "", "CreatedAt": go_time_text(build.get("CreatedAt") or ""),
            "CreatedSince": since(build.get("CreatedAt")), "Description": build.get("Description") or "",
            "ID": (identifier if whole else identifier[:12]) + ("*" if build.get("InUse") else ""),
            "InUse": "true" if build.get("InUse") else "false",
            "LastUsedAt": go_time_text(build.get("LastUsedAt") or ""),
            "LastUsedSince": since(build.get("LastUsedAt")),
            "Parent": build.get("Parent") or ", ".join(build.get("Parents") or ()),
            "Shared": "true" if build.get("Shared") else "false", "Size": human_size(build.get("Size") or 0),
            "UsageCount": "%d" % (build.get("UsageCount") or 0)}


def df_objects(usage, whole):
    """The rows of each table of `df --verbose`, by its name."""
    from .template_functions import ListRow
    now = time.time()
    builds = sorted(usage["BuildCache"], key=lambda one: (one.get("LastUsedAt") or "", one.get("ID") or ""))
    return ListRow([
        ("Images", [image_row(image, *(image_names(image, False)[0][:2] + ("", whole, now)))
                    for image in usage["Images"]]),
        ("Containers", [container_row(dict(one, SizeRootFs=0), whole, now) for one in usage["Containers"]]),
        ("Volumes", [volume_row(volume) for volume in usage["Volumes"]]),
        ("BuildCache", [build_row(one, whole, now) for one in builds])])


def system_df(console, options, arguments):
    usage = answer_field(console.docker.call("system_data_usage"), "SystemDataUsage", dict)
    found = {name: answer_field(usage, "SystemDataUsage", (list, type(None)), name) or []
             for name, _, _, _ in DF_TABLES}
    found["LayersSize"] = usage.get("LayersSize") or 0
    text = options["format"] or "table"
    if not options["verbose"] or options["json"]:
        write_listing(console, options, DF_LIST, df_rows(found), [usage])
    elif text == "table":
        objects, blocks = df_objects(found, False), []
        for name, line, titles, columns in DF_TABLES:
            columns = columns.split()
            rows = [[titles[column] for column in columns]]
            rows += [[row[column] for column in columns] for row in objects[name]]
            line = line.replace("%s", human_size(build_cache_size(found["BuildCache"]), 4))
            blocks.append("\n".join([line, ""] + align_columns(rows)))
        write_lines(console.out, ["\n\n".join(blocks)])
    else:
        objects = df_objects(found, True)
        template = option_template(df_raw(text), status=1, listed=True)
        console.out.write(template.execute(objects).encode("utf-8", "replace"))
    return 0


def df_raw(text):
    """The template that a --format of `df --verbose` means."""
    if text != "raw":
        return text
    raws = (("Images", "Image", IMAGES_RAW % "digest: {{.Digest}}\n"),
            ("Containers", "Container", PS_RAW + "size: {{.Size}}\n"),
            ("Volumes", "Volume", VOLUME_LIST.raw), ("BuildCache", "Build Cache", BUILD_RAW))
    return "".join("{{range .%s}}type: %s\n%s\n{{end -}}\n" % row for row in raws)


SYSTEM_COMMANDS = command_table(
    Command("system df", system_df, "", "Show docker disk usage", DF_FLAGS, 0, 0),
)
