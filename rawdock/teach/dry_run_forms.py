"""A plan as text: raw HTTP, `printf … | nc -U`, curl, or Python with a plain socket.

Strategy: each form walks the plan's events in their order. The shell forms share all but the
line that sends: a step that stands while others begin writes to a FIFO, from which its head is
read at once, so that it is known to stand, and the rest where the command reads it. The
Python form needs no such care: a socket is a thing that can be read later.

Promises: `sh` gives printf exactly the planned bytes, whatever the arguments; the scripts use
POSIX sh, nc or curl, sed, od and dd, or nothing but Python's socket and json; they
print what the engine says where the command would make a table of it, and take stdout and
stderr apart where it would. `run` and `exec` end with the container's status. A secret in a
head becomes a variable.

Leaves out, and the scripts say so: nc and Python speak HTTP/1.0, where an answer that was cut
looks like one that ended; no signal is passed on; curl cannot send stdin into a stream.
"""
import re

from ..engine.run import NOT_EXECUTABLE_WORDS, NOT_FOUND_WORDS
from ..errors import UsageError
from .masking import masked_text, masked_words


# -- what all forms say

def comment_text(text):
    """`text` (str) for one comment line: spelled out are control characters, and marks that make a terminal write backwards."""
    return re.sub("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]",
                  lambda control: ("\\x%02x" if ord(control.group()) < 256 else "\\u%04x") % ord(control.group()), text)


def command_comment(plan):
    """The command line that is planned, as a comment, its secrets masked."""
    words = [word.encode("utf-8", "surrogateescape") for word in ["rawdock", plan.command] + plan.words]
    return "# " + comment_text(b" ".join(map(shell_word, masked_words(words))).decode("utf-8", "replace"))


def step_comment(step):
    """What a step is: "# 2. image_create: pull an image (fromImage), …"."""
    help = ": " + step.endpoint.help if step.endpoint is not None else ""
    if step.repeats_create:
        help = ", once more"
    condition = "only if step 1 answers 404, no such image: " if step.only_if_missing else ""
    taken = "; taken for granted here: that it " + step.taken_for_granted if step.taken_for_granted else ""
    name = masked_text(step.name.encode("utf-8", "surrogateescape")).decode("utf-8", "replace")   # a target if it is in no table
    return "# %d. %s%s%s%s" % (step.number, condition, comment_text(name), help, taken)


def http_comments(plan, step):
    """What a step is, and what the command does with its answer."""
    text = ""
    if step.missing:
        text = "its answer: 201, and its Id is $%s from here on; or 404, no such image, and steps 2 and 3 follow" % step.variable
    elif step.outcome == "id" and step.variable is not None and plan.is_sent(step.variable):
        text = "its answer: the Id in it is $%s from here on" % step.variable
    elif step.outcome == "status":
        text = "its answer: the exit status, %s" % ("ExitCode" if step.name == "exec_inspect" else "StatusCode")
        if step.background:
            text += "; its head comes at once, its body once the container has ended"
    elif step.outcome == "removal":
        text = "its answer: 200 once the engine has removed the container (--rm), or 404, it is removed already"
    elif step.outcome == "frames":
        text = "its answer: stdout and stderr in frames, until the engine closes"
        if step.background:
            text += "; the next steps do not wait for that"
        if step.reads_stdin:
            text += "; our stdin goes the other way"
        elif step.half_closed:
            text += "; our side is half-closed: no stdin"
    return [step_comment(step)] + (["#    " + text] if text else [])


def secret_variables(plan):
    return sorted({name for name, _, _ in plan.secret_values()})


def secret_comments(plan):
    return ["# %s: the secret of the command line, which is not repeated here" % name for name in secret_variables(plan)]


def json_comments(plan):
    if plan.shows_json:
        return ["# Printed is the JSON that the engine answers; the command itself makes lines for people of it."]
    return []


def prefix_comments(plan):
    if any(re.match(b"[A-Z]+ " + re.escape(plan.address.base.encode("ascii")) + rb"/v[0-9.]+/", step.request) for step in plan.steps):
        return []
    return ["# Paths without /v1.41 or the like: the engine speaks its newest version. A real run asks first (GET /_ping) and says it."]


def must_reach_engine(plan, form):
    """UsageError if the engine cannot be reached by what `form` writes."""
    if plan.address.scheme == "practice":
        raise UsageError("--dry-run=%s: the practice engine inside rawdock has no socket to name" % form,
                         "start one with rawdock practice --listen /tmp/practice.sock and give -H unix:///tmp/practice.sock")
    if plan.address.scheme not in ("unix", "tcp"):
        raise UsageError("--dry-run=%s: %s:// is not reached so" % (form, plan.address.scheme), "forward the socket (ssh -L) and give -H unix://…")


# -- http

def shown_pieces(pieces):
    return b"".join(piece if isinstance(piece, bytes) else b"$" + piece.encode("ascii") for piece in pieces)


def print_http(plan):
    """The plan as the bytes on the wire, CRLFs and all, with comment lines between the requests (bytes)."""
    lines = [command_comment(plan),
             "# What follows is sent byte for byte, but for these comments and the newline after a body. A connection each, or",
             "# one after the other on one where the earlier answer was read to its end."] + prefix_comments(plan) + secret_comments(plan)
    out = []
    for kind, step in plan.events:
        if kind == "begin":
            out.append("".join(line + "\n" for line in lines + ["#"] + http_comments(plan, step)).encode("utf-8", "replace"))
            request = shown_pieces(plan.pieces(step.request))
            out.append(request if request.endswith(b"\n") else request + b"\n")
            lines = body_comments(step)
    return b"".join(out + [line.encode("utf-8", "replace") + b"\n" for line in lines])


def body_comments(step):
    if step.body_source is None:
        return []
    framing = "in chunks" if b"chunked" in step.request.partition(b"\r\n\r\n")[0] else "as it is"
    return ["# (the body: %s, %s)" % ("stdin" if step.body_source == "-" else comment_text(step.body_source), framing)]


# -- the shell forms

def shell_word(text):
    """str (or bytes) → bytes of one word for sh, without quotes where it needs none."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    if re.fullmatch(rb"[A-Za-z0-9_@%+:,./-][A-Za-z0-9_@%+=:,./-]*", data):
        return data
    return b"'" + data.replace(b"'", b"'\\''") + b"'"


def shell_path(path):
    """A path as a word that no command takes for a flag."""
    return shell_word("./" + path if path.startswith("-") else path)


def shell_pieces(pieces):
    """Pieces → bytes of one word for sh."""
    if not any(isinstance(piece, str) for piece in pieces):
        return shell_word(b"".join(pieces))
    return b'"' + b"".join(b"${%s}" % piece.encode("ascii") if isinstance(piece, str) else re.sub(rb'[\\"$`]', rb"\\\g<0>", piece)
                           for piece in pieces) + b'"'


PRINTF_ESCAPES = {b"\\": b"\\\\", b"%": b"%%", b"\r": b"\\r", b"\n": b"\\n", b"'": b"'\\''"}


def printf_text(data):
    """bytes without NUL → what stands between the quotes of printf's format."""
    def escape(match):
        byte = match.group()
        return PRINTF_ESCAPES.get(byte) or b"\\%03o" % byte[0]

    try:
        data.decode("utf-8")
        unsafe = rb"[\x00-\x1f\x7f\\%']"
    except UnicodeDecodeError:
        unsafe = rb"[\x00-\x1f\x7f-\xff\\%']"
    return re.sub(unsafe, escape, data)


def printf_command(pieces):
    """Pieces (bytes, and str for variables) → the sh command, bytes, that prints them."""
    text = b"".join(printf_text(piece) if isinstance(piece, bytes) else b"%s" for piece in pieces)
    variables = [b' "$' + piece.encode("ascii") + b'"' for piece in pieces if isinstance(piece, str)]
    return b"printf '" + text + b"'" + b"".join(variables)


# The functions of a script, each with what it is for; a script has those that it needs, in this order.
SHELL_FUNCTIONS = (
    ("through", r"""
CR=$(printf '\r')
read_head() {   # takes the head off an answer; fails where it is a refusal
  read -r version code reason
  while IFS= read -r line && [ "$line" != "$CR" ]; do :; done
  case $code in 1??|2??|304) ;; *) return 1 ;; esac
}
through() {   # the body of an answer through the command $1; that of a refusal, which says why, to stderr
  if read_head; then "$1"; else cat >&2; return 1; fi
}"""),
    ("frames", r"""
frames() {   # a frame: the stream (2 is stderr), 3 zeros, the length in 4 bytes; then so many bytes. dd reads never too many
  while header=$(dd bs=1 count=8 2>/dev/null | od -An -v -tu1) && [ -n "$header" ]; do
    set -- $header
    [ $# -eq 8 ] || { echo 'the stream was cut inside a frame' >&2; return 1; }
    size=$((($5 << 24) + ($6 << 16) + ($7 << 8) + $8))
    if [ "$1" -ge 2 ]; then dd bs=1 count=$size >&2 2>/dev/null; else dd bs=1 count=$size 2>/dev/null; fi
  done
}"""),
    ("messages", r"""
messages() {   # JSON, one a line; an error can come long after 200 OK, as one of them
  bad=0
  while IFS= read -r line || [ -n "$line" ]; do
    printf '%s\n' "$line"
    case $line in '{"error'*) bad=1 ;; esac
  done
  return $bad
}"""),
)
SHELL_TAKE_ID = rb"""sed -n 's/^{"Id":"\([0-9a-f]*\)".*/\1/p'"""
SHELL_NO_SUCH_IMAGE = b"""*[Nn]"o such image"*|*"mage not known"*|*"mage with reference"*"""


class ShellScript:
    """A plan as a script for sh: POSIX, and mktemp. The subclasses know how a request is sent, and say it as bytes of sh:

        whole(step, stdin=False)   sends `step`, then our stdin if `stdin`, and prints the answer with its head
        body(step)                 sends `step` and prints the body of the answer; fails if it is a refusal
        quiet(step)                the same, where the body is worth showing only if it says what is wrong
        told(then)                 the command `then`, after what is still to be said where body() has failed
                                   and $answer has what it printed
    """

    about = ""
    spools = False   # a body from stdin is put into a file, to know its length

    def __init__(self, plan):
        self.plan = plan
        self.functions = set()
        self.failure = b"125" if plan.command == "run" else b"1"
        self.goes_on = plan.goes_on
        self.descriptors = {}     # a background step → the descriptor from which its answer is read
        self.show = "frames"      # the function that shows a stream

    def before(self, step):
        """Lines that stand before the one that sends."""
        return []

    def through(self, step, function):
        self.functions.update(("through", function))
        return self.whole(step) + b" | through " + (b'"$show"' if function == "frames" and self.show != "frames" else function.encode("ascii"))

    def script(self):
        lines = []
        for at, (kind, step) in enumerate(self.plan.events):
            if kind == "begin":
                lines += ([b""] if not step.only_if_missing else []) + self.begin(step, self.plan.printed_after(at))
            elif kind == "end" and step.background:
                lines += self.end_of_background(step) + self.print_lines(self.plan.printed_after(at))
        if self.goes_on:
            lines.append(b"exit $failed")
        if any(step.outcome == "status" and step.background for step in self.plan.steps):
            lines.append(b'exit "${ended:-%s}"' % self.failure)
        return b"\n".join(self.opening() + lines) + b"\n"

    def opening(self):
        plan = self.plan
        lines = ["#!/bin/sh", command_comment(plan)] + ["# " + line for line in self.about.strip().split("\n")] + prefix_comments(plan)
        lines += json_comments(plan) + secret_comments(plan) + [': "${%s:?put it into this variable}"' % name for name in secret_variables(plan)]
        for name, text in SHELL_FUNCTIONS:
            if name in self.functions:
                lines += text.strip("\n").split("\n")
        if plan.has_background or self.spools and any(step.body_source == "-" for step in plan.steps):
            stdin = any(step.reads_stdin for step in plan.steps)
            lines += ["dir=$(mktemp -d) || exit", "jobs=",
                      "trap '%skill $jobs 2>/dev/null; rm -rf \"$dir\"' EXIT" % (': 1<>"$dir/stdin"; ' if stdin else ""), "trap 'exit 130' INT TERM"]
            if stdin:
                lines += ['mkfifo "$dir/stdin"', "exec 9<&0   # what runs in the background has no other stdin"]
        if self.goes_on:
            lines.append("failed=0")
        return [line.encode("utf-8", "surrogateescape") for line in lines] + self.print_lines(plan.printed_after(-1))

    def print_lines(self, printed):
        return [printf_command(self.plan.pieces(printed))] if printed else []

    def begin(self, step, printed):
        comment = step_comment(step).encode("utf-8", "surrogateescape")
        if step.background:
            return [comment] + self.begin_background(step)
        if step.missing:
            return [comment, b"create() {", b"  " + self.body(step) + b" 2>&1", b"}", b"created=$(create) || {",
                    b"  case $created in %s) ;; *) printf '%%s\\n' \"$created\" >&2; exit %s ;; esac" % (SHELL_NO_SUCH_IMAGE, self.failure)]
        if step.only_if_missing and step.outcome == "messages":
            return [b"  " + comment, b"  " + self.through(step, "messages") + b" >&2 || exit " + self.failure]
        if step.only_if_missing:
            creator = next(one for one in self.plan.steps if one.missing)
            return ([b"  " + comment, b"  created=$(create) || { printf '%%s\\n' \"$created\" >&2; exit %s; }" % self.failure, b"}",
                     creator.variable.encode("ascii") + b"=$(printf '%s\\n' \"$created\" | " + SHELL_TAKE_ID + b")"] + self.print_lines(printed))
        return [comment] + self.before(step) + self.foreground(step, printed)

    def foreground(self, step, printed):
        fail = b"failed=1" if self.goes_on else b"exit " + self.failure
        failure = b" || " + fail
        if step.outcome == "id":
            lines = [b"answer=$(" + self.body(step) + b") || " + self.told(b"exit " + self.failure)]
            if step.variable is None or not self.plan.is_sent(step.variable):
                return lines
            lines.append(step.variable.encode("ascii") + b"=$(printf '%s\\n' \"$answer\" | " + SHELL_TAKE_ID + b")")
            if step.name == "container_inspect" and self.plan.has_frames:
                self.show = "show"
                lines.append(b"""case $answer in *'"Tty":true'*) show=cat ;; *) show=frames ;; esac   # a terminal's stream has no frames""")
            return lines + self.print_lines(printed)
        if step.outcome == "status" and step.name == "exec_inspect":
            return [b"for pause in 0 1 1 1; do   # the engine may need a moment", b"  sleep $pause",
                    b"  ended=$(" + self.body(step) + b" | " + take_status(step) + b")",
                    b'  [ -z "$ended" ] || exit "$ended"', b"done", b"exit " + self.failure]
        if step.outcome == "status":
            return [b"answer=$(" + self.body(step) + b") && printf '%s\\n' \"$answer\" | " + take_status(step) + b" || " + self.told(fail)]
        if step.outcome == "removal":
            return [self.body(step) + b" >/dev/null 2>&1   # 404: it is removed already"]
        if step.outcome in ("frames", "messages"):
            return [self.through(step, step.outcome) + failure] + self.print_lines(printed)
        if step.outcome == "head":
            return [self.whole(step)]
        if step.outcome == "body":
            return [self.body(step) + failure]
        if step.name == "container_start" and self.plan.command == "run":
            patterns = [("|".join("*'%s'*" % words for words in table)).encode("ascii") for table in (NOT_FOUND_WORDS, NOT_EXECUTABLE_WORDS)]
            return [b"answer=$(" + self.body(step) + b" 2>&1) || {", b"  printf '%s\\n' \"$answer\" >&2",
                    b"  case $answer in %s) exit 127 ;; %s) exit 126 ;; *) exit 125 ;; esac" % tuple(patterns), b"}"] + self.print_lines(printed)
        if self.goes_on and printed:
            return [self.quiet(step) + b" && " + self.print_lines(printed)[0] + failure]
        return [self.quiet(step) + failure] + self.print_lines(printed)

    def begin_background(self, step):
        self.functions.add("through")
        self.descriptors[step] = descriptor = b"%d" % (3 + len(self.descriptors))
        fifo = b'"$dir/%d"' % step.number
        return [b"mkfifo " + fifo, self.whole(step, step.reads_stdin) + b" >" + fifo + b" &", b'jobs="$jobs $!"',
                b"exec %s<%s" % (descriptor, fifo), b"read_head <&%s || { cat <&%s >&2; exit %s; }" % (descriptor, descriptor, self.failure)]

    def end_of_background(self, step):
        descriptor = self.descriptors[step]
        if step.outcome == "status":
            take = take_status(step) + b" <&" + descriptor
            return [b'wait $waiter; ended=$(cat "$dir/ended")' if any(one.reads_stdin for one in self.plan.steps) else b"ended=$(" + take + b")"]
        self.functions.add("frames")
        stdin = [b'cat <&9 >"$dir/stdin" &', b'stdin=$! jobs="$jobs $!"'] if step.reads_stdin else []
        if stdin and len(self.descriptors) == 2:
            # The engine half-closes when the container has ended, and nc then waits for the end of stdin.
            wait = next(one for one in self.descriptors if one.outcome == "status")
            stdin += [b'{ %s <&%s >"$dir/ended"; kill $stdin 2>/dev/null; } &   # stdin may go on when the container has ended'
                      % (take_status(wait), self.descriptors[wait]), b"waiter=$!"]
        elif stdin:
            stdin.insert(0, b"# It ends when the command and stdin have: nc does not tell that the engine has half-closed.")
        return stdin + [(b'"$show"' if self.show != "frames" else b"frames") + b" <&" + descriptor + b" || exit 1"]


def take_status(step):
    """The sed command that takes the exit status out of the answer to `step`."""
    return rb"""sed -n 's/.*"%s":\([0-9][0-9]*\).*/\1/p'""" % (b"ExitCode" if step.name == "exec_inspect" else b"StatusCode")


class NetcatScript(ShellScript):
    """`printf … | nc -U SOCK`."""

    spools = True

    about = """
The requests as printf and OpenBSD's nc send them, in HTTP/1.0: the engine closes after its answer and sends no chunks.
(No -N, for an engine takes a half-close for a client that has gone; only where stdin goes into a stream it is in place.)
An answer that is cut looks like one that has ended; rawdock itself tells them apart."""

    def whole(self, step, stdin=False):
        send = printf_command(self.plan.http10_pieces(step))
        if step.body_source is not None:
            send = b"{ %s; cat <%s; }" % (send, b'"$dir/body"' if step.body_source == "-" else shell_path(step.body_source))
        elif stdin:
            send = b'{ %s; cat "$dir/stdin"; }' % send
        address = self.plan.address
        # After stdin a half-close is right: it is how the container learns of the end.
        place = b"-U " + shell_path(address.path) if address.scheme == "unix" else shell_word(address.host) + b" %d" % address.port
        return send + b" | nc " + (b"-N " if stdin else b"") + place

    def before(self, step):
        """What puts the length of a body that is not in the request into $size."""
        if step.body_source is None:
            return []
        if step.body_source == "-":
            return [b'cat >"$dir/body"', b'size=$(($(wc -c <"$dir/body")))']
        return [b"size=$(wc -c <%s) || exit" % shell_path(step.body_source), b"size=$((size))"]

    def body(self, step):
        self.functions.add("through")
        return self.whole(step) + b" | through cat"

    quiet = body

    def told(self, then):
        return then


class CurlScript(ShellScript):
    """`curl --unix-socket SOCK …`."""

    about = """
The requests as curl sends them (it adds a User-Agent and an Accept of its own; --fail-with-body needs curl 7.76).
Streams are asked for without an upgrade, which curl would not follow: the engine answers 200 and the same stream."""

    def __init__(self, plan):
        ShellScript.__init__(self, plan)
        if any(step.reads_stdin for step in plan.steps):
            raise UsageError("--dry-run=curl: curl cannot send stdin into a container's stream", "leave -i out, or write --dry-run=nc")

    def curl(self, step, flags):
        address, plan = self.plan.address, self.plan
        words = [b"curl", flags] + ([b"--unix-socket", shell_path(address.path)] if address.scheme == "unix" else [])
        head, _, body = step.request.partition(b"\r\n\r\n")
        line, *fields = head.split(b"\r\n")
        if step.version == "1.0":
            words.append(b"-0")
        has_body = bool(body) or step.body_source is not None
        if step.method == "HEAD":
            words.append(b"--head")
        elif step.method != "GET" or has_body:
            words += [b"-X", step.method.encode("ascii")]
        names = [field.partition(b":")[0].lower() for field in fields]
        for name, field in zip(names, fields):
            left_to_curl = (b"content-length", b"transfer-encoding") + ((b"connection", b"upgrade") if step.hijack else ())
            if name not in left_to_curl and field != b"Host: docker":
                words += [b"-H", shell_pieces(plan.pieces(field if field.partition(b":")[2].strip() else field.partition(b":")[0] + b";"))]
        if has_body and b"content-type" not in names:
            words += [b"-H", b"Content-Type:"]
        if step.body_source is not None:
            words += [b"-H", b"Expect:", b"-g", b"-T", b"-" if step.body_source == "-" else shell_path(step.body_source)]
        elif body:
            if len(body) > 1024:
                words += [b"-H", b"Expect:"]
            words += [b"--data-raw" if body.startswith(b"@") else b"-d", shell_pieces(plan.pieces(body))]
        target = line.split(b" ")[1]
        place = "http://docker"
        if address.scheme == "tcp":
            place = "http://%s:%d" % ("[%s]" % address.host if ":" in address.host else address.host, address.port)
        place = place.encode("utf-8")
        if re.fullmatch(rb"[A-Za-z0-9/?&=%._~:,@+-]*", target) and b"/." not in target:
            return b" ".join(words + [shell_pieces([place] + plan.pieces(target))])
        return b" ".join(words + [b"--request-target", shell_pieces(plan.pieces(target)), place])

    def whole(self, step, stdin=False):
        # -i would hold the head back until the first byte of the body.
        return self.curl(step, b"-sSN -D -" if step.method != "HEAD" else b"-sS")

    def body(self, step):
        return self.curl(step, b"-sS --fail-with-body")

    def quiet(self, step):
        return self.body(step) + b" >&2"

    def told(self, then):
        return b"{ printf '%s\\n' \"$answer\" >&2; " + then + b"; }"


def print_nc(plan):
    must_reach_engine(plan, "nc")
    return NetcatScript(plan).script()


def print_curl(plan):
    must_reach_engine(plan, "curl")
    return CurlScript(plan).script()


# -- Python

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
    data = b"".join(piece.replace(b"%", b"%%") if variables and isinstance(piece, bytes) else piece if isinstance(piece, bytes)
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
                lines += ([""] if not step.only_if_missing else []) + self.begin(step, self.print_lines(self.plan.printed_after(at)))
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
                  "status = int(answer.readline().split()[1])", "while answer.readline().strip():   # the rest of the head", "    pass",
                  "if status >= 400:", "    sys.exit(answer.read().decode(\"utf-8\", \"replace\"))"]
        return lines + (["shutil.copyfileobj(answer, sys.stdout.buffer)"] if step.outcome == "body" else []) + printing

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
        variables = ["%s = os.environ[%r].encode()" % (name, name) for name in secret_variables(plan)] + ["failed = 0"] * self.goes_on
        rest += "".join(variables)
        lines = ["#!/usr/bin/env python3", command_comment(plan),
                 "# In HTTP/1.0: the engine closes after its answer and sends no chunks. An answer that is cut looks like one that has",
                 "# ended; rawdock itself tells them apart."] + prefix_comments(plan) + json_comments(plan) + secret_comments(plan)
        lines.append("import " + ", ".join(name for name in ("json", "os", "re", "shutil", "socket", "sys", "threading", "time") if name + "." in rest))
        return lines + functions + ([""] + variables if variables else []) + self.print_lines(plan.printed_after(-1))

    def bytes_of(self, step, indent=4):
        return python_bytes(self.plan.http10_pieces(step), indent) + (" + body" if step.body_source is not None else "")

    def print_lines(self, printed):
        if not printed:
            return []
        return ["sys.stdout.buffer.write(%s)" % python_bytes(self.plan.pieces(printed))]

    def body_lines(self, step):
        if step.body_source is None:
            return []
        return ["body = %s.read()" % ("sys.stdin.buffer" if step.body_source == "-" else "open(%s, \"rb\")" % ascii(step.body_source))]

    def begin(self, step, printing):
        lines = [step_comment(step)] + self.body_lines(step)
        asked = "must(\n    %s)" % self.bytes_of(step)
        if step.missing:
            return lines + ["create = (\n    %s)" % self.bytes_of(step), "status, answer = ask(create)",
                            "why = b\"\" if status < 400 else answer.read()",
                            "if b\"o such image\" in why or b\"mage not known\" in why or b\"mage with reference\" in why:"]
        if step.only_if_missing and step.outcome == "messages":
            return ["    " + lines[0], "    messages(must(\n        %s), sys.stderr.buffer)" % self.bytes_of(step, 8)]
        if step.only_if_missing:
            variable = next(one.variable for one in self.plan.steps if one.missing)
            return ["    " + lines[0], "    status, answer = ask(create)", "    why = b\"\" if status < 400 else answer.read()", "if why:",
                    "    sys.stderr.write(why.decode(\"utf-8\", \"replace\"))", "    sys.exit(%s)" % self.failure,
                    "%s = id_of(json.load(answer))" % variable] + printing
        if step.background:
            return lines + ["answer%d = %s" % (step.number, asked)]
        if step.outcome == "id":
            return lines + self.take_id(step, asked) + printing
        if step.name == "exec_inspect" and step.outcome == "status":
            return lines + ["for pause in (0, 1, 1, 1):   # the engine may need a moment", "    time.sleep(pause)",
                            "    status = json.load(must(\n        %s))[\"ExitCode\"]" % self.bytes_of(step, 8),
                            "    if status is not None:", "        sys.exit(status)", "sys.exit(1)"]
        if step.name == "container_start" and self.plan.command == "run":
            return lines + ["status, answer = ask(\n    %s)" % self.bytes_of(step), "if status >= 400:",
                            "    why = answer.read().decode(\"utf-8\", \"replace\")", "    sys.stderr.write(why)",
                            "    not_found = any(words in why for words in %s)" % repr(NOT_FOUND_WORDS),
                            "    not_executable = any(words in why for words in %s)" % repr(NOT_EXECUTABLE_WORDS),
                            "    sys.exit(127 if not_found else 126 if not_executable else 125)"] + printing
        if step.outcome == "removal":
            return lines + ["ask(\n    %s)[1].read()   # 404: it is removed already" % self.bytes_of(step)]
        if step.outcome == "head":
            return lines + ["sys.stdout.buffer.write(whole(\n    %s))" % self.bytes_of(step)]
        if self.goes_on:
            then = [self.shown(step, "answer")] if step.outcome != "nothing" else printing
            lines += ["status, answer = ask(\n    %s)" % self.bytes_of(step), "if status >= 400:", "    failed = 1",
                      "    sys.stderr.write(answer.read().decode(\"utf-8\", \"replace\"))"]
            return lines + ["else:"] * bool(then) + ["    " + line for line in then]
        return lines + [self.shown(step, asked)] + printing

    def take_id(self, step, asked):
        if step.variable is None or not self.plan.is_sent(step.variable):
            return [asked]
        lines = ["answer = json.load(%s)" % asked, "%s = id_of(answer)" % step.variable]
        if step.name == "container_inspect" and self.plan.has_frames:
            lines += ["if answer[\"Config\"][\"Tty\"]:   # a terminal's stream has no frames", "    show = copy"]
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
            return [("ended = json.load(%s)[\"StatusCode\"]" if self.removes else "sys.exit(json.load(%s)[\"StatusCode\"])") % answer]
        if step.reads_stdin:
            return ["threading.Thread(target=send_stdin, args=(%s,), daemon=True).start()" % answer, self.shown(step, answer)]
        return [self.shown(step, answer)]


def print_python(plan):
    must_reach_engine(plan, "python")
    return PythonScript(plan).script()


DRY_RUN_FORMS = {"http": print_http, "nc": print_nc, "curl": print_curl, "python": print_python}
