"""One image of a practice engine, and PRACTICE_IMAGES, the registry that images are pulled from.

An image is what it is to an engine: a configuration in JSON, and layers, each a tar of the files that it
changes. The configuration names each layer by the SHA-256 of its tar, and the SHA-256 of the configuration is
the id of the image. So an image that was saved here keeps its id in every engine that loads it.

A program of the practice engine is a file whose content is PROGRAM_TEXT: an image has the programs whose
files it has, however they came into it. Leaves out: owners of files, and opaque folders of layers that other
engines made. The registry's layers have a size of their own, that of a real one.
"""
import json
import time

from ...cli.durations import parse_when
from ...errors import UsageError
from ...wire.tar import END_OF_TAR
from .events import stable_hex, wire_time
from .files import (PracticeFiles, base_name, file_node, folder_node, parent_path, read_practice_tar,
                    tar_entry)
from .programs.busybox import BUSYBOX_PROGRAMS, program_hello
from .programs.redis import program_redis_cli, program_redis_server
from .request import PracticeRefusal, join_path, unix_time

PRACTICE_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PROGRAM_TEXT = b"a program of rawdock's practice engine, written in Python\n"
PRACTICE_PROGRAMS = dict(BUSYBOX_PROGRAMS, **{
    "hello": program_hello, "redis-server": program_redis_server, "redis-cli": program_redis_cli})
PROGRAM_FOLDERS = ("/", "/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin")
WHITEOUT = ".wh."                # begins the name of a file in a layer by which a file below is removed
IMAGE_FILES_TIME = 1577836800    # 2020-01-01, when the images of the registry and their files were made

# The images: tags, layers as (name, bytes as downloaded), and what they run.
PRACTICE_IMAGES = {
    "hello-world": {
        "about": "Hello World!", "tags": ("latest",), "layers": (("hello", 2459),), "cmd": ["/hello"],
    },
    "busybox": {
        "about": "Busybox base image.", "tags": ("latest",),
        "layers": (("base", 28563), ("busybox", 2152262)), "cmd": ["sh"],
    },
    "redis": {
        "about": "An in-memory store of keys and values.", "tags": ("2.8", "latest"),
        "layers": (("base", 28563), ("libraries", 5134820), ("redis", 7740311), ("redis-cli", 391002),
                   ("data", 98)),
        "cmd": ["redis-server"], "env": ["REDIS_VERSION=2.8.practice"], "workdir": "/data",
        "ports": ("6379/tcp",),
    },
}
BASE_FILES = {
    "/etc/os-release": b"NAME=\"rawdock practice\"\nID=practice\n",
    "/etc/passwd": b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n",
    "/etc/group": b"root:x:0:\nnobody:x:65534:\n",
}
BASE_FILES.update(dict.fromkeys(("/home", "/tmp", "/root", "/var/log", "/dev", "/proc", "/sys")))
BUSYBOX_FILES = {"/bin/" + name: PROGRAM_TEXT for name in BUSYBOX_PROGRAMS}
# What the layers hold: path → content, None for a folder.
LAYER_FILES = {
    "hello": dict(BASE_FILES, **{"/hello": PROGRAM_TEXT}), "base": BASE_FILES, "busybox": BUSYBOX_FILES,
    "libraries": BUSYBOX_FILES, "redis": {"/bin/redis-server": PROGRAM_TEXT},
    "redis-cli": {"/bin/redis-cli": PROGRAM_TEXT}, "data": {"/data": None},
}


def blank_config():
    """Return the Config of an image or a container with nothing set."""
    return {
        "Hostname": "", "Domainname": "", "User": "", "AttachStdin": False, "AttachStdout": False,
        "AttachStderr": False, "Tty": False, "OpenStdin": False, "StdinOnce": False, "Env": None, "Cmd": None,
        "Image": "", "Volumes": None, "WorkingDir": "", "Entrypoint": None, "OnBuild": None, "Labels": None,
    }


def sha256_digest(data):
    import hashlib
    return "sha256:" + hashlib.sha256(data).hexdigest()


def practice_digest(repository):
    return "sha256:" + stable_hex("manifest", repository)


class PracticeLayer:
    """A layer: `changes` maps paths to TreeNodes, and to None for what is removed.

    `tar` is bytes, `digest` its SHA-256. `size` is the bytes of the files unless it is given.
    """

    def __init__(self, changes, tar=None, size=None):
        self.changes = changes
        self.tar = tar or b"".join(
            tar_entry(path[1:], node) if node is not None
            else tar_entry(join_path(parent_path(path), WHITEOUT + base_name(path))[1:], file_node(b"", 0, 0))
            for path, node in sorted(changes.items())) + END_OF_TAR
        self.digest = sha256_digest(self.tar)
        self.size = sum(len(node.content) for node in changes.values() if node) if size is None else size


def registry_layer(name, size):
    """Return the PracticeLayer of that name of the practice registry."""
    content, changes = LAYER_FILES[name], {}
    for path, data in content.items():
        is_program = data == PROGRAM_TEXT
        changes[path] = (folder_node(IMAGE_FILES_TIME) if data is None
                         else file_node(data, 0o755 if is_program else 0o644, IMAGE_FILES_TIME))
        path = parent_path(path)
        while path != "/":
            changes[path] = folder_node(IMAGE_FILES_TIME)
            path = parent_path(path)
    return PracticeLayer(changes, None, size)


REGISTRY_LAYERS = {}


def registry_layers():
    """Return the layers of the practice registry, {name: PracticeLayer}: made at the first call."""
    if not REGISTRY_LAYERS:
        REGISTRY_LAYERS.update([(name, registry_layer(name, size)) for entry in PRACTICE_IMAGES.values()
                                for name, size in entry["layers"]])
    return REGISTRY_LAYERS


def layer_of_tar(lock, tar):
    """Return the PracticeLayer of a tar (bytes). Raises PracticeRefusal."""
    files = PracticeFiles(lock, {}, {})
    read_practice_tar(files, "/", tar)
    changes = {}
    for path, node in files.tree.nodes.items():
        name = base_name(path)
        if name.startswith(WHITEOUT):
            changes[join_path(parent_path(path), name[len(WHITEOUT):])] = None
        elif path != "/":
            changes[path] = node
    layer = PracticeLayer(changes, tar)
    known = [one for one in registry_layers().values() if one.digest == layer.digest]
    return known[0] if known else layer


def files_of_layers(layers):
    """Return the files of an image, {path: TreeNode}."""
    files = {"/": folder_node(IMAGE_FILES_TIME)}
    for layer in layers:
        for path, node in layer.changes.items():
            if node is None:
                for one in [one for one in files if one == path or one.startswith(path + "/")]:
                    del files[one]
            else:
                files[path] = node
    return files


def programs_of_files(files):
    """Return {name: function} of the programs among files; one outside the usual folders by its path."""
    return {base_name(path) if parent_path(path) in PROGRAM_FOLDERS else path:
            PRACTICE_PROGRAMS[base_name(path)] for path, node in files.items()
            if node.content == PROGRAM_TEXT and base_name(path) in PRACTICE_PROGRAMS}


def image_spec(config, layers, history, created, **more):
    """Return an image's configuration, as its JSON has it. `created` is nanoseconds since 1970."""
    return dict(more, architecture="amd64", os="linux", config=config, created=wire_time(created),
                history=history, rootfs={"type": "layers", "diff_ids": [layer.digest for layer in layers]})


def created_time(text):
    """Return a time of an image's configuration (str) in nanoseconds since 1970; 0 for what is none."""
    try:
        return unix_time(parse_when(text or "", time.time()), "created") or 0
    except (UsageError, PracticeRefusal):
        return 0


class PracticeImage:
    """One image: `spec` (dict) is its configuration, `layers` are PracticeLayers, the base first.

    `tags` are its names ("redis:2.8"), `parent` the image that it was made from here, or None. `repository`
    and `digest` are those of an image that was pulled, and `tagged` when it got a name. `text` is the JSON of
    `spec` (bytes) where it was made elsewhere: its SHA-256 is the id.
    """

    def __init__(self, spec, layers, parent=None, text=None):
        self.spec = spec
        self.json = text or json.dumps(spec, separators=(",", ":"), sort_keys=True).encode()
        self.layers = tuple(layers)
        self.parent = parent
        self.id = self.name = sha256_digest(self.json)
        self.repository = parent.repository if parent else ""
        self.digest = None
        self.made_as = None   # what the step of a build was that made it, for the cache
        self.tags = []
        self.tagged = 0
        self.size = sum(layer.size for layer in self.layers)
        self.files = files_of_layers(self.layers)
        self.programs = programs_of_files(self.files)
        self.created = created_time(spec.get("created"))

    def config(self):
        return dict(blank_config(), **(self.spec.get("config") or {}))

    def summary(self, containers, api):
        found = {
            "Containers": containers, "Created": self.created // 1000000000, "Id": self.id,
            "Labels": self.config()["Labels"], "ParentId": self.parent.id if self.parent else "",
            "RepoDigests": self.repo_digests(), "RepoTags": list(self.tags), "SharedSize": -1,
            "Size": self.size,
        }
        if api < (1, 43) and not self.tags and not self.digest:
            found.update(RepoTags=["<none>:<none>"], RepoDigests=["<none>@<none>"])
        return dict(found, VirtualSize=self.size) if api < (1, 44) else found

    def repo_digests(self):
        return ["%s@%s" % (self.repository, self.digest)] if self.digest else []

    def inspect(self, api):
        found = {
            "Id": self.id, "RepoTags": list(self.tags), "RepoDigests": self.repo_digests(),
            "Parent": self.parent.id if self.parent else "",
            "Comment": self.spec.get("comment", ""), "Created": wire_time(self.created), "DockerVersion": "",
            "Author": self.spec.get("author", ""),
            "Config": self.config(), "Architecture": "amd64", "Os": "linux", "Size": self.size,
            "GraphDriver": {"Data": None, "Name": "practice"},
            "RootFS": {"Type": "layers", "Layers": [layer.digest for layer in self.layers]},
            "Metadata": {"LastTagTime": wire_time(self.tagged)},
        }
        if api < (1, 45):
            found.update(Container="", ContainerConfig=blank_config())
        return dict(found, VirtualSize=self.size) if api < (1, 44) else found

    def history(self):
        """Return the answer to GET /images/NAME/history: a step has the id of an image that is here."""
        sizes, steps, image = iter([layer.size for layer in self.layers]), [], self
        for step in self.spec.get("history") or ():
            size = 0 if step.get("empty_layer") else next(sizes, 0)
            steps.insert(0, {"Comment": step.get("comment", ""),
                             "Created": created_time(step.get("created")) // 1000000000,
                             "CreatedBy": step.get("created_by", ""), "Id": "<missing>", "Size": size,
                             "Tags": None})
        for step in steps:
            if image is None:
                break
            step.update(Id=image.id, Tags=list(image.tags) or None)
            image = image.parent
        return steps


def registry_image(repository):
    """Return the PracticeImage of that name of the practice registry."""
    entry = PRACTICE_IMAGES[repository]
    layers = [registry_layers()[name] for name, _ in entry["layers"]]
    config = dict(blank_config(), Env=[PRACTICE_PATH] + entry.get("env", []), Cmd=list(entry["cmd"]),
                  WorkingDir=entry.get("workdir", ""))
    if "ports" in entry:
        config["ExposedPorts"] = {port: {} for port in entry["ports"]}
    created = IMAGE_FILES_TIME * 1000000000
    history = [{"created": wire_time(created), "created_by": "practice layer " + name}
               for name, _ in entry["layers"]]
    image = PracticeImage(image_spec(config, layers, history, created, author="rawdock practice engine"),
                          layers)
    image.name = image.repository = repository
    image.digest = practice_digest(repository)
    return image


def derived_image(parent, config, changes, created, created_by, comment="", author=""):
    """Return the PracticeImage that a step makes of `parent` (None: of nothing).

    `config` (dict) is its Config, `changes` (path → TreeNode or None) what the step has changed of the files,
    `created_by` (str) says what was done, and `created` when, in nanoseconds since 1970.
    """
    layers = parent.layers if parent else ()
    # What was below a folder that was removed has no entry of its own.
    changes = changes or {}
    gone = {path for path, node in changes.items() if node is None}
    changes = {path: node for path, node in changes.items() if not {path, parent_path(path)} <= gone}
    step = {"created": wire_time(created), "created_by": created_by}
    step.update({"comment": comment} if comment else {})
    if changes:
        layers += (PracticeLayer(changes),)
    else:
        step["empty_layer"] = True
    history = (parent.spec.get("history") or [] if parent else []) + [step]
    more = {key: value for key, value in (("comment", comment), ("author", author)) if value}
    return PracticeImage(image_spec(config, layers, history, created, **more), layers, parent)
