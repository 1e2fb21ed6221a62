"""The files that a command writes about a conversation, and the forms that are made of a whole recording.

    ExportFiles     opens all files of a command at once, and empties them later
    write_export    writes an AnnotatedRecording as a page, a HAR or a pcapng file

Promises: a file can be read by its owner alone (mode 0600), because even a masked conversation holds what
programs printed. A symbolic link is not followed: another user who can write to its folder could choose
which file is replaced. Two flags never write one file, and no flag writes the file that is read. The content
of a file is kept until empty() is called, after all files have been opened; a new file that is not used is
removed.
Devices, FIFOs and the descriptors of this process (/dev/stdout, /dev/fd/N) are written as they are.
"""
import os

from ...engine.file_target import own_descriptor
from ...net.closing import Closing
from ...errors import UsageError

EXPORT_FORMS = ("html", "har", "pcap")


def regular_identity(place):
    """(device, inode) of the regular file at `place`, a path or a descriptor; None for anything else."""
    from stat import S_ISREG
    try:
        status = os.fstat(place) if isinstance(place, int) else os.stat(place)
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if S_ISREG(status.st_mode) else None


def open_export(path):
    """Open `path` for writing, its content unchanged → (descriptor, whether a new file was made)."""
    own = own_descriptor(path)
    if own is not None:
        return os.dup(own), False
    flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600), True
    except FileExistsError:
        return os.open(path, flags), False


class ExportFiles(Closing):
    """Binary files to write, opened together: `files` has them by flag. A context manager.

    `paths` are (flag, path) pairs; `source` is the path or descriptor that is read, or None. UsageError names
    the flag and what is wrong with its path; the content of all files is then unchanged.
    """

    def __init__(self, paths, source=None):
        self.files = {}
        self.emptied = False
        self._owned = []      # descriptors of the regular files to empty
        self._made = []       # paths of new files
        taken = {regular_identity(source): "the one that is read"} if source is not None else {}
        try:
            for flag, path in paths:
                try:
                    self._add(flag, path, taken)
                except OSError as error:
                    reason = (error.strerror or str(error)).lower()
                    if os.path.islink(path):
                        reason = "it is a symbolic link, which is not followed"
                    raise UsageError("--%s %s: %s" % (flag, path, reason),
                                     "give the name of a file that can be written")
        except BaseException:
            self.close()
            raise

    def _add(self, flag, path, taken):
        descriptor, made = open_export(path)
        if made:
            self._made.append(path)
        self.files[flag] = open(descriptor, "wb", buffering=0 if flag == "to" else -1)
        identity = regular_identity(descriptor)
        if identity is None:
            return
        if identity in taken:
            raise UsageError("--%s %s: that file is %s" % (flag, path, taken[identity]), "give another name")
        taken[identity] = "written by --%s already" % flag
        if own_descriptor(path) is None:
            self._make_private(flag, path, descriptor)
            self._owned.append(descriptor)

    def _make_private(self, flag, path, descriptor):
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid():
            raise UsageError("--%s %s: that file belongs to another user, who could read it" % (flag, path),
                             "give another name")
        if status.st_mode & 0o177:
            os.fchmod(descriptor, 0o600)

    def empty(self):
        """Remove the content that the files had. OSError if one cannot be emptied."""
        self.emptied = True
        for descriptor in self._owned:
            os.ftruncate(descriptor, 0)

    def close(self):
        """Close all files; remove the new ones if empty() was not called."""
        for file in self.files.values():
            try:
                file.close()
            except OSError:
                pass
        made, self._made = self._made, []
        for path in made if not self.emptied else ():
            try:
                os.unlink(path)
            except OSError:
                pass   # it has been removed


def write_export(form, annotated, file):
    """Write an AnnotatedRecording to `file` (binary) in `form`, one of EXPORT_FORMS."""
    if form == "html":
        from .page import write_page
        write_page(annotated, file)
    elif form == "har":
        from .har import write_har
        write_har(annotated, file)
    else:
        from .pcap import write_pcap
        write_pcap(annotated, file)
    file.flush()
