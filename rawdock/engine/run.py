"""`docker run`, as the requests it is made of. The steps carry the numbers used in the README.

    1  POST /containers/create?name=…              201, or 404: the image is missing
    2  POST /images/create?fromImage=…&tag=…       200, chunked JSON messages; then step 1 once more
    3  POST /containers/ID/attach?stream=1&…       101, and this connection is the container's streams
    4  POST /containers/ID/wait?condition=…        its head comes at once: the exit cannot be missed now
    5  POST /containers/ID/start                   204
    6  the frames, until the engine closes the stream
    7  the body of step 4: the exit status

Attach stands before start so that no output is lost, wait before start so that no exit is.
When the stream of step 6 ends, the bytes cannot tell a finished container from a dead
engine; the answer of step 7 can, so nothing is reported before it.
"""
import sys

from ..errors import APIError, NotFound, ProtocolError, RawdockError, Timeout
from .options import container_request
from .pump import SignalForwarder, copy_stream, start_stdin_copy
from .reference import parse_reference, pull_query

# The X-Registry-Auth of no credentials: base64 of {}. (Engine API, "Authentication")
NO_CREDENTIALS = ("X-Registry-Auth", "e30=")
# By which words of a refused start `docker run` tells that there is no such program, and that it is none.
NOT_FOUND_WORDS = ("executable file not found", "no such file or directory", "system cannot find the file specified")
NOT_EXECUTABLE_WORDS = ("permission denied", "is a directory")
END_SECONDS = 3   # from the end of a container's stream to the answer of wait; dockerd takes milliseconds


class RunFailed(RawdockError):
    """The container was created but could not be waited for; `status` is the exit status to report."""

    def __init__(self, message, status=125):
        RawdockError.__init__(self, message)
        self.status = status


def answer_field(answer, operation, kinds, *names):
    """What stands in the decoded `answer` of `operation` (str) under `names`, of one of the types `kinds`.

    Missing counts as None. ProtocolError if it is of another type, or the answer of another shape: what
    answers then is no engine, or one that we do not know.
    """
    found = answer
    for name in names:
        if not isinstance(found, dict):
            break
        found = found.get(name)
    else:
        if isinstance(found, kinds):
            return found
    raise ProtocolError("Engine API, " + operation, 0, repr(answer).encode("utf-8", "replace"), "an object that has %s" % ".".join(names))


def pull_image(docker, image, platform=None, progress=None):
    """Pull `image` (str). `progress`, if any, is called with each message (dict). StreamError if the pull fails."""
    query = pull_query(parse_reference(image))
    if platform:
        query["platform"] = platform
    for message in docker.call("image_create", headers=[NO_CREDENTIALS], **query):
        if progress is not None:
            progress(message)


def image_is_missing(error):
    """Whether create was refused for want of the image, and not of a network or another container."""
    return isinstance(error, NotFound) and error.message.lower().startswith(("no such image", "image not known", "image with reference"))


def create_container(docker, image, query, body, pull="missing", progress=None, notice=None):
    """Steps 1 and 2 → the new container's id. `notice` is called with each line worth telling (str)."""
    if pull == "always":
        pull_image(docker, image, query.get("platform"), progress)
    try:
        created = docker.call("container_create", body=body, **query)
    except NotFound as error:
        if pull != "missing" or not image_is_missing(error):
            raise
        if notice is not None:
            reference = parse_reference(image)
            notice("Unable to find image '%s%s' locally" % (reference.familiar(), "" if reference.tag or reference.digest else ":latest"))
        pull_image(docker, image, query.get("platform"), progress)
        created = docker.call("container_create", body=body, **query)
    for warning in answer_field(created, "ContainerCreate", (list, type(None)), "Warnings") or ():
        if notice is not None:
            notice("WARNING: %s" % warning)
    return answer_field(created, "ContainerCreate", str, "Id")


def run(docker, image, command=(), stdin=None, stdout=None, stderr=None, progress=None, notice=None, **options):
    """Run `command` (list of str) in a new container of `image` → its exit status (int).

    `stdout`, `stderr` binary files (default: this process's own), `stdin` one to read when
    interactive=True. `progress` gets the pull's messages, `notice` lines of text. `options` are the
    rows of engine/options: name="redis", volumes=["/some/dir:/data"], rm=True. With detach=True
    returns the container's id (str) once it is started.
    """
    query, body, client = container_request(image, command, options)
    stdout = sys.stdout.buffer if stdout is None else stdout
    stderr = sys.stderr.buffer if stderr is None else stderr
    detach = client.get("detach", False)
    interactive = client.get("interactive", False)
    tty = bool(client.get("tty"))
    body.update(Tty=tty, OpenStdin=bool(interactive), StdinOnce=bool(interactive and not detach),
                AttachStdin=bool(interactive and not detach), AttachStdout=not detach, AttachStderr=not detach)
    quiet = client.get("quiet")
    id = create_container(docker, image, query, body, client.get("pull", "missing"), None if quiet else progress, notice)
    if detach:
        docker.call("container_start", id)
        return id
    removed = body.get("HostConfig", {}).get("AutoRemove")
    from contextlib import ExitStack
    with ExitStack() as stack:   # whatever breaks: signals back to us, both connections closed
        pipe = stack.enter_context(docker.call("container_attach", id, tty=tty, stream=True, stdin=bool(interactive), stdout=True, stderr=True))
        if not interactive and not tty:   # on a terminal's stream a half-close detaches
            pipe.close_write()
        # 4. Before API 1.30 the head of wait comes with the exit: registered now, it would block.
        registered = None
        if docker.supports("1.30"):
            registered = stack.enter_context(docker.send("container_wait", id, condition="removed" if removed else "next-exit"))
        if client.get("sig_proxy", True):   # before start: Ctrl-C while it starts must not leave it running alone
            stack.enter_context(SignalForwarder(docker, id))
        try:
            docker.call("container_start", id)
        except APIError:
            if removed and registered is not None:
                await_removal(registered)
            raise
        if interactive:
            start_stdin_copy(sys.stdin.buffer if stdin is None else stdin, pipe)
        copy_stream(pipe, tty, stdout, stderr)
        if registered is None:
            registered = stack.enter_context(docker.send("container_wait", id))
        return confirmed_status(docker, id, pipe, registered)


def await_removal(registered):
    """Until the container that failed to start has been removed, so that its name is free when we say so."""
    try:
        registered.read()
    except RawdockError:
        pass   # why it did not start is what the caller is told


def confirmed_status(docker, id, pipe, registered):
    """Step 7, once the stream in `pipe` has ended → the exit status. RunFailed if the container outlives its stream.

    An engine holds the stream open until the container ends, so the answer of wait, `registered`,
    is due at once. While it does not come and the container runs on, the stream was cut.
    """
    registered.limit_idle(END_SECONDS)
    try:
        result = registered.json()
    except Timeout:
        if still_runs(docker, id):
            raise RunFailed("the stream of container %s ended, yet it still runs: its output may be incomplete" % id[:12], 1) from None
        registered.limit_idle(None)   # it is being removed
        result = registered.json()
    status = exit_status(result)
    pipe.confirm()
    return status


def still_runs(docker, id):
    try:
        state = docker.call("container_inspect", id)
    except NotFound:
        return False
    return answer_field(state, "ContainerInspect", bool, "State", "Running")


def exit_status(result):
    """The status in the answer of wait. RunFailed if it carries an error instead."""
    error = answer_field(result, "ContainerWait", (dict, str, type(None)), "Error")
    if error:
        raise RunFailed(error.get("Message", str(error)) if isinstance(error, dict) else str(error))
    return answer_field(result, "ContainerWait", int, "StatusCode")


def failure_status(error):
    """What `docker run` exits with for an error before the container ran: 127 not found, 126 not executable, else 125."""
    if isinstance(error, RunFailed):
        return error.status
    if isinstance(error, APIError) and "/start" in (error.path or ""):
        text = error.message
        if any(words in text for words in NOT_FOUND_WORDS):
            return 127
        if any(words in text for words in NOT_EXECUTABLE_WORDS):
            return 126
    return 125
