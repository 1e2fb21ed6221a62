"""The Python interpreters of this machine on which a single file is tried."""
import functools
import glob
import os
import re
import shutil
import subprocess
import sys

# Where a maintainer's builds are.
BUILDS = os.path.expanduser(os.path.join("~", ".py" + "env", "versions", "*", "bin"))


def version_of(python):
    """(3, 6) for a path that starts CPython 3.6, or None."""
    try:
        said = subprocess.run([python, "-I", "-S", "-c", "import sys; print('%d %d' % sys.version_info[:2])"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60).stdout.decode()
    except (OSError, subprocess.TimeoutExpired):
        return None
    return tuple(map(int, said.split())) if re.fullmatch("[0-9]+ [0-9]+\n", said) else None


@functools.lru_cache(maxsize=None)
def pythons():
    """[(name, path)] of the running interpreter, the oldest that rawdock promises (3.6) and the newest."""
    found = {sys.version_info[:2]: sys.executable}
    for folder in os.environ.get("PATH", "").split(os.pathsep) + glob.glob(BUILDS):
        for path in glob.glob(os.path.join(folder, "python3.[0-9]*")):
            match = re.fullmatch("python3[.]([0-9]+)", os.path.basename(path))
            version = (3, int(match.group(1))) if match else (0, 0)
            if (3, 6) <= version <= (3, 14) and version not in found and version_of(path) == version:
                found[version] = path
    chosen = {sys.version_info[:2], min(found), max(found)}
    return [(".".join(map(str, version)), found[version]) for version in sorted(chosen)]


def pypy():
    """The path of PyPy, or None."""
    return shutil.which("pypy3")


def unpack_minimal_python(folder):
    """The path of Debian's python3-minimal, unpacked into `folder`. SubprocessError, OSError: not to be
    had."""
    def run(*argv):
        return subprocess.run(argv, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
                              timeout=120).stdout.decode()

    needed = run("apt-cache", "depends", "python3-minimal")
    version = re.search(r"Depends: (python3\.[0-9]+)-minimal", needed).group(1)
    run("apt-get", "-q", "download", version + "-minimal", "lib%s-minimal" % version)
    for package in glob.glob(os.path.join(folder, "*.deb")):
        run("dpkg-deb", "-x", package, folder)
    return os.path.join(folder, "usr", "bin", version)
