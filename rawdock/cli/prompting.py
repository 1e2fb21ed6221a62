"""What lessons and the tour print and ask at a terminal: paragraphs filled to its width, a line typed into it."""
import os
import re
import sys

WORDS_THAT_LEAVE = ("q", "quit", "exit", "n", "no")   # at a prompt where Enter goes on
NAMED_COMMAND = re.compile(r"\brawdock (?=(?:learn|tour|tap|explain) ?)")


def wrapped_text(text, width):
    """Paragraphs with their lines filled up to `width`; lines that begin with four blanks or { stay as they are."""
    from textwrap import wrap
    lines = []
    for paragraph in text.strip("\n").split("\n\n"):
        held = []
        for line in paragraph.split("\n") + [None]:
            literal = line is not None and line[:1] in (" ", "{")
            if (line is None or literal) and held:
                lines += wrap(" ".join(held), width, break_long_words=False, break_on_hyphens=False)
                held = []
            if literal:
                lines.append(line if line.startswith("    ") else "    " + line)
            elif line is not None:
                held.append(line)
        lines.append("")
    return "\n".join(lines[:-1])


def command_spelled(argv0):
    """How a shell starts what was started as `argv0`: from a clone or as one file there is no command `rawdock`."""
    from shlex import quote
    name = os.path.basename(argv0)
    if name == "__main__.py":
        return "python3 -m rawdock"
    return "python3 " + quote(argv0) if name.endswith(".py") else "rawdock"


def as_started(text):
    """`text` with the commands of rawdock that it names spelled so that they can be typed where this one was."""
    return NAMED_COMMAND.sub(lambda match: command_spelled(sys.argv[0]) + " ", text)


def terminal_width():
    from shutil import get_terminal_size
    return max(40, min(100, get_terminal_size((90, 24)).columns - 1))


def typed_line(prompt):
    """A line from the terminal, edited with the keys that people know where Python has them; None at its end."""
    try:
        import readline
        readline.set_auto_history(True)
        readline.parse_and_bind("set enable-bracketed-paste off")   # else lines pasted together come as one
    except ImportError:
        pass
    try:
        return input(prompt)
    except EOFError:
        os.write(1, b"\n")
        return None
