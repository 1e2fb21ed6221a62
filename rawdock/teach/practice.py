"""The practice engine: a Docker-like engine inside this process, on a real AF_UNIX socket.

    with PracticeEngine() as engine:            # its own socket in a private folder
        docker = rawdock.Docker(engine.address)

Strategy: a server as plain as the protocol. One thread accepts, one thread serves each
connection, and requests are read by the same RequestReader and written by the same
encoders as the client's, so what a learner sees on this wire is what our own parsers say.
Answers are framed the way a Go server frames them: JSON up to 2 KiB with Content-Length,
longer JSON and streams in chunks, HTTP/1.0 until close.

Promises: it runs no host program and reads and writes no file of the host; the socket (and
its folder, when it made that itself) is all it puts there, and close() takes them away, with every
thread and file descriptor. Every answer says `Server: rawdock-practice`.

Refuses: a request that breaks HTTP, with 400, the rule and the offset, and the connection is
closed; a real engine takes some of these (bare LF, obs-fold). A path where something that is
no socket lies, or where a server listens.

Kinder than a real engine in one thing: bytes sent before the 101 are kept as the first
bytes of the stream, where a real engine loses them (the head of a request is read ahead there).
As strict in another: a client that half-closes while it waits on a stream (logs
with follow, events, wait) has gone, and the stream ends.

Leaves out: build, push, archives, stats, swarm, plugins, detach keys, WebSockets, HTTP/2.
"""
import json
import os
import re
import socket
import sys
import time

from .. import __version__
from ..errors import AddressError, ProtocolError, UsageError
from ..wire.chunked import encode_chunk, encode_last_chunk
from ..wire.exchange import Data, End, RequestReader, Switched
from ..wire.frames import encode_frame
from ..wire.message import RequestHead, encode_response_head
from .practice_programs import PRACTICE_IMAGES, ProgramKilled
from .practice_state import (CONTAINER_FILTERS, IMAGE_FILTERS, PracticeAttacher, PracticeRefusal, PracticeState, checked_kind,
                             container_matches, event_matches, fold_keys, matches_filters, practice_filters, practice_digest,
                             signal_number, split_image_name, stable_hex, wire_time)

PRACTICE_SERVER = "rawdock-practice"
PRACTICE_API_MAX = (1, 45)
PRACTICE_API_MIN = (1, 24)
MAX_PRACTICE_BODY_BYTES = 4 << 20
MAX_PRACTICE_PATH_BYTES = 107           # sun_path is 108 bytes with its NUL
GO_CHUNK_THRESHOLD = 2048             # Go's server gives a length to what fits its buffer
RAW_STREAM = "application/vnd.docker.raw-stream"
MULTIPLEXED_STREAM = "application/vnd.docker.multiplexed-stream"
PRACTICE_REASONS = {
    100: "Continue", 101: "UPGRADED", 200: "OK", 201: "Created", 204: "No Content", 301: "Moved Permanently", 304: "Not Modified",
    400: "Bad Request", 404: "Not Found", 409: "Conflict", 413: "Request Entity Too Large", 500: "Internal Server Error",
    501: "Not Implemented", 503: "Service Unavailable",
}
WEEK_DAYS = "Mon Tue Wed Thu Fri Sat Sun".split()
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def http_date():
    """The time as RFC 9110 §5.6.7 writes it, whatever the locale."""
    now = time.gmtime()
    return "%s, %02d %s %04d %02d:%02d:%02d GMT" % (WEEK_DAYS[now.tm_wday], now.tm_mday, MONTHS[now.tm_mon - 1], now.tm_year,
                                                   now.tm_hour, now.tm_min, now.tm_sec)


def percent_decoded(text, plus_is_space=False):
    """Percent-decoding of a str; PracticeRefusal for an escape that is none."""
    if plus_is_space:
        text = text.replace("+", " ")
    if re.search("%(?![0-9A-Fa-f]{2})", text):
        raise PracticeRefusal(400, "invalid URL escape in %s" % text[:100])
    data = re.sub(b"%([0-9A-Fa-f]{2})", lambda match: bytes((int(match.group(1), 16),)), text.encode("latin-1"))
    return data.decode("utf-8", "replace")


def parse_query(text):
    """A query string → {name: [value, …]}."""
    found = {}
    for part in text.split("&") if text else ():
        if ";" in part:
            raise PracticeRefusal(400, "invalid semicolon separator in query")
        name, _, value = part.partition("=")
        found.setdefault(percent_decoded(name, True), []).append(percent_decoded(value, True))
    return found


def clean_path(path):
    """`path` without empty, `.` and `..` segments; one slash at the end stays."""
    kept = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return "/" + "/".join(kept) + ("/" if kept and path.endswith("/") else "")


def unix_time(text, name):
    """Seconds with up to nine decimals → nanoseconds; None for nothing given."""
    if not text or text == "0":
        return None
    match = re.fullmatch(r"(-?[0-9]{1,12})(?:\.([0-9]{1,9}))?", text)
    if match is None:
        raise PracticeRefusal(400, "invalid value for %s: %s (seconds since 1970, as 1795424287 or 1795424287.000000001)" % (name, text))
    return int(match.group(1)) * 1000000000 + int((match.group(2) or "0").ljust(9, "0"))


class PracticeHangUp(Exception):
    """The connection is of no more use: the client has gone, or the engine is closing."""


class PracticeRequest:
    """One request, whole: `method`, `path` (no version prefix), `query`, `body`, `version` of the API (pair of int)."""

    def __init__(self, head, body):
        self.head = head
        self.method = head.method
        self.body = body
        self.api = PRACTICE_API_MAX
        self.query = {}
        self.path = "/"
        target = re.sub("^[A-Za-z][A-Za-z0-9+.-]*://[^/?]*", "", head.target)
        self.raw_path, _, self.raw_query = target.partition("?")

    @property
    def wants_upgrade(self):
        return "upgrade" in self.head.headers

    def text(self, name, default=""):
        return self.query.get(name, [default])[0]

    def flag(self, name, default=False):
        """A boolean as the engine reads it: "", 0, no, false and none are false, all else is true."""
        if name not in self.query:
            return default
        return self.text(name).strip().lower() not in ("", "0", "no", "false", "none")

    def json(self):
        """The body as a JSON object (dict)."""
        kind = self.head.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise PracticeRefusal(400, "Content-Type specified (%s) must be 'application/json'" % kind)
        if not self.body.strip():
            raise PracticeRefusal(400, "invalid JSON: the body is empty")
        try:
            found = json.loads(self.body.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise PracticeRefusal(400, "invalid JSON: %s" % error)
        if not isinstance(found, dict):
            raise PracticeRefusal(400, "invalid JSON: an object is wanted")
        return found


class PracticeConnection:
    """One client's connection: requests in, answers out, in order.

    Bytes wait in `_held` until they are fed, and are fed in pieces cut where a message may
    end: after an empty line, or where its Content-Length is used up. So the reader never
    holds bytes of the next message, and after a hijack `_held` is the start of the stream.
    """

    def __init__(self, engine, sock):
        self.engine = engine
        self.socket = sock
        self._reader = RequestReader()
        self._held = bytearray()
        self._tail = b""          # the last bytes fed: an empty line may be cut in two
        self._length_left = 0     # of a body with Content-Length
        self._at_end = False      # the client has half-closed or gone
        self.keep_open = True
        self._version = "1.1"
        self._chunked = False
        self._head_only = False
        self._answered = False    # the head of the answer is on its way

    # -- in

    def serve(self):
        try:
            while self.keep_open:
                try:
                    request = self._next_request()
                except ProtocolError as error:
                    self._refuse("%s\nrule: %s, offset: %d\n" % (error, error.rule, error.offset))
                    return
                if request is None:
                    return
                self._answer(request)
        except (OSError, PracticeHangUp):
            pass

    def _next_request(self):
        """The next PracticeRequest; None when the client has none."""
        head, parts, size = None, [], 0
        while True:
            if not self._held and not self._receive():
                for event in self._reader.feed_eof():
                    pass
                return None
            for event in self._reader.feed(self._next_piece()):
                if isinstance(event, RequestHead):
                    head = event
                    if self._reader.framing.kind == "length":
                        self._length_left = self._reader.framing.length
                    if "100-continue" in head.headers.tokens("expect") and not self._held and head.version == "1.1":
                        self.send(encode_response_head(100, PRACTICE_REASONS[100]))
                elif isinstance(event, Data):
                    parts.append(event.data)
                    size += len(event.data)
                    if size > MAX_PRACTICE_BODY_BYTES:
                        self._refuse("this practice engine takes bodies of up to %d bytes\n" % MAX_PRACTICE_BODY_BYTES, 413)
                        raise PracticeHangUp()
                elif isinstance(event, End):
                    if "upgrade" in head.headers.tokens("connection"):
                        # Whether the stream switches is the handler's decision; if it does not, HTTP goes on.
                        self._reader = RequestReader(offset=self._reader.offset)
                    self._tail = b""
                    return PracticeRequest(head, b"".join(parts))

    def _receive(self):
        data = b"" if self._at_end else self.socket.recv(65536)
        self._at_end = self._at_end or not data
        self._held += data
        return bool(data)

    def _next_piece(self):
        if self._length_left:
            size = min(self._length_left, len(self._held))
            self._length_left -= size
        else:
            across = (self._tail + self._held[:3]).find(b"\r\n\r\n")
            if across >= 0:
                size = across + 4 - len(self._tail)
            else:
                size = self._held.find(b"\r\n\r\n") + 4
                size = len(self._held) if size < 4 else size
        piece = bytes(self._held[:size])
        del self._held[:size]
        self._tail = (self._tail + piece)[-3:]
        return piece

    def take_held(self):
        data = bytes(self._held)
        del self._held[:]
        return data

    def client_has_gone(self, half_is_gone=True):
        """Whether the client has closed (or, with `half_is_gone`, will send nothing more)."""
        import select
        try:
            poll = select.poll()
            half = getattr(select, "POLLRDHUP", 0x2000)
            poll.register(self.socket.fileno(), half | select.POLLHUP)
            events = poll.poll(0)
            seen = events[0][1] if events else 0
        except (OSError, ValueError):
            return True
        return bool(seen & (select.POLLHUP | select.POLLERR | select.POLLNVAL)) or bool(half_is_gone and seen & half)

    # -- out

    def send(self, data):
        self.socket.sendall(data)

    def _refuse(self, text, status=400, reason=None):
        """An answer to what was no request: plain text, and the connection ends."""
        body = text.encode("utf-8", "replace")
        self.keep_open = False
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Server", PRACTICE_SERVER), ("Connection", "close"),
                   ("Date", http_date()), ("Content-Length", len(body))]
        self.send(encode_response_head(status, reason or PRACTICE_REASONS[status], headers) + body)

    def _answer(self, request):
        head = request.head
        self._version = head.version
        self._head_only = head.method == "HEAD"
        self._answered = False
        tokens = head.headers.tokens("connection")
        self.keep_open = ("keep-alive" in tokens if head.version == "1.0" else "close" not in tokens) and not self.engine.closing
        hosts = head.headers.get_all("host")
        if head.version == "1.1" and not hosts:
            reason = "Bad Request: missing required Host header"
            self._refuse("400 %s\nrule: RFC 9112 §3.2: a request of HTTP/1.1 has a Host field\n" % reason, 400, reason)
            return
        if len(hosts) > 1 or hosts and "/" in hosts[0]:
            problem = "too many Host headers" if len(hosts) > 1 else "malformed Host header"
            self._refuse("400 Bad Request: %s\nrule: RFC 9112 §3.2\n" % problem)
            return
        try:
            self.engine.dispatch(self, request)
        except PracticeRefusal as refusal:
            self._refuse_request(refusal.status, refusal.message)
        except (OSError, PracticeHangUp):
            raise
        except Exception as error:   # a mistake in here is this request's misfortune, not the engine's end
            self._refuse_request(500, "practice engine: %s: %s" % (type(error).__name__, error))

    def _refuse_request(self, status, message):
        if self._answered:
            raise PracticeHangUp()   # too late to say so: a stream that is cut is not mistaken for a whole one
        self.send_json({"message": message}, status)

    def common_headers(self):
        return [("Api-Version", "%d.%d" % PRACTICE_API_MAX), ("Docker-Experimental", "false"), ("Ostype", "linux"),
                ("Server", PRACTICE_SERVER)]

    def _start(self, status, headers, length):
        """The bytes of a head; `length` None: unknown, the body comes in chunks or ends with the connection."""
        self._answered = True
        fields = sorted(self.common_headers() + list(headers), key=lambda pair: pair[0].lower()) + [("Date", http_date())]
        self._chunked = False
        if status not in (204, 304):
            if length is not None:
                fields.append(("Content-Length", length))
            elif self._version == "1.1":
                self._chunked = not self._head_only
                fields.append(("Transfer-Encoding", "chunked"))
            else:
                self.keep_open = False
        if self._version == "1.1" and not self.keep_open:
            fields.append(("Connection", "close"))
        elif self._version == "1.0" and self.keep_open:
            fields.append(("Connection", "keep-alive"))
        return encode_response_head(status, PRACTICE_REASONS[status], fields, self._version)

    def send_body(self, data, status=200, headers=()):
        head = self._start(status, headers, len(data))
        self.send(head if self._head_only else head + data)

    def send_empty(self, status=200):
        self.send(self._start(status, (), None if status in (204, 304) else 0))

    def send_json(self, value, status=200):
        data = json.dumps(value, separators=(",", ":")).encode() + b"\n"
        headers = [("Content-Type", "application/json")]
        if len(data) <= GO_CHUNK_THRESHOLD or self._head_only:
            self.send_body(data, status, headers)
            return
        head = self._start(status, headers, None)
        self.send(head + (encode_chunk(data) + encode_last_chunk() if self._chunked else data))

    def start_stream(self, content_type):
        """A 200 head, sent at once, whose body comes piece by piece with send_piece and ends with end_stream."""
        headers = [("Content-Type", content_type)] if content_type else []
        self.send(self._start(200, headers, None))

    def send_piece(self, data):
        if data:
            self.send(encode_chunk(data) if self._chunked else data)

    def end_stream(self):
        if self._chunked:
            self.send(encode_last_chunk())

    def hijack(self, request, content_type):
        """Leave HTTP: 101 if the client asked to upgrade, a bare 200 otherwise. The status line is 1.1 even for a 1.0 client."""
        self.keep_open = False
        self._answered = True
        headers = [("Content-Type", content_type)]
        if request.wants_upgrade:
            headers += [("Connection", "Upgrade"), ("Upgrade", "tcp")]
        status = 101 if request.wants_upgrade else 200
        self.send(encode_response_head(status, PRACTICE_REASONS[status], headers + self.common_headers()))

    def refuse_hijack(self, refusal):
        """How an attach says no: a head with the type of a raw stream, a line of text, the end."""
        self.keep_open = False
        headers = [("Content-Type", RAW_STREAM), ("Server", PRACTICE_SERVER)]
        head = encode_response_head(refusal.status, PRACTICE_REASONS[refusal.status], headers)
        self.send(head + ("%s\r\n" % refusal.message).encode())

    def hang_up(self):
        """Wake whoever waits on this connection, from any thread."""
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def pump(self, attacher, pipe, tty, close_pipe_at_end, end_ends_all):
        """Carry a hijacked stream both ways until the output ends or the client goes."""
        changed = self.engine.state.changed
        reader = self.engine.spawn(self._pump_stdin, attacher, pipe, close_pipe_at_end, end_ends_all)
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

    def _pump_stdin(self, attacher, pipe, close_pipe_at_end, end_ends_all):
        def is_wanted():
            return not attacher.closed and not self.engine.closing
        data = self.take_held()
        try:
            while True:
                if data and pipe is not None and not pipe.write(data, is_wanted):
                    pipe = None
                data = b"" if self._at_end else self.socket.recv(32768)
                if not data:
                    break
        except OSError:
            pass
        if pipe is not None:
            if close_pipe_at_end:
                pipe.close()
            elif end_ends_all:
                with self.engine.state.changed:
                    attacher.close()


class PracticeEngine:
    """An engine for practice. `socket_path` (str): where to listen; None: a private folder of its own.

    start() listens and serves in background threads; serve_forever() does that and waits for
    close(). `address` is "unix:///…". UsageError or AddressError if it cannot listen there.
    """

    def __init__(self, socket_path=None):
        import threading
        self._folder = None
        self._listener = None
        self._lock = threading.Lock()
        self._threads = set()
        self._connections = set()
        self._ports = {}                # listening socket → (container, container port)
        self._wake = None
        self._closed = threading.Event()
        self.closing = False
        self._socket_identity = None
        self.state = PracticeState(self.spawn, self._open_port, self._close_ports)
        self.socket_path = socket_path
        if socket_path is not None:
            self.socket_path = os.path.abspath(os.fspath(socket_path))
            size = len(os.fsencode(self.socket_path))
            if size > MAX_PRACTICE_PATH_BYTES:
                raise AddressError("the path of a UNIX socket has at most %d bytes, %s has %d"
                                   % (MAX_PRACTICE_PATH_BYTES, self.socket_path, size), "choose a shorter folder")

    @property
    def address(self):
        if self.socket_path is None:
            raise UsageError("the practice engine has no address before it is started", "call start() first")
        return "unix://" + self.socket_path

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *ignored):
        self.close()

    # -- life

    def start(self):
        """Listen and serve, in the background. Returns self."""
        if self._closed.is_set() or self.closing:
            raise UsageError("this practice engine was closed", "make a new one")
        if self._listener is not None:
            return self
        if self.socket_path is None:
            self._make_folder()
        try:
            self._listener = self._listen()
        except BaseException:
            self._remove_folder()
            raise
        self._wake = socket.socketpair()
        self.spawn(self._accept_loop)
        return self

    def serve_forever(self):
        """Start, and return only once close() was called (from a signal handler or another thread)."""
        self.start()
        while not self._closed.wait(1):
            pass

    def _make_folder(self):
        import tempfile
        for base in (None, "/tmp"):
            folder = tempfile.mkdtemp(prefix="rawdock-", dir=base)
            path = os.path.join(folder, "practice.sock")
            if len(os.fsencode(path)) <= MAX_PRACTICE_PATH_BYTES:
                self._folder, self.socket_path = folder, path
                return
            os.rmdir(folder)
        raise AddressError("no folder for temporary files has a path short enough for a UNIX socket", "give a path of your own")

    def _listen(self):
        path = self.socket_path
        import stat
        try:
            found = os.lstat(path)
        except OSError:
            found = None
        if found is not None:
            if not stat.S_ISSOCK(found.st_mode):
                raise UsageError("cannot listen at %s: something that is not a socket is there" % path,
                                 "choose another path, or remove it yourself")
            probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                probe.settimeout(2)
                probe.connect(path)
            except (ConnectionRefusedError, FileNotFoundError):
                os.unlink(path)   # a socket that nobody listens on was left by a server that died
            except OSError as error:
                raise AddressError("cannot listen at %s: a socket is there and cannot be tried: %s" % (path, error.strerror or error))
            else:
                raise AddressError("cannot listen at %s: another server listens there" % path, "stop it, or choose another path")
            finally:
                probe.close()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.bind(path)
            # Whoever can talk to an engine can publish ports from this process: its owner only, as with dockerd's default.
            os.chmod(path, 0o600)
            bound = os.lstat(path)
            self._socket_identity = (bound.st_dev, bound.st_ino)
            listener.listen(128)
            listener.setblocking(False)
        except OSError as error:
            listener.close()
            raise AddressError("cannot listen at %s: %s" % (path, (error.strerror or str(error)).lower()),
                               "choose a folder that you can write to")
        return listener

    def spawn(self, function, *arguments):
        """A thread for `function`, known to close(). None when the engine is closing or the system has no more threads."""
        import threading

        def run():
            try:
                function(*arguments)
            finally:
                with self._lock:
                    self._threads.discard(thread)

        thread = threading.Thread(target=run, name="rawdock-practice", daemon=True)
        with self._lock:
            if self.closing:
                return None
            try:
                thread.start()
            except RuntimeError:   # the system has no thread left to give
                return None
            self._threads.add(thread)
        return thread

    def _accept_loop(self):
        """Every listening socket in one thread: the engine's own and the published ports'."""
        import select
        while not self.closing:
            with self._lock:
                listeners = {one.fileno(): one for one in self._ports if one.fileno() >= 0}
            listeners[self._listener.fileno()] = self._listener
            poll = select.poll()
            for number in list(listeners) + [self._wake[0].fileno()]:
                poll.register(number, select.POLLIN)
            for number, _ in poll.poll():
                if number == self._wake[0].fileno():
                    self._wake[0].recv(4096)
                    continue
                try:
                    sock, _ = listeners[number].accept()
                except OSError:
                    if not self.closing:
                        time.sleep(0.005)   # a port closed meanwhile, or no descriptors left: neither ends the engine
                    continue
                sock.setblocking(True)
                serve = self._serve_engine if listeners[number] is self._listener else self._serve_port
                if self.spawn(serve, sock, listeners[number]) is None:
                    sock.close()

    def _nudge(self):
        if self._wake is not None:
            try:
                self._wake[1].send(b"x")
            except OSError:
                pass

    def _serve_engine(self, sock, listener):
        connection = PracticeConnection(self, sock)
        with self._lock:
            self._connections.add(connection)
        try:
            if not self.closing:
                connection.serve()
        finally:
            with self._lock:
                self._connections.discard(connection)
            sock.close()

    def _serve_port(self, sock, listener):
        """One connection to a published port: handed to what the container serves there."""
        with self._lock:
            container, port = self._ports.get(listener, (None, None))
        try:
            with self.state.changed:
                service = container.services.get(port) if container is not None and not self.closing else None
                if service is None:
                    return
                container.port_sockets.add(sock)
            try:
                service.talk(sock)
            finally:
                with self.state.changed:
                    container.port_sockets.discard(sock)
        except (OSError, ProgramKilled):
            pass
        finally:
            sock.close()

    def _open_port(self, container, port, address, host_port):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, host_port))
            listener.listen(64)
            listener.setblocking(False)
            opened = listener.getsockname()[1]
        except OSError:
            listener.close()
            raise
        with self._lock:
            self._ports[listener] = (container, port)
        self._nudge()
        return opened

    def _close_ports(self, container):
        container.ports = {}
        with self._lock:
            going = [one for one, (owner, _) in self._ports.items() if owner is container]
            for one in going:
                del self._ports[one]
        for one in going:
            one.close()
        for sock in list(container.port_sockets):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self._nudge()

    def close(self):
        """End every container, connection and thread, and remove the socket. May be called more than once."""
        import threading
        with self._lock:
            first = not self.closing
            self.closing = True
            connections = list(self._connections)
        if not first:
            self._closed.wait(10)
            return
        self.state.close()
        self._nudge()
        for connection in connections:
            connection.hang_up()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with self._lock:
                threads = [one for one in self._threads if one is not threading.current_thread()]
                connections = list(self._connections)
            if not threads:
                break
            for connection in connections:
                connection.hang_up()
            threads[0].join(0.2)
        with self._lock:
            listeners = list(self._ports) + [self._listener] * (self._listener is not None)
            self._ports.clear()
        for one in listeners + list(self._wake or ()):
            one.close()
        if self._listener is not None:
            self._unlink_socket()
        self._remove_folder()
        self._closed.set()

    def _unlink_socket(self):
        """Remove the socket if it is still ours: another engine may have taken the path."""
        try:
            found = os.lstat(self.socket_path)
            if (found.st_dev, found.st_ino) == self._socket_identity:
                os.unlink(self.socket_path)
        except OSError:
            pass

    def _remove_folder(self):
        if self._folder is not None:
            try:
                os.rmdir(self._folder)
            except OSError:
                pass
            self._folder = None

    # -- requests

    def dispatch(self, connection, request):
        """Find what answers this request, and let it."""
        if request.method == "OPTIONS":
            connection.send_empty(200)
            return
        path = request.raw_path
        if not path.startswith("/"):
            raise PracticeRefusal(404, "page not found")
        cleaned = clean_path(path)
        if cleaned != path:
            connection.send_body(b"", 301, [("Location", cleaned + ("?" + request.raw_query if request.raw_query else ""))])
            return
        prefix = re.match("/v([0-9.]+)(?=/)", path)
        if prefix:
            path = path[prefix.end():]
        for method, pattern, handler in PRACTICE_ROUTES:
            match = re.fullmatch(pattern, path) if method == request.method else None
            if match is None:
                continue
            if prefix and not self._check_version(connection, request, prefix.group(1)):
                return
            request.path = path
            request.query = parse_query(request.raw_query)
            handler(self, connection, request, *[percent_decoded(part) for part in match.groups()])
            return
        raise PracticeRefusal(404, "page not found")

    def _check_version(self, connection, request, text):
        numbers = [int(part or 0) for part in text.split(".")][:8]
        asked = tuple(numbers + [0] * (2 - len(numbers)))
        if asked > PRACTICE_API_MAX:
            raise PracticeRefusal(400, "client version %s is too new. Maximum supported API version is %d.%d"
                                  % ((text,) + PRACTICE_API_MAX))
        if asked < PRACTICE_API_MIN:
            message = ("client version %s is too old. Minimum supported API version is %d.%d, please upgrade your client to a newer version"
                       % ((text,) + PRACTICE_API_MIN))
            # A client so old does not expect JSON here.
            headers = [("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff")]
            connection.send_body(message.encode() + b"\n", 400, headers)
            return False
        request.api = asked
        return True

    # -- system

    def answer_ping(self, connection, request):
        headers = [("Cache-Control", "no-cache, no-store, must-revalidate"), ("Content-Type", "text/plain; charset=utf-8"),
                   ("Pragma", "no-cache"), ("Builder-Version", "1"), ("Swarm", "inactive")]
        connection.send_body(b"" if request.method == "HEAD" else b"OK", 200, headers)

    def answer_version(self, connection, request):
        facts = {"ApiVersion": "%d.%d" % PRACTICE_API_MAX, "MinAPIVersion": "%d.%d" % PRACTICE_API_MIN, "GitCommit": "none",
                 "GoVersion": "none: Python %d.%d" % sys.version_info[:2], "Os": "linux", "Arch": "amd64", "KernelVersion": "none",
                 "BuildTime": "", "Experimental": "false"}
        version = __version__ + "-practice"
        connection.send_json(dict(
            {"Platform": {"Name": "rawdock practice engine"}, "Components": [{"Name": "Engine", "Version": version, "Details": facts}],
             "Version": version}, **{key: value for key, value in facts.items() if key != "Experimental"}))

    def answer_info(self, connection, request):
        state = self.state
        with state.changed:
            containers, images = list(state.containers.values()), len(state.images)
        running = sum(one.status == "running" for one in containers)
        connection.send_json({
            "ID": state.id, "Containers": len(containers), "ContainersRunning": running, "ContainersPaused": 0,
            "ContainersStopped": len(containers) - running, "Images": images, "Driver": "practice", "DriverStatus": [["Kept in", "memory"]],
            "Plugins": {"Volume": ["local"], "Network": ["bridge", "host", "null"], "Authorization": None, "Log": ["json-file"]},
            "MemoryLimit": False, "SwapLimit": False, "CpuCfsPeriod": False, "CpuCfsQuota": False, "CPUShares": False, "CPUSet": False,
            "PidsLimit": False, "IPv4Forwarding": True, "BridgeNfIptables": True, "BridgeNfIp6tables": True, "Debug": False, "NFd": 0,
            "OomKillDisable": False, "NGoroutines": 0, "SystemTime": wire_time(int(time.time()) * 1000000000), "LoggingDriver": "json-file",
            "CgroupDriver": "none", "CgroupVersion": "2", "NEventsListener": 0, "KernelVersion": "none",
            "OperatingSystem": "rawdock practice engine", "OSVersion": "", "OSType": "linux", "Architecture": "x86_64",
            "IndexServerAddress": "https://index.docker.io/v1/",
            "RegistryConfig": {"IndexConfigs": {}, "InsecureRegistryCIDRs": [], "Mirrors": None}, "NCPU": 1, "MemTotal": 0,
            "GenericResources": None, "DockerRootDir": "none", "HttpProxy": "", "HttpsProxy": "", "NoProxy": "", "Name": "practice",
            "Labels": ["practice=true"], "ExperimentalBuild": False, "ServerVersion": __version__ + "-practice",
            "Runtimes": {"practice": {"path": "none"}}, "DefaultRuntime": "practice",
            "Swarm": {"NodeID": "", "NodeAddr": "", "LocalNodeState": "inactive", "ControlAvailable": False, "Error": "",
                      "RemoteManagers": None},
            "LiveRestoreEnabled": False, "Isolation": "", "InitBinary": "none", "ContainerdCommit": {"ID": "", "Expected": ""},
            "RuncCommit": {"ID": "", "Expected": ""}, "InitCommit": {"ID": "", "Expected": ""}, "SecurityOptions": [],
            "Warnings": ["This is rawdock's practice engine: its containers are a few built-in programs"],
        })

    def answer_events(self, connection, request):
        since, until = unix_time(request.text("since"), "since"), unix_time(request.text("until"), "until")
        if since is not None and until is not None and since > until:
            raise PracticeRefusal(400, "`since` time cannot be after `until` time")
        filters = practice_filters(request.text("filters"))
        state = self.state
        with state.changed:
            replay = since is not None or until is not None
            number = state.first_event if replay else state.first_event + len(state.events)
        connection.start_stream("application/json")
        while True:
            with state.changed:
                lost = number < state.first_event
                number = max(number, state.first_event)
                batch = list(state.events)[number - state.first_event:]
                number += len(batch)
                over = until is not None and time.time() * 1e9 > until
                if not batch and not over:
                    state.changed.wait(0.1)
            if lost and not replay:
                raise PracticeHangUp()   # a reader so slow that events were lost must not think it saw all
            replay = False
            for event in batch:
                when = event["timeNano"]
                if (since is None or when >= since) and (until is None or when <= until) and event_matches(event, filters):
                    connection.send_piece(json.dumps(event, separators=(",", ":")).encode() + b"\n")
            if not batch:
                if over or self.closing:
                    break
                if connection.client_has_gone():
                    raise PracticeHangUp()
        connection.end_stream()

    # -- images

    def answer_images(self, connection, request):
        filters = practice_filters(request.text("filters"), IMAGE_FILTERS)
        state = self.state
        with state.changed:
            found = []
            for image in state.images.values():
                known = {
                    "reference": lambda value: any(split_image_name(value)[0] == tag.rpartition(":")[0] and
                                                   split_image_name(value)[1] in ("", tag.rpartition(":")[2]) for tag in image.tags),
                    "label": lambda value: False, "dangling": lambda value: value.lower() not in ("1", "true"),
                }
                if matches_filters(filters, known):
                    found.append(image.summary(-1))
        connection.send_json(sorted(found, key=lambda one: -one["Created"]))

    def answer_image(self, connection, request, name):
        connection.send_json(self.state.find_image(name).inspect())

    def answer_image_history(self, connection, request, name):
        image = self.state.find_image(name)
        steps = [{"Comment": "", "Created": image.pulled // 1000000000, "CreatedBy": "practice layer %s" % layer, "Id": "<missing>",
                  "Size": size, "Tags": None} for layer, size in reversed(image.entry["layers"])]
        steps[0].update(Id=image.id, Tags=list(image.tags))
        connection.send_json(steps)

    def answer_image_delete(self, connection, request, name):
        connection.send_json(self.state.remove_image(name, request.flag("force")))

    def answer_image_tag(self, connection, request, name):
        if not request.text("repo"):
            raise PracticeRefusal(400, "invalid reference format: no repository was named")
        self.state.tag_image(name, request.text("repo"), request.text("tag"))
        connection.send_empty(201)

    def answer_pull(self, connection, request):
        if "fromImage" not in request.query:
            raise PracticeRefusal(501 if request.text("fromSrc") else 400, "the practice engine only pulls: name an image with fromImage")
        name, tag, digest = split_image_name(request.text("fromImage"))
        wanted = request.text("tag") or digest or tag
        entry = PRACTICE_IMAGES.get(name)
        if entry is None:
            raise PracticeRefusal(404, "pull access denied for %s, repository does not exist or may require 'docker login'"
                                       " (the practice registry has %s)" % (name, ", ".join(sorted(PRACTICE_IMAGES))))
        if wanted == practice_digest(name):
            wanted = entry["tags"][0]
        tags = [wanted] if wanted else list(entry["tags"])
        if tags[0] not in entry["tags"]:
            raise PracticeRefusal(404, "manifest for %s:%s not found: manifest unknown (the practice registry has %s)"
                                  % (name, wanted, ", ".join("%s:%s" % (name, one) for one in entry["tags"])))
        connection.start_stream("application/json")
        sender = MessageSender(connection)
        for one in tags:
            self._pull(sender, name, one, entry)
        sender.flush()
        connection.end_stream()

    def _pull(self, sender, name, tag, entry):
        sender.add({"status": "Pulling from library/%s" % name, "id": tag})
        here = self.state.layers_here()
        layers = [(stable_hex("blob", layer)[:12], size, layer in here) for layer, size in entry["layers"]]
        missing = [(identity, size) for identity, size, is_here in layers if not is_here]
        for identity, _, is_here in layers:
            if is_here:
                sender.add({"status": "Already exists", "progressDetail": {}, "id": identity})
            else:
                sender.add({"status": "Pulling fs layer", "progressDetail": {}, "id": identity})
        for identity, _ in missing[3:]:
            sender.add({"status": "Waiting", "progressDetail": {}, "id": identity})
        # Three layers at a time, as an engine does: their lines are interleaved.
        for group in (missing[at:at + 3] for at in range(0, len(missing), 3)):
            for part in range(1, 5):
                for identity, size in group:
                    sender.add(progress_message("Downloading", identity, size * part // 4, size))
            for identity, _ in group:
                sender.add({"status": "Verifying Checksum", "progressDetail": {}, "id": identity})
                sender.add({"status": "Download complete", "progressDetail": {}, "id": identity})
        for identity, size in missing:
            for part in (1, 2):
                sender.add(progress_message("Extracting", identity, size * part // 2, size))
            sender.add({"status": "Pull complete", "progressDetail": {}, "id": identity})
        is_new = self.state.add_image(name, tag)
        sender.add({"status": "Digest: %s" % practice_digest(name)})
        sender.add({"status": "Status: %s for %s:%s" % ("Downloaded newer image" if is_new else "Image is up to date", name, tag)})

    # -- containers

    def answer_containers(self, connection, request):
        filters = practice_filters(request.text("filters"), CONTAINER_FILTERS)
        limit = request.text("limit") or "0"
        if not re.fullmatch("-?[0-9]{1,9}", limit):
            raise PracticeRefusal(400, "invalid value for limit: %s" % limit)
        limit, state = int(limit), self.state
        with state.changed:
            newest_first = list(state.containers.values())[::-1]
            everything = request.flag("all") or limit > 0 or "status" in filters or "exited" in filters
            found = [one.summary(request.flag("size")) for one in newest_first
                     if container_matches(one, filters) and (everything or one.status == "running")]
        connection.send_json(found[:limit] if limit > 0 else found)

    def answer_create(self, connection, request):
        container, warnings = self.state.create(request.text("name") or None, request.json())
        connection.send_json({"Id": container.id, "Warnings": warnings}, 201)

    def answer_container(self, connection, request, name):
        with self.state.changed:
            found = self.state.find(name).inspect(request.flag("size"))
        connection.send_json(found)

    def answer_start(self, connection, request, name):
        container = self.state.find(name)
        if len(request.body) > 7:
            raise PracticeRefusal(400, "start takes no body: a container's host config is given when it is created")
        connection.send_empty(204 if self.state.start(container) else 304)

    def _seconds(self, request):
        text = request.text("t")
        if text and not re.fullmatch("-?[0-9]{1,6}", text):
            raise PracticeRefusal(400, "invalid value for t: %s (whole seconds)" % text)
        return int(text) if text else None

    def answer_stop(self, connection, request, name):
        container = self.state.find(name)
        connection.send_empty(204 if self.state.stop(container, self._seconds(request), request.text("signal")) else 304)

    def answer_restart(self, connection, request, name):
        self.state.restart(self.state.find(name), self._seconds(request), request.text("signal"))
        connection.send_empty(204)

    def answer_kill(self, connection, request, name):
        container = self.state.find(name)
        self.state.signal(container, signal_of(request))
        connection.send_empty(204)

    def answer_rename(self, connection, request, name):
        self.state.rename(self.state.find(name), request.text("name"))
        connection.send_empty(204)

    def answer_delete(self, connection, request, name):
        self.state.remove(self.state.find(name), request.flag("force"))
        connection.send_empty(204)

    def answer_resize(self, connection, request, name):
        container = self.state.find(name)
        check_size(request)
        with self.state.changed:
            if container.status != "running":
                raise PracticeRefusal(409, "container %s is not running" % container.id)
        connection.send_empty(200)

    def answer_top(self, connection, request, name):
        container = self.state.find(name)
        with self.state.changed:
            if container.status != "running":
                raise PracticeRefusal(409, "container %s is not running" % container.id)
            running = [container.argv] + [one.argv for one in container.execs.values() if one.running]
        connection.send_json({"Titles": ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"],
                              "Processes": [["root", str(number), "0", "0", "00:00", "?", "00:00:00", " ".join(argv)]
                                            for number, argv in enumerate(running, 1)]})

    def answer_wait(self, connection, request, name):
        state = self.state
        condition = request.text("condition") or "not-running"
        if condition not in ("not-running", "next-exit", "removed"):
            raise PracticeRefusal(400, "invalid condition: \"%s\" (not-running, next-exit or removed)" % condition)
        with state.changed:
            container = state.find(name)
            run = container.runs
        # The head is the promise: from here on the exit cannot be missed.
        connection.start_stream("application/json")
        reached = {"not-running": lambda: container.status != "running" or container.runs != run,
                   "next-exit": lambda: container.runs != run or container.removed, "removed": lambda: container.removed}[condition]
        if state.wait_until(reached, None, lambda: not connection.client_has_gone()):
            answer = {"StatusCode": container.exit_code}
        elif connection.client_has_gone(False) or self.closing:
            raise PracticeHangUp()
        else:
            answer = {"StatusCode": -1, "Error": {"Message": "context canceled"}}
        connection.send_piece(json.dumps(answer, separators=(",", ":")).encode() + b"\n")
        connection.end_stream()

    def answer_logs(self, connection, request, name):
        state = self.state
        container = state.find(name)
        streams = [number for number, key in ((1, "stdout"), (2, "stderr")) if request.flag(key)]
        if not streams:
            raise PracticeRefusal(400, "Bad parameters: you must choose at least one stream: stdout=1 or stderr=1")
        since, until = unix_time(request.text("since"), "since"), unix_time(request.text("until"), "until")
        tail, stamps, tty = request.text("tail"), request.flag("timestamps"), container.tty
        selected = (lambda record: record[1] in streams and (since is None or record[0] >= since) and (until is None or record[0] <= until))
        with state.changed:
            follow = request.flag("follow") and container.status == "running"
            run, log = container.runs, container.log
            number = log.first
            if re.fullmatch("[0-9]{1,9}", tail):
                chosen = [log.first + at for at, record in enumerate(log.records) if selected(record)][-int(tail) or len(log.records):]
                number = chosen[0] if chosen else log.first + len(log.records)
            last = None if follow else log.first + len(log.records)
        content_type = None if request.api < (1, 42) else RAW_STREAM if tty else MULTIPLEXED_STREAM
        connection.start_stream(content_type)
        while True:
            with state.changed:
                lost = max(0, log.first - number)
                number += lost
                records = log.since(number)
                if last is not None:
                    records = records[:max(0, last - number)]
                ended = last is not None or container.runs != run or container.removed
                if not records and not lost and not ended:
                    state.changed.wait(0.2)
            if lost:
                # Not a silent half: frame type 3 is the engine's own word for "this stream is broken".
                message = b"practice engine: %d log lines were dropped before this client read them\n" % lost
                connection.send_piece(message if tty else encode_frame(3, message))
                break
            number += len(records)
            parts = []
            for when, stream, line in records:
                if selected((when, stream)):
                    line = (wire_time(when, True).encode() + b" " if stamps else b"") + line
                    parts.append(line if tty else encode_frame(stream, line))
            connection.send_piece(b"".join(parts))
            if records:
                continue
            if ended or self.closing or until is not None and time.time() * 1e9 > until:
                break
            if connection.client_has_gone():
                raise PracticeHangUp()
        connection.end_stream()

    def answer_attach(self, connection, request, name):
        state = self.state
        try:
            with state.changed:
                container = state.find(name)
                streams = [number for number, key in ((1, "stdout"), (2, "stderr")) if request.flag(key)]
                attacher = PracticeAttacher(state.changed, streams, connection.hang_up)
                replay = list(container.log.records) if request.flag("logs") else []
                pipe, tty = None, container.tty
                if request.flag("stream"):
                    container.attachers.append(attacher)
                    pipe = container.stdin if request.flag("stdin") and container.config["OpenStdin"] else None
                else:
                    attacher.close()
                state.emit_of(container, "attach")
        except PracticeRefusal as refusal:
            connection.refuse_hijack(refusal)
            return
        try:
            connection.hijack(request, stream_type(request, tty))
            for _, stream, line in replay:
                if stream in streams:
                    connection.send(line if tty else encode_frame(stream, line))
            once = container.config["StdinOnce"] and not tty
            connection.pump(attacher, pipe, tty, once, not once)
        finally:
            with state.changed:
                attacher.close()
                if attacher in container.attachers:
                    container.attachers.remove(attacher)

    # -- execs

    def answer_exec_create(self, connection, request, name):
        container = self.state.find(name)
        connection.send_json({"Id": self.state.create_exec(container, request.json()).id}, 201)

    def answer_exec_start(self, connection, request, identity):
        state = self.state
        one = state.find_exec(identity)
        given = fold_keys(request.json(), ("Detach", "Tty"))
        tty = bool(checked_kind(given, "Tty", (bool,), ""))
        if checked_kind(given, "Detach", (bool,), ""):
            state.start_exec(one, tty)
            connection.send_empty(200)
            return
        streams = [number for number, key in ((1, "AttachStdout"), (2, "AttachStderr")) if one.given[key]]
        attacher = PracticeAttacher(state.changed, streams, connection.hang_up)
        connection.hijack(request, stream_type(request, tty))
        try:
            state.start_exec(one, tty, attacher)
        except PracticeRefusal as refusal:
            message = ("%s\r\n" % refusal.message).encode()
            connection.send(message if tty else encode_frame(1, message))
            return
        connection.pump(attacher, one.stdin if one.given["AttachStdin"] else None, tty, not tty, True)

    def answer_exec(self, connection, request, identity):
        with self.state.changed:
            found = self.state.find_exec(identity).inspect()
        connection.send_json(found)

    def answer_exec_resize(self, connection, request, identity):
        self.state.find_exec(identity)
        check_size(request)
        connection.send_empty(200)

    # -- networks and volumes: as much as an engine without any of its own has

    def answer_networks(self, connection, request):
        connection.send_json([practice_network(name) for name in ("bridge", "host", "none")])

    def answer_network(self, connection, request, name):
        for known in ("bridge", "host", "none"):
            if name in (known, stable_hex("network", known)) or len(name) > 3 and stable_hex("network", known).startswith(name):
                connection.send_json(practice_network(known))
                return
        raise PracticeRefusal(404, "network %s not found" % name)

    def answer_volumes(self, connection, request):
        connection.send_json({"Volumes": [], "Warnings": None})

    def answer_no_volume(self, connection, request, name):
        raise PracticeRefusal(404, "get %s: no such volume" % name)

    def answer_left_out(self, connection, request):
        raise PracticeRefusal(501, "the practice engine does not do %s %s: a real engine does" % (request.method, request.path))


def signal_of(request):
    return signal_number(request.text("signal"), 9)


def check_size(request):
    for name in ("h", "w"):
        if not re.fullmatch("[0-9]{1,5}", request.text(name)):
            raise PracticeRefusal(400, "invalid value for %s: '%s' (a number of rows or columns)" % (name, request.text(name)))


def stream_type(request, tty):
    return MULTIPLEXED_STREAM if request.wants_upgrade and not tty and request.api >= (1, 42) else RAW_STREAM


def practice_network(name):
    driver = "null" if name == "none" else name
    ranges = [{"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.1"}] if name == "bridge" else []
    return {
        "Name": name, "Id": stable_hex("network", name), "Created": wire_time(0), "Scope": "local", "Driver": driver, "EnableIPv6": False,
        "IPAM": {"Driver": "default", "Options": None, "Config": ranges},
        "Internal": False, "Attachable": False, "Ingress": False, "ConfigFrom": {"Network": ""}, "ConfigOnly": False, "Containers": {},
        "Options": {}, "Labels": {},
    }


def size_text(size):
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            break
        size /= 1000.0
    return "%.4g%s" % (size, unit)


def progress_message(status, identity, current, total):
    """A progress line, with the bar drawn as engines do for clients that do not draw."""
    done = 50 * current // total if total else 0
    bar = "[%s%s] %s/%s" % ("=" * max(0, done - 1) + ">", " " * (50 - max(1, done)), size_text(current), size_text(total))
    return {"status": status, "progressDetail": {"current": current, "total": total}, "progress": bar, "id": identity}


class MessageSender:
    """JSON messages into a stream, cut the way a client must be ready for: mostly one a chunk,
    sometimes two in one, sometimes one across two."""

    def __init__(self, connection):
        self._connection = connection
        self._count = 0
        self._waiting = b""

    def add(self, message):
        data = self._waiting + json.dumps(message, separators=(",", ":")).encode() + b"\r\n"
        self._waiting = b""
        self._count += 1
        kind = self._count % 7
        if kind == 3:
            self._waiting = data
            return
        if kind == 5:
            half = len(data) // 2
            self._connection.send_piece(data[:half])
            data = data[half:]
        self._connection.send_piece(data)
        if self._connection.engine.closing:
            raise PracticeHangUp()
        time.sleep(0.002)

    def flush(self):
        self._connection.send_piece(self._waiting)
        self._waiting = b""


# method, path below /vX.Y, what answers
PRACTICE_ROUTES = (
    ("GET", "/_ping", PracticeEngine.answer_ping),
    ("HEAD", "/_ping", PracticeEngine.answer_ping),
    ("GET", "/version", PracticeEngine.answer_version),
    ("GET", "/info", PracticeEngine.answer_info),
    ("GET", "/events", PracticeEngine.answer_events),
    ("GET", "/images/json", PracticeEngine.answer_images),
    ("POST", "/images/create", PracticeEngine.answer_pull),
    ("GET", "/images/(.+)/json", PracticeEngine.answer_image),
    ("GET", "/images/(.+)/history", PracticeEngine.answer_image_history),
    ("POST", "/images/(.+)/tag", PracticeEngine.answer_image_tag),
    ("DELETE", "/images/(.+)", PracticeEngine.answer_image_delete),
    ("GET", "/containers/json", PracticeEngine.answer_containers),
    ("POST", "/containers/create", PracticeEngine.answer_create),
    ("GET", "/containers/([^/]+)/json", PracticeEngine.answer_container),
    ("GET", "/containers/([^/]+)/logs", PracticeEngine.answer_logs),
    ("GET", "/containers/([^/]+)/top", PracticeEngine.answer_top),
    ("POST", "/containers/([^/]+)/start", PracticeEngine.answer_start),
    ("POST", "/containers/([^/]+)/stop", PracticeEngine.answer_stop),
    ("POST", "/containers/([^/]+)/restart", PracticeEngine.answer_restart),
    ("POST", "/containers/([^/]+)/kill", PracticeEngine.answer_kill),
    ("POST", "/containers/([^/]+)/wait", PracticeEngine.answer_wait),
    ("POST", "/containers/([^/]+)/attach", PracticeEngine.answer_attach),
    ("POST", "/containers/([^/]+)/rename", PracticeEngine.answer_rename),
    ("POST", "/containers/([^/]+)/resize", PracticeEngine.answer_resize),
    ("POST", "/containers/([^/]+)/exec", PracticeEngine.answer_exec_create),
    ("DELETE", "/containers/([^/]+)", PracticeEngine.answer_delete),
    ("POST", "/exec/([^/]+)/start", PracticeEngine.answer_exec_start),
    ("POST", "/exec/([^/]+)/resize", PracticeEngine.answer_exec_resize),
    ("GET", "/exec/([^/]+)/json", PracticeEngine.answer_exec),
    ("GET", "/networks/?", PracticeEngine.answer_networks),
    ("GET", "/networks/([^/]+)", PracticeEngine.answer_network),
    ("GET", "/volumes", PracticeEngine.answer_volumes),
    ("GET", "/volumes/([^/]+)", PracticeEngine.answer_no_volume),
    ("POST", "/build|/commit|/auth|/session|/volumes/create|/networks/create|/images/load", PracticeEngine.answer_left_out),
    ("GET", "/system/df|/images/search|/images/get|/swarm|/plugins|/services|/nodes", PracticeEngine.answer_left_out),
)
