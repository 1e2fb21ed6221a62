"""version, info: this client and that engine.

Promises: the docker CLI's lines; where the engine cannot be asked, what is known of the client comes
first, and the failure after it.
"""
import os
import sys

from ..errors import RawdockError
from .answers import answered_object, write_lines
from .flags import Command, command_table
from .format import align_columns, binary_size, build_time_text
from .formatted import parse_template_option, template_lines

FORMAT_FLAGS = """
-f, --format   text  TEMPLATE  json, or a Go template
"""


def client_facts(console):
    """What `version` and `info` say of this side."""
    from .. import __version__
    machine = os.uname().machine
    arch = {"x86_64": "amd64", "aarch64": "arm64", "i686": "386", "armv7l": "arm"}.get(machine, machine)
    return {"Platform": {"Name": "rawdock"}, "Version": __version__,
            "PythonVersion": "%d.%d.%d" % sys.version_info[:3],
            "Os": sys.platform, "Arch": arch,
            "Context": context_in_use(console)}


def context_in_use(console):
    """The name of the docker context the address came from; "default" where a flag or DOCKER_HOST gave it."""
    if console.context:
        return console.context
    if console.address or os.environ.get("DOCKER_HOST"):
        return "default"
    from ..net.config import config_directory, read_config_json
    name = os.environ.get("DOCKER_CONTEXT")
    config = read_config_json(os.path.join(config_directory(os.environ), "config.json"))
    return name or config.get("currentContext") or "default"


def server_components(server):
    """The Components of an engine's version; engines before 18.03 have none, and are one themselves."""
    if server.get("Components"):
        return server["Components"]
    names = "ApiVersion Arch BuildTime GitCommit GoVersion KernelVersion MinAPIVersion Os".split()
    details = {name: server[name] for name in names if server.get(name)}
    details["Experimental"] = "true" if server.get("Experimental") else "false"
    return [{"Name": "Engine", "Version": server.get("Version", ""), "Details": details}]


def version_lines(client, server):
    """The text of `version`. `client` and `server` are dicts, `server` None where no engine answered."""
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
    for component in server_components(server):
        details = component.get("Details") or {}
        rows.append([" %s:" % component.get("Name", "")])
        rows.append(["  Version:", component.get("Version", "")])
        if component.get("Name") == "Engine":
            least = details.get("MinAPIVersion")
            rows.append(["  API version:", details.get("ApiVersion", "")
                         + (" (minimum version %s)" % least if least else "")])
            rows.append(["  Go version:", details.get("GoVersion", "")])
            rows.append(["  Git commit:", details.get("GitCommit", "")])
            rows.append(["  Built:", build_time_text(details.get("BuildTime", ""))])
            rows.append(["  OS/Arch:", "%s/%s" % (details.get("Os", ""), details.get("Arch", ""))])
            rows.append(["  Experimental:", details.get("Experimental", "")])
        else:
            rows += [["  %s:" % name, details[name]] for name in sorted(details)]
    return lines + align_columns(rows, 20, 1)


def version_command(console, options, arguments):
    text = options["format"]
    template = parse_template_option(console, "{{json .}}" if text == "json" else text) if text else None
    if text and template is None:
        return 64
    client = client_facts(console)
    server, failure = None, None
    try:
        # The address is looked up here too: a bad one is no reason to keep silent about the client.
        server = answered_object(console.docker.call("system_version"), "SystemVersion")
        client["ApiVersion"] = console.docker.version
    except RawdockError as error:
        failure = error
    if template is not None:
        if server:
            server = dict(server, Components=[
                dict(one, Details=dict(one["Details"],
                                       BuildTime=build_time_text(one["Details"]["BuildTime"])))
                if (one.get("Details") or {}).get("BuildTime") else one for one in server_components(server)])
        status = template_lines(console, template, [{"Client": client, "Server": server}])
    else:
        write_lines(console.out, version_lines(client, server))
        status = 0
    if failure is not None:
        raise failure
    return status


def named_lines(facts, pairs):
    """` Title: value` for each (title, key) whose value is there and not empty."""
    return [" %s: %s" % (title, facts[key]) for title, key in pairs if facts.get(key) not in (None, "")]


def commit_line(title, commit):
    identifier, expected = (commit or {}).get("ID") or "", (commit or {}).get("Expected") or ""
    wanted = " (expected: %s)" % expected if expected and expected != identifier else ""
    return " %s version: %s%s" % (title, identifier, wanted)


def security_lines(options):
    if not options:
        return []
    lines = [" Security Options:"]
    for option in options:
        fields = [field.partition("=") for field in option.split(",")]
        # Before API 1.25 an option is its name alone.
        names = [value for name, _, value in fields if name == "name"] or [option]
        lines.append("  " + names[0])
        lines += ["   %s: %s" % (name[:1].upper() + name[1:], value) for name, equals, value in fields
                  if equals and name != "name"]
    return lines


def swarm_lines(swarm):
    lines = [" Swarm: %s" % (swarm.get("LocalNodeState") or "inactive")]
    if swarm.get("LocalNodeState") in (None, "", "inactive", "locked"):
        return lines
    lines.append("  NodeID: %s" % swarm.get("NodeID", ""))
    if swarm.get("Error"):
        lines.append("  Error: %s" % swarm["Error"])
    lines.append("  Is Manager: %s" % ("true" if swarm.get("ControlAvailable") else "false"))
    if swarm.get("ControlAvailable"):
        lines.append("  ClusterID: %s" % (swarm.get("Cluster") or {}).get("ID", ""))
        lines.append("  Managers: %d" % (swarm.get("Managers") or 0))
        lines.append("  Nodes: %d" % (swarm.get("Nodes") or 0))
    return lines + ["  Node Address: %s" % swarm.get("NodeAddr", "")]


def info_lines(facts):
    """The server's half of `info`: `facts` is the engine's SystemInfo."""
    def truth(name):
        return "true" if facts.get(name) else "false"

    lines = [" Containers: %d" % (facts.get("Containers") or 0),
             "  Running: %d" % (facts.get("ContainersRunning") or 0),
             "  Paused: %d" % (facts.get("ContainersPaused") or 0),
             "  Stopped: %d" % (facts.get("ContainersStopped") or 0),
             " Images: %d" % (facts.get("Images") or 0)]
    lines += named_lines(facts, [("Server Version", "ServerVersion"), ("Storage Driver", "Driver")])
    lines += ["  %s: %s" % tuple(pair[:2]) for pair in facts.get("DriverStatus") or ()]
    lines += named_lines(facts, [("Logging Driver", "LoggingDriver"), ("Cgroup Driver", "CgroupDriver"),
                                 ("Cgroup Version", "CgroupVersion")])
    plugins = facts.get("Plugins") or {}
    lines.append(" Plugins:")
    for kind in ("Volume", "Network", "Authorization", "Log"):
        if plugins.get(kind) or kind in ("Volume", "Network", "Log"):
            lines.append("  %s: %s" % (kind, " ".join(plugins.get(kind) or ())))
    if facts.get("CDISpecDirs"):
        lines += [" CDI spec directories:"] + ["  " + one for one in facts["CDISpecDirs"]]
    lines += swarm_lines(facts.get("Swarm") or {})
    if facts.get("Runtimes"):
        lines += [" Runtimes: " + " ".join(sorted(facts["Runtimes"])),
                  " Default Runtime: %s" % facts.get("DefaultRuntime", "")]
    if facts.get("OSType") == "linux":
        lines += [" Init Binary: %s" % facts.get("InitBinary", ""),
                  commit_line("containerd", facts.get("ContainerdCommit")),
                  commit_line("runc", facts.get("RuncCommit")), commit_line("init", facts.get("InitCommit"))]
    lines += security_lines(facts.get("SecurityOptions"))
    lines += named_lines(facts, [("Kernel Version", "KernelVersion"), ("Operating System", "OperatingSystem"),
                                 ("OSType", "OSType"), ("Architecture", "Architecture")])
    lines += [" CPUs: %d" % (facts.get("NCPU") or 0),
              " Total Memory: %s" % binary_size(facts.get("MemTotal") or 0)]
    lines += named_lines(facts, [("Name", "Name"), ("ID", "ID")])
    lines += [" Docker Root Dir: %s" % facts.get("DockerRootDir", ""), " Debug Mode: %s" % truth("Debug")]
    if facts.get("Debug"):
        lines += ["  File Descriptors: %d" % (facts.get("NFd") or 0),
                  "  Goroutines: %d" % (facts.get("NGoroutines") or 0),
                  "  System Time: %s" % facts.get("SystemTime", ""),
                  "  EventsListeners: %d" % (facts.get("NEventsListener") or 0)]
    lines += named_lines(facts, [("HTTP Proxy", "HttpProxy"), ("HTTPS Proxy", "HttpsProxy"),
                                 ("No Proxy", "NoProxy")])
    if facts.get("Labels"):
        lines += [" Labels:"] + ["  " + label for label in facts["Labels"]]
    lines.append(" Experimental: %s" % truth("ExperimentalBuild"))
    registries = facts.get("RegistryConfig") or {}
    names = sorted(name for name, index in (registries.get("IndexConfigs") or {}).items()
                   if not index.get("Secure"))
    names += registries.get("InsecureRegistryCIDRs") or []
    if names:
        lines += [" Insecure Registries:"] + ["  " + name for name in names]
    if registries.get("Mirrors"):
        lines += [" Registry Mirrors:"] + ["  " + mirror for mirror in registries["Mirrors"]]
    lines.append(" Live Restore Enabled: %s" % truth("LiveRestoreEnabled"))
    lines += named_lines(facts, [("Product License", "ProductLicense")])
    if facts.get("DefaultAddressPools"):
        lines.append(" Default Address Pools:")
        lines += ["   Base: %s, Size: %s" % (pool.get("Base", ""), pool.get("Size", ""))
                  for pool in facts["DefaultAddressPools"]]
    backend = (facts.get("FirewallBackend") or {}).get("Driver")
    return lines + ([" Firewall Backend: %s" % backend] if backend else []) + [""]


def info_command(console, options, arguments):
    text = options["format"]
    template = parse_template_option(console, "{{json .}}" if text == "json" else text) if text else None
    if text and template is None:
        return 64
    client = client_facts(console)
    if template is not None:
        facts = answered_object(console.docker.call("system_info"), "SystemInfo")
        facts["ClientInfo"] = client
        return template_lines(console, template, [facts])
    lines = ["Client: rawdock", " Version:    %s" % client["Version"], " Context:    %s" % client["Context"],
             " Debug Mode: false", "", "Server:"]
    try:
        facts = answered_object(console.docker.call("system_info"), "SystemInfo")
    except RawdockError:
        write_lines(console.out, lines)
        raise
    write_lines(console.out, lines + info_lines(facts))
    for warning in facts.get("Warnings") or ():
        console.err.line(warning)
    return 0

ABOUT_COMMANDS = command_table(
    Command("version", version_command, "", "the versions of rawdock and the engine", FORMAT_FLAGS, 0, 0),
    Command("info", info_command, "", "how the engine is set up, and what it holds", FORMAT_FLAGS, 0, 0),
)
