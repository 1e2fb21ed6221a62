"""The commands `tap`, between a client and an engine, and `replay`, in an engine's place.

`rawdock tap -- CMD` runs CMD with DOCKER_HOST set to a socket of its own. CMD keeps the terminal and the
three standard streams; the transcript goes to stderr or to a file. tap ends with CMD's exit status, or with
128 and the signal's number if a signal ended CMD. It passes SIGTERM and SIGHUP on to CMD. Of SIGINT it takes
no notice, for Ctrl-C at a terminal goes to CMD too.
"""
from ...errors import UsageError
from ..explain.exports import EXPORT_FORMS, ExportFiles, write_export
from ..listen import UnixListener
from .tap import Tap, TapConnection
from ...cli.console import one_line
from ...cli.flags import Command, command_table

TAP_FLAGS = """
--listen           text  SOCK  where clients connect: the path of a Unix socket (with -- CMD: a private one)
--to               text  FILE  the transcript, instead of on stderr
--record           text  FILE  what crossed, as JSON lines: for replay and explain
--har              text  FILE  as HAR 1.2, for a browser's developer tools
--html             text  FILE  as a page that explains every byte
--pcap             text  FILE  as pcapng, for Wireshark
--secrets          bool  write credentials too, instead of asterisks
--cut-at           int   N  fault: only the first N bytes of each connection's answers come
--drop-last-chunk  bool  fault: a chunked body ends before its last chunk
--bad-frame        bool  fault: the first frame of each stream has a type that does not exist
--reset            bool  fault: a cut connection ends with a reset (alone: at the first byte of an answer)
--one-byte         bool  fault: answers come one byte a write
--drip             int   MS  fault: so many milliseconds before each write of an answer
--sweep            bool  run CMD again for each of many cuts in its answers; list those it took for success
--points           int   N  cuts at most, for --sweep (60)
-v                 bool  a line for each cut, for --sweep
"""
REPLAY_FLAGS = """
--listen  text  SOCK  where clients connect: the path of a Unix socket
-v        bool  a line for each request
"""
FAULT_FLAGS = ("cut_at", "drop_last_chunk", "bad_frame", "reset", "one_byte", "drip")
FILE_FLAGS = ("to", "record", "har", "html", "pcap")
KEPT_RECORD_BYTES = 256 << 20     # kept in memory for the files that are made of the whole record
LEFT_BEHIND_SECONDS = 2           # for the requests that are under way when CMD ends
DEFAULT_SWEEP_POINTS = 60


class TapOutput:
    """The transcript of a tapped conversation, and the files (ExportFiles) that are written about it.

    `recorder` is the WireRecorder that the tap gives everything to; finish() writes the files that need the
    whole conversation.
    """

    def __init__(self, console, options, address, files):
        from ..record.record import Recording, RecordWriter, WireRecorder
        from ..explain.screen import output_widths, wants_colour
        from ..explain.transcript import TranscriptSink
        self.console = console
        self.redact = not options["secrets"]
        self.files = files
        out = files.files.get("to", console.err)
        descriptor = 2 if out is console.err else out.fileno()
        transcript = TranscriptSink(out, wants_colour(descriptor), redact=self.redact,
                                    widths=output_widths(descriptor))
        sinks = [transcript]
        if "record" in files.files:
            sinks.append(RecordWriter(files.files["record"], self.redact, address=str(address)))
        self.recording = None
        if any(form in files.files for form in EXPORT_FORMS):
            self.recording = Recording(KEPT_RECORD_BYTES, address=str(address))
            sinks.append(self.recording)
        self.recorder = WireRecorder(sinks)

    def finish(self):
        """Write what is left to write. Returns whether all of it could be written."""
        if not self.files.emptied:   # the command was never started
            return True
        good = True
        try:
            self.recorder.finish()
        except BrokenPipeError:
            pass   # the reader of the transcript has gone
        except Exception as error:   # a fault in an explanation must not stop the tap
            self.console.complain("rawdock: the transcript or the record broke off: %s"
                                  % (getattr(error, "strerror", None) or error))
            good = False
        if self.recording is not None:
            from ..explain.annotate import AnnotatedRecording
            annotated = AnnotatedRecording(self.recording, self.redact)
        for flag, file in self.files.files.items():
            try:
                if flag in EXPORT_FORMS:
                    write_export(flag, annotated, file)
                file.close()
            except OSError as error:
                self.console.complain("rawdock: --%s: %s" % (flag, error.strerror or error))
                good = False
        return good


def chaos_of(options):
    """The Chaos with the faults that `options` name, or TapConnection if they name none."""
    from .chaos import Chaos
    for name in ("cut_at", "drip"):
        if options[name] is not None and options[name] < 0:
            raise UsageError("--%s %d: this must not be negative" % (name.replace("_", "-"), options[name]))
    if not any(options[name] not in (None, False) for name in FAULT_FLAGS):
        return TapConnection
    return Chaos(options["cut_at"], options["drop_last_chunk"], options["bad_frame"], options["one_byte"],
                 (options["drip"] or 0) / 1000.0, options["reset"])


def do_tap(console, options, arguments):
    chaos = chaos_of(options)
    if not options["sweep"] and options["points"] is not None:
        raise UsageError("--points belongs to --sweep")
    if options["sweep"]:
        others = FAULT_FLAGS + FILE_FLAGS + ("listen",)
        given = [name for name in others if options[name] not in (None, False)]
        if given:
            raise UsageError("--%s does not go with --sweep" % given[0].replace("_", "-"))
    if not arguments and (options["sweep"] or not options["listen"]):
        raise UsageError("tap needs a command to run or a place to listen",
                         "usage: rawdock tap -- docker ps, or rawdock tap --listen /tmp/tap.sock")
    address = console.engine_address()
    if address.base:
        raise UsageError("%s has a path, which a tap cannot put before the targets of a client" % address,
                         "leave the path out")
    if options["sweep"]:
        return do_sweep(console, options, arguments, address)
    paths = [(flag, options[flag]) for flag in FILE_FLAGS if options[flag]]

    def complain(error):
        console.complain("rawdock: " + one_line(error))

    with UnixListener(options["listen"]) as listener, ExportFiles(paths) as files:
        output = TapOutput(console, options, address, files)
        try:
            with Tap(listener, address, output.recorder, complain, chaos) as tap:
                if arguments:
                    status = run_tapped_command(console, tap, arguments, files)
                else:
                    files.empty()
                    ready = "between DOCKER_HOST=%s and %s" % (listener.address, address)
                    status = run_until_signal(console, tap, ready)
        finally:
            good = output.finish()
    return status or (0 if good else 1)


def run_until_signal(console, server, ready):
    """Print `ready` (str) on stderr and run `server` (ClientServer) until SIGINT or SIGTERM. Returns 0."""
    import signal
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: server.stop())
    console.err.line("rawdock: %s; end it with Ctrl-C" % ready)
    server.run()
    return 0


def run_tapped_command(console, tap, argv, files):
    """Run `argv` as the tap's client and return its exit status.

    `files` (ExportFiles) are emptied once it runs.
    """
    import signal
    from .client_cuts import child_environment, start_child
    try:
        child = start_child(argv, child_environment(tap.listener.address))
    except UsageError as error:
        console.complain("rawdock: " + one_line(error))
        return 127
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: child.send_signal(number))
    try:
        files.empty()   # before the tap records anything
    except OSError:
        child.kill()
        child.wait()
        raise
    status = tap.run_until(child.wait)
    tap.drain(LEFT_BEHIND_SECONDS)
    return status if status >= 0 else 128 - status


def do_sweep(console, options, argv, address):
    from .client_cuts import ClientCuts
    limit = DEFAULT_SWEEP_POINTS if options["points"] is None else options["points"]
    if limit < 1:
        raise UsageError("--points %d: there must be one at least" % limit)
    console.err.line("rawdock: %s is run once, and then once for each cut, answered by the record of that run"
                     % argv[0])
    runs = []
    with UnixListener() as listener:
        for run in ClientCuts(argv, address, listener, limit).runs():
            runs.append(run)
            if run.status == 0 or options["v"]:
                console.out.line(sweep_line(run))
    silent = [run for run in runs if run.status == 0]
    lost = sum(not run.same_output for run in silent)
    hung = sum(run.status is None for run in runs)
    console.out.line("%d cuts, %d taken for success, %d of these with other output%s" % (
        len(runs), len(silent), lost, "; %d did not end and were killed" % hung if hung else ""))
    return 1 if silent else 0


def sweep_line(run):
    point = run.point
    verdict = "killed" if run.status is None else "status %d" % run.status
    if run.status == 0:
        verdict += ", same output" if run.same_output else ", OUTPUT LOST"
    exchange = point.exchange
    place = (exchange.title[-44:], point.offset, len(exchange.answer), point.role)
    return "%-44s byte %5d of %5d  %-36s " % place + verdict


def do_replay(console, options, arguments):
    from ..record.record import is_record, read_record
    from .replay import ReplayServer
    name = arguments[0]
    if not options["listen"]:
        raise UsageError("replay needs a place to listen",
                         "usage: rawdock replay FILE --listen /tmp/replay.sock")
    try:
        with open(name, "rb") as file:
            if not is_record(file.read(64)):
                raise UsageError("%s is no record" % name, "rawdock tap --record FILE writes one")
            file.seek(0)
            recording = read_record(file)
    except OSError as error:
        raise UsageError("%s: %s" % (name, (error.strerror or str(error)).lower()),
                         "give a file that rawdock tap --record has written")

    def report(request, exchange):
        if exchange is None or options["v"]:
            result = "not in the record" if exchange is None else "answered"
            console.err.line("rawdock: %s: %s" % (request, result))

    with UnixListener(options["listen"]) as listener, ReplayServer(listener, recording, report) as server:
        ready = "%d recorded exchanges answer at DOCKER_HOST=%s"
        return run_until_signal(console, server, ready % (len(server.book.exchanges), listener.address))


TAP_COMMANDS = command_table(
    Command("tap", do_tap, "[-- CMD ARG...]",
            "stand between a client and the engine, show and record what crosses", TAP_FLAGS, program=True),
    Command("replay", do_replay, "FILE",
            "answer clients with a record instead of an engine; a container has the "
            "name or id that was recorded", REPLAY_FLAGS, least=1, most=1),
)
