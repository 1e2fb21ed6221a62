"""The context of a build, which is sent as a tar: a directory, or a stream that is a tar or a Dockerfile.

    find_dockerfile       where the Dockerfile of a directory is
    ContextDirectory      a directory → its tar, in pieces
    stream_context        a file with a tar or a Dockerfile → a tar, in pieces

Promises: the tar is what the docker CLI's is: names sorted in each directory, no entry for the context
itself, uid and gid 0, mode and whole seconds of the mtime as they are, a hard link for the second name of a
file. It is made while it is sent, in constant memory. A file that becomes shorter meanwhile is an error.

Left out: sockets, for which a tar has no type, and extended attributes except security.capability.
"""
import os

from ..errors import ProtocolError, UsageError
from ..net.file_body import read_parts
from ..wire.tar import END_OF_TAR, TAR_BLOCK_BYTES, TarReader, file_member
from .archives import CopySide, LocalArchive, path_error
from .extract import file_kind
from .ignore import DOCKERFILE_NAME, IGNORE_FILE_NAME, context_rules, read_ignore_file

CONTEXT_PIECE_BYTES = 65536
MAX_DOCKERFILE_BYTES = 16 << 20
MAX_IGNORE_FILE_BYTES = 16 << 20
# What a compressed tar begins with: gzip, bzip2, xz, zstd.
COMPRESSED_STARTS = (b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd")


def compress_pieces(pieces):
    """The bytes of `pieces` (bytes and FileParts) in gzip's format."""
    import zlib
    compressor = zlib.compressobj(wbits=31)   # 31: with the header of gzip
    for piece in read_parts(pieces):
        data = compressor.compress(piece)
        if data:
            yield data
    yield compressor.flush()


# ---- a directory

def read_small_file(path, limit, opening="open"):
    """The content (bytes) of the file at `path`. UsageError if it cannot be read, or is too long."""
    try:
        with open(path, "rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise path_error(opening, path, error)
    return require_size(data, limit, path)


def require_size(data, limit, name):
    """`data` (bytes), or UsageError if it is longer than `limit`."""
    if len(data) > limit:
        raise UsageError("%s is larger than %d bytes" % (name, limit))
    return data


def context_root(directory):
    """The absolute path (str) of a context directory, without symbolic links. UsageError for a file."""
    root = os.path.realpath(directory)
    if not os.path.isdir(root):
        raise UsageError("context must be a directory: %s" % root)
    return root


def named_dockerfile(root, given=None):
    """The absolute path (str) of the Dockerfile of the context directory `root`, links in it not followed.

    `given` (str or None) is the path of --file, relative to the current directory. Without it the file is
    called Dockerfile, or else dockerfile.
    """
    path = os.path.abspath(given) if given else os.path.join(root, DOCKERFILE_NAME)
    lower = os.path.join(root, DOCKERFILE_NAME.lower())
    return lower if not given and not os.path.lexists(path) and os.path.lexists(lower) else path


def find_dockerfile(root, given=None):
    """The path (str) of the Dockerfile relative to the context directory `root`, after all its links; it may
    begin with "../". `given` is that of named_dockerfile(). UsageError if it does not exist.
    """
    path = named_dockerfile(root, given)
    try:
        os.stat(path)
    except OSError as error:
        raise path_error("unable to evaluate symlinks in Dockerfile path: lstat", os.path.realpath(path),
                         error)
    return os.path.relpath(os.path.realpath(path), root)


def ignore_file_patterns(root, dockerfile=None):
    """The patterns (list of str) of the ignore file in the context directory `root`, [] without one.

    With `dockerfile` (str), the Dockerfile's path as the user names it, absolute or relative to `root`,
    DOCKERFILE.dockerignore has precedence: BuildKit has such files, the classic builder does not. A link to
    nothing counts as no file.
    """
    for name in (dockerfile or "") + IGNORE_FILE_NAME, IGNORE_FILE_NAME:
        path = os.path.join(root, name)
        if os.path.lexists(os.path.realpath(path)):
            return read_ignore_file(read_small_file(path, MAX_IGNORE_FILE_BYTES))
    return []


class ContextDirectory(LocalArchive):
    """The directory `root` (str, absolute) as the context of a build; iterating over it gives its tar.

    `dockerfile` (str or None) is the path of the Dockerfile in it, `patterns` those of its ignore file.
    `added` maps names at the top of the context to contents (bytes) that take the place of the files there.
    `buildkit` (bool) says which builder it is for. UsageError for a pattern that is wrong, and for a file
    that cannot be read.
    """

    def __init__(self, root, dockerfile=None, patterns=(), added=None, buildkit=False):
        LocalArchive.__init__(self, CopySide(root + "/.", True, True, ""), str)
        self.rules = context_rules(patterns, dockerfile, buildkit)
        self.added = dict(added or {})

    def owner(self, status):
        return 0, 0

    def walk(self):
        """(path relative to the root, its lstat) of all that belongs to the context, a directory before what
        is in it, names in the order of their bytes. UsageError if a directory cannot be read.
        """
        levels = [(self._names(""), "", None)]
        while levels:
            names, above, matched_above = levels[-1]
            name = next(names, None)
            if name is None:
                levels.pop()
                continue
            path = above + name
            excluded, matched = self.rules.match(path, matched_above)
            try:
                status = os.lstat(os.path.join(self.folder, path))
            except OSError as error:
                raise path_error("lstat", os.path.join(self.folder, path), error)
            if not excluded:
                yield path, status
            if file_kind(status) == "directory" and (not excluded or self.rules.may_include_below(path)):
                levels.append((self._names(path), path + "/", matched))

    def _names(self, path):
        full = os.path.join(self.folder, path)
        try:
            return iter(sorted(os.listdir(full), key=os.fsencode))
        except PermissionError:
            raise UsageError("error checking context: can't stat '%s'" % full.rstrip("/"))
        except OSError as error:
            raise path_error("error checking context: open", full, error)

    def check(self):
        """Raise UsageError if a file of the context may not be read: to be called before anything is sent."""
        for path, status in self.walk():
            full = os.path.join(self.folder, path)
            if file_kind(status) == "file" and not os.access(full, os.R_OK):
                raise UsageError("error checking context: no permission to read from '%s'" % full)

    def _pieces(self):
        added = dict(self.added)
        for path, status in self.walk():
            if path in added:
                yield file_member(path, added.pop(path), status.st_mtime_ns, status.st_mode & 0o7777)
                continue
            full = os.path.join(self.folder, path)
            try:
                yield from self._member(full, path, status)
            except OSError as error:
                raise path_error("open", full, error)
        for name in sorted(added):
            yield file_member(name, added[name])
        yield END_OF_TAR


def outside_dockerfile(root, data, hide):
    """(name, files): how a Dockerfile from outside is added to the context directory `root` (str).

    `data` (bytes) is its content, `name` (str) its path in the context, and `files` maps the names of what is
    added to contents (bytes). `hide` adds an ignore file that names both, so that the classic builder, which
    reads it, removes them from the context.
    """
    from hashlib import sha256
    name = ".dockerfile." + sha256(data).hexdigest()[:20]
    files = {name: data}
    if hide:
        path = os.path.join(root, IGNORE_FILE_NAME)
        before = IGNORE_FILE_NAME.encode("ascii")
        if os.path.lexists(os.path.realpath(path)):
            before = read_small_file(path, MAX_IGNORE_FILE_BYTES)
        files[IGNORE_FILE_NAME] = b"%s\n%s\n" % (before, name.encode("ascii"))
    return name, files


# ---- a stream

def is_archive(data):
    """Whether a stream that begins with `data` (1,024 bytes, or all of it) is a tar, compressed or not."""
    if data.startswith(COMPRESSED_STARTS):
        return True
    try:
        TarReader().take(data[:TAR_BLOCK_BYTES], 0, [])
    except ProtocolError:
        return False
    return len(data) >= TAR_BLOCK_BYTES and any(data[:TAR_BLOCK_BYTES])


def stream_context(file, dockerfile=None):
    """(pieces, path, content): a binary `file` as a context, and the Dockerfile in it (bytes, None: unknown).

    A tar is sent as it is, compressed or not; the path is then `dockerfile` (str or None), that of --file.
    Anything else is a Dockerfile, and is sent as the only file of a tar. UsageError if --file excludes that.
    """
    head = b""
    while len(head) < 2 * TAR_BLOCK_BYTES:
        data = file.read(2 * TAR_BLOCK_BYTES - len(head))
        if not data:
            break
        head += data
    if is_archive(head):
        return archive_rest(head, file), dockerfile, None
    if dockerfile == "-":
        raise UsageError("build context is not an archive")
    if dockerfile:
        raise UsageError("ambiguous Dockerfile source: both stdin and flag correspond to Dockerfiles")
    data = read_dockerfile(file, head)
    return iter([file_member(DOCKERFILE_NAME, data, 0, 0o644) + END_OF_TAR]), DOCKERFILE_NAME, data


class PieceFile:
    """An iterable of bytes as a binary file: read() gives what is left of a piece, as a pipe does."""

    def __init__(self, pieces):
        self._pieces = iter(pieces)
        self._piece = b""

    def read(self, size):
        self._piece = self._piece or next(self._pieces, b"")
        data, self._piece = self._piece[:size], self._piece[size:]
        return bytes(data)


def archive_rest(head, file):
    """`head` (bytes), which was read already, and the rest of a binary file."""
    yield head
    yield from iter(lambda: file.read(CONTEXT_PIECE_BYTES), b"")


def read_dockerfile(file, head=b""):
    """The content (bytes) of a Dockerfile: `head`, and the rest of a binary file. UsageError over 16 MiB."""
    data = bytearray(head)
    while len(data) <= MAX_DOCKERFILE_BYTES:
        more = file.read(CONTEXT_PIECE_BYTES)
        if not more:
            break
        data += more
    return require_size(bytes(data), MAX_DOCKERFILE_BYTES, "the Dockerfile")
