"""Progress: the very bytes that the docker CLI writes for these messages, on a terminal and elsewhere."""
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawdock.errors import ProtocolError
from rawdock.cli.progress import PullProgress, progress_text
from tests.cli.canned_engine import TextOutput

MESSAGES = [
    {"status": "Pulling from library/layers", "id": "latest"},
    {"status": "Already exists", "progressDetail": {}, "id": "61b5aa968892"},
    {"status": "Pulling fs layer", "progressDetail": {}, "id": "abe5ca5ba91a"},
    {"status": "Downloading", "progressDetail": {"current": 32768, "total": 717312}, "progress": "[==>  ]",
     "id": "abe5ca5ba91a"},
    {"status": "Download complete", "progressDetail": {}, "id": "abe5ca5ba91a"},
    {"status": "Waiting", "progressDetail": {}, "id": "61b5aa968892"},
    {"progressDetail": {}, "aux": {"Tag": "1"}}, {},
    {"status": "Digest: sha256:9963"}, {"status": "Status: Downloaded newer image for layers:latest"}]


def shown(messages, tty):
    output = TextOutput()
    progress = PullProgress(output, tty)
    for message in messages:
        progress.show(message)
    return output


def test_elsewhere_a_change_of_status_is_a_line():
    assert shown(MESSAGES, False).text == (
        "latest: Pulling from library/layers\n61b5aa968892: Already exists\nabe5ca5ba91a: Pulling fs layer\n"
        "abe5ca5ba91a: Download complete\n61b5aa968892: Waiting\nDigest: sha256:9963\n"
        "Status: Downloaded newer image for layers:latest\n")


def test_on_a_terminal_a_layer_has_one_line():
    assert shown(MESSAGES, True).text == (
        "latest: Pulling from library/layers\n"
        "\n\x1b[1A\x1b[2K\r61b5aa968892: Already exists \r\x1b[1B"
        "\n\x1b[1A\x1b[2K\rabe5ca5ba91a: Pulling fs layer \r\x1b[1B"
        "\x1b[1A\x1b[2K\rabe5ca5ba91a: Downloading [==>                                                ]  "
        "32.77kB/717.3kB\r\x1b[1B"
        "\x1b[1A\x1b[2K\rabe5ca5ba91a: Download complete \r\x1b[1B"
        "\x1b[2A\x1b[2K\r61b5aa968892: Waiting \r\x1b[2B"
        "Digest: sha256:9963\nStatus: Downloaded newer image for layers:latest\n")


def test_each_message_is_one_write():
    assert shown(MESSAGES, True).writes == len(MESSAGES) - 2


def test_what_load_and_push_say():
    messages = [{"stream": "Loaded image: busybox:latest\n"},
                {"status": "The push refers to repository [x/y]"},
                {"status": "Pushed", "progressDetail": {}, "id": "a"},
                {"status": "1: digest: sha256:d size: 527"}]
    assert shown(messages,
                 False).text == ("Loaded image: busybox:latest\nThe push refers to repository [x/y]\n"
                                 "a: Pushed\n1: digest: sha256:d size: 527\n")


def test_a_second_image_has_lines_of_its_own():
    layer = {"status": "Waiting", "progressDetail": {}, "id": "a"}
    text = shown([layer, {"status": "Pulling from x", "id": "2"}, layer], True).text
    assert text.count("\n\x1b[1A") == 2


@pytest.mark.parametrize("detail, width, text", [
    ({}, 200, ""), ({"current": 0, "total": 0}, 200, ""), ({"current": 23}, 200, "     23B"),
    ({"current": 410000, "total": 410000}, 200, "[" + "=" * 50 + ">]    410kB/410kB"),
    ({"current": 3678, "total": 205100}, 200, "[>" + " " * 50 + "]  3.678kB/205.1kB"),
    ({"current": 3678, "total": 205100}, 110, " 3.678kB/205.1kB"),
    ({"current": 3678, "total": 205100}, 111, "[>" + " " * 50 + "]  3.678kB/205.1kB"),
    ({"current": 300, "total": 200}, 80, "    300B"),
    ({"current": 5, "total": 10, "units": "s"}, 80, "5/10 s"),
    ({"current": 5, "total": 10, "hidecounts": True}, 200, "[" + "=" * 25 + ">" + " " * 25 + "] ")])
def test_bars(detail, width, text):
    assert progress_text(detail, width) == text


@given(st.integers(0, 10 ** 15), st.integers(0, 10 ** 15))
def test_a_bar_is_always_as_long(current, total):
    text = progress_text({"current": current, "total": total})
    assert not text or total == 0 or text.index("]") == 52


ODD_TEXTS = [5, -1, 1.5, 1e308, True, False, ["x"], [], {}, {"a": 1}, [[]]]
ODD_COUNTS = ["5", "", [], [1], {}, True, 1.5, 1e308, -1e308, 10 ** 400, float("inf"),
              float("nan"), {"a": 1}]
ODD_DETAILS = [5, "x", "", True, [], [1], 1.5]
ODD_MESSAGES = (
    [dict({"status": "Downloading", "id": "a", "progressDetail": {}}, **{name: value})
     for name in ("status", "id", "stream") for value in ODD_TEXTS]
    + [{"status": "Downloading", "id": "a",
        "progressDetail": dict({"current": 1, "total": 2}, **{name: value})}
       for name in ("current", "total") for value in ODD_COUNTS]
    + [{"status": "Downloading", "id": "a", "progressDetail": {"current": 1, "total": 2, "units": value}}
       for value in ODD_TEXTS]
    + [{name: value} for name in ("status", "id", "stream") for value in ODD_TEXTS]
    + [{"status": "Downloading", "id": "a", "progressDetail": value} for value in ODD_DETAILS]
    + [{"status": "Downloading", "progressDetail": value} for value in ODD_DETAILS])


@pytest.mark.parametrize("tty", [False, True])
@pytest.mark.parametrize("message", ODD_MESSAGES, ids=repr)
def test_a_field_of_another_type_is_no_progress(message, tty):
    with pytest.raises(ProtocolError):
        shown([message], tty)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6)


@given(st.lists(st.fixed_dictionaries({name: ANY_JSON for name in ("id", "status", "stream")}).map(
    lambda message: {name: value for name, value in message.items() if value is not None}), max_size=4),
    st.fixed_dictionaries({name: ANY_JSON
                           for name in ("current", "total", "units", "hidecounts")}) | ANY_JSON,
                           st.booleans())
def test_any_json_is_progress_or_a_protocol_error(messages, detail, tty):
    try:
        shown([dict(message, progressDetail=detail) for message in messages], tty)
    except ProtocolError:
        pass


@pytest.mark.parametrize("tty", [False, True])
def test_an_engines_words_cannot_steer_the_terminal(tty):
    text = shown([{"status": "a\x1b[31m\u009b", "id": "b\x07\r\n",
                   "progressDetail": {"current": 1, "units": "\x1b"}},
                  {"status": "c\x1b[2J\nd", "id": "e\x9b"}, {"stream": "f\x1b[0m\n"}], tty).text
    assert "c\\x1b[2J\nd" in text and "e\\u009b: " in text and "f\\x1b[0m\n" in text
    for ours in ("\x1b[2K", "\x1b[1A", "\x1b[1B"):
        text = text.replace(ours, "")
    assert not re.search("[\x1b\x07\x9b]", text), text


def test_a_terminal_is_needed():
    class Terminal(TextOutput):
        def isatty(self):
            return True

    assert PullProgress(Terminal()).tty is True and PullProgress(TextOutput()).tty is False
