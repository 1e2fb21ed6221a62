"""The files of a practice container: a tree in memory that begins as its image's, and tars into and out of
it.

Promises: no file of the host is read or written, bind mounts included: the path that a client gives for one
is a folder of this memory. Bounds: MAX_TREE_BYTES in a tree, and MAX_TREE_FILES entries.

Paths are absolute and without `.` and `..` segments ("/etc/passwd"). Leaves out: owners, permissions that are
enforced, hard links (that of a tar becomes a copy), devices (those of a tar are passed over).
"""
import collections
import os
import time

from ...errors import ProtocolError, TruncatedError
from ...wire.tar import END_OF_TAR, TarMember, TarReader, tar_padding
from .request import PracticeRefusal, join_path

MAX_TREE_BYTES = 32 << 20
MAX_TREE_FILES = 10000
TREE_NODE_COST = 256              # bytes counted for an entry beside its content
TAR_KINDS = {"folder": "directory", "link": "symbolic link", "file": "file"}
# Where a TruncatedError says that a tar was cut.
AFTER_A_MEMBER, IN_A_BLOCK = "a tar, before its two blocks of zeros", "a block of a tar"
GO_MODE_BITS = {"folder": 1 << 31, "link": 1 << 27, "file": 0}

# `kind` is "file", "folder" or "link", `mode` the permission bits, `content` bytes (of a link: its target),
# and `modified` in seconds since 1970.
TreeNode = collections.namedtuple("TreeNode", "kind mode content modified")


def folder_node(modified=None):
    return TreeNode("folder", 0o755, b"", time.time() if modified is None else modified)


def file_node(content, mode=0o644, modified=None):
    return TreeNode("file", mode, content, time.time() if modified is None else modified)


parent_path = os.path.dirname
base_name = os.path.basename


class FileProblem(Exception):
    """Raised for a file operation that fails; str() is the kernel's message ("No such file or directory")."""


class PracticeTree:
    """`nodes` maps the path of each file to its TreeNode; `base` is the dict that they were copied from.

    `size` is the bytes of what differs from `base`, TREE_NODE_COST for each entry included.
    """

    def __init__(self, base=None):
        self.base = base or {}
        self.nodes = dict(base or {"/": folder_node()})
        self.size = 0

    def _cost(self, path, node):
        return 0 if node is None or node is self.base.get(path) else len(node.content) + TREE_NODE_COST

    def set(self, path, node):
        """Put a node at `path`; None removes what is there. Raises FileProblem if the tree is full."""
        size = self.size + self._cost(path, node) - self._cost(path, self.nodes.get(path))
        if node is None:
            self.nodes.pop(path, None)
        elif size > MAX_TREE_BYTES or len(self.nodes) > MAX_TREE_FILES:
            raise FileProblem("No space left on device")
        else:
            self.nodes[path] = node
        self.size = size


class PracticeFiles:
    """What a container sees: its own tree of `base`, and other trees at the paths of `mounts`.

    `lock` guards all of it. Every method raises FileProblem where the kernel would refuse.
    """

    def __init__(self, lock, base, mounts):
        self.lock = lock
        self.tree = PracticeTree(base)
        self.mounts = {}
        for path, tree in sorted(mounts.items()):
            self.make_folder(parent_path(path))
            if tree.nodes["/"].kind == "folder":
                self.make_folder(path)
            self.mounts[path] = tree

    def _place(self, path):
        """Return the PracticeTree that has `path`, and the path in that tree."""
        at = path
        while at != "/":
            if at in self.mounts:
                return self.mounts[at], path[len(at):] or "/"
            at = parent_path(at)
        return self.tree, path

    def get(self, path):
        """Return the node at `path`, no link followed, or None."""
        tree, inner = self._place(path)
        return tree.nodes.get(inner)

    def resolve(self, path):
        """Return `path` with every link in it followed."""
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
        """Return (path with links followed, its node)."""
        with self.lock:
            path = self.resolve(path)
            node = self.get(path)
            if node is None:
                raise FileProblem("No such file or directory")
            return path, node

    def read(self, path):
        """Return the content of a file (bytes)."""
        node = self.find(path)[1]
        if node.kind == "folder":
            raise FileProblem("Is a directory")
        return node.content

    def names(self, path):
        """Return the names in the folder `path`, sorted."""
        with self.lock:
            start = path.rstrip("/") + "/"
            tree, inner = self._place(path)
            inner = inner.rstrip("/") + "/"
            found = {one[len(inner):] for one in tree.nodes if one.startswith(inner)}
            found.update(one[len(start):] for one in self.mounts if one.startswith(start))
            return sorted({one.partition("/")[0] for one in found} - {""})

    def put(self, path, node):
        """Put `node` at `path`, the folder of which must exist."""
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
        """Write a file, or add to it, following links."""
        with self.lock:
            path = self.resolve(path)
            old = self.get(path)
            is_file = old is not None and old.kind == "file"
            before = old.content if append and is_file else b""
            self.put(path, file_node(before + content, old.mode if is_file else 0o644))

    def make_folder(self, path):
        """Make the folder `path`, and those above it, where they do not exist."""
        with self.lock:
            if self.get(path) is None:
                self.make_folder(parent_path(path))
                self.put(path, folder_node())

    def below(self, path):
        """Return `path` and every path below it, folders before their content."""
        with self.lock:
            found = [path]
            for name in self.names(path):
                found += self.below(join_path(path, name))
            return found

    def remove(self, path):
        """Remove a file, or a folder with its content."""
        with self.lock:
            if any(mount == path or mount.startswith(path.rstrip("/") + "/") for mount in self.mounts):
                raise FileProblem("Device or resource busy")
            for one in reversed(self.below(path)):
                tree, inner = self._place(one)
                tree.set(inner, None)

    def changed_nodes(self):
        """Return what differs from the image, {path: TreeNode, or None for what was removed}."""
        with self.lock:
            nodes, base = self.tree.nodes, self.tree.base
            return {path: nodes.get(path) for path in set(nodes) | set(base)
                    if nodes.get(path) is not base.get(path)}

    def changes(self):
        """Return what differs from the image as [{"Path", "Kind"}]; Kind 0 is changed, 1 added, 2 deleted."""
        with self.lock:
            found, nodes, base = {}, self.tree.nodes, self.tree.base
            for path in self.changed_nodes():
                found[path] = 2 if path not in nodes else 0 if path in base else 1
                parent = parent_path(path)
                while parent != "/" and found.setdefault(parent, 0 if parent in base else 1) == 0:
                    parent = parent_path(parent)
            return [{"Path": path, "Kind": kind} for path, kind in sorted(found.items())]


def path_stat(path, node):
    """Return the JSON value of the X-Docker-Container-Path-Stat field for a node."""
    return {"name": base_name(path) or "/", "size": 4096 if node.kind == "folder" else len(node.content),
            "mode": node.mode | GO_MODE_BITS[node.kind],
            "mtime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(node.modified)),
            "linkTarget": node.content.decode("utf-8", "replace") if node.kind == "link" else ""}


def tar_entry(name, node):
    """Return the bytes of one member of a tar: its header, its content, and the zero bytes after that."""
    content = node.content if node.kind == "file" else b""
    link = node.content.decode("utf-8", "surrogateescape") if node.kind == "link" else ""
    member = TarMember(name + "/" * (node.kind == "folder"), TAR_KINDS[node.kind], node.mode, len(content),
                       int(node.modified) * 10 ** 9, link)
    return member.encode() + content + tar_padding(len(content))


def practice_tar(files, path, prefix):
    """Yield the bytes of a tar of what is at `path`; its first name is `prefix`, "" leaves the folder out."""
    for one in files.below(path):
        name = (prefix + one[len(path.rstrip("/")):]).strip("/")
        node = files.get(one)
        if name and node is not None:
            yield tar_entry(name, node)
    yield END_OF_TAR


def without_compression(data):
    """Return a tar (bytes) that may be compressed with gzip, bzip2 or xz. Raises FileProblem."""
    import bz2
    import gzip
    import io
    import lzma
    for magic, module in ((b"\x1f\x8b", gzip), (b"BZh", bz2), (b"\xfd7zXZ", lzma)):
        if data.startswith(magic):
            try:
                with module.open(io.BytesIO(data)) as file:
                    return file.read(MAX_TREE_BYTES * 2)
            except Exception as error:   # each has errors of its own
                raise FileProblem("%s: %s" % (module.__name__, error))
    return data


def inner_path(folder, name):
    """Return the path of `name` below `folder`, as a FileProblem's message names it, None for one outside."""
    path = join_path("/", "%s/%s" % (folder, name))
    return path if path == folder or path.startswith(folder.rstrip("/") + "/") else None


def practice_members(data):
    """Yield (TarMember, content) of a tar (bytes). Raises FileProblem, as an engine says what is wrong."""
    labels, events, problem = [], [], ""
    reader = TarReader(labels)
    try:
        reader.take(data, 0, events)
    except ProtocolError:
        problem = "archive/tar: invalid tar header"
    room, member, content = MAX_TREE_BYTES, None, b""
    for event in events + [None]:
        if event is not None and not isinstance(event, TarMember):
            content += event
            continue
        if member is not None:
            yield member, content   # the last may be cut, and is written so far
        member, content = event, b""
        room -= member.size if member else 0
        if room < 0:
            raise FileProblem("No space left on device")
    try:
        reader.feed_eof()
    except TruncatedError as error:
        # An engine takes the end after a member, or in its padding, for the end of the archive.
        is_end = error.where == AFTER_A_MEMBER or error.where == IN_A_BLOCK and labels[-1:] and (
            labels[-1][1] == len(data))   # of a header that is cut there is no label
        problem = problem or ("" if is_end else "unexpected EOF")
    if problem:
        raise FileProblem(problem)


def member_node(files, member, content, path, folder):
    """Return the TreeNode of a TarMember that is to be at `path`; None for a device.

    Links are judged as by an engine: a symbolic one may not lead out of `folder` by `..` segments, and the
    target of a hard one is a path below `folder`. Raises FileProblem.
    """
    seconds = member.mtime / 10 ** 9
    if member.kind == "directory":
        return TreeNode("folder", member.mode, b"", seconds)
    if member.kind == "symbolic link":
        if inner_path(folder, os.path.relpath(parent_path(path), folder) + "/" + member.link) is None:
            raise FileProblem("invalid symlink \"%s\" -> \"%s\"" % (path, member.link))
        return TreeNode("link", 0o777, member.link.encode("utf-8", "surrogateescape"), seconds)
    if member.kind == "hard link":
        target = inner_path(folder, member.link)
        if target is None:
            raise FileProblem("invalid hardlink \"%s\" -> \"%s\""
                              % (join_path(folder, member.link), member.link))
        if files.get(target) is None:
            raise FileProblem("link %s %s: no such file or directory" % (target, path))
        return files.get(target)
    return TreeNode("file", member.mode, content, seconds) if member.kind == "file" else None


def unpack_tar(files, folder, data):
    """Unpack a tar (bytes, possibly compressed with gzip, bzip2 or xz) into `folder`. Raises FileProblem.

    A folder does not replace a file, nor a file a folder. What came before a member that is refused stays.
    """
    for member, content in practice_members(without_compression(data)):
        path = inner_path(folder, member.name)
        if path is None:
            raise FileProblem("\"%s\" is outside of \"%s\"" % (os.path.normpath(member.name), folder))
        files.make_folder(files.resolve(parent_path(path)))
        node = member_node(files, member, content, path, folder)
        if node is not None and path != folder:
            put_entry(files, path, node)


def read_practice_tar(files, folder, data):
    """Unpack a tar (bytes) into `folder`. Raises PracticeRefusal, as an engine refuses an archive."""
    try:
        unpack_tar(files, folder, data)
    except FileProblem as error:
        raise PracticeRefusal(500, "Error processing tar file(exit status 1): %s" % error)


def put_entry(files, path, node):
    with files.lock:
        old = files.get(path)
        if node.kind == "folder" and old is not None and old.kind == "folder":
            return
        if old is not None and "folder" in (old.kind, node.kind) and old.kind != node.kind:
            raise FileProblem("cannot overwrite %s: one is a directory, the other is not" % path)
        files.make_folder(files.resolve(parent_path(path)))
        files.put(path, node)
