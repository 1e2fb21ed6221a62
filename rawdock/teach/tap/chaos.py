"""Chaos: a tap that puts faults into what an engine sends, to see what a client makes of them.

    Tap(listener, address, make_connection=Chaos(cut_at=100))

The faults that the answers on a connection can have (requests are always passed on unchanged):

    cut_at            only the first N bytes come, then the connection ends
    drop_last_chunk   a chunked body ends with its connection, just before the last chunk
    bad_frame         the first frame of each stream of frames has a type that does not exist
    one_byte          they come one byte a write
    drip              seconds to wait before each write
    reset             a cut ends the connection with ECONNRESET; alone: at the first byte of an answer

Strategy: what comes from the engine is changed before it is passed on. The faults that depend on the protocol
(drop_last_chunk, bad_frame) ask the paired readers for each byte's role, and hold back the bytes that have no
label yet. From bytes that break a rule on, everything is passed on.

When a Unix socket is closed, its peer sees a reset if bytes from it are still unread, else an end. So `reset`
looks at the last byte of what the client sent, passes it on, and leaves it unread.
"""
import socket
from collections import namedtuple

from ...wire.frames import FRAME_PREFIXES
from ..record.pairing import BODY_ROLES, PairedReaders
from ..listen import is_hung_up, shut_down
from .tap import TapConnection

BAD_STREAM_TYPE = b"\x09"
LOOK_AGAIN_SECONDS = 0.005  # a socket with a byte left in it is always readable: poll cannot wait for more
POLL_READ_HANG_UP = 0x2000   # POLLRDHUP, which Python names on some systems only


class Chaos(namedtuple("Chaos", "cut_at drop_last_chunk bad_frame one_byte drip reset")):
    """The faults to put into answers. Called as Tap calls `make_connection`, it makes such a connection."""

    def __new__(cls, cut_at=None, drop_last_chunk=False, bad_frame=False, one_byte=False, drip=0.0,
                reset=False):
        cut_at = 0 if reset and cut_at is None and not drop_last_chunk else cut_at
        return super(Chaos, cls).__new__(cls, cut_at, drop_last_chunk, bad_frame, one_byte, drip, reset)

    def __call__(self, tap, number, client):
        return ChaosConnection(self, tap, number, client)


class ChaosConnection(TapConnection):
    """A tapped connection whose answers have the faults `chaos` (Chaos)."""

    def __init__(self, chaos, tap, number, client):
        TapConnection.__init__(self, tap, number, client)
        self.chaos = chaos
        self.pair = PairedReaders() if chaos.drop_last_chunk or chaos.bad_frame else None
        if self.pair is not None:
            self.pair.opened()
        self.held = b""          # what the engine sent and is not passed on yet
        self.base = 0            # the offset of its first byte in the engine's stream
        self.passed = 0          # how many bytes of answers were let through
        self.cutting = False     # the connection ends after them
        self.marked = None       # the last message whose first frame was looked at
        self.unread = 0          # bytes from the client that were passed on and left in its socket

    # -- what comes from the engine

    def pass_on(self, direction, sink, data):
        with self.server.lock:
            if self.pair is not None:
                self.pair.feed(direction, data)
                self.pair.take_labels(">")
            if direction == "<":
                self.held += bytes(data)
                given = self.let_through(False)
        if direction == "<":
            self.give(sink, given)
        else:
            TapConnection.pass_on(self, direction, sink, data)

    def let_through(self, all_of_it):
        """Remove the bytes that may be passed on by now from `held`, or `all_of_it`, and return them."""
        size = len(self.held)
        if self.pair is not None:
            labelled = self.put_faults()
            if self.cutting or not all_of_it and self.pair.readers["<"].error is None:
                size = labelled
        given, self.held = self.held[:size], self.held[size:]
        self.base += size
        limit = self.chaos.cut_at
        if limit is not None and not self.cutting and self.passed + len(given) >= limit:
            given = given[:limit - self.passed]
            self.stop_after("the answers were cut after %d bytes" % limit)
        self.passed += len(given)
        return given

    def put_faults(self):
        """Put the protocol faults into `held`. Returns how many of its bytes have a label."""
        labelled = 0
        for start, end, role, message in self.pair.take_labels("<"):
            start, end = start - self.base, end - self.base
            piece = self.held[start:end]
            if self.chaos.drop_last_chunk and role == "chunk size" and not piece.strip(b"0"):
                self.stop_after("the last chunk was dropped")
                labelled = start
                break
            if role in BODY_ROLES and message is not None and message is not self.marked:
                self.marked = message
                if self.chaos.bad_frame and begins_frames(message, piece):
                    self.held = self.held[:start] + BAD_STREAM_TYPE + self.held[start + 1:]
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

    def pass_end(self, direction, source, sink, was_reset):
        if direction == "<":
            with self.server.lock:
                given = self.let_through(True)
            try:
                self.give(sink, given)
            except OSError:
                pass   # the client has gone
        if not self.over.is_set():
            TapConnection.pass_end(self, direction, source, sink, was_reset)

    # -- what goes to the client

    def give(self, sink, data):
        """Pass on `data` (bytes) at the speed of `chaos`, and end the connection if it is to be cut."""
        size = 1 if self.chaos.one_byte else len(data)
        for at in range(0, len(data), size or 1):
            if self.chaos.drip and self.over.wait(self.chaos.drip):
                return
            TapConnection.pass_on(self, "<", sink, data[at:at + size])
        if self.cutting:
            self.record("<", "reset" if self.chaos.reset else "close")
            self.end()

    def end(self):
        if self.cutting and self.chaos.reset:   # the client's socket is closed with a byte unread
            self.over.set()
            shut_down(self.engine)
        else:
            TapConnection.end(self)

    def close(self):
        if self.cutting and self.chaos.reset:
            self.client.close()
        TapConnection.close(self)

    # -- what the client sends, its last byte left unread

    def receive(self, direction, buffer):
        if direction == "<" or not self.chaos.reset:
            return TapConnection.receive(self, direction, buffer)
        while not self.over.wait(LOOK_AGAIN_SECONDS):
            try:
                size = self.client.recv_into(buffer, 0, socket.MSG_PEEK | socket.MSG_DONTWAIT)
            except BlockingIOError:
                continue
            except OSError:
                return -1
            if not size or size == self.unread and is_hung_up(
                    self.client, events=POLL_READ_HANG_UP):
                return 0
            if size > self.unread:
                left = size - 1
                while left:
                    left -= len(self.client.recv(left))
                buffer[:size - self.unread] = bytes(buffer[self.unread:size])
                fresh, self.unread = size - self.unread, 1
                return fresh
        return 0

    def wait_for_hang_up(self, sock):
        if not self.chaos.reset:
            TapConnection.wait_for_hang_up(self, sock)
        while not is_hung_up(sock) and not self.over.wait(LOOK_AGAIN_SECONDS):
            pass


def begins_frames(message, data):
    """Whether `data`, the start of the body of `message` (PairedMessage), is the start of a frame."""
    kind = message.head.headers.get("content-type", "") if message.head is not None else ""
    return data[0] < 4 and data[:4] in FRAME_PREFIXES and not kind.endswith(("tar", "octet-stream"))
