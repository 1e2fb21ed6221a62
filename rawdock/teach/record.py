"""What crossed the connections to an engine: recorded as it happens, kept or written, and read again.

    WireRecorder      stamps the time and hands each event to its sinks
    RecordedSocket    a socket that tells the recorder what really crossed it
    Recording         a sink in memory: each connection's events, bounded
    RecordWriter      a sink on disk: JSON lines, written as the events come
    SecretMasker      what keeps credentials out of all that is written

A record on disk is one JSON object a line, the first of them

    {"rawdock":"record","version":1,"started":1790000000.5,"address":"unix:///var/run/docker.sock"}

and each other one event: "c" the connection's number, "t" seconds since the start, "kind", "d" who did
it (">" the client, "<" the engine, "" neither), and "b64" (data) or "text" (open, note).

Promises: what is recorded crossed the socket, in that order, and nothing else. Credentials become
asterisks, as many as there were bytes, before anything is written, so that lengths, offsets and framing
stay true; however the bytes are cut, and with no byte held back. Masked are the values of the fields that
authenticate, of the JSON members and query parameters that engines take credentials in, of environment
variables and other NAME=value whose name says PASSWORD, SECRET, TOKEN and the like, and HTTP/2 sessions
(BuildKit asks the client for passwords there) as a whole.

Left out: what a program prints or reads on its terminal, what stands in archives, and words whose place alone
makes them secret (`mysql -phunter2`). Nobody can tell which of it is.
"""
import json
import re
import socket
import time
from collections import deque, namedtuple

from ..errors import UsageError
from ..net.dial import dial
from ..wire.jsonstream import decode_json_bytes
from .pairing import BODY_ROLES, PairedReaders

RECORD_VERSION = 1
MAX_CONNECTION_NUMBER = (1 << 31) - 1
EVENT_OVERHEAD = 200           # what an event in memory costs besides its bytes, about
EVENT_KINDS = ("open", "data", "half-close", "close", "reset", "note")
RECORD_START = re.compile(rb'\s*\{\s*"rawdock"\s*:\s*"record"')

WireEvent = namedtuple("WireEvent", "seconds direction kind data")
WireEvent.__doc__ = """Something that happened on a connection.

`seconds` float since the record's start; `direction` ">" client to engine, "<" engine to client, "" neither;
`kind` "open" (data: the address, UTF-8), "data" (data: the bytes), "half-close", "close", "reset" (that
direction's sender did so), "note" (data: a text, UTF-8).
"""


# ---- secrets

# The members of JSON objects, in lower case (engines ignore it), whose texts are credentials: registry auth
# (AuthConfig), the answer to /auth, and a swarm's keys. `data` only where the target is one of /secrets.
SECRET_MEMBERS = frozenset(
    "password passwd auth identitytoken registrytoken accesstoken access_token refreshtoken refresh_token secret"
    " unlockkey jointoken worker manager signingcakey".split())
SECRET_FIELD = re.compile(rb"(?i)\s*(?:x-registry-auth|x-registry-config|authorization|proxy-authorization)[ \t]*:([^\n]*)")
SECRET_WORDS = rb"(?:password|passwd|auth|identitytoken|registrytoken|access_?token|refresh_?token|secret|unlockkey|jointoken)"
SECRET_NAME = rb"[\w.-]{0,64}(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIALS?|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY)[\w.-]{0,64}"
SECRET_VARIABLE = re.compile(rb"(?i)[\"\\\s,;&?](?:" + SECRET_NAME + rb"|(?:[\w.-]{0,64}[_.-])?PASS|[\w.-]{0,64}[_.-](?:PWD|AUTH|PAT))=")
# What a secret in the lines of a head begins with. The name of the group tells what ends it; a place is a URL that may have one before @.
LINE_SECRET = re.compile(
    rb"(?i)(?P<field>(?<![A-Z0-9-])(?:x-registry-auth|x-registry-config|authorization|proxy-authorization)[^A-Z0-9:\n-]{0,8}:)"
    rb"|(?P<parameter>[?&]" + SECRET_WORDS + rb"=|(?:%22|\")(?:" + SECRET_WORDS + rb"|" + SECRET_NAME + rb")(?:%22|\"))"   # buildargs
    rb"|(?P<place>[?&]remote=[a-z+]{1,16}(?::|%3a)(?:/|%2f){2})")
LINE_SECRET_ENDS = {
    "field": re.compile(rb"(?<=\n)(?=[^ \t])"),   # lines that go on are refused, and yet part of the value
    "parameter": re.compile(rb"(?=[&\s])"),
    "place": re.compile(rb"(?i)(?=[@/&\s])|%40|%2f"),
}
LINE_NAME_BYTES = 200          # no match of LINE_SECRET or SECRET_VARIABLE is longer
NOT_BLANK = re.compile(rb"[^ \t\r\n]")
SECRET_STRING_MARK = re.compile(rb'["\\]')
STRING_MARK = re.compile(rb'["\\\n]')   # RFC 8259 §7: no string goes over a line's end, so after one a stray quote does no harm
MAX_MEMBER_BYTES = 256         # of a string are looked at, to see whether it names a secret
CLOSED_CONNECTIONS = 16        # whose client has closed: what the engine had sent may still come
PLAIN_BODIES = ("tar", "octet-stream", "multiplexed-stream", "raw-stream", "gzip")


class JSONMasker:
    """mask(bytes) → as many bytes, the secret strings of a JSON body turned into asterisks. Cut anywhere."""

    def __init__(self, members):
        self._members = members
        self._in_string = False
        self._escaped = False
        self._secret = False       # the present string is a value to mask, from here on
        self._text = bytearray()   # the start of the present string, then of the last one
        self._tail = b""           # the end of the present one, from its quote on: a variable's name may stand there
        self._gap = b""            # what stands between them: b":" makes the last one the name of the next

    def _names_secret(self):
        name = bytes(self._text)
        if b"\\" in name:
            try:
                name = json.loads('"%s"' % name.decode("utf-8", "replace")).encode("utf-8", "surrogatepass")
            except ValueError:
                return False
        return name.decode("utf-8", "replace").casefold() in self._members   # as encoding/json of Go does it

    def mask(self, data):
        masked = None
        at, size = 0, len(data)
        while at < size:
            if not self._in_string:
                end = data.find(b'"', at)
                between = data[at:size if end < 0 else end].split()
                if between and len(self._gap) < 2:
                    self._gap += b"".join(between)[:2]
                if end < 0:
                    break
                self._in_string = True
                self._secret = self._gap == b":" and self._names_secret()
                self._text = bytearray()
                self._tail = b'"'
                self._gap = b""
                at = end + 1
                continue
            start = at
            if self._escaped:
                self._escaped = False
                at += 1
            match = (SECRET_STRING_MARK if self._secret else STRING_MARK).search(data, at)
            end = size if match is None else match.start()
            closes = match is not None and match.group() != b"\\"
            if match is not None and not closes:
                self._escaped = True
                end += 1
            secret_from = start if self._secret else end
            if not self._secret:
                piece = data[start:end]
                self._text += piece[:max(0, MAX_MEMBER_BYTES - len(self._text))]
                known, piece = len(self._tail), self._tail + piece
                variable = SECRET_VARIABLE.search(piece) if b"=" in piece else None
                if variable is not None:
                    self._secret = True
                    secret_from = start + variable.end() - known
                self._tail = piece[-LINE_NAME_BYTES:]
            if secret_from < end:
                if masked is None:
                    masked = bytearray(data)
                masked[secret_from:end] = b"*" * (end - secret_from)
            at = end
            if closes:
                self._in_string = False
                at += 1
        return data if masked is None else bytes(masked)


class LineMasker:
    """mask(bytes) → as many bytes of heads, the values of secret fields and query parameters turned into asterisks."""

    def __init__(self):
        self._tail = b""     # the end of what was masked: a name, or the end of a secret, may go on from there
        self._end = None     # what ends the secret under way, a pattern

    def mask(self, data):
        masked = None
        known, text = len(self._tail), self._tail + data
        secret_from = at = 0
        while True:
            if self._end is None:
                begin = LINE_SECRET.search(text, at)
                if begin is None:
                    break
                secret_from = begin.end()
                self._end = LINE_SECRET_ENDS[begin.lastgroup]
            end = self._end.search(text, secret_from)
            at = len(text) if end is None else end.end()
            start = max(secret_from, known)
            if start < at:
                masked = masked or bytearray(data)
                masked[start - known:at - known] = NOT_BLANK.sub(b"*", text[start:at])
            if end is None:
                break
            self._end = None
        if self._end is None:
            self._tail = text[max(at, len(text) - LINE_NAME_BYTES):]
        else:
            self._tail = text[max(secret_from, len(text) - 3):]
        return data if masked is None else bytes(masked)


class SecretMasker:
    """mask(direction, bytes) → as many bytes, for the bytes of one connection in the order in which they crossed.

    `method` is what a response without a request answers.

    The framing is read by the wire floor's own readers, so a chunk line in the midst of a secret stays what
    it is. Where no framing can be known (bytes that break a rule) all is searched for all kinds of secrets.
    """

    def __init__(self, method="GET"):
        self._pair = PairedReaders(method)
        self._pair.opened()   # what a server takes for a request is read as one
        self._offsets = {">": 0, "<": 0}
        self._lines = {">": LineMasker(), "<": LineMasker()}
        self._bodies = {">": (None, None), "<": (None, None)}   # (PairedMessage, its JSONMasker or None)
        self._wild = {">": JSONMasker(SECRET_MEMBERS | {"data"}), "<": JSONMasker(SECRET_MEMBERS | {"data"})}
        self._wild_until = 0      # the offset behind the last bytes whose meaning an answer had to tell

    def mask(self, direction, data):
        pair = self._pair
        start = at = self._offsets[direction]
        end = self._offsets[direction] = start + len(data)
        undecided = pair.undecided(direction)
        pair.feed(direction, data)
        masked = []
        for label_start, label_end, role, message in pair.take_labels(direction):
            if label_end <= at or undecided:
                continue
            if role in BODY_ROLES and message is not None:
                if label_start > at:
                    masked.append(self._lines[direction].mask(data[at - start:label_start - start]))
                    at = label_start
                masked.append(self._mask_body(direction, message, data[at - start:label_end - start]))
                at = label_end
        rest, waits = data[at - start:], b""
        if undecided or pair.undecided(direction) or pair.readers[direction].error is not None:
            message, masker = self._bodies[direction]
            if masker is not None and not message.complete:   # what broke may stand in the midst of a secret
                self._wild[direction] = masker
            known = max(at, pair.readers[direction].offset) - at
            if pair.undecided(direction) and self._is_session(pair.readers[direction].message):
                rest, waits = rest[:known], rest[known:]
            rest = self._wild[direction].mask(rest)
            if direction == ">":
                self._wild_until = end
        masked.append(self._lines[direction].mask(rest) + b"*" * len(waits))
        for side in "><":
            pair.take_labels(side)
            del pair.messages[side][:]
        return b"".join(masked)

    def _is_session(self, request):
        """Whether what follows `request` (a PairedMessage or None) is HTTP/2: that is not read here, and may carry passwords."""
        return request is not None and request.head.headers.get("upgrade", "").lower() == "h2c"

    def _mask_body(self, direction, message, data):
        request = message if direction == ">" else message.request
        if message.switched:
            return b"*" * len(data) if self._is_session(request) else data
        known, masker = self._bodies[direction]
        if known is not message:
            content_type = message.head.headers.get("content-type", "").lower() if message.head is not None else ""
            masker = None
            if direction == ">" and message.start < self._wild_until:   # it may have begun in the midst of a secret
                masker = self._wild[">"]
            elif not any(word in content_type for word in PLAIN_BODIES):
                in_secrets = request is not None and "/secrets" in request.head.target
                masker = JSONMasker(SECRET_MEMBERS | {"data"} if in_secrets else SECRET_MEMBERS)
            self._bodies[direction] = (message, masker)
        return data if masker is None else masker.mask(data)


class SecretMaskers:
    """event(number, WireEvent) → the event without secrets, for any number of connections."""

    def __init__(self, method="GET"):
        self._method = method
        self._maskers = {}
        self._closed = deque()     # numbers

    def event(self, number, event):
        if event.kind == "data":
            masker = self._maskers.get(number)
            if masker is None:
                masker = self._maskers[number] = SecretMasker(self._method)
            return event._replace(data=masker.mask(event.direction, event.data))
        if event.kind in ("close", "reset") and event.direction == ">" and number in self._maskers and number not in self._closed:
            self._closed.append(number)
            if len(self._closed) > CLOSED_CONNECTIONS:
                del self._maskers[self._closed.popleft()]
        return event


def redacted_recording(recording):
    """A Recording like `recording`, its secrets masked."""
    clean = Recording(None, recording.started, recording.address)
    for connection in recording.connections:
        maskers = SecretMaskers(connection.method)
        for event in connection.events:
            clean.take(connection.number, maskers.event(connection.number, event))
        clean.find(connection.number).method = connection.method
    return clean


# ---- sinks

class RecordedConnection:
    """`number` (int, from 1) and `events` (list of WireEvent, in order) of one connection.

    `method` is what a response answers whose request was not recorded.
    """

    def __init__(self, number, events=(), method="GET"):
        self.number = number
        self.method = method
        self.events = list(events)

    def __eq__(self, other):
        return isinstance(other, RecordedConnection) and (self.number, self.events) == (other.number, other.events)

    def __repr__(self):
        return "RecordedConnection(%r, %r)" % (self.number, self.events)

    def stream(self, direction):
        """All bytes of one direction, ">" or "<", joined."""
        return b"".join([event.data for event in self.events if event.kind == "data" and event.direction == direction])

    @property
    def notes(self):
        """The texts of the notes, list of str."""
        return [event.data.decode("utf-8", "replace") for event in self.events if event.kind == "note"]


class Recording:
    """A sink in memory. `started` unix time (float), `address` str, `connections` list of RecordedConnection by number.

    `limit` (bytes of memory, about; None: all there is): what comes once it is full is counted, not kept, and
    finish() leaves a note of it at each connection concerned.
    """

    def __init__(self, limit=None, started=None, address=""):
        self.started = time.time() if started is None else started
        self.address = address
        self._limit = limit
        self._used = 0
        self._by_number = {}
        self._left_out = {}      # number → bytes

    def __eq__(self, other):
        return isinstance(other, Recording) and ((self.started, self.address, self.connections)
                                                 == (other.started, other.address, other.connections))

    @property
    def connections(self):
        return [self._by_number[number] for number in sorted(self._by_number)]

    def find(self, number):
        """The RecordedConnection of that number, made if there is none."""
        if number not in self._by_number:
            self._by_number[number] = RecordedConnection(number)
        return self._by_number[number]

    def take(self, number, event):
        connection = self._by_number.get(number)
        if connection is None:
            if self._full:
                return
            connection = self.find(number)
        if self._limit is not None and event.kind == "data":
            room = 0 if number in self._left_out else max(0, self._limit - self._used - EVENT_OVERHEAD)
            if len(event.data) > room:
                self._left_out[number] = self._left_out.get(number, 0) + len(event.data) - room
                event = event._replace(data=event.data[:room])
                if not room:
                    return
        elif self._full:
            return
        self._used += len(event.data) + EVENT_OVERHEAD
        connection.events.append(event)

    @property
    def _full(self):
        return self._limit is not None and self._used + EVENT_OVERHEAD > self._limit

    def finish(self):
        for number, count in sorted(self._left_out.items()):
            events = self._by_number[number].events
            text = "%d bytes more crossed: this record was full at %d" % (count, self._limit)
            events.append(WireEvent(events[-1].seconds if events else 0.0, "", "note", text.encode("utf-8")))
        self._left_out = {}


class RecordWriter:
    """A sink on disk. `file` is binary; each event is one line, written and flushed as it comes.

    The first line is written before the first event, or by finish(). `redact` False writes the secrets too.
    finish() does not close the file.
    """

    def __init__(self, file, redact=True, started=None, address=""):
        self._file = file
        self._maskers = SecretMaskers() if redact else None
        self._header = {"rawdock": "record", "version": RECORD_VERSION,
                        "started": time.time() if started is None else started, "address": address}

    def _begin(self):
        header, self._header = self._header, None
        if header is not None:
            self._line(header)

    def _line(self, facts):
        self._file.write(json.dumps(facts, separators=(",", ":")).encode("ascii") + b"\n")
        self._file.flush()

    def take(self, number, event):
        from base64 import b64encode
        self._begin()
        if self._maskers is not None:
            event = self._maskers.event(number, event)
        facts = {"c": number, "t": event.seconds, "kind": event.kind, "d": event.direction}
        if event.kind == "data":
            facts["b64"] = b64encode(event.data).decode("ascii")
        elif event.kind in ("open", "note"):
            facts["text"] = event.data.decode("utf-8", "surrogateescape")
        self._line(facts)

    def finish(self):
        self._begin()
        self._file.flush()


# ---- reading

def is_record(start):
    """Whether a file that begins with these bytes (64 are enough) is a record rather than captured bytes."""
    return RECORD_START.match(start) is not None


def read_record(file):
    """A binary file of JSON lines → Recording. UsageError names the line and what is wrong with it."""
    recording = None
    for number, line in enumerate(file, 1):
        facts = record_line(line, number)
        try:
            if recording is None:
                recording = record_header(facts)
            else:
                recording.take(*record_event(facts))
        except (KeyError, TypeError, ValueError) as error:
            problem = "has no %s" % error if isinstance(error, KeyError) else str(error)
            raise UsageError("line %d of the record: %s" % (number, problem), "was it made by this version of rawdock?")
    if recording is None:
        raise UsageError("the record is empty", "its first line would say {\"rawdock\":\"record\", …}")
    return recording


def record_line(line, number):
    try:
        if line[-1:] != b"\n":
            raise ValueError("the line is cut")
        facts = decode_json_bytes(line)
        if not isinstance(facts, dict):
            raise ValueError("not a JSON object")
        return facts
    except (ValueError, RecursionError) as error:
        raise UsageError("line %d of the record cannot be read: %s" % (number, error), "a recorder that was killed leaves half a line: without "
                         "it the rest can be read" if line[-1:] != b"\n" else "each line is one JSON object")


def short_repr(value):
    text = repr(value)
    return text if len(text) <= 60 else text[:60] + "…"


def record_number(facts, name):
    value = facts[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value or abs(value) > 1e12:
        raise ValueError("%r is not a number: %s" % (name, short_repr(value)))
    return float(value)


def record_header(facts):
    if facts.get("rawdock") != "record":
        raise ValueError("the first line of a record says {\"rawdock\":\"record\", …}")
    if facts.get("version") != RECORD_VERSION:
        raise ValueError("version %s, this rawdock reads version %d" % (short_repr(facts.get("version")), RECORD_VERSION))
    if not isinstance(facts["address"], str):
        raise ValueError("'address' is not text: %s" % short_repr(facts["address"]))
    return Recording(None, record_number(facts, "started"), facts["address"])


def record_event(facts):
    """A line's object → (number, WireEvent). KeyError and ValueError say what is wrong."""
    from base64 import b64decode
    number, kind, direction, data = facts["c"], facts["kind"], facts["d"], b""
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= MAX_CONNECTION_NUMBER:
        raise ValueError("'c' is not the number of a connection: %s" % short_repr(number))
    if kind not in EVENT_KINDS:
        raise ValueError("no event is of kind %s" % short_repr(kind))
    if direction not in ((">", "<", "") if kind in ("open", "note") else (">", "<")):
        raise ValueError("'d' is not a direction of %s: %s" % (kind, short_repr(direction)))
    if kind == "data":
        data = b64decode(facts["b64"], validate=True)
    elif kind in ("open", "note"):
        data = facts["text"].encode("utf-8", "surrogateescape") if isinstance(facts["text"], str) else None
        if data is None:
            raise ValueError("'text' is not text: %s" % short_repr(facts["text"]))
    return number, WireEvent(record_number(facts, "t"), direction, kind, data)


# ---- recording

class WireRecorder:
    """Stamps what happens on connections and gives it to every sink: an object with take(number, event) and finish().

    Usable from several threads. A sink that fails (its disk is full, nobody reads it, it has a mistake) gets
    nothing more and does not disturb the connections; finish() raises its error.
    """

    def __init__(self, sinks, clock=time.monotonic):
        from threading import Lock
        self._sinks = list(sinks)
        self._clock = clock
        self._start = clock()
        self._lock = Lock()
        self._count = 0
        self._failure = None

    def _take(self, number, direction, kind, data=b""):
        with self._lock:
            self._give(number, direction, kind, data)

    def _give(self, number, direction, kind, data):
        event = WireEvent(round(self._clock() - self._start, 6), direction, kind, data)
        for sink in list(self._sinks):
            try:
                sink.take(number, event)
            except Exception as error:   # not only OSError: who watches must not change what happens
                self._sinks.remove(sink)
                self._failure = self._failure or error

    def open(self, address):
        """A connection to `address` (str) was made → its number, from 1."""
        with self._lock:
            self._count += 1
            self._give(self._count, ">", "open", str(address).encode("utf-8", "surrogateescape"))
            return self._count

    def sent(self, number, data):
        """The client sent `data` (bytes)."""
        if len(data):
            self._take(number, ">", "data", bytes(data))

    def received(self, number, data):
        """The engine sent `data` (bytes)."""
        if len(data):
            self._take(number, "<", "data", bytes(data))

    def half_closed(self, number, direction):
        """The sender of `direction` will send no more, and reads on."""
        self._take(number, direction, "half-close")

    def closed(self, number, direction, reset=False):
        """The sender of `direction` closed the connection, or reset it."""
        self._take(number, direction, "reset" if reset else "close")

    def note(self, number, text):
        self._take(number, "", "note", text.encode("utf-8", "surrogateescape"))

    def finish(self):
        """No more will come. Raises the error of a sink that has failed, an OSError as a rule."""
        with self._lock:
            sinks, self._sinks = self._sinks, []
            for sink in sinks:
                try:
                    sink.finish()
                except Exception as error:
                    self._failure = self._failure or error
            failure, self._failure = self._failure, None
        if failure is not None:
            raise failure


class RecordedSocket:
    """A connected socket whose bytes a WireRecorder sees: those that crossed, when they did.

    Whatever is not about bytes (fileno, settimeout, …) is the socket's own.
    """

    def __init__(self, sock, recorder, address=""):
        self._sock = sock
        self._recorder = recorder
        self._number = recorder.open(address)
        self._open = {">", "<"}   # the directions whose end has not been seen

    def __getattr__(self, name):
        return getattr(self._sock, name)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def send(self, data, flags=0):
        size = self._sock.send(data, flags)
        self._recorder.sent(self._number, memoryview(data).cast("B")[:size])
        return size

    def sendall(self, data, flags=0):
        # Not the socket's own: if that fails it cannot say how much has crossed.
        view = memoryview(data).cast("B")
        while len(view):
            view = view[self.send(view, flags):]

    def _received(self, data, flags=0):
        if flags & socket.MSG_PEEK:
            return
        if len(data):
            self._recorder.received(self._number, data)
        elif "<" in self._open:
            self._open.discard("<")
            self._recorder.closed(self._number, "<")

    def _reset(self):
        if "<" in self._open:
            self._open.discard("<")
            self._recorder.closed(self._number, "<", reset=True)

    def recv(self, size, flags=0):
        try:
            data = self._sock.recv(size, flags)
        except ConnectionResetError:
            self._reset()
            raise
        if size:
            self._received(data, flags)
        return data

    def recv_into(self, buffer, size=0, flags=0):
        try:
            count = self._sock.recv_into(buffer, size, flags)
        except ConnectionResetError:
            self._reset()
            raise
        view = memoryview(buffer).cast("B")
        if len(view):
            self._received(view[:count], flags)
        return count

    def shutdown(self, how):
        if how == socket.SHUT_RDWR:
            self._close()
        elif how == socket.SHUT_WR and ">" in self._open:
            self._recorder.half_closed(self._number, ">")
        self._sock.shutdown(how)

    def _close(self):
        if ">" in self._open:
            self._recorder.closed(self._number, ">")
            self._open.clear()   # that reading ends too is our own doing

    def close(self):
        self._close()
        self._sock.close()


def recorded_dial(recorder, connect=dial):
    """A function (address, timeout) → RecordedSocket, to stand in for dial: `docker.open_socket = recorded_dial(recorder)`."""
    def open_recorded_socket(address, timeout=None):
        return RecordedSocket(connect(address, timeout), recorder, str(address))
    return open_recorded_socket
