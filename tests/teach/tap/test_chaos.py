"""Faults in answers: with each of them the client gets exactly the bytes that it should, and the end."""
import threading
import time

import pytest

from rawdock.teach.tap.chaos import Chaos
from rawdock.teach.record.record import Recording, WireRecorder

from tests.teach.tap.tap_wire import (
    ask, chunk_bytes, fill, frame_bytes, read_exactly, read_to_end, tapped, until,
)

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ANSWER = HEAD + chunk_bytes(b"hello") + chunk_bytes(b"world") + b"0\r\n\r\n"
SPLITS = [len(ANSWER), 1, 7]


def with_faults(chaos, answer, request=ask("GET", "/x"), size=None, then_close=False):
    """(what the client gets of `answer`, whether its end was a reset, the recording).

    The engine sends `size` bytes at a time.
    """
    recording = Recording()
    size = size or len(answer)
    with tapped(WireRecorder([recording]), make_connection=chaos) as tap:
        client, engine = tap.pair()
        client.sendall(request)
        assert read_exactly(engine, len(request)) == request
        try:
            for at in range(0, len(answer), size):
                engine.sendall(answer[at:at + size])
        except (BrokenPipeError, ConnectionResetError):
            pass   # the tap has cut
        if then_close:
            engine.close()
        got = read_to_end(client)
        client.close()
        engine.close()
        until(lambda: not tap.tap.connections, "the end of the connection")
    return got[0], got[1], recording


@pytest.mark.parametrize("size", SPLITS)
@pytest.mark.parametrize("at", [0, 1, len(HEAD), len(ANSWER) - 1])
def test_answers_are_cut_at_the_byte(at, size):
    got, reset, recording = with_faults(Chaos(cut_at=at), ANSWER, size=size)
    assert (got, reset) == (ANSWER[:at], False)
    assert recording.connections[0].stream("<") == ANSWER[:at]
    assert recording.connections[0].notes == ["chaos: the answers were cut after %d bytes" % at]


def test_a_cut_after_the_end_is_none():
    got, reset, recording = with_faults(Chaos(cut_at=len(ANSWER) + 1), ANSWER, then_close=True)
    assert (got, reset, recording.connections[0].notes) == (ANSWER, False, [])


@pytest.mark.parametrize("size", SPLITS)
def test_an_end_by_reset(size):
    got, reset, recording = with_faults(Chaos(cut_at=20, reset=True), ANSWER, size=size)
    assert (got, reset) == (ANSWER[:20], True)
    assert [event.kind for event in recording.connections[0].events][-1] == "reset" or "reset" in [
        event.kind for event in recording.connections[0].events]


def test_a_reset_alone_comes_at_the_first_byte():
    got, reset, _ = with_faults(Chaos(reset=True), ANSWER)
    assert (got, reset) == (b"", True)


def test_with_a_reset_in_view_requests_still_go_through_whole():
    with tapped(make_connection=Chaos(reset=True, cut_at=1 << 30)) as tap:
        client, engine = tap.pair()
        for size in (1, 1, 2, 100000, 1, 500000):
            data = bytes([size % 251]) * size
            sender = threading.Thread(target=client.sendall, args=(data,))   # the sockets hold less than all
            sender.start()
            assert read_exactly(engine, size) == data
            sender.join()
            engine.sendall(b"ok")
            assert read_exactly(client, 2) == b"ok"
        client.close()
        assert read_to_end(engine)[0] == b""
        engine.close()
        until(lambda: not tap.tap.connections, "the end of the connection")


@pytest.mark.parametrize("size", SPLITS)
def test_the_last_chunk_is_dropped(size):
    got, reset, recording = with_faults(Chaos(drop_last_chunk=True), ANSWER, size=size)
    assert (got, reset) == (ANSWER[:-5], False)
    assert recording.connections[0].notes == ["chaos: the last chunk was dropped"]


def test_a_body_with_a_length_has_no_last_chunk():
    first = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n0"
    got, _, _ = with_faults(Chaos(drop_last_chunk=True), first + ANSWER,
                        request=ask("GET", "/x") + ask("GET", "/y"))
    assert got == first + ANSWER[:-5]


def test_the_answer_to_a_head_has_no_last_chunk_either():
    answer = HEAD + ANSWER
    got, _, _ = with_faults(Chaos(drop_last_chunk=True), answer, request=ask("HEAD", "/x") + ask("GET", "/y"))
    assert got == answer[:-5]


@pytest.mark.parametrize("size", [1000, 1, 5])
def test_bytes_that_break_a_rule_go_through(size):
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n0\r\n\r\n"
    got, reset, _ = with_faults(Chaos(drop_last_chunk=True, bad_frame=True), answer, size=size,
                                then_close=True)
    assert (got, reset) == (answer, False)


@pytest.mark.parametrize("size", [1000, 1, 5])
def test_what_was_kept_back_comes_with_the_end(size):
    answer = ANSWER[:-4]
    got, _, _ = with_faults(Chaos(drop_last_chunk=True), answer, size=size, then_close=True)
    assert got == answer


@pytest.mark.parametrize("size", [1000, 1, 5])
def test_the_first_frame_of_a_log_gets_a_type_that_does_not_exist(size):
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    frames = [frame_bytes(1, b"out\n"), frame_bytes(2, b"err\n")]
    answer = head + chunk_bytes(frames[0]) + chunk_bytes(frames[1]) + b"0\r\n\r\n"
    got, _, recording = with_faults(Chaos(bad_frame=True), answer,
                                ask("GET", "/v1.41/containers/x/logs?stdout=1"), size, then_close=True)
    assert got == head + chunk_bytes(b"\x09" + frames[0][1:]) + chunk_bytes(frames[1]) + b"0\r\n\r\n"
    assert recording.connections[0].notes == ["chaos: a frame's stream type was changed from 1 to 9"]


def test_the_first_frame_of_an_attached_stream():
    head = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
    answer = head + frame_bytes(2, b"err\n") + frame_bytes(1, b"out\n")
    got, _, _ = with_faults(Chaos(bad_frame=True), answer,
                        ask("POST", "/containers/x/attach", b"Connection: Upgrade", b"Upgrade: tcp"),
                        then_close=True)
    assert got == head + b"\x09" + answer[len(head) + 1:]


def test_json_and_archives_have_no_frames():
    archive = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-tar\r\nContent-Length: 4\r\n\r\n\0\0\0\0"
    for answer in (b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}', archive):
        assert with_faults(Chaos(bad_frame=True), answer, then_close=True)[0] == answer


def test_one_byte_a_write():
    got, _, recording = with_faults(Chaos(one_byte=True), ANSWER * 20, then_close=True)
    assert got == ANSWER * 20
    assert set(len(event.data) for event in recording.connections[0].events if event.direction == "<"
               and event.kind == "data") == {1}


def test_one_byte_a_write_up_to_a_cut():
    got, reset, _ = with_faults(Chaos(one_byte=True, cut_at=30), ANSWER)
    assert (got, reset) == (ANSWER[:30], False)


def test_answers_drip():
    began = time.monotonic()
    got, _, _ = with_faults(Chaos(one_byte=True, drip=0.005), ANSWER[:40], then_close=True)
    assert got == ANSWER[:40] and time.monotonic() - began >= 40 * 0.005


def test_while_answers_drip_the_engine_is_held_back():
    """What was not given yet is one buffer at most: the rest waits where it was sent."""
    with tapped(make_connection=Chaos(one_byte=True, drip=60)) as tap:
        client, engine = tap.pair()
        assert fill(engine) < 4 << 20
        client.close()
        engine.close()


def test_memory_does_not_grow_with_what_was_read():
    with tapped(make_connection=Chaos(drop_last_chunk=True)) as tap:
        client, engine = tap.pair()
        for _ in range(300):
            client.sendall(ask("GET", "/x"))
            read_exactly(engine, len(ask("GET", "/x")))
            answer = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"
            engine.sendall(answer)
            assert read_exactly(client, len(answer)) == answer
        pair = next(iter(tap.tap.connections)).pair
        assert max(len(messages) for messages in pair.messages.values()) <= 2 and not pair.unanswered
        client.close()
        engine.close()
