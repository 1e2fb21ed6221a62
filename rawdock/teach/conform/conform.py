"""How like a Docker engine is this? The same requests to any engine or proxy, and what differs in the
answers.

Strategy: CONFORM_SCENARIOS is a table of requests; each answer is reduced to a fact, and the facts are
compared with those in CONFORM_FACTS, which a maintainer recorded from a real engine with `conform --record`.
Values are not compared: they are the engine's own.

Promises: it makes only objects whose names begin with rawdock-conform- and removes them, also after a failure
or Ctrl-C; nothing else on the engine is changed, but for the image it needs, which is pulled if it is not
there. So what could harm somebody else's on an engine, or through a proxy, that is very unlike is not tried:
no prune, though it were by a label that nothing has. Whatever is answered, or is not, becomes a difference;
it waits for no answer for long.

Leaves out: build, push, swarm, log-in, WebSockets, and everything that needs a world outside the engine.

Not a difference: null where the other has a list or an object (Go writes an empty one either way), and keys
of free-form maps such as labels.
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
HEAD_SECONDS = 10                 # to wait for an answer to begin
IDLE_SECONDS = 5                  # to wait for more of it
WHOLE_SECONDS = 20                # to wait for the whole of it
PULL_SECONDS = 120                # either, while the image is pulled
MAX_CONFORM_BYTES = 64 << 20      # of one body
# Requests that make an object of the name NAME, and the path that removes it.
MAKING_REQUESTS = (
    (r"/containers/(?:create|[^/]+/rename)[?]name=NAME", "/containers/%s?force=1&v=1"),
    ("repo=NAME&tag=1", "/images/%s:1"),
    ('^/volumes/create .*"Name":"NAME"', "/volumes/%s"),
    ('^/networks/create .*"Name":"NAME"', "/networks/%s"),
)


class ConformRun:
    """The scenarios against one engine.

    `docker`: a Docker; `tell(text)` gets what a user should know. `api` is the API version of the requests:
    CONFORM_API, or the lowest that the engine takes, if that is higher.
    """

    def __init__(self, docker, tell=None):
        self.docker = docker
        self.tell = tell or (lambda text: None)
        self.api = CONFORM_API
        self.prefix = CONFORM_PREFIX + os.urandom(3).hex() + "-"
        self._patience = 1.0    # what the seconds above are multiplied by: less after each Timeout
        self._open = {}         # step name → (response, its Duplex or None, kind of its stream)
        self._answers = {}      # step name → JSON
        self._made = set()      # paths that remove what was made
        self._in_making = set()   # those of the request that is under way

    def check_engine(self):
        """UsageError if the engine's API is older than CONFORM_API; chooses `api`; pulls a missing image."""
        answer, _ = self._look("/_ping")
        newest = answer.headers.get("api-version", "") if answer else ""
        if re.fullmatch("1[.][0-9]{1,3}", newest) and int(newest[2:]) < int(CONFORM_API[2:]):
            raise UsageError("the engine at %s speaks API %s at most, the facts are of %s"
                             % (self.docker.address, newest, CONFORM_API), "compare a newer engine")
        version = shape_of_json(self._look("/version")[1])[1]
        lowest = str(version.get("MinAPIVersion")) if isinstance(version, dict) else ""
        if re.fullmatch("1[.][0-9]{1,3}", lowest) and int(lowest[2:]) > int(CONFORM_API[2:]):
            self.api = lowest
            self.tell("the engine speaks no API below %s: its answers at that are compared with those at %s"
                      % (lowest, CONFORM_API))
        answer, _ = self._look("/v%s/images/%s/json" % (self.api, CONFORM_IMAGE))
        if answer and answer.status == 404:
            self.tell("%s is not there: pulling it" % CONFORM_IMAGE)
            try:
                self._pull()
            except RawdockError as error:
                self.tell("could not pull it: %s" % error)

    def _look(self, path):
        """GET `path` → (response, its body); (None, b"") for an answer that breaks the protocol."""
        try:
            with self._ask("GET", path) as answer:
                return answer, answer.read(MAX_CONFORM_BYTES)
        except ProtocolError:
            return None, b""

    def _ask(self, method, path, head=HEAD_SECONDS, idle=IDLE_SECONDS):
        return self.docker.request(method, path, head_timeout=head, idle_timeout=idle)

    def _pull(self):
        path = "/v%s/images/create?fromImage=%s&tag=latest" % (self.api, CONFORM_IMAGE)
        with self._ask("POST", path, PULL_SECONDS, PULL_SECONDS) as answer:
            if answer.status >= 400:
                raise StreamError("the engine answered %d" % answer.status)
            for _ in answer.messages():
                pass

    def scenario(self, steps):
        """Run a scenario's steps → [(ConformStep, ConformFact or RawdockError)]. Leaves nothing behind."""
        found, self._open, self._answers = [], {}, {}
        try:
            for step in steps:
                try:
                    fact = self._step(step)
                except RawdockError as error:
                    fact = error
                    if isinstance(error, Timeout):
                        self._patience = max(0.1, self._patience / 2)
                if fact is not None:
                    found.append((step, fact))
        finally:
            self.clean_up()
        return found

    def clean_up(self):
        """Close the streams and remove every object made, whatever happened.

        What a request was making when it was broken off may come to be after it was looked for: that is
        looked for again.
        """
        for response, _, _ in self._open.values():
            response.close()
        self._open = {}
        # Containers first: they hold the volumes and networks.
        for path in sorted(self._made, key=lambda path: not path.startswith("/containers")):
            self._made.discard(path)
            for again in range(5 if path in self._in_making else 1):
                time.sleep(0.2 * bool(again))
                if self._remove(path):
                    break
        self._in_making = set()

    def _remove(self, path):
        """Whether there was something to remove. What cannot be removed is reported."""
        try:
            with self._ask("DELETE", "/v%s%s" % (self.api, path)) as answer:
                answer.read(MAX_CONFORM_BYTES)
            if answer.status >= 400 and answer.status != 404:
                self.tell("could not remove %s: %d" % (path, answer.status))
            return answer.status < 400
        except RawdockError as error:
            self.tell("could not remove %s: %s" % (path, error))
            return True

    def _fill(self, text):
        """`text` with its names, values and the image put in."""
        text = re.sub(r"\{([a-z-]+)\.([A-Za-z]+)\}", self._value_of, text)
        text = re.sub(r"\$([a-z]+)", lambda match: self.prefix + match.group(1), text)
        return text.replace("{now}", "%.6f" % time.time()).replace("IMAGE", CONFORM_IMAGE)

    def _value_of(self, match):
        """The value that {STEP.Key} names (str)."""
        answer = self._answers.get(match.group(1))
        value = answer.get(match.group(2)) if isinstance(answer, dict) else None
        if not isinstance(value, str):
            raise StreamError("%s gave no %s to go on with" % match.groups())
        return value

    def _step(self, step):
        """→ the ConformFact of a step, None for one without an answer. Any RawdockError takes its place."""
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
        message = self._answers.get(step.name)
        message = message.get("message") if isinstance(message, dict) else None
        message = message if isinstance(message, str) else None
        says = self._fill(step.says).lower() in (message or "").lower() if step.says else None
        shown = message and " ".join(re.sub(re.escape(self.prefix) + "(?=[a-z])", "$", message).split())
        return ConformFact(response.status, content_type(response), framing, shape, says, shown)

    def _stream_step(self, step):
        """A step on a stream that another left open."""
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
        """Bytes that no client of ours would write, on a connection of their own."""
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
        except RawdockError:
            raise
        except OSError as error:
            raise StreamError("the connection broke (%s)" % error)
        finally:
            sock.close()
        if reader.state == "raw":
            raise StreamError("the engine switched protocols: it was not asked to")
        head = [event for event in events if not isinstance(event, (Data, End))][-1]
        content = b"".join(event.data for event in events if isinstance(event, Data))
        shape, self._answers[step.name] = shape_of_json(content)
        # A target without a version gets the engine's newest API, whose keys the facts do not have.
        shape = ["null"] if isinstance(shape, list) else shape
        return self._fact(step, head, "sized", shape)

    def _note_made(self, target, body):
        """Remember what this request makes, before it does."""
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
    """All bytes of the raw stream that a connection has become."""
    parts, size = [], 0
    for data in duplex:
        parts.append(data)
        size += len(data)
        if size > MAX_CONFORM_BYTES:
            raise StreamError("a stream of more than %d bytes" % MAX_CONFORM_BYTES)
    return b"".join(parts)


def content_type(response):
    """The content type without blanks, "-" for none."""
    return response.headers.get("content-type", "-").replace(" ", "").lower()


def run_scenarios(docker, tell=None):
    """Every scenario in turn, as it is done: (its name, [(ConformStep, ConformFact or error)])."""
    run = ConformRun(docker, tell)
    run.check_engine()
    for scenario, steps in conform_scenarios().items():
        yield scenario, run.scenario(steps)
