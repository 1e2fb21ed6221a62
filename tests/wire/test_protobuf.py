import struct

import pytest
from feeding import cut_everywhere, outcome, quickly
from hypothesis import given
from hypothesis import strategies as st

from rawdock.errors import ProtocolError, RawdockError, TruncatedError
from rawdock.wire.protobuf import (MAX_PROTOBUF_DEPTH, MAX_PROTOBUF_VALUE_BYTES, PROTOBUF_RULE,
                                   ProtobufReader, decode_protobuf)
from tests.wire.protobuf_bytes import encode_protobuf_field, encode_varint

ALL_TYPES = (encode_protobuf_field(1, 150) + encode_protobuf_field(2, b"testing") + b"\x1d\x01\x00\x00\x00"
             + b"\x21\xff\xff\xff\xff\xff\xff\xff\xff" + encode_protobuf_field(5, b""))
ALL_FIELDS = [(1, 150), (2, b"testing"), (3, 1), (4, (1 << 64) - 1), (5, b"")]
LARGEST = b"\x08" + b"\xff" * 9 + b"\x01"

# name, bytes, fields, error
VECTORS = [
    ("nothing", b"", [], None),
    ("the four wire types", ALL_TYPES, ALL_FIELDS, None),
    ("the largest varint", LARGEST, [(1, (1 << 64) - 1)], None),
    ("a varint longer than it need be", b"\x08\x81\x00", [(1, 1)], None),
    ("a varint of 65 bits", b"\x08" + b"\xff" * 9 + b"\x02", [], ("ProtocolError", PROTOBUF_RULE, 10)),
    ("a varint of eleven bytes", b"\x08" + b"\x80" * 10 + b"\x00", [], ("ProtocolError", PROTOBUF_RULE, 10)),
    ("field number 0", ALL_TYPES + b"\x00\x00", ALL_FIELDS, ("ProtocolError", PROTOBUF_RULE, len(ALL_TYPES))),
    ("the largest field number", encode_varint(((1 << 29) - 1) << 3) + b"\x05", [((1 << 29) - 1, 5)], None),
    ("a larger field number", encode_varint(1 << 32) + b"\x05", [], ("ProtocolError", PROTOBUF_RULE, 0)),
    ("the start of a group", b"\x0b", [], ("ProtocolError", PROTOBUF_RULE, 0)),
    ("the end of a group", b"\x0c", [], ("ProtocolError", PROTOBUF_RULE, 0)),
    ("wire type 6", b"\x0e", [], ("ProtocolError", PROTOBUF_RULE, 0)),
    ("wire type 7", b"\x0f", [], ("ProtocolError", PROTOBUF_RULE, 0)),
    ("a length that is too large", b"\x12" + encode_varint(MAX_PROTOBUF_VALUE_BYTES + 1), [],
     ("ProtocolError", "rawdock limit", 1)),
]

numbers = st.integers(1, (1 << 29) - 1)
values = st.one_of(st.integers(0, (1 << 64) - 1), st.binary(max_size=20))
places = st.lists(st.integers(0, 80), max_size=4)


@pytest.mark.parametrize("name, data, fields, error", VECTORS, ids=[vector[0] for vector in VECTORS])
def test_vectors(name, data, fields, error):
    assert outcome(ProtobufReader, data) == (fields, error)


@given(st.lists(st.tuples(numbers, values), max_size=6), places)
def test_round_trip_however_it_is_cut(fields, places):
    data = b"".join(encode_protobuf_field(number, value) for number, value in fields)
    values, error, labels = outcome(ProtobufReader, data, eof=True,
                                    places=[min(place, len(data)) for place in places], want_labels=True)
    assert (values, error) == (fields, None)
    assert not labels or labels[-1][1] == len(data)


@given(st.binary(max_size=40), places, st.booleans())
def test_any_bytes_give_fields_or_an_error_of_ours(data, places, eof):
    outcome(ProtobufReader, data, eof=eof, places=[min(place, len(data)) for place in places])


@given(st.lists(st.sampled_from([b"\x08", b"\x0a", b"\x0d", b"\x09", b"\x01", b"\x80", b"\xff", b"\x02hi"]),
                max_size=14))
def test_near_fields_are_judged_alike_however_they_are_cut(parts):
    outcome(ProtobufReader, b"".join(parts), eof=True)


def test_a_cut_inside_a_field_is_reported_and_one_between_fields_cannot_be():
    edges, at = {0}, 0
    for size in (3, 9, 5, 9, 2):
        at += size
        edges.add(at)
    assert at == len(ALL_TYPES)
    cut_everywhere(ProtobufReader, ALL_TYPES, edges)


def test_the_labels_of_each_part():
    labels = outcome(ProtobufReader, b"\x08\x01\x12\x02hi", want_labels=True)[2]
    assert labels == [(0, 1, "protobuf tag"), (1, 2, "protobuf value"), (2, 3, "protobuf tag"),
                      (3, 4, "protobuf length"), (4, 6, "protobuf value")]


def test_where_a_cut_is_said_to_be():
    for data, where, expected, got in ((b"\x80", "a protobuf tag", None, 1),
                                       (b"\x08", "the value of protobuf field 1", None, 0),
                                       (b"\x12\x05abc", "the value of protobuf field 2", 5, 3)):
        with pytest.raises(TruncatedError) as caught:
            decode_protobuf(data, {})
        assert (caught.value.where, caught.value.expected, caught.value.got) == (where, expected, got)


def test_memory_is_what_has_come_not_what_a_length_claims():
    reader = ProtobufReader()
    assert reader.feed(b"\x12" + encode_varint(MAX_PROTOBUF_VALUE_BYTES) + b"abc") == []
    assert len(reader._held) == 3


def test_a_long_value_in_many_pieces_takes_linear_time():
    def work():
        reader = ProtobufReader()
        fields = reader.feed(b"\x12" + encode_varint(1 << 20))
        for _ in range(1 << 12):
            fields += reader.feed(b"x" * 256)
        return fields
    assert quickly(work) == [(2, b"x" * (1 << 20))]


def test_many_short_fields_take_linear_time():
    assert len(quickly(lambda: ProtobufReader().feed(b"\x08\x01" * 100000))) == 100000


# ---- decode_protobuf ---------------------------------------------------------------------------------------

POINT = {1: ("x", int), 2: ("y", int)}
SHAPE = {1: ("name", str), 2: ("closed", bool), 3: ("points", [POINT]), 4: ("centre", POINT),
         5: ("raw", bytes), 6: ("tags", [str])}


def test_a_message_by_its_schema():
    data = b"".join([encode_protobuf_field(number, value) for number, value in (
        (1, "é".encode()), (2, 1), (3, b"\x08\x05"), (3, b""), (9, 9), (4, b"\x10\x02"), (5, b"\xff"),
        (6, b"a"), (6, b"\xff"))])
    assert decode_protobuf(data, SHAPE) == {
        "name": "é", "closed": True, "points": [{"x": 5, "y": 0}, {"x": 0, "y": 0}],
        "centre": {"x": 0, "y": 2}, "raw": b"\xff", "tags": ["a", "\ufffd"]}


def test_fields_that_are_not_there():
    assert decode_protobuf(b"", SHAPE) == {"name": "", "closed": False, "points": [], "centre": None,
                                           "raw": b"", "tags": []}


def test_the_last_occurrence_of_a_field_counts():
    assert decode_protobuf(b"\x08\x01\x08\x02", POINT) == {"x": 2, "y": 0}


@pytest.mark.parametrize("data", [b"\x0a\x01a", b"\x12\x00"])
def test_a_field_of_another_type_than_the_schema_says(data):
    with pytest.raises(ProtocolError) as caught:
        decode_protobuf(data, POINT)
    assert caught.value.rule == PROTOBUF_RULE


def test_fixed_width_numbers():
    assert decode_protobuf(b"\x09" + struct.pack("<Q", 7) + b"\x15" + struct.pack("<I", 8), POINT) == {
        "x": 7, "y": 8}


def test_messages_nested_without_end():
    schema = {}
    schema[1] = ("inner", schema)
    data = b""
    for _ in range(MAX_PROTOBUF_DEPTH):
        data = encode_protobuf_field(1, data)
    assert decode_protobuf(data, schema)["inner"]
    with pytest.raises(ProtocolError) as caught:
        decode_protobuf(encode_protobuf_field(1, data), schema)
    assert caught.value.rule == "rawdock limit"


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_but_an_error_of_ours(data):
    try:
        decode_protobuf(data, SHAPE)
    except RawdockError:
        pass
