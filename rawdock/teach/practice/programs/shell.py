"""The practice shell: enough of sh to try things at a prompt and to run the short scripts that people type.

It has lists, `&&`, `||`, `!`, pipes, `if`, `for`, `while`, subshells, command substitution, redirections to
the container's files, variables, arguments, `set -eu`, traps, and the prompt of a terminal.

Leaves out: pipes that stream (the left side runs to its end first), background jobs, functions, `break`,
`case`, arithmetic, substitutions within substitutions, patterns of file names. A script that has one of
these, except the first and the last, is refused.
"""
import re

from ..files import FileProblem
from .process import ProgramInterrupted, ProgramUsage, read_input, read_line, run_named, take_bytes
from ..request import PracticeRefusal, signal_number

MAX_SHELL_PIPE_BYTES = 1 << 20   # what one side of `|`, or a command substitution, may hand over


class ShellProblem(Exception):
    """The script has something that this shell cannot read, or does not do."""


class ShellExit(Exception):
    """`exit N`: unwinds to the shell that runs it; the argument is N."""


# $(command), with no other substitution inside.
SHELL_COMMAND = r"""\$\((?:[^()'"]|'[^']*'|"[^"]*")*\)"""
SHELL_DOUBLE = r'"(?:%s|[^"\\$`]|\\.|\$(?!\())*"' % SHELL_COMMAND
SHELL_TOKEN = re.compile(r"""
    (?P<blank>[ \t]+|\\\n|\#[^\n]*)
  | (?P<operator>[12]?>&[12]|[12]?>>?|<|&&|\|\||;;|[;&|()\n])
  | (?P<word>(?:%s|%s|'[^']*'|\\.|\$(?!\()|[^\s;&|<>()"'\\$`])+)
""" % (SHELL_COMMAND, SHELL_DOUBLE), re.VERBOSE | re.DOTALL)
# The parts of a word: 'text', "text", \c, or text without quotes.
SHELL_PART = re.compile(r"""'([^']*)'|(%s)|\\(.)|((?:%s|\$(?!\()|[^'"\\$`])+)"""
                        % (SHELL_DOUBLE, SHELL_COMMAND), re.DOTALL)
SHELL_NAME = r"[A-Za-z_][A-Za-z0-9_]*|[?$\#@*0-9]"
# $NAME, ${NAME}, ${NAME:-other}, ${NAME:+other}; a substitution; \c in double quotes; what is refused.
SHELL_VARIABLE = re.compile(r"""
    \$(?P<bare>%s) | \$\{(?P<name>%s)(?:(?P<operator>:?[-+])(?P<other>[^}]*))?\}
  | (?P<command>%s) | \\(?P<escaped>["\\`$]) | (?P<unknown>\$(?:\{[^}]*\}?|[!-]))
""" % (SHELL_NAME, SHELL_NAME, SHELL_COMMAND), re.VERBOSE | re.DOTALL)
SHELL_ASSIGNMENT = re.compile("([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
# What may follow the list of commands after each word of a compound command.
SHELL_FOLLOWERS = {
    "(": (")",), "{": ("}",), "if": ("then",), "then": ("elif", "else", "fi"), "elif": ("then",),
    "else": ("fi",), "while": ("do",), "do": ("done",),
}
SHELL_RESERVED = frozenset("for case until break continue ) } fi done !".split()) | frozenset(SHELL_FOLLOWERS)


def shell_tokens(text):
    """Return the tokens of a script as a list of (kind, text); the kind is "operator" or "word"."""
    tokens, at = [], 0
    while at < len(text):
        match = SHELL_TOKEN.match(text, at)
        if match is None:
            quoted = text[at] in "'\""
            raise ShellProblem("unterminated quoted string" if quoted else "syntax error at %r"
                               % text[at:at + 10])
        at = match.end()
        for variable in SHELL_VARIABLE.finditer(re.sub(r"'[^']*'|\\.|#.*", "", match.group())):
            if variable.group("unknown"):
                raise ShellProblem("%s: bad substitution" % variable.group())
        if match.lastgroup != "blank":
            tokens.append((match.lastgroup, match.group()))
    return tokens


class ShellParser:
    """Parses a script into a tree of tuples: the name of a `run_` method of PracticeShell, and its arguments.

        ("list", trees)   ("and_or", [(operator, tree), …])   ("not", tree)   ("pipe", trees)
        ("command", words)   ("redirected", tree, [(operator, word or None), …])

    A compound command has the lists of commands between its words: ("if", [condition, body, …, else]),
    ("while", [condition, body]), ("for", [body], name, words), ("subshell", [list]), ("group", [list]).
    """

    def __init__(self, text):
        self.tokens = shell_tokens(text) + [("end", "end of script")]
        self.at = 0

    def peek(self):
        return self.tokens[self.at][1]

    def accept(self, *texts):
        """Take the next token if it is one of these → its text, or None."""
        if self.peek() not in texts:
            return None
        self.at += 1
        return self.tokens[self.at - 1][1]

    def fail(self):
        raise ShellProblem("syntax error: unexpected \"%s\"" % self.peek().replace("\n", "newline"))

    def parse(self):
        """Return the tree of the whole script. Raises ShellProblem."""
        return self.parse_list("end of script")[0]

    def parse_list(self, *enders):
        """Parse commands up to one of `enders`, which is taken too → (tree, ender). Raises ShellProblem."""
        trees = []
        while True:
            while self.accept(";", "\n"):
                pass
            ender = self.accept(*enders)
            if ender:
                return ("list", trees), ender
            trees.append(self.parse_and_or())
            if self.peek() not in (";", "\n") + enders:
                self.fail()

    def parse_and_or(self):
        steps, operator = [], ""
        while operator is not None:
            while operator and self.accept("\n"):
                pass
            steps.append((operator, self.parse_pipe()))
            operator = self.accept("&&", "||")
        return ("and_or", steps)

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
        word = self.accept("(", "{", "if", "while", "for")
        tree = self.parse_compound(word) if word else self.parse_simple(redirections)
        while self.parse_redirection(redirections):
            pass
        return ("redirected", tree, redirections) if redirections else tree

    def parse_compound(self, word):
        """Parse a compound command, the first word of which was taken."""
        kind, lists, header = {"(": "subshell", "{": "group"}.get(word, word), [], ()
        if word == "for":
            name = self.take_word()
            if not self.accept("in"):
                self.fail()
            header = name, self.parse_words([])
            while self.accept(";", "\n"):
                pass
            word = self.accept("do") or self.fail()
        while word in SHELL_FOLLOWERS:
            tree, word = self.parse_list(*SHELL_FOLLOWERS[word])
            lists.append(tree)
        return (kind, lists) + header

    def parse_simple(self, redirections):
        words = [] if self.peek() in SHELL_RESERVED else self.parse_words(redirections)
        if not (words or redirections):
            self.fail()
        return ("command", words)

    def parse_words(self, redirections):
        """Return the words up to an operator; redirections among them go to `redirections`."""
        words = []
        while True:
            if self.tokens[self.at][0] == "word":
                words.append(self.take_word())
            elif not self.parse_redirection(redirections):
                return words

    def take_word(self):
        kind, text = self.tokens[self.at]
        if kind != "word":
            self.fail()
        self.at += 1
        return text

    def parse_redirection(self, redirections):
        """Add a redirection to the list if one comes next → whether one did."""
        operator = self.peek()
        if self.tokens[self.at][0] != "operator" or not set("<>") & set(operator):
            return False
        self.at += 1
        redirections.append((operator, None if "&" in operator else self.take_word()))
        return True


class PracticeShell:
    """Runs the trees of a ShellParser. `status` is $?, `name` $0, `arguments` $1 …, `options` are set's.

    Every `run_` method takes a ProgramView, the streams of which may be redirected, and leaves the exit
    status in `status`.
    """

    def __init__(self, view):
        self.env = dict(view.env)
        self.view = view.derive(env=self.env)
        self.status = 0
        self.name = "sh"
        self.arguments = []
        self.options = set()
        self.tested = 0   # above 0 while a status is a condition: `set -e` then lets a failure be
        self.traps = {}   # signal number, 0 for the end → what to run

    def run_script(self, text):
        """Run a script (str) → its exit status."""
        try:
            self.run(ShellParser(text).parse(), self.view)
        except (ShellProblem, PracticeRefusal) as problem:
            self.view.complain("sh: %s" % problem)
            self.status = 2
        return self.status

    # -- words

    def value(self, match):
        """Return the text that replaces a match of SHELL_VARIABLE."""
        if match.group("escaped"):
            return match.group("escaped")
        if match.group("command"):
            output = self.output_of(ShellParser(match.group("command")[2:-1]).parse(), self.view)
            return output.decode("utf-8", "surrogateescape").rstrip("\n")
        name, operator = match.group("bare") or match.group("name"), match.group("operator") or ""
        special = {str(number): word for number, word in enumerate([self.name] + self.arguments)}
        special.update({"?": str(self.status), "$": "1", "#": str(len(self.arguments))})
        special.update(dict.fromkeys("@*", " ".join(self.arguments)))
        found = special.get(name, self.env.get(name))
        if operator:
            is_set = bool(found) if operator.startswith(":") else found is not None
            other = self.expand(match.group("other")) if is_set == operator.endswith("+") else found
            return other or ""
        if found is None and "u" in self.options:
            self.view.complain("sh: %s: parameter not set" % name)
            raise ShellExit(2)
        return found or ""

    def output_of(self, tree, view):
        """Run a tree apart → what it writes to standard output (bytes)."""
        held = bytearray()

        def hold(data):
            if len(held) + len(data) > MAX_SHELL_PIPE_BYTES:
                raise ShellProblem("a pipe of this practice shell holds at most %d bytes"
                                   % MAX_SHELL_PIPE_BYTES)
            held.extend(data)
        self.run_apart(view.derive(out=hold), tree)
        return bytes(held)

    def expand(self, word):
        """Return the text that a word of the script means."""
        text = ""
        for single, double, escaped, bare in SHELL_PART.findall(word):
            text += single + escaped + SHELL_VARIABLE.sub(self.value, double[1:-1] or bare)
        return text

    def expand_all(self, words):
        """Return the words of a command expanded: $NAME alone may give any number."""
        found = []
        for word in words:
            text = self.expand(re.sub("^~(?=/|$)", "$HOME", word))
            if word == '"$@"':
                found += self.arguments
            else:
                found += text.split() if SHELL_VARIABLE.fullmatch(word) else [text]
        return found

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

    def run_and_or(self, view, steps):
        for operator, tree in steps:
            if not operator or (self.status == 0) == (operator == "&&"):
                (self.run if tree is steps[-1][1] else self.holds)(tree, view)

    def run_not(self, view, tree):
        self.status = int(self.holds(tree, view))

    def run_group(self, view, lists):
        self.run(lists[0], view)

    def run_if(self, view, lists):
        for condition, body in zip(lists[::2], lists[1::2]):
            if self.holds(condition, view):
                self.run(body, view)
                return
        self.status = 0
        if len(lists) % 2:   # the last is that of `else`
            self.run(lists[-1], view)

    def run_for(self, view, lists, name, words):
        for self.env[name] in self.expand_all(words):
            self.run(lists[0], view)

    def run_while(self, view, lists):
        condition, body = lists
        status = 0
        while self.holds(condition, view):
            self.run(body, view)
            status = self.status
            # A loop of nothing but built-ins would keep the whole engine from its other work.
            view.process.sleep(0.001)
        self.status = status

    def run_subshell(self, view, lists):
        self.run_apart(view, lists[0])
        self.end_if_strict()

    def run_apart(self, view, tree):
        """Run a tree in a copy of the shell, as sh does in a process of its own."""
        from copy import copy
        inner = copy(self)
        vars(inner).update(env=dict(self.env), options=set(self.options), traps={})
        inner.view = view.derive(env=inner.env)
        try:
            inner.run(tree, inner.view)
            self.status = inner.status
        except ShellExit as stop:
            self.status = stop.args[0]

    def run_pipe(self, view, parts):
        from io import BytesIO
        for part in parts[:-1]:
            view = view.derive(read=BytesIO(self.output_of(part, view)).read)
        self.run_apart(view, parts[-1])
        self.end_if_strict()

    def run_redirected(self, view, tree, redirections):
        streams = [view.read, view.out, view.err]
        for operator, word in redirections:
            number = int(operator[0]) if operator[0].isdigit() else int(operator[0] == ">")
            name = None if word is None else self.expand(word)
            try:
                streams[number] = (streams[int(operator[-1])] if word is None
                                   else open_stream(view, name, operator))
            except FileProblem as problem:
                view.complain("sh: can't open %s: %s" % (name, problem))
                self.status = 1
                self.end_if_strict()
                return
        self.run(tree, view.derive(read=streams[0], out=streams[1], err=streams[2]))

    def run_command(self, view, words):
        assigned, words = {}, list(words)
        while words and SHELL_ASSIGNMENT.fullmatch(words[0]):
            name, value = SHELL_ASSIGNMENT.fullmatch(words.pop(0)).groups()
            assigned[name] = self.expand(value)
        argv = self.expand_all(words)
        if not argv:
            self.env.update(assigned)
            self.status = 0
        elif argv[0] in SHELL_BUILT_INS:
            self.status = SHELL_BUILT_INS[argv[0]](self, argv[1:], view) or 0
        else:
            self.status = run_named(argv, view.derive(env=dict(self.env, **assigned)), "sh: %s: not found")
        self.end_if_strict()

    # -- built-ins: words and view → exit status (None: 0)

    def do_exit(self, words, view):
        if words and not re.fullmatch("[0-9]{1,9}", words[0]):
            raise ShellProblem("exit: illegal number: %s" % words[0])
        raise ShellExit(int(words[0]) % 256 if words else self.status)

    def do_exec(self, words, view):
        if not words:
            raise ShellProblem("exec: this practice shell redirects commands only")
        raise ShellExit(run_named(words, view.derive(env=self.env), "sh: %s: not found"))

    def do_export(self, words, view):
        self.env.update(word.partition("=")[::2] for word in words if "=" in word)

    def do_set(self, words, view):
        for word in words:
            if not re.fullmatch("-[eu]+", word):
                raise ShellProblem("illegal option %s" % word)
            self.options.update(word[1:])

    def do_trap(self, words, view):
        action, names = (words[0], words[1:]) if len(words) > 1 else ("-", words)
        for name in names:
            number = 0 if name in ("EXIT", "0") else signal_number(name)
            self.traps.pop(number, None)
            if action != "-":
                self.traps[number] = action
        view.process.catch(*[number for number in self.traps if number])

    def do_cd(self, words, view):
        name = words[0] if words else self.env.get("HOME", "/")
        if view.kind_of(name) != "folder":
            view.complain("sh: cd: can't cd to %s" % name)
            return 2
        self.env["PWD"] = view.path(name)


SHELL_BUILT_INS = {
    ":": lambda shell, words, view: 0, "wait": lambda shell, words, view: 0,
    "exit": PracticeShell.do_exit, "exec": PracticeShell.do_exec, "cd": PracticeShell.do_cd,
    "export": PracticeShell.do_export, "set": PracticeShell.do_set, "trap": PracticeShell.do_trap,
}


def open_stream(view, name, operator):
    """Open a file of the container → the function that reads it, or the one that adds bytes to it."""
    from io import BytesIO
    path = view.path(name)
    if operator == "<":
        return BytesIO(view.files.read(path)).read
    if path == "/dev/null":
        return len

    def write(data):
        try:
            view.files.write(path, data, True)
        except FileProblem as problem:
            raise ProgramUsage("write error: %s" % problem)
    view.files.write(path, b"", operator.endswith(">>"))
    return write


def program_sh(view):
    shell, process = PracticeShell(view), view.process
    outer = process.survives_interrupt, process.caught   # of the shell that has started this one
    try:
        try:
            status = run_shell(view, shell)
        except ShellExit as stop:
            status = shell.status = stop.args[0]
        shell.run_script(shell.traps.pop(0, ""))
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
    options = re.sub("[cils]", "", letters)
    if options and shell.run_script("set -" + options):
        return 2
    if not words:
        return shell_from_stdin(view, shell)
    script = words[0] if "c" in letters else read_input(view, words[:1]).decode("utf-8", "surrogateescape")
    if "c" in letters:
        words = words[1:] or ["sh"]
    shell.name, shell.arguments = words[0], words[1:]
    return shell.run_script(script)


def shell_from_stdin(view, shell):
    """Run commands from standard input, line by line, with a prompt on a terminal → exit status."""
    held = bytearray()
    # What was read ahead of a line belongs to the commands, before what is still to come.
    shell.view.read = lambda limit: take_bytes(held, limit) or view.read(limit)
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
