"""Contexts that rawdock wrote are used by the docker command lines here, and theirs by rawdock: TLS material,
exported archives and the current context too. What was recorded of docker 28.2.2 is compared with it again.
"""
import os
import sys

import pytest

from tests.live.context_cases import (
    CHOICES, SESSIONS, NamedEngines, choice_key, choose, ended_at, make_choices, make_files, read_recorded,
    run_session)
from tests.live.docker_cli import RECORDED_VERSION, docker_clis, recorded_cli

OURS = [sys.executable, "-m", "rawdock"]
PAIRS = [pair for cli in docker_clis() for pair in ((OURS, [cli.path]), ([cli.path], OURS))]
CURRENT = "context inspect -f '{{.Name}}'"   # context show is not in docker 20.10
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def pair_name(pair):
    return " and ".join("rawdock" if argv is OURS else argv[0] for argv in pair)


@pytest.fixture(scope="module")
def engines(tmp_path_factory):
    with NamedEngines(str(tmp_path_factory.mktemp("engines"))) as engines:
        yield engines


@pytest.mark.parametrize("pair", PAIRS, ids=pair_name)
def test_what_one_wrote_the_other_uses(pair, engines, tmp_path):
    folder = str(tmp_path)
    make_files(folder)

    def run(who, line, status=0):
        ran = ended_at(pair[who], line, folder, PYTHONPATH=ROOT)
        assert ran["status"] == status, (pair[who], line, ran)
        return ran["out"].strip(), ran["err"].strip()

    def engine_of(who, line):
        return run(who, line, status=1)[1].rpartition("this is the engine ")[2]

    tls, tcp = engines.addresses["tls"], engines.addresses["tcp"]
    run(0, "context create simple --docker host=%s --description 'one é'" % tcp)
    run(0, "context create secure --docker host=%s,ca=t/ca.pem,cert=t/cert.pem,key=t/key.pem" % tls)
    run(0, "context create trusting --docker host=%s,skip-tls-verify=true" % tls)
    assert engine_of(1, "-c simple ps") == "tcp"
    assert engine_of(1, "-c secure ps") == "tls with a certificate"
    assert engine_of(1, "-c trusting ps") == "tls without a certificate"
    for line in ("context inspect simple secure trusting",
                 "context ls --format '{{.Name}} {{.Description}} {{.DockerEndpoint}}'"):
        assert run(0, line)[0].split() == run(1, line)[0].split()

    run(0, "context use secure")
    assert run(1, CURRENT)[0] == "secure" and engine_of(1, "ps") == "tls with a certificate"
    run(1, "context use simple")
    assert run(0, CURRENT)[0] == "simple" and engine_of(0, "ps") == "tcp"

    run(0, "context export secure secure.tar")
    run(1, "context import secure2 secure.tar")
    run(1, "context import zipped t/good.zip")
    for who in (0, 1):
        assert engine_of(who, "-c secure2 ps") == "tls with a certificate"
        assert run(who, "context inspect zipped -f '{{json .TLSMaterial}}'")[0] == '{"docker":["ca.pem"]}'

    run(1, "context update secure --docker host=%s" % tcp)
    assert engine_of(0, "-c secure ps") == "tcp"
    run(1, "context rm secure secure2 trusting zipped")
    run(1, "context rm -f simple")
    assert run(0, "context ls -q")[0] == "default" and run(0, CURRENT)[0] == "default"


def require_recorded_cli():
    cli = recorded_cli()
    if cli is None:
        missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        missing("no docker %s here: its answers are in the record" % RECORDED_VERSION)
    return [cli.path]


def test_the_recorded_choices_are_right(tmp_path):
    docker, folder, recorded = require_recorded_cli(), str(tmp_path), read_recorded("choices")
    with NamedEngines(folder) as engines:
        make_choices(folder, engines.addresses)
        found = {choice_key(choice): choose(docker, choice, folder, engines) for choice in CHOICES}
    assert {key: answer["err"].split("read tcp")[0] for key, answer in found.items()} == {
        key: answer["err"].split("read tcp")[0] for key, answer in recorded.items()}


@pytest.mark.parametrize("name", sorted(SESSIONS))
def test_the_recorded_sessions_are_right(name, tmp_path):
    docker, recorded = require_recorded_cli(), read_recorded("contexts")[name]
    answers, store = run_session(name, docker, str(tmp_path))
    assert answers == [{key: row[key] for key in row if key != "line"} for row in recorded["answers"]]
    assert store == recorded["store"]
