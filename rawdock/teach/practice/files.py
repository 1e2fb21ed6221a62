"""The files of a practice container: a tree in memory over its image's, and the tars that go in and out.

Promises: no file of the host is read or written, bind mounts included: what the client names
there is a folder of this memory. Bounded: MAX_TREE_BYTES a tree, MAX_TREE_FILES entries.

    PracticeTree    paths → TreeNode, over a shared base that is never changed
    PracticeFiles   a container's view: its own tree, with others mounted in it

Paths are absolute and clean ("/etc/passwd"). Leaves out: owners, permissions that refuse,
hard links (a tar's hard link becomes a copy), devices.
"""
import collections
import os
import re
import time

from .request import PracticeRefusal, join_path

MAX_TREE_BYTES = 64 << 20
MAX_TREE_FILES = 10000
TREE_NODE_COST = 256              # bytes counted for an entry beside its content
GO_MODE_BITS = {"folder": 1 << 31, "link": 1 << 27, "file": 0}

# kind "file", "folder" or "link"; mode int (permission bits); content bytes, or bytearray of a file that grew
# (a link's: where it leads); modified in seconds since 1970
TreeNode = collections.namedtuple("TreeNode", "kind mode content modified")


def folder_node(modified=None):
    return TreeNode("folder", 0o755, b"", time.time() if modified is None else modified)


def file_node(content, mode=0o644, modified=None):
    return TreeNode("file", mode, bytes(content), time.time() if modified is None else modified)


parent_path = os.path.dirname
base_name = os.path.basename


class FileProblem(Exception):
    """A file operation that cannot be: str() is what the kernel would say ("No such file or directory")."""


class PracticeTree:
    """`base` {path: TreeNode} is shared with other trees; `own` has what differs here, None for a removal."""

    def __init__(self, base=None):
        self.base = base or {}
        self.own = {} if base else {"/": folder_node()}
        self.size = 0

    def get(self, path):
        return self.own[path] if path in self.own else self.base.get(path)

    def set(self, path, node):
        old = self.own.get(path)
        cost, saved = [len(one.content) + TREE_NODE_COST if one else 0 for one in (node, old)]
        grown = self.size + cost - saved
        if node is not None and (grown > MAX_TREE_BYTES or len(self.own) > MAX_TREE_FILES):
            raise FileProblem("No space left on device")
        if node is None and path not in self.base:
            self.own.pop(path, None)
        else:
            self.own[path] = node
        self.size = grown

    def append(self, path, content):
        """Add to a file in place: a log that grows line by line is not copied for each."""
        node = self.own.get(path)
        if node is None or not isinstance(node.content, bytearray):
            old = self.get(path)
            node = TreeNode("file", old.mode, bytearray(old.content), old.modified)
            self.set(path, node)
        if self.size + len(content) > MAX_TREE_BYTES:
            raise FileProblem("No space left on device")
        node.content.extend(content)
        self.size += len(content)

    def paths(self):
        return [path for path in set(self.base) | set(self.own) if self.get(path) is not None]


class PracticeFiles:
    """`lock` guards it; `base` as of PracticeTree; `mounts` {path: PracticeTree}."""

    def __init__(self, lock, base, mounts):
        self.lock = lock
        self.tree = PracticeTree(base)
        self.mounts = {}
        for path, tree in sorted(mounts.items()):
            self.make_folder(parent_path(path))
            if tree.get("/").kind == "folder":
                self.make_folder(path)
            self.mounts[path] = tree

    def _place(self, path):
        """→ (tree, path in it)."""
        at = path
        while at != "/":
            if at in self.mounts:
                return self.mounts[at], path[len(at):] or "/"
            at = parent_path(at)
        return self.tree, path

    def get(self, path):
        """The node at exactly `path`, or None."""
        tree, inner = self._place(path)
        return tree.get(inner)

    def resolve(self, path):
        """`path` with every link in it followed. FileProblem if links go round."""
        for _ in range(40):
            at = ""
            for segment in path.split("/")[1:]:
                at += "/" + segment
                node = self.get(at)
                if node is not None and node.kind == "link":
                    target = node.content.decode("utf-8", "surrogateescape")
                    path = join_path(parent_path(at), target) + path[len(at):]
                    break
            else:
                return path
        raise FileProblem("Too many levels of symbolic links")

    def find(self, path):
        """(path with links followed, its node). FileProblem if there is nothing."""
        with self.lock:
            path = self.resolve(path)
            node = self.get(path)
            if node is None:
                raise FileProblem("No such file or directory")
            return path, node

    def read(self, path):
        node = self.find(path)[1]
        if node.kind == "folder":
            raise FileProblem("Is a directory")
        return bytes(node.content)

    def names(self, path):
        """What lies in the folder `path`, sorted."""
        with self.lock:
            start = path.rstrip("/") + "/"
            tree, inner = self._place(path)
            inner = inner.rstrip("/") + "/"
            found = {one[len(inner):] for one in tree.paths() if one.startswith(inner)}
            found.update(one[len(start):] for one in self.mounts if one.startswith(start))
            return sorted({one.partition("/")[0] for one in found} - {""})

    def put(self, path, node):
        """Put `node` at `path`, whose folder must be there."""
        with self.lock:
            folder = self.resolve(parent_path(path))
            parent, old = self.get(folder), self.get(path)
            if parent is None:
                raise FileProblem("No such file or directory")
            if parent.kind != "folder":
                raise FileProblem("Not a directory")
            if old is not None and old.kind == "folder" != node.kind:
                raise FileProblem("Is a directory")
            tree, inner = self._place(join_path(folder, base_name(path)))
            tree.set(inner, node)

    def write(self, path, content, append=False):
        with self.lock:
            path = self.resolve(path)
            old = self.get(path)
            is_file = old is not None and old.kind == "file"
            if append and is_file:
                tree, inner = self._place(path)
                tree.append(inner, content)
            else:
                self.put(path, file_node(content, old.mode if is_file else 0o644))

    def make_folder(self, path):
        """The folder `path`, with those above it."""
        with self.lock:
            if self.get(path) is None:
                self.make_folder(parent_path(path))
                self.put(path, folder_node())

    def below(self, path):
        """Every path under `path`, and itself first."""
        with self.lock:
            found = [path]
            for name in self.names(path):
                found += self.below(join_path(path, name))
            return found

    def remove(self, path):
        with self.lock:
            if any(mount == path or mount.startswith(path.rstrip("/") + "/") for mount in self.mounts):
                raise FileProblem("Device or resource busy")
            for one in reversed(self.below(path)):
                tree, inner = self._place(one)
                tree.set(inner, None)

    def changes(self):
        """What differs from the image: list of {"Path", "Kind"}; Kind 0 changed, 1 added, 2 deleted."""
        with self.lock:
            found = {}
            for path, node in self.tree.own.items():
                found[path] = 2 if node is None else 0 if path in self.tree.base else 1
                parent = parent_path(path)
                while parent != "/" and found.setdefault(parent, 0 if parent in self.tree.base else 1) == 0:
                    parent = parent_path(parent)
            return [{"Path": path, "Kind": kind} for path, kind in sorted(found.items())]


def path_stat(path, node):
    """What the X-Docker-Container-Path-Stat field tells of a node, before base64."""
    return {"name": base_name(path) or "/", "size": 4096 if node.kind == "folder" else len(node.content),
            "mode": node.mode | GO_MODE_BITS[node.kind],
            "mtime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(node.modified)),
            "linkTarget": bytes(node.content).decode("utf-8", "replace") if node.kind == "link" else ""}


def practice_tar(files, path, prefix):
    """Yield the bytes of a tar of what is at `path`; its first name is `prefix`, "" leaves the folder out."""
    import tarfile
    for one in files.below(path):
        name = (prefix + one[len(path.rstrip("/")):]).strip("/")
        node = files.get(one)
        if not name or node is None:
            continue
        entry = tarfile.TarInfo(name + "/" * (node.kind == "folder"))
        entry.mode, entry.mtime = node.mode, int(node.modified)
        entry.uname = entry.gname = "root"
        content = b""
        if node.kind == "folder":
            entry.type = tarfile.DIRTYPE
        elif node.kind == "link":
            entry.type, entry.linkname = tarfile.SYMTYPE, node.content.decode("utf-8", "surrogateescape")
        else:
            content = bytes(node.content)
            entry.size = len(content)
        yield entry.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
        yield content + b"\0" * (-len(content) % tarfile.BLOCKSIZE)
    # tarfile would pad it to a tape's record; an engine's tar ends with two blocks.
    yield b"\0" * tarfile.BLOCKSIZE * 2


def read_practice_tar(files, folder, data, keep_kinds=False):
    """Unpack a tar (bytes; plain, gzip, bzip2 or xz) into `folder`. PracticeRefusal if it is none."""
    import io
    import tarfile
    room = MAX_TREE_BYTES
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:*") as archive:
            for entry in archive:
                path = join_path(folder, re.sub("^/+", "", join_path("/", entry.name)))
                room -= entry.size
                if room < 0:
                    raise FileProblem("No space left on device")
                if entry.isdir():
                    node = TreeNode("folder", entry.mode & 0o7777, b"", entry.mtime)
                elif entry.issym():
                    node = TreeNode("link", 0o777, entry.linkname.encode("utf-8", "surrogateescape"),
                                    entry.mtime)
                elif entry.isfile() or entry.islnk():
                    node = TreeNode("file", entry.mode & 0o7777, archive.extractfile(entry).read(),
                                    entry.mtime)
                else:
                    continue
                put_entry(files, path, node, keep_kinds)
    except FileProblem as problem:
        raise PracticeRefusal(500, "Error processing tar file: %s" % problem)
    except PracticeRefusal:
        raise
    except Exception as error:   # tarfile lets through what its decompressors raise, whatever the version
        if not data.strip(b"\0"):
            return   # an archive of nothing
        raise PracticeRefusal(500, "Error processing tar file: not a tar: %s" % error)


def put_entry(files, path, node, keep_kinds):
    with files.lock:
        old = files.get(path)
        if node.kind == "folder" and old is not None and old.kind == "folder":
            return
        if old is not None and "folder" in (old.kind, node.kind) and old.kind != node.kind:
            if keep_kinds:
                raise PracticeRefusal(400, "cannot overwrite %s: one is a directory, the other is not" % path)
            files.remove(path)
        files.make_folder(files.resolve(parent_path(path)))
        files.put(path, node)
