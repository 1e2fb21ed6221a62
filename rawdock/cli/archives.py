"""Archives: save, load, import, export.

Promises: the docker CLI's lines and exit statuses; memory does not grow with the size of an archive. With
`-o FILE` the file has its name only once it is whole (engine/file_target; devices are written directly).
An archive that the engine ends before its end is an error: an engine that fails in the middle of one can say
so only in the archive itself, and the docker CLI takes that for a success.

Refuses: an archive to a terminal.
"""
import os
import time

from ..errors import RawdockError, StreamError, TruncatedError, UsageError
from .console import CommandFailed, Output, file_error
from .flags import Command, command_table
from .format import human_size
from .printable import printable_text

# ==== table begin: the flags of save, load and import
SAVE_FLAGS = """
-o, --output  text  string  Write to a file, instead of STDOUT
--platform    text  string  Save only the given platform variant. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")
"""
LOAD_FLAGS = """
-i, --input  text  string  Read from tar archive file, instead of STDIN
--platform   text  string  Load only the given platform variant. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")
-q, --quiet  bool  Suppress the load output
"""
IMPORT_FLAGS = """
-c, --change   list  list  Apply Dockerfile instruction to the created image
-m, --message  text  string  Set commit message for imported image
--platform     text  string  Set platform if server is multi-platform capable
"""
# ==== table end
TAR_END_BYTES = 1024      # a tar ends with two blocks of zeros
KEPT_END_BYTES = 4096     # of an archive: its end, or the engine's error
UPDATE_SECONDS = 0.075    # between two updates of a terminal, as the docker CLI has it
ERASE_LINE = "\r\x1b[2K"


class CopyProgress:
    """Shows on the Output of a terminal how many bytes were copied, and how fast; elsewhere nothing."""

    def __init__(self, output, text, quiet):
        self._output = output
        self._text = text
        self._shown = not quiet and output.isatty()
        self._began = self._updated = time.monotonic()
        self.update(0)

    def update(self, size):
        """`size` bytes have been copied."""
        now = time.monotonic()
        if not self._shown or size and now - self._updated < UPDATE_SECONDS:
            return
        self._updated = now
        rate = "  %s/s" % human_size(size / (now - self._began)) if size else ""
        self._write("%s%s - %s%s" % (ERASE_LINE, self._text, human_size(size), rate))

    def end(self):
        """Take the line off the terminal."""
        if self._shown:
            self._write(ERASE_LINE)

    def _write(self, text):
        self._output.write(text.encode("utf-8", "replace"))


class ArchiveCopy:
    """Passes an archive on to an Output, and keeps its last bytes in `end`, and its `size` (int).

    progress(bytes so far) is called as it arrives.
    """

    def __init__(self, output, progress=None):
        self._output = output
        self._progress = progress or (lambda size: None)
        self.end = b""
        self.size = 0

    def write_run(self, pieces):
        self._output.write_run(pieces)
        self.size += sum(map(len, pieces))
        self._progress(self.size)
        last = b""
        for piece in reversed(pieces):
            last = bytes(piece[-KEPT_END_BYTES:]) + last
            if len(last) >= KEPT_END_BYTES:
                break
        self.end = (self.end + last)[-KEPT_END_BYTES:]

    def require_end(self):
        """StreamError if the archive ends with an engine's error, TruncatedError if not as a tar does."""
        if self.end[-TAR_END_BYTES:] == bytes(TAR_END_BYTES):
            return
        message = error_at_the_end(self.end)
        if message is not None:
            raise StreamError("the engine failed inside the archive: %s" % message)
        raise TruncatedError("a tar, which ends with %d zeros" % TAR_END_BYTES, self.size, None, self.size)


def error_at_the_end(data):
    """The message of an engine's error (str) that the bytes `data` end with; None if there is none.

    >>> error_at_the_end(b'file\\0\\0{"errorDetail":{"message":"no space"},"error":"no space"}\\r\\n')
    'no space'
    """
    import json
    for start in (b'{"errorDetail"', b'{"message"'):
        at = data.rfind(start)
        try:
            found = json.loads(data[at:].decode("utf-8")) if at >= 0 else {}
        except ValueError:
            continue
        message = found.get("error") or found.get("message")
        if isinstance(message, str):
            return message
    return None


def copy_archive(response, output, progress=None):
    """Write the tar in the body of a Response to an Output. RawdockError unless it arrived whole."""
    copy = ArchiveCopy(output, progress)
    response.copy_to(copy)
    copy.require_end()


def write_archive(console, path, failure, operation, *names, **query):
    """Call an operation that answers with a tar, and write that to the file `path`, to stdout if it is "".

    `failure` (str) is said before what is wrong with the file.
    """
    if not path and console.out.isatty():
        raise CommandFailed("cowardly refusing to save to a terminal. Use the -o flag or redirect", 1)
    try:
        target = console.file_target(path) if path else None
    except UsageError as error:
        raise CommandFailed("%s: %s" % (failure, printable_text(error.message)), 1)
    with console.docker.call(operation, *names, **query) as response:
        if target is None:
            copy_archive(response, console.out)
            return 0
        progress = CopyProgress(console.err, "Writing " + printable_text(path), False)
        try:
            with target as descriptor:
                copy_archive(response, Output(descriptor), progress.update)
        except RawdockError:   # some are OSErrors, too
            raise
        except OSError as error:
            raise CommandFailed("%s: write %s: %s" % (failure, path, os.strerror(error.errno).lower()), 1)
        finally:
            progress.end()
    return 0


def one_platform(console, options):
    """{"platform": […]} for --platform of save and load; {} without it."""
    if options["platform"] is None:
        return {}
    from .images import platform_query
    query = platform_query(console, options, "1.48", "invalid platform: ")
    return {name: [platform] for name, platform in query.items()}


def save_command(console, options, arguments):
    query = one_platform(console, options)
    return write_archive(console, options["output"], "failed to save image", "image_get_all", names=arguments,
                         **query)


def export_command(console, options, arguments):
    return write_archive(console, options["output"], "failed to export container", "container_export",
                         arguments[0])


def open_archive(console, path):
    """The file `path` (str), or stdin if that is None, as a request body.

    CommandFailed in the docker CLI's words if the file cannot be opened.
    """
    from ..net.file_body import FileBody
    try:
        return FileBody(console.stdin if path is None else open(path, "rb", buffering=0))
    except OSError as error:
        raise CommandFailed(file_error(error), 1)


def load_command(console, options, arguments):
    from .progress import show_messages
    query = one_platform(console, options)
    if not options["input"] and console.stdin.isatty():
        raise CommandFailed("requested load from stdin, but stdin is empty", 1)
    quiet = bool(options["quiet"]) or not console.out.isatty()
    with open_archive(console, options["input"] or None) as body:
        show_messages(console.out, console.docker.call("image_load", quiet=quiet, body=body, **query))
    return 0


def import_command(console, options, arguments):
    from ..engine.reference import parse_reference
    from .progress import show_messages
    from .settings import default_platform
    source, name = arguments[0], (arguments[1:] or [""])[0]
    remote = source.startswith(("http://", "https://"))   # the engine gets it
    query = {"fromSrc": source if remote else "-", "repo": name or None,
             "message": options["message"] or None, "changes": options["change"],
             "platform": (default_platform(options) or "").lower() or None}
    body = None if remote else open_archive(console, None if source == "-" else source)
    try:
        if name:
            parse_reference(name)
        show_messages(console.out, console.docker.call("image_create", body=body, **query))
    finally:
        if body is not None:
            body.close()
    return 0


EXPORT_COMMANDS = command_table(
    Command("export", export_command, "CONTAINER", "Export a container's filesystem as a tar archive",
            "-o, --output  text  string  Write to a file, instead of STDOUT", 1, 1))
ARCHIVE_COMMANDS = command_table(
    Command("import", import_command, "file|URL|- [REPOSITORY[:TAG]]",
            "Import the contents from a tarball to create a filesystem image", IMPORT_FLAGS, 1),
    Command("load", load_command, "", "Load an image from a tar archive or STDIN", LOAD_FLAGS, most=0),
    Command("save", save_command, "IMAGE [IMAGE...]",
            "Save one or more images to a tar archive (streamed to STDOUT by default)", SAVE_FLAGS, 1),
)
