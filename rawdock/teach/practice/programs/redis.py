"""The practice redis: a server of strings in memory that speaks RESP, and its command line.

What SAVE writes stays in the container's memory and ends with it. Bounds: the number and the size of
arguments, and the size of all that is stored.
"""
import re
import time

from .process import ProgramUsage, read_line
from ..request import SIGNAL_NUMBERS

MAX_REDIS_ARGUMENTS = 1024
MAX_REDIS_BYTES = 1 << 20      # of one argument, or of one inline command
MAX_REDIS_STORE_BYTES = 64 << 20


class RedisRefusal(Exception):
    """An error reply; str() is its text without the leading "-"."""


class RedisStatus(str):
    """A simple string reply ("OK"), as opposed to a bulk string (bytes)."""


class PracticeRedis:
    """The store and the commands of one container. A reply is a RedisStatus, bytes, int, None or a list.

    The dump that SAVE makes stays in `container.redis_dump`: it outlives a restart of the container and
    nothing else, because no byte is ever written to the host.
    """

    def __init__(self, view, port):
        self.view = view
        self.port = port
        self.container = view.process.container
        self.changed = view.process.changed
        self.data = dict(self.container.redis_dump or {})
        self.size = sum(len(key) + len(value) for key, value in self.data.items())
        self.clients = 0
        self.started = self.saved_at = int(time.time())

    def log(self, text):
        now = time.time()
        stamp = time.strftime("%d %b %H:%M:%S", time.gmtime(now)) + ".%03d" % (now % 1 * 1000)
        self.view.say("[1] %s * %s\n" % (stamp, text))

    def save(self):
        with self.changed:
            self.container.redis_dump = dict(self.data)
            self.saved_at = int(time.time())
        self.log("DB saved: %d keys, kept in this container's memory; a practice engine writes nothing to %s"
                 % (len(self.data), self.container.host_folder("/data") or "a disk"))

    def call(self, words):
        """Run a command (list of bytes) → its reply. Raises RedisRefusal."""
        name = words[0].decode("latin-1").upper()
        if name not in REDIS_COMMANDS:
            raise RedisRefusal("ERR unknown command '%s': practice redis knows %s"
                               % (printable(words[0]), " ".join(sorted(REDIS_COMMANDS))))
        function, least, most = REDIS_COMMANDS[name]
        if not least <= len(words) - 1 <= most:
            raise RedisRefusal("ERR wrong number of arguments for '%s' command" % name.lower())
        if name in ("SAVE", "BGSAVE"):
            # The log may have to wait for a slow reader of the container's output, so the lock stays free.
            self.save()
            return RedisStatus("OK" if name == "SAVE" else "Background saving started")
        with self.changed:
            return function(self, *words[1:])

    def put(self, key, value):
        old = len(key) + len(self.data[key]) if key in self.data else 0
        size = self.size - old + len(key) + len(value)
        if size > MAX_REDIS_STORE_BYTES:
            raise RedisRefusal("OOM practice redis holds at most %d bytes" % MAX_REDIS_STORE_BYTES)
        self.data[key], self.size = value, size

    def do_ping(self, text=None):
        return RedisStatus("PONG") if text is None else text

    def do_set(self, key, value, *options):
        flags = [option.upper() for option in options]
        if flags not in ([], [b"NX"], [b"XX"]):
            raise RedisRefusal("ERR practice redis knows SET key value [NX|XX]")
        if flags and (key in self.data) != (flags == [b"XX"]):
            return None
        self.put(key, value)
        return RedisStatus("OK")

    def do_get(self, key):
        return self.data.get(key)

    def do_del(self, *keys):
        found = {key: self.data.pop(key) for key in set(keys) if key in self.data}
        self.size -= sum(len(key) + len(value) for key, value in found.items())
        return len(found)

    def do_exists(self, *keys):
        return sum(key in self.data for key in keys)

    def do_incr(self, key, by=1):
        old = self.data.get(key, b"0")
        if not re.fullmatch(b"-?[0-9]{1,18}", old):
            raise RedisRefusal("ERR value is not an integer or out of range")
        self.put(key, b"%d" % (int(old) + by))
        return int(old) + by

    def do_decr(self, key):
        return self.do_incr(key, -1)

    def do_keys(self, pattern):
        from fnmatch import fnmatchcase
        glob = pattern.decode("latin-1")
        return sorted(key for key in self.data if fnmatchcase(key.decode("latin-1"), glob))

    def do_dbsize(self):
        return len(self.data)

    def do_flushall(self, *ignored):
        self.data, self.size = {}, 0
        return RedisStatus("OK")

    def do_ok(self, *ignored):
        return RedisStatus("OK")

    def do_none(self, *ignored):
        return []

    def do_info(self, *section):
        return ("# Server\r\nredis_version:2.8.practice\r\nredis_mode:standalone\r\n"
                "os:rawdock practice engine\r\nprocess_id:1\r\ntcp_port:%d\r\nuptime_in_seconds:%d\r\n\r\n"
                "# Clients\r\nconnected_clients:%d\r\n\r\n# Persistence\r\nrdb_last_save_time:%d\r\n\r\n"
                "# Keyspace\r\ndb0:keys=%d,expires=0\r\n"
                % (self.port, time.time() - self.started, self.clients, self.saved_at,
                   len(self.data))).encode()

    def do_shutdown(self, *mode):
        self.view.process.deliver(SIGNAL_NUMBERS["TERM"])
        return RedisStatus("OK")

    def talk(self, connection):
        """Serve one client of the published port (a socket) until it leaves or the container ends."""
        with self.changed:
            self.clients += 1
        try:
            with connection.makefile("rb") as stream:
                while self.answer(connection, stream):
                    pass
        except RedisRefusal as refusal:   # of the protocol: nothing after it can be read
            connection.sendall(encode_redis(refusal))
        finally:
            with self.changed:
                self.clients -= 1

    def answer(self, connection, stream):
        """Read a command from `stream`, a file, and reply to it → whether another may follow."""
        words = read_redis_command(stream)
        if not words:
            return words is not None
        name = words[0].upper()
        try:
            reply = self.call(words)
        except RedisRefusal as refusal:
            connection.sendall(encode_redis(refusal))
            return True
        if name != b"SHUTDOWN":
            connection.sendall(encode_redis(reply))
        return name not in (b"SHUTDOWN", b"QUIT")


# name → what replies, the least and the most arguments
REDIS_COMMANDS = {
    "PING": (PracticeRedis.do_ping, 0, 1), "SET": (PracticeRedis.do_set, 2, 6),
    "GET": (PracticeRedis.do_get, 1, 1),
    "DEL": (PracticeRedis.do_del, 1, MAX_REDIS_ARGUMENTS),
    "EXISTS": (PracticeRedis.do_exists, 1, MAX_REDIS_ARGUMENTS),
    "INCR": (PracticeRedis.do_incr, 1, 1), "DECR": (PracticeRedis.do_decr, 1, 1),
    "KEYS": (PracticeRedis.do_keys, 1, 1),
    "DBSIZE": (PracticeRedis.do_dbsize, 0, 0), "FLUSHALL": (PracticeRedis.do_flushall, 0, 1),
    "SELECT": (PracticeRedis.do_ok, 1, 1),
    "QUIT": (PracticeRedis.do_ok, 0, 0), "COMMAND": (PracticeRedis.do_none, 0, MAX_REDIS_ARGUMENTS),
    "CONFIG": (PracticeRedis.do_none, 1, 8), "CLIENT": (PracticeRedis.do_ok, 1, 8),
    "INFO": (PracticeRedis.do_info, 0, 8),
    "SHUTDOWN": (PracticeRedis.do_shutdown, 0, 1), "SAVE": (None, 0, 0), "BGSAVE": (None, 0, 1),
}


def printable(data):
    return re.sub("[^ -~]", "?", data[:64].decode("latin-1"))


def read_redis_command(stream):
    """Read a command from a binary file → list of bytes, [] for an empty line, None at the end.

    Raises RedisRefusal for what is neither a RESP array of bulk strings nor an inline command.
    """
    line = stream.readline(MAX_REDIS_BYTES)
    if not line.startswith(b"*"):
        if len(line) == MAX_REDIS_BYTES:
            raise RedisRefusal("ERR Protocol error: too big inline request")
        return line.split() if line.endswith(b"\n") else None
    if not re.fullmatch(rb"\*[0-9]{1,4}\r\n", line) or int(line[1:]) > MAX_REDIS_ARGUMENTS:
        raise RedisRefusal("ERR Protocol error: invalid multibulk length")
    words = []
    for _ in range(int(line[1:])):
        line = stream.readline(16)
        if not re.fullmatch(rb"\$[0-9]{1,9}\r\n", line):
            raise RedisRefusal("ERR Protocol error: expected '$', got '%s'" % printable(line[:1]))
        size = int(line[1:])
        if size > MAX_REDIS_BYTES:
            raise RedisRefusal("ERR Protocol error: invalid bulk length")
        word = stream.read(size + 2)
        if word[size:] != b"\r\n":
            raise RedisRefusal("ERR Protocol error: no CRLF after a bulk string")
        words.append(word[:size])
    return words


def encode_redis(reply):
    """Return a reply as RESP (bytes)."""
    if isinstance(reply, RedisRefusal):
        return b"-%s\r\n" % str(reply).encode("latin-1", "replace")
    if isinstance(reply, RedisStatus):
        return b"+%s\r\n" % reply.encode("latin-1", "replace")
    if reply is None:
        return b"$-1\r\n"
    if isinstance(reply, int):
        return b":%d\r\n" % reply
    if isinstance(reply, list):
        return b"*%d\r\n" % len(reply) + b"".join(encode_redis(item) for item in reply)
    return b"$%d\r\n%s\r\n" % (len(reply), reply)


def program_redis_server(view):
    port = 6379
    for name, value in zip(view.argv, view.argv[1:]):
        if name == "--port":
            port = redis_port(value)
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
    if isinstance(reply, RedisRefusal):
        return "%s\n\n" % reply
    if isinstance(reply, list):
        return "".join(map(format_redis, reply)) or "\n"
    if isinstance(reply, bytes):
        return reply.decode("utf-8", "surrogateescape") + "\n"
    return "%s\n" % ("" if reply is None else reply)


def program_redis_cli(view):
    words, given = list(view.argv[1:]), {"-h": "127.0.0.1", "-p": "6379"}
    while words and words[0].startswith("-"):
        if words[0] not in given or len(words) < 2:
            raise ProgramUsage("practice redis-cli takes -h HOST and -p PORT, not %r" % words[0])
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
    try:
        reply = server.call(words)
    except RedisRefusal as refusal:
        view.say(format_redis(refusal))
        return 1
    if words[0].upper() != b"SHUTDOWN":
        view.say(format_redis(reply))
    return 0
