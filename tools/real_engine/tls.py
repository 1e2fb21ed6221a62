"""The certificates of an engine that listens on TCP with TLS, all made anew at each `up`.

    ca.pem                    the authority of the engine and of its clients
    server.pem server-key.pem the engine's, for 127.0.0.1 and the address of its bridge, and for no name
    cert.pem key.pem          a client's: with ca.pem these are the names that DOCKER_CERT_PATH wants
    expired.pem               that client's, whose time is over
    foreign/                  the authority, a certificate and a key of another world
"""
import os

from real_engine.state import run_quiet

VALID_DAYS = 30


def make_certificates(directory, addresses):
    """Write the files into `directory`, the server's for `addresses` (list of str)."""
    foreign = os.path.join(directory, "foreign")
    os.makedirs(foreign, 0o700, exist_ok=True)
    for place in (directory, foreign):
        make_key(place, "ca-key.pem")
        run_quiet("openssl", "req", "-x509", "-new", "-key", os.path.join(place, "ca-key.pem"), "-days",
                  str(VALID_DAYS), "-subj", "/CN=rawdock test authority", "-out",
                  os.path.join(place, "ca.pem"))
        make_key(place, "key.pem")
        sign(place, "cert.pem", "key.pem", "extendedKeyUsage=clientAuth", VALID_DAYS)
    sign(directory, "expired.pem", "key.pem", "extendedKeyUsage=clientAuth", -1)
    make_key(directory, "server-key.pem")
    names = ",".join("IP:" + address for address in addresses)
    sign(directory, "server.pem", "server-key.pem",
         "subjectAltName=%s\nextendedKeyUsage=serverAuth" % names, VALID_DAYS)


def make_key(directory, name):
    run_quiet("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
              os.path.join(directory, name))


def sign(directory, name, key, extensions, days):
    """Write the certificate `name` for `key`, signed by the authority of `directory`."""
    request, settings = os.path.join(directory, "request"), os.path.join(directory, "extensions")
    with open(settings, "w") as file:
        file.write(extensions + "\n")
    run_quiet("openssl", "req", "-new", "-key", os.path.join(directory, key), "-subj", "/CN=rawdock test",
              "-out", request)
    run_quiet("openssl", "x509", "-req", "-in", request, "-CA", os.path.join(directory, "ca.pem"), "-CAkey",
              os.path.join(directory, "ca-key.pem"), "-CAcreateserial", "-days", str(days), "-extfile",
              settings, "-out", os.path.join(directory, name))
