"""Packages of another Debian release, unpacked into a directory of their own: for tools/engine and
tools/test.

apt-get works in a directory of its own there, which knows of no installed package, so that all that a package
depends on is fetched too. Maintainer scripts do not run, and this machine's packages stay as they are.
"""
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
UNPACK = 'dpkg-deb --fsys-tarfile "$1" | tar -x --keep-directory-symlink -C "$2"'


class ToolError(Exception):
    """One line, and the path of a log or None."""

    def __init__(self, line, log=None):
        Exception.__init__(self, line)
        self.log = log


def apt_get(log, *words):
    """Run apt-get, its output at the end of the file `log` → whether it succeeded."""
    apt = shutil.which("apt-get", path=SYSTEM_PATH)
    if not apt:
        raise ToolError("there is no apt-get here to fetch packages with (%s)" % words[-1])
    environment = dict(os.environ, PATH=SYSTEM_PATH, DEBIAN_FRONTEND="noninteractive", LC_ALL="C.UTF-8")
    options = ["-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Options::=--force-confold", "-y",
               "--no-install-recommends"]
    with open(log, "ab") as file:
        return subprocess.call([apt] + options + list(words), env=environment,
                               stdin=subprocess.DEVNULL, stdout=file, stderr=file) == 0


def debian_mirror():
    """The URI that this machine's own Debian comes from."""
    for path in sorted(glob.glob("/etc/apt/sources.list") + glob.glob("/etc/apt/sources.list.d/*")):
        with open(path, "rb") as sources:
            text = sources.read()
        found = re.search(br"(?m)^(?:deb .*?|URIs: *)(https?://\S+/debian)/?(?:\s|$)", text)
        if found:
            return found.group(1).decode()
    return "http://deb.debian.org/debian"


def own_apt_options(work):
    """Options of apt-get that keep all that it reads and writes in the directory `work`."""
    own = []
    for option in ("Dir::State=" + work, "Dir::State::status=%s/status" % work, "Dir::Cache=" + work,
                   "Dir::Etc::sourcelist=%s/sources.list" % work, "Dir::Etc::sourceparts=/dev/null",
                   "Dir::Etc::preferences=/dev/null", "Dir::Etc::preferencesparts=/dev/null",
                   "APT::Sandbox::User=root"):
        own += ["-o", option]
    return own


def unpacked_packages(release, packages, log):
    """A directory with `packages` of the Debian `release` ("trixie") and what they depend on, unpacked;
    fetched when it is not there. Raises ToolError."""
    cache = os.environ.get("RAWDOCK_ENGINE_CACHE") or "/var/cache/rawdock-engine"
    names = {"trixie": "debian13"}
    name = "%s-%s" % (names.get(release, release),
                      hashlib.sha256(" ".join(packages).encode()).hexdigest()[:8])
    whole = os.path.join(cache, name)
    if os.path.isdir(whole):
        return whole
    print("fetching %s of Debian %s into %s" % (packages[0], release, whole), file=sys.stderr, flush=True)
    work = whole + ".new"
    shutil.rmtree(work, ignore_errors=True)
    for directory in ("root", "lists/partial", "archives/partial"):
        os.makedirs(os.path.join(work, directory))
    with open(os.path.join(work, "sources.list"), "w") as file:
        file.write("deb [signed-by=%s] %s %s main\n" % (KEYRING, debian_mirror(), release))
    open(os.path.join(work, "status"), "w").close()
    own = own_apt_options(work)
    if not (apt_get(log, *own, "update") and apt_get(log, *own, "--download-only", "install", *packages)):
        raise ToolError("apt-get could not fetch %s of Debian %s" % (packages[0], release), log)
    for archive in sorted(glob.glob(os.path.join(work, "archives", "*.deb"))):
        unpacked = subprocess.run(["sh", "-c", UNPACK, "sh", archive, os.path.join(work, "root")],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if unpacked.returncode:
            raise ToolError("%s cannot be unpacked: %s" % (archive, unpacked.stdout.decode().strip()))
    os.rename(os.path.join(work, "root"), whole)
    shutil.rmtree(work)
    return whole


def cli_plugins(log):
    """A directory with docker-compose and docker-buildx of Debian 13, plugins of the docker CLI."""
    root = unpacked_packages("trixie", ["docker-compose", "docker-buildx"], log)
    return os.path.join(root, "usr", "libexec", "docker", "cli-plugins")


def newest_python(log):
    """A path that starts Python 3.14 of Debian's testing release, with the C library that it wants.

    Its interpreter is started by that release's dynamic loader, from a small script in the interpreter's
    place, so that it, a venv made by it, and whatever it starts by sys.executable work like any other Python.
    """
    root = unpacked_packages("testing", ["python3.14", "python3.14-venv", "ca-certificates"], log)
    script = os.path.join(root, "usr", "bin", "python3.14")
    program = script + ".program"
    if not os.path.exists(program):
        loader = glob.glob(os.path.join(root, "usr", "lib", "*", "ld-linux-*.so.*"))
        if not loader:
            raise ToolError("%s has no dynamic loader" % root)
        os.rename(script, program)
        with open(script + ".new", "w") as file:
            file.write('#!/bin/sh\nexec %s --library-path %s --argv0 "$0" %s "$@"\n'
                       % (loader[0], os.path.dirname(loader[0]), program))
        os.chmod(script + ".new", 0o755)
        os.rename(script + ".new", script)
    return script
