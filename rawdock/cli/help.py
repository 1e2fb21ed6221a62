"""The help pages, made of the tables that main.py hands in, and what is said to a word that is no command."""
from ..errors import UsageError, closest_word
from .flags import Command, parse_flag_table


def print_flags(line, flags):
    """Call line(text) for each Flag, what each does in one column."""
    width = max(len(flag.spelled()) for flag in flags)
    for flag in flags:
        line("  %-*s  %s" % (width, flag.spelled(), flag.help))


def print_help(console, files, nouns, flags, notes):
    """The page of `rawdock --help`.

    `files` are CommandFile rows, of which those whose file this copy or this Python cannot load are left out.
    `nouns` is the NOUNS table, `flags` the global flag table (str), `notes` are lines (str) below the flags.
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
        for name in file.names:
            if " " not in name:
                line("  %-10s %s" % (name, table[name].help))
    if nouns:
        line("\nManagement commands:")
    for noun in sorted(nouns):
        line("  %-10s manage %s" % (noun, nouns[noun][0]))
    line("\nGlobal flags:")
    print_flags(line, parse_flag_table(flags))
    line("\n" + "\n".join(list(notes) + ["rawdock COMMAND --help shows a command's own flags."]))


def print_command_help(output, command):
    """Write the page of `rawdock COMMAND --help` for a Command to an Output."""
    line = output.line
    flags = " [FLAGS]" if command.flags.strip() else ""
    line("Usage: rawdock %s%s %s\n" % (command.path, flags, command.usage))
    line(command.help[:1].upper() + command.help[1:])
    if command.flags.strip():
        line("\nFlags:")
        print_flags(line, parse_flag_table(command.flags))


def noun_command(noun, managed, verbs):
    """The Command that `rawdock NOUN` without a verb is, or with a word that is none.

    `managed` is what the noun manages, `verbs` are pairs (verb, its Command).
    """
    def show_noun(console, options, arguments):
        if arguments:
            raise UsageError("unknown command: rawdock %s %s" % (noun, arguments[0]),
                             "rawdock %s --help lists them all" % noun)
        print_command_help(console.err, command)
        return 0

    lines = ["Manage %s\n\nCommands:" % managed]
    lines += ["  %-10s  %s" % (verb, found.help) for verb, found in verbs]
    lines += ["\nRun 'rawdock %s COMMAND --help' for more information on a command." % noun]
    command = Command(noun, show_noun, "COMMAND", "\n".join(lines), program=True)
    return command


def unknown_command(name, known):
    """The message and the hint for the word `name`, which is none of the commands `known` (list of str)."""
    near = closest_word(name, known)
    hint = ("did you mean %s? " % near if near else "") + "rawdock --help lists them all"
    return "unknown command: rawdock %s" % name, hint
