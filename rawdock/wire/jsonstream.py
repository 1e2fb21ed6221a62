"""JSON messages in a stream: pull progress, events, stats.

Engines separate the objects by CRLF or LF (or begin each with RS, RFC 7464); chunk
boundaries mean nothing, and UTF-8 may be cut anywhere. So the bytes are held until an
object is whole, and only then decoded.

Strategy: where a line has ended and is one object, `json` takes it whole (the usual case). Otherwise
JSONObjectScanner hops from bracket to quote with one expression and remembers where it stopped: that is
linear however the bytes are cut, and an object without a line end behind it is given out the moment its
last brace arrives.

Refused: anything but objects between the separators, NaN and Infinity, a bracket that closes
another, bytes that are not UTF-8, an object over MAX_MESSAGE_BYTES. What ends inside an
object is TruncatedError.
"""
import json

from ..errors import ProtocolError, TruncatedError
from .grammar import LazyPattern
from .reader import WireReader, label_span

MAX_MESSAGE_BYTES = 16 << 20   # bufio.Scanner stops at 64 KiB, docker-py never: build traces reach a few MiB

MAX_INTEGER_DIGITS = 4300      # CPython's own bound since 3.10.7: decoding digits costs their square

JSON_RULE = "RFC 8259"
JSON_SEPARATORS = LazyPattern(rb"[\x1e\r\n\t ]*")
JSON_MARK = LazyPattern(rb'["{}\[\]]')
JSON_STRING_MARK = LazyPattern(rb'["\\]')
JSON_CLOSERS = {b"{": b"}", b"[": b"]"}


def refuse_constant(word):
    raise ValueError("%s is not JSON" % word)


def bounded_json_int(digits):
    if len(digits) > MAX_INTEGER_DIGITS:
        raise ValueError("an integer of %d digits" % len(digits))
    return int(digits)


decode_strict_json = json.JSONDecoder(parse_constant=refuse_constant).decode
decode_bounded_json = json.JSONDecoder(parse_constant=refuse_constant, parse_int=bounded_json_int).decode


def decode_json_bytes(raw):
    """bytes → the value of one JSON text. ValueError or RecursionError if it is none that is taken here."""
    text = raw.decode("utf-8")
    # A text that is shorter than the longest integer allowed needs no bound for each of its integers.
    return decode_strict_json(text) if len(text) <= MAX_INTEGER_DIGITS else decode_bounded_json(text)


class JSONObjectScanner:
    """Finds where an object ends in bytes that arrive piece by piece, without looking at a byte twice.

        state         what is looked for         then
        outside       bracket or quote           inside a string, or outside one level deeper or less deep
        in a string   quote or backslash         outside; behind a backslash one byte is passed over
    """

    def __init__(self):
        self.scanned = 0              # bytes of the object that were looked at
        self._closers = bytearray()   # the brackets that must close, innermost last
        self._in_string = False

    def find_end(self, held, start, offset):
        """The index after the object that begins at index `start` of `held`, or -1: need more.

        `offset` is where `held` begins in the stream, for the ProtocolError. Nothing beyond MAX_MESSAGE_BYTES
        is looked at, so that the verdict does not depend on how the bytes were cut.
        """
        limit = start + MAX_MESSAGE_BYTES
        if held[start] != 0x7b:
            raise ProtocolError(JSON_RULE, offset + start, held[start:start + 32], "a JSON object")
        at = start + self.scanned
        while True:
            match = (JSON_STRING_MARK if self._in_string else JSON_MARK).search(held, at, limit)
            if match is None:
                at = min(len(held), limit)
                break
            at = match.end()
            mark = match.group()
            if mark == b"\\":
                if at == len(held):
                    at -= 1        # the escaped byte has not come: meet the backslash again
                    break
                at += 1
            elif mark == b'"':
                self._in_string = not self._in_string
            elif mark in JSON_CLOSERS:
                self._closers += JSON_CLOSERS[mark]
            elif self._closers.pop() != mark[0]:
                raise ProtocolError(JSON_RULE, offset + at - 1, held[at - 1:at + 15],
                                    "the bracket that closes the last one opened")
            elif not self._closers:
                self.scanned = 0
                return at
        if len(held) > limit:
            raise ProtocolError("rawdock limit", offset + limit, held[limit:limit + 32],
                                "a JSON message of at most %d bytes" % MAX_MESSAGE_BYTES)
        self.scanned = at - start
        return -1


class MessageReader(WireReader):
    """Takes JSON messages: appends a dict for each.

        state         what is read                       then
        between       separators                         message
        message       an object                          between

    >>> MessageReader().feed(b'{"status":"Waiting"}\\r\\n{"sta')
    [{'status': 'Waiting'}]
    """

    def __init__(self, labels=None, offset=0):
        WireReader.__init__(self, labels, offset)   # `offset` is that of the first byte held
        self._held = bytearray()
        self._scanner = JSONObjectScanner()

    def take(self, data, at, out):
        """Append the messages that data[at:] completes → the end of the data, all of which is used."""
        self._held += data[at:]
        held, at = self._held, 0
        no_line_before = 0   # lines that begin before this index are not one object each: they are scanned
        try:
            while True:
                start = JSON_SEPARATORS.match(held, at).end()
                label_span(self._labels, self.offset + at, self.offset + start, "separator")
                at = start
                if at == len(held):
                    break
                message = None
                if at >= no_line_before and not self._scanner.scanned:
                    message, end = self._decode_line(at)
                    no_line_before = end
                if message is None:
                    end = self._scanner.find_end(held, at, self.offset)
                    if end < 0:
                        break
                    message = self._decode_object(at, end)
                out.append(message)
                label_span(self._labels, self.offset + at, self.offset + end, "JSON message")
                at = end
        finally:
            del held[:at]
            self.offset += at
        return len(data)

    def _decode_line(self, start):
        """(message, its end) if the line at `start` is whole and one object, else (None, the line's end)."""
        limit = start + MAX_MESSAGE_BYTES
        end = self._held.find(b"\n", start, limit)
        if end < 0:
            return None, limit
        line = self._held[start:end].rstrip()
        try:
            message = decode_json_bytes(line)
        except (ValueError, RecursionError):   # two objects, one on several lines, or a mistake: scan it
            return None, end
        return (message, start + len(line)) if isinstance(message, dict) else (None, end)

    def _decode_object(self, start, end):
        raw = bytes(self._held[start:end])
        try:
            return decode_json_bytes(raw)
        except UnicodeDecodeError as error:
            wrong, expected = error.start, "UTF-8 (RFC 3629)"
        except RecursionError:
            wrong, expected = 0, "JSON nested less deeply"
        except ValueError as error:
            # pos counts characters; the bytes before it may be more.
            pos = getattr(error, "pos", 0)
            wrong = len(raw.decode("utf-8")[:pos].encode("utf-8"))
            expected = "JSON (%s)" % getattr(error, "msg", error)
        raise ProtocolError(JSON_RULE, self.offset + start + wrong, raw[wrong:], expected)

    def _end_of_stream(self):
        got = len(self._held)
        return TruncatedError("a JSON message", self.offset + got, None, got, JSON_RULE) if got else None
