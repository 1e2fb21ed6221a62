"""What every byte of a recorded connection is: spans that tile each direction, the messages, the exchanges.

    annotate(recording)              → AnnotatedConnections
    AnnotatedRecording               what exports are made of
    annotate_bytes(data, role)       → the AnnotatedStream of one direction, for bytes that somebody captured
    explain_span(span, stream)       → (a sentence, its source)

Strategy: the wire floor's own readers label what they consume, so an explanation cannot drift from the
parser. Inside a body its reader goes on: frames (wire/frames.py) and JSON messages (wire/jsonstream.py),
whose labels are mapped back onto the bytes that carried them, across chunk lines.

Promises: whatever the bytes, the spans of a stream touch, never overlap, and cover it. Where a rule is
broken there is a span "malformed", whose text names the rule; what stands behind it is "not read", for
nobody can know what it would mean. Where the bytes end inside an element that is "cut". The time is
linear in the bytes.

Left out: what WebSocket frames and HTTP/2 (BuildKit's session) hold: to rawdock they are raw streams.
"""
from collections import deque, namedtuple

from ...errors import ProtocolError, StreamError, TruncatedError
from ...engine.answers import says_frames
from ...engine.endpoints import find_endpoint_row
from ...wire.frames import FRAME_HEADER_ROLES, FRAME_PREFIXES, FrameReader
from ...wire.head import walk_head
from ...wire.jsonstream import MessageReader, decode_json
from .explain import guess_role
from .explanations import (
    FIELD_EXPLANATIONS, FRAME_STREAM_EXPLANATIONS, INPUT_STREAM, METHOD_EXPLANATIONS, ROLE_EXPLANATIONS,
    STATUS_CLASSES, STATUS_EXPLANATIONS, STATUS_LINE_SPACE, VALUE_EXPLANATIONS,
)
from ..record.pairing import BODY_ROLES, PairedReaders
from ..record.record import redacted_recording

SPAN_TEXT_BYTES = 200

Span = namedtuple("Span", "start end role within text")
Span.__doc__ = """The bytes from offset `start` to before `end` of a direction's stream, and what they are.

`role` is the finest one that the grammar has; `within` the role of what carries them ("chunk data" for a
frame's length in a chunk), or "". `text` is the bytes as latin-1, up to 200 of them; of a malformed span, the
rule it breaks.
"""


class AnnotatedMessage:
    """A request or a response, or what came of it.

    `kind` "request" or "response"; `head` (RequestHead or Head; None if it is not whole); `framing` "none",
    "length", "chunked", "close" or "upgrade"; `start`, `end` offsets; `spans`; `body` list of (start, end) of
    the decoded body's bytes, a raw stream behind the message too; `frames` list of (stream, [(start, end),
    …]) or None; `messages` list of decoded JSON values or None; `complete`; `error` (a ProtocolError,
    TruncatedError, StreamError or None); `seconds` (of its first byte, of its last byte); `interim`: a 1xx.
    """

    frames = messages = error = None
    complete = interim = False
    seconds = (0.0, 0.0)
    switched = False    # a raw stream follows
    request = None      # of a response: the AnnotatedMessage that it answers, or None

    def __init__(self, kind, head, framing, start, body_start, end):
        self.kind = kind
        self.head = head
        self.framing = framing
        self.start = start
        self.body_start = body_start   # where the head ends
        self.end = end
        self.spans = []
        self.body = []

    def __repr__(self):
        return ("<AnnotatedMessage %s %d..%d, %s%s>"
                % (self.kind, self.start, self.end, self.framing, "" if self.complete else ", not complete"))


class AnnotatedStream:
    """One direction (">" or "<"): `data` bytes, `spans` that cover it, `messages`, `error` or None.

    `times` are (offset, seconds) of each piece that crossed.
    """

    def __init__(self, direction, data, times):
        self.direction = direction
        self.data = data
        self.spans = []
        self.messages = []
        self.error = None
        self.times = times
        self._starts = {}    # of each list that was searched

    def _index(self, name, offset):
        """The index of the last of the list `name` that begins at `offset` or before it."""
        from bisect import bisect_right
        if name not in self._starts:
            self._starts[name] = [row.start if name == "messages" else row[0] for row in getattr(self, name)]
        return bisect_right(self._starts[name], offset) - 1

    def span_index(self, offset):
        """The index of the span that has the byte at `offset`."""
        return self._index("spans", offset)

    def seconds_at(self, offset):
        """When the byte at `offset` crossed."""
        return self.times[self._index("times", offset)][1] if self.times else 0.0

    def message_at(self, offset):
        """The AnnotatedMessage that has the byte at `offset`, or None."""
        index = self._index("messages", offset)
        return self.messages[index] if index >= 0 else None


class WireExchange:
    """A request and its answer: `request`, `interim` (list of 1xx), `response` (AnnotatedMessages or None).

    `switched`: the connection became a raw stream; `raw_sent`, `raw_received` are its bytes' (start, end).
    """

    def __init__(self, request=None):
        self.request = request
        self.interim = []
        self.response = None
        self.switched = False
        self.raw_sent = []
        self.raw_received = []


AnnotatedConnection = namedtuple("AnnotatedConnection", "number requests responses exchanges recorded")
AnnotatedConnection.__doc__ = """`requests` and `responses` (AnnotatedStream), `exchanges` (WireExchanges).

`recorded` is the RecordedConnection of that `number`.
"""


class AnnotatedRecording:
    """A Recording as exports take it: masked unless `redact` is False, and annotated once for all of them.

    `recording` is the Recording, `redacted` whether it is masked, `connections` its AnnotatedConnections.
    """

    def __init__(self, recording, redact=True):
        self.recording = redacted_recording(recording) if redact else recording
        self.redacted = redact
        self._connections = None

    @property
    def connections(self):
        if self._connections is None:
            self._connections = annotate(self.recording)
        return self._connections


def annotate(recording):
    """A Recording → list of AnnotatedConnection."""
    return [annotate_connection(connection) for connection in recording.connections]


def annotate_bytes(data, role="auto", method="GET"):
    """Bytes → AnnotatedStream. `role` "request", "response" or "auto"; responses answer `method`."""
    if role == "auto":
        role = guess_role(data)
    pair = PairedReaders(method)
    direction = "<" if role == "response" else ">"
    pair.feed(direction, data)
    pair.finish()
    return annotated_stream(pair, direction, data, [(0, 0.0)], True)[0]


def annotate_connection(connection):
    """A RecordedConnection → AnnotatedConnection."""
    pair = PairedReaders(connection.method)
    pieces, times = {">": bytearray(), "<": bytearray()}, {">": [], "<": []}
    opened = engine_ended = False
    for event in connection.events:
        if event.kind == "data":
            pair.feed(event.direction, event.data)
            times[event.direction].append((len(pieces[event.direction]), event.seconds))
            pieces[event.direction] += event.data
        elif event.kind == "open":
            opened = True
            pair.opened()
        elif event.direction == "<" and event.kind in ("close", "half-close"):
            engine_ended = True
    pair.finish()
    requests, request_of = annotated_stream(pair, ">", bytes(pieces[">"]), times[">"], True)
    responses, response_of = annotated_stream(pair, "<", bytes(pieces["<"]), times["<"],
                                              engine_ended or not opened)
    return AnnotatedConnection(connection.number, requests, responses,
                               paired_exchanges(pair, request_of, response_of), connection)


def paired_exchanges(pair, request_of, response_of):
    exchanges, by_request = [], {}
    for paired in pair.messages[">"]:
        exchange = by_request[paired] = WireExchange(request_of[paired])
        exchanges.append(exchange)
        exchange.raw_sent = raw_ranges(exchange.request)
    for paired in pair.messages["<"]:
        # A head that never became whole answers whoever waits, for all that can be known.
        waiting = pair.unanswered[0] if pair.unanswered and paired.head is None else None
        exchange = by_request.get(paired.request or waiting)
        if exchange is None:   # nobody asked, or that side was not recorded
            if not (exchanges and exchanges[-1].request is None and exchanges[-1].response is None):
                exchanges.append(WireExchange())
            exchange = exchanges[-1]
        message = response_of[paired]
        message.request = exchange.request
        if message.interim:
            exchange.interim.append(message)
        else:
            exchange.response = message
            exchange.switched = paired.switched
            exchange.raw_received = raw_ranges(message)
    return exchanges


def raw_ranges(message):
    ranges = []
    for span in message.spans:
        if span.role == "raw stream" or span.within == "raw stream":
            add_range(ranges, span.start, span.end)
    return ranges


def add_range(ranges, start, end):
    """Add (start, end) to a list of sorted ranges; one that touches the last of them is joined to it."""
    if ranges and ranges[-1][1] >= start:
        ranges[-1] = (ranges[-1][0], max(end, ranges[-1][1]))
    elif end > start:
        ranges.append((start, end))


def annotated_stream(pair, direction, data, times, ended):
    """(AnnotatedStream, {PairedMessage: AnnotatedMessage}) of a direction whose bytes are all fed.

    `times` list of (offset, seconds); `ended`: the sender closed, so what lasts until then is whole.
    """
    stream = AnnotatedStream(direction, data, times)
    reader = pair.readers[direction]
    stream.error = reader.error if data else None
    outer = tiled_labels(pair.take_labels(direction), data, stream.error, reader.bare_lf)
    message_of = stream_messages(stream, pair.messages[direction], ended)
    paired_of = {message: paired for paired, message in message_of.items()}
    at = 0
    for message in stream.messages:
        first = at
        while at < len(outer) and outer[at][0] < message.end:
            at += 1
        paired = paired_of.get(message)
        request = paired.request.head if paired is not None and paired.request is not None else None
        message.spans = message_spans(message, outer[first:at], data, request)
        stream.spans += message.spans
        last = max(message.start, message.end - 1)
        message.seconds = (stream.seconds_at(message.start), stream.seconds_at(last))
    return stream, message_of


def stream_messages(stream, paired_messages, ended):
    """Give an AnnotatedStream its messages, their spans not yet read → {PairedMessage: AnnotatedMessage}."""
    data, message_of = stream.data, {}
    for paired in paired_messages:
        message = message_of[paired] = AnnotatedMessage(
            paired.kind, paired.head, paired.framing.kind if paired.framing else "none",
            paired.start, len(data) if paired.body is None else paired.body, len(data))
        message.complete, message.interim, message.switched = paired.complete, paired.interim, paired.switched
        if paired.kind == "response" and message.framing in ("close", "upgrade"):
            message.complete = ended
        stream.messages.append(message)
    for message, following in zip(stream.messages, stream.messages[1:]):
        message.end = following.start
    last = paired_messages[-1] if stream.messages else None
    if last is not None and last.complete and not last.switched:
        stream.messages[-1].end = last.end
    rest_start = stream.messages[-1].end if stream.messages else 0
    if rest_start < len(data):   # a head that is not whole
        kind = "request" if stream.direction == ">" else "response"
        stream.messages.append(AnnotatedMessage(kind, None, "none", rest_start, len(data), len(data)))
    if stream.messages and not stream.messages[-1].complete:
        stream.messages[-1].error = stream.error
    return message_of


def tiled_labels(labels, data, error, bare_lf=False):
    """Labels of (start, end, role, …) → a list of (start, end, role, within) that covers all of `data`."""
    tiles = []
    for label in labels:
        start, end, role = label[:3]
        if tiles and role in BODY_ROLES and tiles[-1][2] == role and tiles[-1][1] == start:
            tiles[-1] = (tiles[-1][0], end, role, "")
        else:
            tiles.append((start, end, role, ""))
    at = tiles[-1][1] if tiles else 0
    if error is None or isinstance(error, TruncatedError):
        tiles += cut_tiles(data, at, error, bare_lf)
        return tiles
    wrong = min(error.offset, len(data))
    if wrong < at:   # fields that contradict each other: the value at fault was read, and is refused now
        index = next(index for index, tile in enumerate(tiles) if tile[1] > wrong)
        start, end, role, _ = tiles[index]
        before = [(start, wrong, role, "")] if start < wrong else []
        tiles[index:index + 1] = before + [(wrong, end, "malformed", role)]
        return tiles + [(at, len(data), "not read", "")] * (at < len(data))
    return tiles + broken_labels(data, at, wrong, "")


def broken_labels(data, at, wrong, last):
    """(start, end, role, last) for `data` from `at` on, when the byte at `wrong` breaks a rule."""
    wrong = min(max(at, wrong), len(data))
    tiles = [(at, wrong, "not read", last), (wrong, min(wrong + 1, len(data)), "malformed", last),
             (wrong + 1, len(data), "not read", last)]
    return [tile for tile in tiles if tile[0] < tile[1]]


def cut_tiles(data, at, error, bare_lf):
    """The tiles of what was held when the bytes ended: a head is walked as far as it goes."""
    if at == len(data):
        return []
    walked = []
    where = getattr(error, "where", "")
    if where in ("a response head", "a request head", "the trailer section"):
        kind = where.split()[1] if where.endswith("head") else "trailer"
        try:
            walk_head(data[at:].decode("latin-1"), kind, at, walked, bare_lf and kind == "request")
        except ProtocolError:
            pass   # that of the cut
    at = walked[-1][1] if walked else at
    return [label + ("",) for label in walked] + [(at, len(data), "cut", "")] * (at < len(data))


def message_spans(message, tiles, data, request):
    """The Spans of a message from its tiles; fills in its body, frames, messages and error."""
    message.body = [(tile[0], tile[1]) for tile in tiles if tile[2] in BODY_ROLES]
    inner = {}
    for raw in (False, True):
        ranges = [(tile[0], tile[1]) for tile in tiles if tile[2] in BODY_ROLES
                  and (tile[2] == "raw stream") == raw]
        if ranges and message.head is not None:
            inner[raw] = read_content(message, data, ranges, raw, request)
    if message.kind == "request" and message.switched and message.body and tiles[-1][2] == "raw stream":
        message.framing = "upgrade"
    in_trailers = False
    spans = []
    for start, end, role, within in tiles:
        pieces = inner.get(role == "raw stream") if role in BODY_ROLES else None
        if pieces is not None:
            while pieces and pieces[0][0] < end:
                piece_start, piece_end, piece_role, text = pieces.popleft()
                spans.append(make_span(data, piece_start, piece_end, piece_role, role, text))
            continue
        if role == "chunk size":
            in_trailers = not data[start:end].strip(b"0")
        elif in_trailers and role in ("field name", "colon", "OWS", "field value"):
            role = "trailer " + role
        spans.append(make_span(data, start, end, role, within,
                               rule_text(message.error) if role == "malformed" else None))
    return spans


def make_span(data, start, end, role, within, text=None):
    return Span(start, end, role, within,
                data[start:min(end, start + SPAN_TEXT_BYTES)].decode("latin-1") if text is None else text)


def rule_text(error):
    return "%s: expected %s" % (error.rule, error.expected)


# ---- inside a body

class SegmentMap:
    """Ranges of a decoded body, asked for in order → the ranges of the stream that carried them."""

    def __init__(self, segments):
        self._segments = segments
        self._index = 0
        self._passed = 0      # bytes of the decoded body before that segment

    def ranges(self, start, end):
        """A list of (start, end) in the stream: one for each segment that the range touches."""
        found = []
        while start < end and self._index < len(self._segments):
            segment_start, segment_end = self._segments[self._index]
            segment_limit = self._passed + segment_end - segment_start
            if start < segment_limit:
                stop = min(end, segment_limit)
                found.append((segment_start + start - self._passed, segment_start + stop - self._passed))
                start = stop
            if start >= segment_limit:
                self._passed = segment_limit
                self._index += 1
        return found


def read_content(message, data, ranges, raw, request):
    """A deque of (start, end, role, text or None) that covers `ranges`; None if they are content alone."""
    body = b"".join([data[start:end] for start, end in ranges])
    kind, sure = content_kind(message.kind, message.head, request, raw, body)
    labels = (read_frames(message, body, ranges, sure) if kind == "frames"
              else read_json(message, body, ranges) if kind == "json" else None)
    if labels is None:
        return None
    mapped, places = deque(), SegmentMap(ranges)
    for label in labels:
        text = rule_text(label[3]) if len(label) > 3 and label[2] == "malformed" else None
        mapped.extend((start, end, label[2], text) for start, end in places.ranges(label[0], label[1]))
    return mapped


def content_kind(kind, head, request, raw, start):
    """What a body, or with `raw` the stream behind a message, is: ("frames", "json" or "", is that sure).

    `request` is the RequestHead answered, or None; `start` its first four bytes, or all there are.
    """
    content_type = head.headers.get("content-type", "").lower()
    if raw and (kind == "request" or head.headers.get("upgrade", "tcp").lower() != "tcp"):
        return "", True
    if says_frames(head.headers):
        return "frames", True
    # Before API 1.42, and from Podman always, frames and a terminal's bytes wear the same type or none. No
    # terminal output begins with three NULs.
    if kind == "response" and start[:4] in FRAME_PREFIXES and (raw or is_output(request)):
        return "frames", False
    return ("json", True) if "json" in content_type and not raw else ("", True)


def is_output(request):
    """Whether the answer to `request` (RequestHead or None) is a program's output."""
    row = find_endpoint_row(request.method, request.target) if request is not None else None
    return row is not None and row.result in ("frames", "upgrade")


def read_frames(message, body, ranges, sure):
    """The labels of a body in frames, or None if it is none after all. Sets frames, and error."""
    labels, error = [], None
    reader = FrameReader(labels)
    try:
        for _ in reader.feed(body):
            pass
        reader.feed_eof()
    except (ProtocolError, StreamError) as wrong:
        error = wrong
    if not sure and isinstance(error, ProtocolError) and not isinstance(error, TruncatedError):
        return None
    at = labels[-1][1] if labels else 0
    frames, stream, left = [], 0, 0
    for start, end, role in labels:
        if role == "frame stream type":
            stream = body[start]
        elif role == "frame length" and end - start == 4:
            left = int.from_bytes(body[start:end], "big")
            frames.append((stream, []))
        elif role == "frame payload":
            left -= end - start
            frames[-1][1].append((start, end))
    if isinstance(error, ProtocolError) and not isinstance(error, TruncatedError):
        labels += broken_labels(body, at, error.offset, error)
    elif left:
        labels.append((at, len(body), "frame payload"))
        if at < len(body):
            frames[-1][1].append((at, len(body)))
    elif isinstance(error, StreamError):
        if at < len(body):
            labels.append((at, len(body), "not read"))
    else:
        labels += [(at + start, min(at + end, len(body)), role) for start, end, role in FRAME_HEADER_ROLES
                   if at + start < len(body)]
    note_content_error(message, error, ranges)
    places = SegmentMap(ranges)
    message.frames = [(stream, [piece for start, end in payload for piece in places.ranges(start, end)])
                      for stream, payload in frames]
    return [label for label in labels if label[0] < label[1]]


def read_json(message, body, ranges):
    """The labels of a body of JSON, or None. Sets messages, and error."""
    labels, messages, error = [], [], None
    if body.lstrip(b"\x1e\r\n\t ")[:1] not in (b"{", b""):
        stripped = body.strip(b"\r\n\t ")
        try:
            message.messages = [decode_json(stripped)]
        except (ValueError, RecursionError):
            return None
        start = body.index(stripped)
        end = start + len(stripped)
        labels = [(0, start, "separator"), (start, end, "JSON message"), (end, len(body), "separator")]
        return [label for label in labels if label[0] < label[1]]
    reader = MessageReader(labels)
    try:
        for value in reader.feed(body):
            messages.append(value)
        reader.feed_eof()
    except ProtocolError as wrong:
        error = wrong
    message.messages = messages
    at = labels[-1][1] if labels else 0
    if error is not None and not isinstance(error, TruncatedError):
        labels += broken_labels(body, at, error.offset, error)
    elif at < len(body):
        labels.append((at, len(body), "JSON message"))
    note_content_error(message, error, ranges)
    return labels


def note_content_error(message, error, ranges):
    """Give a message without an error that of its body, with its offset in the stream."""
    if error is None or message.error is not None:
        return
    if isinstance(error, StreamError):
        message.error = error
        return
    offset = next((start for start, _ in SegmentMap(ranges).ranges(error.offset, error.offset + 1)),
                  message.end)
    if isinstance(error, TruncatedError):
        message.error = TruncatedError(error.where, offset, error.expected, error.got, error.rule)
    else:
        message.error = ProtocolError(error.rule, offset, error.seen, error.expected)


# ---- explanations

def operation_name(row):
    """An Endpoint's name as the Engine API's definition spells it: container_list → ContainerList."""
    return "".join(word.capitalize() for word in row.name.split("_"))


def explain_target(method, target):
    """(what the request asks of the engine, source), or None for a target that the table does not have."""
    row = find_endpoint_row(method, target)
    if row is None:
        return None
    return "%s: %s" % (operation_name(row), row.help), "Engine API, %s" % operation_name(row)


def explain_status(status):
    """(what the status code means, source)."""
    return STATUS_EXPLANATIONS.get(status) or (STATUS_CLASSES[status // 100], "RFC 9110 §15")


def explain_field(name, value):
    """(what a field line says, source), or None for a field that is not known here."""
    name, value = name.lower(), value.strip(" \t").lower()
    found = VALUE_EXPLANATIONS.get((name, value.partition(";")[0].rstrip(" \t")))
    if found is None and name == "content-length" and value.isdigit():
        size = value.lstrip("0") or "0"
        return "the body has %s byte%s" % (size, "" if size == "1" else "s"), "RFC 9110 §8.6"
    return found or FIELD_EXPLANATIONS.get(name)


def sentence(text):
    return text[:1].upper() + text[1:] + "."


def explain_span(span, stream):
    """(one sentence on what these bytes are, its source: "RFC 9112 §7.1", "Engine API, ContainerAttach")."""
    role = span.role
    message = stream.message_at(span.start)
    head = message.head if message is not None else None
    if role == "malformed":
        rule, _, expected = span.text.partition(": ")
        return sentence("here stands what breaks a rule; %s" % expected), rule
    found = None
    if role == "request target" and head is not None:
        found = explain_target(head.method, head.target)
    elif role == "status code" and head is not None:
        found = explain_status(head.status)
    elif role in ("field name", "field value", "trailer field name", "trailer field value"):
        found = explain_field(*field_at(span, stream))
    if found is not None:
        return sentence(found[0]), found[1]
    return explain_value(span, stream, message) or ROLE_EXPLANATIONS[role]


def explain_value(span, stream, message):
    """What these bytes say beyond their role, and the source of that; None if the role says all."""
    role = span.role
    text, source = ROLE_EXPLANATIONS[role]
    if role == "method":
        return METHOD_EXPLANATIONS.get(span.text)
    if role == "SP" and message is not None and message.kind == "response":
        return STATUS_LINE_SPACE
    if role == "chunk size" and span.text.strip("0"):
        text = "This chunk's size in hexadecimal; in decimal it is %d." % int(span.text, 16)
    elif role == "chunk size":
        text = "The last chunk: a size of 0 ends the body."
    elif role == "frame stream type":
        text = sentence("this frame is of %s" % FRAME_STREAM_EXPLANATIONS[ord(span.text)])
    elif role == "frame length" and span.end - span.start == 4:
        text = ("How many bytes this frame carries, a big-endian number: %d."
                % int.from_bytes(span.text.encode("latin-1"), "big"))
    elif role == "raw stream" and stream.direction == ">":
        return INPUT_STREAM
    elif role == "content" and message is not None and message.framing == "close":
        text, source = "Bytes of the body, which ends where the connection does.", "RFC 9112 §6.3"
    elif role == "CRLF" and span.text == "\n":
        text, source = "A line feed alone ends a line too for a server; send CRLF.", "RFC 9112 §2.2"
    elif (role == "CRLF" and span.start and stream.data[span.start - 2:span.start] == b"\r\n"
          and message is not None and message.spans):
        ends_body = "chunk" in message.framing and span.start >= message.body_start
        text = "An empty line: the %s here." % (
            "trailer section and the body end" if ends_body else "head ends")
    return text, source


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
