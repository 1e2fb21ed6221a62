"""The candidates that come from an engine, beside docker 28.2.2's."""
import shlex
import subprocess
import sys

import pytest

from tests.live.client import clean_environment
from tests.live.docker_cli import recorded_cli

# What is typed, against the containers of the fixture.
TYPED = r"""
run --log-driver ''
run --log-driver j
run --volume-driver ''
run --network ''
run --network n
run --volumes-from rec-
run --link rec-
run --pid container:rec-
run --ipc container:
events --filter container=rec-
events --filter network=
events --filter volume=rec-
stop ''
start rec-
rm rec-
rm -f rec-
logs rec-
exec ''
rename rec-
network rm ''
network connect ''
network disconnect bridge rec-
volume rm rec-
volume inspect rec-
rmi busy
history busy
image tag busy
container inspect rec-
inspect --type volume rec-
pause ''
"""
# Where ours gives something else, and why.
OTHERWISE = {
    "network disconnect bridge rec-": "docker gives those alone that are in the network",
    "inspect --type volume rec-": "docker gives no names for another type than container",
}
NO_SPACE = 2


@pytest.fixture(scope="module")
def objects(engine):
    """Two containers, of which rec-up runs, and a volume."""
    engine.pull("busybox")
    body = {"Image": "busybox", "Cmd": ["sleep", "1000"], "HostConfig": {"NetworkMode": "none"},
            "StopSignal": "SIGKILL"}
    try:
        for name in ("rec-up", "rec-made"):
            engine.json("POST", "/containers/create?name=" + name, body)
        engine.json("POST", "/containers/rec-up/start")
        engine.json("POST", "/volumes/create", {"Name": "rec-volume"})
        yield
    finally:
        for name in ("rec-up", "rec-made"):
            engine.remove_container(name)
        engine.json("DELETE", "/volumes/rec-volume")


def candidates(commands, engine, line):
    """What each command line gives for the last word of `line`: the texts, and whether a blank follows."""
    words = shlex.split(line)
    running = [subprocess.Popen(command + ["__complete", "-H", engine.address] + words,
                                env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
               for command in commands]
    for process in running:
        texts = process.communicate(timeout=60)[0].decode().splitlines()
        yield {text for text in texts[:-1] if text.startswith(words[-1])}, int(texts[-1][1:]) & NO_SPACE


@pytest.mark.parametrize("line", TYPED.split("\n")[1:-1])
def test_the_engines_names_are_dockers_candidates(engine, objects, line):
    cli = recorded_cli()
    if cli is None:
        pytest.skip("there is no docker 28.2.2 here")
    for _ in range(20):   # on a busy machine the engine may need longer than the 0.2 s that it has
        expected, found = candidates([[cli.path], [sys.executable, "-m", "rawdock"]], engine, line)
        if (found == expected) is (line not in OTHERWISE):
            break
    assert (found == expected) is (line not in OTHERWISE), (found, expected)
