"""Both directions of one connection, read together: which answer belongs to which request.

`PairedReaders` gives the wire floor's two readers what each must know of the other: a response's
framing hangs on the method it answers (RFC 9112 §6.3), and whether the client's bytes go on as
a raw stream hangs on the answer. So bytes that a client sends after a request which may switch
the connection are kept until the answer has come; all else is read at once, as it is fed.

Every byte that is read gets a label (start, end, role, message): the readers' own labels with the
PairedMessage that they belong to. Nothing is raised: a direction whose bytes break a rule stops
there, with the error in its reader's `error`, and the other goes on.
"""
import re
from collections import deque

from ..errors import ProtocolError
from ..wire.body import UPGRADE, body_reader
from ..wire.exchange import RequestReader, ResponseReader

# Engine API, ContainerAttach and ExecStart: their 200 means what 101 means, for clients that did not ask for an upgrade.
HIJACK_TARGET = re.compile(r"(?:/v[0-9.]+)?/(?:containers/[^/?]+/attach|exec/[^/?]+/start)(?:\?|$)")
MAX_KEPT_BYTES = 1 << 20   # who sends more than this without an answer is not asking for anything
BODY_ROLES = ("content", "chunk data", "raw stream")


def may_hijack(request):
    """Whether a 2xx to `request` (RequestHead) may turn the connection into a raw stream."""
    return request.method == "POST" and HIJACK_TARGET.search(request.target) is not None


class PairedMessage:
    """A message as it is read: `head` (None until it is whole), `framing`, offsets `start`, `body` and `end` of its direction.

    `request` is the PairedMessage a response answers, `answer` the final one to a request; `switched`: a raw
    stream follows it.
    """

    __slots__ = ("kind", "head", "framing", "start", "body", "end", "complete", "request", "answer", "switched")

    def __init__(self, kind, start):
        self.kind = kind
        self.start = start
        self.head = self.framing = self.body = self.end = self.request = self.answer = None
        self.complete = self.switched = False

    @property
    def interim(self):
        """Whether it is a 1xx, after which another response must come."""
        return self.kind == "response" and self.head is not None and self.head.status < 200 and self.head.status != 101

    @property
    def asks_to_upgrade(self):
        return "upgrade" in self.head.headers.tokens("connection") and "upgrade" in self.head.headers


class MessageLabels(list):
    """The labels of one direction, each with the message under way behind its role."""

    message = None

    def append(self, label):
        list.append(self, label + (self.message,))


class MarkingReader:
    """What the two paired readers add to those of the wire floor: where each message begins and ends."""

    message = None

    def _begin_message(self, raw, data, at, events):
        self.message = self._labels.message = PairedMessage(self.kind, self.offset)
        self.pair.messages[self.direction].append(self.message)
        return super()._begin_message(raw, data, at, events)

    def _mark_head(self, head, raw):
        self.message.head, self.message.body = head, self.offset + len(raw)

    def _mark_end(self):
        self.message.end, self.message.complete = self.offset, True

    def _switch(self, data, at, events):
        self.message.switched = True
        return super()._switch(data, at, events)

    def read(self, data):
        """feed() for its labels alone. Nothing is raised: see `error`."""
        if self.error is None and data:
            try:
                self.feed(data)
            except ProtocolError:
                pass

    def read_eof(self):
        if self.error is None:
            try:
                self.feed_eof()
            except ProtocolError:
                pass


class PairedRequestReader(MarkingReader, RequestReader):
    """Reads requests; `kept` are the bytes behind one whose answer must first tell what they are, else None."""

    direction = ">"
    kept = None

    def __init__(self, pair):
        RequestReader.__init__(self, MessageLabels())
        self.pair = pair

    def _frame(self, head, raw):
        self._mark_head(head, raw)   # also of one whose fields contradict each other, which is refused next
        self.pair.unanswered.append(self.message)
        self.message.framing = framing = RequestReader._frame(self, head, raw)
        self._may_switch = self._asks_to_switch or may_hijack(head) or head.method == "CONNECT"
        return framing

    def _end_message(self, data, at, events, trailers):
        self._mark_end()
        answer = self.message.answer   # an early one
        self._asks_to_switch = answer is not None and answer.framing.kind == "upgrade"
        at = RequestReader._end_message(self, data, at, events, trailers)
        if self._may_switch and answer is None:
            self.kept = bytearray(data[at:])
            return len(data)
        if not self.switched:
            self._labels.message = None
        return at

    def read(self, data):
        if self.kept is not None:
            self.kept += data
            if len(self.kept) > MAX_KEPT_BYTES:
                self.decide(True)
        else:
            MarkingReader.read(self, data)

    def decide(self, switched):
        """The last request's answer is known: read on as a raw stream, or as the next request."""
        data, self.kept = bytes(self.kept), None
        if switched:
            self._body = body_reader(UPGRADE, self._labels, self.offset)
            self._switch(data, 0, [])
        else:
            self._labels.message = None
            self.read(data)


class PairedResponseReader(MarkingReader, ResponseReader):
    """Reads responses, each as the answer to the request whose turn it is."""

    direction = "<"

    def __init__(self, pair, method):
        ResponseReader.__init__(self, method, False, MessageLabels())
        self.pair = pair
        self.default_method = method

    def _frame(self, head, raw):
        final = head.status >= 200 or head.status == 101
        unanswered = self.pair.unanswered
        request = unanswered[0] if unanswered else None
        if final and unanswered:
            unanswered.popleft()
        self.method = request.head.method if request else self.default_method
        # A detached exec start is answered with a length, and no stream follows.
        self.hijack = (request is not None and may_hijack(request.head)
                       and "content-length" not in head.headers and "transfer-encoding" not in head.headers)
        self.message.request = request
        self._mark_head(head, raw)
        self.message.framing = framing = ResponseReader._frame(self, head, raw)
        if final and request is not None:
            request.answer = self.message
            self.pair.decide()
        return framing

    def _owes_another(self, head):
        owes = ResponseReader._owes_another(self, head)
        if owes:
            self._mark_end()
            self._labels.message = None
        return owes

    def _end_message(self, data, at, events, trailers):
        self._mark_end()
        self._labels.message = None
        return ResponseReader._end_message(self, data, at, events, trailers)


class PairedReaders:
    """feed(">" or "<", bytes), then take_labels() of a direction. `method` is what a response without a request answers.

    Bytes that somebody captured are read strictly; opened() says that an engine was asked.

    `messages[direction]` are the PairedMessages begun so far, in order, for whoever feeds to keep or to drop.
    """

    def __init__(self, method="GET"):
        self.unanswered = deque()
        self.messages = {">": [], "<": []}
        self.readers = {">": PairedRequestReader(self), "<": PairedResponseReader(self, method)}

    def opened(self):
        """An engine was connected to: LF alone may end a line of a request's head, as engines take it (RFC 9112 §2.2)."""
        self.readers[">"].bare_lf = True

    def feed(self, direction, data):
        """Read bytes of one direction, in the order in which they crossed."""
        self.readers[direction].read(bytes(data))

    def decide(self):
        """An answer's head has come: let go the bytes that waited for it."""
        requests = self.readers[">"]
        while requests.kept is not None and requests.message.answer is not None:
            requests.decide(requests.message.answer.framing.kind == "upgrade")

    def skip(self, direction, data):
        """Pass over the start of `data` that is of the body under way, unlabelled → (bytes used, bytes of content)."""
        return (0, 0) if self.undecided(direction) else self.readers[direction].skip(data)

    def take_labels(self, direction):
        """The labels since the last call, a list of (start, end, role, PairedMessage or None)."""
        labels = self.readers[direction]._labels
        taken = list(labels)
        del labels[:]
        return taken

    def undecided(self, direction):
        """Whether bytes of `direction` wait for an answer that tells what they are."""
        return direction == ">" and self.readers[">"].kept is not None

    def finish(self):
        """Nothing more will come, in either direction."""
        requests = self.readers[">"]
        while requests.kept is not None:   # what one decision lets go may hold another request like it
            requests.decide(requests.message.asks_to_upgrade)
        for reader in self.readers.values():
            reader.read_eof()
