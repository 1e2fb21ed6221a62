"""Records: what was recorded is what is read, and no credential is ever written, however the bytes were cut."""
import base64
import io
import json
import socket
import threading

import pytest
from hypothesis import given, settings, strategies as st

from rawdock.errors import UsageError
from rawdock.teach.record import (Recording, RecordedSocket, RecordWriter, SecretMasker, SecretMaskers, WireEvent, WireRecorder, is_record,
                                  read_record, recorded_dial, redacted_recording)

WORD = "hunter2Tr0ub4dor3"


def written(events, redact=True, started=0.5, address="unix:///x"):
    file = io.BytesIO()
    writer = RecordWriter(file, redact, started, address)
    for number, event in events:
        writer.take(number, event)
    writer.finish()
    return file.getvalue()


def cut_at(data, cuts):
    ends = sorted(set(cut % (len(data) + 1) for cut in cuts)) + [len(data)]
    return [data[start:end] for start, end in zip([0] + ends, ends) if end > start]


def data_events(pieces):
    """(direction, bytes) pairs as (1, WireEvent) pairs."""
    return [(1, WireEvent(0.0, direction, "data", data)) for direction, data in pieces]


directions = st.sampled_from([">", "<"])
seconds = st.floats(min_value=0, max_value=1e6)
events = st.one_of(
    st.builds(WireEvent, seconds, directions, st.just("data"), st.binary(max_size=40)),
    st.builds(WireEvent, seconds, directions, st.sampled_from(["half-close", "close", "reset"]), st.just(b"")),
    st.builds(WireEvent, seconds, st.just(""), st.just("note"), st.binary(max_size=20)),
    st.builds(WireEvent, seconds, st.just(">"), st.just("open"), st.binary(max_size=20)))


@given(st.lists(st.tuples(st.integers(min_value=1, max_value=3), events), max_size=12), st.floats(min_value=0, max_value=4e9), st.text(max_size=10))
def test_a_record_written_and_read_again_is_the_same(taken, started, address):
    recording = Recording(started=started, address=address)
    for number, event in taken:
        recording.take(number, event)
    data = written(taken, False, started, address)
    assert read_record(io.BytesIO(data)) == recording
    assert is_record(data[:64])
    assert not is_record(b"GET / HTTP/1.1\r\n")


@given(st.lists(st.tuples(directions, st.binary(max_size=60)), max_size=8))
def test_masking_never_changes_a_length(pieces):
    masker = SecretMasker()
    for direction, data in pieces:
        assert len(masker.mask(direction, data)) == len(data)


def chunked(data, size):
    return b"".join(b"%x\r\n%s\r\n" % (len(data[at:at + size]), data[at:at + size]) for at in range(0, len(data), size)) + b"0\r\n\r\n"


def post(path, body, fields=b""):
    return b"POST %s HTTP/1.1\r\nHost: d\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (path, fields, len(body), body)


def answer(body, size=None):
    framing = b"Content-Length: %d\r\n\r\n%s" % (len(body), body) if size is None else b"Transfer-Encoding: chunked\r\n\r\n" + chunked(body, size)
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + framing


MEMBERS = json.dumps({"username": "ann", "password": WORD, "identitytoken": WORD, "list": [{"Auth": WORD}], "end": 1}).encode()
GET = b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n"
# What crosses, in order; each has WORD somewhere where an engine would take or give a credential.
PLACES = {
    "X-Registry-Auth": [(">", post(b"/images/create?fromImage=x", b"", b"X-Registry-Auth: %s\r\n" % WORD.encode()))],
    "x-registry-config, after another message": [(">", GET + post(b"/build", b"", b"x-registry-config:%s \r\n" % WORD.encode()))],
    "Authorization": [(">", post(b"/x", b"", b"Authorization: Bearer %s\r\nProxy-Authorization: Basic %s\r\n" % (WORD.encode(), WORD.encode())))],
    "a JSON body": [(">", post(b"/auth", MEMBERS))],
    "a name spelled with an escape": [(">", post(b"/auth", b'{"pass\\u0077ord" : "%s"}' % WORD.encode()))],
    "a JSON answer": [(">", GET), ("<", answer(MEMBERS))],
    "a JSON answer in chunks": [(">", GET), ("<", answer(MEMBERS, 7))],
    "chunks of one byte": [(">", GET), ("<", answer(MEMBERS, 1))],
    "after a HEAD": [(">", b"HEAD / HTTP/1.1\r\nHost: d\r\n\r\n"), ("<", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"),
                     (">", post(b"/auth", MEMBERS)), ("<", answer(MEMBERS, 9))],
    "a secret's Data": [(">", post(b"/v1.41/secrets/create", json.dumps({"Name": "n", "Data": WORD}).encode()))],
    "an environment variable": [(">", post(b"/containers/create", json.dumps({"Env": ["A=b", "MYSQL_ROOT_PASSWORD=" + WORD]}).encode()))],
    "a query parameter": [(">", b"POST /x?a=1&password=%s&b=2 HTTP/1.1\r\nHost: d\r\n\r\n" % WORD.encode())],
    "JSON in a query parameter": [(">", b"POST /x?a=%7B%22password%22%3A%22" + WORD.encode() + b"%22%7D HTTP/1.1\r\nHost: d\r\n\r\n")],
    "a swarm's keys": [(">", GET), ("<", answer(json.dumps({"JoinTokens": {"Worker": WORD, "Manager": WORD}}).encode()))],
    "behind a chunk that is malformed": [(">", GET), ("<", answer(MEMBERS, 40).replace(b"\r\n28\r\n", b"\r\nxx\r\n"))],
    "behind a head that is malformed": [(">", b"GET /x y HTTP/1.1\r\n\r\n" + post(b"/auth", MEMBERS, b"X-Registry-Auth: %s\r\n" % WORD.encode()))],
    "behind a refused upgrade": [(">", b"POST /containers/x/attach HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"),
                                 ("<", b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), (">", post(b"/auth", MEMBERS)), ("<", answer(MEMBERS))],
    "across the answer to an upgrade": [(">", b"POST /containers/x/attach HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n" + post(b"/auth", MEMBERS)[:-80]),
                                        ("<", b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), (">", post(b"/auth", MEMBERS)[-80:])],
    "before the answer to an upgrade": [(">", b"POST /containers/x/attach HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n" + post(b"/auth", MEMBERS))],
    "a session over HTTP/2": [(">", b"POST /session HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"),
                              ("<", b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"), (">", b"\0\0\x12" + WORD.encode())],
    "a session over HTTP/2 that does not wait": [(">", b"POST /session HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n\0\0\x12" + WORD.encode()),
                                                 (">", WORD.encode())],
    "a field on two lines, which is refused": [(">", b"GET / HTTP/1.1\r\nX-Registry-Auth: a\r\n %s\r\n\t%s\r\n\r\n" % (WORD.encode(), WORD.encode()))],
    "behind a bare CR": [(">", b"GET / HTTP/1.1\rX-Registry-Auth: a\r%s\r\n\r\n" % WORD.encode())],
    "a field name with control characters": [(">", b"GET / HTTP/1.1\r\n\0X-Registry-Auth\x0b: %s\r\n\r\n" % WORD.encode())],
    "a line without end": [(">", b"GET /x" + b"x" * 300 + b"?a=b&password=%s" % WORD.encode())],
    "a repository with a token": [(">", b"POST /build?remote=https://%s@x.example/a HTTP/1.1\r\nHost: d\r\n\r\n" % WORD.encode())],
    "a repository with a token, in percent": [(">", b"POST /build?t=a&remote=https%%3A%%2F%%2Fu%%3A%s%%40x HTTP/1.1\r\nHost: d\r\n\r\n" % WORD.encode())],
    "a volume's options": [(">", post(b"/volumes/create", json.dumps({"DriverOpts": {"o": "addr=a,username=b,password=" + WORD}}).encode()))],
    "a program's arguments": [(">", post(b"/containers/create", json.dumps({"Cmd": ["x", "--admin-password=" + WORD, "A=1 API_TOKEN=" + WORD]}).encode()))],
    "the end of a long argument": [(">", post(b"/containers/create", json.dumps({"Cmd": ["x" * 1000 + "\nTOKEN=" + WORD]}).encode()))],
    "a name in letters that fold": [(">", post(b"/auth", '{"pa\u017fsword":"%s"}'.encode("utf-8") % WORD.encode()))],
}
for name in "DB_PASS MYSQL_PWD REDIS_AUTH GITHUB_PAT spring.datasource.password db-password".split():
    PLACES["the variable " + name] = [(">", post(b"/containers/create", json.dumps({"Env": ["A=b", name + "=" + WORD]}).encode()))]


@pytest.mark.parametrize("place", sorted(PLACES))
@settings(max_examples=15)
@given(cuts=st.lists(st.integers(min_value=0, max_value=500), max_size=6), one_byte=st.booleans())
def test_no_secret_is_written_however_the_bytes_are_cut(place, cuts, one_byte):
    pieces = []
    for direction, data in PLACES[place]:
        pieces += [(direction, piece) for piece in (cut_at(data, range(len(data))) if one_byte else cut_at(data, cuts))]
    record = written(data_events(pieces))
    kept = read_record(io.BytesIO(record)).connections[0]
    for direction in "><":
        before, after = b"".join(data for way, data in pieces if way == direction), kept.stream(direction)
        assert len(after) == len(before)
        assert all(new in (old, 0x2a) for new, old in zip(after, before))
        for encoded in (WORD.encode(), base64.b64encode(WORD.encode())):
            assert encoded not in after and encoded not in record
        # In chunks a secret is in pieces: what is left of it without the chunk lines.
        letters = bytes(letter for letter in after if letter in set(WORD.encode()))
        assert WORD.encode() not in letters


def test_a_secret_that_arrives_after_its_client_has_closed_is_masked():
    data = answer(MEMBERS)
    for cut in range(data.index(WORD.encode()), data.index(WORD.encode()) + len(WORD), 3):
        events = data_events([("<", data[:cut])]) + [(1, WireEvent(0.0, ">", "close", b""))] + data_events([("<", data[cut:])])
        kept = read_record(io.BytesIO(written(events))).connections[0].stream("<")
        assert len(kept) == len(data) and WORD.encode()[-5:] not in kept


def test_maskers_of_closed_connections_are_not_kept():
    import gc
    import tracemalloc
    maskers = SecretMaskers()

    def pass_connections(numbers):
        for number in numbers:
            maskers.event(number, WireEvent(0.0, ">", "data", GET))
            maskers.event(number, WireEvent(0.0, ">", "close", b""))
    pass_connections(range(1, 200))
    tracemalloc.start()
    try:
        pass_connections(range(200, 1000))
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < 1 << 20
    finally:
        tracemalloc.stop()


def test_masking_lines_takes_linear_time():
    from time import process_time
    seconds = []
    for size in (5000, 40000):
        masker, start = SecretMasker(), process_time()
        masker.mask(">", b"\0")
        for _ in range(size):
            masker.mask(">", b"=")
        seconds.append(process_time() - start)
    assert seconds[1] < 24 * seconds[0] + 1, seconds   # the square would be 64 times


def test_masking_leaves_all_else_as_it_is():
    body = json.dumps({"Image": "x", "Env": ["PATH=/bin", "PWD=/root", "BYPASS=1", "AUTHOR=me", "password is not a name"], "Labels": {"auth": "**"}, "passwords": "x"}).encode()
    request = post(b"/containers/create?name=auth", body, b"X-Registry-Authority: x\r\n")
    masker = SecretMasker()
    assert masker.mask(">", request) == request
    stream = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\n\r\n" + b'{"password":"kept: a program said it"}'
    assert masker.mask("<", stream) == stream


def test_the_masker_holds_no_body():
    import tracemalloc
    masker = SecretMasker()
    masker.mask(">", b"PUT /x HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 1073741824\r\n\r\n")
    piece = b'"' + b"x" * 65535
    masker.mask(">", piece)
    tracemalloc.start()
    try:
        for _ in range(200):
            masker.mask(">", piece)
        assert tracemalloc.get_traced_memory()[0] < 1 << 20
    finally:
        tracemalloc.stop()


def test_bytes_that_wait_for_an_answer_are_bounded():
    import tracemalloc
    masker = SecretMasker()
    masker.mask(">", b"POST /containers/x/attach HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
    tracemalloc.start()
    try:
        for _ in range(200):
            masker.mask(">", b"x" * 65536)
        assert tracemalloc.get_traced_memory()[0] < 3 << 20
    finally:
        tracemalloc.stop()


def test_a_recording_is_masked_as_a_whole():
    recording = Recording(started=1.0, address="a")
    for number in (1, 2):
        for direction, data in PLACES["a JSON answer in chunks"]:
            recording.take(number, WireEvent(0.0, direction, "data", data))
    clean = redacted_recording(recording)
    assert [len(connection.stream("<")) for connection in clean.connections] == [len(connection.stream("<")) for connection in recording.connections]
    assert b"*" * 7 in clean.connections[1].stream("<").replace(b"\r\n7\r\n", b"") and (clean.started, clean.address) == (1.0, "a")


def test_a_full_recording_counts_what_it_leaves_out():
    recording = Recording(limit=2000)
    for number in (1, 2, 1, 2, 1):
        recording.take(number, WireEvent(0.0, ">", "data", b"x" * 1000))
    recording.take(1, WireEvent(0.0, ">", "close", b""))
    recording.finish()
    first, second = recording.connections
    assert first.stream(">") == b"x" * 1000
    assert 0 < len(second.stream(">")) < 1000
    assert first.notes == ["2000 bytes more crossed: this record was full at 2000"]
    assert second.notes == ["%d bytes more crossed: this record was full at 2000" % (2000 - len(second.stream(">")))]


HEADER = b'{"rawdock":"record","version":1,"started":1,"address":"x"}\n'


@pytest.mark.parametrize("data, named", [
    (b"", "empty"),
    (b"GET / HTTP/1.1\r\n", "line 1"),
    (b"[]\n", "line 1"),
    (b'{"rawdock":"record","version":2,"started":1,"address":"x"}\n', "version 2"),
    (b'{"rawdock":"record","version":1,"started":1}\n', "has no 'address'"),
    (HEADER + b"{}\n", "line 2"),
    (HEADER + b'{"c":1,"t":0,"kind":"data","d":">","b64":"a"}\n', "line 2"),
    (HEADER + b'{"c":1,"t":0,"kind":"data","d":">","b64":"eA=="}', "line 2 of the record cannot be read: the line is cut"),
    (HEADER + b'{"c":0,"t":0,"kind":"close","d":">"}\n', "'c'"),
    (HEADER + b'{"c":1,"t":true,"kind":"close","d":">"}\n', "'t'"),
    (HEADER + b'{"c":1,"t":NaN,"kind":"close","d":">"}\n', "line 2"),
    (HEADER + b'{"c":1,"t":1e400,"kind":"close","d":">"}\n', "'t'"),
    (HEADER + b'{"c":1,"t":' + b"9" * 100000 + b',"kind":"close","d":">"}\n', "line 2"),
    (HEADER + b'{"c":4294967296,"t":0,"kind":"close","d":">"}\n', "'c'"),
    (HEADER + b'{"c":1,"t":0,"kind":"note","d":"","text":"\\ud800"}\n', "line 2"),
    (HEADER + b'{"c":1,"t":0,"kind":"note","d":"","text":["%s"]}\n' % (b"x" * 100000), "'text' is not text: ['xxx"),
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
    ours.settimeout(10)
    theirs.settimeout(10)
    recorder = WireRecorder(sinks, Clock())
    return RecordedSocket(ours, recorder, "unix:///x"), theirs, recorder


def kinds(recording):
    return [(event.direction, event.kind, event.data) for event in recording.connections[0].events]


def test_a_recorded_socket_tells_what_crossed():
    recording = Recording()
    sock, peer, _ = recorded_pair(recording)
    sock.sendall(b"hello")
    assert sock.send(memoryview(b"more"), socket.MSG_DONTWAIT) == 4
    assert peer.recv(20) == b"hellomore"
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
    assert kinds(recording) == [(">", "open", b"unix:///x"), (">", "data", b"hello"), (">", "data", b"more"), ("<", "data", b"ans"),
                                ("<", "data", b"wer"), (">", "half-close", b""), ("<", "close", b""), (">", "close", b"")]
    assert [event.seconds for event in recording.connections[0].events] == [0.25 * count for count in range(1, 9)]


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
    recorder.sent(number, b"a")
    recorder.note(number, "b")
    with pytest.raises(OSError):
        recorder.finish()
    recorder.finish()
    assert full.taken == 1 and recording.connections[0].notes == ["b"] and recording.connections[0].stream(">") == b"a"


def test_a_sink_that_is_at_fault_itself_disturbs_nothing_either():
    class Wrong(FullSink):
        def take(self, number, event):
            raise KeyError("a mistake")

    recording = Recording()
    recorder = WireRecorder([Wrong(), recording])
    recorder.sent(recorder.open("x"), b"a")
    assert recording.connections[0].stream(">") == b"a"
    with pytest.raises(KeyError):
        recorder.finish()


def test_threads_share_a_recorder():
    recording = Recording()
    recorder = WireRecorder([recording])

    def work():
        number = recorder.open("x")
        for _ in range(50):
            recorder.sent(number, b"%d" % number)
        recorder.closed(number, "<", reset=True)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [connection.number for connection in recording.connections] == list(range(1, 9))
    for connection in recording.connections:
        assert connection.stream(">") == b"%d" % connection.number * 50 and connection.events[-1].kind == "reset"


def test_a_dialled_socket_is_recorded():
    recording = Recording()
    ours, theirs = socket.socketpair()
    with theirs, recorded_dial(WireRecorder([recording]), lambda address, timeout: ours)("unix:///y", 5) as sock:
        assert sock.fileno() == ours.fileno()
    assert [kind for _, kind, _ in kinds(recording)] == ["open", "close"]
