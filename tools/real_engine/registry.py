"""HTTP to an engine and to a registry, each in its own network."""
import ctypes
import http.client
import json
import os
import socket


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        http.client.HTTPConnection.__init__(self, "docker", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def engine_json(state, method, target, timeout=10):
    """The decoded answer of the engine, or None when it does not answer 2xx."""
    connection = UnixConnection(state.socket, timeout)
    try:
        connection.request(method, target)
        response = connection.getresponse()
        body = response.read()
        if response.status // 100 != 2:
            return None
        return json.loads(body.decode("utf-8")) if body.strip() else {}
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()


class Registry:
    """The registry of one engine, on 127.0.0.1:`port` of the network namespace of process `inside` (None:
    ours).
    """

    def __init__(self, port, inside=None):
        self.port = port
        self.inside = inside

    def exchange(self, method, target, body=None, kind=None, timeout=30):
        """→ (status, headers, body)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            # A socket stays in the namespace where it was made.
            with network_of(self.inside):
                connection.connect()
            connection.request(method, target, body, {"Content-Type": kind} if kind else {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def answers(self):
        try:
            return self.exchange("GET", "/v2/", timeout=3)[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def images(self):
        """Every NAME:TAG that it holds."""
        found = []
        for name in json.loads(self.exchange("GET", "/v2/_catalog?n=1000")[2].decode())["repositories"]:
            tags = json.loads(self.exchange("GET", "/v2/%s/tags/list" % name)[2].decode()).get("tags")
            found += ["%s:%s" % (name, tag) for tag in tags or ()]
        return found


class network_of:
    """In its block this process is in the network namespace of process `pid` (None: stays where it is)."""

    def __init__(self, pid):
        self.pid = pid

    def __enter__(self):
        if self.pid is not None:
            self.own = os.open("/proc/self/ns/net", os.O_RDONLY)
            other = os.open("/proc/%d/ns/net" % self.pid, os.O_RDONLY)
            self.enter(other)
            os.close(other)

    def __exit__(self, *_):
        if self.pid is not None:
            self.enter(self.own)
            os.close(self.own)

    @staticmethod
    def enter(descriptor):
        if ctypes.CDLL(None, use_errno=True).setns(descriptor, 0):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
