"""What templates work with: values that print as Go's, and the functions that a --format may call.

Values are those of JSON, less what Go knows of their types: a GoStruct prints as `{a b}`, a GoMap as
`map[a:1 b:2]`, ordered by its keys, a NilType as the null of its type, and a list as `[1 2]`.

A function raises TypeError with Go's words for arguments that it does not take.
"""
import re

from ..errors import UsageError
from .format import compact_json, quote_text


class TemplateValueError(UsageError):
    """A template that names something that a value does not have."""


class NilType:
    """A null whose type in Go is known; `text` (str) is how it prints."""

    def __init__(self, text):
        self.text = text

    def __len__(self):
        return 0


NIL_POINTER = NilType("<nil>")


class GoMap(dict):
    """A map: a key that it does not have is no error in a template, and has no value."""


class GoStruct(dict):
    """A struct: `shown` has the names of the fields that print, in Go's order; `raw` is its JSON (dict).

    With `shown` None it prints as a map, and with a text as that text.
    """

    def __init__(self, fields, shown, raw):
        dict.__init__(self, fields)
        self.shown = shown
        self.raw = raw


class SparseRow(dict):
    """A row whose JSON leaves out fields that are empty, while a template may still name them."""


class ListRow(dict):
    """A row of a list, in whose JSON alone the docker CLI escapes <, > and &."""


# -- how values print

def float_text(value):
    """A float in the fewest digits that tell it from others, with an exponent where Go writes one."""
    if value in (float("inf"), float("-inf")) or value != value:
        return {"inf": "+Inf", "-inf": "-Inf"}.get(str(value), "NaN")
    digits = next(count for count in range(1, 18) if float("%.*e" % (count - 1, value)) == value)
    text = "%.*e" % (digits - 1, value)
    exponent = int(text.partition("e")[2])
    return text if exponent < -4 or exponent >= 6 else "%.*f" % (max(digits - 1 - exponent, 0), value)


def template_text(value, top=True, each=None):
    """A value as it prints; `top`: it is not inside another.

    `each(value)`, if given, returns the text of a value that holds no others.
    """
    def inside(one):
        return template_text(one, False, each)

    if isinstance(value, GoStruct) and isinstance(value.shown, str):
        return value.shown
    if isinstance(value, GoStruct) and value.shown is not None:
        return "{%s}" % " ".join(inside(value[name]) for name in value.shown)
    if isinstance(value, dict):
        return "map[%s]" % " ".join("%s:%s" % (inside(key), inside(value[key]))
                                    for key in sorted(value) if not callable(value[key]))
    if isinstance(value, (list, tuple)):
        return "[%s]" % " ".join(inside(one) for one in value)
    if isinstance(value, NilType):
        return value.text
    if each is not None:
        return each(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "<no value>" if top else "<nil>"
    return float_text(value) if isinstance(value, float) else str(value)


def json_value(value):
    """`value` as JSON can hold it: without methods, null for a NilType, of a SparseRow only what is set."""
    if isinstance(value, GoStruct):
        return value.raw
    if isinstance(value, dict):
        left_out = (None, "", 0) if isinstance(value, SparseRow) else ()
        return {key: json_value(one) for key, one in value.items()
                if not callable(one) and one not in left_out}
    if isinstance(value, (list, tuple)):
        return [json_value(one) for one in value]
    return None if isinstance(value, NilType) else value


# -- print and printf

def template_print(*values):
    """Go's Sprint: a space between two values of which neither is a text."""
    parts = []
    for number, value in enumerate(values):
        if number and not isinstance(value, str) and not isinstance(values[number - 1], str):
            parts.append(" ")
        parts.append(template_text(value, False))
    return "".join(parts)


def type_name(value):
    """The name of a value's type in Go."""
    names = ((bool, "bool"), (int, "int"), (float, "float64"), (str, "string"), (list, "[]string"),
             (GoStruct, "struct"), (dict, "map[string]string"))
    return next((name for kind, name in names if isinstance(value, kind)), "nil")


def verb_text(flags, verb, value):
    """One value as `verb` (a letter) of printf shows it, with `flags` (str): "-5", "05.2"."""
    if verb in "vs" and isinstance(value, str) or verb in "vt" and isinstance(value, bool):
        return ("%" + flags + "s") % template_text(value)
    if verb == "q" and isinstance(value, str):
        return ("%" + flags + "s") % quote_text(value)
    if verb in "xX" and isinstance(value, str):
        digits = "".join("%02x" % byte for byte in value.encode("utf-8", "surrogatepass"))
        return ("%" + flags + "s") % (digits.upper() if verb == "X" else digits)
    if type(value) is int and verb in "vdxXo":
        return ("%" + flags + verb.replace("v", "d")) % value
    if type(value) is int and verb in "bcU" and (verb == "b" or 0 <= value < 0x110000):
        return ("%" + flags + "s") % {"b": "{:b}", "c": "{:c}", "U": "U+{:04X}"}[verb].format(value)
    if isinstance(value, float) and verb in "eEfFgG" and "." in flags:
        return ("%" + flags + verb) % value
    if isinstance(value, float) and verb in "vgG":
        return ("%" + flags + "s") % float_text(value)
    if isinstance(value, float) and verb in "eEfF":
        return ("%" + flags + verb) % value
    if value is None:
        return "<nil>" if verb == "v" else "%!" + verb + "(<nil>)"
    return "%%!%s(%s=%s)" % (verb, type_name(value), template_text(value))


# Flags, width, precision, the number of an argument ("[2]") and the verb; "*" and "[2]*" are arguments too.
PRINTF_VERB = (r"(?s)%([-+# 0]*)((?:\[[^]]*\])?\*|[0-9]{0,4})(?:([.])((?:\[[^]]*\])?\*|[0-9]{0,4}))?"
               r"(\[[^]]*\])?(.|$)")
PRINTF_WIDEST = 10 ** 6


def template_printf(pattern, *values):
    """Go's Sprintf. A value that does not fit its verb prints as `%!d(string=x)`, as there."""
    at, indexed = 0, False

    def take(index):
        """The next value, or the one that `index` names. IndexError with Go's word if there is none."""
        nonlocal at, indexed
        if index:
            indexed = True
            at = int(index[1:-1]) - 1 if re.fullmatch(r"\[[0-9]{1,4}\]", index) else -1
        if not 0 <= at < len(values):
            raise IndexError("BADINDEX" if index else "MISSING")
        at += 1
        return values[at - 1]

    def take_number(text, least):
        """(The digits of a width or precision, whether they are right); `text` is as in the pattern."""
        number = take(text[:-1]) if text.endswith("*") else text
        right = number is text or type(number) is int and least <= number <= PRINTF_WIDEST
        return str(number) if right else "", right

    def replace(match):
        flags, width, point, precision, index, verb = match.groups("")
        try:
            width, right_width = take_number(width, -PRINTF_WIDEST)
            precision, right_precision = take_number(precision, 0)
            if verb in ("", "%"):
                return verb or "%!(NOVERB)"
            value = take(index)
        except IndexError as error:
            return "%%!%s(%s)" % (verb, error)
        wrong = ("" if right_width else "%!(BADWIDTH)") + ("" if right_precision else "%!(BADPREC)")
        if verb == "T":
            return wrong + type_name(value)
        flags += width + point + precision
        return wrong + template_text(value, False, lambda one: verb_text(flags, verb, one))

    text = re.sub(PRINTF_VERB, replace, pattern)
    extra = ["%s=%s" % (type_name(value), template_text(value)) for value in values[at:] if not indexed]
    return text + ("%%!(EXTRA %s)" % ", ".join(extra) if extra else "")


# -- texts, lists and maps

def check_index(key, size):
    """Raise TypeError if `key` is not an index of a list or text of `size` (int)."""
    if type(key) is not int:
        raise TypeError("cannot index slice/array with type " + type_name(key))
    if not 0 <= key <= size:
        raise TypeError("index out of range: %d" % key)


def template_index(value, *keys):
    if value is None:
        raise TypeError("index of untyped nil")
    for key in keys:
        if isinstance(value, dict) or isinstance(value, NilType) and value.text == "map[]":
            if not isinstance(key, str):
                raise TypeError("value has type %s; should be string" % type_name(key))
            found = value if isinstance(value, dict) else {}
            texts = all(isinstance(one, str) for one in found.values())
            value = found.get(key, "" if texts else None)
        elif isinstance(value, (list, tuple, str, bytes)):
            value = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
            check_index(key, len(value) - 1)
            value = value[key]
        else:
            raise TypeError("can't index item of type " + type_name(value))
    return value


def template_slice(value, *bounds):
    """`slice x 1 2` is x[1:2]; of a text, its bytes."""
    if not isinstance(value, (list, tuple, str)):
        raise TypeError("can't slice item of type " + type_name(value))
    if len(bounds) > 2:
        raise TypeError("cannot 3-index slice a string")
    size = template_length(value)
    for bound in bounds:
        check_index(bound, size)
    start, end = (bounds + (0, size)[len(bounds):])[:2]
    if start > end:
        raise TypeError("invalid slice index: %d > %d" % (start, end))
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")[start:end].decode("utf-8", "replace")
    return value[start:end]


def template_length(value):
    if not isinstance(value, (str, list, tuple, dict, NilType)):
        raise TypeError("len of type " + type_name(value))
    return len(value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value)


def template_join(values, separator):
    return separator.join([template_text(one, False) for one in values or ()])


def template_truncate(text, count):
    if count < 0:
        raise TypeError("runtime error: slice bounds out of range [:%d]" % count)
    return text[:count]


def template_call(function, *arguments):
    raise TypeError("call of nil" if function is None else "non-function of type " + type_name(function))


def template_equal(first, *others):
    """Whether `first` equals one of `others`. TypeError for values of two kinds, of which neither is null."""
    for value in (first,) + others:
        if isinstance(value, (dict, list, tuple)):
            raise TypeError("non-comparable type %s: %s" % (template_text(value), type_name(value)))
    if not others:
        raise TypeError("missing argument for comparison")
    if len({type(value) for value in (first,) + others} - {type(None), NilType}) > 1:
        raise TypeError("incompatible types for comparison")
    return first in others


def template_less(first, second, equal=False):
    for value in (first, second):
        if not isinstance(value, (int, float, str)) or isinstance(value, bool):
            raise TypeError("invalid type for comparison")
    if type(first) is not type(second):
        raise TypeError("incompatible types for comparison")
    return first <= second if equal else first < second


# -- texts for other languages

HTML_ESCAPES = {"&": "&amp;", "'": "&#39;", '"': "&#34;", "<": "&lt;", ">": "&gt;", "\0": "\ufffd"}
JS_ESCAPES = {"\\": "\\\\", "'": "\\'", '"': '\\"'}


def template_html(*values):
    return re.sub("[&'\"<>\0]", lambda match: HTML_ESCAPES[match.group()], template_print(*values))


def template_js(*values):
    return re.sub("[\\\\'\"<>&=\0-\x1f]", lambda match: (
        JS_ESCAPES.get(match.group()) or "\\u%04X" % ord(match.group())), template_print(*values))


def template_urlquery(*values):
    text = template_print(*values).encode("utf-8", "surrogatepass").decode("latin-1")
    return re.sub("[^A-Za-z0-9_.~-]", lambda match: (
        "+" if match.group() == " " else "%%%02X" % ord(match.group())), text)


# A row is the kinds of the arguments, one letter for each (see TEMPLATE_KINDS), and the function; with a *
# any others may follow. Of `and` and `or`, TemplateRun.call() evaluates the arguments until one decides.
TEMPLATE_FUNCTIONS = {
    "and": ("a*", lambda *values: values[-1]),
    "or": ("a*", lambda *values: values[-1]),
    "json": ("a", lambda value: compact_json(json_value(value), isinstance(value, ListRow))),
    "len": ("a", template_length),
    "index": ("a*", template_index),
    "slice": ("a*", template_slice),
    "call": ("a*", template_call),
    "html": ("*", template_html),
    "js": ("*", template_js),
    "urlquery": ("*", template_urlquery),
    "upper": ("s", lambda text: text.upper()),
    "lower": ("s", lambda text: text.lower()),
    "title": ("s", lambda text: re.sub(r"\b\w", lambda match: match.group().upper(), text)),
    "split": ("ss", lambda text, separator: text.split(separator) if separator else list(text)),
    "join": ("ls", template_join),
    "pad": ("sii", lambda text, before, after: " " * before + text + " " * after if text else text),
    "truncate": ("si", template_truncate),
    "print": ("*", template_print),
    "println": ("*", lambda *values: " ".join(template_text(value, False) for value in values) + "\n"),
    "printf": ("s*", template_printf),
    "eq": ("a*", template_equal),
    "ne": ("aa", lambda first, second: not template_equal(first, second)),
    "lt": ("aa", template_less),
    "le": ("aa", lambda first, second: template_less(first, second, True)),
    "gt": ("aa", lambda first, second: template_less(second, first)),
    "ge": ("aa", lambda first, second: template_less(second, first, True)),
    "not": ("a", lambda value: not value),
}
# The types of a kind of argument, and what Go calls it: where a value is of another, and where a constant is.
TEMPLATE_KINDS = {"s": (str, "string", "string"), "i": (int, "int", "integer"),
                  "l": ((list, tuple, NilType), "[]string", "[]string"),
                  "a": (object, "", ""), "": (object, "", "")}

# For the header of a table: these functions are given a column's title in place of a value, and return it.
TEMPLATE_HEADER_FUNCTIONS = dict(TEMPLATE_FUNCTIONS, **{
    name: ("s*", lambda title, *more: title)
    for name in ("json", "split", "join", "title", "lower", "upper", "pad", "truncate")})
