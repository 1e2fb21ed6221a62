"""The state directory of one engine of tools/engine, and the programs that it needs."""
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys

from debian_packages import SYSTEM_PATH, ToolError, apt_get

SOCKET_PATH_LIMIT = 107                        # sun_path is 108 bytes with its NUL

# program → Debian package that brings it: what the registry and its images are made with
PROGRAMS = (
    ("docker-registry", "docker-registry"),
    ("busybox", "busybox-static"),
    ("redis-server", "redis-server"),
    ("redis-cli", "redis-tools"),
    ("docker", "docker.io"),
    ("nc", "netcat-openbsd"),
    ("ip", "iproute2"),
    ("openssl", "openssl"),
    ("htpasswd", "apache2-utils"),
)


class State:
    """Every path and name that belongs to one engine; all of them follow from the directory."""

    def __init__(self, directory, kinds, name):
        """`name`: one of `kinds` ({name: kind}), or None for that of the engine which was started in this
        directory."""
        self.dir = os.path.realpath(directory)
        self.marker = self.at("engine.json")
        self.kind = kinds[name or self.kind_seen() or "20"]
        self.socket = self.at(self.kind.socket)
        self.pidfile = self.at(self.kind.program + ".pid")
        self.registry_pidfile = self.at("registry.pid")
        self.log = self.at(self.kind.program + ".log")
        self.registry_log = self.at("registry.log")
        self.private_pidfile = self.at("private.pid")
        self.private_log = self.at("private.log")
        self.private_ca = self.at("private/ca.pem")
        self.root = self.at("root")
        self.exec_root = self.at("exec")
        self.run = self.at("run")
        tag = hashlib.sha256(self.dir.encode()).hexdigest()
        self.seed = int(tag[:8], 16)
        self.bridge = "rdk" + tag[:8]
        self.cgroup = "rawdock-" + tag[:8]

    def at(self, name):
        return os.path.join(self.dir, name)

    def kind_seen(self):
        """The name of the kind of engine that was started here last, or None."""
        try:
            return self.load().get("engine")
        except ToolError:
            return None

    def check(self):
        if self.dir in ("/", "/tmp", "/root", "/home", "/var", "/run", "/usr", "/etc"):
            raise ToolError("%s cannot be a state directory: name a directory of its own with --state"
                            % self.dir)
        length = len(os.fsencode(self.socket))
        if length > SOCKET_PATH_LIMIT:
            raise ToolError("the socket path %s is %d bytes, the system's limit is %d: "
                            "choose a shorter --state"
                            % (self.socket, length, SOCKET_PATH_LIMIT))
        try:
            seen = os.lstat(self.dir)
        except FileNotFoundError:
            return
        if not stat.S_ISDIR(seen.st_mode):
            raise ToolError("%s is not a directory: choose another --state" % self.dir)
        if seen.st_uid != os.geteuid():
            raise ToolError("%s belongs to user %d, not to you: choose another --state"
                            % (self.dir, seen.st_uid))
        hidden = [place for place in self.kind.private_directories if self.dir.startswith(place + "/")]
        if hidden:
            raise ToolError("%s would hide %s from itself: choose another --state"
                            % (self.kind.program, self.dir))

    def claim(self):
        """Make the directory ours, or refuse one that holds something else."""
        self.check()
        os.makedirs(self.dir, 0o700, exist_ok=True)
        os.chmod(self.dir, 0o700)
        if not os.path.exists(self.marker) and os.listdir(self.dir):
            raise ToolError("%s holds other files (no engine.json in it): choose another --state" % self.dir)
        if not os.path.exists(self.marker):
            self.save({})

    def load(self):
        try:
            with open(self.marker) as file:
                value = json.load(file)
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except PermissionError:
            raise ToolError("%s cannot be read: run this as the user who ran `tools/engine up`" % self.marker)
        except ValueError:
            raise ToolError("%s is damaged: run tools/engine down --purge, then up" % self.marker)
        return value if isinstance(value, dict) else {}

    def save(self, value):
        with open(self.marker + ".new", "w") as file:
            json.dump(value, file, indent=1, sort_keys=True)
            file.write("\n")
        os.rename(self.marker + ".new", self.marker)


def tail_of(path, lines=15):
    try:
        with open(path, "rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 8192))
            return file.read().decode("utf-8", "replace").splitlines()[-lines:]
    except OSError:
        return []


def say(line):
    print("tools/engine: " + line, file=sys.stderr, flush=True)


def clean_environment():
    """Neither proxies nor DOCKER_* nor REGISTRY_* of the caller may steer what we start."""
    return {"PATH": SYSTEM_PATH, "LANG": "C.UTF-8", "HOME": "/root"}


def find_program(name):
    return shutil.which(name, path=SYSTEM_PATH)


def run_quiet(*argv):
    """Run a command to its end; its output, or ToolError with its last line."""
    done = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            env=clean_environment())
    output = done.communicate()[0].decode("utf-8", "replace")
    if done.returncode:
        last = (output.strip().splitlines() or ["exit status %d" % done.returncode])[-1]
        raise ToolError("%s failed: %s" % (" ".join(argv), last))
    return output


def install_missing(state):
    programs = PROGRAMS + state.kind.programs
    packages = sorted({package for program, package in programs if not find_program(program)})
    if not packages:
        return
    say("installing %s" % " ".join(packages))
    with NoServices():
        log = state.at("apt.log")
        if not (apt_get(log, "install", *packages)
                or apt_get(log, "update") and apt_get(log, "install", *packages)):
            raise ToolError("apt-get could not install %s" % " ".join(packages), log)
        # From Debian 13 on the docker CLI is a package of its own.
        if not find_program("docker"):
            apt_get(log, "install", "docker-cli")
    missing = [program for program, _ in programs if not find_program(program)]
    if missing:
        raise ToolError("still missing after apt-get: %s" % ", ".join(missing), log)


class NoServices:
    """While packages are installed, invoke-rc.d must not start their services (policy-rc.d, exit 101).
    """

    path = "/usr/sbin/policy-rc.d"
    kept = "/usr/sbin/policy-rc.d.rawdock-kept"
    text = "#!/bin/sh\n# put here by rawdock's tools/engine while it installs packages\nexit 101\n"

    def __enter__(self):
        # An earlier run that was killed may have left ours in place: never keep that one as the machine's
        # own.
        if os.path.lexists(self.path) and not self.is_ours():
            os.rename(self.path, self.kept)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o755)
        with os.fdopen(descriptor, "w") as file:
            file.write(self.text)
        os.chmod(self.path, 0o755)

    def is_ours(self):
        return os.path.isfile(self.path) and read_bytes(self.path) == self.text.encode()

    def __exit__(self, *_):
        if os.path.lexists(self.kept):
            os.rename(self.kept, self.path)
        else:
            os.unlink(self.path)


def read_bytes(path):
    with open(path, "rb") as file:
        return file.read()
