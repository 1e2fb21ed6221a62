"""What a practice container uses, and its processes: GET /containers/{id}/stats and /top.

The numbers are invented: they grow with the time that a container has run and with the bytes that it holds.
Nothing of the host is measured.
"""
import json
import re
import time

from .events import ZERO_TIME, nanoseconds_now, wire_time
from .refusals import PRACTICE_CPUS
from .request import PracticeRefusal, unlocked

PRACTICE_MEMORY = 1 << 30            # bytes; what a container without a limit may use
PRACTICE_PROGRAM_BYTES = 1 << 20
# The titles that ps gives for its arguments, and how a value of each is made of a process.
TOP_TITLES = {"-ef": "UID PID PPID C STIME TTY TIME CMD".split(),
             "aux": "USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND".split()}
TOP_TITLES.update({"": TOP_TITLES["-ef"], "ef": TOP_TITLES["-ef"], "-aux": TOP_TITLES["aux"]})
TOP_VALUES = dict.fromkeys(("UID", "USER"), "%(user)s")
TOP_VALUES.update(dict.fromkeys(("CMD", "COMMAND", "ARGS"), "%(command)s"), COMM="%(name)s", PID="%(pid)d",
                 PPID="0", C="0", TTY="?", STAT="Ss", TIME="00:00:00", STIME="%(started)s",
                 START="%(started)s", VSZ="1024", RSS="1024")
TOP_VALUES.update({"%CPU": "0.1", "%MEM": "0.0"})


def cpu_part(nanoseconds):
    """Return the cpu_stats of a container that ran so long (None: never) on a thousandth of a processor."""
    if nanoseconds is None:
        return {"cpu_usage": {"total_usage": 0, "usage_in_kernelmode": 0, "usage_in_usermode": 0},
                "throttling_data": {"periods": 0, "throttled_periods": 0, "throttled_time": 0}}
    used = nanoseconds // 1000
    return {"cpu_usage": {"total_usage": used, "percpu_usage": [used], "usage_in_kernelmode": used // 4,
                          "usage_in_usermode": used - used // 4},
            "system_cpu_usage": nanoseconds, "online_cpus": PRACTICE_CPUS,
            "throttling_data": {"periods": 0, "throttled_periods": 0, "throttled_time": 0}}


def container_stats(container, one_shot):
    """Return one object of the stats stream. Call it under `changed`."""
    up, now = container.is_up, nanoseconds_now()
    ran = now - container.started if up else None
    found = {
        "read": wire_time(now) if up else ZERO_TIME,
        "preread": ZERO_TIME if one_shot or not up else wire_time(now - 1000000000),
        "pids_stats": {"current": len(container.processes())} if up else {},
        "blkio_stats": {key: [] if up else None for key in (
            "io_service_bytes_recursive io_serviced_recursive io_queue_recursive io_service_time_recursive"
            " io_wait_time_recursive io_merged_recursive io_time_recursive sectors_recursive").split()},
        "num_procs": 0, "storage_stats": {}, "cpu_stats": cpu_part(ran),
        "precpu_stats": cpu_part(None if one_shot or ran is None else max(0, ran - 1000000000)),
        "memory_stats": {}, "name": "/" + container.name, "id": container.id,
    }
    if up:
        held = container.log.size + container.size
        usage = len(container.processes()) * PRACTICE_PROGRAM_BYTES + held
        found["memory_stats"] = {"usage": usage, "max_usage": usage,
                                 "stats": {"cache": 0, "rss": usage, "total_inactive_file": 0},
                                 "limit": container.host_config["Memory"] or PRACTICE_MEMORY}
        sent = {"%s_%s" % (way, what): 0 for way in ("rx", "tx")
                for what in ("bytes", "packets", "errors", "dropped")}
        plugs = [endpoint for endpoint in container.endpoints.values() if endpoint.address]
        if plugs:
            found["networks"] = {"eth%d" % number: sent for number in range(len(plugs))}
    return found


def answer_stats(engine, connection, request, container):
    changed = engine.changed
    if not request.flag("stream", True):
        with changed:
            return container_stats(container, request.flag("one-shot"))
    connection.start_stream([("Content-Type", "application/json")])
    first = True
    while True:
        with changed:
            if container.removed or engine.closing:
                break
            found = container_stats(container, first)
        first = False
        connection.send_piece(json.dumps(found, separators=(",", ":")).encode() + b"\n")
        end = time.monotonic() + 1
        with changed:
            while time.monotonic() < end and not container.removed:
                changed.wait(0.1)
                connection.check_client()
    connection.end_stream()


def answer_top(engine, connection, request, container):
    container.check_running()
    running = list(enumerate(container.processes(), 1))
    started = time.strftime("%H:%M", time.gmtime(container.started // 1000000000))
    given = request.text("ps_args", "-ef").strip()
    match = re.fullmatch("-?(?:e *)?-?o *([a-z%]+(?:[, ]+[a-z%]+)*)", given)
    titles = TOP_TITLES.get(given) or match and match.group(1).upper().replace(",", " ").split() or []
    if not set(titles) <= set(TOP_VALUES):
        titles = []
    if not titles:
        raise PracticeRefusal(500, "ps: error: unsupported SysV option")
    if "PID" not in titles:
        raise PracticeRefusal(500, "Couldn't find PID field in ps output")
    engine.containers.emit(container, "top")
    return {"Titles": titles, "Processes": [
        [TOP_VALUES[title] % {"user": user, "pid": number, "started": started, "command": " ".join(argv),
                             "name": argv[0]} for title in titles] for number, (user, argv) in running]}


STATS_ROUTES = (
    ("GET", "/containers/(?P<container>[^/]+)/stats", unlocked(answer_stats)),
    ("GET", "/containers/(?P<container>[^/]+)/top", answer_top),
)
