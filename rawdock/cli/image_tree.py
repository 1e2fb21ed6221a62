"""images --tree: each image with its names, its platforms, and what a container uses.

Promises: the docker CLI's lines, except that elsewhere than on a terminal nothing is coloured. On a terminal
NO_COLOR leaves the colours out, and the columns fit its width.
"""
import os

from ..engine.answers import answer_field
from ..engine.pump import window_size
from .format import human_size, letter_widths, short_id, shorten
from .printable import printable_text
from .queries import answer_objects

TREE_WARNING = "WARNING: This is an experimental feature. The output may change and shouldn't be depended on."
# The columns after the first: title, width, and whether it is at the right.
TREE_COLUMNS = (("ID", 12, False), ("DISK USAGE", 10, True), ("CONTENT SIZE", 12, True), ("EXTRA", 5, False))
TREE_GAP = 3
TREE_LEAST_WIDTH = 20          # of a terminal, and of its first column if others are beside it:
TREE_LEAST_NAME_WIDTH = 12
TREE_USUAL_WIDTH = 80
# The parameters of "select graphic rendition" (ECMA-48) that begin a colour.
TREE_COLOURS = {"warning": "93", "title": "39 1", "name": "34 1", "normal": "39", "faint": "39 2",
                "mark": "38;5;0 48;5;14"}
# The sign before the mark in the legend, with its colours.
TREE_SIGN = "\x1b[1m\x1b[106m\x1b[30mi\x1b[0m\x1b[0m \x1b[96mInfo \u2192 \x1b[0m\x1b[0m"


class TreeImage:
    """An image or, with `platform` (str), one of its manifests; sizes are bytes."""

    def __init__(self, identifier, names, platform, used, available, sizes):
        self.cells = [short_id(identifier)] + [human_size(size) for size in sizes]
        self.names = [printable_text(name) for name in names]   # the last one is beside the other columns
        self.platform = printable_text(platform)
        self.used = used              # whether a container uses it
        self.available = available    # whether its content is here
        self.children = []


def platform_text(platform):
    """The Engine API's Platform as "linux/arm64/v8"."""
    fields = [answer_field(platform, "ImageList", (str, type(None)), name) or ""
              for name in ("os", "architecture", "variant")]
    return "/".join(field for field in fields if field)


def read_tree(image):
    """The TreeImage for an ImageSummary of the Engine API."""
    manifests = answer_objects(image.get("Manifests") or [], "ImageList", "ID")
    sizes = [(answer_field(one, "ImageList", int, "Size", "Total"),
              answer_field(one, "ImageList", int, "Size", "Content")) for one in manifests]
    names = sorted(image.get("RepoTags") or (), key=len, reverse=True)
    tree = TreeImage(image["Id"], names, "", (image.get("Containers") or 0) > 0, True,
                     [image.get("Size") or 0, sum(content for _, content in sizes)])
    for manifest, size in zip(manifests, sizes):
        if manifest.get("Kind") == "image":
            data = answer_field(manifest, "ImageList", dict, "ImageData")
            used = bool(data.get("Containers"))
            tree.used = tree.used or used
            tree.children.append(TreeImage(
                manifest["ID"], [], platform_text(answer_field(data, "ImageList", dict, "Platform")), used,
                bool(manifest.get("Available")), size))
    return tree


class TreeTable:
    """Lines of `images --tree`. `width` (int) is the terminal's, None elsewhere."""

    def __init__(self, images, width):
        self.images = images
        self.width = width
        self.coloured = width is not None and not os.environ.get("NO_COLOR")
        # The docker CLI marks no image unless a container uses one of several platforms.
        self.marked = any(child.used for image in images for child in image.children)
        left, self.columns = max(width or TREE_USUAL_WIDTH, TREE_LEAST_WIDTH), []
        for column in TREE_COLUMNS:
            if left - column[1] - TREE_GAP < TREE_LEAST_NAME_WIDTH:
                break
            left -= column[1] + TREE_GAP
            self.columns.append(column)
        # The docker CLI counts bytes here, of which the lines before a platform have seven.
        names = [name for image in images for name in image.names]
        names += ["\u2514\u2500 " + child.platform for image in images for child in image.children]
        self.name_width = min(left, max([len("IMAGE")] + [len(name.encode("utf-8")) for name in names]))

    def colour(self, name, text):
        """`text` between the escapes of a colour, a key of TREE_COLOURS; `text` itself without colours."""
        if not self.coloured:
            return text
        return "".join("\x1b[%sm" % one for one in TREE_COLOURS[name].split()) + text + "\x1b[0m"

    def cell(self, colour, text, width, right=False):
        """`text` in exactly `width` columns, coloured."""
        text = shorten(text, width)
        fill = " " * (width - sum(letter_widths(text)))
        return fill + self.colour(colour, text) if right else self.colour(colour, text) + fill

    def row(self, first, first_colour, image, colour):
        """The line of a TreeImage: its name or platform `first`, and the other columns, in these colours."""
        cells = [self.cell(first_colour, first, self.name_width)]
        for (title, width, right), text in zip(self.columns, image.cells + [None]):
            if title == "EXTRA":
                mark = " U " if self.width is not None else "U"
                shown = self.colour("mark", mark) if image.used and self.marked else ""
                cells.append(shown + " " * (width - (len(mark) if shown else 0)))
            else:
                cells.append(self.cell(colour, text, width, right))
        return (" " * TREE_GAP).join(cells)

    def legend(self):
        """The line at the right that says what the mark U means."""
        sign, mark = "Info -> ", "U"
        if self.width is not None:
            sign, mark = "i Info \u2192 ", " U "
        space = (self.width or TREE_USUAL_WIDTH) - len(sign + mark) - len("  In Use ")
        if self.coloured:
            sign = TREE_SIGN
        return " " * space + sign + " " + self.colour("mark", mark) + " In Use "

    def lines(self):
        titles = [self.cell("title", "IMAGE", self.name_width)]
        titles += [self.cell("title", title, width) for title, width, _ in self.columns]
        lines = [self.colour("warning", TREE_WARNING), self.legend(), "", (" " * TREE_GAP).join(titles)]
        spaced = any(image.children for image in self.images)
        for image in self.images:
            lines += [self.colour("name", name if self.width is None else shorten(name, self.width))
                      for name in image.names[:-1]]
            name, colour = (image.names[-1], "name") if image.names else ("<untagged>", "faint")
            lines.append(self.row(name, colour, image, "normal"))
            for number, child in enumerate(image.children, 1):
                corner = "\u2514\u2500 " if number == len(image.children) else "\u251c\u2500 "
                colour = "normal" if child.available else "faint"
                lines.append(self.row(corner + child.platform, colour, child, colour))
            lines += [""] if spaced else []
        return lines


def write_tree(console, images, untagged):
    """Write the images, ImageSummary objects (list of dict); those without a name only if `untagged`."""
    found = sorted(images, key=lambda image: -(image.get("Created") or 0))
    trees = [read_tree(image) for image in found if image.get("RepoTags") or untagged]
    width = None
    if console.out.isatty():
        width = (window_size(console.out) or (0, 0))[1] or TREE_USUAL_WIDTH
    table = TreeTable(trees, width)
    console.out.write(("\n".join(table.lines()) + "\n").encode("utf-8", "replace"))
