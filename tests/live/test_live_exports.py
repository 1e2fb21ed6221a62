"""Real conversations as pcapng and as HAR, in front of Wireshark's own dissectors and a checker of HAR."""
import io
import json
import re
import subprocess

import pytest

from rawdock.engine.run import pull_image
from rawdock.teach.explain.annotate import AnnotatedRecording
from rawdock.teach.explain.har import write_har
from rawdock.teach.explain.pcap import write_pcap
from tests.live.client import need_program
from tests.live.recordings import record_run
from tests.teach.explain.har_rules import check_har, content_bytes

# `run --rm busybox echo hi` of an image that is not here, then a pull: method, path without its version,
# status.
STORY = [("GET", "/_ping", 200), ("POST", "/containers/create", 404), ("POST", "/images/create", 200),
         ("POST", "/containers/create", 201),
         ("POST", "/containers/ID/attach", 101), ("POST", "/containers/ID/wait", 200),
         ("POST", "/containers/ID/start", 204),
         ("POST", "/containers/ID/wait", "removed"),
         ("POST", "/images/create", 200)]


def with_removal(entries):
    """`entries`, a list like STORY; its last wait is answered 200, or 404 by an engine that was faster."""
    return [(method, path, "removed") if at == 7 and status in (200, 404) else (method, path, status)
            for at, (method, path, status) in enumerate(entries)]


def unmasked_path(target):
    path = re.sub(r"^(?:http://[^/]+)?(?:/v1\.[0-9]+)?", "", target).partition("?")[0]
    return re.sub("[0-9a-f]{64}", "ID", path)


@pytest.fixture(scope="module")
def recording(engine):
    """The record of STORY, made by rawdock's own library."""
    engine.remove_image("busybox")
    return record_run(engine, then=lambda docker: pull_image(docker, "busybox"))


@pytest.fixture(scope="module")
def capture(recording, tmp_path_factory):
    """The path of the record as pcapng."""
    path = tmp_path_factory.mktemp("capture") / "story.pcapng"
    with path.open("wb") as file:
        write_pcap(AnnotatedRecording(recording), file)
    return str(path)


def tshark(capture, *words):
    """What tshark says of the capture, with every checksum verified → str."""
    argv = [need_program("tshark"), "-r", capture, "-n", "-o", "tcp.check_checksum:TRUE", "-o",
            "ip.check_checksum:TRUE"] + list(words)
    return subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                          check=True).stdout.decode("utf-8")


def fields(capture, chosen, *names):
    """The values of the fields `names` in each packet that the filter `chosen` takes."""
    words = [word for name in names for word in ("-e", name)]
    return [tuple(line.split("\t"))
            for line in tshark(capture, "-Y", chosen, "-T", "fields", *words).splitlines()]


def test_wireshark_finds_nothing_wrong(capture):
    wrong = ("_ws.malformed || _ws.expert.severity >= 6291456 || tcp.analysis.flags || !(tcp.checksum.status "
             "== 1) || !(ip.checksum.status == 1)"
             " || !tcp")
    assert fields(capture, wrong, "frame.number", "_ws.expert.message") == []
    assert len(fields(capture, "tcp", "frame.number")) > 20   # and it did look


def test_wireshark_sees_a_checksum_that_is_wrong(capture, tmp_path):
    """The test above could fail: one byte of a payload is changed."""
    with open(capture, "rb") as file:
        data = file.read()
    assert data.count(b"GET /_ping") == 1
    damaged = tmp_path / "damaged.pcapng"
    damaged.write_bytes(data.replace(b"GET /_ping", b"GET /_pinG"))
    assert len(fields(str(damaged), "tcp.checksum.status == 0", "frame.number")) == 1


def test_wireshark_names_the_requests_in_order_and_their_answers(capture):
    requests = fields(capture, "http.request", "tcp.stream", "http.request.method", "http.request.uri")
    assert [(method, unmasked_path(uri)) for _, method, uri in requests] == [(method, path)
                                                                          for method, path, _ in STORY]
    answers = {}
    for stream, status in fields(capture, "http.response", "tcp.stream", "http.response.code"):
        answers.setdefault(stream, []).append(int(status))
    # On each connection answers come in the order of the requests.
    assert with_removal((method, unmasked_path(uri), answers[stream].pop(0))
                   for stream, method, uri in requests) == STORY
    assert all(left == [] for left in answers.values())


def test_wireshark_takes_the_pull_out_of_its_chunks_and_sees_json(capture):
    pulls = fields(capture, "http.request.uri contains \"/images/create\"", "tcp.stream")
    followed = tshark(capture, "-q", "-z", "follow,http,ascii,%s" % pulls[-1][0])
    messages = [json.loads(line) for line in followed.splitlines() if line.startswith("{")]
    assert {"status": "Pulling from library/busybox", "id": "latest"} in messages
    assert any(message.get("status", "").startswith("Status: ") for message in messages)
    streams = {stream for stream, in fields(capture, "http.response && json", "tcp.stream")}
    assert {stream for stream, in pulls} <= streams


def test_wireshark_has_the_frames_of_the_hijacked_stream(capture):
    (stream,), = fields(capture, "http.response.code == 101", "tcp.stream")
    payloads = fields(capture, "tcp.stream == %s && tcp.srcport == 80 && tcp.len > 0" % stream, "tcp.payload")
    assert "".join(payload for payload, in payloads).replace(":",
                                                             "").endswith((b"\x01\0\0\0\0\0\0\x03hi\n").hex())


def test_the_har_is_valid_and_tells_the_story(recording):
    file = io.BytesIO()
    write_har(AnnotatedRecording(recording), file)
    log = check_har(file.getvalue())
    assert with_removal((entry["request"]["method"], unmasked_path(entry["request"]["url"]),
                    entry["response"]["status"]) for entry in log["entries"]) == STORY
    assert {entry["response"]["_verdict"] for entry in log["entries"]} == {"complete", "unconfirmed"}
    attach = log["entries"][4]
    assert content_bytes(attach["_raw_received"]) == b"\x01\0\0\0\0\0\0\x03hi\n"
    assert attach["response"]["_frames"] == [{"stream": "stdout", "size": 3, "text": "hi\n"}]
    pulled = [json.loads(line)
              for line in content_bytes(log["entries"][-1]["response"]["content"]).splitlines()]
    assert {"status": "Pulling from library/busybox", "id": "latest"} in pulled
    assert all(entry["_socket"] for entry in log["entries"])
