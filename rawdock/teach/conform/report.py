"""What `rawdock conform` prints: per scenario how much is equal, each difference once, and the sum."""
from ...engine.docker import Docker
from ...errors import UsageError
from ...net.address import parse_address
from .conform import CONFORM_API, run_scenarios
from .facts import CONFORM_FACTS, CONFORM_SOURCE
from .shapes import compare_fact, group_differences, read_facts, write_facts

SHOWN_PLACES = 3    # of one difference


def conform_address(console, arguments):
    """The address of the engine to look at: a path, an address, or the engine of -H."""
    if not arguments:
        return str(console.engine_address())
    text = arguments[0]
    if "://" not in text and not text.startswith("/"):
        if ":" in text:
            raise UsageError("%s is no socket" % text, "give a path, unix:///PATH or tcp://HOST:PORT")
        from os import path
        text = path.abspath(text)
    return str(parse_address(text if "://" in text else "unix://" + text))


def run_conform(console, options, arguments):
    """Exit status 0 when all that was compared is equal, 1 when something differs."""
    docker = Docker(conform_address(console, arguments), version=CONFORM_API)
    results = run_scenarios(docker, lambda text: console.err.line("rawdock: %s" % text))
    try:
        if options["record"]:
            named = {}
            for scenario, found in results:
                console.out.line(write_facts(scenario, found, named))
            return 0
        return report_conform(console, docker.address, results)
    finally:
        results.close()
        docker.close()


def report_conform(console, address, results):
    """Print each scenario's score when it is done, then the differences, then the sum → exit status."""
    facts = read_facts(CONFORM_FACTS)
    all_compared = all_equal = 0
    differences = []
    for scenario, found in results:
        if not all_compared:   # now it is sure that there is something to compare
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
