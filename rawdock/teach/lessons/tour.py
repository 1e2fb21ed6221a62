"""The tour: `docker run --name redis -v …:/data redis:2.8 redis-server`, request by request, with reasons.

    RedisTour(docker, is_practice)   what is done; each step is a method
    TOUR_STEPS                       (title, why, method), in their order; docker run's requests are numbered
    clean_up()                       takes away what the tour has made, whatever has happened

Strategy: the steps are what `docker run` does, each one request written out, so that the transcript of the
connections is the tour. The steps after the start (SET and GET in the running container, stop) show that the
streams stay where they are while other requests go by.

Promises: what it makes is named rawdock-tour, and it refuses to begin where such a container or volume is;
what it made it removes, the image too if the tour has pulled it. Leaves out: terminals and ports; redis is
spoken to by exec, which needs no free port.
"""
import json
import time

from ...engine.docker import error_from_response
from ...errors import NotFound, RawdockError, Timeout, UsageError

TOUR_NAME = "rawdock-tour"
TOUR_VOLUME = "rawdock-tour-data"
TOUR_IMAGE, TOUR_TAG = "redis", "2.8"
TOUR_SECONDS = 30    # for redis to be ready, and for anything to be said
READY_WORDS = b"eady to accept connections"
UPGRADE_FIELDS = [("Connection", "Upgrade"), ("Upgrade", "tcp")]


class RedisTour:
    """`docker` (Docker): the engine that is toured. `say(text)` prints a line of the tour's own.

    The connections are the docker's: put a recorded dial into it to see what goes over them.
    """

    def __init__(self, docker, say):
        self.docker = docker
        self.say = say
        self.created = False
        self.began = False          # from here on there may be a container and a volume of ours
        self.pulls = False          # and an image
        self.pipe = self.frames = None   # the attached stream
        self.waiting = None         # the answer of wait, whose body comes at the end

    @property
    def body(self):
        return {"Image": "%s:%s" % (TOUR_IMAGE, TOUR_TAG), "Cmd": ["redis-server"],
                "HostConfig": {"Binds": [TOUR_VOLUME + ":/data"]}}

    def check_free(self):
        """UsageError where a container or a volume has the tour's name already."""
        for kind, name in (("container", TOUR_NAME), ("volume", TOUR_VOLUME)):
            try:
                self.docker.call(kind + "_inspect", name)
            except NotFound:
                continue
            raise UsageError("there is a %s called %s already" % (kind, name),
                             "it may be of a tour that was cut off: look at it and remove it")

    def send(self, method, path, allowed=(), **more):
        """One request → the Response, not read yet. APIError for a status of 400 or more."""
        response = self.docker.request(method, path, **dict({"head_timeout": TOUR_SECONDS}, **more))
        if response.status >= 400 and response.status not in allowed:
            raise error_from_response(response)
        return response

    def ask(self, method, path, **more):
        """One request → (Response read to its end, body). APIError for a status of 400 or more."""
        response = self.send(method, path, idle_timeout=TOUR_SECONDS, **more)
        return response, response.read()

    # -- the steps

    def ping(self):
        self.ask("GET", "/_ping")

    def create(self):
        self.began = True
        response, _ = self.ask("POST", "/containers/create", query={"name": TOUR_NAME}, body=self.body,
                               allowed=(404,))
        self.created = response.status == 201
        if self.created:
            self.say("(201 at once: the image is here already, so the next two steps have nothing to do.)")

    def pull(self):
        if self.created:
            return
        self.pulls = True
        with self.send("POST", "/images/create", query={"fromImage": TOUR_IMAGE, "tag": TOUR_TAG},
                       head_timeout=None) as response:
            for _ in response.messages():
                pass

    def create_again(self):
        if not self.created:
            self.ask("POST", "/containers/create", query={"name": TOUR_NAME}, body=self.body)

    def attach(self):
        response = self.send("POST", "/containers/%s/attach" % TOUR_NAME,
                             query={"stream": 1, "stdout": 1, "stderr": 1}, headers=UPGRADE_FIELDS, hijack=True)
        if response.status not in (101, 200):
            raise error_from_response(response)
        self.pipe = response.duplex(tty=False)
        self.frames = self.pipe.frames()

    def wait(self):
        self.waiting = self.send("POST", "/containers/%s/wait" % TOUR_NAME, query={"condition": "next-exit"})

    def start(self):
        self.ask("POST", "/containers/%s/start" % TOUR_NAME)

    def read_log(self):
        """Frames, until redis says that it is ready."""
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
        """The rest of the frames, and the body of wait: the exit status."""
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
        """Remove what is left of the tour → list of str, what could not be removed and why."""
        left = []
        for one in (self.pipe, self.waiting):
            if one is not None:
                one.close()
        tasks = []
        if self.began:
            tasks.append(("the container %s" % TOUR_NAME,
                          lambda: self.docker.container_delete(TOUR_NAME, force=True)))
            tasks.append(("the volume %s" % TOUR_VOLUME, lambda: self.docker.volume_delete(TOUR_VOLUME)))
        if self.pulls:
            tasks.append(("the image %s:%s" % (TOUR_IMAGE, TOUR_TAG),
                          lambda: self.docker.image_delete("%s:%s" % (TOUR_IMAGE, TOUR_TAG))))
        for what, task in tasks:
            try:
                task()
            except NotFound:
                pass
            except RawdockError as error:
                left.append("%s is left behind: %s" % (what, error))
        self.began = self.pulls = False
        return left


TOUR_STEPS = (
    ("The ping: is an engine there?", """
A request line, fields, an empty line: that is a request. The answer has the same form, and a body of two
letters. Api-Version tells which API this engine speaks; a client that knows more must not ask for more. Every
request says Host, though a Unix socket has no hosts: HTTP/1.1 wants it.""",
     RedisTour.ping),
    ("Request 1 of 6: create the container", """
docker run begins as if the image were there: it sends what the container is to be, as JSON, and
Content-Length says how many bytes of it there are. The -v of the command line has become Binds. The answer is
404: not that the address is wrong, but that there is no such image, as its message says.""",
     RedisTour.create),
    ("Request 2 of 6: pull the image", """
The answer to a pull comes while the work goes on, so nobody knows its length: it comes in chunks, each with
its size in hexadecimal before it. In the chunks are JSON messages, one for each thing that happens. A chunk
may end inside a message: then the rest of the message stands in the next chunk. 200 was said before the work
began: that it went well is known only when the last chunk has come and no message was an error.""",
     RedisTour.pull),
    ("Request 3 of 6: create it again", """
The same bytes as before, another answer: 201, and the Id. The container exists now, with its file system and
its name; nothing runs in it yet.""",
     RedisTour.create_again),
    ("Request 4 of 6: attach to its output", """
Before the start, so that not a byte of output is lost. Connection: Upgrade asks to leave HTTP, and 101
agrees: from the empty line on, this connection carries what redis prints, until redis ends. No other request
can follow on it, so the next one takes another connection.""",
     RedisTour.attach),
    ("Request 5 of 6: wait, that is, ask to be told of its end", """
Also before the start: a program that ends at once must not end unseen. The head of the answer comes now, and
is the promise that the end will not be missed. Its body comes when there is something to say.""",
     RedisTour.wait),
    ("Request 6 of 6: start", """
No body there, no body back: 204. redis runs from here on.""",
     RedisTour.start),
    ("Read the frames", """
On the attached connection the log of redis comes in. Each piece stands in a frame: one byte says whether it
is stdout (1) or stderr (2), three are zero, four say how long it is. This is all that is between docker run
and the bytes that a program prints.""",
     RedisTour.read_log),
    ("Run redis-cli in the container: SET", """
A second program in the same container takes two requests: one that says which (exec), one that starts it,
with an upgrade of its own. The stream ends where the program does; the first stream stays as it is.""",
     RedisTour.exec_set),
    ("And GET", """
The same again, and redis has kept what it was told.""",
     RedisTour.exec_get),
    ("Stop", """
The engine sends the program the signal TERM and waits for its end, ten seconds at most; then it would kill
it. 204 says that it has ended. On a container that had ended already the answer would be 304.""",
     RedisTour.stop),
    ("The end, told twice", """
redis said good-bye in the attached stream, and the stream ended. But a connection that breaks ends too, and
the bytes look the same: so a careful client reads the answer of wait, which is an answer of HTTP with an end
of its own. Only now is it known that nothing was lost.""",
     RedisTour.read_end),
    ("Remove it", """
docker run --rm would have the engine do this. The volume with the data would stay: it is the tour that
removes it, and the image, if it has pulled it.""",
     RedisTour.remove),
)
