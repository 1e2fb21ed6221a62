"""Feeding a reader in every way: whole, byte by byte, cut anywhere, with labels and without.

`outcome` is what nearly every test of this folder uses. It feeds one input in many
ways and fails unless all of them agree on the values, the error (class, rule, offset) and
the labels, and unless the labels tile the bytes. What it returns is what they agree on.
"""
import time

import pytest
from hypothesis import strategies as st

from rawdock.errors import RawdockError, StreamError

TCHARS = "!#$%&'*+-.^_`|~0123456789ABCXYZabcxyz"

# Rules about what the fields of a section say: the section's bytes are well formed, so they are labelled.
CONTENT_RULES = ("RFC 9112 §6.1", "RFC 9112 §6.3", "RFC 9112 §7", "RFC 9110 §8.6", "RFC 9110 §6.5.1",
                 "rawdock limit")

tokens = st.text(TCHARS, min_size=1, max_size=8)
field_texts = st.text(st.characters(min_codepoint=32, max_codepoint=255,
                                    blacklist_characters="\x7f" + "".join(map(chr, range(128, 160)))),
                      max_size=12).map(lambda text: text.strip(" "))
headers = st.lists(st.tuples(tokens.map(lambda name: "X-" + name), field_texts), max_size=5)


def verdict(error):
    """What two feedings must agree on."""
    if isinstance(error, StreamError):
        return "StreamError", error.message, None
    return type(error).__name__, error.rule, error.offset


def feed(reader, pieces, eof=False):
    """(values, verdict or None). A reader that refused must refuse again, in those words."""
    values = []
    try:
        for piece in pieces:
            for value in reader.feed(piece):
                values.append(bytes(value) if isinstance(value, memoryview) else value)
        if eof:
            values.extend(reader.feed_eof() or ())
    except RawdockError as error:
        for again in (lambda: reader.feed(b"more"), reader.feed_eof):
            with pytest.raises(RawdockError) as caught:
                again()
            assert caught.value is error
        return values, verdict(error)
    return values, None


def cut(data, places):
    """`data` cut at the indices `places`, in order; a place twice gives an empty piece."""
    edges = [0] + sorted(places) + [len(data)]
    return [data[start:end] for start, end in zip(edges, edges[1:])]


def feedings(data, places):
    yield [data]
    yield [data[at:at + 1] for at in range(len(data))]
    yield [data[at:at + 7] for at in range(0, len(data), 7)]
    yield cut(data, places)
    if len(data) <= 64:
        for place in range(1, len(data)):
            yield [data[:place], data[place:]]


def tiled(labels):
    """The labels with neighbours of one role joined; they must touch and begin at 0."""
    joined = []
    for start, end, role in labels:
        assert start == (joined[-1][1] if joined else 0) and start < end
        if joined and joined[-1][2] == role:
            joined[-1] = (joined[-1][0], end, role)
        else:
            joined.append((start, end, role))
    return joined


def outcome(make, data, merge=list, eof=False, places=(), want_labels=False):
    """(merged values, verdict or None[, labels]) of `data` fed to `make(labels)`, whatever the feeding."""
    results, maps = [], []
    for pieces in feedings(data, places):
        for labels in (None, []):
            values, error = feed(make(labels), pieces, eof)
            results.append((merge(values), error))
            if labels is not None:
                maps.append(tiled(labels))
    assert all(result == results[0] for result in results)
    assert all(labels == maps[0] for labels in maps)
    error = results[0][1]
    end = maps[0][-1][1] if maps[0] else 0
    assert end <= len(data)
    if error is not None and error[2] is not None and error[1] not in CONTENT_RULES:
        assert end <= error[2]
    return results[0] + (maps[0],) if want_labels else results[0]


def cut_everywhere(make, data, complete=()):
    """Every proper prefix of `data` but those of length in `complete` ends in TruncatedError at its last
    byte."""
    for size in range(len(data)):
        error = feed(make(None), [data[:size]], eof=True)[1]
        if size in complete:
            assert error is None, size
        else:
            assert error is not None and error[0] == "TruncatedError" and error[2] == size, (size, error)


def quickly(work):
    """What `work()` returns. It must take under 5 s of this process's time.

    For inputs whose cost is a few tenths of that when it grows with their size, and several
    times that when it grows with the square.
    """
    before = time.process_time()
    result = work()
    assert time.process_time() - before < 5
    return result
