"""`rawdock explain`, and the global flag --wire, which prints the transcript of a command as it runs.

`explain` reads a capture (the bytes of one direction of a connection) or a record (both directions of any
number of connections). It prints a transcript, a hexdump or JSON, or writes a page, a HAR or a pcapng file.
In every form it exits with 1 if bytes break a rule, else with 3 if they end inside a message.
"""
import json
import re

from ...errors import ProtocolError, TruncatedError, UsageError
from .explain import capture_direction, connection_messages, explain_messages, pieces_with_start
from .exports import EXPORT_FORMS, ExportFiles, write_export
from ...cli.flags import Command, command_table

EXPLAIN_FLAGS = """
--hex      bool  every byte: its offset, its role in the grammar, what that is and where it is written
--json     bool  a JSON object a line, one for each message
--html     text  FILE  write a page for browsers
--har      text  FILE  write a HAR, which browsers' developer tools open
--pcap     text  FILE  write a capture (pcapng), which Wireshark opens
--secrets  bool  show credentials, as --json of captured bytes always does; else their bytes are asterisks
--role     text  ROLE  what was captured: response, request, or auto (the default: by the first bytes)
--for      text  METHOD  the method that the captured responses answer (a HEAD's answer has no body)
"""

CAPTURE_BYTES = 65536
RECORD_START_BYTES = 64   # enough to distinguish a record from a capture


def read_capture(name):
    """Yield the content (bytes) of the file `name`, or of stdin for "-". UsageError if it is not readable."""
    try:
        file = open(0, "rb", buffering=0, closefd=False) if name == "-" else open(name, "rb", buffering=0)
    except OSError as error:
        raise UsageError("%s: %s" % (name, error.strerror),
                         "give a file of captured bytes or a record, or pipe it in")
    with file:
        while True:
            piece = file.read(CAPTURE_BYTES)
            if not piece:
                return
            yield piece


def is_no_record(start):
    """Whether a file that begins with `start` (bytes) cannot be a record, whatever follows."""
    return start.strip()[:1] not in (b"", b"{")


def do_explain(console, options, arguments):
    role, method = options["role"] or "auto", options["for"] or "GET"
    if role not in ("auto", "response", "request"):
        raise UsageError("--role %s: not one of response, request, auto" % role)
    exports = [form for form in EXPORT_FORMS if options[form] is not None]
    if options["json"] and (options["hex"] or exports):
        raise UsageError("--json prints no other form beside it",
                         "leave --%s out" % (["hex"] * options["hex"] + exports)[0])
    # Methods are case-sensitive (RFC 9110 §9.1), and in capitals: head is a mistake for HEAD.
    if not re.fullmatch("[!#$%&'*+.^_`|~0-9A-Z-]+", method):
        raise UsageError("--for %s: no such method" % method, "methods are in capitals, as --for HEAD")
    name = arguments[0] if arguments else "-"
    with ExportFiles([(form, options[form]) for form in exports], 0 if name == "-" else name) as files:
        start, pieces = pieces_with_start(read_capture(name), RECORD_START_BYTES, is_no_record)
        from ..record.record import is_record, read_record, redacted_recording
        if not is_record(start):
            return explain_capture(console, options, pieces, role, method, files)
        from io import BytesIO
        recording = read_record(BytesIO(b"".join(pieces)))
        if options["json"]:
            return print_record(console, recording if options["secrets"] else redacted_recording(recording))
        return show_whole(console, options, recording, files)


def explain_capture(console, options, pieces, role, method, files):
    """Explain the bytes of one direction, written to `files` (ExportFiles) if it has any → exit status."""
    if options["json"]:   # it is for programs, which want the bytes that were captured
        return print_capture(console, explain_messages(pieces, role, method))
    direction, pieces = capture_direction(pieces, role)
    from ..record.record import Recording, WireEvent
    if options["hex"] or files.files:
        recording = Recording(started=0.0, address="")
        recording.find(1).method = method
        for piece in pieces:
            recording.take(1, WireEvent(0.0, direction, "data", piece))
        return show_whole(console, options, recording, files)
    from .screen import output_widths, wants_colour
    from .transcript import TranscriptSink
    sink = TranscriptSink(console.out, wants_colour(1), False, not options["secrets"], method,
                          output_widths(1))
    for piece in pieces:
        sink.take(1, WireEvent(0.0, direction, "data", piece))
    sink.finish()
    return sink.status


def print_capture(console, messages):
    """Print what explain_messages() yields, a JSON object a line, and what it raises → exit status."""
    try:
        for facts in messages:
            console.out.line(json.dumps(facts))
    except ProtocolError as error:
        return print_error(console, error)
    return 0


def print_record(console, recording):
    """Print the messages of a Recording, a JSON object a line, connection by connection → exit status."""
    statuses = {0}
    for connection in recording.connections:
        messages, errors = connection_messages(connection)
        for facts in messages:
            console.out.line(json.dumps(dict(facts, connection=connection.number)))
        statuses.update([print_error(console, error) for error in errors])
    return 1 if 1 in statuses else max(statuses)


def print_error(console, error):
    """Print a ProtocolError as JSON, unless bytes that end inside a message are all it is → exit status."""
    if isinstance(error, TruncatedError):
        return 3
    console.out.line(json.dumps({"error": error.message, "rule": error.rule, "offset": error.offset}))
    return 1


def show_whole(console, options, recording, files):
    """Write a Recording to `files` (ExportFiles), and print its hexdump if --hex is given → exit status.

    The transcript is printed if there is no file and no --hex.
    """
    from .annotate import AnnotatedRecording
    from .hexdump import hexdump_lines
    from .screen import output_width, output_widths, wants_colour
    from .transcript import show_recording
    redact = not options["secrets"]
    annotated = AnnotatedRecording(recording, redact) if options["hex"] or files.files else None
    files.empty()
    for form, file in files.files.items():
        try:
            write_export(form, annotated, file)
        except OSError as error:
            raise UsageError("--%s %s: %s" % (form, options[form], error.strerror),
                             "give the name of a file that can be written")
    if options["hex"]:
        for line in hexdump_lines(annotated, wants_colour(1), output_width(1)):
            console.out.write((line + "\n").encode("utf-8", "backslashreplace"))
    out = None if options["hex"] or files.files else console.out
    return show_recording(recording, out, wants_colour(1), redact, output_widths(1))


EXPLAIN_COMMANDS = command_table(
    Command("explain", do_explain, "[FILE]", "what the bytes of a captured exchange are, or of a record",
            EXPLAIN_FLAGS, most=1),
)


def show_wire(console):
    """Print on stderr what crosses the connections that `console` (a Console) opens from now on."""
    from ..record.record import WireRecorder, recorded_dial
    from .screen import output_widths, wants_colour
    from .transcript import TranscriptSink
    recorder = WireRecorder([TranscriptSink(console.err, wants_colour(2), widths=output_widths(2))])
    console.open_socket = recorded_dial(recorder)

    def finish():
        try:
            recorder.finish()
        except OSError:   # nobody reads the transcript
            pass
        except Exception as error:   # a mistake in the transcript must not fail the command
            console.complain("rawdock: the transcript broke off: %r" % error)

    console.closers.append(finish)
