"""An engine with a few answers by rules: what a command sends, and what it makes of the answer."""
import json
import urllib.parse

from rawdock.cli.printable import printable_text
from tests.net.fake_engine import PING, FakeEngine, response, serve

REASONS = {200: "OK", 201: "Created", 204: "No Content", 404: "Not Found", 409: "Conflict"}


def rules(answers, api="1.41"):
    """A function of a Seen → the bytes of its answer, of an engine whose newest API version is `api`.

    `answers`: "GET /containers/json" (no version, no query) → a JSON value, bytes, or (status, either).
    """
    def answer(seen):
        path = urllib.parse.unquote(seen.path)
        if path == "GET /_ping":
            return PING.replace(b"1.41", api.encode("ascii"))
        found = answers.get(path, (404, {"message": "no such object here"}))
        status, body = found if isinstance(found, tuple) else (200, found)
        body = body if isinstance(body, bytes) else json.dumps(body).encode("utf-8")
        return response(body, "%d %s" % (status, REASONS.get(status, "Whatever")))
    return answer


class TextOutput:
    """In the place of rawdock's Output: keeps what is written, and how many writes there were."""

    def __init__(self):
        self.data = b""
        self.writes = 0

    def isatty(self):
        return False

    def write(self, data):
        self.data += bytes(data)
        self.writes += 1
        return len(data)

    def write_run(self, pieces):
        self.write(b"".join(pieces))

    def flush(self):
        pass

    def line(self, text=""):
        self.write((printable_text(text, "\n\t") + "\n").encode("utf-8"))

    @property
    def text(self):
        return self.data.decode("utf-8")


class Ran:
    """The result of a command: status, out, err (str), the engine's requests but the ping: (method, path,
    {query}) of each in `requests`, their fields in `headers`, their bodies (bytes) in `bodies`."""

    def __init__(self, status, console, engine):
        self.status = status
        self.out = console.out.text
        self.err = console.err.text
        self.writes = console.out.writes
        seen = [one for one in engine.requests if one.path != "GET /_ping"]
        self.requests = [(one.method, urllib.parse.unquote(one.path.split(" ", 1)[1]),
                          dict(urllib.parse.parse_qsl(one.target.partition("?")[2]))) for one in seen]
        self.headers = [one.headers for one in seen]
        self.bodies = [one.body for one in seen]


def run_on_fake_engine(answers, words, api="1.41"):
    """Run `words` (["ps", "-a"]) against an engine of the API version `api` that knows `answers` → Ran."""
    from rawdock.cli.console import CommandFailed, Console
    from rawdock.main import find_words, run_command
    with FakeEngine(serve(rules(answers, api))) as engine:
        console = Console(engine.address, None)
        console.out, console.err = TextOutput(), TextOutput()
        try:
            status = run_command(console, *find_words(words))
        except CommandFailed as error:
            console.err.line(str(error))
            status = error.status
        finally:
            console.close()
        return Ran(status, console, engine)
