"""The search of tests/leaks.py finds what it is for."""
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.leaks import SCRIPTED_PASSWORD, SPELLINGS, spellings

PLANTED = '''
import base64, subprocess, sys
import pytest
from tests.leaks import SCRIPTED_PASSWORD as SECRET
from tests.window import Window

CODED = base64.b64encode(b"us:" + SECRET.encode()).decode()


def test_output_of_a_process():
    subprocess.run([sys.executable, "-c", "print('x%s')" % SECRET], stdout=subprocess.PIPE)


def test_a_window():
    with Window(["echo", SECRET]) as window:
        window.end()


def test_what_it_prints_itself():
    print(CODED)


def test_a_file(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "export.har").write_text(CODED)


def test_that_is_all_right(tmp_path):
    (tmp_path / "config.json").write_text(SECRET)
    print(SECRET[:8])


@pytest.mark.shows_secrets
def test_that_shows_it_on_purpose():
    print(SECRET)
'''


@pytest.mark.shows_secrets
def test_a_planted_secret_fails_its_test(tmp_path):
    (tmp_path / "test_planted.py").write_text(PLANTED)
    ran = subprocess.run([sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider",
                          "-q", "--tb=line", "--rootdir", str(tmp_path), str(tmp_path)], cwd=ROOT,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = ran.stdout.decode("utf-8", "replace")
    assert "6 passed, 4 errors" in text and ran.returncode == 1, text
    for place in ("stdout of a process", "the window", "Captured stdout call", "export.har"):
        assert "%s… is in %s" % (SCRIPTED_PASSWORD[:7], place) in text or place == "export.har" in text, text


def test_each_spelling_is_long_enough_not_to_be_there_by_chance():
    assert all(len(spelling) >= 8 for spelling in SPELLINGS)
    import base64
    for text in (b"x" + SCRIPTED_PASSWORD.encode(), b"73 63 72 69 70 74 65 64 2d 63",
                 base64.urlsafe_b64encode(b'{"password":"%s"}' % SCRIPTED_PASSWORD.encode()),
                 base64.b64encode(b"us:" + SCRIPTED_PASSWORD.encode())):
        assert [one for one in spellings(SCRIPTED_PASSWORD) if one in text], text
    assert not [one for one in spellings(SCRIPTED_PASSWORD) if one in b"nothing of it: scripted helper"]
