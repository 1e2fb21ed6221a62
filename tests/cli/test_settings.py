"""What config.json and the environment add to a command. The expected results are docker CLI 28.2.2's."""
import io
import json
import tarfile

import pytest

from rawdock.cli.console import Console
from rawdock.cli.settings import proxy_variables
from rawdock.errors import ConfigError
from rawdock.net.address import parse_address
from rawdock.net.custom_fields import custom_fields
from tests.cli.canned_engine import run_on_fake_engine

ONE = {"Id": "a" * 64, "Names": ["/one"], "Image": "img", "ImageID": "sha256:" + "b" * 64, "Command": "sh",
       "Created": 1700000000, "Ports": [], "Labels": {}, "State": "running", "Status": "Up 1 hour",
       "Mounts": [], "NetworkSettings": {"Networks": {}}}
ANSWERS = {
    "GET /containers/json": [ONE],
    "GET /images/json": [{"Id": "sha256:" + "b" * 64, "RepoTags": ["img:latest"], "RepoDigests": [],
                          "Created": 1700000000, "Size": 5, "SharedSize": -1, "Containers": -1}],
    "GET /networks": [{"Id": "c" * 64, "Name": "net", "Driver": "bridge", "Scope": "local",
                       "Created": "2024-01-01T00:00:00Z", "Labels": {}}],
    "GET /volumes": {"Volumes": [{"Name": "vol", "Driver": "local", "Mountpoint": "/m", "Labels": {}}]},
    "GET /containers/one/stats": {"name": "/one"},
    "POST /containers/create": (201, {"Id": "a" * 64, "Warnings": []}),
    "POST /images/docker.io/library/img/push": b'{"status": "ok"}\r\n',
    "PUT /containers/%s/archive" % ("a" * 64): b"",
    "POST /containers/%s/start" % ("a" * 64): (204, b""),
    "POST /images/create": b'{"status": "ok"}\r\n', "POST /containers/prune": {}, "POST /images/prune": {},
    "POST /networks/prune": {}, "POST /volumes/prune": {}, "POST /build/prune": {}}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """run(config, words, environ={}) → Ran: a command line with this config.json (dict, or text)."""
    for name in ("DOCKER_CUSTOM_HEADERS", "DOCKER_DEFAULT_PLATFORM", "DOCKER_CONTENT_TRUST",
                 "DOCKER_API_VERSION", "DOCKER_CONTEXT", "DOCKER_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))

    def run(config, words, environ=()):
        (tmp_path / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
        for name, value in dict(environ).items():
            monkeypatch.setenv(name, value)
        return run_on_fake_engine(ANSWERS, words.split())
    return run


@pytest.mark.parametrize("setting, words, out", [
    ("psFormat", "ps", "one one\n"), ("psFormat", "container ls", "one one\n"),
    ("psFormat", "ps -q", "aaaaaaaaaaaa\n"), ("psFormat", "ps --format x{{.ID}}", "xaaaaaaaaaaaa\n"),
    ("imagesFormat", "images", "img img\n"), ("imagesFormat", "images --digests", "img img\n"),
    ("imagesFormat", "images -q", "bbbbbbbbbbbb\n"),
    ("networksFormat", "network ls", "net net\n"), ("networksFormat", "network ls -q", "cccccccccccc\n"),
    ("volumesFormat", "volume ls", "vol vol\n"), ("volumesFormat", "volume ls -q", "vol\n"),
    ("volumesFormat", "volume ls --cluster", "VOLUME NAME   GROUP     DRIVER    AVAILABILITY   STATUS\n")])
def test_the_format_of_a_list(run, setting, words, out):
    field = {"psFormat": "Names", "imagesFormat": "Repository"}.get(setting, "Name")
    environ = {"DOCKER_API_VERSION": "1.42"} if "--cluster" in words else {}
    ran = run({setting: "{{.%s}} {{.%s}}" % (field, field)}, words, environ)
    assert (ran.status, ran.out, ran.err) == (0, out, "")


def test_the_format_of_a_list_is_not_for_json(run):
    ran = run({"psFormat": "{{.Size}}"}, "ps --json")
    assert json.loads(ran.out)[0]["Id"] == ONE["Id"] and ran.requests[0][2] == {}


@pytest.mark.parametrize("text, out, err", [
    ("table {{.Names}}", "NAMES\none\n", ""), ("raw", "container_id: aaaaaaaaaaaa\nimage: img\n", ""),
    ("{{.Nope}}", "", "failed to execute template: template: :1:2: executing \"\" at <.Nope>: "),
    ("{{.Nope}", "", "failed to parse template: template: :1: ")])
def test_the_kinds_of_formats(run, text, out, err):
    ran = run({"psFormat": text}, "ps")
    assert (ran.status, ran.out[:len(out)], ran.err[:len(err)]) == (1 if err else 0, out, err)


def test_a_format_with_the_size_asks_for_it(run):
    assert run({"psFormat": "{{.Size}}"}, "ps").requests == [("GET", "/containers/json", {"size": "1"})]


def test_the_format_of_stats(run):
    assert run({"statsFormat": "{{.Name}}!"}, "stats --no-stream one").out == "one!\n"


@pytest.mark.parametrize("config, key, kind", [
    ({"HttpHeaders": 5}, "HttpHeaders", "an object of texts"), ({"psFormat": 5}, "psFormat", "a text"),
    ({"HttpHeaders": {"X-A": 1}}, "HttpHeaders", "an object of texts"),
    ({"proxies": []}, "proxies", "an object of objects of texts"),
    ({"proxies": {"default": {"httpProxy": 4}}}, "proxies", "an object of objects of texts"),
    ({"pruneFilters": "x=y"}, "pruneFilters", "a list of texts"),
    ({"pruneFilters": ["x=y", 1]}, "pruneFilters", "a list of texts")])
def test_a_setting_of_the_wrong_kind_is_a_warning(run, config, key, kind):
    needed = {"psFormat": ["ps"], "proxies": ["create img"], "pruneFilters": ["container prune -f"]}
    for words in needed.get(key, ["ps -q", "create img"]):
        ran = run(config, words)
        said = "WARNING: Error parsing config file: %s is not %s\n" % (key, kind)
        assert (ran.status, ran.err) == (0, said)


def test_null_is_as_good_as_nothing(run):
    config = {"HttpHeaders": None, "psFormat": None, "proxies": {"default": None}, "pruneFilters": [None]}
    for words in ("ps -q", "create img", "container prune -f"):
        assert (run(config, words).status, run(config, words).err) == (0, "")


# ---- header fields

def field_values(ran, name):
    """The value of the header field `name` in each request, None where it is not."""
    return [headers.get(name) for headers in ran.headers]


def test_http_headers_go_with_each_request_and_change_none_of_our_own(run):
    config = {"HttpHeaders": {"User-Agent": "me", "x-a": "1", "X-Empty": "", "Host": "h",
                              "Content-Length": "7", "Transfer-Encoding": "chunked", "Upgrade": "h2c",
                              "X-B": " sp "}}
    ran = run(config, "image prune -f")
    assert ran.status == 0
    for name, value in (("x-a", "1"), ("x-b", "sp"), ("x-empty", ""), ("host", "docker"),
                        ("user-agent", None), ("content-length", "0"), ("upgrade", None),
                        ("transfer-encoding", None)):
        assert field_values(ran, name) == [value]


def test_the_variable_replaces_the_fields_of_config_json(run):
    value = 'one=one-value,"two=two,value","three= a value  ",four=,five=five=one,five=five-two,User-Agent=zz'
    ran = run({"HttpHeaders": {"X-Conf": "1"}}, "ps -q", {"DOCKER_CUSTOM_HEADERS": value})
    for name, found in (("one", "one-value"), ("two", "two,value"), ("three", "a value"), ("four", ""),
                        ("five", "five-two"), ("x-conf", None)):
        assert field_values(ran, name) == [found]


def test_a_field_of_the_request_itself_counts_more(run):
    ran = run({"HttpHeaders": {"X-A": "1", "content-type": "text/plain"}}, "create img")
    assert field_values(ran, "content-type") == ["application/json"]
    assert field_values(ran, "x-a") == ["1"]


SAID = "failed to %s custom headers from DOCKER_CUSTOM_HEADERS environment variable: "


@pytest.mark.parametrize("value, said", [
    ("x", SAID % "set" + "missing \"=\" in key=value pair: 'x'"),
    ("=v", SAID % "set" + "value contains a key=value pair with an empty key: '=v'"),
    (" ", SAID % "set" + "value contains a key=value pair with an empty key: ' '"),
    ("a=1,", SAID % "set" + "value contains a key=value pair with an empty key: ''"),
    ('a"b=c', "DOCKER_CUSTOM_HEADERS: "),
    ('"a=b', SAID % "parse" + "value must be formatted as comma-separated key=value pairs"),
    ("a b=1", "DOCKER_CUSTOM_HEADERS: ")])
def test_a_wrong_variable_ends_the_command(run, value, said):
    ran = run({}, "ps", {"DOCKER_CUSTOM_HEADERS": value})
    assert ran.status == 1 and ran.requests == []
    assert ran.err.startswith("Failed to initialize: " + said) and ran.err.count("\n") == 1


def test_a_second_line_of_the_variable_is_ignored():
    assert custom_fields({}, {"DOCKER_CUSTOM_HEADERS": "\na=x\nb=2"}) == [("a", "x")]


@pytest.mark.parametrize("fields", [{"a b": "1"}, {"a": "1\n2"}, {"": "1"}])
def test_a_field_that_cannot_be_sent_names_the_setting(fields):
    with pytest.raises(ConfigError, match="^HttpHeaders in config.json: "):
        custom_fields(fields, {})


# ---- proxies, filters, the platform

PROXIES = {"default": {"httpProxy": "http://p:1", "noProxy": "n", "allProxy": "a"},
           "tcp://127.0.0.1:2375": {"ftpProxy": "f"}, "http://docker.example.com": {"httpsProxy": "s"}}


@pytest.mark.parametrize("address, variables", [
    ("127.0.0.1", {"FTP_PROXY": "f", "ftp_proxy": "f"}),
    ("ssh://ada@host", {"HTTPS_PROXY": "s", "https_proxy": "s"}),
    ("unix://", {"HTTP_PROXY": "http://p:1", "http_proxy": "http://p:1", "NO_PROXY": "n", "no_proxy": "n",
                 "ALL_PROXY": "a", "all_proxy": "a"})])
def test_proxies_are_those_of_the_engine_or_the_default(address, variables):
    console = Console()
    console.config = lambda: {"proxies": PROXIES}
    assert proxy_variables(console, parse_address(address)) == variables


def created_with(ran):
    bodies = [json.loads(body.decode()) for body, request in zip(ran.bodies, ran.requests)
              if request[1] == "/containers/create"]
    return bodies[0].get("Env")


@pytest.mark.parametrize("command", ["create", "run -d"])
def test_a_container_gets_the_proxies_that_are_not_given(run, command, tmp_path):
    (tmp_path / "file").write_text("HTTPS_PROXY=file\n")
    config = {"proxies": {"default": dict(PROXIES["default"], httpsProxy="s")}}
    words = "%s -e A=1 -e HTTP_PROXY=mine -e no_proxy -e ALL_PROXY= --env-file %s img" % (
        command, tmp_path / "file")
    assert sorted(created_with(run(config, words))) == sorted(
        ["A=1", "HTTP_PROXY=mine", "no_proxy", "ALL_PROXY=", "HTTPS_PROXY=file",
         "http_proxy=http://p:1", "NO_PROXY=n", "all_proxy=a", "https_proxy=s"])
    assert created_with(run({}, command + " img")) is None


@pytest.mark.parametrize("words, filters", [
    ("container prune -f", [{"until": ["24h"]}]),
    ("image prune -f -a", [{"dangling": ["false"], "until": ["24h"]}]),
    ("volume prune -f", [{"until": ["24h"]}]), ("network prune -f", [{"until": ["24h"]}]),
    ("container prune -f --filter until=1h", [{"until": ["1h", "24h"]}]),
    ("system prune -f", [{"until": ["24h"]}, {"until": ["24h"]}, {"dangling": ["true"], "until": ["24h"]},
                         {"until": ["24h"]}])])
def test_prune_filters(run, words, filters):
    ran = run({"pruneFilters": ["until=24h", "nonsense"]}, words)
    sent = [json.loads(query["filters"]) for _, _, query in ran.requests]
    assert [{name: sorted(one[name]) for name in one} for one in sent] == [
        {name: sorted(one[name]) for name in one} for one in filters]


def test_a_label_of_the_command_line_counts_more_than_the_opposite_of_config_json(run):
    ran = run({"pruneFilters": ["label=keep", "label!=no", "label=more"]},
              "container prune -f --filter label!=keep --filter label=no")
    sent = json.loads(ran.requests[0][2]["filters"])
    assert {name: sorted(sent[name]) for name in sent} == {"label!": ["keep"], "label": ["more", "no"]}


def test_the_question_of_system_prune_has_the_filters(run):
    assert "  - label!=keep\n" in run({"pruneFilters": ["label!=keep"]}, "system prune").out


@pytest.mark.parametrize("words, place, platform", [
    ("create img", "/containers/create", "linux/arm"), ("run -d img", "/containers/create", "linux/arm"),
    ("run -d --platform linux/386 img", "/containers/create", "linux/386"),
    ("run -d --platform= img", "/containers/create", None),
    ("pull img", "/images/create", "linux/arm"), ("pull --platform= img", "/images/create", None)])
def test_the_default_platform(run, words, place, platform):
    ran = run({}, words, {"DOCKER_DEFAULT_PLATFORM": "linux/arm"})
    assert [query.get("platform") for _, path, query in ran.requests if path == place] == [platform]


@pytest.mark.parametrize("words, status", [("pull img", 1), ("push img", 1), ("create img", 125),
                                           ("run -d img", 125)])
@pytest.mark.parametrize("value", ["1", "yes"])
def test_content_trust_is_refused(run, words, status, value):
    ran = run({}, words, {"DOCKER_CONTENT_TRUST": value})
    assert (ran.status, ran.requests) == (status, []) and "content trust is not supported" in ran.err
    command, rest = words.split(" ", 1)
    ran = run({}, "%s --disable-content-trust %s" % (command, rest))
    assert "content trust" not in ran.err and ran.requests
    assert run({}, words, {"DOCKER_CONTENT_TRUST": "false"}).requests


AUTHS = {"auths": {"r.example:5000": {"auth": "dTpw"}, "id.example": {"auth": "dTo=", "identitytoken": "T"}}}


@pytest.mark.parametrize("words", ["create", "run -d"])
def test_with_the_socket_a_container_gets_the_credentials(run, words):
    """As docker 28.2.2 gives them: seen in what it sends."""
    ran = run(AUTHS, words + " --use-api-socket img")
    puts = [at for at, (method, path, _) in enumerate(ran.requests) if method == "PUT"]
    assert ran.status == 0 and len(puts) == 1 and ran.requests[puts[0]] == (
        "PUT", "/containers/%s/archive" % ("a" * 64), {"path": "/", "noOverwriteDirNonDir": "1"})
    with tarfile.open(fileobj=io.BytesIO(ran.bodies[puts[0]])) as tar:
        member, = tar.getmembers()
        assert (member.name, member.mode) == ("/run/secrets/docker/config.json", 0o600)
        assert json.loads(tar.extractfile(member).read().decode()) == AUTHS
    created = json.loads(next(body for (_, path, _), body in zip(ran.requests, ran.bodies)
                              if path == "/containers/create").decode())
    assert created["Env"] == ["DOCKER_CONFIG=/run/secrets/docker"]
    for config, more in (({}, ""), (AUTHS, "-e DOCKER_CONFIG=/x ")):
        ran = run(config, "%s --use-api-socket %simg" % (words, more))
        assert ran.status == 0 and "PUT" not in [method for method, _, _ in ran.requests]


@pytest.mark.parametrize("words, trusted", [
    ("pull img@", True), ("pull img:tag@", True), ("create img@", True), ("run -d r.example:5000/img@", True),
    ("create --disable-content-trust=false img@", True), ("create img:tag@", False),
    ("run -d img:tag@", False)])
def test_a_digest_needs_no_signature(run, words, trusted):
    """But docker verifies a tag that run and create are given beside it."""
    ran = run({}, words + "sha256:" + "0" * 64, {"DOCKER_CONTENT_TRUST": "1"})
    assert ("content trust is not supported" not in ran.err) is bool(ran.requests) is trusted
