"""The table of the README for those who come from docker-py, and how one side of it is run on an engine.

    python3 docker_py_rows.py README.md docker-py|rawdock SOCKET     in an empty directory

Each cell is an expression, or an assignment; those of a column are run in their order and in one namespace.
What each returns is printed as JSON, in a form in which the two sides can be compared: an object of docker-py
is equal to a dict of the Engine API that has an id, and a dict to one with equal keys.
"""
import collections.abc
import io
import json
import os
import re
import sys
import tarfile
import time

HEADING = "\n## From docker-py\n"
DEFAULT_SOCKET = "/var/run/docker.sock"
SIDES = ("docker-py", "rawdock")
MOST_BYTES = 4096   # of an output that is compared; an archive has times in it


def table_rows(readme):
    """[(docker-py's cell, rawdock's cell)] of the text of the README, without their backticks."""
    section = readme.partition(HEADING)[2].partition("\n## ")[0]
    lines = [line for line in section.split("\n") if line.startswith("| `")]
    return [re.match(r"\| `(.+)` \| `(.+)` \|$", line).groups() for line in lines]


def comparable(value):
    """`value` without what differs from run to run; None for what only says that it went well."""
    if isinstance(value, (bool, type(None))):
        return None
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, (bytes, bytearray)):
        return value.decode("latin-1") if len(value) <= MOST_BYTES else "many bytes"
    if isinstance(value, (int, str)):
        return "one with an id" if re.fullmatch("[0-9a-f]{64}", str(value)) else value
    if hasattr(value, "fileno"):
        return "a stream"
    if isinstance(value, dict):
        named = {"Id", "ID", "Mountpoint"} & set(value)
        return "one with an id" if named else sorted(value)
    if isinstance(value, tuple):
        return sorted([comparable(one) for one in value], key=str)
    if isinstance(value, (list, collections.abc.Iterator)):
        found = [comparable(one) for one in value]
        return found if found != [None] * len(found) or not found else None
    name = type(value).__name__
    return "one with an id" if hasattr(value, "id") else "Docker" if name == "DockerClient" else name


def small_archive():
    """A tar (bytes) with one file, note.txt."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        member = tarfile.TarInfo("note.txt")
        member.size = 5
        archive.addfile(member, io.BytesIO(b"hello"))
    return data.getvalue()


def run_side(rows, side, socket_path):
    """Run the cells of a side in the current directory → [(cell, what came of it, comparable)].

    Whatever a cell raises comes out, with the cell in front.
    """
    with open("Dockerfile", "w") as file:
        file.write("FROM busybox\nLABEL made=here\n")
    names = {"tar": small_archive(), "time": time}
    exec("import docker" if side == "docker-py" else "import rawdock", names)
    found = []
    for row in rows:
        cell = row[SIDES.index(side)]
        code = cell.replace(DEFAULT_SOCKET, socket_path)
        try:
            target, value = re.fullmatch(r"(?:([a-z]+) = )?(.+)", code).groups()
            result = eval(value, names)
            if target:
                names[target] = result
            found.append((cell, comparable(result)))
        except Exception as error:
            raise AssertionError("%s: %s: %s" % (cell, type(error).__name__, error)) from error
    return found


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as readme_file:
        ROWS = table_rows(readme_file.read())
    os.environ["DOCKER_HOST"] = "unix://" + sys.argv[3]
    print(json.dumps(run_side(ROWS, sys.argv[2], sys.argv[3])))
