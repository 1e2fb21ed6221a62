"""The practice engine at the command line: `rawdock practice --listen SOCK`, and the address `practice:`."""
from ...cli.flags import Command, command_table
from ...errors import UsageError
from ...net.address import parse_address
from .engine import PracticeEngine

PRACTICE_FLAGS = """
--listen  text  SOCK  where to listen: the path of a Unix socket
"""


def do_practice(console, options, arguments):
    from signal import SIGINT, SIGTERM, default_int_handler, signal
    if not options["listen"]:
        raise UsageError("practice needs a place to listen",
                         "usage: rawdock practice --listen /tmp/practice.sock")
    engine = PracticeEngine(options["listen"])
    try:
        engine.start()
        for number in (SIGINT, SIGTERM):
            signal(number, default_int_handler)   # raises KeyboardInterrupt
        console.err.line("rawdock: this is the practice engine (rawdock-practice); it runs no real program; "
                         "DOCKER_HOST=%s; type to it with nc -U %s, or with rawdock -H %s nc -C (CRLF at each"
                         " Enter); end it with Ctrl-C" % (engine.address, engine.socket_path, engine.address))
        engine.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        engine.close()
    return 0


PRACTICE_COMMANDS = command_table(
    Command("practice", do_practice, "", "serve the practice engine on a socket, for any client",
            PRACTICE_FLAGS, most=0),
)


def serve_practice(console):
    """Start a practice engine that ends with the Console, and print so on stderr → its Address."""
    engine = PracticeEngine()
    console.closers.append(engine.close)
    engine.start()
    console.err.line("rawdock: this is the practice engine (rawdock-practice), inside this process: "
                     "it runs no real program")
    console.detach_notice = ("rawdock: the practice engine and its containers end with this command; "
                             "to keep one: rawdock practice --listen SOCK")
    return parse_address(engine.address)
