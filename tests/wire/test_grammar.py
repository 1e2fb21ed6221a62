import pytest

from rawdock.wire.grammar import (CHUNK_EXTENSION, CHUNK_SIZE, CONTENT_LENGTH, FIELD_PAIR, FIELD_VALUE,
                                  REQUEST_HEAD, RESPONSE_HEAD, STRAY_CONTROL, TARGET, TOKEN, TRAILER_SECTION)

LONG = 65536   # the bound of a head: no text that reaches these expressions is longer


@pytest.mark.parametrize("pattern, accepted, refused", [
    (TOKEN, ["a", "GET", "!#$%&'*+-.^_`|~09azAZ"],
     ["", "a b", "a:", "a\n", "(a)", "\xe9", "a/b", '"a"', "a,", "{", "a\x00"]),
    (TARGET, ["/", "*", "/a?b=%20&c", "http://docker/v1.41/info"],
     ["", "/a b", "/\n", "/\x7f", "/\xe9", "/\t"]),
    (FIELD_VALUE, ["", "a", "a b", "a\tb", "\xe9", "!", "a  b"],
     [" ", " a", "a ", "\ta", "a\r", "a\nb", "a\x00b", "a\x7f", "\u20ac", "a\n"]),
    (CONTENT_LENGTH, ["0", "00", "1024", "9" * 19],
     ["", "+3", "-1", "1_0", "0x3", "3,4", " 3", "3 ", "3\n", "9" * 20, "\u0663", "\xb2", "1.0"]),
], ids=["token", "target", "field value", "content-length"])
def test_whole_texts(pattern, accepted, refused):
    assert [text for text in accepted if not pattern.fullmatch(text)] == []
    assert [text for text in refused if pattern.fullmatch(text)] == []


@pytest.mark.parametrize("data, place", [
    (b"a\r\nb\r\n\r\n", None), (b"a\tb\x80\xff\r", None), (b"a\rb", 1), (b"\nb", 0), (b"ab\n", 2),
    (b"a\r\r\n", 1),
    (b"a\r\n\n", 3), (b"a\x00", 1), (b"ab\x7f", 2), (b"a\x0b", 1), (b"a\x1f", 1),
])
def test_what_may_be_nowhere_in_a_head(data, place):
    match = STRAY_CONTROL.search(data)
    assert (match.start() if match else None) == place


@pytest.mark.parametrize("extension, end", [
    (b"\r\n", 0), (b";a\r\n", 2), (b";a=b\r\n", 4), (b' ; a\t=\t"b c"\r\n', 12), (b';a="\\""\r\n', 7),
    (b";a;b=c;d\r\n", 8),
    (b';a="\xe9"\r\n', 6), (b";\r\n", 0), (b";;a\r\n", 0), (b";a=\r\n", 2), (b';a="b\r\n', 2),
    (b';a="b"c\r\n', 6), (b" \r\n", 0),
    (b";a b\r\n", 2), (b';a="\x00"\r\n', 2), (b";\xe9\r\n", 0), (b";a=b=c\r\n", 4),
])
def test_how_far_a_chunk_extension_goes(extension, end):
    assert CHUNK_EXTENSION.match(extension).end() == end


def test_chunk_sizes_are_hexadecimal_digits_alone():
    assert CHUNK_SIZE.match(b"0aF9;").end() == 4
    assert CHUNK_SIZE.match(b"+1").end() == CHUNK_SIZE.match(b" 1").end() == CHUNK_SIZE.match(b"").end() == 0
    assert CHUNK_SIZE.match(b"0x1").end() == CHUNK_SIZE.match(b"1_0").end() == 1


# Each fails, or fails to go further, only after the longest look that the expression can be made to take.
# With a second way to split such a text they would not come back.
@pytest.mark.parametrize("pattern, text", [
    (RESPONSE_HEAD, "HTTP/1.1 200 " + " " * LONG + "\n"),
    (RESPONSE_HEAD, "HTTP/1.1 200 OK\r\n" + "a" * LONG),
    (RESPONSE_HEAD, "HTTP/1.1 200 OK\r\na:" + " " * LONG + "\x00"),
    (RESPONSE_HEAD, "HTTP/1.1 200 OK\r\n" + "a:\r\n" * (LONG // 4) + "\r"),
    (RESPONSE_HEAD, "HTTP/1.1 200 OK\r\n" + "a: :\t: :\r\n" * (LONG // 10) + "b"),
    (REQUEST_HEAD, "A" * LONG),
    (REQUEST_HEAD, "A " + "/" * LONG),
    (REQUEST_HEAD, "A / HTTP/1.1\r\n" + "a::::::\r\n" * (LONG // 9) + "a"),
    (TRAILER_SECTION, "a: b \r\n" * (LONG // 7) + "\n"),
    (FIELD_VALUE, "a" + " " * LONG + "\x00"),
    (FIELD_VALUE, "a " * (LONG // 2)),
    (TOKEN, "a" * LONG + ":"),
    (TARGET, "/" * LONG + " "),
], ids=lambda value: repr(value[:24]) if isinstance(value, str) else "")
def test_hostile_heads_are_refused_at_once(pattern, text):
    assert pattern.fullmatch(text) is None


@pytest.mark.parametrize("text", [
    b";a=" + b" " * 4096 + b'"', b";a" + b" " * 4096, b";" + b" " * 4096, b';a="' + b"\\\\" * 2048,
    b';a="' + b'\\"' * 2048,
    b";a" * 2048 + b";", b';a="b" ' * 600 + b"=", b';a="' + b';a="' * 1024, b" ;\ta\t=\tb\t" * 400 + b"\x00",
], ids=lambda text: repr(text[:12]))
def test_hostile_chunk_extensions_are_matched_at_once(text):
    assert CHUNK_EXTENSION.match(text).end() < len(text)


def test_a_block_of_fields_is_taken_apart_once():
    assert FIELD_PAIR.findall("a:b\r\nc: \t d \r\ne:\r\n" + "f:" + " " * LONG
                              + "\r\n") == [("a", "b"), ("c", "d "), ("e", ""), ("f", "")]
