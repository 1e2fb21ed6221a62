"""A plan as a program of Python's socket and json, and no more.

Strategy: the program walks the plan's events in their order. A step that is under way while others begin is a
file to read later. Of the functions below it holds those that it uses.

Promises: the literals are exactly the planned bytes, but for the version: in HTTP/1.0 the engine closes after its
answer and sends no chunks. An Id that an engine answers is checked before it goes into a request line. `run` and
`exec` end with the container's status.

Left out, and the program says so: an answer that was cut looks like one that ended. No signal is passed on.
"""
import re

from ...engine.run import NOT_EXECUTABLE_WORDS, NOT_FOUND_WORDS
from .form_http import (command_comment, json_comments, must_reach_engine, prefix_comments,
                           secret_comments,
                           secret_variables, step_comment)

PYTHON_FUNCTIONS = (
    ("whole", """
def whole(request):   # sends it → the answer with its head
    DIAL
    sock.sendall(request)
    return sock.makefile("rb").read()
"""),
    ("ask", """
def ask(request):   # sends it on a connection of its own → the status, and a file to read the body from
    DIAL
    sock.sendall(request)
    answer = sock.makefile("rb")
    status = int(answer.readline().split()[1])
    while answer.readline().strip():
        pass
    return status, answer
"""),
    ("must", """
def must(request):   # ask, and end where it is refused → the file
    status, answer = ask(request)
    if status >= 400:
        sys.stderr.write(answer.read().decode("utf-8", "replace"))
        sys.exit(FAILURE)
    return answer
"""),
    ("id_of", """
def id_of(value):   # a line end or a blank in it would be one in the request line that it goes into
    found = str(value["Id"])
    if not re.fullmatch("[0-9A-Za-z][0-9A-Za-z_.-]*", found):
        sys.stderr.write("not an id: %r\\n" % found)
        sys.exit(FAILURE)
    return found.encode()
"""),
    ("copy", """
def copy(answer):   # a body, as it comes
    for data in iter(lambda: answer.read1(65536), b""):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
"""),
    ("show", """
def show(answer):   # a frame: the stream (2 is stderr), 3 zeros, the length in 4 bytes; then so many bytes
    for header in iter(lambda: answer.read(8), b""):
        size = int.from_bytes(header[4:], "big")
        data = answer.read(size)
        out = sys.stderr.buffer if header[0] >= 2 else sys.stdout.buffer
        out.write(data)
        out.flush()
        if len(header) < 8 or len(data) < size:
            sys.exit("the stream was cut inside a frame")
"""),
    ("messages", """
def messages(answer, out):   # JSON, one a line; an error can come long after 200 OK, as one of them
    for line in answer:
        out.write(line)
        out.flush()
        if line.startswith(b'{"error'):
            sys.exit(FAILURE)
"""),
    ("send_stdin", """
def send_stdin(answer):   # our stdin into the stream, then the half-close that tells of its end
    sock = socket.fromfd(answer.fileno(), FAMILY, socket.SOCK_STREAM)
    try:
        for data in iter(lambda: os.read(0, 65536), b""):
            sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
    except OSError:
        pass   # the container has ended first
"""),
)


def python_bytes(pieces, indent=4):
    """Pieces → a Python expression for the bytes, a line of the source for each line of the head."""
    variables = [piece for piece in pieces if isinstance(piece, str)]
    data = b"".join(piece.replace(b"%", b"%%") if variables and isinstance(piece, bytes) else piece
                    if isinstance(piece, bytes)
                    else b"%d" if piece == "size" else b"%s" for piece in pieces)
    lines = data.split(b"\r\n")
    lines = [line + b"\r\n" for line in lines[:-1]] + [lines[-1]]
    joined = ("\n" + " " * indent).join(repr(line) for line in merged_tail(lines))
    names = ["len(body)" if name == "size" else name for name in variables]
    return joined + (" %% (%s,)" % ", ".join(names) if names else "")


def merged_tail(lines):
    """The lines of a request without an empty one at the end, the empty line of the head joined to the one before."""
    merged = []
    for line in lines:
        if line == b"\r\n" and merged:
            merged[-1] += line
        elif line:
            merged.append(line)
    return merged or [b""]


class PythonScript:
    """A plan as a program of Python's socket and no more."""

    def __init__(self, plan):
        self.plan = plan
        self.failure = "125" if plan.command == "run" else "1"
        self.goes_on = plan.goes_on
        self.removes = any(step.outcome == "removal" for step in plan.steps)

    def script(self):
        lines = []
        for at, (kind, step) in enumerate(self.plan.events):
            if kind == "begin" and len(self.plan.steps) == 1 and step.outcome in ("body", "nothing"):
                lines += self.only_step(step, self.print_lines(self.plan.printed_after(at)))
            elif kind == "begin":
                lines += ([""] if not step.only_if_missing else []) + self.begin(step,
                                                                                 self.print_lines(self.plan.printed_after(at)))
            elif kind == "end" and step.background:
                lines += self.end_of_background(step) + self.print_lines(self.plan.printed_after(at))
        if self.goes_on:
            lines.append("sys.exit(failed)")
        if self.removes:
            lines.append("sys.exit(ended)")
        return ("\n".join(self.opening("\n".join(lines)) + lines) + "\n").encode("utf-8", "surrogateescape")

    def dial_lines(self):
        address = self.plan.address
        if address.scheme == "unix":
            return ["sock = socket.socket(socket.AF_UNIX)", "sock.connect(%s)" % ascii(address.path)]
        return ["sock = socket.create_connection((%s, %d))" % (ascii(address.host), address.port)]

    def only_step(self, step, printing):
        """A plan of one request, its answer shown as it is: no functions."""
        lines = [step_comment(step)] + self.body_lines(step) + self.dial_lines()
        lines += ["sock.sendall(", "    %s)" % self.bytes_of(step), "answer = sock.makefile(\"rb\")",
                  "status = int(answer.readline().split()[1])",
                  "while answer.readline().strip():   # the rest of the head", "    pass",
                  "if status >= 400:", "    sys.exit(answer.read().decode(\"utf-8\", \"replace\"))"]
        return lines + (["shutil.copyfileobj(answer, sys.stdout.buffer)"] if step.outcome == "body"
                        else []) + printing

    def opening(self, rest):
        plan, address = self.plan, self.plan.address
        family = "socket.AF_UNIX" if address.scheme == "unix" else "socket.AF_INET6" if ":" in address.host else "socket.AF_INET"
        values = {"DIAL": "\n    ".join(self.dial_lines()), "FAILURE": self.failure, "FAMILY": family}
        functions = []
        for name, text in reversed(PYTHON_FUNCTIONS):   # a function uses only those before it
            if re.search(r"\b%s\b" % name, rest):
                text = re.sub("DIAL|FAILURE|FAMILY", lambda match: values[match.group()], text).strip("\n")
                functions = [""] + text.split("\n") + functions
                rest += text
        variables = ["%s = os.environ[%r].encode()" % (name, name)
                     for name in secret_variables(plan)] + ["failed = 0"] * self.goes_on
        rest += "".join(variables)
        lines = ["#!/usr/bin/env python3", command_comment(plan),
                 "# In HTTP/1.0: the engine closes after its answer and sends no chunks. An answer that is cut looks like one that has",
                 "# ended; rawdock itself tells them apart."] + prefix_comments(plan) + json_comments(plan) + secret_comments(plan)
        lines.append("import "
                     + ", ".join(name for name in ("json", "os", "re", "shutil", "socket", "sys", "threading",
                                                   "time") if name + "." in rest))
        return lines + functions + ([""] + variables if variables
                                    else []) + self.print_lines(plan.printed_after(-1))

    def bytes_of(self, step, indent=4):
        return python_bytes(self.plan.http10_pieces(step),
                            indent) + (" + body" if step.body_source is not None else "")

    def print_lines(self, printed):
        if not printed:
            return []
        return ["sys.stdout.buffer.write(%s)" % python_bytes(self.plan.pieces(printed))]

    def body_lines(self, step):
        if step.body_source is None:
            return []
        return ["body = %s.read()"
                % ("sys.stdin.buffer" if step.body_source == "-"
                   else "open(%s, \"rb\")" % ascii(step.body_source))]

    def begin(self, step, printing):
        lines = [step_comment(step)] + self.body_lines(step)
        asked = "must(\n    %s)" % self.bytes_of(step)
        if step.missing:
            return lines + ["create = (\n    %s)" % self.bytes_of(step), "status, answer = ask(create)",
                            "why = b\"\" if status < 400 else answer.read()",
                            "if b\"o such image\" in why or b\"mage not known\" in why or b\"mage with reference\" in why:"]
        if step.only_if_missing and step.outcome == "messages":
            return ["    " + lines[0],
                    "    messages(must(\n        %s), sys.stderr.buffer)" % self.bytes_of(step, 8)]
        if step.only_if_missing:
            variable = next(one.variable for one in self.plan.steps if one.missing)
            return ["    " + lines[0], "    status, answer = ask(create)",
                    "    why = b\"\" if status < 400 else answer.read()", "if why:",
                    "    sys.stderr.write(why.decode(\"utf-8\", \"replace\"))",
                    "    sys.exit(%s)" % self.failure,
                    "%s = id_of(json.load(answer))" % variable] + printing
        if step.background:
            return lines + ["answer%d = %s" % (step.number, asked)]
        if step.outcome == "id":
            return lines + self.take_id(step, asked) + printing
        if step.name == "exec_inspect" and step.outcome == "status":
            return lines + ["for pause in (0, 1, 1, 1):   # the engine may need a moment",
                            "    time.sleep(pause)",
                            "    status = json.load(must(\n        %s))[\"ExitCode\"]"
                            % self.bytes_of(step, 8),
                            "    if status is not None:", "        sys.exit(status)", "sys.exit(1)"]
        if step.name == "container_start" and self.plan.command == "run":
            return lines + ["status, answer = ask(\n    %s)" % self.bytes_of(step), "if status >= 400:",
                            "    why = answer.read().decode(\"utf-8\", \"replace\")",
                            "    sys.stderr.write(why)",
                            "    not_found = any(words in why for words in %s)" % repr(NOT_FOUND_WORDS),
                            "    not_executable = any(words in why for words in %s)"
                            % repr(NOT_EXECUTABLE_WORDS),
                            "    sys.exit(127 if not_found else 126 if not_executable else 125)"] + printing
        if step.outcome == "removal":
            return lines + ["ask(\n    %s)[1].read()   # 404: it is removed already" % self.bytes_of(step)]
        if step.outcome == "head":
            return lines + ["sys.stdout.buffer.write(whole(\n    %s))" % self.bytes_of(step)]
        if self.goes_on:
            then = [self.shown(step, "answer")] if step.outcome != "nothing" else printing
            lines += ["status, answer = ask(\n    %s)" % self.bytes_of(step), "if status >= 400:",
                      "    failed = 1",
                      "    sys.stderr.write(answer.read().decode(\"utf-8\", \"replace\"))"]
            return lines + ["else:"] * bool(then) + ["    " + line for line in then]
        return lines + [self.shown(step, asked)] + printing

    def take_id(self, step, asked):
        if step.variable is None or not self.plan.is_sent(step.variable):
            return [asked]
        lines = ["answer = json.load(%s)" % asked, "%s = id_of(answer)" % step.variable]
        if step.name == "container_inspect" and self.plan.has_frames:
            lines += ["if answer[\"Config\"][\"Tty\"]:   # a terminal's stream has no frames",
                      "    show = copy"]
        return lines

    def shown(self, step, answer):
        """The statement that does with `answer`, an expression for the file, what the command does."""
        if step.outcome == "frames":
            return "show(%s)" % answer
        if step.outcome == "status":
            return "print(json.load(%s)[\"StatusCode\"])" % answer
        if step.outcome == "nothing":
            return answer
        if step.outcome == "messages":
            return "messages(%s, sys.stdout.buffer)" % answer
        return "copy(%s)" % answer

    def end_of_background(self, step):
        answer = "answer%d" % step.number
        if step.outcome == "status":
            return [("ended = json.load(%s)[\"StatusCode\"]" if self.removes
                     else "sys.exit(json.load(%s)[\"StatusCode\"])") % answer]
        if step.reads_stdin:
            return ["threading.Thread(target=send_stdin, args=(%s,), daemon=True).start()" % answer,
                    self.shown(step, answer)]
        return [self.shown(step, answer)]


def print_python(plan):
    must_reach_engine(plan, "python")
    return PythonScript(plan).script()
