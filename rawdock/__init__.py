"""rawdock: the Docker Engine API spoken by hand, bytes first, standard library only.

This file is the map: every public name and the file that defines it. A name is
imported when it is first used, so `import rawdock` costs next to nothing. The
floors, lowest first (a file imports only from its own floor and from lower ones):

    errors    every error the package raises
    wire/     bytes to values and back: heads, bodies, frames, JSON messages
    net/      addresses, dialling, one connection
    engine/   the Engine API: endpoints, the client, `run`
    cli/      docker's commands, their flags, and what they print
    teach/    the school: recordings, explanations, the tap, dry runs, the practice engine, lessons
    main      the table of all commands
"""
import sys

__version__ = "0.1.0"

PUBLIC_NAMES = {
    "errors": "RawdockError AddressError ConfigError ConnectError Timeout ProtocolError TruncatedError"
              " UnconfirmedError APIError NotFound Conflict StreamError UsageError Verdict",
    "wire.message": "Headers Head RequestHead",
    "wire.chunked": "ChunkedReader encode_chunk encode_last_chunk",
    "wire.frames": "FrameReader encode_frame",
    "wire.jsonstream": "MessageReader",
    "wire.exchange": "ResponseReader RequestReader Data End Switched",
    "net.address": "Address TLSSettings parse_address",
    "net.duplex": "Duplex",
    "net.response": "Response",
    "net.connection": "Connection",
    "engine.endpoints": "Endpoint endpoints",
    "engine.reference": "Reference parse_reference",
    "engine.credentials": "find_credentials find_all_credentials",
    "engine.docker": "Docker",
    "engine.extract": "IncompleteCopy",
    "engine.archives": "ArchiveStream ArchiveWriter copy_in copy_out",
    "engine.run": "run",
    "teach.practice.engine": "PracticeEngine",
    "teach.record.record": "Recording RecordWriter WireRecorder recorded_dial read_record",
    "teach.explain.annotate": "annotate annotate_bytes",
}
PUBLIC_HOMES = {name: home for home, names in PUBLIC_NAMES.items() for name in names.split()}
__all__ = sorted(PUBLIC_HOMES)


class LazyPackage(type(sys)):
    """The module type that finds a public name on first use (PEP 562 needs 3.7; this works on 3.6)."""

    def __getattr__(self, name):
        if name not in PUBLIC_HOMES:
            raise AttributeError("module 'rawdock' has no attribute %r" % name)
        from importlib import import_module
        try:
            home = import_module("rawdock." + PUBLIC_HOMES[name])
        except ImportError as error:
            if str(error.name).rpartition(".")[2] != "teach":
                raise
            raise AttributeError("rawdock.%s belongs to rawdock's school, which this copy does not have: it "
                                 "is in the package and in what tools/amalgamate --whole writes" % name)
        value = getattr(home, name)
        setattr(self, name, value)
        return value

    def __dir__(self):
        return sorted(set(self.__dict__) | set(__all__))


sys.modules[__name__].__class__ = LazyPackage
