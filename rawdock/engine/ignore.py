""".dockerignore: which files of a directory are not sent in the context of a build.

    read_ignore_file    the text of the file → its patterns
    IgnoreRules         patterns → whether a path is excluded
    context_rules       the rules of a build: the patterns, less what the engine always needs

The rules are those of the docker CLI, Go's path.Match with additions: `*` and `?` match no `/`, `**` any
number of directories, `[a-z]` and `[^a-z]` one character, `\\` takes the next character as it is. A pattern
excludes what it matches and all below that; with `!` before it, it includes that again. The last pattern that
matches decides. The engine does not filter, so a client has to.

Promises: a pattern that is wrong is an error. A directory that is excluded is not read, unless a pattern with
`!` begins with its name.

Left out: the classes of Go's regexp inside brackets, such as [[:alpha:]], and its \\p, \\Q, \\C and \\x.
"""
import os
import re

from ..errors import UsageError
from .archives import clean_path

IGNORE_FILE_NAME = ".dockerignore"
DOCKERFILE_NAME = "Dockerfile"
MAX_PATTERN_LINE_BYTES = 64 << 10     # the Go program's limit
PATTERN_CHARACTER = r"(?:\\.|[^\\\]-])"
# What path.Match takes as a pattern: classes that are closed and not empty, and no backslash at the end.
PATTERN_SYNTAX = re.compile(r"(?:\[(?:\^|(?!\^))(?:%s(?:-%s)?)+\]|\\.|[^\\\[])*"
                            % (PATTERN_CHARACTER, PATTERN_CHARACTER), re.DOTALL)
# What a pattern is made of: `**` with the slash after it, an escape, or one character.
PATTERN_PART = re.compile(r"\*\*/?|\\.|.", re.DOTALL)
# A class of a regular expression, in which Python would warn of these signs without a backslash.
EXPRESSION_CLASS = re.compile(r"\\.|\[\^?((?:\\.|[^\]\\])*)\]", re.DOTALL)
CLASS_SIGNS = re.compile(r"\\.|([\[&|~])", re.DOTALL)
# Escapes that mean in Python what they mean in Go's regexp; another letter or digit has no such meaning.
KNOWN_ESCAPE = re.compile(r"\\[afntrvdDsSwWbBA\W_]", re.ASCII)


def read_ignore_file(data):
    """The patterns (list of str) in a file's content (bytes). UsageError for a line that is too long.

    >>> read_ignore_file(b"# no pattern\\n\\n/a/\\n  ! b/../c \\n")
    ['a', '!c']
    """
    patterns = []
    for line in (data[3:] if data.startswith(b"\xef\xbb\xbf") else data).split(b"\n"):
        if len(line) >= MAX_PATTERN_LINE_BYTES:
            raise UsageError("error reading %s: bufio.Scanner: token too long" % IGNORE_FILE_NAME)
        if line.startswith(b"#"):
            continue
        text = os.fsdecode(line).strip()
        inverted = text.startswith("!")
        pattern = text[inverted:].strip()
        if pattern:
            pattern = clean_path(pattern)
            pattern = pattern[1:] if pattern.startswith("/") and pattern != "/" else pattern
        if text:
            patterns.append("!" + pattern if inverted else pattern)
    return patterns


class IgnorePattern:
    """One pattern: its `text` without the `!`, and whether it `includes` what others exclude."""

    __slots__ = ("text", "includes", "_test")

    def __init__(self, text):
        text = clean_path(text.strip())
        self.includes = text.startswith("!")
        self.text = text[self.includes:]
        self._test = None
        if not self.text:
            raise UsageError('error checking context: illegal exclusion pattern: "!"')
        if not PATTERN_SYNTAX.fullmatch(self.text):
            raise self._syntax_error()

    def _syntax_error(self):
        return UsageError("error checking context: syntax error in pattern", "the pattern is %s" % self.text)

    def matches(self, path):
        """Whether it matches `path` (str) itself. UsageError for an escape that has no meaning."""
        if self._test is None:
            self._test = self._compile()
        return self._test(path)

    def _compile(self):
        """A function of a path. Without special characters, or with `**` at one end, it needs no regexp."""
        text = self.text
        if not re.search(r"[*?\[\]\\]", text):
            return lambda path: path == text
        if re.fullmatch(r"[^*?\[\]\\]+\*\*", text):
            return lambda path: path.startswith(text[:-2])
        if re.fullmatch(r"\*\*[^*?\[\]\\]*", text):
            return lambda path: path.endswith(text[2:]) or "/" + path == text[2:]
        # Several `**/` in succession mean what one does, and would be tried in all ways.
        parts = PATTERN_PART.findall(re.sub(r"(?<!\\)(?:\*\*/)+(?=\*\*/)", "", text))
        try:
            whole = "".join(pattern_expression(part, at == len(parts) - 1) for at, part in enumerate(parts))
            return re.compile(EXPRESSION_CLASS.sub(quote_class_signs, whole) + r"\Z", re.ASCII).match
        except re.error:
            raise self._syntax_error()


def pattern_expression(part, last):
    """A PATTERN_PART as a regular expression. `last`: nothing follows it. re.error for an unknown escape.

    A star inside brackets is translated like one outside, as in the docker CLI.
    """
    if part.startswith("**"):
        return ".*" if last else "(?:.*/)?"
    if part in ("*", "?"):
        return "[^/]" + part.replace("?", "")
    if part[0] == "\\" and part != "\\z" and not KNOWN_ESCAPE.fullmatch(part):
        raise re.error("an escape without a meaning")
    if part == "\\z":
        return r"\Z"
    return "\\" + part if part in ".+()|{}$" else part


def quote_class_signs(match):
    """A match of EXPRESSION_CLASS → its text, with a backslash before each sign that needs one in a class."""
    if match.group(1) is None:
        return match.group()
    return CLASS_SIGNS.sub(lambda sign: "\\" + sign.group() if sign.group(1) else sign.group(),
                           match.group()[1:]).join(("[", ""))


class IgnoreRules:
    """The `patterns` (list of str) of an ignore file, in their order. UsageError for a wrong one."""

    def __init__(self, patterns=()):
        self.patterns = [IgnorePattern(text) for text in patterns if text.strip()]

    def match(self, path, above=None):
        """(whether `path` is excluded, for each pattern whether it matches the path or a directory above it).

        `path` (str) is relative to the context; `above` is the second value for the directory that it is in.
        """
        excluded, matched = False, []
        for at, pattern in enumerate(self.patterns):
            found = bool(above and above[at])
            if not found and pattern.includes == excluded:
                found = bool(pattern.matches(path))
            matched.append(found)
            if found:
                excluded = not pattern.includes
        return excluded, matched

    def excludes(self, path):
        """Whether `path` (str, in the context) is excluded, also by a pattern for what is above it."""
        parts, excluded = path.split("/"), False
        for pattern in self.patterns:
            if pattern.includes == excluded and any(
                    pattern.matches("/".join(parts[:count])) for count in range(len(parts), 0, -1)):
                excluded = not pattern.includes
        return excluded

    def may_include_below(self, directory):
        """Whether a pattern with `!` begins with the name of a `directory` (str) that is excluded."""
        return any(pattern.includes and (pattern.text + "/").startswith(directory + "/")
                   for pattern in self.patterns)


def context_rules(patterns, dockerfile, buildkit=False):
    """The IgnoreRules of a build for the `patterns` (list of str) of its ignore file.

    The ignore file and the Dockerfile, whose path in the context is `dockerfile` (str or None), always go to
    the engine. The classic builder reads them, and then removes what the patterns exclude. `buildkit` (bool):
    that builder does neither, so the ignore file goes there only if it is not excluded.
    """
    rules = IgnoreRules(patterns)
    kept = [name for name in (None if buildkit else IGNORE_FILE_NAME, dockerfile)
            if name and rules.excludes(name)]
    return IgnoreRules(list(patterns) + ["!" + name for name in kept])
