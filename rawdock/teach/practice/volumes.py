"""The volumes of a practice engine: named folders in its memory that outlive their containers."""
import re
import time

from .events import PracticeObjects, nanoseconds_now, random_hex
from .files import PracticeTree
from .images import check_dangling
from .request import (PracticeRefusal, is_yes, label_matches, practice_filters, prune_filters,
                      read_object)

VOLUME_NAME_PATTERN = re.compile("[a-zA-Z0-9][a-zA-Z0-9_.-]+")
VOLUME_FILTERS = "name label dangling driver".split()
VOLUME_KINDS = {"Name": str, "Driver": str, "DriverOpts": dict, "Labels": dict}


class PracticeVolume:
    """One volume; `anonymous` says that it was made for one container, whose `rm -v` removes it."""

    def __init__(self, name, options, labels, anonymous):
        self.id = self.name = name
        self.options = options
        self.labels = labels
        self.anonymous = anonymous
        self.created = nanoseconds_now()
        self.tree = PracticeTree()

    @property
    def size(self):
        return self.tree.size

    @property
    def mountpoint(self):
        return "/practice/volumes/%s/_data" % self.name

    def inspect(self):
        return {"CreatedAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.created // 1000000000)),
                "Driver": "local", "Labels": self.labels, "Mountpoint": self.mountpoint, "Name": self.name,
                "Options": self.options, "Scope": "local"}


class PracticeVolumes(PracticeObjects):
    """The volumes of an engine; the id of a volume is its name."""

    kind = "volume"
    missing = "get %s: no such volume"
    has_short_ids = False

    def tests(self, volume):
        return {"name": lambda value: value in volume.name, "driver": lambda value: value == "local",
                "label": lambda value: label_matches(volume.labels, value),
                "dangling": lambda value: is_yes(value) == (not self.users(volume))}

    def emit(self, volume, action, **more):
        self.engine.events.emit("volume", action, volume.name, dict({"driver": "local"}, **more))

    def create(self, name=None, driver="", options=None, labels=None):
        """Return the volume `name`, made if it is not there; None is a new anonymous one."""
        if driver not in ("", "local"):
            raise PracticeRefusal(404, "create %s: error looking up volume plugin %s: plugin \"%s\" not found"
                                  % (name or "", driver, driver))
        if name and not VOLUME_NAME_PATTERN.fullmatch(name):
            raise PracticeRefusal(400, "create %s: \"%s\" includes invalid characters for a local volume"
                                       " name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you"
                                       " intended to pass a host directory, use absolute path"
                                  % (name, name))
        if name in self.by_id:
            return self.by_id[name]
        for key in options or ():
            if key not in ("type", "o", "device", "size"):
                raise PracticeRefusal(400, "create %s: invalid option: \"%s\"" % (name or "", key))
        if not name:
            labels = dict(labels or {}, **{"com.docker.volume.anonymous": ""})
        volume = PracticeVolume(name or random_hex(), options, labels, not name)
        self.by_id[volume.name] = volume
        self.emit(volume, "create")
        return volume

    def users(self, volume):
        """Return the ids of the containers that mount a volume."""
        return [one.id for one in self.engine.containers.by_id.values()
                if any(mount.volume is volume for mount in one.mounts)]

    def remove(self, volume):
        """Remove a volume that no container mounts → its name. Raises PracticeRefusal."""
        users = self.users(volume)
        if users:
            raise PracticeRefusal(409, "remove %s: volume is in use - [%s]"
                                  % (volume.name, ", ".join(users)))
        if self.by_id.pop(volume.name, None) is not None:
            self.emit(volume, "destroy")
        return volume.name


def answer_volumes(engine, connection, request):
    filters = practice_filters(request.text("filters"), VOLUME_FILTERS)
    check_dangling(filters)
    found = [one.inspect() for one in sorted(engine.volumes.select(filters), key=lambda one: one.name)]
    return {"Volumes": found, "Warnings": None}


def answer_volume_create(engine, connection, request):
    given = read_object(request.json(), VOLUME_KINDS)
    volume = engine.volumes.create(given.get("Name"), given.get("Driver") or "",
                                   given.get("DriverOpts"), given.get("Labels"))
    return 201, volume.inspect()


def answer_volume_delete(engine, connection, request, name):
    volumes = engine.volumes
    if name in volumes.by_id or not request.flag("force"):
        volumes.remove(volumes.find(name))
    return 204


def answer_volumes_prune(engine, connection, request):
    filters = prune_filters(request, ("label", "label!", "all"))
    # From API 1.42 on only anonymous volumes are removed, unless the filter `all` is true.
    everything = request.api < (1, 42) or any(map(is_yes, filters.get("all", ())))
    removed, freed = engine.volumes.prune(
        filters, lambda one: (everything or one.anonymous) and not engine.volumes.users(one),
        engine.volumes.remove)
    return {"VolumesDeleted": removed, "SpaceReclaimed": freed}


VOLUME_ROUTES = (
    ("GET", "/volumes", answer_volumes),
    ("POST", "/volumes/create", answer_volume_create),
    ("POST", "/volumes/prune", answer_volumes_prune),
    ("GET", "/volumes/(?P<volume>[^/]+)", lambda engine, connection, request, volume: volume.inspect()),
    ("DELETE", "/volumes/([^/]+)", answer_volume_delete),
)
