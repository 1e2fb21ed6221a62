"""version, info: this client and its engine.

Promises: the docker CLI's lines. If the engine does not answer, the client's part comes before the error.
"""
import os
import sys

from ..engine.answers import answer_field
from ..errors import RawdockError
from .console import write_lines
from .flags import Command, command_table
from .format import align_columns, binary_size, build_time_text
from .formatted import TEMPLATE_SAYS, option_template, template_lines

ABOUT_SAYS = (TEMPLATE_SAYS[0], "")   # what comes before the error of a template

FORMAT_FLAGS = """
-f, --format   text  string  json, or a Go template
"""


def client_facts(console):
    """What `version` and `info` say about this client (dict)."""
    from .. import __version__
    machine = os.uname().machine
    arch = {"x86_64": "amd64", "aarch64": "arm64", "i686": "386", "armv7l": "arm"}.get(machine, machine)
    return {"Platform": {"Name": "rawdock"}, "Version": __version__,
            "PythonVersion": "%d.%d.%d" % sys.version_info[:3],
            "Os": sys.platform, "Arch": arch,
            "Context": console.current_context()}


def version_row(server):
    """The answer to SystemVersion, with the build times of its components as people read them.

    An engine before 18.03 has no components, and counts as one.
    """
    components = []
    for component in server.get("Components") or [dict(server, Name="Engine", Details=server)]:
        details = dict(component.get("Details") or {})
        if details.get("BuildTime"):
            details["BuildTime"] = build_time_text(details["BuildTime"])
        components.append(dict(component, Details=details))
    return dict(server, Components=components)


def version_lines(client, server):
    """The lines of `version`. `client` and `server` are dicts, `server` None if no engine answered."""
    from ..engine.docker import NEWEST_API
    api = client.get("ApiVersion") or NEWEST_API
    rows = [[" Version:", client["Version"]],
            [" API version:", api if api == NEWEST_API else "%s (downgraded from %s)" % (api, NEWEST_API)],
            [" Python version:", client["PythonVersion"]],
            [" OS/Arch:", "%s/%s" % (client["Os"], client["Arch"])],
            [" Context:", client["Context"]]]
    lines = ["Client: rawdock"] + align_columns(rows, 20, 1)
    if server is None:
        return lines
    platform = (server.get("Platform") or {}).get("Name")
    lines += ["", "Server: " + platform if platform else "Server:"]
    rows = []
    for component in version_row(server)["Components"]:
        details = component["Details"]
        rows += [[" %s:" % component.get("Name", "")], ["  Version:", component.get("Version", "")]]
        if component.get("Name") == "Engine":
            rows += engine_rows(details)
        else:
            rows += [["  %s:" % name, details[name]] for name in sorted(details)]
    return lines + align_columns(rows, 20, 1)


def engine_rows(details):
    """What `version` says about the engine itself: [title, value] for each line."""
    api, go, commit, built, system, arch, least = [details.get(name, "") for name in (
        "ApiVersion", "GoVersion", "GitCommit", "BuildTime", "Os", "Arch", "MinAPIVersion")]
    return [["  API version:", api + (" (minimum version %s)" % least if least else "")],
            ["  Go version:", go], ["  Git commit:", commit], ["  Built:", built],
            ["  OS/Arch:", "%s/%s" % (system, arch)],
            ["  Experimental:", str(details.get("Experimental") or False).lower()]]


def version_command(console, options, arguments):
    template = option_template(options["format"] or None, name="version")
    client, server, failure = client_facts(console), None, None
    try:
        # The address is looked up here too, so that with a wrong one the client's part is written.
        server = answer_field(console.docker.call("system_version"), "SystemVersion", dict)
        client["ApiVersion"] = console.docker.version
    except RawdockError as error:
        failure = error
    try:
        if template is None:
            write_lines(console.out, version_lines(client, server))
        else:
            from .go_types import go_struct
            row = {"Client": client, "Server": server and version_row(server)}
            template_lines(console, template, [go_struct(row, "Versions")], says=ABOUT_SAYS)
    finally:
        if failure is not None:
            raise failure
    return 0


# What `info` says about the engine: on which condition, in which form, and "Title: Key.Inner; Title: Key".
INFO_TABLE = (
    ("", "number", " Containers: Containers;  Running: ContainersRunning;  Paused: ContainersPaused;"
                   "  Stopped: ContainersStopped; Images: Images"),
    ("", "given", " Server Version: ServerVersion; Storage Driver: Driver"), ("", "pairs", ": DriverStatus"),
    ("", "given", " Logging Driver: LoggingDriver; Cgroup Driver: CgroupDriver;"
                  " Cgroup Version: CgroupVersion"),
    ("", "plugins", " Plugins: Plugins"), ("", "list", " CDI spec directories: CDISpecDirs"),
    ("", "state", " Swarm: Swarm.LocalNodeState"), ("swarm", "text", "  NodeID: Swarm.NodeID"),
    ("swarm", "given", "  Error: Swarm.Error"), ("swarm", "truth", "  Is Manager: Swarm.ControlAvailable"),
    ("manager", "text", "  ClusterID: Swarm.Cluster.ID"),
    ("manager", "number", "  Managers: Swarm.Managers;  Nodes: Swarm.Nodes"),
    ("swarm", "text", "  Node Address: Swarm.NodeAddr"),
    ("runtimes", "names", " Runtimes: Runtimes"), ("runtimes", "text", " Default Runtime: DefaultRuntime"),
    ("linux", "text", " Init Binary: InitBinary"),
    ("linux", "commit", " containerd: ContainerdCommit; runc: RuncCommit; init: InitCommit"),
    ("", "security", ": SecurityOptions"),
    ("", "given", " Kernel Version: KernelVersion; Operating System: OperatingSystem; OSType: OSType;"
                  " Architecture: Architecture"),
    ("", "number", " CPUs: NCPU"), ("", "size", " Total Memory: MemTotal"),
    ("", "given", " Name: Name; ID: ID"), ("", "text", " Docker Root Dir: DockerRootDir"),
    ("", "truth", " Debug Mode: Debug"),
    ("debug", "number", "  File Descriptors: NFd;  Goroutines: NGoroutines"),
    ("debug", "text", "  System Time: SystemTime"), ("debug", "number", "  EventsListeners: NEventsListener"),
    ("", "given", " HTTP Proxy: HttpProxy; HTTPS Proxy: HttpsProxy; No Proxy: NoProxy"),
    ("", "list", " Labels: Labels"), ("", "truth", " Experimental: ExperimentalBuild"),
    ("", "insecure", " Insecure Registries: RegistryConfig"),
    ("", "list", " Registry Mirrors: RegistryConfig.Mirrors"),
    ("", "truth", " Live Restore Enabled: LiveRestoreEnabled"),
    ("", "given", " Product License: ProductLicense"),
    ("", "pools", " Default Address Pools: DefaultAddressPools"),
    ("", "given", " Firewall Backend: FirewallBackend.Driver"))


def list_lines(title, values):
    return [title + ":"] + ["  " + one for one in values] if values else []


def plugin_lines(title, plugins):
    plugins = plugins or {}
    kinds = [kind for kind in ("Volume", "Network", "Authorization", "Log")
             if plugins.get(kind) or kind != "Authorization"]
    return list_lines(title, ["%s: %s" % (kind, " ".join(plugins.get(kind) or ())) for kind in kinds])


def commit_lines(title, commit):
    identifier, expected = (commit or {}).get("ID") or "", (commit or {}).get("Expected") or ""
    wanted = " (expected: %s)" % expected if expected and expected != identifier else ""
    return ["%s version: %s%s" % (title, identifier, wanted)]


def security_lines(options):
    lines = []
    for option in options or ():
        fields = [field.partition("=") for field in option.split(",")]
        # Before API 1.25 an option is its name alone.
        lines.append(([value for name, _, value in fields if name == "name"] or [option])[0])
        lines += [" %s: %s" % (name[:1].upper() + name[1:], value) for name, equals, value in fields
                  if equals and name != "name"]
    return list_lines(" Security Options", lines)


def insecure_registry_lines(title, registries):
    registries = registries or {}
    insecure = sorted(name for name, index in (registries.get("IndexConfigs") or {}).items()
                      if not index.get("Secure"))
    return list_lines(title, insecure + (registries.get("InsecureRegistryCIDRs") or []))


INFO_FORMS = {
    "number": lambda title, value: ["%s: %d" % (title, value or 0)],
    "text": lambda title, value: ["%s: %s" % (title, value or "")],
    "given": lambda title, value: ["%s: %s" % (title, value)] if value not in (None, "") else [],
    "truth": lambda title, value: ["%s: %s" % (title, "true" if value else "false")],
    "state": lambda title, value: ["%s: %s" % (title, value or "inactive")],
    "size": lambda title, value: ["%s: %s" % (title, binary_size(value or 0))],
    "names": lambda title, value: ["%s: %s" % (title, " ".join(sorted(value)))],
    "pairs": lambda title, value: ["  %s: %s" % tuple(pair[:2]) for pair in value or ()],
    "pools": lambda title, value: list_lines(title, [" Base: %s, Size: %s" % (pool.get("Base", ""),
                                                                              pool.get("Size", ""))
                                                     for pool in value or ()]),
    "list": list_lines, "plugins": plugin_lines, "commit": commit_lines, "insecure": insecure_registry_lines,
    "security": lambda title, value: security_lines(value)}


def nested_value(value, *names):
    """The value at the keys `names` in decoded JSON; None where a key is missing."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def info_lines(facts):
    """The engine's part of `info`; `facts` is the answer to SystemInfo (dict)."""
    state = nested_value(facts, "Swarm", "LocalNodeState")
    swarm = state not in (None, "", "inactive", "locked")
    holds = {"": True, "swarm": swarm, "manager": swarm and nested_value(facts, "Swarm", "ControlAvailable"),
             "runtimes": facts.get("Runtimes"), "linux": facts.get("OSType") == "linux",
             "debug": facts.get("Debug")}
    lines = []
    for condition, form, fields in INFO_TABLE:
        for field in fields.split(";") if holds[condition] else ():
            title, _, key = field.rpartition(": ")
            lines += INFO_FORMS[form](title, nested_value(facts, *key.split(".")))
    return lines + [""]


def info_command(console, options, arguments):
    from .plugins import all_plugins, plugin_info_lines
    template = option_template(options["format"] or None)
    client, plugins = client_facts(console), all_plugins(console.is_command)
    facts, lines = None, []
    client["Plugins"] = [plugin.described() for plugin in plugins]
    try:
        facts = answer_field(console.docker.call("system_info"), "SystemInfo", dict)
        lines = info_lines(facts) if template is None else []
    finally:   # the client's part also if the engine does not answer
        if template is None:
            of_plugins, warnings = plugin_info_lines(plugins)
            write_lines(console.out, ["Client: rawdock", " Version:    " + client["Version"],
                                      " Context:    " + client["Context"], " Debug Mode: false"] + of_plugins)
            write_lines(console.err, warnings)
            write_lines(console.out, ["", "Server:"] + lines)
    if template is not None:
        from .go_types import go_struct
        row = go_struct(dict(facts, ClientInfo=client), "Info")
        template_lines(console, template, [row], says=ABOUT_SAYS)
        return 0
    for warning in facts.get("Warnings") or ():
        console.err.line(warning)
    return 0


ABOUT_COMMANDS = command_table(
    Command("version", version_command, "", "Show the Docker version information", FORMAT_FLAGS, 0, 0),
    Command("info", info_command, "", "Display system-wide information", FORMAT_FLAGS, 0, 0),
)
