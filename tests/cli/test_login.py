"""login and logout: what is sent, said and kept. The words are those of docker 28.2.2."""
import base64
import json
import os

import pytest

from tests.cli.canned_engine import rules
from tests.cli.scripted_socket import clean_environment, run_to_end
from tests.net.fake_engine import FakeEngine, serve
from tests.window import Window

HUB, HOST = "https://index.docker.io/v1/", "r.example:5000"
SUCCEEDED = {"POST /auth": {"IdentityToken": "", "Status": "Login Succeeded"}}
TOKEN = {"POST /auth": {"IdentityToken": "IDTOK-5c1e8a9b", "Status": "Login Succeeded"}}
REFUSAL = "login attempt to https://x/v2/ failed with status: 401 Unauthorized"
REFUSED = {"POST /auth": (500, {"message": REFUSAL})}
INSECURE = "WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n"
UNENCRYPTED = ("\nWARNING! Your credentials are stored unencrypted in 'CONFIG'.\n"
               "Configure a credential helper to remove this warning. See\n"
               "https://docs.docker.com/go/credential-store/\n\n")
NO_TERMINAL = "Error: Cannot perform an interactive login from a non TTY device\n"
KNOWN = ("Authenticating with existing credentials... [Username: su]\n\n Info -> To login with a different "
         "account, run 'docker logout' followed by 'docker login'\n\n\n")


def auth(text):
    return {"auth": base64.b64encode(text.encode("utf-8")).decode("ascii")}


class Home:
    """A config directory, PATH with the helper docker-credential-scripted in it, and a canned engine."""

    def __init__(self, path, command):
        self.path, self.command = path, command
        self.bin = path / "bin"
        self.bin.mkdir()
        for program in ("sh", "cat"):
            os.symlink("/bin/" + program, str(self.bin / program))
        self.requests = []

    def write(self, config):
        (self.path / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))

    def config(self):
        path = self.path / "config.json"
        return json.loads(path.read_text()) if path.exists() else None

    def helper(self, script="", name="scripted"):
        path = self.bin / ("docker-credential-" + name)
        path.write_text("#!%s/sh\necho \"$1: $(cat)\" >>%s/log\n%s\n" % (self.bin, self.path, script))
        path.chmod(0o755)

    def log(self):
        return (self.path / "log").read_text().splitlines()

    def environment(self):
        return dict(clean_environment(), DOCKER_CONFIG=str(self.path), PATH=str(self.bin))

    def run(self, words, answers=SUCCEEDED, stdin=b""):
        """→ (status, out, err); the requests of the login are in `requests` then."""
        with FakeEngine(serve(rules(answers))) as engine:
            ran = run_to_end(self.command + ["-H", engine.address] + words, stdin, env=self.environment())
        self.note(engine)
        return ran.status, self.shown(ran.out), self.shown(ran.err)

    def shown(self, data):
        """What was printed, as a str; none of the passwords that were sent is in it."""
        text = data.decode("utf-8").replace(str(self.path / "config.json"), "CONFIG")
        assert not [sent for sent in self.requests if sent["password"] in text], text
        return text

    def note(self, engine):
        self.requests = [json.loads(seen.body.decode()) for seen in engine.requests
                         if seen.path == "POST /auth"]

    def at_a_terminal(self, words, typed, answers=SUCCEEDED):
        """Type each of `typed` (the text to wait for, keys) → (status, the screen)."""
        with FakeEngine(serve(rules(answers))) as engine:
            with Window(self.command + ["-H", engine.address] + words, self.environment()) as window:
                for text, keys in typed:
                    window.wait_for(text)
                    window.type(keys)
                ended = window.end()
        self.note(engine)
        assert ended.modes_kept
        return ended.status, self.shown(ended.out).replace("\r\n", "\n")


@pytest.fixture
def home(tmp_path, rawdock_command):
    return Home(tmp_path, rawdock_command)


def login(*words):
    return ["login"] + list(words) + [HOST]


# -- with a password

@pytest.mark.parametrize("words, stdin, sent", [
    (login("-u", "u", "-p", "pw-1f7c9a3e5b"), b"", ("u", "pw-1f7c9a3e5b", HOST)),
    (login("-u", " u ", "-p", " pw-1f7c9a3e5b "), b"", ("u", "pw-1f7c9a3e5b", HOST)),
    (login("-u", "u", "--password-stdin"), b"pw-1f7c9a3e5b\r\n", ("u", "pw-1f7c9a3e5b", HOST)),
    (login("-u", "u", "--password-stdin"), b"p:w\n", ("u", "p:w", HOST)),
    (["login", "-u", "u", "--password-stdin", "https://r.example:5000/v2/x"], b"pw-1f7c9a3e5b",
     ("u", "pw-1f7c9a3e5b", HOST)),
    (["login", "-u", "u", "--password-stdin"], "p\u00e4ss".encode(), ("u", "p\u00e4ss", HUB)),
    (["login", "-u", "u", "--password-stdin", ""], b"pw-1f7c9a3e5b", ("u", "pw-1f7c9a3e5b", HUB)),
    (["login", "-u", "u", "--password-stdin", "docker.io"], b"pw-1f7c9a3e5b", ("u", "pw-1f7c9a3e5b", HUB)),
    (["login", "-u", "u", "--password-stdin", HUB], b"pw-1f7c9a3e5b", ("u", "pw-1f7c9a3e5b", HUB))])
def test_login_with_a_password(home, words, stdin, sent):
    err = (INSECURE if "-p" in words else "") + UNENCRYPTED
    assert home.run(words, stdin=stdin) == (0, "Login Succeeded\n", err)
    user, password, key = sent
    assert home.requests == [{"username": user, "password": password, "serveraddress": key}]
    assert home.config() == {"auths": {key: auth("%s:%s" % (user, password))}}
    assert os.stat(str(home.path / "config.json")).st_mode & 0o777 == 0o600


@pytest.mark.parametrize("words, stdin, err", [
    (["login"], b"", NO_TERMINAL), (login(), b"", NO_TERMINAL), (login("-u", "u"), b"", NO_TERMINAL),
    (login("-p", "x"), b"", INSECURE + NO_TERMINAL), (login("-u", "u", "--password-stdin"), b"", NO_TERMINAL),
    (login("--password-stdin"), b"pw-1f7c9a3e5b",
     "the --password-stdin option requires --username to be set\n"),
    (login("-u", "u", "-p", "x", "--password-stdin"), b"pw-1f7c9a3e5b",
     "conflicting options: cannot specify both --password and --password-stdin\n"),
    (login("-u", "", "-p", "x"), b"", "username is empty\n"),
    (login("-u", "u", "-p", ""), b"", "password is empty\n"),
    (login("-u", "u", "--password-stdin"), b"x" * 70000,
     "the password on stdin is longer than 60000 bytes\n"),
    (login("-u", "u", "--password-stdin"), b"\xff", "the password on stdin is not UTF-8\n")])
def test_what_cannot_be_sent_is_refused(home, words, stdin, err):
    assert home.run(words, stdin=stdin) == (1, "", err)
    assert home.requests == [] and home.config() is None


def test_a_refused_login_keeps_nothing(home):
    status, out, err = home.run(login("-u", "u", "-p", "pw-1f7c9a3e5b"), REFUSED)
    assert (status, out, err) == (1, "", INSECURE + "Error response from daemon: " + REFUSAL + "\n")
    assert home.config() is None


def test_an_identity_token_takes_the_place_of_the_password(home):
    assert home.run(login("-u", "u", "-p", "pw-1f7c9a3e5b"), TOKEN) == (0, "Login Succeeded\n", INSECURE)
    assert home.config() == {"auths": {HOST: dict(auth("u:"), identitytoken="IDTOK-5c1e8a9b")}}


@pytest.mark.parametrize("answer, out", [((204, b""), "Login Succeeded\n"), ({"Status": ""}, ""), ({}, "")])
def test_other_answers_that_accept(home, answer, out):
    assert home.run(login("-u", "u", "-p", "pw-1f7c9a3e5b"), {"POST /auth": answer})[:2] == (0, out)
    assert HOST in home.config()["auths"]


@pytest.mark.parametrize("answer", [["IDTOK-5c1e8a9b"], {"Status": 5, "IdentityToken": "IDTOK-5c1e8a9b"},
                                    b"IDTOK-5c1e8a9b",
                                    {"IdentityToken": ["IDTOK-5c1e8a9b"]},
                                    b'{"IdentityToken": "IDTOK-5c1e8a9b",'])
def test_an_answer_of_another_shape_is_an_error_without_the_token(home, answer):
    status, out, err = home.run(login("-u", "u", "-p", "pw-1f7c9a3e5b"), {"POST /auth": answer})
    assert (status, out) == (1, "") and home.config() is None
    assert "IDTOK-5c1e8a9b" not in err and err.count("\n") == 2


def test_a_config_that_cannot_be_read_is_not_overwritten(home):
    home.write("{")
    status, out, err = home.run(login("-u", "u", "-p", "pw-1f7c9a3e5b"))
    assert (status, out) == (1, "") and "Error saving credentials: parsing config file (CONFIG)" in err
    assert (home.path / "config.json").read_text() == "{"


# -- with what is known

@pytest.mark.parametrize("answers, status, out, err", [
    (SUCCEEDED, 0, "Login Succeeded\n", ""),
    (REFUSED, 1, "", "Login did not succeed, error: Error response from daemon: " + REFUSAL + "\n"
     + NO_TERMINAL),
    ({"POST /auth": (401, {"message": "no"})}, 1, "",
     "Stored credentials invalid or expired\n" + NO_TERMINAL)])
def test_known_credentials_are_tried_first(home, answers, status, out, err):
    home.write({"auths": {HOST: auth("su:spw")}})
    assert home.run(login(), answers) == (status, out, KNOWN + err)
    assert home.requests == [{"username": "su", "password": "spw", "serveraddress": HOST}]
    assert home.config() == {"auths": {HOST: auth("su:spw")}}


# -- with a helper

def test_a_helper_keeps_the_secret_and_config_json_does_not(home):
    home.helper()
    home.write({"credsStore": "scripted", "zz": 1})
    assert home.run(login("-u", "u", "-p", "pw-1f7c9a3e5b")) == (0, "Login Succeeded\n", INSECURE)
    assert home.log() == ['store: {"ServerURL":"r.example:5000","Username":"u","Secret":"pw-1f7c9a3e5b"}']
    assert home.config() == {"credsStore": "scripted", "zz": 1, "auths": {HOST: {}}}
    assert home.run(["logout", HOST]) == (0, "Removing login credentials for %s\n" % HOST, "")
    assert home.config() == {"credsStore": "scripted", "zz": 1, "auths": {}}


@pytest.mark.parametrize("script, says", [
    (None, 'exec: "docker-credential-scripted": executable file not found in $PATH, out: ``'),
    ("echo oh no; exit 1", "exit status 1, out: `oh no`")])
def test_a_helper_that_does_not_keep_it_is_dockers_error(home, script, says):
    if script is not None:
        home.helper(script)
    home.write({"credsStore": "scripted"})
    err = INSECURE + "Error saving credentials: error storing credentials - err: %s\n" % says
    assert home.run(login("-u", "u", "-p", "pw-1f7c9a3e5b")) == (1, "", err)
    assert home.config() == {"credsStore": "scripted"}


# -- at a terminal

def test_the_password_is_not_shown(home):
    status, screen = home.at_a_terminal(login(), [("Username: ", "us\n"),
                                                  ("Password: ", " pwd-77e0b1d24c \n")])
    assert (status, screen) == (0, "Username: us\nPassword: \n" + UNENCRYPTED + "Login Succeeded\n")
    assert home.requests == [{"username": "us", "password": "pwd-77e0b1d24c", "serveraddress": HOST}]


def test_the_known_user_is_offered(home):
    home.write({"auths": {HOST: auth("su:spw")}})
    typed = [("Username (su): ", "\n"), ("Password: ", "pwd-77e0b1d24c\n")]
    status, screen = home.at_a_terminal(login(), typed, REFUSED)
    assert status == 1 and screen.startswith(KNOWN) and "pwd-77e0b1d24c" not in screen
    assert home.requests[1] == {"username": "su", "password": "pwd-77e0b1d24c", "serveraddress": HOST}


@pytest.mark.parametrize("typed, status, end", [
    ([("Username: ", "\n")], 1, "Error: Non-null Username Required\n"),
    ([("Username: ", "us\n"), ("Password: ", "\n")], 1, "Error: Password Required\n"),
    ([("Username: ", "us\n"), ("Password: ", "\4")], 1, "Error: Password Required\n"),
    ([("Username: ", "us\n"), ("Password: ", "\3")], 130, "Password: \n")])
def test_a_login_without_an_answer(home, typed, status, end):
    found, screen = home.at_a_terminal(login(), typed)
    assert found == status and screen.endswith(end)
    assert home.requests == [] and home.config() is None


def test_docker_hub_without_a_browser_says_in_a_line_what_to_do(home):
    status, screen = home.at_a_terminal(["login"], [("Username: ", "us\n"),
                                                    ("Password: ", "pwd-77e0b1d24c\n")])
    assert status == 0 and screen.startswith(
        "rawdock has no login in a browser: type a user name and a personal access token, which\n"
        " https://app.docker.com/settings makes\n".replace("\n ", " "))
    assert "Log in with your Docker ID or email address" in screen
    assert " Info -> A Personal Access Token (PAT) can be used instead.\n" in screen
    assert home.requests == [{"username": "us", "password": "pwd-77e0b1d24c", "serveraddress": HUB}]


# -- logout

AUTHS = {"auths": {HUB: auth("hub:pw1"), HUB + "access-token": auth("hub:pw2"),
                   HUB + "refresh-token": auth("hub:pw3"), HOST: auth("u:pw-1f7c9a3e5b"),
                   "https://" + HOST: auth("u:pw-1f7c9a3e5b"), "http://" + HOST: auth("u:pw-1f7c9a3e5b"),
                   "https://%s/v1/" % HOST: auth("u:pw-1f7c9a3e5b")}}


@pytest.mark.parametrize("words, named, left", [
    ([], HUB, [HOST, "https://" + HOST, "http://" + HOST, "https://%s/v1/" % HOST]),
    ([""], HUB, [HOST, "https://" + HOST, "http://" + HOST, "https://%s/v1/" % HOST]),
    (["https://u:secret@" + HOST], HOST, [HUB, HUB + "access-token", HUB + "refresh-token",
                                          "https://%s/v1/" % HOST]),
    (["docker.io"], "docker.io", [HOST, "https://" + HOST, "http://" + HOST, "https://%s/v1/" % HOST]),
    ([HOST], HOST, [HUB, HUB + "access-token", HUB + "refresh-token", "https://%s/v1/" % HOST]),
    (["https://%s/v1/" % HOST], HOST, [HUB, HUB + "access-token", HUB + "refresh-token"]),
    (["other.example"], "other.example", list(AUTHS["auths"]))])
def test_logout_forgets_each_spelling_and_no_other_registry(home, words, named, left):
    home.write(AUTHS)
    assert home.run(["logout"] + words) == (0, "Removing login credentials for %s\n" % named, "")
    assert list(home.config()["auths"]) == left


def test_a_logout_from_bytes_that_are_no_utf8(home):
    home.helper("cat >/dev/null; exit 1")
    home.write({"credsStore": "scripted"})
    status, out, err = home.run(["logout", "h\udcff"])
    assert (status, out) == (1, "Removing login credentials for h\\udcff\n")
    assert err.startswith("WARNING: could not erase credentials:\n")


def test_logout_without_a_config_makes_none(home):
    assert home.run(["logout", HOST]) == (0, "Removing login credentials for %s\n" % HOST, "")
    assert home.config() is None


def test_a_logout_that_leaves_one_secret_fails(home):
    """Docker ends with 0 here, for there is nothing to erase under the other spellings of the registry."""
    home.helper("echo no; exit 1")
    home.write({"credHelpers": {HOST: "scripted"}})
    status, out, err = home.run(["logout", HOST])
    assert (status, err) == (1, "WARNING: could not erase credentials:\n%s: error erasing credentials - err: "
                                "exit status 1, out: `no`\n" % HOST)


def test_a_logout_from_what_the_helper_does_not_have_succeeds(home):
    """docker-credential-pass calls it an error to erase what is not there."""
    home.helper("case $1 in get) echo 'credentials not found in native keychain';; *) echo no;; esac; exit 1")
    home.write({"credsStore": "scripted"})
    assert home.run(["logout", HOST]) == (0, "Removing login credentials for %s\n" % HOST, "")


def test_a_logout_that_could_not_erase_anything_fails(home):
    home.helper("echo no; exit 1")
    home.write(dict(AUTHS, credsStore="scripted"))
    status, out, err = home.run(["logout", HOST])
    assert (status, out) == (1, "Removing login credentials for %s\n" % HOST)
    assert err.startswith("WARNING: could not erase credentials:\n%s: error erasing credentials - err: exit "
                          "status 1, out: `no`\n" % HOST)
    assert home.config() == dict(AUTHS, credsStore="scripted")


# -- other commands

@pytest.mark.parametrize("words, path", [
    (["pull", "-q", "r.example:5000/x"], "/images/create"),
    (["push", "-q", "r.example:5000/x"], "/images/r.example:5000/x/push"),
    (["search", "r.example:5000/x"], "/images/search"), (["run", "r.example:5000/x"], "/images/create"),
    (["create", "r.example:5000/x"], "/images/create")])
@pytest.mark.parametrize("config, sent, warned", [
    ({"auths": {HOST: auth("u:pw-1f7c9a3e5b"), HUB: auth("hub:no")}},
     {"username": "u", "password": "pw-1f7c9a3e5b", "serveraddress": HOST}, ""),
    ({"auths": {"r.example": auth("u:pw-1f7c9a3e5b"), HUB: auth("hub:no")}}, {}, ""),
    ({"auths": {HOST: {"auth": "!!"}}}, {},
     "WARNING: Error parsing config file (CONFIG): auth of r.example:5000 is not base64 of USER:PASSWORD\n"),
    ({"credsStore": "nosuch"}, None, 'error getting credentials - err: exec: "docker-credential-nosuch": '
     "executable file not found in $PATH, out: ``\n")])
def test_who_is_sent_what(home, words, path, config, sent, warned):
    """A helper that does not work ends run and create, as in docker; the others go on, with a warning."""
    home.write(config)
    answers = {"POST /images/create": {"status": "x"}, "POST /images/r.example:5000/x/push": {"status": "x"},
               "GET /images/search": [], "POST /containers/create": (404, {"message": "No such image: x"})}
    with FakeEngine(serve(rules(answers))) as engine:
        ran = run_to_end(home.command + ["-H", engine.address] + words, env=home.environment())
    found = [seen.headers["x-registry-auth"] for seen in engine.requests if seen.path.endswith(path)]
    fatal = sent is None and words[0] in ("run", "create")
    assert [json.loads(base64.urlsafe_b64decode(value).decode()) for value in found] == (
        [] if fatal else [sent or {}])
    assert warned in home.shown(ran.err)
    if fatal:
        assert ran.status == (127 if words[0] == "run" else 1)


@pytest.mark.parametrize("words", [login("-u", "u", "-p", "pw-1f7c9a3e5b"), ["logout"]])
def test_there_is_no_plan_of_a_login(home, words):
    status, out, err = home.run(["--dry-run"] + words)
    assert (status, out) == (1, "") and "leave --dry-run out" in err and err.count("\n") == 1
    assert home.requests == []
