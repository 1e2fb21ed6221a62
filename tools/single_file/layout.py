"""How a single file is laid out: header and table of contents, the parts between banners, how it starts.

A part is (name, text). In a file of sections the text of each is inside a raw string, with the
line where it is and the sections that must run before it; see loader.py.
"""
import hashlib
import os

from single_file.sections import CannotAmalgamate, bound_names

HEADER_END = "# ==== end of header"
INTRODUCTION = """\
#
# One file made from many by tools/amalgamate: change the package, not this copy.
# Prove it: python3 rawdock.py --self-test
#
"""
ABOUT_SECTIONS = """\
# Each section is the text of one file of the package, inside a raw string: Python compiles the text
# when load_section first needs it, so that `ps` pays for what `ps` needs. As a script this file keeps
# the compiled sections in __pycache__ beside it, unless Python is run with -B. All sections share
# this one namespace, and tracebacks show the lines of this file.
#
"""
DOCSTRING = '"""rawdock: the Docker Engine API spoken by hand, bytes first, standard library only."""\n'
# At the top of plain text that has the command line: loader.py has it for sections.
PLAIN_HEAD = '''\
from _signal import SIG_DFL, SIGINT, signal

if __name__ == "__main__":   # Ctrl-C is the system's until the command is ready for it
    signal(SIGINT, SIG_DFL)
'''
PLAIN_START = '''\
if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        sys.exit(self_test())
'''
START = '''\
if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        load_section("the self-test")
        sys.exit(self_test())
    load_section("rawdock/main.py")
'''
START_CORE = """\
    sys.exit("rawdock: this copy is the library alone: import it, or prove it with --self-test")
"""
# run_process() does not return. section_cache is None where Python does not know the file's path.
RUN_PROCESS = "run_process(section_cache and section_cache.write)"


def read_part(name):
    """The text of a file beside this one that is copied into single files."""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), encoding="utf-8") as part:
        return part.read()


def wrapped_names(names, indent):
    """Names in quotes, as lines of at most 110 characters."""
    lines = [""]
    for name in names:
        if len(indent) + len(lines[-1]) + len(name) > 106:
            lines.append("")
        lines[-1] += name + " "
    return ['%s"%s"' % (indent, line) for line in lines]


def starts_with(sections):
    """The function that runs the command line: run_process, or main where there is no other; None: none."""
    for home, text in sections:
        if home == "rawdock/main.py":
            return "run_process" if "run_process" in bound_names(text) else "main"
    return None


def start_text(sections, public_names, lazy):
    """The last part: the public names, and what the file does when it is run."""
    names = "\n".join(["__all__ = ("] + wrapped_names(public_names, "    ")) + ").split()\n"
    run = {None: START_CORE, "main": "    sys.exit(main())\n",
           "run_process": "    %s\n" % (RUN_PROCESS if lazy else "run_process()")}[starts_with(sections)]
    return names + "\n\n" + (START if lazy else PLAIN_START) + run


def layout(title, licence, version, parts, needs):
    """The single file as str. `needs`: {name of a part that is a section: the sections before it}."""
    top = ["#!/usr/bin/env python3", title] + INTRODUCTION.splitlines()
    top += ABOUT_SECTIONS.splitlines() if needs else []
    top += [("# " + line).rstrip() for line in licence.strip().splitlines()]
    top += ["#", "# line   section"]
    first_line = len(top) + len(parts) + 4   # three lines follow the contents: "#", the sum, the end
    start = DOCSTRING + '__version__ = "%s"\n' % version
    if not needs and any(name == "rawdock/main.py" for name, _ in parts):
        start += PLAIN_HEAD
    body, contents = start.split("\n"), []
    for name, text in parts:
        body.append("# ==== begin " + name)
        contents.append("# %5d  %s" % (first_line + len(body) - 1, name))
        lines = text.strip("\n").split("\n")
        if name in needs:
            row = name, first_line + len(body), " ".join(needs[name])
            lines = ["SECTIONS[\"%s\"] = (%d, \"%s\", r'''" % row] + lines + ["''')"]
        body += lines + ["# ==== end " + name]
    below = "\n".join(body) + "\n"
    digest = "# sha256 of all below the header: " + hashlib.sha256(below.encode("utf-8")).hexdigest()
    whole = "\n".join(top + contents + ["#", digest, HEADER_END, below])
    try:
        compile(whole, "rawdock.py", "exec")
    except SyntaxError as error:
        raise CannotAmalgamate("the joined file does not compile: line %s: %s"
                               % (error.lineno, error.msg))
    return whole
