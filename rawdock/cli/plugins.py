"""Finding the docker CLI's plugins: programs called docker-NAME that add the command NAME.

Strategy: a plugin that is run with the one argument docker-cli-plugin-metadata describes itself in a JSON
object on stdout. All plugins run at once, with limits of time and size (the docker CLI waits for ever). The
checks of the metadata have the docker CLI's order and words.

Promises: such a run has no input and no terminal, and leaves no process behind. No plugin is run for a word
that is a command of rawdock.
"""
import os
import re
from collections import namedtuple
from _signal import SIGKILL

from ..errors import ConfigError, UsageError
from ..net.config_file import config_directory, read_config_file
from .format import natural_order, quote_text

PLUGIN_NAME = "[a-z][a-z0-9]*"
METADATA_WORD = "docker-cli-plugin-metadata"
METADATA_SECONDS = 5.0         # for all that run at once
MAX_PLUGIN_ANSWER = 1 << 20    # bytes
SYSTEM_PLUGIN_DIRECTORIES = ["/usr/local/lib/docker/cli-plugins", "/usr/local/libexec/docker/cli-plugins",
                             "/usr/lib/docker/cli-plugins", "/usr/libexec/docker/cli-plugins"]
METADATA_FIELDS = ("SchemaVersion", "Vendor", "Version", "ShortDescription", "URL")
GO_TYPE_NAMES = {bool: "bool", int: "number", float: "number", str: "string", list: "array", dict: "object"}
# How the message of a JSONDecodeError begins; how many characters after its position Go's encoding/json
# reports the mistake; Go's words for the character there.
GO_JSON_MISTAKES = (
    ("Expecting value", 0, "looking for beginning of value"),
    ("Expecting property name", 0, "looking for beginning of object key string"),
    ("Illegal trailing comma", 1, "looking for beginning of object key string"),
    ("Expecting ':'", 0, "after object key"), ("Expecting ','", 0, "after object key:value pair"),
    ("Invalid control character", 0, "in string literal"), ("Invalid \\escape", 1, "in string escape code"),
    ("Extra data", 0, "after top-level value"))
SIGNAL_TEXTS = {2: "interrupt", 6: "aborted", 9: "killed", 11: "segmentation fault", 15: "terminated"}


class Plugin(namedtuple("Plugin", "name path facts error late")):
    """A plugin: its `name`, the `path` of its file, and its metadata as `facts` (dict of str).

    `error` (str) is None if it can be used. `late` is True if the metadata did not come in time.
    """

    __slots__ = ()

    def described(self):
        """Its members in the output of `info --format json` (dict)."""
        shown = dict(self.facts, Name=self.name, Path=self.path, Err=self.error)
        return {key: value for key, value in shown.items() if value}


class ShortRun:
    """A program that is run for its `output` (bytes). `error` is None, or the docker CLI's words (str) for
    what went wrong; `late` is True if it had to be killed.
    """

    def __init__(self, argv, environment=None):
        from subprocess import DEVNULL, PIPE, Popen
        self.output, self.error, self.late, self.process = b"", None, False, None
        try:
            # In a session of its own, so that what it has started ends with it.
            self.process = Popen(argv, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL, env=environment,
                                 start_new_session=True)
        except (OSError, ValueError) as error:
            reason = os.strerror(error.errno).lower() if isinstance(error, OSError) else str(error)
            self.error = "fork/exec %s: %s" % (argv[0], reason)

    def read(self):
        """Read once → whether more may come."""
        data = os.read(self.process.stdout.fileno(), 65536)
        self.output += data
        return bool(data) and len(self.output) <= MAX_PLUGIN_ANSWER

    def finish(self, seconds, limit):
        """Wait for its exit, at most `seconds`; the error names the `limit` of which they are the rest."""
        from subprocess import TimeoutExpired
        if len(self.output) > MAX_PLUGIN_ANSWER:   # it waits for somebody to read the rest
            self.error = "its answer is longer than %d bytes" % MAX_PLUGIN_ANSWER
            return
        try:
            status = self.process.wait(seconds)
            if status:
                self.error = ("exit status %d" % status if status > 0
                              else "signal: %s" % SIGNAL_TEXTS.get(-status, -status))
        except TimeoutExpired:
            self.late, self.error = True, "no answer within %g seconds" % limit

    def close(self):
        if self.process is not None:
            try:
                os.killpg(self.process.pid, SIGKILL)
            except OSError:   # there is nothing left of it
                pass
            self.process.stdout.close()
            self.process.wait()


def run_short(command_lines, seconds, environment=None):
    """Run programs (list of argv) in parallel, for at most `seconds` → list of ShortRun, all ended."""
    from select import select
    from time import monotonic
    runs, end = [], monotonic() + seconds
    try:
        runs += [ShortRun(argv, environment) for argv in command_lines]
        reading = {run.process.stdout.fileno(): run for run in runs if run.process is not None}
        started = list(reading.values())
        while reading:
            ready = select(list(reading), [], [], max(0, end - monotonic()))[0]
            if not ready:
                break
            for descriptor in ready:
                if not reading[descriptor].read():
                    del reading[descriptor]
        for run in started:
            run.finish(max(0, end - monotonic()), seconds)
    finally:
        for run in runs:
            run.close()
    return runs


def plugin_directories():
    """The directories (list of str) to search for plugins, in order. Any of them may not exist."""
    directory = config_directory(os.environ)
    try:
        extra = read_config_file(directory).get("cliPluginsExtraDirs")
    except ConfigError:   # whoever needs the file says so
        extra = None
    extra = [one for one in extra if isinstance(one, str)] if isinstance(extra, list) else []
    return extra + [os.path.join(directory, "cli-plugins")] + SYSTEM_PLUGIN_DIRECTORIES


def plugin_paths():
    """{name: path} of each file called docker-NAME in plugin_directories(); the first of a name is taken."""
    paths = {}
    for directory in plugin_directories():
        try:
            entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            if entry.name.startswith("docker-") and (entry.is_symlink() or entry.is_file()):
                paths.setdefault(entry.name[len("docker-"):], os.path.join(directory, entry.name))
    return paths


def go_json_mistake(data, error):
    """A json.JSONDecodeError in the words of Go's encoding/json, which reads bytes: so `data` is latin-1."""
    for beginning, ahead, where in GO_JSON_MISTAKES:
        if not error.msg.startswith(beginning):
            continue
        rest = data[error.pos + ahead:]
        rest = rest if where == "in string literal" else rest.lstrip(" \t\r\n")
        literal = next((word for word in ("true", "false", "null") if word[0] == rest[:1]), "")
        if literal and ahead == 0 and where.endswith("of value"):
            same = len(os.path.commonprefix([literal, rest]))
            rest, where = rest[same:], "in literal %s (expecting '%s')" % (literal, literal[same])
        if rest:
            letter = {"'": "\\'", '"': '"'}.get(rest[0]) or repr(rest[0])[1:-1]
            return "invalid character '%s' %s" % (letter, where)
    return "unexpected end of JSON input"


def read_metadata(data):
    """A plugin's metadata (bytes) → (its facts as a dict of str; None, or what is wrong as a str)."""
    import json
    try:
        value = json.loads(data.decode("latin-1"))
        value = json.loads(data.decode("utf-8", "replace"))
    except RecursionError:
        return {}, "invalid metadata: exceeded max depth"
    except ValueError as error:
        return {}, "invalid metadata: " + go_json_mistake(data.decode("latin-1"), error)
    if value is None:
        value = {}
    if not isinstance(value, dict):
        return {}, ("invalid metadata: json: cannot unmarshal %s into Go value of type metadata.Metadata"
                    % GO_TYPE_NAMES[type(value)])
    # As Go does: the case of a name does not count, and null changes nothing.
    found = {name.lower(): one for name, one in value.items() if one is not None}
    found = {name: found[name.lower()] for name in METADATA_FIELDS if name.lower() in found}
    facts = {name: one for name, one in found.items() if isinstance(one, str)}
    for name in found:
        if name not in facts:
            return facts, ("invalid metadata: json: cannot unmarshal %s into Go struct field Metadata.%s of "
                           "type string" % (GO_TYPE_NAMES[type(found[name])], name))
    if facts.get("SchemaVersion") != "0.1.0":
        return facts, ('plugin SchemaVersion "%s" is not valid, must be 0.1.0'
                       % facts.get("SchemaVersion", ""))
    return facts, None if facts.get("Vendor") else "plugin metadata does not define a vendor"


def read_plugins(paths, is_command, seconds=METADATA_SECONDS):
    """Read the metadata of the plugins in `paths` ({name: path}), within `seconds` → list of Plugin.

    is_command(name) is whether rawdock has a command of that name, which no plugin can take.
    """
    refused = {}
    for name in paths:
        if not re.fullmatch(PLUGIN_NAME, name):
            refused[name] = 'plugin candidate %s did not match "^%s$"' % (quote_text(name), PLUGIN_NAME)
        elif is_command(name):
            refused[name] = 'plugin "%s" duplicates builtin command' % name
    others = [name for name in paths if name not in refused]
    runs = run_short([[paths[name], METADATA_WORD] for name in others], seconds)
    plugins = [Plugin(name, paths[name], {}, error, False) for name, error in refused.items()]
    for name, run in zip(others, runs):
        if run.error is not None:
            facts, error = {}, "failed to fetch metadata: " + run.error
        else:
            facts, error = read_metadata(run.output)
        plugins.append(Plugin(name, paths[name], facts, error, run.late))
    return plugins


def find_plugin(name, is_command, seconds=METADATA_SECONDS):
    """The Plugin called `name` (str), or None if there is none that can be used.

    UsageError if its metadata does not come in time, so that the user knows why it is not run.
    """
    if not re.fullmatch(PLUGIN_NAME, name) or is_command(name):
        return None
    paths = [os.path.join(directory, "docker-" + name) for directory in plugin_directories()]
    path = next(filter(os.path.exists, paths), None)
    plugin = read_plugins({name: path}, is_command, seconds)[0] if path else None
    if plugin is not None and plugin.late:
        raise UsageError("the plugin %s did not answer to %s within %g seconds"
                         % (path, METADATA_WORD, seconds), "mend it, or remove the file")
    return None if plugin is None or plugin.error else plugin


def all_plugins(is_command):
    """Every Plugin that there is, usable or not, by name."""
    return sorted(read_plugins(plugin_paths(), is_command), key=lambda plugin: natural_order(plugin.name))


def plugin_help_lines(is_command):
    """(lines about the plugins that can be used, lines about the others) for the help, lists of str."""
    plugins = sorted(all_plugins(is_command))
    width = max([11] + [len(plugin.name) for plugin in plugins])
    return (["  %-*s%s" % (width + 1, plugin.name + "*", one_description(plugin))
             for plugin in plugins if not plugin.error],
            ["  %-*s %s" % (width, plugin.name, plugin.error) for plugin in plugins if plugin.error])


def one_description(plugin):
    """A Plugin's own description, in one line (str)."""
    return " ".join(plugin.facts.get("ShortDescription", "").split())


def plugin_info_lines(plugins):
    """(lines for stdout, warnings for stderr) that `info` prints about a list of Plugin, lists of str."""
    lines, warnings = [], []
    for plugin in plugins:
        if plugin.error:
            warnings.append('WARNING: Plugin "%s" is not valid: %s' % (plugin.path, plugin.error))
            continue
        lines.append("  %s: %s (%s)" % (plugin.name, one_description(plugin), plugin.facts["Vendor"]))
        lines += ["    Version:  %s" % plugin.facts["Version"]] if plugin.facts.get("Version") else []
        lines.append("    Path:     " + plugin.path)
    return [" Plugins:"] + lines if lines else [], warnings
