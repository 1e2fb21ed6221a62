"""completion: the words that may come next on a command line, for bash, zsh and fish.

Strategy: the scripts for the shells are thin. At each TAB they run `rawdock __complete WORD...`, the last
WORD being the one under the cursor, and this file finds candidates in the tables that also read command
lines. The answer has the docker CLI's format, so the scripts of `docker completion` work too: a candidate a
line, with a tab and its description if it has one, then `:` and a sum of the numbers below.

Promises: an engine that is dead costs 0.2 s at most and prints nothing; no name has a control character; no
shell reads a word of the user's again. Left out: what commands do, for which all tables would be loaded.
"""
import os
import re
from collections import namedtuple

from ..errors import InvalidArgument, RawdockError, UsageError
from ..net.contexts import context_names
from .console import reject_malformed_answer
from .flags import Command, command_table, parse_command_line, parse_flag_table

NO_SPACE, NO_FILES = 2, 4   # what a shell must not add: a blank after the word; names of files
ENGINE_SECONDS = 0.2

# The values of a flag, by its name. A word that is a key of NAME_SOURCES is replaced by names.
FLAG_VALUES = {
    "attach": "stderr stdin stdout", "availability": "active pause drain", "cgroupns": "host private",
    "context": "CONTEXT", "dry-run": "http nc curl python json", "env": "VARIABLE",
    "ipc": "container: host none private shareable", "link": "CONTAINER:",
    "log-driver": "json-file local none", "network": "NETWORK", "pid": "container: host",
    "platform": "linux/386 linux/amd64 linux/arm/v6 linux/arm/v7 linux/arm64 linux/ppc64le linux/s390x",
    "pull": "always missing never", "restart": "no always on-failure unless-stopped",
    "security-opt": "apparmor= label= no-new-privileges seccomp= systempaths=unconfined",
    "signal": "SIGNAL", "stop-signal": "SIGNAL", "storage-opt": "size=",
    "type": "config container image network node plugin secret service task volume",
    "userns": "host", "uts": "host", "volume": "VOLUME:", "volume-driver": "local",
    "volumes-from": "CONTAINER"}
# What is meant by a word of Command.usage, or by the arguments of a command. FILES: the shell's own names.
USAGE_KINDS = {"SOURCE_IMAGE": "IMAGE", "TARGET_IMAGE": "IMAGE", "REPOSITORY": "IMAGE", "FILE": "FILES",
               "SOCK": "FILES", "CMD": "FILES"}
COMMAND_KINDS = {"push": "IMAGE", "volume create": "", "network create": ""}
# The states in which a container must be for a command; others take all.
ACTIVE = "running paused restarting"
CONTAINER_STATES = {
    "attach": "running", "exec": "running", "pause": "running", "unpause": "paused",
    "start": "created exited", "rm": "created exited dead", "kill": ACTIVE, "port": ACTIVE, "stats": ACTIVE,
    "stop": ACTIVE, "top": ACTIVE, "wait": ACTIVE}


# A path of the Engine API and the names in its answer, or None and names from elsewhere. A container's name
# with a second / is that of a link.
NAME_SOURCES = {
    "CONTAINER": ("/containers/json?all=1", lambda found, states: [
        name[1:] for one in found if not states or one["State"] in states
        for name in one["Names"] if name.rfind("/") == 0]),
    "IMAGE": ("/images/json", lambda found, _: [
        name for one in found for name in one["RepoTags"] or () if name != "<none>:<none>"]),
    "NETWORK": ("/networks", lambda found, _: [one["Name"] for one in found]),
    "VOLUME": ("/volumes", lambda found, _: [one["Name"] for one in found["Volumes"] or ()]),
    "CONTEXT": (None, lambda *_: ["default"] + context_names(os.environ)),
    "SIGNAL": (None, lambda *_: "HUP INT QUIT KILL USR1 USR2 TERM CONT STOP TSTP WINCH".split()),
    "VARIABLE": (None, lambda *_: list(os.environ))}


def source_names(console, source, states):
    """The names from a row of NAME_SOURCES (list of str). RawdockError or OSError without an engine."""
    path, names = source
    if path is None:
        return names()
    console.docker.timeout = ENGINE_SECONDS
    with console.docker.request("GET", path, total_timeout=ENGINE_SECONDS) as response:
        return names(response.json(), states) if response.status == 200 else []


def expand(console, kinds, states=""):
    """The candidates for `kinds` (str): words, names for "NETWORK", and for "VOLUME:" each with a colon."""
    texts = []
    for word in kinds.split():
        source = NAME_SOURCES.get(word.rstrip(":"))
        try:
            names = [word] if source is None else [
                name + ":" * word.endswith(":")
                for name in reject_malformed_answer(source_names, console, source, states.split())]
        except (RawdockError, OSError):
            names = []
        texts += [name for name in names if name.isprintable()]
    return texts


class CommandTables(namedtuple("CommandTables", "names verbs find_words root")):
    """What main.py knows: `names` of commands and nouns, `verbs` (noun to list of str), `find_words(words)`
    → (Command or None, the words after its name), and the Command `root`.
    """

    __slots__ = ()


# What was read before the cursor: `options` and `arguments`; `waiting`, the Flag whose value comes next, or
# None; `flags` (list of Flag) that may come, `by_name` too, none of them once `ended`; `command` or None.
PartialLine = namedtuple("PartialLine", "options arguments waiting flags by_name ended command")


def read_partial(words, command):
    """The PartialLine of `words`, which follow the name of a Command. InvalidArgument if they are wrong."""
    flags, waiting = parse_flag_table(command.flags), None
    by_name = {name: flag for flag in flags for name in flag.names()}
    try:
        options, arguments = parse_command_line(words, flags, command.program)
    except InvalidArgument as error:
        if not str(error).startswith("flag needs an argument"):
            raise
        waiting = by_name[words[-1] if words[-1].startswith("--") else "-" + words[-1][-1]]
        options, arguments = parse_command_line(words[:-1], flags, command.program)
    ended = "--" in words or bool(command.program and arguments)
    return PartialLine(options, arguments, waiting, flags, by_name, ended, command)


def argument_kind(command, line):
    """What the next argument of a Command is after those in the PartialLine: words for expand(), or FILES."""
    if command.name in COMMAND_KINDS:
        return COMMAND_KINDS[command.name]
    words, position = command.usage.split(), len(line.arguments)
    if position >= len(words) and "..." not in command.usage:
        return ""
    word = words[min(position, len(words) - 1)].strip("[].") if words else ""
    if word == "NAME|ID":   # inspect
        return (line.options["type"] or "container").upper()
    if word == word.lower():   # what is to be typed: bash|zsh|fish
        return word.replace("|", " ")
    word = re.match("[A-Z_]*", word).group()
    return USAGE_KINDS.get(word, word if word in NAME_SOURCES else "")


def read_words(console, tables, words):
    """(PartialLine of `words`, the names that may come next or None). The engine of the Console is theirs."""
    line = read_partial(words, tables.root)
    console.address = (line.options["host"] or [console.address])[-1]
    console.context = line.options["context"] or console.context
    before = line.arguments[line.arguments[:1] == ["help"]:]
    names = tables.names if not before else tables.verbs.get(before[0]) if len(before) == 1 else None
    if names is not None:
        return line, names
    command, rest = tables.find_words(before)
    if command is None:
        raise InvalidArgument("no such command")
    return read_partial(rest, command), None


def find_candidates(console, tables, words):
    """(what is typed of the last of `words`, candidates with tab and description, directive).

    InvalidArgument if the words before it are no command line.
    """
    line, names = read_words(console, tables, words[:-1])
    flag, typed, states = line.waiting, words[-1], ""
    if flag is None and typed.startswith("-") and not line.ended:
        spelling, equals, typed = typed.partition("=")
        if not equals:
            return spelling, ["%s\t%s" % (name, one.help) for one in line.flags if one.help != "-"
                              for name in one.names()], NO_FILES
        flag = line.by_name.get(spelling)
    if flag is not None:
        kinds = "true false" if flag.switch else FLAG_VALUES.get(flag.long, "FILES")
    elif names is not None:
        kinds = " ".join(names)
    else:
        kinds = argument_kind(line.command, line)
        states = "" if line.options.get("force") else CONTAINER_STATES.get(line.command.name, "")
    if kinds == "FILES":
        return typed, [], 0
    return typed, [text for text in expand(console, kinds, states) if text not in line.arguments], NO_FILES


def print_candidates(console, tables, options, words):
    try:
        typed, texts, directive = find_candidates(console, tables, words or [""])
    except InvalidArgument:
        typed, texts, directive = "", [], 0
    texts = [text for text in texts if text.startswith(typed)]
    if texts and all(text.endswith((":", "=")) for text in texts):
        directive |= NO_SPACE
    console.out.line("\n".join(texts + [":%d" % directive]))
    return 0


# @NAME@ is the command, and @ID@ its name as part of a function's. An alias is replaced where eval reads it.
SHELL_SCRIPTS = {"bash": r"""# For ~/.bashrc: source <(@NAME@ completion bash)
_@ID@_complete() {
    local rest=${COMP_LINE:0:COMP_POINT} words=() lines=() line current directive prefix= cut=
    local breaks=${COMP_WORDBREAKS//[^:=]/} open="(\"([^\"\\\\]|\\\\.)*|'[^']*)?"
    local word="^[[:blank:]]*(([^[:blank:]\"'\\\\]|\\\\.|\"([^\"\\\\]|\\\\.)*\"|'[^']*')*$open)"
    while [[ $rest =~ $word && ${BASH_REMATCH[1]} ]]; do
        words+=("${BASH_REMATCH[1]}") rest=${rest:${#BASH_REMATCH}}
    done
    [[ $rest ]] && words+=("")
    local raw=${words[${#words[@]}-1]}
    words=("${words[@]//[\"\'\\]/}")
    current=${words[${#words[@]}-1]} words=("${words[@]:1}") COMPREPLY=()
    while IFS= read -r line; do lines+=("$line"); done < <(eval '@NAME@ __complete "${words[@]}"' 2>/dev/null)
    ((${#lines[@]})) || return
    directive=${lines[${#lines[@]}-1]#:}
    unset "lines[${#lines[@]}-1]"
    [[ $current == -*=* ]] && prefix=${current%%=*}=
    # What readline replaces begins after a quote, or after the last character that ends words.
    [[ $breaks && $current == *[$breaks]* ]] && cut=${current%"${current##*[$breaks]}"}
    [[ $raw == *[\"\']* ]] && cut=${current%"${raw##*[\"\']}"}
    for line in "${lines[@]}"; do
        line=$prefix${line%%$'\t'*} line=${line#"$cut"}
        [[ $raw == *[\"\']* ]] || printf -v line %q "$line"
        COMPREPLY+=("$line")
    done
    ((directive & 2)) && compopt -o nospace 2>/dev/null
    ((directive & 4)) && compopt +o default 2>/dev/null
} && complete -o default -F _@ID@_complete @NAME@
""", "zsh": r"""#compdef @NAME@
# For ~/.zshrc, after compinit: source <(@NAME@ completion zsh)
_@ID@() {
    local -a lines candidates space; local line
    lines=("${(@f)$(eval '@NAME@ __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}"' 2>/dev/null)}")
    for line in $lines[1,-2]; do
        candidates+=("${${line%%$'\t'*}//:/\\:}${${(M)line%%$'\t'*}/$'\t'/:}")
    done
    [[ $PREFIX == -*=* ]] && compset -P 1 '*='
    (( ${lines[-1]#:} & 2 )) && space=(-S '')
    (( $#candidates )) && _describe @NAME@ candidates "${space[@]}" && return
    (( ${lines[-1]#:} & 4 )) || _files
}
# zsh completes the first word of an alias, so that it becomes a function.
if [[ ${aliases[@NAME@]:-@NAME@ } != @NAME@\ * ]]; then
    functions[@NAME@]="${aliases[@NAME@]} \"\$@\""
    unalias @NAME@
fi
[[ $funcstack[1] == _@ID@ ]] && _@ID@ || compdef _@ID@ @NAME@
""", "fish": r"""# For ~/.config/fish/config.fish: @NAME@ completion fish | source
function __@ID@_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct | string replace -ra '[\'"\\\\]' '')
    set -l lines (@NAME@ __complete $words[2..-1] "$current" 2>/dev/null)
    set -l prefix (string match -r -- '^-[^=]*=' "$current")
    if contains -- "$lines" :0
        set lines (__fish_complete_path (string replace -- "$prefix" '' "$current")) :0
    end
    set -q lines[2]; and printf '%s\n' "$prefix"$lines[1..-2]
end
complete -c @NAME@ -e
complete -c @NAME@ -f -a '(__@ID@_complete)'
"""}


def print_script(console, tables, options, words):
    name = options["name"] or "rawdock"
    if words[0] not in SHELL_SCRIPTS:
        raise UsageError("there is no completion for %s" % words[0], "there is for bash, zsh and fish")
    if not re.fullmatch("[A-Za-z0-9._/+][A-Za-z0-9._/+-]*", name):
        raise UsageError("--name %s is not the name of a command" % name)
    script = SHELL_SCRIPTS[words[0]].replace("@ID@", re.sub("[^A-Za-z0-9]", "_", name))
    console.out.write(script.replace("@NAME@", name).encode("ascii"))
    return 0


COMPLETION_COMMANDS = command_table(
    Command("completion", print_script, "bash|zsh|fish", "Generate the autocompletion script for a shell",
            "--name  text  NAME  the command that it is for, such as an alias: rawdock if not given", 1, 1),
    Command("__complete", print_candidates, "[WORD...]", "Print what may come next on a command line",
            program="all"),
)


def completion_table(tables):
    """COMPLETION_COMMANDS, whose functions are given the CommandTables after the Console."""
    def bound(run):
        return lambda console, options, words: run(console, tables, options, words)
    return {name: row._replace(run=bound(row.run)) for name, row in COMPLETION_COMMANDS.items()}
