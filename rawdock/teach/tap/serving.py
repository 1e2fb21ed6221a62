"""A server that serves each client in threads of its own: what the tap and replay have in common.

    ClientServer       accepts the clients of a Unix socket
    ServedConnection   one client: its sockets, and the threads that serve it

Strategy: sockets block, so that each thread reads like the conversation that it holds, and a reader that is
slow slows its writer. end() shuts a connection's sockets down, which wakes every thread that waits for one of
them; they are closed when the last of these threads has returned, and never while another may use them.
"""
import socket
import time

from ...net.closing import Closing
from ..listen import shut_down

THREAD_END_SECONDS = 5   # for the threads of connections that end() was called for


def leave_nothing_unread(sock):
    """Read what is left in `sock`, so that its peer sees an end when it is closed, and not a reset."""
    shut_down(sock)
    try:
        while sock.recv(65536):
            pass
    except OSError:
        pass


class ServedConnection:
    """One client of `server` (ClientServer), served by functions that each run in a thread.

    `client` is its socket. `sockets` has that and the others that are closed once all functions have
    returned. `over` (Event) is set when this side ends the connection.
    """

    def __init__(self, server, client):
        from threading import Event
        self.server = server
        self.client = client
        self.sockets = [client]
        self.over = Event()
        self._running = 0

    def start(self, function):
        """Call `function` in a new thread."""
        from threading import Thread
        with self.server.lock:
            self.server.connections.add(self)
            self._running += 1
        try:
            Thread(target=self._run, args=(function,), daemon=True).start()
        except RuntimeError:   # the system has no thread left
            self._run(self.end)

    def _run(self, function):
        try:
            function()
        finally:
            with self.server.lock:
                self._running -= 1
                if not self._running:
                    self.close()
                    self.server.connections.discard(self)
                    self.server.lock.notify_all()

    def end(self):
        """Make every thread of the connection return. May be called from any thread, and more than once."""
        self.over.set()
        for sock in list(self.sockets):
            shut_down(sock)

    def close(self):
        for sock in self.sockets:
            leave_nothing_unread(sock)
            sock.close()


class ClientServer(Closing):
    """Accepts the clients of `listener` (a UnixListener). Subclasses have serve(socket), for each client.

    `connections` is the set of ServedConnections that have not ended; `lock` (Condition) is notified when
    one has.
    """

    def __init__(self, listener):
        from threading import Condition
        self.listener = listener
        self.connections = set()
        self.lock = Condition()
        self._stopping, self._stop = socket.socketpair()

    def run(self):
        """Accept clients until stop() is called. Each stop() ends one run()."""
        from select import POLLIN, poll
        poller = poll()
        poller.register(self.listener.socket, POLLIN)
        poller.register(self._stopping, POLLIN)
        while self._stopping.fileno() not in [descriptor for descriptor, _ in poller.poll()]:
            self.accept_waiting()
        self._stopping.recv(1)

    def accept_waiting(self):
        """Serve the clients that wait to be accepted."""
        while True:
            try:
                client = self.listener.socket.accept()[0]
            except BlockingIOError:
                return
            except OSError:   # no descriptor is left: clients wait until there is one
                time.sleep(0.05)
                return
            client.setblocking(True)
            self.serve(client)

    def stop(self):
        """End run(), from a signal handler or another thread."""
        try:
            self._stop.send(b"x")
        except OSError:
            pass   # it is closed

    def run_until(self, wait):
        """Accept clients while `wait()` runs in another thread. Returns what it returns."""
        from threading import Thread
        found = []

        def run():
            try:
                found.append(wait())
            finally:
                self.stop()

        waiter = Thread(target=run, daemon=True)
        waiter.start()
        self.run()
        waiter.join()
        return found[0]

    def wait_for_end(self, seconds):
        """Wait until every connection has ended, `seconds` at most. Returns whether all have."""
        with self.lock:
            return self.lock.wait_for(lambda: not self.connections, seconds)

    def end_connections(self):
        for connection in list(self.connections):
            connection.end()
        self.wait_for_end(THREAD_END_SECONDS)

    def close(self):
        """End every connection. The listener stays open: its maker closes it."""
        self.end_connections()
        self._stopping.close()
        self._stop.close()
