"""After every test: no secret that the suite uses is in what a process printed or in what the test left.

The outputs of all processes that a test waits for (Popen.communicate() and subprocess.run(), a Window, a
Running), what pytest captured of the test itself, and the files in its tmp_path (records, exports, pages) are
searched for each of SECRETS: as it is, in base64 at each alignment, and in a dump. A test whose outputs or
files have one fails. A test that shows one on purpose is marked `@pytest.mark.shows_secrets`; a file that
keeps one on purpose has a name that KEPT_IN matches.

Short secrets are not in the list, because other text would contain them by chance.
"""
import base64
import os
import re
import subprocess

# What tests give as a password or token. Each is a word of its own, and at least twelve bytes long.
HELPERS_SECRET = "s3cret-of-the-helper"
WRONG_PASSWORD, IDENTITY_TOKEN, SCRIPTED_PASSWORD = (
    "wrong-5f0e72c1a9d3", "idtoken-8e41b7720c5f", "scripted-c02d19be77aa")
WIRE_PASSWORD = "hunter2Tr0ub4dor3"
SECRETS = [HELPERS_SECRET, WRONG_PASSWORD, IDENTITY_TOKEN, SCRIPTED_PASSWORD, WIRE_PASSWORD,
           "pw-1f7c9a3e5b", "pwd-77e0b1d24c", "IDTOK-5c1e8a9b"]   # the last three: tests/cli/test_login.py
SECRETS += filter(None, [os.environ.get("RAWDOCK_TEST_PRIVATE_PASSWORD")])
# Files of docker and its helpers, and programs that tests write: a secret in them is there on purpose.
KEPT_IN = re.compile(r"(config\.json.*|docker-credential-\w+|log|.*\.py|htpasswd)\Z")
MAX_FILE_BYTES = 8 << 20


def spellings(secret):
    """Each form (bytes) of a secret (str): as it is, in base64 at each of three alignments, in a dump."""
    data = secret.encode()
    found = {data}
    for shift in range(3):
        text = base64.b64encode(b"?" * shift + data)
        whole = len(data) // 3 * 4 - 8
        found |= {text[4:4 + whole], text[4:4 + whole].replace(b"+", b"-").replace(b"/", b"_")}
    for part in (data[:6], data[-6:]):   # a dump has 16 bytes in a line, so that one of the two is in one
        dump = " ".join("%02x" % byte for byte in part)
        found |= {dump.encode(), dump.replace(" ", "").encode()}
    return found


SPELLINGS = {spelling: secret for secret in SECRETS for spelling in spellings(secret)}
leaked = []   # what was found since the last test began


def examine(where, data):
    """Search `data` (bytes or str) for secrets, and note each in `leaked`; `where` (str) is its place."""
    data = data.encode("utf-8", "replace") if isinstance(data, str) else data or b""
    for spelling in SPELLINGS:
        if spelling in data:
            leaked.append("%s… is in %s, at byte %d" % (SPELLINGS[spelling][:7], where, data.index(spelling)))


def watch_processes():
    """Have Popen.communicate() examine the outputs that it returns."""
    communicate = subprocess.Popen.communicate

    def examined(process, *arguments, **named):
        outputs = communicate(process, *arguments, **named)
        for name, data in zip(("stdout", "stderr"), outputs):
            examine("%s of a process" % name, data)
        return outputs

    subprocess.Popen.communicate = examined


def examine_files(folder):
    """Examine the files below `folder` (str), except those with a name that KEPT_IN matches."""
    for place, folders, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            if os.path.isfile(path) and not os.path.islink(path) and not KEPT_IN.match(name):
                if os.path.getsize(path) <= MAX_FILE_BYTES:
                    with open(path, "rb") as file:
                        examine(path, file.read())


def fail_if_leaked(item, report):
    """Fail the `report` on the teardown of a test if a secret was found."""
    if item.get_closest_marker("shows_secrets") is None:
        for title, text in report.sections:
            examine(title, text)
        if "tmp_path" in getattr(item, "funcargs", {}):
            examine_files(str(item.funcargs["tmp_path"]))
        if leaked and report.outcome == "passed":
            report.outcome, report.longrepr = "failed", "a secret is shown:\n" + "\n".join(leaked)
    del leaked[:]
