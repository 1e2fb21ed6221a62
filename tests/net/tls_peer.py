"""The other side of TLS for tests: certificates made by openssl, and a door that speaks TLS before an engine.

    make_certificates(directory)   ca.pem, a server's and a client's certificate and key, and wrong ones
    TLSDoor(files, path)           listens on a TCP port; the Unix socket `path` gets what it decrypts
"""
import os
import select
import socket
import ssl
import subprocess
import threading

SERVER = "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n"
CLIENT = "extendedKeyUsage=clientAuth\n"
ELSEWHERE = "subjectAltName=DNS:elsewhere.example\nextendedKeyUsage=serverAuth\n"

# name of the certificate, authority, extensions, days it is valid
CERTIFICATES = [("server", "ca", SERVER, 30), ("client", "ca", CLIENT, 30), ("expired", "ca", SERVER, -1),
                ("elsewhere", "ca", ELSEWHERE, 30), ("stranger", "foreign", CLIENT, 30),
                ("foreign-server", "foreign", SERVER, 30)]


def make_certificates(directory):
    """Write NAME.pem and NAME-key.pem of CERTIFICATES, and of the authorities ca and foreign."""
    def openssl(*words):
        subprocess.run(("openssl",) + words, cwd=str(directory), check=True, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE)

    for name in ["ca", "foreign"] + [row[0] for row in CERTIFICATES]:
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", name + "-key.pem")
    for name in ("ca", "foreign"):
        openssl("req", "-x509", "-new", "-key", name + "-key.pem", "-days", "30", "-subj", "/CN=" + name,
                "-out", name + ".pem")
    for name, authority, extensions, days in CERTIFICATES:
        with open(os.path.join(str(directory), name + ".ext"), "w") as file:
            file.write(extensions)
        openssl("req", "-new", "-key", name + "-key.pem", "-subj", "/CN=" + name, "-out", name + ".csr")
        openssl("x509", "-req", "-in", name + ".csr", "-CA", authority + ".pem", "-CAkey",
                authority + "-key.pem", "-CAcreateserial", "-days", str(days), "-extfile", name + ".ext",
                "-out", name + ".pem")


class TLSDoor:
    """Inside its with block, `address` (tcp://127.0.0.1:PORT) speaks TLS with the certificate `name`.

    Each connection is passed on to the Unix socket `path`, half-closes too. With `client_authority` a client
    certificate is required. `cut` (bytes): the TCP connection ends, without close_notify, after so many.
    """

    def __init__(self, directory, path, name="server", client_authority=None, cut=None):
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(os.path.join(str(directory), name + ".pem"),
                                      os.path.join(str(directory), name + "-key.pem"))
        if client_authority:
            self._context.verify_mode = ssl.CERT_REQUIRED
            self._context.load_verify_locations(os.path.join(str(directory), client_authority + ".pem"))
        self._path = path
        self._cut = cut
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(8)
        self.address = "tcp://127.0.0.1:%d" % self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self):
        self._threads[0].start()
        return self

    def __exit__(self, *exc):
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self):
        while True:
            try:
                sock = self._listener.accept()[0]
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(sock,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock):
        with socket.socket(socket.AF_UNIX) as engine:
            try:
                with self._context.wrap_socket(sock, server_side=True, suppress_ragged_eofs=False) as tls:
                    engine.connect(self._path)
                    self._copy(tls, engine)
            except OSError:   # the client has gone, or was refused
                sock.close()

    def _copy(self, tls, engine):
        """Copy in both directions, as the one thread that touches the TLS."""
        tls.setblocking(False)
        left = self._cut
        client_open = engine_open = True
        while client_open or engine_open:
            sources = [sock for sock, is_open in ((tls, client_open), (engine, engine_open)) if is_open]
            readable = select.select(sources, [], [])[0]
            if tls in readable:
                try:
                    data = tls.recv(65536)
                except ssl.SSLWantReadError:
                    continue
                if data:
                    engine.sendall(data)
                    while tls.pending():
                        engine.sendall(tls.recv(65536))
                else:
                    client_open = False
                    engine.shutdown(socket.SHUT_WR)
            if engine in readable:
                data = engine.recv(65536)
                if left is not None:
                    data, left = data[:left], left - len(data[:left])
                send_all(tls, data)
                if left == 0:
                    return   # closing the socket sends no close_notify
                if not data:
                    engine_open = False
                    send_close_notify(tls)


def send_all(tls, data):
    view = memoryview(data)
    while len(view):
        try:
            view = view[tls.send(view):]
        except ssl.SSLWantWriteError:
            select.select([], [tls], [])


def send_close_notify(tls):
    while True:
        try:
            tls.unwrap()
        except ssl.SSLWantWriteError:
            select.select([], [tls], [])
            continue
        except ssl.SSLError:   # the client has not sent its own, or sends content
            pass
        return
