"""`build`: by the classic builder, or by BuildKit; cli/buildkit chooses.

Promises: the docker CLI's flags, lines and exit statuses. A build that fails ends with the engine's message
and its exit status, which for a RUN that fails in the classic builder is that of the command. An answer that
ends without the id of an image is a failure.

Left out: content trust (--disable-content-trust=false), and what needs BuildKit's session (--secret, --ssh).
"""
import os
import re
import time

from ..engine.answers import answer_field
from ..engine.archives import CountedBody
from ..engine.build_context import (MAX_DOCKERFILE_BYTES, ContextDirectory, PieceFile, compress_pieces,
                                    context_root, find_dockerfile, ignore_file_patterns, named_dockerfile,
                                    outside_dockerfile, read_dockerfile, read_small_file, stream_context)
from ..engine.credentials import registry_config_field
from ..engine.file_target import own_descriptor
from ..engine.options import (VALUE_PATTERNS, client_variable, read_option_value, require_patterns,
                              run_options, sorted_limits)
from ..engine.reference import parse_reference
from ..engine.values import read_argument
from ..errors import APIError, ProtocolError, StreamError, UsageError
from .build_progress import choose_progress
from .buildkit import build_with_buildkit, buildkit_pieces, is_dry_run, refuse_session_flags, uses_buildkit
from .console import CommandFailed, reject_malformed_answer
from .flags import Command, command_table
from .printable import printable_text
from .progress import PullProgress, progress_text
from .queries import comma_separated, require_api, string_map
from .settings import default_platform, proxy_variables, refuse_content_trust

BUILD_FLAGS = """
--add-host        list  list  Add a custom host-to-IP mapping ("host:ip")
--build-arg       list  list  Set build-time variables
--cache-from      list  strings  Images to consider as cache sources
--cgroup-parent   text  string  Set the parent cgroup for the "RUN" instructions during build
--compress        bool  Compress the build context using gzip
--cpu-period      int   int  Limit the CPU CFS (Completely Fair Scheduler) period
--cpu-quota       int   int  Limit the CPU CFS (Completely Fair Scheduler) quota
-c, --cpu-shares  int   int  CPU shares (relative weight)
--cpuset-cpus     text  string  CPUs in which to allow execution (0-3, 0,1)
--cpuset-mems     text  string  MEMs in which to allow execution (0-3, 0,1)
--disable-content-trust  either  Skip image verification (default true)
-f, --file        text  string  Name of the Dockerfile (Default is "PATH/Dockerfile")
--force-rm        bool  Always remove intermediate containers
--iidfile         text  string  Write the image ID to the file
--isolation       text  string  Container isolation technology
--label           label  list  Set metadata for an image
-m, --memory      text  bytes  Memory limit
--memory-swap     text  bytes  Swap limit equal to memory plus swap: -1 to enable unlimited swap
--network  text  string  Set the networking mode for the RUN instructions during build (default "default")
--no-cache        bool  Do not use cache when building the image
--platform        text  string  Set platform if server is multi-platform capable
--progress        text  string  Set type of progress output (auto, plain, tty, rawjson or quiet), of BuildKit
--pull            bool  Always attempt to pull a newer version of the image
-q, --quiet       bool  Suppress the build output and print image ID on success
--rm              on    Remove intermediate containers after a successful build (default true)
--secret          list  list  Secret to expose to the build: refused, it needs BuildKit's session
--security-opt    list  strings  Security options
--shm-size        text  bytes  Size of "/dev/shm"
--ssh             list  list  SSH agent to expose to the build: refused, it needs BuildKit's session
--squash          bool  Squash newly built layers into a single new layer
-t, --tag         list  list  Name and optionally a tag in the "name:tag" format
--target          text  string  Set the target build stage to build.
--ulimit          list  ulimit  Ulimit options (default [])
"""

# Options whose value goes into the query as it is, and the name of the parameter; 0 and "" are not sent.
BUILD_PARAMETERS = {
    "cgroup_parent": "cgroupparent", "cpu_period": "cpuperiod", "cpu_quota": "cpuquota",
    "cpu_shares": "cpushares", "cpuset_cpus": "cpusetcpus", "cpuset_mems": "cpusetmems",
    "force_rm": "forcerm", "no_cache": "nocache", "pull": "pull", "quiet": "q", "squash": "squash",
    "tag": "t", "target": "target"}
# Options that are read as those of `run` are.
RUN_VALUES = {"add_host": "extrahosts", "memory": "memory", "memory_swap": "memswap", "shm_size": "shmsize",
              "ulimit": "ulimits"}
UPLOAD_TITLE = "Sending build context to Docker daemon"
DOWNLOAD_TITLE = "Downloading build context from remote url: "
SHOWN_STEP_BYTES = 512 << 10    # after so many bytes the count is shown again, at a terminal
SHOWN_STEP_SECONDS = 0.1


def build_arguments(console, words):
    """The build arguments in the `words` of --build-arg: {name: value, None if this process has none}.

    The proxies in config.json are added, unless they are given.
    """
    found = {}
    for word in words or ():
        read_argument(lambda text: require_patterns(VALUE_PATTERNS["env"], text), word, "--build-arg")
        name, equals, value = word.partition("=")
        found[name] = value if equals else client_variable(name)
    for name, value in proxy_variables(console, console.docker.address).items():
        if found.get(name) is None:
            found[name] = value
    return found


def build_query(console, options):
    """The query parameters (dict) of a build for its `options`. InvalidArgument for a wrong value."""
    for name in options["tag"] or ():
        read_argument(parse_reference, name, "-t, --tag")
    query = {BUILD_PARAMETERS[key]: options[key] for key in BUILD_PARAMETERS}
    for row in run_options():
        given = options[row.keyword] if row.keyword in RUN_VALUES else None
        if given is not None:
            query[RUN_VALUES[row.keyword]] = (
                [read_option_value(row, text) for text in given] if isinstance(given, list)
                else read_option_value(row, given))
    query["ulimits"] = sorted_limits(None, query.get("ulimits", ()))
    query.update(labels=string_map(options["label"]), cachefrom=comma_separated(options["cache_from"]),
                 securityopt=comma_separated(options["security_opt"]), platform=default_platform(options),
                 buildargs=build_arguments(console, options["build_arg"]))
    if options["network"] != "default":
        query["networkmode"] = options["network"]
    if options["isolation"] != "default":
        query["isolation"] = options["isolation"]
    query = {name: value for name, value in query.items() if value}
    return query if options["rm"] else dict(query, rm=False)


def is_experimental(docker):
    """Whether the engine of the client `docker` has its experimental features enabled."""
    with docker.request("HEAD", "/_ping", head_timeout=docker.timeout) as response:
        return response.headers.get("docker-experimental") == "true"


class BuildContext:
    """The context that a build sends: `pieces` (iterable of bytes) is its tar.

    `dockerfile` (str or None) is a path in it, `source` its own path (str), or 0 for standard input, and
    `buildkit` (bool) says which builder it is for. `shown` is the Dockerfile as (name, bytes), so that
    BuildKit's errors can show its lines; None if it is not known.
    """

    def __init__(self, pieces, dockerfile, source, buildkit, shown=None):
        self.pieces, self.dockerfile, self.source = pieces, dockerfile, source
        self.buildkit, self.shown = buildkit, shown

    def parts(self):
        """The pieces, of which some may be FileParts."""
        return self.pieces.parts() if isinstance(self.pieces, ContextDirectory) else self.pieces

    def skipped(self):
        """Lines (list of str) about the files that were not sent."""
        return self.pieces.skipped.lines if isinstance(self.pieces, ContextDirectory) else []


def directory_context(console, directory, given):
    """The BuildContext of a local `directory` (str). `given` is --file: a path, "-" for stdin, or None."""
    try:
        root = context_root(directory)
        dockerfile = "-" if given == "-" else find_dockerfile(root, given)
    except UsageError as error:
        raise CommandFailed("unable to prepare context: %s" % printable_text(error.message), 1)
    buildkit = uses_buildkit(console)
    named = named_dockerfile(root, given) if buildkit and given != "-" else None
    patterns, added, outside = ignore_file_patterns(root, named), {}, None
    if given == "-":
        outside = read_dockerfile(console.stdin)
    elif dockerfile.startswith("../"):
        if given is None:
            raise CommandFailed("unable to open Dockerfile: it is a link to a file outside the context, "
                                "which --file can name", 1)
        outside = read_small_file(given, MAX_DOCKERFILE_BYTES, "unable to open Dockerfile: open")
    shown = "Dockerfile" if given == "-" else os.path.basename(dockerfile), outside
    if outside is not None:
        dockerfile, added = outside_dockerfile(root, outside, hide=not buildkit)
    elif buildkit:
        shown = shown[0], read_small_file(os.path.join(root, dockerfile), MAX_DOCKERFILE_BYTES)
    context = ContextDirectory(root, None if given == "-" else dockerfile, patterns, added, buildkit)
    context.check()
    source = directory.rstrip("/") + "/."   # of which a tar is sent, not of the directory itself
    return BuildContext(context, dockerfile, source, buildkit, shown if buildkit else None)


def stream_build_context(console, file, source, given):
    """The BuildContext that a binary `file` holds. `source` says where it comes from, `given` is --file."""
    try:
        pieces, dockerfile, content = stream_context(file, given)
    except UsageError as error:
        raise CommandFailed("unable to prepare context: %s" % printable_text(error.message), 1)
    shown = None if content is None else (dockerfile, content)
    return BuildContext(pieces, dockerfile, source, uses_buildkit(console), shown)


def remote_context(console, url, given, output):
    """The BuildContext of a `url` (str). Its download is shown on the Output `output`; `given` is --file."""
    from ..engine.download import clone_repository, download, download_pieces, is_git_url
    if is_dry_run(console):
        raise CommandFailed("a dry run downloads nothing: build from a directory", 1)
    try:
        if not is_git_url(url):
            response = download(url)
            pieces = shown_pieces(download_pieces(response, url), output, output.isatty(),
                                  DOWNLOAD_TITLE + url, response.framing.length or 0)
            return stream_build_context(console, PieceFile(pieces), url, given)
        import shutil
        import tempfile
        folder = tempfile.mkdtemp(prefix="docker-build-git")
        console.closers.append(lambda: shutil.rmtree(folder, ignore_errors=True))
        root = clone_repository(url, folder)
        if given and given != "-":
            given = os.path.join(root, given)
            if find_dockerfile(root, given).startswith("../"):
                raise UsageError("the Dockerfile (%s) must be within the build context" % given)
    except UsageError as error:
        raise CommandFailed("unable to prepare context: %s" % printable_text(error.message, "\n"), 1)
    return directory_context(console, root, given)


def prepare_context(console, place, given, output):
    """The BuildContext of `place` (str), the argument of `build`; `given` is --file (str or None).

    A download is shown on `output`.
    """
    if place == given == "-":
        raise CommandFailed("invalid argument: can't use stdin for both build context and dockerfile", 1)
    if place == "-":
        return stream_build_context(console, console.stdin, 0, given)
    if os.path.lexists(place):
        return directory_context(console, place, given)
    if re.match("https?://|git://|git@|ssh://|github[.]com/", place):
        return remote_context(console, place, given, output)
    raise CommandFailed('unable to prepare context: path "%s" not found' % place, 1)


def shown_pieces(pieces, output, tty, title, total=0):
    """Yield the `pieces` (bytes), and write their count to `output` at the end, at a terminal also before.

    `title` (str) is written before the count; `total` is the number of bytes to come, 0 if it is not known.
    """
    size = shown = at = 0

    def show(end):
        text = progress_text({"current": size, "total": total})
        line = "%s %s\r" % (printable_text(title), text) + ("" if text else "\n")
        output.write((line + end).encode("utf-8"))

    for piece in pieces:
        yield piece
        size += len(piece)
        if tty and size - shown > SHOWN_STEP_BYTES and time.monotonic() - at > SHOWN_STEP_SECONDS:
            show("")
            shown, at = size, time.monotonic()
    show("\r\n")


class KeptOutput:
    """Takes the place of an Output for --quiet, and keeps what is written in `data` (bytes)."""

    def __init__(self):
        self.data = b""

    def isatty(self):
        return False

    def write(self, data):
        self.data += bytes(data)
        return len(data)


class ClassicProgress:
    """Writes the messages of the classic builder to an Output; `image` is the id (str) of what was built."""

    def __init__(self, output, tty):
        self.output, self.image = output, None
        self._transfers = PullProgress(output, tty)

    def message(self, message):
        """Write what a `message` (dict) says. The output of a step is written unchanged."""
        aux, stream = message.get("aux"), message.get("stream")
        if isinstance(stream, str):
            self.output.write(stream.encode("utf-8", "replace"))
        if aux is not None:
            self.image = reject_malformed_answer(
                answer_field, aux, "ImageBuild", (str, type(None)), "ID") or self.image
        elif not isinstance(stream, str):
            self._transfers.show(message)


def remove_id_file(path):
    """Remove the file of --iidfile, so that a build which fails does not leave an old id in it.

    Devices, pipes and descriptors of this process (/dev/stdout) are not removed: the id is written to them.
    """
    special = os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path)
    if special or own_descriptor(os.path.abspath(path)) is not None:
        return
    try:
        os.remove(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise CommandFailed("Removing image ID file: remove %s: %s" % (path, error.strerror.lower()), 1)


def build_classic(console, options, context, query, sending):
    """Build with the parameters `query` (dict) by the classic builder → the id of the image (str or None).

    The upload is shown on the Output `sending`.
    """
    quiet, tty = options["quiet"], console.out.isatty()
    building = KeptOutput() if quiet else console.out
    pieces = compress_pieces(context.parts()) if options["compress"] else context.parts()
    body = CountedBody(shown_pieces(pieces, sending, tty, UPLOAD_TITLE), None, context.source)
    progress = ClassicProgress(building, tty)
    try:
        version = "1" if console.docker.supports("1.38") else None
        for message in console.docker.call("image_build", body=body, version=version, **query):
            progress.message(message)
    except (APIError, StreamError) as error:
        if quiet:
            console.err.write(sending.data + building.data)
        if isinstance(error, APIError):
            raise
        raise CommandFailed(error.message, error.code or 1)
    return building.data.decode("utf-8", "replace") if quiet else progress.image


def build_command(console, options, arguments):
    refuse_content_trust(options["disable_content_trust"])
    refuse_session_flags(options)
    mode = "quiet" if options["quiet"] else choose_progress(console, options["progress"])
    require_api(console, options, "network 1.25 platform 1.38 squash 1.25")
    if options["squash"] and not is_experimental(console.docker):
        raise CommandFailed('"--squash" is only supported on a Docker daemon with experimental features '
                            "enabled", 1)
    query = build_query(console, options)
    if options["iidfile"] and not is_dry_run(console):
        remove_id_file(options["iidfile"])
    sending = KeptOutput() if options["quiet"] else console.out
    context = prepare_context(console, arguments[0], options["file"], sending)
    query.update(dockerfile=context.dockerfile, headers=[registry_config_field(console.all_credentials())])
    if context.buildkit:
        pieces = compress_pieces(context.parts()) if options["compress"] else buildkit_pieces(context.parts())
        query.update(body=CountedBody(pieces, None, context.source), q=None)
        image = build_with_buildkit(console, mode, context.shown, query)
    else:
        image = build_classic(console, options, context, query, sending)
    for line in context.skipped():
        console.err.line(line)
    if not image and not (is_dry_run(console) and options["quiet"]):
        raise ProtocolError("Engine API", 0, b"", "the id of the image before the end of the answer")
    finish_build(console, options, image)
    return 0


def finish_build(console, options, image):
    """Write the id of the `image` (str) where it is wanted: to stdout, and to the file of --iidfile."""
    if options["quiet"]:
        console.out.write((image.rstrip("\n") + "\n").encode("utf-8"))
    if options["iidfile"] and not is_dry_run(console):
        try:
            # /dev/stdout may be a file with the lines before, or a pipe, to which Python 3.6 cannot append.
            descriptor = os.open(options["iidfile"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
            with open(descriptor, "w") as file:
                file.write(image)
        except OSError as error:
            raise CommandFailed("open %s: %s" % (options["iidfile"], error.strerror.lower()), 1)


BUILD_COMMANDS = command_table(
    Command("build", build_command, "PATH | URL | -", "Build an image from a Dockerfile", BUILD_FLAGS, 1, 1),
)
