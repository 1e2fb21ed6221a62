"""A record as a pcapng file: the conversation of a Unix socket, opened in Wireshark like any TCP capture.

A Unix socket has no packets to capture. So each connection of the record becomes a TCP connection that might
have carried it: a handshake, one packet for each piece that crossed in one call (several for a long piece),
FIN for a half-close or close, RST for a reset. The server's port is 80, where Wireshark expects HTTP.

Promises: the payloads of a direction, joined, are the bytes of that direction in the record; checksums are
right; initial sequence numbers are 0, so that a sequence number less 1 is the offset of a byte in its
direction (modulo 2^32), as `explain` shows it. What a record can have and TCP cannot (bytes after a
half-close) is written anyway, and Wireshark marks it.

Invented, because the record does not have them: addresses, ports, windows, when acknowledgements are sent,
and the time of the handshake, which is that of the connection's first event. Left out: notes of the record.

Formats: draft-ietf-opsawg-pcapng (blocks, options), RFC 791 (IPv4), RFC 9293 (TCP), RFC 7323
(window scale), RFC 1071 (checksum).
"""
import struct

PCAP_LINK_TYPE = 101                 # LINKTYPE_RAW: each packet begins with its IP header
PCAP_SERVER_PORT = 80
PCAP_FIRST_CLIENT_PORT = 49152       # RFC 6335 §6: from here on ports are dynamic
PCAP_CLIENT_PORTS = 65536 - PCAP_FIRST_CLIENT_PORT
# 127.0.0.1, and for the client 127.0.0.2: two addresses that are not on a network
PCAP_ENGINE_ADDRESS = 0x7f000001
PCAP_CLIENT_ADDRESS = 0x7f000002
MAX_SEGMENT_BYTES = 65495            # the room in an IPv4 packet, and what Linux announces on lo
MAX_UNACKNOWLEDGED_BYTES = 1 << 20   # after so many the other side acknowledges them
MAX_OPTION_BYTES = 4096
MAX_PCAP_STAMP = 2**64 - 1           # nanoseconds: in the year 2554

TCP_FIN, TCP_SYN, TCP_RST, TCP_PSH, TCP_ACK = 1, 2, 4, 8, 16
# Maximum segment size; no operation; window scale 14, the largest: no sender waits for a window of 1 GiB.
TCP_SYN_OPTIONS = struct.pack(">BBHBBBB", 2, 4, MAX_SEGMENT_BYTES, 1, 3, 3, 14)

IPV4_HEADER = struct.Struct(">BBHHHBBHII")
TCP_HEADER = struct.Struct(">HHIIBBHHH")
PSEUDO_HEADER = struct.Struct(">IIHH")


def internet_checksum(data):
    """The RFC 1071 checksum of `data` (bytes, of even length, not all zero)."""
    # The sum of 16-bit words with the carries added back is the number that they form, modulo 2^16 - 1.
    return 0xffff - (int.from_bytes(data, "big") % 0xffff or 0xffff)


def tcp_packet(source, target, sequence, acknowledged, flags, payload=b"", options=b""):
    """An IPv4 packet with one TCP segment, bytes. `source`, `target`: (address, port) as numbers."""
    size = 20 + len(options) + len(payload)

    def header(checksum):
        words = 5 + len(options) // 4   # of the header, in the upper four bits of a byte
        return TCP_HEADER.pack(source[1], target[1], sequence & 0xffffffff, acknowledged & 0xffffffff,
                               words << 4, flags, 0xffff, checksum, 0) + options

    summed = PSEUDO_HEADER.pack(source[0], target[0], 6, size) + header(0) + payload + b"\0" * (size % 2)
    # not to be fragmented; 64 hops; TCP
    address = [0x45, 0, 20 + size, 0, 0x4000, 64, 6, 0, source[0], target[0]]
    address[7] = internet_checksum(IPV4_HEADER.pack(*address))
    return IPV4_HEADER.pack(*address) + header(internet_checksum(summed)) + payload


def pcapng_option(code, value):
    """One option of a block: `value` is bytes, padded to 32 bits."""
    return struct.pack("<HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def pcapng_block(kind, body):
    """A block of type `kind`; `body` is bytes, padded to 32 bits."""
    size = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + size + body + size


def pcapng_start(address):
    """The blocks before the packets: the program, the interface, the names of the addresses."""
    from ... import __version__
    comment = b"synthesized TCP: only the bytes, their order and their times were seen"
    program = ("rawdock %s" % __version__).encode("ascii")
    interface = address.encode("utf-8", "replace")[:MAX_OPTION_BYTES]
    end = pcapng_option(0, b"")
    names = b"".join(pcapng_option(1, struct.pack(">I", number) + name + b"\0")
                     for number, name in ((PCAP_CLIENT_ADDRESS, b"client"), (PCAP_ENGINE_ADDRESS, b"engine")))
    return b"".join((
        # Section header: byte-order magic, version 1.0, length not given; a comment (1), the application (4).
        pcapng_block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1)
                     + pcapng_option(1, comment) + pcapng_option(4, program) + end),
        # Interface description: packets of any length; description (3); time stamps in nanoseconds (9).
        pcapng_block(1, struct.pack("<HHI", PCAP_LINK_TYPE, 0, 0)
                     + pcapng_option(3, interface) + pcapng_option(9, b"\x09") + end),
        # Name resolution: IPv4 records, then the end of the records.
        pcapng_block(4, names + end)))


class PcapConnection:
    """The TCP connection that carries connection `number` of a record; take(event) gives its packets."""

    def __init__(self, number):
        wraps, port = divmod(number - 1, PCAP_CLIENT_PORTS)
        self.places = {">": (PCAP_CLIENT_ADDRESS + wraps, PCAP_FIRST_CLIENT_PORT + port),
                       "<": (PCAP_ENGINE_ADDRESS, PCAP_SERVER_PORT)}
        self.sequence = {">": 0, "<": 0}       # the next number of each side; not cut to 32 bits
        self.acknowledged = {">": 0, "<": 0}   # what the other side has acknowledged of them
        self.finished = set()                  # the directions in which FIN was sent
        self.opened = False

    def packet(self, direction, flags, payload=b"", options=b""):
        other = "<" if direction == ">" else ">"
        acknowledged = self.acknowledged[other] = self.sequence[other] if flags & TCP_ACK else 0
        packet = tcp_packet(self.places[direction], self.places[other], self.sequence[direction],
                            acknowledged, flags, payload, options)
        self.sequence[direction] += len(payload) + (flags & (TCP_SYN | TCP_FIN) != 0)
        return packet

    def take(self, event):
        """Yield the packets (bytes) for `event`, a WireEvent that is no note."""
        if not self.opened:   # a record may have begun in the middle
            self.opened = True
            yield self.packet(">", TCP_SYN, options=TCP_SYN_OPTIONS)
            yield self.packet("<", TCP_SYN | TCP_ACK, options=TCP_SYN_OPTIONS)
            yield self.packet(">", TCP_ACK)
        direction = event.direction
        other = "<" if direction == ">" else ">"
        if event.kind == "data":
            for at in range(0, len(event.data), MAX_SEGMENT_BYTES):
                payload = bytes(event.data[at:at + MAX_SEGMENT_BYTES])
                last = at + MAX_SEGMENT_BYTES >= len(event.data)
                yield self.packet(direction, TCP_ACK | TCP_PSH * last, payload)
                if self.sequence[direction] - self.acknowledged[direction] >= MAX_UNACKNOWLEDGED_BYTES:
                    yield self.packet(other, TCP_ACK)
        elif event.kind in ("half-close", "close") and direction not in self.finished:
            self.finished.add(direction)
            yield self.packet(direction, TCP_FIN | TCP_ACK)
            yield self.packet(other, TCP_ACK)
        elif event.kind == "reset":
            yield self.packet(direction, TCP_RST | TCP_ACK)


def write_pcap(annotated, file):
    """Write an AnnotatedRecording to `file` (binary) as pcapng."""
    recording = annotated.recording
    file.write(pcapng_start(recording.address))
    events = []
    for connection in recording.connections:
        carrier = PcapConnection(connection.number)
        events += [(event.seconds, carrier, event) for event in connection.events if event.kind != "note"]
    started = int(recording.started * 10**9)
    for seconds, carrier, event in sorted(events, key=lambda timed: timed[0]):
        stamp = min(max(0, started + round(seconds * 10**9)), MAX_PCAP_STAMP)
        for packet in carrier.take(event):
            # Enhanced packet: interface 0, the time in two halves, the captured and the original length.
            head = struct.pack("<IIIII", 0, stamp >> 32, stamp & 0xffffffff, len(packet), len(packet))
            file.write(pcapng_block(6, head + packet + b"\0" * (-len(packet) % 4)))
