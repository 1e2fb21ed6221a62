"""Values as the docker CLI's flags write them: numbers, sizes, durations, comma-separated fields.

A reader takes a text (str) and returns the value, or raises a UsageError in the docker CLI's words, which are
those of Go's strconv, time and encoding/csv. A size above 64 bits, which wraps in Go, is refused.
"""
import re

from ..errors import InvalidArgument, UsageError

MAX_SIZE = (1 << 63) - 1       # the engine's int64
# Go's duration units in nanoseconds; the micro sign has two code points.
DURATION_UNITS = {"ns": 1, "us": 10 ** 3, "\u00b5s": 10 ** 3, "\u03bcs": 10 ** 3, "ms": 10 ** 6,
                  "s": 10 ** 9, "m": 60 * 10 ** 9, "h": 3600 * 10 ** 9}
DURATION_PART = "(?=[.]?[0-9])([0-9]{0,18})(?:[.]([0-9]{0,18}))?(ns|us|\u00b5s|\u03bcs|ms|s|m|h)"
FLOAT_PATTERN = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
# A field of a comma-separated line: in quotes, where "" is a quote, or without any.
CSV_FIELD = re.compile(r'"((?:[^"]|"")*)"(?=,|\Z)|([^",]*)(?=,|\Z)')
INTEGER_DIGITS = {8: "[0-7]+", 10: "[0-9]+"}
# Base 0: the base is in the text, as in 0x1f, 0b11, 0o17 and 017; digits may be separated by underscores.
ANY_BASE_DIGITS = "0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO]?(?:_?[0-7])+|[1-9](?:_?[0-9])*|0"


def read_integer(text, base=10, bits=64, signed=True):
    """`text` as an int of so many bits. `base` is 8, 10, or 0 for the one that the text itself names."""
    failed = "strconv.%s: parsing %s: " % ("ParseInt" if signed else "ParseUint", quoted(text))
    sign = "[+-]?" if signed else ""
    if not re.fullmatch("%s(?:%s)" % (sign, INTEGER_DIGITS.get(base, ANY_BASE_DIGITS)), text, re.ASCII):
        raise UsageError(failed + "invalid syntax")
    digits = text.replace("_", "")
    value = int(digits, base) if base else int(re.sub("^([+-]?0)(?=[0-7])", r"\1o", digits), 0)
    lowest, highest = (-1 << bits - 1, (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    if not lowest <= value <= highest:
        raise UsageError(failed + "value out of range")
    return value


def quoted(text):
    """`text` in double quotes, with escapes for quotes, backslashes and control characters."""
    import json
    return json.dumps(text, ensure_ascii=False)


def read_size(text):
    """ "512m" → bytes (int): b, k, m, g, t, p are powers of 1024, and may be followed by b or ib."""
    match = re.fullmatch("(.*[0-9. ])([^0-9. ]*)", text, re.DOTALL)
    if match is None:
        raise UsageError("invalid size: '%s'" % text, "write a number and b, k, m or g, as in 512m")
    number, suffix = match.group(1), match.group(2).lower()
    number = number[:-1] if number[-1] == " " else number
    if len(number) > 40 or not re.fullmatch(FLOAT_PATTERN, number, re.ASCII):
        raise UsageError("strconv.ParseFloat: parsing %s: invalid syntax" % quoted(number))
    size = float(number)
    if size < 0:
        raise UsageError("invalid size: '%s'" % text)
    if not re.fullmatch("|b|[kmgtp](?:i?b)?", suffix):
        raise UsageError("invalid suffix: '%s'" % suffix)
    size *= 1024 ** "bkmgtp".index(suffix[:1] or "b")
    if size > MAX_SIZE:
        raise UsageError("invalid size: '%s': more than %d bytes" % (text, MAX_SIZE))
    return int(size)


def read_duration(text):
    """A Go duration ("1h30m", "-1.5s") in nanoseconds; None for other texts."""
    if not re.fullmatch("[+-]0|[+-]?(?:%s)+" % DURATION_PART, text, re.ASCII):
        return None
    total = 0
    for whole, fraction, unit in re.findall(DURATION_PART, text, re.ASCII):
        total += int(whole or 0) * DURATION_UNITS[unit]
        total += int(fraction or 0) * DURATION_UNITS[unit] // 10 ** len(fraction)
    return None if total >= 2 ** 63 else -total if text[0] == "-" else total


def duration_value(text):
    """A Go duration in nanoseconds, "0" among them."""
    value = 0 if text == "0" else read_duration(text)
    if value is None:
        bad = re.match("[+-]?(?:%s)*(?=[.]?[0-9])[0-9]*[.]?[0-9]*([^0-9.]*)" % DURATION_PART, text, re.ASCII)
        unit = bad.group(4) if bad else None
        reason = "invalid duration "
        if unit == "":
            reason = "missing unit in duration "
        elif unit is not None and unit not in DURATION_UNITS:
            reason = "unknown unit %s in duration " % quoted(unit)
        raise UsageError("time: %s%s" % (reason, quoted(text)))
    return value


def csv_fields(text):
    """The fields (list of str) of one line of comma-separated values, as encoding/csv reads it."""
    if not text:
        raise UsageError("EOF")
    fields, at = [], 0
    while at <= len(text):
        match = CSV_FIELD.match(text, at)
        if match is None:
            in_quotes = text[at] == '"'
            column = re.compile('"(?:[^"]|"")*' if in_quotes else '[^"]*').match(text, at).end() + 1
            reason = "extraneous or missing \" in quoted" if in_quotes else "bare \" in non-quoted"
            raise UsageError("parse error on line 1, column %d: %s-field" % (column, reason))
        fields.append(match.group(2) if match.group(1) is None else match.group(1).replace('""', '"'))
        at = match.end() + 1
    return fields


def read_argument(reader, value, flags):
    """reader(value), where a UsageError becomes an InvalidArgument of the flag: `flags` is "-m, --memory"."""
    try:
        return reader(value)
    except UsageError as error:
        shown = quoted(value) if isinstance(value, str) else repr(value)
        raise InvalidArgument('invalid argument %s for "%s" flag: %s' % (shown, flags, error.message),
                              error.hint) from None
