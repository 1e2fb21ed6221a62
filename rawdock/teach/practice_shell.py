"""The practice shell: enough of sh to try things at a prompt and to read the scripts people type.

Lists, `&&`, `||`, `!`, pipes, `if`, `for`, `while`, `until`, subshells, redirections to files
of the container's memory, variables, and a prompt on a terminal.

Leaves out: pipes that stream (the left side runs to its end first), background jobs,
globbing, functions, command substitution. A real shell has all of these; lessons need none.
"""
import re

from .practice_files import FileProblem, join_path
from .practice_process import MAX_PIPE_BYTES, ProgramInterrupted, ProgramView, find_program

MAX_SHELL_PIPE_BYTES = 1 << 20   # what one side of a shell's `|` may hand to the other
MAX_SHELL_TOKENS = 4096


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
        self.env = dict(view.env)
        self.view = ProgramView(view.process, view.argv, view.programs, view.read, view.out, view.err, self.env)
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
                inner.run(tree[1], inner.view)
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
        """The view with its streams turned as asked; None (status 1) if a file cannot be opened."""
        read, out, err = view.read, view.out, view.err
        for operator, word in redirections:
            name = None if word is None else self.expand(word)
            if operator == "<":
                try:
                    read = bytes_source(bytearray(b"" if name == "/dev/null" else view.files.read(view.path(name))))
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
        if name == "cd":
            self.change_folder(argv[1] if len(argv) > 1 else self.env.get("HOME", "/"), inner)
            return
        if name in ("set", "trap", ":", "export", "umask", "wait"):
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

    def change_folder(self, name, view):
        path = join_path(self.env.get("PWD") or view.process.workdir, name)
        try:
            problem = "" if view.files.find(path)[1].kind == "folder" else "Not a directory"
        except FileProblem as error:
            problem = str(error)
        if problem:
            view.complain("sh: cd: can't cd to %s: %s" % (name, problem))
        else:
            self.env["PWD"] = path
        self.status = 2 if problem else 0

    def run_program(self, argv, view):
        program = find_program(view.programs, argv[0])
        if program is None:
            view.complain("sh: %s: not found" % argv[0])
            self.status = 127
            return
        try:
            self.status = program(ProgramView(view.process, argv, view.programs, view.read, view.out, view.err, self.env))
        except FileProblem as problem:   # of a redirection: the disk is full, or the file is gone
            self.view.complain("sh: %s: write error: %s" % (argv[0], problem))
            self.status = 1


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
    options = view.argv[1:]
    shell = PracticeShell(view)
    outer = view.process.survives_interrupt   # of the shell that has started this one, if any
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
    finally:
        view.process.survives_interrupt = outer


def shell_from_stdin(view, shell):
    """Commands from standard input, line by line, with a prompt on a terminal."""
    held = bytearray()
    take = held_then_read(held, view.read)
    shell.view.read = take
    view.process.survives_interrupt = view.process.tty
    while True:
        try:
            if view.process.tty:
                view.say("%s %s " % (shell.env.get("PWD") or view.process.workdir, "$" if view.process.user.uid else "#"))
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
