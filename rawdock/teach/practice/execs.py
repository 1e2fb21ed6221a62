"""The execs of a practice engine: a further program in a container that runs, created, then started once."""
from .connection import stream_type
from .container import TERMINAL_SIZE
from .containers import missing_program, run_practice_program
from .events import random_hex
from .programs.process import ProgramPipe, ProgramProcess, ProgramView, find_program, find_user
from .request import NO_THREAD, PracticeRefusal, check_size, checked_kind, checked_words, fold_keys
from .streams import PracticeAttacher
from ...wire.frames import encode_frame

MAX_FINISHED_EXECS = 100      # per container, that can still be inspected


class PracticeExec:
    """`given`: Cmd, Env, User, WorkingDir, Tty, AttachStdin, AttachStdout, AttachStderr."""

    def __init__(self, container, given):
        self.id = random_hex()
        self.container = container
        self.given = given
        self.argv = given["Cmd"]
        self.started = False
        self.running = False
        self.exit_code = None
        self.process = None
        self.attacher = None
        self.stdin = None
        self.terminal_size = TERMINAL_SIZE

    def inspect(self):
        config = {"tty": self.given["Tty"], "entrypoint": self.argv[0], "arguments": self.argv[1:],
                  "privileged": False}
        if self.given["User"]:
            config["user"] = self.given["User"]
        return {
            "ID": self.id, "Running": self.running, "ExitCode": self.exit_code, "ProcessConfig": config,
            "OpenStdin": self.given["AttachStdin"], "OpenStderr": self.given["AttachStderr"],
            "OpenStdout": self.given["AttachStdout"],
            "CanRemove": False, "ContainerID": self.container.id, "DetachKeys": "", "Pid": 0,
        }


class PracticeExecs:
    """The execs of `state`, by id."""

    def __init__(self, state):
        self.state = state
        self.changed = state.changed
        self.by_id = {}

    def create(self, container, given):
        given = fold_keys(given, "AttachStdin AttachStdout AttachStderr Tty Cmd Env User Privileged"
                                 " WorkingDir DetachKeys".split())
        words = {"Cmd": checked_words(given, "Cmd"), "Env": checked_words(given, "Env") or [],
                 "WorkingDir": checked_kind(given, "WorkingDir", (str,), ""),
                 "User": checked_kind(given, "User", (str,), "") or ""}
        words.update((key, bool(checked_kind(given, key, (bool,), "")))
                     for key in ("AttachStdin", "AttachStdout", "AttachStderr", "Tty"))
        with self.changed:
            if not words["Cmd"]:
                raise PracticeRefusal(400, "No exec command specified")
            check_exec_possible(container)
            finished = [one.id for one in container.execs.values() if one.started and not one.running]
            for identity in finished[:-MAX_FINISHED_EXECS]:
                del container.execs[identity], self.by_id[identity]
            one = PracticeExec(container, words)
            container.execs[one.id] = self.by_id[one.id] = one
            self.state.containers.emit(container, "exec_create: %s" % " ".join(one.argv), execID=one.id)
        return one

    def find(self, identity):
        with self.changed:
            one = self.by_id.get(identity)
            if one is None:
                raise PracticeRefusal(404, "No such exec instance: %s" % identity)
            return one

    def forget(self, container):
        for identity in container.execs:
            self.by_id.pop(identity, None)

    def start(self, one, attacher=None):
        """Start it, its output going to `attacher` (or nowhere). PracticeRefusal if it cannot run."""
        with self.changed:
            container, tty = one.container, one.given["Tty"]
            if one.started:
                raise PracticeRefusal(409, "exec command %s has already run" % one.id)
            check_exec_possible(container)
            one.started = True
            one.exit_code = 126
            user = find_user(container.files, one.given["User"] or container.config["User"])
            program = find_program(container.image.programs, one.argv[0])
            if program is None:
                one.exit_code = 127
                raise PracticeRefusal(400, missing_program(one.argv[0], container.image))

            def write(stream, data):
                with self.changed:
                    if tty:
                        stream, data = 1, data.replace(b"\n", b"\r\n")
                    if attacher is not None:
                        attacher.offer(stream, data)

            process = None
            one.stdin = ProgramPipe(self.changed, one.given["AttachStdin"] and attacher is not None,
                                    (lambda data: write(1, data.replace(b"\r\n", b"\n"))) if tty else None,
                                    lambda: process.deliver(2))
            env, folder = container.program_env(user, tty, one.given["Env"]), one.given["WorkingDir"]
            process = one.process = ProgramProcess(self.changed, container, user, one.stdin, write, env,
                                                   folder or container.process.workdir, tty, False, one)
            one.running, one.exit_code, one.attacher = True, None, attacher
            self.state.containers.emit(container, "exec_start: %s" % " ".join(one.argv), execID=one.id)
            view = ProgramView(process, list(one.argv), container.image.programs)
            if self.state.spawn(self.run, one, program, view) is None:
                one.running, one.exit_code = False, 126
                raise PracticeRefusal(503, NO_THREAD)

    def run(self, one, program, view):
        with self.changed:
            pass
        status = run_practice_program(one.process, program, view)
        with self.changed:
            one.process.finished, one.process.status = True, status
            one.stdin.break_off()
            one.running, one.exit_code = False, status
            if one.attacher is not None:
                one.attacher.close()
            self.state.containers.emit(one.container, "exec_die", execID=one.id, exitCode=str(status))
            self.changed.notify_all()


def check_exec_possible(container):
    container.check_running()
    if container.status == "paused":
        raise PracticeRefusal(409, "Container %s is paused, unpause the container before exec"
                              % container.name)


def answer_exec_create(engine, connection, request, name):
    container = engine.state.containers.find(name)
    connection.send_json({"Id": engine.state.execs.create(container, request.json()).id}, 201)


def answer_exec_start(engine, connection, request, identity):
    execs = engine.state.execs
    one = execs.find(identity)
    given = fold_keys(request.json(), ("Detach", "Tty"))
    # Whether the stream has frames; the terminal is create's.
    tty = bool(checked_kind(given, "Tty", (bool,), ""))
    if checked_kind(given, "Detach", (bool,), ""):
        execs.start(one)
        connection.send_empty(200)
        return
    streams = [number for number, key in ((1, "AttachStdout"), (2, "AttachStderr")) if one.given[key]]
    attacher = PracticeAttacher(engine.state.changed, streams, connection.hang_up)
    connection.hijack(request, stream_type(request, tty))
    connection.let_head_leave()
    try:
        execs.start(one, attacher)
    except PracticeRefusal as refusal:
        message = ("%s\r\n" % refusal.message).encode()
        connection.send(message if tty else encode_frame(1, message))
        return
    stdin = one.stdin if one.given["AttachStdin"] else None
    connection.pump(attacher, stdin, tty, not one.given["Tty"], True)


def answer_exec(engine, connection, request, identity):
    with engine.state.changed:
        found = engine.state.execs.find(identity).inspect()
    connection.send_json(found)


def answer_exec_resize(engine, connection, request, identity):
    one = engine.state.execs.find(identity)
    size = check_size(request)
    with engine.state.changed:
        if not one.running:
            raise PracticeRefusal(409 if one.started else 500, "exec %s is not running" % identity)
        one.terminal_size = size
        one.process.deliver(28)
    connection.send_empty(200)


EXEC_ROUTES = (
    ("POST", "/containers/([^/]+)/exec", answer_exec_create),
    ("POST", "/exec/([^/]+)/start", answer_exec_start),
    ("POST", "/exec/([^/]+)/resize", answer_exec_resize),
    ("GET", "/exec/([^/]+)/json", answer_exec),
)
