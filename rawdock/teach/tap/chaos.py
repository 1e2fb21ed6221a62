"""Chaos: a tap that puts faults into what an engine sends, to see what a client makes of them.

    Tap(listener, address, make_connection=Chaos(cut_at=100))

The faults that the answers of a connection can have (requests are always passed on as they are):

    cut_at            only the first N bytes come, then the connection ends
    drop_last_chunk   a chunked body ends with its connection, just before the last chunk
    bad_frame         the first frame of each stream of frames has a type that does not exist
    one_byte          they come one byte a write
    drip              seconds to wait before each write
    reset             whatever ends here ends with ECONNRESET; alone: at the first byte of an answer

Strategy: a connection puts what it receives from the engine into a queue, and gives it to the client from
there a step at a time; while the queue holds anything no more is received. The faults that depend on the
protocol (drop_last_chunk, bad_frame) ask the paired readers for each byte's role, and hold back the bytes
that have no label yet. From bytes that break a rule on, everything is passed on.

Closing a Unix socket is a reset for the other side if bytes of its are still unread, else an end. So `reset`
looks at the last byte of what the client sent, passes it on, and leaves it unread.
"""
import socket
from collections import namedtuple

from ...wire.frames import FRAME_PREFIXES
from ..record.pairing import BODY_ROLES, PairedReaders
from .tap import TapConnection, is_hung_up, leave_nothing_unread

BAD_STREAM_TYPE = b"\x09"
STEPS_IN_A_ROW = 256        # one-byte writes of a connection before others have their turn
LOOK_AGAIN_SECONDS = 0.005  # a socket that is never emptied is always readable: poll cannot wait for more
READ_HANG_UP = 0x2000       # POLLRDHUP, which Python names on some systems only


class Chaos(namedtuple("Chaos", "cut_at drop_last_chunk bad_frame one_byte drip reset only")):
    """The faults to put into answers; called, it makes the connections that have them.

    `only`: the number of the one connection that has them; None: all.
    """

    def __new__(cls, cut_at=None, drop_last_chunk=False, bad_frame=False, one_byte=False, drip=0.0,
                reset=False, only=None):
        cut_at = 0 if reset and cut_at is None and not drop_last_chunk else cut_at
        return super(Chaos, cls).__new__(cls, cut_at, drop_last_chunk, bad_frame, one_byte, drip, reset, only)

    def __call__(self, tap, number, client, engine):
        if self.only in (None, number):
            return ChaosConnection(self, tap, number, client, engine)
        return TapConnection(tap, number, client, engine)


class ChaosConnection(TapConnection):
    """A tapped connection whose answers have faults."""

    def __init__(self, chaos, *arguments):
        TapConnection.__init__(self, *arguments)
        self.chaos = chaos
        self.pair = PairedReaders() if chaos.drop_last_chunk or chaos.bad_frame else None
        if self.pair is not None:
            self.pair.opened()
        self.received = b""      # from the engine, and not yet known to be passed on
        self.base = 0            # the offset of its first byte in the engine's stream
        self.answer = b""        # the queue: bytes to give to the client
        self.at = 0              # how many of them have been given
        self.taken = 0           # bytes that ever went into `answer`
        self.cutting = False     # the connection ends when the queue is empty
        self.resting = False     # until the time of the next step
        self.marked = None       # the last message whose first frame was looked at
        self.left = 0            # bytes of the client that were passed on and left unread

    # -- what comes from the engine

    def pass_on(self, flow, view):
        if self.pair is not None:
            self.pair.feed(flow.direction, view)
            self.pair.take_labels(">")
        if flow is self.up:
            TapConnection.pass_on(self, flow, view)
        else:
            self.received += bytes(view)
            self.take_received(False)
            self.walk()

    def take_received(self, all_of_it):
        """Move what is known to be passed on, or `all_of_it`, from `received` to `answer`."""
        size = len(self.received)
        if self.pair is not None and not self.cutting:
            labelled = self.put_faults()
            if self.cutting or not all_of_it and self.pair.readers["<"].error is None:
                size = labelled
        given, self.received = self.received[:size], self.received[size:]
        self.base += size
        limit = self.chaos.cut_at
        if limit is not None and not self.cutting and self.taken + len(given) >= limit:
            given = given[:limit - self.taken]
            self.stop_after("the answers were cut after %d bytes" % limit)
        self.taken += len(given)
        self.answer = self.answer[self.at:] + given
        self.at = 0

    def put_faults(self):
        """Put the faults that depend on the protocol into `received` → how many bytes of it have a label."""
        labelled = 0
        for start, end, role, message in self.pair.take_labels("<"):
            start, end = start - self.base, end - self.base
            piece = self.received[start:end]
            if self.chaos.drop_last_chunk and role == "chunk size" and not piece.strip(b"0"):
                self.stop_after("the last chunk was dropped")
                labelled = start
                break
            if role in BODY_ROLES and message is not None and message is not self.marked:
                self.marked = message
                if self.chaos.bad_frame and begins_frames(message, piece):
                    self.received = self.received[:start] + BAD_STREAM_TYPE + self.received[start + 1:]
                    change = piece[0], BAD_STREAM_TYPE[0]
                    self.note("a frame's stream type was changed from %d to %d" % change)
            labelled = end
        for messages in self.pair.messages.values():
            del messages[:-1]
        return labelled

    def stop_after(self, why):
        self.cutting = True
        self.note(why + (", with a reset" if self.chaos.reset else ""))

    def note(self, text):
        self.record("", "note", b"chaos: " + text.encode("ascii"))

    def source_ended(self, flow, reset):
        if flow is self.up:
            TapConnection.source_ended(self, flow, reset)
            return
        self.take_received(True)
        flow.held = True   # until the queue is empty
        TapConnection.source_ended(self, flow, reset)
        self.walk()

    # -- what goes to the client

    def walk(self):
        """Give the client what it is due, and make its connection end after that if it is to end."""
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
                    self.pass_on_end(flow)
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
        TapConnection.pass_on(self, self.down, piece)
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

    def flush(self, flow):
        TapConnection.flush(self, flow)
        if flow is self.down and flow.pending is None:
            self.walk()

    def cut(self):
        self.record_end(self.down, "reset" if self.chaos.reset else "close")
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
        elif not size or is_hung_up(self.client, READ_HANG_UP):
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
