"""Whether a decoded answer has the shape that the Engine API defines, and the error for one that has not.

Fields are checked where their type decides what happens next. The command line reads the others where it
prints them, inside reject_malformed_answer().
"""
from ..errors import ProtocolError


def says_frames(headers):
    """Whether the Headers of an answer say that its content is in frames, as engines do since API 1.42."""
    return "multiplexed-stream" in headers.get("content-type", "").lower()


def malformed_answer(operation, seen, expected):
    """The ProtocolError for an answer to `operation` (its id) that has `seen` in place of `expected`.

    `seen` is bytes or any decoded value, the others are str.
    """
    data = seen if isinstance(seen, bytes) else repr(seen).encode("utf-8", "replace")
    return ProtocolError("Engine API, " + operation, 0, data, expected)


def answer_field(answer, operation, kinds, *names):
    """The value at the keys `names` in the decoded `answer` to `operation` (str); None for a missing key.

    `kinds` is the type, or tuple of types, that it may have; a bool does not count as an int. ProtocolError
    for another type, or for an answer of another shape.
    """
    found = answer
    for name in names:
        if not isinstance(found, dict):
            break
        found = found.get(name)
    else:
        kinds = kinds if isinstance(kinds, tuple) else (kinds,)
        if isinstance(found, kinds) and (not isinstance(found, bool) or bool in kinds):
            return found
    raise malformed_answer(operation, answer, "an object" + (" that has " + ".".join(names) if names else ""))


def answer_objects(answer, operation, *needed):
    """`answer` if it is a list of objects with a text under each name of `needed`, [] for null.

    ProtocolError for anything else.
    """
    if not isinstance(answer, (list, type(None))):
        raise malformed_answer(operation, answer, "a list")
    for one in answer or ():
        answer_field(one, operation, dict)
        for name in needed:
            answer_field(one, operation, str, name)
    return answer or []
