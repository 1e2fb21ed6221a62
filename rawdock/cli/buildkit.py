"""Builds by BuildKit: when it is chosen, and its one request, `POST /build?version=2` with a tar as body.

Left out: BuildKit's session, an HTTP/2 connection over which the builder asks its client for secrets, ssh
agents, credentials and files. A build that needs the session ends with a line that says so.
"""
import os

from ..engine.build_context import compress_pieces
from ..errors import StreamError
from .build_progress import BuildProgress
from .console import CommandFailed
from .flags import FALSE_WORDS, TRUE_WORDS

TAR_TYPE_OFFSET = 156             # of the member's type in a tar header (POSIX pax, "ustar Header Block")
EXTENSION_TYPES = (b"x", b"L", b"K")   # of headers that only extend the next one: pax, GNU's long names


def is_dry_run(console):
    """Whether the Console is that of a dry run, which changes no file and downloads nothing."""
    return getattr(console, "plans", False)   # only a dry run's Console has this attribute


def uses_buildkit(console):
    """Whether BuildKit builds: DOCKER_BUILDKIT decides or, without it, the engine's preference."""
    given = os.environ.get("DOCKER_BUILDKIT") or ""
    if given not in TRUE_WORDS + FALSE_WORDS + ("",):
        raise CommandFailed("DOCKER_BUILDKIT environment variable expects boolean value: strconv.ParseBool: "
                            'parsing "%s": invalid syntax' % given, 1)
    if given in FALSE_WORDS or is_dry_run(console):   # a dry run sends no ping
        return given in TRUE_WORDS
    with console.docker.request("GET", "/_ping") as response:
        headers = response.headers
        response.read()
    if not given:
        return headers.get("builder-version") == "2"
    if (headers.get("builder-version") == "1" or headers.get("libpod-api-version") is not None
            or not console.docker.supports("1.39")):
        console.err.line("This engine has no BuildKit: its classic builder builds the image.")
        return False
    return True


def refuse_session_flags(options):
    """CommandFailed for --secret and --ssh."""
    for flag in ("secret", "ssh"):
        if options[flag]:
            raise CommandFailed("--%s: the builder asks its client for it over a session, which rawdock does "
                                "not open; use `docker buildx build`" % flag, 1)


def buildkit_pieces(pieces):
    """The `pieces` (iterable of bytes) of a tar → an iterator of bytes that BuildKit recognizes as one.

    BuildKit recognizes gzip, and a tar whose first member has its header in the first 1,024 bytes. So a tar
    with an extension header before that is compressed.
    """
    pieces = iter(pieces)
    first = next(pieces, b"")

    def whole():
        yield first
        yield from pieces

    kind, magic = first[TAR_TYPE_OFFSET:TAR_TYPE_OFFSET + 1], first[257:262]
    yield from compress_pieces(whole()) if kind in EXTENSION_TYPES and magic == b"ustar" else whole()


def build_with_buildkit(console, mode, dockerfile, query):
    """Build with the parameters `query` (dict) → the id (str) of the image, None if the engine sent none.

    `mode` is that of choose_progress(), `dockerfile` is (name, bytes) or None. CommandFailed if the build
    fails.
    """
    progress, failure = BuildProgress(console, mode, dockerfile), None
    try:
        for message in console.docker.call("image_build", version="2", **query):
            progress.message(message)
    except StreamError as error:
        failure = error
    finally:
        progress.end()
    if failure is not None:
        raise progress.failure(failure)
    return progress.image
