"""The shapes of answers and of request bodies: which fields each has, of which types, from API definitions.

Only facts are taken: names of fields, their types, whether they may be null or absent. What is reachable from
the answers and the request bodies of the operations that the table knows is kept. Fields of answers that only
an older definition has are kept too, as fields that may be absent: most engines still answer them.
"""
import json
import re
import sys

from rawdock.engine.endpoints import endpoints

# What people call it: the shapes that are used most have short names here.
RENAMED = {
    "ContainerSummary": "Container", "ContainerInspectResponse": "ContainerInspect", "EventMessage": "Event",
    "SystemInfo": "Info", "SystemVersion": "Version", "ContainerStatsResponse": "Stats",
    "Address": "NetworkAddress",   # rawdock.Address is an engine's
}
# The messages of streams whose definition gives no shape.
STREAMS = {"image_create": "CreateImageInfo", "image_build": "BuildInfo", "image_push": "PushImageInfo",
           "image_load": "CreateImageInfo", "plugin_pull": "CreateImageInfo",
           "plugin_upgrade": "CreateImageInfo", "plugin_push": "PushImageInfo"}
# Of these each message of a stream has some fields only.
PARTIAL = ("BuildInfo", "CreateImageInfo", "ErrorDetail", "ProgressDetail", "PushImageInfo")
# What the items of a list are, where the definition names but a type of Go.
ITEMS = {"ImagesDiskUsageItems": "ImageSummary", "VolumesDiskUsageItems": "Volume",
         "BuildCacheDiskUsageItems": "BuildCache", "ContainersDiskUsageItems": "ContainerSummary",
         "NetworkInspectServicesValue": "ServiceInfo"}
# Fields in which engines answer null though the definition does not say so (tests/live/test_live_shapes.py).
NULLED = {
    "ContainerConfig": "Cmd Entrypoint Env Labels Volumes",
    "ContainerUpdateResponse": "Warnings",
    "ContainerWaitResponse": "Error",
    "EndpointSettings": "Aliases DNSNames IPAMConfig Links",
    "ExecInspectAnswer": "ExitCode",
    "HostConfig":
        "Binds BlkioDeviceReadBps BlkioDeviceReadIOps BlkioDeviceWriteBps "
        "BlkioDeviceWriteIOps BlkioWeightDevice CapAdd CapDrop DeviceCgroupRules "
        "DeviceRequests Devices Dns DnsOptions DnsSearch ExtraHosts GroupAdd Links "
        "MemorySwappiness PortBindings SecurityOpt Ulimits VolumesFrom",
    "IPAM": "Config Options",
    "ImageConfig": "Cmd Entrypoint Env Labels Volumes",
    "ImageHistoryResponseItem": "Tags",
    "ImageSummary": "Labels RepoDigests RepoTags",
    "Info": "GenericResources Warnings",
    "PluginsInfo": "Authorization",
    "RegistryServiceConfig": "AllowNondistributableArtifactsCIDRs AllowNondistributableArtifactsHostnames",
    "SystemDataUsageAnswer": "BuildCache Containers Images Volumes",
    "Volume": "Labels Options",
    "VolumeListResponse": "Warnings",
}
# Fields that engines answer and these definitions do not have; "from" cannot be a name in a class.
UNDEFINED = {"Event": {"status": "str", "id": "str"}, "SystemDataUsageAnswer": {"BuilderSize": "int"},
             "NetworkSummary": {"Containers": "dict[str, EndpointResource]"}}
SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}


class ShapeReader:
    """Turns schemas of a definition into annotations, and collects the shapes that they name."""

    def __init__(self, definitions):
        self.definitions = definitions
        self.shapes = {}

    def annotation(self, schema, name):
        """The annotation of a value of this `schema`; a shape without a name of its own is called `name`."""
        kind = self.bare_annotation(schema, name)
        return kind + " | None" if schema.get("x-nullable") and kind != "object" else kind

    def bare_annotation(self, schema, name):
        if name in ITEMS and schema.get("type") != "array":
            schema = {"$ref": "#/definitions/" + ITEMS[name]}
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            schema = self.definitions[name]
        if "properties" in schema or "allOf" in schema:
            parts = self.merged(schema)
            if parts:
                return self.add_shape(RENAMED.get(name, name), parts)
            return self.annotation(schema["allOf"][0], name)   # another name of a type that is no object
        kind = schema.get("type")
        if kind == "array":
            item = name if name in ITEMS else name + "Item"
            return "list[%s]" % self.annotation(schema.get("items", {}), item)
        if kind == "object" or "additionalProperties" in schema:
            values = schema.get("additionalProperties")
            return "dict[str, %s]" % (self.annotation(values, name + "Value")
                                      if isinstance(values, dict) and values else "object")
        return SCALARS.get(kind, "object")

    def merged(self, schema):
        """{name: schema} of all properties of an object, those that allOf brings first."""
        found = {}
        for part in schema.get("allOf", ()):
            if "$ref" in part:
                part = self.definitions[part["$ref"].rpartition("/")[2]]
            found.update(self.merged(part))
        found.update(schema.get("properties", {}))
        return found

    def add_shape(self, name, properties):
        if name not in self.shapes:
            self.shapes[name] = {}   # before its fields, which may name it again
            self.shapes[name].update(
                (field, self.field_annotation(one, name, field)) for field, one in properties.items())
        return name

    def field_annotation(self, schema, owner, field):
        """The annotation of a field of the shape `owner`."""
        kind = self.annotation(schema, owner + field[:1].upper() + field[1:])
        if field in NULLED.get(owner, "").split() and not kind.endswith(" | None"):
            kind += " | None"
        return "NotRequired[%s]" % kind if schema.get("x-omitempty") else kind


class BodyReader(ShapeReader):
    """Likewise for request bodies, which may lack any field: their shapes have names of their own."""

    def add_shape(self, name, properties):
        return ShapeReader.add_shape(self, re.sub("(Body)?$", "Body", name, count=1), properties)

    def field_annotation(self, schema, owner, field):
        return self.annotation(schema, re.sub("Body$", "", owner) + field[:1].upper() + field[1:])


def read_definition(source):
    """(a ShapeReader, {operation: annotation of its answer}, a BodyReader, {operation: that of its body}).

    `source` is the path of a definition in YAML.
    """
    try:
        import yaml
    except ImportError:
        sys.exit("stubs: reading a definition needs PyYAML: pip install pyyaml")
    try:
        with open(source, encoding="utf-8") as file:
            definition = yaml.safe_load(file)
    except OSError as error:
        sys.exit("stubs: cannot read %s: %s" % (source, error.strerror))
    answers, bodies = ShapeReader(definition["definitions"]), BodyReader(definition["definitions"])
    returns, takes, names = {}, {}, {one.operation_id: one for one in endpoints()}
    for methods in definition["paths"].values():
        for operation in methods.values():
            endpoint = names.get(operation.get("operationId")) if isinstance(operation, dict) else None
            if endpoint is None:
                continue
            body = [one["schema"] for one in operation.get("parameters", ()) if one.get("in") == "body"]
            if endpoint.body == "json" and body:
                takes[endpoint.name] = bodies.annotation(body[0], endpoint.operation_id)
            schema = answer_schema(endpoint, operation["responses"])
            if schema is not None:
                returns[endpoint.name] = answers.annotation(schema, endpoint.operation_id + "Answer")
    return answers, returns, bodies, takes


def answer_schema(endpoint, answers):
    """The schema of the answer of an operation whose result is JSON; None for others."""
    if endpoint.name in STREAMS:
        return {"$ref": "#/definitions/" + STREAMS[endpoint.name]}
    if endpoint.result not in ("json", "messages"):
        return None
    return next((answers[code]["schema"] for code in (200, 201, "200", "201")
                 if "schema" in answers.get(code, {})), None)


def add_older_fields(shapes, returns, older, older_returns):
    """Add to `shapes` what the shapes of an older definition have besides, as fields that may be absent."""
    last = re.compile(r"\w+(?=\W*$)")   # the shape in "list[Shape]"
    renamed = {last.search(older_returns[name]).group(): last.search(returns[name]).group()
               for name in returns if name in older_returns}

    def today(text):
        return re.sub(r"\w+", lambda word: renamed.get(word.group(), word.group()), text)

    for name, fields in older.items():
        known = shapes.setdefault(today(name), {})
        for field, annotation in fields.items():
            if field not in known:
                known[field] = re.sub(r"^(?!NotRequired\[)(.*)", r"NotRequired[\1]", today(annotation))


def reachable(shapes, starts):
    """The names of the shapes that the annotations `starts` name, and theirs in turn."""
    found, waiting = set(), [" ".join(starts)]
    while waiting:
        for name in re.findall(r"\w+", waiting.pop()):
            if name in shapes and name not in found:
                found.add(name)
                waiting.extend(shapes[name].values())
    return found


def write_shapes(sources, target):
    """Write the facts of the definitions in the files `sources` (YAML, the newest first) as JSON."""
    (answers, returns, bodies, takes), *older = [read_definition(source) for source in sources]
    for other, other_returns, _, _ in older:
        add_older_fields(answers.shapes, returns, other.shapes, other_returns)
    for name, fields in UNDEFINED.items():
        answers.shapes[name].update((field, "NotRequired[%s]" % kind) for field, kind in fields.items())
    kept = reachable(answers.shapes, returns.values())
    shapes = {name: answers.shapes[name] for name in sorted(kept)}
    body_shapes = {name: bodies.shapes[name] for name in sorted(bodies.shapes)}
    with open(target, "w", encoding="utf-8") as file:
        file.write('{"partial": %s,\n"returns": {\n%s\n},\n"shapes": {\n%s\n},\n"takes": {\n%s\n},\n'
                   '"body shapes": {\n%s\n}}\n' % ((json.dumps(PARTIAL),) + tuple(
                       ",\n".join("%s: %s" % (json.dumps(name), json.dumps(value))
                                  for name, value in facts.items())
                       for facts in (returns, shapes, takes, body_shapes))))
