"""The shapes of the engine's answers: which fields each has, and of which types, out of an API definition.

Only facts are taken: names of fields, their types, whether they may be null or absent. What is reachable from
the answers of the operations that the table knows is kept.
"""
import json
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
    "ContainerConfig": "Entrypoint Env Volumes",
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
    "ImageSummary": "Labels",
    "Info": "GenericResources Warnings",
    "PluginsInfo": "Authorization",
    "Volume": "Labels Options",
    "VolumeListResponse": "Warnings",
}
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


def write_shapes(source, target):
    """Write the facts of the definition in the file `source` (YAML) as JSON to the file `target`."""
    try:
        import yaml
    except ImportError:
        sys.exit("stubs: reading a definition needs PyYAML: pip install pyyaml")
    try:
        with open(source, encoding="utf-8") as file:
            definition = yaml.safe_load(file)
    except OSError as error:
        sys.exit("stubs: cannot read %s: %s" % (source, error.strerror))
    reader, returns, names = ShapeReader(definition["definitions"]), {}, {one.operation_id: one
                                                                          for one in endpoints()}
    for methods in definition["paths"].values():
        for operation in methods.values():
            endpoint = names.get(operation.get("operationId")) if isinstance(operation, dict) else None
            if endpoint is None or endpoint.result not in ("json", "messages"):
                continue
            answers = operation["responses"]
            schema = next((answers[code]["schema"] for code in (200, 201, "200", "201")
                           if "schema" in answers.get(code, {})), None)
            if endpoint.name in STREAMS:
                schema = {"$ref": "#/definitions/" + STREAMS[endpoint.name]}
            if schema is not None:
                returns[endpoint.name] = reader.annotation(schema, endpoint.operation_id + "Answer")
    shapes = {name: reader.shapes[name] for name in sorted(reader.shapes)}
    with open(target, "w", encoding="utf-8") as file:
        file.write('{"partial": %s,\n"returns": {\n%s\n},\n"shapes": {\n%s\n}}\n' % (
            (json.dumps(PARTIAL),) + tuple(
                ",\n".join("%s: %s" % (json.dumps(name), json.dumps(value)) for name, value in facts.items())
                for facts in (returns, shapes))))
