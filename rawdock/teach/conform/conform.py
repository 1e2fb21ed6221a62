"""How like a Docker engine an engine or a proxy is: a table of requests, and what differs in the answers.

Strategy: each answer to the requests of CONFORM_SCENARIOS is reduced to a fact, and the facts are compared
with those in CONFORM_FACTS, which a maintainer has recorded from a real engine. Values are not compared: each
engine has its own.

Promises: it makes only objects whose names begin with rawdock-conform-, and removes them, also after a
failure or Ctrl-C. Nothing else on the engine is changed, except that the image it needs is pulled if it is
not there. Requests that could harm other objects on an engine that misunderstands them are not made: no
prune, not even by a label that nothing has. Whatever the engine answers becomes a difference, and so does an
answer that does not come; no answer is waited for for long.

Left out: build, push, swarm, log-in, WebSockets, and everything that needs something outside the engine.

No difference: null for a list or an object (Go writes an empty one either way), and the keys of free-form
maps such as labels.
"""
import os
import re
import socket
import time

from ...engine.docker import upgrade_fields
from ...errors import ProtocolError, RawdockError, StreamError, Timeout, UsageError
from ...wire.exchange import Data, End, ResponseReader, Switched
from .shapes import ConformFact, shape_of_frames, shape_of_json, shape_of_stat, shape_of_tar
from .steps import CONFORM_IMAGE, body_bytes, body_fields, conform_scenarios, stream_kind

CONFORM_API = "1.41"
CONFORM_PREFIX = "rawdock-conform-"
HEAD_SECONDS = 10                 # the time for an answer to begin
IDLE_SECONDS = 5                  # the time for more of it to come
WHOLE_SECONDS = 20                # the time for the whole answer
PULL_SECONDS = 120                # the time for either while the image is pulled
MAX_CONFORM_BYTES = 64 << 20      # the limit of one body
# (pattern of a request that makes an object called NAME, path that removes the object)
MAKING_REQUESTS = (
    (r"/containers/(?:create|[^/]+/rename)[?]name=NAME", "/containers/%s?force=1&v=1"),
    ("repo=NAME&tag=1", "/images/%s:1"),
    ('^/volumes/create .*"Name":"NAME"', "/volumes/%s"),
    ('^/networks/create .*"Name":"NAME"', "/networks/%s"),
)


class ConformRun:
    """Runs scenarios on the engine of `docker` (Docker); notify(text) is called with what a user should know.

    `api` is the API version of the requests: CONFORM_API, or the engine's lowest if that is higher.
    """

    def __init__(self, docker, notify=None):
        self.docker = docker
        self.notify = notify or (lambda text: None)
        self.api = CONFORM_API
        self.prefix = CONFORM_PREFIX + os.urandom(3).hex() + "-"
        self._patience = 1.0    # a factor of the times above: less after each Timeout
        self._open = {}         # name of a step → (response, its Duplex or None, kind of its stream)
        self._answers = {}      # name of a step → JSON of its answer
        self._made = set()      # paths that remove what was made
        self._in_making = set()   # paths that remove what the request under way makes

    def check_engine(self):
        """Choose `api`, and pull the image if it is missing. UsageError if the engine's API is too old."""
        version = shape_of_json(self._get("/version")[1])[1]
        version = version if isinstance(version, dict) else {}
        newest, lowest = str(version.get("ApiVersion")), str(version.get("MinAPIVersion"))
        if re.fullmatch("1[.][0-9]{1,3}", newest) and int(newest[2:]) < int(CONFORM_API[2:]):
            raise UsageError("the engine at %s speaks API %s at most, the facts are of %s"
                             % (self.docker.address, newest, CONFORM_API), "compare a newer engine")
        if re.fullmatch("1[.][0-9]{1,3}", lowest) and int(lowest[2:]) > int(CONFORM_API[2:]):
            self.api = lowest
            self.notify("the engine speaks no API below %s: its answers at that are compared with those at %s"
                      % (lowest, CONFORM_API))
        answer, _ = self._get("/v%s/images/%s/json" % (self.api, CONFORM_IMAGE))
        if answer and answer.status == 404:
            self.notify("%s is not there: pulling it" % CONFORM_IMAGE)
            try:
                self._pull()
            except RawdockError as error:
                self.notify("could not pull it: %s" % error)

    def _get(self, path):
        """GET `path`: (response, its body), or (None, b"") if the answer breaks the protocol."""
        try:
            with self._send("GET", path) as answer:
                return answer, answer.read(MAX_CONFORM_BYTES)
        except ProtocolError:
            return None, b""

    def _send(self, method, path, head=HEAD_SECONDS, idle=IDLE_SECONDS):
        return self.docker.request(method, path, head_timeout=head, idle_timeout=idle)

    def _pull(self):
        path = "/v%s/images/create?fromImage=%s&tag=latest" % (self.api, CONFORM_IMAGE)
        with self._send("POST", path, PULL_SECONDS, PULL_SECONDS) as answer:
            if answer.status >= 400:
                raise StreamError("the engine answered %d" % answer.status)
            for _ in answer.messages():
                pass

    def scenario(self, steps):
        """Run the steps of a scenario and remove what they made.

        Returns a list of (ConformStep, ConformFact or RawdockError), without steps that have no answer.
        """
        found, self._open, self._answers = [], {}, {}
        try:
            for step in steps:
                try:
                    fact = self._step(step)
                except (RawdockError, OSError) as error:
                    fact = error
                    if isinstance(error, Timeout):
                        self._patience = max(0.1, self._patience / 2)
                if fact is not None:
                    found.append((step, fact))
        finally:
            self.clean_up()
        return found

    def clean_up(self):
        """Close the streams and remove every object that was made, whatever happened.

        The engine may complete a request that was broken off later, so what that was making is removed again
        and again for a second.
        """
        for response, _, _ in self._open.values():
            response.close()
        self._open = {}
        # Containers come first: they use the volumes and networks.
        for path in sorted(self._made, key=lambda path: not path.startswith("/containers")):
            self._made.discard(path)
            for again in range(5 if path in self._in_making else 1):
                time.sleep(0.2 * bool(again))
                if self._remove(path):
                    break
        self._in_making = set()

    def _remove(self, path):
        """Delete `path`, and report it if that fails. Returns whether there was something to remove."""
        try:
            with self._send("DELETE", "/v%s%s" % (self.api, path)) as answer:
                answer.read(MAX_CONFORM_BYTES)
            if answer.status >= 400 and answer.status != 404:
                self.notify("could not remove %s: %d" % (path, answer.status))
            return answer.status < 400
        except RawdockError as error:
            self.notify("could not remove %s: %s" % (path, error))
            return True

    def _fill(self, text):
        """`text` (str) with names, values and the image filled in."""
        text = re.sub(r"\{([a-z-]+)\.([A-Za-z]+)\}", self._value_of, text)
        text = re.sub(r"\$([a-z]+)", lambda match: self.prefix + match.group(1), text)
        return text.replace("{now}", "%.6f" % time.time()).replace("IMAGE", CONFORM_IMAGE)

    def _value_of(self, match):
        """The value (str) that {STEP.Key} names."""
        answer = self._answers.get(match.group(1))
        value = answer.get(match.group(2)) if isinstance(answer, dict) else None
        if not isinstance(value, str):
            raise StreamError("%s gave no %s to go on with" % match.groups())
        return value

    def _step(self, step):
        """Run one step and return its ConformFact, None for a step without an answer."""
        if step.verb in ("send", "end", "read"):
            return self._stream_step(step)
        if step.verb == "raw":
            return self._raw_step(step)
        mark, verb = (step.verb[0], step.verb[1:]) if step.verb[0] in "+~*" else ("", step.verb)
        method, _, version = verb.partition("/")
        target, body = self._fill(step.target), self._fill(step.body)
        self._note_made(target, body)
        path, _, query = target.partition("?")
        path = path[1:] if path.startswith("^") else "/v%s%s" % (self.api, path)
        query = [pair.partition("=")[::2] for pair in query.split("&")] if query else None
        headers = (upgrade_fields("tcp") if mark == "~" else []) + body_fields(body)
        hijack = mark == "~" or path.endswith("/attach")
        response = self.docker.request(
            method, path, query, headers, body_bytes(body), version or "1.1", hijack,
            HEAD_SECONDS * self._patience, IDLE_SECONDS * self._patience, WHOLE_SECONDS * self._patience)
        if response.status >= 400:
            self._made -= self._in_making
        self._in_making = set()
        kind = stream_kind(path, body)
        duplex = response.duplex(True) if response.framing.kind == "upgrade" else None
        if mark in ("+", "~"):
            self._open[step.name] = (response, duplex, kind)
            return ConformFact(response.status, content_type(response), response.framing.kind, "held")
        with response:
            shape = self._shape(response, duplex, kind, step.name)
        framing = response.framing.kind
        framing = "sized" if mark == "*" and framing in ("length", "chunked") else framing
        return self._fact(step, response, framing, shape)

    def _fact(self, step, response, framing, shape):
        answer = self._answers.get(step.name)
        message = answer.get("message") if isinstance(answer, dict) else None
        message = message if isinstance(message, str) else ""
        shown = " ".join(re.sub(re.escape(self.prefix) + "(?=[a-z])", "$", message).split())
        return ConformFact(response.status, content_type(response), framing, shape, shown)

    def _stream_step(self, step):
        """Run a step on a stream that an earlier step has left open."""
        if step.target not in self._open:
            raise StreamError("%s opened no stream" % step.target)
        response, duplex, kind = self._open[step.target]
        if step.verb == "read":
            del self._open[step.target]
            with response:
                shape = self._shape(response, duplex, kind)
                return ConformFact(response.status, "-", response.framing.kind, shape)
        if duplex is None:
            raise StreamError("%s opened no stream to write to" % step.target)
        if step.verb == "send":
            duplex.send((step.body + "\n").encode())
        else:
            duplex.close_write()
        return None

    def _raw_step(self, step):
        """Send bytes that the client would never write, on a connection of their own."""
        reader, events, seconds = ResponseReader("GET"), [], HEAD_SECONDS * self._patience
        sock = self.docker.open_socket(self.docker.address, seconds)
        try:
            sock.settimeout(seconds)
            sock.sendall(step.body.encode())
            while not any(isinstance(event, (End, Switched)) for event in events):
                data = sock.recv(65536)
                events += reader.feed(data) if data else reader.feed_eof()
        except socket.timeout:
            raise Timeout("head", seconds, reader.offset, str(self.docker.address))
        finally:
            sock.close()
        if reader.state == "raw":
            raise StreamError("the engine switched protocols, though the request did not want it")
        head = [event for event in events if not isinstance(event, (Data, End))][-1]
        content = b"".join(event.data for event in events if isinstance(event, Data))
        shape, self._answers[step.name] = shape_of_json(content)
        # Without a version in the target the engine uses its newest API, whose keys are not in the facts.
        shape = ["null"] if isinstance(shape, list) else shape
        return self._fact(step, head, "sized", shape)

    def _note_made(self, target, body):
        """Note what this request makes, before it is sent."""
        name, request = "(-?%s[A-Za-z]+)" % self.prefix, target + " " + body
        made = {path % found for pattern, path in MAKING_REQUESTS
                for found in re.findall(pattern.replace("NAME", name), request)}
        self._in_making = made - self._made
        self._made |= made

    def _shape(self, response, duplex, kind, name=None):
        stat = response.headers.get("x-docker-container-path-stat")
        if stat is not None:
            return {"path stat": shape_of_stat(stat), "body": shape_of_tar(response.read(MAX_CONFORM_BYTES))}
        data = response.read(MAX_CONFORM_BYTES) if duplex is None else read_duplex(duplex)
        if response.status >= 400 and not data.startswith(b"{"):
            return "text" if data else "nothing"
        if response.status < 400 and kind == "raw":
            return {"terminal": "%d bytes" % len(data)}
        if response.status < 400 and kind == "frames":
            return shape_of_frames(data)
        if "tar" in response.headers.get("content-type", "") or kind == "export":
            return "tar"
        shape, self._answers[name] = shape_of_json(data)
        return shape


def read_duplex(duplex):
    """All bytes of a raw stream. StreamError if there are too many."""
    parts, size = [], 0
    for data in duplex.raw():
        parts.append(data)
        size += len(data)
        if size > MAX_CONFORM_BYTES:
            raise StreamError("a stream of more than %d bytes" % MAX_CONFORM_BYTES)
    return b"".join(parts)


def content_type(response):
    """The Content-Type in small letters without blanks, "-" if there is none."""
    return response.headers.get("content-type", "-").replace(" ", "").lower()


def run_scenarios(docker, notify=None):
    """Run every scenario; yield (its name, [(ConformStep, ConformFact or RawdockError)]) after each."""
    run = ConformRun(docker, notify)
    run.check_engine()
    for scenario, steps in conform_scenarios().items():
        yield scenario, run.scenario(steps)
