"""A record as an HTTP Archive: HAR 1.2, which browser developer tools open as a network log.

There is one entry for each exchange that has a whole request head, in the order of their first bytes. It has
every field that the format requires. What HAR has no field for is under keys that begin with `_`, as HAR
allows:

    log        `_record` where and when; `_connections` each with its counts, notes and errors, and with
               its bytes where no exchange was complete
    entry      `_socket` where the URL's host is made up because there is only a path;
               `_raw_sent` and `_raw_received`, the two directions of a hijacked stream; `_interim` responses
    message    `_framing`, `_chunk_sizes`, `_frames`;
               how it ended: `_verdict`, `_error`, `_rule`, `_offset`

Promises: a body that is UTF-8 is text, any other base64; sizes are those of the wire; times add up.
Bodies are cut at 1 MiB, and `_left_out` says how many bytes were. A response that never came has
status 0, as in a browser.

Left out: cookies (the Engine API has none; those of a proxy are among the headers), the parameters of form
bodies (an engine takes none), DNS, connect and TLS times (a record begins when they are over). The format:
http://www.softwareishard.com/blog/har-12-spec/
"""
import json
import time

from ...engine.endpoints import percent_decode
from ...errors import AddressError, ProtocolError, StreamError, verdict_of_error
from ...wire.frames import STREAM_NAMES
from ...net.address import parse_address
from ...net.response import check_stream_message

MAX_HAR_TEXT_BYTES = 1 << 20
MAX_HAR_ITEMS = 10000         # chunk sizes or frames of one message
LAST_HAR_SECOND = 253402300799   # the end of the year 9999, the last that ISO 8601 writes with four digits
NO_HAR_TYPE = "x-unknown"     # what browsers write where there is no Content-Type


def har_time(seconds):
    """A Unix time (float) in ISO 8601, UTC."""
    whole, micros = divmod(int(min(max(seconds, 0), LAST_HAR_SECOND) * 10**6), 10**6)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + ".%06dZ" % micros


def har_milliseconds(start, end):
    return round(max(0.0, end - start) * 1000, 3)


def har_text(data, spans, limit=MAX_HAR_TEXT_BYTES):
    """The bytes of `data` in `spans`, (start, end) pairs: a dict of size, text, encoding if it is base64.

    `_left_out`: how many bytes are beyond `limit`, if any are.
    """
    size = sum(end - start for start, end in spans)
    kept = bytearray()
    for start, end in spans:
        kept += data[start:min(end, start + limit - len(kept))]
        if len(kept) >= limit:
            break
    facts = {"size": size}
    cut = size - len(kept)
    for shorter in range(min(4, len(kept) + 1) if cut else 1):   # a character on the cut is left out whole
        try:
            facts["text"] = kept[:len(kept) - shorter].decode("utf-8")
            cut += shorter
            break
        except UnicodeDecodeError:
            pass
    else:
        from base64 import b64encode
        facts["text"], facts["encoding"] = b64encode(kept).decode("ascii"), "base64"
    if cut:
        facts["_left_out"] = cut
    return facts


def har_query(target):
    """The queryString of a request target."""
    pairs = (part.partition("=") for part in target.partition("?")[2].partition("#")[0].split("&") if part)
    return [{"name": percent_decode(name), "value": percent_decode(value)} for name, _, value in pairs]


def har_headers(headers):
    return [{"name": name, "value": value} for name, value in headers]


def har_verdict(error, complete, framing):
    """How a message ended: `_verdict`, and `_error` if there is one."""
    if error is not None:
        return dict({"_verdict": verdict_of_error(error, "").kind}, **har_error(error))
    if not complete:
        return {"_verdict": "unfinished"}   # it was still under way when the record ended
    return {"_verdict": "unconfirmed" if framing in ("close", "upgrade") else "complete"}


def har_error(error):
    """What went wrong: `_error`, a text as browsers write it; `_rule` and `_offset` if bytes break a rule."""
    facts = {"_error": str(error)}
    if isinstance(error, ProtocolError):
        facts.update(_rule=error.rule, _offset=error.offset)
    return facts


def reported_error(message):
    """The StreamError for an error that the engine reports inside the JSON of a 200, or None."""
    if message.kind == "response" and message.head.status == 200:
        try:
            for value in message.messages or ():
                if isinstance(value, dict):
                    check_stream_message(value, ())
        except StreamError as error:
            return error
    return None


def har_wire(message, stream):
    """What HAR has no field for in a message: how it was framed, how it ended, its chunks and its frames."""
    facts = dict(har_verdict(message.error or reported_error(message), message.complete, message.framing),
                 _framing=message.framing)
    sizes = [int(stream.data[span.start:span.end], 16) for span in message.spans if span.role == "chunk size"]
    if sizes:
        facts["_chunk_sizes"] = sizes[:MAX_HAR_ITEMS]
        if len(sizes) > MAX_HAR_ITEMS:
            facts["_chunk_sizes_left_out"] = len(sizes) - MAX_HAR_ITEMS
    if message.frames is not None:
        facts["_frames"], left = [], MAX_HAR_TEXT_BYTES
        for number, spans in message.frames[:MAX_HAR_ITEMS]:
            frame = har_text(stream.data, spans, left)
            left -= frame["size"] - frame.get("_left_out", 0)
            facts["_frames"].append(dict(stream=STREAM_NAMES[number], **frame))
        if len(message.frames) > MAX_HAR_ITEMS:
            facts["_frames_left_out"] = len(message.frames) - MAX_HAR_ITEMS
    return facts


def har_request(message, stream, raw, base):
    """The request. `raw`: the ranges of the raw stream after it, which its body and end include."""
    head, size = message.head, message.body_start - message.start
    end = raw[0][0] if raw else message.end
    body = [part for part in message.body if part[0] < end]
    target = head.target
    url = target if "://" in target[:8] else base + ("" if target[:1] == "/" else "/") + target
    facts = {"method": head.method, "url": url, "httpVersion": "HTTP/" + head.version, "cookies": [],
             "headers": har_headers(head.headers), "queryString": har_query(target), "headersSize": size,
             "bodySize": end - message.start - size}
    if body or "content-type" in head.headers:
        content = har_text(stream.data, body)
        facts["postData"] = {"mimeType": head.headers.get("content-type", NO_HAR_TYPE), "params": [],
                             "text": content.pop("text")}
        facts["postData"].update(("_" + name.lstrip("_"), value) for name, value in content.items())
    facts.update(har_wire(message, stream))
    return facts


def har_response(message, stream):
    """The response; `message` is None where none came."""
    if message is None or message.head is None:
        facts = {"status": 0, "statusText": "", "httpVersion": "unknown", "cookies": [], "headers": [],
                 "redirectURL": "", "content": {"size": 0, "mimeType": NO_HAR_TYPE, "text": ""},
                 "headersSize": -1, "bodySize": -1}
        return dict(facts, **har_verdict(stream.error, False, "none"))
    head, size = message.head, message.body_start - message.start
    switched = message.framing == "upgrade"
    content = har_text(stream.data, [] if switched else message.body)
    content["mimeType"] = head.headers.get("content-type", NO_HAR_TYPE)
    facts = {"status": head.status, "statusText": head.reason, "httpVersion": "HTTP/" + head.version,
             "cookies": [], "headers": har_headers(head.headers), "content": content,
             "redirectURL": head.headers.get("location", ""), "headersSize": size,
             "bodySize": 0 if switched else message.end - message.start - size}
    facts.update(har_wire(message, stream))
    return facts


def har_entry(exchange, connection, started, base):
    """One exchange that has a request, as an entry of the log; `started` is the Unix time of the record."""
    request, response = exchange.request, exchange.response
    first, sent = request.seconds
    if exchange.raw_sent:   # the request ends before it
        sent = connection.requests.seconds_at(exchange.raw_sent[0][0] - 1)
    answered, received = (sent, sent) if response is None else response.seconds
    timings = {"blocked": -1, "dns": -1, "connect": -1, "send": har_milliseconds(first, sent),
               "wait": har_milliseconds(sent, answered), "receive": har_milliseconds(answered, received),
               "ssl": -1}
    facts = {"pageref": "record", "startedDateTime": har_time(started + first),
             "time": round(timings["send"] + timings["wait"] + timings["receive"], 3),
             "request": har_request(request, connection.requests, exchange.raw_sent, base),
             "response": har_response(response, connection.responses),
             "cache": {}, "timings": timings, "connection": str(connection.number),
             "_resourceType": "fetch"}   # how browsers file what is no part of a page
    if exchange.interim:
        facts["_interim"] = [{"status": message.head.status, "statusText": message.head.reason,
                              "headers": har_headers(message.head.headers)}
                             for message in exchange.interim]
    if exchange.switched:
        facts["_raw_sent"] = har_text(connection.requests.data, exchange.raw_sent)
        facts["_raw_received"] = har_text(connection.responses.data, exchange.raw_received)
    return facts


def har_connection(connection, started, entries):
    """What is known of a connection beside its `entries` (WireExchanges)."""
    streams = (("sent", connection.requests), ("received", connection.responses))
    events = connection.recorded.events
    facts = {"number": connection.number, "opened": har_time(started + events[0].seconds) if events else None,
             "ends": [{"direction": event.direction, "kind": event.kind,
                       "time": har_time(started + event.seconds)}
                      for event in events if event.kind in ("half-close", "close", "reset")],
             "sent": len(connection.requests.data), "received": len(connection.responses.data),
             "exchanges": len(entries), "notes": list(connection.recorded.notes),
             "errors": [dict(har_error(stream.error), direction=name) for name, stream in streams
                        if stream.error is not None]}
    if not any(exchange.response is not None and exchange.response.complete for exchange in entries):
        facts.update(("bytes_" + name, har_text(stream.data, [(0, len(stream.data))]))
                     for name, stream in streams)
    return facts


def har_place(address):
    """(start of the URLs, path of the Unix socket or None) for the address of a record, as it is written."""
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
        connections.append(har_connection(connection, recording.started, entries))
    exchanges.sort(key=lambda timed: timed[0])
    started = har_time(recording.started)
    log = {"version": "1.2", "creator": {"name": "rawdock", "version": __version__},
           "pages": [{"startedDateTime": started, "id": "record", "title": recording.address,
                      "pageTimings": {"onContentLoad": -1, "onLoad": -1}}],
           "_record": {"address": recording.address, "started": started}, "_connections": connections}
    # An entry a line, and one at a time: each may hold megabytes.
    file.write(('{"log": %s, "entries": [' % json.dumps(log)[:-1]).encode("ascii"))
    for at, (_, exchange, connection) in enumerate(exchanges):
        entry = har_entry(exchange, connection, recording.started, base)
        if socket_path is not None:
            entry["_socket"] = socket_path
        file.write((",\n" if at else "\n").encode("ascii") + json.dumps(entry).encode("ascii"))
    file.write(b"\n]}}\n")
