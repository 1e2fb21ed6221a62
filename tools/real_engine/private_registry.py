"""A registry with a password, over TLS, for one engine: HOST:PORT with the address of the engine's bridge.

That address is not in 127.0.0.0/8, where engines check no certificate. The CA of the certificate is what the
engine finds in SSL_CERT_FILE: /etc/docker/certs.d, which is the system's, is left alone. The user is USER,
the password is another one after each `up`. The registry is empty then: tests push what they need.
"""
import http.client
import json
import os
import secrets
import socket
import ssl

from debian_packages import ToolError
from real_engine.processes import wait_until
from real_engine.state import find_program, run_quiet

USER = "keeper"


def private_registry_facts(state):
    """What a new private registry will be: "address", "port", "user", "password"."""
    shown = run_quiet("ip", "-4", "-o", "addr", "show", "dev", state.bridge)
    address = shown.split(" inet ")[1].split("/")[0]
    probe = socket.socket()
    try:
        probe.bind((address, 0))
        port = probe.getsockname()[1]
    finally:
        probe.close()
    return {"address": address, "port": port, "user": USER, "password": "pw-" + secrets.token_hex(16)}


def start_private_registry(state, facts, start_detached, write_pid):
    """Start it, and note in `facts` under "private" what private_registry_facts() says. ToolError."""
    private = private_registry_facts(state)
    for name in ("private", "private-data"):
        os.makedirs(state.at(name), 0o700, exist_ok=True)
    run_quiet("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
              "-nodes", "-days", "30", "-subj", "/CN=rawdock test registry",
              "-addext", "subjectAltName=IP:" + private["address"],
              "-keyout", state.at("private/key.pem"), "-out", state.private_ca)
    with open(state.at("private/htpasswd"), "w") as file:
        file.write(run_quiet("htpasswd", "-nbB", "-C", "4", private["user"], private["password"]))
    config = {"version": 0.1, "log": {"level": "warn", "accesslog": {"disabled": True}},
              "storage": {"cache": {"blobdescriptor": "inmemory"}, "delete": {"enabled": True},
                          "filesystem": {"rootdirectory": state.at("private-data")}},
              "auth": {"htpasswd": {"realm": "rawdock tests", "path": state.at("private/htpasswd")}},
              "http": {"addr": "%s:%d" % (private["address"], private["port"]), "secret": state.cgroup,
                       "tls": {"certificate": state.private_ca, "key": state.at("private/key.pem")}}}
    with open(state.at("private.yml"), "w") as file:
        json.dump(config, file)                   # JSON is YAML
    process = start_detached([find_program("docker-registry"), "serve", state.at("private.yml")],
                             state.private_log)
    write_pid(state.private_pidfile, process)
    trust = ssl.create_default_context(cafile=state.private_ca)

    def ready():
        return process.poll() is not None or refuses_strangers(private, trust)
    if not wait_until(ready, 10) or process.poll() is not None:
        raise ToolError("the private docker-registry did not start", state.private_log)
    facts["private"] = private


def refuses_strangers(private, trust):
    connection = http.client.HTTPSConnection(private["address"], private["port"], timeout=3, context=trust)
    try:
        connection.request("GET", "/v2/")
        return connection.getresponse().status == 401
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
