"""A private registry over TLS with a password: login, push, pull, run, helpers, and no secret shown.

Each command's output goes into one collection, and so do the records and exports of the tap. The last test
searches it for the secrets that were used, in every spelling that bytes have in it.
"""
import base64
import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.cli.canned_engine import rules
from tests.live.client import clean_environment
from tests.live.docker_cli import docker_clis, recorded_cli
from tests.leaks import IDENTITY_TOKEN, SCRIPTED_PASSWORD, WRONG_PASSWORD, spellings
from tests.net.fake_engine import FakeEngine, serve

WRONG, IDENTITY, SCRIPTED = WRONG_PASSWORD, IDENTITY_TOKEN, SCRIPTED_PASSWORD
# rawdock with helpers that have half a second.
IMPATIENT = ("import rawdock.engine.credentials as credentials; credentials.HELPER_SECONDS = 0.5; "
             "from rawdock.main import run_process; run_process()")
FORMS = ["http", "nc", "curl", "python"]
collected = {}      # what was printed or written (bytes), by what did it


class PrivateRegistry:
    """`host` ("172.29.1.1:40001"), `user`, `password`, `image` (a private one's name)."""

    def __init__(self):
        self.host = os.environ["RAWDOCK_TEST_PRIVATE"]
        self.user = os.environ["RAWDOCK_TEST_PRIVATE_USER"]
        self.password = os.environ["RAWDOCK_TEST_PRIVATE_PASSWORD"]
        self.image = self.host + "/own/box:1"
        self.auth = base64.b64encode(("%s:%s" % (self.user, self.password)).encode()).decode()


@pytest.fixture(scope="module")
def registry(engine):
    if not os.environ.get("RAWDOCK_TEST_PRIVATE"):
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(
            "no private registry to test against: tools/engine env names it")
    return PrivateRegistry()


class Home:
    """A home with config.json and helpers; run() runs a command line in it and collects what it prints."""

    def __init__(self, path, engine, registry):
        self.path, self.engine, self.registry = path, engine, registry
        (path / "bin").mkdir()
        self.environment = dict(clean_environment(), HOME=str(path), DOCKER_CONFIG=str(path),
                                PATH="%s:%s" % (path / "bin", os.environ["PATH"]))
        self.write({"auths": {"unused.example": {}}})   # else an installed helper would be used

    def write(self, config):
        (self.path / "config.json").write_text(json.dumps(config))

    def config(self):
        return json.loads((self.path / "config.json").read_text())

    def helper(self, script):
        path = self.path / "bin" / "docker-credential-scripted"
        path.write_text("#!/bin/sh\n" + script + "\n")
        path.chmod(0o755)
        self.write({"credsStore": "scripted"})

    def run(self, *words, stdin="", argv=None, address=None):
        """→ (status, out, err) of rawdock, or of `argv`."""
        argv = (argv or [sys.executable, "-m", "rawdock"]) + ["-H", address or self.engine.address]
        process = subprocess.run(argv + list(words), input=stdin.encode(), stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, env=self.environment, timeout=60)
        collected["%d %s" % (len(collected), " ".join(words))] = process.stdout + b"\n" + process.stderr
        return process.returncode, process.stdout.decode(), process.stderr.decode()

    def docker(self, *words, **options):
        return self.run(*words, argv=[(recorded_cli() or docker_clis()[0]).path], **options)

    def login(self, run=None):
        ran = (run or self.run)("login", "-u", self.registry.user, "--password-stdin", self.registry.host,
                                stdin=self.registry.password + "\n")
        assert ran[:2] == (0, "Login Succeeded\n"), ran

    def forget_image(self):
        self.engine.remove_image(self.registry.image)


@pytest.fixture
def home(tmp_path, engine, registry):
    one = Home(tmp_path, engine, registry)
    engine.pull("busybox")
    yield one
    one.forget_image()


@pytest.fixture
def pushed(home, registry):
    """The image is in the private registry, and not in the engine."""
    home.login(home.docker)
    assert home.docker("tag", "busybox", registry.image)[0] == 0
    assert home.docker("push", registry.image)[0] == 0
    home.write({"auths": {"unused.example": {}}})
    home.forget_image()


# -- with and without a password

def test_login_push_pull_run_logout(home, engine, registry):
    home.login()
    assert home.config()["auths"] == {"unused.example": {}, registry.host: {"auth": registry.auth}}
    assert home.run("tag", "busybox", registry.image)[0] == 0
    status, out, err = home.run("push", registry.image)
    assert (status, err) == (0, "") and re.search("(?m)^1: digest: sha256:[0-9a-f]{64} size: [0-9]+$", out)
    home.forget_image()
    status, out, err = home.run("pull", registry.image)
    assert (status, err) == (0, "") and out.endswith(registry.image + "\n")
    assert "Status: Downloaded newer image for %s\n" % registry.image in out
    home.forget_image()
    status, out, err = home.run("run", "--rm", registry.image, "echo", "it ran")
    assert (status, out) == (0, "it ran\n") and "Unable to find image '%s' locally" % registry.image in err
    home.forget_image()
    assert home.run("logout", registry.host)[0] == 0
    assert home.config()["auths"] == {"unused.example": {}}
    assert home.run("pull", registry.image)[0] == 1


def test_a_wrong_password_is_dockers_error(home, registry):
    words = "login", "-u", registry.user, "--password-stdin", registry.host
    ours = home.run(*words, stdin=WRONG)
    assert ours == home.docker(*words, stdin=WRONG)
    assert ours[0] == 1 and "401 Unauthorized" in ours[2]
    assert list(home.config()["auths"]) == ["unused.example"]


@pytest.mark.parametrize("words", [["pull"], ["run", "--rm"], ["create"], ["push"], ["search"]])
def test_without_credentials_it_is_dockers_error(home, registry, pushed, words):
    name = registry.image.partition(":1")[0] if words == ["search"] else registry.image
    ours, dockers = [run(*(words + [name])) for run in (home.run, home.docker)]
    assert ours[0] == dockers[0] != 0 and ours[1] == dockers[1]
    assert ours[2].replace("rawdock", "docker") in (dockers[2], dockers[2].replace(".\nSee", "\n\nSee")) or (
        recorded_cli() is None)


def test_a_wrong_password_in_config_json(home, registry, pushed):
    home.write({"auths": {registry.host: {"auth": base64.b64encode(b"keeper:" + WRONG.encode()).decode()}}})
    ours, dockers = [run("pull", registry.image) for run in (home.run, home.docker)]
    assert ours == dockers and ours[0] == 1 and "unauthorized" in ours[2]


def test_credentials_of_another_registry_are_not_sent(home, registry, pushed):
    home.write({"auths": {host: {"auth": registry.auth} for host in (registry.host + "0", "172.29.0.1")}})
    status, _, err = home.run("pull", registry.image)
    assert status == 1 and "no basic auth credentials" in err


def test_each_command_line_uses_what_the_other_has_kept(home, registry, pushed):
    for login, pull in ((home.run, home.docker), (home.docker, home.run)):
        home.login(login)
        assert pull("pull", registry.image)[0] == 0
        home.forget_image()
        assert pull("logout", registry.host)[0] == 0 and list(home.config()["auths"]) == ["unused.example"]


# -- helpers

def test_a_scripted_helper(home, registry, pushed):
    answer = json.dumps({"ServerURL": registry.host, "Username": registry.user, "Secret": registry.password})
    home.helper("echo \"$@: $(cat)\" >>$HOME/log; echo '%s'" % answer)
    assert home.run("run", "--rm", registry.image, "echo", "it ran")[:2] == (0, "it ran\n")
    assert (home.path / "log").read_text() == "get: %s\n" % registry.host


@pytest.mark.parametrize("script, says", [
    ("exec sleep 1000", "docker-credential-scripted did not answer within 0.5 s"),
    ("echo %s >&2; echo sorry; exit 7" % "not the secret", "exit status 7, out: `sorry`"),
    ("echo '{\"Secret\": \"%s\"'" % SCRIPTED, "did not answer with a JSON object"),
    ("echo '{\"Secret\": \"%s\"}'; exit 1" % SCRIPTED, "exit status 1"),
    ("cat /dev/zero", "writes more than 1048576 bytes"),
    (None, 'exec: "docker-credential-nosuch": executable file not found in $PATH, out: ``')])
def test_a_helper_that_does_not_work(home, registry, pushed, script, says):
    home.helper(script or "")
    if script is None:
        home.write({"credsStore": "nosuch"})
    argv = [sys.executable, "-c", IMPATIENT]
    status, _, err = home.run("pull", registry.image, argv=argv)
    assert status == 1 and "WARNING: error getting credentials - err: " in err and says in err
    assert "no basic auth credentials" in err
    status, out, err = home.run("run", "--rm", registry.image, "true", argv=argv)
    assert (status, out) == (127 if script is None else 125, "") and says in err


@pytest.fixture
def password_store(home):
    """pass, initialised with a key of gpg's without a passphrase; docker-credential-pass uses it."""
    if not shutil.which("docker-credential-pass"):
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("no docker-credential-pass here")
    keys = "/tmp/rdk-gpg-%d" % os.getpid()      # short, for the path of the agent's socket is in it
    os.mkdir(keys, 0o700)
    home.environment.update(GNUPGHOME=keys, PASSWORD_STORE_DIR=str(home.path / "store"))
    try:
        for argv in (["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-gen-key", "rawdock test",
                      "future-default", "default", "never"], ["pass", "init", "rawdock test"]):
            subprocess.run(argv, env=home.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                           check=True, timeout=60)
        home.write({"credsStore": "pass"})
        yield
    finally:
        subprocess.run(["gpgconf", "--kill", "gpg-agent"], env=home.environment, timeout=20)
        shutil.rmtree(keys, ignore_errors=True)


def test_docker_credential_pass(home, registry, pushed, password_store):
    for login, pull in ((home.run, home.docker), (home.docker, home.run), (home.run, home.run)):
        home.login(login)
        assert home.config() == {"credsStore": "pass", "auths": {registry.host: {}}}
        assert pull("pull", registry.image)[0] == 0
        home.forget_image()
        assert pull("logout", registry.host)[0] == 0 and home.config() == {"credsStore": "pass", "auths": {}}
        assert pull("pull", registry.image)[0] == 1


# -- no secret is shown

COMMANDS = [["pull", "IMAGE"], ["push", "IMAGE"], ["run", "--rm", "IMAGE", "true"], ["search", "HOST/x"]]


@pytest.mark.parametrize("form", FORMS)
def test_dry_runs(home, registry, form):
    home.write({"auths": {registry.host: {"auth": registry.auth}}})
    for words in COMMANDS:
        words = [word.replace("IMAGE", registry.image).replace("HOST", registry.host) for word in words]
        status, out, err = home.run("--dry-run=" + form, *words)
        assert (status, err) == (0, "") and ("egistry-Auth" in out or "registry_auth" in out), out


def test_wire(home, registry, pushed):
    home.write({"auths": {registry.host: {"auth": registry.auth}}})
    assert home.run("--wire", "pull", registry.image)[0] == 0
    assert home.run("--wire", "push", registry.image)[0] == 0
    assert home.run("--wire", "login", "-u", registry.user, "--password-stdin", registry.host,
                    stdin=registry.password)[0] == 0
    assert home.run("--wire", "login", "-u", registry.user, "-p", WRONG, registry.host)[0] == 1
    with FakeEngine(serve(rules({"POST /auth": {"IdentityToken": IDENTITY, "Status": "ok"},
                                 "POST /images/create": {"status": "x"}}))) as engine:
        login = ["--wire", "login", "-u", "u", "-p", WRONG, "i.example"]
        assert home.run(*login, address=engine.address)[0] == 0
        assert home.run("--wire", "pull", "i.example/x", address=engine.address)[0] == 0
    assert home.config()["auths"]["i.example"]["identitytoken"] == IDENTITY


def test_records_and_exports(home, registry, pushed, tmp_path):
    """All that the tap writes about logins, a pull and a push, and what explain makes of its record."""
    tap, names = str(tmp_path / "tap.sock"), {}
    for option in ("record", "har", "html", "pcap", "to"):
        names[option] = str(tmp_path / ("tap." + option))
    rawdock = "%s -m rawdock -H unix://%s" % (sys.executable, tap)
    script = "; ".join([
        "printf %%s '%s' | %s login -u %s --password-stdin %s" % (
            registry.password, rawdock, registry.user, registry.host),
        "%s login -u u -p %s %s" % (rawdock, WRONG, registry.host), "%s pull %s" % (rawdock, registry.image),
        "%s push -q %s" % (rawdock, registry.image)])
    options = [word for option, name in names.items() for word in ("--" + option, name)]
    assert home.run("tap", "--listen", tap, *(options + ["--", "sh", "-c", script]))[0] == 0
    for option, name in names.items():
        with open(name, "rb") as file:
            collected["tap --" + option] = file.read()
    lines = [json.loads(line) for line in collected["tap --record"].decode().splitlines()]
    collected["bytes"] = b"\n".join(base64.b64decode(line["b64"]) for line in lines if "b64" in line)
    for what in ["bytes"] + ["tap --" + option for option in names if option != "record"]:
        assert b"/images/create" in collected[what] and b"/auth" in collected[what], what
    page = str(tmp_path / "page.html")
    for words in ([], ["--json"], ["--html", page]):
        assert home.run("explain", names["record"], *words)[0] == 0
    with open(page, "rb") as file:
        collected["explain --html"] = file.read()


def test_the_search_would_find_a_secret():
    for text in (b"x" + SCRIPTED.encode(), base64.urlsafe_b64encode(b'{"password":"%s"}' % SCRIPTED.encode()),
                 base64.b64encode(b"us:" + SCRIPTED.encode()), b"73 63 72 69 70 74 65 64 2d 63"):
        assert [one for one in spellings(SCRIPTED) if one in text], text
    assert not [one for one in spellings(SCRIPTED) if one in b"nothing of it: scripted helper"]


def test_no_secret_is_in_anything_that_was_printed_recorded_or_exported(registry):
    assert len(collected) > 50 or not os.environ.get("CI")
    secrets = [registry.password, registry.auth, WRONG, IDENTITY, SCRIPTED]
    found = [(name, secret[:9] + "…") for name, data in sorted(collected.items()) for secret in secrets
             for spelling in spellings(secret) if spelling in data]
    assert found == []
