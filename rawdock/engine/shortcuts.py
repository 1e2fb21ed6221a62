"""Methods of Docker for everyday sequences of operations: run(), exec(), logs(), pull(), build(), copies.

Strategy: each makes the requests that most programs make in that order, and returns the outcome as one value.
Further arguments have the names and values of the operations, and are passed on to them. Docker finds these
methods when they are first used (operations.py), so that no command loads this file.

Left out: whatever only some programs need. They call the operations themselves.
"""
import os
from collections import namedtuple

from ..errors import UsageError, closest_word
from .answers import answer_field, malformed_answer
from .archives import copy_in, copy_out
from .build_context import ContextDirectory, context_root, find_dockerfile, ignore_file_patterns
from .options import checked_command
from .pump import start_stdin_copy
from .run import exec_status, pull_image, run


EXEC_FIELDS = ("Env", "Privileged", "User", "WorkingDir")   # of an ExecConfig: those that exec() takes


def stdin_file(stdin):
    """What a command reads (bytes or None) as a binary file or None. UsageError for another type."""
    from io import BytesIO
    if not isinstance(stdin, (bytes, bytearray, memoryview, type(None))):
        raise UsageError("stdin is what the command reads, as bytes, not %r" % (stdin,))
    return None if stdin is None else BytesIO(stdin)


def check_exec_fields(fields):
    """UsageError if one of `fields` (a dict) is not for exec()."""
    for name in fields:
        if name not in EXEC_FIELDS:
            near = closest_word(name.capitalize(), EXEC_FIELDS)
            raise UsageError("exec() has no %r%s" % (name, ", did you mean %s?" % near if near else ""),
                             "the fields are %s; container_exec has all" % ", ".join(EXEC_FIELDS))


class Finished(namedtuple("Finished", "output status")):
    """A command that has ended: `output` (bytes), `status` (int).

    The output is that of stdout and stderr, in the order in which it came.
    """

    __slots__ = ()


class Shortcuts:
    """The methods. Each works on a Docker, as `self`, and may be used from several threads."""

    def run(self, image, command=(), stdin=None, *, detach=False, **options):
        """Run `command` (list of str) in a new container of `image` (str) → Finished, once it has ended.

        The command reads `stdin` (bytes; None: nothing). `options` are those of rawdock.run(), the flags of
        docker run: name="web", env=["A=1"], volumes=["/srv:/data"], publish=["8080:80"], rm=True; auth= and
        progress= for the pull of a missing image. With stdout= or stderr= (binary files) that stream goes
        there, and not into the output. With detach=True it returns the container's id (str) once it is
        started. Raises what rawdock.run() raises; an exit status other than 0 is not an error.
        """
        from io import BytesIO
        output = BytesIO()
        if stdin is not None:
            options.update(stdin=stdin_file(stdin), interactive=True)
        options = dict({"stdout": output, "stderr": output}, **options)
        status = run(self, image, command, detach=detach, **options)
        return status if detach else Finished(output.getvalue(), status)

    def exec(self, container, command, stdin=None, stdout=True, stderr=True, timeout=None, **fields):
        """Run `command` (list of str) in a running container → Finished, once it has ended.

        The command reads `stdin` (bytes; None: nothing). `stdout` and `stderr` (bool) say which of the two
        are in the output. `fields` are others of the Engine API's ExecConfig: User="root",
        WorkingDir="/srv", Env=["A=1"], Privileged=True. `timeout` is that of the operation exec_start: after
        it Timeout is raised, and the command goes on. NotFound if there is no such container, Conflict if it
        is not running.
        """
        check_exec_fields(fields)
        typed = stdin_file(stdin)
        body = dict(fields, Cmd=checked_command(command), AttachStdin=typed is not None, AttachStdout=stdout,
                    AttachStderr=stderr)
        created = self.call("container_exec", container, body=body)
        id = answer_field(created, "ContainerExec", str, "Id")
        with self.call("exec_start", id, body={"Detach": False, "Tty": False}, tty=False,
                       timeout=timeout) as pipe:
            if typed is None:
                pipe.close_write()
            else:
                start_stdin_copy(typed, pipe)
            output = b"".join([data for _, data in pipe.frames()])
        return Finished(output, exec_status(self, id))

    def logs(self, container, follow=False, stdout=True, stderr=True, **parameters):
        """The output of a container → bytes; with follow=True an iterator of (stream, bytes), as it comes.

        `stdout` and `stderr` (bool) say which of the two are in it. `parameters` are further ones of
        container_logs: tail=100, since=1795424287 (seconds since 1970), timestamps=True.
        """
        frames = self.call("container_logs", container, follow=follow, stdout=stdout, stderr=stderr,
                           **parameters)
        return frames if follow else b"".join([data for _, data in frames])

    def pull(self, image, platform=None, auth=None, progress=None):
        """Pull `image` ("redis", "redis:7", "redis@sha256:…") → the answer of image_inspect about it (dict).

        `auth` are the credentials of its registry (dict), or a function that gives those of a registry, such
        as find_credentials. `progress` is called with each message (dict). StreamError if the pull fails.
        """
        pull_image(self, image, platform, progress, auth)
        return self.call("image_inspect", image)

    def build(self, directory, tag=None, dockerfile=None, progress=None, **parameters):
        """Build an image from a `directory` (str or Path) with the engine's classic builder, or with
        BuildKit if version="2" is given → the answer of image_inspect about it (dict).

        `tag` is its name (str, or a list of str), and `dockerfile` the path of the Dockerfile in the
        directory. .dockerignore is obeyed. `progress` is called with each message (dict). `parameters` are
        further ones of image_build: buildargs={"A": "1"}, nocache=True, target="test";
        auth=find_all_credentials() for base images. UsageError if a file cannot be sent, StreamError if the
        build fails.
        """
        if not isinstance(directory, (str, os.PathLike)):
            raise UsageError("the directory of a build is a path, not %r" % (directory,),
                             "docker.image_build(body=…) takes a tar")
        root = context_root(directory)
        name = find_dockerfile(root, dockerfile and os.path.join(root, dockerfile))
        context = ContextDirectory(root, name, ignore_file_patterns(root))
        context.check()
        id = None
        for message in self.call("image_build", body=context, dockerfile=name, t=tag, **parameters):
            if progress is not None:
                progress(message)
            aux = message.get("aux")
            id = aux.get("ID", id) if isinstance(aux, dict) else id   # BuildKit's traces have text there
        if id is None:
            raise malformed_answer("ImageBuild", b"", "the id of the image before the end of the answer")
        return self.call("image_inspect", id)

    copy_in = copy_in     # as docker.copy_in("web", "page.html", "/srv/")
    copy_out = copy_out   # as docker.copy_out("web", "/var/log", ".")
