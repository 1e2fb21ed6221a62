"""Durations and dates, as engines and the docker CLI write and read them: "Up 5 minutes", "1h30m", RFC 3339.

The CLI prints the age of a container as a human duration; an engine, and so the practice engine, has one in a
container's status. Hours and longer units are rounded as Docker rounds them. A point in time is given as a
duration before now, a date, or seconds since 1970.
"""
import re
import time

from ..errors import UsageError

# RFC 3339 §5.6, and the shorter forms that the docker CLI takes for --since: without a time it is midnight,
# and without a zone it is local time.
DATE_PATTERN = ("([0-9]{4})-([0-9]{2})-([0-9]{2})"
                "(?:[Tt]([0-9]{2})(?::([0-9]{2})(?::([0-9]{2})(?:[.]([0-9]{1,9})[0-9]*)?)?)?)?"
                "(Z|z|[+-][0-9]{2}:[0-9]{2})?")

WEEKDAY_NAMES = "Mon Tue Wed Thu Fri Sat Sun".split()   # whatever the locale
MONTH_NAMES = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def human_duration(seconds):
    """Seconds (a number) as people say them: "About an hour", "3 weeks"."""
    whole = int(seconds)
    for limit, text in ((1, "Less than a second"), (2, "1 second"), (60, "%d seconds" % whole),
                        (120, "About a minute"), (3600, "%d minutes" % (whole // 60))):
        if whole < limit:
            return text
    hours = int(seconds / 3600.0 + 0.5)
    if hours == 1:
        return "About an hour"
    for days, length, unit in ((2, 1, "hours"), (14, 24, "days"), (60, 7 * 24, "weeks"),
                               (730, 30 * 24, "months")):
        if hours < days * 24:
            return "%d %s" % (hours // length, unit)
    return "%d years" % (int(seconds / 3600.0) // (365 * 24))


def read_date(text):
    """A date, or date and time, as (seconds since 1970, nanoseconds); None if it is neither."""
    from datetime import datetime, timedelta
    match = re.fullmatch(DATE_PATTERN, text, re.ASCII)
    if match is None:
        return None
    nanoseconds, zone = int((match.group(7) or "0").ljust(9, "0")), match.group(8)
    try:
        moment = datetime(*[int(part or 0) for part in match.groups()[:6]])
        if zone is None:
            return int(time.mktime(moment.timetuple())), nanoseconds
    except (OverflowError, ValueError):
        return None
    seconds = (moment - datetime(1970, 1, 1)) // timedelta(seconds=1)
    if zone not in "Zz":
        seconds -= (int(zone[1:3]) * 60 + int(zone[4:6])) * 60 * (-1 if zone[0] == "-" else 1)
    return seconds, nanoseconds


def parse_when(text, now):
    """A --since or --until as the engine takes it (str): seconds since 1970, with nine decimals for a date.

    `text` is a duration, which means so long before `now` (seconds, a number), a date, or seconds since 1970,
    which stay as they are. Raises UsageError.
    """
    from ..engine.values import read_duration   # ps alone does not need it
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
