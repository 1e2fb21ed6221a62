"""Templates for --format: the part of Go's text/template that people give to the docker CLI.

    {{.A.B}}  {{$}}  {{$x := .A}}  {{.A | upper}}  {{json .}}  {{index .A "k" 0}}  {{(index .A 0).B}}
    {{if}} {{else if}} {{else}} {{range $k, $v := .A}} {{with}} {{end}}
    {{/* comment */}}  {{- and -}} trim white space  "text" `text` 12 1.5 true false nil

Strategy: TemplateParser turns the template into nodes once. A node is a function of the Template and of a
scope: a dict of the variables, of ".", and of "out" and "functions", what an execution writes to and calls.
Values are those of JSON. A map prints as `map[a:1 b:2]`, ordered by its keys, and a list as `[1 2]`.

Refuses, with one line that names it: a template that cannot be parsed (TemplateSyntaxError), and a field or
an index that a value does not have (TemplateValueError). If no field has the exact name, one that differs
from it in case only is taken, because Go's fields (`.ID`) differ so from the names in JSON (`Id`).

Leaves out: assignment with "=", break, continue, define, template, block, slice, html, js, urlquery, call,
letters ('c') and complex numbers. Go knows the type of each null, and JSON does not: the function `nulls`
replaces Go's types.
"""
import re
from collections import deque

from ..errors import UsageError
from .format import compact_json, quote_text

# An action, whose text is the group; white space that {{- or -}} trims belongs to the match. An action
# without an end has no group and takes all that follows: no part of a template is searched for a second time.
TEMPLATE_ACTION = (r"""(?s)(?:(?:(?<![ \t\r\n])[ \t\r\n]+)?\{\{-\s|\{\{)(?:((?:\s*/\*(?:[^*]|\*(?!/))*\*/)?"""
                   r"""(?:"(?:\\.|[^"\\])*"|`[^`]*`|'(?:\\.|[^'\\])*'|[^"`'}]|\}(?!\}))*?)"""
                   r"""(?:\s-\}\}[ \t\r\n]*|\}\})|.*)""")
TEMPLATE_TOKEN = (r"""(?s)(?P<blank>\s+)|(?P<text>"(?:\\.|[^"\\])*"|`[^`]*`)"""
                  r"""|(?P<number>[+-]?[0-9][0-9A-Za-z_.]*)|(?P<field>\.[^\W\d]\w*)"""
                  r"""|(?P<variable>\.|\$\w*)|(?P<word>[^\W\d]\w*)|(?P<sign>:=|[=|(),])|(?P<wrong>.)""")
# The inside of a quoted text, with Go's escapes, which Python's unicode_escape codec reads too.
TEMPLATE_QUOTED = (r"""(?s)(?:[^\\]|\\(?:[abfnrtv\\'"]|[0-7]{3}"""
                   "|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}))*")
TEMPLATE_WORDS = {"true": True, "false": False, "nil": None}
TEMPLATE_DEEPEST = 64         # blocks and parentheses inside each other


class TemplateSyntaxError(UsageError):
    """A template that cannot be understood."""


class TemplateValueError(UsageError):
    """A template that names something that a value does not have."""


class TemplateFieldError(TemplateValueError):
    """A field that a map does not have."""


class NilType:
    """A null whose type in Go is known; `text` (str) is how it prints."""

    def __init__(self, text):
        self.text = text

    def __len__(self):
        return 0


NIL_POINTER = NilType("<nil>")


# -- parsing: text → nodes
#
#   node: a function of (Template, scope)
#   pipeline: (names of the variables that it declares, commands); command: a list of operands
#   operand: (kind, what it names, fields), where kind is "value", "variable", "function" or "pipeline"

class TemplateParser:
    """One pass over the actions of a template (str)."""

    def __init__(self, template):
        self.template = template
        self.items = re.split(TEMPLATE_ACTION, template)   # texts, and between two of them an action
        self.at = 0
        self.depth = 0
        self.variables = ["$"]    # the names that are declared here

    def refused(self, reason):
        shown = self.template if len(self.template) <= 60 else self.template[:57] + "..."
        return TemplateSyntaxError("template parsing error: %s in %s" % (reason, quote_text(shown)))

    def unexpected(self, text):
        return self.refused("unexpected %s" % quote_text(text))

    def deepen(self, step):
        """Enter (`step` 1) or leave (-1) a block or parentheses: execution nests as deep as these do."""
        self.depth += step
        if self.depth > TEMPLATE_DEEPEST:
            raise self.refused("parentheses or blocks nested too deeply")

    def parse(self):
        nodes, end = self.nodes()
        if end:
            raise self.refused("unexpected {{%s}}" % end)
        return nodes

    def nodes(self):
        """(list of nodes, the {{end}} or {{else}} that ends them or None). Their variables are then gone."""
        nodes, declared = [], len(self.variables)
        while self.at < len(self.items):
            text, is_action = self.items[self.at], self.at % 2
            self.at += 1
            if text is None:
                raise self.refused("unclosed action")
            word = re.match(r"\w*", text.strip()).group()
            if not is_action:
                nodes.append(self.text_node(text))
            elif word in ("end", "else"):
                del self.variables[declared:]
                return nodes, text.strip()
            else:
                nodes.append(self.action(word, text.strip()))
        return nodes, None

    def text_node(self, text):
        return lambda template, scope: scope["out"].append(text)

    def action(self, word, text):
        """The node of the action `text`, which begins with `word`."""
        if text.startswith("/*"):
            if not re.fullmatch(r"(?s)/\*.*?\*/", text):
                raise self.refused("unclosed comment")
            return lambda template, scope: None
        if word in ("if", "range", "with"):
            return self.block(word, text[len(word):])
        pipeline = self.pipeline(text)
        return lambda template, scope: template.show(pipeline, scope)

    def block(self, word, text):
        """The node of an {{if}}, {{with}} or {{range}}, through its {{end}}."""
        self.deepen(1)
        declared = len(self.variables)
        pipeline, otherwise = self.pipeline(text, word == "range"), []
        nodes, end = self.nodes()
        if end is not None and end.startswith("else"):
            rest = end[4:].strip()
            inner = re.match(r"\w*", rest).group()
            if not rest:
                otherwise, end = self.nodes()
            elif inner not in ("if", "with") or word == "range":
                raise self.refused("unexpected %r after {{else" % rest)
            else:   # {{else if}} shares the {{end}} of its {{if}}
                otherwise, end = [self.block(inner, rest[len(inner):])], "end"
        if end != "end":
            raise self.refused("unexpected {{%s}}" % end if end else "no {{end}} for {{%s}}" % word)
        del self.variables[declared:]
        self.deepen(-1)
        return lambda template, scope: template.block(word, pipeline, nodes, otherwise, scope)

    def pipeline(self, text, in_range=False):
        tokens, glued = deque(), False   # (kind, text, whether no white space is before it)
        for match in re.finditer(TEMPLATE_TOKEN, text):
            kind = match.lastgroup
            if kind == "wrong":
                raise self.unexpected(match.group())
            if kind != "blank":
                tokens.append((kind, match.group(), glued))
            glued = kind != "blank"
        pipeline = self.read_pipeline(tokens, in_range)
        if tokens:
            raise self.unexpected(tokens[0][1])
        return pipeline

    def read_pipeline(self, tokens, in_range=False):
        """Take a pipeline from the front of the deque `tokens`, up to a ")" that is not its own."""
        names, signs = [], [tokens[at][1] for at in range(min(4, len(tokens)))]
        if signs[1:2] == [":="] and tokens[0][0] == "variable":
            names = signs[:1]
        elif signs[1:2] == [","] and signs[3:4] == [":="] and in_range:
            names = [signs[0], signs[2]]
        for _ in range(2 * len(names)):
            tokens.popleft()
        commands = [[]]
        while tokens and tokens[0][:2] != ("sign", ")"):
            kind, text, glued = tokens[0]
            command = commands[-1]
            if (kind, text) == ("sign", "|") and command:
                tokens.popleft()
                commands.append([])
            elif not glued or not command:
                command.append(self.operand(tokens))
            elif kind == "field" and command[-1][0] not in ("value", "function"):
                command[-1][2].append(text[1:])
                tokens.popleft()
            else:
                raise self.unexpected(text)
        if not commands[-1]:
            raise self.refused("missing value for command")
        self.variables += names
        return names, commands

    def operand(self, tokens):
        """Take an operand from the front of the deque `tokens`."""
        kind, text, _ = tokens.popleft()
        if kind == "text":
            return "value", self.unquote(text), []
        if kind == "number":
            try:
                return "value", float(text) if "." in text else int(text, 0), []
            except ValueError:
                raise self.refused("bad number %s" % quote_text(text))
        if kind == "field":
            return "variable", ".", [text[1:]]
        if kind == "variable":
            if text not in self.variables and text != ".":
                raise self.refused("undefined variable %s" % quote_text(text))
            return "variable", text, []
        if kind == "word" and text in TEMPLATE_WORDS:
            return "value", TEMPLATE_WORDS[text], []
        if kind == "word":
            if text not in TEMPLATE_FUNCTIONS:
                raise self.refused("function %s not defined (there are %s)"
                                   % (quote_text(text), ", ".join(sorted(TEMPLATE_FUNCTIONS))))
            return "function", text, []
        if text != "(":
            raise self.unexpected(text)
        self.deepen(1)
        pipeline = self.read_pipeline(tokens)
        self.deepen(-1)
        if not tokens:
            raise self.refused("unclosed left paren")
        tokens.popleft()
        return "pipeline", pipeline, []

    def unquote(self, spelled):
        """The str that a quoted text denotes."""
        inside = spelled[1:-1]
        if spelled[0] == "`":
            return inside
        try:
            if re.fullmatch(TEMPLATE_QUOTED, inside):
                return inside.encode("latin-1", "backslashreplace").decode("unicode_escape")
        except UnicodeDecodeError:   # a number beyond those of Unicode
            pass
        raise self.refused("unknown escape in %s" % spelled)


# -- values

def template_text(value, top=True):
    """A value as it prints; `top`: it is not inside another."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "<no value>" if top else "<nil>"
    if isinstance(value, NilType):
        return value.text
    if isinstance(value, dict):
        return "map[%s]" % " ".join("%s:%s" % (key, template_text(value[key], False))
                                    for key in sorted(value) if not callable(value[key]))
    if isinstance(value, (list, tuple)):
        return "[%s]" % " ".join(template_text(one, False) for one in value)
    if isinstance(value, float):
        return "%d" % value if value == int(value) and abs(value) < 1e21 else repr(value)
    return str(value)


class SparseRow(dict):
    """A row whose JSON leaves out fields that are empty, while a template may still name them."""


class ListRow(dict):
    """A row of ps or images, in whose JSON alone the docker CLI escapes <, > and &."""


def json_value(value):
    """`value` as JSON can hold it: without methods, null for a NilType, of a SparseRow only what is set."""
    if isinstance(value, dict):
        left_out = (None, "", 0) if isinstance(value, SparseRow) else ()
        return {key: json_value(one) for key, one in value.items()
                if not callable(one) and one not in left_out}
    if isinstance(value, (list, tuple)):
        return [json_value(one) for one in value]
    return None if isinstance(value, NilType) else value


def template_index(value, *keys):
    for key in keys:
        if isinstance(value, dict) and isinstance(key, str):
            texts = all(isinstance(one, str) for one in value.values())
            value = value.get(key, "" if texts else None)
        elif isinstance(value, NilType) and value.text == "map[]":
            value = ""
        elif isinstance(value, (list, tuple)) and type(key) is int and 0 <= key < len(value):
            value = value[key]
        else:
            raise TypeError
    return value


def template_equal(first, *others):
    return any(type(first) is type(other) and first == other for other in others)


def template_print(*values):
    parts = []
    for number, value in enumerate(values):
        if number and not isinstance(value, str) and not isinstance(values[number - 1], str):
            parts.append(" ")
        parts.append(template_text(value, False))
    return "".join(parts)


def template_printf(pattern, *values):
    values = list(values)

    def replace(match):
        flags, verb = match.groups()
        if verb == "%":
            return "%"
        if not values:
            return "%!" + verb + "(MISSING)"
        value = values.pop(0)
        text = template_text(value, False)
        if verb in "dxXo" and type(value) is int or verb in "feEgG" and type(value) is float:
            return ("%" + flags + verb) % value
        if verb in "vsq" or verb == "t" and isinstance(value, bool):
            return ("%" + flags + "s") % (quote_text(text) if verb == "q" else text)
        raise TemplateValueError("template: printf has no %%%s for %s" % (verb, quote_text(text)))

    return re.sub(r"%([-+# 0]*[0-9]{0,4}(?:[.][0-9]{0,4})?)(.)", replace, pattern)


def template_join(values, separator):
    if not isinstance(values, (list, tuple, NilType)):
        raise TypeError
    return separator.join([template_text(values[number], False) for number in range(len(values))])


# A function may raise TypeError or AttributeError for arguments that it does not take.
TEMPLATE_FUNCTIONS = {
    "and": None, "or": None,   # Template.call evaluates the arguments of these one by one
    "json": lambda value: compact_json(json_value(value), isinstance(value, ListRow)),
    "len": lambda value: len(value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value),
    "index": template_index,
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
    "lt": lambda first, second: first < second,
    "le": lambda first, second: first <= second,
    "gt": lambda first, second: first > second,
    "ge": lambda first, second: first >= second,
    "not": lambda value: not value,
}

# For the header of a table: these functions are given a column's title in place of a value, and return it.
TEMPLATE_HEADER_FUNCTIONS = dict(TEMPLATE_FUNCTIONS, **{
    name: lambda title, *more: title + ""
    for name in ("json", "split", "join", "title", "lower", "upper", "pad", "truncate")})


# -- execution

def apply_function(name, function, arguments):
    try:
        return function(*arguments)
    except (TypeError, AttributeError):   # a wrong number of arguments, or a value of a wrong type
        shown = " ".join(quote_text(template_text(one)[:40]) for one in arguments) or "nothing"
        raise TemplateValueError("template: %s does not take %s" % (name, shown))


class Template:
    """A parsed template (str).

    `nulls(name)`, if given, returns the value of a field `name` that is null or missing. If it returns None,
    a field that is null prints as an empty list, and one that is missing is an error.
    """

    def __init__(self, template, nulls=None):
        self.nulls = nulls
        self.nodes = TemplateParser(template).parse()

    def execute(self, value, header=False, out=None):
        """The text (str) that the template makes of `value`. TemplateValueError where it does not fit.

        `header`: `value` has the titles of a table. `out`, a list, gets the pieces as they come, so that
        those before an error are not lost.
        """
        out = [] if out is None else out
        scope = {".": value, "$": value, "out": out,
                 "functions": TEMPLATE_HEADER_FUNCTIONS if header else TEMPLATE_FUNCTIONS}
        for node in self.nodes:
            node(self, scope)
        return "".join(out)

    def show(self, pipeline, scope):
        """{{pipeline}}, which prints its value unless it declares a variable."""
        value = self.pipeline(pipeline, scope)
        if not pipeline[0]:
            scope["out"].append(template_text(value))

    def block(self, word, pipeline, nodes, otherwise, scope):
        """{{if}}, {{with}} and {{range}}. The variables that a block declares end with it."""
        scope = dict(scope)
        value = self.pipeline(pipeline, scope)
        if word == "range":
            rounds = self.range_pairs(value)
        else:
            rounds = [(None, value if word == "with" else scope["."])] if value else []
        for key, one in rounds:
            inner = dict(scope, **{".": one})
            if word == "range":
                inner.update(zip(pipeline[0], (key, one)[-len(pipeline[0]):]))
            for node in nodes:
                node(self, inner)
        for node in otherwise if not rounds else ():
            node(self, scope)

    def range_pairs(self, value):
        """[(key, value), …] of what {{range}} goes over. TemplateValueError for what has no elements."""
        if isinstance(value, dict):
            return [(key, value[key]) for key in sorted(value) if not callable(value[key])]
        if type(value) is int:
            value = range(value)
        if not isinstance(value, (list, tuple, range, NilType, type(None))):
            raise TemplateValueError("template: range can't iterate over %s"
                                     % quote_text(template_text(value)))
        return list(enumerate(value or ()))

    def pipeline(self, pipeline, scope):
        """The value of the last command; each is given the value of the one before as its last argument."""
        names, commands = pipeline
        piped = []
        for command in commands:
            piped = [self.command(command, piped, scope)]
        scope.update(zip(names, piped * len(names)))
        return piped[0]

    def command(self, command, piped, scope):
        (kind, named, fields), rest = command[0], command[1:]
        if kind == "function":
            return self.call(named, rest, piped, scope)
        value = (self.pipeline(named, scope) if kind == "pipeline"
                 else scope[named] if kind == "variable" else named)
        for number, field in enumerate(fields, 1):
            value = self.field(value, field, "." + ".".join(fields[:number]))
        arguments = [self.command([one], [], scope) for one in rest] + piped
        if callable(value):
            return apply_function("." + fields[-1], value, arguments)
        if arguments:
            raise TemplateValueError("template: %s is no function and takes no argument"
                                     % ("".join("." + field for field in fields) or "this value"))
        return value

    def call(self, name, operands, piped, scope):
        """A function of what `operands` are; those of `and` and `or` are evaluated until one decides."""
        if name not in ("and", "or"):
            arguments = [self.command([operand], [], scope) for operand in operands] + piped
            return apply_function(name, scope["functions"][name], arguments)
        value = None
        for operand in operands:
            value = self.command([operand], [], scope)
            if bool(value) is (name == "or"):
                return value
        return piped[0] if piped else value

    def field(self, value, field, spelled):
        """The `field` (str) of a value; `spelled` is the chain of fields that leads to it, for errors."""
        if not isinstance(value, dict):
            is_nil = value is None or isinstance(value, NilType)
            shown = "nil" if is_nil else quote_text(template_text(value)[:40])
            raise TemplateValueError("template: at %s: %s has no field %s"
                                     % (spelled, shown, quote_text(field)))
        same = [key for key in value if field[:1].isupper() and key.lower() == field.lower()]
        found = field if field in value or not same else same[0]
        if value.get(found) is not None or found in value and self.nulls is None:
            return value.get(found)
        known = self.nulls(found) if self.nulls else None
        if known is None and found not in value:
            raise TemplateFieldError("template: at %s: no entry %s (there are: %s)" % (
                spelled, quote_text(field), ", ".join(sorted(value)) or "none"))
        return NilType("[]") if known is None else known


def unescape_template(template):
    """The template that a --format means: of a shell's escapes, \\t is a tab and \\n a line feed."""
    return template.replace("\\t", "\t").replace("\\n", "\n")
