"""A real engine, spoken to without any of rawdock's own code: HTTP/1.0, where an answer ends with its
connection.
"""
import json
import os
import socket
import time
import urllib.parse

from tests.live.docker_cli import docker_clis


class EngineRefused(AssertionError):
    """The engine answered with an error status to a request that a test relies on."""

    def __init__(self, status, message):
        AssertionError.__init__(self, "the engine answered %d: %s" % (status, message))
        self.status = status
        self.message = message


class LiveEngine:
    """A real engine and the registry it pulls from.

    address "unix:///…", socket_path, registry "127.0.0.1:PORT", docker_cli (path of Debian's docker command
    line, or of another where that is missing).
    """

    def __init__(self, address):
        if not address.startswith("unix:///"):
            raise ValueError("an engine's address must be unix:///PATH, not %r" % address)
        self.address = address
        self.socket_path = address[len("unix://"):]
        self.registry = self._registry()
        self.docker_cli = docker_clis()[0].path if docker_clis() else None

    def _registry(self):
        """The registry in the place of Docker Hub: dockerd calls it a mirror, podman an insecure registry.
        """
        settings = self.json("GET", "/info")["RegistryConfig"]
        if settings["Mirrors"]:
            return urllib.parse.urlsplit(settings["Mirrors"][0]).netloc
        for name in settings["IndexConfigs"]:
            if name.startswith("127.0.0.1:"):
                return name
        if "RAWDOCK_TEST_REGISTRY" in os.environ:
            return os.environ["RAWDOCK_TEST_REGISTRY"]
        raise ValueError("the engine has no registry mirror; set RAWDOCK_TEST_REGISTRY=127.0.0.1:PORT")

    def raw(self, data, half_close=False, timeout=120):
        """Send these bytes on a fresh connection; everything that comes back until the engine closes it."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(timeout)
            connection.connect(self.socket_path)
            connection.sendall(data)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            parts = []
            while True:
                part = connection.recv(65536)
                if not part:
                    return b"".join(parts)
                parts.append(part)
        finally:
            connection.close()

    def request(self, method, target, body=None, timeout=120):
        """→ (status, body bytes). `body`: None, bytes, or a value sent as JSON."""
        head = "%s %s HTTP/1.0\r\nHost: docker\r\n" % (method, target)
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            head += "Content-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
        answer = self.raw(head.encode("ascii") + b"\r\n" + (body or b""), timeout=timeout)
        head, blank, rest = answer.partition(b"\r\n\r\n")
        assert blank, "the engine closed the connection inside the head: %r" % answer[:200]
        return int(head.split(b" ", 2)[1]), rest

    def json(self, method, target, body=None, timeout=120):
        """The decoded answer (None for an empty one); EngineRefused for a status of 400 and above."""
        status, answer = self.request(method, target, body, timeout)
        value = json.loads(answer.decode("utf-8")) if answer.strip() else None
        if status >= 400:
            raise EngineRefused(status, value.get("message") if isinstance(value, dict) else value)
        return value

    def containers(self):
        """Id → names of every container, running or not."""
        return {row["Id"]: ",".join(row["Names"] or ()) for row in self.json("GET", "/containers/json?all=1")}

    def remove_container(self, name):
        """Kill and remove it with its anonymous volumes, and wait until it is gone. No such container:
        nothing to do.
        """
        path = "/containers/" + urllib.parse.quote(name, safe="")
        end = time.monotonic() + 60
        while True:
            status, answer = self.request("DELETE", path + "?force=1&v=1")
            if status == 404:
                return
            # 409: another removal, that of --rm for instance, is at work.
            if status >= 400 and (status != 409 or time.monotonic() > end):
                raise EngineRefused(status, answer.decode("utf-8", "replace"))
            time.sleep(0.02)

    def remove_image(self, ref):
        """Remove it, containers or not. No such image: nothing to do."""
        status, answer = self.request("DELETE", "/images/%s?force=1" % urllib.parse.quote(ref, safe="/:@"))
        if status >= 400 and status != 404:
            raise EngineRefused(status, answer.decode("utf-8", "replace"))

    def pull(self, ref):
        """Have the image in the engine, from the registry; :latest unless the reference has a tag or digest.
        """
        if "@" in ref:
            name, tag = ref.split("@", 1)
        elif ":" in ref.rsplit("/", 1)[-1]:
            name, tag = ref.rsplit(":", 1)
        else:
            name, tag = ref, "latest"
        query = urllib.parse.urlencode([("fromImage", name), ("tag", tag)])
        status, answer = self.request("POST", "/images/create?" + query, timeout=120)
        if status >= 400:
            raise EngineRefused(status, answer.decode("utf-8", "replace"))
        for line in answer.splitlines():
            message = json.loads(line.decode("utf-8")) if line.strip() else {}
            if "error" in message:
                raise EngineRefused(status, message["error"])
