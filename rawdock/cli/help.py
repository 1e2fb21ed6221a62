"""The help pages, made of the tables that main.py hands in, and what is said to a word that is no command."""
from ..errors import closest_word
from .flags import parse_flag_table

# What the docker CLI groups under a noun, and what that is called here; other verbs keep their names.
NOUN_COMMANDS = {"container": {"ls": "ps", "list": "ps", "ps": "ps"}, "system": {},
                 "image": {"ls": "images", "list": "images", "rm": "rmi", "remove": "rmi"}}


def print_flags(line, flags):
    """Call line(text) for each Flag, what each does in one column."""
    width = max(len(flag.spelled()) for flag in flags)
    for flag in flags:
        line("  %-*s  %s" % (width, flag.spelled(), flag.help))


def print_help(console, files, flags, notes):
    """The page of `rawdock --help`.

    `files` are CommandFile rows, of which those whose file this copy or this Python cannot load are left out.
    `flags` is the global flag table (str), `notes` are lines (str) below the flags.
    """
    line = console.out.line
    line("Usage: rawdock [GLOBAL FLAGS] COMMAND ...\n\nThe Docker Engine API spoken by hand over its socket.")
    title = None
    for file in files:
        try:
            table = file.load()
        except ImportError:
            continue
        if file.title != title:
            title = file.title
            line("\n%s:" % title)
        for name in file.names.split():
            line("  %-10s %s" % (name, table[name].help))
    line("\nGlobal flags:")
    print_flags(line, parse_flag_table(flags))
    line("\n" + "\n".join(list(notes) + ["rawdock COMMAND --help shows a command's own flags."]))


def print_command_help(console, command):
    """The page of `rawdock COMMAND --help` for a Command."""
    line = console.out.line
    flags = " [FLAGS]" if command.flags.strip() else ""
    line("Usage: rawdock %s%s %s\n" % (command.name, flags, command.usage))
    line(command.help[:1].upper() + command.help[1:])
    if command.flags.strip():
        line("\nFlags:")
        print_flags(line, parse_flag_table(command.flags))


def unknown_command(name, words, known):
    """The message and the hint for a command line that names no command: `name`, then `words` (list of str).

    `known` lists the names of the commands that there are.
    """
    if name in NOUN_COMMANDS and words:
        verb = NOUN_COMMANDS[name].get(words[0], words[0])
        if verb in known:
            return "unknown command: rawdock %s %s" % (name, words[0]), "write rawdock %s" % verb
    near = closest_word(name, known)
    hint = ("did you mean %s? " % near if near else "") + "rawdock --help lists them all"
    return "unknown command: rawdock %s" % name, hint
