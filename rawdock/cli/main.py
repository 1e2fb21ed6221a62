"""The `rawdock` command: global flags, then a command's row, then its function.

Every command lives in a table of its file; a file is imported only when one of its
commands is asked for, which is most of what makes `rawdock ps` start fast. A mistake of
the user's ends in one line on stderr and a status that is not zero: 125 for a flag that
does not exist (as with the docker CLI), 1 for the rest, 130 after Ctrl-C, 143 after SIGTERM.
"""
import os
import sys
from _signal import SIG_IGN, SIGHUP, SIGINT, SIGTERM, default_int_handler, getsignal, signal
from _thread import start_new_thread

from ..errors import APIError, ConnectError, RawdockError, UsageError
from .flags import (Console, describe_error, one_line, parse_command_line, parse_flag_table,
                    reject_malformed_answer)

GLOBAL_FLAGS = """
-H, --host      list  ADDRESS  the engine: unix:///path, tcp://HOST:PORT, or practice: for the one inside rawdock
-c, --context   text  NAME  a context made by the docker CLI
--wire          bool  show what crosses the connections on stderr, explained, while the command runs
--dry-run       optional  [=FORM]  print what would be sent, as http (the default), nc, curl or python, and open no socket
-v, --version   bool  the version of rawdock
-h, --help      bool  this page
"""
# In front of a command's own flags, whose -h, a header's or a host name's, wins.
HELP_FLAGS = "--help  bool  this page\n-h  bool  the docker CLI's old name of --help\n"
HIDDEN_FLAGS = ("tty",)   # taken only to be refused in words of its own
# What the docker CLI groups under a noun, and what that is called here; other verbs keep their names.
NOUN_COMMANDS = {"container": {"ls": "ps", "list": "ps", "ps": "ps"}, "system": {},
                 "image": {"ls": "images", "list": "images", "rm": "rmi", "remove": "rmi"}}

# Which file has which commands. A test compares this with the tables themselves.
RAW_COMMANDS_NAMES = "GET HEAD POST PUT DELETE nc endpoints practice"
LISTING_COMMANDS_NAMES = "ps"
WATCHING_COMMANDS_NAMES = "inspect logs events"
ABOUT_COMMANDS_NAMES = "version info"
LIFECYCLE_COMMANDS_NAMES = "run create exec attach start stop kill restart rm wait rename"
IMAGE_COMMANDS_NAMES = "images pull rmi"
TEACH_COMMANDS_NAMES = "explain"
TAP_COMMANDS_NAMES = "tap replay"
LEARN_COMMANDS_NAMES = "learn tour conform"

# The commands that the docker CLI has too, and that read an engine's answers.
DOCKER_COMMANDS = " ".join((LISTING_COMMANDS_NAMES, WATCHING_COMMANDS_NAMES, ABOUT_COMMANDS_NAMES,
                            LIFECYCLE_COMMANDS_NAMES, IMAGE_COMMANDS_NAMES)).split()

GROUP_TITLES = (
    ("Raw: any request, by hand", RAW_COMMANDS_NAMES),
    ("Containers", LIFECYCLE_COMMANDS_NAMES),
    ("What there is, and what happens", " ".join((LISTING_COMMANDS_NAMES, WATCHING_COMMANDS_NAMES,
                                                  ABOUT_COMMANDS_NAMES))),
    ("Images", IMAGE_COMMANDS_NAMES),
    ("What bytes mean", TEACH_COMMANDS_NAMES),
    ("Between client and engine", TAP_COMMANDS_NAMES),
    ("Learning", LEARN_COMMANDS_NAMES),
)


def find_command(name):
    """The Command called `name`, or None. Imports the one file that has it."""
    if name in LISTING_COMMANDS_NAMES.split():
        from .listing import LISTING_COMMANDS
        return LISTING_COMMANDS[name]
    if name in WATCHING_COMMANDS_NAMES.split():
        from .watching import WATCHING_COMMANDS
        return WATCHING_COMMANDS[name]
    if name in ABOUT_COMMANDS_NAMES.split():
        from .about import ABOUT_COMMANDS
        return ABOUT_COMMANDS[name]
    if name in LIFECYCLE_COMMANDS_NAMES.split():
        from .lifecycle import LIFECYCLE_COMMANDS
        return LIFECYCLE_COMMANDS[name]
    if name in IMAGE_COMMANDS_NAMES.split():
        from .images import IMAGE_COMMANDS
        return IMAGE_COMMANDS[name]
    if name in TEACH_COMMANDS_NAMES.split():
        from .teach import TEACH_COMMANDS
        return TEACH_COMMANDS[name]
    if name in TAP_COMMANDS_NAMES.split():
        from .tap import TAP_COMMANDS
        return TAP_COMMANDS[name]
    if name in LEARN_COMMANDS_NAMES.split():
        from .learn import LEARN_COMMANDS
        return LEARN_COMMANDS[name]
    if name in RAW_COMMANDS_NAMES.split():
        from .raw import RAW_COMMANDS
        return RAW_COMMANDS[name]
    return None


def print_flags(line, flags):
    """Call line(text) for each Flag, what each does in one column."""
    width = max(len(flag.spelled()) for flag in flags)
    for flag in flags:
        line("  %-*s  %s" % (width, flag.spelled(), flag.help))


def print_help(console):
    line = console.out.line
    line("Usage: rawdock [-H ADDRESS] [-c CONTEXT] [--wire] [--dry-run[=FORM]] COMMAND ...")
    line()
    line("The Docker Engine API spoken by hand over its socket. "
         "Without Docker: rawdock -H practice: run hello-world")
    for title, names in GROUP_TITLES:
        if names:   # a single file made with --only may have none of them
            line()
            line(title + ":")
        for name in names.split():
            line("  %-10s %s" % (name, find_command(name).help))
    line()
    line("Global flags:")
    print_flags(line, parse_flag_table(GLOBAL_FLAGS))
    line()
    line("rawdock COMMAND --help shows a command's own flags.")


def print_command_help(console, command):
    line = console.out.line
    flags = " [FLAGS]" if command.flags.strip() else ""
    line("Usage: rawdock %s%s %s" % (command.name, flags, command.usage))
    line()
    line(command.help[:1].upper() + command.help[1:])
    if command.flags.strip():
        line()
        line("Flags:")
        print_flags(line, [flag for flag in parse_flag_table(command.flags) if flag.key not in HIDDEN_FLAGS])


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


def run_command(console, command, words):
    """Read `words` against the command's row and run it → exit status."""
    try:
        options, arguments = parse_command_line(words, parse_flag_table(HELP_FLAGS + command.flags),
                                                command.program)
    except UsageError as error:
        said = one_line(error)
        name = said.rpartition(" --")[2]
        if any(name == flag.long for flag in parse_flag_table(GLOBAL_FLAGS)):
            said += ": it stands before the command, as in rawdock --%s %s" % (name, command.name)
        console.complain("%s: %s; see rawdock %s --help" % (console.program, said, command.name))
        return 125
    short_help = options.pop("h")
    if short_help:
        console.err.line("Flag shorthand -h has been deprecated, use --help")
    if options.pop("help") or short_help:
        print_command_help(console, command)
        return 0
    check_argument_count(command, arguments)
    if command.name in DOCKER_COMMANDS:
        return reject_malformed_answer(command.run, console, options, arguments)
    return command.run(console, options, arguments)


def unknown_command(name, words):
    """The message and the hint for the words of a command line that name no command: `name`, then `words`."""
    if name in NOUN_COMMANDS and words:
        verb = NOUN_COMMANDS[name].get(words[0], words[0])
        if find_command(verb):
            return "unknown command: rawdock %s %s" % (name, words[0]), "write rawdock %s" % verb
    from difflib import get_close_matches
    near = get_close_matches(name, " ".join(names for _, names in GROUP_TITLES).split(), 1)
    hint = ("did you mean %s? " % near[0] if near else "") + "rawdock --help lists them all"
    return "unknown command: rawdock %s" % name, hint


def dispatch(console, options, arguments):
    if options["version"]:
        from .. import __version__
        console.out.line("rawdock %s" % __version__)
        return 0
    if options["help"] or not arguments or arguments == ["help"]:
        print_help(console)
        return 0 if options["help"] or arguments else 1
    name, words = arguments[0], arguments[1:]
    if name == "help":
        name, words = words[0], ["--help"]
    command = find_command(name)
    if command is None:
        raise UsageError(*unknown_command(name, words))
    if options["dry_run"] is not None:
        from .planned import dry_run
        return dry_run(console, options["dry_run"], command, words, run_command)
    if options["wire"]:
        console.show_wire()
    return run_command(console, command, words)


def main(words=None):
    """The command line (list of str; None: sys.argv) → exit status."""
    words = sys.argv[1:] if words is None else list(words)
    fill_standard_descriptors()
    console = Console()
    try:
        try:
            options, arguments = parse_command_line(words, parse_flag_table(GLOBAL_FLAGS), program=True)
        except UsageError as error:
            console.complain("rawdock: %s; see rawdock --help" % one_line(error))
            return 125
        hosts = options["host"] or [None]
        if len(hosts) > 1:
            raise UsageError("Failed to initialize: unable to resolve docker endpoint: Specify only one -H")
        console = Console(hosts[0], options["context"])
        return dispatch(console, options, arguments)
    except RawdockError as error:
        dockers = isinstance(error, APIError) or isinstance(error, ConnectError) and not error.connected
        console.complain(("%s" if dockers else "rawdock: %s") % describe_error(error))
        return 1
    except BrokenPipeError:
        # Who read the output has gone; there is nobody left to tell. 141 is what SIGPIPE would give.
        return 141
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        console.complain("rawdock: %s" % " ".join((error.strerror or str(error)).split()))
        return 1
    finally:
        console.close()


def fill_standard_descriptors():
    """Put something harmless where 0, 1 or 2 is closed.

    The next socket would get the number, and the engine our output. Input then is at its end, errors go
    nowhere, and output is refused, so that what is lost is not lost silently.
    """
    for descriptor, mode in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, mode)   # the lowest free number is this one


def exit_on_signal(number, frame):
    """A signal handler: the command ends with the status that a shell gives to a death by this signal."""
    raise SystemExit(128 + number)


def raise_signal_again(unraisable):
    """A sys.unraisablehook: send a signal again whose exception came up in a finalizer and was dropped."""
    error = unraisable.exc_value
    if isinstance(error, (KeyboardInterrupt, SystemExit)):
        # From a thread, for here its exception would be dropped again.
        number = SIGINT if isinstance(error, KeyboardInterrupt) else error.code - 128
        start_new_thread(os.kill, (os.getpid(), number))
    else:
        sys.__unraisablehook__(unraisable)


def heed_signals():
    """From here on SIGINT, SIGTERM and SIGHUP are exceptions, so that a command closes what it has opened.

    SIGINT and SIGTERM end a command that was started with them ignored too, as with the docker CLI: a
    script's `logs -f &` is such a one. SIGHUP stays ignored, for nohup.
    """
    signal(SIGINT, default_int_handler)
    signal(SIGTERM, exit_on_signal)
    if getsignal(SIGHUP) != SIG_IGN:
        signal(SIGHUP, exit_on_signal)
    sys.unraisablehook = raise_signal_again   # Python 3.8 and later call it


def run_process():
    """main() as the whole life of a process. Does not return.

    Starting fast: what a command allocates lives until its end, so looking for garbage early
    finds none, and taking the interpreter apart at the end frees what the system frees anyway.
    Output is written as it is made; nothing waits in a buffer to be lost.
    """
    import gc
    try:
        heed_signals()
        if hasattr(gc, "set_threshold"):   # PyPy has none
            gc.set_threshold(20000)
        status = main()
    except KeyboardInterrupt:
        status = 130
    except SystemExit as ended:
        status = ended.code
    os._exit(status)
