"""A file that a command writes: whole under its name, or not at all.

Strategy: a regular file is written beside its place under another name, and renamed once it is whole. For
the name of a symbolic link this is done beside the file that it points to, and the link stays. Devices and
named pipes are written directly, and so are this process's own descriptors (/dev/stdout, /dev/fd/3), so that
`>> file` appends and a socket works.

Promises: after an error, and after a signal that Python handles, no unfinished file is left and the old one
is unchanged. A file that has its name has been written to the disk.

Refuses: directories and sockets, in the docker CLI's words. The docker CLI refuses links and devices, too.
"""
import os
import re

from ..errors import UsageError

OWN_DESCRIPTOR = re.compile("/dev/std(out|err)|/(?:dev|proc/self)/fd/([0-9]{1,9})")
MAX_LINKS = 40   # as many as Linux follows


def own_descriptor(path):
    """The number of this process's descriptor that the absolute `path` (str) names; None if it names none.

    >>> own_descriptor("/dev/stdout"), own_descriptor("/proc/self/fd/7"), own_descriptor("/dev/null")
    (1, 7, None)
    """
    match = OWN_DESCRIPTOR.fullmatch(path)
    return None if match is None else int(match.group(2) or {"out": 1, "err": 2}[match.group(1)])


def follow_links(path):
    """(path, descriptor): what `path` (str) names after all its links; the descriptor is None if not ours."""
    for _ in range(MAX_LINKS):
        descriptor = own_descriptor(os.path.abspath(path))
        if descriptor is not None or not os.path.islink(path):
            return path, descriptor
        path = os.path.join(os.path.dirname(path), os.readlink(path))
    raise UsageError("invalid output path: stat %s: too many levels of symbolic links" % path)


def is_written_directly(path):
    """Whether `path` (str, no link) is a device or a named pipe. UsageError if it cannot be written."""
    import stat
    folder = os.path.dirname(path) or "."
    try:
        if not stat.S_ISDIR(os.stat(folder).st_mode):
            raise UsageError("invalid output path: stat %s: not a directory" % folder)
    except OSError as error:
        raise UsageError("invalid output path: stat %s: %s" % (folder, error.strerror.lower()))
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return False   # there is nothing yet
    for is_kind, kind in ((stat.S_ISDIR, "directory"), (stat.S_ISSOCK, "socket")):
        if is_kind(mode):
            raise UsageError("cannot write to a " + kind)
    return not stat.S_ISREG(mode)


class FileTarget:
    """A context whose value is a descriptor to write to; at its end the file `path` (str) is complete.

    The constructor opens nothing; it raises UsageError if nothing can be written there. At the end of the
    context a new file gets its name and mode 0600; if that is an exception there is no new file. Entering
    and leaving raise OSError.
    """

    def __init__(self, path):
        self.path, self._own = follow_links(path)
        self._direct = self._own is None and is_written_directly(self.path)
        self._descriptor = None
        self._unfinished = None   # the path of the file that does not have its name yet

    def __enter__(self):
        if self._own is not None:
            self._descriptor = os.dup(self._own)
        elif self._direct:
            self._descriptor = os.open(self.path, os.O_WRONLY)
        else:
            name = ".tmp-rawdock-" + os.urandom(8).hex()
            unfinished = os.path.join(os.path.dirname(self.path), name)
            self._descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            self._unfinished = unfinished
        return self._descriptor

    def __exit__(self, kind, error, trace):
        try:
            try:
                if self._unfinished and kind is None:
                    os.fsync(self._descriptor)
            finally:
                os.close(self._descriptor)
            if self._unfinished and kind is None:
                os.rename(self._unfinished, self.path)
                self._unfinished = None
        finally:
            if self._unfinished:
                os.unlink(self._unfinished)
