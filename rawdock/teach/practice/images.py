"""The images of a practice engine: the registry they are pulled from, the store they lie in, and /images.

PRACTICE_IMAGES is the whole registry: what can be pulled, its layers, and its programs.
Leaves out: build, push, save, load and import. Layers are names and sizes; there is no file of the
image but the ones its programs need.
"""
import json
import re
import time

from .programs.busybox import BUSYBOX_PROGRAMS, program_hello
from .connection import PracticeHangUp
from .events import nanoseconds_now, stable_hex, wire_time
from .files import file_node, folder_node, join_path, parent_path
from .programs.redis import program_redis_cli, program_redis_server
from .request import PracticeRefusal, is_yes, label_matches, matches_filters, practice_filters, prune_filters

IMAGE_FILTERS = "reference label dangling before since until".split()
IMAGE_NAME_PATTERN = re.compile("[a-z0-9]+(?:[._/-]+[a-z0-9]+|:[0-9]+/[a-z0-9]+)*")
IMAGE_TAG_PATTERN = re.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
PRACTICE_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

PRACTICE_FOLDERS = ("/home", "/tmp", "/root", "/var/log", "/dev", "/proc", "/sys")

# One image: its tags, its layers as (name, bytes as downloaded), what it runs, its programs.
PRACTICE_IMAGES = {
    "hello-world": {
        "tags": ("latest",), "layers": (("hello", 2459),), "cmd": ["/hello"], "env": [PRACTICE_PATH],
        "workdir": "", "ports": (),
        "folders": ("/",), "programs": {"/hello": program_hello, "hello": program_hello},
    },
    "busybox": {
        "tags": ("latest",), "layers": (("base", 28563), ("busybox", 2152262)), "cmd": ["sh"],
        "env": [PRACTICE_PATH],
        "workdir": "", "ports": (), "folders": PRACTICE_FOLDERS,
        "programs": BUSYBOX_PROGRAMS,
    },
    "redis": {
        "tags": ("2.8", "latest"),
        "layers": (("base", 28563), ("libraries", 5134820), ("redis", 7740311), ("redis-cli", 391002),
                   ("data", 98)),
        "cmd": ["redis-server"], "env": [PRACTICE_PATH, "REDIS_VERSION=2.8.practice"], "workdir": "/data",
        "ports": ("6379/tcp",),
        "folders": PRACTICE_FOLDERS + ("/data",),
        "programs": dict(
            BUSYBOX_PROGRAMS, **{"redis-server": program_redis_server, "redis-cli": program_redis_cli}),
    },
}
SMALL_FILES = {
    "/etc/os-release": b"NAME=\"rawdock practice\"\nID=practice\n",
    "/etc/passwd": b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n",
    "/etc/group": b"root:x:0:\nnobody:x:65534:\n",
}
IMAGE_FILES_TIME = 1577836800   # 2020-01-01: the files of an image are as old in every run


def image_files(repository):
    """The files of an image, {path: TreeNode}."""
    entry = PRACTICE_IMAGES[repository]
    contents = {} if repository == "hello-world" else dict(SMALL_FILES)
    for name in entry["programs"]:
        if "/" in name or repository != "hello-world":
            contents[join_path("/bin", name)] = b"a program of rawdock's practice engine, written in Python\n"
    files = {path: file_node(content, 0o755 if path not in SMALL_FILES else 0o644, IMAGE_FILES_TIME)
             for path, content in contents.items()}
    for path in list(files) + list(entry["folders"]):
        if path in entry["folders"]:
            files[path] = folder_node(IMAGE_FILES_TIME)
        while path != "/":
            path = parent_path(path)
            files[path] = folder_node(IMAGE_FILES_TIME)
    return files


def split_image_name(text):
    """An image's name as given → (familiar repository, tag or "", digest or ""): docker.io/library/x is x."""
    name, _, digest = text.partition("@")
    head, slash, last = name.rpartition("/")
    last, _, tag = last.partition(":")
    name = head + slash + last
    for prefix in ("docker.io/", "index.docker.io/"):
        if name.startswith(prefix):
            name = name[len(prefix):]
    if name.startswith("library/"):
        name = name[len("library/"):]
    return name, tag, digest


class PracticeImage:
    """One image of PRACTICE_IMAGES: `repository`, `tags` present here, its identity and its config."""

    def __init__(self, repository, pulled):
        entry = PRACTICE_IMAGES[repository]
        self.repository = repository
        self.entry = entry
        self.tags = []               # "redis:2.8"
        self.pulled = pulled
        self.id = "sha256:" + stable_hex("image", repository)
        self.digest = practice_digest(repository)
        self.size = sum(size for _, size in entry["layers"])
        self.programs = entry["programs"]
        self.files = image_files(repository)

    def config(self):
        config = blank_config()
        config.update(Env=list(self.entry["env"]), Cmd=list(self.entry["cmd"]),
                      WorkingDir=self.entry["workdir"])
        if self.entry["ports"]:
            config["ExposedPorts"] = {port: {} for port in self.entry["ports"]}
        return config

    def summary(self, containers, api):
        found = {
            "Containers": containers, "Created": self.pulled // 1000000000, "Id": self.id, "Labels": None,
            "ParentId": "", "RepoDigests": self.repo_digests(), "RepoTags": list(self.tags), "SharedSize": -1,
            "Size": self.size,
        }
        return dict(found, VirtualSize=self.size) if api < (1, 44) else found

    def repo_digests(self):
        return ["%s@%s" % (self.repository, self.digest)]

    def inspect(self, api):
        found = {
            "Id": self.id, "RepoTags": list(self.tags), "RepoDigests": self.repo_digests(), "Parent": "",
            "Comment": "",
            "Created": wire_time(self.pulled), "Container": "", "ContainerConfig": blank_config(),
            "DockerVersion": "",
            "Author": "rawdock practice engine", "Config": self.config(), "Architecture": "amd64",
            "Os": "linux", "Size": self.size, "GraphDriver": {"Data": None, "Name": "practice"},
            "RootFS": {"Type": "layers", "Layers": [layer_digest(name) for name, _ in self.entry["layers"]]},
            "Metadata": {"LastTagTime": wire_time(self.pulled)},
        }
        return dict(found, VirtualSize=self.size) if api < (1, 44) else found

    def history(self):
        steps = [{"Comment": "", "Created": self.pulled // 1000000000, "CreatedBy": "practice layer " + layer,
                  "Id": "<missing>", "Size": size, "Tags": None}
                 for layer, size in self.entry["layers"][::-1]]
        steps[0].update(Id=self.id, Tags=list(self.tags))
        return steps


def blank_config():
    """The Config of an image or container that says nothing."""
    return {
        "Hostname": "", "Domainname": "", "User": "", "AttachStdin": False, "AttachStdout": False,
        "AttachStderr": False, "Tty": False, "OpenStdin": False, "StdinOnce": False, "Env": None, "Cmd": None,
        "Image": "", "Volumes": None, "WorkingDir": "", "Entrypoint": None, "OnBuild": None, "Labels": None,
    }


def layer_digest(name):
    return "sha256:" + stable_hex("layer", name)


def practice_digest(repository):
    return "sha256:" + stable_hex("manifest", repository)


class PracticeImages:
    """The images of `state`, by repository."""

    def __init__(self, state):
        self.state = state
        self.changed = state.changed
        self.by_repository = {}

    def emit(self, image, action, name=None):
        self.state.events.emit("image", action, image.id, {"name": name or image.id})

    def find(self, text):
        """A name, an id or the start of one → PracticeImage. PracticeRefusal 404."""
        with self.changed:
            name, tag, digest = split_image_name(text)
            image = self.by_repository.get(name)
            reference = "%s:%s" % (name, tag or "latest")
            if image is not None and (digest == image.digest if digest else reference in image.tags):
                return image
            for image in self.by_repository.values():
                if reference in image.tags:
                    return image
            wanted = text[7:] if text.startswith("sha256:") else text
            if re.fullmatch("[0-9a-f]{3,64}", wanted):
                found = [image for image in self.by_repository.values() if image.id[7:].startswith(wanted)]
                if len(found) == 1:
                    return found[0]
        raise PracticeRefusal(404, "No such image: %s" % (text if tag or digest else text + ":latest"))

    def add(self, repository, tag):
        """A pull has ended: the image is here. Whether that is news."""
        with self.changed:
            image = self.by_repository.get(repository)
            if image is None:
                image = self.by_repository[repository] = PracticeImage(repository, nanoseconds_now())
            reference = "%s:%s" % (repository, tag)
            is_new = reference not in image.tags
            if is_new:
                self.take_tag(reference)
                image.tags.append(reference)
        self.state.events.emit("image", "pull", reference, {"name": repository})
        return is_new

    def take_tag(self, reference):
        """Whoever had this name has it no more."""
        for image in self.by_repository.values():
            if reference in image.tags:
                image.tags.remove(reference)

    def has(self, reference):
        with self.changed:
            return any(reference in image.tags for image in self.by_repository.values())

    def layers_here(self):
        with self.changed:
            return {name for image in self.by_repository.values() for name, _ in image.entry["layers"]}

    def users(self, image):
        return [one for one in self.state.containers.by_id.values() if one.image is image]

    def remove(self, text, force):
        """Take the name off, and remove what has no name left → the answer's list."""
        with self.changed:
            image = self.find(text)
            name, tag, _ = split_image_name(text)
            reference = "%s:%s" % (name, tag or "latest")
            by_name = reference in image.tags
            going = [reference] if by_name else list(image.tags)
            if not by_name and len(going) > 1 and not force:
                raise PracticeRefusal(409, "conflict: unable to delete %s (must be forced): the image has"
                                           " several names: %s"
                                      % (image.id[7:19], ", ".join(going)))
            last = len(going) == len(image.tags)
            for user in self.users(image) if last else ():
                if user.is_up or not force:
                    what = "remove repository reference" if by_name else "delete"
                    raise PracticeRefusal(409, "conflict: unable to %s %s: %s container %s is using it" % (
                        what, text, "running" if user.is_up else "stopped", user.id[:12]))
            answer = [{"Untagged": one} for one in going]
            for one in going:
                image.tags.remove(one)
                self.emit(image, "untag")
            if last:
                del self.by_repository[image.repository]
                answer += [{"Untagged": one} for one in image.repo_digests()] + [{"Deleted": image.id}]
                answer += [{"Deleted": layer_digest(layer)} for layer, _ in reversed(image.entry["layers"])]
                self.emit(image, "delete")
            return answer

    def tag(self, text, repository, tag):
        with self.changed:
            image = self.find(text)
            name, _, _ = split_image_name(repository)
            if not (IMAGE_NAME_PATTERN.fullmatch(name) and IMAGE_TAG_PATTERN.fullmatch(tag or "latest")):
                # A real engine calls this its own fault, too.
                why = ": repository name must be lowercase" if name != name.lower() else ""
                raise PracticeRefusal(500, "invalid reference format" + why)
            reference = "%s:%s" % (name, tag or "latest")
            if reference not in image.tags:
                self.take_tag(reference)
                image.tags.append(reference)
            self.emit(image, "tag", reference)


def reference_matches(wanted, reference):
    """Whether `wanted`, a name with or without a tag, means `reference`."""
    name, tag, _ = split_image_name(wanted)
    return name == reference.rpartition(":")[0] and tag in ("", reference.rpartition(":")[2])


def answer_images(engine, connection, request):
    filters = practice_filters(request.text("filters"), IMAGE_FILTERS)
    with engine.state.changed:
        found = []
        for image in engine.state.images.by_repository.values():
            known = {
                "reference": lambda value: any(reference_matches(value, tag) for tag in image.tags),
                "label": lambda value: label_matches({}, value),
                "dangling": lambda value: is_yes(value) == (not image.tags),
            }
            if matches_filters(filters, known):
                found.append(image.summary(-1, request.api))
    connection.send_json(sorted(found, key=lambda one: -one["Created"]))


def answer_image(engine, connection, request, name):
    connection.send_json(engine.state.images.find(name).inspect(request.api))


def answer_image_history(engine, connection, request, name):
    connection.send_json(engine.state.images.find(name).history())


def answer_image_delete(engine, connection, request, name):
    connection.send_json(engine.state.images.remove(name, request.flag("force")))


def answer_image_tag(engine, connection, request, name):
    engine.state.images.tag(name, request.text("repo"), request.text("tag"))
    connection.send_empty(201)


def answer_images_prune(engine, connection, request):
    filters = prune_filters(request, ("dangling", "label", "label!", "until"))
    dangling = [value.lower() for value in filters.get("dangling", ())]
    if not set(dangling) <= {"0", "1", "false", "true"}:
        raise PracticeRefusal(400, "Invalid filter 'dangling=[%s]'" % " ".join(dangling))
    everything = bool(dangling) and not {"1", "true"} & set(dangling)
    images, going, freed = engine.state.images, [], 0
    with engine.state.changed:
        for image in list(images.by_repository.values()):
            known = {"label": lambda value: label_matches({}, value),
                     "until": lambda moment: image.pulled <= moment}
            if (everything or not image.tags) and not images.users(image) and matches_filters(filters, known):
                going += images.remove(image.id, True)
                freed += image.size
    engine.state.events.emit("image", "prune", "", {"reclaimed": str(freed)})
    connection.send_json({"ImagesDeleted": going or None, "SpaceReclaimed": freed})


# -- pull

def answer_pull(engine, connection, request):
    if "fromImage" not in request.query:
        raise PracticeRefusal(501 if request.text("fromSrc") else 400,
                              "the practice engine only pulls: name an image with fromImage")
    name, tag, digest = split_image_name(request.text("fromImage"))
    wanted = request.text("tag") or digest or tag
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
                                   " %s)"
                              % (name, wanted, ", ".join("%s:%s" % (name, one) for one in entry["tags"])))
    connection.start_stream("application/json")
    sender = MessageSender(connection)
    for one in tags:
        pull_practice_image(engine.state.images, sender, name, one)
    sender.flush()
    connection.end_stream()


def pull_practice_image(images, sender, name, tag):
    sender.add({"status": "Pulling from library/%s" % name, "id": tag})
    here = images.layers_here()
    # Of an image that is here whole, no layer is looked at.
    wanted = () if images.has("%s:%s" % (name, tag)) else PRACTICE_IMAGES[name]["layers"]
    layers = [(stable_hex("blob", layer)[:12], size, layer in here) for layer, size in wanted]
    missing = [(identity, size) for identity, size, is_here in layers if not is_here]
    for identity, _, is_here in layers:
        sender.add({"status": "Already exists" if is_here else "Pulling fs layer", "progressDetail": {},
                    "id": identity})
    for identity, _ in missing[3:]:
        sender.add({"status": "Waiting", "progressDetail": {}, "id": identity})
    # Three layers at a time, as an engine does: their lines are interleaved.
    for group in (missing[at:at + 3] for at in range(0, len(missing), 3)):
        for part in range(1, 5):
            for identity, size in group:
                sender.add(progress_message("Downloading", identity, size * part // 4, size))
        for identity, _ in group:
            sender.add({"status": "Verifying Checksum", "progressDetail": {}, "id": identity})
            sender.add({"status": "Download complete", "progressDetail": {}, "id": identity})
    for identity, size in missing:
        for part in (1, 2):
            sender.add(progress_message("Extracting", identity, size * part // 2, size))
        sender.add({"status": "Pull complete", "progressDetail": {}, "id": identity})
    is_new = images.add(name, tag)
    sender.add({"status": "Digest: %s" % practice_digest(name)})
    news = "Downloaded newer image" if is_new else "Image is up to date"
    sender.add({"status": "Status: %s for %s:%s" % (news, name, tag)})


def size_text(size):
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            break
        size /= 1000.0
    return "%.4g%s" % (size, unit)


def progress_message(status, identity, current, total):
    """A progress line, with the bar drawn as engines do for clients that do not draw."""
    done = 50 * current // total if total else 0
    bar = "[%s%s] %s/%s" % ("=" * max(0, done - 1) + ">", " " * (50 - max(1, done)), size_text(current),
                            size_text(total))
    return {"status": status, "progressDetail": {"current": current, "total": total}, "progress": bar,
            "id": identity}


class MessageSender:
    """JSON messages into a stream, cut the way a client must be ready for: mostly one a chunk,
    sometimes two in one, sometimes one across two."""

    def __init__(self, connection):
        self._connection = connection
        self._count = 0
        self._waiting = b""

    def add(self, message):
        data = self._waiting + json.dumps(message, separators=(",", ":")).encode() + b"\r\n"
        self._waiting = b""
        self._count += 1
        kind = self._count % 7
        if kind == 3:
            self._waiting = data
            return
        if kind == 5:
            half = len(data) // 2
            self._connection.send_piece(data[:half])
            data = data[half:]
        self._connection.send_piece(data)
        if self._connection.engine.closing:
            raise PracticeHangUp()
        time.sleep(0.002)

    def flush(self):
        self._connection.send_piece(self._waiting)


IMAGE_ROUTES = (
    ("GET", "/images/json", answer_images),
    ("POST", "/images/create", answer_pull),
    ("POST", "/images/prune", answer_images_prune),
    ("GET", "/images/(.+)/json", answer_image),
    ("GET", "/images/(.+)/history", answer_image_history),
    ("POST", "/images/(.+)/tag", answer_image_tag),
    ("DELETE", "/images/(.+)", answer_image_delete),
)
