"""The practice shell: enough of sh to try things at a prompt and to run the short scripts that people type.

It has lists, `&&`, `||`, `!`, pipes, `if`, `for`, `while`, `until`, subshells, command substitution,
redirections to the container's files, variables, arguments, names with `*`, `set -eux`, traps, and the
prompt of a terminal.

Leaves out: pipes that stream (the left side runs to its end first), background jobs, functions, `case`,
arithmetic, substitutions within substitutions. A script that has one of these is refused.
"""
import re

from ..files import FileProblem
from .process import ProgramInterrupted, call_program, find_program, read_line
from ..request import PracticeRefusal, join_path, signal_number

MAX_SHELL_PIPE_BYTES = 1 << 20   # what one side of `|`, or a command substitution, may hand over


class ShellSyntax(Exception):
    """The script has something that this shell cannot read, or does not do."""


class ShellExit(Exception):
    """`exit N`: unwinds to the shell that runs it; the argument is N."""


class ShellBreak(Exception):
    """`break` and `continue`: unwind to the innermost loop; the argument says whether that goes on."""


class ShellWriteError(Exception):
    """A file that output is redirected to cannot be written; the argument is the FileProblem."""


# $(command) or `command`, with no other substitution inside.
SHELL_COMMAND = r"""\$\((?:[^()'"]|'[^']*'|"[^"]*")*\)|`[^`]*`"""
SHELL_DOUBLE = r'"(?:%s|[^"\\$`]|\\.|\$(?!\())*"' % SHELL_COMMAND
SHELL_TOKEN = re.compile(r"""
    (?P<blank>[ \t]+|\\\n|\#[^\n]*)
  | (?P<operator>[12]?>&[12]|[12]?>>?|<|&&|\|\||;;|[;&|()\n])
  | (?P<word>(?:%s|%s|'[^']*'|\\.|\$(?!\()|[^\s;&|<>()"'\\$`])+)
""" % (SHELL_COMMAND, SHELL_DOUBLE), re.VERBOSE | re.DOTALL)
# The parts of a word: 'text', "text", \c, or text without quotes.
SHELL_PART = re.compile(r"""'([^']*)'|(%s)|\\(.)|((?:%s|\$(?!\()|[^'"\\$`])+)"""
                        % (SHELL_DOUBLE, SHELL_COMMAND), re.DOTALL)
SHELL_NAME = "[A-Za-z_][A-Za-z0-9_]*|[?$#@*0-9]"
# $NAME, ${NAME}, ${NAME:-other}, ${NAME:+other}; a substitution; \c in double quotes; what is refused.
SHELL_VARIABLE = re.compile(r"""
    \$(?P<bare>%s) | \$\{(?P<name>%s)(?:(?P<operator>:?[-+])(?P<other>[^}]*))?\}
  | (?P<command>%s) | \\(?P<escaped>["\\`$]) | (?P<unknown>\$(?:\{[^}]*\}?|[!-]))
""" % (SHELL_NAME.replace("#", r"\#"), SHELL_NAME.replace("#", r"\#"), SHELL_COMMAND),
                            re.VERBOSE | re.DOTALL)
SHELL_QUOTED = re.compile(r"""'[^']*'|"(?:[^"\\]|\\.)*"|\\.""", re.DOTALL)
SHELL_GLOB = re.compile(r"[*?\[]")
SHELL_ASSIGNMENT = re.compile("([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
SHELL_RESERVED = frozenset("if then elif else fi while until for do done in { } !".split())


def shell_tokens(text):
    """Return the tokens of a script as a list of (kind, text); the kind is "operator" or "word"."""
    tokens, at = [], 0
    while at < len(text):
        match = SHELL_TOKEN.match(text, at)
        if match is None:
            quoted = text[at] in "'\""
            raise ShellSyntax("unterminated quoted string" if quoted else "syntax error at %r"
                              % text[at:at + 10])
        at = match.end()
        if match.lastgroup == "word":
            for variable in SHELL_VARIABLE.finditer(re.sub(r"'[^']*'|\\.", "", match.group())):
                if variable.group("unknown"):
                    raise ShellSyntax("%s: bad substitution" % variable.group())
        if match.lastgroup != "blank":
            tokens.append((match.lastgroup, match.group()))
    return tokens


class ShellParser:
    """Parses a script into a tree of tuples: the name of a `run_` method of PracticeShell, and its arguments.

        ("list", trees)   ("and_or", operator, left, right)   ("not", tree)   ("pipe", trees)
        ("if", condition, then, else)   ("while", condition, body)   ("for", name, words, body)
        ("subshell", tree)   ("command", words)   ("redirected", tree, [(operator, word or None), …])
    """

    def __init__(self, text):
        self.tokens = shell_tokens(text)
        self.at = 0

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "end of script")

    def take(self):
        token = self.peek()
        self.at += 1
        return token

    def accept(self, *texts):
        """Take the next token if it is one of these → its text, or None."""
        kind, text = self.peek()
        return self.take()[1] if kind != "end" and text in texts else None

    def expect(self, text):
        if not self.accept(text):
            raise ShellSyntax("syntax error: unexpected %s (expecting \"%s\")" % (self.peek()[1], text))

    def skip(self, *texts):
        while self.accept(*texts):
            pass

    def parse(self):
        """Return the tree of the whole script. Raises ShellSyntax."""
        return self.parse_list("end of script", "end")

    def parse_list(self, *enders):
        """Parse commands up to a token that is one of `enders`, which is left to the caller."""
        items = []
        while True:
            self.skip(";", "\n")
            if self.peek()[1] in enders:
                return ("list", items)
            items.append(self.parse_and_or())
            if self.peek() == ("operator", "&"):
                raise ShellSyntax("this practice shell has no background jobs (&)")
            if self.peek()[1] not in (";", "\n") + enders:
                raise ShellSyntax("syntax error: unexpected \"%s\"" % self.peek()[1])

    def parse_and_or(self):
        tree = self.parse_pipe()
        while True:
            operator = self.accept("&&", "||")
            if operator is None:
                return tree
            self.skip("\n")
            tree = ("and_or", operator, tree, self.parse_pipe())

    def parse_pipe(self):
        negated = self.accept("!")
        parts = [self.parse_command()]
        while self.accept("|"):
            parts.append(self.parse_command())
        tree = ("pipe", parts) if len(parts) > 1 else parts[0]
        return ("not", tree) if negated else tree

    def parse_command(self):
        """Parse one command, simple or compound, with its redirections."""
        redirections = []
        word = self.accept("(", "{", "if", "while", "until", "for")
        if word is None:
            tree = ("command", self.parse_words(redirections))
        elif word in "({":
            body = self.parse_enclosed(")" if word == "(" else "}")
            tree = ("subshell", body) if word == "(" else body
        elif word == "if":
            tree = self.parse_if()
        elif word == "for":
            name = self.take()[1]
            self.expect("in")
            tree = ("for", name, self.parse_words([], "do"), self.parse_do())
        else:
            condition = self.parse_list("do")
            tree = ("while", condition if word == "while" else ("not", condition), self.parse_do())
        while self.parse_redirection(redirections):
            pass
        return ("redirected", tree, redirections) if redirections else tree

    def parse_words(self, redirections, ender=None):
        """Return the words up to `ender` or an operator; redirections among them go to `redirections`."""
        words = []
        while True:
            kind, text = self.peek()
            if kind == "word" and text != ender:
                if not words and ender is None and text in SHELL_RESERVED:
                    raise ShellSyntax("syntax error: unexpected \"%s\"" % text)
                words.append(self.take()[1])
            elif not self.parse_redirection(redirections):
                break
        if not (words or redirections or ender):
            raise ShellSyntax("syntax error: unexpected %s" % ("newline" if text == "\n" else text))
        return words

    def parse_redirection(self, redirections):
        """Add a redirection to the list if one comes next; return whether one did."""
        kind, operator = self.peek()
        if kind != "operator" or operator[-1] not in "<>" and ">&" not in operator:
            return False
        self.at += 1
        kind, word = (None, None) if ">&" in operator else self.take()
        if word is not None and kind != "word":
            raise ShellSyntax("syntax error: unexpected \"%s\"" % word)
        redirections.append((operator, word))
        return True

    def parse_enclosed(self, ender):
        body = self.parse_list(ender)
        self.expect(ender)
        return body

    def parse_do(self):
        self.skip(";", "\n")
        self.expect("do")
        return self.parse_enclosed("done")

    def parse_if(self):
        condition = self.parse_enclosed("then")
        body, otherwise = self.parse_list("elif", "else", "fi"), ("list", [])
        if self.accept("elif"):
            return ("if", condition, body, self.parse_if())
        if self.accept("else"):
            otherwise = self.parse_list("fi")
        self.expect("fi")
        return ("if", condition, body, otherwise)


class PracticeShell:
    """Runs the trees of a ShellParser. `status` is $?, `name` $0, `arguments` $1 …, `options` are set's.

    `outer` is the shell whose subshell this one is. Every `run_` method takes a ProgramView, the streams of
    which may be redirected, and leaves the exit status in `status`.
    """

    def __init__(self, view, outer=None):
        self.env = dict(view.env)
        self.view = view.derive(env=self.env)
        self.status = outer.status if outer else 0
        self.name = outer.name if outer else "sh"
        self.arguments = outer.arguments if outer else []
        self.options = set(outer.options) if outer else set()
        # Above 0 while a status is a condition: `set -e` then lets a failure be.
        self.tested = outer.tested if outer else 0
        self.traps = {}                              # signal number, 0 for the end → what to run

    def run_script(self, text):
        """Run a script (str) → its exit status."""
        try:
            self.run(ShellParser(text).parse(), self.view)
        except ShellSyntax as error:
            self.view.complain("sh: %s" % error)
            self.status = 2
        except ShellBreak:
            pass
        return self.status

    # -- words

    def value(self, match):
        """Return the text that replaces a match of SHELL_VARIABLE."""
        if match.group("escaped"):
            return match.group("escaped")
        if match.group("command"):
            return self.output_of(match.group("command"))
        name, operator = match.group("bare") or match.group("name"), match.group("operator") or ""
        special = {"?": str(self.status), "$": "1", "#": str(len(self.arguments)), "0": self.name}
        special.update((str(number), word) for number, word in enumerate(self.arguments, 1))
        special.update(dict.fromkeys("@*", " ".join(self.arguments)))
        found = special.get(name, self.env.get(name))
        is_set = bool(found) if operator.startswith(":") else found is not None
        if operator:
            wanted = is_set == operator.endswith("+")
            return self.expand(match.group("other")) if wanted else (found or "") * operator.endswith("-")
        if found is None and "u" in self.options:
            self.view.complain("sh: %s: parameter not set" % name)
            raise ShellExit(2)
        return found or ""

    def output_of(self, substitution):
        """Run a command substitution → its output (str) without the newlines at its end."""
        script = substitution[1:-1] if substitution[0] == "`" else substitution[2:-1]
        held = bytearray()
        self.status = self.subshell_status(self.view.derive(out=bounded_sink(held)),
                                           ShellParser(script).parse())
        return held.decode("utf-8", "surrogateescape").rstrip("\n")

    def expand(self, word):
        """Return the text that a word of the script means."""
        text = ""
        for single, double, escaped, bare in SHELL_PART.findall(word):
            text += single + escaped + SHELL_VARIABLE.sub(self.value, double[1:-1] or bare)
        return text

    def expand_all(self, words):
        """Return the words of a command expanded: $NAME alone, and a pattern with *, may give any number."""
        found = []
        for word in words:
            text = self.expand(re.sub("^~(?=/|$)", "$HOME", word))
            if word == '"$@"':
                found += self.arguments
            elif SHELL_GLOB.search(SHELL_QUOTED.sub("", SHELL_VARIABLE.sub("", word))):
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

    # -- commands

    def run(self, tree, view):
        view.process.check()
        self.spring_traps(view)
        getattr(self, "run_" + tree[0])(view, *tree[1:])

    def spring_traps(self, view):
        """Run the traps of the signals that have come; `$?` is unchanged afterwards."""
        while self.traps:
            number = view.process.wait_signal(0)
            if number is None:
                return
            status = self.status
            self.run_script(self.traps.get(number, ""))
            self.status = status

    def end_if_strict(self):
        """End the shell after a failed command under `set -e`, unless its status is a condition."""
        if self.status and "e" in self.options and not self.tested:
            raise ShellExit(self.status)

    def holds(self, tree, view):
        """Run a condition → whether its status is 0."""
        self.tested += 1
        try:
            self.run(tree, view)
        finally:
            self.tested -= 1
        return self.status == 0

    def run_list(self, view, trees):
        for tree in trees:
            self.run(tree, view)
        if not trees:
            self.status = 0

    def run_and_or(self, view, operator, left, right):
        if self.holds(left, view) == (operator == "&&"):
            self.run(right, view)

    def run_not(self, view, tree):
        self.status = int(self.holds(tree, view))

    def run_if(self, view, condition, then, otherwise):
        branch = then if self.holds(condition, view) else otherwise
        self.status = 0
        self.run(branch, view)

    def run_body(self, tree, view):
        """Run the body of a loop once → whether the loop goes on."""
        try:
            self.run(tree, view)
        except ShellBreak as stop:
            return stop.args[0]
        return True

    def run_for(self, view, name, words, body):
        for value in self.expand_all(words):
            self.env[name] = value
            if not self.run_body(body, view):
                break

    def run_while(self, view, condition, body):
        status = 0
        while self.holds(condition, view) and self.run_body(body, view):
            status = self.status
            # A loop of nothing but built-ins would keep the whole engine from its other work.
            view.process.sleep(0.001)
        self.status = status

    def subshell_status(self, view, tree):
        """Run a tree in a subshell → its exit status."""
        inner = PracticeShell(view, self)
        try:
            inner.run(tree, inner.view)
        except ShellExit as stop:
            return stop.args[0]
        except ShellBreak:
            pass
        return inner.status

    def run_subshell(self, view, tree):
        self.status = self.subshell_status(view, tree)
        self.end_if_strict()

    def run_pipe(self, view, parts):
        read = view.read
        for part in parts:
            held = bytearray()
            out = view.out if part is parts[-1] else bounded_sink(held)
            self.status = self.subshell_status(view.derive(read=read, out=out), part)
            read = bytes_source(held)
        self.end_if_strict()

    def run_redirected(self, view, tree, redirections):
        streams = [view.read, view.out, view.err]
        try:
            for operator, word in redirections:
                number = int(operator[0]) if operator[0].isdigit() else int(operator[0] == ">")
                streams[number] = (streams[int(operator[-1])] if word is None
                                   else self.open_stream(view, streams, operator, self.expand(word)))
        except FileProblem as problem:
            view.complain("sh: %s" % problem)
            self.status = 1
            self.end_if_strict()
            return
        self.run(tree, view.derive(read=streams[0], out=streams[1], err=streams[2]))

    def open_stream(self, view, streams, operator, name):
        """Open a file of the container for a redirection → what reads it, or writes to it."""
        path, reads = view.path(name), operator == "<"
        devices = {"/dev/null": discard_bytes, "/dev/stdout": streams[1], "/dev/stderr": streams[2]}
        if path in devices and not reads:
            return devices[path]
        try:
            if reads:
                return bytes_source(bytearray(view.files.read(path)))
            view.files.write(path, b"", operator.endswith(">>"))
        except FileProblem as problem:
            raise FileProblem("can't %s %s: %s" % ("open" if reads else "create", name, problem))
        return file_sink(view.files, path)

    def run_command(self, view, words):
        assigned, words = {}, list(words)
        while words and SHELL_ASSIGNMENT.fullmatch(words[0]):
            name, value = SHELL_ASSIGNMENT.fullmatch(words.pop(0)).groups()
            assigned[name] = self.expand(value)
        argv = self.expand_all(words)
        if "x" in self.options:
            self.view.complain("+ " + " ".join(["%s=%s" % item for item in assigned.items()] + argv))
        if not argv:
            self.env.update(assigned)
            self.status = 0
        elif argv[0] in SHELL_BUILT_INS:
            self.status = SHELL_BUILT_INS[argv[0]](self, argv[1:], view) or 0
        else:
            self.status = self.run_program(argv, view.derive(env=dict(self.env, **assigned)))
        self.end_if_strict()

    def run_program(self, argv, view):
        """Run one of the image's programs → its exit status."""
        program = find_program(view.programs, argv[0])
        if program is None:
            view.complain("sh: %s: not found" % argv[0])
            return 127
        try:
            return call_program(program, view.derive(argv=argv))
        except ShellWriteError as problem:
            self.view.complain("sh: %s: write error: %s" % (argv[0], problem))
            return 1

    # -- built-ins: words and view → exit status (None: 0)

    def do_exit(self, words, view):
        if words and not re.fullmatch("[0-9]{1,9}", words[0]):
            view.complain("sh: exit: illegal number: %s" % words[0])
            raise ShellExit(2)
        raise ShellExit(int(words[0]) % 256 if words else self.status)

    def do_exec(self, words, view):
        if not words:
            raise ShellSyntax("exec: this practice shell redirects commands only")
        raise ShellExit(self.run_program(words, view.derive(env=self.env)))

    def do_break(self, words, view, goes_on=False):
        if words:
            raise ShellSyntax("break: this practice shell knows no number here")
        raise ShellBreak(goes_on)

    def do_export(self, words, view):
        self.env.update(word.partition("=")[::2] for word in words if "=" in word)

    def do_set(self, words, view):
        for word in words:
            if not re.fullmatch("-[eux]+", word):
                raise ShellSyntax("illegal option %s" % word)
            self.options.update(word[1:])

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
            if view.files.find(path)[1].kind != "folder":
                raise FileProblem("Not a directory")
        except FileProblem as problem:
            view.complain("sh: cd: can't cd to %s: %s" % (name, problem))
            return 2
        self.env["PWD"] = path


SHELL_BUILT_INS = {
    ":": lambda shell, words, view: 0, "wait": lambda shell, words, view: 0,
    "exit": PracticeShell.do_exit, "exec": PracticeShell.do_exec, "break": PracticeShell.do_break,
    "continue": lambda shell, words, view: shell.do_break(words, view, True), "cd": PracticeShell.do_cd,
    "export": PracticeShell.do_export, "set": PracticeShell.do_set, "trap": PracticeShell.do_trap,
}


def discard_bytes(data):
    return None


def file_sink(files, path):
    """Return a function that adds bytes to a file of the container."""
    def sink(data):
        try:
            files.write(path, data, True)
        except FileProblem as problem:
            raise ShellWriteError(problem)
    return sink


def bounded_sink(held):
    """Return a function that adds bytes to `held` (bytearray), up to the bound of a pipe."""
    def sink(data):
        if len(held) + len(data) > MAX_SHELL_PIPE_BYTES:
            raise ShellSyntax("a pipe of this practice shell holds at most %d bytes" % MAX_SHELL_PIPE_BYTES)
        held.extend(data)
    return sink


def bytes_source(held, read=None):
    """Return a function that reads up to `limit` bytes of `held` (bytearray), and then with `read`."""
    def take(limit):
        data = bytes(held[:limit])
        del held[:limit]
        return data or (read(limit) if read else b"")
    return take


def program_sh(view):
    shell, process = PracticeShell(view), view.process
    outer = process.survives_interrupt, process.caught   # of the shell that has started this one
    try:
        try:
            shell.status = run_shell(view, shell)
        except ShellExit as stop:
            shell.status = stop.args[0]
        status = shell.status
        if 0 in shell.traps:
            shell.run_script(shell.traps.pop(0))
        return status
    except ShellExit as stop:   # in the trap
        return stop.args[0]
    finally:
        process.survives_interrupt = outer[0]
        process.catch(*outer[1])


def run_shell(view, shell):
    """Run `sh [OPTIONS] [-c COMMAND [NAME [ARGUMENT…]] | FILE [ARGUMENT…]]` → exit status."""
    words, letters = view.argv[1:], ""
    while words and re.fullmatch("-[a-zA-Z]+", words[0]):
        letters += words.pop(0)[1:]
    try:
        shell.do_set(["-" + letter for letter in letters if letter not in "cils"], view)
    except ShellSyntax as problem:
        view.complain("sh: %s" % problem)
        return 2
    if not words:
        return shell_from_stdin(view, shell)
    script = words[0]
    if "c" in letters:
        words = words[1:] or ["sh"]
    else:
        try:
            script = view.files.read(view.path(words[0])).decode("utf-8", "surrogateescape")
        except FileProblem as problem:
            view.complain("sh: can't open '%s': %s" % (words[0], problem))
            return 2
    shell.name, shell.arguments = words[0], words[1:]
    return shell.run_script(script)


def shell_from_stdin(view, shell):
    """Run commands from standard input, line by line, with a prompt on a terminal → exit status."""
    held = bytearray()
    # What was read ahead of a line belongs to the commands, before what is still to come.
    shell.view.read = bytes_source(held, view.read)
    view.process.survives_interrupt = view.process.tty
    while True:
        try:
            if view.process.tty:
                view.say("%s %s " % (shell.view.workdir, "$" if view.process.user.uid else "#"))
            line = read_line(view.read, held)
            if not line:
                view.say("\n" * view.process.tty)
                return shell.status
            shell.run_script(line.decode("utf-8", "surrogateescape"))
        except ProgramInterrupted:
            del held[:]
            shell.status = 130
