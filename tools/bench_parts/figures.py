"""Figures, goals and rows of tools/bench: how they are judged, and shown as a table, JSON or a drawing."""
from html import escape



class Figure:
    """One contender's median. `unit` "s", "MiB" or "×" (how often the time of the smaller work); `peak` in
    MiB or None."""

    def __init__(self, name, value, unit="s", peak=None, rounds=(), note=""):
        self.name = name
        self.value = value
        self.unit = unit
        self.peak = peak
        self.rounds = list(rounds)
        self.note = note


class Goal:
    """What the figure `ours` must reach against the figure `peer`.

    kind "faster": at least `target` times as fast; "within": at most `target` times the peer's; "limit": at
    most `target` itself, `peer` is None then. `stretch` is a target one would be proud of. `measure`: "value"
    or "peak". `beyond` names a figure that is subtracted from `ours` first: what a bare interpreter takes.
    """

    def __init__(self, ours, peer, kind, target, stretch=None, measure="value", beyond=None):
        self.ours = ours
        self.peer = peer
        self.kind = kind
        self.target = target
        self.stretch = stretch
        self.measure = measure
        self.beyond = beyond


class Row:
    """One work: `figures` (Figure) of all who did it, `goals` (Goal), `notes` on what could not be
    measured."""

    def __init__(self, key, title, goals=(), broken=False):
        self.key = key
        self.title = title
        self.figures = []
        self.goals = list(goals)
        self.notes = []
        self.broken = broken       # something of ours did not work

    def figure(self, name):
        for figure in self.figures:
            if figure.name == name:
                return figure
        return None


def judge(goal, row):
    """A dict: ratio (None: not measured), reached, stretched; `ratio` in the sense of the goal's kind."""
    ours, peer = row.figure(goal.ours), row.figure(goal.peer)
    mine = ours and getattr(ours, goal.measure)
    if mine and goal.beyond is not None:
        bare = row.figure(goal.beyond)
        mine = bare and mine - getattr(bare, goal.measure)
    other = 1 if goal.peer is None else peer and getattr(peer, goal.measure)
    verdict = {"ours": goal.ours, "peer": goal.peer, "kind": goal.kind, "measure": goal.measure,
               "target": goal.target, "beyond": goal.beyond,
               "stretch": goal.stretch, "ratio": None, "reached": None, "stretched": None}
    if mine and other:
        ratio = other / mine if goal.kind == "faster" else mine / other
        passes = (lambda bound: ratio >= bound) if goal.kind == "faster" else (lambda bound: ratio <= bound)
        verdict.update(ratio=ratio, reached=passes(goal.target),
                       stretched=None if goal.stretch is None else passes(goal.stretch))
    return verdict


def span(value, unit):
    """A figure for people: 1.5e-05 s → "15.0 µs"."""
    if unit != "s":
        return "%.*f %s" % (1 if value < 1000 else 0, value, unit)
    for scale, name in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if value >= scale:
            break
    shown = value / scale
    return "%.*f %s" % (2 if shown < 10 else 1 if shown < 100 else 0, shown, name)


def goal_words(verdict):
    """(what is compared, "≥ 8×", "≥ 10×" or "") of a verdict."""
    unit = "×" if verdict["peer"] is not None or verdict["measure"] == "value" else " MiB"
    sign = "≥" if verdict["kind"] == "faster" else "≤"
    bounds = ["%s %.3g%s" % (sign, bound, unit) if bound is not None else ""
              for bound in (verdict["target"], verdict["stretch"])]
    what = {"faster": "%s faster than %s", "within": "%s, times %s", "limit": "%s"}[verdict["kind"]]
    ours = verdict["ours"] + (" beyond " + verdict["beyond"] if verdict["beyond"] else "")
    what = what % ((ours,) if verdict["peer"] is None else (ours, verdict["peer"]))
    return (what + (" (peak memory)" if verdict["measure"] == "peak" else ""),) + tuple(bounds)


def outcome(verdict):
    if verdict["ratio"] is None:
        return "not measured"
    return "stretch" if verdict["stretched"] else "reached" if verdict["reached"] else "MISSED"


def shown_ratio(verdict):
    if verdict["ratio"] is None:
        return "-"
    unit = "×" if verdict["peer"] is not None or verdict["measure"] == "value" else " MiB"
    return "%.*f%s" % (2 if verdict["ratio"] < 10 else 1, verdict["ratio"], unit)


def row_table(row):
    """The lines of one row: a figure each, then a line for each goal."""
    lines = ["%-3s %s" % (row.key, row.title)]
    first = row.figures[0] if row.figures else None
    for figure in row.figures:
        line = "      %-34s %10s" % (figure.name, span(figure.value, figure.unit))
        line += " %10s" % ("%.1f MiB" % figure.peak if figure.peak else "")
        if figure is not first and figure.unit == first.unit == "s":
            line += " %8.2f×" % (figure.value / first.value)
        lines.append((line + ("   " + figure.note if figure.note else "")).rstrip())
    for goal in row.goals:
        verdict = judge(goal, row)
        what, target, stretch = goal_words(verdict)
        lines.append(("    %s %-52s %9s  %-9s %-9s %s"
                      % (">", what, shown_ratio(verdict), target, stretch, outcome(verdict))).rstrip())
    return lines + ["      ! " + note for note in row.notes]


def table(rows, facts):
    lines = ["%-12s %s" % (name, value) for name, value in facts.items()]
    lines += ["",
              "the figures: median, peak memory, times the first; the lines with >: ratio, target, stretch, "
              "verdict"]
    for row in rows:
        lines += [""] + row_table(row)
    verdicts = [judge(goal, row) for row in rows for goal in row.goals]
    counts = [sum(1 for verdict in verdicts if outcome(verdict) == word)
              for word in ("stretch", "reached", "MISSED", "not measured")]
    empty = [row.key for row in rows if not row.figures]
    if empty:
        lines += ["", "rows without a figure: %s" % " ".join(empty)]
    return (lines + ["", "%d goals: %d at the stretch, %d reached, %d missed, %d not measured"
                     % tuple([len(verdicts)] + counts)])


def as_json(rows, facts):
    return {"facts": facts, "rows": [
        {"row": row.key, "title": row.title, "notes": row.notes,
         "figures": [dict(vars(figure)) for figure in row.figures],
         "goals": [dict(judge(goal, row), verdict=outcome(judge(goal, row))) for goal in row.goals]}
        for row in rows]}


SVG_STYLE = ("text{font:13px system-ui,sans-serif;fill:#24292f}"
             ".title{font-size:18px;font-weight:600}.small{font-size:11px;fill:#57606a}"
             ".group{font-weight:600}.value{font-variant-numeric:tabular-nums}")
SVG_COLOURS = {"stretch": "#1a7f37", "reached": "#4ac26b", "MISSED": "#d4722a", "not measured": "#d0d7de"}


def svg(rows, facts):
    """A bar for each goal: how well it was reached, on a logarithmic scale. Its target is the line at 1,
    whatever the kind."""
    from math import log10
    left, width, right, line = 470, 420, 150, 24
    low, high = log10(0.25), log10(8)

    def place(score):
        return left + width * (min(max(log10(score), low), high) - low) / (high - low)

    body, y = [], 84
    for row in rows:
        if not row.goals:
            continue
        body.append('<text class="group" x="20" y="%d">%s %s</text>'
                    % (y + 16, escape(row.key), escape(row.title)))
        y += line
        for goal in row.goals:
            verdict = judge(goal, row)
            what, target, _ = goal_words(verdict)
            word = outcome(verdict)
            body.append('<text x="34" y="%d">%s</text>' % (y + 16, escape(what)))
            if verdict["ratio"] is not None:
                score = score_of(verdict, verdict["ratio"])
                start, end = sorted((place(1), place(score)))
                body.append('<rect x="%.1f" y="%d" width="%.1f" height="14" rx="2" fill="%s"/>'
                            % (start, y + 5, max(end - start, 1), SVG_COLOURS[word]))
            if verdict["stretch"] is not None:
                at = place(score_of(verdict, verdict["stretch"]))
                body.append(
                    '<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#57606a" stroke-dasharray="2 2"/>'
                    % (at, at, y + 2, y + 22))
            text = "%s   %s" % (shown_ratio(verdict), target) if verdict["ratio"] is not None else word
            body.append('<text class="value" x="%d" y="%d">%s</text>'
                        % (left + width + 12, y + 16, escape(text)))
            y += line
        y += 6
    grid = []
    for score in (0.25, 0.5, 1, 2, 4, 8):
        grid.append('<line x1="%.1f" x2="%.1f" y1="70" y2="%d" stroke="%s" stroke-width="%s"/>'
                    % (place(score), place(score), y, "#24292f" if score == 1 else "#eaeef2",
                       "1.5" if score == 1 else "1"))
        label = "target" if score == 1 else "%g× better" % score if score > 1 else "%g× worse" % (1 / score)
        grid.append('<text class="small" x="%.1f" y="64" text-anchor="middle">%s</text>'
                    % (place(score), label))
    total = left + width + right
    foot = "; ".join("%s: %s" % (name, facts[name])
                     for name in ("machine", "python", "date") if name in facts)
    return "\n".join(
        ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d">'
         % (total, y + 40, total, y + 40),
         "<style>%s</style>" % SVG_STYLE, '<rect width="100%" height="100%" fill="#ffffff"/>',
         '<text class="title" x="20" y="30">rawdock against its peers: each ratio beside its target</text>',
         '<text class="small" x="20" y="48">bars to the right of the dark line are past the target; a '
         'dashed line is the stretch</text>']
        + grid + body + ['<text class="small" x="20" y="%d">%s</text>' % (y + 24, escape(foot)), "</svg>",
                         ""])


def score_of(verdict, ratio):
    """How many times better than its target `ratio` is: 1 is just reached."""
    return ratio / verdict["target"] if verdict["kind"] == "faster" else verdict["target"] / ratio
