"""Both directions of one connection, read together: which response answers which request.

    PairedReaders    labels each byte with its role and its message
    PairedPieces     does so with the bytes themselves, held until their label is known

PairedReaders gives the two readers of rawdock/wire what each must know of the other. The framing of a
response depends on the method of its request (RFC 9112 §6.3), and whether the client's bytes continue as a
raw stream depends on the response. So bytes that a client sends after a request that may switch the
connection are kept until its response has come; all other bytes are read as they are fed.

Every byte that is read gets a label (start, end, role, message), where message is the PairedMessage that the
byte belongs to. Nothing is raised: a direction whose bytes break a rule stops there, with the ProtocolError
in its `error`, and the other direction continues.
"""
import re
from collections import deque

from ...errors import ProtocolError
from ...wire.exchange import RequestReader, ResponseReader

MAX_KEPT_BYTES = 1 << 20   # a client that sends more than this without a response sends a raw stream
BODY_ROLES = ("content", "chunk data", "raw stream")
HIJACK_TARGET = r"(?:/v[0-9.]+)?/(?:containers/[^/?]+/attach|exec/[^/?]+/start)(?:\?|$)"


def may_hijack(method, target):
    """Whether a 2xx to this request may turn the connection into a raw stream: attach and exec start."""
    return method == "POST" and re.search(HIJACK_TARGET, target) is not None


class PairedMessage:
    """A message as it is read: `kind` is "request" or "response".

    `head` (RequestHead or Head) is None until it is complete; then `framing` is the kind of its Framing
    ("none", "length", "chunked", "close" or "upgrade"), and `body_start` the offset of the first byte after
    the head. `start` and `end` are offsets in the stream too; `end` is None until the message is `complete`,
    and where a raw stream follows.
    `request` is the PairedMessage that a response answers, `answer` the final response to a request.
    `switched`: a raw stream follows.
    """

    head = body_start = end = request = answer = None
    framing = "none"
    complete = switched = False

    def __init__(self, kind, start):
        self.kind = kind
        self.start = start

    @property
    def interim(self):
        """Whether the message is a 1xx response, which another response must follow (RFC 9110 §15.2)."""
        return self.head is not None and self.head.interim


class PairedReader:
    """Runs a RequestReader or ResponseReader a part at a time, to learn where each message begins and ends.

    `message` is the PairedMessage under way, or None; `error` the ProtocolError that stopped the reading, or
    None; `fed` whether any byte has come.
    """

    message = error = None
    fed = False
    kept = None   # bytearray of what follows a request that may switch, until the response decides

    def __init__(self, pair, direction, reader, labels):
        self.pair = pair
        self.reader = reader
        self._messages = pair.messages[direction]
        self._part_labels = labels   # (start, end, role), which `reader` appends to
        self._labels = []

    def read(self, data):
        """Read `data` (bytes), or keep it from where the response to a request must decide what it is."""
        self.fed = self.fed or len(data) > 0
        at = 0
        while self.error is None and self.kept is None and (at < len(data) or self.reader.state == "switch"):
            at = self._read_part(data, at)
        if self.kept is not None:
            self.kept += data[at:]

    def _read_part(self, data, at):
        reader, head, state = self.reader, self.reader.head, self.reader.state
        if state == "switch":
            self.message.switched, self.message.end = True, None
        try:
            at = reader.take_part(data, at, [])
        except ProtocolError as error:
            self.error = error
        if state == "head" and (reader.head is not head or self.error is not None):
            self._begin_message(reader.head if reader.head is not head else None)
        self._assign_labels()
        if self.error is None and (reader.complete or state == "head" and self.message is not None
                                   and self.message.interim):
            self._end_message()
        return at

    def _assign_labels(self):
        for start, end, role in self._part_labels:
            is_of_message = self.message is not None and start >= self.message.start
            self._labels.append((start, end, role, self.message if is_of_message else None))
        del self._part_labels[:]

    def take_labels(self):
        labels, self._labels = self._labels, []
        return labels

    def _begin_message(self, head):
        """Add the message that begins with `head`, or with a head that breaks a rule (None)."""
        heads = self.reader.heads
        self.message = message = self.pair.message_class(self.reader.kind, heads.start)
        self._messages.append(message)
        if head is not None:
            message.head, message.body_start = head, heads.start + len(heads.raw)
            if self.error is None:   # else its fields contradict each other
                message.framing = self.reader.framing.kind
            self._pair_message(message)

    def _end_message(self):
        self.message.end, self.message.complete = self.reader.offset, True
        self.message = None

    def read_eof(self):
        """The stream has ended. Where no byte was fed, that is no error."""
        if self.error is not None or not self.fed:
            return
        try:
            ended = self.reader.feed_eof()
        except ProtocolError as error:
            self.error = error
            return
        if ended:
            self._end_message()


class PairedRequestReader(PairedReader):
    """Reads requests, and keeps what follows one that may switch the connection until it is answered."""

    def __init__(self, pair):
        labels = []
        PairedReader.__init__(self, pair, ">", RequestReader(labels), labels)

    def _pair_message(self, message):
        self.pair.unanswered.append(message)

    def _end_message(self):
        message, head = self.message, self.message.head
        PairedReader._end_message(self)
        if message.answer is not None:   # it came before the end of the request
            self._continue(message, message.answer.framing == "upgrade")
        elif head.asks_to_upgrade or may_hijack(head.method, head.target) or head.method == "CONNECT":
            self.message, self.kept = message, bytearray()

    def _continue(self, message, switched):
        if switched:
            self.message = message
            self.reader.switch()
        else:
            self.message = None
            self.reader.stay()

    def read(self, data):
        PairedReader.read(self, data)
        if self.kept is not None and len(self.kept) > MAX_KEPT_BYTES:
            self.decide(True)

    def decide(self, switched):
        """Read the kept bytes: as a raw stream if the last request `switched`, else as the next request."""
        data, self.kept = bytes(self.kept), None
        self._continue(self.message, switched)
        self.read(data)


class AnswerReader(ResponseReader):
    """A ResponseReader that asks `pair` (PairedReaders) which request a response answers."""

    def __init__(self, pair, method, labels):
        ResponseReader.__init__(self, method, False, labels)
        self.pair = pair

    def answered(self, head):
        if not self.pair.unanswered:
            return self.method, False
        request = self.pair.unanswered[0].head
        # The response to a detached ExecStart has a Content-Length, and no stream follows.
        delimited = "content-length" in head.headers or "transfer-encoding" in head.headers
        return request.method, may_hijack(request.method, request.target) and not delimited


class PairedResponseReader(PairedReader):
    """Reads responses, each as the one to the first request without a final response."""

    def __init__(self, pair, method):
        labels = []
        PairedReader.__init__(self, pair, "<", AnswerReader(pair, method, labels), labels)

    def _pair_message(self, message):
        unanswered = self.pair.unanswered
        message.request = unanswered[0] if unanswered else None
        if message.interim or message.request is None:
            return
        unanswered.popleft()
        if self.error is None:
            message.request.answer = message
            self.pair.decide()


class PairedReaders:
    """Reads both directions, ">" (the client's) and "<": feed(direction, bytes), then take_labels(direction).

    `method` is that of the request to a response whose request was not fed. `messages[direction]` are the
    PairedMessages begun so far, in order; the caller may remove them. Lines of a request's head must end
    with CRLF, unless opened() is called.
    """

    message_class = PairedMessage

    def __init__(self, method="GET"):
        self.unanswered = deque()
        self.messages = {">": [], "<": []}
        self.readers = {">": PairedRequestReader(self), "<": PairedResponseReader(self, method)}

    def opened(self):
        """The server is an engine, which accepts LF alone in the head of a request (RFC 9112 §2.2)."""
        self.readers[">"].reader.heads.accept_bare_lf()

    def feed(self, direction, data):
        """Read `data` (bytes-like) of one direction, in the order in which the pieces crossed."""
        self.readers[direction].read(bytes(data))

    def read_connection(self, connection):
        """Read all of a RecordedConnection → whether its responses have ended, as far as is known.

        They have not if the record begins with the connection and does not have the engine's close.
        """
        opened = ended = False
        for event in connection.events:
            if event.kind == "data":
                self.feed(event.direction, event.data)
            elif event.kind == "open":
                opened = True
                self.opened()
            elif event.direction == "<" and event.kind in ("close", "half-close"):
                ended = True
        self.finish()
        return ended or not opened

    def decide(self):
        """Read the kept bytes if the response that decides what they are has come."""
        requests = self.readers[">"]
        while requests.kept is not None and requests.message.answer is not None:
            requests.decide(requests.message.answer.framing == "upgrade")

    def take_labels(self, direction):
        """The labels since the last call, a list of (start, end, role, PairedMessage or None)."""
        return self.readers[direction].take_labels()

    def undecided(self, direction):
        """Whether bytes of `direction` are kept until a response decides what they are."""
        return self.readers[direction].kept is not None

    def finish(self):
        """Both directions have ended."""
        requests = self.readers[">"]
        while requests.kept is not None:   # the bytes that were kept may hold another such request
            requests.decide(requests.message.head.asks_to_upgrade)
        for reader in self.readers.values():
            reader.read_eof()


class PairedPieces(PairedReaders):
    """PairedReaders that hold the bytes until they have a label: take_pieces() in place of take_labels()."""

    def __init__(self, method="GET"):
        PairedReaders.__init__(self, method)
        self._held = {">": bytearray(), "<": bytearray()}   # what has no label yet
        self._offsets = {">": 0, "<": 0}                    # of the first byte held

    def feed(self, direction, data):
        """Read `data` (bytes-like). What comes after bytes that break a rule is not held."""
        if self.readers[direction].error is None:
            self._held[direction] += data
        PairedReaders.feed(self, direction, data)

    def take_pieces(self, direction):
        """The labelled bytes since the last call, a list of (role, bytes, PairedMessage or None)."""
        labels = self.take_labels(direction)
        if not labels:
            return []
        first, held = self._offsets[direction], self._held[direction]
        pieces = [(role, bytes(held[start - first:end - first]), message)
                  for start, end, role, message in labels]
        self._offsets[direction] = end = labels[-1][1]
        del held[:end - first]
        return pieces

    def take_rest(self, direction):
        """The bytes that have no label, which breaks a rule or ends inside an element: never read again."""
        rest, self._held[direction] = bytes(self._held[direction]), bytearray()
        return rest
