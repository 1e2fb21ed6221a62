"""The images of tools/engine: layers, configurations and manifests, handed to a registry over HTTP."""
import gzip
import hashlib
import io
import json
import os
import random
import re
import subprocess
import tarfile
import urllib.parse

from debian_packages import ToolError
from real_engine.processes import registry_of
from real_engine.state import clean_environment, find_program, read_bytes, run_quiet

IMAGES_RECIPE = "2"                            # change it when an image below changes: `up` makes them again
EPOCH = 1577836800                             # 2020-01-01: no clock in the images, so digests stay the same

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "ppc64le": "ppc64le",
                 "s390x": "s390x", "riscv64": "riscv64", "i686": "386"}
MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
INDEX_TYPE = "application/vnd.docker.distribution.manifest.list.v2+json"
CONFIG_TYPE = "application/vnd.docker.container.image.v1+json"
LAYER_TYPE = "application/vnd.docker.image.rootfs.diff.tar.gzip"


class Layer:
    """One layer: (path, kind, mode, content) entries → the blob and its two digests."""

    def __init__(self, entries=(), raw=None):
        data = raw if raw is not None else self.tar_of(entries)
        packed = io.BytesIO()
        with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=packed, mtime=0) as file:
            file.write(data)
        self.blob = packed.getvalue()
        self.diff_id = digest_of(data)

    @staticmethod
    def tar_of(entries):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
            made = set()

            def add(path, kind, mode, content):
                info = tarfile.TarInfo(path)
                info.mtime, info.mode, info.type = EPOCH, mode, kind
                if kind == tarfile.SYMTYPE:
                    info.linkname = content
                    archive.addfile(info)
                else:
                    info.size = len(content)
                    archive.addfile(info, io.BytesIO(content))
                if kind == tarfile.DIRTYPE:
                    made.add(path)

            for path, kind, mode, content in entries:
                path = path.strip("/")
                parents = path.split("/")[:-1]
                for depth in range(1, len(parents) + 1):
                    parent = "/".join(parents[:depth])
                    if parent not in made:
                        add(parent, tarfile.DIRTYPE, 0o755, b"")
                if path not in made:
                    add(path, kind, mode, content)
        return out.getvalue()


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def file_entry(path, content, mode=0o644):
    return path, tarfile.REGTYPE, mode, content


def directory_entry(path, mode=0o755):
    return path, tarfile.DIRTYPE, mode, b""


def libraries_of(program):
    """Paths that ldd names; none for a static program."""
    process = subprocess.Popen(["ldd", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               env=clean_environment())
    text = process.communicate()[0].decode("utf-8", "replace")
    missing = re.findall(r"^\s*(\S+) => not found", text, re.M)
    if missing:
        raise ToolError("%s needs %s, which is not installed" % (program, ", ".join(missing)))
    return re.findall(r"^\s*(?:\S+ => )?(/\S+) \(0x", text, re.M)


def package_version(package):
    try:
        return run_quiet("dpkg-query", "-W", "-f", "${Version}", package).strip()
    except (ToolError, OSError):
        return "unknown"


def busybox_entries():
    program = find_program("busybox")
    entries = [file_entry("/bin/busybox", read_bytes(program), 0o755)]
    entries += [file_entry(path, read_bytes(path), 0o755) for path in libraries_of(program)]
    for applet in run_quiet(program, "--list").split():
        if applet != "busybox":
            entries.append(("/bin/" + applet, tarfile.SYMTYPE, 0o777, "/bin/busybox"))
    entries += [
        ("/usr/bin/env", tarfile.SYMTYPE, 0o777, "/bin/busybox"),
        directory_entry("/tmp", 0o1777), directory_entry("/root", 0o700), directory_entry("/home"),
        directory_entry("/var"), directory_entry("/proc"), directory_entry("/sys"), directory_entry("/dev"),
        file_entry("/etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n"
                                  b"nobody:x:65534:65534:nobody:/home:/bin/false\n"),
        file_entry("/etc/group", b"root:x:0:\nnobody:x:65534:\n"),
    ]
    return entries


# Debian's redis refuses clients that are not on loopback by default, and through a published port
# every client comes from the bridge. A configuration file must stay the first argument; --version and its kin
# stand alone.
REDIS_SERVER = b"""#!/bin/sh
real=/usr/libexec/redis-server
case "$1" in
  -v|-h|--version|--help|--test-memory|--check-system) exec "$real" "$@" ;;
  ""|-?*) exec "$real" --protected-mode no "$@" ;;
  *) file=$1; shift; exec "$real" "$file" --protected-mode no "$@" ;;
esac
"""


def redis_entries():
    server = os.path.realpath(find_program("redis-server"))
    client = os.path.realpath(find_program("redis-cli"))
    entries = [file_entry("/usr/bin/redis-server", REDIS_SERVER, 0o755),
               file_entry("/usr/libexec/redis-server", read_bytes(server), 0o755),
               file_entry("/usr/bin/redis-cli", read_bytes(client), 0o755),
               directory_entry("/data")]
    for path in sorted(set(libraries_of(server) + libraries_of(client))):
        entries.append(file_entry(path, read_bytes(path), 0o755))
    return entries


def config_of(layers, command, labels, **more):
    machine = os.uname().machine
    # An engine lists images by their age, and those of one age in any order: here each is of another.
    created = "2020-01-01T00:00:%02dZ" % len(layers)
    settings = {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
                "Cmd": command, "Labels": labels}
    settings.update(more)
    return {"architecture": ARCHITECTURES.get(machine, machine), "os": "linux", "created": created,
            "config": settings, "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
            "history": [{"created": created, "created_by": "tools/engine"} for _ in layers]}


class Pusher:
    """Hands blobs and manifests to the registry."""

    def __init__(self, registry):
        self.registry = registry

    def expect(self, wanted, method, target, body=None, kind=None):
        status, headers, answer = self.registry.exchange(method, target, body, kind)
        if status != wanted:
            raise ToolError("the registry answered %d to %s %s: %s"
                            % (status, method, target, answer[:200].decode("utf-8", "replace").strip()))
        return headers

    def blob(self, name, data, kind):
        digest = digest_of(data)
        if self.registry.exchange("HEAD", "/v2/%s/blobs/%s" % (name, digest))[0] != 200:
            headers = self.expect(202, "POST", "/v2/%s/blobs/uploads/" % name, b"")
            place = urllib.parse.urlsplit(headers["Location"])
            target = "%s?%s&digest=%s" % (place.path, place.query, digest)
            self.expect(201, "PUT", target, data, "application/octet-stream")
        return {"mediaType": kind, "size": len(data), "digest": digest}

    def manifest(self, name, tag, value):
        data = json.dumps(value, sort_keys=True).encode()
        target = "/v2/%s/manifests/%s" % (name, tag or digest_of(data))
        self.expect(201, "PUT", target, data, value["mediaType"])
        return {"mediaType": value["mediaType"], "size": len(data), "digest": digest_of(data)}

    def image(self, name, tag, layers, config):
        packed = json.dumps(config, sort_keys=True).encode()
        return self.manifest(name, tag, {
            "schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": self.blob(name, packed, CONFIG_TYPE),
            "layers": [self.blob(name, layer.blob, LAYER_TYPE) for layer in layers]})


def noise(seed, size):
    """Bytes that do not compress, and do not depend on the machine."""
    return random.Random(seed).getrandbits(8 * size).to_bytes(size, "big")


def make_images(state, facts):
    """Fill the registry, once for each recipe and set of package versions."""
    versions = {package: package_version(package)
                for package in ("busybox-static", "redis-server", "redis-tools")}
    stamp = [IMAGES_RECIPE, sorted(versions.items())]
    if facts.get("images") == json.loads(json.dumps(stamp)):
        return
    push = Pusher(registry_of(state, facts))
    busybox = Layer(busybox_entries())
    made_by = {"rawdock.made-by": "tools/engine"}

    what = {"rawdock.what": "Debian's busybox-static " + versions["busybox-static"]}
    push.image("library/busybox", "latest", [busybox], config_of([busybox], ["sh"], dict(made_by, **what)))

    redis = [busybox, Layer(redis_entries())]
    what = {"rawdock.what": "Debian's redis-server %s under the name redis:2.8, not redis 2.8; "
                            "/usr/bin/redis-server is a shell script that runs it with --protected-mode no"
                            % versions["redis-server"]}
    push.image("library/redis", "2.8", redis, config_of(
        redis, ["redis-server"], dict(made_by, **what), WorkingDir="/data", ExposedPorts={"6379/tcp": {}}))

    # Sizes differ, so that the layers finish in another order than they began.
    sizes = (700, 300, 900, 200, 600, 400, 800)
    layers = [busybox] + [Layer([file_entry("/layers/%d" % number, noise(number, size * 1024))])
                          for number, size in enumerate(sizes, 2)]
    push.image("library/layers", "latest", layers, config_of(
        layers, ["sh"], dict(made_by, **{"rawdock.what": "eight layers, to watch a pull"})))

    make_broken_images(push, busybox, made_by)
    facts["images"] = stamp
    state.save(facts)


def make_broken_images(push, busybox, made_by):
    """Images that cannot be pulled, each for another reason."""
    # A manifest whose second layer the registry no longer has. It refuses one pushed that way: delete it
    # afterwards.
    lost = Layer([file_entry("/lost", noise("lost", 4096))])
    push.image("broken/missing-blob", "latest", [busybox, lost], config_of([busybox, lost], ["sh"], made_by))
    push.expect(202, "DELETE", "/v2/broken/missing-blob/blobs/" + digest_of(lost.blob))

    garbage = Layer(raw=b"This layer is not a tar archive.\n" * 256)
    push.image("broken/not-a-tar", "latest", [busybox, garbage],
               config_of([busybox, garbage], ["sh"], made_by))

    foreign = config_of([busybox], ["sh"], made_by)
    foreign["architecture"] = "s390x" if foreign["architecture"] != "s390x" else "riscv64"
    child = push.image("broken/no-platform", None, [busybox], foreign)
    child["platform"] = {"os": "linux", "architecture": foreign["architecture"]}
    push.manifest("broken/no-platform", "latest",
                  {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": [child]})
