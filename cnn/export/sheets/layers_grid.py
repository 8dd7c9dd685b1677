"""The positions on the sheet `Layers`: the grid of pictures, the controls, its workings."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from cnn.export.network.stages import Shape
from cnn.export.sheets.export_style import furthest
from cnn.export.sheets.layout import Sheet
from cnn.export.sheets.subject import Subject
from sheetgen.spreadsheet.address import choose, indexed
from sheetgen.spreadsheet.canvas import Canvas
from sheetgen.workbook.shared.workings import Corner

LAYER = "layer"
"""The key of the cell that chooses the layer."""
FIRST = "first channel"
"""The key of the cell that chooses the first channel shown, if they are not all shown."""
LEFT = 1
CHOICE_ROW, FIRST_ROW, SCALE_ROW = 4, 5, 6
TOP = 8
"""The first row of planes."""
LABEL_WIDTH, INPUT_WIDTH, LETTER = 110, 130, 6.5
"""Pixels of what names the cell to choose a layer in, of that cell, of a letter of a text."""
LONGEST = 50  # letters of the text about a layer
FACTS = {
    "number": "its place in the list",
    "channels": "channels",
    "pixels": "pixels of a channel",
}
MOST_CELLS = 13_000
"""Of all planes: sixteen of 28 × 28 fit, and a recalculation stays well below a second."""
MOST_PLANES = 64
LEAST_SIDE = 6
"""Cells of a plane's side, so that there is room for the caption above it."""
LARGEST, SMALLEST = 24, 4  # pixels of a cell
NUMBER_WIDTH = 36  # pixels that "-1.23" takes
VIEW = (1216, 640)  # width and height in pixels that the planes should fit into
CAPTION_HEIGHT, SPACE = 18, 8  # pixels of the rows above and below each plane


@dataclass(frozen=True)
class Planes:
    """`count` planes of `height` × `width` square cells of `pixels` a side, `columns` in a row."""

    count: int
    columns: int
    height: int
    width: int
    pixels: int

    @property
    def rows(self) -> int:
        """The number of rows of planes."""
        return -(-self.count // self.columns)

    @property
    def number_columns(self) -> int:
        """Columns of the number above a plane, right of the channel's name."""
        return min(self.width - 1, max(self.width * 2 // 5, -(-NUMBER_WIDTH // self.pixels)))


def planes_of(shapes: Sequence[Shape]) -> Planes:
    """Return planes for all of these maps: the size of the largest, one for each channel.

    There are fewer if they would be more than `MOST_PLANES` or have more than `MOST_CELLS` cells.
    Of all grids, theirs is that with the largest cells.
    """
    height = max(LEAST_SIDE, *(shape.height for shape in shapes))
    width = max(LEAST_SIDE, *(shape.width for shape in shapes))
    channels = max(shape.channels for shape in shapes)
    count = min(channels, MOST_PLANES, max(1, MOST_CELLS // (height * width)))
    grids = (
        Planes(count, columns, height, width, _pixels(count, columns, height, width))
        for columns in range(1, count + 1)
    )
    return max(grids, key=lambda grid: (grid.pixels, -grid.rows * grid.columns, grid.columns))


def _pixels(count: int, columns: int, height: int, width: int) -> int:
    rows = -(-count // columns)
    across = VIEW[0] // (columns * (width + 1))
    down = (VIEW[1] - rows * (CAPTION_HEIGHT + SPACE)) // (rows * height)
    return max(SMALLEST, min(LARGEST, across, down))


@dataclass(frozen=True)
class Page:
    """The sheet while it is drawn: its layers, of which one is shown, its planes, its workings."""

    canvas: Canvas
    subject: Subject
    sheets: tuple[Sheet, ...]
    planes: Planes
    facts: Corner
    """Numbers of the chosen layer."""
    listed: Corner
    """The layers to choose from, with their channels, the pixels of these, and a text."""

    @property
    def shown(self) -> Sheet:
        """The layer that is chosen."""
        named = (sheet for sheet in self.sheets if sheet.name == self.subject.layer)
        return next(named, self.sheets[0])

    def channel(self, number: int) -> int:
        """Return the channel that a plane shows, or would show if the layer had it."""
        return number + (self.subject.first_channel if self.has_pages else 0)

    @property
    def last(self) -> int:
        """The last column, behind the planes and the texts above them."""
        longest = max(len(self.note), LONGEST)
        texts = self.text_column + math.ceil(longest * LETTER / self.planes.pixels)
        return max(self.behind_planes - 1, texts)

    @property
    def behind_planes(self) -> int:
        """The first column behind the planes and what they lie on."""
        return LEFT + self.planes.columns * (self.planes.width + 1) + 1

    @cached_property
    def note(self) -> str:
        """The explanation of the numbers above the pictures."""
        units = [sheet.shape.pixels == 1 for sheet in self.sheets]
        if all(units):
            note = "Above each square is its number; one scale for all."
        else:
            note = "Smaller maps are enlarged. Above each picture is its number furthest from 0"
            note += ", and with that its scale ends"
            note += "; units have one scale." if any(units) else "."
        return f"{self.planes.count} channels at a time. {note}" if self.has_pages else note

    def fact(self, which: str) -> str:
        """Return the cell with a number of the chosen layer."""
        return self.facts.absolute(list(FACTS).index(which), 1)

    def column(self, which: int) -> str:
        """Return a column of the list of layers."""
        return self.listed.range(1, which, len(self.sheets), which)

    def chosen(self, which: int) -> str:
        """Return the expression of what a column of the list has for the chosen layer."""
        return indexed(self.column(which), self.fact("number"))

    @property
    def furthest(self) -> str:
        """The expression of how far from 0 the numbers of the chosen layer are at most."""
        maps = [sheet.map for sheet in self.sheets]
        return choose(self.fact("number"), maps, of=furthest("{0}"))

    @cached_property
    def has_pages(self) -> bool:
        """Whether some layer has more channels than there are planes."""
        return max(sheet.shape.channels for sheet in self.sheets) > self.planes.count

    @property
    def first(self) -> str:
        """The cell with the number of the first channel shown."""
        return self.canvas.address(FIRST)

    @property
    def input_column(self) -> int:
        """The first column of the merged cells to choose in."""
        return LEFT + -(-LABEL_WIDTH // self.planes.pixels)

    @property
    def input_last(self) -> int:
        """The last column of the merged cells to choose in."""
        return self.input_column + -(-INPUT_WIDTH // self.planes.pixels) - 1

    @property
    def text_column(self) -> int:
        """The column of the texts behind the cells to choose in."""
        return self.input_last + 3

    def top(self, number: int) -> int:
        """Return the row of the caption of a plane."""
        return TOP + number // self.planes.columns * (self.planes.height + 2)

    def left(self, number: int) -> int:
        """Return the first column of a plane."""
        return LEFT + 1 + number % self.planes.columns * (self.planes.width + 1)
