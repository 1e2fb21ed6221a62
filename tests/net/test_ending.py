"""Which content shows its own end: a JSON value and a tar, at every cut and under every split."""
import io
import json
import tarfile

import pytest
from hypothesis import given, strategies as st

from rawdock.net.ending import CONTENT_ENDS, UnknownEnd


def whole(kind, data, size=None):
    follower = CONTENT_ENDS.get(kind, UnknownEnd)()
    for at in range(0, len(data), size or len(data) or 1):
        follower.examine(memoryview(data)[at:at + (size or len(data))])
    return follower.whole()


def tar_of(members, form=tarfile.PAX_FORMAT):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if content is None:
                info.type, info.linkname = tarfile.SYMTYPE, "elsewhere"
            else:
                info.size = len(content)
            tar.addfile(info, None if content is None else io.BytesIO(content))
    return file.getvalue()


MEMBERS = [("empty", b""), ("dir/short", b"abc"), ("zeros", bytes(3000)), ("link", None),
           ("\u00e9" * 120, b"x" * 512), ("last", b"y" * 513)]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_a_tar_is_whole_from_its_second_block_of_zeros_on(form):
    members = (MEMBERS if form != tarfile.USTAR_FORMAT
               else [member for member in MEMBERS if len(member[0]) < 100])
    data = tar_of(members, form)
    end = len(data.rstrip(b"\0"))
    end += -end % 512 + 1024
    for cut in range(0, len(data) + 1, 1 if form == tarfile.GNU_FORMAT else 37):
        assert whole("tar", data[:cut]) is (cut >= end), cut
    for size in (1, 7, 511, 512, 513, 4096):
        assert whole("tar", data, size) and not whole("tar", data[:end - 1], size)


def test_what_is_no_tar_or_goes_on_after_its_end_is_not_whole():
    data = tar_of(MEMBERS)
    assert (not whole("tar", data + b"x") and not whole("tar", b"x" * 512 + bytes(1024))
            and not whole("tar", b""))
    signed = bytearray(tarfile.TarInfo("a").tobuf())
    signed[124:136] = b"+0000000000\0"
    signed[148:156] = b"%06o\0 " % (sum(signed[:148]) + sum(signed[156:]) + 256)
    assert not whole("tar", bytes(signed) + bytes(1024))
    broken = bytearray(data)
    broken[0] ^= 1   # the checksum of the first header
    assert not whole("tar", bytes(broken))
    assert whole("tar", bytes(1024))   # a tar of nothing


def test_a_size_in_binary():
    """GNU's form for sizes that eleven octal digits cannot hold."""
    info = tarfile.TarInfo("big")
    info.size = 3
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    block[124:136] = b"\x80" + (3).to_bytes(11, "big")
    block[148:156] = b"%06o\0 " % (sum(block[:148]) + sum(block[156:]) + 256)
    data = bytes(block) + b"abc" + bytes(509) + bytes(1024)
    assert whole("tar", data) and not whole("tar", data[:-1])


VALUES = st.recursive(st.none() | st.booleans() | st.text(max_size=5),
                      lambda inner: st.lists(inner, max_size=4)
                      | st.dictionaries(st.text(max_size=3), inner | st.integers(), max_size=4))


@given(VALUES, st.integers(1, 9))
def test_a_json_value_is_whole_at_its_end_and_at_no_cut(value, size):
    data = json.dumps(value, ensure_ascii=False).encode()
    assert whole("json", data, size) and whole("json", data + b"\n", size)
    for cut in range(len(data)):
        assert not whole("json", data[:cut])


@pytest.mark.parametrize("data, shown", [
    (b"12", False), (b"12\n", True), (b"1.5", False), (b"", False), (b"NaN", False), (b"[1] [2]", False),
    (b"\xff", False),
    (b"[" * 100000, False),
])
def test_json_of_other_kinds(data, shown):
    assert whole("json", data) is shown


@pytest.mark.parametrize("kind", ["messages", "frames", "raw", None])
def test_other_content_never_shows_its_end(kind):
    assert not whole(kind, b'{"status":"done"}\r\n')
