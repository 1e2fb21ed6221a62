"""The commands that make containers and change what they do: run, create, exec, attach, update, …

Each command is its requests and its exit status; the algorithms are in engine/run and engine/pump. As with
the docker CLI, a command for several containers goes on after one fails, reports each failure in a line, and
exits with 1. run, exec, attach and start -a exit with the low 8 bits of the container's status, or 255 if
only they are 0, and run with 125, 126 or 127 if the container never ran.
"""
import re

from ..engine.answers import answer_field
from ..engine.options import (RUN_ONLY_OPTIONS, RUN_OPTIONS_TABLE, UPDATE_OPTIONS, container_request,
                              flag_environment_entries, option_flag_table, read_env_file, update_request,
                              versions_needed)
from ..engine.pump import copy_stream, start_stdin_copy, window_size
from ..engine.run import (RunFailed, UnsupportedOption, confirm_removal, copy_credentials, create_container,
                          doubt_stream, exec_status, exit_status, put_client_fields, require_api_versions,
                          run, stream_container)
from ..errors import (APIError, ConfigError, ConnectError, InvalidArgument, NotFound, RawdockError,
                      UsageError)
from .console import CommandFailed, describe_error, write_lines
from .flags import Command, command_table
from .progress import PullProgress
from .settings import default_platform, proxy_variables, refuse_content_trust
from .terminal import detached, find_detach_keys, require_terminal

# Phrases that map a failed start to exit status 127 (not found) or 126 (not executable): those of dockerd,
# then of crun and podman.
NOT_FOUND_WORDS = ("executable file not found", "no such file or directory",
                   "system cannot find the file specified",
                   "not found in $PATH", "attempted to invoke a command that was not found")
NOT_EXECUTABLE_WORDS = ("permission denied", "is a directory", "not a regular file")
# The requests that can fail because of the program: podman refuses attach where dockerd refuses start.
STARTING_PATHS = re.compile(r"/containers/(?:create|[^/?]+/(?:attach|start))(?:\?|$)")


def process_status(status):
    """The exit status of a process for a container's (int): its low 8 bits, or 255 if only they are 0."""
    return status & 255 or (255 if status else 0)


def failure_status(error):
    """The exit status of `docker run` for an error before the container ran.

    127: the program is not found, 126: it cannot be executed, 125: anything else.
    """
    from errno import EACCES
    if isinstance(error, RunFailed):
        return error.status
    if isinstance(error, UnsupportedOption):
        return 1
    if isinstance(error, ConnectError) and error.errno == EACCES:   # the docker CLI goes by the words, too
        return 126
    helper = isinstance(error, ConfigError)   # the docker CLI goes by the words of any error
    if helper or isinstance(error, APIError) and STARTING_PATHS.search(error.path or ""):
        if any(words in error.message for words in NOT_FOUND_WORDS):
            return 127
        if any(words in error.message for words in NOT_EXECUTABLE_WORDS):
            return 126
    return 125


def for_each(console, names, action, summary=None):
    """Call action(name) for each name and print what it returns, unless None → 0, or 1 if one failed.

    `summary` % the names that failed is a last line then.
    """
    failed = []
    for name in names:
        try:
            said = action(name)
        except (APIError, CommandFailed, ConnectError, RunFailed, UsageError) as error:
            console.err.line(describe_error(error))
            failed.append(name)
            if isinstance(error, ConnectError):   # the others would say it again
                failed = failed[:-1] + list(names[names.index(name):])
                break
        else:
            if said is not None:
                console.out.line(str(said))
    if failed and summary:
        console.err.line(summary % ", ".join(failed))
    return 1 if failed else 0


def call_each(console, names, operation, **parameters):
    """Call `operation` (of the endpoint table) for each container, print its name → 0, or 1 if one failed."""
    return for_each(console, names,
                    lambda name: console.docker.call(operation, name, **parameters) or name)


def require_versions(docker, needed):
    """require_api_versions(), whose error the docker CLI prints without its own name."""
    try:
        require_api_versions(docker, needed)
    except UnsupportedOption as error:
        raise CommandFailed(error.message, 1)


def run_failed(console, error, command):
    """The CommandFailed for a RawdockError that came before a container ran, as `docker run` words it."""
    text = "%s: %s\n\nRun 'rawdock %s --help' for more information"
    said = error.message if isinstance(error, UsageError) else describe_error(error)
    return CommandFailed(text % (console.program, said, command), failure_status(error))


def take_variables(options, image):
    """Put into the `options` (dict) of run or create what the client's environment says. UsageError."""
    name, at, _ = image.partition("@")   # with a tag before the digest docker verifies the tag
    refuse_content_trust(options["disable_content_trust"], at and ":" not in name.rpartition("/")[2])
    options["disable_content_trust"] = None
    options["platform"] = default_platform(options)


def do_run(console, options, arguments):
    if options["attach"] and options["detach"]:
        raise CommandFailed("conflicting options: cannot specify both --attach and --detach", 1)
    if not options["detach"]:
        require_terminal(options["interactive"], options["tty"])
    options["detach_keys"] = find_detach_keys(console, options)
    try:
        take_variables(options, arguments[0])
        docker = console.docker
        result = run(docker, arguments[0], arguments[1:],
                     stdin=console.stdin if options["interactive"] else None, stdout=console.out,
                     stderr=console.err, progress=PullProgress(console.err).show, notice=console.err.line,
                     auth=console.registry_auth, variables=proxy_variables(console, docker.address),
                     socket_auth=options["use_api_socket"] and console.socket_credentials(), **options)
    except (RawdockError, KeyboardInterrupt, SystemExit) as error:
        if options["detach"] and hasattr(error, "container"):   # it was created, and can be inspected
            console.out.line(error.container)
        if not isinstance(error, RawdockError) or isinstance(error, (CommandFailed, InvalidArgument)):
            raise
        if isinstance(error, UnsupportedOption):
            raise CommandFailed(error.message, failure_status(error))
        raise run_failed(console, error, "run")
    if isinstance(result, int):
        return process_status(result)
    if not options["detach"]:   # the user typed the detach keys
        return 0
    console.out.line(result)
    if console.detach_notice:
        console.complain(console.detach_notice)
    return 0


def do_create(console, options, arguments):
    try:
        take_variables(options, arguments[0])
        query, body, client = container_request(arguments[0], arguments[1:], options)
    except InvalidArgument:
        raise
    except UsageError as error:
        raise run_failed(console, error, "create")
    progress = None if client.get("quiet") else PullProgress(console.err).show
    try:
        require_versions(console.docker, versions_needed(options))
        given = put_client_fields(console.docker, body, client, console.out,
                                  proxy_variables(console, console.docker.address),
                                  options["use_api_socket"] and console.socket_credentials())
        id = create_container(console.docker, arguments[0], query, body, client.get("pull", "missing"),
                              progress, console.err.line, auth=console.registry_auth)
        copy_credentials(console.docker, id, given)
        console.out.line(id)
    except (ConfigError, UsageError) as error:
        raise CommandFailed(error.message, 1)
    return 0


def do_update(console, options, arguments):
    body, needed = update_request(options)
    if not body:
        raise CommandFailed("you must provide one or more flags when using this command", 1)
    require_versions(console.docker, needed)
    warnings = []

    def update(name):
        answer = console.docker.call("container_update", name, body=body)
        warnings.extend(answer_field(answer, "ContainerUpdate", (list, type(None)), "Warnings") or ())
        return name

    status = for_each(console, arguments, update)
    write_lines(console.out, warnings)
    return status


EXEC_FLAGS = """
-d, --detach       bool  run the command in the background
--detach-keys      text  string  the keys that detach: ctrl-p,ctrl-q if not given
-e, --env          list  list  set an environment variable (NAME=VALUE, or NAME for the client's value)
--env-file         list  list  environment variables from a file
-i, --interactive  bool  send our stdin to it
--privileged       bool  give it all capabilities
-t, --tty          bool  a terminal
-u, --user         text  string  the user that runs it (USER[:GROUP])
-w, --workdir      text  string  its working directory
"""
# As the docker CLI has them.
EXEC_VERSIONS = (("--env", "1.25"), ("--env-file", "1.25"), ("--workdir", "1.35"))


def do_exec(console, options, arguments):
    docker, name = console.docker, arguments[0]
    environment = [entry for path in options["env_file"] or () for entry in read_env_file(path)]
    environment += flag_environment_entries("-e, --env", options["env"] or ())
    require_versions(docker, [needed for needed in EXEC_VERSIONS
                              if options[needed[0][2:].replace("-", "_")]])
    docker.call("container_inspect", name)   # so that an error says "no such container", not "no such exec"
    detach, tty = options["detach"], options["tty"]
    interactive = options["interactive"] and not detach
    require_terminal(interactive, tty)
    keys = find_detach_keys(console, options)
    size = window_size(console.out) if tty and docker.supports("1.42") else None
    body = {"AttachStdin": interactive, "AttachStdout": not detach, "AttachStderr": not detach, "Tty": tty,
            "Cmd": arguments[1:]}
    for key, value in (("Env", environment), ("User", options["user"]), ("Privileged", options["privileged"]),
                       ("WorkingDir", options["workdir"]), ("DetachKeys", keys), ("ConsoleSize", size)):
        if value:
            body[key] = value
    id = answer_field(docker.call("container_exec", name, body=body), "ContainerExec", str, "Id")
    start = {"Detach": detach, "Tty": tty}
    if size:
        start["ConsoleSize"] = size
    if detach:
        docker.call("exec_start", id, body=start)
        return 0
    with docker.call("exec_start", id, body=start, tty=tty) as pipe:
        if doubt_stream(pipe):
            console.err.line("WARNING: %s; output may be missing" % doubt_stream(pipe))
        if tty:
            show_exec_terminal(console, id, pipe, interactive, keys)
        else:
            if interactive:
                start_stdin_copy(console.stdin, pipe)
            else:
                pipe.close_write()
            copy_stream(pipe.raw(), False, console.out, console.err)
    return process_status(exec_status(docker, id))


def show_exec_terminal(console, id, pipe, interactive, keys):
    """Show the terminal of the exec `id`, whose Duplex is `pipe`. CommandFailed if the user detaches."""
    from ..engine.terminal import show_terminal
    if show_terminal(pipe, console_files(console, interactive),
                     lambda h, w: console.docker.call("exec_resize", id, h=h, w=w), keys,
                     notice=console.err.line):
        raise detached()


ATTACH_FLAGS = """
--detach-keys  text  string  the keys that detach: ctrl-p,ctrl-q if not given
--no-stdin     bool  do not send our stdin
--sig-proxy    on    pass signals to it (default true)
"""


def do_attach(console, options, arguments):
    state = running_container(console.docker, arguments[0])
    require_terminal(not options["no_stdin"], state["Config"]["Tty"])
    # Attached to a container that has ended meanwhile, the stream would wait for its next start.
    status = stream_inspected(console, state, not options["no_stdin"], options,
                              lambda: running_container(console.docker, state["Id"]), wait_first=True)
    if status is None:
        raise detached()
    return status


def console_files(console, send_stdin):
    """(stdin or None, stdout, stderr) of the Console."""
    return console.stdin if send_stdin else None, console.out, console.err


def stream_inspected(console, state, send_stdin, options, begin, **more):
    """stream_container() with the Console's streams → the exit status, None if the user detached.

    `state` is the answer to inspect; `options` has the command's sig_proxy and detach_keys.
    """
    tty, send_stdin = state["Config"]["Tty"], send_stdin and state["Config"]["OpenStdin"]
    status = stream_container(console.docker, state["Id"], tty, console_files(console, send_stdin), begin,
                              None if tty else options["sig_proxy"], keys=find_detach_keys(console, options),
                              notice=console.err.line, **more)
    return None if status is None else process_status(status)


def inspect_container(docker, name):
    """The answer to inspect (dict). The fields that attaching needs are checked."""
    found = docker.call("container_inspect", name)
    for kind, names in ((str, ("Id",)), (bool, ("State", "Running")), (bool, ("Config", "Tty")),
                        (bool, ("Config", "OpenStdin")), (dict, ("HostConfig",))):
        answer_field(found, "ContainerInspect", kind, *names)
    return found


def running_container(docker, name):
    """The answer to inspect (dict) for a running container. UsageError if it cannot be attached to."""
    found = inspect_container(docker, name)
    state = found["State"]
    if not state["Running"]:
        raise UsageError("You cannot attach to a stopped container, start it first",
                         "this starts it and attaches: rawdock start -a %s" % name)
    if state.get("Paused"):
        raise UsageError("You cannot attach to a paused container, unpause it first")
    if state.get("Restarting"):
        raise UsageError("You cannot attach to a restarting container, wait until it is running")
    return found


START_FLAGS = """
-a, --attach       bool  show its output, pass signals to it, exit with its status
--checkpoint       text  string  restore it from this checkpoint
--checkpoint-dir   text  string  the directory of the checkpoints
--detach-keys      text  string  the keys that detach: ctrl-p,ctrl-q if not given
-i, --interactive  bool  send our stdin to it
--sig-proxy        on    -
"""


def do_start(console, options, arguments):
    docker, attach = console.docker, options["attach"] or options["interactive"]
    checkpoint = {key: options[key] for key in ("checkpoint", "checkpoint_dir") if options[key]}
    if not attach and not options["checkpoint"]:
        return for_each(console, arguments,
                        lambda name: docker.call("container_start", name) or name,
                        "Error: failed to start containers: %s")
    if len(arguments) > 1:
        raise UsageError("you cannot %s multiple containers at once"
                         % ("start and attach" if attach else "restore"))
    if not attach:
        docker.call("container_start", arguments[0], **checkpoint)
        return 0
    state = inspect_container(docker, arguments[0])
    # For a container that runs now the default condition, not-running, covers an exit before the request.
    condition = {} if state["State"]["Running"] else {"condition": "next-exit"}
    status = stream_inspected(console, state, options["interactive"], options,
                              lambda: docker.call("container_start", state["Id"], **checkpoint), **condition)
    if status is None:   # the user typed the detach keys
        return 0
    if state["HostConfig"].get("AutoRemove"):
        confirm_removal(docker, state["Id"])
    return status


STOP_FLAGS = """
-s, --signal   text  string  the signal to send first (engines before API 1.42 ignore it)
-t, --timeout  int   int  how many seconds to wait before it is killed (-1: for ever)
--time         int   int  -
"""


def do_stop(console, options, arguments, operation="container_stop"):
    docker, seconds = console.docker, options["timeout"]
    if options["time"] is not None:
        # The docker CLI, too, writes this to stdout.
        console.out.line("Flag --time has been deprecated, use --timeout instead")
        if seconds is not None:
            raise UsageError("conflicting options: cannot specify both --timeout and --time")
        seconds = options["time"]
    parameters = {"t": seconds}
    if options["signal"] is not None and docker.supports("1.42"):
        parameters["signal"] = options["signal"]   # the docker CLI does not send it to an older engine either
    return call_each(console, arguments, operation, **parameters)


def do_restart(console, options, arguments):
    return do_stop(console, options, arguments, "container_restart")


def do_kill(console, options, arguments):
    return call_each(console, arguments, "container_kill", signal=options["signal"])


RM_FLAGS = """
-f, --force    bool  kill it first if it runs
-l, --link     bool  remove the link of that name
-v, --volumes  bool  remove its anonymous volumes too
"""


def do_rm(console, options, arguments):
    def remove(name):
        if not name.strip("/"):
            raise UsageError("container name cannot be empty")
        try:
            console.docker.call("container_delete", name.strip("/"), force=options["force"] or None,
                                link=options["link"] or None, v=options["volumes"] or None)
            return name
        except NotFound as error:
            if not options["force"]:
                raise
            console.err.line(describe_error(error))   # it is reported, but as with docker no failure

    return for_each(console, arguments, remove)


WAIT_FLAGS = "--healthy  bool  wait until the health check says healthy; exit with 1 if it never will\n"


def health_verdict(docker, id, name):
    """Whether the container `id` is healthy; None: its check has not decided.

    UsageError, which calls it `name`, if it will not be: it is unhealthy, has ended or has no health check.
    """
    state = answer_field(docker.call("container_inspect", id), "ContainerInspect", dict, "State")
    health = (state.get("Health") or {}).get("Status") or "none"
    if not state.get("Running"):
        raise UsageError("container %s is not running: %s" % (name, state.get("Status")))
    if health in ("none", "unhealthy"):
        said = "has no health check" if health == "none" else "is unhealthy"
        raise UsageError("container %s %s" % (name, said))
    return health == "healthy" or None


def wait_until_healthy(docker, name):
    """Return `name` when the container is healthy; UsageError if it never will be."""
    found = docker.call("container_inspect", name)
    id = answer_field(found, "ContainerInspect", str, "Id")
    # The events are under way before the first look, so that no change is missed.
    events = docker.call("system_events", filters={"type": ["container"], "container": [id]})
    while not health_verdict(docker, id, name):
        if next(events, None) is None:
            raise UsageError("the engine's events ended before container %s was healthy" % name)
    events.close()
    return name


def do_wait(console, options, arguments):
    docker = console.docker
    if options["healthy"]:
        return for_each(console, arguments, lambda name: wait_until_healthy(docker, name))
    return for_each(console, arguments,
                    lambda name: exit_status(docker.call("container_wait", name)))


def do_rename(console, options, arguments):
    if not all(name.strip() for name in arguments):
        raise UsageError("Error: Neither old nor new names may be empty")

    def rename(old):
        console.docker.call("container_rename", old, name=arguments[1])

    return for_each(console, arguments[:1], rename, "Error: failed to rename container named %s")


LIFECYCLE_COMMANDS = command_table(
    Command("run", do_run, "IMAGE [COMMAND] [ARG...]",
            "Create and run a new container from an image",
            RUN_OPTIONS_TABLE, least=1, program=True),
    Command("create", do_create, "IMAGE [COMMAND] [ARG...]", "Create a new container",
            option_flag_table(RUN_ONLY_OPTIONS), least=1, program=True),
    Command("update", do_update, "CONTAINER [CONTAINER...]",
            "Update configuration of one or more containers", option_flag_table(only=UPDATE_OPTIONS),
            least=1),
    Command("exec", do_exec, "CONTAINER COMMAND [ARG...]", "Execute a command in a running container",
            EXEC_FLAGS, least=2, program=True),
    Command("attach", do_attach, "CONTAINER",
            "Attach local standard input, output, and error streams to a running container", ATTACH_FLAGS,
            least=1, most=1),
    Command("start", do_start, "CONTAINER [CONTAINER...]", "Start one or more stopped containers",
            START_FLAGS, least=1),
    Command("stop", do_stop, "CONTAINER [CONTAINER...]", "Stop one or more running containers",
            STOP_FLAGS, least=1),
    Command("kill", do_kill, "CONTAINER [CONTAINER...]", "Kill one or more running containers",
            "-s, --signal  text  string  which signal (KILL if not given)", least=1),
    Command("restart", do_restart, "CONTAINER [CONTAINER...]", "Restart one or more containers", STOP_FLAGS,
            least=1),
    Command("rm", do_rm, "CONTAINER [CONTAINER...]", "Remove one or more containers", RM_FLAGS, least=1),
    Command("wait", do_wait, "CONTAINER [CONTAINER...]",
            "Block until one or more containers stop, then print their exit codes", WAIT_FLAGS, least=1),
    Command("rename", do_rename, "CONTAINER NEW_NAME", "Rename a container", least=2, most=2),
)
