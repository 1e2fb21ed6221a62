"""A window of a terminal: a pseudo-terminal, a shell's job control on it, and one program in its foreground.

    with Window(argv) as window:
        window.wait_for("/ # ")         read until the text has come, after the text that was found before
        window.type("exit 3\\r")
        ended = window.end()            Ended(status, out, modes_kept)

The shell makes the program a job of its own, as a shell does: so SIGTSTP stops it (the kernel does not stop
a process whose parent is of another session), and it hears SIGHUP when the window is closed. Unlike a real
shell it restores no modes: `stty -a` before and after shows what the program itself left behind. Nothing here
is rawdock's own code.
"""
import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections import namedtuple

from tests.leaks import examine

TIMEOUT = 60
SHELL = """
import fcntl, os, signal, sys, termios
report, control = int(sys.argv[1]), int(sys.argv[2])
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
job = os.fork()
if job == 0:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.close(report)
    os.close(control)
    os.execvp(sys.argv[3], sys.argv[3:])
def hang_up(number, frame):
    try:
        os.killpg(job, signal.SIGHUP)
        os.killpg(job, signal.SIGCONT)
    except ProcessLookupError:
        pass
signal.signal(signal.SIGHUP, hang_up)
os.write(report, b"job %d\\n" % job)
while True:
    status = os.waitpid(job, os.WUNTRACED)[1]
    if not os.WIFSTOPPED(status):
        ended = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
        os.write(report, b"ended %d\\n" % ended)
        break
    os.tcsetpgrp(0, os.getpgrp())
    os.write(report, b"stopped %d\\n" % os.WSTOPSIG(status))
    if os.read(control, 1):
        os.tcsetpgrp(0, job)
        os.killpg(job, signal.SIGCONT)
"""
# The exit status or -signal, all output, whether `stty -a` is unchanged (None: the window was closed).
Ended = namedtuple("Ended", "status out modes_kept")


class Window:
    """A window of `size` (rows, columns) in which `argv` runs, in the environment `env` (None: ours)."""

    def __init__(self, argv, env=None, size=(24, 80)):
        self.out = b""
        self.size = size
        self._found = 0                  # where the last text found ends
        self._reports = b""
        self._status = None
        self.master, self._slave = os.openpty()
        os.set_blocking(self.master, False)
        self.resize(*size)
        self.modes_before = self.modes()
        self._attributes = termios.tcgetattr(self._slave)
        self._report, report = os.pipe()
        control, self._control = os.pipe()
        self._shell = subprocess.Popen([sys.executable, "-IS", "-c", SHELL, str(report), str(control)] + argv,
                                       stdin=self._slave, stdout=self._slave, stderr=self._slave, env=env,
                                       start_new_session=True, pass_fds=(report, control))
        os.close(report)
        os.close(control)
        self.pid = int(self._await_report("job"))

    # -- what the user sees and does

    def wait_for(self, text):
        """Read until `text` (str or bytes) has come, after the one found before → what came up to its end."""
        text = text.encode() if isinstance(text, str) else text
        self._until(lambda: text in self.out[self._found:], "%r" % text)
        start = self._found
        self._found = self.out.index(text, start) + len(text)
        return self.out[start:self._found]

    def type(self, keys):
        """Type `keys` (str or bytes); output is read meanwhile."""
        keys = keys.encode() if isinstance(keys, str) else keys
        view = memoryview(keys)
        end = time.monotonic() + TIMEOUT
        while len(view):
            assert time.monotonic() < end, "%d keys were not taken; out %r" % (len(view), self.out[-500:])
            if select.select([self.master], [self.master], [], 1)[1]:
                try:
                    view = view[os.write(self.master, view[:4096]):]
                except BlockingIOError:
                    pass
            self._read(0)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def close_window(self):
        """The user closes the window: the terminal hangs up."""
        os.close(self.master)
        self.master = None

    def modes(self):
        """What `stty -a` says of the terminal now."""
        return subprocess.check_output(["stty", "-a"], stdin=self._slave, universal_newlines=True)

    def restore_modes(self):
        """Give the terminal the modes it had at the beginning, as a shell does when its job has stopped."""
        termios.tcsetattr(self._slave, termios.TCSANOW, self._attributes)

    def is_raw(self):
        return " -icanon" in self.modes()

    # -- signals and job control

    def kill(self, number):
        os.kill(self.pid, number)

    def wait_stopped(self):
        """Wait until the program has stopped → by which signal."""
        return int(self._await_report("stopped"))

    def foreground(self):
        """Go on with the stopped program, as fg does."""
        os.write(self._control, b"\n")

    def wait_raw(self, raw=True):
        self._until(lambda: self.is_raw() is raw, "raw mode" if raw else "the end of raw mode")

    # -- its end

    def await_end(self):
        """Wait until the program has ended → its exit status, or -signal."""
        if self._status is None:
            self._status = int(self._await_report("ended"))
        return self._status

    def end(self):
        """Wait until the program has ended → Ended. The window has its first size then."""
        status = self.await_end()
        if self.master is None:
            return Ended(status, self.out, None)
        self.resize(*self.size)
        kept = self.modes() == self.modes_before
        self._shell.wait(TIMEOUT)
        os.close(self._slave)
        self._slave = None
        while self._read(TIMEOUT):
            pass
        examine("the window", self.out)
        return Ended(status, self.out, kept)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self._shell.poll() is None:
            try:
                os.kill(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self._shell.kill()
            self._shell.wait()
        for descriptor in (self.master, self._slave, self._report, self._control):
            if descriptor is not None:
                os.close(descriptor)

    # -- inside

    def _read(self, seconds):
        """Read some output → False once nobody can write any."""
        if self.master is None or not select.select([self.master], [], [], seconds)[0]:
            return self.master is not None and seconds < TIMEOUT
        try:
            data = os.read(self.master, 65536)
        except BlockingIOError:
            return True
        except OSError:   # EIO: nobody has the terminal open any more
            return False
        self.out += data
        return bool(data)

    def _until(self, condition, what):
        end = time.monotonic() + TIMEOUT
        while not condition():
            so_far = "%s did not come; out %r" % (what, self.out[-800:])
            assert time.monotonic() < end, so_far
            watched = [self._report] + [self.master] * (self.master is not None)
            if self._report in select.select(watched, [], [], 0.02)[0]:
                self._reports += os.read(self._report, 4096)
                has_ended = b"ended" in self._reports and self._reports.endswith(b"\n")
                assert not has_ended or condition() or self._drained(condition), (
                    so_far + "; " + self._reports.decode())
            self._read(0)

    def _drained(self, condition):
        """Whether the condition holds once all that an ended program has written is read."""
        end = time.monotonic() + TIMEOUT
        while not condition() and time.monotonic() < end:
            self._read(0.02)
        return condition()

    def _await_report(self, word):
        """Wait for a report of the shell's: its number (bytes)."""
        def reported():
            return (word + " ").encode() in self._reports and self._reports.endswith(b"\n")
        self._until(reported, "that it has " + word)
        before, _, after = self._reports.partition((word + " ").encode())
        number, _, rest = after.partition(b"\n")
        self._reports = before + rest
        return number
