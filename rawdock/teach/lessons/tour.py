"""The tour: `docker run --name redis -v …:/data redis:2.8 redis-server`, request by request, with reasons.

    RedisTour(docker, say)   what is done: each step is a method, and clean_up() removes what they made
    TOUR_STEPS               (title, reason, method), in their order; docker run's own requests are numbered

Strategy: the steps are what `docker run` does, each of them a request written out, so that the transcript of
the connections is the tour. The steps after the start (SET and GET in the running container, stop) show that
the streams stay where they are while other requests are made.

Promises: what the tour makes is named rawdock-tour, and it refuses to begin where a container or volume of
that name is. It removes what it made, the image too if it has pulled that.

Left out: terminals and ports. redis is reached by exec, which needs no free port.
"""
import json
import time

from ...engine.docker import error_from_response
from ...errors import NotFound, RawdockError, Timeout, UsageError

TOUR_NAME = "rawdock-tour"
TOUR_VOLUME = "rawdock-tour-data"
TOUR_IMAGE, TOUR_TAG = "redis", "2.8"
TOUR_SECONDS = 30    # for redis to be ready, and for any answer
READY_WORDS = b"eady to accept connections"
UPGRADE_FIELDS = [("Connection", "Upgrade"), ("Upgrade", "tcp")]


class RedisTour:
    """The tour of the engine of `docker` (Docker). say(text) prints a line of the tour's own.

    Every connection is made by `docker`: put a recorded dial into that to see what crosses them.
    """

    def __init__(self, docker, say):
        self.docker = docker
        self.say = say
        self.created = False
        self.made = []                   # (what there may be to remove, function that removes it)
        self.pipe = self.frames = None   # the attached stream
        self.waiting = None              # the response to wait, whose body comes at the end

    @property
    def body(self):
        return {"Image": "%s:%s" % (TOUR_IMAGE, TOUR_TAG), "Cmd": ["redis-server"],
                "HostConfig": {"Binds": [TOUR_VOLUME + ":/data"]}}

    def check_free(self):
        """UsageError if a container or a volume has the name of the tour's already."""
        for kind, name in (("container", TOUR_NAME), ("volume", TOUR_VOLUME)):
            try:
                self.docker.call(kind + "_inspect", name)
            except NotFound:
                continue
            raise UsageError("there is a %s called %s already" % (kind, name),
                             "a tour that was cut off may have left it: look at it and remove it")

    def send(self, method, path, allowed=(), **more):
        """Send a request and return its Response, unread. APIError for a status of 400 or more."""
        response = self.docker.request(method, path, **dict({"head_timeout": TOUR_SECONDS}, **more))
        if response.status >= 400 and response.status not in allowed:
            raise error_from_response(response)
        return response

    def ask(self, method, path, **more):
        """Send a request and return (Response, its body). APIError for a status of 400 or more."""
        response = self.send(method, path, idle_timeout=TOUR_SECONDS, **more)
        return response, response.read()

    # -- the steps

    def ping(self):
        self.ask("GET", "/_ping")

    def create(self):
        self.made = [("the container " + TOUR_NAME,
                      lambda: self.docker.call("container_delete", TOUR_NAME, force=True)),
                     ("the volume " + TOUR_VOLUME, lambda: self.docker.call("volume_delete", TOUR_VOLUME))]
        response, _ = self.ask("POST", "/containers/create", query={"name": TOUR_NAME}, body=self.body,
                               allowed=(404,))
        self.created = response.status == 201
        if self.created:
            self.say("(201 at once: the image is there already, so the next two steps have nothing to do.)")

    def pull(self):
        if self.created:
            return
        image = self.body["Image"]
        self.made.append(("the image " + image, lambda: self.docker.call("image_delete", image)))
        with self.send("POST", "/images/create", query={"fromImage": TOUR_IMAGE, "tag": TOUR_TAG},
                       head_timeout=None) as response:
            for _ in response.messages():
                pass

    def create_again(self):
        if not self.created:
            self.ask("POST", "/containers/create", query={"name": TOUR_NAME}, body=self.body)

    def attach(self):
        response = self.send("POST", "/containers/%s/attach" % TOUR_NAME,
                             query={"stream": 1, "stdout": 1, "stderr": 1}, headers=UPGRADE_FIELDS,
                             hijack=True)
        if response.status not in (101, 200):
            raise error_from_response(response)
        self.pipe = response.duplex(tty=False)
        self.frames = self.pipe.frames()

    def wait(self):
        self.waiting = self.send("POST", "/containers/%s/wait" % TOUR_NAME, query={"condition": "next-exit"})

    def start(self):
        self.ask("POST", "/containers/%s/start" % TOUR_NAME)

    def read_log(self):
        """Read frames until redis says that it is ready."""
        seen, deadline = b"", time.monotonic() + TOUR_SECONDS
        self.pipe.response.limit_idle(TOUR_SECONDS)
        for _, data in self.frames:
            seen = seen[-200:] + data
            if READY_WORDS in seen:
                return
            if time.monotonic() > deadline:
                raise Timeout("idle", TOUR_SECONDS, len(seen))
        raise UsageError("redis ended before it was ready", "its last words are above")

    def exec_words(self, *words):
        _, data = self.ask("POST", "/containers/%s/exec" % TOUR_NAME,
                           body={"AttachStdout": True, "AttachStderr": True, "Cmd": list(words)})
        identity = json.loads(data.decode("utf-8"))["Id"]
        response = self.send("POST", "/exec/%s/start" % identity, headers=UPGRADE_FIELDS, hijack=True,
                             body={"Detach": False, "Tty": False}, idle_timeout=TOUR_SECONDS)
        with response.duplex(tty=False) as pipe:
            return b"".join(data for _, data in pipe.frames())

    def exec_set(self):
        self.exec_words("redis-cli", "SET", "greeting", "hello")

    def exec_get(self):
        found = self.exec_words("redis-cli", "GET", "greeting")
        self.say("redis-cli printed: %s" % found.decode("utf-8", "replace").strip())

    def stop(self):
        self.ask("POST", "/containers/%s/stop" % TOUR_NAME, head_timeout=60)

    def read_end(self):
        """Read the rest of the frames, and the body of wait, which has the exit status."""
        self.pipe.response.limit_idle(TOUR_SECONDS)
        for _ in self.frames:
            pass
        self.waiting.limit_idle(TOUR_SECONDS)
        status = self.waiting.json()
        self.pipe.confirm()
        self.say("redis has ended with status %s." % status.get("StatusCode"))

    def remove(self):
        self.ask("DELETE", "/containers/%s" % TOUR_NAME)

    # -- the end

    def clean_up(self):
        """Remove what is left of the tour. Returns a list of str: what could not be removed, and why."""
        left = []
        for one in (self.pipe, self.waiting):
            if one is not None:
                one.close()
        made, self.made = self.made, []
        for what, remove in made:
            try:
                remove()
            except NotFound:
                pass
            except RawdockError as error:
                left.append("%s is left behind: %s" % (what, error))
        return left


TOUR_STEPS = (
    ("The ping: is an engine there?", """
A request line, fields, an empty line: that is a request. The response has that form too, and a body of two
letters. Api-Version says which API this engine speaks, and a client that knows a newer one must not use it.
Every request has the field Host, which HTTP/1.1 demands, though a Unix socket has no hosts.""",
     RedisTour.ping),
    ("Request 1 of 6: create the container", """
docker run begins as if the image were there: it sends what the container is to be, as JSON, and
Content-Length says how many bytes that has. The -v of the command line has become Binds. The response is 404,
which means here that there is no such image, as its message says.""",
     RedisTour.create),
    ("Request 2 of 6: pull the image", """
The response to a pull comes while the work goes on, so nobody knows its length: it comes in chunks, each with
its size in hexadecimal before it. In the chunks are JSON messages, one for each thing that happens. A chunk
may end inside a message: then the rest of the message is in the next chunk. The status 200 was sent before
the work began. That it went well is known only when the last chunk has come and no message was an error.""",
     RedisTour.pull),
    ("Request 3 of 6: create it again", """
The request is the one that was refused before, and the response is now 201, with the Id. The container
exists, with its file system and its name; nothing runs in it yet.""",
     RedisTour.create_again),
    ("Request 4 of 6: attach to its output", """
This comes before the start, so that no byte of output is lost. Connection: Upgrade asks to leave HTTP, and
101 agrees: from the empty line on, this connection carries what redis prints, until redis ends. No other
request can follow on it, so the next one takes another connection.""",
     RedisTour.attach),
    ("Request 5 of 6: wait for its end", """
This too comes before the start: a program that ends at once must not end unseen. The head of the response
comes now, as a promise that the end will not be missed. Its body comes when redis has ended.""",
     RedisTour.wait),
    ("Request 6 of 6: start", """
The request has no body, and neither has the response: 204. From here on redis runs.""",
     RedisTour.start),
    ("Read the frames", """
The log of redis comes on the attached connection. Each piece of it is in a frame: one byte says whether it is
stdout (1) or stderr (2), three are zero, and four say how long it is. Nothing else is between docker run and
the bytes that a program prints.""",
     RedisTour.read_log),
    ("Run redis-cli in the container: SET", """
A second program in the container takes two requests: exec says which program, and another one starts it, with
an upgrade of its own. That stream ends when the program does; the first stream goes on.""",
     RedisTour.exec_set),
    ("And GET", """
Another exec, again of two requests, reads the value: redis has kept it.""",
     RedisTour.exec_get),
    ("Stop", """
The engine sends the program the signal TERM and waits for its end, ten seconds at most; after that it would
kill it. 204 says that it has ended. For a container that had ended before, the status would be 304.""",
     RedisTour.stop),
    ("The end, in the stream and in the response to wait", """
redis said good-bye in the attached stream, and the stream ended. But a connection that breaks ends too, and
the bytes look the same. So a careful client reads the response to wait, whose end HTTP can tell from a cut.
Only now is it known that nothing was lost.""",
     RedisTour.read_end),
    ("Remove it", """
With docker run --rm the engine does this itself. The volume with the data would stay: the tour removes it
now, and the image too, if it has pulled that.""",
     RedisTour.remove),
)
