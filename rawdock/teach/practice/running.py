"""What a container and an exec have in common: a program that runs, its terminal, its attached clients."""
from .programs.process import (ProgramKilled, ProgramPipe, ProgramProcess, ProgramView, call_program,
                               find_program)
from .request import PracticeRefusal

TERMINAL_SIZE = (24, 80)     # rows and columns, until a client gives others


def run_program(process, program, view):
    """Run `program` to its end, whatever that is → its exit status."""
    try:
        return call_program(program, view) & 255
    except ProgramKilled as killed:
        return 128 + killed.args[0]
    except Exception as error:   # a mistake in a built-in program ends its container, never the engine
        message = "practice engine: %s failed: %s: %s\n" % (view.argv[0], type(error).__name__, error)
        try:
            process.write(2, message.encode("utf-8", "replace"))
        except ProgramKilled as killed:
            return 128 + killed.args[0]
        return 134


def missing_program(name, image):
    """Return the message for a program that the image does not have; its phrases give clients status 127."""
    known = " ".join(sorted(one for one in image.programs if "/" not in one))
    problem = "executable file not found in $PATH"
    if "/" in name:
        problem = "stat %s: no such file or directory" % name
    return "practice runtime: exec: \"%s\": %s (the programs of %s: %s)" % (
        name, problem, image.repository or image.id[7:19], known)


class ProgramOwner:
    """A container or an exec: it runs the program of `argv`, in a terminal if `tty`, for `attachers`.

    `stdin` is a ProgramPipe, `process` a ProgramProcess (None before its start), `log` a PracticeLog or None.
    All of it is used under the engine's `changed`.
    """

    def __init__(self, engine, argv, tty, log=None):
        self.engine = engine
        self.argv = argv
        self.tty = tty
        self.log = log
        self.process = None
        self.stdin = None
        self.attachers = []
        self.terminal_size = TERMINAL_SIZE

    def open_stdin(self, is_open):
        """Make a new `stdin`, which is at its end from the start unless `is_open`."""
        echo = (lambda data: self.write_output(1, data)) if self.tty else None
        self.stdin = ProgramPipe(self.engine.changed, is_open, echo,
                                 lambda: self.process and self.process.deliver(2))

    def write_output(self, stream, data):
        """Add output of the program, or its terminal's echo, to the log and to every attacher's queue."""
        with self.engine.changed:
            if self.tty:
                stream, data = 1, data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            if self.log is not None:
                self.log.add(stream, data)
                self.engine.changed.notify_all()
            for attacher in list(self.attachers):
                attacher.offer(stream, data)

    def close_attachers(self):
        for attacher in self.attachers:
            attacher.close()
        self.attachers = []

    def resize(self, size):
        """Give the terminal another size (rows, columns), and tell the program with SIGWINCH."""
        self.terminal_size = size
        self.process.deliver(28)

    def start_process(self, container, user, env, workdir, is_init, ended):
        """Start the program in a thread, which calls `ended(status)` at its end. Raises PracticeRefusal."""
        program = find_program(container.image.programs, self.argv[0])
        if program is None:
            raise PracticeRefusal(400, missing_program(self.argv[0], container.image))
        process = ProgramProcess(self, container, user, env, workdir, is_init)
        view = ProgramView(process, list(self.argv), container.image.programs)
        if self.engine.spawn(self._run, process, program, view, ended) is None:
            raise PracticeRefusal(503, "the practice engine has no thread left, or is closing")
        self.process = process

    def _run(self, process, program, view, ended):
        with self.engine.changed:   # start holds it until the state of the container is complete
            pass
        status = run_program(process, program, view)
        with self.engine.changed:
            process.finished = True
            process.stdin.break_off()
            ended(status)
            self.engine.changed.notify_all()
