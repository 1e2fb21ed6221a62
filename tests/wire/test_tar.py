"""TarReader and TarMember.encode, with Python's tarfile on the other side."""
import io
import tarfile

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rawdock.errors import TruncatedError
from rawdock.wire.tar import (END_OF_TAR, MAX_TAR_RECORD_BYTES, PAX_RULE, USTAR_RULE, TarMember, TarReader,
                              encode_pax_record, encode_tar_header, pax_time, tar_number, tar_padding)

NUMBERS = [b"0000000", b"0000000", b"00000000000", b"00000000000"]
FILE = TarMember("a", size=3).encode() + b"abc" + tar_padding(3)


def record(data, type=b"x", size=None):
    """A header of a record and the record itself."""
    size = b"%011o" % (len(data) if size is None else size)
    return encode_tar_header(b"r", type, 0, NUMBERS[:2] + [size, b"0" * 11]) + data + tar_padding(len(data))


def header(name=b"a", type=b"0", size=b"00000000000", mode=0o644, link=b""):
    return encode_tar_header(name, type, mode, NUMBERS[:2] + [size, b"0" * 11], link)


def written_by_tarfile(members, form):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form, encoding="utf-8") as tar:
        for name, type, size, link in members:
            info = tarfile.TarInfo(name)
            info.type, info.size, info.linkname = type, size, link
            info.mtime, info.uid, info.mode = 1000, 7, 0o640
            tar.addfile(info, io.BytesIO(b"x" * size))
    return file.getvalue()


MEMBERS = [("a", tarfile.REGTYPE, 700, ""), ("d/", tarfile.DIRTYPE, 0, ""),
           ("d/l", tarfile.SYMTYPE, 0, "../a"), ("d/h", tarfile.LNKTYPE, 0, "a"),
           ("f", tarfile.FIFOTYPE, 0, ""), ("c", tarfile.CHRTYPE, 0, ""),
           ("b", tarfile.BLKTYPE, 0, ""), ("\u00e9", tarfile.REGTYPE, 1, ""),
           ("p" * 90 + "/" + "n" * 90, tarfile.REGTYPE, 0, "")]
LONG = [("n" * 300, tarfile.REGTYPE, 3, ""), ("l", tarfile.SYMTYPE, 0, "t" * 300)]
KINDS = {tarfile.REGTYPE: "file", tarfile.DIRTYPE: "directory", tarfile.SYMTYPE: "symbolic link",
         tarfile.LNKTYPE: "hard link", tarfile.FIFOTYPE: "fifo", tarfile.CHRTYPE: "character device",
         tarfile.BLKTYPE: "block device"}


@pytest.mark.parametrize("form, members", [
    (tarfile.USTAR_FORMAT, MEMBERS), (tarfile.GNU_FORMAT, MEMBERS + LONG),
    (tarfile.PAX_FORMAT, MEMBERS + LONG)])
def test_what_tarfile_writes_is_read(form, members):
    reader, found = TarReader(), []
    for value in reader.feed(written_by_tarfile(members, form)):
        if isinstance(value, TarMember):
            found.append((value, bytearray()))
        else:
            found[-1][1].extend(value)
    assert [(one.name.rstrip("/"), one.kind, one.link) for one, _ in found] == [
        (name.rstrip("/"), KINDS[type], link) for name, type, _, link in members]
    assert [len(content) for _, content in found] == [size for _, _, size, _ in members]
    assert {(one.mode, one.uid, one.mtime) for one, _ in found} == {(0o640, 7, 10 ** 12)}
    assert reader.done and not any(reader.leftover)


NAMES = st.text(st.characters(blacklist_characters="\0/", blacklist_categories=["Cs"]), min_size=1,
                max_size=130)
MEMBER = st.builds(TarMember, NAMES, st.just("file"), st.integers(0, 0o7777), st.just(0),
                   st.integers(-2 ** 40, 2 ** 40).map(lambda seconds: seconds * 10 ** 9),
                   st.just(""), st.integers(0, 2 ** 32), st.integers(0, 2 ** 32))
PLACES = st.lists(st.integers(0, 3000), max_size=4)


@given(st.lists(MEMBER, max_size=3), st.binary(max_size=600), PLACES)
def test_round_trip_however_it_is_cut(members, content, places):
    members = [member._replace(size=len(content)) for member in members]
    data = b"".join(member.encode() + content + tar_padding(len(content)) for member in members) + END_OF_TAR
    reader, found = TarReader(labels=[]), []
    edges = [0] + sorted(min(place, len(data)) for place in places) + [len(data)]
    for start, end in zip(edges, edges[1:]):
        found += reader.feed(data[start:end])
    reader.feed_eof()
    assert [value for value in found if isinstance(value, TarMember)] == members
    assert b"".join(value for value in found if isinstance(value, bytes)) == content * len(members)
    assert reader.done and reader.offset == len(data)
    labels = reader._labels
    assert labels[0][0] == 0 and labels[-1][1] == len(data)
    assert all(before[1] == after[0] for before, after in zip(labels, labels[1:]))


@given(MEMBER)
@example(TarMember("\udcff\u20ac" * 60, uid=2 ** 31, mtime=-10 ** 9))
@example(TarMember("l", "symbolic link", link="\u00e9" * 101))
def test_tarfile_reads_what_is_written(member):
    data = member.encode([(b"SCHILY.xattr.user.a", b"\0\xff")]) + END_OF_TAR
    with tarfile.open(fileobj=io.BytesIO(data), encoding="utf-8") as tar:
        info = tar.next()
    if "\udcff" not in member.name:
        assert info.name == member.name
    assert (info.mode, info.mtime, info.uid, info.gid, info.linkname) == (
        member.mode, member.mtime // 10 ** 9, member.uid, member.gid, member.link)


WRONG = [
    ("no header", b"x" * 512, USTAR_RULE, 0),
    ("a wrong checksum", b"b" + FILE[1:], USTAR_RULE, 0),
    ("a size with a sign", header(size=b"+0000000001"), USTAR_RULE, 0),
    ("a size with an underscore", header(size=b"0000000_001"), USTAR_RULE, 0),
    ("a size below zero", header(size=b"\xff" * 12), USTAR_RULE, 0),
    ("one block of zeros", FILE + bytes(512) + FILE, USTAR_RULE, len(FILE) + 512),
    ("a record that is too long", record(b"", size=MAX_TAR_RECORD_BYTES + 1), PAX_RULE, 0),
    ("an empty record", record(b"", size=0), PAX_RULE, 0),
    ("a record without a length", record(b"path=a\n"), PAX_RULE, 512),
    ("a record with a wrong length", record(b"99 path=a\n"), PAX_RULE, 512),
    ("a record that ends in its key", record(b"4 path=a\n"), PAX_RULE, 512),
    ("a record without a newline", record(b"9 path=ab"), PAX_RULE, 512),
    ("a length with a zero before it", record(b"010 path=a\n"), PAX_RULE, 512),
    ("a NUL in a name", record(encode_pax_record(b"path", b"a\0b")), PAX_RULE, 512),
    ("a NUL in a link", record(encode_pax_record(b"linkpath", b"\0")), PAX_RULE, 512),
    ("a size that is no number", record(encode_pax_record(b"size", b"-1")), PAX_RULE, 512),
    ("a time that is none", record(encode_pax_record(b"mtime", b"1e9")), PAX_RULE, 512),
    ("a size of twenty digits", record(encode_pax_record(b"size", b"9" * 20)), PAX_RULE, 512)]


@pytest.mark.parametrize("name, data, rule, offset", WRONG, ids=[row[0] for row in WRONG])
def test_what_is_malformed_is_refused(name, data, rule, offset):
    reader = TarReader(labels=[])
    with pytest.raises(Exception) as caught:
        for value in reader.feed(data + END_OF_TAR):
            pass
    assert (caught.value.rule, caught.value.offset) == (rule, offset)
    assert not reader._labels or reader._labels[-1][1] <= offset


def only_member(data):
    return TarReader().feed(data)[0]


def test_records_say_it_for_the_next_member_alone():
    records = [(b"path", b"long"), (b"linkpath", b"to"), (b"uid", b"3000000"), (b"mtime", b"-1.5"),
               (b"comment", b"\0"), (b"path", b""), (b"gid", b"")]
    data = record(b"".join(encode_pax_record(*pair) for pair in records)) + header(type=b"2") + header(b"b")
    first, second = TarReader().feed(data)
    assert first == TarMember("a", "symbolic link", uid=3000000, mtime=-1500000000, link="to")
    assert second == TarMember("b")
    named = only_member(record(b"of GNU\0", b"L") + record(b"target\0", b"K") + header(type=b"1"))
    assert (named.name, named.link) == ("of GNU", "target")


def test_a_pax_size_counts_and_that_of_a_link_does_not():
    data = record(encode_pax_record(b"size", b"3"))
    assert TarReader().feed(data + header() + b"abc" + tar_padding(3) + header(b"b"))[1:] == [
        b"abc", TarMember("b")]
    assert [one.size for one in TarReader().feed(data + header(type=b"2") + header(b"b"))] == [0, 0]


def test_global_records_are_skipped():
    data = record(encode_pax_record(b"path", b"evil"), b"g")
    assert only_member(data + header()).name == "a"


def test_kinds():
    assert only_member(header(type=b"S")).kind == "sparse file"
    assert only_member(record(encode_pax_record(b"GNU.sparse.major", b"1")) + header()).kind == "sparse file"
    assert only_member(header(type=b"Z")).kind == "type Z"
    assert only_member(header(b"old/")).kind == only_member(header(b"old/", b"\0")).kind == "directory"


@pytest.mark.parametrize("cut, where", [
    (0, "a tar, before its two blocks of zeros"), (100, "a block of a tar"),
    (513, "the content of a in a tar"), (600, "a block of a tar"),
    (1024, "a tar, before its two blocks of zeros"), (1600, "a block of a tar"),
    (1536, "a tar, before its two blocks of zeros")])
def test_a_cut_is_no_end(cut, where):
    reader = TarReader()
    reader.feed((FILE + END_OF_TAR)[:cut])
    with pytest.raises(TruncatedError) as caught:
        reader.feed_eof()
    assert (caught.value.where, caught.value.offset) == (where, cut)


@given(st.lists(st.sampled_from([FILE, header(type=b"5"), bytes(512), b"x" * 512, record(b"9 path=b\n"),
                                 record(b"10 size=9\n"), header(size=b"00000000007"), b"abc",
                                 header(type=b"g"), record(b"n" * 600, b"L")]), max_size=6),
       PLACES, st.booleans())
def test_any_bytes_give_members_or_an_error_of_ours(pieces, places, eof):
    data = b"".join(pieces)
    reader = TarReader()
    outcomes = []
    for cuts in ([], [min(place, len(data)) for place in places], range(0, len(data), 64)):
        reader, found, error = TarReader(), [], None
        edges = [0] + sorted(cuts) + [len(data)]
        try:
            for start, end in zip(edges, edges[1:]):
                for value in reader.feed(memoryview(data)[start:end]):
                    found.append(value)
            if eof:
                reader.feed_eof()
        except ValueError as wrong:
            error = (type(wrong), wrong.rule, wrong.offset)
        outcomes.append(([one for one in found if isinstance(one, TarMember)],
                         b"".join(bytes(one) for one in found if not isinstance(one, TarMember)), error))
    assert outcomes[0] == outcomes[1] == outcomes[2]


@pytest.mark.parametrize("field, number", [
    (b"0000644\0", 0o644), (b"    644 ", 0o644), (b"\0" * 8, 0), (b"\x80" + b"\0" * 10 + b"\x05", 5),
    (b"\xff" * 12, -1), (b"\xff" * 11 + b"\xfe", -2), (b"\xbf" + b"\xff" * 7, 2 ** 62 - 1),
    (b"\xc0" + b"\0" * 7, -2 ** 62)])
def test_numbers(field, number):
    assert tar_number(field) == number


@pytest.mark.parametrize("text, nanoseconds", [
    (b"1", 10 ** 9), (b"1.", 10 ** 9), (b"0.000000001", 1), (b"-0.5", -5 * 10 ** 8),
    (b"1.1234567899", 1123456789)])
def test_times(text, nanoseconds):
    assert pax_time(text) == nanoseconds


@pytest.mark.parametrize("size", [0, 1, 5, 91, 92, 93, 94, 95, 990, 991, 992, 993, 994, 995])
def test_the_length_of_a_record_counts_itself(size):
    data = encode_pax_record(b"path", b"x" * size)
    assert int(data.split(b" ")[0].decode()) == len(data)
