"""Tar archives, the content of every body that carries files: docker cp, export, save, load, build.

A tar is a sequence of members: a header of 512 bytes, then the content, padded with zeros to whole blocks.
Two blocks of zeros end it. (POSIX.1-2017, pax, "ustar Interchange Format") What does not fit into the fields
of a header comes before it: in pax records ("9 path=a\\n"), or as a long name in GNU's own form.

Strategy: a TarReader gives a TarMember for each header, then the pieces of its content as they arrive,
without a copy. So an archive of any size needs the memory of one block and of the records before it, which
have a limit of 1 MiB. TarMember.encode() is the other direction.

Refused: a wrong checksum, a malformed number, a size below zero, a malformed pax record, a NUL in a name, and
anything but a second block of zeros after the first. Names are not checked: the caller decides whether one
may be extracted. An end before the second block of zeros is a TruncatedError.

Left out: global pax records (type g, of which the engine's own reader makes no use either), the content of
sparse files, extended attributes, and the names of owners; a big program reads them too.
"""
import re
import struct
from collections import namedtuple

from ..errors import ProtocolError, TruncatedError
from .reader import WireReader, label_span

TAR_BLOCK_BYTES = 512
MAX_TAR_RECORD_BYTES = 1 << 20   # of pax records, and of a long name: the limit of Go's reader
ZERO_BLOCK = bytes(TAR_BLOCK_BYTES)
END_OF_TAR = 2 * ZERO_BLOCK
USTAR_RULE = "POSIX ustar"
PAX_RULE = "POSIX pax"

# The fields of a header, in their order, with their sizes in bytes. Numbers are octal digits.
TAR_FIELDS = (("name", 100), ("mode", 8), ("uid", 8), ("gid", 8), ("size", 12), ("mtime", 12),
              ("checksum", 8), ("type", 1), ("link", 100), ("magic", 8), ("user", 32), ("group", 32),
              ("device major", 8), ("device minor", 8), ("prefix", 155), ("padding", 12))
TAR_HEADER = struct.Struct("".join("%ds" % size for _, size in TAR_FIELDS))
USTAR_MAGIC = b"ustar\x0000"
TAR_TYPES = {b"\0": "file", b"0": "file", b"7": "file", b"1": "hard link", b"2": "symbolic link",
             b"3": "character device", b"4": "block device", b"5": "directory", b"6": "fifo",
             b"S": "sparse file"}
TAR_TYPES_OF_KINDS = {kind: type for type, kind in TAR_TYPES.items() if type not in (b"\0", b"7")}
TAR_TYPES_WITHOUT_CONTENT = b"123456"    # links, devices, directories and fifos
TAR_RECORD_TYPES = {b"x": None, b"L": b"path", b"K": b"linkpath"}   # the key of a record that is one value
OCTAL_DIGITS = re.compile(b"[0-7]*")
PAX_RECORD = re.compile(rb"([1-9][0-9]{0,7}) ([^=\0\n]+)=")
PAX_NUMBER = re.compile(rb"[0-9]{1,19}")
PAX_TIME = re.compile(rb"(-?)([0-9]{1,19})(?:\.([0-9]*))?")
CHECKSUM_START, CHECKSUM_END = 148, 156


class TarMember(namedtuple("TarMember", "name kind mode size mtime link uid gid")):
    """A member of an archive.

    `name` (str, as os.fsdecode() gives it) is that of the header; that of a directory ends in "/". `kind`
    is "file", "directory", "symbolic link", "hard link", "fifo", "character device", "block device", "sparse
    file", or for other types "type X". `mode` (int) has the permission bits, with set-user-ID, set-group-ID
    and sticky. `size` is the bytes of content that follow, `mtime` in nanoseconds since 1970, `link` (str)
    the target of a link.
    """

    __slots__ = ()

    def __new__(cls, name, kind="file", mode=0o644, size=0, mtime=0, link="", uid=0, gid=0):
        return tuple.__new__(cls, (name, kind, mode, size, mtime, link, uid, gid))

    def encode(self, records=(), device=(0, 0)):
        """The header (bytes) of this member, to be followed by its content and tar_padding(size).

        `records` are further pax records, pairs of bytes; `device` has the numbers of a device, major and
        minor. Times are written in whole seconds.

        >>> len(TarMember("a.txt", size=5).encode()), len(TarMember("a" * 101).encode())
        (512, 1536)
        """
        records = list(records)
        name, link = (text.encode("utf-8", "surrogateescape") for text in (self.name, self.link))
        for key, text in ((b"path", name), (b"linkpath", link)):
            if len(text) > 100 or max(text, default=0) > 127:
                records.append((key, text))
        numbers = []
        for key, number, width in (("uid", self.uid, 8), ("gid", self.gid, 8), ("size", self.size, 12),
                                   ("mtime", self.mtime // 10 ** 9, 12)):
            fits = 0 <= number < 8 ** (width - 1)
            numbers.append(b"%0*o" % (width - 1, number if fits else 0))
            if not fits:
                records.append((key.encode("ascii"), b"%d" % number))
        header = encode_tar_header(name, TAR_TYPES_OF_KINDS[self.kind], self.mode, numbers, link, device)
        if not records:
            return header
        data = b"".join([encode_pax_record(key, value) for key, value in records])
        size = [b"0" * 7, b"0" * 7, b"%011o" % len(data), b"0" * 11]
        return encode_tar_header(b"PaxHeaders/0", b"x", 0o644, size) + data + tar_padding(len(data)) + header


def file_member(name, data, mtime=0, mode=0o600):
    """A whole regular file of an archive (bytes) with the content `data`; `mtime` is in nanoseconds."""
    return TarMember(name, "file", mode, len(data), mtime).encode() + data + tar_padding(len(data))


def encode_tar_header(name, type, mode, numbers, link=b"", device=(0, 0)):
    """One block. `numbers` (list of bytes): the octal digits of uid, gid, size and mtime."""
    fields = [name, b"%07o" % mode] + numbers + [b" " * 8, type, link, USTAR_MAGIC, b"", b""]
    fields += [b"%07o" % number for number in device]
    block = TAR_HEADER.pack(*fields + [b""] * (len(TAR_FIELDS) - len(fields)))
    return block[:CHECKSUM_START] + b"%06o\0 " % sum(block) + block[CHECKSUM_END:]


def encode_pax_record(key, value):
    """A record of two bytes values. Its length counts its own digits.

    >>> encode_pax_record(b"path", b"a")
    b'9 path=a\\n'
    """
    rest = b" %s=%s\n" % (key, value)
    length = len(rest) + len(str(len(rest)))
    return b"%d" % (len(rest) + len(str(length))) + rest


def tar_padding(size):
    """The zeros (bytes) after a content of `size` bytes."""
    return bytes(-size % TAR_BLOCK_BYTES)


def tar_number(field):
    """The int in a field of a header: octal digits, or GNU's binary form. ValueError if it is neither.

    >>> tar_number(b"0000644\\0"), tar_number(b"\\x80" + bytes(7) + b"\\x02\\0\\0\\0")
    (420, 33554432)
    >>> tar_number(b"\\xff" * 12)
    -1
    """
    if field[0] & 0x80:   # the other bits are the number, in two's complement
        bits = 8 * len(field) - 1
        number = int.from_bytes(field, "big") - (1 << bits)
        return number - (1 << bits) if number >> (bits - 1) else number
    digits = field.strip(b" \0")
    if OCTAL_DIGITS.fullmatch(digits) is None:   # int() takes signs and underscores too
        raise ValueError("no octal number")
    return int(digits or b"0", 8)


def tar_text(field):
    """The str in a field of a header: up to the first NUL, in UTF-8, as os.fsdecode() gives it."""
    return bytes(field).partition(b"\0")[0].decode("utf-8", "surrogateescape")


def pax_time(value):
    """The time of a pax record ("1350244992.02", bytes) → nanoseconds. ValueError if it is malformed."""
    found = PAX_TIME.fullmatch(value)
    if found is None:
        raise ValueError("no time")
    sign, seconds, fraction = found.groups()
    number = int(seconds) * 10 ** 9 + int(((fraction or b"") + b"0" * 9)[:9])
    return -number if sign else number


def split_pax_records(data):
    """The records in `data` (bytes) as a list of (key, value), both bytes. ValueError if it is malformed."""
    records, at = [], 0
    while at < len(data):
        found = PAX_RECORD.match(data, at)
        end = at + int(found.group(1)) if found else 0
        if not found or not found.end() < end <= len(data) or data[end - 1:end] != b"\n":
            raise ValueError("no pax record")
        records.append((found.group(2), data[found.end():end - 1]))
        at = end
    return records


def pax_text(value):
    """A name in a pax record (bytes) → str. ValueError if it has a NUL, which no file name can have."""
    if b"\0" in value:
        raise ValueError("a NUL in a name")
    return value.decode("utf-8", "surrogateescape")


def pax_count(value):
    """The digits in a pax record (bytes) → int. ValueError if there is anything else."""
    if PAX_NUMBER.fullmatch(value) is None:
        raise ValueError("no number")
    return int(value)


# The key of a pax record, the field of TarMember that it sets, and the function that reads its value.
PAX_FIELDS = {b"path": ("name", pax_text), b"linkpath": ("link", pax_text), b"size": ("size", pax_count),
              b"uid": ("uid", pax_count), b"gid": ("gid", pax_count), b"mtime": ("mtime", pax_time)}


class TarReader(WireReader):
    """Reads an archive: appends a TarMember, then `size` bytes of its content, in pieces.

        state      what is read                                     then
        header     512 bytes, of which one whole block is held      record, content, or header
        record     long names and pax records, all of them held     padding
        content    `_content` bytes, which are appended             padding
        padding    `_skipped` bytes                                 header

    The pieces are slices of what take() is given: of a memoryview they are valid until its buffer is used
    again. After the second block of zeros it is `done`; the zeros that may follow are left to the caller.

    >>> reader = TarReader()
    >>> reader.feed(TarMember("a", size=2).encode() + b"hi" + tar_padding(2))[1:]
    [b'hi']
    """

    def __init__(self, labels=None, offset=0):
        WireReader.__init__(self, labels, offset)
        self._held = bytearray()          # of the block or record that is being read
        self._needed = TAR_BLOCK_BYTES    # its size
        self._record = None               # its type, if it is a record
        self._content = self._skipped = 0
        self._zero_blocks = 0
        self._fields = {}                 # of the next member, from records before it
        self._name = ""

    def take(self, data, at, out):
        """Append what data[at:] completes → the index after what was used: the end, if not `done`."""
        end = len(data)
        while at < end and not self.done:
            start = at
            if self._content:
                at = min(end, at + self._content)
                self._content -= at - start
                out.append(data[start:at])
                label_span(self._labels, self.offset, self.offset + at - start, "tar content")
            elif self._skipped:
                at = min(end, at + self._skipped)
                self._skipped -= at - start
                label_span(self._labels, self.offset, self.offset + at - start, "tar padding")
            else:
                at = min(end, at + self._needed - len(self._held))
                self._held += data[start:at]
            self.offset += at - start
            if len(self._held) == self._needed:
                held, self._held = bytes(self._held), bytearray()
                if self._record is None:
                    self._take_block(held, out)
                else:
                    self._take_record(held)
        return at

    def _error(self, rule, block, expected):
        return ProtocolError(rule, self.offset - len(block), block, expected)

    def _take_block(self, block, out):
        """A whole block where a header should be."""
        if block == ZERO_BLOCK:
            label_span(self._labels, self.offset - len(block), self.offset, "tar end")
            self._zero_blocks += 1
            self.done = self._zero_blocks == 2
            return
        if self._zero_blocks:
            raise self._error(USTAR_RULE, block, "a second block of zeros")
        fields = dict(zip([name for name, _ in TAR_FIELDS], TAR_HEADER.unpack(block)))
        try:
            numbers = {name: tar_number(fields[name])
                       for name in ("mode", "uid", "gid", "size", "mtime", "checksum")}
        except ValueError:
            raise self._error(USTAR_RULE, block, "a tar header, whose numbers are octal") from None
        if numbers["checksum"] != sum(block) - sum(fields["checksum"]) + 8 * ord(" "):
            raise self._error(USTAR_RULE, block, "a tar header with the right checksum")
        size = 0 if fields["type"] in TAR_TYPES_WITHOUT_CONTENT else numbers["size"]
        if size < 0:
            raise self._error(USTAR_RULE, block, "a size that is not below zero")
        if fields["type"] in TAR_RECORD_TYPES:
            self._begin_record(fields["type"], size, block)
        elif fields["type"] == b"g":
            self._skipped = size + -size % TAR_BLOCK_BYTES
        else:
            out.append(self._member(fields, dict(numbers, size=size)))
        if self._labels is not None:
            self._label_header()

    def _label_header(self):
        at = self.offset - TAR_BLOCK_BYTES
        for name, size in TAR_FIELDS:
            label_span(self._labels, at, at + size, "tar " + name)
            at += size

    def _begin_record(self, type, size, block):
        if not 0 < size <= MAX_TAR_RECORD_BYTES:
            raise self._error(PAX_RULE, block, "records of 1 to %d bytes" % MAX_TAR_RECORD_BYTES)
        self._record, self._needed = type, size

    def _take_record(self, data):
        """A long name, or the pax records, of the member that follows."""
        key = TAR_RECORD_TYPES[self._record]
        self._record, self._needed, self._skipped = None, TAR_BLOCK_BYTES, -len(data) % TAR_BLOCK_BYTES
        try:
            records = split_pax_records(data) if key is None else [(key, data.partition(b"\0")[0])]
            for key, value in records:
                if key.startswith(b"GNU.sparse."):
                    self._fields["kind"] = "sparse file"
                if key not in PAX_FIELDS:
                    continue
                name, read = PAX_FIELDS[key]
                self._fields.pop(name, None)   # an empty value takes back what an earlier record said
                if value:
                    self._fields[name] = read(value)
        except ValueError as error:
            raise self._error(PAX_RULE, data, "pax records (%s)" % error) from None
        label_span(self._labels, self.offset - len(data), self.offset, "tar record")

    def _member(self, fields, numbers):
        """The TarMember of a header; its content is next."""
        name, link = tar_text(fields["name"]), tar_text(fields["link"])
        if fields["magic"][:6] == USTAR_MAGIC[:6] and fields["prefix"][:1] != b"\0":
            name = tar_text(fields["prefix"]) + "/" + name
        type = fields["type"]
        found = {"name": name, "link": link, "mode": numbers["mode"] & 0o7777, "uid": numbers["uid"],
                 "gid": numbers["gid"], "mtime": numbers["mtime"] * 10 ** 9, "size": numbers["size"],
                 "kind": TAR_TYPES.get(type) or "type " + type.decode("latin-1")}
        found.update(self._fields)
        self._fields = {}
        if type in TAR_TYPES_WITHOUT_CONTENT:
            found["size"] = 0
        if found["kind"] == "file" and found["name"].endswith("/"):   # before POSIX there was no type 5
            found["kind"] = "directory"
        self._name, self._content = found["name"], found["size"]
        self._skipped = -found["size"] % TAR_BLOCK_BYTES
        return TarMember(**found)

    def _end_of_stream(self):
        if self._content:
            where = "the content of %s in a tar" % self._name
        elif self._skipped or self._held:
            where = "a block of a tar"
        else:
            where = "a tar, before its two blocks of zeros"
        return TruncatedError(where, self.offset, None, self.offset, USTAR_RULE)
