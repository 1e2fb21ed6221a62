"""Images as tars: GET /images/get (docker save), POST /images/load, and images made of a tar of files.

A saved image is a tar of tars: NAME.json is the configuration, FOLDER/layer.tar each layer, manifest.json
says which belong together, and `repositories` is the form of that before 2015. What was saved here keeps
its ids in an engine of Docker's, and images that were saved there can be loaded here; what runs of them is
the programs that they have of this engine. Leaves out: the OCI layout, which dockerd 25 and later add.
"""
import json

from ...wire.tar import END_OF_TAR
from .commits import apply_change
from .events import nanoseconds_now, stable_hex, wire_time
from .files import FileProblem, PracticeFiles, file_node, folder_node, read_practice_tar, tar_entry
from .image import IMAGE_FILES_TIME, PracticeImage, blank_config, derived_image, layer_of_tar
from .images import answer_pull, full_name, image_reference, layer_message, new_name
from .request import PracticeRefusal, unlocked

TAR_HEADERS = [("Content-Type", "application/x-tar")]
IMPORT_FOLDER = "/var/lib/docker/tmp/docker-import"   # where an engine says that it unpacks


# -- save

def chosen_images(images, names):
    """Return [(PracticeImage, list of its names)] for the names of a save. Raises PracticeRefusal."""
    found = {}
    for name in names:
        reference = image_reference(name)
        tagged = [(image, tag) for image in images.by_id.values() for tag in image.tags
                  if reference is not None and not reference.digest
                  and (tag == full_name(reference) if reference.tag
                       else tag.rpartition(":")[0] == reference.familiar_name())]
        if not tagged:
            try:
                tagged = [(images.find(name), None)]
            except PracticeRefusal:
                raise PracticeRefusal(404, images.missing % name)
        for image, tag in tagged:
            tags = found.setdefault(image.id, (image, []))[1]
            tags += [tag] if tag and tag not in tags else []
    return list(found.values())


def layer_folders(image):
    """Return the name of the folder of each layer in a saved image: 64 digits that depend on those below."""
    names, above = [], ""
    for layer in image.layers:
        is_last = layer is image.layers[-1]
        above = stable_hex("folder", above, layer.digest, image.id if is_last else "")
        names.append(above)
    return names


def saved_images(chosen):
    """Yield the bytes of a saved image tar of [(PracticeImage, list of its names)]."""
    entries, manifest, repositories = {}, [], {}
    for image, tags in chosen:
        folders, when = layer_folders(image), image.created // 10 ** 9
        for number, (name, layer) in enumerate(zip(folders, image.layers)):
            facts = {"id": name, "created": wire_time(IMAGE_FILES_TIME * 10 ** 9), "os": "linux"}
            facts.update({"parent": folders[number - 1]} if number else {})
            entries[name] = folder_node(when)
            for base, content in (("VERSION", b"1.0"), ("layer.tar", layer.tar),
                                  ("json", json.dumps(facts, separators=(",", ":")).encode())):
                entries["%s/%s" % (name, base)] = file_node(content, 0o644, when)
        entries[image.id[7:] + ".json"] = file_node(image.json, 0o644, when)
        manifest.append({"Config": image.id[7:] + ".json", "RepoTags": tags or None,
                         "Layers": [name + "/layer.tar" for name in folders]})
        for tag in tags if folders else ():
            repository, _, version = tag.rpartition(":")
            repositories.setdefault(repository, {})[version] = folders[-1]
    for name, node in sorted(entries.items()):
        yield tar_entry(name, node)
    for name, value in (("manifest.json", manifest or None), ("repositories", repositories)):
        if value or name == "manifest.json":
            content = json.dumps(value, separators=(",", ":")).encode() + b"\n"
            yield tar_entry(name, file_node(content, 0o644, 0))
    yield END_OF_TAR


def answer_save(engine, connection, request, *name):
    images = engine.images
    with engine.changed:
        chosen = chosen_images(images, name or request.query.get("names", ()))
        for image, _ in chosen:
            images.emit(image, "save")
    connection.send_pieces(saved_images(chosen), TAR_HEADERS)


# -- load

def read_loaded(files, name):
    """Return the content of a file of a saved image (bytes). Raises PracticeRefusal."""
    try:
        return files.read("/" + name)
    except FileProblem as problem:
        raise PracticeRefusal(500, "open %s/%s: %s" % (IMPORT_FOLDER, name, str(problem).lower()))


def read_loaded_json(files, name, kind):
    """Return the JSON of a file of a saved image, which is of the type `kind`. Raises PracticeRefusal."""
    try:
        value = json.loads(read_loaded(files, name).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise PracticeRefusal(500, "invalid JSON in %s: %s" % (name, error))
    items = value if kind is list and isinstance(value, list) else [{}]
    if not isinstance(value, kind) or not all(isinstance(one, dict) for one in items):
        raise PracticeRefusal(500, "json: cannot unmarshal what %s holds: a %s is wanted"
                              % (name, "list of objects" if kind is list else "object"))
    return value


def text_list(item, key):
    """Return a list of str that an object has, [] for none. Raises PracticeRefusal."""
    found = item.get(key) or []
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise PracticeRefusal(500, "json: cannot unmarshal %s: a list of strings is wanted" % key)
    return found


def load_image(engine, files, item, report):
    """Load the image that an entry of manifest.json (dict) describes → the PracticeImage.

    `report(message)` is called with the messages of its layers. Raises PracticeRefusal.
    """
    spec = read_loaded_json(files, str(item.get("Config")), dict)
    names, layers = text_list(item, "Layers"), []
    rootfs = spec.get("rootfs") if isinstance(spec.get("rootfs"), dict) else {}
    digests = text_list(rootfs, "diff_ids")
    if len(names) != len(digests):
        raise PracticeRefusal(500, "invalid manifest, layers length mismatch: expected %d, got %d"
                              % (len(digests), len(names)))
    with engine.changed:
        here = {layer.digest for image in engine.images.by_id.values() for layer in image.layers}
    for number, (name, digest) in enumerate(zip(names, digests)):
        data = read_loaded(files, name)
        layer = layer_of_tar(engine.changed, data)
        for _ in range(2 if digest not in here else 0):
            report(layer_message("Loading layer", digest[7:19], len(data), len(data)))
        if layer.digest != digest:
            raise PracticeRefusal(500, "invalid diffID for layer %d: expected \"%s\", got \"%s\""
                                  % (number, digest, layer.digest))
        layers.append(layer)
    image = PracticeImage(spec, layers, None, read_loaded(files, str(item.get("Config"))))
    with engine.changed:
        return engine.images.by_id.setdefault(image.id, image)


def answer_load(engine, connection, request):
    files, images = PracticeFiles(engine.changed, {}, {}), engine.images
    report = (lambda message: None) if request.flag("quiet", True) else connection.send_message

    def load():
        read_practice_tar(files, "/", request.body)
        name = "manifest.json" if files.get("/manifest.json") else "repositories"
        for item in read_loaded_json(files, name, list):
            image = load_image(engine, files, item, report)
            tags = text_list(item, "RepoTags")
            for tag in tags:
                reference = image_reference(tag)
                if reference is None:
                    raise PracticeRefusal(500, "invalid tag \"%s\"" % tag)
                with engine.changed:
                    lines = images.rename(image, full_name(reference))
                for line in lines:
                    connection.send_message({"stream": line})
                connection.send_message({"stream": "Loaded image: %s\n" % full_name(reference)})
            if not tags:
                connection.send_message({"stream": "Loaded image ID: %s\n" % image.id})
            images.emit(image, "load")
    connection.send_stream(load)


# -- import

def answer_import(engine, connection, request):
    """Answer POST /images/create?fromSrc=-: an image of one layer, the files of the tar that is the body."""
    if request.text("fromSrc") != "-":
        raise PracticeRefusal(501, "the practice engine downloads nothing: give the tar as the body, with"
                                   " fromSrc=-")
    name = new_name(request) if request.text("repo") else None
    config = blank_config()
    for line in "\n".join(request.query.get("changes", ())).splitlines():
        if line.strip():
            apply_change(config, line)
    files = PracticeFiles(engine.changed, {}, {})
    read_practice_tar(files, "/", request.body)
    changes = {path: node for path, node in files.tree.nodes.items() if path != "/"}
    image = derived_image(None, config, changes, nanoseconds_now(), "", request.text("message"))
    with engine.changed:
        engine.images.by_id[image.id] = image
        if name:
            engine.images.give_name(image, name)
        engine.images.emit(image, "import", name)
    connection.send_stream(lambda: connection.send_message({"status": image.id}))


def answer_create_image(engine, connection, request):
    (answer_import if request.text("fromSrc") else answer_pull)(engine, connection, request)


IMAGE_TAR_ROUTES = (
    ("POST", "/images/create", unlocked(answer_create_image)),
    ("GET", "/images/get", unlocked(answer_save)),
    ("GET", "/images/(.+)/get", unlocked(answer_save)),
    ("POST", "/images/load", unlocked(answer_load)),
)
