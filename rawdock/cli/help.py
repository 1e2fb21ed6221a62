"""The help pages, in the form of the docker CLI's, and the error for a word that is not a command."""
from ..errors import closest_word
from .console import CommandFailed
from .flags import Command, parse_flag_table, usage_mistake


def print_flags(line, flags):
    """Call line(text) for each Flag that is not hidden, what each does in one column."""
    from textwrap import wrap
    shown = [(flag.spelled(), flag.help) for flag in flags if flag.help != "-"]
    width = max(len(spelled) for spelled, _ in shown)
    for spelled, text in shown:
        for part in wrap(text, max(74 - width, 20), break_long_words=False, break_on_hyphens=False):
            line("  %-*s   %s" % (width, spelled, part))
            spelled = ""


def summary(command):
    """What a Command does, as lists of commands show it: the first sentence, or line, of its help."""
    return command.help.partition("\n")[0].partition(". ")[0].rstrip(".")


def root_help(files, notes, nouns, plugins):
    """The text of `rawdock --help` above its flags: the lines of `notes`, the commands, the lines of `nouns`.

    `files` are CommandFile rows. Those whose file this copy or this Python cannot load are left out.
    `plugins` are lines about the docker CLI's plugins, those that can be used and the others; or None.
    """
    usable, invalid = plugins or ([], [])
    lines, title = ["The Docker Engine API spoken by hand over its socket"] + notes, None
    for file in files:
        try:
            table = file.load()
        except ImportError:
            continue
        for name in [name for name in file.names if " " not in name and not name.startswith("_")]:
            lines += ["\n%s:" % file.title] if file.title != title else []
            lines.append("  %-10s  %s" % (name, summary(table[name])))
            title = file.title
    for title, more in (("Management Commands", sorted(nouns + usable)), ("Invalid Plugins", invalid)):
        lines += ["\n%s:" % title] + more if more else []
    return "\n".join(lines)


def print_command_help(output, command, aliases):
    """Write a Command's page to an Output. `aliases` (list of str) are all spellings of its name."""
    line = output.line
    line("Usage:  rawdock %s\n\n%s" % (command.usage_line(), command.help))
    if len(aliases) > 1:
        line("\nAliases:\n  " + ", ".join("rawdock " + alias for alias in aliases))
    if command.flags.strip():
        line("\n%sOptions:" % ("" if command.path else "Global "))
        print_flags(line, parse_flag_table(command.flags))
    if command.usage.startswith("COMMAND"):
        words = " ".join(filter(None, ["rawdock", command.path, "COMMAND --help"]))
        line("\nRun '%s' for more information on a command." % words)


def noun_command(noun, managed, verbs):
    """The Command for `rawdock NOUN` without a verb, and with a word that is not a verb.

    `managed` (str) is what the noun manages, `verbs` are pairs (verb, its Command).
    """
    def show_noun(console, options, arguments):
        if arguments:
            raise usage_mistake(command, "rawdock: unknown command: rawdock %s %s" % (noun, arguments[0]))
        print_command_help(console.err, command, [])
        return 0

    lines = ["Manage %s\n\nCommands:" % managed]
    lines += ["  %-10s  %s" % (verb, summary(found)) for verb, found in verbs]
    command = Command(noun, show_noun, "COMMAND", "\n".join(lines))
    return command


def unknown_command(name, files):
    """The CommandFailed for the word `name`, which is none of the commands of `files` (CommandFile rows)."""
    near = closest_word(name, [known for file in files for known in file.names])
    hint = "\n\nDid you mean this?\n\trawdock %s" % near if near else ""
    return CommandFailed("rawdock: unknown command: rawdock %s%s\n\nRun 'rawdock --help' for more information"
                         % (name, hint), 1)
