"""The practice redis: a server of strings in memory that speaks RESP, and its command line.

What SAVE writes stays in the container's memory and ends with it. Bounds: the number and size of arguments.
"""
import re
import time

from .process import ProgramUsage, read_line
from ..request import SIGNAL_NUMBERS

MAX_REDIS_ARGUMENTS = 1024
MAX_REDIS_BYTES = 1 << 20      # of one argument, or of one inline command


class RedisError(str):
    """An error reply, without the leading "-"."""


class RedisStatus(str):
    """A simple string reply ("OK"), as opposed to a bulk string (bytes)."""


class PracticeRedis:
    """The store and the commands of one container. A reply is a RedisStatus, RedisError, bytes, int, None or
    a list.

    The dump that SAVE makes stays in `container.redis_dump`: it outlives a restart of the container and
    nothing else, because no byte is ever written to the host.
    """

    def __init__(self, view, port):
        self.view = view
        self.port = port
        self.container = view.process.container
        self.changed = view.process.changed
        self.data = dict(self.container.redis_dump or {})
        self.started = self.saved_at = int(time.time())

    def log(self, text):
        now = time.time()
        stamp = time.strftime("%d %b %H:%M:%S", time.gmtime(now)) + ".%03d" % (now % 1 * 1000)
        self.view.say("[1] %s * %s\n" % (stamp, text))

    def save(self, answer="Background saving started"):
        with self.changed:
            self.container.redis_dump = dict(self.data)
            self.saved_at = int(time.time())
        # The log may have to wait for a slow reader of the container's output, so the lock stays free.
        self.log("DB saved: %d keys, kept in this container's memory; a practice engine writes nothing to %s"
                 % (len(self.data), self.container.host_folder("/data") or "a disk"))
        return RedisStatus(answer)

    def call(self, words):
        """Run a command (list of bytes) → its reply."""
        name = words[0].decode("latin-1").upper()
        if name not in REDIS_COMMANDS:
            return RedisError("ERR unknown command %a: practice redis knows %s"
                              % (name[:64], " ".join(sorted(REDIS_COMMANDS))))
        function, least, most = REDIS_COMMANDS[name]
        if not least <= len(words) - 1 <= most:
            return RedisError("ERR wrong number of arguments for '%s' command" % name.lower())
        return function(self, *words[1:])

    def do_set(self, key, value, option=b""):
        if option.upper() not in (b"", b"NX", b"XX"):
            return RedisError("ERR practice redis knows SET key value [NX|XX]")
        with self.changed:
            if option and (key in self.data) != (option.upper() == b"XX"):
                return None
            self.data[key] = value
        return RedisStatus("OK")

    def do_incr(self, key, by=1):
        with self.changed:
            old = self.data.get(key, b"0")
            if not re.fullmatch(b"-?[0-9]{1,18}", old):
                return RedisError("ERR value is not an integer or out of range")
            self.data[key] = b"%d" % (int(old) + by)
            return int(old) + by

    def do_keys(self, pattern):
        from fnmatch import fnmatchcase
        glob = pattern.decode("latin-1")
        return sorted(key for key in list(self.data) if fnmatchcase(key.decode("latin-1"), glob))

    def do_info(self, *section):
        return ("# Server\r\nredis_version:2.8.practice\r\nredis_mode:standalone\r\n"
                "os:rawdock practice engine\r\nprocess_id:1\r\ntcp_port:%d\r\nuptime_in_seconds:%d\r\n\r\n"
                "# Persistence\r\nrdb_last_save_time:%d\r\n\r\n# Keyspace\r\ndb0:keys=%d,expires=0\r\n"
                % (self.port, time.time() - self.started, self.saved_at, len(self.data))).encode()

    def do_shutdown(self, *mode):
        self.view.process.deliver(SIGNAL_NUMBERS["TERM"])

    def talk(self, connection):
        """Serve one client of the published port (a socket) until it leaves or the container ends."""
        with connection.makefile("rb") as stream:
            while True:
                try:
                    words = read_redis_command(stream)
                except ValueError as error:   # nothing after it can be read
                    connection.sendall(encode_redis(RedisError("ERR Protocol error: %s" % error)))
                    return
                if words is None:
                    return
                reply = self.call(words) if words else None
                name = words[0].upper() if words else b""
                if words and name != b"SHUTDOWN":
                    connection.sendall(encode_redis(reply))
                if name in (b"SHUTDOWN", b"QUIT"):
                    return


def redis_ok(store, *ignored):
    return RedisStatus("OK")


# Name → function of a PracticeRedis and the arguments, their least and greatest number.
REDIS_COMMANDS = {
    "PING": (lambda store, text=RedisStatus("PONG"): text, 0, 1), "SET": (PracticeRedis.do_set, 2, 3),
    "GET": (lambda store, key: store.data.get(key), 1, 1),
    "DEL": (lambda store, *keys: sum(store.data.pop(key, None) is not None for key in keys),
            1, MAX_REDIS_ARGUMENTS),
    "EXISTS": (lambda store, *keys: sum(key in store.data for key in keys), 1, MAX_REDIS_ARGUMENTS),
    "INCR": (PracticeRedis.do_incr, 1, 1), "DECR": (lambda store, key: store.do_incr(key, -1), 1, 1),
    "KEYS": (PracticeRedis.do_keys, 1, 1), "DBSIZE": (lambda store: len(store.data), 0, 0),
    "FLUSHALL": (lambda store: store.data.clear() or RedisStatus("OK"), 0, 0),
    "SELECT": (redis_ok, 1, 1), "QUIT": (redis_ok, 0, 0), "CLIENT": (redis_ok, 1, 8),
    "COMMAND": (lambda store, *ignored: [], 0, MAX_REDIS_ARGUMENTS),
    "CONFIG": (lambda store, *ignored: [], 1, 8), "INFO": (PracticeRedis.do_info, 0, 8),
    "SHUTDOWN": (PracticeRedis.do_shutdown, 0, 1), "SAVE": (lambda store: store.save("OK"), 0, 0),
    "BGSAVE": (PracticeRedis.save, 0, 0),
}


def redis_size(line, kind, most):
    """Return the number in a line of RESP, "*3" or "$5", for `kind` "*" or "$". Raises ValueError."""
    match = re.fullmatch(r"([*$])([0-9]{1,9})\r\n", line.decode("latin-1"))
    if match is None or match.group(1) != kind or int(match.group(2)) > most:
        raise ValueError("expected '%s' and a number up to %d" % (kind, most))
    return int(match.group(2))


def read_redis_command(stream):
    """Read a command from a binary file → list of bytes, [] for an empty line, None at the end.

    Raises ValueError for what is neither a RESP array of bulk strings nor an inline command.
    """
    line = stream.readline(MAX_REDIS_BYTES)
    if not line.startswith(b"*"):
        return line.split() if line.endswith(b"\n") else None
    words = []
    for _ in range(redis_size(line, "*", MAX_REDIS_ARGUMENTS)):
        size = redis_size(stream.readline(16), "$", MAX_REDIS_BYTES)
        word = stream.read(size + 2)
        if word[size:] != b"\r\n":
            raise ValueError("no CRLF after a bulk string")
        words.append(word[:size])
    return words


def encode_redis(reply):
    """Return a reply as RESP (bytes)."""
    if isinstance(reply, (RedisError, RedisStatus)):
        mark = "-" if isinstance(reply, RedisError) else "+"
        return ("%s%s\r\n" % (mark, reply)).encode("latin-1", "replace")
    if reply is None:
        return b"$-1\r\n"
    if isinstance(reply, int):
        return b":%d\r\n" % reply
    if isinstance(reply, list):
        return b"*%d\r\n" % len(reply) + b"".join(encode_redis(item) for item in reply)
    return b"$%d\r\n%s\r\n" % (len(reply), reply)


def program_redis_server(view):
    options = dict(zip(view.argv[1::2], view.argv[2::2]))
    port = redis_port(options.get("--port", "6379"))
    process, container = view.process, view.process.container
    server = PracticeRedis(view, port)
    process.catch(SIGNAL_NUMBERS["TERM"], SIGNAL_NUMBERS["INT"])
    view.say("\n   practice redis 2.8: the redis of rawdock's practice engine, written in Python\n"
             "   It keeps strings in memory and answers %d commands. Port: %d. PID: 1.\n\n"
             % (len(REDIS_COMMANDS), port))
    server.log("Server started, practice redis version 2.8")
    if container.redis_dump is not None:
        server.log("DB loaded from the dump in this container's memory: %d keys" % len(server.data))
    with process.changed:
        container.services[port] = server
    try:
        server.log("The server is now ready to accept connections on port %d" % port)
        number = process.wait_signal()
        server.log("Received SIG%s scheduling shutdown..." % ("TERM" if number == 15 else "INT"))
        server.log("User requested shutdown...")
        server.save()
        server.log("practice redis is now ready to exit, bye bye...")
        return 0
    finally:
        with process.changed:
            container.services.pop(port, None)


def redis_port(text):
    if not re.fullmatch("[0-9]{1,5}", text):
        raise ProgramUsage("practice redis takes a number as its port, not %r" % text)
    return int(text)


def format_redis(reply):
    """Return a reply (str) as redis-cli prints it where its output is no terminal."""
    if isinstance(reply, RedisError):
        return "%s\n\n" % reply
    if isinstance(reply, list):
        return "".join(map(format_redis, reply)) or "\n"
    if isinstance(reply, bytes):
        return reply.decode("utf-8", "surrogateescape") + "\n"
    return "%s\n" % ("" if reply is None else reply)


def program_redis_cli(view):
    words, given = list(view.argv[1:]), {"-h": "127.0.0.1", "-p": "6379"}
    while words[1:] and words[0] in given:
        given[words[0]], words = words[1], words[2:]
    host, port = given["-h"], redis_port(given["-p"])
    if words:
        return redis_cli_call(view, host, port, [word.encode("utf-8", "surrogateescape") for word in words])
    held, status = bytearray(), 0
    while True:
        if view.process.tty:
            view.say("%s:%d> " % (host, port))
        line = read_line(view.read, held)
        if not line or line.strip().lower() in (b"exit", b"quit"):
            return status
        if line.strip():
            status = redis_cli_call(view, host, port, line.split())


def redis_cli_call(view, host, port, words):
    """Send one command to the redis that serves there and print its reply → exit status."""
    server = view.process.container.find_service(host, port)
    if server is None:
        view.complain("Could not connect to Redis at %s:%d: Connection refused" % (host, port))
        return 1
    reply = server.call(words)
    if words[0].upper() != b"SHUTDOWN":
        view.say(format_redis(reply))
    return int(isinstance(reply, RedisError))
