"""TLS: certificates that are refused, half-closes, cuts and timeouts, with an engine behind a door of TLS."""
import os
import queue
import socket
import ssl
import threading
import time
from contextlib import ExitStack

import pytest

from rawdock.engine.docker import Docker
from rawdock.errors import ConfigError, ConnectError, Timeout, TruncatedError
from rawdock.net.address import TLSSettings, parse_address
from rawdock.net.connection import Connection
from rawdock.net.dial import dial, is_readable

from tests.net.fake_engine import FakeEngine
from tests.net.tls_peer import TLSDoor, make_certificates

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SWITCHED = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
DETAILS = hasattr(ssl, "SSLCertVerificationError")   # Python 3.6 does not say what it found


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    directory = tmp_path_factory.mktemp("certificates")
    make_certificates(directory)
    return str(directory)


def settings(directory, ca="ca", client=None, verify=True):
    def path(name):
        return os.path.join(directory, name + ".pem")
    return TLSSettings(ca and path(ca), client and path(client), client and path(client + "-key"), verify,
                       "--tls")


def tls_address(text, tls):
    address = parse_address(text)
    address.tls = tls
    return address


def answer_ok(peer):
    while peer.request() is not None:
        peer.send(OK)


@pytest.fixture
def through_tls(certificates):
    """through_tls(recipe, **door options) → a connected TLSSocket to a FakeEngine that plays the recipe."""
    with ExitStack() as stack:
        def connect(recipe, timeout=60, **options):
            engine = stack.enter_context(FakeEngine(recipe))
            door = stack.enter_context(TLSDoor(certificates, engine.path, **options))
            sock = dial(tls_address(door.address, settings(certificates)), timeout)
            stack.callback(sock.close)
            return sock
        yield connect


# the client's settings, the door's options, what is said, what is said instead by Python 3.6
WRONG = [
    ("a foreign authority", dict(ca="foreign"), {}, "x509: certificate signed by unknown authority"),
    ("an expired certificate", {}, dict(name="expired"),
     "x509: certificate has expired or is not yet valid"),
    ("another host name", {}, dict(name="elsewhere"),
     "x509: certificate is not valid for 127.0.0.1"),
    ("no client certificate", {}, dict(client_authority="ca"),
     "check your TLS client certification settings: remote error: tls: certificate required"),
    ("a foreign client certificate", dict(client="stranger"), dict(client_authority="ca"),
     "check your TLS client certification settings: remote error: tls: unknown ca"),
]


@pytest.mark.parametrize("client, door, says", [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_is_wrong_is_one_clear_line(certificates, client, door, says):
    with FakeEngine(answer_ok) as engine, TLSDoor(certificates, engine.path, **door) as tls:
        with pytest.raises(ConnectError) as caught:
            with Docker(tls.address, timeout=60, tls=settings(certificates, **client)) as docker:
                docker.request("GET", "/_ping")
    assert str(caught.value).startswith("error during connect: ") and caught.value.hint
    assert "\n" not in str(caught.value) + caught.value.hint
    if DETAILS:
        assert says in str(caught.value)


@pytest.mark.parametrize("client, door", [({}, {}), (dict(ca="foreign", verify=False), dict(name="expired")),
                                          (dict(client="client"), dict(client_authority="ca"))])
def test_what_is_right(certificates, client, door):
    with FakeEngine(answer_ok) as engine, TLSDoor(certificates, engine.path, **door) as tls:
        with ExitStack() if client.get("verify", True) else pytest.warns(RuntimeWarning, match="verified"):
            docker = Docker(tls.address, version=None, timeout=60, tls=settings(certificates, **client))
        with docker:
            assert [docker.request("GET", "/_ping").read() for _ in range(3)] == [b"ok"] * 3
    assert engine.accepted == 1


def test_a_host_name_is_checked_as_a_name(certificates):
    with FakeEngine(answer_ok) as engine, TLSDoor(certificates, engine.path) as tls:
        with Docker(tls.address.replace("127.0.0.1", "localhost"), version=None, timeout=60,
                    tls=settings(certificates)) as docker:
            assert docker.request("GET", "/_ping").read() == b"ok"


def test_tls_to_a_port_without_tls(certificates):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)

        def answer():
            with listener.accept()[0] as sock:
                sock.recv(1)
                sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                sock.shutdown(socket.SHUT_WR)
                while sock.recv(65536):   # closed with bytes unread it would reset the connection
                    pass
        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(ConnectError, match="http: server gave HTTP response to HTTPS client") as caught:
            dial(tls_address("tcp://127.0.0.1:%d" % listener.getsockname()[1], settings(certificates)), 60)
        thread.join()
    assert "no port for TLS, which --tls asks for" in caught.value.hint


def test_a_peer_that_says_nothing_in_the_handshake(certificates):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        with pytest.raises(Timeout) as caught:
            dial(tls_address("tcp://127.0.0.1:%d" % listener.getsockname()[1], settings(certificates)), 0.2)
    assert caught.value.phase == "connect"


@pytest.mark.parametrize("change", [dict(ca="/nowhere.pem"), dict(cert="/nowhere.pem", key="/nowhere.pem")])
def test_a_file_that_is_missing(certificates, through_tls, change):
    tls = settings(certificates)._replace(**change)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        with pytest.raises(ConfigError, match="nowhere.pem"):
            dial(tls_address("tcp://127.0.0.1:%d" % listener.getsockname()[1], tls), 60)


def test_an_encrypted_key_is_refused_and_the_terminal_gets_no_prompt(certificates, tmp_path):
    import subprocess
    key = str(tmp_path / "key.pem")
    subprocess.run(["openssl", "ec", "-aes128", "-passout", "pass:word", "-in",
                    os.path.join(certificates, "client-key.pem"), "-out", key], check=True,
                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    tls = settings(certificates, client="client")._replace(key=key)
    with FakeEngine(answer_ok) as engine, TLSDoor(certificates, engine.path) as door:
        with pytest.raises(ConfigError, match="could not read X509 key pair") as caught:
            dial(tls_address(door.address, tls), 60)
    assert "a key must not be encrypted" in caught.value.hint


# ---- streams -----------------------------------------------------------------------------------------------

def echo(peer):
    """Switch to a raw stream, and send back what comes, to the half-close.

    It receives while it sends: the door has one thread, which may wait for either.
    """
    peer.request()
    peer.send(SWITCHED)
    pieces = queue.Queue()
    pieces.put(peer.held)

    def receive():
        for data in iter(lambda: peer.sock.recv(65536), b""):
            pieces.put(data)
        pieces.put(None)
    thread = threading.Thread(target=receive)
    thread.start()
    for data in iter(pieces.get, None):
        peer.send(data)
    thread.join()


def test_five_megabytes_each_way_and_a_half_close(through_tls):
    sent = os.urandom(1 << 20) * 5
    connection = Connection(through_tls(echo))
    response = connection.request("POST", "/attach", hijack=True)
    pieces = []

    def receive():
        pieces.extend(response)
    thread = threading.Thread(target=receive)
    thread.start()
    connection.sock.sendall(sent)
    connection.sock.shutdown(socket.SHUT_WR)
    thread.join()
    connection.close()
    assert b"".join(pieces) == sent
    with pytest.raises(OSError):
        connection.sock.send(b"more")


def test_a_half_close_and_then_an_answer(through_tls):
    def answer_after_the_half_close(peer):
        peer.request()
        peer.send(SWITCHED)
        assert peer.sock.recv(1) == b""
        peer.send(b"x" * 300000)
    connection = Connection(through_tls(answer_after_the_half_close))
    response = connection.request("POST", "/attach", hijack=True)
    connection.sock.shutdown(socket.SHUT_WR)
    assert sum(map(len, response)) == 300000
    connection.close()


@pytest.mark.parametrize("size", [1, 37, 38, 39, 40])
def test_a_cut_without_close_notify_is_no_end(through_tls, size):
    def until_close(peer):
        peer.request()
        peer.send(b"HTTP/1.0 200 OK\r\n\r\n" + b'{"whole": "content"}\n')
    connection = Connection(through_tls(until_close, cut=size))
    with pytest.raises((TruncatedError, ConnectError)):
        connection.request("GET", "/x").read()
    connection.close()


def test_a_wait_that_takes_too_long(through_tls):
    let_go = threading.Event()

    def silent(peer):
        peer.request()
        let_go.wait(30)
    connection = Connection(through_tls(silent))
    with pytest.raises(Timeout) as caught:
        connection.request("GET", "/x", head_timeout=0.1)
    let_go.set()
    assert caught.value.phase == "head"


def test_close_in_another_thread_ends_a_read(through_tls):
    let_go, began = threading.Event(), threading.Event()

    def silent(peer):
        peer.request()
        began.set()
        let_go.wait(30)
    connection = Connection(through_tls(silent))
    failures = []

    def ask():
        try:
            connection.request("GET", "/x")
        except ConnectError as error:
            failures.append(error)
    thread = threading.Thread(target=ask)
    thread.start()
    began.wait(30)
    connection.close()
    thread.join(30)
    let_go.set()
    assert not thread.is_alive() and len(failures) == 1


def test_an_early_refusal_of_a_long_body(through_tls):
    def refuse(peer):
        peer.receive_until(b"\r\n\r\n")
        peer.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        while peer.sock.recv(65536):
            pass
    connection = Connection(through_tls(refuse))

    def body():
        while True:
            yield bytes(65536)
    assert connection.request("POST", "/x", body=body()).status == 413
    connection.close()


def test_what_poll_reports_is_no_content_until_it_is_decrypted(through_tls):
    """After the handshake of TLS 1.3 session tickets come, which poll() sees and recv() does not give."""
    def answer_after_the_mark(peer):
        peer.receive_until(b"!")
        peer.send(b"content")
        peer.sock.recv(1)
    sock = through_tls(answer_after_the_mark)
    assert not is_readable(sock, True)
    sock.send(b"!")
    while not is_readable(sock, False):
        pass
    assert sock.recv(3) == b"con" and is_readable(sock, False)
    view = bytearray(10)
    assert sock.recv_into(view) == 4 and view[:4] == b"tent"
    assert not is_readable(sock, True)


def test_a_kept_connection_is_looked_at_without_waiting(through_tls):
    """With a timeout Python's recv() waits, whatever its flags: a second request would begin after it."""
    connection = Connection(through_tls(answer_ok))
    assert connection.request("GET", "/x", head_timeout=60, idle_timeout=60).read() == b"ok"
    began = time.monotonic()
    assert not connection.is_stale() and time.monotonic() - began < 30
    connection.close()


def test_a_send_that_must_not_wait(through_tls):
    """With a timeout Python's send() waits too; and what was not taken is sent before what comes then."""
    received, go_on = [], threading.Event()

    def read_late(peer):
        go_on.wait(30)
        received.append(peer.drain())
    sock = through_tls(read_late)
    sock.settimeout(60)
    sent, piece = 0, b"0123456789abcdef" * 4096
    with pytest.raises(BlockingIOError):
        while True:
            sent += sock.send(piece, socket.MSG_DONTWAIT)
    go_on.set()
    sock.sendall(piece)
    sock.shutdown(socket.SHUT_WR)
    assert sock.recv(1) == b""
    assert received == [b"0123456789abcdef" * 4096 * (sent // len(piece) + 1)]
