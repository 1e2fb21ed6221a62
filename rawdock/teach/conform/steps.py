"""The requests of `rawdock conform`, in a table, and what their bodies are."""
import re
from collections import OrderedDict

CONFORM_IMAGE = "busybox"

# ==== table begin: scenarios
# After a line [scenario] each line is a step: its name, then one of these.
#   METHOD TARGET [BODY] [!! TEXT]   A request, whose answer becomes a fact. METHOD/1.0 uses HTTP/1.0. /vX.Y is
#                                    put before TARGET, unless that begins with ^. BODY is JSON, `tar` (a small
#                                    archive) or `text:...`. A refusal must contain TEXT, in any case of letters.
#   +METHOD TARGET [BODY]            a request whose body is left for a later `read`
#   ~METHOD TARGET [BODY]            a request for an upgrade to a raw stream
#   *METHOD TARGET [BODY]            a request for a body whose length, and so its framing, depends on the machine
#   raw BYTES                        These bytes (\r and \n are CR and LF) on a connection of their own. The
#                                    framing of the answer is not compared.
#   send STEP TEXT, end STEP, read STEP   text, a half-close or reading to the end, on the stream that STEP opened
# $word is a name made for this run, {STEP.Key} a value in the JSON of an earlier answer, {now} the time in
# seconds.
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
bad-filter    GET /containers/json?filters=no-json
empty-list    GET /containers/json?filters={"name":["$nobody"]}
typed-by-hand raw GET /_ping HTTP/1.1\nHost: x\n\n

[an image]
pull          POST /images/create?fromImage=IMAGE&tag=latest
inspect       *GET /images/IMAGE/json
list          *GET /images/json?filters={"reference":["IMAGE"]}
echo-and-nc   raw GET /images/json HTTP/1.0\r\n\n
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
# ==== table end


class ConformStep:
    """One line of CONFORM_SCENARIOS.

    `name`, `verb`, `target`, `body` and `says`, what a refusal must contain (all str). The `body` of a `raw`
    step is all that it sends.
    """

    def __init__(self, line):
        line, _, self.says = line.partition(" !! ")
        words = line.split(None, 3) + ["", "", ""]
        self.name, self.verb, self.target, self.body = words[:4]
        self.body = self.body.strip()
        if self.verb == "raw":
            self.target, self.body = "", line.split(None, 2)[2].replace("\\r", "\r").replace("\\n", "\n")


def conform_scenarios():
    """CONFORM_SCENARIOS as an ordered dict of scenario → list of ConformStep."""
    found = OrderedDict()
    for line in CONFORM_SCENARIOS.strip().split("\n"):
        if line.startswith("["):
            steps = found[line.strip("[]")] = []
        elif line.strip():
            steps.append(ConformStep(line))
    return found


def stream_kind(path, body):
    """The kind of a body, which its head does not say: "frames", "raw" (a terminal's), "export" or ""."""
    if re.search("/(attach|logs)$|/exec/.*/start$", path):
        return "raw" if "-terminal/" in path or '"Tty":true' in body else "frames"
    return "export" if path.endswith("/export") else ""


def body_fields(body):
    return [("Content-Type", "application/x-tar" if body == "tar" else "application/json")] if body else []


def body_bytes(body):
    """The body of a step as bytes, None if it has none."""
    if body == "tar":
        return conform_tar()
    if body.startswith("text:"):
        return body[5:].encode()
    return body.encode() if body else None


def conform_tar():
    """A tar (bytes) of the folder conform with one file in it."""
    import io
    import tarfile
    folder, file = tarfile.TarInfo("conform/"), tarfile.TarInfo("conform/hello.txt")
    folder.type, folder.mode, file.size = tarfile.DIRTYPE, 0o755, 6
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(folder)
        archive.addfile(file, io.BytesIO(b"hello\n"))
    return written.getvalue()
