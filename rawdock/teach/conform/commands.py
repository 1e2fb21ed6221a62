"""The command `conform`: each scenario's score, each difference once, and the sum.

What it needs is imported when it runs, for `rawdock --help` reads this file too.
"""
import os

from ...cli.flags import Command, command_table
from ...net.address import parse_address

SHOWN_PLACES = 3    # of one difference


def conform_address(console, arguments):
    """The Address of the engine to compare: a path or an address, else the engine that -H names."""
    if not arguments:
        return console.engine_address()
    text = arguments[0]
    return parse_address(text if "://" in text else "unix://" + os.path.abspath(text))


def do_conform(console, options, arguments):
    """Returns exit status 0 if all that was compared is equal, 1 if something differs."""
    from ...engine.docker import Docker
    from .conform import CONFORM_API, run_scenarios
    with Docker(conform_address(console, arguments), version=CONFORM_API) as docker:
        results = run_scenarios(docker, lambda text: console.err.line("rawdock: %s" % text))
        try:
            return report_conform(console, docker.address, results)
        finally:
            results.close()


def report_conform(console, address, results):
    """Print each scenario's score when it is done, then the differences and the sum. Returns exit status."""
    from .conform import CONFORM_API
    from .facts import CONFORM_FACTS, CONFORM_SOURCE
    from .shapes import compare_fact, group_differences, read_facts
    facts = read_facts(CONFORM_FACTS)
    all_compared = all_equal = 0
    differences = []
    for scenario, found in results:
        if not all_compared:   # only now is it certain that there is something to compare
            console.out.line("%s compared with %s, API %s" % (address, CONFORM_SOURCE, CONFORM_API))
        compared = wrong = 0
        for step, fact in found:
            count, lines, differing = compare_fact(facts[scenario].get(step.name), fact, step.says)
            compared += count
            wrong += differing
            differences += [("%s, %s" % (scenario, step.name), line) for line in lines]
        console.out.line("%4d / %-4d %s" % (compared - wrong, compared, scenario))
        all_compared += compared
        all_equal += compared - wrong
    for line, places in group_differences(differences):
        more = len(places) - SHOWN_PLACES
        shown = "; ".join(places[:SHOWN_PLACES]) + ("; %d more" % more if more > 0 else "")
        console.out.line("%7d x %s (%s)" % (len(places), line, shown))
    console.out.line("%4d / %-4d equal / compared" % (all_equal, all_compared))
    return 0 if all_equal == all_compared else 1


CONFORM_COMMANDS = command_table(
    Command("conform", do_conform, "[SOCK]",
            "how like a real Docker engine the one at SOCK answers (a path, or an address)", most=1),
)
