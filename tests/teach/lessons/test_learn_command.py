"""`rawdock learn` and `rawdock tour` as processes: from a pipe, from a file, and typed at a terminal."""
import os
import pty
import re
import select
import subprocess

import pytest

from rawdock.teach.lessons.prompting import wrapped_text
from rawdock.engine.docker import Docker
from rawdock.teach.lessons.course import LESSONS
from rawdock.teach.practice.engine import PracticeEngine

from tests.forked import run

PING = b"GET /_ping HTTP/1.0\r\n\r\n"


@pytest.fixture
def environment(tmp_path):
    found = {key: value for key, value in os.environ.items() if not key.startswith(("DOCKER_", "RAWDOCK_"))}
    found.update(XDG_STATE_HOME=str(tmp_path / "state"), HOME=str(tmp_path), TERM="dumb",
                 DOCKER_HOST="unix:///nonexistent/docker.sock", COLUMNS="90")
    return found


@pytest.fixture
def learn(rawdock_command, environment):
    def learned(*words, **more):
        stdin = more.pop("stdin", b"")
        ran = run(rawdock_command + list(words), stdin, env=dict(environment, **more))
        return ran.returncode, ran.stdout.decode(), ran.stderr.decode()
    return learned


def test_a_right_answer_from_a_pipe(learn):
    status, out, err = learn("learn", "1", stdin=PING)
    assert (status, err) == (0, "")
    assert "Your answer, 23 bytes:\n    GET /_ping HTTP/1.0\\r\\n\n    \\r\\n\n" in out
    assert "> GET /_ping HTTP/1.0 " in out and "< HTTP/1.0 200 OK " in out and "\n< OK\n" in out
    assert "Solved. 1 of 15 lessons are solved.\n" in out


def test_a_wrong_answer_from_a_pipe(learn):
    status, out, err = learn("learn", "1", stdin=b"GET /_ping HTTP/1.0\n\n")
    assert (status, err) == (1, "")
    assert "Not yet. line 1, byte 19: the line ends with \\n alone" in out
    assert "Solved" not in out


@pytest.mark.parametrize("number", range(1, len(LESSONS) + 1))
def test_what_show_prints_solves_the_lesson(learn, number):
    """Requests are shown with their bytes escaped, as printf takes them."""
    status, out, err = learn("learn", str(number), "--show")
    assert (status, err) == (0, "")
    lines = [line[4:] for line in out.splitlines()]
    lesson = LESSONS[number - 1]
    assert (lesson.check(eval("b'''%s'''" % "".join(lines)) if lesson.kind == "requests"
                         else "\n".join(lines).encode()) is None)


def test_an_answer_from_a_file(learn, tmp_path):
    (tmp_path / "answer").write_bytes(PING)
    assert learn("learn", "1", "--answer", str(tmp_path / "answer"))[0] == 0
    assert learn("learn", "1", "--answer", "-", stdin=PING)[0] == 0
    status, out, err = learn("learn", "1", "--answer", str(tmp_path / "none"))
    assert (status, out) == (1, "") and err.count("\n") == 1 and "No such file" in err


def test_no_answer_shows_the_lesson(learn):
    status, out, err = learn("learn", "9")
    assert (status, err) == (1, "")
    assert (out.startswith("Lesson 9 of 15: Standard input and the half-close\n")
            and "No answer came on stdin" in out)


def test_progress_and_list(learn):
    assert learn("learn", stdin=PING)[0] == 0
    status, out, _ = learn("learn", "--list")
    assert status == 0
    assert (out.splitlines()[0] == " 1  solved    One GET with HTTP/1.0"
            and out.splitlines()[1].startswith(" 2  -  "))
    assert out.count("\n 1") <= 5 and "the first that is not solved, 2" in " ".join(out.split())
    assert learn("learn")[1].startswith("Lesson 2 of 15")


def test_hints_come_one_by_one(learn):
    assert ([learn("learn", "1", "--hint")[1][:11] for _ in range(4)]
            == ["Hint 1 of 3", "Hint 2 of 3", "Hint 3 of 3", "Hint 3 of 3"])


@pytest.mark.parametrize("words, usage", [(("learn", "0"), ""), (("learn", "99"), ""), (("learn", "x"), ""),
                                          (("learn", "-1"), "rawdock learn"),
                                          (("learn", "1", "2"), "rawdock learn"),
                                          (("learn", "--nothing"), "rawdock learn")])
def test_mistakes_in_the_command_end_in_a_line_and_the_usage(learn, words, usage):
    status, out, err = learn(*words)
    line, _, rest = err.partition("\n")
    assert status in (1, 125) and out == "" and line
    assert rest.startswith("\nUsage:  %s" % usage) if usage else rest == ""


def test_a_place_where_nothing_can_be_written(learn, tmp_path):
    (tmp_path / "file").write_text("")
    status, out, err = learn("learn", "1", stdin=PING, XDG_STATE_HOME=str(tmp_path / "file"))
    assert status == 0 and "Solved" in out
    assert err.count("\n") == 1 and "this is not remembered" in err


def test_an_answer_beyond_all_measure(learn):
    status, out, err = learn("learn", "1", stdin=b"x" * 200000)
    assert (status, out) == (1, "") and "at most 65536 bytes" in err and err.count("\n") == 1


def test_a_named_engine_is_used_and_left_clean(learn):
    with PracticeEngine() as engine, Docker(engine.address) as docker:
        for number in (3, 9):
            status, out, err = learn("-H", engine.address, "learn", str(number),
                                     stdin=LESSONS[number - 1].solution())
            assert (status, err) == (0, ""), out
            assert "the engine at %s" % engine.address in " ".join(out.split())
            assert docker.container_list(all=True) == []
        status, out, _ = learn("-H", engine.address, "learn", "13", stdin=LESSONS[12].solution())
        assert status == 0 and "nothing is sent to unix://" in " ".join(out.split())
        assert "on a TCP port of 127.0.0.1" in " ".join(out.partition("* connected to")[2].split())
        assert docker.container_list(all=True) == []


def test_a_named_engine_in_another_state(learn):
    with PracticeEngine() as engine, Docker(engine.address) as docker:
        for _ in docker.image_create(fromImage="redis", tag="2.8"):
            pass
        status, out, err = learn("-H", engine.address, "learn", "4", stdin=LESSONS[3].solution())
        assert (status, err) == (1, "")
        assert "the engine answered 201, 200 where this lesson has 404, 200" in " ".join(out.split())
        assert docker.container_list(all=True) == []


# ---- typed at a terminal

class Terminal:
    """A process at a terminal of its own: `see(text)` waits for text, `type(text)` types it."""

    def __init__(self, argv, environment):
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.execvpe(argv[0], argv, environment)
        self.shown = ""

    def more(self, seconds=60):
        if not select.select([self.descriptor], [], [], seconds)[0]:
            raise AssertionError("nothing more was shown: %r" % self.shown[-600:])
        try:
            data = os.read(self.descriptor, 65536)
        except OSError:   # EIO: the process has closed its side
            data = b""
        self.shown += data.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(data)

    def see(self, text):
        while text not in self.shown:
            assert self.more(), "it ended before %r was shown: %r" % (text, self.shown[-600:])
        before, _, self.shown = self.shown.partition(text)
        return before + text

    def type(self, text):
        os.write(self.descriptor, text.encode())

    def answer(self, *lines):
        """Lines, each typed when its prompt is there."""
        for line in lines:
            self.see("> ")
            self.type(line + "\n")

    def interrupt(self):
        """Ctrl-C, until it is taken: Python sleeps over one that comes between its look at signals and its
        wait for a key.
        """
        for _ in range(10):
            self.type("\x03")
            while select.select([self.descriptor], [], [], 5)[0]:
                if not self.more():
                    return

    def end(self):
        """Its exit status."""
        while self.more():
            pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self.descriptor)
        self.pid = None
        return status >> 8

    def close(self):
        if self.pid is not None:
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)
            os.close(self.descriptor)


@pytest.fixture
def terminal(rawdock_command, environment):
    opened = []

    def start(*words):
        opened.append(Terminal(rawdock_command + list(words), environment))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def test_a_lesson_typed_with_a_mistake_a_hint_and_the_next_lesson(terminal):
    typing = terminal("learn")
    typing.see("Lesson 1 of 15")
    typing.answer("hint")
    typing.see("Hint 1 of 3")
    typing.answer("get /_ping HTTP/1.0", "")
    typing.see("Not yet. line 1, byte 0: methods are written in capitals")
    typing.answer("GET /_ping HTTP/1.0", "")
    assert "GET /_ping HTTP/1.0\\r\\n" in typing.see("Solved. 1 of 15")
    typing.see("q leaves: ")
    typing.type("\n")
    typing.see("Lesson 2 of 15")
    typing.answer("GET /_ping HTTP/1.1", "Host: docker", "", "GET /version HTTP/1.1", "Host: docker", "")
    typing.see("Solved. 2 of 15")
    typing.see("q leaves: ")
    typing.type("q\n")
    assert typing.end() == 0


def test_a_first_request_that_is_wrong_is_named_before_the_second(terminal):
    typing = terminal("learn", "2")
    typing.answer("GET /_ping HTTP/1.1", "")
    typing.see("Not yet. request 1: line 1, byte 20: no Host")
    typing.answer("GET /_ping HTTP/1.1", "Host: docker", "", "GET /version HTTP/1.1", "Host: docker", "")
    typing.see("Solved. 1 of 15")
    typing.see("Enter goes on with lesson 3, q leaves: ")
    typing.type("q\n")
    assert typing.end() == 0


def test_a_body_is_typed_without_its_enter(terminal):
    typing = terminal("learn", "3")
    typing.answer("POST /containers/create?name=first HTTP/1.1", "Host: docker",
                  "Content-Type: application/json", "Content-Length: 44", "")
    typing.see("body> ")
    typing.type('{"Image":"busybox","Cmd":["echo","hello"]}\n')
    typing.see("Content-Length says 44, but 42 bytes follow")
    typing.answer("POST /containers/create?name=first HTTP/1.1", "Host: docker",
                  "Content-Type: application/json", "Content-Length: 42", "")
    typing.see("body> ")
    typing.type('{"Image":"busybox","Cmd":["echo","hello"]}\n')
    typing.see("Solved.")
    typing.see("q leaves: ")
    typing.type("q\n")
    assert typing.end() == 0


def test_chunks_a_stream_numbers_and_facts_are_typed(terminal):
    typing = terminal("learn", "5")
    typing.answer("POST /containers/create?name=parts HTTP/1.1", "Host: docker",
                  "Content-Type: application/json", "Transfer-Encoding: chunked", "",
                  "13", '{"Image":"busybox"}', "0", "")
    typing.see("Solved.")
    typing = terminal("learn", "10")
    typing.answer("POST /containers/shell/attach?stream=1&stdin=1&stdout=1 HTTP/1.1", "Host: docker",
                  "Connection: Upgrade", "Upgrade: tcp", "")
    typing.see("101 is assumed")
    typing.answer("echo hello", "\\x04", ".")
    typing.see("Solved.")
    typing = terminal("learn", "8")
    typing.answer('01 00 00 00 00 00 00 06 "hello\\n"', '02 00 00 00 00 00 00 05 "oops\\n"', "")
    typing.see("Solved.")
    typing = terminal("learn", "14")
    typing.answer("status = 200", "framing = chunked", "body = 27", "stderr = oops", "complete = no", "")
    typing.see("Solved. 4 of 15")
    typing = terminal("learn", "15")
    typing.answer("size = 12", "second = 1024", "outside = ../out.txt", "through = way/in.txt",
                  "damaged = sum.txt", "")
    typing.see("Solved. 5 of 15")


def test_commands_a_dot_and_the_end_of_typing(terminal):
    typing = terminal("learn", "1")
    typing.answer("show")
    typing.see("    GET /_ping HTTP/1.0\\r\\n\n")
    typing.answer("text")
    typing.see("Lesson 1 of 15")
    typing.answer("GET /_ping HTTP/1.0", ".")
    typing.see("the empty line is missing")
    typing.see("> ")
    typing.type("\x04")
    assert typing.end() == 0


def test_lines_that_are_pasted_are_lines(terminal, environment):
    """With bracketed paste a terminal marks what is pasted, and then Enter in it is no Enter."""
    environment["TERM"] = "xterm"
    typing = terminal("learn", "1")
    assert "[?2004h" not in typing.see("quit.")
    assert "[?2004h" not in typing.see("> ")
    typing.type("GET /_ping HTTP/1.0\n\n")
    typing.see("1 of 15 lessons are solved")


def joined(text):
    """`text` with each command that a long path has folded on one line, as a shell reads it."""
    return text.replace(" \\\n      ", " ")


def test_a_command_that_is_named_can_be_typed(learn, rawdock_command):
    command = "python3 -m rawdock" if "-m" in rawdock_command else "python3 " + rawdock_command[-1]
    assert "\n%s learn N is lesson N; " % command in learn("learn", "--list", COLUMNS="400")[1]
    for _ in range(3):
        out = joined(learn("learn", "1", "--hint")[1])
    assert "\n    printf 'GET /_ping HTTP/1.0\\r\\n\\r\\n' | %s learn 1\n" % command in out
    assert joined(learn("tour")[1]).endswith("\n    %s learn\n" % command)


def test_the_tour_goes_on_unless_it_is_left(terminal):
    touring = terminal("tour")
    touring.see("Enter: go on, q: leave > ")
    touring.type("y\n")
    touring.see("Enter: request 1 of 6, q: leave > ")
    touring.type("quit\n")
    touring.see("The tour ends here.")
    assert touring.end() == 0


def test_ctrl_c_leaves(terminal):
    typing = terminal("learn", "1")
    typing.see("quit.")
    typing.see("> ")
    typing.type("xyz")
    typing.see("xyz")   # it is reading
    typing.interrupt()
    assert typing.end() == 130


# ---- the tour

def test_the_tour_without_an_engine(learn):
    status, out, err = learn("tour")
    assert (status, err) == (0, "")
    assert " ".join(out.split()).startswith("No engine answers at unix:///nonexistent/docker.sock. This "
                                            "tour runs on the practice engine")
    assert "\n    docker run --name redis -v SOME-VOLUME:/data redis:2.8 redis-server\n" in out
    assert re.findall("(?m)^Request ([0-9]) of 6: ", out) == list("123456")   # the ping is named apart
    assert ("\n\nThe ping: is an engine there?\n" in out
            and "That was docker run, in six requests" in " ".join(out.split()))
    assert "redis-cli printed: hello" in out and "redis has ended with status 0." in out


def test_the_tour_touches_no_engine_that_nobody_has_given_to_it(learn):
    with PracticeEngine() as engine, Docker(engine.address) as docker:
        status, out, err = learn("tour", DOCKER_HOST=engine.address)
        assert (status, err) == (0, "") and "Nobody has agreed" in out
        status, out, err = learn("-H", engine.address, "tour")
        assert status == 1 and err.count("\n") == 1 and "add --yes" in err
        assert docker.image_list() == []
        status, out, err = learn("-H", engine.address, "tour", "--yes")
        assert (status, err) == (0, "") and "redis-cli printed: hello" in out
        assert is_clean(docker)


def test_a_named_engine_that_is_not_there_is_an_error(learn):
    status, out, err = learn("-H", "unix:///nonexistent/other.sock", "tour")
    assert (status, out) == (1, "") and err.count("\n") == 1 and "/nonexistent/other.sock" in err


def test_the_tour_at_a_terminal_asks_and_waits(terminal):
    touring = terminal("tour")
    touring.see("Enter: go on, q: leave > ")
    touring.type("\n")
    touring.see("200 OK")
    touring.see("Enter: request 1 of 6, q: leave > ")
    touring.type("q\n")
    touring.see("The tour ends here.")
    assert touring.end() == 0


def is_clean(docker):
    return ((docker.container_list(all=True), docker.image_list(), docker.volume_list()["Volumes"] or [])
            == ([], [], []))


def test_a_tour_whose_reader_leaves_cleans_up(rawdock_command, environment):
    with PracticeEngine() as engine, Docker(engine.address) as docker:
        touring = subprocess.Popen(rawdock_command + ["-H", engine.address, "tour", "--yes"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=environment)
        for line in touring.stdout:
            if b"create the container" in line:
                break
        touring.stdout.close()
        assert (touring.stderr.read(), touring.wait(60)) == (b"", 141)
        touring.stderr.close()
        assert is_clean(docker)


def test_a_tour_that_is_interrupted_cleans_up(terminal, environment):
    with PracticeEngine() as engine, Docker(engine.address) as docker:
        touring = terminal("-H", engine.address, "tour", "--yes")
        for words in ["go on"] + ["request %d of 6" % number for number in range(1, 7)]:
            touring.see("Enter: %s, q: leave > " % words)
            touring.type("\n")
        touring.see("Enter: go on, q: leave > ")
        assert [row["State"] for row in docker.container_list(all=True)] == ["running"]
        touring.type("xyz")
        touring.see("xyz")
        touring.interrupt()
        assert touring.end() == 130
        assert is_clean(docker)


def test_at_a_terminal_too_the_tour_of_a_real_engine_needs_yes(terminal, environment):
    with PracticeEngine() as engine:
        environment["DOCKER_HOST"] = engine.address
        touring = terminal("tour", "--no-wait")
        touring.see("Nobody has agreed")
        touring.see("practice engine inside rawdock")
        assert touring.end() == 0
        with Docker(engine.address) as docker:
            assert is_clean(docker)


# ---- the text

def test_paragraphs_are_filled_and_literal_lines_stay():
    assert wrapped_text("\na b\nc\n\nd\n    e  f\n{g}\nh", 40) == "a b c\n\nd\n    e  f\n    {g}\nh"
    assert max(map(len, wrapped_text("word " * 50, 40).split("\n"))) <= 40


def test_progress_is_a_line_for_each_lesson(learn, environment):
    learn("learn", "1", stdin=PING)
    with open(os.path.join(environment["XDG_STATE_HOME"], "rawdock", "learn.txt")) as file:
        assert file.read() == "solved first-get\n"
