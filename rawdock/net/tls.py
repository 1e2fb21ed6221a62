"""TLS over a connected TCP socket: the engine's certificate is verified, and the client's is sent.

Strategy: OpenSSL works in memory, on encrypted bytes that this file receives and sends, under a lock. Waiting
is done outside of the lock, so that one thread may send while another one receives. All that was received is
decrypted at once. So poll() does not say whether there is content: some may be decrypted already, and what
arrives may be a message of TLS itself. Loops call is_readable() of dial.py, which calls ready().

Half-closing sends close_notify, after which the other side may still send (RFC 8446 §6.1). An end without
the other side's close_notify is a cut, which recv() raises as ConnectError.
"""
import _socket
from _thread import allocate_lock

from ..errors import ConfigError, ConnectError

TLS_BYTES = 65536            # received at once, and encrypted at once
PARTIAL_CHAIN = 0x80000      # X509_V_FLAG_PARTIAL_CHAIN: as in Go, an authority need not have signed itself

# The error of X509_verify_cert() (Python 3.6 does not have it) → the docker CLI's words.
CERTIFICATE_FAULTS = dict.fromkeys((2, 18, 19, 20, 21), "certificate signed by unknown authority")
CERTIFICATE_FAULTS[9] = CERTIFICATE_FAULTS[10] = "certificate has expired or is not yet valid"
CERTIFICATE_FAULTS[62] = CERTIFICATE_FAULTS[64] = "certificate is not valid for %s"


def tls_context(settings):
    """TLSSettings → an ssl.SSLContext for TLS 1.2 and later. ConfigError if a file cannot be used."""
    import ssl
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if hasattr(ssl, "TLSVersion"):
        context.minimum_version = ssl.TLSVersion.TLSv1_2
    else:   # Python 3.6
        context.options |= ssl.OP_NO_TLSv1 | ssl.OP_NO_TLSv1_1
    context.check_hostname = settings.verify
    context.verify_mode = ssl.CERT_REQUIRED if settings.verify else ssl.CERT_NONE
    try:
        name, path = "CA certificate", settings.ca
        context.verify_flags |= PARTIAL_CHAIN
        context.load_verify_locations(path) if path else context.load_default_certs()
        name, path = "X509 key pair", "%s, %s" % (settings.cert, settings.key)
        if settings.cert or settings.key:
            # With str() as passphrase OpenSSL does not ask for one at the terminal.
            context.load_cert_chain(settings.cert or settings.key, settings.key or settings.cert, str)
    except (OSError, ValueError) as error:   # SSLError is an OSError
        raise ConfigError("could not read %s (%s): %s" % (name, path, error.args[-1]),
                          "%s asks for TLS; a key must not be encrypted" % settings.origin)
    return context


def tls_failure(address, error):
    """The ConnectError for an ssl.SSLError or ssl.CertificateError (which Python 3.6 raises for names)."""
    settings = address.tls
    reason = (getattr(error, "reason", None) or str(error).partition(" (")[0]).upper().replace(" ", "_")
    alert = reason.partition("ALERT_")[2].lower().replace("_", " ")
    text = "tls: " + reason.lower().replace("_", " ")
    hint = "did the engine stop, or is that no port for TLS, which %s asks for?" % settings.origin
    if "VERIFY_FAILED" in reason or not isinstance(error, OSError):
        text = CERTIFICATE_FAULTS.get(getattr(error, "verify_code", None), str(error))
        text = "tls: failed to verify certificate: x509: " + text.replace("%s", address.host)
        hint = "is that the engine you mean? Its authority belongs into --tlscacert (now %s)" % settings.ca
    elif reason in ("WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL"):
        text = "http: server gave HTTP response to HTTPS client"   # or what else is no TLS
    elif "certificate" in alert or alert == "unknown ca":
        text = ("The server probably has client authentication (--tlsverify) enabled; check your TLS client "
                "certification settings: remote error: tls: " + alert)
        hint = "is --tlscert (now %s) signed by the engine's authority?" % settings.cert
    return ConnectError(address, text, None, hint, between=True)


class TLSSocket(_socket.socket):
    """A TLS connection: one thread may send while another one receives. fileno() is only for waiting."""

    def __init__(self, sock, address, timeout=None):
        """Shake hands over the connected `sock`, whose descriptor moves here: within `timeout` seconds."""
        import ssl
        _socket.socket.__init__(self, sock.family, sock.type, sock.proto, sock.detach())
        self._address, self._ssl, self._lock = address, ssl, allocate_lock()
        self._received, self._written = ssl.MemoryBIO(), ssl.MemoryBIO()   # what OpenSSL reads, and writes
        self._content = b""                    # decrypted
        self._unsent, self._claimed = b"", 0   # encrypted; bytes of its content that send() has not reported
        self._at_end = self._sent_end = False  # close_notify has come; was sent
        self._failure = None                   # what has ended the connection
        self.settimeout(timeout)
        try:
            host = address.host.partition("%")[0]   # without the zone of an IPv6 address
            self._tls = tls_context(address.tls).wrap_bio(self._received, self._written, server_hostname=host)
            while self._call(lambda: self._tls.do_handshake() or True) is None:
                self._send_written()   # an alert too
                if self._failure is not None:
                    raise self._failure
                self._receive()
            self._send_written()
            self.settimeout(None)
        except BaseException:
            self.close()
            raise

    def _call(self, function, *arguments):
        """Call a function of OpenSSL → its result; b"" at the end; None if it needs more bytes, or failed."""
        try:
            return function(*arguments)
        except self._ssl.SSLWantReadError:
            return None
        except self._ssl.SSLZeroReturnError:
            return b""
        except (self._ssl.SSLError, self._ssl.CertificateError) as error:   # recv() raises what it is
            self._failure = tls_failure(self._address, error)

    def _polls(self, name):
        """Whether poll() reports the event `name`. (Python waits for a timeout in spite of MSG_DONTWAIT.)"""
        import select
        poller = select.poll()
        poller.register(self, getattr(select, name))
        return bool(poller.poll(0))

    def _receive(self):
        """Receive once for OpenSSL."""
        try:
            data = _socket.socket.recv(self, TLS_BYTES)
        except ConnectionResetError:
            data = b""
        with self._lock:
            self._received.write(data)
            if not data:
                self._received.write_eof()

    def _decrypt(self):
        """Decrypt all that was received. The lock is held."""
        while not self._at_end:
            data = self._call(self._tls.read, TLS_BYTES)
            if data is None:
                return
            self._at_end = not data
            self._content += data

    def ready(self, wait=False):
        """Whether recv() would not wait. With `wait`, first wait until that is so."""
        while not (self._content or self._at_end or self._failure):
            if not wait and not self._polls("POLLIN"):
                return False
            self._receive()
            with self._lock:
                self._decrypt()
        return True

    def recv(self, size, flags=0):
        """At most `size` bytes of content; b"" once the peer has ended its stream. `flags` are ignored."""
        self.ready(True)
        with self._lock:   # shutdown() may decrypt meanwhile
            data, self._content = self._content[:size], self._content[size:]
        if not data and self._failure is not None:
            raise self._failure
        return data

    def recv_into(self, view, size=0, flags=0):
        """Fill `view`, or its first `size` bytes if that is not 0 → the number of bytes; 0 at the end."""
        data = self.recv(size or len(view))
        memoryview(view).cast("B")[:len(data)] = data
        return len(data)

    def _send_written(self, flags=0):
        """Send what OpenSSL has written; raises what the socket raises. With `flags`, never wait."""
        with self._lock:
            self._unsent += self._written.read()
        while self._unsent:
            if flags and not self._polls("POLLOUT"):
                raise BlockingIOError("the TLS connection takes nothing now")
            self._unsent = self._unsent[_socket.socket.send(self, self._unsent):]

    def send(self, data, flags=0):
        """Send the start of `data` → its length. After BlockingIOError the next call must repeat `data`."""
        if self._sent_end or self._failure is not None:   # recv() raises the failure
            raise BrokenPipeError("the TLS connection has ended")
        if not self._claimed and len(data):
            with self._lock:
                self._claimed = self._call(self._tls.write, memoryview(data).cast("B")[:TLS_BYTES]) or 0
        self._send_written(flags)
        size, self._claimed = self._claimed, 0
        return size

    def sendall(self, data):
        """Send all of `data`."""
        view = memoryview(data).cast("B")
        while len(view):
            view = view[self.send(view):]

    def shutdown(self, how):
        """SHUT_WR sends close_notify; SHUT_RDWR ends the TCP connection, which wakes who waits for it."""
        if how != _socket.SHUT_WR:
            _socket.socket.shutdown(self, how)
        elif not self._sent_end:
            self._sent_end = True
            with self._lock:
                self._decrypt()   # OpenSSL looks for the other side's end, and fails if it finds content
                self._call(self._tls.unwrap)
            self._send_written()
