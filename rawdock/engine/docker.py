"""The client: one engine, every operation of the table, connections kept between calls.

Strategy: `Docker.call(name, …)` looks the row up, writes the request target from it, sends, and turns the
answer into what the row's result kind says. The row also says which statuses mean success.
`docker.container_list(all=True)` is the row `container_list`: each is a method, made when it is first used,
so that 108 of them cost the start nothing. `request()` is the low-level API beside it: any method, any path,
no version prefix, no status raised.

The API version is requested once, on the first call that needs it, from /_ping: the newest that both the
engine and the table have. DOCKER_API_VERSION or `version` sets it without a request. A kept connection that
the engine has closed, or on which it sent bytes without a request, is not used again, nor is one that
another process made (after a fork). One that dies under a request is replaced once, and only where
repeating the request is harmless and not a byte of an answer has come.

Left out: redirects (an engine's 301 means a malformed path, and following it would turn a
POST into a GET), cookies, HTTP proxies for unix sockets.
"""
import os
from collections import namedtuple

from ..errors import APIError, Conflict, ConnectError, NotFound, ProtocolError, RawdockError, UsageError
from ..net.closing import Closing
from ..net.address import TLSSettings
from ..net.config import find_address
from ..net.connection import Connection
from ..net.dial import dial
from ..net.limits import require_seconds
from .answers import answer_field, malformed_answer, says_frames
from .endpoints import api_version_pair, encode_query, find_endpoint

OLDEST_API = "1.24"            # what an engine speaks that offers none in its answer to /_ping
NEWEST_API = "1.55"
MAX_ERROR_BYTES = 1 << 20      # of an error's body; the Go client's number
MAX_IDLE_CONNECTIONS = 4       # `run` uses three at once
TIMEOUT_NAMES = ("head", "idle", "total")
# The operations whose answer tells whether a log is that of a terminal, and where in it.
TTY_PLACES = {
    "service_logs": ("service_inspect", "Spec TaskTemplate ContainerSpec TTY"),
    "task_logs": ("task_inspect", "Spec ContainerSpec TTY"),
}
CONTENT_TYPES = {"json": "application/json", "tar": "application/x-tar"}   # by the body kind of an endpoint


def error_from_response(response):
    """The APIError (NotFound, Conflict) for a response that refuses; 1 MiB of its body is read at most."""
    import json
    data = bytearray()
    cut_short = ""
    try:
        with response:
            for piece in response:
                data += piece
                if len(data) > MAX_ERROR_BYTES:
                    break
    except RawdockError as error:   # the refusal itself is known; that its text was cut is less important
        cut_short = " (%s)" % error.message
    text = data[:MAX_ERROR_BYTES].decode("utf-8", "replace").strip()
    try:
        message = json.loads(text).get("message")
    except (AttributeError, ValueError, RecursionError):   # AttributeError: JSON, and no object
        message = None
    if not isinstance(message, str) or not message.strip():
        message = text or ("%d %s" % (response.status, response.reason)).strip()
    kind = {404: NotFound, 409: Conflict}.get(response.status, APIError)
    return kind(response.status, message.strip() + cut_short, response.method, response.target)


def time_limits(timeout):
    """(head, idle, total), each in seconds or None, of an operation's `timeout`. UsageError for other values.

    `timeout` is a number of seconds for the exchange, or a dict with "head", "idle" and "total", which are
    the limits of Connection.request(). None is no limit.
    """
    given = timeout if isinstance(timeout, dict) else {"total": timeout}
    for name, seconds in given.items():
        if name not in TIMEOUT_NAMES:
            raise UsageError("timeout has no %r; it is seconds, or a dict of head, idle and total" % (name,))
        require_seconds("timeout", seconds)
    return [given.get(name) for name in TIMEOUT_NAMES]


def has_field(fields, name):
    """Whether the (name, value) pairs `fields` have a field called `name` (lower-case)."""
    return any(str(field).lower() == name for field, _ in fields)


def header_pairs(headers):
    """`headers` (a dict, pairs or None) as a list of (name, value). UsageError for anything else."""
    try:
        pairs = headers.items() if isinstance(headers, dict) else headers or ()
        return [(name, value) for name, value in pairs]
    except (TypeError, ValueError):
        raise UsageError("headers are a dict, or pairs of name and value, not %r" % (headers,)) from None


def encode_body(body, kind, fields):
    """A request body as Connection takes it: str as UTF-8, and for a `kind` of "json" values as JSON.

    Bytes, files and iterables stay as they are. `fields` (list of pairs) get the Content-Type of the `kind`,
    unless they have one. UsageError for what has no such form.
    """
    if kind in CONTENT_TYPES and not has_field(fields, "content-type"):
        fields.append(("Content-Type", CONTENT_TYPES[kind]))
    try:
        if isinstance(body, str):
            return body.encode("utf-8")
        if kind != "json" or isinstance(body, bytes):
            return body
        import json
        return json.dumps(body, allow_nan=False).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError("the body cannot be written: %s" % error,
                         "give bytes, or for JSON dict, list, str, int, float, bool and None only")


# ==== library begin: what no command uses, and `amalgamate --only` leaves out
class OperationsAtFirstUse(type):
    """The type of a class whose methods are the operations of the table."""

    def __getattr__(cls, name):
        if name.startswith("_"):
            raise AttributeError(name)
        from .operations import make_method
        method = make_method(name)
        setattr(EngineOperations, name, method)
        return method

    def __dir__(cls):
        from .operations import method_names
        return sorted(set(type.__dir__(cls)) | set(method_names()))


class EngineOperations(Closing, metaclass=OperationsAtFirstUse):
    """A base class with a method for each operation: container_list(all=True) is the row `container_list`.

    The values of the path come first, by position or by name; query parameters, `body`, `headers` and `auth`
    go by name.
    """

    def __init_subclass__(cls):
        if EngineOperations not in cls.__bases__:   # a class that may call super().container_list()
            from .operations import method_names
            for name in method_names():
                getattr(EngineOperations, name)

    def __getattr__(self, name):
        return getattr(type(self), name).__get__(self)

    def __dir__(self):
        return sorted(set(dir(type(self))) | set(vars(self)))
# ==== library end


class Docker(EngineOperations):
    """A client of the engine at `address` (str or Address).

    Without `address` the engine is chosen as in the docker CLI: its context `context` (str), DOCKER_HOST, the
    current context, /var/run/docker.sock. `version` (str) is the API version to use; None: the newest that
    both know. `timeout` (seconds) limits connecting, and the wait for an answer that an engine begins at once
    (a GET of JSON); streams and actions such as stop have no limit. `tls` (TLSSettings) takes the place of
    DOCKER_TLS_VERIFY and the like, and `insecure_tcp` allows TCP without TLS to another machine. It may be
    used from several threads, and after a fork in both processes. open_socket(address, timeout) makes each
    socket; set it to record or to plan what is sent. `headers`, a list of (name, value), are added to each
    request that has no field of that name.
    """

    def __init__(self, address=None, version=None, timeout=60, context=None,
                 tls=None, insecure_tcp=False):
        require_seconds("timeout", timeout)
        # ==== library begin
        if not isinstance(tls, (TLSSettings, type(None))):
            raise UsageError("tls is a TLSSettings, not %r" % (tls,),
                             "write tls=rawdock.TLSSettings(ca='ca.pem', cert='cert.pem', key='key.pem')")
        # ==== library end
        self.address = find_address(address, context, tls=tls, insecure_tcp=insecure_tcp)
        # ==== library begin
        if self.address is not address and self.address.tls and not self.address.tls.verify:
            from warnings import warn   # the command has a line of its own
            warn("TLS: the certificate of %s is not verified" % self.address, RuntimeWarning, stacklevel=2)
        # ==== library end
        self.timeout = timeout
        self.open_socket = dial
        self.headers = []
        self._version = version or os.environ.get("DOCKER_API_VERSION") or None
        if self._version is not None:
            self._version = "%d.%d" % api_version_pair(self._version, "v?")
        self._idle = []

    # ==== library begin
    def __getstate__(self):
        """What a copy, or a pickle for another process, has: all but the connections."""
        return dict(vars(self), _idle=[])
    # ==== library end

    def __repr__(self):
        return "Docker(%r)" % str(self.address)

    def close(self):
        """Close the idle connections. Open streams are closed by those who use them."""
        while self._idle:
            self._idle.pop().close()

    @property
    def version(self):
        """The API version in use (str, such as "1.41"); at first use it is agreed on with the engine."""
        if self._version is None:
            seconds = self.timeout
            with self.request("GET", "/_ping", head_timeout=seconds, idle_timeout=seconds) as response:
                offered = response.headers.get("api-version")   # also a status of 500 may come with it
                if offered is None and response.status >= 300:
                    raise error_from_response(response)
                response.read(MAX_ERROR_BYTES)
            try:
                newest = api_version_pair(OLDEST_API if offered is None else offered, "v?")
            except UsageError:
                raise malformed_answer("SystemPing", offered.encode("latin-1"), "an API version such as 1.41")
            if newest < api_version_pair(OLDEST_API):
                raise UsageError("the engine at %s speaks API %s at most; rawdock speaks %s to %s"
                                 % (self.address, offered, OLDEST_API, NEWEST_API), "use a newer engine")
            self._version = "%d.%d" % min(newest, api_version_pair(NEWEST_API))
        return self._version

    def supports(self, version):
        """Whether the API version in use is at least `version` ("1.30")."""
        return api_version_pair(self.version) >= api_version_pair(version)

    def connect(self, address=None, timeout=None):
        """A new Connection to the engine, or to `address` (Address): none of the kept ones, and by no proxy.

        `timeout` (seconds) limits connecting, if it is less than the client's own limit.
        """
        seconds = min([limit for limit in (self.timeout, timeout) if limit], default=None)
        return Connection(self.open_socket(address or self.address, seconds), self.address)

    def request(self, method, path, query=None, headers=None, body=None, http_version="1.1", hijack=False,
                head_timeout=None, idle_timeout=None, total_timeout=None):
        """Send any request → Response, whatever its status.

        `path` (str) is sent verbatim, with the base path of the address before it, but no version. `query` is
        a dict whose values may be str, int, bool (1 and 0), a list (repeated) or a dict (JSON), `headers` a
        dict or pairs, `body` bytes, str (UTF-8), a dict or list (JSON), or a binary file or iterable of bytes
        (sent chunked). `hijack` and the timeouts, in seconds, are those of Connection.request(). UsageError,
        before a byte is sent, for what cannot be sent.
        """
        if not isinstance(path, str) or not path.startswith("/"):
            raise UsageError("path %r does not begin with /" % (path,), "write it as in /containers/json")
        if query:
            path += ("&" if "?" in path else "?") + encode_query(raw_query_pairs(query))
        fields = header_pairs(headers)
        body = encode_body(body, "json" if isinstance(body, (dict, list)) else None, fields)
        return self._exchange(method, path, fields, body, http_version, hijack, head_timeout, idle_timeout,
                              total_timeout)

    def find_way(self):
        """The way of requests to an engine on TCP, by a proxy or not, as proxied_address() returns it."""
        from ..net.proxy import proxied_address
        return proxied_address(self.address, os.environ)

    def _exchange(self, method, path, fields, body, version, hijack, *timeouts):
        """Send on a kept connection or a new one → Response. Its arguments are Connection.request()'s."""
        fields = fields + [pair for pair in self.headers if not has_field(fields, pair[0].lower())]
        address, keep, target = self.address, self._keep, self.address.base + path
        if address.scheme == "tcp":
            through, before, more = self.find_way()
            if not hijack:
                address, target, fields = through, before + target, fields + more
            elif through is not address:
                keep = Connection.close   # the kept ones go through the proxy
        arguments = (method, target, fields, body, version, hijack) + timeouts
        require_seconds("total_timeout", timeouts[-1])
        # With ControlMaster the first ssh carries the others, and ends, and with it its stream, after them.
        kept = None if hijack and address.scheme == "ssh" or keep is Connection.close else self._take_idle()
        connection = kept or self.connect(address, timeouts[-1])
        try:
            response = connection.request(*arguments)
        except ConnectError:   # not a byte of an answer has come
            # RFC 9110 §9.2.2: only what changes nothing is repeated. An iterable was read and is gone.
            if kept is None or method not in ("GET", "HEAD") or not isinstance(body, (bytes, type(None))):
                raise
            connection = self.connect(address, timeouts[-1])
            response = connection.request(*arguments)
        except UsageError:   # nothing was sent
            if connection.reusable:
                keep(connection)
            raise
        if response.status == 101 and not has_field(fields, "upgrade"):
            response.close()
            raise ProtocolError("RFC 9110 §15.2.2", 0, b"101 " + response.reason.encode("latin-1"),
                                "no switch of protocols, for the request has no Upgrade field")
        if response.complete and connection.reusable:
            keep(connection)
        else:
            response.on_complete = keep
        return response

    def _take_idle(self):
        """A kept connection that is still good, or None."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:   # a test for emptiness before it would let another thread take the last one
                return None
            if not connection.is_stale():
                return connection
            connection.close()

    def _keep(self, connection):
        if len(self._idle) < MAX_IDLE_CONNECTIONS:
            self._idle.append(connection)
        else:
            connection.close()

    def send(*arguments, **parameters):
        """send(name, *path_values, **parameters) → the Response of that operation, body unread.

        Positional values fill the path's parameters in order; keywords are query parameters (or path
        parameters by name), `body`, `headers`, and for an operation of CREDENTIAL_FIELDS `auth`: credentials
        of the image's registry, a dict with the names of the Engine API's AuthConfig ({} for none). Nothing
        is sent that is not given here; find_credentials() reads what docker has. `timeout`, in place of the
        client's own limit, is that of time_limits(), except for plugin_enable, where it is the engine's.
        Timeout when one of these limits is over. UsageError for what the row does not know; APIError when the
        engine refuses, ProtocolError for a status of 2xx that this operation does not have. Where the body
        ends with its connection, reading it raises UnconfirmedError unless it shows its own end.
        """
        # No named parameter here: `name`, `path`, `version` and `timeout` are the engine's.
        self, endpoint, path_values = named_operation(arguments)
        return self._send(endpoint, path_values, parameters)

    def _send(self, endpoint, path_values, parameters):
        prompt = endpoint.method in ("GET", "HEAD") and endpoint.result in ("json", "raw")
        seconds = self.timeout if prompt else None
        limits = [seconds, seconds, None]
        # ==== library begin
        if "timeout" in parameters and endpoint.name != "plugin_enable":
            limits = time_limits(parameters.pop("timeout"))
        # ==== library end
        body = parameters.pop("body", None)
        fields = header_pairs(parameters.pop("headers", None))
        carry = CREDENTIAL_FIELDS.get(endpoint.name)
        auth = parameters.pop("auth", None) if carry is not None else None
        if auth is not None:
            fields.append(carry(auth))
        path = path_parameters(endpoint, path_values, parameters)
        if body is not None and endpoint.body == "-":
            raise UsageError("%s takes no body" % endpoint.name)
        ask = STREAM_REQUESTS.get(endpoint.result)
        stream_fields = ask(endpoint, body) if ask is not None else []
        if body is not None:
            body = encode_body(body, endpoint.body, fields)
        target = endpoint.build_target(None if endpoint.path == "/_ping" else self.version, path, parameters)
        response = self._exchange(endpoint.method, target, fields + stream_fields, body, "1.1",
                                  bool(stream_fields), *limits)
        return self._require_success(endpoint, response)

    def _require_success(self, endpoint, response):
        """`response`, if the row of `endpoint` has its status; else APIError, or ProtocolError for a 2xx."""
        if response.status not in endpoint.statuses:
            response.limit_idle(self.timeout)
            if not 200 <= response.status < 300:
                raise error_from_response(response)
            response.close()
            line = "%d %s" % (response.status, response.reason)
            raise malformed_answer(endpoint.operation_id, line.encode("latin-1"),
                                   "status %s" % " or ".join(map(str, endpoint.statuses)))
        # An engine sends a length or chunks. Without them the answer came through something else.
        response.watch_end(endpoint.result, required=endpoint.result not in ("none", "upgrade"))
        return response

    def call(*arguments, **parameters):
        """call(name, *path_values, **parameters) → the result of that operation, by its result kind.

        json → decoded; none → None; messages → iterator of dicts, with stream=False the one dict; frames →
        iterator of (stream, bytes); tar and raw → Response; upgrade → Duplex. `tty` (True, False) says
        whether the container has a terminal; without it an inspect operation tells. Parameters and errors are
        those of send().
        """
        self, endpoint, path_values = named_operation(arguments)
        tty = parameters.pop("tty", None) if endpoint.result in ("frames", "upgrade") else None
        response = self._send(endpoint, path_values, dict(parameters))
        operation = CalledOperation(self, endpoint, path_values, parameters, tty)
        return RESULT_READERS[endpoint.result](response, operation)


# What call() was given: the Docker, the operation's Endpoint, its path values, other parameters, and `tty`.
CalledOperation = namedtuple("CalledOperation", "docker endpoint path_values parameters tty")


def read_json_result(response, operation):
    with response:
        return None if response.status == 204 else response.json()


def read_empty_result(response, operation):
    with response:
        response.read()


def read_message_result(response, operation):
    """The messages, or with the parameter stream=False the one that the engine then answers with (dict)."""
    if operation.parameters.get("stream") is False:
        return read_json_result(response, operation)
    return iterate_messages(response, operation)


def iterate_messages(response, operation):
    """The messages; ProtocolError if there is none where the operation has at least one."""
    count = 0
    for count, message in enumerate(response.messages(), 1):
        yield message
    if not count and operation.endpoint.never_empty:
        raise malformed_answer(operation.endpoint.operation_id, b"", "at least one message")


def return_response(response, operation):
    return response


def read_frame_result(response, operation):
    return response.frames(is_terminal_stream(response, operation))


def read_upgrade_result(response, operation):
    if response.framing.kind != "upgrade":
        return read_empty_result(response, operation)
    if response.status != 101 and any(response.headers.get(name) is not None
                                      for name in ("content-length", "transfer-encoding")):
        response.close()   # with a length or chunks it is a message of HTTP, and no stream of the engine's
        raise ProtocolError("RFC 9110 §7.8", 0, b"%d" % response.status,
                            "101 Switching Protocols, for the request has Upgrade; a proxy between here and "
                            "the engine does not pass it on")
    return response.duplex(is_terminal_stream(response, operation))


def is_terminal_stream(response, operation):
    """Whether the stream of `response` is that of a terminal, and so not in frames; closes it on an error.

    Only the media type multiplexed-stream is reliable: engines before API 1.42, and Podman in all versions,
    send frames as raw-stream too, or without a media type. Then an inspect operation tells.
    """
    docker, endpoint, path_values, parameters, tty = operation
    if tty is not None:
        return tty
    if says_frames(response.headers):
        return False
    if endpoint.upgrade not in (None, "tcp"):
        return True
    if endpoint.body == "json":   # the start of an exec
        return body_says(parameters.get("body"), "Tty")
    inspect, names = TTY_PLACES.get(endpoint.name, ("container_inspect", "Config Tty"))
    kinds = bool if inspect == "container_inspect" else (bool, type(None))
    try:
        inspected = docker.call(inspect, path_values[0] if path_values else parameters["id"])
        return bool(answer_field(inspected, find_endpoint(inspect).operation_id, kinds, *names.split()))
    except BaseException:
        response.close()
        raise


def body_says(body, name):
    """Whether the request body, as the caller gave it, is a JSON object whose `name` is true."""
    if isinstance(body, (bytes, str)):
        import json
        try:
            body = json.loads(body if isinstance(body, str) else body.decode("utf-8"))
        except (ValueError, RecursionError):
            return False
    return isinstance(body, dict) and bool(body.get(name))


def fields_for_stream(endpoint, body):
    """The header fields that ask for the stream of `endpoint`; a detached exec has none."""
    return [] if body_says(body, "Detach") else upgrade_fields(endpoint.upgrade)


def upgrade_fields(protocol):
    """The header fields that ask for a switch to `protocol` (RFC 9110 §7.8)."""
    fields = [("Connection", "Upgrade"), ("Upgrade", protocol)]
    if protocol == "websocket":   # RFC 6455 §4.1
        from base64 import b64encode
        fields += [("Sec-WebSocket-Version", "13"),
                   ("Sec-WebSocket-Key", b64encode(os.urandom(16)).decode("ascii"))]
    return fields


def image_credentials(credentials):
    """X-Registry-Auth with the `credentials` of one registry, as (name, value)."""
    from .credentials import registry_auth_field
    return registry_auth_field(credentials)


def build_credentials(credentials):
    """X-Registry-Config with the `credentials` of find_all_credentials(), as (name, value)."""
    from .credentials import registry_config_field
    return registry_config_field(credentials)


# By operation: what makes the header field that carries the credentials of a registry.
CREDENTIAL_FIELDS = {
    "distribution_inspect": image_credentials,
    "image_build": build_credentials,
    "image_create": image_credentials,
    "image_push": image_credentials,
    "image_search": image_credentials,
    "plugin_pull": image_credentials,
    "get_plugin_privileges": image_credentials,
    "plugin_upgrade": image_credentials,
    "plugin_push": image_credentials,
    "service_create": image_credentials,
    "service_update": image_credentials,
}
# By the result kind of an operation: the header fields that it needs, and what call() makes of its Response.
STREAM_REQUESTS = {
    "upgrade": fields_for_stream,
}
RESULT_READERS = {
    "json": read_json_result,
    "none": read_empty_result,
    "messages": read_message_result,
    "frames": read_frame_result,
    "tar": return_response,
    "raw": return_response,
    "upgrade": read_upgrade_result,
}


def path_parameters(endpoint, path_values, parameters):
    """{path parameter: value}, from positional `path_values` and from `parameters`, which loses them."""
    names = endpoint.path_parameters
    if len(path_values) > len(names):
        raise UsageError("%s takes by position only what is in its path (%s), got %d values"
                         % (endpoint.name, ", ".join(names) or "nothing", len(path_values)),
                         "the body goes by name: body=…" if endpoint.body != "-" else "name the others")
    path = dict(zip(names, path_values))
    # ==== library begin
    for name in path:
        if name in parameters:
            raise UsageError("%s got %s twice, by position and by name" % (endpoint.name, name))
    # ==== library end
    for name in names[len(path_values):]:
        if name in parameters:
            path[name] = parameters.pop(name)
    return path


def named_operation(arguments):
    """(client, Endpoint, path values) of the positional arguments of send() and call()."""
    if len(arguments) < 2:
        raise UsageError("the operation's name is missing", "as in docker.call(\"container_list\")")
    return arguments[0], find_endpoint(arguments[1]), arguments[2:]


def raw_query_pairs(query):
    """A dict or pairs of str, int, bool, list and dict → (name, text) pairs; the kinds are in no table."""
    pairs = []
    try:
        for name, value in query.items() if isinstance(query, dict) else query:
            for item in value if isinstance(value, (list, tuple)) else (value,):
                if isinstance(item, bool):
                    item = "1" if item else "0"
                elif isinstance(item, dict):
                    import json
                    item = json.dumps(item, separators=(",", ":"), allow_nan=False)
                if isinstance(item, (bytes, bytearray)):   # str() would write b'…'
                    raise TypeError("%r is bytes" % (item,))
                if item is not None:
                    pairs.append((str(name), str(item)))
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError("the query cannot be written: %s" % error,
                         "give a dict of str, int, bool, list and dict") from None
    return pairs
