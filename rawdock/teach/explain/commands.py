"""`rawdock explain`: what bytes mean. And the global flag --wire, which shows them as they cross.

`explain` takes bytes that somebody captured (one direction of a connection) or a record (both directions of
many), and shows them as a transcript, as a hexdump or as JSON, or writes them as a page, a HAR or a capture
file. Whatever the form, bytes that break a rule end in status 1, bytes that end inside a message in status 3.
"""
import json
import re

from ...errors import ProtocolError, TruncatedError, UsageError
from .explain import (
    ROLE_BYTES, add_raw_stream, explain_messages, guess_role, message_facts, pieces_with_start,
)
from .exports import EXPORT_FORMS, ExportFiles, write_export
from ...wire.framing import request_framing
from ...cli.flags import Command, command_table

EXPLAIN_FLAGS = """
--hex      bool  every byte: its offset, its role in the grammar, what that is and where it is written
--json     bool  a JSON object a line, one for each message
--html     text  FILE  write a page for browsers
--har      text  FILE  write a HAR, which browsers' developer tools open
--pcap     text  FILE  write a capture (pcapng), which Wireshark opens
--secrets  bool  show credentials, as --json of captured bytes always does; else their bytes are asterisks
--role     text  ROLE  what was captured: response, request, or auto (the default: the first bytes tell)
--for      text  METHOD  the method that the captured responses answer (a HEAD's answer has no body)
"""

CAPTURE_BYTES = 65536
RECORD_START_BYTES = 64   # tell a record from captured bytes


def read_capture(name):
    """Pieces (bytes) of the file `name`, or of stdin for "-". UsageError if it cannot be opened."""
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
        raise UsageError("--json is a form of its own",
                         "leave --%s out" % (["hex"] * options["hex"] + exports)[0])
    # No method with small letters is in use, and methods are case-sensitive (RFC 9110 §9.1): head is not
    # HEAD.
    if not re.fullmatch("[!#$%&'*+.^_`|~0-9A-Z-]+", method):
        raise UsageError("--for %s: no such method" % method, "methods are in capitals, as --for HEAD")
    name = arguments[0] if arguments else "-"
    with ExportFiles([(form, options[form]) for form in exports], 0 if name == "-" else name) as files:
        start, pieces = pieces_with_start(read_capture(name), RECORD_START_BYTES, is_no_record)
        if not start.lstrip().startswith(b"{"):   # a record begins with one, and is_record has more to load
            return explain_capture(console, options, pieces, role, method, files)
        from .annotate import AnnotatedRecording
        from ..record.record import is_record, read_record
        if not is_record(start):
            return explain_capture(console, options, pieces, role, method, files)
        from io import BytesIO
        recording = read_record(BytesIO(b"".join(pieces)))
        if options["json"]:
            return print_record_messages(console, AnnotatedRecording(recording, not options["secrets"]))
        return show_whole(console, options, recording, files)


def explain_capture(console, options, pieces, role, method, files):
    """Explain the bytes of one direction, written to `files` (ExportFiles) if it has any → exit status."""
    if options["json"]:   # it is for programs, which want the bytes that were captured
        return print_captured_messages(console, pieces, role, method)
    if role == "auto":
        start, pieces = pieces_with_start(pieces, ROLE_BYTES)
        role = guess_role(start)
    direction = "<" if role == "response" else ">"
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


def print_captured_messages(console, pieces, role, method):
    try:
        for facts in explain_messages(pieces, role, method):
            console.out.line(json.dumps(facts))
    except TruncatedError:
        return 3
    except ProtocolError as error:
        print_broken_rule(console, error)
        return 1
    return 0


def print_broken_rule(console, error):
    console.out.line(json.dumps({"error": str(error), "rule": error.rule, "offset": error.offset}))


def print_record_messages(console, annotated):
    """Print a JSON object for each message of an AnnotatedRecording, by connections → exit status."""
    status = 0
    for connection in annotated.connections:
        for stream, message, raw in messages_in_turn(connection):
            if message.head is not None or isinstance(message.error, TruncatedError):
                body = joined_bytes(stream, [part for part in message.body if part not in raw])
                framing = request_framing(message.head).kind if raw else message.framing
                facts = message_facts(message.kind, message.head, framing, body, message.complete)
                add_raw_stream(facts, joined_bytes(stream, raw))
                facts["connection"] = connection.number
                console.out.line(json.dumps(facts))
        for stream in (connection.requests, connection.responses):
            if isinstance(stream.error, TruncatedError):
                status = status or 3
            elif stream.error is not None:
                print_broken_rule(console, stream.error)
                status = 1
    return status


def joined_bytes(stream, ranges):
    return b"".join([stream.data[start:end] for start, end in ranges])


def messages_in_turn(connection):
    """Yield (AnnotatedStream, AnnotatedMessage, ranges): a request, what answers it, at last other messages.

    The ranges, (start, end) pairs, are those of the raw stream that the client sent after a request.
    """
    given = set()
    for exchange in connection.exchanges:
        if exchange.request is not None:
            given.add(exchange.request)
            yield connection.requests, exchange.request, exchange.raw_sent
        for message in exchange.interim + [exchange.response]:
            if message is not None:
                given.add(message)
                yield connection.responses, message, []
    for stream in (connection.requests, connection.responses):
        for message in stream.messages:
            if message not in given:
                yield stream, message, []


def show_whole(console, options, recording, files):
    """Write a Recording to `files` (ExportFiles), and print its hexdump if asked for → exit status.

    Where nothing is written and no hexdump asked for, its transcript is printed.
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
    """From here on print on stderr what crosses the connections of `console` (a Console)."""
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
        except Exception as error:   # a mistake in the transcript is not the command's
            console.complain("rawdock: the transcript broke off: %r" % error)

    console.closers.append(finish)
