"""A Dockerfile as the classic builder of an engine reads it: steps that are checked, variables, quotes.

    dockerfile_steps(text)               → list of DockerfileStep
    dockerfile_words(text)          → the words of an instruction, quotes and all
    expanded_word(word, variables)  → a word without its quotes, $NAME and ${NAME} replaced

Messages are those of dockerd 20.10. Leaves out: heredocs, which need BuildKit, and the patterns of ${NAME#x}.
"""
import re
from collections import namedtuple

from ...engine.dockerfile import dockerfile_instructions
from .commits import json_words
from .request import PracticeRefusal

DockerfileStep = namedtuple("DockerfileStep", "keyword flags text line")
DockerfileStep.__doc__ = """An instruction: `keyword` in capitals, `flags` {name: value}, `text` what follows.

`line` is the number of its first line in the Dockerfile.
"""

# Keyword → (the flags that it has, how many words it takes: at least one is +, and any number is *).
INSTRUCTIONS = {
    "ADD": ("chown chmod", "2"), "ARG": ("", "+"), "CMD": ("", "*"), "COPY": ("from chown chmod", "2"),
    "ENTRYPOINT": ("", "*"), "ENV": ("", "+"), "EXPOSE": ("", "+"), "FROM": ("platform", "*"),
    "HEALTHCHECK": (None, "+"), "LABEL": ("", "+"), "MAINTAINER": ("", "+"), "ONBUILD": ("", "+"),
    "RUN": ("mount network security", "*"), "SHELL": ("", "+"), "STOPSIGNAL": ("", "1"), "USER": ("", "1"),
    "VOLUME": ("", "+"), "WORKDIR": ("", "1"),
}
# (keyword, what its text begins with, the error where it does not).
INSTRUCTION_BEGINNINGS = (
    ("HEALTHCHECK", r"(--[a-z-]+=\S+\s+)*(CMD|NONE)\b", 'Unknown type "%s" in HEALTHCHECK (try CMD)'),
    ("ONBUILD", r"(?!ONBUILD\b)", "Chaining ONBUILD via `ONBUILD %s` isn't allowed"),
    ("ONBUILD", r"(?!(FROM|MAINTAINER)\b)", "%s isn't allowed as an ONBUILD trigger"),
)
NEEDS_BUILDKIT = ("chmod", "mount", "network", "security")
BUILDKIT_MESSAGE = ("the --%s option requires BuildKit. Refer to https://docs.docker.com/go/buildkit/ to"
                    " learn how to build images with BuildKit enabled")
PRACTICE_WORD = re.compile(r"""(?:[^\s"'\\]|\\.|"(?:\\.|[^"\\])*"|'[^']*'|["'])+""", re.DOTALL)
WORD_PARTS = re.compile(
    r"""\\(?P<escaped>.)|'(?P<single>[^']*)'|"(?P<double>(?:\\.|[^"\\])*)"|\$(?P<name>\w+)"""
    r"""|\$\{(?P<braced>\w+)(?:(?P<operator>:[-+])(?P<other>[^}]*))?\}""", re.DOTALL)


def parse_error(line, problem):
    return PracticeRefusal(400, "dockerfile parse error line %d: %s" % (line, problem))


def dockerfile_words(text):
    return PRACTICE_WORD.findall(text)


def expanded_word(word, variables, in_quotes=False):
    """Return a word (str) without its quotes, and with the values (dict) of its variables.

    >>> expanded_word('"$A b"/${B:-c}/\\\\$A', {"A": "1"})
    '1 b/c/$A'
    """
    def value_of(part):
        if part.group("escaped") is not None:
            return part.group("escaped") if not in_quotes or part.group("escaped") in '"\\$' else part.group()
        if part.group("single") is not None:
            return part.group() if in_quotes else part.group("single")
        if part.group("double") is not None:
            return expanded_word(part.group("double"), variables, True)
        value = variables.get(part.group("name") or part.group("braced"), "")
        if part.group("operator") and (part.group("operator") == ":-") is (value == ""):
            return expanded_word(part.group("other"), variables)
        return value
    return WORD_PARTS.sub(value_of, word)


def named_values(keyword, text):
    """Return [(name, value)] of `A=b "C=d e"`, or of `A b c`, quotes and all. Raises PracticeRefusal."""
    words = dockerfile_words(text)
    if "=" not in words[0]:
        name, _, value = text.partition(" ")
        if not value.strip():
            raise PracticeRefusal(400, "failed to parse Dockerfile: %s must have two arguments" % keyword)
        return [(name, value.strip())]
    for word in words:
        if "=" not in word:
            raise PracticeRefusal(400, "failed to parse Dockerfile: Syntax error - can't find = in \"%s\"."
                                       " Must be of the form: name=value" % word)
    return [word.partition("=")[::2] for word in words]


def check_step(step):
    """Raise the PracticeRefusal for a step that does not have the flags and words of its instruction."""
    keyword, line = step.keyword, step.line
    if keyword not in INSTRUCTIONS:
        raise parse_error(line, "unknown instruction: " + keyword)
    flags, count = INSTRUCTIONS[keyword]
    words = json_words(step.text) or dockerfile_words(step.text)
    for name in step.flags:
        if name not in flags.split():
            raise parse_error(line, "Unknown flag: " + name)
    if count == "2" and len(words) < 2:
        raise parse_error(line, "%s requires at least two arguments, but %s provided. Destination could not"
                                " be determined" % (keyword, "only one was" if words else "none were"))
    if count == "1" and not words:   # all that follows is one
        raise parse_error(line, "%s requires exactly one argument" % keyword)
    if count == "+" and not words:
        raise parse_error(line, "%s requires at least one argument" % keyword)
    if keyword == "FROM" and not (len(words) == 1 or len(words) == 3 and words[1].upper() == "AS"):
        raise parse_error(line, "FROM requires either one or three arguments")
    if keyword in ("ENV", "LABEL") and not all(name for name, _ in named_values(keyword, step.text)):
        raise parse_error(line, "%s names can not be blank" % keyword)
    for name, beginning, message in INSTRUCTION_BEGINNINGS:
        if name == keyword and not re.match(beginning, step.text, re.IGNORECASE):
            raise parse_error(line, message % step.text.split()[0].upper())


def dockerfile_step(keyword, words, line):
    """Return the DockerfileStep of an instruction, whose `words` (str) may begin with flags."""
    flags = {}
    while INSTRUCTIONS.get(keyword, (None,))[0] is not None and re.match("--[a-z]", words):
        flag, _, words = words.partition(" ")
        name, _, value = flag[2:].partition("=")
        flags[name], words = value, words.strip()
    return DockerfileStep(keyword, flags, words, line)


def dockerfile_steps(text):
    """Return the DockerfileSteps of a Dockerfile (str). Raises PracticeRefusal."""
    steps = [dockerfile_step(one.keyword, one.words, one.first) for one in dockerfile_instructions(text)]
    if not steps:
        raise PracticeRefusal(400, "failed to parse Dockerfile: file with no instructions")
    for step in steps:
        check_step(step)
    first = next((step.keyword for step in steps if step.keyword != "ARG"), "FROM")
    if first != "FROM":
        raise PracticeRefusal(400, "no build stage in current context")
    return steps


def steps_for_target(steps, target):
    """Return the steps up to the end of the stage `target`, a name or a number. Raises PracticeRefusal."""
    if not target:
        return steps
    starts = [at for at, step in enumerate(steps) if step.keyword == "FROM"]
    names = [dockerfile_words(steps[at].text)[2:] for at in starts]
    for number, name in enumerate(names):
        if target == str(number) or name and name[0].lower() == target.lower():
            return steps[:(starts + [len(steps)])[number + 1]]
    raise PracticeRefusal(400, "failed to reach build target %s in Dockerfile" % target)
