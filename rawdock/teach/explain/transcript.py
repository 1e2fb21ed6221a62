"""What crossed the connections, as text for people: a transcript, and a hexdump with each byte's role.

    TranscriptSink    a sink: prints while the connections are under way, whole lines only
    show_recording    the same of a Recording
    hexdump_lines     offset, hexadecimal, ASCII, role and explanation of every byte

    1> GET /_ping HTTP/1.1                # SystemPing: ask if the engine is there
    1< HTTP/1.1 200 OK                    # it worked

A number tells connections apart, > is what the client sent, < what it received, * what happened to a
connection, ! what is wrong. Chunk lines are shown as they are; frames are shown by stream, a JSON
message is one line. What is long is folded: SHOWN_BYTES of each body, frame and message.

Promises: no control character of the wire reaches the terminal, whoever put it there; credentials are
masked before anything is read; each write is whole lines. Left out: an explanation that has been given
already is not given again.
"""
from collections import deque

from ...errors import ProtocolError, StreamError, TruncatedError, printable_text
from ...wire.frames import NO_ERROR_TEXT, STREAM_NAMES, FrameReader
from ...wire.jsonstream import MessageReader
from .annotate import content_kind, explain_field, explain_status, explain_target
from ..record.masking import CLOSED_CONNECTIONS, SecretMaskers
from ..record.pairing import BODY_ROLES, PairedReaders
from .screen import broken_line, counted_bytes, painted, wrapped_words

SHOWN_BYTES = 1000            # of a body, of a JSON message, of a frame
SHOWN_BINARY_BYTES = 64
EXPLANATION_COLUMN = 50
EXPLANATION_ROOM = 30         # columns that an explanation has there at least; else it goes below its line
FRAME_EXPLANATION = "a frame: its type (stdin, stdout or stderr) and its length come first"
ENGINE_ERROR_EXPLANATION = "the engine's own error, in a frame"
JSON_BLANKS = b"\x1e\r\n\t "
SIGN_COLOURS = {">": "32", "<": "36", "*": "33", "!": "31"}
UNEXPLAINED_FIELDS = frozenset("host user-agent accept accept-encoding date server content-length "
                               "cache-control pragma location".split())


class TranscriptPaper:
    """Lines for `out` (write(bytes)): `colour` them or not, and number the connections or not.

    `widths`: columns into which explanations are fitted, and those for all else; None: not at all.
    """

    def __init__(self, out, colour=False, numbered=True, widths=(None, None)):
        self._out = out
        self._colour = colour
        self._numbered = numbered
        self._width, self._wire_width = widths
        self._lines = []
        self._explained = set()

    def line(self, number, sign, text, explanation=""):
        """Add a line of printable text; its continuation lines have no number and no sign."""
        start = "%s%s" % (number if self._numbered else "", sign)
        indent = len(start) + 1
        pieces = [text] if self._wire_width is None else broken_line(text, self._wire_width - indent)
        last = indent + len(pieces[-1])
        if sign == "!" and self._colour:
            pieces = [painted(piece, SIGN_COLOURS[sign]) for piece in pieces]
        if self._colour:
            start = painted(start, "1;" + SIGN_COLOURS[sign])
        lines = [start + " " + pieces[0] if text else start] + [" " * indent + piece for piece in pieces[1:]]
        if explanation:
            self._explain(lines, last, indent, explanation)
        self._lines += lines

    def _explain(self, lines, last, indent, explanation):
        """Put the explanation beside the last of `lines`, which is `last` columns wide, or below it."""
        width = self._width or 1 << 30
        aligned = width - EXPLANATION_COLUMN >= EXPLANATION_ROOM
        column = max(EXPLANATION_COLUMN if aligned else 0, last + 2)
        if column + 2 + len(explanation) > width and (not aligned or last + 2 > EXPLANATION_COLUMN):
            last, column = 0, EXPLANATION_COLUMN if aligned else indent + 2
            lines.append("")
        parts = ["# " + part for part in wrapped_words(explanation, width - column - 2)]
        if self._colour:
            parts = [painted(part, "2") for part in parts]
        lines[-1] += " " * (column - last) + parts[0]
        lines += [" " * column + part for part in parts[1:]]

    def once(self, explanation):
        """The explanation if it was not given yet, else ""."""
        if explanation in self._explained:
            return ""
        self._explained.add(explanation)
        return explanation

    def flush(self):
        """Write the lines that are ready, with one write."""
        lines, self._lines = self._lines, []
        if lines and self._out is not None:
            self._out.write("".join([line + "\n" for line in lines]).encode("utf-8", "backslashreplace"))


class FoldedElement:
    """A frame's payload or a JSON message, shown in pieces where chunk lines are between: SHOWN_BYTES of it.

    `prefix` (str) goes before each line, `explanation` beside the first one.
    """

    def __init__(self, side, prefix="", explanation=""):
        self._side = side
        self._prefix = prefix
        self._explanation = explanation
        self._limit = None    # bytes to show: what the first piece is decides it
        self._seen = 0        # bytes of it so far
        self._hidden = 0      # of these, bytes that are only counted

    @property
    def is_full(self):
        """Whether what is still to come of it is only counted."""
        return self._hidden > 0

    def add(self, data, last=True):
        """Show the next bytes of the element; `last`: it ends with them."""
        if self._limit is None:
            self._limit = SHOWN_BINARY_BYTES if b"\0" in data[:SHOWN_BYTES] else SHOWN_BYTES
        shown = data[:max(0, self._limit - self._seen)]
        self._seen += len(data)
        self._hidden += len(data) - len(shown)
        if shown or not self._seen:
            ends_line = last and shown.endswith(b"\n") and not self._hidden
            for line in (shown[:-1] if ends_line else shown).split(b"\n"):
                self._side.line(self._prefix + printable_text(line) if line else self._prefix.rstrip(),
                                self._explanation)
                self._explanation = ""
        if last and self._hidden:
            self._side.line("%s… %s more" % (self._prefix, counted_bytes(self._hidden)))


class BodyTranscript:
    """Shows one body, or the raw stream behind a message, as its pieces come."""

    def __init__(self, side, message, raw):
        self.message = message
        self.raw = raw
        self._side = side
        self._show = None        # the method for its kind, once that is known
        self._pending = b""      # until then; later the start of a line, a frame or a JSON message
        self._reader = None      # of frames or of JSON messages
        self._sure = True
        self._labels = []        # the reader's
        self._passed = 0         # bytes of the body before _pending
        self._element = None     # the FoldedElement under way
        self._partial = 0        # bytes at the start of _pending that it has shown already
        self._stream = self._left = 0    # of the frame under way: its type, and payload bytes to come
        self._room = SHOWN_BYTES
        self._folded = 0         # bytes that are counted and not shown

    def add(self, data):
        if self._show is None:
            self._pending += data
            kind, sure = self._kind()
            if (kind == "frames" and not sure and len(self._pending) < 4
                    or kind == "json" and not self._pending.strip(JSON_BLANKS)):
                return   # it may yet be something else
            data = self._begin(kind, sure)
        self._show(data)

    def _kind(self):
        message = self.message
        request = message.request.head if message.request is not None else None
        return content_kind(message.kind, message.head, request, self.raw, self._pending)

    def _begin(self, kind, sure):
        data, self._pending = self._pending, b""
        self._sure = sure
        if kind == "frames":
            self._show, self._reader = self._show_decoded, FrameReader(self._labels)
        elif kind == "json" and data.lstrip(JSON_BLANKS)[:1] in (b"{", b""):   # else one value, no object
            self._show, self._reader = self._show_decoded, MessageReader(self._labels)
        else:
            self._show = self._show_bytes
            if b"\0" in data:
                self._room = SHOWN_BINARY_BYTES
        return data

    def _show_decoded(self, data):
        """Frames or JSON messages. From a broken one on the rest is shown as it is."""
        self._pending += data
        failure = None
        try:
            for _ in self._reader.feed(data):
                pass
        except (ProtocolError, StreamError) as error:
            failure = error
        begin = self._passed
        for start, end, role in self._labels:
            self._show_label(role, self._pending[start - begin:end - begin])
            self._passed = end
        self._pending = self._pending[self._passed - begin:]
        del self._labels[:]
        if failure is not None:
            self._stop_decoding(failure)

    def _show_label(self, role, data):
        if role == "frame stream type":
            self._stream = data[0]
        elif role == "frame length":
            self._left = int.from_bytes(data, "big")
            if not self._left:
                self._show_element(NO_ERROR_TEXT.encode() if self._stream == 3 else b"", True)
        elif role == "frame payload":
            self._left -= len(data)
            self._show_element(data[self._partial:], not self._left)
        elif role == "JSON message":
            self._show_element(data[self._partial:], True)

    def _show_element(self, data, last):
        """Show the next bytes of the frame or JSON message under way; `last`: it ends with them."""
        if self._element is None:
            self._element = self._new_element()
        if isinstance(self._reader, MessageReader):
            data = data.replace(b"\n", b" ")   # one line, however it was laid out
        self._element.add(data, last)
        self._partial = 0
        if last:
            self._element = None

    def _new_element(self):
        if isinstance(self._reader, MessageReader):
            return FoldedElement(self._side)
        explanation = ENGINE_ERROR_EXPLANATION if self._stream == 3 else self._side.once(FRAME_EXPLANATION)
        return FoldedElement(self._side, STREAM_NAMES[self._stream] + ": ", explanation)

    def _stop_decoding(self, failure):
        if self._sure and isinstance(failure, ProtocolError):
            self._side.complain("in the body, %s" % failure, 1)
        rest, self._pending, self._partial = self._pending[self._partial:], b"", 0
        self._reader = self._element = None
        self._show = self._show_bytes
        self._show(rest)

    def _show_bytes(self, data):
        """Content as lines; of a raw stream what crossed together: a prompt has no line end to wait for."""
        if self.raw:
            if data:
                FoldedElement(self._side).add(data)
            return
        shown = data[:self._room]
        self._room -= len(shown)
        self._folded += len(data) - len(shown)
        lines = (self._pending + shown).split(b"\n")
        self._pending = lines.pop()
        for line in lines:
            self._side.line(printable_text(line))
        if not self._room:
            self._show_pending()

    @property
    def is_folding(self):
        """Whether bytes are counted and not shown now, so that chunk lines between them say nothing."""
        return self._folded > 0 or self._element is not None and self._element.is_full

    def end_chunk(self):
        """The data of a chunk is over: what is pending goes before the next chunk line, as on the wire."""
        if self._reader is None:
            if self._show is not None:
                self._show_pending()
        elif len(self._pending) > self._partial and (self._left or isinstance(self._reader, MessageReader)):
            self._show_element(self._pending[self._partial:], False)
            self._partial = len(self._pending)

    def _show_pending(self):
        """What is pending of a line, a frame or a JSON message whose end will not come, or not be shown."""
        rest, self._pending, self._partial = self._pending[self._partial:], b"", 0
        if rest:
            FoldedElement(self._side).add(rest)

    def end(self):
        """No more of it will come."""
        if self._show is None:
            if not self._pending:
                return
            data = self._begin(*self._kind())   # which sets _show
            self._show(data)
        if self._reader is not None and (self.message.complete or self.raw):
            try:
                self._reader.feed_eof()
            except TruncatedError as error:
                self._show_pending()
                self._side.complain("in the body, %s" % error, 3)
        self._show_pending()
        if self._folded:
            self._side.line("… %s more" % counted_bytes(self._folded))
            self._folded = 0


class SideTranscript:
    """One direction of one connection."""

    def __init__(self, connection, direction):
        self._connection = connection
        self._direction = direction
        self._reader = connection.pair.readers[direction]
        self._held = bytearray()   # bytes without a label yet
        self._at = 0               # the offset of the first of them
        self._elements = []        # (role, bytes) of the line under way
        self._body = None
        self._failed = False
        self._unread = 0           # bytes behind a broken rule

    def line(self, text, explanation=""):
        self._connection.paper.line(self._connection.number, self._direction, text, explanation)

    def complain(self, text, status):
        self._connection.complain(printable_text(text), status)

    def once(self, explanation):
        return self._connection.paper.once(explanation)

    def add(self, data):
        """Bytes that crossed. They are shown by show_labels, once it is known what they are."""
        if self._failed:
            self._unread += len(data)
        else:
            self._held += data

    def show_labels(self, labels):
        held, at = bytes(self._held), self._at
        for start, end, role, message in labels:
            data = held[start - at:end - at]
            if self._body is not None and self._body.message is not message:
                self._end_body()
            if role in BODY_ROLES:
                self._body_of(message, role == "raw stream").add(data)
            elif role == "CRLF":
                self._end_line(message)
            elif role == "chunk data CRLF":
                if self._body is not None:
                    self._body.end_chunk()
            else:
                self._elements.append((role, data))
            self._at = end
        del self._held[:self._at - at]
        if self._body is not None and self._body.message.complete and not self._body.raw:
            self._end_body()
        error = self._reader.error
        if error is not None and not self._failed and not isinstance(error, TruncatedError):
            self._fail(error)

    def _body_of(self, message, raw):
        if self._body is None or self._body.raw != raw:
            self._end_body()
            self._body = BodyTranscript(self, message, raw)
        return self._body

    def _end_body(self):
        body, self._body = self._body, None
        if body is not None:
            body.end()

    def _end_line(self, message):
        elements, self._elements = self._elements, []
        parts = dict(elements)
        text = printable_text(b"".join([data for _, data in elements]))
        if len(text) > SHOWN_BYTES:
            text = "%s… %d characters more" % (text[:SHOWN_BYTES], len(text) - SHOWN_BYTES)
        if "chunk size" in parts:
            size = int(parts["chunk size"], 16)
            if not size:
                self._end_body()
            elif self._body is not None and self._body.is_folding:
                return
            self.line(text, "a chunk of %s" % counted_bytes(size) if size
                      else "the last chunk: the body is over")
        else:
            self.line(text, self._explanation(parts, message))

    def _explanation(self, parts, message):
        """The explanation of a line of a head whose elements are `parts` (role → bytes), or ""."""
        found = None
        if message is None or message.head is None:
            return ""
        if "method" in parts:
            found = explain_target(message.head.method, message.head.target)
        elif "status code" in parts:
            found = explain_status(message.head.status)
        elif "field name" in parts:
            name, value = [parts.get(role, b"").decode("latin-1") for role in ("field name", "field value")]
            if name.lower() not in UNEXPLAINED_FIELDS:
                found = explain_field(name, value)
                return self._connection.paper.once(found[0]) if found else ""
        return found[0] if found else ""

    def _fail(self, error):
        """The bytes of this direction break a rule: show what was not read yet, and why it is not."""
        self._failed = True
        self._end_body()
        self._show_rest()
        self.complain("%s: nothing behind it is read" % error, 1)

    def _show_rest(self):
        rest = b"".join([data for _, data in self._elements]) + bytes(self._held)
        self._at += len(self._held)
        self._elements, self._held = [], bytearray()
        if rest:
            FoldedElement(self).add(rest)

    def end(self, cut):
        """No more will come. `cut`: that is not what this side (the client, who closed) wanted."""
        error = self._reader.error
        if self._failed:
            if self._unread:
                self.line("… %s more, not read" % counted_bytes(self._unread))
                self._unread = 0
            return
        self._end_body()
        self._show_rest()
        if cut and isinstance(error, TruncatedError):
            self._failed = True
            self.complain(str(error), 3)


class ConnectionTranscript:
    """One connection: `number`, `paper`, `pair`; `status` is the exit status that its bytes give explain."""

    def __init__(self, paper, number, method="GET"):
        self.paper = paper
        self.number = number
        self.pair = PairedReaders(method)
        self.status = 0
        self._sides = {direction: SideTranscript(self, direction) for direction in "><"}
        self._seen = {">": 0, "<": 0}
        self.left = set()   # the sides that have closed

    def complain(self, text, status):
        self.status = self.status or status
        self.paper.line(self.number, "!", text)

    def take(self, event):
        if event.kind == "data":
            self._seen[event.direction] += len(event.data)
            self._sides[event.direction].add(event.data)
            self.pair.feed(event.direction, event.data)
            self._show()
            return
        who = "the client" if event.direction == ">" else "the engine"
        if event.kind == "open":
            self.pair.opened()
        if event.kind in ("open", "note"):
            text = printable_text(event.data)
            self.paper.line(self.number, "*", "connected to " + text if event.kind == "open" else text)
            return
        if event.kind != "half-close":
            self.left.add(event.direction)
            if event.direction == "<":
                self.finish()
        self.paper.line(self.number, "*",
                        {"half-close": "%s will send no more", "close": "%s closed the connection",
                                           "reset": "%s reset the connection"}[event.kind] % who)

    def _show(self):
        for direction in "><":
            self._sides[direction].show_labels(self.pair.take_labels(direction))
            del self.pair.messages[direction][:]

    def finish(self):
        self.pair.finish()
        self._show()
        for direction in "><":
            self._sides[direction].end(self._seen[direction] > 0 and ">" not in self.left)


class TranscriptSink:
    """A sink that prints to `out` (write(bytes); None: it only judges). `redact` False shows credentials too.

    `status`, after finish(): 0, 1 if bytes broke a rule, 3 if they ended inside a message. `method` is what
    responses answer whose request was not recorded. `widths`: see TranscriptPaper.
    """

    def __init__(self, out, colour=False, numbered=True, redact=True, method="GET", widths=(None, None)):
        self._paper = TranscriptPaper(out, colour, numbered, widths)
        self._maskers = SecretMaskers(method) if redact else None
        self._method = method
        self._connections = {}
        self._leaving = deque()   # numbers of connections that the client has closed, the engine not yet
        self.status = 0

    def take(self, number, event):
        if self._maskers is not None:
            event = self._maskers.event(number, event)
        connection = self._connections.get(number)
        if connection is None:
            connection = self._connections[number] = ConnectionTranscript(self._paper, number, self._method)
        connection.take(event)
        if len(connection.left) == 2:
            self._end(number)
        elif ">" in connection.left and number not in self._leaving:
            self._leaving.append(number)
            if len(self._leaving) > CLOSED_CONNECTIONS:
                self._end(self._leaving.popleft())
        self._paper.flush()

    def _end(self, number):
        connection = self._connections.pop(number, None)
        if connection is not None:
            connection.finish()
            self.status = self.status or connection.status

    def finish(self):
        for number in sorted(self._connections):
            self._end(number)
        self._paper.flush()


def show_recording(recording, out, colour=False, redact=True, widths=(None, None)):
    """Print a Recording to `out` (write(bytes), or None) in the order of time → status of TranscriptSink."""
    connections = recording.connections
    events = [(event.seconds, connection.number, event) for connection in connections
              for event in connection.events]
    method = connections[0].method if connections else "GET"
    sink = TranscriptSink(out, colour, len(connections) > 1, redact, method, widths)
    for _, number, event in sorted(events, key=lambda row: row[0]):
        sink.take(number, event)
    sink.finish()
    return sink.status
