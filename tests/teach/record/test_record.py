"""Records: what was recorded is what is read, and a recorder disturbs nothing."""
import io
import json
import socket
import threading

import pytest
from hypothesis import given, settings, strategies as st

from rawdock.errors import UsageError
from rawdock.teach.record.record import (Recording, RecordedSocket, RecordWriter, WireEvent, WireRecorder,
                                         is_record, read_record, recorded_dial, redacted_recording)


def written(events, redact=True, started=0.5, address="unix:///x"):
    file = io.BytesIO()
    writer = RecordWriter(file, redact, started, address)
    for number, event in events:
        writer.take(number, event)
    writer.finish()
    return file.getvalue()


directions = st.sampled_from([">", "<"])
seconds = st.floats(min_value=0, max_value=1e6)
events = st.one_of(
    st.builds(WireEvent, seconds, directions, st.just("data"), st.binary(max_size=40)),
    st.builds(WireEvent, seconds, directions, st.sampled_from(["half-close", "close", "reset"]),
              st.just(b"")),
    st.builds(WireEvent, seconds, st.just(""), st.just("note"), st.binary(max_size=20)),
    st.builds(WireEvent, seconds, st.just(">"), st.just("open"), st.binary(max_size=20)))


@given(st.lists(st.tuples(st.integers(min_value=1, max_value=3), events), max_size=12),
       st.floats(min_value=0, max_value=4e9), st.text(max_size=10))
def test_a_record_written_and_read_again_is_the_same(taken, started, address):
    recording = Recording(started=started, address=address)
    for number, event in taken:
        recording.take(number, event)
    data = written(taken, False, started, address)
    back = read_record(io.BytesIO(data))
    assert (back.started, back.address) == (recording.started, recording.address)
    assert back.connections == recording.connections
    assert is_record(data[:64])
    assert not is_record(b"GET / HTTP/1.1\r\n")


def test_a_recording_is_masked_as_a_whole():
    recording = Recording(started=1.0, address="tcp://u:pw@h:1")
    data = (b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 22\r\n\r\n'
            b'{"password":"hunter2"}')
    for number in (1, 2):
        for piece in (data[:90], data[90:]):
            recording.take(number, WireEvent(0.0, "<", "data", piece))
    clean = redacted_recording(recording)
    streams = [connection.stream("<") for connection in clean.connections]
    assert streams == [data.replace(b"hunter2", b"*" * 7)] * 2
    assert [len(connection.events) for connection in clean.connections] == [2, 2]
    assert (clean.started, clean.address) == (1.0, "tcp://****@h:1")
    assert b"u:pw" not in written([], address="tcp://u:pw@h:1")
    assert b"u:pw" in written([], False, address="tcp://u:pw@h:1")


def test_a_full_recording_counts_what_it_leaves_out():
    recording = Recording(limit=3000)
    for number in (1, 2, 1, 2, 1, 3):
        recording.take(number, WireEvent(0.0, ">", "data", b"x" * 1000))
    recording.take(2, WireEvent(0.0, ">", "data", b"after a gap"))
    recording.take(1, WireEvent(0.0, ">", "close", b""))
    recording.finish()
    first, second = recording.connections
    assert first.stream(">") == second.stream(">") == b"x" * 1000
    assert [event.kind for event in first.events] == ["data", "close", "note"]
    assert first.notes == ["2000 bytes more crossed: this record was full at 3000"]
    assert second.notes == ["1011 bytes more crossed: this record was full at 3000"]


HEADER = b'{"rawdock":"record","version":1,"started":1,"address":"x"}\n'


@pytest.mark.parametrize("data, named", [
    (b"", "empty"),
    (b"GET / HTTP/1.1\r\n", "line 1"),
    (b"[]\n", "line 1"),
    (b'{"rawdock":"record","version":2,"started":1,"address":"x"}\n', "not version 2"),
    (b'{"rawdock":"record","version":1,"started":1}\n', "'address' is not text: None"),
    (HEADER + b"{}\n", "line 2"),
    (HEADER + b'{"c":1,"t":0,"kind":"data","d":">","b64":"a"}\n', "line 2"),
    (HEADER + b'{"c":1,"t":0,"kind":"data","d":">","b64":"eA=="}',
     "line 2 of the record cannot be read: the line is cut"),
    (HEADER + b'{"c":0,"t":0,"kind":"close","d":">"}\n', "'c'"),
    (HEADER + b'{"c":1,"t":true,"kind":"close","d":">"}\n', "'t'"),
    (HEADER + b'{"c":1,"t":NaN,"kind":"close","d":">"}\n', "line 2"),
    (HEADER + b'{"c":1,"t":1e400,"kind":"close","d":">"}\n', "'t'"),
    (HEADER + b'{"c":1,"t":' + b"9" * 100000 + b',"kind":"close","d":">"}\n', "line 2"),
    (HEADER + b'{"c":4294967296,"t":0,"kind":"close","d":">"}\n', "'c'"),
    (HEADER + b'{"c":1,"t":0,"kind":"note","d":"","text":"\\ud800"}\n', "line 2"),
    (HEADER + b'{"c":1,"t":0,"kind":"note","d":"","text":["%s"]}\n' % (b"x" * 100000),
     "'text' is not text: ['xxx"),
    (HEADER + b'{"c":1,"t":0,"kind":' + b"[" * 900 + b"]" * 900 + b',"d":">"}\n', "no event is of kind [[["),
    (HEADER.replace(b":1,", b':"%s",' % (b"x" * 100000), 1), "version 'xxx"),
    (HEADER + b'{"c":1,"t":0,"kind":"burst","d":">"}\n', "'burst'"),
    (HEADER + b'{"c":1,"t":0,"kind":"close","d":""}\n', "direction"),
    (HEADER + b'{"c":1,"t":0,"kind":"note","d":"","text":5}\n', "'text'"),
    (HEADER + b"[" * 100000 + b"\n", "line 2"),
])
def test_a_record_that_cannot_be_read_says_where(data, named):
    with pytest.raises(UsageError) as raised:
        read_record(io.BytesIO(data))
    assert named in str(raised.value) and len(str(raised.value)) < 300


class Clock:
    now = 10.0

    def __call__(self):
        self.now += 0.25
        return self.now


def recorded_pair(*sinks):
    ours, theirs = socket.socketpair()
    ours.settimeout(60)
    theirs.settimeout(60)
    recorder = WireRecorder(sinks, Clock())
    return RecordedSocket(ours, recorder, "unix:///x"), theirs, recorder


def kinds(recording):
    return [(event.direction, event.kind, event.data) for event in recording.connections[0].events]


def test_a_recorded_socket_tells_what_crossed():
    recording = Recording()
    sock, peer, _ = recorded_pair(recording)
    sock.sendall(b"hello")
    assert sock.send(memoryview(b"more"), socket.MSG_DONTWAIT) == 4
    assert peer.recv(9, socket.MSG_WAITALL) == b"hellomore"
    peer.sendall(b"answer")
    assert sock.recv(3) == b"ans"
    buffer = bytearray(10)
    assert sock.recv_into(buffer) == 3 and buffer[:3] == b"wer"
    sock.shutdown(socket.SHUT_WR)
    assert peer.recv(1) == b""
    peer.close()
    assert sock.recv(1) == b"" and sock.recv(1) == b""
    sock.close()
    sock.close()
    assert kinds(recording) == [(">", "open", b"unix:///x"), (">", "data", b"hello"), (">", "data", b"more"),
                                ("<", "data", b"ans"),
                                ("<", "data", b"wer"), (">", "half-close", b""), ("<", "close", b""),
                                (">", "close", b"")]
    assert [event.seconds for event in recording.connections[0].events] == [0.25 * count
                                                                            for count in range(1, 9)]


def test_what_could_not_be_sent_is_not_recorded():
    recording = Recording()
    sock, peer, _ = recorded_pair(recording)
    sock.settimeout(0.05)
    with pytest.raises(OSError):
        sock.sendall(b"x" * (64 << 20))   # nobody reads
    sent = len(recording.connections[0].stream(">"))
    sock.close()
    received = 0
    while True:
        data = peer.recv(1 << 20)
        if not data:
            break
        received += len(data)
    peer.close()
    assert received == sent > 0


def test_closing_on_this_side_is_not_the_engines_end():
    recording = Recording()
    sock, peer, _ = recorded_pair(recording)
    with sock:
        sock.shutdown(socket.SHUT_RDWR)
        assert sock.recv(1) == b""
    peer.close()
    assert kinds(recording)[1:] == [(">", "close", b"")]


class FullSink:
    def __init__(self):
        self.taken = 0

    def take(self, number, event):
        self.taken += 1
        raise OSError(28, "No space left on device")

    def finish(self):
        raise AssertionError("it has failed before")


def test_a_sink_that_fails_disturbs_nothing_until_the_end():
    recording, full = Recording(), FullSink()
    recorder = WireRecorder([full, recording])
    number = recorder.open("x")
    recorder.record(number, ">", "data", b"a")
    recorder.record(number, "", "note", b"b")
    with pytest.raises(OSError):
        recorder.finish()
    recorder.finish()
    assert full.taken == 1 and recording.connections[0].notes == ["b"]
    assert recording.connections[0].stream(">") == b"a"


def test_a_sink_that_is_at_fault_itself_disturbs_nothing_either():
    class Wrong(FullSink):
        def take(self, number, event):
            raise KeyError("a mistake")

    recording = Recording()
    recorder = WireRecorder([Wrong(), recording])
    recorder.record(recorder.open("x"), ">", "data", b"a")
    assert recording.connections[0].stream(">") == b"a"
    with pytest.raises(KeyError):
        recorder.finish()


def test_threads_share_a_recorder():
    recording = Recording()
    recorder = WireRecorder([recording])

    def work():
        number = recorder.open("x")
        for _ in range(50):
            recorder.record(number, ">", "data", b"%d" % number)
        recorder.record(number, "<", "reset")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [connection.number for connection in recording.connections] == list(range(1, 9))
    for connection in recording.connections:
        assert connection.stream(">") == b"%d" % connection.number * 50
        assert connection.events[-1].kind == "reset"


def test_a_dialled_socket_is_recorded():
    recording = Recording()
    ours, theirs = socket.socketpair()
    with theirs, recorded_dial(WireRecorder([recording]), lambda address, timeout: ours)("unix:///y",
                                                                                         5) as sock:
        assert sock.fileno() == ours.fileno()
    assert [kind for _, kind, _ in kinds(recording)] == ["open", "close"]
