"""A plan as raw HTTP, and what the texts of all forms have in common: comments, secrets, words of a shell.

print_http() gives the bytes on the wire, CRLFs and all, with comment lines between the requests. A secret in a
head becomes a variable, here and in the scripts; what a terminal would act on is spelled out in comments.
"""
import re

from ...errors import UsageError, printable_text
from ..record.masking import masked_text, masked_words


def shell_word(text):
    """str (or bytes) → bytes of one word for sh, without quotes where it needs none."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
    if re.fullmatch(rb"[A-Za-z0-9_@%+:,./-][A-Za-z0-9_@%+=:,./-]*", data):
        return data
    return b"'" + data.replace(b"'", b"'\\''") + b"'"


def command_comment(plan):
    """The command line that is planned, as a comment, its secrets masked."""
    words = [word.encode("utf-8", "surrogateescape") for word in ["rawdock", plan.command] + plan.words]
    return "# " + printable_text(b" ".join(map(shell_word, masked_words(words))))


def step_comment(step):
    """What a step is: "# 2. image_create: pull an image (fromImage), …"."""
    help = ": " + step.endpoint.help if step.endpoint is not None else ""
    if step.repeats_create:
        help = ", once more"
    condition = "only if step 1 answers 404, no such image: " if step.only_if_missing else ""
    taken = "; taken for granted here: that it " + step.taken_for_granted if step.taken_for_granted else ""
    name = printable_text(masked_text(step.name.encode("utf-8", "surrogateescape")))
    return "# %d. %s%s%s%s" % (step.number, condition, name, help, taken)


def http_comments(plan, step):
    """What a step is, and what the command does with its answer."""
    text = ""
    if step.missing:
        text = "its answer: 201, and its Id is $%s from here on; or 404, no such image, and steps 2 and 3 follow" % step.variable
    elif step.outcome == "id" and step.variable is not None and plan.is_sent(step.variable):
        text = "its answer: the Id in it is $%s from here on" % step.variable
    elif step.outcome == "status":
        text = "its answer: the exit status, %s" % ("ExitCode" if step.name == "exec_inspect"
                                                    else "StatusCode")
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
    return ["# %s: the secret of the command line, which is not repeated here" % name
            for name in secret_variables(plan)]


def json_comments(plan):
    if plan.shows_json:
        return ["# Printed is the JSON that the engine answers; the command itself makes lines for people of it."]
    return []


def prefix_comments(plan):
    if any(re.match(b"[A-Z]+ " + re.escape(plan.address.base.encode("ascii")) + rb"/v[0-9.]+/", step.request)
           for step in plan.steps):
        return []
    return ["# Paths without /v1.41 or the like: the engine speaks its newest version. A real run asks first (GET /_ping) and says it."]


def must_reach_engine(plan, form):
    """UsageError if the engine cannot be reached by what `form` writes."""
    if plan.address.scheme == "practice":
        raise UsageError("--dry-run=%s: the practice engine inside rawdock has no socket to name" % form,
                         "start one with rawdock practice --listen /tmp/practice.sock and give -H unix:///tmp/practice.sock")
    if plan.address.scheme not in ("unix", "tcp"):
        raise UsageError("--dry-run=%s: %s:// is not reached so" % (form, plan.address.scheme),
                         "forward the socket (ssh -L) and give -H unix://…")


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
            out.append("".join(line + "\n"
                               for line in lines + ["#"] + http_comments(plan, step)).encode("utf-8",
                                                                                             "replace"))
            request = shown_pieces(plan.pieces(step.request))
            out.append(request if request.endswith(b"\n") else request + b"\n")
            lines = body_comments(step)
    return b"".join(out + [line.encode("utf-8", "replace") + b"\n" for line in lines])


def body_comments(step):
    if step.body_source is None:
        return []
    framing = "in chunks" if b"chunked" in step.request.partition(b"\r\n\r\n")[0] else "as it is"
    return ["# (the body: %s, %s)"
            % ("stdin" if step.body_source == "-" else printable_text(step.body_source), framing)]
