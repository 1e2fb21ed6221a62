"""An engine behind ssh: each connection is a process of `ssh` that runs `docker system dial-stdio` there.

Strategy: dial_ssh() gives one end of a socket pair whose other end is ssh's standard input and output, so
that timeouts, poll() and the half-close work as on any Unix socket. ssh asks for passphrases and about host
keys at the terminal. What it writes to standard error is kept for the error.

Promises: closing the socket ends ssh and reaps it; if rawdock is killed, Linux kills its ssh. A terminal's
Ctrl-C, its end, and the SIGTERM of `timeout` go to the whole process group, and ssh ignores them, because
rawdock acts on them over it. (The docker CLI gives ssh a session of its own, without a terminal to ask at.)
"""
import _socket
import os
from _thread import allocate_lock, start_new_thread

from ..errors import ConnectError

MAX_STDERR_BYTES = 400       # of the end of what ssh wrote to standard error
EXIT_SECONDS = 10            # from the end of ssh's output to its exit: the docker CLI's limit
ALARM_SECONDS = 3            # from SIGALRM to its exit, before it is killed
PR_SET_PDEATHSIG = 1         # <linux/prctl.h>


def ssh_command(address):
    """The words (list of str) of the docker CLI's command for an ssh Address; a shell reads the last."""
    from shlex import quote
    words = ["ssh", "-o ConnectTimeout=30", "-T"]
    words += ["-l", address.user] if address.user else []
    words += ["-p", str(address.port)] if address.port else []
    words += ["--", address.host, "docker"]   # after -- a host is no option, whatever it begins with
    words += ["--host", quote("unix://" + address.path)] if address.path else []
    return words + ["system", "dial-stdio"]


def prepare_ssh():
    """A function that the new process calls before it becomes ssh, to set which signals end it."""
    from signal import SIG_IGN, SIGHUP, SIGINT, SIGKILL, SIGQUIT, SIGTERM, signal
    try:
        from ctypes import CDLL
        prctl = CDLL(None).prctl
    except (ImportError, AttributeError, OSError):   # not Linux, or a Python without ctypes
        prctl = None

    def prepare():
        for number in (SIGHUP, SIGINT, SIGQUIT, SIGTERM):
            signal(number, SIG_IGN)
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, SIGKILL)

    return prepare


class SshProcess:
    """A running ssh. A thread starts it, keeps the last bytes of its stderr, and waits for it.

    Linux sends the death signal when the thread that started the process ends: so that thread must last.
    """

    def __init__(self, address, stream):
        """Start ssh with the socket `stream` as stdin and stdout. ConnectError if it does not start."""
        from subprocess import Popen
        self._address = address
        self._words = ssh_command(address)
        self._process = self._failure = None
        self._stderr_tail = b""
        self._stderr, writing = _socket.socketpair()
        started, self._stderr_ended = allocate_lock(), allocate_lock()   # each is held until that is so
        started.acquire()
        self._stderr_ended.acquire()
        start_new_thread(self._run, (Popen, prepare_ssh(), stream, writing, started))
        started.acquire()
        if self._process is None:
            reason = "ssh cannot be started: %s" % self._failure
            raise ConnectError(address, reason, hint="install OpenSSH's client (on Debian: openssh-client)")

    def _run(self, popen, prepare, stream, writing, started):
        try:
            self._process = popen(self._words, stdin=stream.fileno(), stdout=stream.fileno(),
                                  stderr=writing.fileno(), preexec_fn=prepare)
        except Exception as error:   # OSError, and ValueError for a word that the system cannot take
            self._failure = getattr(error, "strerror", None) or error
        stream.close()
        writing.close()
        started.release()
        for data in iter(lambda: self._stderr.recv(MAX_STDERR_BYTES), b""):
            self._stderr_tail = (self._stderr_tail + data)[-MAX_STDERR_BYTES:]
        self._stderr.close()
        self._stderr_ended.release()
        if self._process is not None:
            self._process.wait()

    def require_success(self, connected):
        """Wait for ssh, whose output has ended. ConnectError if its exit status is not 0.

        `connected` (bool) is whether anything came from the engine before.
        """
        from subprocess import TimeoutExpired
        try:
            status = self._process.wait(EXIT_SECONDS)
        except TimeoutExpired:
            return
        if status == 0:
            return
        try:   # a connection that ssh shares (ControlPersist) outlives it, and keeps its stderr open
            self._stderr.shutdown(_socket.SHUT_RD)
        except OSError:
            pass   # it was at its end
        with self._stderr_ended:
            text = " ".join(self._stderr_tail.decode("utf-8", "replace").split())
        how = "exit status %d" % status if status >= 0 else "signal %d" % -status
        reason = ("command [%s] has exited with %s, make sure the URL is valid, and Docker 18.09 or later is "
                  "installed on the remote host: stderr=%s" % (" ".join(self._words), how, text))
        there = " ".join(self._words[3:self._words.index("--") + 2])
        hint = "see what `ssh %s docker version` says" % there
        raise ConnectError(self._address, reason, None, hint, connected, between=True)

    def end(self):
        """End ssh with SIGALRM, on which it restores the terminal; kill it if it does not end. Reap it."""
        from signal import SIGALRM
        from subprocess import TimeoutExpired
        try:
            self._process.send_signal(SIGALRM)
            self._process.wait(ALARM_SECONDS)
        except (TimeoutExpired, ProcessLookupError):
            self._process.kill()
            self._process.wait()


class SshSocket(_socket.socket):
    """The near end of a socket pair whose other end is the standard input and output of an SshProcess."""

    def __init__(self, near, ssh):
        _socket.socket.__init__(self, near.family, near.type, near.proto, near.detach())
        self._ssh = ssh
        self._owner = os.getpid()
        self._has_received = False
        self._reading = True   # False once this side has shut the stream down

    def recv(self, *arguments):
        return self._receive(_socket.socket.recv, arguments, b"")

    def recv_into(self, *arguments):
        return self._receive(_socket.socket.recv_into, arguments, 0)

    def _receive(self, receive, arguments, nothing):
        """Call the method `receive` → what it returns. ConnectError if ssh's failure has ended the stream."""
        try:
            received = receive(self, *arguments)
        except ConnectionResetError:   # ssh ended, and had not read all of the request
            received = nothing
        if received:
            self._has_received = True
        elif self._reading:
            self._ssh.require_success(self._has_received)
        return received

    def shutdown(self, how):
        self._reading = self._reading and how == _socket.SHUT_WR
        _socket.socket.shutdown(self, how)

    def close(self):
        """Close the socket, end ssh and reap it. In a child after a fork only the socket is closed."""
        _socket.socket.close(self)
        self._reading = False
        ssh, self._ssh = self._ssh, None
        if ssh is not None and self._owner == os.getpid():
            ssh.end()

    def __del__(self):
        self.close()


def dial_ssh(address):
    """Start ssh for an ssh Address → a socket. ssh itself connects later, within 30 seconds.

    If it fails, recv() raises ConnectError in place of the end. ConnectError here if ssh does not start.
    """
    try:
        near, far = _socket.socketpair()
    except OSError as error:
        raise ConnectError(address, error.strerror.lower(), error.errno)
    try:
        return SshSocket(near, SshProcess(address, far))
    except BaseException:
        near.close()
        raise
