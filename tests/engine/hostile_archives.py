"""Archives that try to leave the directory they are extracted in, and what must become of each.

The archives are written by Python's tarfile, or by hand where it refuses. `python hostile_archives.py` runs
them all, on any Python, and prints what went wrong.
"""
import io
import os
import sys
import tarfile
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == "__main__":
    sys.path.insert(0, ROOT)

from rawdock.engine.extract import Extraction  # noqa: E402
from rawdock.errors import ProtocolError, TruncatedError, UsageError  # noqa: E402

FILE, FOLDER, LINK, HARD, FIFO = (tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE,
                                  tarfile.FIFOTYPE)
END = bytes(1024)
OUTSIDE = "../outside"


def member(name, type=FILE, link="", data=b"evil", mode=0o644, size=None, form=tarfile.PAX_FORMAT, pax=None):
    """The bytes of one member. `size`: what its header says in place of the data's length."""
    info = tarfile.TarInfo(name)
    data = data if type == FILE else b""
    info.type, info.linkname, info.mode, info.size = type, link, mode, len(data) if size is None else size
    info.pax_headers = pax or {}
    return info.tobuf(form, "utf-8", "surrogateescape") + data + bytes(-len(data) % 512)


def with_header(data, at, field):
    """A header with `field` (bytes) at the index `at`, and the checksum that this makes right."""
    header = bytearray(data[:512])
    header[at:at + len(field)] = field
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + data[512:]


def pax_record(data):
    return with_header(member("r", data=data), 156, b"x")


def many(count):
    return b"".join(member("../%d" % number) for number in range(count))


# name → (archive, whether its end is there, what of it is refused, the error, what is inside afterwards).
# {base} is the folder of both "root", in which it is extracted, and "outside". Inside are, before,
# "kept" (a file), "to-folder" and "to-file" (links out), and "shared" (a second name of outside/secret).
CASES = {}


def case(name, *pieces, refused=(), error=None, inside=(), whole=True):
    assert name not in CASES, name
    CASES[name] = (pieces, whole, list(refused), error, dict(inside))


# -- names
case("a name with ..", member("../evil"), member("good"), refused=["../evil: its name has .. in it"],
     inside={"good": "evil"})
case("a name with .. in the middle", member("a/../../evil"), refused=["a/../../evil: its name has .. in it"])
case("a name with .. that stays inside", member("a/../b"), refused=["a/../b: its name has .. in it"])
case("a name of ..", member("..", FOLDER, mode=0), refused=["../: its name has .. in it"])
case("a name that ends in ..", member("a/..", FOLDER, mode=0), refused=["a/../: its name has .. in it"])
case("a name with ./..", member("./../evil"), refused=["./../evil: its name has .. in it"])
case("an absolute name", member("{base}/outside/evil"), refused=["{base}/outside/evil: its name is absolute"])
case("an absolute directory", member("{base}/outside/", FOLDER, mode=0),
     refused=["{base}/outside/: its name is absolute"])
case("an absolute name with two slashes", member("//evil"), refused=["//evil: its name is absolute"])
case("an absolute name with ..", member("/../../evil"), refused=["/../../evil: its name is absolute"])
case("no name", member("."), member("", FOLDER), refused=[".: it has no name"])
case("the directory itself", member("./", FOLDER, mode=0), member("./a"), inside={"a": "evil"})
case("a name with a part that is too long", member("x" * 256), member("x" * 255),
     refused=["x" * 256 + ": its name has a part of over 255 bytes"], inside={"x" * 255: "evil"})
case("a long name", member("/".join(["d" * 100] * 30)), inside={"/".join(["d" * 100] * 30): "evil"})
case("a name of so many directories that making them takes hours", member("d/" * 500000 + "f"), member("a"),
     refused=["d/" * 2047 + "d: its name has 1000001 bytes"], inside={"a": "evil"})
case("names of over two thousand refused members", many(2100), refused=["../0: its name has .. in it"])
case("a name in bytes that are no UTF-8", member("\udcff\udcfe"), inside={"\udcff\udcfe": "evil"})
case("pax: a name with ..", member("a", pax={"path": "../evil"}), refused=["../evil: its name has .. in it"])
case("pax: an absolute name", member("a", pax={"path": "{base}/outside/e"}),
     refused=["{base}/outside/e: its name is absolute"])
case("pax: a name with a NUL", pax_record(b"12 path=a\0b\n"), member("a"), error=ProtocolError)
case("pax: global records", with_header(member("g", data=b"16 path=../evil\n"), 156, b"g"), member("a"),
     inside={"a": "evil"})
case("pax: the record of a member that is refused is not that of the next", member("a", pax={"path": "../e"}),
     member("b"), refused=["../e: its name has .. in it"], inside={"b": "evil"})
case("GNU: a long name with ..", member("../" + "e" * 120, form=tarfile.GNU_FORMAT),
     refused=["../" + "e" * 120 + ": its name has .. in it"])
case("ustar: a prefix with ..", with_header(member("evil"), 345, b"../.."),
     refused=["../../evil: its name has .. in it"])

# -- symbolic links: created as they are, and never written through
case("a link out", member("l", LINK, "/etc/passwd"), member("m", LINK, "../../.."),
     inside={"l": "-> /etc/passwd", "m": "-> ../../.."})
for what, target in [
        ("an absolute link", "{base}/outside"), ("a relative link", OUTSIDE), ("a link to itself", "l"),
        ("a link to the directory", "."), ("a link to nothing", "nowhere")]:
    case("a file through " + what, member("l", LINK, target), member("l/evil"),
         refused=["l/evil: l is a symbolic link, not a directory"], inside={"l": "-> " + target})
for what, kind in (("directory", FOLDER), ("link", LINK), ("hard link", HARD), ("fifo", FIFO)):
    case("a %s through a link" % what, member("kept"), member("l", LINK, OUTSIDE),
         member("l/evil", kind, "kept"), inside={"kept": "evil"},
         refused=["l/evil%s: l is a symbolic link, not a directory" % ("/" * (kind == FOLDER))])
case("a directory below a link", member("l", LINK, OUTSIDE), member("l/a/b/", FOLDER, mode=0o777),
     refused=["l/a/b/: l is a symbolic link, not a directory"])
case("a chain of links", member("a", LINK, "b"), member("b", LINK, OUTSIDE), member("a/evil"),
     member("b/evil"), refused=["a/evil: a is a symbolic link, not a directory",
                                "b/evil: b is a symbolic link, not a directory"])
case("a link in a directory", member("d/", FOLDER), member("d/l", LINK, "../" + OUTSIDE), member("d/l/evil"),
     refused=["d/l/evil: d/l is a symbolic link, not a directory"])
case("a link that was there", member("to-folder/evil"), member("to-folder/secret"),
     refused=["to-folder/evil: to-folder is a symbolic link, not a directory",
              "to-folder/secret: to-folder is a symbolic link, not a directory"])
case("a directory in the place of a link that was there", member("to-folder/", FOLDER, mode=0),
     error=UsageError, inside={"to-folder": "-> " + OUTSIDE})
case("a file in the place of a link that was there", member("to-file"), inside={"to-file": "evil"})
case("a file in the place of a link", member("l", LINK, OUTSIDE + "/secret"), member("l"),
     inside={"l": "evil"})
case("a link in the place of a directory", member("d/", FOLDER), member("d", LINK, OUTSIDE), member("d/evil"),
     error=UsageError)
case("a link in the place of a directory that is not empty", member("d/f"), member("d", LINK, OUTSIDE),
     error=UsageError, inside={"d/f": "evil"})
case("an empty link", with_header(member("l", LINK, "x"), 157, b"\0"), member("a"),
     refused=["l: it is a symbolic link to a path of 0 bytes"], inside={"a": "evil"})
case("a link to a path that is too long", member("l", LINK, "x" * 5000),
     refused=["l: it is a symbolic link to a path of 5000 bytes"])

# -- hard links: their targets are inside
case("a hard link", member("a"), member("b", HARD, "a"), inside={"a": "evil", "b": "evil"})
case("a hard link with ..", member("h", HARD, OUTSIDE + "/secret"), refused=["h: its name has .. in it"])
case("a hard link to an absolute path", member("h", HARD, "{base}/outside/secret"),
     refused=["h: it is a hard link to {base}/outside/secret, which is not there"])
case("a hard link to an absolute path inside", member("a/b"), member("h", HARD, "/a/b"), inside={"h": "evil"})
case("a hard link to what is behind a link", member("l", LINK, OUTSIDE), member("h", HARD, "l/secret"),
     refused=["h: l is a symbolic link, not a directory"])
case("a hard link through a link that was there", member("h", HARD, "to-folder/secret"),
     refused=["h: to-folder is a symbolic link, not a directory"])
case("a hard link to a link, then a file of its name", member("h", HARD, "to-file"), member("h"),
     inside={"h": "evil", "to-file": "-> " + OUTSIDE + "/secret"})
case("a hard link to a directory", member("d/", FOLDER), member("h", HARD, "d"),
     refused=["h: it is a hard link to d, which is not there"])
case("a hard link to itself", member("h", HARD, "h"),
     refused=["h: it is a hard link to h, which is not there"])
case("a hard link to nothing", member("h", HARD, "no/thing"),
     refused=["h: it is a hard link to no/thing, which is not there"])
case("a hard link to what has the name already", member("a"), member("a", HARD, "a"), inside={"a": "evil"})
case("pax: a hard link with ..", member("h", HARD, "a", pax={"linkpath": OUTSIDE + "/secret"}),
     refused=["h: its name has .. in it"])
case("a file that shares its content with one outside", member("shared"), inside={"shared": "evil"})

# -- kinds and modes
case("devices", member("c", tarfile.CHRTYPE), member("b", tarfile.BLKTYPE), member("a"),
     refused=["c: it is a character device", "b: it is a block device"], inside={"a": "evil"})
case("a device in the place of a file", member("kept", tarfile.CHRTYPE),
     refused=["kept: it is a character device"], inside={"kept": "kept"})
case("a type that nobody knows", with_header(member("z"), 156, b"Z"), member("a"),
     refused=["z: it is a type Z"], inside={"a": "evil"})
case("GNU: a sparse file", with_header(member("s", data=b"x" * 700), 156, b"S"), member("a"),
     refused=["s: it is a sparse file"], inside={"a": "evil"})
case("pax: a sparse file", member("s", pax={"GNU.sparse.major": "1", "GNU.sparse.realsize": "9" * 18}),
     refused=["s: it is a sparse file"])
case("set-user-ID and set-group-ID", member("s", mode=0o6755), member("g/", FOLDER, mode=0o2755),
     inside={"s": "evil 755", "g": "directory 755"})
case("the sticky bit", member("t/", FOLDER, mode=0o1777), inside={"t": "directory 1777"})
case("a fifo", member("p", FIFO, mode=0o4640), inside={"p": "fifo 640"})
case("modes of nothing", member("n/", FOLDER, mode=0), member("n/a", mode=0), inside={"n": "directory 0"})
case("one name three times", member("a", data=b"1"), member("a", LINK, OUTSIDE), member("a", data=b"3"),
     inside={"a": "3"})
case("a file where a directory should be", member("a"), member("a/b"),
     refused=["a/b: a is a file, not a directory"], inside={"a": "evil"})
case("a directory where a file is", member("a"), member("a/", FOLDER), error=UsageError, inside={"a": "evil"})
case("a file where a directory is", member("d/", FOLDER), member("d"), error=UsageError)
case("a directory twice", member("d/", FOLDER, mode=0o700), member("d/a"), member("d/", FOLDER, mode=0o755),
     inside={"d": "directory 755", "d/a": "evil"})

# -- archives that are cut or broken: nothing half under its name
case("a file that is cut", member("kept", data=b"x" * 3000)[:2000], error=TruncatedError, whole=False,
     inside={"kept": "kept"})
case("a header that is cut", member("a"), member("b")[:100], error=TruncatedError, whole=False,
     inside={"a": "evil"})
case("no end", member("a"), error=TruncatedError, whole=False, inside={"a": "evil"})
case("half an end", member("a"), bytes(512), error=TruncatedError, whole=False)
case("an end in the middle", member("a"), bytes(512), member("../evil"), error=ProtocolError)
case("what comes after the end", member("a"), END, member("../evil"), member("b"), inside={"a": "evil"})
case("a size of eight exabytes", member("kept", pax={"size": "9" * 18}), error=TruncatedError, whole=False,
     inside={"kept": "kept"})
case("a size below zero", with_header(member("kept"), 124, b"\xff" * 12), error=ProtocolError,
     inside={"kept": "kept"})
case("a size with a sign", with_header(member("kept"), 124, b"+0000000004"), error=ProtocolError)
case("a wrong checksum", b"x" + member("a")[1:], error=ProtocolError)
case("a time in another age", member("a", pax={"mtime": "9" * 18}), inside={"a": "evil"})


def look(path):
    """What is at `path`, as the cases write it; None for nothing."""
    path = os.fsencode(path)
    if os.path.islink(path):
        return "-> " + os.fsdecode(os.readlink(path))
    if not os.path.lexists(path):
        return None
    mode = os.lstat(path).st_mode
    if os.path.isfile(path):
        with open(path, "rb") as file:
            return file.read().decode() + (" %o" % (mode & 0o7777) if mode & 0o111 else "")
    return "%s %o" % ("directory" if os.path.isdir(path) else "fifo", mode & 0o7777)


def snapshot(folder, but=()):
    """Everything below `folder`: paths → what os.lstat() says that an extraction could change."""
    found = {}
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if os.path.join(place, name) not in but]
        for name in folders + names + ["."]:
            path = os.path.join(place, name)
            status = os.lstat(path)
            content = look(path) if os.path.isfile(path) else None
            found[path] = (status.st_mode, status.st_mtime_ns if name != "." else 0, content)
    return found


def make_folders(base):
    """The folder that is extracted in, and what must not change."""
    root, outside = os.path.join(base, "root"), os.path.join(base, "outside")
    os.mkdir(root)
    os.mkdir(outside)
    for path, content in ((outside + "/secret", "secret"), (root + "/kept", "kept")):
        with open(path, "w") as file:
            file.write(content)
    os.symlink(OUTSIDE, root + "/to-folder")
    os.symlink(OUTSIDE + "/secret", root + "/to-file")
    os.link(outside + "/secret", root + "/shared")
    return root


def run_case(name, base):
    """Extract the archive of a case below the empty folder `base` → a list of what is wrong (str)."""
    pieces, whole, refused, error, inside = CASES[name]
    root = make_folders(base)
    before = snapshot(base, [root])
    data = b"".join(filled(piece, base) for piece in pieces) + END * whole
    modules, raised = set(sys.modules), None
    with Extraction(root) as extraction:
        try:
            for at in range(0, len(data), 700):
                extraction.write(data[at:at + 700])
            extraction.finish()
        except Exception as found:
            raised = found
    wrong = []
    if type(raised) is not error if error else raised is not None:
        wrong.append("raised %r" % raised)
    if snapshot(base, [root]) != before:
        wrong.append("something outside has changed")
    if set(sys.modules) != modules:   # what was extracted could be such a module (CVE-2019-14271)
        wrong.append("imported %s" % (set(sys.modules) - modules))
    lines = [line.replace("{base}", base) for line in refused]
    if extraction.refused.lines[:len(lines)] != lines or (extraction.refused.count and not lines):
        wrong.append("refused %r" % extraction.refused.lines[:3])
    for path, expected in inside.items():
        found = look(os.path.join(root, path) if "\udcff" not in path else
                     os.fsdecode(os.fsencode(root) + b"/" + path.encode("utf-8", "surrogateescape")))
        if found != expected.replace("{base}", base):
            wrong.append("%s is %r" % (path, found))
    names = [name for _, folders, files in os.walk(root) for name in folders + files]
    return wrong + ["left %s" % name for name in names if name.startswith(".rawdock")]


def filled(piece, base):
    """A member with {base} in it, written anew: its header has a checksum and perhaps a length."""
    if b"{base}" not in piece:
        return piece
    with tarfile.open(fileobj=io.BytesIO(piece + END), encoding="utf-8") as tar:
        info = tar.next()
        info.pax_headers = {}
        info.name, info.linkname = info.name.replace("{base}", base), info.linkname.replace("{base}", base)
        data = tar.extractfile(info).read() if info.isreg() else b""
    info.name += "/" * (info.isdir() and not info.name.endswith("/"))
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape") + data + bytes(-len(data) % 512)


if __name__ == "__main__":
    failed = 0
    for case_name in CASES:
        with tempfile.TemporaryDirectory() as folder:
            problems = run_case(case_name, os.path.realpath(folder))
        if problems:
            failed += 1
            print(case_name, problems)
    print("%d cases, %d failed" % (len(CASES), failed))
    sys.exit(failed > 0)
