"""`docker run`: six requests, then the container's output and its exit status.

    1  POST /containers/create?name=…         404, the image is missing; 201, it is there: go on with 4
    2  POST /images/create?fromImage=…&tag=…  200, chunked JSON messages
    3  POST /containers/create?name=…         201, the body has the container's id
    4  POST /containers/ID/attach?stream=1&…  101, this connection is now the container's streams
    5  POST /containers/ID/wait?condition=…   200, the head comes at once, the body when the container ends
    6  POST /containers/ID/start              204

Then come the frames on the connection of request 4, until the engine closes it, and the exit status in the
body of request 5. Two requests are not counted: GET /_ping before the first, which tells the API version,
and with --rm POST /containers/ID/wait?condition=removed after the last, which confirms the removal.

Attach is sent before start so that no output is lost, wait before start so that no exit is missed. When the
stream ends, the bytes cannot tell a finished container from a dead engine. The body of request 5 can, so
nothing is reported before it. The status is that of condition=next-exit with --rm too, where the docker CLI
waits with condition=removed: podman 4.3 answers that with status 0 whatever the container exited with.
"""
import os
import sys
import time

from ..errors import Conflict, NotFound, RawdockError, Timeout, UsageError
from .answers import answer_field
from .mounts import require_mount_versions
from .networks import require_endpoint_versions
from .options import container_request, versions_needed
from .pump import InterruptGuard, SignalForwarder, copy_stream, start_stdin_copy, window_size
from .platforms import format_platform, parse_platform
from .reference import is_image_id, parse_reference, pull_query, require_image

END_SECONDS = 3   # from the end of a container's stream to the answer of wait; dockerd takes milliseconds
CONTAINER_CONFIG = "/run/secrets/docker"   # where docker puts config.json for a container with the socket


class RunFailed(RawdockError):
    """The container was created but could not be waited for; `status` is the exit status to report."""

    def __init__(self, message, status=125):
        RawdockError.__init__(self, message)
        self.status = status


class UnsupportedOption(UsageError):
    """An option that the engine's API version does not have, and would ignore. Nothing was sent."""


def require_api_versions(docker, needed):
    """UnsupportedOption, in docker's words, if the engine does not have something of `needed`.

    `needed` are those of versions_needed(): (what, API version, or "windows" for an engine there).
    """
    newer = ['"%s" requires API version %s, but the Docker daemon API version is %s'
             % (what, since, docker.version)
             for what, since in needed if since != "windows" and not docker.supports(since)]
    for what in [what for what, since in needed if since == "windows"]:
        with docker.request("GET", "/_ping") as response:
            system = response.headers.get("ostype") or "linux"
        if system != "windows":
            newer.append('"%s" is only supported on a Docker daemon running on windows, but the Docker '
                         "daemon is running on %s" % (what, system))
    if newer:
        raise UnsupportedOption("\n".join(newer))


def pull_image(docker, image, platform=None, progress=None, auth=None):
    """Pull `image` (str), and call `progress`, if any, with each message (dict). StreamError if it fails.

    `auth` are the credentials of its registry (dict), or a function that is called with the registry (str)
    and returns them; None for none.
    """
    reference = parse_reference(image)
    query = pull_query(reference)
    if callable(auth):
        auth = auth(reference.domain)
    if platform:
        query["platform"] = platform
    for message in docker.call("image_create", auth=auth or {}, **query):
        if progress is not None:
            progress(message)


def image_is_missing(error):
    """Whether create was refused because the image is missing, and not a network or another container."""
    phrases = ("no such image", "image not known", "image with reference")
    return isinstance(error, NotFound) and error.message.lower().startswith(phrases)


def create_container(docker, image, query, body, pull="missing", progress=None, notice=None, create=None,
                     auth=None):
    """Requests 1 to 3 → the id (str) of the new container.

    `query` and `body` are those of container_request. `notice` is called with each line (str) for the user,
    `progress` with each message (dict) of a pull, and `auth` is that of pull_image(). `create`, if any, is
    called in place of docker.call to send requests 1 and 3.
    """
    path, id = body["HostConfig"].get("ContainerIDFile"), None
    require_image(image)
    if "platform" in query:
        query = dict(query, platform=engine_platform(query["platform"]))
    if path:
        make_id_file(path)
    try:
        id = create_or_pull(docker, image, query, body, pull, progress, notice, create or docker.call, auth)
        return id
    finally:
        if path and id is None:
            os.remove(path)
        elif path:
            with open(path, "w") as file:
                file.write(id)


def engine_platform(text):
    """The platform `text` (str) in the engine's spelling; None for "". UsageError if malformed."""
    try:
        return format_platform(parse_platform(text)) if text else None
    except UsageError as error:
        raise UsageError("error parsing specified platform: %s" % error.message)


def make_id_file(path):
    """Make the file of --cidfile, before the container. UsageError if it cannot be made."""
    try:
        open(path, "x").close()
    except FileExistsError:
        raise UsageError("container ID file found, make sure the other container isn't running or delete "
                         + path) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError("failed to create the container ID file: open %s: %s"
                         % (path, reason[:1].lower() + reason[1:])) from None


def create_or_pull(docker, image, query, body, pull, progress, notice, create, auth):
    """Create a container, after a pull if the `image` is missing → its id (str). See create_container()."""
    platform = query.get("platform")
    if platform and not docker.supports("1.41"):   # the docker CLI, too, then selects it in the pull alone
        query = {name: value for name, value in query.items() if name != "platform"}
    if pull == "always":
        pull_image(docker, image, platform, progress, auth)
    try:
        created = create("container_create", body=body, **query)
    except NotFound as error:
        if pull != "missing" or not image_is_missing(error) or is_image_id(image):
            raise
        if notice is not None:
            reference = parse_reference(image)
            tag = "" if reference.tag or reference.digest else ":latest"
            notice("Unable to find image '%s%s' locally" % (reference.familiar(), tag))
        pull_image(docker, image, platform, progress, auth)
        created = create("container_create", body=body, **query)
    for warning in answer_field(created, "ContainerCreate", (list, type(None)), "Warnings") or ():
        if notice is not None:
            notice("WARNING: %s" % warning)
    return answer_field(created, "ContainerCreate", str, "Id")


def still_runs(docker, id):
    """Whether the container `id` is running; False if it does not exist."""
    try:
        state = docker.call("container_inspect", id)
    except NotFound:
        return False
    return answer_field(state, "ContainerInspect", bool, "State", "Running")


def exit_status(result):
    """The exit status (int, of any size) in the decoded answer to wait.

    RunFailed if that has an error, ProtocolError if it is malformed.
    """
    error = answer_field(result, "ContainerWait", (dict, str, type(None)), "Error")
    if error:
        raise RunFailed(str(error.get("Message", error)) if isinstance(error, dict) else error)
    return answer_field(result, "ContainerWait", int, "StatusCode")


def exec_status(docker, id):
    """The exit status (int, of any size) of an exec whose stream has ended. RawdockError if it still runs."""
    for delay in (0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2):
        time.sleep(delay)
        state = docker.call("exec_inspect", id)
        status = answer_field(state, "ExecInspect", (int, type(None)), "ExitCode")
        if not answer_field(state, "ExecInspect", bool, "Running") and status is not None:
            return status
    raise RawdockError("the stream of exec %s ended, yet the command still runs: its output may be incomplete"
                       % id[:12])


def confirm_removal(docker, id):
    """Wait until the container `id`, which has ended, is removed. RunFailed if it cannot be removed."""
    try:
        if not docker.supports("1.25"):   # such an engine does not remove containers by itself
            docker.call("container_delete", id, v=True)
        while not docker.supports("1.30"):   # its wait has no condition
            docker.call("container_inspect", id)
            time.sleep(0.02)
        result = docker.call("container_wait", id, condition="removed")
    except NotFound:
        return
    exit_status(result)


def remove_unstarted(docker, id):
    """Remove the container `id`, unless it is running after all: then the engine removes it at its end."""
    try:
        try:
            docker.call("container_delete", id, v=True)
        except Conflict:
            if not still_runs(docker, id):   # its removal is under way
                confirm_removal(docker, id)
    except RawdockError:
        pass   # it is gone, or the engine does not answer; the caller reports the error before this one


class NewContainer(InterruptGuard):
    """Inside its with block, a container that is being created. With `remove` (--rm) an exception removes it.

    `id` (str) is None until it is created. Once it is `started`, the engine removes it. An exception that
    leaves the block has the id as its `container`.
    """

    def __init__(self, docker, remove):
        InterruptGuard.__init__(self)
        self.docker = docker
        self.remove = remove
        self.id = None
        self.started = False

    def create(self, operation, **parameters):
        """docker.call(operation, …) that creates the container; with --rm, signals wait for its id."""
        if self.remove:
            self.hold()
        try:
            created = self.docker.call(operation, **parameters)
            self.id = answer_field(created, "ContainerCreate", str, "Id")
        finally:
            self.release()
        return created

    def start(self):
        """Start the container: request 6."""
        self.docker.call("container_start", self.id)
        self.started = True

    def __exit__(self, kind, error, trace):
        try:
            if error is not None and self.id is not None:
                error.container = self.id
                if self.remove and not self.started:
                    remove_unstarted(self.docker, self.id)
        finally:
            InterruptGuard.__exit__(self)


def doubt_stream(pipe):
    """Why a proxy may hold back some of the stream in `pipe` (Duplex), as a str; None if nothing shows one.

    An engine answers 101 to a request with Upgrade. Through a proxy that does not pass Upgrade on it answers
    200, and such a proxy may hold back output until the end, or input.
    """
    status = pipe.response.status
    return None if status == 101 else (
        "%s was answered %d, not 101: a proxy between here and the engine does not pass Upgrade on"
        % (pipe.response.target.partition("?")[0], status))


def confirmed_status(docker, id, pipe, registered):
    """The exit status, once the stream in `pipe` has ended. RunFailed if the container outlives its stream.

    An engine holds the stream open until the container ends, so the answer to wait, `registered`, must come
    at once. If it does not come and the container still runs, the stream was cut.
    """
    registered.limit_idle(END_SECONDS)
    try:
        result = registered.json()
    except Timeout:
        if still_runs(docker, id):
            doubt = doubt_stream(pipe) or "a proxy between here and the engine may have ended it"
            raise RunFailed("the stream of container %s ended, yet it still runs: "
                            "its output may be incomplete; %s" % (id[:12], doubt), 1) from None
        registered.limit_idle(None)   # the engine is slow, or the container is being removed
        result = registered.json()
    status = exit_status(result)
    pipe.confirm()
    return status


def stream_container(docker, id, tty, files, begin, forward=True, wait_first=False, keys=None, notice=None,
                     **condition):
    """Requests 4 to 6: show the output of the container `id` until it ends → its exit status.

    None if the user typed the detach keys, `keys` (str; None: the default), on a terminal.

    `files` are (stdin, stdout, stderr), None for each that is not attached. `begin()` is called when both
    connections are open. Then signals go to the container, unless `forward` is False or None (see
    SignalForwarder). `wait_first`: the container runs already, so that wait is sent before attach, and no
    exit, or removal after it, happens between the two. `notice` is called with a line (str) for the user.
    `condition` is a parameter of wait.
    """
    from contextlib import ExitStack
    stdin, stdout, stderr = files
    outputs = tty or stdout is not None or stderr is not None
    with ExitStack() as stack:   # whatever fails: both connections are closed
        def wait(**parameters):
            return stack.enter_context(docker.send("container_wait", id, **parameters))

        in_time = docker.supports("1.30")   # before that the head, too, of the answer comes with the exit
        registered = wait(**condition) if in_time and wait_first else None
        pipe = stack.enter_context(docker.call("container_attach", id, tty=tty, stream=True,
                                               stdin=stdin is not None or not outputs,
                                               stdout=tty or stdout is not None,
                                               stderr=tty or stderr is not None, detachKeys=keys or None))
        if notice is not None and doubt_stream(pipe):
            notice("WARNING: %s; output may be missing" % doubt_stream(pipe))
        if stdin is None and not tty:   # on a terminal's stream a half-close detaches
            pipe.close_write()
        if in_time and not wait_first:
            registered = wait(**condition)
        with SignalForwarder(docker, id, forward) as signals:
            def start():
                begin()
                signals.container_started()

            if wait_first or not tty:
                start()   # nothing is typed before, for it could end the program
            if tty:
                from .terminal import show_terminal

                def resize(rows, columns):
                    docker.call("container_resize", id, h=rows, w=columns)

                if show_terminal(pipe, files, resize, keys, None if wait_first else start, notice,
                                 redraw=wait_first):
                    return None
            else:
                if stdin is not None:
                    start_stdin_copy(stdin, pipe)
                if not outputs:
                    return exit_status((registered or wait()).json())
                copy_stream(pipe.raw(), tty, stdout, stderr)
            return confirmed_status(docker, id, pipe, registered or wait())


def stream_fields(client):
    """The fields of a create request that say which streams are attached, by the options in `client`."""
    interactive, streams = bool(client.get("interactive")), set(client.get("attach") or ("stdout", "stderr"))
    if interactive:
        streams.add("stdin")
    if client.get("detach"):
        streams.clear()
    return {"Tty": bool(client.get("tty")), "OpenStdin": interactive,
            "StdinOnce": interactive and "stdin" in streams, "AttachStdin": "stdin" in streams,
            "AttachStdout": "stdout" in streams, "AttachStderr": "stderr" in streams}


def mount_api_socket(docker, body, credentials):
    """Have the create request's `body` mount the engine's socket. UsageError if that is no Unix socket.

    Returns those of the `credentials` that copy_credentials() has to put into the new container: none if its
    environment names a config.json already.
    """
    if docker.address.scheme != "unix":
        raise UsageError("flag --use-api-socket can only be used with unix sockets: docker endpoint %s"
                         " incompatible" % docker.address)
    body["HostConfig"].setdefault("Mounts", []).append(
        {"Type": "bind", "Source": docker.address.path, "Target": "/var/run/docker.sock", "BindOptions": {}})
    if not credentials or any(entry.startswith("DOCKER_CONFIG=") for entry in body.get("Env", ())):
        return {}
    body["Env"] = body.get("Env", []) + ["DOCKER_CONFIG=" + CONTAINER_CONFIG]
    return credentials


def copy_credentials(docker, id, credentials):
    """Write `credentials` (dict, by the registry's key) into config.json of the container `id`, if any."""
    if not credentials:
        return
    import json
    import tarfile
    from io import BytesIO
    from .credentials import config_entry
    auths = {key: config_entry(found) for key, found in credentials.items()}
    data = json.dumps({"auths": auths}, indent="\t", sort_keys=True).encode("ascii")
    member, archive = tarfile.TarInfo(CONTAINER_CONFIG + "/config.json"), BytesIO()
    member.size, member.mode = len(data), 0o600
    with tarfile.open(fileobj=archive, mode="w") as tar:   # a single file with `run` needs no wire/tar
        tar.addfile(member, BytesIO(data))
    docker.call("put_container_archive", id, path="/", noOverwriteDirNonDir=True, body=archive.getvalue())


def put_client_fields(docker, body, client, stdout, variables=None, socket_auth=None):
    """Put into the create request's `body` what depends on this process and on the address of `docker`.

    That is: the streams, by the options in `client`; the size of the window, if `stdout` is a terminal; the
    environment `variables` (dict) that the body does not set; the mount of --use-api-socket. Returns what
    mount_api_socket() returns for `socket_auth`. UsageError if the engine would ignore something in the body.
    """
    named = [entry.partition("=")[0] for entry in body.get("Env", ())]
    added = ["%s=%s" % pair for pair in (variables or {}).items() if pair[0] not in named]
    if added:
        body["Env"] = body.get("Env", []) + added
    require_mount_versions(docker, body["HostConfig"].get("Mounts", ()))
    require_endpoint_versions(docker, body.get("NetworkingConfig", {}).get("EndpointsConfig", {}))
    body.update(stream_fields(client))
    size = window_size(stdout)
    if size is not None:
        body["HostConfig"]["ConsoleSize"] = list(size)
    return mount_api_socket(docker, body, socket_auth) if client.get("use_api_socket") else {}


def run(docker, image, command=(), stdin=None, stdout=None, stderr=None, progress=None, notice=None,
        auth=None, variables=None, socket_auth=None, **options):
    """Run `command` (list of str) in a new container of `image` → its exit status (int, of any size).

    `stdout`, `stderr` are binary files (default: this process's own), `stdin` one to read when
    interactive=True. `progress` is called with each message of a pull (dict), `notice` with lines of text
    (str). `auth` are the credentials for the pull (dict), or a function that gives those of a registry, such
    as find_credentials. `variables` (dict) are environment variables for the container, unless its env or
    env_file sets them. `socket_auth` are the credentials that use_api_socket gives to the container, such as
    those of find_all_credentials(). `options` are rows of engine/options: name="redis",
    volumes=["/some/dir:/data"], rm=True. With detach=True it returns the container's id (str) once it is
    started; it also returns the id if the user types the detach keys (detach_keys="ctrl-p,ctrl-q").

    With tty=True the output is that of a terminal, and all of it goes to `stdout`. If `stdin` is a terminal,
    too, it is in raw mode while the container runs; the end of any other file is sent as Ctrl-D.

    In the main thread, signals are sent to the container until it ends; before it starts they end the run:
    KeyboardInterrupt, or SystemExit with 128 and the signal's number. UsageError for a wrong argument, before
    any request; an error after the container was created has its id (str) as `container`.
    """
    if not hasattr(docker, "call"):
        raise UsageError("run() takes a Docker first, not %r" % (docker,),
                         "write run(rawdock.Docker(), \"busybox\", …)")
    query, body, client = container_request(image, command, options)
    stdout = sys.stdout.buffer if stdout is None else stdout
    detach, remove = client.get("detach", False), bool(body["HostConfig"].get("AutoRemove"))
    require_api_versions(docker, versions_needed(options, () if detach else ("rm",)))
    given = put_client_fields(docker, body, client, stdout, variables, socket_auth)
    with NewContainer(docker, remove) as made:
        create_container(docker, image, query, body, client.get("pull", "missing"),
                         None if client.get("quiet") else progress, notice, made.create, auth)
        copy_credentials(docker, made.id, given)
        if detach:
            made.start()
            return made.id
        source = (sys.stdin.buffer if stdin is None else stdin) if body["OpenStdin"] else None
        stderr = sys.stderr.buffer if stderr is None else stderr
        files = (source, stdout if body["AttachStdout"] else None, stderr if body["AttachStderr"] else None)
        status = stream_container(docker, made.id, body["Tty"], files, made.start,
                                  client.get("sig_proxy", True), keys=client.get("detach_keys"),
                                  notice=notice, condition="next-exit")
        if status is None:   # detached
            return made.id
        if remove:
            confirm_removal(docker, made.id)
        return status
