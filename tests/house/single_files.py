"""The single files that tools/amalgamate writes, each made once, and how they are read and started."""
import functools
import os
import re
import subprocess

from tests.house.sources import AMALGAMATE, ROOT

TOOL = os.path.join(ROOT, "tools", "amalgamate")
# size: (the option that asks for it, what its second line says, what it leaves out)
SIZES = {"client": ([], "", ("teach/",)),
         "core": (["--core"], ", the library alone", ("teach/", "cli/", "main.py")),
         "whole": (["--whole"], ", with the school", ("nothing",))}


def run(argv, cwd):
    """→ (exit status, standard output, standard error), in an environment that leads to no rawdock."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    ran = subprocess.run([str(word) for word in argv], cwd=str(cwd), env=environment, timeout=60,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return ran.returncode, ran.stdout, ran.stderr


@functools.lru_cache(maxsize=None)
def made(*options):
    """The bytes that the tool writes with these options; test_amalgamate.py compares what it prints."""
    if options[:1] == ("--only",):
        return AMALGAMATE.amalgamate(only=options[1].split(",")).encode("utf-8")
    return AMALGAMATE.amalgamate(size=options[0][2:] if options else "client").encode("utf-8")


SECTION_FORM = re.compile("SECTIONS\\[\"rawdock/(.+)\"\\] = \\(([0-9]+), \"(.*)\", r'''\n((?:.*\n)*)'''\\)\n")


@functools.lru_cache(maxsize=8)
def sections_in(text):
    """{name in FILES: (the line that SECTIONS has, the sections it needs, its text)} of a single file."""
    found = {}
    for name in re.findall(r"(?m)^# ==== begin rawdock/(.+)$", text):
        between = text.split("# ==== begin rawdock/%s\n" % name)[1].split("# ==== end rawdock/%s\n" % name)[0]
        match = SECTION_FORM.fullmatch(between)
        assert match and match.group(1) == name, "%s is not noted as a section is" % name
        found[name] = int(match.group(2)), match.group(3).split(), match.group(4)
    return found


def section_texts(text):
    """{name in FILES: its text} of a single file in either form."""
    if "\nSECTIONS = " in text:
        return {name: section for name, (_, _, section) in sections_in(text).items()}
    return dict(re.findall("(?s)\n# ==== begin rawdock/([^\n]+)\n(.*?\n)# ==== end", text))
