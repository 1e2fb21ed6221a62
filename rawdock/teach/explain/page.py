"""A recording as one HTML page: the exchanges on a timeline, and what each of their bytes is.

Strategy: annotate() finds what the bytes are, this file packs that as JSON beside a constant style sheet and
script (page_assets.py), and the script draws it. The page holds the bytes once, in base64, and the spans as
lengths that cover them; text, hexdump, frames and JSON are all drawn from those.

Promises: one file that needs no network and may not use one (a Content-Security-Policy with the hashes of its
own script and style). No byte of the wire can end the script block that holds it, or become markup.
The size is bounded: of a long message the start and the end are kept, a short one is kept whole, and the page
says how many bytes are left out. Credentials are asterisks unless --secrets is given.

Left out: a search, and the bytes beyond the bound, which the record has.
"""
import json
import time

from ...engine.endpoints import find_endpoint_row
from ...errors import ProtocolError
from .explain import breaks_rule
from .explanations import explain_event, explain_span
from .page_assets import PAGE_BODY, PAGE_COLOURS, PAGE_SCRIPT, PAGE_STYLE

PAGE_MESSAGE_BYTES = 65536     # kept of one message at most
PAGE_STREAM_BYTES = 262144     # of one direction of one connection
PAGE_BYTES = 4194304           # of the whole page
PAGE_ITEMS = 4000              # arrivals of a stream, pieces of a body of a message
PAGE_FRAMES = 1000             # decoded frames of a message

# A kind has a colour and a place in the list of roles. Each row: the kind, then its roles.
PAGE_KINDS = (
    ("start", "method", "request target", "version", "status code", "reason phrase"),
    ("name", "field name"),
    ("value", "field value"),
    ("mark", "SP", "colon", "OWS", "CRLF", "chunk data CRLF", "separator"),
    ("chunk", "chunk size", "chunk extension"),
    ("frame", "frame stream type", "frame padding", "frame length", "BuildKit trace", "tar name", "tar mode",
     "tar uid", "tar gid", "tar size", "tar mtime", "tar checksum", "tar type", "tar link", "tar magic",
     "tar user", "tar group", "tar device major", "tar device minor", "tar prefix", "tar padding",
     "tar record", "tar end"),
    ("content", "content", "chunk data", "frame payload", "JSON message", "raw stream",
     "tar content"),
    ("wrong", "malformed", "cut"),
    ("absent", "not read", "not in this page"),
)
NOT_IN_PAGE = "not in this page"
ABSENT_TEXT = ("%s in %s: the start and the end of what they belong to are in this page, the rest is in the "
               "record.")

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
    # Only these characters could end a script block or begin a comment in it; JSON can escape each.
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
    """PAGE_COLOURS as variables of the style sheet, for each colour scheme, and a class for each kind."""
    rows = [line.split() for line in PAGE_COLOURS.split("\n") if line]
    light, dark = [" ".join("--%s:%s;" % (row[0], row[shade]) for row in rows) for shade in (1, 2)]
    kinds = "".join(".k-%s{--c:var(--%s);--t:var(--%s-tint)}" % ((kind[0],) * 3) for kind in PAGE_KINDS)
    return "\n:root{%s}\n@media (prefers-color-scheme:dark){:root{%s}}\n%s\n" % (light, dark, kinds)


class PageTable(dict):
    """Numbers values from 0 in the order of their first use: table[value] → its number."""

    def __missing__(self, value):
        self[value] = number = len(self)
        return number


def page_kind(role):
    """The kind of a role; "trailer field name" has that of "field name"."""
    if role.startswith("trailer "):
        role = role[8:]
    return next((kind[0] for kind in PAGE_KINDS if role in kind[1:]), "content")


def page_data(annotated):
    """All that the script draws of an AnnotatedRecording, as JSON values."""
    roles, texts = PageTable(), PageTable()
    recording, connections = annotated.recording, annotated.connections
    sizes = [len(stream.data) for connection in connections
             for stream in (connection.requests, connection.responses)]
    allowance = fair_share([min(size, PAGE_STREAM_BYTES) for size in sizes], PAGE_BYTES, PAGE_STREAM_BYTES)
    zero = first_moment(recording)
    drawn = [page_connection(connection, roles, texts, allowance, zero) for connection in connections]
    seconds = max([event.seconds - zero for connection in recording.connections
                   for event in connection.events] + [0.0])
    summary = [page_summary(recording, drawn, sum(sizes), seconds)]
    if recording.started > 0:   # captured bytes have no time
        summary.append("Recorded %s UTC" % time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(recording.started)))
    if annotated.redacted:
        summary.append("Secrets are shown as stars, of the same length")
    left_out = sum(sizes) - sum(stream["kept"] for one in drawn for stream in one["streams"])
    if left_out:
        summary.append("%s of long messages left out of this page: the page says where, and how many"
                       % counted(left_out, "byte"))
    return {"version": 1, "summary": ". ".join(summary) + ".", "milliseconds": seconds * 1000,
            "kinds": [kind[0] for kind in PAGE_KINDS], "roles": [[role, page_kind(role)] for role in roles],
            "texts": list(texts), "connections": drawn}


def first_moment(recording):
    """When the first byte of the first request, or else the first byte, crossed: time zero, in seconds."""
    events = [event for connection in recording.connections for event in connection.events
              if event.kind == "data"]
    return min([event.seconds for event in events if event.direction == ">"]
               or [event.seconds for event in events] or [0.0])


def page_summary(recording, drawn, size, seconds):
    """How much the page holds, as part of a sentence. Labels the exchanges: their numbers in time, or "ping".
    """
    count = pings = 0
    for one in sorted((one for connection in drawn for one in connection["exchanges"]),
                      key=lambda one: one["times"][0]):
        count += one["label"] == ""
        pings += one["label"] == "ping"
        one["label"] = one["label"] or "%d" % count
    text = "%s, %s" % (counted(len(drawn), "connection"), counted(count, "exchange"))
    if pings:
        text += " and %s" % counted(pings, "ping")
    text += ", %s" % counted(size, "byte")
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
    """The JSON of an AnnotatedConnection; `zero` is time zero, `allowance` the bytes kept of a direction."""
    sent, received = [PageStream(stream, allowance, zero)
                      for stream in (connection.requests, connection.responses)]
    exchanges = [page_exchange(exchange, sent, received) for exchange in connection.exchanges]
    for stream in (sent, received):
        for start, end in stream.unclaimed():
            part = page_part("Bytes outside any exchange", start, end, stream)
            exchanges.append(described([part], (stream, stream), label="\u2013", title=part["title"],
                                       path=part["title"], about=[part["about"]]))
    marks = [[milliseconds(event.seconds - zero), event.kind, explain_event(event)]
             for event in connection.recorded.events if event.kind != "data"]
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
            pieces = [(start, end)]
            if end - start > cap:
                pieces = [(start, start + cap - cap // 4), (end - cap // 4, end)] if cap else []
            for first, last in pieces:
                if kept and kept[-1][1] == first:
                    first = kept.pop()[0]
                if last > first:
                    kept.append((first, last))
        return kept

    def packed(self, roles, texts):
        """The stream for the script: pieces in base64, and of a span its length, role, outer role, text."""
        from base64 import b64encode
        kept = self.kept_ranges()
        rows = []
        for size, count, span in visible_spans(self.stream.spans, kept):
            absent = ABSENT_TEXT % (counted(size, "byte"), counted(count, "span"))
            role, within, text = NOT_IN_PAGE, "", (absent, "")
            if span is not None:
                role, within, text = span.role, span.within, explain_span(span, self.stream)
            rows += size, roles[role], roles[within], texts[text]
        arrivals = [(at, milliseconds(seconds - self.zero)) for at, seconds in self.stream.times]
        step = 1 + len(arrivals) // PAGE_ITEMS
        return {"length": len(self.data), "kept": sum(end - start for start, end in kept), "spans": rows,
                "pieces": [[start, b64encode(self.data[start:end]).decode("ascii")] for start, end in kept],
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
    """An exchange for the timeline, with its parts: its messages, then what crossed after a switch."""
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
                                     response.reason, ", then a raw stream" if exchange.switched else ""))
    elif request:
        about.append("No answer in this record")
    title = "%s %s" % (request.method, request.target) if request else "A response alone"
    is_ping = endpoint is not None and endpoint.name in ("system_ping", "system_ping_head")
    return described(parts, (sent, received), label="ping" if is_ping else "", title=title, about=about,
                     says=endpoint.help if endpoint else "", method=request.method if request else "",
                     path=request.target if request else title, status=response.status if response else 0)


def described(parts, streams, about, **facts):
    """The JSON of an exchange: `facts`, and what the timeline and the heading show of its `parts`."""
    for part in parts:
        streams[part["way"]].claim(part["start"], part["end"])
    moments = [moment for part in parts if part["end"] > part["start"] for moment in part["times"]] or [0]
    errors = [part["error"]["word"] for part in parts if part.get("error")]
    if max(moments):
        about = about + ["%.1f to %.1f ms" % (min(moments), max(moments))]
    return dict({"says": "", "method": "", "status": 0}, about=". ".join(about) + ".",
                wrong=errors[0] if errors else "", times=[min(moments), max(moments)],
                parts=parts, **facts)


def message_part(title, message, stream, raw):
    """A message as a part: its bytes in the stream, without the raw stream that follows."""
    part = page_part(title, message.start, min([message.end] + [start for start, _ in raw]), stream, message)
    error = message.error
    if message.framing != "none":
        part["about"] += ", framing: " + message.framing
    if error:
        word = "malformed" if breaks_rule(error) else "cut" if isinstance(error, ProtocolError) else "error"
        part["error"] = {"text": error.message, "offset": getattr(error, "offset", None), "word": word}
    elif not message.complete:
        part["about"] += ", incomplete"
    return part


def page_part(title, start, end, stream, message=None):
    """Bytes [start, end) of a stream as the script draws them, and which of them are the message's body."""
    part = {"title": title, "way": stream.way, "start": start, "end": end, "times": stream.times(start, end),
            "about": counted(end - start, "byte")}
    whole = message is None or message.head is None
    body = within_part([(start, end)] if whole else message.body, start, end)
    if message is not None and message.frames is not None:
        frames = [[number] + flattened(within_part(ranges, start, end)) for number, ranges in message.frames]
        frames = [frame for frame in frames if len(frame) > 1]
        if frames:
            part.update(frames=frames[:PAGE_FRAMES], framesLeft=max(0, len(frames) - PAGE_FRAMES))
    part["body"] = flattened(body[:PAGE_ITEMS])
    part["size"] = sum(last - first for first, last in body)
    part["json"] = message is not None and message.messages is not None
    return part


def within_part(ranges, start, end):
    return [(max(start, first), min(end, last)) for first, last in ranges if first < end and last > start]


def flattened(ranges):
    return [offset for one in ranges for offset in one]
