"""push at a terminal and into a pipe, byte for byte as docker CLI 28.2.2 showed these answers."""
import json
import subprocess

import pytest

from tests.cli.scripted_socket import clean_environment
from tests.net.fake_engine import FakeEngine
from tests.window import Window

DONE = "1: digest: sha256:25 size: 528"
PROGRESS = [
    {"status": "The push refers to repository [r.example/x]"},
    {"status": "Preparing", "progressDetail": {}, "id": "5f70bf18a086"},
    {"status": "Preparing", "progressDetail": {}, "id": "61b5aa968892"},
    {"status": "Waiting", "progressDetail": {}, "id": "61b5aa968892"},
    {"status": "Pushing", "progressDetail": {"current": 512, "total": 1024}, "id": "5f70bf18a086"},
    {"status": "Pushing", "progressDetail": {"current": 1024, "total": 1024}, "id": "5f70bf18a086"},
    {"status": "Pushed", "progressDetail": {}, "id": "5f70bf18a086"},
    {"status": "Layer already exists", "progressDetail": {}, "id": "61b5aa968892"}, {"status": DONE}]
SINGLE = {"manifestPushedInsteadOfIndex": True, "originalIndex": {"digest": "sha256:a"},
          "selectedManifest": {"digest": "sha256:b\x1b[2J"}}
SHOWN = {   # by whether it is at a terminal
    True: "The push refers to repository [r.example/x]\n\n\x1b[1A\x1b[2K\r5f70bf18a086: Preparing \r\x1b[1B\n"
          "\x1b[1A\x1b[2K\r61b5aa968892: Preparing \r\x1b[1B\x1b[1A\x1b[2K\r61b5aa968892: Waiting \r\x1b[1B"
          "\x1b[2A\x1b[2K\r5f70bf18a086: Pushing     512B/1.024kB\r\x1b[2B"
          "\x1b[2A\x1b[2K\r5f70bf18a086: Pushing  1.024kB/1.024kB\r\x1b[2B"
          "\x1b[2A\x1b[2K\r5f70bf18a086: Pushed \r\x1b[2B"
          "\x1b[1A\x1b[2K\r61b5aa968892: Layer already exists \r\x1b[1B" + DONE + "\n",
    False: "The push refers to repository [r.example/x]\n5f70bf18a086: Preparing\n61b5aa968892: Preparing\n"
           "61b5aa968892: Waiting\n5f70bf18a086: Pushed\n61b5aa968892: Layer already exists\n" + DONE + "\n"}
INFO = {True: "\n\x1b[1m\x1b[106m\x1b[30mi\x1b[0m\x1b[0m \x1b[96mInfo → \x1b[0m\x1b[0m", False: "\n Info -> "}


def note(tty, *lines):
    shown = ["\x1b[3m%s\x1b[0m" % line.replace("--platform", "\x1b[1m--platform\x1b[0m") if tty else line
             for line in lines]
    return INFO[tty] + ("\n" + " " * 9).join(shown) + "\n"


@pytest.fixture
def push(rawdock_command):
    """push(tty, result, words…, **environment) → (status, what is shown), for an aux object `result`."""
    def push_to_engine(tty, result, *words, **environment):
        def recipe(peer):
            while True:
                seen = peer.request()
                if seen is None:
                    return
                body = b""
                if "/push" in seen.target:
                    body = b"".join(json.dumps(one).encode() + b"\r\n" for one in PROGRESS + [
                        {"progressDetail": {}, "aux": result}])
                peer.send(b"HTTP/1.1 200 OK\r\nApi-Version: 1.50\r\nContent-Length: %d\r\n\r\n" % len(body)
                          + body)

        with FakeEngine(recipe) as engine:
            command = rawdock_command + ["-H", engine.address, "push"] + list(words)
            environment = dict(clean_environment(TERM="xterm"), **environment)
            if not tty:
                ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                     env=environment)
                return ran.returncode, ran.stdout.decode()
            with Window(command, environment) as window:
                ended = window.end()
            return ended.status, ended.out.decode().replace("\r\n", "\n")
    return push_to_engine


@pytest.mark.parametrize("tty", [True, False])
def test_the_progress(push, tty):
    assert push(tty, {"Tag": "1", "Digest": "sha256:25", "Size": 528}, "r.example/x:1") == (0, SHOWN[tty])


@pytest.mark.parametrize("tty", [True, False])
def test_what_was_pushed_in_place_of_the_whole(push, tty):
    """The digests are coloured everywhere. What the engine says cannot act on the terminal."""
    lines = note(tty, "Not all multiplatform-content is present and only the available single-platform "
                      "image was pushed", "\x1b[31msha256:a\x1b[0m -> \x1b[32msha256:b\\x1b[2J\x1b[0m")
    assert push(tty, SINGLE, "r.example/x:1") == (0, SHOWN[tty] + lines)
    assert push(tty, SINGLE, "-q", "r.example/x:1") == (0, "r.example/x:1\n" + lines)


@pytest.mark.parametrize("tty", [True, False])
def test_what_is_missing(push, tty):
    tabs = "\t" * 4
    assert push(tty, {"contentMissing": True}, "-q", "r.example/x:1")[1] == "r.example/x:1\n" + note(
        tty, "You're trying to push a manifest list/index which ",
        tabs + "references multiple platform specific manifests, but not all of them are available locally",
        tabs + "or available to the remote repository.", "",
        tabs + "Make sure you have all the referenced content and try again.", "",
        tabs + "You can also push only a single platform specific manifest directly by specifying the "
        "platform you want to push with the --platform flag.")


@pytest.mark.parametrize("tty", [True, False])
def test_one_platform(push, tty):
    assert push(tty, {}, "-q", "--platform", "linux/arm64", "r.example/x:1")[1] == note(
        tty, "Using --platform pushes only the specified platform manifest of a multi-platform image index.",
        "Other components, like attestations, will not be included.",
        "To push the complete multi-platform image, remove the --platform flag.", "") + "r.example/x:1\n"


def test_no_color_is_the_form_of_a_pipe(push):
    shown = push(True, {}, "-q", "--platform", "linux/arm64", "r.example/x:1", NO_COLOR="1")[1]
    assert shown.startswith("\n Info -> Using --platform pushes") and "\x1b" not in shown
