"""The manual page of an operation: what help(), editors and the type stubs say of it.

Strategy: the row of the table gives the path, the parameters with their kinds and versions, and the result;
the table here adds what each parameter means, once for all operations that have it. Nothing here is read
before somebody asks for help. `tools/stubs` writes these texts into the stubs, where editors find them.

Left out: the fields of bodies and of results. The stubs have the shapes of the results; the Engine API's own
reference has all of them.
"""

# What a parameter means: name, or operation.name where one operation means something else by it.
# Row by row the text is as short as a manual page allows.
# ==== table begin: the meaning of each parameter
PARAMETER_MEANINGS = """
Container.id                    name or id of the container
Image.name                      name, name:tag, name@digest or id of the image
image_push.name                 name of the image, with the registry in front and without a tag
Exec.id                         id of the exec, which container_exec answers
Volume.name                     name of the volume
Network.id                      name or id of the network
Plugin.name                     name of the plugin, with its tag if that is not latest
Node.id                         name or id of the node
Service.id                      name or id of the service
Task.id                         id of the task
Secret.id                       name or id of the secret
Config.id                       name or id of the config
Distribution.name               name of an image in a registry

container_list.all              also containers that do not run
image_list.all                  also intermediate images, which have no name
build_prune.all                 all of the cache, also what an image uses
limit                           at most so many
container_list.limit            the so many created last, whether they run or not
size                            also the disk space that it takes: SizeRw and SizeRootFs
container_list.filters          {name: value or values} of ancestor, before, expose, exited, health, id, isolation, is-task, label, name, network, publish, since, status, volume
container_prune.filters         {name: value or values} of until, label, label!
image_list.filters              {name: value or values} of before, dangling, label, reference, since, until
build_prune.filters             {name: value or values} of until, id, parent, type, description, inuse, shared, private
image_search.filters            {name: value or values} of is-official, stars
image_prune.filters             {name: value or values} of dangling, until, label, label!; dangling=False removes all that no container uses
system_events.filters           {name: value or values} of config, container, daemon, event, image, label, network, node, plugin, scope, secret, service, type, volume
volume_list.filters             {name: value or values} of dangling, driver, label, name
volume_prune.filters            {name: value or values} of label, label!, all; all=True removes named ones too
network_list.filters            {name: value or values} of dangling, driver, id, label, name, scope, type
network_prune.filters           {name: value or values} of until, label, label!
plugin_list.filters             {name: value or values} of capability, enable
node_list.filters               {name: value or values} of id, label, membership, name, node.label, role
service_list.filters            {name: value or values} of id, label, mode, name
task_list.filters               {name: value or values} of desired-state, id, label, name, node, service
secret_list.filters             {name: value or values} of id, label, name, names
config_list.filters             {name: value or values} of id, label, name, names
container_create.name           name of the new container; without it the engine invents one
container_rename.name           the new name
plugin_pull.name                name under which it is installed here
plugin_create.name              name of the new plugin
platform                        platform, such as {"os": "linux", "architecture": "arm64"}
container_create.platform       platform of the image: os[/arch[/variant]]
image_build.platform            platform to build for: os[/arch[/variant]]
image_create.platform           platform to pull, or of the import: os[/arch[/variant]]
ps_args                         arguments of the host's ps, "-ef" by default
follow                          go on with what is written from now on
stdout                          with what goes to stdout
stderr                          with what goes to stderr
stdin                           send what is written to the Duplex to the container's stdin
since                           only what is not older, in seconds since 1970
until                           only what is older, in seconds since 1970; the stream then ends
timestamps                      put the time (RFC 3339, UTC) before every line
tail                            only so many of the last lines; "all" by default
details                         put the attributes of the log driver before every line
stream                          go on with what is written from now on
container_stats.stream          one object a second until the container ends; False: one object
one-shot                        with stream=False: do not wait for a second value of the CPU counters
logs                            first what was written before
h                               height in rows
w                               width in columns
detachKeys                      keys that detach, such as "ctrl-p,ctrl-q"
checkpoint                      start from this checkpoint (experimental engines)
checkpoint-dir                  directory of the checkpoints
signal                          the signal, such as "SIGTERM" or "9"
t                               seconds until it is killed; -1: never
image_build.t                   name[:tag] of the image
condition                       "not-running" (default), "next-exit" or "removed"
v                               remove its anonymous volumes too
force                           do it although it is in use
container_delete.force          kill it first if it runs
image_delete.force              also if a container that does not run uses it
volume_delete.force             no error if it does not exist
swarm_leave.force               also as the last manager
node_delete.force               also if it is not down
link                            remove the link of this name, not the container
path                            path in the container
noOverwriteDirNonDir            fail where a directory would replace a file, or a file a directory
copyUIDGID                      set the owner and group that the archive has
shared-size                     also the size of the layers that it shares
digests                         also the digests of the registry
manifests                       also the manifests of each platform
identity                        also who built and signed it
dockerfile                      path of the Dockerfile in the context, "Dockerfile" by default
extrahosts                      lines of /etc/hosts while building: "name:address"
remote                          name of the plugin in its registry
image_build.remote              URL of a Git repository, a tar or a Dockerfile in place of a body
q                               send the id of the image only
nocache                         build every step anew
cachefrom                       names of images whose layers may be taken from the cache
pull                            look for newer base images
rm                              remove intermediate containers, True by default
forcerm                         remove intermediate containers also after a failure
memory                          memory limit of a build container, in bytes
memswap                         limit of memory and swap together, in bytes; -1: none
cpushares                       relative weight of the CPU
cpusetcpus                      CPUs to run on, such as "0-3" or "0,1"
cpuperiod                       length of a CPU period, in microseconds
cpuquota                        CPU time in each period, in microseconds
cpusetmems                      memory nodes to use, such as "0-1"
cgroupparent                    control group below which the build containers are
buildargs                       {name: value} of build arguments
shmsize                         size of /dev/shm, in bytes
squash                          make one layer of all (experimental engines)
labels                          {name: value} of labels of the image
networkmode                     network of the RUN steps: "default", "host", "none" or a name
target                          stage to stop at
outputs                         exporters of BuildKit
version                         version index of the object that was read: another one is refused
image_build.version             builder: "1" is the classic one, "2" BuildKit
isolation                       isolation of the build containers, on Windows
securityopt                     security options of the build containers
ulimits                         resource limits of the build containers
session                         id of the BuildKit session
buildid                         id by which /build/cancel finds this build
reserved-space                  bytes of the cache to keep
max-used-space                  bytes that the cache may have at most
min-free-space                  bytes of the disk that shall be free
keep-storage                    bytes of the cache to keep (before API 1.48)
fromImage                       name of the image to pull
fromSrc                         URL of the tar to import; "-": it is the body
repo                            name of the new image
tag                             its tag
image_create.tag                tag or digest to pull; without it all tags are pulled
image_push.tag                  tag to push; without it all tags are pushed
message                         commit message of the imported image
changes                         lines of a Dockerfile to apply, such as "CMD true"
type                            only these types
system_data_usage.type          only these: "container", "image", "volume", "build-cache"
statement                       with the statements themselves
noprune                         keep its untagged parents
platforms                       only these platforms of it
term                            what to look for
container                       name or id of the container
comment                         commit message
author                          author, such as "A. Name <a@example.com>"
pause                           freeze the container meanwhile, True by default
names                           names or ids of the images
quiet                           send no progress
verbose                         also each object that takes the space
network_inspect.verbose         also the services of a swarm on it
scope                           only a network of this scope: "swarm", "global" or "local"
timeout                         seconds for all of it, or a dict of head, idle and total
plugin_enable.timeout           seconds until enabling it fails
rotateWorkerToken               make a new token for workers
rotateManagerToken              make a new token for managers
rotateManagerUnlockKey          make a new key to unlock managers
status                          also how many tasks run and how many should
insertDefaults                  fill in the defaults
registryAuthFrom                where the credentials come from without `auth`: "spec" or "previous-spec"
rollback                        "previous": go back to the spec before the last update

body                            what the Engine API's reference gives for this operation
container_create.body           Image, Cmd, Env and others, and in it HostConfig and NetworkingConfig
container_update.body           resource limits and RestartPolicy
put_container_archive.body      the tar, compressed or not
image_build.body                tar of the build context, compressed or not
image_create.body               tar of a filesystem, with fromSrc="-"
image_load.body                 tar of images
image_commit.body               Config of the new image
system_auth.body                username, password, serveraddress
container_exec.body             Cmd, AttachStdin, AttachStdout, AttachStderr, Tty, Env, User, WorkingDir and others
exec_start.body                 Detach, Tty, ConsoleSize
volume_create.body              Name, Driver, DriverOpts, Labels
network_create.body             Name, Driver, IPAM, Labels, Options and others
network_connect.body            Container, EndpointConfig
network_disconnect.body         Container, Force
headers                         more header fields of the request
image_build.auth                {registry: credentials} of the registries of its base images
auth                            credentials of the registry; rawdock.find_credentials() gives the docker CLI's
tty                             whether the output is a terminal's; without it an inspect operation tells
"""
# ==== table end

# By kind: the Python values that are taken.
VALUE_TYPES = {
    "bool": "bool", "int": "int", "str": "str", "list": "str or list of str", "filters": "dict or str",
    "json": "dict, list or str", "jsonlist": "dict, str or list of them", "time": "int, float or str",
}
BODY_TYPES = {"json": "dict, list, str or bytes", "tar": "bytes, binary file or iterable of bytes"}
OPTION_TYPES = {"headers": "dict or pairs", "auth": "dict", "tty": "bool",
                "timeout": "int, float or dict"}
# The operations that take `auth`: those of CREDENTIAL_FIELDS.
REGISTRY_OPERATIONS = ("distribution_inspect", "image_build", "image_create", "image_push", "image_search",
                       "plugin_pull", "get_plugin_privileges", "plugin_upgrade", "plugin_push",
                       "service_create", "service_update")
# By the result kind of an operation: what the method returns.
RESULT_MEANINGS = {
    "json": "the JSON value of the answer: dict or list",
    "none": "None",
    "messages": "an iterator of JSON objects (dict); StreamError for one that reports an error",
    "frames": "an iterator of (stream, data): stream 1 is stdout, 2 stderr, data are bytes; all is stream 1 "
              "where the container has a terminal",
    "tar": "a Response, whose body is a tar: copy_to(file), readinto(buffer), read() or iteration",
    "raw": "a Response: `headers` are the answer, or read() gives its text",
    "upgrade": "a Duplex: its frames() come out, send(data) and close_write() go in",
}
RAISED = ("APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError, Timeout, "
          "ProtocolError and TruncatedError if the connection or the answer fails, UsageError before a byte "
          "is sent if a parameter is wrong or needs a newer engine")


def operation_parameters(endpoint):
    """[(name in Python, name in the API, type in words, API version or None)], those of the path first.

    >>> from .endpoints import find_endpoint
    >>> operation_parameters(find_endpoint("container_rename"))[:2]
    [('id', 'id', 'str', None), ('name', 'name', 'str', None)]
    """
    found = [(name, name, "str", None) for name in endpoint.path_parameters]
    found += [(one.name.replace("-", "_"), one.name, VALUE_TYPES[one.kind],
               one.since if one.since != endpoint.since else None) for one in endpoint.query + endpoint.extra]
    if endpoint.body != "-":
        found.append(("body", "body", BODY_TYPES[endpoint.body], None))
    options = (["auth"] if endpoint.name in REGISTRY_OPERATIONS else []) + ["headers"]
    options += ["timeout"] if endpoint.name != "plugin_enable" else []
    options += ["tty"] if endpoint.result in ("frames", "upgrade") else []
    return found + [(name, name, OPTION_TYPES[name], None) for name in options]


def parameter_meaning(endpoint, name):
    """What the parameter `name`, as the API spells it, means to the operation of `endpoint` (str)."""
    table = dict(line.split(None, 1) for line in PARAMETER_MEANINGS.split("\n") if line)
    general = "%s.%s" % (endpoint.tag, name) if name in endpoint.path_parameters else name
    own = table.get("%s.%s" % (endpoint.name, name))
    return own or table.get(general, "the Engine API's reference has it")


def operation_manual(endpoint):
    """The manual page of the operation of `endpoint` (str): what help() prints below its signature."""
    from textwrap import fill
    lines = [fill("%s: %s." % (endpoint.operation_id, endpoint.help), 90), "",
             "%s %s%s" % (endpoint.method, endpoint.path,
                          "" if endpoint.since == "1.24" else ", API %s and newer" % endpoint.since), "",
             "Parameters (None is not sent):"]
    for name, spelled, kind, since in operation_parameters(endpoint):
        facts = kind + (", API %s" % since if since else "")
        lines.append(fill("%s (%s): %s" % (name, facts, parameter_meaning(endpoint, spelled)), 90,
                          initial_indent="  ", subsequent_indent="      "))
    returns = RESULT_MEANINGS[endpoint.result]
    if endpoint.result == "json" and 204 in endpoint.statuses:
        returns += ", None for an answer without content"
    if endpoint.result == "messages" and "stream" in [one.name for one in endpoint.query]:
        returns += "; with stream=False the one object (dict)"
    lines += ["", fill("Returns %s." % returns, 90), "", fill("Raises %s." % RAISED, 90)]
    return "\n".join(lines)


def operation_signature(endpoint):
    """The inspect.Signature of the operation's method, `self` first; its types are in operation_manual()."""
    from inspect import Parameter, Signature
    path = endpoint.path_parameters
    found = [Parameter("self", Parameter.POSITIONAL_OR_KEYWORD)]
    for name, spelled, kind, _ in operation_parameters(endpoint):
        if spelled in path:
            found.append(Parameter(name, Parameter.POSITIONAL_OR_KEYWORD))
        else:
            found.append(Parameter(name, Parameter.KEYWORD_ONLY, default=None))
    return Signature(found)
