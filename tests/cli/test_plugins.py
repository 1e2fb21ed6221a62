"""The docker CLI's plugins: found, listed, run, completed, and their hooks; with scripted plugins.

What docker 28.2.2 does was recorded with plugins of these scripts. The texts here are its own.
"""
import json
import shlex
import signal
import subprocess
import sys
import time

import pytest

from rawdock.cli.plugins import find_plugin, read_metadata, read_plugins
from rawdock.errors import UsageError
from tests.cli.scripted_socket import clean_environment, run_to_end
from tests.net.fake_engine import FakeEngine, with_patience
from tests.window import Window

FACTS = {"SchemaVersion": "0.1.0", "Vendor": "Me", "Version": "v1", "ShortDescription": "does it"}
SHOW = r"""
printf '[%s]' "$@"; echo
env | grep -E '^(DOCKER|OTEL)' | sort
exit ${STATUS:-0}
"""
NO_ENGINE = "unix:///nonexistent/engine"


def write_plugin(folder, name, script="", metadata=None, mode=0o755):
    """A plugin docker-NAME in `folder`: `metadata` (None: FACTS) is what it says about itself."""
    metadata = json.dumps(FACTS) if metadata is None else metadata
    head = "#!/bin/sh\nif [ \"$1\" = docker-cli-plugin-metadata ]; then\nprintf '%%s' '%s'\nexit\nfi\n"
    path = folder / ("docker-" + name)
    path.write_text(head % metadata.replace("'", "'\\''") + script, encoding="utf-8")
    path.chmod(mode)
    return path


@pytest.fixture
def config(tmp_path):
    """A configuration directory with the folder cli-plugins."""
    (tmp_path / "config" / "cli-plugins").mkdir(parents=True)
    return tmp_path / "config"


@pytest.fixture
def plugins(config):
    return config / "cli-plugins"


def environment(config, **more):
    more.setdefault("DOCKER_HOST", NO_ENGINE)
    return clean_environment(DOCKER_CONFIG=str(config), **more)


def run(rawdock_command, config, *words, **more):
    stdin = more.pop("stdin", b"")
    return run_to_end(rawdock_command + list(words), stdin, env=environment(config, **more))


def never(name):
    return False


# What a plugin says about itself, and docker 28.2.2's words for what is wrong with it.
BAD_METADATA = [
    ('{"SchemaVersion":"0.2.0","Vendor":"x"}', 'plugin SchemaVersion "0.2.0" is not valid, must be 0.1.0'),
    ("null", 'plugin SchemaVersion "" is not valid, must be 0.1.0'),
    ('{"SchemaVersion":"0.1.0"}', "plugin metadata does not define a vendor"),
    ("no", "invalid metadata: invalid character 'o' in literal null (expecting 'u')"),
    ("tru", "invalid metadata: unexpected end of JSON input"),
    ("hello", "invalid metadata: invalid character 'h' looking for beginning of value"),
    ("", "invalid metadata: unexpected end of JSON input"),
    ('{"SchemaVersion":', "invalid metadata: unexpected end of JSON input"),
    ('{"SchemaVersion":1,"Vendor":"x"}', "invalid metadata: json: cannot unmarshal number into Go struct "
                                         "field Metadata.SchemaVersion of type string"),
    ('{"SchemaVersion":"0.1.0","Vendor":{}}', "invalid metadata: json: cannot unmarshal object into Go "
                                              "struct field Metadata.Vendor of type string"),
    ('{"SchemaVersion":true}', "invalid metadata: json: cannot unmarshal bool into Go struct field "
                               "Metadata.SchemaVersion of type string"),
    ("[1]", "invalid metadata: json: cannot unmarshal array into Go value of type metadata.Metadata"),
    ('"x"', "invalid metadata: json: cannot unmarshal string into Go value of type metadata.Metadata"),
    ('{"SchemaVersion":"0.1.0","Vendor":"x"} {}',
     "invalid metadata: invalid character '{' after top-level value"),
    ("{a}", "invalid metadata: invalid character 'a' looking for beginning of object key string"),
    ('{"a" 1}', "invalid metadata: invalid character '1' after object key"),
    ('{"a":1 "b":2}', "invalid metadata: invalid character '\"' after object key:value pair"),
    ('{"a":1,}', "invalid metadata: invalid character '}' looking for beginning of object key string"),
    ('{"a":"\\q"}', "invalid metadata: invalid character 'q' in string escape code"),
    ('{"a":"\tb"}', "invalid metadata: invalid character '\\t' in string literal"),
    ("\u00e9", "invalid metadata: invalid character '\u00c3' looking for beginning of value"),
    ("'a'", "invalid metadata: invalid character '\\'' looking for beginning of value"),
]


@pytest.mark.parametrize("text, error", BAD_METADATA)
def test_what_is_wrong_with_metadata_is_said_in_dockers_words(text, error):
    assert read_metadata(text.encode())[1] == error


def test_the_case_of_a_name_and_null_do_not_count():
    text = b'{"schemaversion":"0.1.0","VENDOR":"x","ShortDescription":null,"Other":[1]}'
    assert read_metadata(text) == ({"SchemaVersion": "0.1.0", "Vendor": "x"}, None)


def test_a_name_with_a_line_end_is_refused_in_one_line():
    error = read_plugins({"two\nlines": "/docker-x"}, never)[0].error
    assert error == 'plugin candidate "two\\nlines" did not match "^[a-z][a-z0-9]*$"'


def plugin_section(page, title):
    return page.partition("\n%s:\n" % title)[2].partition("\n\n")[0].splitlines()


@pytest.fixture
def many(plugins):
    """Plugins that can be used, and others → the lines of the help about the others."""
    write_plugin(plugins, "good")
    write_plugin(plugins, "x10", metadata=json.dumps(dict(FACTS, ShortDescription="two\nlines \x1b[31mred")))
    write_plugin(plugins, "x2", metadata='{"SchemaVersion":"0.1.0","Vendor":"You"}')
    write_plugin(plugins, "noexec", mode=0o644)
    write_plugin(plugins, "novendor", metadata='{"SchemaVersion":"0.1.0"}')
    for name in ("Bad_name", "ps", "network"):
        write_plugin(plugins, name)
    for name, text in (("fails", "#!/bin/sh\nexit 3\n"), ("sig9", "#!/bin/sh\nkill -9 $$\n"),
                       ("noformat", "xyz")):
        (plugins / ("docker-" + name)).write_text(text, encoding="utf-8")
        (plugins / ("docker-" + name)).chmod(0o755)
    (plugins / "docker-dangling").symlink_to("/nonexistent/plugin")
    (plugins / "docker-folder").mkdir()
    (plugins / "other").write_text("", encoding="utf-8")
    start = "failed to fetch metadata: fork/exec %s/docker-" % plugins
    return ["  Bad_name    plugin candidate \"Bad_name\" did not match \"^[a-z][a-z0-9]*$\"",
            "  dangling    %sdangling: no such file or directory" % start,
            "  fails       failed to fetch metadata: exit status 3",
            "  network     plugin \"network\" duplicates builtin command",
            "  noexec      %snoexec: permission denied" % start,
            "  noformat    %snoformat: exec format error" % start,
            "  novendor    plugin metadata does not define a vendor",
            "  ps          plugin \"ps\" duplicates builtin command",
            "  sig9        failed to fetch metadata: signal: killed"]


@pytest.mark.parametrize("words", [["--help"], ["help"]])
def test_the_help_lists_plugins_usable_or_not(rawdock_command, config, many, words):
    page = run(rawdock_command, config, *words).out.decode()
    managed = plugin_section(page, "Management Commands")
    assert [line for line in managed if "*" in line] == [
        "  good*       does it", "  x10*        two lines \\x1b[31mred", "  x2*         "]
    assert managed == sorted(managed) and len(managed) > 3
    assert plugin_section(page, "Invalid Plugins") == many


def test_info_lists_plugins_and_warns_of_others(rawdock_command, config, plugins, many):
    ran = run(rawdock_command, config, "info")
    assert ran.out.decode().partition("\n Plugins:\n")[2].partition("\n\n")[0].splitlines() == [
        "  good: does it (Me)", "    Version:  v1", "    Path:     %s/docker-good" % plugins,
        "  x2:  (You)", "    Path:     %s/docker-x2" % plugins,
        "  x10: two lines \\x1b[31mred (Me)", "    Version:  v1", "    Path:     %s/docker-x10" % plugins]
    assert ran.err.decode().splitlines()[:-1] == [
        'WARNING: Plugin "%s/docker-%s" is not valid: %s' % ((plugins,) + tuple(line.split(None, 1)))
        for line in many]


def test_what_is_no_plugin_is_an_unknown_command(rawdock_command, config, many):
    for name in ("novendor", "Bad_name", "fails", "sig9", "noexec", "noformat", "dangling", "folder"):
        ran = run(rawdock_command, config, name, "a")
        assert (ran.status, ran.out) == (1, b"")
        assert ran.err.decode().startswith("rawdock: unknown command: rawdock %s\n\n" % name)
    assert run(rawdock_command, config, "help", "fails").err == b"unknown help topic: fails\n"


@pytest.mark.school
def test_info_as_json_has_the_plugins(rawdock_command, config, plugins):
    from rawdock import PracticeEngine
    write_plugin(plugins, "good")
    write_plugin(plugins, "bad", metadata="{}")
    with PracticeEngine() as engine:
        ran = run(rawdock_command, config, "info", "--format", "{{json .ClientInfo.Plugins}}",
                  DOCKER_HOST=engine.address)
    assert json.loads(ran.out.decode()) == [
        {"Name": "bad", "Path": "%s/docker-bad" % plugins,
         "Err": 'plugin SchemaVersion "" is not valid, must be 0.1.0'},
        dict(FACTS, Name="good", Path="%s/docker-good" % plugins)]


def test_what_a_plugin_is_given(rawdock_command, config, plugins):
    write_plugin(plugins, "show", SHOW)
    ran = run(rawdock_command, config, "show", "-x", "--y=z", "", "a b", STATUS="7")
    lines = ran.out.decode().splitlines()
    assert (ran.status, ran.err, lines[0]) == (7, b"", "[show][-x][--y=z][][a b]")
    found = dict(line.split("=", 1) for line in lines[1:])
    socket_name = found.pop("DOCKER_CLI_PLUGIN_SOCKET")
    assert socket_name.startswith("@docker_cli_") and len(socket_name) == len("@docker_cli_") + 32
    assert found.pop("DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND")
    assert found == {"DOCKER_CONFIG": str(config), "DOCKER_HOST": NO_ENGINE,
                     "OTEL_RESOURCE_ATTRIBUTES": "docker.cli.cobra.command_path=docker%20show"}
    ran = run(rawdock_command, config, "show", OTEL_RESOURCE_ATTRIBUTES=" a=b ")
    assert b"OTEL_RESOURCE_ATTRIBUTES=a=b,docker.cli.cobra.command_path=docker%20show\n" in ran.out


@pytest.mark.parametrize("words, given", [
    (["-H", "tcp://127.0.0.1:5", "show", "--x"], "[-H][tcp://127.0.0.1:5][show][--x]"),
    (["--host=tcp://127.0.0.1:5", "show"], "[--host=tcp://127.0.0.1:5][show]"),
    (["-cnosuch", "show", "-c", "x"], "[-cnosuch][show][-c][x]"),
    (["--context", "nosuch", "show"], "[--context][nosuch][show]"),
    (["help", "show", "sub"], "[help][show][sub]"), (["show", "--help"], "[show][--help]"),
    (["--help", "show"], "[--help][show]"), (["-v", "show"], "[-v][show]"), (["--", "show"], "[--][show]"),
])
def test_the_global_flags_are_passed_on(rawdock_command, config, plugins, words, given):
    write_plugin(plugins, "show", SHOW)
    ran = run(rawdock_command, config, *words)
    assert (ran.status, ran.err, ran.out.decode().splitlines()[0]) == (0, b"", given)


def test_standard_input_is_the_plugins_own(rawdock_command, config, plugins):
    write_plugin(plugins, "copy", "cat; echo err >&2\n")
    ran = run(rawdock_command, config, "copy", stdin=b"in\n")
    assert (ran.status, ran.out, ran.err) == (0, b"in\n", b"err\n")


def test_which_file_of_several_is_run(rawdock_command, config, plugins, tmp_path):
    extra = tmp_path / "extra"
    extra.mkdir()
    for folder in (extra, plugins):
        write_plugin(folder, "both", "echo %s\n" % folder)
    (extra / "docker-link").symlink_to("/nonexistent/plugin")
    write_plugin(plugins, "link", "echo link\n")
    (config / "config.json").write_text(json.dumps({"cliPluginsExtraDirs": [str(extra), "/nonexistent", 7]}),
                                        encoding="utf-8")
    assert run(rawdock_command, config, "both").out == b"%s\n" % str(extra).encode()
    assert run(rawdock_command, config, "link").out == b"link\n"
    (config / "config.json").write_text("no JSON", encoding="utf-8")
    assert run(rawdock_command, config, "both").out == b"%s\n" % str(plugins).encode()


def test_a_plugin_never_takes_the_place_of_a_command(rawdock_command, config, plugins, tmp_path):
    marker = tmp_path / "run"
    for name in ("ps", "network", "nc", "GET", "ls"):
        write_plugin(plugins, name, "touch %s\n" % marker)
    (plugins / "docker-other").write_text("#!/bin/sh\ntouch %s\n" % marker, encoding="utf-8")
    (plugins / "docker-other").chmod(0o755)
    assert run(rawdock_command, config, "ps").err.startswith(b"Cannot connect to the Docker daemon")
    run(rawdock_command, config, "network", "ls")
    run(rawdock_command, config, "nosuch")
    run(rawdock_command, config, "--version")
    assert not marker.exists()


AUDIT = """
import sys
from rawdock.main import main
seen = []
def note(event, values):
    if event != "compile":   # of a module whose bytecode is not there yet: its text is no look for plugins
        seen.append((event, str(values)))
sys.addaudithook(note)
main(sys.argv[1:])
print([one for one in seen if "cli-plugins" in one[1] or "docker-" in one[1] or one[0] == "subprocess.Popen"])
"""


@pytest.mark.skipif(sys.version_info < (3, 8), reason="this Python has no audit hooks")
def test_no_command_looks_for_plugins(config, plugins):
    write_plugin(plugins, "show", SHOW)

    def looks(*words):
        ran = run([sys.executable, "-c", AUDIT], config, *words)
        return ran.out.decode().splitlines()[-1]

    assert looks("ps") == looks("container", "ls") == looks("version") == looks("--version") == "[]"
    assert "cli-plugins" in looks("--help")


@pytest.mark.school
def test_a_plugin_may_use_the_practice_engine(rawdock_command, config, plugins):
    write_plugin(plugins, "show", SHOW)
    words = map(shlex.quote, rawdock_command + ["version", "--format", "{{.Server.Version}}"])
    write_plugin(plugins, "ask", " ".join(words) + "\n")
    for words, more in ((["-H", "practice:", "-c", ""], {}), ([], {"DOCKER_HOST": "practice:"})):
        words = words[:2]
        ran = run(rawdock_command, config, *(words + ["ask"]), **more)
        assert ran.status == 0 and b"practice" in ran.out, ran
        ran = run(rawdock_command, config, *(words + ["show", "-H", "x"]), **more)
        lines = ran.out.decode().splitlines()
        assert lines[0] == "[show][-H][x]" and any(line.startswith("DOCKER_HOST=unix:///") for line in lines)


@pytest.mark.school
@pytest.mark.parametrize("flag", ["--wire", "--dry-run", "--dry-run=nc"])
def test_flags_of_the_school_are_not_for_plugins(rawdock_command, config, plugins, tmp_path, flag):
    write_plugin(plugins, "show", "touch %s\n" % (tmp_path / "run"))
    ran = run(rawdock_command, config, flag, "show")
    assert ran.status == 1 and ran.err.count(b"\n") == 1 and b"show is a plugin" in ran.err
    assert not (tmp_path / "run").exists()


# -- signals

class RunningPlugin:
    """A rawdock that runs the plugin `name`, which has written "ready"."""

    def __init__(self, command, config, name):
        self.process = subprocess.Popen(command + [name], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=environment(config))
        assert self.process.stdout.readline() == b"ready\n"

    def end(self):
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


TRAPS = """
for name in INT TERM HUP USR1; do trap "echo $name; exit 5" $name; done
echo ready
while :; do sleep 0.05; done
"""
CONNECTED = """#!%s
import json, os, socket, sys
if sys.argv[1:] == ["docker-cli-plugin-metadata"]:
    print(%r)
    sys.exit()
ends = int(os.environ.get("ENDS", "1"))
connection = socket.socket(socket.AF_UNIX)
connection.connect("\\0" + os.environ["DOCKER_CLI_PLUGIN_SOCKET"][1:])
print("ready", flush=True)
print("end", connection.recv(1), flush=True)
if sys.argv[-1] == "stubborn":
    while True:
        sys.stdin.read()
        import time
        time.sleep(0.05)
sys.exit(4)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
def test_a_signal_reaches_the_plugin(rawdock_command, config, plugins, number):
    write_plugin(plugins, "waiter", TRAPS)
    running = RunningPlugin(rawdock_command, config, "waiter")
    running.process.send_signal(number)
    assert running.end() == (5, b"%s\n" % number.name[3:].encode(), b"")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="abstract sockets are Linux's")
def test_a_plugin_that_has_connected_sees_the_end_of_its_connection(rawdock_command, config, plugins):
    for name in ("connected", "stubborn"):
        (plugins / ("docker-" + name)).write_text(CONNECTED % (sys.executable, json.dumps(FACTS)),
                                                  encoding="utf-8")
        (plugins / ("docker-" + name)).chmod(0o755)
    running = RunningPlugin(rawdock_command, config, "connected")
    running.process.send_signal(signal.SIGTERM)
    assert running.end() == (4, b"end b''\n", b"")
    running = RunningPlugin(rawdock_command, config, "stubborn")
    running.process.send_signal(signal.SIGTERM)
    assert running.process.stdout.readline() == b"end b''\n"
    running.process.send_signal(signal.SIGINT)
    # Signals of one number are merged while one is pending, so they are sent until the third has come.
    end = time.monotonic() + 60
    while running.process.poll() is None and time.monotonic() < end:
        running.process.send_signal(signal.SIGTERM)
        time.sleep(0.02)
    assert running.end() == (1, b"", b"got 3 SIGTERM/SIGINTs, forcefully exiting\n")


def test_a_plugin_that_a_signal_ends_is_status_255(rawdock_command, config, plugins):
    write_plugin(plugins, "dies", "kill -9 $$\n")
    ran = run(rawdock_command, config, "dies")
    assert (ran.status, ran.out, ran.err) == (255, b"", b"")


def test_the_keys_of_a_terminal_reach_the_plugin_once(rawdock_command, config, plugins):
    write_plugin(plugins, "waiter", "trap 'echo INT; count=x$count' INT\necho ready\n"
                                    "while [ -z \"$count\" ]; do sleep 0.05; done\n"
                                    "read line\necho [$line] $count\n")
    with Window(rawdock_command + ["waiter"], env=environment(config)) as window:
        window.wait_for("ready")
        window.type("\x03")
        window.wait_for("INT\r\n")
        window.type("hello\n")
        window.wait_for("[hello] x\r\n")
        assert window.end().status == 0


# -- a plugin that hangs

def runs(pid):
    """Whether the process `pid` (str) is there, and no zombie that its parent has not looked at yet."""
    ran = run_to_end(["ps", "-o", "stat=", "-p", pid])
    return ran.out.strip() not in (b"", b"Z")


def test_a_plugin_that_hangs_is_killed_with_all_it_has_started(plugins, tmp_path):
    pids = tmp_path / "pids"
    hang = plugins / "docker-hang"
    hang.write_text("#!/bin/sh\nsleep 1000 &\necho $$ $! > %s\necho '{'\nwait\n" % pids, encoding="utf-8")
    hang.chmod(0o755)
    write_plugin(plugins, "good")

    def attempt(limit):
        found = read_plugins({"hang": str(hang), "good": str(plugins / "docker-good")}, never, seconds=limit)
        assert [(one.name, one.error) for one in found] == [
            ("hang", "failed to fetch metadata: no answer within %g seconds" % limit), ("good", None)]
        for pid in pids.read_text(encoding="utf-8").split():   # what is killed has its end a little later
            FakeEngine.wait_for(lambda: not runs(pid))
    with_patience(attempt, 1.0, 20.0)


def test_a_plugin_that_says_too_much_is_invalid(plugins):
    endless = plugins / "docker-endless"
    endless.write_text("#!/bin/sh\nexec yes\n", encoding="utf-8")
    endless.chmod(0o755)
    found = read_plugins({"endless": str(endless)}, never, seconds=60.0)
    assert "longer than 1048576 bytes" in found[0].error and not found[0].late


def test_a_plugin_that_hangs_is_one_line(config, plugins, monkeypatch):
    monkeypatch.setenv("DOCKER_CONFIG", str(config))
    hang = plugins / "docker-hang"
    hang.write_text("#!/bin/sh\nexec sleep 1000\n", encoding="utf-8")
    hang.chmod(0o755)
    with pytest.raises(UsageError) as caught:
        find_plugin("hang", never, seconds=0.2)
    assert caught.value.message == (
        "the plugin %s did not answer to docker-cli-plugin-metadata within 0.2 seconds" % hang)


# -- candidates

CANDIDATES = r"""
if [ "$1" = __complete ]; then
    printf '%s\n' "$SAY"
    printf '[%s]' "$@" >> "$LOG"; env | grep -E '^DOCKER_(HOST|CONTEXT)=' >> "$LOG"
    exit
fi
"""


def test_the_candidates_of_a_plugin(rawdock_command, config, plugins, tmp_path):
    write_plugin(plugins, "work", CANDIDATES)
    write_plugin(plugins, "bad", metadata="{}")

    def complete(*words, **more):
        more["LOG"] = str(tmp_path / "log")
        return run(rawdock_command, config, "__complete", *words, **more).out.decode()

    assert complete("wor") == "work\tdoes it\n:4\n"
    assert "work\tdoes it\n" in complete("") and "bad\t" not in complete("")
    assert complete("ba") == ":4\n"
    says = "up\tStart\nupper\n_activeHelp_ read this\n:4"
    assert complete("work", "-f", "x", "u", SAY=says) == "up\tStart\nupper\n:4\n"
    assert complete("-H", "tcp://h:1", "work", "", SAY="one=\n:2") == "one=\n:2\n"
    assert complete("-c", "office", "work", "", SAY="yaml\nyml\n:8") == ":0\n"
    assert complete("work", "", SAY="no directive") == ":0\n"
    assert (tmp_path / "log").read_text(encoding="utf-8").splitlines() == [
        "[__complete][work][-f][x][u]DOCKER_HOST=" + NO_ENGINE,
        "[__complete][work][]DOCKER_HOST=tcp://h:1", "[__complete][work][]DOCKER_CONTEXT=office",
        "[__complete][work][]DOCKER_HOST=" + NO_ENGINE]


# -- hooks

HOOK = r"""
if [ "$2" = docker-cli-plugin-hooks ]; then
    printf '[%%s]' "$@" >> "$LOG"; echo >> "$LOG"
    printf '%%s' '%s'
    exit ${HOOK_STATUS:-0}
fi
echo "plugin runs $*"
exit ${STATUS:-0}
"""


def next_steps(template):
    return HOOK % json.dumps({"Type": 0, "Template": template})


@pytest.fixture
def hints(config, plugins, tmp_path):
    """Plugins with hooks → a function: words, variables → what a terminal shows, and what the hooks got."""
    write_plugin(plugins, "hints", next_steps('{{.Name}} {{flag . "all"}} {{arg . 0}}|{{arg . 5}}\nsecond'))
    write_plugin(plugins, "plain", next_steps('plain {{printf "%d" 3}} \x1b[31m'))
    write_plugin(plugins, "wrong", HOOK % "no JSON")
    write_plugin(plugins, "type", HOOK % '{"Type":1,"Template":"never"}')
    write_plugin(plugins, "blank", next_steps(" \n "))
    write_plugin(plugins, "flagx", next_steps('{{flag . "nosuch"}}'))
    hooks = {"hints": "pull,ps,logs,plain go", "plain": "ps,container ls"}
    hooks.update((name, "ps") for name in ("wrong", "type", "blank", "flagx", "missing"))
    settings = {name: {"hooks": text} for name, text in hooks.items()}
    (config / "config.json").write_text(json.dumps(
        {"features": {"hooks": "true"}, "plugins": dict(settings, other={"enabled": "true"}, odd=3)}),
        encoding="utf-8")
    log = tmp_path / "log"

    def show(command, *words, **more):
        log.write_text("", encoding="utf-8")
        with Window(command + list(words), env=environment(config, LOG=str(log), **more)) as window:
            ended = window.end()
        return ended.status, ended.out.decode(), log.read_text(encoding="utf-8").splitlines()
    return show


WHATS_NEXT = "\x1b[1m\r\nWhat's next:\x1b[0m\r\n"


def test_hooks_after_a_command_that_fails(rawdock_command, hints):
    status, out, log = hints(rawdock_command, "ps", "-a", "--format", "x")
    steps = "    ps true |\r\n    second\r\n    plain 3 \\x1b[31m\r\n"
    assert status == 1 and out.startswith(WHATS_NEXT + steps + "Cannot connect to the Docker daemon")
    data = [json.loads(line.partition("][")[2].partition("][")[2][:-1]) for line in log]
    assert sorted(line[1:].split("]")[0] for line in log) == [
        "blank", "flagx", "hints", "plain", "type", "wrong"]
    for one in data:
        assert one.pop("CommandError").startswith("Cannot connect to the Docker daemon at")
        assert one == {"RootCmd": "ps", "Flags": {"all": "true", "format": ""}}
    status, out, log = hints(rawdock_command, "container", "list", "-q")
    assert log == [] or '"RootCmd":"container ls","Flags":{"quiet":"true"}' in log[0]
    assert status == 1 and "plain 3" in out


def test_hooks_are_not_bold_with_no_color(rawdock_command, hints):
    assert hints(rawdock_command, "ps", NO_COLOR="1")[1].startswith("\r\nWhat's next:\r\n    ")
    assert hints(rawdock_command, "ps", NO_COLOR="")[1].startswith(WHATS_NEXT)


def test_hooks_after_a_plugin_that_succeeds(rawdock_command, hints):
    status, out, log = hints(rawdock_command, "plain", "go", "--x", "-d=3")
    assert (status, out) == (0, "plugin runs plain go --x -d=3\r\n")   # its template has no such flag
    assert log == ['[hints][docker-cli-plugin-hooks][{"RootCmd":"plain go","Flags":{"d=3":"","x":""},'
                   '"CommandError":""}]']
    assert hints(rawdock_command, "plain", "go", STATUS="3") == (3, "plugin runs plain go\r\n", [])


def test_when_there_are_no_hooks(rawdock_command, hints, config, tmp_path):
    for more in ({"DOCKER_CLI_HOOKS": "false"}, {"DOCKER_CLI_HOOKS": "xx"}, {"DOCKER_CLI_HINTS": "0"}):
        status, out, log = hints(rawdock_command, "ps", **more)
        assert status == 1 and log == [] and "next" not in out
    assert "next" in hints(rawdock_command, "ps", DOCKER_CLI_HINTS="1")[1]
    assert "next" not in hints(rawdock_command, "ps", HOOK_STATUS="2")[1]
    (tmp_path / "log").write_text("", encoding="utf-8")
    run(rawdock_command, config, "ps", LOG=str(tmp_path / "log"), DOCKER_CLI_HOOKS="1")
    assert (tmp_path / "log").read_text(encoding="utf-8") == ""   # stdout is no terminal
    (config / "config.json").write_text("{}", encoding="utf-8")
    assert hints(rawdock_command, "ps")[2] == []


