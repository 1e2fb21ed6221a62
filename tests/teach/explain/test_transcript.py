"""Transcripts: whole lines, however the bytes were cut, no control character, no secret; hexdumps have every
byte.
"""
import os
import re

import pytest
from hypothesis import given, settings, strategies as st

from rawdock.cli.printable import printable_text
from rawdock.teach.explain.annotate import AnnotatedRecording
from rawdock.teach.explain.annotate import annotate
from rawdock.teach.explain.hexdump import hexdump_lines
from rawdock.teach.record.record import Recording, WireEvent
from rawdock.teach.explain.screen import broken_line, output_width, output_widths, wants_colour, wrapped_words
from rawdock.teach.explain.transcript import TranscriptSink, show_recording
from rawdock.wire.frames import encode_frame
from tests.teach.explain.wire_parts import ATTACH, JSON, MUX, RAW, chunked, sized

FRAMES = encode_frame(1, b"hello\n") + encode_frame(2, b"a\nb\n") + encode_frame(1, b"")


class Paper:
    """Keeps what is written, and that each write is whole lines."""

    def __init__(self):
        self.text = ""

    def write(self, data):
        assert data.endswith(b"\n")
        self.text += data.decode("utf-8")


def recording_of(*pieces, **closed):
    """(direction, bytes) pairs, or (direction, kind) of str, in order → a Recording of one connection."""
    recording = Recording(started=0.0)
    for at, (direction, data) in enumerate(pieces):
        event = (WireEvent(float(at), direction, data, b"") if isinstance(data, str)
                 else WireEvent(float(at), direction, "data", data))
        recording.take(closed.get("number", 1), event)
    return recording


def shown(*pieces, **how):
    paper = Paper()
    status = show_recording(recording_of(*pieces), paper, **how)
    return paper.text, status


# ==== table begin: the transcript of test_a_conversation
TRANSCRIPT = """\
> POST /v1.41/images/create?fromImage=x HTTP/1.1  # ImageCreate: pull an image (fromImage), or import a filesystem (fromSrc)
> Host: d
> X-Registry-Auth: ********                       # the credentials for the registry, JSON in base64url: keep them secret
>
< HTTP/1.1 200 OK                                 # it worked
< Content-Type: application/json                  # the body is JSON: one value, or a message a line
< Transfer-Encoding: chunked                      # the body comes in chunks, each with its size; one of size 0 ends it
<
< 14                                              # a chunk of 20 bytes
< {"status":"café"}
< b                                               # a chunk of 11 bytes
< {"id":"b"}
< 0                                               # the last chunk: the body is over
<
> POST /v1.41/containers/x/attach?stream=1 HTTP/1.1  # ContainerAttach: join its stdin, stdout and stderr on this very connection
> Host: d
> Connection: Upgrade                             # this connection is to change its protocol: see Upgrade
> Upgrade: tcp                                    # raw bytes both ways after the head: the container's input and output
>
< HTTP/1.1 101 UPGRADED                           # agreed: from here on the connection is a raw stream
< Content-Type: application/vnd.docker.raw-stream  # a terminal's bytes as they are; engines before API 1.42 say so of frames too
< Connection: Upgrade
< Upgrade: tcp
<
< stdout: hello                                   # a frame: its type (stdin, stdout or stderr) and its length come first
< stderr: a
< stderr: b
< stdout:
> typed
* the engine closed the connection
"""
# ==== table end


def test_a_conversation():
    text, status = shown(
        (">", b"POST /v1.41/images/create?fromImage=x HTTP/1.1\r\nHost: d\r\nX-Registry-Auth: "
         b"c2VjcmV0\r\n\r\n"),
        ("<", JSON + chunked(b'{"status":"caf\xc3\xa9"}\r\n{"id":"b"}\n', 20)),
        (">", ATTACH), ("<", RAW + FRAMES), (">", b"typed"), ("<", "close"))
    assert status == 0
    assert text == TRANSCRIPT


def lines_of_body(*pieces):
    """The shown lines between the head and the last line, without explanations."""
    lines = [line.partition("  # ")[0].rstrip() for line in shown(*pieces)[0].splitlines()]
    return lines[lines.index("<") + 1:]


def test_what_chunks_cut_is_shown_when_it_is_complete():
    """A JSON message, a frame or a line is shown once, below the line of the chunk that ends it."""
    assert lines_of_body(("<", JSON + chunked(b'{"a":1}\r\n{"b":[2,\n3]}\n', 12))) == [
        "< c", '< {"a":1}', "< a", '< {"b":[2, 3]}', "< 0", "<"]
    assert lines_of_body(("<", MUX + chunked(encode_frame(1, b"hello\n") + encode_frame(2, b"ab"), 11))) == [
        "< b", "< b", "< stdout: hello", "< 2", "< stderr: ab", "< 0", "<"]
    assert lines_of_body(("<", b"HTTP/1.1 200 OK\r\n" + chunked(b"one\ntwo\n", 5))) == [
        "< 5", "< one", "< 3", "< two", "< 0", "<"]
    broken = lines_of_body(("<", JSON + chunked(b'{"a":1]}', 5)))
    assert (broken[:2] + broken[3:] == ["< 5", "< 3", '< {"a":1]}', "< 0", "<"]
            and broken[2].startswith("! in the body"))


def test_an_element_that_chunks_cut_is_folded_once():
    lines = lines_of_body(("<", MUX + chunked(encode_frame(1, b"x" * 5000) + encode_frame(2, b"y"), 400)))
    assert [len(line) for line in lines] == [5, 5, 5, 10 + 1000, len("< stdout: … 4000 bytes more"), 11, 3, 1]
    lines = lines_of_body(("<", JSON + chunked(b'{"a":"' + b"x" * 3000 + b'"}', 600)))
    assert [line for line in lines if len(line) < 50] == ["< 258", "< 258", "< … 2008 bytes more", "< 0", "<"]


CONVERSATION = (
    (">", b"POST /v1.41/images/create?fromImage=x&tag=2.8 HTTP/1.1\r\nHost: d\r\n"
          b"X-Registry-Auth: c2VjcmV0\r\n\r\n"),
    ("<", JSON + chunked(b'{"status":"Pulling fs layer","progressDetail":{},"id":"35da208088e4"}\r\n'
                         b'{"Id":"%s"}\n' % (b"0f" * 32), 200)),
    (">", ATTACH),
    ("<", RAW + FRAMES
     + encode_frame(2, b"[1] 24 Jul 13:05:22.123 # Server started, Redis version 2.8.23\n")),
    ("<", "close"))


def test_a_conversation_on_a_screen_of_80_and_of_50_columns():
    assert shown(*CONVERSATION, widths=(80, 80))[0].splitlines()[:14] == """\
> POST /v1.41/images/create?fromImage=x&tag=2.8 HTTP/1.1
                                                  # ImageCreate: pull an image
                                                  # (fromImage), or import a
                                                  # filesystem (fromSrc)
> Host: d
> X-Registry-Auth: ********                       # the credentials for the
                                                  # registry, JSON in base64url:
                                                  # keep them secret
>
< HTTP/1.1 200 OK                                 # it worked
< Content-Type: application/json                  # the body is JSON: one value,
                                                  # or a message a line
< Transfer-Encoding: chunked                      # the body comes in chunks,
                                                  # each with its size; one of""".splitlines()
    assert shown(*CONVERSATION, widths=(50, 50))[0].splitlines()[:13] == """\
> POST /v1.41/images/create?fromImage=x&tag=2.8\x20
  HTTP/1.1
    # ImageCreate: pull an image (fromImage), or
    # import a filesystem (fromSrc)
> Host: d
> X-Registry-Auth: ********
    # the credentials for the registry, JSON in
    # base64url: keep them secret
>
< HTTP/1.1 200 OK  # it worked
< Content-Type: application/json
    # the body is JSON: one value, or a message a
    # line""".splitlines()


def cut_words(lines, start=""):
    """The words that the ends of lines cut, but for those longer than any line: `start` is what continued
    lines begin with.
    """
    found = []
    for line, following in zip(lines, lines[1:]):
        if (following.startswith(start) and re.search("[A-Za-z0-9]$", line)
            and re.match(re.escape(start) + "[A-Za-z0-9]", following)):
            found.append(re.search("[A-Za-z0-9]+$", line).group()
                         + re.match(re.escape(start) + "([A-Za-z0-9]+)", following).group(1))
    return found


@pytest.mark.parametrize("width", [40, 50, 63, 80, 100])
@pytest.mark.parametrize("colour", [False, True])
def test_a_transcript_fits_its_screen_and_breaks_at_words(width, colour):
    text = re.sub("\x1b\\[[0-9;]*m", "", shown(*CONVERSATION, widths=(width, width), colour=colour)[0])
    assert max(map(len, text.splitlines())) <= width
    assert cut_words(text.splitlines(), "  ") in ([], ["0f" * 32])
    # Without the explanations it is, joined again, what it is on a screen without an end.
    wire = "".join(re.sub(r" {2,}# .*", "", line) if line[0] in "<>*!"
                   else re.sub("^ {2}(?! *# )| +# .*", "", line) + "\n" * (line[:2] != "  ")
                   for line in text.splitlines(True))
    whole = "".join(re.sub(r"  +# .*\n", "", line) for line in shown(*CONVERSATION)[0].splitlines(True))
    assert wire.replace("\n", "").replace(" ", "") == whole.replace("\n", "").replace(" ", "")


@given(st.text(alphabet="ab1 ,/:=\\x0{}[]\"", max_size=200), st.integers(min_value=20, max_value=90))
def test_a_broken_line_adds_up_and_fits(text, room):
    pieces = broken_line(text, room)
    assert "".join(pieces) == text and all(0 < len(piece) <= room for piece in pieces if text)
    for word in cut_words(pieces):
        assert len(word) > room // 4


@given(st.lists(st.text(alphabet="ab1,/:", min_size=1, max_size=30), max_size=60),
       st.integers(min_value=20, max_value=90))
def test_wrapped_words_fit_and_stay_in_order(words, room):
    lines = wrapped_words(" ".join(words), room)
    assert max(map(len, lines)) <= room
    assert "".join(lines).replace(" ", "") == "".join(words)
    shown_words = iter(" ".join(lines).split())
    assert all(word in shown_words for word in words if len(word) <= room)   # whole, and in their order


@pytest.mark.parametrize("environment, columns",
                         [({"COLUMNS": "50"}, 50), ({"COLUMNS": "7"}, 40), ({"COLUMNS": "0"}, 72),
                          ({"COLUMNS": "x"}, 72), ({}, 72)])
def test_the_width_is_columns_or_the_terminals(monkeypatch, environment, columns):
    import fcntl
    import struct
    import termios
    monkeypatch.delenv("COLUMNS", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    master, slave = os.openpty()
    reading, writing = os.pipe()
    try:
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 72, 0, 0))
        assert output_width(slave) == columns and output_widths(slave) == (columns, columns)
        known = columns if columns != 72 else None
        assert output_width(writing) == known and output_widths(writing) == (known or 80, known)
    finally:
        for descriptor in (master, slave, reading, writing):
            os.close(descriptor)


CAPTURES = {
    "frames": MUX + chunked(FRAMES, 5, b"X-T: v\r\n"),
    "messages": JSON + chunked(b'{"a":1}\n{"b":\n2}\n', 4) + JSON + sized(b"[1]"),
    "an array behind blanks": JSON + chunked(b"\r\n [1]\n", 2),
    "fields that contradict each other":
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "text": b"HTTP/1.1 200 OK\r\n" + sized(b"one\ntwo\nthree") + b"HTTP/1.1 204 No Content\r\n\r\n",
    "a long text": b"HTTP/1.1 200 OK\r\n" + chunked(b"line\n" * 300, 100),
    "a broken chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\nmore",
    "broken messages": JSON + sized(b'{"a":1}\n{]\nx'),
    "broken frames": MUX + sized(FRAMES[:14] + b"\x07ab\nc"),
    "a cut body": JSON + sized(b'{"a":1}\n{"b":2}')[:-3],
    "cut frames": MUX + sized(FRAMES[:-3]),
    "a cut head": b"HTTP/1.1 200 OK\r\nServer: Do",
}
STATUSES = {"a broken chunk": 1, "fields that contradict each other": 1, "broken messages": 1,
            "broken frames": 1, "a cut body": 3, "cut frames": 3, "a cut head": 3}


@pytest.mark.parametrize("name", sorted(CAPTURES))
@settings(max_examples=20)
@given(cuts=st.lists(st.integers(min_value=0, max_value=2000), max_size=5), one_byte=st.booleans())
def test_any_split_gives_the_same_transcript(name, cuts, one_byte):
    data = CAPTURES[name]
    ends = (list(range(1, len(data))) if one_byte and len(data) < 300
            else sorted(set(cut % (len(data) + 1) for cut in cuts)))
    pieces = [("<", data[start:end]) for start, end in zip([0] + ends, ends + [len(data)]) if end > start]
    whole, status = shown(("<", data))
    assert status == STATUSES.get(name, 0)
    text, split_status = shown(*pieces)
    assert split_status == status
    if name == "a broken chunk":   # how much of what is not read came with the bad byte depends on the cuts
        text, whole = [one.partition("< zz")[0].partition("< z\n")[0] for one in (text, whole)]
    assert re.sub("saw '.*' ", "", text) == re.sub("saw '.*' ", "", whole)


captures = st.one_of(st.binary(max_size=60), st.lists(st.sampled_from(
    [b"HTTP/1.1 200 OK\r\n", b"\r\n", b"GET / HTTP/1.1\r\n", b"Content-Length: 9\r\n",
     b"Transfer-Encoding: chunked\r\n", b"4\r\n\x1b[2J\r\n", b"0\r\n\r\n",
     b"Content-Type: application/json\r\n", b'{"\x9b":1}\n', b"\x01\0\0\0\0\0\0\x03a\x07c",
     b"\xc2\x9b\xe2\x80\xae", ATTACH, RAW, b"A: \xff\x85b\r\n"]), max_size=10).map(b"".join))


@given(st.lists(st.tuples(st.sampled_from("><"), captures), max_size=6), st.booleans())
def test_nothing_on_the_wire_controls_the_terminal(pieces, colour):
    paper = Paper()
    recording = recording_of(*pieces)
    recording.take(1, WireEvent(99.0, "", "note", b"\x1b[31m\x9b\xc2\x9b"))
    show_recording(recording, paper, colour)
    text = paper.text
    if colour:
        text = re.sub("\x1b\\[(?:1;)?[0-9]+m|\x1b\\[0m", "", text)
    lines = list(hexdump_lines(AnnotatedRecording(recording)))
    for line in text.split("\n") + lines:
        assert not re.search("[\x00-\x1f\x7f-\x9f\u202e]", line), line


def test_printable_text():
    assert (printable_text(b"a\tb\x1b[0m\xff\xc2\x85\xe2\x80\xae caf\xc3\xa9")
            == "a\\tb\\x1b[0m\\xff\\u0085\\u202e caf\xe9")


def test_what_hides_between_letters_is_shown():
    assert printable_text("a\u202eb\u2060c\ufff9d\U000e0041e") == "a\\u202eb\\u2060c\\ufff9d\\U000e0041e"


def test_a_typed_request_to_an_engine_is_one_and_a_captured_one_is_not():
    typed = b"POST /x HTTP/1.0\r\nContent-Length: 2\n\n{}"
    text, status = shown((">", "open"), (">", typed), ("<", b"HTTP/1.0 204 No Content\r\n\r\n"),
                         ("<", "close"))
    assert status == 0 and "> POST /x HTTP/1.0" in text and "> {}" in text
    assert shown((">", typed))[1] == 1


def test_connections_have_numbers_and_are_shown_in_order_of_time():
    paper = Paper()
    recording = Recording(started=0.0)
    for seconds, number, direction, data in ((0.3, 1, "<", b"HTTP/1.1 204 No Content\r\n\r\n"),
                                             (0.1, 1, ">", b"GET /a HTTP/1.1\r\n\r\n"),
                                             (0.2, 2, ">", b"GET /b HTTP/1.1\r\n\r\n")):
        recording.take(number, WireEvent(seconds, direction, "data", data))
    show_recording(recording, paper)
    assert [line.split("  ")[0] for line in paper.text.splitlines() if "HTTP/1.1" in line] == [
        "1> GET /a HTTP/1.1", "2> GET /b HTTP/1.1", "1< HTTP/1.1 204 No Content"]


def test_long_bodies_are_folded_and_counted():
    text, _ = shown(("<", b"HTTP/1.1 200 OK\r\n" + chunked(b"x" * 100 + b"\n", 101)),
                    ("<", b"HTTP/1.1 200 OK\r\n" + chunked((b"x" * 99 + b"\n") * 3000, 4096)))
    assert text.count("x" * 99) == 11 and "< … 299000 bytes more\n" in text
    assert text.count("a chunk of") == 2   # those of bytes that are only counted are not shown
    text, _ = shown(("<", b"HTTP/1.1 200 OK\r\n" + sized(b"ustar\0" + b"\0" * 5000)))
    assert "< … 4942 bytes more\n" in text and len(text) < 1000
    text, _ = shown(("<", MUX + sized(encode_frame(1, b"y" * 1001) + encode_frame(2, b"z\n"))))
    text = text.replace("  # a frame: its type (stdin, stdout or stderr) and its length come first", "")
    assert "< stdout: " + "y" * 1000 + "\n< stdout: … 1 byte more\n< stderr: z\n" in text
    text, _ = shown((">", b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n\r\n"))
    assert "… 4014 characters more" in text and len(text) < 1200


def test_what_streams_is_shown_as_it_comes():
    paper = Paper()
    sink = TranscriptSink(paper)

    def comes(data, direction="<"):
        before = len(paper.text)
        sink.take(7, WireEvent(0.0, direction, "data", data))
        return paper.text[before:]

    comes(ATTACH, ">")
    assert comes(RAW).endswith("7<\n")
    assert comes(b"/ # ") == "7< / # \n"          # a prompt, without a line end
    assert comes(b"ls\n", ">") == "7> ls\n"
    assert comes(b"\x1b[0mbin\r\n") == "7< \\x1b[0mbin\\r\n"


def test_the_engines_own_error_and_a_broken_body_are_shown():
    text, status = shown(("<", MUX + sized(encode_frame(3, b"no such\x07 thing"))))
    assert "< system error: no such\\x07 thing" in text and status == 0
    text, status = shown(("<", CAPTURES["broken messages"]))
    assert ('< {"a":1}\n! in the body, byte 9: expected' in text and "(RFC 8259)" in text
            and "< {]\n< x\n" in text and status == 1)
    text, status = shown(("<", CAPTURES["a broken chunk"]), ("<", b"and more"))
    assert ("! byte 54: expected a chunk size" in text and "< … 8 bytes more, not read\n" in text and status
            == 1)


@pytest.mark.parametrize("kind, body, ends", [
    (b"application/json", b"\r\n", 0), (b"application/json", b"", 0),
    (b"application/vnd.docker.raw-stream", b"\1\0\0", 3)])
@pytest.mark.parametrize("sized_too", [True, False])
def test_a_body_that_ends_before_it_tells_what_it_is(kind, body, ends, sized_too):
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n" % kind
    text, status = shown((">", b"GET /containers/x/logs HTTP/1.1\r\n\r\n"),
                         ("<", answer + (sized(body) if sized_too else b"\r\n" + body)), ("<", "close"))
    assert status == ends and "".join("\\x%02x" % byte for byte in body if byte < 9) in text


def test_a_client_that_leaves_early_cut_nothing():
    pieces = [(">", b"GET /events HTTP/1.1\r\n\r\n"),
              ("<", JSON + b"Transfer-Encoding: chunked\r\n\r\n8\r\n{\"a\":1}\n")]
    assert shown(*(pieces + [("<", "close")]))[1] == 3
    text, status = shown(*(pieces + [(">", "close")]))
    assert status == 0 and "!" not in text and text.endswith("* the client closed the connection\n")
    text, _ = shown((">", "half-close"), ("<", "reset"))
    assert "* the client will send no more\n* the engine reset the connection\n" in text


def test_secrets_are_shown_only_with_the_flag():
    pieces = [(">", b"POST /auth HTTP/1.1\r\nContent-Type: application/json\r\n"
               + sized(b'{"password":"hunter2"}'))]
    assert '{"password":"*******"}' in shown(*pieces)[0]
    assert '{"password":"hunter2"}' in shown(*pieces, redact=False)[0]
    for redact in (True, False):
        lines = list(hexdump_lines(AnnotatedRecording(recording_of(*pieces), redact)))
        assert any("ter2" in line for line in lines) is not redact


def test_connections_that_the_client_has_closed_are_not_kept():
    import gc
    import tracemalloc
    sink = TranscriptSink(None)

    def pass_connections(numbers):
        for number in numbers:
            sink.take(number, WireEvent(0.0, ">", "data", b"GET / HTTP/1.1\r\n\r\n"))
            sink.take(number, WireEvent(0.0, ">", "close", b""))
    pass_connections(range(1, 100))
    tracemalloc.start()
    try:
        pass_connections(range(100, 1000))
        gc.collect()   # who reads a connection and who shows it know each other
        assert tracemalloc.get_traced_memory()[0] < 1 << 20
    finally:
        tracemalloc.stop()
    sink.finish()


def test_a_long_body_is_not_held():
    import tracemalloc
    sink = TranscriptSink(Paper())
    sink.take(1, WireEvent(0.0, "<", "data", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"))
    piece = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    sink.take(1, WireEvent(0.0, "<", "data", piece))
    tracemalloc.start()
    try:
        for _ in range(500):
            sink.take(1, WireEvent(0.0, "<", "data", piece))
        assert tracemalloc.get_traced_memory()[0] < 1 << 18
    finally:
        tracemalloc.stop()


def test_colour_is_for_terminals(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    master, slave = os.openpty()
    reading, writing = os.pipe()
    try:
        assert wants_colour(slave) and not wants_colour(writing)
        monkeypatch.setenv("TERM", "dumb")
        assert not wants_colour(slave)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("NO_COLOR", "1")
        assert not wants_colour(slave)
    finally:
        for descriptor in (master, slave, reading, writing):
            os.close(descriptor)
    uncoloured, coloured = shown(("<", CAPTURES["text"]))[0], shown(("<", CAPTURES["text"]), colour=True)[0]
    assert uncoloured != coloured and "\x1b" not in uncoloured
    assert ([line.rstrip() for line in re.sub("\x1b\\[[0-9;]*m", "", coloured).splitlines()]
            == uncoloured.splitlines())


# ---- hexdump

def dumped_bytes(lines):
    return b"".join(bytes.fromhex(line[10:57].replace(" ", "")) for line in lines
                    if re.match("[0-9a-f]{8}  [0-9a-f]{2}", line))


@pytest.mark.parametrize("name", sorted(set(CAPTURES) - {"a long text"}))
def test_a_hexdump_has_every_byte_and_every_role(name):
    lines = list(hexdump_lines(AnnotatedRecording(recording_of(("<", CAPTURES[name])))))
    assert dumped_bytes(lines) == CAPTURES[name]
    roles = [span.role for span in annotate(recording_of(("<", CAPTURES[name])))[0].responses.spans]
    explained = [line[79:].strip() for line in lines if re.match("[0-9a-f]{8}  ", line) and line[79:].strip()]
    assert len(explained) == len(roles) and all(line.startswith(role) for line, role in zip(explained, roles))


def test_a_hexdump_folds_long_spans_and_shows_what_is_broken():
    recording = recording_of(("<", b"HTTP/1.1 200 OK\r\n" + sized(b"x" * 1000)))
    lines = list(hexdump_lines(AnnotatedRecording(recording)))
    assert any(line.endswith("… 936 bytes more") for line in lines)
    lines = list(hexdump_lines(AnnotatedRecording(recording_of(("<", CAPTURES["a broken chunk"])))))
    assert (any("malformed" in line and "[RFC 9112 §7.1]" in line for line in lines)
            and lines[-1].startswith("! byte 54"))


@pytest.mark.parametrize("width", [40, 50, 80, 110, 140])
@pytest.mark.parametrize("name", ["frames", "a broken chunk", "messages"])
def test_a_hexdump_fits_its_screen(name, width):
    lines = list(hexdump_lines(AnnotatedRecording(recording_of(("<", CAPTURES[name]))), width=width))
    assert max(map(len, lines)) <= width
    rows = [re.match("[0-9a-f]{8} ((?: [0-9a-f]{2})+)", line) for line in lines]
    assert b"".join(bytes.fromhex(row.group(1)) for row in rows if row) == CAPTURES[name]
    explained = " ".join(" ".join(line[79:] if row else line for line, row in zip(lines, rows)).split())
    for role in ("version", "status code", "field value", "[RFC 9112 §2.3]",
                 "Carriage return and line feed end a line; an empty line ends the head."):
        assert role in explained
