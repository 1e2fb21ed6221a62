"""Flags as tables, commands as rows, and the one function that reads a command line against them.

A flag table is text, a flag a line, columns parted by two blanks or more:

    -a, --all       bool    show stopped containers too
    -n, --last      int     N  show the N last created
    --filter, -f    list    FILTER  keep what matches

Kinds: bool (`--all`, `--all=false`), on (a bool that holds unless `=false` is said), text,
int, list (may be repeated), optional (a text, after `=` only; alone it is the empty one). What
follows a colon, and columns between the value and the help, are for others (engine/options). As
with the docker CLI, `-it` is `-i -t`, a value follows as `-e K=V`, `-eK=V`, `-e=K=V`,
`--env K=V` or `--env=K=V`, a bool never takes the next word, `--` ends the flags, and a command
that runs a program (run, exec, create) takes no flag after its first argument.
"""
import re

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
        """Whether it stands alone: no value but `=true` or `=false`."""
        return self.kind in ("bool", "on")

    @property
    def key(self):
        """How a command finds it in its options."""
        return (self.long or self.short).replace("-", "_")

    def spelled(self):
        """How the help shows it: "-e, --env NAME=VALUE"."""
        short = "-%s%s" % (self.short, ", " if self.long else "") if self.short else "    "
        blank = " " if self.value and self.kind != "optional" else ""
        return short + ("--%s" % self.long if self.long else "") + blank + self.value


class Command:
    """A row of a command table.

    `run(console, options, arguments)` returns the exit status. `flags` is a flag table, `usage` the
    arguments as the help shows them, `least`/`most` how many there are (most None: any number),
    `program` whether flags end at the first argument.
    """

    __slots__ = ("name", "run", "usage", "help", "flags", "least", "most", "program")

    def __init__(self, name, run, usage, help, flags="", least=0, most=None, program=False):
        self.name = name
        self.run = run
        self.usage = usage
        self.help = help
        self.flags = flags
        self.least = least
        self.most = most
        self.program = program


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


def set_flag_option(options, flag, text):
    value = convert_flag_value(flag, text)
    if flag.kind == "list":
        options[flag.key] = (options[flag.key] or []) + [value]
    else:
        options[flag.key] = value


def parse_command_line(words, flags, program=False):
    """(options, arguments) of a command line.

    `words` list of str, `flags` list of Flag. Every flag has a key in options: where it is not given None,
    False for bool, True for on. UsageError names the flag that is wrong.
    """
    by_long = {name: flag for flag in flags for name in flag.longs}
    by_short = {flag.short: flag for flag in flags if flag.short}
    options = {flag.key: flag.kind == "on" if flag.switch else None for flag in flags}
    arguments = []
    words = list(words)
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if word == "--":
            arguments += words[at:]
            break
        if not word.startswith("-") or word == "-":
            if program:
                arguments += words[at - 1:]
                break
            arguments.append(word)
            continue
        if word.startswith("--"):
            name, equals, text = word[2:].partition("=")
            flag, spelling = by_long.get(name), "--" + name
            if flag is None:
                raise UsageError("unknown flag: %s" % spelling)
            if flag.switch and not equals:
                text = "true"
            elif not equals and flag.kind != "optional":
                if at == len(words):
                    raise UsageError("flag needs an argument: %s" % spelling)
                text = words[at]
                at += 1
            set_flag_option(options, flag, text)
            continue
        letters = word[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            flag = by_short.get(letter)
            if flag is None:
                raise UsageError("unknown shorthand flag: %r in %s" % (letter, word))
            if flag.switch:
                if letters.startswith("="):
                    text, letters = letters[1:], ""
                else:
                    text = "true"
            else:
                if letters:
                    text, letters = letters[1:] if letters.startswith("=") else letters, ""
                elif at == len(words):
                    raise UsageError("flag needs an argument: %r in %s" % (letter, word))
                else:
                    text = words[at]
                    at += 1
            set_flag_option(options, flag, text)
    return options, arguments


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
    raise UsageError("'rawdock %s' %s" % (command.name, wanted),
                     ("usage: rawdock %s %s" % (command.name, command.usage)).strip())
