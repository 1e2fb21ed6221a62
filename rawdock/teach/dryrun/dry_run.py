"""A dry run: a command runs with planned answers, and what it sends is kept.

    Plan            one run: the address, the steps, and the order in which they begin and end
    PlannedStep     one request: its bytes, and what the command does with the answer
    PlannedDocker   the client of a plan, which never opens a socket

Strategy: the code of the command itself sends. It writes to a PlannedSocket, which keeps the bytes and
answers like an engine that refuses nothing, by the operation's row in the table of endpoints. An id in such
an answer is a random one made for this plan: wherever the command sends it, it is recognized and shown as a
variable. A step whose answer has not been read to its end when the next request is sent is in the background
of that one.

Promises: no socket is opened, and nothing is read from stdin or a file that is a body. What is shown is what
would be sent, except for the API version: a real run learns it with GET /_ping and puts /vX.Y before each
path; a plan has it only if DOCKER_API_VERSION does.

Left out: what follows from a refusal (except that a plan of `run` or `create` has both ways, with and without
pulling the image), signals, and the masking of secrets in a body, whose length is in its head.
"""
import json
import os
import re

from ...cli.console import Output
from ...engine.docker import Docker
from ...engine.endpoints import find_endpoint_row
from ...net.connection import Connection
from ...wire.tar import END_OF_TAR, encode_tar_header
from ..record.masking import names_secret

RAW_VERBS = ("GET", "HEAD", "POST", "PUT", "DELETE")

# Operations whose answer a command uses without showing it, and the variable for the id in that answer.
ID_VARIABLES = dict(container_create="container", container_inspect="container", container_exec="exec_id")
STATUS_OPERATIONS = ("container_wait", "exec_inspect")
# The planned answers of operations whose answer a command looks into; {} for the others.
PLANNED_VALUES = {"container_wait": {"StatusCode": 0}, "exec_inspect": {"ExitCode": 0, "Running": False},
                  "container_list": [], "image_list": [], "image_delete": [], "network_list": [],
                  "container_changes": [], "image_history": [], "image_search": [],
                  "container_top": {"Titles": [], "Processes": []},
                  "image_commit": {"Id": ""}, "network_create": {"Id": ""}, "volume_create": {"Name": ""}}

# The planned stat of a path in a container, in base64: what cp copies to is a directory, {"mode":2147483648},
# and what it copies a file, {"mode":0}.
STAT_FIELD = b"X-Docker-Container-Path-Stat: %s\r\n"
PLANNED_FIELDS = {"container_archive_info": STAT_FIELD % b"eyJtb2RlIjoyMTQ3NDgzNjQ4fQ==",
                  "container_archive": STAT_FIELD % b"eyJtb2RlIjowfQ=="}

# The planned answers of operations in messages which must say something: a build says the id of its image.
PLANNED_BODIES = {"image_build": b'{"stream":"","aux":{"ID":"sha256:"}}'}

# The planned answer that cp extracts: global pax records, which are none, and no member.
PLANNED_ARCHIVE = encode_tar_header(b"g", b"g", 0, [b"0"] * 4) + END_OF_TAR

NO_SECRET = b"e30="   # the value of X-Registry-Auth without credentials: {} in base64


class PlannedStep:
    """One request of a plan.

    `number` counts from 1, `endpoint` is its row in the table of endpoints or None, `request` the bytes that
    are sent, `version` that of HTTP. `hijack`: its answer becomes a stream.

    `outcome` says what the command does with the answer: "id" (keeps the id, in `variable`), "status" (exits
    with it), "removal" (waits for that), "frames", "messages", "body" (shows them), "head" (shows that as
    well) or "nothing". `taken_for_granted` is what its planned answer says and a real one might not.

    `body_source`: "-" for stdin, the path of a file, or None if `request` has the body. `body_is_archive`: it
    is a tar of that path. `reads_stdin`: stdin goes into its stream. `background`: its answer is still being
    read when later steps begin.

    `missing`: it is the first create, which may answer that there is no such image. `only_if_missing`: it is
    sent only in that case. `repeats_create`: it is then the second create.
    """

    request, taken_for_granted = b"", ""
    body_source = variable = None
    half_closed = background = reads_stdin = only_if_missing = missing = repeats_create = False
    body_is_archive = False

    def __init__(self, plan, number, method, target, hijack, version):
        self.command = plan.command
        self.number = number
        self.method = method
        self.target = target
        self.hijack = hijack
        self.version = version
        self.endpoint = find_endpoint_row(method, target[len(plan.address.base):])
        self.name = self.endpoint.name if self.endpoint is not None else "%s %s" % (method, target)
        self.outcome = self._outcome(plan.command)

    @property
    def kind(self):
        """The name of its template in a script: what distinguishes it from other steps, else its outcome."""
        if self.only_if_missing:
            return "pull" if self.outcome == "messages" else "create again"
        if self.missing or self.background:
            return "missing" if self.missing else "background"
        if self.name == "exec_inspect" and self.outcome == "status":
            return "ended exec"
        return "start of run" if (self.command, self.name) == ("run", "container_start") else self.outcome

    def _outcome(self, command):
        result = self.endpoint.result if self.endpoint is not None else "raw"
        if self.method == "HEAD":
            return "head"
        if result == "messages":
            return result
        if result == "frames" or self.hijack:
            return "frames"
        if command in RAW_VERBS:
            return "frames" if result == "upgrade" else "body"
        if self.name in STATUS_OPERATIONS:
            return "removal" if "condition=removed" in self.target else "status"
        if self.name in ID_VARIABLES and command not in ("inspect", "port"):
            return "id"
        return "body" if result in ("json", "raw", "tar") else "nothing"


class Plan:
    """What the command named `command` sends to the engine at `address` (Address) for `words` (list of str).

    `missing`: plan as if the image were not there. `events` are ("begin", PlannedStep), ("end", PlannedStep)
    and ("print", bytes), in their order. Once the command has ended, finish() completes the plan.
    """

    def __init__(self, address, command, words, missing):
        self.address = address
        self.command = command
        self.words = words
        self.steps = []
        self.events = []
        self.complaints = []     # what the command wrote to stderr (bytes)
        self.uses_stdin = False
        self.answer_file = None  # the path of the file into which the command writes an answer
        self._missing = missing
        self._ids = {}           # id in a planned answer → its variable

    @property
    def refused_in_vain(self):
        """Whether the command gave up at the planned "no such image", and did not pull."""
        return any(one.missing for one in self.steps) and not any(one.only_if_missing for one in self.steps)

    def begin(self, method, target, hijack, version):
        step = PlannedStep(self, len(self.steps) + 1, method, target, hijack, version)
        creates = step.name == "container_create"
        if any(earlier.missing for earlier in self.steps):
            step.only_if_missing = creates or step.name == "image_create"
            step.repeats_create = creates
        else:
            step.missing = creates and step.outcome == "id" and self._missing
        self.steps.append(step)
        self.events.append(("begin", step))
        return step

    def answer(self, step):
        """The planned answer to `step`: a list of bytes, one for each read; b"" is the connection's end."""
        if step.hijack:
            return [b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n", b""]
        if step.missing:
            head = b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n"
            return [head, b'{"message":"No such image"}', b""]
        if step.name == "container_archive_info" and self.command == "cp":
            step.taken_for_granted = "is a directory and no link"
        row = step.endpoint
        statuses = (row.statuses if row is not None else ()) + (200,)
        status = next(status for status in statuses if status != 101)
        if status == 204:
            return [b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"]
        body = b"{}" if row is not None and row.never_empty or "stream=0" in step.target else b""
        body = PLANNED_BODIES.get(step.name, body)
        if step.outcome not in ("nothing", "head", "frames", "messages"):
            is_tar = row is not None and row.result == "tar"
            empty = PLANNED_ARCHIVE if step.name == "container_archive" else END_OF_TAR
            body = empty if is_tar else json.dumps(self._planned_value(step)).encode("ascii")
        head = b"HTTP/1.1 %d OK\r\nConnection: close\r\nContent-Length: %d\r\n" % (status, len(body))
        return [head + PLANNED_FIELDS.get(step.name, b"") + b"\r\n"] + [body] * (step.method != "HEAD")

    def _planned_value(self, step):
        if step.name not in ID_VARIABLES:
            return PLANNED_VALUES.get(step.name, {})
        known = [id for id in self._ids if id in step.target]
        id = known[0] if known else self._new_id(step)
        # The container runs only for `attach`, and stdin can be sent to it only by `start`.
        if step.name == "container_inspect":
            step.taken_for_granted = {"attach": "runs, and that its stdin is closed", "wait": "is healthy",
                                      "start": "does not run yet"}.get(self.command, "")
        return {"Id": id, "Warnings": [], "HostConfig": {}, "NetworkSettings": {"Ports": {}},
                "State": {"Running": self.command in ("attach", "wait"), "Health": {"Status": "healthy"}},
                "Config": {"Tty": False, "OpenStdin": self.command == "start"}}

    def _new_id(self, step):
        name = ID_VARIABLES[step.name]
        step.variable = name if name not in self._ids.values() else "%s%d" % (name, len(self._ids) + 1)
        id = "".join("%02x" % byte for byte in os.urandom(32))
        self._ids[id] = step.variable
        return id

    def finish(self):
        """Complete the plan with what is known only once the command has ended."""
        begun = []
        for kind, step in self.events:
            if kind == "begin":
                for earlier in begun:
                    earlier.background = True
                begun.append(step)
            elif kind == "end":
                begun.remove(step)
        creates = [step for step in self.steps if step.missing or step.repeats_create]
        if len(creates) == 2:
            creates[0].variable, creates[1].variable = creates[1].variable, None
        for step in self.steps:
            if step.hijack and self.uses_stdin:
                step.reads_stdin = step.background = True
        self.has_background = any(step.background for step in self.steps)
        self.has_ended = any(step.outcome == "status" and step.background for step in self.steps)
        self.has_frames = any(step.outcome == "frames" for step in self.steps)
        self.has_terminal = any(b'"Tty": true' in step.request for step in self.steps)
        bodies = [step for step in self.steps if step.outcome == "body" and self.command not in RAW_VERBS]
        self.shows_json = any(step.endpoint.result != "tar" for step in bodies)
        printed = [data for kind, data in self.events if kind == "print"]
        if self.command == "cp" and bodies and not printed:   # "-" would have printed the archive
            self.answer_file = self.words[-1]
        if self.command in RAW_VERBS and any(data.startswith(b"HTTP/") for data in printed):
            self.steps[0].outcome = "head"   # -i
        if bodies or self.command in RAW_VERBS + ("wait", "events"):
            # What the command printed of the planned answers is not what it would print of real ones.
            self.events = [event for event in self.events if event[0] != "print"]

    def printed_after(self, at):
        """What is printed (bytes) after event `at`, until a step begins or one in the background ends."""
        printed = b""
        for kind, value in self.events[at + 1:]:
            if kind == "begin" or kind == "end" and value.background:
                break
            if kind == "print":
                printed += value
        return printed

    def is_sent(self, variable):
        """Whether a step sends the value of `variable` (str), or the command prints it."""
        texts = [step.request for step in self.steps]
        texts += [data for kind, data in self.events if kind == "print"]
        pieces = [piece for data in texts for piece in self.pieces(data) if isinstance(piece, str)]
        return variable in pieces

    def pieces(self, data):
        """Split bytes that were sent or printed: a list of bytes, and of str, which name variables."""
        names = {id.encode("ascii"): name for id, name in self._ids.items()}
        patterns = list(names)
        for variable, before, value in self.secret_values():
            names[value] = variable
            patterns.append(b"(?<=" + re.escape(before) + b")" + re.escape(value))
        if not names:
            return [data]
        parts = re.split(b"(" + b"|".join(patterns) + b")", data)
        return [names.get(part, part) if at % 2 else part for at, part in enumerate(parts) if part]

    def secret_values(self):
        """A list of (variable, bytes before it, value), for each secret in a field or a query parameter."""
        found = []
        for step in self.steps:
            request_line, *fields = step.request.partition(b"\r\n\r\n")[0].split(b"\r\n")
            query = request_line.split(b" ")[1].partition(b"?")[2]
            pairs = [pair.partition(b"=") for pair in query.split(b"&")]
            for name, sign, value in pairs + [field.partition(b": ") for field in fields]:
                if names_secret(name) and value not in (NO_SECRET, b""):
                    variable = name.decode("utf-8", "replace").lower().replace("-", "_")
                    secret = re.sub("^x_|[^a-z0-9_]", "", variable), name + sign, value
                    if secret not in found:
                        found.append(secret)
        return found

    def http10_pieces(self, step):
        """The pieces of a request in HTTP/1.0, after whose answer the engine closes, and sends no chunks."""
        line, end, rest = step.request.partition(b"\r\n")
        return self.pieces(re.sub(b" HTTP/1[.]1$", b" HTTP/1.0", line) + end + rest)


class PlannedSocket:
    """The socket of a Connection in a dry run. It keeps what is sent, and receives the planned answer."""

    def __init__(self, plan):
        from threading import get_ident
        self.plan = plan
        self.step = None
        self._answer = []
        self._planner = get_ident()

    def begin(self, step):
        self.step = step
        self._answer = self.plan.answer(step)

    def sendall(self, data):
        from threading import get_ident
        # Not what the thread that copies stdin sends at its end.
        if get_ident() == self._planner or not self.step.hijack:
            self.step.request += bytes(data)

    def ready(self):
        """Whether recv() returns at once: always, for no one can wait for this socket."""
        return True

    def recv(self, size):
        if not self._answer:
            return b""
        data = self._answer.pop(0)
        if not self._answer:
            self.plan.events.append(("end", self.step))
        return data

    def recv_into(self, view):
        data = self.recv(len(view))
        view[:len(data)] = data
        return len(data)

    def shutdown(self, how):
        import socket
        if how == socket.SHUT_WR:
            self.step.half_closed = True

    def settimeout(self, seconds):
        pass

    def close(self):
        pass


class PlannedConnection(Connection):
    """A Connection whose requests become steps of its socket's plan."""

    _body_file = None

    def request(self, method, target, headers=(), body=None, version="1.1", hijack=False, *more, **named):
        self.sock.begin(self.sock.plan.begin(method, target, hijack, version))
        if hasattr(body, "read") or hasattr(body, "pieces"):
            self._body_file = getattr(body, "name", 0)
        self.sock.step.body_is_archive = hasattr(body, "pieces") and self._body_file != 0
        return Connection.request(self, method, target, headers, body, version, hijack, *more, **named)

    def _send_stream(self, pieces, length):
        if self._body_file is None:   # bytes, in slices
            for piece in pieces:
                self.sock.sendall(piece)
        else:
            self.sock.step.body_source = "-" if self._body_file == 0 else self._body_file


class PlannedDocker(Docker):
    """The client of a plan. It sends no ping to learn the version: unless one is set, paths have none."""

    def __init__(self, plan):
        Docker.__init__(self, plan.address.text)
        self.plan = plan

    @property
    def version(self):
        return self._version

    def supports(self, version):
        return self._version is None or Docker.supports(self, version)

    def find_way(self):
        return self.address, "", []   # a plan names the engine, and no proxy

    def connect(self, address=None, timeout=None):
        return PlannedConnection(PlannedSocket(self.plan), self.address)


class PlannedOutput(Output):
    """Stdout or stderr in a dry run. take(data) is called with the bytes of each write."""

    def __init__(self, take):
        Output.__init__(self, None)
        self._take = take

    def isatty(self):
        return False

    def write(self, data):
        if data:
            self._take(bytes(data))
        return len(data)

    def write_run(self, pieces):
        for piece in pieces:
            self.write(piece)
