"""Durations and dates, as engines and the docker CLI write and read them: "Up 5 minutes", "1h30m", RFC 3339.

The CLI prints human durations for CREATED, where an engine gives a time; the practice engine, as any
engine, puts them into a container's status. Hours and more are rounded as Docker rounds them.
Points in time are read from a duration before now, a date, or seconds since 1970.
"""
import re
import time

from ..errors import UsageError

# Go's duration units in nanoseconds; micro is spelled in three ways.
DURATION_UNITS = {"ns": 1, "us": 10 ** 3, "\u00b5s": 10 ** 3, "\u03bcs": 10 ** 3, "ms": 10 ** 6,
                  "s": 10 ** 9, "m": 60 * 10 ** 9, "h": 3600 * 10 ** 9}
DURATION_PART = "([0-9]+)?(?:[.]([0-9]*))?(ns|us|\u00b5s|\u03bcs|ms|s|m|h)"
# RFC 3339 §5.6, and the shorter forms the docker CLI takes for --since: what is left out is zero, the zone
# local.
DATE_PATTERN = ("([0-9]{4})-([0-9]{2})-([0-9]{2})"
                "(?:[Tt]([0-9]{2})(?::([0-9]{2})(?::([0-9]{2})(?:[.]([0-9]{1,9})[0-9]*)?)?)?)?"
                "(Z|z|[+-][0-9]{2}:[0-9]{2})?")

WEEKDAY_NAMES = "Mon Tue Wed Thu Fri Sat Sun".split()   # whatever the locale
MONTH_NAMES = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()

# Days and more are floored from whole hours, as the docker CLI does.
DAY_HOURS = 24
WEEK_HOURS = 7 * DAY_HOURS
MONTH_HOURS = 30 * DAY_HOURS
YEAR_HOURS = 365 * DAY_HOURS


def human_duration(seconds):
    """Seconds (a number) as people say them: "About an hour", "3 weeks"."""
    whole = int(seconds)
    if whole < 1:
        return "Less than a second"
    if whole == 1:
        return "1 second"
    if whole < 60:
        return "%d seconds" % whole
    minutes = whole // 60
    if minutes == 1:
        return "About a minute"
    if minutes < 60:
        return "%d minutes" % minutes
    hours = int(seconds / 3600.0 + 0.5)
    if hours == 1:
        return "About an hour"
    for unit, length, longer in (("hours", 1, DAY_HOURS), ("days", DAY_HOURS, WEEK_HOURS),
                                 ("weeks", WEEK_HOURS, MONTH_HOURS), ("months", MONTH_HOURS, YEAR_HOURS)):
        if hours < 2 * longer:
            return "%d %s" % (hours // length, unit)
    return "%d years" % (int(seconds / 3600.0) // YEAR_HOURS)


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
    """A date, or date and time, as (seconds since 1970, nanoseconds), or None if it is none.

    Without a zone it is local time.
    """
    match = re.fullmatch(DATE_PATTERN, text, re.ASCII)
    if match is None:
        return None
    year, month, day, hour, minute, second = [int(part or 0) for part in match.groups()[:6]]
    if not (1 <= month <= 12 and 1 <= day <= month_length(year, month)
            and hour < 24 and minute < 60 and second < 60):
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
    seconds = days_since_1970(year, month, day) * 86400 + hour * 3600 + minute * 60 + second
    return seconds - offset, nanoseconds


def read_duration(text):
    """A Go duration ("1h30m", "-1.5s") in nanoseconds, or None if it is none."""
    part = DURATION_PART.replace("(", "(?:").replace("(?:?:", "(?:")
    match = re.fullmatch("([+-]?)((?:%s)+)" % part, text, re.ASCII)
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
    """A --since or --until as the engine wants it: seconds since 1970, with nine decimals for a date.

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
