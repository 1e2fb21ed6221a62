"""What templates work with: values that print as Go's, and the functions that a --format may call.

Values are those of JSON, less what Go knows of their types: a GoStruct prints as `{a b}`, a GoMap as
`map[a:1 b:2]`, ordered by its keys, a NilType as the null of its type, and a list as `[1 2]`.

Leaves out: argument indexes and stars in the pattern of printf.
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

    With `shown` None it prints as a map.
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
    names = ((bool, "bool"), (int, "int"), (float, "float64"), (str, "string"), (list, "[]string"))
    return next((name for kind, name in names if isinstance(value, kind)), "map[string]string")


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


def template_printf(pattern, *values):
    """Go's Sprintf. A value that does not fit its verb prints as `%!d(string=x)`, as there."""
    values = list(values)

    def replace(match):
        flags, verb = match.groups()
        if verb == "%":
            return "%"
        if not values:
            return "%!" + verb + "(MISSING)"
        value = values.pop(0)
        if verb == "T":
            return type_name(value)
        return template_text(value, False, lambda one: verb_text(flags, verb, one))

    text = re.sub(r"(?s)%([-+# 0]*[0-9]{0,4}(?:[.][0-9]{0,4})?)(.)", replace, pattern)
    extra = ["%s=%s" % (type_name(value), template_text(value)) for value in values]
    return text + ("%%!(EXTRA %s)" % ", ".join(extra) if extra else "")


# -- texts, lists and maps

def template_index(value, *keys):
    for key in keys:
        if isinstance(value, dict) and isinstance(key, str):
            texts = all(isinstance(one, str) for one in value.values())
            value = value.get(key, "" if texts else None)
        elif isinstance(value, NilType) and value.text == "map[]":
            value = ""
        elif isinstance(value, (list, tuple, str)) and type(key) is int:
            value = value.encode("utf-8") if isinstance(value, str) else value
            if not 0 <= key < len(value):
                raise TypeError
            value = value[key]
        else:
            raise TypeError
    return value


def template_slice(value, *bounds):
    """`slice x 1 2` is x[1:2]; of a text, its bytes."""
    size = template_length(value)
    start, end = (bounds + (0, size)[len(bounds):])[:2]
    if len(bounds) > 2 or type(start) is not int or type(end) is not int or not 0 <= start <= end <= size:
        raise TypeError
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")[start:end].decode("utf-8", "replace")
    return value[start:end]


def template_length(value):
    return len(value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value)


def template_join(values, separator):
    if not isinstance(values, (list, tuple, NilType)):
        raise TypeError
    return separator.join([template_text(values[number], False) for number in range(len(values))])


def comparable_kind(value):
    """What `eq` and `lt` compare a value as: its Python type. TypeError for what has no order and no kind."""
    if isinstance(value, (dict, list)) or callable(value):
        raise TypeError
    return type(value)


def template_equal(first, *others):
    """Whether `first` equals one of `others`. TypeError for values of two kinds, of which neither is null."""
    kinds = {comparable_kind(value) for value in (first,) + others} - {type(None), NilType}
    if not others or len(kinds) > 1:
        raise TypeError
    return first in others


def template_less(first, second, equal=False):
    if comparable_kind(first) is not comparable_kind(second) or isinstance(first, bool):
        raise TypeError
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


# A function may raise TypeError or AttributeError for arguments that it does not take.
TEMPLATE_FUNCTIONS = {
    # Template.call evaluates the arguments of these one by one; they must have some.
    "and": lambda first: first, "or": lambda first: first,
    "json": lambda value: compact_json(json_value(value), isinstance(value, ListRow)),
    "len": template_length,
    "index": template_index,
    "slice": template_slice,
    "call": lambda function, *arguments: function(*arguments),
    "html": template_html,
    "js": template_js,
    "urlquery": template_urlquery,
    "upper": lambda text: text.upper(),
    "lower": lambda text: text.lower(),
    "title": lambda text: re.sub(r"\b\w", lambda match: match.group().upper(), text),
    "split": lambda text, separator: text.split(separator) if separator else list(text),
    "join": template_join,
    "pad": lambda text, before, after: " " * before + text + " " * after if text else text,
    "truncate": lambda text, count: text[:count],
    "print": template_print,
    "println": lambda *values: " ".join(template_text(value, False) for value in values) + "\n",
    "printf": template_printf,
    "eq": template_equal,
    "ne": lambda first, second: not template_equal(first, second),
    "lt": template_less,
    "le": lambda first, second: template_less(first, second, True),
    "gt": lambda first, second: template_less(second, first),
    "ge": lambda first, second: template_less(second, first, True),
    "not": lambda value: not value,
}

# For the header of a table: these functions are given a column's title in place of a value, and return it.
TEMPLATE_HEADER_FUNCTIONS = dict(TEMPLATE_FUNCTIONS, **{
    name: lambda title, *more: title + ""
    for name in ("json", "split", "join", "title", "lower", "upper", "pad", "truncate")})
