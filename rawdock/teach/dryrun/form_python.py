"""A plan as a program of Python's socket and json, and no more.

Strategy: a template for each step. A step that is under way while others begin is a file to read later.

Promises: the literals are exactly the planned bytes, but for the version: in HTTP/1.0 the engine closes after
its answer and sends no chunks. An Id that an engine answers is checked before it goes into a request line.
`run` and `exec` end with the container's status.

Left out, and the program says so: an answer that was cut looks like one that ended, and the first refusal
ends the program. No signal is passed on, and no stdin is sent into a container's stream.
"""
import re

from ...cli.lifecycle import NOT_EXECUTABLE_WORDS, NOT_FOUND_WORDS
from .form_script import PlanScript

# The functions of a program: (name, text), each after those that it calls.
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
    ("exit_with", """
def exit_with(status):   # a process has 8 bits for it: what is not 0 must not become 0
    sys.exit(status & 255 or (255 if status else 0))
"""),
)

# The template of each kind of step that has one; the others become shown_answer().
PYTHON_STEPS = {
    "missing": """
create = (
    REQUEST)
status, answer = ask(create)
why = b"" if status < 400 else answer.read()
if b"o such image" in why or b"mage not known" in why or b"mage with reference" in why:
""",
    "pull": """
    messages(must(
        REQUEST), sys.stderr.buffer)
""",
    "create again": """
    status, answer = ask(create)
    why = b"" if status < 400 else answer.read()
if why:
    sys.stderr.write(why.decode("utf-8", "replace"))
    sys.exit(FAILURE)
VARIABLE = id_of(json.load(answer))
""",
    "ended exec": """
for pause in (0, 1, 1, 1):   # the engine may need a moment
    time.sleep(pause)
    status = json.load(must(
        REQUEST))["ExitCode"]
    if status is not None:
        exit_with(status)
sys.exit(1)
""",
    "start of run": """
status, answer = ask(
    REQUEST)
if status >= 400:
    why = answer.read().decode("utf-8", "replace")
    sys.stderr.write(why)
    not_found = any(words in why for words in NOT_FOUND)
    not_executable = any(words in why for words in NOT_EXECUTABLE)
    sys.exit(127 if not_found else 126 if not_executable else 125)
""",
    "background": """
STEP_ANSWER = must(
    REQUEST)
""",
    "removal": """
ask(
    REQUEST)[1].read()   # 404: it is removed already
""",
    "head": """
sys.stdout.buffer.write(whole(
    REQUEST))
""",
}
SHOWN_ANSWERS = {   # outcome of a step → the statement that shows the answer %s
    "frames": "show(%s)",
    "status": "print(json.load(%s)[\"StatusCode\"])",
    "nothing": "%s",
    "messages": "messages(%s, sys.stdout.buffer)",
}


def python_bytes(pieces, indent=4):
    """Pieces (bytes, and str for variables) as a Python expression, with a line for each line of the head."""
    variables = [piece for piece in pieces if isinstance(piece, str)]
    data = b""
    for piece in pieces:
        if isinstance(piece, str):
            data += b"%s"
        else:
            data += piece.replace(b"%", b"%%") if variables else piece
    lines = re.findall(rb"(?s).+?(?:\r\n)+|.+", data) or [b""]
    joined = ("\n" + " " * indent).join(map(repr, lines))
    return joined + (" %% (%s,)" % ", ".join(variables) if variables else "")


class PythonScript(PlanScript):
    """A plan as a program in Python."""

    form, indent, sends_files = "python", "    ", False
    first_line = "#!/usr/bin/env python3"
    about = [
        "In HTTP/1.0: the engine closes after an answer and sends no chunks. An answer that is cut looks",
        "like one that has ended; rawdock itself sees the difference. The first refusal ends the program."]
    templates, functions = PYTHON_STEPS, PYTHON_FUNCTIONS

    def values(self, step):
        address = self.plan.address
        if address.scheme == "unix":
            dial = "sock = socket.socket(socket.AF_UNIX)\n    sock.connect(%s)" % ascii(address.path)
        else:
            dial = "sock = socket.create_connection((%s, %d))" % (ascii(address.host), address.port)
        found = {"DIAL": dial, "FAILURE": self.failure,
                 "NOT_FOUND": repr(NOT_FOUND_WORDS), "NOT_EXECUTABLE": repr(NOT_EXECUTABLE_WORDS)}
        if step is not None:
            found.update(REQUEST=lambda indent: python_bytes(self.plan.http10_pieces(step), indent),
                         STEP_ANSWER="answer%d" % step.number, VARIABLE=str(self.created_variable))
        return found

    def opening(self, lines):
        functions = self.needed_functions(lines)
        variables = ["%s = os.environ[%r].encode()" % (name, name) for name in self.secrets]
        code = "\n".join(functions + variables + lines)
        modules = [name for name in ("json", "os", "re", "socket", "sys", "time")
                   if name + "." in code]
        return (self.comments + ["import " + ", ".join(modules)] + functions + [""] * bool(variables)
                + variables + self.print_lines(self.plan.printed_after(-1)))

    def closing(self):
        return ["exit_with(ended)"] * self.plan.has_ended

    def print_lines(self, data):
        return ["sys.stdout.buffer.write(%s)" % python_bytes(self.plan.pieces(data))] if data else []

    def begin(self, step, printing):
        answer = "must(\n    %s)" % python_bytes(self.plan.http10_pieces(step))
        if step.kind == "id":
            return self.take_id(step, answer) + printing
        if step.kind in PYTHON_STEPS:
            return self.filled(step.kind, step) + printing
        return [self.shown_answer(step, answer)] + printing

    def take_id(self, step, answer):
        if step.variable is None or not self.plan.is_sent(step.variable):
            return [answer]
        lines = ["answer = json.load(%s)" % answer, "%s = id_of(answer)" % step.variable]
        if step.name == "container_inspect" and self.plan.has_frames:
            lines += ["if answer[\"Config\"][\"Tty\"]:   # a terminal's stream has no frames",
                      "    show = copy"]
        return lines

    def shown_answer(self, step, answer):
        """The statement that shows `answer` (an expression for its file) as the command does."""
        if step.outcome == "frames" and self.plan.has_terminal:
            return "copy(%s)" % answer
        return SHOWN_ANSWERS.get(step.outcome, "copy(%s)") % answer

    def end_of_background(self, step):
        answer = "answer%d" % step.number
        if step.outcome == "status":
            return ["ended = json.load(%s)[\"StatusCode\"]" % answer]
        return [self.shown_answer(step, answer)]
