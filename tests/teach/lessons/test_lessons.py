"""The lessons: each solution passes, each plausible mistake gets its own exact hint, and nothing typed breaks
anything.
"""
import io
import os
import re
import tarfile
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawdock.errors import ProtocolError, TruncatedError
from rawdock.teach.lessons.typed import (
    read_answer, read_notation, unescape_typed, visible_bytes, visible_lines, wire_hint,
)
from rawdock.wire.exchange import Data, ResponseReader
from rawdock.wire.frames import FrameReader
from rawdock.wire.tar import TarMember, TarReader
from rawdock.teach.lessons.course import LESSONS
from rawdock.teach.lessons.tasks import (
    CAPTURE_FACTS, EXPECTED_FRAMES, LESSON_CAPTURE, LESSON_TAR, TAR_FACTS, header_lines,
)
from rawdock.teach.lessons.lessons import Classroom, LessonProgress, first_unsolved

BY_NAME = {lesson.name: lesson for lesson in LESSONS}


def crlf(*lines, **more):
    return "".join(line + "\r\n" for line in lines + ("",)).encode() + more.get("body", b"")


def post(target, body, length=None, kind="application/json", version="1.1"):
    return crlf("POST %s HTTP/%s" % (target, version), "Host: docker", "Content-Type: " + kind,
                "Content-Length: %d" % (len(body) if length is None else length), body=body)


def attach(name, query, *fields, **more):
    return crlf("POST /containers/%s/attach?%s HTTP/1.1" % (name, query), "Host: docker",
                *(fields or ("Connection: Upgrade", "Upgrade: tcp")), **more)


def chunked(body):
    return crlf("POST /containers/create?name=parts HTTP/1.1", "Host: docker",
                "Content-Type: application/json", "Transfer-Encoding: chunked", body=body)


ECHO = b'{"Image":"busybox","Cmd":["echo","hello"]}'
REDIS = b'{"Image":"redis:2.8","Cmd":["redis-server"]}'
WHOLE_DISK = b'{"Image":"busybox","HostConfig":{"Binds":["/:/host"]}}'
PING = crlf("GET /_ping HTTP/1.1", "Host: docker")
PULL = crlf("POST /images/create?fromImage=redis&tag=2.8 HTTP/1.1", "Host: docker")
START = crlf("POST /containers/sleeper/start HTTP/1.1", "Host: docker")
COUNTER, SHELL = "stream=1&stdin=1&stdout=1", "stream=1&stdin=1&stdout=1"


def events(query, version="1.1"):
    return crlf("GET /events%s HTTP/%s" % (query, version), "Host: docker")


# lesson, wrong answer (bytes, or a function for what depends on the time), what the hint must say
WRONG = [
    ("first-get", b"", "nothing came"),
    ("first-get", b"GET /_ping HTTP/1.0\n\n", "line 1, byte 19: the line ends with \\n alone"),
    ("first-get", b"GET /_ping HTTP/1.0\r\n\n", "line 2, byte 0: the line ends with \\n alone"),
    ("first-get", b"GET /_ping HTTP/1.0\r\n", "line 2, byte 0: the empty line is missing"),
    ("first-get", b"GET /_ping HTTP/1.0",
     "line 1, byte 19: the line end, and after it the empty line, is missing"),
    ("first-get", b"GET /_ping HTTP/1.0\r\rGET", "line 1, byte 19: \\r without \\n"),
    ("first-get", b"get /_ping HTTP/1.0\r\n\r\n", "methods are written in capitals: GET"),
    ("first-get", b"GET /_ping http/1.0\r\n\r\n",
     "line 1, byte 11: the line ends with the version, HTTP/1.0 or HTTP/1.1, in capitals"),
    ("first-get", b"GET /_ping HTTP/2\r\n\r\n",
     "line 1, byte 11: the line ends with the version, HTTP/1.0 or HTTP/1.1"),
    ("first-get", b"GET /_ping HTTP/1.0 \r\n\r\n",
     "a blank after the version: the line ends with the version and"),
    ("first-get", b"GET /_ping\r\n\r\n", "the version, HTTP/1.0 or HTTP/1.1, is missing"),
    ("first-get", b"GET\r\n\r\n", "target and version are missing"),
    ("first-get", b"GET  /_ping HTTP/1.0\r\n\r\n", "line 1, byte 4: two blanks"),
    ("first-get", b" GET /_ping HTTP/1.0\r\n\r\n", "the line begins with a blank"),
    ("first-get", b"GET\t/_ping HTTP/1.0\r\n\r\n", "a tab"),
    ("first-get", b"GET /_ping 1.0\r\n\r\n", "the line ends with the version"),
    ("first-get", b"GET _ping HTTP/1.0\r\n\r\n", "the path is _ping, but this task is about /_ping"),
    ("first-get", b"GET /ping HTTP/1.0\r\n\r\n", "the path is /ping, but this task is about /_ping"),
    ("first-get", b"GET /_ping/ HTTP/1.0\r\n\r\n", "the path is /_ping/, but this task is about /_ping"),
    ("first-get", b"GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n",
     "HTTP/1.1, but HTTP/1.0 is what this task asks for"),
    ("first-get", b"POST /_ping HTTP/1.0\r\n\r\n", "the method is POST; this task needs GET"),
    ("first-get", b"PING /_ping HTTP/1.0\r\n\r\n",
     "the method is PING; this task needs GET"),
    ("first-get", b"GET /_ping HTTP/1.0\r\n\r\n\r\n", "line 3, byte 0: 2 too many: the request was over"),
    ("first-get", b"GET /_ping HTTP/1.0\r\n\r\nGET /_ping HTTP/1.0\r\n\r\n",
     "a second request, but the first one closes the connection"),
    ("first-get", b"GET /_ping HTTP/1.0\r\n\r\n{}", "here is a body, but the head has no Content-Length"),
    ("first-get", b"GET /_ping HTTP/1.0\\r\\n\\r\\n\n",
     "line 1, byte 19: \\r\\n is 4 characters here, and no line end"),
    ("first-get", b"GET /_ping HTTP/1.0\\n\\n", "line 1, byte 19: \\n is 2 characters here"),
    ("first-get", b"GET /_ping HTTP/1.0\r\n\r\n\n",
     "1 too many: the request was over before (editors, echo"),
    ("first-get", b"GET: /_ping HTTP/1.0\r\n\r\n", "a colon after the method"),
    ("first-get", b"Host: docker\r\nGET /_ping HTTP/1.0\r\n\r\n",
     "this looks like a field: the request line, METHOD TARGET VERSION, comes before it"),
    ("first-get", b"\x16\x03\x01\x02\x00\x01\x00\x01", "byte 0: the first line is METHOD TARGET VERSION"),

    ("keep-alive", crlf("GET /_ping HTTP/1.1") * 2, "request 1: line 1, byte 20: no Host"),
    ("keep-alive", PING, "the answer has 1 of 2 requests: the next one, GET /version"),
    ("keep-alive", crlf("GET /_ping HTTP/1.0") + crlf("GET /version HTTP/1.0"),
     "request 1: line 1, byte 11: HTTP/1.0, but HTTP/1.1"),
    ("keep-alive", crlf("GET /_ping HTTP/1.1", "Host: x", "Connection: close")
     + crlf("GET /version HTTP/1.1", "Host: x"), "the first one closes the connection"),
    ("keep-alive", PING + crlf("GET /version HTTP/1.1"), "request 2: line 4, byte 22: no Host"),
    ("keep-alive", b"GET /_ping HTTP/1.1\r\nHost : docker\r\n\r\n",
     "line 2, byte 4: a blank before the colon"),
    ("keep-alive", b"GET /_ping HTTP/1.1\r\nHost: docker\r\nGET /version\r\n\r\n",
     "line 3, byte 0: a new request begins, but the head before it has not ended"),
    ("keep-alive", b"GET /_ping HTTP/1.1 Host: docker\r\n\r\n",
     "the line ends after the version: a field, Name: value, begins a line of its own"),
    ("keep-alive", b"GET /_ping HTTP/1.1\r\nHost=docker\r\n\r\n",
     "line 2, byte 0: this is no field, which is written Name: value"),
    ("keep-alive", b"GET /_ping HTTP/1.1\r\nHost docker\r\n\r\n", "line 2, byte 4: this line has no colon"),
    ("keep-alive", b"GET /_ping HTTP/1.1\r\nHost: docker\r\nGET /version HTTP/1.1\r\nHost: docker\r\n\r\n",
     "line 3, byte 0: a new request begins, but the head before it has not ended"),
    ("keep-alive", crlf("GET /_ping HTTP/1.1", "Host: a", "Host: b") + PING, "2 Host fields"),
    ("keep-alive", crlf("GET http://docker/_ping HTTP/1.1", "Host: docker"),
     "the path is http://docker/_ping, but"),
    ("keep-alive", PING * 2, "request 2: line 4, byte 4: the path is /_ping"),
    ("keep-alive", PING + crlf("GET /version HTTP/1.1", "Host: docker") + PING,
     "a request too many: this task has 2"),
    ("keep-alive", b"GET /_ping HTTP/1.1\r\n Host: docker\r\n\r\n",
     "line 2, byte 0: the line begins with a blank"),
    ("keep-alive", PING + b"GET /version HTTP/1.1\r\nHost: docker\n\n",
     "line 5, byte 12: the line ends with \\n alone"),

    ("create", post("/containers/create?name=first", ECHO, 40),
     "Content-Length says 40, but the JSON after the empty line has 42 bytes"),
    ("create", post("/containers/create?name=first", ECHO, 50),
     "Content-Length says 50, but 42 bytes follow the empty line"),
    ("create", post("/containers/create?name=first", ECHO, 42) + b"\n",
     "Content-Length says 42, but 43 bytes follow the empty line: \\n at the end is one of them"),
    ("create", post("/containers/create?name=first", b"", 42), "the body is missing"),
    ("create", crlf("POST /containers/create?name=first HTTP/1.1", "Host: docker",
                    "Content-Type: application/json", body=ECHO), "no Content-Length"),
    ("create", b"POST /containers/create?name=first HTTP/1.1\r\nHost: d\r\nContent-Length: 42\r\n" + ECHO,
     "this looks like the body, but the head has not ended"),
    ("create", crlf("POST /containers/create?name=first HTTP/1.1", "Host: docker", "Content-Length: 42",
                    body=ECHO), "the field Content-Type: application/json is missing"),
    ("create", post("/containers/create?name=first", ECHO, kind="text/json"),
     "Content-Type is text/json, but this task wants Content-Type: application/json"),
    ("create", post("/containers/create?name=first", ECHO).replace(b"42", b"0x2a"),
     "Content-Length is a number of bytes, in decimal digits"),
    ("create", ECHO + b"\r\n\r\n", "line 1, byte 0: this looks like a body: before it come the request line"),
    ("create", crlf("POST /containers/create HTTP/1.1", "name=first", "Host: docker"),
     "parameters belong in the request line"),
    ("create", post("/containers/create&name=first", ECHO),
     "the path is /containers/create&name=first, but this task is about /containers/create"),
    ("create", post("/containers/create", ECHO), "the parameter name is missing"),
    ("create", post("/containers/create?Name=first", ECHO),
     "the query has the parameter Name: write it name"),
    ("create", post("/containers/create?name=second", ECHO),
     "name is second, but this task wants name=first"),
    ("create", post("/containers/create?name=first;x=1", ECHO),
     "name is first;x=1, but this task wants name=first (parameters have & between them)"),
    ("create", post("/containers/create?name=first hello", ECHO), "a blank inside the target"),
    ("create", post("/containers/create?name=first", b"{'Image':'busybox','Cmd':['echo','hello']}"),
     "the body is not JSON: texts are written in double quotes"),
    ("create", post("/containers/create?name=first", b'{"Image":"busybox","Cmd":["echo","hello",]}'),
     "there is a comma before the closing bracket"),
    ("create", post("/containers/create?name=first", b'{"Image":"busybox","Cmd":"echo hello"}'),
     "Cmd is a list with a text for each word"),
    ("create", post("/containers/create?name=first", b'{"Image":"busybox","Cmd":["echo hello"]}'),
     'Cmd is ["echo hello"], but this task wants ["echo","hello"], a text for each'),
    ("create", post("/containers/create?name=first", b'{"Image":"busybox","Cmd":[echo,hello]}'),
     "line 6, byte 26: the body is not JSON: texts are written in double quotes"),
    ("create", post("/containers/create?name=first", b'{"Image":"busybox","Cmd":"echo","hello"}'),
     "line 6, byte 39: the body is not JSON: Expecting ':' delimiter"),
    ("create", post("/containers/create?name=first", b'"Image":"busybox"'),
     "the body is not JSON: it is an object, which is written in { and }"),
    ("create", post("/containers/create?name=first", b'{"image":"busybox"}'), "image is written Image"),
    ("create", post("/containers/create?name=first", b'{"Image":"alpine","Cmd":["echo","hello"]}'),
     'Image is alpine, but this task wants "busybox"'),
    ("create", post("/containers/create?name=first", b'{"Cmd":["\\n"]}').replace(b"\r\n", b"\n"),
     "line 1, byte 43: the line ends with \\n alone"),
    ("create", post("/containers/create?name=first", b'["busybox"]'), "the body is a JSON object"),
    ("create", post("/containers/create?name=first", b"[" * 400000), "nested too deeply"),

    ("pull", post("/containers/create?name=cache", REDIS),
     "the answer has 1 of 2 requests: the next one, POST /images/create"),
    ("pull", post("/containers/create?name=cache", REDIS) + PULL[:-2] + b"Content-Length: 44\r\n\r\n",
     "request 2: line 8, byte 0: this request needs no body: leave out Content-Length"),
    ("pull", post("/containers/create?name=cache", REDIS) + PULL[:-2] + b"Transfer-Encoding: chunked\r\n\r\n",
     "this request needs no body: leave out Transfer-Encoding"),
    ("pull", PULL, "request 1: line 1, byte 5: the path is /images/create"),
    ("pull", post("/containers/create?name=cache", REDIS) + PULL.replace(b"POST", b"GET"),
     "request 2: line 6, byte 44: the method is GET; this task needs POST"),
    ("pull", post("/containers/create?name=cache", REDIS) + PULL.replace(b"&tag=2.8", b""),
     "the parameter tag is missing"),
    ("pull", post("/containers/create?name=cache", REDIS) + PULL.replace(b"fromImage", b"image"),
     "the query has the parameter image: this task has fromImage, tag"),
    ("pull", post("/containers/create?name=cache", REDIS) + PULL.replace(b"1.1", b"1.0"),
     "1.0 has no chunks"),
    ("pull", post("/containers/create?name=cache", REDIS, 43) + PULL,
     "Content-Length says 43, but the JSON after the empty line has 44 bytes"),
    ("pull", post("/containers/create?name=cache", REDIS) + b"\r\n\r\n" + PULL,
     "Content-Length says 44, but"),
    ("pull", post("/containers/create?name=cache", b'{"Image":"redis"}') + PULL,
     'Image is redis, but this task wants "redis:2.8"'),

    ("chunks", chunked(b'19\r\n{"Image":"busybox"}\r\n0\r\n\r\n'),
     "the chunk size 19 is read as hexadecimal: 25 bytes. 19 bytes are written 13"),
    ("chunks", chunked(b'13\r\n{"Image":"busybox"}\r\n'), "the last chunk is missing"),
    ("chunks", chunked(b'13\r\n{"Image":"busybox"}\r\n0\r\n'), "but not the empty line \\r\\n after it"),
    ("chunks", chunked(b'14\r\n{"Image":"busybox"}\r\n0\r\n\r\n'),
     "the chunk size 14 is hexadecimal and means 20 bytes, but the chunk has 19"),
    ("chunks", chunked(b'0x13\r\n{"Image":"busybox"}\r\n0\r\n\r\n'),
     "line 6, byte 1: here must be the size of a chunk"),
    ("chunks", chunked(b'{"Image":"busybox"}'), "here must be the size of a chunk"),
    ("chunks", chunked(b'13\n{"Image":"busybox"}\r\n0\r\n\r\n'),
     "chunk lines and chunk data end with \\r\\n"),
    ("chunks", chunked(b'13\r\n{"Image":"busybox"}\n0\n\n'), "chunk lines and chunk data end with \\r\\n"),
    ("chunks", chunked(b'13\r\n{"Image":"busybox"}\r\n\r\n0\r\n\r\n'),
     "line 8, byte 0: here must be the size of a chunk"),
    ("chunks", chunked(b'13 {"Image":"busybox"}\r\n0\r\n\r\n'),
     "line 6, byte 2: here must be the size of a chunk"),
    ("chunks", chunked(b""), "the last chunk is missing: a chunk is its size"),
    ("chunks", post("/containers/create?name=parts", b'{"Image":"busybox"}'),
     "this task wants Transfer-Encoding: chunked, and no Content-Length"),
    ("chunks", crlf("POST /containers/create?name=parts HTTP/1.1", "Host: d", "Content-Length: 19",
                    "Transfer-Encoding: chunked"), "two answers to where the body ends"),
    ("chunks", chunked(b'13\r\n{"Image":"busybox"}\r\n0\r\n\r\n').replace(b"1.1", b"1.0"),
     "no Transfer-Encoding in an HTTP/1.0 message (RFC 9112 §6.1)"),
    ("chunks", chunked(b'13\r\n{"Image":"busybox"}\r\n0\r\n\r\n\r\n'),
     "2 too many: the request was over"),

    ("no-body", START, "the answer has 1 of 2 requests"),
    ("no-body", START.replace(b"POST", b"GET") * 2, "the method is GET; this task needs POST"),
    ("no-body", START.replace(b"/start", b"") * 2,
     "the path is /containers/sleeper, but this task is about /containers/sleeper/start"),
    ("no-body", START.replace(b"sleeper", b"Sleeper") * 2,
     "the path is /containers/Sleeper/start, but this task is about"),
    ("no-body", START.replace(b"1.1", b"1.0") * 2, "HTTP/1.0, but HTTP/1.1"),
    ("no-body", post("/containers/sleeper/start", b"{}") * 2, "this request needs no body"),
    ("no-body", START * 3, "a request too many"),

    ("upgrade", attach("speaker", "stream=1&stdout=1&stderr=1", "Upgrade: tcp"),
     "the field Connection: Upgrade is missing"),
    ("upgrade", attach("speaker", "stream=1&stdout=1&stderr=1", "Connection: Upgrade"),
     "the field Upgrade: tcp is missing"),
    ("upgrade", attach("speaker", "stream=1&stdout=1&stderr=1", "Connection: Upgrade", "Upgrade: websocket"),
     "Upgrade is websocket, but this task wants Upgrade: tcp"),
    ("upgrade", attach("speaker", "stream=1&stdout=1&stderr=1", "Connection: Upgrade, Upgrade: tcp",
                       "Upgrade: tcp"), "line 3, byte 0: Connection is Upgrade, Upgrade: tcp"),
    ("upgrade", attach("speaker", "stream=1,stdout=1,stderr=1"),
     "stream is 1,stdout=1,stderr=1, but this task wants stream=1"),
    ("upgrade", attach("speaker", "stream=1?stdout=1?stderr=1"),
     "stream is 1?stdout=1?stderr=1, but this task wants stream=1"),
    ("upgrade", attach("speaker", "stream=1&?stdout=1"),
     "the query has the parameter ?stdout: this task has stream, stdout, stderr"),
    ("upgrade", attach("speaker", "stdout=1&stderr=1"), "the parameter stream is missing"),
    ("upgrade", attach("speaker", "stream=1&stdout=1"), "the parameter stderr is missing"),
    ("upgrade", attach("speaker", "stream=1&stdout=yes&stderr=1"),
     "stdout is yes, but this task wants stdout=1"),
    ("upgrade", attach("speaker", "stream=1&stdout=1&stderr=1").replace(b"POST", b"GET"),
     "the method is GET"),
    ("upgrade", attach("speaker", "stream=1&stdout=1&stderr=1", body=b"hello\n"),
     "6 bytes after the request: this task sends nothing on the stream"),
    ("upgrade", attach("speaker", "stream=1&stdout=1&stderr=1").replace(b"Upgrade: tcp\r\n\r\n", b"Upgrade: "
                                                                                                 b"tcp\r\n"),
     "the empty line is missing"),

    ("frames", b"", "nothing came"),
    ("frames", b"hello\n", "hello is neither a byte in hexadecimal"),
    ("frames", b"01 00 00 00 00 00 00 06 'hello\\n'",
     "neither a byte in hexadecimal (00 to ff) nor text in double quotes"),
    ("frames", b"01 00 00 00 00 00 00 06 hello\\n", "hello\\n is neither a byte in hexadecimal"),
    ("frames", b'00 00 00 01 00 00 00 06 "hello\\n"',
     "byte 0 is 00, and must be 01: a frame begins with its stream type"),
    ("frames", b'01 00 00 00 00 00 00 06 "hello\\n" 02 00 00 00 00 00 00 05 "oops\\r\\n"',
     "byte 26 is 0d, and must be 0a: the payload is oops\\n, with no \\r"),
    ("frames", b'01 00 00 00 00 00 00 06 "hello\\n" 02 00 00 00 00 00 00 05 "oops"',
     "byte 26 is missing, and must be 0a: the payload is oops\\n"),
    ("frames", b'"hello\\n"',
     "byte 0 is 68, and must be 01: a frame begins with its stream type as a number"),
    ("frames", b'"1" 00 00 00 00 00 00 06 "hello\\n"', "byte 0 is 31, and must be 01: a frame begins"),
    ("frames", b'01 00 00 06 "hello\\n"',
     "byte 3 is 06, and must be 00: three zero bytes come after the stream type"),
    ("frames", b'01 06 00 00 00 00 00 00 "hello\\n"',
     "byte 1 is 06, and must be 00: three zero bytes"),
    ("frames", b'01 00 00 00 06 00 00 00 "hello\\n"',
     "byte 4 is 06, and must be 00: the length of the payload, in four bytes, largest part first"),
    ("frames", b'01 00 00 00 00 00 00 05 "hello\\n"',
     "byte 7 is 05, and must be 06: the length of the payload"),
    ("frames", b'01 00 00 00 00 00 00 0e "hello\\n"', "hello\\n is counted with its line end"),
    ("frames", b'02 00 00 00 00 00 00 06 "hello\\n"',
     "byte 0 is 02, and must be 01: a frame begins with its stream type"),
    ("frames", b'01 00 00 00 00 00 00 06 "hello\\n"',
     "byte 14 is missing, and must be 02: a frame begins with its stream type"),
    ("frames", b'01 00 00 00 00 00 00 06 "hello"',
     "byte 13 is missing, and must be 0a: the payload is hello\\n"),
    ("frames", b'01 00 00 00 00 00 00 06 "Hello\\n"',
     "byte 8 is 48, and must be 68: the payload is hello\\n"),
    ("frames", b'01 00 00 00 00 00 00 06 "hello\\n" 02 00 00 00 00 00 00 05 "oops\\n" 00',
     "byte 27: 1 too many after the second frame"),
    ("frames", b"\x05\0\0\0\0\0\0\x06hello\n", "here comes stdout"),
    ("frames", b"\x01\0\0", "byte 3 is missing, and must be 00"),
    ("frames", EXPECTED_FRAMES[:-1], "byte 26 is missing, and must be 0a"),

    ("stdin", attach("counter", COUNTER), "half-closed too early"),
    ("stdin", attach("counter", COUNTER, body=b"one\r\ntwo\r\n"),
     "the lines end with \\r\\n: that is HTTP's line end"),
    ("stdin", attach("counter", COUNTER, body=b"\0\0\0\0\0\0\0\x08one\ntwo\n"),
     "what is sent to a container has no frames"),
    ("stdin", attach("counter", COUNTER, body=b"one\ntwo"), "the last line has no \\n"),
    ("stdin", attach("counter", COUNTER, body=b"1\n2\n"),
     "1\\n2\\n: this is not what the task has, one\\ntwo\\n"),
    ("stdin", attach("counter", COUNTER, body=b"one\n\ntwo\n\n"),
     "an empty line too many, which wc would count"),
    ("stdin", attach("counter", COUNTER, "Connection: Upgrade", "Upgrade: tcp", "Content-Length: 8",
                     body=b"one\ntwo\n"), "this request needs no body"),
    ("stdin", attach("counter", "stream=1&stdout=1", body=b"one\ntwo\n"), "the parameter stdin is missing"),
    ("stdin", attach("counter", COUNTER, "Connection: keep-alive", body=b"one\ntwo\n"),
     "Connection is keep-alive, but this task wants Connection: Upgrade"),

    ("tty", attach("shell", SHELL), "nothing is typed"),
    ("tty", attach("shell", SHELL, body=b"echo hello\n"), "the byte 04 is missing"),
    ("tty", attach("shell", SHELL, body=b"echo hello\n^D"),
     "echo hello\\n^D: Ctrl-D is the one byte 04, and no text"),
    ("tty", attach("shell", SHELL, body=b"echo hello\n\\004"), "Ctrl-D is the one byte 04, and no text"),
    ("tty", attach("shell", SHELL, body=b"echo hello\n04\n"),
     "Ctrl-D is the one byte 04, and no text (typed here it is \\x04"),
    ("tty", attach("shell", SHELL, body=b"echo hello\r\n\x04"), "Enter is one byte"),
    ("tty", attach("shell", SHELL, body=b"echo hello\x04"), "no line end before the byte 04"),
    ("tty", attach("shell", SHELL, body=b"echo hello\n\x04\n"), "the byte 04 comes before the end"),
    ("tty", attach("shell", SHELL, body=b"\0\0\0\0\0\0\0\x0becho hello\n"), "has no frames"),
    ("tty", attach("shell", SHELL, body=b"ls\n\x04"),
     "ls\\n\\x04: this is not what the task has, echo hello\\n\\x04"),

    ("events", events(""), "the parameter until is missing"),
    ("events", events("?until=2026-11-23T10:00:00Z"),
     "until is 2026-11-23T10:00:00Z: it is a number of seconds since 1970"),
    ("events", events("?until=10m"), "until is 10m: it is a number of seconds since 1970"),
    ("events", events("?until=1700000000"),
     "a moment in seconds since 1970, to come and at most a minute from now"),
    ("events", events("?until=5"), "until is no span of time but a moment in seconds since 1970"),
    ("events", events("?until=+5"), "until is  5: it is a number of seconds"),
    ("events", events("?until=1700000000000"),
     "until is 1700000000000: it is a number of seconds since 1970"),
    ("events", events("?until=$(date +%s)"), "a blank inside the target"),
    ("events", b"GET /events HTTP/1.1\r\nHost: docker\r\nuntil=1700000000\r\n\r\n",
     "line 3, byte 0: this is no field, which is written Name: value"),
    ("events", lambda: events("?until=%d" % (time.time() + 3600)),
     "to come and at most a minute from now: now is"),
    ("events", lambda: events("?until=%d" % (time.time() + 20), "1.0"), "HTTP/1.0, but HTTP/1.1"),
    ("events", lambda: events("?until=%d&since=yesterday" % (time.time() + 20)),
     "since is a number of seconds since 1970"),
    ("events", lambda: events("?until=%.3f" % (time.time() - 1.2)), "until is no span of time but a moment"),
    ("events", events("?to=5"), "the query has the parameter to: this task has until, since"),

    ("archive", crlf("GET /containers/box/archive HTTP/1.1", "Host: docker"),
     "the parameter path is missing"),
    ("archive", crlf("GET /containers/box/archive?/etc/passwd HTTP/1.1", "Host: docker"),
     "this task has path (after one question mark, name=value with & between)"),
    ("archive", crlf("GET /containers/box/archive&path=/etc/passwd HTTP/1.1", "Host: docker"),
     "but this task is about /containers/box/archive"),
    ("archive", crlf("GET /containers/box/archive?path=etc/passwd HTTP/1.1", "Host: docker"),
     "path is etc/passwd, but this task wants path=/etc/passwd"),
    ("archive", crlf("GET /containers/box/archive?path=/etc/passwd/ HTTP/1.1", "Host: docker"),
     "path is /etc/passwd/"),
    ("archive", crlf("HEAD /containers/box/archive?path=/etc/passwd HTTP/1.1", "Host: docker"),
     "the method is HEAD; this task needs GET"),
    ("archive", crlf("GET /containers/box/etc/passwd HTTP/1.1", "Host: docker"),
     "the path is /containers/box/etc/passwd"),
    ("archive", crlf("GET /containers/box/archive?path=/etc/passwd HTTP/1.0"), "HTTP/1.0, but HTTP/1.1"),
    ("archive", "GET /containers/box/archive?path=/é HTTP/1.1\r\nHost: d\r\n\r\n".encode(),
     "a byte outside ASCII"),

    ("open-port", post("/containers/create", b'{"Image":"busybox"}'), "the object has no HostConfig"),
    ("open-port", post("/containers/create", b'{"Image":"busybox","Binds":["/:/host"]}'),
     "the object has no HostConfig: the task has {\"HostConfig\":{\"Binds\":[...]}}"),
    ("open-port", post("/containers/create", b'{"Image":"busybox","HostConfig":{}}'),
     "the object has no Binds in HostConfig"),
    ("open-port", post("/containers/create", b'{"Image":"busybox","HostConfig":{"Binds":"/:/host"}}'),
     "Binds is \"/:/host\", but this task wants [\"/:/host\"]: a list with one text"),
    ("open-port", post("/containers/create", b'{"Image":"busybox","HostConfig":{"Binds":["/host:/"]}}'),
     "the folder of the machine, a colon, and where the container sees it"),
    ("open-port", post("/containers/create", b'{"Image":"busybox","HostConfig":{"Binds":["/"]}}'),
     "Binds is [\"/\"], but this task wants [\"/:/host\"]"),
    ("open-port", post("/containers/create", b'{"Image":"busybox","HostConfig":[]}'),
     "HostConfig is an object"),
    ("open-port", post("/containers/create", WHOLE_DISK, 53),
     "Content-Length says 53, but the JSON after the empty line has 54 bytes"),

    ("capture", b"", "status is missing: five facts are asked for"),
    ("capture", b"200\n", "line 1: 200 is none of the facts status, framing"),
    ("capture", b"status = OK\n", "status = OK: the status is the number of three digits"),
    ("capture", b"status = 200\nframing = length\n", "there is no Content-Length here"),
    ("capture", b"status = 200\nframing = close\n", "look at Transfer-Encoding"),
    ("capture", b"status = 200\nframing = chunked\nbody = 37\n",
     "37 bytes come after the empty line, but the lines with the chunk sizes"),
    ("capture", b"status = 200\nframing = chunked\nbody = 11\n", "the frame headers are part of the body"),
    ("capture", b"status = 200\nframing = chunked\nbody = 14\n", "that is one chunk: there are two"),
    ("capture", b"status = 200\nframing = chunked\nbody = 1b\n", "a number in decimal"),
    ("capture", b"status = 200\nframing = chunked\nbody = 27\nstderr = hello\n",
     "hello has the stream type 01: that is stdout"),
    ("capture", b"status = 200\nframing = chunked\nbody = 27\nstderr = oops\ncomplete = yes\n",
     "a chunked body ends with a chunk of size 0"),
    ("capture", b"status = 200\ncolour = red\n", "line 2: colour = red is none of the facts"),

    ("tar", b"", "size is missing: five facts are asked for, size, second, outside, through, damaged"),
    ("tar", b"size = 14\n", "the digits are octal"),
    ("tar", b"size = 512\n", "that is the size of the header"),
    ("tar", b"size = 3\n", "the number in bytes 124 to 135"),
    ("tar", b"size = 12\nsecond = 512\n", "there the content of notes.txt begins"),
    ("tar", b"size = 12\nsecond = 524\n", "filled up with zero bytes to a whole block of 512"),
    ("tar", b"size = 12\nsecond = 2048\n", "as many blocks of 512 as it needs"),
    ("tar", b"size = 12\nsecond = 1024\noutside = way\n", "to make a link writes nothing outside"),
    ("tar", b"size = 12\nsecond = 1024\noutside = way/in.txt\n", "the link before it leads out"),
    ("tar", b"size = 12\nsecond = 1024\noutside = sum.txt\n", "the whole name of the member"),
    ("tar", b"size = 12\nsecond = 1024\noutside = ../out.txt\nthrough = way\n",
     "What is written through it?"),
    ("tar", b"size = 12\nsecond = 1024\noutside = ../out.txt\nthrough = in.txt\n", "whose folder is a link"),
    ("tar", b"size = 12\nsecond = 1024\noutside = ../out.txt\nthrough = way/in.txt\ndamaged = way\n",
     "compare the numbers"),
    ("tar", b"../out.txt\n", "line 1: ../out.txt is none of the facts size, second"),
]


@pytest.mark.parametrize("name, answer, expected", WRONG,
                         ids=["%s-%d" % (row[0], at) for at, row in enumerate(WRONG)])
def test_a_mistake_gets_its_own_hint(name, answer, expected):
    hint = BY_NAME[name].check(answer() if callable(answer) else answer)
    assert hint is not None and expected in hint


@pytest.mark.parametrize("facts", [b'status: 200\nframing: chunked\nbody: 27 bytes\nstderr: '
                                   b'"oops\\n"\ncomplete: No\n'])
def test_facts_may_be_written_as_people_write_them(facts):
    assert BY_NAME["capture"].check(facts) is None


def test_the_tar_that_lies_is_read_by_the_standard_library_and_our_own_parser():
    headers = []
    with tarfile.open(fileobj=io.BytesIO(LESSON_TAR)) as archive:
        headers += archive   # up to the damaged one, at which it ends silently
    assert [one.name for one in headers] == ["notes.txt", "../out.txt", "way", "way/in.txt"]
    assert [one.chksum for one in headers] == [4694, 4622, 4447, 4738]
    assert TAR_FACTS == {"size": str(headers[0].size), "second": str(headers[1].offset),
                         "outside": headers[1].name, "through": headers[3].name, "damaged": "sum.txt"}
    assert headers[2].issym() and headers[3].name.startswith(headers[2].name + "/")
    read = []
    with pytest.raises(ProtocolError, match="checksum"):
        TarReader().take(LESSON_TAR, 0, read)
    assert len([one for one in read if isinstance(one, TarMember)]) == 4
    assert header_lines(LESSON_TAR) in BY_NAME["tar"].text
    assert "sum.txt     00000000007  010602 = 4482, bytes add up to 4484  type 0\n" in BY_NAME["tar"].text


def test_the_engine_refuses_the_tar_that_lies():
    lesson = BY_NAME["tar"]
    with Classroom() as room:
        lesson.prepare(room)
        text = lesson.afterwards(room, [])
    assert '500 Error processing tar file(exit status 1): "../out.txt" is outside of "/tmp"' in text
    assert "read notes.txt, ../out.txt, way, way/in.txt, and then said:" in text and "checksum" in text


def test_every_lesson_has_five_mistakes_at_least():
    counts = {lesson.name: sum(row[0] == lesson.name for row in WRONG) for lesson in LESSONS}
    assert min(counts.values()) >= 5, counts


def test_a_hint_shows_the_line_with_a_mark_under_the_byte():
    hint = BY_NAME["keep-alive"].check(b"GET /_ping HTTP/1.1\r\nHost : docker\r\n\r\n")
    assert (hint.startswith("line 2, byte 4: a blank") and hint.split("\n")[1:]
            == ["    Host : docker\\r\\n", "        ^"])


def test_the_lessons_are_at_least_ten_and_each_is_whole():
    assert len(LESSONS) >= 10 and len(BY_NAME) == len(LESSONS)
    for lesson in LESSONS:
        assert lesson.title and lesson.text.strip() and lesson.task.strip() and len(lesson.hints) >= 3
        assert lesson.after.strip() or lesson.afterwards
        assert len(lesson.statuses) == len(lesson.wanted)
        assert lesson.kind == "requests" or lesson.look is not None


def test_counts_that_the_texts_give_are_right():
    assert "has 42 bytes" in BY_NAME["create"].hints[2] and len(ECHO) == 42
    assert "has 44 bytes" in BY_NAME["pull"].hints[2] and len(REDIS) == 44
    assert ("has 19 bytes, which is 13 in hexadecimal" in BY_NAME["chunks"].hints[1]
            and len(b'{"Image":"busybox"}') == 0x13)
    assert "has 54 bytes" in BY_NAME["open-port"].hints[2] and len(WHOLE_DISK) == 54
    assert "The keys are 12 bytes" in BY_NAME["tty"].hints[1] and len(b"echo hello\n\x04") == 12


@pytest.mark.parametrize("lesson", LESSONS, ids=[lesson.name for lesson in LESSONS])
def test_each_solution_passes_and_the_engine_answers_as_the_lesson_says(lesson):
    data = lesson.solution()
    assert lesson.check(data) is None
    with Classroom() as room:
        if lesson.prepare is not None:
            lesson.prepare(room)
        exchanges = room.send(lesson, read_answer(data)) if lesson.kind == "requests" else []
        assert [one.error for one in exchanges] == [None] * len(exchanges)
        assert tuple(one.head.status for one in exchanges) == lesson.statuses
        shown = lesson.afterwards(room, exchanges) if lesson.afterwards is not None else ""
    assert (b"".join(one.sent for one in exchanges) + (exchanges[-1].stream_sent if exchanges else b"")
            == (data if exchanges else b""))
    seen = exchanges[-1].body if exchanges else shown.encode("utf-8")
    expected = {"first-get": b"OK", "keep-alive": b"ApiVersion", "create": b'"Id"',
                "pull": b"Downloaded newer image", "chunks": b'"Id"',
                "no-body": b"", "upgrade": b"\1\0\0\0\0\0\0\6hello\n", "frames": b"the bytes that you wrote",
                "stdin": b"\1\0\0\0\0\0\0\x022\n",
                "tty": b"hello\r\n", "events": b'"Action":"start"', "archive": b"ustar", "open-port": b'"Id"',
                "capture": b"complete: no", "tar": b'"../out.txt" is outside of "/tmp"'}
    assert expected[lesson.name] in seen
    if lesson.name == "tty":   # the shell's prompt may come before, between or after the echo and the output
        assert seen.count(b"hello\r\n") == 2


def test_the_cut_events_are_called_cut():
    lesson = BY_NAME["events"]
    with Classroom() as room:
        lesson.prepare(room)
        exchanges = room.send(lesson, read_answer(lesson.solution()))
        assert "the stream was cut at byte" in lesson.afterwards(room, exchanges)


def test_the_archive_is_read():
    lesson = BY_NAME["archive"]
    with Classroom() as room:
        lesson.prepare(room)
        exchanges = room.send(lesson, read_answer(lesson.solution()))
        shown = lesson.afterwards(room, exchanges)
    assert re.search("its name       passwd\n", shown)
    sums = r"a check sum .*octal: ([0-9]+); the bytes of this header add up to ([0-9]+)\)"
    written, added = re.search(sums, shown).groups()
    assert written == added
    assert "not a tar archive" in lesson.afterwards(None, [type("Empty", (), {"body": b"{}"})])


def test_what_an_engine_in_another_state_answers_is_kept():
    lesson = BY_NAME["create"]
    with Classroom() as room:
        exchanges = room.send(lesson, read_answer(lesson.solution()))   # nothing was prepared: no image
    assert [one.head.status for one in exchanges] == [404]


def test_the_capture_is_read_by_our_own_parser():
    reader, frames = ResponseReader(), FrameReader()
    events = reader.feed(LESSON_CAPTURE)
    body = b"".join(event.data for event in events if isinstance(event, Data))
    stderr = b"".join(data for stream, data in frames.feed(body) if stream == 2)
    with pytest.raises(TruncatedError):
        reader.feed_eof()
    assert CAPTURE_FACTS == {"status": str(reader.head.status), "framing": reader.framing.kind,
                             "body": str(len(body)), "stderr": stderr.decode().strip(), "complete": "no"}


@given(st.binary(max_size=300))
def test_random_bytes_never_break_a_lesson(data):
    for lesson in LESSONS:
        assert lesson.check(data) is None or isinstance(lesson.check(data), str)


@given(st.data())
def test_a_solution_with_a_change_never_breaks_its_lesson(data):
    lesson = data.draw(st.sampled_from(LESSONS))
    whole = lesson.solution()
    at = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(at, min(len(whole), at + 6)))
    changed = whole[:at] + data.draw(st.binary(max_size=6)) + whole[end:]
    hint = lesson.check(changed)
    assert hint is None or hint.strip()
    if hint is not None and lesson.kind == "requests":
        assert read_answer(changed).error is None or wire_hint(read_answer(changed))


@given(st.binary(max_size=200))
def test_visible_bytes_are_printable_and_say_every_byte(data):
    shown = visible_bytes(data)
    assert all(" " <= letter <= "~" for letter in shown)
    if b"\\" not in data:
        assert eval("b'%s'" % shown.replace("'", "\\'")) == data
    assert len(visible_lines(data)) >= (1 if data else 0)


@given(st.text(max_size=80))
def test_typed_text_never_breaks_the_notation(text):
    assert isinstance(unescape_typed(text), bytes)
    try:
        assert isinstance(read_notation(text), bytes)
    except ValueError as error:
        assert str(error)


@pytest.mark.parametrize("text, data", [
    ("01 00 ff", b"\1\0\xff"), 
    ("010000ff", b"\1\0\0\xff"),
    ('"a\\n" 0d', b"a\n\r"), ('"\\x01\\"\\\\"', b'\1"\\'), ("", b""), ("00", b"\0")])
def test_notation(text, data):
    assert read_notation(text) == data


@pytest.mark.parametrize("text", ["hello", "0x0a", "1", "'a'", "0g", '"open', "123", "1,2", "stdout 6"])
def test_what_is_no_notation_is_named(text):
    with pytest.raises(ValueError) as caught:
        read_notation(text)
    assert "neither a byte in hexadecimal" in str(caught.value)


# ---- progress

def test_progress_is_remembered(tmp_path):
    path = str(tmp_path / "deep" / "learn.txt")
    progress = LessonProgress(path)
    assert (progress.trouble, first_unsolved(LESSONS, progress)) == (None, 1)
    progress.solve(LESSONS[0])
    progress.solve(LESSONS[2])
    again = LessonProgress(path)
    assert (again.trouble, first_unsolved(LESSONS, again)) == (None, 2)
    assert [lesson.name for lesson in LESSONS if again.is_solved(lesson)] == ["first-get", "create"]
    assert (first_unsolved(LESSONS, again, 2), first_unsolved(LESSONS, again, 15)) == (4, 2)
    assert os.listdir(os.path.dirname(path)) == ["learn.txt"]


def test_all_solved():
    progress = LessonProgress("/dev/null/nowhere")
    for lesson in LESSONS:
        progress.solve(lesson)
    assert first_unsolved(LESSONS, progress) is None


def test_hints_come_one_after_another(tmp_path):
    path = str(tmp_path / "learn.txt")
    lesson = LESSONS[0]
    given_hints = [LessonProgress(path).next_hint(lesson) for _ in range(4)]
    assert given_hints == list(enumerate(lesson.hints, 1)) + [(3, lesson.hints[2])]


def test_what_is_no_line_of_progress_does_no_harm(tmp_path):
    path = tmp_path / "learn.txt"
    path.write_bytes(b'{"solved": 3}\nsolved\nhint\nsolved create\n')
    progress = LessonProgress(str(path))
    assert progress.trouble is None
    assert [lesson.name for lesson in LESSONS if progress.is_solved(lesson)] == ["create"]


def test_a_file_of_progress_that_is_no_text_is_said(tmp_path):
    path = tmp_path / "learn.txt"
    path.write_bytes(b"\xff\xfe\n")
    progress = LessonProgress(str(path))
    assert "cannot be read" in progress.trouble and first_unsolved(LESSONS, progress) == 1


def test_where_nothing_can_be_written_it_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    progress = LessonProgress(str(tmp_path / "file" / "learn.txt"))
    assert progress.trouble is None
    progress.solve(LESSONS[0])
    assert "this is not remembered" in progress.trouble
    assert progress.is_solved(LESSONS[0])


@pytest.mark.parametrize("environ, expected", [
    ({"XDG_STATE_HOME": "/state"}, "/state/rawdock/learn.txt"),
    ({"XDG_STATE_HOME": "relative"}, "~/.local/state/rawdock/learn.txt"),
    ({}, "~/.local/state/rawdock/learn.txt")])
def test_where_progress_is_kept(environ, expected):
    assert LessonProgress(environ=environ).path == os.path.expanduser(expected)
