"""A recording as one HTML page: the exchanges on a time line, and what each byte of them is.

Strategy: `annotate` says what the bytes are, this file packs that as JSON beside a fixed style sheet and
script (page_assets.py), and the script draws. Nothing is kept twice: the page holds the bytes once, in
base64, and the spans as lengths that tile them; text, hexdump, frames and JSON are all drawn from those.

Promises: one file that needs no network and is forbidden to use it (a Content-Security-Policy with the hashes
of its own script and style). Nothing of the wire can end the script block it stands in or become markup. The
size is bounded: of long messages the start and the end are kept, short ones are kept whole, and what is left
out is counted and said. Secrets are stars unless asked for.

Left out: searching, and the bytes beyond the bound (they are in the record).
"""
import json
import time

from ...engine.endpoints import find_endpoint_row
from ...errors import ProtocolError, TruncatedError
from .annotate import add_range, explain_span
from .page_assets import PAGE_BODY, PAGE_COLOURS, PAGE_SCRIPT, PAGE_STYLE

PAGE_MESSAGE_BYTES = 65536     # kept of one message at most
PAGE_STREAM_BYTES = 262144     # of one direction of one connection
PAGE_BYTES = 4194304           # of the whole page
PAGE_ITEMS = 4000              # arrivals of a stream, frames and pieces of a body of a message

# A kind is a colour and a place in the legend. kind: the roles in it.
PAGE_KINDS = (
    ("start", "method", "request target", "version", "status code", "reason phrase"),
    ("name", "field name"),
    ("value", "field value"),
    ("mark", "SP", "colon", "OWS", "CRLF", "chunk data CRLF", "separator"),
    ("chunk", "chunk size", "chunk extension"),
    ("frame", "frame stream type", "frame padding", "frame length"),
    ("content", "content", "chunk data", "frame payload", "JSON message", "raw stream"),
    ("wrong", "malformed", "cut"),
    ("absent", "not read", "not in this page"),
)
NOT_IN_PAGE = "not in this page"
ABSENT_TEXT = ("%s in %s: the start and the end of what they belong to are in this page, the rest is in the "
               "record.")
PAGE_MARKS = {"open": "opened", "half-close": "half-closed", "close": "closed", "reset": "reset", "note": ""}
PAGE_SIDES = {">": "by the client", "<": "by the engine", "": ""}

PAGE_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="%s">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>What crossed the socket</title>
<style>"""


def write_page(annotated, file):
    """Write an AnnotatedRecording to `file` (binary) as one HTML page."""
    data = json.dumps(page_data(annotated), separators=(",", ":"))
    # Inside a script block only these could end it or begin a comment; JSON has another spelling for each.
    for character in "<>&":
        data = data.replace(character, "\\u%04x" % ord(character))
    style = page_palette() + PAGE_STYLE
    for part in (PAGE_HEAD % page_policy(style, PAGE_SCRIPT), style, "</style>\n</head>\n<body>", PAGE_BODY,
                 '<script type="application/json" id="record">', data, "</script>\n<script>", PAGE_SCRIPT,
                 "</script>\n</body>\n</html>\n"):
        file.write(part.encode("utf-8"))


def page_policy(style, script):
    """The Content-Security-Policy: this style and this script, and nothing from anywhere."""
    from base64 import b64encode
    from hashlib import sha256
    hashes = [b64encode(sha256(text.encode("utf-8")).digest()).decode("ascii") for text in (style, script)]
    return ("default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; base-uri 'none'; "
            "form-action 'none'" % tuple(hashes))


def page_palette():
    """PAGE_COLOURS as style sheet variables (light, dark, what the reader chose), and a class for each kind."""
    rows = [line.split() for line in PAGE_COLOURS.split("\n") if line]
    light, dark = [" ".join("--%s:%s;" % (row[0], row[shade]) for row in rows) for shade in (1, 2)]
    kinds = "".join(".k-%s{--c:var(--%s);--t:var(--%s-tint)}" % ((kind[0],) * 3) for kind in PAGE_KINDS)
    return ("\n:root{color-scheme:light;%s}\n:root[data-theme=dark]{color-scheme:dark;%s}\n"
            "@media (prefers-color-scheme:dark){:root:not([data-theme=light]){color-scheme:dark;%s}}\n%s\n"
            % (light, dark, dark, kinds))


class PageTable:
    """Values, each kept once: `number(value)` is its place in `values`."""

    def __init__(self):
        self.values = []
        self._places = {}

    def number(self, value):
        if value not in self._places:
            self._places[value] = len(self.values)
            self.values.append(value)
        return self._places[value]


def page_kind(role):
    """The kind of a role; one with an outer name (trailer field name) has that of what it ends with."""
    for kind in PAGE_KINDS:
        if role in kind[1:] or role.startswith("trailer ") and role[8:] in kind[1:]:
            return kind[0]
    return "content"


def page_data(annotated):
    """All that the script draws, as JSON values."""
    roles, texts = PageTable(), PageTable()
    recording, connections = annotated.recording, annotated.connections
    streams = [stream for connection in connections for stream in (connection.requests, connection.responses)]
    allowance = fair_share([min(len(stream.data), PAGE_STREAM_BYTES) for stream in streams], PAGE_BYTES,
                           PAGE_STREAM_BYTES)
    zero = first_moment(recording)
    drawn = [page_connection(connection, roles, texts, allowance, zero) for connection in connections]
    moments = [event.seconds for connection in recording.connections for event in connection.events]
    seconds = max(max(moments) - zero, 0.0) if moments else 0.0
    summary = [page_summary(recording, drawn, number_exchanges(drawn), seconds)]
    if recording.started > 0:   # captured bytes have no time
        summary.append("Recorded %s UTC" % time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(recording.started)))
    if annotated.redacted:
        summary.append("Secrets are shown as stars, of the same length")
    seen, kept = [sum(stream[key] for one in drawn for stream in one["streams"])
                  for key in ("length", "kept")]
    if kept < seen:
        summary.append("%s of long messages left out of this page: they are counted where they stood"
                       % counted(seen - kept, "byte"))
    return {"version": 1, "summary": ". ".join(summary) + ".", "milliseconds": seconds * 1000,
            "kinds": [kind[0] for kind in PAGE_KINDS],
            "roles": [[role, page_kind(role)] for role in roles.values],
            "texts": texts.values, "connections": drawn}


def first_moment(recording):
    """When the first byte of the first request, or else the first byte, crossed: time zero, in seconds."""
    events = [event for connection in recording.connections for event in connection.events
              if event.kind == "data"]
    return min([event.seconds for event in events if event.direction == ">"]
               or [event.seconds for event in events] or [0.0])


def number_exchanges(drawn):
    """Number the exchanges of all connections in the order of time, pings apart → (how many, pings)."""
    found = sorted((one for connection in drawn for one in connection["exchanges"]),
                   key=lambda one: one["times"][0])
    count = 0
    for one in found:
        count += one["label"] == ""
        one["label"] = one["label"] or "%d" % count
    return count, sum(one["label"] == "ping" for one in found)


def page_summary(recording, drawn, counts, seconds):
    """How much of what the page holds, as a part of a sentence."""
    exchanges, pings = counts
    text = "%s, %s" % (counted(len(drawn), "connection"), counted(exchanges, "exchange"))
    if pings:
        text += " and %s" % counted(pings, "ping")
    text += ", %s" % counted(sum(stream["length"] for one in drawn for stream in one["streams"]), "byte")
    if seconds:
        text += " in %.3f s" % seconds
    return text + (", with " + recording.address if recording.address else "")


def counted(number, word):
    return "%s %s%s" % ("{:,}".format(number), word, "" if number == 1 else "s")


def fair_share(sizes, total, most):
    """The largest cap up to `most` under which min(size, cap), over all sizes, adds up to `total` or less."""
    left, count = total, len(sizes)
    for size in sorted(sizes):
        if size >= most or size * count > left:
            return min(most, left // count)
        left -= size
        count -= 1
    return most


# ---- one connection

def page_connection(connection, roles, texts, allowance, zero):
    """The JSON of an AnnotatedConnection; `zero`: seconds from which times count."""
    sent = PageStream(connection.requests, allowance, zero)
    received = PageStream(connection.responses, allowance, zero)
    exchanges = [page_exchange(exchange, sent, received) for exchange in connection.exchanges]
    for stream in (sent, received):
        exchanges += [loose_bytes(stream, start, end) for start, end in stream.unclaimed()]
    for number, exchange in enumerate(exchanges, 1):
        exchange["number"] = number
    marks = []
    for event in connection.recorded.events:
        if event.kind != "data":
            said = event.kind in ("open", "note")
            by = event.data.decode("utf-8", "replace") if said else PAGE_SIDES[event.direction]
            words = "%s %s" % (PAGE_MARKS[event.kind], by)
            marks.append([milliseconds(event.seconds - zero), event.kind, words.strip()])
    return {"number": connection.number, "marks": marks, "exchanges": exchanges,
            "streams": [sent.packed(roles, texts), received.packed(roles, texts)]}


def milliseconds(seconds):
    return round(seconds * 1000, 3)


class PageStream:
    """One direction of one connection: which of its bytes the page keeps, and when they crossed."""

    def __init__(self, stream, allowance, zero):
        self.stream = stream
        self.way = 0 if stream.direction == ">" else 1
        self.data = stream.data
        self.claimed = []       # (start, end) of the parts of exchanges
        self.allowance = allowance
        self.zero = zero

    def claim(self, start, end):
        if end > start:
            self.claimed.append((start, end))

    def unclaimed(self):
        """The ranges that no exchange has."""
        found, at = [], 0
        for start, end in sorted(self.claimed) + [(len(self.data), len(self.data))]:
            if start > at:
                found.append((at, start))
            at = max(at, end)
        return found

    def times(self, start, end):
        """When the first and the last of these bytes crossed, in milliseconds."""
        return [milliseconds(self.stream.seconds_at(offset) - self.zero) if self.stream.times else 0
                for offset in (start, max(start, end - 1))]

    def kept_ranges(self):
        """Sorted (start, end) of what the page has; of a part that is too long, its start and its end."""
        cap = fair_share([min(end - start, PAGE_MESSAGE_BYTES) for start, end in self.claimed],
                         self.allowance, PAGE_MESSAGE_BYTES)
        kept = []
        for start, end in sorted(self.claimed):
            if end - start <= cap:
                kept.append((start, end))
            elif cap:
                kept += [(start, start + cap - cap // 4), (end - cap // 4, end)]
        joined = []
        for start, end in kept:
            add_range(joined, start, end)
        return joined

    def packed(self, roles, texts):
        """The stream for the script: pieces in base64, and of a span its length, role, outer role, text."""
        from base64 import b64encode
        kept = self.kept_ranges()
        rows = []
        for size, count, span in visible_spans(self.stream.spans, kept):
            absent = ABSENT_TEXT % (counted(size, "byte"), counted(count, "span"))
            role, within, text = NOT_IN_PAGE, "", (absent, "")
            if span is not None:
                role, within, text = span.role, span.within, tuple(explain_span(span, self.stream))
            rows += size, roles.number(role), roles.number(within), texts.number(text)
        arrivals = [(at, milliseconds(seconds - self.zero)) for at, seconds in self.stream.times]
        step = 1 + len(arrivals) // PAGE_ITEMS
        return {"length": len(self.data), "kept": sum(end - start for start, end in kept), "spans": rows,
                "pieces": [[start, b64encode(bytes(self.data[start:end])).decode("ascii")]
                           for start, end in kept],
                "arrivals": flattened(arrivals[::step])}


def visible_spans(spans, kept):
    """(bytes, 1, span) for each span with bytes in `kept`; (bytes, spans, None) for those between."""
    size = count = at = 0
    for span in spans:
        while at < len(kept) and kept[at][1] <= span.start:
            at += 1
        if at < len(kept) and kept[at][0] < span.end:
            if count:
                yield size, count, None
                size = count = 0
            yield span.end - span.start, 1, span
        else:
            size, count = size + span.end - span.start, count + 1
    if count:
        yield size, count, None


# ---- one exchange

def page_exchange(exchange, sent, received):
    """An exchange for the time line, with its parts: its messages, then what crossed after a switch."""
    rows = ([("Request", exchange.request, sent, exchange.raw_sent)]
            + [("Interim response", message, received, ()) for message in exchange.interim]
            + [("Response", exchange.response, received, exchange.raw_received)])
    parts = [message_part(title, message, stream, raw) for title, message, stream, raw in rows if message]
    parts += [page_part("Raw stream", start, end, stream, message if stream is received else None)
              for _, message, stream, raw in rows for start, end in raw]
    request = exchange.request.head if exchange.request else None
    response = exchange.response.head if exchange.response else None
    endpoint = find_endpoint_row(request.method, request.target) if request else None
    about = [] if request else ["What it answers is not in this record"]
    if endpoint:
        about.append(endpoint.help[:1].upper() + endpoint.help[1:])
    if response:
        about.append("%s %d %s%s" % ("Answered with" if request else "Status", response.status,
                                     response.reason,
                                     ", then a raw stream" if exchange.switched else ""))
    elif request:
        about.append("No answer in this record")
    title = "%s %s" % (request.method, request.target) if request else "A response alone"
    found = described(parts, (sent, received), title, request, response, endpoint.help if endpoint else "",
                      about)
    found["label"] = "ping" if endpoint and endpoint.name in ("system_ping", "system_ping_head") else ""
    return found


def loose_bytes(stream, start, end):
    """Bytes that no exchange has, shown all the same."""
    title = "Bytes outside any exchange"
    part = page_part(title, start, end, stream)
    return dict(described([part], (stream, stream), title, None, None, "", [counted(end - start, "byte")]),
                label="\u2013")


def described(parts, streams, title, request, response, says, about):
    """The JSON of an exchange: what the time line and the heading of its bytes show."""
    for part in parts:
        streams[part["way"]].claim(part["start"], part["end"])
    timed = [part for part in parts if part["end"] > part["start"]]
    moments = [moment for part in timed for moment in part["times"]] or [0]
    phases = [[part["phase"]] + part["times"] for part in timed]
    asked = [part["times"][1] for part in timed if part["phase"] == "request"]
    answered = [part["times"][0] for part in timed if part["phase"] == "response"]
    if asked and answered and answered[0] > asked[0]:
        phases.insert(0, ["wait", asked[0], answered[0]])
    errors = [part["error"] for part in parts if part.get("error")]
    if max(moments):
        about.append("%.1f to %.1f ms" % (min(moments), max(moments)))
    return {"title": title, "about": ". ".join(about) + ".", "says": says,
            "method": request.method if request else "",
            "path": request.target if request else title, "status": response.status if response else 0,
            "wrong": errors[0]["word"] if errors else "",
            "times": [min(moments), max(moments)], "phases": phases, "parts": parts}


def message_part(title, message, stream, raw):
    """A message as a part: what it has of the stream, less the raw stream behind it."""
    part = page_part(title, message.start, min([message.end] + [start for start, _ in raw]), stream, message)
    part["phase"] = "request" if message.kind == "request" else "response"
    if message.framing not in (None, "none"):
        part["about"] += ", framing: " + message.framing
    if message.error:
        word = "error"
        if isinstance(message.error, ProtocolError):
            word = "cut" if isinstance(message.error, TruncatedError) else "malformed"
        part["error"] = {"text": str(message.error), "offset": getattr(message.error, "offset", None),
                         "word": word}
    elif not message.complete:
        part["about"] += ", incomplete"
    return part


def page_part(title, start, end, stream, message=None):
    """Bytes [start, end) of a stream as the script draws them, with what of the message's body lies there."""
    part = {"title": title, "way": stream.way, "start": start, "end": end, "times": stream.times(start, end),
            "about": counted(end - start, "byte"), "phase": "stream"}
    whole = message is None or message.head is None
    body = within_part([(start, end)] if whole else message.body, start, end)
    if message is not None and message.frames is not None:
        frames = [[number] + flattened(within_part(ranges, start, end)) for number, ranges in message.frames]
        frames = [frame for frame in frames if len(frame) > 1]
        if frames:
            part.update(frames=frames[:PAGE_ITEMS], framesLeft=max(0, len(frames) - PAGE_ITEMS))
    part["body"] = flattened(body[:PAGE_ITEMS])
    part["bodyLeft"] = sum(last - first for first, last in body[PAGE_ITEMS:])
    part["json"] = message is not None and (message.messages is not None or has_json(message.head))
    return part


def within_part(ranges, start, end):
    return [(max(start, first), min(end, last)) for first, last in ranges if first < end and last > start]


def flattened(ranges):
    return [offset for one in ranges for offset in one]


def has_json(head):
    kind = head.headers.get("content-type", "") if head is not None else ""
    return kind.partition(";")[0].strip().lower() == "application/json"
