"""The conformance runner: against the practice engine, whose differences are known, and against servers that
answer wrongly.
"""
import re
import sys
import time

import pytest

import rawdock
from rawdock.teach.conform.commands import report_conform
from rawdock.teach.conform.conform import CONFORM_API, ConformRun, run_scenarios
from rawdock.teach.conform.facts import CONFORM_FACTS
from rawdock.teach.conform.shapes import (
    ConformFact, compare_fact, group_differences, merged_shapes, read_facts, read_shape, shape_differences,
    shape_of, write_shape)
from rawdock.teach.conform.steps import conform_scenarios
from rawdock.teach.practice.engine import PracticeEngine
from tests.net.fake_engine import FakeEngine
from tests.teach.practice.practice_wire import ask, create, start

# Where the practice engine answers as later engines do, or more strictly, on purpose.
KNOWN_DIFFERENCES = {
    "the engine itself/bad-filter", "a container's life/no-config", "a container's life/bad-json",
    "a container's life/wrong-kind",
    "a container's life/bad-wait", "events/bad-time", "an image/bad-tag",
}


@pytest.fixture(scope="module")
def practice():
    with PracticeEngine() as engine:
        yield engine


def client(engine):
    return rawdock.Docker(engine.address, version=CONFORM_API)


def test_every_step_has_a_fact_and_every_fact_a_step():
    facts = read_facts(CONFORM_FACTS)
    assert {scenario: sorted(step.name for step in steps if step.verb not in ("send", "end"))
            for scenario, steps in conform_scenarios().items()} == {scenario: sorted(found) for scenario,
                                                                    found in facts.items()}


def test_the_practice_engine_differs_where_it_means_to_and_nothing_is_left(practice):
    facts, different, count, notices = read_facts(CONFORM_FACTS), set(), 0, []
    with client(practice) as docker:
        for scenario, found in run_scenarios(docker, notices.append):
            for step, fact in found:
                compared, lines, _ = compare_fact(facts[scenario][step.name], fact, step.says)
                count += compared
                if lines:
                    different.add("%s/%s" % (scenario, step.name))
    assert different == KNOWN_DIFFERENCES and count > 780 and notices == ["busybox is not there: pulling it"]
    assert (ask(practice, "GET", "/containers/json?all=1")[1] == []
            and ask(practice, "GET", "/volumes")[1]["Volumes"] == [])
    assert [one["Name"] for one in ask(practice, "GET", "/networks")[1]] == ["bridge", "host", "none"]
    assert [one["RepoTags"] for one in ask(practice, "GET", "/images/json")[1]] == [["busybox:latest"]]


def test_a_name_in_the_facts_is_its_object_with_changes():
    facts = read_facts("[a]\n@Big {x:n,\n    y:s}\none,two 200 - length @Big\n"
                       "three 200 - length {b:@Big}\nfour 200 - length @three+{c:@Big}\n")["a"]
    big = {"x": "n", "y": "s"}
    assert [facts[name].shape for name in ("one", "two", "three", "four")] == [
        big, big, {"b": big}, {"b": big, "c": big}]


def test_only_its_own_objects_are_touched(practice):
    mine = create(practice, ["sleep", "100"], name="somebody-else")
    start(practice, mine)
    with client(practice) as docker:
        for _ in run_scenarios(docker):
            pass
    assert [one["Names"] for one in ask(practice, "GET", "/containers/json?all=1")[1]] == [["/somebody-else"]]
    assert ask(practice, "DELETE", "/containers/somebody-else?force=1")[0] == 204


@pytest.mark.parametrize("error", [KeyboardInterrupt, rawdock.ProtocolError("RFC", 0, b"", "another")])
def test_what_was_made_is_removed_when_a_scenario_is_broken_off(practice, error, monkeypatch):
    with client(practice) as docker:
        run = ConformRun(docker)
        request = docker.request

        def broken(method, path, *rest, **more):
            if path.endswith("/start"):
                raise error
            return request(method, path, *rest, **more)
        monkeypatch.setattr(docker, "request", broken)
        steps = conform_scenarios()["exec"]
        if error is KeyboardInterrupt:
            with pytest.raises(KeyboardInterrupt):
                run.scenario(steps)
        else:
            found = run.scenario(steps)
            assert compare_fact(ConformFact(200, "-", "none", "nothing"), found[1][1],
                                "")[1][0].startswith("no answer to compare: ")
    assert ask(practice, "GET", "/containers/json?all=1")[1] == []


def test_what_comes_to_be_after_it_was_given_up_is_removed_too(practice, monkeypatch):
    with client(practice) as docker:
        run, request, late = ConformRun(docker), docker.request, []

        def broken(method, path, query=None, *rest, **more):
            if path.endswith("/containers/create"):
                late.append(query[0][1])
                raise KeyboardInterrupt()
            if method == "DELETE" and late:
                answer = request(method, path, query, *rest, **more)
                create(practice, ["true"], name=late.pop())   # just after we have looked for it
                return answer
            return request(method, path, query, *rest, **more)
        monkeypatch.setattr(docker, "request", broken)
        with pytest.raises(KeyboardInterrupt):
            run.scenario(conform_scenarios()["exec"])
    assert ask(practice, "GET", "/containers/json?all=1")[1] == []


def read_whole_request(sock):
    """A request's bytes, whose lines may end in a bare LF; less if the client has closed."""
    data = b""
    while True:
        head = re.match(rb"(?s).*?\n\r?\n", data)
        length = head and re.search(rb"(?i)\ncontent-length: *([0-9]+)", head.group())
        chunked = head and re.search(rb"(?i)\ntransfer-encoding: *chunked", head.group())
        if head and (data.endswith(b"0\r\n\r\n") if chunked
                     else len(data) >= head.end() + int(length.group(1) if length else 0)):
            return data
        piece = sock.recv(65536)
        if not piece:
            return data
        data += piece


class OneAnswer(FakeEngine):
    """An engine that has one answer for every request."""

    def __init__(self, answer):
        FakeEngine.__init__(self, self.play)
        self.answer = answer
        self.seen = []
        self.hold = False      # answer nothing, and keep the connection open
        self.again = b""       # sent again and again behind the answer, until the client closes

    def play(self, peer):
        if self.hold:
            peer.drain()
            return
        self.seen.append(read_whole_request(peer.sock))
        if self.seen[-1]:
            peer.send(self.answer)
        while self.again:
            peer.send(self.again)
            time.sleep(0.02)


def test_a_proxy_that_changes_the_framing_is_found_out():
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\nOK"
    with OneAnswer(answer) as server:
        docker = rawdock.Docker(server.address, version=CONFORM_API)
        (step, fact), = ConformRun(docker).scenario(conform_scenarios()["the engine itself"][:1])
        assert compare_fact(read_facts(CONFORM_FACTS)["the engine itself"]["ping"], fact, step.says) == (
            4, ["framing: expected length, seen close"], 1)


def test_an_engine_that_is_too_old_is_refused():
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 21\r\nConnection: close\r\n\r\n"
    with OneAnswer(head + b'{"ApiVersion":"1.30"}') as server:
        with pytest.raises(rawdock.UsageError) as caught:
            next(run_scenarios(rawdock.Docker(server.address, version=CONFORM_API)))
        assert "speaks API 1.30 at most, the facts are of 1.41" in str(caught.value)


HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
ODD_ANSWERS = {
    "501": b"HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "refused": (b"HTTP/1.1 400 Bad Request\r\nContent-Length: 17\r\nConnection: close\r\n\r\n"
                b'{"message":["x"]}'),
    "upgraded": (b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
                 b"\x01\0\0\0\0\0\0\x20cut short"),
    "stat": HEAD + b"X-Docker-Container-Path-Stat: %%%junk\r\nContent-Length: 2\r\n\r\nok",
    "stat-list": HEAD + b"X-Docker-Container-Path-Stat: W10=\r\nContent-Length: 4\r\n\r\n\0\xff\0\1",
    "stat-text": HEAD + b"X-Docker-Container-Path-Stat: /w==\r\n\r\n" + b"\0" * 700,
    "a list": HEAD + b"Content-Length: 4\r\n\r\n[[]]",
    "ids": HEAD + b'\r\n{"Id":{"Id":7},"MinAPIVersion":[1],"message":1}',
    "deep": HEAD + b"\r\n" + b"[" * 5000,
    "deep-whole": HEAD + b"\r\n" + b"[" * 900 + b"]" * 900,
    "numbers": HEAD + b"\r\n[NaN,1e999," + b"9" * 5000 + b"]",
    "no head": b"nonsense\r\n\r\n",
    "no status": b"HTTP/1.1 1000 X\r\n\r\n",
    "cut": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
    "nothing": b"",
    "unicode": HEAD + b'\r\n{"Id":"\xed\xa0\x80"}',
    "surrogate": HEAD + b'\r\n{"Id":"\\ud800","message":"\\ud800"}',
    "injecting": HEAD + b'\r\n{"Id":"x HTTP/1.1\\r\\n\\r\\n"}',
}


class Lines:
    """In place of a console: the lines printed."""

    def __init__(self):
        self.out, self.err, self.lines = self, self, []

    def line(self, text):
        self.lines.append(text)


@pytest.mark.parametrize("name", sorted(ODD_ANSWERS))
def test_whatever_is_answered_is_in_the_report(name):
    """One answer to each of the requests: all of them are compared, and nothing is raised."""
    console, scenarios = Lines(), conform_scenarios()
    with OneAnswer(ODD_ANSWERS[name]) as server:
        docker = rawdock.Docker(server.address, version=CONFORM_API)
        run = ConformRun(docker, console.line)
        results = ((key, run.scenario(scenarios[key])) for key in scenarios)
        assert report_conform(console, server.address, results) == 1
    equal, compared = map(int, console.lines[-1].replace(" equal / compared", "").split(" / "))
    assert equal < compared >= 180 and len(console.lines) > 14


@pytest.mark.parametrize("name", ["501", "upgraded", "nothing", "stat"])
def test_an_odd_answer_to_attach_or_archive_differs_there_alone(practice, monkeypatch, name):
    for bound in ("HEAD_SECONDS", "IDLE_SECONDS", "WHOLE_SECONDS"):
        monkeypatch.setattr(sys.modules["rawdock.teach.conform.conform"], bound, 1)
    facts = read_facts(CONFORM_FACTS)
    path_end = "/archive" if name == "stat" else "/attach"
    with OneAnswer(ODD_ANSWERS[name]) as server, client(practice) as docker:
        run, request, other = ConformRun(docker), docker.request, rawdock.Docker(server.address)
        run.check_engine()
        monkeypatch.setattr(docker, "request", lambda method, path, *rest, **more: (
            other.request if path.endswith(path_end) else request)(method, path, *rest, **more))
        for scenario in ("archives",) if name == "stat" else ("input, and its half-close", "a terminal"):
            found = {step.name: compare_fact(facts[scenario].get(step.name), fact, step.says)[1]
                     for step, fact in run.scenario(conform_scenarios()[scenario])}
            assert found["create"] == []
            if name == "stat":
                assert any(line.startswith(".path stat: expected {") and line.endswith("seen junk")
                           for line in found["get"]), found
                assert found["export"] == []
            else:
                assert found["attach"] != [] != found["read"] and found["start"] == []
                assert all(line.startswith("no answer to compare: ")
                           for line in found.get("typed", ())), found
    assert ask(practice, "GET", "/containers/json?all=1")[1] == []


def test_an_answer_that_does_not_come_is_waited_for_less_and_less(monkeypatch):
    monkeypatch.setattr(sys.modules["rawdock.teach.conform.conform"], "HEAD_SECONDS", 0.4)
    with OneAnswer(b"") as server:
        server.hold = True
        run = ConformRun(rawdock.Docker(server.address))
        found = run.scenario(conform_scenarios()["the engine itself"])
    assert len(found) == 11 and all(isinstance(fact, rawdock.Timeout) for _, fact in found)
    assert [round(fact.seconds, 2) for _, fact in found[:6]] == [0.4, 0.2, 0.1, 0.05, 0.04, 0.04]


def test_an_answer_without_an_end_is_given_up(monkeypatch):
    module = sys.modules["rawdock.teach.conform.conform"]
    monkeypatch.setattr(module, "WHOLE_SECONDS", 0.3)
    event = b'2\r\n{}\r\n'
    with OneAnswer(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + event) as server:
        server.again = event
        steps = [step for step in conform_scenarios()["events"] if step.name == "none"]
        (_, fact), = ConformRun(rawdock.Docker(server.address)).scenario(steps)
    assert isinstance(fact, rawdock.Timeout) and fact.phase == "total"


def test_an_engine_whose_lowest_api_is_newer_gets_requests_of_that():
    body = b'{"MinAPIVersion":"1.44"}'
    answer = HEAD + b"Api-Version: 1.45\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    with OneAnswer(answer) as server:
        reported = []
        run = ConformRun(rawdock.Docker(server.address), reported.append)
        run.check_engine()
        run.scenario(conform_scenarios()["volumes"])
        assert run.api == "1.44" and len(reported) == 1 and "no API below 1.44" in reported[0]
        assert any(one.startswith(b"POST /v1.44/volumes/create") for one in server.seen)
        assert not any(b"/v1.41/" in one for one in server.seen)


def test_lines_that_end_in_lf_alone_are_sent_as_they_are():
    with OneAnswer(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nbare LF") as server:
        steps = [step for scenario in conform_scenarios().values() for step in scenario if step.verb == "raw"]
        found = ConformRun(rawdock.Docker(server.address)).scenario(steps)
        assert server.seen == [b"GET /_ping HTTP/1.1\nHost: x\n\n", b"GET /images/json HTTP/1.0\r\n\n"]
    ping = read_facts(CONFORM_FACTS)["the engine itself"]["typed-by-hand"]
    assert compare_fact(ping, found[0][1], "")[1] == ["status: expected 200, seen 400"]


def test_a_difference_that_comes_again_is_one():
    found = [("a, x", "key .cause is not expected"), ("a, y", "status: expected 409, seen 500"),
             ("b, z", "key .cause is not expected"),
             ("b, w", "message: expected to contain '$life', seen '$life is not there'"),
             ("b, v", "message: expected to contain '$nobody', seen '$nobody is not there'")]
    assert group_differences(found) == [
        ("key .cause is not expected", ["a, x", "b, z"]), ("status: expected 409, seen 500", ["a, y"]),
        ("message: expected to contain '$name', seen '$name is not there'", ["b, w", "b, v"])]


def test_a_refusal_in_place_of_a_success_is_one_line():
    expected = ConformFact(200, "application/json", "chunked", {"a": "n", "b": "n"})
    seen = ConformFact(404, "text/plain", "length", {"message": "s"}, "no such thing")
    assert compare_fact(expected, seen, "") == (4, ["status: expected 200, seen 404 (no such thing)"], 4)


@pytest.mark.parametrize("value, text", [
    ({"b": 1, "a": [{"x": True}, {"y": None}], "Labels": {"k": "v"}}, "{Labels:{*:s},a:[{x:b,y:null}],b:n}"),
    ([], "[null]"), ("s", "s"), ({"a": [1, "s"]}, "{a:[mixed]}"), ({"Warnings": ["w"], "k": 1.5}, "{k:n}"),
])
def test_shapes(value, text):
    assert write_shape(shape_of(value)) == text and read_shape(text, {}) == shape_of(value)


@pytest.mark.parametrize("expected, seen, lines", [
    ({"a": 1}, {"a": "1"}, [".a: expected n, seen s"]), ({"a": 1, "b": 1}, {"b": 1}, ["key .a is missing"]),
    ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}, ["key .a.c is not expected"]), ({"a": None}, {"a": []}, []),
    ({"a": {"b": 1}}, {"a": None}, []),
    ({"a": None}, {"a": 1}, [".a: expected null, seen n"]), ([], [{"a": 1}], []),
    ([{"a": 1}], [{}], ["key [].a is missing"]),
    ({"Labels": {}}, {"Labels": {"a": "b"}}, []),
    ({"Labels": {"x": "y"}}, {"Labels": {"a": 1}}, [".Labels.*: expected s, seen n"]),
    ("x", [], ["body: expected s, seen [null]"]),
])
def test_differences_of_shapes(expected, seen, lines):
    assert shape_differences(shape_of(expected), shape_of(seen)) == lines


def test_merged_shapes_take_every_key():
    assert merged_shapes([shape_of({"a": 1}), shape_of({"b": None}),
                          shape_of({"b": "s"})]) == {"a": "n", "b": "s"}
