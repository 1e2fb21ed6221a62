"""What generators of inputs draw from: numbers, pieces that break parsers, and changes of what there is."""


class Finding(Exception):
    """A promise was broken: `kind` is short and names the promise, `detail` shows it."""

    def __init__(self, kind, detail=""):
        Exception.__init__(self, "%s: %s" % (kind, detail) if detail else kind)
        self.kind = kind


def require(condition, kind, *shown):
    if not condition:
        raise Finding(kind, " | ".join(repr(one)[:300] for one in shown))


def attempt(refusal, function, *given):
    """(what the function returns, None), or (None, the error) if it raises a `refusal`."""
    try:
        return function(*given), None
    except refusal as error:
        return None, error


class Choices:
    """What generators draw from: the bytes `numbers`, which hypothesis draws, and makes smaller.

    `below(n)` gives a number of 0 to n - 1; 0 is the simplest choice, and all that comes after the last byte.
    """

    def __init__(self, numbers):
        self.numbers = numbers
        self.at = 0

    def used_up(self):
        return self.at >= len(self.numbers)

    def below(self, n):
        size = 1 if n <= 256 else 2 if n <= 65536 else 3
        drawn = self.numbers[self.at:self.at + size]
        self.at += size
        return int.from_bytes(drawn, "big") % n

    def number(self, low, high):
        return low + self.below(high - low + 1)

    def pick(self, several):
        return several[self.below(len(several))]

    def seldom(self, one_in):
        return self.below(one_in) == one_in - 1

    def blob(self, most):
        """bytes: letters, or out of what breaks things, or any."""
        size, kind = self.below(most + 1), self.below(3)
        if kind == 0:
            return (b"abcdefghijklmnopqrstuvwxyz\n" * 2)[:size]
        if kind == 1:
            return b"".join([self.pick(BYTE_TOKENS) for _ in range(size // 2)])
        return bytes([self.below(256) for _ in range(size)])


BYTE_TOKENS = [
    b"\r\n", b"\n", b"\r", b"\r\n\r\n", b" ", b"\t", b"\0", b"\x01", b"\x02", b"\x03", b"\x0b", b"\x0c",
    b"\x1e", b"\x7f", b"\x80", b"\x85", b"\xa0", b"\xc3\xa9", b"\xe2\x82", b"\xff", b":", b";", b"=", b'"',
    b"\\", b",", b"/", b"%", b"?", b"@", b"0", b"1", b"5", b"9", b"a", b"A", b"-", b"+", b"_", b"0x", b"-1",
    b"99999999999999999999", b"ffffffffffffffff", b"00000000000000005", b"{", b"}", b"[", b"]", b"{}",
    b'{"a":', b'"}', b"NaN", b"null", b"1e999", b"\\u", b"\\ud800", b"\xed\xa0\x80", b"\0\0\0\0",
    b"\x01\0\0\0\0\0\0\x02", b"\x03\0\0\0\0\0\0\x01", b"\xff\xff\xff\xff", b"HTTP/1.1 ", b"HTTP/1.0 ",
    b"HTTP/2.0 ", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 \r\n\r\n", b"HTTP/1.1 101 \r\n\r\n", b" 204 ",
    b" 304 ", b"GET ", b"POST ", b"CONNECT ", b"\r\nContent-Length: 5", b"\r\nContent-Length: 5, 5",
    b"Content-Length: ", b"content-length:0\r\n", b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n", b"Transfer-Encoding: gzip\r\n", b"chunked", b",chunked",
    b"Connection: close\r\n", b"Connection: keep-alive\r\n", b"Connection: Upgrade\r\nUpgrade: tcp\r\n",
    b"Host: x\r\n", b"Trailer: x\r\n", b"0\r\n\r\n", b"5\r\nhello\r\n", b";a=b", b';a="', b" ;", b"\r\n ",
    b"\r\n\t", b" : ", b"x:y\r\n"]


TEXT_TOKENS = [
    "", " ", "\t", "\n", "\r", "\r\n", "\0", "\x1f", "\x7f", "\x85", "\xa0", "\xe9", "\xb2", "\u0130",
    "\u0660", "\u2028", "\u212a", "\u3000", "\ud800", "\udc80", "\udcff", "\U0001f600", "a", "Z", "0", "1",
    "9", "-", "+", "_", ".", "..", "/", "//", ":", "::", "@", "%", "%2e", "%2F", "%zz", "?", "#", "&", "=",
    ";", ",", "!", "~", "[", "]", "{", "}", "(", ")", "{{", "}}", '"', "'", "`", "\\", "|", "$", "0x1", "1_0",
    "-1", "1e9", "65535", "65536", "99999999999999999999", "true", "false", "none", "localhost", "127.0.0.1",
    "[::1]", "unix://", "tcp://", "ssh://", "http://", "practice:", "docker.io", "library/", "sha256:",
    "latest", "host", "bridge", "tcp", "udp", "/udp", "no", "always", "on-failure:3", "512m", "1.5g", "k",
    "--", "-it", "-p", "-v", "-e", "--rm", "--name", "80:80", "/a:/b:ro", "K=V", "2024-01-02T03:04:05Z",
    "1h30m"]


def mutated(c, value, tokens, other):
    """`value` (bytes or str), or a part of it, changed in one to four places with pieces of `other`."""
    if c.below(8) == 0:   # the simplest choice: hypothesis makes a finding smaller by it
        at = c.below(len(value) + 1)
        value = value[at:at + c.below(len(value) + 1)]
    for _ in range(1 + c.below(4)):
        at, start = c.below(len(value) + 1), c.below(len(other) + 1)
        end = at + c.below(c.pick((1, 4, 16)) + 1)
        old, kind = value[at:end], c.below(10)
        if kind <= 2:
            new = c.pick(tokens)
        elif kind == 3:
            new = value[:0]
        elif kind == 4:
            new = old * (c.number(3, 300) if c.seldom(40) else 2)
        elif kind == 5:
            new = other[start:start + 1 + c.below(24)]
        elif kind == 6:
            new = bytes([c.below(256)]) if isinstance(value, bytes) else chr(c.below(0x3000))
        elif kind == 7:
            new = old[::-1]
        else:             # what follows is the other's, or nothing
            new, end = other[start:] if kind == 8 else value[:0], len(value)
        value = value[:at] + new + value[end:]
    return value[:70000]


def nasty_text(c, most=3):
    return "".join([c.pick(TEXT_TOKENS) for _ in range(c.below(most + 1))])


def cut(data, places):
    """`data` in pieces, cut at the indices `places`; a place twice gives an empty piece."""
    edges = [0] + sorted(places) + [len(data)]
    return [data[start:end] for start, end in zip(edges, edges[1:])]
