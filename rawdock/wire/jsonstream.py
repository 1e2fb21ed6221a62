"""JSON messages in a stream: pull progress, events, stats.

Engines separate the objects by CRLF or LF, or begin each with RS (RFC 7464). Chunk boundaries mean nothing,
and UTF-8 may be cut anywhere, so bytes are held until an object is complete, and only then decoded.

Strategy: one expression finds the next bracket or quote, and the reader remembers where it stopped. So the
cost is linear however the bytes are cut, and an object is appended when its last brace arrives, also without
a line end. The ends of short objects that are complete in the buffer, the usual case, are found by json.

Refused: anything but objects between the separators, NaN and Infinity, a bracket that closes another, bytes
that are not UTF-8, and an object over MAX_MESSAGE_BYTES. An end inside an object is a TruncatedError.
"""
from ..errors import ProtocolError, TruncatedError
from .grammar import LazyPattern
from .reader import WireReader, label_span

MAX_MESSAGE_BYTES = 16 << 20   # bufio.Scanner stops at 64 KiB, docker-py never: build traces reach a few MiB
MAX_INTEGER_DIGITS = 4300      # CPython's own bound since 3.10.7: decoding digits costs their square

JSON_RULE = "RFC 8259"
JSON_SEPARATORS = LazyPattern(rb"[\x1e\r\n\t ]*")
JSON_SEPARATORS_IN_TEXT = LazyPattern("[\x1e\r\n\t ]*")
JSON_MARK = LazyPattern(rb'["{}\[\]]')
JSON_STRING_MARK = LazyPattern(rb'["\\]')
JSON_CLOSERS = {b"{": b"}", b"[": b"]"}


def refuse_constant(word):
    raise ValueError("%s is not JSON" % word)


def bounded_json_int(digits):
    if len(digits) > MAX_INTEGER_DIGITS:
        raise ValueError("an integer of %d digits" % len(digits))
    return int(digits)


def decode_json(raw, offset=0, parse_int=bounded_json_int):
    """bytes of one JSON text (UTF-8) → its value. ProtocolError if it is malformed, or beyond a limit.

    `offset` is where `raw` begins in its stream. `parse_int` makes ints of str; None is int().
    """
    from json import JSONDecoder   # here, for a Python without json (python3-minimal) has use for the rest
    try:
        return JSONDecoder(parse_constant=refuse_constant, parse_int=parse_int).decode(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        wrong, expected = error.start, "JSON in UTF-8 (RFC 3629)"
    except RecursionError:
        wrong, expected = 0, "JSON nested less deeply"
    except ValueError as error:
        # pos counts characters; the bytes before it may be more.
        wrong = len(raw.decode("utf-8")[:getattr(error, "pos", 0)].encode("utf-8"))
        expected = "JSON (%s)" % getattr(error, "msg", error)
    raise ProtocolError(JSON_RULE, offset + wrong, raw[wrong:], expected)


class MessageReader(WireReader):
    """Takes JSON messages: appends a dict for each.

        state         what is read                       then
        between       separators                         message
        message       an object, to bracket or quote     string, message one level up or down, or between
        string        to quote or backslash              message; after a backslash one byte is skipped

    >>> MessageReader().feed(b'{"status":"Waiting"}\\r\\n{"sta')
    [{'status': 'Waiting'}]
    """

    def __init__(self, labels=None, offset=0):
        from json import JSONDecoder
        WireReader.__init__(self, labels, offset)   # `offset` is that of the first byte held
        self._decode_prefix = JSONDecoder(parse_constant=refuse_constant).raw_decode
        self._held = bytearray()
        self._scanned = 0             # bytes of the object that is being read in which its end is not
        self._closers = bytearray()   # the brackets that must close, innermost last
        self._in_string = False

    def take(self, data, at, out):
        """Append the messages that data[at:] completes → the end of the data, all of which is used."""
        self._held += data[at:]
        held, at = self._held, 0
        try:
            while True:
                start = JSON_SEPARATORS.match(held, at).end()
                label_span(self._labels, self.offset + at, self.offset + start, "separator")
                at = start if start == len(held) else self._take_short_objects(start, out)
                if at == len(held):
                    break
                if at > start:
                    continue
                end = self._find_end(at)
                if end < 0:
                    break
                out.append(decode_json(bytes(held[at:end]), self.offset + at))
                label_span(self._labels, self.offset + at, self.offset + end, "JSON message")
                at = end
        finally:
            del held[:at]
            self.offset += at
        return len(data)

    def _take_short_objects(self, start, out):
        """Append the objects that are complete between `start` and a line end nearby → the index after them.

        _find_end() and decode_json() would find them too, in 19 µs an event in place of 2.4. So few bytes
        need no limit for each integer.
        """
        end = self._held.rfind(b"\n", start, start + MAX_INTEGER_DIGITS)
        if end < 0 or self._scanned or self._labels is not None:
            return start
        at = 0
        try:
            text = self._held[start:end].decode("utf-8")
            while at < len(text):
                message, stop = self._decode_prefix(text, at)
                if type(message) is not dict:
                    break
                out.append(message)
                at = JSON_SEPARATORS_IN_TEXT.match(text, stop).end()
        except (ValueError, RecursionError):   # an object that is not complete here, or a mistake
            pass
        return start + len(text[:at].encode("utf-8")) if at else start

    def _find_end(self, start):
        """The index after the object that begins at index `start` of `_held`, or -1: need more.

        No byte is read twice, and none beyond MAX_MESSAGE_BYTES, so that the result does not depend on how
        the bytes were cut.
        """
        held, limit = self._held, start + MAX_MESSAGE_BYTES
        if held[start] != 0x7b:
            raise ProtocolError(JSON_RULE, self.offset + start, held[start:start + 32], "a JSON object")
        at = start + self._scanned
        while True:
            match = (JSON_STRING_MARK if self._in_string else JSON_MARK).search(held, at, limit)
            if match is None:
                at = min(len(held), limit)
                break
            at, mark = match.end(), match.group()
            if mark == b"\\":
                if at == len(held):
                    at -= 1        # the escaped byte has not come: find the backslash again
                    break
                at += 1
            elif mark == b'"':
                self._in_string = not self._in_string
            elif mark in JSON_CLOSERS:
                self._closers += JSON_CLOSERS[mark]
            elif self._closers.pop() != mark[0]:
                raise ProtocolError(JSON_RULE, self.offset + at - 1, held[at - 1:at + 15],
                                    "the bracket that closes the last one opened")
            elif not self._closers:
                self._scanned = 0
                return at
        if len(held) > limit:
            raise ProtocolError("rawdock limit", self.offset + limit, held[limit:limit + 32],
                                "a JSON message of at most %d bytes" % MAX_MESSAGE_BYTES)
        self._scanned = at - start
        return -1

    def _end_of_stream(self):
        got = len(self._held)
        return TruncatedError("a JSON message", self.offset + got, None, got, JSON_RULE) if got else None
