"""Rows of tools/bench: exports, logs, events, cold starts, growth, and what the tap costs."""
import json
import os
import shutil
import subprocess
import sys
import time

from bench_parts.figures import Figure, Goal, Row, span
from bench_parts.machine import (
    BARE_PYTHON, CannotBench, RECEIVE_BYTES, ROOT, Sample, VENV, connect, docker_py, expect,
    request_bytes, run_quietly, take_turns, timed)

LINE_BYTES = 100                               # of a log line; bench_server.c has the same


def export_words(bench, name):
    """The words after `rawdock` that export a container: the command, or the raw request until there is
    one."""
    return ["export", name] if bench.has_command("export") else ["GET", "/containers/%s/export" % name]


def row_export(bench, row):
    """A container's file system to a file, whole programs: wall time and peak memory."""
    path = bench.serve()
    mib, more = bench.size(256, 64), bench.size(1024, 256)
    words = export_words(bench, "mib-%d" % mib)
    ours, larger = "rawdock " + words[0], "rawdock %s, %d MiB" % (words[0], more)
    row.title += " (%d MiB)" % mib
    row.goals += [Goal(ours, "docker export", "faster", 1, 1.3), Goal(ours, "curl", "faster", 1, 1.3),
                  Goal(larger, None, "limit", 20, measure="peak")]
    target = "http://docker/containers/mib-%d/export" % mib
    take_turns(row, [(ours, bench.process([BARE_PYTHON, "-m", "rawdock"] + words, size=mib << 20)),
                     ("docker export", bench.process(["docker", "export", "mib-%d" % mib], size=mib << 20)),
                     ("curl", bench.process(["curl", "-sS", "--unix-socket", path, target], size=mib << 20))],
               bench.rounds)
    take_turns(row,
               [(larger, bench.process([BARE_PYTHON, "-m", "rawdock"] + export_words(bench, "mib-%d" % more),
                                       size=more << 20))], 1)


def row_export_engine(bench, row):
    """An export of a real engine: a container made for it, with one large file."""
    if bench.engine is None:
        row.notes.append("no real engine: tools/engine up, or --engine ADDRESS")
        return
    from rawdock import Docker
    mib = bench.size(256, 64)
    name = "rawdock-bench-%d" % os.getpid()
    words = export_words(bench, name)
    ours = "rawdock " + words[0]
    row.title += " (%d MiB)" % mib
    row.goals += [Goal(ours, "docker export", "faster", 1, 1.3), Goal(ours, "curl", "faster", 1, 1.3)]
    with Docker(bench.engine) as docker:
        for message in docker.image_create(fromImage="busybox", tag="latest"):
            pass
        docker.container_create(name=name, body={"Image": "busybox",
                                                 "Cmd": ["dd", "if=/dev/urandom", "of=/large", "bs=1048576",
                                                          "count=%d" % mib]})
        try:
            docker.container_start(name)
            expect(docker.container_wait(name)["StatusCode"], 0, "dd in the container")
            path = bench.engine[len("unix://"):]
            take_turns(row, [
                (ours, bench.process([BARE_PYTHON, "-m", "rawdock"] + words, bench.engine)),
                ("docker export", bench.process(["docker", "export", name], bench.engine)),
                ("curl",
                 bench.process(["curl", "-sS", "--unix-socket", path,
                                "http://docker/containers/%s/export" % name], bench.engine))],
                bench.rounds)
        finally:
            docker.container_delete(name, force=True)


def row_logs(bench, row):
    """Log frames of 100-byte lines, a chunk each, to a file: whole programs. Times are for one frame, start
    and all."""
    frames = bench.size(1000000, 200000)
    row.title += " (%d frames)" % frames
    row.goals += [Goal("rawdock logs", "docker logs", "faster", 1.5, 3),
                  Goal("rawdock logs, mixed", "docker logs, mixed", "faster", 1.5, 3)]
    contenders = []
    for kind, note, errors in (("frames", "", 0), ("mixed", ", mixed", frames // 10 * LINE_BYTES)):
        name = "%s-%d" % (kind, frames)
        for program, argv in (("rawdock", [BARE_PYTHON, "-m", "rawdock"]), ("docker", ["docker"])):
            work = bench.process(argv + ["logs", name], size=frames * LINE_BYTES - errors, stderr_size=errors)
            contenders.append(("%s logs%s" % (program, note), per_unit(work, frames)))
    take_turns(row, contenders, bench.rounds)


def per_unit(work, count):
    def contender():
        sample = work()
        return Sample(sample.seconds / count, sample.peak)
    return contender


def row_frames(bench, row):
    """The frames of row 4 in this process, each given to the caller. Times are for one frame."""
    frames = 50000
    bench.serve()
    name = "frames-%d" % frames

    def ours():
        from rawdock import Docker
        total = 0
        with Docker(bench.address, version="1.45") as docker:
            for stream, data in docker.container_logs(name, stdout=True, stderr=True):
                total += len(data)
        return total

    def with_docker_py():
        client = docker_py(bench)
        total = 0
        for data in client.logs(name, stream=True):
            total += len(data)
        client.close()
        return total

    row.goals.append(Goal("rawdock container_logs", "docker-py logs(stream=True)", "faster", 7))
    take_turns(row, [("rawdock container_logs", timed(ours, frames, frames * LINE_BYTES)),
                     ("docker-py logs(stream=True)", timed(with_docker_py, frames, frames * LINE_BYTES))],
               bench.many)


def row_events(bench, row):
    """JSON messages in this process, each decoded, a chunk each. Times are for one message."""
    count = 10000
    bench.serve()

    def ours():
        from rawdock import Docker
        number = 0
        with Docker(bench.address, version="1.45") as docker:
            for message in docker.system_events(until=str(count)):
                number += 1
        return number, message["Action"]

    def with_docker_py():
        client = docker_py(bench)
        number = 0
        for message in client.events(until=count, decode=True):
            number += 1
        client.close()
        return number, message["Action"]

    def with_json_alone():
        with connect(bench.serve()) as sock:
            sock.sendall(request_bytes("/events?until=%d" % count, "Connection: close"))
            data = b"".join(iter(lambda: sock.recv(RECEIVE_BYTES), b""))
        number, loads = 0, json.loads
        for line in data.split(b"\r\n\r\n", 1)[1].split(b"\n"):
            if line.startswith(b"{"):
                message = loads(line.decode("utf-8"))
                number += 1
        return number, message["Action"]

    row.goals.append(Goal("rawdock system_events", "docker-py events(decode=True)", "faster", 3))
    wanted = (count, "start")
    take_turns(row, [("rawdock system_events", timed(ours, count, wanted)),
                     ("docker-py events(decode=True)", timed(with_docker_py, count, wanted)),
                     ("json.loads of each line", timed(with_json_alone, count, wanted))], bench.many)


def without_bytecode(folder, work):
    """A contender that does `work` with no `__pycache__` in `folder`."""
    def contender():
        shutil.rmtree(os.path.join(folder, "__pycache__"), ignore_errors=True)
        return work()
    return contender


def cold_start(bench, row, address):
    single = os.path.join(bench.folder, "rawdock.py")
    bench.serve()
    rounds = bench.size(21, 9)
    contenders = []
    ps = bench.has_command("ps")
    words = ["ps"] if ps else ["GET", "/containers/json"]
    package, alone = "python3 -m rawdock " + words[0], "python3 -I -S rawdock.py " + words[0]
    first, bare, bare_alone = alone + ", first run", "python3 -c pass", "python3 -I -S -c pass"
    row.goals += [Goal(package, "docker ps", "within", 1.25, beyond=bare),
                  Goal(first, "docker ps", "within", 4.5, beyond=bare_alone),
                  Goal(alone, "docker ps", "within", 2, 1.5, beyond=bare_alone),
                  Goal(package, "docker-py ps", "faster", 8),
                  Goal(package, "docker ps", "within", 1, measure="peak")]
    contenders.append((package, bench.process([BARE_PYTHON, "-m", "rawdock"] + words, address)))
    try:
        run_quietly([sys.executable, os.path.join(ROOT, "tools", "amalgamate"), "-o", single],
                    "tools/amalgamate")
        again = os.path.join(bench.folder, "again")   # the bytecode there stays from run to run
        os.makedirs(again, exist_ok=True)
        shutil.copy2(single, again)
        for name, folder in ((first, bench.folder), (alone, again)):
            argv = [BARE_PYTHON, "-I", "-S", os.path.join(folder, "rawdock.py")] + words
            work = bench.process(argv, address, cwd=folder)
            contenders.append((name, without_bytecode(folder, work) if name == first else work))
    except CannotBench as error:
        row.notes.append("the single file is left out: %s" % error)
        row.broken = True
    script = os.path.join(bench.folder, "ps.py")
    with open(script, "w") as file:
        file.write("import docker\nfor one in docker.from_env().api.containers():\n"
                   "    print(one['Id'][:12], one['Image'], one['Command'], one['Status'], "
                   "one['Names'][0])\n")
    size = None if address is None else False   # a real engine may have no container to list
    contenders += [("docker ps", bench.process(["docker", "ps"], address)),
                   ("docker-py ps",
                    bench.process([os.path.join(VENV, "bin", "python"), script], address, size)),
                   (bare, bench.process([BARE_PYTHON, "-c", "pass"], address, False)),
                   (bare_alone, bench.process([BARE_PYTHON, "-I", "-S", "-c", "pass"], address, False))]
    take_turns(row, contenders, rounds)


def row_cold(bench, row):
    """From nothing to a printed table and gone again, whole programs."""
    cold_start(bench, row, None)


def row_cold_engine(bench, row):
    if bench.engine is None:
        row.notes.append("no real engine: tools/engine up, or --engine ADDRESS")
        return
    cold_start(bench, row, bench.engine)


def feed_all(make, data, step):
    """A work that feeds `data` to a new reader in pieces of `step` bytes; gives the number of values."""
    pieces = [data[at:at + step] for at in range(0, len(data), step)]

    def work():
        reader, values = make(), 0
        for piece in pieces:
            values += len(reader.feed(piece))
        reader.feed_eof()
        return values > 0
    return work


def growth_cases(bench):
    """(name, function of a size → work, the smaller size): the larger work is ten times the smaller."""
    from rawdock import (FrameReader, MessageReader, ResponseReader, encode_chunk, encode_frame,
                         encode_last_chunk)
    n = bench.size(4, 1)
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

    def fields(count, value=b"value"):
        return (b"HTTP/1.1 204 No Content\r\n"
                + b"".join(b"X-Field-%04d: %s\r\n" % (number, value) for number in range(count)) + b"\r\n")

    def body(size, chunk):
        return chunked + encode_chunk(b"x" * chunk) * (size // chunk) + encode_last_chunk()

    def message(size):
        return json.dumps({"items": ["text %d" % number for number in range(size)]}).encode("ascii") + b"\n"

    return [
        ("chunks of 1 byte", lambda size: feed_all(ResponseReader, body(size, 1), RECEIVE_BYTES), 5000 * n),
        ("chunks of 1 byte, byte by byte", lambda size: feed_all(ResponseReader, body(size, 1), 1), 1000 * n),
        ("one chunk, byte by byte", lambda size: feed_all(ResponseReader, body(size, size), 1), 5000 * n),
        ("header fields (25 to 250)",
         lambda size: feed_all(ResponseReader, fields(size) * 40 * n, RECEIVE_BYTES), 25),
        ("header fields, byte by byte", lambda size: feed_all(ResponseReader, fields(size), 1), 25),
        ("one long field, byte by byte", lambda size: feed_all(ResponseReader, fields(1, b"v" * size), 1),
         6000),
        ("frames", lambda size: feed_all(FrameReader, encode_frame(1, b"x" * 100) * size, RECEIVE_BYTES),
         10000 * n),
        ("frames, byte by byte", lambda size: feed_all(FrameReader, encode_frame(1, b"x" * 100) * size, 1),
         100 * n),
        ("one frame, byte by byte", lambda size: feed_all(FrameReader, encode_frame(1, b"x" * size), 1),
         10000 * n),
        ("JSON messages", lambda size: feed_all(MessageReader, b'{"status":"Pulling","id":"abc"}\r\n' * size,
                                                RECEIVE_BYTES), 2000 * n),
        ("one JSON message, 100 bytes a feed", lambda size: feed_all(MessageReader, message(size), 100),
         2000 * n),
        ("one JSON message, byte by byte", lambda size: feed_all(MessageReader, message(size), 1), 300 * n),
    ]


def row_linear(bench, row):
    """Ten times the work must take about ten times as long: 100 would be the square. The limit leaves room
    for noise."""
    for name, make, size in growth_cases(bench):
        small, large = timed(make(size), 1, True), timed(make(size * 10), 1, True)
        seconds = Row("", "")
        take_turns(seconds, [("rawdock small", small), ("rawdock large", large)], 3)
        if seconds.notes:
            row.notes += seconds.notes
            row.broken = True
            continue
        # one slow round would bend a factor of two short times
        least = [min(figure.rounds) for figure in seconds.figures]
        row.figures.append(Figure(name, least[1] / least[0], "×",
                                  note="%s → %s" % (span(least[0], "s"), span(least[1], "s"))))
        row.goals.append(Goal(name, None, "limit", 15))


class Between:
    """Two programs between a client and the C server: within it `paths` has a socket for "rawdock tap", for
    "socat", and the server's own."""

    def __init__(self, bench):
        self.paths = {name: os.path.join(bench.folder, name.split()[-1]) for name in ("rawdock tap", "socat")}
        server = bench.serve()
        self.commands = (
            [BARE_PYTHON, "-m", "rawdock", "tap", "--listen", self.paths["rawdock tap"], "--to", os.devnull],
            ["socat", "UNIX-LISTEN:%s,fork" % self.paths["socat"], "UNIX-CONNECT:" + server])
        self.environment = bench.environment(bench.address)
        self.paths["nothing between"] = server
        self.programs = []

    def __enter__(self):
        for command in self.commands:
            self.programs.append(subprocess.Popen(command, cwd=ROOT, env=self.environment,
                                                  stderr=subprocess.DEVNULL))
        end = time.monotonic() + 20
        while not all(os.path.exists(path) for path in self.paths.values()):
            if time.monotonic() > end:
                raise CannotBench("tap or socat did not start to listen")
            time.sleep(0.02)
        return self

    def __exit__(self, *exc):
        for program in self.programs:
            program.terminate()
            program.wait()


def row_tap(bench, row):
    """An export through the tap, its transcript written, and through socat: curl to a file that keeps
    nothing."""
    mib = bench.size(1024, 256)
    row.title += " (%d MiB)" % mib
    row.goals.append(Goal("rawdock tap", "socat", "within", 1.5, 1))
    target = "http://docker/containers/mib-%d/export" % mib
    with Between(bench) as between:
        take_turns(row,
                   [(name,
                     bench.process(["curl", "-sS", "-o", os.devnull, "--unix-socket", path, target], size=0))
                    for name, path in between.paths.items()], bench.rounds)


def row_tap_requests(bench, row):
    """Pings on one kept connection through both: what each adds to an exchange. The tap explains every
    one."""
    count = 200
    request = request_bytes("/_ping")

    def through(path):
        def contender():
            with connect(path) as sock:
                began = time.perf_counter()
                for _ in range(count):
                    sock.sendall(request)
                    expect(sock.recv(RECEIVE_BYTES)[-2:], b"OK", "a ping's answer")
                return Sample((time.perf_counter() - began) / count)
        return contender

    with Between(bench) as between:
        take_turns(row, [(name, through(path)) for name, path in between.paths.items()], bench.many)
