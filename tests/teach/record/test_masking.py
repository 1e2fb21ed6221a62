"""No credential is shown or kept, wherever it is and however the bytes are cut; and what is none stays."""
import base64
import gc
import io
import json
import tracemalloc
from time import process_time

import pytest
from hypothesis import given, strategies as st

from rawdock.teach.record.masking import SecretMasker, SecretMaskers, masked_text, names_secret
from rawdock.teach.record.record import RecordWriter, WireEvent, read_record
from tests.leaks import WIRE_PASSWORD

WORD = WIRE_PASSWORD
SECRET = WORD.encode()


def chunked(data, size):
    pieces = [data[at:at + size] for at in range(0, len(data), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def post(path, body, fields=b"", content_type=b"application/json"):
    return b"POST %s HTTP/1.1\r\nHost: d\r\n%sContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s" % (
        path, fields, content_type, len(body), body)


def create(**body):
    """A request to create a container."""
    return post(b"/v1.41/containers/create?name=x", json.dumps(body).encode())


def answer(body, size=None, fields=b"", content_type=b"application/json"):
    framing = b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    if size is not None:
        framing = b"Transfer-Encoding: chunked\r\n\r\n" + chunked(body, size)
    return b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n%s%s" % (content_type, fields, framing)


def get(target, fields=b""):
    return b"GET %s HTTP/1.1\r\nHost: d\r\n%s\r\n" % (target, fields)


MEMBERS = json.dumps({"username": "ann", "password": WORD, "identitytoken": WORD, "list": [{"Auth": WORD}],
                      "end": 1}).encode()
GET = get(b"/_ping")
UPGRADE = b"POST /containers/x/attach HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
SESSION = b"POST /session HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
REFUSAL = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def sent(data):
    return [(">", data)]


def got(data):
    return [(">", GET), ("<", data)]


def as_json(value):
    return json.dumps(value).encode()


# What crosses, in order; each has WORD somewhere where a credential may be.
PLACES = {
    # Fields.
    "X-Registry-Auth": sent(post(b"/images/create?fromImage=x", b"", b"X-Registry-Auth: %s\r\n" % SECRET)),
    "x-registry-config, after another message":
        sent(GET + post(b"/build", b"", b"x-registry-config:%s \r\n" % SECRET)),
    "Authorization":
        sent(get(b"/x", b"Authorization: Bearer %s\r\nProxy-Authorization: Basic %s\r\n"
                   % (SECRET, SECRET))),
    "Cookie": sent(get(b"/x", b"Cookie: a=b; session=%s\r\n" % SECRET)),
    "Set-Cookie": got(answer(b"{}", None, b"Set-Cookie: id=%s; Path=/; HttpOnly\r\n" % SECRET)),
    "other fields that authenticate":
        sent(get(b"/x", b"X-Auth-Token: %s\r\nPRIVATE-TOKEN: %s\r\nX-Api-Key: %s\r\n" % ((SECRET,) * 3))),
    "a field on two lines, which is refused":
        sent(b"GET / HTTP/1.1\r\nX-Registry-Auth: a\r\n %s\r\n\t%s\r\n\r\n" % (SECRET, SECRET)),
    "behind a bare CR": sent(b"GET / HTTP/1.1\rX-Registry-Auth: a\r%s\r\n\r\n" % SECRET),
    "a field name with control characters":
        sent(b"GET / HTTP/1.1\r\n\0X-Registry-Auth\x0b: %s\r\n\r\n" % SECRET),
    "a trailer field":
        got(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Token: %s\r\n\r\n" % SECRET),
    "an interim response":
        got(b"HTTP/1.1 103 Early Hints\r\nSet-Cookie: a=%s\r\n\r\n" % SECRET + answer(b"{}")),
    "a location":
        got(b"HTTP/1.1 301 Moved\r\nLocation: https://u:%s@h.example/x\r\nContent-Length: 0\r\n\r\n"
            % SECRET),
    # The request target.
    "a query parameter": sent(get(b"/x?a=1&password=%s&b=2" % SECRET)),
    "a token in a query": sent(get(b"/x?token=%s" % SECRET)),
    "an absolute target": sent(get(b"http://u:%s@h:80/x" % SECRET)),
    "a line without end": sent(b"GET /x" + b"x" * 300 + b"?a=b&password=%s" % SECRET),
    "a repository with a token":
        sent(b"POST /build?remote=https://%s@x.example/a HTTP/1.1\r\nHost: d\r\n\r\n" % SECRET),
    "a repository with a token, in percent":
        sent(get(b"/build?t=a&remote=https%%3A%%2F%%2Fu%%3A%s%%40x" % SECRET)),
    "a repository with a token, half in percent":
        sent(get(b"/build?t=a&remote=git://u:%s%%40x/y&a=b" % SECRET)),
    "where an image is imported from":
        sent(get(b"/images/create?fromSrc=http%%3a%%2f%%2f%s%%40h%%2Fi.tar&repo=a" % SECRET)),
    "JSON in a query parameter": sent(get(b"/x?a=%7B%22password%22%3A%22" + SECRET + b"%22%7D")),
    "a build argument": sent(get(b"/build?buildargs=%7B%22NPM_TOKEN%22%3A+%22" + SECRET + b"%22%7D&t=x")),
    "JSON in JSON in a query parameter":
        sent(get(b"/x?a=%7B%22x%22%3A%22%7B%5C%22auth%5C%22%3A%5C%22" + SECRET)),
    "a variable in a query parameter": sent(get(b"/x?a=%5B%22DB_PASS%3D" + SECRET + b"%22%5D")),
    # Members of JSON.
    "a JSON body": sent(post(b"/auth", MEMBERS)),
    "a name spelled with an escape": sent(post(b"/auth", b'{"pass\\u0077ord" : "%s"}' % SECRET)),
    "a name in letters that fold": sent(post(b"/auth", '{"pa\u017fsword":"%s"}'.encode("utf-8") % SECRET)),
    "a JSON answer": got(answer(MEMBERS)),
    "a JSON answer in chunks": got(answer(MEMBERS, 7)),
    "chunks of one byte": got(answer(MEMBERS, 1)),
    "a request in chunks":
        sent(b"POST /auth HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n"
             + chunked(MEMBERS, 5)),
    "after a HEAD":
        [(">", b"HEAD / HTTP/1.1\r\nHost: d\r\n\r\n"),
         ("<", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"),
         (">", post(b"/auth", MEMBERS)), ("<", answer(MEMBERS, 9))],
    "registry tokens": [(">", post(b"/auth", as_json({"IdentityToken": WORD, "RegistryToken": WORD}))),
                        ("<", answer(as_json({"Status": "Login Succeeded", "IdentityToken": WORD})))],
    "a secret's Data": sent(post(b"/v1.41/secrets/create", as_json({"Name": "n", "Data": WORD}))),
    "a config's Data":
        [(">", get(b"/v1.41/configs")), ("<", answer(as_json([{"Spec": {"Name": "n", "Data": WORD}}])))],
    "a swarm's keys": got(answer(as_json({"JoinTokens": {"Worker": WORD, "Manager": WORD}}))),
    "a swarm's locks": [(">", post(b"/swarm/unlock", as_json({"UnlockKey": "SWMKEY-1-" + WORD}))),
                        ("<", answer(as_json({"CAConfig": {"SigningCAKey": WORD}})))],
    "a swarm's token in a text": got(answer(as_json({"message": "join with SWMTKN-1-" + WORD}))),
    "a log driver's options":
        sent(create(HostConfig={"LogConfig": {"Type": "splunk", "Config": {"splunk-token": WORD}}})),
    "labels": sent(create(Labels={"db.password": WORD, "com.x.api-token": WORD, "com.x/signing-key": WORD})),
    "a plugin's settings":
        [(">", post(b"/plugins/x/set", as_json(["DEBUG=1", "API_TOKEN=" + WORD]))),
         ("<", answer(as_json({"Env": [{"Description": "d", "Name": "API_TOKEN", "Settable": ["value"],
                                        "Value": WORD}]})))],
    "a volume's options":
        sent(post(b"/volumes/create", as_json({"DriverOpts": {"o": "addr=a,username=b,password=" + WORD}}))),
    "options in members":
        sent(post(b"/volumes/create", as_json({"DriverOpts": {"secret_key": WORD, "apiKey": WORD}}))),
    "a service's spec":
        sent(post(b"/services/create",
                  as_json({"TaskTemplate": {"ContainerSpec": {"Env": ["SSH_KEY=" + WORD]}}}))),
    # Variables and arguments.
    "an environment variable": sent(create(Env=["A=b", "MYSQL_ROOT_PASSWORD=" + WORD])),
    "an exec's variables":
        sent(post(b"/containers/x/exec", as_json({"Env": ["A=b", "AWS_SECRET_ACCESS_KEY=" + WORD]}))),
    "an image's variables":
        [(">", get(b"/images/x/json")), ("<", answer(as_json({"Config": {"Env": ["TOKEN=" + WORD]}}), 64))],
    "a program's arguments": sent(create(Cmd=["x", "--admin-password=" + WORD, "A=1 API_TOKEN=" + WORD])),
    "an argument of its own": sent(create(Cmd=["redis-server", "--requirepass", WORD, "--password", WORD])),
    "an option in a line": sent(create(Cmd=["sh", "-c", "mysqladmin ping --password " + WORD])),
    "the end of a long argument": sent(create(Cmd=["x" * 1000 + "\nTOKEN=" + WORD])),
    "a variable on a line of its own":
        sent(create(Cmd=["sh", "-c", "set -e\nDB_PASS=%s\nx" % WORD, "a\nPASS=" + WORD])),
    "a health check":
        sent(create(Healthcheck={"Test": ["CMD-SHELL",
                                          "mysqladmin ping -u root --password=%s || exit 1" % WORD]})),
    "a field among arguments":
        sent(create(Cmd=["curl", "-H", "Authorization: Bearer " + WORD, "-H", "X-Vault-Token: " + WORD])),
    "what an exec runs, in an event":
        [(">", get(b"/events")),
         ("<", answer(as_json({"status": "exec_start: sh -c x --token=" + WORD}), 20))],
    "a line of a Dockerfile":
        [(">", post(b"/build", b"")),
         ("<", answer(as_json({"stream": "Step 2/3 : ENV DB_PASSWORD %s\n" % WORD})))],
    "the history of an image":
        [(">", get(b"/images/x/history")), ("<", answer(as_json([{"CreatedBy": "|1 NPM_TOKEN=%s /bin/sh "
                                                                                 "-c x" % WORD}])))],
    "a connection string": sent(create(Env=["ConnectionStrings__Db=Server=a;User Id=b;Password=" + WORD])),
    # URLs.
    "a proxy of the engine":
        [(">", get(b"/info")), ("<", answer(as_json({"HttpProxy": "http://u:%s@proxy:3128" % WORD}), 30))],
    "URLs in variables":
        [(">", create(Env=["HTTP_PROXY=http://u:%s@p:3128/" % WORD,
                           "DATABASE_URL=postgres://a:%s@db/x?y=z" % WORD,
                           "MONGO_URI=mongodb+srv://a:%s@h1,h2/db" % WORD,
                           "REDIS=redis://:%s@r:6379/0" % WORD]))],
    "a URL with what a password should not hold":
        sent(create(Env=["A=http://u:p@1%s@h/x" % WORD, "B=http://u:pa/%s@h/x" % WORD,
                         "C=x://u:1&%s@h" % WORD])),
    "a URL as Go writes it": sent(post(b"/x", b'{"A":"http://u:a\\u0026%s@h/x"}' % SECRET)),
    "a URL in an error":
        got(answer(as_json({"message": 'Get "https://u:%s@r.example/v2/": no such host' % WORD}))),
    # JSON and more in a string.
    "credentials in a variable":
        sent(create(Env=["DOCKER_AUTH_CONFIG=" + json.dumps({"auths": {"r": {"auth": WORD}}})])),
    "JSON in a string":
        sent(create(Env=["X=" + json.dumps({"a": {"password": WORD}})],
                    Labels={"x": json.dumps({"api_key" : WORD}, indent=1)})),
    "JSON in JSON in a string":
        sent(create(Labels={"x": json.dumps({"y": json.dumps({"identityToken": WORD})})})),
    "JSON in a string, with escapes":
        sent(post(b"/x", b'{"a":"{\\u0022password\\u0022:\\u0022%s\\u0022}"}' % SECRET)),
    "JSON in base64":
        sent(create(Env=["X=" + base64.b64encode(json.dumps({"password": WORD}).encode()).decode()])),
    "JSON with blanks in base64":
        sent(create(Labels={"x": base64.b64encode(json.dumps({"password": WORD},
                                                             indent=2).encode()).decode()})),
    "a JSON Web Token": sent(create(Cmd=["x", "eyJhbGciOiJub25lIn0." + WORD])),
    "a private key":
        sent(create(Env=["X=-----BEGIN RSA PRIVATE KEY-----\n%s\n-----END RSA PRIVATE KEY-----" % WORD])),
    # Bodies that are not what they should be.
    "a form":
        sent(post(b"/token", b"grant_type=password&username=a&password=%s&x=y" % SECRET, b"",
                  b"application/x-www-form-urlencoded")),
    "no type": sent(b"POST /x HTTP/1.1\r\nContent-Length: 26\r\n\r\npassword=" + SECRET),
    "behind a chunk that is malformed": got(answer(MEMBERS, 40).replace(b"\r\n28\r\n", b"\r\nxx\r\n")),
    "behind a head that is malformed":
        sent(b"GET /x y HTTP/1.1\r\n\r\n" + post(b"/auth", MEMBERS, b"X-Registry-Auth: %s\r\n" % SECRET)),
    "a string over a line end":
        sent(post(b"/x", b'{"Env":["PASSWORD=a\n%s"],"password":"a\n%s"}' % (SECRET, SECRET))),
    # Switched connections.
    "behind a refused upgrade":
        [(">", UPGRADE), ("<", REFUSAL), (">", post(b"/auth", MEMBERS)), ("<", answer(MEMBERS))],
    "across the answer to an upgrade":
        [(">", UPGRADE + post(b"/auth", MEMBERS)[:-80]), ("<", REFUSAL),
         (">", post(b"/auth", MEMBERS)[-80:])],
    "before the answer to an upgrade": sent(UPGRADE + post(b"/auth", MEMBERS)),
    "a session over HTTP/2":
        [(">", SESSION), ("<", b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                               b"Upgrade: h2c\r\n\r\n"),
         (">", b"\0\0\x12" + SECRET)],
    "a session over HTTP/2 that does not wait": [(">", SESSION + b"\0\0\x12" + SECRET), (">", SECRET)],
}
for name in ("DB_PASS MYSQL_PWD REDIS_AUTH GITHUB_PAT spring.datasource.password db-password ENCRYPTION_KEY"
             " SIGNING_KEY SSH_KEY APP_KEY RABBITMQ_ERLANG_COOKIE DATABASE_DSN VAULT_SECRET_ID"
             " RAILS_MASTER_KEY").split():
    PLACES["the variable " + name] = [(">", create(Env=["A=b", name + "=" + WORD]))]


def masked_streams(pieces):
    """(direction, bytes) pieces → the record that is written of them, and each direction's bytes in it."""
    file = io.BytesIO()
    writer = RecordWriter(file, True, 0.5, "unix:///x")
    for direction, data in pieces:
        writer.take(1, WireEvent(0.0, direction, "data", data))
    writer.finish()
    kept = read_record(io.BytesIO(file.getvalue())).connections[0]
    return file.getvalue(), {direction: kept.stream(direction) for direction in "><"}


def cuttings(pieces):
    """The pieces as they are, in equal parts, and cut once at each place near the first secret."""
    yield pieces
    for size in (1, 7, 50):
        yield [(direction, data[at:at + size]) for direction, data in pieces
               for at in range(0, len(data), size)]
    for index, (direction, data) in enumerate(pieces):
        place = data.find(SECRET)
        for cut in range(max(1, place - 45), place + len(SECRET) if place >= 0 else 0):
            yield pieces[:index] + [(direction, data[:cut]), (direction, data[cut:])] + pieces[index + 1:]


@pytest.mark.parametrize("place", sorted(PLACES))
def test_no_secret_is_written_however_the_bytes_are_cut(place):
    inside = base64.b64encode(as_json({"password": WORD}))
    for pieces in cuttings(PLACES[place]):
        record, masked = masked_streams(pieces)
        for direction in "><":
            before, after = b"".join(data for way, data in pieces if way == direction), masked[direction]
            assert len(after) == len(before)
            assert all(new in (old, 0x2a) for new, old in zip(after, before))
            assert SECRET not in after and SECRET not in record and base64.b64encode(SECRET) not in record
            assert inside[20:40] not in after
            # In chunks a secret is in pieces: what is left of it without the chunk lines.
            letters = bytes(letter for letter in after if letter in set(SECRET))
            assert SECRET not in letters and SECRET[-6:] not in letters, pieces


def masked_whole(*pieces):
    masker = SecretMasker()
    return [masker.mask(direction, data) for direction, data in pieces]


@pytest.mark.parametrize("body, shown", [
    ({"Env": ["HTTP_PROXY=http://u:pw@proxy:3128/x"]}, {"Env": ["HTTP_PROXY=http://****@proxy:3128/x"]}),
    ({"A": "postgres://a:b@db/x", "b": "seen"}, {"A": "postgres://***@db/x", "b": "seen"}),
    ({"X": '{"password":"x","b":1}'}, {"X": '{"password":' + "*" * len('"x","b":1}'.replace('"', '\\"'))}),
    ({"Labels": {"db.password": "abc", "x": "y"}}, {"Labels": {"db.password": "***", "x": "y"}}),
    (["--password", "abc", "def"], ["--password", "***", "def"]),
    ({"Env": [{"Name": "TOKEN", "Value": "abc"}, {"Name": "x", "Value": "y"}]},
     {"Env": [{"Name": "TOKEN", "Value": "***"}, {"Name": "x", "Value": "y"}]}),
])
def test_only_the_secret_is_masked_where_its_end_is_seen(body, shown):
    request, = masked_whole((">", create(x=body)))
    assert json.loads(request.partition(b"\r\n\r\n")[2].decode())["x"] == shown


def test_the_end_of_a_userinfo_is_seen_in_heads_too():
    for target, shown in ((b"/build?remote=https%3A%2F%2Fab%40h%2Fr.git&t=x",
                           b"/build?remote=https%3A%2F%2F**%40h%2Fr.git&t=x"),
                          (b"/build?remote=https://h.example/r.git&t=a@b",
                           b"/build?remote=https://h.example/r.git&t=a@b"),
                          (b"/x?token=abc&t=x", b"/x?token=***&t=x")):
        assert masked_whole((">", get(target))) == [get(shown)]


def test_a_secret_right_behind_another_one_in_another_piece():
    masker = SecretMasker()
    pieces = [b"GET /x" + b"x" * 300, b"?password=ab", b"c&token=def&z=1 HTTP/1.1\r\n\r\n"]
    assert b"".join(masker.mask(">", piece) for piece in pieces[:2]).endswith(b"?password=**")
    assert masker.mask(">", pieces[2]) == b"*&token=***&z=1 HTTP/1.1\r\n\r\n"


# What is shown as it is, a JSON value each: names and texts that look like secrets and are none.
OPEN_VALUES = [
    {"Env": ["PATH=/bin", "PWD=/root", "BYPASS=1", "AUTHOR=me", "password is not a name", "GPG_KEY=A035C8",
             "SSH_PUBLIC_KEY=x"]},
    {"Labels": {"auth": "**"}, "Authorization": ["authz"], "SecretID": "a1", "SecretName": "n",
     "Secrets": None, "SandboxKey": "/var/run/x"},
    {"Image": "vault-token:1.0", "RepoTags": ["r.example:5000/api-key:latest", "secret:3"],
     "DetachKeys": "ctrl-p"},
    {"IndexServerAddress": "https://index.docker.io/v1/", "HttpProxy": "http://proxy:3128",
     "x": "http://[::1]:2375/a@b", "y": "git@github.com:a/b"},
    {"message": "denied: requested access, see https://docs.docker.com/go/x", "t": "2024-01-01T00:00:00Z",
     "status": "Downloading [====>   ] 1MB"},
    {"Cmd": ["sh", "-c", "echo a=b; test -d /x"], "url": "https://registry.example/v2/?a=b",
     "CertIssuerPublicKey": "MFkw", "eyJ": "Key: they"},
]


@pytest.mark.parametrize("value", OPEN_VALUES, ids=range(len(OPEN_VALUES)))
def test_masking_leaves_all_else_as_it_is(value):
    stat = base64.b64encode(as_json({"name": "x", "size": 1}))
    request = post(b"/images/my-token:1/push?name=auth", json.dumps(value).encode(),
                   b"X-Registry-Authority: x\r\nX-Key: \r\n")
    response = answer(json.dumps(value).encode(), None,
                      b"WWW-Authenticate: Bearer realm=\"https://a.example/token\",service=\"x\"\r\n"
                      b"X-Docker-Container-Path-Stat: %s\r\n" % stat)
    assert masked_whole((">", request), ("<", response)) == [request, response]


def test_the_streams_of_a_program_are_left_as_they_are():
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\n\r\n"
    stream = head + b'{"password":"a program said it"}'
    assert masked_whole((">", GET), ("<", stream)) == [GET, stream]


def test_a_body_with_a_content_coding_is_masked_as_a_whole():
    coded = answer(b"\x1f\x8bcompressed", None, b"Content-Encoding: gzip\r\n")
    assert masked_whole((">", GET), ("<", coded))[1].endswith(b"\r\n\r\n" + b"*" * 12)


@pytest.mark.parametrize("name, secret", [
    (b"password", True), (b"DB_PASSWORD_FILE", True), (b"apiKey", True), (b"api key", True), (b"key", False),
    (b"monkey", False),
    (b"X-Auth", True), (b"author", False), (b"PASS", True), (b"compass", False), (b"PUBLIC_KEY", False),
    (b"PAT", False), (b"A.PAT", True),
    ("pa\u017fsword".encode("utf-8"), True), (b"\xff", False), (b"", False)])
def test_names(name, secret):
    assert names_secret(name) is secret


def test_texts_and_notes_are_masked():
    assert masked_text(b"cannot reach tcp://u:pw@h:1: no route") == b"cannot reach tcp://****@h:1: no route"
    for word in (b"-hX-Registry-Auth: abc", b"X-Registry-Config:abc", b"DB_PASSWORD=a b", b"/x?token=abc",
                 b'{"password":"x"}', b"Cookie:abc"):
        masked = masked_text(word)
        assert masked != word and len(masked) == len(word) and b"abc" not in masked
    maskers = SecretMaskers()
    for kind in ("open", "note"):
        assert maskers.event(1, WireEvent(0.0, "", kind, b"tcp://u:pw@h:1")).data == b"tcp://****@h:1"


@given(st.lists(st.tuples(st.sampled_from([">", "<"]), st.binary(max_size=60)), max_size=8))
def test_masking_never_changes_a_length(pieces):
    masker = SecretMasker()
    for direction, data in pieces:
        assert len(masker.mask(direction, data)) == len(data)


def test_a_secret_that_arrives_after_its_client_has_closed_is_masked():
    data = answer(MEMBERS)
    for cut in range(data.index(SECRET), data.index(SECRET) + len(SECRET), 3):
        maskers = SecretMaskers()
        kept = maskers.event(1, WireEvent(0.0, "<", "data", data[:cut])).data
        maskers.event(1, WireEvent(0.0, ">", "close", b""))
        kept += maskers.event(1, WireEvent(0.0, "<", "data", data[cut:])).data
        assert len(kept) == len(data) and SECRET[-5:] not in kept


def test_maskers_of_closed_connections_are_not_kept():
    maskers = SecretMaskers()

    def pass_connections(numbers):
        for number in numbers:
            maskers.event(number, WireEvent(0.0, ">", "data", GET))
            maskers.event(number, WireEvent(0.0, ">", "close", b""))
    pass_connections(range(1, 200))
    tracemalloc.start()
    try:
        pass_connections(range(200, 1000))
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < 1 << 20
    finally:
        tracemalloc.stop()


def seconds_of(pieces):
    masker, start = SecretMasker(), process_time()
    masker.mask(">", b"\0")   # no request: all is searched for all
    for data in pieces:
        masker.mask(">", data)
    return process_time() - start


@pytest.mark.parametrize("text",
                         [b"=", b"a=", b"://", b"x://a:b", b"%3A%2F%2F", b'"', b'\\"', b'"a":', b"a", b"-a ",
                          b"ENV a ", b"eyJ", b" A:",
                                  b"-----BEGIN ", b"\\u0026", b"\\", b'"token":"\\"', b"a:\n ", b"@", b"%",
                                  b"%22:"])
def test_masking_takes_linear_time(text):
    for start in (b"", b'"', b'"://a:b', b"GET /x://"):
        small, large = [seconds_of([start + text * (size // len(text))]) for size in (8000, 64000)]
        assert large < 24 * small + 0.5, (small, large)   # the square would be 64 times


def test_masking_byte_for_byte_takes_linear_time():
    small, large = seconds_of([b"="] * 5000), seconds_of([b"="] * 40000)
    assert large < 24 * small + 1, (small, large)


def test_the_masker_holds_no_body():
    masker = SecretMasker()
    masker.mask(">", b"PUT /x HTTP/1.1\r\nContent-Type: application/json\r\n"
                     b"Content-Length: 1073741824\r\n\r\n")
    piece = b'"' + b"x" * 65535
    masker.mask(">", piece)
    tracemalloc.start()
    try:
        for _ in range(200):
            masker.mask(">", piece)
        assert tracemalloc.get_traced_memory()[0] < 1 << 20
    finally:
        tracemalloc.stop()


def test_bytes_that_wait_for_an_answer_are_bounded():
    masker = SecretMasker()
    masker.mask(">", b"POST /containers/x/attach HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
    tracemalloc.start()
    try:
        for _ in range(200):
            masker.mask(">", b"x" * 65536)
        assert tracemalloc.get_traced_memory()[0] < 3 << 20
    finally:
        tracemalloc.stop()
