"""The Engine API as one table: 108 operations, and how to write the request target of each.

Promises: importing this file parses nothing; looking one operation up reads that row alone.
A request target built here holds printable ASCII without a space, whatever the values: a
value can add neither a segment, a query nor a line to it.

Refuses, with a UsageError and before a byte is sent: an operation or a parameter that the
table does not have, a value of the wrong kind, an empty path segment, `.` and `..`, and
anything newer than the API version the engine speaks. An engine would ignore a parameter
it does not know, and the caller would believe it had worked.

Leaves out: the shape of request and response bodies (the engine checks those better), and
request headers such as X-Registry-Auth, which the caller passes beside the parameters.

The names, paths and parameters are those of the Engine API definition v1.55, and
`tools/endpoints check` holds the table to it. Kinds and versions say what engines do where
the definition is vague: `copyUIDGID` is a bool there called a string, for one.
"""
import re
from collections import namedtuple

from ..errors import UsageError, closest_word

# A row is one line of facts, then indented lines: the help, then the query parameters.
#
#   name    operationId in snake_case: ContainerList is container_list
#   method  HTTP method
#   path    request path below /vX.Y; {id} and {name} are the path parameters
#   body    -          none
#           json       a JSON value
#           tar        a stream of bytes (a tar, compressed or not)
#   result  json       one JSON value
#           none       nothing worth reading
#           messages   a stream of JSON objects; messages+: at least one
#           frames     stdout and stderr, interleaved in frames
#           tar        a tar, streamed
#           raw        the response as it is: its head is the answer, or its body is text
#           upgrade=P  the connection itself, switched to protocol P
#   status  the statuses that mean success; any other is an error. 200 and 201 come with what `result` says,
#           204 with nothing, 304 says that it was so already, 101 switches protocols. A leading + marks one
#           that engines answer though the definition does not list it.
#   since   the first API version that has the operation (1.24 also for older ones)
#
# A query parameter is name:kind, with @X.Y when it came later than the operation. A leading
# + marks one that engines take though the definition does not list it. The kinds:
#
#   bool      True or False, sent as 1 or 0
#   int       a whole number
#   str       text; an int is written in decimal
#   list      several texts: the name is repeated (t=a&t=b)
#   filters   a dict of filter name to value or values, sent as JSON {"status":["exited"]}
#   json      any object or array, sent as JSON
#   jsonlist  several JSON objects: the name is repeated, one object each
#   time      seconds since 1970, whole or with up to nine decimals
# ==== table begin: the operations of the Engine API
ENDPOINT_TABLE = """
[Container]
container_list             GET    /containers/json                -    json              200      1.24
    the containers, running ones unless all=1
    all:bool limit:int size:bool filters:filters
container_create           POST   /containers/create              json json              201      1.24
    make a container from an image; 404 when the image is missing
    name:str platform:str@1.41
container_inspect          GET    /containers/{id}/json           -    json              200      1.24
    everything the engine knows about one container
    size:bool
container_top              GET    /containers/{id}/top            -    json              200      1.24
    its processes, as the host's ps prints them
    ps_args:str
container_logs             GET    /containers/{id}/logs           -    frames            200      1.24
    what it wrote to stdout and stderr; follow=1 keeps listening
    follow:bool stdout:bool stderr:bool since:time until:time@1.35 timestamps:bool tail:str +details:bool
container_changes          GET    /containers/{id}/changes        -    json              200      1.24
    files it added, changed or deleted since the image
container_export           GET    /containers/{id}/export         -    tar               200      1.24
    its whole filesystem as one tar
container_stats            GET    /containers/{id}/stats          -    messages          200      1.24
    CPU, memory, network and disk counters, one object a second
    stream:bool one-shot:bool@1.41
container_resize           POST   /containers/{id}/resize         -    none              200      1.24
    set the height and width of its terminal
    h:int w:int
container_start            POST   /containers/{id}/start          -    none              204,304  1.24
    start it; 304 when it already runs
    detachKeys:str +checkpoint:str +checkpoint-dir:str
container_stop             POST   /containers/{id}/stop           -    none              204,304  1.24
    ask it to end, kill it t seconds later; 304 when it is down
    signal:str@1.42 t:int
container_restart          POST   /containers/{id}/restart        -    none              204      1.24
    stop, then start
    signal:str@1.42 t:int
container_kill             POST   /containers/{id}/kill           -    none              204      1.24
    send its first process a signal, KILL by default
    signal:str
container_update           POST   /containers/{id}/update         json json              200      1.24
    change resource limits or the restart policy while it runs
container_rename           POST   /containers/{id}/rename         -    none              204      1.24
    give it another name
    name:str
container_pause            POST   /containers/{id}/pause          -    none              204      1.24
    freeze its processes
container_unpause          POST   /containers/{id}/unpause        -    none              204      1.24
    thaw its processes
container_attach           POST   /containers/{id}/attach         -    upgrade=tcp       101,200  1.24
    join its stdin, stdout and stderr on this very connection
    detachKeys:str logs:bool stream:bool stdin:bool stdout:bool stderr:bool
container_attach_websocket GET    /containers/{id}/attach/ws      -    upgrade=websocket 101,200  1.24
    join its streams through a WebSocket, stdout and stderr unmarked
    detachKeys:str logs:bool stream:bool stdin:bool@1.42 stdout:bool@1.42 stderr:bool@1.42
container_wait             POST   /containers/{id}/wait           -    json              200      1.24
    answer when it ends, with its exit status
    condition:str@1.30
container_delete           DELETE /containers/{id}                -    none              204      1.24
    remove it; force=1 kills it first, v=1 takes its anonymous volumes
    v:bool force:bool link:bool
container_archive_info     HEAD   /containers/{id}/archive        -    raw               200      1.24
    stat one path in it; the answer is a header
    path:str
container_archive          GET    /containers/{id}/archive        -    tar               200      1.24
    copy a file or directory out of it
    path:str
put_container_archive      PUT    /containers/{id}/archive        tar  none              200      1.24
    unpack a tar into one of its directories
    path:str noOverwriteDirNonDir:bool copyUIDGID:bool@1.30
container_prune            POST   /containers/prune               -    json              200      1.25
    remove every stopped container
    filters:filters

[Image]
image_list                 GET    /images/json                    -    json              200      1.24
    the images stored here
    all:bool filters:filters shared-size:bool@1.42 digests:bool manifests:bool@1.47 identity:bool@1.54
image_build                POST   /build                          tar  messages+         200      1.24
    build an image from a tar holding a Dockerfile and its context
    dockerfile:str t:list extrahosts:list@1.28 remote:str q:bool nocache:bool cachefrom:json@1.25 pull:bool
    rm:bool forcerm:bool memory:int memswap:int cpushares:int cpusetcpus:str cpuperiod:int cpuquota:int
    buildargs:json shmsize:int squash:bool@1.25 labels:json networkmode:str@1.25 platform:str@1.32
    target:str@1.29 outputs:json@1.40 version:str@1.38 +cpusetmems:str +ulimits:json +session:str@1.31
    +buildid:str@1.38 +cgroupparent:str +securityopt:list +isolation:str
build_prune                POST   /build/prune                    -    json              200      1.31
    drop the build cache (before API 1.48 reserved-space was keep-storage)
    reserved-space:int@1.48 max-used-space:int@1.48 min-free-space:int@1.48 all:bool@1.39 filters:filters@1.39
    +keep-storage:int@1.39
image_create               POST   /images/create                  tar  messages+         200      1.24
    pull an image (fromImage), or import a filesystem (fromSrc)
    fromImage:str fromSrc:str repo:str tag:str message:str changes:list platform:str@1.32
image_inspect              GET    /images/{name}/json             -    json              200      1.24
    everything the engine knows about one image
    manifests:bool@1.48 platform:json@1.49
image_attestations         GET    /images/{name}/attestations     -    json              200      1.55
    the in-toto statements attached to it
    platform:jsonlist type:list statement:bool
image_history              GET    /images/{name}/history          -    json              200      1.24
    its layers, newest first, with the command that made each
    platform:json@1.48
image_push                 POST   /images/{name}/push             -    messages+         200      1.24
    upload it to its registry; wants an X-Registry-Auth header
    tag:str platform:json@1.46
image_tag                  POST   /images/{name}/tag              -    none              201      1.24
    give it one more name
    repo:str tag:str
image_delete               DELETE /images/{name}                  -    json              200      1.24
    take a name off it, and remove it with its last name
    force:bool noprune:bool platforms:jsonlist@1.50
image_search               GET    /images/search                  -    json              200      1.24
    look for a term on Docker Hub
    term:str limit:int filters:filters
image_prune                POST   /images/prune                   -    json              200      1.25
    remove images nothing uses
    filters:filters
image_commit               POST   /commit                         json json              201,+200 1.24
    make an image of a container as it is now
    container:str repo:str tag:str comment:str author:str pause:bool changes:list
image_get                  GET    /images/{name}/get              -    tar               200      1.24
    save one image, layers and all
    platform:jsonlist@1.48
image_get_all              GET    /images/get                     -    tar               200      1.24
    save several images in one tar
    names:list platform:jsonlist@1.48
image_load                 POST   /images/load                    tar  messages+         200      1.24
    bring saved images back
    quiet:bool platform:jsonlist@1.48

[System]
system_auth                POST   /auth                           json json              200,204  1.24
    try credentials on a registry
system_info                GET    /info                           -    json              200      1.24
    the engine's settings, drivers, counts and warnings
system_version             GET    /version                        -    json              200      1.24
    versions of the engine, its API and its parts
system_ping                GET    /_ping                          -    raw               200      1.24
    the text OK; the API version is in a header
system_ping_head           HEAD   /_ping                          -    raw               200      1.40
    the headers of a ping, no body
system_events              GET    /events                         -    messages          200      1.24
    what happens on the engine, as it happens
    since:time until:time filters:filters
system_data_usage          GET    /system/df                      -    json              200      1.25
    disk space taken by images, containers, volumes and cache
    type:list@1.42 verbose:bool@1.52

[Exec]
container_exec             POST   /containers/{id}/exec           json json              201      1.24
    prepare a command inside a running container
exec_start                 POST   /exec/{id}/start                json upgrade=tcp       200,+101 1.24
    run the prepared command on this very connection
exec_resize                POST   /exec/{id}/resize               -    none              200,+201 1.24
    set the height and width of the command's terminal
    h:int w:int
exec_inspect               GET    /exec/{id}/json                 -    json              200      1.24
    whether the command runs, and its exit status

[Volume]
volume_list                GET    /volumes                        -    json              200      1.24
    the volumes, and warnings from their drivers
    filters:filters
volume_create              POST   /volumes/create                 json json              201      1.24
    make a volume, named or anonymous
volume_inspect             GET    /volumes/{name}                 -    json              200      1.24
    one volume: driver, mount point, labels
volume_update              PUT    /volumes/{name}                 json none              200      1.42
    change a cluster volume
    version:int
volume_delete              DELETE /volumes/{name}                 -    none              204      1.24
    remove a volume no container uses
    force:bool@1.25
volume_prune               POST   /volumes/prune                  -    json              200      1.25
    remove volumes nothing uses
    filters:filters

[Network]
network_list               GET    /networks                       -    json              200      1.24
    the networks, without their containers
    filters:filters
network_inspect            GET    /networks/{id}                  -    json              200      1.24
    one network with its containers
    verbose:bool@1.28 scope:str@1.31
network_delete             DELETE /networks/{id}                  -    none              204      1.24
    remove a network nothing is connected to
network_create             POST   /networks/create                json json              201      1.24
    make a network
network_connect            POST   /networks/{id}/connect          json none              200      1.24
    plug a container into it
network_disconnect         POST   /networks/{id}/disconnect       json none              200      1.24
    unplug a container from it
network_prune              POST   /networks/prune                 -    json              200      1.25
    remove networks nothing uses
    filters:filters

[Plugin]
plugin_list                GET    /plugins                        -    json              200      1.25
    the plugins installed
    filters:filters@1.26
get_plugin_privileges      GET    /plugins/privileges             -    json              200      1.25
    what a plugin will ask for once installed
    remote:str
plugin_pull                POST   /plugins/pull                   json messages          204,+200 1.25
    install a plugin; the body grants its privileges
    remote:str name:str
plugin_inspect             GET    /plugins/{name}/json            -    json              200      1.25
    one plugin: settings, state
plugin_delete              DELETE /plugins/{name}                 -    none              200      1.25
    uninstall a plugin
    force:bool
plugin_enable              POST   /plugins/{name}/enable          -    none              200      1.25
    switch a plugin on
    timeout:int
plugin_disable             POST   /plugins/{name}/disable         -    none              200      1.25
    switch a plugin off
    force:bool
plugin_upgrade             POST   /plugins/{name}/upgrade         json messages          204,+200 1.26
    replace a plugin by another version of it
    remote:str
plugin_create              POST   /plugins/create                 tar  none              204      1.25
    make a plugin of a root filesystem and a config.json
    name:str
plugin_push                POST   /plugins/{name}/push            -    messages          200      1.25
    upload a plugin to its registry
plugin_set                 POST   /plugins/{name}/set             json none              204      1.25
    change a plugin's settings

[Node]
node_list                  GET    /nodes                          -    json              200      1.24
    the machines of the swarm
    filters:filters
node_inspect               GET    /nodes/{id}                     -    json              200      1.24
    one machine of the swarm
node_delete                DELETE /nodes/{id}                     -    none              200      1.24
    take a machine off the swarm's list
    force:bool
node_update                POST   /nodes/{id}/update              json none              200      1.24
    change a machine's role, availability or labels
    version:int

[Swarm]
swarm_inspect              GET    /swarm                          -    json              200      1.24
    the swarm's settings and join tokens
swarm_init                 POST   /swarm/init                     json json              200      1.24
    start a swarm here; answers this node's id
swarm_join                 POST   /swarm/join                     json none              200      1.24
    enter a swarm that exists
swarm_leave                POST   /swarm/leave                    -    none              200      1.24
    quit the swarm
    force:bool
swarm_update               POST   /swarm/update                   json none              200      1.24
    change the swarm's settings, turn its tokens over
    version:int rotateWorkerToken:bool rotateManagerToken:bool rotateManagerUnlockKey:bool@1.25
swarm_unlockkey            GET    /swarm/unlockkey                -    json              200      1.25
    the key that opens a locked manager
swarm_unlock               POST   /swarm/unlock                   json none              200      1.25
    open a locked manager with its key

[Service]
service_list               GET    /services                       -    json              200      1.24
    the services of the swarm
    filters:filters status:bool@1.41
service_create             POST   /services/create                json json              201      1.24
    declare a service
service_inspect            GET    /services/{id}                  -    json              200      1.24
    one service, its spec and version index
    insertDefaults:bool@1.29
service_delete             DELETE /services/{id}                  -    none              200      1.24
    remove a service with its tasks
service_update             POST   /services/{id}/update           json json              200      1.24
    replace a service's spec, or roll it back
    version:int registryAuthFrom:str@1.25 rollback:str@1.28
service_logs               GET    /services/{id}/logs             -    frames            200      1.25
    what the service's tasks wrote to stdout and stderr
    details:bool follow:bool stdout:bool stderr:bool since:time timestamps:bool tail:str

[Task]
task_list                  GET    /tasks                          -    json              200      1.24
    the tasks of the swarm
    filters:filters
task_inspect               GET    /tasks/{id}                     -    json              200      1.24
    one task: state, node, container
task_logs                  GET    /tasks/{id}/logs                -    frames            200      1.29
    what one task wrote to stdout and stderr
    details:bool follow:bool stdout:bool stderr:bool since:time timestamps:bool tail:str

[Secret]
secret_list                GET    /secrets                        -    json              200      1.25
    the secrets, without their content
    filters:filters
secret_create              POST   /secrets/create                 json json              201,+200 1.25
    store a secret, its content in base64
secret_inspect             GET    /secrets/{id}                   -    json              200      1.25
    one secret, without its content
secret_delete              DELETE /secrets/{id}                   -    none              204      1.25
    forget a secret
secret_update              POST   /secrets/{id}/update            json none              200      1.25
    change a secret's labels
    version:int

[Config]
config_list                GET    /configs                        -    json              200      1.30
    the configs of the swarm
    filters:filters
config_create              POST   /configs/create                 json json              201      1.30
    store a config, its content in base64
config_inspect             GET    /configs/{id}                   -    json              200      1.30
    one config with its content
config_delete              DELETE /configs/{id}                   -    none              204      1.30
    forget a config
config_update              POST   /configs/{id}/update            json none              200      1.30
    change a config's labels
    version:int

[Distribution]
distribution_inspect       GET    /distribution/{name}/json       -    json              200      1.30
    ask the registry for an image's digest and platforms

[Session]
session                    POST   /session                        -    upgrade=h2c       101      1.31
    lend the builder this connection for its callbacks, as HTTP/2
"""
# ==== table end

# RFC 3986 §2.3. A query value keeps these alone: "&", "=", "+" and ";" all mean something to a server that
# splits queries. A path segment keeps the rest of pchar (§3.3) too, but for ";", which some servers cut at.
URI_UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
PATH_SEGMENT_KEEP = URI_UNRESERVED + ":@+,=!$&'()*"

# Below these paths a name is an image or plugin reference, and its "/" are written raw, as
# docker does. Anywhere else a "/" inside a name is written %2F. (The engine decodes before it
# routes, so %2F is no wall: what keeps a name inside its place is the refusal of "." and "..".)
REFERENCE_PATHS = ("/images/", "/distribution/", "/plugins/")

ENDPOINT_CACHE = {}


def percent_encode(text, keep=URI_UNRESERVED):
    """`text` (str) as ASCII: UTF-8, each byte not in `keep` written %XX (RFC 3986 §2.1).

    The bytes that Python smuggles through a str as surrogates (a file name that is not UTF-8)
    come out as the bytes they were. Raises UsageError for a surrogate that is no such byte.
    """
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise UsageError("cannot encode %s: a lone surrogate at position %d"
                         % (ascii(text), error.start)) from None
    return "".join([chr(byte) if chr(byte) in keep else "%%%02X" % byte for byte in data])


def encode_query(pairs):
    """`pairs` of (name, value), all str, as the text that follows "?"; empty for no pairs."""
    return "&".join(["%s=%s" % (percent_encode(name), percent_encode(value)) for name, value in pairs])


def api_version_pair(text, prefix=""):
    """ "1.41" → (1, 41), so that 1.9 sorts before 1.10. UsageError for other texts.

    `prefix` is a pattern of what may come before it.
    """
    match = re.fullmatch(prefix + r"([0-9]{1,4})\.([0-9]{1,4})", text) if isinstance(text, str) else None
    if match is None:
        raise UsageError("API version %s is not of the form 1.41" % ascii(text),
                         "set DOCKER_API_VERSION to one, or leave it unset")
    return int(match.group(1)), int(match.group(2))


def is_64_bit_int(value):
    """True for an int that the engine can read: no bool (an int to Python alone), and within 64 bits."""
    return isinstance(value, int) and not isinstance(value, bool) and -1 << 63 <= value < 1 << 63


# One function a kind: value → the text that is sent, for a repeated name a list of texts, None for a wrong
# value. Nothing is converted on a guess: the str "false" is not a bool, and the bool True not an int.

def encode_bool_parameter(value):
    return "%d" % value if isinstance(value, bool) else None


def encode_int_parameter(value):
    return "%d" % value if is_64_bit_int(value) else None


def encode_str_parameter(value):
    return value if isinstance(value, str) else encode_int_parameter(value)


def encode_list_parameter(value):
    several = hasattr(value, "__iter__") and not isinstance(value, (str, dict))
    items = list(value) if several else [value]
    return items if all(isinstance(item, str) for item in items) else None


def encode_json_parameter(value):
    """`value` is JSON text, or an object or array."""
    import json
    try:
        text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), allow_nan=False)
        return text if isinstance(json.loads(text), (dict, list)) else None
    except (TypeError, ValueError, RecursionError):
        return None


def encode_jsonlist_parameter(value):
    texts = [encode_json_parameter(item) for item in (value if isinstance(value, (list, tuple)) else [value])]
    return None if None in texts else texts


def encode_filters_parameter(value):
    """`value` is JSON text, or a dict of filter name to a str, a bool (written true or false), an int, or a
    list, tuple or set of them.
    """
    if isinstance(value, str):
        return encode_json_parameter(value) if value.lstrip().startswith("{") else None
    terms = {}
    for name, wanted in value.items() if isinstance(value, dict) else [(None, None)]:
        if isinstance(wanted, (set, frozenset)):
            wanted = sorted(wanted, key=str)  # a set has no order, and equal calls should send equal bytes
        terms[name] = [str(item).lower() if isinstance(item, bool) else encode_str_parameter(item)
                       for item in (wanted if isinstance(wanted, (list, tuple)) else [wanted])]
        if not isinstance(name, str) or None in terms[name]:
            return None
    return encode_json_parameter(terms)


def encode_time_parameter(value):
    """`value` (int, float or digits[.digits]) is in seconds since 1970."""
    text = encode_str_parameter(value) or ""
    if isinstance(value, float):
        text = re.sub("[.]?0*$", "", "%.9f" % value)
    return text if re.fullmatch("[0-9]+([.][0-9]{1,9})?", text) else None


# The function of each kind, and what an error says that it expects.
QUERY_ENCODERS = {
    "bool": (encode_bool_parameter, "True or False"),
    "int": (encode_int_parameter, "a whole number"),
    "str": (encode_str_parameter, "text"),
    "list": (encode_list_parameter, "text or several texts"),
    "filters": (encode_filters_parameter, "a dict of filter name to value or values, or its JSON text"),
    "json": (encode_json_parameter, "a dict, a list, or the JSON text of one"),
    "jsonlist": (encode_jsonlist_parameter, "dicts or lists, or their JSON texts"),
    "time": (encode_time_parameter, "seconds since 1970 such as 1795424287 or 1795424287.5"),
}


def encode_query_parameter(kind, name, value):
    """One query parameter as a list of (name, text) pairs; None gives an empty list.

    `kind` is one of QUERY_ENCODERS. Raises UsageError that names the parameter and its kind.
    """
    encode, expected = QUERY_ENCODERS[kind]
    texts = [] if value is None else encode(value)
    if texts is None:
        try:
            shown = ascii(value)
        except ValueError:   # it holds an int of over 4300 digits, since Python 3.11
            shown = "too long to write"
        raise UsageError("parameter %s (%s): expected %s, got %s %.60s"
                         % (name, kind, expected, type(value).__name__, shown))
    return [(name, text) for text in ([texts] if isinstance(texts, str) else texts)]


class QueryParameter(namedtuple("QueryParameter", "name kind since listed")):
    """One query parameter of an operation.

    `name`, `kind` (one of QUERY_ENCODERS) and `since` (the first API version that has it) are str;
    `listed` is False for one that engines take though the definition does not list it.
    """

    __slots__ = ()


class Endpoint:
    """One operation of the Engine API: a row of the table.

    `name`, `method`, `path`, `tag`, `since` and `help` are str, `body` and `result` the kinds
    explained above the table; `upgrade` is the protocol when `result` is "upgrade", else None;
    `statuses` a tuple of int, those that mean success, `extra_statuses` those of them that the definition
    does not list; `never_empty` whether a stream of messages has at least one;
    `path_parameters` a tuple of names; `query` a tuple of QueryParameter, those the definition
    lists, in its order; `extra` a tuple of those that engines take besides.
    """

    __slots__ = ("name", "method", "path", "query", "extra", "body", "result", "upgrade", "statuses",
                 "extra_statuses", "never_empty", "since", "help", "path_parameters", "tag")

    def __init__(self, tag, row):
        lines = row.split("\n")
        self.name, self.method, self.path, self.body, result, statuses, self.since = lines[0].split()
        self.tag = tag
        self.help = lines[1].strip()
        self.never_empty = result.endswith("+")
        self.result, _, upgrade = result.rstrip("+").partition("=")
        self.upgrade = upgrade or None
        self.statuses = tuple([int(status) for status in statuses.replace("+", "").split(",")])
        self.extra_statuses = tuple([int(status[1:]) for status in statuses.split(",") if status[0] == "+"])
        self.path_parameters = tuple([part[1:-1] for part in self.path.split("/") if part[:1] == "{"])
        parameters = []
        for spec in " ".join(lines[2:]).split():
            listed = not spec.startswith("+")
            name, _, kind = spec.lstrip("+").partition(":")
            kind, _, since = kind.partition("@")
            parameters.append(QueryParameter(name, kind, since or self.since, listed))
        self.query = tuple([parameter for parameter in parameters if parameter.listed])
        self.extra = tuple([parameter for parameter in parameters if not parameter.listed])

    def __repr__(self):
        return "<Endpoint %s %s %s: %s>" % (self.name, self.method, self.path, self.help)

    @property
    def operation_id(self):
        """The definition's own name: ContainerList for container_list."""
        return "".join([word.capitalize() for word in self.name.split("_")])

    def query_parameter(self, name):
        """The QueryParameter called `name`; one_shot also finds one-shot, which Python cannot spell.

        Raises UsageError that lists the parameters there are.
        """
        spelled = name.replace("_", "-") if isinstance(name, str) else name
        for parameter in self.query + self.extra:
            if parameter.name == name or parameter.name == spelled:
                return parameter
        known = list(self.path_parameters) + [parameter.name for parameter in self.query + self.extra]
        known += ["body={…}"] if self.body == "json" else []
        near = closest_word(str(name), known)
        raise UsageError("%s has no parameter %s%s; it takes %s"
                         % (self.name, ascii(name), ", did you mean %s?" % near if near else "",
                            ", ".join(known) or "none"),
                         hint="see rawdock endpoints %s" % self.name)

    def encode_query_values(self, query_values, version=None):
        """`query_values` (dict of name to value) as (name, text) pairs, in their order. Raises UsageError."""
        pairs = []
        for name, value in (query_values or {}).items():
            parameter = self.query_parameter(name)
            encoded = encode_query_parameter(parameter.kind, parameter.name, value)
            if encoded and version is not None:
                what = "parameter %s of %s" % (parameter.name, self.name)
                self.refuse_older_engine(what, parameter.since, version)
            pairs.extend(encoded)
        return pairs

    def refuse_older_engine(self, what, since, version):
        """Raise UsageError if `what`, new in API `since`, is for an engine that speaks `version`."""
        if api_version_pair(since) > api_version_pair(version):
            raise UsageError("%s needs API %s, this engine speaks %s" % (what, since, version))

    def build_path(self, path_values):
        """The path, its parameters filled in from `path_values` (dict of name to str). Raises UsageError."""
        segments = []
        for part in self.path.split("/"):
            if part[:1] == "{":
                name = part[1:-1]
                value = (path_values or {}).get(name)
                if value is None:
                    raise UsageError("%s needs %s: %s %s" % (self.name, name, self.method, self.path))
                part = self.encode_path_value(name, value)
            segments.append(part)
        return "/".join(segments)

    def encode_path_value(self, name, value):
        """One path parameter, percent-encoded. Raises UsageError for what could leave its segment."""
        if not isinstance(value, str):
            raise UsageError("%s: %s must be a str, got %s %.60s"
                             % (self.name, name, type(value).__name__, ascii(value)),
                             "give a name or an id; a body goes by name: body=…")
        kind = self.path.split("/")[1][:-1]
        if kind in ("container", "network", "volume") and not value.strip():   # as the docker CLI says it
            raise UsageError("invalid %s name or ID: value is empty" % kind)
        parts = value.split("/")
        wrong = ("is empty" if not value else "holds a control character" if re.search("[\0\r\n]", value)
                 else "has an empty segment: no leading, trailing or doubled '/'" if "" in parts
                 else "has a '.' or '..' segment" if "." in parts or ".." in parts else None)
        if wrong:
            raise UsageError("%s: %s %s %s" % (self.name, name, ascii(value), wrong))
        slash = "/" if self.path.startswith(REFERENCE_PATHS) else "%2F"
        return slash.join([percent_encode(part, PATH_SEGMENT_KEEP) for part in parts])

    def build_target(self, version=None, path_values=None, query_values=None):
        """The request target, a str such as "/v1.41/containers/redis/json?size=1".

        `version` is the API version the engine speaks, "1.41", or None for no prefix (the engine
        then uses its newest); `path_values` and `query_values` are dicts. A value of None is
        left out. Raises UsageError.
        """
        prefix = ""
        if version is not None:
            self.refuse_older_engine(self.name, self.since, version)
            prefix = "/v" + version
        query = encode_query(self.encode_query_values(query_values, version))
        return prefix + self.build_path(path_values) + ("?" + query if query else "")


def endpoint_at(start):
    """The Endpoint whose row begins at offset `start` of the table."""
    end = ENDPOINT_TABLE.index("\n", start)
    while ENDPOINT_TABLE.startswith("    ", end + 1):
        end = ENDPOINT_TABLE.index("\n", end + 1)
    heading = ENDPOINT_TABLE.rindex("\n[", 0, start) + 2
    return Endpoint(ENDPOINT_TABLE[heading:ENDPOINT_TABLE.index("]", heading)], ENDPOINT_TABLE[start:end])


def endpoint_names():
    """The names of all operations, in table order."""
    return re.findall("^[a-z]\\w*", ENDPOINT_TABLE, re.ASCII | re.MULTILINE)


def find_endpoint(name):
    """The Endpoint called `name`. Reads one row, once. Raises UsageError with the nearest name.

    >>> find_endpoint("container_list").method, find_endpoint("container_list").path
    ('GET', '/containers/json')
    """
    if isinstance(name, str) and name in ENDPOINT_CACHE:
        return ENDPOINT_CACHE[name]
    start = ENDPOINT_TABLE.find("\n%s " % name) if isinstance(name, str) and name.isidentifier() else -1
    if start < 0:
        near = closest_word(str(name), endpoint_names())
        raise UsageError("no operation %s%s" % (ascii(name), "; did you mean %s?" % near if near else ""),
                         hint="rawdock endpoints lists all 108")
    return ENDPOINT_CACHE.setdefault(name, endpoint_at(start + 1))


def endpoints():
    """All operations, a list of Endpoint in table order."""
    return [find_endpoint(name) for name in endpoint_names()]


def find_endpoint_row(method, path):
    """The Endpoint that a method and a path (with or without /vX.Y) call, or None."""
    path = re.sub(r"^/v[0-9.]+(?=/)", "", path.partition("?")[0])
    for endpoint in endpoints():
        parts = endpoint.path.split("/")
        pattern = "/".join("[^/]+" if part[:1] == "{" else re.escape(part) for part in parts)
        if endpoint.path.startswith(REFERENCE_PATHS):
            pattern = pattern.replace("[^/]+", ".+")
        if endpoint.method == method and re.fullmatch(pattern, path):
            return endpoint
    return None
