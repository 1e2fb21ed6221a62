"""The images of a practice engine: the store that they are in, pulls and pushes, and /images.

A push is refused: the practice registry takes none.
"""
import json
import time

from ...engine.reference import parse_reference
from ...errors import UsageError
from .connection import PracticeHangUp
from .events import PracticeObjects, nanoseconds_now, stable_hex
from .image import PRACTICE_IMAGES, practice_digest, registry_image, registry_layers
from .request import (PracticeRefusal, is_yes, label_matches, matches_filters, practice_filters,
                      prune_filters, unlocked)

IMAGE_FILTERS = "reference label dangling until before since".split()


def image_reference(text):
    """Return an image's name as a Reference; None for what is no name, such as an id."""
    try:
        return parse_reference(text)
    except UsageError:
        return None


def full_name(reference):
    """Return a Reference as the tags of an image have it: "redis:2.8"."""
    return "%s:%s" % (reference.familiar_name(), reference.tag or "latest")


def reference_matches(wanted, name):
    """Return whether an image's name ("redis:2.8") passes a `reference` filter, with or without a tag."""
    from fnmatch import fnmatchcase
    reference, repository = image_reference(wanted), name.rpartition(":")[0]
    if reference is not None:
        wanted = reference.familiar_name() + (":" + reference.tag if reference.tag else "")
    return fnmatchcase(name, wanted) or fnmatchcase(repository, wanted)


class PracticeImages(PracticeObjects):
    """The images of an engine; the name of an image is its repository."""

    kind = "image"
    missing = "No such image: %s"

    def tests(self, image):
        return {"reference": lambda value: any(reference_matches(value, tag) for tag in image.tags),
                "label": lambda value: label_matches(image.config()["Labels"], value),
                "before": lambda value: self.place(image) < self.place(self.find(value)),
                "since": lambda value: self.place(image) > self.place(self.find(value)),
                "dangling": lambda value: is_yes(value) == (not image.tags),
                "until": lambda moment: image.created <= moment}   # of a prune

    def place(self, image):
        """Return where an image is in the order of creation; those of the registry are equally old."""
        return image.created, list(self.by_id).index(image.id)

    def children(self, image):
        """Return the images that were made of an image here."""
        return [one for one in self.by_id.values() if one.parent is image]

    def emit(self, image, action, name=None):
        self.engine.events.emit("image", action, image.id, {"name": name or image.id})

    def find(self, text):
        """Return the image with this name or id, or whose id begins so. Raises PracticeRefusal."""
        reference = image_reference(text)
        with self.changed:
            for image in self.by_id.values():
                if reference is not None and (reference.digest == image.digest if reference.digest
                                              else full_name(reference) in image.tags):
                    return image
        is_short = reference is not None and not reference.suffix()
        try:
            return PracticeObjects.find(self, text if text.startswith("sha256:") else "sha256:" + text)
        except PracticeRefusal:
            raise PracticeRefusal(404, self.missing % (text + ":latest" if is_short else text))

    def add(self, repository, tag):
        """Add a pulled image, or its tag → whether the tag was not here before."""
        with self.changed:
            image = registry_image(repository)
            image = self.by_id.setdefault(image.id, image)
            image.name, image.digest = repository, practice_digest(repository)
            reference = "%s:%s" % (repository, tag)
            is_new = reference not in image.tags
            self.give_name(image, reference)
        self.engine.events.emit("image", "pull", reference, {"name": repository})
        return is_new

    def give_name(self, image, name):
        """Give an image a name; the image that had it has it no more."""
        for other in self.by_id.values():
            if name in other.tags:
                other.tags.remove(name)
        image.tags.append(name)
        image.tagged = nanoseconds_now()

    def rename(self, image, name):
        """Give a loaded image a name → what an engine says of the image that had it, a list of lines."""
        others = [one for one in self.by_id.values() if name in one.tags and one is not image]
        self.give_name(image, name)
        return ["The image %s already exists, renaming the old one with ID %s to empty string\n"
                % (name, one.id) for one in others]

    def users(self, image):
        """Return the containers that were made from an image."""
        return [one for one in self.engine.containers.by_id.values() if one.image is image]

    def check_removal(self, image, text, by_name, force, children):
        """Raise PracticeRefusal if an image has `children`, or containers, because of which it stays."""
        conflict, short = "conflict: unable to %s %s (%s) - %s", image.id[7:19]
        if children:
            raise PracticeRefusal(409, conflict % ("delete", short, "cannot be forced",
                                                   "image has dependent child images"))
        for user in self.users(image):
            kind = "running" if user.is_up else "stopped"
            if by_name and not force:
                raise PracticeRefusal(409, conflict % (
                    "remove repository reference", "\"%s\"" % text, "must force",
                    "container %s is using its referenced image %s" % (user.id[:12], short)))
            if user.is_up or not force:
                raise PracticeRefusal(409, conflict % (
                    "delete", short, "cannot be forced" if user.is_up else "must be forced",
                    "image is being used by %s container %s" % (kind, user.id[:12])))

    def remove(self, text, force):
        """Remove a name, and an image without a name → the JSON of the answer. Raises PracticeRefusal."""
        image = self.find(text)
        reference = image_reference(text)
        by_name = reference is not None and full_name(reference) in image.tags
        going = [full_name(reference)] if by_name else list(image.tags)
        if not by_name and len(going) > 1 and not force:
            raise PracticeRefusal(409, "conflict: unable to delete %s (must be forced) - image is"
                                       " referenced in multiple repositories" % image.id[7:19])
        children = bool(self.children(image))
        last = len(going) == len(image.tags) and not (by_name and children)
        if last or not by_name:
            self.check_removal(image, text, by_name, force, children)
        answer = [{"Untagged": one} for one in going]
        for one in going:
            image.tags.remove(one)
            self.emit(image, "untag")
        if last:
            answer += [{"Untagged": one} for one in image.repo_digests()]
            while image is not None:
                answer += self.delete(image)
                # An image that a step of a build has made goes with the last one that was made of it.
                parent = image.parent
                is_needed = parent is None or parent.tags or self.children(parent) or self.users(parent)
                image = None if is_needed else parent
        return answer

    def delete(self, image):
        """Delete an image that has no names → the part of the answer that tells of it and its layers."""
        del self.by_id[image.id]
        kept = {layer.digest for one in self.by_id.values() for layer in one.layers}
        self.emit(image, "delete")
        return [{"Deleted": image.id}] + [{"Deleted": layer.digest} for layer in reversed(image.layers)
                                          if layer.digest not in kept]


def answer_images(engine, connection, request):
    filters = practice_filters(request.text("filters"), IMAGE_FILTERS)
    check_dangling(filters)
    for name in filters.get("before", []) + filters.get("since", []):
        engine.images.find(name)
    images = engine.images
    everything = request.flag("all")   # without it, the images that steps of a build have made are left out
    found = [one.summary(-1, request.api) for one in images.select(filters)
             if everything or one.tags or not images.children(one)]
    return sorted(found, key=lambda one: -one["Created"])


def reference_problem(repository):
    """Return what an engine says of a name (str) that is none."""
    if image_reference(repository.lower()) is None:
        return "invalid reference format"
    return ("invalid reference format: repository name (%s) must be lowercase"
            % (repository if "/" in repository else "library/" + repository))


def new_name(request):
    """Return the name that a request gives to an image in `repo` and `tag`. Raises PracticeRefusal.

    `tag` replaces the tag that `repo` may have, as dockerd does it.
    """
    repository, tag = request.text("repo"), request.text("tag")
    reference = image_reference(repository)
    if reference is None:
        raise PracticeRefusal(400, reference_problem(repository))
    if tag:
        reference = image_reference("%s:%s" % (reference.repository(), tag))
    if reference is None:
        raise PracticeRefusal(400, "invalid tag format")
    return full_name(reference)


def answer_image_tag(engine, connection, request, image):
    name = new_name(request)
    engine.images.give_name(image, name)
    engine.images.emit(image, "tag", name)
    return 201


def answer_push(engine, connection, request, name):
    """Begin a push as an engine does; the practice registry then refuses it, as a message of the stream."""
    if "x-registry-auth" not in request.head.headers:
        raise PracticeRefusal(400, "bad parameters and missing X-Registry-Auth: invalid X-Registry-Auth"
                                   " header: EOF")
    reference = image_reference(name)
    if reference is None:
        raise PracticeRefusal(400, "invalid reference format")
    place = "%s/%s" % (reference.domain, reference.path)
    problem, shown = "An image does not exist locally with the tag: " + reference.familiar_name(), []
    with engine.changed:
        for image in engine.images.by_id.values():
            tag = request.text("tag")
            if any(one.rpartition(":")[::2] == (reference.familiar_name(), tag or one.rpartition(":")[2])
                   for one in image.tags):
                problem = "denied: requested access to the resource is denied"
                shown = [layer_message(status, layer.digest[7:19])
                         for status in ("Preparing", "Waiting") for layer in image.layers[::-1]]
    connection.start_stream([("Content-Type", "application/json")])
    send_messages(connection, [{"status": "The push refers to repository [%s]" % place}] + shown + [
        {"errorDetail": {"message": problem}, "error": problem}])
    connection.end_stream()


def answer_search(engine, connection, request):
    limit = request.number("limit") or 25
    if not 1 <= limit <= 100:
        raise PracticeRefusal(400, "limit %d is outside the range of [1, 100]" % limit)
    filters = practice_filters(request.text("filters"), "is-automated is-official stars".split())
    found = [{"star_count": len(entry["layers"]), "is_official": True, "name": name, "is_automated": False,
              "description": entry["about"]}
             for name, entry in sorted(PRACTICE_IMAGES.items()) if request.text("term") in name]
    tests = {"is-official": is_yes, "is-automated": lambda value: not is_yes(value)}
    return [one for one in found if matches_filters(
        filters, dict(tests, stars=lambda value: one["star_count"] >= int(value)))][:limit]


def check_dangling(filters):
    """Raise PracticeRefusal for a `dangling` filter that is neither true nor false."""
    values = filters.get("dangling", ())
    if not {value.lower() for value in values} <= {"0", "1", "false", "true"}:
        raise PracticeRefusal(400, "invalid filter 'dangling=[%s]'" % " ".join(values))


def answer_images_prune(engine, connection, request):
    filters = prune_filters(request, ("dangling", "label", "label!", "until"))
    check_dangling(filters)
    dangling = [value.lower() for value in filters.pop("dangling", ())]
    everything = bool(dangling) and not {"1", "true"} & set(dangling)

    images = engine.images
    chosen = images.select(filters)

    def is_unused(image):
        return (image in chosen and (everything or not image.tags) and not images.users(image)
                and all(map(is_unused, images.children(image))))

    def remove(image):
        """Remove an image after those that were made of it."""
        gone = sum(map(remove, images.children(image)), [])
        return gone + (images.remove(image.id, True) if image.id in images.by_id else [])
    removed, freed = images.prune(filters, is_unused, remove)
    return {"ImagesDeleted": sum(removed, []) or None, "SpaceReclaimed": freed}


# -- pull

def answer_pull(engine, connection, request):
    if "fromImage" not in request.query:
        raise PracticeRefusal(400, "name an image with fromImage, or give a tar of files with fromSrc=-")
    name, tags = wanted_tags(request.text("fromImage"), request.text("tag"))
    connection.start_stream([("Content-Type", "application/json")])
    for one in tags:
        send_messages(connection, practice_pull(engine.images, name, one))
    connection.end_stream()


def wanted_tags(text, tag):
    """Return (name, list of tags) of what is to be pulled: `text` is a reference. Raises PracticeRefusal.

    `tag` (str) is the one to pull whatever the reference says, or ""; without either it is all tags.
    """
    reference = image_reference(text)
    if reference is None:
        raise PracticeRefusal(400, "invalid reference format")
    name, wanted = reference.familiar_name(), tag or reference.digest or reference.tag
    entry = PRACTICE_IMAGES.get(name)
    if entry is None:
        raise PracticeRefusal(404, "pull access denied for %s, repository does not exist or may require"
                                   " 'docker login' (the practice registry has %s)"
                              % (name, ", ".join(sorted(PRACTICE_IMAGES))))
    if wanted == practice_digest(name):
        wanted = entry["tags"][0]
    tags = [wanted] if wanted else list(entry["tags"])
    if tags[0] not in entry["tags"]:
        raise PracticeRefusal(404, "manifest for %s:%s not found: manifest unknown (the practice registry has"
                                   " the tags %s)" % (name, wanted, ", ".join(entry["tags"])))
    return name, tags


def practice_pull(images, name, tag):
    """Pull one image of the practice registry: yield the messages (dicts) that report its progress."""
    yield {"status": "Pulling from library/%s" % name, "id": tag}
    with images.changed:
        here = {layer.digest for image in images.by_id.values() for layer in image.layers}
        names = [one for image in images.by_id.values() for one in image.tags]
    # An engine that has the image does not look at its layers.
    wanted = () if "%s:%s" % (name, tag) in names else PRACTICE_IMAGES[name]["layers"]
    layers = [(stable_hex("blob", layer)[:12], size, registry_layers()[layer].digest in here)
              for layer, size in wanted]
    missing = [(identity, size) for identity, size, is_here in layers if not is_here]
    for identity, _, is_here in layers:
        yield layer_message("Already exists" if is_here else "Pulling fs layer", identity)
    for identity, _ in missing[3:]:
        yield layer_message("Waiting", identity)
    # Three layers at a time, as an engine does: their lines are interleaved.
    for group in (missing[at:at + 3] for at in range(0, len(missing), 3)):
        for part in range(1, 5):
            for identity, size in group:
                yield layer_message("Downloading", identity, size * part // 4, size)
        for identity, _ in group:
            yield layer_message("Verifying Checksum", identity)
            yield layer_message("Download complete", identity)
    for identity, size in missing:
        for part in (1, 2):
            yield layer_message("Extracting", identity, size * part // 2, size)
        yield layer_message("Pull complete", identity)
    is_new = images.add(name, tag)
    yield {"status": "Digest: %s" % practice_digest(name)}
    news = "Downloaded newer image" if is_new else "Image is up to date"
    yield {"status": "Status: %s for %s:%s" % (news, name, tag)}


def layer_message(status, identity, current=None, total=0):
    """Return a message about a layer; `current` of `total` bytes are done, if it is about bytes."""
    detail = {} if current is None else {"current": current, "total": total}
    return {"status": status, "progressDetail": detail, "id": identity}


def send_messages(connection, messages):
    """Send JSON messages: mostly one in a chunk, but also two in one and one across two, as engines may."""
    held = b""
    for number, message in enumerate(messages):
        held += json.dumps(message, separators=(",", ":")).encode() + b"\r\n"
        if number % 7 == 2:
            continue   # it goes with the next one
        cut = len(held) // 2 if number % 7 == 4 else 0
        connection.send_piece(held[:cut])
        connection.send_piece(held[cut:])
        held = b""
        if connection.engine.closing:
            raise PracticeHangUp()
        time.sleep(0.002)
    connection.send_piece(held)


IMAGE_ROUTES = (
    ("GET", "/images/json", answer_images),
    ("POST", "/images/prune", answer_images_prune),
    ("GET", "/images/(?P<image>.+)/json",
     lambda engine, connection, request, image: image.inspect(request.api)),
    ("GET", "/images/(?P<image>.+)/history",
     lambda engine, connection, request, image: image.history()),
    ("GET", "/images/search", answer_search),
    ("POST", "/images/(?P<image>.+)/tag", answer_image_tag),
    ("POST", "/images/(.+)/push", unlocked(answer_push)),
    ("DELETE", "/images/(.+)",
     lambda engine, connection, request, name: engine.images.remove(name, request.flag("force"))),
)
