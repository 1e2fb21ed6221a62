"""What captured bytes say, message by message, as JSON values.

explain_messages() feeds a capture of one direction to the wire floor's readers and makes a dict of the events
of each message. It decides nothing itself: what it calls complete, cut or wrong, the client does too.
"""
from ...errors import ProtocolError, TruncatedError
from ...wire.exchange import Data, RequestReader, ResponseReader, Switched
from ...wire.framing import request_framing, response_framing
from ...wire.message import Head


ROLE_BYTES = 7   # tell the role: the empty line that may come before a start line (RFC 9112 §2.2), and HTTP/


def pieces_with_start(pieces, count, is_enough=None):
    """(the start of a capture, an iterator of all its pieces), both of bytes.

    The start has `count` bytes or more, unless the capture or is_enough(start) ends it earlier.
    """
    start = b""
    pieces = iter(pieces)
    while len(start) < count and not (is_enough is not None and is_enough(start)):
        piece = next(pieces, None)
        if piece is None:
            break
        start += piece

    def all_pieces():
        if start:
            yield start
        for piece in pieces:
            yield piece
    return start, all_pieces()


def guess_role(start):
    """The role of a capture that begins with `start`: "response" or "request".

    Only a status line begins with HTTP/ (RFC 9112 §2.1).
    """
    start = start[:ROLE_BYTES]   # not more, for the pieces in which a capture comes must not matter
    if start[:2] == b"\r\n"[:len(start)]:
        start = start[2:]
    return "response" if start[:5] == b"HTTP/"[:len(start[:5])] else "request"


def message_facts(kind, head, framing, body, complete):
    """One message as a dict of JSON values, a line of `explain --json`.

    `head` is None if the capture ends in it. `body` (bytes) is the decoded body; of a response that switched
    the connection, the raw stream after it.
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
    """Add to the dict of a request what its client sent once the connection was switched, `data` (bytes)."""
    from base64 import b64encode
    if data:
        facts["raw_stream"] = b64encode(data).decode("ascii")


class MessageCollector:
    """Makes dicts of the events of `reader`, a RequestReader or ResponseReader."""

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
        """The dicts of complete messages. A request that a raw stream may follow waits for end()."""
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
        body = b"".join(self.body)
        self.finished.append(message_facts(self.reader.kind, self.head, self.framing, body, complete))
        self._begin(None, "none")

    def end(self, error):
        """The capture is over; `error` (TruncatedError or None) is what the reader's feed_eof() raised."""
        if self._switched:
            add_raw_stream(self.finished[-1], b"".join(self.body))
        elif self.head is not None or error is not None and error.got:
            self._finish(error is None)
        self._switched = False


def explain_messages(pieces, role="auto", method="GET"):
    """Yield the messages of one direction of a connection as they become complete: dicts of message_facts().

    `pieces` (iterable of bytes) is what was captured; `role` is "response", "request" or "auto"; `method` is
    that of the request that the responses answer. Raises ProtocolError at bytes that break a rule, after the
    messages before them. A capture that ends inside a message gives that one too, with complete False, and
    then raises TruncatedError.
    """
    if role == "auto":
        start, pieces = pieces_with_start(pieces, ROLE_BYTES)
        role = guess_role(start)
    reader = ResponseReader(method) if role == "response" else RequestReader()
    collector = MessageCollector(reader)
    empty = True
    for piece in pieces:
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
