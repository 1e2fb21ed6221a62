"""One learner at one lesson: the text is shown, an answer is read, checked, and sent if it is right.

`rawdock learn 3` shows lesson 3 and takes its answer: typed at a terminal, line by line, or as bytes from a
pipe or a file, which are not changed. An answer that passes is sent to the practice engine inside this
process, or to the engine that -H names, and the response is shown.

A typed answer follows the form of HTTP, which shows where it ends: Enter ends a line with \\r\\n, the empty
line ends a head, a body is one line whose Enter is not sent, and after an upgrade Enter is \\n, for HTTP is
over then. A line of a single dot ends the answer wherever it is.
"""
import os

from ...errors import ProtocolError, UsageError
from .typed import MAX_ANSWER_BYTES, read_answer, unescape_typed, visible_lines
from .lessons import Classroom, LessonProgress, first_unsolved
from .course import LESSONS, LESSONS_END
from ..record.record import RecordedSocket
from ..explain.screen import counted_bytes
from .prompting import (
    GOOD_COLOUR, TITLE_COLOUR, WORDS_THAT_LEAVE, WRONG_COLOUR, Prose, as_started, folded_transcript,
    typed_line,
)

TYPING = {
    "requests": "Type line by line. Enter ends a line with \\r\\n, and an empty line ends the head: press "
    "Enter twice.",
    "notation": "Type the bytes, on as many lines as you like. An empty line ends the answer.",
    "facts": "Type the lines. An empty line ends the answer.",
}
TYPING_BODY = " The body is one line, whose Enter is not sent."
TYPING_STREAM = (" What follows the head goes to the program: there Enter is \\n, and \\x04 is written for "
                 "the byte 04.")
TYPING_DOT = " A line with only a dot ends the answer."
COMMANDS_AT_PROMPT = (" At the prompt >: hint, show (a solution), text (this page again), quit. Ctrl-C drops "
                      "what you have typed.")
LEAVING_WORDS = ("quit", "q", "exit")


class LearnSession:
    """Lesson `number` with one learner. ask(prompt) returns a typed line (str), None at the end of input."""

    def __init__(self, console, progress, number, ask=None):
        self.console = console
        self.progress = progress
        self.number = number
        self.lesson = LESSONS[number - 1]
        self.ask = ask
        self.prose = Prose(console.out)
        self.say = self.prose.say

    def show_title(self):
        self.prose.title("Lesson %d of %d: %s" % (self.number, len(LESSONS), self.lesson.title))
        self.say()

    def show_text(self):
        self.show_title()
        self.say(self.lesson.text)
        self.say()
        self.prose.title("Task")
        self.say(self.lesson.task)
        self.show_note()

    def show_note(self):
        if self.lesson.note is not None:
            self.say()
            self.say(self.lesson.note())

    def show_hint(self):
        number, hint = self.progress.next_hint(self.lesson)
        self.say(hint, "Hint %d of %d: " % (number, len(self.lesson.hints)), TITLE_COLOUR)
        self.progress.report(self.console)

    def show_solution(self):
        self.prose.show_bytes(self.lines_shown(self.lesson.solution()))

    def lines_shown(self, data):
        """The visible lines of an answer. Each request begins a new one, though a body has no line end."""
        if self.lesson.is_text and all(32 <= byte < 127 or byte in b"\r\n\t" for byte in data):
            return data.decode("ascii").splitlines()
        ends = [request.end for request in read_answer(data).whole[:len(self.lesson.wanted)]]
        parts = [data[start:end] for start, end in zip([0] + ends, ends + [len(data)])]
        return [line for part in parts if part for line in visible_lines(part)]

    # -- typing

    def typing_rules(self):
        """How the answer to this lesson is typed (str)."""
        lesson = self.lesson
        text = TYPING[lesson.kind]
        if lesson.kind == "requests":
            text += TYPING_BODY if any(wanted.framing == "length" for wanted in lesson.wanted) else ""
            text += (TYPING_STREAM if lesson.stream is not None else "") + TYPING_DOT
        return text + COMMANDS_AT_PROMPT

    def converse(self):
        """Show the lesson and take answers until one passes. Returns False if the learner leaves."""
        self.show_text()
        self.say()
        self.say(self.typing_rules())
        while True:
            self.say()
            answer = self.read_typed()
            if answer is None:
                return False
            if self.judge(answer):
                return True
            self.say()
            self.say("Try again from the beginning; the up arrow brings lines back. (hint, show, text, quit)")
            self.show_note()

    def show_help(self):
        self.say(self.typing_rules())

    # What a learner may type at the prompt, and what it shows.
    shown_for = {"hint": show_hint, "show": show_solution, "text": show_text, "help": show_help,
                 "?": show_help}

    def read_typed(self):
        """The next typed answer (bytes), None if the learner leaves."""
        data, prompt = b"", "> "
        while prompt is not None or not data:
            prompt = prompt or "> "
            try:
                line = self.ask(prompt)
            except KeyboardInterrupt:
                if not data:
                    raise
                data, prompt = b"", "> "
                self.say()
                self.say("(What you had typed is dropped: begin again. Ctrl-C once more leaves.)")
                continue
            if line is None:
                # On the terminal of a lesson's container, Ctrl-D is a key like others, and the last one.
                return data + b"\x04" if prompt == "stream> " and not self.lesson.half_close else data or None
            command = line.strip().lower() if prompt == "> " else None
            if command in LEAVING_WORDS:
                return None
            if command in self.shown_for:
                self.shown_for[command](self)
                self.say("(Go on: the lines before it are kept.)" if data else "")
            elif line == "." or self.lesson.is_text and not line.strip():   # the answer is over
                prompt = None
            elif self.lesson.is_text:
                data += line.encode("utf-8", "surrogateescape") + b"\n"
            elif data or line:
                data, prompt = self.add_line(data, line)
        return data

    def add_line(self, data, line):
        """(the answer `data` with `line`, the next prompt); the prompt is None if the answer is over."""
        before, typed = read_answer(data), line.encode("utf-8", "surrogateescape")
        if before.stream is not None:
            typed = unescape_typed(line)
            return data + typed + (b"" if typed.endswith(b"\x04") else b"\n"), "stream> "
        is_body = before.begun is not None and before.begun.framing.kind == "length"
        data += typed if is_body else typed + b"\r\n"
        if before.begun is None and line:   # a head ends with its empty line, whatever may be wrong in it
            return data, None if not before.data and line[:1] in ("{", "[") else "> "
        after = read_answer(data)
        if is_body and after.error is not None or type(after.error) is ProtocolError:
            return data, None
        if after.begun is None:
            return data, self.prompt_after(after)
        wanted = self.lesson.wanted[len(after.whole):]
        if wanted and wanted[0].body is None:
            return data, None   # it announces a body that the task has none of
        return data, "body> " if after.begun.framing.kind == "length" else "chunk> "

    def prompt_after(self, answer):
        """The prompt for what follows complete requests, None if nothing does."""
        for wanted, request in zip(self.lesson.wanted, answer.whole):
            if wanted.compare(answer, request) is not None:
                return None   # wrong already: the hint comes now, not after the next request
        if len(answer.whole) < len(self.lesson.wanted) and answer.stream is None:
            return "> "
        if answer.stream is not None and self.lesson.stream is not None:
            self.say("(101 is assumed: from here on your lines go to the program, with \\n, and a line with "
                     "only a dot ends them)")
            return "stream> "
        return None

    # -- judging

    def judge(self, data):
        """Show and check an answer, and send it if it passes. Returns whether the lesson is solved."""
        if data:
            self.show_answer(data)
        hint = self.lesson.check(data)
        if hint is not None:
            self.say(hint, "Not yet. ", WRONG_COLOUR)
            return False
        if not self.send(data):
            return False
        if self.lesson.after:
            self.say()
            self.say(self.lesson.after)
        self.progress.solve(self.lesson)
        self.say()
        solved = sum(map(self.progress.is_solved, LESSONS))
        self.say("%d of %d lessons are solved." % (solved, len(LESSONS)), "Solved. ", GOOD_COLOUR)
        self.progress.report(self.console)
        return True

    def show_answer(self, data):
        size = "" if self.lesson.is_text else ", " + counted_bytes(len(data))
        self.say("Your answer%s:" % size)
        self.prose.show_bytes(self.lines_shown(data))
        self.say()

    def send(self, data):
        """Send the answer, if it is for an engine. Returns whether the engine answers as it should."""
        lesson = self.lesson
        address = self.console.named_address()
        if address is not None and lesson.practice_only:
            self.say("(This lesson is for the practice engine alone: nothing is sent to %s.)" % address)
            address = None
        exchanges, fits = [], True
        with Classroom(address) as room:
            if lesson.prepare is not None:
                lesson.prepare(room)
            if not lesson.is_text:
                place = "the engine at %s" % address if address else "the practice engine inside rawdock"
                place += ", on a TCP port of 127.0.0.1" * lesson.tcp
                self.say("It is sent to %s; > is what goes out, < what comes back." % place, "Right. ",
                         GOOD_COLOUR)
                self.say()
                exchanges = self.exchange(room, read_answer(data), place)
                fits = self.judge_statuses(exchanges)
            else:
                self.say("", "Right.", GOOD_COLOUR)
            if fits and lesson.afterwards is not None:
                self.say()
                self.say(lesson.afterwards(room, exchanges))
        return fits

    def exchange(self, room, answer, place):
        """Send a LessonAnswer to `place` (str) and show what crosses, folded if it is long.

        Returns the LessonExchanges.
        """
        recorder, paper = folded_transcript(self.console.out, numbered=False)
        try:
            return room.send(self.lesson, answer, lambda sock: RecordedSocket(sock, recorder, place))
        finally:
            recorder.finish()
            paper.end_part()

    def judge_statuses(self, exchanges):
        got = tuple(one.head.status if one.head is not None else None for one in exchanges)
        broken = next((one.error for one in exchanges if one.error is not None), None)
        if broken is not None:
            self.say()
            self.say(str(broken), "The answer broke off: ", WRONG_COLOUR)
        elif got != self.lesson.statuses:
            self.say()
            self.say("Your request is right, but the engine answered %s where this lesson has %s: it is in "
                     "another state than the lesson expects."
                     % (", ".join(map(str, got)), ", ".join(map(str, self.lesson.statuses))))
        return broken is None and got == self.lesson.statuses


def lesson_number(text):
    if not text.isdigit() or not 1 <= int(text[:9]) <= len(LESSONS):
        raise UsageError("no lesson %r: they are 1 to %d" % (text, len(LESSONS)),
                         as_started("rawdock learn --list shows them")
                         + "; an answer comes from stdin or --answer FILE")
    return int(text)


def read_whole_answer(name):
    """The bytes of the file `name`, "-" for stdin. UsageError if there are too many."""
    shown = "stdin" if name == "-" else name
    try:
        with open(0 if name == "-" else name, "rb", closefd=name != "-") as file:
            data = file.read(MAX_ANSWER_BYTES + 1)
    except OSError as error:
        raise UsageError("%s: %s" % (shown, error.strerror), "give a file that holds the answer")
    if len(data) > MAX_ANSWER_BYTES:
        raise UsageError("an answer has at most %d bytes, %s has more" % (MAX_ANSWER_BYTES, shown))
    return data


def list_lessons(console, progress):
    prose = Prose(console.out)
    for number, lesson in enumerate(LESSONS, 1):
        prose.row("%2d  %-8s  " % (number, "solved" if progress.is_solved(lesson) else "-"), lesson.title)
    first = first_unsolved(LESSONS, progress)
    prose.say()
    prose.say("rawdock learn N is lesson N; rawdock learn goes on with %s"
              % ("the first that is not solved, %d" % first if first else "lesson 1: all are solved"))
    return 0


def run_lessons(console, options, arguments):
    progress = LessonProgress()
    progress.report(console)
    if options["list"]:
        return list_lessons(console, progress)
    number = lesson_number(arguments[0]) if arguments else first_unsolved(LESSONS, progress) or 1
    session = LearnSession(console, progress, number, typed_line)
    if options["hint"]:
        session.show_hint()
        return 0
    if options["show"]:
        session.show_solution()
        return 0
    if options["answer"] is None and os.isatty(0):
        if not console.out.isatty():   # piped into a pager or a file: to be read, not answered
            session.show_text()
            return 0
        return learn_typing(session)
    data = read_whole_answer(options["answer"] or "-")
    if not data:
        session.show_text()
        session.say()
        session.say("No answer came on stdin. Pipe one in, give --answer FILE, or run this at a terminal.")
        return 1
    session.show_title()
    return 0 if session.judge(data) else 1


def learn_typing(session):
    """Take one lesson after another until the learner leaves. Returns exit status 0."""
    while session.converse():
        following = first_unsolved(LESSONS, session.progress, session.number)
        if following is None:
            session.say("" if session.number == len(LESSONS) else LESSONS_END, "All lessons are solved. ",
                        GOOD_COLOUR)
            return 0
        reply = session.ask("\nEnter goes on with lesson %d, q leaves: " % following)
        if reply is None or reply.strip().lower() in WORDS_THAT_LEAVE:
            return 0
        session = LearnSession(session.console, session.progress, following, session.ask)
        session.say()
    return 0
