"""The line that this project grew from, on a real engine and on the practice engine: equal answers."""
import json
import subprocess

from rawdock.teach.practice.engine import PracticeEngine

SEED = 'echo -e "GET /images/json HTTP/1.0\\r\\n" | nc -U "$1"'
FIELDS_THAT_DIFFER = {"Date", "Server", "Api-Version", "Content-Length"}


def run_seed(path):
    """What bash's echo and nc give for the line at socket `path` → (status line, field pairs, JSON value)."""
    ran = subprocess.run(["bash", "-c", SEED, "seed", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         timeout=30)
    assert (ran.returncode, ran.stderr) == (0, b"")
    head, blank, body = ran.stdout.partition(b"\r\n\r\n")
    assert blank
    line, *fields = head.decode("latin-1").split("\r\n")
    return line, [tuple(field.split(": ", 1)) for field in fields], json.loads(body.decode("utf-8"))


def test_the_seeds_line_is_answered_alike(engine):
    """Both have images of which the list is short enough for a length, or neither."""
    with PracticeEngine() as practice:
        line, fields, images = run_seed(engine.socket_path)
        practice_line, practice_fields, practice_images = run_seed(practice.socket_path)
    assert line == practice_line == "HTTP/1.0 200 OK"
    assert isinstance(images, list) and isinstance(practice_images, list)
    # A list of over 2 KiB.
    unsized = [("Content-Length", "")] * all(name != "Content-Length" for name, _ in fields)
    assert [name for name, _ in fields + unsized] == [name for name, _ in practice_fields]
    assert [pair for pair in fields if pair[0] not in FIELDS_THAT_DIFFER] == [
        pair for pair in practice_fields if pair[0] not in FIELDS_THAT_DIFFER]
