"""Flags as tables, commands as rows, and the one function that reads a command line against them.

A flag table is text with one flag a line, in columns that two or more blanks separate:

    -a, --all       bool    show stopped containers too
    -n, --last      int     N  show the N last created
    --filter, -f    filter  FILTER  keep what matches

Kinds: bool (`--all`, `--all=false`), on (a bool that is true without `=false`), either (a bool that may be
None), text, int, list (may be repeated), filter (a list of NAME=VALUE), label (a list of labels), optional
(a text after `=`; without it the empty text). What follows a colon, and columns between the value and the
help, are for engine/options. A help of "-" hides the flag. As in the docker CLI, `-it` is `-i -t`, a value
follows as `-e K=V`, `-eK=V`, `-e=K=V`, `--env K=V` or `--env=K=V`, a bool never takes the next word, `--`
ends the flags, and a command that runs a program (run, exec, create) takes no flag after its first argument.
"""
import re
from collections import namedtuple

from ..errors import InvalidArgument
from .console import CommandFailed

TRUE_WORDS = ("1", "t", "T", "true", "TRUE", "True")
FALSE_WORDS = ("0", "f", "F", "false", "FALSE", "False")
GO_INTEGER = "[+-]?(0[xX](_?[0-9a-fA-F])+|0[bB](_?[01])+|0[oO]?(_?[0-7])+|0|[1-9](_?[0-9])*)"


class Flag:
    """A row. `longs` (list of str) are its names without dashes, `long` the first or None, `short` one letter
    or None, `key` its name in a command's options, `value` that of its value in the help, `switch` whether it
    takes none but `=true` and `=false`.
    """

    __slots__ = ("long", "longs", "short", "kind", "switch", "value", "help", "key")

    def __init__(self, line):
        columns = [column.strip() for column in line.split("  ") if column.strip()]
        spellings = columns[0].replace(",", " ").split()
        self.longs = [word[2:] for word in spellings if word.startswith("--")]
        self.long = self.longs[0] if self.longs else None
        self.short = next((word[1:] for word in spellings if not word.startswith("--")), None)
        self.kind = columns[1].partition(":")[0]
        self.switch = self.kind in ("bool", "on", "either")
        self.value = "" if self.switch else columns[2]
        self.help = columns[-1]
        self.key = (self.long or self.short).replace("-", "_")

    def names(self):
        """What is typed for it: "-e", "--env"."""
        return (["-" + self.short] if self.short else []) + ["--" + name for name in self.longs]

    def spelled(self):
        """How the help shows it: "-e, --env NAME=VALUE"."""
        blank = " " if self.value and self.kind != "optional" else ""
        names = ", ".join(self.names()[:2]) if self.short else "    --%s" % self.long
        return names + blank + self.value


class Command(namedtuple("Command", "name run usage help flags least most program path")):
    """A row of a command table.

    `name` is a word ("ps"), or two where the command exists under a noun only ("volume ls"). `path` is what
    the user is shown: "container ls" where that was typed for "ps". `run(console, options, arguments)`
    returns the exit status. `flags` is a flag table, `usage` the arguments in the help, `least` and `most`
    how many (most None: any number), `program` whether flags end at the first ("all": there are none).
    """

    __slots__ = ()

    def __new__(cls, name, run, usage, help, flags="", least=0, most=None, program=False, path=None):
        return tuple.__new__(cls, (name, run, usage, help, flags, least, most, program, path or name))

    def usage_line(self):
        """Its command line as the help shows it: "stop [OPTIONS] CONTAINER [CONTAINER...]"."""
        return " ".join(filter(None, [self.path, self.flags.strip() and "[OPTIONS]", self.usage]))


def command_table(*commands):
    return {command.name: command for command in commands}


def parse_flag_table(text):
    return [Flag(line) for line in text.split("\n") if line.strip()]


def convert_flag_value(flag, text):
    """The value that `text` (str) gives the Flag, read as Go reads it. InvalidArgument if it gives none."""
    if flag.switch:
        if text in TRUE_WORDS + FALSE_WORDS:
            return text in TRUE_WORDS
        problem = 'strconv.ParseBool: parsing "%s": invalid syntax' % text
    elif flag.kind == "int":
        whole = re.fullmatch(GO_INTEGER, text, re.ASCII)
        number = int(re.sub("^([+-]?0)(?=_?[0-7])", r"\1o", text), 0) if whole else 2 ** 63
        if -2 ** 63 <= number < 2 ** 63:
            return number
        problem = "value out of range" if whole else "invalid syntax"
        problem = 'strconv.ParseInt: parsing "%s": %s' % (text, problem)
    elif flag.kind == "filter" and text and "=" not in text:
        problem = "bad format of filter (expected name=value)"
    elif flag.kind == "label" and not text.partition("=")[0].strip():
        problem = "invalid label '%s': empty name" % text
    else:
        return text
    what = 'invalid argument "%s" for "%s" flag: ' % (text, ", ".join(flag.names()[:2 if flag.short else 1]))
    raise InvalidArgument((what + problem).replace("\n", "\\n"))


def read_flag(word, by_name):
    """(Flag, its value or None, its name in a mistake, the letters after it) of a word such as "-n1"."""
    name, equals, text = word.partition("=")
    if word.startswith("--"):
        if name[2:3] in ("", "-"):
            raise InvalidArgument("bad flag syntax: %s" % word)
        if name not in by_name:
            raise InvalidArgument("unknown flag: %s" % name)
        return by_name[name], text if equals else None, name, ""
    flag, letters, spelling = by_name.get(word[:2]), word[2:], "%r in %s" % (word[1], word)
    if flag is None:
        raise InvalidArgument("unknown shorthand flag: %s" % spelling)
    if letters[:1] == "=" != letters:
        return flag, letters[1:], spelling, ""
    return (flag, None, spelling, letters) if flag.switch else (flag, letters or None, spelling, "")


def parse_command_line(words, flags, program=False):
    """(options, arguments) of a command line.

    `words` list of str, `flags` list of Flag, of which a later one takes a name from an earlier. Every flag
    has a key in options: where it is not given None, False for bool, True for on. Or InvalidArgument.
    """
    words, arguments = list(words), []
    by_name = {name: flag for flag in flags for name in flag.names()}
    options = {flag.key: {"bool": False, "on": True}.get(flag.kind) for flag in flags}
    while words and program != "all" and not (program and arguments):
        word = words.pop(0)
        if word == "--":
            break
        if word == "-" or not word.startswith("-"):
            arguments.append(word)
            continue
        while word:
            flag, text, spelling, letters = read_flag(word, by_name)
            if text is None and (flag.switch or flag.kind == "optional"):
                text = "true" if flag.switch else ""
            elif text is None and not words:
                raise InvalidArgument("flag needs an argument: %s" % spelling)
            value = convert_flag_value(flag, words.pop(0) if text is None else text)
            repeated = flag.kind in ("list", "filter", "label")
            options[flag.key] = (options[flag.key] or []) + [value] if repeated else value
            word = letters and "-" + letters
    return options, arguments + words


def usage_mistake(command, message, status=1, verb="Run"):
    """The CommandFailed for a wrong command line: the message, and the Command's usage below it."""
    name = ("rawdock " + command.path).strip()
    text = "%s\n\nUsage:  rawdock %s\n\n%s '%s --help' for more information"
    return CommandFailed(text % (message, command.usage_line(), verb, name), status)


def check_argument_count(command, arguments):
    """CommandFailed, in the docker CLI's words, if a command has too few or too many arguments."""
    count, least, most = len(arguments), command.least, command.most
    if count >= least and (most is None or count <= most):
        return
    bounds = [text % number for text, number in (("at least %d", least), ("at most %d", most)) if number]
    last = least if most is None else most
    wanted = "requires %s argument%s" % (last if least == most else " and ".join(bounds), "s" * (last != 1))
    message = "rawdock: 'rawdock %s' %s" % (command.path, "accepts no arguments" if most == 0 else wanted)
    raise usage_mistake(command, message, 1, "See" if most is None else "Run")
