"""Images here and in registries: pull, rmi.

Promises: the docker CLI's lines and exit statuses; a pull that fails after it began ends
with the engine's message and status 1, however much was fetched. `rmi` of several goes on
after an error and reports all of them at its end.

Leaves out: credentials (the engine is told there are none), content trust, and removing
one platform of an image.
"""
from ..errors import APIError, NotFound, StreamError, UsageError
from .flags import Command, command_table

PULL_FLAGS = """
-a, --all-tags  bool  every tag of the repository
--platform      text  PLATFORM  os[/arch[/variant]], where the image has several
-q, --quiet     bool  only the reference, at the end
"""
RMI_FLAGS = """
-f, --force  bool  remove it though it has other names or stopped containers
--no-prune   bool  keep its parents that have no name
"""


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
        for message in console.docker.call("image_create", headers=[NO_CREDENTIALS], platform=options["platform"] or None, **query):
            if progress is not None:
                progress.show(message)
    except StreamError as error:
        # The engine's own words, without a prefix: so the docker CLI ends a pull that had begun.
        console.err.line(" ".join(error.message.split()))
        return 1
    console.out.line(reference.repository() if options["all_tags"] else reference.canonical())
    return 0


def rmi_command(console, options, arguments):
    from ..engine.run import answer_field
    errors, fatal = [], False
    for name in arguments:
        try:
            removed = console.docker.call("image_delete", name, force=True if options["force"] else None,
                                          noprune=True if options["no_prune"] else None) or []
        except APIError as error:
            errors.append("Error response from daemon: %s" % " ".join(error.message.split()))
            fatal = fatal or not isinstance(error, NotFound)
            continue
        except UsageError as error:
            errors.append("%s: %s" % (console.program, error))
            fatal = True
            continue
        for row in removed if isinstance(removed, list) else ():
            deleted = answer_field(row, "ImageDelete", (str, type(None)), "Deleted")
            console.out.line("Deleted: %s" % deleted if deleted else "Untagged: %s" % row.get("Untagged", ""))
    for error in errors:
        console.err.line(error)
    # With -f, an image that was not there is as good as removed.
    return 1 if errors and (fatal or not options["force"]) else 0


IMAGE_COMMANDS = command_table(
    Command("pull", pull_command, "NAME[:TAG|@DIGEST]", "fetch an image from a registry", PULL_FLAGS, 1, 1),
    Command("rmi", rmi_command, "IMAGE ...", "remove images, or names of images", RMI_FLAGS, 1, None),
)
