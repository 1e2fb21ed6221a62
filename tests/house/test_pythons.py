"""Each single file on 3.6, the newest CPython and PyPy; the raw verbs and nc on a Python without json."""
import os
import re
import subprocess
import sys

import pytest

from rawdock import Docker, PracticeEngine

from tests.cli.scripted_socket import answer, frame, scripted_socket
from tests.house.single_files import made, run
from tests.pythons import pypy, pythons, unpack_minimal_python

ON_CI = bool(os.environ.get("CI"))
FILES = {"client": [], "core": ["--core"], "whole": ["--whole"]}
if sys.version_info >= (3, 8):   # tools/amalgamate --only needs it
    FILES.update({"ps": ["--only", "ps"], "nc": ["--only", "nc"], "raw": ["--only", "GET,POST,nc,endpoints"]})


@pytest.fixture(scope="module")
def engine():
    """A practice engine with a container called c1 that has written two lines."""
    with PracticeEngine() as engine, Docker(engine.address) as docker:
        for message in docker.image_create(fromImage="busybox", tag="latest"):
            pass
        program = ["sh", "-c", "echo out; echo err >&2"]
        docker.container_create(name="c1", body={"Image": "busybox", "Cmd": program})
        docker.container_start("c1")
        docker.container_wait("c1")
        yield engine


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    """{name in FILES: the path of rawdock.py, alone in a folder}."""
    paths = {}
    for name, options in FILES.items():
        paths[name] = tmp_path_factory.mktemp(name) / "rawdock.py"
        paths[name].write_bytes(made(*options))
    return paths


@pytest.fixture(params=pythons() + [("pypy3", None)], ids=lambda pair: pair[0])
def python(request):
    path = request.param[1] or pypy()
    if path is None:
        assert not ON_CI, "pypy3 is to be installed where everything is tested"
        pytest.skip("no pypy3")
    return path


def nc(argv, words, request):
    """What `rawdock nc` writes for `request` (bytes)."""
    ran = subprocess.run([str(word) for word in argv + words], input=request, timeout=60,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert (ran.returncode, ran.stderr) == (0, b"")
    return ran.stdout


PING = b"GET /_ping HTTP/1.0\r\n\r\n"


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_single_file_works_on(python, name, copies, engine):
    start = [python, "-I", "-S", "-B", str(copies[name])]
    status, out, errors = run(start + ["--self-test"], copies[name].parent)
    assert (status, errors) == (0, b"") and re.match(b"self-test: [0-9]+ checks passed\n", out)
    host = ["-H", engine.address]
    if name == "core":
        program = ("import sys; sys.path.insert(0, '.'); import rawdock, pickle\n"
                   "with rawdock.Docker(sys.argv[1]) as docker:\n"
                   "    print(docker.container_list(all=True)[0]['Names'])\n"
                   "    try: docker.container_inspect('nosuch')\n"
                   "    except rawdock.NotFound as error: print(pickle.loads(pickle.dumps(error)))\n")
        status, out, errors = run([python, "-I", "-S", "-B", "-c", program, host[1]], copies[name].parent)
        assert (status, errors) == (0, b"") and out == b"['/c1']\nNo such container: nosuch\n"
    elif name in ("nc", "raw"):
        assert nc(start, host + ["nc"], PING).endswith(b"\r\n\r\nOK")
    else:
        status, out, errors = run(start + host + ["ps", "-a"], copies[name].parent)
        assert (status, errors) == (0, b"") and out.startswith(b"CONTAINER ID ") and b"c1" in out


@pytest.fixture(scope="module")
def minimal(tmp_path_factory):
    """The path of a Python that has no json."""
    try:
        path = unpack_minimal_python(str(tmp_path_factory.mktemp("minimal")))
    except (OSError, AttributeError, subprocess.SubprocessError) as error:
        assert not ON_CI, "python3-minimal is to be had where everything is tested: %s" % error
        pytest.skip("no package python3-minimal: %s" % error)
    assert run([path, "-I", "-S", "-c", "import json"], "/")[0] == 1
    return path


LACKING = b"rawdock: this Python has no json module; on Debian: apt install libpython3-stdlib\n"


@pytest.mark.parametrize("name", sorted({"client", "raw"} & set(FILES)))
def test_raw_verbs_and_nc_need_no_json(minimal, name, copies, engine):
    start = [minimal, "-I", "-S", "-B", str(copies[name]), "-H", engine.address]
    assert nc(start, ["nc"], PING).endswith(b"\r\n\r\nOK")
    for words, status, out, errors in (
            (["GET", "/_ping"], 0, b"OK", b""),
            (["GET", "/containers/json?all=1"], 0, b'"Names":["/c1"]', b""),
            (["GET", "/containers/c1/logs?stdout=1&stderr=1"], 0, b"out\n", b"err\n"),
            (["GET", "/containers/nosuch/json"], 1, b"No such container", b"the engine answered 404"),
            (["POST", "/containers/create", "-d", '{"Image":"busybox"}'], 0, b'"Id":', b""),
            (["endpoints", "attach"], 0, b"container_attach", b""),
            (["--help"], 0, b"\n  GET ", b""),
            (["gett"], 1, b"", b"unknown command: rawdock gett\n\nRun 'rawdock --help'"),
            (["GET", "-0", "/containers/json?all=1"], 0, b'"Names":["/c1"]', b""),
            # What has to decode JSON says so: messages before anything is sent.
            (["POST", "/images/create?fromImage=hello-world"], 1, b"", LACKING)):
        ran = run(start + words, copies[name].parent)
        assert ran[0] == status and out in ran[1] and errors in ran[2], (words, ran)
        assert ran[2].rstrip().count(b"\n") == errors.rstrip().count(b"\n"), (words, ran)
    assert b"hello-world" not in run(start + ["GET", "/images/json"], copies[name].parent)[1]


def test_what_needs_json_says_so(minimal, copies, engine):
    start = [minimal, "-I", "-S", "-B", str(copies["client"]), "-H", engine.address]
    for words in (["ps"], ["logs", "c1"], ["run", "busybox", "true"], ["images"]):
        assert run(start + words, copies["client"].parent) == (1, b"", LACKING), words
    if "ps" in copies:
        start[-3] = str(copies["ps"])
        assert run(start + ["ps"], copies["ps"].parent) == (1, b"", LACKING)


@pytest.mark.parametrize("response, shown, said", [
    (answer(200, frame(1, b"whole\n") + frame(1, b"cut\n")[:-2]), b"whole\n", b"cut"),
    (answer(200, frame(1, b"whole\n") + frame(3, b"it broke")), b"whole\n", b"it broke"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n123", b"123", b"cut"),
    # Whether this JSON is whole only json can tell.
    (b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n[1]", b"[1]", LACKING)])
def test_without_json_a_failure_is_no_success(minimal, copies, response, shown, said):
    target = "/x" if shown != b"whole\n" else "/containers/c1/logs"
    with scripted_socket({"GET " + target: response}) as peer:
        status, out, errors = run([minimal, "-I", "-S", "-B", str(copies["client"]), "-H", peer.address,
                                   "GET", target], copies["client"].parent)
    assert status == 1 and out.startswith(shown) and said in errors and errors.count(b"\n") == 1
