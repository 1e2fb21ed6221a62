"""Where in a Dockerfile a build failed: the lines of an instruction, found by what BuildKit calls its step.

The builder says in which step it failed, as "[base 2/4] RUN make": the stage, and which of its steps that is.
Only instructions that make a layer are steps: FROM, RUN, COPY, ADD and WORKDIR. A mistake in the Dockerfile
itself is reported with the number of its line.

    dockerfile_instructions    the text → its instructions with their lines
    find_failed_lines          the text, a step's name, an error's message → the lines at fault
    dockerfile_excerpt         the text and those lines → what is shown of them

Left out: the steps of ONBUILD, which are in no line of this file. What is not found is not shown.
"""
import re
from collections import namedtuple

STEP_INSTRUCTIONS = ("FROM", "RUN", "COPY", "ADD", "WORKDIR")
STEP_NAME = r"\[(?:\S+/\S+ )?(?:(\S+) )?([0-9]{1,6})/([0-9]{1,6})\] ([A-Z]+)"
PARSE_ERROR_LINE = "dockerfile parse error (?:on )?line ([0-9]{1,9})"
HEREDOC_MARK = r"<<(-?)(?:\"(\w+)\"|'(\w+)'|(\w+))"

DockerfileInstruction = namedtuple("DockerfileInstruction", "keyword words first last")
DockerfileInstruction.__doc__ = """An instruction: `keyword` in capitals, `words` (str) what follows it.

`first` and `last` are the numbers of its lines, from 1; a heredoc belongs to it.
"""


def dockerfile_instructions(text):
    """The text (str) of a Dockerfile → list of DockerfileInstruction."""
    lines, found, at = text.split("\n"), [], 0
    escape = re.match(r"(?:\s*#\s*\w+\s*=.*\n)*?\s*#\s*escape\s*=\s*`", text, re.IGNORECASE)
    continued = re.compile(r"[%s][ \t\r]*$" % ("`" if escape else "\\\\"))
    while at < len(lines):
        first, words = at, ""
        while at < len(lines):
            line, skipped = lines[at], lines[at].lstrip()[:1] in ("", "#")
            at += 1
            words += "" if skipped else continued.sub("", line)
            if not (words if skipped else continued.search(line)):
                break
        keyword, _, rest = words.strip().partition(" ")
        if keyword.upper() in ("RUN", "COPY", "ADD"):
            at = heredoc_end(lines, at, rest)
        if keyword:
            found.append(DockerfileInstruction(keyword.upper(), rest.strip(), first + 1, at))
    return found


def heredoc_end(lines, at, words):
    """The index after the heredocs that an instruction with `words` (str) opens; their text begins at `at`.
    """
    for dash, *names in re.findall(HEREDOC_MARK, words):
        name = "".join(names)
        end = at
        while end < len(lines) and (lines[end].lstrip("\t") if dash else lines[end]).rstrip("\r") != name:
            end += 1
        at = end + 1 if end < len(lines) else at
    return at


def find_failed_lines(text, step_name, message):
    """(first, last): the lines at fault in the Dockerfile `text` (str), or None where that cannot be said.

    `step_name` (str) is what BuildKit calls the step that failed, "" without one; `message` (str) its error.
    """
    reported = re.search(PARSE_ERROR_LINE, message)
    if reported:
        return int(reported.group(1)), int(reported.group(1))
    named = re.match(STEP_NAME, step_name)
    if not named:
        return None
    stages = []
    for instruction in dockerfile_instructions(text):
        if instruction.keyword == "FROM":
            alias = re.search(r"\s+AS\s+(\S+)\s*$", instruction.words, re.IGNORECASE)
            stages.append((alias.group(1).lower() if alias else "stage-%d" % len(stages), []))
        if stages and instruction.keyword in STEP_INSTRUCTIONS:
            stages[-1][1].append(instruction)
    stage, place, total, keyword = named.groups()
    for name, steps in stages:
        if (name == stage or stage is None and len(stages) == 1) and len(steps) == int(total):
            if 0 < int(place) <= len(steps) and steps[int(place) - 1].keyword == keyword:
                return steps[int(place) - 1].first, steps[int(place) - 1].last
    return None


def dockerfile_excerpt(name, text, first, last):
    """What is shown of the lines `first` to `last` of the Dockerfile `text` (str): a list of lines (str).

    Two lines before and after one line, and one before and after several; [] if there are no such lines.
    """
    lines = text.split("\n")
    if not 0 < first <= last <= len(lines):
        return []
    around = 2 if first == last else 1
    rule = "-" * 20
    numbers = range(max(1, first - around), min(len(lines), last + around) + 1)
    shown = ["%4d | %s %s" % (number, ">>>" if first <= number <= last else "   ",
                              lines[number - 1].rstrip("\r")) for number in numbers]
    return ["%s:%d" % (name, first), rule] + shown + [rule]
