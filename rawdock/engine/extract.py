"""Extracts an archive that cannot be trusted into a directory.

Strategy: an Extraction is given the pieces of a tar as they arrive (it is a file for Response.copy_to()), and
makes each member when its header has come. Nothing is looked up by a path: a directory is opened by its name
in the directory before it, never through a symbolic link (openat() with O_NOFOLLOW), and what is made in it
is made in that descriptor. So nobody who swaps a directory for a link meanwhile gains anything, whether a
member of the archive does it or another process.

Promises: nothing outside `folder` is created, changed or removed. A file is written beside its place under
another name, and renamed once it is whole. An archive that is cut raises TruncatedError.

Symbolic links are created as they are, wherever they point. Refused are names that are absolute or have "..",
what would be written through a link, devices, sparse files (no engine sends any) and unknown types: such a
member is noted in `refused`, and the others are extracted. Set-user-ID and set-group-ID bits are removed and
noted. The owner of everything is the user who runs this.

Left out: owners, and extended attributes with the capabilities in them; a backup program restores them.
"""
import os

from ..errors import ProtocolError, RawdockError, UsageError
from ..net.closing import Closing
from ..wire.tar import TarMember, TarReader

OPEN_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
NEW_FILE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
OPEN_FIFO_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
FOLDER_MODE = 0o755           # of a directory that has no member of its own, as the docker CLI makes it
LATEST_TIME = 2 ** 63 - 1     # nanoseconds that Linux and the docker CLI can express
MAX_NOTES = 1000              # lines about one archive; what is beyond is only counted
MAX_PART_BYTES = 255          # of one part of a path, on every usual file system
MAX_PATH_BYTES = 4095         # of a whole path, such as the target of a symbolic link (Linux's PATH_MAX)
# What a file is, by the bits of st_mode that say so (POSIX, sys/stat.h).
KINDS_OF_MODES = {0o100000: "file", 0o040000: "directory", 0o120000: "symbolic link", 0o010000: "fifo",
                  0o020000: "character device", 0o060000: "block device", 0o140000: "socket"}


class IncompleteCopy(RawdockError):
    """Something was not copied, because that would not have been safe or was not possible; the rest was.

    `lines` (list of str) say what was not copied and why. `count` is their number; of very many, `lines` has
    the first ones. `copied` is what the function would have returned.
    """

    def __init__(self, what, notes, copied=None):
        RawdockError.__init__(self, "%d %s" % (notes.count, what))
        self.lines = notes.lines
        self.count = notes.count
        self.copied = copied


class MemberRefused(Exception):
    """Why one member of an archive is not extracted."""


class Notes:
    """Lines about members of an archive: `lines` (list of str), at most MAX_NOTES, and `count`, of all."""

    def __init__(self):
        self.lines = []
        self.count = 0

    def add(self, line):
        self.count += 1
        if self.count <= MAX_NOTES:
            self.lines.append(line)


def file_kind(status):
    """What a file is (str, of KINDS_OF_MODES), by its os.stat_result."""
    return KINDS_OF_MODES.get(status.st_mode & 0o170000, "file of an unknown kind")


def member_parts(name):
    """The parts (tuple of bytes) of a member's name, none for the directory itself. May raise MemberRefused.

    >>> member_parts("./a//b/")
    (b'a', b'b')
    """
    if name.startswith("/"):
        raise MemberRefused("its name is absolute")
    encoded = name.encode("utf-8", "surrogateescape")
    if len(encoded) > MAX_PATH_BYTES:
        raise MemberRefused("its name has %d bytes" % len(encoded))
    parts = tuple(part for part in encoded.split(b"/") if part not in (b"", b"."))
    if b".." in parts:
        raise MemberRefused("its name has .. in it")
    if max(map(len, parts), default=0) > MAX_PART_BYTES:
        raise MemberRefused("its name has a part of over %d bytes" % MAX_PART_BYTES)
    return parts


def quoted_path(folder, parts):
    """The path of `parts` (bytes) below `folder` (str) in quotes, for a message."""
    path = os.path.join(folder, *[part.decode("utf-8", "replace") for part in parts])
    return '"%s"' % path.replace("\\", "\\\\").replace('"', '\\"')


class Extraction(Closing):
    """Extracts the archive whose bytes are written to it into the existing directory `folder` (str).

    `rename(name)` returns the name that a member is to have, or raises MemberRefused; the target of a hard
    link is renamed too. write() and write_run() take the bytes, and finish() is called after the last one.
    progress(bytes so far) is called as they come, and `received` counts them. `refused` and `stripped` are
    Notes. The end of a `with` removes the file that is not whole.
    """

    def __init__(self, folder, rename=None, progress=None):
        self.folder = folder
        self.refused = Notes()
        self.stripped = Notes()
        self.received = 0
        self._rename = rename or str
        self._progress = progress or (lambda size: None)
        self._reader = TarReader()
        self._root = os.open(folder, OPEN_FOLDER_FLAGS & ~os.O_NOFOLLOW)
        self._at = self._root     # the present directory
        self._parts = ()          # of the present directory, below the root
        self._folders = {}        # parts → TarMember: their modes and times are set at the end
        self._file = None         # the descriptor of the file that is being written
        self._unfinished = None   # its name until it is whole
        self._member = self._name = None   # its TarMember, and its own name
        self._missing = 0         # bytes of its content that have not come

    def close(self):
        """Remove the file that is not whole, and close all descriptors."""
        self._discard()
        for descriptor in {self._at, self._root} - {None}:
            os.close(descriptor)
        self._at = self._root = None

    def write(self, data):
        """Extract what `data` (bytes-like) completes → its length."""
        self.write_run([data])
        return len(data)

    def write_run(self, pieces):
        """Extract what a list of bytes-like pieces completes."""
        for piece in pieces:
            self.received += len(piece)
            values, error = [], None
            try:
                self._reader.take(memoryview(piece), 0, values)
            except ProtocolError as wrong:
                error = wrong
            for value in values:
                if type(value) is TarMember:
                    self._begin_member(value)
                elif self._file is not None:
                    self._write_content(value)
            if error is not None:
                raise error
        self._progress(self.received)

    def finish(self):
        """Set the modes and times of directories. TruncatedError if the archive has not ended."""
        self._reader.feed_eof()
        for parts in sorted(self._folders, reverse=True):   # a directory after those in it
            self._enter(parts)
            self._set_attributes(self._at, self._folders[parts])

    def _begin_member(self, member):
        """Make what a header describes, of a file without its content; or note why it is refused."""
        name = member.name
        try:
            make = MEMBER_MAKERS.get(member.kind)
            if make is None:
                raise MemberRefused("it is a " + member.kind if " " in member.kind else "it is no file")
            member = member._replace(name=self._rename(name), mode=self._allowed_mode(member))
            parts = member_parts(member.name)
            if parts:
                make(self, parts, member)
            elif member.kind != "directory":
                raise MemberRefused("it has no name")
        except MemberRefused as refusal:
            self._discard()
            self.refused.add("%s: %s" % (name[:MAX_PATH_BYTES], refusal))
        except OSError as error:
            raise OSError(error.errno, "cannot write %s: %s"
                          % (quoted_path(self.folder, parts), error.strerror)) from None

    def _allowed_mode(self, member):
        """The mode of a member without the bits with which its file would run as another user."""
        if member.mode & 0o6000 and member.kind in ("file", "directory", "fifo"):
            bits = [name for bit, name in ((0o4000, "set-user-ID"), (0o2000, "set-group-ID"))
                    if member.mode & bit]
            self.stripped.add("%s: removed %s" % (member.name[:MAX_PATH_BYTES], " and ".join(bits)))
        return member.mode & 0o1777

    # ---- directories

    def _enter(self, parts, make=True):
        """Make the directory `parts` (tuple of bytes) below the root the present one.

        With `make`, missing directories are made. MemberRefused if one is a link or not a directory.
        """
        if parts[:len(self._parts)] != self._parts:
            self._move(self._root, ())
        for name in parts[len(self._parts):]:
            try:
                descriptor = self._open_folder(name, make)
            except OSError:
                found = self._kind(name)
                if found in (None, "directory"):
                    raise
                path = b"/".join(self._parts + (name,)).decode("utf-8", "replace")
                raise MemberRefused("%s is a %s, not a directory" % (path, found)) from None
            self._move(descriptor, self._parts + (name,))

    def _move(self, descriptor, parts):
        if self._at != self._root:
            os.close(self._at)
        self._at, self._parts = descriptor, parts

    def _open_folder(self, name, make):
        try:
            return os.open(name, OPEN_FOLDER_FLAGS, dir_fd=self._at)
        except FileNotFoundError:
            if not make:
                raise
        os.mkdir(name, FOLDER_MODE, dir_fd=self._at)
        return os.open(name, OPEN_FOLDER_FLAGS, dir_fd=self._at)

    def _kind(self, name):
        """What `name` in the present directory is (str, of KINDS_OF_MODES); None if there is none."""
        try:
            return file_kind(os.stat(name, dir_fd=self._at, follow_symlinks=False))
        except FileNotFoundError:
            return None

    def _make_folder(self, parts, member):
        self._enter(parts[:-1])
        try:
            os.mkdir(parts[-1], 0o700, dir_fd=self._at)
        except FileExistsError:
            if self._kind(parts[-1]) != "directory":
                raise UsageError("cannot overwrite non-directory %s with directory %s"
                                 % (quoted_path(self.folder, parts), quoted_path(self.folder, []))) from None
        self._folders[parts] = member

    def _set_attributes(self, descriptor, member):
        os.fchmod(descriptor, member.mode)
        os.utime(descriptor, ns=self._times(member))

    def _times(self, member):
        time = member.mtime if 0 <= member.mtime <= LATEST_TIME else 0
        return time, time

    # ---- everything else: made under another name, then renamed

    def _make_file(self, parts, member):
        self._begin(parts, member)
        self._file = os.open(self._unfinished, NEW_FILE_FLAGS, 0o600, dir_fd=self._at)
        self._missing = member.size
        if not member.size:
            self._end_file()

    def _write_content(self, piece):
        self._missing -= len(piece)
        while len(piece):
            try:
                piece = piece[os.write(self._file, piece):]
            except OSError as error:
                path = quoted_path(self.folder, self._parts + (self._name,))
                raise OSError(error.errno, "cannot write %s: %s" % (path, error.strerror)) from None
        if not self._missing:
            self._end_file()

    def _end_file(self):
        self._set_attributes(self._file, self._member)
        descriptor, self._file = self._file, None
        os.close(descriptor)
        self._place()

    def _make_symbolic_link(self, parts, member):
        target = member.link.encode("utf-8", "surrogateescape")
        if not 0 < len(target) <= MAX_PATH_BYTES:
            raise MemberRefused("it is a symbolic link to a path of %d bytes" % len(target))
        self._begin(parts, member)
        os.symlink(target, self._unfinished, dir_fd=self._at)
        os.utime(self._unfinished, ns=self._times(member), dir_fd=self._at, follow_symlinks=False)
        self._place()

    def _make_hard_link(self, parts, member):
        target = member_parts(self._rename(member.link).lstrip("/"))   # a link target begins at the root
        if not target:
            raise MemberRefused("it is a hard link to a directory")
        try:
            self._enter(target[:-1], make=False)
            found = self._kind(target[-1])
        except FileNotFoundError:
            found = None
        if found in (None, "directory"):
            raise MemberRefused("it is a hard link to %s, which is not there" % member.link)
        folder = os.dup(self._at)
        try:
            self._begin(parts, member)
            self._link(folder, target[-1])
        finally:
            os.close(folder)
        self._place()
        self._discard()   # rename() leaves it if both are the same file

    def _link(self, folder, name):
        """Link the unfinished name to `name` (bytes) in the directory that `folder` (a descriptor) is."""
        from errno import EINVAL
        try:
            os.link(name, self._unfinished, src_dir_fd=folder, dst_dir_fd=self._at, follow_symlinks=False)
        except OSError as error:
            if error.errno != EINVAL:   # PyPy calls linkat() with a flag that linkat() does not know
                raise
            os.link(b"/proc/self/fd/%d/%s" % (folder, name),
                    b"/proc/self/fd/%d/%s" % (self._at, self._unfinished))

    def _make_fifo(self, parts, member):
        self._begin(parts, member)
        os.mkfifo(self._unfinished, 0o600, dir_fd=self._at)
        descriptor = os.open(self._unfinished, OPEN_FIFO_FLAGS, dir_fd=self._at)
        try:
            self._set_attributes(descriptor, member)
        finally:
            os.close(descriptor)
        self._place()

    def _begin(self, parts, member):
        """Go to the directory of `parts`, and choose the name under which the member is made."""
        self._enter(parts[:-1])
        if self._kind(parts[-1]) == "directory":
            raise UsageError("cannot overwrite directory %s with non-directory %s"
                             % (quoted_path(self.folder, parts), quoted_path(self.folder, [])))
        self._member, self._name = member, parts[-1]
        self._unfinished = b".rawdock-" + os.urandom(8).hex().encode("ascii")

    def _place(self):
        """Rename the member, which is whole, to its own name, and replace what has that name."""
        os.rename(self._unfinished, self._name, src_dir_fd=self._at, dst_dir_fd=self._at)
        if self._member.kind != "hard link":
            self._unfinished = None

    def _discard(self):
        """Remove what does not have its name yet."""
        from errno import ENOENT, EROFS
        descriptor, self._file = self._file, None
        if descriptor is not None:
            os.close(descriptor)
        name, self._unfinished = self._unfinished, None
        try:
            if name is not None:
                os.unlink(name, dir_fd=self._at)
        except OSError as error:
            if error.errno not in (ENOENT, EROFS):   # which say that it was not made
                raise


MEMBER_MAKERS = {
    "file": Extraction._make_file,
    "directory": Extraction._make_folder,
    "symbolic link": Extraction._make_symbolic_link,
    "hard link": Extraction._make_hard_link,
    "fifo": Extraction._make_fifo,
}
