"""Types of rawdock, for type checkers and editors. Written by tools/stubs: change that, not this file.

Container, Info and the other shapes of answers, and ContainerCreateBody and the other shapes of bodies, are
here only, not at run time: import them in a block `if TYPE_CHECKING:` and write them in quotes. They have the
fields of API 1.55, some of which an older engine lacks, and as NotRequired those of API 1.41 that are gone.
"""
# ==== table begin: the types
import socket
from os import PathLike
from types import TracebackType
from typing import IO, Any, Callable, Iterable, Iterator, Mapping, NamedTuple, Sequence, TypedDict, overload

from typing_extensions import Literal, NotRequired, Protocol, Self, Unpack

__all__ = [
    "APIError", "Address", "AddressError", "ArchiveStream", "ArchiveWriter", "ChunkedReader",
    "ConfigError", "Conflict", "ConnectError", "Connection", "Data", "Docker", "Duplex", "End",
    "Endpoint", "FrameReader", "Head", "Headers", "IncompleteCopy", "MessageReader", "NotFound",
    "ProtocolError", "RawdockError", "Reference", "RequestHead", "RequestReader", "Response",
    "ResponseReader", "StreamError", "Switched", "TLSSettings", "Timeout", "TruncatedError",
    "UnconfirmedError", "UsageError", "Verdict", "copy_in", "copy_out", "encode_chunk",
    "encode_frame", "encode_last_chunk", "endpoints", "find_all_credentials", "find_credentials",
    "parse_address", "parse_reference", "run"]
__version__: str


class _Readable(Protocol):
    def read(self, __size: int = ...) -> bytes: ...


class _Writable(Protocol):
    def write(self, __data: bytes) -> object: ...


class _TimeLimits(TypedDict, total=False):
    head: float | None
    idle: float | None
    total: float | None


_Labels = list[tuple[int, int, str]] | None
_Fields = dict[str, str] | Iterable[tuple[str, str]]
_Json = Mapping[str, object] | Sequence[object] | str
_Bytes = bytes | bytearray | memoryview
_JsonBody = _Json | bytes
_StreamBody = _Bytes | _Readable | Iterable[_Bytes]
_Path = str | PathLike[str]
_Words = str | int | Sequence[str | int]
_FilterValue = str | int | Iterable[str | int]
_Filters = Mapping[str, _FilterValue] | str
_Texts = str | Iterable[str]
_Time = float | str
_Timeout = float | _TimeLimits | None
_Credentials = Mapping[str, str]


class _Closing:
    def __enter__(self) -> Self: ...
    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 where: TracebackType | None) -> None: ...


# -- errors

class RawdockError(Exception):
    """The root of the tree. `message` (str) is what happened, `hint` (str or None) what to try next."""
    hint: str | None
    @property
    def message(self) -> str: ...
    def __init__(self, message: str, hint: str | None = None) -> None: ...


class UsageError(RawdockError, ValueError):
    """The caller's arguments cannot be sent, and nothing was sent."""


class AddressError(RawdockError, ValueError):
    """An address (of DOCKER_HOST, -H or a context) that cannot be understood."""


class ConfigError(RawdockError, ValueError):
    """The docker CLI's config.json cannot be read or written, or a setting in it cannot be used."""


class ConnectError(RawdockError, OSError):
    """Dialling failed, the connection ended before a byte of an answer, or the system reports an error on it.

    `address` is what was dialled, `reason` (str) what happened, `errno` the system's number or None, and
    `connected` (bool) whether the connection had been made. `between` (bool): what failed is between here and
    the engine. The message of a failure to connect is that of the docker CLI, because scripts look for its
    words.
    """
    address: Address | str
    reason: str
    errno: int | None
    connected: bool
    def __init__(self, address: Address | str, reason: str, errno: int | None = None,
                 hint: str | None = None, connected: bool = False, between: bool = False) -> None: ...


class Timeout(RawdockError, OSError):
    """A phase took longer than its limit.

    `phase` is "connect", "send", "head", "idle" or "total", `seconds` its limit, and `received` (int) the
    number of bytes that had come.
    """
    phase: str
    seconds: float
    received: int
    address: Address | str | None
    def __init__(self, phase: str, seconds: float, received: int = 0,
                 address: Address | str | None = None) -> None: ...


class ProtocolError(RawdockError, ValueError):
    """Bytes that break a rule.

    `rule` (str) is the section that has the rule, `offset` (int) the position of the wrong byte in the stream
    that the reader was fed, `seen` (bytes) what is at that position, `expected` (str) what should be there.
    """
    rule: str
    offset: int
    seen: bytes
    expected: Any   # str; in a TruncatedError int or None
    def __init__(self, rule: str, offset: int, seen: bytes, expected: str) -> None: ...


class TruncatedError(ProtocolError):
    """The stream ended inside a message.

    `where` (str) names the part that was cut. `expected` and `got` count the bytes of that part, `expected`
    is None if its length was not announced. `offset` is where the bytes ended.
    """
    where: str
    got: int
    expected: int | None
    def __init__(self, where: str, offset: int, expected: int | None = None, got: int = 0,
                 rule: str = "RFC 9112 §8") -> None: ...


class UnconfirmedError(TruncatedError):
    """A body ended where its connection did, and its content does not show that it is complete.

    `got` counts its bytes. (RFC 9112 §6.3 step 8, §8)
    """
    def __init__(self, offset: int, got: int) -> None: ...


class APIError(RawdockError):
    """The engine refused a request.

    `status` (int) and `message` (str) are the engine's, `method` and `path` (str) those of the request.
    """
    status: int
    method: str | None
    path: str | None
    def __init__(self, status: int, message: str, method: str | None = None,
                 path: str | None = None) -> None: ...


class NotFound(APIError):
    """404: there is no such container, image, network, volume, exec, … or no such path."""


class Conflict(APIError):
    """409: a name is in use, or a container is in the wrong state."""


class StreamError(RawdockError):
    """The engine reported an error inside a stream whose head had the status 200.

    `message` (str) is the engine's, `code` (int or None) the exit code of a build step, and `statuses` (list
    of str) the last status lines before the error.
    """
    code: int | None
    statuses: list[str]
    def __init__(self, message: str, code: int | None = None, statuses: Iterable[str] = ()) -> None: ...


class Verdict:
    """How a body or a stream ended. True only if it is known to be complete.

    `kind` (str) is one of

        complete         its end was seen, or the engine has confirmed it
        unconfirmed      it ended where the connection did, which may be a cut: its content does not say
        truncated        it was cut; `where` (str) names the part
        engine error     the engine reported an error in it
        protocol error   its bytes break a rule
        timeout          nothing came for longer than allowed; reading on may still bring the rest
        cancelled        it was closed on this side

    `expected` (None: not announced) and `got` count bytes. `error` is the RawdockError raised, or None.
    """
    kind: str
    where: str
    expected: int | None
    got: int | None
    error: RawdockError | None
    def __init__(self, kind: str, where: str, expected: int | None = None, got: int | None = None,
                 error: RawdockError | None = None) -> None: ...
    def __bool__(self) -> bool: ...


# -- the wire: bytes in, values out

class Headers:
    r"""The field lines of a section, in order: (name, value) pairs of str, latin-1 as on the wire.

    Names are looked up without regard to case. `headers[name]` is the first value (KeyError without one), and
    so is get(), which returns a default without one; get_all() returns every value in order. Iterating gives
    the pairs. `lowered` (str) has the field lines in lower case, each after a CRLF, so that it contains
    "\r\nhost:" if there is a field of that name.

    >>> headers = Headers([("Server", "Docker"), ("Connection", "close")])
    >>> headers["server"], headers.get("upgrade"), headers.tokens("connection")
    ('Docker', None, ['close'])
    """
    lowered: str
    def __init__(self, pairs: _Fields = (), text: str | None = None) -> None: ...
    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The (name, value) pairs, a list."""
    def get_all(self, name: str) -> list[str]:
        """The values of all fields `name`, a list in their order."""
    @overload
    def get(self, name: str, default: None = None) -> str | None: ...
    @overload
    def get(self, name: str, default: str) -> str: ...
    def tokens(self, name: str) -> list[str]:
        """The comma-separated elements of every field `name`, lower case (RFC 9110 §5.6.1)."""
    def __getitem__(self, name: str) -> str: ...
    def __contains__(self, name: str) -> bool: ...
    def __iter__(self) -> Iterator[tuple[str, str]]: ...
    def __len__(self) -> int: ...


class Head:
    """A response's head: `version` "1.0" or "1.1", `status` int, `reason` str, `headers` Headers or pairs."""
    kind: str
    version: str
    status: int
    reason: str
    headers: Headers
    def __init__(self, version: str, status: int, reason: str, headers: Headers | _Fields) -> None: ...
    def parts(self) -> tuple[Any, ...]:
        """The tuple of its parts, which are the arguments of that call."""
    @property
    def interim(self) -> bool:
        """Whether another response to this request follows: so after 1xx other than 101 (RFC 9110 §15.2)."""


class RequestHead(Head):
    """A request's head: `version`, `method` str, `target` str (as sent), `headers`."""
    method: str
    target: str
    interim: bool
    def __init__(self, version: str, method: str, target: str, headers: Headers | _Fields) -> None: ...
    @property
    def asks_to_upgrade(self) -> bool:
        """Whether the client offers to switch this connection to another protocol (RFC 9110 §7.8)."""


class Data:
    """Bytes of a body, or of the raw stream after Switched."""
    data: bytes
    def __init__(self, data: bytes) -> None: ...
    def parts(self) -> tuple[bytes]:
        """The tuple of its parts, which are the arguments of that call."""


class End:
    """A message is complete. `trailers` is a Headers, empty for nearly every message."""
    trailers: Headers
    def __init__(self, trailers: Headers = ...) -> None: ...
    def parts(self) -> tuple[Any, ...]: ...


class Switched:
    """The connection is a raw stream from here on; `leftover` (bytes) is what of it had come already."""
    leftover: bytes
    def __init__(self, leftover: bytes = b"") -> None: ...
    def parts(self) -> tuple[bytes]:
        """The tuple of its parts, which are the arguments of that call."""


class _WireReader:
    done: bool
    error: RawdockError | None
    leftover: bytes
    offset: int
    def __init__(self, labels: _Labels = None, offset: int = 0) -> None: ...
    def feed_eof(self) -> None: ...


class ChunkedReader(_WireReader):
    r"""Takes a chunked body: appends pieces of its content.

        state       what is read                                     then
        line        chunk size, extensions, CRLF                     data, or after size 0 trailers
        data        `_remaining` bytes of content                    line, with the CRLF of the data before it
        trailers    field lines and the empty line                   done

    Pieces are slices of the data. Those of a memoryview are views, to be used before its buffer is filled
    again. At the end `trailers` is a Headers, and `leftover` has what was fed beyond the body.

    >>> reader = ChunkedReader()
    >>> reader.feed(b"5\r\nhel"), reader.feed(b"lo\r\n0\r\n\r\n"), reader.done
    ([b'hel'], [b'lo'], True)
    """
    trailers: Headers | None
    def feed(self, data: _Bytes) -> list[bytes]:
        """bytes-like → list of values. An error is raised after them by iterating, or at once without any."""
    def take(self, data: _Bytes, at: int, out: list[bytes]) -> int: ...


class FrameReader(_WireReader):
    r"""Takes frames: appends (stream, payload bytes), stream 0, 1 or 2. A frame of type 3 raises StreamError.

        state       what is read                                    then
        header      eight bytes                                     payload, or header where that is empty
        payload     `_remaining` bytes, in pieces of 1 MiB          header

    In both states the bytes of a header or payload that is not complete are held.

    >>> frames = FrameReader()
    >>> frames.feed(b"\x01\0\0\0\0\0\0\x06hel"), frames.feed(b"lo\n")
    ([], [(1, b'hello\n')])
    """
    def feed(self, data: _Bytes) -> list[tuple[int, bytes]]:
        """bytes-like → list of values. An error is raised after them by iterating, or at once without any."""
    def take(self, data: _Bytes, at: int, out: list[tuple[int, bytes]]) -> int:
        """Append the frames that data[at:] completes → the end of the data, all of which is used."""


class MessageReader(_WireReader):
    r"""Takes JSON messages: appends a dict for each.

        state         what is read                       then
        between       separators                         message
        message       an object, to bracket or quote     string, message one level up or down, or between
        string        to quote or backslash              message; after a backslash one byte is skipped

    >>> MessageReader().feed(b'{"status":"Waiting"}\r\n{"sta')
    [{'status': 'Waiting'}]
    """
    def feed(self, data: _Bytes) -> list[dict[str, Any]]:
        """bytes-like → list of values. An error is raised after them by iterating, or at once without any."""
    def take(self, data: _Bytes, at: int, out: list[dict[str, Any]]) -> int:
        """Append the messages that data[at:] completes → the end of the data, all of which is used."""


class ResponseReader(_WireReader):
    r"""Reads responses; the arguments are those of ResponseParts.

    >>> ResponseReader().feed(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")[1:]
    [Data(b'OK'), End([])]
    """
    kind: str
    state: str
    framing: Any
    head: Head | None
    trailers: Headers
    complete: bool
    def __init__(self, method: str = "GET", hijack: bool = False, labels: _Labels = None,
                 offset: int = 0) -> None: ...
    def feed(self, data: _Bytes) -> list[Head | Data | End | Switched]:
        """bytes-like → list of values. An error is raised after them by iterating, or at once without any."""
    def take(self, data: _Bytes, at: int, out: list[Head | Data | End | Switched]) -> int:
        """Append the events that data[at:] completes → the end of the data, all of which is used."""
    def expect(self, method: str, hijack: bool = False, offset: int = 0) -> None:
        """A response to a request of `method` must come next; its first byte is at `offset`."""


class RequestReader(_WireReader):
    r"""Reads requests. After one that requests an upgrade Switched follows, once its body has ended.

    `bare_lf`: lines of a head may end with LF alone, which every engine accepts (RFC 9112 §2.2); for readers
    in an engine's place.

    >>> RequestReader(bare_lf=True).feed(b"GET /_ping HTTP/1.0\n\n")
    [RequestHead('1.0', 'GET', '/_ping', Headers([])), End([])]
    """
    kind: str
    state: str
    framing: Any
    head: RequestHead | None
    trailers: Headers
    complete: bool
    def __init__(self, labels: _Labels = None, offset: int = 0, bare_lf: bool = False) -> None: ...
    def feed(self, data: _Bytes) -> list[RequestHead | Data | End | Switched]:
        """bytes-like → list of values. An error is raised after them by iterating, or at once without any."""
    def take(self, data: _Bytes, at: int, out: list[RequestHead | Data | End | Switched]) -> int:
        """Append the events that data[at:] completes → the end of the data, all of which is used."""
    def switch(self) -> None:
        """A raw stream follows the message that has ended: an upgrade was accepted."""
    def stay(self) -> None:
        """HTTP goes on after the message that has ended, though that may have requested an upgrade."""


def encode_chunk(data: _Bytes) -> bytes:
    """bytes → one chunk. Empty data gives b"", because a chunk of size 0 would end the body."""


def encode_last_chunk(trailers: _Fields = ()) -> bytes:
    """(name, value) pairs → the last chunk and the trailer section. UsageError for a forbidden field."""


def encode_frame(stream: int, payload: _Bytes) -> bytes:
    """int stream (0 to 3) and bytes → one frame."""


# -- the connection

class TLSSettings(NamedTuple):
    """How a TCP connection is encrypted.

    `ca`, `cert` and `key` are paths of PEM files (str) or None: the authorities that are trusted (None: those
    of the system), the client's certificate and its private key. `verify` (bool) says whether the engine's
    certificate and host name are checked, `origin` (str) which flag, variable or context requires TLS.
    """
    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    verify: bool = True
    origin: str = "the caller"


class Address:
    """Where an engine is. `scheme` (str) is "unix", "tcp", "ssh" or "practice"; the others depend on it.

    unix: `path`. tcp: `host`, `port` (int) and `base`, the path before each request target; `tls`, its
    TLSSettings or None; `insecure_tcp` allows TCP without TLS to another machine; `connect` replaces
    socket.create_connection(). ssh: `user`, `host`, `port`, and the `path` of the engine's socket on that
    host; ssh itself chooses what is None. str() gives the address as text.
    """
    scheme: str
    path: str | None
    host: str | None
    port: int | None
    base: str
    text: str
    user: str | None
    tls: TLSSettings | None
    insecure_tcp: bool
    connect: Callable[..., socket.socket] | None
    def __init__(self, scheme: str, text: str, path: str | None = None, host: str | None = None,
                 port: int | None = None, base: str = "", user: str | None = None) -> None: ...


def parse_address(text: str | Address) -> Address:
    """str → Address; an Address is returned unchanged. AddressError says what is wrong and what to write.

    >>> parse_address("unix://").path, parse_address("tcp://localhost").port
    ('/var/run/docker.sock', 2375)
    """


class Response(_Closing):
    """A response: `status` int, `reason` str, `version` "1.0" or "1.1", `headers`, `framing`, `trailers`.

    The body is read once, in one of these ways: read(), json(), readinto(), copy_to(), iteration, messages(),
    frames(). `complete` turns True when its end has been seen. All of them raise TruncatedError,
    ProtocolError, Timeout or ConnectError if it does not end as it should. Offsets in errors count from the
    start of the response, those of json(), messages(), frames() and of a limit from the start of its content.
    After watch_end() a body that ends with its connection can raise UnconfirmedError too. `received` counts
    bytes of the body.
    """
    status: int
    reason: str
    version: str
    headers: Headers
    method: str
    target: str
    complete: bool
    received: int
    trailers: Headers | None
    def close(self) -> None:
        """Stop reading. A body not read to its end closes the connection: so a stream is cancelled."""
    @property
    def verdict(self) -> Verdict | None:
        """How the body ended (a Verdict); None while it has not.

        A body that ends with its connection (HTTP/1.0 without a length) is "unconfirmed", unless its content
        was watched, or read with json(), and has shown its end.
        """
    def limit_idle(self, seconds: float | None) -> None:
        """Raise Timeout from here on if no byte comes for `seconds`; None: no limit."""
    def __iter__(self) -> Iterator[bytes]: ...
    def read(self, limit: int | None = None) -> bytes:
        """The whole body (bytes). With `limit`, ProtocolError once it has more bytes than that."""
    def json(self, limit: int = ...) -> Any:
        """The body decoded as JSON. ProtocolError if it is malformed, or has more bytes than `limit`."""
    def readinto(self, buffer: bytearray | memoryview) -> int:
        """Fill `buffer` (writable) with bytes of the body → how many; 0 at the end of the body."""
    def copy_to(self, file: _Writable) -> int:
        """Write the whole body to `file` (binary, with write()) → how many bytes.

        A file with write_run() is given the pieces that were received at once, in one list.
        """
    def messages(self) -> Iterator[dict[str, Any]]:
        """JSON messages (dicts) of the body as they come. StreamError for one that reports an error."""
    def frames(self, tty: bool = False) -> Iterator[tuple[int, bytes]]:
        """(stream, bytes) of the body as they come; with `tty` the bytes are raw and all of stream 1."""
    def frame_lists(self) -> Iterator[list[tuple[int, bytes]]]:
        """The frames of the body as lists of (stream, bytes), one for each time that bytes were received."""
    def duplex(self, tty: bool | None = None) -> Duplex:
        """The raw stream that follows a 101, or a 2xx to a hijack request (a Duplex)."""


class Duplex(_Closing):
    """A hijacked connection: the container's output comes out, its stdin goes in.

    `response` is the Response that began it, and `tty` says whether the output is raw (True) or in frames
    (False; None: not known). Iteration gives what the container speaks: frames() for one without a terminal,
    else raw(). Reading and writing may happen in two threads. close() detaches; it does not stop the
    container.
    """
    response: Response
    tty: bool | None
    def fileno(self) -> int: ...
    def is_readable(self, reported: bool) -> bool:
        """Whether iteration would not wait. `reported` (bool) is what poll() says of the descriptor."""
    def __iter__(self) -> Iterator[Any]: ...
    def raw(self) -> Iterator[bytes]:
        """Pieces of the stream (bytes) as they were received, until the engine closes it."""
    def frames(self) -> Iterator[tuple[int, bytes]]:
        """(stream, bytes) as they come; of a terminal all is stream 1. TruncatedError inside a frame.

        An end between two frames may be a cut: ask the engine (wait, inspect) whether the program ended.
        """
    def send(self, data: _Bytes) -> None:
        """Write bytes to the container's stdin. ConnectError when nobody reads them any more."""
    def close_write(self) -> None:
        """Half-close: the end of stdin."""
    def hang_up(self) -> None:
        """End the stream in both directions, which wakes a thread that waits for it."""
    @property
    def verdict(self) -> Verdict | None:
        """How the stream ended (a Verdict); None while it has not.

        It is "unconfirmed" for one that ended between frames, or raw, until confirm() makes it "complete".
        """
    def confirm(self) -> None:
        """Make the verdict "complete": to be called once the engine has reported the program's end.

        UsageError if the stream itself has not ended yet, or not as it should.
        """
    def close(self) -> None: ...


class Connection(_Closing):
    """A connection over the connected `sock`; `address` (str or Address) is for messages only.

    It belongs to the process that made it. After a fork both processes hold one socket, and each would
    get bytes that are meant for the other: so a child can only close it, which leaves the parent's open.
    """
    sock: socket.socket
    address: Address | str
    reusable: bool
    closed: bool
    def __init__(self, sock: socket.socket, address: Address | str = "") -> None: ...
    def close(self) -> None:
        """Close the socket; a read that waits in another thread ends with ConnectError."""
    def is_stale(self) -> bool:
        """Whether an idle connection can serve no further request.

        Another process made it, or it is readable: the peer closed it, or sent bytes without a request.
        """
    def request(self, method: str, target: str, headers: Iterable[tuple[str, str]] = (),
                body: _StreamBody | None = None, version: str = "1.1", hijack: bool = False,
                head_timeout: float | None = None, idle_timeout: float | None = None,
                total_timeout: float | None = None) -> Response:
        """Send a request and read the head of the response → Response.

        `target` (str) is sent as it is, `headers` ((name, value) pairs) after Host and the framing fields.
        `body` is None, bytes, or a binary file or iterable of bytes, which is sent chunked unless `headers`
        have a Content-Length; its length must then be that. With `hijack` a 2xx response switches the
        connection to a raw stream. Time limits are in seconds, above 0: `head_timeout` for each write of the
        request, and then for the whole head of the response, `idle_timeout` for each wait for bytes of its
        body, `total_timeout` for the exchange. An exception after the first write closes the connection.
        """
    def receive(self, received: int = 0, view: memoryview | None = None) -> bytes | memoryview:
        """Receive once → bytes, or the filled slice of `view` (memoryview), if given; empty at the end.

        `received` (int) is the number of bytes that a Timeout reports.
        """
    def take_unread(self) -> bytes:
        """The bytes that came after the head, which belong to the body or the stream."""


# -- the Engine API

class _QueryParameter(NamedTuple):
    name: str
    kind: str
    since: str
    listed: bool


class Endpoint:
    """One operation of the Engine API: a row of the table.

    `name`, `method`, `path`, `tag`, `since` and `help` are str, `body` and `result` the kinds
    explained above the table; `upgrade` is the protocol when `result` is "upgrade", else None;
    `statuses` a tuple of int, those that mean success, `extra_statuses` those of them that the definition
    does not list; `never_empty` whether a stream of messages has at least one;
    `path_parameters` a tuple of names; `query` a tuple of QueryParameter, those the definition
    lists, in its order; `extra` a tuple of those that engines take besides.
    """
    name: str
    method: str
    path: str
    query: tuple[_QueryParameter, ...]
    extra: tuple[_QueryParameter, ...]
    body: str
    result: str
    upgrade: str | None
    statuses: tuple[int, ...]
    extra_statuses: tuple[int, ...]
    never_empty: bool
    since: str
    help: str
    path_parameters: tuple[str, ...]
    tag: str
    @property
    def operation_id(self) -> str:
        """The definition's own name: ContainerList for container_list."""
    def query_parameter(self, name: str) -> _QueryParameter:
        """The QueryParameter called `name`; one_shot also finds one-shot, which Python cannot spell.

        Raises UsageError that lists the parameters there are.
        """
    def build_path(self, path_values: Mapping[str, str] | None) -> str:
        """The path, its parameters filled in from `path_values` (dict of name to str). Raises UsageError."""
    def build_target(self, version: str | None = None, path_values: Mapping[str, str] | None = None,
                     query_values: Mapping[str, object] | None = None) -> str:
        """The request target, a str such as "/v1.41/containers/redis/json?size=1".

        `version` is the API version the engine speaks, "1.41", or None for no prefix (the engine
        then uses its newest); `path_values` and `query_values` are dicts. A value of None is
        left out. Raises UsageError.
        """


def endpoints() -> list[Endpoint]:
    """All operations, a list of Endpoint in table order."""


class Reference(NamedTuple):
    """An image reference whose short name is completed.

    `domain` ("docker.io") and `path` ("library/redis") are str, `tag` and `digest` ("sha256:…") str or None.
    A missing tag stays None; canonical() and pull_query() assume "latest".
    """
    domain: str
    path: str
    tag: str | None = ...
    digest: str | None = ...
    def repository(self) -> str:
        """The whole name, without tag and digest: "docker.io/library/redis"."""
    def familiar_name(self) -> str:
        """The name as people write it, without tag and digest: "redis", "localhost:5000/x"."""
    def suffix(self) -> str:
        """The tag and the digest as they are written: ":2.8", "@sha256:…", both, or ""."""
    def familiar(self) -> str:
        """The reference as people write it: "redis:2.8"."""
    def canonical(self) -> str:
        """The complete reference: "docker.io/library/redis:2.8", with the tag "latest" if it has neither."""


def parse_reference(text: str) -> Reference:
    """`text` (str) as a Reference. UsageError with the reason if it is malformed.

    >>> parse_reference("redis:2.8"), parse_reference("redis:2.8").familiar()
    (<Reference docker.io/library/redis:2.8>, 'redis:2.8')
    """


def find_credentials(registry: str, directory: str | None = None,
                     config: Mapping[str, Any] | None = None) -> dict[str, str]:
    """The credentials (dict, {} for none) of a `registry`, such as "docker.io" or "localhost:5000".

    They are read from config.json in `directory` (str; None: DOCKER_CONFIG, or ~/.docker), whose content
    (dict) may be given as `config`, or from a credential helper. ConfigError if the file cannot be used, or
    if the helper fails.
    """


def find_all_credentials(directory: str | None = None, config: Mapping[str, Any] | None = None,
                         warn: Callable[[str], object] | None = None) -> dict[str, dict[str, str]]:
    """The credentials of all registries that config.json or its helpers know: {key: credentials}.

    `directory` and `config` are those of find_credentials(). `warn`, if given, is called with a line (str)
    for each helper of credHelpers that fails. ConfigError if the file cannot be used, or if the helper of
    credsStore fails.
    """


class _RunOptions(TypedDict, total=False):
    add_host: _Words | Mapping[str, str | int | float] | None
    add_hosts: _Words | Mapping[str, str | int | float] | None
    annotation: _Words | Mapping[str, str | int | float] | None
    annotations: _Words | Mapping[str, str | int | float] | None
    attach: _Words | None
    attachs: _Words | None
    blkio_weight: str | int | None
    blkio_weight_device: _Words | None
    blkio_weight_devices: _Words | None
    cap_add: _Words | None
    cap_adds: _Words | None
    cap_drop: _Words | None
    cap_drops: _Words | None
    cgroup_parent: str | int | None
    cgroupns: str | int | None
    cidfile: str | int | None
    cpu_count: str | int | None
    cpu_percent: str | int | None
    cpu_period: str | int | None
    cpu_quota: str | int | None
    cpu_rt_period: str | int | None
    cpu_rt_runtime: str | int | None
    cpu_shares: str | int | None
    cpus: str | int | float | None
    cpuset_cpus: str | int | None
    cpuset_mems: str | int | None
    detach_keys: str | int | None
    device: _Words | None
    devices: _Words | None
    device_cgroup_rule: _Words | None
    device_cgroup_rules: _Words | None
    device_read_bps: _Words | None
    device_read_bpss: _Words | None
    device_read_iops: _Words | None
    device_read_iopss: _Words | None
    device_write_bps: _Words | None
    device_write_bpss: _Words | None
    device_write_iops: _Words | None
    device_write_iopss: _Words | None
    disable_content_trust: bool | None
    dns: _Words | None
    dnss: _Words | None
    dns_option: _Words | None
    dns_options: _Words | None
    dns_search: _Words | None
    dns_searchs: _Words | None
    domainname: str | int | None
    entrypoint: str | int | Sequence[str] | None
    env_file: _Words | None
    env_files: _Words | None
    env: _Words | Mapping[str, str | int | float] | None
    envs: _Words | Mapping[str, str | int | float] | None
    expose: _Words | None
    exposes: _Words | None
    gpus: _Words | Mapping[str, str | int] | Sequence[Mapping[str, str | int]] | None
    gpuss: _Words | Mapping[str, str | int] | Sequence[Mapping[str, str | int]] | None
    group_add: _Words | None
    group_adds: _Words | None
    health_cmd: str | int | None
    health_interval: str | int | None
    health_retries: str | int | None
    health_start_interval: str | int | None
    health_start_period: str | int | None
    health_timeout: str | int | None
    hostname: str | int | None
    init: bool | None
    interactive: bool | None
    io_maxbandwidth: str | int | None
    io_maxiops: str | int | None
    ip: str | int | None
    ip6: str | int | None
    ipc: str | int | None
    isolation: str | int | None
    kernel_memory: str | int | None
    label_file: _Words | None
    label_files: _Words | None
    label: _Words | Mapping[str, str | int | float] | None
    labels: _Words | Mapping[str, str | int | float] | None
    link: _Words | None
    links: _Words | None
    link_local_ip: _Words | None
    link_local_ips: _Words | None
    log_driver: str | int | None
    log_opt: _Words | Mapping[str, str | int | float] | None
    log_opts: _Words | Mapping[str, str | int | float] | None
    mac_address: str | int | None
    memory: str | int | None
    memory_reservation: str | int | None
    memory_swap: str | int | None
    memory_swappiness: str | int | None
    mount: _Words | Mapping[str, str | int] | Sequence[Mapping[str, str | int]] | None
    mounts: _Words | Mapping[str, str | int] | Sequence[Mapping[str, str | int]] | None
    name: str | int | None
    network: _Words | Mapping[str, str | int] | Sequence[Mapping[str, str | int]] | None
    networks: _Words | Mapping[str, str | int] | Sequence[Mapping[str, str | int]] | None
    network_alias: _Words | None
    network_aliass: _Words | None
    no_healthcheck: bool | None
    oom_kill_disable: bool | None
    oom_score_adj: str | int | None
    pid: str | int | None
    pids_limit: str | int | None
    platform: str | int | None
    privileged: bool | None
    publish: _Words | None
    publishs: _Words | None
    publish_all: bool | None
    pull: str | int | None
    quiet: bool | None
    read_only: bool | None
    restart: str | int | None
    rm: bool | None
    runtime: str | int | None
    security_opt: _Words | None
    security_opts: _Words | None
    shm_size: str | int | None
    sig_proxy: bool | None
    stop_signal: str | int | None
    stop_timeout: str | int | None
    storage_opt: _Words | Mapping[str, str | int | float] | None
    storage_opts: _Words | Mapping[str, str | int | float] | None
    sysctl: _Words | Mapping[str, str | int | float] | None
    sysctls: _Words | Mapping[str, str | int | float] | None
    tmpfs: _Words | Mapping[str, str | int | float] | None
    tmpfss: _Words | Mapping[str, str | int | float] | None
    tty: bool | None
    ulimit: _Words | None
    ulimits: _Words | None
    use_api_socket: bool | None
    user: str | int | None
    userns: str | int | None
    uts: str | int | None
    volume: _Words | Mapping[str, str | int | float] | None
    volumes: _Words | Mapping[str, str | int | float] | None
    volume_driver: str | int | None
    volumes_from: _Words | None
    volumes_froms: _Words | None
    workdir: str | int | None


class _LogsOptions(TypedDict, total=False):
    since: _Time | None
    until: _Time | None
    timestamps: bool | None
    tail: str | int | None
    details: bool | None
    headers: _Fields | None
    timeout: _Timeout
    tty: bool | None


class _BuildOptions(TypedDict, total=False):
    extrahosts: _Texts | None
    remote: str | int | None
    q: bool | None
    nocache: bool | None
    cachefrom: _Json | None
    pull: bool | None
    rm: bool | None
    forcerm: bool | None
    memory: int | None
    memswap: int | None
    cpushares: int | None
    cpusetcpus: str | int | None
    cpuperiod: int | None
    cpuquota: int | None
    buildargs: _Json | None
    shmsize: int | None
    squash: bool | None
    labels: _Json | None
    networkmode: str | int | None
    platform: str | int | None
    target: str | int | None
    outputs: _Json | None
    version: str | int | None
    cpusetmems: str | int | None
    ulimits: _Json | None
    session: str | int | None
    buildid: str | int | None
    cgroupparent: str | int | None
    securityopt: _Texts | None
    isolation: str | int | None
    auth: Mapping[str, _Credentials] | None
    headers: _Fields | None
    timeout: _Timeout


class _RunKeywords(_RunOptions, total=False):
    stdout: _Writable
    stderr: _Writable
    progress: Callable[[dict[str, Any]], object] | None
    notice: Callable[[str], object] | None
    auth: _Credentials | Callable[[str], _Credentials] | None
    variables: Mapping[str, str] | None
    socket_auth: Mapping[str, _Credentials] | None


class _ExecFields(TypedDict, total=False):
    Env: Sequence[str]
    Privileged: bool
    User: str
    WorkingDir: str


class Docker(_Closing):
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
    address: Address
    timeout: float | None
    headers: list[tuple[str, str]]
    open_socket: Callable[[Address, float | None], socket.socket]
    def __init__(self, address: str | Address | None = None, version: str | None = None,
                 timeout: float | None = 60, context: str | None = None, tls: TLSSettings | None = None,
                 insecure_tcp: bool = False) -> None: ...
    def close(self) -> None:
        """Close the idle connections. Open streams are closed by those who use them."""
    @property
    def version(self) -> str:
        """The API version in use (str, such as "1.41"); at first use it is agreed on with the engine."""
    def supports(self, version: str) -> bool:
        """Whether the API version in use is at least `version` ("1.30")."""
    def connect(self, address: Address | None = None, timeout: float | None = None) -> Connection:
        """A new Connection to the engine, or to `address` (Address): none of the kept ones, and by no proxy.

        `timeout` (seconds) limits connecting, if it is less than the client's own limit.
        """
    def request(self, method: str, path: str,
                query: Mapping[str, object] | Iterable[tuple[str, object]] | None = None,
                headers: _Fields | None = None, body: _StreamBody | _Json | None = None,
                http_version: str = "1.1", hijack: bool = False, head_timeout: float | None = None,
                idle_timeout: float | None = None, total_timeout: float | None = None) -> Response:
        """Send any request → Response, whatever its status.

        `path` (str) is sent verbatim, with the base path of the address before it, but no version. `query` is
        a dict whose values may be str, int, bool (1 and 0), a list (repeated) or a dict (JSON), `headers` a
        dict or pairs, `body` bytes, str (UTF-8), a dict or list (JSON), or a binary file or iterable of bytes
        (sent chunked). `hijack` and the timeouts, in seconds, are those of Connection.request(). UsageError,
        before a byte is sent, for what cannot be sent.
        """
    def send(self, name: str, *path_values: str, **parameters: Any) -> Response:
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
    def call(self, name: str, *path_values: str, **parameters: Any) -> Any:
        """call(name, *path_values, **parameters) → the result of that operation, by its result kind.

        json → decoded; none → None; messages → iterator of dicts, with stream=False the one dict; frames →
        iterator of (stream, bytes); tar and raw → Response; upgrade → Duplex. `tty` (True, False) says
        whether the container has a terminal; without it an inspect operation tells. Parameters and errors are
        those of send().
        """
    @overload
    def run(self, image: str, command: Sequence[str] = (), stdin: _Bytes | None = None,
            *, detach: Literal[False] = False, **options: Unpack[_RunKeywords]) -> _Finished:
        """Run `command` (list of str) in a new container of `image` (str) → Finished, once it has ended.

        The command reads `stdin` (bytes; None: nothing). `options` are those of rawdock.run(), the flags of
        docker run: name="web", env=["A=1"], volumes=["/srv:/data"], publish=["8080:80"], rm=True; auth= and
        progress= for the pull of a missing image. With stdout= or stderr= (binary files) that stream goes
        there, and not into the output. With detach=True it returns the container's id (str) once it is
        started. Raises what rawdock.run() raises; an exit status other than 0 is not an error.
        """
    @overload
    def run(self, image: str, command: Sequence[str] = (), stdin: _Bytes | None = None,
            *, detach: Literal[True], **options: Unpack[_RunKeywords]) -> str: ...
    def exec(self, container: str, command: Sequence[str], stdin: _Bytes | None = None, stdout: bool = True,
             stderr: bool = True, timeout: _Timeout = None, **fields: Unpack[_ExecFields]) -> _Finished:
        """Run `command` (list of str) in a running container → Finished, once it has ended.

        The command reads `stdin` (bytes; None: nothing). `stdout` and `stderr` (bool) say which of the two
        are in the output. `fields` are others of the Engine API's ExecConfig: User="root",
        WorkingDir="/srv", Env=["A=1"], Privileged=True. `timeout` is that of the operation exec_start: after
        it Timeout is raised, and the command goes on. NotFound if there is no such container, Conflict if it
        is not running.
        """
    @overload
    def logs(self, container: str, follow: Literal[False] = False, stdout: bool = True, stderr: bool = True,
             **parameters: Unpack[_LogsOptions]) -> bytes:
        """The output of a container → bytes; with follow=True an iterator of (stream, bytes), as it comes.

        `stdout` and `stderr` (bool) say which of the two are in it. `parameters` are further ones of
        container_logs: tail=100, since=1795424287 (seconds since 1970), timestamps=True.
        """
    @overload
    def logs(self, container: str, follow: Literal[True], stdout: bool = True, stderr: bool = True,
             **parameters: Unpack[_LogsOptions]) -> Iterator[tuple[int, bytes]]: ...
    @overload
    def logs(self, container: str, follow: bool, stdout: bool = True, stderr: bool = True,
             **parameters: Unpack[_LogsOptions]) -> bytes | Iterator[tuple[int, bytes]]: ...
    def pull(self, image: str, platform: str | None = None,
             auth: _Credentials | Callable[[str], _Credentials] | None = None,
             progress: Callable[[dict[str, Any]], object] | None = None) -> ImageInspect:
        """Pull `image` ("redis", "redis:7", "redis@sha256:…") → the answer of image_inspect about it (dict).

        `auth` are the credentials of its registry (dict), or a function that gives those of a registry, such
        as find_credentials. `progress` is called with each message (dict). StreamError if the pull fails.
        """
    def build(self, directory: _Path, tag: _Texts | None = None, dockerfile: str | None = None,
              progress: Callable[[dict[str, Any]], object] | None = None,
              **parameters: Unpack[_BuildOptions]) -> ImageInspect:
        """Build an image from a `directory` (str or Path) with the engine's classic builder, or with
        BuildKit if version="2" is given → the answer of image_inspect about it (dict).

        `tag` is its name (str, or a list of str), and `dockerfile` the path of the Dockerfile in the
        directory. .dockerignore is obeyed. `progress` is called with each message (dict). `parameters` are
        further ones of image_build: buildargs={"A": "1"}, nocache=True, target="test";
        auth=find_all_credentials() for base images. UsageError if a file cannot be sent, StreamError if the
        build fails.
        """
    def copy_in(docker, container: str, source: _Path | _StreamBody, target: str,
                follow_link: bool = False, archive: bool = False,
                progress: Callable[[int], object] | None = None) -> _Copied:
        """Copy `source` to the path `target` (str) of a container, as docker cp does → Copied.

        `source` is a path (str or Path), or an archive: bytes, a binary file or an iterable of bytes.
        `follow_link`: of a link, copy what it points to. `archive`: the container's user owns what is copied.
        progress(bytes so far) is called as the archive goes out. UsageError before that for what cannot be
        copied; IncompleteCopy after it if files could not be read.
        """
    def copy_out(docker, container: str, source: str, target: _Path | _Writable, follow_link: bool = False,
                 progress: Callable[[int], object] | None = None) -> _Copied:
        """Copy the path `source` (str) of a container to `target`, as docker cp does → Copied.

        `target` is a path (str or Path), or a binary file that the archive is written to. `follow_link`: of a
        link, copy what it points to. progress(bytes so far) is called as the archive arrives. UsageError for what
        cannot be copied; IncompleteCopy if members of the archive were refused (engine/extract says which), the
        others are then extracted. TruncatedError for an archive that was cut.
        """
    # -- the operations of the Engine API


    def container_list(self, *, all: bool | None = None, limit: int | None = None, size: bool | None = None,
        filters: _Filters | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> list[Container]:
        """ContainerList: the containers, running ones unless all=1.

        GET /containers/json

        Parameters (None is not sent):
          all (bool): also containers that do not run
          limit (int): the so many created last, whether they run or not
          size (bool): also the disk space that it takes: SizeRw and SizeRootFs
          filters (dict or str): {name: value or values} of ancestor, before, expose, exited,
              health, id, isolation, is-task, label, name, network, publish, since, status, volume
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def container_create(self, *, name: str | int | None = None, platform: str | int | None = None,
        body: ContainerCreateBody | _JsonBody | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> ContainerCreateResponse:
        """ContainerCreate: make a container from an image; 404 when the image is missing.

        POST /containers/create

        Parameters (None is not sent):
          name (str): name of the new container; without it the engine invents one
          platform (str, API 1.41): platform of the image: os[/arch[/variant]]
          body (dict, list, str or bytes): Image, Cmd, Env and others, and in it HostConfig and
              NetworkingConfig
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def container_inspect(self, id: str, *, size: bool | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> ContainerInspect:
        """ContainerInspect: everything the engine knows about one container.

        GET /containers/{id}/json

        Parameters (None is not sent):
          id (str): name or id of the container
          size (bool): also the disk space that it takes: SizeRw and SizeRootFs
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def container_top(self, id: str, *, ps_args: str | int | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> ContainerTopResponse:
        """ContainerTop: its processes, as the host's ps prints them.

        GET /containers/{id}/top

        Parameters (None is not sent):
          id (str): name or id of the container
          ps_args (str): arguments of the host's ps, "-ef" by default
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def container_logs(self, id: str, *, follow: bool | None = None, stdout: bool | None = None,
        stderr: bool | None = None, since: _Time | None = None, until: _Time | None = None,
        timestamps: bool | None = None, tail: str | int | None = None, details: bool | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None,
        tty: bool | None = None) -> Iterator[tuple[int, bytes]]:
        """ContainerLogs: what it wrote to stdout and stderr; follow=1 keeps listening.

        GET /containers/{id}/logs

        Parameters (None is not sent):
          id (str): name or id of the container
          follow (bool): go on with what is written from now on
          stdout (bool): with what goes to stdout
          stderr (bool): with what goes to stderr
          since (int, float or str): only what is not older, in seconds since 1970
          until (int, float or str, API 1.35): only what is older, in seconds since 1970; the
              stream then ends
          timestamps (bool): put the time (RFC 3339, UTC) before every line
          tail (str): only so many of the last lines; "all" by default
          details (bool): put the attributes of the log driver before every line
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total
          tty (bool): whether the output is a terminal's; without it an inspect operation tells

        Returns an iterator of (stream, data): stream 1 is stdout, 2 stderr, data are bytes; all
        is stream 1 where the container has a terminal.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def container_changes(self, id: str, *, headers: _Fields | None = None,
        timeout: _Timeout = None) -> list[FilesystemChange]:
        """ContainerChanges: files it added, changed or deleted since the image.

        GET /containers/{id}/changes

        Parameters (None is not sent):
          id (str): name or id of the container
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def container_export(self, id: str, *, headers: _Fields | None = None,
        timeout: _Timeout = None) -> Response:
        """ContainerExport: its whole filesystem as one tar.

        GET /containers/{id}/export

        Parameters (None is not sent):
          id (str): name or id of the container
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns a Response, whose body is a tar: copy_to(file), readinto(buffer), read() or
        iteration.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    @overload
    def container_stats(self, id: str, *, stream: Literal[False], one_shot: bool | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> Stats:
        """ContainerStats: CPU, memory, network and disk counters, one object a second.

        GET /containers/{id}/stats

        Parameters (None is not sent):
          id (str): name or id of the container
          stream (bool): one object a second until the container ends; False: one object
          one_shot (bool, API 1.41): with stream=False: do not wait for a second value of the CPU
              counters
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns an iterator of JSON objects (dict); StreamError for one that reports an error;
        with stream=False the one object (dict).

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """
    @overload
    def container_stats(self, id: str, *, stream: Literal[True] | None = None, one_shot: bool | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> Iterator[Stats]: ...
    @overload
    def container_stats(self, id: str, *, stream: bool, one_shot: bool | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> Stats | Iterator[Stats]: ...

    def container_resize(self, id: str, *, h: int | None = None, w: int | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> None:
        """ContainerResize: set the height and width of its terminal.

        POST /containers/{id}/resize

        Parameters (None is not sent):
          id (str): name or id of the container
          h (int): height in rows
          w (int): width in columns
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def container_start(self, id: str, *, detachKeys: str | int | None = None,
        checkpoint: str | int | None = None, checkpoint_dir: str | int | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> None:
        """ContainerStart: start it; 304 when it already runs.

        POST /containers/{id}/start

        Parameters (None is not sent):
          id (str): name or id of the container
          detachKeys (str): keys that detach, such as "ctrl-p,ctrl-q"
          checkpoint (str): start from this checkpoint (experimental engines)
          checkpoint_dir (str): directory of the checkpoints
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def container_stop(self, id: str, *, signal: str | int | None = None, t: int | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> None:
        """ContainerStop: ask it to end, kill it t seconds later; 304 when it is down.

        POST /containers/{id}/stop

        Parameters (None is not sent):
          id (str): name or id of the container
          signal (str, API 1.42): the signal, such as "SIGTERM" or "9"
          t (int): seconds until it is killed; -1: never
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def container_restart(self, id: str, *, signal: str | int | None = None, t: int | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> None:
        """ContainerRestart: stop, then start.

        POST /containers/{id}/restart

        Parameters (None is not sent):
          id (str): name or id of the container
          signal (str, API 1.42): the signal, such as "SIGTERM" or "9"
          t (int): seconds until it is killed; -1: never
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def container_kill(self, id: str, *, signal: str | int | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> None:
        """ContainerKill: send its first process a signal, KILL by default.

        POST /containers/{id}/kill

        Parameters (None is not sent):
          id (str): name or id of the container
          signal (str): the signal, such as "SIGTERM" or "9"
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def container_update(self, id: str, *, body: ContainerUpdateBody | _JsonBody | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> ContainerUpdateResponse:
        """ContainerUpdate: change resource limits or the restart policy while it runs.

        POST /containers/{id}/update

        Parameters (None is not sent):
          id (str): name or id of the container
          body (dict, list, str or bytes): resource limits and RestartPolicy
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def container_rename(self, id: str, *, name: str | int | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> None:
        """ContainerRename: give it another name.

        POST /containers/{id}/rename

        Parameters (None is not sent):
          id (str): name or id of the container
          name (str): the new name
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def container_pause(self, id: str, *, headers: _Fields | None = None, timeout: _Timeout = None) -> None:
        """ContainerPause: freeze its processes.

        POST /containers/{id}/pause

        Parameters (None is not sent):
          id (str): name or id of the container
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def container_unpause(self, id: str, *, headers: _Fields | None = None,
        timeout: _Timeout = None) -> None:
        """ContainerUnpause: thaw its processes.

        POST /containers/{id}/unpause

        Parameters (None is not sent):
          id (str): name or id of the container
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def container_attach(self, id: str, *, detachKeys: str | int | None = None, logs: bool | None = None,
        stream: bool | None = None, stdin: bool | None = None, stdout: bool | None = None,
        stderr: bool | None = None, headers: _Fields | None = None, timeout: _Timeout = None,
        tty: bool | None = None) -> Duplex:
        """ContainerAttach: join its stdin, stdout and stderr on this very connection.

        POST /containers/{id}/attach

        Parameters (None is not sent):
          id (str): name or id of the container
          detachKeys (str): keys that detach, such as "ctrl-p,ctrl-q"
          logs (bool): first what was written before
          stream (bool): go on with what is written from now on
          stdin (bool): send what is written to the Duplex to the container's stdin
          stdout (bool): with what goes to stdout
          stderr (bool): with what goes to stderr
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total
          tty (bool): whether the output is a terminal's; without it an inspect operation tells

        Returns a Duplex: its frames() come out, send(data) and close_write() go in.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def container_attach_websocket(self, id: str, *, detachKeys: str | int | None = None,
        logs: bool | None = None, stream: bool | None = None, stdin: bool | None = None,
        stdout: bool | None = None, stderr: bool | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None, tty: bool | None = None) -> Duplex:
        """ContainerAttachWebsocket: join its streams through a WebSocket, stdout and stderr
        unmarked.

        GET /containers/{id}/attach/ws

        Parameters (None is not sent):
          id (str): name or id of the container
          detachKeys (str): keys that detach, such as "ctrl-p,ctrl-q"
          logs (bool): first what was written before
          stream (bool): go on with what is written from now on
          stdin (bool, API 1.42): send what is written to the Duplex to the container's stdin
          stdout (bool, API 1.42): with what goes to stdout
          stderr (bool, API 1.42): with what goes to stderr
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total
          tty (bool): whether the output is a terminal's; without it an inspect operation tells

        Returns a Duplex: its frames() come out, send(data) and close_write() go in.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def container_wait(self, id: str, *, condition: str | int | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> ContainerWaitResponse:
        """ContainerWait: answer when it ends, with its exit status.

        POST /containers/{id}/wait

        Parameters (None is not sent):
          id (str): name or id of the container
          condition (str, API 1.30): "not-running" (default), "next-exit" or "removed"
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def container_delete(self, id: str, *, v: bool | None = None, force: bool | None = None,
        link: bool | None = None, headers: _Fields | None = None, timeout: _Timeout = None) -> None:
        """ContainerDelete: remove it; force=1 kills it first, v=1 takes its anonymous volumes.

        DELETE /containers/{id}

        Parameters (None is not sent):
          id (str): name or id of the container
          v (bool): remove its anonymous volumes too
          force (bool): kill it first if it runs
          link (bool): remove the link of this name, not the container
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def container_archive_info(self, id: str, *, path: str | int | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> Response:
        """ContainerArchiveInfo: stat one path in it; the answer is a header.

        HEAD /containers/{id}/archive

        Parameters (None is not sent):
          id (str): name or id of the container
          path (str): path in the container
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns a Response: `headers` are the answer, or read() gives its text.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def container_archive(self, id: str, *, path: str | int | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> Response:
        """ContainerArchive: copy a file or directory out of it.

        GET /containers/{id}/archive

        Parameters (None is not sent):
          id (str): name or id of the container
          path (str): path in the container
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns a Response, whose body is a tar: copy_to(file), readinto(buffer), read() or
        iteration.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def put_container_archive(self, id: str, *, path: str | int | None = None,
        noOverwriteDirNonDir: bool | None = None, copyUIDGID: bool | None = None,
        body: _StreamBody | None = None, headers: _Fields | None = None, timeout: _Timeout = None) -> None:
        """PutContainerArchive: unpack a tar into one of its directories.

        PUT /containers/{id}/archive

        Parameters (None is not sent):
          id (str): name or id of the container
          path (str): path in the container
          noOverwriteDirNonDir (bool): fail where a directory would replace a file, or a file a
              directory
          copyUIDGID (bool, API 1.30): set the owner and group that the archive has
          body (bytes, binary file or iterable of bytes): the tar, compressed or not
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def container_prune(self, *, filters: _Filters | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> ContainerPruneAnswer:
        """ContainerPrune: remove every stopped container.

        POST /containers/prune, API 1.25 and newer

        Parameters (None is not sent):
          filters (dict or str): {name: value or values} of until, label, label!
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def image_list(self, *, all: bool | None = None, filters: _Filters | None = None,
        shared_size: bool | None = None, digests: bool | None = None, manifests: bool | None = None,
        identity: bool | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> list[ImageSummary]:
        """ImageList: the images stored here.

        GET /images/json

        Parameters (None is not sent):
          all (bool): also intermediate images, which have no name
          filters (dict or str): {name: value or values} of before, dangling, label, reference,
              since, until
          shared_size (bool, API 1.42): also the size of the layers that it shares
          digests (bool): also the digests of the registry
          manifests (bool, API 1.47): also the manifests of each platform
          identity (bool, API 1.54): also who built and signed it
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def image_build(self, *, dockerfile: str | int | None = None, t: _Texts | None = None,
        extrahosts: _Texts | None = None, remote: str | int | None = None, q: bool | None = None,
        nocache: bool | None = None, cachefrom: _Json | None = None, pull: bool | None = None,
        rm: bool | None = None, forcerm: bool | None = None, memory: int | None = None,
        memswap: int | None = None, cpushares: int | None = None, cpusetcpus: str | int | None = None,
        cpuperiod: int | None = None, cpuquota: int | None = None, buildargs: _Json | None = None,
        shmsize: int | None = None, squash: bool | None = None, labels: _Json | None = None,
        networkmode: str | int | None = None, platform: str | int | None = None,
        target: str | int | None = None, outputs: _Json | None = None, version: str | int | None = None,
        cpusetmems: str | int | None = None, ulimits: _Json | None = None, session: str | int | None = None,
        buildid: str | int | None = None, cgroupparent: str | int | None = None,
        securityopt: _Texts | None = None, isolation: str | int | None = None,
        body: _StreamBody | None = None, auth: Mapping[str, _Credentials] | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> Iterator[BuildInfo]:
        """ImageBuild: build an image from a tar holding a Dockerfile and its context.

        POST /build

        Parameters (None is not sent):
          dockerfile (str): path of the Dockerfile in the context, "Dockerfile" by default
          t (str or list of str): name[:tag] of the image
          extrahosts (str or list of str, API 1.28): lines of /etc/hosts while building:
              "name:address"
          remote (str): URL of a Git repository, a tar or a Dockerfile in place of a body
          q (bool): send the id of the image only
          nocache (bool): build every step anew
          cachefrom (dict, list or str, API 1.25): names of images whose layers may be taken from
              the cache
          pull (bool): look for newer base images
          rm (bool): remove intermediate containers, True by default
          forcerm (bool): remove intermediate containers also after a failure
          memory (int): memory limit of a build container, in bytes
          memswap (int): limit of memory and swap together, in bytes; -1: none
          cpushares (int): relative weight of the CPU
          cpusetcpus (str): CPUs to run on, such as "0-3" or "0,1"
          cpuperiod (int): length of a CPU period, in microseconds
          cpuquota (int): CPU time in each period, in microseconds
          buildargs (dict, list or str): {name: value} of build arguments
          shmsize (int): size of /dev/shm, in bytes
          squash (bool, API 1.25): make one layer of all (experimental engines)
          labels (dict, list or str): {name: value} of labels of the image
          networkmode (str, API 1.25): network of the RUN steps: "default", "host", "none" or a
              name
          platform (str, API 1.32): platform to build for: os[/arch[/variant]]
          target (str, API 1.29): stage to stop at
          outputs (dict, list or str, API 1.40): exporters of BuildKit
          version (str, API 1.38): builder: "1" is the classic one, "2" BuildKit
          cpusetmems (str): memory nodes to use, such as "0-1"
          ulimits (dict, list or str): resource limits of the build containers
          session (str, API 1.31): id of the BuildKit session
          buildid (str, API 1.38): id by which /build/cancel finds this build
          cgroupparent (str): control group below which the build containers are
          securityopt (str or list of str): security options of the build containers
          isolation (str): isolation of the build containers, on Windows
          body (bytes, binary file or iterable of bytes): tar of the build context, compressed or
              not
          auth (dict): {registry: credentials} of the registries of its base images
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns an iterator of JSON objects (dict); StreamError for one that reports an error.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def build_prune(self, *, reserved_space: int | None = None, max_used_space: int | None = None,
        min_free_space: int | None = None, all: bool | None = None, filters: _Filters | None = None,
        keep_storage: int | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> BuildPruneAnswer:
        """BuildPrune: drop the build cache (before API 1.48 reserved-space was keep-storage).

        POST /build/prune, API 1.31 and newer

        Parameters (None is not sent):
          reserved_space (int, API 1.48): bytes of the cache to keep
          max_used_space (int, API 1.48): bytes that the cache may have at most
          min_free_space (int, API 1.48): bytes of the disk that shall be free
          all (bool, API 1.39): all of the cache, also what an image uses
          filters (dict or str, API 1.39): {name: value or values} of until, id, parent, type,
              description, inuse, shared, private
          keep_storage (int, API 1.39): bytes of the cache to keep (before API 1.48)
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def image_create(self, *, fromImage: str | int | None = None, fromSrc: str | int | None = None,
        repo: str | int | None = None, tag: str | int | None = None, message: str | int | None = None,
        changes: _Texts | None = None, platform: str | int | None = None, body: _StreamBody | None = None,
        auth: _Credentials | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> Iterator[CreateImageInfo]:
        """ImageCreate: pull an image (fromImage), or import a filesystem (fromSrc).

        POST /images/create

        Parameters (None is not sent):
          fromImage (str): name of the image to pull
          fromSrc (str): URL of the tar to import; "-": it is the body
          repo (str): name of the new image
          tag (str): tag or digest to pull; without it all tags are pulled
          message (str): commit message of the imported image
          changes (str or list of str): lines of a Dockerfile to apply, such as "CMD true"
          platform (str, API 1.32): platform to pull, or of the import: os[/arch[/variant]]
          body (bytes, binary file or iterable of bytes): tar of a filesystem, with fromSrc="-"
          auth (dict): credentials of the registry; rawdock.find_credentials() gives the docker
              CLI's
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns an iterator of JSON objects (dict); StreamError for one that reports an error.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def image_inspect(self, name: str, *, manifests: bool | None = None, platform: _Json | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> ImageInspect:
        """ImageInspect: everything the engine knows about one image.

        GET /images/{name}/json

        Parameters (None is not sent):
          name (str): name, name:tag, name@digest or id of the image
          manifests (bool, API 1.48): also the manifests of each platform
          platform (dict, list or str, API 1.49): platform, such as {"os": "linux",
              "architecture": "arm64"}
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def image_attestations(self, name: str, *, platform: _Json | None = None, type: _Texts | None = None,
        statement: bool | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> list[AttestationStatement]:
        """ImageAttestations: the in-toto statements attached to it.

        GET /images/{name}/attestations, API 1.55 and newer

        Parameters (None is not sent):
          name (str): name, name:tag, name@digest or id of the image
          platform (dict, str or list of them): platform, such as {"os": "linux", "architecture":
              "arm64"}
          type (str or list of str): only these types
          statement (bool): with the statements themselves
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def image_history(self, name: str, *, platform: _Json | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> list[ImageHistoryResponseItem]:
        """ImageHistory: its layers, newest first, with the command that made each.

        GET /images/{name}/history

        Parameters (None is not sent):
          name (str): name, name:tag, name@digest or id of the image
          platform (dict, list or str, API 1.48): platform, such as {"os": "linux",
              "architecture": "arm64"}
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def image_push(self, name: str, *, tag: str | int | None = None, platform: _Json | None = None,
        auth: _Credentials | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> Iterator[PushImageInfo]:
        """ImagePush: upload it to its registry; wants an X-Registry-Auth header.

        POST /images/{name}/push

        Parameters (None is not sent):
          name (str): name of the image, with the registry in front and without a tag
          tag (str): tag to push; without it all tags are pushed
          platform (dict, list or str, API 1.46): platform, such as {"os": "linux",
              "architecture": "arm64"}
          auth (dict): credentials of the registry; rawdock.find_credentials() gives the docker
              CLI's
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns an iterator of JSON objects (dict); StreamError for one that reports an error.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def image_tag(self, name: str, *, repo: str | int | None = None, tag: str | int | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> None:
        """ImageTag: give it one more name.

        POST /images/{name}/tag

        Parameters (None is not sent):
          name (str): name, name:tag, name@digest or id of the image
          repo (str): name of the new image
          tag (str): its tag
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def image_delete(self, name: str, *, force: bool | None = None, noprune: bool | None = None,
        platforms: _Json | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> list[ImageDeleteResponseItem]:
        """ImageDelete: take a name off it, and remove it with its last name.

        DELETE /images/{name}

        Parameters (None is not sent):
          name (str): name, name:tag, name@digest or id of the image
          force (bool): also if a container that does not run uses it
          noprune (bool): keep its untagged parents
          platforms (dict, str or list of them, API 1.50): only these platforms of it
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def image_search(self, *, term: str | int | None = None, limit: int | None = None,
        filters: _Filters | None = None, auth: _Credentials | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> list[ImageSearchAnswerItem]:
        """ImageSearch: look for a term on Docker Hub.

        GET /images/search

        Parameters (None is not sent):
          term (str): what to look for
          limit (int): at most so many
          filters (dict or str): {name: value or values} of is-official, stars
          auth (dict): credentials of the registry; rawdock.find_credentials() gives the docker
              CLI's
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def image_prune(self, *, filters: _Filters | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> ImagePruneAnswer:
        """ImagePrune: remove images nothing uses.

        POST /images/prune, API 1.25 and newer

        Parameters (None is not sent):
          filters (dict or str): {name: value or values} of dangling, until, label, label!;
              dangling=False removes all that no container uses
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def image_commit(self, *, container: str | int | None = None, repo: str | int | None = None,
        tag: str | int | None = None, comment: str | int | None = None, author: str | int | None = None,
        pause: bool | None = None, changes: _Texts | None = None,
        body: ContainerConfigBody | _JsonBody | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> IDResponse:
        """ImageCommit: make an image of a container as it is now.

        POST /commit

        Parameters (None is not sent):
          container (str): name or id of the container
          repo (str): name of the new image
          tag (str): its tag
          comment (str): commit message
          author (str): author, such as "A. Name <a@example.com>"
          pause (bool): freeze the container meanwhile, True by default
          changes (str or list of str): lines of a Dockerfile to apply, such as "CMD true"
          body (dict, list, str or bytes): Config of the new image
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def image_get(self, name: str, *, platform: _Json | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> Response:
        """ImageGet: save one image, layers and all.

        GET /images/{name}/get

        Parameters (None is not sent):
          name (str): name, name:tag, name@digest or id of the image
          platform (dict, str or list of them, API 1.48): platform, such as {"os": "linux",
              "architecture": "arm64"}
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns a Response, whose body is a tar: copy_to(file), readinto(buffer), read() or
        iteration.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def image_get_all(self, *, names: _Texts | None = None, platform: _Json | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> Response:
        """ImageGetAll: save several images in one tar.

        GET /images/get

        Parameters (None is not sent):
          names (str or list of str): names or ids of the images
          platform (dict, str or list of them, API 1.48): platform, such as {"os": "linux",
              "architecture": "arm64"}
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns a Response, whose body is a tar: copy_to(file), readinto(buffer), read() or
        iteration.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def image_load(self, *, quiet: bool | None = None, platform: _Json | None = None,
        body: _StreamBody | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> Iterator[CreateImageInfo]:
        """ImageLoad: bring saved images back.

        POST /images/load

        Parameters (None is not sent):
          quiet (bool): send no progress
          platform (dict, str or list of them, API 1.48): platform, such as {"os": "linux",
              "architecture": "arm64"}
          body (bytes, binary file or iterable of bytes): tar of images
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns an iterator of JSON objects (dict); StreamError for one that reports an error.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def system_auth(self, *, body: AuthConfigBody | _JsonBody | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> AuthResponse | None:
        """SystemAuth: try credentials on a registry.

        POST /auth

        Parameters (None is not sent):
          body (dict, list, str or bytes): username, password, serveraddress
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list, None for an answer without content.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def system_info(self, *, headers: _Fields | None = None, timeout: _Timeout = None) -> Info:
        """SystemInfo: the engine's settings, drivers, counts and warnings.

        GET /info

        Parameters (None is not sent):
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def system_version(self, *, headers: _Fields | None = None, timeout: _Timeout = None) -> Version:
        """SystemVersion: versions of the engine, its API and its parts.

        GET /version

        Parameters (None is not sent):
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def system_ping(self, *, headers: _Fields | None = None, timeout: _Timeout = None) -> Response:
        """SystemPing: the text OK; the API version is in a header.

        GET /_ping

        Parameters (None is not sent):
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns a Response: `headers` are the answer, or read() gives its text.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def system_ping_head(self, *, headers: _Fields | None = None, timeout: _Timeout = None) -> Response:
        """SystemPingHead: the headers of a ping, no body.

        HEAD /_ping, API 1.40 and newer

        Parameters (None is not sent):
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns a Response: `headers` are the answer, or read() gives its text.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def system_events(self, *, since: _Time | None = None, until: _Time | None = None,
        filters: _Filters | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> Iterator[Event]:
        """SystemEvents: what happens on the engine, as it happens.

        GET /events

        Parameters (None is not sent):
          since (int, float or str): only what is not older, in seconds since 1970
          until (int, float or str): only what is older, in seconds since 1970; the stream then
              ends
          filters (dict or str): {name: value or values} of config, container, daemon, event,
              image, label, network, node, plugin, scope, secret, service, type, volume
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns an iterator of JSON objects (dict); StreamError for one that reports an error.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def system_data_usage(self, *, type: _Texts | None = None, verbose: bool | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> SystemDataUsageAnswer:
        """SystemDataUsage: disk space taken by images, containers, volumes and cache.

        GET /system/df, API 1.25 and newer

        Parameters (None is not sent):
          type (str or list of str, API 1.42): only these: "container", "image", "volume", "build-
              cache"
          verbose (bool, API 1.52): also each object that takes the space
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def container_exec(self, id: str, *, body: ContainerExecBody | _JsonBody | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> IDResponse:
        """ContainerExec: prepare a command inside a running container.

        POST /containers/{id}/exec

        Parameters (None is not sent):
          id (str): id of the exec, which container_exec answers
          body (dict, list, str or bytes): Cmd, AttachStdin, AttachStdout, AttachStderr, Tty, Env,
              User, WorkingDir and others
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def exec_start(self, id: str, *, body: ExecStartBody | _JsonBody | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None, tty: bool | None = None) -> Duplex:
        """ExecStart: run the prepared command on this very connection.

        POST /exec/{id}/start

        Parameters (None is not sent):
          id (str): id of the exec, which container_exec answers
          body (dict, list, str or bytes): Detach, Tty, ConsoleSize
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total
          tty (bool): whether the output is a terminal's; without it an inspect operation tells

        Returns a Duplex: its frames() come out, send(data) and close_write() go in.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def exec_resize(self, id: str, *, h: int | None = None, w: int | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> None:
        """ExecResize: set the height and width of the command's terminal.

        POST /exec/{id}/resize

        Parameters (None is not sent):
          id (str): id of the exec, which container_exec answers
          h (int): height in rows
          w (int): width in columns
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def exec_inspect(self, id: str, *, headers: _Fields | None = None,
        timeout: _Timeout = None) -> ExecInspectAnswer:
        """ExecInspect: whether the command runs, and its exit status.

        GET /exec/{id}/json

        Parameters (None is not sent):
          id (str): id of the exec, which container_exec answers
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def volume_list(self, *, filters: _Filters | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> VolumeListResponse:
        """VolumeList: the volumes, and warnings from their drivers.

        GET /volumes

        Parameters (None is not sent):
          filters (dict or str): {name: value or values} of dangling, driver, label, name
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def volume_create(self, *, body: VolumeCreateRequestBody | _JsonBody | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> Volume:
        """VolumeCreate: make a volume, named or anonymous.

        POST /volumes/create

        Parameters (None is not sent):
          body (dict, list, str or bytes): Name, Driver, DriverOpts, Labels
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def volume_inspect(self, name: str, *, headers: _Fields | None = None,
        timeout: _Timeout = None) -> Volume:
        """VolumeInspect: one volume: driver, mount point, labels.

        GET /volumes/{name}

        Parameters (None is not sent):
          name (str): name of the volume
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def volume_update(self, name: str, *, version: int | None = None,
        body: VolumeUpdateBody | _JsonBody | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> None:
        """VolumeUpdate: change a cluster volume.

        PUT /volumes/{name}, API 1.42 and newer

        Parameters (None is not sent):
          name (str): name of the volume
          version (int): version index of the object that was read: another one is refused
          body (dict, list, str or bytes): what the Engine API's reference gives for this
              operation
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def volume_delete(self, name: str, *, force: bool | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> None:
        """VolumeDelete: remove a volume no container uses.

        DELETE /volumes/{name}

        Parameters (None is not sent):
          name (str): name of the volume
          force (bool, API 1.25): no error if it does not exist
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def volume_prune(self, *, filters: _Filters | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> VolumePruneAnswer:
        """VolumePrune: remove volumes nothing uses.

        POST /volumes/prune, API 1.25 and newer

        Parameters (None is not sent):
          filters (dict or str): {name: value or values} of label, label!, all; all=True removes
              named ones too
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def network_list(self, *, filters: _Filters | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> list[NetworkSummary]:
        """NetworkList: the networks, without their containers.

        GET /networks

        Parameters (None is not sent):
          filters (dict or str): {name: value or values} of dangling, driver, id, label, name,
              scope, type
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def network_inspect(self, id: str, *, verbose: bool | None = None, scope: str | int | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> NetworkInspect:
        """NetworkInspect: one network with its containers.

        GET /networks/{id}

        Parameters (None is not sent):
          id (str): name or id of the network
          verbose (bool, API 1.28): also the services of a swarm on it
          scope (str, API 1.31): only a network of this scope: "swarm", "global" or "local"
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def network_delete(self, id: str, *, headers: _Fields | None = None, timeout: _Timeout = None) -> None:
        """NetworkDelete: remove a network nothing is connected to.

        DELETE /networks/{id}

        Parameters (None is not sent):
          id (str): name or id of the network
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def network_create(self, *, body: NetworkCreateBody | _JsonBody | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> NetworkCreateResponse:
        """NetworkCreate: make a network.

        POST /networks/create

        Parameters (None is not sent):
          body (dict, list, str or bytes): Name, Driver, IPAM, Labels, Options and others
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def network_connect(self, id: str, *, body: NetworkConnectRequestBody | _JsonBody | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> None:
        """NetworkConnect: plug a container into it.

        POST /networks/{id}/connect

        Parameters (None is not sent):
          id (str): name or id of the network
          body (dict, list, str or bytes): Container, EndpointConfig
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def network_disconnect(self, id: str, *, body: NetworkDisconnectRequestBody | _JsonBody | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> None:
        """NetworkDisconnect: unplug a container from it.

        POST /networks/{id}/disconnect

        Parameters (None is not sent):
          id (str): name or id of the network
          body (dict, list, str or bytes): Container, Force
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def network_prune(self, *, filters: _Filters | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> NetworkPruneAnswer:
        """NetworkPrune: remove networks nothing uses.

        POST /networks/prune, API 1.25 and newer

        Parameters (None is not sent):
          filters (dict or str): {name: value or values} of until, label, label!
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def plugin_list(self, *, filters: _Filters | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> list[Plugin]:
        """PluginList: the plugins installed.

        GET /plugins, API 1.25 and newer

        Parameters (None is not sent):
          filters (dict or str, API 1.26): {name: value or values} of capability, enable
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def get_plugin_privileges(self, *, remote: str | int | None = None, auth: _Credentials | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> list[PluginPrivilege]:
        """GetPluginPrivileges: what a plugin will ask for once installed.

        GET /plugins/privileges, API 1.25 and newer

        Parameters (None is not sent):
          remote (str): name of the plugin in its registry
          auth (dict): credentials of the registry; rawdock.find_credentials() gives the docker
              CLI's
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def plugin_pull(self, *, remote: str | int | None = None, name: str | int | None = None,
        body: list[PluginPrivilegeBody] | _JsonBody | None = None, auth: _Credentials | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> Iterator[CreateImageInfo]:
        """PluginPull: install a plugin; the body grants its privileges.

        POST /plugins/pull, API 1.25 and newer

        Parameters (None is not sent):
          remote (str): name of the plugin in its registry
          name (str): name under which it is installed here
          body (dict, list, str or bytes): what the Engine API's reference gives for this
              operation
          auth (dict): credentials of the registry; rawdock.find_credentials() gives the docker
              CLI's
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns an iterator of JSON objects (dict); StreamError for one that reports an error.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def plugin_inspect(self, name: str, *, headers: _Fields | None = None,
        timeout: _Timeout = None) -> Plugin:
        """PluginInspect: one plugin: settings, state.

        GET /plugins/{name}/json, API 1.25 and newer

        Parameters (None is not sent):
          name (str): name of the plugin, with its tag if that is not latest
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def plugin_delete(self, name: str, *, force: bool | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> None:
        """PluginDelete: uninstall a plugin.

        DELETE /plugins/{name}, API 1.25 and newer

        Parameters (None is not sent):
          name (str): name of the plugin, with its tag if that is not latest
          force (bool): do it although it is in use
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def plugin_enable(self, name: str, *, timeout: int | None = None,
        headers: _Fields | None = None) -> None:
        """PluginEnable: switch a plugin on.

        POST /plugins/{name}/enable, API 1.25 and newer

        Parameters (None is not sent):
          name (str): name of the plugin, with its tag if that is not latest
          timeout (int): seconds until enabling it fails
          headers (dict or pairs): more header fields of the request

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def plugin_disable(self, name: str, *, force: bool | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> None:
        """PluginDisable: switch a plugin off.

        POST /plugins/{name}/disable, API 1.25 and newer

        Parameters (None is not sent):
          name (str): name of the plugin, with its tag if that is not latest
          force (bool): do it although it is in use
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def plugin_upgrade(self, name: str, *, remote: str | int | None = None,
        body: list[PluginPrivilegeBody] | _JsonBody | None = None, auth: _Credentials | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> Iterator[CreateImageInfo]:
        """PluginUpgrade: replace a plugin by another version of it.

        POST /plugins/{name}/upgrade, API 1.26 and newer

        Parameters (None is not sent):
          name (str): name of the plugin, with its tag if that is not latest
          remote (str): name of the plugin in its registry
          body (dict, list, str or bytes): what the Engine API's reference gives for this
              operation
          auth (dict): credentials of the registry; rawdock.find_credentials() gives the docker
              CLI's
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns an iterator of JSON objects (dict); StreamError for one that reports an error.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def plugin_create(self, *, name: str | int | None = None, body: _StreamBody | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> None:
        """PluginCreate: make a plugin of a root filesystem and a config.json.

        POST /plugins/create, API 1.25 and newer

        Parameters (None is not sent):
          name (str): name of the new plugin
          body (bytes, binary file or iterable of bytes): what the Engine API's reference gives
              for this operation
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def plugin_push(self, name: str, *, auth: _Credentials | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> Iterator[PushImageInfo]:
        """PluginPush: upload a plugin to its registry.

        POST /plugins/{name}/push, API 1.25 and newer

        Parameters (None is not sent):
          name (str): name of the plugin, with its tag if that is not latest
          auth (dict): credentials of the registry; rawdock.find_credentials() gives the docker
              CLI's
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns an iterator of JSON objects (dict); StreamError for one that reports an error.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def plugin_set(self, name: str, *, body: list[str] | _JsonBody | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> None:
        """PluginSet: change a plugin's settings.

        POST /plugins/{name}/set, API 1.25 and newer

        Parameters (None is not sent):
          name (str): name of the plugin, with its tag if that is not latest
          body (dict, list, str or bytes): what the Engine API's reference gives for this
              operation
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def node_list(self, *, filters: _Filters | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> list[Node]:
        """NodeList: the machines of the swarm.

        GET /nodes

        Parameters (None is not sent):
          filters (dict or str): {name: value or values} of id, label, membership, name,
              node.label, role
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def node_inspect(self, id: str, *, headers: _Fields | None = None, timeout: _Timeout = None) -> Node:
        """NodeInspect: one machine of the swarm.

        GET /nodes/{id}

        Parameters (None is not sent):
          id (str): name or id of the node
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def node_delete(self, id: str, *, force: bool | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> None:
        """NodeDelete: take a machine off the swarm's list.

        DELETE /nodes/{id}

        Parameters (None is not sent):
          id (str): name or id of the node
          force (bool): also if it is not down
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def node_update(self, id: str, *, version: int | None = None,
        body: NodeSpecBody | _JsonBody | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> None:
        """NodeUpdate: change a machine's role, availability or labels.

        POST /nodes/{id}/update

        Parameters (None is not sent):
          id (str): name or id of the node
          version (int): version index of the object that was read: another one is refused
          body (dict, list, str or bytes): what the Engine API's reference gives for this
              operation
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def swarm_inspect(self, *, headers: _Fields | None = None, timeout: _Timeout = None) -> Swarm:
        """SwarmInspect: the swarm's settings and join tokens.

        GET /swarm

        Parameters (None is not sent):
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def swarm_init(self, *, body: SwarmInitBody | _JsonBody | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> str:
        """SwarmInit: start a swarm here; answers this node's id.

        POST /swarm/init

        Parameters (None is not sent):
          body (dict, list, str or bytes): what the Engine API's reference gives for this
              operation
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def swarm_join(self, *, body: SwarmJoinBody | _JsonBody | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> None:
        """SwarmJoin: enter a swarm that exists.

        POST /swarm/join

        Parameters (None is not sent):
          body (dict, list, str or bytes): what the Engine API's reference gives for this
              operation
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def swarm_leave(self, *, force: bool | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> None:
        """SwarmLeave: quit the swarm.

        POST /swarm/leave

        Parameters (None is not sent):
          force (bool): also as the last manager
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def swarm_update(self, *, version: int | None = None, rotateWorkerToken: bool | None = None,
        rotateManagerToken: bool | None = None, rotateManagerUnlockKey: bool | None = None,
        body: SwarmSpecBody | _JsonBody | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> None:
        """SwarmUpdate: change the swarm's settings, turn its tokens over.

        POST /swarm/update

        Parameters (None is not sent):
          version (int): version index of the object that was read: another one is refused
          rotateWorkerToken (bool): make a new token for workers
          rotateManagerToken (bool): make a new token for managers
          rotateManagerUnlockKey (bool, API 1.25): make a new key to unlock managers
          body (dict, list, str or bytes): what the Engine API's reference gives for this
              operation
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def swarm_unlockkey(self, *, headers: _Fields | None = None,
        timeout: _Timeout = None) -> SwarmUnlockkeyAnswer:
        """SwarmUnlockkey: the key that opens a locked manager.

        GET /swarm/unlockkey, API 1.25 and newer

        Parameters (None is not sent):
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def swarm_unlock(self, *, body: SwarmUnlockBody | _JsonBody | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> None:
        """SwarmUnlock: open a locked manager with its key.

        POST /swarm/unlock, API 1.25 and newer

        Parameters (None is not sent):
          body (dict, list, str or bytes): what the Engine API's reference gives for this
              operation
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def service_list(self, *, filters: _Filters | None = None, status: bool | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> list[Service]:
        """ServiceList: the services of the swarm.

        GET /services

        Parameters (None is not sent):
          filters (dict or str): {name: value or values} of id, label, mode, name
          status (bool, API 1.41): also how many tasks run and how many should
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def service_create(self, *, body: ServiceCreateBody | _JsonBody | None = None,
        auth: _Credentials | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> ServiceCreateResponse:
        """ServiceCreate: declare a service.

        POST /services/create

        Parameters (None is not sent):
          body (dict, list, str or bytes): what the Engine API's reference gives for this
              operation
          auth (dict): credentials of the registry; rawdock.find_credentials() gives the docker
              CLI's
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def service_inspect(self, id: str, *, insertDefaults: bool | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> Service:
        """ServiceInspect: one service, its spec and version index.

        GET /services/{id}

        Parameters (None is not sent):
          id (str): name or id of the service
          insertDefaults (bool, API 1.29): fill in the defaults
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def service_delete(self, id: str, *, headers: _Fields | None = None, timeout: _Timeout = None) -> None:
        """ServiceDelete: remove a service with its tasks.

        DELETE /services/{id}

        Parameters (None is not sent):
          id (str): name or id of the service
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def service_update(self, id: str, *, version: int | None = None,
        registryAuthFrom: str | int | None = None, rollback: str | int | None = None,
        body: ServiceUpdateBody | _JsonBody | None = None, auth: _Credentials | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> ServiceUpdateResponse:
        """ServiceUpdate: replace a service's spec, or roll it back.

        POST /services/{id}/update

        Parameters (None is not sent):
          id (str): name or id of the service
          version (int): version index of the object that was read: another one is refused
          registryAuthFrom (str, API 1.25): where the credentials come from without `auth`: "spec"
              or "previous-spec"
          rollback (str, API 1.28): "previous": go back to the spec before the last update
          body (dict, list, str or bytes): what the Engine API's reference gives for this
              operation
          auth (dict): credentials of the registry; rawdock.find_credentials() gives the docker
              CLI's
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def service_logs(self, id: str, *, details: bool | None = None, follow: bool | None = None,
        stdout: bool | None = None, stderr: bool | None = None, since: _Time | None = None,
        timestamps: bool | None = None, tail: str | int | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None, tty: bool | None = None) -> Iterator[tuple[int, bytes]]:
        """ServiceLogs: what the service's tasks wrote to stdout and stderr.

        GET /services/{id}/logs, API 1.25 and newer

        Parameters (None is not sent):
          id (str): name or id of the service
          details (bool): put the attributes of the log driver before every line
          follow (bool): go on with what is written from now on
          stdout (bool): with what goes to stdout
          stderr (bool): with what goes to stderr
          since (int, float or str): only what is not older, in seconds since 1970
          timestamps (bool): put the time (RFC 3339, UTC) before every line
          tail (str): only so many of the last lines; "all" by default
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total
          tty (bool): whether the output is a terminal's; without it an inspect operation tells

        Returns an iterator of (stream, data): stream 1 is stdout, 2 stderr, data are bytes; all
        is stream 1 where the container has a terminal.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def task_list(self, *, filters: _Filters | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> list[Task]:
        """TaskList: the tasks of the swarm.

        GET /tasks

        Parameters (None is not sent):
          filters (dict or str): {name: value or values} of desired-state, id, label, name, node,
              service
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def task_inspect(self, id: str, *, headers: _Fields | None = None, timeout: _Timeout = None) -> Task:
        """TaskInspect: one task: state, node, container.

        GET /tasks/{id}

        Parameters (None is not sent):
          id (str): id of the task
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def task_logs(self, id: str, *, details: bool | None = None, follow: bool | None = None,
        stdout: bool | None = None, stderr: bool | None = None, since: _Time | None = None,
        timestamps: bool | None = None, tail: str | int | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None, tty: bool | None = None) -> Iterator[tuple[int, bytes]]:
        """TaskLogs: what one task wrote to stdout and stderr.

        GET /tasks/{id}/logs, API 1.29 and newer

        Parameters (None is not sent):
          id (str): id of the task
          details (bool): put the attributes of the log driver before every line
          follow (bool): go on with what is written from now on
          stdout (bool): with what goes to stdout
          stderr (bool): with what goes to stderr
          since (int, float or str): only what is not older, in seconds since 1970
          timestamps (bool): put the time (RFC 3339, UTC) before every line
          tail (str): only so many of the last lines; "all" by default
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total
          tty (bool): whether the output is a terminal's; without it an inspect operation tells

        Returns an iterator of (stream, data): stream 1 is stdout, 2 stderr, data are bytes; all
        is stream 1 where the container has a terminal.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def secret_list(self, *, filters: _Filters | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> list[Secret]:
        """SecretList: the secrets, without their content.

        GET /secrets, API 1.25 and newer

        Parameters (None is not sent):
          filters (dict or str): {name: value or values} of id, label, name, names
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def secret_create(self, *, body: SecretCreateBody | _JsonBody | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> IDResponse:
        """SecretCreate: store a secret, its content in base64.

        POST /secrets/create, API 1.25 and newer

        Parameters (None is not sent):
          body (dict, list, str or bytes): what the Engine API's reference gives for this
              operation
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def secret_inspect(self, id: str, *, headers: _Fields | None = None,
        timeout: _Timeout = None) -> Secret:
        """SecretInspect: one secret, without its content.

        GET /secrets/{id}, API 1.25 and newer

        Parameters (None is not sent):
          id (str): name or id of the secret
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def secret_delete(self, id: str, *, headers: _Fields | None = None, timeout: _Timeout = None) -> None:
        """SecretDelete: forget a secret.

        DELETE /secrets/{id}, API 1.25 and newer

        Parameters (None is not sent):
          id (str): name or id of the secret
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def secret_update(self, id: str, *, version: int | None = None,
        body: SecretSpecBody | _JsonBody | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> None:
        """SecretUpdate: change a secret's labels.

        POST /secrets/{id}/update, API 1.25 and newer

        Parameters (None is not sent):
          id (str): name or id of the secret
          version (int): version index of the object that was read: another one is refused
          body (dict, list, str or bytes): what the Engine API's reference gives for this
              operation
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def config_list(self, *, filters: _Filters | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> list[Config]:
        """ConfigList: the configs of the swarm.

        GET /configs, API 1.30 and newer

        Parameters (None is not sent):
          filters (dict or str): {name: value or values} of id, label, name, names
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def config_create(self, *, body: ConfigCreateBody | _JsonBody | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> IDResponse:
        """ConfigCreate: store a config, its content in base64.

        POST /configs/create, API 1.30 and newer

        Parameters (None is not sent):
          body (dict, list, str or bytes): what the Engine API's reference gives for this
              operation
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def config_inspect(self, id: str, *, headers: _Fields | None = None,
        timeout: _Timeout = None) -> Config:
        """ConfigInspect: one config with its content.

        GET /configs/{id}, API 1.30 and newer

        Parameters (None is not sent):
          id (str): name or id of the config
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def config_delete(self, id: str, *, headers: _Fields | None = None, timeout: _Timeout = None) -> None:
        """ConfigDelete: forget a config.

        DELETE /configs/{id}, API 1.30 and newer

        Parameters (None is not sent):
          id (str): name or id of the config
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def config_update(self, id: str, *, version: int | None = None,
        body: ConfigSpecBody | _JsonBody | None = None, headers: _Fields | None = None,
        timeout: _Timeout = None) -> None:
        """ConfigUpdate: change a config's labels.

        POST /configs/{id}/update, API 1.30 and newer

        Parameters (None is not sent):
          id (str): name or id of the config
          version (int): version index of the object that was read: another one is refused
          body (dict, list, str or bytes): what the Engine API's reference gives for this
              operation
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns None.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def distribution_inspect(self, name: str, *, auth: _Credentials | None = None,
        headers: _Fields | None = None, timeout: _Timeout = None) -> DistributionInspect:
        """DistributionInspect: ask the registry for an image's digest and platforms.

        GET /distribution/{name}/json, API 1.30 and newer

        Parameters (None is not sent):
          name (str): name of an image in a registry
          auth (dict): credentials of the registry; rawdock.find_credentials() gives the docker
              CLI's
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total

        Returns the JSON value of the answer: dict or list.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """

    def session(self, *, headers: _Fields | None = None, timeout: _Timeout = None,
        tty: bool | None = None) -> Duplex:
        """Session: lend the builder this connection for its callbacks, as HTTP/2.

        POST /session, API 1.31 and newer

        Parameters (None is not sent):
          headers (dict or pairs): more header fields of the request
          timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total
          tty (bool): whether the output is a terminal's; without it an inspect operation tells

        Returns a Duplex: its frames() come out, send(data) and close_write() go in.

        Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
        Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
        UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
        """


class _Finished(NamedTuple):
    output: bytes
    status: int


class _Copied(NamedTuple):
    size: int
    target: str
    skipped: Sequence[str]
    stripped: Sequence[str]


class IncompleteCopy(RawdockError):
    """Something was not copied, because that would not have been safe or was not possible; the rest was.

    `lines` (list of str) say what was not copied and why. `count` is their number; of very many, `lines` has
    the first ones. `copied` is what the function would have returned.
    """
    lines: list[str]
    count: int
    copied: _Copied | None


class ArchiveStream(_Closing):
    """The archive of a `path` in a container as a binary file that is read once: read(), readinto().

    `stat` is what container_path_stat() gives. For tarfile.open(fileobj=…, mode="r|"). Reading an archive
    that was cut raises TruncatedError.
    """
    stat: Any
    def __init__(self, docker: Docker, container: str, path: str) -> None: ...
    def readinto(self, buffer: bytearray | memoryview) -> int:
        """Fill `buffer` with what there is → how many bytes; 0 at the end."""
    def read(self, size: int = -1) -> bytes:
        """`size` bytes, fewer only at the end; all for -1."""
    def close(self) -> None:
        """Stop reading."""


class ArchiveWriter(_Closing):
    """An archive that is extracted in the directory `path` of a container while it is written, with write().

    To be used in a `with`, for tarfile.open(fileobj=…, mode="w|"). At its end the engine has extracted all,
    or its error is raised. If the block ends with an exception the request is aborted.
    """
    def __init__(self, docker: Docker, container: str, path: str, archive: bool = False) -> None: ...
    def write(self, data: _Bytes) -> int:
        """Send `data` (bytes-like) → its length. The engine's refusal is raised here or at the end."""


def copy_in(docker: Docker, container: str, source: _Path | _StreamBody, target: str,
            follow_link: bool = False, archive: bool = False,
            progress: Callable[[int], object] | None = None) -> _Copied:
    """Copy `source` to the path `target` (str) of a container, as docker cp does → Copied.

    `source` is a path (str or Path), or an archive: bytes, a binary file or an iterable of bytes.
    `follow_link`: of a link, copy what it points to. `archive`: the container's user owns what is copied.
    progress(bytes so far) is called as the archive goes out. UsageError before that for what cannot be
    copied; IncompleteCopy after it if files could not be read.
    """


def copy_out(docker: Docker, container: str, source: str, target: _Path | _Writable,
             follow_link: bool = False, progress: Callable[[int], object] | None = None) -> _Copied:
    """Copy the path `source` (str) of a container to `target`, as docker cp does → Copied.

    `target` is a path (str or Path), or a binary file that the archive is written to. `follow_link`: of a
    link, copy what it points to. progress(bytes so far) is called as the archive arrives. UsageError for what
    cannot be copied; IncompleteCopy if members of the archive were refused (engine/extract says which), the
    others are then extracted. TruncatedError for an archive that was cut.
    """


@overload
def run(docker: Docker, image: str, command: Sequence[str] = (), stdin: IO[bytes] | None = None,
        stdout: _Writable | None = None, stderr: _Writable | None = None,
        progress: Callable[[dict[str, Any]], object] | None = None,
        notice: Callable[[str], object] | None = None,
        auth: _Credentials | Callable[[str], _Credentials] | None = None,
        variables: Mapping[str, str] | None = None,
        socket_auth: Mapping[str, _Credentials] | None = None,
        *, detach: Literal[True], **options: Unpack[_RunOptions]) -> str:
    """Run `command` (list of str) in a new container of `image` → its exit status (int, of any size).

    `stdout`, `stderr` are binary files (default: this process's own), `stdin` one to read when
    interactive=True. `progress` is called with each message of a pull (dict), `notice` with lines of text
    (str). `auth` are the credentials for the pull (dict), or a function that gives those of a registry, such
    as find_credentials. `variables` (dict) are environment variables for the container, unless its env or
    env_file sets them. `socket_auth` are the credentials that use_api_socket gives to the container, such as
    those of find_all_credentials(). `options` are rows of engine/options: name="redis",
    volumes=["/some/dir:/data"], rm=True. With detach=True it returns the container's id (str) once it is
    started; it also returns the id if the user types the detach keys (detach_keys="ctrl-p,ctrl-q").

    With tty=True the output is that of a terminal, and all of it goes to `stdout`. If `stdin` is a terminal,
    too, it is in raw mode while the container runs; the end of any other file is sent as Ctrl-D.

    In the main thread, signals are sent to the container until it ends; before it starts they end the run:
    KeyboardInterrupt, or SystemExit with 128 and the signal's number. UsageError for a wrong argument, before
    any request; an error after the container was created has its id (str) as `container`.
    """
@overload
def run(docker: Docker, image: str, command: Sequence[str] = (), stdin: IO[bytes] | None = None,
        stdout: _Writable | None = None, stderr: _Writable | None = None,
        progress: Callable[[dict[str, Any]], object] | None = None,
        notice: Callable[[str], object] | None = None,
        auth: _Credentials | Callable[[str], _Credentials] | None = None,
        variables: Mapping[str, str] | None = None,
        socket_auth: Mapping[str, _Credentials] | None = None,
        **options: Unpack[_RunOptions]) -> Any: ...


# ==== school begin: what the library alone does not have
__all__ += [
    "PracticeEngine", "RecordWriter", "Recording", "WireRecorder", "annotate", "annotate_bytes",
    "read_record", "recorded_dial"]

class _WireEvent(NamedTuple):
    seconds: float
    direction: str
    kind: str
    data: bytes


class _Sink(Protocol):
    def take(self, number: int, event: _WireEvent) -> object: ...
    def finish(self) -> object: ...


class PracticeEngine:
    """An engine for practice. `socket_path` (str): where to listen; None: a private folder of its own.

    start() listens and serves in background threads; serve_forever() does that and waits for close().
    `address` is "unix:///…". Both raise UsageError or AddressError if it cannot listen there.

    One Condition, `changed`, guards all that the engine knows and announces every change. An engine for
    practice has tens of clients, not thousands, and one lock cannot deadlock with another. No socket is
    written under it.
    """
    closing: bool
    socket_path: str | None
    def __init__(self, socket_path: str | None = None) -> None: ...
    @property
    def address(self) -> str: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *ignored: object) -> None: ...
    def start(self) -> Self:
        """Listen and serve, in the background. Returns self."""
    def serve_forever(self) -> None:
        """Start, and return once close() was called in another thread."""
    def close(self) -> None:
        """End every container, connection and thread, and remove the socket. May be called more than once."""


class Recording:
    """A sink in memory: `connections` is the list of RecordedConnection, by number.

    `started` is a Unix time (float), `address` that of the engine (str). Beyond `limit` (bytes of memory,
    about; None for no limit) bytes are counted and not kept, and finish() adds a note with the count to each
    connection.
    """
    def __init__(self, limit: int | None = None, started: float | None = None,
                 address: str = "") -> None: ...
    @property
    def connections(self) -> list[Any]: ...
    def find(self, number: int) -> Any:
        """The RecordedConnection of that number, made if there is none."""
    def take(self, number: int, event: _WireEvent) -> None: ...
    def finish(self) -> None: ...


class RecordWriter:
    """A sink that writes a record to `file` (binary): each event is one line, flushed as it comes.

    The first line is written with the first event, or by finish(), which does not close the file. `redact`
    False writes credentials as they are.
    """
    def __init__(self, file: IO[bytes], redact: bool = True, started: float | None = None,
                 address: str = "") -> None: ...
    def take(self, number: int, event: _WireEvent) -> None: ...
    def finish(self) -> None: ...


class WireRecorder:
    """Gives what happens on connections, with its time, to every sink: take(number, event), then finish().

    Threads may share it. A sink that raises an exception gets no more events, and the connections are not
    disturbed; finish() raises that exception.
    """
    def __init__(self, sinks: Iterable[_Sink], clock: Callable[[], float] = ...) -> None: ...
    def open(self, address: object) -> int:
        """A connection to `address` (str) was made → its number, from 1."""
    def record(self, number: int, direction: str, kind: str, data: bytes = b"") -> None:
        """Give the sinks a WireEvent of connection `number` with this `direction`, `kind` and `data`."""
    def finish(self) -> None:
        """Finish every sink. Raises the exception of the first sink that has failed, if one has."""


def recorded_dial(recorder: WireRecorder,
                  connect: Callable[[Address, float | None], socket.socket] = ...
                  ) -> Callable[[Address, float | None], socket.socket]:
    """A function (address, timeout) → RecordedSocket, for `docker.open_socket = recorded_dial(recorder)`."""


def read_record(file: Iterable[bytes]) -> Recording:
    """A binary file of JSON lines → Recording. UsageError names the line and what is wrong with it."""


def annotate(recording: Recording) -> list[Any]:
    """A Recording → list of AnnotatedConnection."""


def annotate_bytes(data: _Bytes, role: str = "auto", method: str = "GET") -> Any:
    """Bytes → AnnotatedStream. `role` "request", "response" or "auto"; responses answer `method`."""
# ==== school end

# -- the shapes of answers

class AttestationStatement(TypedDict):
    Descriptor: OCIDescriptor
    PredicateType: str
    Statement: dict[str, object] | None


class AuthResponse(TypedDict):
    Status: str
    IdentityToken: str


class BuildCache(TypedDict):
    ID: str
    Parents: list[str] | None
    Type: str
    Description: str
    InUse: bool
    Shared: bool
    Size: int
    CreatedAt: str
    LastUsedAt: str | None
    UsageCount: int
    Parent: NotRequired[str]


class BuildCacheDiskUsage(TypedDict):
    ActiveCount: int
    TotalCount: int
    Reclaimable: int
    TotalSize: int
    Items: NotRequired[list[BuildCache]]


class BuildIdentity(TypedDict):
    Ref: str
    CreatedAt: str


class BuildInfo(TypedDict, total=False):
    id: str
    stream: str
    errorDetail: ErrorDetail
    status: str
    progressDetail: ProgressDetail
    aux: ImageID
    error: NotRequired[str]
    progress: NotRequired[str]


class BuildPruneAnswer(TypedDict):
    CachesDeleted: list[str]
    SpaceReclaimed: int


class ClusterInfo(TypedDict):
    ID: str
    Version: ObjectVersion
    CreatedAt: str
    UpdatedAt: str
    Spec: SwarmSpec
    TLSInfo: TLSInfo
    RootRotationInProgress: bool
    DataPathPort: int
    DefaultAddrPool: list[str]
    SubnetSize: int


class ClusterVolume(TypedDict):
    ID: str
    Version: ObjectVersion
    CreatedAt: str
    UpdatedAt: str
    Spec: ClusterVolumeSpec
    Info: ClusterVolumeInfo
    PublishStatus: list[ClusterVolumePublishStatusItem]


class ClusterVolumeInfo(TypedDict):
    CapacityBytes: int
    VolumeContext: dict[str, str]
    VolumeID: str
    AccessibleTopology: list[Topology]


class ClusterVolumePublishStatusItem(TypedDict):
    NodeID: str
    State: str
    PublishContext: dict[str, str]


class ClusterVolumeSpec(TypedDict):
    Group: str
    AccessMode: ClusterVolumeSpecAccessMode


class ClusterVolumeSpecAccessMode(TypedDict):
    Scope: str
    Sharing: str
    MountVolume: dict[str, object]
    Secrets: list[ClusterVolumeSpecAccessModeSecretsItem]
    AccessibilityRequirements: ClusterVolumeSpecAccessModeAccessibilityRequirements
    CapacityRange: ClusterVolumeSpecAccessModeCapacityRange
    Availability: str


class ClusterVolumeSpecAccessModeAccessibilityRequirements(TypedDict):
    Requisite: list[Topology]
    Preferred: list[Topology]


class ClusterVolumeSpecAccessModeCapacityRange(TypedDict):
    RequiredBytes: int
    LimitBytes: int


class ClusterVolumeSpecAccessModeSecretsItem(TypedDict):
    Key: str
    Secret: str


class Commit(TypedDict):
    ID: str
    Expected: NotRequired[str]


class Config(TypedDict):
    ID: str
    Version: ObjectVersion
    CreatedAt: str
    UpdatedAt: str
    Spec: ConfigSpec


class ConfigReference(TypedDict):
    Network: str


class ConfigSpec(TypedDict):
    Name: str
    Labels: dict[str, str]
    Data: str
    Templating: Driver


class Container(TypedDict):
    Id: str
    Names: list[str]
    Image: str
    ImageID: str
    ImageManifestDescriptor: OCIDescriptor | None
    Command: str
    Created: int
    Ports: list[PortSummary]
    SizeRw: int | None
    SizeRootFs: int | None
    Labels: dict[str, str]
    State: str
    Status: str
    HostConfig: ContainerHostConfig
    NetworkSettings: ContainerNetworkSettings
    Mounts: list[MountPoint]
    Health: ContainerHealth


class ContainerBlkioStatEntry(TypedDict):
    major: int
    minor: int
    op: str
    value: int


class ContainerBlkioStats(TypedDict):
    io_service_bytes_recursive: list[ContainerBlkioStatEntry]
    io_serviced_recursive: list[ContainerBlkioStatEntry] | None
    io_queue_recursive: list[ContainerBlkioStatEntry] | None
    io_service_time_recursive: list[ContainerBlkioStatEntry] | None
    io_wait_time_recursive: list[ContainerBlkioStatEntry] | None
    io_merged_recursive: list[ContainerBlkioStatEntry] | None
    io_time_recursive: list[ContainerBlkioStatEntry] | None
    sectors_recursive: list[ContainerBlkioStatEntry] | None


class ContainerCPUStats(TypedDict):
    cpu_usage: ContainerCPUUsage
    system_cpu_usage: int | None
    online_cpus: int | None
    throttling_data: ContainerThrottlingData


class ContainerCPUUsage(TypedDict):
    total_usage: int
    percpu_usage: list[int] | None
    usage_in_kernelmode: int
    usage_in_usermode: int


class ContainerConfig(TypedDict):
    Hostname: str
    Domainname: str
    User: str
    AttachStdin: bool
    AttachStdout: bool
    AttachStderr: bool
    ExposedPorts: dict[str, dict[str, object]] | None
    Tty: bool
    OpenStdin: bool
    StdinOnce: bool
    Env: list[str] | None
    Cmd: list[str] | None
    Healthcheck: HealthConfig
    ArgsEscaped: bool | None
    Image: str
    Volumes: dict[str, dict[str, object]] | None
    WorkingDir: str
    Entrypoint: list[str] | None
    NetworkDisabled: bool | None
    OnBuild: list[str] | None
    Labels: dict[str, str] | None
    StopSignal: str | None
    StopTimeout: int | None
    Shell: list[str] | None
    MacAddress: NotRequired[str | None]


class ContainerCreateResponse(TypedDict):
    Id: str
    Warnings: list[str]


class ContainerHealth(TypedDict):
    Status: str
    FailingStreak: int


class ContainerHostConfig(TypedDict):
    NetworkMode: str
    Annotations: dict[str, str] | None


class ContainerInspect(TypedDict):
    Id: str
    Created: str | None
    Path: str
    Args: list[str]
    State: ContainerState
    Image: str
    ResolvConfPath: str
    HostnamePath: str
    HostsPath: str
    LogPath: str | None
    Name: str
    RestartCount: int
    Driver: str
    Platform: str
    ImageManifestDescriptor: OCIDescriptor
    MountLabel: str
    ProcessLabel: str
    AppArmorProfile: str
    ExecIDs: list[str] | None
    HostConfig: HostConfig
    GraphDriver: DriverData | None
    Storage: Storage | None
    SizeRw: int | None
    SizeRootFs: int | None
    Mounts: list[MountPoint]
    Config: ContainerConfig
    NetworkSettings: NetworkSettings


class ContainerMemoryStats(TypedDict):
    usage: int | None
    max_usage: int | None
    stats: dict[str, int | None]
    failcnt: int | None
    limit: int | None
    commitbytes: int | None
    commitpeakbytes: int | None
    privateworkingset: int | None


class ContainerNetworkSettings(TypedDict):
    Networks: dict[str, EndpointSettings]


class ContainerNetworkStats(TypedDict):
    rx_bytes: int
    rx_packets: int
    rx_errors: int
    rx_dropped: int
    tx_bytes: int
    tx_packets: int
    tx_errors: int
    tx_dropped: int
    endpoint_id: str | None
    instance_id: str | None


class ContainerPidsStats(TypedDict):
    current: int | None
    limit: int | None


class ContainerPruneAnswer(TypedDict):
    ContainersDeleted: list[str]
    SpaceReclaimed: int


class ContainerState(TypedDict):
    Status: str
    Running: bool
    Paused: bool
    Restarting: bool
    OOMKilled: bool
    Dead: bool
    Pid: int
    ExitCode: int
    Error: str
    StartedAt: str
    FinishedAt: str
    Health: Health


class ContainerStatus(TypedDict):
    ContainerID: str
    PID: int
    ExitCode: int


class ContainerStorageStats(TypedDict):
    read_count_normalized: int | None
    read_size_bytes: int | None
    write_count_normalized: int | None
    write_size_bytes: int | None


class ContainerThrottlingData(TypedDict):
    periods: int
    throttled_periods: int
    throttled_time: int


class ContainerTopResponse(TypedDict):
    Titles: list[str]
    Processes: list[list[str]]


class ContainerUpdateResponse(TypedDict):
    Warnings: list[str] | None


class ContainerWaitExitError(TypedDict):
    Message: str


class ContainerWaitResponse(TypedDict):
    StatusCode: int
    Error: ContainerWaitExitError | None


class ContainerdInfo(TypedDict):
    Address: str
    Namespaces: ContainerdInfoNamespaces


class ContainerdInfoNamespaces(TypedDict):
    Containers: str
    Plugins: str


class ContainersDiskUsage(TypedDict):
    ActiveCount: int
    TotalCount: int
    Reclaimable: int
    TotalSize: int
    Items: NotRequired[list[Container]]


class CreateImageInfo(TypedDict, total=False):
    id: str
    errorDetail: ErrorDetail
    status: str
    progressDetail: ProgressDetail
    error: NotRequired[str]
    progress: NotRequired[str]


class DeviceInfo(TypedDict):
    Source: str
    ID: str


class DeviceMapping(TypedDict):
    PathOnHost: str
    PathInContainer: str
    CgroupPermissions: str


class DeviceRequest(TypedDict):
    Driver: str
    Count: int
    DeviceIDs: list[str]
    Capabilities: list[list[str]]
    Options: dict[str, str]


class DistributionInspect(TypedDict):
    Descriptor: OCIDescriptor
    Platforms: list[OCIPlatform]


class Driver(TypedDict):
    Name: str
    Options: dict[str, str]


class DriverData(TypedDict):
    Name: str
    Data: dict[str, str]


class EndpointIPAMConfig(TypedDict):
    IPv4Address: str
    IPv6Address: str
    LinkLocalIPs: list[str]


class EndpointPortConfig(TypedDict):
    Name: str
    Protocol: str
    TargetPort: int
    PublishedPort: int
    PublishMode: str


class EndpointResource(TypedDict):
    Name: str
    EndpointID: str
    MacAddress: str
    IPv4Address: str
    IPv6Address: str


class EndpointSettings(TypedDict):
    IPAMConfig: EndpointIPAMConfig | None
    Links: list[str] | None
    MacAddress: str
    Aliases: list[str] | None
    DriverOpts: dict[str, str] | None
    GwPriority: int
    NetworkID: str
    EndpointID: str
    Gateway: str
    IPAddress: str
    IPPrefixLen: int
    IPv6Gateway: str
    GlobalIPv6Address: str
    GlobalIPv6PrefixLen: int
    DNSNames: list[str] | None


class EndpointSpec(TypedDict):
    Mode: str
    Ports: list[EndpointPortConfig]


class EngineDescription(TypedDict):
    EngineVersion: str
    Labels: dict[str, str]
    Plugins: list[EngineDescriptionPluginsItem]


class EngineDescriptionPluginsItem(TypedDict):
    Type: str
    Name: str


class ErrorDetail(TypedDict, total=False):
    code: int
    message: str


class Event(TypedDict):
    Type: str
    Action: str
    Actor: EventActor
    scope: str
    time: int
    timeNano: int
    status: NotRequired[str]
    id: NotRequired[str]


class EventActor(TypedDict):
    ID: str
    Attributes: dict[str, str]


class ExecInspectAnswer(TypedDict):
    CanRemove: bool
    DetachKeys: str
    ID: str
    Running: bool
    ExitCode: int | None
    ProcessConfig: ProcessConfig
    OpenStdin: bool
    OpenStderr: bool
    OpenStdout: bool
    ContainerID: str
    Pid: int


class FilesystemChange(TypedDict):
    Path: str
    Kind: int


class FirewallInfo(TypedDict):
    Driver: str
    Info: list[list[str]]


class GenericResourcesItem(TypedDict):
    NamedResourceSpec: GenericResourcesItemNamedResourceSpec
    DiscreteResourceSpec: GenericResourcesItemDiscreteResourceSpec


class GenericResourcesItemDiscreteResourceSpec(TypedDict):
    Kind: str
    Value: int


class GenericResourcesItemNamedResourceSpec(TypedDict):
    Kind: str
    Value: str


class Health(TypedDict):
    Status: str
    FailingStreak: int
    Log: list[HealthcheckResult]


class HealthConfig(TypedDict):
    Test: list[str]
    Interval: int
    Timeout: int
    Retries: int
    StartPeriod: int
    StartInterval: int


class HealthcheckResult(TypedDict):
    Start: str
    End: str
    ExitCode: int
    Output: str


class HostConfig(TypedDict):
    CpuShares: int
    Memory: int
    CgroupParent: str
    BlkioWeight: int
    BlkioWeightDevice: list[HostConfigBlkioWeightDeviceItem] | None
    BlkioDeviceReadBps: list[ThrottleDevice] | None
    BlkioDeviceWriteBps: list[ThrottleDevice] | None
    BlkioDeviceReadIOps: list[ThrottleDevice] | None
    BlkioDeviceWriteIOps: list[ThrottleDevice] | None
    CpuPeriod: int
    CpuQuota: int
    CpuRealtimePeriod: int
    CpuRealtimeRuntime: int
    CpusetCpus: str
    CpusetMems: str
    Devices: list[DeviceMapping] | None
    DeviceCgroupRules: list[str] | None
    DeviceRequests: list[DeviceRequest] | None
    MemoryReservation: int
    MemorySwap: int
    MemorySwappiness: int | None
    NanoCpus: int
    OomKillDisable: bool
    Init: bool | None
    PidsLimit: int | None
    Ulimits: list[HostConfigUlimitsItem] | None
    CpuCount: int
    CpuPercent: int
    IOMaximumIOps: int
    IOMaximumBandwidth: int
    Binds: list[str] | None
    ContainerIDFile: str
    LogConfig: HostConfigLogConfig
    NetworkMode: str
    PortBindings: dict[str, list[PortBinding] | None] | None
    RestartPolicy: RestartPolicy
    AutoRemove: bool
    VolumeDriver: str
    VolumesFrom: list[str] | None
    Mounts: list[Mount]
    ConsoleSize: list[int] | None
    Annotations: dict[str, str]
    CapAdd: list[str] | None
    CapDrop: list[str] | None
    CgroupnsMode: str
    Dns: list[str] | None
    DnsOptions: list[str] | None
    DnsSearch: list[str] | None
    ExtraHosts: list[str] | None
    GroupAdd: list[str] | None
    IpcMode: str
    Cgroup: str
    Links: list[str] | None
    OomScoreAdj: int
    PidMode: str
    Privileged: bool
    PublishAllPorts: bool
    ReadonlyRootfs: bool
    SecurityOpt: list[str] | None
    StorageOpt: dict[str, str]
    Tmpfs: dict[str, str]
    UTSMode: str
    UsernsMode: str
    ShmSize: int
    Sysctls: dict[str, str] | None
    Runtime: str | None
    Isolation: str
    MaskedPaths: list[str]
    ReadonlyPaths: list[str]
    KernelMemoryTCP: NotRequired[int]
    KernelMemory: NotRequired[int]


class HostConfigBlkioWeightDeviceItem(TypedDict):
    Path: str
    Weight: int


class HostConfigLogConfig(TypedDict):
    Type: str
    Config: dict[str, str]


class HostConfigUlimitsItem(TypedDict):
    Name: str
    Soft: int
    Hard: int


class IDResponse(TypedDict):
    Id: str


class IPAM(TypedDict):
    Driver: str
    Config: list[IPAMConfig] | None
    Options: dict[str, str] | None


class IPAMConfig(TypedDict):
    Subnet: str
    IPRange: str
    Gateway: str
    AuxiliaryAddresses: dict[str, str]


class IPAMStatus(TypedDict):
    Subnets: dict[str, SubnetStatus]


class Identity(TypedDict):
    Signature: list[SignatureIdentity]
    Pull: list[PullIdentity]
    Build: list[BuildIdentity]


class ImageConfig(TypedDict):
    User: str
    ExposedPorts: dict[str, dict[str, object]] | None
    Env: list[str] | None
    Cmd: list[str] | None
    Healthcheck: HealthConfig
    ArgsEscaped: bool | None
    Volumes: dict[str, dict[str, object]] | None
    WorkingDir: str
    Entrypoint: list[str] | None
    OnBuild: list[str] | None
    Labels: dict[str, str] | None
    StopSignal: str | None
    Shell: list[str] | None
    Hostname: NotRequired[str]
    Domainname: NotRequired[str]
    AttachStdin: NotRequired[bool]
    AttachStdout: NotRequired[bool]
    AttachStderr: NotRequired[bool]
    Tty: NotRequired[bool]
    OpenStdin: NotRequired[bool]
    StdinOnce: NotRequired[bool]
    Image: NotRequired[str]
    NetworkDisabled: NotRequired[bool | None]
    MacAddress: NotRequired[str | None]
    StopTimeout: NotRequired[int | None]


class ImageDeleteResponseItem(TypedDict):
    Untagged: str
    Deleted: str


class ImageHistoryResponseItem(TypedDict):
    Id: str
    Created: int
    CreatedBy: str
    Tags: list[str] | None
    Size: int
    Comment: str


class ImageID(TypedDict):
    ID: str


class ImageInspect(TypedDict):
    Id: str
    Descriptor: OCIDescriptor | None
    Manifests: list[ImageManifestSummary] | None
    Identity: Identity | None
    RepoTags: list[str]
    RepoDigests: list[str]
    Comment: str | None
    Created: str | None
    Author: str | None
    Config: ImageConfig
    Architecture: str
    Variant: str | None
    Os: str
    OsVersion: str | None
    Size: int
    GraphDriver: DriverData | None
    RootFS: ImageInspectRootFS
    Metadata: ImageInspectMetadata
    Parent: NotRequired[str]
    Container: NotRequired[str]
    ContainerConfig: NotRequired[ContainerConfig]
    DockerVersion: NotRequired[str]
    VirtualSize: NotRequired[int]


class ImageInspectMetadata(TypedDict):
    LastTagTime: str | None


class ImageInspectRootFS(TypedDict):
    Type: str
    Layers: list[str]


class ImageManifestSummary(TypedDict):
    ID: str
    Descriptor: OCIDescriptor
    Available: bool
    Size: ImageManifestSummarySize
    Kind: str
    ImageData: NotRequired[ImageManifestSummaryImageData | None]
    AttestationData: NotRequired[ImageManifestSummaryAttestationData | None]


class ImageManifestSummaryAttestationData(TypedDict):
    For: str


class ImageManifestSummaryImageData(TypedDict):
    Platform: OCIPlatform
    Identity: Identity | None
    Containers: list[str]
    Size: ImageManifestSummaryImageDataSize


class ImageManifestSummaryImageDataSize(TypedDict):
    Unpacked: int


class ImageManifestSummarySize(TypedDict):
    Total: int
    Content: int


class ImagePruneAnswer(TypedDict):
    ImagesDeleted: list[ImageDeleteResponseItem]
    SpaceReclaimed: int


class ImageSearchAnswerItem(TypedDict):
    description: str
    is_official: bool
    is_automated: bool
    name: str
    star_count: int


class ImageSummary(TypedDict):
    Id: str
    ParentId: str
    RepoTags: list[str] | None
    RepoDigests: list[str] | None
    Created: int
    Size: int
    SharedSize: int
    Labels: dict[str, str] | None
    Containers: int
    Manifests: NotRequired[list[ImageManifestSummary]]
    Descriptor: OCIDescriptor | None
    VirtualSize: NotRequired[int]


class ImagesDiskUsage(TypedDict):
    ActiveCount: int
    TotalCount: int
    Reclaimable: int
    TotalSize: int
    Items: NotRequired[list[ImageSummary]]


class IndexInfo(TypedDict):
    Name: str
    Mirrors: list[str]
    Secure: bool
    Official: bool


class Info(TypedDict):
    ID: str
    Containers: int
    ContainersRunning: int
    ContainersPaused: int
    ContainersStopped: int
    Images: int
    Driver: str
    DriverStatus: list[list[str]]
    DockerRootDir: str
    Plugins: PluginsInfo
    MemoryLimit: bool
    SwapLimit: bool
    CpuCfsPeriod: bool
    CpuCfsQuota: bool
    CPUShares: bool
    CPUSet: bool
    PidsLimit: bool
    OomKillDisable: bool
    IPv4Forwarding: bool
    Debug: bool
    NFd: int
    NGoroutines: int
    SystemTime: str
    LoggingDriver: str
    CgroupDriver: str
    CgroupVersion: str
    NEventsListener: int
    KernelVersion: str
    OperatingSystem: str
    OSVersion: str
    OSType: str
    Architecture: str
    NCPU: int
    MemTotal: int
    IndexServerAddress: str
    RegistryConfig: RegistryServiceConfig
    GenericResources: list[GenericResourcesItem] | None
    HttpProxy: str
    HttpsProxy: str
    NoProxy: str
    Name: str
    Labels: list[str]
    ExperimentalBuild: bool
    ServerVersion: str
    Runtimes: dict[str, Runtime]
    DefaultRuntime: str
    Swarm: SwarmInfo
    LiveRestoreEnabled: bool
    Isolation: str
    InitBinary: str
    ContainerdCommit: Commit
    RuncCommit: Commit
    InitCommit: Commit
    SecurityOptions: list[str]
    ProductLicense: str
    DefaultAddressPools: list[InfoDefaultAddressPoolsItem]
    FirewallBackend: FirewallInfo
    DiscoveredDevices: list[DeviceInfo]
    NRI: NRIInfo
    Warnings: list[str] | None
    CDISpecDirs: list[str]
    Containerd: ContainerdInfo
    KernelMemoryTCP: NotRequired[bool]
    BridgeNfIptables: NotRequired[bool]
    BridgeNfIp6tables: NotRequired[bool]
    KernelMemory: NotRequired[bool]
    ClusterStore: NotRequired[str]
    ClusterAdvertise: NotRequired[str]


class InfoDefaultAddressPoolsItem(TypedDict):
    Base: str
    Size: int


class JoinTokens(TypedDict):
    Worker: str
    Manager: str


class Limit(TypedDict):
    NanoCPUs: int
    MemoryBytes: int
    Pids: int


class ManagerStatus(TypedDict):
    Leader: bool
    Reachability: str
    Addr: str


class Mount(TypedDict):
    Target: str
    Source: str
    Type: str
    ReadOnly: bool
    Consistency: str
    BindOptions: MountBindOptions
    VolumeOptions: MountVolumeOptions
    ImageOptions: MountImageOptions
    TmpfsOptions: MountTmpfsOptions


class MountBindOptions(TypedDict):
    Propagation: str
    NonRecursive: bool
    CreateMountpoint: bool
    ReadOnlyNonRecursive: bool
    ReadOnlyForceRecursive: bool


class MountImageOptions(TypedDict):
    Subpath: str


class MountPoint(TypedDict):
    Type: str
    Name: str
    Source: str
    Destination: str
    Driver: str
    Mode: str
    RW: bool
    Propagation: str


class MountTmpfsOptions(TypedDict):
    SizeBytes: int
    Mode: int
    Options: list[list[str]]


class MountVolumeOptions(TypedDict):
    NoCopy: bool
    Labels: dict[str, str]
    DriverConfig: MountVolumeOptionsDriverConfig
    Subpath: str


class MountVolumeOptionsDriverConfig(TypedDict):
    Name: str
    Options: dict[str, str]


class NRIInfo(TypedDict):
    Info: list[list[str]]


class Network(TypedDict):
    Name: str
    Id: str
    Created: str
    Scope: str
    Driver: str
    EnableIPv4: bool
    EnableIPv6: bool
    IPAM: IPAM
    Internal: bool
    Attachable: bool
    Ingress: bool
    ConfigFrom: ConfigReference
    ConfigOnly: bool
    Options: dict[str, str]
    Labels: dict[str, str]
    Peers: NotRequired[list[PeerInfo]]


class NetworkAddress(TypedDict):
    Addr: NotRequired[str]
    PrefixLen: NotRequired[int]


class NetworkAttachment(TypedDict):
    Network: Network
    Addresses: list[str]


class NetworkAttachmentConfig(TypedDict):
    Target: str
    Aliases: list[str]
    DriverOpts: dict[str, str]


class NetworkCreateResponse(TypedDict):
    Id: str
    Warning: str


class NetworkInspect(TypedDict):
    Name: str
    Id: str
    Created: str
    Scope: str
    Driver: str
    EnableIPv4: bool
    EnableIPv6: bool
    IPAM: IPAM
    Internal: bool
    Attachable: bool
    Ingress: bool
    ConfigFrom: ConfigReference
    ConfigOnly: bool
    Options: dict[str, str]
    Labels: dict[str, str]
    Peers: NotRequired[list[PeerInfo]]
    Containers: dict[str, EndpointResource]
    Services: NotRequired[dict[str, ServiceInfo]]
    Status: NetworkStatus


class NetworkPruneAnswer(TypedDict):
    NetworksDeleted: list[str]


class NetworkSettings(TypedDict):
    SandboxID: str
    SandboxKey: str
    Ports: dict[str, list[PortBinding] | None]
    Networks: dict[str, EndpointSettings]
    Bridge: NotRequired[str]
    HairpinMode: NotRequired[bool]
    LinkLocalIPv6Address: NotRequired[str]
    LinkLocalIPv6PrefixLen: NotRequired[int]
    SecondaryIPAddresses: NotRequired[list[NetworkAddress] | None]
    SecondaryIPv6Addresses: NotRequired[list[NetworkAddress] | None]
    EndpointID: NotRequired[str]
    Gateway: NotRequired[str]
    GlobalIPv6Address: NotRequired[str]
    GlobalIPv6PrefixLen: NotRequired[int]
    IPAddress: NotRequired[str]
    IPPrefixLen: NotRequired[int]
    IPv6Gateway: NotRequired[str]
    MacAddress: NotRequired[str]


class NetworkStatus(TypedDict):
    IPAM: IPAMStatus


class NetworkSummary(TypedDict):
    Name: str
    Id: str
    Created: str
    Scope: str
    Driver: str
    EnableIPv4: bool
    EnableIPv6: bool
    IPAM: IPAM
    Internal: bool
    Attachable: bool
    Ingress: bool
    ConfigFrom: ConfigReference
    ConfigOnly: bool
    Options: dict[str, str]
    Labels: dict[str, str]
    Peers: NotRequired[list[PeerInfo]]
    Containers: NotRequired[dict[str, EndpointResource]]


class NetworkTaskInfo(TypedDict):
    Name: str
    EndpointID: str
    EndpointIP: str
    Info: dict[str, str]


class Node(TypedDict):
    ID: str
    Version: ObjectVersion
    CreatedAt: str
    UpdatedAt: str
    Spec: NodeSpec
    Description: NodeDescription
    Status: NodeStatus
    ManagerStatus: ManagerStatus


class NodeDescription(TypedDict):
    Hostname: str
    Platform: Platform
    Resources: ResourceObject
    Engine: EngineDescription
    TLSInfo: TLSInfo


class NodeSpec(TypedDict):
    Name: str
    Labels: dict[str, str]
    Role: str
    Availability: str


class NodeStatus(TypedDict):
    State: str
    Message: str
    Addr: str


class OCIDescriptor(TypedDict):
    mediaType: str
    digest: str
    size: int
    urls: list[str] | None
    annotations: dict[str, str] | None
    data: str | None
    platform: OCIPlatform
    artifactType: str | None


OCIPlatform = TypedDict("OCIPlatform", {
    "architecture": str,
    "os": str,
    "os.version": str,
    "os.features": list[str],
    "variant": str,
})


class ObjectVersion(TypedDict):
    Index: int


class PeerInfo(TypedDict):
    Name: str
    IP: str


class PeerNode(TypedDict):
    NodeID: str
    Addr: str


class Platform(TypedDict):
    Architecture: str
    OS: str


class Plugin(TypedDict):
    Id: str
    Name: str
    Enabled: bool
    Settings: PluginSettings
    PluginReference: str
    Config: PluginConfig


class PluginConfig(TypedDict):
    Description: str
    Documentation: str
    Interface: PluginConfigInterface
    Entrypoint: list[str]
    WorkDir: str
    User: PluginConfigUser
    Network: PluginConfigNetwork
    Linux: PluginConfigLinux
    PropagatedMount: str
    IpcHost: bool
    PidHost: bool
    Mounts: list[PluginMount]
    Env: list[PluginEnv]
    Args: PluginConfigArgs
    rootfs: PluginConfigRootfs
    DockerVersion: NotRequired[str]


class PluginConfigArgs(TypedDict):
    Name: str
    Description: str
    Settable: list[str]
    Value: list[str]


class PluginConfigInterface(TypedDict):
    Types: list[str]
    Socket: str
    ProtocolScheme: str


class PluginConfigLinux(TypedDict):
    Capabilities: list[str]
    AllowAllDevices: bool
    Devices: list[PluginDevice]


class PluginConfigNetwork(TypedDict):
    Type: str


class PluginConfigRootfs(TypedDict):
    type: str
    diff_ids: list[str]


class PluginConfigUser(TypedDict):
    UID: int
    GID: int


class PluginDevice(TypedDict):
    Name: str
    Description: str
    Settable: list[str]
    Path: str


class PluginEnv(TypedDict):
    Name: str
    Description: str
    Settable: list[str]
    Value: str


class PluginMount(TypedDict):
    Name: str
    Description: str
    Settable: list[str]
    Source: str
    Destination: str
    Type: str
    Options: list[str]


class PluginPrivilege(TypedDict):
    Name: str
    Description: str
    Value: list[str]


class PluginSettings(TypedDict):
    Mounts: list[PluginMount]
    Env: list[str]
    Args: list[str]
    Devices: list[PluginDevice]


class PluginsInfo(TypedDict):
    Volume: list[str]
    Network: list[str]
    Authorization: list[str] | None
    Log: list[str]


class PortBinding(TypedDict):
    HostIp: str
    HostPort: str


class PortStatus(TypedDict):
    Ports: list[EndpointPortConfig]


class PortSummary(TypedDict):
    IP: str
    PrivatePort: int
    PublicPort: int
    Type: str


class ProcessConfig(TypedDict):
    privileged: bool
    user: str
    tty: bool
    entrypoint: str
    arguments: list[str]


class ProgressDetail(TypedDict, total=False):
    current: int
    total: int


class PullIdentity(TypedDict):
    Repository: str


class PushImageInfo(TypedDict, total=False):
    errorDetail: ErrorDetail
    status: str
    progressDetail: ProgressDetail
    error: NotRequired[str]
    progress: NotRequired[str]


class RegistryServiceConfig(TypedDict):
    InsecureRegistryCIDRs: list[str]
    IndexConfigs: dict[str, IndexInfo]
    Mirrors: list[str]
    AllowNondistributableArtifactsCIDRs: NotRequired[list[str] | None]
    AllowNondistributableArtifactsHostnames: NotRequired[list[str] | None]


class ResourceObject(TypedDict):
    NanoCPUs: int
    MemoryBytes: int
    GenericResources: list[GenericResourcesItem]


class RestartPolicy(TypedDict):
    Name: str
    MaximumRetryCount: int


class RootFSStorage(TypedDict):
    Snapshot: RootFSStorageSnapshot | None


class RootFSStorageSnapshot(TypedDict):
    Name: str


class Runtime(TypedDict):
    path: str
    runtimeArgs: list[str] | None
    status: dict[str, str] | None


class Secret(TypedDict):
    ID: str
    Version: ObjectVersion
    CreatedAt: str
    UpdatedAt: str
    Spec: SecretSpec


class SecretSpec(TypedDict):
    Name: str
    Labels: dict[str, str]
    Data: str
    Driver: Driver
    Templating: Driver


class Service(TypedDict):
    ID: str
    Version: ObjectVersion
    CreatedAt: str
    UpdatedAt: str
    Spec: ServiceSpec
    Endpoint: ServiceEndpoint
    UpdateStatus: ServiceUpdateStatus
    ServiceStatus: ServiceServiceStatus
    JobStatus: ServiceJobStatus


class ServiceCreateResponse(TypedDict):
    ID: str
    Warnings: list[str] | None
    Warning: NotRequired[str]


class ServiceEndpoint(TypedDict):
    Spec: EndpointSpec
    Ports: list[EndpointPortConfig]
    VirtualIPs: list[ServiceEndpointVirtualIPsItem]


class ServiceEndpointVirtualIPsItem(TypedDict):
    NetworkID: str
    Addr: str


class ServiceInfo(TypedDict):
    VIP: str
    Ports: list[str]
    LocalLBIndex: int
    Tasks: list[NetworkTaskInfo]


class ServiceJobStatus(TypedDict):
    JobIteration: ObjectVersion
    LastExecution: str


class ServiceServiceStatus(TypedDict):
    RunningTasks: int
    DesiredTasks: int
    CompletedTasks: int


class ServiceSpec(TypedDict):
    Name: str
    Labels: dict[str, str]
    TaskTemplate: TaskSpec
    Mode: ServiceSpecMode
    UpdateConfig: ServiceSpecUpdateConfig
    RollbackConfig: ServiceSpecRollbackConfig
    Networks: list[NetworkAttachmentConfig]
    EndpointSpec: EndpointSpec


class ServiceSpecMode(TypedDict):
    Replicated: ServiceSpecModeReplicated
    Global: dict[str, object]
    ReplicatedJob: ServiceSpecModeReplicatedJob
    GlobalJob: dict[str, object]


class ServiceSpecModeReplicated(TypedDict):
    Replicas: int


class ServiceSpecModeReplicatedJob(TypedDict):
    MaxConcurrent: int
    TotalCompletions: int


class ServiceSpecRollbackConfig(TypedDict):
    Parallelism: int
    Delay: int
    FailureAction: str
    Monitor: int
    MaxFailureRatio: float
    Order: str


class ServiceSpecUpdateConfig(TypedDict):
    Parallelism: int
    Delay: int
    FailureAction: str
    Monitor: int
    MaxFailureRatio: float
    Order: str


class ServiceUpdateResponse(TypedDict):
    Warnings: list[str]


class ServiceUpdateStatus(TypedDict):
    State: str
    StartedAt: str
    CompletedAt: str
    Message: str


class SignatureIdentity(TypedDict):
    Name: str
    Timestamps: list[SignatureTimestamp]
    KnownSigner: str
    DockerReference: str
    Signer: SignerIdentity
    SignatureType: str
    Error: str
    Warnings: list[str]


class SignatureTimestamp(TypedDict):
    Type: str
    URI: str
    Timestamp: str


class SignerIdentity(TypedDict):
    CertificateIssuer: str
    SubjectAlternativeName: str
    Issuer: str
    BuildSignerURI: str
    BuildSignerDigest: str
    RunnerEnvironment: str
    SourceRepositoryURI: str
    SourceRepositoryDigest: str
    SourceRepositoryRef: str
    SourceRepositoryIdentifier: str
    SourceRepositoryOwnerURI: str
    SourceRepositoryOwnerIdentifier: str
    BuildConfigURI: str
    BuildConfigDigest: str
    BuildTrigger: str
    RunInvocationURI: str
    SourceRepositoryVisibilityAtSigning: str


class Stats(TypedDict):
    id: str | None
    name: str | None
    os_type: str | None
    read: str
    cpu_stats: ContainerCPUStats
    memory_stats: ContainerMemoryStats
    networks: dict[str, ContainerNetworkStats] | None
    pids_stats: ContainerPidsStats
    blkio_stats: ContainerBlkioStats
    num_procs: int
    storage_stats: ContainerStorageStats
    preread: str
    precpu_stats: ContainerCPUStats


class Storage(TypedDict):
    RootFS: RootFSStorage | None


class SubnetStatus(TypedDict):
    IPsInUse: int
    DynamicIPsAvailable: int


class Swarm(TypedDict):
    ID: str
    Version: ObjectVersion
    CreatedAt: str
    UpdatedAt: str
    Spec: SwarmSpec
    TLSInfo: TLSInfo
    RootRotationInProgress: bool
    DataPathPort: int
    DefaultAddrPool: list[str]
    SubnetSize: int
    JoinTokens: JoinTokens


class SwarmInfo(TypedDict):
    NodeID: str
    NodeAddr: str
    LocalNodeState: str
    ControlAvailable: bool
    Error: str
    RemoteManagers: list[PeerNode] | None
    Nodes: int | None
    Managers: int | None
    Cluster: ClusterInfo


class SwarmSpec(TypedDict):
    Name: str
    Labels: dict[str, str]
    Orchestration: SwarmSpecOrchestration | None
    Raft: SwarmSpecRaft
    Dispatcher: SwarmSpecDispatcher | None
    CAConfig: SwarmSpecCAConfig | None
    EncryptionConfig: SwarmSpecEncryptionConfig
    TaskDefaults: SwarmSpecTaskDefaults


class SwarmSpecCAConfig(TypedDict):
    NodeCertExpiry: int
    ExternalCAs: list[SwarmSpecCAConfigExternalCAsItem]
    SigningCACert: str
    SigningCAKey: str
    ForceRotate: int


class SwarmSpecCAConfigExternalCAsItem(TypedDict):
    Protocol: str
    URL: str
    Options: dict[str, str]
    CACert: str


class SwarmSpecDispatcher(TypedDict):
    HeartbeatPeriod: int


class SwarmSpecEncryptionConfig(TypedDict):
    AutoLockManagers: bool


class SwarmSpecOrchestration(TypedDict):
    TaskHistoryRetentionLimit: int


class SwarmSpecRaft(TypedDict):
    SnapshotInterval: int
    KeepOldSnapshots: int
    LogEntriesForSlowFollowers: int
    ElectionTick: int
    HeartbeatTick: int


class SwarmSpecTaskDefaults(TypedDict):
    LogDriver: SwarmSpecTaskDefaultsLogDriver


class SwarmSpecTaskDefaultsLogDriver(TypedDict):
    Name: str
    Options: dict[str, str]


class SwarmUnlockkeyAnswer(TypedDict):
    UnlockKey: str


class SystemDataUsageAnswer(TypedDict):
    ImageUsage: ImagesDiskUsage
    ContainerUsage: ContainersDiskUsage
    VolumeUsage: VolumesDiskUsage
    BuildCacheUsage: BuildCacheDiskUsage
    LayersSize: NotRequired[int]
    Images: NotRequired[list[ImageSummary] | None]
    Containers: NotRequired[list[Container] | None]
    Volumes: NotRequired[list[Volume] | None]
    BuildCache: NotRequired[list[BuildCache] | None]
    BuilderSize: NotRequired[int]


class TLSInfo(TypedDict):
    TrustRoot: str
    CertIssuerSubject: str
    CertIssuerPublicKey: str


class Task(TypedDict):
    ID: str
    Version: ObjectVersion
    CreatedAt: str
    UpdatedAt: str
    Name: str
    Labels: dict[str, str]
    Spec: TaskSpec
    ServiceID: str
    Slot: int
    NodeID: str
    AssignedGenericResources: list[GenericResourcesItem]
    Status: TaskStatus
    DesiredState: str
    JobIteration: ObjectVersion
    NetworksAttachments: list[NetworkAttachment]


class TaskSpec(TypedDict):
    PluginSpec: TaskSpecPluginSpec
    ContainerSpec: TaskSpecContainerSpec
    NetworkAttachmentSpec: TaskSpecNetworkAttachmentSpec
    Resources: TaskSpecResources
    RestartPolicy: TaskSpecRestartPolicy
    Placement: TaskSpecPlacement
    ForceUpdate: int
    Runtime: str
    Networks: list[NetworkAttachmentConfig]
    LogDriver: TaskSpecLogDriver


class TaskSpecContainerSpec(TypedDict):
    Image: str
    Labels: dict[str, str]
    Command: list[str]
    Args: list[str]
    Hostname: str
    Env: list[str]
    Dir: str
    User: str
    Groups: list[str]
    Privileges: TaskSpecContainerSpecPrivileges
    TTY: bool
    OpenStdin: bool
    ReadOnly: bool
    Mounts: list[Mount]
    StopSignal: str
    StopGracePeriod: int
    HealthCheck: HealthConfig
    Hosts: list[str]
    DNSConfig: TaskSpecContainerSpecDNSConfig
    Secrets: list[TaskSpecContainerSpecSecretsItem]
    OomScoreAdj: int
    Configs: list[TaskSpecContainerSpecConfigsItem]
    Isolation: str
    Init: bool | None
    Sysctls: dict[str, str]
    CapabilityAdd: list[str]
    CapabilityDrop: list[str]
    Ulimits: list[TaskSpecContainerSpecUlimitsItem]


class TaskSpecContainerSpecConfigsItem(TypedDict):
    File: TaskSpecContainerSpecConfigsItemFile
    Runtime: dict[str, object]
    ConfigID: str
    ConfigName: str


class TaskSpecContainerSpecConfigsItemFile(TypedDict):
    Name: str
    UID: str
    GID: str
    Mode: int


class TaskSpecContainerSpecDNSConfig(TypedDict):
    Nameservers: list[str]
    Search: list[str]
    Options: list[str]


class TaskSpecContainerSpecPrivileges(TypedDict):
    CredentialSpec: TaskSpecContainerSpecPrivilegesCredentialSpec
    SELinuxContext: TaskSpecContainerSpecPrivilegesSELinuxContext
    Seccomp: TaskSpecContainerSpecPrivilegesSeccomp
    AppArmor: TaskSpecContainerSpecPrivilegesAppArmor
    NoNewPrivileges: bool


class TaskSpecContainerSpecPrivilegesAppArmor(TypedDict):
    Mode: str


class TaskSpecContainerSpecPrivilegesCredentialSpec(TypedDict):
    Config: str
    File: str
    Registry: str


class TaskSpecContainerSpecPrivilegesSELinuxContext(TypedDict):
    Disable: bool
    User: str
    Role: str
    Type: str
    Level: str


class TaskSpecContainerSpecPrivilegesSeccomp(TypedDict):
    Mode: str
    Profile: str


class TaskSpecContainerSpecSecretsItem(TypedDict):
    File: TaskSpecContainerSpecSecretsItemFile
    SecretID: str
    SecretName: str


class TaskSpecContainerSpecSecretsItemFile(TypedDict):
    Name: str
    UID: str
    GID: str
    Mode: int


class TaskSpecContainerSpecUlimitsItem(TypedDict):
    Name: str
    Soft: int
    Hard: int


class TaskSpecLogDriver(TypedDict):
    Name: str
    Options: dict[str, str]


class TaskSpecNetworkAttachmentSpec(TypedDict):
    ContainerID: str


class TaskSpecPlacement(TypedDict):
    Constraints: list[str]
    Preferences: list[TaskSpecPlacementPreferencesItem]
    MaxReplicas: int
    Platforms: list[Platform]


class TaskSpecPlacementPreferencesItem(TypedDict):
    Spread: TaskSpecPlacementPreferencesItemSpread


class TaskSpecPlacementPreferencesItemSpread(TypedDict):
    SpreadDescriptor: str


class TaskSpecPluginSpec(TypedDict):
    Name: str
    Remote: str
    Disabled: bool
    PluginPrivilege: list[PluginPrivilege]


class TaskSpecResources(TypedDict):
    Limits: Limit
    Reservations: ResourceObject
    SwapBytes: NotRequired[int | None]
    MemorySwappiness: NotRequired[int | None]


class TaskSpecRestartPolicy(TypedDict):
    Condition: str
    Delay: int
    MaxAttempts: int
    Window: int


class TaskStatus(TypedDict):
    Timestamp: str
    State: str
    Message: str
    Err: str
    ContainerStatus: ContainerStatus
    PortStatus: PortStatus


class ThrottleDevice(TypedDict):
    Path: str
    Rate: int


class Topology(TypedDict):
    Segments: dict[str, str]


class Version(TypedDict):
    Platform: VersionPlatform
    Components: list[VersionComponentsItem]
    Version: str
    ApiVersion: str
    MinAPIVersion: str
    GitCommit: str
    GoVersion: str
    Os: str
    Arch: str
    KernelVersion: str
    Experimental: bool
    BuildTime: str


class VersionComponentsItem(TypedDict):
    Name: str
    Version: str
    Details: dict[str, object] | None


class VersionPlatform(TypedDict):
    Name: str


class Volume(TypedDict):
    Name: str
    Driver: str
    Mountpoint: str
    CreatedAt: str
    Status: dict[str, dict[str, object]]
    Labels: dict[str, str] | None
    Scope: str
    ClusterVolume: ClusterVolume
    Options: dict[str, str] | None
    UsageData: VolumeUsageData | None


class VolumeListResponse(TypedDict):
    Volumes: list[Volume]
    Warnings: list[str] | None


class VolumePruneAnswer(TypedDict):
    VolumesDeleted: list[str]
    SpaceReclaimed: int


class VolumeUsageData(TypedDict):
    Size: int
    RefCount: int


class VolumesDiskUsage(TypedDict):
    ActiveCount: int
    TotalCount: int
    Reclaimable: int
    TotalSize: int
    Items: NotRequired[list[Volume]]


# -- the shapes of bodies

class AuthConfigBody(TypedDict, total=False):
    username: str
    password: str
    serveraddress: str


class ClusterVolumeSpecAccessModeAccessibilityRequirementsBody(TypedDict, total=False):
    Requisite: list[TopologyBody]
    Preferred: list[TopologyBody]


class ClusterVolumeSpecAccessModeBody(TypedDict, total=False):
    Scope: str
    Sharing: str
    MountVolume: dict[str, object]
    Secrets: list[ClusterVolumeSpecAccessModeSecretsItemBody]
    AccessibilityRequirements: ClusterVolumeSpecAccessModeAccessibilityRequirementsBody
    CapacityRange: ClusterVolumeSpecAccessModeCapacityRangeBody
    Availability: str


class ClusterVolumeSpecAccessModeCapacityRangeBody(TypedDict, total=False):
    RequiredBytes: int
    LimitBytes: int


class ClusterVolumeSpecAccessModeSecretsItemBody(TypedDict, total=False):
    Key: str
    Secret: str


class ClusterVolumeSpecBody(TypedDict, total=False):
    Group: str
    AccessMode: ClusterVolumeSpecAccessModeBody


class ConfigCreateBody(TypedDict, total=False):
    Name: str
    Labels: dict[str, str]
    Data: str
    Templating: DriverBody


class ConfigReferenceBody(TypedDict, total=False):
    Network: str


class ConfigSpecBody(TypedDict, total=False):
    Name: str
    Labels: dict[str, str]
    Data: str
    Templating: DriverBody


class ContainerConfigBody(TypedDict, total=False):
    Hostname: str
    Domainname: str
    User: str
    AttachStdin: bool
    AttachStdout: bool
    AttachStderr: bool
    ExposedPorts: dict[str, dict[str, object]] | None
    Tty: bool
    OpenStdin: bool
    StdinOnce: bool
    Env: list[str]
    Cmd: list[str]
    Healthcheck: HealthConfigBody
    ArgsEscaped: bool | None
    Image: str
    Volumes: dict[str, dict[str, object]]
    WorkingDir: str
    Entrypoint: list[str]
    NetworkDisabled: bool | None
    OnBuild: list[str] | None
    Labels: dict[str, str]
    StopSignal: str | None
    StopTimeout: int | None
    Shell: list[str] | None


class ContainerCreateBody(TypedDict, total=False):
    Hostname: str
    Domainname: str
    User: str
    AttachStdin: bool
    AttachStdout: bool
    AttachStderr: bool
    ExposedPorts: dict[str, dict[str, object]] | None
    Tty: bool
    OpenStdin: bool
    StdinOnce: bool
    Env: list[str]
    Cmd: list[str]
    Healthcheck: HealthConfigBody
    ArgsEscaped: bool | None
    Image: str
    Volumes: dict[str, dict[str, object]]
    WorkingDir: str
    Entrypoint: list[str]
    NetworkDisabled: bool | None
    OnBuild: list[str] | None
    Labels: dict[str, str]
    StopSignal: str | None
    StopTimeout: int | None
    Shell: list[str] | None
    HostConfig: HostConfigBody
    NetworkingConfig: NetworkingConfigBody


class ContainerExecBody(TypedDict, total=False):
    AttachStdin: bool
    AttachStdout: bool
    AttachStderr: bool
    ConsoleSize: list[int] | None
    DetachKeys: str
    Tty: bool
    Env: list[str]
    Cmd: list[str]
    Privileged: bool
    User: str
    WorkingDir: str


class ContainerUpdateBlkioWeightDeviceItemBody(TypedDict, total=False):
    Path: str
    Weight: int


class ContainerUpdateBody(TypedDict, total=False):
    CpuShares: int
    Memory: int
    CgroupParent: str
    BlkioWeight: int
    BlkioWeightDevice: list[ContainerUpdateBlkioWeightDeviceItemBody]
    BlkioDeviceReadBps: list[ThrottleDeviceBody]
    BlkioDeviceWriteBps: list[ThrottleDeviceBody]
    BlkioDeviceReadIOps: list[ThrottleDeviceBody]
    BlkioDeviceWriteIOps: list[ThrottleDeviceBody]
    CpuPeriod: int
    CpuQuota: int
    CpuRealtimePeriod: int
    CpuRealtimeRuntime: int
    CpusetCpus: str
    CpusetMems: str
    Devices: list[DeviceMappingBody]
    DeviceCgroupRules: list[str]
    DeviceRequests: list[DeviceRequestBody]
    MemoryReservation: int
    MemorySwap: int
    MemorySwappiness: int
    NanoCpus: int
    OomKillDisable: bool
    Init: bool | None
    PidsLimit: int | None
    Ulimits: list[ContainerUpdateUlimitsItemBody]
    CpuCount: int
    CpuPercent: int
    IOMaximumIOps: int
    IOMaximumBandwidth: int
    RestartPolicy: RestartPolicyBody


class ContainerUpdateUlimitsItemBody(TypedDict, total=False):
    Name: str
    Soft: int
    Hard: int


class DeviceMappingBody(TypedDict, total=False):
    PathOnHost: str
    PathInContainer: str
    CgroupPermissions: str


class DeviceRequestBody(TypedDict, total=False):
    Driver: str
    Count: int
    DeviceIDs: list[str]
    Capabilities: list[list[str]]
    Options: dict[str, str]


class DriverBody(TypedDict, total=False):
    Name: str
    Options: dict[str, str]


class EndpointIPAMConfigBody(TypedDict, total=False):
    IPv4Address: str
    IPv6Address: str
    LinkLocalIPs: list[str]


class EndpointPortConfigBody(TypedDict, total=False):
    Name: str
    Protocol: str
    TargetPort: int
    PublishedPort: int
    PublishMode: str


class EndpointSettingsBody(TypedDict, total=False):
    IPAMConfig: EndpointIPAMConfigBody
    Links: list[str]
    MacAddress: str
    Aliases: list[str]
    DriverOpts: dict[str, str] | None
    GwPriority: int
    NetworkID: str
    EndpointID: str
    Gateway: str
    IPAddress: str
    IPPrefixLen: int
    IPv6Gateway: str
    GlobalIPv6Address: str
    GlobalIPv6PrefixLen: int
    DNSNames: list[str]


class EndpointSpecBody(TypedDict, total=False):
    Mode: str
    Ports: list[EndpointPortConfigBody]


class ExecStartBody(TypedDict, total=False):
    Detach: bool
    Tty: bool
    ConsoleSize: list[int] | None


class GenericResourcesItemBody(TypedDict, total=False):
    NamedResourceSpec: GenericResourcesItemNamedResourceSpecBody
    DiscreteResourceSpec: GenericResourcesItemDiscreteResourceSpecBody


class GenericResourcesItemDiscreteResourceSpecBody(TypedDict, total=False):
    Kind: str
    Value: int


class GenericResourcesItemNamedResourceSpecBody(TypedDict, total=False):
    Kind: str
    Value: str


class HealthConfigBody(TypedDict, total=False):
    Test: list[str]
    Interval: int
    Timeout: int
    Retries: int
    StartPeriod: int
    StartInterval: int


class HostConfigBlkioWeightDeviceItemBody(TypedDict, total=False):
    Path: str
    Weight: int


class HostConfigBody(TypedDict, total=False):
    CpuShares: int
    Memory: int
    CgroupParent: str
    BlkioWeight: int
    BlkioWeightDevice: list[HostConfigBlkioWeightDeviceItemBody]
    BlkioDeviceReadBps: list[ThrottleDeviceBody]
    BlkioDeviceWriteBps: list[ThrottleDeviceBody]
    BlkioDeviceReadIOps: list[ThrottleDeviceBody]
    BlkioDeviceWriteIOps: list[ThrottleDeviceBody]
    CpuPeriod: int
    CpuQuota: int
    CpuRealtimePeriod: int
    CpuRealtimeRuntime: int
    CpusetCpus: str
    CpusetMems: str
    Devices: list[DeviceMappingBody]
    DeviceCgroupRules: list[str]
    DeviceRequests: list[DeviceRequestBody]
    MemoryReservation: int
    MemorySwap: int
    MemorySwappiness: int
    NanoCpus: int
    OomKillDisable: bool
    Init: bool | None
    PidsLimit: int | None
    Ulimits: list[HostConfigUlimitsItemBody]
    CpuCount: int
    CpuPercent: int
    IOMaximumIOps: int
    IOMaximumBandwidth: int
    Binds: list[str]
    ContainerIDFile: str
    LogConfig: HostConfigLogConfigBody
    NetworkMode: str
    PortBindings: dict[str, list[PortBindingBody] | None]
    RestartPolicy: RestartPolicyBody
    AutoRemove: bool
    VolumeDriver: str
    VolumesFrom: list[str]
    Mounts: list[MountBody]
    ConsoleSize: list[int] | None
    Annotations: dict[str, str]
    CapAdd: list[str]
    CapDrop: list[str]
    CgroupnsMode: str
    Dns: list[str]
    DnsOptions: list[str]
    DnsSearch: list[str]
    ExtraHosts: list[str]
    GroupAdd: list[str]
    IpcMode: str
    Cgroup: str
    Links: list[str]
    OomScoreAdj: int
    PidMode: str
    Privileged: bool
    PublishAllPorts: bool
    ReadonlyRootfs: bool
    SecurityOpt: list[str]
    StorageOpt: dict[str, str]
    Tmpfs: dict[str, str]
    UTSMode: str
    UsernsMode: str
    ShmSize: int
    Sysctls: dict[str, str] | None
    Runtime: str | None
    Isolation: str
    MaskedPaths: list[str]
    ReadonlyPaths: list[str]


class HostConfigLogConfigBody(TypedDict, total=False):
    Type: str
    Config: dict[str, str]


class HostConfigUlimitsItemBody(TypedDict, total=False):
    Name: str
    Soft: int
    Hard: int


class IPAMBody(TypedDict, total=False):
    Driver: str
    Config: list[IPAMConfigBody]
    Options: dict[str, str]


class IPAMConfigBody(TypedDict, total=False):
    Subnet: str
    IPRange: str
    Gateway: str
    AuxiliaryAddresses: dict[str, str]


class LimitBody(TypedDict, total=False):
    NanoCPUs: int
    MemoryBytes: int
    Pids: int


class MountBindOptionsBody(TypedDict, total=False):
    Propagation: str
    NonRecursive: bool
    CreateMountpoint: bool
    ReadOnlyNonRecursive: bool
    ReadOnlyForceRecursive: bool


class MountBody(TypedDict, total=False):
    Target: str
    Source: str
    Type: str
    ReadOnly: bool
    Consistency: str
    BindOptions: MountBindOptionsBody
    VolumeOptions: MountVolumeOptionsBody
    ImageOptions: MountImageOptionsBody
    TmpfsOptions: MountTmpfsOptionsBody


class MountImageOptionsBody(TypedDict, total=False):
    Subpath: str


class MountTmpfsOptionsBody(TypedDict, total=False):
    SizeBytes: int
    Mode: int
    Options: list[list[str]]


class MountVolumeOptionsBody(TypedDict, total=False):
    NoCopy: bool
    Labels: dict[str, str]
    DriverConfig: MountVolumeOptionsDriverConfigBody
    Subpath: str


class MountVolumeOptionsDriverConfigBody(TypedDict, total=False):
    Name: str
    Options: dict[str, str]


class NetworkAttachmentConfigBody(TypedDict, total=False):
    Target: str
    Aliases: list[str]
    DriverOpts: dict[str, str]


class NetworkConnectRequestBody(TypedDict, total=False):
    Container: str
    EndpointConfig: EndpointSettingsBody | None


class NetworkCreateBody(TypedDict, total=False):
    Name: str
    Driver: str
    Scope: str
    Internal: bool
    Attachable: bool
    Ingress: bool
    ConfigOnly: bool
    ConfigFrom: ConfigReferenceBody
    IPAM: IPAMBody
    EnableIPv4: bool
    EnableIPv6: bool
    Options: dict[str, str]
    Labels: dict[str, str]


class NetworkDisconnectRequestBody(TypedDict, total=False):
    Container: str
    Force: bool


class NetworkingConfigBody(TypedDict, total=False):
    EndpointsConfig: dict[str, EndpointSettingsBody]


class NodeSpecBody(TypedDict, total=False):
    Name: str
    Labels: dict[str, str]
    Role: str
    Availability: str


class PlatformBody(TypedDict, total=False):
    Architecture: str
    OS: str


class PluginPrivilegeBody(TypedDict, total=False):
    Name: str
    Description: str
    Value: list[str]


class PortBindingBody(TypedDict, total=False):
    HostIp: str
    HostPort: str


class ResourceObjectBody(TypedDict, total=False):
    NanoCPUs: int
    MemoryBytes: int
    GenericResources: list[GenericResourcesItemBody]


class RestartPolicyBody(TypedDict, total=False):
    Name: str
    MaximumRetryCount: int


class SecretCreateBody(TypedDict, total=False):
    Name: str
    Labels: dict[str, str]
    Data: str
    Driver: DriverBody
    Templating: DriverBody


class SecretSpecBody(TypedDict, total=False):
    Name: str
    Labels: dict[str, str]
    Data: str
    Driver: DriverBody
    Templating: DriverBody


class ServiceCreateBody(TypedDict, total=False):
    Name: str
    Labels: dict[str, str]
    TaskTemplate: TaskSpecBody
    Mode: ServiceCreateModeBody
    UpdateConfig: ServiceCreateUpdateConfigBody
    RollbackConfig: ServiceCreateRollbackConfigBody
    Networks: list[NetworkAttachmentConfigBody]
    EndpointSpec: EndpointSpecBody


class ServiceCreateModeBody(TypedDict, total=False):
    Replicated: ServiceCreateModeReplicatedBody
    Global: dict[str, object]
    ReplicatedJob: ServiceCreateModeReplicatedJobBody
    GlobalJob: dict[str, object]


class ServiceCreateModeReplicatedBody(TypedDict, total=False):
    Replicas: int


class ServiceCreateModeReplicatedJobBody(TypedDict, total=False):
    MaxConcurrent: int
    TotalCompletions: int


class ServiceCreateRollbackConfigBody(TypedDict, total=False):
    Parallelism: int
    Delay: int
    FailureAction: str
    Monitor: int
    MaxFailureRatio: float
    Order: str


class ServiceCreateUpdateConfigBody(TypedDict, total=False):
    Parallelism: int
    Delay: int
    FailureAction: str
    Monitor: int
    MaxFailureRatio: float
    Order: str


class ServiceUpdateBody(TypedDict, total=False):
    Name: str
    Labels: dict[str, str]
    TaskTemplate: TaskSpecBody
    Mode: ServiceUpdateModeBody
    UpdateConfig: ServiceUpdateUpdateConfigBody
    RollbackConfig: ServiceUpdateRollbackConfigBody
    Networks: list[NetworkAttachmentConfigBody]
    EndpointSpec: EndpointSpecBody


class ServiceUpdateModeBody(TypedDict, total=False):
    Replicated: ServiceUpdateModeReplicatedBody
    Global: dict[str, object]
    ReplicatedJob: ServiceUpdateModeReplicatedJobBody
    GlobalJob: dict[str, object]


class ServiceUpdateModeReplicatedBody(TypedDict, total=False):
    Replicas: int


class ServiceUpdateModeReplicatedJobBody(TypedDict, total=False):
    MaxConcurrent: int
    TotalCompletions: int


class ServiceUpdateRollbackConfigBody(TypedDict, total=False):
    Parallelism: int
    Delay: int
    FailureAction: str
    Monitor: int
    MaxFailureRatio: float
    Order: str


class ServiceUpdateUpdateConfigBody(TypedDict, total=False):
    Parallelism: int
    Delay: int
    FailureAction: str
    Monitor: int
    MaxFailureRatio: float
    Order: str


class SwarmInitBody(TypedDict, total=False):
    ListenAddr: str
    AdvertiseAddr: str
    DataPathAddr: str
    DataPathPort: int
    DefaultAddrPool: list[str]
    ForceNewCluster: bool
    SubnetSize: int
    Spec: SwarmSpecBody


class SwarmJoinBody(TypedDict, total=False):
    ListenAddr: str
    AdvertiseAddr: str
    DataPathAddr: str
    RemoteAddrs: list[str]
    JoinToken: str


class SwarmSpecBody(TypedDict, total=False):
    Name: str
    Labels: dict[str, str]
    Orchestration: SwarmSpecOrchestrationBody | None
    Raft: SwarmSpecRaftBody
    Dispatcher: SwarmSpecDispatcherBody | None
    CAConfig: SwarmSpecCAConfigBody | None
    EncryptionConfig: SwarmSpecEncryptionConfigBody
    TaskDefaults: SwarmSpecTaskDefaultsBody


class SwarmSpecCAConfigBody(TypedDict, total=False):
    NodeCertExpiry: int
    ExternalCAs: list[SwarmSpecCAConfigExternalCAsItemBody]
    SigningCACert: str
    SigningCAKey: str
    ForceRotate: int


class SwarmSpecCAConfigExternalCAsItemBody(TypedDict, total=False):
    Protocol: str
    URL: str
    Options: dict[str, str]
    CACert: str


class SwarmSpecDispatcherBody(TypedDict, total=False):
    HeartbeatPeriod: int


class SwarmSpecEncryptionConfigBody(TypedDict, total=False):
    AutoLockManagers: bool


class SwarmSpecOrchestrationBody(TypedDict, total=False):
    TaskHistoryRetentionLimit: int


class SwarmSpecRaftBody(TypedDict, total=False):
    SnapshotInterval: int
    KeepOldSnapshots: int
    LogEntriesForSlowFollowers: int
    ElectionTick: int
    HeartbeatTick: int


class SwarmSpecTaskDefaultsBody(TypedDict, total=False):
    LogDriver: SwarmSpecTaskDefaultsLogDriverBody


class SwarmSpecTaskDefaultsLogDriverBody(TypedDict, total=False):
    Name: str
    Options: dict[str, str]


class SwarmUnlockBody(TypedDict, total=False):
    UnlockKey: str


class TaskSpecBody(TypedDict, total=False):
    PluginSpec: TaskSpecPluginSpecBody
    ContainerSpec: TaskSpecContainerSpecBody
    NetworkAttachmentSpec: TaskSpecNetworkAttachmentSpecBody
    Resources: TaskSpecResourcesBody
    RestartPolicy: TaskSpecRestartPolicyBody
    Placement: TaskSpecPlacementBody
    ForceUpdate: int
    Runtime: str
    Networks: list[NetworkAttachmentConfigBody]
    LogDriver: TaskSpecLogDriverBody


class TaskSpecContainerSpecBody(TypedDict, total=False):
    Image: str
    Labels: dict[str, str]
    Command: list[str]
    Args: list[str]
    Hostname: str
    Env: list[str]
    Dir: str
    User: str
    Groups: list[str]
    Privileges: TaskSpecContainerSpecPrivilegesBody
    TTY: bool
    OpenStdin: bool
    ReadOnly: bool
    Mounts: list[MountBody]
    StopSignal: str
    StopGracePeriod: int
    HealthCheck: HealthConfigBody
    Hosts: list[str]
    DNSConfig: TaskSpecContainerSpecDNSConfigBody
    Secrets: list[TaskSpecContainerSpecSecretsItemBody]
    OomScoreAdj: int
    Configs: list[TaskSpecContainerSpecConfigsItemBody]
    Isolation: str
    Init: bool | None
    Sysctls: dict[str, str]
    CapabilityAdd: list[str]
    CapabilityDrop: list[str]
    Ulimits: list[TaskSpecContainerSpecUlimitsItemBody]


class TaskSpecContainerSpecConfigsItemBody(TypedDict, total=False):
    File: TaskSpecContainerSpecConfigsItemFileBody
    Runtime: dict[str, object]
    ConfigID: str
    ConfigName: str


class TaskSpecContainerSpecConfigsItemFileBody(TypedDict, total=False):
    Name: str
    UID: str
    GID: str
    Mode: int


class TaskSpecContainerSpecDNSConfigBody(TypedDict, total=False):
    Nameservers: list[str]
    Search: list[str]
    Options: list[str]


class TaskSpecContainerSpecPrivilegesAppArmorBody(TypedDict, total=False):
    Mode: str


class TaskSpecContainerSpecPrivilegesBody(TypedDict, total=False):
    CredentialSpec: TaskSpecContainerSpecPrivilegesCredentialSpecBody
    SELinuxContext: TaskSpecContainerSpecPrivilegesSELinuxContextBody
    Seccomp: TaskSpecContainerSpecPrivilegesSeccompBody
    AppArmor: TaskSpecContainerSpecPrivilegesAppArmorBody
    NoNewPrivileges: bool


class TaskSpecContainerSpecPrivilegesCredentialSpecBody(TypedDict, total=False):
    Config: str
    File: str
    Registry: str


class TaskSpecContainerSpecPrivilegesSELinuxContextBody(TypedDict, total=False):
    Disable: bool
    User: str
    Role: str
    Type: str
    Level: str


class TaskSpecContainerSpecPrivilegesSeccompBody(TypedDict, total=False):
    Mode: str
    Profile: str


class TaskSpecContainerSpecSecretsItemBody(TypedDict, total=False):
    File: TaskSpecContainerSpecSecretsItemFileBody
    SecretID: str
    SecretName: str


class TaskSpecContainerSpecSecretsItemFileBody(TypedDict, total=False):
    Name: str
    UID: str
    GID: str
    Mode: int


class TaskSpecContainerSpecUlimitsItemBody(TypedDict, total=False):
    Name: str
    Soft: int
    Hard: int


class TaskSpecLogDriverBody(TypedDict, total=False):
    Name: str
    Options: dict[str, str]


class TaskSpecNetworkAttachmentSpecBody(TypedDict, total=False):
    ContainerID: str


class TaskSpecPlacementBody(TypedDict, total=False):
    Constraints: list[str]
    Preferences: list[TaskSpecPlacementPreferencesItemBody]
    MaxReplicas: int
    Platforms: list[PlatformBody]


class TaskSpecPlacementPreferencesItemBody(TypedDict, total=False):
    Spread: TaskSpecPlacementPreferencesItemSpreadBody


class TaskSpecPlacementPreferencesItemSpreadBody(TypedDict, total=False):
    SpreadDescriptor: str


class TaskSpecPluginSpecBody(TypedDict, total=False):
    Name: str
    Remote: str
    Disabled: bool
    PluginPrivilege: list[PluginPrivilegeBody]


class TaskSpecResourcesBody(TypedDict, total=False):
    Limits: LimitBody
    Reservations: ResourceObjectBody
    SwapBytes: int | None
    MemorySwappiness: int | None


class TaskSpecRestartPolicyBody(TypedDict, total=False):
    Condition: str
    Delay: int
    MaxAttempts: int
    Window: int


class ThrottleDeviceBody(TypedDict, total=False):
    Path: str
    Rate: int


class TopologyBody(TypedDict, total=False):
    Segments: dict[str, str]


class VolumeCreateRequestBody(TypedDict, total=False):
    Name: str
    Driver: str
    DriverOpts: dict[str, str]
    Labels: dict[str, str]
    ClusterVolumeSpec: ClusterVolumeSpecBody


class VolumeUpdateBody(TypedDict, total=False):
    Spec: ClusterVolumeSpecBody
# ==== table end
