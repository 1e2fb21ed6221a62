"""Tars in bodies: every byte of a header has its role, across chunks too, and damaged ones are shown so."""
import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawdock.teach.explain.annotate import annotate_bytes
from rawdock.teach.explain.explanations import explain_span
from tests.teach.explain.test_transcript import shown

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-tar\r\n"


def member(name, content=b"", **more):
    """The header and content of a file, as the standard library writes them."""
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    for key, value in more.items():
        setattr(entry, key, value)
    return entry.tobuf(tarfile.GNU_FORMAT) + content + bytes(-len(content) % 512)


def response(body):
    return HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body


def tar_spans(data):
    """→ (the stream, its spans of the body)."""
    stream = annotate_bytes(data)
    assert [one.start for one in stream.spans[1:]] == [one.end for one in stream.spans[:-1]]
    assert (stream.spans[0].start, stream.spans[-1].end) == (0, len(data))
    return stream, [one for one in stream.spans if one.role.startswith("tar ") or one.within]


TAR = member("a.txt", b"hi") + bytes(1024)


def test_each_field_of_a_header_has_its_role_and_explanation():
    stream, spans = tar_spans(response(TAR))
    start = len(response(TAR)) - len(TAR)
    assert [(one.start - start, one.role) for one in spans] == [
        (0, "tar name"), (100, "tar mode"), (108, "tar uid"), (116, "tar gid"), (124, "tar size"),
        (136, "tar mtime"), (148, "tar checksum"), (156, "tar type"), (157, "tar link"), (257, "tar magic"),
        (265, "tar user"), (297, "tar group"), (329, "tar device major"), (337, "tar device minor"),
        (345, "tar prefix"), (500, "tar padding"), (512, "tar content"), (514, "tar padding"),
        (1024, "tar end"), (1536, "tar end")]
    assert {one.within for one in spans} == {"content"}
    said = {one.role: explain_span(one, stream)[0] for one in spans[::-1]}
    assert said["tar size"] == "How many bytes of content follow, in octal digits: 2 in decimal."
    total = sum(TAR[:148]) + 8 * 32 + sum(TAR[156:512])
    assert said["tar checksum"] == "The sum of this header's bytes, in octal digits: %d in decimal." % total
    assert said["tar link"] == "This field is not used here: it is filled with zeros."
    assert said["tar name"] == "The name of the member; the sender chose it."
    assert stream.messages[0].error is None and stream.messages[0].messages is None


@given(st.lists(st.integers(1, 700), max_size=8))
def test_chunks_do_not_change_the_roles(sizes):
    body, at = b"", 0
    for size in sizes + [len(TAR)]:
        piece = TAR[at:at + size]
        body += b"%x\r\n%s\r\n" % (len(piece), piece) if piece else b""
        at += size
    _, spans = tar_spans(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + body + b"0\r\n\r\n")
    joined = {}
    for one in spans:
        joined[one.role] = joined.get(one.role, 0) + one.end - one.start
    assert (joined["tar name"], joined["tar content"], joined["tar end"]) == (100, 2, 1024)
    assert sum(joined.values()) == len(TAR)


def test_records_links_and_zeros_after_the_end():
    long_name = member("n" * 150, b"x")
    _, spans = tar_spans(response(long_name + member("l", type=tarfile.SYMTYPE, linkname="t") + bytes(10240)))
    roles = [one.role for one in spans]
    assert "tar record" in roles and roles[-3:] == ["tar end", "tar end", "tar padding"]


def test_a_header_that_is_damaged_is_malformed_and_what_follows_is_not_read():
    damaged = TAR[:1024] + TAR[:2] + b"!" + TAR[3:]
    stream, spans = tar_spans(response(damaged))
    start = len(response(damaged)) - len(damaged)
    assert [(one.start - start, one.role) for one in spans[-2:]] == [(1024, "malformed"), (1025, "not read")]
    sentence, source = explain_span(spans[-2], stream)
    assert (sentence, source) == (
        "This byte breaks a rule; expected a tar header with the right checksum.", "POSIX ustar")
    assert stream.messages[0].error is not None


@pytest.mark.parametrize("size, last", [(300, "cut"), (513, "tar content"), (600, "tar padding"),
                                        (1024, "tar padding"), (1536, "tar end")])
def test_a_tar_that_is_cut(size, last):
    stream, spans = tar_spans(response(TAR[:size]))
    assert spans[-1].role == last and stream.messages[0].error.where.startswith(
        "the content of a.txt" if size == 513 else "a block" if size % 512 else "a tar, before")


def test_other_bodies_are_not_taken_for_a_tar():
    for body in (b"x" * 600, b"x" * 257 + b"USTAR" + b"x" * 300, b""):
        assert tar_spans(response(body))[1] == []
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    assert tar_spans(response(written.getvalue()))[1] == []


# -- the transcript

def lines_of(body, kind="application/x-tar", chunk=None):
    """→ (the lines of the body in a transcript, status)."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n" % kind.encode()
    if chunk:
        pieces = [body[at:at + chunk] for at in range(0, len(body), chunk)]
        data = head + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(
            [b"%x\r\n%s\r\n" % (len(one), one) for one in pieces]) + b"0\r\n\r\n"
    else:
        data = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    text, status = shown(("<", data))
    lines = [line[2:50].rstrip() for line in text.splitlines()]
    return [line for line in lines[lines.index("") + 1:] if line.startswith(("tar: ", "…", "in the"))], status


MEMBERS = (member("a.txt", b"hi") + member("d/", type=tarfile.DIRTYPE)
           + member("way", type=tarfile.SYMTYPE, linkname="/etc") + member("n" * 150 + "\x1b", b"x" * 5000))
MEMBER_LINES = ["tar: a.txt (file, 2 bytes)", "tar: d/ (directory)", "tar: way (symbolic link to /etc)"]


@pytest.mark.parametrize("chunk", [None, 1, 100, 512, 5000])
@pytest.mark.parametrize("kind", ["application/x-tar", "application/octet-stream"])
def test_a_transcript_has_a_line_for_each_member(chunk, kind):
    lines, status = lines_of(MEMBERS + bytes(10240), kind, chunk)
    assert lines[:-1] == MEMBER_LINES and lines[-1].startswith("tar: nnn") and status == 0
    text, _ = shown(("<", response(MEMBERS + bytes(1024))))
    assert "n\\x1b (file, 5000 bytes)" in text
    assert "a header of 512 bytes, then its content in whole blocks" in text


def test_many_members_are_counted():
    lines, status = lines_of(b"".join([member("f%d" % number) for number in range(100)]) + bytes(1024))
    assert (len(lines), lines[19:], status) == (21, ["tar: f19 (file, 0 bytes)", "… 80 members more"], 0)


def test_what_is_no_tar_or_half_of_one_is_said():
    assert shown(("<", response(b"x" * 600)))[0].endswith("< %s\n" % ("x" * 600))
    assert shown(("<", response(b"short")))[0].endswith("< short\n")
    assert shown(("<", response(b"")))[1] == 0
    text, status = shown(("<", response(TAR[:600])))
    assert status == 3 and "! in the body, the stream was cut" in text and "< tar: a.txt" in text
    text, status = shown(("<", response(TAR[:1024] + TAR[:2] + b"!" + TAR[3:])))
    assert status == 1 and "! in the body, byte 1024: expected a tar header with the right checksum" in text
