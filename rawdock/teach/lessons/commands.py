"""The commands `learn` and `tour`: their rows only.

What they run is imported when it is run: the texts of the lessons are long, and `rawdock --help` reads this
file too.
"""
from ...cli.flags import Command, command_table

LEARN_FLAGS = """
--list    bool  which lessons there are, and which are solved
--hint    bool  the next hint for the lesson
--show    bool  an answer that solves it
--answer  text  FILE  take the answer from FILE, byte for byte (- is stdin)
--reset   bool  forget what was solved
"""


def do_learn(console, options, arguments):
    from .session import run_lessons
    return run_lessons(console, options, arguments)


TOUR_FLAGS = """
-y, --yes  bool  make what the tour needs on a real engine without asking
--no-wait  bool  do not wait for Enter between the steps
"""


def do_tour(console, options, arguments):
    from .tour_guide import run_tour
    return run_tour(console, options["yes"], not options["no_wait"])


LEARN_COMMANDS = command_table(
    Command("learn", do_learn, "[N]", "lessons: HTTP and the Engine API, typed by hand and checked byte for "
            "byte", LEARN_FLAGS, most=1),
    Command("tour", do_tour, "", "docker run redis, request by request, with the reason for each", TOUR_FLAGS,
            most=0),
)
