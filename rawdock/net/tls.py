"""TLS over a connected TCP socket: the engine's certificate is checked, and ours is shown.

Strategy: the socket below never waits. Each call of OpenSSL returns at once, under a lock, and what it has to
wait for is waited for here, outside of the lock: so one thread may write while another one reads.

Two things differ from other sockets, and is_readable() of dial.py knows both. poll() does not see the bytes
that OpenSSL has decrypted already; and what poll() sees may be a message of TLS itself, after which recv()
would wait. TLSSocket.ready() reads such messages, and keeps the first bytes of content for recv().

Half-closing sends close_notify, after which the other side may still send. (RFC 8446 §6.1) An end without the
other side's close_notify is a cut, which recv() raises as ConnectError.
"""
import _socket
import time
from _thread import allocate_lock

from ..errors import ConfigError, ConnectError

TLS_READ_BYTES = 16384       # the content of one TLS record at most

# What X509_verify_cert() found wrong with the engine's certificate → what to say. (openssl-verification-options)
CERTIFICATE_FAULTS = {
    9: "it is not valid yet", 10: "it has expired", 18: "it is signed by itself",
    19: "its chain ends in an authority that is not trusted", 20: "its authority is not trusted",
    62: "it is for another host name", 64: "it is for another IP address"}
NO_TLS_REASONS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG",
                  "RECORD_LAYER_FAILURE")
CERTIFICATE_HINT = "is that the engine you mean? Its authority goes into --tlscacert"
NO_TLS_HINT = "that port does not speak TLS: leave out --tls, DOCKER_TLS and DOCKER_TLS_VERIFY if that is meant"
CLIENT_HINT = "give a certificate that the engine's authority has signed: --tlscert and --tlskey"


def tls_context(settings):
    """TLSSettings → an ssl.SSLContext for TLS 1.2 and later. ConfigError if a file cannot be used."""
    import ssl
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if hasattr(ssl, "TLSVersion"):
        context.minimum_version = ssl.TLSVersion.TLSv1_2
    else:   # Python 3.6
        context.options |= ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1
    if not settings.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    asked = []   # for a passphrase, which OpenSSL would ask for at the terminal
    try:
        name, path = "CA certificate", settings.ca
        if path:
            context.load_verify_locations(path)
        elif settings.verify:
            context.load_default_certs()
        name, path = "X509 key pair", "%s, %s" % (settings.cert, settings.key)
        if settings.cert or settings.key:
            context.load_cert_chain(settings.cert or settings.key, settings.key or settings.cert,
                                    lambda: asked.append("key") or "")
    except (OSError, ValueError) as error:   # SSLError is an OSError
        if asked:
            raise ConfigError("the TLS key %s is encrypted" % path,
                              "write one without a passphrase: openssl pkey -in KEY")
        raise ConfigError("could not read %s (%s): %s"
                          % (name, path, getattr(error, "strerror", None) or error),
                          "%s asks for TLS" % settings.origin)
    return context


def tls_failure(address, error):
    """The ConnectError for an ssl.SSLError, or for a certificate that does not fit its host name."""
    code = getattr(error, "verify_code", None)
    reason = getattr(error, "reason", None) or str(error)   # Python 3.6 has no names for newer ones
    alert = reason.upper().replace(" ", "_")
    hint = None
    if code or "CERTIFICATE_VERIFY_FAILED" in reason or not isinstance(error, OSError):
        fault = CERTIFICATE_FAULTS.get(code) or getattr(error, "verify_message", None) or str(error)
        text, hint = "the engine's certificate is refused: %s" % fault, CERTIFICATE_HINT
    elif reason in NO_TLS_REASONS:
        text, hint = "what answered is no TLS", NO_TLS_HINT
    elif "ALERT" in alert and ("CERTIFICATE" in alert or "UNKNOWN_CA" in alert):
        refused = "REQUIRED" not in alert and address.tls.cert
        text = "the engine %s client certificate%s: %s" % (
            "refuses the" if refused else "requires a", " " + refused if refused else "",
            reason.lower().replace("_", " "))
        hint = CLIENT_HINT
    else:
        text = reason.lower().replace("_", " ")
    text = "TLS: " + text
    return ConnectError(address, text, None, hint)


class TLSSocket:
    """A TLS connection with the methods of a socket; send() and recv() may be called by two threads at once.

    ConnectError says what is wrong with the TLS.
    """

    def __init__(self, sock, address, timeout=None):
        """TLS over `sock` (connected, socket.socket) to the Address. `timeout` (seconds, or None) is for the
        handshake; socket.timeout is raised when it is over.
        """
        self._address = address
        self._timeout = timeout
        self._lock = allocate_lock()
        self._ahead = b""          # content that ready() has read
        self._at_end = False       # the other side has sent close_notify
        self._sent_end = False     # this side has
        self._received = False     # content has come
        self._failure = None       # what has ended the connection: OpenSSL would call it an end from then on
        context = tls_context(address.tls)
        sock.settimeout(0)
        host = address.host.partition("%")[0]   # without the zone of an IPv6 address
        self._tls = context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False,
                                        suppress_ragged_eofs=False)
        try:
            self._wait_for(self._tls.do_handshake)
        except BaseException:
            self.close()
            raise
        self._timeout = None

    def _call(self, function, *arguments):
        """function(*arguments) of the SSLSocket, its errors as those of a socket. It does not wait."""
        import ssl
        if self._failure is not None:
            raise self._failure
        try:
            with self._lock:
                result = function(*arguments)
            self._received = self._received or function in (self._tls.recv, self._tls.recv_into)
            return result
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLZeroReturnError:
            self._at_end = True
            return 0
        except (ssl.SSLError, ssl.CertificateError, OSError) as error:
            failure = self._explained(error)
        if function != self._tls.send:   # after a failure to send there is an answer to read, which says why
            self._failure = failure
        raise failure

    def _explained(self, error):
        """The error to raise for what OpenSSL raised."""
        import ssl
        ended = isinstance(error, (ssl.SSLEOFError, ConnectionResetError)) or error.args[:1] == (0,)
        if not ended:
            is_tls = isinstance(error, (ssl.SSLError, ssl.CertificateError))
            return tls_failure(self._address, error) if is_tls else error
        if self._received:
            return ConnectError(self._address, "TLS: the connection was cut: it ended without close_notify",
                                hint="did the engine stop? Try again", connected=True)
        return ConnectError(self._address, "TLS: the engine ended the connection before it sent anything; it may "
                            "refuse the client certificate, or require one", None, CLIENT_HINT)

    def _wait_for(self, function, *arguments):
        """function(*arguments), tried again until it need not wait. socket.timeout if that takes too long."""
        import ssl
        from select import POLLIN, POLLOUT, poll
        deadline = None if self._timeout is None else time.monotonic() + self._timeout
        poller = None
        while True:
            try:
                return self._call(function, *arguments)
            except ssl.SSLWantReadError:
                events = POLLIN
            except ssl.SSLWantWriteError:
                events = POLLOUT
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise BlockingIOError if self._timeout == 0 else _socket.timeout("timed out")
            poller = poller or poll()
            poller.register(self._tls, events)
            poller.poll(None if left is None else left * 1000 + 1)

    def recv(self, size, flags=0):
        """At most `size` bytes (b"": the other side has ended its stream). `flags` are not looked at."""
        if self._ahead or self._at_end:
            data, self._ahead = self._ahead[:size], self._ahead[size:]
            return data
        return self._wait_for(self._tls.recv, size) or b""

    def recv_into(self, view, size=0, flags=0):
        """Fill the start of `view`, of its first `size` bytes if that is not 0 → the number of bytes received.

        0 is the end of the stream. `flags` are not looked at.
        """
        view = memoryview(view).cast("B")[:size or None]
        if self._ahead or self._at_end:
            data = self.recv(len(view))
            view[:len(data)] = data
            return len(data)
        return self._wait_for(self._tls.recv_into, view)

    def ready(self):
        """Whether recv() returns at once, or raises."""
        import ssl
        if self._ahead or self._at_end or self._failure:
            return True
        try:
            self._ahead = self._call(self._tls.recv, TLS_READ_BYTES) or b""
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except OSError:   # recv() meets it again
            pass
        return True

    def pending(self):
        """The number of bytes that are decrypted and not received yet."""
        return len(self._ahead) + self._tls.pending()

    def send(self, data, flags=0):
        """Send a part of `data` → its length. With `flags` (MSG_DONTWAIT) it raises BlockingIOError."""
        import ssl
        if self._sent_end:
            raise BrokenPipeError("this side of the TLS connection is closed")
        if not len(data):
            return 0
        try:
            return self._call(self._tls.send, data) if flags else self._wait_for(self._tls.send, data)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise BlockingIOError("the TLS connection takes nothing now")

    def sendall(self, data):
        """Send all of `data`."""
        view = memoryview(data).cast("B")
        while len(view):
            view = view[self.send(view):]

    def shutdown(self, how):
        """SHUT_WR sends close_notify; SHUT_RDWR ends the connection, which wakes who waits for it."""
        import ssl
        if how == _socket.SHUT_RDWR:
            _socket.socket.shutdown(self._tls, how)
            return
        if self._sent_end:
            return
        self._sent_end = True
        self._wait_for(self._send_close_notify)

    def _send_close_notify(self):
        import ssl
        try:
            self._tls.unwrap()
            self._at_end = True   # the other side had sent its own before
        except ssl.SSLWantReadError:   # it has not: recv() will see it
            pass
        except ssl.SSLError as error:
            # Content is to be read before the other side's. (Python 3.6 has a wrong name for that reason.)
            if "after close notify" not in str(error).lower():
                raise

    def settimeout(self, seconds):
        self._timeout = seconds

    def gettimeout(self):
        return self._timeout

    def setblocking(self, waiting):
        self._timeout = None if waiting else 0

    def setsockopt(self, *arguments):
        self._tls.setsockopt(*arguments)

    def fileno(self):
        """The descriptor, to wait for only: what crosses it is encrypted."""
        return self._tls.fileno()

    def close(self):
        self._tls.close()
        self._failure = None   # which may hold what holds this socket
