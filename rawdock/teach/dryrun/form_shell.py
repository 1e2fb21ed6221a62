"""A plan as a script for sh, with `printf … | nc -U` or curl.

Strategy: the script walks the plan's events in their order. The two forms share all but the line that sends.
A step that is under way while others begin writes to a FIFO: its head is read from there at once, so that the
engine is known to have accepted it, and the rest where the command reads it.

Promises: `sh` gives printf exactly the planned bytes, whatever the arguments. The scripts use POSIX sh,
mktemp, nc or curl, sed, od and dd. They print what the engine says where the command would make a table of
it, and take stdout and stderr apart where the command would. `run` and `exec` end with the container's
status.

Left out, and the scripts say so: nc is given HTTP/1.0, in which an answer that was cut looks like one that
ended; no signal is passed on; curl cannot send stdin into a stream.
"""
import re

from ...engine.run import NOT_EXECUTABLE_WORDS, NOT_FOUND_WORDS
from ...errors import UsageError
from .form_http import must_reach_engine, opening_comments, secret_variables, shell_word, step_comment


def shell_path(path):
    """A path as a word that no command takes for a flag."""
    return shell_word("./" + path if path.startswith("-") else path)


def shell_pieces(pieces):
    """Pieces → bytes of one word for sh."""
    if not any(isinstance(piece, str) for piece in pieces):
        return shell_word(b"".join(pieces))
    return b'"' + b"".join(b"${%s}" % piece.encode("ascii") if isinstance(piece, str)
                           else re.sub(rb'[\\"$`]', rb"\\\g<0>", piece)
                           for piece in pieces) + b'"'


PRINTF_ESCAPES = {b"\\": b"\\\\", b"%": b"%%", b"\r": b"\\r", b"\n": b"\\n", b"'": b"'\\''"}


def printf_text(data):
    """bytes without NUL → the text between the quotes of printf's format that prints them."""
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
    ("through|read_head", r"""
CR=$(printf '\r')
read_head() {   # takes the head off an answer; fails where it is a refusal
  read -r version code reason
  while IFS= read -r line && [ "$line" != "$CR" ]; do :; done
  case $code in 1??|2??|304) ;; *) return 1 ;; esac
}
through() {   # the body of an answer through the command $1; that of a refusal, which says why, to stderr
  if read_head; then "$1"; else cat >&2; return 1; fi
}"""),
    ("exit_with", r"""
exit_with() {   # a process has 8 bits for a status: what is not 0 must not become 0
  if [ "$1" -ne 0 ] && [ $(($1 & 255)) -eq 0 ]; then exit 255; fi
  exit $(($1 & 255))
}"""),
    ("frames", r"""
frames() {   # a frame: the stream (2 is stderr), 3 zeros, 4 bytes of length; so many bytes. dd reads no more
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

# What a step becomes, by its kind. WHOLE sends it and prints the answer with its head; BODY prints the body
# and fails if it is a refusal; QUIET does so where the body is shown only if it says what is wrong.
SHELL_STEPS = {
    "pull": b"  WHOLE | through messages >&2 || exit FAILURE",
    "id": b"answer=$(BODY) || EXIT",
    "status": rb"""answer=$(BODY) && printf '%s\n' "$answer" | TAKE_STATUS || FAIL_SAID""",
    "removal": b"BODY >/dev/null 2>&1   # 404: it is removed already",
    "frames": b"WHOLE | through SHOW || FAIL",
    "messages": b"WHOLE | through messages || FAIL",
    "head": b"WHOLE",
    "body": b"BODY || FAIL",
    "nothing": b"QUIET || FAIL",
    "nothing, said": b"QUIET && SAY || FAIL",
    "missing": rb"""
create() {
  BODY 2>&1
}
created=$(create) || {
  case $created in NO_SUCH_IMAGE) ;; *) printf '%s\n' "$created" >&2; exit FAILURE ;; esac
""",
    "create again": rb"""
  created=$(create) || { printf '%s\n' "$created" >&2; exit FAILURE; }
}
VARIABLE=$(printf '%s\n' "$created" | TAKE_ID)
""",
    "taken id": rb"""VARIABLE=$(printf '%s\n' "$answer" | TAKE_ID)""",
    "terminal": rb"""
case $answer in *'"Tty":true'*) show=cat ;; *) show=frames ;; esac   # a terminal's stream has no frames
""",
    "ended exec": rb"""
for pause in 0 1 1 1; do   # the engine may need a moment
  sleep $pause
  ended=$(BODY | TAKE_STATUS)
  [ -z "$ended" ] || exit_with "$ended"
done
exit FAILURE
""",
    "start of run": rb"""
answer=$(BODY 2>&1) || {
  printf '%s\n' "$answer" >&2
  case $answer in NOT_FOUND) exit 127 ;; NOT_EXECUTABLE) exit 126 ;; *) exit 125 ;; esac
}
""",
    "background": rb"""
mkfifo FIFO
WHOLE >FIFO &
jobs="$jobs $!"
exec DESCRIPTOR<FIFO
read_head <&DESCRIPTOR || { cat <&DESCRIPTOR >&2; exit FAILURE; }
""",
}


def shell_lines(name, values):
    """The lines of SHELL_STEPS[name] with `values` (name → bytes) for the names in it."""
    pattern = rb"\b(?:%s)\b" % b"|".join([name.encode("ascii") for name in values])
    text = SHELL_STEPS[name].strip(b"\n")
    return re.sub(pattern, lambda match: values[match.group().decode("ascii")], text).split(b"\n")


def take_status(step):
    """The sed command that takes the exit status out of the answer to `step`."""
    member = b"ExitCode" if step.name == "exec_inspect" else b"StatusCode"
    return rb"""sed -n 's/.*"%s":\(-\{0,1\}[0-9][0-9]*\).*/\1/p'""" % member


class ShellScript:
    """A plan as a script for sh: POSIX, and mktemp. Subclasses have the commands (bytes) that send a request:

        whole(step, stdin=False)   sends `step`, then stdin if asked to, and prints the answer with its head
        body(step)                 sends `step` and prints the body of the answer; fails if it is a refusal
        quiet(step)                does as body(), where the body is shown only if it says what is wrong
        after_failure(then)        what body() did not say but left in $answer, then the command `then`
    """

    about = ""
    spools = False   # a body from stdin is put into a file, to know its length

    def __init__(self, plan):
        self.plan = plan
        self.failure = b"125" if plan.command == "run" else b"1"
        self.fail = b"failed=1" if plan.goes_on else b"exit " + self.failure
        self.descriptors = {}     # a background step → the descriptor from which its answer is read
        self.show = b"frames"     # the function that shows a stream
        self.stdin = any(step.reads_stdin for step in plan.steps)

    def before(self, step):
        """The lines before the one that sends."""
        return []

    def filled(self, name, step, **values):
        """The lines of SHELL_STEPS[name] for `step`."""
        not_found, not_executable = [
            "|".join("*'%s'*" % phrase for phrase in table).encode("ascii")
            for table in (NOT_FOUND_WORDS, NOT_EXECUTABLE_WORDS)]
        variable = next((one.variable for one in self.plan.steps if one.missing), None) or step.variable or ""
        return shell_lines(name, dict(
            values, BODY=self.body(step), QUIET=self.quiet(step), SHOW=self.show, FAILURE=self.failure,
            WHOLE=self.whole(step, step.reads_stdin), FAIL=self.fail, FAIL_SAID=self.after_failure(self.fail),
            EXIT=self.after_failure(b"exit " + self.failure), NO_SUCH_IMAGE=SHELL_NO_SUCH_IMAGE,
            TAKE_ID=SHELL_TAKE_ID, VARIABLE=variable.encode("ascii"), TAKE_STATUS=take_status(step),
            NOT_FOUND=not_found, NOT_EXECUTABLE=not_executable))

    def script(self):
        lines = []
        for at, (kind, step) in enumerate(self.plan.events):
            if kind == "begin":
                lines += [b""] if not step.only_if_missing else []
                lines += self.begin(step, self.print_lines(self.plan.printed_after(at)))
            elif kind == "end" and step.background:
                lines += self.end_of_background(step) + self.print_lines(self.plan.printed_after(at))
        if self.plan.goes_on:
            lines.append(b"exit $failed")
        if any(step.outcome == "status" and step.background for step in self.plan.steps):
            lines.append(b'exit_with "${ended:-%s}"' % self.failure)
        return b"\n".join(self.opening(lines) + lines) + b"\n"

    def opening(self, rest):
        """The lines before the first step; `rest` (list of bytes) are those that follow."""
        plan = self.plan
        lines = ["#!/bin/sh"] + opening_comments(plan, self.about.strip().split("\n"))
        lines += [': "${%s:?put it into this variable}"' % name for name in secret_variables(plan)]
        code = re.sub(rb"(?m)\\'|'[^']*'|(?:^| )#.*", b"", b"\n".join(rest))
        for names, text in SHELL_FUNCTIONS:
            if re.search(rb"\b(?:%s)\b" % names.encode("ascii"), code):
                lines += text.strip("\n").split("\n")
        if plan.has_background or self.spools and any(step.body_source == "-" for step in plan.steps):
            unblock = ': 1<>"$dir/stdin"; ' * self.stdin
            lines += ["dir=$(mktemp -d) || exit", "jobs=",
                      "trap '%skill $jobs 2>/dev/null; rm -rf \"$dir\"' EXIT" % unblock,
                      "trap 'exit 130' INT TERM"]
            lines += ['mkfifo "$dir/stdin"',
                      "exec 9<&0   # what runs in the background has no other stdin"] * self.stdin
        if plan.goes_on:
            lines.append("failed=0")
        encoded = [line.encode("utf-8", "surrogateescape") for line in lines]
        return encoded + self.print_lines(plan.printed_after(-1))

    def print_lines(self, printed):
        return [printf_command(self.plan.pieces(printed))] if printed else []

    def begin(self, step, printing):
        comment = b"  " * step.only_if_missing + step_comment(step).encode("utf-8", "surrogateescape")
        lines, kind, values = [comment] + self.before(step), step.kind, {}
        if kind == "background":
            self.descriptors[step] = b"%d" % (3 + len(self.descriptors))
            values = {"FIFO": b'"$dir/%d"' % step.number, "DESCRIPTOR": self.descriptors[step]}
        elif kind == "nothing" and printing and self.plan.goes_on:
            kind, values, printing = "nothing, said", {"SAY": printing[0]}, []
        lines += self.filled(kind, step, **values)
        if kind == "id" and step.variable is not None and self.plan.is_sent(step.variable):
            lines += self.filled("taken id", step)
            if step.name == "container_inspect" and self.plan.has_frames:
                self.show = b'"$show"'
                lines += self.filled("terminal", step)
        return lines + printing

    def end_of_background(self, step):
        descriptor = self.descriptors[step]
        if step.outcome == "status" and self.stdin:
            return [b'wait $waiter; ended=$(cat "$dir/ended")']
        if step.outcome == "status":
            return [b"ended=$(" + take_status(step) + b" <&" + descriptor + b")"]
        return self.copy_stdin(step) + [self.show + b" <&" + descriptor + b" || exit 1"]

    def copy_stdin(self, step):
        if not step.reads_stdin:
            return []
        lines = [b'cat <&9 >"$dir/stdin" &', b'stdin=$! jobs="$jobs $!"']
        if len(self.descriptors) != 2:
            return [b"# It ends when the command and stdin have: "
                    b"nc does not show that the engine half-closed."] + lines
        # The engine half-closes when the container has ended, and nc then waits for the end of stdin.
        wait = next(one for one in self.descriptors if one.outcome == "status")
        return lines + [b'{ %s <&%s >"$dir/ended"; kill $stdin 2>/dev/null; } &   '
                        b'# stdin may go on when the container has ended'
                        % (take_status(wait), self.descriptors[wait]), b"waiter=$!"]


class NetcatScript(ShellScript):
    """Sends with `printf … | nc -U SOCK`."""

    spools = True

    about = """
The requests as printf and OpenBSD's nc send them, in HTTP/1.0: the engine closes after its answer and sends
no chunks. (No -N, for an engine takes a half-close for a client that has gone; only where stdin goes into a
stream it is in place.) An answer that is cut looks like one that has ended; rawdock itself tells them
apart."""

    def whole(self, step, stdin=False):
        send = printf_command(self.plan.http10_pieces(step))
        if step.body_source is not None:
            file = b'"$dir/body"' if step.body_source == "-" else shell_path(step.body_source)
            send = b"{ %s; cat <%s; }" % (send, file)
        elif stdin:
            send = b'{ %s; cat "$dir/stdin"; }' % send
        address = self.plan.address
        # After stdin a half-close (-N) is right: the container learns of its end so.
        if address.scheme == "unix":
            place = b"-U " + shell_path(address.path)
        else:
            place = shell_word(address.host) + b" %d" % address.port
        return send + b" | nc " + (b"-N " if stdin else b"") + place

    def before(self, step):
        """The lines that put the length of a body that is not in the request into $size."""
        if step.body_source is None:
            return []
        if step.body_source == "-":
            return [b'cat >"$dir/body"', b'size=$(($(wc -c <"$dir/body")))']
        return [b"size=$(wc -c <%s) || exit" % shell_path(step.body_source), b"size=$((size))"]

    def body(self, step):
        return self.whole(step) + b" | through cat"

    quiet = body

    def after_failure(self, then):
        return then


class CurlScript(ShellScript):
    """Sends with `curl --unix-socket SOCK …`."""

    about = """
The requests as curl sends them (it adds a User-Agent and an Accept of its own; --fail-with-body needs 7.76).
Streams are asked for without an upgrade, which curl would not follow: the engine answers 200 and the
stream."""

    def __init__(self, plan):
        ShellScript.__init__(self, plan)
        if any(step.reads_stdin for step in plan.steps):
            raise UsageError("--dry-run=curl: curl cannot send stdin into a container's stream",
                             "leave -i out, or write --dry-run=nc")

    def curl(self, step, flags):
        address, plan = self.plan.address, self.plan
        words = [b"curl", flags]
        if address.scheme == "unix":
            words += [b"--unix-socket", shell_path(address.path)]
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
        left_to_curl = [b"content-length", b"transfer-encoding"] + [b"connection", b"upgrade"] * step.hijack
        for name, field in zip(names, fields):
            if name not in left_to_curl and field != b"Host: docker":
                if not field.partition(b":")[2].strip():
                    field = field.partition(b":")[0] + b";"   # so curl is given a field without a value
                words += [b"-H", shell_pieces(plan.pieces(field))]
        if has_body and b"content-type" not in names:
            words += [b"-H", b"Content-Type:"]
        if step.body_source is not None:
            file = b"-" if step.body_source == "-" else shell_path(step.body_source)
            words += [b"-H", b"Expect:", b"-g", b"-T", file]
        elif body:
            if len(body) > 1024:
                words += [b"-H", b"Expect:"]
            words += [b"--data-raw" if body.startswith(b"@") else b"-d", shell_pieces(plan.pieces(body))]
        target = line.split(b" ")[1]
        place = "http://docker"
        if address.scheme == "tcp":
            host = "[%s]" % address.host if ":" in address.host else address.host
            place = "http://%s:%d" % (host, address.port)
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

    def after_failure(self, then):
        return b"{ printf '%s\\n' \"$answer\" >&2; " + then + b"; }"


def print_nc(plan):
    """The plan as a script for sh with nc (bytes)."""
    must_reach_engine(plan, "nc")
    return NetcatScript(plan).script()


def print_curl(plan):
    """The plan as a script for sh with curl (bytes)."""
    must_reach_engine(plan, "curl")
    return CurlScript(plan).script()
