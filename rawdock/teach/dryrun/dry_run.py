"""A dry run: a command is run against planned answers, and what it sends is kept.

    Plan            one run: the address, the steps, and in which order they begin and end
    PlannedStep     one request: its bytes, what comes of its answer
    PlannedDocker   the client of a plan; it has no way to a socket

Strategy: the very code that sends is the code that is shown. It writes to a PlannedSocket,
which keeps the bytes and answers what a willing engine would, as the operation's row in the
table of endpoints says. An id in such an answer is a random one made for this plan, so that
it is known again wherever the command sends it, and is shown as a variable. A step whose
answer is not read to its end before the next request goes out stands at the same time as
that one.

Promises: no socket is opened and no byte of a body from stdin or a file is read. What is
shown is what is sent, but for the API version: a real run asks for it (GET /_ping) and puts
/vX.Y before each path; here there is none, unless DOCKER_API_VERSION gives it.

Leaves out: what an unwilling engine leads to, but for one thing: where `run` and `create`
would pull a missing image, the plan has both ways. Signals, too, are not planned.
"""
import json
import os
import re

from ...engine.docker import Docker
from ...engine.endpoints import find_endpoint_row
from ...net.connection import Connection
from ..record.masking import names_secret

RAW_VERBS = ("GET", "HEAD", "POST", "PUT", "DELETE")
GOES_ON_AFTER_FAILURE = ("start", "stop", "kill", "restart", "rm", "rmi", "wait", "inspect")

# Operations whose answer a command uses and does not show, and the variable that comes out of it.
ID_VARIABLES = {"container_create": "container", "container_inspect": "container",
                "container_exec": "exec_id"}
STATUS_OPERATIONS = ("container_wait", "exec_inspect")
LIST_OPERATIONS = ("container_list", "image_list", "image_delete", "image_history", "image_search",
                   "container_changes")

NO_SECRET = b"e30="   # of X-Registry-Auth: base64 of {}, no credentials


class PlannedStep:
    """One request of a plan.

    `number` from 1; `endpoint` its row in the table or None; `request` the bytes as they are sent;
    `hijack`: it asks for a stream; `version` of HTTP; `outcome`: what the command does with its answer:
    "id" (`variable` gets it), "status", "removal" (waits for it), "frames", "messages", "body" (shown as it is), "head"
    (shown too) or "nothing".
    `body_source`: "-" for stdin, a file's path, or None where `request` has the body.
    `background`: its answer is still read when later steps begin. `reads_stdin`: our stdin goes into its stream.
    `only_if_missing`: it is sent only if `create` answers that there is no such image; `missing`: it is that create, which
    the one with `repeats_create` repeats. `taken_for_granted`: what its planned answer says and a real one might not.
    """

    def __init__(self, plan, number, method, target, hijack, version):
        self.number = number
        self.method = method
        self.target = target
        self.hijack = hijack
        self.version = version
        self.endpoint = find_endpoint_row(method, target[len(plan.address.base):])
        self.request = b""
        self.body_source = None
        self.half_closed = False
        self.background = False
        self.reads_stdin = False
        self.only_if_missing = False
        self.missing = False
        self.repeats_create = False
        self.taken_for_granted = ""
        self.variable = None
        self.name = self.endpoint.name if self.endpoint is not None else "%s %s" % (method, target)
        self.outcome = self._outcome(plan.command)

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
        if self.name in ID_VARIABLES and command != "inspect":
            return "id"
        return "body" if result in ("json", "raw", "tar") else "nothing"


class Plan:
    """What `command` (its name), given `words`, sends to the engine at `address`. `missing`: plan for an image that is not there.

    `events`: ("begin", PlannedStep), ("end", PlannedStep) and ("print", bytes) in the order in which they come about.
    Once the command has ended and finish() was called, the plan is whole.
    """

    def __init__(self, address, command, words, missing):
        self.address = address
        self.command = command
        self.words = words
        self.steps = []
        self.events = []
        self.complaints = []     # what the command wrote to stderr (bytes)
        self.stdin_asked = False
        self._missing = missing
        self._ids = {}           # id in a planned answer → the variable that stands for it

    @property
    def refused_in_vain(self):
        """Whether the planned "no such image" made the command give up rather than pull."""
        return any(step.missing for step in self.steps) and not any(step.only_if_missing
                                                                    for step in self.steps)

    def begin(self, method, target, hijack, version):
        step = PlannedStep(self, len(self.steps) + 1, method, target, hijack, version)
        if any(earlier.missing for earlier in self.steps) and step.name in ("image_create",
                                                                            "container_create"):
            step.only_if_missing = True
            step.repeats_create = step.name == "container_create"
        elif step.name == "container_create" and step.outcome == "id" and self._missing:
            step.missing = True
        self.steps.append(step)
        self.events.append(("begin", step))
        return step

    def answer(self, step):
        """What a willing engine answers `step`: a list of bytes, one a receipt; a b"" at its end is the end of the connection."""
        if step.hijack:
            return [b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n", b""]
        if step.missing:
            return [b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n", b'{"message":"No such image"}',
                    b""]
        row = step.endpoint
        status = next(status for status in (row.statuses if row is not None else ()) + (200,)
                      if status != 101)
        if status == 204:
            return [b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"]
        body = b"{}" if row is not None and row.never_empty else b""
        if step.outcome not in ("nothing", "head", "frames", "messages"):
            body = json.dumps(self._planned_value(step)).encode("ascii")
        return [b"HTTP/1.1 %d OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % (status, len(body)),
                body]

    def _planned_value(self, step):
        if step.name == "container_wait":
            return {"StatusCode": 0}
        if step.name == "exec_inspect":
            return {"ExitCode": 0, "Running": False}
        if step.name in LIST_OPERATIONS:
            return []
        if step.name not in ID_VARIABLES:
            return {}
        known = [id for id in self._ids if id in step.target]
        id = known[0] if known else self._new_id(step)
        # Only `attach` wants it running, and only `start` may send it stdin.
        if step.name == "container_inspect" and self.command in ("attach", "start"):
            step.taken_for_granted = "runs, and that its stdin is closed" if self.command == "attach" else "does not run yet"
        return {"Id": id, "Warnings": [], "State": {"Running": self.command == "attach"}, "HostConfig": {},
                "Config": {"Tty": False, "OpenStdin": self.command == "start"}}

    def _new_id(self, step):
        name = ID_VARIABLES[step.name]
        step.variable = name if name not in self._ids.values() else "%s%d" % (name, len(self._ids) + 1)
        id = "".join("%02x" % byte for byte in os.urandom(32))
        self._ids[id] = step.variable
        return id

    def finish(self):
        """The command has ended: what can only be known now."""
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
            if step.hijack and self.stdin_asked and not step.half_closed:
                step.reads_stdin = step.background = True
        self.has_background = any(step.background for step in self.steps)
        self.has_frames = any(step.outcome == "frames" for step in self.steps)
        self.goes_on = self.command in GOES_ON_AFTER_FAILURE and len(self.steps) > 1 and not self.has_background
        self.shows_json = self.command not in RAW_VERBS and any(step.outcome == "body" for step in self.steps)
        if self.command in RAW_VERBS and any(kind == "print" and data.startswith(b"HTTP/")
                                             for kind, data in self.events):
            self.steps[0].outcome = "head"   # -i
        if self.shows_json or self.command in RAW_VERBS + ("wait", "events"):
            # What the command made of the planned answers is nothing that it will print.
            self.events = [event for event in self.events if event[0] != "print"]

    def printed_after(self, at):
        """What the command prints between the event of index `at` and the next step's beginning, or a background step's end."""
        printed = b""
        for kind, value in self.events[at + 1:]:
            if kind == "begin" or kind == "end" and value.background:
                break
            if kind == "print":
                printed += value
        return printed

    def is_sent(self, variable):
        """Whether a later step sends, or the command prints, what `variable` stands for."""
        said = [step.request for step in self.steps] + [data for kind, data in self.events if kind == "print"]
        return any(isinstance(piece, str) and piece == variable for data in said
                   for piece in self.pieces(data))

    def pieces(self, data):
        """Bytes that were sent or printed → a list of bytes, and str for what stands in a variable."""
        names = {id.encode("ascii"): name for id, name in self._ids.items()}
        patterns = list(names)
        for variable, before, value in self.secret_values():
            names[value] = variable
            patterns.append(b"(?<=" + re.escape(before) + b")" + re.escape(value))
        if not names:
            return [data]
        return [names.get(part, part) if at % 2 else part
                for at, part in enumerate(re.split(b"(" + b"|".join(patterns) + b")", data)) if part]

    def secret_values(self):
        """(the variable that stands for it, what is before it, it itself) of each secret in a head; the last two are bytes.

        Secrets in a body are not among them: the length of a body is in its head.
        """
        found = []
        for step in self.steps:
            request_line, *fields = step.request.partition(b"\r\n\r\n")[0].split(b"\r\n")
            query = request_line.split(b" ")[1].partition(b"?")[2]
            for pair, sign in [(pair, b"=") for pair in query.split(b"&")] + [(line, b": ")
                                                                              for line in fields]:
                name, _, value = pair.partition(sign)
                if names_secret(name) and value not in (NO_SECRET, b""):
                    variable = re.sub("^x_|[^a-z0-9_]", "",
                                      name.decode("utf-8", "replace").lower().replace("-", "_"))
                    if (variable, name + sign, value) not in found:
                        found.append((variable, name + sign, value))
        return found

    def http10_pieces(self, step):
        """The request as pieces, in HTTP/1.0: the engine closes after its answer and sends no chunks.

        A body from stdin or a file is left out; its length is the variable "size".
        """
        line, _, rest = step.request.partition(b"\r\n")
        line = re.sub(b" HTTP/1[.]1$", b" HTTP/1.0", line)
        if step.body_source is None:
            return self.pieces(line + b"\r\n" + rest)
        before, framing, after = re.split(rb"((?i:Transfer-Encoding: chunked|Content-Length: [0-9]+)\r\n)",
                                          rest, maxsplit=1)
        return self.pieces(line + b"\r\n" + before + b"Content-Length: ") + ["size"] + self.pieces(b"\r\n"
                                                                                                   + after)


class PlannedSocket:
    """What a Connection has for a socket in a dry run: it keeps what is sent, and receives the planned answer."""

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
        self.step.request += bytes(data)

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
        from threading import get_ident
        # The other thread is the one that copies stdin; it ends at once, for there is none.
        if how == socket.SHUT_WR and get_ident() == self._planner:
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
        return Connection.request(self, method, target, headers, body, version, hijack, *more, **named)

    def _encode(self, method, target, headers, body, version):
        if hasattr(body, "read"):
            self._body_file = getattr(body, "name", 0)
        return Connection._encode(self, method, target, headers, body, version)

    def _send_stream(self, pieces, length):
        if self._body_file is None:   # bytes, in slices
            for piece in pieces:
                self.sock.sendall(piece)
        else:
            self.sock.step.body_source = "-" if self._body_file == 0 else self._body_file
        return True


class PlannedDocker(Docker):
    """The client of a plan. It asks for no version: unless one is given, paths have no prefix."""

    def __init__(self, plan):
        Docker.__init__(self, plan.address.text)
        self.plan = plan

    @property
    def version(self):
        return self._version

    def supports(self, version):
        return self._version is None or Docker.supports(self, version)

    def connect(self):
        return PlannedConnection(PlannedSocket(self.plan), self.address)


class PlannedStdin:
    """Stdin in a dry run: it is at its end, and not read."""

    def read(self, size=-1):
        return b""


class PlannedOutput:
    """Stdout or stderr in a dry run. `take(data)` is called with all bytes of each write."""

    def __init__(self, take):
        self._take = take

    def isatty(self):
        return False

    def write(self, data):
        if data:
            self._take(bytes(data))
        return len(data)

    def line(self, text=""):
        self.write((text + "\n").encode("utf-8", "surrogateescape"))

    def flush(self):
        pass
