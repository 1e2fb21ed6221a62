"""Second parsers: whole buffers, no state, nothing of the package. What they say, its readers must say."""
import json
import re

MODEL_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
MODEL_TEXT = r"[\t -~\x80-\xff]*"
MODEL_FIELD = re.compile(r"(%s):(%s)\Z" % (MODEL_TOKEN, MODEL_TEXT))
MODEL_STATUS_LINE = re.compile(r"HTTP/(1\.[01]) ([1-5][0-9][0-9]) (%s)\Z" % MODEL_TEXT)
MODEL_REQUEST_LINE = re.compile(r"(%s) ([!-~]+) HTTP/(1\.[01])\Z" % MODEL_TOKEN)
MODEL_FORBIDDEN = frozenset("""
    transfer-encoding content-length host connection keep-alive te trailer upgrade expect range cache-control
    max-forwards authorization proxy-authorization proxy-authenticate www-authenticate set-cookie cookie
    content-encoding content-type content-range""".split())


def model_fields(lines):
    """At most 256 field lines (str) as [(name, value)], or None."""
    matches = [MODEL_FIELD.match(line) for line in lines]
    if len(matches) > 256 or None in matches:
        return None
    return [(match.group(1), match.group(2).strip(" \t")) for match in matches]


def model_head(data, at, kind):
    """((version, status, reason, fields) or (version, method, target, fields), index after it) or None."""
    end = data.find(b"\r\n\r\n", at)
    if end < 0:
        return None
    lines = data[at:end].decode("latin-1").split("\r\n")
    match = (MODEL_STATUS_LINE if kind == "response" else MODEL_REQUEST_LINE).match(lines[0])
    pairs = model_fields(lines[1:])
    if match is None or pairs is None:
        return None
    first, second, third = match.groups()
    parts = (first, int(second), third) if kind == "response" else (third, first, second)
    return parts + (pairs,), end + 4


def model_elements(pairs, name):
    """The elements, lower case, of the comma-separated fields `name`; also those that are empty."""
    return [element.strip(" \t").lower() for key, value in pairs if key.lower() == name
            for element in value.split(",")]


def model_framing(kind, parts, method, hijack):
    """("none" | "chunked" | "close" | "upgrade" | "wrong", 0) or ("length", n)."""
    version, status, _, pairs = parts
    lengths = model_elements(pairs, "content-length")
    if lengths and (len(set(lengths)) > 1 or not re.match(r"[0-9]{1,19}\Z", lengths[0])):
        return "wrong", 0
    if kind == "response":
        if status == 101:
            return "upgrade", 0
        if method == "HEAD" or status < 200 or status in (204, 304):
            return "none", 0
        if status < 300 and (hijack or method == "CONNECT"):
            return "upgrade", 0
    elements = model_elements(pairs, "transfer-encoding")
    if elements:
        codings = [element for element in elements if element]
        names = [coding.split(";")[0].rstrip(" \t") for coding in codings]
        if version == "1.0" or lengths or not codings or not all(
                re.match(MODEL_TOKEN + r"\Z", name) for name in names):
            return "wrong", 0
        if codings == ["chunked"]:
            return "chunked", 0
        return ("wrong" if kind == "request" or "chunked" in names else "close"), 0
    if lengths:
        return "length", int(lengths[0])
    return ("close" if kind == "response" else "none"), 0


MODEL_QUOTED = r'"(?:[^\x00-\x08\x0a-\x1f\x7f"\\]|\\[^\x00-\x08\x0a-\x1f\x7f])*"'
MODEL_EXTENSION = r"[ \t]*;[ \t]*%s(?:[ \t]*=[ \t]*(?:%s|%s))?" % (MODEL_TOKEN, MODEL_TOKEN, MODEL_QUOTED)
MODEL_CHUNK_LINE = re.compile((r"([0-9A-Fa-f]{1,16})(?:%s)*\r\n" % MODEL_EXTENSION).encode("ascii"))


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
    pairs = model_fields(data[at:end].decode("latin-1").split("\r\n")[:-1])
    if pairs is None or any(name.lower() in MODEL_FORBIDDEN for name, _ in pairs):
        return content, None, None
    return content, pairs, end + 2


def model_exchange(data, method="GET", hijack=False, kind="response"):
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
        tokens = model_elements(pairs, "connection")
        if not switches:
            if framing == "chunked":
                content, trailers, at = model_chunked(data, at)
            else:
                end = len(data) if framing == "close" else at + length
                content, trailers, at = data[at:end], [], end if end <= len(data) else None
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


def model_varint(data, at):
    """(value, the index after it) of the varint at index `at`; (None, `at`) if it is cut or too long."""
    coded = re.match(b"[\x80-\xff]{0,9}[\0-\x7f]", data[at:])
    value = sum((byte & 127) << 7 * place for place, byte in enumerate(coded.group())) if coded else 1 << 64
    return (None, at) if value >> 64 else (value, at + coded.end())


def model_protobuf(data):
    """(fields, complete) of a protobuf message."""
    fields, at = [], 0
    while at < len(data):
        tag, at = model_varint(data, at)
        if tag is None or tag & 7 not in (0, 1, 2, 5) or not 0 < tag >> 3 < 1 << 29:
            return fields, False
        value, size = None, {1: 8, 5: 4}.get(tag & 7)
        if size is None:
            value, at = model_varint(data, at)
            if value is None:
                return fields, False
            size = value
        if tag & 7:
            value, at = data[at:at + size], at + size
            if at > len(data):
                return fields, False
            value = value if tag & 7 == 2 else int.from_bytes(value, "little")
        fields.append((tag >> 3, value))
    return fields, True


MODEL_JSON = json.JSONDecoder(parse_constant=int)   # int() refuses NaN and Infinity


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
