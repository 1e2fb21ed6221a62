"""Protocol buffers written, for tests: the other direction of rawdock/wire/protobuf.py."""


def encode_varint(number):
    """int from 0 to 2**64-1 → its varint."""
    encoded = bytearray()
    while number > 0x7f:
        encoded.append(number & 0x7f | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def encode_protobuf_field(number, value):
    """A field number and an int (0 to 2**64-1), or bytes → one field, of wire type 0 or 2."""
    if isinstance(value, int):
        return encode_varint(number << 3) + encode_varint(value)
    return encode_varint(number << 3 | 2) + encode_varint(len(value)) + bytes(value)


def encode_protobuf(message, schema):
    """A dict by a schema of decode_protobuf() → its bytes. Names that the dict has not are left out."""
    data = b""
    for number, (name, kind) in schema.items():
        values = message.get(name, [])
        inner = kind[0] if type(kind) is list else kind
        for value in values if type(kind) is list else [values] * (values not in ([], None)):
            data += encode_protobuf_field(number, encode_protobuf(value, inner) if type(inner) is dict
                                          else value.encode("utf-8") if inner is str else value)
    return data
