"""The lessons themselves: LESSONS, in their order.

Each is data: what is explained, what is to be done, three hints from vague to nearly everything, what the
answer must say, an answer that passes, and what the engine's response shows.

They are written for somebody who has never seen HTTP: a term is explained where it first comes. What is said
of HTTP is in RFC 9110 (what messages mean) and RFC 9112 (how they look on the wire); what is said of the
engine was seen on its wire.
"""
import time

from .lessons import Lesson, WantedRequest
from .tasks import (
    ANY_SWITCH, CACHE_BODY, CAPTURE_FACTS, LESSON_CAPTURE, LESSON_TAR, ONE_INPUT, SPEAKER, TAR_FACTS,
    WRONG_CAPTURE_FACTS, WRONG_KEYS, WRONG_STDIN, WRONG_TAR_FACTS, attach_request, capture_explained,
    capture_lines, command_hint, events_cut, facts_hint, frames_as_sent, frames_hint, header_lines,
    image_hint, json_request, liar_explained, request_lines, since_hint, stream_as_bytes, stream_hint,
    tar_facts, until_hint, wanted_attach, whole_disk_hint,
)

# ==== table begin: the lessons

FIRST_GET = Lesson(
    "first-get", "One GET with HTTP/1.0",
    text="""
A program that wants something from a Docker engine opens a connection to it and writes a request: text in a
form called HTTP. The engine writes a response on the same connection. The docker command does nothing else.
The connection here is a Unix socket: a file name, /var/run/docker.sock, behind which a program listens.

A request begins with the request line: a method (what is to be done), a target (with what), and the version
of HTTP, separated by one blank each. GET means: send me what is there. After that come fields, a line each,
and then an empty line, which says: the head of this request ends here. (RFC 9112 §2.1, §3)

Every line ends with two bytes, carriage return and line feed, written \\r\\n (0d 0a in hexadecimal). The
empty line is those two bytes alone. So the shortest request is a request line, \\r\\n, and once more \\r\\n.

HTTP/1.0 is the older version and the simpler one: no field is needed, and the engine closes the connection
after its response.""",
    task="""
Ask the engine whether it is there: the method GET, the target /_ping, the version HTTP/1.0.""",
    hints=("One line of three parts, then an empty line.",
           "The line begins with GET and ends with HTTP/1.0; the target between them begins with a slash and "
           "an underscore.",
           "GET /_ping HTTP/1.0, Enter, Enter. From a shell:\n    printf 'GET /_ping HTTP/1.0\\r\\n\\r\\n' | "
           "rawdock learn 1"),
    wanted=(WantedRequest("GET", "/_ping", version="1.0"),), statuses=(200,),
    solution=lambda: request_lines("GET /_ping HTTP/1.0"),
    after="""
The response has the same form: a status line (200 means: done), fields, an empty line. What follows the empty
line is the body, here the two letters OK: Content-Length announces how many bytes it has. Then the engine
closed the connection, as HTTP/1.0 has it. The same by other means, where an engine runs:
    printf 'GET /_ping HTTP/1.0\\r\\n\\r\\n' | nc -U /var/run/docker.sock""")

KEEP_ALIVE = Lesson(
    "keep-alive", "HTTP/1.1: Host and keep-alive",
    text="""
HTTP/1.1 is what programs speak today. It has two more rules. Every request names the host it is meant for in
a field: a field is a name, a colon, and a value, on a line of its own between the request line and the empty
line, as in Host: docker. One web server may serve many hosts at one address, so the field is required (RFC
9112 §3.2), even on a Unix socket, where any name will do.

And the connection stays open after a response, so that the next request can follow on it: keep-alive (RFC
9112 §9.3). So the client has to know where a response ends while the connection goes on. That is what
Content-Length is for.""",
    task="""
Write two requests of HTTP/1.1, one right after the other, for one connection: GET /_ping, and then GET
/version.""",
    hints=("Each request has a line of its own for Host, and each ends with its own empty line.",
           "The second request begins right after the empty line of the first. Neither needs Connection: "
           "close.",
           "GET /_ping HTTP/1.1, Host: docker, empty line, GET /version HTTP/1.1, Host: docker, empty line."),
    wanted=(WantedRequest("GET", "/_ping", version="1.1"), WantedRequest("GET", "/version", version="1.1")),
    statuses=(200, 200),
    solution=lambda: request_lines("GET /_ping HTTP/1.1", "Host: docker")
    + request_lines("GET /version HTTP/1.1", "Host: docker"),
    after="""
Two responses came on one connection. The first ended after the two bytes that its Content-Length announced;
the next byte was the H of the second status line. To end a connection a request says Connection: close.""")

CREATE_WITH_JSON = Lesson(
    "create", "A body: Content-Length and JSON",
    text="""
To make a container, the engine has to know what it is to be. That goes into the body of a request, after the
empty line, and is written as JSON: an object in braces, names and texts in double quotes,
{"Image":"busybox"}. An image is what the container starts from.

A request with a body says how many bytes the body has, in the field Content-Length (RFC 9110 §8.6), and of
what kind it is, in Content-Type. The count is of bytes, not characters, and begins after the empty line. Too
large a number, and the engine waits for bytes that never come; too small a one, and it takes the rest for the
next request.

POST is the method for what changes something. After the target may come a query: a question mark and
parameters, name=value.""",
    task="""
Create a container called first that would print hello: POST /containers/create?name=first, with the body
{"Image":"busybox","Cmd":["echo","hello"]}
and the fields Content-Type: application/json and Content-Length.""",
    hints=("Count the bytes of the body, both braces too. No line end belongs to it.",
           "Fields: Host (for HTTP/1.1), Content-Type: application/json, Content-Length. Then the empty "
           "line, then the body.",
           "The body of the task has 42 bytes. printf '%s' '{...}' | wc -c counts them."),
    wanted=(WantedRequest("POST", "/containers/create", {"name": ("first",)},
                          fields={"Content-Type": "application/json"}, framing="length",
                          body=lambda value: image_hint(value, "busybox")
                          or command_hint(value, ["echo", "hello"])),), statuses=(201,),
    prepare=lambda room: room.need_image("busybox"),
    solution=lambda: json_request("POST /containers/create?name=first HTTP/1.1",
                                  b'{"Image":"busybox","Cmd":["echo","hello"]}'),
    after="""
201 means: created. The body of the response is JSON too, and has the Id, 64 hexadecimal digits, by which the
container can be named from now on; its name does as well. It does not run yet: that is another request.""")

PULL_IN_CHUNKS = Lesson(
    "pull", "404, and a pull that comes in chunks",
    text="""
A response whose status begins with 4 says that the engine has not done it, and that the request is the
reason. 404 means that there is no such thing (RFC 9110 §15.5.5). When the image of a new container is not
there, create answers 404, and its body says which image is missing. That is how docker run finds out that it
has to pull: to fetch the image from a registry, a server of images.

A pull is a POST to /images/create, with the parameters fromImage and tag (the version of the image). It takes
a while, and the engine tells how far it is while it goes on. It cannot know how long its response will be, so
it gives no Content-Length. It says Transfer-Encoding: chunked and sends chunks. A chunk is a line with its
size in hexadecimal, then that many bytes, then \\r\\n. The last chunk has the size 0, so that the end is
known (RFC 9112 §7.1). Only HTTP/1.1 has chunks.

Inside are messages: one JSON object after another. Where a chunk ends says nothing about where a message
ends.""",
    task="""
On one connection, with HTTP/1.1: first POST /containers/create?name=cache with the body
{"Image":"redis:2.8","Cmd":["redis-server"]}
which the engine will answer with 404, then POST /images/create?fromImage=redis&tag=2.8 without a body.""",
    hints=("Two requests as in lesson 2, the first one with a body as in lesson 3.",
           "The second request begins right after the last byte of the first one's body. It needs Host and "
           "no Content-Length.",
           "The body has 44 bytes. The second request: POST /images/create?fromImage=redis&tag=2.8 HTTP/1.1, "
           "Host: docker, empty line."),
    wanted=(WantedRequest("POST", "/containers/create", {"name": ("cache",)}, "1.1",
                          {"Content-Type": "application/json"}, framing="length",
                          body=lambda value: image_hint(value, "redis:2.8")
                          or command_hint(value, ["redis-server"])),
            WantedRequest("POST", "/images/create",
                          {"fromImage": ("redis", "docker.io/library/redis"), "tag": ("2.8",)}, "1.1")),
    statuses=(404, 200),
    solution=lambda: json_request("POST /containers/create?name=cache HTTP/1.1", CACHE_BODY)
    + request_lines("POST /images/create?fromImage=redis&tag=2.8 HTTP/1.1", "Host: docker"),
    after="""
Each chunk began with a line that has its size in hexadecimal: 34 means 52 bytes, 3 times 16 and 4. The body
ended with 0\\r\\n\\r\\n; without that a client must call it cut, however many messages had come. And the
status 200 was sent before the pull had begun: a pull that fails later says so in a last message,
{"error":...}, which a client must look for. Now create would be answered with 201.""")

CHUNKS_BY_HAND = Lesson(
    "chunks", "Chunks, written by hand",
    text="""
A request can have a chunked body too: this is how an archive of unknown size is sent. Its head has
Transfer-Encoding: chunked in place of Content-Length; both together are an error (RFC 9112 §6.3).

The body then is: size in hexadecimal, \\r\\n, the bytes, \\r\\n, and so on, and at the end 0, \\r\\n, \\r\\n.
Ten bytes are written a, sixteen are 10. The \\r\\n after the bytes does not count.""",
    task="""
Create a container called parts whose body is sent in chunks, one or more: POST /containers/create?name=parts,
HTTP/1.1, with the JSON
{"Image":"busybox"}
The sum of the chunks is the JSON; where it is cut is up to you.""",
    hints=("After the empty line: a size, the bytes, again and again, and a chunk of size 0.",
           "{\"Image\":\"busybox\"} has 19 bytes, which is 13 in hexadecimal.",
           "After the head: 13, Enter, {\"Image\":\"busybox\"}, Enter, 0, Enter, Enter."),
    wanted=(WantedRequest("POST", "/containers/create", {"name": ("parts",)}, "1.1",
                          {"Content-Type": "application/json"}, framing="chunked",
                          body=lambda value: image_hint(value, "busybox")),), statuses=(201,),
    prepare=lambda room: room.need_image("busybox"),
    solution=lambda: request_lines("POST /containers/create?name=parts HTTP/1.1", "Host: docker",
                                   "Content-Type: application/json", "Transfer-Encoding: chunked",
                                   body=b"9\r\n{\"Image\":\r\na\r\n\"busybox\"}\r\n0\r\n\r\n"),
    after="""
The engine put the chunks together and saw one JSON object. Its own response was short, so it knew the length,
and used Content-Length: the same engine uses one form or the other as it sees fit. A client decides by the
fields, never by what it asked for.""")

NO_BODY_AT_ALL = Lesson(
    "no-body", "204 and 304: responses without a body",
    text="""
Starting a container is a POST to /containers/NAME/start. The request has nothing to send, and the response
has nothing to say but that it is done: the status 204 means done, and no body follows (RFC 9110 §15.3.5). 304
means here that the container runs already. (In HTTP 304 answers a conditional request: the copy that the
client has is still good, RFC 9110 §15.4.5. Docker borrows the code.)

Neither has a body, whatever its fields say, and neither has a Content-Length here. A client that waits for a
body waits for ever: a body ends with the connection only where a body is allowed (RFC 9112 §6.3).
The other answers without a body are those to the method HEAD, those whose status begins with 1, and a 2xx to
the method CONNECT, after which a tunnel follows.""",
    task="""
A container called sleeper has been created. Start it, and on the same connection start it once more: POST
/containers/sleeper/start, HTTP/1.1.""",
    hints=("Two requests, both the same, neither with a body.",
           "A POST without a body needs no Content-Length; Content-Length: 0 does no harm.",
           "POST /containers/sleeper/start HTTP/1.1, Host: docker, empty line; all of it twice."),
    wanted=(WantedRequest("POST", "/containers/sleeper/start", version="1.1"),) * 2, statuses=(204, 304),
    prepare=lambda room: room.make("sleeper", {"Image": "busybox", "Cmd": ["sleep", "600"]}),
    solution=lambda: request_lines("POST /containers/sleeper/start HTTP/1.1", "Host: docker") * 2,
    after="""
The second status line came right after the empty line of the first response: there was no body between them,
and no field that says so. The docker command takes 304 for success too.""")

UPGRADE_LESSON = Lesson(
    "upgrade", "The upgrade: a connection that stops being HTTP",
    text="""
What a container prints should arrive as it is printed, and what is typed should reach it meanwhile. A request
followed by a response cannot do that. So attach asks to leave HTTP: the fields Connection: Upgrade and
Upgrade: tcp say that the client would go on with something else on this connection (RFC 9110 §7.8). The
engine agrees with the status 101. After the empty line of that response there is no HTTP any more: both sides
send bytes when they like, until they close. This is also called to hijack the connection.

The parameters of attach say what is wanted: stream=1 for what comes from now on, stdout=1 and stderr=1 for
the two outputs that every program has: standard output for results, standard error for complaints.

Attach comes before start: what is printed earlier would not be sent again.""",
    task="""
A container called speaker has been created and not started. Attach to it: POST /containers/speaker/attach
with the parameters stream=1, stdout=1 and stderr=1, HTTP/1.1, and the two fields that ask for the upgrade.
When the engine has answered, this lesson starts the container.""",
    hints=("Parameters are separated by &; their order does not matter.",
           "Three fields: Host, Connection and Upgrade.",
           "POST /containers/speaker/attach?stream=1&stdout=1&stderr=1 HTTP/1.1, Host: docker, Connection: "
           "Upgrade, Upgrade: tcp, empty line."),
    wanted=(wanted_attach("speaker", "stdout", "stderr", stdin=("0", "false"), logs=ANY_SWITCH),),
    statuses=(101,), prepare=lambda room: room.make("speaker", SPEAKER),
    meanwhile=lambda room: room.docker.call("container_start", "speaker"), afterwards=stream_as_bytes,
    solution=lambda: attach_request("speaker", "stream=1&stdout=1&stderr=1"),
    after="""
After 101 came no length and no chunks, but not just text either: eight bytes come before each piece. They say
which output the piece belongs to and how long it is; the next lesson is about them. The stream ended where
the engine closed the connection, and the bytes look the same when a connection breaks: a careful client asks
afterwards whether the container has ended.""")

FRAMES_LESSON = Lesson(
    "frames", "Frames: two outputs on one stream", kind="notation",
    text="""
Standard output and standard error of a container come on one connection. So that a client can separate them,
the engine puts every piece into a frame: a header of eight bytes, then the piece, which is called the
payload.

The header is: one byte for the stream (00 stdin, 01 stdout, 02 stderr), three bytes that are zero, and the
length of the payload as a number of four bytes, the largest part first: 00 00 00 06 is six, 00 00 01 00 is
256. These are numbers, not digits: the byte 01 is not the character 1, which is the byte 31. (Engine API,
ContainerAttach, stream format)

A frame is no line. A long line comes in several frames, and several lines may come in one.""",
    task="""
A program writes hello and a line end (\\n) to standard output, then oops and a line end to standard error,
and the engine makes a frame of each. Write the two frames, byte by byte. Write numbers in hexadecimal, two
digits each, and text in double quotes, where \\n is the line end: 01 02 ff "text\\n". A file may hold that,
or the bytes themselves.""",
    hints=("Each frame: eight bytes of header, then the text with its \\n.",
           "hello and its line end are six bytes, oops and its line end are five.",
           "01 00 00 00 00 00 00 06 \"hello\\n\", and the other one with 02 and 05."),
    look=frames_hint, afterwards=frames_as_sent,
    solution=lambda: b'01 00 00 00 00 00 00 06 "hello\\n"\n02 00 00 00 00 00 00 05 "oops\\n"\n')

STDIN_LESSON = Lesson(
    "stdin", "Standard input and the half-close",
    text="""
After the upgrade the connection carries bytes both ways. What the client sends becomes the standard input of
the container, byte for byte: no frames, for there is only one input, and no \\r\\n, for this is no HTTP any
more. Programs end a line with \\n.

Many programs read until their input ends. How does a client say that it has ended, and still get the output?
It closes half of the connection: shutdown(SHUT_WR) means, I send no more, but I read on. The engine then
closes the program's input. To close the whole connection would throw the output away, and to half-close an
ordinary request tells the engine that the client has left: it cancels.

No byte of the input may be sent before the head of the answer has come: an engine loses what comes earlier.
This lesson waits for you.""",
    task="""
A container called counter runs wc -l, which counts the lines of its input. Attach to it with the parameters
stream=1, stdin=1 and stdout=1, asking for the upgrade as in lesson 7. After the empty line write its input,
two lines: one, and two. The end of your answer is the half-close.""",
    hints=("The same request as in lesson 7, with stdin=1, for the container counter; then the input.",
           "The input is eight bytes: one, \\n, two, \\n. In printf it follows \\r\\n\\r\\n directly.",
           "POST /containers/counter/attach?stream=1&stdin=1&stdout=1 HTTP/1.1, Host: docker, Connection: "
           "Upgrade, Upgrade: tcp, empty line, one, two."),
    wanted=(wanted_attach("counter", "stdin", "stdout", stderr=ANY_SWITCH, logs=ANY_SWITCH),),
    statuses=(101,), stream=stream_hint(rb"one\ntwo\n", WRONG_STDIN), afterwards=stream_as_bytes,
    prepare=lambda room: room.make("counter",
                                   dict(ONE_INPUT, Cmd=["wc", "-l"]), start=True),
    solution=lambda: attach_request("counter", "stream=1&stdin=1&stdout=1", b"one\ntwo\n"),
    after="""
wc answered only after the half-close: until then more lines could have come. Its answer has a frame header;
what you sent had none.""")

TTY_LESSON = Lesson(
    "tty", "A terminal: raw streams",
    text="""
A container can be given a terminal (docker run -t; Tty in JSON). A terminal is a device between a keyboard
and a program: it echoes what is typed, lets a line be mended, makes a signal of Ctrl-C, and turns \\n of the
program into \\r\\n. It has one output: a program that writes to stdout or to stderr writes to the same
screen. So there is nothing to tell apart, and the engine sends the bytes as they are, raw: no frames. A
client must know beforehand which it is, from the container's settings; newer engines also tell by the
Content-Type of the answer.

What is sent are keys. Enter is \\r or \\n, Ctrl-C is the byte 03, and Ctrl-D is the byte 04: on an empty line
it means, no more input. To half-close does not mean that here: it detaches, and the program runs on.""",
    task="""
A container called shell runs sh on a terminal. Attach to it with stream=1, stdin=1 and stdout=1 and the
upgrade. After the empty line type echo hello, Enter, and then Ctrl-D, the byte 04. (Typed here, write it
\\x04; in printf it is \\004.)""",
    hints=("The request of lesson 9, for the container shell; then the keys.",
           "The keys are 12 bytes: echo hello, one line end, one byte 04. Nothing comes after it.",
           "POST /containers/shell/attach?stream=1&stdin=1&stdout=1 HTTP/1.1, Host: docker, Connection: "
           "Upgrade, Upgrade: tcp, empty line, echo hello, \\x04."),
    wanted=(wanted_attach("shell", "stdin", "stdout", stderr=ANY_SWITCH, logs=ANY_SWITCH),),
    statuses=(101,), stream=stream_hint(rb"echo hello[\r\n]\x04", WRONG_KEYS), half_close=False,
    afterwards=stream_as_bytes,
    prepare=lambda room: room.make("shell",
                                   dict(ONE_INPUT, Cmd=["sh"], Tty=True), start=True),
    solution=lambda: attach_request("shell", "stream=1&stdin=1&stdout=1", b"echo hello\n\x04"),
    after="""
The first hello is the echo of your typing, the second is the program's. The lines end with \\r\\n, which the
terminal has made. There was no frame header: a client that looked for one would have taken the first eight
letters for it.""")

EVENTS_LESSON = Lesson(
    "events", "Events: a response that never ends, and how it is cut",
    text="""
GET /events is answered with a chunked body of JSON objects, one for each thing that happens: a container
created, started, ended. It never ends by itself, and no request stops it: the client closes the connection,
and the engine notices. Logs that are followed and statistics are of the same kind.

Two parameters set bounds: since (tell first what has happened since then) and until (end then). Both are
seconds since the beginning of 1970, which date +%s prints, with or without a fraction; an engine takes no
other form.

With HTTP/1.1 and chunks the end can be seen: the last chunk of size 0. With HTTP/1.0 the end of the
connection is the end of the body, and a cut cannot be told from it.""",
    task="""
Ask for events up to a moment a few seconds from now: GET /events with the parameter until, HTTP/1.1. Add a
few seconds to the time now (shown above your prompt; in a shell $(date +%s)). Meanwhile this lesson starts a
container, so that something happens.""",
    hints=("One request with one parameter; the number must lie ahead when you send it, by a minute at most.",
           "From a shell: t=$(( $(date +%s) + 3 ))",
           "From a shell:\n    t=$(( $(date +%s) + 3 ))\n"
           "    printf '%s\\r\\n' \"GET /events?until=$t HTTP/1.1\" 'Host: docker' '' | rawdock learn 11"),
    wanted=(WantedRequest("GET", "/events", {"until": until_hint}, "1.1", optional={"since": since_hint}),),
    statuses=(200,), prepare=lambda room: room.need_image("busybox"),
    meanwhile=lambda room: room.make("bell", {"Image": "busybox", "Cmd": ["echo", "ding"]}, start=True),
    afterwards=events_cut, note=lambda: "Now it is %d." % time.time(),
    solution=lambda: request_lines("GET /events?until=%d HTTP/1.1" % (time.time() + 4), "Host: docker"),
    after="""
The events came as they happened, a chunk each, and at the moment that you named the last chunk came:
0\\r\\n\\r\\n. So this stream is known to be whole.""")

ARCHIVE_LESSON = Lesson(
    "archive", "Archives: files in and out of a container",
    text="""
docker cp copies files out of a container and into it. On the wire it is an archive in the tar format: for
each file a header of 512 bytes, with the name, the rights, the owner and the size, and then the file, filled
up to a multiple of 512 bytes. A GET to /containers/NAME/archive brings one out, a PUT with a tar body puts
one in, and a HEAD only asks what is there. The parameter path says which file or folder.

The container need not run.

Values of parameters are percent-encoded: a byte that has a meaning of its own in a target, such as a blank or
&, is written as % and two hexadecimal digits (RFC 3986 §2.1). A slash may be written in a value
as it is, or as %2F.""",
    task="""
A container called box has been created. Fetch its file /etc/passwd as an archive: GET /containers/box/archive
with the parameter path, HTTP/1.1.""",
    hints=("One request, one parameter.",
           "The parameter is path, its value the whole path of the file, with the slash at its beginning.",
           "GET /containers/box/archive?path=/etc/passwd HTTP/1.1, Host: docker, empty line."),
    wanted=(WantedRequest("GET", "/containers/box/archive", {"path": ("/etc/passwd",)}, "1.1"),),
    statuses=(200,), prepare=lambda room: room.make("box", {"Image": "busybox", "Cmd": ["true"]}),
    afterwards=tar_facts,
    solution=lambda: request_lines("GET /containers/box/archive?path=/etc/passwd HTTP/1.1", "Host: docker"),
    after="""
One file came as an archive of one file: that is how its rights, its owner and its time come along. The field
X-Docker-Container-Path-Stat tells the same of it beforehand, as JSON in base64.""")

OPEN_PORT_LESSON = Lesson(
    "open-port", "TCP, TLS, and why an open port hands over the machine", practice_only=True, tcp=True,
    text="""
An engine can listen on a TCP port as well as on a Unix socket: then other machines reach it. The bytes are
the same. Who may speak to it is not. A Unix socket is a file with an owner and rights; a TCP port takes
whoever can reach it.

The Engine API has no passwords. Whoever can send a request can create a container, and a container can be
given any folder of the machine, by a bind: "/some/folder:/place/in/the/container". The engine nearly always
runs as root, the user who may do everything, and what it binds it binds as root. So the port 2375, which is
the one without encryption, hands the whole machine to everyone who reaches it. So does a socket that is given
into a container, and membership in the group docker: each is root by another name.

TLS mends that for TCP: it encrypts the connection, and both sides prove with certificates who they are. An
engine that has to listen on TCP should use it, by custom on port 2376, and demand the client's certificate
(--tlsverify). Encryption alone is not enough: it is the client's certificate that keeps others out. A better
way is to leave TCP alone and forward the socket with ssh.""",
    task="""
In this lesson the practice engine listens on a TCP port of 127.0.0.1, where only this machine reaches it. It
runs no program and binds nothing. See how little a real one would need: POST /containers/create, with
the body
{"Image":"busybox","HostConfig":{"Binds":["/:/host"]}}
which gives the container the whole disk of the machine, as /host.""",
    hints=("A request as in lesson 3, without a name.",
           "The fields: Host, Content-Type: application/json, Content-Length; then the empty line, then the "
           "body of the task.",
           "The body has 54 bytes."),
    wanted=(WantedRequest("POST", "/containers/create", fields={"Content-Type": "application/json"},
                          framing="length", body=whole_disk_hint,
                          optional={"name": ("intruder",)}),), statuses=(201,),
    prepare=lambda room: room.need_image("busybox"),
    solution=lambda: json_request("POST /containers/create HTTP/1.1",
                                  b'{"Image":"busybox","HostConfig":{"Binds":["/:/host"]}}'),
    after="""
The status is 201, and the engine did not ask who you are. On a real engine, started with a shell, this
container could read every file of the machine and write every one. That is no fault of the engine: it is what
the API is for, and why its socket has to be guarded like root's password.""")

CAPTURE_LESSON = Lesson(
    "capture", "Reading a capture", kind="facts",
    text="""
A capture is a file with the bytes of a connection, taken as they went by. An error that no program reports
can be found there: each byte is in it, and the rules of the earlier lessons say what it is.

This one is what an engine sent in answer to GET /containers/speaker/logs?stdout=1&stderr=1. The number at the
left says with which byte of the capture a line begins; \\x01 is the byte 01; \\r\\n ends a line.

%s

    at the beginning  a status line, fields, an empty line
    then              what Transfer-Encoding says
    in that           frames, as in lesson 8""",
    task="""
Say what the capture says, in five lines, name = value: status (the number); framing (what marks the end of
the body: length, chunked or close); body (how many bytes of body came, as a decimal number, without what the
framing adds); stderr (the text that came for standard error); complete (yes or no: is the response known to
be whole?).""",
    hints=("The head tells status and framing. Lesson 5 tells what the lines e and d are, lesson 8 what "
           "\\x02 means.",
           "The body is the two chunks together: e is 14, d is 13. Is the chunk of size 0 there?",
           "A line each:\n    status = 200\n    framing = chunked\n    body = 27\n    stderr = oops\n    "
           "complete = no"),
    look=facts_hint(CAPTURE_FACTS, WRONG_CAPTURE_FACTS), afterwards=capture_explained,
    solution=lambda: b"status = 200\nframing = chunked\nbody = 27\nstderr = oops\ncomplete = no\n",
    after="""
Everything that was printed had come, and still the response is not known to be whole: the last chunk is
missing, so the next line of the log may have been lost. A program that reports success here hides that. To
take captures of your own: rawdock tap.""")

CAPTURE_LESSON.text = CAPTURE_LESSON.text % capture_lines(LESSON_CAPTURE)

LESSONS_END = """To go on: let one shell serve the practice engine, and type requests to it in another, where
-C makes \\r\\n of each Enter:
    rawdock practice --listen /tmp/practice.sock
    nc -C -U /tmp/practice.sock
rawdock tour shows docker run redis, request by request. Then read the program itself, from the ground up:
One evening with the code, in the README."""

TAR_LESSON = Lesson(
    "tar", "A tar in a body, and one that lies", kind="facts",
    text="""
The body of lesson 12 was a tar. Files go into images and out of them in tars too: docker save, load, export,
import and build send one. HTTP tells where the body ends, and nothing of what is in it.

Each member of a tar begins with a header of 512 bytes. Bytes 0 to 99 are its name, 124 to 135 its size in
octal digits, 156 its type (0 a file, 2 a symbolic link, 5 a folder), 157 to 256 where a link leads. The check
sum, bytes 148 to 155, is the sum of all bytes of the header; it shows that a byte has changed, but anybody
can compute it: it proves nothing about who made the archive. After the header comes the content, filled up
with zero bytes to whole blocks of 512. (POSIX, pax, ustar Interchange Format)

Names are what the sender wants. A client that unpacks an archive into a folder has to judge every one of
them: whoever made the files, in a container or elsewhere, chose them, and an engine passes them on.

Here are the headers of a body that came for GET /containers/box/archive?path=/srv, to be unpacked into a
folder. At the left is the offset of each header; then name, size, check sum (octal = decimal) and type.

%s""",
    task="""
Say what is wrong, in five lines, name = value: size (of notes.txt, in bytes, as a decimal number); second
(the offset at which the second header begins); outside (the name that leads out of the folder by itself);
through (the name of the file that would be written through a link, outside of the folder); damaged (the name
of the member whose header was changed after its check sum was made).""",
    hints=("Two names lead out of the folder, each in a way of its own; one check sum is wrong.",
           "Octal 14 is 1 times 8 and 4. A header and one block of content are two times 512 bytes. A name "
           "is written as the list has it.",
           "A line each:\n    size = 12\n    second = 1024\n    outside = ../out.txt\n    "
           "through = way/in.txt\n    damaged = sum.txt"),
    look=facts_hint(TAR_FACTS, WRONG_TAR_FACTS),
    prepare=lambda room: room.make("box", {"Image": "busybox", "Cmd": ["true"]}), afterwards=liar_explained,
    solution=lambda: (b"size = 12\nsecond = 1024\noutside = ../out.txt\nthrough = way/in.txt\n"
                      b"damaged = sum.txt\n"),
    after="""
What a client must refuse: a name with .. or a slash at its beginning; a name whose folder is a link, which
may lead anywhere, so each folder on the way is opened without following links; a hard link to what is outside
the folder; and everything from a damaged header on, because nobody can know where the next one begins. The
link itself is made as it is. Each of these was once a hole in a program that many use. rawdock cp lists what
it refused, and ends with an error. rawdock explain --hex shows the headers of a tar in a capture, field by
field.

""" + LESSONS_END)

TAR_LESSON.text = TAR_LESSON.text % header_lines(LESSON_TAR)

LESSONS = (FIRST_GET, KEEP_ALIVE, CREATE_WITH_JSON, PULL_IN_CHUNKS, CHUNKS_BY_HAND, NO_BODY_AT_ALL,
           UPGRADE_LESSON, FRAMES_LESSON, STDIN_LESSON, TTY_LESSON, EVENTS_LESSON, ARCHIVE_LESSON,
           OPEN_PORT_LESSON, CAPTURE_LESSON, TAR_LESSON)

# ==== table end
