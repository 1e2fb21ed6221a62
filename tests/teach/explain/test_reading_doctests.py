"""The examples in the docstrings that the README's reading path names: their output is what they show."""
import doctest
from importlib import import_module

import pytest

# The file, whose docstring, and the names that its example uses.
EXAMPLES = [
    ("wire.grammar", "LazyPattern", "TOKEN"), ("wire.message", "encode_request_head", ""),
    ("wire.chunked", "ChunkedReader", ""), ("wire.head", "parse_response_head", ""),
    ("wire.message", "Headers", ""), ("wire.framing", "response_framing", ""),
    ("wire.frames", "FrameReader", ""), ("wire.jsonstream", "MessageReader", ""),
    ("wire.protobuf", "ProtobufReader", ""), ("wire.protobuf", "decode_protobuf", ""),
    ("wire.exchange", "ResponseReader", ""), ("wire.exchange", "RequestReader", ""),
    ("net.address", "parse_address", ""), ("engine.endpoints", "find_endpoint", ""),
    ("engine.reference", "parse_reference", ""), ("engine.options", "container_request", ""),
]


@pytest.mark.parametrize("home, name, more", EXAMPLES, ids=["%s.%s" % row[:2] for row in EXAMPLES])
def test_the_example_of(home, name, more):
    module = import_module("rawdock." + home)
    names = {one: getattr(module, one) for one in [name] + more.split()}
    found = doctest.DocTestParser().get_doctest(getattr(module, name).__doc__, names, name, None, None)
    assert found.examples, "the docstring has no example"
    report = []
    doctest.DocTestRunner(optionflags=doctest.REPORT_NDIFF).run(found, out=report.append)
    assert report == [], "".join(report)
