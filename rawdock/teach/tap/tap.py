"""The tap: it sits between any client and an engine, and every byte goes through it untouched.

    SocketLoop   one thread that waits for many sockets and timers
    Tap          accepts clients, dials the engine for each, and pumps

Strategy: one loop, one buffer. What one side sends is received into the buffer and sent on from it. Only what
the other side does not take at once is kept, and until that is gone no more is received: a slow reader slows
the writer at the other end, as it would without the tap. Bytes are passed on first and given to the recorder
after. Nothing in the pump looks at what the bytes mean, so nothing in them can stop it.

A half-close is passed on as a half-close (an engine takes it for the end of stdin, or for a client that has
left); a full close as a full close. EPIPE stops one direction only, since an engine may refuse in the middle
of a request and its answer is still to be read. A connection is over when both directions are, or when
nothing can be passed on to the side that is still there.

Promises: no descriptor and no byte of a connection is kept once it is over.

Left out: dialling without waiting (an engine that takes long to accept delays the other connections, by 10
seconds at most), and passing on a reset as a reset: the other side sees an end.
"""
import socket
import time

from ...errors import RawdockError
from ...net.closing import Closing
from ...net.dial import dial
from ..record.record import WireRecorder

TAP_BUFFER_BYTES = 262144      # more than a Unix socket's queue holds
TAP_DIAL_SECONDS = 10
READS_IN_A_ROW = 16            # of one connection, before others have their turn
SHORT_READ_BYTES = 4096        # after a read this short there is nothing more to receive just now
READABLE, WRITABLE, HANG_UP, BROKEN = 1, 4, 16, 8 | 16   # of poll(2): IN, OUT, HUP, ERR or HUP


class SocketLoop:
    """Waits for sockets and timers in one thread.

    watch(sock, events, callback) calls callback(events seen) when one of `events` comes; with 0 only when the
    other side closes. forget(sock) must come before `sock` is closed. later(seconds, function) calls
    function() once. stop(), from a callback, a signal handler or another thread, ends run().
    """

    def __init__(self):
        from select import poll
        self._poller = poll()
        self._callbacks = {}     # descriptor → callback
        self._events = {}        # descriptor → events waited for
        self._timers = []        # heap of (when, number, function)
        self._timer_count = 0
        self.stopped = False
        self._wake, self._waker = socket.socketpair()
        self._wake.setblocking(False)
        self._waker.setblocking(False)
        self.watch(self._wake, READABLE, self._woken)

    def watch(self, sock, events, callback):
        descriptor = sock.fileno()
        if self._callbacks.get(descriptor) is None:
            self._poller.register(descriptor, events)
        elif self._events[descriptor] != events:
            self._poller.modify(descriptor, events)
        self._callbacks[descriptor] = callback
        self._events[descriptor] = events

    def forget(self, sock):
        descriptor = sock.fileno()
        if self._callbacks.pop(descriptor, None) is not None:
            del self._events[descriptor]
            self._poller.unregister(descriptor)

    def later(self, seconds, function):
        from heapq import heappush
        self._timer_count += 1
        heappush(self._timers, (time.monotonic() + seconds, self._timer_count, function))

    def _woken(self, events):
        try:
            self._wake.recv(4096)
        except BlockingIOError:
            pass

    def stop(self):
        self.stopped = True
        try:
            self._waker.send(b"x")
        except OSError:
            pass   # it is full of wake-ups, or closed

    def turn(self, wait=None):
        """Wait for what comes next, at most `wait` seconds (None: without limit), and call its callbacks."""
        from heapq import heappop
        if self._timers:
            left = max(0, self._timers[0][0] - time.monotonic())
            wait = left if wait is None else min(wait, left)
        seen = self._poller.poll(None if wait is None else int(wait * 1000) + 1)
        # A callback may close a descriptor whose number the next one opens again: call only who was watched.
        for callback, descriptor, events in [(self._callbacks.get(pair[0]),) + pair for pair in seen]:
            if callback is not None and self._callbacks.get(descriptor) == callback:
                callback(events)
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            heappop(self._timers)[2]()

    def run(self):
        """Until stop()."""
        while not self.stopped:
            self.turn()

    def close(self):
        self.forget(self._wake)
        self._wake.close()
        self._waker.close()
        self._timers = []


def is_hung_up(sock, or_events=0):
    """Whether the other side has closed both directions, not only half; or one of `or_events` is seen."""
    from select import poll
    poller = poll()
    poller.register(sock, or_events)
    return any(events & (HANG_UP | or_events) for _, events in poller.poll(0))


def leave_nothing_unread(sock):
    """Read what is left in `sock`, so that closing it is an end for the other side, and not a reset."""
    try:
        sock.shutdown(socket.SHUT_RDWR)
        while sock.recv(65536):
            pass
    except OSError:
        pass


class TapFlow:
    """One direction of a tapped connection: what `source` sends goes to `sink`."""

    __slots__ = ("source", "sink", "direction", "pending", "open", "over", "held", "gone", "recorded")

    def __init__(self, source, sink, direction):
        self.source = source
        self.sink = sink
        self.direction = direction
        self.pending = None   # bytes that were received and the sink has not taken yet
        self.open = True      # the source may send more
        self.over = False     # nothing goes this way any more: the end was passed on, or nobody takes it
        self.held = False     # something of it is held back, for a time
        self.gone = False     # the source has closed both directions
        self.recorded = ""    # the end that was recorded: "half-close", "close" or "reset"

    def wants_more(self):
        return self.open and not self.over and self.pending is None and not self.held


class TapConnection:
    """One client, and the connection to the engine that was made for it.

    `up` is the TapFlow of what the client sends, `down` that of the answers.
    """

    def __init__(self, tap, number, client, engine):
        self.tap = tap
        self.number = number
        self.client = client
        self.engine = engine
        self.up = TapFlow(client, engine, ">")
        self.down = TapFlow(engine, client, "<")
        self.ended = False

    def on_client(self, events):
        self.on_events(events, self.up, self.down)

    def on_engine(self, events):
        self.on_events(events, self.down, self.up)

    def on_events(self, events, outgoing, incoming):
        """Something happened to a socket: `outgoing` is what it sends, `incoming` what is sent to it."""
        if events & (WRITABLE | BROKEN) and incoming.pending is not None:
            self.flush(incoming)
        if events & (READABLE | BROKEN) and outgoing.wants_more():
            self.receive(outgoing)
        if events & BROKEN:
            self.peer_closed(outgoing, incoming)
        self.settle()

    def peer_closed(self, outgoing, incoming):
        """A peer has closed both directions: it takes nothing any more. What it sent before is still read."""
        outgoing.gone = True
        if not outgoing.open:
            self.record_end(outgoing, "close")
        self.drop(incoming)

    def settle(self):
        """End the connection if it is over, else wait for what can come next."""
        if self.ended:
            return
        up, down = self.up, self.down
        if up.over and (down.over or up.gone) or down.over and down.gone:
            self.end()
            return
        for flow, other, callback in (up, down, self.on_client), (down, up, self.on_engine):
            events = READABLE * flow.wants_more() | WRITABLE * (other.pending is not None)
            # poll reports a peer that has gone at every turn: no watching while nothing is wanted of it.
            if events or not flow.gone:
                self.tap.loop.watch(flow.source, events, callback)
            else:
                self.tap.loop.forget(flow.source)

    # -- bytes

    def receive(self, flow):
        """Receive what the source has sent and pass it on, while there is more and the sink takes it."""
        buffer = self.tap.buffer
        for _ in range(READS_IN_A_ROW):
            try:
                size = flow.source.recv_into(buffer)
            except BlockingIOError:
                return
            except OSError:   # ECONNRESET: it closed with bytes of ours unread
                size = -1
            if size <= 0:
                self.source_ended(flow, size < 0)
                return
            self.pass_on(flow, buffer[:size])
            if self.ended or not flow.wants_more() or size < SHORT_READ_BYTES:
                return

    def pass_on(self, flow, view):
        """Send what can be sent of `view`, keep the rest, and give all of it to the recorder.

        `view` is a memoryview of a buffer that is used again afterwards.
        """
        self.send(flow, view)
        self.record(flow.direction, "data", view)

    def send(self, flow, data):
        try:
            sent = flow.sink.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.drop(flow)
            return
        flow.pending = bytes(data[sent:]) or None

    def flush(self, flow):
        """The sink takes bytes again."""
        self.send(flow, flow.pending)
        self.pass_on_end(flow)

    def record(self, direction, kind, data=b""):
        self.tap.recorder.record(self.number, direction, kind, data)

    # -- ends

    def source_ended(self, flow, reset):
        flow.open = False
        is_half = flow is self.up and not is_hung_up(flow.source)
        self.record_end(flow, "reset" if reset else "half-close" if is_half else "close")
        self.pass_on_end(flow)

    def pass_on_end(self, flow):
        """Pass on the end of a flow, once everything before it has been sent."""
        if flow.open or flow.over or flow.held or flow.pending is not None:
            return
        flow.over = True
        try:
            flow.sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass   # the sink has closed already

    def drop(self, flow):
        """Nobody takes what goes this way any more."""
        if flow.over:
            return
        flow.over = True
        flow.pending = None
        if flow is self.down:
            try:
                flow.source.shutdown(socket.SHUT_RD)   # so that an engine that goes on writing learns of it
            except OSError:
                pass

    def record_end(self, flow, how):
        if flow.recorded in ("", "half-close") and flow.recorded != how:
            flow.recorded = how
            self.record(flow.direction, how)

    def end(self):
        if self.ended:
            return
        self.ended = True
        for sock in (self.client, self.engine):
            self.tap.loop.forget(sock)
            sock.close()
        self.tap.connections.discard(self)


class LoopServer(Closing):
    """Accepts the clients of `listener` (a UnixListener) in a loop of its own. Subclasses have serve(socket).

    `connections`: the set of those under way; each has end().
    """

    def __init__(self, listener):
        self.listener = listener
        self.loop = SocketLoop()
        self.connections = set()
        self._accept_more()

    def _accept_more(self):
        self.loop.watch(self.listener.socket, READABLE, self._accept)

    def _accept(self, events):
        for _ in range(READS_IN_A_ROW):
            try:
                client, _ = self.listener.socket.accept()
            except BlockingIOError:
                return
            except OSError:   # no descriptor is left: clients wait until there is one
                self.loop.forget(self.listener.socket)
                self.loop.later(0.05, self._accept_more)
                return
            client.setblocking(False)
            self.serve(client)

    def run(self):
        """Serve until stop()."""
        self.loop.run()

    def stop(self):
        """End run(), from a signal handler or another thread."""
        self.loop.stop()

    def end_connections(self):
        for connection in list(self.connections):
            connection.end()

    def close(self):
        """End every connection. The listener stays open: whoever made it closes it."""
        self.end_connections()
        if self.listener.socket is not None:
            self.loop.forget(self.listener.socket)
        self.loop.close()


class Tap(LoopServer):
    """Every client of `listener` (a UnixListener) is connected to the engine at `address` (an Address).

    `recorder`: a WireRecorder. report(error) is called with the RawdockError when the engine cannot
    be reached. make_connection(tap, number, client, engine) makes the TapConnection of each client.
    """

    def __init__(self, listener, address, recorder=None, report=None, make_connection=TapConnection):
        LoopServer.__init__(self, listener)
        self.address = address
        self.recorder = recorder or WireRecorder([])
        self.report = report
        self.make_connection = make_connection
        self.buffer = memoryview(bytearray(TAP_BUFFER_BYTES))

    def serve(self, client):
        number = self.recorder.open(str(self.address))
        try:
            engine = dial(self.address, TAP_DIAL_SECONDS)
        except RawdockError as error:
            client.close()
            self.recorder.record(number, "", "note", str(error).encode("utf-8", "surrogateescape"))
            self.recorder.record(number, "<", "close")
            if self.report is not None:
                self.report(error)
            return
        engine.setblocking(False)
        connection = self.make_connection(self, number, client, engine)
        self.connections.add(connection)
        connection.settle()

    def drain(self, seconds):
        """Go on, after the clients have gone, until their connections are over, at most `seconds`."""
        self.loop.turn(0)   # a client may have connected, written and left
        end = time.monotonic() + seconds
        while self.connections and time.monotonic() < end:
            self.loop.turn(max(0, end - time.monotonic()))
