"""Protocol buffers, the coding in which BuildKit reports what it builds: fields one after another.

A field is a tag and a value. The tag is a varint that holds the number of the field and, in its lowest three
bits, the wire type of the value. (Protocol Buffers documentation, "Encoding")

    wire type   value                                         as Python sees it
    0           a varint: seven bits a byte, lowest first;    int, 0 to 2**64-1
                the highest bit is set in all but the last
    1           eight bytes, little-endian                    int
    2           a length as a varint, then so many bytes      bytes: text, or a message within the message
    5           four bytes, little-endian                     int

The names of fields are not in the bytes. A schema says what the numbers mean; decode_protobuf() applies one,
and leaves out the fields that it does not list, which a newer engine may send.

Refused: wire types 3 and 4 (groups, which proto3 does not have) and 6 and 7 (undefined), field number 0 and
numbers above 2**29-1, a varint of more than 64 bits, and a value of more than MAX_PROTOBUF_VALUE_BYTES.
"""
from ..errors import ProtocolError, TruncatedError
from .reader import WireReader, label_span

MAX_PROTOBUF_VALUE_BYTES = 16 << 20   # BuildKit's are a line of a log, a name, or a file's text in a warning
MAX_PROTOBUF_DEPTH = 16               # messages within messages; BuildKit's go three deep

PROTOBUF_RULE = "Protocol Buffers, Encoding"
PROTOBUF_FIXED_SIZES = {1: 8, 5: 4}   # of the values of a wire type


class ProtobufReader(WireReader):
    """Reads the fields of one message: appends (field number, value), the value an int or bytes.

        state      what is read                              then
        tag        a varint: field number and wire type      value, or length for wire type 2
        value      a varint, or four or eight bytes          tag
        length     a varint                                  bytes
        bytes      as many bytes as the length says          tag

    In each state the bytes that do not complete it are held.

    >>> ProtobufReader().feed(b"\\x08\\x96\\x01" b"\\x12\\x02hi")
    [(1, 150), (2, b'hi')]
    """

    def __init__(self, labels=None, offset=0):
        WireReader.__init__(self, labels, offset)   # `offset` is that of the first byte held
        self._held = bytearray()
        self._number = None    # the field whose value is being read; None: a tag is next
        self._type = None      # its wire type
        self._length = None    # of its bytes, once that is known

    def take(self, data, at, out):
        """Append the fields that data[at:] completes → the end of the data, all of which is used."""
        self._held += data[at:]
        at = 0
        try:
            while at < len(self._held) or self._length == 0:
                used = self._take_tag(at) if self._number is None else self._take_value(at, out)
                if used is None:
                    break
                at += used
                self.offset += used
        finally:
            del self._held[:at]
        return len(data)

    def _take_tag(self, at):
        """Read the tag at index `at` → its size; need more: None."""
        size, tag = self._varint(at)
        if size is None:
            return None
        number, wire_type = tag >> 3, tag & 7
        if wire_type not in (0, 1, 2, 5):
            raise ProtocolError(PROTOBUF_RULE, self.offset, self._held[at:at + size],
                                "the wire type 0, 1, 2 or 5")
        if not 0 < number < 1 << 29:
            raise ProtocolError(PROTOBUF_RULE, self.offset, self._held[at:at + size],
                                "a field number from 1 to %d" % ((1 << 29) - 1))
        self._label(size, "protobuf tag")
        self._number, self._type, self._length = number, wire_type, PROTOBUF_FIXED_SIZES.get(wire_type)
        return size

    def _take_value(self, at, out):
        """Read the value at index `at`, or its length where that is next → its size; need more: None."""
        if self._length is None:
            size, number = self._varint(at)
            if size is None:
                return None
            if self._type == 0:
                return self._append(size, number, out)
            if number > MAX_PROTOBUF_VALUE_BYTES:
                raise ProtocolError("rawdock limit", self.offset, self._held[at:at + size],
                                    "a value of at most %d bytes" % MAX_PROTOBUF_VALUE_BYTES)
            self._label(size, "protobuf length")
            self._length = number
            return size
        if len(self._held) - at < self._length:
            return None
        value = bytes(self._held[at:at + self._length])
        return self._append(len(value), value if self._type == 2 else int.from_bytes(value, "little"), out)

    def _append(self, size, value, out):
        """Append the field whose value took `size` bytes → that size."""
        out.append((self._number, value))
        self._label(size, "protobuf value")
        self._number = self._length = None
        return size

    def _varint(self, at):
        """(size, value) of the varint at index `at`; (None, None): need more."""
        value = 0
        for size, byte in enumerate(self._held[at:at + 10], 1):
            value |= (byte & 0x7f) << 7 * (size - 1)
            if value >> 64:
                break
            if byte < 0x80:
                return size, value
        else:
            if len(self._held) - at < 10:
                return None, None
            size = 10
        raise ProtocolError(PROTOBUF_RULE, self.offset + size - 1, self._held[at + size - 1:at + size],
                            "a varint of at most 64 bits")

    def _label(self, size, role):
        label_span(self._labels, self.offset, self.offset + size, role)

    def _end_of_stream(self):
        got = len(self._held)
        if self._number is not None:
            return TruncatedError("the value of protobuf field %d" % self._number, self.offset + got,
                                  self._length, got, PROTOBUF_RULE)
        return TruncatedError("a protobuf tag", self.offset + got, None, got, PROTOBUF_RULE) if got else None


def decode_protobuf(data, schema, offset=0, depth=0):
    """bytes of one message → dict: a value for each field of `schema`, as its last occurrence gives it.

    `schema` is {field number: (name, kind)}. The kind is int, bool, str (malformed UTF-8 is replaced), bytes,
    another schema for a message, or a list of one of these for a field that repeats, whose value is a list.
    A field that is not in the bytes has the value 0, False, "", b"", None or []. ProtocolError if the bytes
    do not fit the schema, TruncatedError if they end inside a field; `offset` is where `data` begins.

    >>> decode_protobuf(b"\\x0a\\x02hi\\x18\\x01", {1: ("name", str), 2: ("ids", [str]), 3: ("cached", bool)})
    {'name': 'hi', 'ids': [], 'cached': True}
    """
    if depth > MAX_PROTOBUF_DEPTH:
        raise ProtocolError("rawdock limit", offset, data,
                            "messages nested at most %d deep" % MAX_PROTOBUF_DEPTH)
    message = {}
    for name, kind in schema.values():
        message[name] = [] if type(kind) is list else None if type(kind) is dict else kind()
    reader, fields = ProtobufReader(offset=offset), []
    reader.take(data, 0, fields)
    reader.feed_eof()
    for number, value in fields:
        name, kind = schema.get(number, (None, None))
        repeats = type(kind) is list
        kind = kind[0] if repeats else kind
        if name is None:
            continue
        if (type(value) is int) != (kind in (int, bool)):
            raise ProtocolError(PROTOBUF_RULE, offset, data, "field %d with the type of %s" % (number, name))
        value = (decode_protobuf(value, kind, offset, depth + 1) if type(kind) is dict
                 else value.decode("utf-8", "replace") if kind is str else kind(value))
        if repeats:
            message[name].append(value)
        else:
            message[name] = value
    return message
