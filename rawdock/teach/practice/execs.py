"""The execs of a practice engine: a further program in a container that runs, created, then started once.

A health check is an exec of the engine's own, repeated while the container runs. A learner does not wait for
the 30 seconds of the default interval: the first check comes after a second at most.
"""
from ...cli.go_types import go_duration
from ...wire.frames import encode_frame
from .connection import stream_type
from .events import PracticeObjects, nanoseconds_now, random_hex, wire_time
from .programs.process import find_user
from .request import STRINGS, PracticeRefusal, read_object, terminal_size, unlocked
from .running import ProgramOwner
from .streams import PracticeAttacher, detach_scanner

MAX_FINISHED_EXECS = 100      # per container, that can still be inspected
EXEC_KINDS = {"AttachStdin": bool, "AttachStdout": bool, "AttachStderr": bool, "Tty": bool, "Cmd": STRINGS,
              "Env": STRINGS, "User": str, "WorkingDir": str, "DetachKeys": str}
EXEC_KEYS_MESSAGE = "Invalid escape keys (%s) provided"
FIRST_CHECK_SECONDS = 1.0     # at most, from the start of a container to its first health check
HEALTH_DEFAULTS = {"Interval": 30 * 10 ** 9, "Timeout": 30 * 10 ** 9, "StartPeriod": 0, "Retries": 3}
HEALTH_LOG_LENGTH = 5         # results that inspect shows
MAX_HEALTH_OUTPUT = 4096      # bytes, of each result


class PracticeExec(ProgramOwner):
    """One exec; `given` is the body of its create request, with the keys of EXEC_KINDS."""

    def __init__(self, container, given):
        ProgramOwner.__init__(self, container.engine, given["Cmd"], bool(given.get("Tty")))
        self.id = self.name = random_hex()
        self.container = container
        self.given = given
        self.started = False
        self.running = False
        self.exit_code = None

    def inspect(self):
        config = {"tty": self.tty, "entrypoint": self.argv[0], "arguments": self.argv[1:],
                  "privileged": False}
        if self.given.get("User"):
            config["user"] = self.given["User"]
        return {
            "ID": self.id, "Running": self.running, "ExitCode": self.exit_code, "ProcessConfig": config,
            "OpenStdin": bool(self.given.get("AttachStdin")),
            "OpenStderr": bool(self.given.get("AttachStderr")),
            "OpenStdout": bool(self.given.get("AttachStdout")),
            "CanRemove": False, "ContainerID": self.container.id, "Pid": 0,
            "DetachKeys": self.given.get("DetachKeys") or "",
        }


def health_program(healthcheck):
    """Return the argv (list of str) of a Healthcheck's Test; None if that runs nothing."""
    kind, *words = healthcheck.get("Test") or ["NONE"]
    if kind == "CMD-SHELL":
        return ["/bin/sh", "-c"] + words[:1]
    return words if kind == "CMD" and words else None


class PracticeExecs(PracticeObjects):
    """The execs of an engine."""

    missing = "No such exec instance: %s"
    has_short_ids = False

    def forget(self, container):
        for identity in container.execs:
            self.by_id.pop(identity, None)

    def start(self, one, attacher=None):
        """Start an exec; its output goes to `attacher`, or nowhere. Raises PracticeRefusal."""
        with self.changed:
            container, given = one.container, one.given
            if one.started:
                raise PracticeRefusal(409, "exec command %s has already run" % one.id)
            check_exec_possible(container)
            one.started = True
            one.attachers = [attacher] if attacher else []
            one.open_stdin(bool(given.get("AttachStdin") and attacher))
            try:
                user = find_user(container.files, given.get("User") or container.config["User"])
                env = container.program_env(user, one.tty, given.get("Env") or ())
                folder = given.get("WorkingDir") or container.process.workdir
                one.start_process(container, user, env, folder, False, lambda status: self.ended(one, status))
            except PracticeRefusal as refusal:
                one.exit_code = 127 if refusal.status == 400 else 126
                raise
            one.running = True
            self.engine.containers.emit(container, "exec_start: %s" % " ".join(one.argv), execID=one.id)

    def ended(self, one, status):
        one.running, one.exit_code = False, status
        one.close_attachers()
        self.engine.containers.emit(one.container, "exec_die", execID=one.id, exitCode=str(status))


    def add(self, container, given):
        """Return a new PracticeExec; `given` is the body of its create request."""
        one = PracticeExec(container, given)
        container.execs[one.id] = self.by_id[one.id] = one
        self.engine.containers.emit(container, "exec_create: %s" % " ".join(one.argv), execID=one.id)
        return one

    # -- health checks

    def watch_health(self, container):
        """Begin the health checks of a container that has been started, if it has any."""
        healthcheck = container.config.get("Healthcheck") or {}
        argv = health_program(healthcheck)
        if argv is None:
            return
        log = container.health["Log"] if container.health else []
        container.health = {"Status": "starting", "FailingStreak": 0, "Log": log}
        given = {key: value for key, value in healthcheck.items() if value}
        self.engine.spawn(self._repeat_checks, container, argv, dict(HEALTH_DEFAULTS, **given))

    def _repeat_checks(self, container, argv, settings):
        with self.changed:
            run, wait = container.runs, min(settings["Interval"] / 1e9, FIRST_CHECK_SECONDS)
        while not self.engine.wait_until(lambda: container.runs != run, wait):
            wait = settings["Interval"] / 1e9
            if container.status == "running":
                result = self._check_once(container, argv, settings["Timeout"])
                with self.changed:
                    if container.runs == run:
                        self._record_check(container, result, settings)

    def _check_once(self, container, argv, timeout):
        """Run one check → its result, as State.Health.Log has it."""
        output, status, begun = PracticeAttacher(self.changed, (1, 2), lambda: None), -1, nanoseconds_now()
        problem = ""
        with self.changed:
            one = self.add(container, {"Cmd": argv, "AttachStdout": True, "AttachStderr": True})
        try:
            self.start(one, output)
            if self.engine.wait_until(lambda: not one.running, timeout / 1e9):
                status = one.exit_code
            else:
                one.process.deliver(9)
                problem = "Health check exceeded timeout (%s)" % go_duration(timeout)
        except PracticeRefusal as refusal:
            problem = refusal.message
        with self.changed:
            said = b"".join(part for _, part in output.take() or ())[:MAX_HEALTH_OUTPUT]
            container.execs.pop(one.id, None)
            self.by_id.pop(one.id, None)
        texts = filter(None, (problem, said.decode("utf-8", "replace")))
        return {"Start": wire_time(begun), "End": wire_time(nanoseconds_now()), "ExitCode": status,
                "Output": ": ".join(texts)}

    def _record_check(self, container, result, settings):
        health, before = container.health, container.health["Status"]
        health["Log"] = (health["Log"] + [result])[-HEALTH_LOG_LENGTH:]
        if not result["ExitCode"]:
            health.update(Status="healthy", FailingStreak=0)
        elif before != "starting" or nanoseconds_now() - container.started >= settings["StartPeriod"]:
            health["FailingStreak"] += 1
            if health["FailingStreak"] >= settings["Retries"]:
                health["Status"] = "unhealthy"
        if health["Status"] != before:
            self.engine.containers.emit(container, "health_status: " + health["Status"])
        self.changed.notify_all()


def check_exec_possible(container):
    container.check_running()
    if container.status == "paused":
        raise PracticeRefusal(409, "Container %s is paused, unpause the container before exec"
                              % container.name)


def answer_exec_create(engine, connection, request, container):
    given = read_object(request.json(), EXEC_KINDS)
    if not given.get("Cmd"):
        raise PracticeRefusal(400, "No exec command specified")
    check_exec_possible(container)
    detach_scanner(given.get("DetachKeys"), 500, EXEC_KEYS_MESSAGE)
    finished = [one.id for one in container.execs.values() if one.started and not one.running]
    for identity in finished[:-MAX_FINISHED_EXECS]:
        del container.execs[identity], engine.execs.by_id[identity]
    return 201, {"Id": engine.execs.add(container, given).id}


def answer_exec_start(engine, connection, request, one):
    execs = engine.execs
    given = read_object(request.json(), {"Detach": bool, "Tty": bool})
    # Create decides whether there is a terminal, and start whether the stream has frames.
    tty = bool(given.get("Tty"))
    if given.get("Detach"):
        execs.start(one)
        return 200
    streams = [number for number, key in ((1, "AttachStdout"), (2, "AttachStderr")) if one.given.get(key)]
    attacher = PracticeAttacher(engine.changed, streams, connection.hang_up)
    connection.hijack(request, stream_type(request, tty))
    connection.let_head_leave()
    try:
        execs.start(one, attacher)
    except PracticeRefusal as refusal:
        message = ("%s\r\n" % refusal.message).encode()
        connection.send(message if tty else encode_frame(1, message))
        return
    scanner = detach_scanner(one.given.get("DetachKeys"), 500, EXEC_KEYS_MESSAGE) if tty else None
    connection.pump(attacher, one.stdin if one.given.get("AttachStdin") else None, tty, not one.tty, scanner)


def answer_exec(engine, connection, request, one):
    return one.inspect()


def answer_exec_resize(engine, connection, request, one):
    size = terminal_size(request)
    if not one.running:
        raise PracticeRefusal(409 if one.started else 500, "exec %s is not running" % one.id)
    one.resize(size)
    return 200


EXEC_ROUTES = (
    ("POST", "/containers/(?P<container>[^/]+)/exec", answer_exec_create),
    ("POST", "/exec/(?P<exec>[^/]+)/start", unlocked(answer_exec_start)),
    ("POST", "/exec/(?P<exec>[^/]+)/resize", answer_exec_resize),
    ("GET", "/exec/(?P<exec>[^/]+)/json", answer_exec),
)
