"""Processes, mounts, links and cgroups of one engine of tools/engine, found by names that only it has."""
import ipaddress
import os
import re
import time

from real_engine.registry import Registry


def command_line(pid):
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as file:
            return [os.fsdecode(part) for part in file.read().split(b"\0")[:-1]]
    except OSError:
        return []


def is_running(pid):
    """False for a zombie too: it holds nothing any more, whoever has to reap it."""
    try:
        with open("/proc/%d/stat" % pid, "rb") as file:
            return file.read().rsplit(b")", 1)[1].split()[0] not in (b"Z", b"X")
    except (OSError, IndexError):
        return False


def all_pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def names_directory(argv, directory):
    return any(arg == directory or arg.startswith(directory + "/") or "=" + directory + "/" in arg
               or "://" + directory + "/" in arg for arg in argv)


def own_processes(state, subnet):
    """Pids of the engine's programs, and of docker-proxy serving an address of its subnet."""
    found = []
    for pid in all_pids():
        argv = command_line(pid)
        if not argv or not is_running(pid):
            continue
        program = os.path.basename(argv[0])
        if program in state.kind.own_programs and names_directory(argv, state.dir):
            found.append(pid)
        elif program == "docker-proxy" and subnet and "-container-ip" in argv[:-1]:
            try:
                address = ipaddress.ip_address(argv[argv.index("-container-ip") + 1])
            except ValueError:
                continue
            if address in ipaddress.ip_network(subnet):
                found.append(pid)
    return found


def descendants(pids):
    children = {}
    for pid in all_pids():
        try:
            with open("/proc/%d/stat" % pid, "rb") as file:
                parent = int(file.read().rsplit(b")", 1)[1].split()[1])
        except (OSError, IndexError, ValueError):
            continue
        children.setdefault(parent, []).append(pid)
    found, waiting = [], list(pids)
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in found:
                found.append(child)
                waiting.append(child)
    return found


def pid_from(path, program, state):
    """The pid in a pidfile, if that process still is that program of this engine."""
    try:
        with open(path) as file:
            text = file.read().strip()
    except OSError:
        return None
    if not text.isdigit():
        return None
    argv = command_line(int(text))
    if (argv and os.path.basename(argv[0]) == program and names_directory(argv, state.dir)
            and is_running(int(text))):
        return int(text)
    return None


def mount_lines():
    with open("/proc/self/mountinfo", "rb") as file:
        for line in file:
            fields = line.split(b" ")
            place = re.sub(br"\\([0-7]{3})", lambda m: bytes([int(m.group(1), 8)]), fields[4])
            yield os.fsdecode(place), fields[fields.index(b"-") + 1]


def mounts_below(directory):
    return [place for place, _ in mount_lines() if place == directory or place.startswith(directory + "/")]


def cgroups_named(wanted):
    """Every cgroup that one of these names is the name of, or of a parent, deepest first, in every hierarchy
    here.
    """
    found = []
    for place, kind in mount_lines():
        if kind in (b"cgroup", b"cgroup2"):
            for directory, _, _ in os.walk(place, topdown=False):
                if not wanted.isdisjoint(directory[len(place):].split("/")):
                    found.append(directory)
    return found


def own_cgroups(state, pids):
    """The engine's cgroups and its containers', also of those started under a --cgroup-parent of their own.
    """
    return cgroups_named({state.cgroup} | state.kind.container_cgroups(state, map(command_line, pids)))


def pids_in(cgroups):
    pids = set()
    for directory in cgroups:
        try:
            with open(os.path.join(directory, "cgroup.procs")) as file:
                pids.update(int(line) for line in file.read().split())
        except OSError:
            pass
    pids.discard(0)
    return sorted(pids)


def thaw(cgroups):
    """A frozen process does not end, not even when it is killed."""
    for directory in cgroups:
        for name, value in (("freezer.state", "THAWED"), ("cgroup.freeze", "0")):
            path = os.path.join(directory, name)
            if os.path.exists(path):
                try:
                    with open(path, "w") as file:
                        file.write(value)
                except OSError:
                    pass


def link_exists(name):
    return os.path.exists("/sys/class/net/" + name)


def own_bridges(state, before):
    """Our bridge, and those dockerd made for user networks: the names stand in its network store."""
    names = {state.bridge}
    try:
        with open(os.path.join(state.root, "network/files/local-kv.db"), "rb") as file:
            names.update(found.decode("ascii", "replace")
                         for found in re.findall(br'"BridgeName":"([A-Za-z0-9_.-]{1,15})"', file.read()))
    except OSError:
        pass
    return sorted(name for name in names if name not in before and link_exists(name))


def signal_all(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def wait_until(condition, seconds):
    end = time.monotonic() + seconds
    while True:
        if condition():
            return True
        if time.monotonic() >= end:
            return False
        time.sleep(0.02)


def registry_of(state, facts):
    """The Registry of this engine, or None when it does not run."""
    pid = pid_from(state.registry_pidfile, "docker-registry", state)
    return Registry(facts.get("port", 0), pid if state.kind.own_network else None) if pid else None
