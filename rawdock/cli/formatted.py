"""Lists and objects in the --format that was asked for: templates, tables of templates, JSON.

Loaded only then: the plain output of a command needs none of it.
"""
import re

from .format import align_columns


def write_template_lines(output, lines):
    """Write the lines (list of str) that a user's template made, which may steer the terminal, at once."""
    if lines:
        output.write(("\n".join(lines) + "\n").encode("utf-8", "replace"))


def parse_template_option(console, text, nulls=None):
    """A Template, or None after saying why it is none: status 64, as with the docker CLI."""
    from .template import Template, TemplateSyntaxError, unescape_template
    try:
        return Template(unescape_template(text), nulls)
    except TemplateSyntaxError as error:
        console.err.line(str(error))
        return None


def template_lines(console, template, rows, partial=True):
    """Write `template` of each row → exit status. What came before a failure is written.

    `partial`: the beginning of the row that failed too.
    """
    from .template import TemplateValueError
    lines = []
    try:
        for row in rows:
            pieces = []
            template.execute(row, out=pieces)
            lines.append("".join(pieces))
    except TemplateValueError as error:
        write_template_lines(console.out, lines + (["".join(pieces)] if partial else []))
        console.err.line(str(error))
        return 1
    write_template_lines(console.out, lines)
    return 0


def template_table(console, text, rows, headers):
    """A --format of `table TEMPLATE`: columns under titles → exit status."""
    template = parse_template_option(console, text)
    if template is None:
        return 1
    from .template import TemplateValueError
    try:
        title = template.execute(headers, header=True)
    except TemplateValueError:
        title = ""
    try:
        lines = [template.execute(row) for row in rows]
    except TemplateValueError as error:
        console.err.line(str(error))
        return 1
    cells = [line.split("\t") for line in "\n".join([title] + lines).split("\n")]
    write_template_lines(console.out, align_columns(cells))
    return 0


def write_formatted(console, text, rows, headers, raw):
    """A list in the --format `text` → exit status.

    `rows` are dicts, `headers` the titles by field, `raw` the template that "raw" means.
    """
    if text == "json":
        text = "{{json .}}"
    elif text == "raw":
        text = raw
    from .template import ListRow
    rows = [ListRow(row) for row in rows]
    if text.startswith("table"):
        return template_table(console, text[len("table"):].strip(), rows, headers)
    template = parse_template_option(console, text)
    if template is None or not rows and names_no_field(console, template, headers):
        return 1
    return template_lines(console, template, rows, partial=False)


def names_no_field(console, template, headers):
    """Whether a template for an empty list names a field that no row has: said then too, not only once there
    is a row.
    """
    from .template import TemplateFieldError, TemplateValueError
    try:
        template.execute({name: (lambda *any_name: "") if callable(title) else ""
                          for name, title in headers.items()})
    except TemplateFieldError as error:
        console.err.line(str(error))
        return True
    except TemplateValueError:
        pass   # an empty value is not what the template is for
    return False


def uses_field(text, field):
    """Whether a --format shows `field`, alone or with the whole row."""
    return bool(text) and re.search(r"[.]%s\b|json\s+[.]\s*[)}|]" % field, text) is not None


def labels_text(labels):
    return ",".join(sorted("%s=%s" % pair for pair in (labels or {}).items()))


def label_title(name):
    return name.rpartition(".")[2].replace("-", " ").replace("_", " ")
