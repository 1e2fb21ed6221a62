import sys
from _thread import RLock

if __name__ == "__main__":   # Ctrl-C is the system's until the command is ready for it
    from _signal import SIG_DFL, SIGINT, signal
    signal(SIGINT, SIG_DFL)

SECTIONS = {}   # name: (its line here, the sections that it needs, its text)
loaded_sections = set()
section_lock = RLock()


def load_section(name):
    """Run a section, after those that it needs, unless it has run. Threads may call this at the same time."""
    if name in loaded_sections:
        return
    with section_lock:
        if name in loaded_sections:
            return
        line, needs, text = SECTIONS[name]
        for needed in needs.split():
            load_section(needed)
        # Empty lines put the text where it stands in this file, for tracebacks and debuggers. After
        # a statement the section's docstring is not taken for the docstring of the whole file.
        placed = "pass" + "\n" * (line - 1) + text
        exec(compile(placed, load_section.__code__.co_filename, "exec", 0, True), globals())
        loaded_sections.add(name)


class SingleFile(type(sys)):
    """The module type that finds a section's name on first use (PEP 562 needs 3.7; this works on 3.6)."""

    def __getattr__(self, name):
        for section, names in SECTION_NAMES.items():
            if name in names.split():
                load_section(section)
                if name in globals():
                    return globals()[name]
        raise AttributeError("module %r has no attribute %r" % (__name__, name))

    def __dir__(self):
        return sorted(set(self.__dict__) | set(__all__))


sys.modules[__name__].__class__ = SingleFile
