"""doctor finds nothing wrong with real engines, and sees one that goes away."""
import json

import pytest

from tests.live.client import rawdock

ENGINES = ["engine", "engine26", "podman"]


@pytest.mark.parametrize("name", ENGINES)
def test_a_real_engine_is_well(request, name):
    engine = request.getfixturevalue(name)
    version = engine.json("GET", "/version")
    ran = rawdock(engine, "doctor", "--json")
    findings = {finding["check"]: finding for finding in json.loads(ran.out.decode())}
    assert (ran.status, ran.err) == (0, b"")
    assert [findings[check]["result"] for check in ("endpoint", "socket", "engine", "clock")] == ["ok"] * 4
    says = "%s answers; API %s to %s" % tuple(map(version.get, ("Version", "MinAPIVersion", "ApiVersion")))
    assert says in findings["engine"]["text"]
    assert "belongs to root:" in findings["socket"]["text"]
