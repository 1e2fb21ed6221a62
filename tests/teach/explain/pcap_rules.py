"""A strict reader of pcapng, IPv4 and TCP that shares no code with rawdock's writer."""
import struct

SYN, FIN, RST, PSH, ACK = 2, 1, 4, 8, 16


class Packet:
    def __init__(self, stamp, data, comments):
        self.stamp, self.comments = stamp, comments
        version, _, total, _, fragment, _, protocol, _ = struct.unpack(">BBHHHBBH", data[:12])
        assert (version, total, fragment, protocol) == (0x45, len(data), 0x4000, 6)
        assert word_sum(data[:20]) == 0xffff
        segment = data[20:]
        assert word_sum(data[12:20] + struct.pack(">HH", 6, len(segment)) + segment) == 0xffff
        self.source, self.target = data[12:16], data[16:20]
        fields = struct.unpack(">HHIIBB", segment[:14])
        self.source_port, self.target_port, self.seq, self.ack, offset, self.flags = fields
        self.options = segment[20:offset >> 2]
        self.payload = segment[offset >> 2:]
        self.direction = ">" if self.target_port == 80 else "<"
        self.key = (self.source, self.source_port) if self.direction == ">" else (self.target,
                                                                                  self.target_port)


def word_sum(data):
    """The one's complement sum of RFC 1071, word by word."""
    data += b"\0" * (len(data) % 2)
    total = 0
    for word in struct.unpack(">%dH" % (len(data) // 2), data):
        total += word
        total = (total & 0xffff) + (total >> 16)
    return total


def read_options(data):
    found = []
    while data:
        code, size = struct.unpack("<HH", data[:4])
        value, data = data[4:4 + size], data[4 + size + -size % 4:]
        if code == 0:
            assert size == 0 and data == b""
            return found
        assert len(value) == size
        found.append((code, value))
    return found


def read_blocks(data):
    while data:
        kind, size = struct.unpack("<II", data[:8])
        assert size % 4 == 0 and 12 <= size <= len(data) and data[size - 4:size] == struct.pack("<I", size)
        yield kind, data[8:size - 4]
        data = data[size:]


def read_pcapng(data):
    """→ (comments of the file, packets)."""
    blocks = list(read_blocks(data))
    assert [kind for kind, _ in blocks[:3]] == [0x0a0d0d0a, 1, 4]
    assert struct.unpack("<IHHq", blocks[0][1][:16]) == (0x1a2b3c4d, 1, 0, -1)
    assert struct.unpack("<HHI", blocks[1][1][:8]) == (101, 0, 0)
    assert dict(read_options(blocks[1][1][8:]))[9] == b"\x09"
    packets = []
    for kind, body in blocks[3:]:
        interface, high, low, captured, size = struct.unpack("<IIIII", body[:20])
        assert (kind, interface, captured) == (6, 0, size)
        end = 20 + size + -size % 4
        packets.append(Packet(high << 32 | low, body[20:20 + size],
                              [value.decode() for _, value in read_options(body[end:])]))
    return [value.decode() for code, value in read_options(blocks[0][1][16:]) if code == 1], packets


def check_numbers(packets):
    """Sequence and acknowledgement numbers as the packets of one connection must have them."""
    expected = {">": 0, "<": 0}
    for packet in packets:
        other = "<" if packet.direction == ">" else ">"
        assert packet.seq == expected[packet.direction] % 2**32
        if packet.flags & ACK:
            assert packet.ack == expected[other] % 2**32
        expected[packet.direction] += len(packet.payload)
        expected[packet.direction] += bool(packet.flags & SYN) + bool(packet.flags & FIN)
