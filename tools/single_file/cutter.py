"""--only: the single file with the commands that were named, and what they need.

First the other rows are cut out of the command tables, then every top-level definition that no
name in what is left refers to. The house rules leave no other way to a global (no globals(), no
import by string, one namespace), so nothing that is needed is cut; a name that merely looks like
a reference keeps its definition.
"""
import ast
import functools
import re
import symtable
import sys

from single_file.sections import CannotAmalgamate


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
NO_SCHOOL = "SCHOOL_COMMANDS, SCHOOL_FLAGS, SCHOOL_PRACTICE, SCHOOL_NOTES = (), (), None, ()"


def without_school(text):
    """main.py without the block whose rows are the only link to the school."""
    return SCHOOL_BLOCK.sub(NO_SCHOOL, text)


def cut_command_files(text, node, wanted):
    """The source of a tuple of CommandFile rows with only the names in `wanted`; rows without one are cut."""
    rows = []
    for row in node.value.elts:
        source = ast.get_source_segment(text, row)
        names = text_value(row.args[1])
        kept = " ".join(name for name in names.split() if name in wanted)
        if kept:
            rows.append(source.replace('"%s"' % names, '"%s"' % kept))
    return "%s = (%s)" % (node.targets[0].id, "".join("\n    %s," % row for row in rows) + "\n" * bool(rows))


def cut_command_rows(text, wanted, known):
    """`text` of a section with only the wanted rows in its tables; every command's name goes into `known`."""
    lines = text.split("\n")
    for node in reversed(ast.parse(text).body):
        if not isinstance(node, ast.Assign):
            continue
        first = node.value.elts[0] if isinstance(node.value, ast.Tuple) and node.value.elts else None
        if called(node.value, "command_table"):
            rows = node.value.args
            known.update(row_name(row) for row in rows)
            kept = [ast.get_source_segment(text, row) for row in rows if row_name(row) in wanted]
            if len(kept) < len(rows):
                rows = "".join("\n    %s," % row for row in kept) + "\n" * bool(kept)
                table = "%s = command_table(%s)" % (node.targets[0].id, rows)
                lines[node.lineno - 1:node.end_lineno] = table.split("\n")
        elif called(first, "CommandFile"):
            lines[node.lineno - 1:node.end_lineno] = cut_command_files(text, node, wanted).split("\n")
    return "\n".join(lines)


class TopLevelPiece:
    """Top-level statements that share lines, with the comments above them: kept or cut as one."""

    def __init__(self, first, last):
        self.first, self.last = first, last
        self.binds, self.uses = set(), set()
        self.is_import = True
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
            self.always = True  # a statement that does something: nobody can say that it is not needed


@functools.lru_cache(maxsize=None)
def top_level_pieces(text):
    pieces, end = [], 0
    for node in ast.parse(text).body:
        if not pieces or node.lineno > pieces[-1].last:
            pieces.append(TopLevelPiece(end, node.end_lineno))
        pieces[-1].add(node)
        end = pieces[-1].last
    lines = text.split("\n")
    for piece in pieces:
        own_text = "\n".join(lines[piece.first:piece.last]) + "\n"
        piece.uses = global_names(symtable.symtable(own_text, "piece", "exec"))
    return pieces


def global_names(table):
    """Every name that the code of a symbol table, and of the tables in it, may look up among the globals."""
    # A name bound in a class body or at the top may still be looked up outside before it is bound.
    names = {symbol.get_name() for symbol in table.get_symbols()
             if symbol.is_global() or table.get_type() in ("module", "class") and symbol.is_referenced()}
    return names.union(*[global_names(inner) for inner in table.get_children()])


def keep_reachable(sections, roots):
    """[(name, text)] without the definitions that neither `roots` (names) nor what they reach refer to."""
    pieces = [(name, piece) for name, text in sections for piece in top_level_pieces(text)]
    kept, reached = set(), set(roots)
    growing = True
    while growing:
        growing = False
        for _, piece in pieces:
            if piece not in kept and (piece.always or not piece.is_import and piece.binds & reached):
                kept.add(piece)
                reached |= piece.uses
                growing = True
    result = []
    for name, text in sections:
        own = [piece for home, piece in pieces if home == name]
        needed = set().union(*[piece.uses for piece in own if piece in kept])
        staying = [piece for piece in own if piece in kept or piece.is_import and piece.binds & needed]
        if not any(piece in kept for piece in own):
            continue
        lines = text.split("\n")
        docstring = [own[0]] if not own[0].binds and not own[0].always and own[0] not in staying else []
        left = [line for piece in docstring + staying for line in lines[piece.first:piece.last]]
        result.append((name, "\n".join(left) + "\n"))
    return result


def school_commands(sections):
    """The names of the commands whose tables stand in the school."""
    found = set()
    for name, text in sections:
        if name.startswith("rawdock/teach/"):
            cut_command_rows(text, set(), found)
    return found


def only_commands(sections, wanted, roots):
    """The sections cut down to the commands `wanted` and to what they and `roots` (names) need."""
    if sys.version_info < (3, 8):
        raise CannotAmalgamate("--only needs Python 3.8 or later to run this tool"
                               " (what it writes runs on 3.6)")
    known = set()
    if not wanted & school_commands(sections):
        sections = [(name, without_school(text) if name == "rawdock/main.py" else text)
                    for name, text in sections]
    sections = [(name, cut_command_rows(text, wanted, known)) for name, text in sections]
    strangers = sorted(wanted - known)
    if strangers:
        raise CannotAmalgamate("--only: no command %s; there are: %s"
                               % (", ".join(strangers), " ".join(sorted(known)) or "none yet"))
    return keep_reachable(sections, roots)
