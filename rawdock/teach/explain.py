"""What captured bytes say, message by message: the parser's own events as plain values.

`explain_messages` feeds a capture of one direction to the wire floor's readers and gives a
dict for each message. It decides nothing itself: what it calls complete, cut or wrong is
what the client would.
"""
from ..errors import ProtocolError, TruncatedError
from ..wire.body import request_framing, response_framing
from ..wire.exchange import Data, RequestReader, ResponseReader, Switched
from ..wire.message import Head


def guess_role(start):
    """ "response" or "request", from the first 7 bytes of a capture (RFC 9112 §2.1: only a status line begins with HTTP/)."""
    # No more than 7, and one empty line (§2.2): so much is waited for, and the cuts of a capture must not matter.
    start = start[:7]
    if start[:2] == b"\r\n"[:len(start)]:
        start = start[2:]
    return "response" if start[:5] == b"HTTP/"[:len(start[:5])] else "request"


def message_facts(kind, head, framing, body, complete):
    """One message as a dict of JSON values. `head` is None where the capture ends inside it."""
    from base64 import b64encode
    facts = {"kind": kind, "version": head.version if head else None}
    if kind == "response":
        facts.update(status=head.status if head else None, reason=head.reason if head else None)
    else:
        facts.update(method=head.method if head else None, target=head.target if head else None)
    facts.update(headers=[list(pair) for pair in head.headers] if head else [], framing=framing,
                 body=b64encode(body).decode("ascii"), complete=complete)
    return facts


class MessageCollector:
    """Events of `reader` in, dicts of finished messages out."""

    def __init__(self, reader):
        self.reader = reader
        self.finished = []
        self.head = None          # of the message under way
        self.framing = "none"
        self.body = []
        self.raw = False          # whether Switched has come
        self.ended = None         # (head, framing, body) of the last message, should it go on as a raw stream

    def take_finished(self):
        finished, self.finished = self.finished, []
        return finished

    def take(self, event):
        if isinstance(event, Head):
            # Not reader.framing: that is of the last message in what was fed.
            framing = response_framing(event, self.reader.method) if self.reader.kind == "response" else request_framing(event)
            self.head, self.framing, self.body = event, framing.kind, []
            if self.reader.kind == "response" and event.status < 200 and event.status != 101:
                self.finish(True)   # an interim response is a head alone
        elif isinstance(event, Data):
            self.add(event.data)
        elif isinstance(event, Switched):
            if self.head is None:   # a request that asks for the switch had ended: what follows is its too
                self.finished.pop()
                self.head, self.framing, self.body = self.ended
            self.raw = True
            self.add(event.leftover)
        else:
            self.finish(True)

    def add(self, data):
        if data:
            self.body.append(data)
            if self.raw:
                self.framing = "upgrade"

    def finish(self, complete):
        self.ended = self.head, self.framing, self.body
        self.finished.append(message_facts(self.reader.kind, self.head, self.framing, b"".join(self.body), complete))
        self.head, self.framing, self.body = None, "none", []


def explain_messages(pieces, role="auto", method="GET"):
    """Pieces of a capture (iterable of bytes) → dicts, one a message, as they complete.

    `role` is "response", "request" or "auto"; `method` is that of the request that responses
    answer. Raises ProtocolError at bytes that break a rule, after the messages before them.
    A capture that ends inside a message gives that one too, with complete False, and then
    raises TruncatedError.
    """
    pieces = iter(pieces)
    start = b""
    if role == "auto":
        for piece in pieces:
            start += piece
            if len(start) >= 7:   # the longest empty line before a start line, and HTTP/
                break
        role = guess_role(start)
    reader = ResponseReader(method) if role == "response" else RequestReader()
    collector = MessageCollector(reader)
    empty = True
    for piece in chain_capture(start, pieces):
        empty = False
        failure = None
        try:
            for event in reader.feed(piece):
                collector.take(event)
        except ProtocolError as error:
            failure = error
        for facts in collector.take_finished():
            yield facts
        if failure is not None:
            raise failure
    if empty:
        return
    cut = None
    try:
        for event in reader.feed_eof():
            collector.take(event)
        if collector.head is not None:   # a raw stream: its end is the end of the capture
            collector.finish(True)
    except TruncatedError as error:
        cut = error
        if collector.head is not None or error.got:
            collector.finish(False)
    for facts in collector.take_finished():
        yield facts
    if cut is not None:
        raise cut


def chain_capture(start, pieces):
    if start:
        yield start
    for piece in pieces:
        yield piece
