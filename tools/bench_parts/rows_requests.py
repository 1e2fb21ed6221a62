"""Rows of tools/bench: parsing, keep-alive requests and chunked bodies."""
import io
import json
import os
import time

from bench_parts.figures import Goal
from bench_parts.machine import (
    RECEIVE_BYTES, Sample, connect, docker_py, expect, request_bytes, take_turns, timed,
    unix_http_connection)

BUFFER_BYTES = 262144
INSPECT_TARGET = "/v1.45/containers/bench/json"
TYPICAL_BODY = json.dumps({"Id": "0" * 64, "Padding": "x" * 935}).encode("ascii")
TYPICAL_RESPONSE = (b"HTTP/1.1 200 OK\r\nApi-Version: 1.45\r\nContent-Type: "
                    b"application/json\r\nDocker-Experimental: false\r\n"
                    b"Ostype: linux\r\nServer: Docker/26.0.0 (linux)\r\nDate: Mon, 02 Jan 2023 15:04:05 "
                    b"GMT\r\nCache-Control: no-cache\r\n"
                    b"Content-Length: %d\r\n\r\n" % len(TYPICAL_BODY)) + TYPICAL_BODY
TYPICAL_VALUE = (200, 8, len(TYPICAL_BODY))      # what every parser must find in it


def row_parse(bench, row):
    """One 200 out of bytes that are there already: status, all fields, the body."""
    count = 500
    batch = range(count)
    data = TYPICAL_RESPONSE

    def ours():
        from rawdock import ResponseReader
        reader = ResponseReader("GET")
        for _ in batch:
            events = reader.feed(data)
        return events[0].status, len(events[0].headers), len(events[1].data)

    def with_httptools():
        from httptools import HttpResponseParser

        class Collector:
            def on_message_begin(self):
                self.fields, self.pieces = [], []

            def on_header(self, name, value):
                self.fields.append((name, value))

            def on_body(self, piece):
                self.pieces.append(piece)

            def on_message_complete(self):
                self.body = b"".join(self.pieces)

        collector = Collector()
        parser = HttpResponseParser(collector)
        for _ in batch:
            parser.feed_data(data)
        return parser.get_status_code(), len(collector.fields), len(collector.body)

    def with_http_client():
        from http.client import HTTPResponse

        class FakeSocket:
            def makefile(self, mode, *more):
                return io.BytesIO(data)

        fake = FakeSocket()
        for _ in batch:
            response = HTTPResponse(fake, method="GET")
            response.begin()
            body = response.read()
        return response.status, len(response.getheaders()), len(body)

    def with_h11_cycles():
        from h11 import CLIENT, Connection, Data, EndOfMessage, Request
        connection = Connection(CLIENT)
        for _ in batch:
            connection.send(Request(method="GET", target="/", headers=[("Host", "docker")]))
            connection.send(EndOfMessage())
            connection.receive_data(data)
            head = connection.next_event()
            size = 0
            while True:
                event = connection.next_event()
                if type(event) is Data:
                    size += len(event.data)
                elif type(event) is EndOfMessage:
                    break
            connection.start_next_cycle()
        return head.status_code, len(head.headers), size

    def with_h11():
        from h11 import CLIENT, Connection, Data, EndOfMessage, Request
        fresh = []
        for _ in batch:   # one for each response, and its request: not part of the time
            connection = Connection(CLIENT)
            connection.send(Request(method="GET", target="/", headers=[("Host", "docker")]))
            connection.send(EndOfMessage())
            fresh.append(connection)
        began = time.perf_counter()
        for connection in fresh:
            connection.receive_data(data)
            head = connection.next_event()
            size = 0
            while True:
                event = connection.next_event()
                if type(event) is Data:
                    size += len(event.data)
                elif type(event) is EndOfMessage:
                    break
        seconds = time.perf_counter() - began
        expect((head.status_code, len(head.headers), size), TYPICAL_VALUE, "h11")
        return Sample(seconds / count)

    row.goals += [Goal("rawdock ResponseReader", "h11", "faster", 5),
                  Goal("rawdock ResponseReader", "http.client", "faster", 5),
                  Goal("rawdock ResponseReader", "httptools (C)", "within", 3, 2)]
    take_turns(row, [("rawdock ResponseReader", timed(ours, count, TYPICAL_VALUE)),
                     ("httptools (C)", timed(with_httptools, count, TYPICAL_VALUE)),
                     ("http.client", timed(with_http_client, count, TYPICAL_VALUE)), ("h11", with_h11),
                     ("h11, with its request", timed(with_h11_cycles, count, TYPICAL_VALUE))], bench.many)


def row_keepalive(bench, row):
    """Requests one after another on one kept connection; the answer has 1 KiB of JSON. Client and server on a
    CPU each."""
    if len(os.sched_getaffinity(0)) < 2:
        row.notes.append("one CPU only: see row 2s")
        return
    with bench.pinned(True):
        keepalive(bench, row)


def row_keepalive_same(bench, row):
    """These requests on one CPU: no wake-up of another hides what the client itself costs."""
    with bench.pinned(False):
        keepalive(bench, row)


def keepalive(bench, row):
    count = 200
    batch = range(count)
    path = bench.serve()
    request = request_bytes(INSPECT_TARGET)
    probe = connect(path)
    probe.sendall(request)
    answer = len(probe.recv(RECEIVE_BYTES))
    closing = [probe]

    def bare():
        sendall, recv = probe.sendall, probe.recv
        for _ in batch:
            sendall(request)
            got = len(recv(RECEIVE_BYTES))
            while got < answer:
                got += len(recv(RECEIVE_BYTES))
        return got

    def our_connection():
        from rawdock import Connection
        with Connection(connect(path)) as connection:
            for _ in batch:
                body = connection.request("GET", INSPECT_TARGET).read()
        return len(body)

    def our_client():
        from rawdock import Docker
        with Docker(bench.address, version="1.45") as docker:
            for _ in batch:
                body = docker.request("GET", INSPECT_TARGET).read()
        return len(body)

    def our_call():
        from rawdock import Docker
        with Docker(bench.address, version="1.45") as docker:
            for _ in batch:
                found = docker.container_inspect("bench")
        return found["Id"]

    def curl_handle():
        from pycurl import HEADERFUNCTION, UNIX_SOCKET_PATH, URL, WRITEFUNCTION, Curl
        curl = Curl()
        closing.append(curl)
        fields, pieces = [], []
        curl.setopt(UNIX_SOCKET_PATH, path)
        curl.setopt(URL, "http://docker" + INSPECT_TARGET)
        curl.setopt(HEADERFUNCTION, fields.append)
        curl.setopt(WRITEFUNCTION, pieces.append)

        def work():
            for _ in batch:
                del fields[:], pieces[:]
                curl.perform()
            return sum(map(len, pieces))
        return work

    def with_http_client():
        connection = unix_http_connection(path)
        for _ in batch:
            connection.request("GET", INSPECT_TARGET)
            body = connection.getresponse().read()
        connection.close()
        return len(body)

    def with_httpx():
        from httpx import Client, HTTPTransport
        with Client(transport=HTTPTransport(uds=path), base_url="http://docker") as client:
            for _ in batch:
                body = client.get(INSPECT_TARGET).content
        return len(body)

    def with_docker_py():
        client = docker_py(bench)
        for _ in batch:
            found = client.inspect_container("bench")
        client.close()
        return found["Id"]

    row.goals += [Goal("rawdock Connection.request", "pycurl", "within", 1.05, 1),
                  Goal("rawdock Docker.request", "pycurl", "within", 1.15, 1),
                  Goal("rawdock container_inspect", "docker-py inspect_container", "faster", 8)]
    contenders = [("rawdock Connection.request", timed(our_connection, count, 1024)),
                  ("rawdock Docker.request", timed(our_client, count, 1024)),
                  ("rawdock container_inspect", timed(our_call, count, "bench")),
                  ("bare sendall/recv", timed(bare, count, answer))]
    try:
        contenders.append(("pycurl", timed(curl_handle(), count, 1024)))
    except ImportError as error:
        row.notes.append("pycurl is left out: %s" % error)
    contenders += [("http.client", timed(with_http_client, count, 1024)),
                   ("httpx", timed(with_httpx, count, 1024)),
                   ("docker-py inspect_container", timed(with_docker_py, count, "bench"))]
    try:
        take_turns(row, contenders, bench.many)
    finally:
        for one in closing:
            one.close()


class NullSink:
    """Counts what is written to it."""

    def __init__(self):
        self.total = 0

    def write(self, data):
        self.total += len(data)
        return len(data)


def row_chunked(bench, row):
    """A chunked body in chunks of 32 KiB. Times are for one MiB of it. Client and server on a CPU each where
    there are two."""
    with bench.pinned(True):
        chunked(bench, row)


def chunked(bench, row):
    mib = bench.size(256, 64)
    wanted = mib << 20
    path = bench.serve()
    target = "/v1.45/containers/mib-%d/export" % mib
    buffer = bytearray(BUFFER_BYTES)

    def bare():
        with connect(path) as sock:
            sock.sendall(request_bytes(target, "Connection: close"))
            total, size = 0, 1
            while size:
                size = sock.recv_into(buffer)
                total += size
        return total > wanted

    def ours_copied():
        from rawdock import Connection
        sink = NullSink()
        with Connection(connect(path)) as connection:
            connection.request("GET", target).copy_to(sink)
        return sink.total

    def ours_read():
        from rawdock import Connection
        total, size = 0, 1
        with Connection(connect(path)) as connection:
            readinto = connection.request("GET", target).readinto
            while size:
                size = readinto(buffer)
                total += size
        return total

    def with_http_client():
        connection = unix_http_connection(path)
        connection.request("GET", target)
        readinto = connection.getresponse().readinto
        total, size = 0, 1
        while size:
            size = readinto(buffer)
            total += size
        connection.close()
        return total

    def curl_with(buffer_size):
        def work():
            from pycurl import BUFFERSIZE, UNIX_SOCKET_PATH, URL, WRITEFUNCTION, Curl
            sink = NullSink()
            curl = Curl()
            curl.setopt(UNIX_SOCKET_PATH, path)
            curl.setopt(URL, "http://docker" + target)
            curl.setopt(WRITEFUNCTION, sink.write)
            if buffer_size:
                curl.setopt(BUFFERSIZE, buffer_size)
            curl.perform()
            curl.close()
            return sink.total
        return work

    for name in ("rawdock readinto", "rawdock copy_to"):
        row.goals += [Goal(name, "pycurl", "faster", 1, 1.5)]
    take_turns(row, [("rawdock readinto", timed(ours_read, mib, wanted)),
                     ("rawdock copy_to", timed(ours_copied, mib, wanted)),
                     ("bare recv_into", timed(bare, mib, True)),
                     ("pycurl", timed(curl_with(None), mib, wanted)),
                     ("pycurl, buffer of 256 KiB", timed(curl_with(BUFFER_BYTES), mib, wanted)),
                     ("http.client readinto", timed(with_http_client, mib, wanted))], bench.rounds)
