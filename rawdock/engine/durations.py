"""How long ago, in the words that engines and the docker CLI share: "Up 5 minutes", "About an hour ago".

The CLI prints them for CREATED, where an engine gives a time; the practice engine, as any
engine, puts them into a container's status. Hours and more are rounded as Docker rounds them.
"""

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
    if hours < 2 * DAY_HOURS:
        return "%d hours" % hours
    if hours < 2 * WEEK_HOURS:
        return "%d days" % (hours // DAY_HOURS)
    if hours < 2 * MONTH_HOURS:
        return "%d weeks" % (hours // WEEK_HOURS)
    if hours < 2 * YEAR_HOURS:
        return "%d months" % (hours // MONTH_HOURS)
    return "%d years" % (int(seconds / 3600.0) // YEAR_HOURS)
