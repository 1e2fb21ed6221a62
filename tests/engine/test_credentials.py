"""Credentials: where they are looked up, to whom they go, and what a helper may do wrong."""
import base64
import json
import os
import stat
import time

import pytest

from rawdock import Docker, NotFound, run
from rawdock.engine import credentials
from rawdock.engine.credentials import (
    HelperFailed, credentials_key, erase_credentials, find_all_credentials, find_credentials,
    registry_auth_field, registry_config_field, registry_host, store_credentials)
from rawdock.errors import ConfigError, UsageError
from tests.cli.canned_engine import rules
from tests.leaks import HELPERS_SECRET
from tests.net.fake_engine import FakeEngine, serve

HUB = "https://index.docker.io/v1/"
SECRET = HELPERS_SECRET


def auth(text):
    return {"auth": base64.b64encode(text.encode("utf-8")).decode("ascii")}


AUTHS = {HUB: auth("hub:pw1"), "r.example:5000": auth("u:pw:2"), "https://old.example/v1/": auth("o:pw3"),
         "t.example": dict(auth("t:"), identitytoken="IDT"), "g.example": {"registrytoken": "RGT"},
         "e.example": dict(auth("caf\u00e9:p\u00e4ss"), email="a@b"),
         "w.example": {"username": "a", "password": "b"},
         "empty.example": {}, "bad.example": {"auth": "!!" + SECRET}, "bad2.example": auth("nocolon"),
         "bad3.example": 5}


class Home:
    """A config directory, and a folder of helpers that is first in PATH."""

    def __init__(self, path, monkeypatch):
        self.path = path
        self.bin = path / "bin"
        self.bin.mkdir()
        for program in ("sh", "cat", "sleep"):
            os.symlink("/bin/" + program, str(self.bin / program))
        monkeypatch.setenv("PATH", str(self.bin))
        monkeypatch.setenv("DOCKER_CONFIG", str(path))

    def write(self, **config):
        (self.path / "config.json").write_text(json.dumps(config))

    def read(self):
        return json.loads((self.path / "config.json").read_text())

    def helper(self, name, script):
        """A helper that notes its verb and its stdin, and then runs `script`."""
        path = self.bin / ("docker-credential-" + name)
        path.write_text("#!%s/sh\necho \"$# $1: $(cat)\" >>%s/log\n%s\n" % (self.bin, self.path, script))
        path.chmod(0o755)

    def log(self):
        path = self.path / "log"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def home(tmp_path, monkeypatch):
    return Home(tmp_path, monkeypatch)


def answers(secret, user="u"):
    return "echo '%s'" % json.dumps({"ServerURL": "x", "Username": user, "Secret": secret})


# -- config.json

@pytest.mark.parametrize("registry, found", [
    ("docker.io", {"username": "hub", "password": "pw1", "serveraddress": HUB}),
    ("r.example:5000", {"username": "u", "password": "pw:2", "serveraddress": "r.example:5000"}),
    ("r.example", {}), ("r.example:5001", {}), ("other.example", {}), ("empty.example", {}),
    ("old.example", {"username": "o", "password": "pw3", "serveraddress": "https://old.example/v1/"}),
    ("t.example", {"username": "t", "serveraddress": "t.example", "identitytoken": "IDT"}),
    ("g.example", {"serveraddress": "g.example", "registrytoken": "RGT"}),
    ("e.example", {"username": "caf\u00e9", "password": "p\u00e4ss", "email": "a@b",
                   "serveraddress": "e.example"}),
    ("w.example", {"username": "a", "password": "b", "serveraddress": "w.example"}),
    ("index.docker.io", {"username": "hub", "password": "pw1", "serveraddress": HUB})])
def test_each_registry_has_its_own_and_no_other_gets_them(home, registry, found):
    home.write(auths=AUTHS)
    assert find_credentials(registry) == found


@pytest.mark.parametrize("registry", ["bad.example", "bad2.example", "bad3.example"])
def test_what_cannot_be_read_is_named_but_not_quoted(home, registry):
    home.write(auths=AUTHS)
    with pytest.raises(ConfigError) as caught:
        find_credentials(registry)
    assert registry in str(caught.value) and str(home.path) in str(caught.value)
    assert SECRET not in str(caught.value) and "nocolon" not in str(caught.value)


@pytest.mark.parametrize("config", [{"auths": []}, {"credsStore": 5}, {"credHelpers": "x"}, {"auths": "x"}])
def test_a_setting_of_another_type_is_an_error(home, config):
    home.write(**config)
    with pytest.raises(ConfigError) as caught:
        find_credentials("docker.io")
    assert list(config)[0] in str(caught.value)


def test_base64_may_have_line_ends(home):
    text = auth("u:" + SECRET * 9)["auth"]
    home.write(auths={"h": {"auth": text[:76] + "\r\n" + text[76:] + "\n"}})   # docker reads it too
    assert find_credentials("h") == {"username": "u", "password": SECRET * 9, "serveraddress": "h"}


def test_without_a_file_there_are_none(home):
    assert find_credentials("docker.io") == {} == find_all_credentials()


def test_keys_and_hosts():
    assert credentials_key("docker.io") == HUB and credentials_key("h:1") == "h:1"
    for server in ("h:1", "https://h:1", "http://h:1/v1/", "h:1/v2/x", "https://user:password@h:1/v1/"):
        assert registry_host(server) == "h:1"


def test_the_fields_are_padded_base64url():
    found = {"username": "u", "password": "\u00ff?>~~", "serveraddress": "h"}
    for name, (field, value) in (("X-Registry-Auth", registry_auth_field(found)),
                                 ("X-Registry-Config", registry_config_field(found))):
        assert field == name and len(value) % 4 == 0 and not set(value) & set("+/")
        assert json.loads(base64.urlsafe_b64decode(value).decode("utf-8")) == found
    assert registry_auth_field({})[1] == "e30="


@pytest.mark.parametrize("auth", ["user:" + SECRET, [SECRET], {"password": SECRET.encode()},
                                  {"password": None}])
def test_credentials_of_another_shape_are_refused_and_not_repeated(auth):
    with pytest.raises(UsageError) as caught:
        registry_auth_field(auth)
    assert SECRET not in str(caught.value) + caught.value.hint


# -- helpers

def test_a_helper_gets_the_key_on_stdin_and_one_argument(home):
    home.helper("scripted", answers("pw"))
    home.write(credsStore="scripted")
    assert find_credentials("r.example:5000") == {"username": "u", "password": "pw",
                                                  "serveraddress": "r.example:5000"}
    assert find_credentials("docker.io")["serveraddress"] == HUB
    assert home.log() == ["1 get: r.example:5000", "1 get: " + HUB]


def test_a_token_of_a_helper_is_an_identity_token(home):
    home.helper("scripted", answers("IDT", "<token>"))
    home.write(credsStore="scripted", auths={"h": {"email": "a@b"}, "i": auth("no:thing")})
    assert find_credentials("h") == {"email": "a@b", "serveraddress": "h", "identitytoken": "IDT"}
    assert find_credentials("i") == {"serveraddress": "i", "identitytoken": "IDT"}


def test_a_helper_for_one_registry_wins_over_that_for_all(home):
    home.helper("one", answers("pw1"))
    home.helper("all", answers("pw2"))
    home.write(credsStore="all", credHelpers={"h": "one", HUB: "one", "docker.io": "nosuch"})
    assert [find_credentials(name)["password"] for name in ("h", "i", "docker.io")] == ["pw1", "pw2", "pw1"]


def test_what_a_helper_does_not_have_is_none(home):
    home.helper("scripted", "echo 'credentials not found in native keychain'; exit 1")
    home.write(credsStore="scripted", auths={"h": auth("u:pw")})
    assert find_credentials("h") == {}


def test_a_missing_helper_is_dockers_error(home):
    home.write(credsStore="nosuch")
    with pytest.raises(HelperFailed) as caught:
        find_credentials("h")
    assert str(caught.value) == ("error getting credentials - err: exec: \"docker-credential-nosuch\": "
                                 "executable file not found in $PATH, out: ``")


@pytest.mark.parametrize("script, says", [
    ("echo oh no; exit 3", "err: exit status 3, out: `oh no`"), ("exit 1", "err: exit status 1, out: ``"),
    ("echo two; echo lines; exit 1", "err: exit status 1, out: `two lines`"),
    ("kill -9 $$", "err: signal: 9, out: ``"), ("", "did not answer with a JSON object, out: ``"),
    ("echo junk " + SECRET, "did not answer with a JSON object, out: ``"),
    ("echo '[\"%s\"]'" % SECRET, "did not answer with a JSON object, out: ``"),
    ("echo 'no credentials server URL'; exit 1",
     "err: exit status 1, out: `no credentials server URL`"),
    (answers(SECRET) + "; exit 1", "err: exit status 1, out: `(JSON, which may have the secret in it)`"),
    ("while :; do echo 0123456789012345678901234567890123456789012345678901234567890123456789; done",
     "writes more than 1048576 bytes")])
def test_a_helper_that_fails_or_prints_junk(home, script, says):
    home.helper("scripted", script)
    home.write(credsStore="scripted")
    with pytest.raises(HelperFailed) as caught:
        find_credentials("h")
    assert str(caught.value).startswith("error getting credentials - err: ") and says in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("script", ["exec sleep 1000", "exec >&-; exec sleep 1000"])
def test_a_helper_that_hangs_is_ended(home, monkeypatch, script):
    monkeypatch.setattr(credentials, "HELPER_SECONDS", 0.3)
    home.helper("scripted", "echo $$ >%s/pid; %s" % (home.path, script))
    home.write(credsStore="scripted")
    before = time.monotonic()
    with pytest.raises(HelperFailed) as caught:
        find_credentials("h")
    assert "within 0.3 s" in str(caught.value) and time.monotonic() - before < 60
    with pytest.raises(ProcessLookupError):
        os.kill(int((home.path / "pid").read_text()), 0)


def test_a_helper_that_is_no_program(home):
    path = home.bin / "docker-credential-x"
    path.write_text("no interpreter")
    path.chmod(stat.S_IRWXU)
    home.write(credsStore="x")
    with pytest.raises(HelperFailed) as caught:
        find_credentials("h")
    assert "err: fork/exec %s: exec format error, out: ``" % path in str(caught.value)


def test_an_installed_helper_is_used_if_config_says_nothing(home):
    home.helper("secretservice", answers("pw"))
    assert find_credentials("h")["password"] == "pw"
    home.write(auths={"h": auth("u:file")})
    assert find_credentials("h")["password"] == "file"
    home.write(auths={})
    (home.bin / "pass").symlink_to("sh")   # pass is preferred, but its helper is missing
    assert find_credentials("h") == {}


def test_an_installed_helper_that_fails_was_not_wanted_by_anybody(home):
    home.helper("secretservice", "echo no D-Bus; exit 1")
    assert find_credentials("h") == {} == find_all_credentials()
    erase_credentials("h")


# -- all of them, for a build

def test_all_credentials(home):
    home.write(auths={name: AUTHS[name] for name in (HUB, "t.example")})
    assert find_all_credentials() == {
        HUB: {"username": "hub", "password": "pw1", "serveraddress": HUB},
        "t.example": {"username": "t", "serveraddress": "t.example", "identitytoken": "IDT"}}


def test_all_credentials_of_helpers(home):
    home.helper("scripted", "case $1 in list) echo '{\"%s\":\"a\",\"b.example\":\"b\"}';; get) %s;; esac"
                % (HUB, answers("pw")))
    home.write(credsStore="scripted", credHelpers={"c.example": "scripted", "d.example": "nosuch"})
    warnings = []
    found = find_all_credentials(warn=warnings.append)
    assert {key: one["serveraddress"] for key, one in found.items()} == {
        key: key for key in (HUB, "b.example", "c.example")}
    assert len(warnings) == 1
    assert warnings[0].startswith("Failed to get credentials for registry: d.example: ")
    assert home.log()[0] == "1 list: unused"


# -- store and erase

def test_store_in_the_file_and_erase(home):
    home.write(zz=1, auths={"h": {"email": "a@b", "registrytoken": "old"}, "i": {}})
    path = store_credentials({"username": "u", "password": "p:w", "serveraddress": "h"})
    assert path == str(home.path / "config.json")
    assert home.read() == {"zz": 1, "auths": {"h": dict(auth("u:p:w"), email="a@b"), "i": {}}}
    assert store_credentials({"username": "u", "password": "p:w", "serveraddress": "h"}) is None   # as it was
    assert store_credentials({"username": "u", "identitytoken": "IDT", "serveraddress": "h"}) is None
    assert home.read()["auths"]["h"] == dict(auth("u:"), email="a@b", identitytoken="IDT")
    erase_credentials("h")
    erase_credentials("nosuch")
    assert home.read() == {"zz": 1, "auths": {"i": {}}}


def test_store_with_a_helper_and_erase(home):
    home.helper("scripted", "")
    home.write(credsStore="scripted")
    assert store_credentials({"username": "u", "password": "pw", "serveraddress": "h"}) is None
    assert store_credentials({"username": "u", "identitytoken": "IDT", "serveraddress": "h"}) is None
    assert home.read() == {"credsStore": "scripted", "auths": {"h": {}}}
    erase_credentials("h")
    assert home.read() == {"credsStore": "scripted", "auths": {}}
    assert home.log() == ['1 store: {"ServerURL":"h","Username":"u","Secret":"pw"}',
                          '1 store: {"ServerURL":"h","Username":"<token>","Secret":"IDT"}', "1 erase: h"]


def test_a_detected_helper_is_written_down_when_it_has_something(home):
    home.helper("secretservice", "")
    store_credentials({"username": "u", "password": "pw", "serveraddress": "h"})
    assert home.read() == {"auths": {"h": {}}, "credsStore": "secretservice"}


def test_a_helper_that_does_not_store_is_an_error_without_the_secret(home):
    home.write(credsStore="scripted")
    for said, out in ("cannot", "cannot"), ("cannot store " + SECRET, "(the secret is in it)"):
        home.helper("scripted", "cat; echo %s; exit 1" % said)
        with pytest.raises(HelperFailed) as caught:
            store_credentials({"username": "u", "password": SECRET, "serveraddress": "h"})
        assert str(caught.value) == "error storing credentials - err: exit status 1, out: `%s`" % out
    home.helper("scripted", "echo pass: not initialized; exit 1")
    with pytest.raises(HelperFailed, match="pass: not initialized"):
        store_credentials({"username": "u", "password": "p", "serveraddress": "h"})
    assert home.read() == {"credsStore": "scripted"}


def test_a_secret_longer_than_a_pipe_is_refused(home):
    home.helper("scripted", "")
    home.write(credsStore="scripted")
    with pytest.raises(HelperFailed) as caught:
        store_credentials({"username": "u", "password": "x" * 1000000, "serveraddress": "h"})
    assert "too long" in str(caught.value)


# -- the library

def test_auth_belongs_to_the_operations_that_carry_credentials(home):
    with FakeEngine(serve(rules({"POST /build": {"stream": "x"}, "GET /containers/json": []}))) as engine:
        with Docker(engine.address) as docker:
            with pytest.raises(UsageError) as refused:
                docker.container_list(auth={"username": "u", "password": "pw-secret"})
            assert "container_list has no parameter 'auth'" in str(refused.value)
            assert "pw-secret" not in str(refused.value)
            list(docker.image_build(body=b"", auth={"h:5000": {"username": "u", "password": "p"}}))
    sent = engine.requests[-1].headers["x-registry-config"]
    assert json.loads(base64.urlsafe_b64decode(sent).decode("utf-8")) == {
        "h:5000": {"username": "u", "password": "p"}}


PULLED = {"POST /images/create": {"status": "x"},
          "POST /containers/create": (404, {"message": "No such image: x"})}


def sent_auth(seen):
    return json.loads(base64.urlsafe_b64decode(seen.headers["x-registry-auth"]).decode("utf-8"))


def test_the_library_sends_what_it_is_given_and_reads_nothing(home):
    home.write(auths={HUB: auth("hub:pw1")})
    with FakeEngine(serve(rules(PULLED))) as engine:
        with Docker(engine.address) as docker:
            list(docker.image_create(fromImage="redis", tag="1", auth={"username": "u", "password": "p"}))
            list(docker.image_create(fromImage="redis", tag="1"))
            for given in ({"identitytoken": "IDT"}, find_credentials, None):
                with pytest.raises(NotFound):
                    run(docker, "redis", auth=given)
    pulls = [seen for seen in engine.requests if "/images/create" in seen.path]
    assert "x-registry-auth" not in pulls[1].headers
    assert [sent_auth(seen) for seen in pulls[:1] + pulls[2:]] == [
        {"username": "u", "password": "p"}, {"identitytoken": "IDT"},
        {"username": "hub", "password": "pw1", "serveraddress": HUB}, {}]
