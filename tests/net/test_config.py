"""Which engine is meant: the precedence of flags, environment, config.json and contexts."""
import hashlib
import json
import os

import pytest

from rawdock.engine.docker import Docker
from rawdock.errors import AddressError, ConfigError
from rawdock.net.address import TLSSettings
from rawdock.net.config import find_address


@pytest.fixture
def home(tmp_path):
    """A config directory with the contexts `one` and `two`; make(config) writes config.json."""
    for name in ("one", "two"):
        folder = tmp_path / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
        folder.mkdir(parents=True)
        (folder / "meta.json").write_text(json.dumps(
            {"Name": name, "Metadata": {}, "Endpoints": {"docker": {"Host": "tcp://%s:1" % name}}}))
    return tmp_path


def find(home, address=None, context=None, config=None, **environ):
    if config is not None:
        (home / "config.json").write_text(config)
    environ["DOCKER_CONFIG"] = str(home)
    return str(find_address(address, context, environ))


def test_precedence(home):
    current = json.dumps({"currentContext": "one"})
    everything = dict(config=current, DOCKER_HOST="tcp://env:1", DOCKER_CONTEXT="two")
    assert find(home) == "unix:///var/run/docker.sock"
    assert find(home, config=current) == "tcp://one:1"
    assert find(home, config=current, DOCKER_CONTEXT="two") == "tcp://two:1"
    assert find(home, **everything) == "tcp://env:1"
    assert find(home, address="tcp://flag:1", **everything) == "tcp://flag:1"
    assert find(home, context="one", **everything) == "tcp://one:1"
    assert find(home, address="", **everything) == "unix:///var/run/docker.sock"   # as docker -H "" ps


def test_default_is_docker_host_or_the_usual_socket(home):
    current = json.dumps({"currentContext": "one"})
    assert find(home, context="default", config=current) == "unix:///var/run/docker.sock"
    assert find(home, context="default", DOCKER_HOST="tcp://env:1") == "tcp://env:1"
    assert find(home, DOCKER_CONTEXT="default") == "unix:///var/run/docker.sock"
    assert find(home, config='{"currentContext": "default"}') == "unix:///var/run/docker.sock"
    assert find(home, config='{"currentContext": ""}') == "unix:///var/run/docker.sock"
    assert find(home, config='{"currentContext": null}') == "unix:///var/run/docker.sock"


@pytest.mark.parametrize("config, says", [
    ("{", "parsing config file"), ("[]", "JSON object"),
    ("[" * 100000, "parsing config file"),
    ('{"currentContext": 5}', "currentContext"), ('{"currentContext": ["one"]}', "currentContext"),
    ('{"currentContext": "three"}', 'context "three": context not found'),
    ('{"currentContext": "../x"}', 'context "../x": context not found'),
])
def test_a_broken_config_is_one_line(home, config, says):
    with pytest.raises((AddressError, ConfigError)) as caught:
        find(home, config=config)
    assert says in str(caught.value) and "\n" not in str(caught.value)
    assert find(home, address="unix:///x", config=config) == "unix:///x"   # -H needs no config


def test_config_that_is_not_text_or_not_a_file(home):
    (home / "config.json").write_bytes(b'{"a": "\xff", "currentContext": "one"}')
    assert find(home) == find(home, context="one")   # as in docker
    (home / "config.json").write_bytes("{}".encode("utf-16"))
    with pytest.raises(ConfigError, match="parsing config file"):
        find(home)
    (home / "config.json").unlink()
    (home / "config.json").mkdir()
    with pytest.raises(ConfigError, match="loading config file: open .*is a directory"):
        find(home)


def test_contexts_that_lead_nowhere(home):
    for name in ("three", "x", "a/b", "", "ü1", "one\n"):
        if name:
            with pytest.raises(AddressError):
                find(home, context=name)
    meta = home / "contexts" / "meta" / hashlib.sha256(b"one").hexdigest() / "meta.json"
    for text in ("{", "[]", "{}", '{"Endpoints": 1}', '{"Endpoints": {"docker": 5}}',
                 '{"Endpoints": {"docker": {"Host": "x:1"}}}',
                 '{"Endpoints": {"docker": {"Host": 1}}}', '{"Endpoints": {"docker": {"Host": "ftp://x"}}}'):
        meta.write_text(text)
        with pytest.raises(AddressError):
            find(home, context="one")


@pytest.mark.parametrize("name", [5, b"one", ("one", "two"), ["one"], True, 1.5])
def test_a_context_name_that_is_no_text(home, name):
    with pytest.raises(AddressError, match="context name"):
        find_address(context=name, environ={"HOME": str(home)})


def test_address_and_context_exclude_each_other(home):
    with pytest.raises(AddressError, match="both"):
        find(home, address="tcp://x:1", context="one")


@pytest.mark.parametrize("environ",
                         [{"DOCKER_TLS_VERIFY": "1"}, {"DOCKER_TLS_VERIFY": "0"}, {"DOCKER_TLS": "1"}])
def test_tls_that_is_wanted_is_never_left_out_silently(home, environ):
    for host in ("tcp://env:2376", "unix:///x"):   # docker wants the file even where TLS has no use
        with pytest.raises(AddressError, match="ca.pem: no such file") as caught:
            find(home, DOCKER_HOST=host, **environ)
        assert caught.value.hint == "%s asks for TLS" % list(environ)[0]
    (home / "ca.pem").write_text("")
    environ["DOCKER_CONFIG"] = str(home)
    found = find_address("tcp://env:2376", environ=environ)
    verify = "DOCKER_TLS_VERIFY" in environ
    assert found.tls == TLSSettings(str(home / "ca.pem"), None, None, verify, list(environ)[0])
    (home / "cert.pem").write_text("")
    (home / "key.pem").write_text("")
    found = find_address("tcp://env", environ=environ)
    assert found.tls[1:3] == (str(home / "cert.pem"), str(home / "key.pem"))
    assert find_address("unix:///x", environ=environ).tls is None
    assert str(find_address(environ=environ)) == "tcp://localhost:2376"
    environ["DOCKER_TLS_VERIFY"] = environ["DOCKER_TLS"] = ""
    assert find_address("tcp://env:2376", environ=environ).tls is None


def test_a_context_with_tls_files_is_not_dialled_in_the_clear(home):
    environ = {"DOCKER_CONFIG": str(home)}
    folder = home / "contexts" / "tls" / hashlib.sha256(b"one").hexdigest() / "docker"
    folder.mkdir(parents=True)
    assert find_address(context="one", environ=environ).tls is None
    (folder / "ca.pem").write_text("")
    settings = find_address(context="one", environ=environ).tls
    assert settings == TLSSettings(str(folder / "ca.pem"), None, None, True, 'context "one"')


def test_docker_reads_the_environment(home, monkeypatch):
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS", "DOCKER_TLS_VERIFY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(home))
    monkeypatch.setenv("DOCKER_CONTEXT", "two")
    assert str(Docker().address) == "tcp://two:1"
    assert str(Docker(context="one").address) == "tcp://one:1"
    monkeypatch.delenv("DOCKER_CONFIG")
    monkeypatch.delenv("DOCKER_CONTEXT")
    monkeypatch.setenv("HOME", str(home / "nobody"))
    assert str(Docker().address) == "unix:///var/run/docker.sock"
    os.makedirs(str(home / "nobody" / ".docker"))
    (home / "nobody" / ".docker" / "config.json").write_text("{")
    with pytest.raises(ConfigError, match="config.json"):
        Docker()


def test_the_library_names_tls_and_insecure_tcp_itself(home, monkeypatch):
    monkeypatch.setenv("DOCKER_CONFIG", str(home))
    for name in ("DOCKER_TLS", "DOCKER_TLS_VERIFY", "RAWDOCK_INSECURE_TCP"):
        monkeypatch.delenv(name, raising=False)
    settings = TLSSettings("/ca.pem", None, None, True, "the caller")
    address = Docker("tcp://h:2376", tls=settings).address
    assert (address.tls, address.insecure_tcp) == (settings, False)
    address = Docker("tcp://h:2375", insecure_tcp=True).address
    assert (address.tls, address.insecure_tcp) == (None, True)
    monkeypatch.setenv("RAWDOCK_INSECURE_TCP", "1")
    assert Docker("tcp://h:2375").address.insecure_tcp
