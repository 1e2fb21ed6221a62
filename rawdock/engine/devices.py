"""Devices and limits: --device, --gpus, --device-read-bps and the like, --ulimit, as the Engine API has them.

Each function takes one value (str) and returns its JSON, or raises a UsageError in the docker CLI's words.
"""
import re

from ..errors import UsageError
from .values import csv_fields, read_integer, read_size

# Container Device Interface: vendor/class=device, each of letters, digits, and some signs between them.
CDI_DEVICE = (r"[A-Za-z](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?/[A-Za-z](?:[A-Za-z0-9_-]*[A-Za-z0-9])?"
              r"=[A-Za-z0-9](?:[A-Za-z0-9_.:-]*[A-Za-z0-9])?")
ULIMIT_NAMES = ("core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending "
                "stack").split()


def is_device_mode(text):
    """Whether `text` is made of r, w and m, each once at most, as in "rw"."""
    return bool(text) and set(text) <= set("rwm") and len(set(text)) == len(text)


def parse_device(text):
    """PATH[:PATH IN CONTAINER][:MODE] → DeviceMapping, or a CDI name → DeviceRequest."""
    if re.fullmatch(CDI_DEVICE, text, re.ASCII):
        return {"Driver": "cdi", "DeviceIDs": [text]}
    fields = text.split(":")
    if not fields[0] or len(fields) > 3:
        raise UsageError("bad format for path: " + text, "write PATH, PATH:PATH or PATH:PATH:MODE")
    mode = fields.pop() if len(fields) == 3 or len(fields) == 2 and is_device_mode(fields[1]) else "rwm"
    if not is_device_mode(mode):
        raise UsageError("bad mode specified: " + mode, "write letters of rwm")
    if not fields[-1].startswith("/"):
        raise UsageError("%s is not an absolute path" % fields[-1])
    return {"PathOnHost": fields[0], "PathInContainer": fields[-1], "CgroupPermissions": mode}


def device_reader(key, read, wrong):
    """A reader of "/dev/sda:NUMBER" → {"Path": …, key: read(NUMBER)}; `wrong` % text is its error."""
    def parse(text):
        path, colon, number = text.partition(":")
        if not colon or not path:
            raise UsageError("bad format: " + text)
        if not path.startswith("/dev/"):
            raise UsageError("bad format for device path: " + text)
        try:
            return {"Path": path, key: read(number)}
        except UsageError:
            raise UsageError(wrong % text) from None
    return parse


def read_weight(text):
    weight = read_integer(text, signed=False)
    if weight and not 10 <= weight <= 1000:
        raise UsageError("not between 10 and 1000")
    return weight


RATE_FORM = "The correct format is <device-path>:<number>%s. Number must be a positive integer"
parse_weight = device_reader("Weight", read_weight, "invalid weight for device: %s")
parse_operation_rate = device_reader("Rate", lambda text: read_integer(text, signed=False),
                                     "invalid rate for device: %s. " + RATE_FORM % "")
parse_rate = device_reader("Rate", read_size, "invalid rate for device: %s. " + RATE_FORM % "[<unit>]"
                           + ". Unit is optional and can be kb, mb, or gb")


def gpu_count(text):
    try:
        return -1 if text == "all" else read_integer(text)
    except UsageError as error:
        raise UsageError('invalid count (%s): value must be either "all" or an integer: %s'
                         % (text, error.message.rpartition(": ")[2])) from None


def parse_gpus(value):
    """ "all", "2" or "device=0,driver=nvidia" → DeviceRequest."""
    request, seen = {"Capabilities": [["gpu"]], "Options": {}}, set()
    for field in csv_fields(value):
        key, equals, text = field.partition("=")
        if key in seen:
            raise UsageError("gpu request key '%s' can be specified only once" % key)
        seen.add(key)
        if not equals:   # a number or "all" alone
            seen.add("count")
            key, text = "count", field
        if key == "count":
            request["Count"] = gpu_count(text)
        elif key == "driver":
            request["Driver"] = text
        elif key == "device":
            request["DeviceIDs"] = text.split(",")
        elif key == "capabilities":
            request["Capabilities"] = [text.split(",") + ["gpu"]]
        elif key == "options":
            request["Options"] = dict(item.partition("=")[::2] for item in text.split(","))
        else:
            raise UsageError("unexpected key '%s' in '%s'" % (key, field),
                             "the keys are count, driver, device, capabilities and options")
    if "DeviceIDs" not in request:
        request.setdefault("Count", 1)
    return request


def parse_ulimit(text):
    """NAME=SOFT[:HARD] → Ulimit; -1 is no limit."""
    name, equals, values = text.partition("=")
    if not equals:
        raise UsageError("invalid ulimit argument: " + text, "write NAME=SOFT or NAME=SOFT:HARD")
    if name not in ULIMIT_NAMES:
        raise UsageError("invalid ulimit type: " + name, "the types are " + ", ".join(ULIMIT_NAMES))
    limits = values.split(":")
    if len(limits) > 2:
        raise UsageError("too many limit value arguments - %s, can only have up to two, `soft[:hard]`"
                         % values)
    soft, hard = read_integer(limits[0]), read_integer(limits[-1])
    if hard != -1 and (soft > hard or soft == -1):
        wrong = "soft: -1 (unlimited), hard: %d" % hard if soft == -1 else "%d > %d" % (soft, hard)
        raise UsageError("ulimit soft limit must be less than or equal to hard limit: " + wrong)
    return {"Name": name, "Soft": soft, "Hard": hard}
