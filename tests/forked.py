"""`python -m rawdock …` without the start of an interpreter: a process that has imported it forks for each.

run() gives what subprocess.run() gives, for tests of what a command prints and how it ends. A start of Python
takes 30 ms of CPU, a fork 3, and the suite runs thousands of commands. The forking process has imported the
files of all commands and has run nothing of them. Its children get the arguments, environment, folder and
pipes that subprocess.run() would give to them. That a file imports what it uses, and when, is the matter of
tests/house.

Started by subprocess.run() are other programs and single files, commands with settings that Python reads at
its start (AT_START), and with more than a message to the forking process can hold; and every command where
the system is not Linux, for sockets of this type are not everywhere. Tests of signals, of
terminals and of how rawdock is started start it themselves.
"""
import array
import atexit
import marshal
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time

from tests.leaks import examine

AT_START = ("PYTHON", "LC_", "LANG", "TZ")
MOST_BYTES = 60000   # of a message, and of what is written to a pipe before anybody reads

SERVER = r"""
import array, marshal, os, socket, sys
import rawdock.__main__, rawdock.main
for file in rawdock.main.CLIENT_COMMANDS + rawdock.main.SCHOOL_COMMANDS:
    file.load()

def run(sock, descriptors, words, environment, folder):
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)   # and it is inherited by what the command starts
    for descriptor in descriptors:
        os.close(descriptor)
    sock.close()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = [rawdock.__main__.__file__] + words
    rawdock.__main__.start_process()

sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, int(sys.argv[1]))
while True:
    data, control, _, _ = sock.recvmsg(1 << 17, socket.CMSG_SPACE(12))
    if not data:
        break
    descriptors = array.array("i")
    descriptors.frombytes(control[0][2])
    pid = os.fork()
    if not pid:
        try:
            run(sock, descriptors, *marshal.loads(data))
        except BaseException:
            sys.excepthook(*sys.exc_info())
        os._exit(1)
    for descriptor in descriptors:
        os.close(descriptor)
    sock.send(b"%d" % pid)
    sock.send(b"%d" % os.waitpid(pid, 0)[1])
"""


class Forker:
    """The process that forks, one child at a time. It ends when this process closes its socket."""

    def __init__(self):
        self.environment = dict(os.environ)
        self.lock = threading.Lock()
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            number = theirs.fileno()
            self.process = subprocess.Popen([sys.executable, "-c", SERVER, str(number)], pass_fds=[number],
                                            stdin=subprocess.DEVNULL)
        atexit.register(self.end)

    def end(self):
        self.socket.close()
        self.process.wait()

    def fits(self, environment, message, data):
        """Whether a child begins as a new process would."""
        differing = [name for name in set(environment) | set(self.environment)
                     if environment.get(name) != self.environment.get(name)]
        return (len(message) <= MOST_BYTES and len(data) <= MOST_BYTES
                and not any(name.startswith(AT_START) for name in differing))

    def run(self, argv, message, stdin, timeout):
        """`stdin`: bytes, or None for an empty file. → CompletedProcess"""
        with self.lock:
            inputs = os.pipe() if stdin is not None else (os.open(os.devnull, os.O_RDONLY), None)
            outputs = os.pipe(), os.pipe()
            given = array.array("i", [inputs[0], outputs[0][1], outputs[1][1]])
            self.socket.sendmsg([message], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, given)])
            for descriptor in given:
                os.close(descriptor)
            pid = int(self.socket.recv(100))
            if stdin is not None:
                write_all(inputs[1], stdin)
            ended = read_until(time.monotonic() + timeout, [ours for ours, _ in outputs])
            if ended is None:
                os.kill(pid, signal.SIGKILL)
            status = int(self.socket.recv(100))
        if ended is None:
            raise subprocess.TimeoutExpired(argv, timeout)
        for name, data in zip(("stdout", "stderr"), ended):
            examine("%s of a process" % name, data)
        status = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        return subprocess.CompletedProcess(argv, status, *ended)


def write_all(descriptor, data):
    try:
        while data:
            data = data[os.write(descriptor, data):]
    except BrokenPipeError:   # the command has ended, or closed it
        pass
    os.close(descriptor)


def read_until(end, descriptors):
    """What comes from each until it is closed (list of bytes), None if that takes longer than `end`. Closes
    them.
    """
    found = {descriptor: b"" for descriptor in descriptors}
    waiting = select.poll()
    for descriptor in descriptors:
        waiting.register(descriptor, select.POLLIN)
    left = len(descriptors)
    while left and time.monotonic() < end:
        for descriptor, _ in waiting.poll(1000 * (end - time.monotonic())):
            data = os.read(descriptor, 1 << 20)
            found[descriptor] += data
            if not data:
                waiting.unregister(descriptor)
                left -= 1
    for descriptor in descriptors:
        os.close(descriptor)
    return None if left else [found[descriptor] for descriptor in descriptors]


forkers = []   # the one of this process


def run(argv, stdin=None, timeout=60, env=None, cwd=None):
    """Run a command to its end → CompletedProcess with bytes. `stdin`: bytes of a pipe, None for nothing."""
    environment = dict(os.environ if env is None else env)
    if list(argv[:3]) == [sys.executable, "-m", "rawdock"] and sys.platform.startswith("linux"):
        if not forkers:
            forkers.append(Forker())
        words = [os.fsdecode(word) for word in argv[3:]]
        message = marshal.dumps((words, environment, os.fspath(cwd or os.getcwd())))
        if forkers[0].fits(environment, message, stdin or b""):
            return forkers[0].run(argv, message, stdin, timeout)
    given = dict(stdin=subprocess.DEVNULL) if stdin is None else dict(input=stdin)
    return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout,
                          env=environment, cwd=cwd, **given)
