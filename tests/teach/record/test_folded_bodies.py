"""A long body is folded once enough of it is shown: what is masked does not depend on how it came."""
import random
import re

import pytest

from rawdock.teach.record.masking import SecretMasker
from rawdock.teach.record.record import WireEvent
from rawdock.teach.explain.transcript import TranscriptSink

from tests.teach.tap.tap_wire import ask, chunk_bytes, frame_bytes

NOISE = random.Random(7)
CONTENT = bytes(NOISE.randrange(256) for _ in range(6000))
NEXT = (b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 22\r\n\r\n'
        b'{"password":"hunter2"}')


def answer(content_type, body, framing):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n" % content_type
    if framing == "length":
        return head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    size = int(framing)
    chunks = b"".join(chunk_bytes(body[at:at + size]) for at in range(0, len(body), size))
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\nTrailing: field\r\n\r\n"


class Paper:
    def __init__(self):
        self.text = b""

    def write(self, data):
        self.text += data


def transcript(data, cuts, redact):
    paper = Paper()
    sink = TranscriptSink(paper, redact=redact)
    sink.take(1, WireEvent(0.0, ">", "data", ask("GET", "/x") + ask("GET", "/y")))
    for start, end in zip([0] + cuts, cuts + [len(data)]):
        if start < end:
            sink.take(1, WireEvent(0.0, "<", "data", data[start:end]))
    sink.finish()
    return paper.text.decode("utf-8")


def some_cuts(data):
    yield list(range(1, len(data)))
    for count in (1, 2, 5, 20, 100):
        yield sorted(NOISE.sample(range(1, len(data)), count))


@pytest.mark.parametrize("framing", ["length", "7", "1000", "4096", "6000"])
@pytest.mark.parametrize("content_type", [b"application/x-tar", b"text/plain"])
def test_a_transcript_of_a_long_body_is_folded_and_masked(content_type, framing):
    data = answer(content_type, CONTENT, framing) + NEXT
    for cuts in some_cuts(data):
        folded = transcript(data, cuts, True)
        assert "more\n" in folded and '"password":"*******"' in folded and "hunter2" not in folded
        assert transcript(data, cuts, False).replace("hunter2", "*******") == folded


@pytest.mark.parametrize("framing", ["length", "7", "4096"])
def test_what_is_masked_does_not_depend_on_the_cuts(framing):
    data = answer(b"application/x-tar", CONTENT + b'"password":"in a tar"', framing) + NEXT
    expected = data.replace(b"hunter2", b"*******")
    for cuts in some_cuts(data):
        masker = SecretMasker()
        masker.mask(">", ask("GET", "/x") + ask("GET", "/y"))
        assert (b"".join(masker.mask("<", data[start:end])
                         for start, end in zip([0] + cuts, cuts + [len(data)])) == expected)


def test_frames_behind_frames_are_all_shown():
    body = b"".join(frame_bytes(1, b"line %d\n" % number) for number in range(500))
    data = answer(b"application/vnd.docker.multiplexed-stream", body, "100")
    for cuts in some_cuts(data):
        text = transcript(data, cuts, True)
        pieces = re.findall("^1< stdout: ?(.*?)(?: +# .*)?$", text, re.MULTILINE)   # chunks cut some of them
        assert "".join(pieces) == "".join("line %d" % number for number in range(500))
