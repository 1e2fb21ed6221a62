"""JSON messages in a stream: pull progress, events, stats.

Engines separate the objects by CRLF or LF (or begin each with RS, RFC 7464); chunk
boundaries mean nothing, and UTF-8 may be cut anywhere. So the bytes are held until an
object is whole, and only then decoded.

Strategy: where a line end has come and the line is one object, `json` takes it whole (the
usual case). Otherwise one expression hops from bracket to quote, remembering where it
stopped: linear however the bytes are cut, and an object without a line end behind it is
given out the moment its last brace arrives.

Refused: anything but objects between the separators, NaN and Infinity, a bracket that closes
another, bytes that are not UTF-8, an object over MAX_MESSAGE_BYTES. What ends inside an
object is TruncatedError.
"""
import json

from ..errors import ProtocolError, TruncatedError
from .feed import label_span, values_or_error
from .grammar import LazyPattern

MAX_MESSAGE_BYTES = 16 << 20   # bufio.Scanner stops at 64 KiB, docker-py never: build traces reach a few MiB

MAX_INTEGER_DIGITS = 4300      # CPython's own bound since 3.10.7; without one, decoding digits costs their square

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


scan_json = json.JSONDecoder(parse_constant=refuse_constant).scan_once   # raw_decode without its Python around
decode_short_json = json.JSONDecoder(parse_constant=refuse_constant).decode
decode_long_json = json.JSONDecoder(parse_constant=refuse_constant, parse_int=bounded_json_int).decode


def decode_json_bytes(raw):
    text = raw.decode("utf-8")
    # A short text has no room for an integer that is too long, and need not be asked about each.
    return decode_short_json(text) if len(text) <= MAX_INTEGER_DIGITS else decode_long_json(text)


class MessageReader:
    """feed(bytes) → list of dicts; feed_eof() → None or TruncatedError. `labels`, `offset` as in ChunkedReader.

    >>> MessageReader().feed(b'{"status":"Waiting"}\\r\\n{"sta')
    [{'status': 'Waiting'}]
    """

    def __init__(self, labels=None, offset=0):
        self.error = None
        self._labels = labels
        self._offset = offset       # of the first byte held
        self._held = bytearray()
        self._scanned = 0           # bytes of the present object the scanner has passed
        self._closers = bytearray() # the brackets that must close there, innermost last
        self._in_string = False

    def feed(self, data):
        if self.error is not None:
            raise self.error
        messages = []
        try:
            if self._labels is None:
                data = bytes(data)
                if self._held:   # the line that a receipt has cut, and then the fast lane again
                    end = data.find(b"\n") + 1 or len(data)
                    self._held += data[:end]
                    data = data[end:]
                    self._take_held(messages)
                if not self._held:
                    data = self._short_lines(data, messages)
            if data:
                self._held += data
                self._take_held(messages)
        except ProtocolError as error:
            self.error = error
        return values_or_error(messages, self.error)

    def _take_held(self, messages):
        """Append the messages that are whole in what is held, and let go of their bytes."""
        at = 0
        mixed_until = 0             # no line that begins before here is one object: scan, do not try it again
        try:
            while True:
                start = JSON_SEPARATORS.match(self._held, at).end()
                label_span(self._labels, self._offset + at, self._offset + start, "separator")
                at = start
                if at == len(self._held):
                    break
                message = None
                if at >= mixed_until and not self._scanned:
                    message, end = self._whole_line(at)
                    mixed_until = end
                if message is None:
                    end = self._scan_object(at)
                    if end < 0:
                        break
                    message = self._decode(at, end)
                messages.append(message)
                label_span(self._labels, self._offset + at, self._offset + end, "JSON message")
                at = end
        finally:
            del self._held[:at]
            self._offset += at

    def _short_lines(self, data, messages):
        """Append the messages of `data` while each is a short line of its own, as engines write them → the rest.

        Whatever is not so plain, mistakes too, is left in the rest, where all cases are known.
        """
        size = data.rfind(b"\n") + 1
        try:
            text = data[:size].decode("utf-8")
        except UnicodeDecodeError:
            return data
        at, find, decode = 0, text.find, scan_json
        try:
            while text[at] == "{":
                end = find("\n", at)
                if end - at > MAX_INTEGER_DIGITS:
                    break
                message, stop = decode(text, at)
                if stop != end and text[stop:end] != "\r":
                    break
                messages.append(message)
                at = end + 1
        except (IndexError, ValueError, StopIteration, RecursionError):   # the end of the text, or a mistake
            pass
        used = at if size == len(text) else len(text[:at].encode("utf-8"))
        self._offset += used
        return data[used:]

    def _whole_line(self, start):
        """(message, its end) if the line at `start` has ended and is one object, else (None, where to try again)."""
        limit = start + MAX_MESSAGE_BYTES
        end = self._held.find(b"\n", start, limit)
        if end < 0:
            return None, limit
        line = self._held[start:end].rstrip()
        try:
            message = decode_json_bytes(line)
        except (ValueError, RecursionError):   # two objects, or one on several lines, or a mistake: the scanner tells
            return None, end
        return (message, start + len(line)) if isinstance(message, dict) else (None, end)

    def _scan_object(self, start):
        """The index after the object that begins at `start`, or -1: need more."""
        held, closers = self._held, self._closers
        size = len(held)
        limit = start + MAX_MESSAGE_BYTES   # nothing beyond is looked at: cut anywhere, the verdict is the same
        if held[start] != 0x7b:
            raise ProtocolError(JSON_RULE, self._offset + start, held[start:start + 32], "a JSON object")
        at = start + self._scanned
        while True:
            match = (JSON_STRING_MARK if self._in_string else JSON_MARK).search(held, at, limit)
            if match is None:
                at = min(size, limit)
                break
            at = match.end()
            mark = match.group()
            if self._in_string:
                if mark == b'"':
                    self._in_string = False
                elif at == size:
                    at -= 1        # the escaped byte has not come: meet the backslash again
                    break
                else:
                    at += 1
            elif mark == b'"':
                self._in_string = True
            elif mark in JSON_CLOSERS:
                closers += JSON_CLOSERS[mark]
            elif closers.pop() != mark[0]:
                raise ProtocolError(JSON_RULE, self._offset + at - 1, held[at - 1:at + 15], "the bracket that closes the last one opened")
            elif not closers:
                self._scanned = 0
                return at
        if size > limit:
            raise ProtocolError("rawdock limit", self._offset + limit, held[limit:limit + 32],
                                "a JSON message of at most %d bytes" % MAX_MESSAGE_BYTES)
        self._scanned = at - start
        return -1

    def _decode(self, start, end):
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
        raise ProtocolError(JSON_RULE, self._offset + start + wrong, raw[wrong:], expected)

    def feed_eof(self):
        """The stream has ended. TruncatedError if it ended inside a message."""
        if self.error is not None:
            raise self.error
        if self._held:
            self.error = TruncatedError("a JSON message", self._offset + len(self._held), None, len(self._held), JSON_RULE)
            raise self.error
