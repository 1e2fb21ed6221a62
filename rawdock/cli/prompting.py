"""What lessons and the tour print and ask at a terminal: paragraphs filled to its width, a line typed into it."""
import os


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


def terminal_width():
    from shutil import get_terminal_size
    return max(40, min(100, get_terminal_size((90, 24)).columns - 1))


def typed_line(prompt):
    """A line from the terminal, edited with the keys that people know where Python has them; None at its end."""
    try:
        import readline
        readline.set_auto_history(True)
    except ImportError:
        pass
    try:
        return input(prompt)
    except EOFError:
        os.write(1, b"\n")
        return None
