"""The practice engine: a Docker-like engine inside this process, on a real Unix socket.

    with PracticeEngine() as engine:            # its own socket in a private folder
        docker = rawdock.Docker(engine.address)

Strategy: one thread accepts connections, and one thread serves each of them. Requests are read by
RequestReader and responses written by the encoders of wire/, as they are for the client: what a learner sees
on this socket is what our own parsers say. This file is the life of the engine and its table of routes; the
handlers are in the files beside it, by subject:

    request      what a request holds       connection   HTTP, framing, hijacked streams
    events       the clock, GET /events     files        a container's files in memory, tars
    programs/    process: how a program runs; shell, busybox, redis: the programs
    image        one image, the registry    images       their store, pull
    image_tars   save, load, import         dockerfiles, builds
    volumes, networks
    streams      logs and attach            running      what a container and an exec share
    container    one container              containers   all of them, and what is done to them
    execs, archives, commits, stats         system       the engine about itself

Promises: it runs no program and reads and writes no file of the host. All that it puts there is the socket,
and the folder of it when it made that itself; close() removes them, and ends every thread and file
descriptor. Every response says `Server: rawdock-practice`.

Refuses: to listen at a path where something other than a socket is, or where a server listens.

Leaves out: BuildKit, swarm, plugins, WebSockets, HTTP/2.
"""
import os
import re
import socket
import time

from ...errors import UsageError
from ..listen import UnixListener, shut_down
from .archives import ARCHIVE_ROUTES
from .builds import BUILD_ROUTES
from .commits import COMMIT_ROUTES
from .connection import PracticeConnection
from .containers import CONTAINER_ROUTES, PracticeContainers
from .events import EVENT_ROUTES, PracticeEvents, random_hex
from .execs import EXEC_ROUTES, PracticeExecs
from .image_tars import IMAGE_TAR_ROUTES
from .images import IMAGE_ROUTES, PracticeImages
from .networks import NETWORK_ROUTES, PracticeNetworks
from .programs.process import ProgramKilled
from .request import (PRACTICE_API_MAX, PRACTICE_API_MIN, PracticeRefusal, parse_query,
                      percent_decoded)
from .stats import STATS_ROUTES
from .streams import STREAM_ROUTES
from .system import SYSTEM_ROUTES, refuse_without_route
from .volumes import VOLUME_ROUTES, PracticeVolumes

# Method, path below /vX.Y, handler: a function of engine, connection, request and the groups of the path; a
# group called "container" is the container of that name, and so for the other kinds of objects. A handler is
# called under `changed` and returns a response: the value of its JSON, with a status other than 200 the pair
# (status, value), or without a body the status (int). A handler that is `unlocked` may send the response
# itself, and returns None.
PRACTICE_ROUTES = (SYSTEM_ROUTES + EVENT_ROUTES + IMAGE_TAR_ROUTES + IMAGE_ROUTES + CONTAINER_ROUTES
                   + STREAM_ROUTES + EXEC_ROUTES + ARCHIVE_ROUTES + COMMIT_ROUTES + BUILD_ROUTES
                   + STATS_ROUTES + VOLUME_ROUTES + NETWORK_ROUTES)


class PracticeEngine:
    """An engine for practice. `socket_path` (str): where to listen; None: a private folder of its own.

    start() listens and serves in background threads; serve_forever() does that and waits for close().
    `address` is "unix:///…". Both raise UsageError or AddressError if it cannot listen there.

    One Condition, `changed`, guards all that the engine knows and announces every change. An engine for
    practice has tens of clients, not thousands, and one lock cannot deadlock with another. No socket is
    written under it.
    """

    def __init__(self, socket_path=None):
        import threading
        self.changed = threading.Condition()
        self.closing = False
        self.id = random_hex(32)
        self.events = PracticeEvents(self.changed)
        self.images = PracticeImages(self)
        self.volumes = PracticeVolumes(self)
        self.networks = PracticeNetworks(self)
        self.containers = PracticeContainers(self)
        self.execs = PracticeExecs(self)
        self.socket_path = None if socket_path is None else os.fspath(socket_path)
        self._listening = None          # the UnixListener
        self._threads = set()
        self._listeners = {}            # listening socket → the container of a published port; or None
        self._clients = {}              # connected socket → that of its listener
        self._closed = threading.Event()

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
        if self.closing:
            raise UsageError("this practice engine was closed", "make a new one")
        if self._listening is not None:
            return self
        # Whoever can connect can publish ports from this process: the socket is for its owner only.
        self._listening = UnixListener(self.socket_path)
        self.socket_path = self._listening.path
        self._accept_on(self._listening.socket, None, self._serve_client)
        return self

    def listen_on_tcp(self):
        """Listen on a free TCP port of 127.0.0.1 as well → (host, port)."""
        return "127.0.0.1", self.open_port(None, self._serve_client, "127.0.0.1", 0)

    def serve_forever(self):
        """Start, and return once close() was called in another thread."""
        self.start()
        while not self._closed.wait(1):
            pass

    def spawn(self, function, *arguments):
        """Call `function` in a thread that close() waits for → the thread; None if it cannot be started."""
        import threading

        def run():
            try:
                function(*arguments)
            finally:
                with self.changed:
                    self._threads.discard(thread)

        thread = threading.Thread(target=run, name="rawdock-practice", daemon=True)
        with self.changed:
            if self.closing:
                return None
            try:
                thread.start()
            except RuntimeError:   # the system is out of threads
                return None
            self._threads.add(thread)
        return thread

    def wait_until(self, is_true, seconds, is_wanted=None):
        """Wait under `changed` → whether `is_true()`. Ends after `seconds`, or when not `is_wanted()`."""
        end = None if seconds is None else time.monotonic() + seconds
        with self.changed:
            while not is_true():
                left = 3600 if end is None else end - time.monotonic()
                if left <= 0 or is_wanted is not None and (self.closing or not is_wanted()):
                    return False
                self.changed.wait(min(left, 3600 if is_wanted is None else 0.1))
        return True

    def close(self):
        """End every container, connection and thread, and remove the socket. May be called more than once."""
        with self.changed:
            first, self.closing = not self.closing, True
            for container in list(self.containers.by_id.values()) if first else ():
                container.close_attachers()
                if container.is_up:
                    container.process.deliver(9)
                container.stdin.break_off()
            self.changed.notify_all()
        if not first:
            self._closed.wait(10)
            return
        self._end_threads()
        if self._listening is not None:
            self._listening.close()
        self._closed.set()

    def _end_threads(self):
        """Close what is the engine's own, and wait up to 10 seconds for all threads."""
        import threading
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            self.close_ports(None)
            with self.changed:
                threads = [one for one in self._threads if one is not threading.current_thread()]
            if not threads:
                return
            threads[0].join(0.2)

    # -- connections

    def _accept_on(self, listener, container, serve):
        """Accept connections in a thread until close_ports(container); `serve(socket)` serves each."""
        import select
        listener.setblocking(False)
        poll = select.poll()
        poll.register(listener, select.POLLIN)
        with self.changed:
            self._listeners[listener] = container
        if self.spawn(self._accept_loop, listener, poll, serve) is None:
            del self._listeners[listener]
            raise OSError("the practice engine has no thread left, or is closing")

    def _accept_loop(self, listener, poll, serve):
        while listener in self._listeners:
            try:
                sock = listener.accept()[0] if poll.poll(200) else None
            except OSError:   # it was closed meanwhile, or there are no descriptors left
                time.sleep(0.005)
                continue
            if sock is not None and self.spawn(self._serve, listener, sock, serve) is None:
                sock.close()

    def _serve(self, listener, sock, serve):
        """Serve one connection, if its listener is still open."""
        with self.changed:
            is_open = listener in self._listeners
            self._clients[sock] = self._listeners.get(listener)
        try:
            sock.setblocking(True)
            if is_open:
                serve(sock)
        except (OSError, ProgramKilled):
            pass
        finally:
            with self.changed:
                del self._clients[sock]
            sock.close()

    def _serve_client(self, sock):
        PracticeConnection(self, sock).serve()

    def open_port(self, container, serve, address, host_port):
        """Listen at an address (str) and port (int) → the port opened. Raises OSError.

        `serve(socket)` serves each connection; `container` is the one that publishes the port, or None.
        """
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, host_port))
            listener.listen(64)
            self._accept_on(listener, container, serve)
        except OSError:
            listener.close()
            raise
        return listener.getsockname()[1]

    def close_ports(self, container):
        """Close a container's published ports (None: what is the engine's own) and their connections."""
        with self.changed:
            listeners, clients = [[one for one, owner in sockets.items() if owner is container]
                                  for sockets in (self._listeners, self._clients)]
            for one in listeners:
                del self._listeners[one]
        for one in listeners + clients:
            shut_down(one)
        for one in listeners:
            one.close()

    # -- requests

    def dispatch(self, connection, request):
        """Call the handler of the request's route. Raises PracticeRefusal if there is none."""
        path = request.raw_path
        prefix = re.match("/v([0-9.]+)(?=/)", path)
        if prefix:
            path = path[prefix.end():]
        for method, pattern, handler in PRACTICE_ROUTES:
            match = re.fullmatch(pattern, path) if method == request.method else None
            if match is None:
                continue
            if prefix:
                request.api = read_version(prefix.group(1))
            request.path = path
            request.query = parse_query(request.raw_query)
            arguments = [percent_decoded(part) for part in match.groups()]
            with self.changed:
                for kind in match.groupdict():
                    arguments[0] = getattr(self, kind + "s").find(arguments[0])
                answer = handler(self, connection, request, *arguments)
            if callable(answer):
                answer = answer()
            if isinstance(answer, int):
                connection.send_empty(answer)
            elif answer is not None:
                status, value = answer if isinstance(answer, tuple) else (200, answer)
                connection.send_json(value, status)
            return
        request.path = path
        refuse_without_route(request)


def read_version(text):
    """Return the API version of a path (str) as a pair of int. Raises PracticeRefusal."""
    version = tuple(int(part or 0) for part in (text + ".0").split(".")[:8])
    is_new = version > PRACTICE_API_MAX + (0,)
    if is_new or version < PRACTICE_API_MIN:
        words = ("new", "Maximum") + PRACTICE_API_MAX if is_new else ("old", "Minimum") + PRACTICE_API_MIN
        raise PracticeRefusal(400, "client version %s is too %s. %s supported API version is %d.%d"
                              % ((text,) + words))
    return version[:2]
