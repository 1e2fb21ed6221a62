"""Explanations of bytes, methods, fields and statuses: pairs of (a text, its source).

    explain_span(span, stream)       a span of an annotation: the sentence of the page and of the hexdump
    explain_event(event)             what happened to a connection
    explain_target explain_status explain_field        lines of a head: the explanations of a transcript

The source is the section of an RFC, or the operation of the Engine API whose documentation says it. Tables
hold what depends on one value; what depends on more (a chunk's size, a frame's length) explain_value() says.
"""
import re

from ...engine.endpoints import find_endpoint_row
from ...wire.protobuf import PROTOBUF_RULE
from .traces import SHOWN_TRACE_FIELDS, trace_fields

ENGINE_STREAM = "Engine API, ContainerAttach, stream format"
ATTACH_OPERATION = "Engine API, ContainerAttach"
PING_OPERATION = "Engine API, SystemPing"
TAR_SOURCE = "POSIX, pax, ustar Interchange Format"

# role → (sentence, source).
ROLE_EXPLANATIONS = {
    "method": ("What the client wants the server to do with the target.", "RFC 9110 §9.1"),
    "request target": ("What the request is about: a path, and a query after ?.", "RFC 9112 §3.2"),
    "version": ("The version of HTTP that the sender speaks.", "RFC 9112 §2.3"),
    "SP": ("One space separates the elements of a request line.", "RFC 9112 §3"),
    "status code": ("Three digits for the result; the first is its class.", "RFC 9110 §15"),
    "reason phrase": ("The status in words, for people; programs read the code.", "RFC 9112 §4"),
    "field name": ("The name of a field; upper and lower case mean the same.", "RFC 9110 §5.1"),
    "colon": ("A colon ends the field name; no white space may come before it.", "RFC 9112 §5.1"),
    "OWS": ("White space around a value: it means nothing.", "RFC 9110 §5.6.3"),
    "field value": ("The value of the field.", "RFC 9110 §5.5"),
    "CRLF": ("Carriage return and line feed end a line; an empty line ends the head.", "RFC 9112 §2.1"),
    "content": ("Bytes of the body.", "RFC 9112 §6"),
    "chunk size": ("How many bytes of data this chunk has, in hexadecimal.", "RFC 9112 §7.1"),
    "chunk extension": ("An extension of this chunk: it may be ignored.", "RFC 9112 §7.1.1"),
    "chunk data": ("Bytes of the body, as many as the chunk's size says.", "RFC 9112 §7.1"),
    "chunk data CRLF": ("CRLF after the data of a chunk: it is not part of the body.", "RFC 9112 §7.1"),
    "trailer field name": ("A field after the body, in the trailer section.", "RFC 9112 §7.1.2"),
    "trailer colon": ("A colon ends the field name.", "RFC 9112 §5.1"),
    "trailer OWS": ("White space around a value: it means nothing.", "RFC 9110 §5.6.3"),
    "trailer field value": ("The value of a trailer field.", "RFC 9110 §6.5"),
    "raw stream": ("The connection no longer speaks HTTP: these bytes are the program's input or output as "
                   "they are.", ATTACH_OPERATION),
    "frame stream type": ("Which stream the frame is of: 0 stdin, 1 stdout, 2 stderr, 3 an error of the "
                          "engine's.", ENGINE_STREAM),
    "frame padding": ("Three bytes of zero.", ENGINE_STREAM),
    "frame length": ("How many bytes the frame carries: a big-endian number of four bytes.", ENGINE_STREAM),
    "frame payload": ("What the program wrote.", ENGINE_STREAM),
    "JSON message": ("A JSON value.", "RFC 8259 §2"),
    "BuildKit trace": ("Base64 of a protocol buffer, in which BuildKit says what it builds.", PROTOBUF_RULE),
    "tar name": ("The name of the member; the sender chose it.", TAR_SOURCE),
    "tar mode": ("Its permission bits, in octal digits.", TAR_SOURCE),
    "tar uid": ("The number of the user who owns it, in octal digits.", TAR_SOURCE),
    "tar gid": ("The number of its group, in octal digits.", TAR_SOURCE),
    "tar size": ("How many bytes of content follow the header, in octal digits.", TAR_SOURCE),
    "tar mtime": ("When it was changed, in seconds since 1970, in octal digits.", TAR_SOURCE),
    "tar checksum": ("The sum of the header's bytes, with blanks in place of the sum itself.", TAR_SOURCE),
    "tar type": ("What it is: 0 a file, 1 a hard link, 2 a symbolic link, 5 a directory; x, L and K are "
                 "records about the member that follows.", TAR_SOURCE),
    "tar link": ("Where a link leads.", TAR_SOURCE),
    "tar magic": ("The name of the format and its version.", TAR_SOURCE),
    "tar user": ("The name of the user who owns it.", TAR_SOURCE),
    "tar group": ("The name of its group.", TAR_SOURCE),
    "tar device major": ("The major number of a device.", TAR_SOURCE),
    "tar device minor": ("The minor number of a device.", TAR_SOURCE),
    "tar prefix": ("What comes before the name, and a slash, if that is long.", TAR_SOURCE),
    "tar padding": ("Bytes of zero, up to a whole block of 512.", TAR_SOURCE),
    "tar record": ("A long name, or other values, of the member that follows.", "POSIX, pax"),
    "tar content": ("The content of a member.", TAR_SOURCE),
    "tar end": ("A block of zeros; two of them end the archive.", TAR_SOURCE),
    "separator": ("Between JSON values: an engine ends each with a line end.", "RFC 8259 §2"),
    "malformed": ("This byte breaks a rule.", ""),
    "not read": ("Not read: after a broken rule nobody can know what bytes mean.", "RFC 9112 §2.2"),
    "cut": ("The bytes end inside this element.", "RFC 9112 §8"),
}

# Fields that engines and their clients use: (what it is for, source).
FIELD_EXPLANATIONS = {
    "host": ("the host that the request is for; on a Unix socket any name is accepted", "RFC 9110 §7.2"),
    "user-agent": ("the program that sends the request", "RFC 9110 §10.1.5"),
    "accept": ("which types of content the client accepts", "RFC 9110 §12.5.1"),
    "accept-encoding": ("which content codings the client accepts", "RFC 9110 §12.5.3"),
    "content-type": ("what the body is", "RFC 9110 §8.3"),
    "content-length": ("how many bytes the body has", "RFC 9110 §8.6"),
    "transfer-encoding": ("the transfer codings, which frame the body", "RFC 9112 §6.1"),
    "trailer": ("which fields the trailer section will have", "RFC 9110 §6.6.2"),
    "connection": ("options for this connection", "RFC 9110 §7.6.1"),
    "upgrade": ("the protocol that the connection is to change to", "RFC 9110 §7.8"),
    "expect": ("the client waits for a 100 before it sends the body", "RFC 9110 §10.1.1"),
    "date": ("when the response was made", "RFC 9110 §6.6.1"),
    "server": ("the program that sends the response", "RFC 9110 §10.2.4"),
    "location": ("another target for the request", "RFC 9110 §10.2.2"),
    "allow": ("which methods the target supports", "RFC 9110 §10.2.1"),
    "cache-control": ("who may store the response, and how long", "RFC 9111 §5.2"),
    "pragma": ("Cache-Control for HTTP/1.0", "RFC 9111 §5.4"),
    "authorization": ("the client's credentials", "RFC 9110 §11.6.2"),
    "proxy-authorization": ("the client's credentials for a proxy", "RFC 9110 §11.7.2"),
    "api-version": ("the newest API version that the engine speaks", PING_OPERATION),
    "docker-experimental": ("whether the engine offers experimental features", PING_OPERATION),
    "builder-version": ("which builder the engine prefers: 1 the classic one, 2 BuildKit", PING_OPERATION),
    "swarm": ("the engine's role in a swarm", PING_OPERATION),
    "ostype": ("the operating system that containers run on", PING_OPERATION),
    "x-registry-auth": ("the credentials for the registry, JSON in base64url: keep them secret",
                        "Engine API, Authentication"),
    "x-registry-config": ("credentials for several registries, JSON in base64url: keep them secret",
                          "Engine API, ImageBuild"),
    "x-docker-container-path-stat": ("what the path is (name, size, mode, time), JSON in base64",
                                     "Engine API, ContainerArchiveInfo"),
    "x-content-type-options": ("a browser is not to guess the content type", "WHATWG Fetch §3.6"),
}

# (field, value in lower case) → a sentence that says more than the field's own.
VALUE_EXPLANATIONS = {
    ("content-type", "application/json"): ("the body is JSON: one value, or a message a line",
                                           "RFC 8259 §11"),
    ("content-type", "application/x-tar"): ("the body is a tar archive", "Engine API, ImageBuild"),
    ("content-type", "application/vnd.docker.raw-stream"): (
        "a terminal's bytes as they are; engines before API 1.42 say so of frames too", ATTACH_OPERATION),
    ("content-type", "application/vnd.docker.multiplexed-stream"): (
        "stdout and stderr in frames, each with a header of eight bytes", ATTACH_OPERATION),
    ("transfer-encoding", "chunked"): ("the body comes in chunks, each with its size; one of size 0 ends it",
                                       "RFC 9112 §7.1"),
    ("connection", "close"): ("the connection closes after this message", "RFC 9112 §9.6"),
    ("connection", "keep-alive"): ("the connection stays open for another request", "RFC 9112 §9.3"),
    ("connection", "upgrade"): ("this connection is to change its protocol: see Upgrade", "RFC 9110 §7.8"),
    ("upgrade", "tcp"): ("raw bytes both ways after the head: the container's input and output",
                         ATTACH_OPERATION),
    ("upgrade", "websocket"): ("WebSocket frames after the head", "Engine API, ContainerAttachWebsocket"),
    ("upgrade", "h2c"): ("HTTP/2 after the head: BuildKit's session", "Engine API, Session"),
}

STATUS_EXPLANATIONS = {
    100: ("continue: send the body", "RFC 9110 §15.2.1"),
    101: ("agreed: from here on the connection is a raw stream", "RFC 9110 §15.2.2"),
    200: ("it worked", "RFC 9110 §15.3.1"),
    201: ("it was made", "RFC 9110 §15.3.2"),
    202: ("it was accepted, and is not done yet", "RFC 9110 §15.3.3"),
    204: ("it worked, and there is nothing to say", "RFC 9110 §15.3.5"),
    301: ("it is elsewhere: the path was not normalized", "RFC 9110 §15.4.2"),
    304: ("nothing had to be done: it is so already", "Engine API, ContainerStart"),
    400: ("the request is at fault; the body says how", "RFC 9110 §15.5.1"),
    401: ("credentials are missing or wrong", "RFC 9110 §15.5.2"),
    403: ("the engine will not do that", "RFC 9110 §15.5.4"),
    404: ("there is no such thing; the body names it", "RFC 9110 §15.5.5"),
    405: ("this target does not support that method", "RFC 9110 §15.5.6"),
    409: ("it is at odds with the present state: a name in use, a container that runs or does not",
          "RFC 9110 §15.5.10"),
    500: ("the engine failed; the body says how", "RFC 9110 §15.6.1"),
    501: ("the engine does not do that", "RFC 9110 §15.6.2"),
    503: ("the engine cannot do that now", "RFC 9110 §15.6.4"),
}
STATUS_CLASSES = {1: "an interim response: another response follows", 2: "it worked", 3: "look elsewhere",
                  4: "the request is at fault", 5: "the engine is at fault"}
FRAME_STREAM_EXPLANATIONS = ("stdin, echoed as output", "stdout", "stderr",
                             "an error of the engine's own, after which nothing follows")
METHOD_EXPLANATIONS = {
    "GET": ("Retrieve the target; nothing is changed.", "RFC 9110 §9.3.1"),
    "HEAD": ("Retrieve only the head of the response to a GET: no body follows.", "RFC 9110 §9.3.2"),
    "POST": ("Process this request: create, start, stop; may change something.", "RFC 9110 §9.3.3"),
    "PUT": ("Replace the target by the body.", "RFC 9110 §9.3.4"),
    "DELETE": ("Remove the target.", "RFC 9110 §9.3.5"),
}
EMPTY_TAR_FIELDS = ("tar link", "tar user", "tar group", "tar prefix")
STATUS_LINE_SPACE = ("One space separates the elements of a status line.", "RFC 9112 §4")
EVENT_TEXTS = {"open": "connected to %s", "note": "%s", "half-close": "%s will send no more",
               "close": "%s closed the connection", "reset": "%s reset the connection"}
INPUT_STREAM = ("The connection no longer speaks HTTP: these bytes are the program's input as they are.",
                ATTACH_OPERATION)


def operation_name(row):
    """An Endpoint's name as the Engine API's definition spells it: container_list → ContainerList."""
    return "".join(word.capitalize() for word in row.name.split("_"))


def explain_target(method, target):
    """(what the request does, source), or None for a target that is not in the table of endpoints."""
    row = find_endpoint_row(method, target)
    if row is None:
        return None
    return "%s: %s" % (operation_name(row), row.help), "Engine API, %s" % operation_name(row)


def explain_status(status):
    """(what the status code means, source)."""
    return STATUS_EXPLANATIONS.get(status) or (STATUS_CLASSES[status // 100], "RFC 9110 §15")


def explain_field(name, value):
    """(what a field line says, source), or None for a field that the tables do not have."""
    name, value = name.lower(), value.strip(" \t").lower()
    found = VALUE_EXPLANATIONS.get((name, value.partition(";")[0].rstrip(" \t")))
    if found is None and name == "content-length" and value.isdigit():
        size = value.lstrip("0") or "0"
        return "the body has %s byte%s" % (size, "" if size == "1" else "s"), "RFC 9110 §8.6"
    return found or FIELD_EXPLANATIONS.get(name)


def explain_event(event):
    """What happened to a connection (str), for a WireEvent that is no data."""
    text = event.data.decode("utf-8", "backslashreplace")
    if event.kind not in ("open", "note"):
        text = "the client" if event.direction == ">" else "the engine"
    return EVENT_TEXTS[event.kind] % text


def sentence(text):
    return text[:1].upper() + text[1:] + "."


def explain_span(span, stream):
    """(one sentence on what the bytes of a Span are, its source); `stream` is the AnnotatedStream with it."""
    role, message = span.role, stream.message_at(span.start)
    head = message.head if message is not None else None
    if role == "malformed":
        rule, _, expected = span.text.partition(": ")
        return sentence("this byte breaks a rule; %s" % expected), rule
    found = None
    if role == "request target" and head is not None:
        found = explain_target(head.method, head.target)
    elif role == "status code" and head is not None:
        found = explain_status(head.status)
    elif role.endswith(("field name", "field value")):
        found = explain_field(*field_at(span, stream))
    if found is not None:
        return sentence(found[0]), found[1]
    return explain_value(span, stream, message) or ROLE_EXPLANATIONS[role]


def explain_value(span, stream, message):
    """(what these bytes say beyond their role, source), or None."""
    role, (_, source) = span.role, ROLE_EXPLANATIONS[span.role]
    if role == "method":
        return METHOD_EXPLANATIONS.get(span.text)
    if role == "SP" and message is not None and message.kind == "response":
        return STATUS_LINE_SPACE
    if role == "chunk size" and span.text.strip("0"):
        return "This chunk's size in hexadecimal; in decimal it is %d." % int(span.text, 16), source
    if role == "chunk size":
        return "The last chunk: a size of 0 ends the body.", source
    if role == "frame stream type":
        return sentence("this frame is of %s" % FRAME_STREAM_EXPLANATIONS[ord(span.text)]), source
    if role == "frame length" and span.end - span.start == 4:
        length = int.from_bytes(span.text.encode("latin-1"), "big")
        return "How many bytes this frame carries, a big-endian number: %d." % length, source
    if role in ("tar size", "tar checksum") and re.fullmatch("[ \0]*[0-7]+[ \0]*", span.text):
        words = "How many bytes of content follow" if role == "tar size" else "The sum of this header's bytes"
        return "%s, in octal digits: %d in decimal." % (words, int(span.text.strip(" \0"), 8)), source
    if role in EMPTY_TAR_FIELDS and not span.text.strip("\0"):
        return "This field is not used here: it is filled with zeros.", source
    if role == "BuildKit trace":
        return explain_trace(stream.data[span.start:span.end])
    if role == "raw stream" and stream.direction == ">":
        return INPUT_STREAM
    if role == "content" and message is not None and message.framing == "close":
        return "Bytes of the body, which ends where the connection does.", "RFC 9112 §6.3"
    if role == "CRLF" and span.text == "\n":
        return "A line feed alone ends a line too for a server; send CRLF.", "RFC 9112 §2.2"
    is_empty = role == "CRLF" and span.start and stream.data[span.start - 2:span.start] == b"\r\n"
    if is_empty and message is not None and message.spans:
        ends_body = "chunk" in message.framing and span.start >= message.body_start
        ended = "trailer section and the body end" if ends_body else "head ends"
        return "An empty line: the %s here." % ended, source
    return None


def explain_trace(encoded):
    """(what the fields of a trace say, source) for its base64 (bytes), or None for a part of one."""
    fields = trace_fields(encoded)
    more = len(fields) - SHOWN_TRACE_FIELDS
    shown = fields[:SHOWN_TRACE_FIELDS] + ["%d more fields" % more] * (more > 0)
    if not fields:
        return None
    text = "Base64 of a protocol buffer; each field is a tag, a length and a value: %s." % "; ".join(shown)
    return text, PROTOBUF_RULE


def field_at(span, stream):
    """(name, value) of the field line that has `span`."""
    index = stream.span_index(span.start)
    first = last = index
    while first and not stream.spans[first].role.endswith("field name"):
        first -= 1
    while (last + 1 < len(stream.spans) and not stream.spans[last].role.endswith("field value")
           and stream.spans[last + 1].role != "CRLF"):
        last += 1
    value = stream.spans[last]
    return stream.spans[first].text, value.text if value.role.endswith("field value") else ""
