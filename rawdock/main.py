"""The `rawdock` command: the one table of all commands and global flags, and how a command line is run.

A row says which file has which commands. A file is imported only when one of its commands is run, and this is
most of why `rawdock ps` starts fast. The client's rows come first. The school's are in a block of their own,
the only link from the client to it: a copy without the school has everything else.

Mistakes end as in the docker CLI: exit status 125 for a wrong flag, 1 for others, 130 after Ctrl-C; after
SIGTERM 143.
"""
import os
import sys
from collections import namedtuple
from _signal import SIG_IGN, SIGHUP, SIGINT, SIGTERM, default_int_handler, getsignal, signal
from _thread import start_new_thread

from .cli.console import CommandFailed, Console, describe_error, one_line, reject_malformed_answer
from .cli.flags import (TRUE_WORDS, Command, check_argument_count, parse_command_line, parse_flag_table,
                        usage_mistake)
from .errors import AddressError, APIError, ConnectError, InvalidArgument, RawdockError, UsageError

CLIENT_FLAGS = """
--config        text  DIR  the folder of config.json and of the contexts (default ~/.docker)
-c, --context   text  NAME  a context, as `docker context` makes it
-D, --debug     bool  debug mode
-H, --host      list  ADDRESS  the engine: unix:///path, tcp://HOST:PORT or ssh://USER@HOST
--insecure-tcp  bool  allow TCP without TLS to another machine
-l, --log-level text  LEVEL  debug, info, warn, error or fatal (default info)
--tls           either  use TLS; implied by --tlsverify
--tlscacert     text  FILE  trust certificates signed by this CA only
--tlscert       text  FILE  the client's TLS certificate
--tlskey        text  FILE  the private key of --tlscert
--tlsverify     either  use TLS, and verify the engine
-v, --version   bool  the version of rawdock
"""
LOG_LEVELS = " panic fatal error warn warning info debug trace".split(" ")
# In front of a command's own flags, whose -h, a header's or a host name's, wins.
HELP_FLAGS = "--help  bool  this page\n-h  bool  -\n"


class CommandFile(namedtuple("CommandFile", "title names load guard")):
    """A file with commands: the `title` they have in the help, their `names`, and `load()` → its table.

    `names` are written with a comma between two, and are a list of str then: a name is a word ("ps"), or two
    for what exists under a noun only ("volume ls"). `guard(function, *arguments)`, or None, calls a command
    in place of main.
    """

    __slots__ = ()

    def __new__(cls, title, names, load, guard=None):
        return tuple.__new__(cls, (title, names.split(", "), load, guard))


class SchoolFlag(namedtuple("SchoolFlag", "line act")):
    """A global flag of the school: its `line` in the flag table, and what it does before its command is run.

    `act(console, value, command, words)` returns None to go on, or the exit status of what it did instead.
    """

    __slots__ = ()

    @property
    def key(self):
        return parse_flag_table(self.line)[0].key


def raw_commands():
    from .cli.raw import RAW_COMMANDS
    return RAW_COMMANDS


def lifecycle_commands():
    from .cli.lifecycle import LIFECYCLE_COMMANDS
    return LIFECYCLE_COMMANDS


def container_commands():
    from .cli.containers import CONTAINER_COMMANDS
    return CONTAINER_COMMANDS


def archive_commands():
    from .cli.archives import ARCHIVE_COMMANDS
    return ARCHIVE_COMMANDS


def export_commands():
    from .cli.archives import EXPORT_COMMANDS
    return EXPORT_COMMANDS


def stats_commands():
    from .cli.stats import STATS_COMMANDS
    return STATS_COMMANDS


def listing_commands():
    from .cli.listing import LISTING_COMMANDS
    return LISTING_COMMANDS


def watching_commands():
    from .cli.watching import WATCHING_COMMANDS
    return WATCHING_COMMANDS


def about_commands():
    from .cli.about import ABOUT_COMMANDS
    return ABOUT_COMMANDS


def copy_commands():
    from .cli.copy import COPY_COMMANDS
    return COPY_COMMANDS


def image_commands():
    from .cli.images import IMAGE_COMMANDS
    return IMAGE_COMMANDS


def build_commands():
    from .cli.build import BUILD_COMMANDS
    return BUILD_COMMANDS


def login_commands():
    from .cli.login import LOGIN_COMMANDS
    return LOGIN_COMMANDS


def prune_commands():
    from .cli.prune import PRUNE_COMMANDS
    return PRUNE_COMMANDS


def volume_commands():
    from .cli.volumes import VOLUME_COMMANDS
    return VOLUME_COMMANDS


def network_commands():
    from .cli.networks import NETWORK_COMMANDS
    return NETWORK_COMMANDS


def context_commands():
    from .cli.contexts import CONTEXT_COMMANDS
    return CONTEXT_COMMANDS


def system_commands():
    from .cli.system import SYSTEM_COMMANDS
    return SYSTEM_COMMANDS


def doctor_commands():
    from .cli.doctor import DOCTOR_COMMANDS
    return DOCTOR_COMMANDS


def completion_commands():
    from .cli.completion import CommandTables, completion_table
    names = [name for file in CLIENT_COMMANDS + SCHOOL_COMMANDS for name in file.names
             if " " not in name and not name.startswith("_")]
    verbs = {noun: [spellings[0] for spellings, _ in noun_verbs(noun) if spellings[0] not in HIDDEN_VERBS]
             for noun in NOUNS}
    return completion_table(CommandTables(names + list(NOUNS) + ["help"], verbs, find_words, describe_words,
                                          plugin_candidates, root_command()))


def describe_words(words):
    """What a command, a noun, or a noun and its verb (list of str) do, in a few words; "" if unknown."""
    if len(words) == 1 and words[0] in NOUNS:
        return "Manage " + NOUNS[words[0]][0]
    try:
        command = find_words(words)[0]
    except ImportError:   # this Python lacks a module that its file needs
        command = None
    if command is None:
        return "Help about the command" if words == ["help"] else ""
    from .cli.help import summary
    return summary(command)


CLIENT_COMMANDS = (
    CommandFile("Raw: any request, by hand", "GET, HEAD, POST, PUT, DELETE, nc, endpoints, system dial-stdio",
                raw_commands),
    CommandFile("Containers",
                "run, create, update, exec, attach, start, stop, kill, restart, rm, wait, rename",
                lifecycle_commands, reject_malformed_answer),
    CommandFile("Containers", "commit, diff, pause, unpause, port, top", container_commands,
                reject_malformed_answer),
    CommandFile("Containers", "export", export_commands, reject_malformed_answer),
    CommandFile("Containers", "stats", stats_commands, reject_malformed_answer),
    CommandFile("Containers", "cp", copy_commands, reject_malformed_answer),
    CommandFile("What there is, and what happens", "ps", listing_commands, reject_malformed_answer),
    CommandFile("What there is, and what happens", "inspect, logs, events, container inspect",
                watching_commands, reject_malformed_answer),
    CommandFile("What there is, and what happens", "version, info", about_commands, reject_malformed_answer),
    CommandFile("Images", "images, history, tag, pull, push, search, rmi, image inspect", image_commands,
                reject_malformed_answer),
    CommandFile("Images", "save, load, import", archive_commands, reject_malformed_answer),
    CommandFile("Images", "build", build_commands, reject_malformed_answer),
    CommandFile("Images", "login, logout", login_commands, reject_malformed_answer),
    CommandFile("Images", "volume create, volume inspect, volume ls, volume rm, volume update",
                volume_commands, reject_malformed_answer),
    CommandFile("Images", "network connect, network create, network disconnect, network inspect, network ls, "
                            "network rm", network_commands, reject_malformed_answer),
    CommandFile("Images", "system df", system_commands, reject_malformed_answer),
    CommandFile("Images", "builder prune, container prune, image prune, network prune, volume prune, "
                "system prune",
                prune_commands, reject_malformed_answer),
    CommandFile("Which engine", "doctor", doctor_commands),
    CommandFile("Which engine", "context create, context export, context import, context inspect, "
                "context ls, context rm, context show, context update, context use", context_commands),
    CommandFile("In a shell", "completion, __complete", completion_commands),
)

# ==== school begin: a copy without the school leaves this block out


def explain_commands():
    from .teach.explain.commands import EXPLAIN_COMMANDS
    return EXPLAIN_COMMANDS


def run_line_commands():
    from .teach.dryrun.run_line import RUN_LINE_COMMANDS
    return RUN_LINE_COMMANDS


def tap_commands():
    from .teach.tap.commands import TAP_COMMANDS
    return TAP_COMMANDS


def compare_commands():
    from .teach.tap.compare import COMPARE_COMMANDS
    return COMPARE_COMMANDS


def lesson_commands():
    from .teach.lessons.commands import LEARN_COMMANDS
    return LEARN_COMMANDS


def conform_commands():
    from .teach.conform.commands import CONFORM_COMMANDS
    return CONFORM_COMMANDS


def practice_commands():
    from .teach.practice.commands import PRACTICE_COMMANDS
    return PRACTICE_COMMANDS


def print_plan(console, form, command, words):
    from .teach.dryrun.commands import dry_run
    client = [name for file in CLIENT_COMMANDS for name in file.names]
    return dry_run(console, form, command, words, run_command, client)


def show_connections(console, value, command, words):
    from .teach.explain.commands import show_wire
    show_wire(console)


def start_practice(console):
    from .teach.practice.commands import serve_practice
    return serve_practice(console)


SCHOOL_COMMANDS = (
    CommandFile("What bytes mean", "explain", explain_commands),
    CommandFile("What bytes mean", "explain-container", run_line_commands, reject_malformed_answer),
    CommandFile("Between client and engine", "tap, replay", tap_commands),
    CommandFile("Between client and engine", "compare", compare_commands),
    CommandFile("Learning", "learn, tour", lesson_commands),
    CommandFile("Learning", "conform", conform_commands),
    CommandFile("In the engine's place", "practice", practice_commands),
)
SCHOOL_FLAGS = (
    SchoolFlag("--dry-run  optional  [=FORM]  print what would be sent, as http (the default), nc, curl or "
               "python, or as json its first body, and open no socket", print_plan),
    SchoolFlag("--wire  bool  show what crosses the connections on stderr, explained, while the command runs",
               show_connections),
)
SCHOOL_PRACTICE = start_practice
SCHOOL_NOTES = ["\nWithout Docker: rawdock -H practice: run hello-world asks the practice engine in rawdock."]
# ==== school end

# What a copy without the school says of its words.
SCHOOL_WORDS = ("explain explain-container tap replay compare learn tour conform practice --wire --dry-run"
                " practice:").split()


def school_is_missing(word):
    """The UsageError for a word of the school's in a copy that does not have it."""
    return UsageError("%s belongs to rawdock's school, which this copy does not have" % word,
                      "it is in the package and in the single file that tools/amalgamate --whole writes")


def missing_module(error, words):
    """The UsageError for an ImportError: in this copy the school is missing, or in this Python a module.

    `words` (list of str) are the command line.
    """
    if str(error.name).rpartition(".")[2] != "teach":
        return UsageError("this Python has no %s module" % error.name,
                          "on Debian: apt install libpython3-stdlib")
    wanted = [word.partition("=")[0] for word in words]
    return school_is_missing(next((word for word in wanted if word in SCHOOL_WORDS), "practice:"))


def find_command_file(name):
    """The CommandFile that has the command `name`, or None. UsageError if it is missing in this copy."""
    for file in CLIENT_COMMANDS + SCHOOL_COMMANDS:
        if name in file.names:
            return file
    if name in SCHOOL_WORDS:
        raise school_is_missing(name)
    return None


def is_command(name):
    """Whether `name` (str) is a command or noun, in a copy without the school also a word of the school's."""
    return name in SCHOOL_WORDS or name in NOUNS or name == "help" or any(
        name in file.names for file in CLIENT_COMMANDS + SCHOOL_COMMANDS)


def find_command(name):
    """The Command called `name`, or None. Imports the one file that has it."""
    file = find_command_file(name)
    return None if file is None else file.load()[name]


HIDDEN_VERBS = ("dial-stdio",)   # in no list, as in the docker CLI: other programs run them

# ==== nouns begin: a copy without a command of a noun leaves this block out

# What each noun manages, and its verbs. A verb runs the row of its two words ("volume ls") if a file has one,
# else the row after its "=", else that of the verb alone. A verb's aliases follow it after commas.
NOUNS = {
    "builder": ("builds", "build prune"),
    "container": ("containers", "attach commit cp create diff exec export inspect kill logs "
                  "ls,list,ps=ps pause port prune rename restart rm,remove run start stats stop top "
                  "unpause update wait"),
    "context": ("contexts", "create export import inspect ls,list rm,remove show update use"),
    "image": ("images", "build history import inspect load ls,list=images prune pull push "
              "rm,remove,rmi=rmi save tag"),
    "network": ("networks", "connect create disconnect inspect ls,list prune rm,remove"),
    "system": ("Docker", "df dial-stdio events info prune"),
    "volume": ("volumes", "create inspect ls,list prune rm,remove update"),
}
NOUN_LINES = ["  %-10s  Manage %s" % (noun, NOUNS[noun][0]) for noun in sorted(NOUNS)]


def noun_verbs(noun):
    """For each verb of a noun that this copy has: (the verb and its aliases, the name of its row)."""
    found = []
    for text in NOUNS[noun][1].split():
        spellings, _, name = text.partition("=")
        verbs = spellings.split(",")
        names = ["%s %s" % (noun, verbs[0]), name or verbs[0]]
        found += [(verbs, name) for name in names if find_command_file(name)][:1]
    return found


def find_verb(noun, words):
    """The Command of a noun's verb, the first of `words`, and the words after it.

    Without such a verb it is the noun's own Command, which shows what verbs there are.
    """
    at = 1 if words[:1] in (["--help"], ["-h"]) else 0
    for verbs, name in noun_verbs(noun):
        if len(words) > at and words[at] in verbs:
            command = find_command(name)._replace(path="%s %s" % (noun, verbs[0]))
            return command, words[:at] + words[at + 1:]
    from .cli.help import noun_command
    return noun_command(noun, NOUNS[noun][0], [(verbs[0], find_command(name))
                                               for verbs, name in noun_verbs(noun)
                                               if verbs[0] not in HIDDEN_VERBS]), words


def command_aliases(name):
    """Every spelling of the command whose row has this name (list of str)."""
    found = ["%s %s" % (noun, verb) for noun in NOUNS for verbs, row in noun_verbs(noun) if row == name
             for verb in verbs]
    return found + ([] if " " in name else [name])
# ==== nouns end


# ==== plugins begin: a copy of a few commands leaves this block out

def run_plugin(console, words, options):
    """Run the plugin whose name `words` (list of str) begin with → its exit status, None without one.

    UsageError if the global `options` have one that only rawdock's own commands can obey.
    """
    from .cli.plugin_runs import finished_plugin, run_found_plugin, run_hooks
    from .cli.plugins import find_plugin
    plugin = find_plugin(words[0], is_command)
    if plugin is None:
        return None
    for flag in SCHOOL_FLAGS:
        if options[flag.key] not in (None, False):
            raise UsageError("--%s shows what commands of rawdock's own send, and %s is a plugin"
                             % (flag.key.replace("_", "-"), words[0]),
                             "see what a plugin sends with: rawdock tap -- rawdock %s" % " ".join(words))
    status = run_found_plugin(console, plugin, HELP_FLAGS + global_flags())
    if status == 0 and hooks_enabled(console):
        run_hooks(is_command, finished_plugin(words))
    return status


def plugin_candidates(console, words):
    """The candidates (lines, directive) of the plugin that the first of `words` names, None without one; all
    plugins (lines) for no words.
    """
    from .cli.plugin_runs import candidate_plugins, candidates_of_plugin
    return candidates_of_plugin(console, is_command, words) if words else candidate_plugins(is_command)


def plugin_help():
    """What the help says of plugins: lines about those that can be used, and about the others."""
    from .cli.plugins import plugin_help_lines
    return plugin_help_lines(is_command)


def hooks_enabled(console):
    """Whether plugins may speak after a command: stdout is a terminal, and the user has turned hooks on."""
    if not console.out.isatty():
        return False
    setting = os.environ.get("DOCKER_CLI_HOOKS") or os.environ.get("DOCKER_CLI_HINTS")
    if not setting:
        from .net.config_file import feature_setting
        from .net.config_file import config_directory
        setting = feature_setting(config_directory(os.environ), "hooks")
    return setting in TRUE_WORDS


def run_hooked(console, command, words):
    """run_command() and the plugins' hooks after it → the exit status; None, and nothing is run, if hooks are
    off.
    """
    if not hooks_enabled(console):
        return None
    from .cli.plugin_runs import run_with_hooks
    return run_with_hooks(is_command, lambda: run_command(console, command, words), command, words)
# ==== plugins end


def find_words(words):
    """The Command that a command line (list of str) names, or None, and the words after its name."""
    if words[0] in NOUNS:
        return find_verb(words[0], words[1:])
    return find_command(words[0]), words[1:]


def practice_address(console):
    """Start the practice engine for a Console → its Address. UsageError in a copy without the school."""
    if SCHOOL_PRACTICE is None:
        raise school_is_missing("practice:")
    return SCHOOL_PRACTICE(console)


def global_flags():
    """The table (str) of the flags that stand before the command."""
    return "\n".join([CLIENT_FLAGS] + [flag.line for flag in SCHOOL_FLAGS])


def print_page(output, command):
    """Write the page of --help of a Command, the root's too, to an Output."""
    from .cli.help import print_command_help, root_help
    if not command.path:
        text = root_help(CLIENT_COMMANDS + SCHOOL_COMMANDS, SCHOOL_NOTES, NOUN_LINES, plugin_help())
        command = command._replace(help=text)
    print_command_help(output, command, command_aliases(command.name) if NOUNS else [])


def run_command(console, command, words):
    """Read `words` against the command's row and run it → exit status."""
    file = find_command_file(command.name)
    try:
        options, arguments = parse_command_line(words, parse_flag_table(HELP_FLAGS + command.flags),
                                                command.program)
        short_help = options.pop("h")
        if short_help:
            notice = "Flag shorthand -h has been deprecated, use --help"
            (console.out if command.path else console.err).line(notice)
        if options.pop("help") or short_help:
            if command.path:
                print_page(console.out, command)
                return 0
            arguments.insert(0, "help")
        check_argument_count(command, arguments)
        if file is not None and file.guard is not None:
            return file.guard(command.run, console, options, arguments)
        return command.run(console, options, arguments)
    except InvalidArgument as error:
        said, word = error.message, error.message.rpartition(" ")[2]
        if word in SCHOOL_WORDS and not SCHOOL_FLAGS:
            raise school_is_missing(word)
        if word in SCHOOL_WORDS:
            said += ": it stands before the command, as in rawdock %s %s" % (word, command.path)
        raise usage_mistake(command, said, 125)


def use_global_options(console, options):
    """Note on the Console what the flags before the command say. CommandFailed in the docker CLI's words."""
    hosts, level = options["host"] or [None], options["log_level"] or ""
    if level.lower() not in LOG_LEVELS:
        raise CommandFailed("Unable to parse logging level: %s" % level, 1)
    if options["context"] and options["host"]:
        raise CommandFailed("conflicting options: cannot specify both --host and --context", 1)
    if len(hosts) > 1:
        raise CommandFailed("Failed to initialize: unable to resolve docker endpoint: Specify only one -H", 1)
    console.address, console.context, console.endpoint_flags = hosts[0], options["context"], options
    if options["config"]:
        console.replaced = {name: os.environ.get(name) for name in ("DOCKER_CERT_PATH", "DOCKER_CONFIG")}
        # In the docker CLI the TLS flags have their defaults before --config is read.
        if not os.environ.get("DOCKER_CERT_PATH"):
            home = os.environ.get("DOCKER_CONFIG") or os.path.expanduser("~/.docker")
            os.environ["DOCKER_CERT_PATH"] = home
        os.environ["DOCKER_CONFIG"] = options["config"]
    if options["debug"]:
        os.environ["DEBUG"] = "1"   # as the docker CLI tells its plugins


def dispatch(console, options, arguments):
    """Run the command that `arguments` (list of str) name, with the global `options` → exit status."""
    use_global_options(console, options)
    topic = arguments[:1] == ["help"]
    arguments = arguments[topic:]
    if options["version"] and not arguments:
        from . import __version__
        console.out.line("rawdock %s" % __version__)
        return 0
    if not arguments:
        print_page(console.out if topic else console.err, root_command())
        return 0
    command, words = find_words(arguments)
    if command is None:
        status = run_plugin(console, arguments, options)
        if status is not None:
            return status
    if topic and (command is None or words):
        raise CommandFailed("unknown help topic: %s" % " ".join(words if command else arguments), 1)
    if command is None:
        from .cli.help import unknown_command
        raise unknown_command(arguments[0], CLIENT_COMMANDS + SCHOOL_COMMANDS)
    if topic:
        words = ["--help"]
    for flag in SCHOOL_FLAGS:
        value = options[flag.key]
        if value not in (None, False):
            status = flag.act(console, value, command, words)
            if status is not None:
                return status
    status = run_hooked(console, command, words)
    return run_command(console, command, words) if status is None else status


def root_command():
    """The Command that is `rawdock` itself: its flags are those that stand before a command."""
    return Command("", dispatch, "COMMAND [ARG...]", "", global_flags(), program=True)


def main(words=None):
    """The command line (list of str; None: sys.argv) → exit status."""
    words = sys.argv[1:] if words is None else list(words)
    fill_standard_descriptors()
    console = Console()
    console.serve_practice, console.is_command, console.words = practice_address, is_command, words
    try:
        return run_command(console, root_command(), words)
    except CommandFailed as error:
        console.complain(str(error))
        return error.status
    except RawdockError as error:
        dockers = isinstance(error, APIError) or isinstance(error, ConnectError) and not error.connected
        before = "Failed to initialize: unable to resolve docker endpoint: " * isinstance(error, AddressError)
        console.complain((before or "rawdock: " * (not dockers)) + describe_error(error))
        return 1
    except ImportError as error:
        console.complain("rawdock: %s" % one_line(missing_module(error, words)))
        return 1
    except BrokenPipeError:
        # Who read the output has gone; there is nobody left to tell. 141 is what SIGPIPE would give.
        return 141
    except OSError as error:
        console.complain("rawdock: %s" % " ".join((error.strerror or str(error)).split()))
        return 1
    finally:
        console.close()


def fill_standard_descriptors():
    """Open something harmless as each of the descriptors 0, 1 and 2 that is closed.

    Otherwise the next socket would get the number, and the engine the output. Input is then at its end,
    errors go nowhere, and output is refused, so that it is not lost silently.
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


def run_process(at_end=None):
    """main() as the whole life of a process. Does not return.

    `at_end` is called when the work is done. What it raises does not change the exit status.

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
    try:
        if at_end is not None:
            at_end()
    finally:
        os._exit(status)
