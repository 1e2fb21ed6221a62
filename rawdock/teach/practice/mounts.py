"""The mounts of a practice container: Binds, Mounts, VolumesFrom and the Volumes of its image.

No file of the host is read or written. The path of the host in a bind of `-v` names a folder in memory, and
a warning says so. The source of a bind of `--mount` must exist, so it is refused: no file of the host does.
"""
import re

from .files import PracticeTree
from .request import PracticeRefusal, read_object

MOUNT_KINDS = {"Type": str, "Source": str, "Target": str, "ReadOnly": bool, "BindOptions": dict,
               "VolumeOptions": dict, "TmpfsOptions": dict}
VOLUME_OPTION_KINDS = {"NoCopy": bool, "Labels": dict, "DriverConfig": dict, "Subpath": str}
BIND_MODES = "(?:ro|rw|z|Z|nocopy|consistent|cached|delegated|r?(?:private|shared|slave))"


class PracticeMount:
    """A mount at `destination`: a PracticeVolume, or `volume` None for a bind of `source` and a tmpfs."""

    def __init__(self, destination, volume=None, source="", mode="", writable=True, kind="bind",
                 tree=None):
        self.destination = destination
        self.volume = volume
        self.source = source
        self.mode = mode
        self.writable = writable
        self.kind = kind
        self.tree = volume.tree if volume is not None else tree or PracticeTree()

    def inspect(self):
        if self.volume is not None:
            return {"Type": "volume", "Name": self.volume.name, "Source": self.volume.mountpoint,
                    "Destination": self.destination, "Driver": "local", "Mode": self.mode,
                    "RW": self.writable, "Propagation": ""}
        return {"Type": self.kind, "Source": self.source, "Destination": self.destination, "Mode": self.mode,
                "RW": self.writable, "Propagation": "rprivate" if self.kind == "bind" else ""}


def absolute_target(kind, target):
    """Return the path of a mount of this kind without a slash at its end. Raises PracticeRefusal."""
    problem = ("field Target must not be empty" if not target
               else "invalid mount path: '%s' mount path must be absolute" % target if target[0] != "/"
               else "invalid specification: destination can't be '/'" if not target.strip("/") else "")
    if problem:
        raise PracticeRefusal(400, "invalid mount config for type \"%s\": %s" % (kind, problem))
    return target.rstrip("/")


def check_mode(mode):
    """Raise PracticeRefusal for the mode of a bind (str) that has an unknown word."""
    if mode and not re.fullmatch("%s(?:,%s)*" % (BIND_MODES, BIND_MODES), mode):
        raise PracticeRefusal(500, "invalid mode: " + mode)


def bind_mount(volumes, bind):
    """Return the PracticeMount of an entry of Binds, "SOURCE:PATH[:MODE]". Raises PracticeRefusal."""
    match = re.fullmatch("(?:([^:]+):)?([^:]+)(?::([^:]+))?", bind)
    if match is None:
        raise PracticeRefusal(500, "invalid volume specification: '%s'" % bind)
    source, target, mode = match.groups("")
    check_mode(mode)
    try:
        target = absolute_target("bind" if source[:1] == "/" else "volume", target)
    except PracticeRefusal as refusal:
        raise PracticeRefusal(500, "invalid volume specification: '%s': %s" % (bind, refusal.message))
    writable = "ro" not in mode.split(",")
    if source.startswith("/"):
        return PracticeMount(target, None, source, mode, writable)
    return PracticeMount(target, volumes.create(source), "", mode or "z", writable)


def typed_mount(volumes, given):
    """Return the PracticeMount of an entry of Mounts. Raises PracticeRefusal."""
    given = read_object(given if isinstance(given, dict) else {}, MOUNT_KINDS, "Mounts.")
    kind, source, target = (given.get(key) or "" for key in ("Type", "Source", "Target"))
    problem = ""
    if kind not in ("bind", "volume", "tmpfs"):
        problem = "mount type unknown"
    elif kind == "tmpfs" and source:
        problem = "field Source must not be specified"
    elif kind == "volume" and not source and given.get("ReadOnly"):
        problem = "must not set ReadOnly mode when using anonymous volumes"
    elif kind == "bind" and source[:1] != "/":
        problem = ("invalid mount path: '%s' mount path must be absolute" % source if source
                   else "field Source must not be empty")
    elif kind == "bind" and not (given.get("BindOptions") or {}).get("CreateMountpoint"):
        problem = "bind source path does not exist: " + source
    if problem:
        raise PracticeRefusal(400, "invalid mount config for type \"%s\": %s" % (kind, problem))
    for other in ("Bind", "Volume", "Tmpfs"):
        if other.lower() != kind and given.get(other + "Options") is not None:
            raise PracticeRefusal(400, "%sOptions must not be specified on mount type \"%s\"" % (other, kind))
    target, volume = absolute_target(kind, target), None
    if kind == "volume":
        options = read_object(given.get("VolumeOptions") or {}, VOLUME_OPTION_KINDS, "VolumeOptions.")
        driver = read_object(options.get("DriverConfig") or {}, {"Name": str, "Options": dict})
        volume = volumes.create(source or None, driver.get("Name") or "", driver.get("Options"),
                                options.get("Labels"))
    return PracticeMount(target, volume, source, "z" if volume else "", not given.get("ReadOnly"), kind)


def borrowed_mounts(containers, entry):
    """Return the PracticeMounts that "CONTAINER[:MODE]" of VolumesFrom gives. Raises PracticeRefusal."""
    name, _, mode = entry.partition(":")
    try:
        check_mode(mode)
        lender = containers.find(name)
    except PracticeRefusal as refusal:
        raise PracticeRefusal(400, refusal.message)
    return [PracticeMount(one.destination, one.volume, one.source, mode, one.writable and mode != "ro",
                          one.kind, one.tree) for one in lender.mounts if one.kind != "tmpfs"]


def make_mounts(engine, host_config, wanted_volumes):
    """Return the PracticeMounts of a HostConfig and of Volumes; makes volumes. Raises PracticeRefusal."""
    volumes, found = engine.volumes, {}
    for entry in host_config.get("VolumesFrom") or ():
        found.update((one.destination, one) for one in borrowed_mounts(engine.containers, entry))
    given = [bind_mount(volumes, entry) for entry in host_config.get("Binds") or ()]
    given += [typed_mount(volumes, entry) for entry in host_config.get("Mounts") or ()]
    taken = set()
    for mount in given:
        if mount.destination in taken:
            raise PracticeRefusal(400, "Duplicate mount point: " + mount.destination)
        taken.add(mount.destination)
        found[mount.destination] = mount
    for destination in host_config.get("Tmpfs") or ():
        if destination[:1] != "/":
            raise PracticeRefusal(400, "invalid mount path: '%s' mount path must be absolute" % destination)
    for destination in wanted_volumes or ():
        destination = absolute_target("volume", destination)
        if destination not in found:
            found[destination] = PracticeMount(destination, volumes.create(), "", "", True, "volume")
    return [found[one] for one in sorted(found)]
