"""Templates for --format: the part of Go's text/template that people give to the docker CLI.

    {{.A.B}}  {{$}}  {{$x := .A}}  {{.A | upper}}  {{json .}}  {{index .A "k" 0}}  {{(index .A 0).B}}
    {{$x = .B}}  {{if}} {{else if}} {{else}} {{range $k, $v := .A}} {{break}} {{continue}} {{with}} {{end}}
    {{define "name"}} {{template "name" .A}} {{block "name" .A}}
    {{/* comment */}}  {{- and -}} trim white space  "text" `text` 'c' 12 0x1F 1.5 true nil

Strategy: TemplateParser turns the template into nodes once. A node is a function of a TemplateRun, which is
one execution, and of the value of the dot. It returns None, or "break" or "continue" to leave a {{range}}.
Each variable has a slot (int), which the parser chooses, so that a block need not copy the others.

Refuses, in Go's words: a template that cannot be parsed (TemplateSyntaxError), and an action that does not
fit its value (TemplateValueError). If no field has the exact name, one that differs from it in case only is
taken, because Go's fields (`.ID`) differ so from the names in JSON (`Id`).

Leaves out: complex numbers.
"""
import re
from collections import deque, namedtuple

from ..errors import UsageError
from .format import quote_text
from .template_functions import (NIL_POINTER, TEMPLATE_FUNCTIONS, TEMPLATE_HEADER_FUNCTIONS, TEMPLATE_KINDS,
                                 GoMap, GoStruct, ListRow, NilType, SparseRow, TemplateValueError,
                                 template_text, type_name)

# An action, whose text is the group; white space that {{- or -}} trims belongs to the match. An action
# without an end has no group and takes all that follows: no part of a template is searched for a second time.
TEMPLATE_ACTION = (r"""(?s)(?:(?:(?<![ \t\r\n])[ \t\r\n]+)?\{\{-\s|\{\{)(?:((?:\s*/\*(?:[^*]|\*(?!/))*\*/)?"""
                   r"""(?:"(?:\\.|[^"\\])*"|`[^`]*`|'(?:\\.|[^'\\])*'|[^"`'}]|\}(?!\}))*?)"""
                   r"""(?:\s-\}\}[ \t\r\n]*|\}\})|.*)""")
TEMPLATE_TOKEN = (r"""(?s)(?P<blank>\s+)|(?P<text>"(?:\\.|[^"\\])*"|`[^`]*`)"""
                  r"""|(?P<letter>'(?:\\.|[^'\\])*')"""
                  r"""|(?P<number>[+-]?\.?[0-9](?:[0-9A-Za-z_.]|(?<=[eE])[+-])*)|(?P<field>\.[^\W\d]\w*)"""
                  r"""|(?P<variable>\.|\$\w*)|(?P<word>[^\W\d]\w*)|(?P<sign>:=|[=|(),])|(?P<wrong>.)""")
# The inside of a quoted text, with Go's escapes, which Python's unicode_escape codec reads too.
TEMPLATE_QUOTED = (r"""(?s)(?:[^\\]|\\(?:[abfnrtv\\'"]|[0-7]{3}"""
                   "|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}))*")
TEMPLATE_WORDS = {"true": True, "false": False, "nil": None}
TEMPLATE_DEEPEST = 64         # blocks, parentheses and {{template}}s inside each other


class TemplateSyntaxError(UsageError):
    """A template that cannot be understood."""


class TemplateFieldError(TemplateValueError):
    """A field that a struct does not have."""


# -- parsing: text → nodes

# A piece of an action; `at` (int, an offset in the template) and `text` (str) are for errors. By its `kind`:
#   value      `named` is the value                variable   `named` is its slot, None for the dot
#   function   `named` is its name                 pipeline   `named` is (slots of the variables that it sets,
#   template   `named` is the name of another                 a list of commands)
#   command    `named` is a list of operands: a function, or a value, and its arguments
# `fields` (list of str) are those that follow a variable, or a pipeline in parentheses.
TemplatePart = namedtuple("TemplatePart", "kind named fields at text")
TemplateToken = namedtuple("TemplateToken", "kind text at glued")   # `glued`: no white space is before it


class TemplateParser:
    """One pass over the actions of a template (str), which may use the `functions` (dict).

    `name` (str) is what errors call it.
    """

    def __init__(self, template, functions=TEMPLATE_FUNCTIONS, name=""):
        self.template = template
        self.functions = functions
        self.name = name
        self.items = []           # (text, its offset, whether it is an action)
        self.at = 0
        self.depth = 0
        self.ranges = 0         # how many {{range}}s are around this place
        self.templates = {}       # the nodes of each {{define}}
        self.declared = ["$"]     # the names of the variables here; the place of one is its slot
        self.slots = {"$": [0]}   # the slots of each name, the innermost last
        end = 0
        for action in re.finditer(TEMPLATE_ACTION, template):
            self.items.append((template[end:action.start()], end, False))
            self.items.append((action.group(1), action.start(1), True))
            end = action.end()
        self.items.append((template[end:], end, False))

    def refused(self, reason, at=None):
        """A TemplateSyntaxError at the offset `at`, the end of the template without it."""
        return TemplateSyntaxError("template: %s:%d: %s" % (
            self.name, self.template.count("\n", 0, at) + 1, reason))

    def unexpected(self, token, place="operand"):
        return self.refused("unexpected %s in %s" % (quote_text(token.text), place), token.at)

    def deepen(self, step, at):
        """Enter (`step` 1) or leave (-1) a block or parentheses: execution nests as deep as these do."""
        self.depth += step
        if self.depth > TEMPLATE_DEEPEST:
            raise self.refused("parentheses or blocks nested too deeply", at)

    def parse(self):
        self.templates[self.name], end, at = self.nodes()
        if end:
            raise self.refused("unexpected {{%s}}" % end, at)
        return self.templates

    def nodes(self):
        """(list of nodes, the {{end}} or {{else}} that ends them or None, its offset).

        The variables that the nodes declare are then gone.
        """
        nodes, declared = [], len(self.declared)
        while self.at < len(self.items):
            text, at, is_action = self.items[self.at]
            self.at += 1
            if text is None:
                raise self.refused("unclosed action")
            if not is_action:
                nodes.append(self.text_node(text))
                continue
            at += len(text) - len(text.lstrip())
            text = text.strip()
            word = re.match(r"\w*", text).group()
            if word in ("end", "else"):
                self.end_variables(declared)
                return nodes, text, at
            nodes.append(self.action(word, text, at))
        return nodes, None, None

    def end_variables(self, declared):
        """Forget the variables but the first `declared`."""
        while len(self.declared) > declared:
            self.slots[self.declared.pop()].pop()

    def text_node(self, text):
        return lambda run, dot: run.out.append(text)

    def action(self, word, text, at):
        """The node of the action `text`, which begins with `word`, at the offset `at`."""
        rest = text[len(word):]
        if text.startswith("/*"):
            if not re.fullmatch(r"(?s)/\*.*?\*/", text):
                raise self.refused("comment ends before closing delimiter" if "*/" in text
                                   else "unclosed comment", at)
            return lambda run, dot: None
        if word in ("if", "range", "with"):
            return self.block(word, rest, at)
        if word in ("define", "template", "block"):
            return self.named_template(word, rest, at)
        if word in ("break", "continue"):
            if rest.strip():
                raise self.refused("unexpected %s in {{%s}}" % (quote_text(rest.strip()), word), at)
            if not self.ranges:
                raise self.refused("{{%s}} outside {{range}}" % word, at)
            return lambda run, dot: word
        pipeline = self.pipeline(text, at)
        return lambda run, dot: run.show(pipeline, dot)

    def block(self, word, text, at):
        """The node of an {{if}}, {{with}} or {{range}}, through its {{end}}."""
        self.deepen(1, at)
        declared, otherwise = len(self.declared), []
        pipeline = self.pipeline(text, at + len(word), word)
        self.ranges += word == "range"
        nodes, end, end_at = self.nodes()
        self.ranges -= word == "range"
        if end is not None and end.startswith("else"):
            rest = end[4:].strip()
            inner = re.match(r"\w*", rest).group()
            if not rest:
                otherwise, end, end_at = self.nodes()
                if end and end.startswith("else"):
                    raise self.refused("expected end; found {{%s}}" % end, end_at)
            elif inner not in ("if", "with") or word == "range":
                raise self.refused("unexpected <%s> in else" % inner, end_at)
            else:   # {{else if}} shares the {{end}} of its {{if}}
                inner_at = end_at + len(end) - len(rest)
                otherwise, end = [self.block(inner, rest[len(inner):], inner_at)], "end"
        self.require_end(word, end, end_at)
        self.end_variables(declared)
        self.deepen(-1, at)
        return lambda run, dot: run.block(word, pipeline, nodes, otherwise, dot)

    def require_end(self, word, end, at):
        if end != "end":
            raise self.refused("unexpected {{%s}}" % end if end else
                               "unexpected EOF (no {{end}} for {{%s}})" % word, at)

    def named_template(self, word, text, at):
        """The node of a {{define}}, {{block}} or {{template}}, the former two through their {{end}}."""
        match = re.match(r"""\s*("(?:\\.|[^"\\])*"|`[^`]*`)""", text)
        if match is None:
            found = (text.split() or ["}}"])[0]
            raise self.refused("unexpected %s in %s clause" % (quote_text(found), word), at)
        name, rest, pipeline = self.unquote(match.group(1), at), text[match.end():], None
        if word == "block" or word == "template" and rest.strip():
            pipeline = self.pipeline(rest, at + len(word) + match.end(), word + " clause")
        if word != "template":
            self.define(word, name, at)
        part = TemplatePart("template", name, [], at + len(word) + match.start(1), "{{template%s}}" % text)
        return lambda run, dot: None if word == "define" else run.template(part, pipeline, dot)

    def define(self, word, name, at):
        """Read the nodes of the template `name`, through the {{end}}. They see no variable around them."""
        if word == "define" and self.depth:
            raise self.refused("unexpected <define> in command", at)
        self.deepen(1, at)
        around = self.declared, self.slots, self.ranges
        self.declared, self.slots, self.ranges = ["$"], {"$": [0]}, 0
        nodes, end, end_at = self.nodes()
        self.require_end(word, end, end_at)
        if name in self.templates:
            raise self.refused("template: multiple definition of template " + quote_text(name), end_at)
        self.templates[name] = nodes
        self.declared, self.slots, self.ranges = around
        self.deepen(-1, at)

    def pipeline(self, text, at, place="command"):
        """The pipeline (TemplatePart) that `text` is, at the offset `at`; `place` (str) names the action."""
        tokens, glued = deque(), False
        for match in re.finditer(TEMPLATE_TOKEN, text):
            token = TemplateToken(match.lastgroup, match.group(), at + match.start(), glued)
            if token.kind == "wrong":
                raise self.unexpected(token, "operand" if tokens else "command")
            if token.kind != "blank":
                tokens.append(token)
            glued = token.kind != "blank"
        pipeline = self.read_pipeline(tokens, at, place)
        if tokens:
            raise self.refused("unexpected right paren", tokens[0].at)
        return pipeline

    def read_pipeline(self, tokens, at, place):
        """Take a pipeline from the front of the deque `tokens`, up to a ")" that is not its own."""
        names, declares = self.read_variables(tokens, place)
        commands = [[]]
        while tokens and tokens[0].text != ")":
            token, operands = tokens[0], commands[-1]
            if token.text == "|" and operands:
                tokens.popleft()
                commands.append([])
            elif token.glued and operands or token.kind == "sign" and token.text != "(":
                raise self.unexpected(token, "operand" if operands else "command")
            else:
                operands.append(self.operand(tokens))
        if not commands[-1]:
            raise self.refused("missing value for " + place, at)
        for stage, operands in enumerate(commands[1:], 2):
            if operands[0].kind == "value":
                raise self.refused("non executable command in pipeline stage %d" % stage, operands[0].at)
        commands = [TemplatePart("command", operands, [], operands[0].at,
                                 " ".join(one.text for one in operands)) for operands in commands]
        for name in names if declares else ():
            self.slots.setdefault(name, []).append(len(self.declared))
            self.declared.append(name)
        return TemplatePart("pipeline", ([self.slots[name][-1] for name in names], commands), [],
                            commands[0].at, " | ".join(one.text for one in commands))

    def read_variables(self, tokens, place):
        """Take "$x :=", "$x =" and in a {{range}} "$k, $v :=" → (names of variables, whether it declares)."""
        texts = [tokens[at].text for at in range(min(4, len(tokens)))]
        count = 1 if texts[1:2] in (["="], [":="]) else 2 if texts[1:2] == [","] else 0
        if not count or not texts[0].startswith("$"):
            return [], False
        if count == 2 and (place != "range" or texts[3:] not in (["="], [":="])):
            raise self.refused("too many declarations in " + place, tokens[0].at)
        names, declares = texts[0:2 * count:2], texts[2 * count - 1] == ":="
        for name in names:
            if not declares and not self.slots.get(name):
                raise self.refused("undefined variable " + quote_text(name), tokens[0].at)
        for _ in range(2 * count):
            tokens.popleft()
        return names, declares

    def operand(self, tokens):
        """Take an operand and the fields that follow it from the front of the deque `tokens`."""
        token = tokens.popleft()
        kind, named, fields, at, text = self.read_term(token, tokens)
        extra = []
        while tokens and tokens[0].kind == "field" and tokens[0].glued:
            extra.append(tokens.popleft())
        if extra and kind in ("value", "function"):
            raise self.refused("unexpected . after term " + quote_text(text), extra[0].at)
        return TemplatePart(kind, named, fields + [one.text[1:] for one in extra],
                            extra[0].at if extra else at, text + "".join(one.text for one in extra))

    def read_term(self, token, tokens):
        """The operand that `token` begins. `tokens` has the rest of one in parentheses."""
        kind, text, at, _ = token
        if text == "(":
            self.deepen(1, at)
            pipeline = self.read_pipeline(tokens, at, "parenthesized pipeline")
            self.deepen(-1, at)
            if not tokens:
                raise self.refused("unclosed left paren", at)
            tokens.popleft()
            return pipeline._replace(text="(%s)" % pipeline.text)
        if kind == "field":
            return TemplatePart("variable", None, [text[1:]], at, text)
        if kind == "variable":
            if text != "." and not self.slots.get(text):
                raise self.refused("undefined variable " + quote_text(text), at)
            return TemplatePart("variable", None if text == "." else self.slots[text][-1], [], at, text)
        if kind == "word" and text not in TEMPLATE_WORDS:
            if text not in self.functions:
                raise self.refused("function %s not defined (there are %s)"
                                   % (quote_text(text), ", ".join(sorted(self.functions))), at)
            return TemplatePart("function", text, [], at, text)
        return TemplatePart("value", self.constant(kind, text, at), [], at, text)

    def constant(self, kind, text, at):
        """The value that a text, a letter, a number, `true`, `false` or `nil` denotes."""
        if kind == "text":
            return self.unquote(text, at)
        if kind == "letter":
            letter = self.unquote('"%s"' % text[1:-1].replace('"', '\\"'), at)
            if len(letter) != 1:
                raise self.refused("malformed character constant: %s" % text, at)
            return ord(letter)
        if kind == "number":
            try:
                return read_number(text)
            except ValueError:
                raise self.refused("bad number syntax: %s" % quote_text(text), at)
        return TEMPLATE_WORDS[text]

    def unquote(self, spelled, at):
        """The str that a quoted text denotes."""
        inside = spelled[1:-1]
        if spelled[0] == "`":
            return inside
        try:
            if re.fullmatch(TEMPLATE_QUOTED, inside):
                return inside.encode("latin-1", "backslashreplace").decode("unicode_escape")
        except UnicodeDecodeError:   # a number beyond those of Unicode
            pass
        raise self.refused("invalid syntax: unknown escape in %s" % spelled, at)


def read_number(text):
    """A number as Go writes it: 12, 0x1F, 017, 1_000, 1.5, 1e3. ValueError for other texts."""
    if re.fullmatch("[+-]?0[0-7_]+", text):
        return int(text.replace("_", ""), 8)
    is_float = re.fullmatch(r"[+-]?[0-9_]*\.?[0-9_]*(?:[eE].*)?", text) and re.search("[.eE]", text)
    return float(text) if is_float else int(text, 0)


# -- execution

class Template:
    """A parsed template (str), which may use the `functions`, rows such as those of TEMPLATE_FUNCTIONS.

    `name` (str) is what errors call it.
    """

    def __init__(self, template, functions=TEMPLATE_FUNCTIONS, name=""):
        self.text = template
        self.functions = functions
        self.name = name
        self.templates = TemplateParser(template, functions, name).parse()

    def execute(self, value, header=False, out=None):
        """The text (str) that the template makes of `value`. TemplateValueError where it does not fit.

        `header`: `value` has the titles of a table. `out`, a list, gets the pieces as they come, so that
        those before an error are not lost.
        """
        out = [] if out is None else out
        functions = TEMPLATE_HEADER_FUNCTIONS if header else self.functions
        run = TemplateRun(self, self.name, functions, out, value)
        run.nodes(self.templates[self.name], value)
        return "".join(out)


class TemplateRun:
    """An execution of the template `name` (str) of a Template, for a value.

    `functions` are those that it may call, and the list `out` gets what it writes.
    """

    def __init__(self, template, name, functions, out, value, depth=0):
        self.source = template
        self.name = name
        self.functions = functions
        self.out = out
        self.variables = {0: value}   # by slot
        self.depth = depth            # how many {{template}}s are around this one

    def error(self, part, reason, kind=TemplateValueError):
        """A TemplateValueError at a TemplatePart, in Go's form."""
        before = self.source.text[:part.at].rpartition("\n")
        return kind("template: %s:%d:%d: executing %s at <%s>: %s" % (
            self.source.name, before[0].count("\n") + len(before[1]) + 1,
            len(before[2].encode("utf-8", "surrogatepass")), quote_text(self.name), part.text, reason))

    def nodes(self, nodes, dot):
        """Execute nodes up to a {{break}} or {{continue}}, whose word is returned; else None."""
        for node in nodes:
            word = node(self, dot)
            if word:
                return word
        return None

    def show(self, pipeline, dot):
        """{{pipeline}}, which prints its value unless it sets a variable."""
        value = self.pipeline(pipeline, dot)
        if not pipeline.named[0]:
            self.out.append(template_text(value))

    def template(self, part, pipeline, dot):
        """{{template "name" pipeline}}"""
        if part.named not in self.source.templates:
            raise self.error(part, "template %s not defined" % quote_text(part.named))
        if self.depth >= TEMPLATE_DEEPEST:
            raise self.error(part, "exceeded maximum template depth (%d)" % TEMPLATE_DEEPEST)
        value = self.pipeline(pipeline, dot) if pipeline else None
        run = TemplateRun(self.source, part.named, self.functions, self.out, value, self.depth + 1)
        run.nodes(self.source.templates[part.named], value)

    def block(self, word, pipeline, nodes, otherwise, dot):
        """{{if}}, {{with}} and {{range}}."""
        value = self.pipeline(pipeline, dot)
        if word != "range":
            return self.nodes(nodes if value else otherwise, value if value and word == "with" else dot)
        pairs, slots = self.range_pairs(pipeline, value), pipeline.named[0]
        for pair in pairs:
            self.variables.update(zip(slots, pair[-len(slots):]))
            if self.nodes(nodes, pair[1]) == "break":
                break
        return None if pairs else self.nodes(otherwise, dot)

    def range_pairs(self, pipeline, value):
        """[(key, value), …] of what {{range}} goes over. TemplateValueError for what has no elements."""
        if isinstance(value, dict) and not isinstance(value, (GoStruct, ListRow, SparseRow)):
            return [(key, value[key]) for key in sorted(value)]
        if type(value) is int:
            value = range(value)
        if not isinstance(value, (list, tuple, range, NilType, type(None))):
            raise self.error(pipeline, "range can't iterate over " + template_text(value))
        return list(enumerate(value or ()))

    def pipeline(self, pipeline, dot):
        """The value of the last command; each is given the value of the one before as its last argument."""
        slots, commands = pipeline.named
        piped = []
        for command in commands:
            if command.named[0][:2] == ("value", None):
                raise self.error(command.named[0], "nil is not a command")
            value = self.command(command, command.named[0], command.named[1:] + piped, dot)
            piped = [TemplatePart("piped", value, [], command.at, command.text)]
        self.variables.update((slot, value) for slot in slots)
        return value

    def command(self, command, first, operands, dot):
        """The value of `first`, or what it returns for the `operands`: both TemplateParts of `command`."""
        if first.kind == "function":
            return self.call(command, first, self.functions[first.named], operands, dot)
        value = self.value(first, dot)
        if callable(value):
            return self.call(command, first, ("s", value), operands, dot)
        if operands and first.fields:
            raise self.error(first, "%s has arguments but cannot be invoked as function" % first.fields[-1])
        if operands:
            raise self.error(first, "can't give argument to non-function " + first.text)
        return value

    def call(self, command, first, function, operands, dot):
        """Call a `function`, a row of TEMPLATE_FUNCTIONS, which `first` names."""
        kinds, function = function
        needed, count, name = kinds.rstrip("*"), len(operands), (first.fields or [first.named])[-1]
        if count < len(needed) or count > len(needed) and needed == kinds:
            raise self.error(first, "wrong number of args for %s: want %s%d got %d" % (
                name, "" if needed == kinds else "at least ", len(needed), count))
        arguments = []
        for number, operand in enumerate(operands):
            arguments.append(self.argument(operand, needed[number:number + 1], dot))
            if name in ("and", "or") and bool(arguments[-1]) is (name == "or"):
                break   # the rest are not evaluated
        try:
            return function(*arguments)
        except TypeError as error:
            raise self.error(command, "error calling %s: %s" % (name, error))

    def argument(self, operand, kind, dot):
        """The value of an argument, of a `kind` that is a key of TEMPLATE_KINDS, or of any if it is empty."""
        value = self.value(operand, dot)
        types, expected, expected_constant = TEMPLATE_KINDS[kind]
        if isinstance(value, types) and not (kind == "i" and isinstance(value, bool)):
            return value
        if operand.kind == "value" and value is not None:
            raise self.error(operand, "expected %s; found %s" % (expected_constant, operand.text))
        raise self.error(operand, "cannot assign nil to " + expected if operand.kind == "value" else
                         "wrong type for value; expected %s; got %s" % (expected, type_name(value)))

    def value(self, part, dot):
        """The value of an operand, or of a pipeline in parentheses."""
        if part.kind == "function":
            return self.call(part, part, self.functions[part.named], [], dot)
        if part.kind == "variable":
            value = dot if part.named is None else self.variables[part.named]
        else:
            value = self.pipeline(part, dot) if part.kind == "pipeline" else part.named
        from_json = False   # whether Go has it in a map[string]interface{}
        for field in part.fields:
            from_json = from_json or type(value) is dict
            value = self.field(part, value, field, from_json)
        return value

    def field(self, part, value, field, from_json):
        """The `field` (str) of a value. `part` is the operand, for errors."""
        if isinstance(value, GoMap):
            return value.get(field)
        if isinstance(value, dict):
            return self.field_of_struct(part, value, field)
        if value is NIL_POINTER:
            raise self.error(part, "nil pointer evaluating " + part.text)
        if (value is None or isinstance(value, NilType)) and from_json:
            raise self.error(part, "nil data; no entry for key " + quote_text(field))
        if value is None or isinstance(value, NilType):
            return None
        raise self.error(part, "can't evaluate field %s in type %s" % (
            field, "interface {}" if from_json else type_name(value)))

    def field_of_struct(self, part, value, field):
        if field in value:
            return value[field]
        for key in value:
            if field[:1].isupper() and key.lower() == field.lower():
                return value[key]
        reason = ("map has no entry for key " + quote_text(field) if type(value) is dict
                  else "can't evaluate field " + field)
        raise self.error(part, "%s (there are: %s)" % (reason, ", ".join(sorted(value)) or "none"),
                         TemplateFieldError)


def unescape_template(template):
    """The template that a --format means: of a shell's escapes, \\t is a tab and \\n a line feed."""
    return template.replace("\\t", "\t").replace("\\n", "\n")
