"""No export shows a credential: pcapng and HAR of a record that holds one of every kind."""
import io
import json
import re
from base64 import b64encode

import pytest

from rawdock.teach.explain.annotate import AnnotatedRecording
from rawdock.teach.explain.har import write_har
from rawdock.teach.explain.pcap import write_pcap
from rawdock.teach.record.record import Recording, WireEvent
from tests.teach.explain.har_rules import check_har
from tests.teach.explain.pcap_rules import read_pcapng

PASSWORD, REFRESH, BASIC = "hunter2-correct-horse", "refresh-9f86d081884c", "basic-60303ae22b99"
AUTH = b64encode(json.dumps({"username": "bob", "password": PASSWORD}).encode()).decode()


def post(target, fields="", body=""):
    return ("POST %s HTTP/1.1\r\nHost: docker\r\n%sContent-Type: application/json\r\n"
            "Content-Length: %d\r\n\r\n%s"
            % (target, fields, len(body), body)).encode()


def chunked(body, size):
    pieces = [body[at:at + size].encode() for at in range(0, len(body), size)]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks


EXCHANGES = [
    (post("/v1.41/auth",
          body=json.dumps({"username": "bob", "password": PASSWORD, "serveraddress": "r.example"})),
     chunked(json.dumps({"Status": "Login Succeeded", "IdentityToken": REFRESH}), 7)),
    (post("/v1.41/images/create?fromImage=r.example%2Fa", "X-Registry-Auth: " + AUTH + "\r\n"),
     chunked('{"status":"Pulling"}\n', 64)),
    (post("/v1.41/build?t=x&buildargs=%7B%22NPM_TOKEN%22%3A%22" + REFRESH + "%22%7D",
          "X-Registry-Config: " + AUTH + "\r\nAuthorization: Basic " + BASIC + "\r\n"),
     chunked('{"stream":"ok"}\n', 64)),
    (post("/v1.41/swarm/join", "Proxy-Authorization: Basic " + BASIC + "\r\n",
          json.dumps({"JoinToken": REFRESH})), chunked("{}", 64)),
    (post("/v1.41/containers/create?name=db",
          body=json.dumps({"Image": "db", "Env": ["DB_PASSWORD=" + PASSWORD, "PLAIN=shown"]})),
     chunked('{"Id":"abc"}\n', 64)),
]
SECRETS = [PASSWORD, REFRESH, BASIC, AUTH]


def recording_in_pieces(size):
    recording = Recording(started=1.0, address="unix:///s")
    for at, (request, answer) in enumerate(EXCHANGES):
        for direction, data in ((">", request), ("<", answer)):
            for start in range(0, len(data), size):
                recording.take(1, WireEvent(float(at), direction, "data", data[start:start + size]))
    return recording


def har_strings(value):
    if isinstance(value, dict):
        value = list(value) + list(value.values())
    if isinstance(value, list):
        return "\n".join(map(har_strings, value))
    return str(value)


def exported(recording, **options):
    """Everything that the two exports show, as text: {name: str}."""
    capture, har = io.BytesIO(), io.BytesIO()
    write_pcap(AnnotatedRecording(recording, **options), capture)
    write_har(AnnotatedRecording(recording, **options), har)
    shown = {direction: b"".join(packet.payload for packet in read_pcapng(capture.getvalue())[1]
                                 if packet.direction == direction)
             for direction in "><"}
    # Chunk lines may stand in the midst of a secret.
    streams = "\n".join(re.sub(rb"\r\n[0-9a-f]{1,2}\r\n", b"", data).decode("latin-1")
                        for data in shown.values())
    return shown, {"pcapng": streams, "HAR": har_strings(check_har(har.getvalue()))}


@pytest.mark.parametrize("size", [1, 3, 50, 10**6])
def test_no_export_shows_a_credential(size):
    recording = recording_in_pieces(size)
    shown, texts = exported(recording)
    for name, text in texts.items():
        for secret in SECRETS:
            assert secret not in text, "%s shows %s" % (name, secret)
        assert "bob" in text and "Login Succeeded" in text and "PLAIN=shown" in text
        assert "DB_PASSWORD=***" in text
    # As many bytes, and the same framing: lengths and offsets still tell the truth.
    for direction in "><":
        original = recording.connections[0].stream(direction)
        assert len(shown[direction]) == len(original) and shown[direction] != original


def test_no_note_and_no_address_shows_a_credential():
    from rawdock.teach.explain.exports import EXPORT_FORMS, write_export
    recording = Recording(started=1.0, address="tcp://bob:%s@h:1" % PASSWORD)
    for number, direction, kind in ((1, ">", "open"), (1, "", "note"), (2, "", "note")):
        recording.take(number,
                       WireEvent(1.0, direction, kind, ("cannot reach tcp://bob:%s@h:1" % PASSWORD).encode()))
    for form in EXPORT_FORMS:
        for redact in (True, False):
            file = io.BytesIO()
            write_export(form, AnnotatedRecording(recording, redact), file)
            assert (PASSWORD.encode() in file.getvalue()) is not redact, form


def test_every_credential_is_there_without_masking():
    """The test above could fail: unredacted, both exports show them all."""
    for name, text in exported(recording_in_pieces(50), redact=False)[1].items():
        assert [secret for secret in SECRETS if secret not in text] == [], name


def test_writing_an_export_leaves_the_record_as_it_is():
    recording = recording_in_pieces(50)
    exported(recording)
    assert recording.connections == recording_in_pieces(50).connections


@pytest.mark.parametrize("junk", [b'"', b"\\", b"\0", b"x\n", b'{"'])
def test_bytes_that_break_a_rule_do_not_bring_later_credentials_to_light(junk):
    """After junk nothing of a direction can be read as HTTP, and yet all of it is searched."""
    recording = Recording(started=1.0, address="unix:///s")
    for direction, data in [("<", junk)] + [(direction, data) for request, answer in EXCHANGES[1:]
                                            for direction, data in ((">", request), ("<", answer))]:
        recording.take(1, WireEvent(0.0, direction, "data", data))
    recording.take(1, WireEvent(1.0, "<", "data", chunked(json.dumps({"IdentityToken": REFRESH}), 200)))
    for name, text in exported(recording)[1].items():
        assert [secret for secret in SECRETS if secret in text] == [], name
