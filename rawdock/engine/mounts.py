"""`--mount` and `--volume`: what they say, as the Engine API's Mount objects and bind strings.

--mount takes comma-separated fields, key=value, or a key alone that is true; the rows of
MOUNT_KEYS say where in the Mount each goes. --volume takes SOURCE:PATH[:MODE], or PATH alone for an anonymous
volume. Whether a source exists, and what a propagation or a mode means, only the engine can tell.
"""
import os
import re

from ..errors import UsageError
from .values import csv_fields, read_integer, read_size

# key: its place in the Mount, and the kind of its value. A field of kind bool may be without a value.
MOUNT_KEYS = {
    "type": ("Type", "word"), "source": ("Source", "path"), "src": ("Source", "path"),
    "target": ("Target", "text"), "dst": ("Target", "text"), "destination": ("Target", "text"),
    "readonly": ("ReadOnly", "bool"), "ro": ("ReadOnly", "bool"), "consistency": ("Consistency", "text"),
    "bind-propagation": ("BindOptions.Propagation", "text"), "bind-recursive": ("BindOptions", "recursive"),
    "bind-nonrecursive": ("BindOptions.NonRecursive", "bool"),
    "volume-subpath": ("VolumeOptions.Subpath", "text"), "volume-nocopy": ("VolumeOptions.NoCopy", "bool"),
    "volume-label": ("VolumeOptions.Labels", "pair"),
    "volume-driver": ("VolumeOptions.DriverConfig.Name", "text"),
    "volume-opt": ("VolumeOptions.DriverConfig.Options", "pair"),
    "image-subpath": ("ImageOptions.Subpath", "text"),
    "tmpfs-size": ("TmpfsOptions.SizeBytes", "size"), "tmpfs-mode": ("TmpfsOptions.Mode", "octal")}
RECURSIVE_MODES = {"enabled": None, "disabled": "NonRecursive", "writable": "ReadOnlyNonRecursive",
                   "readonly": "ReadOnlyForceRecursive"}
# Fields that older engines drop without a word: their place in the Mount, since when, and their name.
MOUNT_VERSIONS = (("BindOptions", "NonRecursive", "1.40", "bind-recursive=disabled"),
                  ("BindOptions", "ReadOnlyForceRecursive", "1.44", "bind-recursive=readonly"),
                  ("VolumeOptions", "Subpath", "1.45", "volume-subpath"),
                  ("ImageOptions", "Subpath", "1.48", "image-subpath"))


def absolute_source(path):
    """`path`, made absolute if it begins with a dot: the engine has another working directory."""
    return os.path.abspath(path) if path.startswith(".") else path


def mount_value(kind, key, value):
    """The value (str; None for a key alone) of a --mount field, in the type that its kind has."""
    if kind == "bool":
        if value is not None and not re.fullmatch("[01tfTF]|[tT]rue|[fF]alse|TRUE|FALSE", value):
            raise UsageError("invalid value for %s: %s" % (key, value), "write true or false")
        return value is None or value[0] in "1tT"
    if kind == "pair":
        name, _, text = value.partition("=")
        return {name: text} if name else {}
    try:
        if kind == "size":
            return read_size(value)
        if kind == "octal":
            return read_integer(value, 8, 32, signed=False)
    except UsageError:
        raise UsageError("invalid value for %s: %s" % (key, value)) from None
    return {"word": value.lower(), "path": absolute_source(value)}.get(kind, value)


def parse_mount(text):
    """A --mount (str) → the Mount (dict) of the Engine API.

    >>> parse_mount("type=bind,src=/some/dir,dst=/data,readonly")
    {'Type': 'bind', 'Source': '/some/dir', 'Target': '/data', 'ReadOnly': True}
    """
    mount = {"Type": "volume"}
    for field in csv_fields(text):
        name, equals, value = field.partition("=")
        key = name.lower()
        place, kind = MOUNT_KEYS.get(key, (None, None))
        if not equals and kind != "bool":
            raise UsageError("invalid field '%s' must be a key=value pair" % field)
        if place is None:
            raise UsageError("unexpected key '%s' in '%s'" % (key, field),
                             "the keys are " + ", ".join(MOUNT_KEYS))
        if kind == "recursive":
            if value not in RECURSIVE_MODES:
                raise UsageError('invalid value for bind-recursive: %s (must be "enabled", "disabled", '
                                 '"writable", or "readonly")' % value)
            if value == "enabled":
                continue
            place, value = place + "." + RECURSIVE_MODES[value], True
        else:
            value = mount_value(kind, key, value if equals else None)
        target, path = mount, place.split(".")
        if path[0] == "VolumeOptions":   # the docker CLI sends it with all of them, and inspect shows it
            mount.setdefault("VolumeOptions", {}).setdefault("DriverConfig", {})
        for part in path[:-1]:
            target = target.setdefault(part, {})
        if isinstance(value, dict) and value:
            target.setdefault(path[-1], {}).update(value)
        elif value:
            target[path[-1]] = value
        else:
            target.pop(path[-1], None)
    check_mount(mount)
    return mount


def check_mount(mount):
    """UsageError if fields of a Mount are missing, or contradict each other."""
    if "Type" not in mount:
        raise UsageError("type is required")
    if "Target" not in mount:
        raise UsageError("target is required", "add dst=PATH")
    for kind in ("volume", "bind", "image", "tmpfs"):
        if kind.capitalize() + "Options" in mount and mount["Type"] != kind:
            raise UsageError("cannot mix '%s-*' options with mount type '%s'" % (kind, mount["Type"]))
    options = mount.get("BindOptions", {})
    for mode, field in (("writable", "ReadOnlyNonRecursive"), ("readonly", "ReadOnlyForceRecursive")):
        if field in options and "ReadOnly" not in mount:
            raise UsageError("option 'bind-recursive=%s' requires 'readonly' to be specified in conjunction"
                             % mode)
    if "ReadOnlyForceRecursive" in options and options.get("Propagation") != "rprivate":
        raise UsageError("option 'bind-recursive=readonly' requires 'bind-propagation=rprivate' to be "
                         "specified in conjunction")


def require_mount_versions(docker, mounts):
    """UsageError if the engine would ignore something in `mounts` (list of Mount)."""
    for options, field, since, name in MOUNT_VERSIONS:
        if any(field in mount.get(options, {}) for mount in mounts) and not docker.supports(since):
            raise UsageError("%s requires API v%s or later" % (name, since))


def parse_volume(text):
    """A --volume → the bind (str), its source absolute, or None for an anonymous volume."""
    if not text:
        raise UsageError("invalid empty volume spec", "write SOURCE:PATH, SOURCE:PATH:MODE or PATH")
    fields = text.split(":")
    if "" in fields or len(fields) > 3:
        wrong = "empty section between colons" if "" in fields[:3] else "too many colons"
        raise UsageError("invalid spec: %s: %s" % (text, wrong),
                         "write SOURCE:PATH, SOURCE:PATH:MODE or PATH")
    return ":".join([absolute_source(fields[0])] + fields[1:]) if len(fields) > 1 else None
