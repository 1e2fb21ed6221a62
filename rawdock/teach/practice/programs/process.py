"""A process of a practice container: what it reads, writes and waits for, and how it is ended.

A program is a Python function that takes a ProgramView (its arguments, its three streams and the process that
runs it) and returns its exit status. It has no access to files, processes, environment or clock settings of
the host. The one thing of the host that a program can use is a connection that the engine accepted for it on
a published port of 127.0.0.1.

Promises: a program can be killed or frozen at any moment, because everything that waits (for input, for time
to pass, for a signal) waits in ProgramProcess, which raises ProgramKilled. As PID 1 a program ignores every
signal that it does not catch, as in a Linux PID namespace.
"""
import collections
import re
import time

from ..files import FileProblem
from ..request import PracticeRefusal, join_path

MAX_PIPE_BYTES = 65536         # the capacity of a Linux pipe: a writer waits when so much is unread
MAX_INPUT_BYTES = 16 << 20     # of standard input, for a program that needs all of it
MAX_LINE_BYTES = 4095          # what a Linux terminal keeps of a line that is being typed

# Signals whose default action is to be ignored, or to stop a process, which no program here can be.
HARMLESS_SIGNALS = frozenset((17, 18, 19, 20, 21, 22, 23, 28))


class ProgramKilled(Exception):
    """Raised inside a program by a signal that it does not catch; its argument is the signal's number."""


class ProgramInterrupted(Exception):
    """Raised by Ctrl-C inside a shell with a prompt, which then shows its prompt again."""


def take_bytes(held, limit):
    """Take up to `limit` bytes off the start of `held` (bytearray) → bytes."""
    data = bytes(held[:limit])
    del held[:limit]
    return data


class ProgramPipe:
    """Bytes on their way to a program's standard input; on a terminal, line by line.

    `changed` is the engine's Condition. A pipe with `echo` is a terminal: `echo(bytes)` is given what the
    terminal shows of the typing, and `interrupt()` is called for Ctrl-C.
    """

    def __init__(self, changed, is_open, echo=None, interrupt=None):
        self.changed = changed
        self.closed = not is_open   # nothing more will come: the reader gets what is held, then the end
        self._ends = 0              # Ctrl-D on an empty line ends one read, not the stream
        self._held = bytearray()
        self._line = bytearray()
        self._echo = echo
        self._interrupt = interrupt

    def write(self, data, is_wanted):
        """Add bytes, waiting for room while `is_wanted()` → False if nobody will read them any more."""
        with self.changed:
            while len(self._held) >= MAX_PIPE_BYTES and not self.closed:
                if not is_wanted():
                    return False
                self.changed.wait(0.1)
            if self.closed:
                return False
            if self._echo is None:
                self._held += data
            else:
                self._type(data)
            self.changed.notify_all()
            return True

    def _type(self, data):
        """Handle keys as a terminal in canonical mode does: echo them, edit the line, deliver it at Enter."""
        shown = bytearray()
        for key in bytes(data):
            if key in (0x0a, 0x0d):
                self._held += self._line + b"\n"
                del self._line[:]
                shown += b"\r\n"
            elif key == 0x03:   # Ctrl-C also discards what was typed ahead
                del self._line[:]
                del self._held[:]
                shown += b"^C\r\n"
                self._interrupt()
            elif key == 0x04:   # Ctrl-D
                self._ends += not self._line
                self._held += self._line
                del self._line[:]
            elif key in (0x08, 0x7f, 0x15):   # Backspace erases one character, Ctrl-U the whole line
                erased = len(self._line) if key == 0x15 else min(1, len(self._line))
                del self._line[len(self._line) - erased:]
                shown += b"\b \b" * erased
            elif len(self._line) < MAX_LINE_BYTES:
                self._line.append(key)
                shown.append(key)
        if shown:
            self._echo(bytes(shown))

    def close(self):
        """End the stream: the reader gets what is held, then the end."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def break_off(self):
        """End the stream and drop what is held."""
        with self.changed:
            del self._held[:]
            self.close()

    def take(self, limit):
        """Return up to `limit` bytes, b"" at the end, None if there is none yet. Call it under `changed`."""
        if self._held:
            self.changed.notify_all()
            return take_bytes(self._held, limit)
        if self._ends:
            self._ends -= 1
            return b""
        return b"" if self.closed else None


# Who runs a program: `uid` and `gid` int, `name` str (the uid in digits if it has no name), `home` a path.
ProgramUser = collections.namedtuple("ProgramUser", "uid gid name home")


def account_name(files, kind, number):
    """Return the name of a uid (`kind` "passwd") or gid ("group"); None if it has none."""
    return next((row[0] for row in account_rows(files, kind) if row[2] == str(number)), None)


def account_rows(files, kind):
    """Return the lines of /etc/passwd or /etc/group (`kind`), each a list of fields; [] without the file."""
    try:
        lines = files.read("/etc/" + kind).decode("utf-8", "replace").splitlines()
    except FileProblem:
        return []
    return [line.split(":") for line in lines if line.count(":") > 2]


def find_account(files, kind, text):
    """Return the fields of the account with this name or number (str). Raises PracticeRefusal."""
    for row in account_rows(files, kind):
        if text in (row[0], row[2]):
            return row
    if not re.fullmatch("[0-9]{1,9}", text):
        raise PracticeRefusal(500, "unable to find %s %s: no matching entries in %s file"
                              % ("user" if kind == "passwd" else kind, text, kind))
    return [text, "", text, "0", "", "/"]


def find_user(files, text):
    """Return the ProgramUser for the User of a create or an exec request: "", "name", "uid" or "user:group".

    Raises PracticeRefusal for a name that the container's files do not have.
    """
    user, _, group = text.partition(":")
    name, _, uid, gid, _, home = find_account(files, "passwd", user or "0")[:6]
    if group:
        gid = find_account(files, "group", group)[2]
    return ProgramUser(int(uid), int(gid), name, home)


class ProgramProcess:
    """One process of a container: its input and output, its signals, and everything it can wait for.

    `owner` is the container or exec whose program it runs: its `stdin`, `write_output(stream, bytes)`, `tty`
    and `terminal_size` are the process's. `user` is a ProgramUser; `is_init` says that it is PID 1.
    """

    def __init__(self, owner, container, user, env, workdir, is_init):
        self.changed = container.engine.changed
        self.owner = owner
        self.container = container
        self.user = user
        self.stdin = owner.stdin
        self.env = env
        self.workdir = workdir
        self.tty = owner.tty
        self.is_init = is_init
        self.killed = 0        # the signal that ended it
        self.finished = False
        self.survives_interrupt = False   # a shell with a prompt: Ctrl-C ends what it runs, not the shell
        self.caught = ()
        self._interrupted = False
        self._signals = []

    def check(self):
        """Raise ProgramKilled if the process was killed; wait here while its container is paused."""
        with self.changed:
            while self.container.status == "paused" and not self.killed:
                self.changed.wait()
            if self.killed:
                raise ProgramKilled(self.killed)
            if self._interrupted:
                self._interrupted = False
                raise ProgramInterrupted()

    def deliver(self, number):
        """Send signal `number` to the process, which catches it, ends or ignores it."""
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
        """Catch these signals, and no others, from now on."""
        with self.changed:
            self.caught = numbers

    def _wait_for(self, find, seconds=None):
        """Return what `find()` gives as soon as that is not None; None after `seconds` without it."""
        end = None if seconds is None else time.monotonic() + seconds
        with self.changed:
            while True:
                self.check()
                found = find()
                left = 3600 if end is None else end - time.monotonic()
                if found is not None or left <= 0:
                    return found
                self.changed.wait(min(left, 3600))

    def wait_signal(self, seconds=None):
        """Return the number of the next signal caught; None if none comes within `seconds`."""
        return self._wait_for(lambda: self._signals.pop(0) if self._signals else None, seconds)

    def sleep(self, seconds):
        self._wait_for(lambda: None, seconds)

    def read(self, limit):
        """Return up to `limit` bytes of standard input; b"" at its end."""
        return self._wait_for(lambda: self.stdin.take(limit))

    def write(self, stream, data):
        """Write bytes to stdout (`stream` 1) or stderr (2)."""
        self.check()
        if data:
            self.owner.write_output(stream, data)


class ProgramView:
    """What a program is given: `argv` (list of str), `env` (dict), `read(limit)`, `out(bytes)`, `err(bytes)`.

    `process` is the ProgramProcess that runs it. `programs` maps the names of the image's programs to them.
    """

    def __init__(self, process, argv, programs):
        self.process = process
        self.argv = argv
        self.programs = programs
        self.read = process.read
        self.out = lambda data: process.write(1, data)
        self.err = lambda data: process.write(2, data)
        self.env = process.env

    def derive(self, **changes):
        """Return a copy of this ProgramView with other values for argv, read, out, err or env."""
        derived = ProgramView(self.process, self.argv, self.programs)
        vars(derived).update(vars(self), **changes)
        return derived

    @property
    def files(self):
        return self.process.container.files

    @property
    def workdir(self):
        return self.env.get("PWD") or self.process.workdir

    def path(self, name):
        """Return the absolute path of `name`, which may be relative to the working directory."""
        return join_path(self.workdir, name)

    def kind_of(self, name):
        """Return the kind of the file `name`, with links followed; "" without one."""
        try:
            return self.files.find(self.path(name))[1].kind
        except FileProblem:
            return ""

    def say(self, text):
        """Write `text` (str) to stdout."""
        self.out(text.encode("utf-8", "surrogateescape"))

    def complain(self, message):
        """Write a line (str) to stderr."""
        self.err(("%s\n" % message).encode("utf-8", "surrogateescape"))


class ProgramUsage(Exception):
    """Raised by a program that has to do something it cannot; str() is its complaint."""


def program_words(view, letters):
    """Take a program's arguments apart → (dict of options without their dash, list of the other words).

    `letters` are the options, as for getopt. Raises ProgramUsage for any other.
    """
    from getopt import GetoptError, gnu_getopt
    try:
        options, words = gnu_getopt(view.argv[1:], letters)
    except GetoptError as error:
        raise ProgramUsage("invalid option -- '%s'" % error.opt)
    return {option[1:]: value for option, value in options}, words


def read_line(read, held):
    """Take a line (bytes, with its newline) off `held` (bytearray), which `read` fills; b"" at the end."""
    while b"\n" not in held and len(held) < MAX_PIPE_BYTES:
        data = read(4096)
        if not data:
            break
        held += data
    return take_bytes(held, held.find(b"\n") + 1 or len(held))


def read_input(view, names):
    """Return all bytes of the files named, or of standard input. Raises ProgramUsage."""
    if names:
        try:
            return b"".join(view.files.read(view.path(name)) for name in names)
        except FileProblem as problem:
            raise ProgramUsage("%s: %s" % (" ".join(names), problem))
    held = bytearray()
    for data in iter(lambda: view.read(32768), b""):
        held += data
        if len(held) > MAX_INPUT_BYTES:
            raise ProgramUsage("standard input is too large")
    return bytes(held)


def call_program(program, view):
    """Run `program`, a function of a ProgramView → its exit status (int). None from it means 0."""
    try:
        return program(view) or 0
    except ProgramUsage as problem:
        view.complain("%s: %s" % (view.argv[0].rpartition("/")[2], problem))
        return 1


def find_program(programs, name):
    """Return the function for the command `name`, which may be below a usual folder; None without one."""
    folder, _, base = name.rpartition("/")
    usual = ("", "/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin")
    return programs.get(base if folder in usual and base else name)


def run_named(argv, view, missing):
    """Run the program `argv[0]` of the image → its exit status; 127 without one, with the complaint
    `missing`."""
    program = find_program(view.programs, argv[0])
    if program is None:
        view.complain(missing % argv[0])
        return 127
    return call_program(program, view.derive(argv=argv))
