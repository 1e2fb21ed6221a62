"""How like a Docker engine is this? The same requests to any engine or proxy, and what differs in the answers.

Strategy: CONFORM_SCENARIOS is a table of requests; each answer is reduced to a fact: its status,
content type, framing, the shape of its body (the keys and types of JSON, the bytes of each
stream, the names in a tar) and whether a refusal says what clients look for in it. The facts are compared with
those in CONFORM_FACTS, which a maintainer recorded from a real engine with `conform --record`.
Values are not compared: they are the engine's own.

Promises: it makes only objects whose names begin with rawdock-conform- and removes them, also
after a failure or Ctrl-C; nothing else on the engine is changed, but for the image it needs,
which is pulled if it is not there. So what could harm somebody else's on an engine, or through a
proxy, that is very unlike is not tried: no prune, though it were by a label that nothing has.

Leaves out: build, push, swarm, log-in, WebSockets, and everything that needs a world outside the engine.

Not a difference: null where the other has a list or an object (Go writes an empty one either
way), and keys of free-form maps such as labels.
"""
import json
import os
import re
import time
from collections import OrderedDict

from ..engine.docker import upgrade_fields
from ..errors import RawdockError, StreamError, UsageError
from ..wire.frames import FrameReader

CONFORM_API = "1.41"
CONFORM_IMAGE = "busybox"
CONFORM_PREFIX = "rawdock-conform-"
CONFORM_SECONDS = 30              # to wait for any one answer
MAX_CONFORM_BYTES = 64 << 20      # of one body
MAX_DIFFERENCES = 12              # of one body that are shown
FACT_COLUMNS = 150

# [scenario], then a step a line: its name, then one of
#   METHOD TARGET [BODY] [!! TEXT]   a request, and what its answer is like. METHOD/1.0 speaks HTTP/1.0. /vX.Y is put
#                                    before TARGET, but for a leading ^. BODY is JSON, `tar` (a small archive) or `text:...`.
#                                    !! TEXT: what the refusal must contain, in any case of letters.
#   +METHOD TARGET [BODY]            the same, the body left for a later `read`
#   ~METHOD TARGET [BODY]            the same, asking for an upgrade to a raw stream
#   *METHOD TARGET [BODY]            as METHOD; how long the body is depends on the machine, and so whether it comes in chunks
#   send STEP TEXT, end STEP, read STEP   on the stream that STEP left open (text, half-close, the rest of it)
# $word is a name of ours, {STEP.Key} a value of an earlier answer's JSON, {now} the time in seconds.
CONFORM_SCENARIOS = r"""
[the engine itself]
ping          GET ^/_ping
head          HEAD ^/_ping
version       *GET /version
version-1.0   *GET/1.0 /version
info          *GET /info
usage         *GET /system/df
no-such-path  GET /no/such/path !! page not found
too-new       GET ^/v9.9/version !! 9.9
bad-filter    GET /containers/json?filters=nonsense
empty-list    GET /containers/json?filters={"name":["$nobody"]}

[an image]
pull          POST /images/create?fromImage=IMAGE&tag=latest
inspect       *GET /images/IMAGE/json
list          *GET /images/json?filters={"reference":["IMAGE"]}
history       *GET /images/IMAGE/history
tag           POST /images/IMAGE/tag?repo=$image&tag=1
bad-tag       POST /images/IMAGE/tag?repo=$imageUPPER&tag=1 !! invalid reference format
untag         DELETE /images/$image:1
missing       GET /images/$nothing/json !! No such image: $nothing
not-tagged    POST /images/$nothing/tag?repo=$image&tag=1 !! No such image: $nothing
not-deleted   DELETE /images/$nothing !! No such image: $nothing

[a container's life]
create        POST /containers/create?name=$life {"Image":"IMAGE","Cmd":["sleep","1000"]}
created       GET /containers/$life/json
name-taken    POST /containers/create?name=$life {"Image":"IMAGE","Cmd":["true"]} !! $life
no-image      POST /containers/create?name=$other {"Image":"$nothing","Cmd":["true"]} !! No such image: $nothing
bad-name      POST /containers/create?name=-$bad {"Image":"IMAGE","Cmd":["true"]} !! -$bad
no-config     POST /containers/create?name=$other
bad-json      POST /containers/create?name=$other text:{"Image":
wrong-kind    POST /containers/create?name=$other {"Image":7}
start         POST /containers/$life/start
start-again   POST /containers/$life/start
running       GET /containers/$life/json
running-1.0   GET/1.0 /containers/$life/json
with-size     GET /containers/$life/json?size=1
listed        GET /containers/json?filters={"name":["$life"]}
listed-size   GET /containers/json?size=1&filters={"name":["$life"]}
top           GET /containers/$life/top
stats         GET /containers/$life/stats?stream=0&one-shot=1
changes       GET /containers/$life/changes
resize        POST /containers/$life/resize?h=20&w=60
bad-resize    POST /containers/$life/resize?h=x&w=60
update        POST /containers/$life/update {"CpuShares":512}
bad-update    POST /containers/$life/update {"RestartPolicy":{"Name":"nope"}} !! nope
rename        POST /containers/$life/rename?name=$other
rename-back   POST /containers/$other/rename?name=$life
same-name     POST /containers/$life/rename?name=$life
no-name       POST /containers/$life/rename
bad-signal    POST /containers/$life/kill?signal=NOPE !! NOPE
pause         POST /containers/$life/pause
pause-again   POST /containers/$life/pause !! is already paused
paused        GET /containers/$life/json
paused-exec   POST /containers/$life/exec {"Cmd":["true"]} !! is paused
unpause       POST /containers/$life/unpause
unpause-again POST /containers/$life/unpause !! is not paused
delete-it     DELETE /containers/$life !! running container
restart       POST /containers/$life/restart?t=0
stop          POST /containers/$life/stop?t=0
stop-again    POST /containers/$life/stop
stopped       GET /containers/$life/json
kill-stopped  POST /containers/$life/kill !! is not running
top-stopped   GET /containers/$life/top !! is not running
pause-stopped POST /containers/$life/pause !! is not running
exec-stopped  POST /containers/$life/exec {"Cmd":["true"]} !! is not running
stats-stopped GET /containers/$life/stats?stream=0
wait          POST /containers/$life/wait
bad-wait      POST /containers/$life/wait?condition=never
delete        DELETE /containers/$life
delete-again  DELETE /containers/$life !! No such container: $life
missing       GET /containers/$life/json !! No such container: $life
not-started   POST /containers/$life/start !! No such container: $life
not-stopped   POST /containers/$life/stop !! No such container: $life
not-killed    POST /containers/$life/kill !! No such container: $life
not-awaited   POST /containers/$life/wait !! No such container: $life
not-renamed   POST /containers/$life/rename?name=$other !! No such container: $life

[output: attach, wait, logs]
create        POST /containers/create?name=$output {"Image":"IMAGE","Cmd":["sh","-c","echo out; echo error >&2; exit 3"]}
no-log        GET /containers/$output/logs?stdout=1
attach        ~POST /containers/$output/attach?stream=1&stdout=1&stderr=1
plain         +POST /containers/$output/attach?stream=1&stdout=1&stderr=1
wait          +POST /containers/$output/wait?condition=next-exit
start         POST /containers/$output/start
read-attach   read attach
read-plain    read plain
read-wait     read wait
logs          GET /containers/$output/logs?stdout=1&stderr=1
logs-1.0      GET/1.0 /containers/$output/logs?stdout=1&stderr=1
followed      GET /containers/$output/logs?stdout=1&stderr=1&follow=1
one-stream    GET /containers/$output/logs?stderr=1
stamped       GET /containers/$output/logs?stdout=1&timestamps=1
tail          GET /containers/$output/logs?stdout=1&stderr=1&tail=0
since         GET /containers/$output/logs?stdout=1&since=9999999999
until         GET /containers/$output/logs?stdout=1&until=1000000000
no-stream     GET /containers/$output/logs
no-logs-of    GET /containers/$nobody/logs?stdout=1 !! No such container: $nobody
replayed      ~POST /containers/$output/attach?logs=1&stdout=1&stderr=1
read-replayed read replayed
no-attach     ~POST /containers/$nobody/attach?stream=1&stdout=1
read-refusal  read no-attach

[input, and its half-close]
create        POST /containers/create?name=$input {"Image":"IMAGE","Cmd":["cat"],"OpenStdin":true,"StdinOnce":true}
attach        ~POST /containers/$input/attach?stream=1&stdin=1&stdout=1&stderr=1
start         POST /containers/$input/start
typed         send attach hello
ended         end attach
read          read attach
wait          POST /containers/$input/wait

[a terminal]
create        POST /containers/create?name=$terminal {"Image":"IMAGE","Cmd":["sh","-c","echo hi; echo there >&2"],"Tty":true}
attach        ~POST /containers/$terminal/attach?stream=1&stdout=1&stderr=1
start         POST /containers/$terminal/start
read          read attach
wait          POST /containers/$terminal/wait
logs          GET /containers/$terminal/logs?stdout=1

[exec]
create        POST /containers/create?name=$exec {"Image":"IMAGE","Cmd":["sleep","1000"]}
start         POST /containers/$exec/start
exec          POST /containers/$exec/exec {"Cmd":["sh","-c","echo out; echo error >&2; exit 4"],"AttachStdout":true,"AttachStderr":true}
ready         GET /exec/{exec.Id}/json
run           ~POST /exec/{exec.Id}/start {"Detach":false,"Tty":false}
read          read run
ran           GET /exec/{exec.Id}/json
run-again     POST /exec/{exec.Id}/start {"Detach":true} !! has already run
cat           POST /containers/$exec/exec {"Cmd":["cat"],"AttachStdin":true,"AttachStdout":true}
run-cat       ~POST /exec/{cat.Id}/start {"Detach":false,"Tty":false}
typed         send run-cat hello
ended         end run-cat
read-cat      read run-cat
terminal      POST /containers/$exec/exec {"Cmd":["echo","hi"],"AttachStdout":true,"Tty":true}
run-terminal  ~POST /exec/{terminal.Id}/start {"Detach":false,"Tty":true}
read-terminal read run-terminal
detached      POST /containers/$exec/exec {"Cmd":["true"]}
run-detached  POST /exec/{detached.Id}/start {"Detach":true}
no-command    POST /containers/$exec/exec {} !! command
no-container  POST /containers/$nobody/exec {"Cmd":["true"]} !! No such container: $nobody
no-exec       GET /exec/$nobody/json !! No such exec instance
no-exec-start POST /exec/$nobody/start {"Detach":true} !! No such exec instance
delete        DELETE /containers/$exec?force=1

[what cannot run]
create        POST /containers/create?name=$cannot {"Image":"IMAGE","Cmd":["no-such-program"]}
start         POST /containers/$cannot/start !! executable file not found in $PATH
failed        GET /containers/$cannot/json
delete        DELETE /containers/$cannot

[archives]
create        POST /containers/create?name=$files {"Image":"IMAGE","Cmd":["true"]}
put           PUT /containers/$files/archive?path=/tmp tar
stat          HEAD /containers/$files/archive?path=/tmp/conform/hello.txt
get           GET /containers/$files/archive?path=/tmp/conform/hello.txt
get-folder    GET /containers/$files/archive?path=/tmp/conform
changes       GET /containers/$files/changes
export        GET /containers/$files/export
put-nowhere   PUT /containers/$files/archive?path=/no/such tar !! /no/such
put-in-file   PUT /containers/$files/archive?path=/tmp/conform/hello.txt tar !! not a directory
put-garbage   PUT /containers/$files/archive?path=/tmp text:this is no tar at all, not even compressed
get-nothing   GET /containers/$files/archive?path=/no/such !! /no/such
stat-nothing  HEAD /containers/$files/archive?path=/no/such
no-path       GET /containers/$files/archive
no-container  GET /containers/$nobody/archive?path=/tmp !! No such container: $nobody

[volumes]
create        POST /volumes/create {"Name":"$volume","Labels":{"a":"b"}}
create-again  POST /volumes/create {"Name":"$volume"}
bad-name      POST /volumes/create {"Name":"-$bad"} !! -$bad
inspect       GET /volumes/$volume
list          GET /volumes?filters={"name":["$volume"]}
user          POST /containers/create?name=$user {"Image":"IMAGE","Cmd":["true"],"HostConfig":{"Binds":["$volume:/data"]}}
used          GET /containers/$user/json
in-use        DELETE /volumes/$volume !! volume is in use
delete-user   DELETE /containers/$user?v=1
delete        DELETE /volumes/$volume
delete-again  DELETE /volumes/$volume !! no such volume
forced        DELETE /volumes/$volume?force=1
missing       GET /volumes/$volume !! no such volume

[networks]
create        POST /networks/create {"Name":"$network","CheckDuplicate":true,"Labels":{"a":"b"}}
name-taken    POST /networks/create {"Name":"$network","CheckDuplicate":true} !! already exists
inspect       GET /networks/$network
list          GET /networks?filters={"name":["$network"]}
built-in      GET /networks/bridge
user          POST /containers/create?name=$user {"Image":"IMAGE","Cmd":["sleep","1000"],"HostConfig":{"NetworkMode":"$network"}}
start         POST /containers/$user/start
used          GET /containers/$user/json
its-users     GET /networks/$network
in-use        DELETE /networks/$network !! has active endpoints
nobody        POST /networks/$network/connect {"Container":"$nobody"} !! No such container: $nobody
nowhere       POST /networks/$nothing/connect {"Container":"$user"} !! $nothing not found
connect-twice POST /networks/$network/connect {"Container":"$user"} !! already exists
disconnect    POST /networks/$network/disconnect {"Container":"$user"}
not-connected POST /networks/$network/disconnect {"Container":"$user"} !! is not connected
connect       POST /networks/$network/connect {"Container":"$user"}
delete-user   DELETE /containers/$user?force=1
delete        DELETE /networks/$network
delete-again  DELETE /networks/$network !! $network not found
missing       GET /networks/$network !! $network not found

[events]
create        POST /containers/create?name=$event {"Image":"IMAGE","Cmd":["true"]}
start         POST /containers/$event/start
wait          POST /containers/$event/wait
events        GET /events?since=1&until={now}&filters={"container":["$event"]}
events-1.0    GET/1.0 /events?since=1&until={now}&filters={"container":["$event"]}
none          GET /events?since=1&until=2
bad-order     GET /events?since=2&until=1
bad-time      GET /events?since=yesterday&until=1
"""

# Keys under which an object has keys of its own choosing: only what is under them is compared.
FREE_MAPS = frozenset("Labels Ports Networks Options Attributes IndexConfigs Runtimes Details Data PortBindings ExposedPorts Containers"
                      " networks stats LogConfig DriverOpts Volumes".split())
# What depends on the machine, not on the engine: neither recorded nor compared.
MACHINE_KEYS = frozenset("Warnings SecurityOptions DriverStatus Components percpu_usage blkio_stats memory_stats KernelMemory KernelMemoryTCP"
                         " networks Healthcheck".split())


class ConformStep:
    """One line of the table: `name`, `verb`, `target`, `body` (text) and `says` ("" or what a refusal contains)."""

    def __init__(self, line):
        line, _, self.says = line.partition(" !! ")
        words = line.split(None, 3) + ["", "", ""]
        self.name, self.verb, self.target, self.body = words[:4]
        self.body = self.body.strip()


def conform_scenarios():
    """The table → {scenario: list of ConformStep}, in its order."""
    found = OrderedDict()
    for line in CONFORM_SCENARIOS.strip().split("\n"):
        if line.startswith("["):
            steps = found[line.strip("[]")] = []
        elif line.strip():
            steps.append(ConformStep(line))
    return found


def shape_of(value, key=None):
    """The keys and types of a JSON value: "s", "n", "b" and "null", lists of one shape, dicts; {"*": shape} for a free-form map."""
    if isinstance(value, dict):
        kept = {name: shape_of(one, name) for name, one in value.items() if name not in MACHINE_KEYS}
        return {"*": merged_shapes(list(kept.values()))} if key in FREE_MAPS else kept
    if isinstance(value, list):
        return [merged_shapes([shape_of(one) for one in value])]
    return "null" if value is None else "b" if isinstance(value, bool) else "s" if isinstance(value, str) else "n"


def merged_shapes(shapes):
    """One shape that stands for all of them; "null" for none."""
    found = "null"
    for shape in shapes:
        if isinstance(found, dict) and isinstance(shape, dict):
            found = {key: merged_shapes([one[key] for one in (found, shape) if key in one]) for key in set(found) | set(shape)}
        elif isinstance(found, list) and isinstance(shape, list):
            found = [merged_shapes(found + shape)]
        elif found == "null":
            found = shape
        elif shape not in ("null", found):
            found = "mixed"
    return found


def shape_differences(expected, seen, where=""):
    """Lines that tell how the shape `seen` is not `expected`."""
    empty = ("null", ["null"], {"*": "null"})
    if expected == seen or "null" in (expected, seen) and isinstance(seen if expected == "null" else expected, (list, dict)):
        return []
    if isinstance(expected, list) and isinstance(seen, list):
        return [] if expected in empty or seen in empty else shape_differences(expected[0], seen[0], where + "[]")
    if isinstance(expected, dict) and isinstance(seen, dict):
        if "*" in expected or "*" in seen:
            if expected in empty or seen in empty:
                return []
        lines = ["key %s.%s is missing" % (where, key) for key in sorted(set(expected) - set(seen))]
        lines += ["key %s.%s is not expected" % (where, key) for key in sorted(set(seen) - set(expected))]
        for key in sorted(set(expected) & set(seen)):
            lines += shape_differences(expected[key], seen[key], "%s.%s" % (where, key))
        return lines
    return ["%s: expected %s, seen %s" % (where or "body", write_shape(expected), write_shape(seen))]


def write_shape(shape):
    """A shape as CONFORM_FACTS has it: JSON without quotes and blanks."""
    return json.dumps(shape, sort_keys=True, separators=(",", ":")).replace('"', "")


def read_shape(text):
    return json.loads(re.sub(r"[^\[\]{}:,]+", lambda word: '"%s"' % word.group(), text))


class ConformFact:
    """What an answer was like: `status` (int), `kind` (content type or "-"), `framing`, `shape`, `says` (None: not asked)."""

    def __init__(self, status, kind, framing, shape, says=None, message=""):
        self.status = status
        self.kind = kind
        self.framing = framing
        self.shape = shape
        self.says = says
        self.message = message


def read_facts(text):
    """The text of CONFORM_FACTS → {scenario: {step: ConformFact}}.

    A line that begins with blanks goes on from the one before; a shape `=scenario/step` is that one's again.
    """
    found = {}
    for line in re.sub(r"\n +", "", text.strip()).split("\n"):
        if line.startswith("["):
            facts = found[line.strip("[]")] = {}
        elif line:
            name, status, kind, framing, shape = line.split(None, 4)
            scenario, _, step = shape[1:].rpartition("/")
            facts[name] = ConformFact(int(status), kind, framing, found[scenario][step].shape if shape[0] == "=" else read_shape(shape))
    return found


def write_facts(scenario, results, written):
    """What one scenario showed, as CONFORM_FACTS has it (str). `written` {shape: where it stands}, to be kept from scenario to scenario."""
    lines = ["[%s]" % scenario]
    for step, fact in results:
        if not isinstance(fact, ConformFact):
            raise UsageError("%s, %s: %s" % (scenario, step.name, fact), "facts are recorded from an engine that answers")
        shape = write_shape(fact.shape)
        first = written.setdefault(shape, "%s/%s" % (scenario, step.name))
        if len(shape) > FACT_COLUMNS and first != "%s/%s" % (scenario, step.name):
            shape = "=" + first
        line = "%s %d %s %s %s" % (step.name, fact.status, fact.kind, fact.framing, shape)
        while len(line) > FACT_COLUMNS and "," in line[40:FACT_COLUMNS]:
            cut = line.rindex(",", 40, FACT_COLUMNS) + 1
            lines.append(line[:cut])
            line = "    " + line[cut:]
        lines.append(line)
    return "\n".join(lines)


class ConformRun:
    """The scenarios against one engine. `docker`: a Docker of API version CONFORM_API; `tell(text)` gets what a user should know."""

    def __init__(self, docker, tell=None):
        self.docker = docker
        self.tell = tell or (lambda text: None)
        self.prefix = CONFORM_PREFIX + os.urandom(3).hex() + "-"
        self._open = {}         # step name → (response, its Duplex or None, kind of its stream)
        self._answers = {}      # step name → JSON
        self._made = set()      # paths that remove what was made
        self._in_making = set()   # those of the request that is under way

    def check_engine(self):
        """UsageError if the engine does not speak CONFORM_API; pulls the image if it is not there."""
        offered = self.docker.request("GET", "/_ping", head_timeout=CONFORM_SECONDS, idle_timeout=CONFORM_SECONDS)
        with offered:
            offered.read()
        version = offered.headers.get("api-version", "")
        if re.fullmatch("1[.][0-9]{1,3}", version) and int(version[2:]) < int(CONFORM_API[2:]):
            raise UsageError("the engine at %s speaks API %s at most, the facts are of %s" % (self.docker.address, version, CONFORM_API),
                             "compare a newer engine")
        with self.docker.request("GET", "/v%s/images/%s/json" % (CONFORM_API, CONFORM_IMAGE), head_timeout=CONFORM_SECONDS) as there:
            there.read()
        if there.status == 404:
            self.tell("%s is not there: pulling it" % CONFORM_IMAGE)
            for _ in self.docker.call("image_create", fromImage=CONFORM_IMAGE, tag="latest"):
                pass

    def scenario(self, steps):
        """Run the steps of one scenario → [(ConformStep, ConformFact or RawdockError)]. Leaves nothing behind."""
        found = []
        self._open, self._answers = {}, {}
        try:
            for step in steps:
                try:
                    fact = self._step(step)
                except (RawdockError, KeyError, TypeError) as error:   # an answer that never was cannot be built on
                    fact = error
                if fact is not None:
                    found.append((step, fact))
        finally:
            self.clean_up()
        return found

    def clean_up(self):
        """Close the streams and remove every object made, whatever happened.

        What a request was making when it was broken off may come to be after it was looked for: that is looked for again.
        """
        for response, _, _ in self._open.values():
            response.close()
        self._open = {}
        # Containers first: they hold the volumes and networks.
        for path in sorted(self._made, key=lambda path: not path.startswith("/containers")):
            self._made.discard(path)
            for again in range(5 if path in self._in_making else 1):
                time.sleep(0.2 * bool(again))
                if self._remove(path):
                    break
        self._in_making = set()

    def _remove(self, path):
        """Whether there was something to remove. What cannot be removed is told."""
        try:
            with self.docker.request("DELETE", "/v%s%s" % (CONFORM_API, path), head_timeout=CONFORM_SECONDS) as answer:
                answer.read(MAX_CONFORM_BYTES)
            if answer.status >= 400 and answer.status != 404:
                self.tell("could not remove %s: %d" % (path, answer.status))
            return answer.status < 400
        except RawdockError as error:
            self.tell("could not remove %s: %s" % (path, error))
            return True

    def _fill(self, text):
        """`text` with its names, values and the image put in."""
        text = re.sub(r"\{([a-z-]+)\.([A-Za-z]+)\}", lambda match: str(self._answers[match.group(1)][match.group(2)]), text)
        text = re.sub(r"\$([a-z]+)", lambda match: self.prefix + match.group(1), text)
        return text.replace("{now}", "%.6f" % time.time()).replace("IMAGE", CONFORM_IMAGE)

    def _step(self, step):
        if step.verb in ("send", "end", "read"):
            response, duplex, kind = self._open[step.target]
            if step.verb == "send":
                duplex.send((step.body + "\n").encode())
            elif step.verb == "end":
                duplex.close_write()
            else:
                del self._open[step.target]
                with response:
                    return ConformFact(response.status, "-", response.framing.kind, self._shape(response, duplex, kind))
            return None
        mark, verb = (step.verb[0], step.verb[1:]) if step.verb[0] in "+~*" else ("", step.verb)
        method, _, version = verb.partition("/")
        target, body = self._fill(step.target), self._fill(step.body)
        self._note_made(target, body)
        path, _, query = target.partition("?")
        path = path[1:] if path.startswith("^") else "/v%s%s" % (CONFORM_API, path)
        headers = upgrade_fields("tcp") if mark == "~" else []
        response = self.docker.request(
            method, path, [pair.partition("=")[::2] for pair in query.split("&")] if query else None, headers + body_fields(body),
            body_bytes(body), version or "1.1", mark == "~" or path.endswith("/attach"), CONFORM_SECONDS, CONFORM_SECONDS)
        if response.status >= 400:
            self._made -= self._in_making
        self._in_making = set()
        kind = stream_kind(path, body)
        duplex = response.duplex(True) if response.framing.kind == "upgrade" else None
        if mark in ("+", "~"):
            self._open[step.name] = (response, duplex, kind)
            return ConformFact(response.status, content_type(response), response.framing.kind, "held")
        with response:
            shape = self._shape(response, duplex, kind, step.name)
        framing = "sized" if mark == "*" and response.framing.kind in ("length", "chunked") else response.framing.kind
        says, message = None, self._answers.get(step.name)
        message = message.get("message") if isinstance(message, dict) else None
        if step.says:
            says = isinstance(message, str) and self._fill(step.says).lower() in message.lower()
        return ConformFact(response.status, content_type(response), framing, shape, says, message)

    def _note_made(self, target, body):
        """Remember what this request makes, before it does."""
        before = set(self._made)
        named = re.search(r"/containers/(?:create|[^/]+/rename)\?name=(-?%s[a-z]+)" % self.prefix, target)
        if named:
            self._made.add("/containers/%s?force=1&v=1" % named.group(1))
        tagged = re.search(r"repo=(%s[A-Za-z]+)&tag=1" % self.prefix, target)
        if tagged:
            self._made.add("/images/%s:1" % tagged.group(1))
        for kind in ("volumes", "networks"):
            made = re.search(r'"Name":"(-?%s[a-z]+)"' % self.prefix, body) if target == "/%s/create" % kind else None
            if made:
                self._made.add("/%s/%s" % (kind, made.group(1)))
        self._in_making = self._made - before

    def _shape(self, response, duplex, kind, name=None):
        stat = response.headers.get("x-docker-container-path-stat")
        if stat is not None:
            from base64 import b64decode
            return {"path stat": shape_of(json.loads(b64decode(stat).decode("utf-8"))), "body": shape_of_tar(response.read(MAX_CONFORM_BYTES))}
        data = response.read(MAX_CONFORM_BYTES) if duplex is None else read_duplex(duplex)
        if response.status >= 400 and not data.startswith(b"{"):
            return "text" if data else "nothing"
        if response.status < 400 and kind == "raw":
            return {"terminal": "%d bytes" % len(data)}
        if response.status < 400 and kind == "frames":
            return shape_of_frames(data)
        if "tar" in response.headers.get("content-type", "") or kind == "export":
            return "tar"
        try:
            values = json_values(data)
        except ValueError:
            return "text"
        self._answers[name] = values[0] if values else None
        return shape_of(values[0]) if len(values) == 1 else {"messages": merged_shapes([shape_of(one) for one in values])} if values else "nothing"


def read_duplex(duplex):
    """All bytes of the raw stream that a connection has become."""
    parts, size = [], 0
    for data in duplex:
        parts.append(data)
        size += len(data)
        if size > MAX_CONFORM_BYTES:
            raise StreamError("a stream of more than %d bytes" % MAX_CONFORM_BYTES)
    return b"".join(parts)


def json_values(data):
    """The JSON values that stand one after the other in `data`. ValueError if it is something else."""
    text, values, decoder = data.decode("utf-8").strip(), [], json.JSONDecoder()
    while text:
        value, end = decoder.raw_decode(text)
        values.append(value)
        text = text[end:].lstrip()
    return values


def shape_of_frames(data):
    reader = FrameReader()
    sizes = {}
    for stream, piece in reader.feed(data):
        sizes[stream] = sizes.get(stream, 0) + len(piece)
    reader.feed_eof()
    return {"stream %d" % stream: "%d bytes" % size for stream, size in sizes.items()} or "nothing"


def shape_of_tar(data):
    """The names in a tar."""
    import io
    import tarfile
    if not data:
        return "nothing"
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return ["tar of " + " and ".join(archive.getnames())]


def stream_kind(path, body):
    """What a body or stream is, which no head tells: "frames", "raw" (a terminal's), "export" or ""."""
    if re.search("/(attach|logs)$|/exec/.*/start$", path):
        return "raw" if "-terminal/" in path or '"Tty":true' in body else "frames"
    return "export" if path.endswith("/export") else ""


def content_type(response):
    """The content type without blanks, "-" for none."""
    return response.headers.get("content-type", "-").replace(" ", "").lower()


def body_fields(body):
    return [("Content-Type", "application/x-tar" if body == "tar" else "application/json")] if body else []


def body_bytes(body):
    """A step's body → bytes, None for none."""
    if body == "tar":
        return conform_tar()
    if body.startswith("text:"):
        return body[5:].encode()
    return body.encode() if body else None


def conform_tar():
    """A tar of the folder conform with one file in it."""
    import io
    import tarfile
    folder, file = tarfile.TarInfo("conform/"), tarfile.TarInfo("conform/hello.txt")
    folder.type, folder.mode, file.size = tarfile.DIRTYPE, 0o755, 6
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(folder)
        archive.addfile(file, io.BytesIO(b"hello\n"))
    return written.getvalue()


def run_scenarios(docker, tell=None):
    """Every scenario in turn, as it is done: (its name, [(ConformStep, ConformFact or error)])."""
    run = ConformRun(docker, tell)
    run.check_engine()
    for scenario, steps in conform_scenarios().items():
        yield scenario, run.scenario(steps)


def compare_fact(expected, seen, says):
    """(how many things were compared, lines that tell the differences, how many things differ)."""
    if not isinstance(seen, ConformFact):
        return 1, ["no answer to compare: %s" % " ".join(str(seen).split())], 1
    lines = []
    for what in ("status", "kind", "framing"):
        if getattr(expected, what) != getattr(seen, what):
            lines.append("%s: expected %s, seen %s" % ("content type" if what == "kind" else what, getattr(expected, what), getattr(seen, what)))
    wrong = len(lines)
    shapes = shape_differences(expected.shape, seen.shape)
    lines += shapes[:MAX_DIFFERENCES] + ["… and %d more" % (len(shapes) - MAX_DIFFERENCES)] * (len(shapes) > MAX_DIFFERENCES)
    wrong += bool(shapes)
    if says and not seen.says:
        lines.append("message: expected to contain %r, seen %r" % (says, seen.message))
        wrong += 1
    return 4 + bool(says), lines, wrong
