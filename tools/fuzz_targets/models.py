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


def model_tar_number(field):
    """The number in a field of a tar header, None if there is none."""
    if field[0] >= 128:
        value = int.from_bytes(bytes([field[0] & 127]) + field[1:], "big")
        return value - (field[0] >> 6 & 1) * (1 << 8 * len(field) - 1)
    text = field.decode("latin-1").strip(" \0")
    return int("0" + text, 8) if set(text) <= set("01234567") else None


def model_tar_records(data):
    """The records of a pax header, as pairs; None if it is malformed."""
    pairs = []
    while data:
        digits, blank, rest = data.partition(b" ")
        size = int(digits) if digits.isdigit() and digits[:1] != b"0" and blank and len(digits) < 9 else 0
        key, sign, value = data[len(digits) + 1:size - 1].partition(b"=")
        if not (0 < size <= len(data) and data[size - 1:size] == b"\n" and sign and key and
                not set(key) & set(b"\0\n")):
            return None
        pairs.append((key, value))
        data = data[size:]
    return pairs


NO_NUL, DIGITS = b"[^\\0]*\\Z", b"[0-9]{1,19}\\Z"
MODEL_TAR_VALUES = {b"path": NO_NUL, b"linkpath": NO_NUL, b"size": DIGITS, b"uid": DIGITS, b"gid": DIGITS,
                    b"mtime": b"-?[0-9]{1,19}([.][0-9]*)?\\Z"}


def model_tar(data):
    """([(name, link, size, content)], complete) of a tar."""
    members, at, named = [], 0, {}
    while True:
        block, at = data[at:at + 512], at + 512
        if len(block) < 512:
            return members, False
        if not any(block):
            return members, data[at:at + 512] == bytes(512)
        numbers = [model_tar_number(block[start:end]) for start, end in
                   ((100, 108), (108, 116), (116, 124), (124, 136), (136, 148), (148, 156))]
        if None in numbers or numbers[5] != sum(block[:148]) + 256 + sum(block[156:]):
            return members, False
        kind, size = block[156:157], numbers[3]
        if size < 0 and kind not in (b"1", b"2", b"3", b"4", b"5", b"6"):
            return members, False
        content = data[at:at + size]
        if kind in (b"x", b"L", b"K"):
            keys = {b"L": b"path", b"K": b"linkpath"}
            pairs = model_tar_records(content) if kind == b"x" else [(keys[kind], content.split(b"\0")[0])]
            if not 0 < size <= 1 << 20 or len(content) < size or pairs is None:
                return members, False
            for key, value in pairs:
                if value and not re.match(MODEL_TAR_VALUES.get(key, b""), value):
                    return members, False
                named[key] = value
        elif kind != b"g":
            name, link = block[:100].split(b"\0")[0], block[157:257].split(b"\0")[0]
            if block[257:263] == b"ustar\0" and block[345]:
                name = block[345:500].split(b"\0")[0] + b"/" + name
            size = int(named.get(b"size") or size)
            size = 0 if kind in (b"1", b"2", b"3", b"4", b"5", b"6") else size
            content = data[at:at + size]
            members.append((named.get(b"path") or name, named.get(b"linkpath") or link, size, content))
            named = {}
        if at + size > len(data):
            return members, False
        at += size + -size % 512
        if at > len(data):
            return members, False


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
