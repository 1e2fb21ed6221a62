"""Proxies: what docker CLI 28.2.2 sends through one, and what it connects to directly.

Both were measured with scripted proxies. The forms of NO_PROXY are those of Go's httpproxy, by its rules.
"""
import re
import socket
import struct
import threading

import pytest

from rawdock.engine.docker import Docker
from rawdock.errors import AddressError, ConfigError, ConnectError
from rawdock.net.address import TLSSettings, parse_address
from rawdock.net.proxy import find_proxy, is_excepted

from tests.net.fake_engine import FakeEngine

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def answer_ok(peer):
    while peer.request() is not None:
        peer.send(OK)


@pytest.mark.parametrize("host, port, rules, excepted", [   # the rules of Go's httpproxy
    ("localhost", 1, "", True), ("127.9.9.9", 1, "", True), ("::1", 1, "", True), ("10.0.0.1", 1, "", False),
    ("a.example", 1, "*", True), ("a.example", 1, " A.example ,x", True),
    ("b.a.example", 1, "a.example", True),
    ("a.example", 1, ".a.example", False), ("b.a.example", 1, ".a.example", True),
    ("b.a.example", 1, "*.a.example", True), ("a.example", 1, "*.a.example", False),
    ("ba.example", 1, "a.example", False), ("a.example", 2375, "a.example:2375", True),
    ("a.example", 2376, "a.example:2375", False), ("10.1.2.3", 1, "10.0.0.0/8", True),
    ("10.1.2.3", 1, "10.1.2.3", True), ("10.1.2.3", 1, "10.1.2.3:2", False),
    ("fe80::2", 5, "[fe80::2]:5", True),
    ("fe80::2", 5, "fe80::2", True),
    ("11.1.2.3", 1, "10.0.0.0/8,11.1.2.4", False), ("a.example", 1, ",", False),
])
def test_no_proxy(host, port, rules, excepted):
    assert is_excepted(host, port, rules) is excepted


@pytest.mark.parametrize("environ, tls, found", [
    ({"HTTP_PROXY": "http://p:3128"}, False, ("p", 3128, [])),
    ({"http_proxy": "p:3128/"}, False, ("p", 3128, [])),
    ({"HTTP_PROXY": "http://u:p%40@[::1]"}, False, ("::1", 80, [("Proxy-Authorization", "Basic dTpwQA==")])),
    ({"HTTP_PROXY": "http://p"}, True, None), ({"HTTPS_PROXY": "http://p"}, True, ("p", 80, [])),
    ({"HTTPS_PROXY": "http://p"}, False, None), ({"ALL_PROXY": "http://p"}, False, None),
    ({"HTTP_PROXY": "http://p", "NO_PROXY": "engine.example"}, False, None), ({}, False, None),
])
def test_which_proxy(environ, tls, found):
    address = parse_address("tcp://engine.example:2375")
    address.tls = TLSSettings(None, None, None, True, "--tls") if tls else None
    assert find_proxy(address, environ) == found


@pytest.mark.parametrize("environ, says", [
    ({"HTTP_PROXY": "http://p", "REQUEST_METHOD": "GET"},
     "refusing to use HTTP_PROXY value in CGI environment"),
    ({"HTTP_PROXY": "socks5://u:secret@p"}, "HTTP_PROXY is no proxy that rawdock can use"),
])
def test_a_proxy_that_cannot_be_used(environ, says):
    with pytest.raises(ConfigError) as caught:
        find_proxy(parse_address("tcp://engine.example:2375"), environ)
    assert says in str(caught.value) and "secret" not in str(caught.value) + str(caught.value.hint)


def test_a_control_character_in_its_user_names_the_variable():
    with pytest.raises(AddressError) as caught:
        find_proxy(parse_address("tcp://engine.example:2375"), {"HTTP_PROXY": "http://u:p%0d%0aX@p"})
    assert str(caught.value) == "HTTP_PROXY has a control character in it"


def test_a_name_that_only_the_proxy_knows(monkeypatch, tmp_path):
    """With TLS: it is never looked up here, and needs no --insecure-tcp."""
    from tests.net.tls_peer import TLSDoor, make_certificates
    make_certificates(tmp_path)
    tls = TLSSettings(None, None, None, False, "--tls")
    with FakeEngine(answer_ok) as engine, TLSDoor(tmp_path, engine.path) as door:
        place = ("127.0.0.1", int(door.address.rpartition(":")[2]))
        with TunnelProxy(b"HTTP/1.1 200 OK\r\n\r\n", {b"engine.invalid:2376": place}) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.place)
            with pytest.warns(RuntimeWarning, match="is not verified"):
                docker = Docker("tcp://engine.invalid:2376", timeout=60, tls=tls)
            with docker:
                assert docker.request("GET", "/_ping").read() == b"ok"
    assert proxy.tunnels == [b"engine.invalid:2376"]


@pytest.fixture
def far_engine(monkeypatch):
    """A FakeEngine that counts as another machine, as which 127.0.0.1 never does for a proxy."""
    monkeypatch.setattr("rawdock.net.proxy.is_excepted", lambda host, port, rules: False)


def test_requests_go_through_the_proxy_and_a_hijack_does_not(far_engine, monkeypatch):
    def switch(peer):
        peer.request()
        peer.send(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nhello")
    with FakeEngine(switch, tcp=True) as engine, FakeEngine(answer_ok, tcp=True) as proxy:
        monkeypatch.setenv("HTTP_PROXY", "http://u:p@" + proxy.address[len("tcp://"):])
        with Docker(engine.address + "/base", timeout=60) as docker:
            assert docker.request("GET", "/v1.41/info").read() == b"ok"
            fields = {"Connection": "Upgrade", "Upgrade": "tcp"}
            with docker.request("POST", "/v1.41/attach", headers=fields, hijack=True) as response:
                assert b"".join(response) == b"hello"
            assert docker.request("GET", "/v1.41/info").read() == b"ok"
    place = engine.address[len("tcp://"):]
    assert [seen.line for seen in proxy.requests] == ["GET http://%s/base/v1.41/info" % place] * 2
    assert proxy.accepted == 1
    assert proxy.requests[0].headers["host"] == place
    assert proxy.requests[0].headers["proxy-authorization"] == "Basic dTpw"
    assert [seen.line for seen in engine.requests] == ["POST /base/v1.41/attach"]
    assert "proxy-authorization" not in engine.requests[0].headers


class TunnelProxy:
    """Answers each CONNECT with `answer`, and after a 200 copies both directions.

    `places` (dict) has the (host, port) of targets that it alone knows.
    `head` (bytes) is what the last client sent, `tunnels` (list of bytes) the targets it connected to.
    """

    def __init__(self, answer, places=()):
        self.answer, self.places, self.head, self.tunnels = answer, dict(places), b"", []
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(5)
        self.place = "127.0.0.1:%d" % self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._listen)]

    def __enter__(self):
        self._threads[0].start()
        return self

    def __exit__(self, *exc):
        self._listener.shutdown(socket.SHUT_RDWR)   # accept() ends
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _listen(self):
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._serve, args=(client,)))
            self._threads[-1].start()

    def _serve(self, client):
        with client:
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(1000)
            self.head = head
            if self.answer is None:   # a reset
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            client.sendall(self.answer)
            if b" 200 " not in self.answer:
                return
            place = re.match(rb"CONNECT ([^ ]+) ", head).group(1)
            self.tunnels.append(place)
            host, _, port = place.decode("ascii").rpartition(":")
            with socket.create_connection(self.places.get(place, (host, int(port)))) as engine:
                back = threading.Thread(target=copy_all, args=(engine, client))
                back.start()
                copy_all(client, engine)
                back.join()


def copy_all(source, sink):
    try:
        for data in iter(lambda: source.recv(65536), b""):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def test_tls_goes_through_a_tunnel(far_engine, monkeypatch, tmp_path):
    from tests.net.tls_peer import TLSDoor, make_certificates
    make_certificates(tmp_path)
    tls = TLSSettings(str(tmp_path / "ca.pem"), None, None, True, "--tlsverify")
    with FakeEngine(answer_ok) as engine, TLSDoor(tmp_path, engine.path) as door:
        with TunnelProxy(b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n") as proxy:
            monkeypatch.setenv("HTTPS_PROXY", "http://u:p@" + proxy.place)
            with Docker(door.address, timeout=60, tls=tls) as docker:
                assert docker.request("GET", "/_ping").read() == b"ok"
    place = door.address[len("tcp://"):].encode()
    assert proxy.head == (b"CONNECT %s HTTP/1.1\r\nHost: %s\r\nProxy-Authorization: Basic dTpw\r\n\r\n"
                          % (place, place))
    assert [seen.line for seen in engine.requests] == ["GET /_ping"]


@pytest.mark.parametrize("answer, says", [
    (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "no tunnel: 407 Proxy Authentication Required"),
    (b"HTTP/1.1 407 No\r\n", "error during connect: the proxy made no tunnel: no answer"),
    (b"SSH-2.0-x\r\n\r\n", "the proxy made no tunnel: byte 0: expected HTTP/1.0 or HTTP/1.1"),
    (b"", "the proxy made no tunnel: no answer"),
    (None, "the proxy made no tunnel: Connection reset by peer")])
def test_a_tunnel_that_is_refused(far_engine, monkeypatch, answer, says):
    with TunnelProxy(answer) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.place)
        tls = TLSSettings(None, None, None, True, "--tlsverify")
        with pytest.raises(ConnectError) as caught:
            with Docker("tcp://127.0.0.1:9", timeout=60, tls=tls) as docker:
                docker.request("GET", "/_ping")
    assert says in str(caught.value)


def test_a_proxy_that_is_not_there(far_engine, monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        place = "127.0.0.1:%d" % closed.getsockname()[1]
        monkeypatch.setenv("HTTP_PROXY", "http://u:secret@" + place)
        with pytest.raises(ConnectError) as caught, Docker("tcp://127.0.0.1:9", timeout=60) as docker:
            docker.request("GET", "/_ping")
    assert caught.value.message == "error during connect: proxyconnect tcp: %s: Connection refused" % place
