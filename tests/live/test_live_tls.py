"""dockerd --tlsverify: what works, and one clear line for each thing that does not, beside docker's."""
import io
import os
import re
import subprocess
import sys
import tarfile

import pytest

from tests.live.client import run_to_end
from tests.live.docker_cli import docker_clis
from tests.net.test_proxy import TunnelProxy
from tests.window import Window

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

CERTIFICATES = os.environ.get("RAWDOCK_TEST_TLS_CERTIFICATES", "")
FIVE_MEGABYTES = os.urandom(5000000)
# On CI they fail without such an engine.
pytestmark = pytest.mark.skipif(not CERTIFICATES and not os.environ.get("CI"),
                                reason="the engine has no TLS: tools/engine up --tls")


def flags(ca="ca.pem", cert="cert.pem", key="key.pem"):
    paths = [name and os.path.join(CERTIFICATES, name) for name in (ca, cert, key)]
    return ["--tlsverify", "--tlscacert", paths[0], "--tlscert", paths[1], "--tlskey", paths[2]]


def rawdock_at(address, options, *words, **more):
    return run_to_end([sys.executable, "-m", "rawdock", "-H", address] + options + list(words), **more)


def secure(*words, **more):
    return rawdock_at(os.environ["RAWDOCK_TEST_TLS"], flags(), *words, **more)


@pytest.fixture(autouse=True)
def busybox(engine):
    engine.pull("busybox")


def test_a_half_close_and_what_comes_after_it():
    ran = secure("run", "-i", "--rm", "busybox", "sh", "-c", "cat; echo after", stdin=b"before\n")
    assert ran == (0, b"before\nafter\n", b"")


def test_five_megabytes_each_way():
    ran = secure("run", "-i", "--rm", "busybox", "cat", stdin=FIVE_MEGABYTES)
    assert ran.status == 0 and ran.err == b"" and ran.out == FIVE_MEGABYTES


def test_nc():
    ran = secure("nc", stdin=b"GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n")
    assert ran.status == 0 and ran.out.endswith(b"\r\n\r\nOK") and ran.err == b""


def tls_words(*words):
    return [sys.executable, "-m", "rawdock", "-H", os.environ["RAWDOCK_TEST_TLS"]] + flags() + list(words)


def test_a_terminal():
    with Window(tls_words("run", "-it", "--rm", "busybox", "sh")) as window:
        window.wait_for("/ # ")
        window.type("tty; exit 3\r")
        ended = window.end()
    assert ended.status == 3 and b"/dev/pts/0" in ended.out and ended.modes_kept


def test_the_wire_shows_what_is_encrypted():
    ran = run_to_end(tls_words("--wire", "run", "-i", "--rm", "busybox", "cat"), stdin=b"seen by both\n")
    assert ran.status == 0 and ran.out == b"seen by both\n"
    wire = ran.err.decode("utf-8")
    assert re.search(r"(?m)^1> GET /_ping HTTP/1\.1 ", wire)
    assert "101 UPGRADED" in wire and "stdout: seen by both" in wire and "-----BEGIN" not in wire


def test_a_tap_whose_engine_speaks_tls(tmp_path):
    data, transcript = os.urandom(1 << 20), tmp_path / "transcript"
    docker = docker_clis()[-1].path
    run = ["run", "-i", "--rm", "busybox", "cat"]
    ran = run_to_end(tls_words("tap", "--to", str(transcript), "--", docker, *run), stdin=data)
    assert (ran.status, ran.out) == (0, data), ran.err
    assert "101 UPGRADED" in transcript.read_text(encoding="utf-8")


def test_five_megabytes_each_way_through_a_proxy(engine, tmp_path, monkeypatch):
    """By CONNECT, which is used for another machine only: so to the address of the bridge."""
    content, archive = os.urandom(5000000), io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        member = tarfile.TarInfo("five")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    (tmp_path / "five.tar").write_bytes(archive.getvalue())
    name = "rdk-tls-proxy"
    engine.json("POST", "/containers/create?name=" + name, {"Image": "busybox"})
    try:
        with TunnelProxy(b"HTTP/1.1 200 Connection established\r\n\r\n") as proxy:
            monkeypatch.setenv("HTTPS_PROXY", "http://u:p@" + proxy.place)
            place = os.environ["RAWDOCK_TEST_TLS_BRIDGE"]
            ran = rawdock_at(place, flags(), "PUT", "/containers/%s/archive?path=/tmp" % name, "-d",
                             "@" + str(tmp_path / "five.tar"))
            assert ran == (0, b"", b"")
            ran = rawdock_at(place, flags(), "GET", "/containers/%s/archive?path=/tmp/five" % name)
        assert ran.status == 0 and ran.err == b""
        with tarfile.open(fileobj=io.BytesIO(ran.out)) as tar:
            assert tar.extractfile("five").read() == content
        assert proxy.tunnels == [place[len("tcp://"):].encode("ascii")] * 2
    finally:
        engine.remove_container(name)


VERIFY = b"error during connect: tls: failed to verify certificate: x509: certificate "
REFUSED = b"check your TLS client certification settings: remote error: tls: bad certificate; "


@pytest.mark.parametrize("host, options, says", [
    ("127.0.0.1", dict(ca="foreign/ca.pem"), VERIFY + b"signed by unknown authority; "),
    ("localhost", {}, VERIFY + b"is not valid for localhost; "),
    ("127.0.0.1", dict(cert="", key=""), REFUSED),
    ("127.0.0.1", dict(cert="expired.pem"), REFUSED),
    ("127.0.0.1", dict(cert="foreign/cert.pem", key="foreign/key.pem"), REFUSED),
])
def test_one_line_for_what_is_wrong(host, options, says):
    address = os.environ["RAWDOCK_TEST_TLS"].replace("127.0.0.1", host)
    ran = rawdock_at(address, flags(**options), "ps")
    assert ran.status == 1 and ran.out == b"" and says in ran.err and ran.err.count(b"\n") == 1


def test_http_to_the_tls_port_and_tls_to_a_port_without(engine):
    ran = rawdock_at(os.environ["RAWDOCK_TEST_TLS"], [], "ps")
    assert ran == (1, b"", b"Error response from daemon: Client sent an HTTP request to an HTTPS server.\n")
    ran = rawdock_at("tcp://" + engine.registry, flags(), "ps")
    assert ran.status == 1 and b"http: server gave HTTP response to HTTPS client; " in ran.err


def test_without_verification_there_is_a_warning():
    ran = rawdock_at(os.environ["RAWDOCK_TEST_TLS"], ["--tls"] + flags()[1:], "ps", "-q")
    assert ran.status == 0 and ran.err.startswith(b"WARNING: TLS: ") and ran.err.count(b"\n") == 1


def elsewhere(options, *words, **more):
    """rawdock in a network namespace, to which the engine is on another machine → Ran."""
    namespace = os.environ.get("RAWDOCK_TEST_NETNS")
    if not namespace:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("this machine allows no network namespace")
    argv = ["ip", "netns", "exec", namespace, sys.executable, "-m", "rawdock", "-H",
            os.environ["RAWDOCK_TEST_TLS_BRIDGE"]] + options + list(words)
    return run_to_end(argv, **more)


def test_from_another_machine():
    ran = elsewhere(flags(), "run", "-i", "--rm", "busybox", "cat", stdin=FIVE_MEGABYTES)
    assert ran.status == 0 and ran.err == b"" and ran.out == FIVE_MEGABYTES
    ran = elsewhere(flags(cert="", key=""), "ps")
    assert ran.status == 1 and REFUSED in ran.err
    ran = elsewhere([], "ps")
    assert ran.status == 1 and b"--insecure-tcp" in ran.err and ran.err.count(b"\n") == 1
    ran = elsewhere(["--insecure-tcp"], "ps")
    assert ran.err == b"Error response from daemon: Client sent an HTTP request to an HTTPS server.\n"


def test_another_machine_without_tls_is_refused_unless_it_is_allowed():
    ran = rawdock_at(os.environ["RAWDOCK_TEST_TLS_BRIDGE"], [], "ps")
    assert ran.status == 1 and b"--insecure-tcp" in ran.err and ran.err.count(b"\n") == 1
    ran = rawdock_at(os.environ["RAWDOCK_TEST_TLS_BRIDGE"], ["--insecure-tcp"], "ps")
    assert ran.err == b"Error response from daemon: Client sent an HTTP request to an HTTPS server.\n"


@pytest.fixture
def expired(engine, tmp_path):
    """The address of a dockerd whose certificate is over. It uses the other engine's containerd."""
    sys.path.insert(0, os.path.join(ROOT, "tools"))
    try:
        from real_engine.tls import make_key, sign
    finally:
        sys.path.pop(0)
    for name in ("ca.pem", "ca-key.pem"):
        (tmp_path / name).write_bytes(open_bytes(os.path.join(CERTIFICATES, name)))
    make_key(str(tmp_path), "server-key.pem")
    sign(str(tmp_path), "server.pem", "server-key.pem",
         "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth", -1)
    (tmp_path / "daemon.json").write_text("{}")
    here = str(tmp_path) + "/"   # of a path that is relative dockerd never finishes its start
    containerd = os.path.join(os.path.dirname(engine.socket_path), "exec/containerd/containerd.sock")
    words = ["timeout", "-k", "5", "120", "unshare", "-m", "dockerd", "--config-file", here + "daemon.json",
             "-H", "tcp://127.0.0.1:0", "--data-root", here + "root", "--exec-root", here + "exec",
             "--pidfile", here + "pid", "--storage-driver", "vfs", "--bridge", "none", "--iptables=false",
             "--ip6tables=false", "--ip-forward=false", "--containerd", containerd, "--containerd-namespace",
             "expired", "--containerd-plugins-namespace", "expired-plugins", "--tlsverify", "--tlscacert",
             here + "ca.pem", "--tlscert", here + "server.pem", "--tlskey", here + "server-key.pem"]
    with subprocess.Popen(words, stderr=subprocess.PIPE) as dockerd:
        try:
            said = []
            for line in dockerd.stderr:
                said.append(line)
                if b"API listen on " in line:
                    break
            else:
                pytest.fail("dockerd has ended: %s" % b"".join(said[-5:]).decode("utf-8", "replace"))
            yield "tcp://" + line.split(b"API listen on ")[1].split(b'"')[0].decode("ascii")
        finally:
            dockerd.terminate()
            dockerd.communicate()


def open_bytes(path):
    with open(path, "rb") as file:
        return file.read()


def test_a_server_whose_certificate_is_over(expired):
    words = b"tls: failed to verify certificate: x509: certificate has expired or is not yet valid"
    ran = rawdock_at(expired, flags(), "ps")
    assert ran.status == 1 and ran.out == b"" and b"error during connect: " + words + b"; " in ran.err
    assert ran.err.count(b"\n") == 1
    newest = docker_clis()[-1].path
    theirs = run_to_end([newest, "-H", expired] + flags() + ["ps"])
    assert theirs.status == 1 and b"certificate has expired or is not yet valid" in theirs.err
    ran = rawdock_at(expired.replace("127.0.0.1", "localhost"), flags(), "ps")   # what is first said counts
    assert ran.status == 1 and b"tls: failed to verify certificate: x509: certificate " in ran.err
    ran = rawdock_at(expired, ["--tls"] + flags()[1:], "ps", "-q")
    assert ran.status == 0 and ran.err.startswith(b"WARNING: TLS: ")
