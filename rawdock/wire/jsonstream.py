"""JSON messages in a stream: pull progress, events, stats.

Engines separate the objects by CRLF or LF (or begin each with RS, RFC 7464); chunk
boundaries mean nothing, and UTF-8 may be cut anywhere. So the bytes are held until an
object is whole, and only then decoded.

Strategy: where a line end has come and the line is one object, `json` takes it whole (the
usual case). Otherwise one expression hops from bracket to quote, remembering where it
stopped: linear however the bytes are cut, and an object without a line end behind it is
given out the moment its last brace arrives.

Refused: anything but objects between the separators, NaN and Infinity, bytes that are not
UTF-8, an object over MAX_MESSAGE_BYTES. What ends inside an object is TruncatedError.
"""
import json
import re

from ..errors import ProtocolError, TruncatedError
from .feed import values_or_error

MAX_MESSAGE_BYTES = 16 << 20   # bufio.Scanner stops at 64 KiB, docker-py never: build traces reach a few MiB

JSON_RULE = "RFC 8259"
JSON_SEPARATORS = re.compile(rb"[\x1e\r\n\t ]*")
JSON_MARK = re.compile(rb'["{}\[\]]')
JSON_STRING_MARK = re.compile(rb'["\\]')


def refuse_constant(word):
    raise ValueError("%s is not JSON" % word)


decode_json_text = json.JSONDecoder(parse_constant=refuse_constant).decode


class MessageReader:
    """feed(bytes) → list of dicts; feed_eof() → None or TruncatedError. `labels`, `offset` as in ChunkedReader."""

    def __init__(self, labels=None, offset=0):
        self.error = None
        self._labels = labels
        self._offset = offset       # of the first byte held
        self._held = bytearray()
        self._scanned = 0           # bytes of the present object the scanner has passed
        self._depth = 0             # brackets open there
        self._in_string = False

    def feed(self, data):
        if self.error is not None:
            raise self.error
        self._held += data
        messages = []
        at = 0
        mixed_until = 0             # a line that was not one object: its objects are scanned, not tried again
        try:
            while True:
                start = JSON_SEPARATORS.match(self._held, at).end()
                self._label(at, start, "separator")
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
                self._label(at, end, "JSON message")
                at = end
        except ProtocolError as error:
            self.error = error
        del self._held[:at]
        self._offset += at
        return values_or_error(messages, self.error)

    def _whole_line(self, start):
        """(message, its end) if the line at `start` has ended and is one object, else (None, end of the line)."""
        end = self._held.find(b"\n", start)
        if end < 0:
            return None, start
        try:
            message = decode_json_text(self._held[start:end].decode("utf-8"))
        except (ValueError, RecursionError):   # two objects, or one on several lines, or a mistake: the scanner tells
            return None, end
        if not isinstance(message, dict):
            return None, end
        return message, start + len(self._held[start:end].rstrip())

    def _scan_object(self, start):
        """The index after the object that begins at `start`, or -1: need more."""
        held = self._held
        size = len(held)
        if held[start] != 0x7b:
            raise ProtocolError(JSON_RULE, self._offset + start, held[start:start + 32], "a JSON object")
        at, depth = start + self._scanned, self._depth
        while True:
            match = (JSON_STRING_MARK if self._in_string else JSON_MARK).search(held, at)
            if match is None:
                at = size
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
            elif mark in b"{[":
                depth += 1
            else:
                depth -= 1
                if not depth:
                    self._scanned = self._depth = 0
                    return self._bounded(start, at)
        self._scanned, self._depth = at - start, depth
        self._bounded(start, at)
        return -1

    def _bounded(self, start, end):
        if end - start > MAX_MESSAGE_BYTES:
            raise ProtocolError("rawdock limit", self._offset + start + MAX_MESSAGE_BYTES, self._held[start:start + 32],
                                "a JSON message of at most %d bytes" % MAX_MESSAGE_BYTES)
        return end

    def _decode(self, start, end):
        raw = bytes(self._held[start:end])
        try:
            return decode_json_text(raw.decode("utf-8"))
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

    def _label(self, start, end, role):
        if self._labels is not None and end > start:
            self._labels.append((self._offset + start, self._offset + end, role))

    def feed_eof(self):
        """The stream has ended. TruncatedError if it ended inside a message."""
        if self.error is not None:
            raise self.error
        if self._held:
            self.error = TruncatedError("a JSON message", self._offset + len(self._held), None, len(self._held), JSON_RULE)
            raise self.error
