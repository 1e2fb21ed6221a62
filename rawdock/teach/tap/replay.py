"""Replay: a record answers clients in the engine's place.

    ReplayServer(listener, recording).run()

Strategy: the recorded exchanges are looked up by method and path, with or without /vX.Y, and a request gets
the bytes that were answered then. When a request comes again, the next exchange with its method and path
answers, and after the last one the last one again. Among exchanges that differ in their query alone, one with
the query of the request is preferred; if there is none, any of that path will do: a client that puts the time
of day into its query gets an answer too.

A raw stream comes as it came then: output that came after the client had sent so many bytes of stdin waits
until that many have come. Nothing else waits, for the pauses of the record are left out. A stream that had
not ended when its client left is kept open until the client leaves.

A request that is not in the record gets 404 and a message that says so; only a ping is always answered.

Left out: the bodies of requests, which are read and not compared; other names of a container than the one in
the recorded path; HTTP/2 (a BuildKit session).
"""
import json
import re
from collections import namedtuple

from ...errors import ProtocolError
from ...wire.exchange import RequestReader
from ...wire.framing import NO_BODY, response_framing, stays_open
from ...wire.message import encode_response_head
from ..explain.annotate import annotate
from ..listen import is_hung_up
from .serving import ClientServer, ServedConnection

REPLAY_RECEIVE_BYTES = 65536
REPLAY_TARGET = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://[^/?]*)?(?:/v([0-9]+\.[0-9]+)(?=/))?([^?]*)\??(.*)",
                           re.S)
FULL_ID = re.compile("([0-9a-f]{12})[0-9a-f]{52}")
NAMED_REQUESTS = 4      # recorded requests that are named in the message about one that is not there
# What follows an answer: another request, the end of the connection, or nothing until the client leaves.
NEXT, CLOSE, HOLD = "next", "close", "hold"


def split_target(target):
    """Split a request target into (API version or "", path, query with its parameters sorted by name)."""
    version, path, query = REPLAY_TARGET.fullmatch(target).groups()
    return version or "", path, "&".join(sorted(part for part in query.split("&") if part))


class ReplayExchange(namedtuple("ReplayExchange", "index connection start method version path query"
                                                  " answer spans steps after switched")):
    """One recorded request and its answer.

    `index` is its number in the record, from 0; `connection` the number of its connection, and `start` the
    offset of its answer in what the engine sent there. `method`, `version`, `path` and `query` are those of
    the request. `answer` is the whole answer (bytes), `spans` its annotated Spans. `steps` say when parts of
    the answer may be sent, a list of (bytes of stdin that must have come, whether stdin must have ended,
    offset in the answer up to which it may be sent). `after` is NEXT, CLOSE or HOLD; `switched` says whether
    a raw stream is part of the answer.
    """

    @property
    def title(self):
        """The method and the path (str), with ids shortened as docker shows them."""
        return FULL_ID.sub(r"\1", "%s %s" % (self.method, self.path))


def replay_exchanges(recording):
    """The exchanges of a Recording, a list of ReplayExchange in the order of their requests."""
    found = []
    for annotated in annotate(recording):
        recorded = next(one for one in recording.connections if one.number == annotated.number)
        for exchange in annotated.exchanges:
            has_request = exchange.request is not None and exchange.request.head is not None
            if has_request and exchange.response is not None:
                found.append((exchange.request.seconds[0], annotated, recorded, exchange))
    found.sort(key=lambda one: one[0])
    return [replay_exchange(index, *rest) for index, (_, *rest) in enumerate(found)]


def replay_exchange(index, annotated, recorded, exchange):
    response, request = exchange.response, exchange.request.head
    start, end = (exchange.interim + [response])[0].start, response.end
    if response.head is None or not response.complete or exchange.switched:
        ended = any(event.direction == "<" and event.kind in ("close", "reset") for event in recorded.events)
        after = CLOSE if ended else HOLD
    else:
        framing = response_framing(response.head, request.method)
        after = NEXT if stays_open(response.head, framing) else CLOSE
    steps = [(0, False, end - start)]
    if exchange.switched:
        steps = raw_steps(recorded, start, end, exchange.raw_sent)
    return ReplayExchange(
        index, annotated.number, start, request.method, *split_target(request.target),
        answer=annotated.responses.data[start:end],
        spans=[span for message in exchange.interim + [response] for span in message.spans],
        steps=steps, after=after, switched=exchange.switched)


def raw_steps(recorded, start, end, raw_sent):
    """The `steps` of a ReplayExchange whose answer becomes a raw stream."""
    raw_start = raw_sent[0][0] if raw_sent else None
    sent = received = stdin = 0
    half_closed = False
    steps = []
    for event in recorded.events:
        if event.kind == "data" and event.direction == ">":
            sent += len(event.data)
            stdin = max(0, sent - raw_start) if raw_start is not None else 0
        elif event.direction == ">" and event.kind in ("half-close", "close"):
            half_closed = True
        elif event.kind == "data":
            received += len(event.data)
            if received > start:
                steps.append((stdin, half_closed and stdin > 0, min(received, end) - start))
    # The end of the stream comes after all that the client sent.
    return steps + [(stdin, half_closed and stdin > 0, end - start)]


class ReplayBook:
    """The exchanges of a record, looked up by request; each look-up gives the next one that fits."""

    def __init__(self, exchanges):
        self.exchanges = exchanges
        self._turns = {}       # key of a look-up → how many were made with it
        self._by_query, self._by_path = {}, {}
        for one in exchanges:
            self._by_query.setdefault((one.method, one.path, one.query), []).append(one)
            self._by_path.setdefault((one.method, one.path), []).append(one)

    def rewind(self):
        self._turns = {}

    def find(self, method, target):
        """The ReplayExchange that answers the request, None if there is none."""
        _, path, query = split_target(target)
        key = (method, path, query)
        known = self._by_query.get(key)
        if known is None:
            key = (method, path)
            known = self._by_path.get(key)
        if known is None:
            return None
        turn = self._turns.get(key, 0)
        self._turns[key] = turn + 1
        return known[min(turn, len(known) - 1)]

    def api_version(self):
        """The highest API version (str) in the paths of the record; 1.41 if they have none."""
        versions = [tuple(map(int, one.version.split("."))) for one in self.exchanges if one.version]
        return "%d.%d" % max(versions) if versions else "1.41"

    def missing(self, method, target):
        """The message (str) for a request that is not in the record."""
        titles = sorted(set(one.title for one in self.exchanges)) or ["no exchange at all"]
        named = ", ".join(titles[:NAMED_REQUESTS]) + ", …" * (len(titles) > NAMED_REQUESTS)
        return "this replay has no answer to %s %s; the record has %s" % (
            method, split_target(target)[1], named)


class ReplayConnection(ServedConnection):
    """One client of a ReplayServer."""

    def __init__(self, server, client):
        ServedConnection.__init__(self, server, client)
        self.reader = RequestReader(bare_lf=True)
        self.data, self.at = b"", 0   # what was received last, and how many bytes of it have been read

    def run(self):
        """Answer requests until one side ends the connection."""
        try:
            while self.answer_next() == NEXT:
                pass
        except OSError:
            pass   # the client has gone

    def answer_next(self):
        """Read a request and answer it. Returns NEXT if another may follow, else CLOSE."""
        try:
            head = self.next_request()
        except ProtocolError as error:
            self.refuse("GET", 400, "%s (%s)" % (error, error.rule))
            return CLOSE
        return CLOSE if head is None else self.answer(head)

    def next_request(self):
        """The next RequestHead, once its body has come too; None at the end of the connection."""
        if self.reader.state == "switch":
            self.reader.stay()   # the last request wanted an upgrade and was refused: HTTP goes on
        while True:
            while self.at < len(self.data):
                self.at = self.reader.take_part(self.data, self.at, [])
                if self.reader.complete:
                    return self.reader.head
            self.data, self.at = self.client.recv(REPLAY_RECEIVE_BYTES), 0
            if not self.data:
                return None

    def answer(self, head):
        """Answer the request with `head` (RequestHead). Returns NEXT or CLOSE."""
        server = self.server
        with server.lock:
            found = server.book.find(head.method, head.target)
            server.report("%s %s" % (head.method, head.target), found)
        if found is None:
            self.answer_unknown(head)
        elif server.cut is not None and server.cut[0] == found.index:
            self.client.sendall(found.answer[:server.cut[1]])
            return CLOSE
        else:
            has_left = self.give(found)
            if found.after == HOLD and not has_left:
                while self.client.recv(REPLAY_RECEIVE_BYTES):
                    pass
            if found.after == HOLD and found.switched:
                is_hung_up(self.client, wait=True)
            if found.switched or found.after != NEXT:
                return CLOSE
        return NEXT if stays_open(head, NO_BODY) else CLOSE

    def give(self, exchange):
        """Send the answer of `exchange` in step with stdin; return whether the client has stopped sending."""
        stdin, has_ended, given = len(self.data) - self.at, False, 0
        for needed, needs_end, end in exchange.steps:
            while not has_ended and (stdin < needed or needs_end):
                data = self.client.recv(REPLAY_RECEIVE_BYTES)
                stdin += len(data)
                has_ended = not data
            self.client.sendall(exchange.answer[given:end])
            given = end
        return has_ended

    def answer_unknown(self, head):
        path = split_target(head.target)[1]
        if path == "/_ping" and head.method in ("GET", "HEAD"):
            body = b"OK" if head.method == "GET" else b""
            fields = [("Api-Version", self.server.book.api_version()), ("Ostype", "linux"),
                      ("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", len(body))]
            self.client.sendall(encode_response_head(200, "OK", fields) + body)
        else:
            self.refuse(head.method, 404, self.server.book.missing(head.method, head.target))

    def refuse(self, method, status, message):
        body = json.dumps({"message": message}).encode("ascii") + b"\n"
        fields = [("Content-Type", "application/json"), ("Content-Length", len(body))]
        head = encode_response_head(status, "Not Found" if status == 404 else "Bad Request", fields)
        self.client.sendall(head if method == "HEAD" else head + body)


class ReplayServer(ClientServer):
    """Answers the clients of `listener` (a UnixListener) with `recording` (a Recording).

    report(request, exchange) is called for each request (str) with the ReplayExchange that answers it, None
    if it is not in the record. `cut` may be set to (index of an exchange, N): of that answer only the first N
    bytes are sent, and then the connection ends.
    """

    def __init__(self, listener, recording, report=None):
        ClientServer.__init__(self, listener)
        self.book = ReplayBook(replay_exchanges(recording))
        self.cut = None
        self.report = report or (lambda request, exchange: None)

    def serve(self, client):
        connection = ReplayConnection(self, client)
        connection.start(connection.run)

    def rewind(self):
        """End every connection and begin again: the first exchange of each kind answers next."""
        self.end_connections()
        self.book.rewind()
