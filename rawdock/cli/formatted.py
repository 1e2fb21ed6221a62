"""Lists and objects in a --format: templates, tables of templates, JSON.

Imported only when a --format is given.
"""
import re
from collections import namedtuple

from .console import CommandFailed, write_lines
from .format import align_columns


def write_template_lines(output, lines):
    """Write the lines (list of str) of a user's template, which may contain escapes for the terminal."""
    if lines:
        output.write(("\n".join(lines) + "\n").encode("utf-8", "replace"))


# What comes before the error of a template: of one that cannot be parsed, and of one that does not fit.
TEMPLATE_SAYS = ("template parsing error: ",) * 2


def option_template(text, status=64, listed=False, says=TEMPLATE_SAYS, name=""):
    """The Template of a --format (str or None), None without one; "json" is the row as JSON.

    `listed`: it is a list's, in which \\t and \\n mean a tab and a line feed. CommandFailed
    with `status` if it cannot be parsed; 64 is the docker CLI's for most commands. `says` is a pair such as
    TEMPLATE_SAYS, and `name` (str) what errors call the template.
    """
    from .template import Template, TemplateSyntaxError, unescape_template
    if text is None:
        return None
    text = "{{json .}}" if text == "json" else text
    try:
        return Template(unescape_template(text) if listed else text, name=name)
    except TemplateSyntaxError as error:
        raise CommandFailed(says[0] + str(error), status)


def template_lines(console, template, rows, partial=True, status=1, says=TEMPLATE_SAYS):
    """Write what `template` makes of each row. CommandFailed with `status` for a row that it does not fit.

    The rows before that row are written, and with `partial` its beginning too. `says` is a pair such as
    TEMPLATE_SAYS.
    """
    from .template_functions import TemplateValueError
    lines = []
    try:
        for row in rows:
            pieces = []
            template.execute(row, out=pieces)
            lines.append("".join(pieces))
    except TemplateValueError as error:
        write_template_lines(console.out, lines + (["".join(pieces)] if partial else []))
        raise CommandFailed(says[1] + str(error), status)
    write_template_lines(console.out, lines)


def template_table(console, text, rows, headers, says):
    """Write rows in the --format `table TEMPLATE`: columns under titles."""
    from .template_functions import TemplateValueError
    template = option_template(text, status=1, listed=True, says=says)
    try:
        title = template.execute(headers, header=True)
    except TemplateValueError:
        title = ""
    try:
        lines = [template.execute(row) for row in rows]
    except TemplateValueError as error:
        raise CommandFailed(says[1] + str(error), 1)
    cells = [line.split("\t") for line in "\n".join([title] + lines).split("\n")]
    write_template_lines(console.out, align_columns(cells))


def write_formatted(console, text, rows, headers, raw, says=TEMPLATE_SAYS):
    """Write a list in the --format `text`.

    `rows` are dicts, `headers` the titles by field, and `raw` is the template that "raw" means.
    `says` is a pair such as TEMPLATE_SAYS.
    """
    from .template_functions import ListRow
    rows = [ListRow(sorted(row.items())) for row in rows]
    if text.startswith("table"):
        return template_table(console, text[len("table"):].strip(), rows, headers, says)
    template = option_template(raw if text == "raw" else text, status=1, listed=True, says=says)
    if not rows:
        refuse_unknown_fields(template, headers, says)
    template_lines(console, template, rows, partial=False, says=says)


class Listing(namedtuple("Listing", "titles columns quiet raw")):
    """How a list prints: `titles` by field (dict), the `columns` of its usual table (names of fields, str).

    `quiet` is the field that --quiet prints, and `raw` the template that --format raw means.
    """

    __slots__ = ()


def write_listing(console, options, listing, rows, found):
    """Write a list as --format, --quiet and --json in `options` say.

    `listing` is its Listing. `rows` are dicts of fields, and `found` the engine's own objects, for --json.
    """
    text = options.get("format") or "table"
    if options.get("json"):
        import json   # in ASCII, so that no terminal acts on it
        console.out.line(json.dumps(found, separators=(",", ":")).replace("\x7f", "\\u007f"))
    elif text == "table" and options.get("quiet"):
        write_lines(console.out, [row[listing.quiet] for row in rows])
    elif text == "table":
        columns = listing.columns.split()
        titles = [listing.titles[name] for name in columns]
        write_lines(console.out, align_columns([titles] + [[row[name] for name in columns] for row in rows]))
    else:
        raw = listing.raw.split("\n")[0] if options.get("quiet") else listing.raw
        write_formatted(console, text, rows, listing.titles, raw)


def refuse_unknown_fields(template, headers, says=TEMPLATE_SAYS):
    """CommandFailed for a template that names a field which no row has, though the list is empty."""
    from .template import TemplateFieldError
    from .template_functions import ListRow, TemplateValueError
    try:
        template.execute(ListRow((name, (lambda *any_name: "") if callable(title) else "")
                                 for name, title in headers.items()))
    except TemplateFieldError as error:
        raise CommandFailed(says[1] + str(error), 1)
    except TemplateValueError:
        pass   # the template does not fit an empty value, and may fit others


def uses_field(text, field):
    """Whether a --format prints `field`, alone or as part of the row."""
    return bool(text) and re.search(r"[.]%s\b|json\s+[.]\s*[)}|]" % field, text) is not None


def labels_text(labels):
    return ",".join(sorted("%s=%s" % pair for pair in (labels or {}).items()))


def label_title(name):
    return name.rpartition(".")[2].replace("-", " ").replace("_", " ")
