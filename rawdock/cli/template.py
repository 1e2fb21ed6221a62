"""Templates for --format: the part of Go's text/template that people give to the docker CLI.

    {{.A.B}}  {{$}}  {{$x := .A}}  {{.A | upper}}  {{json .}}  {{index .A "k" 0}}  {{(index .A 0).B}}
    {{$x = .B}}  {{if}} {{else if}} {{else}} {{range $k, $v := .A}} {{with}} {{end}}
    {{/* comment */}}  {{- and -}} trim white space  "text" `text` 'c' 12 0x1F 1.5 true nil

Strategy: TemplateParser turns the template into nodes once. A node is a function of the Template and of a
scope: a dict of "out" and "functions", what an execution writes to and calls, and of "." and the variables,
each a list of one value, so that a block can assign to a variable that was declared around it.

Refuses, with one line that names it: a template that cannot be parsed (TemplateSyntaxError), and a field or
an index that a value does not have (TemplateValueError). If no field has the exact name, one that differs
from it in case only is taken, because Go's fields (`.ID`) differ so from the names in JSON (`Id`).

Leaves out: break, continue, define, template, block, and complex numbers.
"""
import re
from collections import deque

from ..errors import UsageError
from .format import quote_text
from .template_functions import (TEMPLATE_FUNCTIONS, TEMPLATE_HEADER_FUNCTIONS, GoMap, NilType,
                                 TemplateValueError, template_text)

# An action, whose text is the group; white space that {{- or -}} trims belongs to the match. An action
# without an end has no group and takes all that follows: no part of a template is searched for a second time.
TEMPLATE_ACTION = (r"""(?s)(?:(?:(?<![ \t\r\n])[ \t\r\n]+)?\{\{-\s|\{\{)(?:((?:\s*/\*(?:[^*]|\*(?!/))*\*/)?"""
                   r"""(?:"(?:\\.|[^"\\])*"|`[^`]*`|'(?:\\.|[^'\\])*'|[^"`'}]|\}(?!\}))*?)"""
                   r"""(?:\s-\}\}[ \t\r\n]*|\}\})|.*)""")
TEMPLATE_TOKEN = (r"""(?s)(?P<blank>\s+)|(?P<text>"(?:\\.|[^"\\])*"|`[^`]*`)"""
                  r"""|(?P<letter>'(?:\\.[^']*|[^'\\])')"""
                  r"""|(?P<number>[+-]?\.?[0-9](?:[0-9A-Za-z_.]|(?<=[eE])[+-])*)|(?P<field>\.[^\W\d]\w*)"""
                  r"""|(?P<variable>\.|\$\w*)|(?P<word>[^\W\d]\w*)|(?P<sign>:=|[=|(),])|(?P<wrong>.)""")
# The inside of a quoted text, with Go's escapes, which Python's unicode_escape codec reads too.
TEMPLATE_QUOTED = (r"""(?s)(?:[^\\]|\\(?:[abfnrtv\\'"]|[0-7]{3}"""
                   "|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}))*")
TEMPLATE_WORDS = {"true": True, "false": False, "nil": None}
TEMPLATE_DEEPEST = 64         # blocks and parentheses inside each other


class TemplateSyntaxError(UsageError):
    """A template that cannot be understood."""


class TemplateFieldError(TemplateValueError):
    """A field that a struct does not have."""


# -- parsing: text → nodes
#
#   node: a function of (Template, scope)
#   pipeline: (names of the variables that it sets, whether it declares them, commands)
#   command: a list of operands
#   operand: (kind, what it names, fields), where kind is "value", "variable", "function" or "pipeline"

class TemplateParser:
    """One pass over the actions of a template (str), which may use the `functions` (dict)."""

    def __init__(self, template, functions=TEMPLATE_FUNCTIONS):
        self.template, self.functions = template, functions
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
        declares = signs[1:2] != ["="]
        sets = signs[1:2] == [":="] or signs[1:2] == ["="] and not in_range
        if sets and tokens[0][0] == "variable":
            names = signs[:1]
            if not declares and names[0] not in self.variables:
                raise self.refused("undefined variable %s" % quote_text(names[0]))
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
        self.variables += names if declares else []
        return names, declares, commands

    def operand(self, tokens):
        """Take an operand from the front of the deque `tokens`."""
        kind, text, _ = tokens.popleft()
        if kind == "text":
            return "value", self.unquote(text), []
        if kind == "letter":
            letter = self.unquote('"%s"' % text[1:-1].replace('"', '\\"'))
            if len(letter) != 1:
                raise self.refused("malformed character constant: %s" % text)
            return "value", ord(letter), []
        if kind == "number":
            try:
                return "value", read_number(text), []
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
            if text not in self.functions:
                raise self.refused("function %s not defined (there are %s)"
                                   % (quote_text(text), ", ".join(sorted(self.functions))))
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


def read_number(text):
    """A number as Go writes it: 12, 0x1F, 017, 1_000, 1.5, 1e3. ValueError if it is none."""
    if re.fullmatch("[+-]?0[0-7_]+", text):
        return int(text.replace("_", ""), 8)
    is_float = re.fullmatch(r"[+-]?[0-9_]*\.?[0-9_]*(?:[eE].*)?", text) and re.search("[.eE]", text)
    return float(text) if is_float else int(text, 0)


# -- execution

def apply_function(name, function, arguments):
    try:
        return function(*arguments)
    except (TypeError, AttributeError):   # a wrong number of arguments, or a value of a wrong type
        shown = " ".join(quote_text(template_text(one)[:40]) for one in arguments) or "nothing"
        raise TemplateValueError("template: %s does not take %s" % (name, shown))


class Template:
    """A parsed template (str), which may use the `functions` (dict of name to function)."""

    def __init__(self, template, functions=TEMPLATE_FUNCTIONS):
        self.functions = functions
        self.nodes = TemplateParser(template, functions).parse()

    def execute(self, value, header=False, out=None):
        """The text (str) that the template makes of `value`. TemplateValueError where it does not fit.

        `header`: `value` has the titles of a table. `out`, a list, gets the pieces as they come, so that
        those before an error are not lost.
        """
        out = [] if out is None else out
        scope = {".": [value], "$": [value], "out": out,
                 "functions": TEMPLATE_HEADER_FUNCTIONS if header else self.functions}
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
            rounds = [(None, value if word == "with" else scope["."][0])] if value else []
        for key, one in rounds:
            inner = dict(scope, **{".": [one]})
            if word == "range":
                inner.update(zip(pipeline[0], ([key], [one])[-len(pipeline[0]):]))
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
        names, declares, commands = pipeline
        piped = []
        for command in commands:
            if command[0][:2] == ("value", None):
                raise TemplateValueError("template: nil is not a command")
            piped = [self.command(command, piped, scope)]
        for name in names:
            if declares:
                scope[name] = list(piped)
            else:
                scope[name][:] = piped
        return piped[0]

    def command(self, command, piped, scope):
        (kind, named, fields), rest = command[0], command[1:]
        if kind == "function":
            return self.call(named, rest, piped, scope)
        value = (self.pipeline(named, scope) if kind == "pipeline"
                 else scope[named][0] if kind == "variable" else named)
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
        if name not in ("and", "or") or not operands + piped:
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
        if field in value or isinstance(value, GoMap):
            return value.get(field)
        same = [key for key in value if field[:1].isupper() and key.lower() == field.lower()]
        if not same:
            raise TemplateFieldError("template: at %s: no entry %s (there are: %s)" % (
                spelled, quote_text(field), ", ".join(sorted(value)) or "none"))
        return value[same[0]]


def unescape_template(template):
    """The template that a --format means: of a shell's escapes, \\t is a tab and \\n a line feed."""
    return template.replace("\\t", "\t").replace("\\n", "\n")
