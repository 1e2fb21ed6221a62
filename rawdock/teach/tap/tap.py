"""The tap: it sits between any client and an engine, and every byte goes through it unchanged.

Strategy: each client has a connection to the engine of its own, and each direction of it a thread, which
receives what one side sends into a buffer and sends it on from there before it receives more: a slow reader
slows the writer at the other end, as it would without the tap. Nothing in here looks at what the bytes mean,
so nothing in them can stop it.

What a sink takes at once is sent and then recorded, under a lock that all connections share. So the record
has a request before everything that it causes, on other connections too.

A half-close is passed on as a half-close (an engine takes it for the end of stdin, or for a client that has
left); a full close as a full close. EPIPE stops one direction only, since an engine may refuse in the middle
of a request and its response is still to be read. A connection is over when both directions are, or when one
side has closed both.

Promises: no descriptor and no byte of a connection is kept once it is over.

Left out: passing on a reset as a reset. The other side sees an end.
"""
import socket

from ...errors import ConnectError, RawdockError
from ...net.dial import dial
from ..record.record import WireRecorder
from ..listen import is_hung_up, shut_down
from .serving import ClientServer, ServedConnection

TAP_BUFFER_BYTES = 262144      # more than a Unix socket's queue holds
TAP_DIAL_SECONDS = 10


class TapConnection(ServedConnection):
    """One client of `tap` (Tap), and the connection to the engine that is made for it.

    `number` is that of the connection in the record. A direction is ">", from the client to the engine, or
    "<".
    """

    def __init__(self, tap, number, client):
        ServedConnection.__init__(self, tap, client)
        self.number = number
        self.engine = None

    def run(self):
        """Dial the engine, and pass on both directions until the connection is over."""
        try:
            self.engine = dial(self.server.address, TAP_DIAL_SECONDS)
        except RawdockError as error:
            self.note_failure(error)
            self.record("<", "close")
            return
        self.sockets.append(self.engine)
        if not self.over.is_set():
            self.start(lambda: self.pass_all("<", self.engine, self.client))
            self.pass_all(">", self.client, self.engine)

    def pass_all(self, direction, source, sink):
        """Pass on what `source` sends, until it ends or `sink` takes nothing any more."""
        buffer = memoryview(bytearray(TAP_BUFFER_BYTES))
        size = self.receive(direction, buffer)
        while size > 0 and not self.over.is_set():
            try:
                self.pass_on(direction, sink, buffer[:size])
            except OSError:
                if direction == "<":
                    shut_down(source, socket.SHUT_RD)   # so that an engine that goes on writing notices
                return
            size = self.receive(direction, buffer)
        if not self.over.is_set():
            self.pass_end(direction, source, sink, size < 0)

    def note_failure(self, error):
        """Record and report the RawdockError for which the engine cannot be reached."""
        self.record("", "note", error.message.encode("utf-8", "surrogateescape"))
        self.server.report(error)

    def receive(self, direction, buffer):
        """Receive into `buffer`; return how many bytes came, 0 at the stream's end, -1 after a reset."""
        try:
            return (self.client if direction == ">" else self.engine).recv_into(buffer)
        except ConnectError as error:   # what carries the connection, ssh, has failed
            self.note_failure(error)
            return 0
        except OSError:   # ECONNRESET: the peer closed while it had not read everything
            return -1

    def pass_on(self, direction, sink, data):
        """Send `data` (bytes or memoryview) to `sink` and record it. OSError if `sink` takes no more."""
        sent = 0
        with self.server.lock:
            try:
                sent = sink.send(data, socket.MSG_DONTWAIT)
            except BlockingIOError:
                pass
            finally:
                self.record(direction, "data", data)
        if sent < len(data):
            sink.sendall(data[sent:])

    def pass_end(self, direction, source, sink, was_reset):
        """Pass on the end of what `source` sends, and end the connection once `source` has closed it."""
        if was_reset or is_hung_up(source):
            self.record(direction, "reset" if was_reset else "close")
        else:
            self.record(direction, "half-close" if direction == ">" else "close")
            shut_down(sink, socket.SHUT_WR)
            self.wait_for_hang_up(source)   # until then it may take what the other side sends
            if direction == ">" and not self.over.is_set():
                self.record(direction, "close")
        self.end()

    def wait_for_hang_up(self, sock):
        is_hung_up(sock, wait=True)

    def record(self, direction, kind, data=b""):
        self.server.recorder.record(self.number, direction, kind, data)


class Tap(ClientServer):
    """Every client of `listener` (a UnixListener) is connected to the engine at `address` (an Address).

    `recorder`: a WireRecorder. report(error) is called with the RawdockError when the engine cannot
    be reached. make_connection(tap, number, client) makes the TapConnection of each client.
    """

    def __init__(self, listener, address, recorder=None, report=None, make_connection=TapConnection):
        ClientServer.__init__(self, listener)
        self.address = address
        self.recorder = recorder or WireRecorder([])
        self.report = report or (lambda error: None)
        self.make_connection = make_connection

    def serve(self, client):
        connection = self.make_connection(self, self.recorder.open(str(self.address)), client)
        connection.start(connection.run)

    def drain(self, seconds):
        """Go on, after the clients have gone, until their connections are over, at most `seconds`."""
        self.accept_waiting()   # a client may have connected, written and left
        self.wait_for_end(seconds)
