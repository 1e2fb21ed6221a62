"""The practice redis: a server of strings in memory that speaks RESP, and its command line.

What SAVE writes stays in the container's memory and ends with it. Bounded: arguments, their
size, and what the store holds.
"""
import re
import time

from ..request import SIGNAL_NUMBERS

MAX_REDIS_ARGUMENTS = 1024
MAX_REDIS_BYTES = 1 << 20      # of one argument, or of one inline command
MAX_REDIS_STORE_BYTES = 64 << 20


class RedisRefusal(Exception):
    """An error answer: its text without the leading "-"."""


class RedisStatus(str):
    """A simple string answer ("OK"), as against a bulk string (bytes)."""


def redis_pattern(glob):
    """A KEYS pattern (bytes, with * and ?) → a compiled expression."""
    return re.compile(b"".join({b"*": b".*", b"?": b"."}.get(glob[at:at + 1], re.escape(glob[at:at + 1]))
                               for at in range(len(glob))), re.DOTALL)


class PracticeRedis:
    """One container's store and its commands. Answers are RedisStatus, bytes, int, None or a list of them.

    The dump that SAVE makes stays in `container.redis_dump`: it outlives a restart of the
    container and nothing else, for no byte is ever written to the host.
    """

    def __init__(self, view, port):
        self.view = view
        self.port = port
        self.container = view.process.container
        self.changed = view.process.changed
        self.data = dict(self.container.redis_dump or {})
        self.size = sum(len(key) + len(value) for key, value in self.data.items())
        self.clients = 0
        self.started = time.time()
        self.saved_at = int(self.started)

    def log(self, text):
        now = time.time()
        stamp = time.strftime("%d %b %H:%M:%S", time.gmtime(now)) + ".%03d" % (now % 1 * 1000)
        self.view.say("[1] %s * %s\n" % (stamp, text))

    def save(self):
        with self.changed:
            self.container.redis_dump = dict(self.data)
            self.saved_at = int(time.time())
            count = len(self.data)
        self.log("DB saved: %d keys, kept in this container's memory; a practice engine writes nothing to %s"
                 % (count, self.container.host_folder("/data") or "a disk"))

    def call(self, words):
        """[bytes, …] → an answer. Raises RedisRefusal."""
        name = words[0].decode("latin-1").upper()
        row = REDIS_COMMANDS.get(name)
        if row is None:
            raise RedisRefusal("ERR unknown command '%s': practice redis knows %s"
                               % (printable(words[0]), " ".join(sorted(REDIS_COMMANDS))))
        function, least, most = row
        if not least <= len(words) - 1 <= most:
            raise RedisRefusal("ERR wrong number of arguments for '%s' command" % name.lower())
        if name in ("SAVE", "BGSAVE"):
            # Logging may have to wait for a slow reader of the container's output, so the lock stays free.
            self.save()
            return RedisStatus("OK" if name == "SAVE" else "Background saving started")
        with self.changed:
            return function(self, *words[1:])

    def put(self, key, value):
        old = self.data.get(key)
        grown = len(key) + len(value) - (len(key) + len(old) if old is not None else 0)
        if self.size + grown > MAX_REDIS_STORE_BYTES:
            raise RedisRefusal("OOM practice redis holds at most %d bytes" % MAX_REDIS_STORE_BYTES)
        self.size += grown
        self.data[key] = value

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
        count = 0
        for key in keys:
            value = self.data.pop(key, None)
            if value is not None:
                self.size -= len(key) + len(value)
                count += 1
        return count

    def do_exists(self, *keys):
        return sum(key in self.data for key in keys)

    def do_incr(self, key, by=1):
        old = self.data.get(key, b"0")
        if not re.fullmatch(b"-?[0-9]{1,18}", old):
            raise RedisRefusal("ERR value is not an integer or out of range")
        new = int(old) + by
        self.put(key, b"%d" % new)
        return new

    def do_decr(self, key):
        return self.do_incr(key, -1)

    def do_keys(self, pattern):
        expression = redis_pattern(pattern)
        return sorted(key for key in self.data if expression.fullmatch(key))

    def do_dbsize(self):
        return len(self.data)

    def do_flushall(self, *ignored):
        self.data.clear()
        self.size = 0
        return RedisStatus("OK")

    def do_ok(self, *ignored):
        return RedisStatus("OK")

    def do_none(self, *ignored):
        return []

    def do_info(self, *section):
        facts = (("redis_version", "2.8.practice"), ("redis_mode", "standalone"), ("process_id", 1),
                 ("os", "rawdock practice engine"), ("tcp_port", self.port),
                 ("uptime_in_seconds", int(time.time() - self.started)))
        return ("# Server\r\n%s\r\n# Clients\r\nconnected_clients:%d\r\n\r\n# Persistence\r\n"
                "rdb_last_save_time:%d\r\n\r\n# Keyspace\r\ndb0:keys=%d,expires=0\r\n" % (
                    "".join("%s:%s\r\n" % fact for fact in facts), self.clients, self.saved_at,
                    len(self.data))).encode()

    def do_shutdown(self, *mode):
        self.view.process.deliver(SIGNAL_NUMBERS["TERM"])
        return RedisStatus("OK")

    def talk(self, connection):
        """Serve one client of the published port until it leaves or the container ends."""
        held = bytearray()
        with self.changed:
            self.clients += 1
        try:
            while True:
                data = connection.recv(65536)
                if not data:
                    return
                held += data
                while True:
                    words = take_redis_command(held)
                    if words is None:
                        break
                    if not words:
                        continue
                    name = words[0].upper()
                    try:
                        answer = self.call(words)
                    except RedisRefusal as refusal:
                        answer = refusal
                    if name == b"SHUTDOWN" and not isinstance(answer, RedisRefusal):
                        return
                    connection.sendall(encode_redis(answer))
                    if name == b"QUIT":
                        return
        except RedisRefusal as refusal:
            connection.sendall(encode_redis(refusal))
        finally:
            with self.changed:
                self.clients -= 1


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


def take_redis_command(held):
    """Take a command off the front of `held`: list of bytes, empty for an empty line, None: need more."""
    if held[:1] != b"*":
        end = held.find(b"\n")
        if end < 0:
            if len(held) > MAX_REDIS_BYTES:
                raise RedisRefusal("ERR Protocol error: too big inline request")
            return None
        line = bytes(held[:end])
        del held[:end + 1]
        return line.split()
    expression = re.compile(rb"([*$])([0-9]{1,9})\r\n")
    match = expression.match(held)
    if match is None:
        if len(held) > 16 or not b"\r\n".startswith(re.sub(rb"^\*[0-9]*", b"", bytes(held))):
            raise RedisRefusal("ERR Protocol error: invalid multibulk length")
        return None
    count, at, words = int(match.group(2)), match.end(), []
    if count > MAX_REDIS_ARGUMENTS:
        raise RedisRefusal("ERR Protocol error: invalid multibulk length")
    while len(words) < count:
        match = expression.match(held, at)
        if match is None:
            rest = bytes(held[at:at + 16])
            if rest and (rest[:1] != b"$" or len(rest) > 12 or not re.fullmatch(rb"\$[0-9]*\r?\n?", rest)):
                raise RedisRefusal("ERR Protocol error: expected '$', got '%s'" % printable(rest[:1]))
            return None
        size = int(match.group(2))
        if match.group(1) != b"$" or size > MAX_REDIS_BYTES:
            raise RedisRefusal("ERR Protocol error: invalid bulk length")
        end = match.end() + size
        if len(held) < end + 2:
            return None
        if held[end:end + 2] != b"\r\n":
            raise RedisRefusal("ERR Protocol error: no CRLF after a bulk string")
        words.append(bytes(held[match.end():end]))
        at = end + 2
    del held[:at]
    return words


def encode_redis(answer):
    """An answer → RESP bytes."""
    if isinstance(answer, RedisRefusal):
        return b"-%s\r\n" % str(answer).encode("latin-1", "replace")
    if isinstance(answer, RedisStatus):
        return b"+%s\r\n" % answer.encode("latin-1", "replace")
    if answer is None:
        return b"$-1\r\n"
    if isinstance(answer, int):
        return b":%d\r\n" % answer
    if isinstance(answer, list):
        return b"*%d\r\n" % len(answer) + b"".join(encode_redis(item) for item in answer)
    return b"$%d\r\n%s\r\n" % (len(answer), answer)


def program_redis_server(view):
    port = 6379
    for name, value in zip(view.argv, view.argv[1:]):
        if name == "--port":
            if not re.fullmatch("[0-9]{1,5}", value):
                view.complain("practice redis: --port takes a number, not %r" % value)
                return 1
            port = int(value)
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


def format_redis(answer, on_terminal):
    """An answer as redis-cli prints it: bare when piped, with types on a terminal."""
    if isinstance(answer, RedisRefusal):
        return ("(error) %s\n" if on_terminal else "%s\n\n") % answer
    if isinstance(answer, RedisStatus):
        return answer + "\n"
    if answer is None:
        return "(nil)\n" if on_terminal else "\n"
    if isinstance(answer, int):
        return ("(integer) %d\n" if on_terminal else "%d\n") % answer
    if isinstance(answer, list):
        if not answer:
            return "(empty array)\n" if on_terminal else "\n"
        lines = [format_redis(item, on_terminal) for item in answer]
        width = len(str(len(lines)))
        if on_terminal:
            lines = ["%*d) %s" % (width, number, line) for number, line in enumerate(lines, 1)]
        return "".join(lines)
    text = answer.decode("utf-8", "surrogateescape")
    return '"%s"\n' % text.replace("\\", "\\\\").replace('"', '\\"') if on_terminal else text + "\n"


def program_redis_cli(view):
    words, host, port, on_terminal = list(view.argv[1:]), "127.0.0.1", 6379, view.process.tty
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option == "--raw":
            on_terminal = False
            continue
        if option not in ("-h", "-p", "-n", "-a") or not words:
            view.complain("practice redis-cli takes -h HOST, -p PORT, -n DB and --raw, not %r" % option)
            return 1
        value = words.pop(0)
        if option == "-h":
            host = value
        elif option == "-p":
            port = int(value) if re.fullmatch("[0-9]{1,5}", value) else 0
    if words:
        return redis_cli_call(view, host, port, [word.encode("utf-8", "surrogateescape") for word in words],
                              on_terminal)
    held, status = bytearray(), 0
    while True:
        if view.process.tty:
            view.say("%s:%d> " % (host, port))
        while b"\n" not in held and len(held) < MAX_REDIS_BYTES:
            data = view.read(4096)
            if not data:
                break
            held += data
        line, newline, rest = bytes(held).partition(b"\n")
        held[:] = rest
        if not line and not newline or line.strip().lower() in (b"exit", b"quit"):
            return status
        if line.strip():
            status = redis_cli_call(view, host, port, line.split(), on_terminal)


def redis_cli_call(view, host, port, words, on_terminal):
    server = view.process.container.find_service(host, port)
    if server is None:
        view.complain("Could not connect to Redis at %s:%d: Connection refused" % (host, port))
        return 1
    try:
        answer = server.call(words)
    except RedisRefusal as refusal:
        view.say(format_redis(refusal, on_terminal))
        return 1
    if words[0].upper() != b"SHUTDOWN":
        view.say(format_redis(answer, on_terminal))
    return 0
