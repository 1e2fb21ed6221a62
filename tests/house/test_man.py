"""tools/man: the manual page of the tables."""
import os
import shutil
import subprocess
import sys

import pytest

from rawdock.main import CLIENT_COMMANDS, SCHOOL_COMMANDS

from tests.house.sources import ROOT


def page():
    return subprocess.check_output([sys.executable, os.path.join(ROOT, "tools", "man")])


def test_the_page_has_every_command_and_its_flags():
    text = page().decode()
    for name in [name for file in CLIENT_COMMANDS + SCHOOL_COMMANDS for name in file.names]:
        assert ("\n.SS %s\n" % name.replace("-", "\\-") in text) == (name != "__complete")
    assert "\\fB\\-\\-no\\-trunc\\fR" in text and page() == text.encode()


def test_groff_reads_the_page_without_a_warning():
    groff = shutil.which("groff")
    if groff is None:
        missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        missing("there is no groff: .ci/run brings it")
    ran = subprocess.run([groff, "-man", "-Tutf8", "-Kutf8", "-ww", "-z"], input=page(),
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    assert (ran.returncode, ran.stdout) == (0, b"")
