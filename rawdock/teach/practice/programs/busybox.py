"""The small programs of practice containers: hello-world, and a few of busybox's."""
import re
import time

from ..files import FileProblem, folder_node
from .process import ProgramUsage, account_name, program_words, read_input, run_named
from ..request import join_path
from .shell import program_sh

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


# -- text



def program_echo(view):
    words, letters = view.argv[1:], ""
    while words and re.fullmatch("-[ne]+", words[0]):
        letters += words.pop(0)
    text = " ".join(words)
    if "e" in letters:
        try:
            text = text.encode("latin-1", "backslashreplace").decode("unicode_escape")
        except ValueError:
            raise ProgramUsage("there is an escape that this practice echo does not know: %s" % text)
    view.say(text + "\n" * ("n" not in letters))


def each_file(view, names, complaint, action):
    """Call `action(name)` for each name → 0, or 1 after a FileProblem, with `complaint` (%s: the name)."""
    status = 0
    for name in names:
        try:
            action(name)
        except FileProblem as problem:
            view.complain("%s: %s: %s" % (view.argv[0], complaint % name, problem))
            status = 1
    return status


def program_cat(view):
    def show(name):
        pieces = iter(lambda: view.read(32768), b"") if name == "-" else [view.files.read(view.path(name))]
        for data in pieces:
            view.out(data)
    return each_file(view, view.argv[1:] or ["-"], "can't open '%s'", show)


def program_head(view):
    """Run head or tail: -n N or -N lines, and tail's -f."""
    is_tail = view.argv[0].endswith("tail")
    view.argv = [re.sub("^-([0-9]+)$", r"-n\1", word) for word in view.argv]
    options, names = program_words(view, "n:f" if is_tail else "n:")
    if not re.fullmatch("[0-9]{1,9}", options.get("n", "10")):
        raise ProgramUsage("invalid number '%s'" % options["n"])
    count = int(options.get("n", "10"))

    data = read_input(view, names)
    lines = data.splitlines(True)
    view.out(b"".join(lines[max(0, len(lines) - count):] if is_tail else lines[:count]))
    while "f" in options and names:   # until the program is ended
        size = len(data)
        view.process.sleep(0.2)
        data = read_input(view, names)
        view.out(data[size:])


def program_wc(view):
    options, names = program_words(view, "lwc")
    if len(names) > 1:
        raise ProgramUsage("this practice wc counts one file")
    data = read_input(view, names)
    counts = (("l", data.count(b"\n")), ("w", len(data.split())), ("c", len(data)))
    shown = [number for letter, number in counts if letter in options or not options]
    form = "%d" if len(shown) == 1 else "%7d"
    view.say(" ".join([form % number for number in shown] + names) + "\n")


def program_seq(view):
    if not re.fullmatch("[0-9]{1,9}", " ".join(view.argv[1:])):
        raise ProgramUsage("usage: seq LAST")
    numbers = range(1, int(view.argv[1]) + 1)
    for at in range(0, len(numbers), 1000):
        view.say("".join("%d\n" % number for number in numbers[at:at + 1000]))


# -- files

def ls_line(name, node, is_long):
    import stat
    if not is_long:
        return name + "\n"
    kind = {"file": stat.S_IFREG, "folder": stat.S_IFDIR, "link": stat.S_IFLNK}[node.kind]
    when = time.strftime("%b %e %H:%M", time.gmtime(node.modified))
    return "%s    1 root     root     %9d %s %s\n" % (
        stat.filemode(kind | node.mode), len(node.content), when, name)


def program_ls(view):
    options, names = program_words(view, "1adl")
    names = names or ["."]

    def show(name):
        path, node = view.files.find(view.path(name))
        if node.kind != "folder" or "d" in options:
            view.say(ls_line(name, node, "l" in options))
            return
        if len(names) > 1:
            view.say("%s:\n" % name)
        for one in view.files.names(path):
            child = view.files.get(join_path(path, one))
            if child is not None and (not one.startswith(".") or "a" in options):
                view.say(ls_line(one, child, "l" in options))
    return each_file(view, names, "%s", show)


def program_mkdir(view):
    options, names = program_words(view, "p")

    def make(name):
        path = view.path(name)
        if "p" in options:
            view.files.make_folder(path)
        elif view.files.get(path) is not None:
            raise FileProblem("File exists")
        else:
            view.files.put(path, folder_node())
    return each_file(view, names, "can't create directory '%s'", make)


def program_rm(view):
    options, names = program_words(view, "rfR")

    def remove(name):
        path = view.path(name)
        node = view.files.get(path)
        if node is None:
            raise FileProblem("No such file or directory")
        if path == "/" or node.kind == "folder" and not set(options) & set("rR"):
            raise FileProblem("Is a directory")
        view.files.remove(path)
    names = [name for name in names if "f" not in options or view.files.get(view.path(name)) is not None]
    return each_file(view, names, "can't remove '%s'", remove)


def program_touch(view):
    names = program_words(view, "")[1]
    return each_file(view, names, "%s", lambda name: view.files.write(view.path(name), b"", True))


# -- the process and its container

def program_sleep(view):
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([smhd]?)",
                         " ".join(view.argv[1:]).replace("infinity", "99999d"))
    if match is None:
        raise ProgramUsage("usage: sleep SECONDS")
    view.process.sleep(float(match.group(1)) * {"": 1, "s": 1, "m": 60, "h": 3600,
                                                "d": 86400}[match.group(2)])


def program_env(view):
    words, env = view.argv[1:], dict(view.env)
    while words and "=" in words[0]:
        name, _, env[name] = words.pop(0).partition("=")
    if not words:
        view.say("".join("%s=%s\n" % item for item in env.items()))
        return 0
    return run_named(words, view.derive(env=env), "env: can't execute '%s': No such file or directory")


def running_processes(view):
    """Return (number, user's name, command line) of what runs in the container."""
    with view.process.changed:
        return [(number, user, " ".join(argv))
                for number, (user, argv) in enumerate(view.process.container.processes(), 1)]


def program_ps(view):
    view.say("PID   USER     TIME  COMMAND\n")
    view.say("".join("%5d %-8s  0:00 %s\n" % one for one in running_processes(view)))


def program_top(view):
    """Show what runs, every 5 seconds; memory and processor are shown as unused."""
    options, _ = program_words(view, "b")
    process, caught = view.process, view.process.caught
    process.catch(1, 2, 15)
    try:
        while True:
            view.say("" if "b" in options else "\x1b[H\x1b[J")
            view.say("Mem: 0K used, 0K free, 0K shrd, 0K buff, 0K cached\n"
                     "CPU:   0% usr   0% sys   0% nic 100% idle   0% io   0% irq   0% sirq\n"
                     "  PID  PPID USER     STAT   VSZ %VSZ %CPU COMMAND\n")
            view.say("".join("%5d     0 %-8s S     1024   0%%   0%% %s\n" % one
                             for one in running_processes(view)))
            number = process.wait_signal(5)
            if number is not None:
                return 128 + number
    finally:
        process.catch(*caught)


def program_stty(view):
    if view.argv[1:] != ["size"] or not view.process.tty:
        raise ProgramUsage("this practice container knows stty size, on a terminal")
    view.say("%d %d\n" % view.process.owner.terminal_size)


def program_date(view):
    words = program_words(view, "u")[1]
    if len(words) > 1 or words and words[0][:1] != "+":
        raise ProgramUsage("usage: date [-u] [+FORMAT]")
    view.say(time.strftime(words[0][1:] if words else "%a %b %e %H:%M:%S UTC %Y", time.gmtime()) + "\n")


def program_id(view):
    options, _ = program_words(view, "ugn")
    user = view.process.user
    accounts = {"u": (user.uid, account_name(view.files, "passwd", user.uid)),
                "g": (user.gid, account_name(view.files, "group", user.gid))}
    if options:
        number, name = accounts["g" if "g" in options else "u"]
        view.say("%s\n" % (name if name and "n" in options else number))
    else:
        uid, gid = ["%d(%s)" % accounts[one] if accounts[one][1] else str(accounts[one][0]) for one in "ug"]
        view.say("uid=%s gid=%s groups=%s\n" % (uid, gid, gid))


def program_uname(view):
    options, _ = program_words(view, "asnrm")
    facts = (("s", "Linux"), ("n", view.process.container.hostname), ("r", "practice"), ("m", "x86_64"))
    view.say(" ".join(fact for letter, fact in facts if "a" in options or letter in (options or "s")) + "\n")


ONE_WORD_TESTS = {
    "-n": lambda view, word: word != "", "-z": lambda view, word: word == "",
    "-t": lambda view, word: view.process.tty, "-e": lambda view, word: view.kind_of(word) != "",
    "-f": lambda view, word: view.kind_of(word) == "file",
    "-d": lambda view, word: view.kind_of(word) == "folder",
}
TEXT_TESTS = {"=": str.__eq__, "==": str.__eq__, "!=": str.__ne__}
NUMBER_TESTS = {"-eq": int.__eq__, "-ne": int.__ne__, "-lt": int.__lt__, "-le": int.__le__,
                "-gt": int.__gt__, "-ge": int.__ge__}


def program_test(view):
    words = view.argv[1:]
    if view.argv[0] == "[" and (not words or words.pop() != "]"):
        view.complain("[: missing ]")
        return 2
    negated = words[:1] == ["!"]
    words = words[negated:]
    if len(words) < 2:
        found = words != [] and words[0] != ""
    elif len(words) == 2 and words[0] in ONE_WORD_TESTS:
        found = ONE_WORD_TESTS[words[0]](view, words[1])
    elif len(words) == 3 and words[1] in TEXT_TESTS:
        found = TEXT_TESTS[words[1]](words[0], words[2])
    elif re.fullmatch("-?[0-9]{1,18} -(eq|ne|lt|le|gt|ge) -?[0-9]{1,18}", " ".join(words)):
        found = NUMBER_TESTS[words[1]](int(words[0]), int(words[2]))
    else:
        view.complain("test: cannot work out: %s" % " ".join(words))
        return 2
    return int(found == negated)


BUSYBOX_PROGRAMS = {
    "echo": program_echo, "cat": program_cat, "sleep": program_sleep,
    "true": lambda view: 0, "false": lambda view: 1, "pwd": lambda view: view.say(view.workdir + "\n"),
    "env": program_env,
    "hostname": lambda view: view.say(view.process.container.hostname + "\n"),
    "whoami": lambda view: view.say(view.process.user.name + "\n"), "ls": program_ls, "date": program_date,
    "id": program_id, "uname": program_uname, "seq": program_seq,
    "mkdir": program_mkdir, "rm": program_rm, "touch": program_touch, "head": program_head,
    "tail": program_head, "ps": program_ps, "top": program_top, "stty": program_stty,
    "wc": program_wc, "test": program_test, "[": program_test, "sh": program_sh, "ash": program_sh,
}
