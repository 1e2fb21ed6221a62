"""What crossed the connections, as text for people: the transcript of `explain`, `tap` and --wire.

    TranscriptSink    a sink, which prints while the connections are under way
    show_recording    prints a Recording

    1> GET /_ping HTTP/1.1                # SystemPing: ask if the engine is there
    1< HTTP/1.1 200 OK                    # it worked

The number is that of the connection. After it, > begins what the client sent, < what it received, * what
happened to the connection, and ! an error. Chunk lines are shown as they are, a line of text, a frame or a
JSON message when it is complete: a frame with the name of its stream, a message as one line; a tar is shown
as a line a member, without its content. Of each body, frame and message SHOWN_BYTES are shown, of a tar
SHOWN_MEMBERS; the rest is counted.

Promises: no control character from the wire reaches the terminal; credentials are masked before anything is
read; each write is whole lines. An explanation is given once, with the first line that it explains.
"""
from collections import deque

from ...cli.printable import printable_text
from ...errors import ProtocolError, StreamError, TruncatedError
from ...wire.frames import NO_ERROR_TEXT, STREAM_NAMES, FrameReader
from ...wire.tar import TarMember, TarReader
from ...wire.jsonstream import MessageReader
from .annotate import TAR_MAGIC, TAR_MAGIC_END, TAR_MAGIC_START, content_kind
from .explanations import explain_event, explain_field, explain_status, explain_target
from ..record.masking import CLOSED_CONNECTIONS, SecretMaskers
from ..record.pairing import BODY_ROLES, PairedPieces
from .traces import SHOWN_TRACE_FIELDS, trace_fields, trace_span
from .screen import broken_line, counted_bytes, painted, wrapped_words

SHOWN_BYTES = 1000            # of a body, of a JSON message, of a frame
SHOWN_BINARY_BYTES = 64
EXPLANATION_COLUMN = 50
EXPLANATION_ROOM = 30         # columns that an explanation has there at least; else it goes below its line
SHOWN_MEMBERS = 20            # of a tar
TAR_CONTENT_TYPES = ("application/x-tar", "application/octet-stream")
MEMBER_EXPLANATION = "a member of a tar: a header of 512 bytes, then its content in whole blocks"
FRAME_EXPLANATION = "a frame: its type (stdin, stdout or stderr) and its length come first"
TRACE_EXPLANATION = "a field of BuildKit's protocol buffer: tag and length in hexadecimal, and what it says"
ENGINE_ERROR_EXPLANATION = "the engine's own error, in a frame"
JSON_BLANKS = b"\x1e\r\n\t "
SIGN_COLOURS = {">": "32", "<": "36", "*": "33", "!": "31"}
UNEXPLAINED_FIELDS = frozenset("host user-agent accept accept-encoding date server content-length "
                               "cache-control pragma location".split())


class TranscriptPaper:
    """Collects the lines of a transcript, and writes them to `out` (write(bytes), or None).

    `colour` and `numbered` (bool) add colours and connection numbers. `widths` are the columns into which
    explanations are fitted, and those for what crossed; None for either does not fit it.
    """

    def __init__(self, out, colour=False, numbered=True, widths=(None, None)):
        self._out = out
        self._colour = colour
        self._numbered = numbered
        self._width, self._wire_width = widths
        self._lines = []
        self._explained = set()

    def line(self, number, sign, text, explanation=""):
        """Add a line of printable text. Where it must be broken, the next lines are without number and sign.
        """
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
        """`explanation` (str) if it was not given before, else ""."""
        if explanation in self._explained:
            return ""
        self._explained.add(explanation)
        return explanation

    def flush(self):
        """Write the lines collected, with one write()."""
        lines, self._lines = self._lines, []
        if lines and self._out is not None:
            self._out.write("".join([line + "\n" for line in lines]).encode("utf-8", "backslashreplace"))


class FoldedElement:
    """A frame's payload, a JSON message or a text, of which SHOWN_BYTES are shown and the rest is counted.

    `side` (SideTranscript) gets the lines; `prefix` (str) goes before each, `explanation` beside the first.
    """

    def __init__(self, side, prefix="", explanation=""):
        self._side = side
        self._prefix = prefix
        self._explanation = explanation
        self._seen = 0        # bytes of it so far
        self._hidden = 0      # those of them that are only counted
        self.limit = SHOWN_BYTES

    @property
    def room(self):
        """How many more bytes will be shown. Without any, chunk lines inside the element say nothing."""
        return max(0, self.limit - self._seen)

    def add(self, data, last=True):
        """Show the next bytes of the element; `last`: it ends with them."""
        if b"\0" in data[:self.room]:
            self.limit = SHOWN_BINARY_BYTES
        shown = data[:self.room]
        self._hidden += len(data) - len(shown)
        if shown or last and not self._seen:
            for line in (shown[:-1] if shown.endswith(b"\n") else shown).split(b"\n"):
                self._side.line(self._prefix + printable_text(line) if line else self._prefix.rstrip(),
                                self._explanation)
                self._explanation = ""
        self._seen += len(data)
        if last and self._hidden:
            self._side.line("%s… %s more" % (self._prefix, counted_bytes(self._hidden)))


class BodyTranscript:
    """Shows a body, or the raw stream after a message, as its pieces come: add(bytes), then end().

        _show            the content                                        what waits for its end
        None             not known yet                                      all of it
        _show_decoded    frames, JSON or a tar, read by `_reader`           a frame or message without a label
        _show_text       anything else, one FoldedElement                   a line
        _show_raw        a terminal's bytes                                 nothing: a prompt has no line end
    """

    def __init__(self, side, message, raw):
        self.message = message
        self.raw = raw
        self._side = side
        self._show = None
        self._waiting = b""      # the bytes that were not shown yet
        self._reader = None      # of frames, JSON messages or a tar, which labels in offsets of the body
        self._members = 0        # of the tar, so far
        self._labels = []
        self._is_sure = True     # that the content is what the reader reads
        self._at = 0             # the offset in the body of `_waiting`
        self._element = None     # the FoldedElement under way: the text, or a frame's payload
        self._stream = self._left = 0    # of the frame under way: its stream type, and bytes to come

    def add(self, data):
        if self._show is None:
            self._waiting += data
            kind, is_sure = self._content_kind()
            if (kind == "frames" and not is_sure and len(self._waiting) < 4
                    or kind == "tar" and len(self._waiting) < TAR_MAGIC_END
                    or kind == "json" and not self._waiting.strip(JSON_BLANKS)):
                return   # more bytes decide what it is
            data = self._begin(kind, is_sure)
        self._show(data)

    def _content_kind(self):
        """(kind, whether it is sure) of the content by what there is of it: "frames", "json", "tar" or ""."""
        kind, is_sure = content_kind(self.message, self.raw, self._waiting)
        says = self.message.head.headers.get("content-type", "").lower()
        magic = self._waiting[TAR_MAGIC_START:TAR_MAGIC_END]
        if not kind and not self.raw and says in TAR_CONTENT_TYPES and TAR_MAGIC.startswith(magic):
            return "tar", True
        return kind, is_sure

    def _begin(self, kind, is_sure):
        """Choose how the content is shown → the bytes that have waited for it."""
        data, self._waiting, self._is_sure = self._waiting, b"", is_sure
        self._show = self._show_decoded
        if kind == "frames":
            self._reader = FrameReader(self._labels)
        elif kind == "tar" and len(data) >= TAR_MAGIC_END:
            self._reader = TarReader(self._labels)
        elif kind == "json" and data.lstrip(JSON_BLANKS)[:1] in (b"{", b""):   # else one value, not an object
            self._reader = MessageReader(self._labels)
        else:
            self._show = self._show_raw if self.raw else self._show_text
        return data

    def _show_raw(self, data):
        if data:
            FoldedElement(self._side).add(data)

    def _show_text(self, data):
        """Lines of text, the last one when it has ended, or cannot be shown in full anyway."""
        if not data:
            return
        self._element = self._element or FoldedElement(self._side)
        self._waiting += data
        size = len(self._waiting)
        if size < self._element.room:
            size = self._waiting.rfind(b"\n") + 1
        if size:
            self._element.add(self._waiting[:size], False)
            self._waiting = self._waiting[size:]

    def _show_decoded(self, data):
        """Frames, JSON messages or a tar. After bytes that break a rule the rest is shown as text."""
        self._waiting += data
        failure = None
        try:
            for value in self._reader.feed(data):
                if isinstance(value, TarMember):
                    self._show_member(value)
        except (ProtocolError, StreamError) as error:
            failure = error
        first = self._at
        for start, end, role in self._labels:
            self._show_label(role, self._waiting[start - first:end - first])
            self._at = end
        self._waiting = self._waiting[self._at - first:]
        del self._labels[:]
        if self._reader.done:   # zeros may follow the end of a tar
            self._at += len(self._waiting)
            self._waiting = b""
        if failure is not None:
            if self._is_sure and isinstance(failure, ProtocolError):
                self._side.complain("in the body, %s" % failure.message, 1)
            self._reader = self._element = None
            rest = self._begin("", True)   # which sets _show
            self._show(rest)

    def _show_label(self, role, data):
        if role == "frame stream type":
            self._stream = data[0]
        elif role == "frame length":
            self._left = int.from_bytes(data, "big")
            if not self._left:
                self._show_payload(NO_ERROR_TEXT.encode() if self._stream == 3 else b"")
        elif role == "frame payload":
            self._left -= len(data)
            self._show_payload(data)
        elif role == "JSON message":
            FoldedElement(self._side).add(data.replace(b"\n", b" "))   # a message is one line
            place = trace_span(bytes(data))
            for text in trace_fields(data[place[0]:place[1]])[:SHOWN_TRACE_FIELDS] if place else ():
                self._side.line("  " + text, self._side.once(TRACE_EXPLANATION))

    def _show_member(self, member):
        """Show a TarMember as one line, if it is one of the first."""
        self._members += 1
        if self._members <= SHOWN_MEMBERS:
            more = " to " + member.link if member.link else ""
            size = ", " + counted_bytes(member.size) if member.kind == "file" else ""
            self._side.line(printable_text(("tar: %s (%s%s%s)" % (
                member.name, member.kind, more, size)).encode("utf-8", "surrogateescape")),
                self._side.once(MEMBER_EXPLANATION))

    def _show_payload(self, data):
        """Show the next bytes of the frame under way."""
        if self._element is None:
            explanation = (ENGINE_ERROR_EXPLANATION if self._stream == 3
                           else self._side.once(FRAME_EXPLANATION))
            self._element = FoldedElement(self._side, STREAM_NAMES[self._stream] + ": ", explanation)
        self._element.add(data, not self._left)
        if not self._left:
            self._element = None

    @property
    def is_folding(self):
        """Whether bytes are only counted now: then chunk lines between them are not shown."""
        room = SHOWN_BYTES if self._element is None else self._element.room
        return bool(self._members) or len(self._waiting) >= room

    def _show_rest(self):
        """Show what waits for an end that will not come."""
        rest, self._waiting = self._waiting, b""
        if self._element is not None:
            self._element.add(rest)
        elif rest:
            FoldedElement(self._side).add(rest)
        self._element = None
        if self._members > SHOWN_MEMBERS:
            self._side.line("… %d members more" % (self._members - SHOWN_MEMBERS))

    def end(self):
        """The body has ended, or all of it that will come has."""
        if self._show is None:
            if not self._waiting:
                return
            data = self._begin(*self._content_kind())   # which sets _show
            self._show(data)
        self._show_rest()
        if self._reader is not None and (self.message.complete or self.raw):
            try:
                self._reader.feed_eof()
            except TruncatedError as error:
                self._side.complain("in the body, %s" % error, 3)


class SideTranscript:
    """Shows one direction of one connection, ">" or "<", of a ConnectionTranscript."""

    def __init__(self, connection, direction):
        self._connection = connection
        self._direction = direction
        self._reader = connection.pair.readers[direction]
        self._elements = []        # (role, bytes) of the line under way
        self._body = None          # the BodyTranscript under way
        self._has_failed = False   # its bytes have broken a rule, or ended inside a message
        self._unread = 0           # bytes after the piece that broke a rule

    def line(self, text, explanation=""):
        self._connection.paper.line(self._connection.number, self._direction, text, explanation)

    def complain(self, text, status):
        self._connection.complain(printable_text(text), status)

    def once(self, explanation):
        return self._connection.paper.once(explanation)

    def count_unread(self, data):
        """Count `data` if nothing of this direction is read any more."""
        if self._has_failed:
            self._unread += len(data)

    def show_pieces(self):
        """Show what was read since the last call."""
        for role, data, message in self._connection.pair.take_pieces(self._direction):
            if self._body is not None and self._body.message is not message:
                self._end_body()
            if role in BODY_ROLES:
                self._body_of(message, role == "raw stream").add(data)
            elif role == "CRLF":
                self._end_line(message)
            elif role != "chunk data CRLF":
                self._elements.append((role, data))
        if self._body is not None and self._body.message.complete and not self._body.raw:
            self._end_body()
        error = self._reader.error
        if error is not None and not self._has_failed and not isinstance(error, TruncatedError):
            self._has_failed = True
            self._end_body()
            self._show_rest()
            self.complain("%s: nothing after it is read" % error, 1)

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
        """Show the line whose elements have come: of a head, of a trailer section, or with a chunk size."""
        elements, self._elements = self._elements, []
        parts = dict(elements)
        text = printable_text(b"".join([data for _, data in elements]))
        if len(text) > SHOWN_BYTES:
            text = "%s… %d characters more" % (text[:SHOWN_BYTES], len(text) - SHOWN_BYTES)
        if "chunk size" not in parts:
            self.line(text, self._explanation(parts, message))
            return
        size = int(parts["chunk size"], 16)
        if not size:
            self._end_body()
            self.line(text, "the last chunk: the body is over")
        elif self._body is None or not self._body.is_folding:
            self.line(text, "a chunk of %s" % counted_bytes(size))

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

    def _show_rest(self):
        """Show the elements of the line under way, and the bytes that have no label."""
        rest = b"".join([data for _, data in self._elements])
        rest += self._connection.pair.take_rest(self._direction)
        self._elements = []
        if rest:
            FoldedElement(self).add(rest)

    def end(self, cut):
        """Nothing more will come. `cut`: it is an error if that is inside a message."""
        error = self._reader.error
        if self._has_failed:
            if self._unread:
                self.line("… %s more, not read" % counted_bytes(self._unread))
                self._unread = 0
            return
        self._end_body()
        self._show_rest()
        if cut and isinstance(error, TruncatedError):
            self._has_failed = True
            self.complain(error.message, 3)


class ConnectionTranscript:
    """Shows one connection on `paper` (TranscriptPaper): take(WireEvent), then finish().

    `status` is the exit status of `explain` for its bytes. `left` are the sides that have closed it.
    """

    def __init__(self, paper, number, method="GET"):
        self.paper = paper
        self.number = number
        self.pair = PairedPieces(method)
        self.status = 0
        self.left = set()
        self._sides = {direction: SideTranscript(self, direction) for direction in "><"}

    def complain(self, text, status):
        self.status = self.status or status
        self.paper.line(self.number, "!", text)

    def take(self, event):
        if event.kind == "data":
            self._sides[event.direction].count_unread(event.data)
            self.pair.feed(event.direction, event.data)
            self._show()
            return
        if event.kind == "open":
            self.pair.opened()
        elif event.kind in ("close", "reset"):
            self.left.add(event.direction)
            if event.direction == "<":
                self.finish()
        self.paper.line(self.number, "*", printable_text(explain_event(event)))

    def _show(self):
        for direction in "><":
            self._sides[direction].show_pieces()
            del self.pair.messages[direction][:]

    def finish(self):
        self.pair.finish()
        self._show()
        for side in self._sides.values():
            side.end(">" not in self.left)   # a client that closes first wants no more


class TranscriptSink:
    """A sink that prints to `out` (write(bytes)); with None it only finds the exit status.

    `redact` False shows credentials too. `method` is that of the request to a response whose request was not
    recorded. `colour`, `numbered` and `widths` are those of TranscriptPaper. After finish(), `status` is 1
    if bytes broke a rule, else 3 if they ended inside a message, else 0.
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
    """Print a Recording to `out` (write(bytes), or None) in the order of time → the status of the sink."""
    connections = recording.connections
    events = [(event.seconds, connection.number, event) for connection in connections
              for event in connection.events]
    method = connections[0].method if connections else "GET"
    sink = TranscriptSink(out, colour, len(connections) > 1, redact, method, widths)
    for _, number, event in sorted(events, key=lambda row: row[0]):
        sink.take(number, event)
    sink.finish()
    return sink.status
