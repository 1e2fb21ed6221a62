"""Whether content shows its own end, for a body that ends where its connection does (RFC 9112 §6.3 step 8).

Such a body has neither a length nor chunks that would distinguish its end from a cut. An object or array of
JSON shows its end with its last bracket, a tar with two blocks of zeros. Messages and frames do not: a cut
between two of them looks like the end.

    examine(data)   bytes of the content as they come, in any pieces
    whole()         whether the content has shown its end, with nothing but padding after it

Left out: the PAX size record that a tar has for members over 8 GiB. What follows such a member is then not
recognized as a header, and the tar does not count as complete.
"""
from ..errors import ProtocolError

MAX_HELD_JSON_BYTES = 256 << 20   # as much as Response.json() decodes
TAR_BLOCK = 512
ZERO_BLOCK = bytes(TAR_BLOCK)
TAR_TYPES_WITHOUT_CONTENT = b"123456"   # links, devices, directories and pipes (POSIX ustar)


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
    """The headers of a tar, one after another, until two blocks of zeros."""

    def __init__(self):
        self._held = b""          # the start of a block
        self._content_left = 0    # bytes of the present member, with its padding
        self._zero_blocks = 0
        self._wrong = False       # there was no header where one should be, or something followed the end

    def examine(self, data):
        data = memoryview(data)
        while len(data) and not self._wrong:
            if self._zero_blocks == 2:   # padding: GNU tar fills its last record
                self._wrong = any(data)
                return
            step = min(self._content_left, len(data))
            self._content_left -= step
            data = data[step:]
            missing = TAR_BLOCK - len(self._held)
            self._held += bytes(data[:missing])
            data = data[missing:]
            if len(self._held) == TAR_BLOCK:
                block, self._held = self._held, b""
                self._take_block(block)

    def _take_block(self, block):
        if block == ZERO_BLOCK:
            self._zero_blocks += 1
            return
        self._zero_blocks = 0
        size = tar_content_size(block)
        self._wrong = size is None
        self._content_left = 0 if size is None else -(-size // TAR_BLOCK) * TAR_BLOCK

    def whole(self):
        return self._zero_blocks == 2 and not self._wrong


def tar_number(field):
    """The int in a field of a tar header, in octal digits or in GNU's binary form. Or ValueError."""
    if field[0] & 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    if digits and not digits.isdigit():   # int() takes signs and underscores too
        raise ValueError("no octal number")
    return int(digits or b"0", 8)


def tar_content_size(block):
    """How many bytes of content follow the tar header `block` (512 bytes); None if it is not a header."""
    try:
        checksum, size = tar_number(block[148:156]), tar_number(block[124:136])
    except ValueError:
        return None
    if checksum != sum(block) - sum(block[148:156]) + 8 * ord(" "):
        return None
    return 0 if block[156] in TAR_TYPES_WITHOUT_CONTENT else size


# What examines content, by its result kind in the endpoint table; that of all other kinds is an UnknownEnd.
CONTENT_ENDS = {
    "json": JsonEnd,
    "tar": TarEnd,
}
