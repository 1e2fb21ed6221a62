"""How values look: sizes, durations, times, ids, ports, tables and JSON, each as the docker CLI prints them.

Promises: the functions depend on their arguments alone, so that equal lists print equal bytes. Templates
(`--format`) have a file of their own, which is imported only when one is given.

Leaves out: colours, and the width of the terminal, to which docker does not cut lines either.
"""
import re
import time

from .printable import escaped_letter

TABLE_LEAST_WIDTH = 10    # of a column, its padding included
TABLE_PADDING = 3
DECIMAL_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB")
BINARY_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB")


# -- numbers

def size_in_units(size, base, units, digits):
    size = float(size)
    unit = 0
    while size >= base and unit < len(units) - 1:
        size /= base
        unit += 1
    return "%.*g%s" % (digits, size, units[unit])


def human_size(size, digits=3):
    """Bytes in decimal units, 3 digits as lists show them ("19.9MB"), 4 as progress does."""
    return size_in_units(size, 1000.0, DECIMAL_UNITS, digits)


def binary_size(size):
    """Bytes in binary units ("23.54GiB"): memory."""
    return size_in_units(size, 1024.0, BINARY_UNITS, 4)


# -- times

def local_time_text(seconds):
    """A unix time as `ps` shows it in CreatedAt: "2026-11-23 11:49:15 +0000 UTC"."""
    return time.strftime("%Y-%m-%d %H:%M:%S %z %Z", time.localtime(seconds))


def local_timestamp(nanoseconds):
    """Nanoseconds since 1970 as a local RFC 3339 time with nine decimals."""
    seconds, rest = divmod(nanoseconds, 10 ** 9)
    moment = time.localtime(seconds)
    offset = time.strftime("%z", moment)
    zone = "Z" if offset in ("+0000", "-0000", "") else offset[:3] + ":" + offset[3:5]
    return "%s.%09d%s" % (time.strftime("%Y-%m-%dT%H:%M:%S", moment), rest, zone)


def go_time_text(text):
    """An RFC 3339 time of an engine (str) as Go prints one: "2026-11-23 11:49:15.5 +0000 UTC".

    A text that is not a date and time stays as it is.
    """
    match = re.fullmatch(r"([0-9-]{10})T([0-9:]{8})(?:([.][0-9]*?)0*)?(Z|([+-][0-9]{2}):([0-9]{2}))", text)
    if match is None:
        return text
    day, clock, fraction, zone, hours, minutes = match.groups()
    zone = "+0000 UTC" if zone == "Z" else "%s%s %s%s" % (hours, minutes, hours, minutes)
    return "%s %s%s %s" % (day, clock, "" if fraction in (None, ".") else fraction, zone)


def build_time_text(text):
    """An engine's build time in its own zone as `version` shows it: "Thu May  7 21:09:36 2026".

    A text that is not a date and time stays as it is.
    """
    from datetime import datetime
    try:
        return datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").ctime()
    except ValueError:
        return text


# -- texts

def short_id(identifier):
    """The first 12 digits of an id, which identify an object."""
    return identifier.partition(":")[2][:12] if identifier.startswith("sha256:") else identifier[:12]


def natural_order(text):
    """A key by which "a9" sorts before "a10"."""
    return [int(part) if part.isdigit() else part for part in re.split("([0-9]+)", text)]


def familiar_image(text):
    """An image's name (str) as people write it: "redis:2" for "docker.io/library/redis:2", and no digest."""
    name = re.sub(r"@[\w+.-]+:[0-9A-Fa-f]{32,}$", "", text)
    return re.sub(r"^(?:index\.)?docker\.io/(?:library/(?=[^/]+$))?", "", name)


def letter_widths(text):
    """How many columns of a terminal each letter takes: 2 for a wide one (UAX #11), else 1."""
    # No letter before Hangul is wide, so that most texts need no table, which costs an import.
    if not text or max(text.replace("\u2026", "") or "-") < "\u1100":
        return [1] * len(text)
    from unicodedata import east_asian_width
    return [2 if east_asian_width(letter) in "WF" else 1 for letter in text]


def shorten(text, width):
    """`text` in at most `width` columns; "…" replaces the end of a longer one."""
    widths = letter_widths(text)
    if sum(widths) <= width:
        return text
    kept, taken = 0, 0
    while taken + widths[kept] <= width - 1:
        taken += widths[kept]
        kept += 1
    return text[:kept] + "\u2026"


QUOTED_LETTERS = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v",
                  "\\": "\\\\", '"': '\\"'}


def quote_text(text):
    """`text` between double quotes, with escapes for characters that do not print."""
    if text.isprintable() and "\\" not in text and '"' not in text:
        return '"%s"' % text
    quoted = [QUOTED_LETTERS.get(letter) or (letter if letter.isprintable() else escaped_letter(letter))
              for letter in text]
    return '"%s"' % "".join(quoted)


def with_port(address, port):
    return "[%s]:%s" % (address, port) if ":" in address else "%s:%s" % (address, port)


def ports_column(ports):
    """The PORTS of a container: a list of {"IP", "PrivatePort", "PublicPort", "Type"} as one text.

    Successive ports that are published under their own number, or not published, become ranges. Those
    published under another number come last, one by one.
    """
    groups = {}   # (address, type) → [first, last] of the range that may go on
    finished, moved = [], []

    def group_text(key, run):
        address, kind = key
        numbers = "%d" % run[0] if run[0] == run[1] else "%d-%d" % tuple(run)
        return (with_port(address, numbers) + "->" if address else "") + numbers + "/" + kind

    rows = [(port.get("PrivatePort") or 0, port.get("IP") or "", port.get("PublicPort") or 0,
             port.get("Type") or "") for port in ports or ()]
    for private, address, public, kind in sorted(rows):
        if address and public != private:
            moved.append("%s->%d/%s" % (with_port(address, public), private, kind))
            continue
        key = address, kind
        if key in groups and private == groups[key][1] + 1:
            groups[key][1] = private
            continue
        if key in groups:
            finished.append(group_text(key, groups[key]))
        groups[key] = [private, private]   # a key keeps the place that it had first
    return ", ".join(finished + [group_text(*group) for group in groups.items()] + moved)


# -- tables and JSON

def align_columns(rows, least=TABLE_LEAST_WIDTH, padding=TABLE_PADDING):
    """Rows (lists of texts) as lines. The last cell of a row belongs to no column and is not padded.

    A column consists of consecutive rows that have it: a row with fewer cells ends it.
    """
    from itertools import groupby
    padded = [list(row) for row in rows]
    for column in range(max([len(row) for row in rows] or [1]) - 1):
        for has_column, run in groupby(padded, lambda row: len(row) > column + 1):
            if has_column:
                run = list(run)
                widths = [sum(letter_widths(row[column])) for row in run]
                width = max([least] + [one + padding for one in widths])
                for row, taken in zip(run, widths):
                    row[column] += " " * (width - taken)
    return ["".join(row) for row in padded]


def compact_json(value, html=False):
    """JSON as Go writes it: without spaces, with U+2028 and U+2029 escaped; with `html` also <, > and &."""
    import json
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    if html:
        text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return text


JSON_PIECE = r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+'


def indent_json(text):
    """JSON text indented by four spaces a level. Names, strings and numbers keep the engine's spelling."""
    parts = []
    depth = 0
    previous = ""
    for piece in re.findall(JSON_PIECE, text, re.DOTALL):
        closes = piece in ("}", "]")
        if closes:
            depth -= 1
        if previous in ("{", "[", ",") and not (closes and previous != ","):
            parts.append("\n" + "    " * depth)
        elif closes and previous not in ("{", "["):
            parts.append("\n" + "    " * depth)
        parts.append(": " if piece == ":" else piece)
        if piece in ("{", "["):
            depth += 1
        previous = piece
    return "".join(parts)


def without_json_blanks(text):
    """JSON text without the white space between its pieces."""
    return "".join(re.findall(JSON_PIECE, text, re.DOTALL))
