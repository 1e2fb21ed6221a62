"""Templates for --format: the part of Go's text/template that people give to the docker CLI.

    {{.A.B}}  {{$}}  {{$x := .A}}  {{.A | upper}}  {{json .}}  {{index .A "k" 0}}  {{(index .A 0).B}}
    {{if}} {{else if}} {{else}} {{range $k, $v := .A}} {{with}} {{break}} {{continue}} {{end}}
    {{/* comment */}}  {{- and -}} trim blanks  "text" `text` 'c' 12 1.5 true false nil

Strategy: a template is parsed once into nested tuples, then walked for each row. Values
are what JSON gives; a map prints as `map[a:1 b:2]` in the order of its keys, a list as `[1 2]`.

Refuses, in one line that names it: what cannot be parsed (TemplateSyntaxError) and a field
or an index that is not there (TemplateValueError). A field is found in any case when its
exact name is not there, because Go's fields (`.ID`) differ from JSON's names (`Id`).

Leaves out: define, template, block, slice, html, js, urlquery, call, complex numbers, and
that Go knows the type of a null; `nulls` stands in for that.
"""
import re
from collections import deque

from ..errors import UsageError
from .format import compact_json, quote_text

TEMPLATE_ACTION = (r"""\{\{(-\s)?((?:"(?:\\.|[^"\\])*"|`[^`]*`|'(?:\\.|[^'\\])*'"""
                   r"""|/\*.*?\*/|[^"`'}]|\}(?!\}))*?)(\s-)?\}\}""")
TEMPLATE_TOKEN = (r"""(?P<blank>\s+)|(?P<text>"(?:\\.|[^"\\])*"|`[^`]*`)|(?P<letter>'(?:\\.|[^'\\])+')"""
                  r"""|(?P<number>[+-]?[0-9][0-9A-Za-z_.]*)|(?P<field>\.[^\W\d]\w*)|(?P<dot>\.)"""
                  r"""|(?P<variable>\$\w*)|(?P<word>[^\W\d]\w*)|(?P<sign>:=|[=|(),])|(?P<wrong>.)""")
TEMPLATE_BLOCKS = ("if", "range", "with")
TEMPLATE_WORDS = {"true": True, "false": False, "nil": None}
TEMPLATE_UNSUPPORTED = ("define", "template", "block")
TEMPLATE_SHOWN_NAMES = 24     # in an error, of those a map has
TEMPLATE_DEEPEST = 64         # blocks and parentheses inside each other
TEMPLATE_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
                    "\\": "\\", '"': '"', "'": "'"}


class TemplateSyntaxError(UsageError):
    """A template that cannot be understood."""


class TemplateValueError(UsageError):
    """A template that asks for something a value does not have."""


class TemplateFieldError(TemplateValueError):
    """A field that a map does not have."""


class NilType:
    """A null whose kind is known: how it prints."""

    def __init__(self, text):
        self.text = text

    def __bool__(self):
        return False

    def __len__(self):
        return 0


NIL_POINTER = NilType("<nil>")


class TemplateLoopEnd(Exception):
    """{{break}} or {{continue}} on its way to its {{range}}."""


# -- parsing: text → a tuple of nodes
#
#   ("text", str)  ("print", pipeline)  ("break",)  ("continue",)
#   ("if" | "with" | "range", pipeline, nodes, else-nodes)
#   pipeline: (names declared, is it "=", commands); command: list of operands
#   operand: ("value", v) ("dot",) ("variable", name) ("function", name) ("pipeline", pipeline),
#            then a tuple of fields

def refused_template(template, reason):
    shown = template if len(template) <= 60 else template[:57] + "..."
    return TemplateSyntaxError("template parsing error: %s in %s" % (reason, quote_text(shown)))


def unquote_template_text(template, spelled):
    if spelled[0] == "`":
        return spelled[1:-1]

    def replace(match):
        code = match.group(1)
        if code[0] in "xuU" and len(code) > 1:   # alone, its digits are missing
            number = int(code[1:], 16)
            return chr(number) if number < 0x110000 else "\ufffd"
        if code[0] in "01234567" and len(code) == 3:
            return chr(int(code, 8))
        if code not in TEMPLATE_ESCAPES:
            raise refused_template(template, "unknown escape \\%s" % code)
        return TEMPLATE_ESCAPES[code]

    return re.sub(r"(?s)\\(x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[0-7]{3}|.)", replace,
                  spelled[1:-1])


class TemplateParser:
    """One pass over the actions of a template."""

    def __init__(self, template):
        self.template = template
        self.items = []           # ("text", str) or ("action", str)
        self.at = 0
        self.loops = 0
        self.depth = 0
        position, trim_left = 0, False
        for match in re.finditer(TEMPLATE_ACTION, template, re.DOTALL):
            text = template[position:match.start()]
            self._add_text(text.rstrip() if match.group(1) else text, trim_left)
            self.items.append(("action", match.group(2)))
            trim_left, position = bool(match.group(3)), match.end()
        self._add_text(template[position:], trim_left)

    def _add_text(self, text, trim_left):
        if "{{" in text:
            raise refused_template(self.template, "unclosed action")
        text = text.lstrip() if trim_left else text
        if text:
            self.items.append(("text", text))

    def deeper(self, step):
        """Blocks and parentheses under way: the walk that follows is as deep."""
        self.depth += step
        if self.depth > TEMPLATE_DEEPEST:
            raise refused_template(self.template, "parentheses or blocks nested too deeply")

    def parse(self):
        nodes, end = self.nodes()
        if end:
            raise refused_template(self.template, "unexpected {{%s}}" % end)
        return nodes

    def nodes(self):
        """(nodes up to an {{end}} or {{else}} that is not theirs, that action or None)."""
        nodes = []
        while self.at < len(self.items):
            kind, text = self.items[self.at]
            self.at += 1
            if kind == "text":
                nodes.append(("text", text))
                continue
            text = text.strip()
            if text.startswith("/*"):
                if not re.fullmatch(r"/\*.*?\*/", text, re.DOTALL):
                    raise refused_template(self.template, "unclosed comment")
                continue
            word = re.match(r"\w*", text).group()
            if word in ("end", "else"):
                return tuple(nodes), text
            if word in TEMPLATE_UNSUPPORTED:
                raise refused_template(self.template, "{{%s}} is not supported" % word)
            if word in ("break", "continue") and text == word:
                if not self.loops:
                    raise refused_template(self.template, "{{%s}} outside {{range}}" % word)
                nodes.append((word,))
            elif word in TEMPLATE_BLOCKS:
                nodes.append(self.block(word, text[len(word):]))
            else:
                nodes.append(("print", self.pipeline(text)))
        return tuple(nodes), None

    def block(self, word, text):
        self.deeper(1)
        pipeline, otherwise = self.pipeline(text, word), ()
        self.loops += word == "range"
        nodes, end = self.nodes()
        self.loops -= word == "range"
        if end is not None and end.startswith("else"):
            rest = end[4:].strip()
            inner = re.match(r"\w*", rest).group()
            if not rest:
                otherwise, end = self.nodes()
            elif inner not in ("if", "with") or word == "range":
                raise refused_template(self.template, "unexpected %r after {{else" % rest)
            else:   # {{else if}} shares the {{end}} of its {{if}}
                otherwise, end = (self.block(inner, rest[len(inner):]),), "end"
        if end is None:
            raise refused_template(self.template, "no {{end}} for {{%s}}" % word)
        if end != "end":
            raise refused_template(self.template, "unexpected {{%s}}" % end)
        self.deeper(-1)
        return word, pipeline, nodes, otherwise

    def unexpected(self, text):
        return refused_template(self.template, "unexpected %s" % quote_text(text))

    def pipeline(self, text, block=None):
        tokens, glued = deque(), False   # (kind, text, whether no blank stands before it)
        for match in re.finditer(TEMPLATE_TOKEN, text, re.DOTALL):
            kind = match.lastgroup
            if kind == "wrong":
                raise self.unexpected(match.group())
            if kind != "blank":
                tokens.append((kind, match.group(), glued))
            glued = kind != "blank"
        pipeline = self.read_pipeline(tokens, block)
        if tokens:
            raise self.unexpected(tokens[0][1])
        return pipeline

    def read_pipeline(self, tokens, block=None):
        """Take a pipeline from the front of the deque `tokens`, up to a ")" that is not its own."""
        names, assigns = [], False
        signs = [text for _, text, _ in list(tokens)[:4]]
        if signs[1:2] in ([":="], ["="]) and tokens[0][0] == "variable":
            names, assigns = signs[:1], signs[1] == "="
        elif signs[1:2] == [","] and signs[3:4] == [":="] and block == "range":
            names = [signs[0], signs[2]]
        for _ in range(2 * len(names)):
            tokens.popleft()
        commands = [[]]
        while tokens and tokens[0][:2] != ("sign", ")"):
            kind, text, glued = tokens[0]
            command = commands[-1]
            if (kind, text) == ("sign", "|"):
                if not command:
                    break
                tokens.popleft()
                commands.append([])
            elif not glued or not command:
                command.append(self.operand(tokens))
            elif kind == "field" and command[-1][0][0] not in ("value", "function"):
                command[-1] = (command[-1][0], command[-1][1] + (text[1:],))
                tokens.popleft()
            else:
                raise self.unexpected(text)
        if not commands[-1]:
            raise refused_template(self.template, "missing value for command")
        return tuple(names), assigns, tuple(map(tuple, commands))

    def operand(self, tokens):
        """Take an operand from the front of the deque `tokens` → (operand, fields)."""
        kind, text, _ = tokens.popleft()
        if kind in ("text", "letter"):
            value = unquote_template_text(self.template, text)
            return ("value", value if kind == "text" else ord(value[:1])), ()
        if kind == "number":
            try:
                whole = re.fullmatch("[+-]?(0[xX][0-9A-Fa-f]+|0[bB][01]+|0[oO][0-7]+|0|[1-9][0-9]*)", text)
                return ("value", int(text, 0) if whole else float(text)), ()
            except ValueError:
                raise refused_template(self.template, "bad number %s" % quote_text(text))
        if kind in ("dot", "field"):
            return ("dot",), (text[1:],) if kind == "field" else ()
        if kind == "variable":
            return ("variable", text), ()
        if kind == "word" and text in TEMPLATE_WORDS:
            return ("value", TEMPLATE_WORDS[text]), ()
        if kind == "word":
            known = list(TEMPLATE_FUNCTIONS) + ["and", "or"]
            if text not in known:
                raise refused_template(self.template, "function %s not defined (there are %s)" % (
                    quote_text(text), ", ".join(sorted(known))))
            return ("function", text), ()
        if text != "(":
            raise self.unexpected(text)
        self.deeper(1)
        pipeline = self.read_pipeline(tokens)
        self.deeper(-1)
        if not tokens:
            raise refused_template(self.template, "unclosed left paren")
        tokens.popleft()
        return ("pipeline", pipeline), ()


# -- values

def template_text(value, top=True):
    """A value as it prints."""
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


def template_truth(value):
    """{{if}}'s: false are false, 0, "", null, and what is empty."""
    return bool(value)


def plain_template_value(value):
    """`value` for JSON: methods out, nulls plain, and of a SparseRow only what is set."""
    if isinstance(value, dict):
        sparse = isinstance(value, SparseRow)
        return {key: plain_template_value(one) for key, one in value.items()
                if not callable(one) and not (sparse and one in (None, "", 0))}
    if isinstance(value, (list, tuple)):
        return [plain_template_value(one) for one in value]
    return None if isinstance(value, NilType) else value


class SparseRow(dict):
    """A row whose JSON leaves out fields that are empty, while a template may still name them."""


class ListRow(dict):
    """A row of ps or images: in its JSON <, > and & are escaped, as the docker CLI has it there and nowhere
    else.
    """


def template_json(value):
    return compact_json(plain_template_value(value), isinstance(value, ListRow))


def wrong_value(function, value, wanted):
    return TemplateValueError("template: %s takes %s, got %s" % (function, wanted,
                                                                 quote_text(template_text(value))))


def need_text(function, value):
    if not isinstance(value, str):
        raise wrong_value(function, value, "text")
    return value


def template_length(value):
    if isinstance(value, str):
        return len(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, (dict, list, tuple, NilType)):
        return len(value)
    raise wrong_value("len", value, "text, a list or a map")


def template_index(value, *keys):
    for key in keys:
        if isinstance(value, dict):
            if not isinstance(key, str):
                raise wrong_value("index", key, "the name of a map's entry")
            texts = all(isinstance(one, str) for one in value.values())
            value = value.get(key, "" if texts else None)
        elif isinstance(value, NilType) and value.text == "map[]":
            value = ""
        elif isinstance(value, (list, tuple, NilType)):
            if isinstance(key, bool) or not isinstance(key, int):
                raise wrong_value("index", key, "a whole number for a list")
            if not 0 <= key < len(value):
                raise TemplateValueError("template: index out of range: %d (the list has %d)"
                                         % (key, len(value)))
            value = value[key]
        else:
            raise wrong_value("index", value, "a list or a map")
    return value


def template_equal(first, *others):
    return any(type(first) is type(other) and first == other for other in others)


def template_less(first, second):
    kinds = (str,) if isinstance(first, str) else (int, float)
    if isinstance(first, bool) or not isinstance(first, kinds) or not isinstance(second, kinds):
        raise wrong_value("a comparison", second if isinstance(first, kinds) else first,
                          "two numbers or two texts")
    return first < second


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
        flags, verb = match.group(1), match.group(2)
        if verb == "%":
            return "%"
        if not values:
            return "%!" + verb + "(MISSING)"
        value = values.pop(0)
        if verb in "vs":
            return ("%" + flags + "s") % template_text(value, False)
        if verb == "q":
            return ("%" + flags + "s") % quote_text(template_text(value, False))
        if verb == "t" and isinstance(value, bool):
            return ("%" + flags + "s") % template_text(value)
        if verb in "dxXo" and isinstance(value, int) and not isinstance(value, bool):
            return ("%" + flags + verb) % value
        if verb in "feEgG" and isinstance(value, float):
            return ("%" + flags + verb) % value
        shown = quote_text(template_text(value))
        raise TemplateValueError("template: printf has no %%%s for %s" % (verb, shown))

    return re.sub(r"%([-+# 0]*[0-9]{0,4}(?:[.][0-9]{0,4})?)(.)", replace, need_text("printf", pattern))


def template_join(values, separator):
    if not isinstance(values, (list, tuple, NilType)):
        raise wrong_value("join", values, "a list")
    return separator.join([template_text(values[number], False) for number in range(len(values))])


def template_pad(text, before, after):
    return " " * before + text + " " * after if text else text


TEMPLATE_FUNCTIONS = {
    "json": template_json,
    "len": template_length,
    "index": template_index,
    "upper": lambda text: need_text("upper", text).upper(),
    "lower": lambda text: need_text("lower", text).lower(),
    "title": lambda text: re.sub(r"\b\w", lambda match: match.group().upper(), need_text("title", text)),
    "split": lambda text, separator: need_text("split", text).split(separator) if separator else list(text),
    "join": template_join,
    "pad": template_pad,
    "truncate": lambda text, count: need_text("truncate", text)[:count],
    "print": template_print,
    "println": lambda *values: " ".join(template_text(value, False) for value in values) + "\n",
    "printf": template_printf,
    "eq": template_equal,
    "ne": lambda first, second: not template_equal(first, second),
    "lt": template_less,
    "le": lambda first, second: not template_less(second, first),
    "gt": lambda first, second: template_less(second, first),
    "ge": lambda first, second: not template_less(first, second),
    "not": lambda value: not template_truth(value),
}

# In the header of a table a function gets the column's title instead of a value, and gives it back.
TEMPLATE_HEADER_FUNCTIONS = {name: (lambda title, *more: need_text("a title", title))
                             for name in ("json", "split", "join", "title", "lower", "upper", "pad",
                                          "truncate")}


def names_there(field, value):
    """What a map has, to choose from: all of it, or what is spelled like `field`."""
    names = sorted(value)
    if len(names) > TEMPLATE_SHOWN_NAMES:
        from difflib import get_close_matches
        near = get_close_matches(field, names, 3, 0.5)
        if near:
            return "did you mean %s?" % ", ".join(near)
        return "{{json .}} shows the %d there are" % len(names)
    return "there are: " + ", ".join(names) if names else "there are none"


class Template:
    """A parsed template. `execute(value)` → text.

    `nulls(name)` says what a field `name` that is null, or that is missing, stands for (a value,
    or None: nothing known, and a missing one is then an error).
    """

    def __init__(self, template, nulls=None):
        self.template = template
        self.nulls = nulls
        self.root = TemplateParser(template).parse()

    def execute(self, value, header=False, out=None):
        """`header`: a table's titles are meant. `out`, a list, gets the pieces as they come, so also those
        before an error.
        """
        out = [] if out is None else out
        functions = dict(TEMPLATE_FUNCTIONS, **TEMPLATE_HEADER_FUNCTIONS) if header else TEMPLATE_FUNCTIONS
        self._nodes(self.root, value, [{"$": value}], out, functions)
        return "".join(out)

    def _nodes(self, nodes, dot, names, out, functions):
        for node in nodes:
            kind = node[0]
            if kind == "text":
                out.append(node[1])
            elif kind == "print":
                value = self._pipeline(node[1], dot, names, functions)
                if not node[1][0]:
                    out.append(template_text(value))
            elif kind in ("break", "continue"):
                raise TemplateLoopEnd(kind)
            else:
                # What a block declares ends with it; what it assigns does not.
                self._block(node, dot, names + [{}], out, functions)

    def _block(self, node, dot, names, out, functions):
        kind, pipeline, nodes, otherwise = node
        if kind == "range":
            return self._range(node, dot, names, out, functions)
        value = self._pipeline(pipeline, dot, names, functions)
        if template_truth(value):
            self._nodes(nodes, value if kind == "with" else dot, names, out, functions)
        else:
            self._nodes(otherwise, dot, names, out, functions)

    def _range(self, node, dot, names, out, functions):
        _, (declared, _, commands), nodes, otherwise = node
        value = self._pipeline(((), False, commands), dot, names, functions)
        if isinstance(value, bool) or not isinstance(value, (dict, list, tuple, int, NilType, type(None))):
            shown = quote_text(template_text(value))
            raise TemplateValueError("template: range can't iterate over %s" % shown)
        if isinstance(value, dict):
            pairs = [(key, value[key]) for key in sorted(value)]
        else:
            pairs = list(enumerate(range(value) if isinstance(value, int) else value or ()))
        if not pairs:
            return self._nodes(otherwise, dot, names, out, functions)
        for key, one in pairs:
            inner = names + [dict(zip(declared[::-1], (one, key)))]
            try:
                self._nodes(nodes, one, inner, out, functions)
            except TemplateLoopEnd as end:
                if end.args[0] == "break":
                    break

    def _pipeline(self, pipeline, dot, names, functions):
        declared, assigns, commands = pipeline
        value = None
        for number, command in enumerate(commands):
            value = self._command(command, (value,) if number else (), dot, names, functions)
        for name in declared:
            (self._scope(name, names) if assigns else names[-1])[name] = value
        return value

    def _scope(self, name, names):
        """The innermost of the dicts `names` that has the variable."""
        for scope in names[::-1]:
            if name in scope:
                return scope
        raise TemplateSyntaxError("template parsing error: undefined variable %s" % quote_text(name))

    def _command(self, command, piped, dot, names, functions):
        (operand, fields), rest = command[0], command[1:]
        if operand[0] == "function":
            return self._call(operand[1], rest, piped, dot, names, functions)
        value = self._operand(operand, dot, names, functions)
        for number, field in enumerate(fields):
            value = self._field(value, field, fields[:number + 1])
        arguments = [self._command((one,), (), dot, names, functions) for one in rest] + list(piped)
        if callable(value):
            return self._apply("." + fields[-1], value, arguments)
        if arguments:
            spelled = self._spelled(operand, fields)
            raise TemplateValueError("template: %s is no function and takes no argument" % spelled)
        return value

    def _spelled(self, operand, fields):
        name = operand[1] if operand[0] == "variable" else ""
        return name + "".join("." + field for field in fields) or "this value"

    def _operand(self, operand, dot, names, functions):
        kind = operand[0]
        if kind == "value":
            return operand[1]
        if kind == "dot":
            return dot
        if kind == "variable":
            return self._scope(operand[1], names)[operand[1]]
        return self._pipeline(operand[1], dot, names, functions)

    def _call(self, name, operands, piped, dot, names, functions):
        if name in ("and", "or"):
            value = None
            for operand in operands:
                value = self._command((operand,), (), dot, names, functions)
                if template_truth(value) is (name == "or"):
                    return value
            return piped[0] if piped else value
        arguments = [self._command((operand,), (), dot, names, functions)
                     for operand in operands] + list(piped)
        return self._apply(name, functions[name], arguments)

    def _apply(self, name, function, arguments):
        try:
            return function(*arguments)
        except (TypeError, AttributeError):
            # Also a value of the wrong kind: the functions above take any, and Python tells.
            shown = " ".join(quote_text(template_text(one)) for one in arguments) or "nothing"
            raise TemplateValueError("template: %s does not take %s" % (name, shown))

    def _field(self, value, field, chain):
        spelled = "." + ".".join(chain)
        if isinstance(value, dict):
            if field not in value:
                near = [key for key in value if key.lower() == field.lower()] if field[:1].isupper() else []
                if not near:
                    known = self.nulls(field) if self.nulls else None
                    if known is not None:
                        return known
                    raise TemplateFieldError("template: at %s: no entry %s (%s)"
                                             % (spelled, quote_text(field), names_there(field, value)))
                field = near[0]
            value = value[field]
            if value is None and self.nulls:
                known = self.nulls(field)
                return NilType("[]") if known is None else known
            return value
        if value is None or isinstance(value, NilType):
            raise TemplateValueError("template: at %s: nil has no field %s" % (spelled, quote_text(field)))
        raise TemplateValueError("template: at %s: %s has no field %s" % (
            spelled, quote_text(template_text(value)[:40]), quote_text(field)))


def unescape_template(template):
    """The two escapes that a shell leaves in a --format: \\t and \\n."""
    return template.replace("\\t", "\t").replace("\\n", "\n")
