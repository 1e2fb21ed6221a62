"""Running the docker CLI's plugins: as commands, for a shell's completion, and for their hooks.

Strategy: a plugin is a child process with rawdock's standard streams, and so has its terminal. It gets the
words of the command line, as from the docker CLI: the global flags, its name, and the rest. Flags that the
docker CLI does not have are left out.

Signals: those of a terminal's keys reach the plugin too. For others the docker CLI's protocol is spoken: a
plugin connects to the socket that DOCKER_CLI_PLUGIN_SOCKET names, and the end of this connection tells it to
end. A plugin that has not connected is sent the signal; the docker CLI sends it nothing.

A hook is a plugin that is run after a command to suggest what to do next. As in the docker CLI this is done
only if stdout is a terminal and hooks are turned on.
"""
import os
import socket
import sys
from _signal import SIG_IGN, SIGINT, SIGQUIT, SIGTERM, getsignal

from ..engine.pump import CaughtSignals
from ..errors import InvalidArgument, RawdockError, UsageError
from ..net.config_file import config_directory, read_config_file
from .console import Output, describe_error
from .flags import parse_command_line, parse_flag_table, read_flag
from .format import compact_json
from .plugins import find_plugin, one_description, plugin_paths, read_plugins, run_short

# The docker CLI's own global flags, by their keys: they are passed to a plugin.
DOCKER_FLAG_KEYS = ("host context config debug log_level tls tlsverify tlscacert tlscert tlskey version help "
                    "h").split()
PRACTICE_ADDRESSES = ("practice", "practice:")
HOOKS_WORD = "docker-cli-plugin-hooks"
HOOK_SECONDS = 5.0
CANDIDATE_SECONDS = 2.0
FILE_FILTERS = 8 | 16   # bits of a completion's directive: files with these endings, directories


class PluginSocket:
    """A socket to which a plugin connects, in order to see when it must end. `name` (str) is its address,
    None where a socket needs a file; on Linux it needs none. `connected` (bool) is set by end_connections(),
    which a signal handler calls, and which another signal may therefore interrupt.
    """

    def __init__(self):
        from binascii import hexlify
        self.name, self.connected, self._listener = None, False, None
        if sys.platform.startswith("linux"):
            self.name = "@docker_cli_" + hexlify(os.urandom(16)).decode()
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind("\0" + self.name[1:])
            self._listener.listen(16)
            self._listener.setblocking(False)

    def end_connections(self):
        """Close the socket and all connections to it."""
        listener = self._listener
        while listener is not None:
            try:
                connection = listener.accept()[0]
            except OSError:   # no more of them wait
                break
            self.connected = True
            connection.close()
        self.close()

    def close(self):
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()


def terminal_signals_reach_all():
    """Whether the terminal sends the signals of its keys to this process, and so to its children too."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


class PluginSignals(CaughtSignals):
    """A context in which signals are passed to a plugin's process, those before started() when it is called.

    The third SIGINT or SIGTERM kills it and ends rawdock with status 1, as in the docker CLI.
    """

    def __init__(self, console, plugin_socket):
        CaughtSignals.__init__(self)
        self.process = None
        self._console, self._socket = console, plugin_socket
        self._ends, self._early = 0, []

    def wanted(self, number):
        return getsignal(number) != SIG_IGN and CaughtSignals.wanted(self, number)

    def caught(self, number, frame=None):
        if self.process is None:
            self._early.append(number)
            return
        if number in (SIGINT, SIGQUIT) and terminal_signals_reach_all():
            return
        if number in (SIGINT, SIGTERM):
            self._ends += 1
            self._socket.end_connections()
            if self._ends == 3:
                self._console.err.line("got 3 SIGTERM/SIGINTs, forcefully exiting")
                self.process.kill()
                raise SystemExit(1)
            if self._socket.connected:
                return
        self.process.send_signal(number)

    def started(self, process):
        self.process = process
        for number in self._early:
            self.caught(number)


def passed_words(words, table, kept):
    """The `words` of a command line (list of str) without the flags whose key is not in `kept`.

    Only flags before the first argument are left out; `table` (str) has all that may be there.
    """
    by_name = {name: flag for flag in parse_flag_table(table) for name in flag.names()}
    passed, at = [], 0
    while at < len(words) and words[at].startswith("-") and words[at] not in ("-", "--"):
        flag, text, _, letters = read_flag(words[at], by_name)
        while letters:
            flag, text, _, letters = read_flag("-" + letters, by_name)
        count = 2 if text is None and not flag.switch and flag.kind != "optional" else 1
        if flag.key in kept:
            passed += words[at:at + count]
        at += count
    return passed + words[at:]


def original_command():
    """The path of this program, for a plugin to run it again; "docker" if it cannot be run."""
    path = os.path.abspath(sys.argv[0])
    return path if os.access(path, os.X_OK) else "docker"


def plugin_environment(plugin, replaced=None):
    """The environment (dict) of a plugin's process: this one's, with the variables in `replaced` (dict) as
    they were before a flag set them (None: not set), because the plugin gets the flag itself.
    """
    attributes = "docker.cli.cobra.command_path=docker%20" + plugin.name
    before = os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "").strip()
    environment = dict(os.environ, DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND=original_command(),
                       OTEL_RESOURCE_ATTRIBUTES=",".join(filter(None, (before, attributes))),
                       **(replaced or {}))
    return {name: value for name, value in environment.items() if value is not None}


def use_address(console, environment):
    """If the engine is the practice engine, name it in a plugin's `environment` (dict) → whether it is."""
    named = console.address or (not console.context and environment.get("DOCKER_HOST"))
    if named not in PRACTICE_ADDRESSES:
        return False
    environment["DOCKER_HOST"] = str(console.engine_address())
    environment.pop("DOCKER_CONTEXT", None)
    return True


def wait_for_plugin(console, argv, environment):
    """Run a plugin with this process's standard streams → its exit status, 255 if a signal ended it."""
    from subprocess import Popen
    plugin_socket = PluginSocket()
    if plugin_socket.name is not None:
        environment["DOCKER_CLI_PLUGIN_SOCKET"] = plugin_socket.name
    try:
        with PluginSignals(console, plugin_socket) as signals:
            try:
                process = Popen(argv, env=environment)
            except (OSError, ValueError) as error:
                raise UsageError("cannot run the plugin %s: %s" % (argv[0], error)) from None
            signals.started(process)
            status = process.wait()
    finally:
        plugin_socket.close()
    return 255 if status < 0 else status


def run_found_plugin(console, plugin, table):
    """Run a Plugin with the command line of `console` → its exit status. `table` (str) has the global flags.
    """
    environment = plugin_environment(plugin, console.replaced)
    practice = use_address(console, environment)
    kept = [key for key in DOCKER_FLAG_KEYS if not (practice and key in ("host", "context"))]
    words = passed_words(console.words, table, kept)
    return wait_for_plugin(console, [plugin.path] + words, environment)


# -- candidates

def candidate_plugins(is_command):
    """The plugins that can be used, as candidates of a completion: lines of name, tab, description."""
    found = read_plugins(plugin_paths(), is_command, CANDIDATE_SECONDS)
    return ["%s\t%s" % (plugin.name, one_description(plugin)) for plugin in found if not plugin.error]


def candidates_of_plugin(console, is_command, words):
    """The candidates that the plugin `words[0]` has for the last of `words` → (lines, directive of
    `completion`), or None if there is no such plugin.
    """
    plugin = find_plugin(words[0], is_command, CANDIDATE_SECONDS)
    if plugin is None:
        return None
    environment = plugin_environment(plugin)
    if not use_address(console, environment) and (console.address or console.context):
        # `__complete` takes no global flags.
        environment.pop("DOCKER_HOST", None)
        variable = "DOCKER_HOST" if console.address else "DOCKER_CONTEXT"
        environment[variable] = console.address or console.context
    run = run_short([[plugin.path, "__complete"] + words], CANDIDATE_SECONDS, environment)[0]
    lines = run.output.decode("utf-8", "replace").splitlines()
    if run.error or not lines or not lines[-1][1:].isdigit():
        return [], 0
    directive = int(lines[-1][1:])
    if directive & FILE_FILTERS:
        return [], 0
    return [line for line in lines[:-1] if not line.startswith("_activeHelp_ ")], directive


# -- hooks

def matching_hook(hooks, words):
    """The first of `hooks` (str, separated by commas) whose words begin the command line `words` (str)."""
    for hook in hooks.split(",") if isinstance(hooks, str) and hooks else ():
        wanted = hook.split(" ")
        if words.split(" ")[:len(wanted)] == wanted:
            return hook
    return None


def flag_text(flag, value):
    """The `value` of a Flag as Go prints it (str)."""
    if flag.switch:
        return "true" if value else "false"
    return "[%s]" % " ".join(value or ()) if flag.kind in ("list", "filter", "label") else str(value or "")


class FinishedCommand:
    """A command that has ended: its `words` without flags ("context ls"), the flags `given` to it ({name:
    text of a switch, else ""}), and the fields that a hook's template can name, `shown` (dict).
    """

    def __init__(self, words, given, shown, values=(), arguments=()):
        self.words, self.given, self.shown = words, given, shown
        self._values, self._arguments = dict(values), list(arguments)

    def expand(self, template):
        """Execute a hook's template (str) → list of lines. RawdockError if it cannot be executed."""
        from .template import Template
        from .template_functions import TEMPLATE_FUNCTIONS
        functions = dict(TEMPLATE_FUNCTIONS, flag=("as", self.flag), arg=("ai", self.argument))
        return Template(template, functions).execute(self.shown).split("\n")

    def flag(self, command, name):
        if name not in self._values:
            raise UsageError("no flag --%s" % name)
        return self._values[name]

    def argument(self, command, number):
        return self._arguments[number] if 0 <= number < len(self._arguments) else ""


def finished_command(command, words):
    """The FinishedCommand for a Command and the words (list of str) after its name."""
    flags = parse_flag_table("--help  bool  -\n" + command.flags)
    try:
        options, arguments = parse_command_line(words, flags, command.program)
    except InvalidArgument:
        options, arguments = parse_command_line([], flags)
    values = {name: flag_text(flag, options[flag.key]) for flag in flags for name in flag.longs}
    given = {flag.long: values[flag.long] if flag.switch else "" for flag in flags
             if flag.long and options[flag.key] not in (None, flag.kind == "on")}
    name = command.path.split(" ")[-1]
    shown = {"Name": name, "CommandPath": "rawdock " + command.path,
             "Use": name + command.usage_line()[len(command.path):], "Short": command.help}
    return FinishedCommand(command.path, given, shown, values, arguments)


def finished_plugin(words):
    """The FinishedCommand for a plugin's name and the words after it (list of str), whose flags have no
    values, because nobody knows which take one.
    """
    given = {word[2 if word.startswith("--") else 1:]: "" for word in words if word.startswith("-")}
    return FinishedCommand(" ".join(words), given, {"Name": "rawdock"})


def ask_hook(is_command, name, hook, finished, error):
    """The lines (list of str) that the plugin called `name` has to print after a command."""
    import json
    plugin = find_plugin(name, is_command)
    if plugin is None:
        return []
    given = {key: finished.given[key] for key in sorted(finished.given)}
    data = compact_json({"RootCmd": hook, "Flags": given, "CommandError": error}, html=True)
    run = run_short([[plugin.path, name, HOOKS_WORD, data]], HOOK_SECONDS, plugin_environment(plugin))[0]
    answer = json.loads(run.output.decode("utf-8")) if run.error is None else {}
    if not isinstance(answer, dict) or answer.get("Type", 0) != 0:   # 0: the next steps
        return []
    lines = finished.expand(answer.get("Template") or "")
    return lines if any(line.strip() for line in lines) else []


def run_hooks(is_command, finished, error=""):
    """Run the plugins that have a hook for a FinishedCommand, and print their lines on stderr.

    `error` (str) is that of the command. A plugin that fails is ignored, as in the docker CLI.
    """
    lines = []
    try:
        settings = read_config_file(config_directory(os.environ)).get("plugins")
    except RawdockError:
        return
    for name, setting in settings.items() if isinstance(settings, dict) else ():
        hook = matching_hook(setting.get("hooks"), finished.words) if isinstance(setting, dict) else None
        try:
            lines += ask_hook(is_command, name, hook, finished, error) if hook is not None else []
        except (RawdockError, ValueError, TypeError):
            pass
    if lines:
        bold, end = (b"\x1b[1m", b"\x1b[0m") if not os.environ.get("NO_COLOR") else (b"", b"")
        output = Output(2)
        output.write(bold + b"\nWhat's next:" + end + b"\n")
        output.line("\n".join("    " + line for line in lines))


def run_with_hooks(is_command, run, command, words):
    """Call run(), then the hooks for what it ran: a Command with the `words` (list of str) after its name.

    Returns the exit status that run() returned, and raises what it raised.
    """
    finished = finished_command(command, words)
    try:
        status = run()
    except RawdockError as error:
        run_hooks(is_command, finished, describe_error(error))
        raise
    run_hooks(is_command, finished)
    return status
