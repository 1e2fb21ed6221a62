# What is written by hand: the types of the public names that no table has. tools/stubs puts the docstrings
# in, and the operations of the Engine API in the place of the line that names them.
import socket
from os import PathLike
from types import TracebackType
from typing import IO, Any, Callable, Iterable, Iterator, Mapping, NamedTuple, Sequence, TypedDict, overload

from typing_extensions import Literal, NotRequired, Protocol, Self, Unpack

# ==== names
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
    hint: str | None
    @property
    def message(self) -> str: ...
    def __init__(self, message: str, hint: str | None = None) -> None: ...


class UsageError(RawdockError, ValueError): ...


class AddressError(RawdockError, ValueError): ...


class ConfigError(RawdockError, ValueError): ...


class ConnectError(RawdockError, OSError):
    address: Address | str
    reason: str
    errno: int | None
    connected: bool
    def __init__(self, address: Address | str, reason: str, errno: int | None = None,
                 hint: str | None = None, connected: bool = False, between: bool = False) -> None: ...


class Timeout(RawdockError, OSError):
    phase: str
    seconds: float
    received: int
    address: Address | str | None
    def __init__(self, phase: str, seconds: float, received: int = 0,
                 address: Address | str | None = None) -> None: ...


class ProtocolError(RawdockError, ValueError):
    rule: str
    offset: int
    seen: bytes
    expected: Any   # str; in a TruncatedError int or None
    def __init__(self, rule: str, offset: int, seen: bytes, expected: str) -> None: ...


class TruncatedError(ProtocolError):
    where: str
    got: int
    expected: int | None
    def __init__(self, where: str, offset: int, expected: int | None = None, got: int = 0,
                 rule: str = "RFC 9112 §8") -> None: ...


class UnconfirmedError(TruncatedError):
    def __init__(self, offset: int, got: int) -> None: ...


class APIError(RawdockError):
    status: int
    method: str | None
    path: str | None
    def __init__(self, status: int, message: str, method: str | None = None,
                 path: str | None = None) -> None: ...


class NotFound(APIError): ...


class Conflict(APIError): ...


class StreamError(RawdockError):
    code: int | None
    statuses: list[str]
    def __init__(self, message: str, code: int | None = None, statuses: Iterable[str] = ()) -> None: ...


class Verdict:
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
    lowered: str
    def __init__(self, pairs: _Fields = (), text: str | None = None) -> None: ...
    @property
    def pairs(self) -> list[tuple[str, str]]: ...
    def get_all(self, name: str) -> list[str]: ...
    @overload
    def get(self, name: str, default: None = None) -> str | None: ...
    @overload
    def get(self, name: str, default: str) -> str: ...
    def tokens(self, name: str) -> list[str]: ...
    def __getitem__(self, name: str) -> str: ...
    def __contains__(self, name: str) -> bool: ...
    def __iter__(self) -> Iterator[tuple[str, str]]: ...
    def __len__(self) -> int: ...


class Head:
    kind: str
    version: str
    status: int
    reason: str
    headers: Headers
    def __init__(self, version: str, status: int, reason: str, headers: Headers | _Fields) -> None: ...
    def parts(self) -> tuple[Any, ...]: ...
    @property
    def interim(self) -> bool: ...


class RequestHead(Head):
    method: str
    target: str
    interim: bool
    def __init__(self, version: str, method: str, target: str, headers: Headers | _Fields) -> None: ...
    @property
    def asks_to_upgrade(self) -> bool: ...


class Data:
    data: bytes
    def __init__(self, data: bytes) -> None: ...
    def parts(self) -> tuple[bytes]: ...


class End:
    trailers: Headers
    def __init__(self, trailers: Headers = ...) -> None: ...
    def parts(self) -> tuple[Any, ...]: ...


class Switched:
    leftover: bytes
    def __init__(self, leftover: bytes = b"") -> None: ...
    def parts(self) -> tuple[bytes]: ...


class _WireReader:
    done: bool
    error: RawdockError | None
    leftover: bytes
    offset: int
    def __init__(self, labels: _Labels = None, offset: int = 0) -> None: ...
    def feed_eof(self) -> None: ...


class ChunkedReader(_WireReader):
    trailers: Headers | None
    def feed(self, data: _Bytes) -> list[bytes]: ...
    def take(self, data: _Bytes, at: int, out: list[bytes]) -> int: ...


class FrameReader(_WireReader):
    def feed(self, data: _Bytes) -> list[tuple[int, bytes]]: ...
    def take(self, data: _Bytes, at: int, out: list[tuple[int, bytes]]) -> int: ...


class MessageReader(_WireReader):
    def feed(self, data: _Bytes) -> list[dict[str, Any]]: ...
    def take(self, data: _Bytes, at: int, out: list[dict[str, Any]]) -> int: ...


class ResponseReader(_WireReader):
    kind: str
    state: str
    framing: Any
    head: Head | None
    trailers: Headers
    complete: bool
    def __init__(self, method: str = "GET", hijack: bool = False, labels: _Labels = None,
                 offset: int = 0) -> None: ...
    def feed(self, data: _Bytes) -> list[Head | Data | End | Switched]: ...
    def take(self, data: _Bytes, at: int, out: list[Head | Data | End | Switched]) -> int: ...
    def expect(self, method: str, hijack: bool = False, offset: int = 0) -> None: ...


class RequestReader(_WireReader):
    kind: str
    state: str
    framing: Any
    head: RequestHead | None
    trailers: Headers
    complete: bool
    def __init__(self, labels: _Labels = None, offset: int = 0, bare_lf: bool = False) -> None: ...
    def feed(self, data: _Bytes) -> list[RequestHead | Data | End | Switched]: ...
    def take(self, data: _Bytes, at: int, out: list[RequestHead | Data | End | Switched]) -> int: ...
    def switch(self) -> None: ...
    def stay(self) -> None: ...


def encode_chunk(data: _Bytes) -> bytes: ...


def encode_last_chunk(trailers: _Fields = ()) -> bytes: ...


def encode_frame(stream: int, payload: _Bytes) -> bytes: ...


# -- the connection

class TLSSettings(NamedTuple):
    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    verify: bool = True
    origin: str = "the caller"


class Address:
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


def parse_address(text: str | Address) -> Address: ...


class Response(_Closing):
    status: int
    reason: str
    version: str
    headers: Headers
    method: str
    target: str
    complete: bool
    received: int
    trailers: Headers | None
    def close(self) -> None: ...
    @property
    def verdict(self) -> Verdict | None: ...
    def limit_idle(self, seconds: float | None) -> None: ...
    def __iter__(self) -> Iterator[bytes]: ...
    def read(self, limit: int | None = None) -> bytes: ...
    def json(self, limit: int = ...) -> Any: ...
    def readinto(self, buffer: bytearray | memoryview) -> int: ...
    def copy_to(self, file: _Writable) -> int: ...
    def messages(self) -> Iterator[dict[str, Any]]: ...
    def frames(self, tty: bool = False) -> Iterator[tuple[int, bytes]]: ...
    def frame_lists(self) -> Iterator[list[tuple[int, bytes]]]: ...
    def duplex(self, tty: bool | None = None) -> Duplex: ...


class Duplex(_Closing):
    response: Response
    tty: bool | None
    def fileno(self) -> int: ...
    def is_readable(self, reported: bool) -> bool: ...
    def __iter__(self) -> Iterator[Any]: ...
    def raw(self) -> Iterator[bytes]: ...
    def frames(self) -> Iterator[tuple[int, bytes]]: ...
    def send(self, data: _Bytes) -> None: ...
    def close_write(self) -> None: ...
    def hang_up(self) -> None: ...
    @property
    def verdict(self) -> Verdict | None: ...
    def confirm(self) -> None: ...
    def close(self) -> None: ...


class Connection(_Closing):
    sock: socket.socket
    address: Address | str
    reusable: bool
    closed: bool
    def __init__(self, sock: socket.socket, address: Address | str = "") -> None: ...
    def close(self) -> None: ...
    def is_stale(self) -> bool: ...
    def request(self, method: str, target: str, headers: Iterable[tuple[str, str]] = (),
                body: _StreamBody | None = None, version: str = "1.1", hijack: bool = False,
                head_timeout: float | None = None, idle_timeout: float | None = None,
                total_timeout: float | None = None) -> Response: ...
    def receive(self, received: int = 0, view: memoryview | None = None) -> bytes | memoryview: ...
    def take_unread(self) -> bytes: ...


# -- the Engine API

class _QueryParameter(NamedTuple):
    name: str
    kind: str
    since: str
    listed: bool


class Endpoint:
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
    def operation_id(self) -> str: ...
    def query_parameter(self, name: str) -> _QueryParameter: ...
    def build_path(self, path_values: Mapping[str, str] | None) -> str: ...
    def build_target(self, version: str | None = None, path_values: Mapping[str, str] | None = None,
                     query_values: Mapping[str, object] | None = None) -> str: ...


def endpoints() -> list[Endpoint]: ...


class Reference(NamedTuple):
    domain: str
    path: str
    tag: str | None = ...
    digest: str | None = ...
    def repository(self) -> str: ...
    def familiar_name(self) -> str: ...
    def suffix(self) -> str: ...
    def familiar(self) -> str: ...
    def canonical(self) -> str: ...


def parse_reference(text: str) -> Reference: ...


def find_credentials(registry: str, directory: str | None = None,
                     config: Mapping[str, Any] | None = None) -> dict[str, str]: ...


def find_all_credentials(directory: str | None = None, config: Mapping[str, Any] | None = None,
                         warn: Callable[[str], object] | None = None) -> dict[str, dict[str, str]]: ...


# ==== options


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
    address: Address
    timeout: float | None
    headers: list[tuple[str, str]]
    open_socket: Callable[[Address, float | None], socket.socket]
    def __init__(self, address: str | Address | None = None, version: str | None = None,
                 timeout: float | None = 60, context: str | None = None, tls: TLSSettings | None = None,
                 insecure_tcp: bool = False) -> None: ...
    def close(self) -> None: ...
    @property
    def version(self) -> str: ...
    def supports(self, version: str) -> bool: ...
    def connect(self, address: Address | None = None, timeout: float | None = None) -> Connection: ...
    def request(self, method: str, path: str,
                query: Mapping[str, object] | Iterable[tuple[str, object]] | None = None,
                headers: _Fields | None = None, body: _StreamBody | _Json | None = None,
                http_version: str = "1.1", hijack: bool = False, head_timeout: float | None = None,
                idle_timeout: float | None = None, total_timeout: float | None = None) -> Response: ...
    def send(self, name: str, *path_values: str, **parameters: Any) -> Response: ...
    def call(self, name: str, *path_values: str, **parameters: Any) -> Any: ...
    @overload
    def run(self, image: str, command: Sequence[str] = (), stdin: _Bytes | None = None,
            *, detach: Literal[False] = False, **options: Unpack[_RunKeywords]) -> _Finished: ...
    @overload
    def run(self, image: str, command: Sequence[str] = (), stdin: _Bytes | None = None,
            *, detach: Literal[True], **options: Unpack[_RunKeywords]) -> str: ...
    def exec(self, container: str, command: Sequence[str], stdin: _Bytes | None = None, stdout: bool = True,
             stderr: bool = True, timeout: _Timeout = None, **fields: Unpack[_ExecFields]) -> _Finished: ...
    @overload
    def logs(self, container: str, follow: Literal[False] = False, stdout: bool = True, stderr: bool = True,
             **parameters: Unpack[_LogsOptions]) -> bytes: ...
    @overload
    def logs(self, container: str, follow: Literal[True], stdout: bool = True, stderr: bool = True,
             **parameters: Unpack[_LogsOptions]) -> Iterator[tuple[int, bytes]]: ...
    @overload
    def logs(self, container: str, follow: bool, stdout: bool = True, stderr: bool = True,
             **parameters: Unpack[_LogsOptions]) -> bytes | Iterator[tuple[int, bytes]]: ...
    def pull(self, image: str, platform: str | None = None,
             auth: _Credentials | Callable[[str], _Credentials] | None = None,
             progress: Callable[[dict[str, Any]], object] | None = None) -> ImageInspect: ...
    def build(self, directory: _Path, tag: _Texts | None = None, dockerfile: str | None = None,
              progress: Callable[[dict[str, Any]], object] | None = None,
              **parameters: Unpack[_BuildOptions]) -> ImageInspect: ...
    def copy_in(docker, container: str, source: _Path | _StreamBody, target: str,
                follow_link: bool = False, archive: bool = False,
                progress: Callable[[int], object] | None = None) -> _Copied: ...
    def copy_out(docker, container: str, source: str, target: _Path | _Writable, follow_link: bool = False,
                 progress: Callable[[int], object] | None = None) -> _Copied: ...
    # ==== operations


class _Finished(NamedTuple):
    output: bytes
    status: int


class _Copied(NamedTuple):
    size: int
    target: str
    skipped: Sequence[str]
    stripped: Sequence[str]


class IncompleteCopy(RawdockError):
    lines: list[str]
    count: int
    copied: _Copied | None


class ArchiveStream(_Closing):
    stat: Any
    def __init__(self, docker: Docker, container: str, path: str) -> None: ...
    def readinto(self, buffer: bytearray | memoryview) -> int: ...
    def read(self, size: int = -1) -> bytes: ...
    def close(self) -> None: ...


class ArchiveWriter(_Closing):
    def __init__(self, docker: Docker, container: str, path: str, archive: bool = False) -> None: ...
    def write(self, data: _Bytes) -> int: ...


def copy_in(docker: Docker, container: str, source: _Path | _StreamBody, target: str,
            follow_link: bool = False, archive: bool = False,
            progress: Callable[[int], object] | None = None) -> _Copied: ...


def copy_out(docker: Docker, container: str, source: str, target: _Path | _Writable,
             follow_link: bool = False, progress: Callable[[int], object] | None = None) -> _Copied: ...


@overload
def run(docker: Docker, image: str, command: Sequence[str] = (), stdin: IO[bytes] | None = None,
        stdout: _Writable | None = None, stderr: _Writable | None = None,
        progress: Callable[[dict[str, Any]], object] | None = None,
        notice: Callable[[str], object] | None = None,
        auth: _Credentials | Callable[[str], _Credentials] | None = None,
        variables: Mapping[str, str] | None = None,
        socket_auth: Mapping[str, _Credentials] | None = None,
        *, detach: Literal[True], **options: Unpack[_RunOptions]) -> str: ...
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
# ==== names of the school

class _WireEvent(NamedTuple):
    seconds: float
    direction: str
    kind: str
    data: bytes


class _Sink(Protocol):
    def take(self, number: int, event: _WireEvent) -> object: ...
    def finish(self) -> object: ...


class PracticeEngine:
    closing: bool
    socket_path: str | None
    def __init__(self, socket_path: str | None = None) -> None: ...
    @property
    def address(self) -> str: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *ignored: object) -> None: ...
    def start(self) -> Self: ...
    def serve_forever(self) -> None: ...
    def close(self) -> None: ...


class Recording:
    def __init__(self, limit: int | None = None, started: float | None = None,
                 address: str = "") -> None: ...
    @property
    def connections(self) -> list[Any]: ...
    def find(self, number: int) -> Any: ...
    def take(self, number: int, event: _WireEvent) -> None: ...
    def finish(self) -> None: ...


class RecordWriter:
    def __init__(self, file: IO[bytes], redact: bool = True, started: float | None = None,
                 address: str = "") -> None: ...
    def take(self, number: int, event: _WireEvent) -> None: ...
    def finish(self) -> None: ...


class WireRecorder:
    def __init__(self, sinks: Iterable[_Sink], clock: Callable[[], float] = ...) -> None: ...
    def open(self, address: object) -> int: ...
    def record(self, number: int, direction: str, kind: str, data: bytes = b"") -> None: ...
    def finish(self) -> None: ...


def recorded_dial(recorder: WireRecorder,
                  connect: Callable[[Address, float | None], socket.socket] = ...
                  ) -> Callable[[Address, float | None], socket.socket]: ...


def read_record(file: Iterable[bytes]) -> Recording: ...


def annotate(recording: Recording) -> list[Any]: ...


def annotate_bytes(data: _Bytes, role: str = "auto", method: str = "GET") -> Any: ...
# ==== school end
