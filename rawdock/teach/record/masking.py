"""Credentials in what crosses a connection: each of their bytes becomes an asterisk before anything shows it.

    names_secret      whether a name says that its value is a credential
    masked_text       a text as a whole, such as a note
    masked_words      the words of a command line
    SecretMasker      the two directions of one connection
    SecretMaskers     the events of any number of connections

Strategy: one table has the names of credentials, another the marks after which one begins and how it ends. A
TextMasker finds the marks in the lines of a head or in a JSON string. A JSONMasker splits a body into its
strings. The SecretMasker learns from PairedReaders where a body begins, so that a chunk line inside a
credential is left as it is.

Promises: as many bytes come out as go in, so that lengths, offsets and framing stay true; no byte is held
back, however the bytes are cut; the time is linear. In doubt more is masked: bytes that break a rule of HTTP
are searched for all kinds of credentials, and a URL that a piece cuts before its host ends is masked whole.
Masked are

  - the values of fields, JSON members, query parameters, variables and options whose name is in the table;
  - the userinfo of any URL, private keys, tokens of a swarm, and base64 text that begins as a JSON object;
  - the data of /secrets and /configs;
  - as a whole: bodies with a content coding, and HTTP/2 sessions, in which BuildKit asks the client for
    passwords.

Left out, because nothing in the bytes shows that they are credentials: what a program prints or reads on its
terminal, the content of archives, JSON numbers, and words that only their position makes secret
(`mysql -phunter2`). Left out too: JSON in UTF-16, which no engine reads.
"""
import json
import re
from collections import deque

from .pairing import BODY_ROLES, PairedReaders

# The names of credentials, by where in a name the words may be. ? is one of - _ . and a space, or nothing.
SECRET_NAMES = {
    "anywhere":
        "password passwd passphrase passcode secret token credential"
        " api?key access?key account?key private?key signing?key signing?ca?key encryption?key unlock?key"
        " ssh?key"
        " auth?config docker?config?json basic?auth master?auth connection?string"
        " db?pass user?pass root?pass admin?pass require?pass",
    "the last word": "pass auth dsn cookie authorization registry?config",
    "the last word, not alone": "pwd pat key",
    "alone, in JSON": "worker manager",                          # a swarm's JoinTokens
    "public, the last word": "gpg?key public?key websocket?key",
    "public, alone": "secretid secretname",                      # which secret a service uses
    "with a colon": "authorization cookie registry?auth registry?config",   # a field also inside a string
}


def secret_words(row):
    return "(?:%s)" % "|".join(word.replace("?", "[-_. ]?") for word in SECRET_NAMES[row].split())


SECRET_NAME = re.compile("%s|(?:^|[-_. /])%s$|[-_. /]%s$" % tuple(
    secret_words(row) for row in ("anywhere", "the last word", "the last word, not alone")))
SECRET_MEMBER = re.compile(secret_words("alone, in JSON"))
SECRET_COLON = re.compile("(?:.*[-_. /])?" + secret_words("with a colon"))
PUBLIC_NAME = re.compile("(?:.*[-_. /])?%s|%s"
                         % (secret_words("public, the last word"), secret_words("public, alone")))


def folded_name(name):
    """`name` (bytes) as a str in which letters are equal that are equal to Go's encoding/json."""
    return name.decode("utf-8", "replace").casefold()


def is_secret_name(folded):
    """Whether `folded`, a str of folded_name(), is the name of a credential."""
    return SECRET_NAME.search(folded) is not None and PUBLIC_NAME.fullmatch(folded) is None


def names_secret(name):
    """Whether `name` (bytes), of a field, JSON member, parameter or variable, is that of a credential."""
    return is_secret_name(folded_name(name))


# ---- marks: where a secret begins

MAX_NAME_BYTES = 200           # searched before a mark; no mark is longer
MAX_USERINFO_BYTES = 512
NAME_BYTES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"
BLANK_BYTES = bytes(bytearray(range(0x21))) + b"\x7f"
ESCAPED_QUOTE = re.compile(rb'"|%22|\\u0022')
QUOTE_ESCAPES = re.compile(rb"(?:\\+|(?:%5[Cc])+)$")
OPTION_WORD = re.compile(rb"--?[A-Za-z][\w.-]{1,99}")

# RFC 3986 §3.2: authority = [ userinfo "@" ] host [ ":" port ]. In a JSON string & may be spelled \u0026.
AUTHORITY = rb'(?:[^/?#\s"\\]|\\u[0-9A-Fa-f]{4}){0,%d}' % MAX_USERINFO_BYTES
CODED_AUTHORITY = rb'(?:[^/&\s"\\%%]|%%(?!2[FfQ2]|3[Ff]|23)[0-9A-Fa-f]{2}){0,%d}' % MAX_USERINFO_BYTES
# After the colon, what is not a port is a password. It may hold a slash, which the RFC forbids.
PASSWORD = (rb'[^/?#\s"\\@:\[]{0,256}:(?![0-9]{0,5}(?:[/?#\s"\\]|$))(?:[^\s"\\]|\\u[0-9A-Fa-f]{4}){0,%d}'
            % MAX_USERINFO_BYTES)
USERINFO = re.compile(AUTHORITY + b"(?=@|%40)|" + PASSWORD + b"(?=@)")
CODED_USERINFO = re.compile(CODED_AUTHORITY + b"(?=@|%40)")
CUT_USERINFO = re.compile(AUTHORITY + rb"(?:\\u?[0-9A-Fa-f]{0,3})?\Z|" + PASSWORD + rb"\\?\Z")
CUT_CODED_USERINFO = re.compile(CODED_AUTHORITY + rb"(?:%[0-9A-Fa-f]?)?\Z")


def name_before(text, place, blanks=b" \t"):
    """(the text before the name that ends at `place`, perhaps with blanks between; the name)."""
    before = text[max(0, place - MAX_NAME_BYTES):place].rstrip(blanks)
    rest = before.rstrip(NAME_BYTES)
    return rest, before[len(rest):]


# A function for each kind of mark. Its arguments are the text, the match of the mark, whether the text is a
# JSON string, and whether the text is complete. It returns the kind of the secret that begins where the mark
# ends, or None.

def secret_value(text, mark, in_string, final):
    """NAME=…, perhaps after an escape (\\n, %20)."""
    rest, name = name_before(text, mark.start())
    escape = {b"\\": 5 if name[:1] == b"u" else 1, b"%": 2}.get(rest[-1:], 0)
    return "value" if names_secret(name) or names_secret(name[escape:]) else None


def secret_of_quoted_name(text, mark, in_string, final):
    """"NAME": …, as in JSON inside a string or in a query."""
    before = text[max(0, mark.start() - MAX_NAME_BYTES):mark.start()]
    pieces = ESCAPED_QUOTE.split(QUOTE_ESCAPES.sub(b"", before))
    return "value" if len(pieces) > 1 and names_secret(pieces[-1]) else None


def secret_field_value(text, mark, in_string, final):
    """NAME: …, where NAME is at the start of a line, or in a JSON string as the argument of a program."""
    rest, name = name_before(text, mark.start(), BLANK_BYTES)
    if not in_string:
        return "field" if (not rest or rest[-1] < 0x20) and names_secret(name) else None
    # my-token:latest is an image. A field has a blank after the colon, or a name that only fields have.
    sure = text[mark.end():mark.end() + 1] in (b" ", b"\t") and b"-" in name
    named = SECRET_COLON.fullmatch(folded_name(name)) is not None or sure and names_secret(name)
    return "value" if named else None


def secret_userinfo(text, mark, in_string, final):
    """scheme://USERINFO@host"""
    coded = b"%" in mark.group()
    if not final and (CUT_CODED_USERINFO if coded else CUT_USERINFO).match(text, mark.end()):
        return "value" if coded or in_string else "field"   # whether an @ follows is not known yet
    if (CODED_USERINFO if coded else USERINFO).match(text, mark.end()) is None:
        return None
    return "coded userinfo" if coded else "userinfo"


def secret_text(text, mark, in_string, final):
    """Base64 of a JSON object, or a token of a swarm."""
    before = text[max(0, mark.start() - 12):mark.start()]
    of_archive = b"path-stat:" in before.lower()   # X-Docker-Container-Path-Stat holds no credential
    return None if before[-1:] in NAME_OR_BASE64 or of_archive else "text"


def secret_after_name(text, mark, in_string, final):
    """--NAME … of a program, ENV NAME … of a Dockerfile."""
    before = text[max(0, mark.start() - 2):mark.start()]
    if before[-1:] == b"-":
        before = before[:-1]
    is_inside = before[-1:] in NAME_OR_BASE64
    return None if is_inside or not names_secret(mark.group().split()[-1]) else "value"


NAME_OR_BASE64 = frozenset(bytes(bytearray([byte])) for byte in NAME_BYTES + b"+/")
# Each pattern begins with one certain character, so that re is fast on text that has none of them.
SECRET_MARKS = (
    ((rb"=(?<=[\w. \t-]=)", b"%3[Dd]"), secret_value),
    ((rb":(?:/|%2[Ff]){2}", b"%3[Aa](?:/|%2[Ff]){2}"), secret_userinfo),
    ((rb'"[\s+]{0,8}(?::|%3[Aa])', rb"%22(?:[\s+]|%20){0,8}(?::|%3[Aa])", rb"\\u0022\s{0,8}:"),
     secret_of_quoted_name),
    ((rb":(?<=[A-Za-z\x00-\x20\x7f]:)",), secret_field_value),
    ((b"eyJ", b"eyAi", b"ewog", b"ewoJ", b"ew0K", b"SWMTKN-", b"SWMKEY-"), secret_text),
    ((b"-----BEGIN[A-Z0-9 +%]{0,40}PRIVATE",), lambda *_: "value"),
    ((rb"-[A-Za-z][\w.-]{1,99}[ \t]", rb"ENV[ \t]{1,8}[\w.-]{1,99}[ \t]"), secret_after_name),
)
SECRET_MARK = re.compile(b"|".join(pattern + b"()" for patterns, _ in SECRET_MARKS for pattern in patterns))
# The function for each group of SECRET_MARK.
SECRET_FINDERS = [find for patterns, find in SECRET_MARKS for _ in patterns]

# What ends a secret, by its kind; a kind that is not here ends with the string.
TEXT_END = re.compile(rb"(?=[^A-Za-z0-9+/=_.%-])")
STRING_ENDS = {"text": TEXT_END, "userinfo": USERINFO, "coded userinfo": CODED_USERINFO}
HEAD_ENDS = {
    "text": TEXT_END, "userinfo": USERINFO, "coded userinfo": CODED_USERINFO,
    "value": re.compile(rb"(?=[&\s])"),
    "field": re.compile(rb"(?<=\n)(?=[^ \t])"),   # obs-fold is refused when read, and is masked all the same
}
NOT_BLANK = re.compile(rb"[^ \t\r\n]")
MAX_END_BYTES = 3              # of a secret are kept, to find its end


class TextMasker:
    """mask(bytes) → as many bytes, the secrets of a text turned into asterisks, piece by piece.

    `in_string`: the text is the inside of a JSON string, and reset() begins the next one; else it is lines of
    a head. `kind` is that of the secret that continues in the next piece, or None.
    """

    def __init__(self, in_string):
        self._in_string = in_string
        self._ends = STRING_ENDS if in_string else HEAD_ENDS
        self.reset()

    def reset(self):
        self.kind = None
        self._tail = b""     # the end of the pieces so far, in which a mark or the end of a secret may begin
        self._settled = 0    # marks that end before this index of it begin no secret

    def mask(self, data, final=False):
        """`data`, the next piece, masked. `final`: it is the last one."""
        text = self._tail + data if self._tail else data
        if final and self.kind is None and SECRET_MARK.search(text) is None:   # as in most strings
            return data
        known = len(self._tail)
        masked = bytearray(data)
        begin = at = 0
        while True:
            if self.kind is None:
                self.kind, begin = self._find(text, at, final)
                if self.kind is None:
                    break
            pattern = self._ends.get(self.kind)
            end = pattern.search(text, begin) if pattern is not None else None
            at = len(text) if end is None else end.end()
            start = max(begin, known)
            if start < at:
                stars = b"*" * (at - start) if self._in_string else NOT_BLANK.sub(b"*", text[start:at])
                masked[start - known:at - known] = stars
            if end is None:
                break
            self.kind = None
        self._keep_tail(text, begin, at)
        return bytes(masked)

    def _keep_tail(self, text, begin, at):
        """Keep the end of `text` for the next piece. The last secret is text[begin:at]."""
        kept = MAX_NAME_BYTES if self.kind is None else MAX_END_BYTES
        self._tail = text[max(at if self.kind is None else begin, len(text) - kept):]
        self._settled = len(self._tail) if self.kind is None else 0

    def _find(self, text, at, final):
        for mark in SECRET_MARK.finditer(text, at):
            if mark.end() >= self._settled:
                kind = SECRET_FINDERS[mark.lastindex - 1](text, mark, self._in_string, final)
                if kind is not None:
                    return kind, mark.end()
        return None, at


def masked_text(data):
    """`data` (bytes), a complete text that is neither a head nor JSON, masked as both."""
    return TextMasker(True).mask(TextMasker(False).mask(data, True), True)


def is_secret_option(word):
    """Whether `word` (bytes-like) is an option whose argument is a credential, such as --token."""
    return word[:1] == b"-" and OPTION_WORD.fullmatch(word) is not None and names_secret(bytes(word))


def masked_words(words):
    """The words of a command line (list of bytes), each as long as before, with the secrets masked."""
    return [b"*" * len(word) if is_secret_option(before) else masked_text(word)
            for before, word in zip([b""] + words, words)]


# ---- JSON

# An escape, or what ends a string. A line end does, since none may be in a string (RFC 8259 §7), so that a
# stray quote does not affect the next line; but a secret continues until a quote.
STRING_END = re.compile(rb'\\[\x00-\xff]?|["\n]')
SECRET_STRING_END = re.compile(rb'\\[\x00-\xff]?|"')


class JSONMasker:
    """mask(bytes) → as many bytes, the secrets of a JSON body turned into asterisks, piece by piece.

    `data_is_secret`: members called Data are secret too. `loose`: the body may not be JSON, so that the text
    between strings is masked as lines of a head.
    """

    def __init__(self, data_is_secret=False, loose=False):
        self._data_is_secret = data_is_secret
        self._text = TextMasker(True)                              # for the present string
        self._between = TextMasker(False) if loose else None
        self._in_string = False
        self._escaped = False           # the next byte of the string comes after a backslash
        self._secret = False            # the present string is masked as a whole
        self._is_value = False          # the present string is the value of the member _name
        self._name = ""
        self._word = bytearray()        # the start of the present string, then of the last one
        self._gap = b""                 # the first bytes between two strings: b":" after the name of a member
        self._entry_is_secret = False   # in an object whose member Name is the name of a secret

    def mask(self, data):
        masked, at = [], 0
        while at < len(data):
            at = (self._pass_string if self._in_string else self._pass_gap)(data, at, masked)
        return b"".join(masked)

    def _pass_gap(self, data, at, masked):
        """Append the text before the next string, masked, and its quote → the index after the quote."""
        end = data.find(b'"', at)
        between = data[at:] if end < 0 else data[at:end]
        masked.append(between if self._between is None else self._between.mask(between))
        if b"{" in between or b"}" in between:
            self._entry_is_secret = False
        if len(self._gap) < 2:
            self._gap += b"".join(between.split())[:2]
        if end < 0:
            return len(data)
        masked.append(b'"')
        was_value, self._is_value = self._is_value, self._gap == b":"
        if self._is_value:
            self._name = folded_name(self._word_as_text())
            self._secret = self._member_is_secret()
        else:   # ["--password", "…"]
            self._secret = self._gap == b"," and not was_value and is_secret_option(self._word)
        self._in_string = True
        self._word = bytearray()
        self._gap = b""
        self._text.reset()
        return end + 1

    def _word_as_text(self):
        if b"\\" not in self._word:
            return bytes(self._word)
        try:
            return json.loads('"%s"' % self._word.decode("utf-8", "replace")).encode("utf-8", "surrogatepass")
        except ValueError:
            return b""

    def _member_is_secret(self):
        name = self._name
        return (is_secret_name(name) or SECRET_MEMBER.fullmatch(name) is not None
                or self._data_is_secret and name == "data" or self._entry_is_secret and name == "value")

    def _pass_string(self, data, at, masked):
        """Append what `data` has of the present string, masked, and what ends it → the index after that."""
        end, closed = self._string_end(data, at)
        piece = data[at:end]
        if self._secret:
            masked.append(b"*" * len(piece))
        else:
            self._word += piece[:max(0, MAX_NAME_BYTES - len(self._word))]
            masked.append(self._text.mask(piece, closed))
        if not closed or self._text.kind == "value" and data[end:end + 1] == b"\n":
            return end   # a secret that has a line end in it continues until a quote
        masked.append(data[end:end + 1])
        self._in_string = False
        if self._is_value and self._name == "name":
            self._entry_is_secret = names_secret(self._word_as_text())
        return end + 1

    def _string_end(self, data, at):
        """(the index of the quote or line end that ends the string, True), or (the end of `data`, False)."""
        pattern = SECRET_STRING_END if self._secret or self._text.kind == "value" else STRING_END
        start, self._escaped = at + self._escaped, False
        for match in pattern.finditer(data, start):
            if data[match.start()] != 0x5c:
                return match.start(), True
            self._escaped = len(match.group()) == 1   # the byte that is escaped comes with the next piece
        return len(data), False


# ---- connections

CLOSED_CONNECTIONS = 16        # kept after their client has closed: more from the engine may still arrive
# Content types in which credentials cannot be recognized: streams of a program, archives.
UNMASKED_TYPES = ("tar", "octet-stream", "multiplexed-stream", "raw-stream", "gzip")
DATA_TARGET = re.compile("/(?:secrets|configs)(?![^/?])")


class WholeMasker:
    """Masks every byte of a body that cannot be read."""

    def mask(self, data):
        return b"*" * len(data)


def body_masker(message, request):
    """What masks the body of a PairedMessage, or None if the body is left as it is.

    `request` is the PairedMessage that it is or answers, or None.
    """
    headers = message.head.headers if message.head is not None else {}
    content_type = headers.get("content-type", "").lower()
    if any(word in content_type for word in UNMASKED_TYPES):
        return None
    if headers.get("content-encoding", "identity").lower() != "identity":
        return WholeMasker()
    is_data = request is not None and DATA_TARGET.search(request.head.target) is not None
    return JSONMasker(is_data, "json" not in content_type)


class SecretMasker:
    """mask(direction, bytes) → as many bytes, for one connection, in the order in which the bytes crossed.

    `method` is that of the request to a response whose request was not given.
    """

    def __init__(self, method="GET"):
        self._pair = PairedReaders(method)
        self._pair.opened()   # what an engine accepts as a request is read as one
        self._offsets = {">": 0, "<": 0}
        self._lines = {">": TextMasker(False), "<": TextMasker(False)}
        self._bodies = {">": (None, None), "<": (None, None)}   # (PairedMessage, what masks its body or None)
        self._unframed = {way: JSONMasker(True) for way in "><"}   # for unknown framing
        self._unframed_until = 0      # the offset after the last bytes whose meaning a response decides

    def mask(self, direction, data):
        pair = self._pair
        start = at = self._offsets[direction]
        self._offsets[direction] = start + len(data)
        undecided = pair.undecided(direction)
        pair.feed(direction, data)
        masked = []
        for label_start, label_end, role, message in pair.take_labels(direction):
            if label_end <= at or undecided:
                continue
            if role in BODY_ROLES and message is not None:
                if label_start > at:
                    masked.append(self._lines[direction].mask(data[at - start:label_start - start]))
                    at = label_start
                masked.append(self._mask_body(direction, message, data[at - start:label_end - start]))
                at = label_end
        masked.append(self._mask_rest(direction, data[at - start:], at, undecided))
        for side in "><":
            pair.take_labels(side)
            del pair.messages[side][:]
        return b"".join(masked)

    def _mask_rest(self, direction, rest, at, undecided):
        """Mask `rest` (bytes), from offset `at` after the last body on: heads, or of unknown framing."""
        pair = self._pair
        reader, waits = pair.readers[direction], 0
        if undecided or pair.undecided(direction) or reader.error is not None:
            message, masker = self._bodies[direction]
            if masker is not None and not message.complete:   # the error may be inside a secret
                self._unframed[direction] = masker
            if pair.undecided(direction) and self._is_session(reader.message):
                waits = len(rest) - (max(at, reader.reader.offset) - at)
                rest = rest[:len(rest) - waits]
            rest = self._unframed[direction].mask(rest)
            if direction == ">":
                self._unframed_until = self._offsets[direction]
        return self._lines[direction].mask(rest) + b"*" * waits

    def _is_session(self, request):
        """Whether HTTP/2, which is not read here, follows `request` (PairedMessage or None)."""
        return request is not None and request.head.headers.get("upgrade", "").lower() == "h2c"

    def _mask_body(self, direction, message, data):
        request = message if direction == ">" else message.request
        if message.switched:
            return b"*" * len(data) if self._is_session(request) else data
        known, masker = self._bodies[direction]
        if known is not message:
            masker = body_masker(message, request)
            if direction == ">" and message.start < self._unframed_until:   # it may begin inside a secret
                masker = self._unframed[">"]
            self._bodies[direction] = (message, masker)
        return data if masker is None else masker.mask(data)


class SecretMaskers:
    """event(number, WireEvent) → the event without secrets, for any number of connections."""

    def __init__(self, method="GET"):
        self._method = method
        self._maskers = {}
        self._closed = deque()     # numbers

    def event(self, number, event):
        if event.kind == "data":
            if number not in self._maskers:
                self._maskers[number] = SecretMasker(self._method)
            return event._replace(data=self._maskers[number].mask(event.direction, event.data))
        if event.kind in ("open", "note"):   # an address may be in it
            return event._replace(data=masked_text(event.data))
        if event.kind in ("close", "reset") and event.direction == ">":
            if number in self._maskers and number not in self._closed:
                self._closed.append(number)
            if len(self._closed) > CLOSED_CONNECTIONS:
                del self._maskers[self._closed.popleft()]
        return event
