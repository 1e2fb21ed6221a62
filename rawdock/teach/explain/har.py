"""A record as an HTTP Archive: HAR 1.2, which the developer tools of browsers open as a network log.

There is one entry for each exchange whose request head is complete, in the order of their first bytes, with
every field that the format requires. What HAR has no field for is under keys that begin with `_`, as HAR
allows:

    log        `_connections` each with its counts, notes and errors, and with its bytes if no exchange was
               complete
    entry      `_socket` if the URL's host is invented because there is only a path;
               `_raw_sent` and `_raw_received`, the two directions of a hijacked stream
    message    `_framing`, `_frames`; how it ended: `_verdict`, `_error`, `_rule`, `_offset`

Promises: a body that is UTF-8 is text, any other is in base64; sizes are those on the wire; times add up.
Bodies are cut at 1 MiB, and `_left_out` is the number of bytes left out. A response that never came has
status 0, as in a browser.

Left out: interim responses, the sizes of chunks, cookies (the Engine API has none; those of a proxy are among
the headers), the parameters of form bodies (an engine takes none), DNS, connect and TLS times (a record
begins after them). The format:
http://www.softwareishard.com/blog/har-12-spec/
"""
import json
import time

from ...errors import AddressError, ProtocolError, StreamError, verdict_of_error
from ...wire.frames import STREAM_NAMES
from ...net.address import parse_address
from ...net.response import check_stream_message
from ..percent import percent_decode

MAX_HAR_TEXT_BYTES = 1 << 20
MAX_HAR_FRAMES = 10000        # of one message
MAX_HAR_FRAME_BYTES = 1024    # of one frame: all of its bytes are in the body too
LAST_HAR_SECOND = 253402300799   # the end of the year 9999, the last with four digits in ISO 8601
NO_HAR_TYPE = "x-unknown"     # what browsers write without a Content-Type


def har_time(seconds):
    """A Unix time (float) in ISO 8601, UTC."""
    whole, micros = divmod(int(min(max(seconds, 0), LAST_HAR_SECOND) * 10**6), 10**6)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + ".%06dZ" % micros


def har_milliseconds(start, end):
    return round(max(0.0, end - start) * 1000, 3)


def har_text(data, spans, limit=MAX_HAR_TEXT_BYTES):
    """The bytes of `data` in `spans`, (start, end) pairs: a dict of size, text, and encoding if it is base64.

    `_left_out` is the number of bytes beyond `limit`, if there are any.
    """
    from base64 import b64encode
    from codecs import getincrementaldecoder
    size = sum(end - start for start, end in spans)
    kept = bytearray()
    for start, end in spans:
        kept += data[start:min(end, start + limit - len(kept))]
    left = size - len(kept)
    facts = {"size": size}
    try:
        facts["text"] = text = getincrementaldecoder("utf-8")().decode(kept, not left)
        left = size - len(text.encode("utf-8"))   # no part of a character is kept at the cut
    except UnicodeDecodeError:
        facts.update(text=b64encode(kept).decode("ascii"), encoding="base64")
    if left:
        facts["_left_out"] = left
    return facts


def har_query(target):
    """The queryString of a request target."""
    pairs = (part.partition("=") for part in target.partition("?")[2].partition("#")[0].split("&") if part)
    return [{"name": percent_decode(name), "value": percent_decode(value)} for name, _, value in pairs]


def har_verdict(error, complete, framing):
    """How a message ended: `_verdict`, and the members of har_error() if there is an error."""
    if error is not None:
        return dict({"_verdict": verdict_of_error(error, "").kind}, **har_error(error))
    if not complete:
        return {"_verdict": "unfinished"}   # when the record ended
    return {"_verdict": "unconfirmed" if framing in ("close", "upgrade") else "complete"}


def har_error(error):
    """An error: `_error`, a text as browsers write it; `_rule` and `_offset` if bytes break a rule."""
    facts = {"_error": error.message}
    if isinstance(error, ProtocolError):
        facts.update(_rule=error.rule, _offset=error.offset)
    return facts


def reported_error(message):
    """The StreamError for an error that the engine reports in the JSON messages of a 200, or None."""
    if message.kind == "response" and message.head.status == 200:
        try:
            for value in message.messages or ():
                if isinstance(value, dict):
                    check_stream_message(value, ())
        except StreamError as error:
            return error
    return None


def har_message(message, stream, end):
    """The members that a request and a response have in common; `end` is the offset where its body ends.

    HAR has no field for how it was framed, how it ended, and its frames: `_framing`, `_verdict`, `_frames`.
    """
    head, size = message.head, message.body_start - message.start
    facts = har_verdict(message.error or reported_error(message), message.complete, message.framing)
    facts.update(_framing=message.framing, httpVersion="HTTP/" + head.version, cookies=[],
                 headers=[{"name": name, "value": value} for name, value in head.headers],
                 headersSize=size, bodySize=end - message.start - size)
    if message.frames is not None:
        facts["_frames"] = [dict(har_text(stream.data, spans, MAX_HAR_FRAME_BYTES), stream=STREAM_NAMES[kind])
                            for kind, spans in message.frames[:MAX_HAR_FRAMES]]
        facts["_frames_left_out"] = len(message.frames[MAX_HAR_FRAMES:])
    return facts


def har_request(message, stream, raw, base):
    """The request, without `raw`, the ranges of the raw stream after it."""
    head, target = message.head, message.head.target
    end = raw[0][0] if raw else message.end
    body = [part for part in message.body if part[0] < end]
    url = target if "://" in target[:8] else base + ("" if target[:1] == "/" else "/") + target
    facts = dict(har_message(message, stream, end), method=head.method, url=url,
                 queryString=har_query(target))
    if body or "content-type" in head.headers:
        content = har_text(stream.data, body)
        facts["postData"] = {"mimeType": head.headers.get("content-type", NO_HAR_TYPE), "params": [],
                             "text": content.pop("text")}
        facts["postData"].update(("_" + name.lstrip("_"), value) for name, value in content.items())
    return facts


def har_response(message, stream):
    """The response; `message` is None if none came."""
    if message is None or message.head is None:
        facts = {"status": 0, "statusText": "", "httpVersion": "unknown", "cookies": [], "headers": [],
                 "redirectURL": "", "content": {"size": 0, "mimeType": NO_HAR_TYPE, "text": ""},
                 "headersSize": -1, "bodySize": -1}
        return dict(facts, **har_verdict(stream.error, False, "none"))
    head, switched = message.head, message.framing == "upgrade"
    content = har_text(stream.data, [] if switched else message.body)
    content["mimeType"] = head.headers.get("content-type", NO_HAR_TYPE)
    return dict(har_message(message, stream, message.body_start if switched else message.end),
                status=head.status, statusText=head.reason, content=content,
                redirectURL=head.headers.get("location", ""))


def har_entry(exchange, connection, started, base):
    """A WireExchange with a request, as an entry of the log; `started` is the Unix time of the record."""
    request, response = exchange.request, exchange.response
    first, sent = request.seconds
    if exchange.raw_sent:   # which is not part of the request
        sent = connection.requests.seconds_at(exchange.raw_sent[0][0] - 1)
    answered, received = (sent, sent) if response is None else response.seconds
    timings = {"blocked": -1, "dns": -1, "connect": -1, "ssl": -1, "send": har_milliseconds(first, sent),
               "wait": har_milliseconds(sent, answered), "receive": har_milliseconds(answered, received)}
    facts = {"pageref": "record", "startedDateTime": har_time(started + first),
             "time": round(timings["send"] + timings["wait"] + timings["receive"], 3),
             "request": har_request(request, connection.requests, exchange.raw_sent, base),
             "response": har_response(response, connection.responses),
             "cache": {}, "timings": timings, "connection": str(connection.number),
             "_resourceType": "fetch"}   # the type of requests that browsers make for a script
    if exchange.switched:
        facts["_raw_sent"] = har_text(connection.requests.data, exchange.raw_sent)
        facts["_raw_received"] = har_text(connection.responses.data, exchange.raw_received)
    return facts


def har_connection(connection, entries):
    """A connection, beside its `entries` (WireExchanges), as a member of `_connections`."""
    streams = (("sent", connection.requests), ("received", connection.responses))
    facts = {"number": connection.number, "notes": connection.recorded.notes,
             "errors": [dict(har_error(stream.error), direction=name) for name, stream in streams
                        if stream.error is not None]}
    facts.update((name, len(stream.data)) for name, stream in streams)
    if not any(exchange.response is not None and exchange.response.complete for exchange in entries):
        facts.update(("bytes_" + name, har_text(stream.data, [(0, len(stream.data))]))
                     for name, stream in streams)
    return facts


def har_place(address):
    """(start of the URLs, path of the Unix socket or None) for the address of a record (str)."""
    try:
        place = parse_address(address)
    except AddressError:
        return "http://docker", None
    if place.scheme == "tcp":
        return "http://%s:%d" % ("[%s]" % place.host if ":" in place.host else place.host, place.port), None
    return "http://docker", place.path


def write_har(annotated, file):
    """Write an AnnotatedRecording to `file` (binary) as HAR 1.2."""
    from ... import __version__
    recording = annotated.recording
    base, socket_path = har_place(recording.address)
    exchanges, connections = [], []
    for connection in annotated.connections:
        entries = [exchange for exchange in connection.exchanges if exchange.request is not None
                   and exchange.request.head is not None]
        exchanges += [(exchange.request.seconds[0], exchange, connection) for exchange in entries]
        connections.append(har_connection(connection, entries))
    exchanges.sort(key=lambda timed: timed[0])
    log = {"version": "1.2", "creator": {"name": "rawdock", "version": __version__},
           "pages": [{"startedDateTime": har_time(recording.started), "id": "record",
                      "title": recording.address, "pageTimings": {"onContentLoad": -1, "onLoad": -1}}],
           "_connections": connections}
    # Each entry may have megabytes: they are made and written one by one.
    file.write(('{"log": %s, "entries": [' % json.dumps(log)[:-1]).encode("ascii"))
    for at, (_, exchange, connection) in enumerate(exchanges):
        entry = har_entry(exchange, connection, recording.started, base)
        if socket_path is not None:
            entry["_socket"] = socket_path
        file.write((",\n" if at else "\n").encode("ascii") + json.dumps(entry).encode("ascii"))
    file.write(b"\n]}}\n")
