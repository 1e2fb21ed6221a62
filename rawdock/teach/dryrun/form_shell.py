"""A plan as a script for sh, with `printf … | nc -U` or curl.

Strategy: the two forms share all but the line that sends. A step that is under way while others begin writes
to a FIFO: its head is read from there at once, so that the engine is known to have accepted it, and the rest
where the command reads it.

Promises: `sh` gives printf exactly the planned bytes, whatever the arguments. The scripts use POSIX sh,
mktemp, nc or curl, sed, od and dd. They print what the engine says where the command would make a table of
it, and take stdout and stderr apart where the command would. `run` and `exec` end with the container's
status.

Left out, and the scripts say so: nc is given HTTP/1.0, in which an answer that was cut looks like one that
ended; the first refusal ends the script; no signal is passed on; no stdin is sent into a container's stream.
"""
import re

from ...engine.archives import split_path
from ...cli.lifecycle import NOT_EXECUTABLE_WORDS, NOT_FOUND_WORDS
from .form_http import shell_word
from .form_script import PlanScript


def shell_path(path):
    """`path` as a word for sh that no command takes for a flag."""
    return shell_word("./" + path if path.startswith("-") else path)


def shell_pieces(pieces):
    """Pieces (bytes, and str for variables) → one word for sh (str)."""
    if not any(isinstance(piece, str) for piece in pieces):
        return shell_word(b"".join(pieces))
    return '"%s"' % "".join(
        "${%s}" % piece if isinstance(piece, str)
        else re.sub(rb'[\\$"`]', rb"\\\g<0>", piece).decode("utf-8", "surrogateescape") for piece in pieces)


PRINTF_ESCAPES = {b"\\": b"\\\\", b"%": b"%%", b"\r": b"\\r", b"\n": b"\\n", b"'": b"'\\''"}


def printf_text(data):
    """The format, between single quotes, with which printf prints `data` (bytes without NUL)."""
    return re.sub(rb"[^ -~]|[\\%']",
                  lambda match: PRINTF_ESCAPES.get(match.group()) or b"\\%03o" % match.group()[0],
                  data).decode("ascii")


def printf_command(pieces):
    """Pieces (bytes, and str for variables) → the sh command (str) that prints them."""
    text = "".join("%s" if isinstance(piece, str) else printf_text(piece) for piece in pieces)
    variables = [' "$%s"' % piece for piece in pieces if isinstance(piece, str)]
    return "printf '" + text + "'" + "".join(variables)


# The functions of a script: (pattern of their names, text). A script has those that it calls.
SHELL_FUNCTIONS = (
    ("(?:through|read_head)", r"""
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
SHELL_TAKE_ID = r"""sed -n 's/^{"Id":"\([0-9a-f]*\)".*/\1/p'"""
# The number at StatusCode or ExitCode:
SHELL_TAKE_STATUS = r"""sed -n 's/.*"[SE][a-z]*Code":\(-\{0,1\}[0-9][0-9]*\).*/\1/p'"""
SHELL_EXIT = r"""{ [ -z "$answer" ] || printf '%s\n' "$answer" >&2; exit FAILURE; }"""
SHELL_NO_SUCH_IMAGE = """*[Nn]"o such image"*|*"mage not known"*|*"mage with reference"*"""

# The template of each kind of step. WHOLE sends it and prints the answer with its head; BODY prints the body
# and fails if it is a refusal, whose body may be on stdout or on stderr.
SHELL_STEPS = {
    "pull": "  WHOLE | through messages >&2 || exit FAILURE",
    "id": "answer=$(BODY) || " + SHELL_EXIT,
    "status": r"""answer=$(BODY) && printf '%s\n' "$answer" | TAKE_STATUS || """ + SHELL_EXIT,
    "removal": "BODY >/dev/null 2>&1   # 404: it is removed already",
    "frames": "WHOLE | through SHOW || exit FAILURE",
    "messages": "WHOLE | through messages || exit FAILURE",
    "head": "WHOLE",
    "body": "BODY || exit FAILURE",
    "nothing": "BODY >&2 || exit FAILURE",
    "missing": r"""
create() {
  BODY 2>&1
}
created=$(create) || {
  case $created in NO_SUCH_IMAGE) ;; *) printf '%s\n' "$created" >&2; exit FAILURE ;; esac
""",
    "create again": r"""
  created=$(create) || { printf '%s\n' "$created" >&2; exit FAILURE; }
}
VARIABLE=$(printf '%s\n' "$created" | TAKE_ID)
""",
    "taken id": r"""VARIABLE=$(printf '%s\n' "$answer" | TAKE_ID)""",
    "terminal": r"""
case $answer in *'"Tty":true'*) show=cat ;; *) show=frames ;; esac   # a terminal's stream has no frames
""",
    "ended exec": r"""
for pause in 0 1 1 1; do   # the engine may need a moment
  sleep $pause
  ended=$(BODY | TAKE_STATUS)
  [ -z "$ended" ] || exit_with "$ended"
done
exit FAILURE
""",
    "start of run": r"""
answer=$(BODY 2>&1) || {
  printf '%s\n' "$answer" >&2
  case $answer in NOT_FOUND) exit 127 ;; NOT_EXECUTABLE) exit 126 ;; *) exit 125 ;; esac
}
""",
    "background": r"""
mkfifo FIFO
WHOLE >FIFO &
jobs="$jobs $!"
exec DESCRIPTOR<FIFO
read_head <&DESCRIPTOR || { cat <&DESCRIPTOR >&2; exit FAILURE; }
""",
}


class ShellScript(PlanScript):
    """A plan as a script for sh: POSIX, and mktemp. Subclasses have the commands (str) that send a request:

        whole(step)   sends `step` and prints the answer with its head
        body(step)    sends `step` and prints the body of the answer; fails if it is a refusal
    """

    first_line, indent = "#!/bin/sh", "  "
    templates, functions = SHELL_STEPS, SHELL_FUNCTIONS

    def __init__(self, plan):
        PlanScript.__init__(self, plan)
        self.descriptors = {}   # a background step → the descriptor from which its answer is read
        self.show = "cat" if plan.has_terminal else "frames"   # the function that shows a stream

    def values(self, step):
        not_found, not_executable = ["|".join("*'%s'*" % phrase for phrase in table)
                                     for table in (NOT_FOUND_WORDS, NOT_EXECUTABLE_WORDS)]
        found = dict(SHOW=self.show, FAILURE=self.failure, NO_SUCH_IMAGE=SHELL_NO_SUCH_IMAGE,
                     NOT_FOUND=not_found, NOT_EXECUTABLE=not_executable, TAKE_ID=SHELL_TAKE_ID,
                     TAKE_STATUS=SHELL_TAKE_STATUS)
        if step is not None:
            found.update(BODY=self.body(step), WHOLE=self.whole(step),
                         VARIABLE=self.created_variable or step.variable or "")
        return found

    def opening(self, lines):
        plan = self.plan
        opened = self.comments + [': "${%s:?put it into this variable}"' % name for name in self.secrets]
        opened += self.needed_functions(lines)
        if plan.has_background:
            opened += ["", "dir=$(mktemp -d) || exit", "jobs=",
                       "trap 'kill $jobs 2>/dev/null; rm -rf \"$dir\"' EXIT", "trap 'exit 130' INT TERM"]
        return opened + self.print_lines(plan.printed_after(-1))

    def closing(self):
        return ['exit_with "${ended:-%s}"' % self.failure] * self.plan.has_ended

    def print_lines(self, data):
        return [printf_command(self.plan.pieces(data))] if data else []

    def begin(self, step, printing):
        kind, values = step.kind, {}
        if kind == "background":
            self.descriptors[step] = str(3 + len(self.descriptors))
            values = {"FIFO": '"$dir/%d"' % step.number, "DESCRIPTOR": self.descriptors[step]}
        lines = self.filled(kind, step, **values)
        if kind == "id" and step.variable is not None and self.plan.is_sent(step.variable):
            lines += self.filled("taken id", step)
            if step.name == "container_inspect" and self.plan.has_frames:
                self.show = '"$show"'
                lines += self.filled("terminal", step)
        return lines + printing

    def end_of_background(self, step):
        if step.outcome == "status":
            return ["ended=$(%s <&%s)" % (SHELL_TAKE_STATUS, self.descriptors[step])]
        return ["%s <&%s || exit 1" % (self.show, self.descriptors[step])]


class NetcatScript(ShellScript):
    """Sends with `printf … | nc -U SOCK`."""

    form, sends_files = "nc", False
    about = [
        "The requests as printf and OpenBSD's nc send them, in HTTP/1.0: the engine closes after an answer,",
        "and sends no chunks. (No -N: an engine takes a half-close for a client that has gone.) An answer",
        "that is cut looks like one that has ended; rawdock itself sees the difference."]

    def whole(self, step):
        send = printf_command(self.plan.http10_pieces(step))
        address = self.plan.address
        if address.scheme == "unix":
            return "%s | nc -U %s" % (send, shell_path(address.path))
        return "%s | nc %s %d" % (send, shell_word(address.host), address.port)

    def body(self, step):
        return self.whole(step) + " | through cat"


class CurlScript(ShellScript):
    """Sends with `curl --unix-socket SOCK …`."""

    form = "curl"
    about = [
        "The requests as curl sends them (it adds a User-Agent and an Accept of its own; --fail-with-body",
        "needs 7.76). Streams are requested without an upgrade, which curl would not follow: the engine",
        "answers 200 and the stream."]

    def tls_flags(self, tls):
        """The flags of curl for TLSSettings."""
        paths = (("--cacert", tls.ca), ("--cert", tls.cert), ("--key", tls.key))
        flags = [word for flag, path in paths if path for word in (flag, shell_path(path))]
        return flags if tls.verify else flags + ["-k"]

    def curl(self, step, flags):
        address, place = self.plan.address, "http://docker"
        words = ["curl", flags]
        if step.body_is_archive:
            folder, name = split_path(step.body_source)
            words = ["tar", "-cf-", "-C", shell_path(folder), shell_path(name), "|"] + words
        if address.scheme == "unix":
            words += ["--unix-socket", shell_path(address.path)]
        else:
            host = "[%s]" % address.host if ":" in address.host else address.host
            place = "http%s://%s:%d" % ("s" * bool(address.tls), host, address.port)
            words += self.tls_flags(address.tls) if address.tls else []
        head, _, body = step.request.partition(b"\r\n\r\n")
        line, *fields = head.split(b"\r\n")
        has_body = bool(body) or step.body_source is not None
        words += ["-0"] * (step.version == "1.0")
        if step.method == "HEAD":
            words.append("--head")
        elif step.method != "GET" or has_body:
            words += ["-X", step.method]
        words += self.field_flags(step, fields, has_body)
        if step.body_source is not None:
            words += ["-H", "Expect:", "-g", "-T",
                      "-" if step.body_is_archive or step.body_source == "-"
                      else shell_path(step.body_source)]
        elif body:
            words += ["-H", "Expect:"] * (len(body) > 1024)
            words += ["--data-raw" if body.startswith(b"@") else "-d", shell_pieces(self.plan.pieces(body))]
        target = line.split(b" ")[1]
        pieces = self.plan.pieces(target)
        if re.fullmatch(rb"[A-Za-z0-9/?&=%._~:,@+-]*", target) and b"/." not in target:
            return " ".join(words + [shell_pieces([place.encode("utf-8")] + pieces)])
        return " ".join(words + ["--request-target", shell_pieces(pieces), place])

    def field_flags(self, step, fields, has_body):
        """The words that give curl the field lines `fields`, without those that it writes itself."""
        words, names = [], [field.partition(b":")[0].lower() for field in fields]
        left_to_curl = [b"content-length", b"transfer-encoding"] + [b"connection", b"upgrade"] * step.hijack
        for name, field in zip(names, fields):
            if name not in left_to_curl and field != b"Host: docker":
                if not field.partition(b":")[2].strip():
                    field = field.partition(b":")[0] + b";"   # how curl takes a field without a value
                words += ["-H", shell_pieces(self.plan.pieces(field))]
        return words + ["-H", "Content-Type:"] * (has_body and b"content-type" not in names)

    def whole(self, step):
        # -i would hold the head back until the first byte of the body.
        return self.curl(step, "-sSN -D -" if step.method != "HEAD" else "-sS")

    def body(self, step):
        return self.curl(step, "-sS --fail-with-body")
