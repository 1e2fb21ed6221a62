"""Images here and in registries: images, pull, rmi.

Promises: the docker CLI's lines and exit statuses. A pull that fails after it began ends with the
engine's message and status 1, however much was fetched. `rmi` of several images goes on after an error
and reports all errors at its end.

Leaves out: imagesFormat of config.json, `images --tree` and the platform variants that newer engines
list below an image, credentials (a pull sends none), content trust, and removing one platform of an image.
"""
import re
import time

from ..engine.answers import answer_field, answer_objects
from ..errors import APIError, NotFound, ProtocolError, StreamError, UsageError
from .console import CommandFailed, describe_error, write_lines
from .durations import human_duration
from .flags import Command, command_table
from .format import align_columns, familiar_image, human_size, local_time_text
from .formatted import write_formatted
from .listing import shown_id, wanted_format
from .queries import parse_filters

NO_NAME = "<none>"

IMAGES_FLAGS = """
-a, --all      bool  intermediate images too
--digests      bool  the digests by which they were pulled
-f, --filter   list  NAME=VALUE  only images that match
--format       text  TEMPLATE  table (the default), json, 'table TEMPLATE' or a Go template
--no-trunc     bool  whole ids
-q, --quiet    bool  only ids
"""
PULL_FLAGS = """
-a, --all-tags  bool  every tag of the repository
--platform      text  PLATFORM  os[/arch[/variant]], where the image has several
-q, --quiet     bool  only the reference, at the end
"""
RMI_FLAGS = """
-f, --force  bool  remove it though it has other names or stopped containers
--no-prune   bool  keep its parents that have no name
"""

IMAGE_HEADERS = {
    "ID": "IMAGE ID", "Repository": "REPOSITORY", "Tag": "TAG", "Digest": "DIGEST", "CreatedSince": "CREATED",
    "CreatedAt": "CREATED AT", "Size": "SIZE", "Containers": "CONTAINERS", "VirtualSize": "SIZE",
    "SharedSize": "SHARED SIZE", "UniqueSize": "UNIQUE SIZE"}
IMAGES_RAW = ("repository: {{.Repository}}\ntag: {{.Tag}}\n%simage_id: {{.ID}}\ncreated_at: {{.CreatedAt}}\n"
              "virtual_size: {{.Size}}\n")


def image_names(image, digests):
    """(repository, tag, digest) of each line that an image has; with `digests` one for each digest."""
    tags, by_digest = {}, {}
    for name in image.get("RepoTags") or ():
        repository, colon, tag = name.rpartition(":")
        if colon and NO_NAME not in name:
            tags.setdefault(familiar_image(repository), []).append(tag)
    for name in image.get("RepoDigests") or ():
        repository, at_sign, digest = name.partition("@")
        if at_sign and NO_NAME not in name:
            by_digest.setdefault(familiar_image(repository), []).append(digest)
    names = []
    for repository in list(tags) + [name for name in by_digest if name not in tags]:
        known = by_digest.get(repository) if digests else None
        names += [(repository, tag, digest) for tag in tags.get(repository, [NO_NAME])
                  for digest in known or [NO_NAME]]
    return names or [(NO_NAME, NO_NAME, NO_NAME)]


def image_row(image, repository, tag, digest, whole, now):
    """The fields of an image that a --format can name. A number of -1 was not counted; a missing one is 0."""
    size, shared, users = [image.get(name) or 0 for name in ("Size", "SharedSize", "Containers")]
    created = image.get("Created") or 0
    return {
        "Containers": "%d" % users if users >= 0 else "N/A",
        "CreatedAt": local_time_text(created), "CreatedSince": human_duration(now - created) + " ago",
        "Digest": digest, "ID": shown_id(image, whole), "Repository": repository,
        "SharedSize": human_size(shared, 4) if shared >= 0 else "N/A", "Size": human_size(size), "Tag": tag,
        "UniqueSize": human_size(size - shared, 4) if shared >= 0 else "N/A",
        "VirtualSize": human_size(size, 4)}


def images_command(console, options, arguments):
    filters = parse_filters(options["filter"])
    if arguments and arguments[0]:   # the docker CLI ignores an empty one
        filters.setdefault("reference", []).append(arguments[0])
    text, digests, whole = wanted_format(console, options), options["digests"], options["no_trunc"]
    listed = console.docker.call("image_list", all=options["all"] or None, filters=filters or None)
    rows = [(image,) + names for image in answer_objects(listed, "ImageList", "Id")
            for names in image_names(image, digests or text and re.search(r"[.]Digest\b", text))]
    now = time.time()
    if options["quiet"]:
        write_lines(console.out, [shown_id(row[0], whole) for row in rows])
    elif text:
        raw = IMAGES_RAW % ("digest: {{.Digest}}\n" if digests else "")
        write_formatted(console, text, [image_row(*(row + (whole, now))) for row in rows], IMAGE_HEADERS, raw)
    else:
        lines = [["REPOSITORY", "TAG"] + ["DIGEST"] * digests + ["IMAGE ID", "CREATED", "SIZE"]]
        for image, repository, tag, digest in rows:
            lines.append([repository, tag] + [digest] * digests + [
                shown_id(image, whole), human_duration(now - (image.get("Created") or 0)) + " ago",
                human_size(image.get("Size") or 0)])
        write_lines(console.out, align_columns(lines))
    return 0


def pull_command(console, options, arguments):
    from ..engine.reference import REFERENCE_TAG, parse_reference, pull_query
    from ..engine.run import NO_CREDENTIALS
    from .progress import PullProgress
    reference = parse_reference(arguments[0])
    query = pull_query(reference)
    # The whole name, as the docker CLI's pull sends it: the engine repeats it in a warning.
    query["fromImage"] = reference.repository()
    named = bool(reference.tag or reference.digest)
    if options["all_tags"]:
        if named:
            raise UsageError("tag can't be used with --all-tags/-a")
        del query["tag"]
    elif not named and not options["quiet"]:
        console.out.line("Using default tag: %s" % REFERENCE_TAG)
    progress = None if options["quiet"] else PullProgress(console.out)
    try:
        for message in console.docker.call("image_create", headers=[NO_CREDENTIALS],
                                           platform=options["platform"] or None, **query):
            if progress is not None:
                progress.show(message)
    except StreamError as error:
        # The docker CLI, too, writes the error of a pull that had begun without a prefix.
        raise CommandFailed(error.message, 1)
    console.out.line(reference.repository() if options["all_tags"] else reference.canonical())
    return 0


def rmi_command(console, options, arguments):
    errors, fatal = [], False
    for name in arguments:
        try:
            removed = console.docker.call("image_delete", name, force=options["force"] or None,
                                          noprune=options["no_prune"] or None)
        except APIError as error:
            errors.append(describe_error(error))
            fatal = fatal or not isinstance(error, NotFound)
            continue
        except (UsageError, ProtocolError) as error:
            errors.append("%s: %s" % (console.program, error))
            fatal = True
            continue
        for row in answer_objects(removed, "ImageDelete"):
            kind = "Deleted" if row.get("Deleted") else "Untagged"
            console.out.line("%s: %s" % (kind, answer_field(row, "ImageDelete", str, kind)))
    for error in errors:
        console.err.line(error)
    # With -f an image that does not exist is no failure.
    return 1 if errors and (fatal or not options["force"]) else 0


IMAGE_COMMANDS = command_table(
    Command("images", images_command, "[REPOSITORY[:TAG]]", "list images", IMAGES_FLAGS, 0, 1),
    Command("pull", pull_command, "NAME[:TAG|@DIGEST]", "fetch an image from a registry", PULL_FLAGS, 1, 1),
    Command("rmi", rmi_command, "IMAGE ...", "remove images, or names of images", RMI_FLAGS, 1, None),
)
