"""completion: the words that may come next on a command line, for bash, zsh and fish.

Strategy: the scripts for the shells are thin. At each TAB they run `rawdock __complete WORD...`, the last
WORD being the one under the cursor, and this file finds candidates in the tables that also read command
lines. The answer has the docker CLI's format, so the scripts of `docker completion` work too: a candidate a
line, with a tab and its description if it has one, then `:` and a sum of the numbers below.

Promises: an engine that is dead costs 0.2 s at most and prints nothing; no name has a control character; no
shell reads a word of the user's again. What may follow the name of a plugin comes from the plugin.
"""
import os
import re
from collections import namedtuple

from ..errors import InvalidArgument, RawdockError, UsageError
from ..net.contexts import read_store
from .console import reject_malformed_answer
from .flags import Command, command_table, parse_command_line, parse_flag_table

NO_SPACE, NO_FILES = 2, 4   # what a shell must not add: a blank after the word; names of files
ENGINE_SECONDS = 0.2

CAPABILITY_NAMES = "ALL " + " ".join("CAP_" + name for name in """
    CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE
    NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT
    SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE
    AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ
    PERFMON BPF CHECKPOINT_RESTORE""".split())
PLATFORMS = ("linux/386 linux/amd64 linux/arm linux/arm/v5 linux/arm/v6 linux/arm/v7 linux/arm64 "
             "linux/arm64/v8 linux/ppc64le linux/s390x linux/riscv64 windows/amd64 wasip1/wasm")
SIGNAL_NAMES = ("""ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV
    STKFLT STOP SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX """
                + " ".join(["RTMIN+%d" % number for number in range(1, 16)]
                           + ["RTMAX-%d" % number for number in range(1, 15)]))
# The options of a logging driver. Each but none has the first two, too.
LOG_OPTIONS = {
    "": "max-buffer-size= mode=", "none": "", "local": "compress= max-file= max-size=",
    "awslogs": "awslogs-create-group= awslogs-credentials-endpoint= awslogs-datetime-format= awslogs-group= "
               "awslogs-multiline-pattern= awslogs-region= awslogs-stream= tag=",
    "fluentd": "env= env-regex= labels= fluentd-address= fluentd-async= fluentd-buffer-limit= "
               "fluentd-request-ack= fluentd-retry-wait= fluentd-max-retries= fluentd-sub-second-precision= "
               "fluentd-write-timeout= tag=",
    "gcplogs": "env= env-regex= labels= gcp-log-cmd= gcp-meta-id= gcp-meta-name= gcp-meta-zone= gcp-project=",
    "gelf": "env= env-regex= labels= gelf-address= gelf-compression-level= gelf-compression-type= "
            "gelf-tcp-max-reconnect= gelf-tcp-reconnect-delay= tag=",
    "journald": "env= env-regex= labels= tag=",
    "json-file": "env= env-regex= labels= compress= max-file= max-size=",
    "splunk": "env= env-regex= labels= splunk-caname= splunk-capath= splunk-format= splunk-gzip= "
              "splunk-gzip-level= splunk-index= splunk-insecureskipverify= splunk-source= splunk-sourcetype= "
              "splunk-token= splunk-url= splunk-verify-connection= tag=",
    "syslog": "env= env-regex= labels= syslog-address= syslog-facility= syslog-format= syslog-tls-ca-cert= "
              "syslog-tls-cert= syslog-tls-key= syslog-tls-skip-verify= tag="}

# The values of a flag, by its name, or by that of its command and its own. A word that is a key of
# NAME_SOURCES is replaced by names.
FLAG_VALUES = {
    "attach": "stderr stdin stdout", "availability": "active pause drain", "cap-add": CAPABILITY_NAMES,
    "cap-drop": CAPABILITY_NAMES, "cgroupns": "host private", "context": "CONTEXT", "detach-keys": "ctrl-",
    "dry-run": "http nc curl python json", "env": "VARIABLE",
    "events --filter": "container= daemon= event= image= label= network= node= scope= type= volume=",
    "ipc": "container: host none private shareable", "link": "CONTAINER:", "log-driver": "LOG_DRIVER",
    "log-level": "debug info warn error fatal panic", "network": "NETWORK", "pid": "container: host",
    "platform": PLATFORMS, "progress": "auto plain tty rawjson quiet", "pull": "always missing never",
    "restart": "no always on-failure unless-stopped",
    "security-opt": "apparmor= label= no-new-privileges seccomp= systempaths=unconfined",
    "signal": SIGNAL_NAMES, "stop-signal": SIGNAL_NAMES, "storage-opt": "size=",
    "type": "config container image network node plugin secret service task volume",
    "ulimit": "as= chroot= core= cpu= data= fsize= locks= maxlogins= maxsyslogins= memlock= msgqueue= nice= "
              "nofile= nproc= priority= rss= rtprio= sigpending= stack=",
    "userns": "host", "uts": "host", "volume": "VOLUME:", "volume-driver": "VOLUME_DRIVER",
    "volumes-from": "CONTAINER"}
# What may follow a word of these that is typed already.
VALUE_ENDINGS = {
    "container:": "CONTAINER", "container=": "CONTAINER", "image=": "IMAGE", "network=": "NETWORK",
    "volume=": "VOLUME", "scope=": "local swarm", "seccomp=": "unconfined",
    "label=": "disable level: role: type: user:",
    "type=": "builder config container daemon image network node plugin secret service volume",
    "event=": "attach archive-path commit connect copy create delete destroy detach die disable disconnect "
              "enable exec_create exec_detach exec_die exec_start export extract-to-dir health_status import "
              "kill load mount oom pause checkpoint prune pull push reload remove rename resize restart save "
              "start stop tag top unmount unpause untag update"}
# What is meant by a word of Command.usage, or by the arguments of a command. FILES: the shell's own names.
USAGE_KINDS = {"SOURCE_IMAGE": "IMAGE", "TARGET_IMAGE": "IMAGE", "REPOSITORY": "IMAGE", "FILE": "FILES",
               "SOCK": "FILES", "PATH": "FILES", "CMD": "FILES"}
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
    "CONTEXT": (None, lambda *_: ["default"] + [one["Name"] for one in read_store(os.environ)]),
    "LOG_DRIVER": ("/info", lambda found, _: found["Plugins"]["Log"]),
    "VOLUME_DRIVER": ("/info", lambda found, _: found["Plugins"]["Volume"]),
    "VARIABLE": (None, lambda *_: list(os.environ))}


# What there is where no engine answers.
FALLBACKS = {"LOG_DRIVER": [name for name in LOG_OPTIONS if name], "VOLUME_DRIVER": ["local"]}


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
                name + (":" if word.endswith(":") else "")
                for name in reject_malformed_answer(source_names, console, source, states.split())]
        except (RawdockError, OSError):
            names = FALLBACKS.get(word, [])
        texts += [name for name in names if name.isprintable()]
    return texts


class CommandTables(namedtuple("CommandTables", "names verbs find_words describe plugins root")):
    """What main.py knows: `names` of commands and nouns, `verbs` (noun to list of str), `find_words(words)`
    → (Command or None, the words after its name), `describe(words)` → what a command or noun does (str),
    `plugins(console, words)` → the candidates of a plugin, see plugin_candidates(), and the Command `root`.
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
    if word.startswith("file|"):   # import
        return "FILES"
    word = re.match("[A-Z_]*", word).group()
    return USAGE_KINDS.get(word, word if word in NAME_SOURCES else "")


def flag_values(command, flag, options):
    """The values of a Flag of a Command (str for expand()). `options` are those that were given already."""
    if flag.switch:
        return "true false"
    if flag.long == "log-opt":
        drivers = [options["log_driver"]] if options.get("log_driver") else sorted(LOG_OPTIONS)
        found = [one for driver in drivers for one in LOG_OPTIONS.get(driver, "").split()]
        common = [] if drivers == ["none"] else LOG_OPTIONS[""].split()
        return " ".join(common + [one for one in dict.fromkeys(found) if one not in common])
    own = FLAG_VALUES.get("%s --%s" % (command.name, flag.long))
    return own or FLAG_VALUES.get(flag.long, "FILES")


def find_flags(line, spelling):
    """The candidates of flags that begin with `spelling`, with tab and description."""
    return ["%s\t%s" % (name, one.help) for one in line.flags if one.help != "-" for name in one.names()]


def find_names(console, tables, before, typed):
    """The commands, or verbs of the noun `before[0]`, that begin with `typed`: with tab and description."""
    names = tables.verbs[before[0]] if before else tables.names
    found = ["%s\t%s" % (name, tables.describe(before + [name])) for name in names if name.startswith(typed)]
    return found if before else found + (tables.plugins(console, []) or [])


def find_values(console, kinds, typed, states=""):
    """The candidates for `kinds`, see expand(), or for what follows the beginning of one that is `typed`."""
    beginning = re.match("[a-z]+[:=]|", typed).group()
    if beginning in VALUE_ENDINGS and beginning in kinds.split():
        return [beginning + text for text in expand(console, VALUE_ENDINGS[beginning])]
    return expand(console, kinds, states)


def find_candidates(console, tables, words):
    """(what is typed of the last of `words`, candidates with tab and description, directive).

    InvalidArgument if the words before it cannot begin a command line.
    """
    typed, line = words[-1], read_partial(words[:-1], tables.root)
    console.address = (line.options["host"] or [console.address])[-1]
    console.context = line.options["context"] or console.context
    before = line.arguments[line.arguments[:1] == ["help"]:]
    names = not before or len(before) == 1 and before[0] in tables.verbs
    if not names:
        command, rest = tables.find_words(before)
        if command is None:
            found = tables.plugins(console, before + [typed])
            if found is None:
                raise InvalidArgument("no such command")
            return (typed,) + found
        line = read_partial(rest, command)
    flag, states = line.waiting, ""
    if flag is None and typed.startswith("-") and not line.ended:
        spelling, equals, typed = typed.partition("=")
        if not equals:
            return spelling, find_flags(line, spelling), NO_FILES
        flag = line.by_name.get(spelling)
    if flag is None and names:
        return typed, find_names(console, tables, before, typed), NO_FILES
    if flag is not None:
        kinds = flag_values(line.command, flag, line.options)
    else:
        kinds = argument_kind(line.command, line)
        states = "" if line.options.get("force") else CONTAINER_STATES.get(line.command.name, "")
    if kinds == "FILES":
        return typed, [], 0
    found = find_values(console, kinds, typed, states)
    return typed, [text for text in found if text not in line.arguments], NO_FILES


def print_candidates(console, tables, options, words):
    try:
        typed, texts, directive = find_candidates(console, tables, words or [""])
    except UsageError:
        typed, texts, directive = "", [], 0
    texts = [text.rstrip("\t") for text in texts if text.startswith(typed)]
    if texts and all(text.endswith((":", "=", "ctrl-")) for text in texts):
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
