"""Tour and lessons on screens of 40, 50 and 80 columns: no line is wider, no word is broken, marks stand
below their bytes.
"""
import re

import pytest
from hypothesis import given, strategies as st

from rawdock.teach.lessons.session import LearnSession
from rawdock.teach.lessons.prompting import INDENT, FoldedLines, Prose, wrapped_text
from rawdock.teach.lessons.tour_guide import guide_tour
from rawdock.engine.docker import Docker
from rawdock.cli.printable import printable_text
from rawdock.teach.lessons.typed import hint_at, visible_bytes
from rawdock.teach.lessons.course import LESSONS
from rawdock.teach.lessons.lessons import LessonProgress
from rawdock.teach.practice.engine import PracticeEngine

WIDTHS = (40, 50, 80)
UNLIMITED = 1000


class Screen:
    """A Console, and its own stdout and stderr: what is shown, in `text`."""

    address = "practice:"

    def __init__(self):
        self.out = self.err = self
        self.text = ""

    def line(self, text=""):
        self.text += printable_text(text, "\n\t") + "\n"   # as Output does

    def write(self, data):
        self.text += data.decode()

    def complain(self, text):
        raise AssertionError(text)

    def named_address(self):
        return None


def words_of(text):
    return re.findall("[^\\W_]+", text)


def broken_words(text, whole, width):
    """Words of `whole` that the end of a line in `text` has made two parts of that are none; those that no
    line has room for do not count.
    """
    text, whole = [re.sub(r"\\x[0-9a-f]{2}|\\[rn]", " ", one) for one in (text, whole)]
    words = set(words_of(whole))
    found = []
    for line, following in zip(text.splitlines(), text.splitlines()[1:]):
        end, start = re.search("[^\\W_]+$", line), re.match(" *(?:# )?([^\\W_]+)", following)
        if end and start and not (end.group() in words and start.group(1) in words):
            word = end.group() + start.group(1)
            if word in words and len(word) < width - 8:
                found.append(word)
    return found


def taken_lesson(number, folder):
    """All that a lesson shows: its text, its hints, a wrong answer, a right one and what comes of it."""
    screen = Screen()
    session = LearnSession(screen, LessonProgress(str(folder / "learn.txt")), number)
    session.show_text()
    session.say(session.typing_rules())
    for _ in session.lesson.hints:
        session.show_hint()
    session.show_solution()
    assert not session.judge(b"PUT /containers/create?name=a-long-name-that-is-wrong&and=more "
                             b"HTTP/1.1\r\nHost : docker\r\n\r\n")
    assert session.judge(session.lesson.solution())
    return screen.text


def toured():
    screen = Screen()
    with PracticeEngine() as engine, Docker(engine.address) as docker:
        assert guide_tour(screen, docker, False) == 0
    return screen.text


@pytest.fixture(scope="module")
def unlimited(tmp_path_factory):
    """What lessons and tour show on a screen without an end: the words that there are."""
    patch = pytest.MonkeyPatch()
    patch.setenv("COLUMNS", str(UNLIMITED))
    try:
        folder = tmp_path_factory.mktemp("progress")
        return "".join(taken_lesson(number, folder) for number in range(1, len(LESSONS) + 1)) + toured()
    finally:
        patch.undo()


def check_screen(text, width, unlimited):
    assert [line for line in text.splitlines() if len(line) > width and not line.startswith(INDENT)] == []
    assert broken_words(text, unlimited, width) == []
    assert "left out" in text or "Lesson" in text


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("number", range(1, len(LESSONS) + 1))
def test_a_lesson_fits_its_screen_and_breaks_no_word(number, width, unlimited, monkeypatch, tmp_path):
    monkeypatch.setenv("COLUMNS", str(width))
    check_screen(taken_lesson(number, tmp_path), width, unlimited)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_tour_fits_its_screen_and_breaks_no_word(width, unlimited, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    check_screen(toured(), width, unlimited)


def test_the_check_finds_what_is_broken():
    assert broken_words("a trans\ncript\n  # of all\n", "a transcript of all", 40) == ["transcript"]
    assert broken_words("a transcript\nof\n", "a transcript of all", 40) == []


lines_of_bytes = st.lists(st.one_of(st.sampled_from([b"GET /_ping HTTP/1.1", b"\x01\0\0", b"^", b"    ^",
                                                     b"{", b"x" * 200]), st.binary(max_size=90)), min_size=1,
                          max_size=4).map(b"\r\n".join)


@given(lines_of_bytes, st.integers(min_value=0, max_value=400))
def test_a_mark_is_below_its_byte(data, offset):
    offset = min(offset, len(data))
    shown = wrapped_text("Not yet. " + hint_at(data, offset, "a blank where none may be"), 80).split("\n")
    assert shown[-1].strip() == "^"
    column = len(shown[-1]) - 1
    byte = visible_bytes(data[offset:offset + 1])
    assert shown[-2][column:column + 1] == byte[:1] and column >= 4


def test_a_command_stays_one_line_however_long_it_is():
    command = "    printf 'GET /_ping HTTP/1.0\\r\\n\\r\\n' | nc -U /var/run/docker.sock"
    assert wrapped_text("From a shell:\n" + command, 40) == "From a shell:\n" + command


@pytest.fixture
def coloured(monkeypatch):
    monkeypatch.setattr("os.isatty", lambda descriptor: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "60")
    return monkeypatch


def test_prose_has_colours_on_a_terminal_and_none_elsewhere(coloured, tmp_path):
    text = taken_lesson(1, tmp_path)
    for expected in ("\x1b[1mLesson 1 of 15: One GET with HTTP/1.0\x1b[0m", "\x1b[1mTask\x1b[0m\n",
                     "\x1b[1;31mNot yet.\x1b[0m ", "\x1b[1;32mSolved.\x1b[0m 1 of 15",
                     "\x1b[1mHint 1 of 3:\x1b[0m", "\x1b[36m    GET /_ping HTTP/1.0\\r\\n\x1b[0m\n",
                     "\x1b[1;33m    "):
        assert expected in text, expected
    assert "\x1b[1mRequest 1 of 6: create the container\x1b[0m\n" in toured()
    coloured.setenv("NO_COLOR", "1")
    assert "\x1b" not in taken_lesson(1, tmp_path) + toured()
    coloured.delenv("NO_COLOR")
    coloured.setattr("os.isatty", lambda descriptor: False)
    assert "\x1b" not in taken_lesson(1, tmp_path) + toured()


def test_prose_holds_no_escape_sequence_of_others(coloured):
    screen = Screen()
    Prose(screen).say("redis-cli printed: \x1b[2J\x9b1m", "Ha\x1b", "1")
    Prose(screen).show_bytes(["\x1b]0;title\x07"])
    assert re.sub("\x1b\\[[0-9;]*m", "",
                  screen.text) == "Ha\\x1bredis-cli printed: \\x1b[2J\\u009b1m\n    \\x1b]0;title\\x07\n"


def test_a_long_transcript_is_folded(monkeypatch, tmp_path):
    """The pull of lesson 4 is some 150 lines; a line that goes on below itself counts once, at any width."""
    counts = set()
    for width in (50, 80, UNLIMITED):
        monkeypatch.setenv("COLUMNS", str(width))
        text = taken_lesson(4, tmp_path)
        counts.add(re.search("… ([0-9]+) lines are left out …\n", text).group(1))
        assert "35da208088e4" in text and "0 # the last chunk" in " ".join(text.split())
    assert len(counts) == 1 and int(counts.pop()) > 90


def test_what_is_folded_is_counted():
    screen = Screen()
    paper = FoldedLines(screen)
    for number in range(60):
        paper.write(b"< %d\n  goes on\n" % number)
    paper.end_part()
    lines = screen.text.splitlines()
    assert (lines[:2] == ["< 0", "  goes on"] and lines[79:83]
            == ["  goes on", "… 12 lines are left out …", "< 52", "  goes on"] and len(lines) == 97)
    paper.write(b"< again\n")
    paper.end_part()
    assert screen.text.endswith("\n< again\n")


def test_a_list_goes_on_below_itself(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    screen = Screen()
    Prose(screen).row(" 1  -  ", "A title that is longer than the room for it")
    assert screen.text == " 1  -  A title that is longer than the\n       room for it\n"
