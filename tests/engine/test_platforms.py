"""Platforms as docker CLI 28.2.2 sent them, in create's parameter and as the JSON of history."""
import os

import pytest

from rawdock.engine.platforms import format_platform, parse_platform
from rawdock.errors import UsageError


@pytest.mark.parametrize("text, sent", [
    ("linux/arm64", "linux/arm64"), ("arm64", "linux/arm64"), ("Linux/x86_64", "linux/amd64"),
    ("linux/aarch64", "linux/arm64"), ("linux/arm", "linux/arm"), ("linux/arm/7", "linux/arm/v7"),
    ("linux/arm/v6", "linux/arm/v6"), ("linux/armhf", "linux/arm"), ("armel", "linux/arm/v6"),
    ("linux/arm64/8", "linux/arm64/v8"), ("linux/arm64/v8", "linux/arm64/v8"), ("x86-64", "linux/amd64"),
    ("i386", "linux/386"), ("linux/amd64/v1", "linux/amd64"), ("linux/amd64/V2", "linux/amd64/v2"),
    ("windows(10.0.17763)/amd64", "windows/amd64"), ("macos/arm64", "darwin/arm64"),
    ("linux/foo/v9", "linux/foo/v9"), ("ppc64le", "linux/ppc64le")])
def test_spellings(text, sent, monkeypatch):
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Linux", "h", "6", "1", "x86_64")))
    assert format_platform(parse_platform(text)) == sent
    again = parse_platform(sent)
    assert format_platform(again) == sent


@pytest.mark.parametrize("machine, text, sent", [
    ("x86_64", "linux", "linux/amd64"), ("aarch64", "linux", "linux/arm64"),
    ("i686", "windows", "windows/386"), ("armv7l", "linux", "linux/arm"),
    ("s390x", "freebsd", "freebsd/s390x")])
def test_a_system_alone_is_of_this_machines_architecture(machine, text, sent, monkeypatch):
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(("Linux", "h", "6", "1", machine)))
    assert format_platform(parse_platform(text)) == sent


def test_the_object():
    assert parse_platform("windows(10.0.17763)/amd64") == {
        "os": "windows", "os.version": "10.0.17763", "architecture": "amd64"}
    assert parse_platform("linux/arm/v7") == {"os": "linux", "architecture": "arm", "variant": "v7"}


@pytest.mark.parametrize("text, says", [
    ("foo", '"foo": unknown operating system or architecture: invalid argument'),
    ("a/b/c/d", '"a/b/c/d": cannot parse platform specifier: invalid argument'),
    ("linux/*", '"linux/*": wildcards not yet supported: invalid argument'),
    ("linux/", '"" is an invalid component of "linux/": platform specifier component must match '
               '"^[A-Za-z0-9_.-]+$": invalid argument'),
    ("bad os", '"bad os" is an invalid OS component of "bad os": OSAndVersion specifier component must match '
               '"^([A-Za-z0-9_-]+)(?:\\\\(([A-Za-z0-9_.-]*)\\\\))?$": invalid argument')])
def test_what_is_no_platform(text, says):
    with pytest.raises(UsageError) as caught:
        parse_platform(text)
    assert str(caught.value) == says


@pytest.mark.parametrize("text", ["", "linux\n", "linux/amd64\n", "é", "\ud800", "linux/é/", "%s/%d"])
def test_other_texts(text):
    with pytest.raises(UsageError):
        parse_platform(text)
