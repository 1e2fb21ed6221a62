"""Command lines that docker 28.2.2 answers without an engine, and what it answered: mistakes, and help pages.

MISTAKES has a command line a line. docker-28.2.2/offline/mistakes.json has docker's {"status", "out", "err"}
of each, and pages.json what the help page of each command says: its usage, what it does, its aliases and its
flags ("-n, --last int (default -1)"). completions.json has what may come next on a command line, where
docker knows something: {"texts": […], "directive": 4}. `tools/record-docker --offline` writes all three.
"""
import json
import os
import re
import shlex

from tests.forked import run
from tests.live.docker_cli import TABLES

RECORDS = os.path.join(TABLES, "offline")
NOBODY = "unix:///nonexistent/docker.sock"

MISTAKES = r"""
foo
""
foo --bar
Ps
container nosuch
container nosuch -x
container lss -a
container -x
container --nosuch ls
container help
image nosuch
network nosuch
context nosuch
context create
context create a b
context export
context import x
context inspect -z
context list extra
context rm
context show extra
context update
context use -z
system nosuch
volume nosuch
volume -z ls
help nosuch
help container nosuch
help ps extra
--nosuch
--nosuch ps
-z ps
-H
-c
--host
--context
-H a -H b ps
--version=maybe
ps extra
ps -
ps -- -a
ps --nosuch
ps --nosuch=1
ps --wire-nosuch
ps -z
ps -az
ps -n
ps -qn
ps -n x
ps -nx
ps -n=
ps -n 1.5
ps --last x
ps --last=
ps -n 99999999999999999999
ps -n 08
ps -n 1__0
ps --format
ps -a=maybe
ps --all=maybe
ps --no-trunc=
ps -a=
ps -f x
ps --filter x
ps --=x
ps ---
container ls extra
container list -z
container ps -n x
images a b
images -z
images -f x
images --digests=x
image ls a b
image ls --filter x
pull
pull a b
pull --nosuch a
pull -a x:y
pull --quiet=x a
image pull
rmi
rmi -z a
image rm
image remove
image rmi
image rm --force=x a
version extra
version --nosuch
version -f
info extra
info -z
system info extra
system info --format
inspect
inspect -z a
inspect --type
inspect --type foo x
inspect --size=x a
container inspect
image inspect
volume inspect
network inspect
logs
logs a b
logs -z a
logs -fn
logs --follow=x a
logs -n
container logs
events extra
events --nosuch
events -f x
events --since
system events extra
attach
attach a b
attach --nosuch a
attach --sig-proxy=x a
attach --detach-keys
start
start -z a
start -a a b
start -ai a b
start -i a b
start --attach=x a
start --checkpoint
start --checkpoint c a b
stop
stop -t x a
stop --timeout x a
stop --timeout= a
stop --time x a
stop -t
stop -s
container stop
restart
restart -t x a
restart --nosuch a
kill
kill -s
kill --nosuch a
rm
rm -z a
rm -fz a
rm --force=2 a
container rm
container remove
wait
wait --nosuch a
rename
rename a
rename a b c
rename "" b
rename a ""
rename -z a b
exec
exec a
exec -z
exec -e
exec -e =x a b
exec -e "" a b
exec -itz a b
exec --nosuch a b
exec --privileged=x a b
exec --env-file /nonexistent/file a b
container exec a
run
run --nosuch
run --nosuch busybox
run -z busybox
run -itz busybox
run -p
run -it=x busybox
run --rm=x busybox
run --env
run -e =x busybox
run --memory x busybox
run --cpus x busybox
run --pids-limit x busybox
run --mount x busybox
run --stop-timeout x busybox
run --health-interval x busybox
run --ip x busybox
run --rm --restart always busybox
run -d -a stdin busybox
run UPPER
run ""
container run
container run --nosuch busybox
container run UPPER
create
create --nosuch busybox
create -d busybox
create UPPER
create -p x busybox
container create
update
update a
update --nosuch a
update -m x a
commit
commit a b c
commit -z a
cp
cp a
cp a b
cp a:b c:d
cp '' b
cp a ''
cp -z a b
cp --nosuch a b
cp -q=x a b
container cp a b c
diff
diff a b
export
export a b
export -o
save
save -z a
save -o
load a
load -z
load -i
load -i /nonexistent/file
image load a
import
import -z a
import /nonexistent/file
import /nonexistent/file Upper
import /dev/null Upper
import /dev/null a@b
import ""
image import
image save
pause
unpause
port
port a b c
top
stats -z
stats --no-stream=x
container prune extra
container prune --filter x
container prune -z
volume create a b
volume create -z
volume create --driver
volume ls extra
volume ls -f x
volume rm
volume remove -z a
volume prune extra
volume prune --filter x
build
build a b
build -z
build --nosuch
build -t UPPER .
build -t
build --build-arg =x .
build --label =x .
build --memory 5z .
build --memory-swap z .
build --shm-size z .
build --ulimit x .
build --ulimit nofile=5:4 .
build --add-host x .
build --cpu-shares x .
build -f - -
build /nonexistent
image build
builder nosuch
builder -z
builder build
builder prune extra
builder prune -z
builder prune --filter x
builder prune --keep-storage z
volume update
network create
network create a b
network create -z a
network ls extra
network list -f x
network rm
network connect a
network connect --nosuch a b
network disconnect a
network prune extra
system df extra
system df --verbose=x
system prune extra
system prune -z
search
search a b
search --limit x a
tag a
tag a b c
push
push a b
login
login a b
login -z
login -u
login -u u
login -p x
login -p x localhost:1
login -u u -p ""
login -u "" -p x
login -u u -p x --password-stdin
login --password-stdin
login -u u --password-stdin
logout a b
logout -z
history
history a b
history -z a
image prune extra
"""


# What is typed beside the flags of all pages, and the flags whose values depend on the environment.
COMPLETIONS = r"""
r
contain
container r
run --cap
run --pull=
run --pull=ne
run --restart un
run --cap-add CAP_NET
kill --signal=RTMIN+1
run --security-opt seccomp=
run --security-opt label=
run --security-opt systempaths=u
run --log-driver json-file --log-opt ''
run --log-driver local --log-opt ''
run --log-driver none --log-opt ''
run --log-driver journald --log-opt ''
run --log-driver syslog --log-opt ''
run --log-driver syslog --log-opt tag
run --log-driver gelf --log-opt ''
run --log-driver fluentd --log-opt ''
run --log-driver splunk --log-opt ''
run --log-driver awslogs --log-opt ''
run --log-driver gcplogs --log-opt ''
events --filter ty
events --filter type=
events --filter type=c
events --filter event=
events --filter event=exec_
events --filter scope=
-l ''
--log-level e
inspect --type v
"""
ENVIRONMENT_FLAGS = ("--env",)


def lines():
    return [line for line in MISTAKES.split("\n") if line]


def ended(argv):
    """Run a command line where no engine is → {"status", "out", "err"}."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("DOCKER_")}
    environment.update(DOCKER_HOST=NOBODY, DOCKER_CONFIG="/nonexistent", HOME="/nonexistent", COLUMNS="80")
    process = run(argv, env=environment)
    return {"status": process.returncode, "out": process.stdout.decode(), "err": process.stderr.decode()}


def candidates(argv, line):
    """What a program's `__complete` gives for the last word of `line` → {"texts", "directive"}.

    The texts are sorted, and each is what docker's scripts offer: it begins with that word.
    """
    words = shlex.split(line)
    found = ended(argv + ["__complete"] + words)["out"].splitlines()
    typed = words[-1].partition("=")[2] if words[-1].startswith("-") else words[-1]
    texts = [text.partition("\t")[0] for text in found[:-1]]
    return {"texts": sorted(text for text in texts if text.startswith(typed)),
            "directive": int(found[-1].lstrip(":"))}


def completion_lines(pages):
    """The command lines whose next word is recorded: the values of every flag of `pages`, and COMPLETIONS."""
    found = COMPLETIONS.split("\n")[1:-1]
    for path, facts in pages.items():
        flags = [re.search("--[a-z0-9-]+", flag).group() for flag in facts["flags"]
                 if " " in flag.split(", ")[-1]]
        found += [("%s %s ''" % (path, flag)).strip() for flag in flags if flag not in ENVIRONMENT_FLAGS]
        found += [("%s ''" % path).strip()] if facts["verbs"] else []
    return found


def page_facts(page):
    """What a help page says → {"usage", "help", "aliases", "flags", "verbs"}."""
    head, *sections = re.split(r"\n\n(?=[A-Z][A-Za-z ]*:\n)", page)
    usage, _, text = head.partition("\n\n")
    facts = {"usage": usage.partition(":")[2].strip(), "help": text.strip(), "aliases": [], "flags": [],
             "verbs": []}
    for section in sections:
        title, _, body = section.partition(":\n")
        if title == "Aliases":
            facts["aliases"] = body.strip().split(", ")
        elif title.endswith("Options"):
            facts["flags"] = flag_facts(body)
        elif title.endswith("Commands"):
            facts["verbs"] += re.findall(r"(?m)^  ([a-z]+)\*? ", body)
    return facts


def flag_facts(body):
    """The lines of a page's Options → "-n, --last int (default -1)", one for each flag."""
    found = []
    for text in re.findall(r"(?ms)^(?:  -|      --).*?(?=^  -|^      --|\Z)", body.partition("\n\n")[0]):
        spelled = re.match(" +((?:-., )?--?[^ ]+(?: [^ ]+)?)(?:   |$)", text)
        default = re.search(r"[(]default ([^ )]+)[)]$", " ".join(text.split()))
        if spelled:
            found.append(spelled.group(1) + (" (default %s)" % default.group(1) if default else ""))
    return found


def read_offline(name):
    with open(os.path.join(RECORDS, name + ".json"), encoding="utf-8") as file:
        return json.load(file)


def record_offline(cli):
    """Write down what the docker command line `cli` answers."""
    def write(name, rows):
        texts = ["%s: %s" % (json.dumps(key), json.dumps(row, ensure_ascii=False))
                 for key, row in rows.items()]
        with open(os.path.join(RECORDS, name + ".json"), "w", encoding="utf-8") as file:
            file.write("{\n " + ",\n ".join(texts) + "\n}\n")

    def visit(path):
        pages[" ".join(path)] = facts = page_facts(ended([cli.path] + path + ["--help"])["out"])
        for verb in facts["verbs"]:
            visit(path + [verb])

    pages = {}
    os.makedirs(RECORDS, exist_ok=True)
    write("mistakes", {line: ended([cli.path] + shlex.split(line)) for line in lines()})
    visit([])
    write("pages", pages)
    found = [(line, candidates([cli.path], line)) for line in completion_lines(pages)]
    write("completions", {line: row for line, row in found if row["texts"]})
