"""A Unix socket to listen on: made only at a free path, private, and removed at the end; and hang-ups.

    listening = UnixListener("/tmp/tap.sock")     listening.socket, .path, .address
    listening = UnixListener()                    in a new private folder
    listening.close()                             stops listening; the path (and the folder) are removed

Refused: a path of something that is not a socket, or of a socket on which a server listens. A socket on which
nobody listens was left by a process that died, and is replaced. Only its owner can connect (mode 0600, set
before it listens), because whoever can talk to an engine is root on its machine.
"""
import os
import socket

from ..errors import AddressError, UsageError
from ..net.address import MAX_SOCKET_PATH_BYTES
from ..net.closing import Closing

LISTEN_BACKLOG = 128


class UnixListener(Closing):
    """Listens at `path` (str or `unix://…`; None: a new private folder). Raises UsageError, AddressError."""

    def __init__(self, path=None):
        self.socket = None
        self._folder = None
        self._identity = None
        if path is None:
            self._folder, path = make_socket_folder()
        elif path.startswith("unix://"):
            path = path[len("unix://"):]
        if not path:
            raise UsageError("cannot listen at an empty path",
                             "give the path of a socket, as in --listen /tmp/tap.sock")
        self.path = os.path.abspath(path)
        try:
            self._listen()
        except BaseException:
            self.close()
            raise

    @property
    def address(self):
        return "unix://" + self.path

    def _listen(self):
        size = len(os.fsencode(self.path))
        if size > MAX_SOCKET_PATH_BYTES:
            raise AddressError("cannot listen at %s: the path has %d bytes, a socket's has at most %d"
                               % (self.path, size, MAX_SOCKET_PATH_BYTES), "choose a shorter one")
        clear_socket_path(self.path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.socket.bind(self.path)
            found = os.lstat(self.path)
            self._identity = found.st_dev, found.st_ino
            os.chmod(self.path, 0o600)   # before listen: until then nobody can connect
            self.socket.listen(LISTEN_BACKLOG)
            self.socket.setblocking(False)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise AddressError("cannot listen at %s: %s" % (self.path, why),
                               "choose a folder that you can write to")

    def close(self):
        """May be called more than once. If another server has taken the path meanwhile, that stays."""
        from contextlib import suppress
        if self.socket is not None:
            self.socket.close()
        with suppress(OSError):
            found = os.lstat(self.path)
            if (found.st_dev, found.st_ino) == self._identity:
                os.unlink(self.path)
        if self._folder is not None:
            with suppress(OSError):
                os.rmdir(self._folder)
        self.socket = self._identity = self._folder = None


def make_socket_folder():
    """(a new folder that only its owner can enter, the path of a socket in it)."""
    import tempfile
    longest = MAX_SOCKET_PATH_BYTES - len("/rawdock-12345678/docker.sock")
    base = tempfile.gettempdir() if len(os.fsencode(tempfile.gettempdir())) <= longest else "/tmp"
    folder = tempfile.mkdtemp(prefix="rawdock-", dir=base)
    return folder, os.path.join(folder, "docker.sock")


def clear_socket_path(path):
    """Remove the socket that a dead server left at `path`. UsageError or AddressError for anything else."""
    import stat
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return
    if not stat.S_ISSOCK(mode):
        raise UsageError("cannot listen at %s: something that is not a socket is there" % path,
                         "choose another path, or remove it yourself")
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        probe.settimeout(2)
        probe.connect(path)
    except (ConnectionRefusedError, FileNotFoundError):
        try:
            os.unlink(path)
        except OSError:
            pass   # bind() then says why
    except OSError as error:
        raise AddressError("cannot listen at %s: connecting to the socket there failed: %s"
                           % (path, (error.strerror or str(error)).lower()), "choose another path")
    else:
        raise AddressError("cannot listen at %s: another server listens there" % path,
                           "stop it, or choose another path")
    finally:
        probe.close()


def shut_down(sock, how=socket.SHUT_RDWR):
    """Shut down one direction of `sock` or both. Does nothing if its peer has gone already."""
    try:
        sock.shutdown(how)
    except OSError:
        pass


def is_hung_up(sock, wait=False, events=0):
    """Whether both directions of `sock` are closed, or one of `events` of poll is seen. `wait` until then."""
    from select import poll
    poller = poll()
    poller.register(sock, events)   # a hang-up is reported in any case
    return bool(poller.poll(None if wait else 0))
