"""The suite tests the rawdock it means to: the package of this checkout, or the one file it was given."""
import os
import subprocess
import sys

import rawdock
from rawdock.errors import ProtocolError, RawdockError

SINGLE_FILE = os.environ.get("RAWDOCK_SINGLE_FILE")


def test_names_come_from_the_rawdock_under_test():
    assert rawdock.ProtocolError is ProtocolError
    assert issubclass(ProtocolError, RawdockError)
    home = "rawdock" if SINGLE_FILE else "rawdock.errors"
    assert ProtocolError.__module__ == home
    checkout = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    expected = SINGLE_FILE or os.path.join(checkout, "rawdock", "__init__.py")
    assert os.path.samefile(rawdock.__spec__.origin, expected)


def test_no_file_of_the_package_is_loaded_beside_the_single_file():
    modules = {id(module) for name, module in sys.modules.items() if name.split(".")[0] == "rawdock"}
    assert (len(modules) == 1) is bool(SINGLE_FILE)


def test_commands_start_the_rawdock_under_test(rawdock_command, tmp_path):
    argv = [sys.executable, "-c", "import rawdock; print(rawdock.__spec__.origin)"]
    ran = subprocess.run(argv, cwd=str(tmp_path), stdout=subprocess.PIPE)
    assert os.path.samefile(ran.stdout.decode().strip(), rawdock.__spec__.origin)
    if SINGLE_FILE:
        ran = subprocess.run(rawdock_command + ["--self-test"], cwd=str(tmp_path), stdout=subprocess.PIPE)
        assert (ran.returncode, ran.stdout[:11]) == (0, b"self-test: ")
    else:
        assert rawdock_command == [sys.executable, "-m", "rawdock"]
