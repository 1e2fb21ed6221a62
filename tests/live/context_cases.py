"""Contexts and the choice of the engine beside docker 28.2.2: what is run, where, and what docker answered.

SESSIONS has command lines, some of them behind variables, which are run one after the other in a new folder
with the files of FILES. CHOICES are single ones, run where NamedEngines answer: each answers every request
with its name, so that the error on stderr says which engine was chosen. docker-28.2.2/offline/contexts.json
and choices.json have docker's answers, in which {dir} is the folder; `tools/record-docker --contexts`
writes them. No engine is needed.
"""
import hashlib
import io
import json
import os
import re
import shlex
import socket
import ssl
import stat
import tarfile
import threading
import zipfile

from tests.certificates import CA, CLIENT, CLIENT_KEY, SERVER, SERVER_KEY
from tests.forked import run
from tests.live.command_lines import RECORDS

SESSIONS = {"create": r"""
context create one --docker host=tcp://1.2.3.4:2375
context create one --docker host=tcp://1.2.3.4:2375
context create a
context create ab
context create a/b
context create default
context create ""
context create -x
context create
context create a b
context create bad --docker foo=1
context create bad --docker foo
context create bad --docker ''
context create bad --docker host=1.2.3.4
context create bad --docker host=unix:///x,skip-tls-verify=maybe
context create bad --docker host=tcp://x,ca=/nope
context create bad --docker host=tcp://x,cert=t
context create bad --docker from=nope
context create bad --from nope
context create bad --from one --docker host=unix:///y
context create bad --docker host=ssh://u:p@h
context create bad --docker host=ssh://
context create bad --docker host=tcp://h,ca=t/junk
context create bad --docker host=tcp://h,key=t/junk
context create bad --docker host=tcp://h,cert=t/server.pem,key=t/key.pem
context create bad --docker host=tcp://h,cert=t/junk,key=t/key.pem
-c nope context create bad
context create skip --docker host=unix:///x,skip-tls-verify=true
context create copied --docker from=one,host=x
context create from-one --from one
context create from-one2 --from one --description "from <one> & é"
-c one context create from-one10
-H tcp://h context create from-h --description d
DOCKER_HOST=tcp://h:1 context create from-env
context create ssh --docker host=ssh://u@h/x
context create quoted --docker '"host=tcp://x,y"'
context create merged --docker host=tcp://x --docker skip-tls-verify=1
context create empty --docker host=
context create secure --docker host=tcp://h:2376,ca=t/ca.pem,cert=t/cert.pem,key=t/key.pem
context create ca --docker host=tcp://h:2376,ca=t/ca.pem,cert=
context create key --docker host=tcp://h:2376,key=t/key.pem
context create secure2 --from secure
context create secure3 --docker from=secure
--tls --tlscacert t/ca.pem --tlscert t/cert.pem --tlskey t/key.pem context create flags
context ls
context ls -q
context ls --format json
context ls --format '{{.Name}} {{.Current}} {{.DockerEndpoint}} {{.Description}} {{.Error}}'
context ls --format 'table {{.Name}}\t{{.Description}}'
context ls --format '{{.Nope}}'
context ls --format '{{.Name'
context list -q extra
context ls -x
""", "inspect": r"""
context create one --docker host=tcp://1.2.3.4:2375
context create secure --docker host=tcp://h:2376,ca=t/ca.pem,cert=t/cert.pem,key=t/key.pem --description s
context inspect
context inspect one secure default
context inspect nope one
context inspect -f '{{.Name}}' one secure
context inspect -f '{{json .}}' secure
context inspect -f '{{.Endpoints.docker.Host}}' secure
context create html --docker host=tcp://h --description '<h> & é'
context inspect html
context inspect -f '{{json .TLSMaterial}} {{.Storage.MetadataPath}}' secure
context inspect -f json one
context inspect -f '{{.Name' one
context inspect ""
context inspect a/b
-c one context inspect -f '{{.Name}}'
-c nope context inspect -f '{{.Name}}'
-H h context inspect -f '{{json .}}'
DOCKER_HOST=h context inspect -f '{{json .}}'
--tls context inspect
--tls context inspect one -f '{{.Name}}'
--tlsverify --tlscacert t/ca.pem -H tcp://h context inspect -f '{{json .}}'
-c nope context ls
-c nope context ls -q
-c nope context ls --format '{{.Name}} {{.Error}}'
DOCKER_HOST=tcp://h:1 context ls
DOCKER_HOST=tcp://h:1 context ls -q
--tls context ls
""", "use": r"""
context create one --docker host=tcp://1.2.3.4:2375
context create two --docker host=tcp://h:2376,ca=t/ca.pem
context show
context show extra
context show -q
context use
context use one two
context use nope
context use a/b
context use ""
context use one
context show
context ls
DOCKER_HOST=tcp://h context use two
DOCKER_HOST=tcp://h context show
DOCKER_HOST=tcp://h context use default
DOCKER_CONTEXT=one context show
DOCKER_CONTEXT=one context use two
DOCKER_CONTEXT=one context ls
-c one context show
-H tcp://h context show
--tls context show
--config other context show
--config other context use one
DOCKER_CONFIG=other context show
-l nope context show
-l WARN context show
-D context show
-H a -c b context show
context rm
context rm two
context rm default
context rm nope
context rm -f nope
context rm one nope two
context rm a/b
context rm ""
context rm -f two
context show
context use default
context ls -q
context nope
""", "update": r"""
context create one --docker host=tcp://1.2.3.4:2375
context create two --docker host=tcp://h:2376,ca=t/ca.pem,cert=t/cert.pem,key=t/key.pem
context update
context update one
context update one --description first
context update one --docker host=unix:///y
context inspect one
context update one --docker skip-tls-verify=true
context inspect one
context update one --description ''
context inspect one
context update default --description x
context update nope --description x
context update a/b
context update one --docker host=ssh://
context update one --docker nope=1
context update one --docker host=tcp://h,ca=t/ca.pem
context inspect one
context update two --docker host=tcp://z
context inspect two
""", "export": r"""
context create one --docker host=tcp://1.2.3.4:2375
context create two --docker host=tcp://h:2376,ca=t/ca.pem,cert=t/cert.pem,key=t/key.pem --description two
context export
context export one
context export one
context export two two.tar
context export nope
context export a/b
context export default
context export one /nope/x
context export one t
context import
context import three one.dockercontext
context import three one.dockercontext
context import four two.tar
context import default two.tar
context import a/b two.tar
context import bad /nope
context import bad t/junk
context import bad t
context inspect three four
context import z-good t/good.zip
context import z-other t/other.zip
context import z-members t/members.zip
context import z-no-meta t/no-meta.zip
context import z-dots t/dots.zip
context import z-shallow t/shallow.zip
context import z-deep t/deep.zip
context import z-broken t/broken.zip
context import z-empty t/empty.zip
context import z-absolute t/absolute.zip
context import t-good t/good.tar
context import t-other t/other.tar
context import t-no-meta t/no-meta.tar
context import t-dots t/dots.tar
context import t-shallow t/shallow.tar
context import t-broken t/broken.tar
context import t-empty t/empty.tar
context import t-back t/back.tar
context import t-dot t/dot.tar
context import t-big t/big.tar
context import t-gzip t/gzip.tar
context import t-cut t/cut.tar
context import t-nothing t/nothing.tar
context inspect z-empty
context inspect z-good z-members t-good
"""}


def session_lines(name):
    return SESSIONS[name].strip().split("\n")



META = json.dumps({"Name": "zz", "Metadata": {"Description": "z", "X": 1}, "Endpoints": {
    "docker": {"Host": "tcp://zip:1", "SkipTLSVerify": True}, "kubernetes": {"a": 1}}, "More": 1})
ARCHIVES = {
    "good": [("tls/", ""), ("tls/docker/", ""), ("tls/docker/ca.pem", CA), ("meta.json", META)],
    "other": [("meta.json", META), ("evil.txt", "x")],
    "members": [("meta.json", META), ("tls/docker/what.pem", CA), ("tls/kubernetes/ca.pem", CA)],
    "no-meta": [("tls/docker/ca.pem", CA)],
    "dots": [("meta.json", META), ("tls/../../ca.pem", CA)],
    "shallow": [("meta.json", META), ("tls/ca.pem", CA)],
    "deep": [("meta.json", META), ("tls/docker/sub/ca.pem", CA)],
    "broken": [("meta.json", "{")],
    "empty": [("meta.json", "{}")],
    "absolute": [("meta.json", META), ("/tls/docker/ca.pem", CA)],
    "back": [("meta.json", META), ("tls\\docker\\ca.pem", CA)],
    "dot": [("./meta.json", META)],
    "big": [("meta.json", META + " " * (11 << 20))],
}


def make_zip(members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in members:
            archive.writestr(name, text)
    return file.getvalue()


def make_tar(members):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, text in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            if name.endswith("/"):
                entry.type = tarfile.DIRTYPE
            archive.addfile(entry, io.BytesIO(text.encode()))
    return file.getvalue()


def make_files(folder):
    """Make the folder `t` of a session in `folder` (str)."""
    import gzip
    files = {"ca.pem": CA, "cert.pem": CLIENT, "key.pem": CLIENT_KEY, "server.pem": SERVER, "junk": "junk\n",
             "nothing.tar": b"", "cut.tar": make_tar(ARCHIVES["good"])[:700],
             "gzip.tar": gzip.compress(make_tar(ARCHIVES["good"]))}
    for name, members in ARCHIVES.items():
        files.update({name + ".zip": make_zip(members), name + ".tar": make_tar(members)})
    os.makedirs(os.path.join(folder, "t"))
    for name, data in files.items():
        with open(os.path.join(folder, "t", name), "wb") as file:
            file.write(data if isinstance(data, bytes) else data.encode())


def ended_at(argv, line, folder, **variables):
    """Run `argv` and the words of `line` in `folder` → {"status", "out", "err"}, with {dir} for the folder.

    NAME=VALUE words at the beginning of the line are variables of its environment.
    """
    words = shlex.split(line)
    environment = {key: value for key, value in os.environ.items()
                   if not key.startswith(("DOCKER_", "RAWDOCK_I")) and not key.upper().endswith("_PROXY")}
    environment.update(HOME=folder, COLUMNS="80", **variables)
    while words and "=" in words[0] and not words[0].startswith("-"):
        name, _, value = words.pop(0).partition("=")
        environment[name] = value
    process = run(argv + words, env=environment, cwd=folder)
    out, err = [data.decode().replace(folder, "{dir}") for data in (process.stdout, process.stderr)]
    return {"status": process.returncode, "out": out, "err": err}


def store_tree(folder):
    """The store below `folder`: {path: [mode, content]}, None for the content of a folder."""
    found = {}
    for place, folders, files in os.walk(os.path.join(folder, ".docker", "contexts")):
        for name in folders + files:
            path = os.path.join(place, name)
            content = None
            if name in files:
                with open(path, encoding="utf-8") as file:
                    content = file.read()
            mode = "%03o" % stat.S_IMODE(os.stat(path).st_mode)
            found[os.path.relpath(path, folder)] = [mode, content]
    return found


# Each: variables and words, then what config.json holds (None: there is none). `ps` follows the words.
ONE, BROKEN = '{"currentContext": "one"}', "{"
CHOICES = [
    ("", None), ("", ONE), ("DOCKER_CONTEXT=two", ONE), ("DOCKER_HOST={env} DOCKER_CONTEXT=two", ONE),
    ("DOCKER_HOST={env} DOCKER_CONTEXT=two -H {flag}", ONE), ("DOCKER_HOST={env} -c one", None),
    ("DOCKER_HOST={env} DOCKER_CONTEXT=two -c one", None), ("DOCKER_CONTEXT=two -c one", ONE),
    ("-H {flag}", ONE), ("-H {flag}", None), ("-H {flag} -H {env}", None), ("-H {flag} -c one", None),
    ("-H {flag} -c ''", None), ("-H ''", ONE), ("DOCKER_HOST={env} -H ''", None),
    ("DOCKER_HOST={env} -c default", ONE), ("-c default", ONE), ("DOCKER_CONTEXT=default", ONE),
    ("DOCKER_CONTEXT=", ONE), ("DOCKER_HOST= DOCKER_CONTEXT=two", ONE), ("-c ''", ONE),
    ("", '{"currentContext": ""}'), ("", '{"currentContext": "default"}'), ("", '{"currentContext": null}'),
    ("", '{"currentContext": "nope"}'), ("-c nope", ONE), ("DOCKER_CONTEXT=nope", ONE), ("-c ../x", None),
    ("DOCKER_HOST={env}", '{"currentContext": "nope"}'), ("-H {flag}", '{"currentContext": "nope"}'),
    ("-c one", '{"currentContext": "nope"}'), ("DOCKER_CONTEXT=nope -H {flag}", None),
    ("", BROKEN), ("-c one", BROKEN), ("DOCKER_CONTEXT=two", BROKEN),
    ("", '{"currentContext": 5}'), ("", '[]'), ("", ""), ("", "null"), ("", '{"currentContext": "one"} junk'),
    ("", '{"currentContext": "one", "psFormat": 5}'),
    ("-c broken", None), ("-c no-endpoint", None), ("-c empty-host", None), ("-c null", None),
    ("-c relative", None), ("-c tcp", None), ("DOCKER_HOST={tcp}", None), ("DOCKER_HOST={tcp-bare}", None),
    ("DOCKER_HOST=unix://", None), ("-H tcp://", None), ("-H foo://x", None), ("-H ssh://u:p@h", None),
    ("-c ssh-password", None), ("DOCKER_HOST=ssh://", None),
    ("--config {dir}/other", None), ("DOCKER_CONFIG={dir}/other", None),
    ("--config {dir}/other -c one", None),
    ("DOCKER_CONFIG={dir}/nowhere --config {dir}/other", None), ("--config {dir}/nowhere", ONE),
    ("-l nope -H {flag}", None), ("-l debug -H {flag}", None), ("-D -H {flag}", None),
    # TLS
    ("--tls", None), ("--tlsverify", None), ("DOCKER_TLS=1 DOCKER_HOST={tls}", None),
    ("DOCKER_CERT_PATH={dir}/t DOCKER_TLS=1 DOCKER_HOST={tls}", None),
    ("DOCKER_CERT_PATH={dir}/t DOCKER_TLS_VERIFY=1 DOCKER_HOST={tls}", None),
    ("DOCKER_CERT_PATH={dir}/t DOCKER_TLS_VERIFY=0 DOCKER_HOST={tls}", None),
    ("DOCKER_CERT_PATH={dir}/t DOCKER_TLS_VERIFY= DOCKER_HOST={tcp}", None),
    ("DOCKER_CERT_PATH={dir}/t DOCKER_TLS=0 DOCKER_HOST={tls} --tls=false", None),
    ("DOCKER_CERT_PATH={dir}/t DOCKER_TLS=1 DOCKER_HOST={tcp} --tls=false", None),
    ("DOCKER_CERT_PATH={dir}/t -H {tls} --tls", None),
    ("DOCKER_CERT_PATH={dir}/t -H {tls} --tlsverify", None),
    ("DOCKER_CERT_PATH={dir}/t -H {tls} --tlsverify=false", None),
    ("DOCKER_CERT_PATH={dir}/other-ca -H {tls} --tls", None),
    ("DOCKER_CERT_PATH={dir}/other-ca -H {tls} --tlsverify", None),
    ("DOCKER_CERT_PATH={dir}/other-ca -H {flag} --tlsverify", None),
    ("DOCKER_CERT_PATH={dir}/nowhere -H {flag} --tlsverify", None),
    ("DOCKER_CERT_PATH={dir}/nowhere -c one --tlsverify", None),
    ("DOCKER_CERT_PATH={dir}/t --tls", None), ("DOCKER_CERT_PATH={dir}/t --tls -H ''", None),
    ("-H {tls} --tls --tlscacert {dir}/t/ca.pem", None),
    ("-H {tls} --tls --tlscacert '\"{dir}/t/ca.pem\"'", None),
    ("-H {tls} --tlsverify --tlscacert {dir}/t/ca.pem --tlscert {dir}/t/cert.pem --tlskey {dir}/t/key.pem",
     None),
    ("-H {tls} --tls --tlscacert {dir}/t/ca.pem --tlscert {dir}/nope", None),
    ("-H {tls} --tls --tlscacert ''", None), ("--config {dir}/t -H {tls} --tls", None),
    ("-c tls", None), ("-c tls-no-ca", None), ("-c tls-skip", None), ("-c tls-client", None),
    ("-c tls-wrong-ca", None), ("-c tls-skip --tlsverify=false", None), ("-c tls --tls=false", None),
]
CONTEXTS = {
    "one": '{"Name":"one","Metadata":{},"Endpoints":{"docker":{"Host":"{one}","SkipTLSVerify":false}}}',
    "two": '{"Name":"two","Endpoints":{"docker":{"Host":"{two}"}}}',
    "broken": "{", "null": "null", "no-endpoint": '{"Name":"no-endpoint","Endpoints":{}}',
    "empty-host": '{"Name":"empty-host","Endpoints":{"docker":{}}}',
    "relative": '{"Name":"relative","Endpoints":{"docker":{"Host":"q:1"}}}',
    "ssh-password": '{"Name":"ssh-password","Endpoints":{"docker":{"Host":"ssh://u:p@h"}}}',
    "tcp": '{"Name":"tcp","Endpoints":{"docker":{"Host":"{tcp}"}}}',
    "tls": '{"Name":"tls","Endpoints":{"docker":{"Host":"{tls}"}}}',
    "tls-client": '{"Name":"tls-client","Endpoints":{"docker":{"Host":"{tls}"}}}',
    "tls-wrong-ca": '{"Name":"tls-wrong-ca","Endpoints":{"docker":{"Host":"{tls}"}}}',
    "tls-no-ca": '{"Name":"tls-no-ca","Endpoints":{"docker":{"Host":"{tls}"}}}',
    "tls-skip": '{"Name":"tls-skip","Endpoints":{"docker":{"Host":"{tls}","SkipTLSVerify":true}}}',
}
CONTEXT_FILES = {"tls": {"ca.pem": CA},
                 "tls-client": {"ca.pem": CA, "cert.pem": CLIENT, "key.pem": CLIENT_KEY},
                 "tls-wrong-ca": {"ca.pem": CLIENT}, "tls-no-ca": {"cert.pem": CLIENT, "key.pem": CLIENT_KEY}}


class NamedEngines:
    """Listeners in `folder` (str). Each answers all requests with an error that has its name in it.

    `addresses` are by name: {flag}, {env}, {one} and {two} are Unix sockets, {tcp} and {tls} ports.
    """

    def __init__(self, folder):
        self.addresses, self._listeners = {}, []
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        for name, text in (("server.pem", SERVER), ("server.key", SERVER_KEY), ("ca.pem", CA)):
            with open(os.path.join(folder, name), "w") as file:
                file.write(text)
        self._tls.load_cert_chain(os.path.join(folder, "server.pem"), os.path.join(folder, "server.key"))
        self._tls.load_verify_locations(os.path.join(folder, "ca.pem"))
        self._tls.verify_mode = ssl.CERT_OPTIONAL
        for name in ("flag", "env", "one", "two", "tcp", "tls"):
            if name.startswith("t") and name != "two":
                listener = socket.socket()
                listener.bind(("127.0.0.1", 0))
                self.addresses[name] = "tcp://127.0.0.1:%d" % listener.getsockname()[1]
            else:
                path = os.path.join(folder, name)
                listener = socket.socket(socket.AF_UNIX)
                listener.bind(path)
                self.addresses[name] = "unix://" + path
            listener.listen(16)
            self._listeners.append(listener)
            threading.Thread(target=self._accept, args=(listener, name), daemon=True).start()
        self.addresses["tcp-bare"] = self.addresses["tcp"][len("tcp://"):]

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for listener in self._listeners:
            try:
                listener.shutdown(socket.SHUT_RDWR)   # wakes accept()
            except OSError:
                pass
            listener.close()

    def _accept(self, listener, name):
        while True:
            try:
                connection = listener.accept()[0]
            except OSError:
                return
            with connection:
                try:
                    self._answer(connection, name)
                except (OSError, ValueError):
                    pass   # who connected did not like our certificate, or is gone

    def _answer(self, connection, name):
        connection.settimeout(10)
        if name == "tls":
            connection = self._tls.wrap_socket(connection, server_side=True)
            name += " with a certificate" if connection.getpeercert() else " without a certificate"
        with connection:
            text = b""
            while True:
                while b"\r\n\r\n" not in text:
                    data = connection.recv(4096)
                    if not data:
                        return
                    text += data
                head, _, text = text.partition(b"\r\n\r\n")
                body = json.dumps({"message": "this is the engine " + name}).encode()
                answer = b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\n"
                answer += b"Api-Version: 1.41\r\nContent-Length: %d\r\n\r\n" % len(body)
                connection.sendall(answer + (b"" if head.startswith(b"HEAD") else body))


def make_choices(folder, addresses):
    """Make the contexts and folders that CHOICES name, in `folder`."""
    make_files(folder)
    os.makedirs(os.path.join(folder, "other"))
    os.makedirs(os.path.join(folder, "other-ca"))
    with open(os.path.join(folder, "other-ca", "ca.pem"), "w") as file:
        file.write(CLIENT)   # not the one that signed the server's certificate
    with open(os.path.join(folder, "other", "config.json"), "w") as file:
        file.write('{"currentContext": "default"}')
    for name, text in CONTEXTS.items():
        store = os.path.join(folder, ".docker", "contexts")
        folder_name = hashlib.sha256(name.encode()).hexdigest()
        os.makedirs(os.path.join(store, "meta", folder_name))
        with open(os.path.join(store, "meta", folder_name, "meta.json"), "w") as file:
            file.write(filled(text, folder, addresses))
        for file_name, pem in CONTEXT_FILES.get(name, {}).items():
            os.makedirs(os.path.join(store, "tls", folder_name, "docker"), exist_ok=True)
            with open(os.path.join(store, "tls", folder_name, "docker", file_name), "w") as file:
                file.write(pem)


def filled(text, folder, addresses):
    """`text` with the addresses and the folder in place of their names."""
    for name, address in list(addresses.items()) + [("dir", folder)]:
        text = text.replace("{%s}" % name, address)
    return text


def choice_key(choice):
    return "%s | %s" % choice


def choose(argv, choice, folder, engines):
    """What `argv` answers to a row of CHOICES. `folder` was made by make_choices()."""
    line, config = choice
    path = os.path.join(folder, ".docker", "config.json")
    if config is not None:
        with open(path, "w") as file:
            file.write(config)
    try:
        answer = ended_at(argv, filled(line, folder, engines.addresses) + " ps", folder)
    finally:
        if config is not None:
            os.remove(path)
    for key in ("out", "err"):
        for name, address in engines.addresses.items():
            answer[key] = answer[key].replace(address, "{%s}" % name)
        answer[key] = re.sub("127.0.0.1:[0-9]+", "{port}", answer[key])
    return answer


def read_recorded(name):
    with open(os.path.join(RECORDS, name + ".json"), encoding="utf-8") as file:
        return json.load(file)


def run_session(name, argv, folder):
    """Run a session in `folder` → (answers of its lines, the store at its end)."""
    make_files(folder)
    return [ended_at(argv, line, folder) for line in session_lines(name)], store_tree(folder)


def record_contexts(cli):
    """Write down what the docker command line `cli` answers to SESSIONS and CHOICES."""
    from tempfile import TemporaryDirectory
    sessions, choices = {}, {}
    for name in SESSIONS:
        with TemporaryDirectory() as folder:
            answers, tree = run_session(name, [cli.path], folder)
        answers = [dict(answer, line=line) for line, answer in zip(session_lines(name), answers)]
        sessions[name] = {"answers": answers, "store": tree}
    with TemporaryDirectory() as folder, NamedEngines(folder) as engines:
        make_choices(folder, engines.addresses)
        for choice in CHOICES:
            choices[choice_key(choice)] = choose([cli.path], choice, folder, engines)
    for name, record in (("contexts", sessions), ("choices", choices)):
        with open(os.path.join(RECORDS, name + ".json"), "w", encoding="utf-8") as file:
            file.write(json.dumps(record, indent=1, ensure_ascii=False) + "\n")
