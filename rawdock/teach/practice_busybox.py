"""The small programs of practice containers: hello-world, and a few of busybox's."""
import re
import time

from .practice_files import FileProblem, base_name, file_node, folder_node, join_path
from .practice_process import account_name, find_user
from .practice_request import PracticeRefusal
from .practice_shell import program_sh

# -- hello-world

HELLO_TEXT = """
Hello from a practice container!

This is rawdock's practice engine: a teaching model of a Docker engine, not Docker.
To bring you these lines, four things happened on one UNIX socket:
 1. POST /containers/create made this container from the image "hello-world"
    (and was answered 404 first, and the image pulled, if it was not there yet).
 2. POST /containers/{id}/attach turned a connection into a raw stream.
 3. POST /containers/{id}/start started the program that prints this.
 4. Its output came back on that stream in frames: eight bytes of header,
    then the text you are reading.

See the bytes themselves: put --wire before the command. Next, try

    run --name redis -p 127.0.0.1:6379:6379 redis:2.8 redis-server
"""


def program_hello(view):
    view.say(HELLO_TEXT)
    view.say("\n")
    return 0


# -- busybox

MAX_INPUT_BYTES = 16 << 20      # of standard input, for a program that needs all of it
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\\": "\\", "0": "\0", '"': '"'}


def unescape_text(text):
    return re.sub(r"\\([ntrabfv\\0\"])", lambda match: ESCAPES[match.group(1)], text)


def program_echo(view):
    words, end, escapes = view.argv[1:], "\n", False
    while words and re.fullmatch("-[ne]+", words[0]):
        end = "" if "n" in words[0] else end
        escapes = escapes or "e" in words[0]
        words = words[1:]
    text = " ".join(words)
    view.say((unescape_text(text) if escapes else text) + end)
    return 0


def program_printf(view):
    if len(view.argv) < 2:
        view.complain("usage: printf FORMAT [ARGUMENT...]")
        return 1
    values = list(view.argv[2:])
    pattern = re.compile(r"%(-?[0-9]{0,4})([sd%])")

    def value_of(match):
        if match.group(2) == "%":
            return "%"
        value = values.pop(0) if values else ""
        if match.group(2) == "d" and not re.fullmatch("-?[0-9]+", value):
            value = "0"
        width = int(match.group(1) or 0)
        return value.rjust(width) if width > 0 else value.ljust(-width)

    text = unescape_text(view.argv[1])
    takes = any(match.group(2) != "%" for match in pattern.finditer(text))
    view.say(pattern.sub(value_of, text))
    while values and takes:
        view.say(pattern.sub(value_of, text))
    return 0


def try_files(view, what, action):
    """Do `action`; 1 and a complaint about `what` if the files do not allow it, else 0."""
    try:
        action()
    except FileProblem as problem:
        view.complain("%s: %s: %s" % (view.argv[0], what, problem))
        return 1
    return 0


def program_cat(view):
    status = 0
    for name in view.argv[1:] or ["-"]:
        if name == "-":
            for data in iter(lambda: view.read(32768), b""):
                view.out(data)
        else:
            found = []
            status = try_files(view, "can't open '%s'" % name, lambda: found.append(view.files.read(view.path(name)))) or status
            view.out(b"".join(found))
    return status


def program_sleep(view):
    scale = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
    total = 0.0
    for word in view.argv[1:]:
        match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([smhd]?)", word)
        if word == "infinity":
            match = re.fullmatch("(.*)(d)", "99999d")
        if match is None:
            view.complain("sleep: invalid number '%s'" % word)
            return 1
        total += float(match.group(1)) * scale[match.group(2)]
    if len(view.argv) < 2:
        view.complain("usage: sleep [N]...")
        return 1
    view.process.sleep(total)
    return 0


def program_true(view):
    return 0


def program_false(view):
    return 1


def program_pwd(view):
    view.say(view.workdir + "\n")
    return 0


def program_env(view):
    view.say("".join("%s=%s\n" % item for item in view.env.items()))
    return 0


def program_hostname(view):
    view.say(view.process.container.hostname + "\n")
    return 0


def ls_line(name, node, long):
    if not long:
        return name + "\n"
    kind = {"file": "-", "folder": "d", "link": "l"}[node.kind]
    bits = "".join(letter if node.mode >> (8 - at) & 1 else "-" for at, letter in enumerate("rwxrwxrwx"))
    when = time.strftime("%b %e %H:%M", time.gmtime(node.modified))
    return "%s%s    1 root     root     %9d %s %s\n" % (kind, bits, len(node.content), when, name)


def program_ls(view):
    options = "".join(word[1:] for word in view.argv[1:] if re.fullmatch("-[a-zA-Z1]+", word))
    names = [word for word in view.argv[1:] if not re.fullmatch("-[a-zA-Z1]+", word)] or ["."]

    def show(name):
        path, node = view.files.find(view.path(name))
        if len(names) > 1 and node.kind == "folder":
            view.say("%s:\n" % name)
        if node.kind != "folder" or "d" in options:
            view.say(ls_line(name, node, "l" in options))
            return
        for one in view.files.names(path):
            child = view.files.get(join_path(path, one))
            if child is not None and (not one.startswith(".") or "a" in options):
                view.say(ls_line(one, child, "l" in options))
    return max([try_files(view, name, lambda: show(name)) for name in names])


def file_words(view, letters):
    """(the options given of `letters`, the other words)."""
    options = "".join(word[1:] for word in view.argv[1:] if re.fullmatch("-[%s]+" % letters, word))
    return options, [word for word in view.argv[1:] if not re.fullmatch("-[%s]+" % letters, word)]


def program_mkdir(view):
    options, names = file_words(view, "p")

    def make(path):
        if "p" in options:
            view.files.make_folder(path)
        elif view.files.get(path) is not None:
            raise FileProblem("File exists")
        else:
            view.files.put(path, folder_node())
    return max([0] + [try_files(view, "can't create directory '%s'" % name, lambda: make(view.path(name))) for name in names])


def program_rm(view):
    options, names = file_words(view, "rf")

    def remove(path):
        node = view.files.get(path)
        if node is None:
            raise FileProblem("No such file or directory")
        if path == "/" or node.kind == "folder" and "r" not in options:
            raise FileProblem("Is a directory")
        view.files.remove(path)
    names = [name for name in names if "f" not in options or view.files.get(view.path(name)) is not None]
    return max([0] + [try_files(view, "can't remove '%s'" % name, lambda: remove(view.path(name))) for name in names])


def program_touch(view):
    return max([0] + [try_files(view, name, lambda: view.files.write(view.path(name), b"", True)) for name in view.argv[1:]])


def program_cp(view):
    """cp and mv of files: one to a name, several into a folder."""
    if len(view.argv) < 3:
        view.complain("usage: %s SOURCE... DEST" % view.argv[0])
        return 1
    target = view.path(view.argv[-1])

    def copy(name):
        path, node = view.files.find(view.path(name))
        if node.kind == "folder":
            raise FileProblem("omitting directory")
        there = view.files.get(target)
        view.files.put(join_path(target, base_name(path)) if there is not None and there.kind == "folder" else target,
                       file_node(node.content, node.mode))
        if view.argv[0].endswith("mv"):
            view.files.remove(path)
    return max([try_files(view, "'%s'" % name, lambda: copy(name)) for name in view.argv[1:-1]])


def input_lines(view, names):
    """The lines (bytes) of the files named, or of standard input."""
    if names:
        return b"".join(view.files.read(view.path(name)) for name in names).splitlines(True)
    held = bytearray()
    for data in iter(lambda: view.read(32768), b""):
        held += data
        if len(held) > MAX_INPUT_BYTES:
            raise FileProblem("File too large")
    return bytes(held).splitlines(True)


def program_head(view):
    """head and tail, -n N or -N."""
    words, count = view.argv[1:], 10
    match = re.fullmatch("-n?([0-9]{1,9})", words[0]) if words else None
    if match:
        count, words = int(match.group(1)), words[1:]
    elif words[:1] == ["-n"] and re.fullmatch("[0-9]{1,9}", "".join(words[1:2])):
        count, words = int(words[1]), words[2:]
    is_tail = view.argv[0].endswith("tail")

    def show():
        lines = input_lines(view, words)
        view.out(b"".join(lines[max(0, len(lines) - count):] if is_tail else lines[:count]))
    return try_files(view, " ".join(words), show)


def program_grep(view):
    """Lines that hold a text, as it stands: no expressions."""
    options, words = file_words(view, "vciF")
    if not words:
        view.complain("usage: grep [-vci] TEXT [FILE]...")
        return 2
    wanted = words[0].encode("utf-8", "surrogateescape")
    found = []

    def look():
        for line in input_lines(view, words[1:]):
            has = wanted.lower() in line.lower() if "i" in options else wanted in line
            if has == ("v" not in options):
                found.append(line)
    if try_files(view, " ".join(words[1:]), look):
        return 2
    view.out(b"%d\n" % len(found) if "c" in options else b"".join(found))
    return 0 if found else 1


def program_ps(view):
    with view.process.changed:
        running = view.process.container.processes()
    view.say("PID   USER     TIME  COMMAND\n" + "".join("%5d %-8s  0:00 %s\n" % (number, user, " ".join(argv))
                                                       for number, (user, argv) in enumerate(running, 1)))
    return 0


def program_stty(view):
    if view.argv[1:] != ["size"] or not view.process.tty:
        view.complain("stty: this practice container knows stty size, on a terminal")
        return 1
    view.say("%d %d\n" % view.process.owner.terminal_size)
    return 0


def program_date(view):
    form = view.argv[1][1:] if len(view.argv) == 2 and view.argv[1].startswith("+") else "%a %b %e %H:%M:%S UTC %Y"
    view.say(time.strftime(form, time.gmtime()) + "\n")
    return 0


def program_whoami(view):
    user = view.process.user
    if account_name(view.files, "passwd", user.uid) is None:
        view.complain("whoami: unknown uid %d" % user.uid)
        return 1
    view.say(user.name + "\n")
    return 0


def program_id(view):
    options, names = file_words(view, "ugGnr")
    try:
        user = find_user(view.files, names[0]) if names else view.process.user
    except PracticeRefusal:
        view.complain("id: unknown user %s" % names[0])
        return 1
    known = [(number, account_name(view.files, name, number)) for number, name in ((user.uid, "passwd"), (user.gid, "group"))]
    if not set(options) & set("ugG"):
        view.say("uid=%s gid=%s groups=%s\n" % tuple("%d(%s)" % one if one[1] else "%d" % one[0] for one in known + known[1:]))
        return 0
    number, name = known[0 if "u" in options else 1]
    if "n" in options and name is None:
        view.complain("id: unknown ID %d" % number)
    view.say("%s\n" % (name if "n" in options and name else number))
    return int("n" in options and name is None)


def program_uname(view):
    view.say("Linux %s practice\n" % view.process.container.hostname if "-a" in view.argv else "Linux\n")
    return 0


def program_seq(view):
    if not view.argv[1:] or len(view.argv) > 3 or not all(re.fullmatch("-?[0-9]{1,9}", word) for word in view.argv[1:]):
        view.complain("usage: seq [FIRST] LAST")
        return 1
    first, last = (1 if len(view.argv) == 2 else int(view.argv[1])), int(view.argv[-1])
    while first <= last:
        until = min(last, first + 999)
        view.say("".join("%d\n" % number for number in range(first, until + 1)))
        first = until + 1
    return 0


def program_wc(view):
    lines = words = size = 0
    in_word = False
    for data in iter(lambda: view.read(32768), b""):
        lines += data.count(b"\n")
        words += len(data.split()) - (in_word and not data[:1].isspace())
        in_word = not data[-1:].isspace()
        size += len(data)
    counts = {"-l": "%d" % lines, "-w": "%d" % words, "-c": "%d" % size}
    view.say(counts.get(view.argv[-1], "%7d %7d %7d" % (lines, words, size)) + "\n")
    return 0


def program_test(view):
    words = view.argv[1:]
    if view.argv[0].endswith("["):
        if words[-1:] != ["]"]:
            view.complain("[: missing ]")
            return 2
        words = words[:-1]
    wanted = True
    while words[:1] == ["!"]:
        wanted, words = not wanted, words[1:]
    if len(words) == 3 and words[1] in ("=", "==", "!="):
        result = (words[0] == words[2]) == (words[1] != "!=")
    elif len(words) == 3 and words[1] in ("-eq", "-ne", "-lt", "-le", "-gt", "-ge"):
        if not all(re.fullmatch("-?[0-9]{1,18}", word) for word in (words[0], words[2])):
            view.complain("test: not a number")
            return 2
        left, right = int(words[0]), int(words[2])
        result = {"-eq": left == right, "-ne": left != right, "-lt": left < right, "-le": left <= right,
                  "-gt": left > right, "-ge": left >= right}[words[1]]
    elif len(words) == 2 and words[0] in ("-n", "-z"):
        result = bool(words[1]) == (words[0] == "-n")
    elif len(words) == 2 and words[0] in ("-e", "-f", "-d"):
        try:
            kind = view.files.find(view.path(words[1]))[1].kind
        except FileProblem:
            kind = None
        result = {"-e": kind is not None, "-f": kind == "file", "-d": kind == "folder"}[words[0]]
    elif len(words) < 2:
        result = bool(words and words[0])
    else:
        view.complain("test: cannot work out: %s" % " ".join(words))
        return 2
    return 0 if result == wanted else 1


def program_busybox(view):
    if len(view.argv) < 2:
        view.say("practice busybox: a few of busybox's programs, in Python: %s\n" % " ".join(sorted(BUSYBOX_PROGRAMS)))
        return 0
    program = BUSYBOX_PROGRAMS.get(view.argv[1])
    if program is None:
        view.complain("%s: applet not found" % view.argv[1])
        return 127
    view.argv = view.argv[1:]
    return program(view)


BUSYBOX_PROGRAMS = {
    "echo": program_echo, "printf": program_printf, "cat": program_cat, "sleep": program_sleep, "true": program_true,
    "false": program_false, "pwd": program_pwd, "env": program_env, "hostname": program_hostname, "ls": program_ls,
    "date": program_date, "whoami": program_whoami, "id": program_id, "uname": program_uname, "seq": program_seq,
    "mkdir": program_mkdir, "rm": program_rm, "touch": program_touch, "cp": program_cp, "mv": program_cp, "head": program_head,
    "tail": program_head, "grep": program_grep, "ps": program_ps, "stty": program_stty,
    "wc": program_wc, "test": program_test, "[": program_test, "sh": program_sh, "ash": program_sh, "busybox": program_busybox,
}
