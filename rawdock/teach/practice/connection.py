"""One client's connection to a practice engine: requests are read, responses framed, streams carried.

Responses are framed as Go's HTTP server frames them: JSON of up to 2 KiB with Content-Length, longer JSON and
streams in chunks, for HTTP/1.0 until the connection is closed.

As an engine does, it takes LF alone for the end of a line in a request head (RFC 9112 §2.2), so that requests
can be typed into `nc -U`. What breaks HTTP is refused with 400, the rule and the offset, and the connection
is closed; a real engine takes some of that (obs-fold).

It is kinder than a real engine in one thing: bytes sent before the 101 are kept as the first bytes of the
stream, where a real engine, which has read them ahead, loses them. It is as strict in another: a client that
half-closes while it waits for a stream (logs with follow, events, wait) has gone, and the stream ends.
"""
import json
import re
import time

from ...cli.durations import MONTH_NAMES, WEEKDAY_NAMES
from ...errors import ProtocolError
from ...wire.chunked import encode_chunk, encode_last_chunk
from ...wire.exchange import Data, End, RequestReader
from ...wire.frames import encode_frame
from ...wire.message import RequestHead, encode_response_head
from ..listen import is_hung_up, shut_down
from .request import PRACTICE_API_MAX, PracticeRefusal, PracticeRequest

PRACTICE_SERVER = "rawdock-practice"
HEAD_START_SECONDS = 5                # at most, for a client to read a 101's head before the stream follows
GO_CHUNK_THRESHOLD = 2048             # Go's server gives a length to what fits its buffer
MAX_PRACTICE_BODY_BYTES = 4 << 20
MAX_PRACTICE_TAR_BYTES = 64 << 20     # of an archive
TAKES_TAR = re.compile(r"PUT |POST \S*/(?:build|images/load|images/create)(?:\?|$)")
RAW_STREAM = "application/vnd.docker.raw-stream"
MULTIPLEXED_STREAM = "application/vnd.docker.multiplexed-stream"
PRACTICE_REASONS = {
    100: "Continue", 101: "UPGRADED", 200: "OK", 201: "Created", 204: "No Content",
    304: "Not Modified", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
    409: "Conflict", 413: "Request Entity Too Large", 500: "Internal Server Error", 501: "Not Implemented",
    503: "Service Unavailable",
}
TYPING_HINT = "typed by hand? rawdock nc -C and nc -C end each line with CRLF\n"


def http_date():
    """Return the time as an IMF-fixdate (RFC 9110 §5.6.7), whatever the locale."""
    now = time.gmtime()
    names = {"day": WEEKDAY_NAMES[now.tm_wday], "month": MONTH_NAMES[now.tm_mon - 1]}
    return time.strftime("{day}, %d {month} %Y %H:%M:%S GMT", now).format(**names)


class PracticeHangUp(Exception):
    """Raised to end a connection: the client has gone, or the engine is closing."""


class PracticeConnection:
    """One client's connection: it reads requests and sends their responses, in order.

    `_held` is what was received after the last request: after a hijack it is the start of the stream.
    """

    def __init__(self, engine, sock):
        self.engine = engine
        self.socket = sock
        self._reader = RequestReader(bare_lf=True)
        self._held = b""
        self._at_end = False      # the client has half-closed or gone
        self.keep_open = True
        self._version = "1.1"
        self._chunked = False
        self.head_only = False
        self._answered = False    # the head of the answer is on its way

    # -- requests

    def serve(self):
        try:
            while self.keep_open:
                try:
                    request = self._next_request()
                except ProtocolError as error:
                    hint = TYPING_HINT if error.seen[:1] in (b"\r", b"\n") else ""
                    self._refuse("%s\nrule: %s, offset: %d\n%s"
                                 % (error.message, error.rule, error.offset, hint))
                    return
                if request is None:
                    return
                self._answer(request)
        except (OSError, PracticeHangUp):
            pass

    def _next_request(self):
        """Return the next PracticeRequest; None at the end of the connection. Raises ProtocolError."""
        head, parts, size = None, [], 0
        while True:
            if not self._held and not self._receive():
                self._reader.feed_eof()
                return None
            events = []
            used = self._reader.take_part(self._held, 0, events)
            self._held = self._held[used:]
            for event in events:
                if isinstance(event, RequestHead):
                    head = event
                    waits = "100-continue" in head.headers.tokens("expect")
                    if waits and not self._held and head.version == "1.1":
                        self.send(encode_response_head(100, PRACTICE_REASONS[100]))
                elif isinstance(event, Data):
                    parts.append(event.data)
                    size += len(event.data)
                    takes_tar = TAKES_TAR.match("%s %s" % (head.method, head.target))
                    limit = MAX_PRACTICE_TAR_BYTES if takes_tar else MAX_PRACTICE_BODY_BYTES
                    if size > limit:
                        self._refuse("this practice engine takes bodies of up to %d bytes\n" % limit, 413)
                        raise PracticeHangUp()
                elif isinstance(event, End):
                    # The handler decides whether a stream follows; otherwise another request may.
                    self._reader.stay()
                    return PracticeRequest(head, b"".join(parts))

    def _receive(self):
        data = b"" if self._at_end else self.socket.recv(65536)
        self._at_end = self._at_end or not data
        self._held += data
        return bool(data)

    def take_held(self):
        data, self._held = self._held, b""
        return data

    def client_has_gone(self, half_is_gone=True):
        """Return whether the client has closed the connection; with `half_is_gone`, its half of it."""
        import select
        half = getattr(select, "POLLRDHUP", 0x2000) if half_is_gone else 0
        try:
            return is_hung_up(self.socket, events=half)
        except (OSError, ValueError):
            return True

    def check_client(self):
        """Raise PracticeHangUp if the client has closed or half-closed the connection."""
        if self.client_has_gone():
            raise PracticeHangUp()

    # -- responses

    def send(self, data):
        self.socket.sendall(data)

    def _refuse(self, text, status=400):
        """Refuse what is not a valid request: a response of text, after which the connection is closed."""
        body = text.encode("utf-8", "replace")
        self.keep_open = False
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Server", PRACTICE_SERVER),
                   ("Connection", "close"), ("Date", http_date()), ("Content-Length", len(body))]
        self.send(encode_response_head(status, PRACTICE_REASONS[status], headers) + body)

    def _answer(self, request):
        head = request.head
        self._version = head.version
        self.head_only = head.method == "HEAD"
        self._answered = False
        tokens = head.headers.tokens("connection")
        self.keep_open = ("keep-alive" in tokens if head.version == "1.0"
                          else "close" not in tokens) and not self.engine.closing
        hosts = head.headers.get_all("host")
        problem = ("missing required" if head.version == "1.1" and not hosts
                   else "too many" if len(hosts) > 1 else "malformed" if "/" in "".join(hosts) else "")
        if problem:
            self._refuse("400 Bad Request: %s Host header\nrule: RFC 9112 §3.2: a request of HTTP/1.1 has a"
                         " Host field; one of HTTP/1.0 needs none\n" % problem)
            return
        try:
            self.engine.dispatch(self, request)
        except PracticeRefusal as refusal:
            self._refuse_request(refusal.status, refusal.message)
        except (OSError, PracticeHangUp):
            raise
        except Exception as error:   # a mistake in a handler must not end the engine
            self._refuse_request(500, "practice engine: %s: %s" % (type(error).__name__, error))

    def _refuse_request(self, status, message):
        if self._answered:
            # The head has been sent: an error can only be shown by a body that is cut.
            raise PracticeHangUp()
        self.send_json({"message": message}, status)

    def common_headers(self):
        return [("Api-Version", "%d.%d" % PRACTICE_API_MAX), ("Docker-Experimental", "false"),
                ("Ostype", "linux"), ("Server", PRACTICE_SERVER)]

    def _start(self, status, headers, framing=()):
        """Return a response head (bytes); `framing` are the fields that say where the body ends."""
        self._answered = True
        fields = sorted(self.common_headers() + list(headers), key=lambda pair: pair[0].lower())
        fields += [("Date", http_date())] + list(framing)
        if self._version == "1.1" and not self.keep_open:
            fields.append(("Connection", "close"))
        elif self._version == "1.0" and self.keep_open:
            fields.append(("Connection", "keep-alive"))
        return encode_response_head(status, PRACTICE_REASONS[status], fields, self._version)

    def send_body(self, data, status=200, headers=()):
        head = self._start(status, headers, [("Content-Length", len(data))])
        self.send(head if self.head_only else head + data)

    def send_empty(self, status=200):
        self.send(self._start(status, (), [] if status in (204, 304) else [("Content-Length", 0)]))

    def send_bare(self, headers):
        """Send a 200 to a HEAD without a field for the framing of a body."""
        self.send(self._start(200, headers))

    def send_json(self, value, status=200):
        data = json.dumps(value, separators=(",", ":")).encode() + b"\n"
        self.send_pieces([data], [("Content-Type", "application/json")], status)

    def send_pieces(self, pieces, headers, status=200):
        """Send a body of bytes as Go's server does: with a length if it fits its buffer, else in chunks."""
        pieces, held = iter(pieces), b""
        for piece in pieces:
            held += piece
            if len(held) > GO_CHUNK_THRESHOLD and not self.head_only:
                break
        else:
            self.send_body(held, status, headers)
            return
        self.start_stream(headers, status)
        self.send_piece(held)
        for piece in pieces:
            self.send_piece(piece)
        self.end_stream()

    def start_stream(self, headers, status=200):
        """Send the head of a response, the body of which comes with send_piece and ends with end_stream."""
        self._chunked = self._version == "1.1" and not self.head_only
        self.keep_open = self.keep_open and self._version == "1.1"
        chunked = [("Transfer-Encoding", "chunked")] if self._version == "1.1" else []
        self.send(self._start(status, headers, chunked))

    def send_piece(self, data):
        if data and not self.head_only:
            self.send(encode_chunk(data) if self._chunked else data)

    def end_stream(self):
        if self._chunked:
            self.send(encode_last_chunk())

    def send_message(self, message):
        """Send a JSON message (a dict) of a stream."""
        self.send_piece(json.dumps(message, separators=(",", ":")).encode() + b"\r\n")

    def send_stream(self, make):
        """Send a stream of JSON messages: `make()` sends them, and its PracticeRefusal becomes the last."""
        self.start_stream([("Content-Type", "application/json")])
        try:
            make()
        except PracticeRefusal as refusal:
            detail = dict({"code": refusal.code} if refusal.code else {}, message=refusal.message)
            self.send_message({"errorDetail": detail, "error": refusal.message})
        self.end_stream()

    def hijack(self, request, content_type):
        """Leave HTTP: with a 101 if the request has Upgrade, else with a 200; HTTP/1.1 to every client."""
        self.keep_open = False
        self._answered = True
        headers = [("Content-Type", content_type)]
        if request.wants_upgrade:
            headers += [("Connection", "Upgrade"), ("Upgrade", "tcp")]
        status = 101 if request.wants_upgrade else 200
        self.send(encode_response_head(status, PRACTICE_REASONS[status], headers + self.common_headers()))

    def let_head_leave(self):
        """Wait until the client has read the head, or sends something.

        Some clients read the head through a buffer, and lose the part of the stream that arrives with it. On
        a real engine a program takes 150 ms to start.
        """
        import fcntl
        import select
        import struct
        import termios
        poll, end = select.poll(), time.monotonic() + HEAD_START_SECONDS
        poll.register(self.socket.fileno(), select.POLLIN)
        while not self._held and time.monotonic() < end and not poll.poll(1):
            try:
                unread = fcntl.ioctl(self.socket.fileno(), termios.TIOCOUTQ, struct.pack("i", 0))
            except OSError:   # this system does not know
                poll.poll(50)
                return
            if not any(unread):
                return

    def refuse_hijack(self, refusal):
        """Refuse an attach as engines do: a head with the type of a raw stream, a line of text, the end."""
        self.keep_open = False
        headers = [("Content-Type", RAW_STREAM), ("Server", PRACTICE_SERVER)]
        head = encode_response_head(refusal.status, PRACTICE_REASONS[refusal.status], headers)
        self.send(head + ("%s\r\n" % refusal.message).encode())

    def hang_up(self):
        shut_down(self.socket)

    def pump(self, attacher, pipe, tty, close_pipe_at_end, scanner=None):
        """Carry a hijacked stream both ways until the output ends or the client goes.

        `pipe` is the program's ProgramPipe, or None. When the client half-closes, the pipe ends if
        `close_pipe_at_end`; otherwise the client is detached, and so it is by the keys of a DetachScanner.
        """
        changed = self.engine.changed
        reader = self.engine.spawn(self._pump_stdin, attacher, pipe, close_pipe_at_end, scanner)
        try:
            while True:
                with changed:
                    batch = attacher.take()
                    if batch == []:
                        changed.wait(0.2)
                        batch = attacher.take()
                if batch is None:
                    break
                if batch:
                    self.send(b"".join(data if tty else encode_frame(stream, data) for stream, data in batch))
                elif self.client_has_gone(False):
                    break
        except OSError:
            pass
        finally:
            with changed:
                attacher.close()
            self.hang_up()
            if reader is not None:
                reader.join(5)

    def _pump_stdin(self, attacher, pipe, close_pipe_at_end, scanner):
        def is_wanted():
            return not attacher.closed and not self.engine.closing
        data = self.take_held()
        try:
            while True:
                if scanner is not None:
                    data = scanner.feed(data)
                if data and pipe is not None and not pipe.write(data, is_wanted):
                    pipe = None
                if scanner is not None and scanner.done:
                    break
                data = b"" if self._at_end else self.socket.recv(32768)
                if not data:
                    break
        except OSError:
            pass
        if pipe is not None:
            with self.engine.changed:
                (pipe if close_pipe_at_end else attacher).close()


def stream_type(request, tty):
    """Return the content type of an attach or exec stream."""
    return MULTIPLEXED_STREAM if request.wants_upgrade and not tty and request.api >= (1, 42) else RAW_STREAM
