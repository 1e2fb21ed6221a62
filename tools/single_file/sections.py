"""The package's files in reading order, and each as a section of the single file.

A section is the text of one file less its imports of its own neighbours, which the one namespace
of the single file makes unnecessary. Refused: a listed file that is missing, an import that
cannot be cut out whole, a name defined twice, three single quotes in a row.
"""
import ast
import functools
import os
import re
import tokenize

# The reading order is the floor order: a file may use only files that stand above it.
FILES = """
errors.py
wire/reader.py wire/grammar.py wire/message.py wire/head.py wire/framing.py wire/chunked.py wire/body.py
wire/frames.py wire/tar.py wire/jsonstream.py wire/protobuf.py wire/exchange.py
net/closing.py net/ending.py net/address.py net/config_file.py net/contexts.py net/config.py net/ssh.py
net/tls.py net/proxy.py net/dial.py net/limits.py net/custom_fields.py net/duplex.py net/response.py
net/connection.py net/file_body.py
engine/answers.py engine/endpoints.py engine/reference.py engine/credentials.py
engine/values.py engine/ports.py engine/mounts.py engine/networks.py engine/devices.py engine/options.py
engine/platforms.py engine/file_target.py engine/extract.py engine/archives.py engine/dockerfile.py
engine/buildkit.py engine/pump.py engine/terminal.py engine/run.py
engine/ignore.py engine/build_context.py
engine/shortcuts.py engine/manual.py engine/operations.py engine/docker.py engine/download.py
cli/printable.py cli/console.py cli/flags.py cli/help.py cli/durations.py cli/format.py
cli/template_functions.py cli/template.py cli/go_types.py cli/queries.py cli/formatted.py
cli/progress.py cli/build_progress.py cli/raw.py cli/listing.py cli/watching.py cli/plugins.py cli/about.py
cli/terminal.py
cli/settings.py cli/lifecycle.py cli/containers.py cli/stats.py cli/image_tree.py cli/images.py
cli/archives.py cli/copy.py cli/buildkit.py cli/build.py
cli/login.py cli/prune.py cli/volumes.py cli/networks.py cli/system.py cli/contexts.py cli/plugin_runs.py
cli/doctor.py cli/completion.py
teach/listen.py teach/percent.py
teach/record/pairing.py teach/record/masking.py teach/record/record.py
teach/explain/explain.py teach/explain/traces.py teach/explain/explanations.py teach/explain/annotate.py
teach/explain/screen.py
teach/explain/transcript.py teach/explain/hexdump.py teach/explain/har.py teach/explain/pcap.py
teach/explain/page_assets.py teach/explain/page.py teach/explain/exports.py teach/explain/commands.py
teach/tap/serving.py teach/tap/tap.py teach/tap/chaos.py teach/tap/replay.py teach/tap/client_cuts.py
teach/tap/commands.py teach/tap/compare.py
teach/dryrun/dry_run.py teach/dryrun/form_http.py teach/dryrun/form_script.py teach/dryrun/form_shell.py
teach/dryrun/form_python.py
teach/dryrun/run_line.py
teach/dryrun/commands.py
teach/practice/request.py teach/practice/connection.py teach/practice/events.py teach/practice/files.py
teach/practice/programs/process.py teach/practice/programs/shell.py teach/practice/programs/busybox.py
teach/practice/programs/redis.py teach/practice/image.py teach/practice/images.py
teach/practice/volumes.py teach/practice/networks.py
teach/practice/mounts.py teach/practice/refusals.py
teach/practice/streams.py teach/practice/running.py teach/practice/container.py teach/practice/containers.py
teach/practice/execs.py teach/practice/commits.py teach/practice/image_tars.py
teach/practice/dockerfiles.py teach/practice/builds.py
teach/practice/archives.py teach/practice/stats.py teach/practice/system.py
teach/practice/engine.py teach/practice/commands.py
teach/lessons/typed.py teach/lessons/lessons.py teach/lessons/tasks.py teach/lessons/course.py
teach/lessons/tour.py
teach/lessons/prompting.py teach/lessons/session.py teach/lessons/tour_guide.py teach/lessons/commands.py
teach/conform/steps.py teach/conform/shapes.py teach/conform/conform.py teach/conform/facts.py
teach/conform/commands.py
main.py
""".split()

CORE_FLOORS = ("errors.py", "wire/", "net/", "engine/")


class CannotAmalgamate(Exception):
    """One line for the maintainer: what, where, what to try."""


def read_source(root, name):
    path = os.path.join(root, "rawdock", *name.split("/"))
    try:
        with open(path, encoding="utf-8", newline="") as source:
            text = source.read()
    except FileNotFoundError:
        raise CannotAmalgamate("rawdock/%s is listed in FILES but is not there: write it or take it off"
                               " the list" % name)
    if "\r" in text:
        raise CannotAmalgamate("rawdock/%s has carriage returns: save it with plain newlines" % name)
    return text if text.endswith("\n") else text + "\n"


@functools.lru_cache(maxsize=300)
def parse_cached(text):
    return ast.parse(text)


def parse_source(text, where="a section"):
    """The tree of `text`, which nobody changes: a text that was parsed before gives the one made then."""
    try:
        return parse_cached(text)
    except SyntaxError as error:
        raise CannotAmalgamate("%s:%s: %s" % (where, error.lineno, error.msg))


def read_map(root):
    """`__version__` and PUBLIC_NAMES of rawdock/__init__.py, read without running it."""
    found = {}
    for node in parse_source(read_source(root, "__init__.py"), "rawdock/__init__.py").body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            if node.targets[0].id in ("__version__", "PUBLIC_NAMES"):
                found[node.targets[0].id] = ast.literal_eval(node.value)
    for name in ("__version__", "PUBLIC_NAMES"):
        if name not in found:
            raise CannotAmalgamate("rawdock/__init__.py sets no literal %s" % name)
    return found["__version__"], found["PUBLIC_NAMES"]


def statements_in(tree):
    """The tree and all statements in it: imports are looked for, and none is inside an expression."""
    left = [tree]
    for node in left:
        for block in ("body", "orelse", "handlers", "finalbody"):
            left += getattr(node, block, ())
    return left


def own_import_statements(text, own):
    """Where the `own` imports (nodes) are, if each has its lines for itself: {first line, from 0: (last line,
    column, the module after `from`)}.
    """
    found = {}
    lines = [line + "\n" for line in text.split("\n")]
    for node in own:
        statement = []
        for token in tokenize.generate_tokens(iter(lines[node.lineno - 1:]).__next__):
            if token.type == tokenize.NEWLINE:
                break
            if token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.INDENT):
                statement.append(token)
        words = [word.string for word in statement]
        if words[0] == "from" and ";" not in words:
            first, column = node.lineno - 1, statement[0].start[1]
            found[first] = first + token.start[0] - 1, column, "".join(words[1:words.index("import")])
    return found


def import_home(name, module):
    """The section that `from <module> import ...` in file `name` reads from; None for rawdock/__init__.py."""
    path = module.lstrip(".")
    folder = name.split("/")[:-1]
    parts = folder[:len(folder) - (len(module) - len(path) - 1)] + path.split(".")
    return "rawdock/%s.py" % "/".join(parts) if path else None


def refuse_bare_imports(nodes, where):
    """The rule of the house for own imports: each block that has one has another statement too."""
    for node in nodes:
        for block in ("body", "orelse", "finalbody"):
            statements = getattr(node, block, None)
            if not isinstance(node, ast.Module) and statements:
                if all(isinstance(one, ast.ImportFrom) and one.level for one in statements):
                    raise CannotAmalgamate("%s: an own import is the only statement of its block (line %d): "
                                           "put it beside another statement" % (where, statements[0].lineno))


def refuse_what_cannot_be_cut(text, nodes, own, statements, where):
    """CannotAmalgamate for own imports in a form that cannot be cut, and for what would end a raw string."""
    if len(own) != len(statements):
        raise CannotAmalgamate("%s: an import of its own package shares its line with something else:"
                               " give it a line" % where)
    for node in own:
        if any(alias.asname or alias.name == "*" for alias in node.names):
            raise CannotAmalgamate("%s:%d: write `from .x import Name`, without `as` or `*`"
                                   % (where, node.lineno))
    for node in nodes:
        absolute = [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
        absolute += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if any(module.split(".")[0] == "rawdock" for module in absolute):
            raise CannotAmalgamate("%s:%d: write `from .x import Name`, not rawdock.x" % (where, node.lineno))
    refuse_bare_imports(nodes, where)
    quotes = text.find("'''")
    if quotes >= 0:
        raise CannotAmalgamate("%s:%d: three single quotes in a row would end the section: use double quotes"
                               % (where, text.count("\n", 0, quotes) + 1))


@functools.lru_cache(maxsize=None)
def section_of(text, name, lazy=True):
    """The section of one file → (its text, the sections that must run before it).

    An own import inside a function becomes a call of load_section(), or nothing where not `lazy`.
    """
    where = "rawdock/" + name
    nodes = statements_in(parse_source(text, where))
    own = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.level]
    statements = own_import_statements(text, own)
    refuse_what_cannot_be_cut(text, nodes, own, statements, where)
    needs = set()
    kept, lines, number = [], text[:-1].split("\n"), 0
    while number < len(lines):
        if number not in statements:
            kept.append(lines[number])
            number += 1
            continue
        in_place = False
        while number in statements:
            last, column, module = statements[number]
            home = import_home(name, module)
            in_place = bool(home and column) and lazy
            if in_place:
                kept.append('%sload_section("%s")' % (" " * column, home))
            elif home and not column:
                needs.add(home)
            number = last + 1
        if in_place:
            continue
        # The blank lines before and after a cut would add up: keep the longer run of the two.
        before = 0
        while before < len(kept) and not kept[-1 - before].strip():
            before += 1
        while before and number < len(lines) and not lines[number].strip():
            number += 1
            before -= 1
    while kept and not kept[-1].strip():
        kept.pop()
    order = {"rawdock/" + one: place for place, one in enumerate(FILES)}
    return "\n".join(kept) + "\n", sorted(needs, key=lambda home: (order.get(home, len(order)), home))


def bound_names(text):
    """The names that a section defines at its top level, in alphabetical order."""
    names, left = set(), [parse_source(text)]
    while left:
        node = left.pop()
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif not isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            left.extend(ast.iter_child_nodes(node))
    return sorted(names)


def section_calls(text):
    """The sections that a text loads where it needs them."""
    return set(re.findall(r'(?m)^ +load_section\("([^"]+)"\)$', text))


@functools.lru_cache(maxsize=None)
def check_section(name, text):
    try:
        compile(text, name, "exec")
    except SyntaxError as error:
        raise CannotAmalgamate("%s: what is left of it does not compile: its line %s: %s"
                               % (name, error.lineno, error.msg))


def check_sections(sections):
    """Each compiles by itself, and what it loads is there."""
    names = {name for name, _ in sections}
    for name, text in sections:
        check_section(name, text)
        for missing in sorted(section_calls(text) - names):
            raise CannotAmalgamate("%s imports from %s, of which nothing else is left: cut the import"
                                   % (name, missing))


def refuse_repeated_names(files):
    """`files`: [(name, text)]."""
    homes = {}
    for name, text in files:
        for node in parse_source(text, name).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                if homes.setdefault(node.name, name) != name:
                    raise CannotAmalgamate("%s is defined in %s and in %s: one namespace has room for one"
                                           % (node.name, homes[node.name], name))
