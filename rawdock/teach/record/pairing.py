"""Both directions of one connection, read together: which answer belongs to which request.

PairedReaders gives the wire floor's two readers what each must know of the other. A response's framing
depends on the method that it answers (RFC 9112 §6.3), and whether the client's bytes go on as a raw stream
depends on the answer. So bytes that a client sends after a request that may switch the connection are kept
until its answer has come; everything else is read at once, as it is fed.

Every byte that is read gets a label (start, end, role, message): the readers' own labels with the
PairedMessage that they belong to. Nothing is raised: a direction whose bytes break a rule stops there, with
the error in its `error`, and the other one goes on.
"""
from collections import deque

from ...engine.endpoints import may_hijack
from ...errors import ProtocolError
from ...wire.exchange import RequestReader, ResponseReader

# Engine API, ContainerAttach and ExecStart: their 200 means what 101 means, for clients that did not ask for
# an upgrade.
MAX_KEPT_BYTES = 1 << 20   # a client that sends more than this without an answer sends a raw stream
BODY_ROLES = ("content", "chunk data", "raw stream")


class PairedMessage:
    """A message as it is read.

    `head` is None until it is whole; then `framing` is known, and `body`, the offset of the first byte after
    the head. `start` and `end` are offsets in the stream too; `end` is None until the message is `complete`.
    `request` is the PairedMessage that a response answers, `answer` the final response to a request.
    `switched`: a raw stream follows.
    """

    __slots__ = ("kind", "head", "framing", "start", "body", "end", "complete", "request", "answer",
                 "switched")

    def __init__(self, kind, start):
        self.kind = kind
        self.start = start
        self.head = self.framing = self.body = self.end = self.request = self.answer = None
        self.complete = self.switched = False

    @property
    def interim(self):
        """Whether it is a 1xx, after which another response must come."""
        return self.head is not None and self.head.interim


class PairedReader:
    """Runs `reader`, of the wire floor, a part at a time, and sees where each message begins and ends.

    `message` is the PairedMessage under way or None; `error` the ProtocolError that stopped the reading, or
    None.
    """

    message = error = None
    kept = None   # bytes whose meaning an answer must tell first

    def __init__(self, pair, direction, reader, labels):
        self.pair = pair
        self.reader = reader
        self._messages = pair.messages[direction]
        self._part_labels = labels   # those of the reader, without their message
        self._labels = []

    @property
    def offset(self):
        """Where the next byte to read is in its stream."""
        return self.reader.offset

    @property
    def bare_lf(self):
        """Whether a line of a head may end with LF alone."""
        return self.reader.heads.bare_lf

    def read(self, data):
        """Take what `data` (bytes) holds, up to where its meaning is not known yet."""
        at = 0
        while self.error is None and self.kept is None and (at < len(data) or self.reader.state == "switch"):
            at = self._read_part(data, at)
        if self.kept is not None:
            self.kept += data[at:]

    def _read_part(self, data, at):
        reader, head, state = self.reader, self.reader.head, self.reader.state
        if state == "switch":
            self.message.switched = True
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
        """A head has come; None: its bytes break a rule."""
        heads = self.reader.heads
        self.message = message = PairedMessage(self.reader.kind, heads.start)
        self._messages.append(message)
        # if its fields contradict each other, that is the error, and there is no framing
        if head is not None:
            message.head, message.body = head, heads.start + len(heads.raw)
            message.framing = self.reader.framing if self.error is None else None
            self._pair_message(message)

    def _end_message(self):
        self.message.end, self.message.complete = self.reader.offset, True
        self.message = None

    def read_eof(self):
        """No more will come."""
        if self.error is not None:
            return
        try:
            ended = self.reader.feed_eof()
        except ProtocolError as error:
            self.error = error
            return
        if ended:
            self._end_message()


class PairedRequestReader(PairedReader):
    """Reads requests. `kept`: the bytes after one that may switch the connection, until it is answered."""

    def __init__(self, pair):
        labels = []
        PairedReader.__init__(self, pair, ">", RequestReader(labels), labels)

    def _pair_message(self, message):
        self.pair.unanswered.append(message)

    def _end_message(self):
        message, head = self.message, self.message.head
        PairedReader._end_message(self)
        if message.answer is not None:   # an early one
            self._continue(message, message.answer.framing.kind == "upgrade")
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
        """The last request's answer is known: read on as a raw stream, or as the next request."""
        data, self.kept = bytes(self.kept), None
        self._continue(self.message, switched)
        self.read(data)


class AnswerReader(ResponseReader):
    """A ResponseReader that learns from `pair` which request a response answers."""

    def __init__(self, pair, method, labels):
        ResponseReader.__init__(self, method, False, labels)
        self.pair = pair

    def answered(self, head):
        if not self.pair.unanswered:
            return self.method, False
        request = self.pair.unanswered[0].head
        # A detached exec start is answered with a length, and no stream follows.
        delimited = "content-length" in head.headers or "transfer-encoding" in head.headers
        return request.method, may_hijack(request.method, request.target) and not delimited


class PairedResponseReader(PairedReader):
    """Reads responses, each as the answer to the request whose turn it is."""

    def __init__(self, pair, method):
        labels = []
        PairedReader.__init__(self, pair, "<", AnswerReader(pair, method, labels), labels)

    def _pair_message(self, message):
        unanswered = self.pair.unanswered
        message.request = unanswered[0] if unanswered else None
        if message.interim or message.request is None:
            return
        unanswered.popleft()
        if message.framing is not None:
            message.request.answer = message
            self.pair.decide()


class PairedReaders:
    """Reads both directions, ">" (the client's) and "<": feed(direction, bytes), then take_labels(direction).

    `method` is what a response answers whose request is not known. `messages[direction]` are the
    PairedMessages begun so far, in order; the caller may drop them. Captured bytes are read strictly; call
    opened() where an engine was connected to.
    """

    def __init__(self, method="GET"):
        self.unanswered = deque()
        self.messages = {">": [], "<": []}
        self.readers = {">": PairedRequestReader(self), "<": PairedResponseReader(self, method)}

    def opened(self):
        """Requests go to an engine: LF alone may end a line of a request's head (RFC 9112 §2.2)."""
        self.readers[">"].reader.heads.bare_lf = True

    def feed(self, direction, data):
        """Read bytes of one direction, in the order in which they crossed."""
        self.readers[direction].read(bytes(data))

    def decide(self):
        """Read the kept bytes if the answer that they wait for has come."""
        requests = self.readers[">"]
        while requests.kept is not None and requests.message.answer is not None:
            requests.decide(requests.message.answer.framing.kind == "upgrade")

    def take_labels(self, direction):
        """The labels since the last call, a list of (start, end, role, PairedMessage or None)."""
        return self.readers[direction].take_labels()

    def undecided(self, direction):
        """Whether bytes of `direction` wait for an answer that tells what they are."""
        return self.readers[direction].kept is not None

    def finish(self):
        """Nothing more will come, in either direction."""
        requests = self.readers[">"]
        while requests.kept is not None:   # what one decision lets go may hold another request like it
            requests.decide(requests.message.head.asks_to_upgrade)
        for reader in self.readers.values():
            reader.read_eof()
