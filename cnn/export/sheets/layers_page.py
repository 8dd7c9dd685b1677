"""Where things stand on the sheet `Layers`."""

from dataclasses import dataclass
from functools import cached_property

from cnn.export.sheets.layout import Sheet
from cnn.export.sheets.planes import Planes
from cnn.export.sheets.subject import Subject
from sheetgen.spreadsheet.address import cell_address, range_address
from sheetgen.spreadsheet.canvas import Canvas

LEFT = 1
CHOICE_ROW, FIRST_ROW = 4, 5
TOP = 7
"""The first row of planes."""
ROWS_ABOVE = 2
"""Of each plane: the caption and the hidden end of the colour scale."""
LABEL_WIDTH = 110  # pixels
FACTS = ("number", "channels", "pixels", "lowest", "highest")
"""Numbers of the chosen layer, the first of which is its place among all, from 1."""


@dataclass(frozen=True)
class Page:
    """The sheet while it is drawn: its layers, of which the first is shown, and its planes."""

    canvas: Canvas
    subject: Subject
    sheets: tuple[Sheet, ...]
    planes: Planes

    @property
    def shown(self) -> Sheet:
        """The layer that is chosen."""
        named = (sheet for sheet in self.sheets if sheet.name == self.subject.layer)
        return next(named, self.sheets[0])

    def channel(self, number: int) -> int:
        """Return the channel that a plane shows, which may be one more than the layer has."""
        return number + (self.subject.first_channel if self.has_pages else 0)

    @property
    def helper(self) -> int:
        """The first of the columns, far right, of the list of layers and the chosen one's facts."""
        return LEFT + self.planes.columns * (self.planes.width + 1) + 2

    def fact(self, which: str) -> str:
        """Return the cell with a number of the chosen layer."""
        return cell_address(FACTS.index(which), self.helper)

    def listed(self, column: int) -> str:
        """Return a column of the list of layers."""
        last = len(self.sheets) - 1
        return range_address(0, self.helper + 1 + column, last, self.helper + 1 + column)

    @property
    def maps(self) -> str:
        """The map of the chosen layer."""
        maps = (sheet.window(0, 0, sheet.shape.height, sheet.shape.width) for sheet in self.sheets)
        return f"CHOOSE({self.fact('number')},{','.join(maps)})"

    @cached_property
    def has_pages(self) -> bool:
        """Whether some layer has more channels than there are planes."""
        return max(sheet.shape.channels for sheet in self.sheets) > self.planes.count

    @property
    def first(self) -> str:
        """The cell with the number of the first channel shown."""
        return cell_address(FIRST_ROW, self.input_column)

    @property
    def input_column(self) -> int:
        """The column of the cells to choose in."""
        return LEFT + -(-LABEL_WIDTH // self.planes.pixels)

    def top(self, number: int) -> int:
        """Return the first of the rows above a plane."""
        return TOP + number // self.planes.columns * (self.planes.height + ROWS_ABOVE + 1)

    def left(self, number: int) -> int:
        """Return the first column of a plane."""
        return LEFT + 1 + number % self.planes.columns * (self.planes.width + 1)
