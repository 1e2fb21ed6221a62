"""What crosses the connections to an engine: recorded as it happens, kept or written, and read again.

    WireRecorder      adds the time to each event and gives it to its sinks
    RecordedSocket    a socket that gives the recorder the bytes that crossed it
    Recording         a sink in memory: the events of each connection, with a bound
    RecordWriter      a sink that writes a record file
    read_record       a record file → a Recording

A record file is lines of JSON objects, written as the events come. The first is

    {"rawdock":"record","version":1,"started":1790000000.5,"address":"unix:///var/run/docker.sock"}

and each other one an event: "c" is the connection's number, "t" seconds since the start, "kind" its kind, "d"
who caused it (">" the client, "<" the engine, "" neither), and "b64" (data) or "text" (open, note).

Promises: what is recorded crossed the socket, in that order, and nothing else. Credentials are masked before
anything is written (see masking.py), and each masked byte is still there as one byte.
"""
import json
import re
import socket
import time
from collections import namedtuple

from ...errors import UsageError
from ...net.closing import Closing
from ...net.dial import dial
from ...wire.jsonstream import decode_json
from .masking import SecretMaskers, masked_text

RECORD_VERSION = 1
MAX_CONNECTION_NUMBER = (1 << 31) - 1
MAX_RECORD_NUMBER = 1e12       # of a time in seconds: more would overflow the formats of exports
EVENT_OVERHEAD = 200           # memory that an event takes besides its bytes, about
EVENT_KINDS = ("open", "data", "half-close", "close", "reset", "note")
RECORD_START = re.compile(rb'\s*\{\s*"rawdock"\s*:\s*"record"')

WireEvent = namedtuple("WireEvent", "seconds direction kind data")
WireEvent.__doc__ = """Something that happened on a connection.

`seconds` float since the record's start; `direction` ">" client to engine, "<" engine to client, "" neither;
`kind` "open" (data: the address, UTF-8), "data" (data: the bytes), "half-close", "close", "reset" (that
direction's sender did so), "note" (data: a text, UTF-8).
"""


def masked_address(address):
    """The address of an engine (str) without credentials."""
    return masked_text(address.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


def redacted_recording(recording):
    """A Recording with the events of `recording`, its credentials masked."""
    clean = Recording(None, recording.started, masked_address(recording.address))
    for connection in recording.connections:
        maskers = SecretMaskers(connection.method)
        for event in connection.events:
            clean.take(connection.number, maskers.event(connection.number, event))
        clean.find(connection.number).method = connection.method
    return clean


# ---- sinks

class RecordedConnection:
    """One connection: its `number` (int, from 1) and its `events` (list of WireEvent, in order).

    `method` is that of the request to a response whose request was not recorded.
    """

    def __init__(self, number, events=(), method="GET"):
        self.number = number
        self.method = method
        self.events = list(events)

    def __eq__(self, other):
        return (isinstance(other, RecordedConnection)
                and (self.number, self.events) == (other.number, other.events))

    def stream(self, direction):
        """All bytes of one direction, ">" or "<"."""
        return b"".join(one.data for one in self.events if (one.kind, one.direction) == ("data", direction))

    @property
    def notes(self):
        """The texts of the notes, list of str."""
        return [event.data.decode("utf-8", "replace") for event in self.events if event.kind == "note"]


class Recording:
    """A sink in memory: `connections` is the list of RecordedConnection, by number.

    `started` is a Unix time (float), `address` that of the engine (str). Beyond `limit` (bytes of memory,
    about; None for no limit) bytes are counted and not kept, and finish() adds a note with the count to each
    connection.
    """

    def __init__(self, limit=None, started=None, address=""):
        self.started = time.time() if started is None else started
        self.address = address
        self._limit = limit
        self._used = 0
        self._by_number = {}
        self._left_out = {}      # number → bytes

    @property
    def connections(self):
        return [self._by_number[number] for number in sorted(self._by_number)]

    def find(self, number):
        """The RecordedConnection of that number, made if there is none."""
        if number not in self._by_number:
            self._by_number[number] = RecordedConnection(number)
        return self._by_number[number]

    def take(self, number, event):
        size = len(event.data) + EVENT_OVERHEAD
        is_full = self._limit is not None and self._used + size > self._limit
        if is_full and number not in self._by_number:
            return
        connection = self.find(number)
        if event.kind == "data" and (is_full or number in self._left_out):   # no gap inside a stream
            self._left_out[number] = self._left_out.get(number, 0) + len(event.data)
        elif not is_full:
            self._used += size
            connection.events.append(event)

    def finish(self):
        for number, count in sorted(self._left_out.items()):
            events = self._by_number[number].events
            text = "%d bytes more crossed: this record was full at %d" % (count, self._limit)
            events.append(WireEvent(events[-1].seconds if events else 0.0, "", "note", text.encode("utf-8")))
        self._left_out = {}


class RecordWriter:
    """A sink that writes a record to `file` (binary): each event is one line, flushed as it comes.

    The first line is written with the first event, or by finish(), which does not close the file. `redact`
    False writes credentials as they are.
    """

    def __init__(self, file, redact=True, started=None, address=""):
        self._file = file
        self._maskers = SecretMaskers() if redact else None
        self._header = {"rawdock": "record", "version": RECORD_VERSION,
                        "started": time.time() if started is None else started,
                        "address": masked_address(address) if redact else address}

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


# ---- reading

def is_record(start):
    """Whether a file that begins with `start` (64 bytes are enough) is a record, not a capture."""
    return RECORD_START.match(start) is not None


def read_record(file):
    """A binary file of JSON lines → Recording. UsageError names the line and what is wrong with it."""
    recording = None
    for number, line in enumerate(file, 1):
        try:
            if line[-1:] != b"\n":
                raise ValueError("the line is cut, as by a recorder that was killed")
            facts = decode_json(line)
            if not isinstance(facts, dict):
                raise ValueError("not a JSON object")
            if recording is None:
                recording = record_header(facts)
            else:
                recording.take(*record_event(facts))
        except (TypeError, ValueError, RecursionError) as error:
            raise UsageError("line %d of the record cannot be read: %s" % (number, error),
                             "was it made by this version of rawdock?")
    if recording is None:
        raise UsageError("the record is empty", "its first line would say {\"rawdock\":\"record\", …}")
    return recording


def record_value(facts, name, what, types, least=None, most=None):
    """facts[name] if it is of `types`, no bool, and from `least` to `most`; else ValueError: not `what`."""
    value = facts.get(name)
    if (not isinstance(value, types) or isinstance(value, bool)
            or least is not None and not least <= value <= most):
        raise ValueError("%r is not %s: %.60r" % (name, what, value))
    return value


def record_number(facts, name):
    return float(record_value(facts, name, "a number", (int, float), -MAX_RECORD_NUMBER, MAX_RECORD_NUMBER))


def record_header(facts):
    """The dict of the first line → an empty Recording. ValueError says what is wrong."""
    if (facts.get("rawdock"), facts.get("version")) != ("record", RECORD_VERSION):
        raise ValueError("the first line says \"rawdock\":\"record\",\"version\":%d, not version %.60r"
                         % (RECORD_VERSION, facts.get("version")))
    return Recording(None, record_number(facts, "started"), record_value(facts, "address", "text", str))


def record_event(facts):
    """The dict of another line → (number, WireEvent). ValueError and TypeError say what is wrong."""
    from base64 import b64decode
    number = record_value(facts, "c", "the number of a connection", int, 1, MAX_CONNECTION_NUMBER)
    kind, direction, data = facts.get("kind"), facts.get("d"), b""
    if kind not in EVENT_KINDS:
        raise ValueError("no event is of kind %.60r" % (kind,))
    has_text = kind in ("open", "note")
    if direction not in ((">", "<", "") if has_text else (">", "<")):
        raise ValueError("'d' is not a direction of %s: %.60r" % (kind, direction))
    if kind == "data":
        data = b64decode(facts.get("b64"), validate=True)
    elif has_text:
        data = record_value(facts, "text", "text", str).encode("utf-8", "surrogateescape")
    return number, WireEvent(record_number(facts, "t"), direction, kind, data)


# ---- recording

class WireRecorder:
    """Gives what happens on connections, with its time, to every sink: take(number, event), then finish().

    Threads may share it. A sink that raises an exception gets no more events, and the connections are not
    disturbed; finish() raises that exception.
    """

    def __init__(self, sinks, clock=time.monotonic):
        from threading import RLock
        self._sinks = list(sinks)
        self._clock = clock
        self._start = clock()
        self._lock = RLock()
        self._count = 0
        self._failure = None

    def open(self, address):
        """A connection to `address` (str) was made → its number, from 1."""
        with self._lock:
            self._count += 1
            self.record(self._count, ">", "open", str(address).encode("utf-8", "surrogateescape"))
            return self._count

    def record(self, number, direction, kind, data=b""):
        """Give the sinks a WireEvent of connection `number` with this `direction`, `kind` and `data`."""
        if kind == "data" and not len(data):
            return
        with self._lock:
            event = WireEvent(round(self._clock() - self._start, 6), direction, kind, bytes(data))
            self._give(lambda sink: sink.take(number, event))

    def _give(self, action):
        """Call action(sink) for each sink; one that fails gets nothing more."""
        for sink in list(self._sinks):
            try:
                action(sink)
            except Exception as error:   # not only OSError: recording must not change what happens
                self._sinks.remove(sink)
                self._failure = self._failure or error

    def finish(self):
        """Finish every sink. Raises the exception of the first sink that has failed, if one has."""
        with self._lock:
            self._give(lambda sink: sink.finish())
            self._sinks = []
            failure, self._failure = self._failure, None
        if failure is not None:
            raise failure


class RecordedSocket(Closing):
    """A connected socket that records the bytes that cross it. Other methods are those of the socket."""

    def __init__(self, sock, recorder, address=""):
        self._sock = sock
        self._recorder = recorder
        self._number = recorder.open(address)
        self._open = {">", "<"}   # the directions whose end has not been seen

    def __getattr__(self, name):
        return getattr(self._sock, name)

    def send(self, data, flags=0):
        size = self._sock.send(data, flags)
        self._recorder.record(self._number, ">", "data", memoryview(data).cast("B")[:size])
        return size

    def sendall(self, data, flags=0):
        # socket.sendall() does not say how much has crossed before it fails.
        view = memoryview(data).cast("B")
        while len(view):
            view = view[self.send(view, flags):]

    def recv(self, size, flags=0):
        buffer = bytearray(size)
        return bytes(buffer[:self.recv_into(buffer, 0, flags)])

    def recv_into(self, buffer, size=0, flags=0):
        view = memoryview(buffer).cast("B")
        try:
            count = self._sock.recv_into(buffer, size, flags)
        except ConnectionResetError:
            self._ended("<", "reset")
            raise
        if count and not flags & socket.MSG_PEEK:
            self._recorder.record(self._number, "<", "data", view[:count])
        elif len(view) and not count:
            self._ended("<", "close")
        return count

    def _ended(self, direction, kind):
        if direction in self._open:
            self._open.discard(direction)
            self._recorder.record(self._number, direction, kind)

    def shutdown(self, how):
        if how == socket.SHUT_RDWR:
            self._close()
        elif how == socket.SHUT_WR and ">" in self._open:
            self._recorder.record(self._number, ">", "half-close")
        self._sock.shutdown(how)

    def _close(self):
        self._ended(">", "close")
        self._open.clear()   # reading ends because of this side, which is not the engine's close

    def close(self):
        self._close()
        self._sock.close()


def recorded_dial(recorder, connect=dial):
    """A function (address, timeout) → RecordedSocket, for `docker.open_socket = recorded_dial(recorder)`."""
    def open_recorded_socket(address, timeout=None):
        return RecordedSocket(connect(address, timeout), recorder, str(address))
    return open_recorded_socket
