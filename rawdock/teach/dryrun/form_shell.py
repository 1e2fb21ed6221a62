"""A plan as a script for sh, with `printf … | nc -U` or curl.

Strategy: the script walks the plan's events in their order. The two forms share all but the line that sends. A
step that is under way while others begin writes to a FIFO: its head is read from there at once, so that the
engine is known to have accepted it, and the rest where the command reads it.

Promises: `sh` gives printf exactly the planned bytes, whatever the arguments. The scripts use POSIX sh, mktemp,
nc or curl, sed, od and dd. They print what the engine says where the command would make a table of it, and take
stdout and stderr apart where the command would. `run` and `exec` end with the container's status.

Left out, and the scripts say so: nc is given HTTP/1.0, in which an answer that was cut looks like one that ended;
no signal is passed on; curl cannot send stdin into a stream.
"""
import re

from ...engine.run import NOT_EXECUTABLE_WORDS, NOT_FOUND_WORDS
from ...errors import UsageError
from .form_http import (command_comment, json_comments, must_reach_engine, prefix_comments,
                           secret_comments,
                           secret_variables, shell_word, step_comment)


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
        return self.whole(step) + b" | through " + (b'"$show"' if function == "frames"
                                                    and self.show != "frames" else function.encode("ascii"))

    def script(self):
        lines = []
        for at, (kind, step) in enumerate(self.plan.events):
            if kind == "begin":
                lines += ([b""] if not step.only_if_missing else []) + self.begin(step,
                                                                                  self.plan.printed_after(at))
            elif kind == "end" and step.background:
                lines += self.end_of_background(step) + self.print_lines(self.plan.printed_after(at))
        if self.goes_on:
            lines.append(b"exit $failed")
        if any(step.outcome == "status" and step.background for step in self.plan.steps):
            lines.append(b'exit "${ended:-%s}"' % self.failure)
        return b"\n".join(self.opening() + lines) + b"\n"

    def opening(self):
        plan = self.plan
        lines = ["#!/bin/sh",
                 command_comment(plan)] + ["# " + line
                                           for line in self.about.strip().split("\n")] + prefix_comments(plan)
        lines += json_comments(plan) + secret_comments(plan) + [': "${%s:?put it into this variable}"' % name
                                                                for name in secret_variables(plan)]
        for name, text in SHELL_FUNCTIONS:
            if name in self.functions:
                lines += text.strip("\n").split("\n")
        if plan.has_background or self.spools and any(step.body_source == "-" for step in plan.steps):
            stdin = any(step.reads_stdin for step in plan.steps)
            lines += ["dir=$(mktemp -d) || exit", "jobs=",
                      "trap '%skill $jobs 2>/dev/null; rm -rf \"$dir\"' EXIT"
                      % (': 1<>"$dir/stdin"; ' if stdin else ""), "trap 'exit 130' INT TERM"]
            if stdin:
                lines += ['mkfifo "$dir/stdin"',
                          "exec 9<&0   # what runs in the background has no other stdin"]
        if self.goes_on:
            lines.append("failed=0")
        return [line.encode("utf-8", "surrogateescape")
                for line in lines] + self.print_lines(plan.printed_after(-1))

    def print_lines(self, printed):
        return [printf_command(self.plan.pieces(printed))] if printed else []

    def begin(self, step, printed):
        comment = step_comment(step).encode("utf-8", "surrogateescape")
        if step.background:
            return [comment] + self.begin_background(step)
        if step.missing:
            return [comment, b"create() {", b"  " + self.body(step) + b" 2>&1", b"}",
                    b"created=$(create) || {",
                    b"  case $created in %s) ;; *) printf '%%s\\n' \"$created\" >&2; exit %s ;; esac"
                    % (SHELL_NO_SUCH_IMAGE, self.failure)]
        if step.only_if_missing and step.outcome == "messages":
            return [b"  " + comment, b"  " + self.through(step, "messages") + b" >&2 || exit " + self.failure]
        if step.only_if_missing:
            creator = next(one for one in self.plan.steps if one.missing)
            return ([b"  " + comment,
                     b"  created=$(create) || { printf '%%s\\n' \"$created\" >&2; exit %s; }" % self.failure,
                     b"}",
                     creator.variable.encode("ascii") + b"=$(printf '%s\\n' \"$created\" | " + SHELL_TAKE_ID
                     + b")"] + self.print_lines(printed))
        return [comment] + self.before(step) + self.foreground(step, printed)

    def foreground(self, step, printed):
        fail = b"failed=1" if self.goes_on else b"exit " + self.failure
        failure = b" || " + fail
        if step.outcome == "id":
            lines = [b"answer=$(" + self.body(step) + b") || " + self.told(b"exit " + self.failure)]
            if step.variable is None or not self.plan.is_sent(step.variable):
                return lines
            lines.append(step.variable.encode("ascii") + b"=$(printf '%s\\n' \"$answer\" | " + SHELL_TAKE_ID
                         + b")")
            if step.name == "container_inspect" and self.plan.has_frames:
                self.show = "show"
                lines.append(b"""case $answer in *'"Tty":true'*) show=cat ;; *) show=frames ;; esac   # a terminal's stream has no frames""")
            return lines + self.print_lines(printed)
        if step.outcome == "status" and step.name == "exec_inspect":
            return [b"for pause in 0 1 1 1; do   # the engine may need a moment", b"  sleep $pause",
                    b"  ended=$(" + self.body(step) + b" | " + take_status(step) + b")",
                    b'  [ -z "$ended" ] || exit "$ended"', b"done", b"exit " + self.failure]
        if step.outcome == "status":
            return [b"answer=$(" + self.body(step) + b") && printf '%s\\n' \"$answer\" | " + take_status(step)
                    + b" || " + self.told(fail)]
        if step.outcome == "removal":
            return [self.body(step) + b" >/dev/null 2>&1   # 404: it is removed already"]
        if step.outcome in ("frames", "messages"):
            return [self.through(step, step.outcome) + failure] + self.print_lines(printed)
        if step.outcome == "head":
            return [self.whole(step)]
        if step.outcome == "body":
            return [self.body(step) + failure]
        if step.name == "container_start" and self.plan.command == "run":
            patterns = [("|".join("*'%s'*" % words for words in table)).encode("ascii")
                        for table in (NOT_FOUND_WORDS, NOT_EXECUTABLE_WORDS)]
            return [b"answer=$(" + self.body(step) + b" 2>&1) || {", b"  printf '%s\\n' \"$answer\" >&2",
                    b"  case $answer in %s) exit 127 ;; %s) exit 126 ;; *) exit 125 ;; esac"
                    % tuple(patterns), b"}"] + self.print_lines(printed)
        if self.goes_on and printed:
            return [self.quiet(step) + b" && " + self.print_lines(printed)[0] + failure]
        return [self.quiet(step) + failure] + self.print_lines(printed)

    def begin_background(self, step):
        self.functions.add("through")
        self.descriptors[step] = descriptor = b"%d" % (3 + len(self.descriptors))
        fifo = b'"$dir/%d"' % step.number
        return [b"mkfifo " + fifo, self.whole(step, step.reads_stdin) + b" >" + fifo + b" &",
                b'jobs="$jobs $!"',
                b"exec %s<%s" % (descriptor, fifo),
                b"read_head <&%s || { cat <&%s >&2; exit %s; }" % (descriptor, descriptor, self.failure)]

    def end_of_background(self, step):
        descriptor = self.descriptors[step]
        if step.outcome == "status":
            take = take_status(step) + b" <&" + descriptor
            return [b'wait $waiter; ended=$(cat "$dir/ended")'
                    if any(one.reads_stdin for one in self.plan.steps) else b"ended=$(" + take + b")"]
        self.functions.add("frames")
        stdin = [b'cat <&9 >"$dir/stdin" &', b'stdin=$! jobs="$jobs $!"'] if step.reads_stdin else []
        if stdin and len(self.descriptors) == 2:
            # The engine half-closes when the container has ended, and nc then waits for the end of stdin.
            wait = next(one for one in self.descriptors if one.outcome == "status")
            stdin += [b'{ %s <&%s >"$dir/ended"; kill $stdin 2>/dev/null; } &   # stdin may go on when the container has ended'
                      % (take_status(wait), self.descriptors[wait]), b"waiter=$!"]
        elif stdin:
            stdin.insert(0, b"# It ends when the command and stdin have: nc does not tell that the engine has half-closed.")
        return stdin + [(b'"$show"' if self.show != "frames" else b"frames") + b" <&" + descriptor
                        + b" || exit 1"]


def take_status(step):
    """The sed command that takes the exit status out of the answer to `step`."""
    return rb"""sed -n 's/.*"%s":\([0-9][0-9]*\).*/\1/p'""" % (b"ExitCode" if step.name == "exec_inspect"
                                                               else b"StatusCode")


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
            send = b"{ %s; cat <%s; }" % (send,
                                          b'"$dir/body"' if step.body_source == "-"
                                          else shell_path(step.body_source))
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
            raise UsageError("--dry-run=curl: curl cannot send stdin into a container's stream",
                             "leave -i out, or write --dry-run=nc")

    def curl(self, step, flags):
        address, plan = self.plan.address, self.plan
        words = [b"curl", flags] + ([b"--unix-socket", shell_path(address.path)] if address.scheme == "unix"
                                    else [])
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
            left_to_curl = (b"content-length",
                            b"transfer-encoding") + ((b"connection", b"upgrade") if step.hijack else ())
            if name not in left_to_curl and field != b"Host: docker":
                words += [b"-H", shell_pieces(plan.pieces(field if field.partition(b":")[2].strip()
                                                          else field.partition(b":")[0] + b";"))]
        if has_body and b"content-type" not in names:
            words += [b"-H", b"Content-Type:"]
        if step.body_source is not None:
            words += [b"-H", b"Expect:", b"-g", b"-T",
                      b"-" if step.body_source == "-" else shell_path(step.body_source)]
        elif body:
            if len(body) > 1024:
                words += [b"-H", b"Expect:"]
            words += [b"--data-raw" if body.startswith(b"@") else b"-d", shell_pieces(plan.pieces(body))]
        target = line.split(b" ")[1]
        place = "http://docker"
        if address.scheme == "tcp":
            place = "http://%s:%d" % ("[%s]" % address.host if ":" in address.host else address.host,
                                      address.port)
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
