"""Images here and in registries: images, history, tag, pull, push, search, rmi, image inspect.

Promises: the docker CLI's lines and exit statuses. A pull or push that fails after it began ends with the
engine's message and status 1, however much was transferred. `rmi` of several images goes on after an error
and reports all errors at its end.

Refuses: content trust (--disable-content-trust=false).

"""
import os
import re
import time

from ..engine.answers import answer_field
from ..errors import APIError, ConfigError, NotFound, ProtocolError, UsageError
from .console import CommandFailed, describe_error
from .durations import human_duration
from .flags import Command, command_table
from .format import (familiar_image, human_size, local_time_text, local_timestamp, short_id,
                     shorten)
from .formatted import Listing, write_listing
from .listing import shown_id
from .printable import printable_text
from .queries import answer_objects, comma_separated, parse_filters, require_api
from .settings import default_platform, refuse_content_trust
from .watching import NOUN_INSPECT_FLAGS, inspect_objects

NO_NAME = "<none>"
YEAR_2000 = 946684800   # history shows no age of what is older

IMAGES_FLAGS = """
-a, --all      bool  intermediate images too
--digests      bool  the digests by which they were pulled
-f, --filter   filter  filter  only images that match
--format       text  string  table (the default), json, 'table TEMPLATE' or a Go template
--json         bool  one JSON array of the engine's own objects
--no-trunc     bool  whole ids
-q, --quiet    bool  only ids
--tree         bool  List multi-platform images as a tree (EXPERIMENTAL)
"""
HISTORY_FLAGS = """
--format       text  string  Format output using a custom template
-H, --human    on  Print sizes and dates in human readable format (default true)
--json         bool  one JSON array of the engine's own objects
--no-trunc     bool  Don't truncate output
--platform     text  string  Show history for the given platform. Formatted as "os[/arch[/variant]]"
-q, --quiet    bool  Only show image IDs
"""
IMAGE_INSPECT_FLAGS = NOUN_INSPECT_FLAGS + (
    "--platform  text  string  Inspect a specific platform of the multi-platform image.")
PULL_FLAGS = """
-a, --all-tags           bool  every tag of the repository
--disable-content-trust  either  Skip image verification (default true)
--platform               text  string  os[/arch[/variant]], where the image has several
-q, --quiet              bool  only the reference, at the end
"""
PUSH_FLAGS = """
-a, --all-tags           bool  Push all tags of an image to the repository
--disable-content-trust  either  Skip image signing (default true)
--platform               text  string  Push a platform-specific manifest as a single-platform image.
-q, --quiet              bool  Suppress verbose output
"""
SEARCH_FLAGS = """
-f, --filter  filter  filter  Filter output based on conditions provided
--format      text  string  Pretty-print search using a Go template
--json        bool  one JSON array of the engine's own objects
--limit       int  int  Max number of search results
--no-trunc    bool  Don't truncate output
"""
RMI_FLAGS = """
-f, --force  bool  remove it though it has other names or stopped containers
--no-prune   bool  keep its parents that have no name
--platform   list  strings  Remove only the given platform variant. Formatted as "os[/arch[/variant]]"
"""

IMAGE_HEADERS = {
    "ID": "IMAGE ID", "Repository": "REPOSITORY", "Tag": "TAG", "Digest": "DIGEST", "CreatedSince": "CREATED",
    "CreatedAt": "CREATED AT", "Size": "SIZE", "Containers": "CONTAINERS", "VirtualSize": "SIZE",
    "SharedSize": "SHARED SIZE", "UniqueSize": "UNIQUE SIZE"}
IMAGE_COLUMNS = "Repository Tag ID CreatedSince Size"
IMAGES_RAW = ("repository: {{.Repository}}\ntag: {{.Tag}}\n%simage_id: {{.ID}}\ncreated_at: {{.CreatedAt}}\n"
              "virtual_size: {{.Size}}\n")

# The options that --tree does not go with, and what the docker CLI calls them.
TREE_REFUSES = {"quiet": "quiet", "no_trunc": "no-trunc", "digests": "show-digest", "format": "format",
                "json": "json"}


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
    require_api(console, options, "tree 1.47")
    for flag in TREE_REFUSES if options["tree"] else ():
        if options[flag]:
            raise CommandFailed("--%s is not yet supported with --tree" % TREE_REFUSES[flag], 1)
    filters = parse_filters(options["filter"])
    if arguments and arguments[0]:   # the docker CLI ignores an empty one
        filters.setdefault("reference", []).append(arguments[0])
    options["format"] = console.list_format(options, "imagesFormat")
    text, digests, whole = options["format"] or "", options["digests"], options["no_trunc"]
    listed = console.docker.call("image_list", all=options["all"] or None, filters=filters or None,
                                 manifests=options["tree"] or None)
    images, now = answer_objects(listed, "ImageList", "Id"), time.time()
    if options["tree"]:
        from .image_tree import write_tree
        write_tree(console, images, untagged=options["all"])
        return 0
    rows = [image_row(image, *(names + (whole, now))) for image in images
            for names in image_names(image, digests or re.search(r"[.]Digest\b", text))]
    raw = IMAGES_RAW % ("digest: {{.Digest}}\n" if digests else "")
    raw = "image_id: {{.ID}}" if options["quiet"] else raw
    columns = IMAGE_COLUMNS.replace("Tag", "Tag Digest") if digests else IMAGE_COLUMNS
    write_listing(console, options, Listing(IMAGE_HEADERS, columns, "ID", raw), rows, images)
    return 0


HISTORY_COLUMNS = "ID CreatedSince CreatedBy Size Comment"
HISTORY_LIST = Listing({"ID": "IMAGE", "CreatedSince": "CREATED", "CreatedAt": "CREATED AT", "Size": "SIZE",
                        "CreatedBy": "CREATED BY", "Comment": "COMMENT"}, HISTORY_COLUMNS, "ID", "raw")
SEARCH_LIST = Listing({"Name": "NAME", "Description": "DESCRIPTION", "StarCount": "STARS",
                       "IsOfficial": "OFFICIAL"}, "Name Description StarCount IsOfficial", "Name", "raw")
DESCRIPTION_WIDTH = 45   # columns of a description of search, and of CREATED BY in history


def read_platform(text, mistake=""):
    """ "linux/arm64/v8", "linux" or "arm64" as the object that the engine takes; None for no text.

    `mistake` (str) is said before what is wrong with it.
    """
    from ..engine.platforms import parse_platform
    try:
        return parse_platform(text) if text else None
    except UsageError as error:
        raise CommandFailed(mistake + error.message, 1)


def platform_query(console, options, since, mistake=""):
    """{"platform": …} for --platform, which needs the API version `since`; {} without it."""
    require_api(console, options, "platform " + since)
    platform = read_platform(options["platform"], mistake)
    return {"platform": platform} if platform else {}


def image_inspect(console, options, arguments):
    return inspect_objects(console, options, arguments, "image", platform_query(console, options, "1.49"))


def history_row(layer, human, whole, now):
    """The fields of a layer that a --format can name."""
    created, size, by = layer.get("Created") or 0, layer.get("Size") or 0, layer.get("CreatedBy") or ""
    at = re.sub("[.]0+", "", local_timestamp(created * 10 ** 9))
    age = human_duration(now - created) + " ago" if created > YEAR_2000 else ""
    by = by.replace("\t", " ")
    return {"Comment": layer.get("Comment") or "", "CreatedAt": at,
            "CreatedBy": by if whole else shorten(by, DESCRIPTION_WIDTH),
            "CreatedSince": age if human else at,
            "ID": layer["Id"] if whole else short_id(layer["Id"]),
            "Size": human_size(size) if human else "%d" % size}


def history_command(console, options, arguments):
    query, now = platform_query(console, options, "1.48", "invalid platform: "), time.time()
    layers = answer_objects(console.docker.call("image_history", arguments[0], **query), "ImageHistory", "Id")
    human, listing = options["human"], HISTORY_LIST
    if not human:
        listing = listing._replace(columns=HISTORY_COLUMNS.replace("Since", "At"))
    write_listing(console, options, listing,
                  [history_row(layer, human, options["no_trunc"], now) for layer in layers], layers)
    return 0


def tag_command(console, options, arguments):
    from ..engine.reference import REFERENCE_TAG, parse_reference, require_image
    source, target = arguments
    for name, check in ((source, require_image), (target, parse_reference)):
        try:
            reference = check(name)
        except UsageError as error:
            raise CommandFailed('Error parsing reference: "%s" is not a valid repository/tag: %s'
                                % (name, error.message), 1)
    if reference.digest:
        raise CommandFailed("refusing to create a tag with a digest reference", 1)
    console.docker.call("image_tag", source, repo=reference.repository(), tag=reference.tag or REFERENCE_TAG)
    return 0


def search_row(result, whole):
    """The fields of a found repository that a --format can name."""
    description = re.sub("[\r\n]", " ", result.get("description") or "")
    return {"Description": description if whole else shorten(description, DESCRIPTION_WIDTH),
            "IsOfficial": "[OK]" if result.get("is_official") else "", "Name": result.get("name") or "",
            "StarCount": "%d" % (result.get("star_count") or 0)}


def pull_credentials(console, registry):
    """The credentials (dict) of a `registry` (str), {} with a warning if its helper does not work.

    The docker CLI goes on without credentials, too, and does not say so.
    """
    try:
        return console.registry_auth(registry)
    except ConfigError as error:
        console.err.line("WARNING: %s" % error.message)
        return {}


def search_command(console, options, arguments):
    from ..engine.reference import REFERENCE_DOMAIN, reads_as_domain
    filters = parse_filters(options["filter"])
    registry, slash, _ = arguments[0].partition("/")
    auth = pull_credentials(console, registry if slash and reads_as_domain(registry) else REFERENCE_DOMAIN)
    found = console.docker.call("image_search", auth=auth, term=arguments[0],
                                limit=options["limit"] or None, filters=filters or None)
    found = answer_objects(found, "ImageSearch")
    rows = [search_row(result, options["no_trunc"]) for result in found]
    if "json" in (options["format"] or ""):   # there the docker CLI says true and false
        for row in rows:
            row["IsOfficial"] = "true" if row["IsOfficial"] else "false"
    write_listing(console, options, SEARCH_LIST, rows, found)
    return 0


def transfer_reference(console, options, name):
    """The Reference that pull and push are given, after a line that says which tag is assumed."""
    from ..engine.reference import REFERENCE_TAG, parse_reference
    reference = parse_reference(name)
    refuse_content_trust(options["disable_content_trust"], reference.digest is not None)
    if options["all_tags"] and reference.suffix():
        raise CommandFailed("tag can't be used with --all-tags/-a", 1)
    if not options["all_tags"] and not reference.suffix() and not options["quiet"]:
        console.out.line("Using default tag: %s" % REFERENCE_TAG)
    return reference


def transfer(console, options, operation, *names, **query):
    """Pull or push, and show the progress unless it is to be quiet → the objects `aux` of its messages."""
    from .progress import show_messages
    return show_messages(console.out, console.docker.call(operation, *names, **query), options["quiet"])


def pull_command(console, options, arguments):
    from ..engine.reference import pull_query
    reference = transfer_reference(console, options, arguments[0])
    query = pull_query(reference)
    # The whole name, as the docker CLI's pull sends it: the engine repeats it in a warning.
    query["fromImage"] = reference.repository()
    if options["all_tags"]:
        del query["tag"]
    query["auth"] = pull_credentials(console, reference.domain)
    platform = (default_platform(options) or "").lower() or None
    transfer(console, options, "image_create", platform=platform, **query)
    console.out.line(reference.repository() if options["all_tags"] else reference.canonical())
    return 0


PLATFORM_NOTE = "\n".join([
    "Using --platform pushes only the specified platform manifest of a multi-platform image index.",
    "Other components, like attestations, will not be included.",
    "To push the complete multi-platform image, remove the --platform flag.\n"])
SINGLE_NOTE = ("Not all multiplatform-content is present and only the available single-platform image was "
               "pushed\n\x1b[31m%s\x1b[0m -> \x1b[32m%s\x1b[0m")
MISSING_NOTE = "\n\t\t\t\t".join([   # the docker CLI's text has these tabs
    "You're trying to push a manifest list/index which ",
    "references multiple platform specific manifests, but not all of them are available locally",
    "or available to the remote repository.\n",
    "Make sure you have all the referenced content and try again.\n",
    "You can also push only a single platform specific manifest directly by specifying the platform you want "
    "to push with the --platform flag."])


def write_note(out, text):
    """Write the lines of `text` (str) to an Output, in colours at a terminal."""
    start, line = "\n Info -> ", "%s"
    if out.isatty() and not os.environ.get("NO_COLOR"):
        start = "\n\x1b[1m\x1b[106m\x1b[30mi\x1b[0m\x1b[0m \x1b[96mInfo \u2192 \x1b[0m\x1b[0m"
        line, text = "\x1b[3m%s\x1b[0m", text.replace("--platform", "\x1b[1m--platform\x1b[0m")
    lines = [line % part for part in text.split("\n")]
    out.write((start + ("\n" + " " * 9).join(lines) + "\n").encode("utf-8"))


def push_result_note(result):
    """What a push says of its result: the object `aux` of a message → str, None for nothing."""
    if result.get("manifestPushedInsteadOfIndex"):
        return SINGLE_NOTE % tuple(printable_text(answer_field(result[name], "ImagePush", str, "digest"))
                                   for name in ("originalIndex", "selectedManifest"))
    return MISSING_NOTE if result.get("contentMissing") else None


def push_command(console, options, arguments):
    from ..engine.reference import REFERENCE_TAG
    query = platform_query(console, options, "1.46", "Invalid platform %s" % options["platform"])
    if query:
        write_note(console.out, PLATFORM_NOTE)
    reference = transfer_reference(console, options, arguments[0])
    if reference.digest:
        raise CommandFailed("cannot push a digest reference", 1)
    if not options["all_tags"]:
        query["tag"] = reference.tag or REFERENCE_TAG
    query["auth"] = pull_credentials(console, reference.domain)
    results = transfer(console, options, "image_push", reference.repository(), **query)
    if options["quiet"]:
        console.out.line(reference.repository() if options["all_tags"] else reference.canonical())
    for note in filter(None, map(push_result_note, results)):
        write_note(console.out, note)
    return 0


def rmi_command(console, options, arguments):
    platforms = [read_platform(word) for word in comma_separated(options["platform"])]
    require_api(console, options, "platform 1.50")
    errors, fatal = [], False
    for name in arguments:
        try:
            removed = console.docker.call("image_delete", name, force=options["force"] or None,
                                          noprune=options["no_prune"] or None,
                                          platforms=platforms or None)
        except APIError as error:
            errors.append(describe_error(error))
            fatal = fatal or not isinstance(error, NotFound)
            continue
        except (UsageError, ProtocolError) as error:
            errors.append("%s: %s" % (console.program, error.message))
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
    Command("images", images_command, "[REPOSITORY[:TAG]]", "List images", IMAGES_FLAGS, 0, 1),
    Command("image inspect", image_inspect, "IMAGE [IMAGE...]",
            "Display detailed information on one or more images", IMAGE_INSPECT_FLAGS, 1, None),
    Command("history", history_command, "IMAGE", "Show the history of an image", HISTORY_FLAGS, 1, 1),
    Command("tag", tag_command, "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]",
            "Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE", "", 2, 2),
    Command("pull", pull_command, "NAME[:TAG|@DIGEST]", "Download an image from a registry", PULL_FLAGS, 1,
            1),
    Command("push", push_command, "NAME[:TAG]", "Upload an image to a registry", PUSH_FLAGS, 1, 1),
    Command("search", search_command, "TERM", "Search Docker Hub for images", SEARCH_FLAGS, 1, 1),
    Command("rmi", rmi_command, "IMAGE [IMAGE...]", "Remove one or more images", RMI_FLAGS, 1, None),
)
