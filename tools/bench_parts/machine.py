"""The machine that tools/bench measures on: venv, server, processes, and contenders that take turns."""
import hashlib
import os
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from bench_parts.figures import Figure

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VENV = os.path.join(ROOT, ".venv-bench")
BARE_PYTHON = os.path.join(VENV, "bare", "bin", "python3")
PEERS = ("h11", "httptools", "pycurl", "docker", "httpx")
PYTHON = os.path.realpath(sys.executable)      # in a venv this is the interpreter it was made from
RECEIVE_BYTES = 65536


class CannotBench(Exception):
    """One line for the maintainer: what, where, what to try."""


def say(line):
    print("tools/bench: " + line, file=sys.stderr, flush=True)


def run_quietly(argv, doing):
    """Run `argv`; its output (str). CannotBench with its last line if it fails."""
    try:
        ran = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except OSError as error:
        raise CannotBench("%s failed: %s: %s" % (doing, argv[0], error.strerror))
    text = ran.stdout.decode("utf-8", "replace")
    if ran.returncode:
        last = [line for line in text.split("\n") if line.strip()][-1:] or ["exit status %d" % ran.returncode]
        raise CannotBench("%s failed: %s" % (doing, last[0].strip()))
    return text


def has_installed(peer, inside):
    """Whether `peer` could be installed in the venv of the Python `inside`; pycurl is built if need be."""
    install = [inside, "-m", "pip", "-q", "--disable-pip-version-check", "install", peer]
    try:
        run_quietly(install, "installing " + peer)
    except CannotBench as error:
        try:
            if peer != "pycurl" or os.geteuid() or not shutil.which("apt-get"):
                raise
            say("no wheel of pycurl for this Python: building it needs libcurl's headers")
            os.environ.setdefault("DEBIAN_FRONTEND", "noninteractive")
            run_quietly(["apt-get", "-q", "update"], "apt-get update")
            run_quietly(["apt-get", "-qy", "install", "--no-install-recommends", "libcurl4-openssl-dev",
                         "libssl-dev", "gcc", "python3-dev"], "apt-get install libcurl4-openssl-dev")
            run_quietly(install, "installing " + peer)
        except CannotBench:
            say("%s; its figures will be missing" % error)
            return False
    return True


def ready_venv():
    """The python of the venv with the peers, made now if need be. Peers that cannot be installed are named in
    its stamp."""
    inside = os.path.join(VENV, "bin", "python")
    stamp_path = os.path.join(VENV, "rawdock-stamp")
    stamp = "%s %s, and an empty venv\n" % (PYTHON, " ".join(PEERS))
    try:
        with open(stamp_path) as written:
            if written.read() == stamp and os.path.exists(inside):
                return inside
    except OSError:
        pass
    if sys.version_info < (3, 8):
        raise CannotBench("the peers need Python 3.8 or newer, this is %s: start tools/bench with another"
                          % platform.python_version())
    say("making %s" % os.path.relpath(VENV, ROOT))
    shutil.rmtree(VENV, ignore_errors=True)
    run_quietly([PYTHON, "-m", "venv", VENV], "making a venv (Debian: apt-get install python3-venv)")
    run_quietly([PYTHON, "-m", "venv", "--without-pip", os.path.dirname(os.path.dirname(BARE_PYTHON))],
                "making the empty venv")
    missing = [peer for peer in PEERS if not has_installed(peer, inside)]
    # Its .pth file would run at each start of docker-py.
    run_quietly([inside, "-m", "pip", "-q", "--disable-pip-version-check", "uninstall", "-y", "setuptools"],
                "pip uninstall setuptools")
    if not missing:   # else the next run tries again
        with open(stamp_path, "w") as written:
            written.write(stamp)
    return inside


def build_server():
    """The path of the compiled bench_server, built when its source has changed."""
    source = os.path.join(ROOT, "tools", "bench_server.c")
    with open(source, "rb") as file:
        built = os.path.join(VENV, "bench_server-" + hashlib.sha256(file.read()).hexdigest()[:16])
    if os.access(built, os.X_OK):
        return built
    compiler = next((found for found in map(shutil.which, [os.environ.get("CC") or "cc", "gcc", "clang"])
                     if found), None)
    if compiler is None:
        raise CannotBench(
            "no C compiler for tools/bench_server.c: install gcc (Debian: apt-get install gcc libc6-dev); "
            "rows 1 and 8 need none")
    run_quietly([compiler, "-O2", "-o", built + ".new", source, "-lpthread"],
                "compiling tools/bench_server.c")
    os.rename(built + ".new", built)
    return built


def first_line(argv):
    try:
        return run_quietly(argv, argv[0]).split("\n")[0].strip()
    except CannotBench:
        return None


def processor():
    try:
        with open("/proc/cpuinfo") as file:
            found = re.search(r"(?m)^model name\s*:\s*(.*)$", file.read())
    except OSError:
        found = None
    return found.group(1) if found else platform.processor() or platform.machine()


def gather_facts(quick):
    """Versions of all that is measured, and the machine it runs on: {name: text}."""
    from importlib.metadata import PackageNotFoundError, version
    facts = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": "%s, %d cores, Linux %s" % (processor(), os.cpu_count() or 1, platform.release()),
        "load": "%.2f %.2f %.2f at the start" % os.getloadavg(),
        "files in": tempfile.gettempdir(),
        "python": "%s %s" % (platform.python_implementation(), platform.python_version()),
        "rawdock": first_line(["git", "-C", ROOT, "describe", "--always", "--dirty"]) or "not a git checkout",
    }
    for peer in PEERS:
        try:
            facts[peer] = version(peer)
        except PackageNotFoundError:
            facts[peer] = "not installed"
    try:
        from pycurl import version as libcurl
        facts["pycurl"] += " (%s)" % " ".join(word for word in libcurl.split() if word.startswith("libcurl"))
    except ImportError:
        pass
    facts["docker CLI"] = first_line(["docker", "--version"]) or "not found"
    facts["curl"] = " ".join((first_line(["curl", "--version"]) or "not found").split()[:2])
    facts["rounds"] = "quick: few and small" if quick else "full"
    return facts


class Sample:
    """One run of one contender: seconds for one unit of the work, peak MiB or None."""

    def __init__(self, seconds, peak=None):
        self.seconds = seconds
        self.peak = peak


def take_turns(row, contenders, rounds):
    """Let (name, function) pairs take turns after one unmeasured round; their medians become the figures of
    `row`.

    A function does the work once and gives a Sample, or raises. Who raises is left out with a note.
    """
    samples = {name: [] for name, _ in contenders}
    working = list(contenders)
    for number in range(rounds + 1):
        for name, work in list(working):
            try:
                sample = work()
            except Exception as error:   # a peer may raise anything; ours is marked broken below
                working.remove((name, work))
                samples.pop(name)
                text = " ".join(str(error).split()) or type(error).__name__
                row.notes.append("%s is left out: %s" % (name, text[:200]))
                row.broken = row.broken or is_ours(name)
                continue
            if number:
                samples[name].append(sample)
    for name, _ in working:
        peaks = [sample.peak for sample in samples[name] if sample.peak is not None]
        seconds = [sample.seconds for sample in samples[name]]
        row.figures.append(Figure(name, statistics.median(seconds), "s", max(peaks) if peaks else None,
                                  seconds))


def is_ours(name):
    return "rawdock" in name


def expect(got, wanted, what):
    if got != wanted:
        raise CannotBench("%s: got %r, expected %r" % (what, got, wanted))


def timed(work, count, wanted=None, what="result"):
    """A contender out of `work`, which does `count` units in one call and returns what shows that it did
    them."""
    def contender():
        began = time.perf_counter()
        got = work()
        seconds = time.perf_counter() - began
        if wanted is not None:
            expect(got, wanted, what)
        return Sample(seconds / count)
    return contender


class Bench:
    """What the rows share: sizes, the C server, the temporary folder, ways to start programs."""

    def __init__(self, quick, engine, folder):
        self.quick = quick
        self.engine = engine            # address of a real one, or None
        self.folder = folder
        self.rounds = 3 if quick else 5
        # rounds of short works: what else the machine does then falls into few of them
        self.many = 7 if quick else 31
        self._server = None
        self.program = None
        self.address = None

    def size(self, full, quick):
        return quick if self.quick else full

    def serve(self):
        """Start the C server once; its socket's path."""
        path = os.path.join(self.folder, "s")
        if self._server is None:
            self.program = build_server()
            self._server = subprocess.Popen([self.program, "serve", path], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE)
            if self._server.stdout.readline() != b"ready\n":
                raise CannotBench(
                    "bench_server did not start on %s: set TMPDIR to a folder with a shorter path" % path)
            self.address = "unix://" + path
        return path

    def pinned(self, apart):
        """Within it this process is on one CPU, and the server's new connections on another (`apart`) or on
        that one.

        Where the scheduler puts the two decides what a wake-up costs (a factor of five was seen), so it is
        not left to it.
        """
        self.serve()
        return PinnedCpus(self._server.pid, apart)

    def close(self):
        if self._server is not None:
            self._server.stdin.close()   # that ends it
            self._server.wait()
            self._server.stdout.close()

    def environment(self, address):
        home = os.path.join(self.folder, "home")
        os.makedirs(home, exist_ok=True)
        return {"PATH": os.environ.get("PATH", os.defpath), "HOME": home, "DOCKER_HOST": address,
                "LC_ALL": "C.UTF-8"}

    def process(self, argv, address=None, size=None, stderr_size=0, cwd=ROOT):
        """A contender that runs a program with its output in a file of `size` bytes (None: of at least
        one)."""
        self.serve()

        def contender():
            path = os.path.join(self.folder, "out")
            for name in (path, path + ".err"):
                if os.path.exists(name):
                    os.unlink(name)
            try:
                report = subprocess.run([self.program, "run", path] + argv, stdout=subprocess.PIPE, cwd=cwd,
                                        env=self.environment(address or self.address)).stdout.split()
                seconds, peak, status = float(report[0]), int(report[1]), int(report[-1])
                if status:
                    with open(path + ".err", "rb") as file:
                        said = file.read(400).decode("utf-8", "replace")
                    raise CannotBench("exit status %d: %s" % (status, said))
                got = os.path.getsize(path)
                if size is None:
                    expect(got > 0, True, "output")
                elif size is not False:
                    expect((got, os.path.getsize(path + ".err")), (size, stderr_size),
                           "bytes of output and errors")
            finally:
                for name in (path, path + ".err"):
                    if os.path.exists(name):
                        os.unlink(name)
            return Sample(seconds, peak / 1024)
        return contender

    def has_command(self, name):
        return subprocess.run([BARE_PYTHON, "-m", "rawdock", name, "--help"], cwd=ROOT,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


class PinnedCpus:
    def __init__(self, server, apart):
        self.server = server
        self.apart = apart
        self.all = os.sched_getaffinity(0)

    def __enter__(self):
        cpus = sorted(self.all)
        os.sched_setaffinity(self.server, {cpus[-1]})   # the thread that accepts: those it starts inherit it
        os.sched_setaffinity(0, {cpus[0] if self.apart else cpus[-1]})

    def __exit__(self, *exc):
        for process in (0, self.server):
            os.sched_setaffinity(process, self.all)


def connect(path):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.connect(path)
    return sock


def request_bytes(target, *fields):
    return ("GET %s HTTP/1.1\r\nHost: docker\r\n%s\r\n"
            % (target, "".join(field + "\r\n" for field in fields))).encode("ascii")


def unix_http_connection(path):
    """An http.client connection over a unix socket."""
    from http.client import HTTPConnection
    connection = HTTPConnection("docker")
    connection.sock = connect(path)
    return connection


def docker_py(bench):
    from docker import APIClient
    return APIClient(base_url=bench.address, version="1.45", timeout=60)
