import marshal
import os
import sys
from _thread import RLock

if __name__ == "__main__":   # Ctrl-C is the system's until the command is ready for it
    from _signal import SIG_DFL, SIGINT, signal
    signal(SIGINT, SIG_DFL)

SECTIONS = {}   # name: (its line in this file, the sections that must run before it, its text)
loaded_sections = set()
section_lock = RLock()


class SectionCache:
    """The compiled sections of a script, in `__pycache__` beside it: Python keeps bytecode for modules only.

    The file begins as Python's own do: magic number of the interpreter, flags, modification time and size
    of the source. A CRC-32 follows, then by marshal: (path of the source, {section: (its row, its code)}).
    Code is used only if the row in SECTIONS, which has the text, is still equal to the row beside the code.

    Whoever writes bytecode decides what is run. Therefore the file and its folder must belong to this user
    or to root, nobody else may write to them, and neither may be a symbolic link. Both are checked after
    they were opened. A file that is not right in any way is ignored, and the sections are compiled.
    """

    def __init__(self, source):
        """`source`: the path of this file without symbolic links."""
        self.source = source
        self.folder = None   # where no file can be kept
        self.rows = {}
        self.compiled = {}   # section: code that the file does not have
        try:
            from _frozen_importlib_external import MAGIC_NUMBER, cache_from_source
            status = os.stat(source)
            numbers = 0, int(status.st_mtime), status.st_size
            self.key = MAGIC_NUMBER + b"".join((one & 0xFFFFFFFF).to_bytes(4, "little") for one in numbers)
            self.mode = status.st_mode & 0o644 | 0o600
            path = cache_from_source(os.path.splitext(source)[0] + "-sections.py")
            self.folder, self.name = os.path.split(path)
            path, rows = marshal.loads(self.read())
            if path == source:
                self.rows = {name: (row, code) for name, (row, code) in rows.items()}
        except Exception:
            pass

    def open_checked(self, path, flags, folder=None):
        """A descriptor of `path`. PermissionError if others than this user and root may write to it."""
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | flags, dir_fd=folder)
        status = os.fstat(descriptor)
        if status.st_uid not in (0, os.geteuid()) or status.st_mode & 0o022:
            os.close(descriptor)
            raise PermissionError(path)
        return descriptor

    def read(self):
        """What marshal wrote into the file. ValueError: damaged, or of another source or interpreter."""
        from binascii import crc32
        folder = self.open_checked(self.folder, os.O_DIRECTORY)
        try:
            with open(self.open_checked(self.name, os.O_NONBLOCK, folder), "rb") as file:
                data = file.read()
        finally:
            os.close(folder)
        if data[:20] != self.key + crc32(data[20:]).to_bytes(4, "little"):
            raise ValueError(self.name)
        return data[20:]

    def code_of(self, name):
        """The code of a section."""
        row, code = self.rows.get(name, (None, None))
        if row == SECTIONS[name]:
            return marshal.loads(code)
        self.compiled[name] = compile_section(name, self.source)
        return self.compiled[name]

    def write(self):
        """Add what this run compiled to the file, unless Python must not write bytecode.

        OSError for a full disk or a folder that this user cannot write to: the next run compiles again.
        """
        if not self.compiled or self.folder is None or sys.dont_write_bytecode:
            return
        from binascii import crc32
        for name, code in self.compiled.items():
            self.rows[name] = SECTIONS[name], marshal.dumps(code)
        data = marshal.dumps((self.source, self.rows))
        os.makedirs(self.folder, 0o755, exist_ok=True)
        folder = self.open_checked(self.folder, os.O_DIRECTORY)
        try:
            self.replace_file(folder, self.key + crc32(data).to_bytes(4, "little") + data)
        finally:
            os.close(folder)

    def replace_file(self, folder, data):
        """Write `data` into another file of the folder and rename it, so that nobody reads half of it."""
        draft = "%s.%d" % (self.name, id(data))
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, self.mode, dir_fd=folder)
        try:
            with open(descriptor, "wb") as file:
                file.write(data)
            os.replace(draft, self.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            os.unlink(draft, dir_fd=folder)
            raise


def compile_section(name, path):
    """The code of a section, compiled; `path` is what tracebacks name."""
    line, _, text = SECTIONS[name]
    # Empty lines put the text where it is in this file, for tracebacks and debuggers. After a
    # statement the section's docstring is not taken for the docstring of the whole file.
    return compile("pass" + "\n" * (line - 1) + text, path, "exec", 0, True)


section_cache = None
if __name__ == "__main__" and "__file__" in globals():   # there is none in `python3 -c`
    section_cache = SectionCache(os.path.realpath(__file__))


def load_section(name):
    """Run a section, after those that it needs, unless it has run. Threads may call this at once."""
    if name in loaded_sections:
        return
    with section_lock:
        if name in loaded_sections:
            return
        for needed in SECTIONS[name][1].split():
            load_section(needed)
        if section_cache is None:
            code = compile_section(name, load_section.__code__.co_filename)
        else:
            code = section_cache.code_of(name)
        exec(code, globals())
        loaded_sections.add(name)


class SingleFile(type(sys)):
    """The module type that finds a section's name on first use (PEP 562 needs 3.7; this works on 3.6)."""

    def __getattr__(self, name):
        import re
        binding = re.compile(r"(?m)^(?:def |class |(?:\w+, )*)%s(?:\(|:|, | = )" % re.escape(name))
        for section, (_, _, text) in SECTIONS.items():
            if binding.search(text):
                load_section(section)
                if name in globals():
                    return globals()[name]
        raise AttributeError("module %r has no attribute %r" % (__name__, name))

    def __dir__(self):
        return sorted(set(self.__dict__) | set(__all__))


sys.modules[__name__].__class__ = SingleFile
