"""`rawdock explain`: captured bytes and records as transcript, hexdump, JSON and files; its status."""
import base64
import io
import json
import os

import pytest

from rawdock.main import main
from rawdock.teach.record.record import RecordWriter, WireEvent

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}"
BROKEN = (b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"
          b"zz\r\nmore")
ATTACH = b"POST /containers/x/attach HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
RAW = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"


@pytest.fixture
def explain(tmp_path, capfd):
    """explain(data, words…) → (status, output lines, error output)."""
    def run(data, *words):
        path = tmp_path / "capture"
        path.write_bytes(data)
        status = main(["explain", str(path)] + list(words))
        out, err = capfd.readouterr()
        return status, out.splitlines(), err
    return run


def record(*rows, **how):
    """(number, direction, bytes or kind) rows → the bytes of a record, secrets and all."""
    file = io.BytesIO()
    writer = RecordWriter(file, how.get("redact", False), 5.0, "unix:///x")
    for at, (number, direction, data) in enumerate(rows):
        kind, data = (data, b"") if isinstance(data, str) else ("data", data)
        writer.take(number, WireEvent(float(at), direction, kind, data))
    return file.getvalue()


RECORD = record((1, ">", b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n"), (2, ">", ATTACH), (1, "<", OK),
                (2, "<", RAW + b"out\r\n"), (2, ">", b"in\n"),
                (2, "<", "close"), (1, ">", "close"))


def test_captured_bytes_are_a_transcript(explain):
    status, lines, err = explain(OK)
    assert (status, err) == (0, "")
    assert lines == ["< HTTP/1.1 200 OK                                 # it worked",
                     "< Content-Type: application/json                  # the body is JSON: one value,",
                     "                                                  # or a message a line",
                     "< Content-Length: 7", "<", '< {"a":1}']


def test_a_record_is_a_transcript_of_all_its_connections(explain):
    status, lines, err = explain(RECORD)
    assert (status, err) == (0, "")
    assert [line.partition("  ")[0] for line in lines if "HTTP/1.1" in line] == [
        "1> GET /_ping HTTP/1.1", "2> POST /containers/x/attach HTTP/1.1", "1< HTTP/1.1 200 OK",
        "2< HTTP/1.1 101 UPGRADED"]
    assert lines[-4:] == ["2< out\\r", "2> in", "2* the engine closed the connection",
                          "1* the client closed the connection"]


@pytest.mark.parametrize("form", [[], ["--hex"], ["--json"]])
@pytest.mark.parametrize("data, status",
                         [(OK, 0), (OK[:-1], 3), (OK[:20], 3), (BROKEN, 1), (b"", 0), (RECORD, 0),
                                          (record((1, "<", OK[:-1]), (1, "<", "close")), 3),
                                          (record((1, "<", BROKEN)), 1)])
def test_the_status_tells_what_is_cut_or_broken(explain, form, data, status):
    assert explain(data, *form)[0] == status


def test_what_precedes_a_broken_rule_is_explained_and_the_rule_named(explain):
    _, lines, _ = explain(BROKEN)
    assert lines[0].startswith("< HTTP/1.1 204 No Content ")
    at = BROKEN.index(b"zz")
    assert lines[-1].startswith("! byte %d: expected a chunk size" % at) and "RFC 9112 §7.1" in lines[-1]
    _, lines, _ = explain(BROKEN, "--hex")
    wrong = [line for line in lines if " malformed " in line]
    assert len(wrong) == 1 and wrong[0].startswith("%08x  7a " % at) and wrong[0].endswith("[RFC 9112 §7.1]")


def test_a_hexdump_names_each_byte(explain):
    _, lines, _ = explain(OK, "--hex")
    assert lines[0] == "< connection 1, engine to client: bytes 0 to %d, a response" % len(OK)
    assert lines[1].split() == ("00000000 48 54 54 50 2f 31 2e 31 |HTTP/1.1| version The version of HTTP "
                                "that the sender speaks. [RFC 9112 §2.3]").split()


def test_the_method_of_the_request_counts(explain):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"
    for form in ([], ["--hex"], ["--json"]):
        assert explain(head, *form)[0] == 3
        assert explain(head, "--for", "HEAD", *form)[0] == 0


def test_secrets_are_masked_without_the_flag(explain):
    data = (b"POST /auth HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 22\r\n\r\n"
            b"{\"password\":\"hunter2\"}")
    for form in ([], ["--hex"]):
        assert not any("ter2" in line for line in explain(data, *form)[1])
        assert any("ter2" in line for line in explain(data, "--secrets", *form)[1])
    # --json of captured bytes is what was captured
    for kept, masked in ((data, b"hunter2"), (record((1, ">", data)), b"*******")):
        bodies = [base64.b64decode(json.loads(explain(kept, "--json", *words)[1][0])["body"])
                  for words in ([], ["--secrets"])]
        assert bodies == [b'{"password":"%s"}' % masked, b'{"password":"hunter2"}']
    after_head = (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\n"
                  b"Authorization: hunter2\r\n\r\n")
    for form in ([], ["--hex"]):
        assert not any("ter2" in line for line in explain(after_head, "--for", "HEAD", *form)[1])


def test_a_records_messages_as_json(explain):
    status, lines, _ = explain(RECORD, "--json")
    facts = [json.loads(line) for line in lines]
    assert status == 0 and [(one["connection"], one["kind"], one["framing"], base64.b64decode(one["body"]),
                             one["complete"]) for one in facts] == [
        (1, "request", "none", b"", True), (1, "response", "length", b'{"a":1}', True),
        (2, "request", "none", b"", True), (2, "response", "upgrade", b"out\r\n", True)]
    assert [base64.b64decode(one["raw_stream"]) for one in facts if "raw_stream" in one] == [b"in\n"]
    alone = json.loads(explain(OK, "--json")[1][0])
    assert dict(alone, connection=1) == facts[1] and list(alone) == list(facts[1])[:-1]


def test_a_broken_records_json_names_the_rule(explain):
    status, lines, _ = explain(record((1, "<", BROKEN), (2, "<", OK)), "--json")
    facts = [json.loads(line) for line in lines]
    assert status == 1 and [one.get("status", one.get("rule")) for one in facts] == [204, 200,
                                                                                     "RFC 9112 §7.1", 200]
    assert facts[2]["offset"] == BROKEN.index(b"zz")


@pytest.mark.parametrize("data", [OK, RECORD], ids=["captured bytes", "a record"])
def test_exports_are_written_to_files(explain, tmp_path, data):
    paths = {form: str(tmp_path / form) for form in ("html", "har", "pcap")}
    status, lines, err = explain(data,
                                 *[word for form in sorted(paths) for word in ("--" + form, paths[form])])
    assert (status, lines, err) == (0, [], "")
    starts = {"html": b"<!doctype html", "har": b"{", "pcap": b"\x0a\x0d\x0d\x0a"}
    for form, path in paths.items():
        with open(path, "rb") as file:
            assert file.read(20).lower().startswith(starts[form]), form
    with open(paths["har"], encoding="utf-8") as file:
        assert json.load(file)["log"]["version"] == "1.2"


@pytest.mark.parametrize("data, words, said", [
    (OK, ["--role", "both"], "--role both"),
    (OK, ["--for", "head"], "--for HEAD"),
    (OK, ["--for", "G ET"], "--for"),
    (OK, ["--json", "--hex"], "--json"),
    (OK, ["--html", os.path.join("nowhere", "page.html")], "nowhere"),
    (RECORD[:-10], [], "line 8"),
    (RECORD.replace(b'"version":1', b'"version":9'), ["--json"], "version 9"),
])
def test_mistakes_end_in_one_line(explain, data, words, said):
    status, lines, err = explain(data, *words)
    assert status != 0 and lines == [] and said in err and err.count("\n") == 1
    assert not any("Traceback" in line for line in [err])


@pytest.mark.parametrize("data", [OK, RECORD], ids=["captured bytes", "a record"])
def test_what_is_explained_is_not_overwritten(explain, tmp_path, data):
    path = tmp_path / "capture"
    os.symlink("capture", str(tmp_path / "link"))
    for name in (str(path), str(tmp_path / "link"), str(tmp_path / ".." / tmp_path.name / "capture")):
        status, lines, err = explain(data, "--html", name)
        assert status != 0 and lines == [] and name in err and err.count("\n") == 1
        assert path.read_bytes() == data


def test_two_forms_are_two_files(explain, tmp_path):
    name = str(tmp_path / "made")
    status, lines, err = explain(OK, "--html", name, "--har", name)
    assert status != 0 and name in err and not os.path.exists(name)
    assert explain(OK, "--html", "/dev/null", "--har", "/dev/null")[0] == 0


def test_files_are_private_and_kept_where_there_is_nothing_to_explain(explain, tmp_path):
    path = tmp_path / "page"
    path.write_bytes(b"old")
    path.chmod(0o644)
    assert explain(RECORD[:-10], "--html", str(path), "--har", str(tmp_path / "har"))[0] == 1
    assert path.read_bytes() == b"old" and not os.path.exists(str(tmp_path / "har"))
    assert explain(RECORD, "--secrets", "--html", str(path))[0] == 0
    assert path.read_bytes()[:9].lower() == b"<!doctype" and path.stat().st_mode & 0o777 == 0o600


def test_no_such_file(capfd):
    assert main(["explain", "/nonexistent/capture"]) == 1
    assert "/nonexistent/capture" in capfd.readouterr().err
