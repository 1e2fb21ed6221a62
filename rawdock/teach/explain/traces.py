"""BuildKit's traces in the messages of a build: where their base64 is, and what each of their fields says.

A trace is a JSON message with the id moby.buildkit.trace. Its `aux` is the base64 of a protocol buffer, whose
fields are a tag, a length and a value each. Base64 makes four characters of three bytes, so a field has no
whole characters of its own: the trace is one span, and its fields are listed.
"""
import re

from ...cli.printable import printable_text
from ...engine.buildkit import BUILD_STATUS_SCHEMA
from ...errors import RawdockError
from ...wire.protobuf import ProtobufReader, decode_protobuf

TRACE_ROLE = "BuildKit trace"
TRACE_MARK = b'"moby.buildkit.trace"'
TRACE_BASE64 = re.compile(rb'"aux"[\t ]*:[\t ]*"([A-Za-z0-9+/]+={0,2})"')
SHOWN_TRACE_TEXT = 60   # characters of a log, and of a step's name
SHOWN_TRACE_FIELDS = 8


def trace_span(message):
    """(start, end) of the base64 in a JSON `message` (bytes); None if it is no trace."""
    found = TRACE_BASE64.search(message) if TRACE_MARK in message else None
    return found.span(1) if found else None


def split_trace_labels(labels, body):
    """The `labels` (start, end, role) of the JSON in `body`, where each trace has a label of its own."""
    split = []
    for start, end, role in labels:
        place = trace_span(body[start:end]) if role == "JSON message" else None
        if place is None:
            split.append((start, end, role))
        else:
            first, last = start + place[0], start + place[1]
            split += [(start, first, role), (first, last, TRACE_ROLE), (last, end, role)]
    return split


def trace_fields(encoded):
    """The base64 (bytes) of a trace → a line (str) for each field of its protocol buffer, [] for others."""
    from base64 import b64decode
    labels, lines = [], []
    try:
        data = b64decode(encoded, validate=True)
        reader = ProtobufReader(labels)
        fields = list(reader.feed(data))
        reader.feed_eof()
        for number, value in fields:
            if number in BUILD_STATUS_SCHEMA and isinstance(value, bytes):
                name, (schema,) = BUILD_STATUS_SCHEMA[number]
                what = "%s, %d bytes: %s" % (name, len(value), entry_text(decode_protobuf(value, schema)))
            else:
                what = "a field that is not known here"
            lines.append("field %d, %s" % (number, what))
    except (ValueError, RawdockError):   # binascii.Error is a ValueError
        return []
    starts = [start for start, _, role in labels if role == "protobuf tag"]
    values = [start for start, _, role in labels if role == "protobuf value"] + [len(data)] * len(starts)
    heads = [data[start:min(start + 11, value)].hex() for start, value in zip(starts, values)]
    return ["%s  %s" % (head, line) for head, line in zip(heads, lines)]


def entry_text(entry):
    """What one vertex, status, log or warning (dict) says, in a few words."""
    if "short" in entry:
        return shortened(entry["short"].decode("utf-8", "replace"))
    if "data" in entry:
        return "stream %d %s" % (entry["stream"], shortened(entry["data"].decode("utf-8", "replace")))
    state = "completed" if entry["completed"] else "started" if entry["started"] else "known"
    if "current" in entry:
        return "%s %d of %d, %s" % (shortened(entry["id"]), entry["current"], entry["total"], state)
    return "%s, %s%s" % (shortened(entry["name"]), "failed" if entry["error"] else state,
                         ", cached" if entry["cached"] else "")


def shortened(text):
    return '"%s"' % printable_text(text if len(text) <= SHOWN_TRACE_TEXT else text[:SHOWN_TRACE_TEXT] + "…")
