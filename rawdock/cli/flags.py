"""Flags as tables, commands as rows, and the one function that reads a command line against them.

A flag table is text with one flag a line, in columns that two or more blanks separate:

    -a, --all       bool    show stopped containers too
    -n, --last      int     N  show the N last created
    --filter, -f    list    FILTER  keep what matches

Kinds: bool (`--all`, `--all=false`), on (a bool that is true without `=false`), either (a bool that
may be None), text, int, list (may be repeated), optional (a text after `=`; without it the empty
text). What follows a colon, and columns between the value and the help, are for engine/options. As
in the docker CLI, `-it` is `-i -t`, a value follows as `-e K=V`, `-eK=V`, `-e=K=V`, `--env K=V` or
`--env=K=V`, a bool never takes the next word, `--` ends the flags, and a command that runs a program
(run, exec, create) takes no flag after its first argument.
"""
import re
from collections import namedtuple

from ..errors import UsageError

TRUE_WORDS = ("1", "t", "T", "true", "TRUE", "True")
FALSE_WORDS = ("0", "f", "F", "false", "FALSE", "False")


class Flag:
    """`long` (without dashes; `longs`: its aliases too), `short` (one letter or None), `kind`, `value` (its
    name in the help), `help`.
    """

    __slots__ = ("long", "longs", "short", "kind", "value", "help")

    def __init__(self, line):
        columns = [column.strip() for column in line.split("  ") if column.strip()]
        spellings = columns[0].replace(",", " ").split()
        self.longs = [word[2:] for word in spellings if word.startswith("--")]
        self.long = self.longs[0] if self.longs else None
        self.short = next((word[1:] for word in spellings if not word.startswith("--")), None)
        self.kind = columns[1].partition(":")[0]
        self.value = "" if self.switch else columns[2]
        self.help = columns[-1]

    @property
    def switch(self):
        """Whether the flag takes no value but `=true` or `=false`."""
        return self.kind in ("bool", "on", "either")

    @property
    def key(self):
        """How a command finds it in its options."""
        return (self.long or self.short).replace("-", "_")

    def spelled(self):
        """How the help shows it: "-e, --env NAME=VALUE"."""
        short = "-%s%s" % (self.short, ", " if self.long else "") if self.short else "    "
        blank = " " if self.value and self.kind != "optional" else ""
        return short + ("--%s" % self.long if self.long else "") + blank + self.value


class Command(namedtuple("Command", "name run usage help flags least most program path")):
    """A row of a command table.

    `name` is a word ("ps"), or two where the command exists under a noun only ("volume ls"). `path` is what
    the user is shown: "container ls" where that was typed for "ps". `run(console, options, arguments)`
    returns the exit status. `flags` is a flag table, `usage` the arguments as the help shows them, `least`
    and `most` how many there are (most None: any number), `program` whether flags end at the first argument.
    """

    __slots__ = ()

    def __new__(cls, name, run, usage, help, flags="", least=0, most=None, program=False, path=None):
        return tuple.__new__(cls, (name, run, usage, help, flags, least, most, program, path or name))


def command_table(*commands):
    return {command.name: command for command in commands}


def parse_flag_table(text):
    return [Flag(line) for line in text.split("\n") if line.strip()]


def convert_flag_value(flag, text):
    """The value that `text` (str) gives the Flag. UsageError, in the docker CLI's words, if it is none."""
    if flag.switch:
        if text in TRUE_WORDS or text in FALSE_WORDS:
            return text in TRUE_WORDS
        wanted = "it takes =true or =false"
    elif flag.kind != "int" or re.fullmatch("[+-]?[0-9]{1,18}", text):
        return int(text) if flag.kind == "int" else text
    else:
        wanted = "it takes a whole number"
    spellings = ", ".join((["-" + flag.short] if flag.short else [])
                          + ["--" + name for name in flag.longs[:1]])
    raise UsageError('invalid argument "%s" for "%s" flag' % (text, spellings), wanted)


class FlagReader:
    """One pass over a command line. `options` and `arguments` are what parse_command_line() returns."""

    def __init__(self, words, flags):
        self.words = list(words)
        self.by_long = {name: flag for flag in flags for name in flag.longs}
        self.by_short = {flag.short: flag for flag in flags if flag.short}
        self.options = {flag.key: {"bool": False, "on": True}.get(flag.kind) for flag in flags}
        self.arguments = []

    def set(self, flag, text, spelling):
        """Give the Flag its value: `text`, the next word (for None), or that of a switch."""
        if text is None and (flag.switch or flag.kind == "optional"):
            text = "true" if flag.switch else ""
        elif text is None and not self.words:
            raise UsageError("flag needs an argument: %s" % spelling)
        elif text is None:
            text = self.words.pop(0)
        value = convert_flag_value(flag, text)
        repeated = flag.kind == "list"
        self.options[flag.key] = (self.options[flag.key] or []) + [value] if repeated else value

    def long(self, word):
        """Read `--name`, `--name=value` or `--name` and the next word."""
        name, equals, text = word[2:].partition("=")
        if name not in self.by_long:
            raise UsageError("unknown flag: --%s" % name)
        self.set(self.by_long[name], text if equals else None, "--" + name)

    def shorts(self, word):
        """Read `-a`, several switches `-ab`, and `-nVALUE`, `-n=VALUE` or `-n` and the next word."""
        letters = word[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter not in self.by_short:
                raise UsageError("unknown shorthand flag: %r in %s" % (letter, word))
            flag, text = self.by_short[letter], None
            if letters and (not flag.switch or letters[0] == "="):
                text, letters = letters[1:] if letters[0] == "=" else letters, ""
            self.set(flag, text, "%r in %s" % (letter, word))


def parse_command_line(words, flags, program=False):
    """(options, arguments) of a command line.

    `words` list of str, `flags` list of Flag. Every flag has a key in options: where it is not given None,
    False for bool, True for on. UsageError names the flag that is wrong.
    """
    reader = FlagReader(words, flags)
    while reader.words:
        word = reader.words.pop(0)
        if word == "--":
            break
        if word.startswith("--"):
            reader.long(word)
        elif word.startswith("-") and word != "-":
            reader.shorts(word)
        else:
            reader.arguments.append(word)
            if program:
                break
    return reader.options, reader.arguments + reader.words


def check_argument_count(command, arguments):
    """UsageError, in the docker CLI's words, if a command has too few or too many arguments."""
    count = len(arguments)
    if count >= command.least and (command.most is None or count <= command.most):
        return
    number = command.least if count < command.least else command.most
    bound = "" if command.least == command.most else "at least " if count < command.least else "at most "
    wanted = "requires %s%d argument%s" % (bound, number, "s" * (number != 1))
    if not number:
        wanted = "accepts no arguments"
    raise UsageError("'rawdock %s' %s" % (command.path, wanted),
                     ("usage: rawdock %s %s" % (command.path, command.usage)).strip())
