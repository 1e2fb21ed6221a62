"""The grammar of HTTP/1.x as regular expressions, each under the rule it spells.

Patterns that match decoded heads are str patterns: a head is decoded once as latin-1,
so that a character is a byte and every offset stays true. Patterns used on bodies are
bytes patterns and run on bytes, bytearray or memoryview without a copy.

Left out on purpose: obs-fold (RFC 9112 §5.2, refused), HTTP/0.9, and a bare LF as a line end: §2.2 lets
a recipient take it, but two parsers of which one does can disagree. Readers of requests may be told to.
"""
import re


class LazyPattern:
    """A regular expression compiled when it is first used: a command needs few of them, and starts sooner without the rest.

    Its methods (match, fullmatch, search, findall, finditer, sub) are those of the compiled one, kept after the first use.

    >>> bool(TOKEN.fullmatch("Content-Length")), bool(TOKEN.fullmatch("Content Length"))
    (True, False)
    """

    def __init__(self, pattern, flags=0):
        self.pattern = pattern
        self._flags = flags

    def __getattr__(self, name):
        method = getattr(re.compile(self.pattern, self._flags), name)   # re keeps compiled expressions too
        setattr(self, name, method)
        return method


# RFC 9110 §5.6.2: token = 1*tchar
TCHAR = r"!#$%&'*+\-.^_`|~0-9A-Za-z"

# RFC 9110 §5.5: field-vchar = VCHAR / obs-text; SP and HTAB inside. No other control byte.
FIELD_CHAR = r"\t -~\x80-\xff"

# RFC 9112 §5: field-line = field-name ":" OWS field-value OWS, then CRLF (§2.1).
FIELD_LINE = "[" + TCHAR + "]+:[" + FIELD_CHAR + r"]*\r\n"

# RFC 9112 §2.3: HTTP-version = "HTTP/" DIGIT "." DIGIT; only 1.0 and 1.1 are spoken here.
VERSION = r"HTTP/(1\.[01])"

# RFC 9112 §4: status-line = HTTP-version SP status-code SP [ reason-phrase ]
# RFC 9110 §15: the first digit is 1 to 5. The SP before an absent reason is not optional.
STATUS_LINE = VERSION + " ([1-5][0-9][0-9]) ([" + FIELD_CHAR + "]*)"

# RFC 9112 §3: request-line = method SP request-target SP HTTP-version
# RFC 9112 §3.2: no white space in the target; RFC 3986 allows no control or non-ASCII byte.
REQUEST_LINE = "([" + TCHAR + r"]+) ([!-~]+) " + VERSION

# Groups: the parts of the start line, then the field lines from the CRLF before the first to that after the last.
MAX_FIELDS = 256   # http.client and Apache take 100; an engine sends about 10
FIELD_BLOCK = r"(\r\n(?:" + FIELD_LINE + "){0,%d})" % MAX_FIELDS
RESPONSE_HEAD = LazyPattern(STATUS_LINE + FIELD_BLOCK + r"\r\n")
REQUEST_HEAD = LazyPattern(REQUEST_LINE + FIELD_BLOCK + r"\r\n")

# The fields that bear on where a body ends and what becomes of the connection, in a block of lower case. A group for
# the one number that a Content-Length should be; of anything else its group has nothing.
FRAMING_FIELDS = LazyPattern(r"\r\n(?:content-length:(?:[ \t]*([0-9]{1,19})[ \t]*(?=\r\n)|)|transfer-encoding:|connection:)")

# One field line with the white space around its value left out of the group on the left
# side; on the right side it is stripped only when a head has any (rare, and then cheap).
FIELD_PAIR = LazyPattern("([" + TCHAR + r"]+):[ \t]*([^\r\n]*)\r\n")

TOKEN = LazyPattern("[" + TCHAR + "]+")
TARGET = LazyPattern(r"[!-~]+")
FIELD_VALUE = LazyPattern("(?:[!-~\x80-\xff](?:[" + FIELD_CHAR + "]*[!-~\x80-\xff])?)?")

# What can stand nowhere in a head: a control byte (RFC 9110 §5.5), a CR or LF that is not half
# of a CRLF (RFC 9112 §2.2). A CR at the very end may yet get its LF.
CONTROL_OR_BARE_CR = rb"\r(?=[^\n])|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
STRAY_CONTROL = LazyPattern(rb"(?<!\r)\n|" + CONTROL_OR_BARE_CR)

# RFC 9112 §2.2: "a recipient MAY recognize a single LF as a line terminator and ignore any preceding CR".
STRAY_CONTROL_BUT_LF = LazyPattern(CONTROL_OR_BARE_CR)
BARE_LF_HEAD_END = LazyPattern(rb"\n\r?\n")

# RFC 9110 §8.6: Content-Length = 1*DIGIT. 19 digits hold every 63-bit length.
CONTENT_LENGTH = LazyPattern("[0-9]{1,19}")

# RFC 9110 §5.6.4: quoted-string = DQUOTE *( qdtext / quoted-pair ) DQUOTE
QUOTED_STRING = r'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"'

# RFC 9112 §7.1: chunk-size = 1*HEXDIG; 16 digits hold every 64-bit size.
# RFC 9112 §7.1.1: chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
CHUNK_SIZE = LazyPattern(rb"[0-9A-Fa-f]*")
CHUNK_EXTENSION = LazyPattern((r"(?:[ \t]*;[ \t]*[" + TCHAR + r"]+(?:[ \t]*=[ \t]*(?:[" + TCHAR + "]+|" + QUOTED_STRING
                              + "))?)*").encode("latin-1"))

# RFC 9112 §7.1: last-chunk, trailer section, CRLF, as a server without trailers writes them.
PLAIN_LAST_CHUNK = b"0\r\n\r\n"

# RFC 9112 §7.1.2: trailer-section = *( field-line CRLF )
TRAILER_SECTION = LazyPattern("((?:" + FIELD_LINE + r"){0,%d})\r\n" % MAX_FIELDS)
