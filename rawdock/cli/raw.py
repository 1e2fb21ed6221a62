"""The raw verbs: any request by hand, the socket itself, the table of endpoints.

`rawdock GET /images/json` sends that request and writes the body of the response as it comes. Three things
are done to the response and no more: the framing of HTTP is removed, frames go to stdout or stderr, and a
failure is reported: a status of 400 or more, a cut body, and an error inside a stream that began with 200 all
end in an exit status that is not zero. `rawdock nc` does none of this: bytes in, bytes out.
"""
import os
import re
from collections import deque

from ..engine.answers import says_frames
from ..engine.docker import CONTENT_TYPES, has_field, raw_query_pairs
from ..engine.endpoints import endpoints, find_endpoint_row
from ..engine.pump import copy_stream
from ..errors import RawdockError, UnconfirmedError, UsageError
from ..net.dial import dial, is_readable
from ..net.response import KEPT_MESSAGES, check_stream_message
from .flags import Command, command_table

VERB_FLAGS = """
-0, --http1.0   bool  speak HTTP/1.0: no chunks, the connection closes after the answer
-i, --include   bool  show the head of the answer too
-q, --query     list  NAME=VALUE  a query parameter, percent-encoded for you
-d, --data      text  DATA  the body: text, @FILE, or - for stdin
-h, --header    list  'NAME: VALUE'  a header field
"""

FRAME_START = re.compile(rb"[\x00-\x03]\x00\x00\x00")
FRAME_BEGINNING = re.compile(rb"(?:[\x00-\x03]\x00{0,2})?")   # what may still become one


def split_header(text):
    name, colon, value = text.partition(":")
    if not colon:
        raise UsageError("header %r has no colon" % text, "write -h 'Name: value'")
    return name, value.strip(" \t")


def request_body(data, headers, row):
    """(body, headers) for -d: text as it is, @FILE and - streamed, with the endpoint's Content-Type."""
    import stat
    if data is None:
        return None, headers
    if not has_field(headers, "content-type") and row is not None and row.body != "-":
        headers = headers + [("Content-Type", CONTENT_TYPES[row.body])]
    if data == "-":
        from ..net.file_body import FileBody
        return FileBody(open(0, "rb", buffering=0, closefd=False)), headers
    if not data.startswith("@"):
        return data.encode("utf-8", "surrogateescape"), headers
    try:
        file = open(data[1:], "rb")
    except OSError as error:
        raise UsageError("-d %s: %s" % (data, error.strerror), "give the name of a file that can be read")
    # A pipe has no size, and is sent chunked.
    status = os.fstat(file.fileno())
    if not has_field(headers, "content-length") and stat.S_ISREG(status.st_mode):
        headers = headers + [("Content-Length", status.st_size)]
    return file, headers


def do_verb(console, options, arguments, method):
    path = arguments[0]
    row = find_endpoint_row(method, path)
    query = []
    for item in options["query"] or ():
        name, equals, value = item.partition("=")
        if not equals or not name:
            raise UsageError("query parameter %r has no =" % item, "write -q NAME=VALUE")
        query.append((name, value))
    headers = [split_header(text) for text in options["header"] or ()]
    body, headers = request_body(options["data"], headers, row)
    reader = None
    if row is not None and row.result == "messages":   # without json nothing is sent
        from ..wire.jsonstream import MessageReader
        reader = MessageReader()
    try:
        version = "1.0" if options["http1.0"] else "1.1"
        response = console.docker.request(method, path, raw_query_pairs(query), headers, body, version)
    finally:
        if hasattr(body, "close"):
            body.close()
    with response:
        if options["include"] or method == "HEAD":
            line = "HTTP/%s %d %s\r\n" % (response.version, response.status, response.reason)
            fields = "".join("%s: %s\r\n" % field for field in response.headers)
            console.out.write((line + fields + "\r\n").encode("latin-1"))
        content = answer_content(response, row)
        response.watch_end(content)
        show_body(console, response, row, reader)
        if response.status >= 400:
            console.err.line("rawdock: the engine answered %d %s" % (response.status, response.reason))
            return 1
        confirm_end(console, response.verdict, content, options["http1.0"])
    return 0


def answer_content(response, row):
    """What the body of `response` holds, as a result kind of the endpoint table; None if it is not known."""
    if row is not None and row.result != "raw":
        return row.result
    is_json = response.headers.get("content-type", "").partition(";")[0].strip() == "application/json"
    return "json" if is_json else None


def confirm_end(console, verdict, content, http_1_0):
    """UnconfirmedError for an answer that ended with its connection, unless its content shows its end.

    Engines answer so over HTTP/1.0, which has no chunks: then JSON and a tar must be whole, and of the rest a
    line says that nobody can know. They also do where they hand over the connection (attach, exec start).
    """
    if verdict.kind != "unconfirmed" or content in ("none", "upgrade"):
        return
    if not http_1_0 or content in ("json", "tar"):
        raise UnconfirmedError(verdict.got, verdict.got)
    console.err.line("rawdock: nothing tells the end of this HTTP/1.0 answer from a cut: it has no length, "
                     "and HTTP/1.0 has no chunks")


def show_body(console, response, row, reader):
    """Write the body to stdout, by the row's result kind. What arrived whole is written before an error.

    `reader` is a MessageReader for the kind "messages", else None.
    """
    kind = row.result if row is not None and response.status < 300 else "raw"
    surely_frames = says_frames(response.headers)
    if surely_frames or kind in ("frames", "upgrade"):
        from itertools import chain
        pieces = iter(response)
        first = b""
        for piece in pieces:
            first += piece
            if not FRAME_BEGINNING.fullmatch(first):
                break
        # An engine before API 1.42 gives frames and a terminal's bytes one and the same type. No
        # terminal output begins with three NULs.
        tty = not (surely_frames or FRAME_START.match(first) or FRAME_BEGINNING.fullmatch(first))
        copy_stream(chain([first], pieces), tty, console.out, console.err)
    elif kind == "messages":
        copy_messages(console.out, response, reader)
    else:
        response.copy_to(console.out)


def copy_messages(out, response, reader):
    """Write a stream of JSON messages as it comes; StreamError after it if one of them is an error."""
    recent, failure = deque(maxlen=KEPT_MESSAGES), None
    for piece in response:
        out.write(piece)
        for message in reader.feed(piece):
            if failure is None:
                try:
                    check_stream_message(message, recent)
                except RawdockError as error:
                    failure = error
            recent.append(message)
    reader.feed_eof()
    if failure is not None:
        raise failure


def verb_command(method, help):
    def run_verb(console, options, arguments):
        return do_verb(console, options, arguments, method)
    return Command(method, run_verb, "PATH", help, VERB_FLAGS, least=1, most=1)


NC_FLAGS = """
-C  bool  send CRLF for each LF, as nc -C: for typing; what is CRLF already stays so
-N  bool  half-close when stdin ends (an engine takes that for a client that has left, and cancels)
"""


def do_nc(console, options, arguments):
    sock = (console.open_socket or dial)(console.engine_address(), 60)
    try:
        pump_socket(sock, 0, console.out, options["N"], CRLFLines().translate if options["C"] else None)
    finally:
        sock.close()
    return 0


def do_dial_stdio(console, options, arguments):
    return do_nc(console, {"N": True, "C": False}, arguments)


class CRLFLines:
    """translate(bytes) → bytes with CRLF where LF stood alone; a CRLF may be cut in two between calls."""

    def __init__(self):
        self._last = b""

    def translate(self, data):
        whole = self._last + data   # `_last` is a CR or nothing
        self._last = b"\r" if whole.endswith(b"\r") else b""
        return re.sub(rb"(?<!\r)\n", b"\r\n", whole)[len(whole) - len(data):]


def pump_socket(sock, source, out, half_close, translate=None):
    """Bytes from descriptor `source` to `sock` and from `sock` to `out`, both at once, until `sock` ends.

    `translate`, bytes → bytes, is done to what is sent.
    """
    from select import select
    import socket
    sock.setblocking(False)
    pending, source_open = b"", True
    while True:
        sources = [sock, source] if source_open and not pending else [sock]
        at_once = is_readable(sock, False)   # then what else can be done now is done too
        readable, writable, _ = select(sources, [sock] if pending else [], [], 0 if at_once else None)
        if at_once or is_readable(sock, sock in readable):
            try:
                data = sock.recv(65536)
            except BlockingIOError:
                data = None
            except ConnectionResetError:
                data = b""
            if data == b"":
                return
            if data:
                out.write(data)
        if source in readable:
            pending = os.read(source, 65536)
            if pending and translate is not None:
                pending = translate(pending)
            elif not pending:
                source_open = False
                if half_close:
                    sock.shutdown(socket.SHUT_WR)
        if sock in writable:
            try:
                pending = pending[sock.send(pending):]
            except (BrokenPipeError, ConnectionResetError):
                pending, source_open = b"", False   # what was answered before is still to be read


def search_endpoints(word):
    """The operations that have `word` (str, any case).

    A word of the name, the path, the tag or a parameter begins with it, or it is a word of the help. So
    "attach" does not find what is attested, nor "attached".
    """
    begins = re.compile("(?<![a-z0-9])" + re.escape(word.lower()))
    whole = re.compile(r"\b%s\b" % re.escape(word.lower()))
    found = []
    for endpoint in endpoints():
        names = " ".join([endpoint.name, endpoint.method, endpoint.path, endpoint.tag]
                         + [parameter.name for parameter in endpoint.query + endpoint.extra])
        names += re.sub("([a-z])([A-Z])", r"\1 \2", " " + names)   # fromImage has the words from and image
        if begins.search(names.lower()) or whole.search(endpoint.help.lower()):
            found.append(endpoint)
    return found


def do_endpoints(console, options, arguments):
    found = search_endpoints(arguments[0]) if arguments else endpoints()
    if options["json"]:
        import json
        rows = [{"name": row.name, "method": row.method, "path": row.path,
                 "query": [parameter.name for parameter in row.query], "since": row.since} for row in found]
        console.out.line("[" + ",\n ".join(json.dumps(row) for row in rows) + "]")
        return 0
    if not found:
        console.err.line("rawdock: no endpoint has %r in its name, path, help or parameters; "
                         "rawdock endpoints lists all" % arguments[0])
        return 1
    tag = None
    for row in found:
        if row.tag != tag:
            tag = row.tag
            console.out.line("%s%s" % ("" if row is found[0] else "\n", tag))
        query = "&".join(parameter.name for parameter in row.query)
        console.out.line("  %-26s %-6s %s%s" % (row.name, row.method, row.path, "?" + query if query else ""))
        console.out.line("  %-26s %s (since %s)" % ("", row.help, row.since))
    return 0


RAW_COMMANDS = command_table(
    verb_command("GET", "send a GET by hand and show the body"),
    verb_command("HEAD", "send a HEAD and show the head"),
    verb_command("POST", "send a POST, with a body from -d"),
    verb_command("PUT", "send a PUT, with a body from -d"),
    verb_command("DELETE", "send a DELETE"),
    Command("nc", do_nc, "", "stdin to the engine's socket, the socket to stdout, byte for byte, as nc -U",
            NC_FLAGS, most=0),
    Command("system dial-stdio", do_dial_stdio, "",
            "Proxy the stdio stream to the daemon connection. Should not be invoked manually.", most=0),
    Command("endpoints", do_endpoints, "[WORD]",
            "the Engine API on one page, or the part that has WORD in it",
            "--json  bool  as a JSON array", most=1),
)
