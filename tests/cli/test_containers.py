"""commit, diff, pause, port, top, wait --healthy and container inspect against a fake engine."""
import pytest

from rawdock.cli.console import CommandFailed
from rawdock.cli.containers import port_number_mistake, published_addresses
from rawdock.errors import ProtocolError, UsageError
from tests.cli.canned_engine import run_on_fake_engine

PORTS = {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}, {"HostIp": "::", "HostPort": "8080"}],
         "9/udp": [{"HostIp": "127.0.0.1", "HostPort": "10"}], "99/tcp": None}


def test_commit_sends_its_flags_and_prints_the_id():
    ran = run_on_fake_engine({"POST /commit": (201, {"Id": "sha256:ab"})}, [
        "commit", "-a", "me", "-m", "why", "-c", "ENV A=b", "--pause=false", "web", "localhost:5000/shop"])
    assert (ran.status, ran.out) == (0, "sha256:ab\n")
    assert ran.requests == [("POST", "/commit", {
        "container": "web", "comment": "why", "author": "me", "changes": "ENV A=b", "pause": "0",
        "repo": "localhost:5000/shop", "tag": "latest"})]


def test_commit_without_a_name_sends_none():
    ran = run_on_fake_engine({"POST /commit": (201, {"Id": "sha256:ab"})}, ["commit", "web"])
    assert ran.requests == [("POST", "/commit", {"container": "web"})]


def test_diff_has_a_letter_for_each_kind():
    changes = [{"Path": "/a", "Kind": 0}, {"Path": "/b", "Kind": 1}, {"Path": "/c", "Kind": 2}]
    ran = run_on_fake_engine({"GET /containers/web/changes": changes}, ["diff", "web"])
    assert ran.out == "C /a\nA /b\nD /c\n"
    assert run_on_fake_engine({"GET /containers/web/changes": b"null"}, ["diff", "web"]).out == ""


def test_each_container_is_paused_though_one_fails():
    ran = run_on_fake_engine({"POST /containers/b/pause": (204, b"")}, ["pause", "a", "b", " "])
    assert (ran.status, ran.out) == (1, "b\n")
    assert ran.err == ("Error response from daemon: no such object here\n"
                       "invalid container name or ID: value is empty\n")


def test_addresses_of_ports_are_in_natural_order():
    assert published_addresses(PORTS, None) == [
        "9/udp -> 127.0.0.1:10", "80/tcp -> 0.0.0.0:8080", "80/tcp -> [::]:8080"]
    assert published_addresses(PORTS, "80/tcp") == ["0.0.0.0:8080", "[::]:8080"]
    assert published_addresses(PORTS, "99/tcp") == published_addresses(PORTS, "1/tcp") == []


@pytest.mark.parametrize("text, mistake", [
    ("80", None), ("65535", None), ("65536", "value out of range"), ("x", "invalid syntax"),
    ("-1", "invalid syntax"), ("", "invalid syntax"),
    ("\u0661", "invalid syntax"), ("1_0", "invalid syntax")])
def test_port_numbers(text, mistake):
    assert port_number_mistake(text) == mistake


def test_top_passes_the_options_of_ps():
    answer = {"Titles": ["PID", "CMD"], "Processes": [["1", "sleep 600"], ["22", "sh"]]}
    ran = run_on_fake_engine({"GET /containers/web/top": answer}, ["top", "web", "-o", "pid,cmd"])
    assert ran.requests == [("GET", "/containers/web/top", {"ps_args": "-o pid,cmd"})]
    assert ran.out == "%-20sCMD\n%-20ssleep 600\n%-20ssh\n" % ("PID", "1", "22")


def health(status, running=True):
    state = {"Running": running, "Status": "running" if running else "exited"}
    return {"Id": "1a", "State": dict(state, **{"Health": {"Status": status}} if status else {})}


@pytest.mark.parametrize("answer, events, status, out, err", [
    (health("healthy"), b"", 0, "web\n", ""),
    (health("unhealthy"), b"", 1, "", "container web is unhealthy\n"),
    (health(None), b"", 1, "", "container web has no health check\n"),
    (health("healthy", running=False), b"", 1, "", "container web is not running: exited\n"),
    (health("starting"), b'{"Action":"health_status: healthy"}\n', 1, "",
     "the engine's events ended before container web was healthy\n")])
def test_wait_until_healthy(answer, events, status, out, err):
    ran = run_on_fake_engine({"GET /containers/web/json": answer, "GET /containers/1a/json": answer,
                              "GET /events": events}, ["wait", "--healthy", "web"])
    assert (ran.status, ran.out, ran.err) == (status, out, err)


def test_what_is_found_is_written_though_others_are_not():
    found = {"GET /containers/web/json": {"Id": "1a", "Name": "/web"}}
    ran = run_on_fake_engine(found, ["container inspect", "-f", "{{.Name}}", "nosuch", "web"])
    assert (ran.status, ran.out) == (1, "/web\n")
    assert ran.err == "Error response from daemon: no such object here\n"
    assert run_on_fake_engine(found, ["container inspect", "-f", "{{.Name}}", "nosuch"]).out == "\n"
    ran = run_on_fake_engine(found, ["container inspect", "-s", "web"])
    assert ran.requests == [("GET", "/containers/web/json", {"size": "1"})]


@pytest.mark.parametrize("words, error", [
    (["diff", ""], "Container name cannot be empty"),
    (["commit", "web", "a@sha256:" + "0" * 64], "refusing to create a tag with a digest reference"),
    (["commit", " "], "value is empty"), (["top", ""], "value is empty"), (["port", ""], "value is empty")])
def test_mistakes_are_found_before_a_request(words, error):
    try:
        ran = run_on_fake_engine({}, words)
    except (CommandFailed, UsageError) as failed:
        assert error in str(failed)
    else:
        assert ran.status == 1 and error in ran.err and ran.requests == []


@pytest.mark.parametrize("words, answers", [
    (["diff", "web"], {"GET /containers/web/changes": [{"Path": "/a", "Kind": 9}]}),
    (["top", "web"], {"GET /containers/web/top": {"Titles": 1}}),
    (["commit", "web"], {"POST /commit": (201, {})}),
    (["port", "web"], {"GET /containers/web/json": {"NetworkSettings": {"Ports": {"80/tcp": [{}]}}}})])
def test_other_answers_than_the_engine_api_has_are_refused(words, answers):
    with pytest.raises(ProtocolError):
        run_on_fake_engine(answers, words)
