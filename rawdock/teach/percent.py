"""The percent-encoding of request targets, read (RFC 3986 §2.1); engine/endpoints writes it."""
import re


def percent_decode(text, plus_is_space=True):
    """Part of a target (str, latin-1) → the str of UTF-8 that it spells. What is no escape stays as it is.

    `plus_is_space`: as engines read a query; a path keeps its "+".
    """
    text = text.replace("+", " ") if plus_is_space else text
    data = re.sub(b"%([0-9A-Fa-f]{2})", lambda found: bytes((int(found.group(1), 16),)),
                  text.encode("latin-1", "replace"))
    return data.decode("utf-8", "replace")
