"""Text on which no terminal acts, so that nothing an engine sends can move the cursor or hide a line."""
import re

NAMED_ESCAPES = {"\t": "\\t", "\r": "\\r", "\n": "\\n"}
# C0, DEL and C1 controls, line and paragraph separators, marks of the direction of writing, zero-width marks.
UNPRINTABLE = ("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
               "\ud800-\udfff\U000e0000-\U000e007f]")


def escaped_letter(letter):
    """A character as \\xNN, \\uNNNN or \\UNNNNNNNN."""
    code = ord(letter)
    return ("\\x%02x" if code < 0x80 else "\\u%04x" if code < 0x10000 else "\\U%08x") % code


def printable_text(data, kept=""):
    """`data` (str, or bytes of UTF-8) as a str on which no terminal acts: escapes for control characters.

    ESC becomes \\x1b, U+009B \\u009b, a newline \\n. The characters in `kept` (str) stay.
    """
    text = data.decode("utf-8", "backslashreplace") if isinstance(data, bytes) else data
    if text.isprintable():
        return text

    def spelled(match):
        letter = match.group()
        return letter if letter in kept else NAMED_ESCAPES.get(letter) or escaped_letter(letter)

    return re.sub(UNPRINTABLE, spelled, text)
