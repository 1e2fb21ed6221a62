"""The conformance runner: against the practice engine, whose differences are known, and against servers that answer wrongly."""
import socket
import threading

import pytest

import rawdock
from rawdock.teach.conform import (CONFORM_API, ConformFact, ConformRun, compare_fact, conform_scenarios, merged_shapes, read_facts, read_shape,
                                   run_scenarios, shape_differences, shape_of, write_facts, write_shape)
from rawdock.teach.conform_facts import CONFORM_FACTS
from rawdock.teach.practice import PracticeEngine
from practice_wire import ask, create, start

# Where the practice engine answers as later engines do, or more strictly, on purpose.
KNOWN_DIFFERENCES = {
    "the engine itself/bad-filter", "a container's life/no-config", "a container's life/bad-json", "a container's life/wrong-kind",
    "a container's life/bad-wait", "events/bad-time",
}


@pytest.fixture(scope="module")
def practice():
    with PracticeEngine() as engine:
        yield engine


def client(engine):
    return rawdock.Docker(engine.address, version=CONFORM_API)


def test_every_step_has_a_fact_and_every_fact_a_step():
    facts = read_facts(CONFORM_FACTS)
    assert {scenario: [step.name for step in steps if step.verb not in ("send", "end")]
            for scenario, steps in conform_scenarios().items()} == {scenario: list(found) for scenario, found in facts.items()}


def test_the_practice_engine_differs_where_it_means_to_and_nothing_is_left(practice):
    facts, different, count, told = read_facts(CONFORM_FACTS), set(), 0, []
    with client(practice) as docker:
        for scenario, found in run_scenarios(docker, told.append):
            for step, fact in found:
                compared, lines, _ = compare_fact(facts[scenario][step.name], fact, step.says)
                count += compared
                if lines:
                    different.add("%s/%s" % (scenario, step.name))
    assert different == KNOWN_DIFFERENCES and count > 780 and told == ["busybox is not there: pulling it"]
    assert ask(practice, "GET", "/containers/json?all=1")[1] == [] and ask(practice, "GET", "/volumes")[1]["Volumes"] == []
    assert [one["Name"] for one in ask(practice, "GET", "/networks")[1]] == ["bridge", "host", "none"]
    assert [one["RepoTags"] for one in ask(practice, "GET", "/images/json")[1]] == [["busybox:latest"]]


def test_what_a_run_records_can_be_read_back(practice):
    with client(practice) as docker:
        results = list(run_scenarios(docker))
    written = {}
    text = "\n".join(write_facts(scenario, found, written) for scenario, found in results)
    back = read_facts(text)
    assert " =a container's life/" in text and len(text) < 40000
    for scenario, found in results:
        assert all(compare_fact(back[scenario][step.name], fact, None) == (4, [], 0) for step, fact in found)


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
            assert compare_fact(ConformFact(200, "-", "none", "nothing"), found[1][1], None)[1][0].startswith("no answer to compare: ")
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


class OneAnswer:
    """A server that gives every request the same answer."""

    def __init__(self, folder, answer):
        self.answer = answer
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.address = "unix://%s/s" % folder
        self.listener.bind("%s/s" % folder)
        self.listener.listen(20)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                if connection.recv(65536):
                    connection.sendall(self.answer)

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def test_a_proxy_that_changes_the_framing_is_found_out(tmp_path):
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\nOK"
    with OneAnswer(tmp_path, answer) as server:
        docker = rawdock.Docker(server.address, version=CONFORM_API)
        (step, fact), = ConformRun(docker).scenario(conform_scenarios()["the engine itself"][:1])
        assert compare_fact(read_facts(CONFORM_FACTS)["the engine itself"]["ping"], fact, step.says) == (
            4, ["framing: expected length, seen close"], 1)


def test_an_engine_that_is_too_old_is_refused(tmp_path):
    with OneAnswer(tmp_path, b"HTTP/1.1 200 OK\r\nApi-Version: 1.30\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK") as server:
        with pytest.raises(rawdock.UsageError) as caught:
            next(run_scenarios(rawdock.Docker(server.address, version=CONFORM_API)))
        assert "speaks API 1.30 at most, the facts are of 1.41" in str(caught.value)


@pytest.mark.parametrize("value, text", [
    ({"b": 1, "a": [{"x": True}, {"y": None}], "Labels": {"k": "v"}}, "{Labels:{*:s},a:[{x:b,y:null}],b:n}"),
    ([], "[null]"), ("s", "s"), ({"a": [1, "s"]}, "{a:[mixed]}"), ({"Warnings": ["w"], "k": 1.5}, "{k:n}"),
])
def test_shapes(value, text):
    assert write_shape(shape_of(value)) == text and read_shape(text) == shape_of(value)


@pytest.mark.parametrize("expected, seen, lines", [
    ({"a": 1}, {"a": "1"}, [".a: expected n, seen s"]), ({"a": 1, "b": 1}, {"b": 1}, ["key .a is missing"]),
    ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}, ["key .a.c is not expected"]), ({"a": None}, {"a": []}, []), ({"a": {"b": 1}}, {"a": None}, []),
    ({"a": None}, {"a": 1}, [".a: expected null, seen n"]), ([], [{"a": 1}], []), ([{"a": 1}], [{}], ["key [].a is missing"]),
    ({"Labels": {}}, {"Labels": {"a": "b"}}, []), ({"Labels": {"x": "y"}}, {"Labels": {"a": 1}}, [".Labels.*: expected s, seen n"]),
    ("x", [], ["body: expected s, seen [null]"]),
])
def test_differences_of_shapes(expected, seen, lines):
    assert shape_differences(shape_of(expected), shape_of(seen)) == lines


def test_merged_shapes_take_every_key():
    assert merged_shapes([shape_of({"a": 1}), shape_of({"b": None}), shape_of({"b": "s"})]) == {"a": "n", "b": "s"}
