"""Flags as tables, commands as rows, and the one function that reads a command line against them.

A flag table is text, a flag a line, columns parted by two blanks or more:

    -a, --all       bool    show stopped containers too
    -n, --last      int     N  show the N last created
    --filter, -f    list    FILTER  keep what matches

Kinds: bool (`--all`, `--all=false`), on (a bool that holds unless `=false` is said), text,
int, list (may be repeated), optional (a text, after `=` only; alone it is the empty one). As
with the docker CLI, `-it` is `-i -t`, a value follows as `-e K=V`, `-eK=V`, `-e=K=V`,
`--env K=V` or `--env=K=V`, a bool never takes the next word, `--` ends the flags, and a command
that runs a program (run, exec, create) takes no flag after its first argument.
"""
import os
import re

from ..errors import APIError, ProtocolError, RawdockError, TruncatedError, UsageError, printable_text

TRUE_WORDS = ("1", "t", "T", "true", "TRUE", "True")
FALSE_WORDS = ("0", "f", "F", "false", "FALSE", "False")
MAX_WRITEV_PIECES = 1024   # IOV_MAX on Linux and the BSDs


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
        self.kind = columns[1]
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


def reject_malformed_answer(function, *arguments):
    """function(*arguments), in which a value of a type that the Engine API does not give is a ProtocolError.

    Fields are read where they are printed. To check the type of each before would be as long as the printing.
    """
    try:
        return function(*arguments)
    except RawdockError:
        raise
    except (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, RecursionError) as error:
        expected = "an answer with values of the Engine API's types"
        raise ProtocolError("Engine API", 0, str(error).encode("utf-8", "replace"), expected) from error


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


class Output:
    """A file descriptor written whole and at once.

    write() takes bytes, which stay as they are: what a container wrote, and what a user's template makes.
    line() takes all other text and spells out what a terminal would act on, whoever put it there.
    """

    def __init__(self, descriptor):
        self.descriptor = descriptor

    def fileno(self):
        return self.descriptor

    def isatty(self):
        return os.isatty(self.descriptor)

    def write(self, data):
        try:
            return self._write(data)
        except BrokenPipeError:
            raise
        except OSError as error:   # else "No space left" could be the engine's
            name = "stderr" if self.descriptor == 2 else "stdout"
            raise OSError(error.errno, "cannot write to %s: %s" % (name, error.strerror)) from None

    def _write(self, data):
        try:
            written = os.write(self.descriptor, data)
        except BlockingIOError:
            written = 0
        if written == len(data):   # as nearly always
            return written
        view = memoryview(data)[written:]
        while len(view):
            try:
                view = view[os.write(self.descriptor, view):]
            except BlockingIOError:   # whoever shares it has made it non-blocking: wait until it takes more
                from select import select
                select([], [self.descriptor], [])
        return len(data)

    def write_run(self, pieces):
        """Write a list of bytes-like pieces, all with one call where the system takes them so."""
        written = 0
        if len(pieces) <= MAX_WRITEV_PIECES:
            try:
                written = os.writev(self.descriptor, pieces)
            except BlockingIOError:
                pass
        for piece in pieces:
            if written < len(piece):
                self.write(piece[written:])
            written = max(0, written - len(piece))

    def flush(self):
        pass

    def line(self, text=""):
        """Write the str `text`, which may be several lines, and a newline."""
        self.write((printable_text(text, "\n\t") + "\n").encode("utf-8"))


class Console:
    """What a command works with: `docker` and `stdin` (made at first use), `out` and `err` (Output),
    `program` (its own name).
    """

    def __init__(self, address=None, context=None):
        self.program = "rawdock"
        self.out = Output(1)
        self.err = Output(2)
        self._address = address
        self._context = context
        self._docker = None
        self._practice = None
        self.open_socket = None   # instead of dial, where what is sent is to be seen or only planned
        self._recorder = None

    @property
    def stdin(self):
        """Standard input as an unbuffered file: read() gives what there is."""
        return open(0, "rb", buffering=0, closefd=False)

    @property
    def docker(self):
        if self._docker is None:
            from ..engine.docker import Docker
            address = self.engine_address()
            self._docker = Docker(str(address))
            if self.open_socket is not None:
                self._docker.open_socket = self.open_socket
        return self._docker

    def named_address(self):
        """The Address that -H or -c names; None without either, and for practice:."""
        from ..net.config import find_address
        address = find_address(self._address, self._context) if self._address or self._context else None
        return None if address is None or address.scheme == "practice" else address

    @property
    def names_practice(self):
        """Whether -H says practice:."""
        return self._address == "practice:"

    def engine_address(self):
        """The Address of the engine meant; `practice:` starts one here and says so on stderr."""
        from ..net.config import find_address
        address = find_address(self._address, self._context)
        if address.scheme != "practice":
            return address
        if self._practice is None:
            from ..teach.practice import PracticeEngine
            self._practice = PracticeEngine()
            self._practice.start()
            self.err.line("rawdock: this is the practice engine (rawdock-practice), inside this process: "
                          "it runs no real program")
        from ..net.address import parse_address
        return parse_address(self._practice.address)

    def show_wire(self):
        """From here on print on stderr what crosses the connections."""
        from ..teach.record import WireRecorder, recorded_dial
        from ..teach.screen import output_widths, wants_colour
        from ..teach.transcript import TranscriptSink
        self._recorder = WireRecorder([TranscriptSink(self.err, wants_colour(2), widths=output_widths(2))])
        self.open_socket = recorded_dial(self._recorder)

    @property
    def practices(self):
        """Whether the engine is the practice engine inside this process."""
        return self._practice is not None

    def complain(self, text):
        """A last line on stderr. Where nobody can read it the exit status has to do."""
        try:
            self.err.line(text)
        except OSError:
            pass

    def close(self):
        if self._docker is not None:
            self._docker.close()
        if self._recorder is not None:
            try:
                self._recorder.finish()
            except OSError:   # nobody reads the transcript
                pass
            except Exception as error:   # a mistake in it is none of the command's
                self.complain("rawdock: the transcript broke off: %r" % error)
        if self._practice is not None:
            self._practice.close()


def one_line(error):
    """An error as the one line a user reads: what happened, then what to try."""
    text = " ".join(str(error).split())
    hint = getattr(error, "hint", None)
    if isinstance(error, TruncatedError) and not hint:
        hint = "did the engine stop? What came is not all"
    return "%s; %s" % (text, hint) if hint else text


def describe_error(error):
    """A RawdockError as the docker CLI words it: what is the engine's is called so and keeps its lines."""
    if isinstance(error, APIError):
        return "Error response from daemon: %s" % str(error).replace("\r\n", "\n").strip()
    return one_line(error)
