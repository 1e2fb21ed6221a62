"""What every byte of a recorded connection is: spans that cover each direction, messages, and exchanges.

    annotate(recording)              → list of AnnotatedConnection
    annotate_bytes(data, role)       → AnnotatedStream of one direction, for a capture
    AnnotatedRecording               a Recording with its annotation, from which exports are made

Strategy: the readers of rawdock/wire label what they consume, so an explanation cannot differ from what the
client does. In a body the reader of its content continues: frames (wire/frames.py), JSON messages
(wire/jsonstream.py) and tars (wire/tar.py), whose labels are mapped back to the bytes that carried them,
across chunk lines. In a message of BuildKit's the base64 of a protocol buffer (wire/protobuf.py) has a label
of its own.

Promises: whatever the bytes, the spans of a stream touch, never overlap, and cover it. The byte that breaks a
rule is a span "malformed" whose text names the rule; what follows is "not read", because its meaning cannot
be known. Bytes that end inside an element are "cut". The time is linear in the bytes.

Left out: the content of WebSocket frames and of HTTP/2 (BuildKit's session), which are raw streams here.
"""
from collections import deque, namedtuple

from ...errors import ProtocolError, StreamError, TruncatedError
from ...engine.answers import says_frames
from ...engine.endpoints import find_endpoint_row
from ...wire.frames import FRAME_HEADER_ROLES, FRAME_PREFIXES, FrameReader
from ...wire.chunked import TrailerReader
from ...wire.head import walk_head
from ...wire.jsonstream import MessageReader, decode_json
from ...wire.tar import TarReader
from .explain import breaks_rule, capture_direction
from .traces import split_trace_labels
from ..record.pairing import BODY_ROLES, PairedMessage, PairedReaders
from ..record.record import RecordedConnection, WireEvent, redacted_recording

SPAN_TEXT_BYTES = 200
CONTENT_READERS = {"frames": FrameReader, "json": MessageReader, "tar": TarReader}
TAR_MAGIC = b"ustar"
TAR_MAGIC_START, TAR_MAGIC_END = 257, 262    # where it is in the first header of a tar

Span = namedtuple("Span", "start end role within text")
Span.__doc__ = """The bytes of one direction from offset `start` to before `end`, and what they are.

`role` is the finest one that the grammar has; `within` the role of what carries them ("chunk data" for a
frame's length in a chunk), or "". `text` is the bytes as latin-1, up to 200 of them; of a malformed span, the
rule that it breaks and what the rule expects.
"""


class AnnotatedMessage(PairedMessage):
    """A request or a response, complete or not. What it has beside the attributes of a PairedMessage:

    `spans`; `body` list of (start, end) of the decoded body's bytes, with `raw`, those of the raw stream that
    follows; `frames` list of (stream, [(start, end), …]) or None; `messages` list of decoded JSON values or
    None; `error` (a ProtocolError, TruncatedError, StreamError or None); `seconds` (of its first byte, of its
    last byte). `body_start` and `end` are always offsets: those of what there is of the message.
    """

    frames = messages = error = None
    seconds = (0.0, 0.0)

    def __init__(self, kind, start):
        PairedMessage.__init__(self, kind, start)
        self.spans = []
        self.body = []
        self.raw = []


class AnnotatingReaders(PairedReaders):
    message_class = AnnotatedMessage


class AnnotatedStream:
    """One direction (">" or "<"): `data` bytes, `spans` that cover it, `messages`, `error` or None.

    `times` are (offset, seconds) of each piece that crossed.
    """

    def __init__(self, direction, data, times, error):
        self.direction = direction
        self.data = data
        self.spans = []
        self.messages = []
        self.error = error
        self.times = times
        self._starts = {}    # name of a list → the offsets where its rows begin

    def _index(self, name, offset):
        """The index of the last row of the list `name` that begins at `offset` or before it."""
        from bisect import bisect_right
        if name not in self._starts:
            self._starts[name] = [row.start if name == "messages" else row[0] for row in getattr(self, name)]
        return bisect_right(self._starts[name], offset) - 1

    def span_index(self, offset):
        """The index of the span that covers the byte at `offset`."""
        return self._index("spans", offset)

    def seconds_at(self, offset):
        """When the byte at `offset` crossed."""
        return self.times[self._index("times", offset)][1] if self.times else 0.0

    def message_at(self, offset):
        """The AnnotatedMessage of the byte at `offset`, or None."""
        index = self._index("messages", offset)
        return self.messages[index] if index >= 0 else None


class WireExchange:
    """A request and its responses: `request`, `response` (AnnotatedMessage or None), `interim` (list of 1xx).

    `switched`: the connection became a raw stream; `raw_sent`, `raw_received` are its (start, end) ranges.
    """

    def __init__(self, request=None):
        self.request = request
        self.raw_sent = request.raw if request else []
        self.interim = []
        self.response = None
        self.switched = False
        self.raw_received = []


AnnotatedConnection = namedtuple("AnnotatedConnection", "number requests responses exchanges recorded")
AnnotatedConnection.__doc__ = """`requests` and `responses` (AnnotatedStream), `exchanges` (WireExchanges).

`recorded` is the RecordedConnection of that `number`.
"""


class AnnotatedRecording:
    """A Recording for exports: masked unless `redact` is False, and annotated once for all of them.

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
    direction, _ = capture_direction([data], role)
    capture = RecordedConnection(1, [WireEvent(0.0, direction, "data", data)], method)
    annotated = annotate_connection(capture)
    return annotated.responses if direction == "<" else annotated.requests


def annotate_connection(connection):
    """A RecordedConnection → AnnotatedConnection."""
    pair = AnnotatingReaders(connection.method)
    ended = pair.read_connection(connection)
    requests = annotated_stream(pair, ">", connection, True)
    responses = annotated_stream(pair, "<", connection, ended)
    return AnnotatedConnection(connection.number, requests, responses, paired_exchanges(pair), connection)


def paired_exchanges(pair):
    """The WireExchanges of all messages; those of responses without a request come last."""
    exchanges = [WireExchange(request) for request in pair.messages[">"]]
    by_request = {exchange.request: exchange for exchange in exchanges}
    for message in pair.messages["<"]:
        # A malformed head is taken for that of the response to the first request without one.
        waiting = pair.unanswered[0] if pair.unanswered and message.head is None else None
        exchange = by_request.get(message.request or waiting)
        if exchange is None:
            if not (exchanges and exchanges[-1].request is None and exchanges[-1].response is None):
                exchanges.append(WireExchange())
            exchange = exchanges[-1]
        if message.interim:
            exchange.interim.append(message)
        else:
            exchange.response = message
            exchange.switched = message.switched
            exchange.raw_received = message.raw
    return exchanges


def annotated_stream(pair, direction, connection, ended):
    """The AnnotatedStream of one direction of a RecordedConnection, which `pair` has read.

    `ended` (bool): a message that only the end of the connection delimits is complete.
    """
    data, times, size = connection.stream(direction), [], 0
    for event in connection.events:
        if event.kind == "data" and event.direction == direction:
            times.append((size, event.seconds))
            size += len(event.data)
    reader = pair.readers[direction]
    stream = AnnotatedStream(direction, data, times, reader.error)
    messages = stream.messages = list(pair.messages[direction])
    rest = messages[-1].end if messages else 0
    if rest is not None and rest < size:   # a head that is not complete
        messages.append(AnnotatedMessage(reader.reader.kind, rest))
    for message, following in zip(messages, messages[1:] + [None]):
        if following is not None:
            message.end = following.start
        elif message.end is None:
            message.end = size
        if message.body_start is None:
            message.body_start = size
        if message.kind == "response" and message.framing in ("close", "upgrade"):
            message.complete = ended
    if messages and not messages[-1].complete:
        messages[-1].error = stream.error
    tiles = deque(tiled_labels(pair.take_labels(direction), data, stream.error, reader.reader.heads))
    for message in messages:
        its_own = []
        while tiles and tiles[0][0] < message.end:
            its_own.append(tiles.popleft())
        message.spans = message_spans(message, its_own, data)
        stream.spans += message.spans
        last = max(message.start, message.end - 1)
        message.seconds = (stream.seconds_at(message.start), stream.seconds_at(last))
    return stream


def tiled_labels(labels, data, error, heads=None):
    """Labels of (start, end, role, …) → a list of (start, end, role, within) that covers all of `data`.

    `heads` is the HeadReader that read it, None for data without heads.
    """
    tiles = []
    for label in labels:
        start, end, role = label[:3]
        if tiles and role in BODY_ROLES and tiles[-1][2] == role and tiles[-1][1] == start:
            start = tiles.pop()[0]
        tiles.append((start, end, role, ""))
    at = tiles[-1][1] if tiles else 0
    if not breaks_rule(error):
        return tiles + cut_tiles(data, at, error, heads)
    wrong = min(error.offset, len(data))
    if wrong < at:   # fields that contradict each other: the value at fault has a label already
        index = next(index for index, tile in enumerate(tiles) if tile[1] > wrong)
        start, end, role, _ = tiles[index]
        before = [(start, wrong, role, "")] if start < wrong else []
        tiles[index:index + 1] = before + [(wrong, end, "malformed", role)]
        return tiles + [(at, len(data), "not read", "")] * (at < len(data))
    return tiles + [label + ("",) for label in malformed_labels(data, at, wrong)]


def malformed_labels(data, at, wrong):
    """(start, end, role) for `data` from `at` on, when the byte at `wrong` breaks a rule."""
    wrong = min(max(at, wrong), len(data))
    labels = [(at, wrong, "not read"), (wrong, min(wrong + 1, len(data)), "malformed"),
              (wrong + 1, len(data), "not read")]
    return [label for label in labels if label[0] < label[1]]


def cut_tiles(data, at, error, heads):
    """The tiles of data[at:], which ends too early: the complete elements of a head, then "cut"."""
    walked = []
    where = getattr(error, "where", "")
    if where in ("a response head", "a request head", "the trailer section"):
        lines = heads if where.endswith("head") else TrailerReader
        try:
            walk_head(data[at:].decode("latin-1"), lines.start_line, at, walked, lines.line_end)
        except ProtocolError:
            pass   # at the cut
    at = walked[-1][1] if walked else at
    return [label + ("",) for label in walked] + [(at, len(data), "cut", "")] * (at < len(data))


def message_spans(message, tiles, data):
    """The Spans of a message from its tiles; sets its body, raw, frames, messages and error."""
    message.body = [tile[:2] for tile in tiles if tile[2] in BODY_ROLES]
    message.raw += [tile[:2] for tile in tiles if tile[2] == "raw stream"]
    content = [ranges for ranges in message.body if ranges not in message.raw]
    inner = {}
    for is_raw, ranges in ((False, content), (True, message.raw)):
        if ranges and message.head is not None:
            inner[is_raw] = read_content(message, data, ranges, is_raw)
    if message.kind == "request" and message.raw:
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
    """Maps ranges of a decoded body, in ascending order, to ranges of the stream that carried them."""

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


def read_content(message, data, ranges, is_raw):
    """Read the body in `ranges` of `data`, or with `is_raw` the raw stream; sets frames, messages and error.

    → a deque of (start, end, role, text or None) that covers `ranges`; None for no frames, JSON or tar.
    """
    body = b"".join([data[start:end] for start, end in ranges])
    kind, is_sure = content_kind(message, is_raw, body)
    if not kind and not is_raw and body[TAR_MAGIC_START:TAR_MAGIC_END] == TAR_MAGIC:
        kind = "tar"
    if not kind:
        return None
    labels, values, error = read_labels(kind, body)
    if labels is None or not is_sure and breaks_rule(error):
        return None
    places, mapped, frames, stream = SegmentMap(ranges), deque(), [], 0
    for start, end, role in labels:
        pieces = places.ranges(start, end)
        text = rule_text(error) if role == "malformed" else None
        mapped.extend(piece + (role, text) for piece in pieces)
        if role == "frame stream type":
            stream = body[start]
        elif role == "frame length" and end - start == 4:
            frames.append((stream, []))
        elif role == "frame payload":
            frames[-1][1].extend(pieces)
    if kind == "frames":
        message.frames = frames
    elif kind == "json":
        message.messages = values
    if error is not None and message.error is None:
        message.error = error_in_stream(error, ranges, message.end)
    return mapped


def content_kind(message, is_raw, start):
    """(kind, whether it is sure) of the body of a PairedMessage, or with `is_raw` of the raw stream after it.

    The kind is "frames", "json" or "". `start` is the first four bytes, or all there are.
    """
    headers = message.head.headers
    if is_raw and (message.kind == "request" or headers.get("upgrade", "tcp").lower() != "tcp"):
        return "", True
    if says_frames(headers):
        return "frames", True
    # Before API 1.42, and from Podman always, frames have the content type of a terminal's bytes, or none.
    # Output of a terminal does not begin with three NULs.
    if message.kind == "response" and start[:4] in FRAME_PREFIXES and (is_raw or is_output(message.request)):
        return "frames", False
    return "json" if "json" in headers.get("content-type", "").lower() and not is_raw else "", True


def is_output(request):
    """Whether the response to `request` (PairedMessage or None) is the output of a program."""
    row = find_endpoint_row(request.head.method, request.head.target) if request is not None else None
    return row is not None and row.result in ("frames", "upgrade")


def read_labels(kind, body):
    """(labels that cover `body`, decoded values, error or None); no labels (None) if it is no JSON at all.

    `kind` is "frames", "json" or "tar". A label is (start, end, role).
    """
    if kind == "json" and body.lstrip(b"\x1e\r\n\t ")[:1] not in (b"{", b""):
        return read_one_value(body)
    labels, values, error = [], [], None
    reader = CONTENT_READERS[kind](labels)
    try:
        for value in reader.feed(body):
            if kind == "json":
                values.append(value)
        reader.feed_eof()
    except (ProtocolError, StreamError) as wrong:
        error = wrong
    at, size = labels[-1][1] if labels else 0, len(body)
    if breaks_rule(error):
        labels += malformed_labels(body, at, error.offset)
    elif at < size and isinstance(error, StreamError):
        labels.append((at, size, "not read"))
    elif at < size and kind == "tar":
        labels.append((at, size, "cut" if error else "tar padding"))
    elif at < size and kind == "json":
        labels.append((at, size, "JSON message"))
    elif at < size and error.where != "a frame header":
        labels.append((at, size, "frame payload"))
    elif at < size:
        labels += [(at + start, min(at + end, size), role) for start, end, role in FRAME_HEADER_ROLES
                   if at + start < size]
    return split_trace_labels(labels, body), values, error


def read_one_value(body):
    """A JSON body that is not a stream of objects: (labels, [the value], None)."""
    stripped = body.strip(b"\r\n\t ")
    try:
        values = [decode_json(stripped)]
    except (ValueError, RecursionError):
        return None, [], None
    start = body.index(stripped)
    end = start + len(stripped)
    labels = [(0, start, "separator"), (start, end, "JSON message"), (end, len(body), "separator")]
    return [label for label in labels if label[0] < label[1]], values, None


def error_in_stream(error, ranges, end):
    """An error met in the decoded body, with its offset in the stream; `end` is the offset after the message.
    """
    if isinstance(error, StreamError):
        return error
    offset = next((start for start, _ in SegmentMap(ranges).ranges(error.offset, error.offset + 1)), end)
    if isinstance(error, TruncatedError):
        return TruncatedError(error.where, offset, error.expected, error.got, error.rule)
    return ProtocolError(error.rule, offset, error.seen, error.expected)
