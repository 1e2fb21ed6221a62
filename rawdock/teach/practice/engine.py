"""The practice engine: a Docker-like engine inside this process, on a real AF_UNIX socket.

    with PracticeEngine() as engine:            # its own socket in a private folder
        docker = rawdock.Docker(engine.address)

Strategy: a server as plain as the protocol. One thread accepts, one thread serves each
connection, and requests are read by the same RequestReader and written by the same
encoders as the client's, so what a learner sees on this wire is what our own parsers say.
This file is its life and its table of routes; what answers lies in the files beside it, by subject:

    request      what a request holds       connection   HTTP, framing, hijacked streams
    events       the clock, GET /events     files        a container's files in memory, tars
    programs/    process: how a program runs; shell, busybox, redis: the programs
    images       registry, store, pull      volumes, networks
    container    one container              containers   all of them, and what is done to them
    streams      logs and attach            execs, archives, stats
    state        all of it together         system       the engine about itself

Promises: it runs no host program and reads and writes no file of the host; the socket (and
its folder, when it made that itself) is all it puts there, and close() takes them away, with every
thread and file descriptor. Every answer says `Server: rawdock-practice`.

Refuses: a path where something that is no socket lies, or where a server listens.

Leaves out: build, push, save and load, swarm, plugins, detach keys, WebSockets, HTTP/2.
"""
import os
import re
import socket
import time

from ...errors import UsageError
from ...net.listen import UnixListener
from .archives import ARCHIVE_ROUTES
from .connection import PracticeConnection
from .containers import CONTAINER_ROUTES
from .events import EVENT_ROUTES
from .execs import EXEC_ROUTES
from .images import IMAGE_ROUTES
from .networks import NETWORK_ROUTES
from .programs.process import ProgramKilled
from .request import (PRACTICE_API_MAX, PRACTICE_API_MIN, PracticeRefusal, clean_path, parse_query,
                      percent_decoded)
from .state import PracticeState
from .stats import STATS_ROUTES
from .streams import STREAM_ROUTES
from .system import SYSTEM_ROUTES, refuse_without_route
from .volumes import VOLUME_ROUTES

# method, path below /vX.Y, what answers: function(engine, connection, request, *what the path's groups hold)
PRACTICE_ROUTES = (SYSTEM_ROUTES + EVENT_ROUTES + IMAGE_ROUTES + CONTAINER_ROUTES + STREAM_ROUTES
                   + EXEC_ROUTES + ARCHIVE_ROUTES
                   + STATS_ROUTES + VOLUME_ROUTES + NETWORK_ROUTES)


class PracticeEngine:
    """An engine for practice. `socket_path` (str): where to listen; None: a private folder of its own.

    start() listens and serves in background threads; serve_forever() does that and waits for
    close(). `address` is "unix:///…". UsageError or AddressError if it cannot listen there.
    """

    def __init__(self, socket_path=None):
        import threading
        self._listening = None          # the UnixListener
        self._lock = threading.Lock()
        self._threads = set()
        self._connections = set()
        self._ports = {}                # listening socket → (container, container port)
        self._wake = None
        self._closed = threading.Event()
        self.closing = False
        self.state = PracticeState(self.spawn, self._open_port, self._close_ports)
        self.socket_path = None if socket_path is None else os.fspath(socket_path)

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
        if self._listening is not None:
            return self
        # Whoever can talk to an engine can publish ports from this process: it listens for its owner only.
        self._listening = UnixListener(self.socket_path)
        self.socket_path = self._listening.path
        self._wake = socket.socketpair()
        self.spawn(self._accept_loop)
        return self

    def listen_on_tcp(self):
        """Listen on a free TCP port of 127.0.0.1 as well → (host, port)."""
        return "127.0.0.1", self._open_port(None, None, "127.0.0.1", 0)

    def serve_forever(self):
        """Start, and return only once close() was called (from a signal handler or another thread)."""
        self.start()
        while not self._closed.wait(1):
            pass

    def spawn(self, function, *arguments):
        """A thread for `function`, known to close(). None if the engine is closing or no thread is left."""
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
            engine = self._listening.socket
            listeners[engine.fileno()] = engine
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
                        # A port closed meanwhile, or no descriptors left: neither ends the engine.
                        time.sleep(0.005)
                    continue
                sock.setblocking(True)
                is_port = self._ports.get(listeners[number], (None, None))[0] is not None
                serve = self._serve_port if is_port else self._serve_engine
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
            listeners = list(self._ports) + [self._listening] * (self._listening is not None)
            self._ports.clear()
        for one in listeners + list(self._wake or ()):
            one.close()
        self._closed.set()

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
            query = "?" + request.raw_query if request.raw_query else ""
            connection.send_body(b"", 301, [("Location", cleaned + query)])
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
            answer = handler(self, connection, request, *[percent_decoded(part) for part in match.groups()])
            if answer is not None:
                connection.send_json(answer)
            return
        request.path = path
        refuse_without_route(request)

    def _check_version(self, connection, request, text):
        numbers = [int(part or 0) for part in text.split(".")][:8]
        asked = tuple(numbers + [0] * (2 - len(numbers)))
        if asked > PRACTICE_API_MAX:
            raise PracticeRefusal(400, "client version %s is too new. Maximum supported API version is %d.%d"
                                  % ((text,) + PRACTICE_API_MAX))
        if asked < PRACTICE_API_MIN:
            message = ("client version %s is too old. Minimum supported API version is %d.%d, please upgrade"
                       " your client to a newer version"
                       % ((text,) + PRACTICE_API_MIN))
            # A client so old does not expect JSON here.
            headers = [("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff")]
            connection.send_body(message.encode() + b"\n", 400, headers)
            return False
        request.api = asked
        return True
