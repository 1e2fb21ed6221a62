"""The programs of the practice engine: what its containers run instead of host programs.

Each is a Python function that takes a ProgramView (its arguments, its three streams, the
process it belongs to) and returns its exit status. They reach nothing else: no file, no
process, no environment and no clock setting of the host. The one thing of the host a program
can use is a connection that the engine accepted for it on a published port of 127.0.0.1.

Promises: a program can be killed at any moment, because everything that waits (reading, a
full output, sleeping, waiting for a signal) waits in ProgramProcess and ends there with
ProgramKilled. As PID 1 a program ignores every signal it does not catch, as the kernel has it.

Leaves out: pipes that stream (the shell runs the left side to its end first), background
jobs, globbing, files that can be written. A real shell has all of these; lessons need none.
PRACTICE_IMAGES is the whole registry: what can be pulled, its layers, and its programs.
"""
import re
import time

MAX_PIPE_BYTES = 65536         # a Linux pipe's size: a writer ahead of its reader by this much waits
MAX_SHELL_PIPE_BYTES = 1 << 20   # what one side of a shell's `|` may hand to the other
MAX_SHELL_TOKENS = 4096
MAX_REDIS_ARGUMENTS = 1024
MAX_REDIS_BYTES = 1 << 20      # of one argument, or of one inline command
MAX_REDIS_STORE_BYTES = 64 << 20

SIGNAL_NUMBERS = {
    "HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "TRAP": 5, "ABRT": 6, "BUS": 7, "FPE": 8, "KILL": 9, "USR1": 10,
    "SEGV": 11, "USR2": 12, "PIPE": 13, "ALRM": 14, "TERM": 15, "STKFLT": 16, "CHLD": 17, "CONT": 18, "STOP": 19,
    "TSTP": 20, "TTIN": 21, "TTOU": 22, "URG": 23, "XCPU": 24, "XFSZ": 25, "VTALRM": 26, "PROF": 27, "WINCH": 28,
    "IO": 29, "PWR": 30, "SYS": 31,
}
HARMLESS_SIGNALS = frozenset((17, 18, 19, 20, 21, 22, 23, 28))   # ignored, or a pause that a program here has no notion of


class ProgramKilled(Exception):
    """The program ends here and now: a signal that it does not catch."""


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
            elif key == 0x03:
                del self._line[:]
                shown += b"^C\r\n"
                self._interrupt()
            elif key == 0x04:
                if self._line:
                    self._held += self._line
                    del self._line[:]
                else:
                    self.ends += 1
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


class ProgramProcess:
    """One process of a container: what can wait, what can be signalled, where output goes.

    `write(stream, bytes)` is the container's (or the exec's) output; `is_init`: this is PID 1.
    """

    def __init__(self, changed, container, stdin, write, env, workdir, tty=False, is_init=True):
        self.changed = changed
        self.container = container
        self.stdin = stdin
        self.env = env
        self.workdir = workdir
        self.tty = tty
        self.is_init = is_init
        self.killed = 0        # the signal that ended it
        self.finished = False
        self.status = None
        self._write = write
        self._caught = ()
        self._signals = []

    def check(self):
        if self.killed:
            raise ProgramKilled(self.killed)

    def deliver(self, number):
        """A signal arrives: caught, fatal or ignored."""
        with self.changed:
            if self.finished:
                return
            if number in self._caught:
                self._signals.append(number)
            elif number == 9 or not self.is_init and number not in HARMLESS_SIGNALS:
                self.killed = self.killed or number
                self.stdin.break_off()
            self.changed.notify_all()

    def catch(self, *numbers):
        with self.changed:
            self._caught = numbers

    def wait_signal(self):
        """The number of the next signal caught."""
        with self.changed:
            while not self._signals:
                self.check()
                self.changed.wait()
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
    """What a program is given: `argv` (list of str), `env` (dict), `read(limit)`, `out(bytes)`, `err(bytes)`, `process`."""

    def __init__(self, process, argv, programs, read=None, out=None, err=None, env=None):
        self.process = process
        self.argv = argv
        self.programs = programs
        self.read = read or process.read
        self.out = out or (lambda data: process.write(1, data))
        self.err = err or (lambda data: process.write(2, data))
        self.env = process.env if env is None else env

    def complain(self, message):
        self.err(("%s\n" % message).encode("utf-8", "surrogateescape"))

    def say(self, text):
        self.out(text.encode("utf-8", "surrogateescape"))


def find_program(programs, name):
    """The function for `name` as a command is looked up: bare, or under one of the usual folders. None: not there."""
    folder, _, base = name.rpartition("/")
    return programs.get(base) if folder in ("", "/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin") and base else programs.get(name)


# -- hello-world

HELLO_TEXT = """
Hello from a practice container!

This is rawdock's practice engine: a teaching model of a Docker engine, not Docker.
To bring you these lines, four things happened on one UNIX socket:
 1. POST /containers/create made this container from the image "hello-world"
    (and was answered 404 first, and the image pulled, if it was not there yet).
 2. POST /containers/{id}/attach turned a connection into a raw stream.
 3. POST /containers/{id}/start started the program that prints this.
 4. Its output came back on that stream in frames: eight bytes of header,
    then the text you are reading.

See the bytes themselves: put --wire before the command. Next, try

    run --name redis -p 127.0.0.1:6379:6379 redis:2.8 redis-server
"""


def program_hello(view):
    view.say(HELLO_TEXT)
    view.say("\n")
    return 0


# -- busybox

SMALL_FILES = {
    "/etc/os-release": "NAME=\"rawdock practice\"\nID=practice\n",
    "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
}
SMALL_TREE = {
    "/": "bin dev etc home proc root sys tmp usr var", "/etc": "hostname os-release passwd",
    "/home": "", "/tmp": "", "/root": "", "/data": "",
}
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\\": "\\", "0": "\0", '"': '"'}


def unescape_text(text):
    return re.sub(r"\\([ntrabfv\\0\"])", lambda match: ESCAPES[match.group(1)], text)


def program_echo(view):
    words, end, escapes = view.argv[1:], "\n", False
    while words and re.fullmatch("-[ne]+", words[0]):
        end = "" if "n" in words[0] else end
        escapes = escapes or "e" in words[0]
        words = words[1:]
    text = " ".join(words)
    view.say((unescape_text(text) if escapes else text) + end)
    return 0


def program_printf(view):
    if len(view.argv) < 2:
        view.complain("usage: printf FORMAT [ARGUMENT...]")
        return 1
    values = list(view.argv[2:])
    pattern = re.compile(r"%(-?[0-9]{0,4})([sd%])")

    def value_of(match):
        if match.group(2) == "%":
            return "%"
        value = values.pop(0) if values else ""
        if match.group(2) == "d" and not re.fullmatch("-?[0-9]+", value):
            value = "0"
        width = int(match.group(1) or 0)
        return value.rjust(width) if width > 0 else value.ljust(-width)

    text = unescape_text(view.argv[1])
    takes = any(match.group(2) != "%" for match in pattern.finditer(text))
    view.say(pattern.sub(value_of, text))
    while values and takes:
        view.say(pattern.sub(value_of, text))
    return 0


def program_cat(view):
    status = 0
    for name in view.argv[1:] or ["-"]:
        if name == "-":
            for data in iter(lambda: view.read(32768), b""):
                view.out(data)
        elif name == "/etc/hostname":
            view.say(view.process.container.hostname + "\n")
        elif name in SMALL_FILES:
            view.say(SMALL_FILES[name])
        else:
            view.complain("cat: can't open '%s': No such file or directory" % name)
            status = 1
    return status


def program_sleep(view):
    scale = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
    total = 0.0
    for word in view.argv[1:]:
        match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([smhd]?)", word)
        if word == "infinity":
            match = re.fullmatch("(.*)(d)", "99999d")
        if match is None:
            view.complain("sleep: invalid number '%s'" % word)
            return 1
        total += float(match.group(1)) * scale[match.group(2)]
    if len(view.argv) < 2:
        view.complain("usage: sleep [N]...")
        return 1
    view.process.sleep(total)
    return 0


def program_true(view):
    return 0


def program_false(view):
    return 1


def program_pwd(view):
    view.say(view.process.workdir + "\n")
    return 0


def program_env(view):
    view.say("".join("%s=%s\n" % item for item in view.env.items()))
    return 0


def program_hostname(view):
    view.say(view.process.container.hostname + "\n")
    return 0


def program_ls(view):
    names = [word for word in view.argv[1:] if not word.startswith("-")] or [view.process.workdir]
    status = 0
    for name in names:
        path = name.rstrip("/") or "/"
        if path in ("/bin", "/usr/bin"):
            view.say("".join("%s\n" % one for one in sorted(view.programs) if "/" not in one))
        elif path in SMALL_TREE:
            view.say("".join("%s\n" % one for one in SMALL_TREE[path].split()))
        elif path in SMALL_FILES:
            view.say(path + "\n")
        else:
            view.complain("ls: %s: No such file or directory" % name)
            status = 1
    return status


def program_date(view):
    form = view.argv[1][1:] if len(view.argv) == 2 and view.argv[1].startswith("+") else "%a %b %e %H:%M:%S UTC %Y"
    view.say(time.strftime(form, time.gmtime()) + "\n")
    return 0


def program_whoami(view):
    view.say("root\n")
    return 0


def program_id(view):
    view.say("0\n" if "-u" in view.argv else "uid=0(root) gid=0(root)\n")
    return 0


def program_uname(view):
    view.say("Linux %s practice\n" % view.process.container.hostname if "-a" in view.argv else "Linux\n")
    return 0


def program_seq(view):
    if not view.argv[1:] or len(view.argv) > 3 or not all(re.fullmatch("-?[0-9]{1,9}", word) for word in view.argv[1:]):
        view.complain("usage: seq [FIRST] LAST")
        return 1
    first, last = (1 if len(view.argv) == 2 else int(view.argv[1])), int(view.argv[-1])
    while first <= last:
        until = min(last, first + 999)
        view.say("".join("%d\n" % number for number in range(first, until + 1)))
        first = until + 1
    return 0


def program_wc(view):
    lines = words = size = 0
    in_word = False
    for data in iter(lambda: view.read(32768), b""):
        lines += data.count(b"\n")
        words += len(data.split()) - (in_word and not data[:1].isspace())
        in_word = not data[-1:].isspace()
        size += len(data)
    counts = {"-l": "%d" % lines, "-w": "%d" % words, "-c": "%d" % size}
    view.say(counts.get(view.argv[-1], "%7d %7d %7d" % (lines, words, size)) + "\n")
    return 0


def program_test(view):
    words = view.argv[1:]
    if view.argv[0].endswith("["):
        if words[-1:] != ["]"]:
            view.complain("[: missing ]")
            return 2
        words = words[:-1]
    wanted = True
    while words[:1] == ["!"]:
        wanted, words = not wanted, words[1:]
    if len(words) == 3 and words[1] in ("=", "==", "!="):
        result = (words[0] == words[2]) == (words[1] != "!=")
    elif len(words) == 3 and words[1] in ("-eq", "-ne", "-lt", "-le", "-gt", "-ge"):
        if not all(re.fullmatch("-?[0-9]{1,18}", word) for word in (words[0], words[2])):
            view.complain("test: not a number")
            return 2
        left, right = int(words[0]), int(words[2])
        result = {"-eq": left == right, "-ne": left != right, "-lt": left < right, "-le": left <= right,
                  "-gt": left > right, "-ge": left >= right}[words[1]]
    elif len(words) == 2 and words[0] in ("-n", "-z"):
        result = bool(words[1]) == (words[0] == "-n")
    elif len(words) == 2 and words[0] in ("-e", "-f", "-d"):
        is_folder, is_file = words[1] in SMALL_TREE, words[1] in SMALL_FILES
        result = {"-e": is_folder or is_file, "-f": is_file, "-d": is_folder}[words[0]]
    elif len(words) < 2:
        result = bool(words and words[0])
    else:
        view.complain("test: cannot work out: %s" % " ".join(words))
        return 2
    return 0 if result == wanted else 1


def program_busybox(view):
    if len(view.argv) < 2:
        view.say("practice busybox: a few of busybox's programs, in Python: %s\n" % " ".join(sorted(BUSYBOX_PROGRAMS)))
        return 0
    program = BUSYBOX_PROGRAMS.get(view.argv[1])
    if program is None:
        view.complain("%s: applet not found" % view.argv[1])
        return 127
    view.argv = view.argv[1:]
    return program(view)


# -- the shell

class ShellSyntax(Exception):
    """The script is not one that this shell can read."""


class ShellExit(Exception):
    """`exit N`: unwinds to the shell that runs it."""


class ShellBreak(Exception):
    """`break`: unwinds to the nearest loop."""


SHELL_TOKEN = re.compile(r"""
    (?P<blank>[ \t]+|\\\n|\#[^\n]*)
  | (?P<operator>[012]?>&[0-9-]|[12]?>>?|<|&&|\|\||;;|[;&|()\n])
  | (?P<word>(?:[^\s;&|<>()"'\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+)
""", re.VERBOSE | re.DOTALL)
SHELL_PART = re.compile(r"""'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^'"\\]+)""", re.DOTALL)
SHELL_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*|[?$#0-9])\}|([A-Za-z_][A-Za-z0-9_]*|[?$#0-9]))")
SHELL_RESERVED = frozenset("if then elif else fi while until for do done in { } !".split())


def shell_tokens(text):
    """A script → list of (kind, text); kind "operator" or "word"."""
    tokens, at = [], 0
    while at < len(text):
        match = SHELL_TOKEN.match(text, at)
        if match is None:
            raise ShellSyntax("unterminated quoted string" if text[at] in "'\"" else "syntax error at %r" % text[at:at + 10])
        at = match.end()
        if match.lastgroup != "blank":
            tokens.append((match.lastgroup, match.group()))
        if len(tokens) > MAX_SHELL_TOKENS:
            raise ShellSyntax("the script is too long for this shell")
    return tokens


class ShellParser:
    """Tokens → a tree of tuples: ("list", …), ("and", l, r), ("or", l, r), ("pipe", …), ("command", words, redirections), …"""

    def __init__(self, text):
        self.tokens = shell_tokens(text)
        self.at = 0

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "end of script")

    def accept(self, *texts):
        kind, text = self.peek()
        if kind != "end" and text in texts:
            self.at += 1
            return text
        return None

    def expect(self, text):
        if not self.accept(text):
            raise ShellSyntax("syntax error: unexpected %s (expecting \"%s\")" % (self.peek()[1], text))

    def parse(self):
        tree = self.parse_list(())
        if self.peek()[0] != "end":
            raise ShellSyntax("syntax error: unexpected \"%s\"" % self.peek()[1])
        return tree

    def parse_list(self, enders):
        items = []
        while True:
            while self.accept(";", "\n"):
                pass
            kind, text = self.peek()
            if kind == "end" or text in enders or text == ")":
                return ("list", items)
            items.append(self.parse_and_or())
            if self.peek() == ("operator", "&"):
                raise ShellSyntax("this practice shell has no background jobs (&)")
            if self.peek()[1] not in (";", "\n") and self.peek()[0] != "end" and self.peek()[1] != ")":
                raise ShellSyntax("syntax error: unexpected \"%s\"" % self.peek()[1])

    def parse_and_or(self):
        left = self.parse_pipe()
        while True:
            operator = self.accept("&&", "||")
            if operator is None:
                return left
            while self.accept("\n"):
                pass
            left = ("and" if operator == "&&" else "or", left, self.parse_pipe())

    def parse_pipe(self):
        negated = bool(self.accept("!"))
        parts = [self.parse_command()]
        while self.accept("|"):
            parts.append(self.parse_command())
        tree = parts[0] if len(parts) == 1 else ("pipe", parts)
        return ("not", tree) if negated else tree

    def parse_command(self):
        if self.accept("("):
            body = self.parse_list(())
            self.expect(")")
            return ("redirected", ("subshell", body), self.parse_redirections())
        if self.accept("{"):
            body = self.parse_list(("}",))
            self.expect("}")
            return ("redirected", body, self.parse_redirections())
        if self.accept("if"):
            return ("redirected", self.parse_if(), self.parse_redirections())
        loop = self.accept("while", "until")
        if loop:
            condition = self.parse_list(("do",))
            return ("redirected", (loop, condition, self.parse_do()), self.parse_redirections())
        if self.accept("for"):
            name, words = self.peek()[1], []
            self.at += 1
            self.expect("in")
            while self.peek()[0] == "word" and self.peek()[1] != "do":
                words.append(self.peek()[1])
                self.at += 1
            while self.accept(";", "\n"):
                pass
            return ("redirected", ("for", name, words, self.parse_do()), self.parse_redirections())
        words, redirections = [], []
        while True:
            kind, text = self.peek()
            if kind == "word":
                if not words and text in SHELL_RESERVED:
                    raise ShellSyntax("syntax error: unexpected \"%s\"" % text)
                words.append(text)
                self.at += 1
            elif kind == "operator" and (">" in text or "<" in text):
                redirections += self.parse_redirections()
            else:
                break
        if not words and not redirections:
            raise ShellSyntax("syntax error: unexpected %s" % ("newline" if text == "\n" else text))
        return ("command", words, redirections)

    def parse_do(self):
        while self.accept(";", "\n"):
            pass
        self.expect("do")
        body = self.parse_list(("done",))
        self.expect("done")
        return body

    def parse_if(self):
        condition = self.parse_list(("then",))
        self.expect("then")
        body = self.parse_list(("elif", "else", "fi"))
        other = ("list", [])
        if self.accept("elif"):
            return ("if", condition, body, self.parse_if())
        if self.accept("else"):
            other = self.parse_list(("fi",))
        self.expect("fi")
        return ("if", condition, body, other)

    def parse_redirections(self):
        found = []
        while self.peek()[0] == "operator" and (">" in self.peek()[1] or "<" in self.peek()[1]):
            operator = self.peek()[1]
            self.at += 1
            if ">&" in operator:
                found.append((operator, None))
                continue
            kind, text = self.peek()
            if kind != "word":
                raise ShellSyntax("syntax error: unexpected \"%s\"" % text)
            self.at += 1
            found.append((operator, text))
        return found


class PracticeShell:
    """Walks a ShellParser's tree. `status` is `$?`."""

    def __init__(self, view):
        self.view = view
        self.env = dict(view.env)
        self.status = 0

    def run_script(self, text):
        try:
            self.run(ShellParser(text).parse(), self.view)
        except ShellSyntax as error:
            self.view.complain("sh: %s" % error)
            self.status = 2
        except ShellBreak:
            pass
        return self.status

    def expand(self, word):
        """A word as written → the text it stands for."""
        def value(match):
            name = match.group(1) or match.group(2)
            special = {"?": str(self.status), "$": "1", "#": "0", "0": "sh"}
            return special.get(name, self.env.get(name, ""))
        text = ""
        for single, double, escaped, plain in SHELL_PART.findall(word):
            if double:
                text += SHELL_VARIABLE.sub(value, re.sub(r'\\(["\\`\n])', r"\1", double)) if "\\$" not in double \
                    else "$".join(SHELL_VARIABLE.sub(value, part) for part in re.sub(r'\\(["\\`\n])', r"\1", double).split("\\$"))
            elif plain:
                text += SHELL_VARIABLE.sub(value, plain)
            else:
                text += single or escaped
        return text

    def expand_all(self, words):
        """Like expand; a bare $VARIABLE that is empty gives no word, one with blanks gives several."""
        found = []
        for word in words:
            text = self.expand(word)
            found += text.split() if SHELL_VARIABLE.fullmatch(word) else [text]
        return found

    def run(self, tree, view):
        view.process.check()
        kind = tree[0]
        if kind == "list":
            for item in tree[1]:
                self.run(item, view)
            if not tree[1]:
                self.status = 0
        elif kind in ("and", "or"):
            self.run(tree[1], view)
            if (self.status == 0) == (kind == "and"):
                self.run(tree[2], view)
        elif kind == "not":
            self.run(tree[1], view)
            self.status = int(not self.status)
        elif kind == "if":
            self.run(tree[1], view)
            branch = tree[2] if self.status == 0 else tree[3]
            self.status = 0
            self.run(branch, view)
        elif kind in ("while", "until"):
            self.run_loop(tree, view)
        elif kind == "for":
            try:
                for value in self.expand_all(tree[2]):
                    self.env[tree[1]] = value
                    self.run(tree[3], view)
            except ShellBreak:
                pass
        elif kind == "subshell":
            inner = PracticeShell(ProgramView(view.process, view.argv, view.programs, view.read, view.out, view.err, self.env))
            try:
                inner.run(tree[1], view)
            except ShellExit as stop:
                inner.status = stop.args[0]
            self.status = inner.status
        elif kind == "redirected":
            inner = self.redirect(view, tree[2])
            if inner is not None:
                self.run(tree[1], inner)
        elif kind == "pipe":
            self.run_pipe(tree[1], view)
        else:
            self.run_command(tree[1], tree[2], view)

    def run_loop(self, tree, view):
        status = 0
        try:
            while True:
                self.run(tree[1], view)
                if (self.status == 0) != (tree[0] == "while"):
                    break
                self.run(tree[2], view)
                status = self.status
                # A loop of nothing but built-ins would keep the whole engine from its other work.
                view.process.sleep(0.001)
        except ShellBreak:
            pass
        self.status = status

    def run_pipe(self, parts, view):
        held, read = None, view.read
        for number, part in enumerate(parts):
            last = number == len(parts) - 1
            held = bytearray()
            sink = view.out if last else bounded_sink(held)
            inner = ProgramView(view.process, view.argv, view.programs, read, sink, view.err, self.env)
            try:
                self.run(part, inner)
            except (ShellExit, ShellBreak) as stop:
                self.status = stop.args[0] if stop.args else 0
            except ShellSyntax as error:
                view.complain("sh: %s" % error)
                self.status = 2
                return
            read = bytes_source(held)

    def redirect(self, view, redirections):
        """The view with its streams turned as asked; None (status 1) if a file would have to be written."""
        read, out, err = view.read, view.out, view.err
        for operator, word in redirections:
            name = None if word is None else self.expand(word)
            if operator == "<":
                text = SMALL_FILES.get(name, "" if name == "/dev/null" else None)
                if text is None:
                    view.complain("sh: can't open %s: no such file" % name)
                    self.status = 1
                    return None
                read = bytes_source(bytearray(text.encode()))
            elif operator in (">&2", "1>&2"):
                out = err
            elif operator == "2>&1":
                err = out
            elif name == "/dev/null":
                if operator.startswith("2"):
                    err = discard_bytes
                else:
                    out = discard_bytes
            elif name in ("/dev/stderr", "/dev/stdout"):
                target = err if name == "/dev/stderr" else out
                out, err = (out, target) if operator.startswith("2") else (target, err)
            else:
                view.complain("sh: can't create %s: a practice container has no disk to write to" % (name or operator))
                self.status = 1
                return None
        return ProgramView(view.process, view.argv, view.programs, read, out, err, self.env)

    def run_command(self, words, redirections, view):
        argv = self.expand_all(words)
        while argv and re.fullmatch("[A-Za-z_][A-Za-z0-9_]*=.*", argv[0], re.DOTALL) and "=" in words[0]:
            if len(argv) == 1:
                name, _, value = argv[0].partition("=")
                self.env[name] = value
                self.status = 0
                return
            argv = argv[1:]
        inner = self.redirect(view, redirections)
        if inner is None:
            return
        if not argv:
            self.status = 0
            return
        name = argv[0]
        if name == "exit":
            if len(argv) > 1 and not re.fullmatch("[0-9]{1,9}", argv[1]):
                inner.complain("sh: exit: illegal number: %s" % argv[1])
                raise ShellExit(2)
            raise ShellExit(int(argv[1]) % 256 if len(argv) > 1 else self.status)
        if name == "break":
            raise ShellBreak()
        if name in ("set", "trap", "cd", ":", "export", "umask", "wait"):
            for word in argv[1:] if name == "export" else ():
                key, equals, value = word.partition("=")
                if equals:
                    self.env[key] = value
            self.status = 0
            return
        if name == "exec" and len(argv) > 1:
            self.run_program(argv[1:], inner)
            raise ShellExit(self.status)
        self.run_program(argv, inner)

    def run_program(self, argv, view):
        program = find_program(view.programs, argv[0])
        if program is None:
            view.complain("sh: %s: not found" % argv[0])
            self.status = 127
            return
        self.status = program(ProgramView(view.process, argv, view.programs, view.read, view.out, view.err, self.env))


def discard_bytes(data):
    return None


def bounded_sink(held):
    def sink(data):
        if len(held) + len(data) > MAX_SHELL_PIPE_BYTES:
            raise ShellSyntax("a pipe of this practice shell holds at most %d bytes" % MAX_SHELL_PIPE_BYTES)
        held.extend(data)
    return sink


def bytes_source(held):
    def read(limit):
        data = bytes(held[:limit])
        del held[:limit]
        return data
    return read


def held_then_read(held, read):
    """What a shell has read ahead belongs to the commands it runs, before what is still to come."""
    def take(limit):
        data = bytes(held[:limit])
        del held[:limit]
        return data or read(limit)
    return take


def program_sh(view):
    options = view.argv[1:]
    shell = PracticeShell(view)
    try:
        if options and re.fullmatch("-[a-z]*c[a-z]*", options[0]):
            if len(options) < 2:
                view.complain("sh: -c requires an argument")
                return 2
            return shell.run_script(options[1])
        if options and not options[0].startswith("-"):
            view.complain("sh: can't open '%s': No such file or directory" % options[0])
            return 2
        return shell_from_stdin(view, shell)
    except ShellExit as stop:
        return stop.args[0]


def shell_from_stdin(view, shell):
    """Commands from standard input, line by line, with a prompt on a terminal."""
    held = bytearray()
    take = held_then_read(held, view.read)
    inner = ProgramView(view.process, view.argv, view.programs, take, view.out, view.err, view.env)
    shell.view = inner
    while True:
        if view.process.tty:
            view.say("%s # " % view.process.workdir)
        while b"\n" not in held and len(held) < MAX_PIPE_BYTES:
            data = view.read(4096)
            if not data:
                break
            held += data
        line, newline, rest = bytes(held).partition(b"\n")
        if not line and not newline:
            if view.process.tty:
                view.say("\n")
            return shell.status
        held[:] = rest
        shell.run_script(line.decode("utf-8", "surrogateescape"))


BUSYBOX_PROGRAMS = {
    "echo": program_echo, "printf": program_printf, "cat": program_cat, "sleep": program_sleep, "true": program_true,
    "false": program_false, "pwd": program_pwd, "env": program_env, "hostname": program_hostname, "ls": program_ls,
    "date": program_date, "whoami": program_whoami, "id": program_id, "uname": program_uname, "seq": program_seq,
    "wc": program_wc, "test": program_test, "[": program_test, "sh": program_sh, "ash": program_sh, "busybox": program_busybox,
}


# -- redis

class RedisRefusal(Exception):
    """An error answer: its text without the leading "-"."""


class RedisStatus(str):
    """A simple string answer ("OK"), as against a bulk string (bytes)."""


def redis_pattern(glob):
    """A KEYS pattern (bytes, with * and ?) → a compiled expression."""
    return re.compile(b"".join({b"*": b".*", b"?": b"."}.get(glob[at:at + 1], re.escape(glob[at:at + 1]))
                               for at in range(len(glob))), re.DOTALL)


class PracticeRedis:
    """The store of one container and its commands. Answers are RedisStatus, bytes, int, None or a list of them.

    The dump that SAVE makes stays in `container.redis_dump`: it outlives a restart of the
    container and nothing else, for no byte is ever written to the host.
    """

    def __init__(self, view, port):
        self.view = view
        self.port = port
        self.container = view.process.container
        self.changed = view.process.changed
        self.data = dict(self.container.redis_dump or {})
        self.size = sum(len(key) + len(value) for key, value in self.data.items())
        self.clients = 0
        self.started = time.time()
        self.saved_at = int(self.started)

    def log(self, text):
        now = time.time()
        stamp = time.strftime("%d %b %H:%M:%S", time.gmtime(now)) + ".%03d" % (now % 1 * 1000)
        self.view.say("[1] %s * %s\n" % (stamp, text))

    def save(self):
        with self.changed:
            self.container.redis_dump = dict(self.data)
            self.saved_at = int(time.time())
            count = len(self.data)
        self.log("DB saved: %d keys, kept in this container's memory; a practice engine writes nothing to %s"
                 % (count, self.container.host_folder("/data") or "a disk"))

    def call(self, words):
        """[bytes, …] → an answer. Raises RedisRefusal."""
        name = words[0].decode("latin-1").upper()
        row = REDIS_COMMANDS.get(name)
        if row is None:
            raise RedisRefusal("ERR unknown command '%s': practice redis knows %s"
                               % (printable(words[0]), " ".join(sorted(REDIS_COMMANDS))))
        function, least, most = row
        if not least <= len(words) - 1 <= most:
            raise RedisRefusal("ERR wrong number of arguments for '%s' command" % name.lower())
        if name in ("SAVE", "BGSAVE"):
            # Logging may have to wait for a slow reader of the container's output, so the lock stays free.
            self.save()
            return RedisStatus("OK" if name == "SAVE" else "Background saving started")
        with self.changed:
            return function(self, *words[1:])

    def put(self, key, value):
        old = self.data.get(key)
        grown = len(key) + len(value) - (len(key) + len(old) if old is not None else 0)
        if self.size + grown > MAX_REDIS_STORE_BYTES:
            raise RedisRefusal("OOM practice redis holds at most %d bytes" % MAX_REDIS_STORE_BYTES)
        self.size += grown
        self.data[key] = value

    def do_ping(self, text=None):
        return RedisStatus("PONG") if text is None else text

    def do_echo(self, text):
        return text

    def do_set(self, key, value, *options):
        flags = [option.upper() for option in options]
        if flags not in ([], [b"NX"], [b"XX"]):
            raise RedisRefusal("ERR practice redis knows SET key value [NX|XX]")
        if flags and (key in self.data) != (flags == [b"XX"]):
            return None
        self.put(key, value)
        return RedisStatus("OK")

    def do_get(self, key):
        return self.data.get(key)

    def do_mget(self, *keys):
        return [self.data.get(key) for key in keys]

    def do_del(self, *keys):
        count = 0
        for key in keys:
            value = self.data.pop(key, None)
            if value is not None:
                self.size -= len(key) + len(value)
                count += 1
        return count

    def do_exists(self, *keys):
        return sum(key in self.data for key in keys)

    def do_incr(self, key, by=b"1", sign=1):
        old = self.data.get(key, b"0")
        if not re.fullmatch(b"-?[0-9]{1,18}", old) or not re.fullmatch(b"-?[0-9]{1,18}", by):
            raise RedisRefusal("ERR value is not an integer or out of range")
        new = int(old) + sign * int(by)
        self.put(key, b"%d" % new)
        return new

    def do_decr(self, key, by=b"1"):
        return self.do_incr(key, by, -1)

    def do_append(self, key, value):
        self.put(key, self.data.get(key, b"") + value)
        return len(self.data[key])

    def do_strlen(self, key):
        return len(self.data.get(key, b""))

    def do_type(self, key):
        return RedisStatus("string" if key in self.data else "none")

    def do_ttl(self, key):
        return -1 if key in self.data else -2

    def do_keys(self, pattern):
        expression = redis_pattern(pattern)
        return sorted(key for key in self.data if expression.fullmatch(key))

    def do_dbsize(self):
        return len(self.data)

    def do_flushall(self, *ignored):
        self.data.clear()
        self.size = 0
        return RedisStatus("OK")

    def do_lastsave(self):
        return self.saved_at

    def do_ok(self, *ignored):
        return RedisStatus("OK")

    def do_none(self, *ignored):
        return []

    def do_client(self, what, *rest):
        what = what.upper()
        if what == b"ID":
            return 1
        if what == b"GETNAME":
            return None
        if what == b"LIST":
            return b"id=1 name= db=0\n"
        return RedisStatus("OK")

    def do_info(self, *section):
        facts = (("redis_version", "2.8.practice"), ("redis_mode", "standalone"), ("os", "rawdock practice engine"), ("process_id", 1),
                 ("tcp_port", self.port), ("uptime_in_seconds", int(time.time() - self.started)))
        return ("# Server\r\n%s\r\n# Clients\r\nconnected_clients:%d\r\n\r\n# Persistence\r\nrdb_last_save_time:%d\r\n\r\n"
                "# Keyspace\r\ndb0:keys=%d,expires=0\r\n" % ("".join("%s:%s\r\n" % fact for fact in facts), self.clients,
                                                           self.saved_at, len(self.data))).encode()

    def do_shutdown(self, *mode):
        self.view.process.deliver(SIGNAL_NUMBERS["TERM"])
        return RedisStatus("OK")

    def talk(self, connection):
        """Serve one client of the published port until it leaves or the container ends."""
        held = bytearray()
        with self.changed:
            self.clients += 1
        try:
            while True:
                data = connection.recv(65536)
                if not data:
                    return
                held += data
                while True:
                    words = take_redis_command(held)
                    if words is None:
                        break
                    if not words:
                        continue
                    name = words[0].upper()
                    try:
                        answer = self.call(words)
                    except RedisRefusal as refusal:
                        answer = refusal
                    if name == b"SHUTDOWN" and not isinstance(answer, RedisRefusal):
                        return
                    connection.sendall(encode_redis(answer))
                    if name == b"QUIT":
                        return
        except RedisRefusal as refusal:
            connection.sendall(encode_redis(refusal))
        finally:
            with self.changed:
                self.clients -= 1


REDIS_COMMANDS = {
    "PING": (PracticeRedis.do_ping, 0, 1), "ECHO": (PracticeRedis.do_echo, 1, 1), "SET": (PracticeRedis.do_set, 2, 6),
    "GET": (PracticeRedis.do_get, 1, 1), "MGET": (PracticeRedis.do_mget, 1, MAX_REDIS_ARGUMENTS),
    "DEL": (PracticeRedis.do_del, 1, MAX_REDIS_ARGUMENTS),
    "EXISTS": (PracticeRedis.do_exists, 1, MAX_REDIS_ARGUMENTS), "INCR": (PracticeRedis.do_incr, 1, 1),
    "INCRBY": (PracticeRedis.do_incr, 2, 2),
    "DECR": (PracticeRedis.do_decr, 1, 1), "DECRBY": (PracticeRedis.do_decr, 2, 2), "APPEND": (PracticeRedis.do_append, 2, 2),
    "STRLEN": (PracticeRedis.do_strlen, 1, 1), "TYPE": (PracticeRedis.do_type, 1, 1), "TTL": (PracticeRedis.do_ttl, 1, 1),
    "KEYS": (PracticeRedis.do_keys, 1, 1), "DBSIZE": (PracticeRedis.do_dbsize, 0, 0), "FLUSHALL": (PracticeRedis.do_flushall, 0, 1),
    "FLUSHDB": (PracticeRedis.do_flushall, 0, 1), "LASTSAVE": (PracticeRedis.do_lastsave, 0, 0), "SELECT": (PracticeRedis.do_ok, 1, 1),
    "QUIT": (PracticeRedis.do_ok, 0, 0), "COMMAND": (PracticeRedis.do_none, 0, MAX_REDIS_ARGUMENTS),
    "CONFIG": (PracticeRedis.do_none, 1, 8),
    "CLIENT": (PracticeRedis.do_client, 1, 8), "INFO": (PracticeRedis.do_info, 0, 8), "SHUTDOWN": (PracticeRedis.do_shutdown, 0, 1),
    "SAVE": (None, 0, 0), "BGSAVE": (None, 0, 1),
}


def printable(data):
    return re.sub("[^ -~]", "?", data[:64].decode("latin-1"))


def take_redis_command(held):
    """Take one command off the front of `held`: [bytes, …], [] for an empty line, None: need more. RedisRefusal: not RESP."""
    if held[:1] != b"*":
        end = held.find(b"\n")
        if end < 0:
            if len(held) > MAX_REDIS_BYTES:
                raise RedisRefusal("ERR Protocol error: too big inline request")
            return None
        line = bytes(held[:end])
        del held[:end + 1]
        return line.split()
    expression = re.compile(rb"([*$])([0-9]{1,9})\r\n")
    match = expression.match(held)
    if match is None:
        if len(held) > 16 or not b"\r\n".startswith(re.sub(rb"^\*[0-9]*", b"", bytes(held))):
            raise RedisRefusal("ERR Protocol error: invalid multibulk length")
        return None
    count, at, words = int(match.group(2)), match.end(), []
    if count > MAX_REDIS_ARGUMENTS:
        raise RedisRefusal("ERR Protocol error: invalid multibulk length")
    while len(words) < count:
        match = expression.match(held, at)
        if match is None:
            rest = bytes(held[at:at + 16])
            if rest and (rest[:1] != b"$" or len(rest) > 12 or not re.fullmatch(rb"\$[0-9]*\r?\n?", rest)):
                raise RedisRefusal("ERR Protocol error: expected '$', got '%s'" % printable(rest[:1]))
            return None
        size = int(match.group(2))
        if match.group(1) != b"$" or size > MAX_REDIS_BYTES:
            raise RedisRefusal("ERR Protocol error: invalid bulk length")
        end = match.end() + size
        if len(held) < end + 2:
            return None
        if held[end:end + 2] != b"\r\n":
            raise RedisRefusal("ERR Protocol error: no CRLF after a bulk string")
        words.append(bytes(held[match.end():end]))
        at = end + 2
    del held[:at]
    return words


def encode_redis(answer):
    """An answer → RESP bytes."""
    if isinstance(answer, RedisRefusal):
        return b"-%s\r\n" % str(answer).encode("latin-1", "replace")
    if isinstance(answer, RedisStatus):
        return b"+%s\r\n" % answer.encode("latin-1", "replace")
    if answer is None:
        return b"$-1\r\n"
    if isinstance(answer, int):
        return b":%d\r\n" % answer
    if isinstance(answer, list):
        return b"*%d\r\n" % len(answer) + b"".join(encode_redis(item) for item in answer)
    return b"$%d\r\n%s\r\n" % (len(answer), answer)


def program_redis_server(view):
    port = 6379
    for name, value in zip(view.argv, view.argv[1:]):
        if name == "--port":
            if not re.fullmatch("[0-9]{1,5}", value):
                view.complain("practice redis: --port takes a number, not %r" % value)
                return 1
            port = int(value)
    process, container = view.process, view.process.container
    server = PracticeRedis(view, port)
    process.catch(SIGNAL_NUMBERS["TERM"], SIGNAL_NUMBERS["INT"])
    view.say("\n   practice redis 2.8: the redis of rawdock's practice engine, written in Python\n"
             "   It keeps strings in memory and answers %d commands. Port: %d. PID: 1.\n\n" % (len(REDIS_COMMANDS), port))
    server.log("Server started, practice redis version 2.8")
    if container.redis_dump is not None:
        server.log("DB loaded from the dump in this container's memory: %d keys" % len(server.data))
    with process.changed:
        container.services[port] = server
    try:
        server.log("The server is now ready to accept connections on port %d" % port)
        number = process.wait_signal()
        server.log("Received SIG%s scheduling shutdown..." % ("TERM" if number == 15 else "INT"))
        server.log("User requested shutdown...")
        server.save()
        server.log("practice redis is now ready to exit, bye bye...")
        return 0
    finally:
        with process.changed:
            container.services.pop(port, None)


def format_redis(answer, on_terminal):
    """An answer as redis-cli prints it: bare when piped, with types on a terminal."""
    if isinstance(answer, RedisRefusal):
        return ("(error) %s\n" if on_terminal else "%s\n\n") % answer
    if isinstance(answer, RedisStatus):
        return answer + "\n"
    if answer is None:
        return "(nil)\n" if on_terminal else "\n"
    if isinstance(answer, int):
        return ("(integer) %d\n" if on_terminal else "%d\n") % answer
    if isinstance(answer, list):
        if not answer:
            return "(empty array)\n" if on_terminal else "\n"
        lines = [format_redis(item, on_terminal) for item in answer]
        width = len(str(len(lines)))
        return "".join("%*d) %s" % (width, number, line) for number, line in enumerate(lines, 1)) if on_terminal else "".join(lines)
    text = answer.decode("utf-8", "surrogateescape")
    return '"%s"\n' % text.replace("\\", "\\\\").replace('"', '\\"') if on_terminal else text + "\n"


def program_redis_cli(view):
    words, host, port, on_terminal = list(view.argv[1:]), "127.0.0.1", 6379, view.process.tty
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option == "--raw":
            on_terminal = False
            continue
        if option not in ("-h", "-p", "-n", "-a") or not words:
            view.complain("practice redis-cli takes -h HOST, -p PORT, -n DB and --raw, not %r" % option)
            return 1
        value = words.pop(0)
        if option == "-h":
            host = value
        elif option == "-p":
            port = int(value) if re.fullmatch("[0-9]{1,5}", value) else 0
    if words:
        return redis_cli_call(view, host, port, [word.encode("utf-8", "surrogateescape") for word in words], on_terminal)
    held, status = bytearray(), 0
    while True:
        if view.process.tty:
            view.say("%s:%d> " % (host, port))
        while b"\n" not in held and len(held) < MAX_REDIS_BYTES:
            data = view.read(4096)
            if not data:
                break
            held += data
        line, newline, rest = bytes(held).partition(b"\n")
        held[:] = rest
        if not line and not newline or line.strip().lower() in (b"exit", b"quit"):
            return status
        if line.strip():
            status = redis_cli_call(view, host, port, line.split(), on_terminal)


def redis_cli_call(view, host, port, words, on_terminal):
    server = view.process.container.find_service(host, port)
    if server is None:
        view.complain("Could not connect to Redis at %s:%d: Connection refused" % (host, port))
        return 1
    try:
        answer = server.call(words)
    except RedisRefusal as refusal:
        view.say(format_redis(refusal, on_terminal))
        return 1
    if words[0].upper() != b"SHUTDOWN":
        view.say(format_redis(answer, on_terminal))
    return 0


# -- the registry

PRACTICE_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# One image: its tags, its layers as (name, bytes as downloaded), what it runs, its programs.
PRACTICE_IMAGES = {
    "hello-world": {
        "tags": ("latest",), "layers": (("hello", 2459),), "cmd": ["/hello"], "env": [PRACTICE_PATH], "workdir": "", "ports": (),
        "programs": {"/hello": program_hello, "hello": program_hello},
    },
    "busybox": {
        "tags": ("latest",), "layers": (("base", 28563), ("busybox", 2152262)), "cmd": ["sh"], "env": [PRACTICE_PATH],
        "workdir": "", "ports": (),
        "programs": BUSYBOX_PROGRAMS,
    },
    "redis": {
        "tags": ("2.8", "latest"),
        "layers": (("base", 28563), ("libraries", 5134820), ("redis", 7740311), ("redis-cli", 391002), ("data", 98)),
        "cmd": ["redis-server"], "env": [PRACTICE_PATH, "REDIS_VERSION=2.8.practice"], "workdir": "/data", "ports": ("6379/tcp",),
        "programs": dict(BUSYBOX_PROGRAMS, **{"redis-server": program_redis_server, "redis-cli": program_redis_cli}),
    },
}
