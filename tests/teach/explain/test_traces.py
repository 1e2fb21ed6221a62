"""BuildKit's traces, explained: a protocol buffer in base64 in JSON in chunks."""
import base64
import json

import pytest

from rawdock.teach.explain.annotate import annotate_bytes
from rawdock.teach.explain.explanations import explain_span
from rawdock.teach.explain.traces import SHOWN_TRACE_FIELDS, split_trace_labels, trace_fields, trace_span
from tests.engine.build_traces import SECOND, log, recorded_messages, trace_message, vertex

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
STATUS = {"id": "exporting layers", "vertex": "a", "current": 1, "total": 2, "started": SECOND}


def encoded(**status):
    return trace_message(**status)["aux"].encode("ascii")


def chunked(*pieces):
    return HEAD + b"".join([b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces]) + b"0\r\n\r\n"


def traces_of(data):
    """[(bytes of the span, sentence)] of the traces in an annotation of `data`."""
    stream = annotate_bytes(data)
    assert b"".join([data[span.start:span.end] for span in stream.spans]) == data
    return [(data[span.start:span.end], explain_span(span, stream)[0]) for span in stream.spans
            if span.role == "BuildKit trace"]


@pytest.mark.parametrize("status, line", [
    ({"vertexes": [vertex(name="[1/2] FROM x")]}, '0a11  field 1, vertexes, 17 bytes: "[1/2] FROM x", known'),
    ({"vertexes": [vertex(started=1, cached=1)]},
     '0a13  field 1, vertexes, 19 bytes: "step a", started, cached'),
    ({"vertexes": [vertex(started=1, completed=2)]},
     '0a17  field 1, vertexes, 23 bytes: "step a", completed'),
    ({"vertexes": [vertex(completed=2, error="e")]}, '0a14  field 1, vertexes, 20 bytes: "step a", failed'),
    ({"statuses": [STATUS]},
     '121f  field 2, statuses, 31 bytes: "exporting layers" 1 of 2, started'),
    ({"logs": [log(b"a\n\x1b" + b"x" * 200)]},
     '1ad301  field 3, logs, 211 bytes: stream 1 "a\\n\\x1b%s…"' % ("x" * 57)),
    ({"warnings": [{"vertex": "a", "short": b"old"}]}, '2208  field 4, warnings, 8 bytes: "old"'),
])
def test_what_a_field_says(status, line):
    assert trace_fields(encoded(**status)) == [line]


def test_fields_that_no_schema_has_and_bytes_that_are_no_message():
    assert trace_fields(base64.b64encode(b"\x48\x01\x0a\x00")) == [
        "48  field 9, a field that is not known here", '0a00  field 1, vertexes, 0 bytes: "", known']
    for data in (b"\x0a\x05x", b"\x0b", b"\x0a\x02\x0a\x07"):
        assert trace_fields(base64.b64encode(data)) == []
    assert trace_fields(b"a") == []


def test_the_base64_of_a_trace_is_a_span_across_chunks():
    message = json.dumps(trace_message(vertexes=[vertex()])).encode() + b"\r\n"
    data = chunked(message[:50], message[50:], b'{"stream":"moby.buildkit.trace"}')
    aux = encoded(vertexes=[vertex()])
    cut = 50 - message.index(aux)
    assert [piece for piece, _ in traces_of(data)] == [aux[:cut], aux[cut:]]
    assert traces_of(chunked(message)) == [
        (aux, 'Base64 of a protocol buffer; each field is a tag, a length and a value: '
              '0a0b  field 1, vertexes, 11 bytes: "step a", known.')]


def test_many_fields_are_counted():
    many = trace_message(vertexes=[vertex(str(number)) for number in range(SHOWN_TRACE_FIELDS + 3)])
    (_, text), = traces_of(chunked(json.dumps(many).encode()))
    assert text.endswith('"step 7", known; 3 more fields.')


def test_each_trace_of_a_recorded_build_is_explained():
    messages = recorded_messages("26.1-failed")
    found = traces_of(chunked(*[json.dumps(message).encode() + b"\r\n" for message in messages]))
    assert len(found) == sum(message.get("id") == "moby.buildkit.trace" for message in messages) == 13
    assert all(text.count("field ") >= 1 for _, text in found)


def test_what_is_no_trace_has_no_such_span():
    for message in (b'{"id":"moby.image.id","aux":{"ID":"x"}}', b'{"id":"moby.buildkit.trace","aux":1}',
                    b'{"id":"x","aux":"AAAA"}'):
        assert trace_span(message) is None
    assert split_trace_labels([(0, 2, "separator")], b"\r\n") == [(0, 2, "separator")]
