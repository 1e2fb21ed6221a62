"""`rawdock tour`: the choice of the engine, and the text around each step.

A real engine is toured only if its user agrees with --yes; without it, the practice engine inside this
process is. The first lines say which engine it is and what will be made there.
"""
import os

from ...errors import RawdockError, UsageError
from ..record.record import recorded_dial
from .tour import TOUR_IMAGE, TOUR_NAME, TOUR_STEPS, TOUR_TAG, TOUR_VOLUME, RedisTour
from .prompting import WORDS_THAT_LEAVE, Prose, folded_transcript, typed_line

PROBE_SECONDS = 5
TOUR_BEGINNING = """
It is what the docker command does for
    docker run --name redis -v SOME-VOLUME:/data redis:2.8 redis-server
Lines that begin with 1> are what the client sends on its first connection, 1< what comes back there, 1* what
happens to that connection; 2> is its second one. Text after # explains the line, and is not sent."""
TOUR_END = """
That was docker run, in six requests: create, pull, create, attach, wait, start. Every one of them can be
typed by hand. To learn how:
    rawdock learn"""


def probe_engine(address):
    """Send a ping to the engine at `address` (Address). RawdockError if none answers."""
    from ...engine.docker import Docker
    with Docker(address, timeout=PROBE_SECONDS) as docker:
        docker.call("system_ping").read(65536)


def choose_engine(console, yes):
    """Print which engine is toured and why; return the Address of a real one, None for the practice engine.

    UsageError if -H names one and nobody has agreed.
    """
    named = console.named_address()
    address = named or (None if console.address == "practice:" else console.chosen_endpoint()[0])
    why = ""
    if address is not None and address.scheme != "practice":
        try:
            probe_engine(address)
        except RawdockError as error:
            if named is not None:
                raise error
            why = "No engine answers at %s. " % address
        else:
            Prose(console.out).say(
                "An engine answers at %s. The tour would make there, and remove again at its end: the "
                "container %s, the volume %s, and the image %s:%s if it has to pull it."
                % (address, TOUR_NAME, TOUR_VOLUME, TOUR_IMAGE, TOUR_TAG))
            if yes:
                return address
            if named is not None:
                raise UsageError("the tour makes a container on %s" % address,
                                 "add --yes if it may, or leave -H out for the practice engine")
            why = "Nobody has agreed (--yes). "
    Prose(console.out).say(why + "This tour runs on the practice engine inside rawdock: nothing on this "
                           "machine is touched.")
    return None


def run_tour(console, yes, wait):
    """Take the tour and return its exit status."""
    from ...engine.docker import Docker
    from ..practice.engine import PracticeEngine
    address = choose_engine(console, yes)
    practice = PracticeEngine().start() if address is None else None
    try:
        docker = Docker(address or practice.address)
        with docker:
            return guide_tour(console, docker, wait and os.isatty(0) and console.out.isatty())
    finally:
        if practice is not None:
            practice.close()


def guide_tour(console, docker, wait):
    prose = Prose(console.out)
    recorder, paper = folded_transcript(console.out)
    original_dial = docker.open_socket
    tour = RedisTour(docker, prose.say)
    tour.check_free()
    prose.say()
    prose.say(TOUR_BEGINNING)
    try:
        docker.open_socket = recorded_dial(recorder)
        docker.close()   # the connections made so far were not recorded
        ended = all(guide_step(console, tour, step, paper, wait) for step in TOUR_STEPS)
        prose.say()
        prose.say(TOUR_END if ended else "The tour ends here.")
    finally:
        docker.open_socket = original_dial
        try:
            recorder.finish()   # OSError if the reader of the output has gone
        finally:
            left = tour.clean_up()
    for text in left:
        console.complain("rawdock: %s" % text)
    return 1 if left else 0


def guide_step(console, tour, step, paper, wait):
    """Show a row of TOUR_STEPS and what crosses in it. Returns False if the reader leaves."""
    prose = Prose(console.out)
    title, why, run_step = step
    prose.say()
    if wait:
        number = title.partition(":")[0].lower() if title.startswith("Request") else "go on"
        reply = typed_line("Enter: %s, q: leave > " % number)
        if reply is None or reply.strip().lower() in WORDS_THAT_LEAVE:
            return False
    prose.title(title)
    prose.say(why)
    prose.say()
    said = []
    tour.say = said.append
    try:
        run_step(tour)
    finally:
        paper.end_part()
    for text in said:
        prose.say(text)
    return True
