"""What a command works with: the engine that the command line names, standard input, and the two outputs.

Every line that is not a container's own output is printed here, so that nothing from an engine can control
the terminal.

A Console has attributes for the code above the client: `open_socket` makes the sockets (a recorder sets its
own), `serve_practice` starts an engine inside this process, and `closers` are called at the end. main.py says
what the whole command line is (`words`), and which words are commands (`is_command`).
"""
import os

from ..errors import APIError, ConfigError, InvalidArgument, ProtocolError, RawdockError, UsageError
from .printable import printable_text

CONFIG_TEXTS = ("currentContext", "detachKeys", "credsStore")   # of config.json, beside the formats
MAX_WRITEV_PIECES = 1024   # IOV_MAX on Linux and the BSDs


class Output:
    """A file descriptor written whole and at once.

    write() takes bytes, which stay as they are: what a container wrote, and what a user's template makes.
    line() takes all other text and spells out what a terminal would act on, whoever put it there.
    """

    def __init__(self, descriptor):
        self.descriptor = descriptor

    def fileno(self):
        return self.descriptor

    def isatty(self):
        return os.isatty(self.descriptor)

    def write(self, data):
        """Write all of `data` (bytes-like) → its length."""
        view = memoryview(data)
        while len(view):
            try:
                view = view[os.write(self.descriptor, view):]
            except BlockingIOError:   # another process has made the descriptor non-blocking
                from select import select
                select([], [self.descriptor], [])
            except BrokenPipeError:
                raise
            except OSError as error:   # without a name, "No space left" could be the engine's
                name = "stderr" if self.descriptor == 2 else "stdout"
                raise OSError(error.errno, "cannot write to %s: %s" % (name, error.strerror)) from None
        return len(data)

    def write_run(self, pieces):
        """Write a list of bytes-like pieces, all with one call where the system takes them so."""
        written = 0
        if len(pieces) <= MAX_WRITEV_PIECES:
            try:
                written = os.writev(self.descriptor, pieces)
            except BlockingIOError:
                pass
        for piece in pieces:
            if written < len(piece):
                self.write(piece[written:])
            written = max(0, written - len(piece))

    def flush(self):
        pass

    def line(self, text=""):
        """Write the str `text`, which may be several lines, and a newline."""
        self.write((printable_text(text, "\n\t") + "\n").encode("utf-8"))


def fits_kind(value, kind):
    """Whether a JSON value is of a `kind` (str) such as "a text", "a list of texts"; null is of each.

    >>> fits_kind({"a": "b"}, "an object of texts"), fits_kind([1], "a list of texts")
    (True, False)
    """
    outer, _, inner = kind.partition(" of ")
    if value is None or outer.endswith(("text", "texts")):
        return isinstance(value, (str, type(None)))
    if not isinstance(value, list if outer == "a list" else dict):
        return False
    return all(fits_kind(one, inner) for one in (value.values() if isinstance(value, dict) else value))


class CommandFailed(RawdockError):
    """What ends a command with the exit status `status` (int), the message alone on stderr."""

    def __init__(self, message, status):
        RawdockError.__init__(self, message)
        self.status = status


def file_error(error):
    """An OSError about a file as Go words it, in one line (str): "open /a: no such file or directory"."""
    verb = "read" if isinstance(error, IsADirectoryError) else "open"
    return "%s %s: %s" % (verb, printable_text(error.filename), error.strerror.lower())


class Console:
    """What a command works with: `docker` and `stdin` (made at first use), `out` and `err` (Output).

    `program` is the name that error lines begin with. `address` and `context` are what -H and -c name (str),
    None without them, `endpoint_flags` (dict) the other options that say how to connect to it.
    `detach_notice` (str or None) is said after `run -d`.
    """

    def __init__(self, address=None, context=None):
        self.program = "rawdock"
        self.out = Output(1)
        self.err = Output(2)
        self.address = address
        self.context = context
        self.endpoint_flags = {}
        self.open_socket = None      # open_socket(address, timeout) in place of dial()
        self.serve_practice = None   # serve_practice(console) starts an engine here and returns its Address
        self.detach_notice = None
        self.words = []
        self.replaced = {}           # what variables of the environment were before a flag replaced them
        self.is_command = lambda name: False
        self.closers = []            # functions without arguments, the last one called first
        self._docker = None
        self._config = None
        self._practice_address = None

    @property
    def stdin(self):
        """Standard input as an unbuffered file: read() gives what there is."""
        return open(0, "rb", buffering=0, closefd=False)

    @property
    def docker(self):
        """The client (Docker) of the engine that the command line names."""
        if self._docker is None:
            from ..engine.docker import Docker
            self._docker = Docker(self.engine_address())
            self._docker.headers = self.custom_headers()
            if self.open_socket is not None:
                self._docker.open_socket = self.open_socket
        return self._docker

    def custom_headers(self):
        """The (name, value) pairs that the user wants in each request, as custom_fields() gives them."""
        named = self.config_values("HttpHeaders", "an object of texts") or {}
        if not (named or os.environ.get("DOCKER_CUSTOM_HEADERS")):
            return []
        from ..net.custom_fields import custom_fields
        try:
            return custom_fields(named, os.environ)
        except ConfigError as error:
            raise CommandFailed("Failed to initialize: %s" % error.message, 1)

    def config(self):
        """The docker CLI's config.json (dict); without one that can be read {}, after a warning."""
        if self._config is None:
            from ..net.config_file import config_directory, read_config_file
            try:
                self._config = read_config_file(config_directory(os.environ))
            except ConfigError as error:
                self._config = {}
                self.err.line("WARNING: Error %s" % error.message)
            for key in [key for key in self._config if key.endswith("Format") or key in CONFIG_TEXTS]:
                if not isinstance(self._config[key], (str, type(None))):
                    del self._config[key]
                    self.err.line("WARNING: Error parsing config file: %s is not a text" % key)
        return self._config

    def config_values(self, key, kind):
        """What config.json has at `key`: of the `kind` (str) of fits_kind(); else None, after a warning."""
        value = self.config().get(key)
        if fits_kind(value, kind):
            return value
        del self._config[key]
        self.err.line("WARNING: Error parsing config file: %s is not %s" % (key, kind))
        return None

    def list_format(self, options, setting):
        """--format of a list's `options` (dict), without it the `setting` of config.json → str or None.

        With --quiet or --json it is --format alone.
        """
        if options["format"] or options.get("quiet") or options["json"]:
            return options["format"]
        return self.config().get(setting)

    def chosen_endpoint(self):
        """(Address, rule): the engine that the command line and the environment name, and what chose it."""
        from ..net.config import choose_endpoint
        return choose_endpoint(self.address, self.context, tls=self.endpoint_flags,
                               insecure_tcp=self.endpoint_flags.get("insecure_tcp"), config=self.config)

    def current_context(self):
        """The name of the context in use: "default" where -H or DOCKER_HOST names the engine."""
        from ..net.config import context_in_use
        if self.address is not None:
            return "default"
        return context_in_use(self.context, os.environ, self.config)[0]

    def named_address(self):
        """The Address that -H or -c names; None without either, and for practice:."""
        named = self.address is not None or self.context
        address = self.chosen_endpoint()[0] if named else None
        return None if address is None or address.scheme == "practice" else address

    def engine_address(self):
        """The Address of the engine to use. For `practice:` one is started here, if this copy has one."""
        address = self.chosen_endpoint()[0]
        if address.tls and not address.tls.verify:
            self.err.line("WARNING: TLS: the certificate of %s is not verified" % address)
        if address.scheme != "practice" or self.serve_practice is None:
            return address
        if self._practice_address is None:
            self._practice_address = self.serve_practice(self)
        return self._practice_address

    def registry_auth(self, registry):
        """The docker CLI's credentials (dict, {} for none) of a `registry`, such as "docker.io".

        A mistake in config.json is a warning; HelperFailed for a helper that does not work.
        """
        from ..engine.credentials import HelperFailed, find_credentials
        try:
            return find_credentials(registry, config=self.config())
        except ConfigError as error:
            if isinstance(error, HelperFailed):
                raise
            self.err.line("WARNING: Error %s" % error.message)
            return {}

    def file_target(self, path):
        """The FileTarget for a command's output in the file `path` (str)."""
        from ..engine.file_target import FileTarget
        return FileTarget(path)

    def all_credentials(self):
        """The docker CLI's credentials of all registries ({key: dict}), for a build.

        What does not work is a warning, and left out.
        """
        from ..engine.credentials import find_all_credentials
        try:
            found = find_all_credentials(config=self.config(),
                                         warn=lambda said: self.err.line("WARNING: " + said))
        except ConfigError as error:
            self.err.line("WARNING: Error %s" % error)
            return {}
        return {key: credentials for key, credentials in found.items() if credentials}

    def socket_credentials(self):
        """The credentials ({key: dict}) that --use-api-socket gives to a container."""
        return self.all_credentials()

    def complain(self, text):
        """A last line on stderr. Where nobody can read it the exit status has to do."""
        try:
            self.err.line(text)
        except OSError:
            pass

    def close(self):
        """Close the client, then call the closers."""
        if self._docker is not None:
            self._docker.close()
        while self.closers:
            self.closers.pop()()


def write_lines(output, lines):
    """Write all of a list of str at once, each with a newline; nothing for none."""
    if lines:
        output.line("\n".join(lines))


def one_line(error):
    """An error as the one line a user reads: what happened, then what to try."""
    return " ".join(str(error).split())


def describe_error(error):
    """A RawdockError as the docker CLI words it: what is the engine's is called so and keeps its lines."""
    if isinstance(error, APIError):
        return "Error response from daemon: %s" % str(error).replace("\r\n", "\n").strip()
    return one_line(error)


def reject_malformed_answer(function, *arguments):
    """function(*arguments), where a value of another type than the Engine API's is a ProtocolError.

    Other mistakes of the user than those of a flag end as in the docker CLI, without the program's name.
    """
    try:
        return function(*arguments)
    except InvalidArgument:
        raise
    except UsageError as error:
        raise CommandFailed(one_line(error), 1) from error
    except RawdockError:
        raise
    except (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, RecursionError) as error:
        expected = "an answer with values of the Engine API's types"
        raise ProtocolError("Engine API", 0, str(error).encode("utf-8", "replace"), expected) from error
