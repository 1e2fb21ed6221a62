"""The practice engine's classic builder, by plain sockets. What it says is what dockerd 20.10 said.

In the messages an id of 12 digits is shown as ID.
"""
import io
import json
import re
import tarfile
import urllib.parse

import pytest

from rawdock.teach.practice.dockerfiles import dockerfile_steps, dockerfile_words, expanded_word
from rawdock.teach.practice.engine import PracticeEngine
from rawdock.teach.practice.request import PracticeRefusal
from tests.teach.practice.practice_wire import Wire, ask, create, eventually, pull
from tests.teach.practice.test_practice_image_tars import run_to_end, send_tar


@pytest.fixture
def engine():
    with PracticeEngine() as one:
        pull(one)
        yield one


def context_of(dockerfile, files=()):
    """The tar of a Dockerfile and {name: bytes, None for a folder, str for a link}."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, content in [("Dockerfile", dockerfile.encode())] + sorted(dict(files).items()):
            entry = tarfile.TarInfo(name)
            if content is None:
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            elif isinstance(content, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, content
            else:
                entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content) if isinstance(content, bytes) else None)
    return written.getvalue()


def build(engine, dockerfile, query="", files=()):
    """→ (status, list of messages)."""
    return send_tar(engine, "/v1.41/build?" + query, context_of(dockerfile, files))


def said(messages):
    """The text of messages: ids of 12 digits are ID."""
    text = "".join(one.get("stream") or ("(aux)\n" if "aux" in one else one.get("error", ""))
                   for one in messages)
    return re.sub(r"\b[0-9a-f]{12}\b", "ID", text)


def ok(engine, *arguments):
    """Build → the messages, the last but for the tags of which says that it was successful."""
    status, messages = build(engine, *arguments)
    assert status == 200 and "error" not in messages[-1], messages[-1]
    assert any(one.get("stream", "").startswith("Successfully built") for one in messages)
    return messages


def config_of(engine, name):
    return ask(engine, "GET", "/images/%s/json" % name)[1]["Config"]


def test_what_a_build_says(engine):
    dockerfile = "FROM busybox\nENV A=1 \\\n  B='x y'\nCOPY x.txt y/ /zz/\nRUN cat /zz/in; echo oops >&2\n"
    files = {"x.txt": b"X\n", "y": None, "y/in": b"in\n"}
    text = ("Step 1/4 : FROM busybox\n ---> ID\nStep 2/4 : ENV A=1   B='x y'\n ---> Running in ID\n"
            "Removing intermediate container ID\n ---> ID\nStep 3/4 : COPY x.txt y/ /zz/\n ---> ID\n"
            "Step 4/4 : RUN cat /zz/in; echo oops >&2\n ---> Running in ID\nin\n\x1b[91moops\n\x1b[0m"
            "Removing intermediate container ID\n ---> ID\n(aux)\nSuccessfully built ID\n"
            "Successfully tagged a:1\nSuccessfully tagged b:latest\n")
    messages = ok(engine, dockerfile, "t=a:1&t=b", files)
    assert said(messages) == text
    image = ask(engine, "GET", "/images/a:1/json")[1]
    assert [one["aux"] for one in messages if "aux" in one] == [{"ID": image["Id"]}]
    assert image["RepoTags"] == ["a:1", "b:latest"]
    assert [one["Names"] for one in ask(engine, "GET", "/containers/json?all=1")[1]] == []
    # Another time every step comes from the cache; a changed file changes its step, and those after it.
    again = said(ok(engine, dockerfile, "t=a:1&t=b", files))
    assert again.count(" ---> Using cache\n") == 3 and "Running" not in again
    changed = said(ok(engine, dockerfile, "", dict(files, **{"y/in": b"new\n"})))
    assert changed.count(" ---> Using cache\n") == 1 and "\nnew\n" in changed
    assert said(ok(engine, dockerfile, "nocache=1&t=a:1&t=b", files)) == text


ALL_INSTRUCTIONS = """# syntax is a comment here
FROM busybox
LABEL a=b c="d e"
ENV A=1 B=2
ENV C three four
WORKDIR app
WORKDIR $B/${X:-x}
EXPOSE 80 81/udp
VOLUME /v /x
VOLUME ["/w"]
USER nobody
STOPSIGNAL SIGINT
HEALTHCHECK --interval=5s CMD true
MAINTAINER me
SHELL ["/bin/sh", "-x", "-c"]
CMD ["cat", "/app/x.txt"]
ENTRYPOINT echo $A
ONBUILD RUN echo onbuild
"""


def test_what_each_instruction_makes_of_the_configuration(engine):
    ok(engine, ALL_INSTRUCTIONS, "t=all")
    config = config_of(engine, "all")
    wanted = {
        "Labels": {"a": "b", "c": "d e"}, "WorkingDir": "/app/2/x", "User": "nobody", "StopSignal": "SIGINT",
        "ExposedPorts": {"80/tcp": {}, "81/udp": {}}, "Shell": ["/bin/sh", "-x", "-c"],
        "Volumes": {"/v": {}, "/x": {}, "/w": {}}, "Cmd": ["cat", "/app/x.txt"],
        "Healthcheck": {"Test": ["CMD-SHELL", "true"], "Interval": 5 * 10 ** 9},
        "Entrypoint": ["/bin/sh", "-x", "-c", "echo $A"], "OnBuild": ["RUN echo onbuild"]}
    assert {key: config[key] for key in wanted} == wanted
    assert config["Env"][1:] == ["A=1", "B=2", "C=three four"]
    assert ask(engine, "GET", "/images/all/json")[1]["Author"] == "me"
    history = ask(engine, "GET", "/images/all/history")[1]
    steps = [one["CreatedBy"].replace("/bin/sh -x -c #(nop) ", "").replace("/bin/sh -c #(nop) ", "")
             for one in history]
    assert history[1]["CreatedBy"].startswith("/bin/sh -x -c #(nop)")   # after SHELL
    assert steps[:-2][::-1] == [
        " LABEL a=b c=d e", " ENV A=1 B=2", " ENV C=three four", "WORKDIR /app", "WORKDIR /app/2/x",
        " EXPOSE 80 81/udp", " VOLUME [/v /x]", " VOLUME [/w]", " USER nobody", " STOPSIGNAL SIGINT",
        " HEALTHCHECK --interval=5s CMD true", " MAINTAINER me", " SHELL [/bin/sh -x -c]",
        ' CMD ["cat" "/app/x.txt"]',
        ' ENTRYPOINT ["/bin/sh" "-x" "-c" "echo $A"]', " ONBUILD RUN echo onbuild"]
    assert history[0]["Tags"] == ["all:latest"] and all(one["Id"] != "<missing>" for one in history[:-1])


def test_an_entry_point_takes_the_command_of_the_image_below_away(engine):
    ok(engine, "FROM busybox\nENTRYPOINT [\"echo\", \"hello\"]\n", "t=one")
    ok(engine, "FROM busybox\nCMD [\"you\"]\nENTRYPOINT [\"echo\", \"hello\"]\n", "t=two")
    assert (config_of(engine, "one")["Cmd"], config_of(engine, "two")["Cmd"]) == (None, ["you"])
    assert run_to_end(engine, [], "two") == b"hello you\n"


CONTEXT = {"x.txt": b"x", "y.txt": b"y", "d": None, "d/one": b"1", "d/e": None, "d/e/two": b"2", "l": "x.txt"}
ARCHIVE = context_of("in a tar")


@pytest.mark.parametrize("copy, found", [
    ("COPY x.txt /new", {"/new": b"x"}), ("COPY x.txt /new/", {"/new/x.txt": b"x"}),
    ("COPY x.txt /tmp", {"/tmp/x.txt": b"x"}), ("COPY l /new", {"/new": b"x"}),
    ("COPY [l] /new/", {"/new/l": b"x"}),
    ("WORKDIR /w\nCOPY x.txt .", {"/w/x.txt": b"x"}), ("WORKDIR /w\nCOPY x.txt a/b", {"/w/a/b": b"x"}),
    ("COPY ?.txt /n/", {"/n/x.txt": b"x", "/n/y.txt": b"y"}),
    ("COPY [\"x.txt\", \"y.txt\", \"/n/\"]", {"/n/x.txt": b"x", "/n/y.txt": b"y"}),
    ("COPY d /n", {"/n/one": b"1", "/n/e/two": b"2"}),
    ("COPY d x.txt /n/", {"/n/one": b"1", "/n/x.txt": b"x"}),
    ("COPY . /n", {"/n/Dockerfile": None, "/n/d/e/two": b"2", "/n/x.txt": b"x"}),
    ("COPY /x.txt /n", {"/n": b"x"}), ("ADD x.txt /n", {"/n": b"x"}),
    ("ADD t.tar /n", {"/n/Dockerfile": b"in a tar"}), ("COPY t.tar /n", {"/n": ARCHIVE}),
    ("ARG F=x\nCOPY $F.txt /$F", {"/x": b"x"}),
    ("FROM busybox AS base\nRUN echo 1 > /one\nFROM busybox\nCOPY --from=base /one /two", {"/two": b"1\n"}),
    ("RUN echo 0 > /zero\nFROM redis:2.8\nCOPY --from=0 /zero /bin/cat /n/", {"/n/zero": b"0\n"}),
    ("COPY --from=redis:2.8 /bin/redis-cli /n", {"/n": None}), ("COPY --chown=1:1 x.txt /n", {"/n": b"x"}),
])
def test_copy_forms(engine, copy, found):
    ok(engine, "FROM busybox\n%s\n" % copy, "t=made", dict(CONTEXT, **{"t.tar": ARCHIVE}))
    identity = create(engine, ["true"], image="made")
    for path, content in found.items():
        with Wire(engine) as wire:
            status, _, body = wire.ask("GET", "/containers/%s/archive?path=%s" % (identity, path))
        assert status == 200, path
        with tarfile.open(fileobj=io.BytesIO(body)) as archive:
            member = archive.next()
            assert content is None or archive.extractfile(member).read() == content


FORBIDDEN = "COPY failed: forbidden path outside the build context: ../x ()"
NOT_FOUND = ("%s failed: file not found in build context or excluded by .dockerignore: stat nosuch: file does"
             " not exist")
BUILDKIT = "option requires BuildKit. Refer to https://docs.docker.com/go/buildkit/ to learn how"


@pytest.mark.parametrize("step, problem", [
    ("COPY nosuch /", NOT_FOUND % "COPY"), ("ADD nosuch /", NOT_FOUND % "ADD"),
    ("COPY nosuch* /", "COPY failed: no source files were specified"), ("COPY ../x /", FORBIDDEN),
    ("COPY x.txt y.txt /zz", "When using COPY with more than one source file, the destination must be a"
                             " directory and end with a /"),
    ("COPY --from=nosuch /a /b", "invalid from flag value nosuch: pull access denied for nosuch"),
    ("COPY --from=redis:2.8 /nosuch /b", "COPY failed: stat nosuch: file does not exist"),
    ("COPY --chmod=1 x.txt /", BUILDKIT), ("RUN --mount=type=secret,id=x true", BUILDKIT),
    ("ADD http://127.0.0.1:1/x /", "ADD failed: the practice engine downloads nothing: http://127.0.0.1:1/x"),
    ("COPY x.txt /etc/passwd/", "COPY failed: Not a directory"),
    ("RUN nosuch", "The command '/bin/sh -c nosuch' returned a non-zero code: 127"),
    ("RUN [\"nosuch\", \"a\"]", 'exec: "nosuch": executable file not found in $PATH'),
    ("RUN exit 3", "The command '/bin/sh -c exit 3' returned a non-zero code: 3"),
    ("RUN [\"/bin/false\"]", "The command '/bin/false' returned a non-zero code: 1"),
    ("USER ghost\nRUN true", "unable to find user ghost: no matching entries in passwd file"),
    ("EXPOSE 80/tcp a", "Invalid containerPort: a"),
    ("SHELL sh -c", "SHELL requires the arguments to be in JSON form"),
    ("FROM nosuch", "pull access denied for nosuch"),
    ("FROM busybox:nosuch", "manifest for busybox:nosuch not"),
    ("FROM Busybox", "invalid reference format: repository name (library/Busybox) must be lowercase"),
    ("FROM scratch\nRUN true", "stat /bin/sh: no such file or directory"),
    ("FROM scratch", "No image was generated. Is your Dockerfile empty?"),
])
def test_steps_that_fail_end_the_stream_with_an_error(engine, step, problem):
    status, messages = build(engine, "FROM busybox\n%s\n" % step, "t=never", CONTEXT)
    last = messages[-1]
    assert status == 200 and problem in last["error"]
    code = re.search("non-zero code: ([0-9]+)", last["error"])
    assert last["errorDetail"] == dict({"code": int(code.group(1))} if code else {}, message=last["error"])
    assert ask(engine, "GET", "/images/never/json")[0] == 404


@pytest.mark.parametrize("query, left", [("", 1), ("rm=1", 1), ("forcerm=1", 0), ("rm=0", 1)])
def test_the_container_of_a_failed_step_stays_without_forcerm(engine, query, left):
    _, messages = build(engine, "FROM busybox\nRUN true\nRUN echo a; exit 3\n", query)
    assert said(messages).count("Removing intermediate") == {"rm=0": 0, "forcerm=1": 2}.get(query, 1)
    containers = ask(engine, "GET", "/containers/json?all=1")[1]
    assert len(containers) == left + (query == "rm=0")
    assert [one["Status"].split(" ")[1] for one in containers][:left] == ["(3)"] * left


@pytest.mark.parametrize("dockerfile, query, status, problem", [
    ("FROM busybox\nNOSUCH x\n", "", 400, "dockerfile parse error line 2: unknown instruction: NOSUCH"),
    ("FROM busybox\n\nCOPY x\n", "", 400,
     "dockerfile parse error line 3: COPY requires at least two arguments, but only one was provided."
     " Destination could not be determined"),
    ("FROM busybox\nWORKDIR\n", "", 400,
     "dockerfile parse error line 2: WORKDIR requires exactly one argument"),
    ("FROM busybox\nRUN --x=1 true\n", "", 400, "dockerfile parse error line 2: Unknown flag: x"),
    ("FROM a b\n", "", 400, "dockerfile parse error line 1: FROM requires either one or three arguments"),
    ("FROM\n", "", 400, "dockerfile parse error line 1: FROM requires either one or three arguments"),
    ("FROM busybox\nLABEL =x\n", "", 400, "dockerfile parse error line 2: LABEL names can not be blank"),
    ("FROM busybox\nHEALTHCHECK x\n", "", 400,
     "dockerfile parse error line 2: Unknown type \"X\" in HEALTHCHECK (try CMD)"),
    ("FROM busybox\nONBUILD ONBUILD RUN x\n", "", 400,
     "dockerfile parse error line 2: Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"),
    ("FROM busybox\nONBUILD FROM x\n", "", 400,
     "dockerfile parse error line 2: FROM isn't allowed as an ONBUILD trigger"),
    ("FROM busybox\nEXPOSE\n", "", 400,
     "dockerfile parse error line 2: EXPOSE requires at least one argument"),
    ("FROM busybox\nENV A\n", "", 400, "failed to parse Dockerfile: ENV must have two arguments"),
    ("FROM busybox\nLABEL A=1 B\n", "", 400,
     "failed to parse Dockerfile: Syntax error - can't find = in \"B\". Must be of the form: name=value"),
    ("\n# x\n", "", 400, "failed to parse Dockerfile: file with no instructions"),
    ("RUN echo\n", "", 400, "no build stage in current context"),
    ("FROM busybox AS one\n", "target=two", 400, "failed to reach build target two in Dockerfile"),
    ("FROM busybox\n", "dockerfile=nosuch", 500, "Cannot locate specified Dockerfile: nosuch"),
    ("FROM busybox\n", "t=BAD", 500,
     "invalid reference format: repository name (library/BAD) must be lowercase"),
    ("FROM busybox\n", "version=3", 500, "invalid version \"3\""),
    ("FROM busybox\n", "version=2", 400,
     "BuildKit is not supported by this engine: the practice engine has the classic builder (version=1)"),
    ("", "remote=client-session", 400,
     "experimental session with v1 builder is no longer supported, use builder version v2 (BuildKit)"
     " instead"),
    ("", "remote=http://127.0.0.1:1/x", 501,
     "the practice engine downloads nothing: send the context as a tar"),
    ("FROM busybox\n", "buildargs=[]", 400, "error reading buildargs: an object of strings is wanted"),
])
def test_what_is_refused_before_a_build_begins(engine, dockerfile, query, status, problem):
    found, (answer,) = build(engine, dockerfile, query)
    assert (found, answer) == (status, {"message": problem})


def test_bodies_that_are_no_context(engine):
    for data, problem in ((b"", "Cannot locate specified Dockerfile: Dockerfile"),
                          (b"FROM busybox\n", "unexpected EOF"),
                          (b"junk" * 300, "archive/tar: invalid tar header"),
                          (context_of("FROM busybox", {"../out": b""}), None)):
        status, messages = send_tar(engine, "/build", data)
        # As in an engine, the names of a context begin at its root.
        assert (status, messages[-1].get("message")) == ((500, problem) if problem else (200, None))


def test_build_arguments(engine):
    args = json.dumps({"X": "ex", "U": "unused", "V": "2.8", "HTTP_PROXY": "p", "N": None})
    text = said(ok(engine, "ARG V=latest\nFROM redis:${V}\nARG X\nARG Y=def\nARG V\n"
                           "RUN echo $X $Y ${Z:-z} $V\nENV Y=env\nRUN echo $Y\n",
                   "t=made&buildargs=" + urllib.parse.quote(args)))
    assert "Step 2/8 : FROM redis:${V}\n" in text and "\nex def z 2.8\n" in text and "\nenv\n" in text
    assert "[Warning] One or more build-args [N U] were not consumed\n" in text
    history = [one["CreatedBy"] for one in ask(engine, "GET", "/images/made/history")[1]]
    assert history[2] == "|3 V=2.8 X=ex Y=def /bin/sh -c echo $X $Y ${Z:-z} $V"
    assert history[0] == "|2 V=2.8 X=ex /bin/sh -c echo $Y"
    assert config_of(engine, "made")["Env"][-1] == "Y=env"


def test_stages_and_targets(engine):
    dockerfile = "FROM busybox AS One\nRUN echo 1 > /one\nFROM one\nRUN cat /one\n"
    messages = ok(engine, dockerfile)
    assert said(messages).count("(aux)") == 2 and "\n1\n" in said(messages)
    for target in ("one", "0"):
        text = said(ok(engine, dockerfile, "target=" + target))
        assert text.startswith("Step 1/2 :") and text.count("Step") == 2


def test_triggers_labels_and_quiet(engine):
    ok(engine, "FROM busybox\nONBUILD RUN echo onbuild\nONBUILD ENV A=1\n", "t=base")
    text = said(ok(engine, "FROM base\nRUN echo x $A\n", "t=made"))
    assert text.startswith("Step 1/2 : FROM base\n# Executing 2 build triggers\n"
                           " ---> Running in ID\nonbuild\n")
    assert "\nx 1\n" in text and config_of(engine, "made")["OnBuild"] is None
    labels = urllib.parse.quote('{"X":"e x"}')
    assert "Step 2/2 : LABEL X='e x'\n" in said(ok(engine, "FROM busybox\n", "t=made&labels=" + labels))
    assert config_of(engine, "made")["Labels"] == {"X": "e x"}
    status, messages = build(engine, "FROM redis\nRUN echo x\n", "q=1&t=quiet")
    assert messages == [{"stream": ask(engine, "GET", "/images/quiet/json")[1]["Id"] + "\n"}]
    status, messages = build(engine, "FROM busybox\nRUN echo x; exit 2\n", "q=1")
    assert said(messages[:1]) == "Step 1/2 : FROM busybox" and messages[-1]["errorDetail"]["code"] == 2


def test_an_image_that_is_not_here_is_pulled(engine):
    _, messages = build(engine, "FROM hello-world\n", "t=mine")
    assert any(one.get("status", "").startswith("Status: Downloaded newer image") for one in messages)
    assert b"Hello from a practice container!" in run_to_end(engine, [], "mine")
    _, messages = build(engine, "FROM busybox\n", "pull=1")
    assert any(one.get("status", "").startswith("Status: Image is up to date") for one in messages)


def test_a_client_that_goes_ends_the_step(engine):
    data = context_of("FROM busybox\nRUN echo on; sleep 600\n")
    with Wire(engine) as wire:
        wire.send(b"POST /build HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(data) + data)
        wire.until(b'"on')
        assert len(ask(engine, "GET", "/containers/json")[1]) == 1
    eventually(lambda: ask(engine, "GET", "/containers/json")[1] == [])


def test_prune_and_cancel(engine):
    assert ask(engine, "POST", "/build/prune?all=1") == (200, {"CachesDeleted": None, "SpaceReclaimed": 0})
    target = "/build/prune?filters=" + urllib.parse.quote('{"nosuch":["1"]}')
    message = "failed to prune build cache: Invalid filter 'nosuch'"
    assert ask(engine, "POST", target) == (400, {"message": message})
    assert ask(engine, "POST", "/build/cancel?id=a")[0] == 200
    assert ask(engine, "POST", "/build/cancel") == (500, {"message": "build ID not provided"})


@pytest.mark.parametrize("word, expected", [
    ("a", "a"), ("$A", "1"), ("${A}b", "1b"), ("$AB", ""), ("'$A'", "$A"), ('"$A \'x\'"', "1 'x'"),
    ('"a\\"b\\n"', 'a"b\\n'), ("\\$A", "$A"), ("a\\ b", "a b"), ("${N:-d$A}", "d1"), ("${A:-d}", "1"),
    ("${A:+yes}", "yes"), ("${N:+yes}", ""), ("$", "$"), ("${A", "${A"), ("x'y z'\"w\"", "xy zw"),
])
def test_variables_and_quotes(word, expected):
    assert expanded_word(word, {"A": "1"}) == expected
    assert dockerfile_words("one %s  two" % word) == ["one", word, "two"]


def test_steps_have_flags_and_lines():
    steps = dockerfile_steps("# c\nfrom --platform=linux/amd64 a as b\nRUN a \\\n # c\n\n  b\n"
                        "HEALTHCHECK --retries=1 CMD x\n")
    assert steps[0][:] == ("FROM", {"platform": "linux/amd64"}, "a as b", 2)
    assert (steps[1].keyword, steps[1].text.split(), steps[1].line) == ("RUN", ["a", "b"], 3)
    assert steps[2].text == "--retries=1 CMD x"
    with pytest.raises(PracticeRefusal):
        dockerfile_steps("FROM a\nRUN --nosuch x\n")
