"""stats: what containers use of processor, memory, network and disks, once or every half second.

Promises: the docker CLI's figures. Each container has a stream and a thread of its own, for an engine takes a
second or two for each answer. With no names the list follows the engine's events.

Leaves out: the columns of a Windows engine.
"""
import time
from collections import namedtuple

from ..engine.answers import answer_field
from ..errors import RawdockError
from .console import CommandFailed, Output, describe_error
from .flags import Command, command_table
from .format import binary_size, human_size, short_id
from .formatted import Listing, write_listing
from .queries import answer_objects

REDRAW_SECONDS = 0.5
STALE_SECONDS = 2          # figures that are older are shown as "--"
STATS_FLAGS = """
-a, --all    bool  Show all containers (default shows just running)
--format     text  string  Format output using a custom template
--json       bool  one JSON array of the engine's own objects, once
--no-stream  bool  Disable streaming stats and only pull the first result
--no-trunc   bool  Do not truncate output
"""
STATS_LIST = Listing({
    "Container": "CONTAINER", "Name": "NAME", "ID": "CONTAINER ID", "CPUPerc": "CPU %",
    "MemUsage": "MEM USAGE / LIMIT", "MemPerc": "MEM %", "NetIO": "NET I/O", "BlockIO": "BLOCK I/O",
    "PIDs": "PIDS"}, "ID Name CPUPerc MemUsage MemPerc NetIO BlockIO PIDs", None, "raw")
HOME, CLEAR_LINE, CLEAR_BELOW = b"\033[H", b" \033[K\n", b"\033[J"

# In the place of a Console for what is written to a part of the screen.
StatsPage = namedtuple("StatsPage", "out")


class TextBuffer(Output):
    """An Output that keeps what is written, in `data` (bytearray)."""

    def __init__(self):
        Output.__init__(self, None)
        self.data = bytearray()

    def write(self, data):
        self.data += data
        return len(data)


# -- figures

def number_at(stats, *names):
    """The number at the keys `names` of an engine's statistics (dict); 0 where there is none."""
    for name in names:
        stats = (stats or {}).get(name)
    return stats or 0


def processor_percent(stats):
    """How much of one processor was used, in percent, since the counters that precede those of `stats`."""
    used = number_at(stats, "cpu_stats", "cpu_usage", "total_usage")
    used -= number_at(stats, "precpu_stats", "cpu_usage", "total_usage")
    passed = number_at(stats, "cpu_stats", "system_cpu_usage")
    passed -= number_at(stats, "precpu_stats", "system_cpu_usage")
    if used <= 0 or passed <= 0:
        return 0.0
    processors = number_at(stats, "cpu_stats", "online_cpus")
    processors = processors or len(number_at(stats, "cpu_stats", "cpu_usage", "percpu_usage") or ())
    return 100.0 * used / passed * processors


def memory_in_use(stats):
    """Bytes of memory without the page cache that can be dropped: cgroup 1 and 2 have a counter each."""
    usage = number_at(stats, "memory_stats", "usage")
    counters = number_at(stats, "memory_stats", "stats") or {}
    for name in ("total_inactive_file", "inactive_file"):
        if name in counters and counters[name] < usage:
            return usage - counters[name]
    return usage


def disk_bytes(stats, letter):
    """Bytes read ("r") or written ("w")."""
    operations = number_at(stats, "blkio_stats", "io_service_bytes_recursive") or ()
    return sum(one["value"] for one in operations if one["op"][:1].lower() == letter)


def stats_row(given, stats, valid, whole):
    """The fields of a container that a --format can name.

    `given` is the name (str) by which it was looked up, `stats` the engine's last object about it (dict, {}
    for none), `valid` whether its figures are of now, `whole` whether the id is shown whole.
    """
    networks = (stats.get("networks") or {}).values()
    received, sent = [sum(one[name] for one in networks) for name in ("rx_bytes", "tx_bytes")]
    used, limit = memory_in_use(stats), number_at(stats, "memory_stats", "limit")
    identifier = stats.get("id") or ""
    row = {
        "BlockIO": "%s / %s" % (human_size(disk_bytes(stats, "r")), human_size(disk_bytes(stats, "w"))),
        "CPUPerc": "%.2f%%" % processor_percent(stats), "Container": given,
        "ID": identifier if whole else short_id(identifier),
        "MemPerc": "%.2f%%" % (100.0 * used / limit if limit else 0),
        "MemUsage": "%s / %s" % (binary_size(used), binary_size(limit)),
        "Name": (stats.get("name") or "")[1:] or "--",
        "NetIO": "%s / %s" % (human_size(received), human_size(sent)),
        "PIDs": "%d" % number_at(stats, "pids_stats", "current")}
    if not valid:
        row.update(BlockIO="--", CPUPerc="--", MemPerc="--", MemUsage="-- / --", NetIO="--", PIDs="--")
    return row


# -- reading them

class WatchedContainer:
    """A container and its last statistics: `given` (its name or id), `stats` (dict), `error` or None.

    `first` (threading.Event) is set when there was an answer or an error.
    """

    def __init__(self, given):
        from threading import Event
        self.given = given
        self.stats = {}
        self.valid_until = 0.0    # by time.time()
        self.error = None
        self.first = Event()

    def read(self, docker, stream):
        """Read its statistics: once, or with `stream` for as long as the engine sends them."""
        try:
            answer = docker.call("container_stats", self.given, stream=stream)
            for stats in answer if stream else [answer]:
                self.stats = answer_field(stats, "ContainerStats", dict)
                self.valid_until = time.time() + STALE_SECONDS if stream else float("inf")
                self.first.set()
        except RawdockError as error:
            self.error = error
        finally:
            self.first.set()

    def row(self, whole):
        return stats_row(self.given, self.stats, time.time() < self.valid_until, whole)


class StatsReader:
    """The containers of which statistics are shown: `watched`, WatchedContainers by name or id, in order."""

    def __init__(self, docker, stream):
        self.docker = docker
        self.stream = stream
        self.watched = {}
        self.ended = False    # whether the engine's events have ended
        self.error = None     # the RawdockError with which they ended

    def start(self, work, *arguments):
        from threading import Thread
        Thread(target=work, args=arguments, daemon=True).start()

    def add(self, given):
        if given not in self.watched:
            self.watched[given] = found = WatchedContainer(given)
            self.start(found.read, self.docker, self.stream)

    def follow(self, events, every):
        """Add and remove containers as `events` (an iterable) say; `every`: stopped ones stay."""
        try:
            for event in events:
                identifier = answer_field(event, "SystemEvents", str, "Actor", "ID")[:12]
                if event.get("Action") == "start" or every and event.get("Action") == "create":
                    self.add(identifier)
                elif event.get("Action") == "die" and not every:
                    self.watched.pop(identifier, None)
        except RawdockError as error:
            self.error = error
        finally:
            self.ended = True

    def add_all(self, every):
        """Add the containers that run, or with `every` all; on a stream those that are started later too."""
        if self.stream:
            events = self.docker.call("system_events", filters={"type": ["container"]})
            self.start(self.follow, events, every)
        listed = self.docker.call("container_list", all=every or None)
        for container in answer_objects(listed, "ContainerList", "Id"):
            self.add(container["Id"][:12])

    def wait_for_first(self):
        for found in list(self.watched.values()):
            found.first.wait(STALE_SECONDS if self.stream else None)


def write_stats(console, options, reader):
    found = list(reader.watched.values())
    rows = [one.row(options["no_trunc"]) for one in found]
    if found or not options["format"] or options["format"].startswith("table"):   # docker does not check it
        write_listing(console, options, STATS_LIST, rows, [one.stats for one in found])


def redraw_stats(console, options, reader):
    """Write the list over the one that was written before."""
    page = StatsPage(TextBuffer())
    write_stats(page, options, reader)
    lines = bytes(page.out.data).split(b"\n")
    console.out.write(HOME + CLEAR_LINE.join(lines) + CLEAR_LINE + CLEAR_BELOW)


def stats_command(console, options, arguments):
    once = options["no_stream"] or options["json"]
    options["format"] = console.list_format(options, "statsFormat")
    docker = console.docker
    docker.version          # agreed on before there are threads
    reader = StatsReader(docker, not once)
    if arguments:
        for name in arguments:
            reader.add(name)
    else:
        reader.add_all(options["all"])
    reader.wait_for_first()
    errors = [found.error for found in list(reader.watched.values()) if found.error is not None]
    if arguments and errors:
        raise CommandFailed("\n".join(map(describe_error, errors)), 1)
    if once:
        write_stats(console, options, reader)
        return 0
    while not reader.ended:
        time.sleep(REDRAW_SECONDS)
        redraw_stats(console, options, reader)
    if reader.error is not None:
        raise reader.error
    return 0


STATS_COMMANDS = command_table(
    Command("stats", stats_command, "[CONTAINER...]",
            "Display a live stream of container(s) resource usage statistics", STATS_FLAGS),
)
