"""Chaos: a tap that spoils what the engine sends, to see what a client makes of it.

    Tap(listener, address, make_connection=Chaos(cut_at=100))

What can be done to the answers of each connection (the requests always go through untouched):

    cut_at            only the first N bytes of them come, then the connection ends
    drop_last_chunk   a chunked body ends with its connection, just before the last chunk
    bad_frame         the first frame of each stream of frames has a type that does not exist
    one_byte          they come one byte a write
    drip              seconds to wait before each write
    reset             whatever ends here ends with ECONNRESET; alone: at the first byte of an answer

Strategy: a connection that receives from the engine what it always did, and puts what is to be
given to the client in a queue that is walked a step at a time; while there is a queue nothing more
is received. What must know the protocol (drop_last_chunk, bad_frame) asks the paired readers where
a byte stands, and keeps back those that they have not labelled yet. From bytes that break a rule on,
all goes through.

An orderly end is one that leaves nothing of the client's unread; on a Unix socket a reset is
an end that does. So with `reset` the last byte of what the client sent is looked at, passed on, and left.
"""
import socket

from ..wire.frames import FRAME_PREFIXES
from .pairing import BODY_ROLES, PairedReaders
from .tap import TapConnection, leave_nothing_unread

BAD_STREAM_TYPE = b"\x09"
STEPS_IN_A_ROW = 256        # one-byte writes, before the others have their turn
LOOK_AGAIN_SECONDS = 0.005  # a socket that is never emptied cannot be waited for
READ_HANG_UP = 0x2000       # POLLRDHUP, which Python names on some systems only


class Chaos:
    """What to do to answers, and the maker of connections that do it. `only`: the number of the one connection concerned."""

    def __init__(self, cut_at=None, drop_last_chunk=False, bad_frame=False, one_byte=False, drip=0.0, reset=False, only=None):
        self.cut_at = 0 if reset and cut_at is None and not drop_last_chunk else cut_at
        self.drop_last_chunk = drop_last_chunk
        self.bad_frame = bad_frame
        self.one_byte = one_byte
        self.drip = drip
        self.reset = reset
        self.only = only

    def __call__(self, tap, number, client, engine):
        kind = ChaosConnection if self.only in (None, number) else TapConnection
        connection = kind(tap, number, client, engine)
        if kind is ChaosConnection:
            connection.begin(self)
        return connection


class ChaosConnection(TapConnection):
    """A tapped connection whose answers are spoiled."""

    def begin(self, chaos):
        self.chaos = chaos
        self.pair = PairedReaders() if chaos.drop_last_chunk or chaos.bad_frame else None
        if self.pair is not None:
            self.pair.opened()
        self.received = b""      # from the engine, not yet looked at by all who must
        self.base = 0            # the offset of its first byte in the engine's stream
        self.answer = b""        # to give to the client
        self.at = 0              # how much of that is given
        self.taken = 0           # bytes that ever went into `answer`
        self.cutting = False     # when the answer is given the connection ends
        self.resting = False     # until the next step's time
        self.marked = None       # the message whose first frame was spoiled
        self.left = 0            # bytes of the client's that were passed on and left unread

    # -- what comes from the engine

    def pass_on(self, flow, view):
        if self.pair is not None:
            self.pair.feed(flow.direction, view)
            self.pair.take_labels(">")
        if flow is self.up:
            self.deliver(flow, view)
        else:
            self.received += bytes(view)
            self.look_at_received(False)
            self.walk()

    def look_at_received(self, all_of_it):
        """Move what may be given from `received` to `answer`."""
        data, size = self.received, len(self.received)
        if self.pair is not None and not self.cutting:
            size = 0
            for start, end, role, message in self.pair.take_labels("<"):
                start, end = start - self.base, end - self.base
                if self.chaos.drop_last_chunk and role == "chunk size" and not data[start:end].strip(b"0"):
                    self.stop_after("the last chunk was dropped")
                    size = start
                    break
                if self.chaos.bad_frame and role in BODY_ROLES and message is not None and message is not self.marked:
                    self.marked = message
                    if begins_frames(message, data[start:end]):
                        data = data[:start] + BAD_STREAM_TYPE + data[start + 1:]
                        self.note("a frame's stream type was changed from %d to %d" % (self.received[start], BAD_STREAM_TYPE[0]))
                size = end
            for messages in self.pair.messages.values():
                del messages[:-1]
            if not self.cutting and (all_of_it or self.pair.readers["<"].error is not None):
                size = len(data)
        self.received = data[size:]
        self.base += size
        given = data[:size]
        limit = self.chaos.cut_at
        if limit is not None and not self.cutting and self.taken + len(given) >= limit:
            given = given[:limit - self.taken]
            self.stop_after("the answers were cut after %d bytes" % limit)
        self.taken += len(given)
        self.answer = self.answer[self.at:] + given
        self.at = 0

    def stop_after(self, why):
        self.cutting = True
        self.note(why + (", with a reset" if self.chaos.reset else ""))

    def note(self, text):
        if self.tap.recorder is not None:
            self.tap.recorder.note(self.number, "chaos: " + text)

    def source_ended(self, flow, reset):
        if flow is self.up:
            TapConnection.source_ended(self, flow, reset)
            return
        self.look_at_received(True)
        flow.held = True   # until all of the answer is given
        TapConnection.source_ended(self, flow, reset)
        self.walk()

    # -- what goes to the client

    def walk(self):
        """Give the client what its time has come for."""
        flow = self.down
        flow.held = self.at < len(self.answer) or self.cutting
        for _ in range(STEPS_IN_A_ROW):
            if self.resting or flow.pending is not None or flow.over or self.ended:
                return
            if self.at == len(self.answer):
                flow.held = False
                if self.cutting:
                    self.cut()
                else:
                    self.hand_on_end(flow)
                return
            if self.chaos.drip:
                self.rest(self.chaos.drip, self.step)
                return
            self.step()
        self.rest(0, self.walk)

    def step(self):
        end = self.at + 1 if self.chaos.one_byte else len(self.answer)
        piece = memoryview(self.answer)[self.at:end]
        self.at = end
        self.deliver(self.down, piece)
        if self.chaos.drip:
            self.walk()

    def rest(self, seconds, function):
        def go_on():
            self.resting = False
            if not self.ended:
                if not self.down.over:
                    function()
                self.settle()

        self.resting = True
        self.tap.loop.later(seconds, go_on)

    def flushed(self, flow):
        if flow is self.down:
            self.walk()
        else:
            TapConnection.flushed(self, flow)

    def cut(self):
        self.tell_end(self.down, "reset" if self.chaos.reset else "close")
        self.tap.loop.forget(self.client)
        if not self.chaos.reset:
            leave_nothing_unread(self.client)
        self.end()

    # -- what the client sends, its last byte left unread

    def receive(self, flow):
        if flow is self.down or not self.chaos.reset:
            TapConnection.receive(self, flow)
            return
        buffer = self.tap.buffer
        try:
            size = self.client.recv_into(buffer, 0, socket.MSG_PEEK)
        except BlockingIOError:
            return
        except OSError:
            size = 0
        if size > self.left:
            view = buffer[self.left:size]
            self.pass_on(flow, view)
            if not self.ended:
                if size > 1:
                    self.client.recv(size - 1)
                self.left = 1
        elif not size or has_stopped_sending(self.client):
            self.source_ended(flow, False)
            return
        if not self.ended:
            flow.held = True
            self.tap.loop.later(LOOK_AGAIN_SECONDS, self.look_again)

    def look_again(self):
        if self.ended:
            return
        self.up.held = False
        if self.up.wants_more():
            self.receive(self.up)
        elif not self.up.over:
            self.up.held = True
            self.tap.loop.later(LOOK_AGAIN_SECONDS, self.look_again)
        self.settle()


def begins_frames(message, data):
    """Whether `data`, the start of the body of `message`, is the start of a frame."""
    kind = message.head.headers.get("content-type", "") if message.head is not None else ""
    return data[0] < 4 and data[:4] in FRAME_PREFIXES and not kind.endswith(("tar", "octet-stream"))


def has_stopped_sending(sock):
    """Whether the other side has half-closed or gone, told without reading what it sent."""
    from select import POLLHUP, poll
    poller = poll()
    poller.register(sock, READ_HANG_UP)
    return any(events & (READ_HANG_UP | POLLHUP) for _, events in poller.poll(0))
