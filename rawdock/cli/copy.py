"""cp: files and directories between a container and this machine, an archive on stdin or stdout for `-`.

Promises: the docker CLI's lines and exit statuses, and its rules of where a copy arrives (engine/archives).
What was not copied is listed on stderr, and the exit status is then 1. A terminal shows how much has been
copied so far, and how fast.

Refuses: an archive to a terminal.
"""
from ..engine.archives import copy_in, copy_out
from ..engine.extract import IncompleteCopy
from .archives import ArchiveCopy, CopyProgress
from .console import CommandFailed
from .flags import Command, command_table
from .format import human_size

# ==== table begin: the flags of cp
COPY_FLAGS = """
-a, --archive      bool  Archive mode (copy all uid/gid information)
-L, --follow-link  bool  Always follow symbol link in SRC_PATH
-q, --quiet        either  Suppress progress output during copy. Progress output is automatically suppressed if no terminal is attached
"""
# ==== table end
COPY_USAGE = "CONTAINER:SRC_PATH DEST_PATH|-\n\trawdock cp [OPTIONS] SRC_PATH|- CONTAINER:DEST_PATH"
COPY_HELP = """Copy files/folders between a container and the local filesystem

Use '-' as the source to read a tar archive from stdin
and extract it to a directory destination in a container.
Use '-' as the destination to stream a tar archive of a
container source to stdout."""


def split_copy_argument(text):
    """(container, path) of an argument; the container of a path on this machine is "".

    >>> split_copy_argument("web:/a"), split_copy_argument("./web:a"), split_copy_argument("-")
    (('web', '/a'), ('', './web:a'), ('', '-'))
    """
    container, colon, path = text.partition(":")
    if not colon or text.startswith(("/", ".")):
        return "", text
    return container, path


def copy_command(console, options, arguments):
    for name, text in zip(("source", "destination"), arguments):
        if not text:
            raise CommandFailed("%s can not be empty" % name, 1)
    (container, source), (target_container, target) = map(split_copy_argument, arguments)
    if container and target_container:
        raise CommandFailed("copying between containers is not supported", 1)
    if not container and not target_container:
        raise CommandFailed("must specify at least one container source", 1)
    quiet = not console.out.isatty() if options["quiet"] is None else options["quiet"]
    if container:
        return copy_from_container(console, container, source, target, options["follow_link"], quiet)
    progress = CopyProgress(console.err, "Copying to container", quiet)
    files = console.stdin if source == "-" else source
    return report_copy(console, quiet, progress, copy_in, target_container, files, target,
                       options["follow_link"], options["archive"])


def copy_from_container(console, container, source, target, follow_link, quiet):
    if target != "-":
        progress = CopyProgress(console.err, "Copying from container", quiet)
        return report_copy(console, quiet, progress, copy_out, container, source, target, follow_link)
    if console.out.isatty():
        raise CommandFailed("cowardly refusing to write an archive to a terminal. Redirect stdout", 1)
    archive = ArchiveCopy(console.out)
    copy_out(console.docker, container, source, archive, follow_link)
    archive.require_end()
    return 0


def report_copy(console, quiet, progress, copy, *arguments):
    """Call copy(docker, *arguments), and print the docker CLI's lines, and a line for what was not copied."""
    try:
        copied = copy(console.docker, *arguments, progress=progress.update)
    except IncompleteCopy as error:
        progress.end()
        report_lines(console, error.copied)
        for line in error.lines:
            console.err.line("rawdock: not copied: " + line)
        raise
    except BaseException:
        progress.end()
        raise
    progress.end()
    report_lines(console, copied)
    if not quiet:
        console.err.line("Successfully copied %s to %s" % (human_size(copied.size), copied.target))
    return 0


def report_lines(console, copied):
    for line in copied.skipped + copied.stripped:
        console.err.line("rawdock: " + line)


COPY_COMMANDS = command_table(Command("cp", copy_command, COPY_USAGE, COPY_HELP, COPY_FLAGS, 2, 2))
