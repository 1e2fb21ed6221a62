"""config.json: what is read, and that a change loses nothing and leaves no half of a file."""
import json
import os

import pytest

from rawdock.errors import ConfigError
from rawdock.net import config_file
from rawdock.net.config_file import change_config_file, read_config_file

# Members in an order of their own, one that no docker CLI knows, and text outside ASCII.
BEFORE = {"zzz": {"later": [1, 2.5, None]}, "auths": {"h": {"auth": "dTpw"}}, "currentContext": "caf\u00e9",
          "<&>": True}


@pytest.fixture
def home(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(BEFORE), encoding="utf-8")
    return tmp_path


def mode_of(path):
    return os.stat(str(path)).st_mode & 0o777


def test_without_a_file_the_config_is_empty(tmp_path):
    assert read_config_file(str(tmp_path)) == {}
    assert read_config_file(str(tmp_path / "nosuch")) == {}


def test_a_change_keeps_all_else_and_its_order(home):
    change_config_file(str(home), lambda config: config["auths"].update(other={}))
    assert os.listdir(str(home)) == ["config.json"]
    text = (home / "config.json").read_text(encoding="utf-8")
    after = json.loads(text)
    assert list(after) == list(BEFORE)
    assert after == dict(BEFORE, auths={"h": {"auth": "dTpw"}, "other": {}})
    assert '{\n\t"zzz": {\n\t\t"later": [\n\t\t\t1,' in text and text.endswith('"<&>": true\n}')
    assert '"currentContext": "caf\u00e9"' in text and '"other": {}' in text


def test_the_first_change_makes_directory_and_file(tmp_path):
    change_config_file(str(tmp_path / "new" / ".docker"), lambda config: config.update(a=1))
    assert (tmp_path / "new" / ".docker" / "config.json").read_text() == '{\n\t"a": 1\n}'
    assert mode_of(tmp_path / "new" / ".docker") == 0o700
    assert mode_of(tmp_path / "new" / ".docker" / "config.json") == 0o600


@pytest.mark.parametrize("before", [0o644, 0o666, 0o400])
def test_only_the_owner_reads_what_is_written(home, before):
    os.chmod(str(home / "config.json"), before)
    change_config_file(str(home), lambda config: config.update(a=1))
    assert mode_of(home / "config.json") == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_the_owner_stays(home):
    os.chown(str(home / "config.json"), 1234, 2345)
    change_config_file(str(home), lambda config: config.update(a=1))
    status = os.stat(str(home / "config.json"))
    assert (status.st_uid, status.st_gid) == (1234, 2345)


@pytest.mark.parametrize("dangling", [False, True])
def test_a_symbolic_link_stays_and_its_file_is_replaced(tmp_path, dangling):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".docker").mkdir()
    target, link = tmp_path / "elsewhere" / "real.json", tmp_path / ".docker" / "config.json"
    if not dangling:
        target.write_text('{"kept": 1}')
    link.symlink_to("../elsewhere/real.json")
    change_config_file(str(tmp_path / ".docker"), lambda config: config.update(a=1))
    assert os.readlink(str(link)) == "../elsewhere/real.json"
    assert json.loads(target.read_text()) == (dict(a=1) if dangling else dict(kept=1, a=1))
    assert os.listdir(str(tmp_path / "elsewhere")) == ["real.json"]
    assert os.listdir(str(tmp_path / ".docker")) == ["config.json"]


@pytest.mark.parametrize("text", ["", " \n", "null", "{}"])
def test_an_empty_file_is_as_good_as_none(tmp_path, text):
    (tmp_path / "config.json").write_text(text)
    assert read_config_file(str(tmp_path)) == {}


@pytest.mark.parametrize("text", ["{", "[]", "5", "[" * 100000, '{"a": 1 x', "\ufeff{}"])
def test_what_is_no_json_object_is_refused_and_not_overwritten(tmp_path, text):
    path = tmp_path / "config.json"
    path.write_text(text, encoding="utf-8")
    for function in (read_config_file, lambda directory: change_config_file(directory, dict.clear)):
        with pytest.raises(ConfigError) as caught:
            function(str(tmp_path))
        assert str(caught.value).startswith("parsing config file (%s): " % path)
        assert "\n" not in str(caught.value)
    assert path.read_text(encoding="utf-8") == text


def test_what_follows_the_object_is_not_read(tmp_path):
    (tmp_path / "config.json").write_text(' {"a": 1} x')
    assert read_config_file(str(tmp_path)) == {"a": 1}


def test_bytes_outside_utf8_and_half_surrogate_pairs_are_kept_as_escapes(tmp_path):
    (tmp_path / "config.json").write_bytes(b'{"a": "\xff", "b": "\\ud800"}')   # docker reads both
    change_config_file(str(tmp_path), lambda config: config.update(c=1))
    assert json.loads((tmp_path / "config.json").read_bytes().decode("ascii")) == {
        "a": "\udcff", "b": "\ud800", "c": 1}


def test_a_directory_is_one_line_too(tmp_path):
    (tmp_path / "config.json").mkdir()
    with pytest.raises(ConfigError) as caught:
        read_config_file(str(tmp_path))
    path = tmp_path / "config.json"
    assert caught.value.message == "loading config file: open %s: is a directory" % path


def deep_value(depth):
    """A list in a list, `depth` times."""
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("value", [float("inf"), b"bytes", deep_value(100000)], ids=["inf", "bytes", "deep"])
def test_what_cannot_be_written_leaves_the_old_file(home, value):
    text = (home / "config.json").read_bytes()
    with pytest.raises((ConfigError, TypeError)):
        change_config_file(str(home), lambda config: config.update(a=value))
    assert (home / "config.json").read_bytes() == text and os.listdir(str(home)) == ["config.json"]


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(home, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(config_file.os, "fsync", full)
    with pytest.raises(ConfigError) as caught:
        change_config_file(str(home), lambda config: config.update(a=1))
    assert "No space left on device" in str(caught.value)
    assert read_config_file(str(home)) == BEFORE and os.listdir(str(home)) == ["config.json"]


def test_an_exception_of_the_change_leaves_the_old_file(home):
    def change(config):
        config.clear()
        raise KeyError("x")

    with pytest.raises(KeyError):
        change_config_file(str(home), change)
    assert read_config_file(str(home)) == BEFORE
