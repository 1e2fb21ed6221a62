"""A process of a practice container: what it reads, writes and waits for, and how it is ended.

A program is a Python function that takes a ProgramView (its arguments, its three streams, the
process it belongs to) and returns its exit status. It reaches nothing else: no file, no
process, no environment and no clock setting of the host. The one thing of the host a program
can use is a connection that the engine accepted for it on a published port of 127.0.0.1.

Promises: a program can be killed, or frozen, at any moment, because everything that waits (reading, a
full output, sleeping, waiting for a signal) waits in ProgramProcess and ends there with
ProgramKilled. As PID 1 a program ignores every signal it does not catch, as the kernel has it.
"""
import collections
import re
import time

from ..files import FileProblem, join_path
from ..request import PracticeRefusal

MAX_PIPE_BYTES = 65536         # a Linux pipe's size: a writer ahead of its reader by this much waits

# Ignored, or a pause that a program here has no notion of.
HARMLESS_SIGNALS = frozenset((17, 18, 19, 20, 21, 22, 23, 28))


class ProgramKilled(Exception):
    """The program ends here and now: a signal that it does not catch."""


class ProgramInterrupted(Exception):
    """Ctrl-C, where a shell with a prompt has said that it goes on after it."""


class ProgramPipe:
    """Bytes on their way to a program's standard input; with a terminal, by whole lines.

    `changed` is the engine's one Condition. `echo(bytes)` is given with a terminal and gets
    what the terminal shows of the typing; `interrupt()` is what Ctrl-C does.
    """

    def __init__(self, changed, is_open, echo=None, interrupt=None):
        self.changed = changed
        self.closed = not is_open   # no more will come: the reader gets what is held, then the end
        self.broken = False         # the reader is gone: what is written is dropped
        self.ends = 0               # Ctrl-D on an empty line ends one read, not the stream
        self._held = bytearray()
        self._line = bytearray()
        self._echo = echo
        self._interrupt = interrupt

    def write(self, data, is_wanted=None):
        """False once nobody will read it. `is_wanted()` false ends the waiting for room."""
        with self.changed:
            while len(self._held) >= MAX_PIPE_BYTES and not (self.closed or self.broken):
                if is_wanted is not None and not is_wanted():
                    return False
                self.changed.wait(0.1)
            if self.closed or self.broken:
                return False
            if self._echo is None:
                self._held += data
            else:
                self._type(data)
            self.changed.notify_all()
            return True

    def _type(self, data):
        """What a terminal in its usual mode does with keys: echo them, edit the line, pass it on at Enter."""
        shown = bytearray()
        for key in bytes(data):
            if key in (0x0a, 0x0d):
                self._held += self._line + b"\n"
                del self._line[:]
                shown += b"\r\n"
            elif key == 0x03:   # what was typed ahead goes too
                del self._line[:]
                del self._held[:]
                shown += b"^C\r\n"
                self._interrupt()
            elif key == 0x04:
                if self._line:
                    self._held += self._line
                    del self._line[:]
                else:
                    self.ends += 1
            elif key == 0x15:   # Ctrl-U: the line begins anew
                shown += b"\b \b" * len(self._line)
                del self._line[:]
            elif key in (0x08, 0x7f):
                if self._line:
                    del self._line[-1]
                    shown += b"\b \b"
            elif len(self._line) < 4095:
                self._line.append(key)
                shown.append(key)
        if shown:
            self._echo(bytes(shown))

    def close(self):
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def break_off(self):
        with self.changed:
            self.closed = self.broken = True
            del self._held[:]
            self.changed.notify_all()

    def take(self, limit):
        """Up to `limit` bytes, b"" at the end, None: nothing yet. Call it under `changed`."""
        if self._held:
            data = bytes(self._held[:limit])
            del self._held[:limit]
            self.changed.notify_all()
            return data
        if self.ends:
            self.ends -= 1
            return b""
        return b"" if self.closed else None


# Who runs a program: `uid` and `gid` int, `name` str (the uid as text if it has none), `home` a path.
ProgramUser = collections.namedtuple("ProgramUser", "uid gid name home")


def account_rows(files, name):
    """The lines of /etc/passwd or /etc/group (`name`), each a list of its fields; none without the file."""
    try:
        lines = files.read("/etc/" + name).decode("utf-8", "replace").splitlines()
    except FileProblem:
        return []
    return [line.split(":") for line in lines if line.count(":") > 2]


def account_name(files, file_name, number):
    """The name of a uid in "passwd", or of a gid in "group"; None if it has none."""
    return next((row[0] for row in account_rows(files, file_name) if row[2] == str(number)), None)


def find_user(files, text):
    """The User of a create or an exec ("", "name", "uid", "user:group") → ProgramUser, or PracticeRefusal."""
    user, _, group = text.partition(":")
    user = user or "0"
    row = next((row for row in account_rows(files, "passwd") if user in (row[0], row[2])), None)
    if row is None and not re.fullmatch("-?[0-9]{1,10}", user):
        raise PracticeRefusal(500, "unable to find user %s: no matching entries in passwd file" % user)
    uid, gid, home = (int(row[2]), int(row[3]), row[5]) if row else (int(user), 0, "/")
    if group:
        found = next((row[2] for row in account_rows(files, "group") if group in (row[0], row[2])), group)
        if not re.fullmatch("-?[0-9]{1,10}", found):
            raise PracticeRefusal(500, "unable to find group %s: no matching entries in group file" % group)
        gid = int(found)
    if not (0 <= uid < 1 << 31 and 0 <= gid < 1 << 31):
        raise PracticeRefusal(500, "uids and gids must be in range 0-2147483647")
    return ProgramUser(uid, gid, account_name(files, "passwd", uid) or str(uid), home)


class ProgramProcess:
    """One process of a container: what can wait, what can be signalled, where output goes.

    `write(stream, bytes)` is the container's (or the exec's) output; `user` a ProgramUser; `is_init`: it is
    PID 1; `owner` has the `terminal_size` (the exec; None: the container).
    """

    def __init__(self, changed, container, user, stdin, write, env, workdir, tty=False, is_init=True,
                 owner=None):
        self.changed = changed
        self.container = container
        self.user = user
        self.stdin = stdin
        self.env = env
        self.workdir = workdir
        self.tty = tty
        self.is_init = is_init
        self.owner = owner or container
        self.killed = 0        # the signal that ended it
        self.finished = False
        self.status = None
        self.survives_interrupt = False   # a shell with a prompt: Ctrl-C ends what it runs, not the shell
        self._interrupted = False
        self._write = write
        self.caught = ()
        self._signals = []

    def check(self):
        """ProgramKilled once it was killed; a frozen program stays here until it is thawed."""
        if self.killed:
            raise ProgramKilled(self.killed)
        if self._interrupted:
            self._interrupted = False
            raise ProgramInterrupted()
        if self.container.status == "paused":
            with self.changed:
                while self.container.status == "paused" and not self.killed:
                    self.changed.wait()
            self.check()

    def deliver(self, number):
        """A signal arrives: caught, fatal or ignored."""
        with self.changed:
            if self.finished:
                return
            if number in self.caught:
                self._signals.append(number)
            elif number == 2 and self.survives_interrupt:
                self._interrupted = True
            elif number == 9 or not self.is_init and number not in HARMLESS_SIGNALS:
                self.killed = self.killed or number
                self.stdin.break_off()
            self.changed.notify_all()

    def catch(self, *numbers):
        with self.changed:
            self.caught = numbers

    def wait_signal(self, seconds=None):
        """The number of the next signal caught; None if none comes within `seconds`."""
        end = None if seconds is None else time.monotonic() + seconds
        with self.changed:
            while not self._signals:
                self.check()
                left = 3600 if end is None else end - time.monotonic()
                if left <= 0:
                    return None
                self.changed.wait(min(left, 3600))
            return self._signals.pop(0)

    def sleep(self, seconds):
        end = time.monotonic() + seconds
        with self.changed:
            while True:
                self.check()
                left = end - time.monotonic()
                if left <= 0:
                    return
                self.changed.wait(min(left, 3600))

    def read(self, limit):
        """Up to `limit` bytes of standard input; b"" at its end."""
        with self.changed:
            while True:
                self.check()
                data = self.stdin.take(limit)
                if data is not None:
                    return data
                self.changed.wait()

    def write(self, stream, data):
        self.check()
        if data:
            self._write(stream, data)


class ProgramView:
    """What a program has: `argv` list of str, `env` dict, read(limit), out(bytes), err(bytes), `process`."""

    def __init__(self, process, argv, programs, read=None, out=None, err=None, env=None):
        self.process = process
        self.argv = argv
        self.programs = programs
        self.read = read or process.read
        self.out = out or (lambda data: process.write(1, data))
        self.err = err or (lambda data: process.write(2, data))
        self.env = process.env if env is None else env

    def derive(self, **changes):
        """A ProgramView with `changes` (argv, read, out, err or env) and all else as here."""
        parts = {"argv": self.argv, "read": self.read, "out": self.out, "err": self.err, "env": self.env}
        return ProgramView(self.process, programs=self.programs, **dict(parts, **changes))

    @property
    def files(self):
        return self.process.container.files

    @property
    def workdir(self):
        return self.env.get("PWD") or self.process.workdir

    def path(self, name):
        """`name` as this program sees it → an absolute path."""
        return join_path(self.workdir, name)

    def complain(self, message):
        self.err(("%s\n" % message).encode("utf-8", "surrogateescape"))

    def say(self, text):
        self.out(text.encode("utf-8", "surrogateescape"))


class ProgramUsage(Exception):
    """A program was asked for something that it does not do: str() is its complaint."""


def program_words(view, letters):
    """A program's words → (dict of options, list of others). `letters` as for getopt; raises ProgramUsage."""
    from getopt import GetoptError, gnu_getopt
    try:
        options, words = gnu_getopt(view.argv[1:], letters)
    except GetoptError as error:
        missing = "option requires an argument" if "requires" in error.msg else "invalid option"
        raise ProgramUsage("%s -- '%s'" % (missing, error.opt))
    return {option[1:]: value for option, value in options}, words


def call_program(program, view):
    """The exit status of `program`, a function of a ProgramView; None stands for 0."""
    try:
        return program(view) or 0
    except ProgramUsage as problem:
        view.complain("%s: %s" % (view.argv[0].rpartition("/")[2], problem))
        return 1


def find_program(programs, name):
    """The function for `name`, looked up as a command is: bare, or in a usual folder. None: not there."""
    folder, _, base = name.rpartition("/")
    return programs.get(base) if folder in ("", "/bin", "/usr/bin", "/usr/local/bin", "/sbin",
                                            "/usr/sbin") and base else programs.get(name)
