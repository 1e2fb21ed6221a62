"""Which engine is chosen, beside docker 28.2.2; tests/live/context_cases.py has the cases and records them.

Each case runs `ps` where NamedEngines answer, so that stderr says which engine was chosen, or why none.
"""
import os
import re

import pytest

from tests.live.context_cases import CHOICES, NamedEngines, choice_key, choose, make_choices, read_recorded

RECORDED = read_recorded("choices")
DEFAULT_SOCKET = "/var/run/docker.sock"
# Where ours says something else than docker, and what.
OTHERWISE = {
    "-H foo://x": "unknown scheme 'foo'",
    "DOCKER_CERT_PATH={dir}/t DOCKER_TLS=0 DOCKER_HOST={tls} --tls=false": "{tls}",
    "DOCKER_CERT_PATH={dir}/other-ca -H {tls} --tlsverify": "certificate",
    "-c tls-no-ca": "certificate", "-c tls-wrong-ca": "certificate",
}


@pytest.fixture(scope="module")
def engines(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("choices"))
    with NamedEngines(folder) as engines:
        make_choices(folder, engines.addresses)
        engines.folder = folder
        yield engines


def essence(err):
    """What docker's words on stderr say: its warning and its error, without reasons that are Go's own."""
    warning = re.search("^WARNING: Error parsing config file", err)
    error = err.strip().split("\n")[-1] if err else ""
    error = re.sub("^Failed to initialize: (unable to resolve docker endpoint: )?", "", error)
    error = re.sub("^(Cannot connect to the Docker daemon at [^ ]+)[.] .*", r"\1", error)
    return bool(warning), re.sub("(meta.json): (?!no such).*", r"\1: ", error)


@pytest.mark.parametrize("choice", CHOICES, ids=[choice_key(choice) for choice in CHOICES])
def test_the_engine_is_dockers_choice(rawdock_command, engines, choice):
    row, ours = RECORDED[choice_key(choice)], choose(rawdock_command, choice, engines.folder, engines)
    warned, error = essence(row["err"])
    if DEFAULT_SOCKET in error and os.path.exists(DEFAULT_SOCKET):
        assert ours["out"] or "denied" in ours["err"]   # an engine of this machine answers there
        return
    # That TLS is not verified is said by rawdock only.
    lines = [line for line in ours["err"].splitlines() if not line.startswith("WARNING: TLS: ")]
    assert (ours["status"], ours["out"], len(lines)) == (row["status"], row["out"], 1 + warned), ours
    assert essence(ours["err"])[0] is warned
    assert OTHERWISE.get(choice[0], error) in lines[-1]


def test_there_are_enough_cases():
    assert list(RECORDED) == [choice_key(choice) for choice in CHOICES] and len(RECORDED) > 90
    assert set(OTHERWISE) <= {line for line, _ in CHOICES}
