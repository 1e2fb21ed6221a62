"""A plan as raw HTTP, and what all forms have in common: comments, secrets, words of a shell.

print_http() gives the bytes on the wire, with their CRLFs, and comment lines between the requests. A secret
in a head becomes a variable, here and in the scripts. In comments, characters that a terminal would act on
are spelled out.
"""
import re

from ...cli.printable import printable_text
from ...errors import UsageError
from ..record.masking import masked_text, masked_words


def shell_word(text):
    """`text` (str or bytes) as one word for sh (str), in quotes only if it needs them."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    if re.fullmatch("[A-Za-z0-9_@%+:,./-][A-Za-z0-9_@%+=:,./-]*", text):
        return text
    return "'" + text.replace("'", "'\\''") + "'"


def command_comment(plan):
    """The planned command line as a comment (str), with its secrets masked."""
    words = ["rawdock"] + plan.command.split() + plan.words
    masked = masked_words([word.encode("utf-8", "surrogateescape") for word in words])
    return "# " + printable_text(" ".join(map(shell_word, masked)))


def step_comment(step):
    """A comment that names a step: "# 2. image_create: pull an image (fromImage), …"."""
    help = ": " + step.endpoint.help if step.endpoint is not None else ""
    if step.repeats_create:
        help = ", once more"
    condition = "only if step 1 answers 404, no such image: " if step.only_if_missing else ""
    taken = "; taken for granted here: that it " + step.taken_for_granted if step.taken_for_granted else ""
    name = printable_text(masked_text(step.name.encode("utf-8", "surrogateescape")))
    return "# %d. %s%s%s%s" % (step.number, condition, name, help, taken)


# The outcome of a step → what its answer is.
ANSWER_WORDS = {
    "id": "the Id in it is $%s from here on",
    "status": "the exit status, StatusCode",
    "removal": "200 once the engine has removed the container (--rm), or 404, it is gone already",
    "frames": "stdout and stderr in frames, until the engine closes",
}


def http_comments(plan, step):
    """Comment lines (list of str): what a step is, and what the command does with its answer."""
    text = ANSWER_WORDS.get(step.outcome, "")
    if plan.has_terminal:
        text = text.replace("stdout and stderr in frames", "the terminal's output as it is")
    if step.missing:
        text = "201, and its Id is $%s from here on; or 404, no such image, and steps 2 and 3 follow"
    if "%s" in text:
        text = text % step.variable if step.variable is not None and plan.is_sent(step.variable) else ""
    if step.name == "exec_inspect":
        text = text.replace("StatusCode", "ExitCode")
    if step.background:
        text += "; its head comes at once, and the next steps do not wait for the rest"
    if step.reads_stdin:
        text += "; our stdin goes the other way"
    elif step.half_closed:
        text += "; our side is half-closed: no stdin"
    return [step_comment(step)] + (["#    its answer: " + text] if text else [])


def secret_variables(plan):
    """The names (sorted list of str) of the variables for secrets in a plan."""
    return sorted({name for name, _, _ in plan.secret_values()})


def opening_comments(plan, about, is_script=True):
    """The first comment lines (list of str): the command, `about` (list of str), and the secrets it needs."""
    lines = [command_comment(plan)] + ["# " + line for line in about]
    prefix = b"[A-Z]+ " + re.escape(plan.address.base.encode("ascii")) + rb"/v[0-9.]+/"
    if not any(re.match(prefix, step.request) for step in plan.steps):
        lines.append("# Paths without /v1.41 or the like: the engine uses its newest version. "
                     "A real run sends GET /_ping first, and names the version.")
    if plan.shows_json and is_script:
        lines.append("# Printed is the JSON that the engine answers; "
                     "the command itself prints it as lines for people.")
    if plan.answer_file is not None:
        verb = "extracts the answer in" if plan.command == "cp" else "writes the answer to"
        lines.append("# The command itself %s %s." % (verb, printable_text(plan.answer_file)))
    return lines + ["# %s: the secret of the command line, which is not repeated here" % name
                    for name in secret_variables(plan)]


def require_script(plan, form, sends_files):
    """UsageError if a script of the form `form` (str) could not do what the plan does.

    `sends_files`: whether it can have a body that comes from stdin or a file.
    """
    if not sends_files and any(step.body_source is not None for step in plan.steps):
        raise UsageError("--dry-run=%s: a body from stdin or a file has no place in this form" % form,
                         "write --dry-run=curl")
    if any(step.reads_stdin for step in plan.steps):
        raise UsageError("--dry-run=%s: no script sends stdin into a container's stream" % form,
                         "leave -i out, or write --dry-run=http")
    if plan.address.scheme == "practice":
        raise UsageError("--dry-run=%s: the practice engine inside rawdock has no socket to name" % form,
                         "start one with rawdock practice --listen /tmp/practice.sock "
                         "and give -H unix:///tmp/practice.sock")
    if plan.address.scheme not in ("unix", "tcp"):
        raise UsageError("--dry-run=%s: %s:// is not reached so" % (form, plan.address.scheme),
                         "forward the socket (ssh -L) and give -H unix://…")
    if plan.address.tls and form != "curl":
        raise UsageError("--dry-run=%s: this form cannot encrypt, and %s asks for TLS"
                         % (form, plan.address.tls.origin), "write --dry-run=curl")


HTTP_ABOUT = ["What follows is sent byte for byte, except these comments and the newline after a body. Each",
              "request has a connection of its own, or follows one whose answer has been read to its end."]


def print_http(plan):
    """The plan as the bytes on the wire, with comment lines between the requests."""
    lines = opening_comments(plan, HTTP_ABOUT, False)
    out = []
    for kind, step in plan.events:
        if kind == "begin":
            out += comment_lines(lines + ["#"] + http_comments(plan, step))
            request = b"".join(piece if isinstance(piece, bytes) else b"$" + piece.encode("ascii")
                               for piece in plan.pieces(step.request))
            out.append(request if request.endswith(b"\n") else request + b"\n")
            lines = body_comments(step)
    return b"".join(out + comment_lines(lines))


def comment_lines(lines):
    return [line.encode("utf-8", "replace") + b"\n" for line in lines]


def body_comments(step):
    """Comment lines (list of str) for a body of which the plan has no bytes."""
    if step.body_source is None:
        return []
    framing = "in chunks" if b"chunked" in step.request.partition(b"\r\n\r\n")[0] else "as it is"
    source = "stdin" if step.body_source == "-" else printable_text(step.body_source)
    source = "a tar of " * step.body_is_archive + source
    return ["# (the body: %s, %s)" % (source, framing)]
