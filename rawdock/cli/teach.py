"""The commands that show what bytes mean: explain."""
import json

from ..errors import ProtocolError, TruncatedError, UsageError
from ..teach.explain import explain_messages
from .flags import Command, command_table

EXPLAIN_FLAGS = """
--json  bool  a JSON object a line, one for each message
--role  text  ROLE  what was captured: response, request, or auto (the default: the first bytes tell)
--for   text  METHOD  the method that the captured responses answer (a HEAD's answer has no body)
"""

CAPTURE_BYTES = 65536


def read_capture(name):
    """Pieces of the file `name`, or of stdin for None and "-"."""
    try:
        file = open(0, "rb", buffering=0, closefd=False) if name in (None, "-") else open(name, "rb", buffering=0)
    except OSError as error:
        raise UsageError("%s: %s" % (name, error.strerror), "give a file of captured bytes, or pipe them in")
    with file:
        while True:
            piece = file.read(CAPTURE_BYTES)
            if not piece:
                return
            yield piece


def do_explain(console, options, arguments):
    role = options["role"] or "auto"
    if role not in ("auto", "response", "request"):
        raise UsageError("--role %s: not one of response, request, auto" % role)
    if not options["json"]:
        raise UsageError("explain has one form in this version", "add --json")
    try:
        for facts in explain_messages(read_capture(arguments[0] if arguments else None), role, options["for"] or "GET"):
            console.out.line(json.dumps(facts))
    except TruncatedError:
        return 3
    except ProtocolError as error:
        console.out.line(json.dumps({"error": str(error), "rule": error.rule, "offset": error.offset}))
        return 1
    return 0


TEACH_COMMANDS = command_table(
    Command("explain", do_explain, "[FILE]", "what the bytes of a captured exchange are", EXPLAIN_FLAGS, most=1),
)
