"""Images made of practice containers, POST /commit: the container's files and settings, with changes.

A change is an instruction of a Dockerfile that sets something; those that run or copy something are refused,
as by an engine. Leaves out: the flags of HEALTHCHECK other than durations and --retries, and ARG.
"""
import json
import re

from ...engine.values import read_duration
from ...errors import UsageError
from .container import CONFIG_KINDS
from .events import nanoseconds_now
from .image import derived_image
from .images import new_name
from .request import PracticeRefusal, read_object


def json_words(text):
    """Return the list of str in JSON that `text` is, or None."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, list) and all(isinstance(one, str) for one in found) else None


def command_words(text):
    return json_words(text) or ["/bin/sh", "-c", text]


def pairs(text):
    """Return {name: value} of `A=b "C=d e"`, or of `A b c`."""
    from shlex import split
    words = split(text)
    if words and "=" not in words[0]:
        words = ["%s=%s" % text.partition(" ")[::2]]
    return dict(word.partition("=")[::2] for word in words)


def healthcheck(text):
    """Return the Healthcheck of `--interval=2s CMD true` or `NONE`."""
    found = {}
    flags = re.match(r"(?:--\S+\s+)*", text).group()
    for name, value in re.findall(r"--([a-z-]+)=(\S+)", flags):
        key = "".join(map(str.capitalize, name.split("-")))
        found[key] = int(value) if name == "retries" else read_duration(value)
    kind, _, rest = text[len(flags):].partition(" ")
    words = json_words(rest)
    return dict(found, Test=["NONE"] if kind == "NONE" else ["CMD"] + words if words else ["CMD-SHELL", rest])


# Instruction: the key of Config, and a function of what that holds and of the instruction's arguments.
COMMIT_CHANGES = {
    "CMD": ("Cmd", lambda old, text: command_words(text)),
    "ENTRYPOINT": ("Entrypoint", lambda old, text: command_words(text)),
    "ENV": ("Env", lambda old, text: [one for one in old or () if one.partition("=")[0] not in pairs(text)]
            + ["%s=%s" % pair for pair in pairs(text).items()]),
    "EXPOSE": ("ExposedPorts", lambda old, text: dict(old or {}, **{
        port if "/" in port else port + "/tcp": {} for port in text.split()})),
    "HEALTHCHECK": ("Healthcheck", lambda old, text: healthcheck(text)),
    "LABEL": ("Labels", lambda old, text: dict(old or {}, **pairs(text))),
    "ONBUILD": ("OnBuild", lambda old, text: (old or []) + [text]),
    "STOPSIGNAL": ("StopSignal", lambda old, text: text), "USER": ("User", lambda old, text: text),
    "VOLUME": ("Volumes", lambda old, text: dict(old or {}, **{
        path: {} for path in json_words(text) or text.split()})),
    "WORKDIR": ("WorkingDir", lambda old, text: text)}


def apply_change(config, line):
    """Apply one instruction (str) to `config`. Raises PracticeRefusal."""
    word, _, text = line.strip().partition(" ")
    if word.upper() not in COMMIT_CHANGES:
        raise PracticeRefusal(400, "%s is not a valid change command" % word.lower())
    key, change = COMMIT_CHANGES[word.upper()]
    try:
        config[key] = change(config.get(key), text.strip())
    except (ValueError, UsageError) as error:
        raise PracticeRefusal(400, "dockerfile parse error: %s: %s" % (line.strip(), error))


def answer_commit(engine, connection, request):
    container = engine.containers.find(request.text("container"))
    given = read_object(request.json(), CONFIG_KINDS) if request.body.strip() not in (b"", b"null") else {}
    config = dict(container.config, **{key: value for key, value in given.items()
                                       if key in CONFIG_KINDS and value})
    for line in "\n".join(request.query.get("changes", ())).splitlines():
        if line.strip():
            apply_change(config, line)
    name = new_name(request) if request.text("repo") else None
    comment = request.text("comment")
    image = derived_image(container.image, config, container.files.changed_nodes(), nanoseconds_now(),
                          " ".join(container.argv), comment, request.text("author"))
    engine.images.by_id[image.id] = image
    pauses = request.flag("pause", True) and container.status == "running"
    if pauses:
        engine.containers.emit(container, "pause")
    if name:
        engine.images.give_name(image, name)
        engine.images.emit(image, "tag", name)
    engine.containers.emit(container, "commit", comment=comment, imageID=image.id, imageRef=name or "")
    if pauses:
        engine.containers.emit(container, "unpause")
    return 201, {"Id": image.id}


COMMIT_ROUTES = (("POST", "/commit", answer_commit),)
