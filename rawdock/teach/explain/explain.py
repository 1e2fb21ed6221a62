"""The messages of a capture or a record as JSON values, one dict a message.

    explain_messages       the messages of one direction, as they become complete
    connection_messages    the messages of both directions of a recorded connection

Strategy: PairedPieces (record/pairing.py) reads the bytes with the readers that the client uses. This file
collects the body of each message and adds no decision on what is complete, cut or malformed.
"""
from ...errors import ProtocolError, TruncatedError
from ..record.pairing import BODY_ROLES, PairedMessage, PairedPieces

# Enough for guess_role(): an empty line may come before the start line (RFC 9112 §2.2).
ROLE_BYTES = 7


def pieces_with_start(pieces, count, is_enough=None):
    """(the start of a capture, an iterator over all its pieces), both of bytes.

    The start has `count` bytes or more, unless the capture ends or is_enough(start) is true before.
    """
    from itertools import chain
    start = b""
    pieces = iter(pieces)
    while len(start) < count and not (is_enough is not None and is_enough(start)):
        piece = next(pieces, None)
        if piece is None:
            break
        start += piece
    return start, chain([start] if start else [], pieces)


def guess_role(start):
    """The role of a capture that begins with `start` (bytes): "response" or "request".

    Only a status line begins with HTTP/ (RFC 9112 §2.1).
    """
    start = start[:ROLE_BYTES]   # the result must not depend on how many bytes came at once
    if start[:2] == b"\r\n"[:len(start)]:
        start = start[2:]
    return "response" if start[:5] == b"HTTP/"[:len(start[:5])] else "request"


def capture_direction(pieces, role):
    """(direction, pieces) of a capture: "<" if `role` is "response", ">" for "request"; "auto" is guessed."""
    if role == "auto":
        start, pieces = pieces_with_start(pieces, ROLE_BYTES)
        role = guess_role(start)
    return "<" if role == "response" else ">", pieces


def breaks_rule(error):
    """Whether `error` (an exception or None) is for bytes that break a rule, not for an early end."""
    return isinstance(error, ProtocolError) and not isinstance(error, TruncatedError)


class MessageCollector(PairedPieces):
    """PairedPieces that collect the body of each message, until facts() is called for it."""

    def __init__(self, method="GET"):
        PairedPieces.__init__(self, method)
        self._bodies = {}   # (PairedMessage, whether in its raw stream) → list of bytes

    def collect(self):
        """Sort the bytes that were read into the bodies of their messages."""
        for direction in "><":
            for role, data, message in self.take_pieces(direction):
                if role in BODY_ROLES:
                    self._bodies.setdefault((message, role == "raw stream"), []).append(data)

    def facts(self, message, ended=True):
        """A PairedMessage as a dict of JSON values, a line of `explain --json`. Call it once for each.

        `body` is the decoded body in base64; for a response that switched the connection, the raw stream.
        A request has the raw stream that its client sent in `raw_stream`, if there is one. `ended` (bool)
        is whether a response that only the end of the connection delimits is complete.
        """
        from base64 import b64encode
        head, is_response = message.head, message.kind == "response"
        body, raw = [b"".join(self._bodies.pop((message, is_raw), ())) for is_raw in (False, True)]
        facts = {"kind": message.kind, "version": head.version if head else None}
        for name in ("status", "reason") if is_response else ("method", "target"):
            facts[name] = getattr(head, name) if head else None
        if is_response and message.framing in ("close", "upgrade"):
            message.complete = ended
        facts.update(headers=[list(pair) for pair in head.headers] if head else [], framing=message.framing,
                     body=b64encode(body + raw if is_response else body).decode("ascii"),
                     complete=message.complete)
        if raw and not is_response:
            facts["raw_stream"] = b64encode(raw).decode("ascii")
        return facts

    def cut_head(self, direction):
        """A list with the PairedMessage whose head the end of the bytes cut, if there is one."""
        reader = self.readers[direction]
        is_cut = isinstance(reader.error, TruncatedError) and reader.message is None and reader.error.got
        return [PairedMessage(reader.reader.kind, reader.reader.offset)] if is_cut else []


def explain_messages(pieces, role="auto", method="GET"):
    """Yield the messages of one direction of a connection as they become complete: dicts of JSON values.

    `pieces` (iterable of bytes) is what was captured; `role` is "response", "request" or "auto"; `method` is
    that of the request that the responses answer. Raises ProtocolError at bytes that break a rule, after the
    messages before them. A capture that ends inside a message gives that one too, with `complete` False, and
    then raises TruncatedError.
    """
    direction, pieces = capture_direction(pieces, role)
    collector = MessageCollector(method)
    reader, messages = collector.readers[direction], collector.messages[direction]
    for piece in pieces:
        collector.feed(direction, piece)
        collector.collect()
        while messages and messages[0].complete and messages[0] is not reader.message:
            yield collector.facts(messages.pop(0))
        if reader.error is not None:
            raise reader.error
    collector.finish()
    collector.collect()
    for message in messages + collector.cut_head(direction):
        if message.complete or not breaks_rule(reader.error):
            yield collector.facts(message)
    if reader.error is not None:
        raise reader.error


def connection_messages(connection):
    """A RecordedConnection → (list of dicts of JSON values, list of its ProtocolErrors: one a direction).

    Each request comes before the responses to it, and responses whose request is not known at the end.
    """
    collector = MessageCollector(connection.method)
    ended = collector.read_connection(connection)
    collector.collect()
    responses = {}   # by their request, or None
    for response in collector.messages["<"]:
        responses.setdefault(response.request, []).append(response)
    found = []
    for request in collector.messages[">"]:
        found += [request] + responses.pop(request, [])
    found += responses.pop(None, [])
    found = [message for message in found if message.head is not None]
    for direction in "><":
        found += collector.cut_head(direction)
    errors = [collector.readers[direction].error for direction in "><"]
    return [collector.facts(message, ended) for message in found], [error for error in errors if error]
