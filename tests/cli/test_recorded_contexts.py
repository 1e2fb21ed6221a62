"""The commands of `context` beside docker 28.2.2: outputs, errors, statuses, and the store they leave."""
import hashlib

import pytest

from tests.cli.test_recorded_mistakes import dockers, without_slips
from tests.live.context_cases import SESSIONS, read_recorded, run_session, session_lines

RECORDED = read_recorded("contexts")
# Where ours says something else than docker on stderr, and a part of it.
OTHERWISE = {
    "context ls --format '{{.Nope}}'": "can't evaluate field Nope",
    "context rm": "docker context rm [OPTIONS] CONTEXT",
    "context import z-deep t/deep.zip": "archive format is invalid",
    "context import z-broken t/broken.zip": "meta.json: Expecting",
    "context import t-broken t/broken.tar": "meta.json: Expecting",
}


@pytest.fixture(scope="module")
def sessions(rawdock_command, tmp_path_factory):
    """What our commands answered in each session, and the store at its end."""
    return {name: run_session(name, rawdock_command, str(tmp_path_factory.mktemp(name))) for name in SESSIONS}


@pytest.mark.parametrize("name, line",
                         [(name, at) for name in SESSIONS for at in range(len(session_lines(name)))],
                         ids=["%s: %s" % (name, line) for name in SESSIONS for line in session_lines(name)])
def test_an_answer_is_dockers(sessions, name, line):
    row, ours = RECORDED[name]["answers"][line], sessions[name][0][line]
    text = session_lines(name)[line]
    assert row["line"] == text
    assert (ours["status"], dockers(ours["out"])) == (row["status"], row["out"])
    err = dockers(ours["err"])
    if text in OTHERWISE:
        assert OTHERWISE[text] in err
    else:
        assert err == without_slips(row["err"])


def comparable(store, failed):
    """A store without empty folders, which docker leaves, and without the contexts `failed` (list of str)."""
    files = [path for path in store if store[path][1] is not None]
    kept = {path: value for path, value in store.items() if any(file.startswith(path) for file in files)}
    ids = [hashlib.sha256(name.encode()).hexdigest() for name in failed]
    return {path: value for path, value in kept.items() if not any(one in path for one in ids)}


@pytest.mark.parametrize("name", sorted(SESSIONS))
def test_the_store_is_dockers(sessions, name):
    failed = [row["line"].split()[2] for row in RECORDED[name]["answers"]
              if row["line"].startswith("context import") and row["status"] and "already" not in row["err"]
              and len(row["line"].split()) > 2]
    ours = sessions[name][1]
    assert comparable(ours, []) == comparable(RECORDED[name]["store"], failed)
    assert len(ours) > 2 or name == "use"   # which removes all at its end
