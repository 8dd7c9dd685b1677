"""The positions on the sheet `Activation`: the pictures, the squares, the lines of numbers."""

from dataclasses import dataclass

from cnn.export.sheets.one_activation import Chosen
from cnn.export.sheets.products_sheet import Products
from sheetgen.spreadsheet.canvas import Canvas

KEYS = ("layer", "channel", "row", "column", "source")
"""The keys of the cells to choose in, in the order of `Pick`."""
LABELS = ("layer", "channel", "row", "column", "input channel")
LEFT = 1
CHOICE_ROW = 3
SENTENCE_ROW = 6
HEADING_ROW = 8
TOP = 10
TILE_ROW = CHOICE_ROW + 1
"""The first row of the window and the kernel, beside the cells to choose in."""
PICTURE = 320  # pixels of the side of a map's picture
SMALLEST, LARGEST = 7, 20  # pixels of a cell of it
LEAST = 260  # pixels of its width, for the texts above it
NARROW, WIDE = 30, 40  # pixels of a column of numbers
MOST_WIDE = 14  # columns of numbers, that are not narrow
LINE_PIXELS = 20
PANEL = 11  # the least number of columns of numbers
TEXT_COLUMNS, NUMBER_COLUMNS = 5, 3
GAP = 12  # pixels
LAYER_PIXELS, COUNT_PIXELS, LINK_PIXELS = 100, 76, 70
"""Of the cell to choose the layer in, of the others, and of a link."""


@dataclass(frozen=True)
class Page:
    """The sheet while it is drawn: what is chosen, and the numbers behind it."""

    canvas: Canvas
    chosen: Chosen
    products: Products

    @property
    def inputs(self) -> tuple[int, int]:
        """Height and width of the largest map that a layer looks at."""
        return _largest([lens.seen for lens in self.products.lenses])

    @property
    def outputs(self) -> tuple[int, int]:
        """Height and width of the largest map of a layer."""
        return _largest([lens.sheet.shape.sides[1:] for lens in self.products.lenses])

    @property
    def pixels(self) -> int:
        """The side of a picture's cell."""
        return max(SMALLEST, min(LARGEST, PICTURE // max(*self.inputs, *self.outputs)))

    @property
    def output_column(self) -> int:
        """The first column of the output's picture."""
        return LEFT + self.columns(self.inputs[1]) + 1

    @property
    def panel(self) -> int:
        """The first column of numbers."""
        return self.output_column + self.columns(self.outputs[1]) + 1

    @property
    def tile(self) -> int:
        """Columns of the window, of the kernel, and of the products."""
        return max(self.products.window[1], self.products.kernel[1])

    @property
    def panel_columns(self) -> int:
        """The number of columns of numbers."""
        return max(PANEL, 3 * self.tile + 2)

    @property
    def sums(self) -> int:
        """The column of the channels, left of those of their sums."""
        return self.panel + self.panel_columns + 1

    @property
    def rows(self) -> int:
        """Rows of the sheet for a line of numbers."""
        return -(-LINE_PIXELS // self.pixels)

    def columns(self, width: int) -> int:
        """Return how many columns a picture takes, at least those of the texts above it."""
        return max(width, -(-LEAST // self.pixels))

    def line(self, number: int) -> int:
        """Return the first row of a line of numbers: beside pictures a line is several rows."""
        above = TOP - TILE_ROW
        return TILE_ROW + number if number < above else TOP + (number - above) * self.rows

    def span(self, line: int, column: int, columns: int = 1) -> tuple[int, int]:
        """Make one cell of those of a line; return its place."""
        row, rows = self.line(line), self.line(line + 1) - self.line(line)
        if rows > 1 or columns > 1:
            last = row + rows - 1, column + columns - 1
            self.canvas.merges.append((row, column, *last))
        return row, column


def _largest(sides: list[tuple[int, int]]) -> tuple[int, int]:
    return max(height for height, _ in sides), max(width for _, width in sides)
