"""What captured bytes say, message by message: the parser's own events as plain values.

`explain_messages` feeds a capture of one direction to the wire floor's readers and gives a
dict for each message. It decides nothing itself: what it calls complete, cut or wrong is
what the client would.
"""
from ..errors import ProtocolError, TruncatedError
from ..wire.exchange import Data, RequestReader, ResponseReader, Switched
from ..wire.framing import request_framing, response_framing
from ..wire.message import Head


def guess_role(start):
    """ "response" or "request", from the first 7 bytes of a capture (RFC 9112 §2.1: only a status line begins with HTTP/)."""
    # No more than 7, and one empty line (§2.2): so much is waited for, and the cuts of a capture must not matter.
    start = start[:7]
    if start[:2] == b"\r\n"[:len(start)]:
        start = start[2:]
    return "response" if start[:5] == b"HTTP/"[:len(start[:5])] else "request"


def message_facts(kind, head, framing, body, complete):
    """One message as a dict of JSON values, the contract of `explain --json`. `head` is None if the capture ends in it.

    `body` (bytes) is the decoded body; of a response that switched the connection, the raw stream behind it.
    """
    from base64 import b64encode
    facts = {"kind": kind, "version": head.version if head else None}
    if kind == "response":
        facts.update(status=head.status if head else None, reason=head.reason if head else None)
    else:
        facts.update(method=head.method if head else None, target=head.target if head else None)
    facts.update(headers=[list(pair) for pair in head.headers] if head else [], framing=framing,
                 body=b64encode(body).decode("ascii"), complete=complete)
    return facts


def add_raw_stream(facts, data):
    """Add to the dict of a request the `data` (bytes) that its client sent once the connection was switched, if any."""
    from base64 import b64encode
    if data:
        facts["raw_stream"] = b64encode(data).decode("ascii")


class MessageCollector:
    """Events of `reader` in, dicts of finished messages out."""

    def __init__(self, reader):
        self.reader = reader
        self.finished = []
        self._begin(None, "none")
        self._switched = False    # the last message was a request that asks for another protocol, and is over

    def _begin(self, head, framing):
        self.head = head          # of the message under way
        self.framing = framing
        self.body = []

    def take_finished(self):
        """The dicts of the messages that are complete. A request that a raw stream may follow is given at the end."""
        count = len(self.finished) - self._switched
        finished, self.finished = self.finished[:count], self.finished[count:]
        return finished

    def take(self, event):
        if isinstance(event, Head):
            # Not reader.framing: that is of the last message in what was fed.
            response = self.reader.kind == "response"
            framing = response_framing(event, self.reader.method) if response else request_framing(event)
            self._begin(event, framing.kind)
            if event.interim:
                self._finish(True)   # an interim response is a head alone
        elif isinstance(event, Data):
            self.body.append(event.data)
        elif isinstance(event, Switched):
            self._switched = self.head is None   # else it is a response: what follows is kept as its body
            self.body.append(event.leftover)
        else:
            self._finish(True)

    def _finish(self, complete):
        self.finished.append(message_facts(self.reader.kind, self.head, self.framing, b"".join(self.body), complete))
        self._begin(None, "none")

    def end(self, error):
        """The capture is over; `error` (TruncatedError or None) is what the reader says to that."""
        if self._switched:
            add_raw_stream(self.finished[-1], b"".join(self.body))
        elif self.head is not None or error is not None and error.got:
            self._finish(error is None)
        self._switched = False


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
    except TruncatedError as error:
        cut = error
    collector.end(cut)
    for facts in collector.take_finished():
        yield facts
    if cut is not None:
        raise cut


def chain_capture(start, pieces):
    if start:
        yield start
    for piece in pieces:
        yield piece
