"""Second parsers: whole buffers, no state, nothing of the package. What they say, its readers must say."""
import json
import re

MODEL_TCHARS = frozenset("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
MODEL_VALUE_CHARS = frozenset(["\t"] + [chr(code) for code in range(32, 256) if code != 127])
MODEL_TARGET_CHARS = frozenset(chr(code) for code in range(33, 127))
MODEL_FORBIDDEN = frozenset("""
    transfer-encoding content-length host connection keep-alive te trailer upgrade expect range cache-control
    max-forwards authorization proxy-authorization proxy-authenticate www-authenticate set-cookie cookie
    content-encoding content-type content-range""".split())


def model_fields(lines, most):
    """At `most` so many field lines (str) as [(name, value)], or None."""
    pairs = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not (name and colon and MODEL_TCHARS.issuperset(name) and MODEL_VALUE_CHARS.issuperset(value)):
            return None
        pairs.append((name, value.strip(" \t")))
    return pairs if len(pairs) <= most else None


def model_head(data, at, kind):
    """(parts of the start line and the fields, index after the head) or None."""
    end = data.find(b"\r\n\r\n", at)
    if end < 0:
        return None
    lines = data[at:end].decode("latin-1").split("\r\n")
    line, pairs = lines[0], model_fields(lines[1:], 256)
    if pairs is None:
        return None
    if kind == "response":
        good = (line[:9] in ("HTTP/1.0 ", "HTTP/1.1 ") and re.match("[1-5][0-9][0-9] ", line[9:13])
                and MODEL_VALUE_CHARS.issuperset(line[13:]))
        return ((line[5:8], int(line[9:12]), line[13:], pairs), end + 4) if good else None
    words = line.split(" ")
    good = (len(words) == 3 and words[0] and MODEL_TCHARS.issuperset(words[0]) and words[1]
            and MODEL_TARGET_CHARS.issuperset(words[1])
            and words[2] in ("HTTP/1.0", "HTTP/1.1"))
    return ((words[2][5:], words[0], words[1], pairs), end + 4) if good else None


def model_list(pairs, name):
    """The comma-separated elements of the fields `name`, lower case; None without such a field."""
    values = [value for key, value in pairs if key.lower() == name]
    return ([word for word in (part.strip(" \t").lower() for part in ",".join(values).split(",")) if word]
            if values else None)


def model_length(pairs):
    """The length, None without the field, -1 if it is wrong."""
    values = [part.strip(" \t") for key, value in pairs if key.lower() == "content-length"
              for part in value.split(",")]
    if not values:
        return None
    good = all(re.match(r"[0-9]{1,19}\Z", value) for value in values) and len(set(values)) == 1
    return int(values[0]) if good else -1


def model_framing(kind, parts, method, hijack):
    """("none" | "chunked" | "close" | "upgrade" | "wrong", 0) or ("length", n)."""
    version, status, _, pairs = parts
    length = model_length(pairs)
    codings = model_list(pairs, "transfer-encoding")
    if length == -1:
        return "wrong", 0
    if kind == "response":
        if status == 101:
            return "upgrade", 0
        if method == "HEAD" or status < 200 or status in (204, 304):
            return "none", 0
        if status < 300 and (hijack or method == "CONNECT"):
            return "upgrade", 0
    if codings is not None:
        names = [coding.split(";")[0].rstrip(" \t") for coding in codings]
        if version == "1.0" or length is not None or not codings or not all(
                name and MODEL_TCHARS.issuperset(name) for name in names):
            return "wrong", 0
        if codings == ["chunked"]:
            return "chunked", 0
        return ("wrong" if kind == "request" or "chunked" in names else "close"), 0
    if length is not None:
        return "length", length
    return ("close" if kind == "response" else "none"), 0


MODEL_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
MODEL_QUOTED = rb"\"(?:[^\x00-\x08\x0a-\x1f\x7f\"\\]|\\[^\x00-\x08\x0a-\x1f\x7f])*\""
MODEL_EXTENSION = rb"[ \t]*;[ \t]*%s(?:[ \t]*=[ \t]*(?:%s|%s))?" % (MODEL_TOKEN, MODEL_TOKEN, MODEL_QUOTED)
MODEL_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})(?:%s)*\r\n" % MODEL_EXTENSION)


def model_chunked(data, at=0):
    """(content, trailers or None, index after the body or None) of a chunked body."""
    content = b""
    while True:
        line = MODEL_CHUNK_LINE.match(data, at)
        if line is None:
            return content, None, None
        size, at = int(line.group(1), 16), line.end()
        if not size:
            break
        content += data[at:at + size]
        at += size + 2
        if data[at - 2:at] != b"\r\n" or len(data) < at:
            return content, None, None
    end = at if data[at:at + 2] == b"\r\n" else data.find(b"\r\n\r\n", at) + 2
    if end < 2:
        return content, None, None
    # Trailers are bounded by their bytes alone.
    pairs = model_fields(data[at:end].decode("latin-1").split("\r\n")[:-1], len(data))
    if pairs is None or any(name.lower() in MODEL_FORBIDDEN for name, _ in pairs):
        return content, None, None
    return content, pairs, end + 2


def model_body(framing, length, data, at):
    """(content, trailers, index after the body or None if it is cut or wrong) of the body at `at`."""
    if framing == "chunked":
        return model_chunked(data, at)
    if framing == "close":
        return data[at:], [], len(data)
    return data[at:at + length], [], at + length if at + length <= len(data) else None


def model_exchange(kind, data, method="GET", hijack=False):
    """(events, complete) of all bytes of one direction."""
    events, at, incomplete, closed = [], 0, kind == "response", False
    while True:
        if at < len(data) and not closed and data[at:at + 2] == b"\r\n":
            at += 2
        if at == len(data):
            return events, not incomplete
        head = None if closed else model_head(data, at, kind)
        if head is None:
            return events, False
        parts, at = head
        version, status, _, pairs = parts
        framing, length = model_framing(kind, parts, method, hijack)
        if framing == "wrong":
            return events, False
        events.append(("head",) + parts)
        incomplete = kind == "response" and status < 200 and status != 101   # an interim response
        if incomplete:
            continue
        switches = framing == "upgrade"
        tokens = model_list(pairs, "connection") or ()
        if not switches:
            content, trailers, at = model_body(framing, length, data, at)
            events += [("data", content)] if content else []
            if at is None:
                return events, False
            events.append(("end", trailers))
            switches = (kind == "request" and "upgrade" in tokens
                        and any(name.lower() == "upgrade" for name, _ in pairs))
        if switches:
            events.append(("switched", data[at:]))
            return events, True
        closed = (closed or framing == "close" or "close" in tokens
                  or version == "1.0" and "keep-alive" not in tokens)


def model_frames(data):
    """(frames, None if complete, or "cut", or the offset of what is wrong, or the error's text)."""
    frames, at = [], 0
    while at < len(data):
        header = bytearray(data[at:at + 8])
        for place in range(min(4, len(header))):
            if header[place] > (0 if place else 3):
                return frames, at + place
        size = int.from_bytes(header[4:8], "big")
        payload = data[at + 8:at + 8 + size]
        if len(header) < 8 or len(payload) < size:
            return frames, "cut"
        at += 8 + size
        if header[0] == 3:
            return frames, ("error", payload.decode("utf-8", "replace").strip())
        frames.append((header[0], payload))
    return frames, None


def refuse_model_constant(word):
    raise ValueError(word)


MODEL_JSON = json.JSONDecoder(parse_constant=refuse_model_constant)


def model_json(data):
    """(objects, complete) of a stream of JSON objects."""
    try:
        text, valid = data.decode("utf-8"), True
    except UnicodeDecodeError as error:
        text, valid = data[:error.start].decode("utf-8"), False
    objects, at = [], 0
    while True:
        while text[at:at + 1] in ("\r", "\n", "\t", " ", "\x1e"):
            at += 1
        if at == len(text):
            return objects, valid
        if text[at] != "{":
            return objects, False
        try:
            value, at = MODEL_JSON.raw_decode(text, at)
        except (ValueError, RecursionError):
            return objects, False
        objects.append(value)
