"""A few canned answers on a real unix socket: what a command sends, and what it makes of the answer.

It speaks HTTP with http.server, so no code is shared with the package under test.
"""
import json
import os
import shutil
import socketserver
import tempfile
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class FakeEngine:
    """`answers`: "GET /containers/json" (no version, no query) → a JSON value, bytes, or (status, either).

    `requests` are (method, path, {query}) in the order they came. Use as a context manager; `address` is
    "unix://…".
    """

    def __init__(self, answers):
        self.answers = answers
        self.requests = []
        self.headers = []

    def __enter__(self):
        engine = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def address_string(self):
                return "client"

            def log_message(self, *arguments):
                pass

            def answer(self):
                path, _, query = self.path.partition("?")
                if path.startswith("/v"):
                    path = "/" + path.split("/", 2)[2]
                path = urllib.parse.unquote(path)
                if path == "/_ping":
                    return self.reply(200, b"OK")
                engine.requests.append((self.command, path, dict(urllib.parse.parse_qsl(query))))
                engine.headers.append(dict(self.headers))
                found = engine.answers.get("%s %s" % (self.command, path),
                                           (404, {"message": "no such object here"}))
                status, body = found if isinstance(found, tuple) else (200, found)
                self.reply(status, body if isinstance(body, bytes) else json.dumps(body).encode("utf-8"))

            def reply(self, status, body):
                self.send_response(status)
                self.send_header("Api-Version", "1.41")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_DELETE = answer

        self._folder = tempfile.mkdtemp()
        path = os.path.join(self._folder, "engine.sock")
        self._server = UnixServer(path, Handler)
        self.address = "unix://" + path
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        shutil.rmtree(self._folder)


class TextOutput:
    """Stands for rawdock's Output: keeps what is written, and how many writes there were."""

    def __init__(self):
        self.data = b""
        self.writes = 0

    def isatty(self):
        return False

    def write(self, data):
        self.data += bytes(data)
        self.writes += 1
        return len(data)

    def flush(self):
        pass

    def line(self, text=""):
        self.write((text + "\n").encode("utf-8"))

    @property
    def text(self):
        return self.data.decode("utf-8")


class Ran:
    """The result of a command: status, out, err (str), the engine's requests."""

    def __init__(self, status, console, engine):
        self.status = status
        self.out = console.out.text
        self.err = console.err.text
        self.writes = console.out.writes
        self.requests = engine.requests
        self.headers = engine.headers


def run_on_fake_engine(answers, words):
    """Run `words` (["ps", "-a"]) against an engine that knows `answers` → Ran."""
    from rawdock.cli.console import Console
    from rawdock.main import find_command, run_command
    with FakeEngine(answers) as engine:
        console = Console(engine.address, None)
        console.out, console.err = TextOutput(), TextOutput()
        try:
            status = run_command(console, find_command(words[0]), words[1:])
        finally:
            console.close()
        return Ran(status, console, engine)
