"""The grammar of HTTP is in wire/, once: net/ and everything above search for no end of a head and match
no field line."""
import ast
import re

import pytest

from tests.house.sources import FILES, text_of

ABOVE = [name for name in FILES if not name.startswith(("errors.py", "wire/"))]

# What may not be searched for: an empty line; nor be in an expression: a field line.
EMPTY_LINE = re.compile(rb"(?:\r?\n|\\r\\n|\\r\?\\n){2}")
FIELD_LINE_EXPRESSION = re.compile(r"\(?(?:\\S|\[\^:[^]]*\])[+*]\)?:[ \\]")
SEARCHES = {"find", "rfind", "index", "rindex", "split", "rsplit", "partition", "rpartition", "search",
            "match", "fullmatch", "compile", "sub", "LazyPattern"}

# Not parsers of what came in: the dry run takes apart the bytes that this package itself has encoded, to
# print them.
OWN_BYTES = "teach/dryrun/"


def grammar_in(source):
    """The lines (int, from 1) of `source` where a string of HTTP's grammar is searched for or made an
    expression."""
    for node in ast.walk(ast.parse(source)):
        called = getattr(node, "func", None)
        if getattr(called, "attr", getattr(called, "id", "")) not in SEARCHES:
            continue
        for argument in ast.walk(ast.Tuple(elts=node.args)):
            # Before Python 3.8 a literal is a Str or a Bytes with `s`.
            literal = type(argument).__name__ in ("Constant", "Str", "Bytes")
            value = getattr(argument, "value", getattr(argument, "s", None)) if literal else None
            if isinstance(value, bytes) and EMPTY_LINE.search(value):
                yield node.lineno
            text = value.decode("latin-1") if isinstance(value, bytes) else value
            if isinstance(text, str) and FIELD_LINE_EXPRESSION.search(text):
                yield node.lineno


@pytest.mark.parametrize("name", [name for name in ABOVE if not name.startswith(OWN_BYTES)])
def test_above_the_wire_there_is_no_grammar(name):
    assert sorted(set(grammar_in(text_of(name)))) == []


@pytest.mark.parametrize("source, found", [
    ('data.find(b"\\r\\n\\r\\n")', True), ('data.split(b"\\n\\n", 1)', True),
    ('re.compile(r"(\\S+): (.*)")', True),
    ('re.compile("([^:]+): *(.*)\\r\\n")', True), ('LazyPattern(rb"\\r\\n\\r\\n")', True),
    ('data.partition(b"\\r\\n")', False), ('text.split("\\n\\n")', False),
    ('re.compile(rb"\\s*{\\s*\\"a\\"\\s*:")', False),
    ('data + b"\\r\\n\\r\\n"', False), ('text.find(": ")', False),
    ('reader.take_head(data, 0, heads)', False),
])
def test_what_counts_as_grammar(source, found):
    assert bool(list(grammar_in(source))) is found


@pytest.mark.parametrize("decider", ["response_framing", "request_framing", "stays_open", "walk_head",
                                     "match_section"])
def test_each_rule_is_one_function(decider):
    defined = [name for name in FILES if re.search(r"^def %s\(" % decider, text_of(name), re.MULTILINE)]
    assert len(defined) == 1 and defined[0].startswith("wire/")
