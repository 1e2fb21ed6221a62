"""The fuzzer's corpus, replayed: what was once found or once seen on a wire keeps its promises.

A line of corpus/TARGET.txt is a name and an input, a Python literal. `tools/fuzz` has the
promises, and the reference parsers that they are held against; here each input is checked
by them thoroughly: cut at every place, every prefix, labels on and off.
"""
import os
import sys
import time

import pytest

from rawdock.errors import RawdockError
from rawdock.wire.exchange import ExchangeReader, ResponseReader
from rawdock.wire.message import Head
from tests.house.sources import load_tool

FUZZ = load_tool("fuzz")
TARGETS = {target.name: target for target in FUZZ.TARGETS}
CASES = [(target.name, name, case) for target in FUZZ.TARGETS for name, case in target.seeds()]


@pytest.mark.parametrize("target, name, case", CASES,
                         ids=["%s-%s" % (target, name) for target, name, _ in CASES])
def test_an_input_of_the_corpus(target, name, case):
    FUZZ.run_check(TARGETS[target], case, thorough=True)


def test_every_target_has_a_corpus_and_every_corpus_a_target():
    names = {name[:-4] for name in os.listdir(FUZZ.CORPUS)}
    assert names == set(TARGETS)
    assert all(target.seeds() for target in FUZZ.TARGETS)


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_what_a_target_generates_and_mutates_keeps_the_promises(target):
    numbers = FUZZ.random.Random(5)
    choices = FUZZ.Choices(bytes(bytearray([numbers.randrange(256) for _ in range(20000)])))
    pool = [case for _, case in TARGETS[target].seeds()]
    for _ in range(30):
        case = TARGETS[target].generate(choices)
        FUZZ.run_check(TARGETS[target], case)
        FUZZ.run_check(TARGETS[target], TARGETS[target].mutate(choices, case, choices.pick(pool)))


@pytest.mark.parametrize("target", ["responses", "requests", "response-head", "request-head", "chunked",
                                    "frames", "messages", "protobuf"])
def test_what_a_target_generates_is_mostly_well_formed(target):
    numbers = FUZZ.random.Random(6)
    choices = FUZZ.Choices(bytes(bytearray([numbers.randrange(256) for _ in range(20000)])))
    outcomes = [FUZZ.run_check(TARGETS[target], TARGETS[target].generate(choices)) for _ in range(40)]
    assert sum(outcome[0] in (None, "head") for outcome in outcomes) > 20, outcomes


@pytest.mark.parametrize("target, limits", [
    ("responses", ["a response head of at most  bytes"]), ("requests", ["a request head of at most  bytes"]),
    ("chunked", ["a chunk line of at most  bytes", "the trailer section of at most  bytes"])])
def test_what_a_target_generates_meets_the_limits_and_goes_beyond(target, limits):
    numbers = FUZZ.random.Random(8)
    choices = FUZZ.Choices(bytes(bytearray([numbers.randrange(256) for _ in range(1000000)])))
    refused, accepted = set(), 0
    while not choices.used_up():
        case = TARGETS[target].generate(choices)
        if len(repr(case)) > 1700:
            verdict = FUZZ.run_check(TARGETS[target], case)[0]
            accepted += verdict is None
            refused.add(verdict and verdict[2])
    assert accepted and refused.issuperset(limits + ["at most  field lines"])


# -- the promises can be broken: readers that break one each

class EndsEarly(ResponseReader):
    """Takes a stream that stops for one that has ended."""

    def feed_eof(self):
        try:
            return ResponseReader.feed_eof(self)
        except RawdockError:
            return []


class CountsCuts(ResponseReader):
    """Gives a head a reason that depends on how the bytes were cut."""

    fed = 0

    def feed(self, data):
        self.fed += 1
        events = ResponseReader.feed(self, data)
        return [Head(event.version, event.status, "fed %d" % self.fed, event.headers)
                if isinstance(event, Head) else event for event in events]


class Leaks(ResponseReader):
    """Lets an error of Python's own out."""

    def answered(self, head):
        return [][0]


class Mislabels(ResponseReader):
    """Leaves a byte out of the labels."""

    def __init__(self, method, hijack, labels):
        ResponseReader.__init__(self, method, hijack, labels, 1)


class Forgets(ResponseReader):
    """Reads on after it has refused."""

    def feed(self, data):
        self.error = None
        return ResponseReader.feed(self, data)


@pytest.mark.parametrize("reader, data, kind", [
    (EndsEarly, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "complete for one parser only"),
    (CountsCuts, b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "cuts change the result"),
    (Leaks, b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "IndexError in test_corpus.py:answered"),
    (Mislabels, b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "labels that do not touch"),
    (Forgets, b"HTTP/1.1 200 OK\rA: b\r\n\r\n", "an error is not kept"),
], ids=lambda value: getattr(value, "__name__", ""))
def test_a_reader_that_breaks_a_promise_is_found_out(reader, data, kind):
    assert issubclass(reader, ExchangeReader)

    class Broken(type(TARGETS["responses"])):
        def make(self, case, labels):
            return reader(case[0], case[1], labels)

    with pytest.raises(FUZZ.Finding) as found:
        FUZZ.run_check(Broken(), ("GET", False, data), thorough=True)
    assert found.value.kind == kind


def test_an_input_that_takes_too_long_is_found_out():
    class Drags(type(TARGETS["chunked"])):
        def check(self, case, rng, thorough):
            until = time.process_time() + (0.08 if case == b"slow" else 0)
            while time.process_time() < until:
                pass

    slowness = FUZZ.Slowness()
    for _ in range(500):
        slowness.note(Drags(), b"fast", 0.0001)
    slowness.note(Drags(), b"fast", 0.1)   # a pause of the machine: the second look takes no time
    with pytest.raises(FUZZ.TakesTooLong) as found:
        slowness.note(Drags(), b"slow", 0.1)
    assert str(found.value).startswith("slow: ")


class Early(type(TARGETS["chunked"])):
    """Breaks its promise where a chunk holds "ab"."""

    traced = False

    def check(self, case, rng, thorough):
        Early.traced |= sys.gettrace() is not None
        if b"ab" in case:
            raise FUZZ.Finding("a broken promise")
        return len(case)


def test_a_finding_is_made_smaller_and_kept_in_the_corpus(tmp_path, monkeypatch, capsys):
    for module in (FUZZ, sys.modules["fuzz_targets.wire"]):
        monkeypatch.setattr(module, "CORPUS", str(tmp_path))
    monkeypatch.setattr(FUZZ, "MOST_NUMBERS", 60)
    assert FUZZ.Run(Early(), 60, 1).run() is False
    name, _, case = (tmp_path / "early.txt").read_text().strip().partition(": ")
    assert "ab" in case and len(case) < 40 and "added to " in capsys.readouterr().out
    assert not Early.traced   # a traced check takes ten times as long and is called slow
    assert FUZZ.Run(Early(), 60, 1).run() is False
    assert "in the corpus already" in capsys.readouterr().out


@pytest.mark.parametrize("target", ["frames", "responses", "reference"])
def test_the_same_seed_draws_the_same_inputs(target):
    def drawn(seed):
        run, cases = FUZZ.Run(TARGETS[target], 0, seed), []
        run.once = cases.append
        run.round(0)
        return cases

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
