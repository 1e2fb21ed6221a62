"""Targets of the client above the wire: what is written, addresses, references, options, flags, templates."""
import io
import json
import os
import re
import tempfile
from urllib.parse import parse_qsl, unquote, urlsplit

from fuzz_targets.drawing import BYTE_TOKENS, TEXT_TOKENS, attempt, nasty_text, require
from fuzz_targets.wire import METHODS, Target, TextTarget, make_object, parts_of, words_of
from rawdock.cli.flags import parse_command_line, parse_flag_table
from rawdock.cli.format import build_time_text
from rawdock.cli.template import Template as GoTemplate
from rawdock.engine.docker import error_from_response, raw_query_pairs
from rawdock.cli.durations import parse_when, read_date
from rawdock.engine.endpoints import encode_query, endpoint_names, find_endpoint
from rawdock.engine.options import container_request, option_flag_table, read_env_file
from rawdock.engine.reference import parse_reference, pull_query
from rawdock.errors import AddressError, APIError, StreamError, UsageError
from rawdock.main import CLIENT_COMMANDS, HELP_FLAGS, SCHOOL_COMMANDS, global_flags
from rawdock.net.address import parse_address
from rawdock.net.response import check_stream_message
from rawdock.wire.chunked import ChunkedReader, encode_chunk, encode_last_chunk
from rawdock.wire.head import parse_request_head, parse_response_head
from rawdock.wire.message import encode_request_head, encode_response_head


class Encoding(Target):
    """wire/message and wire/chunked, the other way: heads, trailers and chunks written"""

    writers = {"request": encode_request_head, "response": encode_response_head,
               "trailers": encode_last_chunk, "chunk": lambda data: encode_chunk(data) + encode_last_chunk()}

    def generate(self, c):
        pairs = [(c.pick(["X-A", "Content-Length", nasty_text(c)]),
                  c.pick(["", "v", "a b", 7, -1, nasty_text(c, 5)])) for _ in range(c.below(4))]
        return c.pick([
            ("request", c.pick(METHODS + [nasty_text(c)]), c.pick(["/", "/a?b=c", nasty_text(c, 5)]), pairs,
             c.pick(["1.1", "1.0", "2"])),
            ("response", c.pick([200, 599, 99, 600, -200]), c.pick(["OK", "", nasty_text(c)]), pairs,
             c.pick(["1.1", "1.0", "1.1\r\n"])),
            ("trailers", pairs), ("chunk", c.blob(60))])

    def check(self, case, rng, thorough):
        kind = case[0]
        pairs = [(name, str(value)) for one in case if isinstance(one, list) for name, value in one]
        raw, error = attempt(UsageError, self.writers[kind], *case[1:])
        if error:
            return kind, words_of(error)
        if len(case) > 2:
            read = parts_of((parse_request_head if kind == "request" else parse_response_head)(raw))
            given = (case[4], case[1], case[2], pairs)
        else:
            reader = ChunkedReader()
            content = b"".join(reader.feed(raw))
            reader.feed_eof()
            read = content, list(reader.trailers), bytes(reader.leftover)
            given = case[1] if kind == "chunk" else b"", pairs, b""
        require(read == given, "written and read it is another", raw)
        ends = {raw.count(b"\r\n"), raw.count(b"\n"), raw.count(b"\r")}
        require(kind == "chunk" or ends == {len(pairs) + 2}, "a line too many", raw)
        return kind, min(len(pairs), 4), min(len(raw) // 20, 5)


QUERY_VALUES = [True, False, 0, 5, -1, 1 << 70, 1.5, -0.5, 1e300, "", "true", "5", [], ["a", ""], ["a", 5],
                {}, {"status": ["exited"]}, {"a": True, "b": 5}, {"a": {"b": None}}, "{}", "[1]", "{", None,
                b"x", {"os": "linux", "architecture": "arm64"}, [{"a": 1}, {"b": 2}], "1795424287.5"]


class Endpoints(Target):
    """engine/endpoints: request targets out of any values"""

    def generate(self, c):
        values = QUERY_VALUES + [nasty_text(c, 4)]
        if c.seldom(8):
            return "", None, {}, {c.pick(["all", nasty_text(c)]): c.pick(values) for _ in range(c.below(3))}
        name = c.pick(endpoint_names())
        endpoint = find_endpoint(name)
        path = {one: c.pick(["redis", "a/b", "localhost:5000/x@sha256:00", nasty_text(c, 4)])
                for one in endpoint.path_parameters}
        query = {c.pick([parameter.name, parameter.name.replace("-", "_")]): c.pick(values)
                 for parameter in endpoint.query + endpoint.extra if c.seldom(3)}
        for values in (path, query):
            if c.seldom(15):
                values[nasty_text(c, 1)] = "x"
        return name, c.pick([None, "1.55", "1.24", "1.41", nasty_text(c, 1)]), path, query

    def check(self, case, rng, thorough):
        name, version, path_values, query_values = case
        try:
            if name:
                endpoint = find_endpoint(name)
                target = endpoint.build_target(version, path_values, query_values)
                method, given = endpoint.method, endpoint.encode_query_values(query_values)
            else:
                method, given = "GET", raw_query_pairs(query_values)
                target = "/x?" + encode_query(given)
        except UsageError as error:
            return name[:12], words_of(error)
        encode_request_head(method, target)
        require(target[:1] == "/" and "#" not in target and target.count("?") <= 1,
                "a target that reads otherwise", target)
        path, _, query = target.partition("?")
        read = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), errors="surrogateescape")
        require(read == [(key, value.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape"))
                         for key, value in given],
                "a query that reads otherwise", query, read, given)
        path = unquote(path, errors="surrogateescape")
        segments = path.split("/")
        require("." not in segments and ".." not in segments and (not name or "" not in segments[1:]),
                "a path that leads elsewhere", path)
        if name:
            prefix = "" if version is None else "/v" + version
            require(path == prefix + endpoint.path.format(**path_values), "path values read otherwise", path)
        return name[:12], "target", len(given)


class Address(TextTarget):
    """net/address: parse_address"""

    def check(self, case, rng, thorough):
        address, error = attempt(AddressError, parse_address, case)
        if error:
            ascii(str(error.hint))
            return words_of(error)
        again = parse_address(str(address))
        fields = [(one.scheme, one.path, one.host, one.port, one.base) for one in (address, again)]
        require(fields[0] == fields[1], "written and read it is another", fields)
        require(not re.search("[\x00-\x1f\x7f]", str(address)), "a control character in an address", address)
        if address.scheme == "unix":
            require(0 < len(os.fsencode(address.path)) <= 107 and "\0" not in address.path,
                    "a path no socket has", address.path)
        if address.scheme == "tcp":
            require(0 < address.port < 65536 and address.host and re.match(r"(/[!-~]*)?\Z", address.base)
                    and not address.base.endswith("/"), "an address nobody can dial", fields)
            # urllib normalises what is not ASCII, and checks IPv6 addresses, which here the resolver does
            if "[" not in case and all(ord(letter) <= 126 for letter in case):
                split = urlsplit(case if case.startswith("tcp://") else "tcp://" + case)
                require((split.hostname or "localhost").lower() == address.host.lower()
                        and (split.port or 2375) == address.port, "urllib reads another address", split)
        return address.scheme, address.port, bool(address.base)


MODEL_LABEL = "(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)"
MODEL_DOMAIN = r"(?:%s(?:\.%s)*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?" % (MODEL_LABEL, MODEL_LABEL)
MODEL_COMPONENT = "[a-z0-9]+(?:(?:[.]|_|__|[-]+)[a-z0-9]+)*"
MODEL_TAG = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
MODEL_DIGEST = "[A-Za-z][A-Za-z0-9]*(?:[+._-][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
MODEL_REFERENCE = re.compile("(?:(%s)/)?(%s(?:/%s)*)(?::(%s))?(?:@(%s))?\\Z" % (
    MODEL_DOMAIN, MODEL_COMPONENT, MODEL_COMPONENT, MODEL_TAG, MODEL_DIGEST))


class Reference(TextTarget):
    """engine/reference: parse_reference"""

    def check(self, case, rng, thorough):
        accepted = self.model(case)
        reference, error = attempt(UsageError, parse_reference, case)
        if error:
            require(accepted is None, "refused, and a second parser accepts", error, accepted)
            return words_of(error)
        require(accepted is not None, "accepted, and a second parser refuses", reference)
        require((reference.domain, reference.path, reference.tag, reference.digest) == accepted,
                "read otherwise by a second parser", reference, accepted)
        for text in (reference.familiar(), reference.repository() + reference.suffix()):
            require(parse_reference(text) == reference, "written and read it is another", text)
        whole = parse_reference(reference.canonical())
        require(whole.canonical() == reference.canonical() and (whole.tag or whole.digest),
                "canonical is not", reference)
        query = pull_query(case)
        again = parse_reference(query["fromImage"])
        require((again.domain, again.path, again.tag) == (reference.domain, reference.path, None)
                and query["tag"], "pulls another", query)
        return reference.domain[:12], bool(reference.tag), bool(reference.digest), reference.path.count("/")

    def model(self, text):
        match = MODEL_REFERENCE.match(text)
        if match is None or re.match(r"(sha256:)?[0-9a-f]{64}\Z", text):
            return None
        domain, path, tag, digest = match.groups()
        first, slash, _ = path.partition("/")
        if domain is None and slash and (first == "localhost" or "." in first):
            # a registry host that the grammar of hosts does not allow, though that of paths does
            return None
        if domain and not (domain == "localhost" or re.search("[.:A-Z]", domain)):
            if not re.match(MODEL_COMPONENT + r"\Z", domain):
                return None
            domain, path = None, domain + "/" + path
        domain = "docker.io" if domain in (None, "index.docker.io") else domain
        path = "library/" + path if domain == "docker.io" and "/" not in path else path
        if len(path) > 255 or re.match(r"sha256:(?![0-9a-f]{64}\Z)", digest or ""):
            return None
        return domain, path, tag, digest


RUN_VALUES = [
    "80:80", "127.0.0.1:80:80", "[::1]::80/udp", "80-82:90-92", "published=80,target=81,protocol=udp", "/a",
    "/a:/b", "n:/b:ro", "./x:/b", "..:/x:rw,z", "512m", "1.5g", "-1", "999999999999999p", "5 kb", ".5",
    "1.", "999999.999999999", "always", "on-failure:3", "80-90/udp", "a:1.2.3.4", "a=::1", "A=B", "=x",
    "type=bind,src=/a,dst=/b,ro", 'dst=/b,"src=x', "name=n,alias=a,ip=1.2.3.4", "device=0,count=1",
    "/dev/a:5mb", "nofile=1:2", "1h5m", "02:42:ac:11:00:02", "tmpfs-mode=9", "a=b=c", "net_admin", "all",
    "/t:size=1m", "never", "+5", "0x5", "9999999999999999999", "true", "0", "x", ""]


def command_line(c, flags):
    """Words of a command line, its flags given in every way docker takes them."""
    words = []
    for _ in range(c.below(6)):
        flag, value = c.pick(flags), c.pick(RUN_VALUES + [nasty_text(c, 3)])
        spelling = c.pick(["--" + one for one in flag.longs] + (["-" + flag.short] if flag.short else []))
        words += c.pick([[spelling, value], [spelling + "=" + value], [spelling + value], [spelling], ["--"]])
    return words + c.pick([[], ["img"], ["img", "cmd", "-x"], ["--", "img"]])


class Options(Target):
    """engine/options: what run and create take, as the engine gets it"""

    flags = parse_flag_table(option_flag_table(without=("env_file", "label_file")))   # they read files

    def generate(self, c):
        return command_line(c, self.flags)

    def check(self, case, rng, thorough):
        try:
            options, arguments = parse_command_line(case, self.flags, True)
            query, body, client = container_request("img", arguments, options)
        except UsageError as error:
            return words_of(error)
        text = json.dumps([query, body], allow_nan=False)
        numbers = []
        json.loads(text, parse_int=lambda digits: numbers.append(int(digits)))
        require(all(-1 << 63 <= number < 1 << 64 for number in numbers),
                "a number that the engine cannot read", numbers)
        # A high surrogate and what follows it may be read as one character; no argv holds one.
        require(re.search("[\ud800-\udbff]", repr(case).encode().decode("unicode_escape"))
                or json.loads(text) == [query, body], "not what JSON can hold", text)
        require(all(isinstance(value, str) for value in query.values()), "a query that is not text", query)
        for port, bindings in body.get("HostConfig", {}).get("PortBindings", {}).items():
            number, _, protocol = port.partition("/")
            require(number.isdigit() and int(number) < 65536 and protocol in ("tcp", "udp", "sctp"),
                    "a port that is none", port)
            for binding in bindings:
                require(re.match(r"([0-9]{1,5}(-[0-9]{1,5})?)?\Z", binding["HostPort"]),
                        "a host port that is none", binding)
                require(port in body["ExposedPorts"], "published, not exposed", port)
        return tuple(sorted(body.get("HostConfig", {}))[:4]), tuple(sorted(body))[:4]


class EnvFile(Target):
    """engine/options: read_env_file"""

    tokens = BYTE_TOKENS + [b"A=B\n", b"#c\n", b"A\n", b"\xef\xbb\xbf", b"PATH\n", b"= \n"]

    def check(self, case, rng, thorough):
        with tempfile.NamedTemporaryFile() as file:
            file.write(case)
            file.flush()
            entries, error = attempt(UsageError, read_env_file, file.name)
        for entry in entries or ():
            require(re.match("[^=]+=", entry) and "\n" not in entry, "an entry that is none", entry)
        return words_of(error) if error else min(len(entries), 5)


class Flags(Target):
    """cli/flags: command lines against the tables of all commands and of the global flags"""

    tables = {name: (parse_flag_table(HELP_FLAGS + command.flags), command.program)
              for file in CLIENT_COMMANDS + SCHOOL_COMMANDS for name, command in file.load().items()}
    tables[""] = parse_flag_table(global_flags()), True

    def generate(self, c):
        name = c.pick(sorted(self.tables))
        return name, command_line(c, self.tables[name][0])

    def check(self, case, rng, thorough):
        name, words = case
        flags, program = self.tables[name]
        parsed, error = attempt(UsageError, parse_command_line, words, flags, program)
        if error:
            return name, words_of(error)
        options, arguments = parsed
        again = []
        defaults = parse_command_line([], flags, program)[0]
        for flag in [flag for flag in flags if options[flag.key] != defaults[flag.key]]:
            spelling, value = "--" + flag.long if flag.long else "-" + flag.short, options[flag.key]
            for one in value if isinstance(value, list) else [value]:
                again.append("%s=%s" % (spelling, ("true" if one else "false") if flag.switch else one))
        require(parse_command_line(again + ["--"] + arguments, flags, program) == (options, arguments),
                "written and read they are others", again, options)
        require(not program or not arguments or arguments == words[len(words) - len(arguments):],
                "a program's words changed", arguments)
        return name, tuple(sorted(key for key in options if options[key]))[:4], min(len(arguments), 3)


ROWS = [{"ID": "0123", "Names": ["/redis", "x"], "Labels": {"a": "1", "b-c": ""},
         "State": {"Running": True, "ExitCode": 0, "Pid": None}, "Size": 1.5, "Mounts": []},
        {}, {"A": {"B": {"C": [1, [2], {"D": None}]}}, "Id": "x"}, [1, 2, 3], "text", None, 5]

TEMPLATE_WORDS = [
    "{{.ID}}", "{{json .}}", "{{if .A}}", "{{else}}", "{{else if .B}}", "{{end}}", "{{range .Names}}",
    "{{range $k, $v := .Labels}}", "{{with .State}}", "{{break}}", "{{continue}}", "{{/* x */}}", "{{- ",
    " -}}", "{{$x := .A}}", "{{$x = 1}}", "{{(index .A.B.C 2).D}}",
    "{{printf \"%d %s %q %5.2f\" 1 \"a\" .ID .Size}}", "{{.ID | lower | title}}", "{{range 3}}x{{end}}",
    "{{\"\\x41\\u00e9\\101\"}}", "{{", "}}", "table ", "\\t", "{{json ", "{{len ", "{{index ", "{{upper ",
    "{{split ", "{{join ", "{{pad ", "{{truncate ", "{{println ", "{{printf ", "{{eq ", "{{lt ", "{{not ",
    "{{and ", "{{or ", " . ", " .Names ", " .Labels ", " .A.B ", " $ ", " 1 ", " -2 ", " 1.5 ", " 0x1F ",
    " 1e3 ", " \"a\" ", " \"%9999d\" ", " nil ", " true ", " 'c' ", " `x` "]


class Template(Target):
    """cli/template: Go templates, parsed and executed"""

    tokens = TEMPLATE_WORDS + TEXT_TOKENS
    changed = (0,)

    def generate(self, c):
        return "".join([c.pick(TEMPLATE_WORDS) for _ in range(c.below(9))]), c.below(len(ROWS))

    def check(self, case, rng, thorough):
        text, row = case
        if re.search(r"range\s+[^}]*[0-9]{5}|[0-9]e[0-9]", text):
            return None   # {{range 99999}} is a loop as long as it says
        template, error = attempt(UsageError, GoTemplate, text)
        if error:
            return words_of(error)
        outcome = []
        for header in (False, True):
            made, error = attempt(UsageError, template.execute, ROWS[row], header)
            require(error or isinstance(made, str), "not text", made)
            require(error or "{{" in text or made == text, "text without actions changed", made)
            outcome.append(words_of(error))
        return tuple(outcome)


class Answer(io.BytesIO):
    """A response whose body comes byte by byte."""

    status, reason, method, target = 409, "R", "GET", "/"

    def __iter__(self):
        return iter(lambda: self.read(1), b"")


class Errors(Target):
    """engine/docker and net/response: errors in bodies and in streams"""

    generate = staticmethod(make_object)

    def check(self, case, rng, thorough):
        error = error_from_response(Answer(case))
        require(isinstance(error, APIError) and str(error).strip(), "an error that says nothing", error)
        message, error = attempt((ValueError, RecursionError), json.loads, case.decode("utf-8", "replace"))
        if not isinstance(message, dict):
            return words_of(error)
        statuses, named = [], bool(message.get("error") or message.get("errorDetail"))
        _, error = attempt(StreamError, check_stream_message, message, statuses)
        require(named == bool(error), "an error made up or passed over", message)
        require(not error or isinstance(error.message, str), "an error that is no text", error)
        return error and bool(error.code), len(statuses)


class Times(TextTarget):
    """cli/format: --since and --until, engine timestamps"""

    def check(self, case, rng, thorough):
        build_time_text(case)
        moment = read_date(case)
        require(moment is None or 0 <= moment[1] < 10 ** 9, "nanoseconds over a second", moment)
        when, error = attempt(UsageError, parse_when, case, 1795424287.25)
        if error:
            return words_of(error), moment is None
        require(re.match(r"-?[0-9]+([.][0-9]{1,9})?\Z", str(when)), "not unix seconds", when)
        return "when", moment is None, len(str(when))


CLIENT_TARGETS = [Encoding, Endpoints, Address, Reference, Options, EnvFile, Flags, Template, Errors, Times]
