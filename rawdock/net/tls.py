"""TLS over a connected TCP socket: the engine's certificate is checked, and ours is shown.

Strategy: OpenSSL works in memory, on encrypted bytes that this file receives and sends, so that it is known
at each step what OpenSSL has seen. Its calls are made under a lock and never wait. Waiting is done outside of
the lock, so that one thread may send while another one receives.

Two things differ from other sockets, and is_readable() of dial.py knows both. poll() does not see the bytes
that have been decrypted already; and what poll() sees may be a message of TLS itself, after which recv()
would wait. TLSSocket.ready() reads such messages, and keeps the first bytes of content for recv().

Half-closing sends close_notify, after which the other side may still send. (RFC 8446 §6.1) An end without the
other side's close_notify is a cut, which recv() raises as ConnectError.
"""
import _socket
import time
from _thread import allocate_lock

from ..errors import ConfigError, ConnectError

TLS_RECORD_BYTES = 16384     # the content of one TLS record at most
TLS_RECEIVE_BYTES = 65536

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
        """TLS over `sock` (connected) to the Address. `timeout` (seconds, or None) is for the handshake.

        socket.timeout is raised when that is over. The caller closes `sock` if this fails.
        """
        from ssl import MemoryBIO
        self._sock = sock
        self._address = address
        self._timeout = None
        self._lock = allocate_lock()
        self._received, self._sent = MemoryBIO(), MemoryBIO()   # what OpenSSL reads and has written
        self._unsent = b""         # of what it has written
        self._ahead = b""          # content that ready() and shutdown() have read
        self._has_content = False  # content has come
        self._at_end = False       # the other side has sent close_notify
        self._sent_end = False     # this side has
        self._send_failure = None  # the OSError of the socket that takes no more
        self._failure = None       # what has ended the connection: OpenSSL would call it an end from then on
        host = address.host.partition("%")[0]   # without the zone of an IPv6 address
        self._tls = tls_context(address.tls).wrap_bio(self._received, self._sent, server_hostname=host)
        sock.setblocking(False)
        self._until(lambda: self._call(lambda: self._tls.do_handshake() or True), timeout)

    # ---- one step, under the lock

    def _call(self, function, *arguments):
        """function(*arguments) of OpenSSL → its result; None: it needs more bytes of the other side."""
        import ssl
        if self._failure is not None:
            raise self._failure
        try:
            return function(*arguments)
        except ssl.SSLWantReadError:
            return None
        except ssl.SSLZeroReturnError:
            self._at_end = True
            return b""
        except ssl.SSLEOFError:
            self._failure = self._cut()
        except (ssl.SSLError, ssl.CertificateError) as error:
            self._failure = tls_failure(self._address, error)
        self._push()   # the alert that tells the other side
        raise self._failure

    def _cut(self):
        """The ConnectError for an end without close_notify."""
        if self._has_content:
            return ConnectError(self._address, "TLS: the connection was cut: it ended without close_notify",
                                hint="did the engine stop? Try again", connected=True)
        return ConnectError(self._address, "TLS: the engine ended the connection before it sent anything; it "
                            "may refuse the client certificate, or require one", hint=CLIENT_HINT)

    def _read(self, size):
        """At most `size` bytes of content, b"" at the end; None: more bytes of the other side are needed."""
        data = b"" if self._at_end else self._call(self._tls.read, size)
        self._has_content = self._has_content or bool(data)
        return data

    def _push(self):
        """Send what OpenSSL has written, as far as the socket takes it → whether nothing is left to be sent."""
        self._unsent += self._sent.read()
        try:
            while self._unsent:
                self._unsent = self._unsent[self._sock.send(self._unsent):]
        except BlockingIOError:
            return False
        except OSError as error:   # send() raises it; for recv() there may be an answer that says why
            self._unsent, self._send_failure = b"", error
        return True

    def _pull(self):
        """Receive for OpenSSL what there is → whether that was anything."""
        try:
            data = self._sock.recv(TLS_RECEIVE_BYTES)
        except BlockingIOError:
            return False
        except ConnectionResetError:   # to OpenSSL it is an end without close_notify
            data = b""
        if data:
            self._received.write(data)
        else:
            self._received.write_eof()
        return True

    # ---- many steps, with waiting

    def _until(self, step, timeout):
        """step() again and again until it gives something else than None → that, once all is sent.

        socket.timeout if it takes more than `timeout` seconds (None: no limit), BlockingIOError where that is
        0 and it would wait.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        result = None
        while True:
            with self._lock:
                result = step() if result is None else result
                all_sent = self._push()
                if result is not None and all_sent:
                    return result
                if result is None and self._pull():
                    continue
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise _socket.timeout("timed out") if timeout else BlockingIOError()
            self._poll(result is None, not all_sent, None if left is None else left * 1000 + 1)

    def _poll(self, receive, send, milliseconds):
        """Wait until the socket can be received from, or sent to → whether it can."""
        from select import POLLIN, POLLOUT, poll
        poller = poll()
        poller.register(self._sock, (POLLIN if receive else 0) | (POLLOUT if send else 0))
        return bool(poller.poll(milliseconds))

    def recv(self, size, flags=0):
        """At most `size` bytes (b"": the other side has ended its stream). `flags` are not looked at."""
        if self._ahead:
            data, self._ahead = self._ahead[:size], self._ahead[size:]
            return data
        return self._until(lambda: self._read(size), self._timeout)

    def recv_into(self, view, size=0, flags=0):
        """Fill the start of `view`, of its first `size` bytes if that is not 0 → the number of bytes received.

        0 is the end of the stream. `flags` are not looked at.
        """
        view = memoryview(view).cast("B")[:size or None]
        data = self.recv(len(view))
        view[:len(data)] = data
        return len(data)

    def ready(self):
        """Whether recv() returns at once, or raises."""
        with self._lock:
            try:
                while not self._ahead:
                    data = self._read(TLS_RECORD_BYTES)
                    if data is None and not self._pull():
                        return False
                    if data == b"":
                        break
                    self._ahead = data or b""
            except OSError:   # recv() meets it again
                pass
            return True

    def pending(self):
        """The number of bytes that are decrypted and not received yet."""
        return len(self._ahead) + self._tls.pending()

    def send(self, data, flags=0):
        """Send the start of `data`, as one TLS record → its length.

        With `flags` (MSG_DONTWAIT) or the timeout 0 it raises BlockingIOError where the socket takes nothing;
        a record of which the socket has taken a part is sent whole.
        """
        if self._sent_end:
            raise BrokenPipeError("this side of the TLS connection has ended")
        at_once = flags or self._timeout == 0
        if at_once and not self._poll(False, True, 0):
            raise BlockingIOError("the TLS connection takes nothing now")
        piece = memoryview(data).cast("B")[:TLS_RECORD_BYTES]
        size = self._until(lambda: self._call(self._tls.write, piece), None if at_once else self._timeout)
        if self._send_failure is not None:
            raise self._send_failure
        return size

    def sendall(self, data):
        """Send all of `data`."""
        view = memoryview(data).cast("B")
        while len(view):
            view = view[self.send(view):]

    def shutdown(self, how):
        """SHUT_WR sends close_notify; SHUT_RDWR ends the connection, which wakes who waits for it."""
        if how == _socket.SHUT_RDWR:
            self._sock.shutdown(how)
        elif not self._sent_end:
            self._sent_end = True
            self._until(self._end_sending, self._timeout)

    def _end_sending(self):
        """Write close_notify → True.

        OpenSSL then looks for the other side's, and cannot go on if it finds content: so that is read before.
        """
        while True:
            data = self._read(TLS_RECORD_BYTES)
            if not data:
                break
            self._ahead += data
        if data is None:
            self._call(self._tls.unwrap)   # None, because the other side has not sent its own
        return True

    def settimeout(self, seconds):
        self._timeout = seconds

    def gettimeout(self):
        return self._timeout

    def setblocking(self, waiting):
        self._timeout = None if waiting else 0

    def setsockopt(self, *arguments):
        self._sock.setsockopt(*arguments)

    def fileno(self):
        """The descriptor, to wait for only: what crosses it is encrypted."""
        return self._sock.fileno()

    def close(self):
        self._sock.close()
        self._failure = self._send_failure = None   # which may hold what holds this socket
