"""How values look: sizes, durations, times, ids, ports, tables and JSON, each as the docker CLI prints them.

Promises: pure functions of their arguments (`now` is one), so the same list prints the
same bytes. Everything that `rawdock ps` needs stands here and imports nothing; templates
(`--format`) are a file of their own, read only when one is given.

Refuses, with a UsageError: a time that is neither a duration, a date nor a number, and a
filter without `=`. Leaves out: colours, and the terminal's width (docker cuts nothing either).
"""
import json
import re
import time

from ..errors import UsageError

TABLE_LEAST_WIDTH = 10    # of a column, its padding included
TABLE_PADDING = 3
DECIMAL_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB")
BINARY_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB")

# Go's duration units in nanoseconds; micro is spelled in three ways.
DURATION_UNITS = {"ns": 1, "us": 10 ** 3, "\u00b5s": 10 ** 3, "\u03bcs": 10 ** 3, "ms": 10 ** 6,
                  "s": 10 ** 9, "m": 60 * 10 ** 9, "h": 3600 * 10 ** 9}
DURATION_PART = "([0-9]+)?(?:[.]([0-9]*))?(ns|us|\u00b5s|\u03bcs|ms|s|m|h)"
# RFC 3339 §5.6, and the shorter forms the docker CLI takes for --since: what is left out is zero, the zone local.
DATE_PATTERN = ("([0-9]{4})-([0-9]{2})-([0-9]{2})"
                "(?:[Tt]([0-9]{2})(?::([0-9]{2})(?::([0-9]{2})(?:[.]([0-9]{1,9})[0-9]*)?)?)?)?(Z|z|[+-][0-9]{2}:[0-9]{2})?")


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

def days_since_1970(year, month, day):
    """The number of a day of the Gregorian calendar; 0 is 1970-01-01. No check that the month has the day."""
    # Years begin in March here, so that the leap day is a year's last.
    year -= month <= 2
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return 365 * year + year // 4 - year // 100 + year // 400 + day_of_year - 719468


def month_length(year, month):
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and leap else (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


def read_date(text):
    """A date, or date and time, as (seconds since 1970, nanoseconds), or None if it is none. Without a zone: local time."""
    match = re.fullmatch(DATE_PATTERN, text, re.ASCII)
    if match is None:
        return None
    year, month, day, hour, minute, second = [int(part or 0) for part in match.groups()[:6]]
    if not (1 <= month <= 12 and 1 <= day <= month_length(year, month) and hour < 24 and minute < 60 and second < 60):
        return None
    nanoseconds = int((match.group(7) or "0").ljust(9, "0"))
    zone = match.group(8)
    if zone is None:
        try:
            return int(time.mktime((year, month, day, hour, minute, second, 0, 0, -1))), nanoseconds
        except (OverflowError, ValueError):
            return None
    offset = 0
    if zone not in "Zz":
        offset = (int(zone[1:3]) * 60 + int(zone[4:6])) * 60 * (-1 if zone[0] == "-" else 1)
    return days_since_1970(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset, nanoseconds


def parse_engine_time(text):
    """An engine's timestamp as (seconds since 1970, nanoseconds); None for "", no timestamp, and the zero time, which means unset."""
    if not isinstance(text, str) or text.startswith("0001-01-01T00:00:00"):
        return None
    return read_date(text)


def read_duration(text):
    """A Go duration ("1h30m", "-1.5s") in nanoseconds, or None if it is none."""
    match = re.fullmatch("([+-]?)((?:%s)+)" % DURATION_PART.replace("(", "(?:").replace("(?:?:", "(?:"), text, re.ASCII)
    if match is None:
        return 0 if text in ("+0", "-0") else None
    total = 0
    for whole, fraction, unit in re.findall(DURATION_PART, match.group(2), re.ASCII):
        if not (whole or fraction):
            return None
        total += int(whole or 0) * DURATION_UNITS[unit]
        total += int(fraction or 0) * DURATION_UNITS[unit] // 10 ** len(fraction)
    if total >= 2 ** 63:
        return None
    return -total if match.group(1) == "-" else total


def parse_when(text, now):
    """A --since or --until as the engine wants it: seconds since 1970, with nine decimals where it was a date.

    `text`: a duration, meaning so long before `now` (seconds, a number); a date; or seconds
    since 1970, which stay as they are. Raises UsageError.
    """
    duration = read_duration(text)
    if duration is not None:
        at = (int(now * 1000000) * 1000 - duration) // 10 ** 9
        return "%d" % max(at, 0)
    date = read_date(text)
    if date is not None:
        return "%d.%09d" % date if date[0] >= 0 else "0"
    if re.fullmatch("[0-9]+([.][0-9]{1,9})?", text, re.ASCII):
        return text
    raise UsageError('failed to parse value as time or duration: "%s"' % text,
                     "write it as 10m, 2026-01-02T15:04:05Z or 1767366245")


def zone_offset(moment):
    """The local zone's offset at `moment` (a time.struct_time): "+0000"."""
    return time.strftime("%z", moment)


def local_time_text(seconds):
    """A unix time as `ps` shows it in CreatedAt: "2026-11-23 11:49:15 +0000 UTC"."""
    moment = time.localtime(seconds)
    return "%s %s %s" % (time.strftime("%Y-%m-%d %H:%M:%S", moment), zone_offset(moment), time.strftime("%Z", moment))


def local_timestamp(nanoseconds):
    """Nanoseconds since 1970 as a local RFC 3339 time with nine decimals."""
    seconds, rest = divmod(nanoseconds, 10 ** 9)
    moment = time.localtime(seconds)
    offset = zone_offset(moment)
    zone = "Z" if offset in ("+0000", "-0000", "") else offset[:3] + ":" + offset[3:5]
    return "%s.%09d%s" % (time.strftime("%Y-%m-%dT%H:%M:%S", moment), rest, zone)


WEEKDAY_NAMES = "Mon Tue Wed Thu Fri Sat Sun".split()
MONTH_NAMES = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def build_time_text(text):
    """An engine's build time as `version` shows it: "Thu May  7 21:09:36 2026", in its own zone; other texts as they are."""
    match = re.match(DATE_PATTERN, text, re.ASCII)
    if match is None or match.group(6) is None or read_date(text) is None:
        return text
    year, month, day = [int(part) for part in match.groups()[:3]]
    weekday = WEEKDAY_NAMES[(days_since_1970(year, month, day) + 3) % 7]
    return "%s %s %2d %s %d" % (weekday, MONTH_NAMES[month - 1], day, ":".join(match.groups()[3:6]), year)


# -- texts

def short_id(identifier):
    """The 12 digits people know an id by."""
    return identifier.partition(":")[2][:12] if identifier.startswith("sha256:") else identifier[:12]


def letter_widths(text):
    """The columns of a terminal that each letter takes: 2 for wide ones (UAX #11), 1 for all others."""
    # Below Hangul nothing is wide: most texts need no table, and the table costs an import.
    if not text or max(text.replace("\u2026", "") or "-") < "\u1100":
        return [1] * len(text)
    from unicodedata import east_asian_width
    return [2 if east_asian_width(letter) in "WF" else 1 for letter in text]


def shorten(text, width):
    """`text` in at most `width` columns, its end replaced by "…" where it is longer."""
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
    """`text` between double quotes, with escapes for what does not print."""
    if text.isprintable() and "\\" not in text and '"' not in text:
        return '"%s"' % text
    quoted = []
    for letter in text:
        number = ord(letter)
        if letter in QUOTED_LETTERS:
            letter = QUOTED_LETTERS[letter]
        elif not letter.isprintable():
            letter = "\\x%02x" % number if number < 0x80 else "\\u%04x" % number if number < 0x10000 else "\\U%08x" % number
        quoted.append(letter)
    return '"%s"' % "".join(quoted)


def with_port(address, port):
    return "[%s]:%s" % (address, port) if ":" in address else "%s:%s" % (address, port)


def ports_column(ports):
    """The PORTS of a container: a list of {"IP", "PrivatePort", "PublicPort", "Type"} as one text.

    Runs of ports that are published under their own number, or not at all, become ranges;
    those published under another number come last, one by one.
    """
    groups = {}        # (address, type) → [first, last] of the run that is open
    finished, moved = [], []

    def group_text(key, run):
        address, kind = key
        numbers = "%d" % run[0] if run[0] == run[1] else "%d-%d" % tuple(run)
        return (with_port(address, numbers) + "->" if address else "") + numbers + "/" + kind

    rows = [(port.get("PrivatePort") or 0, port.get("IP") or "", port.get("PublicPort") or 0, port.get("Type") or "")
            for port in ports or ()]
    order = []
    for private, address, public, kind in sorted(rows):
        if address and public != private:
            moved.append("%s->%d/%s" % (with_port(address, public), private, kind))
            continue
        key = address, kind
        run = groups.get(key)
        if run is None:
            groups[key] = [private, private]
            order.append(key)
        elif private == run[1] + 1:
            run[1] = private
        else:
            finished.append(group_text(key, run))
            groups[key] = [private, private]
    return ", ".join(finished + [group_text(key, groups[key]) for key in order] + moved)


# -- tables and JSON

def align_columns(rows, least=TABLE_LEAST_WIDTH, padding=TABLE_PADDING):
    """Rows (lists of texts) as lines. The last cell of a row belongs to no column and is not padded.

    A column is a run of consecutive rows that have it: a row with fewer cells begins it anew.
    """
    padded = [list(row) for row in rows]
    for column in range(max([len(row) for row in rows] or [1]) - 1):
        first = 0
        while first < len(rows):
            last = first
            while last < len(rows) and len(rows[last]) > column + 1:
                last += 1
            if last > first:
                widths = [sum(letter_widths(rows[number][column])) for number in range(first, last)]
                width = max([least] + [one + padding for one in widths])
                for number in range(first, last):
                    padded[number][column] += " " * (width - widths[number - first])
            first = last + 1
    return ["".join(row) for row in padded]


def compact_json(value, html=False):
    """A value as Go writes it: no blanks, letters as they are, U+2028 and U+2029 escaped; with `html` also <, > and &."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    if html:
        text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return text


JSON_PIECE = r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+'


def indent_json(text):
    """JSON text with an indent of four blanks a level. Names, strings and numbers stay as the engine spelled them."""
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
    """JSON text without the blanks between its pieces."""
    return "".join(re.findall(JSON_PIECE, text, re.DOTALL))


def parse_filters(words):
    """--filter words ("status=exited") as the dict the engine takes: name to list of values. Raises UsageError."""
    filters = {}
    for word in words or ():
        if not word:
            continue
        name, equals, value = word.partition("=")
        if not equals:
            raise UsageError('invalid argument "%s" for "-f, --filter" flag: bad format of filter (expected name=value)' % word)
        values = filters.setdefault(name.strip().lower(), [])
        if value.strip() not in values:
            values.append(value.strip())
    return filters
