"""--only: the single file with the commands that were named, and what they need.

First the other rows are cut out of the command tables. Then what is left is what main() needs, found by
names alone:

    a top-level definition      if its name is used: by the house rules there is no other way to a global
                                (one namespace, no globals(), no import by string)
    a method of a class         if an attribute of that name is used anywhere (x.name, getattr(x, "name")),
                                because the class of x is not known. Where a file looks attributes up by
                                names that are put together, its texts are such names. A method that
                                Python itself may call is always kept: names with two underscores,
                                classes with a foreign base
    a row of ENDPOINT_TABLE     if its name is used, as an attribute or as a text
    a row of another table      if a row of ENDPOINT_TABLE that is kept names the kind that it is for, or
                                its operation is used

So nothing that is needed is cut; a name that merely looks like a use keeps what it names.
"""
import ast
import builtins
import functools
import re
import symtable
import sys

from single_file.sections import CannotAmalgamate, parse_source


def called(node, name):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def text_value(node):
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def row_name(row):
    """A row is a call, Command or a helper that makes one, whose first argument is the command's name."""
    name = text_value(row.args[0]) if isinstance(row, ast.Call) and row.args else None
    if name is None:
        raise CannotAmalgamate("--only: a row of a command table does not begin with the command's name"
                               " (its line %d)" % row.lineno)
    return name


SCHOOL_BLOCK = re.compile(r"(?ms)^# ==== school begin.*?^# ==== school end$")
NO_SCHOOL = "SCHOOL_COMMANDS, SCHOOL_FLAGS, SCHOOL_PRACTICE, SCHOOL_NOTES = (), (), None, []"


def without_school(text):
    """main.py without the block whose rows are the only link to the school."""
    return SCHOOL_BLOCK.sub(NO_SCHOOL, text)


NOUN_BLOCK = re.compile(r"(?ms)^# ==== nouns begin.*?^# ==== nouns end$")
NO_NOUNS = "NOUNS, NOUN_LINES, noun_verbs, find_verb, command_aliases = {}, [], None, None, None"
NOUN_ROW = re.compile(r'(?m)^    "(\w+)": \("[^"]*", "[^"]*"(?:\n +"[^"]*")*\),\n')


def without_nouns(text, kept):
    """main.py with the rows of the `kept` nouns; without any, without the block that reads `container ls`."""
    if not kept:
        return NOUN_BLOCK.sub(NO_NOUNS, text)
    return NOUN_BLOCK.sub(lambda block: NOUN_ROW.sub(
        lambda row: row.group() if row.group(1) in kept else "", block.group()), text)


PLUGIN_BLOCK = re.compile(r"(?ms)^# ==== plugins begin.*?^# ==== plugins end$")
NO_PLUGINS = "run_plugin = plugin_candidates = plugin_help = run_hooked = lambda *arguments: None"


def without_plugins(text):
    """main.py without the block that runs plugins."""
    return PLUGIN_BLOCK.sub(NO_PLUGINS, text)


LIBRARY_BLOCK = re.compile(r"(?ms)^ *# ==== library begin.*?^ *# ==== library end\n\n?")


def without_library(text):
    """A section without the blocks that only a program uses that imports it, never a command.

    One of them has the operations as methods, in a base class of Docker.
    """
    return LIBRARY_BLOCK.sub("", text).replace("\nclass Docker(EngineOperations):\n",
                                               "\nclass Docker(Closing):\n")


def noun_rows(main_text, known):
    """Each noun of main.py → the names of the rows of its verbs (set of str), of those that are `known`."""
    nouns = {}
    table = re.search(r"(?ms)^NOUNS = (\{.*?^\})$", main_text).group(1)
    for noun, (_, verbs) in ast.literal_eval(table).items():
        nouns[noun] = set()
        for text in verbs.split():
            spellings, _, name = text.partition("=")
            verb = spellings.split(",")[0]
            own = "%s %s" % (noun, verb)
            nouns[noun] |= {own if own in known else name or verb} & known
    return nouns


def source_of_node(lines, node):
    """The source of a node in a file of these lines. ast.get_source_segment() would split all of the text
    into lines, each time.
    """
    taken = [line.encode("utf-8") for line in lines[node.lineno - 1:node.end_lineno]]
    taken[-1] = taken[-1][:node.end_col_offset]   # in bytes of UTF-8
    taken[0] = taken[0][node.col_offset:]
    return b"\n".join(taken).decode("utf-8")


def cut_command_files(lines, node, wanted):
    """The source of a tuple of CommandFile rows with only the names in `wanted`; rows without one are cut."""
    rows = []
    for row in node.value.elts:
        source = source_of_node(lines, row)
        names = text_value(row.args[1])
        kept = ", ".join(name for name in names.split(", ") if name in wanted)
        if kept:
            rows.append(source.replace('"%s"' % names, '"%s"' % kept))
    return "%s = (%s)" % (node.targets[0].id, "".join("\n    %s," % row for row in rows) + "\n" * bool(rows))


def cut_command_rows(text, wanted, known):
    """`text` of a section with only the wanted rows in its tables; every command's name goes into `known`."""
    lines = text.split("\n")
    for node in reversed(parse_source(text).body):
        if not isinstance(node, ast.Assign):
            continue
        first = node.value.elts[0] if isinstance(node.value, ast.Tuple) and node.value.elts else None
        if called(node.value, "command_table"):
            rows = node.value.args
            known.update(row_name(row) for row in rows)
            kept = [source_of_node(lines, row) for row in rows if row_name(row) in wanted]
            if len(kept) < len(rows):
                rows = "".join("\n    %s," % row for row in kept) + "\n" * bool(kept)
                table = "%s = command_table(%s)" % (node.targets[0].id, rows)
                lines[node.lineno - 1:node.end_lineno] = table.split("\n")
        elif called(first, "CommandFile"):
            lines[node.lineno - 1:node.end_lineno] = cut_command_files(lines, node, wanted).split("\n")
    return "\n".join(lines)


# Tables of which a smaller file keeps only the rows it can use. A row of the first is an operation of the
# Engine API. The others are dicts with one row a line, by the kinds that its rows name or by operations.
OPERATION_TABLE = "ENDPOINT_TABLE"
OPERATION_ROW = re.compile(r"(?m)^([a-z]\w*) +[A-Z]+ +/.*(?:\n    .*)*")
EMPTY_HEADING = re.compile(r'(?m)^\[[A-Z]\w*\]\n+(?=\[[A-Z]|""")')   # of the table, with no row left below it
ALL_OPERATIONS = "endpoints"   # who uses this function reads all of the table
ROW_TABLES = {"QUERY_ENCODERS": "kind", "STREAM_REQUESTS": "kind", "RESULT_READERS": "kind",
              "CONTENT_ENDS": "kind", "TTY_PLACES": "operation", "CREDENTIAL_FIELDS": "operation"}
# What Python's own functions call on an object that they are given; the kind that Response.json() reads.
CALLED_BY_PYTHON = ("fileno", "read", "write", "flush", "close")
KINDS_ALWAYS_USED = ("json",)


class Piece:
    """Lines that are kept or cut as one: a statement with the comments above it, a method, a row of a table.

    `parts` are the Pieces inside it that may be cut alone. `binds` are the names by which it is used, `space`
    says as what: "name" of a global, "attribute", "operation" or "kind". `uses` has the names in each space
    that its lines use, but for those of its parts.
    """

    def __init__(self, first, last, space="name", binds=()):
        self.first, self.last, self.space, self.binds = first, last, space, set(binds)
        self.uses = {"name": set(), "attribute": set(), "operation": set(), "kind": set()}
        self.parts = []
        self.is_import = not binds   # until a statement of another sort is added
        self.always = False

    def add(self, node):
        self.last = max(self.last, node.end_lineno)
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            self.binds.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
            return
        self.is_import = False
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            self.binds.add(node.name)
        elif isinstance(node, ast.Assign) and all(isinstance(one, ast.Name) for one in node.targets):
            self.binds.update(one.id for one in node.targets)
        elif not (isinstance(node, ast.Expr) and text_value(node.value) is not None):
            self.always = True  # a statement that does something: it is needed if anything of its file is

    def kept_lines(self, lines, kept):
        """Its lines, less those of the parts that are not in `kept`."""
        cut = set()
        for part in self.parts:
            if part not in kept:
                cut.update(range(part.first, part.last))
        return [lines[number] for number in range(self.first, self.last) if number not in cut]

    def read_code(self, text):
        """Note what its text, as a program, uses."""
        tree = ast.parse(text)
        self.uses["name"] = global_names(symtable.symtable(text, "piece", "exec"))
        self.uses["attribute"] = attribute_names(tree)
        texts = {text_value(node) for node in ast.walk(tree)} - {None}
        self.uses["operation"] = texts | self.uses["attribute"]   # call("image_list"), docker.image_list()


def attribute_names(tree):
    """Every name that the code of a tree may look up in an object."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) > 1:
            if node.func.id in ("getattr", "hasattr"):
                name = node.args[1]
                beginning = text_value(name.left) if isinstance(name, ast.BinOp) else None
                names.add(text_value(name) or "%s*" % (beginning or ""))   # getattr(self, "run_" + kind)
        elif isinstance(node, ast.ClassDef):   # `feed = take` in the body of a class
            names.update(one.id for statement in node.body if not isinstance(statement, ast.FunctionDef)
                         for one in ast.walk(statement) if isinstance(one, ast.Name))
    return names


def own_classes(sections):
    """The classes whose methods only the package calls: their bases are such, or data types of Python."""
    bases = {node.name: node.bases for name, text in sections for node in parse_source(text, name).body
             if isinstance(node, ast.ClassDef)}
    own = set(bases)
    while True:
        foreign = {name for name in own for base in bases[name] if not (
            called(base, "namedtuple") or isinstance(base, ast.Name)
            and (base.id in own or isinstance(getattr(builtins, base.id, None), type)))}
        if not foreign:
            return frozenset(own)
        own -= foreign


def class_methods(sections):
    """{name of a class: the names of its methods}."""
    return {node.name: {inner.name for inner in node.body if isinstance(inner, ast.FunctionDef)}
            for name, text in sections for node in parse_source(text, name).body
            if isinstance(node, ast.ClassDef)}


def lost_methods(before, after):
    """The names of the methods that classes of the sections `after` had in the sections `before`."""
    had = class_methods(before)
    return {method for name, left in class_methods(after).items() for method in had[name] - left}


def method_pieces(node):
    """A Piece for each method of a class that may be cut; Python calls those with two underscores."""
    found, end = [], node.body[0].lineno - 1
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef) and not statement.name.startswith("__"):
            found.append(Piece(end, statement.end_lineno, "attribute", [statement.name]))
        end = statement.end_lineno
    return found if len(found) < len(node.body) else []


def operation_pieces(node):
    """A Piece for each row of the table of operations, which uses the kinds that it names."""
    found = []
    for row in OPERATION_ROW.finditer(node.value.value):
        first = node.lineno - 1 + node.value.value.count("\n", 0, row.start())
        piece = Piece(first, first + row.group().count("\n") + 1, "operation", [row.group(1)])
        facts, _, *parameters = row.group().split("\n")
        result = facts.split()[4]
        piece.uses["kind"] = set(re.findall(r"\w+", " ".join([result] + parameters)))
        found.append(piece)
    return found


def row_pieces(node):
    """A Piece for each row of a dict by kinds or operations."""
    found = []
    for key, value in zip(node.value.keys, node.value.values):
        piece = Piece(key.lineno - 1, value.end_lineno, ROW_TABLES[node.targets[0].id], [key.value])
        piece.uses["name"] = {one.id for one in ast.walk(value) if isinstance(one, ast.Name)}
        piece.uses["operation"] = {text_value(one) for one in ast.walk(value)} - {None}
        found.append(piece)
    return found


@functools.lru_cache(maxsize=None)
def top_level_pieces(text, classes=frozenset()):
    """The Pieces of a section. The methods of the `classes` are parts of theirs."""
    pieces, end = [], 0
    lines = text.split("\n")
    for node in parse_source(text).body:
        if not pieces or node.lineno > pieces[-1].last:
            pieces.append(Piece(end, node.end_lineno))
        piece = pieces[-1]
        piece.add(node)
        if isinstance(node, ast.ClassDef) and node.name in classes:
            piece.parts += method_pieces(node)
        elif isinstance(node, ast.Assign) and OPERATION_TABLE in piece.binds:
            piece.parts += operation_pieces(node)
        elif isinstance(node, ast.Assign) and piece.binds.intersection(ROW_TABLES):
            piece.parts += row_pieces(node)
        end = piece.last
    for piece in pieces:
        piece.read_code("\n".join(piece.kept_lines(lines, ())) + "\n")
        for part in piece.parts:
            if part.space == "attribute":
                part.read_code("class Owner:\n" + "\n".join(lines[part.first:part.last]) + "\n")
    everything = [piece for one in pieces for piece in [one] + one.parts]
    if any("*" in piece.uses["attribute"] for piece in everything):   # names out of a table, for one
        for piece in everything:
            piece.uses["attribute"] |= piece.uses["operation"]
    return pieces


def global_names(table):
    """Every name that the code of a symbol table and of the tables in it may look up among the globals."""
    # A name bound in a class body or at the top may still be looked up outside before it is bound.
    names = {symbol.get_name() for symbol in table.get_symbols()
             if symbol.is_global() or table.get_type() in ("module", "class") and symbol.is_referenced()}
    return names.union(*[global_names(inner) for inner in table.get_children()])


def needed_pieces(homes, roots):
    """The set of Pieces that `roots` (global names) need, out of {section: its Pieces}."""
    used = {"name": set(roots), "attribute": set(CALLED_BY_PYTHON), "operation": set(),
            "kind": set(KINDS_ALWAYS_USED)}
    kept = set()
    beginnings = set()   # of the names of methods that are put together of a beginning and something else

    def is_used(piece):
        return piece.binds & used[piece.space] or piece.space == "attribute" and any(
            name.startswith(tuple(beginnings)) for name in piece.binds)

    def keep(pieces, always):
        """Keep those that are used, or `always` the ones that do something → whether any is new."""
        found = False
        for piece in pieces:
            if piece not in kept and not piece.is_import and (piece.always and always or is_used(piece)):
                kept.add(piece)
                for space, names in piece.uses.items():
                    used[space] |= names
                beginnings.update(name[:-1] for name in piece.uses["attribute"] if re.match(r".+\*$", name))
                found = True
            if piece in kept and keep(piece.parts, False):
                found = True
        return found

    while any([keep(pieces, not kept.isdisjoint(pieces)) for pieces in homes.values()]):
        if ALL_OPERATIONS in used["name"]:
            rows = [part for pieces in homes.values() for piece in pieces for part in piece.parts]
            used["operation"].update(name for row in rows if row.space == "operation" for name in row.binds)
    return kept


def keep_reachable(sections, roots):
    """[(name, text)] without the definitions that neither `roots` (names) nor what they need refer to."""
    classes = own_classes(sections)
    homes = {name: top_level_pieces(text, classes) for name, text in sections}
    kept = needed_pieces(homes, roots)
    result = []
    for name, text in sections:
        own = homes[name]
        if kept.isdisjoint(own):
            continue
        users = [piece for one in own for piece in [one] + one.parts if piece in kept]
        needed = set().union(*[piece.uses["name"] for piece in users])
        staying = [piece for piece in own if piece in kept or piece.is_import and piece.binds & needed]
        lines = text.split("\n")
        docstring = [own[0]] if not own[0].binds and not own[0].always and own[0] not in staying else []
        left = [line for piece in docstring + staying for line in piece.kept_lines(lines, kept)]
        result.append((name, EMPTY_HEADING.sub("", "\n".join(left)) + "\n"))
    return result


def school_commands(main_text):
    """The names of the commands that the school has, out of main.py."""
    rows = re.findall(r'CommandFile\("[^"]*", "([^"]*)"', SCHOOL_BLOCK.search(main_text).group())
    return set(", ".join(rows).split(", "))


def only_commands(sections, wanted, roots, elsewhere):
    """The sections cut down to the commands `wanted` and to what they and `roots` (names) need.

    `elsewhere`: the names of commands that there are too, though not in these sections.
    """
    if sys.version_info < (3, 8):
        raise CannotAmalgamate("--only needs Python 3.8 or later to run this tool"
                               " (what it writes runs on 3.6)")
    known, main_text = set(elsewhere), dict(sections)["rawdock/main.py"]
    for _, text in sections:
        cut_command_rows(text, set(), known)
    nouns = noun_rows(main_text, known)
    wanted = set().union(*[nouns.get(name, {name}) for name in wanted])
    nouns = {noun for noun, verbs in nouns.items() if verbs & wanted}
    sections = [(name, without_nouns(text, nouns)) for name, text in sections]
    sections = [(name, without_library(without_plugins(text))) for name, text in sections]
    sections = [(name, cut_command_rows(text, wanted, known)) for name, text in sections]
    strangers = sorted(wanted - known)
    if strangers:
        raise CannotAmalgamate("--only: no command %s; there are: %s"
                               % (", ".join(strangers), " ".join(sorted(known)) or "none yet"))
    return keep_reachable(sections, roots)
