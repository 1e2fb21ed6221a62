"""Files in and out of containers, as `docker cp` copies them, and the archives that carry them as files.

    copy_in(docker, "web", "page.html", "/srv/")      a file or a directory of this machine, into a container
    copy_out(docker, "web", "/var/log", ".")          and back; what an archive must not do is refused
    with ArchiveStream(docker, "web", "/var/log") as file:    for `tarfile` in stream mode, "r|"
    with ArchiveWriter(docker, "web", "/srv") as file:        and in "w|"

Strategy: a container's files are sent as a tar. Its first member is what is copied, under its own name, or
"./" for a path that ends in "/.", which means the content of a directory. The target decides under which name
the copy arrives, and whether it can (`copy_place`); the names in the archive are changed on the way. The stat
of a path is a header field of the engine's answer, in JSON and base64. Of an archive only a buffer is held.

Promises: the names and places are those of the docker CLI for each form of path (a slash at its end, "/.",
links). An error that can be known on this machine is raised before anything is sent.

Left out: sockets, for which a tar has no type: `skipped` has a line for each.
"""
import os
from collections import namedtuple

from ..errors import APIError, UsageError
from ..net.closing import Closing
from ..net.file_body import (FILE_CHUNK_BYTES, READ_PIECE_BYTES, FileBody, FilePart, UnblockedSocket,
                             read_parts, takes_files)
from ..wire.tar import END_OF_TAR, TarMember, tar_padding
from .answers import answer_field, malformed_answer
from .extract import Extraction, IncompleteCopy, MemberRefused, Notes, file_kind

GO_DIRECTORY, GO_SYMBOLIC_LINK, GO_DEVICE, GO_IRREGULAR = 1 << 31, 1 << 27, 1 << 26, 1 << 19   # Go's FileMode
MAX_TARGET_LINKS = 10       # of a local target, as the docker CLI follows them
GATHERED_BYTES = 65536      # small pieces are sent together until they have as much
FILE_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
CAPABILITY = "security.capability"   # the one extended attribute that docker cp sends

# What was copied: bytes of the archive, where it went (str), and a line for each file that was `skipped`, or
# of which something was `stripped`.
Copied = namedtuple("Copied", "size target skipped stripped")

# One side of a copy. `path` (str) is absolute on this machine; `exists` and `directory` are bool; `rename`
# (str) is the name that the copy gets in place of its own, or "".
CopySide = namedtuple("CopySide", "path exists directory rename")


# ---- paths: to the docker CLI a slash or "/." at the end has a meaning

def clean_path(path):
    """The shortest path (str) equal to `path` if nothing in it is a link: Go's filepath.Clean.

    >>> clean_path("//a/./b/../c/")
    '/a/c'
    """
    return os.path.normpath("/" + path.lstrip("/") if path.startswith("/") else path)


def last_part(path):
    """The last part of a path (str): "." for "a/.", "/" for the root.

    >>> last_part("/a/b/"), last_part("/a/."), last_part("/")
    ('b', '.', '/')
    """
    return path.rstrip("/").rpartition("/")[2] or ("/" if path else ".")


def says_content(path):
    """Whether a path names what is in a directory: it ends in "/." or is "."."""
    return last_part(path) == "."


def split_path(path):
    """(directory, name) of a path; the name is "." where says_content().

    >>> split_path("/a/b/"), split_path("/a/."), split_path("/")
    (('/a', 'b'), ('/a', '.'), ('/', '/'))
    """
    cleaned = clean_path(path)
    if says_content(path) and cleaned != ".":
        return cleaned, "."
    folder, slash, name = cleaned.rpartition("/")
    return folder or slash or ".", name or "/"


def absolute_path(path):
    """A path of this machine made absolute. The slash or "/." at its end stays."""
    path = os.fspath(path)
    found = clean_path(path if path.startswith("/") else os.path.join(os.getcwd(), path))
    if says_content(path):
        return found.rstrip("/") + "/."
    return found + "/" if path.endswith("/") and found != "/" else found


def resolved_name(path, target):
    """(path, name) for a link `path` to `target`: the target with the end of `path`, and CopySide.rename."""
    if says_content(path) and not says_content(target):
        target += "/."
    if path.endswith("/") and not target.endswith("/"):
        target += "/"
    return target, "" if last_part(path) == last_part(target) else last_part(path)


def path_error(operation, path, error):
    """The UsageError for an OSError, in Go's words: "lstat /a: no such file or directory"."""
    return UsageError("%s %s: %s" % (operation, path, (error.strerror or str(error)).lower()))


def lstat_path(path):
    """os.lstat(path), whose failure is a UsageError."""
    try:
        return os.lstat(path)
    except OSError as error:
        raise path_error("lstat", path, error) from None


def follow_all_links(path):
    """The absolute `path` with every link in it followed. UsageError if a part of it does not exist."""
    found, names = "/", [name for name in path.split("/") if name not in ("", ".")]
    for count, name in enumerate(names, 1):
        found = os.path.realpath(os.path.join(found, name))
        kind = file_kind(lstat_path(found))
        if kind == "symbolic link":
            raise UsageError("EvalSymlinks: too many links")
        if kind != "directory" and (count < len(names) or path.endswith("/")):
            raise UsageError("not a directory")
    return found


def local_source(path, follow_link):
    """The CopySide of a source on this machine. `follow_link`: it is what its last link points to."""
    if follow_link:
        found, rename = resolved_name(path, follow_all_links(path))
    else:
        folder, slash, name = path.rpartition("/")
        found = follow_all_links(folder + slash).rstrip("/") + "/" + name
        rename = last_part(path) if path.endswith("/") and last_part(path) != last_part(found) else ""
    return CopySide(found, True, file_kind(lstat_path(found)) == "directory", rename)


def local_target(path):
    """The CopySide of a target on this machine: what its links point to. UsageError if it cannot be one."""
    folder = os.path.dirname(clean_path(path))
    if not os.path.exists(folder):
        raise UsageError('invalid output path: directory "%s" does not exist' % folder)
    try:
        if file_kind(os.stat(path)).endswith("device"):
            raise UsageError('invalid output path: "%s" must be a directory or a regular file: got a device'
                             % path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise path_error("stat", path, error) from None
    found = path
    for _ in range(MAX_TARGET_LINKS + 2):
        try:
            kind = file_kind(os.lstat(found))
        except FileNotFoundError:
            parent = split_path(found)[0]
            try:
                kind = file_kind(os.stat(parent))
            except OSError as error:
                raise path_error("stat", parent, error) from None
            if kind != "directory":
                raise UsageError("not a directory") from None
            return CopySide(found, False, False, "")
        except OSError as error:
            raise path_error("lstat", found, error) from None
        if kind != "symbolic link":
            return CopySide(found, True, kind == "directory", "")
        found = clean_path(os.path.join(split_path(found)[0], os.readlink(found)))
    raise UsageError("too many symlinks in " + path)


def copy_place(source, target):
    """(directory, name) for the CopySides of a copy: where it arrives, and under which name (None: its own).

    UsageError if the source cannot be copied to the target.
    """
    if target.exists and target.directory:
        return target.path, None
    folder, name = split_path(target.path)
    if target.exists and source.directory:
        raise UsageError("cannot copy directory")
    if not (target.exists or source.directory) and (target.path.endswith("/") or says_content(target.path)):
        raise UsageError("no such directory")
    return folder, name


def archive_name(path):
    """A path (str) as a name in an archive, which is UTF-8 whatever the encoding of this machine's names.

    >>> archive_name("\\udcc3\\udca9") == "\\u00e9"
    True
    """
    try:
        return os.fsencode(path).decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:   # it does not come from this machine
        return path


def renaming(old, new=None):
    """→ a function that renames a member of the archive of `old` (str) to what it is called below `new`.

    `new` (str or None) None leaves the name. MemberRefused for a member outside of `old`.
    """
    old, new = archive_name(old), new and archive_name(new)

    def rename(name):
        first, slash, rest = name.partition("/")
        if old == "/":     # an engine writes names of the root as "/" and "/bin"
            first, slash, rest = old, "/", name.lstrip("/")
        elif old == "." != first and not name.startswith("/"):     # podman leaves "./" out
            first, slash, rest = old, "/", name
        if first != old:
            raise MemberRefused("it is not part of " + old)
        if new is None:
            return rest if old == "/" else name
        return new + slash + rest
    return rename


# ---- the container's side

def read_path_stat(response):
    """The stat in a Response to ContainerArchive: {"name", "size", "mode", "mtime", "linkTarget"}."""
    import json
    from base64 import b64decode
    field = response.headers.get("x-docker-container-path-stat", "")
    try:
        found = json.loads(b64decode(field, validate=True).decode("utf-8"))
    except (ValueError, RecursionError):
        raise malformed_answer("ContainerArchive", field.encode("latin-1"),
                               "X-Docker-Container-Path-Stat, an object in JSON and base64") from None
    answer_field(found, "ContainerArchive", int, "mode")
    answer_field(found, "ContainerArchive", (str, type(None)), "linkTarget")
    return found


def container_path_stat(docker, container, path):
    """The stat of a `path` in a container, a dict: "mode" is Go's os.FileMode. NotFound if there is none."""
    with docker.call("container_archive_info", container, path=path) as response:
        return read_path_stat(response)


def link_target(path, found):
    """Where the link at `path` in a container points, by its stat; None if it is no link."""
    if not found["mode"] & GO_SYMBOLIC_LINK:
        return None
    target = found.get("linkTarget") or ""
    return target if target.startswith("/") else clean_path(os.path.join(split_path(path)[0], target))


class ArchiveStream(Closing):
    """The archive of a `path` in a container as a binary file that is read once: read(), readinto().

    `stat` is what container_path_stat() gives. For tarfile.open(fileobj=…, mode="r|"). Reading an archive
    that was cut raises TruncatedError.
    """

    def __init__(self, docker, container, path):
        self.response = docker.call("container_archive", container, path=path)
        try:
            self.stat = read_path_stat(self.response)
        except BaseException:
            self.response.close()
            raise

    def readinto(self, buffer):
        """Fill `buffer` with what there is → how many bytes; 0 at the end."""
        return self.response.readinto(buffer)

    def read(self, size=-1):
        """`size` bytes, fewer only at the end; all for -1."""
        if size is None or size < 0:
            return b"".join(iter(lambda: self.read(READ_PIECE_BYTES), b""))
        data, at = bytearray(size), 0
        while at < size:
            count = self.response.readinto(memoryview(data)[at:])
            if not count:
                break
            at += count
        return bytes(data[:at])

    def close(self):
        """Stop reading."""
        self.response.close()


class ArchiveWriter:
    """An archive that is extracted in the directory `path` of a container while it is written, with write().

    To be used in a `with`, for tarfile.open(fileobj=…, mode="w|"). At its end the engine has extracted all,
    or its error is raised. If the block ends with an exception the request is aborted.
    """

    def __init__(self, docker, container, path, archive=False):
        self._arguments = (docker, container, path, archive)
        self._error = None
        self._abandoned = False

    def __enter__(self):
        from threading import Thread
        reader, self._descriptor = os.pipe()
        self._thread = Thread(target=self._send, args=(reader,), daemon=True)
        self._thread.start()
        return self

    def _send(self, reader):
        docker, container, path, archive = self._arguments
        try:
            with open(reader, "rb", buffering=0) as file:
                put_archive(docker, container, path, self._pieces(file), archive)
        except BaseException as error:   # it is raised where the writer is
            self._error = error

    def _pieces(self, file):
        for piece in iter(lambda: file.read(READ_PIECE_BYTES), b""):
            yield piece
        if self._abandoned:
            raise UsageError("the archive was not written to its end")

    def write(self, data):
        """Send `data` (bytes-like) → its length. The engine's refusal is raised here or at the end."""
        view = memoryview(data)
        while len(view):
            try:
                view = view[os.write(self._descriptor, view):]
            except BrokenPipeError:
                self._thread.join()
                raise self._error or UsageError("the engine takes no more of the archive") from None
        return len(data)

    def __exit__(self, kind, error, traceback):
        self._abandoned = kind is not None
        os.close(self._descriptor)
        self._thread.join()
        if kind is None and self._error is not None:
            raise self._error


# ---- an archive of local files

class LocalArchive:
    """The archive of a CopySide of this machine; iterating over it gives its bytes, and reads the files.

    `rename(name)` gives the members their names. What is in a directory is sorted. A second name of a file is
    a hard link to the first. `skipped` and `unreadable` are Notes on what is not in it.
    """

    def __init__(self, source, rename):
        self.folder, self.name = split_path(source.path)
        self.rename = rename
        self.unreadable = Notes()
        self.skipped = Notes()
        self._seen = {}   # (device, inode) of files with several names → the member that has the content

    def __iter__(self):
        return read_parts(self.parts())

    def parts(self):
        """Its bytes in pieces, of which some are the FilePart of a large file."""
        pieces, size = [], 0
        for piece in self._pieces():
            large = isinstance(piece, FilePart)
            if not large:
                pieces.append(piece)
                size += len(piece)
            if pieces and (large or size >= GATHERED_BYTES):
                yield b"".join(pieces)
                pieces, size = [], 0
            if large:
                yield piece
        yield b"".join(pieces)

    def _pieces(self):
        names = iter([self.name])
        waiting = []            # the directories around the present one: (their prefix, names still to come)
        prefix = ""
        while True:
            name = next(names, None)
            if name is None:
                if not waiting:
                    break
                prefix, names = waiting.pop()
                continue
            relative = prefix + name
            path = os.path.join(self.folder, relative) if self.name != "/" else "/" + relative.strip("/")
            try:
                status = os.lstat(path)
                inner = None
                if file_kind(status) == "directory":
                    inner = sorted(os.listdir(path), key=os.fsencode)
                yield from self._member(path, relative, status)
            except OSError as error:
                self.unreadable.add("cannot read %s: %s" % (path, error.strerror))
                continue
            if inner is not None:
                waiting.append((prefix, names))
                prefix, names = relative.rstrip("/") + "/", iter(inner)
        yield END_OF_TAR

    def _member(self, path, relative, status):
        """The bytes of one member. OSError, before any of them, for a file that cannot be read."""
        kind, link = file_kind(status), ""
        name = self.rename(archive_name(relative))
        if kind == "socket":
            self.skipped.add("%s is a socket, which an archive cannot have" % path)
            return
        key = status.st_dev, status.st_ino
        if kind == "directory":
            name = name.rstrip("/") + "/"
        elif key in self._seen:
            kind, link = "hard link", self._seen[key]
        elif kind == "symbolic link":
            link = os.readlink(os.fsencode(path)).decode("utf-8", "surrogateescape")
        member = TarMember(name, kind, status.st_mode & 0o7777, 0, status.st_mtime_ns, link,
                           *self.owner(status))
        if kind == "file":
            yield from self._file(path, member)
        else:
            device = status.st_rdev if kind.endswith("device") else 0
            yield member.encode(device=(os.major(device), os.minor(device)))
        if status.st_nlink > 1 and kind != "directory":
            self._seen.setdefault(key, name)

    def owner(self, status):
        """(uid, gid) of the member for a file with this lstat."""
        return status.st_uid, status.st_gid

    def _file(self, path, member):
        descriptor = os.open(path, FILE_READ_FLAGS)
        with open(descriptor, "rb", buffering=0) as file:
            size = os.fstat(descriptor).st_size
            yield member._replace(size=size).encode(capability_records(descriptor))
            for at in range(0, size, FILE_CHUNK_BYTES):
                part = FilePart(file, at, min(size - at, FILE_CHUNK_BYTES), path)
                try:
                    yield from [part] if size >= GATHERED_BYTES else part
                except OSError as error:
                    raise UsageError("cannot read %s: %s" % (path, error.strerror)) from None
        yield tar_padding(size)


def capability_records(descriptor):
    """The pax records (list) with the capabilities of an open file, without which ping cannot run."""
    try:
        return [(b"SCHILY.xattr.security.capability", os.getxattr(descriptor, CAPABILITY))]
    except (OSError, AttributeError):   # it has none; only Linux has the function
        return []


# ---- docker cp

def put_archive(docker, container, path, pieces, archive=False):
    """Have the tar in `pieces` (bytes, a binary file or an iterable) extracted in a container's directory.

    `archive`: the owners in it are those of the container's user. A directory is not replaced by a file.
    """
    docker.call("put_container_archive", container, path=path, body=pieces, noOverwriteDirNonDir=True,
                copyUIDGID=True if archive else None)


def container_target(docker, container, path):
    """The CopySide of the target `path` in a container; for a link, that of what it points to."""
    found, resolved = None, path
    try:
        found = container_path_stat(docker, container, path)
        resolved = link_target(path, found) or path
        if resolved != path:
            found = container_path_stat(docker, container, resolved)
    except APIError:   # the engine's answer to the copy itself will say what is wrong
        found = None
    mode = found["mode"] if found else 0
    for bit, what in ((GO_DEVICE, "a device"), (GO_IRREGULAR, "an irregular file")):
        if mode & bit:
            raise UsageError('destination "%s:%s" must be a directory or a regular file: got %s'
                             % (container, path, what))
    return CopySide(resolved, found is not None, bool(mode & GO_DIRECTORY), "")


class CountedBody:
    """A request body of `pieces` (an iterable of bytes and FileParts), which is used once.

    progress(bytes so far) is called as they go out; `size` counts them. `name` says what it is made of: a
    path, or 0 for stdin.
    """

    def __init__(self, pieces, progress, name):
        self.pieces = iter(pieces)
        self.name = name
        self.size = 0
        self._progress = progress or (lambda size: None)

    def _count(self, size):
        self.size += size
        self._progress(self.size)

    def __iter__(self):
        for piece in read_parts(self.pieces):
            yield piece
            self._count(len(piece))

    def send_chunks(self, connection, poller):
        """Send it on a Connection, if the system can send files there; iteration gives what is left."""
        from ..wire.chunked import encode_chunk
        if not takes_files(connection.sock):
            return
        with UnblockedSocket(connection):
            for part in self.pieces:
                if isinstance(part, FilePart):
                    part.send_chunk(connection, poller, self._count)
                elif isinstance(part, (bytes, bytearray, memoryview)):
                    connection.send_watching(encode_chunk(part), poller)
                    self._count(len(part))
                else:
                    raise UsageError("a request body gives bytes, not %s" % type(part).__name__)


def copy_in(docker, container, source, target, follow_link=False, archive=False, progress=None):
    """Copy `source` to the path `target` (str) of a container, as docker cp does → Copied.

    `source` is a path (str or Path), or an archive: bytes, a binary file or an iterable of bytes.
    `follow_link`: of a link, copy what it points to. `archive`: the container's user owns what is copied.
    progress(bytes so far) is called as the archive goes out. UsageError before that for what cannot be
    copied; IncompleteCopy after it if files could not be read.
    """
    local = isinstance(source, (str, os.PathLike))
    if not local and not hasattr(source, "__iter__") and not hasattr(source, "read"):
        raise UsageError("what is copied is a path or an archive, not %r" % (source,))
    side = local_source(absolute_path(source), follow_link) if local else None
    place = container_target(docker, container, target)
    if local:
        folder, new = copy_place(side, place)
        base = split_path(side.path)[1]
        packed = LocalArchive(side, renaming(base, new or side.rename or None))
        pieces = packed.parts()
    elif place.directory:
        folder = place.path
        packed = pieces = [source] if isinstance(source, (bytes, bytearray, memoryview)) else source
    else:
        raise UsageError('destination "%s:%s" must be a directory' % (container, target))

    if hasattr(packed, "read"):
        body = FileBody(packed, progress)
    else:
        body = CountedBody(pieces, progress, side.path if local else 0)
    put_archive(docker, container, folder, body, archive)
    skipped = packed.skipped.lines if local else []
    copied = Copied(body.size, "%s:%s" % (container, place.path), skipped, [])
    if local and packed.unreadable.count:
        raise IncompleteCopy("files could not be read", packed.unreadable, copied)
    return copied


def copy_out(docker, container, source, target, follow_link=False, progress=None):
    """Copy the path `source` (str) of a container to `target`, as docker cp does → Copied.

    `target` is a path (str or Path), or a binary file that the archive is written to. `follow_link`: of a
    link, copy what it points to. progress(bytes so far) is called as the archive arrives. UsageError for what
    cannot be copied; IncompleteCopy if members of the archive were refused (engine/extract says which), the
    others are then extracted. TruncatedError for an archive that was cut.
    """
    local = isinstance(target, (str, os.PathLike))
    if not local and not hasattr(target, "write") and not hasattr(target, "write_run"):
        raise UsageError("the target of a copy is a path or a binary file, not %r" % (target,))
    place = local_target(absolute_path(target)) if local else None
    path, rename = source, ""
    if follow_link:
        try:
            points_to = link_target(source, container_path_stat(docker, container, source))
        except APIError:   # the engine's answer to the copy itself will say what is wrong
            points_to = None
        if points_to is not None:
            path, rename = resolved_name(source, points_to)
    with ArchiveStream(docker, container, path) as stream:
        if not local:
            return Copied(stream.response.copy_to(target), "", [], [])
        side = CopySide(path, True, bool(stream.stat["mode"] & GO_DIRECTORY), rename)
        folder, new = copy_place(side, place)
        base = split_path("/" + path)[1]   # the name that the engine gives it in the archive
        with Extraction(folder, renaming(base, new or rename or None), progress) as extraction:
            stream.response.copy_to(extraction)
            extraction.finish()
            # dockerd 20.10 sends nothing for a name that is not in UTF-8; podman's "/." may be empty.
            if extraction.received <= len(END_OF_TAR) and not says_content(path):
                raise malformed_answer("ContainerArchive", b"", "an archive that has %s in it" % path)
            copied = Copied(extraction.received, absolute_path(target), [], extraction.stripped.lines)
            if extraction.refused.count:
                raise IncompleteCopy("members of the archive were refused", extraction.refused, copied)
            return copied
