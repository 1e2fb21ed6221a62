"""The practice shell: enough of sh to try things at a prompt and to read the scripts people type.

Lists, `&&`, `||`, `!`, pipes, `if`, `for`, `while`, `until`, subshells, redirections to files of the
container's memory, variables, arguments, names with `*`, `set -eux` and pipefail, traps, a terminal's prompt.

Leaves out: pipes that stream (the left side runs to its end first), background jobs,
functions, `case`, command substitution. A script that has one of these is refused.
"""
import re

from ..files import FileProblem, join_path
from .process import MAX_PIPE_BYTES, ProgramInterrupted, call_program, find_program
from ..request import PracticeRefusal, signal_number

MAX_SHELL_PIPE_BYTES = 1 << 20   # what one side of a shell's `|` may hand to the other
MAX_SHELL_TOKENS = 4096


class ShellSyntax(Exception):
    """The script is not one that this shell can read."""


class ShellExit(Exception):
    """`exit N`: unwinds to the shell that runs it."""


class ShellBreak(Exception):
    """`break` (False) or `continue` (True): unwinds to the nearest loop."""


SHELL_TOKEN = re.compile(r"""
    (?P<blank>[ \t]+|\\\n|\#[^\n]*)
  | (?P<operator>[012]?>&[0-9-]|[12]?>>?|<|&&|\|\||;;|[;&|()\n])
  | (?P<word>(?:[^\s;&|<>()"'\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+)
""", re.VERBOSE | re.DOTALL)
SHELL_PART = re.compile(r"""'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^'"\\]+)""", re.DOTALL)
# $NAME, ${NAME}, ${NAME:-other}, ${NAME:+other}; the last group is what only a real shell knows.
SHELL_NAME = "([A-Za-z_][A-Za-z0-9_]*|[?$#@*0-9])"
SHELL_VARIABLE = re.compile(r"\$(?:%s|\{%s(?:(:?[-+])([^}]*))?\}|(\{[^}]*\}?|[!-]))"
                            % (SHELL_NAME, SHELL_NAME))
SHELL_QUOTED = re.compile(r"""'[^']*'|"(?:[^"\\]|\\.)*"|\\.""", re.DOTALL)
SHELL_GLOB = re.compile(r"[*?\[]")
SHELL_OPTIONS = {"errexit": "e", "nounset": "u", "xtrace": "x", "e": "e", "u": "u", "x": "x",
                 "pipefail": "pipefail"}
SHELL_RESERVED = frozenset("if then elif else fi while until for do done in { } !".split())


def shell_tokens(text):
    """A script → list of (kind, text); kind "operator" or "word"."""
    tokens, at = [], 0
    while at < len(text):
        match = SHELL_TOKEN.match(text, at)
        if match is None:
            quoted = text[at] in "'\""
            raise ShellSyntax("unterminated quoted string" if quoted else "syntax error at %r"
                              % text[at:at + 10])
        at = match.end()
        if match.lastgroup != "blank":
            tokens.append((match.lastgroup, match.group()))
            check_substitutions(text, match)
        if len(tokens) > MAX_SHELL_TOKENS:
            raise ShellSyntax("the script is too long for this shell")
    return tokens


def check_substitutions(text, match):
    """ShellSyntax for a token that a real shell would replace with what this one cannot know."""
    live = re.sub(r"'[^']*'|\\.", "", match.group()) if match.lastgroup == "word" else ""
    if "`" in live or "$(" in live or match.group() == "(" and text[:match.start()].endswith("$"):
        raise ShellSyntax("this practice shell has no command substitution")
    for variable in SHELL_VARIABLE.finditer(live):
        if variable.group(5):
            raise ShellSyntax("%s: bad substitution" % variable.group())


class ShellParser:
    """Tokens → a tree of tuples: ("list", trees), ("and", tree, tree), ("command", words, redirections), …"""

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
    """Walks a ShellParser's tree. `status` is $?, `name` $0, `arguments` $1 …, `options` those of `set`."""

    def __init__(self, view, outer=None):
        self.env = dict(view.env)
        self.view = view.derive(env=self.env)
        self.status = 0
        self.name = outer.name if outer else "sh"
        self.arguments = outer.arguments if outer else []
        self.options = set(outer.options) if outer else set()
        # Above 0: a failure decides something, and `set -e` lets it be.
        self.tested = outer.tested if outer else 0
        self.traps = {}                              # signal number, 0 for the end → what to run

    def run_script(self, text):
        try:
            self.run(ShellParser(text).parse(), self.view)
        except ShellSyntax as error:
            self.view.complain("sh: %s" % error)
            self.status = 2
        except ShellBreak:
            pass
        return self.status

    def value(self, match):
        """What a match of SHELL_VARIABLE stands for."""
        name, operator = match.group(1) or match.group(2), match.group(3) or ""
        special = {"?": str(self.status), "$": "1", "#": str(len(self.arguments)), "0": self.name}
        special.update((str(number), word) for number, word in enumerate(self.arguments, 1))
        special.update(dict.fromkeys("@*", " ".join(self.arguments)))
        found = special.get(name, self.env.get(name))
        is_set = bool(found) if operator.startswith(":") else found is not None
        if operator.endswith("-") and not is_set or operator.endswith("+") and is_set:
            return self.expand(match.group(4))
        if operator.endswith("+"):
            return ""
        if found is None and "u" in self.options:
            self.view.complain("sh: %s: parameter not set" % name)
            raise ShellExit(2)
        return found or ""

    def expand(self, word):
        """A word as written → the text it stands for."""
        text = ""
        for single, double, escaped, bare in SHELL_PART.findall(word):
            parts = re.sub(r'\\(["\\`\n])', r"\1", double).split("\\$") if double else [bare]
            text += single + escaped + "$".join(SHELL_VARIABLE.sub(self.value, part) for part in parts)
        return text

    def expand_all(self, words):
        """The words of a command: a bare $VARIABLE may give none or several, and so may a pattern with *."""
        found = []
        for word in words:
            text = self.expand(re.sub("^~(?=/|$)", "$HOME", word))
            if word == '"$@"':
                found += self.arguments
            elif SHELL_GLOB.search(SHELL_QUOTED.sub("", re.sub(SHELL_VARIABLE, "", word))):
                found += self.matching_paths(text) or [text]
            else:
                found += text.split() if SHELL_VARIABLE.fullmatch(word) else [text]
        return found

    def matching_paths(self, pattern):
        from fnmatch import fnmatchcase
        folder, slash, base = pattern.rpartition("/")
        if SHELL_GLOB.search(folder):
            raise ShellSyntax("%s: this practice shell matches names of one folder" % pattern)
        names = self.view.files.names(self.view.path(folder or slash or "."))
        return [folder + slash + name for name in names
                if fnmatchcase(name, base) and name.startswith(".") == base.startswith(".")]

    def run(self, tree, view):
        view.process.check()
        self.spring_traps(view)
        kind = tree[0]
        if kind == "list":
            for item in tree[1]:
                self.run(item, view)
            if not tree[1]:
                self.status = 0
        elif kind in ("and", "or"):
            self.run_tested(tree[1], view)
            if (self.status == 0) == (kind == "and"):
                self.run(tree[2], view)
        elif kind == "not":
            self.run_tested(tree[1], view)
            self.status = int(not self.status)
        elif kind == "if":
            self.run_tested(tree[1], view)
            branch = tree[2] if self.status == 0 else tree[3]
            self.status = 0
            self.run(branch, view)
        elif kind in ("while", "until"):
            self.run_loop(tree, view)
        elif kind == "for":
            for value in self.expand_all(tree[2]):
                self.env[tree[1]] = value
                if not self.run_body(tree[3], view):
                    break
        elif kind == "redirected":
            inner = self.redirect(view, tree[2])
            if inner is not None:
                self.run(tree[1], inner)
        else:
            leaves = {"subshell": self.run_subshell, "pipe": self.run_pipe, "command": self.run_command}
            leaves[kind](view, *tree[1:])
            if self.status and "e" in self.options and not self.tested:
                raise ShellExit(self.status)

    def run_tested(self, tree, view):
        self.tested += 1
        try:
            self.run(tree, view)
        finally:
            self.tested -= 1

    def run_body(self, tree, view):
        """Once round a loop; whether to go on."""
        try:
            self.run(tree, view)
        except ShellBreak as stop:
            return stop.args[0]
        return True

    def run_subshell(self, view, tree):
        inner = PracticeShell(view.derive(env=self.env), self)
        try:
            inner.run(tree, inner.view)
        except ShellExit as stop:
            inner.status = stop.args[0]
        self.status = inner.status

    def spring_traps(self, view):
        """Run what traps say for the signals that have come; `$?` is afterwards what it was."""
        while self.traps:
            number = view.process.wait_signal(0)
            if number is None:
                return
            status = self.status
            self.run_script(self.traps.get(number, ""))
            self.status = status

    def run_loop(self, tree, view):
        status = 0
        while True:
            self.run_tested(tree[1], view)
            if (self.status == 0) != (tree[0] == "while"):
                break
            if not self.run_body(tree[2], view):
                break
            status = self.status
            # A loop of nothing but built-ins would keep the whole engine from its other work.
            view.process.sleep(0.001)
        self.status = status

    def run_pipe(self, view, parts):
        held, read, failed = None, view.read, 0
        for number, part in enumerate(parts):
            held = bytearray()
            sink = view.out if number == len(parts) - 1 else bounded_sink(held)
            inner = view.derive(read=read, out=sink, env=self.env)
            try:
                self.run(part, inner)
            except ShellExit as stop:
                self.status = stop.args[0]
            except ShellBreak:
                self.status = 0
            except ShellSyntax as error:
                view.complain("sh: %s" % error)
                self.status = 2
                return
            failed = self.status or failed
            read = bytes_source(held)
        if "pipefail" in self.options:
            self.status = failed

    def redirect(self, view, redirections):
        """The view with its streams turned as asked; None (status 1) if a file cannot be opened."""
        read, out, err = view.read, view.out, view.err
        for operator, word in redirections:
            name = None if word is None else self.expand(word)
            if operator == "<":
                try:
                    read = bytes_source(bytearray(view.files.read(view.path(name))))
                except FileProblem as problem:
                    view.complain("sh: can't open %s: %s" % (name, problem))
                    self.status = 1
                    return None
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
                try:
                    sink = file_sink(view, name or "", operator.endswith(">>"))
                except FileProblem as problem:
                    view.complain("sh: can't create %s: %s" % (name or operator, problem))
                    self.status = 1
                    return None
                if operator.startswith("2"):
                    err = sink
                else:
                    out = sink
        return view.derive(read=read, out=out, err=err, env=self.env)

    def run_command(self, view, words, redirections):
        assigned = {}
        while words and re.match("[A-Za-z_][A-Za-z0-9_]*=", words[0]):
            name, _, value = words[0].partition("=")
            assigned[name] = self.expand(value)
            words = words[1:]
        argv = self.expand_all(words)
        if "x" in self.options:
            self.view.complain("+ " + " ".join(["%s=%s" % item for item in assigned.items()] + argv))
        inner = self.redirect(view, redirections)
        if inner is None:
            return
        if not argv:
            self.env.update(assigned)
            self.status = 0
        elif argv[0] in SHELL_BUILT_INS:
            self.status = SHELL_BUILT_INS[argv[0]](self, argv[1:], inner) or 0
        else:
            inner.env = dict(self.env, **assigned)
            self.run_program(argv, inner)

    # -- built-ins: words and view → exit status (None: 0)

    def do_nothing(self, words, view):
        pass

    def do_exit(self, words, view):
        if words and not re.fullmatch("[0-9]{1,9}", words[0]):
            view.complain("sh: exit: illegal number: %s" % words[0])
            raise ShellExit(2)
        raise ShellExit(int(words[0]) % 256 if words else self.status)

    def do_exec(self, words, view):
        if not words:
            raise ShellSyntax("exec: this practice shell redirects commands only")
        self.run_program(words, view)
        raise ShellExit(self.status)

    def do_break(self, words, view, goes_on=False):
        if words:
            name = "continue" if goes_on else "break"
            view.complain("sh: %s: this practice shell knows no number here" % name)
            return 2
        raise ShellBreak(goes_on)

    def do_continue(self, words, view):
        return self.do_break(words, view, True)

    def do_export(self, words, view):
        self.env.update(word.partition("=")[::2] for word in words if "=" in word)

    def do_set(self, words, view):
        while words and re.fullmatch("[-+][a-zA-Z]+", words[0]):
            sign, names, words = words[0][0], list(words[0][1:]), words[1:]
            if "o" in names and words:
                names[names.index("o")], words = words[0], words[1:]
            if not self.change_options(sign, names, "sh: set", view):
                raise ShellExit(2)
        if words:
            self.arguments = words[words[0] == "--":]

    def change_options(self, sign, names, who, view):
        """Whether all `names` are options that this shell knows; they are set, or with "+" taken back."""
        unknown = [name for name in names if name not in SHELL_OPTIONS]
        if unknown:
            view.complain("%s: illegal option %s%s" % (who, sign, unknown[0]))
            return False
        change = self.options.update if sign == "-" else self.options.difference_update
        change(SHELL_OPTIONS[name] for name in names)
        return True

    def do_trap(self, words, view):
        action, names = (words[0], words[1:]) if len(words) > 1 else ("-", words)
        for name in names:
            try:
                number = 0 if name in ("EXIT", "0") else signal_number(name)
            except PracticeRefusal:
                view.complain("sh: trap: %s: invalid signal specification" % name)
                return 1
            self.traps.pop(number, None)
            if action != "-":
                self.traps[number] = action
        view.process.catch(*[number for number in self.traps if number])

    def do_cd(self, words, view):
        name = words[0] if words else self.env.get("HOME", "/")
        path = join_path(self.view.workdir, name)
        try:
            problem = "" if view.files.find(path)[1].kind == "folder" else "Not a directory"
        except FileProblem as error:
            problem = str(error)
        if problem:
            view.complain("sh: cd: can't cd to %s: %s" % (name, problem))
            return 2
        self.env["PWD"] = path

    def run_program(self, argv, view):
        program = find_program(view.programs, argv[0])
        if program is None:
            view.complain("sh: %s: not found" % argv[0])
            self.status = 127
            return
        try:
            self.status = call_program(program, view.derive(argv=argv))
        except FileProblem as problem:   # of a redirection: the disk is full, or the file is gone
            self.view.complain("sh: %s: write error: %s" % (argv[0], problem))
            self.status = 1


SHELL_BUILT_INS = {
    ":": PracticeShell.do_nothing, "wait": PracticeShell.do_nothing, "exit": PracticeShell.do_exit,
    "exec": PracticeShell.do_exec, "break": PracticeShell.do_break, "continue": PracticeShell.do_continue,
    "cd": PracticeShell.do_cd, "export": PracticeShell.do_export, "set": PracticeShell.do_set,
    "trap": PracticeShell.do_trap,
}


def discard_bytes(data):
    return None


def file_sink(view, name, append):
    """What writes to a file of the container: made, or emptied, at once."""
    path = view.path(name)
    view.files.write(path, b"", append)

    return lambda data: view.files.write(path, data, True)


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
    words, letters = view.argv[1:], ""
    while words and re.fullmatch("-[a-zA-Z]+", words[0]):
        letters += words[0][1:]
        words = words[1:]
    shell = PracticeShell(view)
    if not shell.change_options("-", [letter for letter in letters if letter not in "cils"], "sh", view):
        return 2
    outer = view.process.survives_interrupt, view.process.caught   # of the shell that has started this one
    try:
        try:
            status = run_shell(view, shell, "c" in letters, words)
        except ShellExit as stop:
            status = shell.status = stop.args[0]
        if 0 in shell.traps:
            shell.run_script(shell.traps.pop(0))
        return status
    except ShellExit as stop:   # in the trap
        return stop.args[0]
    finally:
        view.process.survives_interrupt = outer[0]
        view.process.catch(*outer[1])


def run_shell(view, shell, is_command, words):
    """`sh -c COMMAND [NAME [ARGUMENT…]]`, `sh FILE [ARGUMENT…]` or `sh` → exit status."""
    if is_command and not words:
        view.complain("sh: -c requires an argument")
        return 2
    if is_command:
        shell.name, shell.arguments = (words[1:2] or ["sh"])[0], words[2:]
        return shell.run_script(words[0])
    if not words:
        return shell_from_stdin(view, shell)
    shell.name, shell.arguments = words[0], words[1:]
    try:
        return shell.run_script(view.files.read(view.path(words[0])).decode("utf-8", "surrogateescape"))
    except FileProblem as problem:
        view.complain("sh: can't open '%s': %s" % (words[0], problem))
        return 2


def shell_from_stdin(view, shell):
    """Commands from standard input, line by line, with a prompt on a terminal."""
    held = bytearray()
    take = held_then_read(held, view.read)
    shell.view.read = take
    view.process.survives_interrupt = view.process.tty
    while True:
        try:
            if view.process.tty:
                view.say("%s %s " % (shell.view.workdir, "$" if view.process.user.uid else "#"))
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
        except ProgramInterrupted:
            del held[:]
            shell.status = 130
