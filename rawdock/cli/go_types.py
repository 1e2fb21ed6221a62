"""The types of what `inspect` finds: in a --format, Go prints a struct as `{a b}`, and a null by its type.

Promises: a field that the engine leaves out has the empty value of its type, and one that is missing in the
table keeps the value that it has in JSON. The order of the fields is the one that the docker CLI prints.

Leaves out: the types of swarm's objects and of plugins, whose structs print as maps; and addresses, which Go
prints for a pointer inside a struct, where this prints what it points to.
"""
import re

from .format import go_time_text
from .template_functions import NIL_POINTER, GoMap, GoStruct, NilType

# A row is the name of a type and its fields, in the order in which they print. A field is its name in JSON
# and its kind: nothing for a text, # a number, ? a bool, ~ a point in time, ^ a duration, [ a list and
# { a map of what follows, = a struct, * a pointer to one, @ a struct whose fields the object itself has.
# ==== table begin: the types of the Engine API that the docker CLI prints
GO_TYPES = """
Volume ClusterVolume* CreatedAt Driver Labels{ Mountpoint Name Options{ Scope Status{ UsageData*UsageData
UsageData RefCount# Size#
Network Name Id Created~ Scope Driver EnableIPv4? EnableIPv6? IPAM=IPAM Internal? Attachable? Ingress? ConfigFrom=ConfigFrom ConfigOnly? Containers{=EndpointResource Options{ Labels{ Peers[=Peer Services{
IPAM Driver Options{ Config[=Pool
Pool Subnet IPRange Gateway AuxiliaryAddresses{
ConfigFrom Network
EndpointResource Name EndpointID MacAddress IPv4Address IPv6Address
Peer Name IP
Image Id RepoTags[ RepoDigests[ Parent Comment Created Container ContainerConfig*Config DockerVersion Author Config*ImageConfig Architecture Variant Os OsVersion Size# VirtualSize# GraphDriver=GraphDriver RootFS=RootFS Metadata=Metadata Descriptor* Manifests[
ImageConfig ImageConfig@RunConfig DockerOCIImageConfigExt@BuildConfig
RunConfig User ExposedPorts{=Empty Env[ Entrypoint[ Cmd[ Volumes{=Empty WorkingDir Labels{ StopSignal ArgsEscaped?
BuildConfig Healthcheck*Healthcheck OnBuild[ Shell[
GraphDriver Data{ Name
RootFS Type Layers[
Metadata LastTagTime~
Empty
Container State*State HostConfig*HostConfig GraphDriver=GraphDriver Mounts[=Mount Config*Config NetworkSettings*NetworkSettings SizeRw* SizeRootFs* ImageManifestDescriptor* ExecIDs[ Args[ RestartCount#
State Status Running? Paused? Restarting? OOMKilled? Dead? Pid# ExitCode# Error StartedAt FinishedAt Health*Health
Health Status FailingStreak# Log[
Mount Type Name Source Destination Driver Mode RW? Propagation
Config Hostname Domainname User AttachStdin? AttachStdout? AttachStderr? ExposedPorts{=Empty Tty? OpenStdin? StdinOnce? Env[ Cmd[ Healthcheck*Healthcheck ArgsEscaped? Image Volumes{=Empty WorkingDir Entrypoint[ NetworkDisabled? MacAddress OnBuild[ Labels{ StopSignal StopTimeout* Shell[
Healthcheck Test[ Interval^ Timeout^ StartPeriod^ StartInterval^ Retries#
HostConfig Binds[ ContainerIDFile LogConfig=LogConfig NetworkMode PortBindings{[=PortBinding RestartPolicy=RestartPolicy AutoRemove? VolumeDriver VolumesFrom[ ConsoleSize[ Annotations{ CapAdd[ CapDrop[ CgroupnsMode Dns[ DnsOptions[ DnsSearch[ ExtraHosts[ GroupAdd[ IpcMode Cgroup Links[ OomScoreAdj# PidMode Privileged? PublishAllPorts? ReadonlyRootfs? SecurityOpt[ StorageOpt{ Tmpfs{ UTSMode UsernsMode ShmSize# Sysctls{ Runtime Isolation Resources@Resources Mounts[ MaskedPaths[ ReadonlyPaths[ Init*
Ulimit Name Soft# Hard#
Resources CpuShares# Memory# NanoCpus# CgroupParent BlkioWeight# BlkioWeightDevice[ BlkioDeviceReadBps[ BlkioDeviceWriteBps[ BlkioDeviceReadIOps[ BlkioDeviceWriteIOps[ CpuPeriod# CpuQuota# CpuRealtimePeriod# CpuRealtimeRuntime# CpusetCpus CpusetMems Devices[=Device DeviceCgroupRules[ DeviceRequests[ KernelMemory# KernelMemoryTCP# MemoryReservation# MemorySwap# MemorySwappiness* OomKillDisable* PidsLimit* Ulimits[=Ulimit CpuCount# CpuPercent# IOMaximumIOps# IOMaximumBandwidth#
Device PathOnHost PathInContainer CgroupPermissions
LogConfig Type Config{
PortBinding HostIp HostPort
RestartPolicy Name MaximumRetryCount#
NetworkSettings NetworkSettingsBase@NetworkSettingsBase DefaultNetworkSettings@DefaultNetworkSettings Networks{=Endpoint
NetworkSettingsBase Bridge SandboxID SandboxKey Ports{[=PortBinding HairpinMode? LinkLocalIPv6Address LinkLocalIPv6PrefixLen# SecondaryIPAddresses[ SecondaryIPv6Addresses[
DefaultNetworkSettings EndpointID Gateway GlobalIPv6Address GlobalIPv6PrefixLen# IPAddress IPPrefixLen# IPv6Gateway MacAddress
Endpoint IPAMConfig* Links[ Aliases[ MacAddress DriverOpts{ GwPriority# NetworkID EndpointID Gateway IPAddress IPPrefixLen# IPv6Gateway GlobalIPv6Address GlobalIPv6PrefixLen# DNSNames[
Actor ID Attributes{
Versions Client=ClientVersion Server*ServerVersion
ClientVersion Platform*ServerPlatform Version ApiVersion PythonVersion Os Arch Context
ServerVersion Platform=ServerPlatform Components[=Component Version ApiVersion MinAPIVersion GitCommit GoVersion Os Arch KernelVersion Experimental? BuildTime
ServerPlatform Name
Component Name Version Details{
Info Plugins=Plugins Swarm=Swarm ContainerdCommit=Commit RuncCommit=Commit InitCommit=Commit Labels[ Runtimes{
Plugins Volume[ Network[ Authorization[ Log[
Commit ID Expected
Swarm NodeID NodeAddr LocalNodeState ControlAvailable? Error RemoteManagers[ Nodes# Managers# Cluster* Warnings[
"""
# ==== table end
GO_EMPTY = {"": "", "#": 0, "?": False, "[": NilType("[]"), "{": NilType("map[]"), "*": NIL_POINTER,
            "~": "0001-01-01 00:00:00 +0000 UTC", "^": "0s"}
# The types that do not print as structs: the table has only a part of their fields.
PARTIAL_TYPES = ("Container", "Info")


def type_fields(name):
    """[(name of a field, its kind)] of the type `name` (str); [] of one that is not in the table."""
    row = re.search("(?m)^%s\\b(.*)$" % name, GO_TYPES) if name else None
    return [re.match(r"(\w+)(.*)", field).groups() for field in row.group(1).split()] if row else []


def go_duration(nanoseconds):
    """Nanoseconds (int) as Go prints a duration: "1m30s", "1.5s", "100ms"."""
    if 0 < nanoseconds < 10 ** 9:
        unit, name = next(pair for pair in ((10 ** 6, "ms"), (10 ** 3, "\u00b5s"), (1, "ns"))
                          if nanoseconds >= pair[0])
        return ("%.6f" % (nanoseconds / unit)).rstrip("0").rstrip(".") + name
    minutes, seconds = divmod(nanoseconds / 10 ** 9, 60)
    text = ("%.9f" % seconds).rstrip("0").rstrip(".") + "s"
    hours, minutes = divmod(int(minutes), 60)
    return "%dh%dm%s" % (hours, minutes, text) if hours else "%dm%s" % (minutes, text) if minutes else text


def go_struct(found, name):
    """The dict `found` as a GoStruct of the type `name` (str), with each field that the type has."""
    kinds = type_fields(name)
    fields = {key: NilType("[]") if value is None else go_value(value, "") for key, value in found.items()}
    for key, kind in kinds:
        fields[key] = go_value(found if kind[:1] == "@" else found.get(key), kind)
        if kind[:1] == "@":
            fields.update({inner: fields[key][inner] for inner in fields[key].shown})
    if name == "Ulimit":
        return GoStruct(fields, "%(Name)s=%(Soft)d:%(Hard)d" % fields, found)
    shown = None if name in PARTIAL_TYPES or not kinds and name != "Empty" else [key for key, _ in kinds]
    return GoStruct(fields, shown, found)


def go_value(value, kind):
    """`value`, decoded JSON, as a template sees it. `kind` is that of a field in GO_TYPES, "" if unknown."""
    sign, inner = kind[:1], kind[1:]
    if sign == "=" or isinstance(value, dict) and sign != "{":
        return go_struct(value or {}, inner)
    if value is None:
        return GO_EMPTY[sign]
    if isinstance(value, dict):
        return GoMap((key, go_value(one, inner)) for key, one in value.items())
    if isinstance(value, list):
        return [go_value(one, inner) for one in value]
    if sign == "~":
        return go_time_text(value)
    return go_duration(value) if sign == "^" else value
