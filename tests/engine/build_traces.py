"""Traces of BuildKit for tests: written by hand, and as engines sent them (buildkit/*.json)."""
import base64
import json
import os

from rawdock.engine.buildkit import BUILD_STATUS_SCHEMA
from tests.wire.protobuf_bytes import encode_protobuf

HERE = os.path.dirname(os.path.abspath(__file__))
SECOND = 10 ** 9


def trace_message(**status):
    """The message of a status; points in time are given in nanoseconds."""
    for entries in status.values():
        for entry in entries:
            for name in ("started", "completed", "timestamp"):
                if name in entry:
                    entry[name] = {"seconds": entry[name] // SECOND, "nanos": entry[name] % SECOND}
    data = encode_protobuf(status, BUILD_STATUS_SCHEMA)
    return {"id": "moby.buildkit.trace", "aux": base64.b64encode(data).decode("ascii")}


def vertex(digest="a", **more):
    return dict({"digest": digest, "name": "step " + digest}, **more)


def log(data, digest="a", **more):
    return {"vertex": digest, "data": data, "stream": 1, **more}


def recorded_messages(name):
    """The messages of a build that was recorded: "20.10-built" or "26.1-failed"."""
    with open(os.path.join(HERE, "buildkit", name + ".json"), encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
