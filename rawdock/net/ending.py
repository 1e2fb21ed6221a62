"""Whether content shows its own end, for a body that ends where its connection does (RFC 9112 §6.3 step 8).

Such a body has neither a length nor chunks that would distinguish its end from a cut. An object or array of
JSON shows its end with its last bracket, a tar with two blocks of zeros. Messages and frames do not: a cut
between two of them looks like the end.

    examine(data)   bytes of the content as they come, in any pieces
    whole()         whether the content has shown its end, with nothing but padding after it
"""
from ..errors import ProtocolError

MAX_HELD_JSON_BYTES = 256 << 20   # as much as Response.json() decodes


class JsonEnd:
    """One JSON value. It is not complete if a digit is its last byte: another one might have followed."""

    def __init__(self):
        self._held = bytearray()

    def examine(self, data):
        if len(self._held) <= MAX_HELD_JSON_BYTES:
            self._held += data

    def whole(self):
        from ..wire.jsonstream import decode_json
        if len(self._held) > MAX_HELD_JSON_BYTES or self._held[-1:].isdigit():
            return False
        try:
            decode_json(self._held, 0, None)
            return True
        except ProtocolError:
            return False


class UnknownEnd:
    """Content that does not show its end."""

    def examine(self, data):
        pass

    def whole(self):
        return False


class TarEnd:
    """The members of a tar, until two blocks of zeros; GNU tar fills its last record with more of them."""

    def __init__(self):
        from ..wire.tar import TarReader
        self._reader = TarReader()
        self._wrong = False       # a block is no header, or something followed the end

    def examine(self, data):
        data, used = memoryview(data), 0
        try:
            used = 0 if self._wrong else self._reader.take(data, 0, [])
        except ProtocolError:
            self._wrong = True
        self._wrong = self._wrong or any(data[used:])

    def whole(self):
        return self._reader.done and not self._wrong


# What examines content, by its result kind in the endpoint table; that of all other kinds is an UnknownEnd.
CONTENT_ENDS = {
    "json": JsonEnd,
    "tar": TarEnd,
}
