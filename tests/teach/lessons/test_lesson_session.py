"""A lesson's conversation without a terminal: what is typed comes from a list, what is said goes into
another.
"""
import pytest

from rawdock.teach.lessons.session import LearnSession, learn_typing
from rawdock.teach.lessons.prompting import as_started, command_spelled
from rawdock.teach.lessons.course import LESSONS
from rawdock.teach.lessons.lessons import LessonProgress

CTRL_C, CTRL_D = KeyboardInterrupt(), None
ATTACH = "POST /containers/%s/attach?stream=1&stdin=1&stdout=1 HTTP/1.1"


class Paper:
    """An Output and a Console: what is said, in `text`."""

    def __init__(self):
        self.out = self.err = self
        self.text = ""

    def line(self, text=""):
        self.text += text + "\n"

    def write(self, data):
        self.text += data.decode()

    def named_address(self):
        return None


@pytest.fixture
def type_lines(tmp_path):
    def converse(number, *lines):
        """The lines typed at lesson `number` → (whether it was solved, what was said after the text, the
        prompts).
        """
        left, prompts, paper = list(lines), [], Paper()

        def ask(prompt):
            prompts.append(prompt)
            line = left.pop(0) if left else None
            if line is CTRL_C:
                raise line
            return line

        session = LearnSession(paper, LessonProgress(str(tmp_path / "learn.txt")), number, ask)
        solved = session.converse()
        assert left == []
        return solved, " ".join(paper.text.partition("Type ")[2].split()), prompts
    return converse


def test_commands_are_taken_between_the_lines_of_a_head(type_lines):
    solved, said, _ = type_lines(1, "GET /_ping HTTP/1.0", "hint", "?", "")
    assert solved and "Hint 1 of 3" in said and said.count("Enter ends a line with") == 2
    assert said.count("the lines before it are kept") == 2 and "Your answer, 23 bytes" in said


@pytest.mark.parametrize("word", ["quit", "q", "exit", " Quit "])
def test_words_that_leave(type_lines, word):
    assert type_lines(1, "GET /_ping HTTP/1.0", word)[0] is False


def test_a_body_and_a_stream_take_no_commands(type_lines):
    solved, said, _ = type_lines(9, ATTACH % "counter", "Host: d", "Connection: Upgrade", "Upgrade: tcp", "",
                                 "one", "hint", ".", "quit")
    assert not solved and "one\\nhint\\n: this is not what the task has" in said and "Hint 1" not in said


def test_ctrl_c_drops_what_is_typed_and_then_leaves(type_lines):
    solved, said, _ = type_lines(1, "GARBAGE", CTRL_C, "GET /_ping HTTP/1.0", "")
    assert solved and "What you had typed is dropped" in said and "Your answer, 23 bytes" in said
    with pytest.raises(KeyboardInterrupt):
        type_lines(1, "GARBAGE", CTRL_C, CTRL_C)


def test_ctrl_d_is_a_key_on_a_terminal_and_the_half_close_elsewhere(type_lines):
    head = ("Host: d", "Connection: Upgrade", "Upgrade: tcp", "")
    solved, said, _ = type_lines(10, ATTACH % "shell", *head + ("echo hello", CTRL_D))
    assert solved and "echo hello\\n \\x04 Right." in said
    solved, said, _ = type_lines(9, ATTACH % "counter", *head + ("one", "two", CTRL_D))
    assert solved and "one\\n two\\n Right." in said


def test_a_body_that_comes_first_gets_its_hint_at_once_and_nothing_after_it_fails(type_lines):
    """Who pastes a request whose head is refused has its body left over."""
    solved, said, _ = type_lines(5, '{"Image":"busybox"}', "POST /containers/create?name=parts HTTP/1.1",
                                 "Host: d", "Content-Type: application/json",
                                 "Transfer-Encoding: chunked", "", "13", '{"Image":"busybox"}', "0", "")
    assert solved and "this looks like a body: before it come the request line" in said


def test_a_body_that_is_announced_and_not_wanted_gets_its_hint_before_it_is_typed(type_lines):
    start = "POST /containers/sleeper/start HTTP/1.1"
    solved, said, prompts = type_lines(6, start, "Host: d", "Content-Length: 8", "", start, "Host: d", "",
                                       start, "Host: d", "")
    assert (solved and "request 1: line 3, byte 0: this request needs no body: leave out Content-Length"
            in said)
    assert set(prompts) == {"> "}


def test_the_time_is_shown_again_after_a_mistake(type_lines):
    _, said, _ = type_lines(11, "GET /events HTTP/1.1", "Host: d", "")
    assert "the parameter until is missing" in said and "Now it is" in said.partition("Try again")[2]


def test_requests_are_shown_from_a_line_of_their_own_each(type_lines):
    _, said, _ = type_lines(4, "show")
    assert '{"Image":"redis:2.8","Cmd":["redis-server"]} POST /images/create' in said
    session = LearnSession(Paper(), None, 4)
    assert ("".join(session.lines_shown(LESSONS[3].solution()))
            == LESSONS[3].solution().decode().replace("\r\n", "\\r\\n"))


@pytest.mark.parametrize("reply, status_line",
                         [("", True), ("y", True), ("2", True), ("q", False), ("Quit", False), ("no", False),
                          (None, False)])
def test_what_goes_on_with_the_next_lesson(tmp_path, reply, status_line):
    left, paper = ["GET /_ping HTTP/1.0", "", reply], Paper()
    session = LearnSession(paper, LessonProgress(str(tmp_path / "learn.txt")), 1,
                           lambda prompt: left.pop(0) if left else None)
    assert learn_typing(session) == 0
    assert ("Lesson 2 of 15" in paper.text) is status_line


@pytest.mark.parametrize("argv0, expected", [
    ("/some/where/rawdock/__main__.py", "python3 -m rawdock"), ("rawdock.py", "python3 rawdock.py"),
    ("/a b/rawdock.py", "python3 '/a b/rawdock.py'"),
    ("/usr/local/bin/rawdock", "rawdock")])
def test_how_a_command_is_spelled(argv0, expected):
    assert command_spelled(argv0) == expected


def test_commands_in_a_text_can_be_typed_as_this_one_was(monkeypatch):
    monkeypatch.setattr("sys.argv", ["/some/where/rawdock/__main__.py"])
    assert (as_started("x | rawdock learn 1, rawdock tap")
            == "x | python3 -m rawdock learn 1, python3 -m rawdock tap")
    assert (as_started("the practice engine inside rawdock: rawdock-practice")
            == "the practice engine inside rawdock: rawdock-practice")


def test_bytes_are_written_as_numbers(type_lines):
    solved, said, _ = type_lines(8, '01 00 00 00 00 00 00 06 "hello\\n"', '02 00 00 00 00 00 00 05 "oops\\n"',
                                 "")
    assert solved and 'Your answer: 01 00 00 00 00 00 00 06 "hello\\n"' in said
    solved, said, _ = type_lines(8, "01 zz", "", "quit")
    assert not solved and "Your answer: 01 zz" in said and "zz is neither a byte" in said


def test_the_last_lesson_says_where_to_go_on(type_lines):
    solved, said, _ = type_lines(15, "size = 12", "second = 1024", "outside = ../out.txt",
                                 "through = way/in.txt", "damaged = sum.txt", "")
    for expected in ("practice --listen /tmp/practice.sock", "nc -C -U /tmp/practice.sock",
                     "tour shows docker run redis", "One evening with the code"):
        assert solved and expected in said


def test_lesson_6_says_which_answers_have_no_body():
    text = " ".join(LESSONS[5].text.split())
    for expected in ("RFC 9110 §15.3.5", "conditional request", "RFC 9110 §15.4.5", "Docker borrows the code",
                     "HEAD", "CONNECT", "begins with 1"):
        assert expected in text
