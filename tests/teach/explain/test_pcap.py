"""pcapng, read back by pcap_rules: bytes, checksums, sequence numbers, times."""
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawdock.teach.explain.annotate import AnnotatedRecording
from rawdock.teach.explain.pcap import PcapConnection, internet_checksum, write_pcap
from rawdock.teach.record.record import MAX_CONNECTION_NUMBER, Recording, WireEvent
from tests.teach.explain.pcap_rules import (ACK, FIN, PSH, RST, SYN, Packet, check_numbers, read_pcapng,
                                            word_sum)


def recorded(*events, number=1, started=1790000000.5):
    recording = Recording(started=started, address="unix:///var/run/docker.sock")
    for at, (direction, kind, data) in enumerate(events):
        recording.take(number, WireEvent(at / 1000, direction, kind, data))
    return recording


def written(recording, **options):
    file = io.BytesIO()
    write_pcap(AnnotatedRecording(recording, **options), file)
    return read_pcapng(file.getvalue())


def flags_of(packets):
    return [(packet.direction, packet.flags, len(packet.payload)) for packet in packets]


def test_a_connection_from_its_handshake_to_its_end():
    comments, packets = written(recorded(
        (">", "open", b"unix:///var/run/docker.sock"), (">", "data", b"GET /_ping HTTP/1.0\r\n\r\n"),
        (">", "half-close", b""),
        ("<", "data", b"HTTP/1.0 200 OK\r\n\r\nOK"), ("<", "close", b""), (">", "close", b"")))
    assert flags_of(packets) == [(">", SYN, 0), ("<", SYN | ACK, 0), (">", ACK, 0), (">", PSH | ACK, 23),
                                 (">", FIN | ACK, 0), ("<", ACK, 0),
                                 ("<", PSH | ACK, 21), ("<", FIN | ACK, 0), (">", ACK, 0)]
    assert {packet.key for packet in packets} == {(b"\x7f\0\0\x02", 49152)}
    assert packets[0].options[:4] == b"\x02\x04\xff\xd7" and packets[3].options == b""
    assert comments == ["synthesized TCP: only the bytes, their order and their times were seen"]
    check_numbers(packets)


def test_a_reset():
    _, packets = written(recorded((">", "open", b""), (">", "data", b"GET"), ("<", "reset", b"")))
    assert flags_of(packets)[3:] == [(">", PSH | ACK, 3), ("<", RST | ACK, 0)]


def test_a_record_that_begins_in_the_middle_gets_its_handshake():
    _, packets = written(recorded(("<", "data", b"late")))
    assert flags_of(packets) == [(">", SYN, 0), ("<", SYN | ACK, 0), (">", ACK, 0), ("<", PSH | ACK, 4)]


def test_times_are_the_events_own():
    recording = Recording(started=1790000000.5, address="unix:///s")
    recording.take(1, WireEvent(0.0, ">", "open", b""))
    recording.take(1, WireEvent(0.000012, ">", "data", b"a"))
    recording.take(2, WireEvent(0.25, ">", "open", b""))
    recording.take(1, WireEvent(3.5, "<", "data", b"b"))
    _, packets = written(recording)
    assert [packet.stamp - 1790000000500000000
            for packet in packets] == [0] * 3 + [12000] + [250000000] * 3 + [3500000000]
    assert packets[4].key != packets[0].key == packets[7].key


@pytest.mark.parametrize("started", [-5.0, 0.0, 1e30])
def test_a_clock_that_was_wrong_is_no_failure(started):
    _, packets = written(recorded((">", "data", b"a"), started=started))
    assert 0 <= packets[0].stamp < 2**64


def test_a_long_piece_is_several_segments_and_acknowledged_on_the_way():
    data = bytes(range(256)) * 12000   # 3072000 bytes
    _, packets = written(recorded(("<", "data", data)))
    assert b"".join(packet.payload for packet in packets) == data
    assert max(len(packet.payload) for packet in packets) == 65495
    pushed = [packet.flags & PSH for packet in packets if packet.payload]
    assert pushed == [0] * (len(pushed) - 1) + [PSH]
    assert [packet.ack - 1 for packet in packets[3:] if packet.direction == ">"] == [17 * 65495, 34 * 65495]
    check_numbers(packets)


def test_sequence_numbers_go_round_at_4_gib():
    connection = PcapConnection(1)
    list(connection.take(WireEvent(0.0, ">", "open", b"")))
    connection.sequence["<"] = 2**32 - 2
    connection.acknowledged["<"] = 2**32 - 2
    packets = [Packet(0, data, []) for data in connection.take(WireEvent(0.0, "<", "data", b"round"))]
    packets += [Packet(0, data, []) for data in connection.take(WireEvent(0.0, "<", "data", b"!"))]
    packets += [Packet(0, data, []) for data in connection.take(WireEvent(0.0, ">", "data", b"?"))]
    assert [(packet.seq, packet.ack) for packet in packets] == [(2**32 - 2, 1), (3, 1), (1, 4)]


def test_connections_keep_apart_however_many_there_are():
    numbers = [1, 2, 16384, 16385, 200000]
    places = {PcapConnection(number).places[">"] for number in numbers}
    assert len(places) == len(numbers) and {port >> 14 for _, port in places} == {3}


def test_the_last_number_that_a_record_may_have_has_an_address():
    _, packets = written(recorded((">", "data", b"x"), number=MAX_CONNECTION_NUMBER))
    assert packets[0].key[0][:1] == b"\x7f"


def test_an_empty_record_is_an_empty_capture():
    assert written(Recording(started=0.0, address="unix:///s"))[1] == []


EVENTS = st.tuples(st.integers(1, 3), st.sampled_from("><"),
                   st.sampled_from(["open", "data", "data", "data", "half-close", "close", "reset", "note"]),
                   st.binary(max_size=40))


@given(st.lists(EVENTS, max_size=40), st.booleans())
def test_whatever_was_recorded_is_read_back(events, swap):
    """Any order of events, also an impossible one, keeps the bytes of each direction and their numbers."""
    recording = Recording(started=1.0, address="unix:///s")
    for at, (number, direction, kind, data) in enumerate(events):
        recording.take(number,
                       WireEvent(float(at // 2), "" if kind == "note" else direction, kind,
                                 data if kind in ("open", "data", "note") else b""))
    file = io.BytesIO()
    write_pcap(AnnotatedRecording(recording, redact=False), file)
    _, packets = read_pcapng(file.getvalue())
    assert [packet.stamp for packet in packets] == sorted(packet.stamp for packet in packets)
    for connection in recording.connections:
        own = [packet for packet in packets if packet.key[1] == 49151 + connection.number]
        check_numbers(own)
        for direction in "><":
            assert b"".join(packet.payload for packet in own
                            if packet.direction == direction) == connection.stream(direction)
            assert sum(packet.flags & FIN for packet in own if packet.direction == direction) <= 1
        assert sum(bool(packet.flags & SYN) for packet in own) in (0, 2)
    assert len(packets) == sum(packet.key[1] in [49151 + connection.number
                                                 for connection in recording.connections]
                                                 for packet in packets)


@given(st.binary(min_size=1, max_size=200), st.booleans())
def test_the_checksum_is_that_of_the_words(data, even):
    data = b"\x45" + data + b"\0" * ((len(data) + 1) % 2)
    assert internet_checksum(data) == 0xffff - word_sum(data)


def test_a_sum_of_minus_zero_is_written_as_zero():
    """RFC 1624 §3: 0xffff is the other zero, which a sender of a sum of something never writes."""
    assert internet_checksum(b"\xff\xff") == internet_checksum(b"\xff\xfe\x00\x01") == 0
