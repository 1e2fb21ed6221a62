"""Lessons: a text, a task, the bytes that solve it, and a hint for every other answer.

    Lesson          one lesson as data; `check(bytes)` → None if they solve it, else the hint (str)
    WantedRequest   what one request of the answer must say; `compare` names the first difference
    Classroom       the engine that a right answer is sent to, the practice engine or one that was named
    LessonProgress  which lessons are solved, kept in a file of a few lines

Strategy: an answer is first checked as HTTP (wire_hint puts what the parser says into words) and then against
the task, one difference at a time, in the order of the bytes. An answer that passes is sent unchanged, and
the parser of the client reads what the engine answers.

Promises: nothing on the machine is touched while the practice engine answers. On an engine that was named, a
lesson makes containers with names of its own and removes them, and refuses to begin where such a name is
taken; an image that it has to pull stays, for the next lesson.

Left out: marks, timing, accounts. The file of progress is a convenience and may be deleted.
"""
import json
import os
import re
import socket

from ...net.closing import Closing
from ...errors import ProtocolError, RawdockError, UsageError
from ...wire.exchange import Data, End, ResponseReader, Switched
from ...wire.framing import stays_open
from ...wire.message import Head
from ..percent import percent_decode
from .typed import hint_at, read_answer, visible_bytes, wire_hint

LESSON_SECONDS = 30            # how long an engine may be silent
MAX_KEPT_BODY = 4 << 20        # how much of a response is kept, for the lesson to look at
API_PREFIX = re.compile(r"/v[0-9.]+(?=/)")


def field_place(data, request, name):
    """The offset in `data` of the line of the field `name`, which `request` (LessonRequest) has."""
    return re.compile(rb"(?i)\n%s:" % name.encode("ascii")).search(data, request.start).start() + 1


class WantedRequest:
    """What one request must say.

    `method` and `path` (without /vX.Y). `query`: a dict of parameter name → the values that pass, or a
    function str → hint or None; `optional`: parameters that may be left out. `version` "1.0", "1.1", or None
    for either. `fields`: a dict of field name → value, compared without case. `body`: a function decoded
    JSON → hint or None; without it the request has no body. `framing` of the body: "length" or "chunked".
    """

    def __init__(self, method, path, query=None, version=None, fields=None, body=None, framing=None,
                 optional=None):
        self.method = method
        self.path = path
        self.query = query or {}
        self.version = version
        self.fields = fields or {}
        self.body = body
        self.framing = framing
        self.optional = optional or {}

    def compare(self, answer, request):
        """The hint (str) for the first difference of `request` (LessonRequest), None if there is none."""
        for check in (self.compare_line, self.compare_query, self.compare_fields, self.compare_body):
            hint = check(answer, request)
            if hint is not None:
                return hint
        return None

    def compare_line(self, answer, request):
        data, head = answer.data, request.head
        start = data.index(head.method.encode("latin-1"), request.start)
        target_at = start + len(head.method) + 1
        if head.method != self.method:
            if head.method.upper() == self.method:
                return hint_at(data, start,
                               "methods are written in capitals: %s. To an engine %s is another word, which "
                               "it does not know (RFC 9110 §9.1)" % (self.method, head.method))
            return hint_at(data, start, "the method is %s; this task needs %s" % (head.method, self.method))
        path = API_PREFIX.sub("", head.target.partition("?")[0], 1)
        if path != self.path:
            return hint_at(data, target_at, "the path is %s, but this task is about %s" % (path, self.path))
        if self.version not in (None, head.version):
            why = ("1.0 is what this task asks for" if self.version == "1.0" else
                   "1.1 is what this task asks for: a connection of 1.0 closes after one answer, and 1.0 has "
                   "no chunks and no upgrade")
            return hint_at(data, target_at + len(head.target) + 1,
                           "HTTP/%s, but HTTP/%s (RFC 9112 §2.3)" % (head.version, why))
        return None

    def compare_query(self, answer, request):
        data, head = answer.data, request.head
        at = data.index(head.target.encode("latin-1"), request.start)
        path, _, query = head.target.partition("?")
        known, found = list(self.query) + list(self.optional), {}
        for part in query.split("&") if query else ():
            name, _, value = part.partition("=")
            name = percent_decode(name)
            if name not in known:
                return hint_at(data, at + len(path), unknown_parameter_words(name, known))
            found[name] = percent_decode(value)
        for name, wanted in list(self.query.items()) + list(self.optional.items()):
            if name in found:
                hint = value_hint(name, found[name], wanted)
                if hint is not None:
                    return hint_at(data, at + len(path), hint)
            elif name in self.query:
                return hint_at(data, at + len(head.target) - 1,
                               "the parameter %s is missing: after the path comes ?, then name=value, "
                               "separated by &" % name)
        return None

    def compare_fields(self, answer, request):
        data, head = answer.data, request.head
        end = data.index(b"\r\n", request.start + 2) + 1   # of the request line; an empty line may precede it
        hosts = head.headers.get_all("host")
        if head.version == "1.1" and len(hosts) != 1:
            words = "%d Host fields: there must be one (RFC 9112 §3.2)" % len(hosts)
            if not hosts:
                words = ("no Host: a request of HTTP/1.1 has one Host field, even on a Unix socket, where "
                         "any name will do (RFC 9112 §3.2). The engine answers 400 without it")
            return hint_at(data, end, words)
        for name, value in self.fields.items():
            given = head.headers.get(name)
            if given is None:
                return hint_at(data, end, "the field %s: %s is missing" % (name, value))
            if given.partition(";")[0].strip().lower() != value.lower():
                return hint_at(data, field_place(data, request, name),
                               "%s is %s, but this task wants %s: %s"
                               % (name, visible_bytes(given.encode("latin-1"))[:60], name, value))
        return None

    def compare_body(self, answer, request):
        data, kind, at = answer.data, request.framing.kind, request.body_start
        if self.body is None:
            field = {"length": "Content-Length", "chunked": "Transfer-Encoding"}.get(kind)
            if field is None or request.head.headers.get(field) == "0":
                return None
            return hint_at(data, field_place(data, request, field),
                           "this request needs no body: leave out %s, which announces one" % field)
        if request.end is None:
            return None   # wire_hint() says what is missing
        if kind != self.framing:
            words = "this task wants Transfer-Encoding: chunked, and no Content-Length"
            if self.framing == "length":
                words = ("no Content-Length: without it the request has no body (RFC 9112 §6.3)"
                         if kind == "none" else "this task wants Content-Length, not chunks")
            return hint_at(data, at - 2, words)
        if not request.body:
            return hint_at(data, at - 2, "the body is empty: the JSON comes after the empty line")
        try:
            value = json.loads(request.body.decode("utf-8"))
        except ValueError as error:
            return hint_at(data, *json_mistake(data, request, error))
        except RecursionError:
            return hint_at(data, at, "the body is not JSON of this task: it is nested too deeply")
        hint = (self.body(value) if isinstance(value, dict)
                else "the body is a JSON object: it is written in { and }")
        return hint if hint is None else hint_at(data, at, hint)


def value_hint(name, value, wanted):
    """The hint for a parameter whose value is none of `wanted` (or fails that function), or None."""
    if callable(wanted):
        return wanted(value)
    shown = visible_bytes(value.encode("utf-8"))[:60] or "empty"
    if value in wanted:
        return None
    return ("%s is %s, but this task wants %s=%s (parameters have & between them)"
            % (name, shown, name, wanted[0]))


def unknown_parameter_words(name, known):
    """The hint for a query parameter that is none of the list `known`."""
    near = [one for one in known if one.lower() == name.lower()]
    words = "write it %s" % near[0] if near else "this task has %s" % (", ".join(known) or "no parameters")
    return ("the query has the parameter %s: %s (after one question mark, name=value with & between)"
            % (visible_bytes(name.encode("utf-8"))[:40] or "(no name)", words))


def json_mistake(data, request, error):
    """(offset, hint) for a body that is not JSON; `error` is the decoder's."""
    at = request.body_start
    if request.framing.kind == "length":
        size = json_size(data[at:])
        if size is not None:
            return at, ("Content-Length says %d, but the JSON after the empty line has %d bytes "
                        "(RFC 9110 §8.6)" % (request.framing.length, size))
        if isinstance(error, json.JSONDecodeError):
            at += min(len(error.doc[:error.pos].encode("utf-8")), max(len(request.body) - 1, 0))
    words = next((words for pattern, words in JSON_MISTAKES if re.search(pattern, request.body)),
                 getattr(error, "msg", " ".join(str(error).split())))
    return at, "the body is not JSON: %s" % words


def json_size(data):
    """How many bytes the JSON object at the start of `data` has; None if there is none."""
    text = data.decode("utf-8", "replace")
    if not text.startswith("{"):
        return None
    try:
        return len(text[:json.JSONDecoder().raw_decode(text)[1]].encode("utf-8"))
    except (ValueError, RecursionError):
        return None


# (pattern of a body that is not JSON, the mistake in it): the first row that fits.
JSON_MISTAKES = (
    (rb"""(?s)^[^"]*'[^"]*$""", "texts are written in double quotes, not single ones"),
    (rb",\s*[}\]]", "there is a comma before the closing bracket"),
    (rb"[{,]\s*[A-Za-z]+\s*:", "names are written in double quotes"),
    (rb'^\s*"', "it is an object, which is written in { and }"),
    (rb"[\[:,]\s*[A-Za-z]", "texts are written in double quotes"),
)


class Lesson:
    """One lesson.

    `name` is how progress knows it. `title`, `text`, `task` and `after` are str, with an empty line between
    paragraphs; `hints` go from vague to nearly everything.

    `wanted`: the WantedRequests in their order; `statuses`: what the engine must answer to them.
    `solution()` → bytes that pass. `stream(bytes)` → hint or None, for what follows an upgrade; `half_close`:
    whether the end of that is passed on to the engine.

    `prepare(room)` makes what the lesson needs in a Classroom, `meanwhile(room)` is called when the head of
    the last response has come, `afterwards(room, exchanges)` → more text. `note()` → a line to show with the
    task. `practice_only`: never sent to an engine that was named. `tcp`: the engine is reached over TCP.

    `kind` is "requests", or "notation" (bytes typed as numbers) or "facts" (lines of name = value), which
    `look(bytes)` → hint or None checks.
    """

    kind = "requests"
    wanted = statuses = ()
    after = ""
    half_close = True
    look = stream = prepare = meanwhile = afterwards = note = None
    practice_only = tcp = False

    def __init__(self, name, title, **parts):
        self.name = name
        self.title = title
        for part, value in parts.items():
            setattr(self, part, value)

    @property
    def is_text(self):
        """Whether the answer is text about bytes, and not requests."""
        return self.kind != "requests"

    def check(self, data):
        """None if `data` (bytes) solves the task, else the hint (str)."""
        if self.is_text:
            return self.look(data)
        answer = read_answer(data)
        # A difference that comes before the byte that breaks HTTP is named first.
        for place, (wanted, request) in enumerate(zip(self.wanted, answer.requests), 1):
            hint = wanted.compare(answer, request)
            if hint is not None:
                return hint if len(self.wanted) == 1 else "request %d: %s" % (place, hint)
        hint = wire_hint(answer)
        if hint is not None:
            return hint
        if len(answer.whole) < len(self.wanted):
            following = self.wanted[len(answer.whole)]
            return ("the answer has %d of %d requests: the next one, %s %s, follows on the same connection, "
                    "right after the one before"
                    % (len(answer.whole), len(self.wanted), following.method, following.path))
        if len(answer.whole) > len(self.wanted):
            surplus = answer.whole[len(self.wanted)]
            return hint_at(data, surplus.start, "a request too many: this task has %d" % len(self.wanted))
        if self.stream is not None:
            hint = self.stream(answer.stream or b"")
            if hint is not None:
                return hint
        elif answer.stream:
            return hint_at(data, len(data) - len(answer.stream),
                           "%d bytes after the request: this task sends nothing on the stream"
                           % len(answer.stream))
        return None


class LessonExchange:
    """A request as it was sent, and its response.

    `sent`, `stream_sent` and `body` are bytes, `head` is a Head or None, `error` what broke the exchange.
    """

    stream_sent = body = b""
    head = error = None

    def __init__(self, sent):
        self.sent = sent


class Classroom(Closing):
    """The engine that right answers are sent to; `docker` is a client of it, for what a lesson prepares.

    Without an `address` (str) it is a practice engine that is started here (`is_practice`). Close it, or use
    it with `with`.
    """

    def __init__(self, address=None):
        from ...engine.docker import Docker
        self.is_practice = address is None
        self._practice = None
        self.made = []   # ids of containers to remove
        if address is None:
            from ..practice.engine import PracticeEngine
            self._practice = PracticeEngine()
            self._practice.start()
            address = self._practice.address
        self.docker = Docker(address)

    def close(self):
        try:
            if not self.is_practice:
                self.clean_up()
        finally:
            self.docker.close()
            if self._practice is not None:
                self._practice.close()

    def clean_up(self):
        """Remove the containers that the lesson has made."""
        for identity in self.made:
            try:
                self.docker.call("container_delete", identity, force=True, v=True)
            except RawdockError:
                pass   # the container has gone by itself, or the engine has

    # -- what lessons prepare

    def need_image(self, name):
        from ...engine.run import pull_image
        try:
            self.docker.call("image_inspect", name)
        except RawdockError:
            pull_image(self.docker, name)

    def make(self, name, body, start=False):
        """Create the container `name` from `body` (dict), `start` it, and return its id."""
        if "Image" in body:
            self.need_image(body["Image"])
        created = self.docker.call("container_create", name=name, body=body)
        self.made.append(created["Id"])
        if start:
            self.docker.call("container_start", created["Id"])
        return created["Id"]

    # -- sending

    def dial(self, tcp=False):
        """A socket connected to the engine."""
        if tcp and self.is_practice:
            return socket.create_connection(self._practice.listen_on_tcp(), LESSON_SECONDS)
        return self.docker.open_socket(self.docker.address, LESSON_SECONDS)

    def send(self, lesson, answer, wrap=None):
        """Send a LessonAnswer, request by request, on one connection. Returns a list of LessonExchange.

        `wrap(sock)` may put a recorder around the socket. What follows an upgrade is sent only after the head
        of the response: an engine loses what comes earlier.
        """
        sock, reader, done = self.dial(lesson.tcp), ResponseReader(), []
        try:
            sock.settimeout(LESSON_SECONDS)
            sock = wrap(sock) if wrap is not None else sock
            for request in answer.whole:
                exchange = LessonExchange(answer.data[request.start:request.end])
                done.append(exchange)
                is_last = request is answer.whole[-1]
                reader.method = request.head.method
                reader.hijack = is_last and answer.stream is not None
                sock.sendall(exchange.sent)
                try:
                    for event in received_events(sock, reader):
                        self._take(event, exchange, sock, lesson, answer.stream if is_last else None, is_last)
                except (ProtocolError, OSError) as error:
                    exchange.error = error
                self._keep_created(exchange)
                if exchange.error is not None or exchange.head is None:
                    break
                if is_last and answer.stream is None and not stays_open(exchange.head, reader.framing):
                    sock.recv(1)   # the engine closes the connection, and a recorder sees that
            return done
        finally:
            sock.close()

    def _take(self, event, exchange, sock, lesson, stream, is_last):
        """Add one event of a response to `exchange`."""
        if isinstance(event, (Data, Switched)):
            data = event.data if isinstance(event, Data) else event.leftover
            exchange.body += data[:MAX_KEPT_BODY - len(exchange.body)]
        if isinstance(event, Switched):
            if stream:
                exchange.stream_sent = stream
                sock.sendall(stream)
            if lesson.half_close:
                sock.shutdown(socket.SHUT_WR)
        elif isinstance(event, Head) and (event.status >= 200 or event.status == 101):
            exchange.head = event
            if is_last and lesson.meanwhile is not None:
                lesson.meanwhile(self)

    def _keep_created(self, exchange):
        """Remember a container that the answer itself has made: it is removed too."""
        if exchange.head is not None and exchange.head.status == 201:
            try:
                self.made.append(json.loads(exchange.body.decode("utf-8"))["Id"])
            except (ValueError, KeyError, TypeError):
                pass


def received_events(sock, reader):
    """The events of one response, as they are received from `sock`, up to its End."""
    data, event = b"x", None
    while data and not isinstance(event, End):
        try:
            data = sock.recv(65536)
        except socket.timeout:
            raise UsageError("the engine was silent for %d seconds" % LESSON_SECONDS)
        except ConnectionResetError:
            data = b""
        for event in reader.feed(data) if data else reader.feed_eof():
            yield event


class LessonProgress:
    """Which lessons are solved, and which hints were given: lines `solved NAME` and `hint NAME` in a file.

    `path` is its path, and `trouble` (str or None) says what went wrong with it.
    """

    def __init__(self, path=None, environ=os.environ):
        if path is None:
            home = environ.get("XDG_STATE_HOME") or ""
            if not os.path.isabs(home):   # the XDG rule: a relative one is ignored
                home = os.path.join(os.path.expanduser("~"), ".local", "state")
            path = os.path.join(home, "rawdock", "learn.txt")
        self.path = path
        self.trouble = None
        self.lines = []
        try:
            with open(path, encoding="utf-8") as file:
                self.lines = file.read().splitlines()
        except (FileNotFoundError, NotADirectoryError):
            pass
        except (OSError, ValueError) as error:
            self.trouble = ("what was solved before is not known: %s cannot be read (%s)"
                            % (path, getattr(error, "strerror", None) or error))

    def _add(self, line):
        """Append `line` to the file."""
        self.lines.append(line)
        try:
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError as error:
            self.trouble = ("this is not remembered: %s cannot be written (%s)"
                            % (self.path, error.strerror or error))

    def is_solved(self, lesson):
        return "solved " + lesson.name in self.lines

    def solve(self, lesson):
        self._add("solved " + lesson.name)

    def next_hint(self, lesson):
        """(number, hint) of the lesson's next hint; the last one again when all were given."""
        given = min(self.lines.count("hint " + lesson.name), len(lesson.hints) - 1)
        self._add("hint " + lesson.name)
        return given + 1, lesson.hints[given]

    def report(self, console):
        """Print what went wrong with the file, once."""
        if self.trouble:
            console.err.line("rawdock: %s" % self.trouble)
            self.trouble = None


def first_unsolved(lessons, progress, after=0):
    """The number of the first unsolved lesson after number `after`, else of the first; None without any."""
    left = [number for number, lesson in enumerate(lessons, 1) if not progress.is_solved(lesson)]
    return next((number for number in left if number > after), left[0] if left else None)
