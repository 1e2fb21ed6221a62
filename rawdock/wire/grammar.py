"""The grammar of HTTP/1.x as regular expressions, each under the rule that it spells.

Expressions for heads are of type str: a head is decoded once as latin-1, so that each character is one
byte and every offset stays true. Expressions for bodies are of type bytes, and match bytes, bytearray
and memoryview without a copy.

Left out on purpose: obs-fold (RFC 9112 §5.2, refused) and HTTP/0.9. A bare LF as a line end, which RFC 9112
§2.2 lets a recipient accept, is refused too, because a parser that accepts it and one that does not can be
made to disagree. The exception are requests that are read in an engine's place, for every engine accepts it.
"""
import re


class LazyPattern:
    """A regular expression that is compiled at its first use: a command needs few of them, and starts sooner.

    Its methods (match, fullmatch, search, findall, finditer, sub) are those of the compiled expression.

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


# RFC 9110 §5.6.2
#     token = 1*tchar
#     tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "."
#           / "^" / "_" / "`" / "|" / "~" / DIGIT / ALPHA
TCHAR = r"!#$%&'*+\-.^_`|~0-9A-Za-z"
TOKEN = LazyPattern("[" + TCHAR + "]+")

# RFC 9110 §5.6.3
#     OWS = *( SP / HTAB )
OWS = LazyPattern("[ \t]*")

# RFC 9110 §5.6.4
#     quoted-string = DQUOTE *( qdtext / quoted-pair ) DQUOTE
#     qdtext        = HTAB / SP / %x21 / %x23-5B / %x5D-7E / obs-text
#     quoted-pair   = "\" ( HTAB / SP / VCHAR / obs-text )
QUOTED_STRING = r'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"'

# RFC 9110 §5.5
#     field-value   = *field-content
#     field-content = field-vchar [ 1*( SP / HTAB / field-vchar ) field-vchar ]
#     field-vchar   = VCHAR / obs-text
FIELD_CHAR = r"\t -~\x80-\xff"
FIELD_TEXT = LazyPattern("[" + FIELD_CHAR + "]*")
FIELD_VALUE = LazyPattern("(?:[!-~\x80-\xff](?:[" + FIELD_CHAR + "]*[!-~\x80-\xff])?)?")

# RFC 9112 §5, with the CRLF of §2.1 after it. The white space around a value matches FIELD_CHAR too.
#     field-line = field-name ":" OWS field-value OWS
#     field-name = token
FIELD_LINE = "[" + TCHAR + "]+:[" + FIELD_CHAR + r"]*\r\n"
# The name and the value of a field line. Headers strips the white space on the right of the value.
FIELD_PAIR = LazyPattern("([" + TCHAR + r"]+):[ \t]*([^\r\n]*)\r\n")

# RFC 9112 §2.3. Only the versions 1.0 and 1.1 are spoken here.
#     HTTP-version = HTTP-name "/" DIGIT "." DIGIT
VERSION = r"HTTP/(1\.[01])"

# RFC 9112 §4. By RFC 9110 §15 the first digit is 1 to 5.
#     status-line   = HTTP-version SP status-code SP [ reason-phrase ]
#     status-code   = 3DIGIT
#     reason-phrase = 1*( HTAB / SP / VCHAR / obs-text )
STATUS_LINE = VERSION + " ([1-5][0-9][0-9]) ([" + FIELD_CHAR + "]*)"

# RFC 9112 §3. A request target has no white space (§3.2), control or non-ASCII characters (RFC 3986 §2).
#     request-line = method SP request-target SP HTTP-version
#     method       = token
REQUEST_LINE = "([" + TCHAR + r"]+) ([!-~]+) " + VERSION
TARGET = LazyPattern(r"[!-~]+")

# RFC 9112 §2.1, without the body. The last group is the field lines, after the CRLF of the start line.
#     HTTP-message = start-line CRLF *( field-line CRLF ) CRLF [ message-body ]
MAX_FIELDS = 256   # http.client and Apache take 100; an engine sends about 10
FIELD_BLOCK = r"(\r\n(?:" + FIELD_LINE + "){0,%d})" % MAX_FIELDS
RESPONSE_HEAD = LazyPattern(STATUS_LINE + FIELD_BLOCK + r"\r\n")
REQUEST_HEAD = LazyPattern(REQUEST_LINE + FIELD_BLOCK + r"\r\n")

# RFC 9112 §7.1.2, with the CRLF that ends a chunked body after it.
#     trailer-section = *( field-line CRLF )
TRAILER_SECTION = LazyPattern("((?:" + FIELD_LINE + r"){0,%d})\r\n" % MAX_FIELDS)

# What is allowed nowhere in a head: a control byte (RFC 9110 §5.5), a CR without its LF and, unless a bare
# LF is accepted, an LF without its CR (RFC 9112 §2.2). The LF of a CR at the very end may still come.
STRAY_CONTROL = LazyPattern(rb"(?<!\r)\n|\r(?=[^\n])|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
STRAY_CONTROL_BUT_LF = LazyPattern(rb"\r(?=[^\n])|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

# RFC 9112 §2.2: "a recipient MAY recognize a single LF as a line terminator and ignore any preceding CR".
LINE_END = LazyPattern(r"\r\n")
EMPTY_LINE = LazyPattern(rb"\r\n\r\n")
LINE_END_OR_LF = LazyPattern(r"\r?\n")
EMPTY_LINE_OR_LF = LazyPattern(rb"\n\r?\n")

# RFC 9110 §8.6. 19 digits hold every length of 63 bits.
#     Content-Length = 1*DIGIT
CONTENT_LENGTH = LazyPattern("[0-9]{1,19}")

# RFC 9112 §7.1. 16 digits hold every size of 64 bits.
#     chunk      = chunk-size [ chunk-ext ] CRLF chunk-data CRLF
#     chunk-size = 1*HEXDIG
#     last-chunk = 1*("0") [ chunk-ext ] CRLF
CHUNK_SIZE = LazyPattern(rb"[0-9A-Fa-f]*")
# The CRLF that ends a chunk, and the line of the next chunk if that has no extension.
NEXT_CHUNK_LINE = LazyPattern(rb"\r\n([0-9A-Fa-f]{1,16})\r\n")

# RFC 9112 §7.1.1
#     chunk-ext      = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
#     chunk-ext-name = token
#     chunk-ext-val  = token / quoted-string
EXTENSION_VALUE = "(?:[" + TCHAR + "]+|" + QUOTED_STRING + ")"
CHUNK_EXTENSION = LazyPattern(
    (r"(?:[ \t]*;[ \t]*[" + TCHAR + r"]+(?:[ \t]*=[ \t]*" + EXTENSION_VALUE + ")?)*").encode("latin-1"))
# What a chunk extension cannot contain: there it ends, whether it is valid or not.
EXTENSION_END = LazyPattern(rb"[\x00-\x08\x0a-\x1f\x7f]")
